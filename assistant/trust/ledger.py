"""The ledger: what is approved, as the verifier knows it. ``index/ledger.sqlite``, written from the corpus, read by
no one else.

Guarantees: it holds no text, only identities (SHA-256 and length), scopes and rules; the same content gives the same
fingerprint in whatever order it comes; a file appears whole or not at all. Templates and rules are proved against the
fingerprint when the ledger is opened, each passage against its own seal when it is read, and everything by
:meth:`Ledger.check`. The retrieval index is another file, made by other code, so that no fault there is believed here.

Refuses: two passages or templates of one id, a passage whose bytes are not those of its SHA-256, a template whose
pattern drops or repeats a passage. It cannot notice somebody who rewrites the file *and* its fingerprint: that is
what the signature of a release is for (docs/guarantee.md).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, Self, get_args

from assistant.canonical import canonical_json, fingerprint, sha256_hex
from assistant.domain import Context, Kind, Passage, Scope
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError
from assistant.remembering import remembering
from assistant.trust.withdrawn import NOTHING, Withdrawn

SCHEMA = "onlabel.ledger/1"
FILE_NAME = "ledger.sqlite"

Use = Literal["answer", "companion_before", "companion_after", "notice"]
Place = Literal["before", "after"]
Need = Literal["always", "where_present"]
#: How a template looks: the number of a literal, or None for the next passage.
Pattern = tuple[int | None, ...]

USES: tuple[Use, ...] = get_args(Use)
#: An answer shows at most three passages (DESIGN, section 4); any other block shows one.
MOST_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template as ``build`` hands it over. ``patterns[n]`` is how it looks when it is given n passages."""

    id: str
    version: str
    use: Use
    scope: Scope
    intents: tuple[str, ...]
    literals: tuple[bytes, ...]
    patterns: Mapping[int, Pattern]


class RuleLike(Protocol):
    """A companion rule of the policy, whoever read it (``content.policy.CompanionRule`` is one)."""

    @property
    def role(self) -> str: ...
    @property
    def instead(self) -> str | None: ...
    @property
    def place(self) -> Place: ...
    @property
    def need(self) -> Need: ...


@dataclass(frozen=True, slots=True)
class ApprovedRule:
    """One companion that a kind needs; see ``content.policy.CompanionRule`` for the meaning."""

    role: str
    instead: str | None
    place: Place
    need: Need


@dataclass(frozen=True, slots=True)
class ApprovedPassage:
    """What is known of a passage without its text. ``length`` is in bytes."""

    id: str
    version: str
    sha256: str
    length: int
    document: str
    product: str
    kind: Kind
    locator: str
    serves: tuple[str, ...]
    companions: tuple[str, ...]
    retrieve: bool
    scope: Scope

    def eligible(self, context: Context) -> bool:
        """Whether it may be shown in this context on its date."""
        return self.scope.covers(context) and self.scope.valid_on(context.date)


@dataclass(frozen=True, slots=True)
class ApprovedLiteral:
    """A literal of a template without its text."""

    sha256: str
    length: int


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """A template without its text. The span of literal ``n`` has the id ``<template id>#<n>``."""

    id: str
    version: str
    use: Use
    scope: Scope
    intents: tuple[str, ...]
    literals: tuple[ApprovedLiteral, ...]
    patterns: Mapping[int, Pattern]

    def eligible(self, context: Context) -> bool:
        """Whether it may be used in this context on its date."""
        return self.scope.covers(context) and self.scope.valid_on(context.date)


class ApprovedSource(Protocol):
    """All that the verifier asks of a ledger."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def policy_sha256(self) -> str: ...
    def passage(self, id: str) -> ApprovedPassage | None: ...
    def serving(self, product: str, role: str) -> tuple[ApprovedPassage, ...]: ...
    def template(self, id: str) -> ApprovedTemplate | None: ...
    def templates(self, use: Use) -> tuple[ApprovedTemplate, ...]: ...
    def rules(self, kind: Kind) -> tuple[ApprovedRule, ...]: ...


# --- writing ----------------------------------------------------------------------------------------------------------

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE scope (number INTEGER PRIMARY KEY, fields TEXT NOT NULL);
CREATE TABLE passage (id TEXT PRIMARY KEY, record TEXT NOT NULL, scope INTEGER NOT NULL, seal BLOB NOT NULL) WITHOUT
ROWID; CREATE TABLE serving (product TEXT, role TEXT, id TEXT, PRIMARY KEY (product, role, id)) WITHOUT ROWID;
CREATE TABLE template (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rule (kind TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
"""


def write_ledger(
    path: Path,
    *,
    passages: Iterable[Passage],
    templates: Iterable[TemplateRecord],
    policy_rules: Mapping[Kind, Sequence[RuleLike]],
    policy_sha256: str,
) -> str:
    """Write the ledger to ``path``, replacing an older one at once; its fingerprint.

    :raises ContentError: two passages or templates of one id, or a template that cannot be meant.
    :raises IntegrityError: a passage's bytes are not those of its SHA-256.
    :raises OnlabelError: it could not be written; an older ledger stays as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise OnlabelError(f"{path}: the ledger could not be written: {error}") from error
    scratch = Path(name)
    try:
        seal = _fill(scratch, passages, templates, policy_rules, policy_sha256)
        _settle(scratch)
        scratch.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise OnlabelError(f"{path}: the ledger could not be written: {error}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return seal


def _fill(
    scratch: Path,
    passages: Iterable[Passage],
    templates: Iterable[TemplateRecord],
    policy_rules: Mapping[Kind, Sequence[RuleLike]],
    policy_sha256: str,
) -> str:
    with closing(sqlite3.connect(scratch, isolation_level=None)) as database:
        # The scratch file is thrown away after any failure, so it needs no journal of its own.
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;" + _TABLES)
        database.execute("BEGIN")
        _insert_passages(database, passages)
        _insert_templates(database, templates)
        rules = {Kind(kind).value: _rules_record(rules) for kind, rules in policy_rules.items()}
        database.executemany("INSERT INTO rule VALUES (?, ?)", rules.items())
        seals = _passages_digest(database)
        seal = _fingerprint(database, seals, policy_sha256)
        meta = {"schema": SCHEMA, "passages": seals, "policy_sha256": policy_sha256, "fingerprint": seal}
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        database.execute("COMMIT")
    return seal


def _settle(scratch: Path) -> None:
    """Onto the disk before the name points to it, so that a power cut leaves the old ledger or the new one."""
    with scratch.open("rb+") as file:
        os.fsync(file.fileno())
    scratch.chmod(0o644)  # mkstemp's 0600 would keep other users of a shared workspace from reading it


def _insert_passages(database: sqlite3.Connection, passages: Iterable[Passage]) -> None:
    scopes: dict[Scope, tuple[int, str]] = {}
    for passage in passages:
        _check_passage(passage)
        number, fields = scopes.get(passage.scope) or (0, "")
        if not number:
            number, fields = len(scopes) + 1, canonical_json(_scope_fields(passage.scope)).decode()
            scopes[passage.scope] = number, fields
            database.execute("INSERT INTO scope VALUES (?, ?)", (number, fields))
        record = _passage_record(passage)
        row = (passage.id, record, number, _seal(record, fields))
        _insert_once(database, "INSERT INTO passage VALUES (?, ?, ?, ?)", row, "passage")
        serving = [(passage.product, role, passage.id) for role in set(passage.serves)]
        database.executemany("INSERT INTO serving VALUES (?, ?, ?)", serving)


def _insert_templates(database: sqlite3.Connection, templates: Iterable[TemplateRecord]) -> None:
    for template in templates:
        _check_template(template)
        row = (template.id, _template_record(template))
        _insert_once(database, "INSERT INTO template VALUES (?, ?)", row, "template")


def _insert_once(database: sqlite3.Connection, statement: str, row: tuple[object, ...], what: str) -> None:
    try:
        database.execute(statement, row)
    except sqlite3.IntegrityError as error:
        raise ContentError(f"two {what}s have the id {row[0]!r}") from error


def _check_passage(passage: Passage) -> None:
    if not passage.text:
        raise ContentError(f"passage {passage.id!r} holds no text")
    if sha256_hex(passage.text) != passage.sha256:
        raise IntegrityError(f"passage {passage.id!r}: its bytes are not those of its sha256")


def _check_template(template: TemplateRecord) -> None:
    if template.use not in USES:
        raise ContentError(f"template {template.id!r}: unknown use {template.use!r}")
    if not all(template.literals):
        raise ContentError(f"template {template.id!r}: a literal is empty")
    most = MOST_ANSWERS if template.use == "answer" else 1
    if not template.patterns or not all(1 <= n <= most for n in template.patterns):
        raise ContentError(f"template {template.id!r}: must be given 1 to {most} passages")
    for n, pattern in template.patterns.items():
        if pattern.count(None) != n:
            raise ContentError(f"template {template.id!r}: given {n} passages it shows {pattern.count(None)}")
        if not all(item is None or 0 <= item < len(template.literals) for item in pattern):
            raise ContentError(f"template {template.id!r}: a pattern names a literal that it does not have")


def _passage_record(passage: Passage) -> str:
    fields = [
        passage.id,
        passage.version,
        passage.sha256,
        len(passage.text),
        passage.document,
        passage.product,
        passage.kind.value,
        passage.locator,
        passage.serves,
        passage.companions,
        passage.retrieve,
    ]
    return canonical_json(fields).decode()


def _template_record(template: TemplateRecord) -> str:
    fields = {
        "id": template.id,
        "version": template.version,
        "use": template.use,
        "scope": _scope_fields(template.scope),
        "intents": template.intents,
        "literals": [[sha256_hex(literal), len(literal)] for literal in template.literals],
        "patterns": {str(n): pattern for n, pattern in template.patterns.items()},
    }
    return canonical_json(fields).decode()


def _rules_record(rules: Sequence[RuleLike]) -> str:
    return canonical_json([[rule.role, rule.instead, rule.place, rule.need] for rule in rules]).decode()


def _scope_fields(scope: Scope) -> list[object]:
    days = (scope.effective, scope.expires, scope.withdrawn)
    dates = [day.isoformat() if day else None for day in days]
    return [scope.audiences, scope.markets, scope.language, scope.channels, *dates]


# --- the fingerprint --------------------------------------------------------------------------------------------------


def _seal(record: str, scope: str) -> bytes:
    return hashlib.sha256(f"{record}\n{scope}".encode()).digest()


def _passages_digest(database: sqlite3.Connection) -> str:
    """SHA-256 over the seals in the order of the ids: streamed, so that a million passages need no memory."""
    digest = hashlib.sha256()
    for (seal,) in database.execute("SELECT seal FROM passage ORDER BY id"):
        digest.update(seal)
    return digest.hexdigest()


def _fingerprint(database: sqlite3.Connection, passages: str, policy_sha256: str) -> str:
    return fingerprint(
        {
            "schema": SCHEMA,
            "passages": passages,
            "templates": [record for (record,) in database.execute("SELECT record FROM template ORDER BY id")],
            "rules": dict(database.execute("SELECT kind, record FROM rule").fetchall()),
            "policy_sha256": policy_sha256,
        }
    )


# --- reading ----------------------------------------------------------------------------------------------------------


class Ledger:
    """A read-only ledger; implements :class:`ApprovedSource`. Any number of threads may share one."""

    def __init__(self, path: Path, database: sqlite3.Connection, withdrawn: Withdrawn = NOTHING) -> None:
        """Use :meth:`open`."""
        self._path = path
        self._withdrawn = withdrawn
        self._database = database
        self._lock = threading.Lock()
        meta = dict(database.execute("SELECT key, value FROM meta").fetchall())
        if meta.get("schema") != SCHEMA:
            raise NotReadyError(f"{path} was made by another version of onlabel: run `onlabel build`")
        self.fingerprint: str = meta["fingerprint"]
        self.policy_sha256: str = meta["policy_sha256"]
        self._passages_digest: str = meta["passages"]
        if _fingerprint(database, self._passages_digest, self.policy_sha256) != self.fingerprint:
            raise IntegrityError(f"{path}: templates, rules or policy are not those of the ledger's fingerprint")
        self._templates = {template.id: self._template(template) for template in _read_templates(database)}
        self._by_use = {use: tuple(t for t in self._templates.values() if t.use == use) for use in USES}
        self._rules = _read_rules(database)
        # Small, bounded and safe: the file never changes under an open ledger, it is only ever replaced.
        self._cached_passage = remembering(self._read_passage, 4096)
        self._cached_serving = remembering(self._read_serving, 1024)

    @classmethod
    def open(cls, path: Path, withdrawn: Withdrawn = NOTHING) -> Self:
        """Open the ledger at ``path``; only templates and rules are loaded.

        :param withdrawn: what was withdrawn since: it is in force until the day of its withdrawal only.
        :raises NotReadyError: there is none, or another version of the software made it.
        :raises IntegrityError: it is damaged.
        """
        if not path.is_file():
            raise NotReadyError(f"no ledger at {path}: run `onlabel build`")
        try:
            # immutable: no lock files and no locks, so a read-only stick or folder will do.
            uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            database = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise IntegrityError(f"{path}: the ledger cannot be opened: {error}") from error
        try:
            return cls(path, database, withdrawn)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            database.close()
            raise IntegrityError(f"{path}: the ledger is damaged: {error}") from error
        except OnlabelError:
            database.close()
            raise

    def close(self) -> None:
        """Close the file; the ledger answers no more."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def passage(self, id: str) -> ApprovedPassage | None:
        """The approved passage of this id.

        :raises IntegrityError: its row is damaged.
        """
        return self._cached_passage(id)

    def serving(self, product: str, role: str) -> tuple[ApprovedPassage, ...]:
        """The passages of ``product`` ("": of all products) that serve ``role``, by id, whatever their scope.

        :raises IntegrityError: a row is damaged.
        """
        return self._cached_serving(product, role)

    def template(self, id: str) -> ApprovedTemplate | None:
        """The approved template of this id."""
        return self._templates.get(id)

    def templates(self, use: Use) -> tuple[ApprovedTemplate, ...]:
        """The templates of this use, by id."""
        return self._by_use[use]

    def rules(self, kind: Kind) -> tuple[ApprovedRule, ...]:
        """The companions that passages of this kind need."""
        return self._rules.get(kind, ())

    def check(self) -> None:
        """Prove every row against the fingerprint; reads the whole file.

        :raises IntegrityError: a row was lost, added, changed or moved.
        """
        with self._lock:
            try:
                self._check_passages()
            except sqlite3.Error as error:
                raise IntegrityError(f"{self._path}: the ledger is damaged: {error}") from error

    def _check_passages(self) -> None:
        digest = hashlib.sha256()
        served = 0
        for name, record, seal, scope in self._database.execute(f"{_PASSAGES} ORDER BY passage.id"):
            passage = _passage(name, record, seal, scope)
            digest.update(seal)
            for role in set(passage.serves):
                served += 1
                if not self._database.execute(_IS_SERVING, (passage.product, role, name)).fetchone():
                    raise IntegrityError(f"{self._path}: the ledger is damaged: {name} is not listed as {role}")
        if digest.hexdigest() != self._passages_digest:
            raise IntegrityError(f"{self._path}: the passages are not those of the ledger's fingerprint")
        if self._database.execute("SELECT count(*) FROM serving").fetchone() != (served,):
            raise IntegrityError(f"{self._path}: the ledger is damaged: it lists roles that no passage serves")

    def _read_passage(self, id: str) -> ApprovedPassage | None:
        rows = self._rows(f"{_PASSAGES} WHERE passage.id = ?", (id,))
        if not rows:
            return None
        passage = _passage(*rows[0])
        scope = self._withdrawn.passage(passage.id, passage.version, passage.document, passage.scope)
        return replace(passage, scope=scope)

    def _template(self, template: ApprovedTemplate) -> ApprovedTemplate:
        scope = self._withdrawn.template(template.id, template.version, template.scope)
        return replace(template, scope=scope)

    def _read_serving(self, product: str, role: str) -> tuple[ApprovedPassage, ...]:
        found = []
        for (name,) in self._rows("SELECT id FROM serving WHERE product = ? AND role = ? ORDER BY id", (product, role)):
            passage = self._cached_passage(name)
            if passage is None or passage.product != product or role not in passage.serves:
                raise IntegrityError(f"{self._path}: the ledger is damaged: {name} is wrongly listed as {role}")
            found.append(passage)
        return tuple(found)

    def _rows(self, statement: str, values: tuple[str, ...]) -> list[tuple[str, ...]]:
        try:
            with self._lock:
                return self._database.execute(statement, values).fetchall()
        except UnicodeEncodeError:
            return []  # a lone surrogate cannot be stored, so nothing of that id was ever approved
        except sqlite3.Error as error:
            raise IntegrityError(f"{self._path}: the ledger cannot be read: {error}") from error


_PASSAGES = "SELECT passage.id, record, seal, fields FROM passage LEFT JOIN scope ON scope.number = passage.scope"
_IS_SERVING = "SELECT 1 FROM serving WHERE product = ? AND role = ? AND id = ?"


def _passage(id: object, record: object, seal: object, scope: object) -> ApprovedPassage:
    """The passage of a row, once the row is proved: the seal covers id, record and scope."""
    if not (isinstance(record, str) and isinstance(scope, str) and _seal(record, scope) == seal):
        raise IntegrityError(f"the ledger is damaged: passage {id} is not what was sealed")
    own, version, digest, length, document, product, kind, locator, serves, companions, retrieve = json.loads(record)
    if own != id:
        raise IntegrityError(f"the ledger is damaged: passage {id} stands in the place of another")
    return ApprovedPassage(
        id=own,
        version=version,
        sha256=digest,
        length=length,
        document=document,
        product=product,
        kind=Kind(kind),
        locator=locator,
        serves=tuple(serves),
        companions=tuple(companions),
        retrieve=retrieve,
        scope=_scope(scope),
    )


@lru_cache(maxsize=1024)
def _scope(fields: str) -> Scope:
    return _scope_of(json.loads(fields))


def _scope_of(fields: Sequence[Any]) -> Scope:
    audiences, markets, language, channels, effective, expires, withdrawn = fields
    return Scope(
        audiences=tuple(audiences),
        markets=tuple(markets),
        language=language,
        channels=tuple(channels),
        effective=dt.date.fromisoformat(effective),
        expires=dt.date.fromisoformat(expires) if expires else None,
        withdrawn=dt.date.fromisoformat(withdrawn) if withdrawn else None,
    )


def _read_templates(database: sqlite3.Connection) -> Iterator[ApprovedTemplate]:
    for (record,) in database.execute("SELECT record FROM template ORDER BY id"):
        fields = json.loads(record)
        yield ApprovedTemplate(
            id=fields["id"],
            version=fields["version"],
            use=fields["use"],
            scope=_scope_of(fields["scope"]),
            intents=tuple(fields["intents"]),
            literals=tuple(ApprovedLiteral(digest, length) for digest, length in fields["literals"]),
            patterns={int(n): tuple(pattern) for n, pattern in fields["patterns"].items()},
        )


def _read_rules(database: sqlite3.Connection) -> dict[Kind, tuple[ApprovedRule, ...]]:
    rows = database.execute("SELECT kind, record FROM rule").fetchall()
    return {Kind(kind): tuple(ApprovedRule(*rule) for rule in json.loads(record)) for kind, record in rows}
