"""The four pictures of a training, drawn from numbers alone: nothing is measured here, and no file is touched.

Guarantees: each axis says what it shows and in what unit, a line below says how to read the picture, colours differ for
the colour-blind (Okabe and Ito 2008) and never alone carry meaning. Made to be read at 1000 pixels' width.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from assistant.training.measuring.calibration import Curve
from assistant.training.measuring.probe import Amount

Doubles = npt.NDArray[np.float64]

_BLUE, _RED, _GREY = "#0072B2", "#D55E00", "#5f6670"
STYLE: Any = {
    # Labels are drawn as they are: a "$" begins no formula.
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
}
#: Inches; at :data:`DOTS` an inch a picture is 2000 pixels wide, so that it is sharp at 1000.
_WIDTH, DOTS = 10.0, 200
#: Characters of a caption's line.
_CAPTION = 138
#: Cells of the matrix above this share bear their number.
ANNOTATED = 0.01
#: Cells of the matrix above this share are too dark for black.
_DARK = 0.3
#: Marks beside the colours of the matrix.
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
#: How the line of each loss and of each measure is called and drawn: a head looks alike in both, whatever its order.
_LINES: Mapping[str, tuple[str, str, str]] = {
    "intent": ("intent", _BLUE, "o"),
    "slots": ("slots", _RED, "s"),
    "flags": ("flags", "#009E73", "^"),
    "spans": ("spans", "#CC79A7", "D"),
    "span_f1": ("spans (F1)", "#CC79A7", "D"),
    "pairs": ("question and passage", "#E69F00", "v"),
    "outliers": ("undecided in between", "#56B4E9", "P"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """After each epoch (epochs,): what training minimised, the intents' loss on the validation split, its measures."""

    epochs: Doubles
    losses: Mapping[str, Doubles]
    validation_loss: Doubles
    measures: Mapping[str, Doubles]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Labelled (rows) against chosen intents (columns): ``shares`` of a row's ``questions``; empty rows are 0."""

    names: tuple[str, ...]
    questions: npt.NDArray[np.int64]
    shares: Doubles


def curves_figure(curves: Curves, caption: str) -> Figure:
    """Losses above, measures below, over the same epochs."""
    figure = _figure(7.6, caption)
    above, below = figure.subplots(2, 1, sharex=True)
    _lines(above, curves.epochs, curves.losses)
    if np.isfinite(curves.validation_loss).any():
        above.plot(curves.epochs, curves.validation_loss, "k--X", label="intent, validation")
    above.set_yscale("log")
    above.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    above.yaxis.set_minor_locator(NullLocator())
    above.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    above.set(title="Losses", ylabel="mean loss of the epoch (nats)")
    _lines(below, curves.epochs, curves.measures)
    below.set(title="Validation split", xlabel="epoch (passes over the questions)", ylabel="all right (% of questions)")
    below.yaxis.set_major_formatter(_per_cent())
    below.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in (above, below):
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _lines(axes: Axes, epochs: Doubles, lines: Mapping[str, Doubles]) -> None:
    for name, line in lines.items():
        label, colour, marker = _LINES.get(name, (name, _GREY, "."))
        axes.plot(epochs, line, color=colour, marker=marker, label=label)


def confusion_figure(matrix: Matrix, caption: str) -> Figure:
    """A cell a pair of intents; what was taken for something else bears its share in per cent."""
    count = len(matrix.names)
    figure = _figure(3.3 + 0.195 * max(count, 12), caption)
    axes = figure.add_subplot()
    axes.grid(False)
    # A root, so that a few per cent can be seen beside the diagonal.
    mesh = axes.pcolormesh(matrix.shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1), edgecolors="#e3e6ea", linewidth=0.4)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    ticks = np.arange(count) + 0.5
    rows = [f"{name} ({n})" for name, n in zip(matrix.names, matrix.questions.tolist(), strict=True)]
    axes.set_xticks(ticks, matrix.names, rotation=90, fontsize=9)
    axes.set_yticks(ticks, rows, fontsize=9)
    for row, column in annotated(matrix):
        share = matrix.shares[row, column]
        colour = "white" if share > _DARK else "black"
        axes.text(column + 0.5, row + 0.5, f"{100 * share:.0f}", size=7.5, color=colour, ha="center", va="center")
    axes.set(xlabel="chosen intent", ylabel="labelled intent (number of questions)")
    # Above, for width is what the cells need.
    bar = figure.colorbar(mesh, ax=axes, location="top", shrink=0.7, aspect=45, ticks=_TICKS, format=_per_cent())
    title = "What was taken for what: share of the labelled intent's questions"
    bar.set_label(title, size=13, weight="bold", labelpad=8)
    return figure


def annotated(matrix: Matrix) -> list[tuple[int, int]]:
    """``(row, column)`` of the cells that bear their number: off the diagonal, above 1 %."""
    above = matrix.shares > ANNOTATED
    np.fill_diagonal(above, False)
    return [(int(row), int(column)) for row, column in np.argwhere(above)]


def coverage_figure(curve: Curve, bound: Doubles, risk: float, covered: float, caption: str) -> Figure:
    """Risk against coverage with its upper ``bound``; a point where most is ``covered`` at the ``risk`` asked for."""
    figure = _figure(6.4, caption)
    axes = figure.add_subplot()
    axes.step(curve.coverage, curve.risk, where="post", color=_BLUE, label="seen on these questions")
    axes.step(curve.coverage, bound, ":", where="post", color=_GREY, linewidth=1, label="its upper bound, 95 %")
    axes.axhline(risk, color=_RED, linestyle="--", linewidth=1.4, label=f"{100 * risk:g} % wrong")
    label = f"{100 * covered:.1f} % answered, at most {100 * risk:g} % of them wrong"
    there = curve.coverage == covered
    axes.plot(curve.coverage[there], curve.risk[there], "o", color=_RED, markersize=8, label=label)
    highest = max(float(curve.risk[-1]), 2 * risk)
    axes.set(
        title="How much can be answered, and how much of that is wrong", xlim=(0, 1), ylim=(0, 1.15 * highest),
        xlabel="coverage: share of the questions answered, surest first",
        ylabel="risk: share of the answered that is wrong",
    )  # fmt: skip
    axes.xaxis.set_major_formatter(_per_cent())
    axes.yaxis.set_major_formatter(_per_cent())
    # Where few are answered the bound runs up the left edge.
    axes.legend(loc="upper left", bbox_to_anchor=(0.06, 1))
    return figure


def amount_figure(found: Sequence[Amount], caption: str) -> Figure:
    """Mean accuracy of the draws, from the lowest to the highest, by the number of training questions."""
    figure = _figure(6.2, caption)
    axes = figure.add_subplot()
    questions = np.array([np.mean(one.questions) for one in found])
    means = np.array([np.mean(one.accuracies) for one in found])
    spread = [
        means - [min(one.accuracies) for one in found],
        [max(one.accuracies) for one in found] - means,
    ]
    axes.errorbar(questions, means, spread, color=_BLUE, marker="o", markersize=7, capsize=6)
    axes.set(
        title="Would more data still help?", xlabel="training questions (share of the training families)",
        ylabel="test questions right, linear probe",
    )  # fmt: skip
    shares = [f"{n:,.0f}\n{100 * one.fraction:.0f} %" for n, one in zip(questions, found, strict=True)]
    axes.set_xticks(questions, shares)
    axes.set_xlim(0, 1.06 * questions[-1])
    axes.yaxis.set_major_formatter(_per_cent())
    for n, mean in zip(questions, means, strict=True):
        axes.annotate(f"{100 * mean:.1f}", (n, mean), (9, -14), textcoords="offset points")
    return figure


def empty_figure(why: str) -> Figure:
    """A picture that says why there is none."""
    figure = _figure(2.0, "")
    figure.text(0.5, 0.5, textwrap.fill(f"Not drawn: {why}", 90), ha="center", va="center")
    return figure


def _figure(height: float, caption: str) -> Figure:
    """Without pyplot: no window system is asked for, and nothing global is kept."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=(_WIDTH, height), dpi=DOTS, layout=layout, facecolor="white")
    if caption:
        # Never broken between a number and its sign.
        caption = caption.replace(" %", "\N{NO-BREAK SPACE}%")
        figure.supxlabel(textwrap.fill(caption, _CAPTION), x=0.01, ha="left", fontsize=9.5, color=_GREY)
    return figure


def _per_cent() -> FuncFormatter:
    return FuncFormatter(lambda share, _: f"{100 * share:g} %")
