"""The mean of trained models: of weights and heads, with every model named, and of nothing that does not fit."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytest.importorskip("torch", reason="the extra 'train' (torch) is not installed")
pytest.importorskip("transformers", reason="the extra 'train' (transformers) is not installed")
pytest.importorskip("gguf", reason="the extra 'train' (gguf) is not installed")
pytest.importorskip("safetensors", reason="the extra 'train' (safetensors) is not installed")

from click.testing import CliRunner
from safetensors.numpy import load_file

from assistant.errors import ContentError
from assistant.serving.commands.model_train import average_command, export_command
from assistant.training.averaging import average_models
from assistant.training.dataset import write_dataset
from assistant.training.finetune import Recipe
from assistant.training.making import Beginning, Sources, load_heads, make_model
from tests.tiny_bert import toy_utterances, write_base


@dataclass(frozen=True)
class Models:
    """Two models of one base with other seeds, and one of another base; the second as a file as well."""

    data: Path
    one: Path
    two: Path
    file: Path
    stranger: Path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    root = tmp_path_factory.mktemp("averaged")
    data = root / "data.jsonl"
    questions = toy_utterances()
    test = [u.model_copy(update={"split": "test"}) for u in questions if u.split == "validation"]
    write_dataset([*questions, *test], data)
    bases = write_base(root / "base"), write_base(root / "other-base", seed=2)

    def trained(name: str, base: Path, seed: int) -> Path:
        recipe = Recipe(epochs=1, batch=20, rate=1e-3, seed=seed)
        make_model(Sources((data,)), Beginning(base), root / name, recipe, 1, lambda _: None, lambda _: None)
        return root / name

    one, two, stranger = trained("one", bases[0], 7), trained("two", bases[0], 8), trained("stranger", bases[1], 7)
    _read_labels(one, {"a": "1", "b": "2"}, ["c", "d"])
    _read_labels(two, {"b": "2", "c": "3"}, ["d", "e"])
    file = root / "two.gguf"
    ran = CliRunner().invoke(export_command, [str(two), "--out", str(file), "--type", "f16"])
    assert ran.exit_code == 0, ran.output
    return Models(data, one, two, file, stranger)


def _read_labels(folder: Path, labels: dict[str, str], left_out: list[str]) -> None:
    """As if ``labels`` had been read as domain text."""
    generics = ["zorvamab", f"of-{folder.name}"]
    said = {"pairs": 1, "labels": labels, "left_out_set_ids": left_out, "left_out_generics": generics}
    _edit(folder / "lineage.json", domain=said)


def _edit(path: Path, **entries: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | entries), encoding="utf-8")


def _weights(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    return load_file(folder / "encoder" / "model.safetensors")


def test_weights_and_heads_are_the_mean(models: Models, tmp_path: Path) -> None:
    average_models([models.one, models.two], [models.data], tmp_path / "mean")
    one, two, mean = _weights(models.one), _weights(models.two), _weights(tmp_path / "mean")
    assert mean.keys() == one.keys()
    for name, tensor in mean.items():
        assert np.allclose(tensor, (one[name] + two[name]) / 2, atol=1e-6), name
    assert not all(np.array_equal(one[name], two[name]) for name in one)
    heads = [load_heads(folder / "heads.npz") for folder in (models.one, models.two, tmp_path / "mean")]
    assert np.allclose(heads[2].intent.weight, (heads[0].intent.weight + heads[1].intent.weight) / 2, atol=1e-6)
    assert heads[2].tag is not None
    assert heads[0].labels == heads[2].labels


def test_a_file_counts_as_the_folder_it_was_exported_from(models: Models, tmp_path: Path) -> None:
    average_models([models.one, models.two], [models.data], tmp_path / "folders")
    average_models([models.one, models.file], [models.data], tmp_path / "file")
    folders, file = _weights(tmp_path / "folders"), _weights(tmp_path / "file")
    assert all(np.allclose(folders[name], file[name], atol=2e-3) for name in folders)


def test_a_model_may_be_averaged_with_the_one_that_it_goes_on_from(models: Models, tmp_path: Path) -> None:
    recipe = Recipe(epochs=1, batch=20, rate=1e-3, seed=9)
    begins, further = Beginning.of(models.one), tmp_path / "further"
    make_model(Sources((models.data,)), begins, further, recipe, 1, lambda _: None, lambda _: None)
    lineage = average_models([further, models.one], [models.data], tmp_path / "mean")
    assert [entry["recipe"]["seed"] for entry in lineage["averaged"]] == [9, 7]
    assert "begun_with" in lineage["averaged"][0] and "begun_with" not in lineage
    # Of another base it is refused as ever.
    with pytest.raises(ContentError, match="another base"):
        average_models([further, models.stranger], [models.data], tmp_path / "refused")


def test_the_lineage_names_every_model_and_every_label_that_one_of_them_read(models: Models, tmp_path: Path) -> None:
    lineage = average_models([models.one, models.two], [models.data], tmp_path / "mean")
    assert lineage == json.loads((tmp_path / "mean" / "lineage.json").read_text(encoding="utf-8"))
    parts = [json.loads((folder / "lineage.json").read_text(encoding="utf-8")) for folder in (models.one, models.two)]
    assert [entry["weights_sha256"] for entry in lineage["averaged"]] == [part["weights_sha256"] for part in parts]
    assert [entry["recipe"]["seed"] for entry in lineage["averaged"]] == [7, 8]
    assert lineage["weights_sha256"] not in [part["weights_sha256"] for part in parts]
    assert lineage["domain"]["labels"] == {"a": "1", "b": "2", "c": "3"}
    assert lineage["domain"]["left_out_set_ids"] == ["d"]
    assert lineage["domain"]["left_out_generics"] == ["zorvamab"]
    assert 0 <= lineage["test"]["intent"] <= 1


def test_the_command_leaves_a_folder_that_can_be_exported(models: Models, tmp_path: Path) -> None:
    given = [str(models.one), str(models.file), "--out", str(tmp_path / "mean"), "--data", str(models.data)]
    ran = CliRunner().invoke(average_command, given)
    assert ran.exit_code == 0, ran.output
    assert "averaged 2 models; test split: {" in ran.output
    assert "next: onlabel model export" in ran.output
    out = tmp_path / "mean.gguf"
    ran = CliRunner().invoke(export_command, [str(tmp_path / "mean"), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert "| the mean of | `one`, made " in out.with_suffix(".md").read_text(encoding="utf-8")


def test_what_does_not_fit_is_refused(models: Models, tmp_path: Path) -> None:
    def refused(*paths: Path) -> str:
        with pytest.raises(ContentError) as caught:
            average_models(list(paths), [models.data], tmp_path / "mean")
        assert not (tmp_path / "mean").exists()
        return str(caught.value)

    assert "two or more" in refused(models.one)
    assert "the first model gives the tokenizer" in refused(models.file, models.one)
    assert "another base" in refused(models.one, models.stranger)
    alone = tmp_path / "alone.gguf"
    shutil.copy(models.file, alone)
    assert "nobody could tell what went into the mean" in refused(models.one, alone)
    relabelled = tmp_path / "relabelled"
    shutil.copytree(models.two, relabelled)
    with np.load(relabelled / "heads.npz") as read:
        arrays = dict(read)
    labels = json.loads(str(arrays["labels"]))
    labels["intents"][0] = "another"
    np.savez(relabelled / "heads.npz", **{**arrays, "labels": np.array(json.dumps(labels))})
    assert "other labels" in refused(models.one, relabelled)
