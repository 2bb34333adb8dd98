"""The answers that a threshold is taken from: each question counts once, whatever it is asked of."""

from __future__ import annotations

from assistant.domain import Context
from assistant.pipeline import Assistant
from assistant.training.dataset import Utterance
from assistant.training.measuring.answering import deliveries
from tests.conftest import TODAY

_HCP = Context("hcp", "US", "en", "cli", TODAY)
_PRODUCTS = (("zorvanta", "ZORVANTA"), ("quovendry", "QUOVENDRY"))


def test_each_question_is_asked_once_and_of_the_products_in_turn(quick: Assistant) -> None:
    questions = [
        Utterance(text="how is {product} stored?", intent="storage"),
        Utterance(text="how should it be stored?", intent="storage"),
        Utterance(text="what is {product} made of?", intent="dosage"),
    ]
    done: list[None] = []
    found = deliveries(quick.decider, _PRODUCTS, _HCP, questions, lambda: done.append(None))
    assert (found.asked, len(done)) == (3, 3)
    asked = [answer.question for answer in found.answers]
    assert asked[:2] == ["how is ZORVANTA stored?", "how should it be stored?"]
    assert len(asked) == len(set(asked))
    assert found.right[:2].all()
    assert all(not answer.right for answer in found.answers if answer.intent == "dosage")
