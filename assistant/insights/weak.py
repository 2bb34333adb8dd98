"""Which intents are weak: how much is asked of each, how sure the model was, and how often nothing came of it.

Reports of harm are answered by their notice whatever the intent, and a pick names its passage, so neither counts here.
Weakest is the intent whose share of lost questions (not answered, asked back in vain, or marked as wrong) is high
beyond what so few questions leave open: intents stand in the order of the lower end of that share's 95 % interval
(Wilson 1927).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from assistant.domain import ABSTAINED, Outcome
from assistant.insights.asked import Asked
from assistant.insights.gaps import counted, reason_of


@dataclass(frozen=True, slots=True)
class Weakness:
    """One intent. ``asked_back`` counts all questions back, ``unpicked`` those that led nowhere; ``lost`` is what ended
    badly, each question once; ``least`` the lower end of its share; ``second`` the intent that came next most often."""

    intent: str
    questions: int
    confidence: float
    abstained: int
    asked_back: int
    unpicked: int
    rated: int
    wrong: int
    lost: int
    least: float
    second: str


def counts_for_intents(one: Asked) -> bool:
    """Whether the question says something of how well intents are served."""
    return not (one.is_report or one.is_attack or one.is_pick)


def weaknesses(asked: Iterable[Asked]) -> list[Weakness]:
    """Every intent that was asked, the weakest first."""
    by_intent: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        if counts_for_intents(one):
            by_intent[one.intent].append(one)
    found = [_weakness(intent, ones) for intent, ones in by_intent.items()]
    return sorted(found, key=lambda one: (-one.least, -one.lost, one.intent))


def _weakness(intent: str, asked: Sequence[Asked]) -> Weakness:
    from assistant.training.measuring.calibration import wilson_interval

    clarify = [one for one in asked if one.outcome == Outcome.CLARIFY.value]
    lost = sum(_is_lost(one) for one in asked)
    return Weakness(
        intent=intent,
        questions=len(asked),
        confidence=fmean(one.confidence for one in asked),
        abstained=sum(one.outcome in ABSTAINED for one in asked),
        asked_back=len(clarify),
        unpicked=sum(not one.picked for one in clarify),
        rated=sum(bool(one.verdict) for one in asked),
        wrong=sum(one.verdict not in ("", "right") for one in asked),
        lost=lost,
        least=wilson_interval(lost, len(asked)).low,
        second=next(iter(counted(one.other for one in asked if one.other)), ""),
    )


def _is_lost(one: Asked) -> bool:
    """What was rightly referred or out of scope is not lost, unless its asker says so."""
    rightly = (Outcome.MEDICAL_INFORMATION.value, Outcome.OUT_OF_SCOPE.value)
    reason = reason_of(one)
    return bool(reason) and reason not in rightly
