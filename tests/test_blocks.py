"""Passages as blocks: each mark of the format, what only looks like one, and that nothing is lost on any bytes."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from assistant.serving.blocks import (
    Block,
    Cell,
    Heading,
    Item,
    Line,
    List,
    Mark,
    Notes,
    Paragraph,
    Picture,
    Run,
    Table,
    inline,
    parse,
)


def text(line: Line) -> str:
    return "".join(run.text for run in line)


def only(passage: str) -> Block:
    ((block,),) = parse(passage.encode())
    return block


def said(cell: Cell) -> str:
    return "/".join(map(text, cell.lines))


def test_headings_of_one_group_and_the_text_below() -> None:
    path, body = parse(b"## 8 USE IN SPECIFIC POPULATIONS\n## 8.6 Renal Impairment\n\nOne line\nand its next.")
    assert [type(block) for block in path] == [Heading, Heading]
    assert body == (Paragraph((inline("One line"), inline("and its next."))),)


def test_nested_lists_with_all_their_marks() -> None:
    block = only("- outer\n  still outer\n  1. first\n  2. second\n    - deep\n- last\nB. no item")
    assert isinstance(block, List)
    outer, last, letter = block.items
    assert (outer.mark, last.mark, letter.mark) == ("-", "-", "B.")
    paragraph, inner = outer.body
    assert isinstance(paragraph, Paragraph) and len(paragraph.lines) == 2
    assert isinstance(inner, List) and [item.mark for item in inner.items] == ["1.", "2."]
    assert isinstance(inner.items[1].body[1], List)


def test_a_line_inside_a_paragraph_is_never_made_a_list() -> None:
    block = only("The change from baseline was\n- 5 mmol/L")
    assert isinstance(block, Paragraph) and text(block.lines[1]) == "- 5 mmol/L"


def test_the_text_of_an_item_is_not_read_again_as_an_item() -> None:
    block = only("- - 5 mmol/L")
    assert block == List((Item("-", (Paragraph((inline("- 5 mmol/L"),)),)),))


def test_a_table_inside_an_item() -> None:
    block = only("- such as:\n  |---|---|\n  | fever | cough |\n- next")
    assert isinstance(block, List)
    assert [type(below) for below in block.items[0].body] == [Paragraph, Table]


def test_a_table_with_spans_head_breaks_and_pipes() -> None:
    block = only("| Dose || Note |\n| low | high | ^^ |\n|---|---|---|\n| 5 mg<br>(6 mL) | 10 \\| 20 mg |\n| All |||")
    assert isinstance(block, Table) and block.columns == 3
    (dose, note), (low, high) = block.head
    assert (said(dose), dose.column, dose.columns, dose.rows) == ("Dose", 0, 2, 1)
    assert (said(note), note.column, note.rows) == ("Note", 2, 2)
    assert (low.column, high.column) == (0, 1)
    (first, second, padded), (whole,) = block.body
    assert (said(first), said(second), said(padded), padded.column) == ("5 mg/(6 mL)", "10 | 20 mg", "", 2)
    assert (said(whole), whole.columns) == ("All", 3)


def test_a_continuation_that_fits_no_cell_above_is_shown_as_it_stands() -> None:
    block = only("|---|---|\n| ^^ | b |\n| ^^ ||")
    assert isinstance(block, Table)
    assert [[said(cell) for cell in row] for row in block.body] == [["^^", "b"], ["^^"]]


def test_pipes_without_an_end_of_the_head_are_plain_lines() -> None:
    assert only("| a | b |\n| c | d |") == Paragraph((inline("| a | b |"), inline("| c | d |")))


def test_dashes_in_the_body_are_a_row() -> None:
    block = only("| a |\n|---|\n| --- |")
    assert isinstance(block, Table) and [said(cell) for (cell,) in block.body] == ["---"]


def test_footnotes_with_further_lines() -> None:
    block = only("[^1]: first\nmore of it\n[^*]: second")
    assert isinstance(block, Notes)
    assert [(note.mark, [text(line) for line in note.lines]) for note in block.notes] == [
        ("1", ["first", "more of it"]),
        ("*", ["second"]),
    ]


def test_marks_in_a_line() -> None:
    assert inline("m<sup>2</sup> C<sub>max</sub>[^1] <5 mg") == (
        Run(Mark.TEXT, "m"),
        Run(Mark.SUP, "2"),
        Run(Mark.TEXT, " C"),
        Run(Mark.SUB, "max"),
        Run(Mark.NOTE, "1"),
        Run(Mark.TEXT, " <5 mg"),
    )
    assert inline("<sup>[^2]</sup>") == (Run(Mark.NOTE, "2"),)
    assert inline("<sup>open [^ ] ![x]") == (Run(Mark.TEXT, "<sup>open [^ ] ![x]"),)


def test_pictures_alone_and_in_a_line() -> None:
    assert only("![Figure 1 [N=5]](label (2).jpg)") == Picture("Figure 1 [N=5]", "label (2).jpg")
    block = only("See ![a](b.jpg) here")
    assert isinstance(block, Paragraph) and block.lines[0][1] == Run(Mark.PICTURE, "a", "b.jpg")


def test_an_absurdly_wide_table_and_absurdly_deep_list_stay_lines() -> None:
    assert isinstance(only("|---|\n| a " + "|" * 500), Paragraph)
    deep = "\n".join("  " * level + "- x" for level in range(3000))
    assert isinstance(only(deep), List)


@given(st.text(alphabet=st.sampled_from("ab5 \n\r-|^<>\\[]!()#.:1\t\u00a0é"), max_size=120))
@example("|---|\n|")
@example("|\n|---|")
@example("- \n  |---|")
@example("|---||\n| ^^ ||")
def test_every_letter_and_digit_stands_in_exactly_one_block(passage: str) -> None:
    kept = "".join(char for group in parse(passage.encode()) for block in group for char in _letters(block))
    wanted = "".join(char for char in passage if char in "abé")
    assert "".join(char for char in kept if char in "abé") == wanted


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(passage: bytes) -> None:
    parse(passage)


def _letters(block: Block) -> str:
    match block:
        case Heading(line):
            return _all(line)
        case Paragraph(lines):
            return "".join(map(_all, lines))
        case Picture(caption, file):
            return caption + file
        case List(items):
            return "".join(item.mark + "".join(map(_letters, item.body)) for item in items)
        case Table():
            return "".join(_all(line) for row in block.head + block.body for cell in row for line in cell.lines)
        case Notes(notes):
            return "".join(note.mark + "".join(map(_all, note.lines)) for note in notes)


def _all(line: Line) -> str:
    return "".join(run.text + run.file for run in line)
