"""Other medicines in a question: what ours is compared with, and what a patient takes besides."""

from __future__ import annotations

import pytest

from assistant.understanding.other_medicines import (
    arms_named,
    asks_which_stops_first,
    combined,
    compared_with,
    is_arm,
    names_none,
    outdoes,
    prefers,
    taken,
    taken_beside,
)


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("is it better than warfarin", "warfarin"),
        ("the medicine or xarelto, which lasts longer", "xarelto"),
        ("walking distance gained vs pbo at week 53", ""),
        ("relapse rate, the medicine versus placebo", ""),
        ("one 800 in place of a pair of 400s?", ""),
        ("less nausea than adults have?", ""),
        ("what is it for", ""),
        ("encorafenib vs the medicine, rash", "encorafenib"),
        ("better than placebo? and versus warfarin?", "warfarin"),
        ("adding the medicine vs adding rasagiline", "rasagiline"),
        ("head to head v trioctanoin, events?", "trioctanoin"),
        ("the iv form", ""),
        ("is it safe with factor V Leiden?", ""),
        ("with i.v. ketorolac?", ""),
        ("in stage V ckd?", ""),
        ("the medicine or xarelto, who has more responders", "xarelto"),
        ("the bypass study against isoflurane", "isoflurane"),
        ("events: smokers vs pts on other pills", ""),
        ("median PFS vs SOC", ""),
        ("H2H vs cetuximab?", "cetuximab"),
        ("how does it stack up against 4 months of daily rifampin?", "rifampin"),
        ("vs sodium benzoate, does ours hold ammonia lower?", "benzoate"),
        ("better than one of the two?", ""),
        ("more than twice daily?", ""),
        ("QTc more than 500 msec, do we stop?", ""),
        ("platelets less than 50 x10^9/L", ""),
        ("eGFR is less than 30 mL/min", ""),
        ("for a child less than 2 years of age", ""),
        ("does the needle line up with the arrow?", ""),
    ],
)
def test_what_a_medicine_is_compared_with_is_a_medicine(question: str, other: str) -> None:
    assert compared_with(question) == other


@pytest.mark.parametrize(
    ("question", "substances", "beside"),
    [
        ("he takes only metoprolol, we want to start it on Monday, how many mg?", ["metoprolol"], True),
        ("on warfarin and with diltiazem, is this fine at 70?", ["warfarin", "diltiazem"], True),
        ("what is the dose of metformin?", ["metformin"], False),
        ("metformin, how is it stored?", ["metformin"], False),
        ("Does background methotrexate change how well it works?", ["methotrexate"], True),
        ("she takes aspirin", ["aspirin"], False),  # nothing says that another medicine is asked about
        ("how is it stored?", [], False),
    ],
)
def test_what_is_taken_besides_is_not_what_is_asked_about(question: str, substances: list[str], beside: bool) -> None:
    assert taken_beside(question, substances) is beside


def test_a_preference_is_asked_for_in_so_many_words() -> None:
    assert prefers("the medicine vs rasagiline - which is better?")
    assert prefers("the medicine vs ifosfamide - which causes more cystitis?")
    assert prefers("vs sodium benzoate, does ours hold ammonia lower?")
    assert not prefers("hazard ratio vs sorafenib in the trial, which had 400 patients")
    assert prefers("more active than quovendry in the brain?")
    assert not prefers("hot flushes against tamoxifen, how many?")


def test_who_takes_something_says_so() -> None:
    assert taken("My epileptic patient stays on phenytoin. Which dose?", ["phenytoin"])
    assert taken("Epileptic patient who cannot come off phenytoin. Which dose?", ["phenytoin"])
    assert not taken("Should she come off phenytoin for it?", ["phenytoin"])
    assert not taken("dose with cisplatin and irradiation", [])
    # What is given together with it for one illness is not taken for another.
    assert not taken("What dose of the medicine with methotrexate for Crohn's disease?", ["methotrexate"])
    assert not taken("the medicine plus cisplatin for head and neck cancer?", ["cisplatin"])
    assert not taken("Is phenytoin an option in epilepsy?", ["phenytoin"])


@pytest.mark.parametrize(
    "report",
    [
        "Zorvanta was compared with oral quovendry 40 mg in 300 adults.",
        "Response was seen in 40% versus 20% on quovendry.",
        "Patients were randomized 1:1 to receive zorvanta 2.5 mg or quovendry.",
        "A quovendry-controlled trial of 52 weeks.",
        "Zorvanta (N = 210) Quovendry 20 mg (N = 215) Hot flush 35 30",
        "Events in the quovendry 20 mg group were fewer.",
        "Zorvanta in combination with carboplatin versus quovendry",
        "similar between zorvanta and quovendry",
    ],
)
def test_what_a_trial_sets_beside_the_medicine_is_an_arm(report: str) -> None:
    assert is_arm("quovendry", report)


@pytest.mark.parametrize(
    "report",
    [
        "Patients had received a prior inhibitor (including quovendry [82%]).",
        "Patients were on background quovendry, with placebo or zorvanta added.",
        "Zorvanta was studied as add-on to quovendry compared with placebo.",
        "Zorvanta was compared with placebo in patients who took quovendry.",
        "Zorvanta + Quovendry (N = 223) Placebo + Quovendry (N = 224)",
        "Patients previously treated with quovendry (n = 56) responded.",
        "versus placebo for the total group (quovendry with and without metformin)",
        "Half were on quovendry monotherapy at baseline.",
        "Zorvanta versus placebo plus quovendry",
        "",
    ],
)
def test_what_patients_took_besides_or_before_is_no_arm(report: str) -> None:
    assert not is_arm("quovendry", report)


@pytest.mark.parametrize(
    "unit", ["compared with a ", "randomized to a or ", "between a and ", "quovendry (", "prior a "]
)
def test_an_endless_report_takes_no_endless_time(unit: str) -> None:
    is_arm("quovendry", unit * 3000 + "quovendry")


@pytest.mark.parametrize(
    ("question", "more"),
    [
        ("Does the medicine raise the pulse more than borfenzal?", True),
        ("is it stopped sooner than borfenzal", True),
        ("does borfenzal raise its levels more than food", False),
        ("more than two a day?", False),
    ],
)
def test_who_asks_whether_it_does_more_than_another(question: str, more: bool) -> None:
    assert outdoes(question) is more


@pytest.mark.parametrize(
    ("question", "preferred"),
    [
        ("the medicine vs borfenzal, which stops more attacks?", True),
        ("the medicine vs borfenzal: who sleeps longer", True),
        ("the medicine vs borfenzal, rash %", False),
        ("the medicine vs borfenzal in the trial, which had 300 patients", False),
    ],
)
def test_which_of_two_does_more_asks_which_is_preferred(question: str, preferred: bool) -> None:
    assert prefers(question) is preferred


def test_what_stands_beside_a_comparison_is_an_arm() -> None:
    assert arms_named("wk 8 TL vs HQ+RA?") == ("TL", "HQ", "RA")
    assert arms_named("local pain, fos vs IV PHT") == ("fos", "PHT")
    assert arms_named("what is it for") == ()
    assert combined("wk 8 TL vs HQ+RA?") == ("HQ+RA",)
    assert combined("wk 8 TL vs lonsurf + bev?") == ()


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("In a patient on both, which is withdrawn first, borfenzal or the medicine?", True),
        ("borfenzal and the medicine, which one do I taper first", True),
        ("borfenzal and the medicine, which one should be given first", False),
        ("which is better first line", False),
    ],
)
def test_which_of_two_is_stopped_first_compares_nothing(question: str, order: bool) -> None:
    assert asks_which_stops_first(question) is order


def test_an_arm_may_have_its_share_before_the_word_for_it() -> None:
    text = "Suppression was alike in the drop by drop (93%) and straight to vein (99%) groups."
    assert is_arm("straight to vein", text) and not is_arm("suppression", text)
    assert names_none("placebo") and not names_none("borfenzal")
