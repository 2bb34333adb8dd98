"""What a story tells of a patient beside what it asks: other illnesses, other medicines, the topic of what asks."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from assistant.answering.stories import as_asked, only_told, why_given
from assistant.domain import Flag
from assistant.understanding.choosing import Choosing
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.readers import Reader
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
        # What is said to be besides.
        ("He has quorbosis, with gout besides.", ("quorbosis", "gout"), [("quorbosis",)]),
        ("He is on the medicine and also has mild gout.", ("gout",), []),
        ("His first dose is due. He has a history of severe gout.", ("gout",), []),
        ("He has been on the medicine and is down for a hernia repair.", ("hernia",), []),
        # Where it is not given yet, something must be told that it would be given for.
        ("My brother also has mild gout.", ("gout",), [("gout",)]),
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


def test_one_sentence_is_no_story() -> None:
    assert why_given(_reading("What dose for a man who also has gout?", "gout")) == (("gout",),)


def test_a_medicine_that_is_only_told_of_is_not_asked_about() -> None:
    assert only_told("She is two days into borfenzal. Go ahead or wait?", ("borfenzal",))
    assert not only_told("She is two days into borfenzal. Is borfenzal a problem?", ("borfenzal",))
    assert not only_told("Does borfenzal interfere with it?", ("borfenzal",))


class _Heard:
    """A reader that hears of each text what is given for it."""

    def __init__(self, **heard: dict[str, float]) -> None:
        self.heard = heard

    def read(self, text: str) -> tuple[object, Choosing]:
        shares = next((found for word, found in self.heard.items() if word in text), None)
        if shares is None:
            raise TextTooLongError(600, 512)
        return None, Choosing(tuple(shares.items()), None, {name: shares.get(name, 0.0) for name in Flag}, ())


_LONG = "My aunt keeps three hens and a goat behind the old mill and sells eggs to half of the village. " * 2


def test_of_a_vague_story_what_asks_tells_the_topic() -> None:
    story = replace(_reading(_LONG + "How is it kept?"), intents=(("pediatric", 0.5), ("storage", 0.3)))
    sure = cast(Reader, _Heard(How={"storage": 0.9, "pediatric": 0.1}))
    assert as_asked(story, sure).intents[0] == ("storage", pytest.approx(0.6))
    for unsure in ({"storage": 0.7}, {"medical_advice": 0.99}, {"pediatric": 0.9}):
        assert as_asked(story, cast(Reader, _Heard(How=unsure))) is story
    plain = replace(story, intents=(("pediatric", 0.7), ("storage", 0.3)))
    assert as_asked(plain, sure) is plain
    short = replace(_reading("He is 7. How is it kept?"), intents=story.intents)
    assert as_asked(short, sure) is short
