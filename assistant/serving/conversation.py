"""Conversation at the edges: which answer the next question follows, and where that is remembered.

What a conversation carries is decided in :mod:`assistant.answering.follow_up` and shown in the answer; here stands only
how the answer before is found:

- :func:`followed`: after thanks, or a question for sources or beside the scope, the answer before goes on counting;
- :class:`Replays`: from the questions that a client sends along (``messages``, ``earlier``). They are answered again
  without a record and without a report, so every replica finds the same, whatever it has seen before;
- :class:`Sessions`: held by the server for callers who send nothing along.

Guarantees: questions alone count; what a client says that it was answered is never read. Nothing of one caller reaches
another. A product, a topic, the people a dose was asked for and the sources of the last answer are carried; audience
and market never are. However many questions a client sends along, no more are read again than :func:`counted` says.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.answer import Answer
from assistant.domain import Context, Outcome
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.serving.weight import weight
from assistant.understanding.reading import legible

#: So many questions before the one asked count at least, and at most :data:`STEP` more, the same on every replica.
TURNS = 12
STEP = 6
#: Characters of all those that count, but the last of them always does: to read so many takes about half as long as
#: to answer one question of the longest that is read at all.
MOST_CHARACTERS = 2_000
#: As :func:`~assistant.serving.weight.weight` counts them, and those of the questions that lead there.
MOST_BYTES = 64 * 1024 * 1024
#: Intents after which the conversation is where it was before.
_BESIDE_THE_SUBJECT = frozenset(("small_talk", "source_request", "human_handoff", "out_of_scope"))
#: A place in a conversation: product given, context, and the questions that lead there.
_Place = tuple[str, Context, tuple[str, ...]]


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


def counted(questions: Sequence[str]) -> tuple[str, ...]:
    """Those of ``questions``, the oldest first, that say where a conversation stands, as they are read.

    Their beginning moves by several at a time, and depends on what was asked up to there alone: what was found for it
    is then good for some turns, whoever answers them.
    """
    first, characters = 0, 0
    for last, question in enumerate(questions):
        characters += len(question)
        if last - first < TURNS + STEP and characters <= MOST_CHARACTERS:
            continue
        while first < last and (last - first >= TURNS or characters > MOST_CHARACTERS // 2):
            characters -= len(questions[first])
            first += 1
    return tuple(map(legible, questions[first:]))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the next question follows at a place; ``size`` in bytes, the place's own included."""

    follows: Answer | None
    size: int


class Replays:
    """Where conversations stand by the questions asked in them. Safe to share between threads.

    What one assistant found is forgotten where another answers: what it has shown may be withdrawn since.
    """

    def __init__(self, most: int = 2000, most_bytes: int = MOST_BYTES) -> None:
        """:param most: how many places in conversations are remembered, so that they need not be found again."""
        self._most, self._most_bytes = most, most_bytes
        self._known: OrderedDict[_Place, _Known] = OrderedDict()
        self._bytes = 0
        self._of: weakref.ref[Assistant] | None = None
        self._lock = threading.Lock()

    def previous(
        self, assistant: Assistant, context: Context, questions: Sequence[str], product: str = ""
    ) -> Answer | None:
        """The answer that the question after ``questions`` follows; None: there is none.

        :param product: the product that was given beside each of them, as on its own page.
        """
        asked = counted(questions)
        known, found = self._stands(assistant, context, asked, product)
        for length in range(known + 1, len(asked) + 1):
            # What is proved only to find the way is never shown, so it is neither recorded nor reported. It is proved
            # all the same: reading is what takes time, the rest of it less than a fiftieth (measured).
            with contextlib.suppress(UsageError):  # it was not answered then either
                found = followed(assistant.prove(asked[length - 1], context, found, product).answer, found)
            self._keep(assistant, (product, context, asked[:length]), found)
        return found

    def unread(
        self, assistant: Assistant, context: Context, questions: Sequence[str], product: str = ""
    ) -> tuple[str, ...]:
        """Those of ``questions`` that :meth:`previous` would have to read now: nobody knows here where they lead."""
        asked = counted(questions)
        return asked[self._stands(assistant, context, asked, product)[0] :]

    def keep(
        self, assistant: Assistant, context: Context, questions: Sequence[str], follows: Answer, product: str = ""
    ) -> None:
        """The last of ``questions`` was just answered, and the next one follows ``follows`` (:func:`followed`).

        It needs not be found again then. Where what counts begins later with it, the next one begins elsewhere.
        """
        asked = counted(questions)
        if len(asked) > len(counted(questions[:-1])):
            self._keep(assistant, (product, context, asked), follows)

    def _stands(
        self, assistant: Assistant, context: Context, asked: tuple[str, ...], product: str
    ) -> tuple[int, Answer | None]:
        """To how many of ``asked`` it is known where they lead, and where."""
        with self._lock:
            for length in range(len(asked) if self._is_of(assistant) else 0, 0, -1):
                known = self._known.get((product, context, asked[:length]))
                if known is not None:
                    self._known.move_to_end((product, context, asked[:length]))
                    return length, known.follows
        return 0, None

    def _keep(self, assistant: Assistant, place: _Place, follows: Answer | None) -> None:
        known = _Known(follows, (weight(follows) if follows is not None else 0) + _weight_of(place))
        with self._lock:
            if not self._is_of(assistant):
                self._known.clear()
                self._bytes, self._of = 0, weakref.ref(assistant)
            before = self._known.pop(place, None)
            self._known[place] = known
            self._bytes += known.size - (before.size if before is not None else 0)
            while len(self._known) > self._most or self._bytes > self._most_bytes:
                self._bytes -= self._known.popitem(last=False)[1].size

    def _is_of(self, assistant: Assistant) -> bool:
        return self._of is not None and self._of() is assistant


def _weight_of(place: _Place) -> int:
    """About how many bytes a place takes by itself: a character takes four at most."""
    return 500 + sum(100 + 4 * len(question) for question in place[2])


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
