"""Shorthand is read as the label itself defines it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.label_shorthand import definitions, further_shorthand_in, shorthand_in, written_out


@pytest.mark.parametrize(
    ("text", "token", "long"),
    [
        ("in adults with chronic sleepy moods (CSM) in summer", "CSM", "chronic sleepy moods"),
        (
            "for chronic rhinodrowsiness with nasal polka (CRDwNP).",
            "CRDwNP",
            "chronic rhinodrowsiness with nasal polka",
        ),
        ("of bullous dullness (BD)", "BD", "bullous dullness"),
        ("with dull moods (DMs; Table 2)", "DM", "dull moods"),
        ("a proton drowse inhibitor (PDI)", "pdi", "proton drowse inhibitor"),
        ("Drowsiness. Chronic sleepy moods (CSM)", "CSM", "Chronic sleepy moods"),
        (
            "age with moderate-to-severe dullness (AS)",
            "AS",
            "",
        ),  # of two letters both are initials, and no word between
        ("the trial (CSM) of moods", "CSM", ""),
        ("see moods (Table)", "Table", ""),  # a word in brackets
        ("alkaline drowsase, SGOT (AST)", "AST", ""),
    ],
)
def test_a_definition_is_the_words_before_the_bracket(text: str, token: str, long: str) -> None:
    assert next(definitions(text, token), "") == long


class _Label:
    """As much of an index as is read here: passages of one product, each a topic and a text."""

    def __init__(self, *passages: tuple[str, str]) -> None:
        self._rows = [
            SimpleNamespace(row=row, head=SimpleNamespace(topic=topic), text=text.encode())
            for row, (topic, text) in enumerate(passages)
        ]

    def entries(self, _: str) -> list[SimpleNamespace]:
        return self._rows

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return entry

    def postings(self, _: str, words: set[str]) -> dict[str, list[tuple[int, int]]]:
        found = {word: [each.row for each in self._rows if word in lexical.terms(each.text.decode())] for word in words}
        return {word: [(row, 1) for row in rows] for word, rows in found.items()}


_LABEL = _Label(
    (
        "indication",
        "For chronic sleepy moods (CSM) and brisk ponders (BP). Not for dull moods (DMs), early awakening (EA)",
    ),
    (
        "indication",
        "Early agitation (EA), sleepy events (SE), multiple sclerosis (MS), an old mood (MOOD), an awake sleeper (AS), "
        "two (ASs).",
    ),
    ("clinical_studies", "A central sleep measure (CSM) and a patient yawn report (PYR)."),
)


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("CSM dose", "chronic sleepy moods dose"),  # what it is for before what was measured
        ("csm dose for a child", "chronic sleepy moods dose for a child"),
        ("BP monitoring", "brisk ponders monitoring"),  # whatever other labels mean by it
        ("bp monitoring", "bp monitoring"),  # two small letters are no shorthand
        ("PYR at week 12?", "PYR at week 12?"),  # what is measured is no use
        ("DMs and the dose", "dull moods and the dose"),
        ("EA rate", "EA rate"),  # two meanings
        ("SE of the medicine", "SE of the medicine"),  # side effects in every note
        ("MS dose", "MS dose"),  # the same in every label
        ("AS dose", "AS dose"),  # a word everywhere
        ("MOOD CHANGES WHILE ON IT", "MOOD CHANGES WHILE ON IT"),  # a word that is shouted
        ("mood changes", "mood changes"),
        ("XYZ dose", "XYZ dose"),
        ("CSM-2 results", "CSM-2 results"),
    ],
)
def test_shorthand_is_read_as_its_label_defines_it(question: str, read: str) -> None:
    found = shorthand_in(cast(Index, _LABEL), "zorvex", question)
    assert written_out(question, found) == read


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("PYR at week 12?", "patient yawn report at week 12?"),  # what no indication defines
        ("PYRs?", "patient yawn report?"),
        ("pyr at week 12?", "pyr at week 12?"),  # in small letters it may be a word
        ("EA rate", "EA rate"),  # two meanings
        ("MS dose", "MS dose"),  # the same in every label
        ("XYZ dose", "XYZ dose"),
        ("PYR AT WEEK 12?", "PYR AT WEEK 12?"),
    ],
)
def test_what_the_rest_of_a_label_defines_is_looked_for_by_its_words(question: str, read: str) -> None:
    found = further_shorthand_in(cast(Index, _LABEL), "zorvex", question)
    assert written_out(question, found) == read
