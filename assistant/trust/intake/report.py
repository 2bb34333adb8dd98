"""A report as it goes into the queue: the words, when they were first read, and what they hold.

Guarantees: :func:`report_of` makes one of every answer that carries one of the flags ``adverse_event``,
``product_complaint`` and ``emergency``, whatever the answer was; the words are those of the question as it was
recorded, in full. The record (``onlabel.report/1``) has one canonical form, and a salt in it keeps its hash from being
guessed once the words are deleted.

Refuses nothing that is flagged: a report without a patient, a product or a name is a report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from assistant.canonical import whole
from assistant.domain import Context, Flag, Outcome
from assistant.trust.intake.moments import LIMIT, local_text, now, utc_text

if TYPE_CHECKING:
    from assistant.trust.intake.elements import Elements

SCHEMA = "onlabel.report/1"


class ReportClass(StrEnum):
    """What sort of report it is, after its gravest flag. All flags stand in the record."""

    EMERGENCY = "emergency"
    ADVERSE_EVENT = "adverse_event"
    PRODUCT_COMPLAINT = "product_complaint"


#: What an individual case safety report is made of; a complaint about a product alone is none.
CASES = (ReportClass.EMERGENCY, ReportClass.ADVERSE_EVENT)
ALL = tuple(ReportClass)

_BY_GRAVITY = (
    (Flag.EMERGENCY, ReportClass.EMERGENCY),
    (Flag.ADVERSE_EVENT, ReportClass.ADVERSE_EVENT),
    (Flag.PRODUCT_COMPLAINT, ReportClass.PRODUCT_COMPLAINT),
)


class Told(Protocol):
    """What a report needs of an answer (``assistant.answering.answer.Answer`` has it all)."""

    @property
    def question(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def flags(self) -> tuple[Flag, ...]: ...
    @property
    def slots(self) -> dict[str, str]: ...
    @property
    def carried(self) -> tuple[str, ...]: ...
    @property
    def context(self) -> Context: ...
    @property
    def preview(self) -> bool: ...
    @property
    def receipt(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reported. ``aware``: when it was first read, on the local clock with its offset from UTC.

    ``conversation`` names the conversation it came in, "" where none is known. ``receipt`` is the SHA-256 of the
    answer's receipt, by which the audit record is found.
    """

    words: str
    kind: ReportClass
    flags: tuple[Flag, ...]
    aware: dt.datetime
    context: Context
    elements: Elements
    products: tuple[str, ...] = ()
    outcome: str = ""
    conversation: str = ""
    reporter: str = ""
    receipt: str = ""
    preview: bool = True

    @property
    def due(self) -> dt.datetime:
        """When the safety department has to have it."""
        return self.aware + LIMIT

    def as_json(self, id: str, salt: str) -> dict[str, Any]:
        """The record under this id."""
        return {
            "schema": SCHEMA,
            "id": id,
            "class": self.kind.value,
            "aware": {"utc": utc_text(self.aware), "local": local_text(self.aware)},
            "due": utc_text(self.due),
            **self._content(),
            "receipt": self.receipt,
            "salt": salt,
        }

    def same(self) -> dict[str, Any] | None:
        """What makes another report the same one: everything it says, in one conversation and minute.

        None where the conversation is not known: two people may write the same words.
        """
        if not self.conversation:
            return None
        return {"minute": utc_text(self.aware)[:16], **self._content()}

    def _content(self) -> dict[str, Any]:
        return {
            "flags": [flag.value for flag in self.flags],
            "words": self.words,
            "context": self.context.as_json(),
            "products": list(self.products),
            "elements": self.elements.as_json(),
            "outcome": self.outcome,
            "conversation": self.conversation,
            "reporter": self.reporter,
            "preview": self.preview,
        }


def class_of(flags: Iterable[Flag]) -> ReportClass | None:
    """The class of a report with these flags; None: it is no report."""
    raised = frozenset(flags)
    return next((kind for flag, kind in _BY_GRAVITY if flag in raised), None)


def report_of(
    answer: Told,
    *,
    spans: Iterable[tuple[str, str]] = (),
    names: Iterable[tuple[str, str]] = (),
    reporter: str = "",
    conversation: str = "",
    at: dt.datetime | None = None,
) -> Report | None:
    """The report that ``answer`` answers; None where nobody reported anything.

    :param spans: (type, words) as the model marked them: ``event`` and ``substance`` are read.
    :param names: (name as written, product id) of the products named; without them ``answer.slots`` alone speaks.
    :param reporter: who asked, as the sign-on knows it.
    :param at: when it was first read, with a zone; default: now.
    """
    kind = class_of(answer.flags)
    if kind is None:
        return None
    # Dozens of patterns, which most processes that answer questions never need.
    from assistant.trust.intake.elements import elements

    words, named = whole(answer.question), tuple(names)
    product = answer.slots.get("product", "")
    found = elements(
        words,
        flags=answer.flags,
        product=product,
        carried="product" in answer.carried,
        names=named,
        spans=spans,
        reporter=whole(reporter),
    )
    return Report(
        words=words,
        kind=kind,
        flags=tuple(sorted(answer.flags)),
        aware=at or now(),
        context=answer.context,
        elements=found,
        products=tuple(dict.fromkeys(id for id in (*(id for _, id in named), product) if id)),
        outcome=answer.outcome.value,
        conversation=whole(conversation),
        reporter=whole(reporter),
        receipt=_receipt(answer.receipt),
        preview=answer.preview,
    )


def _receipt(receipt: Mapping[str, Any]) -> str:
    return str(receipt.get("receipt_sha256", ""))
