"""What kind of words an answer must hold: how many days something takes, no passage tells that names no time.

A passage on the same matter is near whatever is asked of it. Where a number of days, hours or weeks, or a percentage is
asked for, and nothing that would be shown holds any, it leaves the question open. A label may also be without the
section on overdosage (21 CFR 201.56(d)(4): sections that do not apply are left out); then nothing that is near tells
what to do about one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.index import Entry, Index

#: Units of time, the shortest first, as questions and labels write them.
_UNITS = ("sec", "min", "hours?|hrs?|h", "days?|d", "weeks?|wks?", "months?|mos?", "years?|yrs?")
#: A unit that is asked for, and the places of those in which a label may tell it: 72 hours are three days.
_TOLD_IN = ((0, 1), (0, 1, 2), (2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 6), (5, 6))
_ASKED_FOR = re.compile(
    r"\bhow many (?:\w+ )?"
    r"(?:(sec)(?:onds?|s)?|(min)(?:ute)?s?|(hour|hr)s?|(day)s?|(week|wk)s?|(month)s?|(year|yr)s?)\b",
    re.IGNORECASE,
)
_NUMBER = (
    r"(?:\d|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|several|few|first|single|full|each|every|"
    r"per|same|consecutive)\b)[\s-]{0,2}"
)
#: What tells a time without a number of units.
_TIMES = r"\b(?:half-? ?li(?:fe|ves)|daily|weekly|monthly|yearly|annual)"
_PERCENTAGE = re.compile(r"\b(?:what|which) (?:percentage|percent|proportion|fraction)\b", re.IGNORECASE)
_SHARE = re.compile(r"\d\s?%|\bpercent|\d\s?/\s?\d|\d of \d|\bn\s?=|\b(?:half|third|quarter)s?\b", re.IGNORECASE)

_OF_A_WASHOUT = re.compile(r"(?<!without )(?<!without a )\bwash-?out\b", re.IGNORECASE)
_STOPPED = r"(?:wash-?out|discontinu\w+|stop\w*|elapse|wait|apart|interval|last dose)"
_UNIT = r"(?:min|hour|hr|day|week|month|half-? ?li(?:fe|ves))"
_WASHOUT = re.compile(
    rf"\b{_STOPPED}\b[^.]{{0,140}}{_NUMBER}{_UNIT}|"
    rf"{_NUMBER}{_UNIT}[^.]{{0,140}}\b(?:{_STOPPED}\b|before (?:start|init)\w+)",
    re.IGNORECASE,
)
#: Which dose of another medicine or form stands for which of this one.
_CONVERTED = re.compile(r"\b(?:conversion|mg[ -](?:for|to|per)[ -]mg|equivalent (?:\w+ )?dose)\b", re.IGNORECASE)
_CONVERSION = re.compile(
    r"\b(?:conver\w+|switch\w*|equivalen\w+|interchang\w+|substitut\w+|transition\w*|"
    r"chang\w+ (?:from|to)|correspond\w*)\b",
    re.IGNORECASE,
)


def leaves_open(question: str, intent: str, index: Index, shown: Sequence[Entry]) -> bool:
    """Whether nothing of ``shown`` can hold what ``question`` asks for, by its kind."""
    if intent == "overdose" and not any(entry.head.is_about("overdose") for entry in shown):
        return True
    needed = _needed(question)
    return bool(needed) and not any(pattern.search(_text(index, entry)) for pattern in needed for entry in shown)


def _needed(question: str) -> list[re.Pattern[str]]:
    """What an answer holds at least one of; nothing where no number of a kind is asked for."""
    if asked := _ASKED_FOR.search(question):
        units = "|".join(_UNITS[each] for each in _TOLD_IN[(asked.lastindex or 1) - 1])
        return [re.compile(rf"{_NUMBER}(?:{units})", re.IGNORECASE), re.compile(_TIMES, re.IGNORECASE)]
    kinds = ((_PERCENTAGE, _SHARE), (_OF_A_WASHOUT, _WASHOUT), (_CONVERTED, _CONVERSION))
    return [told for asked_for, told in kinds if asked_for.search(question)]


def _text(index: Index, entry: Entry) -> str:
    return f"{entry.head.title}\n{index.load(entry).text.decode()}"
