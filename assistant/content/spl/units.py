"""Cut a section of a label into passages that can stand alone as approved (DESIGN, sections 5 and 9).

Guarantees: every block stands in exactly one piece, in the label's order, and none is cut; each piece begins with all
headings above it. A lead-in is never parted from its list or table, a table from its title and notes, a footnote from
its mark, a run-in heading from the first text it governs; the boxed warning is never cut. Where a cut is needed it is
made at the strongest place there is: nested subsections, then run-in headings, then paragraphs. A chain of blocks that
may not be parted stays whole however long it is: length gives way to meaning. Only a list of more than three times the
limit is cut, between its top-level items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.content.spl.text import Block, Shape

#: Strength of a place to cut: HELD is none at all, LOOSE only where the piece would be absurdly long (between the
#: top-level items of a very long list), FORCED is always cut.
HELD, LOOSE, PARAGRAPH, SECTION, FORCED = 0, 1, 2, 40, 99

#: The end of a block that says nothing without what comes next; "the following day" and "below 6 years" are none.
_LEAD_IN = re.compile(
    r"(:|\b(following|as follows|below)\.?"
    r"|\bthe following (?!(day|week|month|year|morning|night|dose|cycle|visit|menstrual)s?\b)[^.:;]*\."
    r"|(?:^|[.\n] ?)below (is|are)\b[^.:;]*\.)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\s*[\[(]see [^\])]*[\])]+(?=\.?$)", re.IGNORECASE)
_POINTS_AT_TABLE = re.compile(r"\b(tables?|below|following|figures?)\b", re.IGNORECASE)
_TABLE_TITLE = re.compile(r"(table|figure|chart|box)\s+[\dA-Z]{1,3}\b", re.IGNORECASE)
_NOTE = re.compile(
    r"(<sup>|\[\^|[*†‡§¶#^]|\([a-z*†‡]\)|[a-z0-9][ \u00a0][A-Z(]|[a-z][.)][ \u00a0]?[A-Z(]"
            r"|notes?\b|abbreviations?\b|key\b|n ?= ?|N/?[AER]\b|CI\b|HR\b"
    r"|based on|data (are|is|shown)|percent|includes?\b|graded?\b|per\b|adverse (reactions"
            r"|events) (that|were)|[A-Za-z0-9-]{2,8} ?= ?)"
)  # fmt: skip
_NOTE_MARK = re.compile(r"\[\^(\w+)\]")
_NOTE_TEXT = re.compile(r"^ *\[\^(\w+)\]: ", re.MULTILINE)
#: Choices that only make sense side by side: "1a. If you ... 1b. If you ...", "If you miss 1 pill ... 2 pills".
_CHOICE = re.compile(r"(\d{1,2})([a-z])[.)][ \u00a0]|(if you miss)(?:ed)?\b", re.IGNORECASE)
#: What a medication guide says first (21 CFR 208.20(b)(2)): kept whole where the label is boxed.
IMPORTANT_PART = re.compile(r"most important information", re.IGNORECASE)
#: How a boxed warning begins that has no section of its own.
_BOXED_HEADING = re.compile(r"(boxed )?warning:", re.IGNORECASE)
_MAKER = re.compile(
    r"(manufactured|distributed|marketed|made|repackaged|packaged|relabeled"
    r"|mfd\.?|dist\.?)( and \w+)? ?(by|for|in)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"((what|how|who|when|where|why|can|should|is|are|does)\b.{3,150}\?"
    r"|(before|while) (you |your child )?(take|takes|taking|use|uses|using|start"
    r"|starts|starting|receive|receiving|getting)\b.{3,200}"
    r"|(do not|don.t|who should not) (take|use|receive)\b.{3,120}"
    r"|(general|additional|other|more) information\b.{0,120}"
    r"|(tell your|important)\b.{3,120}:?)",
    re.IGNORECASE | re.DOTALL,
)


_FIGURE = re.compile(r"fig(ure)?\b", re.IGNORECASE)
_OF_TABLE = re.compile(r"\btables?\b|(?:following|as follows|below)[.:]?$", re.IGNORECASE)
#: An item of a patient's list that names a harm of its own, and the strength of the place before it where the table of
#: the signs of another stands above it.
_OWN_ITEM = re.compile(
    r"- (?![^.:\n]*\b(?i:can|may|is|are|will|should|have|has|signs|symptoms)\b)[A-Z][^.:\n]{2,80}[.:]"
)
_OF_ITEM = PARAGRAPH + 1
_SIGNS = re.compile(r"(?![^\n]*\?)[^.:\n]{0,60}\b(?:signs|symptoms)\b[^.:\n]{0,40}:", re.IGNORECASE)
#: What to do about the harm whose signs stand in the table before.
_WHAT_TO_DO = re.compile(r"(talk to|call|tell|contact|stop|get|ask|if you)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UnitSettings:
    """Lengths in characters: a unit up to ``max_chars`` stays whole, a cut one aims at ``target_chars``."""

    max_chars: int = 1800
    target_chars: int = 1200
    small_chars: int = 300

    @property
    def absurd_chars(self) -> int:
        """The length from which even a list is cut."""
        return 3 * self.max_chars


@dataclass(frozen=True, slots=True)
class Heading:
    """A section as the passages below it see it; ``line`` is "" where the label gives no title."""

    id: int
    line: str
    number: str
    title: str
    loinc: str
    patient: bool
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A block and the sections it stands in, outermost first."""

    path: tuple[Heading, ...]
    block: Block


@dataclass(frozen=True, slots=True)
class Piece:
    """Parts of one passage; ``governed_by``: the run-in heading of an earlier piece that reaches into this one."""

    parts: tuple[Part, ...]
    governed_by: str = ""

    @property
    def text(self) -> str:
        return render(self.parts)


def render(parts: Sequence[Part]) -> str:
    """The passage: the full heading path, then the blocks, with each new heading where it begins."""
    groups: list[str] = []
    shown: tuple[Heading, ...] = ()
    for part in parts:
        if part.path != shown:
            common = next((i for i, (a, b) in enumerate(zip(shown, part.path, strict=False)) if a != b), None)
            kept = min(len(shown), len(part.path)) if common is None else common
            lines = [f"## {heading.line}" for heading in part.path[kept:] if heading.line]
            if lines:
                groups.append("\n".join(lines))
            shown = part.path
        if part.block.text:
            groups.append(part.block.text)
    return "\n\n".join(groups)


def cut(parts: Sequence[Part], settings: UnitSettings, keep: re.Pattern[str] | None = None) -> list[Piece]:
    """Cut the parts of one unit into pieces; what stands under a question that matches ``keep`` stays whole."""
    if not parts:
        return []
    if not any(heading.whole for part in parts for heading in part.path):
        parts = [short for part in parts for short in _shorter(part, settings)]
    strengths = _strengths(parts)
    _hold_box(parts, strengths)
    _hold_choices(parts, strengths)
    _hold_notes(parts, strengths)
    pieces: list[Piece] = []
    for forced in _split(parts, strengths, FORCED):
        question = _question_of(parts[forced.start])
        if IMPORTANT_PART.search(question):  # what is said to be most important is not cut between its items
            for i in forced[1:]:
                strengths[i] = HELD if strengths[i] == _OF_ITEM else strengths[i]
        kept = keep is not None and bool(keep.search(question))
        runs = [forced] if kept else _cut_run(parts, strengths, forced, settings)
        pieces += [Piece(tuple(parts[i] for i in run)) for run in runs]
    return _governed(pieces)


def _question_of(part: Part) -> str:
    """The heading that a forced cut stands before: of a medication guide's part, or of its subsection."""
    if is_question(part.block):
        return part.block.run_in or part.block.text
    return part.path[-1].title if part.path[-1].patient else ""


def is_question(block: Block) -> bool:
    """Whether a block of a medication guide is one of its headings (21 CFR 208.20(b))."""
    if block.shape is not Shape.PARAGRAPH:
        return False
    if block.run_in and block.rank >= 2 and _QUESTION.fullmatch(block.run_in):
        return block.alone or block.run_in.endswith("?")
    line = block.text.replace("\n", " ")
    return len(line) < 160 and line.endswith("?") and bool(_QUESTION.fullmatch(line))


def _shorter(part: Part, settings: UnitSettings) -> list[Part]:
    """A list of absurd length as several, parted between top-level items; every other block as it is."""
    block = part.block
    if block.shape is not Shape.LIST or "\n\n" in block.text or len(block.text) <= settings.absurd_chars:
        return [part]
    runs: list[list[str]] = [[]]
    for line in block.text.split("\n"):
        top_level = not line.startswith(" ")
        if top_level and sum(map(len, runs[-1])) + len(line) > settings.target_chars and runs[-1]:
            runs.append([])
        runs[-1].append(line)
    return [Part(part.path, replace(block, text="\n".join(run))) for run in runs]


#: A run-in heading of fewer words that goes on small is the beginning of a sentence: "Do not start ...".
_FEWEST_WORDS = 3


def names_part(part: Part) -> bool:
    """Whether a block's run-in heading says what it and the next blocks are about.

    The emphasised beginning of a sentence does not, nor what leads in to more signs of the harm above it.
    """
    block = part.block
    if not block.run_in or _more_signs(part):
        return False
    goes_on = block.text[len(block.run_in) :].lstrip()[:1].islower()
    return not (goes_on and len(block.run_in.split()) < _FEWEST_WORDS)


def _more_signs(part: Part) -> bool:
    """Whether a block of a patient's text leads in to signs of a harm: "In severe cases, signs may include:"."""
    return part.path[-1].patient and leads_in(part.block) and bool(_SIGNS.fullmatch(part.block.text.strip()))


def _strengths(parts: Sequence[Part]) -> list[int]:
    """For each part the strength of the place before it."""
    strengths = [FORCED]
    behind_table = behind_picture = False
    for before, after in pairwise(parts):
        behind_table = before.block.shape is Shape.TABLE or (behind_table and _is_note(before.block))
        behind_picture = before.block.shape is Shape.PICTURE or (behind_picture and _of_picture(before.block))
        own_table = behind_picture and _of_picture(before.block) and after.block.titled
        strengths.append(FORCED if own_table and _same(before, after) else _strength(before, after, behind_table))
    return strengths


def _of_picture(block: Block) -> bool:
    """Whether a block behind a picture is its note, and leads to no table."""
    return block.shape is Shape.PARAGRAPH and not block.run_in and not _OF_TABLE.search(block.text)


def _ends_item(block: Block) -> bool:
    """Whether what a patient's text says of a harm may end with a block: with its signs, or what to do about it."""
    told = block.shape is Shape.PARAGRAPH and bool(_WHAT_TO_DO.match(block.text)) and not leads_in(block)
    return told or block.shape is Shape.TABLE


def _same(before: Part, after: Part) -> bool:
    """Whether two blocks stand in one section that may be cut."""
    return before.path == after.path and not any(heading.whole for heading in before.path)


def _hold_notes(parts: Sequence[Part], strengths: list[int]) -> None:
    """No cut between a mark and a footnote that stands behind another block."""
    home = {number: i for i, part in enumerate(parts) for number in _NOTE_TEXT.findall(part.block.text)}
    for i, part in enumerate(parts):
        for number in _NOTE_MARK.findall(part.block.text):
            first, last = sorted((i, home.get(number, i)))
            for j in range(first + 1, last + 1):
                if parts[j - 1].path[-1].patient == parts[j].path[-1].patient:
                    strengths[j] = HELD


def _hold_box(parts: Sequence[Part], strengths: list[int]) -> None:
    """A boxed warning drawn as a frame inside another section is one piece: all of the frame, and nothing else."""
    for i, part in enumerate(parts):
        if part.path[-1].patient or not (part.block.framed and _BOXED_HEADING.match(part.block.run_in)):
            continue
        end = next((j for j in range(i, len(parts)) if not parts[j].block.framed), len(parts))
        strengths[i] = FORCED
        strengths[i + 1 : end] = [HELD] * (end - i - 1)
        if end < len(parts):
            strengths[end] = FORCED


def _hold_choices(parts: Sequence[Part], strengths: list[int]) -> None:
    """Choices of one row stay together unless absurdly long; a heading between two ends the row."""
    last: dict[str, int] = {}
    for i, part in enumerate(parts):
        if i and (strengths[i] == FORCED or part.path != parts[i - 1].path):
            last.clear()
        match = _CHOICE.match(part.block.text)
        if match:
            row = match[1] or match[3].casefold()
            begins = row not in last or (match[2] or "").casefold() == "a"
            for j in range(i if begins else last[row], i):
                strengths[j + 1] = min(strengths[j + 1], LOOSE)
            last[row] = i
        elif part.block.alone and part.block.run_in:
            last.clear()


def leads_in(block: Block) -> bool:
    """Whether a block only announces what follows it."""
    text = _REFERENCE.sub("", _NOTE_TEXT.split(block.text, maxsplit=1)[0].rstrip())
    return bool(_LEAD_IN.search(text))


def _strength(before: Part, after: Part, behind_table: bool) -> int:
    if before.path[-1].patient != after.path[-1].patient:
        return FORCED
    if any(heading.whole for heading in _common(before.path, after.path)):
        return HELD
    if any(heading.whole for heading in before.path + after.path):
        return FORCED
    if before.block.alone and before.block.run_in and (is_question(before.block) or not is_question(after.block)):
        return HELD  # a heading stays with what comes after it; a headline is no heading of the first question
    if before.path != after.path:
        depth = len(_common(before.path, after.path))
        led = leads_in(before.block) and len(after.path) > len(before.path)
        if after.path[-1].patient and after.path[-1].line and not led:
            return FORCED
        return HELD if led else SECTION - depth
    if after.path[-1].patient and is_question(after.block):
        return FORCED
    if before.block.shape is Shape.LIST and after.block.shape is Shape.LIST:
        return LOOSE
    if after.path[-1].patient and _ends_item(before.block):
        if after.block.shape is Shape.LIST and _OWN_ITEM.match(after.block.text):
            return _OF_ITEM
        if (
            before.block.shape is Shape.TABLE
            and after.block.shape is Shape.PARAGRAPH
            and (_more_signs(after) or _WHAT_TO_DO.match(after.block.text))
        ):
            return HELD
    if after.block.shape is Shape.LIST or _held(before.block, after.block, behind_table):
        return HELD
    if _MAKER.match(after.block.text) and len(after.block.text) < 200:
        return SECTION - 10
    if after.block.run_in:
        return PARAGRAPH + after.block.rank + (3 if after.block.alone else 0)
    return PARAGRAPH


def _held(before: Block, after: Block, behind_table: bool) -> bool:
    if leads_in(before):
        return True
    if after.shape is Shape.TABLE:
        return (
            not after.titled
            or before.shape is Shape.TABLE
            or len(before.text) < 200
            or bool(_POINTS_AT_TABLE.search(before.text))
        )
    if after.shape is Shape.PICTURE:
        return True
    if before.shape is Shape.PICTURE:
        return bool(_TABLE_TITLE.match(after.text)) or _is_note(after)
    if _TABLE_TITLE.match(before.text) and len(before.text) < 400 and before.shape is Shape.PARAGRAPH:
        return True
    return (behind_table and _is_note(after)) or _continues(after)


def _is_note(block: Block) -> bool:
    if block.shape is not Shape.PARAGRAPH:
        return False
    return block.note_like or (len(block.text) < 700 and not block.run_in and bool(_NOTE.match(block.text)))


def _continues(block: Block) -> bool:
    return block.text[:1].islower() or block.text.startswith(("[see", "(see", "[See", "(See"))


def _common(first: Sequence[Heading], second: Sequence[Heading]) -> tuple[Heading, ...]:
    common: list[Heading] = []
    for one, two in zip(first, second, strict=False):
        if one != two:
            break
        common.append(one)
    return tuple(common)


def _split(parts: Sequence[Part], strengths: Sequence[int], at_least: int) -> list[range]:
    starts = [i for i, strength in enumerate(strengths) if strength >= at_least or i == 0]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(parts)], strict=True)]


def _length(parts: Sequence[Part], run: range) -> int:
    return len(render([parts[i] for i in run]))


def _cut_run(parts: Sequence[Part], strengths: Sequence[int], run: range, settings: UnitSettings) -> list[range]:
    """Cut a run of parts at its strongest places until each piece fits or cannot be parted."""
    if _length(parts, run) <= settings.max_chars:
        return [run]
    strongest = max((strengths[i] for i in run[1:]), default=HELD)
    if strongest == HELD or (strongest == LOOSE and _length(parts, run) <= settings.absurd_chars):
        return [run]
    starts = [run.start, *(i for i in run[1:] if strengths[i] == strongest)]
    fragments = [range(a, b) for a, b in zip(starts, [*starts[1:], run.stop], strict=True)]
    merged = _merge(parts, fragments, settings)
    return [
        piece
        for fragment in merged
        for piece in (_cut_run(parts, strengths, fragment, settings) if fragment in fragments else [fragment])
    ]


def _merge(parts: Sequence[Part], fragments: list[range], settings: UnitSettings) -> list[range]:
    """Join neighbours up to the target, small ones up to the limit, and mere scraps a little beyond it."""
    merged = [fragments[0]]
    for fragment in fragments[1:]:
        joined = range(merged[-1].start, fragment.stop)
        length = _length(parts, joined)
        least = min(_length(parts, merged[-1]), _length(parts, fragment))
        limit = settings.max_chars * 4 // 3 if least < settings.small_chars // 2 else settings.max_chars
        if length <= settings.target_chars or (least < settings.small_chars and length <= limit):
            merged[-1] = joined
        else:
            merged.append(fragment)
    return merged


def _governed(pieces: list[Piece]) -> list[Piece]:
    """Give pieces that begin in the middle of what a run-in heading governs that heading as their title.

    A heading inside a frame governs nothing outside it: what follows a boxed warning is none.
    """
    result: list[Piece] = []
    heading, framed = "", False
    path: tuple[Heading, ...] = ()
    for piece in pieces:
        first = piece.parts[0]
        reaches = first.path == path and not first.block.run_in and (first.block.framed or not framed)
        governed = heading if reaches else ""
        if first.block.titled and _FIGURE.match(governed):
            governed = first.block.text.split("\n", 1)[0]
        result.append(Piece(piece.parts, governed))
        for part in piece.parts:
            if part.path != path:
                heading, path = "", part.path
            if names_part(part):
                heading, framed = part.block.run_in, part.block.framed
    return result
