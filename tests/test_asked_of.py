"""Which other medicine a question is about, by its form."""

from __future__ import annotations

import pytest

from assistant.understanding.asked_of import asked_of, unknown_asked_of


@pytest.mark.parametrize(
    "question",
    [
        "velocitol contraindications",
        "velocitol contraindication",
        "common velocitol side effects",
        "what are the most common velocitol side effects",
        "max velocitol dose",
        "velocitol ointment dose",
        "how much velocitol cream for cold sores",
        "how many mg of velocitol",
        "dose velocitol",
        "starting dose velocitol 10 mg?",
        "velocitol xl dose",
        "velocitol HS dosing",
        "velocitol psoriasis dose",
        "and velocitol in the elderly",
        "what about the velocitol dose",
        "velocitol 25 mg renal dosing",
        "velocitol in pregnancy",
        "half life of velocitol",
        "how do i take velocitol",
        "how should velocitol be stored?",
        "is velocitol safe in pregnancy",
        "what is velocitol used for",
    ],
)
def test_the_form_tells_what_a_question_is_about(question: str) -> None:
    assert "velocitol" in asked_of(question)


@pytest.mark.parametrize(
    "question",
    [
        "with velocitol?",
        "velocitol interaction",
        "how much velocitol to cut when starting",
        "contraindication with velocitol",
        "contraindication to velocitol",
        "dose velocitol patients",
        "dose for velocitol patients",
        "dose for velocitol users",
        "switching from velocitol",
        "dose with velocitol",
        "velocitol AUC at top dose",
        "velocitol dose adjustment",
        "dose in a patient on the maximum dose of velocitol",
        "how do i take it after velocitol",
        "does velocitol raise the half life of the medicine",
        "velocitol allergy",
        "velocitol",
    ],
)
def test_what_is_named_beside_ours_is_not_what_it_is_about(question: str) -> None:
    assert "velocitol" not in asked_of(question)


def test_a_word_that_nobody_knows_is_a_medicine_where_nothing_else_can_stand() -> None:
    assert unknown_asked_of("tarnivexol contraindications") == "tarnivexol"
    for question in ("neuropsychiatric side effects", "terminal half life", "tarnivexol in pregnancy"):
        assert unknown_asked_of(question) == "", question
