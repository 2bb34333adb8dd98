"""The pooled states of many texts at once: the mean over each text's own tokens, as the heads read it.

Texts run in batches of about equal length, so that little is computed on padding; a text's state then differs from that
of a pass alone in the last bits only. Proofs read one text a pass (:mod:`~assistant.training.measuring.parity`); this
is for measuring thousands. A text too long keeps its end, as in training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from assistant.training.batches import padded
from assistant.training.network import open_base
from assistant.understanding.heads import Floats

_BATCH = 64


@torch.inference_mode()
def pooled_states(folder: Path, texts: Sequence[str], tick: Callable[[float], None]) -> Floats:
    """The states (texts, width) of the encoder in ``folder``, in the order of ``texts``; ``tick`` hears the share done.

    :raises ContentError: the encoder lacks weights.
    """
    network, tokenizer = open_base(folder)
    network.eval()
    tokenizer.truncation_side = "left"
    longest = int(network.config.max_position_embeddings)
    rows: list[list[int]] = tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"] if texts else []
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    states = np.empty((len(rows), int(network.config.hidden_size)), dtype=np.float32)
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        ids, mask = padded([rows[row] for row in part], int(tokenizer.pad_token_id))
        weights = mask.unsqueeze(-1).float()
        last = network(input_ids=ids, attention_mask=mask).last_hidden_state
        states[part] = ((last * weights).sum(1) / weights.sum(1)).numpy()
        tick((start + len(part)) / len(order))
    return states
