"""The log's tables in PostgreSQL, for several replicas of the service that write one tree (extra ``postgres``).

Guarantees: as the file's log. Writers stand in a line behind an advisory lock that is held until the commit can be
seen, so that numbers have no gaps and the tree has no forks; a commit waits for the server's disk whatever the server's
settings say. After a lost connection the next record opens a new one. Nothing is left behind in a session, so poolers
that change sessions between transactions are no harm; who hangs in the line is thrown out by the server.

Refuses a server that runs without ``fsync``. The tables stand in a schema of their own, one log a schema; the account
that answers needs SELECT and INSERT there and should have no more.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from assistant.errors import NotReadyError
from assistant.trust.log.rows import ADD_META, SALT_BYTES, Rows
from assistant.trust.postgres import (
    Address,
    asking,
    driver,
    is_made,
    line_of,
    make_schema,
    require_fsync,
    schema_name,
    settle,
    stand_in_line,
    told,
)

if TYPE_CHECKING:
    import psycopg

SCHEMA = "onlabel_audit"
#: How long a statement of a writer may take, or wait in the line; and how long one in the line may do nothing.
_PATIENCE, _IDLE = "10s", "60s"
#: The same of who reads: he holds up nobody, and may look at each record as long as he likes.
_READERS_PATIENCE, _READERS_IDLE = "60s", "0"
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


class PostgresStorage:
    """Implements :class:`~assistant.trust.log.rows.Storage`; the server is named by a URL or as libpq does."""

    def __init__(self, place: str, *, schema: str = SCHEMA) -> None:
        self._address = Address(place)
        self._schema = schema_name(schema)
        self._line = line_of("audit log", schema)
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._lock, self._told("could not be recorded, so nothing is shown"), ExitStack() as unless_kept:
            unless_kept.callback(self._forget)
            connection = self._writable()
            with connection.transaction():
                settle(connection, self._schema, _PATIENCE, _IDLE)
                stand_in_line(connection, self._line)
                yield Rows(asking(connection))
            unless_kept.pop_all()

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._told("cannot be read"), closing(self._address.connect()) as connection:
            connection.isolation_level = driver().IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with connection.transaction():
                settle(connection, self._schema, _READERS_PATIENCE, _READERS_IDLE)
                if not is_made(connection, self._schema, "entry"):
                    raise NotReadyError("no audit log in this database: nothing was recorded there yet")
                yield Rows(asking(connection))

    def close(self) -> None:
        """See :class:`~assistant.trust.log.rows.Storage`."""
        with self._lock:
            self._forget()

    def _told(self, what: str) -> AbstractContextManager[None]:
        """Errors of the server and the way to it as our own: without passwords, and without the rows that it quotes."""
        return told(f"the audit log in PostgreSQL {what}", self._address)

    def _writable(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._address.connect()
            self._connection.isolation_level = driver().IsolationLevel.READ_COMMITTED
            require_fsync(self._connection, "record")
            if not is_made(self._connection, self._schema, "entry"):
                self._make(self._connection)
        return self._connection

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        """The tables, unless another replica was quicker."""
        with connection.transaction():
            settle(connection, self._schema, _PATIENCE, _IDLE)
            stand_in_line(connection, self._line)
            if is_made(connection, self._schema, "entry"):
                return
            make_schema(connection, self._schema)
            for statement in _TABLES:
                connection.execute(statement.encode())
            asking(connection)(ADD_META, ("salt", secrets.token_bytes(SALT_BYTES)))

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(driver().Error):
                self._connection.close()
            self._connection = None
