"""Ages, weights and kidney function: what a question says of a patient, and which passage speaks of such a one."""

from __future__ import annotations

import math

import pytest

from assistant.answering.quantities import Quantity, Range, quantities_in, ranges_in, share_that_fits
from assistant.pipeline import Assistant
from tests.ranking import ranked_by

INF = math.inf


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("dose in an 82 year old weighing 55 kg", [("age", 82), ("weight", 55)]),
        ("58 yo, CrCl 20", [("age", 58), ("clearance", 20)]),
        ("a boy of 9, 26 kg", [("age", 9), ("weight", 26)]),
        ("12-year-old girl", [("age", 12)]),
        ("her eGFR is 28 mL/min", [("clearance", 28)]),
        ("creatinine 1.7", [("creatinine", 1.7)]),
        ("creatinine clearance of 25", [("clearance", 25)]),
        ("aged 70", [("age", 70)]),
        ("5 mg/kg for 3 months, then 80 mg", []),
        ("take it for 14 years", []),
        ("", []),
    ],
)
def test_what_a_question_says_of_a_patient(question: str, found: list[tuple[str, float]]) -> None:
    assert [(one.kind, one.value) for one in quantities_in(question)] == found


def test_months_and_pounds_are_years_and_kilograms() -> None:
    age, weight = quantities_in("8 month old baby, 20 lb")
    assert (age.kind, weight.kind) == ("age", "weight")
    assert age.value == pytest.approx(8 / 12)
    assert weight.value == pytest.approx(9.07, abs=0.01)


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        (
            "any 2 of: age greater than or equal to 80 years; body weight less than or equal to 60 kg",
            [("age", 80, INF), ("weight", 0, 60)],
        ),
        ("patients 2 to 11 years of age", [("age", 2, 11)]),
        ("children 6 months to less than 2 years", [("age", 0.5, 2)]),
        ("65 years and older", [("age", 65, INF)]),
        ("weighing 28 kg or less", [("weight", 0, 28)]),
        ("≥ 15 kg to < 30 kg", [("weight", 15, 30)]),
        ("CLcr 15 to 29 mL/min", [("clearance", 15, 29)]),
        ("eGFR below 30 mL/min/1.73 m2", [("clearance", 0, 30)]),
        ("treated for at least 12 months", []),  # no age
        ("5 mg/kg", []),
        ("", []),
    ],
)
def test_ranges_that_a_passage_speaks_of(text: str, ranges: list[tuple[str, float, float]]) -> None:
    assert [(one.kind, one.low, one.high) for one in ranges_in(text)] == ranges


def test_a_far_bound_says_less_and_another_kind_nothing() -> None:
    reduced, grown_up = Range("age", 80, INF), Range("age", 18, INF)
    old = Quantity("age", 82)
    assert reduced.fits(old) == 1
    assert 0 < grown_up.fits(old) < 1
    assert Range("weight", 0, 90).fits(old) == 0
    assert reduced.fits(Quantity("age", 79)) == 0


def test_a_passage_that_speaks_of_both_fits_best() -> None:
    asked = quantities_in("82 years old, 55 kg")
    both = ranges_in("age at least 80 years, 60 kg or less")
    assert share_that_fits(asked, both) == 1
    assert share_that_fits(asked, both[:1]) == 0.5
    assert share_that_fits(asked, ()) == share_that_fits((), both) == 0


@pytest.mark.parametrize("text", ["1 " * 60_000, "≥" * 60_000, "12 to " * 20_000, "9" * 60_000, "older than " * 10_000])
def test_endless_texts_take_no_endless_time(text: str) -> None:
    assert ranges_in(text) == ()
    assert quantities_in(text) == ()


def test_the_passage_for_such_a_patient_goes_up(quick: Assistant) -> None:
    ranked = {
        (question, weight): ranked_by(quick, question, "dose", quantities=weight)
        for question in ("dose at creatinine clearance 20 mL/min", "dose")
        for weight in (0.0, 50.0)
    }
    first = ranked["dose at creatinine clearance 20 mL/min", 50.0][0]
    assert first.quantities == 1
    assert "mL/min" in quick.index.load(first.entry).text.decode()
    # A question without such numbers is ranked as ever.
    assert ranked["dose", 0.0] == ranked["dose", 50.0]
