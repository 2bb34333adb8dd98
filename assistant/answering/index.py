"""The retrieval index: passages, metadata and words in SQLite, vectors in FAISS, both left on disk.

An index is a folder ``index/<generation>/`` that never changes once written; ``index/CURRENT`` names the one in use. A
product's passages are neighbours in both files, so a question reads its own product and nothing else, however large the
corpus. The verifier never reads any of this: it has the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import faiss
import numpy as np
import numpy.typing as npt

from assistant.answering import lexical
from assistant.answering.quantities import Range, ranges_in
from assistant.answering.results import share_of_results
from assistant.canonical import fingerprint
from assistant.content.templates import Template
from assistant.domain import Context, Kind, Passage, Scope
from assistant.errors import NotReadyError
from assistant.remembering import remembering
from assistant.trust.withdrawn import NOTHING, Withdrawn
from assistant.understanding.illness_types import joined
from assistant.understanding.indications import indicating

FORMAT = "onlabel.index/1"
CURRENT = "CURRENT"
DATABASE = "passages.sqlite"
VECTORS = "vectors.faiss"
UTTERANCES = "utterances.npy"
LEDGER = "ledger.sqlite"

Vector = npt.NDArray[np.float32]
T = TypeVar("T")

#: What a generation is called; anything else in ``CURRENT`` names no index.
_GENERATION = re.compile(r"[0-9a-f]{16}(?:-b)?")
#: What reading a damaged file may raise: SQLite, FAISS, numpy and fields that are not there say it in these ways.
_DAMAGE = (
    sqlite3.Error, OSError, EOFError, RuntimeError, MemoryError, ValueError, TypeError, LookupError, AssertionError,
    struct.error,
)  # fmt: skip

#: Products whose passages' metadata stay at hand; about 200 kB each.
_PRODUCTS_CACHED = 64
#: Passages whose search terms stay at hand; about 30 kB each.
_TEXTS_CACHED = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage's place in the index. ``head`` is the passage with its text left on disk (``text`` is empty).

    ``words`` counts its search terms, ``size`` its bytes.
    """

    row: int
    head: Passage
    first_vector: int
    vectors: int
    words: int
    size: int


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """A product: its id, the name that a choice shows, and all keys it is found by."""

    id: str
    label: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """What citations and choices say about a document."""

    id: str
    version: str
    title: str
    type: str
    labeler: str
    product: str
    effective: dt.date
    expires: dt.date | None
    set_id: str


@dataclass(frozen=True, slots=True)
class Uses:
    """What an indication says: the ``sentences`` that tell a use, their search terms, and those of what it denies."""

    sentences: tuple[str, ...]
    said: tuple[frozenset[str], ...]
    denied: tuple[frozenset[str], ...]


class Index:
    """An open index. Safe to share between threads: reads are serialised by a lock.

    What was ``withdrawn`` since it was built is in force until the day of its withdrawal only.
    """

    def __init__(self, folder: Path, withdrawn: Withdrawn = NOTHING) -> None:
        self.folder = folder
        self._withdrawn = withdrawn
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()
        with self._reading():
            # immutable: no lock files and no locks, so a read-only stick or folder will do.
            uri = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro&immutable=1"
            self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._meta: dict[str, str] = dict(self._db.execute("SELECT key, value FROM meta"))
            # Mapped, not read. Opened now, so that a build which replaces this index cannot pull it away from under us.
            self._vectors: Any = faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP_IFC)
        if self._meta.get("format") != FORMAT:
            raise NotReadyError(f"the index in {folder} was made by another version: run `onlabel build`")
        # Bounded and safe: a generation never changes once written.
        self._cached_eligible = remembering(self._find_eligible, _PRODUCTS_CACHED)
        self._cached_document = remembering(self._read_document, 1024)
        self._cached_stems = remembering(self._read_stems, _TEXTS_CACHED)
        self._cached_ranges = remembering(self._read_ranges, _TEXTS_CACHED)
        self._cached_results = remembering(self._read_results, _TEXTS_CACHED)
        self._cached_uses = remembering(self._read_uses, _TEXTS_CACHED)

    @classmethod
    def open(cls, root: Path, withdrawn: Withdrawn = NOTHING) -> Index:
        """The index in use below ``root`` (the workspace's ``index/``).

        :raises NotReadyError: there is none, or it cannot be read.
        """
        folder = current_generation(root)
        if folder is None:
            raise NotReadyError(f"there is no index in {root}: run `onlabel build`")
        return cls(folder, withdrawn)

    def prove(self) -> None:
        """Prove rules, policy, labels and counts against the fingerprint. Passages have the ledger for that.

        :raises NotReadyError: they are not those that were built.
        """
        rest = {key: value for key, value in self._meta.items() if key != "fingerprint"}
        with self._reading():
            proved = fingerprint(rest) == self._meta["fingerprint"]
        if not proved:
            raise NotReadyError(f"the index in {self.folder} is not as it was built: run `onlabel build`")

    @property
    def fingerprint(self) -> str:
        return self._meta_of("fingerprint")

    @property
    def encoder(self) -> str:
        """Fingerprint of the encoder that made the vectors."""
        return self._meta_of("encoder")

    @property
    def ledger(self) -> str:
        """Fingerprint of the ledger that was written with this index."""
        return self._meta_of("ledger")

    @property
    def ledger_file(self) -> Path:
        return self.folder / LEDGER

    @property
    def policy(self) -> bytes:
        """The bytes of ``policy.yaml`` when the index was built."""
        return self._meta_of("policy").encode()

    @property
    def screen(self) -> bytes:
        """The bytes of ``screen.yaml`` when the index was built."""
        return self._meta_of("screen").encode()

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many documents, passages, vectors, products and templates there are."""
        with self._reading():
            counted: dict[str, int] = json.loads(self._meta["counts"])
        return counted

    @cached_property
    def intent_labels(self) -> Mapping[str, str]:
        """The words on a button for each intent."""
        with self._reading():
            labels: dict[str, str] = json.loads(self._meta["intent_labels"])
        return labels

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        rows = self._rows("SELECT fields, body FROM templates ORDER BY id")
        with self._reading():
            read = tuple(_template(json.loads(fields), body) for fields, body in rows)
        ended = self._withdrawn.template
        return tuple(replace(one, scope=ended(one.id, one.version, one.scope)) for one in read)

    @cached_property
    def utterances(self) -> tuple[Vector, tuple[str, ...]]:
        """Example utterances: vectors (n, dimension), mapped from disk, and the intent of each."""
        with self._reading():
            vectors: Vector = np.load(self.folder / UTTERANCES, mmap_mode="r")
            intents = tuple(json.loads(self._meta["utterance_intents"]))
            if vectors.dtype != np.float32 or vectors.shape != (len(intents), self._vectors.d):
                raise ValueError(f"{UTTERANCES} has another shape")
        return vectors, intents

    @cached_property
    def utterance_texts(self) -> tuple[str, ...]:
        """The example utterances themselves, in the order of :attr:`utterances`."""
        with self._reading():
            return tuple(json.loads(self._meta["utterances"]))

    def find_names(self, keys: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Which of ``keys`` are names: key -> ``(product, sort of name)`` by product."""
        wanted = sorted(set(keys))
        found: dict[str, list[tuple[str, str]]] = {}
        for part in (wanted[at : at + 500] for at in range(0, len(wanted), 500)):
            marks = ",".join("?" * len(part))
            query = f"SELECT key, product, sort FROM names WHERE key IN ({marks}) ORDER BY key, product"  # noqa: S608
            for key, product, sort in self._rows(query, part):
                found.setdefault(key, []).append((product, sort))
        return {key: tuple(products) for key, products in found.items()}

    @cached_property
    def name_keys(self) -> tuple[str, ...]:
        """Every name there is; read only to find what a slip may have meant."""
        return tuple(key for (key,) in self._rows("SELECT DISTINCT key FROM names ORDER BY key"))

    def product(self, id: str) -> ProductEntry | None:
        rows = self._rows("SELECT id, label, keys FROM products WHERE id = ?", (id,))
        with self._reading():
            return next((ProductEntry(i, label, tuple(json.loads(keys))) for i, label, keys in rows), None)

    def products(self, limit: int) -> tuple[ProductEntry, ...]:
        """The first ``limit`` products by id."""
        rows = self._rows("SELECT id, label, keys FROM products WHERE id <> '' ORDER BY id LIMIT ?", (limit,))
        with self._reading():
            return tuple(ProductEntry(id, label, tuple(json.loads(keys))) for id, label, keys in rows)

    def document(self, id: str) -> DocumentEntry | None:
        """The document with this id."""
        return self._cached_document(id)

    def _read_document(self, id: str) -> DocumentEntry | None:
        rows = self._rows("SELECT fields FROM documents WHERE id = ?", (id,))
        with self._reading():
            return next((_document(json.loads(fields)) for (fields,) in rows), None)

    def entries(self, product: str) -> tuple[Entry, ...]:
        """Every passage of ``product`` in the order of its documents, texts left on disk."""
        with self._lock:
            cached = self._cache.get(product)
            if cached is not None:
                self._cache.move_to_end(product)
                return cached
        query = "SELECT row, fields, first_vector, vectors, words, size FROM passages WHERE product = ? ORDER BY row"
        rows = self._rows(query, (product,))
        with self._reading():
            read = tuple(self._entry(*row) for row in rows)
            if any(not 0 <= e.first_vector <= e.first_vector + e.vectors <= self._vectors.ntotal for e in read):
                raise ValueError(f"passages of {product} have no vectors where they should")
        with self._lock:
            self._cache[product] = read
            while len(self._cache) > _PRODUCTS_CACHED:
                self._cache.popitem(last=False)
        return read

    def eligible(self, product: str, context: Context) -> tuple[Entry, ...]:
        """The passages of ``product`` that may be chosen as an answer in ``context``."""
        return self._cached_eligible(product, context)

    def _find_eligible(self, product: str, context: Context) -> tuple[Entry, ...]:
        return tuple(
            entry for entry in self.entries(product) if entry.head.retrieve and entry.head.scope.in_force(context)
        )

    def entry(self, id: str) -> Entry | None:
        """The passage with this id, text left on disk."""
        query = "SELECT row, fields, first_vector, vectors, words, size FROM passages WHERE id = ?"
        rows = self._rows(query, (id,))
        with self._reading():
            return next((self._entry(*row) for row in rows), None)

    def _entry(self, *row: Any) -> Entry:
        entry = _entry(*row)
        if not self._withdrawn:
            return entry
        head = entry.head
        scope = self._withdrawn.passage(head.id, head.version, head.document, head.scope)
        return replace(entry, head=replace(head, scope=scope))

    def load(self, entry: Entry) -> Passage:
        """The passage with its bytes."""
        rows = self._rows("SELECT text FROM texts WHERE row = ?", (entry.row,))
        with self._reading():
            ((text,),) = rows
            return replace(entry.head, text=bytes(memoryview(text)))

    def stems(self, entry: Entry) -> frozenset[str]:
        """The search terms of the passage's text."""
        return self._cached_stems(entry)

    def _read_stems(self, entry: Entry) -> frozenset[str]:
        return frozenset(lexical.terms(self.load(entry).text.decode()))

    def uses(self, entry: Entry) -> Uses:
        """What the passage, an indication, says that the medicine is for and is not for."""
        return self._cached_uses(entry)

    def _read_uses(self, entry: Entry) -> Uses:
        said, denied = indicating(self.load(entry).text.decode(), mixed=entry.head.topic != "indication")
        terms = [tuple(frozenset(lexical.terms(joined(sentence))) for sentence in part) for part in (said, denied)]
        return Uses(said, *terms)

    def ranges(self, entry: Entry) -> tuple[Range, ...]:
        """The ages, weights and kidney function that the passage's text speaks of."""
        return self._cached_ranges(entry)

    def _read_ranges(self, entry: Entry) -> tuple[Range, ...]:
        return ranges_in(self.load(entry).text.decode())

    def results(self, entry: Entry) -> float:
        """How much of the passage's text is results, from 0 to 1."""
        return self._cached_results(entry)

    def _read_results(self, entry: Entry) -> float:
        return share_of_results(self.load(entry).text.decode())

    def postings(self, product: str, query: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
        """Where each term of ``query`` stands in ``product``: term -> ``(row, count)`` pairs."""
        wanted = sorted(set(query))[:500]
        marks = ",".join("?" * len(wanted))
        sql = f"SELECT term, postings FROM terms WHERE product = ? AND term IN ({marks})"  # noqa: S608
        rows = self._rows(sql, (product, *wanted))
        with self._reading():
            return {term: lexical.unpack(blob) for term, blob in rows}

    def speaks_of(self, names: Iterable[frozenset[str]], entries: Sequence[Entry]) -> bool:
        """Whether any of ``entries``, all of one product, holds all terms of any of ``names``."""
        wanted = [name for name in names if name]
        if not (wanted and entries):
            return False
        postings = self.postings(entries[0].head.product, frozenset().union(*wanted))
        rows = {term: {row for row, _ in found} for term, found in postings.items()}
        eligible = {entry.row for entry in entries}
        return any(eligible.intersection(*(rows.get(term, set()) for term in name)) for name in wanted)

    def knows_word(self, word: str) -> bool:
        """Whether ``word`` (lower case) stands anywhere in the corpus or in an example utterance."""
        return bool(self._rows("SELECT 1 FROM vocabulary WHERE word = ?", (word,)))

    def similarities(self, vector: Vector, entries: Sequence[Entry]) -> dict[int, float]:
        """Inner product of ``vector`` (dimension,) with the nearest vector of each entry: row -> score.

        Only the entries' own vectors are looked at; what FAISS returns is checked against them again.
        """
        owner = {e.first_vector + i: e.row for e in entries for i in range(e.vectors)}
        if not owner:
            return {}
        ids = np.fromiter(owner, dtype=np.int64, count=len(owner))
        # A few hundred vectors: threads would only wait for each other. OpenMP keeps the number by calling thread.
        faiss.omp_set_num_threads(1)
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorArray(ids))  # type: ignore[call-arg,unused-ignore]
        with self._reading():
            scores, found = self._vectors.search(vector.reshape(1, -1), len(owner), params=chosen)
        best: dict[int, float] = {}
        for score, vector_id in zip(scores[0].tolist(), found[0].tolist(), strict=True):
            row = owner.get(vector_id)
            if row is not None and score > best.get(row, -2.0):
                best[row] = score
        return best

    def vectors_by_key(self) -> Callable[[str], Vector | None]:
        """The vectors that were made for a text, by the key of that text; used to build the next index.

        One that cannot be read is as good as none: its text is embedded again.
        """

        def find(key: str) -> Vector | None:
            try:
                ((at,),) = self._rows("SELECT vector FROM vector_keys WHERE key = ?", (key,)) or ((-1,),)
                if not 0 <= int(at) < self._vectors.ntotal:
                    return None
                return np.asarray(self._vectors.reconstruct(int(at)), dtype=np.float32)
            except (NotReadyError, *_DAMAGE):
                return None

        return find

    def close(self) -> None:
        """Give the files back."""
        with self._lock:
            self._db.close()

    def _meta_of(self, key: str) -> str:
        with self._reading():
            return str(self._meta[key])

    def _rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._reading(), self._lock:
            try:
                return self._db.execute(query, parameters).fetchall()
            except UnicodeEncodeError:
                return []  # a lone surrogate cannot be stored, so nothing of that name is there

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Whatever reading a damaged index raises means one thing to the caller: build it again."""
        try:
            yield
        except _DAMAGE as error:
            raise NotReadyError(f"the index in {self.folder} cannot be read ({error}): run `onlabel build`") from error


def current_generation(root: Path) -> Path | None:
    """The folder of the index in use below ``root``, if there is one."""
    try:
        name = (root / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = root / name
    return folder if _GENERATION.fullmatch(name) and folder.is_dir() else None


def passage_fields(passage: Passage) -> dict[str, Any]:
    """A passage's metadata as JSON; :func:`_entry` reads it back."""
    return {
        "id": passage.id,
        "version": passage.version,
        "document": passage.document,
        "product": passage.product,
        "sha256": passage.sha256,
        "topic": passage.topic,
        "also": passage.also,
        "kind": passage.kind.value,
        "locator": passage.locator,
        "title": passage.title,
        "order": passage.order,
        "scope": scope_json(passage.scope),
        "population": passage.population,
        "serves": passage.serves,
        "companions": passage.companions,
        "references": passage.references,
        "retrieve": passage.retrieve,
    }


def scope_json(scope: Scope) -> list[Any]:
    """A scope as a JSON list, read back by :func:`_scope`."""
    return [
        scope.audiences,
        scope.markets,
        scope.language,
        scope.channels,
        scope.effective.isoformat(),
        scope.expires.isoformat() if scope.expires else None,
        scope.withdrawn.isoformat() if scope.withdrawn else None,
    ]


def _scope(fields: list[Any]) -> Scope:
    audiences, markets, language, channels, effective, expires, withdrawn = fields
    return _shared_scope(tuple(audiences), tuple(markets), language, tuple(channels), effective, expires, withdrawn)


@lru_cache(maxsize=4096)
def _shared_scope(
    audiences: tuple[str, ...],
    markets: tuple[str, ...],
    language: str,
    channels: tuple[str, ...],
    effective: str,
    expires: str | None,
    withdrawn: str | None,
) -> Scope:
    """One object for all the passages of a scope: a document's passages mostly have the same."""
    return Scope(
        audiences,
        markets,
        language,
        channels,
        dt.date.fromisoformat(effective),
        dt.date.fromisoformat(expires) if expires else None,
        dt.date.fromisoformat(withdrawn) if withdrawn else None,
    )


def _entry(row: int, fields: str, first_vector: int, vectors: int, words: int, size: int) -> Entry:
    read = json.loads(fields)
    for key in ("also", "population", "serves", "companions", "references"):
        read[key] = tuple(read[key])
    read["scope"] = _scope(read["scope"])
    read["kind"] = Kind(read["kind"])
    return Entry(row, Passage(text=b"", **read), int(first_vector), int(vectors), int(words), int(size))


def _document(fields: dict[str, Any]) -> DocumentEntry:
    fields["effective"] = dt.date.fromisoformat(fields["effective"])
    fields["expires"] = dt.date.fromisoformat(fields["expires"]) if fields["expires"] else None
    return DocumentEntry(**fields)


def _template(fields: dict[str, Any], body: str) -> Template:
    return Template(
        id=fields["id"],
        version=fields["version"],
        use=fields["use"],
        intents=tuple(fields["intents"]),
        scope=_scope(fields["scope"]),
        body=body,
        literals=tuple(literal.encode() for literal in fields["literals"]),
    )
