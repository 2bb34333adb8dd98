"""JSON from outside in whole characters, before anything is checked or refused.

Guarantees: half a surrogate pair, as a client leaves it that cuts a text in the middle of a character, becomes U+FFFD
and is no reason to refuse: what was said with it may be a report of harm. pydantic would refuse such a text unread, and
the reader of the ``mcp`` package such a message, on stdio without an answer.
"""

from __future__ import annotations

import io
import json
import re
from typing import Any, BinaryIO

from assistant.canonical import whole

_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def in_whole_characters(read: Any) -> Any:
    """JSON that was read, each text in it made whole (:func:`assistant.canonical.whole`), keys too."""
    if isinstance(read, str):
        return whole(read)
    if isinstance(read, list):
        return [in_whole_characters(each) for each in read]
    if isinstance(read, dict):
        return {whole(key): in_whole_characters(value) for key, value in read.items()}
    return read


class WholeLines(io.RawIOBase):
    """The lines of ``source``, a JSON value each, in whole characters; a line that is no JSON is left as it is."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def readinto(self, room: Any, /) -> int:
        """See :class:`io.RawIOBase`; waits for a line and for no more."""
        self._rest = self._rest or _whole_line(self._source.readline())
        count = min(len(room), len(self._rest))
        room[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _whole_line(line: bytes) -> bytes:
    if not _MAY_BE_HALF.search(line):
        return line
    try:
        return json.dumps(in_whole_characters(json.loads(line))).encode() + b"\n"
    except (ValueError, RecursionError):
        return line
