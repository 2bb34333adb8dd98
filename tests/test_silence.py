"""Whether a label is silent: what the asking sentences name decides, under any of its names, written right or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.answering import drug_classes
from assistant.answering.asking_sentences import asking_parts
from assistant.answering.misspelt import may_name
from assistant.answering.silence import silent_on
from assistant.understanding.choosing import Choosing
from assistant.understanding.reading import Reading
from tests import tiny
from tests.conftest import QUICK

_BODIES = (
    b"Give ZED two hours before an antacid. It lowers the exposure to quindolamine. ZED inhibits CYP2C8 weakly.",
    b"Stop laxatives and coumarin derivatives first. Monoclonal antibodies may be cleared faster.",
    b"Take it at any time of day, thirty minutes before food or drink. Keep the capsules in the original bottle.",
    b"Ulcerative colitis may get worse. Low sodium was seen with diuretics.",
)
_FRONTS = ("topic: drug_interaction", "topic: drug_interaction", "topic: administration", "topic: warnings")
Silent = Callable[..., bool]


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Silent]:
    """Whether that label is silent on a question of an intent that names these substances, or illnesses."""
    root: Path = tiny.write(tmp_path_factory.mktemp("silence") / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    index = tiny.opened(root, QUICK).index

    def asked(question: str, intent: str, *substances: str, illnesses: tuple[str, ...] = ()) -> bool:
        return silent_on(_reading(question, *substances, illnesses=illnesses), intent, index, index.entries("zed"))

    asked.index = index  # type: ignore[attr-defined]
    yield asked
    index.close()


def _reading(question: str, *substances: str, illnesses: tuple[str, ...] = ()) -> Reading:
    named = [*((name, "substance") for name in substances), *((name, "condition") for name in illnesses)]
    spans = tuple((question.rindex(name), question.rindex(name) + len(name), kind) for name, kind in named)
    return Reading(question, question, np.zeros(1, np.float32), (), (), (), Choosing((), None, {}, spans))


_STORY = "She drives a lorry, smokes and takes borfenzal for her knee. Her cuff says 130/80, and she slept well. "


@pytest.mark.parametrize(
    ("text", "asking"),
    [
        (_STORY + "Which sodium level should we watch for?", ["Which sodium level should we watch for?"]),
        ("On tarnivexol since May. Is there a concern?", ["Is there a concern?", "On tarnivexol since May."]),
        ("On tarnivexol vs. placebo", ["On tarnivexol vs. placebo"]),
        ("He is 60. please advise on the dose in dialysis", ["please advise on the dose in dialysis"]),
        ("We sail at noon. The sea is calm.", ["We sail at noon. The sea is calm."]),  # nothing asks: all of it
    ],
)
def test_the_part_that_asks_is_told_from_what_is_told_beside_it(text: str, asking: list[str]) -> None:
    first, *wider = asking_parts(_reading(text))
    assert first.masked.strip() == asking[0]
    assert all(sentence in wider[0].masked for sentence in asking[1:]) and bool(wider) == (len(asking) > 1)


def test_spans_keep_their_words_in_the_part_that_asks() -> None:
    reading = _reading(_STORY + "May she take quindolamine with her usual antacid?", "borfenzal", "quindolamine")
    part, _ = asking_parts(reading)
    assert part.named("substance") == ("quindolamine",)


def test_what_a_story_tells_beside_its_question_is_no_matter_that_is_asked_about(silent: Silent) -> None:
    assert not silent(_STORY + "Which sodium level should we watch for?", "warnings")
    assert silent(_STORY + "May she still drive with these new capsules?", "warnings")
    assert silent("Our nurse has a latex allergy. Is the stopper free of it?", "ingredients")
    # What is said behind the question is said for it.
    assert silent("Does the magnesium salt or any colour come from animals? I keep halal.", "ingredients")


def test_what_the_question_points_at_counts_whatever_stands_beside_it(silent: Silent) -> None:
    story = "He has ulcerative colitis. No surgery, and he smokes. What could it do to that colitis?"
    assert not silent(story, "warnings", illnesses=("colitis",))
    assert silent(story.replace("that colitis", "him"), "warnings")
    assert silent("I smoked for years. Can it keep colitis away?", "warnings", illnesses=("colitis",))


def test_substances_that_the_question_itself_names_decide(silent: Silent) -> None:
    story = "She takes an antacid and fluconazole. May fluconazole be given with the capsules from Monday?"
    assert silent(story, "drug_interaction", "fluconazole")
    assert not silent(story.replace("May fluconazole", "May they"), "drug_interaction", "antacid", "fluconazole")
    # "His tranquilliser" is no medicine's name: what the story calls it decides.
    story = "He takes quindolamine. Might his tranquilliser have to be changed?"
    assert not silent(story, "drug_interaction", "quindolamine", "tranquilliser")


@pytest.mark.parametrize(
    ("name", "says_nothing"),
    [
        ("quindolamnie", False),  # two neighbours swapped
        ("quindolamine", False),
        ("quindoramide", True),  # two letters are another name
        ("warfrin", False),  # meant for a substance that the label calls by its class
        ("fluconazol", True),
        ("tarnivexol", True),
        ("nitrite", True),  # one letter from a stem of "nutritional", and no name that was mistyped
    ],
)
def test_a_slip_in_a_name_is_no_evidence_of_silence(silent: Silent, name: str, says_nothing: bool) -> None:
    assert silent(f"pt on {name} ok to start", "drug_interaction", name) is says_nothing


def test_a_name_that_is_known_is_no_slip(silent: Silent) -> None:
    index = silent.index  # type: ignore[attr-defined]
    entries = index.entries("zed")
    assert may_name("quindolamin", index, entries)
    assert not may_name("quindolamine", index, entries)
    assert not may_name("anti", index, entries)


@pytest.mark.parametrize("name", ["Senokot", "MiraLAX", "milk of magnesia", "Tums", "warfarin", "denosumab", "VKA"])
def test_brands_and_members_of_a_class_are_known_by_what_labels_call_it(silent: Silent, name: str) -> None:
    assert not silent(f"may I go on with {name}", "drug_interaction", name)


def test_a_class_is_told_by_the_ending_of_a_name_that_no_list_holds() -> None:
    assert drug_classes.called("quortilumab") == ("monoclonal antibody",)
    assert "beta blocker" in drug_classes.called("zarbolol")
    assert not drug_classes.by_ending("zarpiprazole")  # an antipsychotic, and no proton pump inhibitor
    assert not drug_classes.by_ending("mab")


def test_what_the_label_calls_its_own_medicine_says_nothing_of_another(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", (b"ZEDUMAB is a monoclonal antibody.",), ("topic: drug_interaction",))
    _renamed(root)
    tiny.compiled(root, QUICK)
    index = tiny.opened(root, QUICK).index
    entries = index.entries("zed")
    reading = _reading("may it be given with denosumab", "denosumab")
    assert silent_on(reading, "drug_interaction", index, entries)
    index.close()


def _renamed(root: Path) -> None:
    for document in root.rglob("document.yaml"):
        document.write_text(document.read_text(encoding="utf-8").replace("[ZED]", "[ZED, Zedumab]"), encoding="utf-8")


def test_who_asks_of_an_enzyme_is_told_what_the_label_says_of_it(silent: Silent) -> None:
    asked = "She takes fluconazole. Any {} concern?"
    assert not silent(asked.format("CYP"), "drug_interaction", "fluconazole")
    assert silent(asked.format("P-gp"), "drug_interaction", "fluconazole")  # of which it says nothing
    assert silent(asked.format("safety"), "drug_interaction", "fluconazole")
    assert silent("CYP inhibition: what about tarnivexol?", "drug_interaction", "tarnivexol")  # which is asked about


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("in the morning or at bedtime?", "administration"),
        ("how soon may I have a coffee?", "patient_counseling"),
        ("weekly pill organizer ok?", "storage"),
        ("one line, or do they have to be split up?", "administration"),
    ],
)
def test_a_matter_may_be_spoken_of_in_a_phrase(silent: Silent, question: str, intent: str) -> None:
    assert not silent(question, intent)


def test_a_matter_of_which_no_phrase_speaks_stays_unanswered(silent: Silent) -> None:
    assert silent("can the tablets be split up for my mother?", "administration")
    assert silent("may I have a beer?", "patient_counseling")


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("dose on CVVH?", "renal_impairment"),
        ("ideal or actual body weight for the dose?", "dosage"),
        ("does it prolong the QTc?", "mechanism"),
        ("which 20 % lipid emulsion bolus?", "warnings"),
    ],
)
def test_some_matters_are_what_is_asked_wherever_they_are_named(silent: Silent, question: str, intent: str) -> None:
    assert silent(question, intent)
    assert not silent("dose for somebody who likes to swim?", intent if intent == "dosage" else "renal_impairment")


def test_levels_are_told_where_labels_report_them_and_by_no_trial(tmp_path: Path) -> None:
    bodies = (
        b"Quindolamine, 40 mg: its levels doubled.",
        b"Women who had taken tarnivexol were among the 90 patients.",
    )
    root = tiny.write(tmp_path / "w", bodies, ("topic: drug_interaction", "topic: clinical_studies"))
    tiny.compiled(root, QUICK)
    index = tiny.opened(root, QUICK).index

    def narrow(question: str, substance: str) -> bool:
        return silent_on(_reading(question, substance), "drug_interaction", index, index.entries("zed"))

    asked = "does it change the plasma concentrations of {}?"
    assert not narrow(asked.format("quindolamine"), "quindolamine")
    assert narrow(asked.format("tarnivexol"), "tarnivexol")
    assert not narrow("may tarnivexol be given with it?", "tarnivexol")
    index.close()


def test_a_matter_is_spoken_of_by_what_would_be_shown(tmp_path: Path) -> None:
    bodies = (
        b"Give one vial of 5 mL.",
        b"Each symptom was scored 0 to 3.",
        b"Store at 25 degrees, away from heat or light.",
    )
    root = tiny.write(tmp_path / "w", bodies, ("topic: dosage", "topic: clinical_studies", "topic: storage"))
    tiny.compiled(root, QUICK)
    index = tiny.opened(root, QUICK).index
    entries = {entry.head.topic: entry for entry in index.entries("zed")}

    def narrow(question: str, intent: str, *shown: str) -> bool:
        return silent_on(_reading(question), intent, index, [*entries.values()], [entries[each] for each in shown])

    assert not narrow("may the tablet be crushed?", "administration")  # "scored" stands in a trial
    assert narrow("may the tablet be crushed?", "administration", "dosage")
    # Told beside the question it is asked about less surely: any passage that speaks of it will do.
    assert not narrow("I had to crush my last pills. Is it for me?", "administration", "dosage")
    # What things cost is a reason, and light is what the sun is.
    assert not narrow("I cannot afford it, can I stop?", "discontinuation", "dosage")
    assert not narrow("it was in the sun, may I use it?", "storage", "storage")
    index.close()
