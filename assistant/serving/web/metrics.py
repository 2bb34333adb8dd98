"""``/metrics`` for Prometheus: how quickly, how it ended, how often nothing was said, what is asked about.

Guarantees: no words of a question or an answer, and nobody's name: labels are outcomes, flags, intents and routes, all
from closed sets. Drift: the population stability index between the intents of the last questions and those of the
example questions that the release was built with; by custom below 0.1 nothing moved and above 0.25 much did.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Counted
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.answering.answer import Answer
from assistant.domain import ABSTAINED, Flag, Outcome
from assistant.errors import NotReadyError
from assistant.insights.drift import shares, stability
from assistant.serving.web.processes import COUNTS_FOLDER
from assistant.serving.web.service import Service

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_WINDOW = 1000
_ENOUGH = 100


class Metrics:
    """The numbers of one service; a :class:`~assistant.serving.web.turns.Watcher`."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counted(
            "onlabel_http_requests", "Requests by route, method and status.", ["route", "method", "status"],
            registry=registry,
        )  # fmt: skip
        self._http = Histogram(
            "onlabel_http_seconds", "Time until the last byte was sent.", ["route"], buckets=_BUCKETS, registry=registry
        )
        self._seconds = Histogram(
            "onlabel_answer_seconds", "Time until an answer was recorded, without the line.", buckets=_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._outcomes = Counted("onlabel_answers", "Answers by outcome.", ["outcome"], registry=registry)
        self._flags = Counted("onlabel_flags", "Flags raised by the screen.", ["flag"], registry=registry)
        self._intents = Counted("onlabel_intents", "Answers by intent.", ["intent"], registry=registry)
        self._repeated = Counted(
            "onlabel_repeated", "Questions looked for among those asked before.", ["found"], registry=registry
        )
        for found in ("yes", "no"):
            self._repeated.labels(found)
        for outcome in Outcome:
            self._outcomes.labels(outcome.value)
        for flag in Flag:
            self._flags.labels(flag.value)
        self._last: deque[tuple[str, bool]] = deque(maxlen=_WINDOW)
        self._service = service
        self._expected: tuple[int, Mapping[str, float]] = (-1, {})
        self._states = CollectorRegistry()
        self._states.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What is a state of this process and no count; a collector as prometheus_client asks for it."""
        for name, words, value in (
            ("onlabel_waiting", "Questions in line or being answered.", self._service.waiting),
            ("onlabel_ready", "1: answers are given.", self._ready()),
            ("onlabel_release_number", "The release in use; 0: a preview; -1: none.", self._release()),
            ("onlabel_abstention_ratio", f"Share of the last {_WINDOW} answers that said nothing.", self.abstention()),
            ("onlabel_question_drift_psi", "Intents asked against intents trained on; NaN: too few.", self.drift()),
        ):
            yield GaugeMetricFamily(name, words, value)

    def shown(self) -> bytes:
        """All numbers; with several processes the counts are those of all of them."""
        counts = self.registry
        if COUNTS_FOLDER in os.environ:
            counts = CollectorRegistry()
            MultiProcessCollector(counts)  # type: ignore[no-untyped-call]
        return generate_latest(counts) + generate_latest(self._states)

    def answered(self, answer: Answer, seconds: float) -> None:
        """See :class:`~assistant.serving.web.turns.Watcher`."""
        self._seconds.observe(seconds)
        self._outcomes.labels(answer.outcome.value).inc()
        self._intents.labels(answer.intent or "none").inc()
        for flag in answer.flags:
            self._flags.labels(flag.value).inc()
        self._last.append((answer.intent, answer.outcome in ABSTAINED))

    def looked_up(self, *, found: bool) -> None:
        """See :class:`~assistant.serving.web.turns.Watcher`."""
        self._repeated.labels("yes" if found else "no").inc()

    def served(self, route: str, method: str, status: int, seconds: float) -> None:
        """A response was sent."""
        self._requests.labels(route, method, str(status)).inc()
        self._http.labels(route).observe(seconds)

    def abstention(self) -> float:
        """Share of the last answers in which nothing approved was said."""
        last = list(self._last)
        return sum(abstained for _, abstained in last) / len(last) if last else math.nan

    def drift(self) -> float:
        """The population stability index of the last questions; not a number where there were too few."""
        last = [intent for intent, _ in self._last if intent]
        expected = self._trained_on()
        return stability(expected, shares(last)) if len(last) >= _ENOUGH and expected else math.nan

    def _trained_on(self) -> Mapping[str, float]:
        opened = self._service.opened
        if opened is None:
            return {}
        number, found = self._expected
        if number != opened.number:
            found = shares(opened.assistant.index.utterances[1])
            self._expected = (opened.number, found)
        return found

    def _ready(self) -> float:
        return float(self._service.opened is not None)

    def _release(self) -> float:
        try:
            release = self._service.assistant.release
        except NotReadyError:
            return -1.0
        return float(release.number) if release is not None else 0.0


class Measured:
    """ASGI middleware: counts every response under its route's pattern, never under its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: list[BaseRoute]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.served(self._route_of(scope), method, status, time.perf_counter() - begun)

    def _route_of(self, scope: Scope) -> str:
        """The route's pattern: the router left it in the scope, unless the request was turned away before."""
        found = scope.get("route") or next((r for r in self._routes if r.matches(scope)[0] is not Match.NONE), None)
        return str(getattr(found, "path", "other"))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


def routes(metrics: Metrics) -> list[BaseRoute]:
    """``/metrics``, for whoever may ask."""

    def shown(_: Request) -> Response:
        return Response(metrics.shown(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/metrics", shown)]
