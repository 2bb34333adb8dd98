"""A proof as one page of HTML that a reviewer reads, prints and signs.

Guarantees: one file without script, font or address of anyone else; everything that stood in the content is escaped;
the page shows the SHA-256 of the proof's data, which is what the signature below it refers to. Nothing is counted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.domain import CHANNELS
from assistant.proving.findings import RULES, Coverage, Idle, Open, SpaceProof, Violation
from assistant.proving.space import Interval, Place

#: Violations of one rule that the page shows; the JSON holds all.
_SHOWN = 40
#: How a cell of the picture is marked, so that no meaning hangs on its colour.
_MARKS: Mapping[str, str] = {"withheld": "held", "denied": "–", "none": "0"}


@dataclass(frozen=True, slots=True)
class _Square:
    """A cell of the picture: ``state`` is its class, ``mark`` what stands in it."""

    state: str
    mark: str


def html_report(proof: SpaceProof, title: str) -> str:
    """The page. ``title`` names the workspace or the release."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.globals.update(days=_days, place=_place, number=_number)
    return pages.get_template("report.html.j2").render(
        proof=proof,
        title=title,
        sha256=proof.sha256,
        rules=_rules(proof.violations),
        shown=_SHOWN,
        pictures=_pictures(proof.coverage),
        open=_open(proof.open),
        idle=_idle(proof.idle),
    )


def _rules(violations: Sequence[Violation]) -> list[tuple[str, str, list[Violation]]]:
    """Every rule with what it says and its violations."""
    by_rule: dict[str, list[Violation]] = defaultdict(list)
    for violation in violations:
        by_rule[violation.rule].append(violation)
    return [(rule, says, by_rule[rule]) for rule, says in RULES.items()]


def _pictures(coverage: Iterable[Coverage]) -> list[dict[str, Any]]:
    """A table of topics and people for each product."""
    by_product: dict[str, list[Coverage]] = defaultdict(list)
    for one in coverage:
        by_product[one.product].append(one)
    return [_picture(product, found) for product, found in sorted(by_product.items())]


def _picture(product: str, found: Sequence[Coverage]) -> dict[str, Any]:
    here = sorted({one.place for one in found})
    squares = {(one.topic, one.place): _square(one) for one in found}
    nothing = _Square("none", "0")
    rows = [
        (topic, [squares.get((topic, at), nothing) for at in here]) for topic in dict.fromkeys(o.topic for o in found)
    ]
    answered = sum(one.state == "answered" for one in found)
    return {"product": product, "places": here, "rows": rows, "answered": answered, "of": len(found)}


def _square(one: Coverage) -> _Square:
    if one.state != "answered":
        return _Square(one.state, _MARKS[one.state])
    depth = 1 if one.passages == 1 else 2 if one.passages < 4 else 3
    return _Square(f"answered{depth}", str(one.passages))


def _open(found: Iterable[Open]) -> list[tuple[str, Place, Interval, str, list[str]]]:
    """Open questions, those of one product, people and time in one row."""
    rows: dict[tuple[str, Place, Interval, str], list[str]] = defaultdict(list)
    for one in found:
        topic = f"{one.topic} ({one.population})" if one.population else one.topic
        rows[one.product, one.place, one.interval, one.why].append(topic)
    return [
        (*key, topics) for key, topics in sorted(rows.items(), key=lambda row: (row[0][:2], row[0][3], row[0][2].first))
    ]


def _idle(found: Iterable[Idle]) -> list[tuple[str, str, list[str]]]:
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in found:
        rows[one.kind, one.why].append(one.id)
    return [(*key, ids) for key, ids in sorted(rows.items())]


def _days(interval: Interval) -> str:
    """An interval as people say it: its last day included."""
    if interval.end is None:
        return f"from {interval.first}"
    return f"{interval.first} until before {interval.end}"


def _place(place: Place) -> str:
    by = "" if set(CHANNELS) <= set(place.channels) else f", by {', '.join(place.channels)}"
    return f"{place.audience}, {place.market}, {place.language}{by}"


def _number(value: int) -> str:
    return f"{value:,}"
