"""What the audit log says of each question, and what was said of its answer, as the insights read it.

Guarantees: records are read and never changed; a record that is no answer and no feedback is passed over, one that
cannot be read is counted. Feedback counts for an answer only where the log says that the same caller was given it:
whoever knows a receipt cannot speak for others. Of several verdicts of a caller on one answer the last counts; their
comments are not read here, for they may hold reports of harm.

A question back counts as picked where its asker soon took one of the choices that were offered.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.answering.choices import PICK
from assistant.content.lexicon import words
from assistant.domain import Flag, Outcome
from assistant.errors import ContentError
from assistant.trust.log.export import SCHEMA as EXPORT_SCHEMA
from assistant.trust.log.log import AuditLog
from assistant.trust.log.records import FEEDBACK_SCHEMA, VERDICTS
from assistant.trust.log.records import SCHEMA as ANSWER_SCHEMA

#: A choice that is taken later than this is a new question.
_SOON = dt.timedelta(minutes=15)
#: A question that was asked again of the product chosen holds at least this share of its words.
_SAME_WORDS = 0.5
#: What these flags or outcomes stand for may hold a person's illness and name.
_REPORTS = frozenset((Flag.EMERGENCY.value, Flag.ADVERSE_EVENT.value, Flag.PRODUCT_COMPLAINT.value))


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. ``confidence`` is a share; ``question`` is as recorded, so a keyed hash under the policy ``hash``.

    ``other`` is the likeliest further intent; ``shown`` the ids of the passages that answered; ``verdict`` what its
    asker said of the answer; ``picked`` that a question back was answered by a choice, ``is_pick`` that this is one.
    """

    number: int
    time: dt.datetime
    who: str
    question: str
    policy: str
    audience: str
    market: str
    language: str
    channel: str
    outcome: str
    flags: tuple[str, ...]
    intent: str
    confidence: float
    other: str
    product: str
    carried: tuple[str, ...]
    choices: tuple[str, ...]
    shown: tuple[str, ...]
    receipt: str
    verdict: str = ""
    picked: bool = False
    is_pick: bool = False

    @property
    def is_report(self) -> bool:
        """Whether it reports harm or a fault: counted, and its words shown to nobody here."""
        return bool(_REPORTS.intersection((*self.flags, self.outcome)))

    @property
    def is_attack(self) -> bool:
        """Whether the screen found an attempt to change the rules in it."""
        return Flag.ATTACK.value in self.flags

    @property
    def is_readable(self) -> bool:
        """Whether its words were recorded."""
        return self.policy in ("full", "redacted")


@dataclass(frozen=True, slots=True)
class History:
    """The questions in the order of the log. ``feedback`` counts verdicts that were understood; ``strange`` those on
    answers that the log does not hold for their caller; ``unreadable`` the records of another shape."""

    asked: tuple[Asked, ...]
    feedback: Mapping[str, int]
    strange: int
    unreadable: int

    def select(
        self,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        product: str = "",
        audience: str = "",
    ) -> History:
        """The part of it that is wanted: days are UTC, ``until`` is the last one that counts."""
        kept = tuple(
            one
            for one in self.asked
            if (since is None or one.time.date() >= since)
            and (until is None or one.time.date() <= until)
            and (not product or product in one.product.split(","))
            and (not audience or one.audience == audience)
        )
        verdicts = Counter(one.verdict for one in kept if one.verdict)
        return replace(self, asked=kept, feedback=dict(verdicts))


def history_of_log(log: AuditLog) -> History:
    """What an audit log holds.

    :raises NotReadyError: there is no log yet.
    :raises IntegrityError: it is damaged.
    """
    return history_of((number, entry) for number, _, entry in log.entries())


def history_of_export(path: Path) -> History:
    """What `onlabel audit export --format jsonl` wrote.

    :raises ContentError: it is no such file, or a line of it is none.
    """
    return history_of(_exported(path))


def history_of(records: Iterable[tuple[int, Mapping[str, Any]]]) -> History:
    """What numbered records say, in their order."""
    reader = _Reader()
    for number, entry in records:
        reader.add(number, entry)
    return reader.history()


def _exported(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(file, 1):
                read = json.loads(text)
                if line == 1 and read.get("schema") == EXPORT_SCHEMA:
                    continue
                if line == 1 or not isinstance(read["record"], dict):
                    raise ContentError("is no export of an audit log (`onlabel audit export --format jsonl`)", path)
                yield int(read["number"]), read["record"]
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ContentError("is no line of an exported audit log", path, line) from error


class _Reader:
    """Joins answers, choices taken and feedback, record by record."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []
        self._at: dict[tuple[str, str], int] = {}  # who was given which answer last, by place in the list
        self._verdicts: dict[int, str] = {}
        self._open: dict[str, list[int]] = {}  # questions back that wait for their asker's choice
        self._picked: set[int] = set()
        self._picks: set[int] = set()
        self._strange = 0
        self._unreadable = 0

    def add(self, number: int, entry: Mapping[str, Any]) -> None:
        schema = entry.get("schema")
        if schema not in (ANSWER_SCHEMA, FEEDBACK_SCHEMA):
            return
        try:
            if schema == ANSWER_SCHEMA:
                self._answer(_asked(number, entry))
            else:
                self._feedback(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._unreadable += 1

    def _answer(self, one: Asked) -> None:
        place = len(self._asked)
        if one.is_readable and one.question.startswith(PICK):
            self._picks.add(place)
        waiting = [at for at in self._open.pop(one.who, []) if one.time - self._asked[at].time <= _SOON]
        for at in waiting:
            taken = _taken(self._asked[at], one)
            if taken:
                self._picked.add(at)
                if taken.startswith(PICK):
                    self._picks.add(place)
        waiting = [at for at in waiting if at not in self._picked]
        if one.outcome == Outcome.CLARIFY.value and one.choices:
            waiting.append(place)
        if waiting:
            self._open[one.who] = waiting
        self._asked.append(one)
        self._at[one.who, one.receipt] = place

    def _feedback(self, entry: Mapping[str, Any]) -> None:
        verdict = str(entry["verdict"])
        at = self._at.get((str(entry.get("who", "")), str(entry["answer"])))
        if at is None or verdict not in VERDICTS:
            self._strange += 1
        else:
            self._verdicts[at] = verdict

    def history(self) -> History:
        asked = tuple(
            replace(one, verdict=self._verdicts.get(at, ""), picked=at in self._picked, is_pick=at in self._picks)
            for at, one in enumerate(self._asked)
        )
        return History(asked, dict(Counter(self._verdicts.values())), self._strange, self._unreadable)


def _asked(number: int, entry: Mapping[str, Any]) -> Asked:
    context = entry["context"]
    others = entry.get("other_intents") or ()
    return Asked(
        number=number,
        time=_utc(str(entry["time"])),
        who=str(entry.get("who", "")),
        question=str(entry["question"]),
        policy=str(entry["question_policy"]),
        audience=str(context["audience"]),
        market=str(context["market"]),
        language=str(context["language"]),
        channel=str(context["channel"]),
        outcome=str(entry["outcome"]),
        flags=tuple(map(str, entry["flags"])),
        intent=str(entry["intent"]),
        confidence=int(entry["confidence_per_mille"]) / 1000,
        other=str(others[0]["name"]) if others else "",
        product=str(entry["slots"].get("product", "")),
        carried=tuple(map(str, entry.get("carried", ()))),
        choices=tuple(map(str, entry.get("choices", ()))),
        shown=tuple(str(one["id"]) for one in entry.get("passages", ()) if one.get("role") == "answer"),
        receipt=str(entry["receipt"].get("receipt_sha256", "")),
    )


def _utc(written: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(written)
    return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)


def _taken(before: Asked, one: Asked) -> str:
    """The choice of ``before`` that ``one`` takes; "": none."""
    for choice in before.choices:
        sort, _, name = choice.partition(":")
        if choice.startswith(PICK):
            if name in one.shown:
                return choice
        elif (sort == "document" or name == one.product) and _asks_again(before, one):
            return choice
    return ""


def _asks_again(before: Asked, one: Asked) -> bool:
    """Whether ``one`` asks what ``before`` asked; where no words were recorded the intent has to tell."""
    if "topic" in one.carried:
        return True
    if not (before.is_readable and one.is_readable):
        return before.intent == one.intent
    first = set(words(before.question))
    return bool(first) and len(first & set(words(one.question))) >= _SAME_WORDS * len(first)
