"""The network that is trained: a BERT encoder with heads for intent, closed slots, flags and spans.

The mean of the token states is at once what the heads read and, at length 1, the retrieval vector; so one pass of
llama.cpp feeds everything (see :mod:`assistant.understanding.heads`, its counterpart in numpy).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from assistant.errors import ContentError
from assistant.training.batches import padded
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
        self.dropout = Dropout(dropout)
        with warnings.catch_warnings():
            # A head that has nothing to choose from is meant.
            warnings.filterwarnings("ignore", "Initializing zero-element tensors")
            self.intent = nn.Linear(width, len(labels.intents))
            self.slot = nn.Linear(width, len(labels.slots))
            self.flag = nn.Linear(width, len(labels.flags))
            self.tag = nn.Linear(width, len(labels.tags))

    def states(self, texts: Tensor, mask: Tensor) -> Tensor:
        """The last layer, shape (texts, tokens, width), of token ids (texts, tokens) or of their embeddings."""
        name = "inputs_embeds" if texts.is_floating_point() else "input_ids"
        states: Tensor = self.encoder(**{name: texts}, attention_mask=mask).last_hidden_state
        return states.float()

    def pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        """The mean over each text's own tokens, shape (texts, width)."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    def vectors(self, texts: Tensor, mask: Tensor) -> Tensor:
        """Retrieval vectors of length 1, shape (texts, width)."""
        with torch.autocast("cpu", torch.bfloat16):
            states = self.states(texts, mask)
        vectors: Tensor = nn.functional.normalize(self.pooled(states, mask), dim=-1)
        return vectors

    def vectors_of(self, texts: Sequence[Sequence[int]], padding: int, together: int) -> Tensor:
        """Retrieval vectors (texts, width) of texts in tokens, ``together`` of about a length at a time.

        One that occurs twice is read once: of the passages of a step a third are those of another question too, and of
        what is read of the others otherwise a quarter would be padding.
        """
        distinct = sorted({tuple(text) for text in texts}, key=lambda text: (len(text), text))
        places = {text: row for row, text in enumerate(distinct)}
        parts = [padded(distinct[at : at + together], padding) for at in range(0, len(distinct), together)]
        # All in one go: the way back through each look-up writes a matrix as large as the vocabulary.
        tokens = self.encoder.get_input_embeddings()(torch.cat([ids.flatten() for ids, _ in parts]))
        looked_up = tokens.split([ids.numel() for ids, _ in parts])
        made = torch.cat(
            [
                self.vectors(found.view(*ids.shape, -1), mask)
                for found, (ids, mask) in zip(looked_up, parts, strict=True)
            ]
        )
        return made[torch.tensor([places[tuple(text)] for text in texts])]

    def heads(self, states: Tensor, pooled: Tensor) -> Scores:
        """All heads' scores."""
        read = self.dropout(pooled)
        return Scores(self.intent(read), self.slot(read), self.flag(read), self.tag(self.dropout(states)))

    def take_heads(self, heads: Heads) -> None:
        """Go on from ``heads``, which are for the same labels."""
        with torch.no_grad():
            for name, layer in heads.layers():
                getattr(self, name).weight.copy_(torch.from_numpy(layer.weight))
                getattr(self, name).bias.copy_(torch.from_numpy(layer.bias))

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


class Dropout(nn.Dropout):
    """Dropout whose random bits are drawn eight values at a time.

    On a processor torch draws them one by one, which took a seventh of a step of training. Of 256 values a byte has,
    the share nearest to ``p`` is dropped.
    """

    def forward(self, states: Tensor) -> Tensor:
        """``states`` with some zeros, and the others larger for it; unchanged outside of training."""
        dropped = round(256 * self.p)
        if not self.training or not dropped:
            return states
        count = states.numel()
        drawn = torch.empty(-(-count // 8), dtype=torch.int64, device=states.device).random_(-(2**63), None)
        kept = drawn.view(torch.uint8)[:count].view(states.shape) >= dropped
        return states * (kept.to(states.dtype) * (256 / (256 - dropped)))


def _layer(linear: nn.Linear) -> Layer:
    weight: Floats = linear.weight.detach().numpy().astype(np.float32)
    bias: Floats = linear.bias.detach().numpy().astype(np.float32)
    return Layer(weight, bias)


def open_base(base: Path) -> tuple[Any, Any]:
    """``(encoder, tokenizer)`` from a folder on disk; nothing is looked up elsewhere.

    Attention is computed step by step and without dropout: on a processor the fused kernel's way back costs more than
    it saves (a step of training 1.4 times as long), and drawing random numbers for it a fifth of the whole time.
    Elsewhere dropout is :class:`Dropout`.

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
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, Dropout(child.p))
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
