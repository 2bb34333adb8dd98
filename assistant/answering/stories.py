"""What a story tells of a patient beside what it asks: illnesses that the medicine is not given for.

Whoever tells of a patient names what else is the matter with them: a reflux that another takes cimetidine for, the
pneumonia that came up last week. None of it is a use that is asked for. Only plain wording counts, and only in the
sentences that tell: what a question itself names, or points back to, is what it is about. An illness that nothing tells
to be besides is taken for why the medicine is given, so an unapproved use that is told of a patient is still referred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.answering.asking_sentences import told_and_asked
from assistant.answering.planning import FOR_A_CONDITION
from assistant.understanding.aspects import asks_dose
from assistant.understanding.conditions import asks_use, points_back, spelled_out
from assistant.understanding.reading import Reading, marked_conditions

_OURS = "the medicine"
#: So many words at most stand between the name of a medicine and what it is taken for.
_MOST_BETWEEN = 12
_TAKEN_FOR = re.compile(r"\bfor\s+(?:(?!the medicine\b)[\w'\u2019-]+\s+){0,3}$", re.IGNORECASE)
#: How a story tells that the medicine is already given, or when it will be.
_GIVEN_ALREADY = re.compile(
    r"\b(?:(?:months?|weeks?|days?|years?|cycles?|doses?) into\b|on day \d|"
    r"(?:is|are|was|been|stays?|remains?|already|well) on (?:the medicine|it|this)\b|"
    r"(?:has|have) (?:been|had|received|taken|used)\b(?:[^.?!;]|\.(?=\d)){0,40}\bthe medicine\b|"
    r"(?:his|her|their|the|my|our|very|due|booked)\s+(?:\w+\s+){0,2}?(?:next|first|second|third|last|latest)\s+"
    r"(?:\w+\s+){0,2}?(?:dose|syringe|injection|infusion|shot|cycle|course|tablet|pill|bag|pen|week|drip)\b|"
    r"since (?:starting|beginning|the (?:first|last)))",
    re.IGNORECASE,
)
#: Before what came up in somebody who is treated or about to be, and what such a patient is called by.
_CAME_UP = re.compile(
    r"\b(?:(?:turned up|came (?:in|down|back)|presented|admitted|hospitali[sz]ed|landed)\b[^.?!;,]{0,40}\bwith|"
    r"developed|picked up|caught|went down with|(?:now|today) (?:has|have|had))\s+(?:[\w'\u2019-]+\s+){0,3}$",
    re.IGNORECASE,
)
#: That the medicine is to take the place of another, for whatever that was taken.
_REPLACES = re.compile(
    r"\b(?:instead|in (?:its|his|her|their) place|replac\w*|switch\w*|chang\w+ (?:over )?(?:to|from)|fail\w*|"
    r"(?:not|n['\u2019]t|no longer|never|stopped|quit) (?:help|work|respon|control)\w*)\b",
    re.IGNORECASE,
)
_CALLED = frozenset((("diabetic",), ("asthmatic",), ("hypertensive",)))
#: The first of several illnesses in a row, up to a further one.
_IN_A_ROW = re.compile(
    r"\bwith\s+(?P<first>[^\W\d][\w'\u2019-]*(?:\s[\w'\u2019-]+){0,3}?)(?:,\s+(?:[\w'\u2019-]+\s+){0,5}?|"
    r",?\s+and\s+(?:[\w'\u2019-]+\s+){0,2}?)(?:[\w'\u2019 -]+,?\s+and\s+)?(?:[\w'\u2019-]+\s+){0,2}$",
    re.IGNORECASE,
)


def why_given(reading: Reading) -> tuple[tuple[str, ...], ...]:
    """Those of ``reading.conditions`` that the medicine may be given for; all of them where no story tells others.

    The first of several in a row is one, whether or not it was marked. Something is told that it is given for, unless
    it is given already and it is not asked how much, or another medicine's illness is all that is told.
    """
    told, asked = told_and_asked(reading.masked)
    asking = " ".join(reading.masked[slice(*place)] for place in asked)
    if not told or points_back(asking) or asks_use(asking) or _REPLACES.search(reading.masked):
        return reading.conditions
    given = any(_GIVEN_ALREADY.search(reading.masked[slice(*place)]) for place in told)
    anothers = set[tuple[str, ...]]()
    besides, rows = set[tuple[str, ...]](), list[tuple[tuple[str, ...], tuple[str, ...]]]()
    for start, end, named in marked_conditions(reading.masked, reading.chosen):
        place = _holding(told, start, end)
        if place is None or any(_names(word, asking) for word in named):
            continue
        before = reading.masked[place[0] : start]
        if _of_another(reading, place, start):
            anothers.add(named)
        elif given and (named in _CALLED or _CAME_UP.search(before)):
            besides.add(named)
        elif first := _first_in_a_row(before):
            rows.append((first, named))
    dosed = bool(reading.intents) and reading.intents[0][0] in FOR_A_CONDITION
    more = bool(besides or rows)
    given = not (more or dosed) or (given and not (more and asks_dose(asking)))
    besides |= anothers
    firsts = [first for first, _ in rows if first not in besides]
    besides.update(named for first, named in rows if first in firsts)
    kept = tuple(dict.fromkeys(named for named in (*firsts, *reading.conditions) if named not in besides))
    return kept if kept or given else reading.conditions


def _names(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _holding(places: Iterable[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    return next((place for place in places if place[0] <= start and end <= place[1]), None)


def _of_another(reading: Reading, sentence: tuple[int, int], start: int) -> bool:
    """Whether what begins at ``start`` is what another medicine, named before it, is taken for."""
    if not _TAKEN_FOR.search(reading.masked[sentence[0] : start]):
        return False
    behind = (
        reading.masked[last:start].lower()
        for first, last, name in reading.chosen.spans or ()
        if name == "substance" and sentence[0] <= first and last <= start
    )
    return any(_OURS not in each and len(each.split()) <= _MOST_BETWEEN for each in behind)


def _first_in_a_row(before: str) -> tuple[str, ...]:
    """The words of the illness that a row begins with, where ``before`` stands before a further one of it; else ()."""
    found = _IN_A_ROW.search(before)
    return spelled_out(found["first"]) if found else ()
