"""Does a number that is sampled while a service runs keep growing?

The first fifth of the samples is warm-up (caches fill, code is loaded). Of the rest the last half is held beside the
first: something grew where the medians of the halves are further apart than is allowed **and** the straight line
through the last half rises by more than that again: one step early on, or one high sample, is no leak, and a slow
steady rise is.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_WARM_UP = 0.2
#: What a median may lie above the earlier one: a share of it, and at least so much.
_SHARE = 0.03
ALLOWED = {"resident": 4.0, "files": 3.0, "threads": 1.0}
#: Fewer samples than this say nothing.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """After ``visits`` and ``seconds``: megabytes resident, open files and threads of all processes together."""

    visits: int
    seconds: float
    resident: float
    files: float
    threads: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Medians of both halves, and by how much the line through the last half rises from its beginning to its end."""

    first: float
    last: float
    rise: float
    per_thousand: float
    allowed: float

    @property
    def grew(self) -> bool:
        return self.last - self.first > self.allowed and self.rise > self.allowed


def growth_of(samples: Sequence[Sample], what: str) -> Growth | None:
    """How ``what`` (a field of a sample) grew; None: there are too few samples to say."""
    if len(samples) < ENOUGH:
        return None
    steady = samples[int(len(samples) * _WARM_UP) :]
    first, last = steady[: len(steady) // 2], steady[len(steady) // 2 :]
    medians = [statistics.median(getattr(sample, what) for sample in half) for half in (first, last)]
    visits = [sample.visits for sample in last]
    slope = (
        statistics.linear_regression(visits, [getattr(sample, what) for sample in last]).slope
        if visits[0] != visits[-1]
        else 0.0
    )
    allowed = max(ALLOWED[what], _SHARE * medians[0] if what == "resident" else 0.0)
    return Growth(*medians, slope * (visits[-1] - visits[0]), slope * 1000, allowed)


def pace_of(samples: Sequence[Sample]) -> tuple[float, float]:
    """Visits a second in the first half of the samples after the warm-up and in the last."""
    steady = samples[int(len(samples) * _WARM_UP) :]
    halves = steady[: len(steady) // 2 + 1], steady[len(steady) // 2 :]
    first, last = (
        (half[-1].visits - half[0].visits) / max(half[-1].seconds - half[0].seconds, 1e-9) if len(half) > 1 else 0.0
        for half in halves
    )
    return first, last
