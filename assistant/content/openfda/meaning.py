"""Say what each piece of an openFDA record is about, and make it a passage: number, title, topic, for whom.

Guarantees: a passage's text is its piece, byte for byte but for white space around it; titles are the label's own
words or those of ``fields``. Package panels, lists of recent changes, bare headings, the makers' addresses, Highlights
and contents that stand as sections, what Highlights say once more, the boxed warning's text a second time and passages
with the bytes of an earlier one are made but never retrieved. Refuses nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from assistant.content.openfda.animal_data import of_animals
from assistant.content.openfda.behind_tables import heading_of_reproduction
from assistant.content.openfda.captions import caption_of_group, names_both
from assistant.content.openfda.cuts import words_at
from assistant.content.openfda.drug_facts import of_drug_facts
from assistant.content.openfda.fields import NEVER_RETRIEVED, OWN_NUMBER, Field, Heading, Inner, Piece, heading_line
from assistant.content.openfda.run_ins import RunIns
from assistant.content.openfda.tables import owned, table_passages
from assistant.content.openfda.titles import title_of
from assistant.content.openfda.units import (
    BOX_AGAIN,
    HIGHLIGHTS,
    headings_of,
    is_bare,
    is_heading,
    is_leaflet,
    pieces_of,
    question,
    roots_of,
    unnumbered,
)
from assistant.content.sections import classify, says_use
from assistant.content.spl.units import IMPORTANT_PART, UnitSettings
from assistant.content.writing import PassageDraft
from assistant.domain import Kind

#: Of the pieces under "What is X?", the one that says what X is used for.
_USE = re.compile(r"\b(?:used|prescribed|indicated)\b|\bmedicine\b[^.]{0,60}\bto (?:treat|help|lower|reduce|prevent)")
#: What makes a later piece under "What is X?" one of who must not take it, or of what to tell one's doctor.
_NOT_OF_USE = re.compile(
    r"\b(?:do not|should not|don[’']t) (?:take|use|receive)\b|\b(?:tell|talk (?:to|with)) your\b", re.IGNORECASE
)
#: A boxed warning's words for those who take the medicine (21 CFR 310.501).
_TO_PATIENTS = re.compile(r"WARNING TO WOMEN|\byour (?:doctor|healthcare|health care)\b", re.IGNORECASE)
_WARNS = re.compile(r".{0,200}\bWARNING", re.DOTALL)
#: Under a title nothing but a reference: "Carcinogenesis See WARNINGS section."
_ONLY_REFERS = re.compile(r"(?P<title>[^.?!\d]{0,120}?)[\[(]?\s*(?i:see)\s[^.?!]{3,100}\.?\s*[\])]?\s*\.?")
#: The residue of section 8: what Highlights say of groups of patients.
_POPULATIONS = "43684-0"
#: The section whose parts are of one sex (21 CFR 201.57(c)(9)(iii)).
_REPRODUCTIVE = "Reproductive Potential"
#: A shorter title may begin a sentence by chance.
_RUN_IN_CHARS = 12
_MAKER = re.compile(
    r"(©|copyright|.{0,120}\b(manufactured|distributed|marketed|made|repackaged|packaged|mfd\.?|dist\.?)( and \w+)?"
    r" ?(by|for|in)\b|.{0,120}(registered )?trademarks?\b)",
    re.IGNORECASE | re.DOTALL,
)


def passages_of(
    fields: list[Field], tables: Mapping[str, list[str]], settings: UnitSettings, names: tuple[str, ...], *, otc: bool
) -> Iterator[PassageDraft]:
    boxes = [field for field in fields if field.name == "boxed_warning"]
    left = owned(tables)
    seen: set[str] = set()
    made = 0
    roots = roots_of(fields, otc=otc)
    run_ins = _run_ins_of(roots, names)
    for root, inner in roots:
        pieces, headings = pieces_of(root, inner, settings, run_ins, otc=otc)
        for place, piece in enumerate(pieces):
            draft = _passage(root, piece, headings, names, boxes, run_ins, otc=otc)
            if draft.retrieve and draft.text in seen:
                draft = replace(draft, retrieve=False)
            seen.add(draft.text)
            yield replace(draft, companions=tuple(made + other for other in _goes_with(pieces, place)))
        made += len(pieces)
        held = {root.name, *(one.field.name for one in inner)}
        for name in [name for name in left if name in held]:
            field = next(field for field in fields if field.name == name)
            for table in table_passages(field, root, left.pop(name), otc=otc):
                made += 1
                yield table
    for name, found in left.items():  # tables of a field without text
        lone = Field(name, "", -1)
        yield from table_passages(lone, lone, found, otc=otc)


def _run_ins_of(roots: list[tuple[Field, list[Inner]]], names: tuple[str, ...]) -> RunIns:
    """The run-in headings of a label: the titles of its numbered sections stand as such in others."""
    found: set[str] = set()
    for root, inner in roots:
        if root.name in NEVER_RETRIEVED or root.patient:
            continue
        titles = [
            title_of(root.text[heading.end : heading.end + 300], names, None) for heading in headings_of(root, inner)
        ]
        found.update(title for title in titles if len(title) >= _RUN_IN_CHARS and " " in title)
    longest = sorted(found, key=lambda title: (-len(title), title))
    own = re.compile(rf"(?:{'|'.join(map(re.escape, longest))})(?=\s+[A-Z(\[•])") if found else None
    return RunIns(own)


def _goes_with(pieces: list[Piece], place: int) -> list[int]:
    """Which pieces go with this one: that of its title or lead-in, and the rest of its procedure."""
    head = _head_of(pieces, place)
    begins = pieces[place].procedure
    rest = [i for i, piece in enumerate(pieces) if begins >= 0 and i != place and piece.procedure == begins]
    return sorted({*rest, *(() if head is None else (head,))})


def _head_of(pieces: list[Piece], place: int) -> int | None:
    """Which piece holds the title or the lead-in that this one depends on, unless it does itself."""
    lead = pieces[place].lead
    if lead < 0 or lead >= pieces[place].start:
        return None
    return next(i for i, piece in enumerate(pieces) if piece.start <= lead < piece.end)


def _passage(
    root: Field,
    piece: Piece,
    headings: list[Heading],
    names: tuple[str, ...],
    boxes: list[Field],
    run_ins: RunIns,
    *,
    otc: bool,
) -> PassageDraft:
    text = root.text[piece.start : piece.end].strip()
    field = piece.path[-1]
    box = field.name == "boxed_warning"
    patient = any(one.patient for one in piece.path) and not (otc and is_leaflet(piece))
    if patient:
        box = box and bool(_WARNS.match(text))  # no whole guide that stands in the wrong field
    elif box and len(boxes) > 1:
        patient = bool(_TO_PATIENTS.search(text))
    number, title, path = _place_of(root, piece, headings, names, patient=patient)
    heading = "" if patient or otc or not _in_doses(piece, headings) else caption_of_group(text)
    if heading and names_both(title):
        title, path = heading, (*(path if names_both(text) else path[:-1]), heading)
    elif not patient and _REPRODUCTIVE in title and (below := heading_of_reproduction(text)):
        title = f"{title}: {below}"  # it says whose contraception the piece is about
    elif heading := heading or ("" if patient or otc else _run_in(root, piece, headings, run_ins)):
        above, path = title if root.title else "", (*(path if root.title else ()), heading)
        title = _below(above, heading)
    of_doses = not (patient or otc) and _doses(root)
    if of_doses:
        path = (_DOSING, *path)
    loinc = next((one.loinc for one in reversed(piece.path) if one.name != "spl_unclassified_section"), field.loinc)
    named = of_drug_facts(root.text, piece, loinc) if otc and not patient else None
    if named:
        loinc, title = named
        path = (title,)
    called = heading or title
    meaning = classify(loinc=loinc, number=number, title=called, path=path, text=text, patient=patient, otc=otc)
    if not patient and meaning.topic == "pediatric" and of_animals(text):
        meaning = replace(meaning, topic="nonclinical", also=("pediatric", *meaning.also), kind=None)
    if of_doses and meaning.topic == "administration":
        meaning = replace(meaning, topic="dosage", also=("administration", *meaning.also))
    if patient and says_use(title, names) and (apart := _apart_from_use(text, title)):
        own = (path[0], apart)
        meaning = classify(loinc=loinc, number=number, title=apart, path=own, text=text, patient=True)
    serves = set(meaning.serves) - {"boxed_warning", "indication"}
    if box and piece.role != BOX_AGAIN:
        serves.add(piece.role or "boxed_warning")
    if not patient:
        of_use = any(one.name == "indications_and_usage" for one in piece.path) and piece.role != HIGHLIGHTS
        if of_use or (otc and "indication" in meaning.serves):
            serves.add("indication")
    elif boxes and IMPORTANT_PART.search(title):
        serves.add("boxed_warning")
    elif meaning.topic in ("overview", "indication") and says_use(title, names) and _USE.search(text):
        serves.add("indication")
    return PassageDraft(
        text=text,
        topic="boxed_warning" if box else meaning.topic,
        locator=number or ((field.title or title) if not named and (patient or field.title) else title),
        title=title,
        also=tuple(
            topic for topic in meaning.also if topic != meaning.topic and not (box and topic == "boxed_warning")
        ),
        kind=Kind.SAFETY
        if meaning.topic == "overview" and any(one.loinc == _POPULATIONS for one in piece.path)
        else meaning.kind,
        population=meaning.population,
        serves=tuple(sorted(serves)),
        audiences=() if otc else ("patient",) if patient else ("hcp",),
        retrieve=meaning.retrieve and piece.role in ("", "boxed_warning") and _speaks(field, text),
        loinc=loinc,
    )


#: Where labels before 2006 (21 CFR 201.57) state doses outside the section that is called so.
_DOSING = "Dosage and Administration"
_DOSE = re.compile(
    r"\d\s?(?:mg|mcg|units?|g)/(?:kg|hr?|m2|min|day|dose)\b"
    r"|\b(?:recommended|usual|initial|starting|loading|maintenance|total|maximum|premedication) (?:daily |infusion )?"
    r"(?:dos(?:e|es|age)|rate)\b|\btitrated?\b",
    re.IGNORECASE,
)
#: They state doses beside everything else, and all of it stands elsewhere in full.
_HIGHLIGHTS = re.compile(r"\s*(?:HIGHLIGHTS OF PRESCRIBING INFORMATION|FULL PRESCRIBING INFORMATION: CONTENTS)")
_CHARS_A_DOSE = 600
_FEWEST_DOSES = 3


def _doses(root: Field) -> bool:
    """Whether a section without code and title is of doses all through: one is stated every few sentences."""
    if root.name != "spl_unclassified_section" or OWN_NUMBER.match(root.text) or _HIGHLIGHTS.match(root.text):
        return False
    found = len(_DOSE.findall(root.text))
    return found >= max(_FEWEST_DOSES, len(root.text) // _CHARS_A_DOSE)


#: Sections of doses; one without a code may be of anything, and its run-in headings are its only titles.
_OF_DOSES = ("dosage_and_administration", "spl_unclassified_section")
#: How far a run-in heading reaches: over two pieces.
_IN_FORCE = 2000
#: What begins a piece like a heading.
_LIKE_HEADING = re.compile(r"[A-Z][^.;?!]{2,100}:\s|[A-Z]{4,}\s[A-Z]{3,}\b|Table\s|[A-Z]\w{4,}\s(?:The|In|For|An?)\s")
#: Where a section's title ends though a first run-in heading follows it directly: "Adult Dosage Deep Doze".
_TITLE_BEFORE = re.compile(
    r".*?\b(?:Dosage|Dosing|Dose|Use|Impairment)(?=\s(?!(?:Modif|Adjust|Reduc|Recommend|Form|Regimen|Schedul|Instruct|Inform"
    r"|Consider|Titrat|Interrupt|Delay|Escalat|Level|Range|Strength|Limit|Guid|Change|Calcul|Prepar|Select|Conver|Based"
    r"|Admin|Increase|Decrease|Pack|Unit|Vial|Pen))[A-Z])"
)


def _below(title: str, heading: str) -> str:
    """The title of a piece under a run-in heading: its section's title before it."""
    ends = _TITLE_BEFORE.match(title)
    title = ends[0] if ends else title
    return f"{title}: {heading}" if title and title.casefold() != heading.casefold() else heading


def _run_in(root: Field, piece: Piece, headings: list[Heading], run_ins: RunIns) -> str:
    """The run-in heading that a later piece of a section of doses stands under, "" where none surely does.

    In other sections it says less than the section's title ("Data"). What begins like a heading that is not known for
    one, and what stands far behind the last known one, stands under none.
    """
    if not _in_doses(piece, headings) or not piece.run_ins:
        return ""
    if any(piece.run_ins[-1] < heading.at <= piece.own for heading in headings):
        return ""
    behind = piece.own - piece.run_ins[-1]
    if behind > _IN_FORCE or (behind and _LIKE_HEADING.match(root.text, words_at(root.text, piece.own))):
        return ""
    return ": ".join(run_ins.at(root.text, at) for at in piece.run_ins)


def _in_doses(piece: Piece, headings: list[Heading]) -> bool:
    """Whether a piece stands in a section of doses."""
    number = next((heading.label for heading in reversed(headings) if heading.at <= piece.own), "")
    return any(one.name in _OF_DOSES for one in piece.path) or number.startswith("2.")


def _apart_from_use(text: str, title: str) -> str:
    """The words by which a later piece under "What is X?" is not about its use, "" where it is."""
    if title in " ".join(text.split()):
        return ""
    own, use = _NOT_OF_USE.search(text), _USE.search(text)
    if not own or own.start() > len(text) // 2 or (use and use.start() < own.start()):
        return ""
    return own[0]


def _speaks(field: Field, text: str) -> bool:
    """Whether a passage can be an answer at all."""
    words = unnumbered(text).strip(" .:").casefold()
    if (refers := _ONLY_REFERS.fullmatch(unnumbered(text).strip())) and is_bare(refers["title"]):
        return False
    if field.name in NEVER_RETRIEVED or words == field.title.casefold() or (is_bare(text) and is_heading(text)):
        return False
    if field.name == "spl_unclassified_section":
        if _HIGHLIGHTS.match(text):
            return False
        return len(text) >= 40 and not is_bare(text) and not (len(text) < 900 and _MAKER.match(text))
    return any(char.isalnum() for char in text)


def _place_of(
    root: Field, piece: Piece, headings: list[Heading], names: tuple[str, ...], *, patient: bool
) -> tuple[str, str, tuple[str, ...]]:
    """Number, title and heading path of a piece."""
    text = root.text[piece.start : piece.end]
    outer = heading_line(root)
    if patient:
        name = next((one.title for one in piece.path if one.title), "Patient Information")
        title = " ".join(question(root.text, piece).split()) or name
        return "", title, (name, title)
    begin = words_at(root.text, piece.own)
    if not piece.start and (own := OWN_NUMBER.match(root.text)):
        begin = max(begin, words_at(root.text, own.end() + len(outer) - len(own[1]) - 1))
    above = [heading for heading in headings if heading.at <= begin]
    own = OWN_NUMBER.match(root.text)
    field = piece.path[-1]
    if above:
        heading = above[-1]
        title = title_of(root.text[heading.end : heading.end + 300], names, field)
        title = title or field.title or outer
        ends = _TITLE_BEFORE.match(title) if heading.at < piece.start and _in_doses(piece, headings) else None
        if ends and ends[0].endswith("Impairment"):
            title = ends[0]  # the run-in heading directly behind it is of the section's first piece alone
        return heading.label, title, (outer, f"{heading.label} {title}")
    number = own[1] if own else ""
    title = field.title if len(piece.path) > 1 or root.title else ""
    if not title:
        title = title_of(text[own.end() if own and piece.start == 0 else 0 :][:300], names, None)
    title = title or " ".join(text.split()[:8])[:100]
    return number, title, (outer, title) if outer else (title,)
