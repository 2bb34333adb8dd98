"""The network that is trained: a BERT encoder with heads for intent, closed slots, flags and spans.

The mean of the token states is at once what the heads read and, at length 1, the retrieval vector; so one pass of
llama.cpp feeds everything (see :mod:`assistant.understanding.heads`, its counterpart in numpy).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from assistant.errors import ContentError
from assistant.understanding.heads import Floats, Heads, LabelSets, Layer


@dataclass(frozen=True, slots=True)
class Scores:
    """What the heads say of a batch. Intent (texts, intents), slot, flag likewise, tag (texts, tokens, tags)."""

    intent: Tensor
    slot: Tensor
    flag: Tensor
    tag: Tensor


class Network(nn.Module):
    """``encoder`` with its heads."""

    def __init__(self, encoder: Any, labels: LabelSets, dropout: float) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)
        self.encoder = encoder
        self.labels = labels
        self.dropout = nn.Dropout(dropout)
        with warnings.catch_warnings():
            # A head that has nothing to choose from is meant.
            warnings.filterwarnings("ignore", "Initializing zero-element tensors")
            self.intent = nn.Linear(width, len(labels.intents))
            self.slot = nn.Linear(width, len(labels.slots))
            self.flag = nn.Linear(width, len(labels.flags))
            self.tag = nn.Linear(width, len(labels.tags))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The last layer, shape (texts, tokens, width)."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states.float()

    def pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        """The mean over each text's own tokens, shape (texts, width)."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    def vectors(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Retrieval vectors of length 1, shape (texts, width)."""
        with torch.autocast("cpu", torch.bfloat16):
            states = self.states(ids, mask)
        vectors: Tensor = nn.functional.normalize(self.pooled(states, mask), dim=-1)
        return vectors

    def heads(self, states: Tensor, pooled: Tensor) -> Scores:
        """All heads' scores."""
        read = self.dropout(pooled)
        return Scores(self.intent(read), self.slot(read), self.flag(read), self.tag(self.dropout(states)))

    def exported(self, temperature: float) -> Heads:
        """The heads in numpy, as the runtime reads them."""
        return Heads(
            self.labels,
            _layer(self.intent),
            _layer(self.slot) if self.labels.slots else None,
            _layer(self.flag) if self.labels.flags else None,
            _layer(self.tag) if self.labels.tags else None,
            temperature,
        )


def _layer(linear: nn.Linear) -> Layer:
    weight: Floats = linear.weight.detach().numpy().astype(np.float32)
    bias: Floats = linear.bias.detach().numpy().astype(np.float32)
    return Layer(weight, bias)


def open_base(base: Path) -> tuple[Any, Any]:
    """``(encoder, tokenizer)`` from a folder on disk; nothing is looked up elsewhere.

    Attention is computed step by step and without dropout: on a processor the fused kernel's way back costs more than
    it saves (a step of training 1.4 times as long), and drawing random numbers for it a fifth of the whole time.

    :raises ContentError: it lacks weights, which transformers would otherwise draw at random.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    encoder, loaded = AutoModel.from_pretrained(
        base,
        local_files_only=True,
        add_pooling_layer=False,
        output_loading_info=True,
        attn_implementation="eager",
        attention_probs_dropout_prob=0.0,
    )
    if lacking := sorted(loaded["missing_keys"]):
        raise ContentError(f"lacks {len(lacking)} weights, the first {lacking[0]}", base)
    # In 32 bits, whatever the file holds.
    return encoder.float(), AutoTokenizer.from_pretrained(base, local_files_only=True)


def with_lora(encoder: Any, rank: int) -> Any:
    """``encoder`` frozen, with low-rank adapters beside its linear layers (Hu et al. 2021)."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear")
    return get_peft_model(encoder, config)


def threads(count: int) -> None:
    """Let torch use ``count`` threads."""
    torch.set_num_threads(count)
