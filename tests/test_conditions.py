"""The condition asked about beside the label's words: the words of its own decide, not those of any illness."""

from __future__ import annotations

import pytest

from assistant.answering import lexical
from assistant.answering.label_status import Label, label_status
from assistant.understanding.conditions import (
    LabelStatus,
    asks_use,
    compare,
    condition_words,
    denied,
    indicating,
    joined,
    of_another_letter,
    spelled_out,
)

INDICATED = frozenset(
    lexical.terms("prevention of pregnancy; management of neuropathic pain and severe acute migraine")
)
LIMITED = frozenset(lexical.terms("not for use in patients with liver disease or active infections of the skin"))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("migraine", LabelStatus.INDICATED),
        ("neuropathic pain", LabelStatus.INDICATED),
        ("pain", LabelStatus.INDICATED),
        ("liver disease", LabelStatus.LIMITED),
        ("endometriosis pain", LabelStatus.NOT_MENTIONED),  # "pain" is of any illness
        ("acute gout attack", LabelStatus.NOT_MENTIONED),
        ("ear infection", LabelStatus.NOT_MENTIONED),
        ("chronic migraine headache", LabelStatus.UNSURE),
        ("", LabelStatus.UNSURE),
    ],
)
def test_the_words_of_its_own_decide(condition: str, status: LabelStatus) -> None:
    assert compare(frozenset(lexical.terms(condition)), INDICATED, LIMITED) is status


def test_an_indication_is_read_sentence_by_sentence_without_its_references() -> None:
    said, denied = indicating(
        "1 USES\nIt is indicated for: • gout flares ( 1.1, 2.1 ) • type 2 diabetes [see Clinical Studies (14)]. "
        "Limitations of Use: It is not recommended for asthma. It has not been established in children."
    )
    assert "gout flares" in said
    assert any("type 2 diabetes" in sentence for sentence in said)
    assert not any("1.1" in sentence or "14" in sentence for sentence in said)
    assert any("asthma" in sentence for sentence in denied)
    assert not any("asthma" in sentence or "children" in sentence for sentence in said)


def label(*uses: str, denied: tuple[str, ...] = (), forbidden: str = "") -> Label:
    sentences = [tuple(frozenset(lexical.terms(joined(each))) for each in part) for part in (uses, denied)]
    return Label(sentences[0], sentences[1], frozenset(lexical.terms(forbidden)), (), " ".join(uses))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("type 2 diabetes", LabelStatus.INDICATED),
        ("type 1 diabetes", LabelStatus.NOT_MENTIONED),  # the label says which type it means
        ("diabetes", LabelStatus.INDICATED),
        ("metastatic pancreatic cancer", LabelStatus.NOT_MENTIONED),  # of cancers, which one tells
        ("lung cancer", LabelStatus.INDICATED),
        ("lung surgery", LabelStatus.UNSURE),  # both words stand there, in no one sentence
        ("asthma", LabelStatus.LIMITED),
        ("colitis", LabelStatus.LIMITED),
        ("hives", LabelStatus.NOT_MENTIONED),
    ],
)
def test_an_illness_is_indicated_where_one_sentence_holds_it(condition: str, status: LabelStatus) -> None:
    said = label(
        "for type 2 diabetes",
        "for lung cancer",
        "for pain after surgery",
        denied=("not for asthma",),
        forbidden="colitis",
    )
    assert label_status(said, condition.split()) is status


def test_another_name_that_stands_there_in_part_makes_nothing_surer() -> None:
    assert label_status(label("for rheumatoid arthritis"), ["gout"]) is LabelStatus.NOT_MENTIONED
    assert label_status(label("for hypertension"), ["high", "blood", "pressure"]) is LabelStatus.INDICATED


def test_a_name_keeps_its_words() -> None:
    assert spelled_out("adult-onset Still's disease") == ("onset", "still")
    assert spelled_out("Crohn\u2019s disease") == ("crohn",)


def test_as_is_shorthand_only_where_it_is_typed_so() -> None:
    assert spelled_out("hypertension as monotherapy") == ("hypertension",)
    assert condition_words("is it approved for hypertension as monotherapy?") == ("hypertension",)
    assert spelled_out("active AS") == spelled_out("active ankylosing spondylitis")
    assert spelled_out("as") == ("ankylosing", "spondylitis")


def test_the_course_of_an_illness_is_not_its_name() -> None:
    assert label_status(label("for ulcerative colitis"), ["colitis", "flare"]) is LabelStatus.INDICATED
    assert label_status(label("for asthma"), ["gout", "flare"]) is LabelStatus.NOT_MENTIONED
    # An attack may be what the illness is.
    assert label_status(label("for heart failure"), ["heart", "attack"]) is not LabelStatus.INDICATED


def test_stages_and_classes_are_given_as_ranges() -> None:
    said = label("for heart failure of NYHA class II-IV", "for stage II or III breast cancer")
    for condition in ("class III heart failure", "stage III breast cancer"):
        assert label_status(said, condition.casefold().split()) is not LabelStatus.NOT_MENTIONED


def test_an_illness_that_is_denied_is_not_asked_about() -> None:
    question = "I have MAC, not TB. Could the medicine be used to treat that, and how much would I take?"
    assert condition_words(question) == ("mac",)
    assert denied(question, question.index("TB"))
    assert not denied(question, question.index("MAC"))
    without = "in a cirrhotic adult without a known urea cycle disorder"
    assert denied(without, without.index("urea"))
    for question, illness in (
        ("no better in gout", "gout"),
        ("is it for this or not? Crohn's disease", "Crohn"),
        ("My doctor said no. Lupus is what I have", "Lupus"),
        ("why not gout?", "gout"),
        ("not only gout", "gout"),
    ):
        assert not denied(question, question.index(illness)), question
    for question in ("I don't have gout", "no history of gout", "rather than gout"):
        assert denied(question, question.index("gout")), question
    assert condition_words("In patients without diabetes, is the medicine for heart failure?") == ("heart", "failure")
    # What it did not respond to is no part of an illness.
    assert condition_words("for neuropathic pain not responding to gabapentin") == ("neuropathic", "pain")


@pytest.mark.parametrize(
    "question",
    [
        "I have to take the medicine. What is it for?",
        "I have a prescription. Nobody told me what the medicine is used for.",
        "She has started the medicine, what is it used for?",
        "We have a formulary review. What are the approved indications?",
    ],
)
def test_what_somebody_has_is_an_illness_only_where_the_question_points_back(question: str) -> None:
    assert condition_words(question) == ()


def test_the_opposite_of_an_illness_is_another() -> None:
    obstructive = label("for symptomatic obstructive hypertrophic cardiomyopathy")
    assert label_status(obstructive, "nonobstructive hypertrophic cardiomyopathy".split()) is LabelStatus.NOT_MENTIONED
    assert label_status(obstructive, "obstructive hypertrophic cardiomyopathy".split()) is LabelStatus.INDICATED
    nonvalvular = label("for stroke in nonvalvular atrial fibrillation")
    assert label_status(nonvalvular, "valvular atrial fibrillation".split()) is LabelStatus.NOT_MENTIONED
    assert label_status(nonvalvular, "atrial fibrillation".split()) is LabelStatus.INDICATED
    # However it is written.
    for condition in ("non valvular atrial fibrillation", "NVAF"):
        assert label_status(nonvalvular, spelled_out(condition)) is LabelStatus.INDICATED
    lungs = label("for non-small cell lung cancer")
    assert label_status(lungs, spelled_out("NSCLC")) is LabelStatus.INDICATED
    assert label_status(lungs, spelled_out("small cell lung cancer")) is LabelStatus.NOT_MENTIONED


def test_an_illness_of_another_letter_is_another() -> None:
    hepatitis = label("for chronic hepatitis C virus (HCV) infection")
    for condition in ("hepatitis B", "HBV", "hepatitis delta HDV"):
        assert label_status(hepatitis, spelled_out(condition)) is LabelStatus.NOT_MENTIONED
    for condition in ("hepatitis C", "HCV", "chronic hepatitis C"):
        assert label_status(hepatitis, spelled_out(condition)) is LabelStatus.INDICATED
    bipolar = label("for manic episodes of bipolar I disorder")
    assert label_status(bipolar, spelled_out("bipolar II")) is LabelStatus.NOT_MENTIONED
    assert label_status(bipolar, spelled_out("bipolar 2")) is LabelStatus.NOT_MENTIONED
    assert label_status(bipolar, spelled_out("bipolar disorder")) is LabelStatus.INDICATED
    both = label("for hemophilia A or B with inhibitors", "for influenza A subtype viruses and type B viruses")
    for condition in ("hemophilia B", "haemophilia A", "influenza B", "influenza type A"):
        assert label_status(both, spelled_out(condition)) is not LabelStatus.NOT_MENTIONED, condition
    assert label_status(label("for hemophilia B"), spelled_out("haemophilia A")) is LabelStatus.NOT_MENTIONED
    # Named without a letter as well, any may be meant.
    without = label("for bipolar I mania", "for depression of bipolar disorder")
    assert label_status(without, ["bipolar", "ii"]) is LabelStatus.UNSURE


def test_a_warning_of_another_letter_is_still_a_warning() -> None:
    said = Label(
        (frozenset(lexical.terms("chronic hepatitis C infection")),),
        (),
        frozenset(),
        (frozenset(lexical.terms("Risk of hepatitis B virus reactivation")),),
        "chronic hepatitis C infection",
    )
    assert label_status(said, spelled_out("HBV")) is LabelStatus.LIMITED


def test_a_patients_guide_says_more_than_uses() -> None:
    guide = (
        "What is it? \u2022 It is a prescription medicine used to treat trouble falling asleep. "
        "\u2022 It is a federally controlled substance because it can be abused with alcohol. "
        "Do not drink alcohol. Keep it in a safe place."
    )
    said, _ = indicating(guide, mixed=True)
    assert any("falling asleep" in sentence for sentence in said)
    assert not any("alcohol" in sentence or "safe place" in sentence for sentence in said)
    for use in ("You take it to treat high blood pressure.", "If you have asthma, it is used for attacks."):
        assert indicating(use, mixed=True)[0] == (use,)
    # An indication proper is read whole.
    assert any("safe place" in sentence for sentence in indicating(guide)[0])


@pytest.mark.parametrize(
    "question",
    [
        "Is there a role for the medicine in lung cancer?",
        "Can the medicine be used to manage alcohol withdrawal?",
        "is it approved for depression?",
        "Can I take it for my migraine?",
        "the medicine off-label for gout",
        "licensed in MS?",
    ],
)
def test_a_use_is_asked_for_in_many_ways(question: str) -> None:
    assert asks_use(question)


@pytest.mark.parametrize("unit", ["i have not for not ", "in patients without ", "for , ", "bipolar and ", "non "])
def test_endless_wording_takes_no_endless_time(unit: str) -> None:
    text = unit * 300 + "can it treat that"
    condition_words(text)
    denied(text, len(text))
    of_another_letter(text, text)
    asks_use(text)
