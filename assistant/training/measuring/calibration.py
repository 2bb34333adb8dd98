"""How far a confidence may be trusted: intervals for shares, selective risk, thresholds that hold with a proof.

Everything here counts: of each question its *confidence* between 0 and 1 and whether the answer was *right*. Answering
only from a threshold on gives a *coverage* (share of questions answered) and a *risk* (share of the answered that is
wrong; selective classification, El-Yaniv and Wiener 2010).

Guarantees: equal confidences are never parted, for no threshold could; nothing is known of no questions, so bounds on
them are as wide as they can be. Refuses numbers that are no confidences, and rows that do not match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Confidences = npt.ArrayLike
Rights = npt.ArrayLike

#: Thresholds that may be returned, strictest first: fixed before any data is seen, dense where networks are sure.
GRID: tuple[float, ...] = tuple(
    sorted({round(1 - distance, 4) for distance in np.geomspace(1e-4, 1.0, 161).tolist()}, reverse=True)
)
#: Bins of equal width for reliability, as Guo et al. 2017.
BINS = 15


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both shares."""

    low: float
    high: float


def wilson_interval(right: int, n: int, confidence: float = 0.95) -> Interval:
    """The interval of a share (Wilson 1927): honest for small ``n`` and near 0 and 1."""
    if n == 0:
        return Interval(0.0, 1.0)
    found = stats.binomtest(right, n).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def clopper_pearson_upper(wrong: int, n: int, confidence: float = 0.95) -> float:
    """The one-sided upper bound on a probability of which ``wrong`` of ``n`` were seen (Clopper and Pearson 1934)."""
    return 1.0 if wrong >= n else float(stats.beta.ppf(confidence, wrong + 1, n - wrong))


# --- risk and coverage -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One point a distinct confidence, strictest first: from ``thresholds`` on, how many are answered and wrong."""

    thresholds: Floats
    answered: Ints
    wrong: Ints

    @property
    def coverage(self) -> Floats:
        """Share of all questions answered, (points,), rising to 1."""
        return self.answered / self.answered[-1:]

    @property
    def risk(self) -> Floats:
        """Share of the answered that is wrong, (points,)."""
        return self.wrong / self.answered


def risk_coverage(confidence: Confidences, right: Rights) -> Curve:
    """What every possible threshold would answer, and how much of it wrongly; no point where there is no question."""
    sure, good = _rows(confidence, right)
    order = np.argsort(-sure, kind="stable")
    sure, wrong = sure[order], np.cumsum(~good[order], dtype=np.int64)
    last = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)) if len(sure) else np.empty(0, np.int64)
    return Curve(sure[last], last + 1, wrong[last])


def coverage_at_risk(confidence: Confidences, right: Rights, risk: float) -> float:
    """The largest coverage at which the seen risk is at most ``risk``; 0 where no threshold gives it.

    Picked with the answers at hand, so it flatters: it compares models, it promises nothing.
    """
    curve = risk_coverage(confidence, right)
    fine = np.flatnonzero(curve.risk <= risk)
    return float(curve.coverage[fine[-1]]) if len(fine) else 0.0


# --- thresholds with a proof -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounded:
    """A threshold whose risk is at most ``bound``: ``n`` were answered from it on, ``wrong`` of them wrongly."""

    threshold: float
    n: int
    wrong: int
    bound: float
    coverage: float


def least_questions(risk: float, confidence_level: float = 0.95) -> int:
    """How many questions, all answered rightly, bring the bound down to ``risk``; fewer can prove nothing."""
    _share(risk, "risk")
    return int(np.ceil(np.log(1 - confidence_level) / np.log1p(-risk)))


def bounded_threshold(
    confidence: Confidences, right: Rights, risk: float, confidence_level: float = 0.95
) -> Bounded | None:
    """The lowest threshold of :data:`GRID` whose risk is at most ``risk``, with ``confidence_level``; None where the
    data cannot support that.

    Fixed-sequence testing (Angelopoulos et al. 2021, Learn then Test, section 3): thresholds are tried from the
    strictest down, each by its Clopper-Pearson bound at the full level, and the first that fails ends it. So all that
    passed hold together, and the best may be picked. The first that is tried is the strictest with enough questions
    above it for any proof at all. It is found by counting questions, not mistakes, which leaves the level as it is as
    long as mistakes do not become rarer where confidence falls.
    """
    sure, good = _rows(confidence, right)
    least = least_questions(risk, confidence_level)
    passed: Bounded | None = None
    for threshold in GRID:
        taken = sure >= threshold
        n = int(taken.sum())
        if n < least:
            continue
        wrong = n - int(good[taken].sum())
        bound = clopper_pearson_upper(wrong, n, confidence_level)
        if bound > risk:
            break
        passed = Bounded(threshold, n, wrong, bound, n / len(sure))
    return passed


# --- reliability -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of about equal confidence: how sure on the mean, how often right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


def reliability(confidence: Confidences, right: Rights, bins: int = BINS) -> tuple[Bin, ...]:
    """Confidence beside the share of right answers, in bins of equal width; empty bins are left out."""
    sure, good = _rows(confidence, right)
    edges = np.linspace(0, 1, bins + 1)
    # A confidence of 1 belongs to the last bin.
    numbers = np.minimum((sure * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            float(edges[at]),
            float(edges[at + 1]),
            int(inside.sum()),
            float(sure[inside].mean()),
            float(good[inside].mean()),
        )
        for at in range(bins)
        if (inside := numbers == at).any()
    )


def expected_calibration_error(confidence: Confidences, right: Rights, bins: int = BINS) -> float:
    """The mean distance between confidence and the share of right answers, over questions (Naeini et al. 2015)."""
    found = reliability(confidence, right, bins)
    total = sum(one.n for one in found)
    return sum(one.n * abs(one.confidence - one.right) for one in found) / total if total else 0.0


def _rows(confidence: Confidences, right: Rights) -> tuple[Floats, npt.NDArray[np.bool_]]:
    sure, good = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.bool_)
    if sure.shape != good.shape or sure.ndim != 1:
        raise ValueError(f"{sure.shape} confidences do not match {good.shape} answers")
    # Written so that a NaN is refused as well; rounding may lift a probability a little above 1.
    if not np.all((sure >= 0) & (sure <= 1 + 1e-6)):
        raise ValueError("a confidence does not lie between 0 and 1")
    return sure, good


def _share(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"the {name} must lie between 0 and 1, not be {value}")
