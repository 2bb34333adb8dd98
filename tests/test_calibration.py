"""Intervals, risk and coverage, thresholds with a proof: against textbooks, by brute force, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="scipy is not installed (extra `train`)")

from scipy import stats  # type: ignore[import-untyped, unused-ignore]

from assistant.training.measuring.calibration import (
    GRID,
    bounded_threshold,
    clopper_pearson_upper,
    coverage_at_risk,
    expected_calibration_error,
    least_questions,
    reliability,
    risk_coverage,
    wilson_interval,
)

#: Confidences of two digits, so that many are equal.
answers = st.lists(st.tuples(st.integers(0, 100).map(lambda n: n / 100), st.booleans()), min_size=1, max_size=60)


def unzipped(rows: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [sure for sure, _ in rows], [right for _, right in rows]


# --- intervals -------------------------------------------------------------------------------------------------------


def test_wilson_is_that_of_the_textbook() -> None:
    found = wilson_interval(8, 10)
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 0).low == 0.0
    assert wilson_interval(0, 0).high == 1.0
    assert wilson_interval(10, 10).high == pytest.approx(1.0)


@given(st.integers(1, 3000), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_clopper_pearson_is_where_seeing_so_few_becomes_unlikely(
    n: int, data: st.DataObject, confidence: float
) -> None:
    wrong = data.draw(st.integers(0, n - 1))
    bound = clopper_pearson_upper(wrong, n, confidence)
    assert stats.binom.cdf(wrong, n, bound) == pytest.approx(1 - confidence, abs=1e-6)
    assert wrong / n < bound <= clopper_pearson_upper(wrong + 1, n, confidence) <= 1


def test_nothing_seen_bounds_nothing() -> None:
    assert clopper_pearson_upper(0, 0) == clopper_pearson_upper(7, 7) == 1.0


def test_the_least_number_of_questions_is_the_least() -> None:
    assert least_questions(0.01) == 299
    for risk in (0.002, 0.01, 0.05, 0.3):
        least = least_questions(risk)
        assert clopper_pearson_upper(0, least) <= risk < clopper_pearson_upper(0, least - 1)


# --- risk and coverage -----------------------------------------------------------------------------------------------


def test_equal_confidences_are_one_point() -> None:
    curve = risk_coverage([0.9, 0.5, 0.9, 0.2, 0.5], [True, False, False, True, True])
    assert curve.thresholds.tolist() == [0.9, 0.5, 0.2]
    assert curve.answered.tolist() == [2, 4, 5]
    assert curve.wrong.tolist() == [1, 2, 2]
    assert curve.coverage.tolist() == [0.4, 0.8, 1.0]
    assert curve.risk.tolist() == [0.5, 0.5, 0.4]


@given(answers)
def test_every_point_is_what_its_threshold_answers(rows: list[tuple[float, bool]]) -> None:
    curve = risk_coverage(*unzipped(rows))
    assert curve.thresholds.tolist() == sorted({sure for sure, _ in rows}, reverse=True)
    for threshold, answered, wrong in zip(curve.thresholds, curve.answered, curve.wrong, strict=True):
        taken = [right for sure, right in rows if sure >= threshold]
        assert (answered, wrong) == (len(taken), taken.count(False))


@given(answers, st.sampled_from([0.0, 0.1, 0.3, 0.9]))
def test_coverage_at_risk_is_the_largest_by_brute_force(rows: list[tuple[float, bool]], risk: float) -> None:
    largest = 0.0
    for threshold, _ in rows:
        taken = [right for sure, right in rows if sure >= threshold]
        if taken.count(False) <= risk * len(taken):
            largest = max(largest, len(taken) / len(rows))
    assert coverage_at_risk(*unzipped(rows), risk) == pytest.approx(largest)


def test_a_wrong_surest_answer_does_not_end_the_coverage() -> None:
    sure = np.linspace(1, 0, 100)
    right = np.array([False] + [True] * 99)
    assert coverage_at_risk(sure, right, 0.01) == 1.0
    assert coverage_at_risk(sure, right, 0.009) == 0.0


def test_of_no_questions_there_is_no_coverage() -> None:
    assert coverage_at_risk([], [], 0.5) == 0.0
    assert bounded_threshold([], [], 0.5) is None
    assert expected_calibration_error([], []) == 0.0


# --- thresholds with a proof -----------------------------------------------------------------------------------------


def test_the_grid_is_fixed_and_falls() -> None:
    assert GRID[0] == 0.9999
    assert GRID[-1] == 0.0
    assert list(GRID) == sorted(set(GRID), reverse=True)


def test_too_few_questions_prove_nothing_however_right() -> None:
    assert bounded_threshold([0.97] * 298, [True] * 298, 0.01) is None
    found = bounded_threshold([0.97] * 299, [True] * 299, 0.01)
    assert found is not None
    assert (found.threshold, found.n, found.wrong, found.coverage) == (0.0, 299, 0, 1.0)
    assert found.bound == clopper_pearson_upper(0, 299) <= 0.01


def test_the_lowest_threshold_that_holds_is_found() -> None:
    sure = np.concatenate([np.full(600, 0.99), np.full(300, 0.8), np.full(300, 0.4)])
    right = np.concatenate([np.full(900, True), np.arange(300) % 5 > 0])
    found = bounded_threshold(sure, right, 0.01)
    assert found is not None
    # Any threshold between the two groups answers the same; the lowest of the grid above the bad ones is meant.
    assert found.threshold == min(threshold for threshold in GRID if threshold > 0.4)
    assert (found.n, found.wrong, found.coverage) == (900, 0, 0.75)


def test_a_threshold_that_fails_ends_the_search() -> None:
    """Further down the share of mistakes would be small again: to look there would be to pick with the answers."""
    sure = np.concatenate([np.full(400, 0.99), np.full(9600, 0.5)])
    right = np.concatenate([np.arange(400) >= 20, np.full(9600, True)])
    assert coverage_at_risk(sure, right, 0.01) == 1.0
    assert clopper_pearson_upper(20, 10_000) < 0.01
    assert bounded_threshold(sure, right, 0.01) is None


@given(answers, st.sampled_from([0.1, 0.3, 0.6]))
def test_what_is_returned_holds_and_so_does_everything_stricter(rows: list[tuple[float, bool]], risk: float) -> None:
    sure, right = unzipped(rows)
    found = bounded_threshold(sure, right, risk, 0.9)
    if found is None:
        return
    for threshold in (one for one in GRID if one >= found.threshold):
        taken = [good for one, good in rows if one >= threshold]
        if len(taken) >= least_questions(risk, 0.9):
            assert clopper_pearson_upper(taken.count(False), len(taken), 0.9) <= risk
    taken = [good for one, good in rows if one >= found.threshold]
    assert (found.n, found.wrong) == (len(taken), taken.count(False))


def test_the_promise_is_kept_as_often_as_it_says() -> None:
    """Many calibration sets from one law with known risks: a threshold whose true risk is too high is rare."""
    draw = np.random.default_rng(7)
    law = np.sort(draw.beta(6, 0.4, 200_000))
    above = np.cumsum((1 - law)[::-1])[::-1] / np.arange(len(law), 0, -1)
    tries, broken, found = 100, 0, 0
    for _ in range(tries):
        sure = draw.choice(law, 500)
        chosen = bounded_threshold(sure, draw.random(500) < sure, 0.05)
        if chosen is not None:
            found += 1
            broken += bool(above[np.searchsorted(law, chosen.threshold)] > 0.05)
    assert found > tries / 2, "a promise that is never made is kept too easily"
    assert broken <= stats.binom.ppf(0.999, tries, 0.05)


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, float("nan")])
def test_a_risk_that_is_none_is_refused(risk: float) -> None:
    with pytest.raises(ValueError, match="risk"):
        bounded_threshold([0.9], [True], risk)


# --- reliability -----------------------------------------------------------------------------------------------------


def test_bins_and_error_by_hand() -> None:
    sure, right = [0.95, 1.0, 0.91, 0.15, 0.0], [True, True, False, True, False]
    first, low, high = reliability(sure, right, bins=10)
    assert [one.n for one in (first, low, high)] == [1, 1, 3]
    assert [one.right for one in (first, low, high)] == pytest.approx([0, 1, 2 / 3])
    assert [one.confidence for one in (first, low, high)] == pytest.approx([0, 0.15, 2.86 / 3])
    assert [high.low, high.high] == pytest.approx([0.9, 1.0])
    assert expected_calibration_error(sure, right, bins=10) == pytest.approx((0.85 + (2.86 - 2)) / 5)


def test_one_who_is_as_sure_as_right_has_no_error() -> None:
    sure = np.repeat([0.25, 0.75], 400)
    right = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    assert expected_calibration_error(sure, right) == pytest.approx(0.0)
    assert expected_calibration_error(sure, ~right) == pytest.approx(0.5)


@settings(max_examples=30)
@given(answers)
def test_no_question_is_lost_between_bins(rows: list[tuple[float, bool]]) -> None:
    assert sum(one.n for one in reliability(*unzipped(rows))) == len(rows)


@pytest.mark.parametrize("sure", [[float("nan")], [-0.1], [1.1], [0.5, 0.5], [[0.5]]])
def test_what_is_no_confidence_is_refused(sure: list[float]) -> None:
    for function in (risk_coverage, reliability):
        with pytest.raises(ValueError, match="confidence"):
            function(sure, [True])
