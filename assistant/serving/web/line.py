"""The line of those who wait for the one model, and the thread that serves them.

Guarantees: who comes first is served first, one after another. An answer is handed out when its record is on the disk
and not before. Records of answers that are ready at about the same time are kept by one commit, for a sync of the disk
costs the same for one and for fifty; if it fails, none of them is shown. An answer that is ready waits for others no
longer than a commit takes, so that nobody waits for company who would be quicker alone.

Whoever gives up in time is neither answered nor recorded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from assistant.answering.answer import Answer
from assistant.pipeline import Assistant, Entered

_T = TypeVar("_T")
#: In seconds: answers from memory are this quick to come one after another, however quick the disk is.
_AT_LEAST = 0.005
#: Largest group; a longer transaction would only keep other processes from the log.
_MOST = 256


@dataclass(frozen=True, slots=True)
class Held(Generic[_T]):
    """An answer that is ready and not recorded yet. ``shown`` makes of it what its asker gets, once it is."""

    assistant: Assistant
    entered: Entered
    shown: Callable[[Answer], _T]


class Line:
    """At most ``most`` who wait. Safe to share between threads."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = threading.BoundedSemaphore(most)
        self._clock = clock
        self._line: deque[tuple[Callable[[], object], Future[Any]]] = deque()
        self._lock = threading.Lock()
        self._waiting = 0
        self._called = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="answers")
        # What follows is the worker's alone.
        self._group: list[tuple[Future[Any], Held[Any]]] = []
        self._since = 0.0
        self._commit = _AT_LEAST

    @property
    def waiting(self) -> int:
        """How many wait or are being served."""
        return self._waiting

    def join(self, work: Callable[[], _T | Held[_T]]) -> Future[_T] | None:
        """Stand in line for ``work``; None: the line is full."""
        if not self._room.acquire(blocking=False):
            return None
        with self._lock:
            self._waiting += 1
        future: Future[_T] = Future()
        future.add_done_callback(self._leave)
        self._append(work, future)
        return future

    def next(self, work: Callable[[], object]) -> None:
        """Do ``work`` as soon as the one whose turn it is was served, before those who stand in line."""
        self._append(work, Future(), first=True)

    def expect(self, seconds: float) -> None:
        """What is being done now takes about so long: show what is ready first, unless a commit takes longer still."""
        if self._group and self._clock() + seconds > self._since + self._patience():
            self._show()

    def close(self) -> None:
        """Serve those in line, then stop."""
        self._worker.shutdown(wait=True)

    def _append(self, work: Callable[[], object], future: Future[Any], *, first: bool = False) -> None:
        try:
            with self._lock:
                (self._line.appendleft if first else self._line.append)((work, future))
                if not self._called:
                    # With the lock in hand: who comes meanwhile must not rely on a call that is then refused.
                    self._worker.submit(self._serve)
                    self._called = True
        except RuntimeError:  # closed; whoever came just in time for the last turn is still served
            if future.cancel():  # without the lock: who leaves takes it
                raise

    def _leave(self, _: object) -> None:
        with self._lock:
            self._waiting -= 1
        self._room.release()

    def _serve(self) -> None:
        with self._lock:
            self._called = False
        while self._line:
            work, future = self._line.popleft()
            if future.set_running_or_notify_cancel():
                self._do(work, future)
            del work, future  # an idle line holds nothing, least of all a release that was replaced
            if len(self._group) >= _MOST or (self._group and self._clock() > self._since + self._patience()):
                self._show()
        self._show()

    def _do(self, work: Callable[[], object], future: Future[Any]) -> None:
        try:
            made = work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the asker's
            future.set_exception(error)
            return
        if not isinstance(made, Held):
            future.set_result(made)
            return
        if self._group and self._group[0][1].assistant is not made.assistant:
            self._show()  # a new release: its records are its own
        self._since = self._since if self._group else self._clock()
        self._group.append((future, made))

    def _show(self) -> None:
        """Keep the group's records and hand out its answers; nobody of it gets one where they are not kept."""
        group, self._group = self._group, []
        if not group:
            return
        begun = self._clock()
        try:
            answers = group[0][1].assistant.show([held.entered for _, held in group])
        except BaseException as error:  # noqa: BLE001 - as above
            for future, _ in group:
                future.set_exception(error)
            return
        self._commit += (self._clock() - begun - self._commit) / 8
        for (future, held), answer in zip(group, answers, strict=True):
            _finish(future, held, answer)

    def _patience(self) -> float:
        return max(_AT_LEAST, self._commit)


def _finish(future: Future[Any], held: Held[_T], answer: Answer) -> None:
    try:
        made = held.shown(answer)
    except BaseException as error:  # noqa: BLE001 - as above
        future.set_exception(error)
    else:
        cast("Future[_T]", future).set_result(made)
