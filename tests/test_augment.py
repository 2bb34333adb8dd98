"""Changes to training questions: every label still fits the words, and marks still stand where they stood."""

from __future__ import annotations

import random

import pytest

from assistant.training.augment import Augmenter
from assistant.training.dataset import SpanMark, Utterance


def marked(text: str, intent: str, words: str = "", type: str = "event", **more: object) -> Utterance:
    at = text.find(words)
    spans = (SpanMark(start=at, end=at + len(words), type=type),) if words else ()
    return Utterance.model_validate({"text": text, "intent": intent, "spans": spans, **more})


DOSE = marked("Dose of {product} with warfarin?", "dosage", "warfarin", "substance")
STORED = marked("Is the fridge needed, or not?", "storage")
RASH = marked(
    "He got a rash, sadly, from {product}.",
    "adverse_event_report",
    "a rash, sadly",
    flags=("adverse_event",),
    slots={"population": ("pediatric",)},
)
THANKS = marked("thanks a lot", "small_talk")
TWO = marked("Where do I keep it and what is the dose?", "storage", also="dosage")
QUESTIONS = (DOSE, STORED, RASH, THANKS, TWO)


def all_changes(
    question: Utterance, times: int = 4000, questions: tuple[Utterance, ...] = QUESTIONS
) -> list[Utterance]:
    augmenter, draw = Augmenter(questions), random.Random(3)  # noqa: S311 - reproducible, not secret
    return [augmenter.changed(question, draw) for _ in range(times)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_marked_words_stay_marked(question: Utterance) -> None:
    allowed = {"warfarin", "a rash, sadly"}
    for changed in all_changes(question):
        for span in changed.spans:
            assert changed.text[span.start : span.end] in allowed
        assert changed.text.count("{product}") >= question.text.count("{product}")


def test_a_report_beside_a_question_is_flagged_and_the_question_is_what_is_asked() -> None:
    joined = [one for one in all_changes(DOSE) if one.flags]
    assert joined
    for one in joined:
        assert (one.intent, one.also, one.flags) == ("dosage", None, ("adverse_event",))
        assert one.slots == {"population": ("pediatric",)}
        assert {span.type for span in one.spans} == {"substance", "event"}
    first = [one.text.startswith("Dose") for one in joined]
    assert any(first) and not all(first)


def test_of_two_questions_the_first_is_the_intent() -> None:
    pairs = {(one.intent, one.also) for one in all_changes(DOSE) if one.also}
    assert pairs == {("dosage", "storage"), ("storage", "dosage")}


def test_where_no_text_of_the_data_has_two_meanings_none_is_made() -> None:
    without = (DOSE, STORED, RASH, THANKS)
    assert {one.also for one in all_changes(DOSE, questions=without)} == {None}
    assert any(one.flags for one in all_changes(DOSE, questions=without))


# A report that nobody flagged is one all the same: data of one's own may have intents alone.
UNFLAGGED = marked("She fainted twice.", "adverse_event_report")


@pytest.mark.parametrize("question", [RASH, THANKS, UNFLAGGED])
def test_reports_and_small_talk_are_joined_to_nothing(question: Utterance) -> None:
    assert {(one.intent, one.also, one.flags) for one in all_changes(question)} == {
        (question.intent, None, question.flags)
    }


def test_marks_between_sentences_are_left_out_but_never_within_a_span() -> None:
    bare = {one.text for one in all_changes(RASH)}
    assert "He got a rash, sadly from {product}" in bare


def test_a_sentence_ends_once() -> None:
    assert not [one.text for one in all_changes(STORED) if "?." in one.text or "?," in one.text]
