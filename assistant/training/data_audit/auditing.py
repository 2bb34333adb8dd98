"""Audit labelled questions before a model learns from them: what is wrong, where it stands, what it costs, a verdict.

    audit(dataset)                 everything that the searches beside this module find, and the score
    require_quality(dataset, bar)  the same, but data below the bar is an error: training calls it unless told otherwise

Guarantees: the data is only read; the same data gives the same audit; every point that the score lacks is named by a
deduction, whose rule stands in :data:`~assistant.training.data_audit.finding.RULES`. Refuses an empty data set, and
promises no more than it measures: a high score says that nothing here was found, not that every label is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import ContentError
from assistant.training.data_audit.finding import RULES, Finding, Kind, Limits, Lines
from assistant.training.data_audit.lines import line_findings
from assistant.training.data_audit.noise import Noise, label_noise
from assistant.training.data_audit.shape import (
    counted,
    families,
    imbalance,
    missing_values,
    patterns,
    split_families,
    splits_in,
)
from assistant.training.data_audit.twins import exact_twins, near_twins
from assistant.training.dataset import Dataset

#: Data that scores less is not trained on unless told otherwise.
BAR = 0.9

#: Told how far an audit is, 0 to 1, and what it is at.
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Deduction:
    """What a kind of finding takes from the score: ``points``, for ``affected`` ones ``of`` all that might be."""

    kind: Kind
    findings: int
    affected: int
    of: int
    points: float


@dataclass(frozen=True, slots=True)
class DataAudit:
    """What an audit found. ``counts`` are lines by intent and split; findings stand worst first, kind by kind."""

    lines: int
    sha256: str
    splits: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    findings: tuple[Finding, ...]
    deductions: tuple[Deduction, ...]
    noise: Noise | None

    @property
    def score(self) -> float:
        """Between 0 and 1: 1 less all deductions, to four decimals."""
        return score(self.deductions)

    def passes(self, bar: float) -> bool:
        """Whether the data may be trained on."""
        return self.score >= bar

    def worst(self, count: int) -> tuple[Finding, ...]:
        """The worst finding of each kind, the costliest kind first; then their next ones."""
        by_kind = [[f for f in self.findings if f.kind is d.kind] for d in self.deductions if d.points > 0]
        rounds = max(map(len, by_kind), default=0)
        ordered = (one[turn] for turn in range(min(rounds, count)) for one in by_kind if turn < len(one))
        return tuple(finding for _, finding in zip(range(count), ordered, strict=False))


def audit(
    dataset: Dataset,
    limits: Limits | None = None,
    unreadable: Sequence[ContentError] = (),
    progress: Progress = lambda _share, _what: None,
) -> DataAudit:
    """Search ``dataset`` for everything that :class:`Kind` names.

    :param unreadable: lines that could not be read into it, which count as findings.
    :raises ContentError: there is no line at all.
    """
    if not dataset.utterances and not unreadable:
        raise ContentError("there are no labelled questions to audit")
    limits = limits or Limits()
    lines = Lines.of(dataset)
    found = [*_unreadable(unreadable)]
    noise = None
    if len(lines):
        progress(0.0, "reading every line")
        found += [*line_findings(lines), *_shape(lines, limits), *exact_twins(lines)]
        found += near_twins(lines, limits.near, lambda share: progress(0.1 + 0.3 * share, "near duplicates"))
        noise = label_noise(lines, limits.folds, lambda share: progress(0.4 + 0.6 * share, "label noise"))
        found += noise.findings if noise else ()
    deductions = _deductions(found, _totals(lines, len(unreadable)))
    return DataAudit(
        lines=len(lines) + len(unreadable),
        sha256=dataset.sha256,
        splits=splits_in(lines),
        counts=counted(lines),
        findings=_ordered(found, deductions),
        deductions=deductions,
        noise=noise,
    )


def _shape(lines: Lines, limits: Limits) -> Iterator[Finding]:
    yield from split_families(lines)
    yield from imbalance(lines, limits)
    yield from missing_values(lines)
    yield from patterns(lines, limits.pattern)


def _unreadable(errors: Iterable[ContentError]) -> Iterator[Finding]:
    for error in errors:
        places = ((str(error.path), error.line),) if error.line is not None else ()
        yield Finding(Kind.UNREADABLE, error.message, places=places)


def _totals(lines: Lines, unreadable: int) -> dict[str, int]:
    """What the shares of :class:`Rule` are shares of."""
    return {
        "lines": len(lines) + unreadable,
        "held-out lines": sum(split != "train" for split in lines.splits),
        "families": families(lines),
        "intents": len({utterance.intent for utterance in lines.dataset.utterances}),
    }


def _deductions(findings: Iterable[Finding], totals: Mapping[str, int]) -> tuple[Deduction, ...]:
    """One for each kind that was found, the costliest first."""
    count: Counter[Kind] = Counter()
    affected: Counter[Kind] = Counter()
    for finding in findings:
        count[finding.kind] += 1
        affected[finding.kind] += finding.affected
    made = [Deduction(k, count[k], affected[k], (of := totals[RULES[k].of]), points(k, affected[k], of)) for k in count]
    return tuple(sorted(made, key=lambda one: (-one.points, list(Kind).index(one.kind))))


def points(kind: Kind, affected: int, of: int) -> float:
    """What ``affected`` cases of ``of`` take from the score."""
    rule = RULES[kind]
    return min(rule.cap, rule.floor + rule.rate * min(1.0, affected / max(1, of))) if affected else 0.0


def score(deductions: Iterable[Deduction]) -> float:
    """1 less all deductions, never below 0, to four decimals."""
    return max(0.0, round(1.0 - sum(deduction.points for deduction in deductions), 4))


def _ordered(findings: Iterable[Finding], deductions: Sequence[Deduction]) -> tuple[Finding, ...]:
    place = {deduction.kind: at for at, deduction in enumerate(deductions)}
    return tuple(sorted(findings, key=lambda one: (place[one.kind], -one.rank, one.rows, one.places)))


def require_quality(dataset: Dataset, bar: float = BAR, progress: Progress = lambda _share, _what: None) -> DataAudit:
    """Audit ``dataset`` and let it pass.

    :raises ContentError: it scores below ``bar``; the three worst findings are named, with the place of the worst.
    """
    audited = audit(dataset, progress=progress)
    if audited.passes(bar):
        return audited
    worst = audited.worst(3)
    named = "; ".join(f"{_place(finding)}{finding.message}" for finding in worst)
    path, line = worst[0].places[0] if worst and worst[0].places else (None, None)
    raise ContentError(
        f"the data scores {audited.score:.2f}, below the bar of {bar:.2f}: {named}. "
        "`onlabel model audit-data` lists everything; mend the data, or train without the audit",
        path,
        line,
    )


def _place(finding: Finding) -> str:
    if not finding.places:
        return f"#{finding.rows[0] + 1}: " if finding.rows else ""
    path, line = finding.places[0]
    return f"{path}:{line}: "
