"""The messages that the safety benchmark makes still tell what was written, and its counting counts what it says."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.content.policy import parse_policy
from assistant.domain import Flag
from assistant.training.dataset import PRODUCT_MARK, Utterance, read_dataset
from assistant.understanding.choosing import Choosing
from assistant.understanding.encoder import GgufEncoder
from assistant.workspace import Workspace, sample_root, shipped_model
from tests.conftest import REPOSITORY

NAMES = ["Zorvanta", "QUOVENDRY"]
QUESTIONS = [f"What is the dose of {PRODUCT_MARK}?", "how is it stored", f"Is {PRODUCT_MARK} approved in children?"]
TOLD = [f"my aunt got hives from the {PRODUCT_MARK} pen, what now?", "woke up with ringing ears again"]
#: Ways that leave the written text as it was.
WHOLE = (
    "no name", "greeting and thanks", "a question before", "a question after", "a long preamble", "within a story",
    "within a story longer than the model reads",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The benchmark's modules, found as `python bench/safety.py` finds them."""
    names = ("safety_messages", "safety_reading", "safety_asked", "safety")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        yield {name: importlib.import_module(name) for name in names}


@pytest.fixture(scope="module")
def held_out() -> list[str]:
    file = REPOSITORY / "training_data" / "utterances" / "adverse_events_held_out.jsonl"
    return [row.text for row in read_dataset([file]).utterances]


@pytest.fixture(scope="module")
def made(bench: dict[str, ModuleType], held_out: list[str]) -> list[Any]:
    return list(bench["safety_messages"].build(held_out, QUESTIONS, NAMES, 1))


def squeezed(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"[\W_]+", "", text).casefold()


def test_thousands_of_messages_none_of_them_twice(
    bench: dict[str, ModuleType], held_out: list[str], made: list[Any]
) -> None:
    texts = [message.text for message in made]
    assert len(texts) == len(set(texts)) >= 3000
    assert set(texts).isdisjoint(bench["safety_messages"].as_written(held_out, NAMES, 1))
    assert not any(PRODUCT_MARK in message.text + message.around for message in made)
    assert {message.way for message in made} == set(bench["safety_messages"].WAYS)
    assert {message.source for message in made} == set(range(len(held_out)))


def test_the_same_seed_makes_the_same_messages(bench: dict[str, ModuleType]) -> None:
    build = bench["safety_messages"].build
    assert build(TOLD, QUESTIONS, NAMES, 3) == build(TOLD, QUESTIONS, NAMES, 3) != build(TOLD, QUESTIONS, NAMES, 4)


def test_what_was_written_stands_in_its_message_and_not_around_it(held_out: list[str], made: list[Any]) -> None:
    for message in made:
        parts = [squeezed(part) for part in held_out[message.source].split(PRODUCT_MARK)]
        if message.way in (*WHOLE, "quoted mail", "capitals", "no punctuation"):
            at = 0
            for part in parts:
                found = squeezed(message.text).find(part, at)
                assert found >= 0, message
                at = found + len(part)
        # Texts of a word or two may stand in everyday sentences as well.
        longest = max(parts, key=len)
        assert len(longest) < 12 or longest not in squeezed(message.around), message


def test_a_message_is_its_text_and_what_stands_around_it(held_out: list[str], made: list[Any]) -> None:
    for message in made:
        if message.way in WHOLE and message.around:
            assert len(message.text) >= len(message.around) + len(held_out[message.source].split(PRODUCT_MARK)[0])
            # Surroundings fall into what stood before and what stood behind.
            words, left = message.around.split(), message.text.split()
            assert all(word in left for word in words), message


def test_stories_called_longer_than_the_model_reads_are(made: list[Any]) -> None:
    encoder = GgufEncoder(shipped_model())
    way = "within a story longer than the model reads"
    assert all(encoder.count_tokens(m.text) > encoder.max_tokens and len(m.text) < 4000 for m in made if m.way == way)


def test_every_line_of_quoted_mail_is_marked(made: list[Any]) -> None:
    mails = [message.text for message in made if message.way == "quoted mail"]
    assert mails
    for mail in mails:
        body = mail[mail.index("> From:") :].splitlines()
        assert all(line.startswith(">") for line in body)
        assert "> Subject:" in mail


@pytest.mark.parametrize("way", ["letters swapped", "letters dropped", "letters doubled"])
@given(text=st.text(min_size=1, max_size=200), seed=st.integers(0, 1000))
def test_typing_errors_stay_inside_words(bench: dict[str, ModuleType], way: str, text: str, seed: int) -> None:
    module = bench["safety_messages"]
    typed = module.mistyped(text, random.Random(seed), module.SLIPS[way])  # noqa: S311
    slips = max(1, len(text) // module.CHARACTERS_A_SLIP)
    grown = {"letters swapped": 0, "letters dropped": -1, "letters doubled": 1}[way]
    assert abs(len(typed) - len(text)) <= slips * abs(grown)
    assert [word[0] for word in typed.split()] == [word[0] for word in text.split()]
    if way == "letters swapped":
        assert sorted(typed) == sorted(text)


def test_a_product_left_out_leaves_a_sentence(bench: dict[str, ModuleType]) -> None:
    left_out = bench["safety_messages"].unnamed(TOLD[0], random.Random(0))  # noqa: S311
    assert left_out == "my aunt got hives from the medication pen, what now?"


# --- counting --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def limits() -> Any:
    file = Workspace(sample_root()).policy_file
    return parse_policy(file.read_bytes(), file)[0].thresholds


def screened(bench: dict[str, ModuleType], share: float, *rules: Flag) -> Any:
    chosen = Choosing((("adverse_reactions", 1.0),), flags={"adverse_event": share, "attack": 0.0})
    return bench["safety_reading"].Screened(frozenset(rules), chosen)


def test_either_the_rules_or_the_model_raise_an_alarm(bench: dict[str, ModuleType], limits: Any) -> None:
    reading = bench["safety_reading"]
    at = reading.lowered(limits, 0.4)
    group = [
        screened(bench, 0.4),
        screened(bench, 0.39),
        screened(bench, 0.1, Flag.EMERGENCY),
        screened(bench, 0.9, Flag.ADVERSE_EVENT),
        screened(bench, 0.0, Flag.PRODUCT_COMPLAINT),
    ]
    assert [reading.count(group, reading.ALARM, by, at) for by in reading.BY] == [2, 2, 3]
    assert reading.count(group, reading.GRAVE, "both", at) == 4
    assert reading.swept([group], 0.05, limits) == ["80.0% (80.0%)"]
    assert reading.share_rows({"all": group}, reading.ALARM, at) == [
        ["all", "5", "2 = 40.0%", "2 = 40.0%", "3 = 60.0%"]
    ]


def test_another_threshold_moves_no_other_flag(bench: dict[str, ModuleType], limits: Any) -> None:
    at = bench["safety_reading"].lowered(limits, 0.11)
    assert at.flags == limits.flags | {"adverse_event": 0.11}


def test_a_text_that_the_model_cannot_read_has_the_flags_of_the_rules(
    bench: dict[str, ModuleType], limits: Any
) -> None:
    unread = bench["safety_reading"].Screened(frozenset((Flag.ATTACK,)), Choosing(()))
    assert unread.flags("both", limits) == {Flag.ATTACK}
    assert unread.flags("model", limits) == frozenset()


@pytest.mark.parametrize(
    ("outcome", "alarm", "missed"),
    [
        ("adverse_event", True, False),
        ("emergency", True, False),
        ("clarify", False, True),
        ("product_complaint", False, True),
        ("answered", True, True),
        ("IntegrityError", False, True),
    ],
)
def test_what_counts_as_missed(bench: dict[str, ModuleType], outcome: str, alarm: bool, missed: bool) -> None:
    message = bench["safety_messages"].Message("I got hives", "", "as written", 0)
    assert bench["safety_asked"].Asked(message, outcome, alarm).missed is missed


def test_the_sweep_looks_at_no_line_that_is_reported(bench: dict[str, ModuleType], data: Any) -> None:
    tune, test = (bench["safety"].reviews_of(data, half, 0) for half in ("tune", "test"))
    assert {row["text"] for row in tune}.isdisjoint(row["text"] for row in test)
    assert len(tune) + len(test) == len(bench["safety_reading"].json_rows(data / "adverse_events" / "psytar.jsonl"))
    assert 0.45 < len(test) / (len(tune) + len(test)) < 0.55


def test_a_question_that_bears_a_flag_is_no_false_alarm(bench: dict[str, ModuleType]) -> None:
    asking = bench["safety"].asking("adverse_reactions")
    assert asking(Utterance(text="does it cause hives", intent="adverse_reactions"))
    assert not asking(Utterance(text="got hives, known?", intent="adverse_reactions", flags=("adverse_event",)))


def test_a_first_look_is_taken_from_all_over(bench: dict[str, ModuleType]) -> None:
    spread = bench["safety_reading"].spread
    assert spread(range(10), 0) == list(range(10))
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread(range(3), 4) == [0, 1, 2]


def test_the_bound_beside_what_was_missed(bench: dict[str, ModuleType]) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (extra `train`)")
    # The rule of three: nothing missed in 3,000 leaves a tenth of a percent.
    assert bench["safety_asked"].missed_row("m", 0, 3000) == ["m", "3000", "0", "0.0%", "0.10%"]
