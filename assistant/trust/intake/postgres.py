"""The queue's tables in PostgreSQL, for replicas of the service that keep nothing themselves (extra ``postgres``).

Guarantees: as the file's. A report is committed with its disk sync before :meth:`PostgresStorage.adding` ends, whatever
the server's settings say; replicas add at once and wait for nobody. Who claims, confirms or purges stands in a line
behind an advisory lock until his commit can be seen, so that no report gets into two batches; one that hangs there is
thrown out by the server. Each transaction has a connection of its own: there is none to go stale between two reports,
however many hours lie between them, and poolers that change sessions between transactions are no harm.

Refuses a server that runs without ``fsync``, and tables of another version. Triggers stop an accidental DELETE and a
change of what was queued. The account that answers needs no right to read what was reported.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assistant.errors import IntegrityError, OnlabelError
from assistant.trust.intake.rows import VERSION, LostError, Rows
from assistant.trust.postgres import (
    Address,
    asking,
    driver,
    is_made,
    line_of,
    make_schema,
    require_fsync,
    said,
    schema_name,
    settle,
    stand_in_line,
    told,
)

if TYPE_CHECKING:
    import psycopg

SCHEMA = "onlabel_intake"
_WHAT = "the report queue in PostgreSQL cannot be used"
#: How long a statement may take, or wait for somebody else's transaction.
_PATIENCE = "30s"
#: How long somebody in the line may do nothing: he is stopped or his machine is gone.
_IDLE = "60s"
#: Connections that one process has at a time: many people reporting at once must not use up the server's.
_CONNECTIONS = 4
_TURN = 30.0

_TABLES = (
    "CREATE TABLE queue (id text NOT NULL, version int NOT NULL)",
    "CREATE TABLE batches (number bigint PRIMARY KEY, id text NOT NULL UNIQUE, created text NOT NULL, handed text, "
    "confirmed text)",
    "CREATE TABLE files (batch bigint NOT NULL REFERENCES batches, place int NOT NULL, name text NOT NULL, "
    "sha256 text NOT NULL, data bytea, PRIMARY KEY (batch, place))",
    # COLLATE "C": ids and times are compared byte by byte, whatever the language of the database.
    "CREATE TABLE reports (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    'id text COLLATE "C" NOT NULL UNIQUE, class text NOT NULL, aware text COLLATE "C" NOT NULL, '
    "aware_local text NOT NULL, due text NOT NULL, sha256 text NOT NULL, same text UNIQUE, body bytea, "
    'batch bigint REFERENCES batches, drained text COLLATE "C", purged text)',
    "CREATE INDEX reports_open ON reports (batch) WHERE drained IS NULL",
    "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'nothing is deleted from the report queue'; END $$",
    # Words go when they were confirmed, and never come back; a batch is for ever.
    "CREATE FUNCTION unchanged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF (OLD.number, OLD.id, OLD.class, OLD.aware, OLD.due, OLD.sha256) "
    "IS DISTINCT FROM (NEW.number, NEW.id, NEW.class, NEW.aware, NEW.due, NEW.sha256) "
    "OR (OLD.batch IS NOT NULL AND NEW.batch IS DISTINCT FROM OLD.batch) "
    "OR (NEW.body IS DISTINCT FROM OLD.body AND (NEW.body IS NOT NULL OR OLD.drained IS NULL)) "
    "THEN RAISE EXCEPTION 'a report is not changed once it is queued'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER unchanged BEFORE UPDATE ON reports FOR EACH ROW EXECUTE FUNCTION unchanged()",
    *(
        f"CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION kept()"
        for table in ("reports", "files", "batches", "queue")
    ),
)


class PostgresStorage:
    """Implements :class:`~assistant.trust.intake.rows.Storage`; the server is named by a URL or as libpq does."""

    def __init__(self, place: str, *, schema: str = SCHEMA) -> None:
        self._address = Address(place)
        self._schema = schema_name(schema)
        self._line = line_of("report queue", schema)
        self._turns = threading.BoundedSemaphore(_CONNECTIONS)

    @contextmanager
    def adding(self) -> Iterator[Rows]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with self._transaction() as connection:
            require_fsync(connection, "report")
            if not is_made(connection, self._schema, "queue"):
                stand_in_line(connection, self._line)
                if not is_made(connection, self._schema, "queue"):  # another replica may have been quicker
                    self._make(connection)
            self._require_version(connection)
            yield Rows(asking(connection))

    @contextmanager
    def writing(self) -> Iterator[Rows | None]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with self._transaction() as connection:
            require_fsync(connection, "report")
            stand_in_line(connection, self._line)
            yield self._rows(connection)

    @contextmanager
    def reading(self) -> Iterator[Rows | None]:
        """See :class:`~assistant.trust.intake.rows.Storage`."""
        with self._transaction(read_only=True) as connection:
            yield self._rows(connection)

    @contextmanager
    def _transaction(self, *, read_only: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """A transaction on a connection of its own, committed when the block ends well."""
        levels = driver().IsolationLevel
        with self._turn(), told(_WHAT, self._address):
            connection = self._address.connect()
            try:
                connection.isolation_level = levels.REPEATABLE_READ if read_only else levels.READ_COMMITTED
                connection.read_only = read_only
                with connection.transaction():
                    settle(connection, self._schema, _PATIENCE, _IDLE)
                    yield connection
            except driver().Error as error:
                if connection.broken:
                    raise LostError(f"{_WHAT}, the connection broke off: {said(error, self._address)}") from None
                raise
            finally:
                connection.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_TURN):
            raise OnlabelError(f"{_WHAT}: too many reports wait for the server")
        try:
            yield
        finally:
            self._turns.release()

    def _rows(self, connection: psycopg.Connection[Any]) -> Rows | None:
        if not is_made(connection, self._schema, "queue"):
            return None
        self._require_version(connection)
        return Rows(asking(connection))

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        make_schema(connection, self._schema)
        for statement in _TABLES:
            connection.execute(statement.encode())
        asking(connection)("INSERT INTO queue (id, version) VALUES (?, ?)", (secrets.token_hex(5), VERSION))

    def _require_version(self, connection: psycopg.Connection[Any]) -> None:
        # With the schema's name: without it an account that may not use the schema is told that there is no table.
        asked = f"SELECT version FROM {self._schema}.queue"  # noqa: S608
        if connection.execute(asked.encode()).fetchall() != [(VERSION,)]:
            raise IntegrityError(
                "the report queue in PostgreSQL is of another version of Onlabel: open it with the version that made it"
            )
