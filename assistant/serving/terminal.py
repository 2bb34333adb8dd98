"""What a person sees of an answer in a terminal.

Guarantees: the words of every passage come through exactly, none added, none lost, none in another order, behind a
bar that only approved passages have (heavy for an answer, light for what goes with it); below it stands where they
come from and how long they are in force. Everything else is the reviewed wording of this module, the words of
templates and the labels of choices. No control character, bidi control or other hidden character of any of them
reaches the terminal. No line is longer than the width (of at least 24 columns), none ends in a space, the same answer
looks the same everywhere, and colour changes no character of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from assistant.domain import Flag, Outcome, Passage, Span
from assistant.serving.blocks import (
    BLANK,
    Block,
    Heading,
    Line,
    List,
    Mark,
    Notes,
    Paragraph,
    Picture,
    Run,
    Table,
    parse,
)
from assistant.serving.terminal_tables import draw_table
from assistant.serving.terminal_text import Paint, hang, longest, printable, wrap

if TYPE_CHECKING:  # the index behind these brings numpy and faiss
    from assistant.answering.answer import Answer, Offer, Reference
    from assistant.answering.index import DocumentEntry

__all__ = ["draw", "draw_blocks", "draw_passage", "printable"]

#: Reviewed wording: how an answer ended.
TITLES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.EMERGENCY: "Possible emergency",
        Outcome.ADVERSE_EVENT: "Possible adverse event: please report it",
        Outcome.PRODUCT_COMPLAINT: "Possible product complaint: please report it",
        Outcome.ANSWERED: "",
        Outcome.CLARIFY: "Please choose",
        Outcome.NO_APPROVED_ANSWER: "No approved answer",
        Outcome.MEDICAL_INFORMATION: "A question for Medical Information",
        Outcome.MEDICAL_ADVICE: "A question of medical judgement",
        Outcome.OUT_OF_SCOPE: "Outside what this assistant answers",
        Outcome.SMALL_TALK: "About this assistant",
    }
)
#: Reviewed wording: what the screen found beside the outcome.
FLAGS: Final[Mapping[Flag, str]] = MappingProxyType(
    {
        Flag.EMERGENCY: "Also noticed: possible emergency",
        Flag.ADVERSE_EVENT: "Also noticed: possible adverse event, please report it",
        Flag.PRODUCT_COMPLAINT: "Also noticed: possible product complaint, please report it",
        Flag.ATTACK: "Also noticed: an attempt to change how this assistant answers",
    }
)
#: Reviewed wording: what a companion is, by what it serves.
COMPANIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "boxed_warning": "Goes with it: Boxed warning",
        "boxed_warning_short": "Goes with it: Boxed warning, short form",
        "indication": "Goes with it: Indication and limitations of use",
        "important_safety_information": "Goes with it: Important safety information",
        "full_prescribing_information": "Goes with it: Full prescribing information",
    }
)
COMPANION: Final = "Goes with it"
ANSWER: Final = "Answer"
CHOOSE: Final = "Choose one:"
OTHERWISE: Final = "Or did you mean:"

#: Text is not drawn wider than this, tables not wider than that.
_MEASURE, _TABLE_MEASURE = 100, 132
_NARROWEST = 24

_SUP = dict(zip("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_SUB = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
#: Signs that are raised, or read as if they were, as they stand.
_RAISED = dict.fromkeys("*†‡§¶®©™")
_SUP |= {sign: sign for sign in _RAISED}


def draw(answer: Answer, *, width: int, colour: bool, echo: bool = False) -> str:
    """``answer`` for a person, without a final line end; ``echo`` puts the question first (a batch, a record)."""
    paint = Paint(colour)
    room = max(width, _NARROWEST)
    measure = min(room, _MEASURE)
    parts = [_question(answer, measure, paint)] if echo else []
    parts.append(_heading(answer, measure, paint))
    references = {reference.passage.id: reference for reference in answer.references}
    labelled = False
    for span in answer.spans:
        text = answer.text[span.start : span.end]
        if span.source != "passage":
            parts.append(_frame(text, measure))
            continue
        reference = references.get(span.id)
        label = _label(span, reference.passage if reference else None, labelled=labelled)
        labelled = labelled or bool(label)
        parts.append(_passage(text, span, reference, label, room, paint))
    shown = {span.id for span in answer.spans}
    parts.append(_sources([ref for ref in answer.references if ref.passage.id not in shown], measure))
    parts.append(_choices(answer, measure, paint))
    return "\n\n".join("\n".join(part) for part in parts if part)


def draw_passage(head: Passage, document: DocumentEntry | None = None, *, width: int, colour: bool) -> str:
    """All that is known of a passage, without its text, for ``onlabel show ID``."""
    scope = head.scope
    fields = {
        "passage": head.id,
        "document": head.document,
        "title of document": document.title if document else "",
        "version": head.version,
        "section": _section(head),
        "product": head.product,
        "kind": head.kind.value,
        "topic": head.topic,
        "also on": ", ".join(head.also),
        "population": ", ".join(head.population),
        "serves as": ", ".join(head.serves),
        "goes with": ", ".join(head.companions),
        "audiences": ", ".join(scope.audiences),
        "markets": ", ".join(scope.markets),
        "language": scope.language,
        "channels": ", ".join(scope.channels),
        "first day in force": scope.effective.isoformat(),
        "no longer in force from": _day(scope.expires),
        "withdrawn from": _day(scope.withdrawn),
        "may be an answer": "yes" if head.retrieve else "no, only a companion or notice",
        "literature": "; ".join(head.references),
        "sha256": head.sha256,
    }
    return _fields(fields, width, Paint(colour))


# -- the parts of an answer -------------------------------------------------------------------------------------------


def _question(answer: Answer, measure: int, paint: Paint) -> list[str]:
    lines = [part for line in answer.question.splitlines() for part in hang(printable(line), measure, "> ", "> ")]
    return [paint("faint", line) for line in lines]


def _heading(answer: Answer, measure: int, paint: Paint) -> list[str]:
    """How the answer ended, what else the screen found, and what was carried over from earlier questions."""
    grave = answer.outcome in (Outcome.EMERGENCY, Outcome.ADVERSE_EVENT, Outcome.PRODUCT_COMPLAINT)
    style = "alert" if grave else "bold"
    lines = [paint(style, line) for line in wrap(TITLES[answer.outcome], measure)]
    for flag in answer.flags:
        if flag.value != answer.outcome.value:
            lines += [paint("alert", line) for line in wrap(FLAGS[flag], measure)]
    carried = [f"{name} {answer.slots[name]}" for name in answer.carried if name in answer.slots]
    if carried:
        lines += [paint("faint", line) for line in wrap(printable(f"Still about: {', '.join(carried)}"), measure)]
    return lines


def _frame(text: bytes, measure: int) -> list[str]:
    """The literal text of a template: its own lines, no bar."""
    lines = [
        part
        for line in text.decode("utf-8", "backslashreplace").strip(BLANK + "\n").split("\n")
        for part in (wrap(printable(line.rstrip("\r")), measure) or [""])
    ]
    return lines if any(lines) else []


def _label(span: Span, passage: Passage | None, *, labelled: bool) -> str:
    """What stands over a passage: what it is beside the answer; over the answer only where something stood before."""
    if span.role != "companion":
        notice = passage is not None and any(role not in COMPANIONS for role in passage.serves)
        return ANSWER if labelled and not notice else ""
    served = passage.serves if passage else ()
    return next((COMPANIONS[role] for role in served if role in COMPANIONS), COMPANION)


def _passage(text: bytes, span: Span, reference: Reference | None, label: str, room: int, paint: Paint) -> list[str]:
    """A passage behind its bar, and where it comes from."""
    style, bar, foot = ("companion", "│", "└") if span.role == "companion" else ("answer", "┃", "┗")
    lines = [paint(style, line) for line in wrap(label, room)]
    side = paint(style, bar)
    lines += [f"{side} {line}" if line else side for line in draw_blocks(text, room - 2, paint)]
    cited = _citation(reference) if reference else [f"{span.document} · {span.locator} · version {span.version}"]
    for count, line in enumerate(cited):
        wrapped = hang(printable(line), min(room, _MEASURE) - 2, "", "")
        begin = [foot] + [" "] * (len(wrapped) - 1) if count == 0 else [" "] * len(wrapped)
        lines += [f"{paint(style, mark)} {paint('faint', part)}" for mark, part in zip(begin, wrapped, strict=True)]
    return lines


def _sources(references: Sequence[Reference], measure: int) -> list[str]:
    """Sources that are listed without their words: those of the last answer, when somebody asks for them."""
    lines: list[str] = []
    for reference in references:
        for line in _citation(reference):
            lines += hang(
                printable(line), measure, "  - " if line.startswith(reference.document.title) else "    ", "    "
            )
    return lines


def _citation(reference: Reference) -> list[str]:
    """Document, section, version and validity; below it the literature that reviewers put beside the passage."""
    passage = reference.passage
    ends = [day for day in (passage.scope.expires, passage.scope.withdrawn) if day is not None]
    validity = f"in force since {passage.scope.effective.isoformat()}"
    if ends:
        validity += f", until {min(ends).isoformat()}"
    cited = " · ".join((reference.document.title, _section(passage), f"version {passage.version}", validity))
    return [cited, *(f"Literature: {literature}" for literature in passage.references)]


def _section(passage: Passage) -> str:
    """``7.1 Strong CYP3A4 inhibitors``; the title alone where the locator says the same."""
    locator, title = passage.locator.strip(), passage.title.strip()
    if title.casefold().startswith(locator.casefold()):
        return title
    return f"{locator} {title}" if locator[:1].isdigit() else f"{locator} · {title}" if title else locator


def _choices(answer: Answer, measure: int, paint: Paint) -> list[str]:
    if not answer.choices:
        return []
    lines = [paint("bold", CHOOSE if answer.outcome is Outcome.CLARIFY else OTHERWISE)]
    for number, choice in enumerate(answer.choices, start=1):
        begin = f"{number:>3}. "
        first, *rest = hang(_choice(choice, answer.choices), measure, begin, " " * len(begin))
        lines += [paint("bold", begin) + first[len(begin) :], *rest]
    return lines


def _choice(choice: Offer, choices: Sequence[Offer]) -> str:
    """The label of a choice, told apart by its id where two read the same."""
    alike = sum(other.label == choice.label for other in choices) > 1
    return printable(f"{choice.label} ({choice.id})" if alike else choice.label)


def _fields(fields: Mapping[str, str], width: int, paint: Paint) -> str:
    measure = max(width, _NARROWEST)
    column = max(map(len, fields)) + 2
    lines: list[str] = []
    for name, value in fields.items():
        if not value:
            continue
        if column > measure // 2 or longest(printable(value)) > measure - column:
            lines += [paint("faint", name), *hang(printable(value), measure, "  ", "  ")]
        else:
            first, *rest = hang(printable(value), measure, " " * column, " " * column)
            lines += [paint("faint", name) + first[len(name) :], *rest]
    return "\n".join(lines)


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


# -- the blocks of a passage ------------------------------------------------------------------------------------------


def draw_blocks(text: bytes, room: int, paint: Paint) -> list[str]:
    """A passage's bytes as lines of at most ``room`` columns; blocks that blank lines part stay parted."""
    drawn: list[str] = []
    for group in parse(text):
        lines = _draw(group, room, paint)
        drawn += ["", *lines] if drawn and lines else lines
    return drawn or ["[empty]"]


def _draw(blocks: Iterable[Block], room: int, paint: Paint) -> list[str]:
    return [line for block in blocks for line in _block(block, room, paint)]


def _block(block: Block, room: int, paint: Paint) -> list[str]:
    measure = min(room, _MEASURE - 2)
    match block:
        case Heading(line):
            return [paint("bold", part) for part in wrap(_plain(line), measure)]
        case Paragraph(lines):
            return [part for line in lines for part in wrap(_plain(line), measure)]
        case List(items):
            return [line for item in items for line in _item(item.mark, item.body, room, paint)]
        case Table():
            return draw_table(block, min(room, _TABLE_MEASURE), _plain, paint)
        case Notes(notes):
            return [part for note in notes for part in _note(note.mark, note.lines, measure)]
        case Picture(caption, file):
            return wrap(_plain((Run(Mark.PICTURE, caption, file),)), measure)


def _item(mark: str, body: Sequence[Block], room: int, paint: Paint) -> list[str]:
    begin = "• " if mark == "-" else f"{printable(mark)} "
    indent = len(begin)
    if room - indent < _NARROWEST // 2:  # too deep for so narrow a screen: the mark alone has to tell
        return [begin.rstrip(), *_draw(body, room, paint)]
    lines = _draw(body, room - indent, paint) or [""]
    if body and isinstance(body[0], Paragraph):
        first, *rest = lines
        return [f"{begin}{first}".rstrip(), *(f"{' ' * indent}{line}".rstrip() for line in rest)]
    return [begin.rstrip(), *(f"{' ' * indent}{line}" for line in lines if line)]


def _note(mark: str, lines: Sequence[Line], measure: int) -> list[str]:
    begin = f"[{printable(mark)}] "
    indent = " " * len(begin) if len(begin) < 8 else "  "
    first, *rest = lines or ((),)
    drawn = hang(_plain(first), measure, begin, indent)
    return [*drawn, *(part for line in rest for part in hang(_plain(line), measure, indent, indent))]


def _plain(line: Line) -> str:
    """The words of a line, raised, lowered and marked as a terminal can show it."""
    if len(line) == 1 and line[0].mark is Mark.TEXT:
        return printable(line[0].text)
    return "".join(map(_run, line))


def _run(run: Run) -> str:
    text = printable(run.text)
    match run.mark:
        case Mark.SUP:
            return _shift(text, _SUP, "^")
        case Mark.SUB:
            return _shift(text, _SUB, "_")
        case Mark.NOTE:
            return f"[{text}]"
        case Mark.PICTURE:
            return f"[picture: {text.strip() or printable(run.file)}]"
        case Mark.TEXT:
            return text


def _shift(text: str, signs: Mapping[str, str], otherwise: str) -> str:
    """Raised or lowered signs where there is one for every character; white space around them stays outside."""
    core = text.strip()
    if not core:
        return text
    if core in ",;":
        shifted = core
    elif all(char in signs for char in core):
        shifted = "".join(signs[char] for char in core)
    else:
        shifted = f"{otherwise}{core}" if core[0] == "(" and core[-1] == ")" else f"{otherwise}({core})"
    return text.replace(core, shifted, 1)
