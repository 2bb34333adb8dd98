"""Import openFDA drug label records (JSON, JSON lines, gzip) as documents of approved passages.

openFDA flattens a label: each field is a list of strings, one an occurrence of a section, headings and subsections run
together into one long line, and a subsection with a code of its own stands a second time as a field of its own.

Guarantees: every word of every text field stands in exactly one place of one passage, unchanged and in order, white
space between passages apart. ``spl_product_data_elements`` is no text for people (names and ingredients run together)
and is left out. How that is done: ``file`` reads the file, ``units`` says which text is read where and cut
at which headings, ``cuts`` where else it may be cut, ``rows`` what belongs together, ``footnotes`` where a table with
notes ends, ``delayed_rows`` where one does whose rows stand apart, ``behind_tables`` which heading follows it,
``procedures`` where counted steps run, ``animal_data`` what is told of animals alone, ``run_ins`` where headings
without a number stand, ``leaflet_headings`` a leaflet's, ``meaning`` what a passage is about, ``titles`` what it is
called, ``tables`` what becomes of tables, ``fields`` names the fields, ``drug_facts`` tells apart the sections of an
over-the-counter label.

Refuses with :class:`ContentError`, naming file, line or record: what ``file`` and ``tables`` refuse, records
without names, id, version or day, and fields that are no lists of strings. Opens nothing but the file and never the
network.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.canonical import canonical_json, sha256_hex
from assistant.content.openfda.drug_facts import with_their_warnings
from assistant.content.openfda.fields import NEVER_RETRIEVED, NOT_FOR_PEOPLE, Field
from assistant.content.openfda.file import numbered_records, raise_or_tell
from assistant.content.openfda.meaning import passages_of
from assistant.content.spl.units import UnitSettings
from assistant.content.writing import DocumentDraft, slug
from assistant.errors import ContentError

__all__ = ["NEVER_RETRIEVED", "NOT_FOR_PEOPLE", "read_openfda", "read_record"]

OTC = "HUMAN OTC DRUG"
_IDENTITY = ("id", "set_id", "version", "effective_time", "openfda")


def read_openfda(path: Path, refuse: Callable[[ContentError], None] | None = None) -> Iterator[DocumentDraft]:
    """The documents of a file of openFDA records, one after another, in the file's order.

    Reads an API reply with ``results``, a list of records, one record, or a record a line, plain or gzipped; which of
    these it is, its content says. ``refuse`` is told of records that cannot be used, and reading goes on behind them;
    without it the first one ends the reading. What was yielded before stands.

    :raises ContentError: the file cannot be read to its end; carries file and line.
    """
    values = numbered_records(path, refuse)
    while True:
        try:
            line, record = next(values)
        except StopIteration:
            return
        try:
            yield read_record(record, path.name)
        except ContentError as error:
            raise_or_tell(ContentError(error.message, path, line), refuse)


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
    passages = tuple(passages_of(fields, tables, settings, (*brands, *generics), otc=otc))
    passages = with_their_warnings(passages) if otc else passages
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


def _fields(record: Mapping[str, Any]) -> tuple[list[Field], dict[str, list[str]]]:
    """The text fields in the record's order, and the tables by the name of the field they belong to."""
    fields: list[Field] = []
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
            fields += [Field(name, text, len(fields) + i) for i, text in enumerate(value) if text.strip()]
    return fields, tables


def _refuse_broken(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"field {name[:60]} holds half a character at {error.start}") from error
