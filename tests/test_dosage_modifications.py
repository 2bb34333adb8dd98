"""What is to be done at a grade of a reaction stands in the row of its table, not in how often it came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.dosage_modifications import grade_asked, has_row, reactions_asked, with_what_to_do
from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate

TABLE = (
    "Table 2: Modifications Reaction Severity Modification Drowsitis Grade 2 Withhold Grade 3 or 4 Permanently "
    "discontinue Yawning Grades 1 or 2 Reduce by one level Itchy elbows Any grade Interrupt"
)


class _Label:
    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text.decode()))

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return entry


def says(question: str, *named: str, text: str = TABLE, topic: str = "dosage") -> bool:
    entry = cast(Entry, SimpleNamespace(head=SimpleNamespace(topic=topic), text=text.encode()))
    (found,) = with_what_to_do(cast(Index, _Label()), [Candidate(entry, 0.4, 0.4, 0.4, 0.4)], question, named)
    return found.says_what_to_do


@pytest.mark.parametrize(
    ("question", "grade"),
    [("grade 3 drowsitis", "3"), ("G2 yawning?", "2"), ("grade iv rash", "4"), ("upgrade 2 seats", ""), ("ng 2", "")],
)
def test_a_grade_is_told_by_its_word_or_letter(question: str, grade: str) -> None:
    assert grade_asked(question) == grade


def test_the_row_of_the_reaction_at_its_grade_says_what_to_do() -> None:
    assert says("How is the medicine managed at grade 2 drowsitis?", "drowsitis")
    assert says("dose mod for G3 drowsitis?")  # where nothing is marked its words are looked for
    assert says("grade 2 yawning", "yawning") and says("grade 3 itchy elbows", "itchy elbows")
    # Not at a grade or of a reaction that it does not tell of, nor without a grade, nor what counts what happened.
    assert not says("grade 5 drowsitis", "drowsitis")
    assert not says("grade 2 sneezing", "sneezing")
    assert not says("drowsitis", "drowsitis")
    assert not says("grade 2 drowsitis", "drowsitis", topic="warnings")
    assert not says("grade 2 drowsitis", "drowsitis", text="Drowsitis came in 4%, of grade 2 in 1%.")


def test_what_stands_far_behind_is_another_row() -> None:
    sneeze = frozenset(lexical.terms("sneezing"))
    assert has_row("Sneezing Grade 3 Withhold", "3", [sneeze])
    assert not has_row(f"Sneezing {'a word ' * 50} Grade 3 Withhold", "3", [sneeze])


def test_what_happened_is_what_is_named_or_what_else_is_said() -> None:
    sneezing = [frozenset(lexical.terms("sneezing"))]
    assert reactions_asked("dose for grade 3 sneezing", ["sneezing"]) == sneezing
    assert reactions_asked("dose modification for grade 3 sneezing", []) == sneezing
    assert reactions_asked("grade 3?", []) == []
