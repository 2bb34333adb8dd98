"""The doses of a group that its section refers to: shown with it, and only where the label says which."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.answering.quantities import Range, ranges_in
from assistant.answering.referred_doses import doses_in, with_doses, with_doses_of_all, with_table, without_adults
from assistant.answering.retrieval import Candidate

_REFERRING = "8.6 Renal Impairment Adjust the dosage [see Dosage and Administration ( 2.2 ), Warnings (5.1)]."


class _Texts:
    """As much of an index as this reads: the text of an entry."""

    def load(self, entry: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(text=entry.text.encode())

    def ranges(self, entry: SimpleNamespace) -> tuple[Range, ...]:
        return ranges_in(entry.text)

    def stems(self, entry: SimpleNamespace) -> frozenset[str]:
        return frozenset(lexical.terms(entry.text))


def passage(
    locator: str, topic: str, *also: str, text: str = "", title: str = "Dosage", size: int = 300, score: float = 0.5
) -> Candidate:
    def is_about(asked: str) -> bool:
        return asked in (topic, *also)

    head = SimpleNamespace(locator=locator, topic=topic, title=title, is_about=is_about, also=also, population=())
    entry = SimpleNamespace(head=head, text=text, size=size)
    return Candidate(cast(Entry, entry), score, 0.5, 0.5, 0.5)


GROUP = passage("8.6", "renal_impairment", text=_REFERRING)
DOSES = passage("2.2", "dosage", "renal_impairment", score=0.4)
MEASURED = passage("12.3", "pharmacokinetics", "renal_impairment", score=0.45)


def told(
    shown: list[Candidate], ranked: list[Candidate], group: str = "renal_impairment", size: int = 4000
) -> list[str]:
    found = with_doses(cast(Index, _Texts()), shown, ranked, group, passages=2, size=size)
    return [each.entry.head.locator for each in found]


def test_the_doses_that_a_groups_section_leaves_to_another_are_shown_behind_it() -> None:
    ranked = [GROUP, MEASURED, DOSES]
    assert told([GROUP], ranked) == ["8.6", "2.2"]
    assert told([GROUP, MEASURED], ranked) == ["8.6", "12.3"]  # nothing gives way
    assert told([GROUP, DOSES], ranked) == ["8.6", "2.2"]


def test_nothing_is_added_that_is_not_the_groups_or_not_named() -> None:
    for dose in (
        passage("2.3", "dosage", "renal_impairment"),
        passage("5.1", "warnings", "renal_impairment"),  # no section on doses
        passage("2.2", "dosage"),  # of others
    ):
        assert told([GROUP], [GROUP, dose]) == ["8.6"]
    assert told([GROUP], [GROUP, DOSES], "dosage") == ["8.6"]
    assert told([GROUP], [GROUP, DOSES], size=500) == ["8.6"]
    silent = passage("8.6", "renal_impairment", text="8.6 No studies were conducted.")
    assert told([silent], [silent, DOSES]) == ["8.6"]


def test_of_two_sections_that_it_names_neither_is_chosen() -> None:
    both = passage("8.6", "renal_impairment", text="[see Dosage and Administration (2.2, 2.3)]")
    other = passage("2.3", "dosage", "renal_impairment")
    assert told([both], [both, DOSES, other]) == ["8.6"]
    assert told([both], [both, DOSES]) == ["8.6", "2.2"]


@pytest.mark.parametrize(
    ("title", "topic", "also", "illness", "holds"),
    [
        ("Dosage for Treatment of Gouty Arthritis Adults", "dosage", "geriatric", "gout", True),
        ("Dosage for Treatment of Carditis", "dosage", "geriatric", "gout", False),
        ("Dosage for Treatment of Gout", "dosage", "pediatric", "gout", False),
        ("Gout", "clinical_studies", "geriatric", "gout", False),
        ("Dosage for Treatment of Gout", "dosage", "geriatric", "", False),
    ],
)
def test_a_passage_gives_a_groups_doses_for_the_illness_in_its_title(
    title: str, topic: str, also: str, illness: str, *, holds: bool
) -> None:
    entry = passage("2.2", topic, also, title=title).entry
    assert doses_in(entry, "geriatric", [[illness]] if illness else []) is holds


CHILDREN = passage("8.4", "pediatric", text="The safety and effectiveness of 5 mcg have been established in children.")
OF_ALL = passage("2.2", "dosage", title="Gout", text="2.2 Gout Take 2 puffs of 2.5 mcg.", score=0.2)


def of_all(*ranked: Candidate, shown: tuple[Candidate, ...] = (CHILDREN,), size: int = 4000) -> list[str]:
    found = with_doses_of_all(cast(Index, _Texts()), shown, ranked, [["gout"]], passages=2, size=size)
    return [each.entry.head.locator for each in found]


def test_where_no_doses_are_set_apart_for_children_those_of_the_illness_go_first() -> None:
    other = passage("2.1", "dosage", title="Carditis", text="Take 2 puffs of 5 mcg.")
    assert of_all(CHILDREN, other, OF_ALL) == ["2.2", "8.4"]
    assert of_all(CHILDREN, OF_ALL, shown=(CHILDREN, MEASURED)) == ["2.2", "8.4"]
    assert of_all(CHILDREN, OF_ALL, size=500) == ["2.2"]


@pytest.mark.parametrize(
    "text", ["2.2 Gout Adults: 10 mg.", "2.2 Gout In patients 12 years of age and older 10 mg.", "2.2 Gout 10 mg."]
)
def test_doses_of_adults_or_beside_a_childs_own_are_none_of_children(text: str) -> None:
    alone = passage("2.2", "dosage", title="Gout", text=text)
    plain = text.endswith("Gout 10 mg.")
    assert of_all(CHILDREN, alone) == (["2.2", "8.4"] if plain else ["8.4"])
    assert of_all(CHILDREN, alone, passage("2.4", "dosage", "pediatric")) == ["8.4"]
    assert of_all(CHILDREN, alone, passage("2.5", "dosage", title="Gout", text="Maintenance.")) == (
        ["8.4"] if plain else ["2.5", "8.4"]
    )


def test_a_childs_dose_for_the_illness_is_not_left_out() -> None:
    theirs = passage("2.4", "dosage", "pediatric", text="Gout in adults and children of 10 years: 5 mg.")
    other = passage("2.3", "dosage", "pediatric", text="Carditis in children: 2 mg.")
    assert of_all(CHILDREN, other, theirs) == ["2.4", "8.4"]
    assert of_all(CHILDREN, other, theirs, shown=(CHILDREN, other)) == ["8.4", "2.3"]
    assert of_all(CHILDREN, other) == ["8.4"]


def test_a_table_for_adults_under_a_title_over_both_is_none_of_children() -> None:
    title = "Dosage in Adults and Pediatric Patients"
    adults = passage("2.1", "dosage", "pediatric", title=title, text="Table 1. Titration in Adults Day 1 10 mg")
    children = passage("2.1", "dosage", "pediatric", title=title, text="Table 2. Titration in Children Day 1 5 mg")
    index = cast(Index, _Texts())
    assert without_adults(index, [adults, CHILDREN, children]) == [CHILDREN, children]
    assert without_adults(index, [adults, CHILDREN]) == [adults, CHILDREN]
    weight = passage("2.1", "dosage", "pediatric", title=title, text="Adults 10 mg. From 20 kg 5 mg.")
    assert without_adults(index, [weight, children]) == [weight, children]


LEAD = passage("2.2", "dosage", text="2.2 Adults\nInitial doses are shown in Table 1 (see Table 1).")
TABLE = passage("2.2", "dosage", text="Table 1. Initial doses\nGout 5 mg", score=0.3)
OTHER = passage("2.2", "dosage", text="Table 2. Later doses\nGout 9 mg, see Table 1", score=0.4)


def with_its_table(shown: list[Candidate], ranked: list[Candidate], size: int = 4000) -> list[str]:
    found = with_table(cast(Index, _Texts()), shown, ranked, passages=2, size=size)
    return [cast(SimpleNamespace, each.entry).text.split("\n")[0] for each in found]


def test_the_table_that_a_lead_in_leaves_the_doses_to_stands_behind_it() -> None:
    ranked = [LEAD, OTHER, TABLE]
    assert with_its_table([LEAD, OTHER], ranked) == ["2.2 Adults", "Table 1. Initial doses"]
    assert with_its_table([LEAD, OTHER], ranked, size=400) == ["2.2 Adults", "Table 2. Later doses"]
    assert with_its_table([LEAD], [LEAD, OTHER]) == ["2.2 Adults"]
    assert with_its_table([], ranked) == []
    # A table of another section, or one that the passage holds itself.
    elsewhere = passage("2.3", "dosage", text="Table 1. Initial doses\nGout 5 mg")
    assert with_its_table([LEAD], [LEAD, elsewhere]) == ["2.2 Adults"]
    whole = passage("2.2", "dosage", text="2.2 Adults\nDoses are shown in Table 1.\nTable 1. Initial doses\nGout 5 mg")
    assert with_its_table([whole], [whole, TABLE]) == ["2.2 Adults"]
    # Of two tables it does not say which is meant.
    both = passage("2.2", "dosage", text="Doses are shown in Table 1. Later ones are listed in Table 2.")
    assert len(with_its_table([both], [both, TABLE, OTHER])) == 1
