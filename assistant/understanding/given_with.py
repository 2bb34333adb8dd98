"""Whether a question for a dose, or for when it is given, asks what another medicine changes in it, by its wording.

"How is the dose changed in a patient taking X?" only what the label says of X can answer; so with how far apart the two
are given. What may be mixed with it, or stands beside another question, is no such thing.
"""

from __future__ import annotations

import re

_CHANGED = re.compile(r"\b(?:chang|adjust|reduc|increas|lower|rais|decreas|alter|modif|correct)\w*", re.IGNORECASE)
_APART = re.compile(r"\b(?:separat\w*|apart|between|interval|before|after|together|with|alongside)\b", re.IGNORECASE)
#: What labels tell of all others together ("do not mix with other drugs"), and of whom a reaction to another befell.
_OF_ALL_OTHERS = re.compile(
    r"\b(?:mix\w*|admix\w*|line|syringe|cup|bag|pour\w*|dilut\w*|compatib\w*|y-?site|combin\w*|"
    r"allerg\w*|hypersens\w*)\b",
    re.IGNORECASE,
)
_WORDED = {"dosage": _CHANGED, "administration": _APART}


def asks_with_another(question: str, intent: str) -> bool:
    """Whether ``question``, of this intent, asks what a medicine that it names changes, if it names one."""
    worded = _WORDED.get(intent)
    return bool(worded and worded.search(question)) and not _OF_ALL_OTHERS.search(question)
