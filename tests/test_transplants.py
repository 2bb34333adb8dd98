"""A medicine for one transplant is none for another, however the organ is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.follow_up import asking_use, is_of_transplant
from assistant.answering.label_status import is_for_transplants, unlisted_transplant
from assistant.domain import Outcome
from assistant.understanding.transplants import is_organ, transplanted
from tests import tiny
from tests.conftest import QUICK
from tests.test_conditions import typed
from tests.test_routes import _asked

_USE = "ZED is indicated for the prophylaxis of rejection in kidney or heart transplant."


@pytest.mark.parametrize(
    ("question", "organs"),
    [
        ("pancreas transplant", ["pancreas"]),
        ("small bowel transplantation in children", ["bowel"]),
        ("islet cell transplant", ["islet"]),
        ("corneal graft rejection", ["corneal"]),
        ("kidney-transplant and liver transplant", ["kidney", "liver"]),
        ("failed transplant", []),
        ("skin rash", []),
    ],
)
def test_the_organ_that_is_transplanted_is_read(question: str, organs: list[str]) -> None:
    assert [organ for organ, _ in transplanted(question)] == organs
    assert all(is_organ(organ) for organ in organs)


def test_a_label_for_some_transplants_leaves_out_others() -> None:
    label = typed(_USE)
    assert is_for_transplants(label)
    assert unlisted_transplant(label, transplanted("pancreas transplant")) == ("pancreas", "transplant")
    assert unlisted_transplant(label, transplanted("kidney transplant, heart transplant")) == ()
    assert unlisted_transplant(typed("ZED is indicated for gout."), transplanted("pancreas transplant")) == ()


@pytest.mark.parametrize("intent", ["warnings", "dosage", "pediatric", "out_of_scope"])
def test_another_transplant_is_referred_however_it_is_asked(tmp_path: Path, intent: str) -> None:
    bodies = (_USE.encode(), b"The dose of ZED in kidney transplant is 5 mg.", b"A pancreas transplant may clot.")
    root = tiny.write(tmp_path / "w", bodies, ("topic: indication", "topic: dosage", "topic: adverse_reactions"))
    tiny.compiled(root, QUICK)
    assert _asked(root, "face transplant", intent) == (Outcome.MEDICAL_INFORMATION, [])
    assert _asked(root, "kidney transplant dose", "dosage") == (Outcome.ANSWERED, ["1"])


def test_a_bare_organ_behind_a_transplant_is_asked_as_a_transplant(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", (_USE.encode(),), ("topic: indication",))
    tiny.compiled(root, QUICK)
    assistant = tiny.opened(root, QUICK)
    illnesses = assistant.decider.illnesses
    meant = [illnesses.organ_meant("zed", [word], tiny.HCP) for word in ("pancreas", "storage")]
    assistant.index.close()
    assert meant == ["pancreas transplant", ""]
    assert asking_use("pancreas transplant", "dosage") == "dose for pancreas transplant"
    assert asking_use("pancreas transplant", "indication") == "is it approved for pancreas transplant"
    assert is_of_transplant("dose for Kidney Transplant") and not is_of_transplant("dose for gout")
