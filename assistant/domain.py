"""The words of the product as types: documents, passages, contexts, outcomes, spans (DESIGN, sections 2 and 4).

Everything here is immutable, knows nothing of files, models or screens, and is safe to share between threads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What fair-balance rules speak of (21 CFR 202.1(e)(5))."""

    BENEFIT = "benefit"
    SAFETY = "safety"
    INSTRUCTION = "instruction"
    NEUTRAL = "neutral"
    NOTICE = "notice"


class Outcome(StrEnum):
    """How an answer ended."""

    EMERGENCY = "emergency"
    ADVERSE_EVENT = "adverse_event"
    PRODUCT_COMPLAINT = "product_complaint"
    ANSWERED = "answered"
    CLARIFY = "clarify"
    NO_APPROVED_ANSWER = "no_approved_answer"
    MEDICAL_INFORMATION = "medical_information"
    MEDICAL_ADVICE = "medical_advice"
    OUT_OF_SCOPE = "out_of_scope"
    SMALL_TALK = "small_talk"


#: Outcomes in which something was asked and nothing approved was said about it.
ABSTAINED = frozenset((Outcome.NO_APPROVED_ANSWER, Outcome.OUT_OF_SCOPE, Outcome.MEDICAL_INFORMATION))


class Flag(StrEnum):
    """What the screen found, whatever the intent."""

    EMERGENCY = "emergency"
    ADVERSE_EVENT = "adverse_event"
    PRODUCT_COMPLAINT = "product_complaint"
    ATTACK = "attack"


#: Intents about a product; a passage's topic uses the same names (DESIGN, section 4).
TOPICS: tuple[str, ...] = (
    "overview", "indication", "dosage", "administration", "missed_dose", "overdose", "discontinuation",
    "contraindication", "boxed_warning", "warnings", "adverse_reactions", "drug_interaction", "food_interaction",
    "pregnancy", "lactation", "reproductive_potential", "pediatric", "geriatric", "renal_impairment",
    "hepatic_impairment", "abuse_dependence", "mechanism", "pharmacokinetics", "clinical_studies", "ingredients",
    "how_supplied", "storage", "patient_counseling", "nonclinical", "cost_coverage",
)  # fmt: skip

#: Intents that are not about one topic of a label.
OTHER_INTENTS: tuple[str, ...] = (
    "off_label", "comparison", "medical_advice", "adverse_event_report", "product_complaint", "emergency",
    "source_request", "human_handoff", "small_talk", "out_of_scope",
)  # fmt: skip

INTENTS: tuple[str, ...] = TOPICS + OTHER_INTENTS

#: The kind that import assigns to a topic; the content owner may change it (DESIGN, section 5).
KIND_OF_TOPIC: Mapping[str, Kind] = MappingProxyType(
    dict.fromkeys(("indication", "overview", "clinical_studies", "mechanism"), Kind.BENEFIT)
    | dict.fromkeys(
        (
            "boxed_warning", "contraindication", "warnings", "adverse_reactions", "drug_interaction",
            "food_interaction", "pregnancy", "lactation", "reproductive_potential", "pediatric", "geriatric",
            "renal_impairment", "hepatic_impairment", "overdose", "abuse_dependence",
        ),
        Kind.SAFETY,
    )
    | dict.fromkeys(
        ("dosage", "administration", "missed_dose", "discontinuation", "storage", "patient_counseling"),
        Kind.INSTRUCTION,
    )
    | dict.fromkeys(("pharmacokinetics", "ingredients", "how_supplied", "nonclinical", "cost_coverage"), Kind.NEUTRAL)
)  # fmt: skip

#: What a passage can stand for when a companion or a notice is called for (a passage's ``serves``).
COMPANION_ROLES: tuple[str, ...] = (
    "indication", "boxed_warning", "boxed_warning_short", "important_safety_information",
    "full_prescribing_information",
)  # fmt: skip
NOTICE_ROLES: tuple[str, ...] = (
    *(f"outcome.{outcome.value}" for outcome in Outcome if outcome is not Outcome.ANSWERED),
    "intent.source_request",
    "intent.human_handoff",
    "language.unsupported",
)
ROLES: tuple[str, ...] = COMPANION_ROLES + NOTICE_ROLES

#: The slot that holds what a question is about, in words that the label has too.
SUBJECT = "subject"
#: Slots with a closed set of values. ``product`` is open: its values are the workspace's products.
SLOT_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "population": (
            "adult", "pediatric", "geriatric", "pregnant", "lactating", "renal_impairment", "hepatic_impairment",
        ),
    }
)  # fmt: skip

CHANNELS: tuple[str, ...] = ("cli", "widget", "api", "mcp")
AUDIENCES: tuple[str, ...] = ("hcp", "patient")


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, where, in what language and channel, and for which day."""

    audience: str
    market: str
    language: str
    channel: str
    date: dt.date

    def as_json(self) -> dict[str, str]:
        """The ``context`` object of an answer."""
        return {
            "audience": self.audience,
            "market": self.market,
            "language": self.language,
            "channel": self.channel,
            "date": self.date.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a piece of content may be used. ``effective`` counts, ``expires`` is the first day it does not."""

    audiences: tuple[str, ...]
    markets: tuple[str, ...]
    language: str
    channels: tuple[str, ...]
    effective: dt.date
    expires: dt.date | None = None
    withdrawn: dt.date | None = None

    def covers(self, context: Context) -> bool:
        """Whether audience, market, language and channel fit, whatever the date."""
        return (
            context.audience in self.audiences
            and context.market in self.markets
            and context.language == self.language
            and context.channel in self.channels
        )

    def valid_on(self, day: dt.date) -> bool:
        """Whether ``day`` lies in force: from ``effective`` until before ``expires`` and ``withdrawn``."""
        return (
            self.effective <= day
            and (self.expires is None or day < self.expires)
            and (self.withdrawn is None or day < self.withdrawn)
        )

    def in_force(self, context: Context) -> bool:
        """Whether it may be used in ``context``: it covers it and is valid on its day."""
        return self.covers(context) and self.valid_on(context.date)


@dataclass(frozen=True, slots=True)
class Document:
    """An approved source as its ``document.yaml`` describes it. ``product`` is "" for notices of all products."""

    id: str
    version: str
    title: str
    type: str
    product: str
    brand_names: tuple[str, ...]
    generic_names: tuple[str, ...]
    synonyms: tuple[str, ...]
    owner: str
    labeler: str
    scope: Scope
    source: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Passage:
    """The smallest approved unit. ``text`` is its bytes; everything else says what they are for."""

    id: str
    version: str
    document: str
    product: str
    text: bytes
    sha256: str
    topic: str
    also: tuple[str, ...]
    kind: Kind
    locator: str
    title: str
    order: int
    scope: Scope
    population: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    retrieve: bool = True

    def is_about(self, topic: str) -> bool:
        """Whether ``topic`` is its main topic or one of the further ones."""
        return topic == self.topic or topic in self.also


@dataclass(frozen=True, slots=True)
class Span:
    """A byte range of an answer's text, from one passage or from one literal of a template."""

    start: int
    end: int
    source: str
    id: str
    version: str
    sha256: str
    role: str = ""
    document: str = ""
    locator: str = ""

    def as_json(self) -> dict[str, object]:
        """The ``spans`` entry of an answer."""
        entry: dict[str, object] = {
            "start": self.start,
            "end": self.end,
            "source": self.source,
            "id": self.id,
            "version": self.version,
            "sha256": self.sha256,
        }
        if self.source == "passage":
            entry |= {"role": self.role, "document": self.document, "locator": self.locator}
        return entry
