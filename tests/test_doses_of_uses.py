"""The doses for one use are not those for another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.doses_of_uses import without_doses_of_others
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate

_USES = frozenset(lexical.terms("chronic yawning, evening drowsiness"))


class _Texts:
    """As much of an index as is read here."""

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text))


def _left(asked: str, *passages: tuple[str, str, str]) -> list[str]:
    ranked = [
        SimpleNamespace(entry=SimpleNamespace(head=SimpleNamespace(topic=topic, title=title), text=f"{title} {text}"))
        for topic, title, text in passages
    ]
    found = without_doses_of_others(
        cast(Index, _Texts()), cast(list[Candidate], ranked), [asked.split()] if asked else [], _USES
    )
    return [cast(SimpleNamespace, each.entry).head.title for each in found]


_YAWNING = ("dosage", "Recommended Dosage for Chronic Yawning", "5 mg")
_DROWSY = ("dosage", "Recommended Dosage for Evening Drowsiness in Adults", "10 mg")


@pytest.mark.parametrize(
    "passage",
    [
        ("dosage", "Dosage and Administration", "5 mg"),  # of all uses together
        ("dosage", "Recommended Dosage in Renal Impairment", "2 mg"),  # of a group
        ("dosage", "Dosage for Evening Drowsiness", "10 mg, also in chronic yawning"),
        ("clinical_studies", "Evening Drowsiness", "10 mg"),
        _YAWNING,
    ],
)
def test_what_is_not_for_another_use_stays(passage: tuple[str, str, str]) -> None:
    assert _left("chronic yawning", _YAWNING, _DROWSY, passage) == [_YAWNING[1], passage[1]]


def test_nothing_goes_where_no_title_names_the_use_or_none_is_asked() -> None:
    assert _left("hiccups", _YAWNING, _DROWSY) == _left("", _YAWNING, _DROWSY) == [_YAWNING[1], _DROWSY[1]]
