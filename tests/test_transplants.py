"""A medicine for one transplant is none for another, however the organ is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering.label_status import is_for_transplants, unlisted_transplant
from assistant.domain import Outcome
from assistant.understanding.transplants import is_organ, transplanted
from tests import tiny
from tests.conftest import QUICK
from tests.test_conditions import typed
from tests.test_conversation import talk
from tests.test_routes import Reads, _asked

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
    bodies = (_USE.encode(), b"The dose of ZED in kidney or heart transplant is 5 mg.", b"The pancreas may swell.")
    root = tiny.write(tmp_path / "w", bodies, ("topic: indication", "topic: dosage", "topic: adverse_reactions"))
    tiny.compiled(root, QUICK)
    assistant = tiny.opened(root, QUICK)
    assistant.decider = replace(assistant.decider, reader=Reads(assistant, "indication"))
    kidney, pancreas = talk(assistant, "is zed for a kidney transplant?", "pancreas?", where=tiny.HCP)
    assistant.index.close()
    assert kidney.outcome is Outcome.ANSWERED
    assert pancreas.outcome is Outcome.MEDICAL_INFORMATION
