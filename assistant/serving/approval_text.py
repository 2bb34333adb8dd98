"""Approvals as people read them: what is about to be signed, and what waits for whom, in 80 columns.

The words of passages stand behind a bar, so that no passage can look like a line of ours.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from assistant.trust.approvals.review import (
    described,
    kinds_not_shown,
    passages_by_kind,
    rendered_for_review,
    visible,
)
from assistant.trust.approvals.roster import ROLES
from assistant.trust.approvals.standing import Missing, Standing, State, SubjectStanding
from assistant.trust.approvals.subjects import Subject, template_record

if TYPE_CHECKING:
    from assistant.serving.approval_desk import Desk

_WIDTH = 80
_MOST_IDS = 4


# --- before signing ---------------------------------------------------------------------------------------------------


def draw_review(
    desk: Desk, subjects: Sequence[Subject], role: str, meaning: str, until: dt.date | None, *, full: bool
) -> Iterator[str]:
    """What is signed: of one subject everything, of many a list and counts (``full``: everything of each)."""
    whole = full or len(subjects) == 1
    for subject in subjects:
        ref = subject.ref
        yield f"{ref.kind:<9} {ref.id}  version {ref.version}  sha256 {ref.sha256[:16]}"
        if whole:
            yield from _details(subject)
            yield from _words(desk, subject)
            yield ""
    if not whole:
        kinds = sorted(f"{s.ref.kind} ({s.sort})" if s.ref.kind == "passage" else s.ref.kind for s in subjects)
        yield ""
        yield f"{len(subjects)} in all: " + ", ".join(f"{len(list(some))} {kind}" for kind, some in groupby(kinds))
        yield "their words: --full, or one ID at a time"
    yield from _wrapped(f"meaning:  {meaning}", " " * 10)
    yield f"role:     {role}{f', until before {until}' if until else ''}"


def _details(subject: Subject) -> Iterator[str]:
    for name, value in described(subject):
        yield from _wrapped(f"  {name + ':':<13} {value}", " " * 16)


def _words(desk: Desk, subject: Subject) -> Iterator[str]:
    """The very bytes: of a passage its own, of a template those around every sort of passage."""
    if subject.ref.kind == "passage":
        for sourced in desk.gathered.corpus.passages:
            if sourced.passage.id == subject.ref.id:
                yield from _barred(sourced.passage.text)
    elif subject.ref.kind == "template":
        yield from _rendered(desk, subject.ref.id)


def _rendered(desk: Desk, id: str) -> Iterator[str]:
    (template,) = (sourced.template for sourced in desk.gathered.templates if sourced.template.id == id)
    record = template_record(template, desk.renderer.shape)
    given = passages_by_kind(record, (sourced.passage for sourced in desk.gathered.corpus.passages))
    for sample in rendered_for_review(record, given):
        yield f"  around {len(sample.passages)} of kind {sample.kind.value}: {', '.join(sample.passages)}"
        yield from _barred(sample.text)
    for kind in kinds_not_shown(record, given):
        yield f"  not shown around {kind.value}: there is no such passage for it"


def _barred(text: bytes) -> Iterator[str]:
    for line in visible(text.decode()).split("\n"):
        yield f"  | {line}"


# --- how things stand -------------------------------------------------------------------------------------------------


def draw_standing(found: Standing, *, everything: bool, role: str | None) -> Iterator[str]:
    """What waits for whom (``everything``: all that there is), document by document."""
    shown = _shown(found, everything=everything, role=role)
    for document, group in groupby(sorted(shown, key=_order), key=lambda entry: entry.subject.document):
        yield document
        # Those that are alike share one entry: a new label is one line, not sixty.
        for (_, says), alike in groupby(sorted(group, key=_alike), key=_alike):
            ids = [_name(entry) for entry in alike]
            yield from _wrapped(f"  {says}", " " * 6)
            yield from _wrapped(f"    {len(ids)}: {_listed(ids, everything)}", " " * 6)
    counts = ", ".join(f"{len(found.of(state))} {state.value}" for state in State)
    yield f"{'' if not shown else chr(10)}{len(found.subjects)} subjects on {found.on}: {counts}"


def as_object(found: Standing, *, everything: bool, role: str | None) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "schema": "onlabel.approvals/1",
        "on": found.on.isoformat(),
        "complete": found.complete,
        "counts": {state.value: len(found.of(state)) for state in State},
        "subjects": [_entry(entry) for entry in _shown(found, everything=everything, role=role)],
        "faults": [{"file": f"approvals/{f.path.as_posix()}", "message": f.message} for f in found.faults],
    }


def _shown(found: Standing, *, everything: bool, role: str | None) -> list[SubjectStanding]:
    waits = (State.WAITING, State.VOID)
    return [
        entry
        for entry in found.subjects
        if (everything or entry.state in waits)
        and (role is None or (entry.state in waits and any(missing.role == role for missing in entry.missing)))
    ]


def _order(entry: SubjectStanding) -> str:
    return entry.subject.document


def _alike(entry: SubjectStanding) -> tuple[str, str]:
    return entry.state.value, says(entry)


def says(entry: SubjectStanding) -> str:
    """How a subject stands, in a line."""
    if entry.state is State.WITHDRAWN:
        first = min(entry.withdrawals, key=lambda act: act.effective)
        return f"withdrawn from {first.effective} on by {first.printed_name} ({first.role}): {_one_line(first.reason)}"
    if entry.state is State.APPROVED:
        return "approved by " + ", ".join(dict.fromkeys(f"{a.printed_name} ({a.role})" for a in entry.approvals))
    says = f"waits for {_missing(entry.missing)}"
    if entry.void:
        last = entry.void[-1]
        what = f" in {', '.join(last.changed)}" if last.changed else ""
        says += f"; void: changed{what} since {last.approval.printed_name} signed {last.approval.signed_at.date()}"
    if entry.lapsed and not entry.approvals:
        says += f"; approved until {max(a.valid_until for a in entry.lapsed if a.valid_until)}"
    return says


def _missing(missing: Iterable[Missing]) -> str:
    """Roles, with how many and for which markets where it is not one for each."""
    by_market: dict[str, list[str]] = {}
    for entry in missing:
        word = entry.role if entry.count == 1 else f"{entry.count} {entry.role}"
        by_market.setdefault(entry.market, []).append(word)
    alike = {", ".join(roles) for roles in by_market.values()}
    if len(alike) == 1:
        markets = " " + ", ".join(by_market) if any(by_market) else ""
        return f"{alike.pop()}{f' ({markets.strip()})' if markets.strip() else ''}"
    return "; ".join(f"{market}: {', '.join(roles)}" for market, roles in by_market.items())


def _name(entry: SubjectStanding) -> str:
    ref = entry.subject.ref
    return ref.id if ref.kind in ("passage", "template") else f"{ref.kind}:{ref.id}"


def _listed(ids: Sequence[str], everything: bool) -> str:
    if everything or len(ids) <= _MOST_IDS:
        return ", ".join(ids)
    return f"{', '.join(ids[:_MOST_IDS])} and {len(ids) - _MOST_IDS} more"


def _entry(entry: SubjectStanding) -> dict[str, Any]:
    return entry.subject.ref.as_json() | {
        "document": entry.subject.document,
        "markets": list(entry.subject.markets),
        "state": entry.state.value,
        "approvals": [
            {
                "role": act.role,
                "printed_name": act.printed_name,
                "keyid": act.keyid,
                "signed_at": act.signed_at.isoformat(),
                "meaning": act.meaning,
                "valid_until": act.valid_until.isoformat() if act.valid_until else None,
                "file": act.file,
            }
            for act in entry.approvals
        ],
        "missing": [
            {"market": m.market, "role": m.role, "count": m.count}
            for m in sorted(entry.missing, key=lambda m: (m.market, ROLES.index(m.role)))
        ],
        "void": [
            {
                "version": void.was.version,
                "sha256": void.was.sha256,
                "changed": list(void.changed),
                "role": void.approval.role,
                "printed_name": void.approval.printed_name,
                "signed_at": void.approval.signed_at.isoformat(),
            }
            for void in entry.void
        ],
        "withdrawals": [
            {
                "effective": act.effective.isoformat(),
                "reason": act.reason,
                "role": act.role,
                "printed_name": act.printed_name,
                "signed_at": act.signed_at.isoformat(),
            }
            for act in entry.withdrawals
        ],
    }


def _one_line(text: str) -> str:
    return visible(text).replace("\n", " ")


def _wrapped(text: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, subsequent_indent=rest, break_on_hyphens=False, drop_whitespace=True, replace_whitespace=False
    ) or [text]
