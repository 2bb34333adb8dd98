"""What a trained model adds to the encoder: heads over its token states, in numpy, from one forward pass.

An *intent* head (softmax), a head of *closed slot values* and one of *safety flags* (each value on its own, sigmoid)
read the mean of the token states; a *span* head reads the state of each word's first token and marks words as
beginning, inside or outside a span (BIO, Ramshaw and Marcus 1995), decoded so that no span begins in its middle
(Viterbi). No sum goes through a BLAS, whose results depend on the machine and on its number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from assistant.understanding.ngrams import NgramHead

Floats = npt.NDArray[np.float32]
_Label = TypeVar("_Label", str, tuple[str, str])
#: The layers of :class:`Heads`, under the names that they are kept by.
LAYERS = ("intent", "slot", "flag", "tag")


@dataclass(frozen=True, slots=True)
class LabelSets:
    """The closed sets that the heads choose from. ``slots`` are (slot, value) pairs; ``spans`` the types of spans."""

    intents: tuple[str, ...]
    slots: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """``O``, then ``B-type`` and ``I-type`` of each span type."""
        return ("O", *(f"{mark}-{name}" for name in self.spans for mark in "BI")) if self.spans else ()

    def as_json(self) -> dict[str, object]:
        """For a model file and its lineage."""
        return {
            "intents": list(self.intents),
            "slots": [list(pair) for pair in self.slots],
            "flags": list(self.flags),
            "spans": list(self.spans),
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear layer: ``weight`` (labels, dimension), ``bias`` (labels,)."""

    weight: Floats
    bias: Floats

    def __call__(self, states: Floats) -> Floats:
        """Scores, shape (labels,) of one state or (rows, labels) of several."""
        # Not "@": that calls a BLAS, whose sums differ between machines.
        scores: Floats = np.einsum("...d,ld->...l", states, self.weight) + self.bias
        return scores


@dataclass(frozen=True, slots=True)
class Heads:
    """The trained heads. ``temperature`` calibrates the intent's softmax (Guo et al. 2017); ``ngrams``, where a model
    has them, are heard beside it."""

    labels: LabelSets
    intent: Layer
    slot: Layer | None
    flag: Layer | None
    tag: Layer | None
    temperature: float = 1.0
    ngrams: NgramHead | None = None

    def layers(self) -> Iterator[tuple[str, Layer]]:
        """The layers that there are, each with the name that it is kept by."""
        for name in LAYERS:
            layer: Layer | None = getattr(self, name)
            if layer is not None:
                yield name, layer

    def intent_shares(self, pooled: Floats) -> Floats:
        """Calibrated probabilities of the intents by the encoder alone, shape (intents,)."""
        scores = self.intent(pooled).astype(np.float64) / self.temperature
        weights = np.exp(scores - scores.max())
        shares: Floats = (weights / weights.sum()).astype(np.float32)
        return shares

    def slot_shares(self, pooled: Floats) -> Mapping[tuple[str, str], float]:
        """How likely each closed slot value is meant."""
        return _each(self.slot, self.labels.slots, pooled)

    def flag_shares(self, pooled: Floats) -> Mapping[str, float]:
        """How likely each safety flag is raised."""
        return _each(self.flag, self.labels.flags, pooled)

    def spans(self, word_states: Floats) -> list[tuple[int, int, str]]:
        """``(first word, word behind the last, type)`` of each span; ``word_states`` (words, dimension)."""
        if self.tag is None or not len(word_states):
            return []
        return spans_of(best_path(self.tag(word_states)), self.labels.spans)


def _each(layer: Layer | None, labels: Sequence[_Label], pooled: Floats) -> Mapping[_Label, float]:
    if layer is None:
        return {}
    # Cut where the share is 0 to every digit, so that exp never overflows.
    shares = 1 / (1 + np.exp(-np.maximum(layer(pooled).astype(np.float64), -700.0)))
    return dict(zip(labels, shares.tolist(), strict=True))


def best_path(scores: Floats) -> list[int]:
    """The likeliest valid sequence of BIO tags: an inside tag only behind its own begin or inside (Viterbi).

    :param scores: (words, 1 + 2 * types), columns as :attr:`LabelSets.tags`.
    """
    count = scores.shape[1]
    allowed = np.zeros((count, count), dtype=np.float64)
    inside = np.arange(2, count, 2)
    allowed[:, inside] = -np.inf
    allowed[inside, inside] = 0.0
    allowed[inside - 1, inside] = 0.0
    best = scores[0].astype(np.float64)
    best[inside] = -np.inf
    came_from = np.zeros(scores.shape, dtype=np.int64)
    for row in range(1, len(scores)):
        through = best[:, None] + allowed
        came_from[row] = through.argmax(axis=0)
        best = through.max(axis=0) + scores[row]
    path = [int(best.argmax())]
    for row in range(len(scores) - 1, 0, -1):
        path.append(int(came_from[row, path[-1]]))
    return path[::-1]


def spans_of(tags: Sequence[int], types: Sequence[str]) -> list[tuple[int, int, str]]:
    """The spans that a valid sequence of tag numbers marks."""
    found: list[tuple[int, int, str]] = []
    for at, tag in enumerate(tags):
        if tag % 2 == 1:
            found.append((at, at + 1, types[tag // 2]))
        elif tag:
            first, _, name = found[-1]
            found[-1] = (first, at + 1, name)
    return found
