"""A consumer's question reaches the model as the assistant would read it on the page of the medicine asked about."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    """The benchmark's module, found as `python bench/intents.py` finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        yield importlib.import_module("consumer_questions")


@pytest.mark.parametrize(
    ("question", "focus", "read"),
    [
        ("can you take zorvanta and quovendry?", "zorvanta and quovendry", "can you take the medicine and quovendry?"),
        ("is zorvanta ok with quovendry", "Zorvanta; Quovendry", "is the medicine ok with quovendry"),
        ("how does zorvnta work", "Zorvanta", "how does the medicine work"),
        ("what is zorvanta used for", "Zorvanta besylate", "what is the medicine used for"),
        ("how you use for paracetamol", "acetaminophen", "how you use for the medicine"),
        ("what is quovendry used for", "Zorvanta", "what is quovendry used for"),
    ],
)
def test_the_first_medicine_is_masked_under_any_of_its_names(
    bench: ModuleType, question: str, focus: str, read: str
) -> None:
    assert bench.as_on_its_page(question, focus) == read


def test_as_the_set_names_it_is_to_the_letter(bench: ModuleType) -> None:
    assert bench.as_named("can zorvanta be split", "zorvanta") == "can the medicine be split"
    assert bench.as_named("can zorvnta be split", "zorvanta") == "can zorvnta be split"
