"""Write imported documents into ``approved_corpus/``, in the format of docs/content-format.md.

Guarantees: the bytes of each draft reach the file unchanged, with their SHA-256 beside them; a document appears whole
or not at all (it is written next to its place and moved there). Refuses two passages of one id.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from assistant.canonical import sha256_hex
from assistant.domain import KIND_OF_TOPIC, Kind
from assistant.errors import ContentError


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A passage on its way into the corpus. ``audiences`` empty: the document's.

    ``companions``: those that must go with it, by their places in the document, from 0.
    """

    text: str
    topic: str
    locator: str
    title: str
    also: tuple[str, ...] = ()
    kind: Kind | None = None
    population: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    retrieve: bool = True
    loinc: str = ""
    companions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document on its way into the corpus, its passages in the order of the source."""

    id: str
    version: str
    title: str
    type: str
    product: str
    brand_names: tuple[str, ...]
    generic_names: tuple[str, ...]
    audiences: tuple[str, ...]
    markets: tuple[str, ...]
    effective: dt.date
    passages: tuple[PassageDraft, ...]
    synonyms: tuple[str, ...] = ()
    owner: str = ""
    labeler: str = ""
    language: str = "en"
    source: Mapping[str, str] = field(default_factory=dict)


def slug(text: str) -> str:
    """``text`` as an id: lower-case letters, digits and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def write_document(corpus: Path, draft: DocumentDraft) -> Path:
    """Write ``draft`` as the folder ``corpus/draft.id``; an older import of the same id is replaced as a whole.

    :raises ContentError: the draft holds no passage, or the folder exists and was not written by an import.
    """
    if not draft.passages:
        raise ContentError("holds no text that could be imported", draft.source.get("file"))
    target = corpus / draft.id
    if target.exists() and "sha256" not in _source_of(target):
        raise ContentError("exists and was not imported: move it away first", target)
    corpus.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{draft.id}.", dir=corpus))
    try:
        (scratch / "document.yaml").write_bytes(_yaml(_document_fields(draft)))
        names = _names(draft.passages)
        for order, (name, passage) in enumerate(zip(names, draft.passages, strict=True), start=1):
            companions = [f"{draft.id}.{names[place]}" for place in passage.companions]
            fields = _passage_fields(draft, passage, f"{draft.id}.{name}", order, companions)
            body = b"---\n" + _yaml(fields) + b"---\n" + passage.text.encode() + b"\n"
            (scratch / f"{order:04d}-{name}.md").write_bytes(body)
        _replace(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _names(passages: Sequence[PassageDraft]) -> list[str]:
    """A name for each passage of a document: its locator's, with a number where others have it too."""
    names: list[str] = []
    taken: dict[str, int] = {}
    for passage in passages:
        stem = slug(passage.locator)[:60] if not passage.locator[:1].isdigit() else passage.locator.lower()
        stem = re.sub(r"[^a-z0-9.]+", "-", stem).strip("-.") or "text"
        taken[stem] = taken.get(stem, 0) + 1
        names.append(stem if taken[stem] == 1 else f"{stem}-{taken[stem]}")
    return names


def _replace(scratch: Path, target: Path) -> None:
    scratch.chmod(0o755)
    if not target.exists():
        scratch.rename(target)
        return
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    scratch.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _source_of(folder: Path) -> Mapping[str, str]:
    try:
        loaded = yaml.safe_load((folder / "document.yaml").read_bytes())
    except (OSError, yaml.YAMLError):
        return {}
    return (loaded.get("source") or {}) if isinstance(loaded, dict) else {}


def _document_fields(draft: DocumentDraft) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": draft.id,
        "version": draft.version,
        "title": draft.title,
        "type": draft.type,
        "product": draft.product,
        "brand_names": list(draft.brand_names),
        "generic_names": list(draft.generic_names),
        "synonyms": list(draft.synonyms),
        "owner": draft.owner,
        "labeler": draft.labeler,
        "audiences": list(draft.audiences),
        "markets": list(draft.markets),
        "language": draft.language,
        "effective": draft.effective,
        "source": dict(draft.source),
    }
    return {key: value for key, value in fields.items() if value not in ("", [], {}) or key == "product"}


def _passage_fields(
    draft: DocumentDraft, passage: PassageDraft, id: str, order: int, companions: list[str]
) -> dict[str, object]:
    kind = passage.kind or KIND_OF_TOPIC[passage.topic]
    fields: dict[str, object] = {"id": id, "topic": passage.topic}
    if passage.also:
        fields["also"] = list(passage.also)
    fields |= {"kind": kind.value, "locator": passage.locator, "title": passage.title, "order": order}
    if passage.loinc:
        fields["loinc"] = passage.loinc
    for key, values in (("population", passage.population), ("serves", passage.serves)):
        if values:
            fields[key] = list(values)
    if companions:
        fields["companions"] = companions
    if passage.audiences and passage.audiences != draft.audiences:
        fields["audiences"] = list(passage.audiences)
    if not passage.retrieve:
        fields["retrieve"] = False
    return fields | {"sha256": sha256_hex(passage.text.encode())}


def _yaml(fields: Mapping[str, object]) -> bytes:
    text: str = yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True, width=110)
    return text.encode()
