"""Set models side by side on the same questions: accuracy, coverage, spans, flags, speed, and decisions that flip.

Guarantees: latency is measured in turns within one run, the order rotating from question to question, so that a busy
machine slows all alike; the first model is the yardstick. A *decision* is everything that the model chooses: the
likeliest intent, the closed slot values, the flags at the policy's thresholds, the spans. Each model is also held
against itself: with 1, 2 and 4 threads, and one by one against side by side; there nothing may flip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

import numpy as np

from assistant.training.dataset import Dataset
from assistant.training.measuring import measures
from assistant.training.measuring.calibration import Curve, coverage_at_risk, risk_coverage
from assistant.training.measuring.evaluate import (
    Limits,
    Model,
    Part,
    Question,
    Tick,
    questions,
    read_one,
    unknown_intents,
    untold,
)
from assistant.training.measuring.measures import Counts, Latency, Rate, Read, Thresholds
from assistant.understanding.choosing import Choosing
from assistant.understanding.readers import Reader, Vector

#: Threads that a model is held against itself with; the first is the yardstick.
THREADS = (1, 2, 4)
#: Readers that work side by side.
_SIDE_BY_SIDE = 2
#: Questions that a model is held against itself on, evenly spread: four threads on two busy cores take seconds each.
_STEADY = 100
_WARMING = 5


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model decides about one question; None for a head that it does not have or that had nothing to say."""

    intent: str
    slots: frozenset[tuple[str, str]] | None
    flags: frozenset[str] | None
    spans: frozenset[tuple[int, int, str]] | None


@dataclass(frozen=True, slots=True)
class Flips:
    """Of ``questions``, how many are decided otherwise: in each part (None where a model lacks it), in any of them.

    ``better`` and ``worse``: intents that became right, or wrong.
    """

    questions: int
    intent: int
    slots: int | None
    flags: int | None
    spans: int | None
    anything: int
    better: int = 0
    worse: int = 0


@dataclass(frozen=True, slots=True)
class Steadiness:
    """A model against itself under other circumstances. ``vectors``: retrieval vectors that differ in any bit."""

    circumstances: str
    flips: Flips
    vectors: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One model's measures. ``ratio``: its median latency as a multiple of the first model's."""

    model: Model
    intent: Rate
    coverage: float
    curve: Curve
    spans: Counts | None
    flags: Counts | None
    latency: Latency
    ratio: float
    flips: Flips
    steadiness: tuple[Steadiness, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models in the order in which they were named."""

    data_sha256: str
    part: Part
    limits: Limits
    questions: int
    standings: tuple[Standing, ...]


def compare(models: Sequence[Model], dataset: Dataset, part: Part, limits: Limits, tick: Tick = untold) -> Comparison:
    """Read every question by every model in turns, then hold each model against itself.

    :raises ContentError: the split is empty, a text is too long, or a model knows none of its intents.
    """
    asked = questions(dataset, part)
    reads = in_turns([one.open(THREADS[0]) for one in models], asked, tick)
    standings = []
    for model, mine in zip(models, reads, strict=True):
        unknown_intents(mine)
        some = asked[:: max(1, len(asked) // _STEADY)]
        steady = steadiness(model, some, limits.flags, tick)
        standings.append(_standing(model, mine, reads[0], steady, limits))
    return Comparison(dataset.sha256, part, limits, len(asked), tuple(standings))


def in_turns(readers: Sequence[Reader], asked: Sequence[Question], tick: Tick) -> list[list[Read]]:
    """What each reader makes of each question, read one reader after the other, another one first each time."""
    for reader in readers:
        for question in asked[:_WARMING]:
            read_one(reader, question)
    reads: list[list[Read]] = [[] for _ in readers]
    for number, question in enumerate(asked):
        for turn in range(len(readers)):
            at = (number + turn) % len(readers)
            reads[at].append(read_one(readers[at], question))
        tick((number + 1) / len(asked), "reading in turns")
    return reads


def _standing(
    model: Model, mine: Sequence[Read], first: Sequence[Read], steady: tuple[Steadiness, ...], limits: Limits
) -> Standing:
    sure, right = [read.confidence for read in mine], [read.right for read in mine]
    spans, flags = measures.spans(mine), measures.flags(mine, limits.flags)
    took = measures.latency([read.milliseconds for read in mine])
    return Standing(
        model=model,
        intent=measures.accuracy(mine),
        coverage=coverage_at_risk(sure, right, limits.risk),
        curve=risk_coverage(sure, right),
        spans=None if spans is None else measures.total(spans.values()),
        flags=None if flags is None else measures.total(one.counts for one in flags.values()),
        latency=took,
        ratio=took.median / measures.latency([read.milliseconds for read in first]).median,
        flips=_flips_of(first, mine, limits.flags),
        steadiness=steady,
    )


# --- decisions -------------------------------------------------------------------------------------------------------


def decision(chosen: Choosing, thresholds: Thresholds) -> Decision:
    """What counts as chosen."""
    return Decision(
        chosen.intents[0][0],
        None if chosen.slots is None else measures.chosen_slots(chosen),
        measures.raised_flags(chosen, thresholds) if chosen.flags else None,
        None if chosen.spans is None else frozenset(chosen.spans),
    )


def flips(before: Sequence[Decision], after: Sequence[Decision]) -> Flips:
    """How many decisions differ; of parts that only one of the two models has nothing can be said."""
    intent = _differing(before, after, lambda one: one.intent) or set()
    slots = _differing(before, after, lambda one: one.slots)
    flags = _differing(before, after, lambda one: one.flags)
    spans = _differing(before, after, lambda one: one.spans)
    anything = intent.union(*(rows for rows in (slots, flags, spans) if rows))
    return Flips(len(before), len(intent), _count(slots), _count(flags), _count(spans), len(anything))


def _count(rows: set[int] | None) -> int | None:
    return None if rows is None else len(rows)


def _differing(
    before: Sequence[Decision], after: Sequence[Decision], part: Callable[[Decision], object]
) -> set[int] | None:
    """The questions decided otherwise in a part; None where one of the two has no head for it at all."""
    one, two = list(map(part, before)), list(map(part, after))
    if all(made is None for made in one) or all(made is None for made in two):
        return None
    return {row for row, (old, new) in enumerate(zip(one, two, strict=True)) if old != new}


def _flips_of(first: Sequence[Read], mine: Sequence[Read], thresholds: Thresholds) -> Flips:
    found = flips(*([decision(read.chosen, thresholds) for read in reads] for reads in (first, mine)))
    right = [(one.right, two.right) for one, two in zip(first, mine, strict=True)]
    return replace(found, better=right.count((False, True)), worse=right.count((True, False)))


# --- a model against itself ------------------------------------------------------------------------------------------


def steadiness(model: Model, asked: Sequence[Question], thresholds: Thresholds, tick: Tick) -> tuple[Steadiness, ...]:
    """The same file with other thread counts, and with other readers of it at work on other questions."""
    texts = [question.masked for question in asked]
    alone = [model.open(THREADS[0]).read(text) for text in texts]
    found = []
    for number, threads in enumerate(THREADS[1:], 1):
        reader = model.open(threads)
        found.append(_against(alone, [reader.read(text) for text in texts], f"{threads} threads", thresholds))
        tick(number / len(THREADS), f"{model.name}: {threads} threads")
    beside = _side_by_side(model, texts)
    found.append(_against(alone, beside, f"{_SIDE_BY_SIDE} side by side", thresholds))
    tick(1.0, f"{model.name}: side by side")
    return tuple(found)


def _side_by_side(model: Model, texts: Sequence[str]) -> list[tuple[Vector, Choosing]]:
    """The texts by several readers at once, each with a context of its own, as an index is built."""
    idle: SimpleQueue[Reader] = SimpleQueue()
    for _ in range(_SIDE_BY_SIDE):
        idle.put(model.open(1))

    def work(text: str) -> tuple[Vector, Choosing]:
        reader = idle.get()
        try:
            return reader.read(text)
        finally:
            idle.put(reader)

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(work, texts))


def _against(
    alone: Sequence[tuple[Vector, Choosing]],
    other: Sequence[tuple[Vector, Choosing]],
    what: str,
    thresholds: Thresholds,
) -> Steadiness:
    changed = sum(not np.array_equal(one, two) for (one, _), (two, _) in zip(alone, other, strict=True))
    before, after = ([decision(chosen, thresholds) for _, chosen in reads] for reads in (alone, other))
    return Steadiness(what, flips(before, after), changed)
