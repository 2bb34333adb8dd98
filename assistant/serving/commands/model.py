"""``model``: how the model that only chooses is made, measured and compared. Needs the extra ``train``."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from assistant.errors import NotReadyError
from assistant.serving.commands import LazyGroup

_MODULES = {
    "audit-data": "model_data",
    "train": "model_train",
    "average": "model_train",
    "export": "model_train",
    "add-ngrams": "model_train",
    "calibrate": "model_calibrate",
    "evaluate": "model_measure",
    "compare": "model_measure",
}
_SUMMARIES = {
    "audit-data": "Look for duplicates, contradictions, leaks and noise in labelled questions.",
    "train": "Fine-tune an encoder on labelled questions.",
    "average": "Average models that were trained from one base.",
    "export": "Write a trained model as one GGUF file and prove that it decides alike.",
    "add-ngrams": "Let words and letters have a say in the intent, beside the encoder.",
    "calibrate": "Find the thresholds that hold the promised risk.",
    "evaluate": "Measure a model on labelled questions; report as HTML and JSON.",
    "compare": "Set models side by side: accuracy, coverage, speed, size, flips.",
}


@click.group("model", cls=LazyGroup, modules=_MODULES, summaries=_SUMMARIES)
def model_command() -> None:
    """Make and measure the model that chooses; it never writes a word of an answer.

    \b
    Example:
      onlabel model audit-data training_data/utterances
      onlabel model train --data training_data/utterances --out build/model
      onlabel model export build/model --out models/mine.gguf
      onlabel model evaluate models/mine.gguf --data training_data/utterances
    """


def require(*packages: str) -> None:
    """Whether the packages of the extra are there.

    :raises NotReadyError: one is not.
    """
    for package in packages:
        if find_spec(package) is None:
            raise NotReadyError(f'{package} is not installed; run: pip install "onlabel[train]"')


def write_report(path: Path, text: str) -> None:
    """Write a report's file, folders and all, and say so on stderr."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"wrote {path}", err=True)


def show_progress(share: float, what: str) -> None:
    """How far the work is, on one line of a terminal; nothing where stderr is none."""
    if sys.stderr.isatty():
        click.echo(f"\r[{'#' * round(24 * share):<24}] {share:4.0%} {what[:46]:<46}", nl=False, err=True)


def clear_progress() -> None:
    """Take the line of :func:`show_progress` away again."""
    if sys.stderr.isatty():
        click.echo("\r" + " " * 79 + "\r", nl=False, err=True)
