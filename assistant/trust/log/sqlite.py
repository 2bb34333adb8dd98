"""The log's tables in one SQLite file.

Guarantees: when :meth:`SqliteStorage.writing` ends well, what was added is on the disk, on Windows and macOS too: the
write-ahead log is synced at each commit (``synchronous=FULL``, ``fullfsync``), which takes one sync where a rollback
journal takes three, and readers such as ``audit verify`` never hold up an answer. Several processes of one machine may
add to one file. A new log appears whole or not at all.

Refuses: a file that is no audit log or whose tables are not those written here; a log that was moved, removed or
exchanged while this process added to it, for what went there would be lost; folders in which SQLite cannot share memory
(network drives: use PostgreSQL).
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.trust.disk import sync_folder
from assistant.trust.log.rows import ADD_META, SALT_BYTES, Rows

_APPLICATION = 0x4F4C4155  # "OLAU"
_VERSION = 1
_BUSY_SECONDS = 10.0
_TURN_SECONDS = 0.001
_TABLES = (
    "CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE node (id INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    "CREATE TABLE mark (number INTEGER PRIMARY KEY, size INTEGER NOT NULL)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
#: Against accidents; against intent stand the tree and its checkpoints.
_GUARDS = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    for table in ("entry", "node", "mark", "meta")
    for verb in ("UPDATE", "DELETE")
)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NOT_WRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class SqliteStorage:
    """Implements :class:`~assistant.trust.log.rows.Storage`. ``sync=False`` leaves out the disk sync, to measure it.

    The file is made by the first record, so that a log can be opened where nothing is asked.
    """

    def __init__(self, path: Path, *, read_only: bool = False, sync: bool = True) -> None:
        self._path = path
        self._wal = Path(f"{path}-wal")
        self._read_only = read_only
        self._sync = sync
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._orphans: list[sqlite3.Connection] = []
        self._process = os.getpid()
        self._file: tuple[int, int] | None = None
        self._wal_file: tuple[int, int] | None = None

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        if self._read_only:
            raise UsageError(f"{self._path} was opened to be read only")
        what = "could not be recorded, so nothing is shown"
        with self._lock, _mapped(self._path, what), ExitStack() as unless_kept:
            unless_kept.callback(self._forget)  # closing rolls back; nobody goes on with a connection in doubt
            database = self._writable()
            _begin(database)
            yield Rows(_asking(database))
            database.execute("COMMIT")
            self._require_same_files()
            unless_kept.pop_all()

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        if not self._path.is_file():
            raise NotReadyError(f"no audit log at {self._path}: nothing was recorded there yet")
        with _mapped(self._path, "cannot be read"), closing(self._readable()) as database:
            database.execute("BEGIN")
            yield Rows(_asking(database))

    def close(self) -> None:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._lock:
            self._forget()

    def __del__(self) -> None:
        self._forget()

    def _writable(self) -> sqlite3.Connection:
        if self._database is not None and self._process != os.getpid():
            # A child of the process that opened it: using or even closing it here would spoil the parent's locks.
            self._orphans.append(self._database)
            self._database = None
        if self._database is None:
            if not self._path.exists() and self._file is None:
                _create(self._path)
            self._database, self._process = self._opened(), os.getpid()
            found = _identity(self._path)
            if self._file not in (None, found):
                raise IntegrityError(f"{self._path} was exchanged while it was in use: find out why, then start again")
            self._file, self._wal_file = found, None
        return self._database

    def _opened(self) -> sqlite3.Connection:
        database = _proved(self._path, _connect(self._path, "mode=rw"))
        with ExitStack() as unless_good:
            unless_good.callback(database.close)
            if database.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
                raise NotReadyError(f"{self._path}: an audit log needs a local disk; elsewhere use PostgreSQL")
            database.execute(f"PRAGMA synchronous = {'FULL' if self._sync else 'OFF'}")
            for pragma in ("fullfsync", "checkpoint_fullfsync"):  # macOS: a sync that reaches the disk itself
                database.execute(f"PRAGMA {pragma} = ON")
            database.execute("PRAGMA busy_timeout = 0")  # from here on `_begin` waits
            unless_good.pop_all()
        return database

    def _readable(self) -> sqlite3.Connection:
        try:
            return _proved(self._path, _connect(self._path, "mode=ro"))
        except sqlite3.OperationalError as error:
            # A folder that cannot be written cannot hold the readers' shared memory; nobody adds records there either.
            # Where a -wal file holds some that are not in the main file yet, they must not silently be missing.
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _NOT_WRITABLE and _is_empty(self._wal):
                return _proved(self._path, _connect(self._path, "mode=ro&immutable=1"))
            raise

    def _require_same_files(self) -> None:
        """What was committed went into files that still stand under their names (on Windows they cannot be moved)."""
        wal = _identity(self._wal)
        self._wal_file = self._wal_file or wal
        if _identity(self._path) != self._file or wal is None or wal != self._wal_file:
            raise IntegrityError(
                f"{self._path} was moved or removed while it was in use, so nothing is shown: put it back with its "
                "-wal file, then start again"
            )

    def _forget(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _begin(database: sqlite3.Connection) -> None:
    """Begin to write, once nobody else does.

    SQLite's own waiting sleeps longer each time, up to 0.1 s; a process that writes often would then keep others out
    for half a second, where a turn takes a millisecond.
    """
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            database.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_TURN_SECONDS)


def _asking(database: sqlite3.Connection) -> Any:
    def ask(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return database.execute(statement, values).fetchall()

    return ask


def _create(path: Path) -> None:
    """A log without records at ``path``, unless another process was quicker."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(_connect(scratch, "mode=rw")) as database:
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
            database.execute("BEGIN")
            for statement in _TABLES + _GUARDS:
                database.execute(statement)
            database.execute(ADD_META, ("salt", secrets.token_bytes(SALT_BYTES)))
            database.execute("COMMIT")
            database.execute("PRAGMA journal_mode = WAL")
        _publish(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def _publish(scratch: Path, path: Path) -> None:
    """Give the new log its name; one that is there already stays."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        return
    except OSError:  # a disk without links (FAT)
        if not path.exists():
            scratch.rename(path)
    sync_folder(path.parent)


def _proved(path: Path, database: sqlite3.Connection) -> sqlite3.Connection:
    with ExitStack() as unless_ours:
        unless_ours.callback(database.close)
        _require_ours(path, database)
        unless_ours.pop_all()
    return database


def _require_ours(path: Path, database: sqlite3.Connection) -> None:
    database.execute("PRAGMA trusted_schema = OFF")
    if database.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
        raise IntegrityError(f"{path} is no audit log: give another place, or move it out of the way")
    if database.execute("PRAGMA user_version").fetchone() != (_VERSION,):
        raise NotReadyError(f"{path} was written by another version of Onlabel: read it with that one")
    found = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != set(_TABLES + _GUARDS):
        raise IntegrityError(f"{path}: the tables of the audit log are not those that were made: somebody changed them")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


@contextmanager
def _mapped(path: Path, what: str) -> Iterator[None]:
    """Errors of the database and the disk as our own."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BROKEN:
            raise IntegrityError(f"{path}: the audit log is damaged: {error}") from error
        raise OnlabelError(f"the audit log {path} {what}: {error}") from error
    except OSError as error:
        raise OnlabelError(f"the audit log {path} {what}: {error}") from error
