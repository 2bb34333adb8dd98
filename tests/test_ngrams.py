"""N-grams beside the encoder: the same buckets for ever, honest shares, and a file that differs in nothing else."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ContentError, NotReadyError
from assistant.training.dataset import Utterance
from assistant.understanding.model_file import NGRAMS, ngrams_metadata, read_heads
from assistant.understanding.ngrams import NgramHead, buckets_of, joined
from tests.test_heads import HEADS, LABELS, WIDTH, heads, heads_metadata, write
from tests.tiny_bert import toy_utterances, write_base

INTENTS = LABELS.intents
PINNED = [
    2884, 4833, 5108, 5783, 5901, 5923, 6320, 8221, 8452, 9754, 12008, 12316, 12412, 13152, 13941, 14326, 14499, 16063,
    19090, 21749, 23401, 25223, 25891, 27721, 30351, 30461, 32059, 32158,
]  # fmt: skip


def head(bits: int = 6, intents: int = len(INTENTS)) -> NgramHead:
    draw = np.random.default_rng(3)
    return NgramHead(
        draw.integers(-127, 128, (1 << bits, intents)).astype(np.int8),
        draw.uniform(0.01, 0.1, intents).astype(np.float32),
        draw.normal(size=intents).astype(np.float32),
        0.4,
    )


# --- buckets ---------------------------------------------------------------------------------------------------------


def test_buckets_are_these_for_ever() -> None:
    """A model file is worth nothing if they change."""
    buckets, weights = buckets_of("Dose in CKD?", 15)
    assert buckets.tolist() == PINNED
    assert np.allclose(weights, 1 / math.sqrt(len(PINNED)))


def test_capitals_and_white_space_say_nothing() -> None:
    one, two = buckets_of("dose in  CKD", 15), buckets_of(" Dose\tin ckd\n", 15)
    assert one[0].tolist() == two[0].tolist()
    assert one[1].tolist() == two[1].tolist()


def test_order_is_heard_in_pairs_and_no_run_crosses_a_space() -> None:
    there, back = (set(buckets_of(text, 24)[0].tolist()) for text in ("ab cd", "cd ab"))
    # Words and runs are shared; each order has its own pair of words.
    assert len(there - back) == len(back - there) == 1


def test_what_is_said_twice_weighs_more_but_not_twice() -> None:
    buckets, weights = buckets_of("no no yes", 24)
    often = weights.max() / weights.min()
    assert 1 < often < 2
    assert len(buckets) == len(set(buckets.tolist()))


@given(st.text(max_size=60), st.integers(1, 24))
def test_any_text_has_buckets_in_range_at_length_one(text: str, bits: int) -> None:
    buckets, weights = buckets_of(text, bits)
    assert len(buckets) == len(weights)
    assert all(0 <= bucket < 1 << bits for bucket in buckets.tolist())
    assert np.all(np.diff(buckets) > 0)
    assert not len(weights) or math.isclose(float((weights**2).sum()), 1.0)


@pytest.mark.parametrize("text", ["", " ", "\n", "\ud800"])
def test_a_text_of_nothing_leaves_the_bias(text: str) -> None:
    alone = head()
    assert np.all(np.isfinite(alone.joined(np.full(3, 1 / 3, np.float32), text)))


# --- shares ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.text(max_size=30))
def test_joined_shares_sum_to_one(shares: list[float], text: str) -> None:
    found = head().joined(np.array(shares, np.float32), text)
    assert math.isclose(float(found.sum()), 1.0, rel_tol=1e-5)
    assert np.all(found >= 0)


def test_words_that_are_not_heard_change_nothing() -> None:
    shares = np.array([0.2, 0.5, 0.3], np.float32)
    assert joined(shares, np.array([-9.0, -1.0, 0.0]), 0.0) == pytest.approx(shares)


def test_two_that_agree_are_no_surer_than_either() -> None:
    shares = np.array([0.7, 0.2, 0.1], np.float32)
    assert joined(shares, np.log(shares), 0.3) == pytest.approx(shares, abs=1e-6)


def test_what_both_hold_likely_becomes_likelier() -> None:
    shares = np.array([0.4, 0.6, 0.0], np.float32)
    found = joined(shares, np.log(np.array([0.9, 0.1, 0.1])), 0.5)
    assert found.argmax() == 0
    assert found[2] < 1e-3


# --- in the file -----------------------------------------------------------------------------------------------------


def _write(path: Path, **changes: object) -> Path:
    found: dict[str, Any] = {**heads_metadata(heads()), **ngrams_metadata(head())}
    found |= {NGRAMS + key: value for key, value in changes.items()}
    return write(path, {key: value for key, value in found.items() if value is not None})


def test_ngrams_come_back_to_the_bit(tmp_path: Path) -> None:
    read = read_heads(_write(tmp_path / "a.gguf"), WIDTH)
    assert read is not None and read.ngrams is not None
    for part in ("weight", "scale", "bias"):
        assert np.array_equal(getattr(read.ngrams, part), getattr(head(), part))
    assert read.ngrams.say == head().say
    assert heads_metadata(read) == {**heads_metadata(heads()), **ngrams_metadata(head())}
    assert {key for key in heads_metadata(heads()) if not key.startswith(HEADS)} == set()


NOT_FITTING: dict[str, dict[str, Any]] = {
    "a bucket missing": {"weight": head().weight[1:].tobytes()},
    "a part of a bucket": {"weight": head().weight.tobytes()[1:]},
    "one bucket": {"weight": b"\1\2\3"},
    "weights in words": {"weight": "x"},
    "no scale": {"scale": None},
    "too many scales": {"scale": [1.0] * 4},
    "a scale that is no number": {"scale": [1.0, math.nan, 1.0]},
    "a bias without bounds": {"bias": [1.0, math.inf, 1.0]},
    "no say": {"say": None},
    "more than all the say": {"say": 1.5},
    "a say that is no number": {"say": math.nan},
}


@pytest.mark.parametrize("name", NOT_FITTING)
def test_ngrams_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotReadyError, match="do not fit"):
        read_heads(_write(tmp_path / "a.gguf", **NOT_FITTING[name]), WIDTH)


# --- learning --------------------------------------------------------------------------------------------------------


def _fit(questions: list[Utterance], intents: tuple[str, ...], seed: int = 7) -> NgramHead:
    pytest.importorskip("sklearn", reason="the extra 'train' (scikit-learn) is not installed")
    from assistant.training.ngrams import fit

    return fit(questions, intents, seed, bits=10)


def test_words_are_learnt_and_again_the_same() -> None:
    train = [one for one in toy_utterances() if one.split == "train"]
    intents = tuple(sorted({one.intent for one in train}))
    learnt, again = _fit(train, intents), _fit(train, intents)
    assert np.array_equal(learnt.weight, again.weight)
    right = [intents[learnt.log_shares(one.masked()[0]).argmax()] == one.intent for one in train]
    assert all(right)


def test_of_two_intents_each_has_its_words() -> None:
    train = [one for one in toy_utterances() if one.intent in ("storage", "pregnancy")]
    learnt = _fit(train, ("pregnancy", "storage"))
    assert learnt.log_shares("pregnant in may").argmax() == 0
    assert learnt.log_shares("store it in the fridge").argmax() == 1


@pytest.mark.parametrize("more", [-1, 1])
def test_data_with_other_intents_than_the_models_is_refused(more: int) -> None:
    intents = (*sorted({one.intent for one in toy_utterances()}), "overdose")
    with pytest.raises(ContentError, match=r"the intents that the model knows and no others: (overdose|storage)"):
        _fit(toy_utterances(), intents if more > 0 else intents[:-2])


def test_one_intent_is_nothing_to_learn() -> None:
    with pytest.raises(ContentError, match="nothing but one"):
        _fit([one for one in toy_utterances() if one.intent == "storage"], ("storage",))


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose heads say nothing of use, with its card and lineage, and data beside it."""
    for name in ("llama_cpp", "gguf", "safetensors", "sklearn", "scipy"):
        pytest.importorskip(name, reason=f"the extra 'train' ({name}) is not installed")
    from assistant.training.dataset import write_dataset
    from assistant.training.export import Extra, export_gguf
    from assistant.understanding.heads import Heads, LabelSets, Layer

    folder = tmp_path_factory.mktemp("ngrams")
    questions = toy_utterances()
    intents = tuple(sorted({one.intent for one in questions}))
    nothing = Layer(np.zeros((len(intents), 64), np.float32), np.zeros(len(intents), np.float32))
    metadata = heads_metadata(Heads(LabelSets(intents), nothing, None, None, None))
    report = export_gguf(write_base(folder / "base"), folder / "tiny.gguf", "f16", Extra(metadata=metadata))
    later = [one.model_copy(update={"split": "calibration"}) for one in questions if one.split == "validation"]
    write_dataset([*questions, *later], folder / "data.jsonl")
    card = f"# tiny.gguf\n| file | `tiny.gguf`, 99.9 MB |\n| sha256 | `{report.sha256}` |\n| heads | 4 intents |\n"
    (folder / "tiny.md").write_text(card, encoding="utf-8")
    (folder / "tiny.lineage.json").write_text('{"made": "2026-01-01"}', encoding="utf-8")
    return folder / "tiny.gguf"


def _add(*arguments: str | Path) -> Any:
    from assistant.serving.commands.model_train import add_ngrams_command

    return CliRunner().invoke(add_ngrams_command, [str(argument) for argument in arguments])


def test_a_model_hears_words_and_keeps_its_tensors(model: Path) -> None:
    from gguf import GGUFReader

    from assistant.training.export import file_sha256
    from assistant.understanding.readers import file_reader

    out = model.with_name("heard.gguf")
    ran = _add(model, "--data", model.with_name("data.jsonl"), "--out", out)
    assert ran.exit_code == 0, ran.output
    assert "intents right: 25.0% without" in ran.output
    before, after = (
        {tensor.name: (tensor.tensor_type, tensor.data.tobytes()) for tensor in GGUFReader(path).tensors}
        for path in (model, out)
    )
    assert before == after
    without, with_words = file_reader(model), file_reader(out)
    text = "may i store it in a car"
    (vector, evenly), (same, chosen) = without.read(text), with_words.read(text)
    assert np.array_equal(vector, same)
    assert evenly.intents[0][1] == pytest.approx(0.25)
    assert chosen.intents[0][0] == "storage" and chosen.intents[0][1] > 0.5
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert file_sha256(out) in card and file_sha256(model) not in card and "99.9 MB" not in card
    assert "# heard.gguf" in card and "| n-grams | 32768 buckets, learnt from 60 questions; intents right 25.0%" in card
    lineage = json.loads(out.with_suffix(".lineage.json").read_text(encoding="utf-8"))
    assert lineage["made"] == "2026-01-01"
    assert lineage["ngrams"]["after"]["intent"] > lineage["ngrams"]["before"]["intent"]


def test_added_twice_is_as_added_once(model: Path) -> None:
    once, twice = model.with_name("once.gguf"), model.with_name("twice.gguf")
    for source, out in ((model, once), (once, twice)):
        ran = _add(source, "--data", model.with_name("data.jsonl"), "--out", out)
        assert ran.exit_code == 0, ran.output
    assert once.read_bytes() == twice.read_bytes()
    assert twice.with_suffix(".md").read_text(encoding="utf-8").count("| n-grams |") == 1


def test_a_file_is_not_written_over_itself(model: Path) -> None:
    before = model.read_bytes()
    assert _add(model, "--data", model.with_name("data.jsonl"), "--out", model).exit_code != 0
    assert model.read_bytes() == before


def test_words_need_questions_to_be_weighed_by(model: Path, tmp_path: Path) -> None:
    from assistant.training.dataset import write_dataset

    write_dataset([one for one in toy_utterances() if one.split == "train"], tmp_path / "train.jsonl")
    ran = _add(model, "--data", tmp_path / "train.jsonl", "--out", tmp_path / "out.gguf")
    assert isinstance(ran.exception, ContentError) and "validation or no calibration split" in str(ran.exception)
    assert not list(tmp_path.glob("*out*"))
