"""Everything that the audit log and the feedback tell, counted once for every form of report.

Guarantees: what cannot be known is said, not guessed: questions of which only a hash was recorded are counted by intent
and never grouped; reports of harm and of faults are counted and their words stand nowhere. Nothing is written to the
log.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.planning import grave_outcome
from assistant.insights.asked import Asked, History
from assistant.insights.gaps import Cluster, clusters_of, counted, reason_of, shown_as
from assistant.insights.lines import Worth, worth_labelling
from assistant.insights.meaning import Meaning, Tick, words_of_reports
from assistant.insights.passages import Candidate, candidates
from assistant.insights.periods import By, Drift, drift_of
from assistant.insights.weak import Weakness, weaknesses
from assistant.training.data_audit.finding import fold

#: Questions that the report itself shows as candidates for training; `insights export` gives as many as wanted.
_LINES = 25
REPORTS = ("emergency", "adverse_event", "product_complaint")


@dataclass(frozen=True, slots=True)
class Insights:
    """``went_without`` counts reasons; ``not_grouped`` the questions among them whose words are not known, too many, or
    those of a report, by intent; ``policies`` how questions were recorded; ``reports`` and ``attacks`` what stands in
    no group."""

    first: dt.date | None
    last: dt.date | None
    questions: int
    askers: int
    outcomes: Mapping[str, int]
    reports: Mapping[str, int]
    attacks: int
    policies: Mapping[str, int]
    feedback: Mapping[str, int]
    strange_feedback: int
    unreadable: int
    went_without: Mapping[str, int]
    clusters: tuple[Cluster, ...]
    not_grouped: Mapping[str, int]
    weak: tuple[Weakness, ...]
    passages: tuple[Candidate, ...]
    worth: Worth
    drift: Drift

    @property
    def groups(self) -> tuple[Cluster, ...]:
        """The clusters of more than one question."""
        return tuple(one for one in self.clusters if one.questions > 1)

    @property
    def alone(self) -> int:
        """How many questions are like no other."""
        return len(self.clusters) - len(self.groups)


def insights_of(
    history: History, meaning: Meaning, today: dt.date, by: By | None = None, tick: Tick = lambda *_: None
) -> Insights:
    """What ``history`` tells.

    :param today: the day for which approved passages are counted.
    :raises ModuleNotFoundError: a package of the extra ``insights`` is not installed.
    """
    asked = history.asked
    without = [one for one in asked if reason_of(one)]
    reports = words_of_reports(asked)
    # What is a report to the screen of today, or was one when somebody else wrote it, counts like what cannot be read.
    read = [
        (one, reading)
        for one, reading in meaning.read_all(without, tick)
        if fold(one.question) not in reports and grave_outcome(meaning.flags_of(one, reading)) is None
    ]
    clusters = clusters_of(read)
    texts = {one.number: shown_as(reading) for one, reading in read}
    days = [one.time.date() for one in asked]
    index = meaning.assistant.index
    return Insights(
        first=min(days, default=None),
        last=max(days, default=None),
        questions=len(asked),
        askers=len({one.who for one in asked}),
        outcomes=counted(one.outcome for one in asked),
        reports=_reports(asked),
        attacks=sum(one.is_attack for one in asked),
        policies=counted(one.policy for one in asked),
        feedback=history.feedback,
        strange_feedback=history.strange,
        unreadable=history.unreadable,
        went_without=counted(map(reason_of, without)),
        clusters=tuple(clusters),
        not_grouped=counted(one.intent for one in without if one.number not in texts),
        weak=tuple(weaknesses(asked)),
        passages=tuple(candidates(without, clusters, texts, index, today)),
        worth=worth_labelling(asked, meaning, _LINES, tick=tick),
        drift=drift_of(asked, index.utterances[1], by),
    )


def _reports(asked: Sequence[Asked]) -> dict[str, int]:
    """Reports by the gravest thing that they report."""
    found: Counter[str] = Counter()
    for one in asked:
        found.update([next(name for name in REPORTS if name in (*one.flags, one.outcome))] if one.is_report else [])
    return {name: found[name] for name in REPORTS if found[name]}
