"""Import openFDA drug label records (JSON, JSON lines, gzip) as documents of approved passages.

openFDA flattens a label: each field is a list of strings, one an occurrence of a section, headings and subsections run
together into one long line, and a subsection with a code of its own stands a second time as a field of its own.

Guarantees. Every word of every text field stands in exactly one place of one passage, unchanged and in order, white
space between passages apart. What is done:

- A field whose text stands whole inside another one (``pregnancy`` in ``use_in_specific_populations``,
  ``mechanism_of_action`` in ``clinical_pharmacology``) is read there: the outer text is cut around it, the inner part
  takes the meaning of the inner field, and of the outer field remains what its inner fields do not hold. Of two fields
  with the same text the more specific one names it. A further occurrence of the same field inside itself adds nothing.
  A short text (under 80 characters) counts as such a part only where it is set off like a section ("Medication Guide"
  within a sentence is no section): else its words stay where they are. One that stands in two fields neither of which
  holds the other is read in the likelier one; a passage with the bytes of an earlier one is never retrieved.
- Texts up to 1800 characters stay whole. Longer ones are cut before the numbered subsections of their own section,
  then, where these are too long, before numbered parts of them, then between sentences towards 1200 characters; patient
  texts before their questions, and what they call most important not at all. Never inside
  a sentence, abbreviation or number: a run without a sentence's end stays whole. A heading alone goes with what follows
  it. The boxed warning is not cut, but for the short form from Highlights that openFDA appends to it.
- Package panels, lists of recent changes, bare headings and the makers' addresses are imported but never retrieved.
  ``spl_product_data_elements`` is no text for people (names and ingredients run together) and is left out.
- Fields named ``*_table`` hold the markup of tables: each becomes a passage in the form of docs/content-format.md,
  under the field's heading, after the field's text, which holds its words a second time, flattened.

Refuses with :class:`ContentError`, naming file, line or record: what is not JSON in UTF-8, repeated keys, records
without names, id, version or day, fields that are no lists of strings, lines (or, in a file that is one JSON value,
records) of more than 64 MiB after decompression. Reads as a stream, opens nothing else and never the network.

Sources: openFDA drug label API, searchable fields; LOINC codes of FDA's section headings; 21 CFR 201.56, .57, .66.
"""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree, html

from assistant.canonical import canonical_json, sha256_hex
from assistant.content.sections import classify
from assistant.content.spl_text import HL7, read_blocks
from assistant.content.spl_units import UnitSettings
from assistant.content.writing import DocumentDraft, PassageDraft, slug
from assistant.errors import ContentError

MAX_BYTES = 64 * 1024 * 1024
OTC = "HUMAN OTC DRUG"

#: Field -> LOINC code, title, number of its section where it has a fixed one.
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "boxed_warning": ("34066-1", "Boxed Warning", ""),
    "indications_and_usage": ("34067-9", "Indications and Usage", "1"),
    "dosage_and_administration": ("34068-7", "Dosage and Administration", "2"),
    "dosage_forms_and_strengths": ("43678-2", "Dosage Forms and Strengths", "3"),
    "contraindications": ("34070-3", "Contraindications", "4"),
    "warnings_and_cautions": ("43685-7", "Warnings and Precautions", "5"),
    "warnings": ("34071-1", "Warnings", ""),
    "precautions": ("42232-9", "Precautions", ""),
    "general_precautions": ("34072-9", "General Precautions", ""),
    "adverse_reactions": ("34084-4", "Adverse Reactions", "6"),
    "drug_interactions": ("34073-7", "Drug Interactions", "7"),
    "drug_and_or_laboratory_test_interactions": ("34074-5", "Drug/Laboratory Test Interactions", ""),
    "laboratory_tests": ("34075-2", "Laboratory Tests", ""),
    "use_in_specific_populations": ("43684-0", "Use in Specific Populations", "8"),
    "pregnancy": ("42228-7", "Pregnancy", "8"),
    "teratogenic_effects": ("34077-8", "Teratogenic Effects", ""),
    "nonteratogenic_effects": ("34078-6", "Nonteratogenic Effects", ""),
    "labor_and_delivery": ("34079-4", "Labor and Delivery", ""),
    "lactation": ("77290-5", "Lactation", "8"),
    "nursing_mothers": ("34080-2", "Nursing Mothers", ""),
    "pediatric_use": ("34081-0", "Pediatric Use", "8"),
    "geriatric_use": ("34082-8", "Geriatric Use", "8"),
    "drug_abuse_and_dependence": ("42227-9", "Drug Abuse and Dependence", "9"),
    "controlled_substance": ("34085-1", "Controlled Substance", "9"),
    "abuse": ("34086-9", "Abuse", "9"),
    "dependence": ("34087-7", "Dependence", "9"),
    "overdosage": ("34088-5", "Overdosage", "10"),
    "description": ("34089-3", "Description", "11"),
    "clinical_pharmacology": ("34090-1", "Clinical Pharmacology", "12"),
    "mechanism_of_action": ("43679-0", "Mechanism of Action", "12"),
    "pharmacodynamics": ("43681-6", "Pharmacodynamics", "12"),
    "pharmacokinetics": ("43682-4", "Pharmacokinetics", "12"),
    "microbiology": ("49489-8", "Microbiology", "12"),
    "pharmacogenomics": ("66106-6", "Pharmacogenomics", "12"),
    "nonclinical_toxicology": ("43680-8", "Nonclinical Toxicology", "13"),
    "carcinogenesis_and_mutagenesis_and_impairment_of_fertility": (
        "34083-6", "Carcinogenesis, Mutagenesis, Impairment of Fertility", "13"),
    "animal_pharmacology_and_or_toxicology": ("34091-9", "Animal Toxicology and/or Pharmacology", "13"),
    "clinical_studies": ("34092-7", "Clinical Studies", "14"),
    "references": ("34093-5", "References", "15"),
    "how_supplied": ("34069-5", "How Supplied", "16"),
    "storage_and_handling": ("44425-7", "Storage and Handling", "16"),
    "information_for_patients": ("34076-0", "Patient Counseling Information", "17"),
    "spl_medguide": ("42231-1", "Medication Guide", ""),
    "spl_patient_package_insert": ("42230-3", "Patient Information", ""),
    "patient_medication_information": ("68498-5", "Patient Information", ""),
    "instructions_for_use": ("59845-8", "Instructions for Use", ""),
    "information_for_owners_or_caregivers": ("", "Information for Owners or Caregivers", ""),
    "active_ingredient": ("55106-9", "Active Ingredient", ""),
    "inactive_ingredient": ("51727-6", "Inactive Ingredients", ""),
    "purpose": ("55105-1", "Purpose", ""),
    "do_not_use": ("50570-1", "Do Not Use", ""),
    "ask_doctor": ("50569-3", "Ask a Doctor", ""),
    "ask_doctor_or_pharmacist": ("50568-5", "Ask a Doctor or Pharmacist", ""),
    "when_using": ("50567-7", "When Using This Product", ""),
    "stop_use": ("50566-9", "Stop Use", ""),
    "pregnancy_or_breast_feeding": ("53414-9", "If Pregnant or Breast-Feeding", ""),
    "keep_out_of_reach_of_children": ("50565-1", "Keep Out of Reach of Children", ""),
    "other_safety_information": ("60561-8", "Other Information", ""),
    "questions": ("53413-1", "Questions", ""),
    "recent_major_changes": ("43683-2", "Recent Major Changes", ""),
    "package_label_principal_display_panel": ("51945-4", "Package Label", ""),
    "spl_unclassified_section": ("42229-5", "", ""),
}  # fmt: skip

NOT_FOR_PEOPLE = frozenset({"spl_product_data_elements"})
NEVER_RETRIEVED = frozenset({"recent_major_changes", "package_label_principal_display_panel"})
PATIENT_FIELDS = frozenset({
    "spl_medguide", "spl_patient_package_insert", "patient_medication_information", "instructions_for_use",
    "information_for_owners_or_caregivers",
})  # fmt: skip
#: Fields that hold others, most general first: they yield to a field with the same text.
HOLDERS = (
    "spl_unclassified_section", "precautions", "warnings", "warnings_and_cautions", "use_in_specific_populations",
    "clinical_pharmacology", "nonclinical_toxicology", "drug_abuse_and_dependence", "how_supplied", "pregnancy",
)  # fmt: skip
_IDENTITY = ("id", "set_id", "version", "effective_time", "openfda")
#: A text shorter than this may stand in another by chance.
_CHANCE = 80

_PATIENT_TEXT = re.compile(
    r"\W*(this )?(medication guide|patient (information|package insert|labeling|instructions)|instructions for use"
    r"|what is .{3,80}\?|fda[- ]approved (patient labeling|medication guide)|fact sheet for patients)",
    re.IGNORECASE,
)
_MAKER = re.compile(
    r"(©|copyright|.{0,120}\b(manufactured|distributed|marketed|made|repackaged|packaged|mfd\.?|dist\.?)( and \w+)?"
    r" ?(by|for|in)\b|.{0,120}(registered )?trademarks?\b)",
    re.IGNORECASE | re.DOTALL,
)
#: A heading of a patient's text; one in quotation marks is a reference to it.
_QUESTION = re.compile(
    r"(?:(?<=\s)|^)(?:What|How|Who|When|Where|Why|Should|Can)\b"
    r"(?:(?!\s(?:What|How|Who|When|Where|Why)\s)[^.?!•\"“”]){3,150}\?(?!\s?[\"”’])"
)
_IMPORTANT_PART = re.compile(r"most important information", re.IGNORECASE)
_SHORT_FORM = re.compile(r"\(?see full prescribing information for (?:the )?complete boxed warning", re.IGNORECASE)


def read_openfda(path: Path, refuse: Callable[[ContentError], None] | None = None) -> Iterator[DocumentDraft]:
    """The documents of a file of openFDA records, one after another, in the file's order.

    Reads an API reply with ``results``, a list of records, one record, or a record a line, plain or gzipped; which of
    these it is, its content says. ``refuse`` is told of records that cannot be used, and reading goes on behind them;
    without it the first one ends the reading. What was yielded before stands.

    :raises ContentError: the file cannot be read to its end; carries file and line.
    """
    values = _values(path, refuse)
    while True:
        try:
            line, record = next(values)
        except StopIteration:
            return
        try:
            yield read_record(record, path.name)
        except ContentError as error:
            _raise_or_tell(ContentError(error.message, path, line), refuse)


def _raise_or_tell(error: ContentError, refuse: Callable[[ContentError], None] | None) -> None:
    if refuse is None:
        raise error
    refuse(error)


# --- the file ---------------------------------------------------------------------------------------------------------


def _values(path: Path, refuse: Callable[[ContentError], None] | None) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line number and record, of every record in the file."""
    number = 0
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if zipped else raw)
            first = b"\n"
            while first and not first.strip(b" \t\r\n\xef\xbb\xbf"):
                number += 1
                first = _line(file, path, number)
            if _is_whole_file(first, path):
                yield from _Stream(file, first, path, number).records()
                return
            while first:
                try:
                    value = _json(first.decode("utf-8-sig"))
                    yield from ((number, record) for record in _records(value))
                except (ValueError, RecursionError) as error:
                    _raise_or_tell(ContentError(_why(error), path, number), refuse)
                except ContentError as error:
                    _raise_or_tell(ContentError(error.message, path, number), refuse)
                first = b"\n"
                while first and not first.strip():
                    number += 1
                    first = _line(file, path, number)
    except (EOFError, zlib.error, OSError) as error:
        raise ContentError(f"cannot be read: {error}", path, number or None) from error


def _line(file: IO[bytes], path: Path, number: int) -> bytes:
    line = file.readline(MAX_BYTES + 1)
    if len(line) > MAX_BYTES:
        raise ContentError(f"a line of more than {MAX_BYTES} bytes", path, number)
    return line


def _is_whole_file(first: bytes, path: Path) -> bool:
    """Whether the first line only begins a JSON value that goes on below it."""
    if path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        return False
    text = first.decode("utf-8-sig", errors="replace").strip()
    try:
        _json(text)
    except json.JSONDecodeError as error:
        return text[:1] in ("{", "[") and error.pos >= len(text)
    except (ValueError, RecursionError, ContentError):
        return False
    return False


def _records(value: object) -> Iterator[Mapping[str, Any]]:
    """The records in a JSON value: a reply, a list, a record."""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = value["results"]
    for record in value if isinstance(value, list) else [value]:
        if not isinstance(record, dict):
            raise ContentError("holds something that is no record")
        yield record


def _json(text: str) -> Any:
    return _DECODER.decode(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ContentError("holds a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ContentError(f"holds {name}, which is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _why(error: Exception) -> str:
    """What is wrong, without a word of the content."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start}"
    return "is nested too deeply" if isinstance(error, RecursionError) else "is not JSON: a number is too long"


class _Stream:
    """A file that is one JSON value over many lines, read a record at a time."""

    def __init__(self, file: IO[bytes], first: bytes, path: Path, number: int) -> None:
        self._file = file
        self._first = first
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._path = path
        self._line = number
        self._text = ""
        self._at = 0

    def records(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if self._next() == "[":
            yield from self._elements()
        else:
            yield from self._object()
        if self._next():
            raise self._error("something follows the end of the JSON value")

    def _object(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        start, reply = self._line, False
        pairs: list[tuple[str, Any]] = []
        self._take("{")
        while self._next() != "}":
            if pairs or reply:
                self._take(",")
            if self._next() != '"':
                raise self._error("is not JSON: expected a key")
            key = self._value()
            self._take(":")
            if key == "results" and self._next() == "[":
                reply = True
                yield from self._elements()
            else:
                pairs.append((key, self._value()))
        self._take("}")
        if not reply:
            try:
                yield start, _unique(pairs)
            except ContentError as error:
                raise ContentError(error.message, self._path, start) from error

    def _elements(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        self._take("[")
        count = 0
        while self._next() != "]":
            if count:
                self._take(",")
                self._next()
            line = self._line
            value = self._value()
            if not isinstance(value, dict):
                raise ContentError("holds something that is no record", self._path, line)
            yield line, value
            count += 1
        self._take("]")

    def _next(self) -> str:
        """The next character that is no white space, left in place; "" at the end of the file."""
        while True:
            while self._at < len(self._text):
                char = self._text[self._at]
                if char not in " \t\r\n":
                    return char
                self._line += char == "\n"
                self._at += 1
            if not self._more(1 << 16):
                return ""

    def _take(self, char: str) -> None:
        if self._next() != char:
            raise self._error(f"is not JSON: expected {char!r}")
        self._at += 1

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                have = len(self._text) - self._at
                if have > MAX_BYTES:
                    raise self._error(f"holds a value of more than {MAX_BYTES} characters, or a broken one") from error
                if self._more(max(have, 1 << 16)):
                    continue
                self._line += self._text.count("\n", self._at, error.pos)
                raise self._error(f"is not JSON: {error.msg}") from error
            except ContentError as error:
                raise self._error(error.message) from error
            except (ValueError, RecursionError) as error:
                raise self._error(_why(error)) from error
            if end == len(self._text) and self._more(1 << 16):
                continue  # a number may go on
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        """Read on; False at the end of the file, with everything left as it is."""
        while True:
            data, self._first = self._first or self._file.read(size), b""
            try:
                read = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                behind = self._text.count("\n", self._at) + data[: error.start].count(b"\n")
                raise ContentError("is not UTF-8", self._path, self._line + behind) from error
            if read:
                self._text, self._at = self._text[self._at :] + read, 0
            if read or not data:
                return bool(read)

    def _error(self, message: str) -> ContentError:
        return ContentError(message, self._path, self._line)


# --- the record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    """An occurrence of a field; ``order``: its place among all of the record's."""

    name: str
    text: str
    order: int

    @property
    def loinc(self) -> str:
        return FIELDS[self.name][0] if self.name in FIELDS else ""

    @property
    def title(self) -> str:
        return FIELDS[self.name][1] if self.name in FIELDS else self.name.replace("_", " ").capitalize()

    @property
    def patient(self) -> bool:
        return self.name in PATIENT_FIELDS or (
            self.name == "spl_unclassified_section" and bool(_PATIENT_TEXT.match(self.text))
        )

    @property
    def rank(self) -> int:
        """How specific the field is: holders of other fields are the least."""
        return HOLDERS.index(self.name) if self.name in HOLDERS else len(HOLDERS)


@dataclass(frozen=True, slots=True)
class _Inner:
    """A field inside a root's text."""

    start: int
    end: int
    field: _Field


@dataclass(frozen=True, slots=True)
class _Heading:
    """A numbered subsection heading in a root's text."""

    at: int
    number: tuple[int, ...]

    @property
    def label(self) -> str:
        return ".".join(map(str, self.number))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of a root's text that becomes a passage, and the fields it stands in, outermost first.

    ``headed``: how many characters at its beginning are a bare heading above it.
    """

    start: int
    end: int
    path: tuple[_Field, ...]
    role: str = ""
    headed: int = 0

    @property
    def own(self) -> int:
        """Where its own words begin."""
        return self.start + self.headed


def read_record(record: Mapping[str, Any], file_name: str, settings: UnitSettings = UnitSettings()) -> DocumentDraft:  # noqa: B008
    """One openFDA drug label record as a document on its way into the corpus.

    :raises ContentError: it has no names, id, version or day, or holds fields that are no lists of strings.
    """
    identity = _text_of(record, "id") or _text_of(record, "set_id") or "without id"
    try:
        return _read(record, file_name, settings)
    except ContentError as error:
        raise ContentError(f"record {identity[:64]}: {error.message}", file_name, error.line) from error


def _read(record: Mapping[str, Any], file_name: str, settings: UnitSettings) -> DocumentDraft:
    if "error" in record and "openfda" not in record:
        raise ContentError("is an error reply of openFDA, no record")
    names = record.get("openfda")
    names = names if isinstance(names, dict) else {}
    generics = _distinct(*_strings(names, "generic_name"), *_strings(names, "substance_name"))
    brands = _distinct(*_strings(names, "brand_name")) or generics[:1]
    if not brands:
        raise ContentError("names no product")
    set_id = _text_of(record, "set_id") or next(iter(_strings(names, "spl_set_id")), "")
    version = _text_of(record, "version")
    if not set_id or not version:
        raise ContentError(f"has no {'version' if set_id else 'set id'}")
    fields, tables = _fields(record)
    otc = OTC in _strings(names, "product_type")
    passages = tuple(_passages(fields, tables, settings, (*brands, *generics), otc=otc))
    if not passages:
        raise ContentError("holds no text that could be imported")
    return DocumentDraft(
        id=f"{slug(brands[0])}-{slug(set_id)[:8]}",
        version=version,
        title=f"{brands[0]} {'drug facts' if otc else 'prescribing information'}",
        type="label",
        product=slug(brands[0]),
        brand_names=brands,
        generic_names=generics,
        audiences=("hcp", "patient") if otc else ("hcp",),
        markets=("US",),
        effective=_day(_text_of(record, "effective_time")),
        passages=passages,
        labeler=next(iter(_strings(names, "manufacturer_name")), ""),
        source={
            "set_id": set_id, "version": version, "id": _text_of(record, "id"), "file": file_name,
            "product_type": ", ".join(_strings(names, "product_type")), "sha256": _fingerprint(record),
        },
    )  # fmt: skip


def _text_of(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key, "")
    return " ".join(str(value).split()) if isinstance(value, str | int) else ""


def _strings(names: Mapping[str, Any], key: str) -> list[str]:
    value = names.get(key, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ContentError(f"openfda.{key} is no list of strings")
    return [" ".join(one.split()) for one in value if one.strip()]


def _distinct(*names: str) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
    return tuple(seen.values())


def _day(value: str) -> dt.date:
    try:
        return dt.datetime.strptime(value[:8], "%Y%m%d").date()
    except ValueError as error:
        raise ContentError(f"has an effective time that is no day: {value[:20]!r}") from error


def _fingerprint(record: Mapping[str, Any]) -> str:
    """SHA-256 of what was read: the canonical JSON of the record's identity and of all its texts."""
    used = {key: value for key, value in record.items() if key in ("id", "set_id", "version", "effective_time")}
    used |= {key: value for key, value in record.items() if isinstance(value, list) and key[:1] not in ("_", "@")}
    used["openfda"] = {key: value for key, value in record.get("openfda", {}).items() if isinstance(value, list)}
    try:
        return sha256_hex(canonical_json(used))
    except (UnicodeEncodeError, TypeError) as error:
        raise ContentError("holds something that is neither text nor a number") from error


def _fields(record: Mapping[str, Any]) -> tuple[list[_Field], dict[str, list[str]]]:
    """The text fields in the record's order, and the tables by the name of the field they belong to."""
    fields: list[_Field] = []
    tables: dict[str, list[str]] = {}
    for name, value in record.items():
        if name in _IDENTITY or name in NOT_FOR_PEOPLE or name.startswith(("_", "@")):
            continue
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ContentError(f"field {name[:60]} is no list of strings")
        for text in value:
            _refuse_broken(text, name)
        if name.endswith("_table"):
            tables.setdefault(name.removesuffix("_table"), []).extend(value)
        else:
            fields += [_Field(name, text, len(fields) + i) for i, text in enumerate(value) if text.strip()]
    return fields, tables


def _refuse_broken(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"field {name[:60]} holds half a character at {error.start}") from error


# --- which text is read where -----------------------------------------------------------------------------------------


def _roots(fields: list[_Field]) -> list[tuple[_Field, list[_Inner]]]:
    """The fields whose text stands in no other, each with the fields inside it that are read as parts of it."""
    apart = [field for field in fields if field.name in NEVER_RETRIEVED]
    nested = [field for field in fields if field.name not in NEVER_RETRIEVED]
    # Longest first; of equal texts the most general, so that the more specific one is found inside it.
    nested.sort(key=lambda field: (-len(field.text), field.rank, field.order))
    roots: list[_Field] = []
    inner: dict[int, list[_Inner]] = {}
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


def _place(field: _Field, host: _Field, taken: list[_Inner]) -> _Inner | None:
    """Where ``field`` is a part of ``host``, beside or inside the parts already found; None: nowhere as a section."""
    text = field.text.strip()
    start = host.text.find(text)
    while start >= 0:
        end = start + len(text)
        crosses = any(one.start < end and start < one.end and not _within(start, end, one) for one in taken)
        if not crosses and _set_off(host.text, start, end):
            return _Inner(start, end, field)
        start = host.text.find(text, start + 1)
    return None


def _within(start: int, end: int, outer: _Inner) -> bool:
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


# --- where a text is cut ----------------------------------------------------------------------------------------------

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
        begin = _words_at(text, match.end())
        if begin >= end or begin <= opened or not _BEGINS.match(text, begin) or _in_table(text[begin : begin + 120]):
            continue
        if _ends_sentence(text[opened : match.start()], match) and not _open(text[opened : match.end()]):
            found.append(begin)
            opened = begin
    return found


def _words_at(text: str, at: int) -> int:
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


_OWN_NUMBER = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2}){0,2})\.?\s+(?=[A-Z\"“(])")
_NOT_BEFORE_HEADING = re.compile(
    r"(?:\b(?:of|in|to|see|sections?|than|was|were|is|are|and|or|by|with|from|at|the|a|an|about|approximately|versus|vs|"
    r"table|figure|for|until|between|under|per|mean|median|up|see:)|[=≥≤<>±~≈,(\[/&+-])\s*$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:MBq|GBq|kBq|mCi|Ci|Gy|Sv|L|M|IU|U|USP|MIU|MU|Da|kDa|Hz|MHz|ULN|x|X|°|CI|SD|SE|N|K|V|W|C|F|AM|PM|Fr|G|MG|ML"
    r"|MCG)\b(?![ -][A-Z][a-z])"
)


def _headings(root: _Field, inner: list[_Inner]) -> list[_Heading]:
    """The subsection headings of a root's own section: an increasing chain, cross-references left out.

    A number where a field inside begins or ends is surely one.
    """
    sure = {place for one in inner for place in (one.start, _words_at(root.text, one.end))}
    own = _OWN_NUMBER.match(root.text)
    number = own[1] if own else FIELDS.get(root.name, ("", "", ""))[2]
    if not number:
        return []
    chapter = number.split(".", 1)[0]
    pattern = re.compile(rf"(?:(?<=\s)|^){chapter}\.(\d{{1,2}})(?:\.(\d{{1,2}}))?\.?\s+(?=[A-Z\"“(]|[a-z]-?[A-Z])")
    found: list[tuple[_Heading, float]] = []
    for match in pattern.finditer(root.text):
        before = root.text[max(0, match.start() - 40) : match.start()]
        certain = match.start() in sure
        if not certain and (_NOT_BEFORE_HEADING.search(before) or _UNIT.match(root.text, match.end())):
            continue
        label = tuple(int(part) for part in (chapter, match[1], match[2]) if part is not None)
        weight = 3.0 if certain else 1.5 if re.search(r"(^|[.!?)\]:])\s*$", before) else 1.0
        found.append((_Heading(match.start(), label), weight))
    return _chain(found[:400])


def _chain(found: list[tuple[_Heading, float]]) -> list[_Heading]:
    """The weightiest increasing chain; labels leave out a number or two but do not jump."""
    best: list[tuple[float, int]] = []
    for i, (heading, weight) in enumerate(found):
        options = [(best[j][0] + weight, j) for j in range(i) if best[j][0] > 0 and _follows(found[j], found[i])]
        alone = (weight, -1) if heading.number[1] <= 4 or weight > 2 else (0.0, -1)
        best.append(max([alone, *options], key=lambda option: (option[0], -option[1])))
    at = max(range(len(best)), key=lambda i: (best[i][0], -i), default=-1)
    chain: list[_Heading] = []
    while at >= 0 and best[at][0] > 0:
        chain.append(found[at][0])
        at = best[at][1]
    return chain[::-1]


def _follows(one: tuple[_Heading, float], two: tuple[_Heading, float]) -> bool:
    jump = two[0].number[1] - one[0].number[1]
    return one[0].number < two[0].number and (jump <= 4 or one[1] > 2 or two[1] > 2)


def _pieces(root: _Field, inner: list[_Inner], settings: UnitSettings) -> tuple[list[_Piece], list[_Heading]]:
    """The whole of a root's text in pieces, in order."""
    text = root.text
    if root.name in NEVER_RETRIEVED:
        return [_Piece(0, len(text), (root,))], []
    if root.name == "boxed_warning":
        return _boxed(root), []
    headings = _headings(root, inner)
    alone = all(one.field.name == root.name for one in inner)
    ranges = _ranges(0, len(text), (root,), sorted(inner, key=lambda one: (one.start, -one.end, one.field.rank)))
    pieces: list[_Piece] = []
    for piece in ranges:
        pieces += _cut(text, piece, headings, settings, whole=alone or len(piece.path) > 1)
    return _without_bare(text, pieces), headings


def _ranges(start: int, end: int, path: tuple[_Field, ...], inner: list[_Inner]) -> list[_Piece]:
    """``start`` to ``end`` cut around the fields inside, theirs cut around those inside them."""
    found: list[_Piece] = []
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
            found.append(_Piece(at, first.start, path))
        # Of equal ranges the last is the most specific.
        found += _ranges(first.start, first.end, (*path, first.field), deeper)
        at = first.end
    if at < end:
        found.append(_Piece(at, end, path))
    return found


def _cut(text: str, piece: _Piece, headings: list[_Heading], settings: UnitSettings, *, whole: bool) -> list[_Piece]:
    """A range cut at subsections, at their numbered parts, between sentences: each only where still too long."""
    if piece.path[-1].name == "boxed_warning" or (whole and piece.end - piece.start <= settings.max_chars):
        return [piece]
    if any(field.patient for field in piece.path):
        starts = [match.start() for match in _QUESTION.finditer(text, piece.start, piece.end)]
        parts = _split(piece, starts)
        kept = [bool(_IMPORTANT_PART.search(_question(text, part))) for part in parts]
        cuts = [[part] if keep else _sentences(text, part, settings) for part, keep in zip(parts, kept, strict=True)]
        return [one for cut in cuts for one in cut]
    found: list[_Piece] = []
    for section in _split(piece, [heading.at for heading in headings if len(heading.number) == 2]):
        if section.end - section.start <= settings.max_chars:
            found.append(section)
            continue
        for part in _split(section, [heading.at for heading in headings if len(heading.number) == 3]):
            found += _sentences(text, part, settings)
    return found


def _split(piece: _Piece, starts: list[int]) -> list[_Piece]:
    places = [piece.start, *(at for at in starts if piece.start < at < piece.end), piece.end]
    return [replace(piece, start=a, end=b) for a, b in pairwise(places)]


def _sentences(text: str, piece: _Piece, settings: UnitSettings) -> list[_Piece]:
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


def _boxed(root: _Field) -> list[_Piece]:
    """The boxed warning whole, and its short form from Highlights, which begins with the same title once more."""
    for match in _SHORT_FORM.finditer(root.text):
        start = root.text.rfind("WARNING", 0, match.start())
        title = root.text[start : match.start()].split()
        while start > 0 and title != root.text.split()[: len(title)]:
            start = root.text.rfind("WARNING", 0, start)
            title = root.text[start : match.start()].split()
        if start > 0:
            short = _Piece(start, len(root.text), (root,), "boxed_warning_short")
            return [_Piece(0, start, (root,), "boxed_warning"), short]
    return [_Piece(0, len(root.text), (root,), "boxed_warning")]


def _without_bare(text: str, pieces: list[_Piece]) -> list[_Piece]:
    """Headings alone go with what follows them, other scraps ("Figure 1") with what they follow."""
    found: list[_Piece] = []
    waiting: int | None = None
    for i, piece in enumerate(pieces):
        if not text[piece.start : piece.end].strip():
            continue
        start = piece.start if waiting is None else waiting
        waiting = None
        if _is_bare(text[piece.start : piece.end]):
            if i + 1 < len(pieces) and (not found or _is_heading(text[piece.start : piece.end])):
                waiting = start
                continue
            if found:
                found[-1] = replace(found[-1], end=piece.end)
                continue
        found.append(replace(piece, start=start, headed=piece.start - start))
    return found


def _is_bare(text: str) -> bool:
    """Whether a text is a title, a picture's name or the like: short, and no sentence."""
    words = _OWN_NUMBER.sub("", text, count=1).strip()
    return len(words) <= 100 and not re.search(r"[.!?:;](\s|$)|•|\b(is|are|not|mg|use)\b", words)


def _is_heading(text: str) -> bool:
    return bool(_OWN_NUMBER.match(text)) or text.isupper()


# --- what a piece is about --------------------------------------------------------------------------------------------


def _passages(
    fields: list[_Field], tables: Mapping[str, list[str]], settings: UnitSettings, names: tuple[str, ...], *, otc: bool
) -> Iterator[PassageDraft]:
    boxed = any(field.name == "boxed_warning" for field in fields)
    left = _owned(tables)
    seen: set[str] = set()
    for root, inner in _roots(fields):
        pieces, headings = _pieces(root, inner, settings)
        for piece in pieces:
            draft = _passage(root, piece, headings, names, boxed=boxed, otc=otc)
            if draft.retrieve and draft.text in seen:
                draft = replace(draft, retrieve=False)
            seen.add(draft.text)
            yield draft
        held = {root.name, *(one.field.name for one in inner)}
        for name in [name for name in left if name in held]:
            field = next(field for field in fields if field.name == name)
            yield from _tables(field, root, left.pop(name), otc=otc)
    for name, found in left.items():  # tables of a field without text
        lone = _Field(name, "", -1)
        yield from _tables(lone, lone, found, otc=otc)


def _passage(
    root: _Field, piece: _Piece, headings: list[_Heading], names: tuple[str, ...], *, boxed: bool, otc: bool
) -> PassageDraft:
    text = root.text[piece.start : piece.end].strip()
    field = piece.path[-1]
    patient = any(one.patient for one in piece.path)
    number, title, path = _place_of(root, piece, headings, names, patient=patient)
    loinc = next((one.loinc for one in reversed(piece.path) if one.name != "spl_unclassified_section"), field.loinc)
    meaning = classify(loinc=loinc, number=number, title=title, path=path, text=text, patient=patient)
    serves = set(meaning.serves) - {"boxed_warning", "indication"}
    if not patient:
        if field.name == "boxed_warning":
            serves.add(piece.role or "boxed_warning")
        if any(one.name == "indications_and_usage" for one in piece.path):
            serves.add("indication")
    elif boxed and _IMPORTANT_PART.search(title):
        serves.add("boxed_warning")
    return PassageDraft(
        text=text,
        topic="boxed_warning" if field.name == "boxed_warning" and not patient else meaning.topic,
        locator=number or ((field.title or title) if patient or field.title else title),
        title=title,
        also=tuple(topic for topic in meaning.also if field.name != "boxed_warning" or topic != "boxed_warning"),
        population=meaning.population,
        serves=tuple(sorted(serves)),
        audiences=() if otc else ("patient",) if patient else ("hcp",),
        retrieve=meaning.retrieve and piece.role != "boxed_warning_short" and _speaks(field, text),
        loinc=loinc,
    )


def _speaks(field: _Field, text: str) -> bool:
    """Whether a passage can be an answer at all."""
    words = _OWN_NUMBER.sub("", text, count=1).strip(" .:").casefold()
    if field.name in NEVER_RETRIEVED or words == field.title.casefold() or (_is_bare(text) and _is_heading(text)):
        return False
    if field.name == "spl_unclassified_section":
        return len(text) >= 40 and not _is_bare(text) and not (len(text) < 900 and _MAKER.match(text))
    return any(char.isalnum() for char in text)


def _place_of(
    root: _Field, piece: _Piece, headings: list[_Heading], names: tuple[str, ...], *, patient: bool
) -> tuple[str, str, tuple[str, ...]]:
    """Number, title and heading path of a piece."""
    text = root.text[piece.start : piece.end]
    outer = _heading_line(root)
    if patient:
        name = next((one.title for one in piece.path if one.title), "Patient Information")
        title = " ".join(_question(root.text, piece).split()) or name
        return "", title, (name, title)
    begin = _words_at(root.text, piece.own)
    if not piece.start and (own := _OWN_NUMBER.match(root.text)):
        begin = max(begin, _words_at(root.text, own.end() + len(outer) - len(own[1]) - 1))
    above = [heading for heading in headings if heading.at <= begin]
    own = _OWN_NUMBER.match(root.text)
    field = piece.path[-1]
    if above:
        heading = above[-1]
        match = _OWN_NUMBER.match(root.text, heading.at)
        after = match.end() if match else heading.at
        title = _title(root.text[after : after + 300], names, field)
        title = title or field.title or outer
        return heading.label, title, (outer, f"{heading.label} {title}")
    number = own[1] if own else ""
    title = field.title if len(piece.path) > 1 or root.title else ""
    if not title:
        title = _title(text[own.end() if own and piece.start == 0 else 0 :][:300], names, None)
    title = title or " ".join(text.split()[:8])[:100]
    return number, title, (outer, title) if outer else (title,)


def _heading_line(root: _Field) -> str:
    """The root's own heading: its number and the title of its field ("5 Warnings and Precautions")."""
    own = _OWN_NUMBER.match(root.text)
    if not root.title:
        return ""
    begins = re.match(re.escape(root.title), root.text[own.end() if own else 0 :].lstrip(), re.IGNORECASE)
    words = begins[0] if begins else root.title
    return f"{own[1]} {words}" if own and "." not in own[1] else words


_JOINING = frozenset(
    ("of", "and", "the", "in", "with", "for", "to", "or", "by", "on", "a", "an", "from", "due", "during", "after",
     "before", "other", "than", "not", "as", "at")
)  # fmt: skip
_WORD = re.compile(r"\S+")


#: Titles of subsections that 21 CFR 201.57 and FDA's guidances fix.
_STANDARD = re.compile(
    r"(?i:Pregnancy|Lactation|Females and Males of Reproductive Potential|Pediatric Use|Geriatric Use"
    r"|(?:Renal|Hepatic) Impairment|Clinical (?:Trials?|Studies) Experience|Post-?marketing Experience|Immunogenicity"
    r"|Mechanism of Action|Pharmacodynamics|Pharmacokinetics|Pharmacogenomics|Microbiology|Controlled Substance|Abuse"
    r"|Dependence|How Supplied|Storage and Handling|Animal Toxicology and/or Pharmacology"
    r"|Carcinogenesis, Mutagenesis,(?: and)? Impairment of Fertility)(?=\s+[\"“(•]?[A-Z0-9(])"
)


def _title(text: str, names: tuple[str, ...], field: _Field | None) -> str:
    """The title that a flattened text begins with, in its own words, as far as capitals tell it from what follows."""
    if field and field.title and text.casefold().startswith(field.title.casefold()):
        return text[: len(field.title)]
    if standard := _STANDARD.match(text):
        return standard[0]
    words = list(_WORD.finditer(text))[:24]
    own = {word for name in names for word in name.casefold().split() if len(word) > 3}
    last = _title_case(words, own) or _sentence_case(words)
    return text[words[0].start() : words[last - 1].end()].rstrip(" ,:;.–—-•(") if last else ""


def _title_case(words: list[re.Match[str]], own: set[str]) -> int:
    """How many words a title in capitals has; the last capital belongs to the sentence behind it."""
    count = 0
    for i, word in enumerate(words):
        bare = word[0].strip(".,:;()®™")
        if i and bare.casefold() in own and words[i - 1][0].casefold() not in _JOINING:
            return i
        if not (_capital(bare) or bare in _JOINING) or word[0].startswith("•"):
            break
        count = i + 1
        if word[0][-1] in ".:" or count == len(words):
            return count
    else:
        return 0
    count = _without_joining(words, count) - 1
    return _without_joining(words, max(count, 0))


def _without_joining(words: list[re.Match[str]], count: int) -> int:
    while count and words[count - 1][0] in _JOINING:
        count -= 1
    return count


def _capital(word: str) -> bool:
    return any(char.isupper() for char in word) or not any(char.isalpha() for char in word)


def _sentence_case(words: list[re.Match[str]]) -> int:
    """How many words a title has of which only the first begins with a capital."""
    for i, word in enumerate(words[1:13], start=1):
        if word[0][:1].isupper():
            return i
        if word[0][-1] in ".:;":
            return i + 1
    return 0


def _question(text: str, piece: _Piece) -> str:
    """The question that a piece of a patient's text stands under, "" before the first."""
    found = [match[0] for match in _QUESTION.finditer(text, 0, piece.end) if match.start() <= piece.own]
    if found:
        return found[-1]
    first = _QUESTION.match(text, _words_at(text, piece.own))
    return first[0] if first else ""


# --- tables -----------------------------------------------------------------------------------------------------------

#: HTML names of what SPL calls otherwise; openFDA mostly keeps SPL's own.
_SPL_NAMES = {
    "p": "paragraph", "div": "paragraph", "ul": "list", "ol": "list", "li": "item", "b": "content", "strong": "content",
    "i": "content", "em": "content", "u": "content", "span": "content", "a": "linkHtml", "linkhtml": "linkHtml",
    "rendermultimedia": "renderMultiMedia", "footnoteref": "footnoteRef",
}  # fmt: skip
_SPL_ATTRIBUTES = {"stylecode": "styleCode", "idref": "IDREF", "id": "ID", "referencedobject": "referencedObject"}


def _owned(tables: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Each table once, with the most specific of the fields that hold it."""
    owner: dict[str, str] = {}
    for name, found in tables.items():
        for table in found:
            held = owner.get(table)
            if table.strip() and (held is None or _Field(name, "", 0).rank > _Field(held, "", 0).rank):
                owner[table] = name
    kept: dict[str, list[str]] = {}
    for table, name in owner.items():
        kept.setdefault(name, []).append(table)
    return kept


def _tables(field: _Field, root: _Field, tables: list[str], *, otc: bool) -> Iterator[PassageDraft]:
    line = _heading_line(root)
    patient = field.patient or root.patient
    own = _OWN_NUMBER.match(field.text)
    number = own[1] if own else ""
    for table in tables:
        body = _table(table, field.name)
        if not body:
            continue
        text = f"## {line}\n\n{body}" if line else body
        first = body.split("\n", 1)[0]
        title = field.title if first.startswith("|") else first[:100]
        meaning = classify(
            loinc=field.loinc, number=number, title=field.title, path=(line, field.title), text=text, patient=patient
        )
        serves = ("indication",) if field.name == "indications_and_usage" else ()
        yield PassageDraft(
            text=text, topic=meaning.topic, locator=number or field.title, title=title, also=meaning.also,
            population=meaning.population, serves=serves, loinc=field.loinc,
            audiences=() if otc else ("patient",) if patient else ("hcp",),
            retrieve=meaning.retrieve and field.name not in NEVER_RETRIEVED,
        )  # fmt: skip


def _table(markup: str, name: str) -> str:
    """The markup of a table in the form of docs/content-format.md."""
    if len(markup) > MAX_BYTES or re.search(r"<!(DOCTYPE|ENTITY)", markup, re.IGNORECASE):
        raise ContentError(f"field {name[:60]}_table is too long or declares a document type")
    wrapped = f"<text>{markup}</text>"
    strict = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(wrapped, strict)
    except etree.XMLSyntaxError:
        lenient = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        tree = html.fragment_fromstring(markup.encode(), create_parent="text", parser=lenient)
    try:
        return "\n\n".join(block.text for block in read_blocks(_as_spl(tree), {}))
    except ContentError as error:
        raise ContentError(f"field {name[:60]}_table: {error.message}") from error


def _as_spl(tree: etree._Element) -> etree._Element:
    """The same tree in SPL's names."""
    name = str(tree.tag)
    copy = etree.Element(f"{HL7}{_SPL_NAMES.get(name, name)}")
    for key, value in tree.items():
        copy.set(_SPL_ATTRIBUTES.get(key.lower(), key), value)
    if name in ("b", "strong"):
        copy.set("styleCode", "bold")
    if name == "ol":
        copy.set("listType", "ordered")
    copy.text, copy.tail = tree.text, tree.tail
    for child in tree:
        if isinstance(child.tag, str):
            copy.append(_as_spl(child))
    return copy
