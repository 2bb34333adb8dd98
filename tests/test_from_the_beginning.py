"""Whoever asks with a section's title gets the section from its beginning; whoever asks more what is nearest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering.from_the_beginning import in_label_order
from assistant.answering.index import Entry
from assistant.answering.retrieval import Candidate


def piece(row: int, score: float, title: str = "Use in Pregnancy", locator: str = "8.1") -> Candidate:
    head = SimpleNamespace(document="label", locator=locator, title=title)
    return Candidate(cast(Entry, SimpleNamespace(head=head, row=row)), score, 0.5, 0.5, 0.5)


RANKED = [piece(7, 0.8), piece(9, 0.7, "Pregnancy", "17"), piece(5, 0.6), piece(6, 0.5)]


@pytest.mark.parametrize("question", ["pregnancy", "Pregnant?", "use in pregnancy"])
def test_the_title_alone_asks_for_the_section(question: str) -> None:
    found = in_label_order(RANKED, question)
    assert [(each.entry.row, each.score) for each in found] == [(5, 0.8), (9, 0.7), (6, 0.6), (7, 0.5)]


@pytest.mark.parametrize("question", ["pregnancy registry", "harm in pregnancy", "", "the medicine"])
def test_more_than_the_title_asks_for_what_is_nearest(question: str) -> None:
    assert in_label_order(RANKED, question) == RANKED


def test_nothing_found_stays_nothing() -> None:
    assert in_label_order([], "pregnancy") == []
