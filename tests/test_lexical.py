"""Words for one thing are one search term, and words for different things never are."""

from __future__ import annotations

import itertools

import pytest

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


@pytest.mark.parametrize(
    "label", ["polyvinyl alcohol", "benzyl alcohol", "wipe it with an alcohol pad", "alcohol-wipe"]
)
def test_an_alcohol_that_nobody_drinks_is_no_wine(label: str) -> None:
    assert lexical.terms("wine")[0] not in lexical.terms(label)
    assert lexical.terms("wine")[0] in lexical.terms("avoid alcohol.")


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("anaemia", "anemia"),
        ("diarrhoea", "diarrhea"),
        ("dyspnoea", "dyspnea"),
        ("oestrogen", "estrogen"),
        ("oedema", "edema"),
        ("tumour", "tumor"),
        ("foetal", "fetal"),
    ],
)
def test_british_and_american_spelling_are_one(british: str, american: str) -> None:
    assert lexical.terms(british) == lexical.terms(american)


def test_how_often_is_spelled_out() -> None:
    assert set(lexical.terms("every 12 hours")) <= set(lexical.terms("q12h"))
    assert lexical.terms("potatoes") != ["potat"]


def test_no_shorthand_stands_in_two_lists() -> None:
    written = [short for shorts in lexical._SHORTHAND.values() for short in shorts.split()]
    assert len(written) == len(set(written))
    assert not set(written) & set(drug_classes.NAMES_OF)


def searched(question: str, label: str) -> set[str]:
    return set(lexical.Wording.of(question).in_words_of(set(lexical.terms(label))))


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("nitroglycerin", "nitrates"),
        ("Ibuprofen", "NSAIDs"),
        ("Questran", "cholestyramine"),
        ("Rifadin", "rifampin"),
        ("rifampicin", "rifampin"),
        ("Rifadin", "strong CYP3A inducers"),  # by its brand to its generic name to its class
        ("gentamicin", "aminoglycosides"),
        ("cigarettes", "smoking"),
        ("hair falling out", "alopecia"),
        ("may I ride my motorbike", "operating machinery"),
        ("ORR", "overall response rate"),
        ("t1/2", "half-life"),
        ("PPI", "omeprazole"),
        ("PPIs", "gastric acid reducing"),
        ("digoxin", "digitalis"),
        ("ciclosporin", "CYP3A substrates"),
    ],
)
def test_a_thing_is_searched_by_what_the_label_calls_it(said: str, label: str) -> None:
    assert set(lexical.terms(label)) - set(lexical.terms("strong operating")) <= searched(said, label)
    assert not set(lexical.terms(label)) & searched(said, "renal impairment")


def test_several_words_for_a_matter_mean_it_together_alone() -> None:
    assert "flu" not in searched("can I get a flu shot", "vaccines and flu-like symptoms")
    assert "flu" in searched("can I get a flu shot", "flu-like symptoms")  # no word for the matter stands there


def test_words_of_a_thing_that_the_label_calls_otherwise_do_not_count_as_missed() -> None:
    assert searched("hair falling out in women", "alopecia") == {"alopecia", *lexical.terms("women")}
    # Where the label has no name for it they do.
    assert set(lexical.terms("hair falling out")) <= searched("hair falling out in women", "nausea")
    # What stands in the label stays.
    assert set(lexical.terms("hair alopecia")) <= searched("hair falling out", "alopecia, hair follicles")


def test_a_substance_is_not_named_by_its_class() -> None:
    """Whether a label names a medicine is asked by its name: one anticoagulant is not another."""
    assert lexical.terms("eliquis") == [lexical.stem("eliquis")]
    assert searched("ibuprofen", "NSAIDs").isdisjoint(searched("warfarin", "NSAIDs"))


def test_brands_and_classes_are_told_apart() -> None:
    brands = [brand for names in drug_classes._BRANDS.values() for brand in names.split()]
    assert set(brands).isdisjoint(drug_classes._BRANDS)
    assert drug_classes._OTHER_BRANDS.isdisjoint(brands)
    assert {drug_classes.generic_of(brand) for brand in ("versed", "onglyza", "januvia")} == {
        "midazolam",
        "saxagliptin",
        "sitagliptin",
    }
    for names in (*drug_classes._BRANDS.values(), *drug_classes._MEMBERS.values()):
        assert len(set(names.split())) == len(names.split())


def test_what_is_eaten_is_no_medicine() -> None:
    assert not any(map(drug_classes.is_medicine, ("caffeine", "coffee", "alcohol", "grapefruit")))
    assert all(map(drug_classes.is_medicine, ("theophylline", "versed", "janumet")))


def test_the_number_of_a_type_is_part_of_its_name() -> None:
    assert not set(lexical.terms("type 1")) & set(lexical.terms("see 1 and 2 of this type"))
    assert lexical.terms("type 1 diabetes") != lexical.terms("type 2 diabetes")


def test_side_effects_are_what_labels_call_adverse_reactions() -> None:
    """No tablet is "debossed on one effect"."""
    assert "side" not in lexical.terms("What are the side effects?")
    assert lexical.Wording.of("side effects").in_words_of({"advers", "reaction", "side"}) == ["advers", "reaction"]
    assert lexical.Wording.of("side effects").in_words_of({"side effect"}) == ["side effect"]


def test_a_newborn_is_a_neonate() -> None:
    assert set(lexical.terms("newborns preterm")) == set(lexical.terms("neonates"))


def test_what_a_hyphen_joins_means_it_side_by_side() -> None:
    (parts,) = lexical.hyphenated("a night-singing episode, no follow-up")
    assert lexical.adjoin(parts, "cases of night-singing") and lexical.adjoin(parts, "night \u2013 or night singing")
    for apart in ("singing at night", "a whole night. Singing", "night after singing"):
        assert not lexical.adjoin(parts, apart)
    # Behind an adjective the first word says what it is.
    assert not lexical.hyphenated("latex-free, long-term, HIV-1")
    driving = set(lexical.Wording.of("driving").all)
    assert lexical.Wording.of("sleep-driving").all < driving | {"sleep"} != driving


def test_accents_make_no_other_word() -> None:
    assert lexical.terms("Behçet's disease, Sjögren") == lexical.terms("Behcet's disease, Sjogren")
    assert lexical.terms("5 µg") == lexical.terms("5 μg")
