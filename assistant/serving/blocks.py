"""A passage's bytes as the blocks of docs/content-format.md: headings, paragraphs, lists, tables, footnotes, pictures.

Guarantees: every character of a passage that is neither a mark of the format nor white space stands in exactly one
block, unchanged and in order; any bytes at all can be read. What does not follow the format stays a plain line, marks
included: a line is never guessed into a list or a table that the format does not make of it, for ``- 5`` may be a
dose.
Refuses nothing and makes nothing safe for a screen: that is for whoever draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

#: White space that makes a line blank to the eye. Control characters are none: they are drawn.
BLANK = " \t\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

#: More columns than any printed table has; more of them are read as plain lines.
_WIDEST = 100
#: Lists nested deeper than this are read as plain lines.
_DEEPEST = 12

_INLINE = re.compile(
    r"<(?P<tag>su[pb])>(?P<raised>[^<\n]{0,400})</(?P=tag)>"
    r"|\[\^(?P<note>[^\]\[\s]{1,40})\]"
    r"|!\[(?P<caption>[^\n]{0,600}?)\]\((?P<file>[^()\n]{0,200}(?:\([^()\n]{0,100}\)[^()\n]{0,100}){0,3})\)"
)
_NOTE = re.compile(r"\[\^([^\]\[\s]{1,40})\]:(?: (.*))?")
_ITEM = re.compile(r"(-|\d{1,3}[a-z]?\.|[A-Za-z]\.|[ivxIVX]{2,6}\.)(?: +(.*))?")
_CELL = re.compile(r"((?:\\\||[^|])*+)(\|*+)")
_HEAD_END = re.compile(r"\|(?:---\|)+")
_LOOSE_HEAD_END = re.compile(r"\|(?: *:?-{3,}:? *\|)+")


class Mark(Enum):
    """What a run of characters is."""

    TEXT = "text"
    SUP = "sup"
    SUB = "sub"
    NOTE = "note"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one mark: for a note its name, for a picture its caption."""

    mark: Mark
    text: str
    file: str = ""


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines as the source broke them."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    caption: str
    file: str


@dataclass(frozen=True, slots=True)
class Item:
    """``mark`` is ``-`` or the number as it stands in the source (``2.``, ``b.``)."""

    mark: str
    body: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell over ``columns`` columns from ``column`` (counted from 0) and ``rows`` rows; it stands in the first."""

    lines: tuple[Line, ...]
    column: int
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the cells that begin in them. Every row is complete: its cells and those above cover every column."""

    columns: int
    head: tuple[tuple[Cell, ...], ...]
    body: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    mark: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    notes: tuple[Note, ...]


Block = Heading | Paragraph | Picture | List | Table | Notes


def parse(text: bytes) -> tuple[tuple[Block, ...], ...]:
    """The blocks of a passage, in groups that blank lines part. Bytes that are no UTF-8 are read as ``\\xff``."""
    groups: list[tuple[Block, ...]] = []
    waiting: list[str] = []
    for line in [*text.decode("utf-8", "backslashreplace").split("\n"), ""]:
        if line.strip(BLANK):
            waiting.append(line.removesuffix("\r"))
        elif waiting:
            groups.append(tuple(_blocks(waiting, 0)))
            waiting = []
    return tuple(groups)


def inline(line: str) -> Line:
    """The runs of one line."""
    runs: list[Run] = []
    at = 0
    for match in _INLINE.finditer(line) if "<su" in line or "[" in line else ():
        if match.start() > at:
            runs.append(Run(Mark.TEXT, line[at : match.start()]))
        runs += _marked(match)
        at = match.end()
    if at < len(line):
        runs.append(Run(Mark.TEXT, line[at:]))
    return tuple(runs)


def _marked(match: re.Match[str]) -> Sequence[Run]:
    if match["tag"]:
        if "[^" in match["raised"]:  # a raised footnote mark is raised anyway
            return inline(match["raised"])
        return (Run(Mark(match["tag"]), match["raised"]),) if match["raised"] else ()
    if match["note"]:
        return (Run(Mark.NOTE, match["note"]),)
    return (Run(Mark.PICTURE, match["caption"], match["file"]),)


def _blocks(lines: Sequence[str], depth: int, *, lead: bool = False) -> Iterator[Block]:
    """The blocks of lines without a blank line; ``lead``: the first line is an item's text, whatever it looks like."""
    plain: list[str] = []
    at = 0
    if lead:
        plain.append(lines[0])
        at = 1
    while at < len(lines):
        # At the outermost level a blank line must stand before a list: `- 5` inside a paragraph may be a number.
        found, after = _block(lines, at, depth, listable=depth > 0 or not plain)
        if isinstance(found, Paragraph) or found is None:
            plain += lines[at:after]
        else:
            if plain:
                yield _paragraph(plain)
                plain = []
            yield found
        at = after
    if plain:
        yield _paragraph(plain)


def _block(lines: Sequence[str], at: int, depth: int, *, listable: bool) -> tuple[Block | None, int]:
    """The block that begins at line ``at`` and the line after it; None: these are plain lines."""
    line = lines[at]
    if line.startswith("## ") and not depth:
        return Heading(inline(line[3:].strip(BLANK))), at + 1
    if line.startswith("|"):
        after = _run_of(lines, at, "|")
        return _table(lines[at:after]), after
    if line.startswith("[^") and _NOTE.fullmatch(line):
        return _notes(lines, at)
    if line.startswith("!["):
        runs = inline(line.strip(BLANK))
        if len(runs) == 1 and runs[0].mark is Mark.PICTURE:
            return Picture(runs[0].text, runs[0].file), at + 1
    if listable and depth < _DEEPEST and _begins_list(line):
        return _list(lines, at, depth)
    return None, at + 1


def _paragraph(lines: Sequence[str]) -> Paragraph:
    return Paragraph(tuple(inline(line.strip(" \t")) for line in lines))


def _run_of(lines: Sequence[str], at: int, beginning: str) -> int:
    while at < len(lines) and lines[at].startswith(beginning):
        at += 1
    return at


def _begins_list(line: str) -> bool:
    match = _ITEM.fullmatch(line)
    return match is not None and (match[1] == "-" or match[1][0].isdigit() or match[1] in ("a.", "A.", "i.", "I."))


def _list(lines: Sequence[str], at: int, depth: int) -> tuple[List, int]:
    items: list[Item] = []
    while at < len(lines) and (match := _ITEM.fullmatch(lines[at])):
        after = _run_of(lines, at + 1, "  ")
        own = (match[2] or "").strip(" \t")
        below = [line[2:] for line in lines[at + 1 : after]]
        body = _blocks([own, *below] if own else below, depth + 1, lead=bool(own))
        items.append(Item(match[1], tuple(body)))
        at = after
    return List(tuple(items)), at


def _notes(lines: Sequence[str], at: int) -> tuple[Notes, int]:
    """Footnotes: a line that begins none goes on with the one before, to the end of the group."""
    notes: list[tuple[str, list[str]]] = []
    for line in lines[at:]:
        if match := _NOTE.fullmatch(line):
            notes.append((match[1], [match[2] or ""]))
        else:
            notes[-1][1].append(line)
    read = (Note(mark, tuple(inline(line.strip(" \t")) for line in said if line)) for mark, said in notes)
    return Notes(tuple(read)), len(lines)


@dataclass(slots=True)
class _OpenCell:
    """A cell that rows below may still continue."""

    text: str
    column: int
    columns: int
    rows: int = 1

    def closed(self) -> Cell:
        lines = self.text.replace("\\|", "|").split("<br>")
        said = [inline(line.rstrip(" \t\r")) for line in lines] if self.text else []
        return Cell(tuple(said), self.column, self.columns, self.rows)


@dataclass(slots=True)
class _Rows:
    """Rows under construction; ``above`` holds the cells that cover the last row, by their first column."""

    columns: int
    rows: list[list[_OpenCell]] = field(default_factory=list)
    above: dict[int, _OpenCell] = field(default_factory=dict)

    def add(self, cells: Sequence[tuple[str, int]]) -> None:
        own: list[_OpenCell] = []
        here: dict[int, _OpenCell] = {}
        column = 0
        for text, columns in cells:
            over = self.above.get(column)
            if text == "^^" and over is not None and over.columns == columns:
                over.rows += 1
                here[column] = over
            else:
                here[column] = _OpenCell(text, column, columns)
                own.append(here[column])
            column += columns
        self.rows.append(own)
        self.above = here

    def closed(self) -> tuple[tuple[Cell, ...], ...]:
        return tuple(tuple(cell.closed() for cell in row) for row in self.rows)


def _table(lines: Sequence[str]) -> Table | None:
    """The table that these lines make; None without a line that ends the head, or if it is absurdly wide."""
    ends = next((i for i, line in enumerate(lines) if _HEAD_END.fullmatch(line.rstrip(BLANK))), None)
    if ends is None:
        ends = next((i for i, line in enumerate(lines) if _LOOSE_HEAD_END.fullmatch(line.rstrip(BLANK))), None)
    if ends is None:
        return None
    rows = [_row(line) for line in lines]
    columns = max(sum(columns for _, columns in row) for row in rows)
    if columns > _WIDEST:
        return None
    parts = []
    for part in (rows[:ends], rows[ends + 1 :]):
        open_rows = _Rows(columns)
        for row in part:
            missing = columns - sum(taken for _, taken in row)
            open_rows.add([*row, *[("", 1)] * missing])
        parts.append(open_rows.closed())
    return Table(columns, parts[0], parts[1])


def _row(line: str) -> list[tuple[str, int]]:
    """The cells of a line: text and number of columns. A pipe behind a backslash is text."""
    cells: list[tuple[str, int]] = []
    for match in _CELL.finditer(line.rstrip(BLANK)[1:]):
        text, pipes = match[1].strip(" \t"), match[2]
        if pipes or text:
            cells.append((text, max(1, len(pipes))))
    return cells
