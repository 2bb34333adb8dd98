"""Reports as they lie in the queue, and the batches in which they leave it.

Guarantees: a batch never changes. Its id, its reports and the very bytes of its files are kept in the queue from the
moment it is claimed until the receiver has confirmed it, so that handing it over again hands over the same.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import IntegrityError
from assistant.trust.intake.moments import from_text
from assistant.trust.intake.report import ReportClass

MANIFEST_SCHEMA = "onlabel.report-batch/1"


@dataclass(frozen=True, slots=True)
class Stored:
    """A report in the queue. ``data``: its record in canonical JSON, None once the words were deleted."""

    id: str
    kind: ReportClass
    aware: dt.datetime
    due: dt.datetime
    sha256: str
    data: bytes | None
    batch: str = ""
    drained: str = ""
    purged: str = ""

    @property
    def state(self) -> str:
        """``waiting``, ``claimed`` (in a batch that nobody confirmed), ``drained`` or ``purged``."""
        if self.purged:
            return "purged"
        return "drained" if self.drained else "claimed" if self.batch else "waiting"

    def overdue(self, at: dt.datetime) -> bool:
        """Whether the safety department should have it by now and has not confirmed it."""
        return not self.drained and at > self.due

    @property
    def sound(self) -> bool:
        """Whether it is as it was queued, words and all."""
        return self.data is not None and sha256_hex(self.data) == self.sha256

    @property
    def body(self) -> dict[str, Any]:
        """The record.

        :raises IntegrityError: it is not the one that was queued, or its words were deleted.
        """
        if self.data is None:
            raise IntegrityError(f"the words of report {self.id} were deleted; the safety department has them")
        if not self.sound:
            raise IntegrityError(f"report {self.id} is not as it was queued: keep the queue as it is and find out why")
        read: dict[str, Any] = json.loads(self.data)
        return read


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of a batch. ``data`` is None once the batch was confirmed."""

    name: str
    sha256: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Reports that leave the queue together. Its last file is the manifest: where that stands, the batch is whole.

    ``handed`` and ``confirmed``: when (UTC), "" while it has not been.
    """

    id: str
    created: dt.datetime
    handed: str
    confirmed: str
    reports: int
    files: tuple[ExportFile, ...]


@dataclass(frozen=True, slots=True)
class BatchHead:
    """What a renderer is told about the batch it writes."""

    id: str
    created: dt.datetime


#: Makes the files of a batch, as (name, bytes): the same for the same reports and head.
Render = Callable[[BatchHead, Sequence[Stored]], Sequence[tuple[str, bytes]]]


def with_manifest(head: BatchHead, stored: Sequence[Stored], files: Sequence[tuple[str, bytes]]) -> list[ExportFile]:
    """The files with their hashes, and the manifest that names them and the reports, without a word of one."""
    made = [ExportFile(name, sha256_hex(data), data) for name, data in files]
    manifest = canonical_json(
        {
            "schema": MANIFEST_SCHEMA,
            "batch": head.id,
            "created": head.created.isoformat(timespec="milliseconds"),
            "reports": [{"id": report.id, "class": report.kind.value, "sha256": report.sha256} for report in stored],
            "files": [{"name": f.name, "sha256": f.sha256, "bytes": len(f.data or b"")} for f in made],
        }
    )
    return [*made, ExportFile(f"{head.id}.manifest.json", sha256_hex(manifest), manifest)]


def stored(row: tuple[Any, ...]) -> Stored:
    """A row of the queue: id, class, aware_local, due, sha256, body, batch id, drained, purged."""
    id, kind, aware, due, digest, body, batch, drained, purged = row
    data = body.encode() if isinstance(body, str) else body  # text only where somebody else wrote it
    aware_at, due_at = from_text(aware), from_text(due)
    return Stored(id, ReportClass(kind), aware_at, due_at, digest, data, batch or "", drained or "", purged or "")
