"""Personal data in questions: what looks like it, and the same text with it masked.

Found for certain by their form: e-mail addresses, telephone numbers (toll-free ones are nobody's), US social security
numbers that can have been issued, payment cards (Luhn's sum, ISO/IEC 7812-1), medical record numbers and dates of birth
behind the words that announce them (identifiers of 45 CFR 164.514(b)(2)). Names behind titles are hints only: many
are invented. Masking names the kind of what was found and shows none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}})"
)
_WORD = r"[A-Z](?:[a-z]+|\.)?(?:[-'’][A-Z][a-z]+)?"
_NAME = rf"(?P<own>{_WORD}(?:\s+{_WORD})?)"
#: Area codes of calls that the called pays (North American Numbering Plan): numbers of companies.
_FREE = r"(?!8(?:00|33|44|55|66|77|88))"
_CARD = "payment card number"

#: Kind -> how it is written; the group ``own``, where there is one, is the part that is personal.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail address", re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")),
    # Numbers that were never issued (20 CFR 422.103): 000, 666 and 9xx; group 00; serial 0000.
    ("social security number", re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")),
    ("social security number", re.compile(r"(?i:\bssn\b|\bsocial security)\D{0,12}(?P<own>\d{9})\b")),
    (_CARD, re.compile(r"(?<![\w.-])[3-6]\d(?:[ -]?\d){11,17}(?![\w-])")),
    (
        "telephone number",
        re.compile(
            rf"(?<![\w.-])(?:\+?1[ .-]?)?(?:\({_FREE}[2-9]\d\d\) ?|{_FREE}[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{{4}}(?![\w-])"
        ),
    ),
    ("telephone number", re.compile(rf"(?<!\w)\+(?!1[ .-]?\(?(?!{_FREE}))\d(?:[ ().-]{{0,2}}\d){{8,14}}(?!\w)")),
    (
        "medical record number",
        re.compile(
            r"(?i:\bmrn\b|\bmedical record(?: (?:number|num|no\b\.?))?|\bpatient (?:id|number)\b)"
            r"(?:\s+is)?\W{0,3}(?P<own>[A-Za-z]{0,3}-?\d[\d-]{3,})"
        ),
    ),
    (
        "date of birth",
        re.compile(
            r"(?i:(?:\bdob\b|\bd\.o\.b\.?|\bdate of birth\b|\bbirth ?date\b|\bborn(?: on)?\b)"
            rf"(?:\s+is)?\W{{0,3}}(?P<own>{_DATE}))"
        ),
    ),
)

_HINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("name behind a title", re.compile(rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor)\b\.?\s+{_NAME}")),
    ("name that is announced", re.compile(rf"(?i:\bmy name is|\bpatient(?:['’]s)? name(?: is)?:?)\s+{_NAME}")),
)


@dataclass(frozen=True, slots=True)
class Personal:
    """Characters ``start`` to ``end`` of a text look like personal data of a ``kind``; for certain, or as a hint."""

    kind: str
    start: int
    end: int
    certain: bool


def personal_data(text: str) -> list[Personal]:
    """What looks like personal data in ``text``, in order, nothing twice."""
    found: list[Personal] = []
    for forms, certain in ((_FORMS, True), (_HINTS, False)):
        for kind, start, end in _matches(text, forms):
            if not any(start < other.end and other.start < end for other in found):
                found.append(Personal(kind, start, end, certain))
    return sorted(found, key=lambda one: one.start)


def _matches(text: str, forms: tuple[tuple[str, re.Pattern[str]], ...]) -> Iterator[tuple[str, int, int]]:
    for kind, form in forms:
        for match in form.finditer(text):
            group: str | int = "own" if "own" in form.groupindex else 0
            if kind != _CARD or _sums_up(match[0]):
                yield kind, match.start(group), match.end(group)


def _sums_up(number: str) -> bool:
    """Luhn's sum: every second digit from the right counts double, less nine when above nine."""
    digits = [int(character) for character in reversed(number) if character.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def masked(text: str) -> str:
    """``text`` with everything that looks like personal data replaced by its kind in angle brackets."""
    for one in reversed(personal_data(text)):
        text = f"{text[: one.start]}<{one.kind}>{text[one.end :]}"
    return text
