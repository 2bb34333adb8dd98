"""Stand-ins at the real seams: an encoder that needs no model, an audit that keeps its records in memory.

The encoder is honest where it matters: the same text always gives the same vector on every machine, texts that share
words lie near each other, and a text that is too long is refused. It counts what it is asked to do, so that a test can
bound the work of a question instead of its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.canonical import canonical_json, fingerprint
from assistant.content.lexicon import words
from assistant.understanding.encoder import TextTooLongError


class HashEncoder:
    """Vectors from hashed words: implements :class:`assistant.understanding.encoder.Encoder`.

    :param before: called with the number of each text before it is encoded; tests end a build there.
    """

    def __init__(
        self, dimension: int = 8, max_tokens: int = 256, name: str = "hash", before: Callable[[int], None] | None = None
    ) -> None:
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.fingerprint = fingerprint({"fake": name, "dimension": dimension})
        self.encoded: list[str] = []
        self._before = before

    def count_tokens(self, text: str) -> int:
        """A token for every six characters of a word, and two marks."""
        return 2 + sum(1 + len(word) // 6 for word in text.split())

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of length 1, shape (texts, dimension)."""
        made = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            if self._before:
                self._before(len(self.encoded))
            if (tokens := self.count_tokens(text)) > self.max_tokens:
                raise TextTooLongError(tokens, self.max_tokens)
            self.encoded.append(text)
            made[row] = _vector(text, self.dimension)
        return made


def _vector(text: str, dimension: int) -> npt.NDArray[np.float32]:
    # Whole numbers until the end: their sum is the same in any order, so no machine can round differently.
    total = np.zeros(dimension, dtype=np.int64)
    for word in words(text) or [text]:
        total += _of_word(word, dimension)
    length = float(np.sqrt((total * total).sum())) or 1.0
    unit: npt.NDArray[np.float32] = (total / length).astype(np.float32)
    return unit


@lru_cache(maxsize=65536)
def _of_word(word: str, dimension: int) -> npt.NDArray[np.int64]:
    digest = hashlib.shake_128(word.encode("utf-8", "surrogatepass")).digest(dimension)
    return np.frombuffer(digest, dtype=np.int8).astype(np.int64)


class MemoryAudit:
    """Keeps records in memory; refuses, as the real one does, what has no canonical form."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def record(self, entry: Mapping[str, Any]) -> None:
        """See :class:`assistant.trust.audit.AuditSink`."""
        self.records.append(canonical_json(dict(entry)))
