"""Say where the counted steps of a procedure run ("1. Remove the base ... 2. Insert ...", "Step 1: ... Step 2: ...").

Half a procedure is half a dose: one is held together, and what is too long for one passage is cut before its steps,
and its pieces go with each other.

Guarantees: only places of the text are told, in order and without overlap. Steps count from 1 on, at least three, none
left out; bare numbers count only where most of the steps begin with what to do, so that numbered warnings or references
are none. A procedure begins with the heading before its first step and ends behind its last step's first sentences.
Refuses nothing. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache

#: A procedure stays in one piece up to this length. Of 112 in 199 real records nine of ten are no longer.
PROCEDURE_CHARS = 3600

_STEP = re.compile(
    r"(?:(?<=\s)|^)(?:(?P<named>STEP|Step)\s(?P<a>\d{1,2})(?:\s?[:.–-](?=\s)|(?=\s[A-Z]))"
    r"|(?P<b>\d{1,2})[.)]\s(?=[A-Z])|(?P<letter>[A-K])(?P<c>\d{0,2})\.\s(?=[A-Z][a-z]))"
)
#: What stands before a number that is no step's.
_REFERS = re.compile(
    r"(?:\b(?:see|in|of|to|from|and|or|with|repeat|steps?|tables?|figures?|sections?|study|studies|by|at|about|than|for"
    r"|take|type|part|day|until)|[(,\"“=<>≥≤+/-])\s*$",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"\s*(?:(?:Carefully|Gently|Slowly|Visually|Aseptically|Immediately|Firmly|Always|Never|Do not|Don[’']t|Then"
    r"|Using [^.]{1,40},|With [^.]{1,60},|Keeping [^.]{1,60},"
    r"|While [^.]{1,60},|If [^.]{1,80},|When [^.]{1,80},|After [^.]{1,80},|Before [^.]{1,80},|To [^.]{1,60},)\s)?(?i:"
    r"add|adjust|administer|aim|allow|apply|assemble|attach|begin|blow|breathe|bring|calculate|check|choose|clean|close"
    r"|collect|combine|connect|cover|crush|cut|depress|determine|dial|dilute|dip|discard|dispose|dissolve|draw|drink|dry"
    r"|empty|exhale|expel|fill|find|flick|fold|freeze|gather|get|give|grasp|hold|infuse|inhale|inject|insert|inspect"
    r"|invert|keep|lay|leave|let|lie|lift|load|look|lower|make|measure"
    r"|mix|move|open|peel|pick|pierce|pinch|place|point|position|pour|prepare|press|prime|pull|pump|push|put|raise|read|recap"
    r"|reconstitute|record|release|remove|repeat|replace|return|rinse|roll|rotate|rub|screw|select|separate|set|shake|sit"
    r"|slide|spray|squeeze|stand|start|stir|stop|store|swallow|swirl|switch|take|tap|tear|thaw|throw|tilt|transfer|turn"
    r"|twist|uncap"
    r"|unfold|unscrew|unwrap|use|wait|warm|wash|wet|wipe|withdraw|write)\b"
)
_THROWS_AWAY = re.compile(r"\s*(?:(?i:dispos|discard|throw)|(?:After|Following) [^.]{0,40}(?i:dispos|discard|throw))")
_FEWEST = 3
#: No step is as long.
_STEP_CHARS = 1600
#: A heading before the first step; the first sentences of the last one.
_HEADING_CHARS = 120
#: A short direction behind those is of the last step too.
_SHORT_CHARS = 80
#: A sentence that leads to the first step with a colon says what is to be done, and goes with it.
_LEAD_CHARS = 400
_LAST_CHARS = 500


@dataclass(frozen=True, slots=True)
class Procedure:
    """Where it begins and ends, and where its steps begin; the first stands behind its heading."""

    start: int
    end: int
    steps: tuple[int, ...]


def procedures(text: str, starts: list[int], start: int, end: int) -> list[Procedure]:
    """The procedures of a range; ``starts``: where sentences begin in it."""
    found: list[Procedure] = []
    for steps in sorted(_counted(text, start, end)):
        one = _with_ends(text, steps, starts, start, end)
        above = found[-1] if found else None
        if above is None or above.end <= one.start:
            found.append(one)
        elif above.steps[-1] < one.start:
            found[-1:] = [replace(above, end=one.start), one]
    return found


def _with_ends(text: str, steps: list[int], starts: list[int], start: int, end: int) -> Procedure:
    """The steps, the heading before them, the first sentences of the last; to throw away is no part of a dose."""
    before = bisect_right(starts, steps[0])
    begin = starts[before - 1] if before else start
    most = _LEAD_CHARS if text[steps[0]].isdigit() and text[begin : steps[0]].rstrip().endswith(":") else _HEADING_CHARS
    if steps[0] - begin > most:
        begin = steps[0]
    if len(steps) > _FEWEST and _THROWS_AWAY.match(text, _words(text, steps[-1])):
        return Procedure(begin, steps[-1], tuple(steps[:-1]))
    behind = bisect_left(starts, steps[-1] + _LAST_CHARS)
    while behind + 1 < len(starts) and starts[behind + 1] - starts[behind] <= _SHORT_CHARS:
        if not _DOES.match(text, starts[behind]):
            break
        behind += 1  # "Do not freeze."
    return Procedure(begin, starts[behind] if behind < len(starts) else end, tuple(steps))


def is_counted(text: str, start: int, end: int) -> bool:
    """Whether steps with names or letters ("Step 1", "A.") begin to count behind ``start`` and up to ``end``, or just
    behind that; bare numbers may be of anything.
    """
    return any(start <= run[0] <= end + _HEADING_CHARS and not text[run[0]].isdigit() for run in _all(text))


@lru_cache(maxsize=1)
def _all(text: str) -> tuple[list[int], ...]:
    """The steps of a whole text, which its pieces share."""
    return tuple(_counted(text, 0, len(text)))


def _counted(text: str, start: int, end: int) -> list[list[int]]:
    """The runs of steps that count from 1 on: by name ("Step 1"), by bare numbers, by letters ("A.", "A1.", "B.")."""
    runs: list[list[int]] = []
    last: dict[str, tuple[int, int]] = {}
    open_runs: dict[str, list[int]] = {}
    for match in _STEP.finditer(text, start, end):
        if _REFERS.search(text[max(start, match.start() - 20) : match.start()]):
            continue
        kind = "named" if match["named"] else "letters" if match["letter"] else "numbers"
        number = _number(match)
        run = open_runs.get(kind, [])
        if run and _is_next(last[kind], number) and match.start() - run[-1] <= _STEP_CHARS:
            run.append(match.start())
        elif number in ((1, 0), (1, 1)):
            open_runs[kind] = [match.start()]
            runs.append(open_runs[kind])
        else:
            continue
        last[kind] = number
    return [one for one in runs if len(one) >= _FEWEST and (_is_named(text, one) or _is_done(text, one))]


def _number(match: re.Match[str]) -> tuple[int, int]:
    """The number of a step, and that of its part: (1, 0) of "Step 1" and "A.", (1, 2) of "A2."."""
    if match["letter"]:
        return ord(match["letter"]) - ord("A") + 1, int(match["c"] or 0)
    return int(match["a"] or match["b"]), 0


def _is_next(above: tuple[int, int], number: tuple[int, int]) -> bool:
    return number in ((above[0], above[1] + 1), (above[0] + 1, 0), (above[0] + 1, 1))


def _is_named(text: str, run: list[int]) -> bool:
    return text.startswith(("STEP", "Step"), run[0])


def _is_done(text: str, run: list[int]) -> bool:
    """Whether most of the steps say what to do."""
    return 2 * sum(bool(_DOES.match(text, _words(text, at))) for at in run) > len(run)


def _words(text: str, at: int) -> int:
    """Where the words of the step at a place begin."""
    match = _STEP.match(text, at)
    return match.end() if match else at
