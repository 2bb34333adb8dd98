"""The tables of a queue, whatever database they stand in, as seen and changed within one transaction.

``reports`` holds the records and where they stand, ``batches`` what leaves together, ``files`` the very bytes in which
it leaves, ``queue`` the queue's own name. Times are texts in UTC that sort as the times do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from assistant.canonical import sha256_hex
from assistant.errors import IntegrityError, OnlabelError
from assistant.trust.intake.batches import Batch, ExportFile, Stored, stored
from assistant.trust.intake.moments import from_text, local_text, utc_text
from assistant.trust.intake.report import ReportClass
from assistant.trust.log.rows import Ask

VERSION = 1

_REPORT = "r.id, class, aware_local, due, sha256, body, b.id, drained, purged "
_FROM = "FROM reports r LEFT JOIN batches b ON b.number = r.batch "
_BATCH = (
    "SELECT number, id, created, handed, confirmed, "
    "(SELECT count(*) FROM reports WHERE reports.batch = batches.number) FROM batches "
)


class LostError(OnlabelError):
    """The way to the database broke off within a transaction: whether it was kept is not known."""


class Rows:
    """See the module's docstring."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def put(
        self, id: str, kind: ReportClass, aware: dt.datetime, due: dt.datetime, body: bytes, same: str | None
    ) -> str:
        """Add a report, unless it or the same one is there; the id of what is there now, "" where nothing is.

        It needs the right to add rows and to read ``id``, ``sha256`` and ``same``: none to read what was reported.
        """
        digest = sha256_hex(body)
        self._ask(
            "INSERT INTO reports (id, class, aware, aware_local, due, sha256, same, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (id, kind.value, utc_text(aware), local_text(aware), utc_text(due), digest, same, body),
        )
        kept = self._ask("SELECT id FROM reports WHERE id = ? AND sha256 = ? OR same = ?", (id, digest, same))
        return kept[0][0] if kept else ""

    def open_reports(self) -> tuple[Stored, ...]:
        """Every report that nobody has confirmed, oldest first."""
        return self._reports("WHERE drained IS NULL ORDER BY aware, r.number")

    def waiting(self, classes: Sequence[ReportClass], page: int) -> Iterator[Stored]:
        """Every report of these classes that is in no batch, oldest first; so many are held in memory at a time."""
        places = ", ".join("?" * len(classes))
        asked = (
            f"SELECT aware, r.number, {_REPORT}{_FROM}"
            f"WHERE r.batch IS NULL AND class IN ({places}) AND (aware > ? OR aware = ? AND r.number > ?) "
            "ORDER BY aware, r.number LIMIT ?"
        )
        kinds, last = [kind.value for kind in classes], ("", "", 0)
        while rows := self._ask(asked, (*kinds, *last, page)):
            yield from (stored(row[2:]) for row in rows)
            last = (rows[-1][0], rows[-1][0], rows[-1][1])

    def beginning_with(self, prefix: str) -> tuple[Stored, ...]:
        """At most two reports whose id begins with these hexadecimal digits."""
        return self._reports("WHERE r.id >= ? AND r.id < ? ORDER BY r.id LIMIT 2", prefix, prefix + "g")

    def drained(self) -> int:
        """How many reports were confirmed."""
        return int(self._ask("SELECT count(*) FROM reports WHERE drained IS NOT NULL", ())[0][0])

    def outstanding(self) -> tuple[Batch, ...]:
        """Every batch that nobody has confirmed, oldest first."""
        return self._batches("WHERE confirmed IS NULL ORDER BY number")

    def batch(self, id: str) -> Batch | None:
        """The batch of this id."""
        found = self._batches("WHERE id = ?", id)
        return found[0] if found else None

    def begin(self, created: str) -> tuple[int, str]:
        """A new batch; its number and id. The queue's own name makes the id unique among all laptops and servers."""
        # The only writer (see Storage.writing) counts itself: no number is passed over where one was rolled back.
        ((queue, last),) = self._ask("SELECT id, (SELECT coalesce(max(number), 0) FROM batches) FROM queue", ())
        number, id = last + 1, f"{queue}-{last + 1:06d}"
        self._ask("INSERT INTO batches (number, id, created) VALUES (?, ?, ?)", (number, id, created))
        return number, id

    def fill(self, number: int, files: Sequence[ExportFile], reports: Sequence[Stored]) -> None:
        """Put files and reports into a batch.

        :raises IntegrityError: a report is in one already.
        """
        for place, file in enumerate(files):
            values = (number, place, file.name, file.sha256, file.data)
            self._ask("INSERT INTO files (batch, place, name, sha256, data) VALUES (?, ?, ?, ?, ?)", values)
        for report in reports:
            self._ask("UPDATE reports SET batch = ? WHERE id = ? AND batch IS NULL", (number, report.id))
        ((taken,),) = self._ask("SELECT count(*) FROM reports WHERE batch = ?", (number,))
        if taken != len(reports):
            raise IntegrityError("reports were put into another batch meanwhile: nothing was claimed, drain again")

    def hand(self, batch: str, at: str) -> None:
        """The batch was handed over, if it had not been."""
        self._ask("UPDATE batches SET handed = ? WHERE id = ? AND handed IS NULL", (at, batch))

    def confirm(self, batch: str, at: str) -> None:
        """The batch has arrived: its reports are drained, and its files need not be kept any longer."""
        ((number,),) = self._ask("SELECT number FROM batches WHERE id = ?", (batch,))
        self._ask("UPDATE reports SET drained = ? WHERE batch = ? AND drained IS NULL", (at, number))
        self._ask("UPDATE files SET data = NULL WHERE batch = ?", (number,))
        self._ask("UPDATE batches SET confirmed = ? WHERE number = ? AND confirmed IS NULL", (at, number))

    def purge(self, before: str, at: str) -> int:
        """Delete the words of reports that were drained before; how many."""
        which = "WHERE drained < ? AND body IS NOT NULL"
        ((count,),) = self._ask(f"SELECT count(*) FROM reports {which}", (before,))  # noqa: S608
        self._ask(f"UPDATE reports SET body = NULL, same = NULL, purged = ? {which}", (at, before))  # noqa: S608
        return int(count)

    def _reports(self, where: str, *values: object) -> tuple[Stored, ...]:
        return tuple(map(stored, self._ask(f"SELECT {_REPORT}{_FROM}{where}", values)))

    def _batches(self, where: str, *values: object) -> tuple[Batch, ...]:
        return tuple(map(self._whole, self._ask(_BATCH + where, values)))

    def _whole(self, row: tuple[Any, ...]) -> Batch:
        number, id, created, handed, confirmed, reports = row
        rows = self._ask("SELECT name, sha256, data FROM files WHERE batch = ? ORDER BY place", (number,))
        files = tuple(ExportFile(name, digest, data) for name, digest, data in rows)
        for file in files:
            if file.data is not None and sha256_hex(file.data) != file.sha256:
                raise IntegrityError(f"{file.name} is not as it was claimed: keep the queue as it is and find out why")
        return Batch(id, from_text(created), handed or "", confirmed or "", reports, files)


class Storage(Protocol):
    """A database that keeps one queue. When a transaction that changes it ends well, the change is on the disk."""

    def adding(self) -> AbstractContextManager[Rows]:
        """A transaction that adds reports; it makes the queue where there is none.

        :raises LostError: whether the report was kept is not known: add it again, under the same id.
        :raises OnlabelError: nothing was kept.
        """

    def writing(self) -> AbstractContextManager[Rows | None]:
        """A transaction of the only one who claims, confirms or purges; others wait. None where there is no queue yet.

        :raises OnlabelError: nothing was changed.
        """

    def reading(self) -> AbstractContextManager[Rows | None]:
        """One consistent view; None where there is no queue yet.

        :raises OnlabelError: it cannot be read.
        """
