"""What a conversation carried over: the same in the answer, its receipt and its record, and again when replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.answering import deciding
from assistant.answering.answer import Answer
from assistant.answering.which_product import named_products
from assistant.domain import Context, Outcome
from assistant.errors import IntegrityError
from assistant.pipeline import Assistant
from assistant.releases.replaying import replay
from assistant.serving.conversation import followed
from assistant.trust.log.records import record_of
from assistant.trust.receipts import check_receipt
from tests import tiny
from tests.conftest import QUICK, TODAY

_HCP = Context("hcp", "US", "en", "cli", TODAY)
#: Conversations, and what the last answer carried.
TALKS: list[tuple[tuple[str, ...], dict[str, str]]] = [
    (("zorvanta storage",), {}),
    (("zorvanta storage", "how should it be stored?"), {"product": "zorvanta"}),
    (("zorvanta storage", "and quovendry?"), {"topic": "storage"}),
    (("zorvanta storage", "where does this come from"), {"product": "zorvanta"}),
    (("zorvanta storage", "hello", "and quovendry?"), {"topic": "storage"}),
    (
        ("I took the whole bottle of zorvanta", "is that bad"),
        {"product": "zorvanta", "harm": "emergency", "topic": "overdose"},
    ),
    (("my toddler swallowed my pills", "zorvanta"), {"harm": "emergency", "topic": "overdose"}),
    (("I got a rash from zorvanta", "and hives"), {"product": "zorvanta", "harm": "adverse_event"}),
    (("zorvanta storage", "no, quovendry"), {"topic": "storage"}),
    (("zorvanta storage", "not zorvanta"), {"topic": "storage"}),
    (("zorvanta storage", "and with quovendry?"), {"product": "zorvanta"}),
    (("how should it be stored?", "the second one"), {}),
    (("zorvanta dose and ALT", "and grade 3?"), {"subject": "dose for ALT", "product": "zorvanta"}),
    (("zorvanta dosage in children", "recommended dosage"), {"population": "pediatric", "product": "zorvanta"}),
]


def last_of(assistant: Assistant, questions: tuple[str, ...]) -> Answer:
    previous: Answer | None = None
    for question in questions:
        answer = assistant.ask(question, _HCP, previous)
        previous = followed(answer, previous)
    return answer


def entry_of(answer: Answer) -> dict[str, Any]:
    """The record of an answer, as the log gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(record_of(answer, question_policy="full", who="")))
    return found


@pytest.mark.parametrize(("questions", "carried"), TALKS)
def test_the_receipt_says_what_the_answer_says(
    quick: Assistant, questions: tuple[str, ...], carried: dict[str, str]
) -> None:
    answer = last_of(quick, questions)
    check_receipt(answer.receipt)
    assert {name: answer.slots[name] for name in answer.carried} == carried
    assert answer.receipt.get("carried", {}) == carried
    assert ("carried" in answer.receipt) == bool(carried)


def test_a_product_given_beside_the_question_is_receipted_too(quick: Assistant) -> None:
    answer = quick.ask("how should it be stored?", _HCP, product="quovendry")
    assert answer.receipt["carried"] == {"product": "quovendry"}


@pytest.mark.parametrize("changed", [{"product": "quovendry"}, {}, {"product": "zorvanta", "topic": "dosage"}])
def test_a_receipt_that_says_something_else_is_noticed(quick: Assistant, changed: dict[str, str]) -> None:
    receipt = last_of(quick, TALKS[1][0]).receipt
    with pytest.raises(IntegrityError, match="changed"):
        check_receipt(receipt | {"carried": changed})


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is opened to be asked again is opened with the quick encoder."""
    monkeypatch.setattr(
        Assistant, "open", classmethod(lambda _, root, audit=None, **__: tiny.opened(root, QUICK, audit))
    )


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("questions", [questions for questions, _ in TALKS])
def test_asked_again_it_has_the_same_receipt(quick: Assistant, quick_sample: Path, questions: tuple[str, ...]) -> None:
    answer = last_of(quick, questions)
    assert (answer.intent == "source_request") == questions[-1].startswith("where")
    replayed = replay(entry_of(answer), quick_sample)
    assert replayed.differences == ()
    assert replayed.answer.receipt == answer.receipt


@pytest.mark.usefixtures("quickly")
def test_a_record_that_says_more_was_carried_is_told(quick: Assistant, quick_sample: Path) -> None:
    entry = entry_of(quick.ask("zorvanta storage", _HCP))
    told = replay(entry | {"carried": ["population"], "slots": {"population": "pediatric"}}, quick_sample)
    assert [(d.what, d.recorded, d.now) for d in told.differences] == [("carried", "population pediatric", "")]


def test_a_name_of_several_products_leaves_the_topic_with_its_value(
    quick: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked back which of them is meant, the product is open and the topic is still said to be carried."""
    before = quick.ask("zorvanta storage", _HCP)
    monkeypatch.setattr(
        deciding,
        "named_products",
        lambda *given: (("quovendry", "zorvanta"), True) if given[1] else named_products(*given),
    )
    answer = quick.ask("and quovendry?", _HCP, before)
    assert (answer.outcome, answer.slots) == (Outcome.CLARIFY, {"topic": before.intent})
    assert answer.receipt["carried"] == {"topic": before.intent}
