"""Personal data in questions, replaced by its kind before a question is recorded (policy ``redacted``).

Replaced for their form: e-mail addresses, telephone numbers, social security and NHS numbers, payment cards, record
numbers behind the words that announce them, full dates (45 CFR 164.514(b)(2) counts every date of a person, not of
birth alone). Names are replaced where something announces them: a title, "my name is", "patient".

What it cannot do: find a name that nothing announces, or a rare disease in a small town. It errs towards replacing too
much. Where a question must not be kept at all, the policy is ``hash``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}})"
)
_BIRTH = (
    r"(?:\bdob\b|\bd\.o\.b\.?|\bdate of birth\b|\bbirth ?(?:date|day)\b|\bborn(?:\s+(?:on|in))?\b)"
    r"(?:\s+is)?\W{0,3}"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w.]*(?:[-'’][^\W\d_]+)*"
_ANY = r"[^\W\d_]+(?:[-'’][^\W\d_]+)*"
_RECORD = (
    r"(?:\bmrn\b|\b(?:medical|patient|hospital|chart|case|insurance|policy|member)\s+"
    r"(?:record|file|id|identifier|number|no\b\.?)(?:\s+(?:number|num|no\b\.?|id))?|\b(?:chart|record|file)\s*(?:no\b\.?|#))"
)


def _always(_: str) -> bool:
    return True


def _sums_up(number: str) -> bool:
    """Luhn's sum, as in every payment card (ISO/IEC 7812-1)."""
    digits = [int(character) for character in reversed(number) if character.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_nhs(number: str) -> bool:
    """The check digit of a British NHS number: modulus 11."""
    digits = [int(character) for character in number if character.isdigit()]
    check = 11 - sum(digit * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return check % 11 == digits[9]


#: Kind, how it is written (the group ``own``, where there is one, is what is replaced), and what else must hold.
#: In order: what was replaced by one form is not seen by the next.
_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (kind, re.compile(form), holds)
    for kind, form, holds in (
        ("e-mail", r"(?<![\w.+%'-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+", _always),
        ("record number", rf"(?i:{_RECORD})(?:\s+is)?\W{{0,3}}(?P<own>[A-Za-z]{{0,4}}[-/]?\d[\w/-]{{2,}})", _always),
        ("date of birth", rf"(?i:{_BIRTH}(?P<own>{_DATE}|\d{{4}}\b))", _always),
        ("date", rf"(?i:(?<![\w/.-]){_DATE}(?![\w/-]))", _always),
        ("social security number", r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])", _always),
        ("social security number", r"(?i:\bssn\b|\bsocial security)\D{0,12}(?P<own>\d{9})\b", _always),
        ("card number", r"(?<![\w.-])[3-6]\d(?:[ -]?\d){11,17}(?![\w-])", _sums_up),
        ("NHS number", r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])", _is_nhs),
        ("telephone", r"(?<!\w)\+\d(?:[ ().-]{0,2}\d){7,14}(?!\w)", _always),
        ("telephone", r"(?<![\w.-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])", _always),
        ("telephone", r"(?<![\w.-])(?:\(0\d{2,4}\)|0\d{2,4})[ -]?\d{3,4}[ -]?\d{3,4}(?![\w-])", _always),
        (
            "telephone",
            r"(?i:\b(?:phone|telephone|tel|mobile|cell|call me(?: (?:on|at))?|reach me(?: (?:on|at))?)\b)"
            r"(?:\s+(?:number|no\b\.?))?(?:\s+is)?\W{0,3}(?P<own>\d(?:[ ().-]{0,2}\d){6,14})",
            _always,
        ),
        ("name", rf"(?i:\bmy name(?:['’]s|\s+is)|\bi am called)\s+(?P<own>{_ANY}(?:\s+{_CAPITAL}){{0,3}})", _always),
        ("name", rf"(?i:\bname(?:d|\s+is|:)\s*)(?P<own>{_CAPITAL}(?:\s+{_CAPITAL}){{0,3}})", _always),
        (
            "name",
            rf"\b(?i:dr|doctor|mr|mrs|ms|miss|mx|prof|professor|nurse|sister)\b\.?\s+(?P<own>{_CAPITAL}"
            rf"(?:\s+{_CAPITAL}){{0,2}})",
            _always,
        ),
        ("name", rf"\b(?i:mr|mrs|ms|mx)\b\.?\s+(?P<own>{_ANY})", _always),
        (
            "name",
            rf"\b(?i:patients?|client|(?:husband|wife|mother|father|son|daughter|brother|sister|baby)),?\s+"
            rf"(?:is\s+|called\s+)?(?P<own>{_CAPITAL}(?:\s+{_CAPITAL}){{1,2}})",
            _always,
        ),
    )
)


def redacted(text: str) -> str:
    """``text`` with everything that looks like personal data replaced by its kind in angle brackets."""
    for kind, form, holds in _FORMS:
        text = _replaced(text, kind, form, holds)
    return text


def _replaced(text: str, kind: str, form: re.Pattern[str], holds: Callable[[str], bool]) -> str:
    own: str | int = "own" if "own" in form.groupindex else 0
    kept, end = [], 0
    for match in form.finditer(text):
        start, stop = match.span(own)
        if "<" not in match[own] and holds(match[own]):
            kept += [text[end:start], f"<{kind}>"]
            end = stop
    return "".join((*kept, text[end:]))
