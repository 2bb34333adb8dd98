"""The files in which reports leave the queue, and the folder they are put into.

Guarantees: JSON Lines hold each record as it was queued, byte for byte, so that its hash can be computed again; a file
of :class:`FolderSink` appears whole under its name or not at all, synced to the disk, readable by its owner alone; the
manifest comes last. Handing over the same batch again leaves the same files.

Refuses: an unknown format, a folder that cannot be written.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import OnlabelError
from assistant.trust.intake.batches import Batch, BatchHead, ExportFile, Render, Stored
from assistant.trust.intake.report import ALL, CASES, ReportClass
from assistant.trust.intake.store import sync_folder

#: A half-written file this old, in seconds, belongs to no process that still writes.
_ABANDONED = 3600.0
_PART = ".part"


class Form(StrEnum):
    """In what form reports leave."""

    JSONL = "jsonl"
    E2B = "e2b"
    BOTH = "both"

    @property
    def classes(self) -> tuple[ReportClass, ...]:
        """What can leave in it: a complaint about a product alone is no case and has no E2B."""
        return CASES if self is Form.E2B else ALL


def renderer(form: Form, sender: str = "") -> Render:
    """What writes the files of a batch in this form. ``sender`` names the company in E2B ("": left open)."""

    def render(head: BatchHead, reports: Sequence[Stored]) -> list[tuple[str, bytes]]:
        files: list[tuple[str, bytes]] = []
        bodies = [report.body for report in reports]  # proves each against its hash
        if form is not Form.E2B:
            files.append((f"{head.id}.jsonl", b"".join(canonical_json(body) + b"\n" for body in bodies)))
        cases = [body for body, report in zip(bodies, reports, strict=True) if report.kind in CASES]
        if form is not Form.JSONL and cases:
            from assistant.trust.intake.e2b import message  # lxml

            files.append((f"{head.id}.e2b.xml", message(head, cases, sender)))
        return files

    return render


@dataclass(frozen=True, slots=True)
class FolderSink:
    """Puts batches into a folder: call it with a batch."""

    folder: Path

    def __call__(self, batch: Batch) -> None:
        """Write the files of ``batch``, the manifest last.

        :raises OnlabelError: a file cannot be written; the batch stays unconfirmed and is handed over again.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in batch.files:
                self._put(file)
        except OSError as error:
            raise OnlabelError(f"{self.folder}: batch {batch.id} could not be written: {error}") from error

    def _put(self, file: ExportFile) -> None:
        place = self.folder / file.name
        if file.data is None or (place.is_file() and sha256_hex(place.read_bytes()) == file.sha256):
            return  # it stands there from the last time
        # A name of its own: another drainer may be writing the same file now.
        part = self.folder / f".{file.name}.{secrets.token_hex(4)}{_PART}"
        try:
            _write(part, file.data)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(self.folder)
        self._sweep(file.name)

    def _sweep(self, name: str) -> None:
        """Remove what dead processes left half-written: it holds people's words."""
        for part in self.folder.glob(f".{name}.*{_PART}"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink()


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
