"""The queue's file: one SQLite database, apart from the audit, that every change reaches before a call returns.

Guarantees: a change is in the file whole or not at all, and synced to the disk with its folder's entry
(``synchronous=EXTRA``, SQLite's FULL and the folder of the rollback journal besides) when :func:`writing` ends; several
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
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from assistant.errors import IntegrityError, OnlabelError

#: "OnlR": what the file says it is (SQLite file format, offset 68).
_APPLICATION = 0x4F6E6C52
_VERSION = 1
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


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on the file, which is made if it is not there; durable when the block ends without an error.

    :raises OnlabelError: the file cannot be written (disk full, read-only, locked); nothing was changed.
    :raises IntegrityError: it is damaged, or no queue.
    """
    with _told(path):
        _make_file(path)
        with closing(_connect(path)) as db:
            # Closing rolls back what was not committed, whatever went wrong.
            db.execute("BEGIN IMMEDIATE")
            _prove(db, path)
            yield db
            db.execute("COMMIT")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """One consistent view of the file; None where there is none yet.

    :raises OnlabelError: it cannot be read.
    :raises IntegrityError: it is damaged, or no queue.
    """
    with _told(path):
        if not path.exists() or not path.stat().st_size:
            yield None
            return
        with closing(_connect(path)) as db:
            db.execute("BEGIN")
            made = db.execute("PRAGMA user_version").fetchone()[0] or db.execute("PRAGMA schema_version").fetchone()[0]
            if made:
                _prove(db, path)
            yield db if made else None
            db.execute("ROLLBACK")


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


def _make_file(path: Path) -> None:
    """An empty file of mode 0600, its name durable; nothing where it is there."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
    for folder in (path.parent, path.parent.parent):
        sync_folder(folder)


def _prove(db: sqlite3.Connection, path: Path) -> None:
    """That the file is a queue of this version; inside a writing transaction an empty one becomes one."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) == (_APPLICATION, _VERSION):
        return
    if application or version or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        what = "of another version of Onlabel" if application == _APPLICATION else "no report queue"
        raise IntegrityError(f"{path} is {what}: name another file, or open it with the version that made it")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute("INSERT INTO queue VALUES (?)", (secrets.token_hex(5),))
    db.execute(f"PRAGMA application_id={_APPLICATION}")
    db.execute(f"PRAGMA user_version={_VERSION}")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows can neither open nor sync a folder, and need not."""
    if os.name != "posix":
        return
    with suppress(PermissionError):  # a folder above ours that only its owner may read
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
