"""A PostgreSQL server of the tests' own, as its defaults are: on a socket in a folder, and nothing on the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: A role of this name needs its password; everybody else is let in.
LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``ctl`` calls pg_ctl."""

    folder: Path
    ctl: Callable[..., None]

    @property
    def conninfo(self) -> str:
        return f"host={self.folder} user=onlabel dbname=postgres"

    def url(self, user: str = "onlabel", password: str = "") -> str:
        """The same as an address."""
        secret = f"&password={password}" if password else ""
        return f"postgresql:///postgres?host={self.folder}&user={user}{secret}"

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the last of the statements gives; each is committed."""
        import psycopg

        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def _find(name: str) -> str:
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not (found or places):
        pytest.skip(f"no PostgreSQL here: {name} is not on the PATH")
    return found or str(places[-1])


def _in_memory() -> str | None:
    """A folder in memory, if it is large enough: a server that crashes loses nothing of a file's content."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    return str(memory) if roomy else None


@contextmanager
def running() -> Iterator[Server]:
    """A new server, stopped and removed at the end; skips the test where none can be started."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    if os.name != "posix":
        pytest.skip("the tests start PostgreSQL on a socket of POSIX")
    initdb, pg_ctl = _find("initdb"), _find("pg_ctl")
    folder = Path(tempfile.mkdtemp(prefix="onlabel-pg-", dir=_in_memory()))
    unprivileged: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, 65534, 65534)
        unprivileged = {"user": 65534, "group": 65534, "extra_groups": ()}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}

    def call(*arguments: str) -> None:
        subprocess.run(
            arguments, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, timeout=120, **unprivileged
        )

    def ctl(*arguments: str) -> None:
        call(pg_ctl, "-D", str(folder / "data"), "-w", *arguments)

    # As by default, but for the socket: a disk sync is a disk sync.
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    start = ("start", "-l", str(folder / "server.log"), "-o", options)

    def control(*arguments: str) -> None:
        ctl(*(start if arguments == ("start",) else arguments))

    try:
        call(initdb, "-D", str(folder / "data"), "-U", "onlabel", "-A", "trust", "--no-sync", "-E", "UTF8")
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all {LOCKED} scram-sha-256\n{rules.read_text()}")
        control("start")
        yield Server(folder, control)
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            ctl("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)
