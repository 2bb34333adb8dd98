"""Words for one thing are one search term, and words for different things never are."""

from __future__ import annotations

import itertools

from assistant.answering import drug_classes, lexical


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


def test_a_substance_is_found_by_the_class_that_labels_name() -> None:
    assert set(lexical.terms("nitrates")) <= set(lexical.searched("nitroglycerin"))
    assert set(lexical.terms("NSAIDs")) <= set(lexical.searched("Ibuprofen"))
    assert set(lexical.searched("ibuprofen")).isdisjoint(lexical.searched("warfarin"))


def test_a_substance_is_not_named_by_its_class() -> None:
    """Whether a label names a medicine is asked by its name: one anticoagulant is not another."""
    assert lexical.terms("eliquis") == [lexical.stem("eliquis")]


def test_a_substance_stands_in_one_class_and_is_no_class_itself() -> None:
    members = [name for names in drug_classes._MEMBERS.values() for name in names.split()]
    assert len(set(members)) == len(members)
    assert set(members).isdisjoint(drug_classes._MEMBERS)
