"""Children whom a label has no dose for: its own sentence says so, for an illness, an age and a weight."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.answering.age_groups import child_of
from assistant.answering.label_status import all_names
from assistant.answering.unestablished import established, unestablished
from assistant.answering.uses_by_age import for_adults_only, for_children_only, not_in_adults

#: Illnesses of the questions below, as the reader marks them.
_ILLNESSES = (
    "plaque psoriasis",
    "ulcerative colitis",
    "panic disorder",
    "atopic dermatitis",
    "asthma",
    "bipolar mania",
)


class _Texts:
    def load(self, entry: Any) -> Any:
        return SimpleNamespace(text=entry.text.encode())


class _Entry:
    def __init__(self, text: str, topic: str, title: str) -> None:
        self.text, self.head = text, SimpleNamespace(topic=topic, title=title)


def _entry(text: str, topic: str = "pediatric", title: str = "Pediatric Use") -> Any:
    return _Entry(text, topic, title)


def _told(question: str, *texts: str, uses: tuple[str, ...] = (), others: tuple[Any, ...] = ()) -> tuple[str, ...]:
    named = [all_names(name.split()) for name in _ILLNESSES if name in question]
    child = child_of(question, named)
    entries: Any = (*others, *map(_entry, texts))
    index: Any = _Texts()
    return tuple(entry.text for entry in unestablished(index, entries, uses, child)) if child else ()


_NONE = "The safety and effectiveness of Quilvera have not been established in pediatric patients."
_UNDER_SIX = "Safety and effectiveness have not been established in children under the age of 6."
_BY_ILLNESS = (
    "Plaque Psoriasis The safety and effectiveness of Quilvera have been established in pediatric patients 6 years of "
    "age and older. Safety and effectiveness in younger children with plaque psoriasis have not been established.",
    "The safety and effectiveness of Quilvera have not been established in pediatric patients with ulcerative colitis.",
)


@pytest.mark.parametrize(
    "question",
    [
        "dose in a 16 year old",
        "plaque psoriasis dose for a child",
        "is it for adolescents",
        "how much for a newborn",
        "dose for a preterm infant",
        "dose in children under 12",
    ],
)
def test_where_nothing_is_established_in_children_that_is_said(question: str) -> None:
    assert _told(question, _NONE) == (_NONE,)


@pytest.mark.parametrize("question", ["dose for a 19 year old", "plaque psoriasis dose, 45 years old"])
def test_who_is_no_child_is_not_meant(question: str) -> None:
    assert _told(question, _NONE) == ()


@pytest.mark.parametrize(
    ("question", "ages"),
    [
        ("dose in 17 year olds", (17, 17)),
        ("dose in under 5s", (0, 5)),
        ("dose for a 9 mo", (0.75, 0.75)),
        ("dose in children under 6 months", (0, 0.5)),
        ("dose under 6 months old", (0, 0.5)),
        ("children under 2 years old", (0, 2)),
        ("kids 6-11", (6, 11)),
        ("infants 2 to 11 months", (2 / 12, 11 / 12)),
        ("children over 12", (12, 18)),
        ("dose for patients under 18", (0, 18)),
        # No ages of children.
        ("dose in a child over 30 minutes", (1, 16)),
        ("dose in a child under 30 kg", (1, 16)),
        ("6-11 tablets for a child", (1, 16)),
        ("8 year old who took it for over 6 months", (8, 8)),
    ],
)
def test_the_ages_of_a_question_are_read(question: str, ages: tuple[float, float]) -> None:
    child = child_of(question, ())
    assert child and child.ages == pytest.approx(ages, abs=0.02)


@pytest.mark.parametrize(
    "question", ["dose for patients over 18", "dose under 30", "ages 18 to 65", "children to 40 years old"]
)
def test_ages_of_the_grown_are_no_childs(question: str) -> None:
    assert child_of(question, ()) is None


def test_an_age_is_compared_with_the_sentence() -> None:
    assert _told("dose for a 4 year old", _UNDER_SIX) == (_UNDER_SIX,)
    assert _told("dose for a 6 year old", _UNDER_SIX) == ()
    assert _told("dose for a child", _UNDER_SIX) == ()
    assert _told("dose for adolescents", _UNDER_SIX) == ()
    patients = "Safety and effectiveness have not been established in patients < 6 years of age."
    assert _told("dose for a 4 year old", patients) == (patients,)


@pytest.mark.parametrize(
    "said",
    [
        "Safety and effectiveness have not been established in children below the age of 12 years.",
        "Safety and effectiveness have not been established below the age of 12.",
        "Safety and effectiveness have not been established in children up to an age of 12 years.",
        "Safety and effectiveness have not been established in children up to the ages of 12.",
        "Safety and effectiveness have not been established in children aged 0 to 12 years.",
        "Safety and effectiveness have not been established in children aged 0 to 12.",
    ],
)
def test_an_age_of_two_digits_is_read_whole(said: str) -> None:
    assert _told("dose for an 11 year old", said) == (said,)
    assert _told("dose for a 13 year old", said) == ()


def test_who_was_born_early_is_no_newborn_at_term() -> None:
    none = "Safety and effectiveness have not been established in preterm neonates."
    at_term = "Safety and effectiveness have been established in pediatric patients, including term neonates."
    newborns = "Safety and effectiveness have been established in pediatric and neonatal patients."
    assert _told("dose for a preterm infant", none, at_term) == (none,)
    assert _told("dose for a preterm infant", none, newborns) == ()
    assert _told("dose for a newborn", none, at_term) == ()


def test_an_illness_has_its_own_sentence() -> None:
    assert _told("ulcerative colitis dose for a child of 30 kg", *_BY_ILLNESS) == (_BY_ILLNESS[1],)
    assert _told("plaque psoriasis dose for a 9 year old", *_BY_ILLNESS) == ()
    assert _told("dose for a 9 year old", *_BY_ILLNESS) == ()


@pytest.mark.parametrize(
    "said",
    [
        "Safety and effectiveness have been established in pediatric patients 12 years and older with plaque psoriasis "
        "or in pediatric patients 2 years of age and older with atopic dermatitis.",
        "Quilvera is indicated in adults with plaque psoriasis and in pediatric patients 2 years of age and older with "
        "atopic dermatitis.",
        "In adults with plaque psoriasis and in pediatric patients 2 years of age and older with atopic dermatitis, "
        "safety and effectiveness have been established.",
    ],
)
def test_each_group_of_a_sentence_is_given_what_it_says(said: str) -> None:
    assert _told("atopic dermatitis dose for a 3 year old", said, _NONE) == ()
    assert _told("asthma dose for a 1 year old", said, _NONE) == (_NONE,)


def test_the_second_group_of_a_denial_is_denied_it() -> None:
    said = (
        "Safety and effectiveness have not been established in pediatric patients with plaque psoriasis or in "
        "pediatric patients with asthma."
    )
    assert _told("asthma dose for a child", said) == (said,)


def test_all_uses_but_one_leave_the_one_out() -> None:
    other = (
        "Safety and effectiveness have not been established in pediatric patients for indications other than asthma."
    )
    assert _told("panic disorder dose for a child", other) == (other,)
    assert _told("asthma dose for a child", other) == ()
    assert _told("dose for a child", other) == ()


def test_what_the_indication_gives_children_is_theirs() -> None:
    given = ("Quilvera is indicated for plaque psoriasis in adults and pediatric patients 6 years of age and older",)
    assert _told("plaque psoriasis dose for a 7 year old", _NONE, uses=given) == ()
    assert _told("plaque psoriasis dose for a 5 year old", _NONE, uses=given) == (_NONE,)


def test_below_the_bound_of_the_indication_its_section_on_children_is_said() -> None:
    given = ("Quilvera is indicated for plaque psoriasis in patients 12 years of age and older",)
    said = "Use in plaque psoriasis is based on two trials."
    assert _told("plaque psoriasis dose for an 8 year old", said, uses=given) == (said,)
    assert _told("plaque psoriasis dose for a 13 year old", said, uses=given) == ()


def test_below_the_weight_that_it_is_established_for() -> None:
    said = (
        "The safety and effectiveness of Quilvera have been established in pediatric patients 12 years of age and "
        "older weighing at least 40 kg with atopic dermatitis."
    )
    assert _told("atopic dermatitis dose, 13 years old, 35 kg", said) == (said,)
    assert _told("atopic dermatitis dose, 13 years old, 45 kg", said) == ()


@pytest.mark.parametrize(
    "said",
    [
        "The mechanism of action in children has not been established.",
        "Safety and effectiveness have not been established in pediatric patients with plaque psoriasis.",
        "The long-term safety of Quilvera in children has not been established.",
        "Safety and effectiveness have been established in pediatric patients.",
        "Safety and effectiveness have not been established in pregnancy.",
        "Safety and effectiveness in children who weigh less than 10 kg have not been established.",
    ],
)
def test_what_is_limited_or_of_something_else_says_nothing(said: str) -> None:
    assert _told("dose for a child", said) == ()


def test_a_dose_for_children_is_not_overruled_by_a_general_sentence() -> None:
    dose = _entry("0.5 mg/kg", topic="dosage", title="Recommended Dosage in Pediatric Patients")
    assert _told("dose for a child", _NONE, others=(dose,)) == ()


def test_a_guide_without_a_section_on_children_says_it_as_well() -> None:
    guide = _entry(
        "It is not known if Quilvera is safe and effective in children.", topic="overview", title="What is it?"
    )
    assert _told("dose for my 9 year old", others=(guide,)) == (guide.text,)


_BIPOLAR = (
    "Safety and effectiveness in children less than 10 years of age with bipolar disorder have not been established."
)


def test_what_is_not_established_in_an_illness_is_not_in_a_phase_of_it() -> None:
    assert _told("bipolar mania in an 8 year old", _BIPOLAR) == (_BIPOLAR,)
    assert _told("bipolar mania in a 12 year old", _BIPOLAR) == ()
    other = _BIPOLAR.replace("disorder", "depression")
    assert _told("bipolar mania in an 8 year old", other) == ()


@pytest.mark.parametrize(
    ("question", "holds"),
    [("asthma dose in a 7 year old", True), ("asthma dose in a 4 year old", False), ("ulcerative colitis, 7 y", False)],
)
def test_in_whom_it_is_established_the_section_says_itself(question: str, *, holds: bool) -> None:
    said = _entry(
        "The safety and efficacy of Quilvera 2.5 mcg have been established in children 6 to 17 years with asthma."
    )
    trial = _entry("Efficacy was established in a trial in children 6 to 17 years with asthma.")
    child = child_of(question, [all_names(name.split()) for name in _ILLNESSES if name in question])
    index: Any = _Texts()
    assert child is not None
    assert established(index, [said], child) is holds
    assert not established(index, [trial], child)


_FOR_ADULTS = "Zed is indicated as maintenance treatment of adult patients with asthma."


@pytest.mark.parametrize(
    ("uses", "said", "only"),
    [
        ((_FOR_ADULTS,), (), True),
        ((_FOR_ADULTS, "Zed is indicated in patients 6 years of age and older with plaque psoriasis."), (), True),
        # Of another illness it says from which age on, of this one nothing.
        (("Zed treats asthma.", "Zed treats plaque psoriasis in patients 6 years of age and older."), (), True),
        (("Zed treats asthma.", "Zed treats plaque psoriasis."), (), False),
        (("Zed treats asthma in adults and children.",), (), False),
        ((_FOR_ADULTS, "Zed is indicated for asthma in patients 6 years of age and older."), (), False),
        ((_FOR_ADULTS,), ("Zed was studied in children with asthma.",), False),  # what its section says is read
        # An illness may bear a person's name.
        ((_FOR_ADULTS, "Zed treats Crohn\u2019s disease in adults and children 6 years of age and older."), (), True),
        ((_FOR_ADULTS, "Zed treats inflammatory disease in children 6 years of age and older."), (), False),
        # "Non-radiographic" is one word, however it is written.
        (("Zed is indicated in adult patients with non-radiographic asthma.",), (), True),
        # What it tells of adults says nothing of children.
        ((_FOR_ADULTS,), ("Exposure was alike in adults with asthma and children with psoriasis.",), True),
    ],
)
def test_a_use_in_adults_is_none_in_a_child(uses: tuple[str, ...], said: tuple[str, ...], *, only: bool) -> None:
    child = child_of("asthma dose for a 12 year old", [all_names(["asthma"])])
    entries: Any = list(map(_entry, said))
    index: Any = _Texts()
    assert child and for_adults_only(index, entries, uses, child) is only


@pytest.mark.parametrize(
    ("uses", "only"),
    [
        (("Zed is indicated for asthma in pediatric patients aged 6 to less than 18 years.",), True),
        (("Zed is indicated for asthma in patients 6 years of age and older.",), False),
        (("Zed is indicated for asthma in adults and children.",), False),
        (("Zed is indicated for asthma in children aged 2 to 11 years.", "Zed relieves asthma."), False),
    ],
)
def test_a_use_in_children_is_none_in_an_adult(uses: tuple[str, ...], *, only: bool) -> None:
    assert for_children_only(uses, [all_names(["asthma"])]) is only


@pytest.mark.parametrize("question", ["asthma in adults", "asthma dose for a 30-year-old", "asthma adult dose"])
def test_a_limitation_of_use_leaves_out_adults(question: str) -> None:
    said = (
        "Limitations of Use Efficacy and safety of Zed have not been established in: Patients aged less than 12 years "
        "with mumps. Patients aged less than 2 years or greater than or equal to 18 years with asthma."
    )
    entries: Any = [_entry(said, "indication", "Limitations of Use")]
    index: Any = _Texts()
    assert not_in_adults(index, entries, question) == (tuple(entries), ("asthma",))
    for near in ("mumps in adults", "asthma in a 10 year old", "asthma in adults and children", "asthma dose"):
        assert not_in_adults(index, entries, near) == ((), ())


def test_what_another_label_has_for_children_is_not_established_here() -> None:
    carved = "Pediatric use information is approved for Zed Inc.'s Orlava tablets."
    assert _told("Quilvera in a 10 year old", f"{carved} {_NONE}") == (f"{carved} {_NONE}",)
    assert not _told("Quilvera in a 10 year old", f"Quilvera is approved in pediatric patients. {_NONE}")
