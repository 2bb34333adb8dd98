"""Stage, line and purpose of a treatment: what an indication keeps to counts as much as its illness."""

from __future__ import annotations

import pytest

from assistant.understanding.stages import beyond

_LATE = "indicated for adults with relapsed or refractory acute leukemia who have no alternative options"
_BLOOD_PRESSURE = "indicated for the treatment of hypertension, to lower blood pressure"
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
    ],
)
def test_what_an_indication_leaves_out_is_beyond_it(question: str, indications: str) -> None:
    assert beyond(question, indications)


@pytest.mark.parametrize(
    ("question", "indications"),
    [
        ("first line for high blood pressure?", _BLOOD_PRESSURE),  # it keeps to no line
        ("does it prevent strokes", _BLOOD_PRESSURE),  # to lower is to prevent something
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
