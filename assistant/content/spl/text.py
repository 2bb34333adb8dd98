"""The narrative block of an SPL section (``<text>``) as blocks in the passage format of docs/content-format.md.

Guarantees: every character of the label that is not white space stands in exactly one block, in the label's order
(footnotes follow the block that carries their mark, a table's foot follows its body, as they are shown on paper). A
caption of a list item that is only a bullet character is the list's mark and is written as such (``-``); a footnote
without any text gives neither mark nor note, for there is nothing it could say.
White space follows SPL: runs of space, tab and line end are one space, ``<br/>`` is a line break, block elements are
blocks; every other character, NBSP included, is the label's. Elements it does not know are read for their text: a
surprise in the markup may cost structure, never words. Emphasis is not kept, but what it says about run-in headings is
(``Block.run_in``), for :mod:`assistant.content.spl.units`.

Source: FDA, SPL Implementation Guide with Validation Procedures, section 2.2 (narrative text).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count, takewhile

from lxml import etree

from assistant.content.spl.tables import Cell, is_layout, pipe_table, rows_of, span
from assistant.errors import ContentError

HL7 = "{urn:hl7-org:v3}"

#: Elements that are blocks of their own; everything else is read as a part of a line.
_BLOCKS = frozenset({"paragraph", "list", "table"})
#: Elements read as a part of a line even where they hold blocks.
_IN_LINE = frozenset({"footnote", "renderMultiMedia"})
_EMPHASIS = re.compile(r"bold|italic|underline", re.IGNORECASE)
_NO_SPACE = dict.fromkeys(map(ord, " \t\r\n"))
_SPACE = re.compile(r"([ \t\r\n]+)")
#: A caption that only draws the bullet (or nothing at all): the mark of the list stands for it.
_BULLET = re.compile(r"\s*[•o·▪–-]?\s*")
#: What may stand between an emphasised heading and its text without ending the heading.
_STOPS = ":.–—-"
_RUN_IN_LENGTH = range(3, 161)
_FIGURE = re.compile(r"fig(ure)?\.?[ \u00a0]\w{1,3}", re.IGNORECASE)


class Shape(Enum):
    """What a block is; the cutter never cuts inside one."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a section. ``run_in``: the heading it is or begins with; ``alone``: it is nothing but heading;
    ``rank``: how strong the emphasis is (1 italic, 2 underlined, 3 bold); ``framed``: it stands in a box of its own, a
    table of one cell."""

    shape: Shape
    text: str
    run_in: str = ""
    alone: bool = False
    rank: int = 0
    titled: bool = False
    note_like: bool = False
    framed: bool = False


def read_blocks(
    text: etree._Element, media: Mapping[str, str], notes: Iterator[int] | None = None
) -> tuple[Block, ...]:
    """The blocks of a ``<text>`` element; ``media`` names the file of each observationMedia id.

    ``notes`` gives the numbers of its footnotes: one row of numbers for all texts that may meet in a passage.

    :raises ContentError: some of its text stands where this reader does not look: nothing is dropped in silence.
    """
    reader = _Reader(media, _number_notes(text, notes))
    blocks = tuple(reader.blocks(text))
    _refuse_loss(text, reader.tally)
    return blocks


def read_line(element: etree._Element) -> str:
    """The text of a title, name or other single line; a ``<br/>`` in it is a space."""
    reader = _Reader({}, _number_notes(element))
    line = reader.line()
    reader.inline(element, line)
    _refuse_loss(element, reader.tally)
    return " ".join(part for part in line.finish().split("\n") if part)


def local_name(element: etree._Element) -> str:
    """The name without its namespace; "" for comments and processing instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _number_notes(text: etree._Element, row: Iterator[int] | None = None) -> dict[etree._Element | str, int]:
    """Number the footnotes of a text, by element and by their ID; one without text gets 0, which is never shown."""
    numbers: dict[etree._Element | str, int] = {}
    row = count(1) if row is None else row
    for note in text.iter(f"{HL7}footnote"):
        number = numbers[note] = 0 if _is_empty(note) else next(row)
        if identifier := note.get("ID"):
            numbers.setdefault(identifier, number)
    return numbers


def _is_empty(note: etree._Element) -> bool:
    says = "".join(note.itertext(etree.Element)).translate(_NO_SPACE)
    return not says and next(note.iter(f"{HL7}renderMultiMedia"), None) is None


def _refuse_loss(element: etree._Element, tally: list[int]) -> None:
    there = sum(len(part.translate(_NO_SPACE)) for part in element.itertext(etree.Element))
    if there != sum(tally):
        raise ContentError(f"{there - sum(tally)} characters of a text stand outside the narrative markup of SPL")


@dataclass(slots=True)
class _Line:
    """Text of one paragraph under construction: white space collapsed, the emphasised beginning remembered."""

    tally: list[int]
    out: list[str] = field(default_factory=list)
    gap: bool = False
    fresh: bool = True
    styled: int = 0
    leading: bool = True
    lead: list[str] = field(default_factory=list)
    lead_styles: set[str] = field(default_factory=set)
    styles: list[str] = field(default_factory=list)
    plain: bool = False

    def text(self, text: str | None) -> None:
        for token in _SPACE.split(text or ""):
            if token and token[0] in " \t\r\n":
                self.gap = self.gap or not self.fresh
            elif token:
                self.tally[0] += len(token)
                self._put(token)

    def _put(self, word: str) -> None:
        if self.gap:
            self._emit(" ")
        self._note_lead(word)
        self._emit(word)
        self.gap = self.fresh = False

    def _emit(self, piece: str) -> None:
        self.out.append(piece)
        if self.leading:
            self.lead.append(piece)

    def _note_lead(self, word: str) -> None:
        if self.styled:
            self.lead_styles.update(match.lower() for style in self.styles for match in _EMPHASIS.findall(style))
        elif self.leading and not (self.lead_styles and set(word) <= set(_STOPS)):
            self.leading = False
        if not self.styled:
            self.plain = self.plain or not set(word) <= set(_STOPS)

    def open(self, mark: str) -> None:
        """A mark that belongs to what follows, after the space that stands before it."""
        if self.gap:
            self._emit(" ")
            self.gap, self.fresh = False, True
        self._emit(mark)

    def close(self, mark: str) -> None:
        self._emit(mark)
        self.fresh = False

    def line_break(self) -> None:
        self._emit("\n")
        self.gap, self.fresh = False, True

    def finish(self) -> str:
        text = "".join(self.out).replace("<sup></sup>", "").replace("<sub></sub>", "")
        return re.sub(r" *\n", "\n", text).strip(" \n")


@dataclass(slots=True)
class _Reader:
    """Walks one ``<text>``; ``notes`` gathers footnotes until the outermost block around them is finished."""

    media: Mapping[str, str]
    numbers: Mapping[etree._Element | str, int]
    notes: list[str] = field(default_factory=list)
    depth: int = 0
    cells: int = 0
    caption: etree._Element | None = None
    tally: list[int] = field(default_factory=lambda: [0])

    def line(self) -> _Line:
        return _Line(self.tally)

    def blocks(self, element: etree._Element) -> list[Block]:
        """The blocks of an element that may mix text, lines and blocks (text, item, td, footnote...)."""
        found: list[Block] = []
        line = self.line()
        self._mixed(element, line, found)
        self._flush(line, found)
        return found

    def _mixed(self, element: etree._Element, line: _Line, found: list[Block]) -> None:
        line.text(element.text)
        for child in element:
            name = local_name(child)
            if name in _BLOCKS:
                self._flush(line, found)
                getattr(self, f"_{name}")(child, found)
            elif child is self.caption:
                pass  # the mark of a list item, read before its text
            elif name not in _IN_LINE and any(local_name(inner) in _BLOCKS for inner in child.iterdescendants()):
                self._mixed(child, line, found)
            else:
                self.inline_child(child, line)
            line.text(child.tail)

    def inline(self, element: etree._Element, line: _Line) -> None:
        """All text of an element as part of a line."""
        line.text(element.text)
        for child in element:
            self.inline_child(child, line)
            line.text(child.tail)

    def inline_child(self, child: etree._Element, line: _Line) -> None:
        match local_name(child):
            case "":
                return
            case "br":
                line.line_break()
            case "sup" | "sub" as mark:
                line.open(f"<{mark}>")
                self.inline(child, line)
                line.close(f"</{mark}>")
            case "footnote":
                if number := self.numbers[child]:
                    line.close(f"[^{number}]")
                    self._footnote(child)
            case "footnoteRef":
                target = child.get("IDREF", "")
                if shown := self.numbers.get(target, target):
                    line.close(f"[^{shown}]")
            case "renderMultiMedia":
                line.open(self._picture(child))
                line.fresh = False
            case _:
                self._styled(child, line)

    def _styled(self, child: etree._Element, line: _Line) -> None:
        style = child.get("styleCode", "")
        emphasised = bool(_EMPHASIS.search(style))
        line.styled += emphasised
        line.styles.append(style)
        self.inline(child, line)
        line.styles.pop()
        line.styled -= emphasised

    def _picture(self, element: etree._Element) -> str:
        target = element.get("referencedObject", "")
        line = self.line()
        self.inline(element, line)
        caption = line.finish().replace("\n", " ")
        return f"![{caption}]({self.media.get(target, target)})"

    def _footnote(self, element: etree._Element) -> None:
        self.depth += 1
        body = "\n".join(block.text for block in self.blocks(element))
        self.depth -= 1
        self.notes.append(f"[^{self.numbers[element]}]: {body}")

    def _paragraph(self, element: etree._Element, found: list[Block]) -> None:
        line = self.line()
        style = element.get("styleCode", "")
        line.styled += bool(_EMPHASIS.search(style))
        line.styles.append(style)
        self._mixed(element, line, found)
        self._flush(line, found, note_like="footnote" in style.lower())

    def _flush(self, line: _Line, found: list[Block], *, note_like: bool = False) -> None:
        """End a line: a gap of two line breaks in it ends a paragraph, as it does to the eye."""
        pieces = [piece.strip(" \n") for piece in re.split(r"\n\n+", line.finish()) if piece.strip(" \n")]
        for place, piece in enumerate(pieces):
            block = _paragraph_block(piece, line) if place == 0 else Block(_shape(piece), piece)
            self._add(found, replace(block, note_like=note_like))
        _restart(line)

    def _add(self, found: list[Block], block: Block) -> None:
        if not self.depth and self.notes:
            block = replace(block, text="\n\n".join((block.text, "\n".join(self.notes))))
            self.notes.clear()
        found.append(block)

    def _list(self, element: etree._Element, found: list[Block]) -> None:
        self.depth += 1
        lines = list(self._list_lines(element))
        self.depth -= 1
        if lines:
            titled = any(local_name(child) == "caption" for child in element)
            self._add(found, Block(Shape.LIST, "\n".join(lines), titled=titled))

    def _list_lines(self, element: etree._Element) -> Iterator[str]:
        line = self.line()
        line.text(element.text)
        ordered, items = _ordering(element), 0
        for child in element:
            if local_name(child) == "item":
                if stray := line.finish():
                    yield stray
                    line = self.line()
                items += 1
                yield from self._item_lines(child, ordered(items))
            else:
                self.inline_child(child, line)
            line.text(child.tail)
        if stray := line.finish():
            yield stray

    def _item_lines(self, item: etree._Element, mark: str) -> Iterator[str]:
        caption = next((child for child in item if local_name(child) == "caption"), None)
        words = self.line()
        if caption is not None:
            self.inline(caption, words)
        own = words.finish().replace("\n", " ")
        if own and _BULLET.fullmatch(own):
            mark, own = "-", ""
        if re.fullmatch(r"\d{1,3}\.", own):
            mark = own
        elif own:
            mark = f"- {own}"
        outer, self.caption = self.caption, caption
        blocks = self.blocks(item)
        self.caption = outer
        if not blocks and not own:
            return
        below = blocks and blocks[0].shape in (Shape.LIST, Shape.TABLE)
        first, *rest = f"{chr(10) if below else ''}{chr(10).join(block.text for block in blocks)}".split("\n")
        yield f"{mark} {first}".rstrip(" ")
        yield from (f"  {line}" for line in rest)

    def _table(self, element: etree._Element, found: list[Block]) -> None:
        if self.cells or is_layout(element):
            self._layout(element, found)
            return
        self.depth += 1
        parts: list[str] = []
        for child in element:
            if local_name(child) == "caption":
                parts += [block.text for block in self.blocks(child)]
        titled = bool(parts)
        head, body, foot = rows_of(element)
        rows = body + foot
        # A foot row over the whole width is a note: it reads as a paragraph behind the table.
        notes = len(list(takewhile(lambda row: len(row) == 1, reversed(foot))))
        rows, below = rows[: len(rows) - notes], rows[len(rows) - notes :]
        if head or rows:
            parts.append(pipe_table(self._cells(head), self._cells(rows)))
        parts += [block.text for row in below for block in self.blocks(row[0])]
        self.depth -= 1
        if any(parts):
            self._add(found, Block(Shape.TABLE, "\n\n".join(part for part in parts if part), titled=titled))

    def _cells(self, rows: list[list[etree._Element]]) -> list[list[Cell]]:
        return [
            [Cell(self._cell_text(cell), span(cell, "colspan"), span(cell, "rowspan")) for cell in row] for row in rows
        ]

    def _cell_text(self, cell: etree._Element) -> str:
        self.cells += 1
        text = "\n".join(block.text for block in self.blocks(cell))
        self.cells -= 1
        return re.sub(r"\n+", "\n", text).replace("|", "\\|").replace("\n", "<br>")

    def _layout(self, element: etree._Element, found: list[Block]) -> None:
        """Rows of one cell are read as blocks; what stands side by side between them stays a table."""
        head, body, foot = rows_of(element)
        for child in element:
            if local_name(child) == "caption":
                found += self.blocks(child)
        side: list[list[etree._Element]] = []
        for row in head + body + foot:
            if len(row) == 1 or self.cells:
                self._side_by_side(side, found)
                framed = len(head + body + foot) == 1
                found += [replace(block, framed=framed) for cell in row for block in self.blocks(cell)]
            elif row:
                side.append(row)
        self._side_by_side(side, found)

    def _side_by_side(self, rows: list[list[etree._Element]], found: list[Block]) -> None:
        if not rows:
            return
        self.depth += 1
        table = pipe_table([], self._cells(rows))
        self.depth -= 1
        rows.clear()
        self._add(found, Block(Shape.TABLE, table))


def _paragraph_block(text: str, line: _Line) -> Block:
    """A paragraph, with the heading that its emphasised beginning makes (SPL has no run-in headings of its own)."""
    emphasised = re.split(r"\n\n", "".join(line.lead).strip(" \n"))[0].rstrip(" ")
    heading = _heading(emphasised)
    words = plain(heading).rstrip(_STOPS + " ")
    whole = not line.plain and heading == emphasised
    stops = heading.rstrip(" ")[-1:] in _STOPS or text[len(heading) : len(heading) + 1] == "\n"
    heads = (
        bool(line.lead_styles)
        and len(words.strip()) in _RUN_IN_LENGTH
        and not words.startswith(("[", "(", "!", "*"))
        and not _FIGURE.fullmatch(words)
        and (whole or stops or _rank(line.lead_styles) > 1)
    )
    if not heads:
        return Block(_shape(text), text)
    return Block(_shape(text), text, run_in=words, alone=whole, rank=_rank(line.lead_styles))


def _heading(emphasised: str) -> str:
    """The heading in emphasised words: a question, all of them, or their first line."""
    question = re.match(r"[^?]{3,158}\?", emphasised)
    if question:
        return question[0]
    return emphasised if len(emphasised) in _RUN_IN_LENGTH else emphasised.split("\n")[0]


def plain(text: str) -> str:
    """Words for a button or a title: on one line, without the marks for raised, lowered and noted."""
    return re.sub(r"[ \n]+", " ", re.sub(r"</?su[bp]>|\[\^\w+\]", "", text)).strip(" ")


def _rank(styles: set[str]) -> int:
    return max({"italic": 1, "underline": 2, "bold": 3}[style] for style in styles)


def _shape(text: str) -> Shape:
    return Shape.PICTURE if re.fullmatch(r"(!\[[^\]\n]*\]\([^)\n]*\)\s*)+", text) else Shape.PARAGRAPH


def _restart(line: _Line) -> None:
    """Make ready for the next paragraph inside the same emphasis."""
    line.out, line.lead, line.lead_styles = [], [], set()
    line.gap, line.fresh, line.leading, line.plain = False, True, True, False


def _ordering(element: etree._Element) -> Callable[[int], str]:
    """How the items of a list are marked; ``styleCode`` says letters or Roman numbers (SPL guide, 2.2.2.6)."""
    if element.get("listType", "unordered") != "ordered":
        return lambda _: "-"
    style = element.get("styleCode", "").lower()
    if "alpha" in style:
        return (lambda n: f"{_letters(n).upper()}.") if "big" in style else (lambda n: f"{_letters(n)}.")
    if "roman" in style:
        return (lambda n: f"{_roman(n).upper()}.") if "big" in style else (lambda n: f"{_roman(n)}.")
    return lambda n: f"{n}."


def _letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _roman(number: int) -> str:
    steps = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    text = ""
    for value, sign in steps:
        while number >= value:
            text, number = text + sign, number - value
    return text
