"""What people say in plain words is put as labels write it, and nothing else is."""

from __future__ import annotations

import pytest

from assistant.understanding.plain_words import as_labels_write


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("How long is she hooked up to the drip?", "How long is she receiving the infusion?"),
        ("When do I come off it?", "When do I discontinue?"),
        ("Is it stopped for good?", "Is it stopped permanently?"),
        ("Can I quit these tablets all at once?", "Can I suddenly stop taking it?"),
        ("A pint of cider on Sunday?", "alcohol on Sunday?"),
        ("Is a cheeky glass of port fine?", "Is alcohol fine?"),
        ("her stools turned black and sticky", "her black tarry stools"),
        ("may I use a kitchen spoon", "may I use household teaspoon or tablespoon"),
        ("when must it be thrown away", "when must it be discarded"),
        ("he\u2019s giving up cigarettes", "he's stopping smoking"),
        ("how many had it on a dummy pill", "how many had it on a placebo"),
    ],
)
def test_plain_words_are_put_as_labels_write_them(said: str, written: str) -> None:
    assert as_labels_write(said) == written


@pytest.mark.parametrize(
    "said",
    [
        "What if the patch comes off?",  # nothing is stopped
        "Does it help a post-nasal drip?",
        "The pump began to drip from the port",
        "May she be put on the medicine?",  # prescribed, not applied
        "Is it good for him?",
        "Should I fill the low dose first?",
        "Is a teaspoon of sugar too much?",
        "Does it go with a sugar pill?",  # what diabetes is treated with
        "How long does the effect last?",
    ],
)
def test_what_means_something_else_stays(said: str) -> None:
    assert as_labels_write(said) == said


def test_a_typographic_apostrophe_alone_is_no_plain_word() -> None:
    """Otherwise each question from a telephone would be read twice."""
    assert as_labels_write("what\u2019s the dose?") == "what\u2019s the dose?"
    assert as_labels_write("he can\u2019t swallow tablets") == "he has difficulty swallowing tablets"
