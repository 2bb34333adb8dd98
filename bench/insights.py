"""How well `onlabel insights` groups questions that mean the same, and how long it takes.

    python bench/insights.py --data training_data/utterances

Groups the test split's questions (those with a paraphrase in it and without flags), which the shipped model was not
trained on, and compares the groups with their labels: *pure* is the share of grouped questions whose intent is the
commonest of their group, *together* the share of pairs of paraphrases (one family, one intent) that are in one group.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np

from assistant.insights import gaps
from assistant.training.dataset import Utterance, read_dataset
from assistant.understanding.encoder import GgufEncoder
from assistant.workspace import shipped_model

_APART = (0.30, 0.38, 0.42, 0.45, 0.50, 0.55, 0.60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="labelled questions, JSONL")
    parser.add_argument("--time", type=int, nargs="*", default=(1000, 2000, 4000), help="time groups of so many")
    given = parser.parse_args()
    asked = _paraphrased(read_dataset(given.data).split("test"))
    vectors = GgufEncoder(shipped_model()).encode([one.masked()[0] for one in asked])
    print(f"{len(asked)} questions, {len({one.family for one in asked})} families; used: {gaps.APART}")
    for apart in _APART:
        gaps.APART = apart
        print(f"apart {apart:.2f}  {_measured(asked, gaps.labels_of(vectors).tolist())}")
    drawn = np.random.Generator(np.random.PCG64(1))
    for count in given.time:
        rows = drawn.standard_normal((count, vectors.shape[1])).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        begun = time.perf_counter()
        gaps.labels_of(rows)
        print(f"{count} different questions grouped in {time.perf_counter() - begun:.2f} s")


def _paraphrased(asked: tuple[Utterance, ...]) -> list[Utterance]:
    families = Counter(one.family for one in asked if not one.flags)
    return [one for one in asked if not one.flags and families[one.family] > 1]


def _measured(asked: list[Utterance], labels: list[int]) -> str:
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for one, label in zip(asked, labels, strict=True):
        groups[label].append(one.intent)
    several = [group for group in groups.values() if len(group) > 1]
    pure = sum(Counter(group).most_common(1)[0][1] for group in several) / max(1, sum(map(len, several)))
    kin: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row, one in enumerate(asked):
        kin[one.family, one.intent].append(row)
    pairs = [pair for rows in kin.values() for pair in combinations(rows, 2)]
    together = sum(labels[one] == labels[two] for one, two in pairs) / len(pairs)
    return f"groups {len(several):>3}  alone {len(groups) - len(several):>3}  pure {pure:.1%}  together {together:.1%}"


if __name__ == "__main__":
    main()
