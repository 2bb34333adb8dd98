"""The untrained router: an intent is as likely as its nearest example utterances are near.

Needs no training: k-nearest neighbours over the taxonomy's utterances, embedded once at build time. It is the baseline that
a trained model must beat, and it serves intents which somebody adds in a minute. It abstains by itself: a question far from
every example gets a flat distribution, and planning asks back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: An intent's evidence is the mean similarity of its nearest utterances, this many.
NEIGHBOURS = 3
#: Softmax temperature over that evidence (cosine similarities lie close together).
TEMPERATURE = 0.05


class NearestUtterances:
    """Scores intents by their nearest example utterances."""

    def __init__(self, vectors: npt.NDArray[np.float32], intents: Sequence[str]) -> None:
        """``vectors`` (n, dimension), L2-normalised; ``intents`` names the intent of each row."""
        self._vectors = vectors
        self._names = tuple(dict.fromkeys(intents))
        numbers = {name: number for number, name in enumerate(self._names)}
        owners = np.array([numbers[intent] for intent in intents], dtype=np.int64)
        self._rows = [np.flatnonzero(owners == number) for number in range(len(self._names))]

    def probabilities(self, vector: npt.NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
        """``(intent, probability)``, likeliest first, ties by name; ``vector`` is (dimension,), L2-normalised."""
        if not self._names:
            return ()
        similar = self._vectors @ vector
        evidence = np.array([_top_mean(similar[rows]) for rows in self._rows])
        weights = np.exp((evidence - evidence.max()) / TEMPERATURE)
        shares = weights / weights.sum()
        ranked = zip(self._names, shares.tolist(), strict=True)
        return tuple(sorted(ranked, key=lambda pair: (-pair[1], pair[0])))


def _top_mean(similar: npt.NDArray[np.float32]) -> float:
    count = min(NEIGHBOURS, len(similar))
    return float(np.partition(similar, len(similar) - count)[len(similar) - count :].mean())
