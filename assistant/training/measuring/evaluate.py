"""Measure a model on labelled questions: what it chooses, how sure it may be taken, how long it takes, where it errs.

    questions(dataset, split)      the labelled questions of a split
    read_all(reader, questions)    each of them read alone, as a question is when it is asked, and timed
    evaluate(...)                  all measures of both

Guarantees: nothing is learnt from what is measured; the threshold that holds a promise is proven on the calibration
split and then applied. Texts are read as they are labelled, their product masked. Refuses a split that holds nothing, a
text longer than the model reads (with its file and line), and data of whose intents the model knows none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.errors import ContentError
from assistant.training.dataset import Dataset, Split, Utterance, split_of
from assistant.training.measuring import measures
from assistant.training.measuring.calibration import (
    Bin,
    Bounded,
    Curve,
    bounded_threshold,
    coverage_at_risk,
    expected_calibration_error,
    least_questions,
    reliability,
    risk_coverage,
)
from assistant.training.measuring.measures import Confusion, Counts, Flagged, Latency, Place, Rate, Read, Thresholds
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.readers import Reader

#: Told how far the work is, 0 to 1, and what it is at.
Tick = Callable[[float, str], None]
#: A split, or all lines whatever their split.
Part = Split | Literal["all"]

#: Splits that may be measured with a threshold from the calibration split.
_OTHERS = ("train", "validation", "test")
#: How many of the surest mistakes are kept for reading.
MISTAKES = 40
#: The level of the promise on risk.
LEVEL = 0.95
#: Questions read before the clock counts: the first passes wait for memory and caches.
_WARMING = 5


def untold(share: float, what: str) -> None:
    """For those who need not be told how far the work is."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model file that is measured, by the heads in it or by the nearest example utterances.

    ``open`` makes a reader of its own that takes as many threads for one question.
    """

    name: str
    chooser: Literal["trained", "nearest"]
    sha256: str
    size: int
    open: Callable[[int], Reader]


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled question, as the model reads it, and where it stands."""

    utterance: Utterance
    masked: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a model: the flags' thresholds, and the share of answers that may be wrong."""

    flags: Thresholds
    risk: float = 0.01


@dataclass(frozen=True, slots=True)
class Promise:
    """The threshold proven on the calibration split, and what it does to the questions that are measured.

    ``why_not`` says why there is none.
    """

    proven: Bounded | None
    why_not: str = ""
    answered: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured. ``slots``, ``flags`` and ``spans`` are None where the model has no such head."""

    model: Model
    threads: int
    data_sha256: str
    part: Part
    limits: Limits
    questions: int
    intent: Rate
    intents: Mapping[str, Counts]
    unknown_intents: tuple[str, ...]
    confusions: tuple[Confusion, ...]
    styles: Mapping[str, Rate]
    authors: Mapping[str, Rate]
    slots: Mapping[str, Counts] | None
    flags: Mapping[str, Flagged] | None
    spans: Mapping[str, Counts] | None
    calibration_error: float
    bins: tuple[Bin, ...]
    curve: Curve
    coverage: float
    promise: Promise
    latency: Latency
    mistakes: tuple[Read, ...]


def questions(dataset: Dataset, part: Part) -> list[Question]:
    """The questions of a split, in the order of the files.

    :raises ContentError: it holds none.
    """
    places: Sequence[Place | None] = dataset.places or [None] * len(dataset.utterances)
    found = [
        Question(utterance, utterance.masked()[0], place)
        for utterance, place in zip(dataset.utterances, places, strict=True)
        if part in ("all", split_of(utterance))
    ]
    if not found:
        first = places[0][0] if places and places[0] else None
        raise ContentError(f"the data holds no question of the split {part}; --split all takes every line", first)
    return found


def read_all(reader: Reader, asked: Sequence[Question], tick: Tick, what: str) -> list[Read]:
    """Every question read alone, one after the other, and timed.

    :raises ContentError: a text is longer than the model reads.
    """
    for question in asked[:_WARMING]:
        read_one(reader, question)
    reads = []
    for number, question in enumerate(asked, 1):
        reads.append(read_one(reader, question))
        tick(number / len(asked), what)
    return reads


def read_one(reader: Reader, question: Question) -> Read:
    """One question, timed.

    :raises ContentError: it is longer than the model reads.
    """
    began = time.perf_counter()
    try:
        _, chosen = reader.read(question.masked)
    except TextTooLongError as error:
        raise ContentError(str(error), *(question.place or ())) from error
    return Read(question.utterance, chosen, (time.perf_counter() - began) * 1e3, question.place)


def evaluate(
    model: Model, threads: int, dataset: Dataset, part: Part, limits: Limits, tick: Tick = untold
) -> Evaluation:
    """Read a split and the calibration split, and measure.

    :raises ContentError: the split is empty, a text is too long, or the model knows none of its intents.
    """
    asked = questions(dataset, part)
    # What is measured cannot prove its own threshold.
    proving = questions(dataset, "calibration") if dataset.split("calibration") and part in _OTHERS else []
    reader = model.open(threads)
    reads = read_all(reader, asked, tick, f"reading: {part}")
    held_out = read_all(reader, proving, tick, "reading: calibration")
    sure, right = [read.confidence for read in reads], [read.right for read in reads]
    return Evaluation(
        model=model,
        threads=threads,
        data_sha256=dataset.sha256,
        part=part,
        limits=limits,
        questions=len(reads),
        intent=measures.accuracy(reads),
        intents=measures.intents(reads),
        unknown_intents=unknown_intents(reads),
        confusions=measures.confusions(reads),
        styles=measures.accuracy_by(reads, lambda utterance: utterance.style),
        authors=measures.accuracy_by(reads, lambda utterance: utterance.author),
        slots=measures.slots(reads),
        flags=measures.flags(reads, limits.flags),
        spans=measures.spans(reads),
        calibration_error=expected_calibration_error(sure, right),
        bins=reliability(sure, right),
        curve=risk_coverage(sure, right),
        coverage=coverage_at_risk(sure, right, limits.risk),
        promise=promise(reads, held_out, limits.risk),
        latency=measures.latency([read.milliseconds for read in reads]),
        mistakes=measures.surest_mistakes(reads, MISTAKES),
    )


def unknown_intents(reads: Sequence[Read]) -> tuple[str, ...]:
    """Labelled intents that the model cannot choose, by name: every question of theirs counts as wrong.

    :raises ContentError: it can choose none of them.
    """
    asked = {read.utterance.intent for read in reads}
    known = {name for name, _ in reads[0].chosen.intents}
    if not asked & known:
        first = reads[0].place[0] if reads[0].place else None
        some = ", ".join(sorted(asked)[:3])
        raise ContentError(f"the model knows none of the intents of this data ({some}, ...): it learnt others", first)
    return tuple(sorted(asked - known))


def promise(reads: Sequence[Read], held_out: Sequence[Read], risk: float) -> Promise:
    """The lowest threshold that ``held_out`` proves to hold ``risk``, applied to ``reads``."""
    if not held_out:
        return Promise(None, "no calibration split beside the one that is measured")
    proven = bounded_threshold([read.confidence for read in held_out], [read.right for read in held_out], risk, LEVEL)
    if proven is None:
        least = least_questions(risk, LEVEL)
        need = (
            f"at least {least} without a mistake are needed"
            if len(held_out) < least
            else "too many of the surest are wrong"
        )
        return Promise(None, f"{len(held_out)} calibration questions cannot support it: {need}")
    taken = [read for read in reads if read.confidence >= proven.threshold]
    return Promise(proven, "", len(taken), sum(not read.right for read in taken))
