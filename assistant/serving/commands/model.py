"""``model``: how the model that only chooses is made, measured and compared. Needs the extra ``train``."""

from __future__ import annotations

from importlib.util import find_spec

import click

from assistant.errors import NotReadyError
from assistant.serving.commands import LazyGroup

_MODULES = {
    "audit-data": "model_data",
    "train": "model_train",
    "export": "model_train",
    "calibrate": "model_calibrate",
    "evaluate": "model_measure",
    "compare": "model_measure",
}
_SUMMARIES = {
    "audit-data": "Look for duplicates, contradictions, leaks and noise in labelled questions.",
    "train": "Fine-tune an encoder on labelled questions.",
    "export": "Write a trained model as one GGUF file and prove that it decides alike.",
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
      onlabel model export build/model --out models/mine-q8_0.gguf
      onlabel model evaluate models/mine-q8_0.gguf --data training_data/utterances
    """


def require(*packages: str) -> None:
    """Whether the packages of the extra are there.

    :raises NotReadyError: one is not.
    """
    for package in packages:
        if find_spec(package) is None:
            raise NotReadyError(f'{package} is not installed; run: pip install "onlabel[train]"')
