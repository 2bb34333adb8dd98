"""What a person sees: every word in its place at every width, nothing dangerous, nothing invented.

Tables are read back from the drawing by the rules alone, knowing nothing of the code that drew them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.answering.answer import Answer, Offer, Reference
from assistant.answering.index import DocumentEntry
from assistant.content.spl.importing import read_spl
from assistant.domain import Context, Flag, Kind, Outcome, Passage, Scope, Span
from assistant.serving.blocks import Mark, Run, Table, parse
from assistant.serving.terminal import FLAGS, TITLES, draw, draw_blocks, draw_passage, printable
from assistant.serving.terminal_tables import AS_ABOVE, EMPTY, draw_table
from assistant.serving.terminal_text import Paint, longest, width_of, wrap

PLAIN = Paint(False)
WIDTHS = (40, 80, 120)
ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "approved_corpus"
LABELS = Path(os.environ.get("ONLABEL_DATA", ROOT.parent / "shared" / "data")) / "labels" / "spl"
JOINTS = "│┌┐└┘├┤┬┴┼╒╕╘╛╞╡╤╧╪╵╷"


#: A cell's words, its first column, its columns and its rows.
Drawn = tuple[str, int, int, int]


def squeezed(text: str) -> str:
    return "".join(text.split())


def passages() -> list[bytes]:
    """The bodies of the sample corpus."""
    files = sorted(CORPUS.glob("*/*.md"))
    return [file.read_bytes().split(b"\n---\n", 1)[1].removesuffix(b"\n") for file in files]


def plain_words(line: str) -> str:
    """A line of a passage as it must come through, by the format's description alone."""
    line = re.sub(r"!\[(.*?)\]\((.*?)\)", lambda m: f"[picture: {m[1] or m[2]}]", line)
    line = re.sub(r"\[\^([^\]\s]+)\]", r"[\1]", line)
    return unicodedata.normalize("NFKC", re.sub(r"</?su[pb]>", "", line).replace("−", "-"))


def drawn_words(text: str) -> str:
    """What was drawn, raised and lowered signs set back."""
    return unicodedata.normalize("NFKC", re.sub(r"[\^_]\(([^()]*)\)", r"\1", text).replace("⁻", "-")).replace("−", "-")


# -- read a drawn table back ------------------------------------------------------------------------------------------


def rules_of(lines: list[str]) -> list[int]:
    return sorted({at for line in lines for at, char in enumerate(line) if char in JOINTS})


def is_rule(line: str) -> bool:
    return "──" in line or "══" in line


def misplaced(lines: list[str], rows: list[list[Drawn]], columns: int) -> list[tuple[str, str]]:
    """Cells whose words are not those between its rules: (as they must be, as they stand).

    Between two rules stands one row, or as many rows as lines; the reading that fits best counts.
    """
    # A column that no cell begins in has no rule of its own.
    edges = sorted({column for row in rows for _, column, _, _ in row} | {columns})
    places = [-2, *rules_of(lines), 10_000]
    assert len(places) == len(edges)
    bounds = dict(zip(edges, places, strict=True))
    readings = [
        list(_compared(lines, rows, bounds, spans)) for spans in _readings(lines, len(rows)) if len(spans) == len(rows)
    ]
    return min(([pair for pair in reading if pair[0] != pair[1]] for reading in readings), key=len)


def _readings(lines: list[str], rows: int) -> Iterator[list[tuple[int, int]]]:
    """First and last line of each row, in every way that the rules allow."""
    ruled = [at for at, line in enumerate(lines) if is_rule(line)]
    regions = [range(first + 1, last) for first, last in itertools.pairwise(ruled)]
    many = [region for region in regions if len(region) > 1 and len(region) <= rows - len(regions) + 1]
    for several in itertools.chain.from_iterable(itertools.combinations(many, n) for n in range(min(len(many), 8) + 1)):
        if sum(map(len, several)) - len(several) + len(regions) == rows:
            split = [[(at, at) for at in r] if r in several else [(r.start, r.stop - 1)] for r in regions]
            yield [span for part in split for span in part]


def _compared(
    lines: list[str], rows: list[list[Drawn]], bounds: dict[int, int], spans: list[tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    for row, cells in enumerate(rows):
        for words, column, over, down in cells:
            left = bounds[column] + 2
            right = max(0, next(at for edge, at in sorted(bounds.items()) if edge >= column + over) - 1)
            there = "".join(line[left:right] for line in lines[spans[row][0] : spans[row + down - 1][1] + 1])
            yield squeezed(words), squeezed(there)


#: Words that can be told apart, in no alphabet of the rules.
def _cell_words(row: int, column: int, count: int) -> str:
    return " ".join(f"r{row}c{column}w{word}" for word in range(count))


@st.composite
def tables(draw_from: st.DrawFn) -> tuple[str, list[list[Drawn]], int, int]:
    """A table with spans as text, what stands in its cells, its number of columns and of rows in the head."""
    columns = draw_from(st.integers(1, 5))
    head = draw_from(st.integers(0, 2))
    body = draw_from(st.integers(1, 5))
    lines: list[str] = []
    cells: list[list[Drawn]] = []
    open_cells: dict[int, tuple[int, int, int]] = {}  # column -> (columns, row, position in the row)
    for row in range(head + body):
        if row == head:
            lines.append("|" + "---|" * columns)
            open_cells = {}
        line, own, here, column = "|", [], {}, 0
        while column < columns:
            over = open_cells.get(column)
            if over and draw_from(st.booleans()):
                width, begun, position = over
                line += " ^^ " + "|" * width
                words, at, wide, down = cells[begun][position]
                cells[begun][position] = (words, at, wide, down + 1)
                here[column] = over
            else:
                width = draw_from(st.integers(1, columns - column))
                words = _cell_words(row, column, draw_from(st.integers(1, 6)))
                line += f" {words} " + "|" * width
                here[column] = (width, row, len(own))
                own.append((words, column, width, 1))
            column += width
        lines.append(line)
        cells.append(own)
        open_cells = here
    if head == 0 and len(lines) == body:
        lines.insert(0, "|" + "---|" * columns)
    return "\n".join(lines), cells, columns, head


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from([60, 80, 120]))
def test_no_word_of_a_table_leaves_its_columns_and_rows(
    made: tuple[str, list[list[Drawn]], int, int], width: int
) -> None:
    source, cells, columns, _ = made
    lines = draw_blocks(source.encode(), width, PLAIN)
    assert all(width_of(line) <= width and line == line.rstrip() for line in lines)
    words = sorted(word for row in cells for cell in row for word in cell[0].split())
    if not is_rule(lines[0]):
        shown = set(re.findall(r"r\d+c\d+w\d+", " ".join(lines)))
        assert shown == set(words)
        return
    assert sorted(re.findall(r"r\d+c\d+w\d+", " ".join(lines))) == words
    left: dict[int, set[int]] = {}
    starts: dict[str, int] = {}
    rows: dict[str, int] = {}
    for at, line in enumerate(lines):
        for match in re.finditer(r"r\d+c\d+w\d+", line):
            starts[match[0]], rows[match[0]] = match.start(), at
    for row in cells:
        for text, column, _, _ in row:
            for word in text.split():
                left.setdefault(column, set()).add(starts[word])
    edges = {column: min(found) for column, found in left.items()}
    ordered = [edges[column] for column in sorted(edges)]
    assert ordered == sorted(ordered)
    for number, row in enumerate(cells):
        for text, column, over, down in row:
            for word in text.split():
                assert starts[word] >= edges[column]
                after = [edge for at, edge in edges.items() if at >= column + over]
                assert not after or starts[word] + len(word) <= min(after) - 3
            lowest = max(rows[word] for word in text.split())
            below = [cell for later in cells[number + down :] for cell in later]
            assert all(rows[word] > lowest for cell in below for word in cell[0].split())
    assert columns >= len(edges)


def table_rows(table: Table) -> list[list[Drawn]]:
    return [
        [("".join(map(_line, cell.lines)), cell.column, cell.columns, cell.rows) for cell in row]
        for row in table.head + table.body
    ]


def _line(line: tuple[Run, ...]) -> str:
    out = ""
    for run in line:
        out += f"[{run.text}]" if run.mark is Mark.NOTE else run.text
    return out


@pytest.mark.parametrize("width", WIDTHS)
def test_every_cell_of_the_sample_corpus_stands_between_its_own_rules(width: int) -> None:
    assert sum(read_back(body, width) for body in passages()) > 10 or width == 40


@pytest.mark.skipif(not LABELS.is_dir(), reason="needs real labels: set ONLABEL_DATA to the folder of the data")
@pytest.mark.parametrize("label", ["gabapentin_152adf1d", "ocrevus_9da42362", "zeposia_93ce2fab"])
def test_every_cell_of_real_labels_stands_between_its_own_rules(label: str) -> None:
    document = read_spl((LABELS / f"{label}.xml").read_bytes(), label)
    for width in WIDTHS[1:]:
        assert sum(read_back(draft.text.encode(), width) for draft in document.passages) > 3


def read_back(body: bytes, width: int) -> int:
    """How many tables of a passage were drawn as grids and read back, each cell between its own rules."""
    seen = 0
    for table in (block for group in parse(body) for block in group if isinstance(block, Table)):
        lines = draw_table(table, width - 2, _line, PLAIN)
        if is_rule(lines[0]) and all(width_of(line) == len(line) for line in lines):
            assert not misplaced(lines, table_rows(table), table.columns)
            seen += 1
    return seen


@pytest.mark.parametrize("width", WIDTHS)
def test_every_word_of_the_sample_corpus_comes_through_in_order(width: int) -> None:
    for body in passages():
        for group in re.split(r"\n(?:[ \t]*\n)+", body.decode()):
            lines = draw_blocks(group.encode(), width - 2, PLAIN)
            assert all(width_of(line) <= width - 2 and line == line.rstrip() for line in lines)
            if any(line.lstrip().startswith("|") for line in group.split("\n")):
                continue  # tables are read cell by cell
            wanted = [re.sub(r"^ *(## |- |(\[\^[^\]]+\]):)", r"\2", line) for line in group.split("\n")]
            there = [re.sub(r"^ *• ?", "", line) for line in lines]
            assert drawn_words(squeezed("".join(there))) == squeezed("".join(map(plain_words, wanted)))


def test_records_carry_the_head_of_their_own_column_and_say_what_is_empty() -> None:
    source = (
        "| Renal function || Adults | Children weighing less than 40 kilograms |\n|---|---|---|---|\n"
        "| Severe | CrCl<30 | 10 milligrams | |\n| ^^ | dialysis-dependent | 5 milligrams | 2 milligrams |\n"
        "| All of these ||||"
    )
    lines = draw_blocks(source.encode(), 36, PLAIN)
    assert "\n".join(lines) == (
        "Renal function: Severe\n  Renal function: CrCl<30\n  Adults: 10 milligrams\n"
        f"  Children weighing less than 40\n    kilograms: {EMPTY}\n\n"
        "Renal function: Severe\n  Renal function:\n    dialysis-dependent\n  Adults: 5 milligrams\n"
        "  Children weighing less than 40\n    kilograms: 2 milligrams\n\n"
        "All of these"
    )


def test_records_number_columns_whose_heads_read_the_same() -> None:
    source = "| | Lisinoprilhydrochlorothiazide ||\n|---|---|---|\n| Fatiguerelatedcomplaints | 3.7% | 1.9% |"
    assert draw_blocks(source.encode(), 38, PLAIN) == [
        "Fatiguerelatedcomplaints",
        "  Lisinoprilhydrochlorothiazide",
        "    [column 2]: 3.7%",
        "  Lisinoprilhydrochlorothiazide",
        "    [column 3]: 1.9%",
    ]


def test_a_long_cell_that_continues_is_not_poured_out_again() -> None:
    long = " ".join(["continuedwords"] * 20)
    rest = "unbreakableword | anotherlongword"
    source = f"|---|---|---|---|\n| {long} | {rest} | x |\n| ^^ | {rest} | y |"
    assert draw_blocks(source.encode(), 38, PLAIN).count(AS_ABOVE) == 1


def test_a_table_with_spans_as_it_looks() -> None:
    source = (
        "| Severity | Dose of ZORVANTA ||\n| ^^ | Adults | Children |\n|---|---|---|\n| Starting dose |||\n"
        "| Mild | 10 mg | 5 mg |\n| Severe | 5 mg<br>every other day | ^^ |"
    )
    assert draw_blocks(source.encode(), 60, PLAIN) == [
        "─────────┬───────────────────────────",
        "Severity │ Dose of ZORVANTA",
        "         ├─────────────────┬─────────",
        "         │ Adults          │ Children",
        "═════════╧═════════════════╧═════════",
        "Starting dose",
        "─────────┬─────────────────┬─────────",
        "Mild     │ 10 mg           │ 5 mg",
        "─────────┼─────────────────┤",
        "Severe   │ 5 mg            │",
        "         │ every other day │",
        "─────────┴─────────────────┴─────────",
    ]


# -- text -------------------------------------------------------------------------------------------------------------


def test_lists_headings_notes_and_pictures_as_they_look() -> None:
    source = (
        "## 2.1 Dosing\n\nTake:\n\n- the first item, long enough to wrap\n  1. nested one\n- last\n\n"
        "A note.[^1]\n[^1]: See C<sub>max</sub>, AUC<sub>inf</sub> and 10<sup>9</sup>/L\n\n![Pen](a.jpg)\n\n![](b.jpg)"
    )
    assert draw_blocks(source.encode(), 30, PLAIN) == [
        "2.1 Dosing", "", "Take:", "", "• the first item, long enough", "  to wrap", "  1. nested one", "• last", "",
        "A note.[1]", "[1] See Cₘₐₓ, AUC_(inf) and", "    10⁹/L", "", "[picture: Pen]", "", "[picture: b.jpg]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["at most 10 mg a day", "if it is < 30 mL/min or", "of them (N = 204) were", "0-50 mgᵇ[1], then"]
)
def test_numbers_stay_with_their_units_and_signs(text: str) -> None:
    for width in range(13, 30):
        for line in wrap(text, width):
            assert not re.search(r"(\d|[<=])$", line) or line.endswith("204"), (width, line)


@given(st.text(max_size=80), st.integers(1, 40))
def test_wrapping_changes_white_space_only(text: str, width: int) -> None:
    shown = printable(text)
    lines = wrap(shown, width)
    assert squeezed("".join(lines)) == squeezed(shown)
    assert all(width_of(line) <= max(width, 2) and line and line == line.rstrip() for line in lines)
    assert longest(shown) <= max(width_of(shown), 0) or not shown


def test_wide_characters_and_combining_marks_are_counted_as_they_stand() -> None:
    assert width_of("用量") == 4 and width_of("e\u0301") == 1 and width_of("µg") == 2
    assert wrap("用量用量用量", 5) == ["用量", "用量", "用量"]
    assert wrap("e\u0301" * 6, 4) == ["e\u0301" * 4, "e\u0301" * 2]


HOSTILE = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202egm 01\u202c \u2066x\u2069 \r\b\x00 \ud800 \U000e0041 \ue000 \u2028"


@given(st.text(max_size=200))
@example(HOSTILE)
def test_nothing_that_acts_on_a_terminal_or_deceives_gets_through(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") for char in shown)
    assert not any(
        unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for char in shown
    )
    shown.encode()


def test_escapes_name_what_they_stand_for() -> None:
    assert printable("a\x1b[0m\u202e\tb\U000e0041") == "a\\x1b[0m\\u202e b\\U000e0041"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(20, 130))
def test_any_bytes_are_drawn(body: bytes, room: int) -> None:
    _is_sound(draw_blocks(body, room, PLAIN), room)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab5 \n\n|||-^<>\\[]!()#.:1用\u0301\u00a0\x1b"), max_size=200), st.integers(20, 90)
)
@example("|---|\n|---|", 20)
@example("|\n|---|", 20)
@example("- \n  |---|\n  | |", 20)
@example("", 20)
def test_whatever_looks_like_a_mark_is_drawn(body: str, room: int) -> None:
    _is_sound(draw_blocks(body.encode(), room, PLAIN), room)


def _is_sound(lines: list[str], room: int) -> None:
    assert any(line.strip() for line in lines)
    assert all(line == line.rstrip() and "\n" not in line and width_of(line) <= room for line in lines)


# -- answers ----------------------------------------------------------------------------------------------------------

SCOPE = Scope(("hcp",), ("US",), "en", ("cli",), dt.date(2026, 1, 15), dt.date(2028, 1, 15))
DOCUMENT = DocumentEntry(
    "zorvanta-us-pi",
    "3",
    "ZORVANTA prescribing information",
    "label",
    "",
    "zorvanta",
    SCOPE.effective,
    SCOPE.expires,
    "",
)


def passage(id: str, text: str, **changes: object) -> Passage:
    made = Passage(
        id, "3", DOCUMENT.id, "zorvanta", text.encode(), "0" * 64, "drug_interaction", (), Kind.SAFETY, "7.1",
        "Strong CYP3A4 inhibitors", 1, SCOPE,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def answer(*pieces: tuple[str, Passage | str], outcome: Outcome = Outcome.ANSWERED, **changes: object) -> Answer:
    text, spans, references = b"", [], []
    for role, piece in pieces:
        body = piece.text if isinstance(piece, Passage) else piece.encode()
        start, text = len(text), text + body
        if isinstance(piece, Passage):
            spans.append(
                Span(start, len(text), "passage", piece.id, "3", "0" * 64, role, piece.document, piece.locator)
            )
            references.append(Reference(piece, DOCUMENT))
        else:
            spans.append(Span(start, len(text), "template", "hcp#0", "1", "0" * 64))
    made = Answer(
        outcome, (), "May I?", text, "drug_interaction", 0.9, (), {}, (),
        Context("hcp", "US", "en", "cli", dt.date(2026, 11, 21)), tuple(spans), tuple(references), (), (), False, {},
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


BOXED = passage("z.boxed", "WARNING: SLEEP", locator="Highlights", title="Boxed Warning", serves=("boxed_warning",))
MAIN = passage(
    "z.7.1", "## 7.1 Strong CYP3A4 Inhibitors\n\nAvoid it.", references=("Study 301, J Imag Med 2024;12:34",)
)


def test_an_answer_with_its_companion_as_it_looks() -> None:
    made = answer(
        ("companion", BOXED),
        ("", "\n\n\nFrom the label:\n\n"),
        ("answer", MAIN),
        choices=(Offer("a", "Food", "a", "x"),),
    )
    assert draw(made, width=120, colour=False) == (
        "Goes with it: Boxed warning\n"
        "│ WARNING: SLEEP\n"
        "└ ZORVANTA prescribing information · Highlights · Boxed Warning · version 3 · in force since\n"
        "  2026-01-15, until 2028-01-15\n\n"
        "From the label:\n\n"
        "Answer\n"
        "┃ 7.1 Strong CYP3A4 Inhibitors\n"
        "┃\n"
        "┃ Avoid it.\n"
        "┗ ZORVANTA prescribing information · 7.1 Strong CYP3A4 inhibitors · version 3 · in force since\n"
        "  2026-01-15, until 2028-01-15\n"
        "  Literature: Study 301, J Imag Med 2024;12:34\n\n"
        "Or did you mean:\n"
        "  1. Food"
    )


def test_the_outcome_stands_first_and_flags_beside_it_follow() -> None:
    notice = passage("n.ae", "Please report.", serves=("outcome.adverse_event",))
    made = answer(("answer", notice), outcome=Outcome.ADVERSE_EVENT, flags=(Flag.ADVERSE_EVENT, Flag.ATTACK))
    title, flag, empty, first = draw(made, width=80, colour=False).split("\n")[:4]
    assert (title, flag, empty, first) == (TITLES[Outcome.ADVERSE_EVENT], FLAGS[Flag.ATTACK], "", "┃ Please report.")


def test_every_outcome_and_flag_has_its_wording() -> None:
    assert set(TITLES) == set(Outcome) and set(FLAGS) == set(Flag)
    assert [outcome for outcome in Outcome if not TITLES[outcome]] == [Outcome.ANSWERED]


def test_a_passage_ends_when_it_is_withdrawn() -> None:
    made = answer(("answer", replace(MAIN, scope=replace(SCOPE, withdrawn=dt.date(2026, 12, 1)))))
    assert "until 2026-12-01" in draw(made, width=120, colour=False)


def test_choices_that_read_the_same_are_told_apart() -> None:
    offers = (Offer("passage:a", "Dosing", "", ""), Offer("passage:b", "Dosing", "", ""), Offer("c", "Food", "", ""))
    shown = draw(answer(("answer", MAIN), outcome=Outcome.CLARIFY, choices=offers), width=80, colour=False)
    assert shown.endswith("Choose one:\n  1. Dosing (passage:a)\n  2. Dosing (passage:b)\n  3. Food")


def test_what_was_carried_over_and_the_question_are_shown() -> None:
    made = answer(("answer", MAIN), slots={"product": "zorvanta"}, carried=("product",))
    shown = draw(made, width=80, colour=False, echo=True)
    assert shown.startswith("> May I?\n\nStill about: product zorvanta\n\n┃ 7.1")


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_colour_changes_no_character_and_hostile_words_stay_words(width: int) -> None:
    evil = passage("z.evil", f"A {HOSTILE} B".encode("utf-8", "replace").decode(), title=HOSTILE, locator=HOSTILE)
    made = answer(
        ("", f"{HOSTILE}\n".encode("utf-8", "replace").decode()), ("companion", BOXED), ("answer", evil),
        question=HOSTILE, choices=(Offer(HOSTILE, HOSTILE, "", ""), Offer("x", HOSTILE, "", "")), flags=tuple(Flag),
        slots={"product": HOSTILE}, carried=("product",),
    )  # fmt: skip
    plain = draw(made, width=width, colour=False, echo=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", draw(made, width=width, colour=True, echo=True)) == plain
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co") for char in plain.replace("\n", ""))
    assert all(line == line.rstrip() and width_of(line) <= max(width, 24) for line in plain.split("\n"))


def test_metadata_of_a_passage_without_its_text() -> None:
    shown = draw_passage(replace(BOXED, companions=("z.isi",)), DOCUMENT, width=80, colour=False)
    for word in (
        "z.boxed",
        "zorvanta-us-pi",
        "safety",
        "drug_interaction",
        "2028-01-15",
        "0" * 64,
        "z.isi",
        "boxed_warning",
    ):
        assert word in shown
    assert "SLEEP" not in shown
    assert all(len(line) <= 40 for line in draw_passage(BOXED, None, width=40, colour=False).split("\n"))


def test_a_large_table_is_drawn_at_once() -> None:
    row = "| " + " | ".join(f"value {n} of 10 mg/kg" for n in range(6)) + " |\n"
    body = ("|---|---|---|---|---|---|\n" + row * (64_000 // len(row))).encode()
    begun = time.process_time()
    for width in WIDTHS:
        draw_blocks(body, width, PLAIN)
    assert time.process_time() - begun < 6  # 0.5 s each is the aim; this only catches what grows with the square
