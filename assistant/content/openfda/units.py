"""Say which text of an openFDA record is read where, and at which headings it is cut into pieces.

Guarantees: every word of every field stands in exactly one piece, in order.

- A field whose text stands whole inside another one (``pregnancy`` in ``use_in_specific_populations``,
  ``mechanism_of_action`` in ``clinical_pharmacology``) is read there: the outer text is cut around it, the inner part
  takes the meaning of the inner field, and of the outer field remains what its inner fields do not hold. Of two fields
  with the same text the more specific one names it. A further occurrence of the same field inside itself adds nothing.
  A short text (under 80 characters) counts as such a part only where it is set off like a section ("Medication Guide"
  within a sentence is no section): else its words stay where they are. One that stands in two fields neither of which
  holds the other is read in the likelier one.
- Texts up to 1800 characters stay whole. Longer ones are cut before the numbered subsections of their own section,
  then, where these are too long, before numbered parts of them, then between sentences towards 1200 characters, as
  ``cuts`` says; patient texts before their questions and before what stands for one ("Do not take X if you:"), and
  what they call most important not at all. A section that bears no number has no numbered subsections but those where a
  field inside begins; a table's figure is none.
- A heading alone ("E. Pregnancy", one question of a patient) goes with what follows it, also into a field inside.
- Of an over-the-counter label Warnings that swallowed several sections of Drug Facts are cut before their fixed
  headings (21 CFR 201.66(c)(5)), unless they are short together; a field inside that begins with one is such a part
  however short. What stands beside Drug Facts is cut before its questions, and what leads to the first goes with it.
- What Highlights say of a section without parts stands alone (``highlights``).
- The boxed warning is not cut, but for the short form from Highlights that openFDA appends to it, and for its own text
  printed a second time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache

from assistant.content import drug_facts
from assistant.content.openfda.cuts import NOT_BEFORE_HEADING, between_sentences, in_table, split, words_at
from assistant.content.openfda.fields import FIELDS, NEVER_RETRIEVED, OWN_NUMBER, Field, Heading, Inner, Piece
from assistant.content.openfda.highlights import highlights_in
from assistant.content.openfda.leaflet_headings import HEADING
from assistant.content.openfda.procedures import is_counted
from assistant.content.openfda.run_ins import RunIns
from assistant.content.spl.units import IMPORTANT_PART, UnitSettings

#: A text shorter than this may stand in another by chance.
_CHANCE = 80

#: The beginning of a question that one word answers: behind another question it is a part of that.
_YES_OR_NO = re.compile(r"(?:Do|Does|Is|Are|Will|Won[’']t|May)\b")
#: A heading of a patient's text; one in quotation marks is a reference to it.
_QUESTION = re.compile(
    r"(?:(?<=\s)|^)(?:What|How|Who|When|Where|Why|Should|Can|(?:Do|Does|Is|Are|Will|Won[’']t|May)"
    # "Is this normal?" asks of what was said before it, "Do you have enough?" the reader.
    r"(?! (?:this|that|these|those|they|you|your)\b| the\b(?![^?]*\bI\b)))\b"
    r"(?:(?!\s(?:What|How|Who|When|Where|Why)\s)[^.?!•\"“”]){3,150}\?(?!\s?[\"”’])"
    # No question, but a heading of most guides (21 CFR 208.20(b)(4)): what to tell one's doctor first.
    r"|(?:(?<=[.?!:•)\"”]\s)|(?<=[a-z]\s)|^)Before (?:you |your child |I )?(?:tak|us|receiv|start|giv|gett?|inject)"
    r"(?:e|s|es|ing)?\b[^.?!:•\"“”]{1,100}?,? (?:tell|talk (?:to|with)) (?:your|the) [a-z ]{4,40}?"
    r"(?=,? (?:if|about|all|of|and|that)\b|[:,])"
    # Nor is who must not take it (21 CFR 208.20(b)(3)), where a list follows.
    r"|(?:(?<=[.?!:•)]\s)|^)(?:Do not|Don[’']t) (?:take|use|receive|start(?: taking| using)?|give)\b[^.?!:•\"“”]{1,80}?"
    r" if (?:you|your child|any)\b[^.?!:•\"“”]{0,60}(?=:)"
    # The whole heading in capitals.
    r"|(?:(?<=\s)|^)(?:WHAT|HOW|WHO|WHEN|WHERE|WHY|SHOULD|CAN)\s[^a-z.?!•\"“”]{6,150}\?(?!\s?[\"”’])"
    rf"|(?P<heading>{HEADING})"
)
#: A question whose answer no counted steps belong to.
_STORES = re.compile(r"\bstor(?:e|ed|ing|age)\b", re.IGNORECASE)
_WHAT_TO_TELL = re.compile(r"\b(?:tell|talk (?:to|with)) (?:my|your|the)\b")
#: An answer of an over-the-counter label's leaflet up to this length stays whole.
_ANSWER_CHARS = 2600
_WHO_MUST_NOT = re.compile(r"\bnot (?:take|use|receive|start|be taken|be used)\b|\bdo not\b", re.IGNORECASE)
#: What these say is theirs to the next question, a sentence that begins like a heading too.
_WHOLE = re.compile(r"most important information|side effects|how (?:should|do|will|can)\b", re.IGNORECASE)
#: The role of a boxed warning's text printed a second time.
BOX_AGAIN = "boxed_warning_again"
#: The role of what Highlights say of a section.
HIGHLIGHTS = "highlights"
_SHORT_FORM = re.compile(r"\(?see full prescribing information for (?:the )?complete boxed warning", re.IGNORECASE)


def roots_of(fields: list[Field], *, otc: bool = False) -> list[tuple[Field, list[Inner]]]:
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
            place = _place(field, host, inner[host.order], otc=otc)
            if place is not None:
                inner[host.order].append(place)
                break
    roots = sorted([*roots, *apart], key=lambda root: root.order)
    return [(root, inner.get(root.order, [])) for root in roots]


def _place(field: Field, host: Field, taken: list[Inner], *, otc: bool) -> Inner | None:
    """Where ``field`` is a part of ``host``, beside or inside the parts already found; None: nowhere as a section."""
    text = field.text.strip()
    start = host.text.find(text)
    while start >= 0:
        end = start + len(text)
        crosses = any(one.start < end and start < one.end and not _within(start, end, one) for one in taken)
        if not crosses and _set_off(host.text, start, end, otc=otc):
            return Inner(start, end, field)
        start = host.text.find(text, start + 1)
    return None


def _within(start: int, end: int, outer: Inner) -> bool:
    return outer.start <= start and end <= outer.end


def _set_off(text: str, start: int, end: int, *, otc: bool) -> bool:
    """Whether a range looks like a section: whole words, and if short also between sentences or headings.

    The lists of Drug Facts end without a full stop: what begins with one of its headings needs none before it.
    """
    before, after = text[:start], text[end:]
    if (before and not before[-1].isspace()) or (after and not after[0].isspace()):
        return False
    if end - start >= _CHANCE:
        return True
    if end - start < 20:
        return False
    last = before.split()[-1:]
    ends = (
        (otc and bool(drug_facts.section_at(text, start))) or not last or last[0][-1] in ".!?:)]" or last[0].isupper()
    )
    return ends and (not after.strip() or after.lstrip()[0].isupper() or after.lstrip()[0].isdigit())


_UNIT = re.compile(
    r"(?:MBq|GBq|kBq|mCi|Ci|Gy|Sv|L|M|IU|U|USP|MIU|MU|Da|kDa|Hz|MHz|ULN|x|X|°|CI|SD|SE|N|K|V|W|C|F|AM|PM|Fr|G|MG|ML"
    r"|MCG|mL|mEq|mOsm|mM|nM|mSv|mV|kV|kPa)\b(?![ -][A-Z][a-z])"
)


_SENTENCE_BEFORE = re.compile(r"(?:^|[.!?])\s*$")


#: A reference to a section: "( 2.6 )".
_REFERRED = re.compile(r"[(,]\s*(\d{1,2}\.\d{1,2})(?:\.\d{1,2})?\s*(?=[),])")


def headings_of(root: Field, inner: list[Inner]) -> list[Heading]:
    """The subsection headings of a root's own section: an increasing chain, cross-references left out.

    A number where a field inside begins or ends is surely one; with slips of spaces ("2. 2", "1 . 7", "2. 1 1") it is
    one behind a sentence or where the text itself refers to it. A root that has no number itself has no others; before
    a row of figures a number is one of them.
    """
    sure = {place for one in inner for place in (one.start, words_at(root.text, one.end))}
    own = OWN_NUMBER.match(root.text)
    number = own[1] if own else FIELDS.get(root.name, ("", "", ""))[2]
    if not number:
        return []
    chapter = number.split(".", 1)[0]
    part = r"([1-9](?:\s?\d)?)"
    pattern = re.compile(
        rf"(?:(?<=\s)|^){chapter}(?:\.\s?{part}(?:\.{part})?|\s\.\s?{part}(?!\.\d))\.?"
        r"\s+(?=[A-Z\"“]|\([A-Za-z]|[a-z]-?[A-Z])"
    )
    referred = {match[1] for match in _REFERRED.finditer(root.text)}
    found: list[tuple[Heading, float]] = []
    for match in pattern.finditer(root.text):
        before = root.text[max(0, match.start() - 40) : match.start()]
        certain = match.start() in sure
        if not certain and (not own or NOT_BEFORE_HEADING.search(before) or _UNIT.match(root.text, match.end())):
            continue
        if not (certain or _SENTENCE_BEFORE.search(before)) and in_table(root.text[match.end() : match.end() + 120]):
            continue
        label = tuple(int("".join(one.split())) for one in (chapter, match[1] or match[3], match[2]) if one)
        behind_end = bool(re.search(r"(^|[.!?)\]:])\s*$", before))
        slip = re.search(r"\d\s+\d|\s\.", match[0])  # within the number itself
        meant = ".".join(map(str, label[:2])) in referred
        if not certain and not meant and (slip or (not behind_end and match[0][len(chapter) + 1].isspace())):
            continue
        weight = 3.0 if certain else 1.5 if behind_end else 1.0
        found.append((Heading(match.start(), match.end(), label), weight))
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


def pieces_of(
    root: Field,
    inner: list[Inner],
    settings: UnitSettings,
    run_ins: RunIns | None = None,
    *,
    otc: bool = False,
) -> tuple[list[Piece], list[Heading]]:
    """The whole of a root's text in pieces, in order; ``run_ins``: what may head a part of it without a number."""
    text = root.text
    if root.name in NEVER_RETRIEVED:
        return [Piece(0, len(text), (root,))], []
    if root.name == "boxed_warning":
        return _boxed(root), []
    headings = headings_of(root, inner)
    alone = all(one.field.name == root.name for one in inner)
    ranges = _ranges(0, len(text), (root,), sorted(inner, key=lambda one: (one.start, -one.end, one.field.rank)))
    pieces: list[Piece] = []
    for piece in _without_highlights(root, ranges, headings):
        if piece.role:
            pieces.append(piece)
            continue
        if otc and is_leaflet(piece):
            pieces += _leaflet(text, piece, settings)
        elif otc and piece.path[-1].loinc in drug_facts.WARNINGS and len(text) >= drug_facts.SHORT:
            for part in split(piece, drug_facts.starts(text, piece.start, piece.end)):
                pieces += between_sentences(text, part, settings)
        else:
            pieces += _cut(text, piece, headings, settings, run_ins, whole=alone or len(piece.path) > 1)
    return _without_bare(text, pieces, otc=otc), headings


def _without_highlights(root: Field, ranges: list[Piece], headings: list[Heading]) -> list[Piece]:
    """The ranges; from a section that has no parts what Highlights say of it is cut off."""
    parted = len(ranges) > 1 or headings or any(field.patient for field in ranges[0].path)
    found = None if parted else highlights_in(root)
    if not found:
        return ranges
    (whole,) = ranges
    said = replace(whole, start=found[0], end=found[1], role=HIGHLIGHTS)
    around = (replace(whole, end=said.start), said, replace(whole, start=said.end))
    return [piece for piece in around if root.text[piece.start : piece.end].strip()]


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


def _cut(
    text: str, piece: Piece, headings: list[Heading], settings: UnitSettings, run_ins: RunIns | None,
    *, whole: bool,
) -> list[Piece]:  # fmt: skip
    """A range cut at subsections, at their numbered parts, between sentences: each only where still too long."""
    if piece.path[-1].name == "boxed_warning" or (whole and piece.end - piece.start <= settings.max_chars):
        return [piece]
    if any(field.patient for field in piece.path):
        return _at_questions(text, piece, settings)
    found: list[Piece] = []
    for section in split(piece, [heading.at for heading in headings if len(heading.number) == 2]):
        if section.end - section.start <= settings.max_chars:
            found.append(section)
            continue
        for part in split(section, [heading.at for heading in headings if len(heading.number) == 3]):
            found += between_sentences(text, part, settings, run_ins)
    return found


def _at_questions(text: str, piece: Piece, settings: UnitSettings) -> list[Piece]:
    """A patient's text cut before its questions, and between sentences where an answer is too long."""
    starts = [match.start() for match in _questions(text, piece.start, piece.end)]
    parts = split(piece, starts)
    kept = [bool(IMPORTANT_PART.search(question(text, part))) for part in parts]
    cuts = [[part] if keep else between_sentences(text, part, settings) for part, keep in zip(parts, kept, strict=True)]
    return [one for cut in cuts for one in cut]


def is_leaflet(piece: Piece) -> bool:
    """Whether a piece of an over-the-counter label stands in no section of Drug Facts: it is written for consumers."""
    return all(field.loinc == drug_facts.UNCLASSIFIED for field in piece.path)


def _leaflet(text: str, piece: Piece, settings: UnitSettings) -> list[Piece]:
    """A leaflet in pieces; the title page before its first question is no text of its own.

    Its tables are of words and bear no number: an answer that may hold one stays whole.
    """
    first, *rest = _at_questions(text, piece, replace(settings, max_chars=max(settings.max_chars, _ANSWER_CHARS)))
    if rest and first.end - first.start < settings.small_chars and not question(text, first):
        return [replace(rest[0], start=first.start, headed=rest[0].start - first.start), *rest[1:]]
    return [first, *rest]


def _boxed(root: Field) -> list[Piece]:
    """The boxed warning whole, and its short form from Highlights, which begins with the same title once more.

    Where only the title stands before the short form, the whole warning follows it unmarked: then nothing is cut off. A
    warning that is its first half twice is cut there: what is shown with every answer need not be read twice.
    """
    words = list(re.finditer(r"\S+", root.text))
    half = len(words) // 2
    if half and [word[0] for word in words[:half]] == [word[0] for word in words[half:]]:
        start = words[half].start()
        return [Piece(0, start, (root,), "boxed_warning"), Piece(start, len(root.text), (root,), BOX_AGAIN)]
    for match in _SHORT_FORM.finditer(root.text):
        start = root.text.rfind("WARNING", 0, match.start())
        title = root.text[start : match.start()].split()
        while start > 0 and title != root.text.split()[: len(title)]:
            start = root.text.rfind("WARNING", 0, start)
            title = root.text[start : match.start()].split()
        if start > 0 and len(root.text[:start].split()) > len(title):
            short = Piece(start, len(root.text), (root,), "boxed_warning_short")
            return [Piece(0, start, (root,), "boxed_warning"), short]
    return [Piece(0, len(root.text), (root,), "boxed_warning")]


def _without_bare(text: str, pieces: list[Piece], *, otc: bool) -> list[Piece]:
    """Headings alone go with what follows them, other scraps ("Figure 1") with what they follow.

    What was set apart for what it is (Highlights) stays apart, however short.
    """
    pieces = [piece for piece in pieces if text[piece.start : piece.end].strip()]
    found: list[Piece] = []
    waiting: int | None = None
    for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
        start = piece.start if waiting is None else waiting
        waiting = None
        words = text[piece.start : piece.end]
        bare = not piece.role and is_bare(words) and not (otc and drug_facts.says_something(words))
        if bare or (not found and _titles_guide(words, piece)):
            if after and (not found or is_heading(words) or _titles_inner(words, piece, after)):
                waiting = start
                continue
            if found:
                found[-1] = replace(found[-1], end=piece.end)
                continue
        found.append(replace(piece, start=start, headed=piece.own - start))
    return found


#: The letter of a heading ("E. Pregnancy").
_LETTER = re.compile(r"\s*\(?(?:[A-Z]|[IVX]{1,4})[.)]\s+(?=[A-Z])")
_SENTENCE_IN = re.compile(r"[.!?:;](\s|$)|•")
_SAYS = re.compile(r"\b(is|are|not|mg|use)\b")


def _titles_guide(words: str, piece: Piece) -> bool:
    """Whether a patient's text begins with its name and the medicine's, which may end in "for oral use"."""
    return any(one.patient for one in piece.path) and len(words) <= 150 and not _SENTENCE_IN.search(words)


def _titles_inner(words: str, piece: Piece, after: Piece) -> bool:
    """Whether a scrap before a field inside is that field's heading ("Pregnancy") and no "Table 5"."""
    return len(after.path) > len(piece.path) and len(words) <= 60 and not re.search(r"\d", words)


def unnumbered(text: str) -> str:
    """A text without the number or letter that it begins with."""
    mark = OWN_NUMBER.match(text) or _LETTER.match(text)
    return text[mark.end() :] if mark else text


def is_bare(text: str) -> bool:
    """Whether a text is a title, a patient's question, a picture's name or the like: short, and no sentence."""
    if _is_question(text):
        return True
    words = unnumbered(text).strip()
    return len(words) <= 100 and not (_SENTENCE_IN.search(words) or _SAYS.search(words))


def is_heading(text: str) -> bool:
    return bool(OWN_NUMBER.match(text) or _LETTER.match(text)) or text.isupper() or _is_question(text)


def _is_question(text: str) -> bool:
    return bool(_QUESTION.fullmatch(text.strip()))


def _questions(text: str, start: int, end: int) -> list[re.Match[str]]:
    """The headings of a patient's text; one that asks nothing is none where the question above asks just that."""
    found: list[re.Match[str]] = []
    for match in _QUESTION.finditer(text, start, end):
        above = found[-1][0] if found else ""
        goes_on = found and _YES_OR_NO.match(match[0]) and not text[found[-1].end() : match.start()].strip()
        same = _WHO_MUST_NOT if match[0].startswith("Do") else _WHAT_TO_TELL
        asks = match["heading"] or match[0].endswith("?")
        tells_again = not asks and (same.search(above) or _WHOLE.search(above))
        if not (goes_on or tells_again):
            found.append(match)
    return found


@lru_cache(maxsize=1)
def _asked_in(text: str) -> tuple[re.Match[str], ...]:
    """The headings of a whole text, which its pieces share: each is looked up for every one of them."""
    return tuple(_questions(text, 0, len(text)))


def question(text: str, piece: Piece) -> str:
    """The question that a piece of a patient's text stands under, "" before the first."""
    headings = _asked_in(text)
    above = bisect_right(headings, piece.own, key=lambda match: match.start())
    # What asks nothing heads the piece that begins with it: nobody knows how far it reaches.
    ours = [match for match in headings[:above] if not match["heading"] or match.start() >= piece.start]
    found = next((match for match in reversed(ours) if match.end() <= piece.end), None)
    begins = found and found.end() <= piece.own
    if found and begins and _STORES.search(found[0]) and is_counted(text, found.end(), piece.own):
        return ""
    if found:
        return found[0]
    first = _QUESTION.match(text, words_at(text, piece.own))
    return first[0] if first else ""
