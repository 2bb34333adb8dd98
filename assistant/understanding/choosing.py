"""The chooser seam: a question becomes labels out of closed sets, each with how likely it is. No words are made here.

Three fillings: the trained heads on the encoder's own forward pass (the default), the nearest example utterances (needs
no training), and any causal model in a GGUF file (:mod:`assistant.understanding.decoder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Choosing:
    """What was chosen for a question.

    ``intents``: all of them with their probability, likeliest first, ties by name. ``slots``: (slot, value,
    probability) of every closed value. ``flags``: probability of each safety flag that the chooser knows. ``spans``:
    (start, end, type) in characters of the question. ``slots`` and ``spans`` are None, and ``flags`` empty, where the
    chooser has no such head; ``spans`` also where it cannot tell where the words of this question stand.
    """

    intents: tuple[tuple[str, float], ...]
    slots: tuple[tuple[str, str, float], ...] | None = None
    flags: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    spans: tuple[tuple[int, int, str], ...] | None = None


class Chooser(Protocol):
    """What chooses. Safe to share between threads, which it serves one after another."""

    def choose(self, text: str) -> Choosing:
        """The labels of ``text`` (product names already masked).

        :raises TextTooLongError: it is longer than the model reads.
        """


def likeliest_first(names: Sequence[str], shares: Sequence[float]) -> tuple[tuple[str, float], ...]:
    """``(name, share)`` pairs, likeliest first, ties by name."""
    return tuple(sorted(zip(names, shares, strict=True), key=lambda pair: (-pair[1], pair[0])))
