"""Measure `onlabel serve`: callers at once, repeated questions, what HTTP adds, processes, memory.

    python bench/serve.py --json serve.json                                    # about 10 minutes
    python bench/serve.py --markdown serve.json --write docs/performance.md    # those figures as tables, nothing asked

The service runs over a copy of the sample with the audit log on and synced to disk; the callers are another process
(`bench/load.py`, which says what its times mean). Questions are those of the training data's test split with the
sample's products: all different, or 50 of them over and over. The cache of repeated questions is off for the different
ones; it never holds what raised a flag (a report of harm is read each time), so the repeated ones raise none, but for
one line with questions as they come. Every answer that a caller was shown is looked up in the audit log afterwards.
"""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from load import HEAD, ceiling, drawn, show
from sample_server import (
    Server,
    cores,
    knows_setting,
    prepared,
    questions,
    recorded_answers,
    unrecorded,
    uses,
)
from speed import MemoryAudit, verdict
from tables import REPOSITORY, made_by, put, table

from assistant.pipeline import Assistant

SCHEMA = "onlabel.bench-serve/1"
CALLERS = (1, 8, 64, 256)
#: Nobody is turned away, unless that is what is measured.
ROOM = 1024
_DIFFERENT, _REPEATED, _REPEATED_COUNT = "different questions", "repeated questions", 50
_BLOCK = 40


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share. ``count``: questions of each that are counted."""

    root: Path
    work: Path
    count: int
    seed: int
    most_seconds: float

    def server(self, **settings: Any) -> Server:
        """A service with room for everybody, and no cache unless it is asked for."""
        given: dict[str, Any] = {"queue": ROOM} | settings
        if knows_setting("cache"):
            given.setdefault("cache", 0)
        return Server(self.root, self.work, given)


@dataclass(slots=True)
class Shown:
    """The receipts of what callers were shown, to be looked up in the audit log."""

    receipts: Counter[str]

    def add(self, found: dict[str, Any]) -> dict[str, Any]:
        """Take the receipts out of a run's figures."""
        self.receipts.update(found.pop("receipts"))
        return found


def asked_by(bench: Bench, server: Server, callers: int, lines: Sequence[str], *options: str) -> dict[str, Any]:
    """The figures of one run of `bench/load.py`."""
    given, out = bench.work / "questions.txt", bench.work / "load.json"
    given.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, str(REPOSITORY / "bench" / "load.py"), server.url, "--callers", str(callers)]
    command += ["--warm-up", str(max(2 * callers, 50)), "--questions", str(given), "--json", str(out)]
    command += ["--seed", str(bench.seed), "--most-seconds", str(bench.most_seconds), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return dict(json.loads(out.read_text(encoding="utf-8")))


def sweep(bench: Bench, server: Server, shown: Shown, name: str, lines: Sequence[str], many: int) -> dict[str, Any]:
    """All numbers of callers, one after the other."""
    found: dict[str, Any] = {}
    for callers in CALLERS:
        count = max(many, 8 * callers)
        options = ["--requests", str(count), *(["--repeated"] if name == _REPEATED else [])]
        found[str(callers)] = shown.add(asked_by(bench, server, callers, lines, *options))
        _say(f"{name}, {callers} callers: {found[str(callers)]['answers_a_second']:.0f} a second")
    return found


def without_flags(root: Path, lines: Sequence[str], count: int) -> list[str]:
    """The first ``count`` questions that raise no flag: the others are answered anew each time."""
    assistant = Assistant.open(root, audit=MemoryAudit())
    found: list[str] = []
    for line in lines:
        if len(found) < count and not assistant.ask(line).flags:
            found.append(line)
    return found


def with_schedule(bench: Bench, server: Server, shown: Shown, lines: Sequence[str], rate: float) -> dict[str, Any]:
    """Questions that arrive by the clock, as those of strangers do, at ``rate`` a second."""
    options = ["--requests", str(bench.count), "--rate", f"{rate:.1f}"]
    return shown.add(asked_by(bench, server, 256, lines, *options)) | {"rate": round(rate, 1)}


def in_turns(bench: Bench, server: Server, lines: Sequence[str]) -> dict[str, Any]:
    """The same questions over HTTP and of the pipeline directly, in blocks that take turns; one caller.

    The pipeline has a workspace of its own, so that two processes do not wait for one log.
    """
    root = bench.work / "direct"
    shutil.copytree(bench.root, root, ignore=shutil.ignore_patterns("audit", "intake"))
    direct = Assistant.open(root)
    client = http.client.HTTPConnection("127.0.0.1", server.port)

    def over_http(question: str) -> None:
        body = json.dumps({"question": question}).encode()
        client.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
        response = client.getresponse()
        response.read()
        assert response.status == 200, response.status

    def directly(question: str) -> None:
        json.dumps(direct.ask(question, direct.context(channel="api"), who="local").as_json())

    ways: dict[str, Callable[[str], None]] = {"http": over_http, "direct": directly}
    times = _timed_in_blocks(ways, lines)
    p50 = {name: statistics.median(found) for name, found in times.items()}
    apart = statistics.median(one - other for one, other in zip(times["http"], times["direct"], strict=True))
    return {
        "questions": len(times["http"]),
        "http_p50_ms": round(p50["http"], 3),
        "direct_p50_ms": round(p50["direct"], 3),
        "added_p50_ms": round(p50["http"] - p50["direct"], 3),
        "added_to_the_same_question_p50_ms": round(apart, 3),
    }


def _timed_in_blocks(ways: Mapping[str, Callable[[str], None]], lines: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each question each way; the way that goes first changes with each block, the first is warm-up."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number, start in enumerate(range(0, len(lines), _BLOCK)):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            for question in lines[start : start + _BLOCK]:
                begun = time.perf_counter()
                ways[name](question)
                if number:
                    times[name].append((time.perf_counter() - begun) * 1e3)
    return times


def memory(server: Server) -> list[dict[str, float]]:
    """What each of the service's processes takes, in megabytes; nothing where the system does not say (no /proc)."""
    return [
        {"resident": round(use.resident, 1), "proportional": round(use.proportional, 1), "own": round(use.private, 1)}
        for use in uses(server.pid)
    ]


def measured(bench: Bench) -> dict[str, Any]:
    """All figures."""
    shutil.rmtree(bench.root / "audit", ignore_errors=True)  # what is recorded is to be what was shown here
    lines = [line for line in questions("test") if "\n" not in line]
    mixed = drawn(lines, _REPEATED_COUNT, bench.seed)
    repeated = without_flags(bench.root, drawn(lines, 10 * _REPEATED_COUNT, bench.seed), _REPEATED_COUNT)
    shown, found = Shown(Counter()), dict[str, Any]()
    found["ceiling"] = ceiling(64, 10 * bench.count).as_json() | {"receipts": {}}
    with bench.server() as server:
        found["different"] = sweep(bench, server, shown, _DIFFERENT, lines, bench.count)
        rate = found["different"]["64"]["answers_a_second"] / 2
        found["scheduled"] = with_schedule(bench, server, shown, lines, rate)
        found["memory_1"] = memory(server)
    with bench.server() as server:
        found["overhead"] = in_turns(bench, server, drawn(lines, max(_BLOCK * 3, bench.count // 2), bench.seed))
    cached = knows_setting("cache")
    with bench.server(**_default_cache()) as server:
        count = bench.count * (10 if cached else 1)
        found["repeated"] = sweep(bench, server, shown, _REPEATED, repeated, count)
        found["cache"] = cached
        options = ["--requests", str(bench.count), "--repeated"]
        found["mixed"] = shown.add(asked_by(bench, server, 64, mixed, *options))
        found["mixed_without_flags"] = len(set(mixed) & set(repeated))
    with Server(bench.root, bench.work) as server:
        options = ["--requests", str(max(bench.count, 8 * 256))]
        found["default_queue"] = shown.add(asked_by(bench, server, 256, lines, *options))
    if knows_setting("workers"):
        with bench.server(workers=2) as server:
            found["different_2"] = sweep(bench, server, shown, _DIFFERENT, lines, bench.count)
            found["memory_2"] = memory(server)
        with bench.server(workers=2, **_default_cache()) as server:
            found["repeated_2"] = sweep(bench, server, shown, _REPEATED, repeated, 10 * bench.count)
    found["shown"] = shown.receipts.total()
    found["unrecorded"] = unrecorded(shown.receipts, recorded_answers(bench.root))
    return found


def _default_cache() -> dict[str, Any]:
    from assistant.settings import ServeSettings

    return {"cache": ServeSettings().model_dump()["cache"]} if knows_setting("cache") else {}


def report(found: Mapping[str, Any]) -> str:
    """The figures as tables."""
    parts = [table(("callers", *HEAD[1:]), _sweeps(found)), _processes(found), table(_BUDGET, budgets(found))]
    parts.append(
        f"{found['shown']:,} answers were shown; {found['unrecorded']:,} of them do not stand in the audit log. The "
        f"generator alone, against a server that does nothing: {found['ceiling']['answers_a_second']:,.0f} answers a "
        f"second with {found['ceiling']['generator_cores']:.0%} of a core."
    )
    return "\n\n".join(part for part in parts if part)


_BUDGET = ("budget", "limit", "measured")


def _sweeps(found: Mapping[str, Any]) -> list[list[str]]:
    rows: list[list[str]] = []
    for key, name in (
        ("different", _DIFFERENT),
        ("repeated", f"{_REPEATED}{', cached' if found['cache'] else ' (no cache)'}"),
        ("different_2", f"2 processes, {_DIFFERENT}"),
        ("repeated_2", f"2 processes, {_REPEATED}{', cached' if found['cache'] else ''}"),
    ):
        rows += [show(f"{callers}: {name}", run) for callers, run in found.get(key, {}).items()]
    rows.append(
        show(
            f"64: repeated as they come ({found['mixed_without_flags']} of {_REPEATED_COUNT} without a flag)",
            found["mixed"],
        )
    )
    scheduled = found["scheduled"]
    rows.append(show(f"by the clock, {scheduled['rate']:.0f} questions a second: {_DIFFERENT}", scheduled))
    rows.append(show("256, in the line that is set by default", found["default_queue"]))
    return rows


def _processes(found: Mapping[str, Any]) -> str:
    """Memory; nothing where it could not be read."""
    rows = []
    for key, name in (("memory_1", "{} process"), ("memory_2", "2 that answer, {} processes together")):
        uses_ = found.get(key, [])
        if uses_:
            totals = [f"{sum(use[kind] for use in uses_):.0f}" for kind in ("resident", "proportional", "own")]
            rows.append([name.format(len(uses_)), *totals])
    return table(("memory", "resident MB", "shared parts divided (PSS) MB", "its own alone MB"), rows) if rows else ""


def budgets(found: Mapping[str, Any]) -> list[list[str]]:
    """What is asked of the service, line by line."""
    rows = []
    for key, name in (("different", "1 process"), ("different_2", "2 processes")):
        if key in found:
            limit = 3 * found[key]["1"]["p50_ms"] * 64 / found["cores"]
            p99 = found[key]["64"]["p99_ms"]
            rows.append(
                [f"p99 of 64 callers, {name}", f"≤ 3 × p50 of one × 64 / {found['cores']} cores = {limit:,.0f} ms",
                 verdict(p99, limit, "{:,.0f} ms")]
            )  # fmt: skip
    rows.append(["`/v1/ask` adds to the pipeline, p50", "≤ 2 ms", verdict(found["overhead"]["added_p50_ms"], 2)])
    for key, name in (("repeated", "1 process"), ("repeated_2", "2 processes")):
        if found["cache"] and key in found:
            best = max(run["answers_a_second"] for run in found[key].values())
            rows.append([f"cached, {name}, a second", "≥ 1,000", f"{best:,.0f} {'✓' if best >= 1000 else '**under**'}"])
    rows.append(["shown and not recorded", "0", f"{found['unrecorded']} {'**over**' if found['unrecorded'] else '✓'}"])
    return rows


def _say(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(words, err=True)


@click.command()
@click.option("--requests", "count", default=2000, show_default=True, help="Questions of each measurement.")
@click.option("--most-seconds", default=30.0, show_default=True, help="No measurement asks for longer.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workspace", type=click.Path(path_type=Path), help="Keep the built copy of the sample here.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
@click.option(
    "--markdown", "made", type=click.Path(path_type=Path, exists=True), help="Show these figures; ask nothing."
)
@click.option("--write", type=click.Path(path_type=Path), help="Put the tables into this page.")
def main(
    count: int, most_seconds: float, seed: int, workspace: Path | None, out: Path | None, made: Path | None,
    write: Path | None,
) -> None:  # fmt: skip
    """Measure the service over the sample workspace."""
    if made is not None:
        found = json.loads(made.read_text(encoding="utf-8"))
        put("serving", f"{report(found)}\n\n{found['made']}", write)
        return
    work = Path(tempfile.mkdtemp(prefix="onlabel-serve-"))
    try:
        bench = Bench(prepared(workspace or work / "w"), work, count, seed, most_seconds)
        found = {"schema": SCHEMA, "cores": cores(), **measured(bench), "made": made_by()}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if out is not None:
        out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    put("serving", f"{report(found)}\n\n{found['made']}", write)


if __name__ == "__main__":
    main()
