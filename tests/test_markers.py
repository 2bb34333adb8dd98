"""Markers that an illness has or has not: the label for one kind is none for the other, whatever is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.label_status import Label, of_other_markers, own_markers
from assistant.domain import Outcome
from assistant.understanding.conditions import spelled_out
from assistant.understanding.markers import asked, contradicted
from tests import tiny
from tests.conftest import QUICK
from tests.test_conditions import typed
from tests.test_routes import _asked

_HORMONAL = (
    "for adults with hormone receptor (HR)-positive, human epidermal growth factor receptor 2 (HER2)-negative breast "
    "cancer that has come back"
)


@pytest.mark.parametrize(
    ("question", "markers"),
    [
        ("HER2+ breast cancer", {"HER2": True}),
        ("her2 neg", {"HER2": False}),
        ("HR+/HER2- breast cancer", {"HR": True, "HER2": False}),
        ("estrogen receptor (ER)-positive", {"ER": True, "HR": True}),
        ("ER negative, PR positive", {"ER": False, "PR": True, "HR": True}),
        ("triple-negative breast cancer", dict.fromkeys(("HER2", "HR", "ER", "PR"), False)),
        ("KRV1 wild-type melanoma", {"KRV1": False}),
        ("wild-type KRV1", {"KRV1": False}),
        ("KRV1-mutated NSCLC", {"KRV1": True}),
        ("QWR antibody negative", {"QWR": False}),
        ("ER- or PR-positive", {"PR": True, "HR": True}),  # whose minus it is nobody can tell
        ("not HER2-positive", {}),
        ("HER2-positive or HER2-negative?", {}),
        ("HER2-low", {}),
        ("ER tablets, 5 mg", {}),  # extended release
        ("HR 50 bpm, PR interval 220", {}),
        ("HIV-negative", {}),
        ("node-negative", {}),
    ],
)
def test_a_question_says_of_a_marker_whether_it_is_there(question: str, markers: dict[str, bool]) -> None:
    assert asked(question) == markers


@pytest.mark.parametrize(
    ("question", "sentence", "other"),
    [
        ("HER2+", _HORMONAL, True),
        ("HR-negative", _HORMONAL, True),
        ("ER-negative", _HORMONAL, True),
        ("TNBC", _HORMONAL, True),
        ("HER2-negative", _HORMONAL, False),
        ("ER+", _HORMONAL, False),
        ("HER2-low", _HORMONAL, False),
        ("PR-negative", _HORMONAL, False),  # another of the two may be there
        ("HER2-negative", "for HER2-positive cancer after anti-HER2 therapy", True),
        ("HER2-negative", "for HER2-positive or HER2-low cancer", False),
        ("HER2+", "for breast cancer", False),
        ("TNBC", "for triple-negative or HR-positive, HER2-negative breast cancer", False),
        ("KRV1 wild-type", "with a KRV1-mutated melanoma", True),
        ("QWR antibody negative", "who are anti-quillwort receptor (QWR) antibody positive", True),
    ],
)
def test_an_indication_for_one_kind_is_none_for_the_other(question: str, sentence: str, other: bool) -> None:
    assert contradicted(asked(question), sentence) is other


def _label() -> Label:
    return typed(f"{_HORMONAL}.", "to treat breast cancer.", "for HER2-positive stomach cancer.")


@pytest.mark.parametrize(
    ("question", "conditions", "other"),
    [
        ("HER2-positive breast cancer", ["HER2-positive breast cancer"], True),
        ("triple negative, what results", [], True),  # which illness it is goes without saying
        ("HER2+ stomach cancer", ["stomach cancer"], False),  # of each illness its own use is read
        ("HER2- stomach cancer", ["stomach cancer"], True),
        ("HER2-negative breast cancer", ["HER2-negative breast cancer"], False),
        ("breast cancer", ["breast cancer"], False),
    ],
)
def test_of_each_illness_its_own_use_is_read(question: str, conditions: list[str], other: bool) -> None:
    assert of_other_markers(_label(), question, [spelled_out(each) for each in conditions]) is other


@pytest.mark.parametrize(
    ("question", "illness"),
    [
        ("ER+ breast cancer", "breast cancer"),  # a hormone receptor is there
        ("PR positive breast cancer", "breast cancer"),
        ("HR+ HER2- breast cancer", "breast cancer"),
        ("KRV1-positive breast cancer", ""),  # of which the label says nothing
        ("ER+ ovarian cancer", ""),
        ("ER- breast cancer", ""),
        ("male breast cancer", ""),
    ],
)
def test_a_marker_as_the_label_says_it_makes_no_other_illness(question: str, illness: str) -> None:
    label = typed(f"ZED is indicated {_HORMONAL}.")
    assert [" ".join(words) for words in own_markers(label, question, [spelled_out(question)])] == [illness][
        : bool(illness)
    ]


_BODIES = (
    b"ZED is indicated for adults with HER2-negative breast cancer.",
    b"In a trial of HER2-negative breast cancer ZED was better than placebo.",
    b"The dose of ZED is 5 mg daily.",
)
_FRONTS = ("topic: indication", "topic: clinical_studies", "topic: dosage")


@pytest.mark.parametrize("intent", ["clinical_studies", "indication", "dosage"])
def test_the_other_kind_is_referred_whatever_is_asked(tmp_path: Path, intent: str) -> None:
    root = tiny.write(tmp_path / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    assert _asked(root, "HER2-positive breast cancer", intent) == (Outcome.MEDICAL_INFORMATION, [])
    assert _asked(root, "HER2-negative breast cancer", intent)[0] is not Outcome.MEDICAL_INFORMATION
