"""Proves a whole log: every record, the tree over them, and every checkpoint in it and from outside.

Guarantees: a verification without faults means that the records are those, in that order, that stood below the largest
checkpoint proved, with none dropped, added or exchanged; and that the tree over what came after goes with it. Faults
name the record, or where a whole tree was made anew the narrowest range that the checkpoints leave.

Checkpoints in the log are records as others are: a later checkpoint therefore proves the earlier ones too, and one that
was taken out is missed. What came after the last checkpoint that is at hand, in the log or outside it, is proved by
nothing: who may write the file may cut it off there or write it anew. Without a public key, signatures are not looked
at, and the checkpoints in the log prove nothing against whoever may write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant.errors import ContentError, IntegrityError
from assistant.trust.log import merkle
from assistant.trust.log.checkpoint import Checkpoint, Cosigned, believed, parse_checkpoint
from assistant.trust.log.rows import Rows, origin_of

CHECKPOINT_SCHEMA = "onlabel.audit-checkpoint/1"
_MOST_FAULTS = 20
_STEP = 2000

#: Told how many records are done, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and the first record that it concerns."""

    record: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.record is None else f"record {self.record}: {self.what}"


@dataclass(frozen=True, slots=True)
class Proved:
    """A checkpoint that the log fits. ``record`` is where it stands in the log; None: it came from outside."""

    size: int
    record: int | None
    signed: bool
    cosigned: tuple[Cosigned, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was proved of a log, and every fault that was found."""

    origin: str
    size: int
    root: bytes
    checkpoints: tuple[Proved, ...]
    faults: tuple[Fault, ...]

    @property
    def covered(self) -> int:
        """How many records, from the first, a checkpoint proves."""
        return max((checkpoint.size for checkpoint in self.checkpoints), default=0)

    def insist(self) -> None:
        """Raise the first fault.

        :raises IntegrityError: there is one.
        """
        if self.faults:
            raise IntegrityError(f"the audit log failed its proof: {self.faults[0]}")


def read_checkpoint(body: bytes) -> Checkpoint | None:
    """The checkpoint that a record of the log is; None where it is another sort of record.

    :raises ContentError: it says that it is one and is none.
    """
    if CHECKPOINT_SCHEMA.encode() not in body:
        return None
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.get("schema") != CHECKPOINT_SCHEMA:
        return None
    return parse_checkpoint(str(entry.get("note")))


def verify(
    rows: Rows,
    publics: Sequence[str] = (),
    witnesses: Sequence[str] = (),
    outside: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> Verification:
    """Prove a log. ``publics``: keys that may have signed its checkpoints; ``witnesses``: keys of cosigners."""
    return _Verifier(rows, publics, witnesses, progress).run(outside)


class _Verifier:
    def __init__(self, rows: Rows, publics: Sequence[str], witnesses: Sequence[str], progress: Progress | None) -> None:
        self._rows = rows
        self._publics = publics
        self._witnesses = witnesses
        self._progress = progress
        self._tree = merkle.Growing()
        self._faults: list[Fault] = []
        self._found: list[tuple[int, Checkpoint]] = []
        self._proved: list[Proved] = []
        self._origin = ""

    def run(self, outside: Sequence[Checkpoint]) -> Verification:
        try:
            self._origin = origin_of(self._rows.salt())
            if self._walk(self._rows.extent()):
                self._compare_marks()
                self._compare_all(outside)
        except IntegrityError as error:
            self._faults.append(Fault(None, str(error)))
        size, root = self._tree.size, self._tree.root()
        return Verification(self._origin, size, root, tuple(self._proved), tuple(self._faults))

    def _fault(self, record: int | None, what: str) -> None:
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(Fault(record, what))

    def _walk(self, size: int) -> bool:
        """Every record against its hash, every hash of the tree against those below it; whether to the end.

        Where a record is not that of its hash the walk goes on with the hash: the checkpoints will show whether the
        record or its hash was changed.
        """
        bodies, nodes = self._in_order(self._rows.bodies()), _Hashes(self._rows.nodes())
        for number in range(size):
            if len(self._faults) >= _MOST_FAULTS:
                return False
            body = bodies(number)
            stored = nodes.at(merkle.place(0, number))
            leaf = self._leaf(number, body, stored)
            self._tree_fits(number, self._tree.add(leaf)[1:], nodes)
            if isinstance(body, bytes):
                self._note_checkpoint(number, body)
            if self._progress and number % _STEP == 0:
                self._progress(number, size)
        self._ends(size, nodes)
        if self._progress:
            self._progress(size, size)
        return True

    def _tree_fits(self, number: int, above: Sequence[bytes], nodes: _Hashes) -> None:
        """The subtrees that record ``number`` completes, as worked out and as stored."""
        for place, made in enumerate(above, start=merkle.place(0, number) + 1):
            if nodes.at(place) != made:
                self._fault(number, "a hash of the tree over it and records before it is not theirs")

    def _ends(self, size: int, nodes: _Hashes) -> None:
        if nodes.more():
            self._fault(size, "the tree goes on where the records end: records were cut off")

    def _leaf(self, number: int, body: object, stored: bytes | None) -> bytes:
        if not isinstance(body, bytes):
            self._fault(number, "it is missing" if body is None else "it is not stored as bytes")
            return stored or merkle.leaf_hash(b"")
        leaf = merkle.leaf_hash(body)
        if leaf != stored:
            self._fault(number, "it is not what was recorded: it was changed, or moved from another place")
        return stored or leaf

    def _in_order(self, rows: Iterator[tuple[int, object]]) -> Callable[[int], object]:
        waiting = next(rows, None)

        def at(number: int) -> object:
            nonlocal waiting
            while waiting is not None and waiting[0] < number:
                self._fault(waiting[0], "a record of this number has no place in the log")
                waiting = next(rows, None)
            if waiting is None or waiting[0] != number:
                return None
            found, waiting = waiting[1], next(rows, None)
            return found

        return at

    def _note_checkpoint(self, number: int, body: bytes) -> None:
        try:
            checkpoint = read_checkpoint(body)
        except ContentError as error:
            self._fault(number, str(error))
            return
        if checkpoint is not None:
            self._found.append((number, checkpoint))

    def _compare_marks(self) -> None:
        marks, found = set(self._rows.marks()), {(number, checkpoint.size) for number, checkpoint in self._found}
        for number, _ in sorted(marks ^ found):
            self._fault(number, "the list of checkpoints and the checkpoints in the log differ here")

    def _compare_all(self, outside: Sequence[Checkpoint]) -> None:
        """Every checkpoint with the log, the smallest first: what it proves narrows down where a later one fails."""
        inside: list[tuple[int | None, Checkpoint]] = list(self._found)
        both = [*inside, *((None, checkpoint) for checkpoint in outside)]
        for record, checkpoint in sorted(both, key=lambda one: one[1].size):
            self._compare(record, checkpoint)

    def _compare(self, record: int | None, checkpoint: Checkpoint) -> None:
        """One checkpoint with the log."""
        where = "the checkpoint from outside" if record is None else "this checkpoint"
        if checkpoint.origin != self._origin:
            self._fault(record, f"{where} is of another log ({checkpoint.origin}, not {self._origin})")
            return
        try:
            cosigned = believed(checkpoint, self._publics, self._witnesses) if self._publics else ()
        except IntegrityError as error:
            self._fault(record, f"{where}: {error}")
            return
        if checkpoint.size > (self._tree.size if record is None else record):
            self._fault_size(record, checkpoint)
        elif checkpoint.root != merkle.root(checkpoint.size, self._rows.node):
            self._fault_root(record, checkpoint)
        else:
            self._proved.append(Proved(checkpoint.size, record, bool(self._publics), cosigned))

    def _fault_size(self, record: int | None, checkpoint: Checkpoint) -> None:
        if record is not None:
            self._fault(record, f"this checkpoint speaks of {checkpoint.size} records, more than stand before it")
            return
        missing = checkpoint.size - self._tree.size
        self._fault(
            self._tree.size,
            f"the log ends here and the checkpoint from outside covers {checkpoint.size} records: {missing} were cut "
            "off, or an older copy was put back",
        )

    def _fault_root(self, record: int | None, checkpoint: Checkpoint) -> None:
        sure = max((proved.size for proved in self._proved), default=0)
        where = "the checkpoint from outside" if record is None else f"the checkpoint in record {record}"
        self._fault(
            sure,
            f"in the records {sure} to {checkpoint.size - 1} something was changed, dropped, added or moved after "
            f"{where} was signed",
        )


class _Hashes:
    """The stored hashes of the tree, asked for in their order."""

    def __init__(self, rows: Iterator[tuple[int, object]]) -> None:
        self._rows = rows
        self._waiting = next(rows, None)

    def at(self, place: int) -> bytes | None:
        while self._waiting is not None and self._waiting[0] < place:
            self._waiting = next(self._rows, None)
        if self._waiting is None or self._waiting[0] != place:
            return None
        found, self._waiting = self._waiting[1], next(self._rows, None)
        return found if isinstance(found, bytes) else None

    def more(self) -> bool:
        return self._waiting is not None
