"""A process that ends itself by SIGKILL before a given statement of SQLite: for scripts that tests start."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import Any


def end_before(step: int) -> None:
    """Every connection made from now on tells each statement before it runs; the process ends at number ``step``."""
    real = sqlite3.connect

    def told(_: str) -> None:
        nonlocal step
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        database: sqlite3.Connection = real(*arguments, **named)
        database.set_trace_callback(told)
        return database

    sqlite3.connect = connect  # type: ignore[assignment]
