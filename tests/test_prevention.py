"""Prevention is another use than treatment, whichever question it comes as."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.label_status import of_less_risk, only_prevented, only_treated
from assistant.domain import Outcome
from assistant.understanding.prevention import avoids, prevented, treated
from tests import tiny
from tests.conftest import QUICK
from tests.test_conditions import typed
from tests.test_routes import _asked


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("cold sore prevention daily", "cold sore"),
        ("how to prevent the cold sores in winter", "cold sores"),
        ("primary DVT prophylaxis after hip surgery", "deep vein thrombosis"),
        ("dose for prophylaxis of malaria", "malaria"),
        ("CMV ppx dose", "cmv"),
        # Clots that nobody has yet are of the veins.
        ("thromboprophylaxis after knee replacement", "venous thromboembolism"),
        ("prevent blood clots in long flights", "venous thromboembolism"),
        ("blood clots on a long-haul flight", "venous thromboembolism"),
        ("blood clots in the legs", ""),
        # To prevent an attack is to treat the illness.
        ("to prevent asthma attacks", ""),
        ("prevention of gout flares", ""),
        ("does it prevent me from driving", ""),
        ("pregnancy prevention", ""),
        ("cold sore dose", ""),
    ],
)
def test_what_is_to_be_prevented_is_read(question: str, named: str) -> None:
    assert " ".join(prevented(question)) == named


@pytest.mark.parametrize("unit", ["prevent ", "a ", "prophylaxis of ", "A", " "])
def test_endless_wording_takes_no_endless_time(unit: str) -> None:
    prevented(unit * (20000 // len(unit)))


@pytest.mark.parametrize(
    ("illness", "uses", "only"),
    [
        ("cold sores", ["ZED is indicated for the treatment of cold sores (herpes labialis)."], True),
        ("herpes labialis", ["ZED is indicated for the treatment of cold sores."], True),
        ("cold sores", ["ZED is indicated to treat shingles.", "It is indicated to prevent cold sores."], False),
        ("cold sores", ["ZED is indicated for the treatment and suppression of cold sores."], False),
        # A list of headings does not say what is for what.
        ("cold sores", ["Cold sores Shingles Treatment Suppression.", "ZED is indicated to treat cold sores."], True),
        ("cold sores", ["ZED is indicated for:", "treatment of cold sores", "prevention of cold sores."], False),
        ("stroke", ["ZED is indicated to reduce the risk of stroke."], False),
        ("asthma", ["ZED is indicated for the maintenance treatment of asthma."], False),
        ("cold sores", ["ZED is for cold sores."], False),  # it does not say how
    ],
)
def test_a_label_may_be_for_treatment_only(illness: str, uses: list[str], only: bool) -> None:
    assert only_treated(typed(*uses), illness.split()) is only


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("treatment of endometrial hyperplasia", "endometrial hyperplasia"),
        ("can it reverse the cold sores", "cold sores"),
        ("treat existing cold sores", "cold sores"),
        ("cold sores", ""),
        ("treatment to prevent cold sores", ""),
    ],
)
def test_what_is_to_be_treated_is_read(question: str, named: str) -> None:
    assert " ".join(treated(question)) == named


def test_a_label_may_be_for_prevention_only() -> None:
    prevents = "ZED is indicated to prevent cold sores."
    assert only_prevented(typed(prevents), ["cold", "sores"])
    assert not only_prevented(typed(prevents, "ZED is indicated for the treatment of cold sores."), ["cold", "sores"])
    assert not only_prevented(typed(prevents), ["shingles"])


def test_treatment_of_what_is_prevented_is_referred(tmp_path: Path) -> None:
    bodies = (b"ZED is indicated to prevent cold sores.", b"In a trial ZED prevented cold sores.")
    root = tiny.write(tmp_path / "w", bodies, ("topic: indication", "topic: clinical_studies\nkind: benefit"))
    tiny.compiled(root, QUICK)
    assert _asked(root, "treatment of cold sores", "indication") == (Outcome.MEDICAL_INFORMATION, [])
    assert _asked(root, "prevention of cold sores", "indication")[0] is Outcome.ANSWERED


def test_a_harm_is_avoided_and_no_use() -> None:
    for question in ("minimize sedation", "max dose to avoid retinopathy"):
        assert avoids(question), question
    assert not avoids("prevent malaria")


def test_those_at_low_risk_are_left_out_by_a_use_for_high_risk() -> None:
    said = typed("for early lung cancer at high risk of recurrence.", "for skin cancer at low or high risk.")
    assert of_less_risk(said, "low-risk early lung cancer", [("lung", "cancer")])
    assert not of_less_risk(said, "high-risk early lung cancer", [("lung", "cancer")])
    assert not of_less_risk(said, "low-risk skin cancer", [("skin", "cancer")])
    assert not of_less_risk(said, "low risk of bleeding in lung cancer?", [("lung", "cancer")])


_BODIES = (
    b"ZED is indicated for the treatment of shingles.",
    b"The dose of ZED is 1 g three times daily.",
    b"In transplant recipients purpura was seen. Give prophylaxis against pneumonia.",
)
_FRONTS = ("topic: indication", "topic: dosage", "topic: warnings")


@pytest.mark.parametrize("intent", ["dosage", "warnings", "clinical_studies", "out_of_scope"])
def test_prevention_of_what_is_treated_or_never_named_is_referred(tmp_path: Path, intent: str) -> None:
    root = tiny.write(tmp_path / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    for question in ("shingles prophylaxis dose", "malaria prophylaxis in transplant recipients"):
        assert _asked(root, question, intent) == (Outcome.MEDICAL_INFORMATION, []), question
    assert _asked(root, "shingles dose", "dosage") == (Outcome.ANSWERED, ["1"])
    # What the label itself says of a prevention is no use of its own.
    assert _asked(root, "pneumonia prophylaxis", "warnings")[0] is not Outcome.MEDICAL_INFORMATION


_STUDIED = (
    b"ZED is indicated for the treatment of shingles.",
    b"In a trial ZED was better than placebo. Patients with hay fever and shingles had fewer sneezes.",
    b"Itching was seen in patients with hay fever who took ZED.",
)


def test_a_bare_illness_that_is_no_use_is_not_answered_with_a_trial(tmp_path: Path) -> None:
    fronts = ("topic: indication", "topic: clinical_studies\nkind: benefit", "topic: adverse_reactions")
    root = tiny.write(tmp_path / "w", _STUDIED, fronts)
    tiny.compiled(root, QUICK)
    for intent in ("warnings", "adverse_reactions"):
        assert "1" not in _asked(root, "hay fever", intent)[1]
    assert "1" in _asked(root, "shingles trial sneezes", "clinical_studies")[1]
