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
#: A few words between two that belong together.
_WORDS = r"(?:[\w-]+ ){0,3}"
#: What "cannot be resected" is no illness that was.
_RESECTED = r"(?<!be )(?<!be completely )resected"
_EARLY_STAGES = (
    r"(?<!ckd )(?<!disease )stages? (?:0|I{1,2}|1|2)[ABC]?\d?\b"
    r"(?! (?:ckd|chronic|kidney|renal|hypertension|htn|pressure))"
)
_SPREAD = r"advanced|metastatic|unresectable"
_STAGES = (
    _Stage(
        _pattern(_EARLY),
        _pattern(_EARLY + r"|not previously treated|no prior|initial treatment"),
        _pattern(
            r"previously|prior |relapsed|refractory|after failure|inadequate|fail|progress\w*|resistant|"
            r"who have received|intoleran|not responded"
        ),
    ),
    _Stage(
        _pattern(r"adjuvant|after (?:complete )?resection|resected"),
        _pattern(rf"adjuvant|{_RESECTED}|(?:after|following|complete) {_WORDS}resect"),
    ),
    _Stage(
        _pattern(r"neo-?adjuvant|pre-?operativ\w*|(?:before|prior to) surgery"),
        _pattern(
            r"neo-?adjuvant|(?:pre|peri)-?operativ\w*|"
            rf"(?:before|prior to|during|undergoing|for) {_WORDS}(?:surg|resect)\w*"
        ),
    ),
    _Stage(
        _pattern(rf"early[- ]stage|locali[sz]ed\b|(?<!not )(?<!non-)resectable|non-?metastatic|{_EARLY_STAGES}"),
        _pattern(
            rf"early|locali[sz]ed\b|(?<!not )(?<!non-)resectable|{_RESECTED}|adjuvant|neo-?adjuvant|non-?metastatic|"
            rf"{_EARLY_STAGES}"
        ),
        _pattern(_SPREAD),
    ),
    _Stage(
        _pattern(r"stages? (?:III|3)[ABC]?\b"),
        _pattern(r"stages? [\w\s,-]{0,40}\b(?:III|3)[ABC]?\b|early|advanced|unresectable|adjuvant|resected"),
        _pattern(_SPREAD),
    ),
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
