"""``approvals/`` on the disk: envelopes, one file each, and beside each approval the records of what it signed.

Guarantees: a file appears whole or not at all and is never overwritten; every file is read, and what is no envelope is
a fault with its name, never passed over. Records need no trust: each is found by its SHA-256, which the signature
holds, so a changed record is simply not found.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from assistant.canonical import sha256_hex
from assistant.errors import ContentError, OnlabelError
from assistant.trust.approvals.acts import stamp
from assistant.trust.disk import write_whole

SIGNED = "signed"
WITHDRAWN = "withdrawn"
SUFFIX = ".dsse.json"
RECORDS_SUFFIX = ".subjects.jsonl"


class Records(Protocol):
    """What was signed once, by its SHA-256; None where that is not known."""

    def __call__(self, sha256: str) -> Mapping[str, Any] | None: ...


def no_records(sha256: str) -> None:
    """Nothing is known of what was signed before."""


def envelope_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """``(name, bytes)`` of every file in ``signed/`` and ``withdrawn/`` below ``folder`` that is no record, by name.

    :raises ContentError: one cannot be read.
    """
    found: list[tuple[str, bytes]] = []
    for place in (folder / SIGNED, folder / WITHDRAWN):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.name.startswith(".") or path.name.endswith(RECORDS_SUFFIX):
                continue
            try:
                found.append((f"{place.name}/{path.name}", path.read_bytes()))
            except OSError as error:
                raise ContentError(f"cannot be read: {error.strerror}", path) from error
    return tuple(found)


def recorded(folder: Path) -> Records:
    """The records below ``folder``, read only when the first one is asked for."""

    @cache
    def all_records() -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for path in sorted((folder / SIGNED).glob(f"*{RECORDS_SUFFIX}")):
            for line in path.read_bytes().splitlines():
                _keep(line, found)
        return found

    return lambda sha256: all_records().get(sha256)


def _keep(line: bytes, found: dict[str, Mapping[str, Any]]) -> None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return  # only an explanation is lost: what counts is the digest in the signature
    if isinstance(record, dict) and isinstance(record.get("fields"), dict):
        found[sha256_hex(line)] = record


def file_name(data: bytes, role: str, keyid: str, signed_at: dt.datetime) -> str:
    """The name of an envelope's file: when, as what, by which key, and the first digits of its hash."""
    compact = stamp(signed_at).replace("-", "").replace(":", "")
    return f"{compact}-{role}-{keyid[:8]}-{sha256_hex(data)[:8]}{SUFFIX}"


def shelve(folder: Path, name: str, data: bytes, records: Iterable[bytes] = ()) -> Path:
    """Put an envelope (and the records of what it signs) into ``folder``; its path.

    :raises OnlabelError: it cannot be written, or is there already.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise OnlabelError(f"{path} is there already: this very act was signed before")
        lines = b"".join(record + b"\n" for record in records)
        if lines:
            write_whole(folder / (name.removesuffix(SUFFIX) + RECORDS_SUFFIX), lines)
        write_whole(path, data)
    except OSError as error:
        raise OnlabelError(f"{path}: the signature cannot be written: {error.strerror}") from error
    return path
