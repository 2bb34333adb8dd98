"""The releases and dosage forms that a label says it has; and how far apart ours and another medicine are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering.dosage_forms import form_not_had
from assistant.answering.index import Index
from assistant.answering.other_forms import another_alone, another_form
from assistant.answering.own_forms import is_of_extended_release, own_releases
from assistant.answering.spacing import is_spaced_from
from assistant.domain import Outcome
from assistant.understanding.products import find_mentions
from tests import tiny
from tests.conftest import QUICK

Opened = Callable[..., Index]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens an index of ZED whose passages are given as topic and text."""
    indexes: list[Index] = []

    def opening(**texts: str) -> Index:
        root = tmp_path / str(len(indexes))
        tiny.write(root, [text.encode() for text in texts.values()], [f"topic: {topic}" for topic in texts])
        tiny.compiled(root, QUICK)
        indexes.append(Index.open(root / "index"))
        return indexes[-1]

    yield opening
    for index in indexes:
        index.close()


def test_a_release_behind_the_name_where_the_label_says_what_there_is_is_its_own(opened: Opened) -> None:
    assert own_releases(opened(how_supplied="ZED is a tablet. ZED XR\u2122 is an 11 mg tablet."), "zed") == {"xr"}
    assert own_releases(opened(how_supplied="Zed 10 mg Extended-Release Tablets"), "zed") == {"extended"}
    assert own_releases(opened(how_supplied="Zed tablets, USP, extended-release"), "zed") == {"extended"}
    # Not what the dosage says of a sister product, nor a word that only looks like letters of a release.
    assert not own_releases(opened(dosage="Do not take ZED for ZED XR.", how_supplied="ZED tablets"), "zed")
    assert not own_releases(opened(how_supplied="ZED la, a tablet"), "zed")


def test_an_indication_of_the_extended_release_alone_tells_it_of_the_whole_label(opened: Opened) -> None:
    only = opened(indication="Zed extended-release tablets are indicated for gout.")
    assert is_of_extended_release(only, "zed") and own_releases(only, "zed") == {"extended"}
    assert not is_of_extended_release(opened(indication="ZED/ZED XR is indicated for gout."), "zed")
    assert not is_of_extended_release(opened(dosage="Zed extended-release"), "zed")


@pytest.mark.parametrize(
    ("question", "both", "only"),
    [
        ("zed xr dose", "", ""),
        ("zed extended release dose", "", ""),
        ("zed sr dose", "sr", ""),  # of another letter than the label's; "extended" may be any
        ("zed ir dose", "", "ir"),
        ("from zed ir to er dose", "", ""),
        ("zed dose", "", ""),
    ],
)
def test_what_the_label_has_is_no_other_form(opened: Opened, question: str, both: str, only: str) -> None:
    of_both = opened(indication="ZED/ZED XR treats gout.", how_supplied="ZED is a tablet. ZED XR is a tablet.")
    of_one = opened(indication="Zed extended-release tablets treat gout.")
    for index, other in ((of_both, both), (of_one, only)):
        (mention,) = find_mentions(question, index)
        assert another_form(index, question, mention, "zed") == other


def test_so_it_is_without_the_name(opened: Opened) -> None:
    of_both = opened(how_supplied="ZED is a tablet. ZED XR is a tablet.")
    assert not another_alone(of_both, "can XR be dosed at once", "zed")
    assert another_alone(opened(how_supplied="ZED is a tablet."), "can XR be dosed at once", "zed") == "xr"


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("ointment dose", "ointment"),
        ("zed cream dosing", "cream"),
        ("long acting injection dosing every 2 weeks", "long acting injection"),
        ("oral solution dose ml", "oral solution"),
        ("dose of the patch", "patch"),
        ("Diskus dose", "diskus"),
        ("tablet dose", ""),
        ("dose after switching from injection", ""),
        ("switching from injection dose", ""),
        ("injection site pain", ""),
        ("is there a cream", ""),  # of its forms the label tells
        ("dose before the ointment", ""),
    ],
)
def test_a_form_that_the_label_has_not_is_anothers(opened: Opened, question: str, form: str) -> None:
    tablets = opened(how_supplied="ZED tablets", ingredients="In solution it is clear.", dosage="One tablet a day.")
    assert form_not_had(tablets, question, "zed") == form


def test_a_form_that_the_label_has_or_makes_is_its_own(opened: Opened) -> None:
    suspended = opened(administration="Prepare the oral suspension from crushed tablets.", how_supplied="ZED tablets")
    assert not form_not_had(suspended, "suspension dose for a child", "zed")
    assert not form_not_had(suspended, "oral solution dose", "zed")  # a liquid is there
    assert form_not_had(suspended, "injection dose", "zed") == "injection"
    assert not form_not_had(opened(how_supplied="ZED 1 mL vial"), "injection dose", "zed")
    assert not form_not_had(opened(storage="Keep it dry."), "injection dose", "zed")  # it says nothing of forms


@pytest.mark.parametrize(
    ("question", "spaced"),
    [
        ("lithium dose spacing", True),
        ("how long after lithium before the next dose", True),
        ("lithium dosing interval", True),
        ("separate from lithium?", True),
        ("lithium dose", False),
        ("digoxin dose spacing", False),  # of which the interactions do not speak
    ],
)
def test_how_far_apart_is_no_other_medicines_dose(opened: Opened, question: str, spaced: bool) -> None:
    index = opened(drug_interaction="Wait 48 hours after lithium.", overdose="Digoxin levels.")
    assert is_spaced_from(index, question, question.split()[0] if "dig" in question else "lithium", "zed") is spaced


def test_on_a_products_page_another_form_is_refused_and_not_asked_back(tmp_path: Path) -> None:
    fronts = ["topic: dosage\nkind: instruction", "topic: how_supplied"]
    tiny.write(tmp_path, [b"Take ZED 5 mg once daily.", b"ZED tablets"], fronts)
    tiny.compiled(tmp_path, QUICK)
    assistant = tiny.opened(tmp_path, QUICK)
    asked = {q: assistant.ask(q, tiny.HCP, product="zed") for q in ("zed xr dose", "zed cream dose", "zed dose")}
    unsaid = assistant.ask("zed xr dose", tiny.HCP)
    assistant.index.close()
    assert asked["zed dose"].outcome is Outcome.ANSWERED
    for question in ("zed xr dose", "zed cream dose"):
        assert asked[question].outcome is Outcome.NO_APPROVED_ANSWER and not asked[question].choices
    # Where none was given, the choice says which medicine there is.
    assert unsaid.outcome is Outcome.CLARIFY and [offer.label for offer in unsaid.choices] == ["ZED"]
