"""What ``show`` tells of a passage or document: its metadata always, its words only through the pipeline.

A passage's words pass the same eligibility, companions, verifier and record as any answer; where they may not be shown
in this context, the metadata says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.answering.answer import Answer
from assistant.answering.index import DocumentEntry, passage_fields
from assistant.domain import Context, Passage
from assistant.errors import UsageError
from assistant.pipeline import Assistant

SCHEMA = "onlabel.passage/1"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A passage's or a document's metadata, and the answer that shows the passage where that is allowed."""

    fields: dict[str, Any]
    answer: Answer | None
    why_not: str

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            **self.fields,
            "answer": self.answer.as_json() if self.answer else None,
            "not_shown": self.why_not or None,
        }

    def draw(self, width: int, colour: bool) -> str:
        from assistant.serving.terminal import draw, printable

        lines = [
            f"{name:<12} {printable(_plain(value))}"
            for name, value in self.fields.items()
            if value not in ("", [], None)
        ]
        if self.why_not:
            lines.append(f"{'not shown':<12} {self.why_not}")
        shown = f"\n\n{draw(self.answer, width=width, colour=colour)}" if self.answer else ""
        return "\n".join(lines) + shown


def inspect(assistant: Assistant, id: str, context: Context) -> Inspected | None:
    """The passage or document ``id``; None when there is neither."""
    entry = assistant.index.entry(id)
    if entry is not None:
        try:
            answer = assistant.passage(id, context)
        except UsageError as error:  # nothing at all may be said in this context; the metadata may be seen
            return Inspected(_passage(entry.head), None, str(error))
        return Inspected(_passage(entry.head), answer, "" if answer else _why_not(entry.head, context))
    document = assistant.index.document(id)
    if document is not None:
        passages = [e.head.id for e in assistant.index.entries(document.product) if e.head.document == document.id]
        return Inspected(_document(document) | {"passages": passages}, None, "")
    return None


def _why_not(passage: Passage, context: Context) -> str:
    scope = passage.scope
    if not scope.covers(context):
        return f"not for {context.audience} in {context.market}, {context.language}, by {context.channel}"
    if not scope.valid_on(context.date):
        return f"not in force on {context.date}"
    return "a companion or notice: it is shown with the answers that it goes with"


def _passage(passage: Passage) -> dict[str, Any]:
    fields = passage_fields(passage)
    scope = passage.scope
    fields["scope"] = {
        "audiences": list(scope.audiences),
        "markets": list(scope.markets),
        "language": scope.language,
        "channels": list(scope.channels),
        "effective": scope.effective.isoformat(),
        "expires": scope.expires.isoformat() if scope.expires else None,
        "withdrawn": scope.withdrawn.isoformat() if scope.withdrawn else None,
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _document(document: DocumentEntry) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "type": document.type,
        "product": document.product,
        "version": document.version,
        "labeler": document.labeler,
        "effective": document.effective.isoformat(),
        "expires": document.expires.isoformat() if document.expires else None,
        "set_id": document.set_id,
    }


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {_plain(part)}" for name, part in value.items() if part is not None)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
