"""Whether a question is in a language that is served: function words decide, professionals' shorthand is English."""

from __future__ import annotations

import pytest

from assistant.understanding.language import speaks


@pytest.mark.parametrize(
    "question",
    [
        "starting dose, maximum dose",
        "High dose IV pulse: dose and infusion rate?",
        "missed dose: next dose timing",
        "35 y/o smoker 15 cigs per day",
        "de novo AML, de novo MDS",
        "CrCl 30 dose",
    ],
)
def test_shorthand_is_english(question: str) -> None:
    assert speaks(question, "en")


@pytest.mark.parametrize(
    "question",
    [
        "¿Cuál es la dosis de zorvanta?",
        "qual a dose de zorvanta para crianças",
        "quelle est la dose pour les enfants",
        "wie ist die Dosierung bei Kindern",
        "как хранить это лекарство",
    ],
)
def test_other_languages_are_none(question: str) -> None:
    assert not speaks(question, "en")
