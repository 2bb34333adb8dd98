"""Visitors of a soak: one request, one response, and what is kept of it.

A visit knows which statuses it may get; whatever else comes back is unexpected, and a 5xx that no injected fault
explains is a fault of the service. Every answer that a visitor was shown is kept by its receipt, and its text is
compared with the hash in the receipt.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connection import BrokenError, Connection, Response, post, raw, reused

#: Written before a question, so that a long soak does not run out of different ones.
_LEADS = (
    "", "please: ", "hello, ", "quick question: ", "hi there. ", "sorry to bother you, ", "dear team, ",
    "asking again: ", "urgent, ", "for a colleague: ", "good morning, ", "just wondering, ",
)  # fmt: skip
_PATIENCE = 120.0


#: A response, and answers that may be recorded without having been seen.
Came = tuple[Response | None, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of visit: how often, of a thousand; what it sends; which statuses are right (0: none is waited for).

    ``injected``: the visit itself asks for a fault. ``recorded``: what it is shown is recorded once more for it.
    """

    name: str
    share: float
    send: Callable[[Visitor], Awaitable[Came]]
    right: frozenset[int]
    injected: bool = False
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one visit. ``status`` 0: the connection ended without a response.

    ``shown``: receipt and hash of the text of each answer in the response. ``unseen``: answers that may be recorded
    although nobody saw them.
    """

    kind: Kind
    begun: float
    ended: float
    status: int
    shown: tuple[tuple[str, str], ...] = ()
    unseen: int = 0
    wrong: str = ""


@dataclass(slots=True)
class World:
    """What visitors share. ``keys``: the headers of callers; ``mark``: what makes a question meet a fault."""

    host: str
    port: int
    keys: Sequence[Mapping[str, str]]
    questions: Sequence[str]
    hostile: Sequence[str]
    mark: str
    seed: int
    counted: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    fresh: Iterator[str] = field(init=False)
    repeats: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - the same run again is what is wanted
        shuffled = chance.sample(list(self.questions), len(self.questions))
        self.repeats = shuffled[:200]
        self.fresh = (lead + question for lead in itertools.cycle(_LEADS) for question in shuffled[200:])


class Visitor:
    """One of those who come at the same time, with a connection of his own."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.chance = random.Random(f"{world.seed} {number}")  # noqa: S311 - as above
        self.headers = world.keys[number % len(world.keys)]
        self.last = ""
        self.passages: deque[str] = deque(maxlen=50)
        self._connection: Connection | None = None

    async def visit(self, kind: Kind) -> Visit:
        """Send what this kind of visit sends."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                response, unseen = await kind.send(self)
        except (BrokenError, OSError):
            response, unseen = None, 1
        except TimeoutError:
            return Visit(kind, begun, time.monotonic(), 0, unseen=1, wrong="no response in two minutes")
        ended = time.monotonic()
        if response is None:
            return Visit(kind, begun, ended, 0, unseen=unseen)
        if response.status == 429:
            await asyncio.sleep(min(response.retry_after, 2.0))
        shown, wrong = self._read(response)
        return Visit(kind, begun, ended, response.status, shown, unseen, wrong)

    async def exchange(self, request: bytes) -> Response:
        """Send ``request`` on this visitor's connection, a new one where the old one was closed."""
        self._connection = await reused(self._connection, self.connect)
        return await self._connection.exchange(request)

    async def connect(self) -> Connection:
        return await Connection.open(self.world.host, self.world.port)

    def ask(self, question: str, **more: str) -> bytes:
        return post("/v1/ask", {"question": question, **more}, self.headers)

    def get(self, path: str) -> bytes:
        return raw("GET", path, headers=self.headers)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _read(self, response: Response) -> tuple[tuple[tuple[str, str], ...], str]:
        """The answers in a response, and what is wrong with it."""
        if response.status not in (200, 201):
            return (), "" if _is_error(response) else "an error that is not onlabel.error/1"
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            answers = [chunk["onlabel"] for chunk in _chunks(response.body) if chunk.get("onlabel")]
        elif response.headers.get("content-type") == "application/json":
            answers = _answers_in(response.json())
        else:
            answers = []
        wrong = ""
        for answer in answers:
            if hashlib.sha256(answer["text"].encode()).hexdigest() != answer["receipt"]["answer_sha256"]:
                wrong = "a text that is not the one in its receipt"
            self.last = answer["receipt"]["receipt_sha256"]
            self.passages.extend(s["id"] for s in answer["spans"] if "notices" not in s.get("document", "notices"))
        shown = tuple((a["receipt"]["receipt_sha256"], a["receipt"]["answer_sha256"]) for a in answers)
        return shown, wrong


def _is_error(response: Response) -> bool:
    try:
        found = response.json()
    except ValueError:
        return False
    return isinstance(found, dict) and (found.get("schema") == "onlabel.error/1" or "status" in found)


def _answers_in(found: Any) -> list[dict[str, Any]]:
    """The answer itself, the notice to feedback, the extension field of a completion."""
    if not isinstance(found, dict):
        return []
    if found.get("schema") == "onlabel.answer/1":
        return [found]
    return [answer for key in ("notice", "onlabel") if isinstance(answer := found.get(key), dict)]


def _chunks(body: bytes) -> list[dict[str, Any]]:
    lines = (line.removeprefix(b"data: ") for line in body.split(b"\n") if line.startswith(b"data: {"))
    return [json.loads(line) for line in lines]
