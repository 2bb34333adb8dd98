"""Whether a GGUF decides as the trained network does: the same heads over llama.cpp's states and over torch's.

Parity is agreement of labels, not of numbers: the share of questions for which the likeliest intent, every closed slot
value, every flag at one half, and every span are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.errors import ContentError
from assistant.training.making import load_heads
from assistant.training.network import open_base
from assistant.understanding.encoder import GgufEncoder
from assistant.understanding.heads import Floats, Heads
from assistant.understanding.model_file import read_heads

_WORD_PIECE = "##"


@dataclass(frozen=True, slots=True)
class Parity:
    """Shares of questions decided alike, and the mean cosine of the pooled states."""

    questions: int
    intent: float
    slots: float
    flags: float
    spans: float
    cosine: float

    @property
    def everything(self) -> float:
        """The worst of the shares."""
        return min(self.intent, self.slots, self.flags, self.spans)


@dataclass(frozen=True, slots=True)
class _Decided:
    intent: int
    slots: tuple[bool, ...]
    flags: tuple[bool, ...]
    spans: tuple[tuple[int, int, str], ...]
    pooled: Floats


def parity(folder: Path, model: Path, texts: Sequence[str]) -> Parity:
    """Compare the network in ``folder`` (as ``make_model`` writes it) with the file exported from it.

    :raises ContentError: the folder holds no network, the file no heads, or there is nothing to compare.
    """
    if not texts:
        raise ContentError("there are no questions to compare on", folder)
    encoder = GgufEncoder(model)
    heads = read_heads(model, encoder.dimension)
    if heads is None:
        raise ContentError("holds no heads", model)
    exact = load_heads(folder / "heads.npz")
    alike = np.zeros(4)
    cosine = 0.0
    for wanted, text in zip(_by_torch(folder / "encoder", exact, texts), texts, strict=True):
        got = _decided(heads, *encoder.read(text))
        alike += [
            got.intent == wanted.intent,
            got.slots == wanted.slots,
            got.flags == wanted.flags,
            got.spans == wanted.spans,
        ]
        lengths = float(np.linalg.norm(got.pooled) * np.linalg.norm(wanted.pooled))
        cosine += float(got.pooled @ wanted.pooled) / (lengths or 1.0)
    intent, slots, flags, spans = (alike / len(texts)).tolist()
    return Parity(len(texts), intent, slots, flags, spans, cosine / len(texts))


@torch.no_grad()
def _by_torch(folder: Path, heads: Heads, texts: Sequence[str]) -> Iterator[_Decided]:
    network, tokenizer = open_base(folder)
    network.eval()
    for text in texts:
        encoded = tokenizer(text, return_tensors="pt")
        ids: Any = encoded["input_ids"]
        states: Floats = network(input_ids=ids).last_hidden_state[0].numpy()
        pieces = tokenizer.convert_ids_to_tokens(ids[0].tolist())
        starts = [row for row in range(1, len(pieces) - 1) if not pieces[row].startswith(_WORD_PIECE)]
        yield _decided(heads, states.mean(axis=0), states[starts])


def _decided(heads: Heads, pooled: Floats, word_states: Floats) -> _Decided:
    return _Decided(
        int(heads.intent_shares(pooled).argmax()),
        tuple(share > 0.5 for share in heads.slot_shares(pooled).values()),
        tuple(share > 0.5 for share in heads.flag_shares(pooled).values()),
        tuple(heads.spans(word_states)),
        pooled,
    )
