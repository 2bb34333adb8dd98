"""Average models that were trained from one base: a "model soup" (Wortsman et al. 2022, arXiv:2203.05482).

Two trainings from the same base, or one that goes on from the other, may end near enough to each other that the mean of
their weights is a model as well, often a better one than either, and no larger or slower; whether they do is to be
measured. What comes out is a folder as :func:`assistant.training.making.make_model` leaves it, its temperature fitted
anew; the lineage names every model that went in with all that its own lineage says.
Refuses, with a :class:`ContentError`, models of different bases, labels or shapes, and any whose lineage is missing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.errors import ContentError
from assistant.training.dataset import read_dataset
from assistant.training.export import checkpoint_names, file_sha256
from assistant.training.finetune import Trained, save_network
from assistant.training.making import labels_read, load_heads, save_heads, write_lineage
from assistant.training.measuring.network import best_temperature, measure
from assistant.training.network import Network, open_base
from assistant.understanding.heads import Floats, Heads
from assistant.understanding.model_file import read_heads


@dataclass(frozen=True, slots=True)
class _Ingredient:
    """A trained model: its weights by their names in a checkpoint, its heads, and what its lineage says."""

    path: Path
    weights: Mapping[str, Floats]
    heads: Heads
    lineage: Mapping[str, Any]


def average_models(models: Sequence[Path], data: Sequence[Path], out: Path) -> dict[str, Any]:
    """Write the mean of ``models`` into ``out``.

    :param models: folders of ``onlabel model train``, the first of them always, or GGUF files beside their lineage.
    :param data: labelled questions: the calibration split fits the temperature, the test split is measured.
    :return: the lineage.
    :raises ContentError: there are not two, or they cannot be averaged.
    """
    if len(models) < 2:
        raise ContentError("is one model; to average takes two or more", models[0])
    first = models[0]
    if not first.is_dir():
        raise ContentError("is no folder of `onlabel model train`; the first model gives the tokenizer", first)
    encoder, tokenizer = open_base(first / "encoder")
    names = checkpoint_names(int(encoder.config.num_hidden_layers))
    read = [_read(path, names, int(encoder.config.hidden_size)) for path in models]
    for other in read[1:]:
        _check_alike(read[0], other)
    network = Network(encoder, read[0].heads.labels, 0.0)
    network.load_state_dict(_mean([_state(one) for one in read]), strict=False)
    network.eval()
    dataset = read_dataset(list(data))
    temperature = best_temperature(network, tokenizer, dataset.split("calibration") or dataset.split("validation"))
    save_network(Trained(network, tokenizer), out / "encoder")
    save_heads(network.exported(temperature), out / "heads.npz")
    lineage = _lineage(read) | {
        "temperature": temperature,
        "weights_sha256": file_sha256(out / "encoder" / "model.safetensors"),
        "test": measure(network, tokenizer, dataset.split("test"), int(read[0].lineage["recipe"]["max_tokens"])),
        "made": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    write_lineage(lineage, out / "lineage.json")
    return lineage


def _read(path: Path, names: Mapping[str, str], width: int) -> _Ingredient:
    if path.is_dir():
        from safetensors.numpy import load_file

        lineage, heads = path / "lineage.json", load_heads(path / "heads.npz")
        held = load_file(path / "encoder" / "model.safetensors")
        weights = {name.removeprefix("bert."): tensor for name, tensor in held.items()}
    else:
        lineage, heads = path.with_suffix(".lineage.json"), _heads(path, width)
        weights = _weights(path, names)
    if not lineage.is_file():
        raise ContentError("is missing: nobody could tell what went into the mean", lineage)
    if lacking := sorted(names.keys() - weights.keys()):
        raise ContentError(f"lacks {len(lacking)} weights, the first {lacking[0]}", path)
    said = json.loads(lineage.read_text(encoding="utf-8"))
    return _Ingredient(path, {name: weights[name] for name in names}, heads, said)


def _heads(path: Path, width: int) -> Heads:
    heads = read_heads(path, width)
    if heads is None:
        raise ContentError("holds no heads", path)
    return heads


def _weights(path: Path, names: Mapping[str, str]) -> dict[str, Floats]:
    """The tensors of a GGUF file as floats, under their names in a checkpoint."""
    from gguf import GGUFReader
    from gguf.quants import dequantize

    found = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    return {
        ours: dequantize(found[theirs].data, found[theirs].tensor_type)
        .astype(np.float32)
        .reshape(tuple(reversed(found[theirs].shape.tolist())))
        for ours, theirs in names.items()
        if theirs in found
    }


def _check_alike(one: _Ingredient, other: _Ingredient) -> None:
    if _begun_with(one.lineage) != _begun_with(other.lineage):
        raise ContentError(f"was trained from another base than {one.path}", other.path)
    if one.heads.labels != other.heads.labels:
        raise ContentError(f"knows other labels than {one.path}", other.path)
    unlike = [name for name, tensor in one.weights.items() if tensor.shape != other.weights[name].shape]
    if unlike:
        raise ContentError(f"has another shape of {unlike[0]} than {one.path}", other.path)


def _begun_with(lineage: Mapping[str, Any]) -> str:
    """The base that a training began with, or the one before it that it went on from."""
    while "begun_with" in lineage:
        lineage = lineage["begun_with"]
    return str(lineage["base"]["weights_sha256"])


def _mean(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of several models' weights, tensor by tensor; all of one shape."""
    return {name: torch.stack([state[name].double() for state in states]).mean(dim=0).float() for name in states[0]}


def _state(one: _Ingredient) -> dict[str, torch.Tensor]:
    """The weights of a model under the names that a network has for them."""
    state = {f"encoder.{name}": tensor for name, tensor in one.weights.items()}
    for head, layer in one.heads.layers():
        state |= {f"{head}.weight": layer.weight, f"{head}.bias": layer.bias}
    return {name: torch.tensor(tensor) for name, tensor in state.items()}


def _lineage(read: Sequence[_Ingredient]) -> dict[str, Any]:
    """What the first lineage says, with all labels that any of them read, and the whole lineages beside it."""
    first = dict(read[0].lineage) | labels_read([one.lineage for one in read])
    first.pop("begun_with", None)  # it stands with the model that it belongs to
    averaged = [{"file": one.path.name, **one.lineage} for one in read]
    return first | {"averaged": averaged, "seconds": sum(one.lineage["seconds"] for one in read)}
