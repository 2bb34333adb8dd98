"""Proof of signed metadata with the standard library and one signature check: what asking needs, without python-tuf.

The Update Framework's specification (1.0.34), section 5, on files that lie in one folder. :func:`prove` goes from a
root of trust that was given by hand to the list of files that a release consists of:

    root N     signed by the root keys of N-1 and of N, each to its threshold; versions without a gap   (5.3)
    timestamp  signed by the timestamp keys of the last root                                            (5.4)
    snapshot   signed; the version, length and hashes that the timestamp names                          (5.5)
    targets    signed; the version, length and hashes that the snapshot names                           (5.6)

Refuses beyond the specification: a key whose id is not the hash of the key, so that none counts twice under two names;
any scheme but Ed25519; delegations, which releases do not use; a file of the release without SHA-256 or with a name
that leads elsewhere. Expiry is not judged here: this module says until when, and
:mod:`assistant.trust.installed.clock` decides.

TUF's canonical form and ours differ in control characters only, which nothing here may hold: such metadata fails its
signature. Installing goes through python-tuf as well, so both have to agree.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import IntegrityError
from assistant.trust.installed.description import moment_of
from assistant.trust.installed.names import check_names
from assistant.trust.keys import keyid_of, verify_signature

#: A field of each role's metadata, beside those of the specification: when it was made. Time was never before it.
MADE_AT = "x-onlabel-made-at"
#: Longest metadata that is read, in bytes.
LONGEST = 5_000_000

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A file of a release: its path in it, its length in bytes and the SHA-256 of its bytes."""

    path: str
    length: int
    sha256: str

    @property
    def published_as(self) -> str:
        """Its path in a TUF repository with consistent snapshots, below the repository's folder."""
        folder, slash, name = self.path.rpartition("/")
        return f"targets/{folder}{slash}{self.sha256}.{name}"


@dataclass(frozen=True, slots=True)
class Proved:
    """What the signed metadata in a folder says.

    ``targets_sha256`` is that of the signed targets metadata file, ``expires`` the first of the four roles' moments,
    ``made_at`` the last moment at which any of it was made.
    """

    root_version: int
    number: int
    targets: Mapping[str, Target]
    targets_sha256: str
    targets_keys: frozenset[str]
    expires: dt.datetime
    made_at: dt.datetime


def prove(folder: Path, given_root: bytes) -> Proved:
    """Prove the metadata in ``folder`` (named as in a TUF repository) from ``given_root`` on.

    :raises IntegrityError: anything in it is missing, malformed or not signed as it must be.
    """
    try:
        return _prove(folder, given_root)
    except OSError as error:
        raise IntegrityError(f"the release's metadata is not whole: {error.filename} is missing") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"the release's metadata in {folder} is malformed ({type(error).__name__})") from error


def _prove(folder: Path, given_root: bytes) -> Proved:
    root = _last_root(folder, given_root)
    timestamp = _signed(_read(folder / "timestamp.json"), "timestamp", root)
    snapshot, _ = _named(folder, "snapshot", timestamp["meta"]["snapshot.json"], root)
    targets, targets_bytes = _named(folder, "targets", snapshot["meta"]["targets.json"], root)
    roles = (root, timestamp, snapshot, targets)
    return Proved(
        root_version=root["version"],
        number=targets["version"],
        targets=_files(targets),
        targets_sha256=sha256_hex(targets_bytes),
        targets_keys=frozenset(root["roles"]["targets"]["keyids"]),
        expires=min(moment_of(role["expires"]) for role in roles),
        made_at=max(moment_of(role.get(MADE_AT, "1970-01-01T00:00:00Z")) for role in roles),
    )


def _last_root(folder: Path, given: bytes) -> Fields:
    root = check_root(given, None)
    while (path := folder / f"{root['version'] + 1}.root.json").is_file():
        root = check_root(_read(path), root)
    return root


def check_root(data: bytes, before: Fields | None) -> Fields:
    """The root in ``data``, signed by itself and, where it follows another, by that one too (5.3.4, 5.3.5).

    :raises IntegrityError: it is not.
    """
    document = _parsed(data)
    root: Fields = document["signed"]
    _keys(root)
    _signed(data, "root", root)
    if before is not None:
        _signed(data, "root", before)
        if root["version"] != before["version"] + 1:
            raise IntegrityError(f"root {root['version']} follows root {before['version']}: it is refused")
    return root


def _named(folder: Path, role: str, meta: Fields, root: Fields) -> tuple[Fields, bytes]:
    """The metadata of ``role`` in the version that ``meta`` names, with its bytes."""
    data = _read(folder / f"{int(meta['version'])}.{role}.json")
    digest = sha256_hex(data)
    if (meta.get("length", len(data)), meta.get("hashes", {}).get("sha256", digest)) != (len(data), digest):
        raise IntegrityError(f"the release's {role} metadata is not the one that was signed for")
    signed = _signed(data, role, root)
    if signed["version"] != meta["version"]:
        raise IntegrityError(f"the release's {role} metadata is version {signed['version']}, not {meta['version']}")
    return signed, data


def _signed(data: bytes, role: str, root: Fields) -> Fields:
    """The signed part of ``data``, proved to the threshold that ``root`` sets for ``role``."""
    document = _parsed(data)
    signed: Fields = document["signed"]
    if signed["_type"] != role or str(signed["spec_version"]).split(".")[0] != "1":
        raise IntegrityError(f"{signed['_type']!r} stands where the release's {role} metadata should")
    given = [entry["keyid"] for entry in document["signatures"]]
    if len(given) != len(set(given)):
        raise IntegrityError(f"one key signed the release's {role} metadata twice: it is refused")
    keys, needed = _keys(root), root["roles"][role]
    payload = canonical_json(dict(signed))
    signers = {
        entry["keyid"]
        for entry in document["signatures"]
        if entry["keyid"] in needed["keyids"]
        and entry["keyid"] in keys
        and verify_signature(keys[entry["keyid"]], payload, bytes.fromhex(entry["sig"]))
    }
    if len(signers) < threshold_of(needed):
        raise IntegrityError(
            f"the release's {role} metadata bears {len(signers)} of {needed['threshold']} signatures of keys that are "
            "trusted for it: it is refused"
        )
    return signed


def threshold_of(role: Fields) -> int:
    """How many keys must sign.

    :raises ValueError: less than one.
    """
    threshold = role["threshold"]
    if type(threshold) is not int or threshold < 1:
        raise ValueError("a threshold is a number above 0")
    return threshold


def _keys(root: Fields) -> dict[str, str]:
    """Key id -> public key of every key in ``root``; each under the id that is its hash."""
    found: dict[str, str] = {}
    for keyid, key in root["keys"].items():
        public = key["keyval"]["public"]
        if (key["keytype"], key["scheme"]) != ("ed25519", "ed25519") or keyid != keyid_of(public):
            raise IntegrityError(f"the root of trust names the key {keyid[:8]} that is no Ed25519 key under its own id")
        found[keyid] = public
    return found


def _files(targets: Fields) -> dict[str, Target]:
    if targets.get("delegations"):
        raise IntegrityError("the release hands part of itself over to other signers (delegations): it is refused")
    check_names(targets["targets"])
    files = {}
    for path, entry in targets["targets"].items():
        digest, length = entry["hashes"]["sha256"], entry["length"]
        if len(bytes.fromhex(digest)) != 32 or digest != digest.lower() or type(length) is not int or length < 0:
            raise ValueError("a file has a SHA-256 and a length")
        files[path] = Target(path, length, digest)
    return files


def _parsed(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data.decode())
    if type(document["signed"]["version"]) is not int or document["signed"]["version"] < 1:
        raise ValueError("versions are numbers from 1 on")
    return document


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise IntegrityError(f"{path} is longer than any metadata of a release may be")
    return data
