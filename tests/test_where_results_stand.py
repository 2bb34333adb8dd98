"""Who asks for a study's result gets what came of it before how it was made, of the illness that is asked about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate
from assistant.answering.where_results_stand import results_first

ITCH, HIVES = "Chronic Itch (CI) in Adults", "Cold Hives (CH) in Adults"


class _Shares:
    """How much of each passage is results, by its row."""

    def __init__(self, **shares: float) -> None:
        self._shares = {int(row[1:]): share for row, share in shares.items()}

    def results(self, entry: Entry) -> float:
        return self._shares.get(entry.row, 0.0)


def piece(
    row: int, score: float, title: str = "Clinical Studies", locator: str = "14", topic: str = "clinical_studies"
) -> Candidate:
    head = SimpleNamespace(document="label", locator=locator, title=title, topic=topic)
    return Candidate(cast(Entry, SimpleNamespace(head=head, row=row)), score, 0.5, 0.5, 0.5)


def rows(question: str, *ranked: Candidate, **shares: float) -> list[int]:
    found = results_first(cast(Index, _Shares(**shares)), ranked, question)
    assert [each.score for each in found] == [each.score for each in ranked]
    return [each.entry.row for each in found]


def test_what_came_of_a_trial_goes_before_how_it_was_made() -> None:
    design, other, table = piece(4, 0.5), piece(9, 0.48), piece(6, 0.42)
    assert rows("responders?", design, other, table, r4=0.05, r6=0.5) == [6, 4, 9]
    # Not what is further behind, of another section, far from the question or hardly more than what stands before.
    assert rows("responders?", design, other, piece(7, 0.42), r4=0.05, r7=0.5) == [4, 9, 7]
    assert rows("responders?", design, other, piece(6, 0.42, locator="6.1"), r6=0.5) == [4, 9, 6]
    assert rows("responders?", design, other, piece(6, 0.2), r6=0.5) == [4, 9, 6]
    assert rows("responders?", design, other, table, r4=0.4, r6=0.5) == [4, 9, 6]
    # What tells results itself, or warns, is not how a trial was made.
    assert rows("responders?", design, other, table, r4=0.6, r6=1.0) == [4, 9, 6]
    assert rows("responders?", piece(4, 0.5, topic="warnings"), other, table, r6=0.5) == [4, 9, 6]
    assert rows("responders?") == []


def test_studies_of_another_illness_go_behind_those_of_the_one_that_is_named() -> None:
    ranked = piece(2, 0.5, ITCH, "14.1"), piece(8, 0.49, HIVES, "14.2"), piece(20, 0.45), piece(3, 0.4, ITCH, "14.1")
    assert rows("responders in the CI trial?", *ranked) == [2, 20, 3, 8]
    assert rows("responders in chronic itch?", *ranked) == [2, 20, 3, 8]
    # Where none is named or it is not that of the best, nearness decides.
    assert rows("responders?", *ranked) == [2, 8, 20, 3]
    assert rows("responders in CH?", piece(2, 0.5, ITCH), piece(3, 0.4, ITCH), piece(4, 0.3)) == [2, 3, 4]
