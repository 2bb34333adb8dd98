"""Say what of a flattened text belongs together though sentences end in it: tables of words, lists with a lead-in.

Guarantees: only places of the text are told, in order and without overlap; nothing is cut or altered here.

- A table of words (doses by kidney function, dose changes by severity) has few figures. What shows it are the joints of
  its cells: a word with a capital behind one that ends no sentence ("75 mg twice daily CrCl < 15 mL/min").
- A list whose lead-in sets a condition ("Do not take X if you:", "in women who are known to:") goes from there to its
  last item: an item begins with a mark, or small behind a full stop.

Refuses nothing. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from assistant.content.openfda.delayed_rows import groups_of_doses
from assistant.content.openfda.fields import Piece
from assistant.content.openfda.footnotes import end_of_notes
from assistant.content.openfda.procedures import PROCEDURE_CHARS, Procedure

#: What belongs together stays in one piece up to this length. Of 1067 flattened tables in 199 real records 1038 are no
#: longer than this, 965 no longer than 1800.
LIMIT = 2600

#: Words with a capital that stand in running text as well.
_NAMES = (
    r"Table|Figure|Warnings|Contraindications|Dosage|Clinical|Stud(?:y|ies)|Trials?|Grades?|Phase|Child|Group|Cohort|Class"
    r"|Type|Stage|Day|Week|Cycle|Visit|Part|Step|Crohn|Parkinson|Alzheimer|Hodgkin|White|Black|Asian|Caucasians?|Hispanic"
    r"|Japanese|Chinese|American|European|Kaplan|Cox|Gram|Food|Stevens|Version"
)
_JOINT = re.compile(rf"(?<=[a-z0-9%)*†‡§])\s+(?=[A-Z][a-z])(?!(?:{_NAMES})\b)")
#: What stands before a capital without being the end of a cell.
_GOES_ON = re.compile(
    r"(?:^|[\s(\[])(?:the|and|or|of|in|to|with|for|by|on|an?|from|see|use|as|than|at|per|was|were|is|are|not|receiving"
    r"|taking|using|plus|versus|vs|every|each|(?-i:[A-Z\"“])\S*|[\[(]\s?[\d.,\s()]+\)?\s?\]?)$",
    re.IGNORECASE,
)
_MAY_BE_NAMED = re.compile(r"\b(?:of|with|to|on|in|by|for|from|and|or|than|taking|receiving|the) ([A-Z][a-z]\w+)")
_DIRECTS = (
    r"Withhold|Permanently|Discontinue|Reduce|Resume|Interrupt|Avoid|Administer|Continue|Delay|Hold|Decrease|Increase"
    r"|Monitor|Not recommended|Contraindicated|Until|Up to|Do not|Stop|Start|Initiate|Repeat|Maintain|No (?:dosage|dose"
    r"|change|adjustment|modification|[A-Z]\w+ (?:dosage|dose))"
)
#: A direction behind a word that ends no sentence; in capitals too ("... times ULN Withhold").
_DIRECTION = re.compile(rf"(?<=[A-Za-z0-9%)*†‡§])\s+(?=(?:{_DIRECTS})\b)")
_DOSE_BEFORE = re.compile(
    r"(?:\b(?:mg|mcg|units|mL|kg|daily|day|days|weeks?|months?|hours|doses?|ULN|min|m 2|mm 3)|/m2|/L)\)?$"
)
_LIMIT = re.compile(
    r"(?:CrCl|CLcr|eGFR|GFR|ANC|Platelets?|Creatinine clearance|Mild|Moderate|Severe|Less than|Greater than)\b"
)
#: How a sentence inside a row begins that is no row's head: a further condition or direction of the same row.
_SAME_ROW = re.compile(
    rf"(?:{_DIRECTS}|Grades?|AST|ALT|ANC|Platelets?|Total|CrCl|CLcr|eGFR|GFR|Any|First|Second|Third|Fourth|Greater|Less"
    r"|More|Recurrent|If|When|For|In|Then|Consider|The|This|After|See|Refer|Patients?|Treat|Prior|Once|At|Dose)\b|[^A-Z]"
)
#: A direction behind a table's last row that belongs to it.
_LAST_CELL = re.compile(
    rf"(?:{_DIRECTS}|Restart|Consider|Initiate|Treat|Depending|Then|Thereafter|Provide supportive|Dose (?:interruption"
    r"|reduction|delay))\b"
)
_TO_DO = (
    r"withhold|permanently|discontinue|reduce|resume|restart|interrupt|avoid|continue|delay|hold|decrease|increase|stop"
    r"|re-?initiate|maintain|administer|no (?:dose|dosage|change|adjustment)"
)
#: A cell of a table of changes of the dose though nothing joins it to the one before: when, and then what to do.
_WHEN = re.compile(
    rf"[•*-]\s(?:Either |Promptly )?(?i:{_TO_DO}|treat|initiate|monitor)\b"
    r"|(?:[•*-]\s)?(?:If|When|Once|After|Upon|Until)\b[^.;]{1,200}?(?:[,:]|\b(?:then|and))\s(?:then |permanently )?"
    rf"(?i:{_TO_DO})\b"
)
#: Any such cell: what to do, for whom, where more is said. Behind a table's last row it proves nothing.
_CELL = re.compile(
    rf"{_WHEN.pattern}|(?:{_DIRECTS}|Restart|Consider|Treat|Then|Thereafter|May (?:resume|restart|continue)"
    r"|Dose (?:interruption|reduction|delay)|Escalate|Assess|Evaluate|Taper|Review|Perform|Identify|Provide|Manage"
    r"|Adjust|Add|Switch|Return|Reinitiate|Premedicate|Obtain|Institute|Alternatively|Otherwise|See Table"
    r"|Grades? \d|If|When)\b"
    rf"|[•*-]\s|For\b[^.;]{{1,200}}?[,:]\s(?i:{_TO_DO})\b"
)
#: The beginning of a row of such a table, at the beginning of a sentence.
_GRADE = re.compile(
    r"(?:Grades? \d|Recurrent|(?i:first|second|third|fourth) (?i:occurrence|recurrence)|Life-threatening)\b"
    r"|(?:Platelets?|Neutrophils?|ANC|AST|ALT|Hemoglobin|LVEF|QTc\w?)\b[^.]{0,60}?"
    r"(?:[<>≤≥]|\b(?:less|greater|below|above)\b)"
    rf"|[A-Z](?:[^.•:]|\.\d){{0,200}}•\s*(?:{_DIRECTS})\b"
)
#: The beginning of a row that names a reaction and where more is said of it.
_NAMED_ROW = re.compile(
    rf"(?!(?:{_DIRECTS}|Refer|See|For|If|When)\b)[A-Z](?:[^.•:;]|\.\d){{2,120}}\[\s?[Ss]ee (?:Warning|Adverse)"
)
#: The title of a table of changes of the dose and of what to do.
_OF_CHANGES = re.compile(
    r"\b(?:modifications?|adjustments?|interruptions?|reductions?|discontinuation|management)\b", re.IGNORECASE
)
_TITLE_CHARS = 120
#: Characters of text to one joint in rows, at most.
_SPARSE = 300
_ARROW = re.compile("[↑↓↔]")
#: How far behind a row's head its next cell begins.
_HEAD_CHARS = 120


def joints(text: str, start: int, end: int) -> list[tuple[int, bool]]:
    """Where cells meet in a range; whether it is surely a cell of a dose or direction."""
    named: dict[str, int] = {}
    for match in _MAY_BE_NAMED.finditer(text, start, end):
        named[match[1]] = named.get(match[1], 0) + 1
    found: dict[int, bool] = {}
    for match in _JOINT.finditer(text, start, end):
        before = text[max(start, match.start() - 25) : match.start()]
        word = re.match(r"\w+", text[match.end() : match.end() + 40])
        surely = bool(_DOSE_BEFORE.search(before) or _LIMIT.match(text, match.end()))
        if _GOES_ON.search(before) or (not surely and word and named.get(word[0], 0) >= 3):
            continue
        found[match.end()] = surely
    for match in _DIRECTION.finditer(text, start, end):
        found[match.end()] = True
    return sorted(found.items())


def word_tables(text: str, starts: list[int], titled: dict[int, int], start: int, end: int) -> list[tuple[int, int]]:
    """Each table of words in a range, from its title, or its first row, to the end of the sentence its last row is in.

    ``titled``: where titles stand, and the ends of what figures show to be their rows. One sentence within a row may
    hold no joint. Without a title, or behind rows of figures, cells must be of doses or directions; without one three.
    """
    cells = joints(text, start, end)
    at = [place for place, _ in cells]
    places = sorted({start, *starts, *titled, *titled.values(), end})
    found: list[tuple[int, int]] = []
    begin, last, sure, gap, changes, passed = -1, -1, 0, False, False, 0

    def close() -> None:
        if begin >= 0 and last > begin and (begin in titled or sure >= 3):
            found.append((begin, _with_last_cell(text, places, begin, last, changes=changes)))

    for a, b in pairwise(places):
        own = cells[bisect_right(at, a) : bisect_left(at, b)]
        certain = sum(one for _, one in own)
        soon = bool(own) and own[0][1] and own[0][0] - a <= _HEAD_CHARS
        rows = soon or (bool(own) and len(own) * _SPARSE >= b - a)
        if a in titled or begin < 0:
            close()
            begin, last, sure, gap = (a if a in titled or certain else -1), a, 0, False
            changes, passed = a in titled and bool(_OF_CHANGES.search(text, a, min(a + _TITLE_CHARS, b))), 0
        if begin < 0:
            continue
        figures = b <= titled.get(begin, -1)
        row = certain or (titled.get(begin) == begin and passed < 2)
        if figures or (rows and row) or (changes and a > begin and _GRADE.match(text, a)):
            last, gap, sure, passed = b, False, sure + certain, 0
        elif changes and a > begin and b - a <= 2 * _SPARSE and _CELL.match(text, a):
            passed += 1  # it belongs to the row above where another surely follows
        elif gap or (a != begin and b - a > 2 * _SPARSE):
            close()
            begin = -1
        else:
            gap = a != begin
    close()
    return found


def _with_last_cell(text: str, places: list[int], begin: int, last: int, *, changes: bool) -> int:
    """The end of a table with the directions that its last row goes on with; what grows too long is cut at rows."""
    behind = bisect_right(places, last)
    while behind < len(places) and (_LAST_CELL.match(text, last) or (changes and _WHEN.match(text, last))):
        if places[behind] - begin > 2 * LIMIT or places[behind] - last > 2 * _SPARSE:
            break
        last = places[behind]
        behind += 1
    return last


#: The names of the cells of a row that says what a medicine does to another.
_CELL_NAME = re.compile(
    r"\b(?:(?P<first>Clinical (?:Impact|Effects?|Implications?)|Drugs|Effect on [A-Z][\w ]{0,30}|Examples)"
    r"|(?P<last>Interventions?|Prevention or Management|Prevention|Management|Recommendations?))\s?:"
)
_ROW_CHARS = 900


def within_rows(text: str, starts: list[int], start: int, end: int) -> set[int]:
    """The sentences between the named cells of a row ("Clinical Impact: ... Intervention: ..."), which begin none."""
    names = list(_CELL_NAME.finditer(text, start, end))
    at = [name.start() for name in names]
    found: set[int] = set()
    for place in starts:
        after = bisect_left(at, place)
        if after in (0, len(at)) or place - at[after - 1] > _ROW_CHARS or at[after] - place > _ROW_CHARS:
            continue
        if names[after - 1]["first"] and names[after]["last"]:
            found.add(place)
    return found


#: The first and the last cell of a row of a table of interactions, in the words of FDA's guidance on section 7.
_FIRST_CELL = re.compile(r"\b(?i:clinical (?:impact|effects?|implications?))\s?(?::|(?=\s[A-Z•]))")
_DIRECTIONS_CELL = re.compile(
    r"\b(?i:interventions?|prevention (?:or|and|/) ?management|management|recommendations?)\s?(?::|(?=\s[A-Z•]))"
)
_EXAMPLES = re.compile(r"\b(?i:examples?)\s?:?\s")
_MEDICINE_CHARS = 160


def interaction_rows(text: str, starts: list[int], start: int, end: int) -> list[int]:
    """Where the rows of a table of interactions begin: before the medicine that "Clinical Impact" stands behind."""
    cells = [
        match.start()
        for match in _FIRST_CELL.finditer(text, start, end)
        if _DIRECTIONS_CELL.search(text, match.end(), min(match.end() + 2 * _ROW_CHARS, end))
    ]
    found = [_row_at(text, starts, cell, start) for cell in cells] if len(cells) > 1 else []
    return [at for at in found if at > start]


def _row_at(text: str, starts: list[int], cell: int, start: int) -> int:
    """Where the row of a first cell begins: with its sentence, or behind the examples of the last row; -1: unknown."""
    before = bisect_right(starts, cell)
    begin = starts[before - 1] if before else start
    if examples := list(_EXAMPLES.finditer(text, begin, cell)):
        behind = _BEHIND_EXAMPLES.search(text, examples[-1].end(), cell)
        begin = behind.end() if behind else start - 1
    short = start <= begin and cell - begin <= _MEDICINE_CHARS and not re.search(r"[.:;]", text[begin:cell])
    return begin if short else -1


#: Behind the last of some examples, which begin small, the next row's medicine begins with a capital.
_BEHIND_EXAMPLES = re.compile(r"(?<=[a-z\d)])\s+(?=[A-Z][^,]{3,200}$)")


def with_rows(held: list[Held], rows: list[int]) -> list[Held]:
    """What is held together, where too long to be cut before the rows of a table of interactions too."""
    return [replace(one, places=one.places | {*rows}) if one.end - one.shown[0] > LIMIT else one for one in held]


def within_interactions(text: str, starts: list[int], rows: list[int], piece: Piece, most: int) -> set[int]:
    """The sentences inside rows that are short enough to stay whole; of the last nobody knows the end."""
    first = _FIRST_CELL.search(text, piece.start, piece.end)
    edges = sorted({first.start(), *rows}) if first and rows else []
    short = [(a, b) for a, b in pairwise(edges) if b - a <= most]
    return {at for a, b in short for at in starts[bisect_right(starts, a) : bisect_left(starts, b)]}


def row_heads(text: str, starts: list[int], table: tuple[int, int]) -> list[int]:
    """The sentences in a table that begin a row: not with a direction or a condition, and a cell soon behind."""
    inside = starts[bisect_right(starts, table[0]) : bisect_left(starts, table[1])]
    cells = [at for at, _ in joints(text, *table)]
    heads = []
    for at in inside:
        nearest = bisect_right(cells, at)
        soon = nearest < len(cells) and cells[nearest] - at <= _HEAD_CHARS
        if soon and not _SAME_ROW.match(text, at) and "." not in text[at : cells[nearest]]:
            heads.append(at)
    return heads


#: A lead-in that sets a condition or a choice, up to its colon.
_LEAD = re.compile(
    r"\b(?:if (?:you|your child|the patient|any|they)|(?:who|which|that) (?:are|have|is|has)|who|known to|either"
    r"|(?:any|one) of the following|contraindicated (?:in|for|with)|(?:not|never) (?:take|use|receive|be used|be given)"
    r"|(?:with|in) the following)\b[^.:;?!]{0,160}?\s?:(?=\s)",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"(?:^|(?<=\s))[•●◦▪■‣○–—·]\s*\S|[.!?][)\]]*\s+(?=[a-z]{2,} )"
    r"|(?<=[a-z)])\s+(?=(?:Have|Are|Had|Smoke|Think|Were) [a-z])"
)
_SMALL_ITEM = re.compile(r"\s*[•●◦▪■‣○–—·]?\s*[a-z]")
_RUN_ON = 500


def lists(text: str, starts: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Each list with a lead-in in a range: from the sentence of its lead-in to the end of its last item."""
    leads = list(_LEAD.finditer(text, start, end))
    found: list[tuple[int, int]] = []
    for i, match in enumerate(leads):
        beyond = leads[i + 1].start() if i + 1 < len(leads) else end
        before = bisect_right(starts, match.start())
        begin = starts[before - 1] if before else start
        until = starts[bisect_right(starts, beyond) - 1] if beyond < end and bisect_right(starts, beyond) else beyond
        last = match.end()
        for item in _ITEM.finditer(text, match.end(), max(until, match.end())):
            if item.start() - last > _RUN_ON:
                break
            last = item.end()
        behind = bisect_left(starts, last)
        close = min(starts[behind] if behind < len(starts) else end, max(until, match.end()))
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(close, found[-1][1]))
        elif close > begin:
            found.append((begin, close))
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """What belongs together. ``shown``: what stays in one piece; ``end``: where its rows or items end.

    ``places``: where it may be cut behind what is shown. ``titled``: whether it begins a piece of its own. ``rows``:
    whether it is a table. ``led``: whether all that stands behind what is shown depends on it.
    """

    shown: tuple[int, int]
    end: int
    places: frozenset[int] = frozenset()
    titled: bool = False
    rows: bool = True
    led: bool = False


def held_together(
    text: str, starts: list[int], tables: list[tuple[int, int]], behind: list[int], piece: Piece, named: set[int]
) -> list[Held]:
    """The tables of a range, those of words too, and its lists; ``tables``: those that figures show.

    ``behind``: the headings behind tables, beyond which none reaches; ``named``: the sentences inside rows of
    interactions.
    """
    patient = any(field.patient for field in piece.path)
    words = {} if patient else _word_tables(text, starts, dict(tables), behind, piece)
    of_doses = any(field.name == "dosage_and_administration" for field in piece.path)
    found: list[Held] = []
    for (at, figures), (beyond, _) in pairwise([*tables, (piece.end, piece.end)]):
        beyond = next((place for place in behind if at < place < beyond), beyond)
        arrows = len(list(islice(_ARROW.finditer(text, at, beyond), 4))) > 3  # those rows are cut before a name
        end = figures if arrows else max(figures, words.pop(at, figures))
        while end in named and end < beyond and end - at <= LIMIT:
            end = next((start for start in starts[bisect_right(starts, end) :] if start <= beyond), beyond)
        if not arrows:
            end = end_of_notes(text, starts, (at, end), beyond, LIMIT, _CELL)
        groups = [] if arrows or not of_doses else groups_of_doses(text, starts, (at, end), beyond)
        if groups and groups[-1] - at > LIMIT:
            found.append(Held((at, groups[0]), groups[-1], frozenset(groups[:-1]), titled=True, led=True))
            continue
        end = groups[-1] if groups else end
        if end - at <= LIMIT:
            found.append(Held((at, end), end, titled=True))
        else:
            found.append(Held((at, figures), end, _places(text, starts, (figures, end), rows=True), titled=True))
    for a, b in [*words.items(), *lists(text, starts, piece.start, piece.end)]:
        if any(a < one.end and one.shown[0] < b for one in found):
            continue
        if b - a <= LIMIT:
            found.append(Held((a, b), b))
        else:
            rows = a in words
            found.append(Held((a, a), b, _places(text, starts, (a, b), rows=rows), rows=rows))
    return sorted(found, key=lambda one: one.shown)


def _word_tables(
    text: str, starts: list[int], titled: dict[int, int], behind: list[int], piece: Piece
) -> dict[int, int]:
    """The tables of words of a range, none beyond a heading behind a table."""
    found: dict[int, int] = {}
    for a, b in pairwise(sorted({piece.start, *behind, piece.end})):
        inside = starts[bisect_left(starts, a) : bisect_left(starts, b)]
        found |= word_tables(text, inside, {at: end for at, end in titled.items() if a <= at < b}, a, b)
    return found


def _places(text: str, starts: list[int], table: tuple[int, int], *, rows: bool) -> frozenset[int]:
    """Where what is too long may be cut: before rows; where a row is too long itself, before other sentences."""
    inside = starts[bisect_right(starts, table[0]) : bisect_left(starts, table[1])]
    if not rows:
        return frozenset(inside)
    heads = row_heads(text, starts, table)
    found: list[int] = []
    for a, b in pairwise([table[0], *heads, table[1]]):
        if a > table[0]:
            found.append(a)
        if b - a > LIMIT:
            between = inside[bisect_right(inside, a) : bisect_left(inside, b)]
            named = [at for at in between if _NAMED_ROW.match(text, at)]
            found += named or [at for at in between if not _SAME_ROW.match(text, at)] or between
    return frozenset(found)


def beside(held: list[Held], procedures: list[Procedure]) -> list[Held]:
    """What is held together with the procedures, in order; what else would be held inside one is its own.

    A procedure begins a piece of its own; a list that leads to one ends where it begins.
    """
    found: list[Held] = []
    for steps in procedures:
        whole = steps.end - steps.start <= PROCEDURE_CHARS
        shown = (steps.start, steps.end if whole else steps.start)
        places = frozenset[int]() if whole else frozenset(steps.steps)
        found.append(Held(shown, steps.end, places, titled=True, rows=False))
    for one in held:
        start = next((it.start for it in procedures if one.shown[0] < it.end and it.start < one.end), one.end)
        if one.shown[0] < start:
            found.append(replace(one, shown=(one.shown[0], min(one.shown[1], start)), end=min(one.end, start)))
        elif start == one.end:
            found.append(one)  # only its title is known
    return sorted(found, key=lambda one: one.shown)


def with_procedures(pieces: list[Piece], procedures: list[Procedure]) -> list[Piece]:
    """The pieces; those that hold a part of a procedure know where it begins."""
    found = []
    for piece in pieces:
        own = [one for one in procedures if one.start < piece.end and piece.start < one.end]
        parted = [one.start for one in own if one.start < piece.start or piece.end < one.end]
        found.append(replace(piece, procedure=parted[0]) if parted else piece)
    return found


def allowed(places: list[int], held: list[Held]) -> list[int]:
    """The places, in order, that stand in nothing that is held together, or where it may be cut."""
    around = _around(places, held)
    return [at for at, one in zip(places, around, strict=True) if one is None or at in one.places]


def with_leads(text: str, pieces: list[Piece], held: list[Held]) -> list[Piece]:
    """The pieces; those that begin with a further row or item know where their title or lead-in stands."""
    around = _around([piece.start for piece in pieces], held)
    return [
        replace(piece, lead=one.shown[0]) if one and (one.led or _goes_on(text, piece, rows=one.rows)) else piece
        for piece, one in zip(pieces, around, strict=True)
    ]


def _goes_on(text: str, piece: Piece, *, rows: bool) -> bool:
    """Whether a piece begins with an item that begins small, or with cells."""
    if not rows or _SMALL_ITEM.match(text, piece.start):
        return bool(_SMALL_ITEM.match(text, piece.start))
    cells = joints(text, piece.start, min(piece.start + 2 * _HEAD_CHARS, piece.end))
    figures = [any(char.isdigit() for char in word) for word in text[piece.start : piece.start + 100].split()]
    return any(sure for _, sure in cells) or sum(figures) >= 4


def _around(places: list[int], held: list[Held]) -> list[Held | None]:
    """What each place stands strictly inside of."""
    begins = [one.shown[0] for one in held]
    before = [bisect_left(begins, at) for at in places]
    return [held[n - 1] if n and at < held[n - 1].end else None for at, n in zip(places, before, strict=True)]
