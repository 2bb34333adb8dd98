"""What is recorded of an answer: the schema ``onlabel.audit/1``.

Guarantees: no text of a passage; under the policy ``hash`` no words of the question as typed, but where a further
question was a new value alone the words of the label that were carried to it (``slots["subject"]``), which the receipt
holds too; shares are whole numbers of a thousand, so that a record has one canonical form and one hash.

The question by policy: ``full`` as typed; ``redacted`` with personal data replaced (``personal``); ``hash`` as an
HMAC-SHA256 under a salt that belongs to the log and leaves it in no export, so that short questions cannot be looked up
in a table of hashes. Whoever holds the log itself can still try out questions one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, get_args

from assistant.canonical import sha256_hex
from assistant.domain import SUBJECT, Context, Flag, Outcome, Span
from assistant.errors import OnlabelError, UsageError
from assistant.trust.log.personal import redacted

SCHEMA = "onlabel.audit/1"
#: What somebody says of an answer, recorded beside it.
FEEDBACK_SCHEMA = "onlabel.feedback/1"
Verdict = Literal["right", "wrong_passage", "should_have_answered"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
QuestionPolicy = Literal["full", "hash", "redacted"]
QUESTION_POLICIES: tuple[QuestionPolicy, ...] = get_args(QuestionPolicy)


class Choosable(Protocol):
    """A choice that was offered; its id alone is recorded."""

    @property
    def id(self) -> str: ...


class Answered(Protocol):
    """What a record needs of an answer (``assistant.answering.answer.Answer`` is one)."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def flags(self) -> tuple[Flag, ...]: ...
    @property
    def question(self) -> str: ...
    @property
    def text(self) -> bytes: ...
    @property
    def intent(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def other_intents(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def slots(self) -> dict[str, str]: ...
    @property
    def carried(self) -> tuple[str, ...]: ...
    @property
    def context(self) -> Context: ...
    @property
    def spans(self) -> tuple[Span, ...]: ...
    @property
    def candidates(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def choices(self) -> Sequence[Choosable]: ...
    @property
    def preview(self) -> bool: ...
    @property
    def receipt(self) -> dict[str, Any]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


def record_of(
    answer: Answered,
    *,
    question_policy: QuestionPolicy,
    who: str,
    release: Mapping[str, Any] | None = None,
    keyed: Callable[[str], str] | None = None,
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """The record of ``answer``. Templates, model, index and policy are those that its receipt names.

    :param who: who asked, as the service or the machine knows it; "" where nobody was named.
    :param release: name, number and hash of the release that answered; None for an unsealed workspace.
    :param keyed: hashes a question (``AuditLog.keyed``); needed by the policy ``hash`` alone.
    :raises OnlabelError: a score is no number: what cannot be recorded must not be shown.
    """
    receipt = answer.receipt
    return {
        "schema": SCHEMA,
        "time": (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "who": who,
        "question": _question(answer.question, question_policy, keyed),
        "question_policy": question_policy,
        "context": answer.context.as_json(),
        "outcome": answer.outcome.value,
        "flags": [flag.value for flag in answer.flags],
        "intent": answer.intent,
        "confidence_per_mille": per_mille(answer.confidence),
        "other_intents": [{"name": name, "per_mille": per_mille(share)} for name, share in answer.other_intents],
        "slots": _slots(answer, question_policy),
        "carried": list(answer.carried),
        "candidates": [{"id": id, "score_per_mille": per_mille(score)} for id, score in answer.candidates],
        "choices": [choice.id for choice in answer.choices],
        "passages": [
            {"id": span.id, "version": span.version, "sha256": span.sha256, "role": span.role}
            for span in answer.spans
            if span.source == "passage"
        ],
        "templates": [f"{used['id']}@{used['version']}" for used in receipt.get("templates", ())],
        "model": str(receipt.get("model", "")),
        "release": dict(release) if release is not None else None,
        "answer_sha256": sha256_hex(answer.text),
        "notes": list(answer.notes),
        "preview": answer.preview,
        "receipt": receipt,
    }


def per_mille(share: float) -> int:
    """``share`` in thousandths, rounded.

    :raises OnlabelError: it is no number.
    """
    try:
        return round(share * 1000)
    except (OverflowError, ValueError) as error:
        raise OnlabelError("the answer was not shown because a score that is no number cannot be recorded") from error


def _slots(answer: Answered, policy: QuestionPolicy) -> dict[str, str]:
    """The slots; what a hashed question is about stands in words of its own, so it is left out unless carried."""
    hidden = policy == "hash" and SUBJECT not in answer.carried
    return {name: value for name, value in answer.slots.items() if not (hidden and name == SUBJECT)}


def _question(text: str, policy: QuestionPolicy, keyed: Callable[[str], str] | None) -> str:
    if policy == "full":
        return text
    if policy == "redacted":
        return redacted(text)
    if policy != "hash":
        raise UsageError(f"unknown question policy {policy!r}: choose from {', '.join(QUESTION_POLICIES)}")
    if keyed is None:
        raise UsageError("the question policy `hash` needs a log that has a salt: set [audit] path to a .sqlite file")
    return keyed(text)
