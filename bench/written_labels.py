"""Retrieval on the invented labels that were held out of training: which passage is shown for each written question.

    python bench/written_labels.py --work /tmp/written

Each passage has questions that it and no other passage of its label answers (training_data/label_passages/held_out),
and each label has questions that none of its passages answers. The product is given, as on a product's own page.
*Right*: the question's passage is among those shown; where none answers, nothing is shown.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from labels import built

from assistant.content.writing import DocumentDraft, PassageDraft
from assistant.pipeline import Assistant
from assistant.trust.log.log import AuditLog

REPOSITORY = Path(__file__).resolve().parent.parent
HELD_OUT = REPOSITORY / "training_data" / "label_passages" / "held_out"


@dataclass(frozen=True, slots=True)
class Asked:
    """A written question: the product and the passage that answers it, "" where none does."""

    text: str
    product: str
    title: str
    passage: str
    topic: str

    @property
    def wanted(self) -> str:
        """The passage's own text, without its heading."""
        return self.passage.partition("\n\n")[2]


def read_labels(folder: Path) -> Iterator[tuple[DocumentDraft, list[Asked]]]:
    """Each label as a document, and its questions."""
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        product = f"medicine-{path.stem}"
        passages, questions = [], []
        for row in rows:
            if "unanswered" in row:
                questions += [_unanswered(question, product) for question in row["unanswered"]]
                continue
            title = " ".join(filter(None, (row.get("section", ""), row["title"])))
            text = f"{title}\n\n{row['text']}"
            also = tuple(topic for topic in row.get("also", ()))
            # Audience: a professional's label is the only one asked here, Medication Guide included.
            # As the readers of real labels mark it: without it nothing that tells of a benefit may be shown.
            serves = ("indication",) if row["topic"] == "indication" else ()
            locator = row.get("section") or row["title"]
            passages.append(PassageDraft(text, row["topic"], locator, row["title"], also, serves=serves))
            for question in row["questions"]:
                questions.append(Asked(_asked(question), product, row["title"], text, row["topic"]))
        yield (
            DocumentDraft(
                id=f"{product}-us-pi",
                version="1",
                title=f"Invented label {path.stem}",
                type="label",
                product=product,
                brand_names=(f"Inventa {path.stem}",),
                generic_names=(f"inventumab {path.stem}",),
                audiences=("hcp", "patient"),
                markets=("US",),
                effective=dt.date(2026, 1, 1),
                passages=tuple(passages),
                owner="bench",
            ),
            questions,
        )


def _asked(question: dict) -> str:
    return question["text"].replace("{product}", "it")


def _unanswered(question: dict, product: str) -> Asked:
    return Asked(_asked(question), product, "nothing", "", "unanswered")


def open_written(work: Path, folder: Path = HELD_OUT) -> tuple[Assistant, list[Asked]]:
    """An assistant over the invented labels, and all their questions."""
    root = work / "written"
    labels = list(read_labels(folder))
    questions = [question for _, asked in labels for question in asked]
    built(root, [draft for draft, _ in labels], dt.date(2026, 11, 21))
    return Assistant.open(root, audit=AuditLog.open(work / "audit.sqlite", sync=False)), questions


@click.command()
@click.option("--work", type=click.Path(path_type=Path), help="Keep the workspace here.")
@click.option("--misses", type=click.Path(path_type=Path), help="Write what was answered wrongly to this file.")
def main(work: Path | None, misses: Path | None) -> None:
    """Measure the answers to the written questions."""
    assistant, questions = open_written(work or Path(tempfile.mkdtemp(prefix="onlabel-written-")))
    counted: collections.Counter[str] = collections.Counter()
    silent: collections.Counter[str] = collections.Counter()
    lines = []
    for asked in questions:
        answer = assistant.ask(asked.text, assistant.context("hcp"), product=asked.product)
        shown = [
            answer.text[span.start : span.end].decode()
            for span in answer.spans
            if span.source == "passage" and span.role == "answer" and not span.document.startswith("notices-")
        ]
        wanted = asked.wanted
        right = bool(wanted) and any(wanted in text for text in shown)
        count = counted if wanted else silent
        count["asked"] += 1
        count["answered"] += bool(shown)
        count[f"outcome {answer.outcome.value}"] += 1
        if wanted:
            count["right"] += right
            count["right first"] += right and wanted in shown[0]
        if shown and not right:
            lines.append(
                f"{asked.topic:20s} {answer.intent:20s} {asked.text}\n"
                f"    wanted {asked.title}\n    got {shown[0][:90]!r}"
            )
    for of, count in (("", counted), ("no passage answers: ", silent)):
        for name, number in count.items():
            print(f"{of + name:40s} {number:5d} = {number / count['asked']:.1%}")
    wrong = counted["answered"] - counted["right"]
    print(f"wrong of the answered, answerable alone  {wrong / max(1, counted['answered']):.1%}")
    print(f"wrong of all that was answered  {len(lines) / max(1, counted['answered'] + silent['answered']):.1%}")
    if misses:
        misses.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
