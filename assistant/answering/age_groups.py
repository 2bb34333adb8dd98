"""Whom a question or a sentence of a label is about, by age: a child of six, adolescents, adults, those under two.

Ages are years; what a word stands for ("infants") is a range of them. Nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.answering import lexical
from assistant.answering.quantities import quantities_in, ranges_in, size_of
from assistant.understanding.illness_types import joined

#: The group, as questions and labels have it.
GROUP = "pediatric"
_WORDS = r"(?:[\w-]+ ){0,3}"
#: That something is not established, or not known, of whoever a sentence names.
NOT_SO = re.compile(
    rf"\b(?:(?:has|have|is|are|was|were)(?: not|n['\u2019]t)|not|never) (?:yet )?{_WORDS}"
    r"(?:established|indicated|approved|recommended|intended|demonstrated|studied)\b|"
    r"\bnot known (?:if|whether)\b[^.]*\b(?:safe|effective|works?)\b|\b(?:unknown) (?:if|whether)\b",
    re.IGNORECASE,
)
CHILDREN = re.compile(
    r"\b(?:p(?:a)?ediatrics?|child(?:ren|hood)?|adolescen\w+|infants?|neonat\w+|newborns?|birth)\b", re.IGNORECASE
)
ADULTS = re.compile(r"\b(?:adults?|grown-?ups?)\b", re.IGNORECASE)
_ANY_CHILD = (1.0, 16.0)
_BORN_EARLY = -1.0
GROWN = 18.0
CHILD_AGES, ADULT_AGES = (0.0, GROWN), (GROWN, 100.0)
_AT_TERM = re.compile(r"\bterm (?:neonat\w+|newborns?|infants?)", re.IGNORECASE)
#: What an age that a word stands for ends before.
_LESS = 0.01
#: Ages in years that words stand for; before birth was due is less than nothing.
_NAMED_AGES: tuple[tuple[re.Pattern[str], tuple[float, float]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), ages)
    for words, ages in (
        (r"pre-?term|premature", (_BORN_EARLY, 0.0)),
        (r"neonat\w+|newborns?", (0.0, 1 / 12)),
        (r"infants?|bab(?:y|ies)|toddlers?", (0.0, 2.0)),
        (r"adolescen\w+|teen(?:ager)?s?", (12.0, 17.0)),
    )
)
#: Ages as sentences write them beside those that :func:`ranges_in` reads.
_UNIT = r"(?:years|months|weeks|days)"
_LESS_THAN = r"\b(under|below|over|above|less than|younger than)"
_REWRITTEN = (
    (re.compile(rf"{_LESS_THAN} (?:the )?age (?:of )?(\d++)(?! ?{_UNIT})"), r"\1 \2 years of age"),
    (re.compile(rf"{_LESS_THAN} (?:the )?age (?:of )?"), r"\1 "),
    (re.compile(rf"\b(?:(?:an|the) )?ages? of (\d++)(?! ?{_UNIT})"), r"\1 years of age"),
    (re.compile(r"\b(?:(?:an|the) )?ages? of (?=\d)"), ""),
    (
        re.compile(rf"\b(aged?s?(?: between)?) (\d+)( ?(?:to|through|and|-|\u2013) ?\d++)(?! ?-?{_UNIT})"),
        r"\1 \2\3 years",
    ),
    (re.compile(r"\bbirth\b"), "0 years"),
)
#: Ages as questions write them: "under 5s", "children over 12", "kids 6-11", "infants under 6 months".
_YEARS = r"(?: ?-?(years?|yrs?|yo|y|months?|mos?|weeks?|wks?)\b)?"
_NO_AGE = (
    r"(?! ?-?(?:kg|mc?g|ml|g|lbs?|pounds?|%|days?|hours?|h|min(?:ute)?s?|times?|doses?|months?|mos?|weeks?|wks?)\b|%)"
)
_CHILD_BEFORE = (
    r"(?:\b(?:child(?:ren)?|kids?|p(?:a)?ediatrics?|infants?|bab(?:y|ies)|toddlers?|adolescents?|teen(?:ager)?s?|boys|"
    r"girls|patients|those|aged?|ages)(?: who are)?(?: of)?(?: aged?| ages)? )"
)
_LESS_IN = r"(?:under|below|younger than|less than|up to|<)"
_BOUND = r" ?(?:the )?(?:ages? (?:of )?)?(\d{1,2})"
_UNDER = re.compile(
    rf"(?:{_CHILD_BEFORE}{_LESS_IN}{_BOUND}s?\b{_YEARS}|\b{_LESS_IN}{_BOUND}s?\b{_YEARS}(?= old| of age)|"
    rf"(?:\b|(?=<)){_LESS_IN}{_BOUND}s?\b()){_NO_AGE}",
    re.IGNORECASE,
)
_OVER = re.compile(
    rf"(?:{_CHILD_BEFORE}(?:over|above|older than|at least|>){_BOUND}s?\b{_YEARS}|"
    rf"\b(?:over|above){_BOUND}s\b()){_NO_AGE}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"{_CHILD_BEFORE}(?:between |from )?(\d{{1,2}}){_YEARS} ?(?:-|\u2013|to|through|and) ?"
    rf"(\d{{1,2}})s?\b{_YEARS}{_NO_AGE}",
    re.IGNORECASE,
)
AGED = re.compile(r"\b\d+(?:\.\d+)?\W{0,2}(?:years?|months?|weeks?|yrs?)\b|\bage", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Child:
    """Whom a question is about, and of what illness: the ``ages`` in years that it says, ``weight`` in kg (0: none).

    ``names``: the terms of each illness it names, under each of its names.
    """

    ages: tuple[float, float]
    told: bool
    weight: float
    names: tuple[tuple[frozenset[str], ...], ...]


def child_of(question: str, names: Iterable[Sequence[frozenset[str]]]) -> Child | None:
    """The child that ``question`` is about; None where it says an age that is no child's."""
    asked = quantities_in(question)
    ages = [each.value for each in asked if each.kind == "age"]
    weight = next((each.value for each in asked if each.kind == "weight"), 0.0)
    known = tuple(tuple(each) for each in names)
    bounds = _bounds(question)
    if bounds and (not ages or not set(bounds).isdisjoint(ages)):
        low, high = bounds
        return Child((low, high - _LESS), True, weight, known) if low < GROWN and high <= GROWN else None
    if ages:
        return Child((min(ages), max(ages)), True, weight, known) if max(ages) < GROWN else None
    named = next((ages for pattern, ages in _NAMED_AGES if pattern.search(question)), None)
    ages_meant = (named[0], named[1] - _LESS) if named else _ANY_CHILD
    return Child(ages_meant, named is not None, weight, known)


def _bounds(question: str) -> tuple[float, float] | None:
    """The ages in years, from and to, that ``question`` bounds; None where it bounds none."""
    if between := _BETWEEN.search(question):
        low, unit, high, last = between.groups()
        return float(low) * size_of(unit or last or ""), float(high) * size_of(last or unit or "")
    if under := _UNDER.search(question):
        number, *unit = filter(None, under.groups())
        return 0.0, float(number) * size_of("".join(unit))
    if over := _OVER.search(question):
        number, *unit = filter(None, over.groups())
        return float(number) * size_of("".join(unit)), GROWN
    return None


def asks_of_adults(question: str) -> bool:
    """Whether ``question`` is about adults, by a word or by an age, and not about children as well."""
    ages = [each.value for each in quantities_in(question) if each.kind == "age"]
    told = min(ages) >= GROWN if ages else ADULTS.search(question) is not None
    return told and not CHILDREN.search(question)


def of_illness(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names every illness that is asked about, by one of its names; none is asked: any does."""
    terms = frozenset(lexical.terms(joined(sentence)))
    return all(any(name <= terms for name in names) for names in child.names)


def ages_of(sentence: str) -> list[tuple[float, float]]:
    """The ages that ``sentence`` is about, in years; those of all children where it names children and no age."""
    for pattern, plainer in _REWRITTEN:
        sentence = pattern.sub(plainer, sentence)
    ages = [(each.low, each.high) for each in ranges_in(sentence) if each.kind == "age"]
    named = [ages for pattern, ages in _NAMED_AGES if pattern.search(sentence)]
    if ages or not CHILDREN.search(sentence):
        return ages
    if re.search(r"\b\d+\W{0,2}(?:years?|months?|weeks?|yrs?)\b", sentence):
        return []  # ages that were not understood
    if named and not re.search(r"\b(?:p(?:a)?ediatric|child)", sentence, re.IGNORECASE):
        return named
    return [(_BORN_EARLY if NOT_SO.search(sentence) else 0.0, GROWN)]


def covers(sentence: str, child: Child, *, whole: bool = False) -> bool:
    """Whether the ages that ``sentence`` is about are the child's, some of them or the ``whole``."""
    low, high = child.ages
    if whole:
        return any(first <= low and high < last for first, last in ages_of(sentence))
    if high < 0 and _AT_TERM.search(sentence):
        return False
    # What is for newborns may be for those who were born early as well.
    return any(low < last and first <= max(high, 0.0) for first, last in ages_of(sentence))
