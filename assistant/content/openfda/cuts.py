"""Say where the text of an openFDA record may be cut when nothing numbers its parts: between sentences.

Guarantees: the pieces of a range hold every character of it, in order.

- Nothing is cut inside a sentence, an abbreviation, a number, a bracket or a reference, nor behind a question, which
  says nothing without its answer; where it is doubtful that a sentence ends, none does. A run without a sentence's end
  stays whole. No cut falls before a sentence whose first words point back ("However", "These", "If dullness occurs").
- A table, which openFDA flattens to a line, is cut before its title and behind its rows; title, footnotes and rows, as
  far as figures or cells of words tell them, stay in one piece up to 2600 characters, and so does a list with its
  lead-in. What is longer is cut before a row, and its later pieces know where the title stands (``rows``). A few
  words before a title go with the table they lead to. Rows that say what a medicine does to another are cut before the
  medicine's name. One whose rows stand behind footnotes, or whose cells are sentences (``delayed_rows``), stays
  whole up to 3600.
- A heading behind a table's last cell (``behind_tables``) is cut before, and the fixed ones of a section on
  reproduction and of animal data (``animal_data``) where one begins near enough.
- Counted steps (``procedures``) stay in one piece up to 3600 characters. What is longer, a list of
  strengths and a part under a run-in heading (``run_ins``) are cut before a step, an item or that heading; these two
  where one begins near enough, before or behind the length aimed at.
- What Highlights say of several uses is cut only behind the reference that ends what is said of one.

Refuses nothing. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import pairwise

from assistant.content.openfda.animal_data import headings_of_animals
from assistant.content.openfda.behind_tables import headings_behind, headings_of_reproduction
from assistant.content.openfda.delayed_rows import end_behind_notes
from assistant.content.openfda.fields import Piece
from assistant.content.openfda.procedures import procedures
from assistant.content.openfda.rows import (
    LIMIT,
    allowed,
    beside,
    held_together,
    interaction_rows,
    with_leads,
    with_procedures,
    with_rows,
    within_interactions,
    within_rows,
)
from assistant.content.openfda.run_ins import RunIns, in_capitals
from assistant.content.spl.units import UnitSettings

#: How far before a full stop is looked at to say whether it ends a sentence: so time stays linear.
_BACK_CHARS = 2000


def split(piece: Piece, starts: list[int]) -> list[Piece]:
    """A piece cut at those of the places that lie inside it."""
    places = [piece.start, *(at for at in starts if piece.start < at < piece.end), piece.end]
    return [replace(piece, start=a, end=b) for a, b in pairwise(places)]


def between_sentences(text: str, piece: Piece, settings: UnitSettings, run_ins: RunIns | None = None) -> list[Piece]:
    """A piece that is too long in several; one piece where no sentence surely ends. ``run_ins``: headings in it."""
    if piece.end - piece.start <= settings.max_chars:
        return [piece]
    starts = _sentence_starts(text, piece.start, piece.end)
    rows = interaction_rows(text, starts, piece.start, piece.end)
    titles = _titles(text, piece.start, piece.end)
    of_reproduction = headings_of_reproduction(text, piece.start, piece.end)
    fixed = [*of_reproduction, *headings_of_animals(text, piece.start, piece.end)]
    behind = headings_behind(text, titles, piece.start, piece.end)
    behind = sorted({*behind, *(at for at in of_reproduction if titles and at > titles[0])})
    starts = sorted({*starts, *rows, *behind, *fixed})
    tables = _tables(text, starts, titles, behind, piece.end)
    named = within_rows(text, starts, piece.start, piece.end)
    named |= within_interactions(text, starts, rows, piece, settings.max_chars)
    held = with_rows(held_together(text, starts, tables, behind, piece, named), rows)
    steps = procedures(text, starts, piece.start, piece.end)
    held = beside(held, steps)
    tables = [one.shown for one in held if one.titled]
    inside = named | _mid_row(text, starts, tables, piece.end) | _within_uses(text, starts, piece, settings)
    run_in = [at for at in starts if run_ins and (run_ins.own(text, at) or (at not in inside and run_ins.at(text, at)))]
    run_in = allowed(run_in, held)
    inside |= _below(run_in)
    cut_at = [at for at in run_in if at not in inside]
    heads = allowed(
        sorted(
            {
                *_heads(text, piece.start, piece.end),
                *cut_at,
                *rows,
                *fixed,
                *(at for one in steps for at in one.steps),
            }
        ),
        held,
    )
    places = sorted({*allowed([at for at in starts if at not in inside], held), *heads})
    titled = {a for a, _ in tables}
    found: list[Piece] = []
    for part in split(piece, sorted({*(at for table in tables for at in table), *allowed(behind, held)})):
        for one in _packed(part, places, heads, settings):
            last = found[-1] if found else one
            short = last.end - last.start < settings.small_chars and last.start not in titled
            if found and one.start in titled and short:
                found[-1] = replace(last, end=one.end)  # a few words lead to the table behind them
            else:
                found.append(one)
    if len(found) > 1 and tables and found[-1].start not in titled:
        before, last = found[-2:]
        if last.end - last.start < settings.small_chars and last.end - before.start <= LIMIT:
            found[-2:] = [replace(before, end=last.end)]
    return _under(text, with_procedures(with_leads(text, found, held), steps), run_in)


#: A heading so few characters behind another stands below it: "BY INFUSION For deep doze. USUAL DOSE ...".
_BELOW = 150


def _below(run_ins: list[int]) -> set[int]:
    """The run-in headings directly below another: a cut before them would part it from what it heads."""
    found: set[int] = set()
    above = -_BELOW
    for at in run_ins:
        if at - above < _BELOW:
            found.add(at)
        else:
            above = at
    return found


def _under(text: str, pieces: list[Piece], run_ins: list[int]) -> list[Piece]:
    """The pieces, each with the run-in headings in force where it begins: the last one, and the last in capitals."""
    capitals = [at for at in run_ins if in_capitals(text, at)]
    found: list[Piece] = []
    for piece in pieces:
        above = [places[: bisect_right(places, piece.start)][-1:] for places in (capitals, run_ins)]
        found.append(replace(piece, run_ins=tuple(sorted({at for places in above for at in places}))))
    return found


#: A reference of Highlights to a section, at the end of what they say of a use: "once daily. ( 2.3 , 2.8 )".
_OF_A_USE = re.compile(r"(?<=[\w.)\]%])\s*\(\s*\d{1,2}\.\d{1,2}(?:[\s,]+\d{1,2}(?:\.\d{1,2})?)*\s*\)\.?\s+(?=[A-Z•])")
#: For whom of a use: it belongs to what stands before.
_OF_WHOM = re.compile(
    r"(?:Adults?|P(?:a?ediatric|atients)|Children|Adolescents?|Infants?|Geriatric|Elderly|Mild|Moderate|Severe|Renal"
    r"|Hepatic|Maximum|Maintenance|Induction|Limitations?)\b[^.:;]{0,100}:"
)
_FEWEST_USES = 3


def _within_uses(text: str, starts: list[int], piece: Piece, settings: UnitSettings) -> set[int]:
    """The sentences inside what Highlights say of a use; none where they stand nowhere in the range."""
    ends = [match.end() for match in _OF_A_USE.finditer(text, piece.start, piece.end)]
    if len(ends) < _FEWEST_USES or piece.end - piece.start > len(ends) * settings.max_chars // 2:
        return set()
    between = [at for at in ends if at in starts and not _OF_WHOM.match(text, at)]
    edges = [piece.start, *between, piece.end]
    return {
        at for a, b in pairwise(edges) if b - a <= settings.max_chars for at in starts if a < at < b
    }  # fmt: skip


#: A heading up to so many characters behind the last place to cut is near: what is left before it is its part's end.
_AHEAD = 250


def _packed(piece: Piece, places: list[int], heads: list[int], settings: UnitSettings) -> list[Piece]:
    """A range cut at some of the places, towards the length aimed at; before a head where one is near."""
    if piece.end - piece.start <= settings.max_chars:
        return [piece]
    starts: list[int] = []
    begin, before = piece.start, piece.start
    for at in [*places[bisect_right(places, begin) : bisect_left(places, piece.end)], piece.end]:
        while at - begin > settings.target_chars and before - begin >= settings.small_chars:
            begin = _head_near(heads, begin, before, min(piece.end, begin + settings.max_chars), settings)
            starts.append(begin)
        before = at
    if starts and piece.end - starts[-1] < settings.small_chars:
        last = starts[-2] if len(starts) > 1 else piece.start
        if piece.end - last <= settings.max_chars:
            starts.pop()
    return split(piece, starts)


def _head_near(heads: list[int], begin: int, before: int, limit: int, settings: UnitSettings) -> int:
    """The heading to cut at for a cut at ``before``: one behind half the length, one just ahead, any; else there."""
    count = bisect_right(heads, before)
    back = heads[count - 1] if count else begin
    ahead = heads[count] if count < len(heads) else limit
    if back >= begin + settings.target_chars // 2:
        return back
    if ahead < limit and ahead - before <= _AHEAD:
        return ahead
    return back if back >= begin + settings.small_chars else before


_ABBREVIATIONS = re.compile(
    r"e\.g|i\.e|vs|dr|mrs?|ms|st|nos?|figs?|et|al|approx|inc|ltd|co|corp|spp?|ca|cf|viz|resp|etc|jr|sr|ph|max|min|avg|vol"
    r"|wt|refs?|rev|pat|mfd|dist|eur|clin|chem|pharm|med|biol|pp?|eq|sec|ver|eds?|dept|univ|tab|cap|inj|sol|temp|hrs?"
    r"|wks?|mo|yrs?|subsp|var|ssp|bros|bldg|ave|blvd|ste|s\.p\.a|incl|excl",
    re.IGNORECASE,
)
#: The end of a sentence with the references that belong to it: ". ( 5.1 )", ". [see Warnings (5.1) ] .".
_END = re.compile(
    r"[.!?][\"'”’)\]]*(?:\s*(?:\(\s*\d[\d.,;\s]*(?:and\s[\d.\s]*)?\)|\[\s*[Ss]ee\b[^\]]{0,300}\]|\(\s*[Ss]ee\b[^()]{0,200}"
    r"(?:\([\d.,\s]*\)[^()]{0,100}){0,8}\))\s*\.?)*(?=\s+\S)"
)
_ASKS = re.compile(r"\?(?![\"'”’])")
_BEGINS = re.compile(r"[\"'“‘(\[]?(?:[A-Z]|\d{1,2}(?:\.\d+)*\.?\s+[A-Z])|[•●◦▪■‣–—*·]\s*\S|Ø\s")
_FIGURES = re.compile(r"[^\sA-Za-z]*\d[^\sA-Za-z]*")
#: Sentences that say nothing without the one before: what they speak of, or the direction they are an exception to.
_POINTS_BACK = re.compile(
    r"(?:However|Nevertheless|Nonetheless|Therefore|Thus|Hence|Consequently|Accordingly|Moreover|Furthermore"
    r"|Additionally|Otherwise|Conversely|Likewise|Similarly)\b"
    r"|In (?:addition|contrast|such|these|those|this)\b|(?:Among|Of|For|With) (?:these|those|them)\b"
    r"|(?:These|Those|Such|They|Their)\b|Based on (?:this|these|those|that|such)\b|As a result\b"
    r"|Should (?:an?|any|this|these|such|it|they) (?!question)"
    # What a dose is required for says whom it is for only before; and a formula for each sex stands below its lead-in.
    r"|The (?:initial |maintenance )?dose required to\b|(?:Men|Women|Males|Females)\s?:"
    # What must be known of what stands before it.
    r"|(?i:important|note|warning|caution)\s?:"
    r"|If (?!you)"
    # The parts of a row of a table of interactions; without a colon a capital tells them from a sentence.
    r"|(?i:Clinical (?:Impact|Effects?|Implications?)|Interventions?|Prevention (?:or|and|/) ?Management|Management"
    r"|Examples?)(?:\s?:|\s(?=[A-Z]))"
    r"|Examples (?:are|include)\b"
    # What narrows a use, and what continues a dose or an age range.
    r"|Limitation ?s? of Use\b|See (?:the )?[Ff]ull [Pp]rescribing [Ii]nformation\b"
    r"|The (?:usual|average|total) duration\b"
    r"|[^.;:]{0,160}\bin (?:these|such) circumstances\b"
    r"|[^.;:]{0,80}\b(?:this|these) (?:age (?:range|group)|dos(?:e|age|ing) (?:range|regimen))s?\b"
    r"|When [^.;:]{1,80}?\b(?:is|are|was|were) (?:co-?administered|(?:concomitantly )?(?:given|used|taken)"
    r" (?:concomitantly|together|with))\b"
    # A change of the dose that does not say for whom.
    r"|(?:Reduce|Decrease|Increase|Lower|Halve|Double|Adjust|Withhold|Resume|Interrupt|(?:Permanently d|D)iscontinue)\b"
    r"(?![^.;:]{0,200}\b(?:in|if|for|when|during|until|before|after|while|with) )"
)
_LEADS_IN = re.compile(r"\b(following|as follows|below)\W*$", re.IGNORECASE)
_NUMBERED_LABEL = re.compile(
    r"\b(table|figure|study|studies|section|part|step|trial|phase|grade|type|group|box)$", re.IGNORECASE
)


def _sentence_starts(text: str, start: int, end: int) -> list[int]:
    """Places strictly inside the range where a sentence begins behind the end of another; doubtful ones left out."""
    found: list[int] = []
    opened = start
    for match in _END.finditer(text, start, end):
        begin = words_at(text, match.end())
        if begin >= end or begin <= opened or not _BEGINS.match(text, begin) or in_table(text[begin : begin + 120]):
            continue
        if _POINTS_BACK.match(text, begin):
            continue
        known = max(opened, match.start() - _BACK_CHARS)
        if _ends_sentence(text[known : match.start()], match) and not _open(text[known : match.end()]):
            found.append(begin)
            opened = begin
    return found


def words_at(text: str, at: int) -> int:
    """Where the white space at ``at`` ends."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def in_table(text: str) -> bool:
    """Whether what follows looks like rows of a flattened table: mostly figures."""
    words = text.split()[:10]
    return sum(bool(_FIGURES.fullmatch(word)) for word in words) >= 4


def _ends_sentence(before: str, match: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence and not an abbreviation, an initial, a list's number or a lead-in.

    A question does not, for its answer stands behind it; one in quotation marks is only referred to.
    """
    if match[0][0] != ".":
        return not _ASKS.match(match[0])
    words = before.split()
    if _TITLE_ALONE.fullmatch(before.strip()):
        return False
    last = words[-1].lstrip("([\"'“‘") if words and not before[-1].isspace() else ""
    if last and (_ABBREVIATIONS.fullmatch(last) or re.fullmatch(r"[A-Za-z]|(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}", last)):
        return False
    if re.fullmatch(r"\d{1,2}|[ivxIVX]{1,4}|\d+(\.\d+)+", last):
        return False  # the number of a list's item or of a section
    if last[:1].isdigit() and len(words) > 1 and _NUMBERED_LABEL.search(words[-2]):
        return False
    return not _LEADS_IN.search(before)


#: "Table 1 ." where a sentence would begin: the number of a title that follows.
_TITLE_ALONE = re.compile(r"(?:Table|Figure) (?:\d{1,2}(?:\.\d{1,2}|[A-Za-z])?|[IVX]{1,4})", re.IGNORECASE)
#: A table's number with the first word of its title: "Table 3: Doses", "Table 3 . Doses", "Table 3 Doses".
_TABLE_TITLE = re.compile(
    r"(?:(?<=\s)|^)(?:Table|TABLE)\s(?:\d{1,2}(?:\.\d{1,2}|[A-Za-z])?|[IVX]{1,4})(?P<mark>\s?[.:])?\s+(?=[\"“]?[A-Z])"
)
_BEHIND_END = re.compile(r"(?:^|[.!?:)\]%*†‡§]|\d)\s*$")
_FOOTNOTE = re.compile(r"[*†‡§¶#]|(?:Abbreviations?|Notes?|Source|Footnotes?|Key)\b\s?:|[a-z0-9]\s[A-Z]|[^=.;(]{1,20}=")
#: Where running text may follow upon rows or a footnote without a full stop; a digit alone is rather a footnote's mark.
_AFTER_ROW = re.compile(r"(?:(?<=\d)|(?<=\d[%)\]]))(?<![\s(\[]\d)\s+(?=[A-Z][a-z]*\s)")
_AFTER_NOTE = re.compile(r"(?<=[)\]])\s+(?=(?:The|In|Of|An?|There)\s[a-z])")
#: No title is as long.
_TITLE_CHARS = 200
_COLUMN = re.compile(r"\b[Nn] ?= ?\d")
_ARROW = re.compile("[↑↓↔]")
#: The beginning of a row that says what a medicine does to another ("Statins simvastatin ↑ simvastatin").
_ARROW_ROW = re.compile(r"[^.!?↑↓↔]{1,100}[↑↓↔]")


def _titles(text: str, start: int, end: int) -> list[int]:
    return [match.start() for match in _TABLE_TITLE.finditer(text, start, end) if _is_title(text, match)]


def _tables(text: str, starts: list[int], titles: list[int], behind: list[int], end: int) -> list[tuple[int, int]]:
    """Each table in the range from its title to the end of its rows and footnotes, at a place where a sentence begins.

    Where no rows are seen, or all would be too long, it ends where it begins: only its title is known. ``behind``: the
    headings behind tables, beyond which none reaches.
    """
    found: list[tuple[int, int]] = []
    for at, beyond in pairwise([*titles, end]):
        beyond = next((place for place in behind if at < place < beyond), beyond)
        runs_on = [match.end() for match in _AFTER_NOTE.finditer(text, at, beyond)]
        for match in _AFTER_ROW.finditer(text, at, beyond):
            if in_table(" ".join(text[max(at, match.start() - 100) : match.start()].split()[-10:])):
                runs_on.append(match.end())
        runs_on = [place for place in runs_on if _runs(text[place : place + 300]) and not _is_cell(text, at, place)]
        places = starts[bisect_right(starts, at) : bisect_left(starts, beyond)]
        places = sorted({*(_behind_figures(text, place) for place in places), *runs_on, beyond})
        last, rows = at, False
        for a, b in pairwise([at, *places]):
            goes_on = _ends_in_figures(text[a:b]) or _COLUMN.match(text, b)  # behind a footnote printed at its mark
            here = _has_rows(text[a:b]) or (rows and bool(goes_on))
            if b - at > LIMIT or (rows and not here and not _FOOTNOTE.match(text, a)):
                break
            rows = rows or here
            last = b
        found.append((at, end_behind_notes(text, places, (at, last if rows else at))))
    return found


def _is_title(text: str, match: re.Match[str]) -> bool:
    """Whether a table's title begins here and no reference to it: behind a sentence, a row or a heading."""
    before = text[max(0, match.start() - 40) : match.start()]
    if _BEHIND_END.search(before):
        return True
    if match["mark"] is None or NOT_BEFORE_HEADING.search(before) or _LEADS_IN.search(before):
        return False
    return ":" in match["mark"] or before.split()[-1][0].isupper()


#: A row's last figure where a sentence would begin; one digit may be a footnote's mark, one with a point a section's.
_LAST_FIGURE = re.compile(r"\d[\d,%]+(?<!,)\s+(?=[A-Z])")
#: What begins a sentence and no cell, though a figure is near ("In Study 2").
_BEGINS_TEXT = re.compile(
    r"(?:The|In|At|Of|For|An?|By|After|Through|Across|Over|Overall|With|During|From|On|This|Among|There|Both|Treatment|Patients|Subjects|Figures?"
    r"|Tables?|Stud(?:y|ies)|Trials?)\b"
)


def _behind_figures(text: str, place: int) -> int:
    figure = _LAST_FIGURE.match(text, place)
    return figure.end() if figure else place


def _is_cell(text: str, at: int, place: int) -> bool:
    """Whether what seems to follow a table's rows is a further cell: a figure is near, or it stood in a row before."""
    if _BEGINS_TEXT.match(text, place):
        return False
    words = text[place : place + 200].split()[:3]
    if any(char.isdigit() for word in words[1:] for char in word):
        return True
    return " ".join(words).casefold() in " ".join(text[at + _TITLE_CHARS : place].split()).casefold()


def _ends_in_figures(text: str) -> bool:
    """Whether a text ends with a row, as one does that begins with a footnote printed at its mark."""
    last = text.split()[-5:]
    ends = bool(last) and bool(_FIGURES.fullmatch(last[-1])) and last[-1][-1] not in ".,;:"
    return ends and sum(bool(_FIGURES.fullmatch(word)) for word in last) >= 3


def _has_rows(text: str) -> bool:
    """Whether rows of a table stand in a text: somewhere four of ten words are figures, as in :func:`in_table`."""
    figures = [bool(_FIGURES.fullmatch(word)) for word in text.split()]
    return sum(figures) >= 6 and any(sum(figures[i : i + 10]) >= 4 for i in range(len(figures)))


def _runs(text: str) -> bool:
    """Whether a text goes on like a sentence: mostly words that begin small, hardly a figure."""
    words = text.split()[:20]
    figures = sum(bool(_FIGURES.fullmatch(word)) for word in words)
    return sum(word[0].islower() for word in words) >= 9 and figures <= 1


def _mid_row(text: str, places: list[int], tables: list[tuple[int, int]], end: int) -> set[int]:
    """The places inside the rows of tables of interactions: between rows with arrows, those that begin none."""
    found: set[int] = set()
    for (title, _), (beyond, _) in pairwise([*tables, (end, end)]):
        arrows = [match.start() for match in _ARROW.finditer(text, title, beyond)]
        if len(arrows) > 3:
            within = places[bisect_right(places, title) : bisect_left(places, arrows[-1])]
            found |= {at for at in within if not _ARROW_ROW.match(text, at)}
    return found


#: The beginning of a step ("Step 3:", "Day 7, 8 or 9:"), or of an item of a list of strengths ("25 mg tablets: white").
_STEP = re.compile(
    r"(?:(?<=\s)|^)(?:STEP \d{1,2}\b|Step \d{1,2}\s?[:–-]"
    r"|(?:Day|Week|Cycle)s? \d{1,2}(?:(?:,|,? (?:or|and|to)|-) ?\d{1,2})*\s?:)"
)
_STRENGTH = re.compile(
    r"(?:(?<=[.:;)\]]\s)|^)(?:[A-Z][\w®™-]*\s){0,3}\d[\d.,]*\s?(?:mg|mcg|g|mL|units)(?:/[\d.]*\s?[A-Za-z]+)?"
    r"(?:\s[A-Za-z-]+){0,4}\s?[:–—]\s(?=\D)"
)


def _heads(text: str, start: int, end: int) -> list[int]:
    """Where steps and items of a list of strengths begin."""
    steps = [
        match.start()
        for match in _STEP.finditer(text, start, end)
        if not NOT_BEFORE_HEADING.search(text[max(start, match.start() - 40) : match.start()])
    ]
    return sorted({*steps, *(match.start() for match in _STRENGTH.finditer(text, start, end))})


def _open(sentence: str) -> bool:
    """Whether a bracket is still open; a long one is a slip of the label and no longer counts."""
    depth = max(sentence.count("(") - sentence.count(")"), sentence.count("[") - sentence.count("]"))
    last = max(sentence.rfind("("), sentence.rfind("["))
    return depth > 0 and len(sentence) - last < 400


NOT_BEFORE_HEADING = re.compile(
    r"(?:\b(?:of|in|to|see|sections?|than|was|were|is|are|and|or|by|with|from|at|the|a|an|about|approximately|versus|vs|"
    r"table|figure|for|until|between|under|per|mean|median|up|see:)|[=≥≤<>±~≈,(\[/&+-])\s*$",
    re.IGNORECASE,
)
