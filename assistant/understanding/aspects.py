"""The second side of a question, told by its wording: how much an exposure changes, what dose a group gets.

The model names one intent above all. "By how much does verapamil raise its levels?" is about an interaction, and what
was measured answers it; "which strength in Child-Pugh C?" is about the liver, and a dose answers it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CHANGES = (
    r"(?:rais(?:e|es|ed|ing)|increas(?:e|es|ed|ing)|lower(?:s|ed|ing)?|decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing)|"
    r"chang(?:e|es|ed|ing)|alter(?:s|ed)?|affect(?:s|ed)?)"
)
_MEASURED = re.compile(
    rf"\bhow (?:much|far)\b.{{0,60}}\b(?:{_CHANGES}|exposure|levels?|lost|higher)\b|\bup how much\b|"
    r"\bby (?:what|which) (?:percentage|factor|percent)\b|\bby how (?:much|many)\b|"
    r"\b(?:what|which) (?:percentage|percent|fold)\b|\bAUC\b|\bC ?max\b|\b(?:[\d.]+|\w+)-fold\b|\bhow many fold\b|"
    rf"\b{_CHANGES} (?:\w+ ){{0,3}}exposure\b|\blevels? (?:up|down|go|rise|fall|drop)\b|\bhit on levels?\b|"
    r"% (?:increase|decrease|change)",
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


def asks_a_groups_dose(intent: str, question: str) -> bool:
    """Whether a question about a group of patients asks what dose they get."""
    return intent in _GROUPS and bool(_DOSED.search(question))


def with_second_side(intents: Sequence[tuple[str, float]], question: str) -> list[tuple[str, float]]:
    """``intents`` with the second side that the wording tells, where the likeliest leaves it out."""
    if not intents:
        return []
    first, share = intents[0]
    second = ""
    if first == _INTERACTION and asks_how_much(question):
        second = "pharmacokinetics"
    elif asks_a_groups_dose(first, question):
        second = "dosage"
    if not second:
        return list(intents)
    known = dict(intents)
    known[second] = max(known.get(second, 0.0), _BESIDE * share)
    return sorted(known.items(), key=lambda pair: -pair[1])
