"""The passage goes first, one sentence of which holds the figure, the limit or the design that is asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate
from assistant.answering.sentences_asked_for import with_sentence_first

REPORT = "adverse_reactions"


class _Label:
    """As much of an index as is read here."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return entry

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(self._texts[entry.row]))

    def results(self, _: Entry) -> float:
        return 0.0

    def postings(self, _: str, words: set[str]) -> dict[str, list[tuple[int, int]]]:
        held = [set(lexical.terms(text)) for text in self._texts]
        return {word: [(row, 1) for row, terms in enumerate(held) if word in terms] for word in words}


def order(question: str, *passages: tuple[str, float, str]) -> list[int]:
    ranked = []
    for row, (topic, score, text) in enumerate(passages):
        head = SimpleNamespace(product="zorvex", topic=topic, title="")
        entry = SimpleNamespace(head=head, row=row, text=text.encode())
        ranked.append(Candidate(cast(Entry, entry), score, 0.5 - row / 10, 0.5, 0.5))
    found = with_sentence_first(cast(Index, _Label([text for _, _, text in passages])), ranked, question)
    assert [each.score for each in found] == [each.score for each in ranked]
    if found:
        assert found[0].dense == max(ranked[0].dense, found[0].dense)
    return [each.entry.row for each in found]


def test_the_sentence_with_the_figure_and_all_that_is_named_goes_first() -> None:
    apart = (REPORT, 0.5, "Yawning was seen. In the NAPPER trial 40% of patients were women.")
    row = (REPORT, 0.45, "Table 3 NAPPER Sneezing 12 3 Yawning 21 4 Hiccups 2 1")
    assert order("yawning % vs placebo in NAPPER?", apart, row) == [1, 0]
    # Not where no number is asked for, it is far, it counts nothing, or the first one holds them as well.
    assert order("is yawning known from NAPPER?", apart, row) == [0, 1]
    assert order("yawning % vs placebo in NAPPER?", apart, (REPORT, 0.3, row[2])) == [0, 1]
    assert order("yawning % vs placebo in NAPPER?", apart, ("storage", 0.45, row[2])) == [0, 1]
    assert order("yawning % in NAPPER?", (REPORT, 0.5, "In NAPPER yawning came in 21%."), row) == [0, 1]
    assert order("yawning % in NAPPER?") == []


def test_a_shared_word_alone_moves_nothing() -> None:
    passages = (REPORT, 0.5, "Sneezing came in 3% of NAPPER."), (REPORT, 0.48, "Hiccups came in 4% of NAPPER.")
    assert order("rate of sneezing in NAPPER?", *passages) == [0, 1]
    assert order("what % of patients?", *passages) == [0, 1]


def test_a_limit_stands_in_the_sentence_that_sets_it() -> None:
    how = ("administration", 0.5, "Hang the bag. Give the infusion with a filter.")
    limit = ("dosage", 0.42, "The rate of infusion should not exceed 2 mL per minute.")
    assert order("max infusion rate", how, limit) == [1, 0]
    assert order("infusion rate", how, limit) == [0, 1]
    assert order("max infusion rate in dialysis", how, limit) == [0, 1]  # theirs is another


def test_the_design_of_a_trial_stands_where_it_says_how_it_was_made() -> None:
    results = ("clinical_studies", 0.5, "NAPPER results by a stratified model: 40% (CI 30, 50).")
    design = ("clinical_studies", 0.4, "Randomization was stratified by age and snoring.")
    assert order("which stratification factors did NAPPER have?", results, design) == [1, 0]
    assert order("which model did NAPPER have?", results, design) == [0, 1]
