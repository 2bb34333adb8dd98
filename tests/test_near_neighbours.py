"""Illnesses that share a word with an approved one and are another are referred; sites and courses of one are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.label_status import label_status
from assistant.domain import Outcome
from assistant.understanding.conditions import LabelStatus
from tests import tiny
from tests.conftest import QUICK
from tests.test_conditions import typed
from tests.test_routes import _asked

_USES = (
    "ZED is indicated for adults with active psoriatic arthritis.",
    "ZED is indicated for plaque psoriasis.",
    "ZED is indicated for mouth ulcers of Smith's disease.",
    "ZED is indicated for the preventive treatment of episodic migraine.",
    "ZED is indicated for the acute treatment of migraine.",
)


@pytest.mark.parametrize(
    "illness",
    [
        "rheumatoid arthritis",
        "guttate psoriasis",
        "erythrodermic psoriasis",
        "smith uveitis",  # what the shared word is beside is none of the label's illnesses
        "ulcerative colitis",
        "genital ulcers",
        "chronic migraine",
        "chronic migraine prevention",
    ],
)
def test_another_type_of_an_illness_is_another_illness(illness: str) -> None:
    assert label_status(typed(*_USES), illness.split()) is LabelStatus.NOT_MENTIONED


@pytest.mark.parametrize(
    "illness",
    [
        "scalp psoriasis",
        "nail psoriasis",
        "genital psoriasis",
        "stable plaque psoriasis",
        "smith ulcers relapse",
        "arthritis uveitis",  # the arthritis is the label's, the other what the patient has besides
        "psoriatic arthritis diagnosis",
        "menstrual migraine",
    ],
)
def test_a_site_or_a_course_is_left_open(illness: str) -> None:
    assert label_status(typed(*_USES), illness.split()) is LabelStatus.UNSURE


@pytest.mark.parametrize(
    ("use", "illness", "status"),
    [
        ("ZED treats rheumatoid arthritis and other arthritis.", "gouty arthritis", LabelStatus.NOT_MENTIONED),
        ("ZED treats rheumatoid arthritis. For pain of an inflamed arthritis.", "gouty arthritis", LabelStatus.UNSURE),
        ("ZED is for seizures.", "absence seizures", LabelStatus.UNSURE),
        ("ZED is for partial-onset seizures.", "absence seizures", LabelStatus.NOT_MENTIONED),
        ("ZED is for partial-onset seizures.", "focal seizures", LabelStatus.UNSURE),
        # The bare name includes most of its types, and not what is an illness of its own.
        ("ZED is for hypertension, to lower blood pressure.", "pulmonary hypertension", LabelStatus.NOT_MENTIONED),
        ("ZED is for tinea pedis, cruris and corporis.", "tinea versicolor", LabelStatus.NOT_MENTIONED),
        ("ZED is for secondary amenorrhea.", "primary amenorrhea", LabelStatus.NOT_MENTIONED),
        (
            "ZED is for polyarticular juvenile idiopathic arthritis.",
            "systemic juvenile idiopathic arthritis",
            LabelStatus.NOT_MENTIONED,
        ),
        ("ZED is for bacterial rhinosinusitis.", "bacterial sinusitis", LabelStatus.UNSURE),
    ],
)
def test_types_are_told_where_the_label_tells_them(use: str, illness: str, status: LabelStatus) -> None:
    assert label_status(typed(*use.split(". ")), illness.split()) is status


_BODIES = (
    b"ZED is indicated for psoriatic arthritis and plaque psoriasis.",
    b"The dose of ZED for psoriatic arthritis and plaque psoriasis is 5 mg daily.",
)


def test_its_doses_are_no_choices(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", _BODIES, ("topic: indication", "topic: dosage"))
    tiny.compiled(root, QUICK)
    assert _asked(root, "rheumatoid arthritis dosing", "dosage") == (Outcome.MEDICAL_INFORMATION, [])
    assert _asked(root, "psoriatic arthritis dosing", "dosage")[0] is Outcome.ANSWERED
