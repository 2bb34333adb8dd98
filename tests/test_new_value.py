"""A further question that is only a new value asks what the last one asked; a grade of nothing is asked back."""

from __future__ import annotations

import pytest

from assistant.answering import new_value
from assistant.answering.answer import Answer
from assistant.domain import Context, Outcome
from assistant.pipeline import Assistant
from assistant.serving.conversation import followed
from assistant.trust.receipts import check_receipt
from tests.conftest import TODAY

_HCP = Context("hcp", "US", "en", "cli", TODAY)
_DERMATITIS = "what is the dose of quovendry for Verrin dermatitis?"


def talk(assistant: Assistant, *questions: str) -> list[Answer]:
    answers: list[Answer] = []
    previous: Answer | None = None
    for question in questions:
        answers.append(assistant.ask(question, _HCP, previous))
        previous = followed(answers[-1], previous)
    return answers


@pytest.mark.parametrize(
    "plain",
    [
        "and grade 3?",
        "grade 3 or 4?",
        "Grade IV",
        "and if she weighs 25 kg?",
        "what if CrCl is 40?",
        "eGFR 25 mL/min?",
        "what about weight 55 kg",
        "and in a 7 year old",
        "Child-Pugh B?",
        "and at 30 kg",
    ],
)
def test_a_value_is_a_grade_an_age_a_weight_or_how_an_organ_works(plain: str) -> None:
    assert new_value.only_a_value(plain)


@pytest.mark.parametrize(
    "plain",
    [
        "grade 3 rash",
        "dose at 30 kg?",
        "and storage?",
        "what about asthma",
        "25 kg with renal impairment",
        "and 200 mg?",
    ],
)
def test_what_names_something_of_its_own_is_no_value(plain: str) -> None:
    assert not new_value.only_a_value(plain)


def test_only_a_grade_names_nothing() -> None:
    assert new_value.only_a_grade("and grade 3?") and new_value.only_a_grade("Grade 2-3?")
    assert not any(map(new_value.only_a_grade, ("grade 3 neutropenia", "25 kg", "what is a grade")))


def test_a_new_value_is_asked_of_what_was_named(assistant: Assistant) -> None:
    first, second, third, other = talk(
        assistant, _DERMATITIS, "and if he weighs 90 kg?", "and 80 kg?", "how is it stored?"
    )
    assert (first.slots["subject"], first.carried) == ("dose for Verrin dermatitis", ())
    for answer in (second, third):
        assert answer.slots["subject"] == "dose for Verrin dermatitis"
        assert answer.carried == ("product", "subject")
        check_receipt(answer.receipt)
        assert answer.receipt["carried"] == {"subject": "dose for Verrin dermatitis", "product": "quovendry"}
        assert "quovendry-us-pi.2.4" in {span.id for span in answer.spans}
    assert "subject" not in other.slots


def test_a_grade_of_what_nobody_named_is_not_answered(assistant: Assistant) -> None:
    assert talk(assistant, "quovendry dose", "and grade 3?")[-1].outcome is not Outcome.ANSWERED
    assert assistant.ask("quovendry grade 3?", _HCP).outcome is not Outcome.ANSWERED
    named = talk(assistant, "grade 2 ALT increase with zorvanta", "and grade 3?")[-1]
    assert (named.outcome, named.slots["subject"]) == (Outcome.ANSWERED, "ALT increase")


def test_what_was_referred_stays_so_at_another_value(assistant: Assistant) -> None:
    answers = talk(assistant, "quovendry for gout", "and 30 kg?", "and 60 kg?")
    assert [answer.outcome for answer in answers] == [Outcome.MEDICAL_INFORMATION] * 3
    assert "subject" not in answers[-1].slots


def test_words_that_the_label_does_not_hold_are_not_kept(assistant: Assistant) -> None:
    answer = assistant.ask("dose of quovendry for Brandy Smithson syndrome", _HCP)
    assert "subject" not in answer.slots


def test_nothing_is_kept_after_a_report(assistant: Assistant) -> None:
    *_, after = talk(assistant, _DERMATITIS, "I got a rash from it", "and 30 kg?")
    assert "subject" not in after.carried


def test_a_weight_leaves_the_group_unless_the_label_doses_by_it(assistant: Assistant) -> None:
    *_, after = talk(assistant, "dose of quovendry in renal impairment", "and 90 kg?")
    assert (after.slots["population"], "population" in after.carried) == ("renal_impairment", True)
