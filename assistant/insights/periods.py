"""Drift: how the mix of intents, the confidence and the abstention move from week to week or month to month.

Two things are compared with each period: the example questions that the index was built with, and the first period in
the log with enough questions. The first comparison tells how far what people ask is from what the model was shown; the
second whether anything changed since the service began. Beside each index stands what chance alone would make of so few
questions (:mod:`assistant.insights.drift`). Fewer than :data:`ENOUGH` questions are compared with nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from assistant.domain import ABSTAINED, Outcome
from assistant.insights import drift
from assistant.insights.asked import Asked
from assistant.insights.weak import counts_for_intents

_Sort = Callable[[Asked], str]
By = Literal["week", "month"]
#: Fewer questions than this say nothing of a mix.
ENOUGH = 50
#: A log over more weeks than this, or with fewer questions a week than are enough, is shown by month.
_MOST_WEEKS = 26
_BINS = 10


@dataclass(frozen=True, slots=True)
class Shift:
    """A population stability index, what chance alone would make of it, and both in a word."""

    index: float
    chance: float

    @property
    def says(self) -> str:
        """See :func:`assistant.insights.drift.verdict`."""
        return drift.verdict(self.index, self.chance)


UNKNOWN = Shift(math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Period:
    """A week (from Monday) or a month that begins on ``first``, UTC.

    ``outcomes`` counts all that was recorded; the other figures leave reports, attacks and picks out. ``against_index``
    compares the intents with the example questions, the rest with the first period that had enough.
    """

    first: dt.date
    outcomes: Mapping[str, int]
    questions: int
    confidence: float
    abstained: float
    asked_back: float
    against_index: Shift
    intents: Shift
    confidences: Shift
    abstention: Shift


@dataclass(frozen=True, slots=True)
class Drift:
    """Every period in order; ``reference`` is the first day of the one that others are compared with, if any.

    ``moved``: where the intents of the last period with enough questions have moved since the reference, those that
    moved most: ``(intent, share then, share now)``.
    """

    by: By
    periods: tuple[Period, ...]
    reference: dt.date | None
    moved: tuple[tuple[str, float, float], ...]


def drift_of(asked: Sequence[Asked], examples: Iterable[str], by: By | None = None) -> Drift:
    """How things moved.

    :param examples: the intents of the index's example questions, one each.
    :param by: weeks or months; by default weeks where they hold enough questions and are not too many.
    """
    by = by or _suitable(asked)
    periods: defaultdict[dt.date, list[Asked]] = defaultdict(list)
    for one in asked:
        periods[_first_day(one.time.date(), by)].append(one)
    ordered = sorted(periods)
    counting = {first: [one for one in periods[first] if counts_for_intents(one)] for first in ordered}
    enough = [first for first in ordered if len(counting[first]) >= ENOUGH]
    reference = counting[enough[0]] if enough else []
    shown = drift.shares(examples)
    found = tuple(_period(first, periods[first], counting[first], reference, shown) for first in ordered)
    last = next((one for one in reversed(found) if one.questions >= ENOUGH), None)
    has_moved = last is not None and last.intents.says in ("moved", "moved much")
    moved = _moved(reference, counting[enough[-1]]) if has_moved else ()
    return Drift(by, found, enough[0] if enough else None, moved)


def _suitable(asked: Sequence[Asked]) -> By:
    days = [one.time.date() for one in asked if counts_for_intents(one)]
    weeks = (max(days) - min(days)).days / 7 + 1 if days else 0
    return "week" if len(days) >= ENOUGH * weeks and weeks <= _MOST_WEEKS else "month"


def _first_day(day: dt.date, by: By) -> dt.date:
    return day.replace(day=1) if by == "month" else day - dt.timedelta(days=day.weekday())


def _period(
    first: dt.date, everything: Sequence[Asked], asked: Sequence[Asked], reference: Sequence[Asked],
    examples: Mapping[str, float],
) -> Period:  # fmt: skip
    def share(outcomes: Iterable[str]) -> float:
        return sum(one.outcome in outcomes for one in asked) / len(asked) if asked else math.nan

    return Period(
        first=first,
        outcomes=dict(Counter(one.outcome for one in everything)),
        questions=len(asked),
        confidence=fmean(one.confidence for one in asked) if asked else math.nan,
        abstained=share(ABSTAINED),
        asked_back=share((Outcome.CLARIFY.value,)),
        against_index=_against(examples, [one.intent for one in asked]),
        intents=_shift(reference, asked, _intent),
        confidences=_shift(reference, asked, _bin),
        abstention=_shift(reference, asked, _ended),
    )


def _against(examples: Mapping[str, float], intents: Sequence[str]) -> Shift:
    if len(intents) < ENOUGH or not examples:
        return UNKNOWN
    return Shift(drift.stability(examples, drift.shares(intents)), drift.by_chance(examples, len(intents)))


def _shift(reference: Sequence[Asked], asked: Sequence[Asked], sort: _Sort) -> Shift:
    if len(asked) < ENOUGH or not reference or asked is reference:
        return UNKNOWN
    then, now = [sort(one) for one in reference], [sort(one) for one in asked]
    # If nothing moved both are samples of one mix, of which their sum tells most.
    chance = drift.by_chance(drift.shares((*then, *now)), len(now), len(then))
    return Shift(drift.stability(drift.shares(then), drift.shares(now)), chance)


def _intent(one: Asked) -> str:
    return one.intent


def _bin(one: Asked) -> str:
    return str(min(_BINS - 1, max(0, int(one.confidence * _BINS))))


def _ended(one: Asked) -> str:
    return "abstained" if one.outcome in ABSTAINED else "not"


def _moved(reference: Sequence[Asked], last: Sequence[Asked], most: int = 6) -> tuple[tuple[str, float, float], ...]:
    then, now = drift.shares(one.intent for one in reference), drift.shares(one.intent for one in last)
    added = drift.contributions(then, now)
    names = sorted(added, key=lambda name: (-added[name], name))[:most]
    return tuple((name, then.get(name, 0.0), now.get(name, 0.0)) for name in names if added[name] > 0)
