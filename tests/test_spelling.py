"""Slips in ordinary words are read as what was meant; names of medicines and what was typed stay as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.answer import Answer
from assistant.domain import Flag
from assistant.pipeline import Assistant
from assistant.understanding import products, spelling
from assistant.understanding.choosing import Choosing
from assistant.understanding.reading import read
from assistant.understanding.spelling import respelled
from assistant.understanding.words import words

COMMON = spelling._listed("common_words.txt")
LEFT = spelling._listed("left_as_typed.txt")


def nobody(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a contolled substence?", "a controlled substance?"),
        ("intramusclar or subcutanous injecton", "intramuscular or subcutaneous injection"),
        ("is it aproved for childern", "is it approved for children"),
        ("TABELT, how offen", "tablet, how often"),
        ("store in the refrigirator.", "store in the refrigerator."),
        ("OA dose, with OCPs", "osteoarthritis dose, with contraceptives"),  # else the model hears an overdose
        ("adminitsered with diahreea", "administered with diarrhea"),
    ],
)
def test_slips_are_read_as_the_word_meant(typed: str, meant: str) -> None:
    assert respelled(typed, nobody) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "clarithromycn and prednisolne",  # substances, however they are written
        "does sutent affect it",  # a brand one letter from "stent"
        "is it like losec or ultram",
        "what does Pepton do with it",  # a name by its capital
        "hypocalcemia and hyperglycemia",  # a beginning that turns the meaning round
        "an unfit patient, hypothyroidism",
        "hyperK and hypoNa",  # as it is charted
        "the doses were doubled and halved",  # words of the list, and their inflections
        "dsoe wat teh",  # too short to tell
        "größe der tablette",  # not English letters
    ],
)
def test_what_may_be_meant_as_typed_is_left(typed: str) -> None:
    assert respelled(typed, nobody) == typed


def test_a_word_that_somebody_knows_is_left() -> None:
    assert respelled("the tabelt", lambda word: word == "tabelt") == "the tabelt"


def test_a_substance_that_lacks_its_last_letter_is_left() -> None:
    assert respelled("does it disturb folat tests?", nobody) == "does it disturb flat tests?"
    assert respelled("does it disturb folat tests?", {"folate"}.__contains__) == "does it disturb folat tests?"
    assert respelled("storage temperatur?", {"temperature"}.__contains__) == "storage temperature?"
    assert respelled("how is it givin?", {"giving"}.__contains__) == "how is it given?"


def test_no_name_of_a_medicine_is_ever_the_word_meant(assistant: Assistant) -> None:
    keys = {key for key in assistant.index.name_keys if " " not in key}
    assert not keys & set(COMMON)
    assert not set(LEFT) & set(COMMON)
    assert {"warfarin", "metformin", "prednisone", "insulin", "lithium"} <= set(LEFT)


def test_the_lists_are_plain_words_each_once() -> None:
    for listed in (COMMON, LEFT):
        assert len(set(listed)) == len(listed)
        assert all(word.isascii() and word.isalpha() and word.islower() for word in listed)


@given(
    st.lists(
        st.sampled_from([*COMMON[:400], "tabelt", "aproved", "x-ray", "5mg", "(kidny)", "Zorvanta", "é"]), max_size=30
    )
)
def test_as_many_words_come_out_as_went_in(spoken: list[str]) -> None:
    typed = " ".join(spoken)
    assert len(words(respelled(typed, nobody))) == len(words(typed))


@given(st.text(max_size=200))
def test_any_text_keeps_its_words_in_number(typed: str) -> None:
    meant = respelled(typed, nobody)
    assert len(words(meant)) == len(words(typed))
    assert respelled(meant, nobody) == meant


class Listening:
    """Raises a flag over the words as they were typed, and marks the last word."""

    fingerprint = "fake"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def read(self, masked: str) -> tuple[np.ndarray, Choosing]:
        self.heard.append(masked)
        share = 0.9 if "diziness" in masked else 0.2
        start, end = words(masked)[-1]
        flags = {Flag.ADVERSE_EVENT.value: share, Flag.EMERGENCY.value: 0.3 - share / 10}
        return np.zeros(4, np.float32), Choosing((("dosage", 1.0),), (), flags, ((start, end, "event"),))


def test_a_flag_over_what_was_typed_is_never_lost_by_mending() -> None:
    reader = Listening()
    reading = read("she had diziness", (), reader)
    assert reader.heard == ["she had dizziness", "she had diziness"]
    assert reading.chosen.flags == {"adverse_event": 0.9, "emergency": 0.3 - 0.02}


class Marking:
    """Takes some words for substances; knows no flags unless told otherwise."""

    fingerprint = "fake"

    def __init__(self, *substances: str, flags: bool = True) -> None:
        self.substances, self.flags = substances, {Flag.EMERGENCY.value: 0.1} if flags else {}

    def read(self, masked: str) -> tuple[np.ndarray, Choosing]:
        spans = tuple((*place, "substance") for place in words(masked) if masked[slice(*place)] in self.substances)
        report = "diziness" in masked
        intents = (("adverse_event_report" if report else "dosage", 1.0),)
        return np.zeros(4, np.float32), Choosing(intents, (), self.flags, spans)


def test_a_word_that_the_model_takes_for_a_medicine_is_not_mended_into_none() -> None:
    typed = "what is the dose of avone"
    assert read(typed, (), Marking()).masked == "what is the dose of alone"
    reading = read(typed, (), Marking("avone"))
    assert (reading.masked, reading.named("substance")) == (typed, ("avone",))
    assert read("with alcohl then", (), Marking("alcohl", "alcohol")).masked == "with alcohol then"


def test_a_chooser_without_flags_reads_what_was_typed() -> None:
    assert read("she had diziness", (), Marking(flags=False)).intents[0][0] == "adverse_event_report"
    assert read("she had diziness", (), Marking()).intents[0][0] == "dosage"


@pytest.mark.parametrize("named", ["bootx", "comivent", "avone"])
def test_anothers_medicine_written_wrong_is_never_answered_as_the_one_before(assistant: Assistant, named: str) -> None:
    before = ask(assistant, "how much zorvanta?")
    context = assistant.context("hcp", date=dt.date(2026, 11, 21))
    assert assistant.ask(f"what about {named}?", context, before).outcome.value != "answered"


def test_a_slip_in_a_word_of_the_label_is_no_medicine(assistant: Assistant) -> None:
    before = ask(assistant, "how much zorvanta?")
    context = assistant.context("hcp", date=dt.date(2026, 11, 21))
    answer = assistant.ask("what about diziness?", context, before)
    assert (answer.outcome.value, answer.slots["product"]) == ("answered", "zorvanta")


def test_what_is_reported_is_quoted_as_it_was_typed() -> None:
    reading = read("she had the diziness", (), Listening())
    assert reading.named("event") == ("dizziness",)
    assert reading.said("event") == ("diziness",)


def test_a_question_without_slips_is_read_once() -> None:
    reader = Listening()
    read("she had dizziness", (), reader)
    assert reader.heard == ["she had dizziness"]


def ask(assistant: Assistant, question: str, **given: str) -> Answer:
    return assistant.ask(question, assistant.context("hcp", date=dt.date(2026, 11, 21)), **given)


def test_an_answer_to_misspelt_words_is_the_one_to_the_words_meant(assistant: Assistant) -> None:
    typed = ask(assistant, "zorvanta storrage temprature")
    meant = ask(assistant, "zorvanta storage temperature")
    assert typed.text == meant.text
    assert typed.question == "zorvanta storrage temprature"
    assert any(note.startswith("spelling:") for note in typed.notes)
    assert not any(note.startswith("spelling:") for note in meant.notes)


def test_a_slip_in_the_products_name_is_its_name_on_its_own_page_only(assistant: Assistant) -> None:
    given = ask(assistant, "zorvnta storage", product="zorvanta")
    assert given.text == ask(assistant, "zorvanta storage").text
    assert ask(assistant, "zorvnta storage").outcome.value == "clarify"


class _Names:
    """The names of two products; no word is known."""

    name_keys = ("zepbound", "metformin")

    def find_names(self, keys: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        return {key: ((key, "brand"),) for key in keys if key in self.name_keys}

    def knows_word(self, _: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("zepbounnd", ["zepbound"]), ("metfromine", ["metformin"]), ("xepbound", ["zepbound"])],
)
def test_a_slip_in_a_name_is_offered(typed: str, meant: list[str]) -> None:
    assert [slip.key for slip in products.find_slips(f"dose of {typed}", _Names())] == meant


@pytest.mark.parametrize("typed", ["bedbound", "housebound", "petformim"])
def test_a_word_of_its_own_is_no_slip_in_a_name(typed: str) -> None:
    assert not products.find_slips(f"dose in a {typed} patient", _Names())


def test_names_of_substances_end_as_no_other_word_does() -> None:
    for word in ("tarnivexciclib", "quilpril", "ombrivastatin", "zorpeptriptan"):
        assert spelling.ends_a_substance(word), word
    for word in ("alone", "peptide", "cystatin", "statin", "azole", "cholesterol", "testosterone", "albumin"):
        assert not spelling.ends_a_substance(word), word
    assert not [word for word in COMMON if spelling.ends_a_substance(word)]
