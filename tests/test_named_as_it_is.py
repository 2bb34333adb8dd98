"""What a question names is read as what it is: a harm, an arm of the label's own trial, a slip in its own name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.arms_of_studies import arms_in_letters, is_set_beside
from assistant.answering.drug_classes import is_food
from assistant.answering.index import Index
from assistant.answering.label_status import compares_beyond_label
from assistant.answering.misspelt import nearest_alone
from assistant.answering.which_product import own_slips
from assistant.domain import Outcome
from assistant.understanding.conditions import is_done, spelled_out
from assistant.understanding.illness_alone import illness_alone
from assistant.understanding.lay_terms import said_otherwise
from assistant.understanding.products import find_slips, slips_in_names
from assistant.understanding.spelling import undoubled
from tests import tiny
from tests.conftest import QUICK
from tests.test_routes import _asked

_BODIES = (
    b"ZED is indicated for gout of the skin.",
    b"In the trial ZED was compared with quindolazole. Pain: ZED 9%, quindolazole group 30%. QD+PL 12% in week 8.",
    b"Headache was seen in 7% and neutropenia in 4% of patients.",
    b"Withhold ZED for Grade 3 neutropenia. Resume it at 5 mg.",
    b"The effect of midodrine on the pulse may be raised by ZED.",
)
_FRONTS = (
    "topic: indication\nkind: benefit",
    "topic: clinical_studies\nkind: benefit",
    "topic: adverse_reactions\nkind: safety",
    "topic: dosage\nkind: instruction",
    "topic: drug_interaction\nkind: safety",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny.write(tmp_path_factory.mktemp("named") / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    return root


@pytest.fixture(scope="module")
def index(root: Path) -> Iterator[Index]:
    index = tiny.opened(root, QUICK).index
    yield index
    index.close()


def test_an_arm_is_known_by_its_letters_in_capitals(index: Index) -> None:
    entries = index.entries("zed")
    for other, question, beside in (
        ("qdl", "pain, the medicine vs QDL", True),
        ("qdl", "pain, the medicine vs qdl", False),  # small letters are no shorthand
        ("xdl", "pain, the medicine vs XDL", False),
        ("que", "pain, the medicine vs QUE", False),  # quetiapine begins so
        ("qd", "wk 8, the medicine vs QD+PL", True),  # as the table has it
        ("xx", "wk 8, the medicine vs XX+QD", False),
    ):
        assert is_set_beside(index, "zed", other, question, entries) is beside, question
    assert arms_in_letters(index, "zed", "pain, the medicine vs QDL") == (("QDL", "quindolazole"),)
    assert arms_in_letters(index, "zed", "pain, the medicine vs XDL") == ()


def test_what_it_does_more_of_than_another_only_a_trial_of_both_says(index: Index) -> None:
    more = "Does the medicine raise the pulse more than {}?"
    assert compares_beyond_label(index, "zed", more.format("midodrine"), tiny.HCP)
    assert not compares_beyond_label(index, "zed", more.format("quindolazole"), tiny.HCP)
    assert not compares_beyond_label(index, "zed", "the medicine instead of midodrine?", tiny.HCP)


def test_a_harm_that_is_graded_is_no_use_to_refer(root: Path) -> None:
    assert _asked(root, "dose mod for G3 neutropenia?") == (Outcome.ANSWERED, ["3"])
    outcome, shown = _asked(root, "neutropenia vs pbo %?", "adverse_reactions")
    assert outcome is Outcome.ANSWERED and shown[0] == "2"
    assert _asked(root, "how much for migraine", "off_label")[1] == []


class _Names:
    """Names of two products, and the words that the corpus holds."""

    name_keys = ("calcium zedate", "zedmab")

    def find_names(self, keys: object) -> dict[str, tuple[tuple[str, str], ...]]:
        return {key: ((key.replace(" ", "-"), "brand"),) for key in keys}  # type: ignore[attr-defined]

    def knows_word(self, word: str) -> bool:
        return word in ("calcium", "zedate", "zebate")


def test_a_slip_in_a_name_of_several_words_is_that_name() -> None:
    keys = ("calcium zedate",)
    assert slips_in_names("can calccium zedate be taken", keys, _Names()) == ("calccium zedate",)
    assert slips_in_names("can calcium zedatte be taken", keys, _Names()) == ("calcium zedatte",)
    assert slips_in_names("can calcium zebate be taken", keys, _Names()) == ()  # known, and another one
    assert slips_in_names("can calcium be taken", keys, _Names()) == ()
    assert slips_in_names("can calcium zodute be taken", keys, _Names()) == ()


def test_a_salt_alone_is_no_beginning_of_a_name() -> None:
    assert find_slips("when is calcium measured", _Names()) == ()


def test_a_brand_is_a_slip_away_from_one_name_only(index: Index) -> None:
    assert undoubled("alliskeren") == "aliskeren"
    assert nearest_alone("alliskeren", index) == "aliskiren"
    assert nearest_alone("myrbetrik", index) == "myrbetriq"
    assert nearest_alone("nimodipine", index) == ""  # a medicine itself
    assert nearest_alone("tablets", index) == ""
    assert own_slips(index, "myrbetrik with food", "zed") == ()  # another product's


def test_what_is_smoked_is_no_medicine() -> None:
    assert is_food("cigarettes") and not is_food("aspirin")


def test_side_effects_and_grades_are_no_part_of_an_illness() -> None:
    assert illness_alone("uveitis") and not illness_alone("AEs 5-10% in the uveitis pts?")
    assert not illness_alone("dose mod for G2 gastritis")
    assert spelled_out("G2 gastritis") == ("gastritis",)
    assert is_done(("cataract", "surgery")) and not is_done(("cataract",))
    assert "hypertension" in list(said_otherwise("hi blood pressure"))
