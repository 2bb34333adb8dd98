"""Whether more data would still help: a linear probe on an encoder's states, fitted on growing shares of the data.

Guarantees: whole families are drawn, for paraphrases of one question are not new data; a larger share of one draw holds
every smaller one; equal input gives equal numbers. The probe says how accuracy grows, not how high fine-tuning comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped, unused-ignore]

from assistant.training.dataset import Utterance
from assistant.understanding.heads import Floats

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Shares of the training families, and how often each is drawn; all of them can be drawn in one way only.
FRACTIONS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
DRAWS = 3
#: Inverse strength of the penalty, found on the validation split of the project's own questions among 0.01 to 100.
_FREEDOM = 10.0


@dataclass(frozen=True, slots=True)
class Amount:
    """One share of the families: in each draw the number of questions in it and the accuracy reached with them."""

    fraction: float
    families: int
    questions: tuple[int, ...]
    accuracies: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Labelled questions with their states (questions, width)."""

    utterances: Sequence[Utterance]
    states: Floats


def amounts(train: Known, test: Known, tick: Callable[[float], None]) -> list[Amount]:
    """Accuracy on ``test`` by the share of the families of ``train``; ``tick`` hears the share of the fits done."""
    families = family_numbers(train.utterances)
    count = int(families.max()) + 1
    orders = [np.random.default_rng(draw).permutation(count) for draw in range(DRAWS)]
    fits = sum(DRAWS if fraction < 1 else 1 for fraction in FRACTIONS)
    found: list[Amount] = []
    done = 0
    for fraction in FRACTIONS:
        taken = max(1, round(fraction * count))
        questions, accuracies = [], []
        for order in orders if fraction < 1 else orders[:1]:
            rows = np.flatnonzero(np.isin(families, order[:taken]))
            questions.append(len(rows))
            accuracies.append(accuracy(train, rows, test))
            tick((done := done + 1) / fits)
        found.append(Amount(fraction, taken, tuple(questions), tuple(accuracies)))
    return found


def family_numbers(utterances: Sequence[Utterance]) -> Ints:
    """The number of each utterance's family; one that names none is a family of its own, as where splits are drawn."""
    numbers: dict[str, int] = {}
    names = (utterance.family or utterance.text for utterance in utterances)
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def accuracy(train: Known, rows: Ints, test: Known) -> float:
    """Share of ``test`` right after a fit on ``rows`` of ``train``; where a text asks two things, either is right."""
    wanted = [train.utterances[row].intent for row in rows]
    if len(set(wanted)) > 1:
        probe = LogisticRegression(C=_FREEDOM, tol=1e-3, max_iter=1000)
        chosen = probe.fit(_unit(train.states[rows]), wanted).predict(_unit(test.states)).tolist()
    else:
        # There is nothing to tell apart.
        chosen = [wanted[0]] * len(test.utterances)
    right = [name in (one.intent, one.also) for name, one in zip(chosen, test.utterances, strict=True)]
    return float(np.mean(right))


def _unit(states: Floats) -> Doubles:
    """At length 1, as retrieval reads them."""
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    unit: Doubles = states.astype(np.float64) / np.maximum(lengths, 1e-12)
    return unit
