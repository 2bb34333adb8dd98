"""The stage, line and purpose of a treatment: "first line", "adjuvant", "to prevent"; what an indication keeps to.

The illness may be the label's and the use not: an indication for the relapsed or refractory is none for the newly
diagnosed (21 CFR 201.57(c)(2): an indication states the stage, severity and place in therapy that it is limited to).
By wording alone; nothing here is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Stage:
    """``asked``: how a question names it; ``meant``: how an indication that includes it does; ``limits``: the words of
    an indication that leaves it out unless it says so; None: every indication does."""

    asked: re.Pattern[str]
    meant: re.Pattern[str]
    limits: re.Pattern[str] | None = None


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE)


_EARLY = (
    r"first[- ]line\b|1st[- ]line\b|1L\b|newly[- ]diagnosed|treatment[- ]na[iï]ve|previously untreated|"
    r"untreated|frontline|front[- ]line|up-?front\b"
)
_STAGES = (
    _Stage(
        _pattern(_EARLY),
        _pattern(_EARLY + r"|not previously treated|no prior|initial treatment"),
        _pattern(
            r"previously|prior |relapsed|refractory|after failure|inadequate|fail|progress\w*|resistant|"
            r"who have received|intoleran|not responded"
        ),
    ),
    _Stage(_pattern(r"adjuvant|after (?:complete )?resection|resected"), _pattern(r"adjuvant|resect")),
    _Stage(_pattern(r"neo-?adjuvant|pre-?operativ\w*|(?:before|prior to) surgery"), _pattern(r"neo-?adjuvant|surgery")),
    _Stage(
        _pattern(r"prevent\w*|prophyla\w*|protect\w* against"),
        _pattern(r"prevent|prophyla|reduc\w+|lower\w*|risk|delay|protect"),
    ),
    _Stage(_pattern(r"maintenance"), _pattern(r"maint[ae]in|maintenance")),
    _Stage(_pattern(r"mild\b"), _pattern(r"mild\b"), _pattern(r"moderate|severe")),
)


def beyond(question: str, indications: str) -> bool:
    """Whether ``question`` asks for a stage, line or purpose that the text of ``indications`` leaves out."""
    return any(
        stage.asked.search(question)
        and not stage.meant.search(indications)
        and (stage.limits is None or bool(stage.limits.search(indications)))
        for stage in _STAGES
    )
