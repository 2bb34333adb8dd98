"""The files in which reports leave the queue, and the folder they are put into.

Guarantees: JSON Lines hold each record as it was queued, byte for byte, so that its hash can be computed again; a file
of :class:`FolderSink` appears whole under its name or not at all, synced to the disk, readable by its owner alone; the
manifest comes last. Handing over the same batch again leaves the same files.

Refuses: an unknown format, a folder that cannot be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import OnlabelError
from assistant.trust import disk
from assistant.trust.intake.batches import Batch, BatchHead, ExportFile, Render, Stored
from assistant.trust.intake.report import ALL, CASES, ReportClass


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
        disk.write_whole(place, file.data, mode=0o600)
        disk.sweep(place)  # what dead processes left holds people's words
