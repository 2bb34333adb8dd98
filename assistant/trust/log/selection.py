"""Which records are wanted, and a record as flat columns: what `audit show` and every export share.

Guarantees: a record of any shape has columns; what is missing is empty. Nothing is left out silently: checkpoints in
the log are records too and are shown as such.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.trust.log.log import AuditLog
from assistant.trust.log.merkle import leaf_hash
from assistant.trust.log.verifying import CHECKPOINT_SCHEMA

COLUMNS = (
    "number", "time", "who", "audience", "market", "language", "channel", "date", "question", "question_policy",
    "outcome", "flags", "intent", "confidence_per_mille", "slots", "passages", "templates", "candidates", "model",
    "release", "preview", "answer_sha256", "receipt_sha256", "record_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """What a record must be; "" and None: anything. ``question`` is as recorded, or its hash under the log's salt."""

    product: str = ""
    outcome: str = ""
    since: dt.date | None = None
    questions: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def __str__(self) -> str:
        wanted = (
            ("product", self.product),
            ("outcome", self.outcome),
            ("since", self.since.isoformat() if self.since else ""),
            ("question", "as asked" if self.questions else ""),
        )
        return ", ".join(f"{name} {value}" for name, value in wanted if value) or "all records"

    def holds(self, entry: Mapping[str, Any]) -> bool:
        """Whether a record is wanted."""
        return (
            (not self.product or self.product in str(_map(entry, "slots").get("product", "")).split(","))
            and (not self.outcome or entry.get("outcome") == self.outcome)
            and (self.since is None or str(entry.get("time", "")) >= self.since.isoformat())
            and (not self.questions or entry.get("question") in self.questions)
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A record, its number and its hash as a leaf of the tree."""

    number: int
    entry: dict[str, Any]
    hash: bytes

    @property
    def is_checkpoint(self) -> bool:
        """Whether it is no answer but a checkpoint of the log."""
        return self.entry.get("schema") == CHECKPOINT_SCHEMA


def select(log: AuditLog, wanted: Selection, start: int = 0, stop: int | None = None) -> Iterator[Found]:
    """The wanted records, in order."""
    for number, body, entry in log.entries(start, stop):
        if wanted.holds(entry):
            yield Found(number, entry, leaf_hash(body))


def last(log: AuditLog, wanted: Selection, count: int) -> list[Found]:
    """The last ``count`` wanted records, in order."""
    if wanted.is_all:
        return list(select(log, wanted, max(0, log.size - count)))
    return list(deque(select(log, wanted), maxlen=count))


def columns(found: Found) -> dict[str, str]:
    """A record under :data:`COLUMNS`, each as text."""
    entry, context = found.entry, _map(found.entry, "context")
    release = _map(entry, "release")
    return {
        "number": str(found.number),
        **{name: _text(entry.get(name)) for name in ("time", "who")},
        **{name: _text(context.get(name)) for name in ("audience", "market", "language", "channel", "date")},
        **{name: _text(entry.get(name)) for name in ("question", "question_policy")},
        "outcome": "(checkpoint)" if found.is_checkpoint else _text(entry.get("outcome")),
        "flags": " ".join(map(_text, _list(entry, "flags"))),
        **{name: _text(entry.get(name)) for name in ("intent", "confidence_per_mille")},
        "slots": " ".join(f"{name}={value}" for name, value in sorted(_map(entry, "slots").items())),
        "passages": " ".join(
            f"{one.get('id')}@{one.get('version')}" for one in _list(entry, "passages") if isinstance(one, dict)
        ),
        "templates": " ".join(map(_text, _list(entry, "templates"))),
        "candidates": " ".join(
            f"{one.get('id')}:{one.get('score_per_mille')}"
            for one in _list(entry, "candidates")
            if isinstance(one, dict)
        ),
        "model": _text(entry.get("model")),
        "release": " ".join(_text(release[name]) for name in ("name", "number", "targets_sha256") if name in release),
        "preview": _text(entry.get("preview")),
        "answer_sha256": _text(entry.get("answer_sha256")),
        "receipt_sha256": _text(_map(entry, "receipt").get("receipt_sha256")),
        "record_sha256": found.hash.hex(),
    }


def _map(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _list(entry: Mapping[str, Any], name: str) -> list[Any]:
    value = entry.get(name)
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
