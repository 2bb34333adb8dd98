"""Which candidates are shown: what a label forbids goes before what was measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from assistant.answering import retrieval
from assistant.answering.index import Entry
from assistant.answering.label_status import status_of_all
from assistant.answering.planning import Found, Route, choose, route
from assistant.answering.retrieval import Candidate, Query
from assistant.content.policy import Policy, parse_policy
from assistant.domain import Context, Outcome
from assistant.pipeline import Assistant
from assistant.understanding.conditions import LabelStatus
from assistant.workspace import starter_root
from tests.conftest import TODAY

POLICY: Policy = parse_policy((starter_root() / "approved_corpus" / "policy.yaml").read_bytes(), Path("policy.yaml"))[0]


@pytest.fixture(scope="module")
def entry(quick: Assistant) -> Entry:
    return quick.index.entries("zorvanta")[0]


def candidate(entry: Entry, topic: str, score: float) -> Candidate:
    head = dataclasses.replace(entry.head, id=topic, topic=topic, also=())
    return Candidate(dataclasses.replace(entry, head=head, size=200), score, 0.6, 0.6, 0.9, 0.9)


def shown(intent: str, *candidates: Candidate) -> list[str]:
    found = choose(candidates, Route(None, intent, 0.95, retrieve=True), POLICY)
    return [one.entry.head.topic for one in found.shown]


@pytest.mark.parametrize("said", ["drug_interaction", "contraindication"])
def test_what_the_label_says_of_taking_both_goes_before_what_was_measured(entry: Entry, said: str) -> None:
    measured, near = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, said, 0.47)
    assert shown("drug_interaction", measured, near) == [said]


def test_where_it_says_nothing_near_the_measurement_is_shown(entry: Entry) -> None:
    measured, far = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.30)
    assert shown("drug_interaction", measured, far) == ["pharmacokinetics"]


def test_who_asks_for_the_measurement_gets_it(entry: Entry) -> None:
    measured, near = candidate(entry, "pharmacokinetics", 0.63), candidate(entry, "drug_interaction", 0.47)
    assert shown("pharmacokinetics", measured, near) == ["pharmacokinetics"]


def found(**changed: object) -> Found:
    about = {
        "flags": frozenset(),
        "intents": (("dosage", 0.95),),
        "status": LabelStatus.NOT_MENTIONED,
        "asks_use": False,
        "marked": True,
        "compares_beyond_label": False,
        "product_known": True,
    }
    return Found(**(about | changed))  # type: ignore[arg-type]


def test_a_dose_for_what_the_label_does_not_mention_is_referred() -> None:
    assert route(found(), "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_a_dose_for_what_its_directions_speak_of_is_not() -> None:
    spoken = frozenset(("dosage",))
    assert route(found(spoken_under=spoken), "hcp", POLICY).outcome is None
    # Whether the medicine is for it, only the indication says.
    use = found(spoken_under=spoken, intents=(("indication", 0.95),))
    assert route(use, "hcp", POLICY).outcome is Outcome.MEDICAL_INFORMATION


def test_of_several_illnesses_the_least_approved_counts_where_a_use_is_asked_for() -> None:
    named = (LabelStatus.INDICATED, LabelStatus.NOT_MENTIONED)
    for statuses in (named, named[::-1]):
        assert status_of_all(statuses, use=True) is LabelStatus.NOT_MENTIONED
        assert status_of_all(statuses, use=False) is LabelStatus.INDICATED
    assert status_of_all((LabelStatus.LIMITED, LabelStatus.UNSURE), use=True) is LabelStatus.LIMITED
    assert status_of_all((), use=True) is LabelStatus.UNSURE


def test_for_a_use_that_the_label_may_or_may_not_mean_passages_are_only_offered() -> None:
    asked = found(status=LabelStatus.UNSURE, intents=(("indication", 0.95),))
    assert route(asked, "hcp", POLICY).unsure_of_use
    for other in ({"marked": False}, {"status": LabelStatus.INDICATED}, {"intents": (("dosage", 0.95),)}):
        assert not route(dataclasses.replace(asked, **other), "hcp", POLICY).unsure_of_use


def test_without_a_word_to_search_for_the_topic_decides(quick: Assistant) -> None:
    entries = retrieval.eligible(quick.index, "zorvanta", Context("hcp", "US", "en", "cli", TODAY))
    asked = "who should not take it"
    query = Query(asked, quick.encoder.encode([asked])[0], (("contraindication", 1.0),))
    best = retrieval.rank(quick.index, entries, query, POLICY.ranking)[0]
    assert best.entry.head.topic == "contraindication"
    assert best.lexical == 0
    assert 0 < best.score <= 1
