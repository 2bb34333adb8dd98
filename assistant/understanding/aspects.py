"""The second side of a question, told by its wording: how much an exposure changes, what dose a group gets.

The model names one intent above all. "By how much does verapamil raise its levels?" is about an interaction, and what
was measured answers it; "which strength in Child-Pugh C?" is about the liver, and a dose answers it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MEASURED = re.compile(
    r"\b(?:how much|how far|how many (?:percent|times|fold))\b.{0,60}\b(?:rais|increas|low|decreas|reduc|rise|drop|"
    r"fall|chang|exposure|levels?|lost|lose|higher|up|down|affect|alter)\w*|\bby what (?:percentage|factor|percent)\b|"
    r"\bby how (?:much|many)\b|\b(?:what|which) (?:percentage|percent|fold)\b|\bAUC\b|\bC ?max\b|\b\w*fold\b|"
    r"\bexposure\b|\blevels? (?:up|down|go|change|rise|fall|drop)|\bhit on levels?\b|% (?:increase|decrease|change)",
    re.IGNORECASE,
)
_DOSED = re.compile(
    r"\b(?:dos(?:e|es|ed|age|ing)|strengths?|how (?:much|many)\b.{0,40}\b(?:give|take|get|need|mg|units|tablets?|"
    r"capsules?|vials?)|mg|mcg|start (?:with|on|at)|starting|initiate|titrat\w+|reduc\w+ (?:it|to|by))\b",
    re.IGNORECASE,
)
#: Intents that are about whom; a dose may be asked for them.
_GROUPS = frozenset(("pediatric", "geriatric", "renal_impairment", "hepatic_impairment"))
#: Intents that ask for another substance.
_INTERACTION = "drug_interaction"
#: How likely the second side is beside the first.
_BESIDE = 0.6


def asks_how_much(question: str) -> bool:
    """Whether the wording asks for a size of change: a percentage, a factor, an AUC."""
    return bool(_MEASURED.search(question))


def with_second_side(intents: Sequence[tuple[str, float]], question: str) -> list[tuple[str, float]]:
    """``intents`` with the second side that the wording tells, where the likeliest leaves it out."""
    if not intents:
        return []
    first, share = intents[0]
    second = ""
    if first == _INTERACTION and _MEASURED.search(question):
        second = "pharmacokinetics"
    elif first in _GROUPS and _DOSED.search(question):
        second = "dosage"
    if not second:
        return list(intents)
    known = dict(intents)
    known[second] = max(known.get(second, 0.0), _BESIDE * share)
    return sorted(known.items(), key=lambda pair: -pair[1])
