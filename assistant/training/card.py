"""The card beside a model file: what it is, from what it was made, what was measured, what it must not be used for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.training.export import ExportReport
from assistant.training.measuring.parity import Parity


def write_card(out: Path, report: ExportReport, lineage: Mapping[str, Any], proof: Parity | None) -> None:
    """Write ``<out>.md`` and ``<out>.lineage.json`` beside the file."""
    out.with_suffix(".lineage.json").write_text(
        json.dumps(lineage, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )
    out.with_suffix(".md").write_text("\n".join(_lines(out, report, lineage, proof)), encoding="utf-8", newline="\n")


def _lines(out: Path, report: ExportReport, lineage: Mapping[str, Any], proof: Parity | None) -> list[str]:
    data, labels = lineage["data"], lineage["labels"]
    parity = (
        f"| labels as torch decides ({proof.questions} test questions) | intent {proof.intent:.2%}, slots "
        f"{proof.slots:.2%}, flags {proof.flags:.2%}, spans {proof.spans:.2%}; cosine {proof.cosine:.6f} |"
        if proof
        else "| labels as torch decides | not measured |"
    )
    domain = lineage.get("domain", {})
    measured = ", ".join(f"{name} {value:.4f}" for name, value in lineage["test"].items())
    models = "; ".join(f"`{one['file']}`, made {one['made']}" for one in lineage.get("averaged", ()))
    averaged = (
        [f"| the mean of | {models}; data, recipe and pairs are the first one's, labels those of all |"]
        if models
        else []
    )
    before = lineage.get("begun_with")
    begun = (
        [
            f"| gone on from | a model made {before['made']} in {before['seconds']} s from the base "
            f"`{before['base']['weights_sha256']}`; labels are those that either training read |"
        ]
        if before
        else []
    )
    return [
        f"# {out.name}",
        "",
        "A BERT encoder with heads, run by llama.cpp. It chooses intents, slots, flags and spans, and makes the",
        "retrieval vector; it cannot write. Use it with Onlabel only: the heads stand in the file's metadata.",
        "",
        "| | |",
        "|---|---|",
        f"| file | `{out.name}`, {report.size / 1e6:.1f} MB, {report.type}, {report.tensors} tensors, "
        f"{report.dimension} floats |",
        f"| sha256 | `{report.sha256}` |",
        f"| weights sha256 | `{report.weights_sha256}` |",
        f"| base weights sha256 | `{lineage['base']['weights_sha256']}` |",
        f"| heads | {len(labels['intents'])} intents, {len(labels['slots'])} slot values, "
        f"{len(labels['flags'])} flags, spans: {', '.join(labels['spans']) or 'none'} |",
        f"| data | {data['questions']} questions ({', '.join(f'{n} {c}' for n, c in data['splits'].items())}), "
        f"sha256 `{data['sha256']}` |",
        f"| retrieval | {lineage.get('pairs', {}).get('written', 0)} written pairs, {domain.get('pairs', 0)} weak "
        f"pairs; {len(domain.get('labels', ()))} labels read as domain text, "
        f"{len(domain.get('left_out_set_ids', ()))} set ids left out |",
        *averaged,
        *begun,
        f"| trained | {lineage['made']}, {lineage['seconds']} s, {lineage['machine']} |",
        f"| recipe | `{json.dumps(lineage['recipe'], sort_keys=True)}` |",
        parity,
        f"| test split, torch, of two intents only the first right | {measured} |",
        "",
        f"All hashes and every label whose text was read: `{out.with_suffix('.lineage.json').name}`.",
        "",
    ]


def add_to_card(model: Path, out: Path, sha256: str, ngrams: Mapping[str, Any]) -> None:
    """Write the card and the lineage of ``out``, which is ``model`` with n-grams: those of ``model``, where it has
    them, with what is new in ``ngrams``."""
    lineage, card = model.with_suffix(".lineage.json"), model.with_suffix(".md")
    if lineage.is_file():
        said = json.loads(lineage.read_text(encoding="utf-8")) | {"ngrams": ngrams}
        text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        out.with_suffix(".lineage.json").write_text(text, encoding="utf-8", newline="\n")
    if not card.is_file():
        return
    before, after = (f"{ngrams[when]['intent']:.1%}" for when in ("before", "after"))
    learnt = f"{ngrams['recipe']['buckets']} buckets, learnt from {ngrams['data']['splits']['train']} questions"
    row = (
        f"| n-grams | {learnt}; intents right {before} without, {after} with them ({ngrams['questions']} questions of "
        "the validation and calibration splits, each weighed by the other) |"
    )
    lines = [
        re.sub(r"\d+\.\d MB", f"{out.stat().st_size / 1e6:.1f} MB", line) if line.startswith("| file |") else line
        for line in card.read_text(encoding="utf-8").replace(model.stem, out.stem).split("\n")
        if not line.startswith("| n-grams |")
    ]
    lines = [f"| sha256 | `{sha256}` |" if line.startswith("| sha256 |") else line for line in lines]
    heads = next(at for at, line in enumerate(lines) if line.startswith("| heads |"))
    lines.insert(heads + 1, row)
    out.with_suffix(".md").write_text("\n".join(lines), encoding="utf-8", newline="\n")
