"""Which candidates are shown, and how many: what a label forbids goes before what was measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from assistant.answering import retrieval
from assistant.answering.index import Entry
from assistant.answering.label_status import Labels, status_of_all
from assistant.answering.planning import Found, Route, choose, route, usable_for
from assistant.answering.retrieval import Candidate, Query
from assistant.content.policy import Policy, parse_policy
from assistant.domain import Context, Flag, Kind, Outcome
from assistant.pipeline import Assistant
from assistant.understanding.conditions import LabelStatus
from assistant.workspace import starter_root
from tests.conftest import TODAY

POLICY: Policy = parse_policy((starter_root() / "approved_corpus" / "policy.yaml").read_bytes(), Path("policy.yaml"))[0]


@pytest.fixture(scope="module")
def entry(quick: Assistant) -> Entry:
    return quick.index.entries("zorvanta")[0]


def candidate(entry: Entry, topic: str, score: float) -> Candidate:
    head = dataclasses.replace(entry.head, id=topic, topic=topic, also=())
    return Candidate(dataclasses.replace(entry, head=head, size=200), score, 0.6, 0.6, 0.9, 0.9)


def shown(intent: str, *candidates: Candidate) -> list[str]:
    found = choose(candidates, Route(None, intent, 0.95, retrieve=True), POLICY)
    return [one.entry.head.topic for one in found.shown]


def test_what_stands_out_answers_only_where_the_topic_may_be_misunderstood(entry: Entry) -> None:
    other, far = candidate(entry, "administration", 0.5), candidate(entry, "storage", 0.2)
    for sure, expected in ((0.6, ["administration"]), (0.95, [])):
        found = choose((other, far), Route(None, "overdose", sure, retrieve=True), POLICY)
        assert [one.entry.head.topic for one in found.shown] == expected


@pytest.mark.parametrize("said", ["drug_interaction", "contraindication"])
def test_what_the_label_says_of_taking_both_goes_before_what_was_measured(entry: Entry, said: str) -> None:
    measured, near = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, said, 0.47)
    assert shown("drug_interaction", measured, near) == [said]


def test_who_asks_how_much_gets_what_was_measured(entry: Entry) -> None:
    measured, said = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.47)
    asked = Route(None, "drug_interaction", 0.95, retrieve=True, how_much=True)
    assert choose((measured, said), asked, POLICY).shown[0] is measured


@pytest.mark.parametrize(
    ("intent", "topic", "answers"),
    [
        ("contraindication", "warnings", True),
        ("pharmacokinetics", "mechanism", True),
        ("clinical_studies", "mechanism", True),
        ("clinical_studies", "boxed_warning", True),
        ("discontinuation", "patient_counseling", True),
        ("missed_dose", "patient_counseling", False),
        ("overdose", "warnings", False),
        ("pharmacokinetics", "warnings", False),
    ],
)
def test_a_passage_near_enough_answers_what_labels_tell_under_its_topic(
    entry: Entry, intent: str, topic: str, *, answers: bool
) -> None:
    assert shown(intent, candidate(entry, topic, 0.6)) == ([topic] if answers else [])


@pytest.mark.parametrize("group", ["renal_impairment", "hepatic_impairment"])
def test_what_is_told_of_a_group_goes_before_what_was_measured_in_it(entry: Entry, group: str) -> None:
    measured, told = candidate(entry, "pharmacokinetics", 0.6), candidate(entry, group, 0.55)
    assert shown(group, measured, told)[0] == group
    far = candidate(entry, group, 0.4)
    assert shown(group, measured, far)[0] == "pharmacokinetics"
    asked = Route(None, group, 0.95, retrieve=True, measured=True)
    assert choose((measured, told), asked, POLICY).shown[0] is measured


@pytest.mark.parametrize("group", ["renal_impairment", "hepatic_impairment"])
def test_what_becomes_of_it_in_a_group_is_answered_with_what_was_measured(entry: Entry, group: str) -> None:
    found = candidate(entry, "pharmacokinetics", 0.6)
    found = dataclasses.replace(found, entry=dataclasses.replace(found.entry, size=200))
    asked = Route(None, group, 0.95, retrieve=True)
    beside = dataclasses.replace(candidate(entry, "warnings", 0.58), lexical=0.2)
    ranked = [dataclasses.replace(found, lexical=0.3), beside]
    assert not choose(ranked, asked, POLICY).shown  # what dose to give it does not tell
    assert choose(ranked, dataclasses.replace(asked, measured=True), POLICY).shown[0] is ranked[0]


def of_group(c: Candidate, group: str) -> Candidate:
    head = dataclasses.replace(c.entry.head, also=(group,))
    return dataclasses.replace(c, entry=dataclasses.replace(c.entry, head=head))


@pytest.mark.parametrize("group", ["renal_impairment", "hepatic_impairment"])
def test_the_dose_of_a_group_goes_before_what_was_measured_in_it(entry: Entry, group: str) -> None:
    measured, dose = candidate(entry, "pharmacokinetics", 0.6), candidate(entry, "dosage", 0.55)
    measured, dose = (of_group(c, group) for c in (measured, dose))
    asked = Route(None, group, 0.95, retrieve=True, dosed=True)
    assert choose((measured, dose), asked, POLICY).shown[0].entry is dose.entry
    assert choose((measured, dose), dataclasses.replace(asked, dosed=False), POLICY).shown[0] is measured


def test_a_groups_dose_is_no_trial(entry: Entry) -> None:
    trial, directions = candidate(entry, "clinical_studies", 0.63), candidate(entry, "renal_impairment", 0.60)
    asked = Route(None, "renal_impairment", 0.95, retrieve=True, dosed=True)
    assert choose((trial, directions), asked, POLICY).shown == (directions,)


def test_a_report_answers_what_to_do_only_where_no_direction_comes_near(entry: Entry) -> None:
    for report in ("adverse_reactions", "pharmacokinetics"):
        told = candidate(entry, report, 0.6)
        near, far = candidate(entry, "dosage", 0.46), candidate(entry, "dosage", 0.44)
        assert shown("dosage", told, near) == ["dosage"]
        assert shown("dosage", told, far) == [report]
    # A dose that was given to a group in a trial is none to give, whatever else there is.
    asked = Route(None, "pediatric", 0.95, retrieve=True, dosed=True)
    trial, eight = candidate(entry, "clinical_studies", 0.6), candidate(entry, "pediatric", 0.44)
    assert choose((trial, eight), asked, POLICY).shown == (eight,)


def test_a_dose_plainly_asked_is_told_by_what_tells_doses_or_asked_back(entry: Entry) -> None:
    asked = Route(None, "dosage", 0.95, retrieve=True, plainly_dosed=True)
    use, trial, dose = (candidate(entry, topic, 0.5) for topic in ("indication", "clinical_studies", "dosage"))
    fewer = candidate(entry, "renal_impairment", 0.6)
    for better in (use, trial, fewer):
        assert choose((dataclasses.replace(better, score=0.6), dose), asked, POLICY).shown == (dose,)
    # Where it may be misread, what is near is judged as for any question.
    misread = dataclasses.replace(asked, confidence=0.6)
    assert (
        choose((dataclasses.replace(use, score=0.6), dose), misread, POLICY).shown[0].entry.head.topic == "indication"
    )
    far = dataclasses.replace(dose, score=0.05, dense=0.0, lexical=0.0, topic=0.0)
    found = choose((dataclasses.replace(use, score=0.6), far), asked, POLICY)
    assert (found.shown, found.offered) == ((), (far,))


def test_whether_food_counts_may_stand_where_it_was_measured(entry: Entry) -> None:
    measured, near = candidate(entry, "pharmacokinetics", 0.6), candidate(entry, "administration", 0.5)
    assert shown("administration", measured, near) == ["administration"]
    head = dataclasses.replace(measured.entry.head, also=("food_interaction",))
    of_food = dataclasses.replace(measured, entry=dataclasses.replace(measured.entry, head=head))
    assert shown("administration", of_food, near)[0] == "pharmacokinetics"


def test_of_two_medicines_the_passage_that_names_the_other_is_shown(entry: Entry) -> None:
    measured, general = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.47)
    assert shown("drug_interaction", measured, general) == ["drug_interaction"]
    nameless = dataclasses.replace(general, named=0.0)
    assert shown("drug_interaction", measured, nameless)[0] == "pharmacokinetics"
    of_its_class = dataclasses.replace(nameless, dense=0.7)
    assert shown("drug_interaction", measured, of_its_class) == ["drug_interaction"]


def test_a_far_passage_does_not_follow_a_notice_in_place_of_the_one_that_answers(entry: Entry) -> None:
    result = candidate(entry, "clinical_studies", 0.6)
    result = dataclasses.replace(
        result, entry=dataclasses.replace(result.entry, head=dataclasses.replace(result.entry.head, kind=Kind.BENEFIT))
    )
    notice = Route(Outcome.ADVERSE_EVENT, "adverse_reactions", 0.6, retrieve=True, only_safety=True)
    for score, followed in ((0.43, True), (0.40, False)):
        safety = candidate(entry, "adverse_reactions", score)
        head = dataclasses.replace(safety.entry.head, kind=Kind.SAFETY)
        safety = dataclasses.replace(safety, entry=dataclasses.replace(safety.entry, head=head))
        found = choose((result, safety), notice, POLICY)
        assert found.shown == ((safety,) if followed else ())
        assert not found.offered


def test_words_of_the_question_in_the_best_passage_say_that_its_topic_was_misread(entry: Entry) -> None:
    near, other = candidate(entry, "dosage", 0.5), candidate(entry, "warnings", 0.45)
    asked = Route(None, "discontinuation", 0.95, retrieve=True)
    assert choose((near, other), asked, POLICY).shown == ()
    worded = dataclasses.replace(near, lexical=0.9)
    assert choose((worded, other), asked, POLICY).shown[0] is worded


def test_only_what_speaks_against_it_follows_where_only_warnings_may(entry: Entry) -> None:
    dose, warned = candidate(entry, "dosage", 0.63), candidate(entry, "warnings", 0.60)
    asked = Route(None, "warnings", 0.0, retrieve=True, only_warnings=True)
    assert dose not in choose((dose, warned), asked, POLICY).shown


def test_where_it_says_nothing_near_the_measurement_is_shown(entry: Entry) -> None:
    measured, far = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.30)
    assert shown("drug_interaction", measured, far) == ["pharmacokinetics"]


def test_who_asks_for_the_measurement_gets_it(entry: Entry) -> None:
    measured, near = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.47)
    assert shown("pharmacokinetics", measured, near) == ["pharmacokinetics"]


@pytest.mark.parametrize(
    ("apart", "sizes", "expected"),
    [
        (0.07, (900, 900), 2),  # near
        (0.07, (900, 3200), 1),  # near, but together more than anybody reads
        (0.12, (900, 900), 2),  # further away, and short together
        (0.12, (900, 1200), 1),  # further away, and not short
        (0.12, (2100, 10), 1),
        (0.20, (100, 100), 1),  # too far, however short
        (0.12, (500, 500, 500, 500), 3),  # never more than the policy shows
        (0.12, (900, 1200, 900), 1),  # what is too long is not passed over for what is further away
        (0.12, (1000, 1000), 2),  # to the byte
        (0.12, (1000, 1001), 1),
        (0.07, (1000, 3000), 2),
        (0.07, (1000, 3001), 1),
    ],
)
def test_what_is_further_away_is_shown_where_all_stays_short(
    entry: Entry, apart: float, sizes: tuple[int, ...], expected: int
) -> None:
    ranked = []
    for number, size in enumerate(sizes):
        score = 0.6 if number == 0 else 0.6 - apart - number / 1000
        one = candidate(entry, "storage", score)
        head = dataclasses.replace(one.entry.head, id=f"passage-{number}")
        ranked.append(dataclasses.replace(one, entry=dataclasses.replace(one.entry, head=head, size=size)))
    found = choose(ranked, Route(None, "storage", 0.95, retrieve=True), POLICY)
    assert len(found.shown) == expected
    assert sum(one.entry.size for one in found.shown) <= 4000


@pytest.mark.parametrize(
    ("best", "further", "expected"), [(0.6, 0.47, 2), (0.3, 0.2, 2), (0.3, 0.19, 1), (0.2, 0.13, 2)]
)
def test_where_even_the_best_has_little_nothing_further_away_is_shown(
    entry: Entry, best: float, further: float, expected: int
) -> None:
    assert len(shown("storage", candidate(entry, "storage", best), candidate(entry, "dosage", further))) == expected


def test_what_is_near_counts_for_what_is_further_away(entry: Entry) -> None:
    """Together they would be too long, though the further one alone with the best would not."""
    best, near, further = (
        dataclasses.replace(one, entry=dataclasses.replace(one.entry, size=900))
        for one in (
            candidate(entry, "storage", 0.6),
            candidate(entry, "dosage", 0.55),
            candidate(entry, "warnings", 0.48),
        )
    )
    asked = Route(None, "storage", 0.95, retrieve=True)
    assert choose((best, near, further), asked, POLICY).shown == (best, near)
    assert choose((best, further), asked, POLICY).shown == (best, further)
    # A policy that does not know the further margin has none.
    thresholds = POLICY.thresholds.model_copy(update={"passage_margin_short": 0.0})
    before = POLICY.model_copy(update={"thresholds": thresholds})
    assert choose((best, further), asked, before).shown == (best,)
    assert further in choose((best, further), asked, before).offered


def found(**changed: object) -> Found:
    about = {
        "flags": frozenset(),
        "intents": (("dosage", 0.95),),
        "status": LabelStatus.NOT_MENTIONED,
        "asks_use": False,
        "marked": True,
        "compares_beyond_label": False,
        "product_known": True,
    }
    return Found(**(about | changed))  # type: ignore[arg-type]


def test_a_dose_for_what_the_label_does_not_mention_is_referred() -> None:
    assert route(found(), "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_what_to_do_about_a_reaction_is_no_unapproved_use() -> None:
    assert route(found(of_a_reaction=True), "hcp", POLICY).outcome is None
    # Whether the medicine is for it is another question.
    use = found(of_a_reaction=True, intents=(("indication", 0.95),))
    assert route(use, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_who_asks_the_dose_for_another_illness_is_referred_whatever_topic_is_read() -> None:
    asked = found(intents=(("warnings", 0.6),))
    assert route(asked, "hcp", POLICY).outcome is None
    assert route(dataclasses.replace(asked, asks_dose=True), "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    warned = dataclasses.replace(asked, asks_dose=True, spoken_under=frozenset({"warnings"}))
    assert route(warned, "hcp", POLICY).outcome is None


@pytest.mark.parametrize("group", ["pediatric", "geriatric", "renal_impairment", "hepatic_impairment"])
def test_so_is_one_for_a_group_of_patients(group: str) -> None:
    assert route(found(intents=((group, 0.95),)), "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    # What they have besides is not what it would be taken for.
    assert route(found(intents=((group, 0.95),), marked=False), "hcp", POLICY).outcome is None


def test_a_dose_for_what_its_directions_speak_of_is_not() -> None:
    spoken = frozenset(("dosage",))
    assert route(found(spoken_under=spoken), "hcp", POLICY).outcome is None
    # Whether the medicine is for it, only the indication says.
    use = found(spoken_under=spoken, intents=(("indication", 0.95),))
    assert route(use, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_an_illness_that_the_label_warns_of_is_no_use_unless_a_use_is_asked_for() -> None:
    warned = found(spoken_under=frozenset(("warnings",)), intents=(("indication", 0.6),))
    plan = route(warned, "hcp", POLICY)
    assert (plan.outcome, plan.intent, plan.only_warnings) == (None, "warnings", True)
    beyond = dataclasses.replace(warned, intents=(("off_label", 0.95),))
    assert route(beyond, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    assert route(dataclasses.replace(warned, asks_use=True), "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_an_illness_in_few_words_of_which_nothing_is_surely_asked_is_referred() -> None:
    unsure = (("adverse_reactions", 0.33), ("warnings", 0.3))
    bare = found(intents=unsure, few_words=True)
    assert route(bare, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    for more in ({"few_words": False}, {"of_a_reaction": True}, {"intents": (("adverse_reactions", 0.8),)}):
        assert route(found(**({"intents": unsure, "few_words": True} | more)), "hcp", POLICY).outcome is None, more


def test_no_dose_answers_beside_an_illness_that_the_label_does_not_dose(entry: Entry) -> None:
    """ "She takes another one for neuralgia, which stopped helping. What dose of it?" heard as an interaction."""
    dose, interaction = candidate(entry, "dosage", 0.7), candidate(entry, "drug_interaction", 0.6)
    asked: dict[str, Any] = {"intents": (("drug_interaction", 0.5),), "asks_dose": True, "marked": False}
    for flags in (frozenset[Flag](), frozenset((Flag.ADVERSE_EVENT,))):
        plan = route(found(**asked, flags=flags), "hcp", POLICY)
        assert plan.retrieve and dose not in usable_for((dose, interaction), plan, POLICY.thresholds)
    for other in (
        {"asks_dose": False},
        {"status": LabelStatus.INDICATED},
        {"spoken_under": frozenset(("dosage",))},
        {"of_a_reaction": True},
    ):
        plan = route(found(**(asked | other)), "hcp", POLICY)
        assert dose in usable_for((dose, interaction), plan, POLICY.thresholds), other


def test_nothing_that_reports_a_benefit_answers_for_an_illness_that_the_medicine_is_not_for(entry: Entry) -> None:
    trial, warning = candidate(entry, "clinical_studies", 0.7), candidate(entry, "warnings", 0.6)
    trial = dataclasses.replace(
        trial, entry=dataclasses.replace(trial.entry, head=dataclasses.replace(trial.entry.head, kind=Kind.BENEFIT))
    )
    plan = route(found(intents=(("warnings", 0.7),)), "hcp", POLICY)
    assert plan.of_no_use and usable_for((trial, warning), plan, POLICY.thresholds) == [warning]
    # The label itself speaks of it under what is asked, or is for it, or nobody would use the medicine for it.
    for other in (
        {"spoken_under": frozenset(("warnings",))},
        {"status": LabelStatus.INDICATED},
        {"marked": False},
    ):
        plan = route(found(intents=(("warnings", 0.7),), **other), "hcp", POLICY)
        assert usable_for((trial, warning), plan, POLICY.thresholds) == [trial, warning], other


def test_an_illness_alone_of_which_no_passage_speaks_is_referred_whatever_topic_is_read() -> None:
    for topic in ("warnings", "nonclinical", "out_of_scope"):
        asked = found(intents=((topic, 0.95),), unheard_of=True)
        assert route(asked, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION, topic
    heard = found(intents=(("warnings", 0.95),))
    assert route(heard, "hcp", POLICY).outcome is None
    perhaps = found(intents=(("warnings", 0.95),), unheard_of=True, status=LabelStatus.UNSURE)
    plan = route(perhaps, "hcp", POLICY)
    assert plan.retrieve and plan.unsure_of_use  # offered, not shown


def test_an_illness_alone_that_is_warned_of_in_another_course_is_answered_with_the_warning() -> None:
    recent = found(intents=(("clinical_studies", 0.6),), unheard_of=True, warned=(("carditis",),))
    plan = route(recent, "hcp", POLICY)
    assert (plan.outcome, plan.only_warnings, plan.limited) == (None, True, (("carditis",),))
    # A dose or a use that is asked for is one that the label does not give.
    for asked in ({"asks_dose": True}, {"asks_use": True}, {"intents": (("off_label", 0.95),)}):
        other = dataclasses.replace(recent, **asked)
        assert route(other, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_an_illness_that_the_label_speaks_of_is_never_out_of_scope() -> None:
    out = (("out_of_scope", 0.95), ("warnings", 0.03))
    limited = found(intents=out, status=LabelStatus.LIMITED, limited=(("carditis",),))
    plan = route(limited, "hcp", POLICY)
    assert (plan.outcome, plan.limited) == (None, (("carditis",),))
    warned = found(intents=out, spoken_under=frozenset(("boxed_warning",)))
    assert route(warned, "hcp", POLICY).only_warnings
    assert route(found(intents=out, status=LabelStatus.INDICATED), "hcp", POLICY).intent == "indication"
    # Named, but not as what it would be used in; or by nobody's page.
    assert route(found(intents=out, marked=False), "hcp", POLICY).outcome is Outcome.OUT_OF_SCOPE
    assert route(found(intents=out, product_known=False), "hcp", POLICY).outcome is Outcome.OUT_OF_SCOPE


def test_the_bare_name_of_what_it_is_for_is_told_by_the_indication(entry: Entry) -> None:
    heard = (("warnings", 0.7), ("indication", 0.2))
    plan = route(found(intents=heard, status=LabelStatus.INDICATED, bare=True), "hcp", POLICY)
    assert plan.intent == "indication"
    trial, use = candidate(entry, "clinical_studies", 0.9), candidate(entry, "indication", 0.5)
    assert [c.entry.head.topic for c in usable_for([trial, use], plan, POLICY.thresholds)] == ["indication"]
    assert usable_for([trial], plan, POLICY.thresholds) == [trial]
    assert route(found(intents=heard, status=LabelStatus.INDICATED), "hcp", POLICY).intent == "warnings"
    assert route(found(intents=heard, status=LabelStatus.UNSURE, bare=True), "hcp", POLICY).intent == "warnings"


def test_the_dose_for_what_the_label_limits_is_what_it_says_against_it() -> None:
    limited = found(intents=(("dosage", 0.95),), status=LabelStatus.LIMITED, limited=(("carditis",),), asks_dose=True)
    assert route(limited, "hcp", POLICY).limited == (("carditis",),)
    # Where the doses themselves speak of it, or it happened under treatment, the dose is asked for those who have it.
    for other in ({"spoken_under": frozenset(("dosage",))}, {"of_a_reaction": True}, {"marked": False}):
        assert not route(dataclasses.replace(limited, **other), "hcp", POLICY).limited


def instruction(entry: Entry) -> Entry:
    return dataclasses.replace(entry, head=dataclasses.replace(entry.head, kind=Kind.INSTRUCTION))


def test_the_instructions_follow_a_complaint(entry: Entry) -> None:
    intents = (("product_complaint", 0.97), ("storage", 0.01))
    complaint = found(flags=frozenset((Flag.PRODUCT_COMPLAINT,)), intents=intents)
    plan = route(complaint, "patient", POLICY)
    assert (plan.outcome, plan.intent) == (Outcome.PRODUCT_COMPLAINT, "product_complaint")
    assert plan.retrieve and plan.only_safety and plan.by_evidence
    steps, other = candidate(entry, "administration", 0.6), candidate(entry, "drug_interaction", 0.7)
    sure = dataclasses.replace(plan, intent="administration", confidence=0.9)
    steps, other = (dataclasses.replace(c, entry=instruction(c.entry)) for c in (steps, other))
    assert choose((other, steps), sure, POLICY).shown == (steps,)
    harmed = dataclasses.replace(complaint, flags=frozenset((Flag.PRODUCT_COMPLAINT, Flag.ADVERSE_EVENT)))
    assert not route(harmed, "patient", POLICY).retrieve


def test_what_to_do_with_the_dose_goes_before_how_often_it_happened(entry: Entry) -> None:
    often, table = candidate(entry, "warnings", 0.68), candidate(entry, "dosage", 0.46)
    asked = Route(None, "warnings", 0.95, retrieve=True, modifies=True)
    assert choose((often, table), asked, POLICY).shown[0] is table
    assert choose((often, table), dataclasses.replace(asked, modifies=False), POLICY).shown[0] is often
    far = dataclasses.replace(table, score=0.3)
    assert choose((often, far), asked, POLICY).shown[0] is often
    nameless = dataclasses.replace(table, named=0.0)
    assert choose((often, nameless), asked, POLICY).shown[0] is often
    # The row of the grade that is asked for answers however far it is, whatever topic is read.
    row = dataclasses.replace(far, named=0.0, says_what_to_do=True)
    assert choose((often, row), dataclasses.replace(asked, modifies=False), POLICY).shown[0] is row


def test_keep_out_of_reach_of_children_says_nothing_of_children(entry: Entry) -> None:
    reach, said = candidate(entry, "overdose", 0.7), candidate(entry, "pediatric", 0.6)
    asked = Route(None, "pediatric", 0.85, retrieve=True)
    assert choose((reach, said), asked, POLICY).shown == (said,)
    assert choose((reach, said), dataclasses.replace(asked, intent="overdose"), POLICY).shown[0] is reach
    # One that is about children as well stays.
    head = dataclasses.replace(reach.entry.head, also=("pediatric",))
    both = dataclasses.replace(reach, entry=dataclasses.replace(reach.entry, head=head))
    assert choose((both, said), asked, POLICY).shown[0] is both


def test_what_a_medicine_is_says_nothing_of_another(entry: Entry) -> None:
    def overview(kind: Kind) -> Candidate:
        made = candidate(entry, "overview", 0.7)
        return dataclasses.replace(
            made, entry=dataclasses.replace(made.entry, head=dataclasses.replace(made.entry.head, kind=kind))
        )

    purpose, smokers, warned = overview(Kind.BENEFIT), overview(Kind.SAFETY), candidate(entry, "drug_interaction", 0.6)
    asked = Route(None, "drug_interaction", 0.85, retrieve=True)
    assert choose((purpose, warned), asked, POLICY).shown == (warned,)
    # What is to be known of some people ("8.7 Smoking Status") is no purpose.
    assert choose((smokers, warned), asked, POLICY).shown[0] is smokers


def test_a_comparison_that_the_label_itself_reports_is_answered_from_its_trials() -> None:
    asked = found(status=LabelStatus.UNSURE, marked=False, intents=(("comparison", 0.7), ("adverse_reactions", 0.2)))
    assert route(asked, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    plan = route(dataclasses.replace(asked, compares_within_label=True), "hcp", POLICY)
    assert (plan.outcome, plan.intent) == (None, "adverse_reactions")
    bare = dataclasses.replace(asked, compares_within_label=True, intents=(("comparison", 0.97), ("overview", 0.01)))
    assert route(bare, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION  # "A or B?" asks for no result


def test_of_several_illnesses_the_least_approved_counts_where_a_use_is_asked_for() -> None:
    named = (LabelStatus.INDICATED, LabelStatus.NOT_MENTIONED)
    for statuses in (named, named[::-1]):
        assert status_of_all(statuses, use=True) is LabelStatus.NOT_MENTIONED
        assert status_of_all(statuses, use=False) is LabelStatus.INDICATED
    assert status_of_all((LabelStatus.LIMITED, LabelStatus.UNSURE), use=True) is LabelStatus.LIMITED
    assert status_of_all((), use=True) is LabelStatus.UNSURE
    # One that the label may mean beside one that it does makes the use unsure.
    assert status_of_all((LabelStatus.INDICATED, LabelStatus.UNSURE), use=True) is LabelStatus.UNSURE
    # What it must not be given in says nothing of what it is asked for.
    assert status_of_all((LabelStatus.LIMITED, LabelStatus.NOT_MENTIONED), use=False) is LabelStatus.NOT_MENTIONED
    # Asthma beside a colitis that may be the label's is what the patient has besides.
    assert status_of_all((LabelStatus.NOT_MENTIONED, LabelStatus.UNSURE), use=False) is LabelStatus.UNSURE


def test_for_a_use_that_the_label_may_or_may_not_mean_passages_are_only_offered() -> None:
    asked = found(status=LabelStatus.UNSURE, intents=(("indication", 0.95),))
    assert route(asked, "hcp", POLICY).unsure_of_use
    assert route(dataclasses.replace(asked, intents=(("dosage", 0.95),)), "hcp", POLICY).unsure_of_use
    for other in ({"marked": False}, {"status": LabelStatus.INDICATED}, {"intents": (("storage", 0.95),)}):
        assert not route(dataclasses.replace(asked, **other), "hcp", POLICY).unsure_of_use


def test_what_was_studied_besides_is_no_unapproved_use() -> None:
    asked = found(intents=(("clinical_studies", 0.95),))
    assert route(asked, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION
    for topic in ("mechanism", "clinical_studies"):
        assert route(dataclasses.replace(asked, spoken_under=frozenset({topic})), "hcp", POLICY).retrieve
    # A dose for it is one.
    dosed = found(spoken_under=frozenset({"mechanism"}))
    assert route(dosed, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_without_a_word_to_search_for_the_topic_decides(quick: Assistant) -> None:
    entries = retrieval.eligible(quick.index, "zorvanta", Context("hcp", "US", "en", "cli", TODAY))
    asked = "who should not take it"
    query = Query(asked, quick.encoder.encode([asked])[0], (("contraindication", 1.0),))
    best = retrieval.rank(quick.index, entries, query, POLICY.ranking)[0]
    assert best.entry.head.topic == "contraindication"
    assert best.lexical == 0
    assert 0 < best.score <= 1


def test_a_use_is_approved_whoever_asks(quick: Assistant) -> None:
    asks = [Context(audience, "US", "en", "cli", TODAY) for audience in ("hcp", "patient")]
    labels = Labels(quick.index)
    said = [labels.of("zorvanta", where).uses for where in asks]
    assert said[0] and set(said[0]) == set(said[1])
    assert not labels.of("zorvanta", dataclasses.replace(asks[0], market="DE")).uses


def test_what_forbids_the_condition_that_is_named_goes_before_all_else(entry: Entry) -> None:
    nearest, further = candidate(entry, "warnings", 0.6), candidate(entry, "overdose", 0.55)
    forbids = dataclasses.replace(candidate(entry, "contraindication", 0.3), forbids=True)
    for intent in ("warnings", "mechanism", "contraindication", "ingredients"):
        told = shown(intent, nearest, further, forbids)
        assert told[0] == "contraindication"
        assert "overdose" not in told
    assert shown("warnings", nearest, candidate(entry, "dosage", 0.34), forbids) == ["contraindication", "warnings"]
    assert shown("overdose", candidate(entry, "overdose", 0.6), forbids) == ["overdose"]
    elsewhere = dataclasses.replace(forbids, forbids=False)
    assert shown("warnings", nearest, elsewhere) == ["warnings"]


def test_a_groups_passage_goes_before_what_speaks_of_it_in_another_regard(entry: Entry) -> None:
    asked = Route(None, "renal_impairment", 0.95, retrieve=True, group_alone=True)
    own = candidate(entry, "renal_impairment", 0.5)
    for topic in ("overdose", "pregnancy", "drug_interaction"):
        beside = dataclasses.replace(candidate(entry, topic, 0.6), named=0.0)
        assert choose((beside, own), asked, POLICY).shown[0] is own
        assert choose((beside, own), dataclasses.replace(asked, group_alone=False), POLICY).shown[0] is beside
        named = dataclasses.replace(beside, named=0.5)
        assert choose((named, own), asked, POLICY).shown[0] is named


def test_a_groups_dose_goes_before_what_was_measured_and_what_is_said_of_all(entry: Entry) -> None:
    asked = Route(None, "renal_impairment", 0.95, retrieve=True, dosed=True, group_alone=True)
    measured, own = candidate(entry, "pharmacokinetics", 0.6), candidate(entry, "renal_impairment", 0.5)
    also = dataclasses.replace(measured.entry.head, also=("renal_impairment",))
    measured = dataclasses.replace(measured, entry=dataclasses.replace(measured.entry, head=also))
    assert choose((measured, own), asked, POLICY).shown[0] is own
    in_the_body = dataclasses.replace(asked, group_alone=False, measured=True)
    assert choose((measured, own), in_the_body, POLICY).shown[0] is measured
    far = dataclasses.replace(own, score=0.4)
    assert choose((measured, far), asked, POLICY).shown[0] is measured
    doses = dataclasses.replace(candidate(entry, "dosage", 0.47), doses_group=True)
    assert choose((own, doses), asked, POLICY).shown[0] is doses
    elsewhere = dataclasses.replace(doses, doses_group=False)
    assert choose((own, elsewhere), asked, POLICY).shown[0] is own


def test_a_childs_dose_is_none_of_children_with_weak_kidneys(entry: Entry) -> None:
    def of(topic: str, score: float, *also: str) -> Candidate:
        found = candidate(entry, topic, score)
        head = dataclasses.replace(found.entry.head, also=also)
        return dataclasses.replace(found, entry=dataclasses.replace(found.entry, head=head))

    asked = Route(None, "pediatric", 0.95, retrieve=True, dosed=True, of_children=True)
    kidneys, own = of("renal_impairment", 0.6, "pediatric", "dosage"), of("dosage", 0.55, "pediatric")
    groups, measured = of("overview", 0.58, "pediatric", "renal_impairment"), of("pharmacokinetics", 0.57, "pediatric")
    assert [c.entry.head.topic for c in choose((kidneys, groups, measured, own), asked, POLICY).shown] == ["dosage"]
    # Where nothing near tells what children get, and where these groups are asked about, all stay.
    far = dataclasses.replace(own, score=0.3)
    assert choose((kidneys, far), asked, POLICY).shown[0] is kidneys
    assert choose((kidneys, own), dataclasses.replace(asked, of_children=False), POLICY).shown[0] is kidneys


def test_what_names_the_substance_goes_before_what_names_its_class(entry: Entry) -> None:
    of_class = candidate(entry, "contraindication", 0.5)
    by_name = dataclasses.replace(candidate(entry, "drug_interaction", 0.4), by_name=True)
    assert shown("drug_interaction", of_class, by_name)[0] == "drug_interaction"
    # Not where it is far away, nor a report of what was measured, nor where nothing else is asked about.
    far = dataclasses.replace(by_name, score=0.2)
    assert shown("drug_interaction", of_class, far)[0] == "contraindication"
    report = dataclasses.replace(candidate(entry, "pharmacokinetics", 0.4), by_name=True)
    assert shown("drug_interaction", of_class, report)[0] == "contraindication"


def compared(intents: tuple[tuple[str, float], ...], *, within: bool, **said: bool) -> Route:
    found = Found(frozenset(), intents, LabelStatus.UNSURE, False, True, not within, True, compares_within_label=within)
    return route(dataclasses.replace(found, **said), "hcp", POLICY)  # type: ignore[arg-type]


def test_a_result_of_the_labels_own_comparison_is_looked_for_among_its_results() -> None:
    heard = (("comparison", 0.6), ("indication", 0.3), ("clinical_studies", 0.02))
    plan = compared(heard, within=True, asks_result=True)
    assert (plan.outcome, plan.intent, plan.unsure_of_use) == (None, "clinical_studies", False)
    counted = compared((("comparison", 0.6), ("adverse_reactions", 0.3)), within=True, asks_result=True)
    assert counted.intent == "adverse_reactions"
    # What it never compares with stays referred, however surely a number is asked for, if one is to be preferred.
    sure = (("clinical_studies", 0.99),)
    referred = compared(sure, within=False, asks_result=True, prefers=True)
    assert (referred.outcome, referred.intent) == (Outcome.MEDICAL_INFORMATION, "comparison")
    assert compared(heard, within=False, asks_result=True).outcome is Outcome.MEDICAL_INFORMATION


def test_what_is_referred_is_not_answered_behind_a_notice() -> None:
    asked = found(
        flags=frozenset((Flag.ADVERSE_EVENT,)),
        intents=(("dosage", 0.6), ("indication", 0.3)),
        status=LabelStatus.NOT_MENTIONED,
        asks_use=True,
    )
    plan = route(asked, "hcp", POLICY)
    assert plan.outcome is Outcome.ADVERSE_EVENT
    assert not plan.retrieve
    own_use = dataclasses.replace(asked, status=LabelStatus.INDICATED)
    assert route(own_use, "hcp", POLICY).retrieve
