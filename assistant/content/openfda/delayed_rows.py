"""Say where a flattened table ends whose rows do not follow its title directly, or read like sentences.

- openFDA prints footnotes where their marks stand: behind a title or a column's head they come before the rows
  ("Table 3 Number of Vials All doses in the table are approved for doze. 75 mg 1 0.6 mL ..."). A title without its
  rows tells no dose, and rows without their title tell nobody whose they are.
- The cells of a table of doses may be sentences ("Induction: 10 mg twice daily for 8 weeks; then ... Maintenance: 5").

Guarantees: the places told are such where a sentence begins, at or behind the known end. Refuses nothing. Time is
linear in the length of what is looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

#: A table with such footnotes stays in one piece up to this length, as a procedure does.
TABLE_CHARS = 3600

#: What a footnote says of a table without a mark that could be told.
_NOTE = re.compile(
    r"\b(?:in|of) (?:the|this) table\b|\bth(?:e|is) table (?:represents|shows|includes|lists|does)\b"
    r"|\b(?:is|are|was|were) (?:also |only |not )?(?:approved|intended|indicated|recommended) for\b"
    r"|\b[Ii]ndicates? that\b|\b(?:include|exclude)s?\b|\b[a-z] ?: ?[\"“A-Z]|[*†‡§]"
)
_MOST_NOTES = 3
#: No footnote and no cell is as long.
_NOTE_CHARS = 800
#: A cell of figures; a list in a sentence has its commas at them.
_CELL = re.compile(r"[^\sA-Za-z]*\d[^\sA-Za-z,;:]*(?<![.,;:])")
_DENSE, _CELLS = 4, 8


def end_behind_notes(text: str, places: list[int], table: tuple[int, int]) -> int:
    """Where a table ends whose rows stand behind footnotes: ``table``: its title and its end as known.

    ``places``: where sentences begin, the last beyond the table. Where other sentences than footnotes stand before the
    rows, nothing is told.
    """
    begin, last = table
    behind = places[bisect_right(places, last) :]
    for n, (a, b) in enumerate(pairwise([last, *behind[: _MOST_NOTES + 1]])):
        if b - begin > TABLE_CHARS:
            break
        if n and _of_rows(text[a:b]):
            return b
        if b - a > _NOTE_CHARS or not _NOTE.search(text, a, b):
            break
    return last


def _of_rows(text: str) -> bool:
    """Whether four of ten words are cells of figures somewhere, and eight altogether."""
    cells = [bool(_CELL.fullmatch(word)) for word in text.split()]
    return sum(cells) >= _CELLS and any(sum(cells[i : i + 10]) >= _DENSE for i in range(len(cells)))


_OF_DOSES = re.compile(r"\b(?i:dos(?:e|es|age|ages|ing))\b")
_OF_CHANGES = re.compile(r"\b(?i:modifications?|adjustments?|reductions?|interruptions?)\b")
_TITLE_CHARS = 160
_DOSE = r"\d[\d.,]*\s?(?:mg|mcg|g|mL|units?)\b"
#: A cell that is a sentence: a dose behind its name, or for whom with the dose or that there is none.
_ROW = re.compile(
    rf"[A-Z][^.:;]{{2,80}}:\s(?:[A-Z][^.:;]{{2,40}}:\s)?[^.;]{{0,30}}{_DOSE}"
    rf"|(?:[A-Z][^.:;]{{2,80}}\s)?(?:Normal|Mild|Moderate|Severe)\b[^.;]{{1,120}}"
    rf"(?:{_DOSE}|\bnot recommended|\b[Ss]ame as\b|\bNo (?:dos\w+ )?(?:adjustment|modification))"
)
#: What a cell goes on with.
_GOES_ON = re.compile(
    r"(?:If|When|For|Use|Discontinue|Reduce|Increase|Continue|Administer|Do not|May|Then|Thereafter|Titrate|Maximum"
    r"|After)\b"
)
#: So many cells make a table; so many sentences of another kind may head a group of them.
_FEWEST = 3


def groups_of_doses(text: str, starts: list[int], table: tuple[int, int], beyond: int) -> list[int]:
    """Where the groups of patients begin in a table of doses whose cells are sentences, and at last where it ends.

    Empty where the sentences behind its known end are no cells. ``starts``: where sentences begin; ``beyond``: where it
    must have ended.
    """
    begin, end = table
    title = text[begin : begin + _TITLE_CHARS]
    if not _OF_DOSES.search(title) or _OF_CHANGES.search(title):
        return []
    behind = [at for at in starts[bisect_right(starts, end) :] if at < beyond]
    groups: list[int] = []
    last, rows, gap = end, 0, -1
    for a, b in pairwise([end, *behind, beyond]):
        row = bool(_ROW.match(text, a))
        if b - a > _NOTE_CHARS or not (row or gap < 0):
            break
        if row and rows and gap >= 0:
            groups.append(gap)
        if row or (rows and gap < 0 and _GOES_ON.match(text, a)):
            rows, last, gap = rows + row, b, -1
        else:
            gap = a
    return [*groups, last] if rows >= _FEWEST else []
