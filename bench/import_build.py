"""Measure the way from a label to an index: SPL import, build, and build again after one passage changed.

    python bench/import_build.py --labels 6
    python bench/import_build.py --write docs/performance.md

Labels are those of the evaluation data (``ONLABEL_DATA``, else beside the repository); without it the sample is built
and the import is left out.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from tables import REPOSITORY, publish, table

from assistant.building import build_workspace
from assistant.content.spl.importing import read_spl
from assistant.content.writing import write_document
from assistant.workspace import Workspace, sample_root, starter_root

DAY = dt.date(2026, 11, 21)
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What ``work`` gives, and its seconds on the clock and of the processor."""
    began, used = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - began, time.process_time() - used


def imported(corpus: Path, limit: int) -> list[list[str]]:
    """Import labels into ``corpus``; a row of the table, or none where there are no labels."""
    labels = Path(os.environ.get("ONLABEL_DATA", REPOSITORY.parent / "shared" / "data")) / "labels" / "spl"
    walls, processors, passages, megabytes = [], [], 0, 0.0
    for label in sorted(labels.glob("*.xml"))[:limit]:
        data = label.read_bytes()
        draft, wall, processor = timed(lambda data=data, name=label.name: read_spl(data, name))  # type: ignore[misc]
        _, wall_written, processor_written = timed(lambda draft=draft: write_document(corpus, draft))  # type: ignore[misc]
        walls.append(wall + wall_written)
        processors.append(processor + processor_written)
        passages += len(draft.passages)
        megabytes += len(data) / 1e6
    if not walls:
        return []
    count = f"{len(walls)} labels, {megabytes:.1f} MB of XML, {passages:,} passages"
    each = f"{statistics.median(walls):.2f} s a label (median), {max(walls):.2f} s the slowest"
    return [["import of SPL", count, f"{sum(walls):.1f}", f"{sum(processors):.1f}", each]]


def workspace_of(root: Path, limit: int) -> tuple[Workspace, list[list[str]]]:
    """A workspace with imported labels, else a copy of the sample; and what the import took."""
    shutil.copytree(starter_root(), root)
    rows = imported(root / "approved_corpus", limit)
    if not rows:
        shutil.rmtree(root)
        root.mkdir()
        for name in ("approved_corpus", "templates", "models"):
            shutil.copytree(sample_root() / name, root / name)
        shutil.copy(sample_root() / "onlabel.toml", root)
    return Workspace(root), rows


def change_a_passage(corpus: Path) -> None:
    """Add a word to the first passage that search can find."""
    for path in sorted(corpus.rglob("*.md")):
        front, _, body = path.read_bytes().partition(b"\n---\n")
        if b"retrieve: false" not in front and b"kind: notice" not in front:
            # The hash that the import wrote beside the bytes goes: it speaks of the words that were.
            kept = [line for line in front.split(b"\n") if not line.startswith(b"sha256:")]
            path.write_bytes(b"\n".join(kept) + b"\n---\n" + body.rstrip(b"\n") + b" Changed.\n")
            return


def measured(limit: int, threads: int, work: Path) -> str:
    """The whole report."""
    workspace, rows = workspace_of(work / "w", limit)
    for what in ("build, nothing there yet", "build, nothing changed", "build, one passage changed"):
        if what.endswith("one passage changed"):
            change_a_passage(workspace.corpus)
        report, wall, processor = timed(lambda: build_workspace(workspace, DAY, threads=threads))
        done = f"{report.passages:,} passages, {report.embedded:,} texts embedded, {report.reused:,} reused"
        speed = f"{report.embedded / wall:,.0f} texts/s" if report.embedded > 100 else ""
        rows.append([what, done, f"{wall:.1f}", f"{processor:.1f}", speed])
    note = f"Embedding worked on {threads} texts side by side; the intents' example questions count among the texts."
    return table(["step", "how much", "wall s", "processor s", "speed"], rows) + "\n\n" + note


@click.command()
@click.option("--labels", default=6, show_default=True, help="How many labels are imported.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Texts embedded side by side.")
@click.option("--write", type=click.Path(path_type=Path), help="Put the table into this page.")
def main(labels: int, threads: int, write: Path | None) -> None:
    """Measure import and build."""
    work = Path(tempfile.mkdtemp(prefix="onlabel-import-"))
    try:
        publish("import-build", measured(labels, threads, work), write)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
