#!/usr/bin/env python3
"""Prove an answer of Onlabel, years later and anywhere: one file, Python 3.11 or later, nothing to install.

    python onlabel_verify.py ANSWER.json --release DIR --root ROOT.json [--date DATE] [--json]

DIR is a published release (``metadata/``, ``targets/``) or an installed one (``trust/``, ``releases/``). ROOT.json is
the root of trust, which must have reached you by another way than DIR. No model, no index and no code of the assistant
is needed: this is a second implementation, written from the specification and sharing nothing with the first.

It proves, or refuses with exit code 4 and the name of the rule:

R1-3 The release is authentic (The Update Framework): every root signed by the one before it and by itself, from
     ROOT.json on; timestamp, snapshot and targets signed by a threshold of distinct Ed25519 keys of that root, each of
     the version and hash that the one before it names; every file read has the length and SHA-256 of the targets.
     Dates of expiry are told, not enforced: they bind an installation on its day, not a proof years later.
L    The ledger of that release is sound: each passage's seal, and its fingerprint over all of them.
V1-7 The bytes of the answer: they are whole approved passages and literals, eligible in the context on its date, of one
     product, with every companion in its place, under the outcome, in the shape of approved templates. The rules are
     those of docs/guarantee.md and of the docstring of assistant/trust/verification.py.
A    Each passage, template and document used, and the policy and whatever else decides what is shown, was approved: its
     record in the release's manifest has the SHA-256 that the needed number of people in each needed role signed
     (DSSE, Ed25519), people who held the role at that time, before the answer; and it was not withdrawn then.
C    The receipt says what was proved and what the answer says was carried over, and nothing else.
F    So do the other fields that are shown: references, and the labels of choices.

What it cannot prove, it says: see NOT_PROVED. It never prints the text of an answer.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import io
import json
import re
import sqlite3
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from pathlib import Path
from typing import Any, NoReturn

#: Fields of an answer that nobody can prove from a release: what was asked, what was thought of it, and which choices
#: were offered (``choices[]``; the words on each are proved).
NOT_PROVED = (
    "question", "intent.confidence", "other_intents", "slots", "candidates", "choices[]", "choices[].send",
    "receipt.carried", "receipt.model", "receipt.software",
)  # fmt: skip


class RefusedError(Exception):
    """Something could not be proved. Names a rule and ids, never text."""


def refuse(rule: str, why: str) -> NoReturn:
    raise RefusedError(f"{rule}: {why}")


# --- JSON: read strictly, compared and hashed in canonical form -------------------------------------------------------


def read_json(data: bytes, what: str) -> Any:
    """The value in ``data``; a key given twice, a NaN or anything after the value is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    def no_constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(data, object_pairs_hook=once, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{what}: is not sound JSON") from error


def canonical(value: Any) -> bytes:
    """The bytes that Onlabel hashes: sorted keys, no white space, no floats."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def olpc(value: Any) -> str:
    """The canonical JSON that The Update Framework signs: only quote and backslash are escaped."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ",".join(map(olpc, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{olpc(key)}:{olpc(value[key])}" for key in sorted(value)) + "}"
    refuse("R1", "metadata holds a number that has no canonical form")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fits(value: Any, shape: Any) -> bool:
    """Whether a JSON value has exactly this shape: a type, [each item], {key: shape, ...}, {str: each}, (one, of)."""
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return type(value) is list and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict) and str in shape:
        return type(value) is dict and all(fits(item, shape[str]) for item in value.values())
    if isinstance(shape, dict):
        return type(value) is dict and value.keys() == shape.keys() and all(fits(value[k], shape[k]) for k in shape)
    return value is None if shape is None else type(value) is shape


def same(one: Any, other: Any) -> bool:
    """Equal as JSON is: 1 is not true, and 1.0 is not 1."""
    return bool(json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def day(text: Any, what: str) -> str:
    """A date as YYYY-MM-DD, the only form allowed: so dates compare as their texts do."""
    try:
        if type(text) is str and dt.date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    refuse(what, "a date is not written as YYYY-MM-DD")


# --- Ed25519 (RFC 8032, section 5.1.7), strict ------------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1
Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z
_NEUTRAL: Point = (0, 1, 1, 0)


def _add(one: Point, other: Point) -> Point:
    """The sum; the formula is complete, so it doubles as well."""
    a = (one[1] - one[0]) * (other[1] - other[0])
    b = (one[1] + one[0]) * (other[1] + other[0])
    c = 2 * one[3] * other[3] * _D
    d = 2 * one[2] * other[2]
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(data: bytes) -> Point | None:
    """The point of an encoding; None where it is none, or not the canonical one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    x = x if x * x % _P == square else x * _ROOT % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _encoding(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or _NEUTRAL


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of ``message`` by ``public``: [S]B = R + [h]A without cofactor.

    Refuses S that is not below the group's order, encodings that are not canonical, and keys of small order.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    key, s = _point(public), int.from_bytes(signature[32:], "little")
    if key is None or s >= _L:
        return False
    doubled = _add(key, key)
    eightfold = _add(_add(doubled, doubled), _add(doubled, doubled))
    if _encoding(eightfold) == _encoding(_NEUTRAL):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    table = (_NEUTRAL, _BASE, minus, _add(_BASE, minus))
    total = _NEUTRAL
    for at in range(252, -1, -1):
        total = _add(total, total)
        choice = (s >> at & 1) | (h >> at & 1) << 1
        total = _add(total, table[choice]) if choice else total
    return _encoding(total) == signature[:32]  # compared as bytes: so R is canonical too


# --- R: the release (The Update Framework 1.0, section 5.3) -----------------------------------------------------------


@dataclass(frozen=True)
class Release:
    """A release whose signatures hold: its files by hash, wherever below ``folder`` they lie."""

    folder: Path
    number: int  #: the version of its targets metadata
    targets: Mapping[str, Any]
    targets_sha256: str
    signed_under: int  #: version of the root whose keys signed the targets
    newest: bool
    expires: Mapping[str, str]

    def digest(self, path: str) -> str | None:
        """The SHA-256 of a file of the release; None where it has no such file."""
        entry = self.targets.get(path)
        return entry["hashes"]["sha256"] if entry else None

    def read(self, path: str) -> bytes:
        """The file that the targets name so, of the very length and hash."""
        entry = self.targets.get(path)
        if not isinstance(entry, dict):
            refuse("R3", f"the release has no {path}")
        digest, length = entry["hashes"]["sha256"], entry["length"]
        parent, slash, name = path.rpartition("/")
        for place in (
            f"targets/{parent}{slash}{digest}.{name}", f"store/{digest}", f"releases/{self.number}/{path}",
        ):  # fmt: skip
            if (self.folder / place).is_file():
                data = (self.folder / place).read_bytes()
                if len(data) == length and sha256(data) == digest:
                    return data
        refuse("R3", f"{path} is missing, or not the file that was signed")

    def envelopes(self) -> Iterator[tuple[str, bytes]]:
        """Every file that may hold an approval or a withdrawal."""
        names = sorted(path for path in self.targets if path.startswith("approvals/") and path.endswith(".dsse.json"))
        return ((path, self.read(path)) for path in names)


def _metadata_folder(folder: Path, targets_sha256: str) -> tuple[Path, bytes]:
    """Where the metadata lies that goes with these targets, and their bytes: published, or kept by an install."""
    for place in (folder / "metadata", *sorted((folder / "trust" / "proofs").glob("*"))):
        for path in sorted(place.glob("*.targets.json")):
            data = path.read_bytes()
            if sha256(data) == targets_sha256:
                return place, data
    refuse("R2", "no targets metadata here has the SHA-256 that the receipt names: give the release it names")


def _signed(data: bytes, role: str, *roots: Mapping[str, Any]) -> dict[str, Any]:
    """The signed part of metadata; for each of ``roots`` a threshold of its distinct keys for ``role`` signed it."""
    whole = read_json(data, f"R1: {role} metadata")
    part = whole.get("signed") if isinstance(whole, dict) else None
    if not isinstance(part, dict) or part.get("_type") != role or not str(part.get("spec_version")).startswith("1."):
        refuse("R1", f"no {role} metadata of TUF 1")
    if type(part.get("version")) is not int or part["version"] < 1:
        refuse("R1", f"the version of {role} is no number")
    message = olpc(part).encode()
    for root in roots or (part,):
        asked = root["roles"][role]
        signed_by = set()  # public keys, not ids: one key under two ids is one key
        for signature in whole["signatures"]:
            key = root["keys"].get(signature["keyid"])
            if key and signature["keyid"] in asked["keyids"] and (key["keytype"], key["scheme"]) == ("ed25519",) * 2:
                public = bytes.fromhex(key["keyval"]["public"])
                if ed25519(public, message, bytes.fromhex(signature["sig"])):
                    signed_by.add(public)
        if type(asked["threshold"]) is not int or not 1 <= asked["threshold"] <= len(signed_by):
            refuse("R1", f"{role}: {len(signed_by)} of {asked['threshold']} keys of root {root['version']} signed it")
    return part


def _roots(place: Path, pinned: bytes) -> list[dict[str, Any]]:
    """R1. The roots from the pinned one on, each signed by the one before it and by itself; the newest last."""
    roots = [_signed(pinned, "root")]
    while (path := place / f"{roots[-1]['version'] + 1}.root.json").is_file():
        data = path.read_bytes()
        _signed(data, "root")
        roots.append(_signed(data, "root", roots[-1]))
        if path.name != f"{roots[-1]['version']}.root.json":
            refuse("R1", f"{path.name} is of another version")
    return roots


def _named(place: Path, role: str, by: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """R2. The metadata of ``role`` that ``by`` names: of its version, length and hash, and signed."""
    entry = by["meta"][f"{role}.json"]
    data = (place / f"{entry['version']}.{role}.json").read_bytes()
    hashes = {"sha256": sha256(data), "sha512": hashlib.sha512(data).hexdigest()}
    sound = entry.get("length", len(data)) == len(data) and entry.get("hashes", {}).items() <= hashes.items()
    part = _signed(data, role, root)
    if not sound or part["version"] != entry["version"]:
        refuse("R2", f"the {role} metadata is not the one that the {by['_type']} names")
    return part, data


def open_release(folder: Path, pinned: bytes, targets_sha256: str, retired_keys: bool = False) -> Release:
    """R1, R2: the release whose targets metadata has this SHA-256: the newest there, or one that came before it.

    An earlier one is no longer named by timestamp and snapshot. Its targets must be signed by keys of the newest root;
    with ``retired_keys`` those of an earlier root will do, for keys that were replaced without having been stolen.
    """
    place, data = _metadata_folder(folder, targets_sha256)
    roots = _roots(place, pinned)
    timestamp = _signed((place / "timestamp.json").read_bytes(), "timestamp", roots[-1])
    snapshot, _ = _named(place, "snapshot", timestamp, roots[-1])
    targets, newest = _named(place, "targets", snapshot, roots[-1])
    parts, under = [roots[-1], timestamp, snapshot, targets], roots[-1]["version"]
    if data != newest:
        earlier, under = _by_any(data, roots if retired_keys else roots[-1:])
        if earlier["version"] >= targets["version"]:
            refuse("R2", "the targets that the receipt names are none that came before the newest")
        parts = [roots[-1], earlier]
    expires = {part["_type"]: str(part["expires"]) for part in parts}
    return Release(folder, parts[-1]["version"], parts[-1]["targets"], targets_sha256, under, data == newest, expires)


def _by_any(data: bytes, roots: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], int]:
    for root in reversed(roots):
        try:
            return _signed(data, "targets", root), root["version"]
        except RefusedError:
            continue
    refuse("R1", "too few keys of the newest root signed the targets (were keys replaced? see --retired-keys)")


# --- L: the ledger ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """Where and when something may be used: from ``effective`` until before ``expires`` and ``withdrawn``."""

    audiences: list[str]
    markets: list[str]
    language: str
    channels: list[str]
    effective: str
    expires: str | None
    withdrawn: str | None

    def covers(self, where: Mapping[str, str]) -> bool:
        return (
            where["audience"] in self.audiences
            and where["market"] in self.markets
            and where["language"] == self.language
            and where["channel"] in self.channels
        )

    def ended(self, days: Iterable[str | None]) -> Scope:
        """The same, ended by the first of these days, where there is one."""
        return replace(self, withdrawn=min((end for end in (self.withdrawn, *days) if end), default=None))

    def in_force(self, date: str) -> bool:
        return self.effective <= date and not any(end and end <= date for end in (self.expires, self.withdrawn))


@dataclass(frozen=True)
class Passage:
    """What the ledger knows of a passage; ``length`` in bytes."""

    id: str
    version: str
    sha256: str
    length: int
    document: str
    product: str
    kind: str
    locator: str
    serves: list[str]
    companions: list[str]
    retrieve: bool
    sealed: Scope  #: as it was approved
    scope: Scope  #: less what was withdrawn


Gone = Mapping[tuple[str, str, str], str]  # (kind, id, version or "*") -> first day on which it is withdrawn


class Ledger:
    """What is approved, without any text. Opened from bytes, proved whole; withdrawals end the scopes in it."""

    def __init__(self, data: bytes, gone: Gone) -> None:
        self._db = sqlite3.connect(":memory:")
        self._gone = gone
        self._serving: dict[tuple[str, str], list[str]] = {}
        try:
            self._db.deserialize(data)
            self._prove()
        except (sqlite3.Error, OverflowError) as error:
            raise RefusedError("L: the ledger cannot be read") from error

    def _prove(self) -> None:
        seals = hashlib.sha256()
        for id, record, seal, scope in self._db.execute(f"{_ROWS} ORDER BY passage.id"):
            if hashlib.sha256(f"{record}\n{scope}".encode()).digest() != seal:
                refuse("L", f"passage {id} is not what was sealed")
            seals.update(seal)
            known = dict(zip(_FIELDS, json.loads(record), strict=True))
            if known["id"] != id:
                refuse("L", f"passage {id} stands in the place of another")
            for role in set(known["serves"]):
                self._serving.setdefault((known["product"], role), []).append(id)
        meta = dict(self._db.execute("SELECT key, value FROM meta"))
        records = [record for (record,) in self._db.execute("SELECT record FROM template ORDER BY id")]
        rules = dict(self._db.execute("SELECT kind, record FROM rule"))
        self.policy_sha256 = meta.get("policy_sha256")
        whole = {"schema": "onlabel.ledger/1", "passages": seals.hexdigest(), "templates": records, "rules": rules}
        self.fingerprint = sha256(canonical(whole | {"policy_sha256": self.policy_sha256}))
        if (meta.get("schema"), meta.get("fingerprint")) != (whole["schema"], self.fingerprint):
            refuse("L", "the ledger is not that of its fingerprint")
        self.templates = {template["id"]: template for template in map(json.loads, records)}
        for id, template in self.templates.items():
            ends = (self._gone.get(("template", id, version)) for version in (template["version"], "*"))
            template["sealed"] = Scope(*template["scope"])
            template["scope"] = template["sealed"].ended(ends)
        self._rules = {kind: json.loads(record) for kind, record in rules.items()}

    def passage(self, id: str) -> Passage | None:
        try:
            row = self._db.execute(f"{_ROWS} WHERE passage.id = ?", (id,)).fetchone()
        except UnicodeEncodeError:
            return None  # a lone surrogate: no file can hold such an id
        if row is None:
            return None
        sealed = Scope(*json.loads(row[3]))
        known = Passage(**dict(zip(_FIELDS, json.loads(row[1]), strict=True)), sealed=sealed, scope=sealed)
        keys = (("passage", id, known.version), ("passage", id, "*"), ("document", known.document, "*"))
        return replace(known, scope=sealed.ended(map(self._gone.get, keys)))

    def serving(self, product: str, role: str) -> list[Passage]:
        """The passages of ``product`` that can be the companion ``role``, by id, whatever their scope."""
        found = map(self.passage, self._serving.get((product, role), ()))
        return [passage for passage in found if passage]

    def rules(self, kind: str) -> list[tuple[str, str | None, str, str]]:
        """(role, instead, place, need) of each companion that passages of ``kind`` need."""
        return [(role, instead, place, need) for role, instead, place, need in self._rules.get(kind, ())]


_FIELDS = [one.name for one in fields(Passage)][:11]  # in the order of a record
_ROWS = "SELECT passage.id, record, seal, fields FROM passage LEFT JOIN scope ON scope.number = passage.scope"


# --- V: the words -----------------------------------------------------------------------------------------------------

GRAVE = ("emergency", "adverse_event", "product_complaint")  # the gravest first
OUTCOMES = (
    *GRAVE, "answered", "clarify", "no_approved_answer", "medical_information", "medical_advice", "out_of_scope",
    "small_talk",
)  # fmt: skip
FLAGS = (*GRAVE, "attack")
NOTICE_INTENTS = ("source_request", "human_handoff")
MOST_ANSWERS = 3


@dataclass(frozen=True)
class Piece:
    """A span of the answer: a whole passage in a role, or literal ``number`` of a template."""

    passage: Passage | None = None
    role: str = ""
    template: str = ""
    number: int = -1


def prove_words(answer: Mapping[str, Any], templates: Sequence[Mapping[str, str]], ledger: Ledger) -> list[Any]:
    """V1 to V7 over an answer of the right shape. ``templates`` are those that the receipt says frame its blocks.

    :return: the companions that were required, as a receipt tells them.
    """
    where, outcome, intent = answer["context"], answer["outcome"], answer["intent"]["name"]
    day(where["date"], "V3")
    pieces = _v1_v2_pieces(answer, ledger)
    _v3_eligible(pieces, where, ledger)
    shown = [(piece.role, piece.passage) for piece in pieces if piece.passage]
    _v4_one_product_once([passage for _, passage in shown])
    companions = required([passage for role, passage in shown if role == "answer"], where, ledger)
    with_notice = outcome != "answered" or intent in NOTICE_INTENTS
    content = shown[1:] if with_notice else shown
    _v5_companions(shown, content, companions)
    _v6_outcome(outcome, set(answer["flags"]), intent, shown, content)
    _v7_shape(pieces, _v7_blocks([role for role, _ in content], with_notice), templates, intent, where, ledger)
    return companions


def _v1_v2_pieces(answer: Mapping[str, Any], ledger: Ledger) -> list[Piece]:
    try:
        text = answer["text"].encode()
    except UnicodeEncodeError:
        refuse("V1", "the text is not UTF-8")
    at, pieces = 0, []
    for number, span in enumerate(answer["spans"]):
        start, end = span["start"], span["end"]
        if start != at or not at < end <= len(text):
            refuse("V1", f"span {number} does not begin where the one before it ends, or is empty")
        piece, known = _known(span, ledger)
        data = text[start:end]
        if known is None or (len(data), sha256(data)) != known["bytes"]:
            refuse("V2", f"span {number} is no whole approved passage or literal")
        if any(span[name] != value for name, value in known["said"].items()):
            refuse("V2", f"what span {number} says of itself is not what is approved")
        pieces.append(piece)
        at = end
    if at != len(text) or not text:
        refuse("V1", "the spans do not cover the text")
    return pieces


def _known(span: Mapping[str, Any], ledger: Ledger) -> tuple[Piece, dict[str, Any] | None]:
    """What a span claims to be, and what the ledger knows of that: its bytes, and the fields it has to show."""
    if span["source"] == "passage":
        passage = ledger.passage(span["id"])
        if passage is None or span.get("role") not in ("answer", "companion"):
            return Piece(), None
        said = {name: getattr(passage, name) for name in ("version", "sha256", "document", "locator")}
        return Piece(passage, span["role"]), {"bytes": (passage.length, passage.sha256), "said": said}
    name, _, digits = span["id"].rpartition("#")
    template = ledger.templates.get(name)
    if span["source"] != "template" or "role" in span or template is None:
        return Piece(), None
    if not re.fullmatch("0|[1-9][0-9]{0,5}", digits) or int(digits) >= len(template["literals"]):
        return Piece(), None
    digest, length = template["literals"][int(digits)]
    said = {"version": template["version"], "sha256": digest}
    return Piece(template=name, number=int(digits)), {"bytes": (length, digest), "said": said}


def _eligible(scope: Scope, where: Mapping[str, str]) -> bool:
    return scope.covers(where) and scope.in_force(where["date"])


def _v3_eligible(pieces: Iterable[Piece], where: Mapping[str, str], ledger: Ledger) -> None:
    for piece in pieces:
        scope = piece.passage.scope if piece.passage else ledger.templates[piece.template]["scope"]
        if not _eligible(scope, where):
            name = piece.passage.id if piece.passage else piece.template
            refuse("V3", f"{name} is not eligible in this context on {where['date']}")


def _v4_one_product_once(shown: Sequence[Passage]) -> None:
    if len({passage.product for passage in shown} - {""}) > 1:
        refuse("V4", "passages of several products")
    if len({passage.id for passage in shown}) != len(shown):
        refuse("V4", "a passage stands twice")


def required(answers: Sequence[Passage], where: Mapping[str, str], ledger: Ledger) -> list[dict[str, Any]]:
    """V5: the companions of these answer passages, in the order in which they are asked for, and by whom."""
    product = next((passage.product for passage in answers if passage.product), "")
    asked: dict[str, list[dict[str, str]]] = {}
    for answer in answers:
        for role, instead, place, need in ledger.rules(answer.kind):
            for passage in _standing_for(answer.id, role, instead, need, product, where, ledger):
                reason = {"id": answer.id, "rule": f"{answer.kind}:{role}", "place": place}
                asked.setdefault(passage.id, []).append(reason)
    askers = list(dict.fromkeys([*(answer.id for answer in answers), *asked]))
    for asker in askers:  # grows while it is gone through: what is named may name others
        known = ledger.passage(asker)
        for name in dict.fromkeys(known.companions if known else ()):
            named = ledger.passage(name)
            if named is None or not _eligible(named.scope, where):
                refuse("V5", f"{asker} must go with {name}, which is not eligible")
            askers += [] if name in askers else [name]
            asked.setdefault(name, []).append({"id": asker, "rule": "companions", "place": "after"})
    return [
        {"id": id, "place": "before" if any(r["place"] == "before" for r in reasons) else "after", "asked_by": reasons}
        for id, reasons in asked.items()
    ]


def _standing_for(
    asker: str, role: str, instead: str | None, need: str, product: str, where: Mapping[str, str], ledger: Ledger
) -> list[Passage]:
    """The passages in force that stand for a role: the product's, else those of all products, else of ``instead``."""
    for wanted in (role, *([instead] if instead is not None else [])):
        for owner in dict.fromkeys((product, "")):
            found = [passage for passage in ledger.serving(owner, wanted) if passage.scope.covers(where)]
            valid = [passage for passage in found if passage.scope.in_force(where["date"])]
            if valid:
                return valid
            if found:
                refuse("V5", f"{asker} needs {role}, and none is in force on {where['date']}")
    return [] if need == "where_present" else refuse("V5", f"{asker} needs {role}, and there is none")


Shown = Sequence[tuple[str, Passage]]


def _v5_companions(shown: Shown, content: Shown, companions: Iterable[Mapping[str, Any]]) -> None:
    place = {passage.id: at for at, (_, passage) in enumerate(shown)}
    role_of = {passage.id: role for role, passage in shown}
    answers = [place[passage.id] for role, passage in content if role == "answer"]
    needed = {companion["id"]: companion for companion in companions}
    for id, companion in needed.items():
        if id not in place:
            refuse("V5", f"the companion {id} is missing")
        if role_of[id] == "answer":
            before = [r["id"] for r in companion["asked_by"] if r["place"] == "before" and r["id"] != id]
            sound = all(place[id] < place[asker] for asker in before)
        elif companion["place"] == "before":
            sound = all(place[id] < answer for answer in answers)
        else:
            sound = all(place[id] > answer for answer in answers)
        if not sound:
            refuse("V5", f"the companion {id} does not stand {companion['place']} the answer")
    for role, passage in shown:
        if role == "companion" and passage.id not in needed:
            refuse("V5", f"no answer passage needs {passage.id}")


def _v6_outcome(outcome: str, flags: set[str], intent: str, shown: Shown, content: Shown) -> None:
    gravest = next((flag for flag in GRAVE if flag in flags), None)
    if gravest != (outcome if outcome in GRAVE else None):
        refuse("V6", "the gravest flag is not the outcome")
    answers = [passage for role, passage in content if role == "answer"]
    if outcome == "answered" and intent not in NOTICE_INTENTS:
        if not 1 <= len(answers) <= MOST_ANSWERS or any(passage.kind == "notice" for passage in answers):
            refuse("V6", "no answer passage, too many, or a notice among them")
    else:
        _v6_notice(outcome, intent, shown, content)
    if outcome in GRAVE:
        kinds = [passage.kind for passage in answers]
        if len(kinds) > MOST_ANSWERS or not {"safety", "instruction"}.issuperset(kinds):
            refuse("V6", f"too much, or of the wrong kind, after the notice of {outcome}")
        if any(passage.kind == "benefit" for _, passage in content):
            refuse("V6", f"benefit text after the notice of {outcome}")
    if not all(passage.retrieve for passage in answers):
        refuse("V6", "an answer passage may only be shown as a companion")


def _v6_notice(outcome: str, intent: str, shown: Shown, content: Shown) -> None:
    roles = {f"intent.{intent}"} if outcome == "answered" else {f"outcome.{outcome}"}
    roles |= {"language.unsupported"} if outcome == "out_of_scope" else set()
    if not shown or shown[0][0] != "answer" or shown[0][1].kind != "notice" or not roles & set(shown[0][1].serves):
        refuse("V6", "the answer does not begin with the notice of its outcome")
    if content and outcome not in GRAVE:
        refuse("V6", f"something stands beside the notice of {outcome}")


def _v7_blocks(roles: Sequence[str], with_notice: bool) -> list[tuple[str, int]]:
    """The blocks that the content must stand in: (use, number of passages)."""
    answers = roles.count("answer")
    before = roles.index("answer") if answers else 0
    after = len(roles) - before - answers
    if list(roles) != ["companion"] * before + ["answer"] * answers + ["companion"] * after or (after and not answers):
        refuse("V7", "the answer passages do not stand together")
    notice = [("companion_before" if answers else "notice", 1)] if with_notice else []
    middle = [("answer", answers)] if answers else []
    return [*notice, *[("companion_before", 1)] * before, *middle, *[("companion_after", 1)] * after]


def _v7_shape(
    pieces: Sequence[Piece], blocks: Sequence[tuple[str, int]], templates: Sequence[Mapping[str, str]], intent: str,
    where: Mapping[str, str], ledger: Ledger,
) -> None:  # fmt: skip
    """Each block is one pattern of the template that the receipt names for it, and nothing is left over."""
    at = 0
    if [block[0] for block in blocks] != [template["use"] for template in templates]:
        refuse("V7", "the receipt does not name a template for each block")
    for (use, count), named in zip(blocks, templates, strict=True):
        template = ledger.templates.get(named["id"])
        if template is None or (template["version"], template["use"]) != (named["version"], use):
            refuse("V7", "the receipt names a template that is not approved for its block")
        pattern = template["patterns"].get(str(count))
        block = pieces[at : at + len(pattern or ())]
        said = [None if piece.passage else (piece.template, piece.number) for piece in block]
        if pattern is None or said != [None if number is None else (template["id"], number) for number in pattern]:
            refuse("V7", f"a block is no pattern of the template {template['id']}")
        if use == "answer" and template["intents"] and intent not in template["intents"]:
            refuse("V7", f"the template {template['id']} is not approved for this intent")
        if not _eligible(template["scope"], where):
            refuse("V3", f"the template {template['id']} is not eligible in this context on {where['date']}")
        at += len(pattern)
    if at != len(pieces):
        refuse("V7", "the spans are no sequence of approved templates")


# --- A: the approvals -------------------------------------------------------------------------------------------------

_SIGNED = {"role": str, "printed_name": str, "signed_at": str, "schema": str}
_ACTS: Mapping[str, tuple[str, dict[Any, Any]]] = {
    "application/vnd.onlabel.approval+json": (
        "onlabel.approval/1",
        _SIGNED | {"subjects": [{"kind": str, "id": str, "version": str, "sha256": str}], "meaning": str}
        | {"valid_until": (str, None)},
    ),
    "application/vnd.onlabel.withdrawal+json": (
        "onlabel.withdrawal/1",
        _SIGNED | {"subjects": [{"kind": str, "id": str, "version": str}], "reason": str, "effective": str},
    ),
}  # fmt: skip
_ENVELOPE = {"payload": str, "payloadType": str, "signatures": [{"keyid": str, "sig": str}]}
_HOLDER = {
    "printed_name": str, "keyid": str, "public": str, "roles": [str], "markets": [str], "since": str,
    "until": (str, None),
}  # fmt: skip
_RULES = {"roles": {str: int}, "by_kind": {str: {str: int}}, "by_market": {str: {str: int}}, "distinct_people": bool}
_SUBJECT = {"kind": str, "id": str, "version": str, "sha256": str, "record": dict}
_MANIFEST = {"schema": str, "subjects": [_SUBJECT], "roster": [_HOLDER], "rules": _RULES}
#: What decides which passage is shown. All of it has to be approved, like the words themselves.
GOVERNING = ("policy", "taxonomy", "screen", "settings", "model", "golden")  # the last one may be missing
Act = dict[str, Any]
Subject = Mapping[str, Any]


def holds(roster: Iterable[Mapping[str, Any]], keyid: str, role: str, date: str, market: str | None) -> bool:
    """Whether the holder of a key had ``role`` on ``date`` for ``market`` (None: for any)."""
    return any(
        entry["keyid"] == keyid
        and role in entry["roles"]
        and entry["since"] <= date
        and (entry["until"] is None or date < entry["until"])
        and (market is None or market in entry["markets"] or "*" in entry["markets"])
        for entry in roster
    )


def read_act(data: bytes, roster: Sequence[Mapping[str, Any]]) -> Act:
    """What one person signed in a DSSE envelope, who held that role then; refuses whatever proves nothing."""
    envelope = read_json(data, "A")
    if not fits(envelope, _ENVELOPE) or len(envelope["signatures"]) != 1 or envelope["payloadType"] not in _ACTS:
        refuse("A", "no envelope of one signature")
    schema, shape = _ACTS[envelope["payloadType"]]
    (signature,) = envelope["signatures"]
    body, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
    holder = next((entry for entry in roster if entry["keyid"] == signature["keyid"]), None)
    sig = base64.b64decode(signature["sig"], validate=True)
    if holder is None or not ed25519(bytes.fromhex(holder["public"]), message, sig):
        refuse("A", "signed by nobody on the roster")
    act: Act = read_json(body, "A")
    if not fits(act, shape) or act["schema"] != schema or canonical(act) != body:
        refuse("A", "what was signed is not in canonical form")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", act["signed_at"]):
        refuse("A", "the time of signing is not written as 2026-11-21T09:00:00Z")
    for text in (act["signed_at"][:10], act.get("valid_until"), act.get("effective")):
        if text is not None:
            day(text, "A")
    if act["printed_name"] != holder["printed_name"] or not act["printed_name"].isprintable():
        refuse("A", "the printed name is not that of the roster")
    if not holds(roster, holder["keyid"], act["role"], act["signed_at"][:10], None):
        refuse("A", "signed in a role that was not held on that day")
    return act | {"keyid": holder["keyid"]}


def read_acts(files: Iterable[tuple[str, bytes]], roster: Any) -> tuple[list[Act], list[str]]:
    """The acts in these files, and the names of files that prove nothing: they count for nothing."""
    acts, uncounted = [], []
    for name, data in files:
        try:
            acts.append(read_act(data, roster))
        except (RefusedError, ValueError):
            uncounted.append(name)
    return acts, uncounted


def later_withdrawals(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Withdrawals that an install was given after its release: envelopes, or lists of them."""
    for path in sorted((folder / "withdrawals").glob("*.json")):
        data = path.read_bytes()
        try:
            parts = json.loads(data)["envelopes"]
        except (ValueError, LookupError, TypeError, RecursionError):
            parts = None
        yield from ((path.name, canonical(part)) for part in parts) if type(parts) is list else ((path.name, data),)


@dataclass(frozen=True)
class Sealed:
    """All that an authentic release says about what is approved."""

    release: Release
    about: Mapping[str, Any]
    ledger: Ledger
    subjects: Mapping[tuple[str, str], Subject]
    roster: Sequence[Mapping[str, Any]]
    rules: Mapping[str, Any]
    approvals: Mapping[tuple[str, ...], Sequence[Act]]  # by kind, id, version, sha256
    gone: Gone
    uncounted: Sequence[str]


def unseal(release: Release) -> Sealed:
    """R3, L: read and prove what an answer can be held against. Slow beside :func:`prove`: once a release."""
    about, manifest = read_json(release.read("release.json"), "R3"), read_json(release.read("manifest.json"), "A")
    if about["schema"] != "onlabel.release/1" or about["number"] != release.number:
        refuse("R3", "release.json is of another release")
    if not fits(manifest, _MANIFEST) or manifest["schema"] != "onlabel.manifest/1":
        refuse("A", "manifest.json is not of schema onlabel.manifest/1")
    roster = manifest["roster"]
    for entry in roster:
        key = {"keytype": "ed25519", "keyval": {"public": entry["public"]}, "scheme": "ed25519"}
        if sha256(olpc(key).encode()) != entry["keyid"]:
            refuse("A", "a key on the roster stands under the id of another")
    acts, uncounted = read_acts(release.envelopes(), roster)
    later, unproved = read_acts(later_withdrawals(release.folder), roster)
    approvals: dict[tuple[str, ...], list[Act]] = {}
    gone: dict[tuple[str, str, str], str] = {}
    for act in acts:
        for subject in act["subjects"] if "meaning" in act else ():
            names = (subject["kind"], subject["id"], subject["version"], subject["sha256"])
            approvals.setdefault(names, []).append(act)
    for act in (*acts, *({**act, "late": True} for act in later)):
        for subject in act["subjects"] if "effective" in act else ():
            # One that came after the release acts from its signing at the earliest: before, nobody could know of it.
            since = max(act["effective"], act["signed_at"][:10]) if "late" in act else act["effective"]
            name = (subject["kind"], subject["id"], subject["version"])
            gone[name] = min(since, gone.get(name, since))
    subjects = {(subject["kind"], subject["id"]): subject for subject in manifest["subjects"]}
    if len(subjects) != len(manifest["subjects"]):
        refuse("A", "two subjects of the manifest have one id")
    ledger = Ledger(release.read("index/ledger.sqlite"), gone)
    rules = manifest["rules"]
    return Sealed(release, about, ledger, subjects, roster, rules, approvals, gone, (*uncounted, *unproved))


def recorded(sealed: Sealed, kind: str, id: str, known: Mapping[str, Any]) -> Subject:
    """A subject of the manifest: its record has the SHA-256 that is signed, and agrees with ``known``."""
    subject = sealed.subjects.get((kind, id))
    if subject is None:
        refuse("A", f"the manifest does not name the {kind} {id}")
    record = subject["record"]
    own = {"schema": "onlabel.subject/1", **{name: subject[name] for name in ("kind", "id", "version")}}
    if sha256(canonical(record)) != subject["sha256"] or not same({**record, "fields": 0}, {**own, "fields": 0}):
        refuse("A", f"the record of the {kind} {id} is not the one that is signed")
    if not same({name: record["fields"].get(name) for name in known}, known):
        refuse("A", f"the {kind} {id} is not recorded as it stands in the release")
    return subject


def approved(sealed: Sealed, subject: Subject, sort: str, where: Mapping[str, str]) -> list[Act]:
    """A. The approvals of a subject on the day of the answer: enough people of every role, and no withdrawal."""
    kind, id, version, date = subject["kind"], subject["id"], subject["version"], where["date"]
    name = f"the {kind} {id}"
    if any(end <= date for v in (version, "*") if (end := sealed.gone.get((kind, id, v)))):
        refuse("A", f"{name} was withdrawn by {date}")
    scope = subject["record"]["fields"].get("scope")
    market = where["market"] if scope is None or where["market"] in scope["markets"] else None
    acts = [
        act
        for act in sealed.approvals.get((kind, id, version, subject["sha256"]), ())
        # The answer's day is that of its market, the time of signing UTC: they may be a day apart.
        if act["signed_at"][:10] <= _day_after(date)
        and (act["valid_until"] is None or date < act["valid_until"])
        and holds(sealed.roster, act["keyid"], act["role"], act["signed_at"][:10], market)
    ]
    rules, needed = sealed.rules, dict(sealed.rules["roles"])
    for of_kind in (kind, sort):
        needed |= rules["by_kind"].get(of_kind, {})
    needed |= rules["by_market"].get(market, {})
    if not any(needed.values()):
        refuse("A", f"the policy asks nobody to approve {name}")
    able = {role: {_person(act["printed_name"]) for act in acts if act["role"] == role} for role in needed}
    for count in range(1, len(needed) + 1 if rules["distinct_people"] else 2):
        # Everybody fills one place only if, for any roles together, as many people can fill them as have places (Hall).
        for roles in combinations(needed, count):
            if len(set().union(*(able[role] for role in roles))) < sum(needed[role] for role in roles):
                refuse("A", f"{name} was not approved by {date}: too few people signed as {', '.join(roles)}")
    return acts


def _person(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _day_after(date: str) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=1)).isoformat() if date < "9999-12-31" else date


# --- C, F: the receipt, and what else is shown ------------------------------------------------------------------------

_CONTEXT = {"audience": str, "market": str, "language": str, "channel": str, "date": str}
_NUMBER = (int, float)
_SPAN = {"start": int, "end": int, "source": str, "id": str, "version": str, "sha256": str}
_RELEASE = {"name": str, "number": int, "targets_sha256": str}
_RECEIPT = {
    "schema": str, "answer_sha256": str, "context": _CONTEXT, "outcome": str, "flags": [str], "intent": str,
    "spans": [{"source": str, "id": str, "version": str, "sha256": str, "role": str}],
    "templates": [{"id": str, "version": str, "use": str}],
    "companions": [{"id": str, "place": str, "asked_by": [{"id": str, "rule": str, "place": str}]}],
    "ledger": str, "index": str, "model": str, "policy": str, "software": str, "signature": None,
    "release": _RELEASE, "receipt_sha256": str,
}  # fmt: skip
_RECEIPT_OF_CARRIED = _RECEIPT | {"carried": {str: str}}
_REFERENCE = {
    "passage": str, "document": str, "title": str, "version": str, "locator": str, "section": str, "effective": str,
    "expires": (str, None), "citations": [str],
}  # fmt: skip
_ANSWER = {
    "schema": str, "outcome": str, "flags": [str], "question": str, "text": str,
    "intent": {"name": str, "confidence": _NUMBER}, "other_intents": [{"name": str, "confidence": _NUMBER}],
    "slots": {str: str}, "carried": [str], "context": _CONTEXT,
    "spans": [(_SPAN, _SPAN | {"role": str, "document": str, "locator": str})],
    "references": [_REFERENCE], "candidates": [{"id": str, "score": _NUMBER}],
    "choices": [{"id": str, "label": str, "label_source": str, "send": str}], "preview": bool,
    "receipt": (_RECEIPT, _RECEIPT_OF_CARRIED),
}  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """What was proved: (subject, the approvals of it) for everything that was used, and what else to say."""

    answer: Mapping[str, Any]
    approvals: Sequence[tuple[Subject, Sequence[Act]]]
    notes: Sequence[str]


def prove(answer: Any, sealed: Sealed, date: str | None = None) -> Proof:
    """Prove an answer (as JSON gives it) against a release.

    :param date: the day on which it was given, where that is known: an answer for another day is refused.
    :raises RefusedError: something does not hold.
    """
    if not fits(answer, _ANSWER) or answer["schema"] != "onlabel.answer/1":
        refuse("F", "the answer has not the fields of onlabel.answer/1, or its receipt names no release")
    if answer["preview"]:
        refuse("F", "the answer is a preview, made from what was not approved and sealed")
    where = answer["context"]
    if date not in (None, day(where["date"], "V3")):
        refuse("V3", f"the answer is for {where['date']}, not for {date}")
    _unchanged(answer["receipt"])
    _context(where, sealed.about)
    _outcome_and_flags(answer)
    companions = prove_words(answer, answer["receipt"]["templates"], sealed.ledger)
    shown = [known for span in answer["spans"] if "role" in span and (known := sealed.ledger.passage(span["id"]))]
    _receipt(answer, companions, sealed)
    used = [passage_subject(sealed, passage) for passage in shown]
    used += _references(answer, shown, sealed)
    used += _choices(answer, sealed)
    for name in dict.fromkeys(template["id"] for template in answer["receipt"]["templates"]):
        used.append(template_subject(sealed, sealed.ledger.templates[name]))
    used += _governing(sealed)
    once = {(subject["kind"], subject["id"]): (subject, sort) for subject, sort in used}
    approvals = [(subject, approved(sealed, subject, sort, where)) for subject, sort in once.values()]
    return Proof(answer, approvals, _notes(sealed, [subject for subject, _ in once.values()]))


def _context(where: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """An installed release answers in the contexts that were signed with it, and not before it was made."""
    for name, allowed in about["contexts"].items():
        if where[name.removesuffix("s")] not in allowed:
            refuse("V3", f"the release does not answer for this {name.removesuffix('s')}")
    if _day_after(where["date"]) < day(about["built_at"][:10], "R3"):
        refuse("R3", f"the answer is for {where['date']}, but the release was built at {about['built_at']}")


def _outcome_and_flags(answer: Mapping[str, Any]) -> None:
    flags = answer["flags"]
    if answer["outcome"] not in OUTCOMES or flags != sorted(set(flags) & set(FLAGS)):
        refuse("V6", "the outcome or a flag is unknown")


def _unchanged(receipt: Mapping[str, Any]) -> None:
    """C. The receipt's own hash: noticed first, because it is cheap."""
    try:
        seal = sha256(canonical({name: value for name, value in receipt.items() if name != "receipt_sha256"}))
    except UnicodeEncodeError:
        refuse("C", "the receipt is not UTF-8")
    if receipt["receipt_sha256"] != seal:
        refuse("C", "the receipt was changed after it was made")


def _receipt(answer: Mapping[str, Any], companions: list[Any], sealed: Sealed) -> None:
    """C. The receipt that this proof gives is the one that came with the answer; model and software are only stated."""
    said, ledger, about = answer["receipt"], sealed.ledger, sealed.about
    proved = {
        "schema": "onlabel.receipt/1",
        "answer_sha256": sha256(answer["text"].encode()),
        "context": answer["context"],
        "outcome": answer["outcome"],
        "flags": answer["flags"],
        "intent": answer["intent"]["name"],
        "spans": [
            {n: span.get(n, "") for n in ("source", "id", "version", "sha256", "role")} for span in answer["spans"]
        ],
        "templates": said["templates"],  # proved by V7
        "companions": companions,
        "ledger": ledger.fingerprint,
        "index": about["index"],
        "model": said["model"],
        "policy": ledger.policy_sha256,
        "software": said["software"],
        "signature": None,
        "release": {"name": about["name"], "number": about["number"], "targets_sha256": sealed.release.targets_sha256},
    }
    for name, value in proved.items():
        if not same(said[name], value):
            refuse("C", f"the receipt's {name} is not what is proved")
    if not same(said.get("carried"), _carried(answer) or None):
        refuse("C", "what the answer calls carried is not what the receipt does")
    if (about["ledger"], about["policy_sha256"]) != (ledger.fingerprint, ledger.policy_sha256):
        refuse("R3", "the release was made with another ledger or policy")


def _carried(answer: Mapping[str, Any]) -> dict[str, str]:
    """C. Slot -> value of what was carried over, which stands in the receipt only where there is any."""
    names, slots = answer["carried"], answer["slots"]
    if names != sorted(set(names)) or not slots.keys() >= {*names}:
        refuse("C", "what the answer calls carried has no value, or stands there twice or out of order")
    return {name: slots[name] for name in names}


def passage_subject(sealed: Sealed, passage: Passage) -> tuple[Subject, str]:
    known = {name: vars(passage)[name] for name in _FIELDS if name != "length"}
    known |= {"bytes": passage.length, "scope": vars(passage.sealed)}
    return recorded(sealed, "passage", passage.id, known), passage.kind


def template_subject(sealed: Sealed, template: Mapping[str, Any]) -> tuple[Subject, str]:
    known = {name: value for name, value in template.items() if name != "sealed"} | {"scope": vars(template["sealed"])}
    return recorded(sealed, "template", template["id"], known), ""


def _governing(sealed: Sealed) -> list[tuple[Subject, str]]:
    """What decides which passage is shown: every such subject, as far as the release holds it the one that is there."""
    files = {"policy": sealed.ledger.policy_sha256, "model": None}
    files |= {
        kind: sealed.release.digest(path) for kind, path in (("settings", "onlabel.toml"), ("golden", "golden.jsonl"))
    }
    models = {sealed.release.digest(path) for path in sealed.release.targets if path.startswith("models/")}
    found = []
    for kind, id in (key for key in sealed.subjects if key[0] in GOVERNING):
        subject = recorded(sealed, kind, id, {})
        digest = subject["record"]["fields"].get("file_sha256")
        if digest not in models if kind == "model" else digest != files.get(kind, digest):
            refuse("A", f"the {kind} {id} in the release is not the one that is recorded")
        if not same(subject["record"]["fields"].get("approvals", sealed.rules), sealed.rules):
            refuse("A", "the manifest has other rules than the policy")
        found.append((subject, ""))
    if missing := {*GOVERNING[:5]} - {subject["kind"] for subject, _ in found}:
        refuse("A", f"the manifest does not name the {', '.join(sorted(missing))}")
    return found


def _references(answer: Mapping[str, Any], shown: Sequence[Passage], sealed: Sealed) -> list[tuple[Subject, str]]:
    """F. What is said of each passage's source is what was approved; the documents and passages so named.

    Asked for its sources, an answer names those of the one before as well: true ones, but that it was so is not proved.
    """
    named, used = [passage.id for passage in shown], []
    if (answer["outcome"], answer["intent"]["name"]) == ("answered", "source_request"):
        named += [reference["passage"] for reference in answer["references"][len(shown) :]]
    if [reference["passage"] for reference in answer["references"]] != named:
        refuse("F", "the references are not those of the passages shown")
    for said in answer["references"]:
        known = sealed.ledger.passage(said["passage"])
        if known is None:
            refuse("F", "a reference names no approved passage")
        passage = passage_subject(sealed, known)
        fields = passage[0]["record"]["fields"]
        document = recorded(sealed, "document", known.document, {})
        true = {
            "passage": known.id, "document": known.document, "title": document["record"]["fields"]["title"],
            "version": known.version, "locator": known.locator, "section": fields["title"],
            "effective": known.sealed.effective, "expires": known.sealed.expires, "citations": fields["references"],
        }  # fmt: skip
        if not same(said, true):
            refuse("F", f"the reference to {known.id} is not what is approved")
        used += [passage, (document, "")]
    return used


def _choices(answer: Mapping[str, Any], sealed: Sealed) -> list[tuple[Subject, str]]:
    """F. The words on each button are approved ones: a name or the labeler of a document, or the title of a passage."""
    used = []
    for number, choice in enumerate(answer["choices"]):
        label, (kind, _, id) = choice["label"], choice["id"].partition(":")
        own: tuple[Subject, str] | None = None
        if kind == "passage":
            passage = sealed.ledger.passage(id)
            if passage and passage.retrieve and _eligible(passage.scope, answer["context"]):
                own = passage_subject(sealed, passage)
                sound = choice["send"] == choice["id"] and label == own[0]["record"]["fields"]["title"]
                own = own if sound else None
        elif kind in ("product", "document"):
            for key, subject in sealed.subjects.items():
                if key[0] == "document" and label in _names(subject, kind, id):
                    own = recorded(sealed, *key, {}), ""
        if own is None or choice["label_source"] != choice["id"]:
            refuse("F", f"choice {number} does not bear approved words")
        used.append(own)
    return used


def _names(document: Subject, kind: str, id: str) -> list[str]:
    fields = document["record"]["fields"]
    if kind == "document":
        return [fields["labeler"]] if fields["id"] == id else []
    return [*fields["brand_names"], *fields["generic_names"]] or [id] if fields["product"] == id else []


def _notes(sealed: Sealed, used: Iterable[Subject]) -> list[str]:
    """What a reader should know, and what keeps nothing from being proved."""
    release, today, notes = sealed.release, dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), []
    if not release.newest:
        notes.append(f"a later release is there; the keys of root {release.signed_under} signed this one")
    notes += [f"{role} metadata expired on {end}" for role, end in release.expires.items() if end <= today]
    for subject in used:
        kind, id = subject["kind"], subject["id"]
        ends = [sealed.gone.get((kind, id, version)) for version in (subject["version"], "*")]
        scope = subject["record"]["fields"].get("scope") or {}
        notes += [f"{kind} {id} withdrawn since, from {end} on" for end in ends if end]
        if kind in ("passage", "template") and (end := scope.get("expires")) and end <= today[:10]:
            notes.append(f"{kind} {id} expired since, on {end}")
    return notes + [f"counted for nothing: {name}" for name in sealed.uncounted]


# --- the command ------------------------------------------------------------------------------------------------------


def report(proof: Proof, sealed: Sealed) -> dict[str, Any]:
    """A proof as JSON."""
    answer, release = proof.answer, sealed.release
    return {
        "schema": "onlabel.verification/1",
        "proved": True,
        "answer_sha256": answer["receipt"]["answer_sha256"],
        "receipt_sha256": answer["receipt"]["receipt_sha256"],
        "context": answer["context"],
        "outcome": answer["outcome"],
        "release": {**answer["receipt"]["release"], "built_at": sealed.about["built_at"], "root": release.signed_under},
        "approved": [
            {name: subject[name] for name in ("kind", "id", "version", "sha256")}
            | {"by": [{n: act[n] for n in ("printed_name", "role", "signed_at", "meaning", "keyid")} for act in acts]}
            for subject, acts in proof.approvals
        ],
        "notes": list(proof.notes),
        "not_proved": list(NOT_PROVED),
    }


def for_people(told: Mapping[str, Any]) -> str:
    """A proof in lines of at most 80 columns. Names what was proved, never the text."""
    release, records = told["release"], told["approved"]
    signed: dict[tuple[str, str, str], int] = {}
    for record in records:
        for act in record["by"]:
            key = (act["printed_name"], act["role"], act["signed_at"])
            signed[key] = signed.get(key, 0) + 1
    rows = [
        ("PROVED", f"answer {told['answer_sha256']}"),
        ("for", " ".join(told["context"].values()) + f", outcome {told['outcome']}"),
        ("release", f"{release['name']}, number {release['number']}, built {release['built_at']}"),
        ("signed", f"by keys of root {release['root']}, in a chain from the root of trust given"),
        ("words", "every byte approved, eligible then and there, companions in place"),
        ("records", ", ".join(f"{record['kind']} {record['id']} {record['version']}" for record in records)),
        *(
            ("approved", f"{count} of {len(records)} by {name}, {role}, {at}")
            for (name, role, at), count in sorted(signed.items(), key=lambda item: item[0][2])
        ),
        *(("note", note) for note in told["notes"]),
        ("stated", "only, not proved: " + ", ".join(told["not_proved"])),
        ("", "Nor that this answer was given, to whom and when: ask the audit log."),
    ]
    lines = []
    for head, text in rows:
        plain = "".join(c if c.isprintable() else "?" for c in text)
        lines += textwrap.wrap(plain, 80, initial_indent=f"{head:<10}", subsequent_indent=" " * 10)
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify; the exit code: 0 proved, 4 not, 2 called wrongly."""
    parser = argparse.ArgumentParser(description="Prove an answer of Onlabel from its release. Exit code 0: proved.")
    parser.add_argument("answer", metavar="ANSWER.json", type=Path, help="an answer object, as `ask --json` prints it")
    parser.add_argument("--release", metavar="DIR", type=Path, required=True, help="a published or installed release")
    parser.add_argument("--root", metavar="ROOT.json", type=Path, required=True, help="the root of trust")
    parser.add_argument("--date", metavar="DATE", help="the day on which the answer was given, as you know it")
    parser.add_argument("--retired-keys", action="store_true", help="believe keys that a later root replaced")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    given = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a Windows console lacks letters that names have
    try:
        day(given.date or "1970-01-01", "--date")
        data, pinned = given.answer.read_bytes(), given.root.read_bytes()
        if not given.release.is_dir():
            raise NotADirectoryError(f"{given.release} is no folder")
    except (OSError, RefusedError) as error:
        print(f"onlabel_verify: {error}", file=sys.stderr)
        return 2
    try:
        told = verify(data, given.release, pinned, given.date, given.retired_keys)
    except RefusedError as error:
        refusal = {"schema": "onlabel.verification/1", "proved": False, "refused": str(error)}
        print(json.dumps(refusal) if given.json else f"NOT PROVED  {error}")
        return 4
    print(json.dumps(told, ensure_ascii=True) if given.json else for_people(told))
    return 0


def verify(
    data: bytes, folder: Path, pinned: bytes, date: str | None = None, retired_keys: bool = False
) -> dict[str, Any]:
    """Prove the answer in ``data`` from the release in ``folder``, trusting the root ``pinned``; the report.

    :raises RefusedError: something does not hold, or is not of the form that it should have.
    """
    try:
        answer = read_json(data, "F: the answer")
        if not fits(answer, _ANSWER):
            refuse("F", "the answer has not the fields of onlabel.answer/1, or its receipt names no release")
        release = open_release(folder, pinned, answer["receipt"]["release"]["targets_sha256"], retired_keys)
        sealed = unseal(release)
        return report(prove(answer, sealed, date), sealed)
    except OSError as error:
        raise RefusedError(f"R2: a file of the release cannot be read: {Path(str(error.filename)).name}") from error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RefusedError(f"R: a file of the release is malformed ({type(error).__name__})") from error


if __name__ == "__main__":
    sys.exit(main())
