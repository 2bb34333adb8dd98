"""Say where a flattened table of words ends that its footnotes stand behind: with the last of them.

The words of a cell ("No dose adjustment is required.") look like any others, so no list of them tells where a table of
directions ends. Its footnotes do: they speak of marks and abbreviations that its rows bear.

Guarantees: the end told is a place where a sentence begins, behind the table as known and not beyond the limit; between
the two stand footnotes and what may be cells, no sentence that reports or tells more than one cell can hold. A footnote
counts where the table has its mark, or the abbreviation that it spells out. Refuses nothing. Time is linear in the
length of what is looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

#: What a footnote begins with: its mark, what it spells out, or by whose scale grades are meant.
_NOTE = re.compile(
    r"(?P<mark>[*†‡§¶#]{1,3})\s?(?=[A-Za-z])"
    r"|(?P<all>Abbreviations?(?: used)?)\b\s?:"
    r"|(?P<short>[A-Z][A-Za-z0-9/-]{1,9}(?=\s?=)|[A-Z][A-Za-z]{0,3}[A-Z]{1,5}s?(?=\s?:))\s?[=:]\s?(?=[a-z(])"
    r"|(?P<scale>(?:Grad(?:ing|ed|es?)|Toxicity|Severity|Based on|Per|According to|As (?:graded|defined))\b[^.;]{0,80}?"
    r"(?:CTCAE|Common (?:Terminology|Toxicity) Criteria|\bNCI\b)|Grade 1 (?:is|=|indicates) mild)"
)
#: Where a footnote begins though no sentence's end stands before it.
_BEGINS = re.compile(rf"(?<=\s)(?:{_NOTE.pattern})")
#: What a cell of directions does not say: it reports nothing.
_REPORTS = re.compile(
    r"\b(?:was|were|had|did|showed|shown|demonstrated|occurred|reported|observed|evaluated|randomized|studied|[Ff]igure)\b"
    r"|\b(?:[Tt]he|[Tt]hese|[Aa]ll) (?:safety|efficacy|recommended|following|usual|study|trial|primary)\b"
)
#: A number and the title of a section.
_SECTION = re.compile(r"(?<=[.\])*†‡§¶]\s)\d{1,2}\.\d{1,2}\s+[A-Z][a-z]+\s")
#: No footnote and no cell is as long.
_MOST_CHARS = 600


def end_of_notes(
    text: str, starts: list[int], table: tuple[int, int], beyond: int, most: int, cell: re.Pattern[str]
) -> int:
    """Where a table ends with its last footnote and the directions behind that, at or behind its known end.

    ``beyond``: where it must have ended; ``most``: its length at most; ``cell``: what a cell that goes on
    behind a footnote printed between rows begins with. Of a table without an end only one that reaches so far is told:
    else its footnotes may be printed before its rows, or between them.
    """
    begin, end = table
    near = begin + most + _MOST_CHARS
    if section := _SECTION.search(text, max(end, begin + 1), min(beyond, near)):
        beyond = section.start()
    found = [match for match in _BEGINS.finditer(text, end, min(beyond, near)) if _belongs(text, match, begin, near)]
    notes = {match.start() for match in found}
    may_report = {match.start() for match in found if match["mark"]}
    ends = {*starts[bisect_right(starts, end) : bisect_left(starts, beyond)], beyond}
    last, noted, goes_on = end, False, False
    for a, b in pairwise(sorted({end, *notes, *ends})):
        noted |= a in notes
        goes_on = a in notes or (goes_on and bool(cell.match(text, a)))
        if (
            b - begin > most
            or b - a > _MOST_CHARS
            or (a not in may_report and a > begin and _REPORTS.search(text, a, b))
        ):
            break
        if goes_on and b in ends:
            last = b
    return last if noted and (end > begin or last == beyond) else end


def _belongs(text: str, match: re.Match[str], begin: int, near: int) -> bool:
    """Whether the rows before a footnote bear its mark, or what stands near the abbreviation that it explains."""
    if mark := match["mark"]:
        return text.find(mark, begin, match.start()) >= 0
    said = match["short"]
    return not said or text.find(said, begin, match.start()) >= 0 or text.find(said, match.end(), near) >= 0
