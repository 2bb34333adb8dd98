"""The second side of a question: what was measured of an interaction, the dose of a group."""

from __future__ import annotations

import pytest

from assistant.understanding.aspects import (
    asks_amount,
    asks_how_much,
    asks_what_becomes_of_it,
    befalls,
    dosed_by_name,
    graded,
    in_notes,
    of_a_reaction,
    says_dose,
    tells_of_grades,
    with_second_side,
)


@pytest.mark.parametrize(
    ("intent", "question", "second"),
    [
        ("drug_interaction", "By how much does verapamil raise its levels?", "pharmacokinetics"),
        ("drug_interaction", "with ketoconazole, AUC up how much?", "pharmacokinetics"),
        ("drug_interaction", "how much exposure is lost on rifampicin", "pharmacokinetics"),
        ("drug_interaction", "Can I take it with verapamil?", ""),
        ("drug_interaction", "how much verapamil may she take", ""),
        ("drug_interaction", "how much ibuprofen can I have before it upsets my stomach", ""),
        ("drug_interaction", "is sun exposure a problem with it", ""),
        ("hepatic_impairment", "Which strength do we start with in Child-Pugh C?", "dosage"),
        ("renal_impairment", "how many mg at eGFR 20", "dosage"),
        ("renal_impairment", "safe on dialysis?", ""),
        ("storage", "what dose may stay in the fridge", ""),
        ("warnings", "Grade 2 pneumonitis, what do we do?", "dosage"),
        ("adverse_reactions", "ALT 9 times ULN, hold it?", "dosage"),
        ("warnings", "when may it be resumed after colitis", "dosage"),
        ("warnings", "can it cause pneumonitis", ""),
        ("discontinuation", "grade 3 colitis, hold it or stop for good?", "dosage"),
        ("discontinuation", "how is it tapered", ""),
    ],
)
def test_the_wording_tells_the_second_side(intent: str, question: str, second: str) -> None:
    found = with_second_side([(intent, 0.9), ("overview", 0.05)], question)
    assert found[0] == (intent, 0.9)
    assert [name for name, share in found[1:] if share > 0.3] == ([second] if second else [])


def test_what_the_model_knows_stays() -> None:
    asked = [("renal_impairment", 0.5), ("dosage", 0.45)]
    assert with_second_side(asked, "which dose at eGFR 20") == asked
    assert with_second_side([], "which dose") == []


def test_a_size_is_asked_for_in_so_many_words() -> None:
    assert asks_how_much("by what percentage does rifampin lower it")
    assert not asks_how_much("does rifampin lower it")
    assert asks_how_much("what did rifampin do to the medicine exposure")
    assert asks_how_much("the effect of rifampin on plasma levels")
    assert not asks_how_much("what to do about rifampin")
    assert not asks_how_much("what happens if rifampin is added")


@pytest.mark.parametrize(
    "question",
    [
        "dose adjustment for ALT over 5 x ULN",
        "platelets 20, do we hold it",
        "when can it be restarted after grade 3 diarrhea",
        "dose reduction for neutropenia",
        "clot while on the medicine, what now",
    ],
)
def test_what_is_done_about_a_reaction_is_told_by_its_wording(question: str) -> None:
    assert of_a_reaction(question)


@pytest.mark.parametrize("question", ["dose for lupus", "how is it dosed in migraine", "start it for gout?"])
def test_an_illness_to_be_treated_is_no_reaction(question: str) -> None:
    assert not of_a_reaction(question)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what is the velocitol dose to use with it", ("velocitol",)),
        ("dose of velocitol before the scan", ("velocitol",)),
        ("the recommended dose of velocitol", ("recommended", "velocitol")),
        ("velocitol maximum dose", ("velocitol",)),
        ("velocitol tablets for a child", ("velocitol",)),
        ("velocitol ointment dose", ("velocitol",)),
        ("what dose may be given with velocitol", ()),
        ("how many tablets", ()),
    ],
)
def test_whose_dose_is_asked_stands_beside_the_word(question: str, words: tuple[str, ...]) -> None:
    assert dosed_by_name(question) == words


def test_an_illness_is_no_medicine_whose_dose_is_asked() -> None:
    assert dosed_by_name("HFpEF dose") == dosed_by_name("nr-axSpA dosing") == dosed_by_name("impotence dose") == ()
    assert dosed_by_name("African-American dose") == dosed_by_name("Asian dosing") == ()


def test_how_often_or_by_what_a_dose_is_given_is_no_medicine() -> None:
    for question in ("biweekly dose", "fortnightly dosing", "twice-daily dose", "weight-based dose", "add-on dose"):
        assert dosed_by_name(question) == (), question
    assert dosed_by_name("African-American dose") == dosed_by_name("Asian dosing") == ()
    assert dosed_by_name("quovendry dose") == ("quovendry",)


@pytest.mark.parametrize(
    ("question", "said"), [("psoriasis dose", True), ("max dosage?", True), ("300 mg", False), ("dose-fold AUC", False)]
)
def test_a_dose_may_be_asked_by_that_word(question: str, said: bool) -> None:
    assert says_dose(question) is said


def test_how_much_for_an_illness_is_no_price() -> None:
    for question in ("how much for RA", "How much of it for gout?", "how much in a child"):
        assert asks_amount(question), question
    for question in ("how much for a box", "how much for gout, and is it covered?", "how much is it", "how much for $"):
        assert not asks_amount(question), question


def test_what_becomes_of_a_medicine_in_the_body_is_told_from_what_to_do_with_it() -> None:
    for question in (
        "Are its levels higher at a CrCl of 20?",
        "t1/2 in Child-Pugh B",
        "is it cleared more slowly in cirrhosis",
        "by how much does exposure rise on dialysis",
    ):
        assert asks_what_becomes_of_it(question), question
    for question in ("May I prescribe it in cirrhosis?", "which dose at a potassium level of 5.8", "safe on dialysis?"):
        assert not asks_what_becomes_of_it(question), question


@pytest.mark.parametrize(
    ("question", "modifies", "is_graded"),
    [
        ("dose mod for G2 mouth sores?", True, True),
        ("G3/4 mouth sores, any?", True, True),
        ("gr 3 mouth sores", True, True),
        ("mouth sores of grade 2", True, True),
        ("dose for mouth sores", False, False),
        ("moderate mouth sores", False, False),
        ("grading of evidence", False, False),
        ("dose for G3 neuroendocrine tumour", False, False),
        ("grade 2 fatigue in glioma", True, True),
    ],
)
def test_what_is_graded_happened_under_treatment(question: str, modifies: bool, is_graded: bool) -> None:
    assert (of_a_reaction(question), graded(question)) == (modifies, is_graded)


@pytest.mark.parametrize(
    ("question", "harm"),
    [
        ("How many with marrow failure progressed to leukaemia?", True),
        ("how many developed gout", True),
        ("incidence of gout", True),
        ("gout vs pbo %?", True),
        ("How many with gout responded?", False),
        ("Which dose for those who progressed to gout?", False),
        ("does it lower the incidence of gout vs placebo", False),
        ("what is given for gout", False),
    ],
)
def test_how_many_come_to_have_an_illness_asks_for_a_harm(question: str, harm: bool) -> None:
    assert befalls(question) is harm


def test_grades_are_written_out_beside_a_change_of_dose_alone() -> None:
    assert in_notes("dose mods for G3/4 rash") == (("G3/4", "Grade 3 or 4"), ("mods", "modifications"))
    assert in_notes("G3/4 rash vs pbo") == ()
    assert in_notes("mod renal impairment, G2") == ()


def test_a_passage_on_doses_tells_of_grades_where_it_tells_what_is_done_for_a_reaction() -> None:
    assert tells_of_grades("Grade 3 rash: withhold ZED.")
    assert not tells_of_grades("Take 5 mg of ZED once a day.")
