"""The plan: a decision table over what was found, without files, models or text (DESIGN, section 3.3).

Two steps, both pure. :func:`route` decides from the understanding alone whether the question has a fixed outcome or is for
retrieval; :func:`choose` decides from the ranking which passages are shown, or that none is. Rules stand in the order in which
they apply; the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.answering.retrieval import Candidate
from assistant.content.policy import Policy, Thresholds
from assistant.domain import OTHER_INTENTS, Flag, Kind, Outcome
from assistant.understanding.conditions import LabelStatus

#: The gravest flag first; each is also the outcome that it leads to.
GRAVE_FLAGS: tuple[tuple[Flag, Outcome], ...] = (
    (Flag.EMERGENCY, Outcome.EMERGENCY),
    (Flag.ADVERSE_EVENT, Outcome.ADVERSE_EVENT),
    (Flag.PRODUCT_COMPLAINT, Outcome.PRODUCT_COMPLAINT),
)
#: Intents that report something; seen with confidence they raise the flag even where no rule of the screen did.
FLAG_OF_INTENT: dict[str, Flag] = {
    "emergency": Flag.EMERGENCY,
    "adverse_event_report": Flag.ADVERSE_EVENT,
    "product_complaint": Flag.PRODUCT_COMPLAINT,
}
_OUTCOME_OF_INTENT: dict[str, Outcome] = {
    "small_talk": Outcome.SMALL_TALK,
    "out_of_scope": Outcome.OUT_OF_SCOPE,
    "comparison": Outcome.MEDICAL_INFORMATION,
    "medical_advice": Outcome.MEDICAL_ADVICE,
}
#: Intents whose answer depends on whether the label speaks of the condition asked about.
_ABOUT_A_CONDITION = frozenset(("off_label", "indication", "clinical_studies"))
_AFTER_GRAVE = frozenset((Kind.SAFETY, Kind.INSTRUCTION))
#: Most bytes that several passages together may have before the further ones are offered as choices instead.
_TOGETHER_BYTES = 2600


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question goes. ``outcome`` None: retrieve ``intent``; with a grave outcome, retrieval may still follow."""

    outcome: Outcome | None
    intent: str
    confidence: float
    retrieve: bool = False
    safety_first: bool = False
    ask_intents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates are shown; empty: none is sure enough. ``offered``: near ones, as choices."""

    shown: tuple[Candidate, ...]
    offered: tuple[Candidate, ...]


def raised(screened: Collection[Flag], intents: Sequence[tuple[str, float]], thresholds: Thresholds) -> frozenset[Flag]:
    """The screen's flags, and the one that the leading intent raises when it is surer than an answer need be."""
    flags = set(screened)
    if intents and intents[0][0] in FLAG_OF_INTENT and intents[0][1] >= thresholds.intent_answer:
        flags.add(FLAG_OF_INTENT[intents[0][0]])
    return frozenset(flags)


def grave_outcome(flags: Collection[Flag]) -> Outcome | None:
    """The outcome of the gravest flag, if one of the three is raised."""
    return next((outcome for flag, outcome in GRAVE_FLAGS if flag in flags), None)


def route(
    flags: Collection[Flag],
    intents: Sequence[tuple[str, float]],
    status: LabelStatus,
    has_condition: bool,
    audience: str,
    policy: Policy,
) -> Route:
    """Where the question goes, from flags, intent probabilities (likeliest first) and the label's word on the condition."""
    name, confidence = intents[0] if intents else ("out_of_scope", 0.0)
    limits = policy.thresholds
    grave = grave_outcome(flags)
    if grave is not None:
        topic = next((pair for pair in intents if pair[0] not in OTHER_INTENTS), (name, 0.0))
        sure = topic[1] >= limits.intent_answer
        return Route(grave, topic[0] if sure else name, topic[1] if sure else confidence, retrieve=sure, safety_first=True)
    if Flag.ATTACK in flags:
        return Route(Outcome.OUT_OF_SCOPE, "out_of_scope", confidence)
    if name in _OUTCOME_OF_INTENT and confidence >= limits.intent_answer:
        return Route(_OUTCOME_OF_INTENT[name], name, confidence)
    if name in ("source_request", "human_handoff") and confidence >= limits.intent_answer:
        return Route(Outcome.ANSWERED, name, confidence)
    if name in _ABOUT_A_CONDITION and has_condition and confidence >= limits.intent_ask:
        if status is LabelStatus.NOT_MENTIONED and name != "clinical_studies":
            return Route(Outcome.MEDICAL_INFORMATION, "off_label", confidence)
        if status is LabelStatus.LIMITED:
            return Route(None, "contraindication", confidence, retrieve=True, safety_first=True)
        if status is LabelStatus.INDICATED and name == "off_label":
            return Route(None, "indication", confidence, retrieve=True)
    if name == "off_label" and confidence >= limits.intent_answer:
        return Route(Outcome.MEDICAL_INFORMATION, name, confidence)
    topics = [pair for pair in intents if pair[0] not in OTHER_INTENTS]
    if not topics or (name in OTHER_INTENTS and confidence >= 2 * topics[0][1]):
        return Route(_OUTCOME_OF_INTENT.get(name, Outcome.OUT_OF_SCOPE), name, confidence)
    name, confidence = topics[0]
    if name in policy.not_answered.get(audience, ()):
        return Route(Outcome.NO_APPROVED_ANSWER, name, confidence)
    if confidence < limits.intent_ask:
        asked = tuple(topic for topic, _ in topics[: policy.choices_offered])
        return Route(Outcome.CLARIFY, name, confidence, ask_intents=asked)
    return Route(None, name, confidence, retrieve=True)


def choose(ranked: Sequence[Candidate], policy: Policy, only_safety: bool) -> Choice:
    """The passages to show from a ranking (best first)."""
    limits = policy.thresholds
    usable = [c for c in ranked if not only_safety or c.entry.head.kind in _AFTER_GRAVE]
    sure = [c for c in usable if c.score >= limits.passage_answer and c.topic >= limits.topic_answer]
    if not sure:
        return Choice((), tuple(usable[: policy.choices_offered]))
    best = sure[0]
    near = [c for c in sure[1:] if best.score - c.score <= limits.passage_margin]
    shown = [best]
    room = _TOGETHER_BYTES - best.entry.size
    for candidate in near:
        if len(shown) < policy.passages_shown and candidate.entry.size <= room:
            shown.append(candidate)
            room -= candidate.entry.size
    offered = [c for c in sure[1:] if c not in shown and best.score - c.score <= 2 * limits.passage_margin]
    return Choice(tuple(shown), tuple(offered[: policy.choices_offered]))
