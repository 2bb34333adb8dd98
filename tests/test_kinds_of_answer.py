"""What kind of words an answer must hold: a time, or what another's dose stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering.kinds_of_answer import leaves_open
from tests import tiny
from tests.conftest import QUICK

_BODIES = (
    b"Women should use a barrier during treatment. Tell them of the risk to a fetus.",
    b"Stop quindolamine and let 14 days elapse before starting ZED. Wear a patch for 2 hours.",
    b"Drowsiness was seen in 12% of 40 patients. Switching from the liquid, give the same dose.",
    b"Call a poison center.",
)
_FRONTS = ("topic: reproductive_potential", "topic: drug_interaction", "topic: adverse_reactions", "topic: overdose")
LeavesOpen = Callable[..., bool]


@pytest.fixture(scope="module")
def open_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeavesOpen]:
    """Whether what that label says under these topics leaves a question of an intent open."""
    root: Path = tiny.write(tmp_path_factory.mktemp("kinds") / "w", _BODIES, _FRONTS)
    tiny.compiled(root, QUICK)
    index = tiny.opened(root, QUICK).index

    def asked(question: str, *topics: str) -> bool:
        shown = [entry for entry in index.entries("zed") if entry.head.topic in topics]
        return leaves_open(question, index, shown)

    yield asked
    index.close()


@pytest.mark.parametrize(
    ("question", "topic", "left"),
    [
        ("How many weeks must she wait?", "reproductive_potential", True),
        ("How many weeks must she wait?", "drug_interaction", False),  # in days
        ("How many full days must she wait?", "drug_interaction", False),
        ("How long must she wait?", "reproductive_potential", False),  # it may be "during treatment"
        ("What is the mg-for-mg conversion from the liquid?", "drug_interaction", True),
        ("What is the mg-for-mg conversion from the liquid?", "adverse_reactions", False),
    ],
)
def test_an_answer_holds_the_kind_of_words_that_is_asked_for(
    open_: LeavesOpen, question: str, topic: str, left: bool
) -> None:
    assert open_(question, topic) is left
