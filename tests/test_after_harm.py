"""A few words after a notice of harm: what still tells of it keeps the notice, what asks or thanks does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering import after_harm
from assistant.answering.answer import Answer
from assistant.domain import Context, Flag, Outcome
from assistant.pipeline import Assistant
from assistant.serving.conversation import followed
from tests.conftest import TODAY

_PATIENT = Context("patient", "US", "en", "cli", TODAY)
_HCP = replace(_PATIENT, audience="hcp")


@pytest.fixture
def before(quick: Assistant) -> Answer:
    return quick.ask("hello", _PATIENT)


def _kept(quick: Assistant, before: Answer, text: str, flag: Flag, intent: str = "warnings") -> after_harm.Kept:
    return after_harm.kept(text, replace(before, flags=(flag,), intent=intent, slots={}), quick.decider.screen)


@pytest.mark.parametrize(
    "text",
    [
        "maybe 5 tablets", "20 minutes ago", "he seems fine", "lips too", "throat also", "is that bad", "what do i do",
        "what happens now", "should I wait?", "zorvanta", "3", "she is sleeping", "double dose", "my whole dose",
        "can he sleep it off", "how long do we have",
    ],
)  # fmt: skip
def test_an_emergency_is_not_forgotten_in_the_next_turn(quick: Assistant, before: Answer, text: str) -> None:
    assert _kept(quick, before, text, Flag.EMERGENCY) == after_harm.Kept(Flag.EMERGENCY)
    assert _kept(quick, before, text, Flag.EMERGENCY, "overdose") == after_harm.Kept(Flag.EMERGENCY, "overdose")


@pytest.mark.parametrize(
    "text",
    [
        "thanks", "ok thank you so much", "how should I store it", "and in pregnancy?", "zorvanta dose",
        "what is the recommended dose of zorvanta", "how does zorvanta work", "where does it say that",
        "can I get it refunded by my insurance", "", "?!",
        "my neighbour asked me yesterday whether it might be taken together with breakfast",
    ],
)  # fmt: skip
def test_what_asks_about_something_else_ends_an_emergency(quick: Assistant, before: Answer, text: str) -> None:
    assert _kept(quick, before, text, Flag.EMERGENCY) == after_harm.NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "and dark urine", "also throwing up", "and a rash too", "now i have hives", "my lips too",
        "and her ankles swelled", "another with jaundice", "same with my sister", "in a 62 year old",
        "and the same happened to my dad",
        "plus dizziness", "diarrhea as well",
    ],
)  # fmt: skip
def test_a_report_goes_on(quick: Assistant, before: Answer, text: str) -> None:
    assert _kept(quick, before, text, Flag.ADVERSE_EVENT) == after_harm.Kept(Flag.ADVERSE_EVENT)


@pytest.mark.parametrize(
    "text",
    [
        "and quovendry?", "thanks", "and in pregnancy", "and for children", "is that common", "and nausea?", "dose",
        "and the dose", "does it cause hives too", "and with food", "same dose for kids", "another question",
        "in the elderly", "and in heart failure", "rash", "where does it say that", "also storage", "quovendry too",
    ],
)  # fmt: skip
def test_a_question_after_a_report_is_a_question(quick: Assistant, before: Answer, text: str) -> None:
    assert _kept(quick, before, text, Flag.ADVERSE_EVENT) == after_harm.NOTHING


def test_nothing_is_kept_of_anything_else(quick: Assistant, before: Answer) -> None:
    for flag in (Flag.PRODUCT_COMPLAINT, Flag.ATTACK):
        assert _kept(quick, before, "is that bad", flag) == after_harm.NOTHING
    assert after_harm.kept("is that bad", None, quick.decider.screen) == after_harm.NOTHING
    assert after_harm.kept("is that bad", before, quick.decider.screen) == after_harm.NOTHING


def test_the_answer_says_what_is_kept_and_the_next_subject_ends_it(quick: Assistant) -> None:
    previous: Answer | None = None
    answers = []
    for text in (
        "my toddler swallowed my pills",
        "zorvanta",
        "thanks",
        "is that bad",
        "how is it stored?",
        "is that bad",
    ):
        answers.append(quick.ask(text, _HCP, previous))
        previous = followed(answers[-1], previous)
    _, named, thanks, bad, stored, other = answers
    assert named.outcome is bad.outcome is Outcome.EMERGENCY
    assert named.slots == {"product": "zorvanta", "harm": "emergency", "topic": "overdose"}
    assert set(bad.carried) == {"product", "harm", "topic"}
    assert not thanks.flags and not stored.flags and not other.flags


def test_a_long_message_takes_no_time(quick: Assistant, before: Answer) -> None:
    for text in ("and " * 9, "a" * 2000, "and " + "-" * 2000, "same thing " * 4, "ab-" * 600 + " dose"):
        _kept(quick, before, text, Flag.ADVERSE_EVENT)
        _kept(quick, before, text, Flag.EMERGENCY)
