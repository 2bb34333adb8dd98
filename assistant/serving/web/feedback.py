"""What somebody says of an answer: the record ``onlabel.feedback/1`` in the audit log.

The comment is recorded as a question is, by the workspace's policy: as typed, with personal data replaced, or not at
all where only hashes of questions are kept.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from assistant.serving.web.callers import Caller
from assistant.trust.log.personal import redacted
from assistant.trust.log.records import FEEDBACK_SCHEMA, QuestionPolicy, Verdict


@dataclass(frozen=True, slots=True)
class Feedback:
    """``answer`` is the ``receipt_sha256`` of the answer it is about."""

    answer: str
    verdict: Verdict
    comment: str = ""


def record_of(
    feedback: Feedback, caller: Caller, policy: QuestionPolicy, *, given_here: bool, now: dt.datetime | None = None
) -> dict[str, Any]:
    """The record of ``feedback``.

    :param given_here: whether this server gave the caller that answer, as far as it remembers.
    """
    comment = {"full": feedback.comment, "redacted": redacted(feedback.comment)}.get(policy, "")
    return {
        "schema": FEEDBACK_SCHEMA,
        "time": (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "who": caller.id,
        "answer": feedback.answer,
        "verdict": feedback.verdict,
        "comment": comment,
        "comment_policy": policy,
        "given_here": given_here,
    }
