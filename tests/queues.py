"""Where the tests of the intake keep their queues: in a file, and in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.trust.intake.postgres import SCHEMA
from assistant.trust.intake.queue import FILE_NAME, FOLDER, IntakeQueue
from tests.postgres_server import Server

BOTH = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True)
class InFile:
    """A queue in a file."""

    place: Path

    @property
    def queue(self) -> IntakeQueue:
        """Opened anew, as another process would."""
        return IntakeQueue.open(self.place)

    @property
    def is_there(self) -> bool:
        return self.place.parent.exists()

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As somebody with all rights, past what guards the tables; ``?`` for values."""
        with closing(sqlite3.connect(self.place)) as database, database:
            return database.execute(statement, values).fetchall()


@dataclass(frozen=True, slots=True)
class OnServer:
    """A queue in PostgreSQL."""

    server: Server
    place: str

    @property
    def queue(self) -> IntakeQueue:
        """Opened anew, as another process would."""
        return IntakeQueue.open(self.place)

    @property
    def is_there(self) -> bool:
        return bool(self.server.sql(f"SELECT 1 FROM pg_namespace WHERE nspname = '{SCHEMA}'"))

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As somebody with all rights, past what guards the tables; ``?`` for values."""
        import psycopg

        with psycopg.connect(self.server.conninfo) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"SET search_path = {SCHEMA}".encode())
            cursor = connection.execute(statement.replace("?", "%s").encode(), values)
            return cursor.fetchall() if cursor.description else []


Kept = InFile | OnServer


def on_server(server: Server) -> OnServer:
    """None there yet."""
    server.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return OnServer(server, server.url())


@pytest.fixture(params=BOTH)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """Where a queue will be, in a file and then in PostgreSQL."""
    if request.param == "sqlite":
        yield InFile(tmp_path / FOLDER / FILE_NAME)
    else:
        yield on_server(request.getfixturevalue("postgres"))
