"""Fine-tune one encoder with all its heads and its retrieval vector together, reproducibly from a seed.

Each step reads a batch of labelled questions (intent, slots, flags, spans) and, where there are any, a batch of
questions with the passages that answer them: the right passage must be nearer than every other of the batch, above all
than its neighbours from the same label (multiple negatives ranking, Henderson et al. 2017). The weights that are kept
are the mean over the last part of the way (stochastic weight averaging, Izmailov et al. 2018). So that it knows when it
does not know, the intent head is taught to be undecided between questions of different intents.

After each epoch a checkpoint is written whole; a run that was cut short goes on from it and ends with the same weights.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.canonical import fingerprint, sha256_hex
from assistant.errors import ContentError
from assistant.training.augment import Augmenter
from assistant.training.batches import (
    IGNORED,
    UNANSWERED,
    Encoded,
    PairRow,
    encode,
    encode_pairs,
    length_batches,
    padded,
    pair_batches,
)
from assistant.training.dataset import Utterance
from assistant.training.measuring.network import measure
from assistant.training.network import Network, open_base, with_lora
from assistant.training.pairs import Pair
from assistant.understanding.heads import Heads, LabelSets

Report = Callable[[dict[str, float]], None]
Method = Literal["full", "lora"]
#: Texts of about a length that are read in one go for their vectors.
_TOGETHER = 24
#: Texts that are read in one go where nothing is learnt: as many as memory holds the embeddings of.
_AT_REST = 4096


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; with the defaults all data here is learnt in about an hour on two cores.

    The card of a model says which recipe it had. Learning rates are peaks; warm-up and decay are linear.
    """

    epochs: int = 4
    batch: int = 64
    rate: float = 1.2e-4
    head_rate: float = 2e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    smoothing: float = 0.05
    dropout: float = 0.1
    averaged: float = 0.4
    max_tokens: int = 128
    pair_batch: int = 48
    pair_tokens: int = 112
    pair_every: int = 2
    pair_scale: float = 20.0
    pair_weight: float = 1.0
    none_at: float = 0.45
    span_weight: float = 1.0
    flag_weight: float = 1.0
    slot_weight: float = 1.0
    outlier_weight: float = 0.1
    method: Method = "full"
    rank: int = 16
    seed: int = 7


#: What differs where a trained model is gone on from: its heads do not begin at nothing.
FURTHER: dict[str, Any] = {"epochs": 3, "rate": 8e-5, "head_rate": 5e-4}


@dataclass(slots=True)
class Trained:
    """A trained network with its tokenizer and what was measured after each epoch."""

    network: Network
    tokenizer: Any
    epochs: list[dict[str, float]] = field(default_factory=list)


def finetune(
    train: Sequence[Utterance],
    validation: Sequence[Utterance],
    pairs: Sequence[Pair],
    labels: LabelSets,
    base: Path,
    work: Path,
    recipe: Recipe,
    report: Report,
    heads: Heads | None = None,
) -> Trained:
    """Train on ``train`` and ``pairs``, measuring ``validation`` after each epoch; checkpoints go to ``work``.

    :param heads: those that belong to ``base``, for the same ``labels``; without any they begin at nothing.
    :raises ContentError: an utterance bears a label that ``labels`` does not hold, or the checkpoint is of another run.
    """
    torch.manual_seed(recipe.seed)
    random.seed(recipe.seed)
    encoder, tokenizer = open_base(base)
    if recipe.method == "lora":
        encoder = with_lora(encoder, recipe.rank)
    network = Network(encoder, labels, recipe.dropout)
    if heads is not None:
        network.take_heads(heads)
    run = _Run(network, tokenizer, recipe, train, pairs)
    run.resume(work / "checkpoint.pt")
    while run.epoch < recipe.epochs:
        measured = run.one_epoch(report)
        measured |= measure(network, tokenizer, validation, recipe.max_tokens)
        run.history.append(measured)
        run.save(work / "checkpoint.pt")
        report(measured)
    run.settle()
    if recipe.method == "lora":
        network.encoder = network.encoder.merge_and_unload()
    network.eval()
    return Trained(network, tokenizer, run.history)


class _Run:
    """One training run: what a checkpoint holds, and the steps."""

    def __init__(
        self,
        network: Network,
        tokenizer: Any,
        recipe: Recipe,
        train: Sequence[Utterance],
        pairs: Sequence[Pair],
    ) -> None:
        self.network, self.tokenizer, self.recipe = network, tokenizer, recipe
        self.train, self.augmenter = train, Augmenter(train)
        # Encoded here, so that a label nobody knows is told before the first step.
        examples = [encode(utterance, network.labels, tokenizer, recipe.max_tokens) for utterance in train]
        self.padding = int(tokenizer.pad_token_id)
        # With the weights that training begins from, also where it goes on from a checkpoint.
        self.pairs = encode_pairs(pairs, tokenizer, recipe.pair_tokens, self._vectors_at_rest)
        self.epoch = self.step = self.averages = 0
        self.history: list[dict[str, float]] = []
        self.optimizer = _optimizer(network, recipe)
        self.steps = recipe.epochs * max(1, -(-len(examples) // recipe.batch))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._pace)
        self.mean: dict[str, Tensor] = {}
        self.key = fingerprint(
            {
                "recipe": {name: str(value) for name, value in dataclasses.asdict(recipe).items()},
                "examples": _digest_of(examples),
                "pairs": sha256_hex(repr(list(pairs)).encode()),
                "labels": network.labels.as_json(),
                "begins": _digest_of_weights(network),
            }
        )

    def _pace(self, step: int) -> float:
        warm = max(1, int(self.steps * self.recipe.warmup))
        return min((step + 1) / warm, max(0.0, (self.steps - step) / max(1, self.steps - warm)))

    def one_epoch(self, report: Report) -> dict[str, float]:
        """Every example once, with pairs beside every ``pair_every``-th step; the mean of each loss."""
        began = time.monotonic()
        self.network.train()
        draw = random.Random(self.recipe.seed * 1000 + self.epoch)  # noqa: S311  # reproducible, not secret
        examples = [
            encode(self.augmenter.changed(question, draw), self.network.labels, self.tokenizer, self.recipe.max_tokens)
            for question in self.train
        ]
        batches = length_batches([len(example.ids) for example in examples], self.recipe.batch, draw)
        paired = pair_batches(self.pairs, self.recipe.pair_batch, draw)
        sums: dict[str, list[float]] = {}
        for number, rows in enumerate(batches):
            chosen = next(paired, None) if number % self.recipe.pair_every == 0 else None
            # Not in 16 bits itself, but what is inside shares one copy of the weights that are.
            with torch.autocast("cpu", torch.bfloat16, enabled=False):
                losses = self._losses([examples[row] for row in rows])
                if chosen:
                    losses["pairs"] = self.recipe.pair_weight * self._pair_loss(chosen)
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.step += 1
            if self.step > self.steps * (1 - self.recipe.averaged) and self.step % 5 == 0:
                self._average()
            for name, loss in losses.items():
                sums.setdefault(name, []).append(float(loss.detach()))
            if number % 20 == 0:
                report({"epoch": float(self.epoch + 1), "done": (number + 1) / len(batches)})
        self.epoch += 1
        means = {f"loss_{name}": sum(each) / len(each) for name, each in sums.items()}
        return {"epoch": float(self.epoch), "seconds": round(time.monotonic() - began, 1), **means}

    def _losses(self, examples: Sequence[Encoded]) -> dict[str, Tensor]:
        network, recipe = self.network, self.recipe
        ids, mask = padded([example.ids for example in examples], self.padding)
        with torch.autocast("cpu", torch.bfloat16):
            states = network.states(ids, mask)
        pooled = network.pooled(states, mask)
        scores = network.heads(states, pooled)
        intents = torch.stack([example.intent for example in examples])
        losses = {"intent": functional.cross_entropy(scores.intent, _smoothed(intents, recipe.smoothing))}
        if recipe.outlier_weight:
            outside = network.intent(network.dropout(_between(pooled, intents)))
            losses["outliers"] = -recipe.outlier_weight * functional.log_softmax(outside, 1).mean()
        if network.labels.slots:
            known = torch.tensor([float(example.slots_known) for example in examples])
            wanted = torch.stack([example.slot for example in examples])
            losses["slots"] = recipe.slot_weight * _each(scores.slot, wanted, known)
        if network.labels.flags:
            known = torch.tensor([float(example.flags_known) for example in examples])
            wanted = torch.stack([example.flag for example in examples])
            losses["flags"] = recipe.flag_weight * _each(scores.flag, wanted, known)
        if network.labels.tags:
            tags, _ = padded([example.tags for example in examples], IGNORED)
            flat = functional.cross_entropy(
                scores.tag.flatten(0, 1), tags.flatten(), ignore_index=IGNORED, reduction="sum"
            )
            losses["spans"] = recipe.span_weight * flat / (tags != IGNORED).sum().clamp(min=1)
        return losses

    def _pair_loss(self, rows: Sequence[PairRow]) -> Tensor:
        """Each question against all passages of the batch; passages of the same text count as right as well.

        "None of them" stands among them at a fixed nearness, and is what is right for a question without a passage: so
        nearness means the same in every label (as SQuAD 2.0 is learnt, Devlin et al. 2019, section 4.3). Another label
        may well answer such a question, so its passages are not held against it.
        """
        answered = [row for row in rows if row[2] != UNANSWERED]
        if not answered:
            return torch.zeros(())
        texts = [row[0] for row in rows] + [row[1] for row in answered]
        vectors = self.network.vectors_of(texts, self.padding, _TOGETHER)
        near = vectors[: len(rows)] @ vectors[len(rows) :].T * self.recipe.pair_scale
        same = torch.tensor([[one[2] == two[2] for two in answered] for one in rows])
        foreign = torch.tensor([[one[2] == UNANSWERED and one[3] != two[3] for two in answered] for one in rows])
        near = near.masked_fill(foreign, -torch.inf)
        none = torch.full((len(rows), 1), self.recipe.pair_scale * self.recipe.none_at)
        nearer, wanted = torch.cat([near, none], 1), torch.cat([same, ~same.any(1, keepdim=True)], 1)
        right = (torch.logsumexp(nearer.masked_fill(~wanted, -torch.inf), 1) - torch.logsumexp(nearer, 1)).mean()
        # The other way round only with passages that stand for one question: each passage finds its question.
        back = (torch.logsumexp(near.T.masked_fill(~same.T, -torch.inf), 1) - torch.logsumexp(near.T, 1)).mean()
        return -(right + 0.3 * back)

    @torch.no_grad()
    def _vectors_at_rest(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Retrieval vectors (texts, width), with nothing to learn from."""
        self.network.eval()
        parts = (texts[start : start + _AT_REST] for start in range(0, len(texts), _AT_REST))
        return torch.cat([self.network.vectors_of(part, self.padding, self.recipe.batch) for part in parts])

    # -- the mean of the weights, and checkpoints -----------------------------------------------------------------

    def _average(self) -> None:
        self.averages += 1
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if not value.is_floating_point():
                    continue
                if name not in self.mean:
                    self.mean[name] = value.clone()
                else:
                    self.mean[name] += (value - self.mean[name]) / self.averages

    def settle(self) -> None:
        """Put the averaged weights in place."""
        if self.mean:
            self.network.load_state_dict(self.mean, strict=False)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        kept = ("epoch", "step", "averages", "history", "mean", "key")
        torch.save(
            {name: getattr(self, name) for name in kept}
            | {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
                "random": torch.get_rng_state(),
            },
            scratch,
        )
        scratch.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from ``path`` if it is there.

        :raises ContentError: it was written by a run with other data or settings.
        """
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True)
        if state["key"] != self.key:
            raise ContentError("is of a run with other data or settings; delete it or use another folder", path)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        for name in ("epoch", "step", "averages", "history", "mean"):
            setattr(self, name, state[name])


def _digest_of(examples: Sequence[Encoded]) -> str:
    """Of all that is learnt from them: their labels as well as their words."""
    rows = [
        (e.ids, e.tags, e.intent.tolist(), e.slot.tolist(), e.flag.tolist(), e.slots_known, e.flags_known)
        for e in examples
    ]
    return sha256_hex(repr(rows).encode())


def _digest_of_weights(network: Network) -> str:
    """Of the weights that a run begins with: another base is another run."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _smoothed(wanted: Tensor, share: float) -> Tensor:
    return wanted * (1 - share) + share / wanted.shape[1]


def _between(pooled: Tensor, intents: Tensor) -> Tensor:
    """Points between questions of different intents, which no intent should claim (Zhan et al. 2021, section 3.1)."""
    other = torch.randperm(len(pooled))
    apart = (intents.argmax(1) != intents[other].argmax(1)).nonzero().flatten()
    if not len(apart):
        return pooled[:1]
    share = torch.empty(len(apart), 1).uniform_(0.3, 0.7)
    return share * pooled[apart] + (1 - share) * pooled[other[apart]]


def _each(scores: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy, summed over the labels of a text: rare labels are not drowned by the number of others.

    Texts that are not ``known``, (texts,) of 0 and 1, count as nothing.
    """
    loss = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none").sum(1)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; the heads, which begin at nothing, learn faster; biases and norms are not decayed."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = recipe.rate if name.startswith("encoder.") else recipe.head_rate
            decay = 0.0 if parameter.ndim == 1 else recipe.weight_decay
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()], fused=True
    )


def save_network(trained: Trained, folder: Path) -> None:
    """Write the encoder as a sentence-transformers folder (mean pooling)."""
    folder.mkdir(parents=True, exist_ok=True)
    trained.network.encoder.save_pretrained(folder)
    trained.tokenizer.save_pretrained(folder)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (folder / "1_Pooling").mkdir(exist_ok=True)
    width = int(trained.network.encoder.config.hidden_size)
    pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
