"""An audit for people and for programs: a summary of 80 columns, a page of HTML, JSON.

Guarantees: the page is one file without script, font, picture or address of anyone else, and everything that stood in
the data is escaped; the same audit gives the same bytes. Texts are quoted as findings hold them, personal data masked.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.training.data_audit.auditing import DataAudit, Deduction
from assistant.training.data_audit.finding import RULES, Finding, Kind

SCHEMA = "onlabel.data-audit/1"

_WIDTH = 80
#: How many findings of a kind the page lists; the JSON lists all of them.
_LISTED = 200
#: How many confusions are shown.
_CONFUSIONS = 12


def as_json(audit: DataAudit, bar: float) -> dict[str, object]:
    """Everything that the audit holds. Lines are numbered as editors do, rows from 0."""
    noise = audit.noise
    return {
        "schema": SCHEMA,
        "lines": audit.lines,
        "sha256": audit.sha256,
        "score": audit.score,
        "bar": bar,
        "passes": audit.passes(bar),
        "deductions": [_deduction(one) for one in audit.deductions],
        "splits": {split: _in_split(audit, split) for split in audit.splits},
        "intents": {intent: dict(by_split) for intent, by_split in audit.counts.items()},
        "label_noise": noise
        and {
            "judged": noise.judged,
            "likely_wrong": len(noise.findings),
            "accuracy": round(noise.accuracy, 4),
            "confusions": [{"label": one, "looks_like": two, "lines": n} for one, two, n in noise.confusions],
        },
        "findings": [_finding(one) for one in audit.findings],
    }


def _deduction(one: Deduction) -> dict[str, object]:
    rule = RULES[one.kind]
    return {
        "kind": one.kind.value,
        "meaning": rule.meaning,
        "findings": one.findings,
        "affected": one.affected,
        "of": one.of,
        "of_what": rule.of,
        "points": round(one.points, 4),
        "rule": {"floor": rule.floor, "rate": rule.rate, "cap": rule.cap},
    }


def _finding(one: Finding) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "message": one.message,
        "rows": list(one.rows),
        "places": [{"file": file, "line": line} for file, line in one.places],
        "quotes": list(one.quotes),
        "affected": one.affected,
        "rank": round(one.rank, 4),
    }


def _in_split(audit: DataAudit, split: str) -> int:
    return sum(by_split.get(split, 0) for by_split in audit.counts.values())


# --- terminal --------------------------------------------------------------------------------------------------------


def as_text(audit: DataAudit, bar: float, shown: int = 8) -> str:
    """A summary for a terminal of 80 columns: the verdict, where the points went, the ``shown`` worst findings."""
    return "\n".join([*_verdict(audit, bar), "", *_table(audit), *_worst(audit, shown)]) + "\n"


def _verdict(audit: DataAudit, bar: float) -> Iterator[str]:
    word = "passes" if audit.passes(bar) else "FAILS"
    yield f"Score {audit.score:.4f}: {word} the bar of {bar:.2f}"
    splits = ", ".join(f"{split} {_in_split(audit, split):,}" for split in audit.splits)
    yield from textwrap.wrap(f"{audit.lines:,} lines, {len(audit.counts)} intents; {splits}", _WIDTH)
    if audit.noise:
        share = len(audit.noise.findings) / audit.noise.judged
        words = f"Likely wrong labels: at most {share:.1%} of {audit.noise.judged:,} lines that were judged"
        yield from textwrap.wrap(words + f" (by a plain model that is right on {audit.noise.accuracy:.0%})", _WIDTH)


def _table(audit: DataAudit) -> Iterator[str]:
    if not audit.deductions:
        yield "Nothing was found."
        return
    yield f"{'kind':<20}{'findings':>10}{'affected':>10}  {'of':<22}{'deducted':>14}"
    for one in audit.deductions:
        of = f"{one.of:,} {RULES[one.kind].of}"
        yield f"{one.kind.value:<20}{one.findings:>10,}{one.affected:>10,}  {of:<22}{one.points:>14.4f}"


def _worst(audit: DataAudit, shown: int) -> Iterator[str]:
    for finding in audit.worst(shown):
        yield ""
        yield from _wrapped(f"{finding.kind.value}: {finding.message}", "")
        for place, quote in zip(_places(finding), finding.quotes, strict=False):
            yield from _wrapped(f"{place} {quote}".strip(), "  ")
        if not finding.quotes:
            yield from (f"  {place}" for place in _places(finding))
        more = len(finding.rows) - len(finding.quotes)
        if more > 0:
            yield f"  and {more:,} more"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _places(finding: Finding) -> list[str]:
    """The places of a finding's lines; of lines that were made, not read, their numbers."""
    return [f"{file}:{line}" for file, line in finding.places] or [f"#{row + 1}" for row in finding.rows]


# --- page ------------------------------------------------------------------------------------------------------------


def as_html(audit: DataAudit, bar: float) -> str:
    """One page with everything but findings beyond the first 200 of a kind."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["places"] = _places
    return environment.get_template("report.html.j2").render(
        audit=audit,
        bar=bar,
        rules=RULES,
        kinds=_by_kind(audit),
        listed=_LISTED,
        confusions=audit.noise.confusions[:_CONFUSIONS] if audit.noise else (),
        split_sizes={split: _in_split(audit, split) for split in audit.splits},
    )


def _by_kind(audit: DataAudit) -> Mapping[Kind, list[Finding]]:
    return {one.kind: [f for f in audit.findings if f.kind is one.kind] for one in audit.deductions}
