"""Thresholds for whole answers: how sure Onlabel must be so that few delivered answers are on the wrong topic.

Every calibration question is asked of the workspace once, with the passage threshold lifted, the first of its first
product, the next of its second, and so on round: a question asked again would count as a second witness, and a bound on
chance believes in each. The answer's own confidence, end to end, and whether the passages shown are about what was
asked, give the risk-coverage curve. An answer is *on the wrong topic* when none of the passages shown bears the
question's intent (or its second one) among its topics, and always when the question asks for no topic at all.

What comes out holds for questions like the calibration ones, asked of labels like the workspace's; it does not promise
that the passage holds the fact that was asked for (bench/labels.py measures that).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assistant.answering.deciding import Decider
from assistant.answering.draft import Draft
from assistant.domain import Context, Outcome
from assistant.training.dataset import PRODUCT_MARK, Utterance


@dataclass(frozen=True, slots=True)
class Delivered:
    """A question that would be answered: how sure, whether on the right topic, and what it was."""

    confidence: float
    right: bool
    intent: str
    answered_as: str
    question: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What would be delivered of ``asked`` questions, all of them."""

    asked: int
    answers: tuple[Delivered, ...]

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """How sure each answer is, shape (answers,)."""
        return np.array([answer.confidence for answer in self.answers])

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each answer is on the right topic, shape (answers,)."""
        return np.array([answer.right for answer in self.answers], dtype=np.bool_)


def deliveries(
    decider: Decider,
    products: Sequence[tuple[str, str]],
    where: Context,
    questions: Sequence[Utterance],
    step: Callable[[], None],
) -> Deliveries:
    """Ask every question of one of the products, in turn.

    :param products: (id, a name of it), in whose names the questions are asked.
    """
    limits = decider.policy.thresholds.model_copy(update={"passage_answer": 0.0, "passage_ask": 0.0})
    open_minded = replace(decider, policy=decider.policy.model_copy(update={"thresholds": limits}))
    answers: list[Delivered] = []
    for question, (product, name) in zip(questions, itertools.cycle(products), strict=False):
        text = question.text.replace(PRODUCT_MARK, name)
        draft = open_minded.decide(text, where, None, product)
        if draft.outcome is Outcome.ANSWERED and draft.shown:
            answers.append(_delivered(question, draft, text))
        step()
    return Deliveries(len(questions), tuple(answers))


def _delivered(question: Utterance, draft: Draft, text: str) -> Delivered:
    wanted = {question.intent, question.also} - {None}
    right = any(wanted & {entry.head.topic, *entry.head.also} for entry in draft.shown)
    return Delivered(draft.confidence, right, question.intent, draft.intent, text)
