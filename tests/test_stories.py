"""What a story tells of a patient beside what it asks: illnesses that the medicine is not given for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.answering.stories import why_given
from assistant.understanding.choosing import Choosing
from assistant.understanding.reading import Reading, marked_conditions

_ASKS = " What should he get next?"


def _reading(text: str, *illnesses: str, substances: tuple[str, ...] = ()) -> Reading:
    named = [*((name, "condition") for name in illnesses), *((name, "substance") for name in substances)]
    spans = tuple(sorted((text.index(name), text.index(name) + len(name), kind) for name, kind in named))
    chosen = Choosing((), None, {}, spans)
    conditions = tuple(words for _, _, words in marked_conditions(text, chosen))
    return Reading(text, text, np.zeros(1, np.float32), (), (), conditions, chosen)


@pytest.mark.parametrize(
    ("told", "illnesses", "why"),
    [
        # Nothing tells that it is besides: it is what the medicine is given for, and may be none of its uses.
        ("She has migraine and slept badly.", ("migraine",), [("migraine",)]),
        ("She came in with pneumonia last night.", ("pneumonia",), [("pneumonia",)]),
        ("He is diabetic and drives a lorry.", ("diabetic",), [("diabetic",)]),
        ("I give him the medicine for his vertigo.", ("vertigo",), [("vertigo",)]),
        # Where it is not given yet, something must be told that it would be given for.
        ("My brother is due his first dose next week and has mild gout.", ("gout",), [("gout",)]),
        # The first of a row counts, marked or not.
        ("A man with Quorb's, gout and mild asthma.", ("gout", "asthma"), [("quorb",)]),
        ("A man with gout and mild asthma.", ("gout", "asthma"), [("gout",)]),
        # What comes up, or what a patient is called, under treatment.
        ("Two weeks into the medicine he was admitted with a bad pneumonia.", ("pneumonia",), []),
        ("She is booked for her very first dose. Today she turned up with gout.", ("gout",), []),
        ("He is diabetic and well on the medicine.", ("diabetic",), []),
        ("He has been on the medicine for vertigo since May.", ("vertigo",), [("vertigo",)]),
    ],
)
def test_what_is_said_to_be_besides_is_not_why_it_is_given(
    told: str, illnesses: tuple[str, ...], why: list[tuple[str, ...]]
) -> None:
    assert list(why_given(_reading(told + _ASKS, *illnesses))) == why


def test_what_another_medicine_is_taken_for_is_not_why_ours_is_given() -> None:
    told = "He receives borfenzal for lung cancer and has had 2.5 mg of the medicine every week."
    assert why_given(_reading(told + _ASKS, "lung cancer", substances=("borfenzal",))) == ()
    alone = _reading("She got borfenzal for gout. Can the two go together?", "gout", substances=("borfenzal",))
    assert why_given(replace(alone, intents=(("drug_interaction", 0.9),))) == ()
    assert why_given(replace(alone, intents=(("dosage", 0.9),))) == (("gout",),)
    both = "He receives borfenzal and the medicine for lung cancer."
    assert why_given(_reading(both + _ASKS, "lung cancer", substances=("borfenzal",))) == (("lung", "cancer"),)


@pytest.mark.parametrize(
    "asks",
    ["Could it treat that?", "Would it help with it?", "Is it an option?", "How much for the gout?"],
)
def test_where_a_use_is_asked_for_all_that_is_told_counts(asks: str) -> None:
    assert why_given(_reading(f"He also has gout. {asks}", "gout"))[0] == ("gout",)


def test_what_comes_up_may_be_what_a_dose_is_asked_for() -> None:
    told = "He is on the medicine and developed gout. "
    assert why_given(_reading(told + "Do we go on with it?", "gout")) == ()
    assert why_given(_reading(told + "What dose should he take?", "gout")) == (("gout",),)


@pytest.mark.parametrize("says", ["It failed.", "What do we give instead?", "We want to switch to the medicine."])
def test_what_is_to_replace_another_medicine_is_given_for_the_same(says: str) -> None:
    told = f"He got borfenzal for gout. {says} How should he go on?"
    assert why_given(_reading(told, "gout", substances=("borfenzal",))) == (("gout",),)


def test_one_sentence_is_no_story() -> None:
    assert why_given(_reading("What dose for a man who also has gout?", "gout")) == (("gout",),)
