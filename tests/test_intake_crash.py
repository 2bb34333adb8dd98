"""Reports survive what kills a process: ``kill -9`` at every line of adding and draining, and many processes at once.

A helper process that holds nothing but the intake forks a child for every line that an operation runs in the modules
that touch the disk or the database server; the child kills itself there, as a user or the system would, and what is
left is looked at. (What a killed process wrote is the system's to keep; that commits are also synced to the disk is
tested in test_intake.)
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from assistant.domain import Context, Flag
from assistant.trust.intake import moments
from assistant.trust.intake.elements import elements
from assistant.trust.intake.exports import FolderSink, Form, renderer
from assistant.trust.intake.queue import FILE_NAME, IntakeQueue
from assistant.trust.intake.report import Report, ReportClass
from tests.postgres_server import Server
from tests.queues import BOTH, on_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are POSIX's")

REPOSITORY = Path(__file__).resolve().parent.parent

Places = dict[str, tuple[str, ...]]


def _places(events: tuple[str, ...], *names: str) -> Places:
    return {str(REPOSITORY / "assistant" / "trust" / f"{name}.py"): events for name in names}


#: Where files are touched: the other modules only compute.
_ON_DISK = _places(("line", "return"), "intake/sqlite", "intake/queue", "intake/exports", "disk")
#: Around each thing that the server is asked for, and where a transaction begins and ends.
_ON_SERVER = _places(("return",), "postgres", "intake/postgres")
_HCP = Context("hcp", "US", "en", "cli", dt.date(2026, 11, 21))


def report(words: str) -> Report:
    flags = (Flag.ADVERSE_EVENT,)
    return Report(words, ReportClass.ADVERSE_EVENT, flags, moments.now(), _HCP, elements(words, flags=flags))


def queue_in(folder: Path) -> IntakeQueue:
    """The queue in a folder, or on the server that is named there."""
    server = folder / "server"
    return IntakeQueue.open(server.read_text() if server.exists() else folder / FILE_NAME)


# -- what is done until a line kills it --------------------------------------------------------------------------------


def add(folder: Path) -> None:
    """Queue a report; what follows is only reached once :meth:`add` has returned."""
    id = queue_in(folder).add(report("rash"))
    (folder / "shown").write_text(id)


def drain(folder: Path) -> None:
    """Drain to a folder, and confirm what stands there."""
    sink = FolderSink(folder / "out")
    queue_in(folder).drain(sink, lambda _: True, renderer(Form.JSONL))


def purge(folder: Path) -> None:
    """Delete the words of what was drained."""
    queue_in(folder).purge(dt.date(2999, 1, 1))


# -- what has to be true afterwards ------------------------------------------------------------------------------------


def arrived(folder: Path) -> dict[str, dict[str, bytes]]:
    """What a receiver has: the files of every batch whose manifest stands there, by batch."""
    out = folder / "out"
    batches: dict[str, dict[str, bytes]] = {}
    for manifest in out.glob("*.manifest.json") if out.is_dir() else ():
        read = json.loads(manifest.read_bytes())
        files = {f["name"]: (out / f["name"]).read_bytes() for f in read["files"]}
        batches[read["batch"]] = files | {manifest.name: manifest.read_bytes()}
    return batches


def words_in(batches: dict[str, dict[str, bytes]]) -> list[str]:
    lines = [
        line for files in batches.values() for n, d in files.items() if n.endswith("jsonl") for line in d.split(b"\n")
    ]
    return sorted(json.loads(line)["words"] for line in lines if line)


def check_added(folder: Path) -> None:
    shown = folder / "shown"
    ids = [stored.id for stored in queue_in(folder).waiting()]
    assert len(ids) <= 1 + len(_EARLIER)
    if shown.exists():
        assert shown.read_text() in ids, "add returned and the report is lost"
    assert queue_in(folder).add(report("another")) not in ids
    assert len(queue_in(folder).waiting()) == len(ids) + 1


def check_drained(folder: Path) -> None:
    before = arrived(folder)
    confirmed = queue_in(folder).status().drained == len(_EARLIER)
    if confirmed:
        assert words_in(before) == list(_EARLIER), "confirmed and not there"
    drain(folder)  # by whoever comes next
    after = arrived(folder)
    assert {id: after[id] for id in before} == before, "the same batch came with other bytes"
    assert words_in(after) == list(_EARLIER), "lost or twice"
    assert queue_in(folder).status().drained == len(_EARLIER)
    kept = arrived(folder)
    drain(folder)
    assert arrived(folder) == kept


def check_purged(folder: Path) -> None:
    states = {queue_in(folder).find(id).state for id in json.loads((folder / "ids").read_text())}
    assert states in ({"drained"}, {"purged"}), "some of the words only"
    purge(folder)
    if (folder / FILE_NAME).exists():
        assert b"rash" not in (folder / FILE_NAME).read_bytes()
    assert {queue_in(folder).find(id).data for id in json.loads((folder / "ids").read_text())} == {None}


# -- the start ---------------------------------------------------------------------------------------------------------

_EARLIER = ("rash one", "rash three", "rash two")


def nothing(_: Path) -> None:
    """No file yet: the first report makes it."""


def some_waiting(folder: Path) -> None:
    ids = [queue_in(folder).add(report(words)) for words in _EARLIER]
    (folder / "ids").write_text(json.dumps(ids))


def some_drained(folder: Path) -> None:
    some_waiting(folder)
    queue_in(folder).drain(lambda _: None, lambda _: True, renderer(Form.JSONL))


Step = Callable[[Path], None]
SCENARIOS: dict[str, tuple[Step, Step, Step]] = {
    "first report": (nothing, add, check_added),
    "further report": (some_waiting, add, check_added),
    "drain and confirm": (some_waiting, drain, check_drained),
    "purge": (some_drained, purge, check_purged),
}


def explore(name: str) -> None:
    """Kill the operation at its first line, its second, and so on, until it ends unharmed; print how often."""
    begin, run, check = SCENARIOS[name]
    # Memory serves: a killed process loses nothing of a file's content.
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(dir=shared) as top:
        start = Path(top) / "start"
        start.mkdir()
        begin(start)
        before: dict[str, bytes] = {}
        line, killed = 0, True
        while killed:
            line += 1
            folder = Path(shutil.copytree(start, Path(top) / "now"))
            killed = _killed_at(line, run, folder, _ON_DISK)
            left = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
            # What is left to the byte as a line before was looked at then.
            if left != before or not killed:
                check(folder)
            before = left
            shutil.rmtree(folder)
        print(line - 1)


def explore_server(name: str, place: str) -> None:
    """The same with the queue on a server: before and after everything that it is asked for."""
    import psycopg

    begin, run, check = SCENARIOS[name]
    line, killed = 0, True
    with psycopg.connect(place, autocommit=True) as others, tempfile.TemporaryDirectory() as top:
        others.execute("SET session_replication_role = replica")  # past what guards the tables
        others.execute("SET synchronous_commit = off")
        before: object = None
        while killed:
            line += 1
            folder = Path(top) / str(line)
            folder.mkdir()
            (folder / "server").write_text(place)
            if line > 1 and begin is not nothing:
                _restore(others)
                shutil.copy(Path(top) / "1" / "ids", folder)
            else:
                others.execute("DROP SCHEMA IF EXISTS onlabel_intake CASCADE")
                begin(folder)
                _save(others)
            killed = _killed_at(line, run, folder, _ON_SERVER)
            left = (_standing(others), sorted(path.name for path in folder.rglob("*")))
            if left != before or not killed:
                check(folder)
            before = left
    print(line - 1)


_SAVED = ("queue", "batches", "files", "reports")


def _save(server: Any) -> None:
    """Keep what stands there, to begin with it again."""
    if _standing(server) is not None:
        server.execute("DROP SCHEMA IF EXISTS saved CASCADE")
        server.execute("CREATE SCHEMA saved")
        for table in _SAVED:
            server.execute(f"CREATE TABLE saved.{table} AS TABLE onlabel_intake.{table}")


def _restore(server: Any) -> None:
    for table in reversed(_SAVED):
        server.execute(f"DELETE FROM onlabel_intake.{table}")
    for table in _SAVED:
        server.execute(f"INSERT INTO onlabel_intake.{table} OVERRIDING SYSTEM VALUE TABLE saved.{table}")


def _standing(server: Any) -> object:
    """How the reports and batches on the server stand, whatever they are called."""
    if not server.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'onlabel_intake'").fetchall():
        return None
    said = "SELECT batch, drained IS NULL, body IS NULL FROM onlabel_intake.reports ORDER BY number"
    batches = "SELECT number, handed IS NULL, confirmed IS NULL FROM onlabel_intake.batches ORDER BY number"
    return server.execute(said).fetchall(), server.execute(batches).fetchall()


def _killed_at(line: int, run: Step, folder: Path, places: Places) -> bool:
    """Run in a child that kills itself at its ``line``-th event in those modules; whether it came to that."""
    child = os.fork()
    if child == 0:
        left = line

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal left
            events = places.get(frame.f_code.co_filename)
            if events is None:
                return None
            if event in events:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        run(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _python(call: str, **options: Any) -> subprocess.Popen[str]:
    """``call`` of this module in a process of its own."""
    code = f"from pathlib import Path; import tests.test_intake_crash as t; t.{call}"
    return subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, **options)


def _explored(call: str) -> int:
    """How often the operation was killed."""
    with _python(call, stderr=subprocess.PIPE) as helper:
        out, err = helper.communicate(timeout=300)
    assert helper.returncode == 0, err
    return int(out)


@pytest.mark.parametrize("name", SCENARIOS)
def test_kill_9_at_every_line(name: str) -> None:
    assert _explored(f"explore({name!r})") > 20, "the operation was not killed anywhere"


@pytest.mark.parametrize("name", SCENARIOS)
def test_kill_9_at_every_line_with_the_queue_on_a_server(name: str, postgres: Server) -> None:
    assert _explored(f"explore_server({name!r}, {postgres.url()!r})") > 20, "the operation was not killed anywhere"


# -- processes at once -------------------------------------------------------------------------------------------------


def keep_adding(folder: Path) -> None:
    """Add for ever; say each id once it is safe."""
    for number in range(10_000):
        print(queue_in(folder).add(report(f"rash {number}")), flush=True)


@pytest.fixture(params=BOTH)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the queue in it, or with the name of the server where it is."""
    if request.param == "postgres":
        (tmp_path / "server").write_text(on_server(request.getfixturevalue("postgres")).place)
    return tmp_path


@pytest.mark.parametrize("said", [1, 4, 9])
def test_every_report_that_was_said_to_be_safe_is_there_after_kill_9(folder: Path, said: int) -> None:
    with _python(f"keep_adding(Path({str(folder)!r}))") as adding:
        assert adding.stdout is not None
        ids = [adding.stdout.readline().strip() for _ in range(said)]
        adding.kill()  # wherever it is by now: in SQLite, in the system, between two reports
        ids += [line.strip() for line in adding.stdout if line.endswith("\n")]
    kept = [stored.id for stored in queue_in(folder).waiting()]
    assert set(ids) <= set(kept)
    # On a server what it was doing for the dead one it may end.
    assert len(kept) <= len(ids) + 1
    queue_in(folder).add(report("afterwards"))


def add_some(folder: Path, name: str) -> None:
    for number in range(5):
        queue_in(folder).add(report(f"{name} {number}"))


def drain_until_stopped(folder: Path) -> None:
    """Drain and confirm, over and over; a last time when told to stop."""
    while not (folder / "stop").exists():
        drain(folder)
    drain(folder)


def test_two_drainers_and_two_reporters_at_once_lose_and_double_nothing(folder: Path) -> None:
    where = f"Path({str(folder)!r})"
    drainers = [_python(f"drain_until_stopped({where})", stderr=subprocess.PIPE) for _ in range(2)]
    adders = [_python(f"add_some({where}, {name!r})", stderr=subprocess.PIPE) for name in ("a", "b")]
    try:
        assert [adder.wait(timeout=120) for adder in adders] == [0, 0]
    finally:
        (folder / "stop").touch()
    ends = [(drainer.communicate(timeout=120)[1], drainer.returncode) for drainer in drainers]
    assert [code for _, code in ends] == [0, 0], ends
    for adder in adders:
        adder.communicate()
    expected = sorted(f"{name} {number}" for name in "ab" for number in range(5))
    assert words_in(arrived(folder)) == expected
    assert queue_in(folder).status().drained == len(expected)
    assert not list((folder / "out").glob(".*"))


def test_two_drainers_are_handed_the_same_batch(folder: Path) -> None:
    some_waiting(folder)
    first, second = (queue_in(folder) for _ in range(2))
    (one,) = first.claim(renderer(Form.JSONL))
    (two,) = second.claim(renderer(Form.BOTH))
    assert (one.id, one.files) == (two.id, two.files)
