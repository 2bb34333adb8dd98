"""Conversation at the edges: which answer the next question follows, and where that is remembered.

What a conversation carries is decided in :mod:`assistant.answering.follow_up` and shown in the answer; here stands only
how the answer before is found:

- :func:`followed`: after thanks, or a question for sources or beside the scope, the answer before goes on counting;
- :class:`Replays`: from the questions that a client sends along (``messages``). They are answered again without a
  record and without a report, so every replica finds the same, whatever it has seen before;
- :class:`Sessions`: held by the server for callers who send nothing along.

Guarantees: questions alone count; what a client says that it was answered is never read. Nothing of one caller reaches
another. A product, a topic and the sources of the last answer are carried; audience, market and populations never are.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from assistant.answering.answer import Answer
from assistant.domain import Context, Outcome
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.trust.audit import Unrecorded

if TYPE_CHECKING:
    from assistant.serving.web.callers import Caller
    from assistant.serving.web.service import Opened, Service

#: So many questions before the last one count, the same on every replica.
TURNS = 12
#: Intents after which the conversation is where it was before.
_BESIDE_THE_SUBJECT = frozenset(("small_talk", "source_request", "human_handoff", "out_of_scope"))


def followed(answer: Answer, previous: Answer | None) -> Answer:
    """The answer that the question after ``answer`` follows.

    It is ``answer`` itself, unless that was beside the subject and named no product of its own; a report of harm never
    is, and a question back because another medicine was named ends what went before.
    """
    if previous is None or answer.outcome is Outcome.CLARIFY or answer.intent not in _BESIDE_THE_SUBJECT:
        return answer
    if any(flag.value != "attack" for flag in answer.flags):
        return answer
    names_its_own = "product" in answer.slots and "product" not in answer.carried
    return answer if names_its_own else previous


def unrecorded(assistant: Assistant) -> Assistant:
    """``assistant`` as it answers to find where a conversation stands: nothing is recorded, no report is queued."""
    twin = copy.copy(assistant)
    twin._audit, twin._intake = Unrecorded(), None
    return twin


class Replays:
    """Where conversations stand by the questions asked in them. Safe to share between threads."""

    def __init__(self, most: int = 2000) -> None:
        """:param most: how many places in conversations are remembered, so that they need not be found again."""
        self._most = most
        self._known: OrderedDict[tuple[str, Context, tuple[str, ...]], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def previous(self, assistant: Assistant, context: Context, questions: Sequence[str]) -> Answer | None:
        """The answer that the question after ``questions`` follows; None: there is none."""
        asked = tuple(questions)[-TURNS:]
        key = assistant.index.fingerprint
        known, found = 0, None
        for length in range(len(asked), 0, -1):
            found = self._find((key, context, asked[:length]))
            if found is not None:
                known = length
                break
        silent = unrecorded(assistant)
        for length in range(known + 1, len(asked) + 1):
            try:
                found = followed(silent.ask(asked[length - 1], context, found), found)
            except UsageError:
                continue  # it was not answered then either
            self._keep((key, context, asked[:length]), found)
        return found

    def _find(self, key: tuple[str, Context, tuple[str, ...]]) -> Answer | None:
        with self._lock:
            return self._known.get(key)

    def _keep(self, key: tuple[str, Context, tuple[str, ...]], answer: Answer) -> None:
        with self._lock:
            self._known[key] = answer
            while len(self._known) > self._most:
                self._known.popitem(last=False)


class Sessions:
    """The last answers of conversations that the server holds, by caller and by the caller's name for each.

    A conversation that nobody went on with for ``idle`` seconds is forgotten, and so is the longest unused one of more
    than ``most``.
    """

    def __init__(self, most: int = 10_000, idle: float = 1800, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._idle, self._clock = most, idle, clock
        self._held: OrderedDict[tuple[str, str], tuple[float, Context, str, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def previous(self, caller: str, name: str, context: Context, index: str) -> Answer | None:
        """The answer that this caller's next question follows in the conversation ``name``.

        None where there is none, or another context or index (``Index.fingerprint``) answered before.
        """
        with self._lock:
            held = self._held.get((caller, name))
        if held is None or self._clock() - held[0] > self._idle or (held[1], held[2]) != (context, index):
            return None
        return held[3]

    def keep(self, caller: str, name: str, index: str, answer: Answer, previous: Answer | None) -> None:
        """``answer`` was given in the conversation ``name`` after ``previous``."""
        with self._lock:
            self._held.pop((caller, name), None)
            self._held[caller, name] = (self._clock(), answer.context, index, followed(answer, previous))
            while len(self._held) > self._most:
                self._held.popitem(last=False)


def submit_after(
    service: Service, replays: Replays, question: str, caller: Caller, earlier: Sequence[str], product: str
) -> Future[Answer]:
    """As :meth:`Service.submit`, for a question that follows the questions ``earlier``."""

    from assistant.serving.web.service import _require_product

    def answered(opened: Opened) -> Answer:
        _require_product(opened.assistant, product)
        context = service.context(caller, None, opened)
        previous = replays.previous(opened.assistant, context, earlier)
        return service._give(opened, question, context, caller, previous, product)

    return service._line_up(answered)
