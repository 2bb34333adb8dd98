"""The log's tables in PostgreSQL, for several replicas of the service that write one tree (extra ``postgres``).

Guarantees: as the file's log. Writers stand in a line behind an advisory lock that is held until the commit can be
seen, so that numbers have no gaps and the tree has no forks; a commit waits for the server's disk whatever the server's
settings say. After a lost connection the next record opens a new one.

Refuses a server that runs without ``fsync``. The tables stand in a schema of their own, one log a schema; the account
that answers needs SELECT and INSERT there and should have no more.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.trust.log.rows import ADD_META, SALT_BYTES, Rows

if TYPE_CHECKING:
    import psycopg

SCHEMA = "onlabel_audit"
_TABLES = (
    "CREATE TABLE entry (number bigint PRIMARY KEY CHECK (number >= 0), body bytea NOT NULL)",
    "CREATE TABLE node (id bigint PRIMARY KEY CHECK (id >= 0), hash bytea NOT NULL)",
    "CREATE TABLE mark (number bigint PRIMARY KEY, size bigint NOT NULL)",
    "CREATE TABLE meta (name text PRIMARY KEY, value bytea NOT NULL)",
    "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION append_only()"
        for table in ("entry", "node", "mark", "meta")
    ),
)
#: Waits for the line, and has this transaction's commit wait for the disk where the server would not.
_STAND_IN_LINE = (
    "SELECT pg_advisory_xact_lock(%s), set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
)


class PostgresStorage:
    """Implements :class:`~assistant.trust.log.rows.Storage`; the server is named by a URL or as libpq does."""

    def __init__(self, conninfo: str, *, schema: str = SCHEMA) -> None:
        if not (schema.isidentifier() and schema.isascii()):
            raise OnlabelError(f"{schema!r} cannot name a schema: use letters, digits and underscores")
        self._conninfo = conninfo
        self._schema = schema
        # One number a schema, the same for every replica.
        digest = hashlib.sha256(f"onlabel audit log {schema}".encode()).digest()
        self._line = int.from_bytes(digest[:8], "big", signed=True)
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._lock, _mapped("could not be recorded, so nothing is shown"), ExitStack() as unless_kept:
            unless_kept.callback(self._forget)
            connection = self._writable()
            with connection.transaction():
                connection.execute(_STAND_IN_LINE, (self._line,))
                yield Rows(_asking(connection))
            unless_kept.pop_all()

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with _mapped("cannot be read"):
            connection = self._connected()
            try:
                connection.isolation_level = _psycopg().IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                if not self._is_made(connection):
                    raise NotReadyError("no audit log in this database: nothing was recorded there yet")
                with connection.transaction():
                    yield Rows(_asking(connection))
            finally:
                connection.close()

    def close(self) -> None:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._lock:
            self._forget()

    def _writable(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connected()
            if self._connection.execute("SHOW fsync").fetchone() != ("on",):
                raise NotReadyError("the database runs without fsync, so no record would be safe: switch it on")
            if not self._is_made(self._connection):
                self._make(self._connection)
        return self._connection

    def _connected(self) -> psycopg.Connection[Any]:
        driver = _psycopg()
        # A connection string may say otherwise: what it gives comes after what is preset here.
        preset = {"connect_timeout": "10", "application_name": "onlabel"}
        given = driver.conninfo.conninfo_to_dict(self._conninfo)
        connection: psycopg.Connection[Any] = driver.connect(autocommit=True, **(preset | given))
        with ExitStack() as unless_good:
            unless_good.callback(connection.close)
            connection.isolation_level = driver.IsolationLevel.READ_COMMITTED
            connection.execute("SET lock_timeout = '10s'")
            # pg_temp last: nobody can slip a temporary table under a name of ours.
            connection.execute(f"SET search_path = {self._schema}, pg_temp".encode())
            unless_good.pop_all()
        return connection

    def _is_made(self, connection: psycopg.Connection[Any]) -> bool:
        # A query of the catalogue's tables, not to_regclass: that one may answer from a cache that an advisory lock
        # does not renew, and two replicas would make the tables.
        found = connection.execute(
            "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'entry'", (self._schema,)
        )
        return found.fetchone() is not None

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        """The tables, unless another replica was quicker."""
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._line,))
            if self._is_made(connection):
                return
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}".encode())
            for statement in _TABLES:
                connection.execute(statement.encode())
            _asking(connection)(ADD_META, ("salt", secrets.token_bytes(SALT_BYTES)))

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(_psycopg().Error):
                self._connection.close()
            self._connection = None


def _psycopg() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise NotReadyError('psycopg is not installed; run: pip install "onlabel[postgres]"') from error
    return psycopg


def _asking(connection: psycopg.Connection[Any]) -> Any:
    def ask(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = connection.execute(statement.replace("?", "%s").encode(), tuple(values))
        return cursor.fetchall() if cursor.description else []

    return ask


@contextmanager
def _mapped(what: str) -> Iterator[None]:
    """Errors of the server and the way to it as our own. They never name the password."""
    driver = _psycopg()
    try:
        yield
    except (driver.errors.DataCorrupted, driver.errors.IndexCorrupted) as error:
        raise IntegrityError(f"the audit log in PostgreSQL is damaged: {error}") from error
    except driver.Error as error:
        raise OnlabelError(f"the audit log in PostgreSQL {what}: {error}".strip()) from error
