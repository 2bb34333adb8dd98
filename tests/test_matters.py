"""What people ask about beside illnesses and medicines: known by their words and by the label's, or not spoken of."""

from __future__ import annotations

import re

import pytest

from assistant.answering import lexical
from assistant.understanding import matters
from assistant.understanding.matters import matters_in


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("Can I drive to work after my shot?", "driving"),
        ("Am I allowed on my motorbike?", "driving"),
        ("Is the stopper free of latex?", "latex"),
        ("flu jab while on these tablets ok?", "vaccine"),
        ("Will it stop my birth control from working?", "contraceptive"),
        ("how much is a bottle at the pharmacy", "price"),
        ("May a smoker take it?", "smoking"),
        ("Is it halal?", "gelatin"),
        ("Can I cut the 100 mg tablet in half?", "split"),
        ("May the capsule be opened?", "sprinkle"),
        ("Can I open the 20 mg blue capsule for my mother?", "sprinkle"),
        ("Is it removed by haemodialysis?", "dialysis"),
        ("In the morning or at bedtime?", "bedtime"),
        ("Does it go down a PEG tube?", "nasogastric"),
        ("is drinking while on it allowed", "alcohol"),
        ("are alcoholic drinks allowed", "alcohol"),
        ("must I fast?", "fasting"),
        ("May I put them into a blister pack?", "dosette"),
        ("through an in-line filter?", "micron"),
        ("dose on CVVHDF", "continuous renal replacement"),
        ("does it change the QTc?", "qt"),
        ("is genotyping needed first?", "polymorphism"),
        ("actual or adjusted body weight?", "adjusted body weight"),
        ("how long once opened?", "discard"),
        ("can the tablet be split up?", "split"),
    ],
)
def test_a_matter_is_known_by_what_people_say(question: str, written: str) -> None:
    (found,) = matters_in(question)
    assert written in found[0].written
    assert found[0].decides


@pytest.mark.parametrize(
    "question",
    [
        "what drove the difference",
        "how much is given",
        "the driver of response",
        "pigmentation",
        "it costars",
        "eggplant",
        "does it contain benzyl alcohol",
        "do I wipe the skin with an alcohol swab first",
        "take it with a drink of milk",
        "how fast does it work for migraine",
        "a fast heartbeat for two days",
        "at what temperature are the blister packs kept",
        "do the two lines have to be split up",
        "filtered air",
        "the dose per kg of body weight",
    ],
)
def test_parts_of_words_name_nothing(question: str) -> None:
    assert not list(matters_in(question))


def test_what_is_searched_otherwise_tells_nothing_of_a_silent_label() -> None:
    (found,) = matters_in("ORR at week 12?")
    assert not found[0].decides


def test_every_matter_has_words_to_be_found_by() -> None:
    assert len(matters._MATTERS) > 40
    for matter in matters._MATTERS:
        assert matter.written
        assert all(lexical.terms(name) for name in matter.written), matter
    # A form that matches nothing at all, or everything, was mistyped.
    assert not matters._SAID.match("")
    assert isinstance(matters._SAID, re.Pattern)
