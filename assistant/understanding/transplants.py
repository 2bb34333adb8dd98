"""Which transplant a question is about: "pancreas transplant", "small bowel transplantation in children".

A medicine that keeps the body from rejecting a kidney is not for a pancreas (21 CFR 201.57(c)(2)), and to a model that
learnt sentences every transplant is the label's own. By wording alone; nothing here is shown.
"""

from __future__ import annotations

import re

from assistant.content.organs import ORGAN

_TRANSPLANTED = re.compile(
    rf"\b({ORGAN})(?:[ -]cells?)?[ -](?:(?:allo)?transplant|allograft|graft(?= (?:reject|recip)))",
    re.IGNORECASE,
)
_ONE_ORGAN = re.compile(rf"(?:{ORGAN})", re.IGNORECASE)


def transplanted(question: str) -> tuple[tuple[str, ...], ...]:
    """The organ of each transplant that ``question`` names, and "transplant"."""
    found = (match[1].casefold() for match in _TRANSPLANTED.finditer(question))
    return tuple((organ, "transplant") for organ in dict.fromkeys(found))


def is_organ(word: str) -> bool:
    """Whether ``word`` is what is transplanted, and nothing else."""
    return _ONE_ORGAN.fullmatch(word) is not None
