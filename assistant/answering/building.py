"""Compile content into a new index generation, and put it in use only when it is whole.

Guarantees: the same content and encoder give the same index (same fingerprint, same vectors), whatever was there
before; a text that was embedded before is not embedded again; a build that is killed leaves the old index as it was.
Refuses to run over content with faults.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from assistant.answering import index as layout
from assistant.answering import lexical
from assistant.answering.index import Vector
from assistant.answering.rendering import Renderer
from assistant.canonical import canonical_json, fingerprint, sha256_hex
from assistant.content.lexicon import mask, names_of, words
from assistant.content.policy import parse_policy
from assistant.content.templates import Template
from assistant.domain import Document, Passage
from assistant.errors import NotReadyError, OnlabelError
from assistant.trust.ledger import TemplateRecord, write_ledger
from assistant.understanding.encoder import Encoder
from assistant.understanding.taxonomy import Taxonomy
from assistant.understanding.windows import search_keys

#: A word of a passage's title counts as this many more words of its text (BM25F, Robertson et al. 2004).
_TITLE_WEIGHT = 2
#: Passages whose texts are embedded side by side.
_SIDE_BY_SIDE = 64
#: How many passages an answer template can be given (DESIGN, section 4).
MOST_ANSWERS = 3


class Progress(Protocol):
    """Told how far a build is."""

    def __call__(self, done: int, total: int, what: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that is compiled.

    ``passages`` come sorted by product, document, order, id. They are gone through twice, once for the index and once
    for the ledger, and never held all at once: an iterator, which is used up after the first time, will not do.
    """

    documents: tuple[Document, ...]
    passages: Iterable[Passage]
    passage_count: int
    templates: tuple[Template, ...]
    policy: bytes
    policy_file: Path
    screen: bytes
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    fingerprint: str
    documents: int
    passages: int
    vectors: int
    embedded: int
    reused: int


def sort_key(passage: Passage) -> tuple[str, str, int, str]:
    """The order of passages in an index: neighbours by product."""
    return passage.product, passage.document, passage.order, passage.id


def build(root: Path, content: Content, encoder: Encoder, progress: Progress | None = None) -> BuildReport:
    """Write a new generation below ``root`` and make it the one in use.

    :raises OnlabelError: it cannot be written; the generation in use stays.
    """
    old = _open_old(root, encoder)
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    except OSError as error:
        raise OnlabelError(f"the index cannot be written to {root}: {error.strerror}") from error
    try:
        writer = _Writer(scratch, content, encoder, _Reusable.of(old), progress)
        report = writer.write()
        kept = _put_in_use(root, scratch, report.fingerprint)
    except (OSError, sqlite3.Error) as error:
        raise OnlabelError(f"the index cannot be written to {root}: {error}") from error
    finally:
        if old:
            old.close()
        shutil.rmtree(scratch, ignore_errors=True)
    _remove_others(root, kept)
    return report


def _open_old(root: Path, encoder: Encoder) -> layout.Index | None:
    try:
        old = layout.Index.open(root)
    except OnlabelError:
        return None
    if old.encoder == encoder.fingerprint:
        return old
    old.close()
    return None


@dataclass(frozen=True, slots=True)
class _Reusable:
    """Vectors of the index before this one. A damaged one holds none: the texts are embedded again."""

    of_key: Callable[[str], Vector | None] = lambda _: None
    of_utterance: Mapping[str, Vector] = field(default_factory=dict)

    @classmethod
    def of(cls, old: layout.Index | None) -> _Reusable:
        if old is None:
            return cls()
        try:
            vectors, _ = old.utterances
            known = {text: np.array(vector) for text, vector in zip(old.utterance_texts, vectors, strict=True)}
            return cls(old.vectors_by_key(), known)
        except (NotReadyError, ValueError):
            return cls()


def _put_in_use(root: Path, scratch: Path, mark: str) -> str:
    # A generation in use is never touched: content that was built before goes beside it, under the other name.
    names = (mark[:16], f"{mark[:16]}-b")
    in_use = layout.current_generation(root)
    target = next(root / name for name in names if in_use is None or name != in_use.name)
    shutil.rmtree(target, ignore_errors=True)
    for path in scratch.iterdir():
        _settle(path)
    scratch.chmod(0o755)
    scratch.rename(target)
    pointer = root / f".{layout.CURRENT}"
    pointer.write_text(target.name + "\n", encoding="ascii")
    _settle(pointer)
    pointer.replace(root / layout.CURRENT)
    return target.name


def _settle(path: Path) -> None:
    """Have the disk hold the file before anything names it: a power cut must not leave a name without its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove_others(root: Path, kept: str) -> None:
    # A reader on Windows may still hold the old files open: what cannot go now goes with the next build.
    for place in root.iterdir():
        if place.is_dir() and place.name != kept:
            shutil.rmtree(place, ignore_errors=True)


@dataclass(slots=True)
class _Writer:
    folder: Path
    content: Content
    encoder: Encoder
    reuse: _Reusable
    progress: Progress | None
    embedded: int = 0
    reused: int = 0
    rows: int = 0
    vocabulary: set[str] = field(default_factory=set)

    def write(self) -> BuildReport:
        digest = hashlib.sha256()
        vectors = faiss.IndexFlatIP(self.encoder.dimension)
        with closing(sqlite3.connect(self.folder / layout.DATABASE)) as db:
            db.executescript(_SCHEMA)
            report = self._fill(db, vectors, digest)
            db.commit()
        try:
            faiss.write_index(vectors, str(self.folder / layout.VECTORS))
        except RuntimeError as error:  # how FAISS says that the disk is full
            raise OSError(str(error)) from error
        return report

    def _fill(self, db: sqlite3.Connection, vectors: Any, digest: Any) -> BuildReport:
        names = self._write_documents(db, digest)
        for product, group in groupby(self.content.passages, key=lambda p: p.product):
            self._write_product(db, vectors, product, list(group), tuple(sorted(names.get(product, ()))), digest)
        self._write_templates(db, digest)
        utterances = self._write_utterances()
        ledger = self._write_ledger()
        meta = self._meta(self.rows, vectors.ntotal, len(names), ledger, digest, utterances)
        db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        db.executemany("INSERT INTO vocabulary VALUES (?)", ((word,) for word in sorted(self.vocabulary)))
        return BuildReport(
            fingerprint=meta["fingerprint"],
            documents=len(self.content.documents),
            passages=self.rows,
            vectors=vectors.ntotal,
            embedded=self.embedded,
            reused=self.reused,
        )

    def _write_documents(self, db: sqlite3.Connection, digest: Any) -> dict[str, set[str]]:
        names: dict[str, set[str]] = defaultdict(set)
        sorts: dict[tuple[str, str], str] = {}
        labels: dict[str, str] = {}
        for document in sorted(self.content.documents, key=lambda d: d.id):
            fields = _document_fields(document)
            digest.update(canonical_json(fields))
            db.execute("INSERT INTO documents VALUES (?, ?)", (document.id, json.dumps(fields)))
            if not document.product:
                continue
            names.setdefault(document.product, set())
            for shown in (*document.brand_names, *document.generic_names):
                labels.setdefault(document.product, shown)
            for key, sort in names_of(document).items():
                names[document.product].add(key)
                sorts.setdefault((key, document.product), sort)
        db.executemany(
            "INSERT INTO names VALUES (?, ?, ?)",
            ((key, product, sort) for (key, product), sort in sorted(sorts.items())),
        )
        for product in sorted(names):
            label = labels.get(product, product)
            db.execute("INSERT INTO products VALUES (?, ?, ?)", (product, label, json.dumps(sorted(names[product]))))
        digest.update(
            canonical_json([labels, [list(item) for item in sorted((k, p, s) for (k, p), s in sorts.items())]])
        )
        return names

    def _write_product(
        self,
        db: sqlite3.Connection,
        vectors: Any,
        product: str,
        passages: list[Passage],
        names: tuple[str, ...],
        digest: Any,
    ) -> None:
        terms: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for start in range(0, len(passages), _SIDE_BY_SIDE):
            self._write_passages(db, vectors, passages[start : start + _SIDE_BY_SIDE], names, terms, digest)
            self._tell("passages", self.rows, self.content.passage_count)
        db.executemany(
            "INSERT INTO terms VALUES (?, ?, ?)",
            ((product, term, lexical.pack(found)) for term, found in sorted(terms.items())),
        )

    def _write_passages(
        self,
        db: sqlite3.Connection,
        vectors: Any,
        passages: list[Passage],
        names: tuple[str, ...],
        terms: dict[str, list[tuple[int, int]]],
        digest: Any,
    ) -> None:
        texts = [searchable(passage.text.decode()) for passage in passages]
        pieces = [
            search_keys(passage.title, mask(text, names), self.encoder.max_tokens, self.encoder.count_tokens)
            if passage.retrieve
            else []
            for passage, text in zip(passages, texts, strict=True)
        ]
        first = vectors.ntotal
        keys, made = self._embed([piece for found in pieces for piece in found])
        if keys:
            vectors.add(made)
        numbered = zip(keys, range(first, vectors.ntotal), strict=True)
        db.executemany("INSERT OR IGNORE INTO vector_keys VALUES (?, ?)", numbered)
        for passage, text, own in zip(passages, texts, pieces, strict=True):
            self.rows += 1
            line = json.dumps(layout.passage_fields(passage), ensure_ascii=False, separators=(",", ":"))
            digest.update(line.encode())
            found = Counter(lexical.terms(text)) + Counter(lexical.terms(passage.title) * _TITLE_WEIGHT)
            db.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.rows,
                    passage.id,
                    passage.product,
                    line,
                    first,
                    len(own),
                    max(1, found.total()),
                    len(passage.text),
                ),
            )
            db.execute("INSERT INTO texts VALUES (?, ?)", (self.rows, passage.text))
            first += len(own)
            if passage.retrieve:
                for term, count in found.items():
                    terms[term].append((self.rows, count))
            self.vocabulary.update(words(text))

    def _embed(self, pieces: list[str]) -> tuple[list[str], Vector]:
        keys = [sha256_hex(piece.encode()) for piece in pieces]
        made: list[Vector | None] = [self.reuse.of_key(key) for key in keys]
        missing = [number for number, vector in enumerate(made) if vector is None]
        if missing:
            fresh = self.encoder.encode([pieces[number] for number in missing])
            for number, vector in zip(missing, fresh, strict=True):
                made[number] = vector
        self.embedded += len(missing)
        self.reused += len(pieces) - len(missing)
        stacked = np.array(made, dtype=np.float32) if made else np.empty((0, self.encoder.dimension), np.float32)
        return keys, stacked

    def _write_templates(self, db: sqlite3.Connection, digest: Any) -> None:
        for template in self.content.templates:
            fields = {
                "id": template.id,
                "version": template.version,
                "use": template.use,
                "intents": list(template.intents),
                "scope": json.loads(json.dumps(layout.scope_json(template.scope))),
                "literals": [literal.decode() for literal in template.literals],
            }
            digest.update(canonical_json([fields, template.body]))
            db.execute("INSERT INTO templates VALUES (?, ?, ?)", (template.id, json.dumps(fields), template.body))

    def _write_utterances(self) -> dict[str, str]:
        """Write the example questions' vectors; what ``meta`` says of them."""
        taxonomy = self.content.taxonomy
        pairs = [(intent, text) for intent in sorted(taxonomy.examples) for text in taxonomy.examples[intent]]
        vectors = self._utterance_vectors([text for _, text in pairs])
        np.save(self.folder / layout.UTTERANCES, vectors)
        for _, text in pairs:
            self.vocabulary.update(words(text))
        return {
            "utterance_intents": json.dumps([intent for intent, _ in pairs]),
            "utterances": json.dumps([text for _, text in pairs], ensure_ascii=False),
            "intent_labels": json.dumps(dict(sorted(taxonomy.labels.items())), ensure_ascii=False),
        }

    def _utterance_vectors(self, texts: list[str]) -> Vector:
        known = dict(self.reuse.of_utterance)
        missing = [text for text in texts if text not in known]
        for start in range(0, len(missing), _SIDE_BY_SIDE):
            block = missing[start : start + _SIDE_BY_SIDE]
            known.update(zip(block, self.encoder.encode(block), strict=True))
            self._tell("example questions", start + len(block), len(missing))
        self.embedded += len(missing)
        self.reused += len(texts) - len(missing)
        made = [known[text] for text in texts]
        return np.array(made, dtype=np.float32).reshape(len(made), self.encoder.dimension)

    def _write_ledger(self) -> str:
        policy, digest = parse_policy(self.content.policy, self.content.policy_file)
        renderer = Renderer(self.content.templates)
        return write_ledger(
            self.folder / layout.LEDGER,
            passages=self._approved(),
            templates=[_record(renderer, template) for template in self.content.templates],
            policy_rules=policy.companions,
            policy_sha256=digest,
        )

    def _approved(self) -> Iterator[Passage]:
        """The passages once more, from the content: the ledger believes nothing of the index."""
        count = 0
        for count, passage in enumerate(self.content.passages, start=1):
            self._tell("approved passages", count, self.rows)
            yield passage
        if count != self.rows:
            raise OnlabelError(f"the content changed while it was built: {self.rows} passages, then {count}")

    def _meta(
        self, passages: int, vectors: int, products: int, ledger: str, digest: Any, utterances: dict[str, str]
    ) -> dict[str, str]:
        counts = {
            "documents": len(self.content.documents),
            "passages": passages,
            "vectors": vectors,
            "products": products,
            "templates": len(self.content.templates),
        }
        meta = utterances | {
            "format": layout.FORMAT,
            "encoder": self.encoder.fingerprint,
            "ledger": ledger,
            "policy": self.content.policy.decode(),
            "screen": self.content.screen.decode(),
            "content": digest.hexdigest(),
            "counts": json.dumps(counts),
        }
        return meta | {"fingerprint": fingerprint(meta)}

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.progress:
            self.progress(done, total, what)


def _record(renderer: Renderer, template: Template) -> TemplateRecord:
    counts = range(1, MOST_ANSWERS + 1) if template.use == "answer" else (1,)
    return TemplateRecord(
        id=template.id,
        version=template.version,
        use=template.use,
        scope=template.scope,
        intents=template.intents,
        literals=template.literals,
        patterns={count: renderer.shape(template, count) for count in counts},
    )


def _document_fields(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "version": document.version,
        "title": document.title,
        "type": document.type,
        "labeler": document.labeler,
        "product": document.product,
        "effective": document.scope.effective.isoformat(),
        "expires": document.scope.expires.isoformat() if document.scope.expires else None,
        "set_id": document.source.get("set_id", ""),
    }


_MARKS = str.maketrans({"|": " ", "#": " "})


def searchable(text: str) -> str:
    """A passage's text as search sees it: structural marks blanked. Never shown to anyone."""
    for mark in ("|---", "---|", "^^", "<br>", "<sup>", "</sup>", "<sub>", "</sub>"):
        text = text.replace(mark, " ")
    return text.translate(_MARKS)


_SCHEMA = """
PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (id TEXT PRIMARY KEY, fields TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE products (id TEXT PRIMARY KEY, label TEXT NOT NULL, keys TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE names (key TEXT, product TEXT, sort TEXT NOT NULL, PRIMARY KEY (key, product)) WITHOUT ROWID;
CREATE TABLE passages (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, product TEXT NOT NULL, fields TEXT NOT NULL,
                       first_vector INTEGER NOT NULL, vectors INTEGER NOT NULL, words INTEGER NOT NULL, size INTEGER
                       NOT NULL);
CREATE INDEX passages_by_product ON passages (product);
CREATE TABLE texts (row INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE terms (product TEXT, term TEXT, postings BLOB NOT NULL, PRIMARY KEY (product, term)) WITHOUT ROWID;
CREATE TABLE templates (id TEXT PRIMARY KEY, fields TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vector_keys (key TEXT PRIMARY KEY, vector INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;
"""
