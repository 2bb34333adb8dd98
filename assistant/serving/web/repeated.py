"""Answers to questions that were asked before: proved once, screened, recorded and shown afresh each time.

Guarantees: what is found was proved by the assistant that answers now, for this very question, product and context, the
day included; another release, another day or another letter is another question. Only what stands for itself is kept:
no answer within a conversation, and none that carries a flag. Nothing is kept of who asked. At most so many answers are
kept, of at most :data:`MOST_BYTES` together; the one that nobody asked for longest goes first.

Finding one shows nothing: :meth:`assistant.pipeline.Assistant.proved_still` and the record stand between. That proves
the text of the answer; what is kept as it is sent, text and all, is compared with its own hash each time it is found.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass

from assistant.answering.answer import Answer
from assistant.canonical import sha256_hex
from assistant.domain import Context
from assistant.errors import IntegrityError
from assistant.pipeline import Proved
from assistant.serving.weight import weight

#: As :func:`~assistant.serving.weight.weight` counts them, and those of the answer as it is sent.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer outside a conversation depends on. ``opened``: which assistant answers, see ``Opened``.

    ``question`` is as it is read (:func:`assistant.understanding.reading.legible`).
    """

    opened: int
    context: Context
    product: str
    question: str


@dataclass(frozen=True, slots=True)
class _Kept:
    proved: Proved
    sent: bytes
    sent_sha256: str
    size: int


class Repeated:
    """At most ``most`` proved answers; 0: none. For one thread."""

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[Asked, _Kept] = OrderedDict()
        self._bytes = 0
        self._opened = 0

    def find(self, asked: Asked) -> Proved | None:
        """What was proved for it.

        :raises IntegrityError: the bytes that would be sent are no longer those that were kept.
        """
        found = self._kept.get(asked)
        if found is None:
            return None
        if sha256_hex(found.sent) != found.sent_sha256:
            raise IntegrityError("an answer would not be sent as it was proved any more; nothing is shown")
        self._kept.move_to_end(asked)
        return found.proved

    def keep(self, asked: Asked, proved: Proved) -> None:
        """Keep what was proved for ``asked``, if it may ever be found again."""
        if asked.opened != self._opened:
            self._kept.clear()  # of a release that is no longer in use
            self._bytes, self._opened = 0, asked.opened
        self.forget(asked)
        if proved.answer.flags:
            return
        if not self._most:
            return
        sent = as_sent(proved.answer)
        self._kept[asked] = kept = _Kept(proved, sent, sha256_hex(sent), weight(proved.answer) + len(sent))
        self._bytes += kept.size
        while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            self._bytes -= self._kept.popitem(last=False)[1].size

    def forget(self, asked: Asked) -> None:
        """Keep it no longer."""
        kept = self._kept.pop(asked, None)
        self._bytes -= kept.size if kept is not None else 0

    def sent(self, asked: Asked, answer: Answer) -> bytes:
        """``answer``, which answers ``asked``, as it is sent; written once where it is kept."""
        kept = self._kept.get(asked)
        return kept.sent if kept is not None and kept.proved.answer is answer else as_sent(answer)

    def __len__(self) -> int:
        return len(self._kept)


def as_sent(answer: Answer) -> bytes:
    """``answer`` as ``/v1/ask`` sends it."""
    return json.dumps(answer.as_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
