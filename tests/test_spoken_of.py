"""A medicine, drink or matter that the product's own label speaks of is never out of scope."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain import Outcome
from tests import tiny
from tests.conftest import QUICK
from tests.test_given_product import Marking
from tests.test_routes import _asked

_BODIES = (
    b"Avoid ZED with nonsteroidal anti-inflammatory drugs (NSAIDs).",
    b"Do not drink alcohol while you take ZED.",
    b"Tell your doctor before you get a vaccine.",
    b"Draw blood for ZED levels into tubes with an anticoagulant.",
    b"Watch the eyes of those who have long been given ZED in high doses, had weak kidneys or took tamoxifen before.",
)
_FRONTS = ("topic: drug_interaction", "topic: food_interaction", "topic: warnings", "topic: dosage", "topic: warnings")


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny.write(tmp_path_factory.mktemp("spoken") / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    return root


@pytest.mark.parametrize(
    ("question", "passage"),
    [("naproxen", "0"), ("is ibuprofen ok?", "0"), ("can i drink a beer", "1"), ("can i get a flu shot", "2")],
)
def test_what_the_label_speaks_of_is_answered(label: Path, question: str, passage: str) -> None:
    outcome, shown = _asked(label, question, "out_of_scope")
    assert outcome is Outcome.ANSWERED and shown[0] == passage


def test_the_only_passage_that_names_a_medicine_answers_its_bare_name(label: Path) -> None:
    for name, shown in (("tamoxifen", ["4"]), ("clarithromycin", [])):
        assistant = tiny.opened(label, QUICK)
        decider = replace(assistant.decider, reader=Marking(assistant, "drug_interaction", name))
        draft = decider.decide(name, tiny.HCP, None, "zed")
        assistant.index.close()
        assert [entry.head.id.rpartition(".")[2] for entry in draft.shown] == shown, name


@pytest.mark.parametrize(
    "question",
    [
        "clarithromycin",  # the label is silent on it
        "warfarin",  # and what it says of its class is said of a tube
        "grapefruit",
        "the weather in spring",
        "who invented naproxen and aspirin",
        "where is naproxen sold cheaply in Boston",
    ],
)
def test_what_it_is_silent_on_or_more_is_asked_stays_out_of_scope(label: Path, question: str) -> None:
    assert _asked(label, question, "out_of_scope") == (Outcome.OUT_OF_SCOPE, [])
