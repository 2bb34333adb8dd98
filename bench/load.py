"""Ask a running service as many callers do at once, in a process of its own, and say how long each of them waited.

    python bench/load.py http://127.0.0.1:8765 --callers 64 --requests 5000 --questions questions.txt
    python bench/load.py --ceiling --callers 64       # what this generator can do, against a server that does nothing

**Closed loop**: each caller sends its next question when it has the answer to the one before, so N callers are at most
N questions under way, and a service that stalls is asked less meanwhile. This is how people ask, and what it says is
how long each of N waits. It is not how strangers arrive. **Open loop** (``--rate R``): question k is due at k / R
seconds whether or not the ones before were answered, and its time counts from when it was *due*, so that a stall shows
in everybody whom it kept waiting (no coordinated omission).

Every request is timed on its own, from the first byte sent (open loop: from when it was due) to the last byte read; no
averages of averages. A caller who is turned away (429) comes back after the ``Retry-After`` that he was given, and his
time runs on. Questions are drawn by a fixed seed; the first ones, ``--warm-up`` of them, are asked and not counted. The
receipts of all answers shown, those of the warm-up as well, stand in the JSON, to be compared with the audit log.
"""

from __future__ import annotations

import asyncio
import json
import math
import multiprocessing
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from connection import BrokenError, Connection, Response, post, reused
from tables import table

SCHEMA = "onlabel.bench-load/1"
_RECEIPT = re.compile(rb'"receipt_sha256":\s*"([0-9a-f]{64})"')
#: Nobody waits longer for one answer, waits after a 429 included.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom to ask, by how many callers. ``rate``: questions a second (open loop); 0: closed loop."""

    host: str
    port: int
    callers: int
    rate: float = 0.0
    seed: int = 1
    most_seconds: float = 600.0


@dataclass(slots=True)
class Tally:
    """What was seen. ``waits`` in seconds, of answered requests alone; ``statuses`` of every response."""

    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    receipts: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    gave_up: int = 0
    seconds: float = 0.0
    processor: float = 0.0

    def milliseconds(self, share: float) -> float:
        """The wait that this share of the answers did not exceed (nearest rank); 0 where there was no answer."""
        if not self.waits:
            return 0.0
        ordered = sorted(self.waits)
        return ordered[math.ceil(round(share * len(ordered), 6)) - 1] * 1e3

    @property
    def answers_a_second(self) -> float:
        return len(self.waits) / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "answers": len(self.waits),
            "seconds": round(self.seconds, 3),
            "answers_a_second": round(self.answers_a_second, 1),
            "p50_ms": round(self.milliseconds(0.50), 3),
            "p95_ms": round(self.milliseconds(0.95), 3),
            "p99_ms": round(self.milliseconds(0.99), 3),
            "max_ms": round(self.milliseconds(1.0), 3),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "broken": self.broken,
            "gave_up": self.gave_up,
            "generator_cores": round(self.processor / self.seconds, 3) if self.seconds else 0.0,
            "receipts": dict(self.receipts),
        }


class Callers:
    """Sends the requests of an iterator by so many callers at once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 - the same run again is what is wanted
        self._begun = 0.0

    async def send(self, requests: Iterator[bytes]) -> Tally:
        """Send them all, or as many as fit into ``most_seconds``."""
        tally, due = Tally(), enumerate(requests)
        self._begun, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(self._caller(due, tally) for _ in range(self._plan.callers)))
        tally.seconds, tally.processor = time.perf_counter() - self._begun, time.process_time() - used
        return tally

    async def _caller(self, due: Iterator[tuple[int, bytes]], tally: Tally) -> None:
        connection: Connection | None = None
        for number, request in due:
            since = self._moment(number)
            if since - self._begun > self._plan.most_seconds:
                break
            early = since - time.perf_counter()
            if early > 0:
                await asyncio.sleep(early)
            connection = await self._answered(connection, request, since, tally)
        if connection is not None:
            connection.close()

    def _moment(self, number: int) -> float:
        """When the request is due: now, or in an open loop by the schedule."""
        return self._begun + number / self._plan.rate if self._plan.rate else time.perf_counter()

    async def _answered(
        self, connection: Connection | None, request: bytes, since: float, tally: Tally
    ) -> Connection | None:
        """Ask until there is an answer, coming back as often as one is told to."""
        while time.perf_counter() - since < _PATIENCE:
            connection = await reused(connection, partial(Connection.open, self._plan.host, self._plan.port))
            try:
                async with asyncio.timeout(_PATIENCE):
                    response = await connection.exchange(request)
            except (BrokenError, TimeoutError):
                tally.broken += 1
                return None
            tally.statuses[response.status] += 1
            if response.status == 429 and response.retry_after:
                await asyncio.sleep(response.retry_after * (1 + self._chance.random() / 10))
                continue
            if response.status == 200:
                tally.waits.append(time.perf_counter() - since)
                tally.receipts.update(receipts_in(response))
            return connection
        tally.gave_up += 1
        return connection


def receipts_in(response: Response) -> list[str]:
    """The id of the answer that is shown in a response: looked for, not parsed, for it is asked of every answer."""
    found = _RECEIPT.search(response.body)
    return [found[1].decode()] if found else []


def drawn(questions: Sequence[str], count: int, seed: int, *, repeated: bool = False) -> list[str]:
    """``count`` questions in an order that the seed says: all different as long as they last, or drawn with repeats."""
    chance = random.Random(seed)  # noqa: S311 - the same run again is what is wanted
    if repeated:
        return chance.choices(list(questions), k=count)
    found: list[str] = []
    while len(found) < count:
        found.extend(chance.sample(list(questions), len(questions)))
    return found[:count]


def run(plan: Plan, requests: Sequence[bytes], warm_up: Sequence[bytes] = ()) -> Tally:
    """Send the warm-up, then the requests that count. Receipts are those of both."""

    async def both() -> Tally:
        callers = Callers(plan)
        before = await callers.send(iter(warm_up)) if warm_up else Tally()
        tally = await callers.send(iter(requests))
        tally.receipts += before.receipts
        return tally

    return asyncio.run(both())


class _Nothing(asyncio.Protocol):
    """Answers every request with the same four thousand bytes and looks at none of them."""

    _RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n" + b" " * 4096

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data:
            self._transport.write(self._RESPONSE)  # type: ignore[attr-defined]


def _do_nothing(tell: Callable[[int], None]) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Nothing, "127.0.0.1", 0)
        tell(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def ceiling(callers: int, count: int) -> Tally:
    """What this generator can do: against a server in another process that does nothing."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    server = spawn.Process(target=_do_nothing, args=(there.send,), daemon=True)
    server.start()
    try:
        request = post("/v1/ask", {"question": "what is the starting dose of zorvanta in renal impairment?"})
        return run(Plan("127.0.0.1", here.recv(), callers), [request] * count, [request] * callers)
    finally:
        server.terminate()
        server.join()


def show(name: str, found: Mapping[str, Any]) -> list[str]:
    """A line of the table."""
    other = [f"{count:,} × {status}" for status, count in found["statuses"].items() if status != "200"]
    other += [f"{found[what]} {what.replace('_', ' ')}" for what in ("broken", "gave_up") if found[what]]
    return [
        name,
        f"{found['answers_a_second']:,.0f}",
        *(f"{found[f'{which}_ms']:,.1f}" for which in ("p50", "p95", "p99", "max")),
        f"{found['answers']:,}",
        ", ".join(other) or "none",
        f"{found['generator_cores']:.0%}",
    ]


HEAD = ("", "answers/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "answers", "other responses", "generator, of a core")


@click.command()
@click.argument("url", required=False)
@click.option("--callers", default=8, show_default=True, help="How many ask at once.")
@click.option("--requests", "count", default=2000, show_default=True, help="Questions that count.")
@click.option("--warm-up", default=100, show_default=True, help="Questions before them that do not.")
@click.option("--questions", type=click.Path(path_type=Path, exists=True), help="One a line.")
@click.option("--repeated", is_flag=True, help="Draw the questions with repeats.")
@click.option("--rate", default=0.0, help="Open loop: so many questions a second, whatever comes back.")
@click.option("--seed", default=1, show_default=True)
@click.option("--most-seconds", default=600.0, show_default=True, help="Stop asking after so long.")
@click.option("--key-file", type=click.Path(path_type=Path, exists=True), help="An API key to send.")
@click.option("--ceiling", "nothing", is_flag=True, help="Measure this generator instead.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures and all receipts here.")
def main(
    url: str | None,
    callers: int,
    count: int,
    warm_up: int,
    questions: Path | None,
    repeated: bool,
    rate: float,
    seed: int,
    most_seconds: float,
    key_file: Path | None,
    nothing: bool,
    out: Path | None,
) -> None:
    """Ask the service at URL."""
    if nothing:
        tally = ceiling(callers, count)
    elif url is None or questions is None:
        raise click.UsageError("give the service's URL and --questions FILE, or --ceiling")
    else:
        place = urlsplit(url)
        plan = Plan(place.hostname or "127.0.0.1", place.port or 80, callers, rate, seed, most_seconds)
        headers = {"Host": place.netloc}
        if key_file is not None:
            headers["Authorization"] = f"Bearer {key_file.read_text(encoding='utf-8').strip()}"
        lines = [line for line in questions.read_text(encoding="utf-8").split("\n") if line.strip()]
        asked = drawn(lines, count + warm_up, seed, repeated=repeated)
        sent = [post("/v1/ask", {"question": question}, headers) for question in asked]
        tally = run(plan, sent[warm_up:], sent[:warm_up])
    found = tally.as_json() | {"callers": callers, "rate": rate, "seed": seed}
    if out is not None:
        out.write_text(json.dumps(found), encoding="utf-8")
    print(table(HEAD, [show(f"{callers} callers", found)]))
    sys.exit(0 if tally.waits else 1)


if __name__ == "__main__":
    main()
