"""Stage, line and purpose of a treatment: what an indication keeps to counts as much as its illness."""

from __future__ import annotations

import pytest

from assistant.understanding.stages import beyond, of_other_purpose

_LATE = "indicated for adults with relapsed or refractory acute leukemia who have no alternative options"
_BLOOD_PRESSURE = (
    "indicated for the treatment of hypertension, to lower blood pressure. Lowering it reduces the risk of strokes"
)
_FEVER = "temporarily reduces fever; relieves minor aches and pains due to headache"
_ADDED = "indicated as adjunctive therapy for the treatment of partial-onset seizures"
_SPARED = "indicated for the prophylaxis of headaches in adults with chronic migraine"
_BONES = "for the treatment of osteoporosis in women at high risk for fracture"
_NUMBERED = "as adjuvant treatment following resection for adults with stage II to IIIA lung cancer"
_FIRST = "in combination with a second antibody for liver cancer in people who have not received prior systemic therapy"
_EXTENSIVE = "for the first-line treatment of extensive-stage small cell lung cancer"
_SPREAD = "for locally advanced or metastatic lung cancer that cannot be completely resected by surgery"
_SEVERE = "indicated for adults with moderate-to-severe plaque psoriasis"


@pytest.mark.parametrize(
    ("question", "indications"),
    [
        ("can it be given first line in newly diagnosed leukemia", _LATE),
        ("an untreated 82-year-old, start it?", _LATE),
        ("as adjuvant therapy after resection?", _LATE),
        ("maintenance in first remission?", _LATE),
        ("does it work in mild psoriasis", _SEVERE),
        ("to prevent the next episode of psoriasis?", _SEVERE),
        ("neoadjuvant, 6 weeks before surgery", _LATE),
        ("adjuvant after resection", _SPREAD),
        ("neoadjuvant for lung cancer", _SPREAD),
        ("early-stage lung cancer", _SPREAD),
        ("in stage IIB lung cancer", _SPREAD),
        ("localised prostate cancer", "indicated for advanced prostate cancer"),
        ("stage III breast cancer", "indicated for metastatic breast cancer"),
        ("can it prevent headaches", _FEVER),  # to reduce a fever prevents nothing
        ("to prevent osteoporosis", _BONES),  # nor does a risk that somebody has
        ("monotherapy for seizures?", _ADDED),
        ("can it be given alone for liver cancer", _FIRST),
        ("for the acute treatment of migraine", _SPARED),
        ("to abort a migraine", _SPARED),
        ("treatment of established osteoporosis", "Prevention of osteoporosis."),
        ("treat a rejection episode", "for the prevention of rejection in kidney transplantation"),
        ("adjuvant in stage IB lung cancer", _NUMBERED),
        ("stage 4 lung cancer", _NUMBERED),
        ("second-line for liver cancer after another medicine", _FIRST),
        ("limited-stage small cell lung cancer", _EXTENSIVE),
        ("squamous lung cancer", "for metastatic non-squamous lung cancer"),
        ("low-risk early breast cancer", "for early breast cancer at high risk of recurrence"),
        ("lung cancer at low risk of relapse", "for adults with lung cancer at increased risk of relapse"),
    ],
)
def test_what_an_indication_leaves_out_is_beyond_it(question: str, indications: str) -> None:
    assert beyond(question, indications)


@pytest.mark.parametrize(
    ("question", "indications"),
    [
        ("first line for high blood pressure?", _BLOOD_PRESSURE),  # it keeps to no line
        ("does it prevent strokes", _BLOOD_PRESSURE),
        ("to prevent fractures", "for osteoporosis; reduces the risk of vertebral fractures"),
        ("monotherapy in diabetes", "as an adjunct to diet and exercise in type 2 diabetes"),
        ("on its own or as monotherapy", "may be used alone or in combination with other agents"),
        ("stage IIIA, adjuvant", _NUMBERED),
        ("stage IIB?", _NUMBERED),
        ("relapsed myeloma", "in adults who have received at least one prior therapy"),
        ("extensive-stage", _EXTENSIVE),
        ("non-squamous", "for metastatic non-squamous lung cancer"),
        ("squamous cell carcinoma", "for squamous cell carcinoma of the head and neck"),
        ("acute treatment of an attack", "for the acute treatment of migraine and its prevention"),
        ("for relapsed leukemia?", _LATE),
        ("severe psoriasis?", _SEVERE),
        ("mild hypertension", _BLOOD_PRESSURE),
        ("previously untreated", "for adults not previously treated, and after failure of others"),
        ("adjuvant treatment", "for the adjuvant treatment of melanoma"),
        ("adjuvant?", "for melanoma following complete resection"),
        ("given before surgery?", "to reduce anxiety in patients undergoing minor surgery"),
        ("early-stage breast cancer", "for high-risk early breast cancer and for metastatic breast cancer"),
        ("early stage arthritis", "for adults with rheumatoid arthritis"),  # it keeps to no stage
        ("stage III lung cancer", _SPREAD),  # locally advanced
        ("a tumor that is not resectable", _SPREAD),
        ("a patient with stage 2 CKD and metastatic lung cancer", _SPREAD),
        ("", _LATE),
    ],
)
def test_what_it_says_or_does_not_limit_is_not(question: str, indications: str) -> None:
    assert not beyond(question, indications)


_TREATED = "Treatment of clots in a limb: 2 mg/kg every 12 hours. Inpatient treatment of emboli: 3 mg/kg."
_PREVENTED = "For prophylaxis of clots after surgery: 10 mg once daily."
_AT_RISK = "In patients who undergo surgery and are at risk of clots: 10 mg once daily."


@pytest.mark.parametrize(
    "question", ["clot prophylaxis dose", "dose to prevent clots", "dose to reduce the risk of clots"]
)
def test_the_dose_of_a_treatment_is_none_to_prevent(question: str) -> None:
    assert of_other_purpose(question, _TREATED)
    assert not of_other_purpose(question, _PREVENTED)
    assert not of_other_purpose(question, _AT_RISK)
    assert not of_other_purpose(question, _TREATED + _PREVENTED)


def test_the_dose_to_prevent_is_none_of_a_treatment() -> None:
    assert of_other_purpose("clot treatment dose", _PREVENTED)
    assert not of_other_purpose("clot treatment dose", _TREATED)
    for question in (
        "clot dose",
        "dose",
        "prophylaxis or treatment of clots, dose?",
        "treatment dose vs prophylactic dose",
    ):
        assert not of_other_purpose(question, _PREVENTED)
        assert not of_other_purpose(question, _TREATED)
