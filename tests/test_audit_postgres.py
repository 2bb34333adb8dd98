"""The same log in PostgreSQL, against a real server that these tests start: one tree, whoever writes, whatever dies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.trust.log import merkle
from assistant.trust.log.log import AuditLog
from assistant.trust.log.postgres import PostgresStorage
from assistant.trust.log.proofs import check_proof, make_proof

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``ctl`` calls pg_ctl."""

    conninfo: str
    ctl: Callable[..., None]

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def _find(name: str) -> str:
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not (found or places):
        pytest.skip(f"no PostgreSQL here: {name} is not on the PATH")
    return found or str(places[-1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if os.name != "posix":
        pytest.skip("the tests start PostgreSQL on a socket of POSIX")
    initdb, pg_ctl = _find("initdb"), _find("pg_ctl")
    folder = Path(tempfile.mkdtemp(prefix="onlabel-pg-"))
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

    # As by default, but for the socket: nothing listens on the network, and a disk sync is a disk sync.
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    start = ("start", "-l", str(folder / "server.log"), "-o", options)

    def control(*arguments: str) -> None:
        ctl(*(start if arguments == ("start",) else arguments))

    try:
        call(initdb, "-D", str(folder / "data"), "-U", "onlabel", "-A", "trust", "--no-sync", "-E", "UTF8")
        control("start")
        yield Server(f"host={folder} user=onlabel dbname=postgres", control)
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            ctl("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> str:
    """A log of its own for each test."""
    return "log_" + str(abs(hash(request.node.name)))


def opened(server: Server, schema: str) -> AuditLog:
    return AuditLog(PostgresStorage(server.conninfo, schema=schema))


def bodies(server: Server, schema: str) -> list[bytes]:
    return [row[0] for row in server.sql(f"SELECT body FROM {schema}.entry ORDER BY number")]


def test_the_tree_is_the_one_of_the_file(server: Server, schema: str, tmp_path: Path) -> None:
    with opened(server, schema) as log, AuditLog.open(tmp_path / "a.sqlite", sync=False) as file:
        for number in range(20):
            assert log.append({"n": number}) == file.append({"n": number}) == number
        assert log.root() == file.root()
        assert log.inclusion(5, 20) == file.inclusion(5, 20)
        assert log.consistency(7, 20) == file.consistency(7, 20)
        made = log.checkpoint(KEY.sign, PUBLIC)
        proved = log.verify([PUBLIC], (), [made])
        assert (proved.size, proved.covered, proved.faults) == (21, 20, ())
        assert check_proof(json.dumps(make_proof(log, 3)), (PUBLIC,)).record == {"n": 3}
        assert log.keyed("q") == log.keyed("q") != file.keyed("q")


def test_replicas_that_write_at_once_write_one_tree(server: Server, schema: str) -> None:
    """Ten replicas, each with its own connection, the first of which make the tables too."""
    numbers: list[int] = []
    failed: list[BaseException] = []
    together = threading.Barrier(10)

    def replica(name: int) -> None:
        try:
            with opened(server, schema) as log:
                together.wait()
                numbers.extend([log.append({"replica": name, "n": n}) for n in range(8)])
        except BaseException as error:  # noqa: BLE001 - a thread's error would be lost
            failed.append(error)

    threads = [threading.Thread(target=replica, args=(name,)) for name in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(numbers) == list(range(80))
    with opened(server, schema) as log:
        assert log.verify().faults == ()
        tree = merkle.Growing()
        for body in bodies(server, schema):
            tree.add(merkle.leaf_hash(body))
        assert log.root() == tree.root()


def test_the_line_is_what_keeps_it_one_tree(server: Server, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lock two writers see the same size: one of them fails, so the defence is needed and is tested."""
    with opened(server, schema) as one, opened(server, schema) as two:
        one.append({"n": 0})
        two.append({"n": 1})
        monkeypatch.setattr("assistant.trust.log.postgres._STAND_IN_LINE", "SELECT %s::bigint")
        with one._storage.writing() as rows:
            number = rows.size()
            rows.add(number, b"{}", merkle.completed(number, merkle.leaf_hash(b"{}"), rows.node))
            errors: list[OnlabelError] = []

            def late() -> None:
                try:
                    two.append({"n": 2})
                except OnlabelError as error:
                    errors.append(error)

            thread = threading.Thread(target=late)
            thread.start()
            while not server.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
                pass
        thread.join()
    assert len(errors) == 1
    assert "duplicate key" in str(errors[0])


def test_what_was_returned_outlives_a_crash_of_the_server(server: Server, schema: str) -> None:
    with opened(server, schema) as log:
        shown = [log.append({"n": n}) for n in range(10)]
        server.ctl("stop", "-m", "immediate")
        with pytest.raises(OnlabelError, match="could not be recorded, so nothing is shown"):
            log.append({"n": 10})
        with pytest.raises(OnlabelError, match="cannot be read"):
            log.verify()
        server.ctl("start")
        assert [log.entry(number)["n"] for number in shown] == list(range(10))
        assert log.append({"n": 10}) == 10
        assert log.verify().faults == ()


def test_a_commit_waits_for_the_disk_whatever_the_server_says(server: Server, schema: str) -> None:
    server.sql("ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
    try:
        with opened(server, schema) as log:
            log.append({"n": 0})
            with log._storage.writing() as rows:
                assert rows._ask("SELECT current_setting('synchronous_commit')", ()) == [("on",)]
    finally:
        server.sql("ALTER SYSTEM RESET synchronous_commit", "SELECT pg_reload_conf()")


def test_attacks_on_the_tables_are_noticed(server: Server, schema: str) -> None:
    with opened(server, schema) as log:
        for number in range(6):
            log.append({"n": number})
        kept = log.checkpoint(KEY.sign, PUBLIC)
        for verb in (f"UPDATE {schema}.entry SET body = ''", f"DELETE FROM {schema}.node", f"TRUNCATE {schema}.mark"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                server.sql(verb)
        free = "SET session_replication_role = replica"
        server.sql(free, f"UPDATE {schema}.entry SET body = '{{}}' WHERE number = 2")
        assert "record 2: it is not what was recorded" in str(log.verify([PUBLIC]).faults[0])
        server.sql(free, f"DELETE FROM {schema}.entry WHERE number > 3")
        with pytest.raises(IntegrityError, match="not of one size"):
            log.append({"n": 9})
        server.sql(
            free, f"DELETE FROM {schema}.node WHERE id >= {merkle.stored_count(4)}", f"DELETE FROM {schema}.mark"
        )
        server.sql(free, f"UPDATE {schema}.entry SET body = '{{\"n\":2}}' WHERE number = 2")
        assert log.verify([PUBLIC]).faults == ()
        assert "2 were cut off" in str(log.verify([PUBLIC], (), [kept]).faults[0])


def test_an_account_that_may_only_add_is_enough(server: Server, schema: str) -> None:
    with opened(server, schema) as log:
        log.append({"n": 0})
    server.sql(
        "DROP ROLE IF EXISTS service",
        "CREATE ROLE service LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO service",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {schema} TO service",
    )
    low = server.conninfo.replace("user=onlabel", "user=service")
    with AuditLog(PostgresStorage(low, schema=schema)) as log:
        assert log.append({"n": 1}) == 1
        assert log.verify().faults == ()
    with psycopg.connect(low) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"DELETE FROM {schema}.entry")
    server.sql(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM service", f"REVOKE ALL ON SCHEMA {schema} FROM service"
    )


def test_a_database_without_a_log_and_one_that_is_not_there(server: Server, schema: str, tmp_path: Path) -> None:
    with opened(server, schema) as log, pytest.raises(NotReadyError, match="nothing was recorded"):
        _ = log.size
    with AuditLog.open(f"postgresql:///postgres?host={tmp_path}&user=nobody") as log, pytest.raises(OnlabelError):
        log.append({"n": 0})
    with pytest.raises(OnlabelError, match="cannot name a schema"):
        PostgresStorage(server.conninfo, schema="a; DROP")
