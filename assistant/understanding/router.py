"""The untrained router: an intent is as likely as its nearest example utterances are near.

Needs no training: k-nearest neighbours over the taxonomy's utterances, embedded once at build time. It is the baseline
that a trained model must beat, and it serves intents which somebody adds in a minute. It abstains by itself: a
question far from every example gets a flat distribution, and planning asks back.
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
        self._vectors = np.asarray(vectors)
        self._names = tuple(dict.fromkeys(intents))
        self._rows, self._counts = _grouped(self._names, intents)

    @property
    def names(self) -> frozenset[str]:
        """The intents that have utterances."""
        return frozenset(self._names)

    def probabilities(self, vector: npt.NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
        """``(intent, probability)``, likeliest first, ties by name; ``vector`` is (dimension,), L2-normalised."""
        if not self._names:
            return ()
        # Not "@": that calls a BLAS, whose sums differ between machines and whose threads wait for each other.
        similar = np.einsum("ij,j->i", self._vectors, vector)
        evidence = self._evidence(similar)
        weights = np.exp((evidence - evidence.max()) / TEMPERATURE)
        shares = weights / weights.sum()
        ranked = zip(self._names, shares.tolist(), strict=True)
        return tuple(sorted(ranked, key=lambda pair: (-pair[1], pair[0])))

    def _evidence(self, similar: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """The mean of each intent's best similarities; of an intent with fewer than ``NEIGHBOURS``, of all it has."""
        padded = np.append(similar, np.float32(-np.inf))[self._rows]
        best = np.sort(padded, axis=1)[:, -NEIGHBOURS:].astype(np.float64)
        summed: npt.NDArray[np.float64] = np.where(np.isfinite(best), best, 0.0).sum(axis=1)
        return summed / self._counts


def _grouped(names: Sequence[str], intents: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of each intent, shape (intents, longest), padded with the row behind the last; and how many count."""
    rows: dict[str, list[int]] = {name: [] for name in names}
    for row, intent in enumerate(intents):
        rows[intent].append(row)
    # At least NEIGHBOURS wide, so that the best of an intent are always a slice of that width.
    width = max([NEIGHBOURS, *map(len, rows.values())])
    padded = [found + [len(intents)] * (width - len(found)) for found in rows.values()]
    counts = [min(NEIGHBOURS, len(found)) for found in rows.values()]
    return np.array(padded, dtype=np.int64).reshape(-1, width), np.array(counts, dtype=np.int64)
