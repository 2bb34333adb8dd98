"""Import FDA Structured Product Labeling (SPL XML) as a document of approved passages.

Guarantees: every word of every section's text and of every Highlights excerpt stands in exactly one passage, in the
label's order, and nothing stands in a passage that is not in the label; headings may be repeated, for each passage
begins with all headings above it. A label that cannot be read without loss is refused as a whole.
Refuses, with the file's name: anything but well-formed SPL in UTF-8, a document type declaration (and with it every
entity bomb and external entity), trees that are absurdly large or deep. Never opens another file or the network.

Sources: HL7 SPL release 4 and FDA's implementation guide; LOINC codes of FDA's section headings; 21 CFR 201.56, 201.57
(prescription labels), 201.66 (Drug Facts) and 208.20 (medication guides).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from lxml import etree

from assistant.canonical import sha256_hex
from assistant.content.lexicon import words
from assistant.content.sections import BOXED_WARNING, classify, is_boxed_warning, says_use
from assistant.content.spl.text import HL7, Block, Shape, plain, read_blocks, read_line
from assistant.content.spl.units import (
    IMPORTANT_PART,
    Heading,
    Part,
    Piece,
    UnitSettings,
    cut,
    leads_in,
    names_part,
    render,
)
from assistant.content.writing import DocumentDraft, PassageDraft, slug
from assistant.domain import Kind
from assistant.errors import ContentError

MAX_BYTES = 64 * 1024 * 1024

OTC_LABEL = "34390-5"
RECENT_CHANGES = "43683-2"
INDICATIONS = "34067-9"
CONTRAINDICATIONS = "34070-3"
UNCLASSIFIED = "42229-5"
#: Written for patients: medication guide, patient package insert, instructions for use.
PATIENT_CODES = frozenset({"42231-1", "42230-3", "59845-8"})
#: What a section without number and title is called, as its locator.
NAMES = {
    "42231-1": "Medication Guide",
    "42230-3": "Patient Information",
    "59845-8": "Instructions for Use",
    "51945-4": "Package Label",
    RECENT_CHANGES: "Recent Major Changes",
    BOXED_WARNING: "Boxed Warning",
    "48780-1": "Product Data",
    "34089-3": "Description",
    "34090-1": "Clinical Pharmacology",
    INDICATIONS: "Indications and Usage",
    CONTRAINDICATIONS: "Contraindications",
    "34071-1": "Warnings",
    "42232-9": "Precautions",
    "34084-4": "Adverse Reactions",
    "34088-5": "Overdosage",
    "34068-7": "Dosage and Administration",
    "34069-5": "How Supplied",
    "44425-7": "Storage and Handling",
    "34076-0": "Information for Patients",
    "55106-9": "Active Ingredient",
    "51727-6": "Inactive Ingredients",
}

_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?(?=[\s\u00a0A-Z(])[\s\u00a0]*")
_PATIENT_TITLE = re.compile(
    r"(medication guide|patient (information|package insert|labeling|instructions)|instructions for use"
    r"|information for (the )?patients?|patients?['’]? instructions|fda[- ]approved (patient labeling|medication guide)"
    r"|fact sheet for patients|(brief summary|detailed) patient)",
    re.IGNORECASE,
)
_FULL_INFORMATION = re.compile(r"See full prescribing information for .+?(?:\.(?=\s|[A-Z]|$)|$)", re.MULTILINE)
_FACT_SHEET = re.compile(r"fact sheet\b", re.IGNORECASE)
_LONGEST_TITLE = 80
#: What a passage of doses may be about, and the table it refers to.
_OF_DOSES = frozenset({"dosage", "administration", "renal_impairment", "hepatic_impairment"})
_TABLE_TITLE = re.compile(r"^\W*Table[ \u00a0](\d{1,2})\b", re.MULTILINE)
_TABLE_NAMED = re.compile(r"\b(?:in|per|see|to|by|use|using|from|following)[ \u00a0]Table[ \u00a0](\d{1,2})\b")
#: A passage and the tables it takes along are no longer than this.
_WITH_TABLE_CHARS = 4000
#: How much of a boxed warning's words a patient passage must hold to be that warning in patients' words.
_SHARED_WITH_BOXED = 0.6


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the label, read: its heading, its blocks, its Highlights excerpts and what stands below it."""

    heading: Heading
    blocks: tuple[Block, ...]
    excerpts: tuple[tuple[Block, ...], ...]
    below: tuple[_Section, ...]


@dataclass(frozen=True, slots=True)
class _Numbering:
    """What the sections below one top-level section share: files of pictures, numbers of sections and of footnotes."""

    media: Mapping[str, str]
    ids: Iterator[int]
    notes: Iterator[int]


def read_spl(data: bytes, file_name: str, settings: UnitSettings = UnitSettings()) -> DocumentDraft:  # noqa: B008
    """The label in ``data`` as a document on its way into the corpus.

    :raises ContentError: it is not a label that can be read without loss; carries ``file_name``.
    """
    try:
        return _read(data, file_name, settings)
    except ContentError as error:
        raise ContentError(error.message, file_name, error.line) from error


def _read(data: bytes, file_name: str, settings: UnitSettings) -> DocumentDraft:
    root = _parse(data)
    set_id = _attribute(root, "setId", "root")
    otc = _attribute(root, "code", "code") == OTC_LABEL
    brands, generics, moieties = _names(root)
    if not brands:
        raise ContentError("names no product")
    tree = _sections(root)
    version = _attribute(root, "versionNumber", "value")
    return DocumentDraft(
        id=f"{slug(brands[0])}-{slug(set_id)[:8]}",
        version=version,
        title=_title(root, brands[0], otc=otc),
        type="label",
        product=slug(brands[0]),
        brand_names=brands,
        generic_names=generics,
        synonyms=moieties,
        audiences=("hcp", "patient") if otc else ("hcp",),
        markets=("US",),
        effective=_day(_attribute(root, "effectiveTime", "value")),
        passages=_with_tables(
            _with_boxed_for_patients(
                tuple(
                    _with_use_for_patients(draft, brands + generics + moieties)
                    for draft in _passages(root, tree, settings, otc=otc)
                )
            )
        ),
        labeler=_labeler(root),
        source={"set_id": set_id, "version": version, "file": file_name, "sha256": sha256_hex(data)},
    )


def _parse(data: bytes) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise ContentError(f"is larger than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"is not UTF-8 at byte {error.start}") from error
    declared = re.match(r"\ufeff?<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", text)
    if declared and declared[1].lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise ContentError(f"declares the encoding {declared[1][:40]!r}; only UTF-8 is read")
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise ContentError("holds a document type declaration, which no label needs")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        huge_tree=False, recover=False, remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ContentError(f"is not well-formed XML: {error.msg}", line=error.lineno) from error
    if root.tag != f"{HL7}document" or root.find(f"{HL7}component/{HL7}structuredBody") is None:
        raise ContentError("is no Structured Product Labeling: expected an HL7 v3 <document> with a structured body")
    return root


def _attribute(root: etree._Element, element: str, attribute: str) -> str:
    found = root.find(f"{HL7}{element}")
    value = found.get(attribute, "") if found is not None else ""
    if not value:
        raise ContentError(f"has no {element}")
    return value


def _day(value: str) -> dt.date:
    """A day from HL7's time stamp, ``YYYYMMDD`` and more."""
    try:
        return dt.datetime.strptime(value[:8], "%Y%m%d").date()
    except ValueError as error:
        raise ContentError(f"has an effective time that is no day: {value[:20]!r}") from error


def _names(root: etree._Element) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Brand names, generic names and active moieties in the label's order and case.

    A name with its suffix ("Pen") stands beside the plain one. A moiety that is no generic name of the product comes
    apart: several medicines may share it (monomethyl fumarate), and one may bear it as its own name.
    """
    plain: list[str] = []
    full: list[str] = []
    generics: list[str] = []
    moiety_names: list[str] = []
    for product in root.iter(f"{HL7}manufacturedProduct", f"{HL7}manufacturedMedicine", f"{HL7}partProduct"):
        name = product.find(f"{HL7}name")
        if name is None:
            continue
        own = " ".join((name.text or "").split())
        suffix = name.find(f"{HL7}suffix")
        whole = " ".join(f"{own} {read_line(suffix) if suffix is not None else ''}".split())
        if not product.tag.endswith("partProduct"):
            plain.append(own)
            full.append(whole)
        elif own.casefold() not in {known.casefold() for known in plain}:
            continue  # a swab or a diluent of a kit does not give the product its name
        generics += [read_line(found) for found in product.iterfind(f".//{HL7}genericMedicine/{HL7}name")]
        moieties = product.iterfind(f"{HL7}ingredient//{HL7}activeMoiety/{HL7}activeMoiety/{HL7}name")
        older = product.iterfind(f"{HL7}activeIngredient//{HL7}activeMoiety/{HL7}name")
        moiety_names += [read_line(found) for found in (*moieties, *older)]
    # Where every product of the label has a suffix, the suffix is what tells this label from its relatives.
    first = plain if any(a == b for a, b in zip(plain, full, strict=True)) else full
    named = _distinct(generics) or _distinct(moiety_names)
    spoken = {name.casefold() for name in named}
    others = tuple(name for name in _distinct(moiety_names) if name.casefold() not in spoken)
    return _distinct([*first, *plain, *full]), named, others


def _distinct(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        if name:
            seen.setdefault(name.casefold(), name)
    return tuple(seen.values())


def _labeler(root: etree._Element) -> str:
    name = root.find(f"{HL7}author//{HL7}representedOrganization/{HL7}name")
    return read_line(name) if name is not None else ""


def _title(root: etree._Element, brand: str, *, otc: bool) -> str:
    """The label's own title in plain words, or its name and kind where that title names nothing or runs on."""
    title = root.find(f"{HL7}title")
    line = plain(read_line(title)) if title is not None else ""
    named = not words(brand) or words(brand)[0] in words(line)
    if named and _FACT_SHEET.match(line):  # of an emergency use authorization: no prescribing information
        end = line.casefold().find(brand.casefold()) + len(brand)
        return line if len(line) <= _LONGEST_TITLE or end < len(brand) else line[:end]
    if named and len(line) <= _LONGEST_TITLE and "these highlights" not in line.casefold():
        return line
    return f"{brand} Drug Facts" if otc else f"{brand} prescribing information"


def _sections(root: etree._Element) -> tuple[_Section, ...]:
    media: dict[str, str] = {}
    for found in root.iter(f"{HL7}observationMedia"):
        reference = found.find(f".//{HL7}reference")
        if found.get("ID") and reference is not None:
            media[found.get("ID", "")] = reference.get("value", "")
    body = root.find(f"{HL7}component/{HL7}structuredBody")
    ids = count(1)
    return (
        ()
        if body is None
        else tuple(
            _section(found, _Numbering(media, ids, count(1)), patient=False, nested=False)
            for found in body.iterfind(f"{HL7}component/{HL7}section")
        )
    )


def _section(element: etree._Element, numbering: _Numbering, *, patient: bool, nested: bool) -> _Section:
    title = element.find(f"{HL7}title")
    line = read_line(title) if title is not None else ""
    line = line if line.strip() else ""
    code = element.find(f"{HL7}code")
    loinc = code.get("code", "") if code is not None else ""
    match = _NUMBER.match(line)
    if match and nested and "." not in match[1]:
        match = None  # "1. Thromboembolism" below WARNINGS counts there only: it is no section number of the label
    number, words = (match[1], line[match.end() :]) if match else ("", line)
    media, texts = numbering.media, element.iterfind(f"{HL7}text")
    blocks = tuple(block for text in texts for block in read_blocks(text, media, numbering.notes))
    patient = patient or _for_patients(loinc, number, words, blocks)
    start = " ".join(block.text for block in blocks[:2])
    boxed = not patient and is_boxed_warning(loinc=loinc, number=number, title=words, text=start)
    below = tuple(
        _section(found, numbering, patient=patient, nested=True)
        for found in element.iterfind(f"{HL7}component/{HL7}section")
    )
    heading = Heading(next(numbering.ids), line, number, words, loinc, patient, whole=boxed)
    excerpts = tuple(read_blocks(text, media) for text in element.iterfind(f"{HL7}excerpt/{HL7}highlight/{HL7}text"))
    return _Section(heading, blocks, excerpts, below)


def _for_patients(loinc: str, number: str, title: str, blocks: tuple[Block, ...]) -> bool:
    """Whether a section speaks to patients; section 17 speaks to those who counsel them."""
    if loinc in PATIENT_CODES:
        return not number.startswith("17")
    if number or loinc not in (UNCLASSIFIED, ""):
        return False
    if title:
        return bool(_PATIENT_TITLE.match(title))
    return bool(blocks) and bool(_PATIENT_TITLE.match(blocks[0].text))


def _passages(
    root: etree._Element, tree: tuple[_Section, ...], settings: UnitSettings, *, otc: bool
) -> Iterator[PassageDraft]:
    yield from _full_information(root)
    highlights = any(top.excerpts and _is(top, INDICATIONS) for top in tree)
    boxed = any(heading.whole for top in tree for heading in _headings(top))
    for top in tree:
        yield from _excerpts(top, ())
        for unit in _units(top, settings):
            pieces = cut(unit, settings, IMPORTANT_PART if boxed else None)
            for piece in pieces:
                yield _passage(piece, otc=otc, boxed=boxed, highlights=highlights, alone=len(pieces) == 1)


def _headings(section: _Section) -> Iterator[Heading]:
    yield section.heading
    for below in section.below:
        yield from _headings(below)


def _is(section: _Section, loinc: str) -> bool:
    number = {INDICATIONS: "1", CONTRAINDICATIONS: "4"}[loinc]
    return section.heading.number == number or (section.heading.loinc == loinc and not section.heading.number)


def _full_information(root: etree._Element) -> Iterator[PassageDraft]:
    title = root.find(f"{HL7}title")
    blocks = read_blocks(title, {}) if title is not None else ()
    found = next((match for block in blocks if (match := _FULL_INFORMATION.search(block.text))), None)
    if found:
        yield PassageDraft(
            text=found[0], topic="overview", locator="Highlights", title=found[0].rstrip("."), kind=Kind.NEUTRAL,
            serves=("full_prescribing_information",), audiences=("hcp",), retrieve=False,
        )  # fmt: skip


def _excerpts(section: _Section, above: tuple[Heading, ...]) -> Iterator[PassageDraft]:
    """What Highlights says of a section: never an answer of its own, but what companions are made of."""
    path = (*above, section.heading)
    for blocks in section.excerpts:
        if blocks:
            piece = Piece(tuple(Part(path, block) for block in blocks))
            draft = _passage(piece, otc=False, boxed=False, highlights=False)
            serves: tuple[str, ...] = ()
            if section.heading.whole:
                serves = ("boxed_warning_short",)
            elif not above and _is(section, INDICATIONS):
                serves = ("indication",)
            yield replace(draft, locator="Highlights", serves=serves, retrieve=False, audiences=("hcp",))
    for below in section.below:
        yield from _excerpts(below, path)


def _units(top: _Section, settings: UnitSettings) -> Iterator[list[Part]]:
    """The units of a top-level section: itself, or its own text and each of its subsections."""
    whole = list(_parts(top, ()))
    text = render(whole)
    short = (_is(top, INDICATIONS) or _is(top, CONTRAINDICATIONS)) and len(text) <= settings.max_chars
    if short or top.heading.whole or top.heading.patient:
        yield whole
        return
    own = list(_own_parts(top, ()))
    for below in top.below:
        parts = list(_parts(below, (top.heading,)))
        if own and leads_in(own[-1].block):
            parts, own = own + parts, []
        if own:
            yield own
            own = []
        yield parts
    if own:
        yield own


def _own_parts(section: _Section, above: tuple[Heading, ...]) -> Iterator[Part]:
    path = (*above, section.heading)
    if section.heading.line and not section.blocks and not section.below and not section.excerpts:
        yield Part(path, Block(Shape.PARAGRAPH, ""))  # all that the label says here stands in the title
    for block in section.blocks:
        yield Part(path, block)


def _parts(section: _Section, above: tuple[Heading, ...]) -> Iterator[Part]:
    yield from _own_parts(section, above)
    for below in section.below:
        yield from _parts(below, (*above, section.heading))


def _passage(piece: Piece, *, otc: bool, boxed: bool, highlights: bool, alone: bool = True) -> PassageDraft:
    path = _shared(piece)
    text, patient = piece.text, piece.parts[0].path[-1].patient
    numbered = next((heading for heading in reversed(path) if heading.number), None)
    title = _piece_title(piece, path, alone=alone)
    meaning = classify(
        loinc=_code(path), number=numbered.number if numbered else "", title=title,
        path=tuple(heading.line for heading in path if heading.line), text=text, patient=patient, otc=otc,
    )  # fmt: skip
    serves = meaning.serves
    if highlights:  # the Highlights say it in the label's own short form
        serves = tuple(role for role in serves if role != "indication")
    if patient and boxed and IMPORTANT_PART.search(title):
        serves = ("boxed_warning",)
    return PassageDraft(
        text=text,
        topic=meaning.topic,
        locator=numbered.number if numbered else _locator(path, title),
        title=title,
        also=meaning.also,
        kind=Kind.NEUTRAL if meaning.topic == "overview" and not patient else meaning.kind,
        population=meaning.population,
        serves=serves,
        audiences=() if otc else ("patient",) if patient else ("hcp",),
        retrieve=meaning.retrieve,
        loinc=_code(path),
    )


def _with_use_for_patients(draft: PassageDraft, names: tuple[str, ...]) -> PassageDraft:
    """A medication guide's "What is X?" says what X is used for: the indication in patients' words (21 CFR 208.20)."""
    if draft.audiences == ("patient",) and says_use(draft.title, names):
        return replace(draft, serves=(*draft.serves, "indication"))
    return draft


def _with_boxed_for_patients(drafts: tuple[PassageDraft, ...]) -> tuple[PassageDraft, ...]:
    """Old inserts have no "most important information": the passage that repeats the boxed warning's words serves."""
    boxed = {
        word
        for draft in drafts
        if "boxed_warning" in draft.serves and draft.audiences == ("hcp",)
        for word in words(_body(draft.text))
    }
    patient = [i for i, draft in enumerate(drafts) if draft.audiences == ("patient",) and draft.retrieve]
    if not boxed or not patient or any("boxed_warning" in drafts[i].serves for i in patient):
        return drafts
    shared = {i: len(boxed & set(words(_body(drafts[i].text)))) / len(boxed) for i in patient}
    best = max(patient, key=lambda i: shared[i])
    if shared[best] < _SHARED_WITH_BOXED:
        return drafts
    serving = replace(drafts[best], serves=(*drafts[best].serves, "boxed_warning"))
    return (*drafts[:best], serving, *drafts[best + 1 :])


def _with_tables(drafts: tuple[PassageDraft, ...]) -> tuple[PassageDraft, ...]:
    """Doses that stand in a table of another passage ("as shown in Table 1") take that passage along."""
    holders: dict[str, list[int]] = {}
    for i, draft in enumerate(drafts):
        if draft.retrieve:
            for number in _TABLE_TITLE.findall(draft.text):
                holders.setdefault(number, []).append(i)
    return tuple(replace(draft, companions=_tables_of(i, drafts, holders)) for i, draft in enumerate(drafts))


def _tables_of(i: int, drafts: tuple[PassageDraft, ...], holders: Mapping[str, list[int]]) -> tuple[int, ...]:
    """The passages that hold the tables one of doses refers to, and not itself; none where it would be too long."""
    draft = drafts[i]
    if not draft.retrieve or draft.topic not in _OF_DOSES or draft.audiences == ("patient",):
        return ()
    named = [number for number in dict.fromkeys(_TABLE_NAMED.findall(draft.text)) if i not in holders.get(number, [])]
    found = dict.fromkeys(holders[number][0] for number in named if len(holders.get(number, [])) == 1)
    found = {j: None for j in found if drafts[j].topic in _OF_DOSES and drafts[j].audiences == draft.audiences}
    whole = len(draft.text) + sum(len(drafts[j].text) for j in found)
    return tuple(found) if whole <= _WITH_TABLE_CHARS else ()


def _body(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith("## "))


def _shared(piece: Piece) -> tuple[Heading, ...]:
    """The sections that all parts of a piece stand in."""
    path = piece.parts[0].path
    for part in piece.parts:
        while path != part.path[: len(path)]:
            path = path[:-1]
    return path or piece.parts[0].path[:1]


def _code(path: tuple[Heading, ...]) -> str:
    """The innermost code that says something."""
    codes = [heading.loinc for heading in path if heading.loinc]
    return next((code for code in reversed(codes) if code != UNCLASSIFIED), codes[-1] if codes else "")


def _locator(path: tuple[Heading, ...], title: str) -> str:
    titled = next((heading.line for heading in reversed(path) if heading.line), "")
    return titled or NAMES.get(_code(path), title)


def _piece_title(piece: Piece, path: tuple[Heading, ...], *, alone: bool) -> str:
    """The label's own words for a piece: its run-in heading, else its section's title, else how it begins."""
    first = piece.parts[0]
    if piece.governed_by:
        return piece.governed_by
    section = next((heading.title for heading in reversed(path) if heading.title), "")
    if names_part(first) and (not alone or not path[-1].title or first.path[-1].patient):
        return first.block.run_in
    if section:
        return plain(section)
    lines = (part.strip(" |-\u00a0") for part in plain(first.block.text.replace("\n", "|")).split("|"))
    line = next((line for line in lines if line and not line.startswith("![")), "")
    return " ".join(line.split(" ")[:12])[:100] or NAMES.get(_code(path), "Text")
