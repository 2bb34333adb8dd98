"""An evaluation and a comparison for people, as one page of HTML, and for programs, as JSON.

Guarantees: a page is one file without script, font or address of anyone else; its plots stand in it, and everything
that stood in the data is escaped. What a model has no head for is null, never zero. Nothing is counted here: figures
are those of :mod:`~assistant.training.measuring.evaluate` and :mod:`~assistant.training.measuring.compare`.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.training.measuring import report_text
from assistant.training.measuring.calibration import Curve
from assistant.training.measuring.compare import Comparison, Flips, Standing
from assistant.training.measuring.evaluate import LEVEL, Evaluation, Model
from assistant.training.measuring.measures import Counts, Flagged, Rate, Read, total

EVALUATION = "onlabel.evaluation/1"
COMPARISON = "onlabel.comparison/1"
#: Points of a curve that the JSON holds at most.
_POINTS = 200
_DIGITS = 6


# --- JSON ------------------------------------------------------------------------------------------------------------


def evaluation_json(evaluation: Evaluation) -> dict[str, object]:
    """Everything measured."""
    promise = evaluation.promise
    return {
        "schema": EVALUATION,
        "model": _model(evaluation.model),
        "data": {"sha256": evaluation.data_sha256, "split": evaluation.part, "questions": evaluation.questions},
        "machine": machine(),
        "intent": {
            "accuracy": _rate(evaluation.intent),
            "unknown": list(evaluation.unknown_intents),
            "by_intent": {name: _counts(one) for name, one in evaluation.intents.items()},
            "by_style": {name: _rate(one) for name, one in evaluation.styles.items()},
            "by_author": {name: _rate(one) for name, one in evaluation.authors.items()},
            "confusions": [dataclasses.asdict(one) for one in evaluation.confusions],
        },
        "slots": _several(evaluation.slots),
        "flags": evaluation.flags and {name: _flag(one) for name, one in evaluation.flags.items()},
        "spans": _several(evaluation.spans),
        "calibration": {
            "error": round(evaluation.calibration_error, _DIGITS),
            "bins": [dataclasses.asdict(one) for one in evaluation.bins],
            "risk_coverage": _curve(evaluation.curve),
        },
        "risk": {
            "risk": evaluation.limits.risk,
            "coverage": round(evaluation.coverage, _DIGITS),
            "level": LEVEL,
            "proven": promise.proven and dataclasses.asdict(promise.proven),
            "why_not": promise.why_not,
            "answered": promise.answered,
            "wrong": promise.wrong,
        },
        "latency": {"threads": evaluation.threads, **dataclasses.asdict(evaluation.latency)},
        "surest_mistakes": [_mistake(one) for one in evaluation.mistakes],
    }


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """Every model's standing, in the order in which they were named."""
    return {
        "schema": COMPARISON,
        "data": {"sha256": comparison.data_sha256, "split": comparison.part, "questions": comparison.questions},
        "machine": machine(),
        "risk": comparison.limits.risk,
        "models": [_standing(one) for one in comparison.standings],
    }


def machine() -> str:
    """What latencies were measured on."""
    return f"{platform.system()} {platform.machine()}, llama-cpp-python {metadata.version('llama-cpp-python')}"


def _standing(one: Standing) -> dict[str, object]:
    return {
        **_model(one.model),
        "accuracy": _rate(one.intent),
        "coverage": round(one.coverage, _DIGITS),
        "risk_coverage": _curve(one.curve),
        "spans": one.spans and _counts(one.spans),
        "flags": one.flags and _counts(one.flags),
        "latency": {**dataclasses.asdict(one.latency), "ratio": round(one.ratio, _DIGITS)},
        "flips": _flips(one.flips),
        "steadiness": [
            {"circumstances": s.circumstances, "flips": _flips(s.flips), "vectors": s.vectors} for s in one.steadiness
        ],
    }


def _model(model: Model) -> dict[str, object]:
    return {"name": model.name, "chooser": model.chooser, "sha256": model.sha256, "bytes": model.size}


def _rate(rate: Rate) -> dict[str, object]:
    return {"met": rate.met, "of": rate.of, "share": rate.share, "interval": [rate.interval.low, rate.interval.high]}


def _counts(counts: Counts) -> dict[str, object]:
    shares = {name: getattr(counts, name) for name in ("precision", "recall", "f1")}
    return {**dataclasses.asdict(counts), **shares}


def _several(counts: Mapping[str, Counts] | None) -> dict[str, object] | None:
    if counts is None:
        return None
    return {"all": _counts(total(counts.values())), "each": {name: _counts(one) for name, one in counts.items()}}


def _flag(flag: Flagged) -> dict[str, object]:
    return {"threshold": flag.threshold, **_counts(flag.counts), "false_alarms": _rate(flag.false_alarms)}


def _curve(curve: Curve) -> list[dict[str, float]]:
    """At most 200 points of a curve, evenly spread, its ends among them."""
    kept = np.unique(np.linspace(0, len(curve.thresholds) - 1, _POINTS).round().astype(np.int64))
    rows = zip(curve.thresholds[kept], curve.coverage[kept], curve.risk[kept], strict=True)
    return [{"threshold": float(t), "coverage": float(c), "risk": float(r)} for t, c, r in rows]


def _flips(flips: Flips) -> dict[str, object]:
    return dataclasses.asdict(flips)


def _mistake(read: Read) -> dict[str, object]:
    said = read.utterance
    place = {"file": read.place[0], "line": read.place[1]} if read.place else None
    return {
        "text": said.text,
        "labelled": [said.intent, *([said.also] if said.also else [])],
        "chosen": read.intent,
        "confidence": read.confidence,
        "style": said.style,
        "author": said.author,
        "place": place,
    }


# --- HTML ------------------------------------------------------------------------------------------------------------


def evaluation_html(evaluation: Evaluation, plots: bool) -> str:
    """The page of an evaluation; ``plots`` need matplotlib."""
    drawn: dict[str, str] = {}
    if plots:
        from assistant.training.measuring import report_plots as draw

        drawn = {
            "confusions": draw.confusion_plot(evaluation.intents, evaluation.confusions),
            "reliability": draw.reliability_plot(evaluation.bins),
            "risk": draw.risk_coverage_plot({evaluation.model.name: evaluation.curve}, evaluation.limits.risk),
        }
    promise = report_text.promise_words(evaluation.promise, evaluation.limits.risk, evaluation.questions)
    return _render("evaluation.html.j2", evaluation=evaluation, plots=drawn, promise=promise)


def comparison_html(comparison: Comparison, plots: bool) -> str:
    """The page of a comparison; ``plots`` need matplotlib."""
    drawn = ""
    if plots:
        from assistant.training.measuring.report_plots import risk_coverage_plot

        curves = {f"{at} {one.model.name}": one.curve for at, one in enumerate(comparison.standings, 1)}
        drawn = risk_coverage_plot(curves, comparison.limits.risk)
    return _render("comparison.html.j2", comparison=comparison, plot=drawn)


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (report_text.share, report_text.rate, report_text.megabytes, report_text.flip_words, total)
    environment.filters.update({function.__name__: function for function in words})
    return environment.get_template(template).render(**values, machine=machine())
