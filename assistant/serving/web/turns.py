"""What is done when a caller's turn has come: from a question to an answer that is ready to be recorded.

Guarantees: in a conversation an answer follows what its asker was told before, by this process or as the questions
before it show, and nobody else's. What was asked before, outside a conversation, is not asked of the model again, but
looked at again (:meth:`~assistant.pipeline.Assistant.proved_still`). Nothing leaves here but :class:`Held` answers,
which :class:`~assistant.serving.web.line.Line` shows once they are recorded.

For the one thread that answers; :attr:`Turns.recent` may be read by others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from assistant.answering.answer import Answer
from assistant.domain import Context
from assistant.errors import IntegrityError
from assistant.pipeline import Assistant, Proved
from assistant.serving.conversation import Replays, followed
from assistant.serving.web.callers import Caller
from assistant.serving.web.line import Held, Line
from assistant.serving.web.recent import Recent
from assistant.serving.web.repeated import Asked, Repeated
from assistant.settings import ServeSettings

_T = TypeVar("_T")
#: Makes of an answer what its asker gets.
Form = Callable[[Asked, Answer], _T]
#: In characters: a question so long takes about twice as long to read as a short one, and so on.
_LONG = 40


class Watcher(Protocol):
    """Who is told of every answer (:class:`assistant.serving.web.metrics.Metrics`)."""

    def answered(self, answer: Answer, seconds: float) -> None:
        """``answer`` was recorded, and is shown now, so long after its turn came."""

    def looked_up(self, *, found: bool) -> None:
        """A question was looked for among those that were asked before."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An assistant that answers, and which one it is, counted from the first."""

    assistant: Assistant
    number: int


class Turns:
    """Answers one question after another."""

    def __init__(self, line: Line, settings: ServeSettings) -> None:
        self.recent = Recent(settings.answers_kept)
        self.watchers: list[Watcher] = []
        self.pace = 0.02  # seconds a new answer takes, a moving mean
        self._line = line
        self._repeated = Repeated(settings.cache)
        self._replays = Replays()

    def previous(
        self, opened: Opened, asked: Asked, caller: Caller, id: str, earlier: tuple[str, ...]
    ) -> Answer | None:
        """The answer that ``asked`` follows: by the questions ``earlier``, where there are any, else by its ``id``."""
        if not earlier:
            return self.recent.previous(caller.id, id, opened.number)
        self._line.expect(sum(map(self._takes, self.unread(opened, asked.context, asked.product, earlier))))
        return self._replays.previous(opened.assistant, asked.context, earlier, asked.product)

    def unread(self, opened: Opened, context: Context, product: str, earlier: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``earlier`` that would have to be read first. May be asked by other threads."""
        return self._replays.unread(opened.assistant, context, earlier, product)

    def give(
        self,
        opened: Opened,
        asked: Asked,
        caller: Caller,
        previous: Answer | None,
        form: Form[_T],
        earlier: tuple[str, ...] = (),
    ) -> Held[_T]:
        """The answer to ``asked`` after ``previous``; once it is recorded its asker gets what ``form`` makes of it.

        :param earlier: the questions that ``previous`` was found by, if it was found by questions.
        """
        begun = time.perf_counter()
        proved = self._proved(opened, asked) if previous is None else self._prove(opened, asked, previous)

        def shown(answer: Answer) -> _T:
            follows = followed(answer, previous)
            self.recent.keep(caller.id, answer, opened.number, follows)
            if earlier:
                questions = (*earlier, asked.question)
                self._replays.keep(opened.assistant, asked.context, questions, follows, asked.product)
            for watcher in self.watchers:
                watcher.answered(answer, time.perf_counter() - begun)
            return form(asked, answer)

        return Held(opened.assistant, opened.assistant.enter(proved, caller.id), shown)

    def sent(self, asked: Asked, answer: Answer) -> bytes:
        """A :data:`Form`: the answer as ``/v1/ask`` sends it."""
        return self._repeated.sent(asked, answer)

    def _proved(self, opened: Opened, asked: Asked) -> Proved:
        """The proved answer to a question outside a conversation: the one from before, where it may be repeated."""
        known = self._known(opened, asked)
        for watcher in self.watchers:
            watcher.looked_up(found=known is not None)
        if known is None:
            known = self._prove(opened, asked, None)
            self._repeated.keep(asked, known)
        return known

    def _known(self, opened: Opened, asked: Asked) -> Proved | None:
        try:
            known = self._repeated.find(asked)
            return known if known is not None and opened.assistant.proved_still(known) else None
        except IntegrityError:
            self._repeated.forget(asked)  # this time nothing is shown; the next one is asked anew
            raise

    def _prove(self, opened: Opened, asked: Asked, previous: Answer | None) -> Proved:
        self._line.expect(self._takes(asked.question))
        begun = time.perf_counter()
        proved = opened.assistant.prove(asked.question, asked.context, previous, asked.product)
        self.pace += (time.perf_counter() - begun - self.pace) / 16
        return proved

    def _takes(self, question: str) -> float:
        """About how many seconds it takes to answer ``question``; rather more, so that nobody waits for it."""
        return self.pace * (1 + len(question) / _LONG)


def itself(_: Asked, answer: Answer) -> Answer:
    """A :data:`Form`: the answer itself."""
    return answer
