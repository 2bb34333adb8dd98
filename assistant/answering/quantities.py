"""Ages, weights and kidney function that a question names, and the ranges of them that a passage speaks of.

"82 years old, 55 kg" is what "at least 80 years" and "60 kg or less" are about, though no word is shared. For ranking
alone: which passage speaks of such a patient. Nothing is computed for an answer and nothing here is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["age", "weight", "clearance", "creatinine"]
#: A range whose bound is further from what was asked than this factor says little of it ("18 years and older" of 82).
_FAR = 1.6
_FAR_SHARE = 0.5

_UNITS: dict[Kind, str] = {
    "age": r"years?|yrs?|months?|weeks?",
    "weight": r"kg|kilograms?|kilos?|lbs?\b|pounds?",
    "clearance": r"m[lL]\s?/\s?min(?:ute)?\b",
    "creatinine": r"mg\s?/\s?d[lL]\b",
}
#: In years and in kilograms.
_SIZES = {"mo": 1 / 12, "w": 7 / 365.25, "lb": 0.4536, "pound": 0.4536}
_NUMBER = r"(\d{1,3}(?:\.\d+)?)"
_FROM = r"(?:≥|>=|>|(?:greater|more|older|higher|heavier) than(?: or equal to)?|at least|over|above|exceed(?:s|ing)?)"
_TO = r"(?:≤|<=|<|(?:less|fewer|younger|lower|lighter) than(?: or equal to)?|at most|not exceeding|up to|under|below)"
_MORE = r"(?:of age |in age )?(?:and|or|to) (?:older|over|above|more|greater|higher|heavier|adult)"
_LESS = r"(?:of age |in age )?(?:and|or) (?:younger|under|below|less|lower|lighter)"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a question says of a patient, in years, kg, mL/min or mg/dL."""

    kind: Kind
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """``low`` to ``high``, either of them open (0, infinity), in the units of :class:`Quantity`."""

    kind: Kind
    low: float
    high: float

    def fits(self, asked: Quantity) -> float:
        """1 where ``asked`` lies within, near a bound; less where the bounds are far off; 0 outside."""
        if asked.kind != self.kind or not self.low <= asked.value <= self.high:
            return 0.0
        bounds = [bound for bound in (self.low, self.high) if 0 < bound < math.inf]
        near = any(1 / _FAR <= asked.value / bound <= _FAR for bound in bounds)
        return 1.0 if near else _FAR_SHARE


@cache
def _patterns(kind: Kind) -> tuple[re.Pattern[str], ...]:
    """Ranges between two numbers, open above, and open below."""
    number = rf"{_NUMBER}\s?-?({_UNITS[kind]})"
    between = rf"(?:{_FROM}\s?)?{number}?\s?(?:to|through|-|–|until|and)\s?(?:{_TO}\s?)?{number}"
    above = rf"{_FROM}\s?{number}|{number}\s?{_MORE}"
    below = rf"{_TO}\s?{number}|{number}\s?{_LESS}"
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in (between, above, below))


#: Beside an age, or else the years are those of a treatment.
_OF_AGE = re.compile(r"\bage|\bold|young|pa?ediatric|child|adult|adolescen|infant|elder|geriatric", re.IGNORECASE)
_BEFORE, _AFTER = 60, 30

#: How people write them of a patient. Each group is a number; a second one is its unit.
_PERSON = "boy|girl|man|woman|male|female|lady|patient|child"
_ASKED: tuple[tuple[Kind, str], ...] = (
    ("age", rf"\b{_NUMBER}\s?-?\s?(years?|yrs?|months?|weeks?)\s?-?\s?(?:olds?\b|of age\b)"),
    ("age", rf"\b{_NUMBER}\s?-?(?:yo|y/o|y\.o\.?|yr|yrs|y)s?\b"),
    ("age", rf"\b{_NUMBER}\s?-?(mos?)\b(?=\W*$|\W+(?:old|of age|\d|{_PERSON}|infant|baby))"),
    ("age", rf"\b(?:aged?|turn(?:ed|s)?|(?:{_PERSON}) of)\s{_NUMBER}\b(?!\s?(?:mg|kg|%))"),
    ("age", rf"\b{_NUMBER}\s?-?(years?|yrs?|months?)\b(?=\W+(?:{_PERSON}))"),
    ("weight", rf"\b{_NUMBER}\s?-?(kg|kilos?|kilograms?|lbs?|pounds?)\b(?!\s?/)"),
    ("clearance", rf"\b(?:cr\s?cl|clcr|cl cr|creatinine clearance|e?gfr)\D{{0,14}}{_NUMBER}"),
    ("clearance", rf"\b{_NUMBER}\s?m[lL]\s?/\s?min"),
    ("creatinine", rf"\b(?:creatinine|s?cr|creat)\b(?! clearance)\D{{0,12}}{_NUMBER}(?!\s?m[lL]\s?/)"),
)  # fmt: skip


def quantities_in(question: str) -> tuple[Quantity, ...]:
    """What ``question`` says of a patient; each once, in the order of the kinds."""
    if not any(character.isdigit() for character in question):
        return ()  # most questions: their first one need not wait for expressions to be compiled
    found: dict[Quantity, None] = {}
    taken: set[int] = set()
    for kind, pattern in _ASKED:
        for match in re.finditer(pattern, question, re.IGNORECASE):
            groups = [group for group in match.groups() if group]
            if match.start(1) in taken:
                continue
            taken.add(match.start(1))
            value = float(groups[0]) * size_of(groups[1] if len(groups) > 1 else "")
            found[Quantity(kind, value)] = None
    return tuple(found)


def ranges_in(text: str) -> tuple[Range, ...]:
    """The ranges that a passage's ``text`` speaks of."""
    return tuple(dict.fromkeys(range for kind in _UNITS for range in _ranges_of(kind, text)))


def _ranges_of(kind: Kind, text: str) -> Iterator[Range]:
    between, above, below = _patterns(kind)
    for match in between.finditer(text):
        low, unit, high, last = match.groups()
        if _meant(kind, text, match):
            yield Range(kind, float(low) * size_of(unit or last), float(high) * size_of(last))
    # Neither end of these is the bound of another range.
    rest = between.sub(lambda match: "·" * len(match[0]), text)
    for match in above.finditer(rest):
        if _meant(kind, text, match):
            yield Range(kind, _bound(match), math.inf)
    for match in below.finditer(rest):
        if _meant(kind, text, match):
            yield Range(kind, 0.0, _bound(match))


def _meant(kind: Kind, text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - _BEFORE) : match.end() + _AFTER]
    return kind != "age" or bool(_OF_AGE.search(around))


def _bound(match: re.Match[str]) -> float:
    number, unit = (group for group in match.groups() if group)
    return float(number) * size_of(unit)


def size_of(unit: str) -> float:
    """How many years, kilograms, mL/min or mg/dL a unit is, as it is written; 1 for none."""
    return next((size for name, size in _SIZES.items() if unit.casefold().startswith(name)), 1.0)


def share_that_fits(asked: Iterable[Quantity], ranges: Iterable[Range]) -> float:
    """How much of what is ``asked`` of a patient the ranges cover, 0 to 1."""
    spoken = tuple(ranges)
    best = [max((range.fits(quantity) for range in spoken), default=0.0) for quantity in asked]
    return sum(best) / len(best) if best else 0.0
