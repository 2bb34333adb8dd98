"""Words for one thing are one search term, and words for different things never are."""

from __future__ import annotations

import itertools

from assistant.answering import lexical


def test_different_things_are_different_terms() -> None:
    spoken = (
        "lactation pregnancy renal hepatic geriatric pediatric cardiac pulmonary alcohol food seizure vomiting fever"
    )
    found = lexical.terms(spoken)
    assert len(set(found)) == len(found) == len(spoken.split())


def test_lay_and_professional_words_are_one_term() -> None:
    for pair in ("breastfeeding lactation", "kidney renal", "liver hepatic", "kids pediatric", "fridge refrigerate"):
        one, two = lexical.terms(pair)
        assert one == two, pair


def test_no_word_stands_in_two_groups() -> None:
    groups = [{lexical.stem(word) for word in group.split()} for group in lexical._SAME_THING]
    assert len(groups) > 20
    assert not [one & two for one, two in itertools.combinations(groups, 2) if one & two]
