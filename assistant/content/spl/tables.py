"""SPL tables as pipe tables with MultiMarkdown's spans (docs/content-format.md).

Guarantees: every cell stands once, in the order of the rows; a cell over several columns is closed by as many pipes, a
cell over several rows is continued by ``^^``; rows that are too short are filled. Absurd spans of broken or hostile
files are cut to the table's size. Source: SPL Implementation Guide, section 2.2.2.7 (tables), HTML 4.01 section 11.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

_WIDEST = 100

Row = list[etree._Element]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, on one line, and the columns and rows it takes."""

    text: str
    columns: int = 1
    rows: int = 1


def rows_of(table: etree._Element) -> tuple[list[Row], list[Row], list[Row]]:
    """Head, body and foot rows; leading rows of header cells are a head where the table names none."""
    head: list[Row] = []
    body: list[Row] = []
    foot: list[Row] = []
    for row in table.iterdescendants(f"{_namespace(table)}tr"):
        if _table_of(row) is not table:
            continue
        cells = [cell for cell in row if _name(cell) in ("td", "th")]
        target = {"thead": head, "tfoot": foot}.get(_name(row.getparent()), body)
        if cells:
            target.append(cells)
    if not head:
        while len(body) > 1 and all(_name(cell) == "th" for cell in body[0]):
            head.append(body.pop(0))
    return head, body, foot


def span(cell: etree._Element, attribute: str) -> int:
    """``colspan`` or ``rowspan`` as a number from 1."""
    value = cell.get(attribute, "1").strip()
    return max(1, min(int(value), 10_000)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def is_layout(table: etree._Element) -> bool:
    """Whether a table only frames its text: one column, or lists and headings over its whole width."""
    head, body, foot = rows_of(table)
    rows = head + body + foot
    alone = sum(len(row) == 1 for row in rows)
    if alone == len(rows):
        return True
    if any(len(row) > 1 for row in head) or any(span(cell, "rowspan") > 1 for row in rows for cell in row):
        return False
    holds_lists = next(table.iterdescendants(f"{_namespace(table)}list"), None) is not None
    return holds_lists and alone >= 0.4 * len(rows)


def pipe_table(head: list[list[Cell]], body: list[list[Cell]]) -> str:
    """The table as text; a table without head begins with the line that ends the head."""
    top, bottom = _grid(head), _grid(body)
    width = max((sum(cell.columns for cell in row) for row in top + bottom), default=1)
    lines = [_line(row, width) for row in top]
    lines.append("|" + "---|" * width)
    lines += [_line(row, width) for row in bottom]
    return "\n".join(lines)


def _grid(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows with the cells that hang down from above written as ``^^``."""
    grid: list[list[Cell]] = []
    hanging: dict[int, tuple[int, int]] = {}  # column -> (columns, rows still covered)
    for row in rows:
        line: list[Cell] = []
        column = 0
        waiting = list(row)
        below: dict[int, tuple[int, int]] = {}
        while waiting or column in hanging or any(start >= column for start in hanging):
            if column in hanging:
                columns, left = hanging.pop(column)
                line.append(Cell("^^", columns))
                if left > 1:
                    below[column] = (columns, left - 1)
            else:
                cell = waiting.pop(0) if waiting else Cell("")
                free = min((start for start in hanging if start > column), default=column + _WIDEST) - column
                columns = min(cell.columns, free, _WIDEST)
                line.append(Cell(cell.text, columns))
                if cell.rows > 1:
                    below[column] = (columns, cell.rows - 1)
            column += line[-1].columns
        hanging = below
        grid.append(line)
    return grid


def _line(row: list[Cell], width: int) -> str:
    missing = width - sum(cell.columns for cell in row)
    cells = row + [Cell("")] * missing
    return "|" + "".join(
        f" {cell.text} {'|' * cell.columns}" if cell.text else f" {'|' * cell.columns}" for cell in cells
    )


def _table_of(row: etree._Element) -> etree._Element | None:
    return next((above for above in row.iterancestors() if _name(above) == "table"), None)


def _name(element: etree._Element | None) -> str:
    return etree.QName(element).localname if element is not None and isinstance(element.tag, str) else ""


def _namespace(element: etree._Element) -> str:
    namespace = etree.QName(element).namespace
    return f"{{{namespace}}}" if namespace else ""
