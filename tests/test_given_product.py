"""The product given beside the question: carried and shown as carried, never against a name in the question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.answering import asking_back, deciding, lexical, which_product
from assistant.answering.not_ours import tells_dose_of
from assistant.domain import Context, Outcome
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.understanding.choosing import Choosing
from assistant.understanding.products import shortened
from assistant.understanding.reading import parts
from tests import tiny
from tests.conftest import QUICK, TODAY

_HCP = Context("hcp", "US", "en", "cli", TODAY)
_TOGETHER = "drug_interaction"
_OTHER = {"zorvanta": "quovendry", "quovendry": "zorvanta"}


@pytest.mark.parametrize("product", _OTHER)
def test_a_question_without_a_name_is_about_what_was_given(quick: Assistant, product: str) -> None:
    open_question = quick.ask("how should it be stored?", _HCP)
    assert open_question.outcome is Outcome.CLARIFY
    assert "product" not in open_question.slots
    answer = quick.ask("how should it be stored?", _HCP, product=product)
    assert answer.slots["product"] == product
    assert answer.carried == ("product",)
    assert {reference.passage.product for reference in answer.references} <= {product, ""}


@pytest.mark.parametrize("product", _OTHER)
def test_a_name_in_the_question_decides_against_what_was_given(quick: Assistant, product: str) -> None:
    answer = quick.ask(f"how should {_OTHER[product]} be stored?", _HCP, product=product)
    assert answer.slots["product"] == _OTHER[product]
    assert answer.carried == ()


def test_of_products_that_share_a_name_the_one_whose_page_it_is_is_meant(
    quick: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "named_products", lambda *_: (tuple(_OTHER), True))
    for product in _OTHER:
        assert quick.ask("how should zorvanta be stored?", _HCP, product=product).slots["product"] == product
    assert quick.ask("how should zorvanta be stored?", _HCP).outcome is Outcome.CLARIFY


@pytest.mark.parametrize(
    "question",
    [
        "the patient takes quovendry, can it be given with it?",
        "headache rate in the trials vs quovendry?",
        "is it better than quovendry?",
    ],
)
def test_what_is_taken_besides_or_compared_with_is_not_what_the_page_is_about(quick: Assistant, question: str) -> None:
    answer = quick.ask(question, _HCP, product="zorvanta")
    assert answer.slots.get("product") == "zorvanta"
    assert answer.carried == ("product",)
    assert {reference.passage.product for reference in answer.references} <= {"zorvanta", ""}
    # Where no page says which medicine is meant, the one that is named is.
    assert quick.ask(question, _HCP).slots.get("product") in ("quovendry", None)


def test_a_slip_of_another_name_is_asked_back(quick: Assistant) -> None:
    answer = quick.ask("quovendri storage", _HCP, product="zorvanta")
    assert answer.outcome is Outcome.CLARIFY
    assert [choice.id for choice in answer.choices] == ["product:quovendry"]
    assert quick.ask("zorvnta storage", _HCP, product="zorvanta").slots["product"] == "zorvanta"


def _heard(quick: Assistant, question: str, page: str = "") -> list[str]:
    """What the model is given to read."""
    heard: list[str] = []

    class Listening:
        fingerprint = quick.encoder.fingerprint

        def read(self, masked: str) -> Any:
            heard.append(masked)
            return quick.decider.reader.read(masked)

    replace(quick.decider, reader=Listening()).decide(question, _HCP, None, page)
    return heard


@pytest.mark.parametrize("name", ["zorva", "ZORVA", "zorvan"])
def test_the_beginning_of_the_pages_own_name_is_its_name(quick: Assistant, name: str) -> None:
    assert _heard(quick, f"{name} storage", "zorvanta") == ["the medicine storage"]
    assert _heard(quick, f"{name} storage", "quovendry") == [f"{name} storage"]  # another's
    assert _heard(quick, "zor storage", "zorvanta") == ["zor storage"]  # three letters begin too many names


def test_four_letters_that_begin_a_known_name_are_no_name_of_the_page(
    quick: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _heard(quick, "zorv storage", "zorvanta") == ["the medicine storage"]
    monkeypatch.setattr(which_product, "beginning_with", lambda letters: frozenset({f"{letters}olol"}))
    assert _heard(quick, "zorv storage", "zorvanta") == ["zorv storage"]
    assert _heard(quick, "zorva storage", "zorvanta") == ["the medicine storage"]


class Named:
    """Names as an index has them: "nitrofurantoin sulfate" and two that begin alike."""

    name_keys = ("nitrofurantoin sulfate", "prednisone", "prednisolone")

    def find_names(self, keys: Any) -> dict[str, tuple[tuple[str, str], ...]]:
        return {key: ((key.split()[0], "generic"),) for key in keys}

    def knows_word(self, word: str) -> bool:
        return word == "nitroglycerin"


@pytest.mark.parametrize(
    ("word", "product", "is_name"),
    [
        ("nitrofur", "nitrofurantoin", True),
        ("nitr", "nitrofurantoin", True),
        ("nit", "nitrofurantoin", False),  # too short to tell a name
        ("nitrofurantoin", "nitrofurantoin", False),  # whole names are found as names
        ("sulfa", "nitrofurantoin", False),  # a word of its own
        ("sulfat", "nitrofurantoin", False),  # the beginning of a salt
        ("predni", "prednisone", False),  # it begins two names
        ("prednisol", "prednisolone", True),
    ],
)
def test_only_what_begins_no_other_word_or_name_is_a_name(word: str, product: str, *, is_name: bool) -> None:
    keys = [key for key in Named.name_keys if key.startswith(product)]
    found = shortened(f"can it be taken with {word}?", product, keys, Named())
    assert found == ((word,) if is_name else ())


def test_a_dose_of_what_is_given_besides_stands_beside_its_name() -> None:
    for text in ("Give aspirin (90 mg).", "Give 90 to 95 mg aspirin an hour before.", "Take 90 mg of oral aspirin."):
        assert tells_dose_of(text, "aspirin"), text
    for text in ("Give aspirin.", "Zorvanta 90 mg with aspirin.", "90 mg, and not aspirin"):
        assert not tells_dose_of(text, "aspirin"), text


def test_a_product_may_be_given_by_a_name_of_it(quick: Assistant) -> None:
    assert quick.ask("storage?", _HCP, product="Zorvanta®").slots["product"] == "zorvanta"
    with pytest.raises(UsageError, match="no product here"):
        quick.ask("storage?", _HCP, product="aspirin")


def test_only_what_may_be_asked_about_is_named_where_a_product_is_unknown(quick: Assistant) -> None:
    with pytest.raises(UsageError, match=r"give an id \(quovendry, zorvanta\)"):
        quick.ask("storage?", _HCP, product="aspirin")
    with pytest.raises(UsageError, match="none may be asked about here"):
        quick.ask("storage?", Context("hcp", "FR", "en", "cli", TODAY), product="aspirin")


def test_a_long_text_is_read_in_parts_that_leave_nothing_out() -> None:
    assert parts("short enough to be read as a whole") == []
    story = " ".join(f"Sentence number {n} is here." for n in range(60))
    found = parts(story)
    assert " ".join(found) == story
    assert 1 < len(found) <= 16
    assert all(part.endswith(".") for part in found)
    endless = "x" * 9000 + " y" * 30
    assert "".join(parts(endless)).replace(" ", "") == endless.replace(" ", "")
    many = " ".join(f"Sentence number {n} is a little longer here." for n in range(600))
    assert parts(many)[-1].endswith("number 599 is a little longer here.")


def test_parts_are_read_with_the_names_masked_as_the_whole_is(quick: Assistant) -> None:
    spoken = "Zorvanta was given to our patient for the first time on Monday, some weeks after the old tablets. "
    heard = _heard(quick, spoken + "How is it stored? " * 6)
    assert len(heard) > 1  # a part at least, and the whole
    assert not any("zorvanta" in text.casefold() for text in heard)


class Marking:
    """Reads every question as one of ``intent`` and marks the words given as substances, or as another ``type``."""

    def __init__(self, quick: Assistant, intent: str, *words: str, type: str = "substance") -> None:
        self.fingerprint, self.words, self.intent, self.type = quick.encoder.fingerprint, words, intent, type
        self.encoder = quick.encoder

    def read(self, masked: str) -> Any:
        places = [(masked.find(name), masked.find(name) + len(name), self.type) for name in self.words]
        flags = {"adverse_event": 0.0, "attack": 0.0}
        spans = tuple(place for place in places if place[0] >= 0)
        return self.encoder.encode([masked])[0], Choosing(((self.intent, 1.0),), (), flags, spans)


def decided(quick: Assistant, question: str, intent: str, *substances: str) -> Any:
    reader = Marking(quick, intent, *substances)
    return replace(quick.decider, reader=reader).decide(question, _HCP, None, "zorvanta")


@pytest.mark.parametrize("substance", ["itraconazole", "Tums"])  # by its name; by its class, antacids
def test_a_label_that_speaks_of_the_other_medicine_answers(quick: Assistant, substance: str) -> None:
    draft = decided(quick, f"which exposure of norvastigline with {substance} AUC inhibition", _TOGETHER, substance)
    assert "the label does not speak of what is named" not in draft.notes


def test_the_letters_of_a_class_may_stand_in_the_plural(quick: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "which exposure of norvastigline with {} AUC inhibition"
    monkeypatch.setattr(quick.index, "speaks_of", lambda names, _: frozenset(lexical.terms("ssris")) in names)
    for letters, silent in (("SSRI", False), ("SNRI", True)):
        notes = decided(quick, question.format(letters), _TOGETHER, letters).notes
        assert ("the label does not speak of what is named" in notes) is silent, letters


def test_what_a_label_does_not_speak_of_is_asked_back_and_not_answered(quick: Assistant) -> None:
    question = "medicines that change the exposure to it: CYP3A4 inhibition, recommendation with tarnivexol?"
    with_known = decided(quick, question.replace("tarnivexol", "itraconazole"), _TOGETHER, "itraconazole")
    assert with_known.outcome is Outcome.ANSWERED and with_known.shown
    draft = decided(quick, question, _TOGETHER, "tarnivexol")
    assert draft.outcome is Outcome.CLARIFY
    assert not draft.shown and draft.choices
    assert "the label does not speak of what is named" in draft.notes
    # Everybody's words name nothing that a label could be searched for.
    assert decided(quick, question.replace("tarnivexol", "heart pills"), _TOGETHER, "heart pills").shown


def test_a_medicine_may_be_called_by_its_illness(quick: Assistant) -> None:
    question = "I forgot my {} capsules, until when can I still swallow it?"
    asked = decided(quick, question.format("leukaemia"), "missed_dose", "leukaemia")
    assert "another medicine is named" not in asked.notes
    other = decided(quick, question.format("tarnivexol"), "missed_dose", "tarnivexol")
    assert "another medicine is named" in other.notes


def test_another_medicine_that_is_only_taken_besides_is_not_what_is_asked_about(quick: Assistant) -> None:
    asked = decided(quick, "what is the recommended dosage of tarnivexol?", "dosage", "tarnivexol")
    assert "another medicine is named" in asked.notes
    told = decided(
        quick, "he takes tarnivexol, what is the recommended dosage when it is begun?", "dosage", "tarnivexol"
    )
    assert "another medicine is named" not in told.notes


def test_the_dose_of_another_medicine_is_never_ours(quick: Assistant) -> None:
    """Also where the model marks nothing: only the words around it say that it is one."""
    for question in ("velocitol dose for an adult", "what is the recommended dose of velocitol", "Wegovy dose"):
        draft = decided(quick, question, "dosage")
        assert draft.outcome is Outcome.NO_APPROVED_ANSWER and not draft.choices, question
    for question in ("recommended adult dose", "what is the dose of norvastigline", "zorvanta dose for an adult"):
        assert "another medicine is named" not in decided(quick, question, "dosage").notes, question


def test_on_a_products_page_no_other_is_offered_for_a_name_that_nobody_knows(quick: Assistant) -> None:
    asked = decided(quick, "tarnivexol storage temperature", "storage", "tarnivexol")
    assert asked.outcome is Outcome.NO_APPROVED_ANSWER and not asked.choices
    beside = decided(quick, "storage temperature when given with tarnivexol", "storage", "tarnivexol")
    assert "another medicine is named" not in beside.notes


def test_a_brand_of_its_own_substance_is_the_product(quick: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(which_product, "generic_of", {"xarelto": "norvastigline"}.get)
    assert "another medicine is named" not in decided(quick, "xarelto storage", "storage", "xarelto").notes


def test_who_has_not_what_every_indication_requires_gets_no_dose(quick: Assistant) -> None:
    """Though nothing is marked as an illness to be treated."""
    without = decided(quick, "what is the recommended dosage for a patient without Halden syndrome?", "dosage")
    assert without.outcome is Outcome.MEDICAL_INFORMATION and not without.shown
    for question, intent in (
        ("what is the recommended dosage for a patient without asthma?", "dosage"),
        ("recommended storage temperature, without Halden syndrome", "storage"),
    ):
        assert decided(quick, question, intent).outcome is not Outcome.MEDICAL_INFORMATION, question


@pytest.mark.parametrize("whose", ["smoker", "nighttime", "veteran", "bariatric", "postop"])
def test_a_dose_for_somebody_or_for_a_time_is_no_other_medicine_s(quick: Assistant, whose: str) -> None:
    assert "another medicine is named" not in quick.ask(f"{whose} dose", _HCP, product="zorvanta").notes
    assert "another medicine is named" in quick.ask("xarelto dose", _HCP, product="zorvanta").notes


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("mesothelioma", "warnings"),
        ("IBD dose", "dosage"),
        ("tension-type headache", "adverse_reactions"),
        ("heparin-induced thrombocytopenia", "warnings"),
        ("juvenile idiopathic arthritis", "pediatric"),
        ("gout prevention", "warnings"),
    ],
)
def test_the_bare_name_of_another_illness_is_referred(quick: Assistant, question: str, intent: str) -> None:
    assert decided(quick, question, intent).outcome is Outcome.MEDICAL_INFORMATION
    # Of hepatitis and of its own illness the label speaks.
    for known in ("Halden syndrome", "active liver disease"):
        assert decided(quick, known, intent).outcome is not Outcome.MEDICAL_INFORMATION


def test_what_is_done_about_its_own_illness_makes_it_no_other(quick: Assistant) -> None:
    asked = decided(quick, "Halden syndrome mortality", "clinical_studies")
    assert asked.outcome is not Outcome.MEDICAL_INFORMATION
    assert "the label may mean another illness" not in asked.notes
    # But to prevent is not to treat.
    assert decided(quick, "Halden syndrome prevention", "clinical_studies").outcome is Outcome.MEDICAL_INFORMATION


def test_what_is_marked_for_an_illness_and_is_all_there_is_is_referred(quick: Assistant) -> None:
    def outcome(question: str) -> Outcome:
        reader = Marking(quick, "warnings", "binge eating", type="condition")
        return replace(quick.decider, reader=reader).decide(question, _HCP, None, "zorvanta").outcome

    assert outcome("binge eating") is Outcome.MEDICAL_INFORMATION
    assert outcome("is binge eating frequent") is not Outcome.MEDICAL_INFORMATION


def test_a_limitation_of_use_is_answered_by_what_limits_it(quick: Assistant) -> None:
    sure = quick.decider.policy.model_copy(
        update={"confidence": quick.decider.policy.confidence.model_copy(update={"bias": 50.0})}
    )
    reader = Marking(quick, "indication", "an acute episode", type="condition")
    question = "is it indicated for an acute episode?"
    draft = replace(quick.decider, policy=sure, reader=reader).decide(question, _HCP, None, "zorvanta")
    assert [entry.head.id for entry in draft.shown][:1] == ["zorvanta-us-pi.1"]


@pytest.mark.parametrize("question", ["what to do after a missed dose of xarelto?", "Xarelto storage"])
def test_for_anothers_brand_none_of_ours_is_offered(quick: Assistant, question: str) -> None:
    asked = quick.ask(question, _HCP)
    assert asked.outcome is Outcome.NO_APPROVED_ANSWER
    assert not asked.choices
    unnamed = quick.ask(question.lower().replace("xarelto", "it"), _HCP)
    assert unnamed.outcome is Outcome.CLARIFY and unnamed.choices


def test_a_brand_named_beside_what_is_asked_about_is_not_what_is_asked_about(quick: Assistant) -> None:
    for question in ("what dose is recommended when switching from xarelto?", "is it to be taken with xarelto?"):
        assert quick.ask(question, _HCP).outcome is Outcome.CLARIFY, question


def test_of_a_brand_with_the_substance_of_ours_ours_is_offered(
    quick: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_back, "generic_of", {"xarelto": "norvastigline"}.get)
    for question in ("Xarelto storage", "interaction of Xarelto and lithium"):
        asked = quick.ask(question, _HCP)
        assert asked.outcome is Outcome.CLARIFY, question
        assert [offer.label for offer in asked.choices] == ["ZORVANTA"], question


@pytest.mark.parametrize("question", ["zorvantta storage", "Xarelto storage"])
def test_only_what_may_be_served_to_who_asks_is_offered(
    quick: Assistant, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_back, "generic_of", {"xarelto": "norvastigline"}.get)
    elsewhere = replace(_HCP, market="JP")
    assert not quick.index.eligible("zorvanta", elsewhere)
    asked = quick.decider.decide(question, elsewhere, None)
    assert asked.outcome is Outcome.NO_APPROVED_ANSWER and not asked.choices
    assert quick.decider.decide(question, _HCP, None).choices


@pytest.mark.parametrize(("bias", "outcome"), [(50.0, Outcome.CLARIFY), (-50.0, Outcome.MEDICAL_INFORMATION)])
def test_a_use_that_the_label_may_not_mean_is_asked_back_or_referred(
    quick: Assistant, bias: float, outcome: Outcome
) -> None:
    policy = quick.decider.policy
    sure = policy.model_copy(update={"confidence": policy.confidence.model_copy(update={"bias": bias})})
    question = "is there a role in severe Halden swelling?"
    reader = Marking(quick, "indication", "Halden swelling", type="condition")
    draft = replace(quick.decider, policy=sure, reader=reader).decide(question, _HCP, None, "zorvanta")
    assert draft.outcome is outcome
    assert not draft.shown
    assert bool(draft.choices) is (outcome is Outcome.CLARIFY)


def answered_whatever_is_near(quick: Assistant, question: str, intent: str) -> Any:
    """The decision where the nearest passage is always sure enough."""
    policy = quick.decider.policy
    never_unsure = policy.model_copy(update={"confidence": policy.confidence.model_copy(update={"bias": 50.0})})
    decider = replace(quick.decider, policy=never_unsure, reader=Marking(quick, intent))
    return decider.decide(question, _HCP, None, "zorvanta")


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("is there latex in the carton of the tablets?", "ingredients"),
        ("may I swim after I took the tablets?", "warnings"),
        ("do these tablets leave you with ringing in the ears?", "adverse_reactions"),
        ("are the tablets safe in G6PD deficiency?", "warnings"),
    ],
)
def test_a_matter_or_complaint_that_the_label_is_silent_on_is_asked_back(
    quick: Assistant, question: str, intent: str
) -> None:
    draft = answered_whatever_is_near(quick, question, intent)
    assert draft.outcome is not Outcome.ANSWERED
    assert not draft.shown
    assert "the label does not speak of what is named" in draft.notes


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("do these tablets give you a headache?", "adverse_reactions"),
        ("do these tablets make you dizzy?", "adverse_reactions"),
        ("dose of the tablets for somebody who likes to swim?", "dosage"),  # asks about something else
    ],
)
def test_one_that_it_speaks_of_or_that_is_not_asked_about_is_answered(
    quick: Assistant, question: str, intent: str
) -> None:
    draft = answered_whatever_is_near(quick, question, intent)
    assert draft.outcome is Outcome.ANSWERED and draft.shown


@pytest.mark.parametrize(
    "question",
    [
        "recommended dosage when switching from quovendry",
        "prior quovendry washout, dosage?",
        "storage, patient on quovendry",
    ],
)
def test_another_product_beside_the_pages_own_is_not_what_is_asked_about(quick: Assistant, question: str) -> None:
    answer = quick.ask(question, _HCP, product="zorvanta")
    assert (answer.slots["product"], answer.carried) == ("zorvanta", ("product",))


def test_a_bare_name_of_another_on_a_products_page_is_asked_back(quick: Assistant) -> None:
    answer = quick.ask("quovendry", _HCP, product="zorvanta")
    assert answer.outcome is Outcome.CLARIFY
    assert [offer.id for offer in answer.choices] == ["product:zorvanta", "product:quovendry"]
    for offer, product in zip(answer.choices, ("zorvanta", "quovendry"), strict=True):
        assert quick.ask(offer.send, _HCP, product="zorvanta").slots["product"] == product


@pytest.mark.parametrize(
    "question",
    [
        "lasix contraindications",
        "Lasix XL dose",
        "lasix in pregnancy",
        "is lasix safe in pregnancy",
        "how do i take lasix",
    ],
)
@pytest.mark.parametrize("intent", ["contraindication", "storage", "out_of_scope"])
def test_what_is_asked_of_anothers_brand_is_never_answered_with_ours(
    quick: Assistant, question: str, intent: str
) -> None:
    draft = decided(quick, question, intent)
    assert draft.outcome is Outcome.NO_APPROVED_ANSWER and not draft.shown and "product" not in draft.slots


@pytest.mark.parametrize(
    "question", ["dosage with lasix", "lasix interaction", "recommended dosage when given with lasix"]
)
def test_what_is_asked_of_ours_with_anothers_brand_stays_asked_of_ours(quick: Assistant, question: str) -> None:
    assert decided(quick, question, _TOGETHER).slots["product"] == "zorvanta"


def test_a_dose_of_another_medicine_that_the_label_tells_is_asked_of_ours(tmp_path: Path) -> None:
    tiny.write(
        tmp_path, [b"Take ZED with aspirin (75 to 100 mg) once daily. Stop warfarin; take ZED 5 mg."], ["topic: dosage"]
    )
    tiny.compiled(tmp_path, QUICK)
    assistant = tiny.opened(tmp_path, QUICK)
    asked: Any = {word: SimpleNamespace(masked=f"{word} dose for CAD", intents=()) for word in ("aspirin", "warfarin")}
    told = {word: assistant.decider.not_ours.asked_of(reading, "zed") for word, reading in asked.items()}
    assistant.index.close()
    assert told == {"aspirin": (), "warfarin": ("warfarin",)}


@pytest.mark.parametrize(
    ("question", "intent", "others"),
    [
        ("tarnivexciclib dose for shingles", "dosage", ("tarnivexciclib",)),
        ("how much tarnivexciclib for shingles", "dosage", ("tarnivexciclib",)),
        ("how much lithium for mania", "dosage", ("lithium",)),
        ("how much lithium is allowed", "drug_interaction", ()),  # of which its interactions tell
        ("how much warfarin is allowed", "drug_interaction", ("warfarin",)),
        ("tarnivexciclib storage", "storage", ()),  # a metabolite has that ending as well
        ("desmethylzed dose", "dosage", ()),
        ("fluconazole dose spacing", "drug_interaction", ("fluconazole",)),
        ("lithium dose spacing", "drug_interaction", ()),
    ],
)
def test_anothers_dose_is_not_asked_of_ours(tmp_path: Path, question: str, intent: str, others: tuple[str]) -> None:
    tiny.write(tmp_path, [b"Take ZED 5 mg.", b"Wait 48 hours after lithium."], ["topic: dosage", f"topic: {_TOGETHER}"])
    tiny.compiled(tmp_path, QUICK)
    assistant = tiny.opened(tmp_path, QUICK)
    reading: Any = SimpleNamespace(masked=question, intents=((intent, 0.9),))
    told = assistant.decider.not_ours.asked_of(reading, "zed")
    assistant.index.close()
    assert told == others


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("velnivexon dose", ("velnivexon",)),  # which heads an interaction of its own
        ("velnivexon storage", ()),
        ("tarnivexquine dose", ("tarnivexquine",)),
        ("ablation dose", ()),  # no name heads "Ablation of the thyroid gland"
        ("ondrivexil dose", ()),  # which nothing here tells to be a medicine
    ],
)
def test_what_heads_an_interaction_is_another_medicine(tmp_path: Path, question: str, others: tuple[str]) -> None:
    told = {"Velnivexon": "Velnivexon raises ZED.", "Ablation of the Thyroid": "Ablation of the gland changes ZED."}
    fronts = ["topic: dosage", *(f"topic: {_TOGETHER}" for _ in told)]
    root = tiny.write(tmp_path, [b"Take ZED 5 mg.", *map(str.encode, told.values())], fronts)
    for number, title in enumerate(told, 1):
        passage = root / "approved_corpus" / tiny.DOCUMENT / f"{tiny.DOCUMENT}.{number}.md"
        passage.write_text(passage.read_text(encoding="utf-8").replace("title: Title of", f"title: {title} #"))
    tiny.compiled(tmp_path, QUICK)
    assistant = tiny.opened(tmp_path, QUICK)
    reading: Any = SimpleNamespace(masked=question, intents=(("dosage", 0.9),))
    found = assistant.decider.not_ours.asked_of(reading, "zed")
    assistant.index.close()
    assert found == others


def test_the_dose_of_what_is_given_besides_is_told_by_no_table_of_reactions(tmp_path: Path) -> None:
    fronts = ["topic: adverse_reactions\nalso: [drug_interaction]", "topic: dosage", "topic: dosage"]
    bodies = [
        b"Letrozole and ZED dose: anemia 12 %.",
        b"Give it with an aromatase inhibitor.",
        b"The dose of ZED is 5 mg.",
    ]
    tiny.write(tmp_path, bodies, fronts)
    tiny.compiled(tmp_path, QUICK)
    assistant = tiny.opened(tmp_path, QUICK)
    draft = replace(assistant.decider, reader=Marking(assistant, "dosage", "letrozole")).decide(
        "dose of letrozole given with it", tiny.HCP, None, "zed"
    )
    assistant.index.close()
    assert [entry.head.id for entry in draft.shown] == ["zed-us-pi.1"]
