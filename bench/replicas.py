"""Two replicas behind a proxy, one of them killed under load: is any answer lost, and what do those who ask notice?

    python bench/replicas.py --proxy nginx
    python bench/replicas.py --proxy haproxy --callers 16 --kills 5

Two `onlabel serve` processes over one workspace (they share the model through the page cache), behind nginx or HAProxy
with the configuration in deploy/ and TLS; audit and queue of reports in one PostgreSQL that is started for it, by an
account that may do no more than docs/deployment.md grants. A process of its own asks through the proxy, each caller
with a key of its own, now and then with a report of harm. One replica after the other gets SIGKILL and is started again
some seconds later.

Then every answer that a caller was shown is looked for in the audit, as often as it was shown; the audit is proved;
every report that was answered is looked for in the queue. An answer that was recorded and not shown is right: it was
recorded by the replica that died, and asked again of the other. Exit code 1 where anything is missing.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
from asking import Seen, ask
from cluster import NAME, Replica, account, certificate, postgres, proxy, server_file
from sample_server import prepared, uses
from tables import publish, table

BOTH, ONE = "both answer", "one is dead"


@dataclass(frozen=True, slots=True)
class Load:
    """So many callers, who wait ``pause`` seconds between questions; ``seconds`` before each of so many ``kills``."""

    callers: int
    pause: float
    kills: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which so many replicas answered, in monotonic seconds."""

    name: str
    since: float
    before: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    ``starts``: seconds until a replica that was started again was ready; ``after``: answers that it gave then.
    ``memory``: of each replica at the end, resident and proportional megabytes, where the system tells.
    """

    seen: Seen
    spans: tuple[Span, ...]
    starts: tuple[float, ...]
    after: tuple[int, ...]
    memory: tuple[tuple[float, float], ...]
    recorded: Counter[str]
    faults: tuple[str, ...]
    reports: int

    @property
    def lost(self) -> int:
        """Answers that were shown and are not in the audit, or not as often as they were shown."""
        return (self.seen.shown - self.recorded).total()

    @property
    def recorded_only(self) -> int:
        """Answers that are in the audit and were shown to nobody."""
        return (self.recorded - self.seen.shown).total()

    @property
    def sound(self) -> bool:
        return not (self.lost or self.faults) and self.reports >= self.seen.reported and bool(self.seen.answers)


def trial(work: Path, root: Path, kind: str, load: Load, place: str = "") -> Trial:
    """Two replicas over ``root``, killed one after the other.

    :param place: the address of a PostgreSQL server; one is started where there is none.
    """
    with ExitStack() as stack:
        owner = place or stack.enter_context(postgres())
        address = place or account(owner)
        keys = _keys(work / "keys.json", load.callers)
        settings = {"auth": "keys", "keys": str(work / "keys.json"), "hosts": [NAME], "proxies": ["127.0.0.1"]}
        config = server_file(work / "serve.toml", settings | {"rate": "1000000/second"})
        replicas = [Replica(root, config, work / f"{name}.log", {"ONLABEL_AUDIT": address}) for name in ("one", "two")]
        for replica in replicas:
            stack.callback(replica.stop)
            replica.start()
        for replica in replicas:
            replica.wait()
        pem = certificate(work)
        port = stack.enter_context(proxy(kind, work, pem, [replica.port for replica in replicas]))
        seen, spans, starts, after = _under_load(replicas, (port, str(pem), keys, load.pause), load)
        memory = tuple((use.resident, use.proportional) for replica in replicas for use in uses(replica.pid))
        return Trial(seen, spans, starts, after, memory, *_kept(owner))


def _keys(path: Path, count: int) -> list[str]:
    from assistant.serving.web.api_keys import KeyFile

    today = dt.datetime.now(dt.UTC).date()
    return [KeyFile(path).add(f"caller {number}", today=today) for number in range(count)]


def _under_load(
    replicas: Sequence[Replica], given: tuple[int, str, list[str], float], load: Load
) -> tuple[Seen, tuple[Span, ...], tuple[float, ...], tuple[int, ...]]:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    asking = spawn.Process(target=ask, args=(there, *given), daemon=True)
    asking.start()
    here.recv()
    spans, starts, after = [], [], []
    since = time.monotonic()
    for number in range(load.kills):
        time.sleep(load.seconds)
        victim = replicas[number % len(replicas)]
        victim.kill()
        killed = time.monotonic()
        time.sleep(load.seconds)
        victim.start()
        started = time.monotonic()
        victim.wait()
        back = time.monotonic()
        starts.append(back - started)
        spans += [Span(BOTH, since, killed), Span(ONE, killed, back)]
        time.sleep(load.seconds)
        after.append(victim.answers(given[2][0]))
        since = back
    spans.append(Span(BOTH, since, time.monotonic()))
    here.send("stop")
    seen: Seen = here.recv()
    asking.join()
    return seen, tuple(spans), tuple(starts), tuple(after)


def _kept(address: str) -> tuple[Counter[str], tuple[str, ...], int]:
    """What stands in the database: answers by their receipt, faults of the audit, reports of harm."""
    from assistant.trust.intake.queue import IntakeQueue
    from assistant.trust.log.log import AuditLog
    from assistant.trust.log.records import SCHEMA

    with AuditLog.open(address, read_only=True) as log:
        entries = (entry for _, _, entry in log.entries() if entry.get("schema") == SCHEMA)
        recorded = Counter(entry["receipt"]["receipt_sha256"] for entry in entries)
        faults = tuple(str(fault) for fault in log.verify().faults)
    return recorded, faults, len(IntakeQueue.open(address).waiting())


def told(kind: str, found: Trial) -> str:
    """The trial as two tables."""
    seen = found.seen
    head = ("", "answers", "a second", "p50 ms", "p99 ms", "longest ms", "longest without any answer, ms")
    rows = [[name, *_figures(found, name)] for name in (BOTH, ONE)]
    other = {status: count for status, count in seen.statuses.items() if status != 200}
    facts = [
        ["replicas killed and started again", f"{len(found.starts)}"],
        ["answers shown", f"{len(seen.answers):,}"],
        ["shown and not in the audit", f"{found.lost:,}"],
        ["in the audit and shown to nobody", f"{found.recorded_only:,}"],
        ["faults that `audit verify` finds", f"{len(found.faults):,}"],
        ["reports of harm answered / queued", f"{seen.reported:,} / {found.reports:,}"],
        ["other responses", ", ".join(f"{count} × {status}" for status, count in other.items()) or "none"],
        ["connections cut", f"{len(seen.broken):,}"],
        ["start of a replica until it is ready, s", f"{max(found.starts):.1f} at most"],
        ["answers by each in the seconds after its return", ", ".join(map(str, found.after))],
        [
            "memory of a replica, resident and proportional, MB",
            "; ".join(f"{a:.0f} and {b:.0f}" for a, b in found.memory),
        ],
    ]
    return "\n\n".join((table(head, rows), table((f"behind {kind}", ""), facts)))


def _figures(found: Trial, name: str) -> list[str]:
    spans = [span for span in found.spans if span.name == name]
    waits = sorted(wait for span in spans for wait in found.seen.waits(span.since, span.before)) or [0.0]
    gap = max(found.seen.gap(span.since, span.before) for span in spans)
    middle, late = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    seconds = sum(span.before - span.since for span in spans)
    figures = [f"{len(waits):,}", f"{len(waits) / seconds:,.0f}"]
    return figures + [f"{value * 1e3:,.0f}" for value in (middle, late, waits[-1], gap)]


@click.command()
@click.option("--proxy", "kind", type=click.Choice(["nginx", "haproxy"]), default="nginx", show_default=True)
@click.option("--kills", default=3, show_default=True, help="How often a replica is killed.")
@click.option(
    "--seconds", default=8.0, show_default=True, help="Before each kill, while it is dead, and after it is back."
)
@click.option("--callers", default=16, show_default=True)
@click.option("--pause", default=0.05, show_default=True, help="Seconds between an answer and the next question.")
@click.option("--postgres", "place", default="", help="A server that is there; its log must be empty.")
@click.option("-w", "root", type=click.Path(path_type=Path, exists=True), help="Default: a copy of the sample.")
def main(kind: str, kills: int, seconds: float, callers: int, pause: float, place: str, root: Path | None) -> None:
    """Kill one of two replicas under load, again and again, and count."""
    with tempfile.TemporaryDirectory(prefix="onlabel-") as folder:
        work = Path(folder)
        if root is None:
            root = prepared(work / "sample")
        found = trial(work, root, kind, Load(callers, pause, kills, seconds), place)
        if any(status >= 500 for status in found.seen.statuses):
            for log in sorted(work.glob("*.log")):
                click.echo(f"{log.name}: ... {log.read_text(encoding='utf-8', errors='replace')[-3000:]}", err=True)
    publish(f"replicas {kind}", told(kind, found), None)
    sys.exit(0 if found.sound else 1)


if __name__ == "__main__":
    main()
