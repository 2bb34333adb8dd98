"""What a text's own letters and words say of its intent, beside what the encoder makes of them.

Its words, pairs of neighbouring words and runs of letters within words are each counted in one of a fixed number of
buckets (feature hashing, Weinberger et al. 2009, arXiv:0902.2206; runs of letters as in Bojanowski et al. 2017,
arXiv:1607.04606), a linear model scores each intent from the counts, and both opinions are joined in a logarithmic
pool: multiplied, each raised to its weight, the two weights summing to one (Genest and Zidek 1986). Where both are as
sure, the pool is no surer than either: on questions of another kind than those that were learnt from, two opinions
err together more often than a free product would have it. Runs of letters know a word that is misspelt, pairs of words
a turn of phrase that the mean of all token states loses.

The buckets of a text are the same on every machine, and sums go through no BLAS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_Buckets = npt.NDArray[np.int64]
#: Lengths of the runs of letters, the space before and behind a word counted as one letter.
RUNS = (3, 4, 5)
_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|[%<>=/+?]")
_SPACE = np.uint32(ord(" "))
#: FNV's prime (Fowler, Noll and Vo) mixes the letters of a run, Knuth's multiplier spreads what comes out.
_PRIME, _SPREAD = np.uint32(16777619), np.uint32(2654435761)
#: Below it an intent's share counts as this much, so that no opinion is a veto.
_LEAST = 1e-6


def buckets_of(text: str, bits: int) -> tuple[_Buckets, npt.NDArray[np.float64]]:
    """The buckets that ``text`` falls in, ascending and below ``2 ** bits``, and the weight of each: 1 + log of its
    count, at length 1 together. Both are empty where the text holds neither words nor letters."""
    text = text.casefold()
    words = _WORD.findall(text)
    phrases = [*words, *(f"{one} {two}" for one, two in pairwise(words))]
    found = [np.array([crc32(phrase.encode()) for phrase in phrases], dtype=np.uint32), *_runs(text)]
    spread = (np.concatenate(found) * _SPREAD) >> np.uint32(32 - bits)
    buckets, counts = np.unique(spread.astype(np.int64), return_counts=True)
    weights = 1 + np.log(counts)
    return buckets, weights / np.sqrt((weights * weights).sum()) if len(weights) else weights


def _runs(text: str) -> list[npt.NDArray[np.uint32]]:
    """A number for each run of letters that reaches into no second word."""
    padded = f" {' '.join(text.split())} "
    letters = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    spaces = letters == _SPACE
    found = []
    for length in RUNS:
        count = len(letters) - length + 1
        if count < 1:
            continue
        mixed = np.full(count, length, dtype=np.uint32)
        crosses = np.zeros(count, dtype=np.bool_)
        for at in range(length):
            mixed = (mixed * _PRIME) ^ letters[at : at + count]
            if 0 < at < length - 1:
                crosses |= spaces[at : at + count]
        found.append(mixed[~crosses])
    return found


@dataclass(frozen=True, slots=True)
class NgramHead:
    """A linear model over hashed n-grams. ``weight`` (buckets, intents), the buckets a power of two, each column in
    steps of ``scale`` (intents,); ``bias`` (intents,). ``say``: its weight in the pool, 0 to 1."""

    weight: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    say: float

    @property
    def bits(self) -> int:
        """The logarithm of the number of buckets."""
        return len(self.weight).bit_length() - 1

    def log_shares(self, text: str) -> npt.NDArray[np.float64]:
        """The logarithm of how likely each intent is by the words alone, each on its own, shape (intents,)."""
        buckets, weights = buckets_of(text, self.bits)
        # Not "@": that calls a BLAS, whose sums differ between machines.
        summed = np.einsum("b,bi->i", weights, self.weight[buckets].astype(np.float64))
        log_shares: npt.NDArray[np.float64] = -np.logaddexp(0.0, -(summed * self.scale + self.bias))
        return log_shares

    def joined(self, shares: Floats, text: str) -> Floats:
        """``shares`` of the intents, shape (intents,), joined with what the words of ``text`` say; they sum to 1."""
        return joined(shares, self.log_shares(text), self.say)


def joined(shares: npt.ArrayLike, log_shares: npt.NDArray[np.float64], say: float) -> Floats:
    """The logarithmic pool of two opinions, shape (..., intents); ``say`` is the second one's weight."""
    scores = (1 - say) * np.log(np.maximum(np.asarray(shares, dtype=np.float64), _LEAST)) + say * log_shares
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    product: Floats = (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    return product
