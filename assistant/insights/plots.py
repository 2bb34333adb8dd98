"""The plots of the insights, each as an SVG in a ``data:`` address, drawn once for light and once for dark pages.

As pictures of their own they can neither run a script nor fetch anything. Equal figures give equal bytes. No words of a
question stand in them; names of intents are drawn as they are, a ``$`` begins no formula. Colours differ for the
colour-blind (Okabe and Ito 2008) and never alone carry meaning: every figure stands in a table beside its plot.
"""

from __future__ import annotations

import base64
import io
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assistant.insights import drift
from assistant.insights.gaps import Cluster
from assistant.insights.periods import Drift
from assistant.insights.weak import Weakness
from assistant.trust.log.export import visible


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot for pages with a light ground (and for print) and one for pages with a dark ground."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class _Inks:
    text: str
    line: str
    quiet: str


_LIGHT = _Inks("#1b2127", "#d5dae0", "#b3bac2")
_DARK = _Inks("#e6e9ec", "#454d55", "#6b747d")
_BLUE, _ORANGE, _GREEN, _RED, _SKY, _PINK, _YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442",
)  # fmt: skip
#: How outcomes are gathered and drawn, from the bottom up.
OUTCOMES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("answered", _BLUE, "", ("answered", "small_talk")),
    ("asked back", _SKY, "/", ("clarify",)),
    ("nothing approved", _RED, "", ("no_approved_answer",)),
    ("referred or declined", _ORANGE, "\\", ("medical_information", "medical_advice")),
    ("out of scope", _YELLOW, ".", ("out_of_scope",)),
    ("reports", _PINK, "x", ("emergency", "adverse_event", "product_complaint")),
)
_WEAKEST = 14
_LARGEST = 12
_LETTERS = 44


def outcomes_plot(found: Drift) -> Picture:
    """What questions ended in, period by period."""

    def draw(figure: Figure, inks: _Inks) -> None:
        axes = figure.add_subplot()
        places = range(len(found.periods))
        below = [0] * len(found.periods)
        for name, colour, hatch, outcomes in OUTCOMES:
            counts = [sum(one.outcomes.get(outcome, 0) for outcome in outcomes) for one in found.periods]
            if any(counts):
                axes.bar(places, counts, 0.8, below, color=colour, hatch=hatch, edgecolor=inks.text, linewidth=0.4,
                         label=name)  # fmt: skip
            below = [low + count for low, count in zip(below, counts, strict=True)]
        _name_periods(axes, found)
        axes.set_ylabel("questions")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), reverse=True)

    return _picture(draw, 9.0, 3.6)


def drift_plot(found: Drift) -> Picture:
    """The index of the intents above, if any periods can be compared; confidence and abstention below."""

    comparable = any(one.intents.says != "too few" for one in found.periods)

    def draw(figure: Figure, inks: _Inks) -> None:
        if comparable:
            above, below = figure.subplots(2, 1, sharex=True)
            _draw_indexes(above, found, inks)
        else:
            below = figure.add_subplot()
        places = list(range(len(found.periods)))
        below.plot(places, [p.confidence for p in found.periods], color=_GREEN, marker="o", label="mean confidence")
        below.plot(places, [p.abstained for p in found.periods], color=_RED, marker="s", label="not answered")
        below.plot(places, [p.asked_back for p in found.periods], color=_SKY, marker="^", label="asked back")
        below.set(ylabel="share", ylim=(0, 1))
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        _name_periods(below, found)
        below.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

    return _picture(draw, 9.0, 4.8 if comparable else 2.6)


def _draw_indexes(above: Axes, found: Drift, inks: _Inks) -> None:
    places = list(range(len(found.periods)))
    lines: tuple[tuple[str, str, str, list[float], list[float]], ...] = (
        ("against the examples of the index", _BLUE, "o", [p.against_index.index for p in found.periods],
         [p.against_index.chance for p in found.periods]),
        ("against the first period", _RED, "s", [p.intents.index for p in found.periods],
         [p.intents.chance for p in found.periods]),
    )  # fmt: skip
    for name, colour, marker, indexes, chances in lines:
        above.plot(places, indexes, color=colour, marker=marker, label=name)
        above.plot(places, chances, color=colour, linestyle=":", linewidth=1.2, label="  by chance alone")
    for level in (drift.MOVED, drift.MOVED_MUCH):
        above.axhline(level, color=inks.quiet, linewidth=1, linestyle="--")
    above.set(ylabel="drift of intents (PSI)", ylim=(0, None))
    above.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def weakness_plot(found: Sequence[Weakness]) -> Picture:
    """What became of the questions of the weakest intents, as shares."""
    shown = [one for one in found if one.lost][:_WEAKEST]

    def draw(figure: Figure, inks: _Inks) -> None:
        axes = figure.add_subplot()
        places = range(len(shown))
        lost = [one.lost / one.questions for one in shown]
        axes.barh(places, lost, 0.62, color=_RED, edgecolor=inks.text, linewidth=0.4, label="lost")
        axes.plot([one.least for one in shown], places, "|", color=inks.text, markersize=13, markeredgewidth=2,
                  label="at least, at 95 %")  # fmt: skip
        axes.plot([one.confidence for one in shown], places, "o", color=_GREEN, label="mean confidence")
        axes.set_yticks(places, [f"{_short(one.intent)} ({one.questions})" for one in shown])
        axes.invert_yaxis()
        axes.set(xlim=(0, 1), xlabel="share of the intent's questions")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)

    return _picture(draw, 9.0, 1.4 + 0.3 * max(1, len(shown)))


def clusters_plot(found: Sequence[Cluster]) -> Picture:
    """The largest groups by the people who asked, numbered as in the table, and how they ended."""
    shown = found[:_LARGEST]
    reasons: Mapping[str, tuple[str, str, str]] = {
        "no_approved_answer": ("nothing approved", _RED, ""),
        "medical_information": ("referred", _ORANGE, "\\"),
        "out_of_scope": ("out of scope", _YELLOW, "."),
        "clarify": ("asked back in vain", _SKY, "/"),
        "wrong_passage": ("marked: wrong passage", _PINK, "x"),
        "should_have_answered": ("marked: should have answered", _GREEN, "+"),
    }

    def draw(figure: Figure, inks: _Inks) -> None:
        axes = figure.add_subplot()
        left = [0] * len(shown)
        for reason, (name, colour, hatch) in reasons.items():
            counts = [one.reasons.get(reason, 0) for one in shown]
            if any(counts):
                axes.barh(range(len(shown)), counts, 0.66, left, color=colour, hatch=hatch, edgecolor=inks.text,
                          linewidth=0.4, label=name)  # fmt: skip
            left = [low + count for low, count in zip(left, counts, strict=True)]
        axes.set_yticks(range(len(shown)), [f"group {number}" for number in range(1, len(shown) + 1)])
        axes.invert_yaxis()
        axes.set_xlabel("questions")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", visible=False)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

    return _picture(draw, 9.0, 1.2 + 0.28 * max(1, len(shown)))


def _name_periods(axes: Axes, found: Drift) -> None:
    """Names below the axis, at most a dozen."""
    step = math.ceil(len(found.periods) / 12) or 1
    form = "%Y-%m" if found.by == "month" else "%d %b"
    places = range(0, len(found.periods), step)
    axes.set_xticks(places, [_day(found.periods[at].first.strftime(form)) for at in places])
    axes.set_xlabel("month" if found.by == "month" else "week from Monday, UTC")
    axes.grid(axis="x", visible=False)


def _day(written: str) -> str:
    return written.removeprefix("0")


def _short(name: str) -> str:
    shown = visible(name).replace("\n", " ")
    return shown if len(shown) <= _LETTERS else shown[: _LETTERS - 1] + "…"


def _picture(draw: Callable[[Figure, _Inks], None], width: float, height: float) -> Picture:
    return Picture(*(_drawn(draw, width, height, inks) for inks in (_LIGHT, _DARK)))


def _drawn(draw: Callable[[Figure, _Inks], None], width: float, height: float, inks: _Inks) -> str:
    style: Any = {
        "text.parse_math": False,
        "svg.fonttype": "none",  # text stays text: a tenth of the size, and it can be searched
        "svg.hashsalt": "onlabel",
        "font.family": "sans-serif",
        "font.size": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": inks.line,
        "grid.linewidth": 0.6,
        "axes.edgecolor": inks.quiet,
        "hatch.linewidth": 0.5,
        "hatch.color": "#1b2127",
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
        "legend.frameon": False,
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), inks.text),
    }
    with mpl.rc_context(style):
        # Without pyplot: no window system is asked for, and nothing global is kept.
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
        draw(figure, inks)
        for axes in figure.axes:
            axes.set_facecolor("none")
        return _address(figure)


def _address(figure: Figure) -> str:
    written = io.BytesIO()
    with warnings.catch_warnings():
        # Text is drawn by whoever shows the picture, in a font that has the letters.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        # Written by default: the day, and addresses of others.
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return "data:image/svg+xml;base64," + base64.b64encode(written.getvalue()).decode("ascii")
