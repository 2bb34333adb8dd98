"""An answer as it leaves the pipeline: outcome, bytes, the source of each byte, the proof (DESIGN, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.answering.index import DocumentEntry
from assistant.domain import Context, Flag, Outcome, Passage, Span

SCHEMA = "onlabel.answer/1"


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice: what the button says (approved words, from ``label_source``) and what choosing it sends."""

    id: str
    label: str
    label_source: str
    send: str

    def as_json(self) -> dict[str, str]:
        return {"id": self.id, "label": self.label, "label_source": self.label_source, "send": self.send}


@dataclass(frozen=True, slots=True)
class Reference:
    """The source of one passage shown: reviewed wording outside the text."""

    passage: Passage
    document: DocumentEntry

    def as_json(self) -> dict[str, Any]:
        scope = self.passage.scope
        return {
            "passage": self.passage.id,
            "document": self.document.id,
            "title": self.document.title,
            "version": self.passage.version,
            "locator": self.passage.locator,
            "section": self.passage.title,
            "effective": scope.effective.isoformat(),
            "expires": scope.expires.isoformat() if scope.expires else None,
            "citations": list(self.passage.references),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``text`` is proved; nothing else in here is the text of a passage."""

    outcome: Outcome
    flags: tuple[Flag, ...]
    question: str
    text: bytes
    intent: str
    confidence: float
    other_intents: tuple[tuple[str, float], ...]
    slots: dict[str, str]
    carried: tuple[str, ...]
    context: Context
    spans: tuple[Span, ...]
    references: tuple[Reference, ...]
    candidates: tuple[tuple[str, float], ...]
    choices: tuple[Offer, ...]
    preview: bool
    receipt: dict[str, Any]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that ``ask --json`` prints."""
        return {
            "schema": SCHEMA,
            "outcome": self.outcome.value,
            "flags": [flag.value for flag in self.flags],
            "question": self.question,
            "text": self.text.decode(),
            "intent": {"name": self.intent, "confidence": round(self.confidence, 4)},
            "other_intents": [{"name": name, "confidence": round(share, 4)} for name, share in self.other_intents],
            "slots": dict(self.slots),
            "carried": list(self.carried),
            "context": self.context.as_json(),
            "spans": [span.as_json() for span in self.spans],
            "references": [reference.as_json() for reference in self.references],
            "candidates": [{"id": id, "score": round(score, 4)} for id, score in self.candidates],
            "choices": [choice.as_json() for choice in self.choices],
            "preview": self.preview,
            "receipt": self.receipt,
        }
