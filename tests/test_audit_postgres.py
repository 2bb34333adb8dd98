"""The same log in PostgreSQL, against a real server that these tests start: one tree, whoever writes, whatever dies."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.trust.log import merkle
from assistant.trust.log.log import AuditLog
from assistant.trust.log.postgres import PostgresStorage
from assistant.trust.log.proofs import check_proof, make_proof
from tests.postgres_server import Server

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()


@pytest.fixture(scope="module")
def server(postgres: Server) -> Server:
    return postgres


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
        monkeypatch.setattr("assistant.trust.log.postgres.stand_in_line", lambda *_: None)
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


def connection_of(log: AuditLog) -> Any:
    assert isinstance(log._storage, PostgresStorage)
    assert log._storage._connection is not None
    return log._storage._connection


def test_a_network_that_swallows_everything_is_noticed(server: Server, schema: str) -> None:
    """As for reports: the thread that answers must not wait until TCP itself gives up, a quarter of an hour later."""
    with opened(server, schema) as log:
        log.append({"n": 0})
        given = connection_of(log).info.get_parameters()
        named = ("connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
        assert [given[name] for name in named] == ["10", "10", "5", "3", "30000"]
    theirs = f"{server.conninfo} tcp_user_timeout=5000"
    with AuditLog(PostgresStorage(theirs, schema=schema)) as log:
        log.append({"n": 1})
        assert connection_of(log).info.get_parameters()["tcp_user_timeout"] == "5000"


def test_nothing_is_left_to_a_session_that_a_pooler_may_change(server: Server, schema: str) -> None:
    """Between two transactions a pooler hands over another session: it has none of our settings and statements."""
    with opened(server, schema) as log:
        log.append({"n": 0})
        connection = connection_of(log)
        assert connection.prepare_threshold is None
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)
        assert connection.execute("SHOW lock_timeout").fetchone() == ("0",)
        for number in range(1, 8):  # psycopg prepares what it is given a sixth time
            connection.execute("DISCARD ALL")
            assert log.append({"n": number}) == number
        assert connection_of(log) is connection
        assert log.verify().faults == ()


def test_a_replica_that_hangs_in_the_line_holds_up_nobody_for_long(
    server: Server, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(server, schema) as hanging, opened(server, schema) as other:
        other.append({"n": 0})
        monkeypatch.setattr("assistant.trust.log.postgres._IDLE", "50ms")
        with pytest.raises(OnlabelError, match="could not be recorded"), hanging._storage.writing() as rows:
            assert other.append({"n": 1}) == 1  # waits until the server has thrown the hanging one out
            rows.size()


def test_who_waits_too_long_in_the_line_is_told(server: Server, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(server, schema) as one, opened(server, schema) as two:
        two.append({"n": 0})
        monkeypatch.setattr("assistant.trust.log.postgres._PATIENCE", "50ms")
        with one._storage.writing(), pytest.raises(OnlabelError, match="timeout"):
            two.append({"n": 1})
        assert two.append({"n": 1}) == 1


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
