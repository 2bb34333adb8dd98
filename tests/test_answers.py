"""Answers on the sample, end to end: what people ask, and what they must be shown."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from assistant.answering.answer import Answer
from assistant.answering.draft import Draft
from assistant.domain import Flag, Kind, Outcome
from assistant.pipeline import Assistant
from assistant.trust.receipts import check_receipt
from tests.conftest import TODAY


def ask(assistant: Assistant, question: str, audience: str = "hcp", market: str = "US") -> Answer:
    return assistant.ask(question, assistant.context(audience, market, date=TODAY))


def shown(answer: Answer, role: str = "answer") -> list[str]:
    return [span.id for span in answer.spans if span.role == role]


@pytest.mark.parametrize(
    ("question", "audience", "passage"),
    [
        ("zorvanta with clarithromycin?", "hcp", "zorvanta-us-pi.7.1"),
        ("can i take zorvanta while breastfeeding", "hcp", "zorvanta-us-pi.8.2"),
        ("norvastigline half-life", "hcp", "zorvanta-us-pi.12.3"),
        ("quovendry overdose: what to do", "hcp", "quovendry-us-pi.10"),
        ("what should i do if i miss a dose of zorvanta", "patient", "zorvanta-us-leaflet."),
    ],
)
def test_the_right_passage_is_shown(assistant: Assistant, question: str, audience: str, passage: str) -> None:
    answer = ask(assistant, question, audience)
    assert answer.outcome is Outcome.ANSWERED
    assert shown(answer)[0].startswith(passage)


def test_spans_cover_the_text_and_the_receipt_holds(assistant: Assistant) -> None:
    answer = ask(assistant, "zorvanta with clarithromycin?")
    edges = [(span.start, span.end) for span in answer.spans]
    assert edges[0][0] == 0
    assert edges[-1][1] == len(answer.text)
    assert all(one[1] == two[0] for one, two in pairwise(edges))
    check_receipt(answer.receipt)
    json.dumps(answer.as_json())


def test_benefit_text_brings_the_boxed_warning_first(assistant: Assistant) -> None:
    answer = ask(assistant, "what is zorvanta indicated for?")
    kinds = {e.head.id: e.head for e in assistant.index.entries("zorvanta")}
    ids = [span.id for span in answer.spans if span.source == "passage"]
    assert any(kinds[id].kind is Kind.BENEFIT for id in ids)
    assert "boxed_warning" in kinds[ids[0]].serves


def test_a_slip_is_asked_back_and_never_corrected(assistant: Assistant) -> None:
    answer = ask(assistant, "zorvnta missed dose")
    assert answer.outcome is Outcome.CLARIFY
    assert [choice.label for choice in answer.choices] == ["ZORVANTA"]
    again = ask(assistant, answer.choices[0].send)
    assert again.outcome is Outcome.ANSWERED


def test_a_choice_of_a_passage_shows_that_passage(assistant: Assistant) -> None:
    answer = ask(assistant, "passage:zorvanta-us-pi.7.1")
    assert shown(answer) == ["zorvanta-us-pi.7.1"]


@pytest.mark.parametrize("id", ["zorvanta-us-pi.isi", "nowhere", "", "zorvanta-us-leaflet"])
def test_only_retrievable_passages_of_the_context_can_be_picked(assistant: Assistant, id: str) -> None:
    assert id not in shown(ask(assistant, f"passage:{id}"))


def test_an_adverse_event_brings_its_notice_and_never_benefit_text(assistant: Assistant) -> None:
    answer = ask(assistant, "my patient developed jaundice after starting zorvanta. what is it used for?")
    assert answer.outcome is Outcome.ADVERSE_EVENT
    assert Flag.ADVERSE_EVENT in answer.flags
    kinds = {e.head.id: e.head.kind for e in assistant.index.entries("zorvanta")}
    assert all(kinds.get(span.id) is not Kind.BENEFIT for span in answer.spans)


def test_the_product_carries_over_in_conversation(assistant: Assistant) -> None:
    first = ask(assistant, "zorvanta with clarithromycin?")
    second = assistant.ask("and in the elderly?", first.context, first)
    assert second.carried == ("product",)
    assert second.slots["product"] == "zorvanta"
    assert any("8.5" in id for id in shown(second))


def test_no_product_named_is_asked_back(assistant: Assistant) -> None:
    answer = ask(assistant, "what is the storage temperature?")
    assert answer.outcome is Outcome.CLARIFY
    assert {choice.label for choice in answer.choices} == {"QUOVENDRY", "ZORVANTA"}


def test_wording_is_the_same_every_time(assistant: Assistant) -> None:
    one, two = (ask(assistant, "quovendry in renal impairment") for _ in range(2))
    assert one.text == two.text
    assert one.receipt == two.receipt


def test_a_companion_of_kind_benefit_never_follows_a_safety_notice(quick: Assistant) -> None:
    entry = quick.index.entry("zorvanta-us-pi.7.1")
    assert entry is not None
    zorvanta = quick.index.entries("zorvanta")
    benefit = next(e.head.id for e in zorvanta if "indication" in e.head.serves and "us-pi" in e.head.document)
    asks_for_it = replace(entry, head=replace(entry.head, companions=(benefit,)))
    draft = Draft(Outcome.ADVERSE_EVENT, flags=frozenset({Flag.ADVERSE_EVENT}), shown=(asks_for_it,))
    draft.intent = "drug_interaction"
    completed = quick._complete(draft, quick.context("hcp", "US", date=TODAY))
    assert (draft.shown, completed.all, draft.outcome) == ((), (), Outcome.ADVERSE_EVENT)
    calm = Draft(Outcome.ANSWERED, "drug_interaction", shown=(asks_for_it,))
    assert benefit in [e.head.id for e in quick._complete(calm, quick.context("hcp", "US", date=TODAY)).all]
