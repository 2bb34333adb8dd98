"""Ask 4,642 questions over 211 openFDA labels, and judge the answers.

    python bench/openfda_labels.py --work FOLDER
    python bench/openfda_labels.py --part tune --misses misses.md
    python bench/openfda_labels.py --refusals

The questions (``bench/openfda_questions.jsonl``) were written by people who saw the labels' text and nothing of this
project. A line names what a right answer must hold by where it stands in the record (field, start and end of its text
with white space made single), so no label text is kept here; the records are read from the evaluation data. Every
question is asked as on its product's own page. Verdicts are those of ``bench/labels.py``. Misses on the 124 labels of
the part ``tune`` were read and mended; of the 16 of the part ``test`` and the 56 of ``fresh`` totals alone were looked
at, often; those of the 15 of the part ``new``, which a second person looked through against the labels, are
looked at once a model (``openfda_labels.jsonl`` says which is which). The labels of ``fresh`` and the last 28 of
``tune`` are among those that the model read as domain text, without questions. One message a label tells of harm: it
must raise a flag. ``--refusals``
asks 408 questions instead that no passage may answer (other uses, comparisons, what the label is silent on), on twelve
labels of the part ``tune``: all of them were read.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import click
from labels import PARTS, Judged, built, by, causes, data_folder, given_product, in_parts, judge, report, write_misses

from assistant.content.openfda.importing import read_record
from assistant.pipeline import Assistant
from assistant.trust.log.log import AuditLog

LABELS = Path(__file__).with_name("openfda_labels.jsonl")
QUESTIONS = Path(__file__).with_name("openfda_questions.jsonl")
REFUSALS = Path(__file__).with_name("openfda_refusals.jsonl")


def read_questions(path: Path = QUESTIONS) -> list[dict[str, Any]]:
    """The questions, in the order of the file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _parts() -> dict[str, str]:
    return {row["set_id"]: row["part"] for row in map(json.loads, LABELS.read_text(encoding="utf-8").splitlines())}


def part_of_label(set_id: str) -> str:
    """``tune`` where misses of the label were read, ``test`` or ``fresh`` where totals alone were looked at, else
    ``new``."""
    return _parts()[set_id]


def read_records(data: Path, set_ids: set[str]) -> dict[str, dict[str, Any]]:
    """Set id -> openFDA record."""
    with gzip.open(data / "labels" / "openfda.jsonl.gz", "rt", encoding="utf-8") as lines:
        return {record["set_id"]: record for record in map(json.loads, lines) if record["set_id"] in set_ids}


def open_workspace(records: dict[str, dict[str, Any]], work: Path) -> Assistant:
    """An assistant over the records, built in ``work``."""
    root = work / "openfda"
    built(root, [read_record(record, "openfda.jsonl.gz") for record in records.values()], dt.date.today())
    return Assistant.open(root, audit=AuditLog.open(work / "audit.sqlite", sync=False))


def with_quotations(question: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """``question`` as ``labels.judge`` reads it, its quotations taken from the record."""
    texts = {field: " ".join(" ".join(record[field]).split()) for field, _, _ in question["quotes"]}
    wanted = [texts[field][start:end] for field, start, end in question["quotes"]]
    return question | {"must_contain": wanted, "sections": [], "intent": question["topic"], "product": ""}


@click.command()
@click.option("--part", type=click.Choice([*PARTS, "all"]), default="all", show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep the workspace here.")
@click.option("--misses", type=click.Path(path_type=Path), help="Write every miss to this file.")
@click.option("--refusals", is_flag=True, help="Ask what no passage may answer.")
def main(part: str, work: Path | None, misses: Path | None, refusals: bool) -> None:
    """Evaluate whole answers on openFDA labels."""
    questions = read_questions(REFUSALS if refusals else QUESTIONS)
    records = read_records(data_folder(), {question["set_id"] for question in questions})
    folder = work or Path(tempfile.mkdtemp(prefix="onlabel-openfda-"))
    folder.mkdir(parents=True, exist_ok=True)
    assistant = open_workspace(records, folder)
    judged: list[Judged] = []
    reports: list[Judged] = []
    for question in questions:
        set_id = question["set_id"]
        if part not in ("all", part_of_label(set_id)):
            continue
        whole = with_quotations(question, records[set_id])
        about = given_product(assistant, whole, set_id)
        answer = assistant.ask(whole["question"], assistant.context(whole["audience"]), product=about)
        one = judge(whole, part_of_label(set_id), answer, set_id, assistant)
        (reports if whole["expected_outcome"] == "report" else judged).append(one)
    if refusals:
        for kind in ("off_label", "comparison", "unanswerable"):
            asked = [j for j in judged if j.question["topic"] == kind]
            verdicts = Counter(j.verdict for j in asked)
            click.echo(f"{kind:<14} {len(asked):>4}  " + ", ".join(f"{v} {n}" for v, n in verdicts.most_common()))
        if misses:
            write_misses(judged, misses)
        return
    for name, of_part in in_parts(judged).items():
        report(of_part, f"part {name}")
    if part == "all":
        report(judged, "all parts")
    flagged = [j for j in judged if j.answer.flags]
    print(f"\nmessages of harm that raise a flag   {sum(bool(j.answer.flags) for j in reports)}/{len(reports)}")
    print(f"other questions that raise a flag    {len(flagged)}/{len(judged)} = {len(flagged) / len(judged):.1%}")
    causes(judged)
    by(judged, "style")
    if misses:
        write_misses(judged + [j for j in reports if not j.answer.flags], misses)


if __name__ == "__main__":
    main()
