"""The tables of a log, whatever database they stand in, as seen and added to within one transaction.

``entry`` holds the records' bytes by number, ``node`` the complete subtrees of the tree over them (see ``merkle``),
``mark`` says which records are checkpoints and of what size, ``meta`` holds the salt. Everything read is checked for
its type: a table may have been written by somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from assistant.errors import IntegrityError
from assistant.trust.log.merkle import HASH_BYTES, stored_count

#: Runs a statement with ``?`` for its values; the rows that it gives.
Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

SALT_BYTES = 32
ADD_META = "INSERT INTO meta (name, value) VALUES (?, ?)"
_PAGE = 1000
_BEFORE_ALL = -(2**63)


class Rows:
    """See the module's docstring."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def size(self) -> int:
        """How many records there are.

        :raises IntegrityError: records and tree do not go together.
        """
        ((last, last_node),) = self._ask("SELECT (SELECT max(number) FROM entry), (SELECT max(id) FROM node)", ())
        size = 0 if last is None else last + 1
        if size < 0 or (0 if last_node is None else last_node + 1) != stored_count(size):
            raise IntegrityError("the audit log is damaged: its last record and its tree are not of one size")
        return size

    def extent(self) -> int:
        """How far the records go, whether or not the tree goes as far."""
        ((last,),) = self._ask("SELECT max(number) FROM entry", ())
        return 0 if last is None else max(0, last + 1)

    def node(self, place: int) -> bytes:
        """The hash stored at a place of the tree.

        :raises IntegrityError: there is none.
        """
        rows = self._ask("SELECT hash FROM node WHERE id = ?", (place,))
        if not rows or not isinstance(rows[0][0], bytes) or len(rows[0][0]) != HASH_BYTES:
            raise IntegrityError(f"the audit log is damaged: hash {place} of its tree is missing")
        return rows[0][0]

    def body(self, number: int) -> bytes:
        """The bytes of a record.

        :raises IntegrityError: there are none.
        """
        rows = self._ask("SELECT body FROM entry WHERE number = ?", (number,))
        if not rows or not isinstance(rows[0][0], bytes):
            raise IntegrityError(f"the audit log is damaged: record {number} is missing")
        return rows[0][0]

    def bodies(self, start: int | None = None) -> Iterator[tuple[int, object]]:
        """Every record that is there from ``start`` on, by number, as it is stored; by default also those below 0."""
        return self._pages("SELECT number, body FROM entry WHERE number > ? ORDER BY number LIMIT ?", start)

    def nodes(self) -> Iterator[tuple[int, object]]:
        """Every hash that is there, by place."""
        return self._pages("SELECT id, hash FROM node WHERE id > ? ORDER BY id LIMIT ?", None)

    def _pages(self, statement: str, start: int | None) -> Iterator[tuple[int, object]]:
        last = _BEFORE_ALL if start is None else start - 1
        while rows := self._ask(statement, (last, _PAGE)):
            yield from ((number, value) for number, value in rows)
            last = rows[-1][0]

    def marks(self) -> list[tuple[int, int]]:
        """Number and size of every record that is marked as a checkpoint, in order."""
        return [(number, size) for number, size in self._ask("SELECT number, size FROM mark ORDER BY number", ())]

    def salt(self) -> bytes:
        """The secret of this log.

        :raises IntegrityError: there is none.
        """
        rows = self._ask("SELECT value FROM meta WHERE name = ?", ("salt",))
        if len(rows) != 1 or not isinstance(rows[0][0], bytes) or len(rows[0][0]) != SALT_BYTES:
            raise IntegrityError("the audit log is damaged: its salt is missing")
        return rows[0][0]

    def add(self, number: int, body: bytes, hashes: Sequence[bytes], marked: int | None = None) -> None:
        """Add a record with the subtrees that it completes; ``marked``: the size that it is a checkpoint of."""
        self._ask("INSERT INTO entry (number, body) VALUES (?, ?)", (number, body))
        first = stored_count(number)
        values = [value for at, found in enumerate(hashes, start=first) for value in (at, found)]
        self._ask(f"INSERT INTO node (id, hash) VALUES {', '.join(['(?, ?)'] * len(hashes))}", values)  # noqa: S608
        if marked is not None:
            self._ask("INSERT INTO mark (number, size) VALUES (?, ?)", (number, marked))


class Storage(Protocol):
    """A database that keeps one log. Transactions of several processes stand in a line."""

    def writing(self) -> AbstractContextManager[Rows]:
        """A transaction of the only writer; when the context ends well, what was added is on the disk.

        :raises OnlabelError: it could not be kept.
        """

    def reading(self) -> AbstractContextManager[Rows]:
        """The log as it is now, unmoved by what is added meanwhile.

        :raises NotReadyError: there is no log yet.
        :raises OnlabelError: it cannot be read.
        """

    def close(self) -> None:
        """Let go of the database."""


def origin_of(salt: bytes) -> str:
    """The name of a log in its checkpoints. Made from the salt, so that neither can be exchanged alone."""
    return f"onlabel.audit/{hashlib.sha256(b'onlabel.audit origin' + bytes(1) + salt).hexdigest()[:32]}"
