"""The service without HTTP: one open assistant, a line of questions in front of it, the answers given lately.

Guarantees: questions are answered one after another in one thread, because the model is one and the work is the
processor's: more threads would only take turns. Who comes when the line is full is told when to come again
(:class:`Busy`), and waits for nobody. An answer is handed out to the caller who asked for it and to nobody else, once
its record is on the disk (:mod:`~assistant.serving.web.line`); what was asked before is not found and proved again
(:mod:`~assistant.serving.web.turns`). A new release takes the place of the old one between two questions; whoever
stands in line is answered by the new one.

Refuses to answer at all (:class:`~assistant.errors.NotReadyError`) once the release in use failed its proof, was
withdrawn, or stopped: what was open before is no excuse.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from assistant.answering.answer import Answer
from assistant.answering.choices import PICK
from assistant.content.lexicon import name_key
from assistant.domain import Context
from assistant.errors import NotReadyError
from assistant.pipeline import Assistant
from assistant.serving.web.callers import Caller
from assistant.serving.web.feedback import Feedback, record_of
from assistant.serving.web.line import Held, Line
from assistant.serving.web.repeated import Asked
from assistant.serving.web.turned_away import Busy, NotThereError
from assistant.serving.web.turns import Form, Opened, Turns, itself
from assistant.settings import ServeSettings
from assistant.trust.audit import AuditSink
from assistant.trust.intake.queue import IntakeQueue
from assistant.trust.log.log import AuditLog
from assistant.understanding.reading import legible
from assistant.workspace import Workspace

_MOST_PRODUCTS = 1000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Question:
    """What somebody asks, and what says what it is about."""

    text: str
    product: str = ""
    previous_id: str = ""
    earlier: tuple[str, ...] = ()
    date: dt.date | None = None


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
        self._line = Line(serve.queue)
        self._turns = Turns(self._line, serve)
        self._queue = serve.queue
        self._lock = threading.Lock()
        #: Who is told of every answer.
        self.watchers = self._turns.watchers

    @classmethod
    def open(cls, root: Path | None = None, settings: ServeSettings | None = None) -> Service:
        """A service over the workspace or install in ``root``.

        Where it records is settled here, for as long as it runs: one log, whatever release takes another's place.
        """
        workspace = Workspace.find(root, settings)
        log, reports = AuditLog.open(workspace.audit_log), IntakeQueue.open(workspace.intake_queue)
        opener = partial(Assistant.open, audit=log, intake=reports)
        return cls(opener(root), log, settings=settings, opener=opener)

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
        return self._line.waiting

    def ask(
        self,
        question: str,
        caller: Caller,
        *,
        product: str = "",
        previous_id: str = "",
        earlier: Sequence[str] = (),
        date: dt.date | None = None,
    ) -> Answer:
        """The answer to ``question``; waits for it.

        :param previous_id: ``receipt_sha256`` of the answer before this one, if this caller was given one here.
        :param earlier: the questions asked before in this conversation, from which any process finds where it stands
            (:class:`~assistant.serving.conversation.Replays`). Where there are any, ``previous_id`` is not looked at.
        :raises Busy: the line is full.
        :raises UsageError: see :meth:`assistant.pipeline.Assistant.ask`.
        """
        future = self.submit(question, caller, product=product, previous_id=previous_id, earlier=earlier, date=date)
        return future.result()

    def submit(
        self,
        question: str,
        caller: Caller,
        *,
        product: str = "",
        previous_id: str = "",
        earlier: Sequence[str] = (),
        date: dt.date | None = None,
    ) -> Future[Answer]:
        """As :meth:`ask`, and does not wait. A future that is cancelled in time is neither answered nor recorded."""
        asked = _Question(question, product, previous_id, tuple(earlier), date)
        return self._line_up(lambda opened: self._answered(opened, asked, caller, itself))

    def submit_sent(
        self, question: str, caller: Caller, *, product: str = "", previous_id: str = "", earlier: Sequence[str] = ()
    ) -> Future[bytes]:
        """As :meth:`submit`; the answer as JSON, which is not written again where a question is repeated."""
        asked = _Question(question, product, previous_id, tuple(earlier))
        return self._line_up(lambda opened: self._answered(opened, asked, caller, self._turns.sent))

    def unread(self, caller: Caller, earlier: Sequence[str], product: str = "") -> int:
        """How many of the questions ``earlier`` have to be read before one that is asked after them is answered."""
        opened = self._now()
        return len(self._turns.unread(opened, self.context(caller, None, opened), product, tuple(earlier)))

    def _answered(self, opened: Opened, question: _Question, caller: Caller, form: Form[_T]) -> Held[_T]:
        _require_product(opened.assistant, question.product)
        asked = self._said(opened, caller, question.text, question.product, question.date)
        previous = self._turns.previous(opened, asked, caller, question.previous_id, question.earlier)
        return self._turns.give(opened, asked, caller, previous, form, question.earlier)

    def _said(self, opened: Opened, caller: Caller, text: str, product: str = "", date: dt.date | None = None) -> Asked:
        return Asked(opened.number, self.context(caller, date, opened), product, legible(text))

    def passage(self, id: str, caller: Caller) -> Answer | None:
        """The passage ``id`` as an answer; None: there is none for this caller. Waits, see :meth:`submit_passage`."""
        return self.submit_passage(id, caller).result()

    def submit_passage(self, id: str, caller: Caller) -> Future[Answer | None]:
        """The passage ``id`` under the eligibility, companions, proof and record of any answer."""

        def shown(opened: Opened) -> Held[Answer | None] | None:
            asked = self._said(opened, caller, PICK + id)
            if opened.assistant.decider.pickable(id, asked.context) is None:
                return None
            return self._turns.give(opened, asked, caller, None, itself)

        return self._line_up(shown)

    def _line_up(self, work: Callable[[Opened], _T | Held[_T]]) -> Future[_T]:
        self._now()
        future = self._line.join(lambda: work(self._now()))
        if future is None:
            raise Busy(self._retry_after())
        return future

    def _retry_after(self) -> int:
        return max(1, round(self._turns.pace * self._queue))

    def context(self, caller: Caller, date: dt.date | None = None, opened: Opened | None = None) -> Context:
        """The context that ``caller`` asks in."""
        assistant = (opened or self._now()).assistant
        return assistant.context(caller.audience, caller.market, caller.language, caller.channel, date)

    def answer(self, id: str, caller: Caller) -> dict[str, Any] | None:
        """An answer that this caller was given lately, by its ``receipt_sha256``."""
        found = self._turns.recent.find(caller.id, id)
        return found.as_json() if found is not None else None

    def feedback(self, feedback: Feedback, caller: Caller) -> Future[Answer | None]:
        """Keep what a caller says of an answer, in the audit log.

        A comment that reports an emergency, an adverse event or a complaint is also asked as a question is, so that it
        reaches the queue of reports; the approved notice that answers it is returned.
        """

        def kept(opened: Opened) -> Held[Answer | None] | None:
            policy = opened.assistant.settings.audit.questions
            given_here = self._turns.recent.find(caller.id, feedback.answer) is not None
            self._log.record(record_of(feedback, caller, policy, given_here=given_here))
            if not feedback.comment or not opened.assistant.decider.screen.find(feedback.comment):
                return None
            return self._turns.give(opened, self._said(opened, caller, feedback.comment), caller, None, itself)

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
        self._let_go(old)

    def close_answers(self, why: str) -> None:
        """Stop answering until the next :meth:`swap`."""
        with self._lock:
            old, self._opened, self._why_closed = self._opened, None, why
        self._let_go(old)

    def _let_go(self, old: Opened | None) -> None:
        """Close what answers nobody any more but the one whose turn it is; the thread that answers closes it."""
        if old is not None:
            self._line.next(old.assistant.close)

    def close(self) -> None:
        """Answer those in line, then stop."""
        self._line.close()


def _require_product(assistant: Assistant, given: str) -> None:
    """Refuse what names no single product, without a list of those that there are: not all are everybody's."""
    if not given or assistant.index.product(given) is not None:
        return
    key = name_key(given)
    if len({product for product, _ in assistant.index.find_names([key]).get(key, ())}) != 1:
        raise NotThereError("product: there is no product of this id or name; /v1/products lists them")
