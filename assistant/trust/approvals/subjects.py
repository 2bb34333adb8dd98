"""What is approved: passages, templates, documents, and everything else that decides which passage is shown.

Guarantees: a subject's SHA-256 is that of its *record*, the canonical JSON of all that matters about it: for a passage
the hash of its bytes and every field of :class:`Passage` and :class:`Scope`, taken from the types themselves, so that
a field added tomorrow is signed tomorrow. Records hold no text. They are made one by one, in the order of the content.

Refuses: a passage whose bytes are not those of its SHA-256, and a template file that changed while it was read.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from assistant.canonical import canonical_json, sha256_hex
from assistant.content.corpus import Corpus, SourcedDocument
from assistant.content.frontmatter import read_utf8, split
from assistant.content.policy import Policy
from assistant.content.templates import SourcedTemplate, Template
from assistant.domain import Document, Passage, Scope
from assistant.errors import ContentError, IntegrityError, NotReadyError
from assistant.trust.ledger import MOST_ANSWERS, Pattern, TemplateRecord

SCHEMA = "onlabel.subject/1"
SubjectKind = Literal["passage", "template", "document", "policy", "taxonomy", "screen", "settings", "model", "golden"]
KINDS: tuple[str, ...] = get_args(SubjectKind)
#: How a template looks when it is given so many passages: ``answering.rendering.Renderer.shape``.
Shape = Callable[[Template, int], Pattern]


@dataclass(frozen=True, slots=True, order=True)
class SubjectRef:
    """A subject as a signature names it."""

    kind: str
    id: str
    version: str
    sha256: str

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id, "version": self.version, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is approved.

    ``sort``: a passage's kind, a template's use. ``document``: what it is listed under. ``markets``: where it is used,
    for what belongs to no market every market of the content. ``record``: what its SHA-256 is made from.
    """

    ref: SubjectRef
    sort: str
    document: str
    markets: tuple[str, ...]
    record: bytes = field(repr=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What a policy can ask for approvals by, general before special."""
        return (self.ref.kind, self.sort) if self.ref.kind == "passage" else (self.ref.kind,)


@dataclass(frozen=True, slots=True)
class GoverningFile:
    """A file (a model may be a folder) that decides which passage is shown."""

    kind: SubjectKind
    id: str
    path: Path


class ReadContent(Protocol):
    """A workspace's content as read (``assistant.building.Gathered`` is one)."""

    @property
    def corpus(self) -> Corpus: ...
    @property
    def templates(self) -> tuple[SourcedTemplate, ...]: ...
    @property
    def policy(self) -> Policy: ...


def subjects_of(content: ReadContent, files: Iterable[GoverningFile], shape: Shape) -> Iterator[Subject]:
    """Everything in a workspace that is approved: documents, passages, templates, then ``files`` in their order.

    :param files: see :func:`assistant.trust.approvals.places.governing_files`.
    :raises ContentError: a file cannot be read.
    """
    every = markets_of(content.corpus)
    for sourced in content.corpus.documents:
        yield document_subject(sourced)
    for passage in content.corpus.passages:
        yield passage_subject(passage.passage)
    for template in content.templates:
        yield template_subject(template_record(template.template, shape), read_utf8(template.path), template.template)
    for file in files:
        yield file_subject(file, content.policy.version if file.kind == "policy" else "", every)


def markets_of(corpus: Corpus) -> tuple[str, ...]:
    """Every market that some passage or document is for."""
    scopes = (*(d.document.scope for d in corpus.documents), *(p.passage.scope for p in corpus.passages))
    return tuple(sorted({market for scope in scopes for market in scope.markets}))


def passage_subject(passage: Passage) -> Subject:
    """The subject that ``passage`` is.

    :raises IntegrityError: its bytes are not those of its SHA-256.
    """
    if sha256_hex(passage.text) != passage.sha256:
        raise IntegrityError(f"passage {passage.id!r}: its bytes are not those of its sha256")
    fields = plain(passage, without="text") | {"bytes": len(passage.text)}
    return _subject(
        "passage", passage.id, passage.version, fields, passage.kind.value, passage.document, passage.scope.markets
    )


def document_subject(sourced: SourcedDocument) -> Subject:
    """The subject that a ``document.yaml`` is: its names are the lexicon by which a product is recognised."""
    document: Document = sourced.document
    # An origin's front matter is, for a document, the whole file.
    fields = plain(document) | {"file_sha256": sha256_hex(sourced.origin.front)}
    return _subject(
        "document", document.id, document.version, fields, document.type, document.id, document.scope.markets
    )


def template_record(template: Template, shape: Shape) -> TemplateRecord:
    """``template`` with how it looks around every number of passages that it takes."""
    counts = range(1, MOST_ANSWERS + 1) if template.use == "answer" else (1,)
    return TemplateRecord(
        id=template.id,
        version=template.version,
        use=template.use,
        scope=template.scope,
        intents=template.intents,
        literals=template.literals,
        patterns={count: shape(template, count) for count in counts},
    )


def template_subject(record: TemplateRecord, file: bytes, template: Template | None = None) -> Subject:
    """The subject that a template is: the bytes of its file, its literals, and how it looks around passages.

    :param template: what was read from ``file``, where that is known.
    :raises ContentError: ``file`` is not what ``template`` was read from.
    """
    if template is not None and split(file, Path(record.id))[1].decode() != template.body:
        raise ContentError(f"template {record.id}: the file changed while it was read: try again")
    fields = {
        "id": record.id,
        "version": record.version,
        "use": record.use,
        "intents": list(record.intents),
        "scope": plain(record.scope),
        "literals": [[sha256_hex(literal), len(literal)] for literal in record.literals],
        "patterns": {str(count): list(pattern) for count, pattern in record.patterns.items()},
        "file_sha256": sha256_hex(file),
    }
    return _subject("template", record.id, record.version, fields, record.use, "templates", record.scope.markets)


def file_subject(file: GoverningFile, version: str, markets: tuple[str, ...]) -> Subject:
    """The subject that a file is: its bytes. One without a version of its own goes by the first digits of its hash.

    :raises ContentError: it cannot be read.
    """
    try:
        digest, size = _folder_digest(file.path) if file.path.is_dir() else _file_digest(file.path)
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", file.path) from error
    fields = {"file_sha256": digest, "bytes": size}
    return _subject(file.kind, file.id, version or digest[:12], fields, "", "rules and model", markets)


def plain(value: Any, without: str = "") -> dict[str, Any]:
    """The fields of a dataclass as JSON can hold them; ``without`` names one that is left out."""
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != without}


def _plain(value: Any) -> Any:
    if isinstance(value, Scope):
        return plain(value)
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    raise TypeError(f"nobody said how to sign a {type(value).__name__}")


def _subject(
    kind: str, id: str, version: str, fields: Mapping[str, Any], sort: str, document: str, markets: tuple[str, ...]
) -> Subject:
    record = canonical_json({"schema": SCHEMA, "kind": kind, "id": id, "version": version, "fields": fields})
    return Subject(SubjectRef(kind, id, version, sha256_hex(record)), sort, document, markets, record)


def _file_digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def _folder_digest(folder: Path) -> tuple[str, int]:
    """One digest over every file of a model that is a folder: names, sizes and bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise NotReadyError(f"{folder} holds no model: set [model] path")
    digests = [[path.relative_to(folder).as_posix(), *_file_digest(path)] for path in files]
    return sha256_hex(canonical_json(digests)), sum(path.stat().st_size for path in files)
