"""The answer object of DESIGN section 4, written down once more: what every answer must be, whatever was asked."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.answering.answer import Answer
from assistant.pipeline import Assistant
from assistant.trust.receipts import check_receipt
from assistant.trust.verification import verify


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Share = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Intent(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    confidence: Share


class AnswerContext(_Strict):
    audience: Literal["hcp", "patient"]
    market: str
    language: str
    channel: Literal["cli", "widget", "api", "mcp"]
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class TemplateSpan(_Strict):
    start: int
    end: int
    source: Literal["template"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9._-]+#\d+$")]
    version: str
    sha256: Sha256


class PassageSpan(_Strict):
    start: int
    end: int
    source: Literal["passage"]
    id: str
    version: str
    sha256: Sha256
    role: Literal["answer", "companion"]
    document: str
    locator: str


class Candidate(_Strict):
    id: str
    score: Share


class Choice(_Strict):
    id: Annotated[str, Field(min_length=1)]
    label: Annotated[str, Field(min_length=1)]
    label_source: Annotated[str, Field(min_length=1)]
    send: Annotated[str, Field(min_length=1)]


class AnswerObject(_Strict):
    """``onlabel.answer/1``."""

    schema_: Literal["onlabel.answer/1"] = Field(alias="schema")
    outcome: Literal[
        "emergency", "adverse_event", "product_complaint", "answered", "clarify", "no_approved_answer",
        "medical_information", "medical_advice", "out_of_scope", "small_talk",
    ]  # fmt: skip
    flags: list[Literal["emergency", "adverse_event", "product_complaint", "attack"]]
    question: str
    text: Annotated[str, Field(min_length=1)]
    intent: Intent
    other_intents: list[Intent]
    slots: dict[str, str]
    carried: list[str]
    context: AnswerContext
    spans: Annotated[list[Annotated[TemplateSpan | PassageSpan, Field(discriminator="source")]], Field(min_length=1)]
    references: list[dict[str, Any]]
    candidates: list[Candidate]
    choices: list[Choice]
    preview: bool
    receipt: dict[str, Any]


class ErrorObject(_Strict):
    """``onlabel.error/1``: a line of a batch that cannot be meant."""

    schema_: Literal["onlabel.error/1"] = Field(alias="schema")
    line: Annotated[int, Field(ge=1)]
    error: Annotated[str, Field(min_length=1)]


_LINE: TypeAdapter[AnswerObject | ErrorObject] = TypeAdapter(AnswerObject | ErrorObject)


def read(line: str) -> AnswerObject | ErrorObject:
    """A line of ``--json`` output, whole and strict."""
    found = _LINE.validate_json(line)
    if isinstance(found, AnswerObject):
        check(found)
    return found


def check(answer: AnswerObject) -> None:
    """What the model alone cannot say: spans cover the text, the gravest flag leads, who asks back offers something."""
    text, at = answer.text.encode(), 0
    for span in answer.spans:
        assert span.start == at < span.end
        at = span.end
    assert at == len(text)
    passages = [span for span in answer.spans if isinstance(span, PassageSpan)]
    assert passages
    assert len([span for span in passages if span.role == "answer"]) <= 4
    assert {span.id for span in passages} == {reference["passage"] for reference in answer.references}
    grave = [name for name in ("emergency", "adverse_event", "product_complaint") if name in answer.flags]
    assert not grave or answer.outcome == grave[0]
    assert answer.outcome != "clarify" or answer.choices
    assert dt.date.fromisoformat(answer.context.date)
    check_receipt(answer.receipt)


def proved(assistant: Assistant, answer: Answer) -> AnswerObject:
    """``answer`` as its JSON object, valid, and proved once more from its bytes."""
    line = json.dumps(answer.as_json(), allow_nan=False, ensure_ascii=False)
    line.encode()
    found = read(line)
    assert isinstance(found, AnswerObject)
    verify(
        text=answer.text,
        spans=answer.spans,
        outcome=answer.outcome,
        flags=answer.flags,
        intent=answer.intent,
        context=answer.context,
        ledger=assistant._ledger,
    )
    return found
