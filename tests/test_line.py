"""The line in front of the model: who is served when, and records that are kept together or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import OnlabelError
from assistant.pipeline import Assistant, Entered
from assistant.serving.web.line import Held, Line
from assistant.trust.log.log import AuditLog, written
from assistant.trust.log.rows import Rows
from tests.conftest import REPOSITORY


class Recorder:
    """As much of an assistant as the line needs: keeps groups, or fails."""

    def __init__(self) -> None:
        self.groups: list[list[object]] = []
        self.fails: BaseException | None = None
        self.takes: Callable[[], None] = lambda: None

    def show(self, entered: Sequence[Entered]) -> list[Any]:
        self.takes()
        if self.fails is not None:
            raise self.fails
        self.groups.append([each.answer for each in entered])
        return [each.answer for each in entered]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(clock: Clock) -> Iterator[Line]:
    made = Line(1000, clock)
    yield made
    made.close()


def held(keeper: Recorder, answer: str, shown: Callable[[Any], Any] = str.upper) -> Held[Any]:
    return Held(keeper, Entered(answer, {}, b""), shown)  # type: ignore[arg-type]


def joined(line: Line, *works: Callable[[], Any]) -> list[Future[Any]]:
    """The futures of ``works``, which came while somebody else was being served."""
    go, begun = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        assert go.wait(20)

    first = line.join(block)
    assert first is not None
    assert begun.wait(20)
    futures = [line.join(work) for work in works]
    go.set()
    wait([future for future in futures if future is not None], timeout=20)
    return [future for future in futures if future is not None]


def test_answers_that_are_ready_together_are_kept_by_one_commit_in_the_order_they_were_asked(line: Line) -> None:
    keeper = Recorder()
    futures = joined(line, *(lambda n=n: held(keeper, f"a{n}") for n in range(9)))
    assert keeper.groups == [[f"a{n}" for n in range(9)]]
    assert [future.result() for future in futures] == [f"A{n}" for n in range(9)]


def test_whoever_is_alone_waits_for_nobody(line: Line) -> None:
    keeper = Recorder()
    for n in range(3):
        future = line.join(lambda n=n: held(keeper, f"a{n}"))
        assert future is not None
        assert future.result(20) == f"A{n}"
    assert keeper.groups == [["a0"], ["a1"], ["a2"]]


def test_nothing_is_shown_before_it_is_kept(line: Line) -> None:
    keeper, seen = Recorder(), list[object]()
    futures: list[Future[Any]] = []

    def looked_at() -> None:
        seen.extend(future.done() for future in futures)

    keeper.takes = looked_at
    shown = list[str]()
    futures += joined(line, *(lambda n=n: held(keeper, f"a{n}", shown.append) for n in range(4)))
    assert not any(seen)
    assert shown == ["a0", "a1", "a2", "a3"]


@pytest.mark.parametrize("error", [OnlabelError("the disk is full"), RuntimeError("lost"), KeyboardInterrupt()])
def test_where_the_records_are_not_kept_nobody_of_the_group_is_shown_anything(line: Line, error: BaseException) -> None:
    keeper, shown = Recorder(), list[str]()
    keeper.fails = error
    futures = joined(line, *(lambda n=n: held(keeper, f"a{n}", shown.append) for n in range(5)))
    assert [future.exception(20) for future in futures] == [error] * 5
    assert (shown, keeper.groups, line.waiting) == ([], [], 0)
    keeper.fails = None
    assert [future.result(20) for future in joined(line, lambda: held(keeper, "next"))] == ["NEXT"]


def test_a_fault_of_one_question_is_its_askers_alone(line: Line) -> None:
    keeper = Recorder()

    def fails() -> None:
        raise OnlabelError("no canonical form")

    first, broken, last = joined(line, lambda: held(keeper, "first"), fails, lambda: held(keeper, "last"))
    assert (first.result(), last.result()) == ("FIRST", "LAST")
    with pytest.raises(OnlabelError, match="canonical"):
        broken.result()


def test_a_ready_answer_waits_no_longer_than_a_commit_takes(line: Line, clock: Clock) -> None:
    keeper = Recorder()

    def after(seconds: float, answer: str) -> Callable[[], Any]:
        def work() -> Any:
            clock.now += seconds
            return held(keeper, answer)

        return work

    joined(line, after(1, "a"), after(0.001, "b"), after(1, "c"), after(0.001, "d"))
    assert keeper.groups == [["a", "b", "c"], ["d"]]


def test_before_long_work_what_is_ready_is_shown(line: Line) -> None:
    keeper = Recorder()

    def long_work() -> Any:
        line.expect(1.0)
        return held(keeper, "long")

    def short_work() -> Any:
        line.expect(0.001)
        return held(keeper, "short")

    joined(line, lambda: held(keeper, "a"), long_work, short_work)
    assert keeper.groups == [["a"], ["long", "short"]]


def test_two_releases_keep_their_records_apart(line: Line) -> None:
    old, new = Recorder(), Recorder()
    joined(line, lambda: held(old, "a"), lambda: held(old, "b"), lambda: held(new, "c"))
    assert (old.groups, new.groups) == ([["a", "b"]], [["c"]])


def test_what_is_to_be_done_next_is_done_before_those_in_line(line: Line) -> None:
    done = list[str]()
    go, begun = threading.Event(), threading.Event()
    line.join(lambda: (begun.set(), go.wait(20)))
    assert begun.wait(20)
    before = line.join(lambda: done.append("asked"))
    line.next(lambda: done.append("next"))
    late = line.join(lambda: done.append("asked later"))
    go.set()
    assert before is not None
    assert late is not None
    late.result(20)
    assert done == ["next", "asked", "asked later"]


def test_a_line_that_is_idle_holds_nothing_of_what_it_did(line: Line) -> None:
    class Release:
        def close(self) -> None:
            pass

    release = Release()
    gone = weakref.ref(release)
    line.next(release.close)
    del release
    joined(line)
    assert line._worker.submit(gone).result(20) is None


def test_who_gives_up_in_line_is_not_served_and_frees_the_place() -> None:
    line, done = Line(2), list[str]()
    go, begun = threading.Event(), threading.Event()
    line.join(lambda: (begun.set(), go.wait(20)))
    assert begun.wait(20)
    second = line.join(lambda: done.append("second"))
    assert line.join(lambda: done.append("third")) is None
    assert second is not None
    assert second.cancel()
    fourth = line.join(lambda: done.append("fourth"))
    assert fourth is not None
    go.set()
    fourth.result(20)
    line.close()
    assert (done, line.waiting) == (["fourth"], 0)


def test_those_in_line_are_served_before_it_closes_and_nobody_after() -> None:
    line, keeper = Line(10), Recorder()
    go = threading.Event()
    line.join(lambda: go.wait(20))
    waiting = [line.join(lambda n=n: held(keeper, f"a{n}")) for n in range(3)]
    closing = threading.Thread(target=line.close)
    closing.start()
    go.set()
    closing.join(20)
    assert [future.result() for future in waiting if future] == ["A0", "A1", "A2"]
    for _ in range(2):
        with pytest.raises(RuntimeError):
            line.join(lambda: held(keeper, "late"))
    assert line.waiting == 0


def test_who_comes_while_another_is_refused_is_not_left_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line, came = Line(10), list[Future[Any] | None]()
    line.close()

    def refuses(_: object) -> None:
        if not line._lock.locked():  # then somebody else may come right here
            came.append(line.join(lambda: None))
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(line._worker, "submit", refuses)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            line.join(lambda: None)
    assert (came, line.waiting) == ([], 0)


# --- several records by one commit ------------------------------------------------------------------------------------


def test_several_records_are_one_tree_as_if_they_had_been_added_one_by_one(tmp_path: Path) -> None:
    entries = [{"n": number} for number in range(23)]
    with AuditLog.open(tmp_path / "one.sqlite") as one, AuditLog.open(tmp_path / "all.sqlite") as together:
        for entry in entries:
            one.append(entry)
        for first, stop in ((0, 1), (1, 6), (6, 6), (6, 23)):
            assert together.append_all([written(entry) for entry in entries[first:stop]]) == first
        assert (together.size, together.root()) == (one.size, one.root())
        together.verify().insist()


def test_if_one_of_several_cannot_be_added_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with AuditLog.open(tmp_path / "a.sqlite") as log:
        log.append({"n": 0})
        real = Rows.add

        def fails(self: Rows, number: int, *arguments: Any) -> None:
            if number == 3:
                raise OnlabelError("the disk is full")
            real(self, number, *arguments)

        monkeypatch.setattr(Rows, "add", fails)
        with pytest.raises(OnlabelError, match="disk"):
            log.append_all([written({"n": number}) for number in range(1, 6)])
        monkeypatch.undo()
        assert log.size == 1
        assert log.append_all([written({"n": 1})]) == 1
        log.verify().insist()


#: Adds groups of five until it is killed before the given statement; what was kept goes to a file, as if shown.
_WRITER = """
import os, signal, sys
from pathlib import Path
from assistant.trust.log.log import AuditLog, written
from tests.killed import end_before

def write(folder, step):
    end_before(step)
    shown = os.open(folder / "shown", os.O_CREAT | os.O_WRONLY)
    log = AuditLog.open(folder / "a.sqlite")
    while True:
        first = log.append_all([written({"n": "x" * 700})] * 5)
        os.write(shown, b"".join(b"%d\\n" % number for number in range(first, first + 5)))

for step in map(int, sys.argv[2:]):
    folder = Path(sys.argv[1]) / str(step)
    folder.mkdir()
    child = os.fork()
    if not child:
        write(folder, step)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_at_any_statement_a_group_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    steps = [*range(20, 75), 90, 117]
    subprocess.run([sys.executable, "-c", _WRITER, str(tmp_path), *map(str, steps)], check=True, cwd=REPOSITORY)
    sizes = set[int]()
    for step in steps:
        shown = (tmp_path / str(step) / "shown").read_bytes().split()
        place = tmp_path / str(step) / "a.sqlite"
        if not place.exists():
            assert not shown
            continue
        with AuditLog.open(place) as log:
            assert log.size % 5 == 0
            assert {int(number) for number in shown} <= set(range(log.size))
            log.verify().insist()
            sizes.add(log.size)
    assert len(sizes) > 2, "the process was never killed between two groups"


# --- the service ------------------------------------------------------------------------------------------------------

#: Eight threads ask a service, each question its own; a question goes to stdout when its answer was handed out.
_ASKERS = """
import os, sys, threading
from pathlib import Path
from assistant.serving.web.service import Service
from assistant.trust.log.log import AuditLog
from tests import tiny
from tests.serving import FAST, QUICK, REP

root = Path(sys.argv[1])
log = AuditLog.open(root / "audit.sqlite")
service = Service(tiny.opened(root, QUICK, log), log, settings=FAST)

def asks(asker):
    for number in range(100_000):
        question = f"zed storage {asker} {number // 2}"
        service.ask(question, REP)
        os.write(1, f"{question}\\n".encode())

askers = [threading.Thread(target=asks, args=(asker,)) for asker in range(8)]
for asker in askers:
    asker.start()
for asker in askers:
    asker.join()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_service_that_is_killed_has_shown_nothing_that_it_did_not_record(served_root: Path, tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "w"
    shutil.copytree(served_root, root)
    process = subprocess.Popen([sys.executable, "-c", _ASKERS, str(root)], stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.read().splitlines(keepends=True)
    process.wait(20)
    process.stdout.close()
    shown = [line.decode().strip() for line in lines if line.endswith(b"\n")]
    with AuditLog.open(root / "audit.sqlite", read_only=True) as log:
        log.verify().insist()
        recorded = [entry["question"] for _, _, entry in log.entries()]
    assert len(shown) >= 300
    for question in set(shown):
        assert recorded.count(question) >= shown.count(question)


def test_an_assistant_shows_several_answers_together(served_root: Path, tmp_path: Path) -> None:
    from tests import tiny
    from tests.serving import QUICK

    with AuditLog.open(tmp_path / "a.sqlite") as log:
        assistant: Assistant = tiny.opened(served_root, QUICK, log)
        entered = [assistant.enter(assistant.prove(f"zed storage {n}", tiny.HCP), "ann") for n in range(3)]
        assert len(assistant.show(entered)) == 3
        assert [entry["question"] for _, _, entry in log.entries()] == [f"zed storage {n}" for n in range(3)]
        assistant.index.close()
