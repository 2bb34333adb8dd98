"""Routes of administration: which a question names, which a label speaks of, and what it says against others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import Outcome
from assistant.pipeline import Assistant
from assistant.understanding.choosing import Choosing
from assistant.understanding.routes import allows, routes_asked, speaks_against
from tests import tiny
from tests.conftest import QUICK


@pytest.mark.parametrize(
    ("question", "routes"),
    [
        ("intranasal dose for a child", {"intranasal"}),
        ("can it be sprayed up the nose", {"intranasal"}),
        ("IM injection", {"intramuscular"}),
        ("may I give it IV?", {"intravenous"}),
        ("subq or by mouth", {"subcutaneous", "oral"}),
        ("oral the medicine dose", {"oral"}),
        ("MR arthrography with it", {"intra-articular"}),
        ("rectal administration", {"rectal"}),
        ("intranasal dose for a child without an IV", {"intranasal"}),
        ("intranasal dose, no iv", {"intranasal"}),
        ("IM dose, can't get an IV", {"intramuscular"}),
        ("can\u2019t take by mouth, subq dose", {"subcutaneous"}),
        ("rectal administration instead of IV", {"rectal"}),
        ("not intravenous", set()),
        ("may I not give it IV?", {"intravenous"}),
        ("oral contraceptives", set()),
        ("oral inhalation technique", set()),
        ("rectal bleeding", set()),
        ("nasal congestion", set()),
        ("stage IV lung cancer", set()),
        ("factor IV", set()),
        ("IV antibiotics besides", set()),
        ("I'm on the medicine", set()),
        ("im 70 kg, which dose", set()),
        ("crushed through an NG tube", set()),  # how it is given
        ("inhaled corticosteroids besides", set()),
    ],
)
def test_routes_that_a_question_names(question: str, routes: set[str]) -> None:
    assert routes_asked(question) == routes


@pytest.mark.parametrize(
    ("text", "route", "spoken"),
    [
        ("Inject 5 mg subcutaneously.", "subcutaneous", True),
        ("Take one tablet daily.", "oral", True),
        ("Do not inject it intramuscularly.", "intramuscular", False),
        ("For intravenous use only. Not for intrathecal use.", "intrathecal", False),
        ("Nonintravenous routes have not been studied.", "intravenous", False),
        ("Give with an oral anticoagulant.", "oral", False),
    ],
)
def test_routes_that_a_label_speaks_of(text: str, route: str, spoken: bool) -> None:
    assert allows(text, route) is spoken


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("For intravenous use only.", True),
        ("It should only be administered IM or IV.", True),
        ("Administer by intravenous or intramuscular injection only.", True),
        ("Intranasal use is not established.", True),
        ("Intranasal use brings a serious risk of apnea.", True),
        ("The intranasal half-life was 2 hours.", False),
        ("Inject 5 mg intravenously. Use only clear solution.", False),
    ],
)
def test_what_a_label_says_against_a_route(text: str, against: bool) -> None:
    assert speaks_against(text, "intranasal") is against


class Reads:
    """Reads every question as one of ``intent`` and marks nothing."""

    def __init__(self, assistant: Assistant, intent: str) -> None:
        self.fingerprint, self.encoder, self.intent = assistant.encoder.fingerprint, assistant.encoder, intent

    def read(self, masked: str) -> Any:
        flags = {"adverse_event": 0.0, "attack": 0.0}
        return self.encoder.encode([masked])[0], Choosing(((self.intent, 1.0),), (), flags, ())


def _asked(root: Path, question: str, intent: str = "dosage") -> tuple[Outcome, list[str]]:
    assistant = tiny.opened(root, QUICK)
    decider = replace(assistant.decider, reader=Reads(assistant, intent))
    draft = decider.decide(question, tiny.HCP, None, "zed")
    assistant.index.close()
    return draft.outcome, [entry.head.id.rpartition(".")[2] for entry in draft.shown]


def _label(root: Path, *bodies: bytes) -> Path:
    fronts = ["topic: dosage", *["topic: warnings"] * (len(bodies) - 1)]
    tiny.write(root, bodies, fronts)
    tiny.compiled(root, QUICK)
    return root


def test_a_dose_for_another_route_is_not_shown(tmp_path: Path) -> None:
    dose, only = b"Inject 5 mg of ZED intravenously once.", b"ZED is for intravenous use only."
    told = _label(tmp_path / "told", dose, only)
    assert _asked(told, "intranasal dose") == (Outcome.ANSWERED, ["1"])
    assert _asked(told, "intranasal dose, no IV") == (Outcome.ANSWERED, ["1"])
    assert _asked(told, "dose by switching from IV to intranasal") == (Outcome.ANSWERED, ["1"])
    assert "0" in _asked(told, "IV or intranasal dose")[1]
    assert "0" in _asked(told, "intravenous dose")[1]
    assert "0" in _asked(told, "dose")[1]
    silent = _label(tmp_path / "silent", dose)
    assert _asked(silent, "intranasal dose") == (Outcome.MEDICAL_INFORMATION, [])
    # Asked about something else it is no route that is asked for.
    assert _asked(silent, "interaction with nasal spray", "drug_interaction")[0] is not Outcome.MEDICAL_INFORMATION
