"""What only all lines together tell: families in two splits, uneven intents, missing values, sentences by the dozen."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import get_args

from assistant.training.data_audit.finding import Finding, Kind, Limits, Lines, fold
from assistant.training.dataset import PRODUCT_MARK, Split, Utterance

#: What a line should say besides text and intent: without it paraphrases leak, and nobody can ask who wrote it.
_WANTED = ("family", "author", "style")
_NUMBER = re.compile(r"\d+(?:[.,/-]\d+)*")


def split_families(lines: Lines) -> Iterator[Finding]:
    """Families whose lines stand in more than one split."""
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, utterance in enumerate(lines.dataset.utterances):
        if utterance.family:
            rows_of[utterance.family].append(row)
    for family, rows in rows_of.items():
        splits = {lines.splits[row]: row for row in reversed(rows)}
        if len(splits) > 1:
            words = f"the family {family} stands in {' and '.join(sorted(splits))}"
            yield lines.finding(Kind.SPLIT_FAMILY, words, tuple(sorted(splits.values())), 1, len(rows))


def families(lines: Lines) -> int:
    """How many families there are; a line of none is its own."""
    return len({utterance.family or row for row, utterance in enumerate(lines.dataset.utterances)})


def counted(lines: Lines) -> Mapping[str, Mapping[str, int]]:
    """Lines by intent and split, intents by name."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row, utterance in enumerate(lines.dataset.utterances):
        counts[utterance.intent][lines.splits[row]] += 1
    return {intent: dict(counts[intent]) for intent in sorted(counts)}


def splits_in(lines: Lines) -> tuple[str, ...]:
    """The splits that occur, in their usual order."""
    present = set(lines.splits)
    return (*(name for name in get_args(Split) if name in present), *sorted(present - set(get_args(Split))))


def imbalance(lines: Lines, limits: Limits) -> Iterator[Finding]:
    """Intents under the minimum of a split, and intents that stand far above the others."""
    counts = counted(lines)
    middle = statistics.median(sum(one.values()) for one in counts.values())
    for intent, by_split in counts.items():
        short = [*_short(by_split, splits_in(lines), limits)]
        if short:
            yield Finding(Kind.IMBALANCE, f"{intent}: {', '.join(short)}", rank=1 / (1 + sum(by_split.values())))
        elif sum(by_split.values()) > middle * limits.uneven:
            words = f"{intent}: {sum(by_split.values())} lines, the middle intent has {middle:g}"
            yield Finding(Kind.IMBALANCE, words, rank=0.0)


def _short(by_split: Mapping[str, int], splits: tuple[str, ...], limits: Limits) -> Iterator[str]:
    for split in splits:
        count, least = by_split.get(split, 0), limits.minimum if split == "train" else limits.minimum_held_out
        if count < least:
            yield f"{count} lines in {split}, {least} are wanted"


def missing_values(lines: Lines) -> Iterator[Finding]:
    """For each wanted field the lines that say nothing in it."""
    for name in _WANTED:
        rows = tuple(row for row, u in enumerate(lines.dataset.utterances) if not getattr(u, name))
        if rows:
            yield lines.finding(Kind.MISSING, f"{len(rows)} lines name no {name}", rows, len(rows), len(rows))


# --- patterns --------------------------------------------------------------------------------------------------------


def patterns(lines: Lines, least: int) -> Iterator[Finding]:
    """Sentences that ``least`` or more different lines share once spans and numbers are masked.

    A sentence has two words of its own at least, the product not counted: "{product} warfarin" is only short.
    """
    shared: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
    for row, utterance in enumerate(lines.dataset.utterances):
        shared[skeleton(utterance)].setdefault(lines.folded[row], []).append(row)
    for sentence, texts in shared.items():
        if len(texts) >= least and _is_sentence(sentence):
            rows = tuple(sorted(row for group in texts.values() for row in group))
            authors = Counter(lines[row].author or "no author" for row in rows)
            words = f'{len(rows)} lines are one sentence with other words in it: "{sentence}" '
            words += f"({', '.join(f'{author} {count}' for author, count in authors.most_common(3))})"
            yield lines.finding(Kind.PATTERN, words, rows, len(rows), len(rows))


def _is_sentence(sentence: str) -> bool:
    own = [word for word in sentence.split() if word[0] not in "<{"]
    return len(own) >= 2


def skeleton(utterance: Utterance) -> str:
    """The folded text with every span replaced by its type in angle brackets, and every number by ``<number>``."""
    parts: list[str] = []
    behind = 0
    for span in sorted(utterance.spans, key=lambda one: one.start):
        parts += [_plain(utterance.text[behind : span.start]), f"<{span.type}>"]
        behind = span.end
    return " ".join([*parts, _plain(utterance.text[behind:])]).strip()


def _plain(text: str) -> str:
    pieces = (fold(piece) if any(map(str.isalnum, piece)) else "" for piece in text.split(PRODUCT_MARK))
    return _NUMBER.sub("<number>", f" {PRODUCT_MARK} ".join(pieces)).strip()
