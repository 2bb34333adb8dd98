"""An evaluation and a comparison as a summary for a terminal of 80 columns.

Guarantees: no line has more than 80 characters, and none that steers a terminal, whatever stands in the data. What a
model has no head for is said to be absent, never shown as zero.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from assistant.training.measuring.compare import Comparison, Flips, Standing
from assistant.training.measuring.evaluate import Evaluation, Promise
from assistant.training.measuring.measures import Counts, Flagged, Rate, Read, total

WIDTH = 80
_NAME = 24
#: How many rows of a list the terminal shows; the page and the JSON hold all.
_SHOWN = 8
_ABSENT = "–"


def share(value: float | None) -> str:
    """A share as a percentage, or a dash."""
    return _ABSENT if value is None else f"{value:.1%}"


def rate(found: Rate) -> str:
    """A share with its 95 % interval."""
    if not found.of:
        return _ABSENT
    return f"{share(found.share)} ({found.interval.low:.1%} to {found.interval.high:.1%})"


def megabytes(size: int) -> str:
    """A file's size."""
    return f"{size / 1e6:.1f} MB"


# --- evaluation ------------------------------------------------------------------------------------------------------


def evaluation_text(evaluation: Evaluation) -> str:
    """The figures, then what is weakest."""
    return _joined(
        _head(evaluation),
        _groups("By style", evaluation.styles),
        _groups("By author", evaluation.authors),
        _flags(evaluation.flags),
        _counted("Closed slots", evaluation.slots),
        _counted("Spans (both ends and type)", evaluation.spans),
        _counted(f"Weakest of {len(evaluation.intents)} intents", weakest(evaluation.intents, _SHOWN), all_=False),
        _confusions(evaluation),
        _mistakes(evaluation.mistakes),
    )


def weakest(intents: Mapping[str, Counts], most: int) -> dict[str, Counts]:
    """The intents with the lowest F1."""
    ordered = sorted(intents.items(), key=lambda pair: (pair[1].f1 or 0.0, pair[0]))
    return dict(islice(ordered, most))


def promise_words(promise: Promise, risk: float, questions: int) -> str:
    """What the proven threshold is and does."""
    if promise.proven is None:
        return f"none: {promise.why_not}"
    proven = promise.proven
    return (
        f"{promise.answered / questions:.1%} from confidence {proven.threshold:.4f} on, of these wrong "
        f"{promise.wrong} of {promise.answered:,}; calibration: {proven.wrong} of {proven.n:,}, "
        f"so at most {proven.bound:.2%} (promised {risk:.2%})"
    )


def _head(evaluation: Evaluation) -> Iterator[str]:
    model, risk = evaluation.model, evaluation.limits.risk
    words = f"{model.name}: {_chooser(model.chooser)}, {megabytes(model.size)}; {evaluation.questions:,} questions"
    yield from _wrapped(f"{words}, split {evaluation.part}")
    yield ""
    yield from _fact("intent accuracy", rate(evaluation.intent))
    yield from _fact(f"coverage at {risk:.2%} risk", f"{evaluation.coverage:.1%} (as seen; picked on this split)")
    yield from _fact("coverage, proven", promise_words(evaluation.promise, risk, evaluation.questions))
    yield from _fact("calibration error", f"{evaluation.calibration_error:.4f}")
    took, threads = evaluation.latency, evaluation.threads
    of = f"{threads} thread{'s' if threads > 1 else ''}"
    yield from _fact("latency", f"{took.median:.1f} ms median, {took.p95:.1f} ms p95 ({of})")
    if evaluation.unknown_intents:
        yield from _fact("not known to it", ", ".join(evaluation.unknown_intents) + " (counted as wrong)")


def _chooser(name: str) -> str:
    return "trained heads" if name == "trained" else "nearest utterances, untrained"


def _groups(title: str, groups: Mapping[str, Rate]) -> Iterator[str]:
    if not groups:
        return
    yield f"{title:<{_NAME}} {'questions':>9}  right (95%)"
    for name, found in groups.items():
        yield f"{_cut(name)} {found.of:>9,}  {rate(found)}"


def _flags(flags: Mapping[str, Flagged] | None) -> Iterator[str]:
    if flags is None:
        yield f"Flags: {_ABSENT} (the model has no such head)"
        return
    yield f"{'Flags, by the model alone':<{_NAME + 1}}{'from':>6} {'recall':>8} {'precision':>10}  false alarms"
    for name, one in flags.items():
        alarms = f"{share(one.false_alarms.share)} ({one.false_alarms.met:,} of {one.false_alarms.of:,})"
        counts = one.counts
        yield f"{_cut(name)} {one.threshold:>6.2f} {share(counts.recall):>8} {share(counts.precision):>10}  {alarms}"


def _counted(title: str, counts: Mapping[str, Counts] | None, all_: bool = True) -> Iterator[str]:
    if counts is None:
        yield f"{title}: {_ABSENT} (the model has no such head)"
        return
    yield f"{title:<{_NAME + 6}} {'F1':>8} {'precision':>10} {'recall':>8} {'labelled':>9}"
    for name, one in [*counts.items(), *([("all", total(counts.values()))] if all_ else [])]:
        yield (
            f"{_cut(name, _NAME + 6)} {share(one.f1):>8} {share(one.precision):>10} {share(one.recall):>8} "
            f"{one.wanted:>9,}"
        )


def _confusions(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.confusions:
        return
    yield f"{'Taken for another':<{_NAME}}    {'chosen':<{_NAME}} {'questions':>9}"
    for one in evaluation.confusions[:_SHOWN]:
        yield f"{_cut(one.wanted)} -> {_cut(one.chosen)} {one.questions:>9,}"


def _mistakes(mistakes: Sequence[Read]) -> Iterator[str]:
    if not mistakes:
        return
    yield f"The surest mistakes ({min(3, len(mistakes))} of {len(mistakes)}; --html and --json list them)"
    for read in mistakes[:3]:
        yield from _wrapped(f"{read.confidence:.2f} {read.intent}, labelled {read.utterance.intent}: ", "  ")
        yield from _wrapped(read.utterance.text, "    ")


# --- comparison ------------------------------------------------------------------------------------------------------


def comparison_text(comparison: Comparison) -> str:
    """The models in a table, then what flips."""
    numbered = list(enumerate(comparison.standings, 1))
    return _joined(
        _models(comparison),
        _table(comparison),
        (line for number, one in numbered[1:] for line in _flipped(number, one)),
        (line for number, one in numbered for line in _steady(number, one)),
    )


def _models(comparison: Comparison) -> Iterator[str]:
    yield f"{comparison.questions:,} questions, split {comparison.part}"
    for number, one in enumerate(comparison.standings, 1):
        yield from _wrapped(f"{number}  {one.model.name} ({_chooser(one.model.chooser)})")


def _table(comparison: Comparison) -> Iterator[str]:
    at = f"at {comparison.limits.risk:.1%}"
    yield f"   {'accuracy (95%)':<25}{at:>9}{'span F1':>9}{'flags':>9}{'ms':>8}{'ratio':>7}{'MB':>8}"
    for number, one in enumerate(comparison.standings, 1):
        spans, flags = one.spans.f1 if one.spans else None, one.flags.recall if one.flags else None
        yield (
            f"{number:<3}{rate(one.intent):<25}{one.coverage:>9.1%}{share(spans):>9}{share(flags):>9}"
            f"{one.latency.median:>8.2f}{one.ratio:>7.2f}{one.model.size / 1e6:>8.1f}"
        )
    yield from _wrapped(
        f"{at}: share answered where at most {comparison.limits.risk:.1%} of the answers are wrong; flags: recall; "
        "ms: median, measured in turns; ratio: to model 1"
    )


def flip_words(flips: Flips) -> str:
    """What flips, part by part; parts that a model lacks are left out."""
    parts = {"intents": flips.intent, "slots": flips.slots, "flags": flips.flags, "spans": flips.spans}
    return ", ".join(f"{name} {count:,}" for name, count in parts.items() if count is not None)


def _flipped(number: int, one: Standing) -> Iterator[str]:
    flips = one.flips
    words = f"{number} against 1: {flips.anything:,} of {flips.questions:,} decisions differ ({flip_words(flips)}); "
    yield from _wrapped(words + f"intents: {flips.better:,} became right, {flips.worse:,} became wrong")


def _steady(number: int, one: Standing) -> Iterator[str]:
    said = [f"{s.circumstances} {s.flips.anything:,} (vectors {s.vectors:,})" for s in one.steadiness]
    count = one.steadiness[0].flips.questions if one.steadiness else 0
    yield from _wrapped(f"{number} against itself, of {count:,}, flips with {', '.join(said)}")


# --- lines -----------------------------------------------------------------------------------------------------------


def _joined(*blocks: Iterable[str]) -> str:
    """The blocks that hold anything, an empty line between them."""
    written = ["\n".join(lines) for block in blocks if (lines := list(block))]
    return "\n\n".join(written) + "\n"


def _fact(name: str, words: str) -> list[str]:
    return _wrapped(f"{name:<{_NAME}}{words}", further=" " * _NAME)


def _wrapped(text: str, indent: str = "", further: str = "  ") -> list[str]:
    return textwrap.wrap(
        printable(text), WIDTH, initial_indent=indent, subsequent_indent=indent + further, drop_whitespace=True
    )


def _cut(name: str, width: int = _NAME) -> str:
    """A name in ``width`` columns, its end cut off where it is longer."""
    short = printable(name)
    return f"{short if len(short) <= width else short[: width - 1] + '…':<{width}}"


def printable(text: str) -> str:
    """``text`` with a space for whatever is no character to be seen: line ends, controls, marks of direction."""
    return "".join(character if character.isprintable() else " " for character in text)
