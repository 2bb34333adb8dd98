"""What sections are about: by title, number and code together, and the text most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.content.sections import classify, is_boxed_warning
from assistant.domain import COMPANION_ROLES, SLOT_VALUES, TOPICS, Kind


def meaning(
    title: str,
    number: str = "",
    loinc: str = "",
    text: str = "",
    top: str = "",
    patient: bool = False,
    otc: bool = False,
):
    path = tuple(line for line in (top, f"{number} {title}".strip()) if line)
    return classify(loinc=loinc, number=number, title=title, path=path, text=text, patient=patient, otc=otc)


def of_drug_facts(loinc: str, title: str, text: str = ""):
    return meaning(title, loinc=loinc, text=text, otc=True)


def of_leaflet(title: str, text: str = ""):
    return of_drug_facts("42229-5", title, f"{title} {text}")


@pytest.mark.parametrize(
    ("number", "title", "loinc", "top", "topic", "also"),
    [
        ("2.3", "Missed Dose", "34068-7", "2 DOSAGE AND ADMINISTRATION", "missed_dose", {"dosage"}),
        ("2.5", "Dosage in Renal Impairment", "", "2 DOSAGE AND ADMINISTRATION", "renal_impairment", {"dosage"}),
        ("2.2", "Adult Kidney, Liver or Heart Transplant", "", "2 DOSAGE AND ADMINISTRATION", "dosage", set()),
        ("2.3", "Kidney or Liver Disease", "", "2 DOSAGE AND ADMINISTRATION", "renal_impairment", {"dosage"}),
        ("2.2", "Recommended Dosage in Pediatric Patients", "", "2 DOSAGE", "dosage", {"pediatric"}),
        ("2.4", "Preparation and Administration", "", "2 DOSAGE AND ADMINISTRATION", "administration", set()),
        ("2.6", "Discontinuation of Treatment", "", "2 DOSAGE AND ADMINISTRATION", "discontinuation", {"dosage"}),
        ("3", "DOSAGE FORMS AND STRENGTHS", "43678-2", "", "how_supplied", set()),
        ("5.4", "Embryo-Fetal Toxicity", "", "5 WARNINGS AND PRECAUTIONS", "warnings", {"pregnancy"}),
        ("5.9", "Withdrawal Reactions", "", "5 WARNINGS AND PRECAUTIONS", "warnings", {"discontinuation"}),
        ("7.3", "Grapefruit Juice", "34073-7", "7 DRUG INTERACTIONS", "drug_interaction", {"food_interaction"}),
        ("8.2", "Lactation", "34079-4", "8 USE IN SPECIFIC POPULATIONS", "lactation", set()),
        ("8.6", "Type 2 Diabetes", "88828-9", "8 USE IN SPECIFIC POPULATIONS", "renal_impairment", set()),
        ("8.7", "Hepatic Impairment", "", "8 USE IN SPECIFIC POPULATIONS", "hepatic_impairment", set()),
        ("9.2", "Abuse", "", "9 DRUG ABUSE AND DEPENDENCE", "abuse_dependence", set()),
        ("11", "DESCRIPTION", "34089-3", "", "ingredients", {"overview"}),
        ("12.1", "Mechanism of Action", "", "12 CLINICAL PHARMACOLOGY", "mechanism", set()),
        (
            "12.3",
            "Patients with Renal Impairment",
            "",
            "12 CLINICAL PHARMACOLOGY",
            "pharmacokinetics",
            {"renal_impairment"},
        ),
        ("15", "Resistance", "", "15. MICROBIOLOGY/RESISTANCE INFORMATION", "mechanism", set()),
        ("13.1", "Carcinogenesis", "", "13 NONCLINICAL TOXICOLOGY", "nonclinical", set()),
        ("16.2", "Storage and Handling", "", "16 HOW SUPPLIED/STORAGE AND HANDLING", "storage", set()),
        ("", "Nursing Mothers", "34080-2", "PRECAUTIONS", "lactation", set()),
        ("", "Usage in Pregnancy", "", "PRECAUTIONS", "pregnancy", set()),
        ("", "Information for Patients", "34076-0", "PRECAUTIONS", "patient_counseling", set()),
        ("", "Do not use", "50570-1", "Warnings", "contraindication", {"warnings"}),
        ("", "Keep out of reach of children", "50565-1", "Warnings", "overdose", set()),
        ("", "Directions", "34068-7", "", "dosage", {"administration"}),
        ("", "Inactive ingredients", "51727-6", "", "ingredients", set()),
    ],
)
def test_sections_of_professional_and_drug_facts_labels(
    number: str, title: str, loinc: str, top: str, topic: str, also: set[str]
) -> None:
    found = meaning(title, number, loinc, top=top)
    assert found.topic == topic
    assert also <= set(found.also)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("What is Zorvanta?", "overview"),
        ("What is Zorvanta used for?", "indication"),
        ("Who should not take Zorvanta?", "contraindication"),
        ("How should I take Zorvanta?", "administration"),
        ("What should I do if I miss a dose?", "missed_dose"),
        ("What are the possible side effects of Zorvanta?", "adverse_reactions"),
        ("How should I store Zorvanta?", "storage"),
        ("What are the ingredients in Zorvanta?", "ingredients"),
        ("General information about the safe and effective use of Zorvanta", "patient_counseling"),
    ],
)
def test_questions_of_medication_guides(title: str, topic: str) -> None:
    assert meaning(title, loinc="42231-1", patient=True).topic == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("If a dose is missed, take it the next day.", "missed_dose"),
        ("Take with or without food.", "food_interaction"),
        ("Avoid alcohol.", "food_interaction"),
        ("In case of overdose call the poison control center.", "overdose"),
        ("Store in the original carton.", "storage"),
        ("It is not known whether it passes into breast milk.", "lactation"),
        ("Patients who are pregnant", "pregnancy"),
        ("It is not known if ZORVANTA is safe and effective in children.", "pediatric"),
        ("Call if you miss an appointment.", "missed_dose"),
        ("Withhold for at least 5 days prior to elective surgery.", "discontinuation"),
        ("Renally-impaired patients need the same.", "renal_impairment"),
        ("In hepatically impaired patients nothing is known.", "hepatic_impairment"),
        ("Use 2 puffs 1 time each day.", "dosage"),
    ],
)
def test_words_of_the_text_add_topics(text: str, topic: str) -> None:
    assert topic in meaning("Other matters", "5.1", top="5 WARNINGS AND PRECAUTIONS", text=text).also


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Store in a safe place out of the reach of children.", "pediatric"),
        ("Not used in patients over 65 years of age.", "pediatric"),
        ("Missing data were counted as treatment failures.", "missed_dose"),
        ("Adrenal insufficiency was reported with long use.", "renal_impairment"),
        ("Use two tablets to test the device.", "dosage"),
    ],
)
def test_false_friends_add_no_topic(text: str, topic: str) -> None:
    assert topic not in meaning("Other matters", "5.1", text=text).also


@pytest.mark.parametrize(
    ("title", "about"), [("Adrenal Insufficiency", ()), ("Renal Insufficiency", ("renal_impairment",))]
)
def test_the_adrenals_are_no_kidneys(title: str, about: tuple[str, ...]) -> None:
    assert meaning(title, "5.6", top="5 WARNINGS AND PRECAUTIONS", text="It may happen.").population == about


@pytest.mark.parametrize("text", ["contains benzyl alcohol", "wipe with an alcohol swab", "in human milk"])
def test_false_friends_add_no_food(text: str) -> None:
    assert "food_interaction" not in meaning("Other matters", "5.1", text=text).also


# --- Drug Facts (21 CFR 201.66) ---------------------------------------------------------------------------------------


def test_what_to_ask_a_pharmacist_is_about_interactions_and_what_to_ask_a_doctor_is_not() -> None:
    pharmacist = of_drug_facts("50568-5", "Ask a doctor or pharmacist before use if you are", "taking dullness pills")
    assert pharmacist.topic == "drug_interaction" and {"warnings", "contraindication"} <= set(pharmacist.also)
    doctor = of_drug_facts("50569-3", "Ask a doctor before use if you have", "a dull liver")
    assert doctor.topic == "warnings" and "drug_interaction" not in doctor.also


def test_a_purpose_is_no_statement_of_use_but_where_it_states_one() -> None:
    purpose = of_drug_facts("55105-1", "Purpose", "Purpose Enlivener")
    assert purpose.topic == "overview" and not purpose.serves and "indication" not in purpose.also
    uses = of_drug_facts("55105-1", "Purpose", "For the temporary relief of dullness")
    assert uses.topic == "indication" and uses.serves == ("indication",)
    assert of_drug_facts("34067-9", "Uses", "Uses relieves dullness").serves == ("indication",)


def test_telephone_numbers_and_seals_praise_nothing() -> None:
    benefit = ("indication", "overview", "clinical_studies", "mechanism")
    assert of_drug_facts("53413-1", "Questions", "Questions? 1-800-555-0100").topic not in benefit
    seal = of_leaflet("TAMPER EVIDENT", "Do not use if the pouch is torn.")
    assert seal.topic == "how_supplied" and seal.kind == Kind.INSTRUCTION
    assert of_leaflet("Visit us", "at www.example.com").topic == "patient_counseling"


def test_keeping_it_from_children_says_nothing_of_their_use() -> None:
    text = "Keep out of reach of children. An overdose is dangerous for adults and for children."
    kept = of_drug_facts("50565-1", "Keep out of reach of children", text)
    assert kept.topic == "overdose" and "pediatric" not in kept.also and not kept.population
    assert "pediatric" in of_drug_facts("34068-7", "Directions", "children and other children: half a tablet").also


@pytest.mark.parametrize(
    ("loinc", "text", "about"),
    [
        ("34067-9", "for dull adults, 18 years and older", True),
        ("34068-7", "adults and children 12 years of age and over: 1 tablet", True),
        ("34068-7", "adults & children 12 yrs & over: 1 tablet", True),
        ("34068-7", "adults 65 years of age and older: ask a doctor", False),
        ("60561-8", "for those 12 years and over", False),
    ],
)
def test_the_age_from_which_it_may_be_used_is_about_children(loinc: str, text: str, *, about: bool) -> None:
    assert ("pediatric" in of_drug_facts(loinc, "Directions", text).also) is about


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("The chance is higher if you are age 60 or older.", "geriatric"),
        ("if you vomit within 2 hours of taking it, ask a doctor", "missed_dose"),
        ("higher if you take a blood thinning (anticoagulant) or steroid drug", "drug_interaction"),
        ("if you are taking a water pill", "drug_interaction"),
        ("with other drugs containing norvastigline", "drug_interaction"),
        ("more than 8 tablets in 24 hours, which is the maximum daily amount", "dosage"),
    ],
)
def test_a_consumer_s_words_add_topics(text: str, topic: str) -> None:
    assert topic in of_drug_facts("34071-1", "Warnings", text).also
    assert topic not in of_drug_facts("34071-1", "Warnings", "may cause dullness if you are 40 and vomit").also


def test_breast_feeding_is_known_with_any_dash() -> None:
    for dash in "-‐‑–—":
        assert "lactation" in of_drug_facts("34071-1", "Warnings", f"If pregnant or breast{dash}feeding, ask.").also
        assert meaning(f"Breast{dash}feeding", "8.2", top="8 USE IN SPECIFIC POPULATIONS").topic == "lactation"


def test_warnings_that_hold_several_sections_are_about_each() -> None:
    text = "Do not use if dull. Stop use and ask a doctor if it hurts. Keep out of reach of children."
    found = of_drug_facts("34071-1", "Warnings", text)
    assert {"contraindication", "adverse_reactions", "discontinuation", "overdose"} <= set(found.also)


def test_birth_control_in_what_a_contraceptive_is_for_is_no_fertility() -> None:
    assert "reproductive_potential" not in of_drug_facts("34067-9", "Use", "if you did not use birth control").also
    assert "reproductive_potential" in of_drug_facts("34067-9", "Use", "has no effect on fertility").also
    assert "reproductive_potential" in of_drug_facts("50570-1", "Do not use", "for regular birth control").also
    assert "reproductive_potential" in meaning("Other matters", "5.1", text="Use birth control.").also


@pytest.mark.parametrize(
    ("title", "text", "topic"),
    [
        ("What is Zorvanta?", "", "overview"),
        ("What problems can Zorvanta help with?", "", "overview"),
        ("How does Zorvanta work?", "", "mechanism"),
        ("Will I experience any side effects?", "", "adverse_reactions"),
        ("Will Zorvanta make me drowsy?", "No.", "adverse_reactions"),
        ("What Zorvanta is not", "It will not help a cold.", "contraindication"),
        ("When not to use Zorvanta", "", "contraindication"),
        ("Can I use Zorvanta for a cold?", "No, it is for dullness alone.", "contraindication"),
        ("Can I use Zorvanta for a cold?", "Ask a doctor.", "warnings"),
        ("Is Zorvanta OK to use with other medicines?", "", "drug_interaction"),
        ("What if I miss a dose by accident?", "", "missed_dose"),
        ("What if my symptoms aren't better after one week?", "", "discontinuation"),
        ("Why does it have a smell?", "", "ingredients"),
        ("Why do I have to shake it?", "", "administration"),
        ("How long should a bottle last?", "", "how_supplied"),
        ("How soon will I get relief?", "", "overview"),
        ("What if I have a dull ache?", "Stop using it and see a doctor.", "warnings"),
        ("Zorvanta makes mornings bright", "Thousands wake up well.", "overview"),
    ],
)
def test_a_leaflet_means_what_its_questions_and_headings_say(title: str, text: str, topic: str) -> None:
    found = of_leaflet(title, text)
    assert found.topic == topic and not found.serves


def test_the_same_section_of_a_prescription_label_is_read_as_ever() -> None:
    assert meaning("Why does it have a smell?", loinc="42229-5").topic == "overview"
    assert meaning("What is Zorvanta used for?", loinc="42231-1", patient=True).topic == "indication"
    assert "geriatric" not in meaning("Warnings", loinc="34071-1", text="if you are age 60 or older").also


def test_roles_and_what_is_never_an_answer() -> None:
    assert meaning("WARNING: BLEEDING", loinc="34066-1").serves == ("boxed_warning",)
    assert meaning("INDICATIONS AND USAGE", "1", "34067-9").serves == ("indication",)
    assert not meaning("PRINCIPAL DISPLAY PANEL", loinc="51945-4").retrieve
    assert not meaning("", loinc="43683-2").retrieve
    assert not is_boxed_warning(loinc="34066-1", number="2.1", title="Dosing", text="")


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("Rx only", False),
        ("## Other\n\nRx Only.", False),
        ("![](viagra-10.jpg)\n\nLAB-0221-19.0", False),
        ("Representative sample of labeling (see the HOW SUPPLIED section for complete listing):", False),
        ("None.", True),
        ("Rx only for use in hospitals", True),
        ("![](figure-1.jpg)\n\nFigure 1: time to first relapse", True),
        ("ATTENTION: USE ONLY IF TABLET BLISTER SEALS ARE UNBROKEN.", True),
    ],
)
def test_what_says_nothing_by_itself_is_no_answer(text: str, *, speaks: bool) -> None:
    assert meaning("Other", text=text).retrieve is speaks
    assert meaning("Other", text=text, patient=True).retrieve is speaks
    # A boxed warning stays one, whatever stands in it.
    assert meaning("WARNING: BLEEDING", loinc="34066-1", text=text).serves == ("boxed_warning",)


@pytest.mark.parametrize(
    ("text", "topic", "told"),
    [
        ("The mixture is stable for 9 days at room temperature in amber glass.", "storage", True),
        ("Patients were stable for 9 days before the first dose.", "storage", False),
        ("It is discontinued at least 40 hours prior to a long journey.", "discontinuation", True),
        ("Never stop this medicine without asking.", "discontinuation", True),
        ("It was discontinued in 4% of patients.", "discontinuation", False),
    ],
)
def test_words_tell_how_long_it_keeps_and_how_it_is_ended(text: str, topic: str, *, told: bool) -> None:
    found = meaning("Making a Syrup", "2.2", text=text, top="2 DOSAGE AND ADMINISTRATION")
    assert (topic in found.also) is told


@given(
    st.text(max_size=20) | st.sampled_from(["42229-5", "50565-1", "55105-1", "34071-1"]),
    st.text(max_size=5),
    st.text(max_size=40),
    st.text(max_size=200),
    st.booleans(),
    st.booleans(),
)
def test_it_is_total_and_speaks_the_domain_s_words(
    loinc: str, number: str, title: str, text: str, patient: bool, otc: bool
) -> None:
    found = classify(loinc=loinc, number=number, title=title, path=(title,), text=text, patient=patient, otc=otc)
    assert found.topic in TOPICS
    assert set(found.also) <= set(TOPICS) - {found.topic}
    assert set(found.population) <= set(SLOT_VALUES["population"])
    assert set(found.serves) <= set(COMPANION_ROLES)
