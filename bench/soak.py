"""Many visitors for long, well and badly behaved, with faults put in: does the service lose, leak or make anything up?

    python bench/soak.py --json soak.json                         # 200,000 requests or an hour, whichever ends first
    python bench/soak.py --requests 5000                          # a small one
    python bench/soak.py --workers 2                              # two processes
    python bench/soak.py --markdown soak.json --write docs/performance.md     # those figures as tables, nothing asked

The service is `onlabel serve` over a copy of the sample, with API keys, started by `bench/faulty.py`, which lets
questions with a secret mark fail inside; everything else is done from outside (`bench/troubles.py`). At the end:

- no 5xx but those that an injected fault explains: the question asked for it, or was under way while one was put in;
- every answer that a visitor was shown stands in the audit log, once for each time that it was shown, with the hash of
  the text that was shown; what the log holds beyond that is no more than lost connections and faults explain;
- the audit log proves; the service ends well;
- memory, open files and threads do not grow (`bench/growing.py` says what that means).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import re
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import click
from connection import Connection
from faulty import VARIABLE
from growing import Sample, growth_of, pace_of
from labels import data_folder
from sample_server import Server, knows_setting, prepared, questions, uses
from soak_checks import Seen, checked, errors_in
from tables import REPOSITORY, made_by, put, table
from troubles import Troubles
from visit_kinds import HOSTILE, KINDS
from visits import Visitor, World

from assistant.serving.web.api_keys import KeyFile
from assistant.settings import ServeSettings

SCHEMA = "onlabel.bench-soak/1"
_UNFINISHED = 8


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a soak lasts (whichever comes first), how many visit at once, how often the index is built anew."""

    requests: int
    seconds: float
    visitors: int
    builds: int
    seed: int


class Soak:
    """One run over a service."""

    def __init__(self, server: Server, world: World, terms: Terms) -> None:
        self.seen = Seen()
        self.samples: list[Sample] = []
        self.troubles = Troubles(server, self.done, terms.builds)
        self.unfinished_held = 0
        self._server, self._world, self._terms = server, world, terms
        self._begun = time.monotonic()

    def done(self) -> float:
        """The share that is done; from 1 on no further visit begins."""
        took = time.monotonic() - self._begun
        return max(self.seen.visits / self._terms.requests, took / self._terms.seconds)

    async def run(self) -> float:
        """All of it; how many seconds it took."""
        self._begun = time.monotonic()
        unfinished = [await self._unfinished() for _ in range(_UNFINISHED)]
        sampling = asyncio.create_task(self._sample())
        troubles = asyncio.create_task(self.troubles.run())
        await asyncio.gather(*(self._visitor(number) for number in range(self._terms.visitors)))
        took = time.monotonic() - self._begun
        await troubles
        sampling.cancel()
        self.unfinished_held = sum(connection.usable for connection in unfinished)
        for connection in unfinished:
            connection.close(abruptly=True)
        return took

    async def _visitor(self, number: int) -> None:
        visitor = Visitor(self._world, number)
        shares = [kind.share for kind in KINDS]
        while self.done() < 1 and self._server.running:
            visit = await visitor.visit(visitor.chance.choices(KINDS, shares)[0])
            window = self.troubles.explains(visit.begun, visit.ended)
            self.seen.add(visit, window.name if window else "")
        visitor.close()

    async def _unfinished(self) -> Connection:
        """A connection on which a request is begun and never ended."""
        connection = await Connection.open(self._world.host, self._world.port)
        connection.send(b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        return connection

    async def _sample(self) -> None:
        while True:
            used = await asyncio.to_thread(uses, self._server.pid)
            if used:
                totals = (sum(u.resident for u in used), sum(u.files for u in used), sum(u.threads for u in used))
                self.samples.append(Sample(self.seen.visits, time.monotonic() - self._begun, *totals))
            if sys.stderr.isatty():
                click.echo(f"\r{self.seen.visits:,} visits ", nl=False, err=True)
            await asyncio.sleep(0.5 if len(self.samples) < 200 else 2)


def make_keys(root: Path) -> list[str]:
    """API keys of three callers, one of them a patient."""
    shutil.rmtree(root / "keys", ignore_errors=True)
    file, day = KeyFile(root / "keys" / "api-keys.json"), dt.datetime.now(dt.UTC).date()
    callers = (("rep", "hcp"), ("nurse", "hcp"), ("portal", "patient"))
    return [file.add(name, today=day, audience=audience) for name, audience in callers]


def hostile() -> list[str]:
    """Our own hostile strings, and the evaluation data's where they are at hand."""
    found = data_folder() / "hostile" / "blns.json"
    more = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else []
    return [line for line in (*HOSTILE, *more) if line]


def soaked(root: Path, work: Path, terms: Terms, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The whole soak; its figures."""
    for name in ("audit", "intake"):
        shutil.rmtree(root / name, ignore_errors=True)
    keys = [{"Authorization": f"Bearer {key}"} for key in make_keys(root)]
    mark = secrets.token_hex(8)
    os.environ[VARIABLE] = mark
    server = Server(root, work, {"auth": "keys", **settings}, launcher=[str(REPOSITORY / "bench" / "faulty.py")])
    with server:
        splits = ("train", "validation", "calibration", "test")
        world = World("127.0.0.1", server.port, keys, questions(*splits), hostile(), mark, terms.seed)
        soak = Soak(server, world, terms)
        took = asyncio.run(soak.run())
        soak.seen.counted_5xx = counted_5xx(server, keys[0])
        code = server.stop()
    log = server.log_file.read_text(encoding="utf-8", errors="replace").replace(str(root.resolve()), "WORKSPACE")
    return figures(soak, root, took, code) | {"log": errors_in(log), "failed_in_log": errors_in(log, unforeseen=True)}


def counted_5xx(server: Server, key: Mapping[str, str]) -> int:
    """How many responses with a 5xx the service itself counted: what an alarm would look at."""
    request = urllib.request.Request(f"{server.url}/metrics", headers=dict(key))  # noqa: S310 - this machine
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            text = response.read().decode()
    except OSError:  # it is not there any more, which another check says
        return 0
    line = re.compile(r"^onlabel_http_requests_total\{(.*)\} ([0-9.e+]+)$", re.MULTILINE)
    counts = (float(count) for labels, count in line.findall(text) if 'status="5' in labels and "/readyz" not in labels)
    return round(sum(counts))


def _memories(requests: int) -> dict[str, int]:
    """What the service remembers, in proportion: a small soak too has to go on long after it is full."""
    kept = {name: ServeSettings.model_fields[name].default for name in ("answers_kept", "cache") if knows_setting(name)}
    return {name: max(20, min(standard, requests // 100)) for name, standard in kept.items()}


def figures(soak: Soak, root: Path, took: float, code: int) -> dict[str, Any]:
    """What was seen and what is right of it."""
    seen, troubles = soak.seen, soak.troubles
    kinds = {
        kind.name: {
            "statuses": {str(status): count for status, count in sorted(seen.statuses[kind.name].items())},
            "p50_ms": round(statistics.median(seen.waits[kind.name] or [0]) * 1e3, 1),
            "p99_ms": round(sorted(seen.waits[kind.name] or [0])[int(0.99 * len(seen.waits[kind.name]))] * 1e3, 1),
        }
        for kind in KINDS
    }
    return {
        "visits": seen.visits,
        "seconds": round(took, 1),
        "shown": seen.shown.total(),
        "kinds": kinds,
        "builds": troubles.builds,
        "windows": [
            {"name": window.name, "seconds": round(window.ended - window.begun, 1)} for window in troubles.windows
        ],
        "explained": dict(seen.explained),
        "unexpected": dict(seen.unexpected.most_common(20)),
        "skipped": troubles.skipped,
        "failed": troubles.failed,
        "unfinished_held": soak.unfinished_held,
        "checks": checked(seen, root, code, troubles.failed),
        "growth": {
            what: asdict(found) | {"grew": found.grew}
            for what in ("resident", "files", "threads")
            if (found := growth_of(soak.samples, what)) is not None
        },
        "samples": [list(astuple(sample)) for sample in soak.samples],
        "pace": [round(each, 1) for each in pace_of(soak.samples)],
    }


def report(found: Mapping[str, Any]) -> str:
    """The figures as tables."""
    sent = [
        [name, f"{sum(kind['statuses'].values()):,}", _counted(kind["statuses"]), *_milliseconds(kind)]
        for name, kind in found["kinds"].items()
    ]
    faults = [[w["name"], f"{w['seconds']} s", f"{found['explained'].get(w['name'], 0):,}"] for w in found["windows"]]
    faults.append(["asked for by the question", "", f"{found['explained'].get('asked for by the question', 0):,}"])
    parts = [
        table(["sent", "visits", "responses", "p50 ms", "p99 ms"], sent),
        table(["fault put in", "for", "5xx (of all of this name)"], faults),
        table(["after the warm-up", "first half", "last half", "rises in it", "allowed", ""], _grown(found)),
        table(
            ["at the end", "found", ""], [[n, str(c["found"]), _tick(c["right"])] for n, c in found["checks"].items()]
        ),
        f"{found['visits']:,} requests in {found['seconds']:,.0f} s ({found['pace'][0]:,.0f} a second in the first "
        f"half, {found['pace'][1]:,.0f} in the last); {found['shown']:,} answers shown; the index built anew "
        f"{found['builds']} times. Of {_UNFINISHED} connections whose request never ended {found['unfinished_held']} "
        "were still held at the end.",
    ]
    for key, words in (
        ("unexpected", "Not explained"),
        ("failed_in_log", "Exceptions in the service's log that nobody put in"),
        ("skipped", "Left out"),
    ):
        if found[key]:
            listed = found[key] if isinstance(found[key], list) else [f"{n} × {k}" for k, n in found[key].items()]
            parts.append(f"{words}:\n\n" + "\n".join(f"- {line}" for line in listed))
    return "\n\n".join(parts)


def _grown(found: Mapping[str, Any]) -> list[list[str]]:
    units = {"resident": "memory, MB", "files": "open files", "threads": "threads"}
    return [
        [units[what], *(f"{each[key]:,.1f}" for key in ("first", "last", "rise", "allowed")), _tick(not each["grew"])]
        for what, each in found["growth"].items()
    ]


def _counted(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} × {'none' if status == '0' else status}" for status, count in statuses.items())


def _milliseconds(kind: Mapping[str, Any]) -> list[str]:
    return [f"{kind['p50_ms']:,.1f}", f"{kind['p99_ms']:,.1f}"]


def _tick(right: bool) -> str:
    return "✓" if right else "**fault**"


def is_good(found: Mapping[str, Any]) -> bool:
    """Whether every check passed and nothing grew."""
    return all(c["right"] for c in found["checks"].values()) and not any(g["grew"] for g in found["growth"].values())


@click.command()
@click.option("--requests", default=200_000, show_default=True)
@click.option("--minutes", default=60.0, show_default=True, help="Stop after so long, whatever was sent.")
@click.option("--visitors", default=24, show_default=True, help="How many at once.")
@click.option("--builds", default=20, show_default=True, help="How often the index is built anew.")
@click.option("--workers", default=1, show_default=True, help="Processes of the service.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workspace", type=click.Path(path_type=Path), help="Keep the built copy of the sample here.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
@click.option(
    "--markdown", "made", type=click.Path(path_type=Path, exists=True), help="Show these figures; send nothing."
)
@click.option("--write", type=click.Path(path_type=Path), help="Put the tables into this page.")
def main(
    requests: int, minutes: float, visitors: int, builds: int, workers: int, seed: int, workspace: Path | None,
    out: Path | None, made: Path | None, write: Path | None,
) -> None:  # fmt: skip
    """Soak the service over the sample workspace; exit code 1 where a check failed."""
    if made is not None:
        found = json.loads(made.read_text(encoding="utf-8"))
        put("soak", f"{report(found)}\n\n{found['made']}", write)
        return
    work = Path(tempfile.mkdtemp(prefix="onlabel-soak-"))
    try:
        terms = Terms(requests, minutes * 60, visitors, builds, seed)
        settings = {"workers": workers} if knows_setting("workers") and workers > 1 else {}
        found = soaked(prepared(workspace or work / "w"), work, terms, settings)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = {"schema": SCHEMA, **found, "made": made_by()}
    if out is not None:
        out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    put("soak", f"{report(found)}\n\n{found['made']}", write)
    sys.exit(0 if is_good(found) else 1)


if __name__ == "__main__":
    main()
