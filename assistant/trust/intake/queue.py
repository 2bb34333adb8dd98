"""The queue of reports: in at once and for good, out once and only once.

Guarantees:

- When :meth:`IntakeQueue.add` returns, the report is on the disk; when it raises, nothing was queued. Only a report
  that says the same in the same conversation and minute is not queued twice; whatever is doubtful is.
- A report belongs to at most one batch, ever. :meth:`claim` puts what waits into a batch and keeps the batch's files
  in the queue, in one transaction; until :meth:`confirm` it hands over that same batch, same id and same bytes, to
  whoever asks, however often the machine or a process died between. So nothing is lost, and a receiver that knows
  batch ids takes nothing twice.
- A batch that waits for its confirmation does not hold up later reports: they go into a batch of their own.

Refuses: to confirm a batch that does not exist or was not handed to anybody, and to delete the words of a report that
nobody has confirmed.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assistant.canonical import canonical_json, fingerprint, sha256_hex
from assistant.errors import IntegrityError, UsageError
from assistant.trust.intake import batches, moments
from assistant.trust.intake.batches import Batch, BatchHead, ExportFile, Render, Stored
from assistant.trust.intake.report import ALL, Report, ReportClass
from assistant.trust.intake.store import reading, writing

#: Where a workspace or an installed release keeps it.
FOLDER, FILE_NAME = "intake", "reports.sqlite"
#: A batch is written while others wait for the file: it stays small enough for a fraction of a second.
LARGEST_BATCH = 500
_PREFIX = re.compile(r"[0-9a-f]{6,}")
_BATCH_ID = re.compile(r"[0-9a-f]+-[0-9]{6,}")

_REPORT = (
    "SELECT r.id, class, aware_local, due, sha256, body, b.id, drained, purged "
    "FROM reports r LEFT JOIN batches b ON b.number = r.batch "
)
_BATCH = (
    "SELECT number, id, created, handed, confirmed, "
    "(SELECT count(*) FROM reports WHERE reports.batch = batches.number) FROM batches "
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue stands. ``waiting`` are in no batch yet, ``claimed`` in one that nobody has confirmed.

    ``next_due``: of those that nobody has confirmed, the next that is not overdue yet; None where all are.
    """

    waiting: int
    claimed: int
    drained: int
    overdue: int
    oldest: Stored | None
    next_due: dt.datetime | None
    unconfirmed: tuple[Batch, ...]


class IntakeQueue:
    """The queue in one file. Safe to share between threads and processes; nothing is held open between calls."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """The queue in ``path``, which is made by the first report.

        :raises OnlabelError: what stands there cannot be read, is damaged, or is no queue.
        """
        with reading(path):
            return cls(path)

    def add(self, report: Report) -> str:
        """Queue ``report``.

        :return: its id, or that of the same report queued before in the same conversation and minute.
        :raises OnlabelError: it could not be kept: whoever reported has to be told so.
        """
        id = secrets.token_hex(10)
        body = canonical_json(report.as_json(id, salt=secrets.token_hex(16)))
        same = report.same()
        key = fingerprint(same) if same is not None else None
        with writing(self.path) as db:
            db.execute(
                "INSERT INTO reports (id, class, aware, aware_local, due, sha256, same, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (same) DO NOTHING",
                (
                    id,
                    report.kind.value,
                    moments.utc_text(report.aware),
                    moments.local_text(report.aware),
                    moments.utc_text(report.due),
                    sha256_hex(body),
                    key,
                    body,
                ),
            )
            kept: str = db.execute("SELECT id FROM reports WHERE id = ? OR same = ?", (id, key)).fetchone()[0]
        return kept

    def waiting(self) -> tuple[Stored, ...]:
        """Every report that nobody has confirmed, oldest first, whether it is in a batch or not."""
        return self._reports("WHERE drained IS NULL ORDER BY aware, r.number")

    def find(self, prefix: str) -> Stored:
        """The report whose id begins with ``prefix``.

        :raises UsageError: none does, several do, or it is too short to tell.
        """
        if not _PREFIX.fullmatch(prefix):
            raise UsageError("a report's id is given by its first 6 characters or more: see `onlabel intake list`")
        found = self._reports("WHERE r.id >= ? AND r.id < ? LIMIT 2", prefix, prefix + "g")
        if len(found) != 1:
            said = "several reports have ids" if found else "there is no report with an id"
            raise UsageError(f"{said} that begins with {prefix}; `onlabel intake list` shows them")
        return found[0]

    def status(self, at: dt.datetime | None = None) -> Standing:
        """How many wait, since when, and which batches nobody has confirmed."""
        moment = at or moments.now()
        open_ones = self.waiting()
        with reading(self.path) as db:
            drained = db.execute("SELECT count(*) FROM reports WHERE drained NOT NULL").fetchone()[0] if db else 0
            unconfirmed = _outstanding(db) if db else ()
        claimed = sum(report.state == "claimed" for report in open_ones)
        overdue = sum(report.overdue(moment) for report in open_ones)
        oldest = open_ones[0] if open_ones else None
        next_due = min((report.due for report in open_ones if not report.overdue(moment)), default=None)
        return Standing(len(open_ones) - claimed, claimed, drained, overdue, oldest, next_due, unconfirmed)

    def claim(self, render: Render, classes: Sequence[ReportClass] = ALL) -> tuple[Batch, ...]:
        """Every batch that nobody has confirmed, oldest first; what waits is put into new ones.

        :param render: writes the files of a new batch; those of an older one are as they were.
        :param classes: only reports of these classes go into new batches, the others go on waiting.
        """
        if not self.path.exists():
            return ()
        with writing(self.path) as db:
            while _claim_some(db, render, classes):
                pass
            return _outstanding(db)

    def confirm(self, batch: str) -> Batch:
        """The receiver has ``batch``: its reports are drained. Confirming again changes nothing.

        :raises UsageError: there is no such batch, or it was never handed over.
        """
        if not _BATCH_ID.fullmatch(batch) or not self.path.exists():
            raise UsageError("there is no such batch: `onlabel intake status` names those that wait for a confirmation")
        with writing(self.path) as db:
            found = _batches(db, "WHERE id = ?", batch)
            if not found or not found[0].handed:
                names = ", ".join(waiting.id for waiting in _outstanding(db) if waiting.handed) or "none"
                said = "was not handed over yet: drain again" if found else "does not exist"
                raise UsageError(f"batch {batch} {said}; those that wait for a confirmation: {names}")
            at = moments.utc_text(moments.now())
            (number,) = db.execute("SELECT number FROM batches WHERE id = ?", (batch,)).fetchone()
            db.execute("UPDATE reports SET drained = ? WHERE batch = ? AND drained IS NULL", (at, number))
            db.execute("UPDATE files SET data = NULL WHERE batch = ?", (number,))
            db.execute("UPDATE batches SET confirmed = ? WHERE number = ? AND confirmed IS NULL", (at, number))
            return _batches(db, "WHERE id = ?", batch)[0]

    def drain(
        self,
        sink: Callable[[Batch], None],
        receipt: Callable[[Batch], bool],
        render: Render,
        classes: Sequence[ReportClass] = ALL,
    ) -> tuple[Batch, ...]:
        """Hand every unconfirmed batch to ``sink``; confirm those for which ``receipt`` says that they arrived.

        ``sink`` may be given the same batch again, after a crash or by another process at the same time: same id, same
        bytes. It has to have made a batch durable when it returns.
        """
        handed = self.claim(render, classes)
        for batch in handed:
            sink(batch)
            with writing(self.path) as db:
                at = moments.utc_text(moments.now())
                db.execute("UPDATE batches SET handed = ? WHERE id = ? AND handed IS NULL", (at, batch.id))
            if receipt(batch):
                self.confirm(batch.id)
        return handed

    def purge(self, drained_before: dt.date) -> int:
        """Delete the words of reports drained before that day (UTC); id, times, class and hash stay.

        :return: how many.
        """
        if not self.path.exists():
            return 0
        with writing(self.path) as db:
            return db.execute(
                "UPDATE reports SET body = NULL, same = NULL, purged = ? WHERE drained < ? AND body NOT NULL",
                (moments.utc_text(moments.now()), drained_before.isoformat()),
            ).rowcount

    def _reports(self, where: str, *values: object) -> tuple[Stored, ...]:
        with reading(self.path) as db:
            rows = db.execute(_REPORT + where, values).fetchall() if db else ()
        return tuple(map(batches.stored, rows))


def _claim_some(db: sqlite3.Connection, render: Render, classes: Sequence[ReportClass]) -> bool:
    """Put the oldest waiting reports of these classes into a new batch; False where there are none.

    One that is not as it was queued is left behind for a person to look at: it must not hold up the others.
    """
    where = "WHERE r.batch IS NULL AND class IN (SELECT value FROM json_each(?)) ORDER BY aware, r.number LIMIT ?"
    rows = db.execute(_REPORT + where, (json.dumps(classes), LARGEST_BATCH)).fetchall()
    claimed = tuple(report for report in map(batches.stored, rows) if report.sound)
    if not claimed:
        return False
    created = moments.local_text(moments.now())
    number = db.execute("INSERT INTO batches (created) VALUES (?)", (created,)).lastrowid
    # The queue's own id makes the batch's unique among all laptops.
    (queue,) = db.execute("SELECT id FROM queue").fetchone()
    id = f"{queue}-{number:06d}"
    db.execute("UPDATE batches SET id = ? WHERE number = ?", (id, number))
    head = BatchHead(id, moments.from_text(created))
    for place, file in enumerate(batches.with_manifest(head, claimed, render(head, claimed))):
        db.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", (number, place, file.name, file.sha256, file.data))
    db.executemany("UPDATE reports SET batch = ? WHERE id = ?", [(number, report.id) for report in claimed])
    return True


def _outstanding(db: sqlite3.Connection) -> tuple[Batch, ...]:
    return _batches(db, "WHERE confirmed IS NULL ORDER BY number")


def _batches(db: sqlite3.Connection, where: str, *values: object) -> tuple[Batch, ...]:
    found: list[Batch] = []
    for number, id, created, handed, confirmed, reports in db.execute(_BATCH + where, values).fetchall():
        rows = db.execute("SELECT name, sha256, data FROM files WHERE batch = ? ORDER BY place", (number,))
        files = tuple(ExportFile(name, digest, data) for name, digest, data in rows)
        for file in files:
            if file.data is not None and sha256_hex(file.data) != file.sha256:
                raise IntegrityError(f"{file.name} is not as it was claimed: keep the queue's file and find out why")
        found.append(Batch(id, moments.from_text(created), handed or "", confirmed or "", reports, files))
    return tuple(found)
