"""Whom a question is about: words and ages say it; an organ that is pictured or grafted does not."""

from __future__ import annotations

import pytest

from assistant.understanding.slots import misheard, of_another_matter, populations


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("dose in kidney disease", ("renal_impairment",)),
        ("bad kidneys, less of it?", ("renal_impairment",)),
        ("liver", ("hepatic_impairment",)),
        ("kidney imaging dose", ()),
        ("renal cell carcinoma dose", ()),
        ("after a liver transplant", ()),
        ("liver transplant and cirrhosis", ("hepatic_impairment",)),
        ("82 years old", ("geriatric",)),
        ("she is 7 yo", ("pediatric",)),
        ("dose in under 5s", ("pediatric",)),
        ("over-12s", ("pediatric",)),
        ("in under 5 s", ()),
        ("over 65s", ("geriatric",)),
    ],
)
def test_groups_are_named_by_words_and_ages(question: str, expected: tuple[str, ...]) -> None:
    assert populations(question) == expected


@pytest.mark.parametrize(
    ("question", "heard"),
    [
        ("breast ca dosing", "lactating"),
        ("dose for breast MRI", "lactating"),
        ("dose in HFrEF", "renal_impairment"),
        ("expiry limit of Tc-99", "geriatric"),
        ("Sr 82 breakthrough", "geriatric"),
    ],
)
def test_what_only_sounds_like_a_group_is_none(question: str, heard: str) -> None:
    assert misheard(question) == {heard}


@pytest.mark.parametrize(
    "question",
    [
        "dose while breast feeding",
        "my nan takes it, T3 is low",
        "eGFR 25",
        "age 82",
        "is 71 too old",
        "pt 80, frail",
        "man 78, falls",
        "Pt 80",
    ],
)
def test_what_speaks_of_a_group_is_heard(question: str) -> None:
    assert not misheard(question)


@pytest.mark.parametrize(
    ("question", "organ"),
    [
        ("dose in kidney transplant", {"renal_impairment"}),
        ("dose after a kidney, liver or heart transplant", {"renal_impairment", "hepatic_impairment"}),
        ("liver cancer", {"hepatic_impairment"}),
        ("kidney transplant with a GFR of 20", set()),  # and impaired
        ("simultaneous kidney-pancreas transplant dose", {"renal_impairment"}),
        ("kidney & heart transplant", {"renal_impairment"}),
        ("kidney transplant, the graft is not working well", set()),
        ("renal dosing", set()),
        ("is it safe for my kidneys", set()),
        ("dose in gout", set()),
    ],
)
def test_an_organ_that_is_transplanted_or_has_a_tumour_is_not_impaired(question: str, organ: set[str]) -> None:
    assert of_another_matter(question) == organ
