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

    def leaves_out(self, question: str, indications: str) -> bool:
        """Whether ``question`` asks for this stage and the text of ``indications`` leaves it out."""
        limited = self.limits is None or self.limits.search(indications)
        return bool(self.asked.search(question) and not self.meant.search(indications) and limited)


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
#: To lower a pressure prevents nothing; to lower the risk, the rate or the number of something does.
_FEWER = (
    r"(?:reduc\w+|lower\w*|decreas\w+|minimi[sz]\w+)(?: [\w-]+){0,4}? (?:risks?|chances?|incidence|rates?|frequency|"
    r"occurrences?|recurrences?|likelihood|numbers?|development|relapses?|progression|hospitali[sz]ations?|mortality|"
    r"deaths?|exacerbations?|attacks?|episodes?|events?|infections?|transmission|complications?|fractures?|strokes?)"
)
#: With another medicine; beside diet and exercise a medicine is still given alone.
_TOGETHER = (
    r"adjunct\w*(?! to (?:[\w-]+ ){0,4}(?:diet|exercise))|in combination with|added to|add-?on|"
    r"(?:used|given|taken) (?:together )?with (?!or without|food)"
)
_ALONE = (
    r"mono-?therapy|(?:single[- ]agent|sole (?:agent|therapy|treatment))|(?:used|given|taken|be|it) alone\b|by itself"
)
_MAINTENANCE = _pattern(r"maintenance")
_TO_PREVENT = _pattern(rf"prevent|prophyla|protect|delay|suppress|{_FEWER}")
#: How likely the illness is to come back or to go on.
_LOW_RISK = _Stage(
    _pattern(
        r"(?:low|lower|average)[- ]risk(?! (?:of|for|to)\b)|(?:at )?low risk (?:of|for) (?:recur|relaps|progress)\w+"
    ),
    _pattern(r"low\b|lower[- ]risk|average[- ]risk|any risk|regardless of risk"),
    _pattern(r"(?:high|higher|highest|increased|elevated)[- ](?:\w+[- ])?risk"),
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
        _TO_PREVENT,
    ),
    # An illness that is there already, and an indication to prevent it.
    _Stage(
        _pattern(
            r"established|abort\w*|rescue (?:treatment|therapy)|acute treatment|"
            r"treat\w*(?: of)? (?:(?:an?|the|my|their) )?(?:acute|existing|established|active|ongoing)\b|"
            r"treat\w*(?: of)? (?:(?:an?|the|my|their) )?(?:[\w-]+ ){0,2}(?:rejections?|episodes?|attacks?)\b"
        ),
        _pattern(r"treat|acute|abort|rescue|relie|manage|control"),
        _pattern(rf"prevent|prophyla|{_FEWER}"),
    ),
    _Stage(
        _pattern(
            r"(?:second|third|2nd|3rd|later)[- ]line\b|[23]L\b|(?:after|following) (?:failure|progression)\b|"
            r"(?:previously|already) treated|relapsed|refractory"
        ),
        _pattern(
            r"(?:second|third|later)[- ]line|(?:previously|already) treated|relapsed|refractory|recurrent|after|"
            r"following|fail|progress|inadequate|resistant|(?<!not )(?<!never )received|prior (?!systemic)"
        ),
        _pattern(r"(?:not|no|without|never) (?:received |have )?(?:any )?(?:prior|previous)|" + _EARLY),
    ),
    _Stage(_pattern(r"limited[- ]stage|LS-SCLC"), _pattern(r"limited"), _pattern(r"extensive")),
    _Stage(_pattern(r"extensive[- ]stage|ES-SCLC"), _pattern(r"extensive"), _pattern(r"limited[- ]stage")),
    _Stage(
        _pattern(r"(?<!non-)(?<!non )squamous"), _pattern(r"(?<!non-)(?<!non )squamous"), _pattern(r"non-?\s?squamous")
    ),
    _Stage(_pattern(_ALONE), _pattern(rf"{_ALONE}|alone\b|with or without"), _pattern(_TOGETHER)),
    _Stage(_MAINTENANCE, _pattern(r"maint[ae]in|maintenance")),
    _Stage(_pattern(r"mild\b"), _pattern(r"mild\b"), _pattern(r"moderate|severe")),
    _LOW_RISK,
)


#: What doses are for: to keep an illness from coming, or to treat one that is there. Treatment is also any course.
_PREVENTS = _pattern(rf"prevent|prophyla|ppx\b|{_FEWER}")
_TREATS = _pattern(r"treatment of|treating|to treat\b|(?:acute|initial) treatment\b|treatment\b(?=\W+dos|\W*$)")

#: The number of a tumor's stage, or two with all between them; a kidney's stages are other stages.
_NUMBERED = re.compile(
    r"(?<!ckd )(?<!disease )\bstages? (I{1,3}|IV|[1-4])[ABC]?\d?"
    r"(?:\s?(?:-|\u2013|to|through|or|and|,)\s?(?:stage )?(I{1,3}|IV|[1-4])[ABC]?\d?)?\b"
    r"(?! (?:ckd|chronic|kidney|renal|hypertension|htn|pressure))",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def _numbers(text: str) -> set[int]:
    found = set[int]()
    for match in _NUMBERED.finditer(text):
        first, last = (_ROMAN.get(part.casefold()) or int(part) for part in (match[1], match[2] or match[1]))
        found |= set(range(first, last + 1))
    return found


def _of_other_numbers(question: str, indications: str) -> bool:
    """Whether the question's stages are none of those that the indication gives by their numbers."""
    asked, meant = _numbers(question), _numbers(indications)
    return bool(asked and meant) and asked.isdisjoint(meant)


def of_other_purpose(question: str, doses: str) -> bool:
    """Whether the text of ``doses`` gives those to treat and ``question`` asks to prevent, or the other way round."""
    prevents, treats = _PREVENTS.search(question), _TREATS.search(question)
    if bool(prevents) == bool(treats):
        return False
    if prevents:
        return bool(_TREATS.search(doses)) and not _PREVENTS.search(doses)
    return bool(_PREVENTS.search(doses)) and not _TREATS.search(doses)


def prevents(use: str) -> bool:
    """Whether a statement of an indication gives the medicine to prevent something, or to make it come less often."""
    return bool(_TO_PREVENT.search(use))


def asks_for_maintenance(question: str) -> bool:
    """Whether ``question`` asks how a treatment goes on, which labels say of the dose and not of the use."""
    return bool(_MAINTENANCE.search(question))


def of_less_risk(question: str, indications: str) -> bool:
    """Whether ``question`` names those at low risk and the text of ``indications`` keeps to those at high risk."""
    return _LOW_RISK.leaves_out(question, indications)


def beyond(question: str, indications: str) -> bool:
    """Whether ``question`` asks for a stage, line or purpose that the text of ``indications`` leaves out."""
    return _of_other_numbers(question, indications) or any(stage.leaves_out(question, indications) for stage in _STAGES)
