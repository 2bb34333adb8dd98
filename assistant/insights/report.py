"""The insights for people, as one page of HTML, and for programs, as JSON.

Guarantees: the page is one file without script, font or address of anyone else, and its own policy tells the browser to
load and run nothing; its plots stand in it; it is readable light, dark and printed. Whatever stood in the log is
escaped, and characters that cannot be seen or that turn the writing round are shown by their code. What is not known is
null in the JSON and a dash on the page, never zero. Nothing is counted here.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.insights import passages
from assistant.insights.insights import Insights
from assistant.insights.periods import Period, Shift
from assistant.trust.log.export import visible

SCHEMA = "onlabel.insights/1"
_DIGITS = 4
_ABSENT = "–"
#: Rows that the page shows; the JSON holds all.
_GROUPS, _PASSAGES = 30, 30
#: Numbers of records that a row names; the JSON names all.
_NUMBERS = 6

#: Why a question went without, in words.
REASONS: Mapping[str, str] = {
    "no_approved_answer": "nothing approved answers",
    "medical_information": "referred to medical information",
    "out_of_scope": "out of scope",
    "clarify": "asked back, no choice taken",
    "wrong_passage": "marked: wrong passage",
    "should_have_answered": "marked: should have answered",
}


def as_json(found: Insights) -> dict[str, Any]:
    """Everything counted."""
    return {
        "schema": SCHEMA,
        "first": found.first and found.first.isoformat(),
        "last": found.last and found.last.isoformat(),
        "questions": found.questions,
        "askers": found.askers,
        "outcomes": dict(found.outcomes),
        "reports": dict(found.reports),
        "attacks": found.attacks,
        "question_policies": dict(found.policies),
        "feedback": dict(found.feedback),
        "feedback_on_unknown_answers": found.strange_feedback,
        "unreadable_records": found.unreadable,
        "went_without": dict(found.went_without),
        "groups": [dataclasses.asdict(one) for one in found.groups],
        "alone": [dataclasses.asdict(one) for one in found.clusters if one.questions == 1],
        "not_grouped_by_intent": dict(found.not_grouped),
        "intents": [_rounded(dataclasses.asdict(one)) for one in found.weak],
        "passage_candidates": [passages.as_json(rank, one) for rank, one in enumerate(found.passages, 1)],
        "training_candidates": {
            "lines": [
                {"text": one.text, "why": one.why, "margin": round(one.margin, _DIGITS), "times": one.times,
                 "family": one.family, "record": one.asked.number}
                for one in found.worth.lines
            ],
            "left_out": dict(found.worth.left_out),
        },
        "drift": {
            "by": found.drift.by,
            "reference": found.drift.reference and found.drift.reference.isoformat(),
            "periods": [_period(one) for one in found.drift.periods],
            "moved": [
                {"intent": name, "then": round(then, _DIGITS), "now": round(now, _DIGITS)}
                for name, then, now in found.drift.moved
            ],
        },
    }  # fmt: skip


def _period(one: Period) -> dict[str, Any]:
    return {
        "first": one.first.isoformat(),
        "outcomes": dict(one.outcomes),
        "questions": one.questions,
        **{name: _number(getattr(one, name)) for name in ("confidence", "abstained", "asked_back")},
        "psi": {name: _shift(getattr(one, name)) for name in ("against_index", "intents", "confidences", "abstention")},
    }


def _shift(one: Shift) -> dict[str, Any]:
    return {"index": _number(one.index), "by_chance": _number(one.chance), "says": one.says}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, _DIGITS)


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in fields.items()}


def as_html(found: Insights, title: str, wanted: str, made: dt.datetime) -> str:
    """The page.

    :param title: names the workspace or the release.
    :param wanted: what part of the log it is about, in words.
    :raises ModuleNotFoundError: matplotlib is not installed.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (seen, plain, number, share, psi, reasons, several, records)
    environment.filters.update({function.__name__: function for function in words})
    return environment.get_template("report.html.j2").render(
        found=found,
        title=title,
        wanted=wanted,
        made=made.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        plots=_plots(found),
        most_groups=_GROUPS,
        most_passages=_PASSAGES,
        reason_words=REASONS,
    )


def _plots(found: Insights) -> dict[str, Any]:
    from assistant.insights import plots

    drawn: dict[str, Any] = {}
    if found.drift.periods:
        drawn["outcomes"] = plots.outcomes_plot(found.drift)
    if len(found.drift.periods) > 1:
        drawn["drift"] = plots.drift_plot(found.drift)
    if any(one.lost for one in found.weak):
        drawn["weak"] = plots.weakness_plot(found.weak)
    if found.groups:
        drawn["groups"] = plots.clusters_plot(found.groups)
    return drawn


# --- words on the page -----------------------------------------------------------------------------------------------


def seen(text: str) -> str:
    """Text from the log as the page shows it."""
    return visible(text)


def number(value: int) -> str:
    """A count."""
    return f"{value:,}"


def share(value: float) -> str:
    """A share as a percentage, or a dash."""
    return _ABSENT if math.isnan(value) else f"{value:.0%}"


def psi(one: Shift) -> str:
    """An index beside what chance alone would make."""
    return _ABSENT if math.isnan(one.index) else f"{one.index:.2f} ({one.chance:.2f})"


def reasons(counts: Mapping[str, int]) -> str:
    """Why questions went without, with how many."""
    return ", ".join(f"{REASONS.get(name, visible(name))} {count}" for name, count in counts.items())


def several(counts: Mapping[str, int]) -> str:
    """Names with how often each occurs."""
    return ", ".join(f"{plain(name)} {count}" for name, count in counts.items()) or _ABSENT


def records(numbers: Sequence[int]) -> str:
    """The numbers of some records, the first ones if there are many."""
    shown = ", ".join(map(str, numbers[:_NUMBERS]))
    return f"record{'s' if len(numbers) > 1 else ''} {shown}{', …' if len(numbers) > _NUMBERS else ''}"


def plain(name: str) -> str:
    """A name out of a closed set as people write it."""
    return visible(name).replace("_", " ")
