"""The way to a PostgreSQL server (extra ``postgres``), as everything that keeps its records there takes it.

Guarantees: no error says a password or a value that was stored. The server's own words are cut to its first message,
without the details, in which PostgreSQL quotes rows, and a password in the driver's words is crossed out. A server that
is gone is noticed within half a minute, also where the network swallows what is sent. What a transaction needs is set
for it alone (:func:`settle`), so poolers that change sessions between transactions are no harm.

Refuses nothing else that libpq takes: several hosts, ``PGPASSWORD``, ``~/.pgpass``, services and certificates work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.trust.record_places import read_address

if TYPE_CHECKING:
    import psycopg

    from assistant.trust.log.rows import Ask

#: What an address may say otherwise. A dead server is given up 10 + 3 x 5 seconds after it was last heard of.
_PRESET = {
    "connect_timeout": "10",
    "application_name": "onlabel",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SECRET = ("password", "sslpassword", "oauth_client_secret")
#: For this transaction alone. The commit waits for the disk where the server would not.
_SETTLED = (
    "SELECT set_config('search_path', %s, true), set_config('statement_timeout', %s, true), "
    "set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, true)"
)


class Address:
    """Where a server is, read from ``postgresql://...`` or from libpq's ``key=value`` form. It never shows itself."""

    __slots__ = ("_given",)

    def __init__(self, text: str) -> None:
        """:raises OnlabelError: it cannot be read for certain."""
        driver()
        self._given = read_address(text)

    def connect(self) -> psycopg.Connection[Any]:
        """A new connection, which commits each statement unless told otherwise; nothing is prepared on the server."""
        settings: dict[str, Any] = _PRESET | self._given | {"client_encoding": "utf8"}
        # A pooler between us and the server may give the next transaction to another session: none is relied on.
        connection: psycopg.Connection[Any] = driver().connect(autocommit=True, prepare_threshold=None, **settings)
        return connection

    def without_secrets(self, text: str) -> str:
        """``text`` without the passwords of this address, on one line."""
        for name in _SECRET:
            if secret := self._given.get(name):
                text = text.replace(str(secret), "***")
        return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def driver() -> Any:
    """psycopg.

    :raises NotReadyError: it is not installed.
    """
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise NotReadyError('psycopg is not installed; run: pip install "onlabel[postgres]"') from error
    return psycopg


def schema_name(name: str) -> str:
    """``name``, if it can stand in a statement unquoted.

    :raises OnlabelError: it cannot.
    """
    if not (name.isidentifier() and name.isascii() and name == name.lower()):
        raise OnlabelError(f"{name!r} cannot name a schema: use small letters, digits and underscores")
    return name


def line_of(records: str, schema: str) -> int:
    """The number of the line in which writers of these records stand: one a schema, the same for every replica."""
    digest = hashlib.sha256(f"onlabel {records} {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def settle(connection: psycopg.Connection[Any], schema: str, patience: str, idle: str) -> None:
    """Have the transaction that was just begun see the tables of ``schema``, and its commit wait for the disk.

    :param patience: how long a statement may take, or wait for somebody else's transaction; "0": as long as it likes.
    :param idle: how long it may do nothing before the server ends it, so that nobody waits for a machine that is gone.
    """
    # pg_temp last: nobody can slip a temporary table under a name of ours.
    connection.execute(_SETTLED, (f"{schema}, pg_temp", patience, patience, idle))


def stand_in_line(connection: psycopg.Connection[Any], line: int) -> None:
    """Wait until no other transaction holds ``line``; this one then holds it until its commit can be seen."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (line,))


def is_made(connection: psycopg.Connection[Any], schema: str, table: str) -> bool:
    """Whether the tables are there; ``table`` is one of them."""
    # The catalogue's tables, not to_regclass: that one may answer from a cache that an advisory lock does not renew,
    # and two replicas would make the tables.
    found = connection.execute(
        "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = %s", (schema, table)
    )
    return found.fetchone() is not None


def make_schema(connection: psycopg.Connection[Any], schema: str) -> None:
    """Make the schema, unless it is there."""
    # Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to make one even where it is there.
    there = connection.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (schema,))
    if not there.fetchone():
        connection.execute(f"CREATE SCHEMA {schema}".encode())


def require_fsync(connection: psycopg.Connection[Any], what: str) -> None:
    """
    :param what: what would not be safe, e.g. "report".
    :raises NotReadyError: the server does not wait for its disk.
    """
    if connection.execute("SHOW fsync").fetchone() != ("on",):
        raise NotReadyError(f"the database runs without fsync, so no {what} would be safe: switch it on")


def asking(connection: psycopg.Connection[Any]) -> Ask:
    """Runs statements on ``connection``."""

    def ask(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = connection.execute(statement.replace("?", "%s").encode(), tuple(values))
        return cursor.fetchall() if cursor.description else []

    return ask


@contextmanager
def told(what: str, address: Address) -> Iterator[None]:
    """Errors of the server and the way to it as our own; ``what`` says what cannot be done, e.g. "... cannot be read".

    Python's own chain of errors is cut: the driver's would show the details that are left out here.
    """
    errors = driver().errors
    try:
        yield
    except (errors.DataCorrupted, errors.IndexCorrupted) as error:
        raise IntegrityError(f"{what}: the database is damaged: {said(error, address)}") from None
    except errors.Error as error:
        raise OnlabelError(f"{what}: {said(error, address)}") from None


def said(error: psycopg.Error, address: Address) -> str:
    """What the server or the way to it said, without details and secrets."""
    first = address.without_secrets(error.diag.message_primary or str(error))
    return f"{first} (SQLSTATE {error.sqlstate})" if error.sqlstate else first
