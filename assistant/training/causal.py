"""Fine-tune a causal base model to choose: LoRA adapters, merged into the weights and saved as a Hugging Face folder.

The prompt and its tokens come from :mod:`assistant.understanding.prompting`, as when the model is asked later; the loss
is on the tokens of the answers and on nothing else (cross-entropy behind the tail of each query). A step reads several
questions as one row: the head once, behind it every question, behind each question its queries, and an attention mask
that lets each part see its own beginnings only. Before the first step the same scores are computed without that, and a
model that computes others is refused.

Guarantees: reproducible from a seed on one machine; nothing is looked up elsewhere; the folder says what it was trained
for, and a runtime with other labels refuses it. Refuses a folder with anything in it, and labels that are not known.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.errors import ContentError, UsageError
from assistant.training.dataset import Dataset
from assistant.training.lesson import Example, Lesson, lesson_for
from assistant.understanding.decoder import MARKED_FIELD, mark_of
from assistant.understanding.heads import LabelSets
from assistant.understanding.prompting import Prompt, Tokens

Report = Callable[[dict[str, float]], None]

#: The base's own files go along as they are: what another version of transformers writes, a converter may not read.
_TOKENISER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
)  # fmt: skip
_WARMUP = 0.1


@dataclass(frozen=True, slots=True)
class TrainedCausal:
    """What was written, and what was measured after each epoch."""

    folder: Path
    epochs: list[dict[str, float]]


def train_causal(
    dataset: Dataset,
    labels: LabelSets,
    base: Path,
    out: Path,
    epochs: int,
    rank: int,
    seed: int,
    report: Report,
    *,
    rate: float = 2e-4,
    batch: int = 8,
) -> TrainedCausal:
    """Fine-tune the causal model in the folder ``base`` on the train split, measuring validation; write ``out``.

    :param rank: of the adapters beside every linear layer (Hu et al. 2021).
    :param rate: peak learning rate; warm-up and decay are linear.
    :param batch: questions a step; they share one row, whose attention grows with its square.
    :raises ContentError: the base cannot be used, or an utterance bears a label that ``labels`` does not hold.
    :raises UsageError: ``out`` holds something already.
    """
    from peft import LoraConfig, get_peft_model

    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; name another folder")
    torch.manual_seed(seed)
    model, tokeniser = open_causal(base)
    lesson = lesson_for(labels, tokeniser)
    train = [lesson.example(utterance) for utterance in dataset.split("train")]
    if not train:
        raise ContentError("the data holds no questions to train on (split train)")
    validation = [lesson.example(utterance) for utterance in dataset.split("validation")]
    check_packing(model, lesson, train[:2], base)
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    adapted: Any = get_peft_model(model, config)
    history = []
    for measured in learn(adapted, lesson, train, epochs=epochs, rate=rate, batch=batch, seed=seed, report=report):
        history.append(measured | measure(adapted, lesson, validation))
        report(history[-1])
    merged = adapted.merge_and_unload()
    merged.save_pretrained(out)
    tokeniser.save_pretrained(out)
    _describe(lesson.prompt, dataset, base, out, {"epochs": epochs, "rank": rank, "seed": seed, "batch": batch})
    return TrainedCausal(out, history)


def open_causal(base: Path) -> tuple[Any, Any]:
    """``(model, tokeniser)`` from a folder on disk, in 32 bits, on the graphics card where torch finds one.

    :raises ContentError: there is no causal model in it.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokeniser = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ContentError(f"holds no causal model that can be loaded: {error}", base) from error
    return model.float().to("cuda" if torch.cuda.is_available() else "cpu"), tokeniser


# --- learning ---------------------------------------------------------------------------------------------------------


def learn(
    model: Any,
    lesson: Lesson,
    examples: Sequence[Example],
    *,
    epochs: int,
    rate: float,
    batch: int,
    seed: int,
    report: Report,
) -> Iterator[dict[str, float]]:
    """Train whatever of ``model`` can be trained; after each epoch yield its number, seconds and mean loss."""
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.0)
    steps = epochs * -(-len(examples) // batch)
    warm = max(1, int(steps * _WARMUP))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    for epoch in range(1, epochs + 1):
        began, total = time.monotonic(), 0.0
        model.train()
        order = random.Random(seed * 1000 + epoch).sample(range(len(examples)), len(examples))  # noqa: S311
        for at in range(0, len(order), batch):
            loss = answer_loss(model, lesson.head, [examples[row] for row in order[at : at + batch]])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            total += float(loss.detach()) * len(order[at : at + batch])
            report({"epoch": float(epoch), "done": min(1.0, (at + batch) / len(order))})
        seconds = round(time.monotonic() - began, 1)
        yield {"epoch": float(epoch), "seconds": seconds, "loss": total / len(examples)}


def answer_loss(model: Any, head: Tokens, examples: Sequence[Example]) -> Tensor:
    """Cross-entropy of the answers' tokens, summed over the queries of a question, mean over the questions."""
    rows = scores(model, head, [(e.question, [step.branch for step in e.steps]) for e in examples])
    steps = [step for example in examples for step in example.steps]
    tokens = torch.tensor([step.token for step in steps], device=rows.device)
    weights = torch.tensor([step.weight for step in steps], device=rows.device)
    losses = functional.cross_entropy(rows, tokens, reduction="none")
    return (losses * weights).sum() / len(examples)


def scores(model: Any, head: Tokens, asked: Sequence[tuple[Tokens, Sequence[Tokens]]], exact: bool = False) -> Tensor:
    """The score of every token behind each branch of each question, shape (all branches, vocabulary).

    One row of tokens: positions go on behind what a part stands behind, and the mask lets it see that and itself.
    On a graphics card with 16 bits in between, unless ``exact``.
    """
    row = _Row()
    root = row.add(head, ())
    ends = []
    for question, branches in asked:
        stem = (*root, *row.add(question, root))
        ends += [row.add(branch, stem)[-1] for branch in branches]
    ids, positions, mask = row.tensors(model.device)
    kept = torch.tensor(ends, device=model.device)
    half = model.device.type == "cuda" and not exact
    with torch.autocast(model.device.type, torch.bfloat16, enabled=half):
        found = model(input_ids=ids, position_ids=positions, attention_mask=mask, logits_to_keep=kept, use_cache=False)
    logits: Tensor = found.logits[0].float()
    return logits


class _Row:
    """A tree of texts as one row of tokens."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._positions: list[int] = []
        self._parts: list[tuple[list[int], Sequence[int]]] = []

    def add(self, tokens: Tokens, behind: Sequence[int]) -> list[int]:
        """Put ``tokens`` behind the places ``behind``; the places that they take."""
        places = list(range(len(self._ids), len(self._ids) + len(tokens)))
        self._ids += tokens
        self._positions += range(len(behind), len(behind) + len(tokens))
        self._parts.append((places, behind))
        return places

    def tensors(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Ids and positions, (1, tokens); what is added to the attention, (1, 1, tokens, tokens)."""
        size = len(self._ids)
        seen = torch.zeros((size, size), dtype=torch.bool)
        for places, behind in self._parts:
            part = slice(places[0], places[-1] + 1) if places else slice(0)
            seen[part, list(behind)] = True
            seen[part, part] = torch.ones(len(places), len(places), dtype=torch.bool).tril()
        mask = torch.zeros((size, size)).masked_fill(~seen, torch.finfo(torch.float32).min)
        ids, positions = torch.tensor([self._ids]), torch.tensor([self._positions])
        return ids.to(device), positions.to(device), mask[None, None].to(device)


@torch.no_grad()
def check_packing(model: Any, lesson: Lesson, examples: Sequence[Example], base: Path) -> None:
    """Refuse a base that scores a packed row otherwise than its texts one by one.

    :raises ContentError: it does, as models do that look ahead or know no positions.
    """
    model.eval()
    head, branches = lesson.head, [choice.tail for choice in lesson.choices[:2]]
    try:
        packed = scores(model, head, [(example.question, branches) for example in examples], exact=True)
        # Where a model that looks ahead would see the most: behind the second token of all.
        early = scores(model, head[:1], [((), [head[1:2]])], exact=True)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ContentError(f"is of a kind that cannot be trained here: {error}", base) from error
    whole = [[*head, *example.question, *branch] for example in examples for branch in branches]
    alone = [model(input_ids=torch.tensor([ids], device=model.device), use_cache=False).logits[0] for ids in whole]
    pairs = [*zip(packed, (logits[-1] for logits in alone), strict=True), (early[0], alone[0][1])]
    if not all(float((one - two).norm()) <= 1e-3 * float(two.norm()) for one, two in pairs):
        raise ContentError("is of a kind that cannot be trained here: it is not causal, or without positions", base)


@torch.no_grad()
def measure(model: Any, lesson: Lesson, examples: Sequence[Example]) -> dict[str, float]:
    """Accuracy of intent, slots and flags (all of a question right), as the runtime would choose.

    What nobody marked is not wrong.
    """
    if not examples:
        return {}
    model.eval()
    behind = 1 + len(lesson.prompt.labels.slots)
    right = np.zeros(3)
    for example in examples:
        chosen = [int(shares.argmax()) for shares in shares_of(model, lesson, example.question)]
        same = np.array([two is None or one == two for one, two in zip(chosen, example.answers, strict=True)])
        right += [same[0], same[1:behind].all(), same[behind:].all()]
    return dict(zip(("intent", "slots", "flags"), (right / len(examples)).tolist(), strict=True))


@torch.no_grad()
def shares_of(model: Any, lesson: Lesson, question: Tokens) -> list[np.ndarray[Any, Any]]:
    """The shares of each query's answers, computed by torch."""
    branches = [branch for choice in lesson.choices for branch in choice.branches]
    rows = scores(model, lesson.head, [(question, branches)]).cpu().numpy()
    ends = np.cumsum([len(choice.nodes) for choice in lesson.choices])[:-1]
    return [choice.shares(part) for choice, part in zip(lesson.choices, np.split(rows, ends), strict=True)]


# --- writing ----------------------------------------------------------------------------------------------------------


def _describe(prompt: Prompt, dataset: Dataset, base: Path, out: Path, recipe: dict[str, int]) -> None:
    """Say in the folder what it is: for people and programs, and in the card that llama.cpp's converter reads."""
    for name in _TOKENISER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
    lineage = {"base": base.name, "data_sha256": dataset.sha256, "labels": prompt.labels.as_json(), **recipe}
    (out / "onlabel.json").write_text(json.dumps(lineage, indent=1) + "\n", encoding="utf-8")
    field = MARKED_FIELD.removeprefix("general.")
    card = f'---\n{field}: "{mark_of(prompt)}"\n---\n\nFine-tuned to choose labels; it writes no answers.\n'
    (out / "README.md").write_text(card, encoding="utf-8")
