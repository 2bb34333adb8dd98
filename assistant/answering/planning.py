"""The plan: a decision table over what was found, without files, models or text (DESIGN, section 3.3).

Two steps, both pure. :func:`route` decides from the understanding alone whether the question has a fixed outcome or is
for retrieval; :func:`choose` decides from the ranking which passages are shown, or that none is. Rules stand in the
order in which they apply; the first that fits decides.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answering.retrieval import REPORTS, Candidate, in_places_of
from assistant.content.policy import Confidence, Policy, Thresholds
from assistant.domain import OTHER_INTENTS, Flag, Kind, Outcome
from assistant.understanding.choosing import Choosing
from assistant.understanding.conditions import LabelStatus

#: The gravest flag first; each is also the outcome that it leads to.
GRAVE_FLAGS: tuple[tuple[Flag, Outcome], ...] = (
    (Flag.EMERGENCY, Outcome.EMERGENCY),
    (Flag.ADVERSE_EVENT, Outcome.ADVERSE_EVENT),
    (Flag.PRODUCT_COMPLAINT, Outcome.PRODUCT_COMPLAINT),
)
_GRAVE_OUTCOMES = frozenset(outcome for _, outcome in GRAVE_FLAGS)
#: Intents that report something, the gravest first; seen with confidence they raise the flag even where no rule of the
#: screen did.
FLAG_OF_INTENT: dict[str, Flag] = {
    "emergency": Flag.EMERGENCY,
    "adverse_event_report": Flag.ADVERSE_EVENT,
    "product_complaint": Flag.PRODUCT_COMPLAINT,
}
_OUTCOME_OF_INTENT: dict[str, Outcome] = {
    "small_talk": Outcome.SMALL_TALK,
    "out_of_scope": Outcome.OUT_OF_SCOPE,
    "comparison": Outcome.MEDICAL_INFORMATION,
    "off_label": Outcome.MEDICAL_INFORMATION,
    "medical_advice": Outcome.MEDICAL_ADVICE,
    "source_request": Outcome.ANSWERED,
    "human_handoff": Outcome.ANSWERED,
}
#: Intents that ask what to do, which only directions for use may answer.
_ASKS_WHAT_TO_DO = frozenset(("dosage", "administration", "missed_dose", "overdose", "storage"))
#: Intents that ask whether two things may be taken together, and topics that only report what was measured: what a
#: contraindication forbids is no answer by the blood levels that were seen.
_ASKS_WHETHER_TOGETHER = frozenset(("drug_interaction", "food_interaction", "contraindication"))
_MEASURED = frozenset(("pharmacokinetics", "mechanism", "clinical_studies", "nonclinical"))
#: Intents under which the mere name of a condition asks first of all whether it is forbidden: "sick sinus", "sulfa".
_FORBIDDEN_FIRST = frozenset(("contraindication", "warnings", "mechanism", "ingredients"))
#: Topics that never answer an intent, however near their words are: "Keep out of reach of children" says nothing of
#: whether a child may take it, nor what the medicine is or consists of whether another goes with it.
_NEVER_ANSWERS: Mapping[str, frozenset[str]] = {
    "pediatric": frozenset(("overdose",)),
    "drug_interaction": frozenset(("ingredients", "overview")),
    "food_interaction": frozenset(("ingredients", "overview")),
}
#: Topics of passages that answer an intent though they bear another topic, where they are near enough: a warning says
#: in whom it is not given; a label of the format before 2006 (21 CFR 201.80) tells under one heading, Clinical
#: Pharmacology, how a medicine acts, what becomes of it and what trials found; a boxed warning may hold what was
#: counted; and what patients are told (21 CFR 201.57(c)(18)) may be how to end treatment and what may come after it.
_ANSWERED_BESIDES: Mapping[str, frozenset[str]] = {
    "contraindication": frozenset(("warnings", "boxed_warning")),
    "pharmacokinetics": frozenset(("mechanism",)),
    "clinical_studies": frozenset(("mechanism", "boxed_warning")),
    "discontinuation": frozenset(("patient_counseling",)),
}
#: Topics of passages that say how to handle a product.
_OF_HANDLING = frozenset(("administration", "storage"))
#: Topics of passages that tell a dose or how it is given.
_OF_DOSES = frozenset(("dosage", "administration", "missed_dose", "drug_interaction"))
_OF_A_GROUP = frozenset(("pediatric", "geriatric", "renal_impairment", "hepatic_impairment", "pregnancy", "lactation"))
#: Topics whose passages speak of a group in another regard: what dialysis removes of an overdose is no dose for it.
_BESIDE_A_GROUP = frozenset(("overdose", "pregnancy", "lactation", "drug_interaction"))
#: Groups whose organs clear a medicine: what was measured in them stands beside what is to be done for them
#: (21 CFR 201.57(c)(9) and (13)).
CLEARING_LESS = frozenset(("renal_impairment", "hepatic_impairment"))
#: What tells no dose of children as such: some of them are given less, and what was measured directs nobody.
_NOT_ALL_CHILDREN = frozenset(("renal_impairment", "hepatic_impairment", "pregnancy", "lactation", "pharmacokinetics"))
#: From this share of the question's words on, weighed by how rare they are, a passage speaks of what was asked.
_WORDED = 0.7
#: Over a question for a study's result that tells of nobody the model alone raises a report from this share on: "ORR
#: per investigator, arm A" holds nothing that happened to anybody, and the model hears some harm in its shorthand.
_OVER_A_STUDY = 0.1
#: A topic that is this sure was not misunderstood.
_PLAIN = 0.9
#: What the label says of it counts from this share of the best evidence on; and a direction beside a report.
_NEAR = 0.7
_NEAR_A_REPORT = 0.75
#: Intents whose answer for a condition that the label does not mention would promote an unapproved use.
FOR_A_CONDITION = frozenset(
    ("indication", "dosage", "clinical_studies", "pediatric", "geriatric", "renal_impairment", "hepatic_impairment")
)
#: Intents whose answer tells what a group of patients is given, and for what.
FOR_A_GROUP = frozenset(("indication", "dosage", "administration", "pediatric"))
#: Topics of passages that report, as a trial does, of something that the medicine is not for: what sleep it brings.
STUDIED_BESIDES = frozenset(("mechanism", "pharmacokinetics"))
#: Topics that speak against giving the medicine in a condition.
AGAINST_A_CONDITION = frozenset(("contraindication", "warnings", "boxed_warning"))
#: Topics whose passages report what a trial of two medicines found.
OF_RESULTS = ("clinical_studies", "adverse_reactions", "warnings", "mechanism", "pharmacokinetics", "nonclinical")
#: Topics that tell of harm, and intents under which the bare name of an illness comes, meant as a harm or as a use.
OF_HARM = AGAINST_A_CONDITION | {"adverse_reactions"}
#: Intents that ask what the medicine is for.
ABOUT_USE = ("off_label", "indication")
#: Intents under which a use comes that is named in bare words.
MAY_BE_A_USE = FOR_A_CONDITION | AGAINST_A_CONDITION | {*ABOUT_USE, "out_of_scope"}
#: Topics under which a label, or its guide for patients, says what it is for.
_OF_USES = frozenset(("indication", "overview"))
_AFTER_GRAVE = frozenset((Kind.SAFETY, Kind.INSTRUCTION))
#: Most bytes that several passages together may have before the further ones are offered as choices instead; and up to
#: how many they are short, so that one which is a little further away costs its reader little. It has this share of the
#: best one's evidence at least: where even the best has little, what is "a little further away" has none.
TOGETHER_BYTES = 4000
_SHORT_TOGETHER_BYTES = 2000
_OF_THE_BEST = 0.65


@dataclass(frozen=True, slots=True)
class Found:
    """What the understanding found that decides where a question goes.

    ``marked``: the condition was marked by the model as one the medicine would be used for, not guessed from wording.
    ``spoken_under``: the topics under which the label itself speaks of it.
    ``compares_within_label``: what the medicine is compared with stands in the label's own reports of trials;
    ``prefers``: it asks which of two is to be preferred; ``asks_result``: it asks for a result of a study.
    ``asks_dose``: the wording asks how much to give; ``of_a_reaction``: what to do about what happened under treatment.
    ``limited``: the words of each illness that the label speaks against; ``warned``: those of each that it does not
    mention as it is asked for, but warns of in whatever course; ``befell``: it asks how many came to have what the
    label names as a harm; ``unheard_of``: nothing but an illness is named, and no passage speaks of it;
    ``bare``: it is the name of an illness, of which nothing is asked; ``few_words``: it says little besides.
    """

    flags: frozenset[Flag]
    intents: tuple[tuple[str, float], ...]
    status: LabelStatus
    asks_use: bool
    marked: bool
    compares_beyond_label: bool
    product_known: bool
    compares_within_label: bool = False
    prefers: bool = False
    asks_result: bool = False
    screened_topic: str = ""
    spoken_under: frozenset[str] = frozenset()
    asks_dose: bool = False
    of_a_reaction: bool = False
    limited: tuple[tuple[str, ...], ...] = ()
    warned: tuple[tuple[str, ...], ...] = ()
    befell: bool = False
    unheard_of: bool = False
    bare: bool = False
    few_words: bool = False

    @property
    def of_a_harm(self) -> bool:
        """Whether it is about what befalls somebody under treatment, and no use."""
        return self.of_a_reaction or self.befell

    def share(self, *intents: str) -> float:
        """How likely it is one of ``intents``."""
        return sum(share for name, share in self.intents if name in intents)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question goes. ``outcome`` None: what retrieval finds decides; passages may follow a grave one.

    ``names``: the question names something (a medicine, a reaction, an illness) that an answer should speak of.
    ``only_warnings``: nothing but what the label says against it may follow.
    ``unsure_of_use``: it asks for a use that the label may or may not mean, so passages are offered, not shown.
    ``dosed``: it asks what dose a group gets; ``plainly_dosed``: what dose to give, and nothing else.
    ``group_alone``: it names a group of patients, perhaps its dose, and nothing else.
    ``of_children``: the dose is asked of children, and of no other group.
    ``how_much``: it asks for the size of a change, which only what was measured answers; ``measured``: for that, or
    else for what becomes of the medicine in the body.
    ``modifies``: it asks what to do with the dose for something that happened.
    ``by_evidence``: nothing is asked, but instructions that surely fit may follow.
    ``limited``: only passages that speak against one of these illnesses answer.
    ``of_no_use``: it names an illness that the medicine is not for, so nothing that reports a benefit answers.
    ``no_dose``: it asks how much beside such an illness, so no dose answers, whatever else does.
    ``bare_use``: it is the name of what the medicine is for, so the indication answers, and a trial only in its stead.
    """

    outcome: Outcome | None
    intent: str
    confidence: float
    retrieve: bool = False
    only_safety: bool = False
    only_warnings: bool = False
    names: bool = False
    unsure_of_use: bool = False
    dosed: bool = False
    plainly_dosed: bool = False
    group_alone: bool = False
    of_children: bool = False
    how_much: bool = False
    measured: bool = False
    modifies: bool = False
    by_evidence: bool = False
    limited: tuple[tuple[str, ...], ...] = ()
    of_no_use: bool = False
    no_dose: bool = False
    bare_use: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates are shown; none: nothing is sure enough. ``offered``: near ones, as choices."""

    shown: tuple[Candidate, ...]
    offered: tuple[Candidate, ...]
    confidence: float


def raised(
    screened: Collection[Flag], chosen: Choosing, thresholds: Thresholds, *, of_a_study: bool = False
) -> frozenset[Flag]:
    """The screen's flags, and those that the model raises; neither can take back the other's.

    ``of_a_study``: a study's result is asked for, of nobody in particular.

    Where the model has no head for flags, the intents raise them together: a report wavers between the three grave
    intents, and what counts is whether it is one of them at all, and then the gravest that is at least half as likely
    as the likeliest.
    """
    flags = set(screened)
    if chosen.flags:
        needed: dict[str, float] = dict(thresholds.flags)  # type: ignore[arg-type]
        if of_a_study and Flag.ADVERSE_EVENT.value in needed:
            needed[Flag.ADVERSE_EVENT.value] = max(needed[Flag.ADVERSE_EVENT.value], _OVER_A_STUDY)
        # A model of somebody's own may know flags that mean nothing here.
        sure = (name for name, share in chosen.flags.items() if name in needed and share >= needed[name])
        return frozenset(flags | {Flag(name) for name in sure})
    shares = {intent: share for intent, share in chosen.intents if intent in FLAG_OF_INTENT}
    if chosen.intents and chosen.intents[0][0] in shares and sum(shares.values()) >= thresholds.intent_flag:
        likely = max(shares.values()) / 2
        flags.add(next(flag for intent, flag in FLAG_OF_INTENT.items() if shares.get(intent, 0.0) >= likely))
    return frozenset(flags)


def grave_outcome(flags: Collection[Flag]) -> Outcome | None:
    """The outcome of the gravest flag, if one of the three is raised."""
    return next((outcome for flag, outcome in GRAVE_FLAGS if flag in flags), None)


def route(found: Found, audience: str, policy: Policy) -> Route:
    """Where the question goes."""
    limits = policy.thresholds
    name, confidence = found.intents[0] if found.intents else ("out_of_scope", 0.0)
    topic, topic_share = next((p for p in found.intents if p[0] not in OTHER_INTENTS), ("overview", 0.0))
    denied = policy.not_answered.get(audience, ())
    grave = grave_outcome(found.flags)
    if grave is not None:
        if found.screened_topic:
            allowed = found.screened_topic not in denied
            return Route(grave, found.screened_topic, 1.0, allowed, only_safety=True)
        if route(replace(found, flags=frozenset()), audience, policy).outcome is Outcome.MEDICAL_INFORMATION:
            # What is referred without the notice is not answered behind it: a use of its own, a comparison.
            return Route(grave, name, confidence)
        # In an emergency only what was plainly asked may follow the notice: nobody has time for a near passage.
        needed = limits.topic_sure if grave is Outcome.EMERGENCY else limits.intent_ask
        sure = topic_share >= needed and topic not in denied
        if grave is Outcome.PRODUCT_COMPLAINT and not sure and "administration" not in denied:
            # What the instructions say of a pen that does not click helps whoever complains of one.
            return Route(grave, name, confidence, retrieve=True, only_safety=True, by_evidence=True)
        plan = Route(grave, topic if sure else name, topic_share if sure else confidence, sure, only_safety=True)
        return replace(plan, no_dose=_of_no_dose(found))
    if Flag.ATTACK in found.flags:
        return Route(Outcome.OUT_OF_SCOPE, "out_of_scope", confidence)
    own_result = found.compares_within_label and found.asks_result
    own_result = own_result and found.share("comparison") < limits.topic_sure_beside_comparison
    if own_result and topic not in OF_RESULTS:
        # A result of the label's own comparison, whatever the model hears in the names of its arms; under which topic
        # it stands is never sure.
        topic = max(OF_RESULTS, key=lambda each: (found.share(each), each == "clinical_studies"))
        topic_share = max(limits.use, found.share(topic))
    about_use = found.share(*ABOUT_USE)
    spoken_of = found.warned or found.spoken_under & AGAINST_A_CONDITION
    warned_of = found.status is LabelStatus.NOT_MENTIONED and bool(spoken_of)
    # An illness that the label speaks of is never out of scope: "history of blood clots" asks whether it may be taken.
    told = found.product_known and found.marked and (name == "out_of_scope" or confidence < limits.intent_ask)
    told_of = about_use >= limits.use or told or (found.unheard_of and not found.asks_dose)
    if warned_of and told_of and name != "off_label" and not found.asks_use:
        plan = Route(None, "warnings", 0.0, retrieve=True, only_warnings=True, limited=found.warned)
        return _unless_denied(plan, denied)
    if found.status is LabelStatus.NOT_MENTIONED and (
        about_use >= limits.use
        or (found.asks_use and topic_share < limits.topic_sure)
        or (_for_another_illness(found, topic) and topic_share >= limits.use)
    ):
        return Route(Outcome.MEDICAL_INFORMATION, "off_label", about_use)
    if found.unheard_of and (found.status is LabelStatus.NOT_MENTIONED or name == "out_of_scope"):
        return Route(Outcome.MEDICAL_INFORMATION, "off_label", about_use)
    if found.compares_beyond_label and (found.prefers or topic_share < limits.topic_sure_beside_comparison):
        return Route(Outcome.MEDICAL_INFORMATION, "comparison", found.share("comparison"))
    dosed = topic in ("dosage", "indication") and topic_share >= limits.topic_sure
    for_use = about_use >= limits.use or found.asks_use or told or (dosed and _for_another_illness(found, topic))
    if found.status is LabelStatus.LIMITED and (for_use or found.unheard_of):
        # What the label says against it: a contraindication, a warning or a limitation of use, never the indication.
        return _unless_denied(Route(None, "contraindication", 0.0, retrieve=True, limited=found.limited), denied)
    if found.status is LabelStatus.INDICATED and found.bare:
        # Whoever says what it is for, and no more, is told so; a model hears trials, warnings or a price in the word.
        return _unless_denied(Route(None, "indication", 1.0, retrieve=True, bare_use=True), denied)
    if found.status is LabelStatus.INDICATED and (name == "off_label" or (told and name == "out_of_scope")):
        return _unless_denied(Route(None, "indication", about_use, retrieve=True), denied)
    # "A or B?" asks for no result that a trial of both could tell.
    compared = found.compares_within_label and topic_share >= limits.intent_ask
    reported = name == "comparison" and (own_result or compared)
    if name in _OUTCOME_OF_INTENT and not reported:
        # With a product named, what the label holds may still decide against a fixed outcome that is not sure.
        needed = limits.intent_answer_with_product if found.product_known else limits.intent_answer
        if confidence >= needed or not topic_share:
            return Route(_OUTCOME_OF_INTENT[name], name, confidence)
    if topic not in denied and not found.product_known and topic_share < limits.intent_ask:
        return Route(Outcome.OUT_OF_SCOPE, "out_of_scope", confidence)
    of_use = about_use >= limits.topic_sure or (topic in FOR_A_CONDITION and topic != "clinical_studies")
    unsure = found.status is LabelStatus.UNSURE and (found.unheard_of or (found.marked and of_use)) and not own_result
    no_use = found.status is LabelStatus.NOT_MENTIONED and found.marked and not _spoken_of(found, topic)
    if no_use and found.few_words and not (found.spoken_under or found.of_a_harm or topic_share >= limits.topic_sure):
        # An illness of which the label says nothing, and of which it is not sure what is asked: "ADHD in adults".
        return Route(Outcome.MEDICAL_INFORMATION, "off_label", about_use)
    plan = Route(None, topic, topic_share, retrieve=True, unsure_of_use=unsure, of_no_use=no_use)
    return _unless_denied(replace(plan, no_dose=_of_no_dose(found)), denied)


def _for_another_illness(found: Found, topic: str) -> bool:
    """Whether what is asked of the medicine is asked for an illness of which the label says nothing in this regard.

    What to do when somebody's values rise under treatment is asked of the label's own use.
    """
    sought = topic in FOR_A_CONDITION or found.asks_dose
    return found.marked and sought and not found.of_a_harm and not _spoken_of(found, topic)


def _of_no_dose(found: Found) -> bool:
    """Whether it is asked how much, and the label doses no illness that is named, be it another medicine's."""
    undosed = found.status is LabelStatus.NOT_MENTIONED and not _spoken_of(found, "dosage")
    return found.asks_dose and undosed and not found.of_a_harm


def _spoken_of(found: Found, topic: str) -> bool:
    """Whether the label itself speaks of the condition where it speaks of ``topic``."""
    besides = STUDIED_BESIDES if topic == "clinical_studies" else frozenset[str]()
    return not found.spoken_under.isdisjoint(besides | {topic})


def _unless_denied(plan: Route, denied: Collection[str]) -> Route:
    """``plan``, or that nothing approved answers where this audience is never answered such questions."""
    return Route(Outcome.NO_APPROVED_ANSWER, plan.intent, plan.confidence) if plan.intent in denied else plan


def confidence_of(ranked: Sequence[Candidate], shown: int, plan: Route, weights: Confidence) -> float:
    """How likely what is shown answers: a logistic function of the best one's evidence (Platt 1999).

    Its coefficients stand in the policy; they were fitted on questions that are not reported on.

    :param shown: how many of ``ranked`` are shown, the best ones; the margin is the distance to what is left out, for
        two that say the same and stand together are no reason to doubt.
    """
    best = ranked[0]
    evidence = (
        weights.bias
        + weights.intent * plan.confidence
        + weights.unnamed * (1 - best.named if plan.names else 0.0)
        + weights.score * best.score
        + weights.margin * margin_of([candidate.score for candidate in ranked], shown)
        + weights.topic * best.topic
        + weights.lexical * best.lexical
        + weights.dense * best.dense
    )
    return 1 / (1 + math.exp(-evidence))


def margin_of(scores: Sequence[float], shown: int) -> float:
    """The distance of the best of ``scores`` (best first) from the best of those that are left out."""
    return scores[0] - scores[shown] if len(scores) > shown else scores[0]


def _says_of_whom(candidate: Candidate) -> bool:
    """Whether it says what is to be known of some people, and not what the medicine is: "8.7 Smoking Status"."""
    return candidate.entry.head.topic == "overview" and candidate.entry.head.kind is Kind.SAFETY


def _may_answer(candidate: Candidate, intent: str) -> bool:
    """Whether it is about what was asked; whether two things go together, a contraindication answers as well."""
    head = candidate.entry.head
    return (
        head.is_about(intent)
        or candidate.forbids
        or (intent in _ASKS_WHETHER_TOGETHER and head.topic == "contraindication")
    )


def _speaks_of_what_is_asked(candidate: Candidate, plan: Route) -> bool:
    """Whether it may be an answer where it is sure what is asked.

    What becomes of the medicine in a group whose organs clear it less, stands with all that was measured of it.
    """
    answered = _ANSWERED_BESIDES.get(plan.intent, frozenset())
    if plan.measured and plan.intent in CLEARING_LESS:
        answered |= {"pharmacokinetics"}
    return _may_answer(candidate, plan.intent) or candidate.entry.head.topic in answered


def _directions_first(usable: list[Candidate], intent: str) -> list[Candidate]:
    """Without reports of measurements where the label says near them whether the two may be taken together.

    Not where only what was measured names the other one, unless what is said is nearer in meaning: it may speak of its
    class.
    """
    spoken = [c for c in usable if c.entry.head.topic not in _MEASURED and _may_answer(c, intent)]
    if not spoken or spoken[0].score < _NEAR * usable[0].score:
        return usable
    nameless = usable[0].named and not any(candidate.named for candidate in spoken)
    # Words beside the name ("for years") may stand anywhere; a name that is known is looked for as such.
    alone = usable[0].by_name and not any(candidate.by_name for candidate in spoken)
    if (nameless or alone) and usable[0].dense >= spoken[0].dense:
        return usable
    return [c for c in usable if c.entry.head.topic not in _MEASURED]


def _named_first(usable: list[Candidate], intent: str) -> list[Candidate]:
    """With what the label says of a substance by its very name in front of what it says of a class, where that is near.

    A short passage on a class holds more of the question's words than a long one that names the substance.
    """
    near = _OF_THE_BEST * usable[0].score
    by_name = [c for c in usable if c.by_name and c.score >= near and _speaks_of_it(c, intent)]
    return usable if usable[0].by_name else [*by_name, *(c for c in usable if c not in by_name)]


def _speaks_of_it(candidate: Candidate, intent: str) -> bool:
    return candidate.entry.head.topic not in _MEASURED and _may_answer(candidate, intent)


def _forbidden_first(usable: list[Candidate]) -> list[Candidate]:
    """With the contraindication in what is asked about in front, as near as the nearest: nothing far comes with it.

    Nor does what was measured and what an overdose does.
    """
    forbidding = [replace(c, score=max(c.score, usable[0].score)) for c in usable if c.forbids]
    beside = _MEASURED | {"overdose"} if forbidding else frozenset[str]()
    return [*forbidding, *(c for c in usable if not c.forbids and c.entry.head.topic not in beside)]


def _group_first(usable: list[Candidate]) -> list[Candidate]:
    """With the dose for the group's illness in front, and what speaks of the group in another regard behind.

    Not where that names what the question names; what was measured only where what directs is near.
    """
    near = _NEAR_A_REPORT * max((c.score for c in usable), default=0.0)
    first = [c for c in usable if c.doses_group and c.score >= near][:1]
    beside = [c for c in usable if c.entry.head.topic in _BESIDE_A_GROUP and not c.named]
    rest = [c for c in usable if c not in first and c not in beside]
    told = [c for c in rest if c.entry.head.topic != "pharmacokinetics"]
    if told and told[0].score >= near:
        rest = [*told, *(c for c in rest if c not in told)]
    return [*first, *rest, *beside]


def _told_of_the_group_first(usable: list[Candidate], plan: Route) -> list[Candidate]:
    """With what the label tells of giving it to the group in front of what was measured in it, where that is near.

    Where a dose is asked for, a passage on doses that is about the group as well tells it.
    """
    near = _NEAR_A_REPORT * max((c.score for c in usable), default=0.0)
    told = [c for c in usable if c.entry.head.topic == plan.intent and c.score >= near]
    if plan.dosed and not told:
        told = [
            c for c in usable if c.entry.head.topic == "dosage" and plan.intent in c.entry.head.also and c.score >= near
        ]
    if not told or usable[0].entry.head.topic != "pharmacokinetics":
        return usable
    return in_places_of(usable, [told[0], *(c for c in usable if c is not told[0])])


def _of_all_children(usable: list[Candidate]) -> list[Candidate]:
    """Without what children with weak kidneys or a weak liver get, and without what was measured in children, where the
    label tells near it what children get.

    A passage on two groups is about children as much as any, by its words and by its topics.
    """
    near = _NEAR_A_REPORT * max((c.score for c in usable), default=0.0)
    kept = [c for c in usable if c.entry.head.topic not in _NOT_ALL_CHILDREN and not _of_several_groups(c)]
    told = any(c.entry.head.is_about("pediatric") and c.score >= near for c in kept)
    return kept if told else usable


def _of_several_groups(candidate: Candidate) -> bool:
    """Whether it is what a label says first of all groups together, of those with weak kidneys or a weak liver too."""
    head = candidate.entry.head
    return head.topic == "overview" and not _NOT_ALL_CHILDREN.isdisjoint(head.also)


def _modification_first(usable: list[Candidate]) -> list[Candidate]:
    """With the nearest passage on doses that names what happened in front: what to do stands there, and how often it
    happens elsewhere."""
    near = _OF_THE_BEST * usable[0].score
    # The row of the grade that is asked for is what answers, however far the table as a whole is.
    rows = [c for c in usable if c.says_what_to_do]
    doses = rows or [c for c in usable if c.entry.head.topic == "dosage" and c.named and c.score >= near]
    return [*doses[:1], *(c for c in usable if c not in doses[:1])]


def _doses_alone(usable: list[Candidate]) -> list[Candidate]:
    """Those that tell a dose, to no group of patients in particular, and what speaks against one; none if no dose is.

    What the medicine is for and what a trial gave stands in for none, nor does what others get less of.
    """
    other = REPORTS | _OF_A_GROUP | AGAINST_A_CONDITION
    told = [
        c
        for c in usable
        if c.entry.head.topic in _OF_DOSES or (c.entry.head.topic not in other and c.entry.head.is_about("dosage"))
    ]
    return [c for c in usable if c in told or c.entry.head.topic in AGAINST_A_CONDITION] if told else []


def _directions(usable: list[Candidate], plan: Route) -> list[Candidate]:
    """Without reports: a trial names doses that were given, often to others than those asked about, and directs nobody.

    What was measured of the matter itself (whether food counts) stays, and so do all where no direction comes near.
    """
    kept = [c for c in usable if c.entry.head.topic not in REPORTS or _measures(c, plan.intent)]
    if plan.dosed or (kept and kept[0].score >= _NEAR_A_REPORT * usable[0].score):
        return kept
    return usable


def _measures(candidate: Candidate, intent: str) -> bool:
    """Whether what was measured is about ``intent`` as well, or says whether food counts where that is asked."""
    head = candidate.entry.head
    if head.topic != "pharmacokinetics":
        return False
    return head.is_about(intent) or (intent == "administration" and head.is_about("food_interaction"))


def shown_together(scores: Sequence[float], sizes: Sequence[int], *, near: float, short: float, most: int) -> int:
    """How many passages with ``scores``, best first, and ``sizes`` in bytes are shown; from 1 to ``most``.

    ``near`` and ``short`` are the policy's ``passage_margin`` and ``passage_margin_short``. What is further away never
    stands in for what was too long.
    """
    best, used, shown = scores[0], sizes[0], 1
    for score, size in zip(scores[1:most], sizes[1:most], strict=True):
        used += size
        fits = used <= TOGETHER_BYTES and score >= best - near
        if used <= _SHORT_TOGETHER_BYTES and score >= best - short and score >= _OF_THE_BEST * best:
            fits = True
        if not fits:
            break
        shown += 1
    return shown


def usable_for(ranked: Sequence[Candidate], plan: Route, limits: Thresholds) -> list[Candidate]:
    """Those of a ranking (best first) that may answer a question of this plan at all, in their order."""
    never = _NEVER_ANSWERS.get(plan.intent, frozenset())
    usable = [
        c for c in ranked if c.entry.head.topic not in never or _says_of_whom(c) or c.entry.head.is_about(plan.intent)
    ]
    usable = [c for c in usable if not plan.only_safety or c.entry.head.kind in _AFTER_GRAVE]
    if plan.by_evidence:
        usable = [c for c in usable if any(map(c.entry.head.is_about, _OF_HANDLING))]
    if plan.of_no_use:
        usable = [c for c in usable if c.entry.head.kind is not Kind.BENEFIT]
    if plan.no_dose:
        usable = [c for c in usable if not c.entry.head.is_about("dosage")]
    if plan.bare_use:
        usable = [c for c in usable if c.entry.head.topic in _OF_USES and c.entry.head.is_about("indication")] or usable
    if plan.only_warnings:
        usable = [c for c in usable if c.entry.head.topic in AGAINST_A_CONDITION]
    if plan.dosed or (plan.intent in _ASKS_WHAT_TO_DO and plan.confidence >= limits.intent_answer):
        usable = _directions(usable, plan)
    if plan.plainly_dosed and plan.confidence >= _PLAIN:
        usable = _doses_alone(usable) or usable
    if plan.dosed and plan.of_children:
        usable = _of_all_children(usable)
    if usable and plan.intent in _ASKS_WHETHER_TOGETHER and not (plan.how_much and plan.intent == "drug_interaction"):
        usable = _named_first(_directions_first(usable, plan.intent), plan.intent)
    if usable and plan.intent in _FORBIDDEN_FIRST:
        usable = _forbidden_first(usable)
    if plan.group_alone or any(c.doses_group for c in usable):
        usable = _group_first(usable)
    if usable and plan.intent in CLEARING_LESS and not plan.measured:
        usable = _told_of_the_group_first(usable, plan)
    if usable and (plan.modifies or any(c.says_what_to_do for c in usable)):
        usable = _modification_first(usable)
    return usable


def choose(ranked: Sequence[Candidate], plan: Route, policy: Policy) -> Choice:
    """The passages to show from a ranking (best first)."""
    limits = policy.thresholds
    usable = usable_for(ranked, plan, limits)
    sure_of_topic = plan.confidence >= limits.topic_sure
    stands_out = len(usable) > 1 and usable[0].score - usable[1].score >= limits.stands_out
    stands_out = stands_out and plan.confidence < _PLAIN
    worded = bool(usable) and usable[0].lexical >= _WORDED
    misread = stands_out or worded
    if not usable or (sure_of_topic and not misread and not any(_speaks_of_what_is_asked(c, plan) for c in usable)):
        # It is clear what was asked, and the approved words say nothing about it: a near passage is not an answer,
        # unless it matches the question as no other does, or holds its words (then the topic was misunderstood).
        return Choice((), (), 0.0)
    shown = shown_together(
        [candidate.score for candidate in usable],
        [candidate.entry.size for candidate in usable],
        near=limits.passage_margin,
        short=limits.passage_margin_short,
        most=policy.passages_shown,
    )
    sure = confidence_of(usable, shown, plan, policy.confidence)
    if usable[0].forbids or (usable[0].by_name and plan.intent in _ASKS_WHETHER_TOGETHER):
        # That it was put in front of a nearer one makes nothing less sure.
        nearest = sorted(usable, key=lambda candidate: -candidate.score)
        sure = max(sure, confidence_of(nearest, shown, plan, policy.confidence))
    # After the notice of a report nothing can be asked back: what would be offered elsewhere follows it.
    asked = plan.outcome in _GRAVE_OUTCOMES and not plan.by_evidence
    needed = limits.passage_ask if asked else limits.passage_answer
    # Where the passage that answers may not follow the notice, a far one is no answer in its stead.
    far = plan.outcome in _GRAVE_OUTCOMES and usable[0].score < _NEAR * ranked[0].score
    if far or sure < needed:
        asks_back = sure >= limits.passage_ask or (plan.plainly_dosed and plan.confidence >= _PLAIN)
        offered = usable[: policy.choices_offered] if asks_back and not far else ()
        return Choice((), tuple(offered), sure)
    offered_from = usable[0].score - max(2 * limits.passage_margin, limits.passage_margin_short)
    others = [c for c in usable[shown:] if c.score >= offered_from]
    return Choice(tuple(usable[:shown]), tuple(others[: policy.choices_offered]), sure)
