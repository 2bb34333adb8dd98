"""The audit log: records that can be added and proved, and never changed unseen.

Guarantees: when :meth:`AuditLog.append` returns, the record is on the disk and part of the tree; when it raises, the
answer must not be shown. Several records may be kept by one commit, all of them or none. Record numbers begin at 0 and
have no gaps. Adding costs O(log n) hashes; a proof reads O(log² n) of them. Several threads and processes may use one
log.

The log itself believes nothing about what stands in its tables: :meth:`AuditLog.checkpoint` proves them whole before it
lets anybody sign, for a signature under a log that was tampered with would make the tampering true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from assistant.canonical import canonical_json
from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.trust.log import merkle
from assistant.trust.log.checkpoint import Checkpoint, make_checkpoint
from assistant.trust.log.notes import Sign
from assistant.trust.log.rows import Storage, origin_of
from assistant.trust.log.sqlite import SqliteStorage
from assistant.trust.log.verifying import CHECKPOINT_SCHEMA, Progress, Verification, read_checkpoint, verify
from assistant.trust.record_places import is_server

KEYED = "hmac-sha256:"


class AuditLog:
    """A log over a storage; implements :class:`assistant.trust.audit.AuditSink`."""

    def __init__(self, storage: Storage, *, read_only: bool = False) -> None:
        self._storage = storage
        self._read_only = read_only

    @classmethod
    def open(cls, place: Path | str, *, read_only: bool = False, sync: bool = True) -> Self:
        """The log in a file, or in PostgreSQL (``postgresql://...``). Nothing is touched before it is used.

        :param sync: False leaves out the sync of the disk (of a file's log alone): for measurements.
        :raises OnlabelError: the address cannot be read, or the driver is not installed.
        """
        if is_server(place):
            from assistant.trust.log.postgres import PostgresStorage

            return cls(PostgresStorage(str(place)), read_only=read_only)
        return cls(SqliteStorage(Path(place), read_only=read_only, sync=sync), read_only=read_only)

    def record(self, entry: Mapping[str, Any]) -> None:
        """See :class:`assistant.trust.audit.AuditSink`."""
        self.append(entry)

    def append(self, entry: Mapping[str, Any]) -> int:
        """Keep ``entry`` for good; its number.

        :raises OnlabelError: it could not be kept: show nothing.
        """
        return self.append_all([written(entry)])

    def append_all(self, bodies: Sequence[bytes]) -> int:
        """Keep several records, as :func:`written` gives them, by one commit; the number of the first.

        :raises OnlabelError: none of them was kept: show nothing of what they record.
        """
        return self._add(bodies, None)

    def _add(self, bodies: Sequence[bytes], marked: int | None) -> int:
        if self._read_only:
            raise UsageError("the audit log was opened to be read only")
        with self._storage.writing() as rows:
            first = rows.size()
            for number, body in enumerate(bodies, start=first):
                rows.add(number, body, merkle.completed(number, merkle.leaf_hash(body), rows.node), marked)
        return first

    def keyed(self, question: str) -> str:
        """``question`` as the policy ``hash`` records it: an HMAC-SHA256 under the salt of this log."""
        return KEYED + hmac.new(self._salt, question.encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _salt(self) -> bytes:
        with self._storage.reading() if self._read_only else self._storage.writing() as rows:
            return rows.salt()

    @cached_property
    def origin(self) -> str:
        """The name of this log in its checkpoints."""
        return origin_of(self._salt)

    @property
    def size(self) -> int:
        """How many records there are."""
        with self._storage.reading() as rows:
            return rows.size()

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` records; by default over all."""
        with self._storage.reading() as rows:
            return merkle.root(_within(size, rows.size()), rows.node)

    def leaf(self, number: int) -> bytes:
        """The bytes of a record, of which the tree holds the hash."""
        with self._storage.reading() as rows:
            return rows.body(_below(number, rows.size()))

    def entry(self, number: int) -> dict[str, Any]:
        """A record."""
        return decoded(number, self.leaf(number))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
        """Number, bytes and content of the records from ``start`` to before ``stop``, as they are now."""
        with self._storage.reading() as rows:
            end = rows.size() if stop is None else min(stop, rows.size())
            for number, body in rows.bodies(max(0, start)):
                if number >= end:
                    return
                if not isinstance(body, bytes):
                    raise IntegrityError(f"the audit log is damaged: record {number} is not stored as bytes")
                yield number, body, decoded(number, body)

    def inclusion(self, number: int, size: int) -> tuple[bytes, ...]:
        """The path from a record to the root over the first ``size`` ones (RFC 9162, 2.1.3)."""
        with self._storage.reading() as rows:
            return merkle.inclusion(_below(number, size), _within(size, rows.size()), rows.node)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from the root over ``old`` records to that over ``new`` ones (RFC 9162, 2.1.4)."""
        with self._storage.reading() as rows:
            return merkle.consistency(_within(old, new), _within(new, rows.size()), rows.node)

    def checkpoint(self, sign: Sign, public_hex: str, *, progress: Progress | None = None) -> Checkpoint:
        """Prove the whole log, have its size and root signed, and keep the checkpoint as a record.

        :raises IntegrityError: the log failed its proof, or ``sign`` does not sign with this key: nothing was signed.
        """
        proved = self.verify(progress=progress)
        proved.insist()
        made = make_checkpoint(proved.origin, proved.size, proved.root, public_hex, sign)
        self._keep(made)
        return made

    def keep(self, checkpoint: Checkpoint) -> int:
        """Keep a checkpoint that came back from outside, with the cosignatures under it; its record's number.

        :raises IntegrityError: it is not one of this log.
        """
        with self._storage.reading() as rows:
            if checkpoint.origin != origin_of(rows.salt()) or checkpoint.size > rows.size():
                raise IntegrityError("the checkpoint is not one of this log, or the log was cut off since")
            if checkpoint.root != merkle.root(checkpoint.size, rows.node):
                raise IntegrityError("the log is not the one that this checkpoint was made of")
        return self._keep(checkpoint)

    def _keep(self, checkpoint: Checkpoint) -> int:
        time = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        entry = {"schema": CHECKPOINT_SCHEMA, "time": time, "note": str(checkpoint)}
        return self._add([canonical_json(entry)], checkpoint.size)

    def checkpoints(self) -> list[tuple[int, Checkpoint]]:
        """The checkpoints in the log, each with its record's number; not proved here."""
        with self._storage.reading() as rows:
            found = [(number, read_checkpoint(rows.body(number))) for number, _ in rows.marks()]
        return [(number, checkpoint) for number, checkpoint in found if checkpoint is not None]

    def last_checkpoint(self) -> Checkpoint:
        """The checkpoint over the most records.

        :raises NotReadyError: there is none yet.
        """
        found = [checkpoint for _, checkpoint in self.checkpoints()]
        if not found:
            raise NotReadyError("no checkpoint was signed yet: run `onlabel audit checkpoint --key FILE`")
        return max(found, key=lambda checkpoint: checkpoint.size)

    def verify(
        self,
        publics: Sequence[str] = (),
        witnesses: Sequence[str] = (),
        outside: Sequence[Checkpoint] = (),
        progress: Progress | None = None,
    ) -> Verification:
        """Prove the whole log; see :mod:`assistant.trust.log.verifying`.

        :raises IntegrityError: the database is so damaged that it cannot be read to its end.
        """
        with self._storage.reading() as rows:
            return verify(rows, publics, witnesses, outside, progress)

    def close(self) -> None:
        """Let go of the database."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def written(entry: Mapping[str, Any]) -> bytes:
    """``entry`` as the log keeps it.

    :raises OnlabelError: it has no canonical form, so it cannot be recorded: show nothing.
    """
    if entry.get("schema") == CHECKPOINT_SCHEMA:
        raise UsageError("a checkpoint is kept by `keep`, which proves it first")
    try:
        return canonical_json(dict(entry))
    except (TypeError, ValueError, RecursionError) as error:
        raise OnlabelError(f"the answer was not shown because it could not be recorded: {error}") from error


def decoded(number: int, body: bytes) -> dict[str, Any]:
    """The record that is written so.

    :raises IntegrityError: it is no JSON object.
    """
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"the audit log is damaged: record {number} cannot be read") from error
    if not isinstance(entry, dict):
        raise IntegrityError(f"the audit log is damaged: record {number} is no record")
    return entry


def _within(size: int | None, most: int) -> int:
    if size is None:
        return most
    if not 0 <= size <= most:
        raise UsageError(f"the audit log has {most} records, not {size}")
    return size


def _below(number: int, size: int) -> int:
    if not 0 <= number < size:
        raise UsageError(f"there is no record {number}: they go from 0 to {size - 1}" if size else "no record is there")
    return number
