"""What a reviewer is shown before signing: the very bytes, and templates as they look around every sort of passage.

Guarantees: a template is laid out from its recorded patterns and literals, not by Jinja, so what is reviewed is what
the verifier will hold answers against; every kind of passage that it may carry is shown in every number it takes, as
far as the workspace holds such passages, and what could not be shown is named. Characters that cannot be seen, or
that turn what is seen around, are written out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.domain import Kind, Passage
from assistant.errors import IntegrityError
from assistant.trust.approvals.subjects import Subject
from assistant.trust.ledger import TemplateRecord

#: The kinds of passage that a template of each use may carry.
CARRIES: Mapping[str, tuple[Kind, ...]] = {
    "answer": (Kind.BENEFIT, Kind.SAFETY, Kind.INSTRUCTION, Kind.NEUTRAL),
    "companion_before": tuple(Kind),
    "companion_after": tuple(Kind),
    "notice": (Kind.NOTICE,),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A template around ``passages`` of one kind: the exact bytes."""

    kind: Kind
    passages: tuple[str, ...]
    text: bytes


def passages_by_kind(record: TemplateRecord, passages: Iterable[Passage]) -> dict[Kind, tuple[Passage, ...]]:
    """Of each kind that the template may carry, passages that it could meet: as many as it takes.

    Those on its own topics first; where a kind has none, any in its scope, for a later passage may be both.
    """
    most = max(record.patterns)
    near: dict[Kind, list[Passage]] = {kind: [] for kind in CARRIES[record.use]}
    far: dict[Kind, list[Passage]] = {kind: [] for kind in CARRIES[record.use]}
    for passage in passages:
        if passage.kind in near and _in_scope(record, passage):
            place = (near if _on_topic(record, passage) else far)[passage.kind]
            if len(place) < most:
                place.append(passage)
    return {kind: tuple(near[kind] or far[kind]) for kind in near if near[kind] or far[kind]}


def rendered_for_review(record: TemplateRecord, passages: Mapping[Kind, Sequence[Passage]]) -> tuple[Sample, ...]:
    """``record`` around one passage of each kind, and around each further number of passages that it takes.

    Where a kind has fewer passages than the template takes, the ones there are stand in again: only their number and
    kind matter to the frame.
    """
    return tuple(
        _sample(record, kind, count, passages[kind])
        for kind in CARRIES[record.use]
        if passages.get(kind)
        for count in sorted(record.patterns)
    )


def kinds_not_shown(record: TemplateRecord, passages: Mapping[Kind, Sequence[Passage]]) -> tuple[Kind, ...]:
    """The kinds that the template may carry and of which there is no passage to show it with."""
    return tuple(kind for kind in CARRIES[record.use] if not passages.get(kind))


def _sample(record: TemplateRecord, kind: Kind, count: int, given: Sequence[Passage]) -> Sample:
    chosen = [given[number % len(given)] for number in range(count)]
    coming = iter(chosen)
    parts = [next(coming).text if item is None else record.literals[item] for item in record.patterns[count]]
    if next(coming, None) is not None:
        raise IntegrityError(f"template {record.id}: given {count} passages it does not show them all")
    return Sample(kind, tuple(passage.id for passage in chosen), b"".join(parts))


def _in_scope(record: TemplateRecord, passage: Passage) -> bool:
    own, its = record.scope, passage.scope
    pairs = ((own.audiences, its.audiences), (own.markets, its.markets), (own.channels, its.channels))
    return own.language == its.language and all(set(mine) & set(theirs) for mine, theirs in pairs)


def _on_topic(record: TemplateRecord, passage: Passage) -> bool:
    # An answer's intent and its passage's topic mostly agree; a companion goes with every intent.
    return record.use != "answer" or not record.intents or any(map(passage.is_about, record.intents))


def described(subject: Subject) -> Iterator[tuple[str, str]]:
    """Everything that is signed about ``subject``, as ``(field, value)`` in one line each."""
    record: dict[str, Any] = json.loads(subject.record)
    fields: dict[str, Any] = record["fields"]
    fields = fields | fields.pop("scope", {})
    for name, value in fields.items():
        if value in (None, [], {}, ""):
            yield name, "none"
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            yield name, visible(", ".join(value))
        else:
            yield name, visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def visible(text: str) -> str:
    """``text`` with everything that cannot be seen as what it is written out: ``\\xa0``, ``\\u202e``; lines stay."""
    return "".join(char if char == "\n" or char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
