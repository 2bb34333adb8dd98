"""What a story tells of a patient beside what it asks: illnesses that the medicine is not given for, other medicines.

Whoever tells of a patient names what else is the matter with them: a reflux that another takes cimetidine for, the
pneumonia that came up last week. None of it is a use that is asked for. Only plain wording counts, and only in the
sentences that tell: what a question itself names, or points back to, is what it is about. An illness that nothing tells
to be besides is taken for why the medicine is given, so an unapproved use that is told of a patient is still referred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.answering.asking_sentences import told_and_asked
from assistant.answering.planning import FOR_A_CONDITION
from assistant.domain import OTHER_INTENTS
from assistant.understanding.conditions import asks_use, points_back, spelled_out
from assistant.understanding.readers import Reader
from assistant.understanding.reading import Reading, marked_conditions, parts

Intents = tuple[tuple[str, float], ...]
#: Below the first share the topic of a whole story is vague; from the second on that of what asks is sure.
_VAGUE, _SURE = 0.65, 0.8
_OURS = "the medicine"
#: So many words at most stand between the name of a medicine and what it is taken for.
_MOST_BETWEEN = 12
_TAKEN_FOR = re.compile(r"\bfor\s+(?:(?!the medicine\b)[\w'\u2019-]+\s+){0,3}$", re.IGNORECASE)
#: Before and behind what somebody has besides.
_BESIDES_BEFORE = re.compile(
    r"\b(?:also (?:has|have|had|suffers? from|lives with)|(?:history|background|hx) of|h/o|besides|on top of|"
    r"in addition to|apart from|as well as)\s+(?:[\w'\u2019-]+\s+){0,3}$",
    re.IGNORECASE,
)
_BESIDES_BEHIND = re.compile(r"^,?\s+(?:besides|as well|too|in addition|on the side)\b", re.IGNORECASE)
#: Behind the name of an illness in what is done about it or who does it.
_DONE = re.compile(
    r"^\s+(?:repair|surgery|operation|procedure|wash-?out|removal|clinic|ward|unit|team|nurse|screening|tests?|testing|"
    r"vaccine|vaccination|jab)\b",
    re.IGNORECASE,
)
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
_CALLED = frozenset((("diabetic",), ("asthmatic",), ("hypertensive",)))
#: The first of several illnesses in a row, up to a further one.
_IN_A_ROW = re.compile(
    r"\bwith\s+(?P<first>[^\W\d][\w'\u2019-]*(?:\s[\w'\u2019-]+){0,3}?)(?:,\s+(?:[\w'\u2019-]+\s+){0,5}?|"
    r",?\s+and\s+(?:[\w'\u2019-]+\s+){0,2}?)(?:[\w'\u2019 -]+,?\s+and\s+)?(?:[\w'\u2019-]+\s+){0,2}$",
    re.IGNORECASE,
)


def why_given(reading: Reading) -> tuple[tuple[str, ...], ...]:
    """Those of ``reading.conditions`` that the medicine may be given for; all of them where no story tells others.

    The first of several in a row is one, whether or not it was marked. Unless it is given already, something is told
    that it would be given for, but where another medicine's illness is all that is told and no dose is asked.
    """
    told, asked = told_and_asked(reading.masked)
    asking = " ".join(reading.masked[slice(*place)] for place in asked)
    if not told or points_back(asking) or asks_use(asking):
        return reading.conditions
    given = any(_GIVEN_ALREADY.search(reading.masked[slice(*place)]) for place in told)
    anothers = set[tuple[str, ...]]()
    besides, rows = set[tuple[str, ...]](), list[tuple[tuple[str, ...], tuple[str, ...]]]()
    for start, end, named in marked_conditions(reading.masked, reading.chosen):
        place = _holding(told, start, end)
        if place is None or any(_names(word, asking) for word in named):
            continue
        before, behind = reading.masked[place[0] : start], reading.masked[end : place[1]]
        came_up = given and (named in _CALLED or _CAME_UP.search(before) is not None)
        if _of_another(reading, place, start):
            anothers.add(named)
        elif came_up or _is_besides(before, behind):
            besides.add(named)
        elif first := _first_in_a_row(before):
            rows.append((first, named))
    dosed = bool(reading.intents) and reading.intents[0][0] in FOR_A_CONDITION
    given = given or not (besides or rows or dosed)
    besides |= anothers
    firsts = [first for first, _ in rows if first not in besides]
    besides.update(named for first, named in rows if first in firsts)
    kept = tuple(dict.fromkeys(named for named in (*firsts, *reading.conditions) if named not in besides))
    return kept if kept or given else reading.conditions


def as_asked(reading: Reading, reader: Reader) -> Reading:
    """``reading`` with the topic of the sentences that ask beside that of the whole, where only they are sure of one.

    A story of children, kidneys and other tablets sounds of many topics. What is too short to be read in parts is
    understood as a whole.
    """
    told, asked = told_and_asked(reading.masked)
    if not told or not parts(reading.masked) or not reading.intents or reading.intents[0][1] >= _VAGUE:
        return reading
    asking = " ".join(reading.masked[slice(*place)].strip() for place in asked)
    heard = reader.read(asking)[1].intents
    lead, share = heard[0] if heard else ("", 0.0)
    if share < _SURE or lead in OTHER_INTENTS or lead == reading.intents[0][0]:
        return reading
    return replace(reading, intents=_between(reading.intents, heard))


def _between(one: Intents, other: Intents) -> Intents:
    """Each intent as likely as in the mean of the two, the likeliest first."""
    shares = {name: 0.0 for name, _ in (*one, *other)}
    for name, share in (*one, *other):
        shares[name] += share / 2
    return tuple(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def only_told(text: str, names: Iterable[str]) -> bool:
    """Whether each of ``names`` stands only in sentences of ``text`` that tell of somebody, in none that asks."""
    told, asked = told_and_asked(text)
    asking = " ".join(text[slice(*place)] for place in asked)
    return bool(told) and not any(_names(name, asking) for name in names)


def _names(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _holding(places: Iterable[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    return next((place for place in places if place[0] <= start and end <= place[1]), None)


def _is_besides(before: str, behind: str) -> bool:
    return any((_BESIDES_BEFORE.search(before), _BESIDES_BEHIND.search(behind), _DONE.search(behind)))


def _of_another(reading: Reading, sentence: tuple[int, int], start: int) -> bool:
    """Whether what begins at ``start`` is what another medicine, named before it, is taken for."""
    if not _TAKEN_FOR.search(reading.masked[sentence[0] : start]):
        return False
    behind = [reading.masked[end:start] for end in _other_medicines(reading, sentence, start)]
    return any(_OURS not in each.lower() and len(each.split()) <= _MOST_BETWEEN for each in behind)


def _other_medicines(reading: Reading, sentence: tuple[int, int], before: int) -> Iterator[int]:
    """Where the names of other substances in ``sentence`` end."""
    for start, end, name in reading.chosen.spans or ():
        if name == "substance" and sentence[0] <= start and end <= before:
            yield end


def _first_in_a_row(before: str) -> tuple[str, ...]:
    """The words of the illness that a row begins with, where ``before`` stands before a further one of it; else ()."""
    found = _IN_A_ROW.search(before)
    return spelled_out(found["first"]) if found else ()
