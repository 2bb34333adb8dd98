"""Questions that were asked before: the same answer, screened, recorded and shown afresh; all else is asked anew."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.answering.answer import Answer
from assistant.domain import Flag
from assistant.errors import IntegrityError, OnlabelError, UsageError
from assistant.pipeline import Assistant, Proved
from assistant.serving.web.repeated import Asked, Repeated, _Kept, as_sent
from assistant.serving.web.service import Service
from assistant.serving.weight import weight
from assistant.settings import ServeSettings
from assistant.trust.intake.queue import IntakeQueue
from assistant.trust.receipts import check_receipt
from assistant.understanding.screen import Screen
from tests import tiny
from tests.fakes import HashEncoder, MemoryAudit
from tests.serving import FAST, OTHER, REP, client_of, service_over

QUESTION = "how should zed be stored?"
TOMORROW = tiny.DAY + dt.timedelta(days=1)


class Seen:
    """Watches a service: whether each question was found among those asked before."""

    def __init__(self, service: Service) -> None:
        self.found: list[bool] = []
        service.watchers.append(self)

    def answered(self, answer: Answer, seconds: float) -> None: ...

    def looked_up(self, *, found: bool) -> None:
        self.found.append(found)


@pytest.fixture
def seen(service: Service) -> Seen:
    return Seen(service)


def recorded(audit: MemoryAudit) -> list[dict[str, Any]]:
    return [json.loads(record) for record in audit.records]


def kept(service: Service) -> dict[Asked, _Kept]:
    return service._turns._repeated._kept


# --- what is repeated -------------------------------------------------------------------------------------------------


def test_the_same_question_is_answered_the_same_without_asking_the_model(served_root: Path) -> None:
    encoder, audit = HashEncoder(64), MemoryAudit()
    service = Service(tiny.opened(served_root, encoder, audit), audit, settings=FAST)
    first = service.ask(QUESTION, REP)
    read = len(encoder.encoded)
    for who in (REP, OTHER):
        again = service.ask(f"  {QUESTION}\n", who)
        assert again.as_json() == first.as_json()
        check_receipt(again.receipt)
    assert len(encoder.encoded) == read
    service.close()


def test_what_is_sent_is_the_object_of_the_answer_every_time(service: Service, seen: Seen) -> None:
    client = client_of(service)
    before = {"question": QUESTION, "earlier": ["zed storage"]}
    for sent in ({"question": QUESTION}, {"question": QUESTION}, before, {"question": QUESTION}):
        got = client.post("/v1/ask", json=sent)
        assert got.headers["content-type"] == "application/json"
        given = service.answer(got.json()["receipt"]["receipt_sha256"], replace(REP, id="local"))
        assert got.json() == given
    assert seen.found == [False, True, True]


def test_each_showing_is_a_record_of_its_own(service: Service, audit: MemoryAudit, seen: Seen) -> None:
    for who in (REP, OTHER, REP):
        service.ask(QUESTION, who)
    assert seen.found == [False, True, True]
    records = recorded(audit)
    assert [record["who"] for record in records] == ["rep", "other", "rep"]
    times = [dt.datetime.fromisoformat(record.pop("time")) for record in records]
    assert times == sorted(times)
    for record in records:
        del record["who"]
    assert records[0] == records[1] == records[2]


def test_what_is_repeated_is_what_would_be_answered_anew(quick_sample: Path) -> None:
    questions = (
        "zorvanta dose",
        "and quovendry?",
        "zorvanta and grapefruit?",
        "hello",
        "is it safe?",
        "zorvanta: ¿qué?",
    )
    first, again = service_over(quick_sample), service_over(quick_sample, settings=ServeSettings(cache=0))
    watch = Seen(first)
    for question in (*questions, *questions):
        assert first.ask(question, REP).as_json() == again.ask(question, REP).as_json()
    assert watch.found.count(True) == len(questions)
    first.close()
    again.close()


@pytest.mark.parametrize(
    "other",
    [
        lambda s: s.ask(QUESTION + "?", REP),
        lambda s: s.ask(QUESTION.upper(), REP),
        lambda s: s.ask(QUESTION, replace(REP, channel="widget")),
        lambda s: s.ask(QUESTION, REP, product="zed"),
        lambda s: s.ask(QUESTION, REP, date=TOMORROW),
    ],
    ids=["a letter", "capitals", "channel", "product", "day"],
)
def test_another_question_context_product_or_day_is_asked_anew(
    service: Service, seen: Seen, other: Callable[[Service], Answer]
) -> None:
    service.ask(QUESTION, REP)
    other(service)
    assert seen.found == [False, False]


def test_a_question_in_a_conversation_is_asked_anew(service: Service, seen: Seen) -> None:
    before = service.ask(QUESTION, REP).receipt["receipt_sha256"]
    for _ in range(2):
        service.ask(QUESTION, REP, previous_id=before)
        service.ask(QUESTION, REP, earlier=["zed storage"])
    assert seen.found == [False]
    assert len(kept(service)) == 1


def test_another_release_repeats_nothing_of_the_one_before(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Old words."])
    encoder = HashEncoder(64)
    tiny.compiled(root, encoder)
    service = service_over(root)
    watch = Seen(service)
    assert b"Old words." in service.ask(QUESTION, REP).text
    tiny.write(root, [b"New words."])
    tiny.compiled(root, encoder)
    service.swap(root)
    assert b"New words." in service.ask(QUESTION, REP).text
    assert watch.found == [False, False]
    assert len(kept(service)) == 1
    service.close()


# --- what is looked at again ------------------------------------------------------------------------------------------


def test_a_report_is_never_repeated(served_root: Path, tmp_path: Path) -> None:
    audit, intake = MemoryAudit(), IntakeQueue.open(tmp_path / "reports.sqlite")
    assistant = tiny.opened(served_root, HashEncoder(64), audit)
    assistant._intake = intake
    service = Service(assistant, audit, settings=FAST)
    watch = Seen(service)
    for _ in range(3):
        assert service.ask("a rash after zed", REP).flags == (Flag.ADVERSE_EVENT,)
    assert watch.found == [False] * 3
    assert len(intake.waiting()) == 3
    assert not kept(service)
    service.close()


def test_the_question_is_screened_again(service: Service, seen: Seen) -> None:
    assert service.ask(QUESTION, REP).flags == ()
    strict = Screen.parse(tiny.SCREEN.replace(b"dying", b"stored"))
    assistant = service.assistant
    assistant.decider = replace(assistant.decider, screen=strict)
    assert service.ask(QUESTION, REP).flags == (Flag.EMERGENCY,)
    assert seen.found == [False, False]
    assert not kept(service)


def test_a_release_repeats_nothing_on_another_day_or_in_another_context(served_root: Path) -> None:
    assistant = tiny.opened(served_root, HashEncoder(64))
    proved = assistant.prove(QUESTION, tiny.HCP)
    contexts = SimpleNamespace(audiences=("hcp",), markets=("US",), languages=("en",), channels=("cli",))
    assistant.release = SimpleNamespace(description=SimpleNamespace(contexts=contexts))  # type: ignore[assignment]
    assert assistant.proved_still(proved)
    contexts.channels = ("widget",)
    with pytest.raises(UsageError, match="channel"):
        assistant.proved_still(proved)
    contexts.channels = ("cli",)
    assistant._today = lambda _: TOMORROW
    with pytest.raises(UsageError, match="today"):
        assistant.proved_still(proved)
    assistant.index.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: replace(answer, text=answer.text.replace(b"25", b"52")),
        lambda answer: replace(answer, receipt=answer.receipt | {"outcome": "small_talk"}),
        lambda answer: replace(answer, receipt=answer.receipt | {"answer_sha256": "0" * 64}),
    ],
    ids=["text", "receipt", "hash"],
)
def test_bytes_that_changed_in_memory_are_not_shown(
    service: Service, audit: MemoryAudit, change: Callable[[Answer], Answer]
) -> None:
    service.ask(QUESTION, REP)
    ((asked, known),) = kept(service).items()
    kept(service)[asked] = replace(known, proved=Proved(change(known.proved.answer)))
    with pytest.raises(IntegrityError):
        service.ask(QUESTION, REP)
    assert len(audit.records) == 1
    assert b"25 C" in service.ask(QUESTION, REP).text


def test_bytes_to_be_sent_that_changed_in_memory_are_not_sent(service: Service, audit: MemoryAudit) -> None:
    client = client_of(service)
    first = client.post("/v1/ask", json={"question": QUESTION})
    ((asked, known),) = kept(service).items()
    kept(service)[asked] = replace(known, sent=known.sent.replace(b"25 C", b"52 C"))
    assert kept(service)[asked].sent != known.sent
    got = client.post("/v1/ask", json={"question": QUESTION})
    assert (got.status_code, "52 C" in got.text) == (500, False)
    assert len(audit.records) == 1
    assert client.post("/v1/ask", json={"question": QUESTION}).content == first.content


def test_what_another_index_proved_is_asked_anew(served_root: Path, quick: Assistant) -> None:
    assistant = tiny.opened(served_root, HashEncoder(64))
    assert not quick.proved_still(assistant.prove(QUESTION, tiny.HCP))
    assistant.index.close()


def test_what_cannot_be_recorded_again_is_not_shown_again(served_root: Path) -> None:
    class Full(MemoryAudit):
        def record(self, entry: Mapping[str, Any]) -> None:
            if self.records:
                raise OnlabelError("the disk is full")
            super().record(entry)

    log = Full()
    service = Service(tiny.opened(served_root, HashEncoder(64), log), log, settings=FAST)
    client = client_of(service)
    assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 200
    got = client.post("/v1/ask", json={"question": QUESTION})
    assert (got.status_code, "25 C" in got.text) == (503, False)
    service.close()


# --- how much is kept -------------------------------------------------------------------------------------------------


@pytest.fixture
def proved(served_root: Path) -> Iterator[Proved]:
    assistant = tiny.opened(served_root, HashEncoder(64))
    yield assistant.prove(QUESTION, tiny.HCP)
    assistant.index.close()


def asked(question: str, opened: int = 0) -> Asked:
    return Asked(opened, tiny.HCP, "", question)


def test_the_one_that_nobody_asked_for_longest_goes_first(proved: Proved) -> None:
    repeated = Repeated(2)
    repeated.keep(asked("a"), proved)
    repeated.keep(asked("b"), proved)
    assert repeated.find(asked("a")) is proved
    repeated.keep(asked("c"), proved)
    assert [repeated.find(asked(name)) for name in "abc"] == [proved, None, proved]


def test_only_so_many_bytes_are_kept(proved: Proved) -> None:
    one = weight(proved.answer) + len(as_sent(proved.answer))
    repeated = Repeated(1000, most_bytes=3 * one + 1)
    for number in range(10):
        repeated.keep(asked(str(number)), proved)
        repeated.keep(asked(str(number)), proved)
    assert (len(repeated), repeated._bytes) == (3, 3 * one)
    repeated.keep(asked("new release", opened=1), proved)
    assert (len(repeated), repeated._bytes) == (1, one)
    small = Repeated(1000, most_bytes=one - 1)
    small.keep(asked("a"), proved)
    assert (len(small), small._bytes) == (0, 0)


def test_none_are_kept_where_the_setting_is_0(served_root: Path) -> None:
    service = service_over(served_root, settings=ServeSettings(cache=0))
    watch = Seen(service)
    for _ in range(2):
        service.ask(QUESTION, REP)
    assert watch.found == [False, False]
    assert not kept(service)
    service.close()


def test_what_was_found_is_counted(service: Service) -> None:
    client = client_of(service)
    for question in (QUESTION, QUESTION, "zed dose", QUESTION):
        client.post("/v1/ask", json={"question": question})
    numbers = client.get("/metrics").text
    assert 'onlabel_repeated_total{found="yes"} 2.0' in numbers
    assert 'onlabel_repeated_total{found="no"} 2.0' in numbers
    assert "onlabel_answer_seconds_count 4.0" in numbers
