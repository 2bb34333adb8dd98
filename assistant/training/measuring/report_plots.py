"""The plots of a report: confusions, reliability, risk against coverage, each as an SVG in a ``data:`` address.

As pictures of their own they can neither run a script nor fetch anything, and their ids cannot meet those of the page.
Equal figures give equal bytes. Labels are drawn as they are: a ``$`` begins no formula; controls, which XML does not
allow, are spaces.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from assistant.training.measuring.calibration import Bin, Curve
from assistant.training.measuring.measures import Confusion, Counts
from assistant.training.measuring.report_text import printable

#: Text stays text: the file is a tenth of the size, and its labels can be searched.
_STYLE: Any = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "onlabel",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
#: Written by default: the day, and addresses of others.
_NOTHING: Mapping[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
_BLUE, _GREY, _RED = "#0b5cad", "#8a8f98", "#cf222e"
#: Intents in the matrix at most, those that are confused most.
_INTENTS = 40
#: Letters of a label that are drawn at most.
_LETTERS = 28


@mpl.rc_context(_STYLE)
def confusion_plot(intents: Mapping[str, Counts], confusions: Sequence[Confusion]) -> str:
    """The matrix of labelled (rows) and chosen intents (columns), each row as shares of its questions."""
    names = _most_confused(intents, confusions)
    numbers = {name: at for at, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for name, at in numbers.items():
        matrix[at, at] = intents[name].met
    for one in confusions:
        if one.wanted in numbers and one.chosen in numbers:
            matrix[numbers[one.wanted], numbers[one.chosen]] = one.questions
    shares = matrix / np.maximum(1, [[intents[name].wanted] for name in names])
    labels = [_short(name) for name in names]
    side = 1.2 + 0.07 * max(map(len, labels)) + 0.19 * len(names)
    figure = _figure(side + 0.9, side)
    axes = figure.add_subplot()
    # Not in proportion: a mistake in a hundred must be seen beside the many that are right.
    norm = PowerNorm(0.4, vmin=0, vmax=1)
    mesh = axes.pcolormesh(shares, cmap="Blues", norm=norm, edgecolors="#e6e8eb", linewidth=0.2)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    ticks = np.arange(len(names)) + 0.5
    axes.set_xticks(ticks, labels, rotation=90, fontsize=7)
    axes.set_yticks(ticks, labels, fontsize=7)
    axes.set_xlabel("chosen")
    axes.set_ylabel("labelled")
    figure.colorbar(mesh, ax=axes, shrink=0.6, label="share of the labelled", ticks=[0, 0.01, 0.05, 0.2, 0.5, 1])
    return _address(figure)


def _most_confused(intents: Mapping[str, Counts], confusions: Sequence[Confusion]) -> list[str]:
    met = dict.fromkeys(intents, 0)
    for one in confusions:
        met[one.wanted] += one.questions
        met[one.chosen] += one.questions
    # Kept in their own order, in which the eye finds them.
    worst = set(sorted(met, key=lambda name: (-met[name], name))[:_INTENTS])
    return [name for name in intents if name in worst]


@mpl.rc_context(_STYLE)
def reliability_plot(bins: Sequence[Bin]) -> str:
    """Confidence beside the share of right answers; above, how many questions each bin holds."""
    figure = _figure(5.2, 5.2)
    counts, axes = figure.subplots(2, 1, height_ratios=[1, 4], sharex=True)
    middles, widths = [(one.low + one.high) / 2 for one in bins], [one.high - one.low for one in bins]
    counts.bar(middles, [one.n for one in bins], widths, color=_GREY, edgecolor="white")
    counts.set_ylabel("questions")
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1, label="as sure as right")
    axes.bar(middles, [one.right for one in bins], widths, color=_BLUE, edgecolor="white", alpha=0.85)
    means = [one.confidence for one in bins]
    axes.plot(means, [one.right for one in bins], "o", color=_RED, markersize=4, label="mean of a bin")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="right")
    axes.legend(frameon=False, loc="upper left")
    return _address(figure)


@mpl.rc_context(_STYLE)
def risk_coverage_plot(curves: Mapping[str, Curve], risk: float) -> str:
    """How many answers are wrong when only the surest share of questions is answered, a line a model."""
    figure = _figure(6.4, 4.2)
    axes = figure.add_subplot()
    highest = risk
    for name, curve in curves.items():
        axes.step(curve.coverage, curve.risk, where="post", linewidth=1.4, label=_short(name))
        highest = max(highest, float(curve.risk[-1]))
    axes.axhline(risk, color=_RED, linestyle="--", linewidth=1, label=f"risk {risk:.2%}")
    axes.set(xlim=(0, 1), ylim=(0, min(1.0, highest * 1.15)), xlabel="coverage", ylabel="wrong of the answered")
    axes.legend(frameon=False, loc="upper left")
    return _address(figure)


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= _LETTERS else shown[: _LETTERS - 1] + "…"


def _figure(width: float, height: float) -> Figure:
    """Without pyplot: no window system is asked for, and nothing global is kept."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def _address(figure: Figure) -> str:
    written = io.BytesIO()
    with warnings.catch_warnings():
        # Text is drawn by whoever shows the picture, in a font that has the letters.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(written, format="svg", metadata=dict(_NOTHING))
    return "data:image/svg+xml;base64," + base64.b64encode(written.getvalue()).decode("ascii")
