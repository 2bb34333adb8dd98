"""What a training came to, in four pictures that stay with the model.

    curves.png      losses and validation measures after each epoch, from the lineage
    confusion.png   intents labelled and chosen on the test split, rows as shares
    coverage.png    how much of the test split can be answered, and how much of that is wrong
    amount.png      a linear probe on the untouched base by amount of data: would more still help?

Guarantees: the network is the one in the folder, calibrated as it is exported, and nothing is learnt from the test
split; all four files are written each time, so that none is left over from another run, and one for which there is
nothing to draw says why. Refuses a folder that holds no finished training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.domain import INTENTS
from assistant.errors import ContentError, NotReadyError
from assistant.training.dataset import Dataset, Utterance, read_dataset
from assistant.training.export import base_model, file_sha256
from assistant.training.making import load_heads
from assistant.training.measuring import figures
from assistant.training.measuring.calibration import (
    clopper_pearson_upper,
    coverage_at_risk,
    risk_coverage,
    wilson_interval,
)
from assistant.training.measuring.evaluate import Tick, untold
from assistant.training.measuring.figures import Curves, Doubles, Matrix
from assistant.training.measuring.pooled import pooled_states
from assistant.training.measuring.probe import DRAWS, Known, amounts
from assistant.understanding.heads import Floats, Heads

#: Share of the answered that may be wrong, drawn as a line.
RISK = 0.01
_NO_TEST = "the data holds no test split."
_LOSS = "loss_"


class _Base(BaseModel):
    model_config = ConfigDict(frozen=True)

    weights_sha256: str


class _Lineage(BaseModel):
    """What is read of ``lineage.json``; the rest of it is for others, so it may hold more."""

    model_config = ConfigDict(frozen=True)

    base: _Base
    epochs: tuple[dict[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What a network chose for each question, and how sure it was of the intent. Where a text asks two things, either
    is right, and ``wanted`` is then the chosen one."""

    wanted: tuple[str, ...]
    chosen: tuple[str, ...]
    confidence: Doubles

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Of each question whether its intent is right."""
        return np.array([one == other for one, other in zip(self.wanted, self.chosen, strict=True)], dtype=np.bool_)


def draw_training(folder: Path, data: Sequence[Path], base: Path | None = None, tick: Tick = untold) -> list[Path]:
    """Draw what the training in ``folder`` came to, into ``folder/plots``; returns the four files.

    :param base: the network that the training began with; default the packaged one.
    :raises ContentError: the folder holds no finished training, or the data cannot be read.
    """
    lineage = _read_lineage(folder / "lineage.json")
    heads = load_heads(folder / "heads.npz")
    dataset = read_dataset(data)
    plots = folder / "plots"
    plots.mkdir(exist_ok=True)
    with mpl.rc_context(figures.STYLE):
        drawn = {"curves": _curves(lineage), **_decisions(folder / "encoder", heads, dataset, tick)}
        drawn["amount"] = _amount(_begun_with(base, lineage.base.weights_sha256), dataset, tick)
        return [_written(figure, plots / f"{name}.png") for name, figure in drawn.items()]


# --- numbers ---------------------------------------------------------------------------------------------------------


def training_curves(epochs: Sequence[Mapping[str, float]]) -> Curves:
    """What was written down after each epoch as lines over the epochs; NaN where an epoch lacks a number."""
    names = list(dict.fromkeys(name for epoch in epochs for name in epoch))

    def line(name: str) -> Doubles:
        return np.array([epoch.get(name, math.nan) for epoch in epochs], dtype=np.float64)

    others = {"epoch", "seconds", "validation_loss"}
    return Curves(
        line("epoch"),
        {name.removeprefix(_LOSS): line(name) for name in names if name.startswith(_LOSS)},
        line("validation_loss"),
        {name: line(name) for name in names if name not in others and not name.startswith(_LOSS)},
    )


def decide(heads: Heads, pooled: Floats, utterances: Sequence[Utterance]) -> Decided:
    """What ``heads`` choose for states (questions, width)."""
    wanted, chosen, confidence = [], [], []
    for state, utterance in zip(pooled, utterances, strict=True):
        shares = heads.intent_shares(state)
        likeliest = int(shares.argmax())
        chosen.append(heads.labels.intents[likeliest])
        confidence.append(float(shares[likeliest]))
        wanted.append(chosen[-1] if chosen[-1] == utterance.also else utterance.intent)
    return Decided(tuple(wanted), tuple(chosen), np.array(confidence, dtype=np.float64))


def confusion_shares(decided: Decided) -> Matrix:
    """The intents that were labelled or chosen, in the taxonomy's order, added ones behind by name."""
    met = {*decided.wanted, *decided.chosen}
    names = (*(name for name in INTENTS if name in met), *sorted(met - set(INTENTS)))
    numbers = {name: at for at, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for wanted, chosen in zip(decided.wanted, decided.chosen, strict=True):
        counts[numbers[wanted], numbers[chosen]] += 1
    questions = counts.sum(axis=1)
    return Matrix(names, questions, counts / np.maximum(1, questions)[:, None])


# --- pictures --------------------------------------------------------------------------------------------------------


def _curves(lineage: _Lineage) -> Figure:
    if not lineage.epochs:
        return figures.empty_figure("the lineage holds no epoch.")
    return figures.curves_figure(
        training_curves(lineage.epochs),
        "Losses as they were minimised, with their weights in the recipe; the dashed one is the intents' alone, "
        "without smoothing. Each epoch is measured with its own weights, but those kept are the mean over the last "
        "part of the way: the network in the folder may be better than its last point here.",
    )


def _decisions(encoder: Path, heads: Heads, dataset: Dataset, tick: Tick) -> dict[str, Figure]:
    test = dataset.split("test")
    if not test:
        return {name: figures.empty_figure(_NO_TEST) for name in ("confusion", "coverage")}
    texts = [utterance.masked()[0] for utterance in test]
    decided = decide(heads, pooled_states(encoder, texts, lambda share: tick(share, "reading: test")), test)
    return {"confusion": _confusion(decided), "coverage": _coverage(decided)}


def _confusion(decided: Decided) -> Figure:
    right, count = int(decided.right.sum()), len(decided.right)
    between = wilson_interval(right, count)
    return figures.confusion_figure(
        confusion_shares(decided),
        f"Test split, {count} questions, the trained network: {_percent(right / count)} of the intents right (95 %: "
        f"{_percent(between.low)} to {_percent(between.high)}). A row's cells sum to 100 %; numbers are per cent, "
        "of the cells off the diagonal above 1 %. Where a text asks two things, either is right.",
    )


def _coverage(decided: Decided) -> Figure:
    curve = risk_coverage(decided.confidence, decided.right)
    steps = zip(curve.wrong.tolist(), curve.answered.tolist(), strict=True)
    bound = np.array([clopper_pearson_upper(wrong, answered) for wrong, answered in steps])
    covered = coverage_at_risk(decided.confidence, decided.right, RISK)
    return figures.coverage_figure(
        curve, bound, RISK, covered,
        f"Test split, {len(decided.right)} questions, the trained network, answered by intent confidence alone. The "
        f"point is the largest coverage at which at most {100 * RISK:g} % is seen to be wrong, picked with the answers "
        "at hand: it compares models and promises nothing. `onlabel model calibrate` finds a threshold with a proof.",
    )  # fmt: skip


def _amount(base: Path | None, dataset: Dataset, tick: Tick) -> Figure:
    train, test = dataset.split("train"), dataset.split("test")
    if base is None:
        return figures.empty_figure("the network that the training began with is not at hand.")
    if not train or not test:
        return figures.empty_figure(_NO_TEST if train else "the data holds no training split.")
    texts = [utterance.masked()[0] for utterance in (*train, *test)]
    states = pooled_states(base, texts, lambda share: tick(share, "reading with the untouched base"))
    known, asked = Known(train, states[: len(train)]), Known(test, states[len(train) :])
    found = amounts(known, asked, lambda share: tick(share, "fitting a probe on shares of the data"))
    return figures.amount_figure(
        found,
        "A linear probe (logistic regression) on the states of the untouched base: it shows whether more data would "
        "still help (yes, while the line climbs at its end), not the fine-tuned accuracy. Tested on the "
        f"{len(test)} questions of the test split. Points are means of {DRAWS} draws of whole families, bars reach "
        "from the lowest to the highest; all families can be drawn once only.",
    )


# --- files -----------------------------------------------------------------------------------------------------------


def _read_lineage(path: Path) -> _Lineage:
    try:
        return _Lineage.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ContentError("is missing: the folder holds no finished training", path) from error
    except ValidationError as error:
        raise ContentError(f"is no lineage of a training: {error.errors()[0]['msg']}", path) from error


def _begun_with(base: Path | None, weights_sha256: str) -> Path | None:
    """``base``, else the packaged network, if its weights are those; no other can stand for it."""
    try:
        found = base or base_model()[0]
        return found if file_sha256(found / "model.safetensors") == weights_sha256 else None
    except (FileNotFoundError, NotReadyError):
        return None


def _written(figure: Figure, path: Path) -> Path:
    # Without the version of what drew it.
    figure.savefig(path, dpi=figures.DOTS, metadata={"Software": None})
    return path


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
