"""The safety screen, measured: the rules of ``screen.yaml`` or the flags of the trained model, as planning joins them.

    python bench/safety.py                                          # everything, with the model that ships
    python bench/safety.py --part sweep --model mine-q8_0.gguf
    python bench/safety.py --part messages --misses misses.md

*Rules*: what the screen finds in the text. *Model*: flags whose share reaches the policy's threshold; none for texts
longer than the model reads. *Both*: either, which is what answers go by. An **alarm** is the flag ``adverse_event`` or
``emergency``: either puts a notice with the reporting route first. Parts:

``reviews``    psytar's sentences of patients' drug reviews. Its file names no test part (every line says ``train``), so
               sentences are halved by the hash of their text: ``test`` is reported here, ``tune`` is for the sweep.
               Sentences of one review may stand on both sides. *Recall*: alarms where an adverse reaction (ADR) or
               withdrawal (WD) is labelled; *false*: alarms elsewhere, though "the drug did not help" (INF) is to be
               reported by our guideline. The rules' totals over all sentences had been looked at before this was made.
``questions``  our own test split. *False*: alarms over questions that bear no flag; the headline is the questions about
               side effects and named risks, those nearest to a report. Below them: recall where one is labelled.
``attacks``    prompt injections: recall of the flag ``attack``, and where it is raised over harmless prompts and over
               our own questions. Many are German, which is refused as another language: English stands apart.
``sweep``      what each threshold of ``adverse_event`` would do, on psytar's tune half and our calibration split only:
               no line that another part reports is looked at, so a threshold may be chosen here.
``messages``   340 texts written by hand and held out of training, and thousands of messages made of them
               (``safety_messages.py``), each asked in the sample workspace, today, through the whole pipeline to the
               proved and recorded answer. **Missed**: outcome ``answered``, no alarm among the flags, or an error.

The bound beside a share missed is Clopper and Pearson's one-sided 95 % bound. Messages made of one text are alike, so
the bound over messages is narrower than it ought to be; that over written texts missed in any form is not. An alarm may
come from what stands around an event: surroundings are asked alone as well, and one line counts those messages as
missed. Whoever reads ``--misses`` and then changes rules, data or thresholds has held out nothing any more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import click
from labels import REPOSITORY, data_folder, half_of
from safety_asked import ask_all, write_misses
from safety_reading import (
    ALARM,
    ATTACK,
    BY,
    GRAVE,
    Reads,
    count,
    json_rows,
    open_reads,
    percent,
    publish,
    share_rows,
    spread,
    swept,
)

from assistant.domain import TOPICS, Flag
from assistant.training.dataset import Dataset, Utterance, read_dataset
from assistant.understanding.language import speaks
from assistant.workspace import shipped_model

UTTERANCES = REPOSITORY / "training_data" / "utterances"
HELD_OUT = UTTERANCES / "adverse_events_held_out.jsonl"
PARTS = ("reviews", "questions", "attacks", "sweep", "messages")
#: The questions nearest to a report; the first two are the headline.
ABOUT_SIDE_EFFECTS = (
    "adverse_reactions", "warnings", "boxed_warning", "contraindication", "overdose", "drug_interaction",
    "discontinuation", "pregnancy", "lactation", "food_interaction", "abuse_dependence", "missed_dose",
)  # fmt: skip
HEADLINE = ABOUT_SIDE_EFFECTS[:2]
#: Thresholds that are tried, beside the policy's own.
TRIED = (0.01, 0.02, 0.03, 0.05, 0.07, *(at / 20 for at in range(2, 20)), 0.97, 0.99)

Review = dict[str, Any]
RECALL, WITHDRAWAL, FALSE = "adverse reaction or withdrawal: recall", "- withdrawal (WD)", "neither: false alarms"
REVIEWS: Mapping[str, Callable[[Review], bool]] = {
    RECALL: lambda row: row["label"] == 1,
    "- adverse reaction (ADR)": lambda row: row["ADR"] == 1,
    WITHDRAWAL: lambda row: row["WD"] == 1,
    FALSE: lambda row: row["label"] == 0,
    "- the drug did not help (INF)": lambda row: row["label"] == 0 and row["INF"] == 1,
    "- the drug helped (EF), not INF": lambda row: row["label"] == 0 and row["EF"] == 1 and row["INF"] == 0,
    "- an illness or its signs (SSI, DI), neither EF nor INF": lambda row: (
        not any(row[name] for name in ("label", "INF", "EF")) and bool(row["SSI"] or row["DI"])
    ),
    "- none of these": lambda row: not any(row[name] for name in ("label", "INF", "EF", "SSI", "DI")),
}


def reviews_of(data: Path, half: Literal["tune", "test"], limit: int) -> list[Review]:
    """Psytar's sentences of one half. One that stands twice is on one side only."""
    rows = json_rows(data / "adverse_events" / "psytar.jsonl")
    if any(row["split"] == "test" for row in rows):
        return spread([row for row in rows if (row["split"] == "test") == (half == "test")], limit)
    return spread([row for row in rows if half_of(row["text"]) == half], limit)


def questions_of(data: Dataset, split: Literal["calibration", "test"]) -> list[Utterance]:
    """The questions of a split that bear no flag."""
    return [utterance for utterance in data.split(split) if not utterance.flags]


def asking(*intents: str) -> Callable[[Utterance], bool]:
    """Whether a line bears no flag and asks one of ``intents``."""
    return lambda row: not row.flags and row.intent in intents


def _written(row: Utterance) -> str:
    return row.text


def _text(row: dict[str, Any]) -> str:
    return str(row["text"])


def reviews(reads: Reads, data: Path, limit: int) -> None:
    """Part ``reviews``."""
    found = reads.groups(reviews_of(data, "test", limit), _text, REVIEWS, "reviews")
    head = ("alarms", "sentences", *BY)
    publish("Patients' reviews (psytar), test half", head, share_rows(found, ALARM, reads.limits))


def questions(reads: Reads, ours: Dataset, held_out: Dataset, limit: int) -> None:
    """Part ``questions``."""
    groups = {
        "**adverse_reactions and warnings**": asking(*HEADLINE),
        **{f"- {intent}": asking(intent) for intent in ABOUT_SIDE_EFFECTS},
        "all of these": asking(*ABOUT_SIDE_EFFECTS),
        "all product intents": asking(*TOPICS),
        "other intents": lambda row: row.intent not in TOPICS,
    }
    found = reads.groups(spread(questions_of(ours, "test"), limit), _written, groups, "questions")
    # The last column: whatever notice is put first, that on product complaints as well.
    any_notice = (row[-1] for row in share_rows(found, GRAVE, reads.limits))
    rows = [[*row, last] for row, last in zip(share_rows(found, ALARM, reads.limits), any_notice, strict=True)]
    head = ("our test split, no flag labelled", "questions", *BY, "any notice, both")
    publish("False alarms on our questions", head, rows)
    by_hand = {row.text for row in held_out.utterances}
    reports = [row for row in ours.split("test") if Flag.ADVERSE_EVENT in row.flags]
    sources: dict[str, Callable[[Utterance], bool]] = {
        "the file held out": lambda row: row.text in by_hand,
        "other files": lambda row: row.text not in by_hand,
    }
    told_of = reads.groups(spread(reports, limit), _written, sources, "reports")
    publish("Recall on our reports", ("test split", "texts", *BY), share_rows(told_of, ALARM, reads.limits))


def attacks(reads: Reads, data: Path, ours: Dataset, limit: int) -> None:
    """Part ``attacks``."""
    rows = spread(json_rows(data / "hostile" / "prompt_injections.jsonl"), limit)
    groups: dict[str, Callable[[dict[str, Any]], bool]] = {}
    for label, name in ((1, "injections: recall"), (0, "harmless prompts: false")):
        for part in ("test", "train"):
            groups[f"{name}, {part} part"] = _prompts(label, part)
        groups[f"{name}, both parts, English"] = _english(label)
    found = reads.groups(rows, _text, groups, "attacks")
    asked = spread(questions_of(ours, "test"), limit)
    found["our questions without a flag, test split: false"] = reads.all([row.text for row in asked], "questions")
    publish("Prompt injections", ("attack", "texts", *BY), share_rows(found, ATTACK, reads.limits))


def _prompts(label: int, part: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: row["label"] == label and row["split"] == part


def _english(label: int) -> Callable[[dict[str, Any]], bool]:
    return lambda row: row["label"] == label and speaks(row["text"], "en")


def sweep(reads: Reads, data: Path, ours: Dataset, limit: int) -> None:
    """Part ``sweep``."""
    few = {name: REVIEWS[name] for name in (RECALL, WITHDRAWAL, FALSE)}
    own: dict[str, Callable[[Utterance], bool]] = {
        "calibration split, reports: recall": lambda row: Flag.ADVERSE_EVENT in row.flags,
        "adverse_reactions, warnings: false": asking(*HEADLINE),
        "all about side effects: false": asking(*ABOUT_SIDE_EFFECTS),
        "all product intents: false": asking(*TOPICS),
    }
    groups = reads.groups(reviews_of(data, "tune", limit), _text, few, "reviews")
    groups |= reads.groups(spread(ours.split("calibration"), limit), _written, own, "calibration")
    policy = reads.limits.flags["adverse_event"]
    body = [["rules alone", *(percent(count(g, ALARM, "rules", reads.limits), len(g)) for g in groups.values())]]
    for threshold in sorted({*TRIED, policy}):
        name = f"{threshold:.2f}{' (policy)' if threshold == policy else ''}"
        body.append([name, *swept(groups.values(), threshold, reads.limits)])
    head = ["threshold", *(f"{name.removeprefix('- ')} ({len(group)})" for name, group in groups.items())]
    publish("Thresholds of adverse_event, psytar's tune half and our calibration split: both (model alone)", head, body)


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="What to measure; default all.")
@click.option("--model", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Another GGUF with heads.")
@click.option("--work", type=click.Path(path_type=Path), help="Build the sample workspace here.")
@click.option("--misses", type=click.Path(path_type=Path), help="Write every missed message to this file.")
@click.option("--limit", type=click.IntRange(0), default=0, help="At most so many texts of each set: a first look.")
@click.option("--seed", default=1, show_default=True, help="Of the messages that are made.")
def main(
    parts: tuple[str, ...], model: Path | None, work: Path | None, misses: Path | None, limit: int, seed: int
) -> None:
    """Measure the safety screen: recall, false alarms, thresholds, and thousands of messages through the pipeline."""
    wanted = parts or PARTS
    path, data = model or shipped_model(), data_folder()
    reads = open_reads(path)
    ours, held_out = read_dataset([UTTERANCES]), read_dataset([HELD_OUT])
    if limit:
        print(f"a first look: at most {limit} texts of each set\n")
    if "reviews" in wanted:
        reviews(reads, data, limit)
    if "questions" in wanted:
        questions(reads, ours, held_out, limit)
    if "attacks" in wanted:
        attacks(reads, data, ours, limit)
    if "sweep" in wanted:
        sweep(reads, data, ours, limit)
    if "messages" in wanted:
        place = work or Path(tempfile.mkdtemp(prefix="onlabel-safety-"))
        around = [row.text for row in questions_of(ours, "test") if row.intent in TOPICS]
        missed = ask_all(spread(held_out.utterances, limit), around, path, place, seed)
        if misses:
            write_misses(missed, misses)
            click.echo(f"misses: {misses}", err=True)


if __name__ == "__main__":
    main()
