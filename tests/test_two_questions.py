"""A message that asks two things is answered with passages on both, where each part is a question of its own."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.answering.draft import Draft
from assistant.answering.two_questions import both, may_be_two, parts
from assistant.domain import Context, Flag, Outcome
from assistant.pipeline import Assistant
from tests.conftest import TODAY

_HCP = Context("hcp", "US", "en", "cli", TODAY)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("What is the dose and can it be given with vaccines?", "What is the dose", "can it be given with vaccines?"),
        ("how is it stored? what are the side effects?", "how is it stored", "what are the side effects?"),
        ("usual dose and the most common side effects", "usual dose", "the most common side effects"),
        ("contraindications, and when do I stop it", "contraindications", "when do I stop it"),
    ],
)
def test_a_second_question_or_subject_begins_a_part(question: str, first: str, second: str) -> None:
    assert parts(question) == (first, second)


@pytest.mark.parametrize(
    "question",
    [
        "dose in renal and hepatic impairment",
        "nausea and vomiting, how often?",
        "She is eight years old and how much should she get?",  # who it is, and a question of her
        "what is the dose and how is it stored and is it safe?",  # three
        "He has had " + "a long story " * 12 + "and what is the dose?",
        "and side effects",
        "how many had swollen legs and how many on placebo?",  # the second part goes on with the first one's subject
        "does it need a filter, and which one?",
        "",
    ],
)
def test_one_question_is_not_parted(question: str) -> None:
    assert parts(question) is None


def _draft(quick: Assistant, intent: str, *topics: str, **more: Any) -> Draft:
    """An answer of the best passages of the product on ``topics``."""
    entries = [entry for entry in quick.index.entries("zorvanta") if entry.head.retrieve]
    shown = tuple(next(entry for entry in entries if entry.head.topic == topic) for topic in topics)
    return Draft(Outcome.ANSWERED, intent, 0.9, shown=shown, slots={"product": "zorvanta"} | more)


def _both(whole: Draft, first: Draft, second: Draft) -> Draft:
    return both(whole, first, second, passages=3, choices=3)


def test_the_best_passages_of_both_are_shown_those_of_the_first_before(quick: Assistant) -> None:
    found = _both(
        _draft(quick, "lactation", "lactation"),
        _draft(quick, "storage", "storage", "how_supplied"),
        _draft(quick, "contraindication", "contraindication"),
    )
    assert [entry.head.topic for entry in found.shown] == ["storage", "how_supplied", "contraindication"]
    assert (found.intent, found.others[0][0]) == ("storage", "contraindication")


def test_where_a_part_is_silent_the_whole_stands_and_where_it_is_referred_so_is_the_whole(quick: Assistant) -> None:
    first, whole = _draft(quick, "storage", "storage"), _draft(quick, "lactation", "lactation")
    silent, referred = (_draft(quick, "contraindication", "contraindication") for _ in range(2))
    silent.give_up("nothing near")
    referred.refer("another use")
    assert [entry.head.topic for entry in _both(whole, first, silent).shown] == ["lactation"]
    assert _both(whole, first, referred).outcome is Outcome.MEDICAL_INFORMATION
    flagged = _draft(quick, "contraindication", "contraindication")
    flagged.flags = frozenset((Flag.ADVERSE_EVENT,))
    assert _both(whole, first, flagged).shown == whole.shown


def test_two_passages_are_shown_only_where_two_may_be(quick: Assistant) -> None:
    whole, first, second = (_draft(quick, topic, topic) for topic in ("lactation", "storage", "contraindication"))
    assert both(whole, first, second, passages=1, choices=3).shown == whole.shown


def test_only_what_warns_of_nothing_and_refers_nobody_may_be_two(quick: Assistant) -> None:
    whole = _draft(quick, "storage", "storage")
    assert may_be_two(whole)
    whole.flags = frozenset((Flag.EMERGENCY,))
    assert not may_be_two(whole)
    whole = _draft(quick, "storage", "storage")
    whole.refer("another use")
    assert not may_be_two(whole)
    whole = _draft(quick, "storage", "storage")
    whole.give_up("no passage is near enough")
    assert may_be_two(whole)  # it asked for two things
    whole.notes = ["another medicine is named"]
    assert not may_be_two(whole)


@pytest.mark.parametrize("group", ["pediatric", "renal_impairment"])
def test_a_dose_is_not_asked_without_the_patient_of_the_other_part_or_of_the_last_question(
    quick: Assistant, group: str
) -> None:
    dose, storage = _draft(quick, "dosage", "dosage"), _draft(quick, "storage", "storage")
    of_somebody = _draft(quick, "warnings", "contraindication", population=group)
    whole = _draft(quick, "lactation", "lactation")
    assert _both(whole, of_somebody, dose).shown == _both(whole, dose, of_somebody).shown == whole.shown
    assert len(_both(whole, of_somebody, storage).shown) == 2
    carried = _draft(quick, "lactation", "lactation", population=group)
    assert _both(carried, storage, dose).shown == carried.shown


def test_a_dose_is_not_asked_without_the_illness_or_behind_another_medicine(quick: Assistant) -> None:
    dose, storage = _draft(quick, "dosage", "dosage"), _draft(quick, "storage", "storage")
    ill, taking = _draft(quick, "warnings", "contraindication"), _draft(quick, "warnings", "contraindication")
    ill.notes.append("condition: indicated")
    taking.marked = (("substance", "aspirin"),)
    for first, second, two in ((ill, dose, 1), (taking, dose, 1), (dose, taking, 2), (ill, storage, 2)):
        whole = _draft(quick, "lactation", "lactation")
        assert len(_both(whole, first, second).shown) == two


def test_what_is_referred_or_reported_is_never_made_an_answer(quick: Assistant) -> None:
    for asked, outcome in (
        ("Is it better than aspirin and how is it stored?", Outcome.MEDICAL_INFORMATION),
        ("I took it and my throat is swelling shut, and how is it stored?", Outcome.EMERGENCY),
    ):
        assert quick.ask(asked, _HCP, product="zorvanta").outcome is outcome, asked
