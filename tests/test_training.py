"""Training a toy: it learns, comes out the same from a seed and after a break, and llama.cpp decides as torch does."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytest.importorskip("torch", reason="the extra 'train' (torch) is not installed")
pytest.importorskip("transformers", reason="the extra 'train' (transformers) is not installed")
pytest.importorskip("peft", reason="the extra 'train' (peft) is not installed")
pytest.importorskip("gguf", reason="the extra 'train' (gguf) is not installed")
pytest.importorskip("safetensors", reason="the extra 'train' (safetensors) is not installed")

import torch
from click.testing import CliRunner, Result

from assistant.domain import INTENTS
from assistant.errors import ContentError, NotReadyError
from assistant.serving.commands.model_train import export_command, train_command
from assistant.training import finetune
from assistant.training.batches import UNANSWERED, encode, encode_pairs, padded
from assistant.training.card import write_card
from assistant.training.dataset import Dataset, SpanMark, Utterance, write_dataset
from assistant.training.export import ExportReport, Extra, FileType, export_gguf
from assistant.training.finetune import Recipe, Trained, save_network
from assistant.training.making import Beginning, Sources, load_heads, make_model, save_heads
from assistant.training.measuring import parity
from assistant.training.measuring.network import best_temperature, measure, score
from assistant.training.network import Dropout, Network, open_base
from assistant.training.pairs import Pair
from assistant.understanding.encoder import GgufEncoder
from assistant.understanding.heads import Heads, LabelSets, best_path, spans_of
from assistant.understanding.llama import quantise
from assistant.understanding.model_file import heads_metadata, read_heads
from assistant.understanding.readers import trained_reader
from assistant.understanding.router import NearestUtterances
from assistant.understanding.words import words
from tests import test_pairs
from tests.tiny_bert import toy_pairs, toy_utterances, write_base

TOY = Dataset(tuple(toy_utterances()), "0" * 64)
TRAIN, VALIDATION = TOY.split("train"), TOY.split("validation")
LABELS = TOY.label_sets(INTENTS)
#: Enough to learn the toy by heart.
LEARN = Recipe(epochs=24, batch=15, rate=2e-3, head_rate=1e-2, pair_batch=8, smoothing=0.02)
#: Enough to tell whether two runs are the same: the averages begin in the second of three epochs.
SHORT = Recipe(epochs=3, batch=10, rate=1e-3, averaged=0.6, pair_batch=4)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "base")


def _run(
    base: Path, work: Path, recipe: Recipe, train: Sequence[Utterance] = TRAIN, pairs: Sequence[Pair] = ()
) -> Trained:
    return finetune.finetune(train, VALIDATION[:4], pairs, LABELS, base, work, recipe, lambda _: None)


def _weights(trained: Trained) -> dict[str, Any]:
    return {name: tensor.numpy().copy() for name, tensor in trained.network.state_dict().items()}


def _same(one: Trained, two: Trained) -> bool:
    first, second = _weights(one), _weights(two)
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


# --- one whole making ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What :func:`make_model` left behind."""

    folder: Path
    lineage: dict[str, Any]
    heads: Heads


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    data, pairs = folder / "data.jsonl", folder / "pairs.jsonl"
    # What was held back for validation is the test as well: the toy has no more.
    test = [u.model_copy(update={"split": "test"}) for u in VALIDATION]
    write_dataset([*TOY.utterances, *test], data)
    pairs.write_text("".join(_written(pair) for pair in toy_pairs()), encoding="utf-8")
    out = folder / "out"
    lineage = make_model(Sources((data,), (pairs,)), Beginning(base), out, LEARN, 1, lambda _: None, lambda _: None)
    return Made(out, lineage, load_heads(out / "heads.npz"))


def _written(pair: Pair) -> str:
    row = {"label": pair.label, "topic": "storage", "text": pair.passage, "questions": [{"text": pair.question}]}
    return json.dumps(row) + "\n"


def test_losses_fall_and_the_toy_is_learnt(made: Made) -> None:
    first, last = made.lineage["epochs"][0], made.lineage["epochs"][-1]
    for name in ("loss_intent", "loss_slots", "loss_flags", "loss_spans", "loss_pairs", "validation_loss"):
        assert last[name] < 0.7 * first[name], name
    assert made.lineage["test"]["intent"] >= 0.9
    assert made.lineage["test"]["flags"] == 1
    assert made.lineage["test"]["slots"] >= 0.9
    assert made.lineage["test"]["span_f1"] > 0.7


def test_passages_are_nearest_to_their_questions(made: Made, base: Path) -> None:
    def found(folder: Path) -> int:
        encoder, tokenizer = open_base(folder)
        network = Network(encoder, LABELS, 0.0)
        pairs = toy_pairs()
        sides = [[pair.question for pair in pairs], [pair.passage for pair in pairs]]
        vectors = [torch.stack([pooled for _, pooled, _ in score(network, tokenizer, side)]) for side in sides]
        near = torch.nn.functional.normalize(vectors[0]) @ torch.nn.functional.normalize(vectors[1]).T
        return int((near.argmax(1) == torch.arange(len(pairs))).sum())

    assert found(made.folder / "encoder") >= 18 > found(base)


def test_the_folder_holds_encoder_heads_and_lineage(made: Made) -> None:
    written = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert {"heads.npz", "lineage.json", "encoder/model.safetensors", "encoder/tokenizer.json"} <= written
    assert not {"checkpoint.pt", "checkpoint.part", "lineage.part"} & written
    lineage = json.loads((made.folder / "lineage.json").read_text(encoding="utf-8"))
    assert lineage == made.lineage
    assert lineage["schema"] == "onlabel.lineage/1"
    assert lineage["recipe"] == dataclasses.asdict(LEARN)
    assert lineage["labels"] == LABELS.as_json()
    assert lineage["data"]["splits"] == {"train": 60, "validation": 20, "calibration": 0, "test": 20}
    assert lineage["pairs"]["written"] == 20
    assert len(lineage["epochs"]) == LEARN.epochs
    assert lineage["base"]["weights_sha256"] != lineage["weights_sha256"]
    assert {"training/finetune.py", "understanding/windows.py", "answering/lexical.py"} <= lineage["code"].keys()
    assert 0.3 <= lineage["temperature"] <= 3


def test_heads_come_back_from_their_archive(made: Made, tmp_path: Path) -> None:
    save_heads(made.heads, tmp_path / "heads.npz")
    again = load_heads(tmp_path / "heads.npz")
    assert again.labels == made.heads.labels == LABELS
    assert again.temperature == made.heads.temperature == made.lineage["temperature"]
    assert heads_metadata(again) == heads_metadata(made.heads)
    with pytest.raises(ContentError, match="train a model first"):
        load_heads(tmp_path / "none.npz")


# --- llama.cpp decides alike -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def questions() -> list[str]:
    return _masked(TOY.utterances)


@pytest.mark.parametrize("type_", ["f16", "mixed", "q8_0", "q4_k_m"])
def test_the_exported_file_decides_as_torch_does(
    made: Made, questions: list[str], tmp_path: Path, type_: FileType, capfd: pytest.CaptureFixture[str]
) -> None:
    extra = Extra(metadata={"general.name": "toy", **heads_metadata(made.heads)})
    report = export_gguf(made.folder / "encoder", tmp_path / "toy.gguf", type_, extra)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.gguf"], "no half-made file is left"
    assert (report.type, report.size) == (type_, report.path.stat().st_size)
    assert report.weights_sha256 == made.lineage["weights_sha256"]
    encoder = GgufEncoder(report.path)
    heads = read_heads(report.path, encoder.dimension)
    assert heads is not None
    assert heads.labels == LABELS
    assert heads_metadata(heads) == heads_metadata(made.heads)
    network, tokenizer = _network(made)
    off = {"f16": 0.01, "mixed": 0.02, "q8_0": 0.05, "q4_k_m": 0.25}[type_]
    for text, (scores, pooled, _) in zip(questions, score(network, tokenizer, questions), strict=True):
        got, _ = encoder.read(text)
        assert int(heads.intent_shares(got).argmax()) == int(scores.intent.argmax()), text
        assert np.abs(got - pooled.numpy()).max() < off
    assert capfd.readouterr() == ("", "")


def _network(made: Made) -> tuple[Network, Any]:
    """The trained network, put together again from the folder."""
    encoder, tokenizer = open_base(made.folder / "encoder")
    network = Network(encoder, LABELS, 0.0)
    with torch.no_grad():
        for name in ("intent", "slot", "flag", "tag"):
            layer = getattr(made.heads, name)
            getattr(network, name).weight.copy_(torch.from_numpy(layer.weight))
            getattr(network, name).bias.copy_(torch.from_numpy(layer.bias))
    network.eval()
    return network, tokenizer


def test_spans_slots_and_flags_come_through_the_reader(made: Made, tmp_path: Path) -> None:
    extra = Extra(metadata=heads_metadata(made.heads))
    encoder = GgufEncoder(export_gguf(made.folder / "encoder", tmp_path / "toy.gguf", "f16", extra).path)
    reader = trained_reader(encoder, NearestUtterances(np.empty((0, encoder.dimension), dtype=np.float32), []))
    right = 0
    for utterance in TRAIN:
        text, spans = utterance.masked()
        vector, chosen = reader.read(text)
        assert np.array_equal(vector, encoder.encode([text])[0])
        assert chosen.intents[0][0] == utterance.intent
        assert (chosen.flags["adverse_event"] > 0.5) == bool(utterance.flags)
        assert chosen.slots is not None
        assert (chosen.slots[0][2] > 0.5) == bool(utterance.slots)
        right += set(chosen.spans or ()) == {(span.start, span.end, span.type) for span in spans}
    assert right >= 0.95 * len(TRAIN)


def test_torch_and_llama_see_the_same_spans(made: Made, questions: list[str], tmp_path: Path) -> None:
    extra = Extra(metadata=heads_metadata(made.heads))
    encoder = GgufEncoder(export_gguf(made.folder / "encoder", tmp_path / "toy.gguf", "f16", extra).path)
    network, tokenizer = _network(made)
    for text, (scores, _, ids) in zip(questions, score(network, tokenizer, questions), strict=True):
        pieces = tokenizer.convert_ids_to_tokens(ids.tolist())
        starts = [row for row in range(1, len(pieces) - 1) if not pieces[row].startswith("##")]
        exact = best_path(scores.tag[0, starts].numpy())
        _, states = encoder.read(text)
        assert made.heads.spans(states) == spans_of(exact, LABELS.spans), text


def test_q4_k_m_is_smaller_and_the_same_each_time(tmp_path: Path) -> None:
    from gguf import GGUFReader

    folder = write_base(tmp_path / "wide", width=256, layers=1)
    sizes = {}
    for type_ in ("f16", "mixed", "q8_0", "q4_k_m"):
        sizes[type_] = export_gguf(folder, tmp_path / f"{type_}.gguf", cast(FileType, type_)).size
    assert sizes["q4_k_m"] < 0.8 * sizes["q8_0"] < 0.8 * 0.8 * sizes["f16"]
    assert sizes["q8_0"] < sizes["mixed"] < sizes["f16"]
    types = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(tmp_path / "mixed.gguf").tensors}
    assert {name for name, kind in types.items() if kind == "Q8_0"} == {"token_embd.weight"}
    assert types["blk.0.attn_q.weight"] == types["blk.0.ffn_down.weight"] == "F16"
    types = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(tmp_path / "q4_k_m.gguf").tensors}
    assert {"Q4_K", "Q6_K"} <= set(types.values())
    assert types["position_embd.weight"] == types["token_types.weight"] == types["blk.0.attn_q.bias"] == "F32"
    again = export_gguf(folder, tmp_path / "again.gguf", "q4_k_m")
    assert again.path.read_bytes() == (tmp_path / "q4_k_m.gguf").read_bytes()


def test_the_command_writes_file_and_card_and_refuses_a_file_that_decides_otherwise(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = made.folder.parent / "data.jsonl", tmp_path / "toy.gguf"

    def export(*more: str) -> Result:
        return CliRunner().invoke(export_command, [str(made.folder), "--out", str(out), "--data", str(data), *more])

    ran = export()
    assert ran.exit_code == 0, ran.output
    assert "decides as torch does on 20 test questions: intent 100.00%" in ran.output
    assert " mixed," in out.with_suffix(".md").read_text(encoding="utf-8")

    def agreement(questions: int, share: float) -> None:
        found = parity.Parity(questions, 1.0, 1.0, 1.0, share, 0.999)
        monkeypatch.setattr(parity, "parity", lambda *_: found)

    agreement(2000, 0.9945)
    ran = export("--type", "q8_0")
    assert isinstance(ran.exception, ContentError)
    assert "labels agree in 99.45% only, where q8_0 promises 99.5%: export it with --type mixed or f16" in str(
        ran.exception
    )
    # q4_k_m promises nothing, and of few questions one is decided by a rounding.
    assert export("--type", "q4_k_m").exit_code == 0
    agreement(100, 0.99)
    assert export("--type", "f16").exit_code == 0
    agreement(100, 0.98)
    assert isinstance(export("--type", "f16").exception, ContentError)


def test_what_cannot_be_quantised_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(40))
    with pytest.raises(NotReadyError, match="could not quantise"):
        quantise(tmp_path / "bad.gguf", tmp_path / "out.gguf", "LLAMA_FTYPE_MOSTLY_Q4_K_M")
    with pytest.raises(NotReadyError, match="no model at"):
        quantise(tmp_path / "none.gguf", tmp_path / "out.gguf", "LLAMA_FTYPE_MOSTLY_Q4_K_M")
    with pytest.raises(ContentError):
        export_gguf(tmp_path, tmp_path / "out.gguf", "q4_k_m")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gguf"]


# --- the same again --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def short(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run without a break, to compare with."""
    return _run(base, tmp_path_factory.mktemp("short"), SHORT, pairs=toy_pairs())


def _bag(texts: Sequence[Sequence[int]]) -> torch.Tensor:
    """Vectors that are near where the same tokens stand."""
    return torch.stack([torch.bincount(torch.tensor(text), minlength=2000)[5:].float() for text in texts])


def test_of_a_long_passage_the_window_that_answers_is_learnt(base: Path) -> None:
    _, tokenizer = open_base(base)
    passage = "Dose. " + " ".join(f"Take it {number} times with a glass." for number in range(9)) + " Zebras kick."
    pairs = [
        Pair("take it 0 times", passage, "a", "Dose"), Pair("zebras kick", passage, "a", "Dose"),
        Pair("yaks?", "", "a"), Pair("short?", "Short. Text.", "b", "Short"),
    ]  # fmt: skip
    first, last, none, short = encode_pairs(pairs, tokenizer, 40, _bag)
    said = [tokenizer.decode(row[1], skip_special_tokens=True).replace(" ", "") for row in (first, last, short)]
    assert said[0].startswith("dose.takeit0times")
    # A further window stands under the title, as in the index.
    assert said[1].startswith("dose.") and said[1].endswith("zebraskick.") and "0" not in said[1]
    assert said[2] == "short.text."
    assert all(len(row[1]) <= 40 for row in (first, last, short))
    # Windows of one passage are one passage.
    assert (first[2], none[1], none[2]) == (last[2], [], UNANSWERED)
    assert len({first[2], none[2], short[2]}) == 3
    assert first[3] == none[3] != short[3]
    assert encode_pairs([], tokenizer, 40, _bag) == []


def test_the_same_seed_gives_the_same_weights(base: Path, short: Trained, tmp_path: Path) -> None:
    again = _run(base, tmp_path, SHORT, pairs=toy_pairs())
    assert _same(short, again)
    times = {"seconds"}
    assert [{k: v for k, v in epoch.items() if k not in times} for epoch in short.epochs] == [
        {k: v for k, v in epoch.items() if k not in times} for epoch in again.epochs
    ]


def test_another_seed_gives_others(base: Path, short: Trained, tmp_path: Path) -> None:
    other = _run(base, tmp_path, dataclasses.replace(SHORT, seed=8), pairs=toy_pairs())
    assert not _same(short, other)


class _PowerCutError(Exception):
    pass


def _cut_short(base: Path, work: Path, train: Sequence[Utterance] = TRAIN) -> None:
    """Begin :data:`SHORT` and break off in the second epoch."""

    def report(measured: dict[str, float]) -> None:
        if measured["epoch"] == 2:
            raise _PowerCutError

    with pytest.raises(_PowerCutError):
        finetune.finetune(train, VALIDATION[:4], toy_pairs(), LABELS, base, work, SHORT, report)


def test_a_run_cut_short_ends_as_one_that_was_not(base: Path, short: Trained, tmp_path: Path) -> None:
    _cut_short(base, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    resumed = _run(base, tmp_path, SHORT, pairs=toy_pairs())
    assert _same(short, resumed)
    assert [epoch["loss_intent"] for epoch in resumed.epochs] == [epoch["loss_intent"] for epoch in short.epochs]
    # And once more, with nothing left to do.
    assert _same(short, _run(base, tmp_path, SHORT, pairs=toy_pairs()))


def test_a_checkpoint_of_another_run_is_refused(base: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    _cut_short(base, work)
    relabelled = [TRAIN[0].model_copy(update={"intent": "pregnancy"}), *TRAIN[1:]]
    unmarked = [TRAIN[0].model_copy(update={"spans": ()}), *TRAIN[1:]]
    other_pairs = [*toy_pairs()[1:], Pair("what of a car?", "The medicine and another thing.", "label-0")]
    other_base = write_base(tmp_path / "other", seed=2)
    others: dict[str, tuple[Path, Recipe, Sequence[Utterance], Sequence[Pair]]] = {
        "questions": (base, SHORT, TRAIN[1:], toy_pairs()),
        "intents": (base, SHORT, relabelled, toy_pairs()),
        "spans": (base, SHORT, unmarked, toy_pairs()),
        "pairs": (base, SHORT, TRAIN, other_pairs),
        "settings": (base, dataclasses.replace(SHORT, rate=1e-5), TRAIN, toy_pairs()),
        "base": (other_base, SHORT, TRAIN, toy_pairs()),
    }
    for name, (from_base, recipe, train, pairs) in others.items():
        with pytest.raises(ContentError, match="other data or settings") as caught:
            _run(from_base, work, recipe, train, pairs)
        assert caught.value.path == work / "checkpoint.pt", name


# --- LoRA ------------------------------------------------------------------------------------------------------------


def test_lora_leaves_the_base_alone_and_is_merged(base: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SHORT, method="lora", rank=4, epochs=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft's own
        trained = _run(base, tmp_path, recipe, pairs=toy_pairs()[:4])
    weights = _weights(trained)
    assert not [name for name in weights if "lora" in name or "base_layer" in name]
    begun, _ = open_base(base)
    before = {f"encoder.{name}": tensor.numpy() for name, tensor in begun.state_dict().items()}
    changed = {name for name in before if not np.array_equal(before[name], weights[name])}
    linear = {name for name in before if name.endswith("weight") and ("query" in name or "dense" in name)}
    assert linear <= changed
    assert not [name for name in changed if "embeddings" in name or "LayerNorm" in name or name.endswith("bias")]
    save_network(trained, tmp_path / "encoder")
    report = export_gguf(tmp_path / "encoder", tmp_path / "lora.gguf", "f16")
    wanted = next(score(trained.network, trained.tokenizer, ["dose for gout"]))[1].numpy()
    assert np.abs(GgufEncoder(report.path).read("dose for gout")[0] - wanted).max() < 0.01


# --- edges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 5])
def test_few_pairs_are_enough(base: Path, tmp_path: Path, count: int) -> None:
    recipe = dataclasses.replace(SHORT, epochs=1, pair_batch=16)
    trained = _run(base, tmp_path, recipe, TRAIN[:20], toy_pairs(count))
    assert np.isfinite(trained.epochs[0]["loss_pairs"])


def test_none_of_them_stands_between_what_answers_and_what_does_not(base: Path, tmp_path: Path) -> None:
    """A question is nearer to its passage than "none of them", one without a passage further from all; untaught not."""
    silent, asked = Pair("what does the medicine cost?", "", "label-0"), toy_pairs(5)
    recipe = dataclasses.replace(LEARN, epochs=12, pair_every=1)

    def near(pairs: Sequence[Pair], work: str) -> tuple[float, float]:
        trained = _run(base, tmp_path / work, recipe, pairs=pairs)
        sides = [[silent.question, *(pair.question for pair in asked)], [pair.passage for pair in asked]]
        vectors = [torch.stack([v for _, v, _ in score(trained.network, trained.tokenizer, side)]) for side in sides]
        found = torch.nn.functional.normalize(vectors[0]) @ torch.nn.functional.normalize(vectors[1]).T
        return float(found[0].max()), float(found[1:].diagonal().min())

    without, answered = near([*asked, *[silent] * 4], "taught")
    assert without < recipe.none_at < answered
    assert near(asked, "untaught")[0] > recipe.none_at


def test_what_its_own_label_does_not_answer_another_may(base: Path, tmp_path: Path) -> None:
    """Questions without an answer teach nothing where no passage of their own label is met."""
    recipe = dataclasses.replace(SHORT, epochs=1)
    strangers = [dataclasses.replace(pair, label="elsewhere") for pair in toy_pairs(2)]
    losses = [
        _run(base, tmp_path / label, recipe, TRAIN[:10], [*strangers, *[Pair("price?", "", label)] * 2]).epochs[0]
        for label in ("label-0", "elsewhere")
    ]
    assert losses[0]["loss_pairs"] < losses[1]["loss_pairs"]


def test_a_step_of_unanswered_questions_alone_teaches_nothing(base: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SHORT, epochs=1)
    trained = _run(base, tmp_path, recipe, TRAIN[:20], [Pair("price?", "", "label-0")] * 4)
    assert trained.epochs[0]["loss_pairs"] == 0


@torch.no_grad()
def test_texts_read_together_have_the_vectors_they_have_alone(short: Trained) -> None:
    network, texts = short.network, [[2, 7, 3], [2, 9, 11, 12, 3], [2, 7, 3], [2, 8, 3], [2, 3]]
    alone = torch.cat([network.vectors(*padded([text], 0)) for text in texts])
    for together in (1, 2, 64):
        found = network.vectors_of(texts, 0, together)
        assert torch.allclose(found, alone, atol=2e-2), together
    assert not torch.allclose(alone[0], alone[1], atol=2e-2)


def test_dropout_drops_its_share_keeps_the_mean_and_rests_outside_of_training() -> None:
    torch.manual_seed(3)
    states = torch.ones(7, 11, 1001)
    dropped = Dropout(0.1)(states)
    assert abs(float((dropped == 0).float().mean()) - 0.1) < 0.01
    assert abs(float(dropped.mean()) - 1) < 0.01
    assert torch.equal(Dropout(0.1).eval()(states), states)
    assert torch.equal(Dropout(0.0)(states), states)
    assert Dropout(0.1)(states.bfloat16()).dtype == torch.bfloat16


def test_intents_alone_are_enough(base: Path, tmp_path: Path) -> None:
    bare = [Utterance(text=u.text, intent=u.intent, split=u.split) for u in TOY.utterances]
    labels = Dataset(tuple(bare), "").label_sets()
    recipe = dataclasses.replace(SHORT, epochs=1)
    trained = finetune.finetune(bare[:20], bare[20:24], (), labels, base, tmp_path, recipe, lambda _: None)
    heads = trained.network.exported(1.0)
    assert (heads.slot, heads.flag, heads.tag) == (None, None, None)
    metadata = heads_metadata(heads)
    save_network(trained, tmp_path / "encoder")
    path = export_gguf(tmp_path / "encoder", tmp_path / "bare.gguf", "q8_0", Extra(metadata=metadata)).path
    read = read_heads(path, 64)
    assert read is not None
    assert read.labels == labels


def test_of_questions_with_nothing_marked_the_intent_alone_is_learnt(base: Path, tmp_path: Path) -> None:
    bare = [Utterance(text=u.text, intent=u.intent, annotated="intent") for u in TRAIN[:20]]
    recipe = dataclasses.replace(SHORT, epochs=1, weight_decay=0.0)
    trained = _run(base, tmp_path, recipe, bare)
    losses = trained.epochs[0]
    assert losses["loss_slots"] == losses["loss_flags"] == losses["loss_spans"] == 0
    assert losses["loss_intent"] > 0
    assert all(np.isfinite(tensor).all() for tensor in _weights(trained).values())


def test_labels_that_are_not_to_be_learnt_are_refused(base: Path) -> None:
    _, tokenizer = open_base(base)
    few = LabelSets(("storage", "dosage"), spans=("condition",))
    storage = Utterance(text="store it where", intent="storage")
    assert sum(encode(storage, few, tokenizer, 32).intent.tolist()) == 1
    for change in (
        {"intent": "pregnancy"},
        {"also": "pregnancy"},
        {"flags": ("adverse_event",)},
        {"slots": {"population": ("adult",)}},
        {"spans": (SpanMark(start=0, end=5, type="substance"),)},
    ):
        with pytest.raises(ContentError, match="not among those to be learnt"):
            encode(storage.model_copy(update=change), few, tokenizer, 32)


def test_two_questions_share_the_intent(base: Path) -> None:
    _, tokenizer = open_base(base)
    both = Utterance(text="store it where, what dose", intent="storage", also="dosage")
    assert encode(both, LabelSets(("dosage", "storage")), tokenizer, 32).intent.tolist() == pytest.approx(
        [1 / 3, 2 / 3]
    )


def test_what_is_learnt_of_spans_is_what_is_read(base: Path) -> None:
    """The tags of the words, in the places where the runtime finds the words, are the spans again."""
    _, tokenizer = open_base(base)
    for utterance in TOY.utterances:
        text, spans = utterance.masked()
        tags = [tag for tag in encode(utterance, LABELS, tokenizer, 128).tags if tag >= 0]
        places = words(text)
        assert len(tags) == len(places)
        marked = {(places[one][0], places[two - 1][1], name) for one, two, name in spans_of(tags, LABELS.spans)}
        assert marked == {(span.start, span.end, span.type) for span in spans}


def test_a_text_too_long_keeps_its_end(base: Path) -> None:
    _, tokenizer = open_base(base)
    text = "a long story " * 100 + "is it for gout?"
    spans = (SpanMark(start=len(text) - 5, end=len(text) - 1, type="condition"),)
    encoded = encode(Utterance(text=text, intent="indication", spans=spans), LABELS, tokenizer, 20)
    assert len(encoded.ids) == len(encoded.tags) == 20
    assert tokenizer.decode(encoded.ids).endswith("is it for gout? [SEP]")
    assert tokenizer.decode(encoded.ids).startswith("[CLS]")
    assert [tag for tag in encoded.tags if tag > 0] == [1 + 2 * LABELS.spans.index("condition")]


def test_the_temperature_undoes_what_makes_it_too_sure(made: Made) -> None:
    network, tokenizer = _network(made)
    with torch.no_grad():
        network.intent.weight /= 8
        network.intent.bias /= 8
    # Labels as likely as the network says they are: it is then as sure as it should be.
    draw = np.random.default_rng(3)
    drawn = []
    for utterance, (scores, _, _) in zip(VALIDATION, score(network, tokenizer, _masked(VALIDATION)), strict=True):
        shares = torch.softmax(scores.intent[0].double(), 0).numpy()
        for intent in draw.choice(LABELS.intents, size=20, p=shares):
            drawn.append(utterance.model_copy(update={"intent": str(intent)}))
    before = best_temperature(network, tokenizer, drawn)
    assert before == pytest.approx(1, rel=0.3)
    with torch.no_grad():
        network.intent.weight *= 2
        network.intent.bias *= 2
    assert best_temperature(network, tokenizer, drawn) == pytest.approx(2 * before, rel=0.05)


def _masked(utterances: Sequence[Utterance]) -> list[str]:
    return [utterance.masked()[0] for utterance in utterances]


def test_measures_are_right_where_everything_is(made: Made) -> None:
    network, tokenizer = _network(made)
    assert measure(network, tokenizer, [], LEARN.max_tokens) == {}
    measured = measure(network, tokenizer, TRAIN, LEARN.max_tokens)
    assert measured["intent"] == measured["flags"] == measured["slots"] == 1
    wrong = [u.model_copy(update={"flags": () if u.flags else ("adverse_event",)}) for u in TRAIN]
    assert measure(network, tokenizer, wrong, LEARN.max_tokens)["flags"] == 0


def test_data_without_a_split_to_learn_from_is_refused(base: Path, tmp_path: Path) -> None:
    write_dataset(TRAIN, tmp_path / "data.jsonl")
    sources = Sources((tmp_path / "data.jsonl",))
    with pytest.raises(ContentError, match="no training or no validation"):
        make_model(sources, Beginning(base), tmp_path / "out", SHORT, 1, lambda _: None, lambda _: None)


def test_a_training_goes_on_from_a_trained_model(made: Made, tmp_path: Path) -> None:
    sources = Sources((made.folder.parent / "data.jsonl",), (made.folder.parent / "pairs.jsonl",))
    recipe = dataclasses.replace(LEARN, epochs=1, rate=1e-6, head_rate=1e-6)
    begins = Beginning.of(made.folder)
    lineage = make_model(sources, begins, tmp_path / "further", recipe, 1, lambda _: None, lambda _: None)
    first, last = made.lineage["epochs"][0], made.lineage["epochs"][-1]
    for name in ("intent", "slots", "flags", "spans", "pairs"):
        gone_on = lineage["epochs"][0][f"loss_{name}"]
        assert abs(gone_on - last[f"loss_{name}"]) < 0.5 * abs(first[f"loss_{name}"] - gone_on), name
    assert lineage["base"]["weights_sha256"] == made.lineage["weights_sha256"]
    assert lineage["begun_with"]["base"] == made.lineage["base"]
    assert lineage["begun_with"]["epochs"] == made.lineage["epochs"]
    card = tmp_path / "further.gguf"
    write_card(card, ExportReport(card, "f16", 1, "", "", 1, 1), lineage, None)
    assert "| gone on from | a model made " in card.with_suffix(".md").read_text(encoding="utf-8")


def test_a_training_goes_on_with_data_that_bears_some_of_the_labels_and_no_other(made: Made, tmp_path: Path) -> None:
    few = [u.model_copy(update={"flags": (), "spans": ()}) for u in TOY.utterances]
    write_dataset([*few, *(u.model_copy(update={"split": "test"}) for u in few[:4])], tmp_path / "few.jsonl")
    recipe = dataclasses.replace(SHORT, epochs=1)
    begins, out = Beginning.of(made.folder), tmp_path / "out"
    make_model(Sources((tmp_path / "few.jsonl",)), begins, out, recipe, 1, lambda _: None, lambda _: None)
    assert load_heads(out / "heads.npz").labels == made.heads.labels
    strange = few[0].model_copy(update={"intent": "mechanism_of_the_moon"})
    write_dataset([*few, strange], tmp_path / "strange.jsonl")
    with pytest.raises(ContentError, match="intents that the model does not know, such as mechanism_of_the_moon"):
        sources = Sources((tmp_path / "strange.jsonl",))
        make_model(sources, begins, tmp_path / "other", SHORT, 1, lambda _: None, lambda _: None)


def test_the_command_goes_on_with_gentler_rates_unless_told_otherwise(made: Made, tmp_path: Path) -> None:
    data, out = made.folder.parent / "data.jsonl", tmp_path / "out"
    options = ["--data", str(data), "--base", str(made.folder), "--out", str(out), "--epochs", "1", "--bar", "0"]
    ran = CliRunner().invoke(train_command, [*options, "--no-plots", "--threads", "1"])
    assert ran.exit_code == 0, ran.output
    recipe = json.loads((out / "lineage.json").read_text(encoding="utf-8"))["recipe"]
    assert {name: recipe[name] for name in finetune.FURTHER} == finetune.FURTHER | {"epochs": 1}


def test_a_training_does_not_go_on_from_one_that_did_not_end(tmp_path: Path) -> None:
    (tmp_path / "cut" / "encoder").mkdir(parents=True)
    with pytest.raises(ContentError, match="no finished training"):
        Beginning.of(tmp_path / "cut")


def test_a_base_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = write_base(tmp_path / "base")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ContentError, match=r"lacks 1 weights.*layer\.1\.output\.dense"):
        open_base(folder)


def test_the_lineage_names_every_label_that_was_read(base: Path, tmp_path: Path) -> None:
    write_dataset([*TOY.utterances, *test_pairs.QUESTIONS], tmp_path / "data.jsonl")
    rows = [*test_pairs.LEFT_OUT, *test_pairs.KEPT]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "left_out.jsonl").write_text('{"set_id": "ccc-3", "generic": "zorvamab"}\n', encoding="utf-8")
    sources = Sources((tmp_path / "data.jsonl",), (), (tmp_path / "labels.jsonl",), (tmp_path / "left_out.jsonl",))
    recipe = dataclasses.replace(SHORT, epochs=1)
    lineage = make_model(sources, Beginning(base), tmp_path / "out", recipe, 1, lambda _: None, lambda _: None)
    assert lineage["domain"]["labels"].keys() == {"aaa-1", "bbb-2"}
    assert lineage["domain"]["left_out_set_ids"] == ["ccc-3"]
    assert lineage["domain"]["left_out_generics"] == ["zorvamab"]
    assert lineage["domain"]["pairs"] > 0
