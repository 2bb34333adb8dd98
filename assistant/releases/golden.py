"""Golden questions: what a release must answer alike on every machine before it goes live there.

A line of ``golden.jsonl`` says what a question was answered with where the release was made. On another machine, with
another processor or build of llama.cpp, scores may differ in the last digits, and so, rarely, may a decision:

    another passage or outcome   refused: a reviewer approved the other
    a safety flag missed         refused
    a question back instead      a warning, up to the number that reviewers signed; beyond it refused

Nothing here knows a model or an index: ``ask`` is any function from a question and its context to an answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.canonical import canonical_json
from assistant.domain import Flag, Outcome, Span
from assistant.errors import ContentError, IntegrityError

FILE = "golden.jsonl"
_SHOWN = 5


class Answered(Protocol):
    """What is looked at in an answer."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def flags(self) -> tuple[Flag, ...]: ...
    @property
    def spans(self) -> tuple[Span, ...]: ...


Ask = Callable[[str, Mapping[str, str]], Answered]


class Line(BaseModel):
    """A golden question with what it was answered with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str = Field(min_length=1)
    context: dict[str, str]
    outcome: Outcome
    passages: tuple[str, ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """How golden questions were answered again. Entries say the line's number and what differs, by ids."""

    asked: int
    changed: tuple[str, ...]
    missed_flags: tuple[str, ...]
    clarified: tuple[str, ...]

    @property
    def alike(self) -> bool:
        return not (self.changed or self.missed_flags or self.clarified)


def parse(data: bytes) -> tuple[Line, ...]:
    """The lines of ``golden.jsonl``.

    :raises ContentError: a line cannot be meant.
    """
    lines = []
    for number, text in enumerate(data.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            lines.append(Line.model_validate_json(text))
        except ValidationError as error:
            raise ContentError(f"is no golden question: {error.errors()[0]['msg']}", FILE, number) from error
    return tuple(lines)


def record(ask: Ask, questions: Iterable[tuple[str, Mapping[str, str]]]) -> bytes:
    """``golden.jsonl``: each question with what it is answered with now."""
    lines = []
    for question, context in questions:
        answer = ask(question, context)
        entry: dict[str, Any] = {
            "question": question,
            "context": dict(context),
            "outcome": answer.outcome.value,
            "passages": list(_passages(answer)),
            "flags": [flag.value for flag in answer.flags],
        }
        lines.append(canonical_json(entry) + b"\n")
    return b"".join(lines)


def replay(ask: Ask, lines: Sequence[Line]) -> Replay:
    """Ask every golden question again."""
    changed, missed, clarified = [], [], []
    for number, line in enumerate(lines, start=1):
        answer = ask(line.question, line.context)
        if lost := sorted(set(line.flags) - set(answer.flags)):
            missed.append(f"question {number}: {', '.join(flag.value for flag in lost)} not flagged")
        elif answer.outcome is Outcome.CLARIFY and line.outcome is not Outcome.CLARIFY:
            clarified.append(f"question {number}: a question back instead of {line.outcome.value}")
        elif answer.outcome is not line.outcome or _passages(answer) != line.passages:
            changed.append(
                f"question {number}: {answer.outcome.value} {_list(_passages(answer))} instead of "
                f"{line.outcome.value} {_list(line.passages)}"
            )
    return Replay(len(lines), tuple(changed), tuple(missed), tuple(clarified))


def judge(replayed: Replay, tolerated: int) -> tuple[str, ...]:
    """The warnings under which the release may go live here.

    :param tolerated: how many questions back the reviewers signed.
    :raises IntegrityError: it may not.
    """
    wrong = [*replayed.missed_flags, *replayed.changed]
    if len(replayed.clarified) > tolerated:
        wrong += replayed.clarified
    if wrong:
        shown = "\n".join(f"  {line}" for line in wrong[:_SHOWN])
        more = f"\n  and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise IntegrityError(
            f"{len(wrong)} of {replayed.asked} golden questions are answered differently on this machine, so the "
            f"release does not go live here (questions back tolerated: {tolerated}):\n{shown}{more}"
        )
    return replayed.clarified


def questions_of(data: bytes) -> tuple[tuple[str, dict[str, str]], ...]:
    """Questions to record: a line each, or JSONL with ``question`` and ``context``; golden lines will do.

    :raises ContentError: a line cannot be meant.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for number, text in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        if not text.strip():
            continue
        if not text.lstrip().startswith("{"):
            found.append((text.strip(), {}))
            continue
        try:
            fields = json.loads(text)
            found.append((str(fields["question"]), {str(k): str(v) for k, v in fields.get("context", {}).items()}))
        except (ValueError, KeyError, AttributeError, RecursionError) as error:
            message = "is no question: write it plain, or as JSON with question and context"
            raise ContentError(message, None, number) from error
    return tuple(found)


def _passages(answer: Answered) -> tuple[str, ...]:
    return tuple(span.id for span in answer.spans if span.source == "passage")


def _list(ids: Sequence[str]) -> str:
    return f"({', '.join(ids)})"
