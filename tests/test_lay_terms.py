"""Illnesses by their other names: what patients say is compared with, and searched by, what labels write."""

from __future__ import annotations

import pytest

from assistant.answering import lexical
from assistant.understanding.conditions import LabelStatus, compare
from assistant.understanding.lay_terms import other_names, said_otherwise, whole_name

_URTICARIA = frozenset(lexical.terms("indicated in adults for chronic urticaria and for postherpetic neuralgia"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("does it help with hives", "urticaria"),
        ("Post-Shingles Pain", "postherpetic neuralgia"),  # the longer name, not shingles
        ("my high blood pressure is back", "hypertension"),
        ("sweaty armpits", "axillary hyperhidrosis"),
    ],
)
def test_an_illness_is_searched_by_what_labels_call_it(said: str, meant: str) -> None:
    assert [name for _, name in other_names(said)] == [meant]
    written = set(lexical.terms(meant))
    assert written <= set(lexical.Wording.of(said).in_words_of(written))


@pytest.mark.parametrize("said", ["archives", "highbrow", "a cold", "pain", "", "the medicine"])
def test_parts_of_words_and_symptoms_alone_have_no_other_name(said: str) -> None:
    assert list(other_names(said)) == list(said_otherwise(said)) == []


def test_the_rest_of_what_was_said_stays() -> None:
    assert "chronic urticaria in adults" in set(said_otherwise("Chronic hives in adults"))
    assert "hives and hay fever" in set(said_otherwise("hives and allergic rhinitis"))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("hives", LabelStatus.INDICATED),
        ("post-shingles pain", LabelStatus.INDICATED),
        ("hay fever", LabelStatus.NOT_MENTIONED),
    ],
)
def test_a_label_speaks_of_an_illness_under_either_name(said: str, status: LabelStatus) -> None:
    names = (said, *said_otherwise(said))
    found = {compare(frozenset(lexical.terms(name)), _URTICARIA, frozenset()) for name in names}
    assert next(each for each in LabelStatus if each in found) is status


def test_a_part_of_a_name_is_the_whole_name() -> None:
    asked = "numbers for the Tummy Tuck study"
    start, end = whole_name(asked, asked.index("Tummy"), asked.index(" Tuck"))
    assert asked[start:end] == "Tummy Tuck"
    assert whole_name(asked, 0, 7) == (0, 7)
    assert whole_name("the tummy", 4, 9) == (4, 9)


def test_a_name_of_the_label_is_found_under_the_patients_words() -> None:
    assert "somnambulism" in set(said_otherwise("sleep walking"))
    assert "hives" in set(said_otherwise("urticaria"))  # leaflets write what patients say
