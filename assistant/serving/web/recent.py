"""The answers given lately, for "what about in the elderly?", for feedback and for a second look at a receipt.

Guarantees: at most so many are kept; each is handed to the caller who was given it and to nobody else. Two answers with
one receipt that carry different slots (the same notice, about two products, in two windows) carry nothing over: which
conversation is meant cannot be told, so it is asked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from assistant.answering.answer import Answer


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    follows: Answer
    opened: int
    ambiguous: bool = False


class Recent:
    """At most ``most`` answers, the oldest forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, caller: str, answer: Answer, opened: int, follows: Answer | None = None) -> None:
        """Keep an answer.

        :param opened: which assistant answered.
        :param follows: what the next question of this conversation follows, where that is another answer than this:
            thanks in between change nothing.
        """
        key = (caller, str(answer.receipt.get("receipt_sha256", "")))
        with self._lock:
            before = self._kept.pop(key, None)
            ambiguous = before is not None and (before.ambiguous or before.answer.slots != answer.slots)
            self._kept[key] = _Kept(answer, follows or answer, opened, ambiguous)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def find(self, caller: str, id: str) -> Answer | None:
        """The answer with this receipt, if this caller was given it."""
        with self._lock:
            kept = self._kept.get((caller, id))
        return kept.answer if kept is not None else None

    def previous(self, caller: str, id: str, opened: int) -> Answer | None:
        """The answer as the one before in a conversation; None: nothing carries over.

        Of an answer from a release that is no longer in use only the slots count: its sources may be gone.
        """
        with self._lock:
            kept = self._kept.get((caller, id))
        if kept is None or kept.ambiguous:
            return None
        follows = kept.follows
        return follows if kept.opened == opened else replace(follows, references=(), spans=())
