"""Questions and passages as numbers, in batches: token ids, tags and labels as the training reads them.

Guarantees: a text too long keeps its end, where the question stands; batches are of about equal length and drawn from a
seed alone. Refuses labels that are not among those to be learnt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from assistant.errors import ContentError
from assistant.training.dataset import Utterance
from assistant.training.pairs import Pair
from assistant.understanding.heads import LabelSets
from assistant.understanding.windows import titled_windows

#: Tag of a token that no word begins with: left out of the loss.
IGNORED = -100
_WORD_START = "##"
_QUESTION_TOKENS = 64
#: Number of the passage of a question that no passage answers.
UNANSWERED = -1
#: A question and a window of its passage in tokens, the number of the passage, and that of its label; where no passage
#: answers, no tokens and UNANSWERED.
PairRow = tuple[list[int], list[int], int, int]
#: Makes retrieval vectors (texts, width) of texts in tokens.
Vectors = Callable[[Sequence[Sequence[int]]], Tensor]


@dataclass(frozen=True, slots=True)
class Encoded:
    """An utterance as numbers: token ids (n,), tags of its tokens (n,), its labels, and which of them are known."""

    ids: list[int]
    tags: list[int]
    intent: Tensor
    slot: Tensor
    flag: Tensor
    slots_known: bool
    flags_known: bool


def encode(utterance: Utterance, labels: LabelSets, tokenizer: Any, max_tokens: int) -> Encoded:
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
        tags = [IGNORED] * len(ids)
        for at, (start, end) in enumerate(offsets):
            if end > start and not pieces[at].startswith(_WORD_START):
                tags[at] = 0
                for span in spans:
                    if span.start <= start < span.end:
                        begins = not any(
                            span.start <= offsets[b][0] < start and tags[b] != IGNORED for b in range(1, at)
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
    return Encoded(
        list(ids),
        (tags if utterance.slots_marked else [IGNORED] * len(ids)) if labels.tags else [],
        intent / intent.sum(),
        torch.tensor([float(pair in slots) for pair in labels.slots]),
        torch.tensor([float(flag in utterance.flags) for flag in labels.flags]),
        utterance.slots_marked,
        utterance.flags_marked,
    )


def encode_pairs(pairs: Sequence[Pair], tokenizer: Any, passage_tokens: int, vectors: Vectors) -> list[PairRow]:
    """Pairs in tokens, as :data:`PairRow` says; numbers are equal where the passages, and the labels, are.

    Of a passage longer than ``passage_tokens`` that window is taken which is nearest to the question: what answers it
    may stand anywhere in the passage.

    :param vectors: what tells the nearest.
    """
    if not pairs:
        return []
    numbers: dict[str, int] = {"": UNANSWERED}
    labels: dict[str, int] = {}
    questions = tokenizer([p.question for p in pairs], truncation=True, max_length=_QUESTION_TOKENS)["input_ids"]
    passages = dict.fromkeys((pair.title, pair.passage) for pair in pairs)
    cut = {passage: _cut(*passage, tokenizer, passage_tokens) for passage in passages}
    windows = [cut[pair.title, pair.passage] for pair in pairs]
    return [
        (
            question,
            of[place],
            numbers.setdefault(pair.passage, len(numbers)),
            labels.setdefault(pair.label, len(labels)),
        )
        for question, of, place, pair in zip(
            questions, windows, _nearest(questions, windows, vectors), pairs, strict=True
        )
    ]


def _cut(title: str, passage: str, tokenizer: Any, passage_tokens: int) -> list[list[int]]:
    """The tokens of each window of ``passage``, cut as the index cuts it; of no passage, one window without any."""

    def count(text: str) -> int:
        return len(tokenizer(text, verbose=False)["input_ids"])

    if not passage:
        return [[]]
    room = max(16, passage_tokens - min(count(title), passage_tokens // 4))
    found = titled_windows(title, passage, room, count)
    ids: list[list[int]] = tokenizer(found, truncation=True, max_length=passage_tokens)["input_ids"]
    return ids


def _nearest(questions: Sequence[list[int]], windows: Sequence[list[list[int]]], vectors: Vectors) -> list[int]:
    """For each question the place of the window that is nearest to it, among its own."""
    rows: dict[tuple[int, ...], int] = {}
    for question, of in zip(questions, windows, strict=True):
        for text in (question, *of) if len(of) > 1 else ():
            rows.setdefault(tuple(text), len(rows))
    if not rows:
        return [0] * len(questions)
    made = vectors(list(rows))
    return [
        int((made[[rows[tuple(window)] for window in of]] @ made[rows[tuple(question)]]).argmax()) if len(of) > 1 else 0
        for question, of in zip(questions, windows, strict=True)
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


def length_batches(lengths: Sequence[int], size: int, draw: random.Random) -> list[list[int]]:
    """Rows in shuffled batches of about equal length, so that little is computed on padding."""
    rows = list(range(len(lengths)))
    draw.shuffle(rows)
    batches: list[list[int]] = []
    for start in range(0, len(rows), size * 16):
        part = sorted(rows[start : start + size * 16], key=lengths.__getitem__)
        batches.extend(part[at : at + size] for at in range(0, len(part), size))
    draw.shuffle(batches)
    return [batch for batch in batches if len(batch) > 1] or batches


def pair_batches(pairs: Sequence[PairRow], size: int, draw: random.Random) -> Iterator[list[PairRow]]:
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
