"""The queue of reports: in at once and for good, out once and only once.

Guarantees, in a file and in PostgreSQL:

- When :meth:`IntakeQueue.add` returns, the report is on the disk; when it raises, nothing was queued (or the connection
  to the server broke off at the end, again and again, and nobody can tell). Only a report that says the same in the
  same conversation and minute is not queued twice; whatever is doubtful is.
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
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from assistant.canonical import canonical_json, fingerprint
from assistant.errors import OnlabelError, UsageError
from assistant.trust.intake import moments
from assistant.trust.intake.report import ALL, Report, ReportClass
from assistant.trust.intake.rows import LostError, Storage
from assistant.trust.record_places import is_server

if TYPE_CHECKING:
    from assistant.trust.intake.batches import Batch, Render, Stored
    from assistant.trust.intake.rows import Rows

#: Where a workspace or an installed release keeps it.
FOLDER, FILE_NAME = "intake", "reports.sqlite"
#: A batch is written while others wait for the file: it stays small enough for a fraction of a second.
LARGEST_BATCH = 500
_TRIES = 3
_PREFIX = re.compile(r"[0-9a-f]{6,}")
_BATCH_ID = re.compile(r"[0-9a-f]+-[0-9]{6,}")


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
    """The queue over a storage. Safe to share between threads and processes; nothing is held open between calls."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @classmethod
    def open(cls, place: Path | str) -> Self:
        """The queue in a file, or in PostgreSQL (``postgresql://...``). It is made by the first report.

        :raises OnlabelError: what stands there cannot be read, is damaged, or is no queue: better known now than when
            somebody reports.
        """
        queue = cls(_storage_of(place))
        with queue._storage.reading():
            return queue

    def prepare(self) -> None:
        """Make the queue now if it is not there, and find out whether a report would be kept.

        :raises OnlabelError: it would not.
        """
        with self._storage.adding():
            pass

    def add(self, report: Report) -> str:
        """Queue ``report``.

        :return: its id, or that of the same report queued before in the same conversation and minute.
        :raises OnlabelError: it could not be kept: whoever reported has to be told so.
        """
        id = secrets.token_hex(10)
        body = canonical_json(report.as_json(id, salt=secrets.token_hex(16)))
        same = report.same()
        key = fingerprint(same) if same is not None else None
        for tries_left in reversed(range(_TRIES)):
            # Each time under the same id: what was kept although the connection was lost is not kept twice.
            try:
                with self._storage.adding() as rows:
                    kept = rows.put(id, report.kind, report.aware, report.due, body, key)
            except LostError:
                if not tries_left:
                    raise
            else:
                if kept:
                    return kept
        raise OnlabelError("the report could not be queued: the same one was purged meanwhile; report it again")

    def waiting(self) -> tuple[Stored, ...]:
        """Every report that nobody has confirmed, oldest first, whether it is in a batch or not."""
        with self._storage.reading() as rows:
            return rows.open_reports() if rows else ()

    def find(self, prefix: str) -> Stored:
        """The report whose id begins with ``prefix``.

        :raises UsageError: none does, several do, or it is too short to tell.
        """
        if not _PREFIX.fullmatch(prefix):
            raise UsageError("a report's id is given by its first 6 characters or more: see `onlabel intake list`")
        with self._storage.reading() as rows:
            found = rows.beginning_with(prefix) if rows else ()
        if len(found) != 1:
            said = "several reports have ids" if found else "there is no report with an id"
            raise UsageError(f"{said} that begins with {prefix}; `onlabel intake list` shows them")
        return found[0]

    def status(self, at: dt.datetime | None = None) -> Standing:
        """How many wait, since when, and which batches nobody has confirmed."""
        moment = at or moments.now()
        with self._storage.reading() as rows:
            if rows is None:
                return Standing(0, 0, 0, 0, None, None, ())
            open_ones, drained, unconfirmed = rows.open_reports(), rows.drained(), rows.outstanding()
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
        while True:  # a transaction a batch: whoever reports meanwhile waits for one batch and not for all
            with self._storage.writing() as rows:
                if rows is None:
                    return ()
                if not _claim_some(rows, render, classes):
                    return rows.outstanding()

    def confirm(self, batch: str) -> Batch:
        """The receiver has ``batch``: its reports are drained. Confirming again changes nothing.

        :raises UsageError: there is no such batch, or it was never handed over.
        """
        unknown = UsageError("there is no such batch: `onlabel intake status` names those that wait to be confirmed")
        if not _BATCH_ID.fullmatch(batch):
            raise unknown
        with self._storage.writing() as rows:
            if rows is None:
                raise unknown
            found = rows.batch(batch)
            if found is None or not found.handed:
                names = ", ".join(waiting.id for waiting in rows.outstanding() if waiting.handed) or "none"
                said = "was not handed over yet: drain again" if found else "does not exist"
                raise UsageError(f"batch {batch} {said}; those that wait for a confirmation: {names}")
            rows.confirm(batch, moments.utc_text(moments.now()))
            return rows.batch(batch) or found

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
            with self._storage.writing() as rows:
                if rows is not None:
                    rows.hand(batch.id, moments.utc_text(moments.now()))
            if receipt(batch):
                self.confirm(batch.id)
        return handed

    def purge(self, drained_before: dt.date) -> int:
        """Delete the words of reports drained before that day (UTC); id, times, class and hash stay.

        :return: how many.
        """
        with self._storage.writing() as rows:
            return rows.purge(drained_before.isoformat(), moments.utc_text(moments.now())) if rows else 0


def _storage_of(place: Path | str) -> Storage:
    if is_server(place):
        from assistant.trust.intake.postgres import PostgresStorage

        return PostgresStorage(str(place))
    from assistant.trust.intake.sqlite import SqliteStorage

    return SqliteStorage(Path(place))


def _claim_some(rows: Rows, render: Render, classes: Sequence[ReportClass]) -> bool:
    """Put the oldest waiting reports of these classes into a new batch; whether it is full, so that more may wait.

    Those that are not as they were queued are left behind for a person to look at: however many they are, they must not
    hold up the others.
    """
    from assistant.trust.intake.batches import BatchHead, with_manifest

    sound = (report for report in rows.waiting(classes, LARGEST_BATCH) if report.sound)
    claimed = tuple(islice(sound, LARGEST_BATCH))
    if not claimed:
        return False
    created = moments.local_text(moments.now())
    number, id = rows.begin(created)
    head = BatchHead(id, moments.from_text(created))
    rows.fill(number, with_manifest(head, claimed, render(head, claimed)), claimed)
    return len(claimed) == LARGEST_BATCH
