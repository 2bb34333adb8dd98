"""Draw a table on a terminal: a grid of ruled columns, or one record a row where the columns do not fit.

Guarantees: a cell's words stand between the rules of its own columns and nowhere else; a cell over several columns or
rows has no rule through it; where any row takes more than one line every row is ruled off from the next, so that no
value can be read in another's place. In records every value carries the words of its own column's head, and the
column's number where those do not tell it from another; a cell that continues one above repeats it, and an empty one
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.serving.blocks import Line, Table
from assistant.serving.terminal_text import Paint, hang, longest, width_of, wrap, wrap_cell

#: A column is not made narrower than this unless all it holds is shorter.
NARROWEST = 8
#: A cell that continues one above repeats its words in a record up to this length.
_REPEATED = 120
#: Fixed wording of records, in brackets as all wording that is not the passage's.
EMPTY, AS_ABOVE, COLUMN = "[empty]", "[as above]", "[column {}]"

_GAP = 3  # a rule and a space on each side
#: Joints of rules, by 8 if one goes on above, 4 below, 2 to the left, 1 to the right.
_LIGHT = (" ", "╶", "╴", "─", "╷", "┌", "┐", "┬", "╵", "└", "┘", "┴", "│", "├", "┤", "┼")
_DOUBLE = (" ", "═", "═", "═", "╷", "╒", "╕", "╤", "╵", "╘", "╛", "╧", "│", "╞", "╡", "╪")

Plain = Callable[[Line], str]


@dataclass(frozen=True, slots=True)
class _Box:
    """A cell in its place: rows and columns from first to before last."""

    lines: tuple[str, ...]
    top: int
    bottom: int
    left: int
    right: int
    head: bool


def draw_table(table: Table, width: int, plain: Plain, paint: Paint) -> list[str]:
    """``table`` in at most ``width`` columns; ``plain`` gives the words of a line."""
    rows = len(table.head) + len(table.body)
    if not rows:
        return []
    boxes = _boxes(table, plain)
    widths = _share(boxes, table.columns, width)
    if widths is None:
        return _records(boxes, table.columns, range(len(table.head), rows), width, paint)
    return _Grid(boxes, len(table.head), rows, widths, paint).draw()


def _boxes(table: Table, plain: Plain) -> list[_Box]:
    boxes = []
    for top, row in enumerate([*table.head, *table.body]):
        for cell in row:
            lines = tuple(map(plain, cell.lines))
            bottom, right = top + cell.rows, cell.column + cell.columns
            boxes.append(_Box(lines, top, bottom, cell.column, right, top < len(table.head)))
    return boxes


def _share(boxes: Sequence[_Box], columns: int, room: int) -> list[int] | None:
    """The widths of the columns, or None if they cannot be wide enough to keep words, and numbers with units, whole."""
    room -= _GAP * (columns - 1)
    least = [1] * columns
    natural = [1] * columns
    for box in sorted(boxes, key=lambda box: box.right - box.left):
        wanted = max(map(width_of, box.lines), default=0)
        needed = max([min(wanted, NARROWEST), *map(longest, box.lines)])
        if box.right - box.left == columns > 1:
            wanted = min(wanted, room // 2)
        _widen(least, box, needed)
        _widen(natural, box, max(wanted, needed))
    if sum(natural) <= room:
        return natural
    spare = room - sum(least)
    return None if spare < 0 else _spread(least, natural, spare)


def _widen(widths: list[int], box: _Box, wanted: int) -> None:
    span = box.right - box.left
    missing = wanted - sum(widths[box.left : box.right]) - _GAP * (span - 1)
    for at in range(span):
        if missing > 0:
            share = -(-missing // (span - at))
            widths[box.left + at] += share
            missing -= share


def _spread(least: list[int], natural: list[int], spare: int) -> list[int]:
    """Share what is spare by the square root of what is missing: long columns get more, short ones soon enough."""
    widths = list(least)
    while spare > 0:
        missing = [max(0, full - width) for full, width in zip(natural, widths, strict=True)]
        weight = sum(gap**0.5 for gap in missing)
        if not weight:
            break
        shares = [min(gap, int(spare * gap**0.5 / weight)) for gap in missing]
        if not any(shares):
            shares[missing.index(max(missing))] = 1
        widths = [width + share for width, share in zip(widths, shares, strict=True)]
        spare -= sum(shares)
    return widths


@dataclass(frozen=True, slots=True)
class _Cell:
    """A box and its lines at the width of its columns."""

    box: _Box
    lines: tuple[str, ...]


class _Grid:
    """A table whose column widths are settled."""

    __slots__ = ("_begun", "_cells", "_head", "_heights", "_paint", "_rows", "_ruled", "_widths")

    def __init__(self, boxes: Sequence[_Box], head: int, rows: int, widths: list[int], paint: Paint) -> None:
        self._head, self._rows, self._widths, self._paint = head, rows, widths, paint
        self._begun: dict[_Box, int] = {}
        wrapped = [self._wrapped(box) for box in boxes]
        #: What covers each place, by row and column.
        self._cells: list[list[_Cell]] = [[wrapped[0]] * len(widths) for _ in range(rows)]
        for cell in wrapped:
            for row in self._cells[cell.box.top : cell.box.bottom]:
                row[cell.box.left : cell.box.right] = [cell] * (cell.box.right - cell.box.left)
        tall = any(
            cell.box.bottom - cell.box.top > 1 or (len(cell.lines) > 1 and cell.box.top > 0)
            for cell in wrapped
            if not cell.box.head
        )
        self._ruled = [self._is_ruled(row, tall=tall) for row in range(rows)]
        self._ruled[0] |= any(len(cell.lines) > 1 for cell in self._cells[0])
        self._heights = self._measure(wrapped)

    def draw(self) -> list[str]:
        drawn = [self._rule(0, -1)]
        for row in range(self._rows):
            for cell in self._cells[row]:
                self._begun.setdefault(cell.box, len(drawn))
            for _ in range(self._heights[row]):
                drawn.append(self._text(len(drawn), row))
            if self._ruled[row]:
                drawn.append(self._rule(len(drawn), row))
        return drawn

    def _wrapped(self, box: _Box) -> _Cell:
        return _Cell(box, tuple(part for line in box.lines for part in wrap_cell(line, self._span(box))))

    def _span(self, box: _Box) -> int:
        return sum(self._widths[box.left : box.right]) + _GAP * (box.right - box.left - 1)

    def _is_title(self, box: _Box) -> bool:
        return box.right - box.left == len(self._widths) > 1

    def _is_ruled(self, row: int, *, tall: bool) -> bool:
        """Whether there is a rule below ``row``."""
        if tall or row < self._head or row == self._rows - 1:
            return True
        return any(self._is_title(self._cells[at][0].box) for at in (row, row + 1))

    def _measure(self, cells: Sequence[_Cell]) -> list[int]:
        """The height of each row; what a cell over several rows needs more than they have goes to its last."""
        heights = [1] * self._rows
        for cell in sorted(cells, key=lambda cell: cell.box.bottom - cell.box.top):
            top, bottom = cell.box.top, cell.box.bottom
            missing = len(cell.lines) - sum(heights[top:bottom]) - sum(self._ruled[top : bottom - 1])
            heights[bottom - 1] += max(0, missing)
        return heights

    def _text(self, at: int, row: int) -> str:
        segments: list[str] = []
        column = 0
        while column < len(self._widths):
            cell = self._cells[row][column]
            segments.append(self._segment(cell, at))
            column = cell.box.right
        return " │ ".join(segments).rstrip()

    def _segment(self, cell: _Cell, at: int) -> str:
        """The part of line ``at`` that lies in ``cell``."""
        number = at - self._begun[cell.box]
        line = cell.lines[number] if number < len(cell.lines) else ""
        space = " " * (self._span(cell.box) - width_of(line))
        strong = cell.box.head or self._is_title(cell.box)
        return (self._paint("bold", line) if strong else line) + space

    def _rule(self, at: int, row: int) -> str:
        """The rule below ``row``, with the text of the cells that go on through it."""
        stroke = "═" if row == self._head - 1 < self._rows - 1 and row >= 0 else "─"
        out: list[str] = []
        column = 0
        while column < len(self._widths):
            through = self._through(row, column)
            if column:
                out.append(self._joint(row, column, stroke))
            out.append(self._segment(through, at) if through else stroke * self._widths[column])
            column = through.box.right if through else column + 1
        return "".join(out).rstrip()

    def _through(self, row: int, column: int) -> _Cell | None:
        """The cell that covers ``column`` above and below the rule under ``row``."""
        if not 0 <= row < self._rows - 1:
            return None
        above = self._cells[row][column]
        return above if above.box.bottom > row + 1 else None

    def _joint(self, row: int, column: int, stroke: str) -> str:
        left, right = (self._through(row, at) is None for at in (column - 1, column))
        up, down = (0 <= at < self._rows and self._cells[at][column].box.left == column for at in (row, row + 1))
        joint = (_LIGHT if stroke == "─" else _DOUBLE)[8 * up + 4 * down + 2 * left + right]
        return f"{stroke if left else ' '}{joint}{stroke if right else ' '}"


def _records(boxes: Sequence[_Box], columns: int, rows: range, width: int, paint: Paint) -> list[str]:
    """A record a row: its first cell, and below it the other values, each behind the words of its column's head."""
    labels = _Labels([box for box in boxes if box.head and box.right - box.left < columns], columns)
    covering: dict[int, list[_Box]] = {row: [] for row in rows}
    for box in sorted(boxes, key=lambda box: box.left):
        for row in range(max(box.top, rows.start), box.bottom):
            covering[row].append(box)
    drawn: list[str] = []
    for row in rows:
        lines = _record(covering[row], row, labels, width, paint)
        drawn += ["", *lines] if drawn and lines else lines
    unused = [line for box in boxes if box.head and box not in labels.used for line in box.lines]
    titles = [paint("bold", part) for line in unused for part in wrap(line.strip(), width)]
    return [*titles, "", *drawn] if titles and drawn else titles + drawn


class _Labels:
    """The words of the head over each column; ``used`` are the head's cells that some record has shown."""

    __slots__ = ("_by_column", "_columns", "used")

    def __init__(self, head: Sequence[_Box], columns: int) -> None:
        self.used: set[_Box] = set()
        self._columns = columns
        self._by_column: list[list[_Box]] = [[] for _ in range(columns)]
        for box in head:
            if _said(box):
                for column in range(box.left, box.right):
                    self._by_column[column].append(box)

    def over(self, box: _Box) -> str:
        """The head over ``box``; with the number of its column where the words do not tell it from another."""
        words: list[str] = []
        for column in range(box.left, box.right):
            self.used.update(self._by_column[column])
            own = self._words(column)
            if own and own not in words:
                words.append(own)
        if box.left == 0:  # it begins the record and cannot be mistaken
            return " | ".join(words)
        here = range(box.left, box.right)
        others = {self._words(column) for column in range(1, self._columns) if column not in here}
        if others.isdisjoint({self._words(column) for column in here}):
            return " | ".join(words)
        number = f"{box.left + 1}" if len(here) == 1 else f"{box.left + 1} to {box.right}"
        return " ".join((" | ".join(words), COLUMN.format(number))).strip()

    def _words(self, column: int) -> str:
        return " › ".join(
            " ".join(line.strip() for line in box.lines if line.strip()) for box in self._by_column[column]
        )


def _record(boxes: Sequence[_Box], row: int, labels: _Labels, width: int, paint: Paint) -> list[str]:
    first, *others = boxes
    if not any(_said(box) for box in others):  # a title over the rows below it
        words = _said(first)
        return _value(labels.over(first) if others else "", first, row, width, paint, strong=True) if words else []
    lines = _value(labels.over(first), first, row, width, paint, strong=True)
    for box in others:
        lines += [f"  {line}" for line in _value(labels.over(box), box, row, width - 2, paint)]
    return lines


def _value(label: str, box: _Box, row: int, width: int, paint: Paint, *, strong: bool = False) -> list[str]:
    """``label: value``, further lines of the value below it."""
    lines = [line.strip() for line in box.lines if line.strip()]
    if box.top < row and sum(map(len, lines)) > _REPEATED:
        lines = [AS_ABOVE]
    if not lines:
        lines = [EMPTY] if label else []
    if label and lines:
        lines[0] = f"{label} {lines[0]}" if label.endswith(":") else f"{label}: {lines[0]}"
    drawn = [part for count, line in enumerate(lines) for part in hang(line, width, "  " if count else "", "  ")]
    return [paint("bold", line) for line in drawn] if strong else drawn


def _said(box: _Box) -> bool:
    return any(line.strip() for line in box.lines)
