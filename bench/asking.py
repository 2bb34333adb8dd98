"""Callers in a process of their own who ask through a proxy until they are told to stop, and write down what they saw.

Each has a credential of its own and one connection (TLS, trusting one certificate alone), and waits a little between an
answer and the next question. Every so often a question reports harm, each time in other words.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from cluster import NAME
from connection import BrokenError, Connection, post, reused

REPORT = "patient number {number} broke out in hives after zorvanta"
QUESTIONS = (
    "What is the starting dose of zorvanta in renal impairment?", "zorvanta with clarithromycin?",
    "How is quovendry stored?", "Can zorvanta be taken in pregnancy?", "what about the elderly, quovendry?",
    "missed dose of zorvanta", "contraindications of quovendry", "What are the ingredients of zorvanta?",
)  # fmt: skip
_EVERY = 20  # every so many questions one reports harm
_PATIENCE = 60.0
_RECEIPT = re.compile(rb'"receipt_sha256":\s*"([0-9a-f]{64})"')


@dataclass(slots=True)
class Seen:
    """What callers saw.

    ``answers``: when asked, when answered (monotonic seconds), the receipt, whether it answers a report of harm.
    """

    answers: list[tuple[float, float, str, bool]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[float] = field(default_factory=list)

    @property
    def shown(self) -> Counter[str]:
        return Counter(receipt for _, _, receipt, _ in self.answers)

    @property
    def reported(self) -> int:
        return sum(report for _, _, _, report in self.answers)

    @property
    def failed(self) -> int:
        """Requests that ended without an answer."""
        return len(self.broken) + sum(count for status, count in self.statuses.items() if status != 200)

    def gap(self, since: float, before: float) -> float:
        """The longest time in which nobody was shown an answer, within a span of time."""
        moments = [since, *sorted(at for _, at, _, _ in self.answers if since <= at <= before), before]
        return max(later - at for at, later in itertools.pairwise(moments))

    def waits(self, since: float, before: float) -> list[float]:
        """How long each answer took that was asked for within a span of time."""
        return [at - asked for asked, at, _, _ in self.answers if since <= asked < before]


def ask(pipe: Pipe, port: int, pem: str, keys: Sequence[str], pause: float) -> None:
    """Ask, a caller a key: a process of its own.

    It says "asking" when everybody has an answer, ends when anything is said to it, and says what was seen.
    """
    asyncio.run(_Callers(pipe, port, ssl.create_default_context(cafile=pem), pause).ask(keys))


class _Callers:
    def __init__(self, pipe: Pipe, port: int, trust: ssl.SSLContext, pause: float) -> None:
        self._pipe, self._port, self._trust, self._pause = pipe, port, trust, pause
        self._seen = Seen()
        self._stopped = False

    async def ask(self, keys: Sequence[str]) -> None:
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._stop)
        first = [asyncio.Event() for _ in keys]
        asking = asyncio.gather(*(self._caller(number, key, first[number]) for number, key in enumerate(keys)))
        for event in first:
            await event.wait()
        self._pipe.send("asking")
        await asking
        self._pipe.send(self._seen)

    def _stop(self) -> None:
        self._pipe.recv()
        self._stopped = True

    async def _caller(self, number: int, key: str, answered: asyncio.Event) -> None:
        connection: Connection | None = None
        for question, report in _questions(number):
            request = post("/v1/ask", {"question": question}, {"Host": NAME, "Authorization": f"Bearer {key}"})
            connection = await self._one(connection, request, report)
            answered.set()
            if self._stopped:
                break
            await asyncio.sleep(self._pause)
        if connection is not None:
            connection.close()

    async def _one(self, connection: Connection | None, request: bytes, report: bool) -> Connection | None:
        since = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                connection = await reused(connection, self._connected)
                response = await connection.exchange(request)
        except (BrokenError, OSError, TimeoutError):
            self._seen.broken.append(since)
            return None
        self._seen.statuses[response.status] += 1
        receipt = _RECEIPT.search(response.body)
        if response.status == 200 and receipt is not None:
            self._seen.answers.append((since, time.monotonic(), receipt[1].decode(), report))
        return connection

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            Connection, "127.0.0.1", self._port, ssl=self._trust, server_hostname=NAME
        )
        return connection


def _questions(caller: int) -> Iterator[tuple[str, bool]]:
    for number in itertools.count(caller):
        report = number % _EVERY == 0
        # Every report says something else: the same one in the same minute would be queued once.
        yield (REPORT.format(number=f"{caller}-{number}") if report else QUESTIONS[number % len(QUESTIONS)]), report
