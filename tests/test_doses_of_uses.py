"""The doses for one use are not those for another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.doses_of_uses import without_doses_of_others, without_rows_of_impairment
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate

_USES = frozenset(lexical.terms("chronic yawning, evening drowsiness"))


_ABOUT = {
    "dosage": ("dosage",),
    "renal_impairment": ("renal_impairment", "dosage"),
    "clinical_studies": ("clinical_studies",),
    "indication": ("indication",),
}


class _Texts:
    """As much of an index as is read here."""

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(text=entry.text.encode())

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text))


def _left(asked: str, *passages: tuple[str, str, str]) -> list[str]:
    ranked = [
        SimpleNamespace(
            entry=SimpleNamespace(
                row=row,
                head=SimpleNamespace(topic=topic, title=title, is_about=lambda asked, of=topic: asked in _ABOUT[of]),
                text=f"{title} {text}",
            )
        )
        for row, (topic, title, text) in enumerate(passages)
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


def test_of_one_section_for_all_uses_the_piece_for_another_goes() -> None:
    uses = ("indication", "Chronic Yawning", "It is for it."), ("indication", "Evening Drowsiness", "It is for it.")
    ours = ("renal_impairment", "Dosage in Renal Impairment", "Chronic Yawning: 5 mg.")
    other = ("renal_impairment", "Dosage in Renal Impairment: Table 2", "Evening Drowsiness: 10 mg.")
    both = ("renal_impairment", "Dosage in Renal Impairment: Table 3", "Evening Drowsiness: 10 mg. Chronic yawning: 5.")
    every = ("renal_impairment", "Use in Renal Impairment", "It was not studied.")
    assert _left("chronic yawning", *uses, ours, other, both, every)[2:] == [ours[1], both[1], every[1]]
    assert _left("chronic yawning", *uses, other, every)[2:] == [other[1], every[1]]


@pytest.mark.parametrize(
    ("text", "is_row"),
    [
        ("Moderate HI (Child-Pugh B) Induction: 5 mg.", True),
        ("Severe Renal Impairment 2 mg once daily.", True),
        ("Child-Pugh C Not recommended.", True),
        ("2.3 Renal Impairment The dose is 2 mg.", False),
        ("Moderate yawning 5 mg.", False),
    ],
)
def test_a_row_cut_off_for_impaired_patients_is_nobody_elses_dose(text: str, is_row: bool) -> None:
    entry = SimpleNamespace(head=SimpleNamespace(is_about=lambda asked: asked == "dosage"), text=text)
    ranked = cast(list[Candidate], [SimpleNamespace(entry=entry)])
    assert (without_rows_of_impairment(cast(Index, _Texts()), ranked) == []) is is_row
