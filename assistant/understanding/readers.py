"""The readers: from a masked question to its retrieval vector and the labels chosen for it.

:class:`TrainedReader` takes both from one forward pass; :class:`NearestReader` needs no training; :class:`CausalReader`
lets a causal model choose and the encoder make the vector.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.canonical import fingerprint
from assistant.domain import INTENTS, SLOT_VALUES, Flag
from assistant.errors import NotReadyError
from assistant.understanding.choosing import Chooser, Choosing, likeliest_first
from assistant.understanding.encoder import Encoder, GgufEncoder, unit
from assistant.understanding.heads import Heads, LabelSets
from assistant.understanding.model_file import read_heads
from assistant.understanding.router import NearestUtterances
from assistant.understanding.words import words

Vector = npt.NDArray[np.float32]
#: ``(start, end, type)`` in characters of the masked text, end exclusive.
Span = tuple[int, int, str]
_HYPHENS = ("-", "\u2010", "\u2011")


class Reader(Protocol):
    """Reads a question whose product names are masked. Safe to share between threads."""

    @property
    def fingerprint(self) -> str:
        """Of all models that take part: decisions are comparable where it is equal."""

    def read(self, masked: str) -> tuple[Vector, Choosing]:
        """The retrieval vector, (dimension,), L2-normalised, and what was chosen.

        :raises TextTooLongError: it is longer than the model reads.
        """


@dataclass(frozen=True, slots=True)
class NearestReader:
    """Intents by the nearest example utterances; no slots, flags or spans."""

    encoder: Encoder
    router: NearestUtterances

    @property
    def fingerprint(self) -> str:
        """See :class:`Reader`."""
        return self.encoder.fingerprint

    def read(self, masked: str) -> tuple[Vector, Choosing]:
        """See :class:`Reader`."""
        vector = self.encoder.encode([masked])[0]
        return vector, Choosing(self.router.probabilities(vector))


@dataclass(frozen=True, slots=True)
class TrainedReader:
    """The trained heads. Intents that a workspace added after training are found by their example utterances."""

    encoder: GgufEncoder
    heads: Heads
    router: NearestUtterances

    @property
    def fingerprint(self) -> str:
        """See :class:`Reader`."""
        return self.encoder.fingerprint

    def read(self, masked: str) -> tuple[Vector, Choosing]:
        """See :class:`Reader`."""
        pooled, word_states = self.encoder.read(masked)
        vector = unit(pooled)
        heads = self.heads
        by_encoder = heads.intent_shares(pooled)
        joined = heads.ngrams.joined(by_encoder, masked) if heads.ngrams else by_encoder
        shares = dict(zip(heads.labels.intents, joined.tolist(), strict=True))
        slots = tuple((slot, value, share) for (slot, value), share in heads.slot_shares(pooled).items())
        return vector, Choosing(
            self._with_added(shares, vector),
            slots if heads.slot else None,
            heads.flag_shares(pooled),
            self._spans(masked, word_states) if heads.tag else None,
        )

    def _with_added(self, shares: dict[str, float], vector: Vector) -> tuple[tuple[str, float], ...]:
        """``shares`` with those of added intents, which take what the nearest utterances give them."""
        if not self.router.names - shares.keys():
            return likeliest_first(tuple(shares), tuple(shares.values()))
        added = {name: share for name, share in self.router.probabilities(vector) if name not in shares}
        left = 1 - sum(added.values())
        shares = {name: share * left for name, share in shares.items()} | added
        return likeliest_first(tuple(shares), tuple(shares.values()))

    def _spans(self, masked: str, word_states: Vector) -> tuple[Span, ...] | None:
        places = words(masked)
        if len(places) != len(word_states):
            # Not known, which is not "none": whoever asks then goes by the wording.
            return None
        marked = self.heads.spans(word_states)
        spans = [(places[first][0], places[behind - 1][1], name) for first, behind, name in marked]
        return tuple(whole_names(masked, spans))


def whole_names(text: str, spans: Sequence[Span]) -> list[Span]:
    """``spans`` that end where words end: a hyphen parts no name, and "post-" belongs to "post-shingles pain"."""
    found: list[Span] = []
    for start, end, name in spans:
        before = found[-1] if found else (0, 0, "")
        if before[2] == name and text[before[1] : start] in _HYPHENS:
            start = found.pop()[0]
        else:
            start = _hyphened(text, before[1], start)
        found.append((start, end, name))
    return found


def _hyphened(text: str, least: int, start: int) -> int:
    """Where the word begins that a hyphen joins to what stands at ``start``: there itself, where there is none.

    Letter by letter, for an expression would try an endless word from each of its letters, in quadratic time.
    """
    if start <= least or text[start - 1] not in _HYPHENS:
        return start
    at = start - 1
    while at > least and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    return at if at < start - 1 else start


@dataclass(frozen=True, slots=True)
class CausalReader:
    """A causal model chooses; the encoder makes the vector."""

    encoder: Encoder
    chooser: Chooser
    sha256: str

    @property
    def fingerprint(self) -> str:
        """See :class:`Reader`."""
        return fingerprint({"encoder": self.encoder.fingerprint, "causal": self.sha256})

    def read(self, masked: str) -> tuple[Vector, Choosing]:
        """See :class:`Reader`."""
        return self.encoder.encode([masked])[0], self.chooser.choose(masked)


def trained_reader(encoder: Encoder, router: NearestUtterances) -> TrainedReader:
    """A reader with the heads in the encoder's own file.

    :raises NotReadyError: it has none.
    """
    heads = read_heads(encoder.path, encoder.dimension) if isinstance(encoder, GgufEncoder) else None
    if heads is None or not isinstance(encoder, GgufEncoder):
        raise NotReadyError('the model has no trained heads: set [model] chooser = "nearest", or train one')
    return TrainedReader(encoder, heads, router)


def file_reader(path: Path, n_threads: int = 1) -> TrainedReader:
    """What the file at ``path`` chooses by itself: no intents are added to those that it learnt.

    :raises NotReadyError: it is no model, or has no trained heads.
    """
    encoder = GgufEncoder(path, n_threads)
    return trained_reader(encoder, NearestUtterances(np.zeros((0, encoder.dimension), np.float32), ()))


def causal_reader(
    encoder: Encoder, router: NearestUtterances, path: Path, n_threads: int, n_gpu_layers: int
) -> CausalReader:
    """A reader with the causal model in ``path``, which chooses among the intents that have example utterances.

    :raises NotReadyError: there is no such model, or it learnt other labels.
    """
    from assistant.understanding.decoder import CausalChooser

    if not path.is_file():
        raise NotReadyError(f"no causal model at {path}: set [model] causal_path to its GGUF file")
    slots = tuple((slot, value) for slot, values in SLOT_VALUES.items() for value in sorted(values))
    added = sorted(router.names - set(INTENTS))
    labels = LabelSets((*(name for name in INTENTS if name in router.names), *added), slots, tuple(sorted(Flag)))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CausalReader(encoder, CausalChooser(path, labels, n_threads, n_gpu_layers=n_gpu_layers), digest)
