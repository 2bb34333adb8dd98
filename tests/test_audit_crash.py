"""Nothing shown is lost, nothing unrecorded is shown: kill -9, torn files, full and read-only disks, moved files."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.trust.log import sqlite
from assistant.trust.log.log import AuditLog
from tests import tiny
from tests.conftest import REPOSITORY
from tests.fakes import HashEncoder

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

#: Appends for ever; a number goes to stdout when append has returned it, as an answer would be shown.
_WRITER = """
import os, signal, sys
from pathlib import Path
from assistant.errors import OnlabelError
from assistant.trust.log.log import AuditLog
from tests.killed import end_before

def write(path, out):
    log = AuditLog.open(path)
    for _ in range(2000):
        try:
            number = log.append({"n": "x" * 700})
        except OnlabelError as error:
            os.write(out, b"refused\\n")
            os._exit(0)
        os.write(out, f"{number}\\n".encode())

path, mode, value = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if mode == "statements":
    for step in range(1, value + 1):
        child = os.fork()
        if not child:
            end_before(step)
            folder = path / str(step)
            folder.mkdir()
            write(folder / "a.sqlite", os.open(folder / "shown", os.O_CREAT | os.O_WRONLY))
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    sys.exit()
if mode == "disk":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
write(path, 1)
"""


def writing(path: Path, mode: str, value: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), mode, str(value)], stdout=subprocess.PIPE, cwd=REPOSITORY
    )


def nothing_is_lost(path: Path, shown: int) -> int:
    """Every record that was shown is there, the log is proved, and it goes on; how many there are."""
    with AuditLog.open(path, sync=False) as log:
        if not path.exists():
            assert shown == 0
            return 0
        size = log.size
        assert shown <= size <= shown + 1, "one may have been recorded whose answer was not shown any more"
        assert log.verify().faults == ()
        assert [json.loads(body) for _, body, _ in log.entries()] == [{"n": "x" * 700}] * size
        assert log.append({"n": "x" * 700}) == size
        assert log.verify().faults == ()
    return size


@posix
def test_kill_9_before_every_statement_of_making_and_appending(tmp_path: Path) -> None:
    """Statement by statement: making the file, opening it, and the first records."""
    steps = 40
    with writing(tmp_path, "statements", steps) as process:
        assert process.wait() == 0
    sizes = []
    for step in range(1, steps + 1):
        shown = (tmp_path / str(step) / "shown").read_bytes().count(b"\n")
        sizes.append(nothing_is_lost(tmp_path / str(step) / "a.sqlite", shown))
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert sizes[-1] >= 2


@posix
@pytest.mark.parametrize("lines", [1, 40, 90])
def test_kill_9_at_any_moment(tmp_path: Path, lines: int) -> None:
    """The process dies while it writes, some records after it has shown ``lines``."""
    process = writing(tmp_path / "a.sqlite", "none", 0)
    assert process.stdout is not None
    with process.stdout:
        shown = sum(1 for _, line in zip(range(lines), process.stdout, strict=False) if line)
        process.kill()
        shown += process.stdout.read().count(b"\n")
    process.wait()
    assert shown >= lines
    nothing_is_lost(tmp_path / "a.sqlite", shown)


def test_a_write_torn_at_any_byte_loses_nothing_that_was_shown(tmp_path: Path) -> None:
    """Power fails: of the write-ahead log only a beginning reaches the disk. Records go there and nowhere else."""
    path, copy = tmp_path / "a.sqlite", tmp_path / "copy" / "a.sqlite"
    copy.parent.mkdir()
    with AuditLog.open(path) as log:
        returned = []
        for _ in range(6):
            log.append({"n": "x" * 700})
            returned.append(Path(f"{path}-wal").stat().st_size)
        whole, base = Path(f"{path}-wal").read_bytes(), path.read_bytes()
    cuts = {
        *range(0, len(whole), 1999),
        *(size + by for size in returned for by in (-1, 0, 1) if size + by <= len(whole)),
    }
    for cut in sorted(cuts):
        copy.write_bytes(base)
        Path(f"{copy}-wal").write_bytes(whole[:cut])
        Path(f"{copy}-shm").unlink(missing_ok=True)
        nothing_is_lost(copy, sum(size <= cut for size in returned))


@posix
@pytest.mark.parametrize("limit", [9_000, 33_000, 60_000, 100_001, 250_000])
def test_a_disk_that_is_full_refuses_and_loses_nothing(tmp_path: Path, limit: int) -> None:
    """No file may grow beyond ``limit``: the write that crosses it is cut within a page."""
    process = writing(tmp_path / "a.sqlite", "disk", limit)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out.endswith(b"refused\n")
    nothing_is_lost(tmp_path / "a.sqlite", out.count(b"\n") - 1)


def test_a_full_disk_refuses_until_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "a.sqlite", sqlite3.connect

    def small(*arguments: Any, **named: Any) -> sqlite3.Connection:
        database: sqlite3.Connection = real(*arguments, **named)
        database.execute("PRAGMA max_page_count = 30")
        return database

    with AuditLog.open(path) as log:
        log.append({"n": "x" * 700})
        log.close()
        monkeypatch.setattr(sqlite3, "connect", small)
        with pytest.raises(OnlabelError, match=r"could not be recorded, so nothing is shown.*full"):
            while True:
                log.append({"n": "x" * 700})
        size = log.size
        assert size > 5
        monkeypatch.undo()
        assert log.append({"n": "x" * 700}) == size
    nothing_is_lost(path, size + 1)


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of an administrator, who may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own may be entered by its owner alone."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="onlabel-audit-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@posix
def test_a_read_only_disk_shows_nothing_and_can_still_be_proved(open_folder: Path) -> None:
    path = open_folder / "a.sqlite"
    with AuditLog.open(path) as log:
        for _ in range(3):
            log.append({"n": "x" * 700})
    path.chmod(0o444)
    open_folder.chmod(0o555)
    with nobody():
        with (
            AuditLog.open(path) as log,
            pytest.raises(OnlabelError, match="could not be recorded, so nothing is shown"),
        ):
            log.append({"n": 1})
        with AuditLog.open(path, read_only=True) as log:
            assert log.size == 3
            assert log.verify().faults == ()
        with AuditLog.open(open_folder / "new.sqlite") as log, pytest.raises(OnlabelError, match="nothing is shown"):
            log.append({"n": 1})
    assert [found.name for found in open_folder.iterdir()] == ["a.sqlite"]


@posix
def test_a_copy_with_records_in_its_side_file_is_not_read_without_them(open_folder: Path) -> None:
    """On a read-only stick the -wal cannot be read in; the records in it must not silently be missing."""
    path = open_folder / "a.sqlite"
    with AuditLog.open(open_folder / "own.sqlite") as log:
        log.append({"n": 1})
        for name in ("", "-wal"):
            shutil.copy(f"{open_folder / 'own.sqlite'}{name}", f"{path}{name}")
    path.chmod(0o444)
    open_folder.chmod(0o555)
    with nobody(), AuditLog.open(path, read_only=True) as log, pytest.raises(OnlabelError):
        log.verify()


@posix
@pytest.mark.parametrize("name", ["a.sqlite", "a.sqlite-wal"])
def test_a_log_that_is_removed_while_it_is_used_takes_no_record_unseen(tmp_path: Path, name: str) -> None:
    with AuditLog.open(tmp_path / "a.sqlite") as log:
        log.append({"n": 1})
        (tmp_path / name).rename(tmp_path / "elsewhere")
        with pytest.raises(IntegrityError, match="moved or removed while it was in use, so nothing is shown"):
            log.append({"n": 2})
        if name == "a.sqlite":
            with pytest.raises(OnlabelError):
                log.append({"n": 3})
            assert not (tmp_path / name).exists(), "and no new one is begun in its place"


@posix
def test_a_log_that_is_exchanged_while_it_is_used_is_not_gone_on_with(tmp_path: Path) -> None:
    with AuditLog.open(tmp_path / "b.sqlite") as other:
        other.append({"n": 1})
    with AuditLog.open(tmp_path / "a.sqlite") as log:
        log.append({"n": 1})
        (tmp_path / "b.sqlite").replace(tmp_path / "a.sqlite")
        for _ in range(2):
            with pytest.raises(IntegrityError):
                log.append({"n": 2})


def test_no_record_while_another_holds_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    with AuditLog.open(tmp_path / "a.sqlite") as log:
        log.append({"n": "x" * 700})
        with closing(sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OnlabelError, match="locked"):
                log.append({"n": 1})
            assert log.verify().size == 1, "proving waits for nobody"
    nothing_is_lost(tmp_path / "a.sqlite", 1)


def test_many_threads_and_processes_write_one_log(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    code = (
        "import sys\nfrom pathlib import Path\nfrom assistant.trust.log.log import AuditLog\n"
        "log = AuditLog.open(Path(sys.argv[1]))\n"
        "print(*[log.append({'n': 'x' * 700}) for _ in range(15)])"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, cwd=REPOSITORY)
        for _ in range(2)
    ]
    numbers: list[int] = []
    with AuditLog.open(path) as log:

        def work() -> None:
            numbers.extend([log.append({"n": "x" * 700}) for _ in range(10)])

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for process in others:
        out, _ = process.communicate()
        assert process.returncode == 0
        numbers.extend(map(int, out.split()))
    assert sorted(numbers) == list(range(60))
    nothing_is_lost(path, 60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_opens_its_own(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom assistant.trust.log.log import AuditLog\n"
        "log = AuditLog.open(Path(sys.argv[1]))\nlog.append({'n': 'x' * 700})\nchild = os.fork()\n"
        "for _ in range(5): log.append({'n': 'x' * 700})\n"
        "if child: assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.sqlite")], check=True, cwd=REPOSITORY)
    nothing_is_lost(tmp_path / "a.sqlite", 11)


def test_nothing_is_made_before_the_first_record(tmp_path: Path) -> None:
    with AuditLog.open(tmp_path / "audit" / "a.sqlite") as log, pytest.raises(NotReadyError):
        _ = log.size
    assert not (tmp_path / "audit").exists()


@posix
def test_the_file_and_its_folder_are_its_owners_alone(tmp_path: Path) -> None:
    with AuditLog.open(tmp_path / "audit" / "a.sqlite") as log:
        log.append({"n": 1})
        modes = {found.name: found.stat().st_mode & 0o777 for found in (tmp_path / "audit").iterdir()}
    assert modes == {"a.sqlite": 0o600, "a.sqlite-wal": 0o600, "a.sqlite-shm": 0o600}
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o700


def test_an_answer_that_cannot_be_recorded_is_not_given(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Store ZED in the dark."])
    tiny.compiled(root, HashEncoder())
    path = tmp_path / "a.sqlite"
    with AuditLog.open(path) as log:
        assistant = tiny.opened(root, HashEncoder(), log)
        shown = assistant.ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP)
        assert log.entry(0)["receipt"] == json.loads(json.dumps(shown.receipt))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DROP TRIGGER entry_no_update")
        log.close()
        with pytest.raises(IntegrityError):
            assistant.ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP)
