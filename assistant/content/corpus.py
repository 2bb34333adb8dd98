"""Read ``approved_corpus/``: documents and passages, exactly as they stand in the files.

Guarantees: a passage's ``text`` is the file's bytes after the front matter less one final newline; documents come in
the order of their ids and passages in the order of ``order``, whatever the file system says. Faults are collected with
file and line, not raised, so that an owner sees all of them at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from assistant.canonical import sha256_hex
from assistant.content.faults import Fault
from assistant.content.frontmatter import as_date, line_of, load_mapping, read_utf8, split, validate
from assistant.domain import (
    AUDIENCES,
    CHANNELS,
    KIND_OF_TOPIC,
    ROLES,
    SLOT_VALUES,
    Document,
    Kind,
    Passage,
    Scope,
)
from assistant.errors import ContentError


def _one_of(allowed: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"unknown value {value!r}: choose from {', '.join(allowed)}")
        return value

    return BeforeValidator(check)


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)]
Date = Annotated[dt.date, BeforeValidator(as_date)]
Audience = Annotated[str, _one_of(AUDIENCES)]
Channel = Annotated[str, _one_of(CHANNELS)]
#: Which topics exist is the taxonomy's to say (a workspace may add some): ``checks`` compares.
Topic = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=60)]
Role = Annotated[str, _one_of(ROLES)]
Population = Annotated[str, _one_of(SLOT_VALUES["population"])]
Market = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]*\S[^\r\n]*$")]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DocumentFile(_File):
    """``document.yaml``."""

    id: Id
    version: Line
    title: Line
    type: Literal["label", "leaflet", "notices", "response_letter"]
    product: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9._-]*)?$")]
    brand_names: tuple[Line, ...] = ()
    generic_names: tuple[Line, ...] = ()
    synonyms: tuple[Line, ...] = ()
    owner: str = ""
    labeler: str = ""
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)]
    markets: Annotated[tuple[Market, ...], Field(min_length=1)]
    language: Language
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = CHANNELS
    effective: Date
    expires: Date | None = None
    source: dict[str, str] = Field(default_factory=dict)


class PassageFile(_File):
    """The front matter of a passage file."""

    id: Id
    topic: Topic
    also: tuple[Topic, ...] = ()
    kind: Kind | None = None
    locator: Line
    title: Line
    order: int = 0
    population: tuple[Population, ...] = ()
    serves: tuple[Role, ...] = ()
    companions: tuple[Id, ...] = ()
    references: tuple[Line, ...] = ()
    retrieve: bool = True
    loinc: str = ""
    sha256: str = ""
    version: Line | None = None
    audiences: tuple[Audience, ...] | None = None
    markets: tuple[Market, ...] | None = None
    language: Language | None = None
    channels: tuple[Channel, ...] | None = None
    effective: Date | None = None
    expires: Date | None = None
    withdrawn: Date | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a passage or document was read: the file, its front matter's lines, the first line of its body."""

    path: Path
    front: bytes
    front_line: int
    body_line: int

    def line(self, key: str) -> int:
        """The line of a front matter key."""
        return line_of(self.front, key, self.front_line)


@dataclass(frozen=True, slots=True)
class SourcedPassage:
    """A passage and where it was read."""

    passage: Passage
    origin: Origin


@dataclass(frozen=True, slots=True)
class SourcedDocument:
    """A document and where it was read."""

    document: Document
    origin: Origin


@dataclass(frozen=True, slots=True)
class Corpus:
    """All of ``approved_corpus/`` that could be read, and the faults of the rest."""

    documents: tuple[SourcedDocument, ...]
    passages: tuple[SourcedPassage, ...]
    faults: tuple[Fault, ...]


def read_corpus(folder: Path) -> Corpus:
    """Read every document below ``folder``."""
    documents: list[SourcedDocument] = []
    passages: list[SourcedPassage] = []
    faults: list[Fault] = []
    for place in _document_folders(folder, faults):
        try:
            document = read_document(place)
        except ContentError as error:
            faults.append(_fault(error, place))
            continue
        documents.append(document)
        passages.extend(_read_passages(place, document.document, faults))
    documents.sort(key=lambda d: d.document.id)
    passages.sort(key=lambda p: (p.passage.document, p.passage.order, p.passage.id))
    return Corpus(tuple(documents), tuple(passages), tuple(faults))


def _document_folders(folder: Path, faults: list[Fault]) -> Iterator[Path]:
    if not folder.is_dir():
        faults.append(Fault(folder, 1, "there is no approved_corpus folder: make a workspace with `onlabel init`"))
        return
    for place in sorted(folder.iterdir()):
        if not place.is_dir() or place.name.startswith("."):
            continue
        if (place / "document.yaml").is_file():
            yield place
        else:
            faults.append(Fault(place, 1, "is a folder without document.yaml: nothing in it can be used"))


def read_document(folder: Path) -> SourcedDocument:
    """Read ``document.yaml`` in ``folder``.

    :raises ContentError: it cannot be meant.
    """
    path = folder / "document.yaml"
    data = read_utf8(path)
    read = validate(DocumentFile, load_mapping(data, path), data, path, 1)
    if read.id != folder.name:
        raise ContentError(f"id {read.id!r} is not the folder's name", path, line_of(data, "id"))
    scope = Scope(read.audiences, read.markets, read.language, read.channels, read.effective, read.expires)
    _check_dates(scope, data, path, 1)
    document = Document(
        id=read.id,
        version=read.version,
        title=read.title,
        type=read.type,
        product=read.product,
        brand_names=read.brand_names,
        generic_names=read.generic_names,
        synonyms=read.synonyms,
        owner=read.owner,
        labeler=read.labeler,
        scope=scope,
        source=MappingProxyType(dict(read.source)),
    )
    return SourcedDocument(document, Origin(path, data, 1, 1))


def _read_passages(folder: Path, document: Document, faults: list[Fault]) -> Iterator[SourcedPassage]:
    for path in sorted(folder.iterdir()):
        if path.name == "document.yaml" or path.name.startswith("."):
            continue
        if path.suffix != ".md":
            faults.append(Fault(path, 1, "is neither document.yaml nor a passage (*.md)", error=False))
            continue
        try:
            yield read_passage(path, document)
        except ContentError as error:
            faults.append(_fault(error, path))


def read_passage(path: Path, document: Document) -> SourcedPassage:
    """Read one passage file of ``document``.

    :raises ContentError: it cannot be meant, or its bytes are not those its ``sha256`` was made from.
    """
    front, body, body_line = split(read_utf8(path), path)
    read = validate(PassageFile, load_mapping(front, path, 2), front, path, 2)
    digest = sha256_hex(body)
    if read.sha256 and read.sha256 != digest:
        message = f"the text was changed after it was imported: its sha256 is now {digest}"
        raise ContentError(message, path, line_of(front, "sha256", 2))
    if not body.strip():
        raise ContentError("holds no text", path, body_line)
    inherited = document.scope
    scope = Scope(
        audiences=read.audiences or inherited.audiences,
        markets=read.markets or inherited.markets,
        language=read.language or inherited.language,
        channels=read.channels or inherited.channels,
        effective=read.effective or inherited.effective,
        expires=_earliest(read.expires, inherited.expires),
        withdrawn=read.withdrawn,
    )
    _check_dates(scope, front, path, 2)
    kind = read.kind or KIND_OF_TOPIC.get(read.topic)
    if kind is None:
        message = f"topic {read.topic!r} implies no kind: state one ({', '.join(Kind)})"
        raise ContentError(message, path, line_of(front, "topic", 2))
    return SourcedPassage(
        Passage(
            id=read.id,
            version=read.version or document.version,
            document=document.id,
            product=document.product,
            text=body,
            sha256=digest,
            topic=read.topic,
            also=read.also,
            kind=kind,
            locator=read.locator,
            title=read.title,
            order=read.order,
            scope=scope,
            population=read.population,
            serves=read.serves,
            companions=read.companions,
            references=read.references,
            retrieve=read.retrieve,
        ),
        Origin(path, front, 2, body_line),
    )


def _earliest(own: dt.date | None, inherited: dt.date | None) -> dt.date | None:
    dates = [day for day in (own, inherited) if day is not None]
    return min(dates) if dates else None


def _check_dates(scope: Scope, data: bytes, path: Path, first_line: int) -> None:
    if scope.expires is not None and scope.expires <= scope.effective:
        message = f"expires {scope.expires} is not after effective {scope.effective}: it would never be in force"
        raise ContentError(message, path, line_of(data, "expires", first_line))


def _fault(error: ContentError, fallback: Path) -> Fault:
    return Fault(Path(error.path or fallback), error.line or 1, error.message)
