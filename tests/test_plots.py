"""The pictures of a training: the numbers behind them, what is drawn where something lacks, and that all is inside."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra 'train' (matplotlib) is not installed")
pytest.importorskip("safetensors", reason="the extra 'train' (safetensors) is not installed")
pytest.importorskip("sklearn", reason="the extra 'train' (sklearn) is not installed")
pytest.importorskip("torch", reason="the extra 'train' (torch) is not installed")
pytest.importorskip("transformers", reason="the extra 'train' (transformers) is not installed")

import matplotlib as mpl
from matplotlib.figure import Figure

from assistant.domain import INTENTS
from assistant.errors import ContentError
from assistant.training.dataset import Split, Utterance, write_dataset
from assistant.training.making import save_heads
from assistant.training.measuring import figures, plots
from assistant.training.measuring.calibration import risk_coverage
from assistant.training.measuring.figures import Matrix
from assistant.training.measuring.plots import Decided, confusion_shares, decide, draw_training, training_curves
from assistant.training.measuring.pooled import pooled_states
from assistant.training.measuring.probe import DRAWS, FRACTIONS, Amount, Known, accuracy, amounts, family_numbers
from assistant.understanding.heads import Floats, Heads, LabelSets, Layer
from tests.tiny_bert import MAX_TOKENS, toy_utterances, write_base

WIDTH = 32
EPOCHS = [
    {"epoch": 1.0, "seconds": 9.0, "loss_intent": 2.0, "loss_pairs": 0.5, "intent": 0.4, "validation_loss": 1.5},
    {"epoch": 2.0, "seconds": 8.0, "loss_intent": 1.0, "intent": 0.7, "span_f1": 0.2, "validation_loss": 1.1},
]
NAMES = ["curves.png", "confusion.png", "coverage.png", "amount.png"]


def still(_: float) -> None:
    """Nobody need be told."""


# --- the curves ------------------------------------------------------------------------------------------------------


def test_losses_and_measures_become_lines_over_the_epochs() -> None:
    curves = training_curves(EPOCHS)
    assert curves.epochs.tolist() == [1, 2]
    assert {name: line.tolist()[:1] for name, line in curves.losses.items()} == {"intent": [2.0], "pairs": [0.5]}
    assert curves.validation_loss.tolist() == [1.5, 1.1]
    assert list(curves.measures) == ["intent", "span_f1"]
    assert curves.measures["intent"].tolist() == [0.4, 0.7]


def test_what_an_epoch_lacks_is_a_gap_not_a_zero() -> None:
    curves = training_curves(EPOCHS)
    assert np.isnan(curves.losses["pairs"]).tolist() == [False, True]
    assert np.isnan(curves.measures["span_f1"]).tolist() == [True, False]


# --- what was chosen -------------------------------------------------------------------------------------------------


def _heads(temperature: float = 2.0) -> Heads:
    """Each of the first dimensions speaks for one intent."""
    labels = LabelSets(("dosage", "storage", "zeta"))
    weight = np.eye(3, WIDTH, dtype=np.float32)
    return Heads(labels, Layer(weight, np.zeros(3, dtype=np.float32)), None, None, None, temperature)


def _states(*likeliest: int) -> Floats:
    return 4 * np.eye(WIDTH, dtype=np.float32)[list(likeliest)]


def test_the_likeliest_intent_is_chosen_with_its_calibrated_share() -> None:
    asked = [Utterance(text="a", intent="dosage"), Utterance(text="b", intent="storage")]
    decided = decide(_heads(), _states(0, 0), asked)
    assert decided.chosen == ("dosage", "dosage")
    assert decided.wanted == ("dosage", "storage")
    assert decided.right.tolist() == [True, False]
    assert decided.confidence == pytest.approx(np.exp(2) / (np.exp(2) + 2))


def test_of_two_things_asked_either_is_right() -> None:
    asked = [Utterance(text="a", intent="dosage", also="storage")] * 3
    decided = decide(_heads(), _states(0, 1, 2), asked)
    assert decided.right.tolist() == [True, True, False]
    assert decided.wanted == ("dosage", "storage", "dosage")


# --- the matrix ------------------------------------------------------------------------------------------------------


def _decided(pairs: Mapping[tuple[str, str], int]) -> Decided:
    rows = [pair for pair, count in pairs.items() for _ in range(count)]
    wanted, chosen = zip(*rows, strict=True)
    return Decided(wanted, chosen, np.ones(len(rows)))


def test_rows_are_shares_of_what_was_labelled_in_the_taxonomys_order() -> None:
    matrix = confusion_shares(
        _decided({("storage", "storage"): 3, ("storage", "zeta"): 1, ("dosage", "storage"): 1, ("alpha", "alpha"): 2})
    )
    assert matrix.names == ("dosage", "storage", "alpha", "zeta"), "added intents stand behind, by name"
    assert matrix.questions.tolist() == [1, 4, 2, 0]
    assert matrix.shares.tolist() == [[0, 1, 0, 0], [0, 0.75, 0, 0.25], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_only_cells_off_the_diagonal_above_one_per_cent_bear_numbers() -> None:
    row = {("dosage", "dosage"): 97, ("dosage", "storage"): 2, ("dosage", "overdose"): 1}
    matrix = confusion_shares(_decided({**row, ("storage", "storage"): 1}))
    assert matrix.names == ("dosage", "overdose", "storage")
    assert figures.annotated(matrix) == [(0, 2)]


# --- the amount of data ----------------------------------------------------------------------------------------------


def _known(count: int, seed: int, width: int = 12) -> Known:
    """Questions of four intents, three a family, whose states lie around their intents'."""
    draw = np.random.default_rng(seed)
    intents = np.arange(count) // 3 % 4
    utterances = [
        Utterance(text=f"{seed} {n}", intent=INTENTS[intent], family=f"{seed}-{n // 3}")
        for n, intent in enumerate(intents.tolist())
    ]
    states = np.eye(width)[intents] + draw.normal(0, 0.45, (count, width))
    return Known(utterances, states.astype(np.float32))


def test_more_data_is_measured_by_whole_families_and_again_equal() -> None:
    train, test = _known(180, 1), _known(200, 2)
    heard: list[float] = []
    found = amounts(train, test, heard.append)
    assert [one.fraction for one in found] == list(FRACTIONS)
    assert [one.families for one in found] == [6, 12, 24, 36, 48, 60]
    assert [one.questions for one in found] == [(3 * one.families,) * DRAWS for one in found[:-1]] + [(180,)]
    means = [float(np.mean(one.accuracies)) for one in found]
    assert means[-1] > means[0] + 0.05
    assert len({*found[0].accuracies}) > 1, "draws differ"
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert amounts(train, test, still) == found


def test_a_question_without_family_is_one_of_its_own() -> None:
    asked = [
        Utterance(text=text, intent="dosage", family=family)
        for text, family in zip("abcda", ("", "x", "", "x", ""), strict=True)
    ]
    assert family_numbers(asked).tolist() == [0, 1, 2, 1, 0]


def test_a_draw_of_one_intent_chooses_it_always() -> None:
    train, test = _known(12, 1), _known(12, 2)
    assert accuracy(train, np.arange(3), test) == 0.25
    both = [one.model_copy(update={"intent": "zeta", "also": train.utterances[0].intent}) for one in test.utterances]
    assert accuracy(train, np.arange(3), Known(both, test.states)) == 1


# --- a folder with a tiny network ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("plots") / "base", WIDTH)


@pytest.fixture(scope="module")
def toy() -> list[Utterance]:
    """The toy task, its validation questions as the test split."""
    moved: dict[Split | None, Split] = {"train": "train", "validation": "test"}
    return [one.model_copy(update={"split": moved[one.split]}) for one in toy_utterances()]


@pytest.fixture
def folder(base: Path, toy: list[Utterance], tmp_path: Path) -> Path:
    """What a training leaves, its network the base itself, and beside it the data as ``data.jsonl``."""
    (tmp_path / "encoder").symlink_to(base)
    save_heads(_heads(), tmp_path / "heads.npz")
    weights = hashlib.sha256((base / "model.safetensors").read_bytes()).hexdigest()
    _write_lineage(tmp_path, {"weights_sha256": weights, "config": "other"})
    write_dataset(toy, tmp_path / "data.jsonl")
    return tmp_path


def _write_lineage(folder: Path, base: dict[str, str]) -> None:
    lineage = {"schema": "onlabel.lineage/1", "base": base, "epochs": EPOCHS, "seconds": 17}
    (folder / "lineage.json").write_text(json.dumps(lineage), encoding="utf-8")


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures a tenth as wide, where it is not they that are looked at."""
    monkeypatch.setattr(figures, "DOTS", 20)


def _size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_states_are_those_of_each_text_alone_whatever_its_batch(base: Path, toy: list[Utterance]) -> None:
    texts = [one.masked()[0] for one in toy]
    together = pooled_states(base, texts, still)
    some = [0, 7, 41, 79]
    alone = np.concatenate([pooled_states(base, [texts[row]], still) for row in some])
    assert together.shape == (80, WIDTH)
    np.testing.assert_allclose(together[some], alone, atol=1e-5)
    assert len(np.unique(together.round(4), axis=0)) > 70, "texts differ"
    assert pooled_states(base, [], still).shape == (0, WIDTH)


def test_a_text_too_long_keeps_its_end(base: Path) -> None:
    middle = "a " * MAX_TOKENS
    one, two, other = pooled_states(base, [f"x {middle} b", f"y {middle} b", f"x {middle} c"], still)
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 1e-4


def test_four_pictures_are_written_and_replaced(folder: Path, base: Path) -> None:
    heard: list[tuple[float, str]] = []
    (folder / "plots").mkdir()
    (folder / "plots" / "amount.png").write_bytes(b"of another run")
    drawn = draw_training(folder, [folder / "data.jsonl"], base, lambda *told: heard.append(told))
    assert drawn == [folder / "plots" / name for name in NAMES]
    assert sorted(path.name for path in (folder / "plots").iterdir()) == sorted(NAMES)
    for path in drawn:
        width, height = _size(path)
        assert width == 2000
        assert height > 1000
    assert {what for _, what in heard} == {
        "reading: test", "reading with the untouched base", "fitting a probe on shares of the data",
    }  # fmt: skip


def _not_drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Reasons given, in order."""
    reasons: list[str] = []
    real = figures.empty_figure

    def listen(why: str) -> Figure:
        reasons.append(why)
        return real(why)

    monkeypatch.setattr(figures, "empty_figure", listen)
    return reasons


@pytest.mark.usefixtures("coarse")
def test_another_base_never_stands_for_that_of_the_training(
    folder: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = _not_drawn(monkeypatch)
    _write_lineage(folder, {"weights_sha256": "0" * 64})
    monkeypatch.setattr(plots, "amounts", None)
    drawn = draw_training(folder, [folder / "data.jsonl"], base)
    assert reasons == ["the network that the training began with is not at hand."]
    assert [_size(path)[1] == 40 for path in drawn] == [False, False, False, True]


@pytest.mark.usefixtures("coarse")
def test_without_a_test_split_the_pictures_of_it_say_so(
    folder: Path, base: Path, toy: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = _not_drawn(monkeypatch)
    write_dataset([one for one in toy if one.split == "train"], folder / "data.jsonl")
    assert len(draw_training(folder, [folder / "data.jsonl"], base)) == 4
    assert reasons == ["the data holds no test split."] * 3


@pytest.mark.parametrize(("text", "says"), [(None, "no finished training"), ("{}", "no lineage"), ("[", "no lineage")])
def test_a_folder_without_a_finished_training_is_refused(folder: Path, text: str | None, says: str) -> None:
    (folder / "lineage.json").unlink()
    if text is not None:
        (folder / "lineage.json").write_text(text)
    with pytest.raises(ContentError, match=says) as raised:
        draw_training(folder, [folder / "data.jsonl"])
    assert raised.value.path == folder / "lineage.json"
    assert not (folder / "plots").exists()


# --- what can be read ------------------------------------------------------------------------------------------------


def _matrix() -> Matrix:
    draw = np.random.default_rng(3)
    counts = draw.integers(0, 4, (len(INTENTS), len(INTENTS))) + 40 * np.eye(len(INTENTS), dtype=np.int64)
    questions = counts.sum(axis=1)
    return Matrix(INTENTS, questions, counts / questions[:, None])


def _coverage() -> tuple[Any, ...]:
    sure = np.linspace(0, 1, 300)
    curve = risk_coverage(sure, sure > 0.2)
    return curve, np.ones(len(curve.risk)), 0.01, 0.8


_AMOUNTS = [Amount(f, round(900 * f), (round(1000 * f),) * 3, (f / 2, f / 2 + 0.1, f / 2 + 0.2)) for f in FRACTIONS]
_LONG = "What this picture shows and what it does not, in 9 % more words than are needed. " * 4


@pytest.mark.parametrize(
    ("draw", "numbers"),
    [
        (figures.curves_figure, (training_curves(EPOCHS),)),
        (figures.curves_figure, (training_curves(EPOCHS[:1]),)),
        (figures.confusion_figure, (_matrix(),)),
        (figures.confusion_figure, (confusion_shares(_decided({("dosage", "storage"): 1})),)),
        (figures.coverage_figure, _coverage()),
        (figures.coverage_figure, (risk_coverage([0.5], [False]), np.ones(1), 0.01, 0.0)),
        (figures.amount_figure, (_AMOUNTS,)),
        (figures.amount_figure, (_AMOUNTS[-1:],)),
    ],
)
def test_all_that_is_drawn_lies_inside_and_every_axis_has_a_name(draw: Any, numbers: tuple[Any, ...]) -> None:
    with mpl.rc_context(figures.STYLE):
        figure: Figure = draw(*numbers, _LONG)
        figure.set_dpi(60)
        figure.draw_without_rendering()
        drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert drawn.x0 >= 0
    assert drawn.y0 >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height
    named = [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
    assert all(any(names) for names in named)
    assert any(all(names) for names in named)
    assert figure.get_supxlabel().count("\n") >= 2
