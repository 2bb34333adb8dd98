"""Ask the 330 label questions over real FDA labels and judge the answers (DESIGN, section 9).

    python bench/labels.py                     # both halves, a summary
    python bench/labels.py --half test --misses misses.md

*Right*: one of ``must_contain`` stands in a shown answer passage (also where it follows a safety notice). *Wrong*: an
answer was shown without it, to an answerable question or to one that has no answer. *Refused*: anything else that is
not an answer. Labels are halved by the hash of their set id: thresholds and weights are tuned on ``tune``, ``test`` is
what is reported. Labels of one medicine from several labelers are asked with only that label installed.

With ``--product given`` each question is asked as on its product's own page (``ask --product``): a name is then not
needed. Without it all the labels lie open, and a question that names no medicine can only be asked back.
"""

from __future__ import annotations

import collections
import datetime as dt
import hashlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from assistant.answering.answer import Answer
from assistant.building import build_workspace
from assistant.content.spl.importing import read_spl
from assistant.content.writing import DocumentDraft, write_document
from assistant.pipeline import Assistant
from assistant.trust.log.log import AuditLog
from assistant.workspace import Workspace, starter_root

REPOSITORY = Path(__file__).resolve().parent.parent
#: What labels are told apart by: read and tuned on, reported, and (of the openFDA labels) looked at once a model.
PARTS = ("tune", "test", "new", "fresh")


def data_folder() -> Path:
    """Where the evaluation data stands: ``ONLABEL_DATA``, else beside the repository."""
    return Path(os.environ.get("ONLABEL_DATA", REPOSITORY.parent / "shared" / "data"))


def half_of(set_id: str) -> str:
    """``tune`` or ``test``, by the hash of the set id."""
    return "tune" if hashlib.sha256(set_id.encode()).hexdigest()[0] in "01234567" else "test"


@dataclass(slots=True)
class Judged:
    """A question with its answer and the verdict."""

    question: dict
    half: str
    answer: Answer
    verdict: str
    first: bool
    shown: int
    characters: int
    section: bool
    foreign: bool
    offered: bool
    texts: list[str] = field(default_factory=list)


def built(root: Path, drafts: Iterable[DocumentDraft], today: dt.date) -> Workspace:
    """The workspace ``root`` with the starter's notices and these documents; an older import of them is replaced."""
    shutil.copytree(starter_root(), root, dirs_exist_ok=True)
    for draft in drafts:
        shutil.rmtree(root / "approved_corpus" / draft.id, ignore_errors=True)
        write_document(root / "approved_corpus", draft)
    workspace = Workspace(root)
    build_workspace(workspace, today, threads=os.cpu_count() or 1)
    return workspace


def workspaces(data: Path, work: Path) -> dict[str, Path]:
    """Label file -> the workspace in which its questions are asked; built where it is not there yet."""
    labels = sorted((data / "labels" / "spl").glob("*.xml"))
    drafts = {label.name: read_spl(label.read_bytes(), label.name) for label in labels}
    generics = {name: frozenset(g.casefold().split()[0] for g in d.generic_names) for name, d in drafts.items()}
    alone = {
        one
        for one in drafts
        for other in drafts
        if one != other
        and (drafts[one].product == drafts[other].product or generics[one] == generics[other])
        and drafts[one].type == drafts[other].type
    }
    places: dict[str, Path] = {}
    groups = {"all": [name for name in drafts if name not in alone]} | {name: [name] for name in sorted(alone)}
    for group, members in groups.items():
        root = work / group.removesuffix(".xml")
        built(root, [drafts[name] for name in members], dt.date.today())
        places |= dict.fromkeys(members, root)
        click.echo(f"built {group}: {len(members)} labels", err=True)
    return places


def open_assistants(data: Path, root: Path) -> tuple[Callable[[str], Assistant], dict[str, str]]:
    """``(label file -> assistant that answers from it, label file -> set id)``."""
    if not data.is_dir():
        sys.exit(f"no evaluation data in {data}: set ONLABEL_DATA")
    root.mkdir(parents=True, exist_ok=True)
    places = workspaces(data, root)
    lines = (data / "labels" / "spl" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    set_ids = {Path(entry["file"]).name: entry["set_id"] for entry in map(json.loads, lines)}
    opened: dict[Path, Assistant] = {}

    def assistant(label: str) -> Assistant:
        place = places[label]
        if place not in opened:
            opened[place] = Assistant.open(place, audit=AuditLog.open(root / "audit.sqlite", sync=False))
        return opened[place]

    return assistant, set_ids


def given_product(assistant: Assistant, question: dict, set_id: str) -> str:
    """The id of the product that a question is about: that of its label."""
    ids = [product.id for product in assistant.index.products(200)]
    return next(
        id
        for id in ids
        if any(
            set_id[:8] in entry.head.document
            for entry in assistant.index.eligible(id, assistant.context(question["audience"]))
        )
        or any(set_id[:8] in entry.head.document for entry in assistant.index.entries(id))
    )


def read_questions(data: Path) -> list[dict]:
    """The label questions, in the order of the file."""
    lines = (data / "questions" / "label_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def judge(question: dict, half: str, answer: Answer, set_id: str, assistant: Assistant) -> Judged:
    """The verdict on one answer."""
    spans = [
        span
        for span in answer.spans
        if span.source == "passage" and span.role == "answer" and not span.document.startswith("notices-")
    ]
    texts = [plain(answer.text[span.start : span.end].decode()) for span in spans]
    answered = bool(spans)
    wanted = [plain(text) for text in question["must_contain"]]
    holds = [any(want in text for want in wanted) for text in texts]
    expected = question["expected_outcome"]
    if answered:
        verdict = "right" if any(holds) else "wrong"
    elif expected != "answered":
        verdict = (
            "refused_rightly" if answer.outcome.value in (expected, "clarify", "no_approved_answer") else "refused"
        )
    else:
        verdict = "refused"
    if expected == "medical_information" and answer.outcome.value == "medical_information":
        verdict = "referred"
    return Judged(
        question,
        half,
        answer,
        verdict,
        first=answered and bool(holds) and holds[0],
        shown=len(texts) if answered else 0,
        characters=sum(map(len, texts)) if answered else 0,
        section=answered and any(in_section(span, answer, question["sections"]) for span in spans),
        foreign=answered and any(set_id[:8] not in span.document for span in spans),
        offered=any(
            any(want in plain(assistant.index.load(entry).text.decode()) for want in wanted)
            for entry in (assistant.index.entry(choice.id.removeprefix("passage:")) for choice in answer.choices)
            if entry is not None
        ),
        texts=texts,
    )


def in_section(span: object, answer: Answer, sections: list[str]) -> bool:
    """Whether a shown passage stands in one of the acceptable sections."""
    for reference in answer.references:
        passage = reference.passage
        if passage.id != span.id:  # type: ignore[attr-defined]
            continue
        head = passage.text.decode().split("\n\n")[0].casefold()
        for section in sections:
            number = section.rstrip(".")
            if passage.locator == number or passage.locator.startswith(f"{number}.") or section.casefold() in head:
                return True
            if section.startswith("loinc:") and "patient" in passage.scope.audiences:
                return True
    return False


def plain(text: str) -> str:
    """``text`` without white space differences and structural marks, for looking up a quotation."""
    for mark in ("<br>", "<sup>", "</sup>", "<sub>", "</sub>"):
        text = text.replace(mark, " " if mark == "<br>" else "")
    return " ".join(text.split())


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.1%}" if whole else "0/0"


def report(judged: list[Judged], title: str) -> None:
    """Print the figures of a group of questions."""
    answerable = [j for j in judged if j.question["expected_outcome"] == "answered"]
    refusable = [j for j in judged if j.question["expected_outcome"] == "no_approved_answer"]
    referable = [j for j in judged if j.question["expected_outcome"] == "medical_information"]
    answers = [j for j in judged if j.shown]
    right = [j for j in answerable if j.verdict == "right"]
    wrong = [j for j in answers if j.verdict == "wrong"]
    lengths = sorted(j.characters for j in answers)
    pairs = collections.defaultdict(list)
    for j in judged:
        if j.question["pair"] is not None:
            pairs[j.question["pair"]].append(j.verdict == "right" or j.verdict in ("referred", "refused_rightly"))
    whole_pairs = [all(both) for both in pairs.values() if len(both) == 2]
    print(f"\n## {title}: {len(judged)} questions")
    print(f"right, any of the passages shown   {share(len(right), len(answerable))} of the answerable")
    print(f"right, first passage               {share(sum(j.first for j in answerable), len(answerable))}")
    if any(j.question["sections"] for j in answerable):
        print(f"right section                      {share(sum(j.section for j in answerable), len(answerable))}")
    print(f"coverage (answered)                {share(sum(j.shown > 0 for j in answerable), len(answerable))}")
    print(f"wrong, of all answers              {share(len(wrong), len(answers))}")
    print(f"unanswerable: refused or asked     {share(sum(j.shown == 0 for j in refusable), len(refusable))}")
    print(
        f"off label, comparative: referred   {share(sum(j.verdict == 'referred' for j in referable), len(referable))}"
    )
    print(f"near-miss pairs, both right        {share(sum(whole_pairs), len(whole_pairs))}")
    print(f"from another product or audience   {sum(j.foreign for j in judged)}")
    if lengths:
        print(
            f"passages an answer                 {statistics.mean(j.shown for j in answers):.2f}; characters "
            f"median {statistics.median(lengths):.0f}, p90 {lengths[int(0.9 * (len(lengths) - 1))]}"
        )
    print("outcomes of the answerable         " + count(j.answer.outcome.value for j in answerable))


def count(values: object) -> str:
    return ", ".join(f"{name} {number}" for name, number in collections.Counter(values).most_common())


def cause(j: Judged) -> str:
    """Why a question was missed, as far as the record of its decision tells."""
    notes = " ".join(j.answer.notes)
    if j.verdict == "wrong":
        if j.question["expected_outcome"] != "answered":
            return "wrong: answered what the label does not say, or what is referred"
        return "wrong: right section, another passage of it" if j.section else "wrong: another section"
    if "a name like one we know" in notes:
        return "asked back: the name is misspelt (never corrected in silence)"
    if "no product named" in notes:
        return "asked back: no product named"
    if "several" in notes:
        return "asked back: several products or labelers fit"
    if j.answer.flags:
        return "a safety notice came first and no passage was sure enough to follow"
    if j.answer.outcome.value == "clarify":
        return "asked back: the right passage is among the choices" if j.offered else "asked back: it is not among them"
    return f"refused: {j.answer.outcome.value}"


def in_parts(judged: list[Judged]) -> dict[str, list[Judged]]:
    """The questions of each half or part that there are any of, in the order of :data:`PARTS`."""
    return {part: found for part in PARTS if (found := [j for j in judged if j.half == part])}


def causes(judged: list[Judged]) -> None:
    """A table of the misses by cause, for each half or part."""
    counted = collections.Counter((cause(j), j.half) for j in judged if missed(j))
    parts = in_parts(judged)
    print("\n| cause of a miss |" + "".join(f" {part} |" for part in parts) + "\n|---|" + "---|" * len(parts))
    for name in sorted({name for name, _ in counted}):
        print(f"| {name} |" + "".join(f" {counted[name, part]} |" for part in parts))


def missed(j: Judged) -> bool:
    """Whether the question was not dealt with as it should be."""
    referable = j.question["expected_outcome"] == "medical_information"
    return j.verdict in ("wrong", "refused") or (referable and j.verdict != "referred")


def by(judged: list[Judged], key: str) -> None:
    """A table of right and wrong by a field of the questions."""
    print(f"\n| {key} | questions | right | wrong | not answered |\n|---|---|---|---|---|")
    groups = collections.defaultdict(list)
    for j in judged:
        if j.question["expected_outcome"] == "answered":
            groups[j.question[key]].append(j.verdict)
    for name, verdicts in sorted(groups.items()):
        counted = collections.Counter(verdicts)
        print(f"| {name} | {len(verdicts)} | {counted['right']} | {counted['wrong']} | {counted['refused']} |")


def write_misses(judged: list[Judged], path: Path) -> None:
    """Every miss, for a person to read."""
    lines = ["# Misses\n"]
    for j in judged:
        if not missed(j):
            continue
        lines.append(f"## {j.question['id']} {cause(j)}: {j.question['question']}\n")
        lines.append(f"- product {j.question['product']}, {j.question['audience']}, intent {j.question['intent']}")
        lines.append(f"- wanted {j.question['sections']}: {j.question['must_contain']}")
        others = ", ".join(f"{name} {p:.2f}" for name, p in j.answer.other_intents)
        lines.append(f"- got {j.answer.outcome.value}, {j.answer.intent} {j.answer.confidence:.2f} ({others})")
        lines.extend(f"- candidate {score:.3f} {id}" for id, score in j.answer.candidates)
        lines.extend(f"- note: {note}" for note in j.answer.notes)
        lines.extend(f"- shown: {text[:300]}" for text in j.texts if j.shown)
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


@click.command()
@click.option("--half", type=click.Choice(["tune", "test", "both"]), default="both")
@click.option("--product", type=click.Choice(["named", "given"]), default="named", show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep the workspaces here and build only what changed.")
@click.option("--misses", type=click.Path(path_type=Path), help="Write every miss to this file.")
def main(half: str, product: str, work: Path | None, misses: Path | None) -> None:
    """Evaluate the whole answer path on real labels."""
    data = data_folder()
    root = work or Path(tempfile.mkdtemp(prefix="onlabel-labels-"))
    assistants, set_ids = open_assistants(data, root)
    judged: list[Judged] = []
    began = time.perf_counter()
    for question in read_questions(data):
        set_id = set_ids[question["label"]]
        if half not in ("both", half_of(set_id)):
            continue
        assistant = assistants(question["label"])
        about = given_product(assistant, question, set_id) if product == "given" else ""
        answer = assistant.ask(question["question"], assistant.context(question["audience"]), product=about)
        judged.append(judge(question, half_of(set_id), answer, set_id, assistant))
    print(f"asked {len(judged)} questions in {time.perf_counter() - began:.1f} s")
    for name, part in in_parts(judged).items():
        report(part, f"{name} half")
    if half == "both":
        report(judged, "both halves")
    causes(judged)
    for key in ("intent", "audience", "style"):
        by(judged, key)
    if misses:
        write_misses(judged, misses)
        click.echo(f"misses: {misses}", err=True)


if __name__ == "__main__":
    main()
