"""How right a network is while it is trained: accuracy of the heads, F1 of spans, the best temperature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.training.batches import IGNORED, encode, padded
from assistant.training.dataset import Utterance
from assistant.training.network import Network, Scores
from assistant.understanding.heads import best_path

_BATCH = 64


@torch.no_grad()
def score(
    network: Network, tokenizer: Any, texts: Sequence[str], max_tokens: int = 256
) -> Iterator[tuple[Scores, Tensor, Tensor]]:
    """``(scores, pooled, ids)`` of each text alone, in evaluation mode and full precision."""
    network.eval()
    for text in texts:
        ids = tokenizer(text, truncation=True, max_length=max_tokens, return_tensors="pt")["input_ids"]
        mask = torch.ones_like(ids)
        states = network.states(ids, mask)
        pooled = network.pooled(states, mask)
        yield network.heads(states, pooled), pooled[0], ids[0]


@torch.no_grad()
def measure(network: Network, tokenizer: Any, utterances: Sequence[Utterance], max_tokens: int) -> dict[str, float]:
    """Accuracy of intent, slots and flags (all of a text right), F1 of spans, and the loss of the intent.

    Slots and flags of the texts where they were marked; spans likewise.
    """
    if not utterances:
        return {}
    network.eval()
    examples = [encode(utterance, network.labels, tokenizer, max_tokens) for utterance in utterances]
    order = sorted(range(len(examples)), key=lambda row: len(examples[row].ids))
    right = {"intent": 0.0, "slots": 0.0, "flags": 0.0}
    loss, found, given, met = 0.0, 0, 0, 0
    for start in range(0, len(order), _BATCH):
        part = [examples[row] for row in order[start : start + _BATCH]]
        ids, mask = padded([example.ids for example in part], int(tokenizer.pad_token_id))
        states = network.states(ids, mask)
        scores = network.heads(states, network.pooled(states, mask))
        wanted = torch.stack([example.intent for example in part])
        likeliest = scores.intent.argmax(1)
        right["intent"] += float((wanted.argmax(1) == likeliest).sum())
        loss += float(functional.cross_entropy(scores.intent, wanted, reduction="sum"))
        slots = ((scores.slot > 0) == torch.stack([e.slot for e in part]).bool()).all(1)
        flags = ((scores.flag > 0) == torch.stack([e.flag for e in part]).bool()).all(1)
        right["slots"] += float((slots & torch.tensor([e.slots_known for e in part])).sum())
        right["flags"] += float((flags & torch.tensor([e.flags_known for e in part])).sum())
        for row, example in enumerate(part):
            words = [at for at, tag in enumerate(example.tags) if tag != IGNORED]
            if words:
                guessed = set(_marked(best_path(scores.tag[row, words].numpy())))
                true = set(_marked([example.tags[at] for at in words]))
                found, given, met = found + len(guessed), given + len(true), met + len(guessed & true)
    count = len(utterances)
    marked = {
        "intent": count,
        "slots": sum(example.slots_known for example in examples),
        "flags": sum(example.flags_known for example in examples),
    }
    shares = {name: value / marked[name] if marked[name] else 1.0 for name, value in right.items()}
    f1 = 2 * met / (found + given) if found + given else 1.0
    return {**shares, "span_f1": f1, "validation_loss": loss / count}


def _marked(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for at, tag in enumerate(tags):
        if tag % 2 == 1 or (tag and (not found or found[-1][1] != at or found[-1][2] != tag // 2 - 1)):
            found.append((at, at + 1, (tag - 1) // 2))
        elif tag:
            found[-1] = (found[-1][0], at + 1, found[-1][2])
    return found


def best_temperature(network: Network, tokenizer: Any, utterances: Sequence[Utterance]) -> float:
    """The temperature that makes the intent's probabilities most likely on ``utterances`` (Guo et al. 2017)."""
    rows = list(score(network, tokenizer, [utterance.masked()[0] for utterance in utterances]))
    scores = torch.cat([row[0].intent for row in rows])
    wanted = torch.tensor([network.labels.intents.index(utterance.intent) for utterance in utterances])
    tried = np.geomspace(0.3, 3.0, 60)
    losses = [float(functional.cross_entropy(scores / float(t), wanted)) for t in tried]
    return float(tried[int(np.argmin(losses))])
