"""The queue's tables in one SQLite file, apart from the audit.

Guarantees: a change is in the file whole or not at all, and synced to the disk with its folder's entry
(``synchronous=EXTRA``, SQLite's FULL and the folder of the rollback journal besides) when a transaction ends; several
processes take turns; the file and its journal are readable by their owner alone (mode 0600; on Windows the folder's
rights decide); what is deleted is overwritten (``secure_delete``). Nothing is held open between calls: no lock
survives a process, and a file that was moved away is begun anew.

Refuses a file that is another program's or another version's, a damaged one, and a disk that is full or read-only: in
words that say what to do, and never with the words of a report.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from assistant.errors import IntegrityError, OnlabelError
from assistant.trust.disk import sync_folder
from assistant.trust.intake.rows import VERSION, Rows

#: "OnlR": what the file says it is (SQLite file format, offset 68).
_APPLICATION = 0x4F6E6C52
#: How long one process waits for another, in seconds.
_PATIENCE = 30.0

_SCHEMA = """
CREATE TABLE queue (id TEXT NOT NULL);
CREATE TABLE batches (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT UNIQUE,
  created TEXT NOT NULL,
  handed TEXT,
  confirmed TEXT
);
CREATE TABLE files (
  batch INTEGER NOT NULL REFERENCES batches,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  data BLOB,
  PRIMARY KEY (batch, place)
);
CREATE TABLE reports (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  class TEXT NOT NULL,
  aware TEXT NOT NULL,
  aware_local TEXT NOT NULL,
  due TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  same TEXT UNIQUE,
  body BLOB,
  batch INTEGER REFERENCES batches,
  drained TEXT,
  purged TEXT
);
CREATE INDEX reports_open ON reports (batch) WHERE drained IS NULL;
"""


class SqliteStorage:
    """Implements :class:`~assistant.trust.intake.rows.Storage`. The file is made by the first report."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def adding(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with _told(self._path):
            _make_file(self._path)
            with closing(_connect(self._path)) as db:
                # Closing rolls back what was not committed, whatever went wrong.
                db.execute("BEGIN IMMEDIATE")
                _prove(db, self._path)
                yield Rows(_asking(db))
                db.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[Rows | None]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with self._there("IMMEDIATE", "COMMIT") as rows:
            yield rows

    @contextmanager
    def reading(self) -> Iterator[Rows | None]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with self._there("DEFERRED", "ROLLBACK") as rows:
            yield rows

    @contextmanager
    def _there(self, begin: str, end: str) -> Iterator[Rows | None]:
        """A transaction on what is there; nothing is made."""
        with _told(self._path):
            if not self._path.exists() or not self._path.stat().st_size:
                yield None
                return
            with closing(_connect(self._path)) as db:
                db.execute(f"BEGIN {begin}")
                if made := _is_made(db):
                    _prove(db, self._path)
                yield Rows(_asking(db)) if made else None
                db.execute(end)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the file and the disk, in words that say what to do; SQLite's own never hold what is in the rows."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OnlabelError(
            f"the report queue {path} cannot be used: {error}; see to the disk and its rights"
        ) from error
    except sqlite3.DatabaseError as error:
        remedy = "move the file aside, keep it for the safety department and begin a new one"
        raise IntegrityError(f"the report queue {path} is damaged ({error}): {remedy}") from error
    except OSError as error:
        raise OnlabelError(f"the report queue {path} cannot be used: {error.strerror or error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: never make the file here, where it would be readable by others.
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE, isolation_level=None)
    for pragma in ("synchronous=EXTRA", "secure_delete=ON", "foreign_keys=ON", "temp_store=MEMORY"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _asking(db: sqlite3.Connection) -> Any:
    def ask(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return db.execute(statement, values).fetchall()

    return ask


def _make_file(path: Path) -> None:
    """An empty file of mode 0600, its name durable; nothing where it is there."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
    for folder in (path.parent, path.parent.parent):
        sync_folder(folder)


def _is_made(db: sqlite3.Connection) -> bool:
    """Whether there is anything in the file: a full disk may have left it empty when it was to be begun."""
    return any(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "schema_version"))


def _prove(db: sqlite3.Connection, path: Path) -> None:
    """That the file is a queue of this version; inside a writing transaction an empty one becomes one."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) == (_APPLICATION, VERSION):
        return
    if application or version or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        what = "of another version of Onlabel" if application == _APPLICATION else "no report queue"
        raise IntegrityError(f"{path} is {what}: name another file, or open it with the version that made it")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute("INSERT INTO queue VALUES (?)", (secrets.token_hex(5),))
    db.execute(f"PRAGMA application_id={_APPLICATION}")
    db.execute(f"PRAGMA user_version={VERSION}")
