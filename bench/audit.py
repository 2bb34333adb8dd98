"""Measure the audit log: what a record adds to an answer, and proofs over a month of use.

    python bench/audit.py                                       # print the tables
    python bench/audit.py --write docs/performance.md           # and put them into the page
    python bench/audit.py --postgres postgresql://...           # also the log of several replicas (its schema is kept)

Records are those of real answers of the sample. What is compared is measured in turns in one run; figures are medians.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from speed import CONTEXT, QUESTIONS, MemoryAudit, Timed, p95, sample_copy, verdict
from tables import publish, table

from assistant.answering.answer import Answer
from assistant.pipeline import Assistant
from assistant.trust.log.log import AuditLog
from assistant.trust.log.proofs import check_proof, make_proof
from assistant.trust.log.records import record_of


def recorded(answer: Answer) -> dict[str, Any]:
    """The record of an answer as the pipeline would hand it over."""
    return record_of(answer, question_policy="full", who="bench")


def beside_an_answer(root: Path, sinks: dict[str, Any], rounds: int) -> tuple[dict[str, Timed], list[dict[str, Any]]]:
    """Times of an answer and of each way to record it, in turns; and the records."""
    assistant = Assistant.open(root, audit=MemoryAudit())
    timed = {name: Timed([], []) for name in ("the answer alone", *sinks)}
    records: list[dict[str, Any]] = []
    for turn in range(rounds + 1):
        for question in QUESTIONS:
            if turn == 0:
                records.append(recorded(assistant.ask(question, CONTEXT)))
                continue
            answers: list[Answer] = []
            timed["the answer alone"].measure(
                lambda question=question, answers=answers: answers.append(assistant.ask(question, CONTEXT))  # type: ignore[misc]
            )
            for name, sink in sinks.items():
                timed[name].measure(lambda sink=sink, answers=answers: sink.record(recorded(answers[0])))  # type: ignore[misc]
    return timed, records


def rows_beside(timed: dict[str, Timed]) -> list[list[str]]:
    """A line a way: what it adds, and by how much that makes an answer longer."""
    alone = statistics.median(timed["the answer alone"].wall)
    rows = [["the answer alone", *timed["the answer alone"].row, "1.00"]]
    for name, each in timed.items():
        if name != "the answer alone":
            rows.append([name, *each.row, f"{(alone + statistics.median(each.wall)) / alone:.2f}"])
    return rows


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """How long a call takes, and what it gives."""
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


def a_month(path: Path, records: list[dict[str, Any]], count: int) -> tuple[list[list[str]], list[list[str]]]:
    """Fill a log with ``count`` records, prove it, prove single records: lines of the figures and of the budgets."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    with AuditLog.open(path, sync=False) as log:
        filled, _ = seconds(lambda: [log.append(record) for record in islice(cycle(records), count)])
        signed, checkpoint = seconds(lambda: log.checkpoint(key.sign, public))
        proved_in, proved = seconds(lambda: log.verify([public], (), [checkpoint]))
        assert not proved.faults
        assert proved.covered == count
        places = [round(step * (count - 1) / 99) for step in range(100)]
        made = [seconds(lambda place=place: make_proof(log, place)) for place in places]  # type: ignore[misc]

        checked = [seconds(lambda proof=proof: check_proof(json.dumps(proof), (public,))) for _, proof in made]  # type: ignore[misc]
        grew = [seconds(lambda place=place: log.consistency(place, count))[0] for place in places]  # type: ignore[misc]
    proof = [took * 1e3 for took, _ in made]
    figures = [
        ["appended one after the other, without sync, a record", f"{filled / count * 1e3:.3f} ms"],
        ["size of the file, a record", f"{path.stat().st_size / count / 1e3:.2f} kB"],
        ["the whole log proved", f"{proved_in:.2f} s"],
        ["proved and signed", f"{signed:.2f} s"],
        ["proof of one record made, p50 / p95", f"{statistics.median(proof):.2f} / {p95(proof):.2f} ms"],
        ["proof of one record checked, p50", f"{statistics.median(took for took, _ in checked) * 1e3:.2f} ms"],
        ["proof that the log grew from an earlier size, p50", f"{statistics.median(grew) * 1e3:.2f} ms"],
    ]
    budgets = [
        [f"verify, {count:,} records", "≤ 30 s", verdict(proved_in, 30)],
        ["proof of one record, p95", "≤ 50 ms", verdict(p95(proof), 50)],
    ]
    return figures, budgets


def raw_sync(folder: Path) -> Timed:
    """What this disk takes for one write and its sync, with nothing of ours: the floor under every synced record."""
    timed = Timed([], [])
    handle = os.open(folder / "raw", os.O_CREAT | os.O_WRONLY)

    def write() -> None:
        os.write(handle, bytes(4096))
        os.fsync(handle)

    for _ in range(50):
        timed.measure(write)
    os.close(handle)
    return timed


@click.command()
@click.option("--count", default=100_000, show_default=True, help="Records of a month.")
@click.option("--rounds", default=5, show_default=True, help="Passes over the questions.")
@click.option("--postgres", help="Also measure a log in this database.")
@click.option("--write", type=click.Path(path_type=Path), help="Put the tables into this page.")
def main(count: int, rounds: int, postgres: str | None, write: Path | None) -> None:
    """Measure the audit log."""
    work = Path(tempfile.mkdtemp(prefix="onlabel-audit-"))
    try:
        publish("audit", measured(count, rounds, postgres, work), write)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def measured(count: int, rounds: int, postgres: str | None, work: Path) -> str:
    """The whole report."""
    sinks: dict[str, Any] = {
        "record, without the disk's sync": AuditLog.open(work / "plain.sqlite", sync=False),
        "record, synced to disk": AuditLog.open(work / "synced.sqlite"),
    }
    if postgres:
        sinks["record, PostgreSQL"] = AuditLog.open(postgres)
    timed, records = beside_an_answer(sample_copy(work / "w"), sinks, rounds)
    timed["one write and sync of this disk, nothing else"] = raw_sync(work)
    figures, budgets = a_month(work / "month.sqlite", records, count)
    added = statistics.median(timed["record, without the disk's sync"].wall)
    budgets.append(["a record adds, without the disk's sync, p50", "≤ 1 ms", verdict(added, 1)])
    return "\n\n".join(
        (
            table(["beside an answer", "p50 ms", "p95 ms", "processor p50 ms", "× the answer"], rows_beside(timed)),
            table([f"{count:,} records", "measured"], figures),
            table(["budget", "limit", "measured"], budgets),
        )
    )


if __name__ == "__main__":
    main()
