"""Whom a medicine is not for by its label's words, and the dose of the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.other_sex import not_for, sex_asked, without_other
from assistant.answering.retrieval import Candidate


@pytest.mark.parametrize(
    ("question", "sex"),
    [
        ("dose for a woman", "women"),
        ("Female patient, how much?", "women"),
        ("my wife wants to take it", "women"),
        ("men dose", "men"),
        ("how much for my husband", "men"),
        ("dose for men and women", ""),
        ("dose in the elderly", ""),
        ("management of the dose", ""),
    ],
)
def test_a_question_names_one_of_both(question: str, sex: str) -> None:
    assert sex_asked(question) == sex


class _Texts:
    """As much of an index as is read here."""

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return entry

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text.decode()))


def _said_by(sex: str, *passages: tuple[str, str]) -> list[str]:
    ranked = [
        SimpleNamespace(entry=SimpleNamespace(head=SimpleNamespace(topic=topic), text=text.encode()))
        for topic, text in passages
    ]
    found = not_for(cast(Index, _Texts()), cast(list[Candidate], ranked), sex)
    return [cast(SimpleNamespace, each.entry).text.decode() for each in found]


@pytest.mark.parametrize(
    ("text", "women", "men"),
    [
        ("Zorvexa is not indicated for use in women.", True, False),
        ("Zorvexa is not indicated for use in females and there is no information on the risk.", True, False),
        ("Zorvexa is not indicated for use in females There is no information on milk.", True, False),
        ("Limitations of Use \u2022 ZORVEX is not indicated in men \u2022 It is not a toy.", False, True),
        ("Not recommended for use in men with uncontrolled hypertension.", False, False),
        ("Zorvexa is not indicated for use in females of reproductive potential.", False, False),
        ("Zorvexa is indicated in women.", False, False),
    ],
)
def test_only_all_of_a_sex_are_left_out(text: str, women: bool, men: bool) -> None:
    assert bool(_said_by("women", ("pregnancy", text))) is women
    assert bool(_said_by("men", ("pregnancy", text))) is men


def test_what_limits_the_use_comes_first_and_no_study_counts() -> None:
    said = "It is not indicated for use in women."
    passages = [("pharmacokinetics", said), ("pregnancy", f"Pregnancy {said}"), ("indication", f"Limits {said}")]
    assert _said_by("women", *passages) == [f"Limits {said}", f"Pregnancy {said}"]


def test_contraception_of_men_is_not_that_of_women() -> None:
    def left(sex: str, *texts: str) -> list[str]:
        ranked = [
            SimpleNamespace(
                entry=SimpleNamespace(head=SimpleNamespace(topic="reproductive_potential"), text=text.encode())
            )
            for text in texts
        ]
        found = without_other(cast(Index, _Texts()), cast(list[Candidate], ranked), sex)
        return [cast(SimpleNamespace, each.entry).text.decode() for each in found]

    title = "8.3 Females and Males of Reproductive Potential"
    women = f"{title} Women use contraception for 6 weeks. Female patients also a male condom."
    men = f"{title} Men use contraception for 90 days."
    assert left("men", women, men) == [men]
    assert left("women", women, men) == [women]
    assert left("men", women) == [women]  # where nothing is said of men
    assert left("women", f"{title} Use contraception.", men) == [f"{title} Use contraception.", men]
