"""`onlabel`, with faults that a soak asks for: this launcher puts them in, the product knows nothing of them.

    ONLABEL_BENCH_FAULT=MARK python bench/faulty.py -w DIR serve ...

A question that holds the mark and a word of :data:`FAULTS` meets that fault in the thread that answers, where the
pipeline would decide what to say. Without the variable nothing is changed. The code stands outside the ``__main__``
guard on purpose: worker processes import this file anew.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VARIABLE = "ONLABEL_BENCH_FAULT"


class BenchFaultError(RuntimeError):
    """A fault in the program."""


class BenchMemoryError(MemoryError):
    """No memory left."""


class BenchDatabaseError(sqlite3.OperationalError):
    """A database that fails under the index."""


#: Word in the question -> what is raised, made anew each time: an exception keeps every frame that it came through.
FAULTS: Mapping[str, type[Exception]] = {
    "program": BenchFaultError,
    "memory": BenchMemoryError,
    "database": BenchDatabaseError,
}
#: Word in the question that makes the thread that answers stand still, and for how many seconds.
STALL, STALL_SECONDS = "stall", 1.5


def put_in(mark: str) -> None:
    """Let questions that hold ``mark`` meet their fault."""
    from assistant.answering.deciding import Decider

    decide = Decider.decide

    def faulty(self: Decider, asked: str, *rest: Any, **named: Any) -> Any:
        if mark in asked:
            _meet(asked)
        return decide(self, asked, *rest, **named)

    Decider.decide = faulty  # type: ignore[method-assign]


def _meet(asked: str) -> None:
    if STALL in asked:
        time.sleep(STALL_SECONDS)
    for word, error in FAULTS.items():
        if word in asked:
            raise error("put in by the bench")


if os.environ.get(VARIABLE):
    put_in(os.environ[VARIABLE])

if __name__ == "__main__":
    import sys

    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from assistant.serving.commands import main

    main()
