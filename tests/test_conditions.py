"""The condition asked about beside the label's words: the words of its own decide, not those of any illness."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.answering.label_status import (
    Label,
    beyond_stage,
    compares_beyond_label,
    compares_within_label,
    forbids,
    label_status,
    lacks_what_is_required,
    limited_as,
    of_another_type,
    speaks_against,
    spoken_against,
)
from assistant.domain import Context, Kind
from assistant.understanding.conditions import (
    LabelStatus,
    asks_use,
    compare,
    condition_words,
    core_of,
    denied,
    denied_words,
    spelled_out,
)
from assistant.understanding.illness_alone import (
    brought_about_by,
    illness_alone,
    illness_at_first,
    illness_dosed,
    illness_in_shorthand,
    illness_itself,
    is_bare,
    named_alone,
    without_age,
)
from assistant.understanding.illness_types import joined, of_another_letter
from assistant.understanding.indications import indicating, required

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
        "Limitations of Use: It is not recommended for asthma. It has not been established in children. "
        "It is unknown whether patients with a history of gallstones are at risk."
    )
    assert "gout flares" in said
    assert any("gallstones" in sentence for sentence in denied)
    assert any("type 2 diabetes" in sentence for sentence in said)
    assert not any("1.1" in sentence or "14" in sentence for sentence in said)
    assert any("asthma" in sentence for sentence in denied)
    assert not any("asthma" in sentence or "children" in sentence for sentence in said)


def test_items_under_a_group_are_for_that_group() -> None:
    said, _ = indicating("ZED is indicated for:\nAdult patients with:\nGout.\nLupus.\nChildren with:\nSprue.")
    assert said[-3:] == ("Adult patients with Gout.", "Adult patients with Lupus.", "Children with Sprue.")
    said, _ = indicating("Adult patients with:\nGout.\nZED is indicated for sprue.\nLupus.")
    assert said[-2:] == ("ZED is indicated for sprue.", "Lupus.")  # a statement of its own ends the group


def test_a_limitation_of_use_is_no_use() -> None:
    said, denied = indicating("For asthma. Limitations of Use: Not for the relief of acute bronchospasm.")
    assert said == ("For asthma.",)
    assert any("bronchospasm" in sentence for sentence in denied)
    said, denied = indicating(
        "For gout. Zed is not established in: Adults with mumps. Children with measles. 1.4 Zed is used in rabies."
    )
    assert said == ("For gout.", "1.4 Zed is used in rabies.")
    assert {"Adults with mumps.", "Children with measles."} <= set(denied)
    # What a question of doses leads to, or a list of uses, is none.
    said, denied = indicating("It is not known if Zed is safe in children with: Gout under 6 years of age. Mumps.")
    assert (said, len(denied)) == ((), 3)
    assert len(indicating("Zed is indicated for: gout; mumps.")[0]) == 3


def test_other_forms_of_an_illness_are_limited() -> None:
    said = label("for chronic spontaneous urticaria", denied=("not indicated for other forms of urticaria",))
    for condition, status in (
        ("cold urticaria", LabelStatus.LIMITED),
        ("chronic spontaneous urticaria", LabelStatus.INDICATED),
        ("chronic idiopathic urticaria", LabelStatus.INDICATED),
        ("urticaria", LabelStatus.INDICATED),
        ("cold agglutinin disease", LabelStatus.NOT_MENTIONED),
    ):
        assert label_status(said, spelled_out(condition)) is status, condition
    assert limited_as(said, ("cold", "urticaria"))[:2] == ("other", "form")
    assert limited_as(said, ("asthma",)) == ("asthma",)
    plain = label("for chronic spontaneous urticaria")
    assert label_status(plain, spelled_out("cold urticaria")) is LabelStatus.UNSURE


def test_an_acute_asthma_attack_is_acute_bronchospasm() -> None:
    said = label("maintenance treatment of asthma", denied=("not indicated for the relief of acute bronchospasm",))
    assert label_status(said, spelled_out("acute asthma attack")) is LabelStatus.LIMITED
    assert label_status(said, spelled_out("asthma")) is LabelStatus.INDICATED


def test_an_adjective_names_its_illness() -> None:
    said = label("irritability associated with autistic disorder", "acute manic episodes", "psoriatic arthritis")
    for condition in ("autism", "autism irritability", "autistic", "mania"):
        assert label_status(said, spelled_out(condition)) is LabelStatus.INDICATED, condition
    assert label_status(said, ("schizophrenic",)) is LabelStatus.NOT_MENTIONED
    # The skin's illness is not the joints'.
    assert label_status(said, ("psoriasis",)) is not LabelStatus.INDICATED


def test_a_reference_in_a_full_stops_place_ends_a_sentence() -> None:
    said, _ = indicating("Treatment of gout in adults ( 1.1 ) Prevention of carditis in children ( 1.2, 1.3 ) Asthma.")
    assert said == ("Treatment of gout in adults.", "Prevention of carditis in children.", "Asthma.")
    assert indicating("Treatment of gout ( 1.1 ) in adults.")[0] == ("Treatment of gout   in adults.",)


def test_what_is_said_of_a_class_is_no_use_of_the_medicine() -> None:
    text = (
        "1.1 Hypertension Quilvera is indicated for hypertension. Lowering it lowers the risk of strokes. "
        "Control of blood pressure should be part of a whole, including lipid control. "
        "Numerous such drugs have been shown to reduce mortality in gout. "
        "Some antihypertensive drugs have other effects, and many drugs have more indications (e.g., on angina). "
        "These considerations may guide the selection. "
    )
    said = " ".join(indicating(text)[0])
    assert "indicated for hypertension" in said
    assert "strokes" in said
    assert not any(word in said for word in ("angina", "gout", "lipid", "considerations"))
    own = "Some patients with gout may use it. Other forms of the medicine are used for asthma."
    assert len(indicating(own)[0]) == 2


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


def test_a_label_that_tells_no_types_apart_means_each() -> None:
    assert label_status(label("to improve control of diabetes mellitus"), ["type", "2", "diabetes"]) is (
        LabelStatus.INDICATED
    )
    assert label_status(label("for type 1 diabetes mellitus"), ["type", "2", "diabetes"]) is LabelStatus.NOT_MENTIONED


def test_how_an_illness_runs_is_none() -> None:
    assert spelled_out("acute") == spelled_out("chronic") == ()
    assert spelled_out("acute pain") == ("acute", "pain")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("mesothelioma", "mesothelioma"),
        ("Renal cell carcinoma?", "renal cell carcinoma"),
        ("IBD dose", "inflammatory bowel disease"),
        ("a fib dose", "atrial fibrillation"),
        ("HCM", "hypertrophic cardiomyopathy"),
        ("graft-versus-host disease", "graft versus host disease"),
        ("bulimia", "bulimia"),
        ("nr-axSpA dose", "nonradiographic axial spondyloarthritis"),
        ("acute pancreatitis dose", "acute pancreatitis"),
        ("history of pancreatitis", "pancreatitis"),
        ("I had a blood clot 5 years ago", "blood clot"),
        ("the medicine for trigeminal neuralgia", "trigeminal neuralgia"),
        ("starting dose in type 2 diabetes", "type 2 diabetes"),
        ("max dose asthma \u226512", "asthma"),
        ("tension-type headache", "tension type headache"),
        ("jet lag dose", "jetlag"),
        ("atelectasis", "atelectasis"),
        ("shift-work sleep disorder", "shift sleep"),
        ("narrow angle glaucoma contraindicated?", "narrow angle glaucoma"),
        ("neutropenia dose change", "neutropenia"),
        ("the medicine-induced anemia", "anemia"),
    ],
)
def test_an_illness_may_be_all_that_is_asked(question: str, words: str) -> None:
    assert illness_alone(question) == tuple(words.split())


@pytest.mark.parametrize(
    "question",
    [
        "storage",
        "side effects",
        "platelets",
        "does it cause anemia",
        "how to manage pneumonitis grade 3",
        "recommended dosage for a patient without asthma",
        "is there a role in severe carditis",
        "PE treatment with ticagrelor",
        "tumors in mice?",
        "caution in pheochromocytoma?",
        "asthma or urticaria",
        "inpatients w/ depression studied?",
        "neutropenia, CBC schedule",
        "CYP3A inhibitor in asthma",
        "does it work in asthma",
        "what about patients with heart failure who take a beta blocker and have diabetes",
        "",
    ],
)
def test_whoever_says_more_or_names_none_asks_something_else(question: str) -> None:
    assert illness_alone(question) == ()


def test_a_question_may_be_a_name_and_nothing_else() -> None:
    assert named_alone("the medicine in 3rd degree AV block") == ("3rd", "degree", "AV", "block")
    assert named_alone("sulfa dose") == ("sulfa",)
    assert named_alone("Q fever") == ("Q", "fever")
    assert named_alone("can it be given in AV block?") == ()
    assert named_alone("a name made up of many words") == ()
    assert named_alone("creatinine clearance 25") and not named_alone("Child-Pugh B AUC fold")


def test_a_name_of_which_nothing_is_asked_is_bare() -> None:
    for question in ("mesothelioma", "Renal cell carcinoma?", "HCM", "the medicine for HCM", "asthma in adults"):
        assert is_bare(question), question
    for question in (
        "HCM dose",
        "history of pancreatitis",
        "asthma contraindicated?",
        "treatment of asthma",
        "storage",
    ):
        assert not is_bare(question), question


def test_a_class_may_be_all_that_is_named_though_no_illness() -> None:
    assert named_alone("MAO inhibitors contraindicated?") == ("MAO", "inhibitors")


def test_an_illness_is_named_by_its_cause_and_whom_it_befalls() -> None:
    assert brought_about_by("heparin-induced thrombocytopenia, steroid induced") == {"heparin", "steroid"}
    assert brought_about_by("thrombocytopenia with heparin") == frozenset()
    assert without_age("juvenile idiopathic arthritis") == "idiopathic arthritis"
    assert without_age("arthritis in a juvenile") == "arthritis in a juvenile"


def test_what_is_done_about_an_illness_is_no_part_of_it() -> None:
    assert illness_itself(("stroke", "prevention")) == ("stroke",)
    assert illness_itself(("major", "depressive")) == ("major", "depressive")


def test_prevention_in_shorthand_is_no_illness() -> None:
    assert illness_alone("migraine ppx dose") == illness_alone("migraine prophylaxis dose") == ("migraine",)


def test_shorthand_in_capitals_or_at_the_beginning_names_an_illness() -> None:
    assert illness_in_shorthand("13 yo OCD and pJIA, HCl 5 mg") == (
        tuple("obsessive compulsive disorder".split()),
        tuple("polyarticular juvenile idiopathic arthritis".split()),
    )
    assert illness_in_shorthand("as needed, ms of delay, er dose") == ()
    for question in ("AF dose CrCl 40", "A-fib renal dosing", "for AF prophylaxis in CKD"):
        assert illness_at_first(question) == ("atrial", "fibrillation")
    # Kidney disease is a group of patients, and what stands behind a dose may be what the patient has besides.
    for question in ("CKD dose", "dose in AF", "maximum dose", "AF patients taking it: bleeding"):
        assert illness_at_first(question) == ()


def test_a_dose_may_be_asked_for_an_illness_that_nobody_marked() -> None:
    assert illness_dosed("what is the dose for acute spinal cord injury?") == ("acute", "spinal", "cord", "injury")
    assert illness_dosed("what is the dose in patients taking rifampin") == ()


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


def test_some_shorthand_is_a_condition_only_in_capitals() -> None:
    assert spelled_out("relapsed ALL") == ("relapsed", "acute", "lymphoblastic", "leukemia")
    assert spelled_out("all patients with gout") == ("gout",)
    assert spelled_out("GOUT IN ALL PATIENTS") == ("gout",)
    assert spelled_out("FL") == ("follicular", "lymphoma")
    assert spelled_out("5 fl oz") == ("5", "fl", "oz")
    assert spelled_out("effective dose mSv") == ()


def test_an_organ_tells_which_transplant_or_cancer_is_meant() -> None:
    assert spelled_out("liver transplant") == ("liver", "transplant")
    assert spelled_out("kidney cancer") == ("kidney", "cancer")
    assert condition_words("for liver transplant recipients") == ("liver", "transplant", "recipients")
    # Alone it says who takes the medicine.
    assert spelled_out("severe kidney disease") == ()
    assert spelled_out("hepatic impairment") == ()
    said = label("for prophylaxis in kidney transplant recipients", "after an allogeneic stem cell transplant (HSCT)")
    for condition in ("kidney transplant", "renal transplantation", "HSCT", "transplant"):
        assert label_status(said, spelled_out(condition)) is LabelStatus.INDICATED, condition
    for condition in ("liver transplant", "heart transplant", "islet transplant"):
        assert label_status(said, spelled_out(condition)) is LabelStatus.NOT_MENTIONED, condition


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("myocardial", LabelStatus.UNSURE),
        ("asymptomatic", LabelStatus.NOT_MENTIONED),
        ("myocardial infarction", LabelStatus.INDICATED),
        ("breast", LabelStatus.UNSURE),
        ("breast ca", LabelStatus.INDICATED),
        # No illness that an indication would leave out.
        ("LDL", LabelStatus.UNSURE),
        ("tonsil surgery", LabelStatus.UNSURE),
        ("tonsillectomy", LabelStatus.UNSURE),
        ("tummy tuck", LabelStatus.UNSURE),
        ("myoc", LabelStatus.UNSURE),
        ("high LDL", LabelStatus.NOT_MENTIONED),
        # A measure that it names is what it is for.
        ("A1c", LabelStatus.INDICATED),
        ("gout", LabelStatus.NOT_MENTIONED),
    ],
)
def test_a_lone_organ_measure_procedure_or_fragment_is_no_illness(condition: str, status: LabelStatus) -> None:
    said = label("after myocardial infarction", "for breast cancer", "to improve glycemic control")
    assert label_status(said, spelled_out(condition)) is status


def typed(*uses: str) -> Label:
    return replace(label(*uses), sentences=uses)


def test_an_illness_of_another_gene_is_another() -> None:
    said = typed("for adults with metastatic KRV1-positive non-small cell lung cancer", "for melanoma")
    for condition in ("BQL-positive NSCLC", "BQL2 mutated lung cancer", "BQL gene fusion positive lung cancer"):
        assert label_status(said, spelled_out(condition)) is LabelStatus.NOT_MENTIONED, condition
    for condition in ("KRV1-positive NSCLC", "KRV1 positive lung cancer"):
        assert label_status(said, spelled_out(condition)) is LabelStatus.INDICATED, condition
    # An indication that keeps to no type leaves none out; a patient may have an infection besides.
    assert label_status(said, spelled_out("BQL-positive melanoma")) is LabelStatus.UNSURE
    assert label_status(said, spelled_out("HIV-positive lung cancer")) is LabelStatus.UNSURE
    # Short and long for one thing.
    estrogen = typed("for breast cancer with estrogen-receptor positive tumors")
    assert label_status(estrogen, spelled_out("ER-positive breast cancer")) is not LabelStatus.NOT_MENTIONED
    assert label_status(estrogen, spelled_out("HER2-positive breast cancer")) is LabelStatus.NOT_MENTIONED


@pytest.mark.parametrize(
    ("question", "conditions", "another"),
    [
        ("in BQL-positive lung cancer", ["BQL-positive", "lung cancer"], True),
        ("BQL+ lung cancer, dose?", ["lung cancer"], True),
        ("BQL2-mutated lung cancer", ["lung cancer"], True),
        ("KRV1+ lung cancer", ["lung cancer"], False),
        ("KRV1-positive lung cancer", ["KRV1", "lung cancer"], False),
        ("HIV+ with lung cancer", ["lung cancer"], False),
        ("BQL+ melanoma", ["melanoma"], False),
        ("BQL+?", [], False),  # nothing says of what
        ("lung cancer, test is positive", ["lung cancer"], False),
    ],
)
def test_a_gene_beside_the_illness_tells_its_type(question: str, conditions: list[str], another: bool) -> None:
    said = typed("for adults with metastatic KRV1-positive lung cancer", "for melanoma")
    assert of_another_type(said, question, [spelled_out(each) for each in conditions]) is another


_SUGAR = (
    "Zorvanta tablets are indicated:",
    "To reduce the risk of hospitalization for heart failure in adults with type 2 diabetes mellitus and either "
    "established heart disease or several risk factors.",
    "As an adjunct to diet and exercise to improve glycemic control in adults with type 2 diabetes mellitus.",
    "They are likely to be ineffective in this setting because of the way in which they work.",
)


@pytest.mark.parametrize(
    ("question", "uses", "lacks"),
    [
        ("heart failure with no diabetes - can it be started?", _SUGAR, True),
        ("dose in nondiabetic patients", _SUGAR, True),
        ("heart failure, isn't diabetic, which dose?", _SUGAR, True),
        ("a patient without type 2 diabetes", _SUGAR, True),
        ("type 2 diabetes and no heart failure", _SUGAR, False),  # one use needs none
        ("not controlled on metformin", _SUGAR, False),
        ("no kidney disease", _SUGAR, False),
        ("in type 2 diabetes", _SUGAR, False),
        # Another use that needs it not.
        ("heart failure without diabetes", (*_SUGAR, "Heart failure."), False),
        ("heart failure without diabetes", (*_SUGAR, "For the treatment of heart failure in adults."), False),
        # What is to be prevented nobody need have had; what comes and goes may be gone.
        ("no history of stroke", ("To reduce the risk of stroke in adults with atrial fibrillation.",), False),
        ("no atrial fibrillation", ("To reduce the risk of stroke in adults with atrial fibrillation.",), True),
        ("she has had no seizures, may we stop?", ("For the treatment of seizures in adults with epilepsy.",), False),
        ("no lupus since May, may we stop?", ("For the treatment of lupus in adults.",), False),
        # The label speaks of those without it itself.
        ("without cirrhosis", ("For adults with hepatitis C and cirrhosis, or without cirrhosis.",), False),
        ("no response to methotrexate", ("For adults with inadequate response to methotrexate.",), False),
        ("no gout", (), False),
        # Who was never treated for it may well have it.
        ("an adult who never had gout treatment", ("For adults with gout.",), False),
        ("an adult who never had gout", ("For adults with gout.",), True),
    ],
)
def test_who_lacks_what_every_indication_requires_is_not_indicated(
    question: str, uses: tuple[str, ...], lacks: bool
) -> None:
    assert lacks_what_is_required(typed(*uses), question) is lacks


def test_of_a_named_illness_its_own_indications_say_what_is_required() -> None:
    uses = typed(
        "To treat sleep apnea in adults with obesity.",
        "For the treatment of gout in adults.",
        "To treat asthma in adults with obesity.",
        "For the treatment of asthma in adults.",
    )
    apnea, asthma, obesity = ("sleep", "apnea"), ("asthma",), ("obesity",)
    assert lacks_what_is_required(uses, "sleep apnea without obesity", [apnea, obesity])
    assert not lacks_what_is_required(uses, "asthma without obesity", [asthma, obesity])
    assert not lacks_what_is_required(uses, "sleep apnea without obesity")
    assert not lacks_what_is_required(uses, "sleep apnea without gout", [apnea])


def test_a_stage_is_compared_with_what_is_said_of_the_illness() -> None:
    said = typed(
        "Zorvanta is indicated for adults with metastatic lung cancer.",
        "Zorvanta is indicated for adults with thyroid tumors that:",
        "would need surgery, or",
        "are found after resection.",
        "Zorvanta is indicated for newly diagnosed leukemia.",
    )
    for question, condition in (
        ("neoadjuvant for lung cancer", "lung cancer"),
        ("adjuvant after resection of lung cancer", "lung cancer"),
        ("early-stage lung cancer", "lung cancer"),
    ):
        assert beyond_stage(said, question, [condition.split()]), question
    assert not beyond_stage(said, "adjuvant, after resection", [["thyroid", "tumors"]])
    assert not beyond_stage(said, "first line", [["leukemia"]])
    # Nothing of the illness: all uses count.
    assert not beyond_stage(said, "first line", [])
    assert not beyond_stage(said, "adjuvant after resection", [["gout"]])


@pytest.mark.parametrize(
    ("condition", "core"),
    [
        ("recent myocardial infarction", "myocardial infarction"),
        ("nyha iii heart failure", "heart failure"),
        ("ef 25 heart failure", "heart failure"),
        ("uncontrolled narrow angle glaucoma", "narrow angle glaucoma"),
        ("asthma", "asthma"),
        ("acute severe pain", ""),  # any illness
        ("unstable coronary", ""),
    ],
)
def test_what_is_said_against_an_illness_is_said_of_each_course(condition: str, core: str) -> None:
    assert core_of(condition.split()) == tuple(core.split())


def test_what_is_said_against_an_illness_counts_under_each_of_its_names() -> None:
    warned = _OneLabel(
        ("warnings", "It raises the eye pressure in angle-closure glaucoma."),
        ("boxed_warning", "Thyroid tumors were seen in mice."),
        ("contraindication", "Not after a myocardial infarction."),
    )

    def against(condition: str) -> set[str]:
        return set(spoken_against(cast(Index, warned), cast(list[Entry], warned.entries("")), condition.split()))

    assert against("uncontrolled narrow-angle glaucoma") == {"warnings"}
    assert against("thyroid cancer") == against("thyroid carcinoma") == {"boxed_warning"}
    assert against("recent heart attack") == {"contraindication"}
    assert not against("recent lung cancer")
    assert not against("recent")
    rows = cast(list[Entry], warned.entries(""))
    assert [speaks_against(cast(Index, warned), row, ["thyroid", "cancer"]) for row in rows] == [False, True, False]


def test_two_capitals_name_an_illness_where_the_label_defines_them() -> None:
    def against(*said: str) -> list[bool]:
        label = _OneLabel(*(("warnings", text) for text in said))
        rows = cast(list[Entry], label.entries(""))
        return [speaks_against(cast(Index, label), row, ["recent", "myocardial", "infarction"]) for row in rows]

    assert against("Avoid after a recent MI.", "A Myocardial Infarction (MI) was seen.") == [True, False]
    assert against("Avoid after a MI.", "A myocardial infarction (MI) was seen.") == [False, False]  # not a recent one
    assert against("Avoid after a recent MI.", "A myocardial infarction was seen.") == [False, False]
    assert against("Avoid 3 mi of recent walks.", "Myocardial infarctions (MIs) were seen.") == [False, False]


def test_a_contraindication_forbids_what_it_names_in_few_words() -> None:
    label = _OneLabel(
        (
            "contraindication",
            "Patients with second- or third-degree AV block (1), colitis, or an allergy to sulfonamides.",
        ),
        ("warnings", "Gout may occur."),
    )
    forbidding, warning = cast(list[Entry], label.entries(""))
    index = cast(Index, label)
    for named in ("3rd degree AV block", "heart block", "sulfa", "sulfa allergy", "colitis"):
        assert forbids(index, forbidding, named.split()), named
    assert not forbids(index, forbidding, ["gout"])
    assert not forbids(index, forbidding, "second colitis".split())  # words of two conditions
    assert not forbids(index, warning, ["gout"])


def test_the_course_of_an_illness_is_not_its_name() -> None:
    assert label_status(label("for ulcerative colitis"), ["colitis", "flare"]) is LabelStatus.INDICATED
    assert label_status(label("for asthma"), ["gout", "flare"]) is LabelStatus.NOT_MENTIONED
    # An attack may be what the illness is.
    assert label_status(label("for heart failure"), ["heart", "attack"]) is not LabelStatus.INDICATED


def test_what_is_counted_or_withstood_is_no_illness_by_itself() -> None:
    for marked in ("leukocytes", "steroid-resistant", "Platelets"):
        assert spelled_out(marked) == (), marked
    assert spelled_out("low platelets") == ("low", "platelets")
    assert spelled_out("steroid-resistant nephrotic syndrome") == ("steroid", "resistant", "nephrotic", "syndrome")


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
    # Nor where the label writes the shorthand as well.
    short = label("for non-small cell lung cancer (NSCLC)", "for non-Hodgkin lymphoma (NHL)")
    for condition in ("SCLC", "small cell lung cancer", "Hodgkin lymphoma"):
        assert label_status(short, spelled_out(condition)) is LabelStatus.NOT_MENTIONED, condition
    for condition in ("NSCLC", "NHL", "non-Hodgkin lymphoma"):
        assert label_status(short, spelled_out(condition)) is LabelStatus.INDICATED, condition


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
    list(denied_words(text))
    required([text])
    of_another_letter(text, text)
    asks_use(text)


class _OneLabel:
    """As much of an index as comparisons read: passages of one product, each a topic and a text."""

    def __init__(self, *passages: tuple[str, str]) -> None:
        self._rows = [
            SimpleNamespace(
                row=row, head=SimpleNamespace(topic=topic, kind=Kind.SAFETY, product=""), text=text.encode()
            )
            for row, (topic, text) in enumerate(passages)
        ]

    def entries(self, _: str) -> list[SimpleNamespace]:
        return self._rows

    def eligible(self, _: str, __: Context) -> list[SimpleNamespace]:
        return self._rows

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text.decode()))

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return entry

    def postings(self, _: str, words: Collection[str]) -> dict[str, list[tuple[int, int]]]:
        said = {word: [row for row in self._rows if word in lexical.terms(row.text.decode())] for word in words}
        return {word: [(entry.row, 1) for entry in found] for word, found in said.items()}


_PRIOR = ("clinical_studies", "Patients had received a prior inhibitor (including quovendry).")
_ARM = ("clinical_studies", "Zorvanta was compared with quovendry.")
_ADDED = ("clinical_studies", "Patients received zorvanta plus quovendry or placebo plus quovendry.")
_BESIDE = ("drug_interaction", "Quovendry raises its levels.")


@pytest.mark.parametrize(
    ("question", "passages", "within", "beyond"),
    [
        ("the medicine versus quovendry", [_ARM], True, False),
        ("the medicine versus quovendry", [_PRIOR], False, True),  # a mention in a trial is no comparison
        ("the medicine versus quovendry", [_PRIOR, _BESIDE], False, False),  # the label says something of both
        ("the medicine versus quovendry", [], False, True),
        ("is it better than quovendry", [_ARM], False, False),
        ("is it more active than quovendry", [_PRIOR, _BESIDE], False, True),
        ("how is it stored", [_ARM], False, False),
        # The first syllables of a name and a slip in it are the name, where the label's reports hold one such only.
        ("median PFS, the medicine vs quov", [_ARM], True, False),
        ("median PFS, the medicine vs quovendri", [_ARM], True, False),
        ("median PFS, the medicine vs quov", [_ARM, ("clinical_studies", "With quovilast.")], False, True),
        ("is it better than quov", [_PRIOR], False, True),
        # What the medicine was added to, where it is asked what that did alone.
        ("the medicine + quov vs quov alone", [_ADDED], True, False),
        ("quovendry alone vs quovendry + the medicine", [_ADDED], True, False),
        ("the medicine vs quovendry", [_ADDED], False, True),
        ("the medicine + quov vs quov alone", [_PRIOR], False, True),
        ("the bypass study against quovendry", [("mechanism", "It was compared with quovendry.")], True, False),
        ("the medicine or quovendry, who has more responders", [_PRIOR], False, True),
    ],
)
def test_a_comparison_needs_an_arm(question: str, passages: list[tuple[str, str]], within: bool, beyond: bool) -> None:
    index, where = cast(Index, _OneLabel(*passages)), Context("hcp", "US", "en", "cli", dt.date(2026, 1, 1))
    assert compares_within_label(index, "zorvanta", question, where) is within
    assert compares_beyond_label(index, "zorvanta", question, where) is beyond


def test_what_is_said_against_a_kind_is_said_against_the_illness() -> None:
    """Eating is food; an eating disorder is bulimia or anorexia."""
    assert spelled_out("eating disorder") == ("eating", "disorder")
    assert spelled_out("sleep disorder") == ("sleep",)
    label = _OneLabel(("contraindication", "Not in patients with bulimia."), ("dosage", "With or without meals."))
    forbidding, dosing = cast(list[Entry], label.entries(""))
    assert forbids(cast(Index, label), forbidding, spelled_out("eating disorder"))
    assert not forbids(cast(Index, label), dosing, spelled_out("eating disorder"))
    assert not forbids(cast(Index, label), forbidding, spelled_out("anorexia nervosa"))  # another kind is another


def test_what_stands_in_anothers_label_only_is_no_use() -> None:
    said, denied = indicating(
        "Quilvera prevents rejection of a kidney transplant. Additional information on use in children and for lung "
        "transplantation is approved for Zed Pharma US, Inc.'s Orlava products. However, due to Zed Pharma US, Inc.'s "
        "marketing exclusivity rights, this drug product is not labeled with that information."
    )
    assert said == ("Quilvera prevents rejection of a kidney transplant.",)
    assert any("lung transplantation" in each for each in denied)
    # What is approved for an illness is the medicine's own, and so is what its own information says.
    own = "Quilvera is approved for Crohn's disease. More information is given for it in section 2."
    assert indicating(own) == (tuple(own.replace(". ", ".|").split("|")), ())


def test_doses_beside_what_stands_in_anothers_label_speak_against_nothing() -> None:
    anothers = "Dosing information for lung transplants is approved for Zed Inc.'s Orlava capsules."
    label = _OneLabel(("dosage", f"Give 5 mg daily after a kidney transplant. {anothers}"))
    rows = cast(list[Entry], label.entries(""))
    assert not speaks_against(cast(Index, label), rows[0], ["lung", "transplant"])
    assert speaks_against(cast(Index, label), rows[0], ["kidney", "transplant"])


def test_of_what_weight_a_patient_is_names_no_illness() -> None:
    assert spelled_out("obese") == spelled_out("overweight patient") == ()
    assert spelled_out("obesity") == ("obesity",)
    assert "hypoventilation" in spelled_out("obesity hypoventilation")
