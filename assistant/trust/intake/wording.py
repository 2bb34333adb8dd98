r"""The words by which people say who reports and who the patient is, as patterns (English).

Guarantees: *given* patterns match only where the thing is said outright of a person; whatever could be read in another
way is a suggestion. "67-year-old woman" gives an age and a sex, "3-day-old rash" and "for 3 years" give neither,
"she" and "my husband" suggest. Gaps and repetitions are bounded. Patterns see :data:`PLAIN` text of the same length,
so that places are those of the words as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: Typographic apostrophes and hyphens, one character for one.
PLAIN = str.maketrans("‘’ʼ´`‐‑–", "'''''---")

#: UCUM units of an age (ICH E2B(R3), D.2.2b).
_UNITS = {"y": "a", "m": "mo", "w": "wk", "d": "d"}
_OLDEST = 125


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words that speak of ``element``. The group ``is``, where there is one, is what is quoted."""

    element: str
    what: str
    given: bool
    expression: re.Pattern[str]
    value: Callable[[re.Match[str]], str]


def _none(_: re.Match[str]) -> str:
    return ""


def _age(match: re.Match[str]) -> str:
    """``67 a``; "" for a number that is no age."""
    number, unit = int(match["n"]), (match.groupdict().get("unit") or "y")[0].lower()
    return f"{number} {_UNITS[unit]}" if unit != "y" or number <= _OLDEST else ""


def _sex(match: re.Match[str]) -> str:
    word = match["sex"].lower()
    return "female" if word in ("f", "female", "woman", "lady", "girl") else "male"


def _qualification(match: re.Match[str]) -> str:
    """The code of C.2.r.4: 1 physician, 2 pharmacist, 3 other health professional, 4 lawyer, 5 consumer."""
    return next((code for code, words in _CODES if match["as"].lower() in words), "1")


_CODES = (
    ("2", ("pharmacist",)),
    ("3", ("physician assistant", "physician's assistant", "doctor's assistant", "nurse practitioner", "nurse")),
    ("3", ("midwife", "dentist", "paramedic", "healthcare professional", "health care professional")),
    ("3", ("health professional",)),
    ("4", ("lawyer", "attorney")),
    ("5", ("carer", "caregiver", "patient")),
)
_PERSON = (
    r"(?:patient|pt|man|woman|lady|gentleman|male|female|boy|girl|person|child|kid|infant|baby|toddler|teenager|son|"
    r"daughter|husband|wife|mother|mom|mum|father|dad|grandmother|grandfather|brother|sister)"
)
_SEXES = r"(?P<sex>female|male|woman|man|lady|gentleman|girl|boy)"
_UNIT = r"(?P<unit>years?|yrs?|y|months?|mos?|weeks?|wks?|days?)"
_KIN = (
    r"(?:husband|wife|partner|spouse|mother|mom|mum|father|dad|son|daughter|brother|sister|grandmother|grandma|"
    r"grandfather|grandpa|aunt|uncle|niece|nephew|cousin|friend|neighbou?r|colleague|baby|child|kid|toddler)"
)
_JOBS = (
    r"(?P<as>physician(?:'s)? assistant|physician|doctor's assistant|doctor|gp|surgeon|\w{3,20}ologist|"
    r"nurse practitioner|nurse|midwife|dentist|paramedic|pharmacist|health ?care professional|health professional|"
    r"lawyer|attorney|carer|caregiver|patient)"
)
_KIND_OF = r"(?:registered|clinical|community|hospital|practice|retired|staff|icu|family|charge|school|junior|senior)"
#: What follows a number that is no age, or the age of no one person: "aged 65 and over", "is 67 kg".
_NO_AGE = (
    r"(?!(?:\s?years?)?\s?(?:-|to\b|and (?:over|above|older)|or (?:older|over|above)|\+|%|mg|kg|mcg|ml|cm|lbs?|"
    r"(?:day|week|hour|minute|month)s?\b))"
)
_TITLE = r"(?:Dr|Prof|Nurse|Mr|Mrs|Ms)\.?"
_NAME = r"[^\W\d_][\w'.-]{0,30}"


def _pattern(
    element: str, what: str, given: bool, text: str, value: Callable[[re.Match[str]], str] = _none, flags: int = re.I
) -> Pattern:
    return Pattern(element, what, given, re.compile(text, flags), value)


PATTERNS: tuple[Pattern, ...] = (
    # -- who reports ---------------------------------------------------------------------------------------------------
    _pattern("reporter", "e-mail", True, r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    _pattern(
        "reporter",
        "telephone",
        True,
        r"\b(?:tel|phone|mobile|cell|call me|reach me|contact me)\b[^\d\n+]{0,15}(?P<is>\+?\d[\d ()./-]{6,18}\d)",
    ),
    _pattern("reporter", "name", True, rf"\bmy name is (?P<is>(?:dr\.? )?{_NAME}(?: {_NAME})?)"),
    _pattern(
        "reporter",
        "name",
        True,
        rf"\b(?:[Tt]his is|I am|I'm|[Rr]egards,?|[Ss]igned,?) (?P<is>{_TITLE} (?=[A-Z]){_NAME}(?: (?=[A-Z]){_NAME})?)",
        flags=0,
    ),
    _pattern(
        "reporter",
        "qualification",
        True,
        rf"\b(?:i am|i'm|im|i work as) (?P<is>an? (?:{_KIND_OF} ){{0,2}}{_JOBS})\b(?!'s|\s\w{{1,12}}'s)",
        _qualification,
    ),
    _pattern("reporter", "a professional's wording", False, r"\b(?:my|our) (?:patients?|pts?)\b"),
    _pattern("reporter", "first person", False, r"\b(?:i|i'm|i've|my|we|our)\b"),
    # -- who the patient is --------------------------------------------------------------------------------------------
    _pattern(
        "patient",
        "age",
        True,
        rf"\b(?P<is>(?P<n>\d{{1,3}})[\s-]{{0,2}}{_UNIT}[\s-]{{1,2}}olds?)(?=[\s,-]{{1,3}}(?:[a-z]{{1,20}}[\s-]){{0,2}}{_PERSON}\b)",
        _age,
    ),
    _pattern("patient", "age", True, r"\b(?P<n>\d{1,3})[\s-]?(?:y/o|yo|y\.o\.?)(?!\w)", _age),
    _pattern("patient", "age", True, rf"\b(?:aged|age:?|age is)\s{{1,2}}(?P<n>\d{{1,3}})\b{_NO_AGE}", _age),
    _pattern("patient", "age", False, rf"\b(?P<n>\d{{1,3}})[\s-]{{0,2}}{_UNIT}[\s-]{{1,2}}olds?\b", _age),
    _pattern(
        "patient",
        "age",
        False,
        rf"\b(?:i am|i'm|(?:she|he|who|{_PERSON}) is|she's|he's)\s(?P<is>(?P<n>\d{{1,3}}))\b{_NO_AGE}",
        _age,
    ),
    _pattern("patient", "age", False, rf"\b(?P<n>\d{{1,3}}) {_UNIT} of age\b", _age),
    _pattern("patient", "age and sex", False, r"\b\d{2}\s?[MF]\b", flags=0),
    _pattern("patient", "sex", True, rf"\b{_SEXES}[\s-](?:patient|pt|infant|child|adult|adolescent)\b", _sex),
    _pattern(
        "patient",
        "sex",
        True,
        rf"\b(?:olds?|yo|y/o|y\.o\.|elderly|young|middle-aged)[\s,-]{{1,2}}(?P<is>{_SEXES})\b",
        _sex,
    ),
    _pattern("patient", "sex", False, rf"\b(?:pregnant|an?|the) (?P<is>{_SEXES})\b", _sex),
    _pattern("patient", "sex", True, r"\b\d{1,3}[\s-]?(?:y/o|yo|y\.o\.?)\s?(?P<is>(?P<sex>[MF]))\b", _sex),
    _pattern(
        "patient",
        "initials",
        True,
        r"\b[Ii]nitials?(?: are| is|:)? (?P<is>[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\.?)?)(?!\w)",
        flags=0,
    ),
    _pattern(
        "patient",
        "date of birth",
        True,
        r"\b(?:dob|date of birth|born on)\b[:\s]{0,3}(?P<is>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})",
    ),
    _pattern(
        "patient",
        "age group",
        True,
        rf"\b(?P<is>elderly|geriatric|p?a?ediatric|adolescent|teenage|newborn|neonatal)[\s-](?:(?:fe)?male[\s-])?{_PERSON}\b",
    ),
    _pattern(
        "patient", "age group", False, r"\b(?:an?|my|his|her|the) (?P<is>infant|newborn|neonate|toddler|teenager)\b"
    ),
    _pattern("patient", "relation", False, rf"\b(?:my|his|her|our) {_KIN}\b"),
    _pattern("patient", "patient", False, r"\b(?:my|our|an?|the|this|one|that) (?:patient|pt)\b"),
    _pattern("patient", "pronoun", False, r"\b(?:she|he|her|him|his)\b"),
    _pattern("patient", "first person", False, r"\b(?:i|i'm|i've|me)\b"),
)
