"""The queue of reports in PostgreSQL: several replicas at once, a server that dies, and an account that reads nothing.

What is the same in a file and in PostgreSQL is tested over both in test_intake and test_intake_crash.
"""

from __future__ import annotations

import datetime as dt
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assistant.domain import Context, Flag
from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.serving.commands.intake import intake_command
from assistant.trust.intake import moments
from assistant.trust.intake import postgres as storage
from assistant.trust.intake.elements import elements
from assistant.trust.intake.exports import Form, renderer
from assistant.trust.intake.postgres import SCHEMA, PostgresStorage
from assistant.trust.intake.queue import FILE_NAME, FOLDER, IntakeQueue
from assistant.trust.intake.report import Report, ReportClass
from assistant.trust.intake.rows import LostError, Rows
from tests.postgres_server import LOCKED, Server
from tests.queues import OnServer, on_server

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")

_HCP = Context("hcp", "US", "en", "web", dt.date(2026, 11, 21))
_CONTEXT = '[context]\naudience = "hcp"\nmarket = "US"\n'
_SECRET = "Unsayable-7Q"  # noqa: S105


def report(words: str, conversation: str = "") -> Report:
    flags, now = (Flag.ADVERSE_EVENT,), moments.now()
    found = elements(words, flags=flags)
    return Report(words, ReportClass.ADVERSE_EVENT, flags, now, _HCP, found, conversation=conversation)


@pytest.fixture
def kept(postgres: Server) -> OnServer:
    return on_server(postgres)


@pytest.fixture
def queue(kept: OnServer) -> IntakeQueue:
    return kept.queue


def at_once(count: int, act: Callable[[int], None]) -> None:
    """``act(0)``, ``act(1)`` and so on, each in a thread that waits for all the others to begin."""
    failed: list[BaseException] = []
    together = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            together.wait()
            act(number)
        except BaseException as error:  # noqa: BLE001 - a thread's error would be lost
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def drained(queue: IntakeQueue, *, arrived: bool = True) -> tuple[Any, ...]:
    return queue.drain(lambda _: None, lambda _: arrived, renderer(Form.JSONL))


# -- several replicas --------------------------------------------------------------------------------------------------


def test_replicas_that_report_at_once_keep_everything_and_make_the_tables_once(kept: OnServer) -> None:
    ids: list[str] = []
    at_once(8, lambda name: ids.extend([kept.queue.add(report(f"rash {name} {n}")) for n in range(4)]))
    assert sorted(ids) == sorted(stored.id for stored in kept.queue.waiting())
    assert len(set(ids)) == 32


def test_the_same_report_at_several_replicas_at_once_is_queued_once(kept: OnServer) -> None:
    one, ids = report("rash", "conversation-7"), list[str]()
    at_once(8, lambda _: ids.append(kept.queue.add(one)))
    assert len(set(ids)) == 1
    assert [stored.id for stored in kept.queue.waiting()] == ids[:1]


def test_people_who_drain_at_once_are_handed_the_same_batches(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.trust.intake.queue.LARGEST_BATCH", 2)
    for n in range(5):
        queue.add(report(f"rash {n}"))
    handed: list[dict[str, Any]] = []
    at_once(4, lambda _: handed.append({batch.id: batch.files for batch in drained(kept.queue, arrived=False)}))
    assert all(batches == handed[0] for batches in handed)
    assert [batch.reports for batch in queue.status().unconfirmed] == [2, 2, 1]


def test_one_batch_confirmed_by_several_at_once_is_confirmed_once(kept: OnServer, queue: IntakeQueue) -> None:
    id = queue.add(report("rash"))
    (batch,) = drained(queue, arrived=False)
    times: list[str] = []
    at_once(4, lambda _: times.append(kept.queue.confirm(batch.id).confirmed))
    assert set(times) == {queue.find(id).drained}


def test_the_line_is_what_keeps_a_report_in_one_batch(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it two who drain put one report into two batches; the second fails, so the defence is needed."""
    queue.add(report("rash"))
    monkeypatch.setattr(storage, "stand_in_line", lambda *_: None)
    failed: list[OnlabelError] = []

    def second() -> None:
        try:
            kept.queue.claim(renderer(Form.JSONL))
        except OnlabelError as error:
            failed.append(error)

    def meanwhile(head: Any, reports: Any) -> list[tuple[str, bytes]]:
        thread.start()
        while not kept.server.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass
        return list(renderer(Form.JSONL)(head, reports))

    thread = threading.Thread(target=second)
    queue.claim(meanwhile)
    thread.join()
    assert "duplicate key" in str(failed[0])
    assert len(queue.status().unconfirmed) == 1


def test_reporting_waits_for_nobody_who_drains(kept: OnServer, queue: IntakeQueue) -> None:
    queue.add(report("rash one"))
    later: list[str] = []

    def slow(head: Any, reports: Any) -> list[tuple[str, bytes]]:
        later.append(kept.queue.add(report("rash two")))
        return list(renderer(Form.JSONL)(head, reports))

    queue.claim(slow)
    assert queue.find(later[0]).state == "waiting"


# -- a server that dies ------------------------------------------------------------------------------------------------


def test_what_was_returned_outlives_a_crash_of_the_server(kept: OnServer, queue: IntakeQueue) -> None:
    ids = [queue.add(report(f"rash {n}")) for n in range(3)]
    (batch,) = drained(queue, arrived=False)
    ids.append(queue.add(report("rash 3")))
    kept.server.ctl("stop", "-m", "immediate")
    for use in (lambda: queue.add(report("lost")), queue.waiting, lambda: IntakeQueue.open(kept.place)):
        with pytest.raises(OnlabelError, match="cannot be used"):
            use()
    kept.server.ctl("start")
    assert [stored.id for stored in queue.waiting()] == ids
    again, _ = drained(queue, arrived=False)
    assert (again.id, again.files) == (batch.id, batch.files)
    assert queue.find(queue.add(report("afterwards"))).state == "waiting"


def test_a_server_that_restarts_in_a_transaction_leaves_nothing_and_takes_the_report_after(
    kept: OnServer, queue: IntakeQueue
) -> None:
    queue.add(report("rash"))

    def restart(*_: Any) -> list[tuple[str, bytes]]:
        kept.server.ctl("restart", "-m", "immediate")
        return [("x", b"")]

    with pytest.raises(LostError):
        queue.claim(restart)
    assert queue.waiting()[0].state == "waiting"
    assert drained(queue)[0].id.endswith("-000001")


def test_a_connection_lost_before_the_commit_is_taken_up_again(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.prepare()
    put, lost = Rows.put, list[str]()

    def interrupted(rows: Rows, *values: Any) -> str:
        if not lost:
            lost.append(put(rows, *values))
            kept.server.sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name = 'onlabel' AND state = 'idle in transaction'"
            )
        return put(rows, *values)

    monkeypatch.setattr(Rows, "put", interrupted)
    id = queue.add(report("rash"))
    assert lost == [id]
    assert [stored.id for stored in queue.waiting()] == [id]


def test_a_connection_lost_after_the_commit_doubles_nothing(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding, lost = PostgresStorage.adding, list[int]()

    @contextmanager
    def unheard(self: PostgresStorage) -> Iterator[Rows]:
        with adding(self) as rows:
            yield rows
        if not lost:  # what the server said of the commit did not arrive
            lost.append(1)
            raise LostError("the connection broke off")

    monkeypatch.setattr(PostgresStorage, "adding", unheard)
    id = queue.add(report("rash"))
    assert lost == [1]
    assert [stored.id for stored in kept.queue.waiting()] == [id]


def test_a_connection_that_is_lost_each_time_is_said(queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    @contextmanager
    def broken(_: PostgresStorage) -> Iterator[Rows]:
        tries.append(1)
        raise LostError("the connection broke off")
        yield

    monkeypatch.setattr(PostgresStorage, "adding", broken)
    with pytest.raises(LostError):
        queue.add(report("rash"))
    assert len(tries) == 3


# -- somebody who hangs ------------------------------------------------------------------------------------------------


def test_who_waits_too_long_for_somebody_who_drains_is_told(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.add(report("rash"))
    monkeypatch.setattr(storage, "_PATIENCE", "50ms")
    with PostgresStorage(kept.place).writing(), pytest.raises(OnlabelError, match="timeout"):
        queue.claim(renderer(Form.JSONL))
    assert len(drained(queue)) == 1


def test_who_hangs_in_the_line_is_thrown_out(
    kept: OnServer, queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.add(report("rash"))
    monkeypatch.setattr(storage, "_IDLE", "50ms")
    with pytest.raises(LostError), PostgresStorage(kept.place).writing():
        monkeypatch.setattr(storage, "_IDLE", "60s")
        assert len(drained(kept.queue)) == 1  # waits until the server has thrown the other one out


def test_many_at_once_share_few_connections(kept: OnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_CONNECTIONS", 1)
    monkeypatch.setattr(storage, "_TURN", 0.01)
    few = PostgresStorage(kept.place)
    with few.reading(), pytest.raises(OnlabelError, match="too many"):
        IntakeQueue(few).waiting()
    assert IntakeQueue(few).waiting() == ()


# -- durable -----------------------------------------------------------------------------------------------------------


def configured(server: Server, name: str, value: str) -> None:
    """A setting of the server, in force."""
    server.sql(f"ALTER SYSTEM SET {name} = {value}", "SELECT pg_reload_conf()")
    while server.sql(f"SHOW {name}") != [(value,)]:
        pass


def test_a_commit_waits_for_the_disk_whatever_the_server_says(kept: OnServer) -> None:
    configured(kept.server, "synchronous_commit", "off")
    try:
        with PostgresStorage(kept.place).adding() as rows:
            assert rows._ask("SHOW synchronous_commit", ()) == [("on",)]
    finally:
        configured(kept.server, "synchronous_commit", "on")


def test_a_server_without_fsync_is_refused(kept: OnServer, queue: IntakeQueue) -> None:
    configured(kept.server, "fsync", "off")
    try:
        with pytest.raises(NotReadyError, match="switch it on"):
            queue.add(report("rash"))
    finally:
        configured(kept.server, "fsync", "on")
    assert not kept.is_there


# -- rights ------------------------------------------------------------------------------------------------------------

#: As docs/adverse-events.md says it.
GRANTS = (
    "GRANT USAGE ON SCHEMA onlabel_intake TO service",
    "GRANT SELECT ON onlabel_intake.queue TO service",
    "GRANT INSERT, SELECT (id, sha256, same) ON onlabel_intake.reports TO service",
)


def test_the_account_that_answers_adds_reports_and_cannot_read_one(kept: OnServer, queue: IntakeQueue) -> None:
    queue.prepare()
    kept.server.sql("DROP ROLE IF EXISTS service", "CREATE ROLE service LOGIN", *GRANTS)
    try:
        low = IntakeQueue.open(kept.server.url("service"))
        id, same = low.add(report("rash")), report("rash", "c1")
        assert low.add(same) == low.add(same)
        assert id in {stored.id for stored in queue.waiting()}
        for use in (low.waiting, lambda: low.claim(renderer(Form.JSONL)), lambda: low.find(id)):
            with pytest.raises(OnlabelError, match="permission denied"):
                use()
    finally:
        kept.server.sql("DROP OWNED BY service", "DROP ROLE service")


def test_the_rights_are_those_that_the_guide_says() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "adverse-events.md").read_text(encoding="utf-8")
    for grant in GRANTS:
        assert f"{grant};" in guide


def test_an_account_may_be_given_a_schema_without_the_right_to_make_one(kept: OnServer) -> None:
    kept.server.sql(
        "DROP ROLE IF EXISTS keeper", "CREATE ROLE keeper LOGIN", f"CREATE SCHEMA {SCHEMA} AUTHORIZATION keeper"
    )
    try:
        keeper = IntakeQueue.open(kept.server.url("keeper"))
        keeper.add(report("rash"))
        assert len(keeper.waiting()) == 1
    finally:
        kept.server.sql("DROP OWNED BY keeper", "DROP ROLE keeper")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM reports", "nothing is deleted"),
        ("TRUNCATE files", "nothing is deleted"),
        ("UPDATE reports SET body = 'x'", "not changed once it is queued"),
        ("UPDATE reports SET body = NULL", "not changed once it is queued"),
        ("UPDATE reports SET batch = NULL", "not changed once it is queued"),
        ("UPDATE reports SET due = ''", "not changed once it is queued"),
    ],
)
def test_an_accident_in_the_tables_is_stopped(kept: OnServer, queue: IntakeQueue, statement: str, said: str) -> None:
    queue.add(report("rash"))
    drained(queue, arrived=False)
    with pytest.raises(psycopg.errors.RaiseException, match=said):
        kept.server.sql(f"SET search_path = {SCHEMA}", statement)


def test_tables_of_another_version_are_refused(kept: OnServer, queue: IntakeQueue) -> None:
    queue.prepare()
    kept.sql("UPDATE queue SET version = 2")
    for use in (queue.waiting, lambda: queue.add(report("rash")), lambda: IntakeQueue.open(kept.place)):
        with pytest.raises(IntegrityError, match="another version"):
            use()


# -- what errors say ---------------------------------------------------------------------------------------------------


def told_by(use: Callable[[], object]) -> str:
    """Everything that a log could show of the error, its causes and their causes."""
    with pytest.raises(OnlabelError) as raised:
        use()
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:{}@127.0.0.1:1/d",
        "postgresql://u:{}@h1:1,h2:2/d?connect_timeout=1&host=127.0.0.1,127.0.0.1",
        "postgresql://u:{}/x@127.0.0.1/d",
        "postgresql://u:x@{}@127.0.0.1/d",
        "postgresql://u:100%{}@127.0.0.1/d",
        "postgresql://u:{}",
        "postgresql://127.0.0.1:1/d?password={}&nonsense={}",
        "postgresql://127.0.0.1:{}/d",
        "postgresql:///d?host=/nowhere&sslpassword={}&password={}",
    ],
)
def test_no_error_says_a_password(address: str) -> None:
    assert _SECRET not in told_by(lambda: IntakeQueue.open(address.replace("{}", _SECRET)))


def test_a_password_that_is_wrong_or_right_is_not_said(kept: OnServer, queue: IntakeQueue) -> None:
    queue.prepare()
    kept.server.sql(f"DROP ROLE IF EXISTS {LOCKED}", f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{_SECRET}'")
    try:
        wrong = told_by(lambda: IntakeQueue.open(kept.server.url(LOCKED, "x" + _SECRET)))
        assert "password authentication failed" in wrong
        right = told_by(lambda: IntakeQueue.open(kept.server.url(LOCKED, _SECRET)))
        assert "permission denied" in right
        assert _SECRET not in wrong + right
    finally:
        kept.server.sql(f"DROP ROLE {LOCKED}")


def test_no_error_says_a_word_of_a_report(kept: OnServer, queue: IntakeQueue) -> None:
    queue.prepare()
    kept.server.sql(f"ALTER TABLE {SCHEMA}.reports ADD CONSTRAINT never CHECK (false)")
    with psycopg.connect(kept.server.conninfo) as connection, pytest.raises(psycopg.Error) as raw:
        connection.execute(f"INSERT INTO {SCHEMA}.reports VALUES (DEFAULT, 'a', 'b', 'c', 'd', 'e', 'f', NULL, 'body')")
    assert b"body".hex() in str(raw.value)  # PostgreSQL quotes the row
    said = told_by(lambda: queue.add(report(_SECRET)))
    assert 'violates check constraint "never"' in said
    assert not any(word in said for word in (_SECRET, _SECRET.encode().hex(), "Failing row"))


# -- commands ----------------------------------------------------------------------------------------------------------


def call(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(intake_command, [*map(str, arguments)], obj=home)


@pytest.fixture
def home(kept: OnServer, tmp_path: Path) -> Path:
    (tmp_path / "onlabel.toml").write_text(f'{_CONTEXT}[intake]\npath = "{kept.place}"\n')
    return tmp_path


def test_reports_in_the_file_of_before_are_not_forgotten(home: Path) -> None:
    file = home / FOLDER / FILE_NAME
    IntakeQueue.open(file).add(report("rash"))
    ran = call(home, "status")
    assert ran.stdout.startswith("waiting   0")
    assert f"1 reports from before wait in a file: add --queue {file}" in ran.stderr
    assert call(home, "status", "--queue", file).stdout.startswith("waiting   1")
    drained(IntakeQueue.open(file))
    assert call(home, "status").stderr == ""


def test_a_queue_can_be_named_and_prepared(kept: OnServer, tmp_path: Path) -> None:
    (tmp_path / "onlabel.toml").write_text(_CONTEXT)
    assert "takes reports" in call(tmp_path, "prepare", "--queue", kept.place).stdout
    assert kept.is_there
    kept.queue.add(report("rash"))
    assert call(tmp_path, "list", "--queue", kept.place).stdout.count("\n") == 1
    assert call(tmp_path, "status").stdout.startswith("waiting   0")
    for wrong in ("mysql://x", tmp_path / "nothing.sqlite"):
        assert isinstance(call(tmp_path, "status", "--queue", wrong).exception, UsageError)


def test_without_the_driver_no_other_queue_is_shown_instead(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "install.json").write_text("{}")  # where a release cannot be read the file beside it would be looked into
    monkeypatch.setenv("ONLABEL_INTAKE", "postgresql://127.0.0.1/d")
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    ran = call(home, "status")
    assert isinstance(ran.exception, NotReadyError)
    assert "pip install" in str(ran.exception)
