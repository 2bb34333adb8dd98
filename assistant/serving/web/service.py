"""The service without HTTP: one open assistant, a line of questions in front of it, the answers given lately.

Guarantees: questions are answered one after another in one thread, because the model is one and the work is the
processor's: more threads would only take turns. Who comes when the line is full is told when to come again
(:class:`Busy`), and waits for nobody. An answer is handed out to the caller who asked for it and to nobody else. A new
release takes the place of the old one between two questions; whoever stands in line is answered by the new one.

Refuses to answer at all (:class:`~assistant.errors.NotReadyError`) once the release in use failed its proof, was
withdrawn, or stopped: what was open before is no excuse.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from assistant.answering.answer import Answer
from assistant.answering.choices import PICK
from assistant.content.lexicon import name_key
from assistant.domain import Context
from assistant.errors import NotReadyError, OnlabelError, UsageError
from assistant.pipeline import Assistant
from assistant.serving.conversation import followed
from assistant.serving.web.callers import Caller
from assistant.serving.web.feedback import Feedback, record_of
from assistant.serving.web.recent import Recent
from assistant.settings import ServeSettings
from assistant.trust.audit import AuditSink
from assistant.trust.log.log import AuditLog
from assistant.workspace import Workspace

_MOST_PRODUCTS = 1000
_T = TypeVar("_T")


class Busy(OnlabelError):  # noqa: N818 - what it is, not that it is one
    """The line is full. ``retry_after``: when it may be worth coming again, in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many questions at once: ask again in {retry_after} s")
        self.retry_after = retry_after


class NotThereError(UsageError):
    """What is asked for by name is not there, or not for this caller."""


class Watcher(Protocol):
    """Who is told of every answer (:class:`assistant.serving.web.metrics.Metrics`)."""

    def answered(self, answer: Answer, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An assistant that answers, and which one it is, counted from the first."""

    assistant: Assistant
    number: int


class Service:
    """Answers callers. Safe to share between threads and event loops."""

    def __init__(
        self,
        assistant: Assistant,
        log: AuditSink,
        *,
        settings: ServeSettings | None = None,
        opener: Callable[[Path], Assistant] = Assistant.open,
    ) -> None:
        """:param log: where feedback is kept: the log that the assistant records its answers in."""
        serve = settings or assistant.settings.serve
        self._opened: Opened | None = Opened(assistant, 0)
        self._count = 0
        self._why_closed = ""
        self._log = log
        self._opener = opener
        self._recent = Recent(serve.answers_kept)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._room = threading.BoundedSemaphore(serve.queue)
        self._queue = serve.queue
        self._waiting = 0
        self._pace = 0.02  # seconds an answer takes, a moving mean
        self._lock = threading.Lock()
        self.watchers: list[Watcher] = []

    @classmethod
    def open(cls, root: Path | None = None, settings: ServeSettings | None = None) -> Service:
        """A service over the workspace or install in ``root``."""
        workspace = Workspace.find(root)
        return cls(Assistant.open(root), AuditLog.open(workspace.audit_log), settings=settings)

    @property
    def assistant(self) -> Assistant:
        """The assistant in use.

        :raises NotReadyError: the service stopped answering.
        """
        return self._now().assistant

    def _now(self) -> Opened:
        opened = self._opened
        if opened is None:
            raise NotReadyError(self._why_closed)
        return opened

    @property
    def opened(self) -> Opened | None:
        """The assistant in use and its number; None: the service stopped answering."""
        return self._opened

    @property
    def waiting(self) -> int:
        """How many questions stand in line or are being answered."""
        return self._waiting

    def ask(
        self,
        question: str,
        caller: Caller,
        *,
        product: str = "",
        previous_id: str = "",
        date: dt.date | None = None,
    ) -> Answer:
        """The answer to ``question``; waits for it.

        :param previous_id: ``receipt_sha256`` of the answer before this one, if this caller was given one.
        :raises Busy: the line is full.
        :raises UsageError: see :meth:`assistant.pipeline.Assistant.ask`.
        """
        return self.submit(question, caller, product=product, previous_id=previous_id, date=date).result()

    def submit(
        self,
        question: str,
        caller: Caller,
        *,
        product: str = "",
        previous_id: str = "",
        date: dt.date | None = None,
    ) -> Future[Answer]:
        """As :meth:`ask`, and does not wait. A future that is cancelled in time is neither answered nor recorded."""

        def answered(opened: Opened) -> Answer:
            context = self.context(caller, date, opened)
            _require_product(opened.assistant, product)
            previous = self._recent.previous(caller.id, previous_id, opened.number)
            return self._give(opened, question, context, caller, previous, product)

        return self._line_up(answered)

    def passage(self, id: str, caller: Caller) -> Answer | None:
        """The passage ``id`` as an answer; None: there is none for this caller. Waits, see :meth:`submit_passage`."""
        return self.submit_passage(id, caller).result()

    def submit_passage(self, id: str, caller: Caller) -> Future[Answer | None]:
        """The passage ``id`` under the eligibility, companions, proof and record of any answer."""

        def shown(opened: Opened) -> Answer | None:
            context = self.context(caller, None, opened)
            if opened.assistant.decider.pickable(id, context) is None:
                return None
            return self._give(opened, PICK + id, context, caller, None, "")

        return self._line_up(shown)

    def _give(
        self, opened: Opened, question: str, context: Context, caller: Caller, previous: Answer | None, product: str
    ) -> Answer:
        begun = time.perf_counter()
        answer = opened.assistant.ask(question, context, previous, product, who=caller.id)
        took = time.perf_counter() - begun
        self._pace += (took - self._pace) / 16
        self._recent.keep(caller.id, answer, opened.number, followed(answer, previous))
        for watcher in self.watchers:
            watcher.answered(answer, took)
        return answer

    def _line_up(self, work: Callable[[Opened], _T]) -> Future[_T]:
        self._now()
        if not self._room.acquire(blocking=False):
            raise Busy(self._retry_after())
        with self._lock:
            self._waiting += 1
        try:
            future = self._worker.submit(lambda: work(self._now()))
        except BaseException:
            self._leave()
            raise
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object = None) -> None:
        with self._lock:
            self._waiting -= 1
        self._room.release()

    def _retry_after(self) -> int:
        return max(1, round(self._pace * self._queue))

    def context(self, caller: Caller, date: dt.date | None = None, opened: Opened | None = None) -> Context:
        """The context that ``caller`` asks in."""
        assistant = (opened or self._now()).assistant
        return assistant.context(caller.audience, caller.market, caller.language, caller.channel, date)

    def answer(self, id: str, caller: Caller) -> dict[str, Any] | None:
        """An answer that this caller was given lately, by its ``receipt_sha256``."""
        found = self._recent.find(caller.id, id)
        return found.as_json() if found is not None else None

    def feedback(self, feedback: Feedback, caller: Caller) -> Future[Answer | None]:
        """Keep what a caller says of an answer, in the audit log.

        A comment that reports an emergency, an adverse event or a complaint is also asked as a question is, so that it
        reaches the queue of reports; the approved notice that answers it is returned.
        """

        def kept(opened: Opened) -> Answer | None:
            policy = opened.assistant.settings.audit.questions
            given_here = self._recent.find(caller.id, feedback.answer) is not None
            self._log.record(record_of(feedback, caller, policy, given_here=given_here))
            if not feedback.comment or not opened.assistant.decider.screen.find(feedback.comment):
                return None
            context = self.context(caller, None, opened)
            return self._give(opened, feedback.comment, context, caller, None, "")

        return self._line_up(kept)

    def products(self, caller: Caller) -> list[dict[str, str]]:
        """The products that something may be said about to this caller. Waits, see :meth:`submit_products`."""
        return self.submit_products(caller).result()

    def submit_products(self, caller: Caller) -> Future[list[dict[str, str]]]:
        """Id and name of each product that has a passage for this caller."""

        def listed(opened: Opened) -> list[dict[str, str]]:
            context, index = self.context(caller, None, opened), opened.assistant.index
            return [
                {"id": product.id, "name": product.label}
                for product in index.products(_MOST_PRODUCTS)
                if index.eligible(product.id, context)
            ]

        return self._line_up(listed)

    def swap(self, root: Path) -> None:
        """Answer from what is in ``root`` now. Nobody is turned away meanwhile.

        :raises OnlabelError: it cannot be opened; the one before goes on answering until :meth:`close_answers`.
        """
        new = self._opener(root)
        with self._lock:
            old, self._count = self._opened, self._count + 1
            self._opened, self._why_closed = Opened(new, self._count), ""
        if old is not None:
            # Behind those who are being answered by it: one thread answers and closes.
            self._worker.submit(old.assistant.index.close)

    def close_answers(self, why: str) -> None:
        """Stop answering until the next :meth:`swap`."""
        with self._lock:
            old, self._opened, self._why_closed = self._opened, None, why
        if old is not None:
            self._worker.submit(old.assistant.index.close)

    def close(self) -> None:
        """Answer those in line, then stop."""
        self._worker.shutdown(wait=True)


def _require_product(assistant: Assistant, given: str) -> None:
    """Refuse what names no single product, without a list of those that there are: not all are everybody's."""
    if not given or assistant.index.product(given) is not None:
        return
    key = name_key(given)
    if len({product for product, _ in assistant.index.find_names([key]).get(key, ())}) != 1:
        raise NotThereError("product: there is no product of this id or name; /v1/products lists them")
