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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.canonical import fingerprint, sha256_hex
from assistant.errors import ContentError
from assistant.training.augment import Augmenter
from assistant.training.dataset import Utterance
from assistant.training.network import Network, Scores, open_base, with_lora
from assistant.training.pairs import Pair
from assistant.understanding.heads import LabelSets, best_path

Report = Callable[[dict[str, float]], None]
Method = Literal["full", "lora"]

#: Tag of a token that no word begins with: left out of the loss.
_IGNORED = -100
_WORD_START = "##"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; the defaults are the shipped model's. Learning rates are peaks; warm-up and decay are linear."""

    epochs: int = 5
    batch: int = 64
    rate: float = 1.2e-4
    head_rate: float = 2e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    smoothing: float = 0.05
    dropout: float = 0.1
    averaged: float = 0.4
    max_tokens: int = 128
    pair_batch: int = 16
    pair_tokens: int = 112
    pair_every: int = 2
    pair_scale: float = 20.0
    pair_weight: float = 1.0
    span_weight: float = 1.0
    flag_weight: float = 1.0
    slot_weight: float = 1.0
    outlier_weight: float = 0.1
    method: Method = "full"
    rank: int = 16
    seed: int = 7


@dataclass(slots=True)
class Trained:
    """A trained network with its tokenizer and what was measured after each epoch."""

    network: Network
    tokenizer: Any
    epochs: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """An utterance as numbers: token ids (n,), tags of its tokens (n,), its labels."""

    ids: list[int]
    tags: list[int]
    intent: Tensor
    slot: Tensor
    flag: Tensor
    annotated: bool


def finetune(
    train: Sequence[Utterance],
    validation: Sequence[Utterance],
    pairs: Sequence[Pair],
    labels: LabelSets,
    base: Path,
    work: Path,
    recipe: Recipe,
    report: Report,
) -> Trained:
    """Train on ``train`` and ``pairs``, measuring ``validation`` after each epoch; checkpoints go to ``work``.

    :raises ContentError: an utterance bears a label that ``labels`` does not hold, or the checkpoint is of another run.
    """
    torch.manual_seed(recipe.seed)
    random.seed(recipe.seed)
    encoder, tokenizer = open_base(base)
    if recipe.method == "lora":
        encoder = with_lora(encoder, recipe.rank)
    network = Network(encoder, labels, recipe.dropout)
    run = _Run(network, tokenizer, recipe, train, _encode_pairs(pairs, tokenizer, recipe))
    run.resume(work / "checkpoint.pt")
    while run.epoch < recipe.epochs:
        measured = run.one_epoch(report)
        measured |= measure(network, tokenizer, validation, recipe)
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
        pairs: Sequence[tuple[list[int], list[int], int]],
    ) -> None:
        self.network, self.tokenizer, self.recipe, self.pairs = network, tokenizer, recipe, pairs
        self.train, self.augmenter = train, Augmenter(train)
        # Encoded here, so that a label nobody knows is told before the first step.
        examples = [encode(utterance, network.labels, tokenizer, recipe.max_tokens) for utterance in train]
        self.padding = int(tokenizer.pad_token_id)
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
                "pairs": sha256_hex(repr(pairs).encode()),
                "labels": network.labels.as_json(),
                "begins": _digest_of_weights(network),
            }
        )

    def _pace(self, step: int) -> float:
        warm = max(1, int(self.steps * self.recipe.warmup))
        return min((step + 1) / warm, max(0.0, (self.steps - step) / max(1, self.steps - warm)))

    def one_epoch(self, report: Report) -> dict[str, float]:
        """Every example once, and as many pairs as there are steps; the mean of each loss."""
        began = time.monotonic()
        self.network.train()
        draw = random.Random(self.recipe.seed * 1000 + self.epoch)  # noqa: S311  # reproducible, not secret
        examples = [
            encode(self.augmenter.changed(question, draw), self.network.labels, self.tokenizer, self.recipe.max_tokens)
            for question in self.train
        ]
        batches = _batches([len(example.ids) for example in examples], self.recipe.batch, draw)
        paired = _pair_batches(self.pairs, self.recipe.pair_batch, draw)
        sums: dict[str, float] = {}
        for number, rows in enumerate(batches):
            losses = self._losses([examples[row] for row in rows])
            chosen = next(paired, None) if number % self.recipe.pair_every == 0 else None
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
                sums[name] = sums.get(name, 0.0) + float(loss.detach())
            if number % 20 == 0:
                report({"epoch": float(self.epoch + 1), "done": (number + 1) / len(batches)})
        self.epoch += 1
        means = {f"loss_{name}": total / len(batches) for name, total in sums.items()}
        return {"epoch": float(self.epoch), "seconds": round(time.monotonic() - began, 1), **means}

    def _losses(self, examples: Sequence[_Encoded]) -> dict[str, Tensor]:
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
        known = torch.tensor([float(example.annotated) for example in examples])
        if network.labels.slots:
            wanted = torch.stack([example.slot for example in examples])
            losses["slots"] = recipe.slot_weight * _each(scores.slot, wanted, known)
        if network.labels.flags:
            wanted = torch.stack([example.flag for example in examples])
            losses["flags"] = recipe.flag_weight * _each(scores.flag, wanted, known)
        if network.labels.tags:
            tags, _ = padded([example.tags for example in examples], _IGNORED)
            flat = functional.cross_entropy(
                scores.tag.flatten(0, 1), tags.flatten(), ignore_index=_IGNORED, reduction="sum"
            )
            losses["spans"] = recipe.span_weight * flat / (tags != _IGNORED).sum().clamp(min=1)
        return losses

    def _pair_loss(self, rows: Sequence[tuple[list[int], list[int], int]]) -> Tensor:
        """Each question against all passages of the batch; passages of the same text count as right as well."""
        sides = []
        for side in (0, 1):
            ids, mask = padded([row[side] for row in rows], self.padding)  # type: ignore[misc]
            with torch.autocast("cpu", torch.bfloat16):
                states = self.network.states(ids, mask)
            sides.append(functional.normalize(self.network.pooled(states, mask), dim=-1))
        near = sides[0] @ sides[1].T * self.recipe.pair_scale
        same = torch.tensor([[one[2] == two[2] for two in rows] for one in rows])
        right = (torch.logsumexp(near.masked_fill(~same, -torch.inf), 1) - torch.logsumexp(near, 1)).mean()
        # The other way round only with passages that stand for one question: each passage finds its question.
        back = (torch.logsumexp(near.T.masked_fill(~same.T, -torch.inf), 1) - torch.logsumexp(near.T, 1)).mean()
        return -(right + 0.3 * back)

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


def _digest_of(examples: Sequence[_Encoded]) -> str:
    """Of all that is learnt from them: their labels as well as their words."""
    rows = [(e.ids, e.tags, e.intent.tolist(), e.slot.tolist(), e.flag.tolist(), e.annotated) for e in examples]
    return sha256_hex(repr(rows).encode())


def _digest_of_weights(network: Network) -> str:
    """Of the weights that a run begins with: another base is another run."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


# --- numbers ---------------------------------------------------------------------------------------------------------


def encode(utterance: Utterance, labels: LabelSets, tokenizer: Any, max_tokens: int) -> _Encoded:
    """``utterance`` as token ids and labels; a text too long keeps its end, where the question stands.

    :raises ContentError: a label is not among ``labels``.
    """
    text, spans = utterance.masked()
    marks = {label: number for number, label in enumerate(labels.tags)}
    try:
        encoded = tokenizer(text, return_offsets_mapping=True, truncation=False, verbose=False)
        ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
        # Cut behind [CLS], which stays.
        spare = slice(1, 1 + max(0, len(ids) - max_tokens))
        del ids[spare], offsets[spare]
        pieces = tokenizer.convert_ids_to_tokens(ids)
        tags = [_IGNORED] * len(ids)
        for at, (start, end) in enumerate(offsets):
            if end > start and not pieces[at].startswith(_WORD_START):
                tags[at] = 0
                for span in spans:
                    if span.start <= start < span.end:
                        begins = not any(
                            span.start <= offsets[b][0] < start and tags[b] != _IGNORED for b in range(1, at)
                        )
                        tags[at] = marks[f"{'B' if begins else 'I'}-{span.type}"]
        intent = torch.zeros(len(labels.intents))
        intent[labels.intents.index(utterance.intent)] = 1.0
        if utterance.also:
            intent[labels.intents.index(utterance.also)] += 0.5
        slots = {(slot, value) for slot, values in utterance.slots.items() for value in values}
        unknown = (slots - set(labels.slots)) | (set(utterance.flags) - set(labels.flags))
    except (KeyError, ValueError) as error:
        raise ContentError(f"a label of {utterance.text!r} is not among those to be learnt: {error}") from error
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise ContentError(f"labels of {utterance.text!r} are not among those to be learnt: {names}")
    return _Encoded(
        list(ids),
        (tags if utterance.annotated == "all" else [_IGNORED] * len(ids)) if labels.tags else [],
        intent / intent.sum(),
        torch.tensor([float(pair in slots) for pair in labels.slots]),
        torch.tensor([float(flag in utterance.flags) for flag in labels.flags]),
        utterance.annotated == "all",
    )


def _encode_pairs(pairs: Sequence[Pair], tokenizer: Any, recipe: Recipe) -> list[tuple[list[int], list[int], int]]:
    if not pairs:
        return []
    numbers: dict[str, int] = {}
    questions = tokenizer([p.question for p in pairs], truncation=True, max_length=64)["input_ids"]
    texts = tokenizer([p.passage for p in pairs], truncation=True, max_length=recipe.pair_tokens)["input_ids"]
    return [
        (question, text, numbers.setdefault(pair.passage, len(numbers)))
        for question, text, pair in zip(questions, texts, pairs, strict=True)
    ]


def padded(rows: Sequence[Sequence[int]], filling: int) -> tuple[Tensor, Tensor]:
    """``(rows filled up to the longest, mask)``, both (rows, longest)."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), filling, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids, mask


def _batches(lengths: Sequence[int], size: int, draw: random.Random) -> list[list[int]]:
    """Rows in shuffled batches of about equal length, so that little is computed on padding."""
    rows = list(range(len(lengths)))
    draw.shuffle(rows)
    batches: list[list[int]] = []
    for start in range(0, len(rows), size * 16):
        part = sorted(rows[start : start + size * 16], key=lengths.__getitem__)
        batches.extend(part[at : at + size] for at in range(0, len(part), size))
    draw.shuffle(batches)
    return [batch for batch in batches if len(batch) > 1] or batches


def _pair_batches(
    pairs: Sequence[tuple[list[int], list[int], int]], size: int, draw: random.Random
) -> Iterator[list[tuple[list[int], list[int], int]]]:
    """Endless batches of neighbours: pairs stand in the order of their labels, so those of one label meet."""
    while pairs:
        # Runs of neighbours, from a random start, in random order: half a batch from one label, half from another.
        half = max(1, size // 2)
        shift = draw.randrange(half)
        order = list(range(len(pairs)))
        window = half * 6
        shuffled: list[int] = []
        for start in range(-shift, len(order), window):
            part = order[max(0, start) : start + window]
            draw.shuffle(part)
            shuffled.extend(part)
        runs = [shuffled[at : at + half] for at in range(0, len(shuffled), half)]
        draw.shuffle(runs)
        if len(runs) == 1:
            yield [pairs[row] for row in runs[0]]
        for one, two in zip(runs[::2], runs[1::2], strict=False):
            yield [pairs[row] for row in (*one, *two)]


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
    return torch.optim.AdamW([{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()])


# --- measuring -------------------------------------------------------------------------------------------------------


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
def measure(network: Network, tokenizer: Any, utterances: Sequence[Utterance], recipe: Recipe) -> dict[str, float]:
    """Accuracy of intent, slots and flags (all of a text right), F1 of spans, and the loss of the intent."""
    if not utterances:
        return {}
    network.eval()
    examples = [encode(utterance, network.labels, tokenizer, recipe.max_tokens) for utterance in utterances]
    order = sorted(range(len(examples)), key=lambda row: len(examples[row].ids))
    right = {"intent": 0.0, "slots": 0.0, "flags": 0.0}
    loss, found, given, met = 0.0, 0, 0, 0
    for start in range(0, len(order), 64):
        part = [examples[row] for row in order[start : start + 64]]
        ids, mask = padded([example.ids for example in part], int(tokenizer.pad_token_id))
        states = network.states(ids, mask)
        scores = network.heads(states, network.pooled(states, mask))
        wanted = torch.stack([example.intent for example in part])
        likeliest = scores.intent.argmax(1)
        right["intent"] += float((wanted.argmax(1) == likeliest).sum())
        loss += float(functional.cross_entropy(scores.intent, wanted, reduction="sum"))
        right["slots"] += float(((scores.slot > 0) == torch.stack([e.slot for e in part]).bool()).all(1).sum())
        right["flags"] += float(((scores.flag > 0) == torch.stack([e.flag for e in part]).bool()).all(1).sum())
        for row, example in enumerate(part):
            words = [at for at, tag in enumerate(example.tags) if tag != _IGNORED]
            if words:
                guessed = set(_marked(best_path(scores.tag[row, words].numpy())))
                true = set(_marked([example.tags[at] for at in words]))
                found, given, met = found + len(guessed), given + len(true), met + len(guessed & true)
    count = len(utterances)
    shares = {name: value / count for name, value in right.items()}
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
