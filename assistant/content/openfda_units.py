"""Say which text of an openFDA record is read where, and where a text is cut into pieces.

Guarantees: every word of every field stands in exactly one piece, in order.

- A field whose text stands whole inside another one (``pregnancy`` in ``use_in_specific_populations``,
  ``mechanism_of_action`` in ``clinical_pharmacology``) is read there: the outer text is cut around it, the inner part
  takes the meaning of the inner field, and of the outer field remains what its inner fields do not hold. Of two fields
  with the same text the more specific one names it. A further occurrence of the same field inside itself adds nothing.
  A short text (under 80 characters) counts as such a part only where it is set off like a section ("Medication Guide"
  within a sentence is no section): else its words stay where they are. One that stands in two fields neither of which
  holds the other is read in the likelier one.
- Texts up to 1800 characters stay whole. Longer ones are cut before the numbered subsections of their own section,
  then, where these are too long, before numbered parts of them, then between sentences towards 1200 characters; patient
  texts before their questions, and what they call most important not at all. Never inside
  a sentence, abbreviation or number: a run without a sentence's end stays whole. A heading alone goes with what follows
  it. The boxed warning is not cut, but for the short form from Highlights that openFDA appends to it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from assistant.content.openfda_fields import FIELDS, NEVER_RETRIEVED, OWN_NUMBER, Field, Heading, Inner, Piece
from assistant.content.spl_units import IMPORTANT_PART, UnitSettings

#: A text shorter than this may stand in another by chance.
_CHANCE = 80

#: A heading of a patient's text; one in quotation marks is a reference to it.
_QUESTION = re.compile(
    r"(?:(?<=\s)|^)(?:What|How|Who|When|Where|Why|Should|Can)\b"
    r"(?:(?!\s(?:What|How|Who|When|Where|Why)\s)[^.?!•\"“”]){3,150}\?(?!\s?[\"”’])"
    # No question, but a heading of most guides (21 CFR 208.20(b)(4)): what to tell one's doctor first.
    r"|(?:(?<=[.?!:•)]\s)|^)Before (?:you |your child |I )?(?:tak|us|receiv|start|giv|gett?|inject)(?:e|s|es|ing)?\b"
    r"[^.?!:•\"“”]{1,100}?,? (?:tell|talk (?:to|with)) (?:your|the) [a-z ]{4,40}?"
    r"(?=,? (?:if|about|all|of|and|that)\b|[:,])"
)
_SHORT_FORM = re.compile(r"\(?see full prescribing information for (?:the )?complete boxed warning", re.IGNORECASE)


def roots_of(fields: list[Field]) -> list[tuple[Field, list[Inner]]]:
    """The fields whose text stands in no other, each with the fields inside it that are read as parts of it."""
    apart = [field for field in fields if field.name in NEVER_RETRIEVED]
    nested = [field for field in fields if field.name not in NEVER_RETRIEVED]
    # Longest first; of equal texts the most general, so that the more specific one is found inside it.
    nested.sort(key=lambda field: (-len(field.text), field.rank, field.order))
    roots: list[Field] = []
    inner: dict[int, list[Inner]] = {}
    for field in nested:
        hosts = [root for root in roots if field.text.strip() in root.text]
        if not hosts:
            roots.append(field)
            inner[field.order] = []
            continue
        hosts.sort(key=lambda root: (root.patient, root.rank, root.order))
        for host in hosts:
            place = _place(field, host, inner[host.order])
            if place is not None:
                inner[host.order].append(place)
                break
    roots = sorted([*roots, *apart], key=lambda root: root.order)
    return [(root, inner.get(root.order, [])) for root in roots]


def _place(field: Field, host: Field, taken: list[Inner]) -> Inner | None:
    """Where ``field`` is a part of ``host``, beside or inside the parts already found; None: nowhere as a section."""
    text = field.text.strip()
    start = host.text.find(text)
    while start >= 0:
        end = start + len(text)
        crosses = any(one.start < end and start < one.end and not _within(start, end, one) for one in taken)
        if not crosses and _set_off(host.text, start, end):
            return Inner(start, end, field)
        start = host.text.find(text, start + 1)
    return None


def _within(start: int, end: int, outer: Inner) -> bool:
    return outer.start <= start and end <= outer.end


def _set_off(text: str, start: int, end: int) -> bool:
    """Whether a range looks like a section: whole words, and if short also between sentences or headings."""
    before, after = text[:start], text[end:]
    if (before and not before[-1].isspace()) or (after and not after[0].isspace()):
        return False
    if end - start >= _CHANCE:
        return True
    if end - start < 20:
        return False
    last = before.split()[-1:]
    ends = not last or last[0][-1] in ".!?:)]" or last[0].isupper()
    return ends and (not after.strip() or after.lstrip()[0].isupper() or after.lstrip()[0].isdigit())


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
_BEGINS = re.compile(r"[\"'“‘(\[]?(?:[A-Z]|\d{1,2}(?:\.\d+)*\.?\s+[A-Z])|[•●◦▪■‣–—*·]\s*\S|Ø\s")
_FIGURES = re.compile(r"[^\sA-Za-z]*\d[^\sA-Za-z]*")
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
        if begin >= end or begin <= opened or not _BEGINS.match(text, begin) or _in_table(text[begin : begin + 120]):
            continue
        if _ends_sentence(text[opened : match.start()], match) and not _open(text[opened : match.end()]):
            found.append(begin)
            opened = begin
    return found


def words_at(text: str, at: int) -> int:
    """Where the white space at ``at`` ends."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _in_table(text: str) -> bool:
    """Whether what follows looks like rows of a flattened table: mostly figures."""
    words = text.split()[:10]
    return sum(bool(_FIGURES.fullmatch(word)) for word in words) >= 4


def _ends_sentence(before: str, match: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence and not an abbreviation, an initial, a list's number or a lead-in."""
    if match[0][0] != ".":
        return True
    words = before.split()
    last = words[-1].lstrip("([\"'“‘") if words and not before[-1].isspace() else ""
    if last and (_ABBREVIATIONS.fullmatch(last) or re.fullmatch(r"[A-Za-z]|(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}", last)):
        return False
    if re.fullmatch(r"\d{1,2}|[ivxIVX]{1,4}|\d+(\.\d+)+", last):
        return False  # the number of a list's item or of a section
    if last[:1].isdigit() and len(words) > 1 and _NUMBERED_LABEL.search(words[-2]):
        return False
    return not _LEADS_IN.search(before)


def _open(sentence: str) -> bool:
    """Whether a bracket is still open; a long one is a slip of the label and no longer counts."""
    depth = max(sentence.count("(") - sentence.count(")"), sentence.count("[") - sentence.count("]"))
    last = max(sentence.rfind("("), sentence.rfind("["))
    return depth > 0 and len(sentence) - last < 400


_NOT_BEFORE_HEADING = re.compile(
    r"(?:\b(?:of|in|to|see|sections?|than|was|were|is|are|and|or|by|with|from|at|the|a|an|about|approximately|versus|vs|"
    r"table|figure|for|until|between|under|per|mean|median|up|see:)|[=≥≤<>±~≈,(\[/&+-])\s*$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:MBq|GBq|kBq|mCi|Ci|Gy|Sv|L|M|IU|U|USP|MIU|MU|Da|kDa|Hz|MHz|ULN|x|X|°|CI|SD|SE|N|K|V|W|C|F|AM|PM|Fr|G|MG|ML"
    r"|MCG)\b(?![ -][A-Z][a-z])"
)


def _headings(root: Field, inner: list[Inner]) -> list[Heading]:
    """The subsection headings of a root's own section: an increasing chain, cross-references left out.

    A number where a field inside begins or ends is surely one.
    """
    sure = {place for one in inner for place in (one.start, words_at(root.text, one.end))}
    own = OWN_NUMBER.match(root.text)
    number = own[1] if own else FIELDS.get(root.name, ("", "", ""))[2]
    if not number:
        return []
    chapter = number.split(".", 1)[0]
    pattern = re.compile(rf"(?:(?<=\s)|^){chapter}\.(\d{{1,2}})(?:\.(\d{{1,2}}))?\.?\s+(?=[A-Z\"“(]|[a-z]-?[A-Z])")
    found: list[tuple[Heading, float]] = []
    for match in pattern.finditer(root.text):
        before = root.text[max(0, match.start() - 40) : match.start()]
        certain = match.start() in sure
        if not certain and (_NOT_BEFORE_HEADING.search(before) or _UNIT.match(root.text, match.end())):
            continue
        label = tuple(int(part) for part in (chapter, match[1], match[2]) if part is not None)
        weight = 3.0 if certain else 1.5 if re.search(r"(^|[.!?)\]:])\s*$", before) else 1.0
        found.append((Heading(match.start(), label), weight))
    return _chain(found[:400])


def _chain(found: list[tuple[Heading, float]]) -> list[Heading]:
    """The weightiest increasing chain; labels leave out a number or two but do not jump."""
    best: list[tuple[float, int]] = []
    for i, (heading, weight) in enumerate(found):
        options = [(best[j][0] + weight, j) for j in range(i) if best[j][0] > 0 and _follows(found[j], found[i])]
        alone = (weight, -1) if heading.number[1] <= 4 or weight > 2 else (0.0, -1)
        best.append(max([alone, *options], key=lambda option: (option[0], -option[1])))
    at = max(range(len(best)), key=lambda i: (best[i][0], -i), default=-1)
    chain: list[Heading] = []
    while at >= 0 and best[at][0] > 0:
        chain.append(found[at][0])
        at = best[at][1]
    return chain[::-1]


def _follows(one: tuple[Heading, float], two: tuple[Heading, float]) -> bool:
    jump = two[0].number[1] - one[0].number[1]
    return one[0].number < two[0].number and (jump <= 4 or one[1] > 2 or two[1] > 2)


def pieces_of(root: Field, inner: list[Inner], settings: UnitSettings) -> tuple[list[Piece], list[Heading]]:
    """The whole of a root's text in pieces, in order."""
    text = root.text
    if root.name in NEVER_RETRIEVED:
        return [Piece(0, len(text), (root,))], []
    if root.name == "boxed_warning":
        return _boxed(root), []
    headings = _headings(root, inner)
    alone = all(one.field.name == root.name for one in inner)
    ranges = _ranges(0, len(text), (root,), sorted(inner, key=lambda one: (one.start, -one.end, one.field.rank)))
    pieces: list[Piece] = []
    for piece in ranges:
        pieces += _cut(text, piece, headings, settings, whole=alone or len(piece.path) > 1)
    return _without_bare(text, pieces), headings


def _ranges(start: int, end: int, path: tuple[Field, ...], inner: list[Inner]) -> list[Piece]:
    """``start`` to ``end`` cut around the fields inside, theirs cut around those inside them."""
    found: list[Piece] = []
    at = start
    while inner:
        first, deeper = inner[0], []
        rest = inner[1:]
        while rest and _within(rest[0].start, rest[0].end, first):
            deeper.append(rest.pop(0))
        inner = rest
        if first.field.name in {field.name for field in path}:
            inner = deeper + inner  # the same section once more: it says nothing of its own
            continue
        if at < first.start:
            found.append(Piece(at, first.start, path))
        # Of equal ranges the last is the most specific.
        found += _ranges(first.start, first.end, (*path, first.field), deeper)
        at = first.end
    if at < end:
        found.append(Piece(at, end, path))
    return found


def _cut(text: str, piece: Piece, headings: list[Heading], settings: UnitSettings, *, whole: bool) -> list[Piece]:
    """A range cut at subsections, at their numbered parts, between sentences: each only where still too long."""
    if piece.path[-1].name == "boxed_warning" or (whole and piece.end - piece.start <= settings.max_chars):
        return [piece]
    if any(field.patient for field in piece.path):
        starts = [match.start() for match in _QUESTION.finditer(text, piece.start, piece.end)]
        parts = _split(piece, starts)
        kept = [bool(IMPORTANT_PART.search(question(text, part))) for part in parts]
        cuts = [[part] if keep else _sentences(text, part, settings) for part, keep in zip(parts, kept, strict=True)]
        return [one for cut in cuts for one in cut]
    found: list[Piece] = []
    for section in _split(piece, [heading.at for heading in headings if len(heading.number) == 2]):
        if section.end - section.start <= settings.max_chars:
            found.append(section)
            continue
        for part in _split(section, [heading.at for heading in headings if len(heading.number) == 3]):
            found += _sentences(text, part, settings)
    return found


def _split(piece: Piece, starts: list[int]) -> list[Piece]:
    places = [piece.start, *(at for at in starts if piece.start < at < piece.end), piece.end]
    return [replace(piece, start=a, end=b) for a, b in pairwise(places)]


def _sentences(text: str, piece: Piece, settings: UnitSettings) -> list[Piece]:
    if piece.end - piece.start <= settings.max_chars:
        return [piece]
    starts: list[int] = []
    begin, before = piece.start, piece.start
    for at in [*_sentence_starts(text, piece.start, piece.end), piece.end]:
        if at - begin > settings.target_chars and before - begin >= settings.small_chars:
            starts.append(before)
            begin = before
        before = at
    if starts and piece.end - starts[-1] < settings.small_chars:
        last = starts[-2] if len(starts) > 1 else piece.start
        if piece.end - last <= settings.max_chars:
            starts.pop()
    return _split(piece, starts)


def _boxed(root: Field) -> list[Piece]:
    """The boxed warning whole, and its short form from Highlights, which begins with the same title once more."""
    for match in _SHORT_FORM.finditer(root.text):
        start = root.text.rfind("WARNING", 0, match.start())
        title = root.text[start : match.start()].split()
        while start > 0 and title != root.text.split()[: len(title)]:
            start = root.text.rfind("WARNING", 0, start)
            title = root.text[start : match.start()].split()
        if start > 0:
            short = Piece(start, len(root.text), (root,), "boxed_warning_short")
            return [Piece(0, start, (root,), "boxed_warning"), short]
    return [Piece(0, len(root.text), (root,), "boxed_warning")]


def _without_bare(text: str, pieces: list[Piece]) -> list[Piece]:
    """Headings alone go with what follows them, other scraps ("Figure 1") with what they follow."""
    found: list[Piece] = []
    waiting: int | None = None
    for i, piece in enumerate(pieces):
        if not text[piece.start : piece.end].strip():
            continue
        start = piece.start if waiting is None else waiting
        waiting = None
        if is_bare(text[piece.start : piece.end]):
            if i + 1 < len(pieces) and (not found or is_heading(text[piece.start : piece.end])):
                waiting = start
                continue
            if found:
                found[-1] = replace(found[-1], end=piece.end)
                continue
        found.append(replace(piece, start=start, headed=piece.start - start))
    return found


def is_bare(text: str) -> bool:
    """Whether a text is a title, a picture's name or the like: short, and no sentence."""
    words = OWN_NUMBER.sub("", text, count=1).strip()
    return len(words) <= 100 and not re.search(r"[.!?:;](\s|$)|•|\b(is|are|not|mg|use)\b", words)


def is_heading(text: str) -> bool:
    return bool(OWN_NUMBER.match(text)) or text.isupper()


def question(text: str, piece: Piece) -> str:
    """The question that a piece of a patient's text stands under, "" before the first."""
    found = [match[0] for match in _QUESTION.finditer(text, 0, piece.end) if match.start() <= piece.own]
    if found:
        return found[-1]
    first = _QUESTION.match(text, words_at(text, piece.own))
    return first[0] if first else ""
