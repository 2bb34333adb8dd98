"""Which sets of passages have to be tried, so that all others need not be (docs/proving.md, lemmas 3 and 4).

Guarantees: every set of passages that may be shown together either is tried, or falls into parts that are tried and do
not concern each other, or differs from one that is tried only by an exchange that no rule can see.

A passage *concerns* another if the other is called for as a companion when it is shown. Two passages are *alike* if
they are of one kind, serve the same roles, name the same companions and are named by the same passages.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import perm

from assistant.answering import retrieval
from assistant.answering.index import Entry, Index
from assistant.settings import Settings


def together(
    index: Index, settings: Settings, product: str, eligible: Sequence[Entry]
) -> tuple[tuple[Entry, ...], ...]:
    """The groups of passages that one answer may be chosen from: one label's, with what is no label.

    As in deciding: the preferred label, or the one that a question names, or the only one; between rivals, none.
    """
    preferred = settings.labels.prefer.get(product, "")
    labels = [label.id for label in retrieval.rival_labels(index, eligible, "") if label.labeler]
    if not retrieval.rival_labels(index, eligible, preferred):
        labels.append(preferred)
    groups = (retrieval.one_label(index, eligible, label) for label in labels)
    return tuple(dict.fromkeys(group for group in groups if group))


def alike(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], ...]:
    """``entries`` in classes of passages that are alike, in the order of their first members."""
    namers: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for id in entry.head.companions:
            namers[id].add(entry.head.id)
    classes: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        head = entry.head
        key = (head.kind, frozenset(head.serves), frozenset(head.companions), frozenset(namers[head.id]))
        classes[key].append(entry)
    return tuple(map(tuple, classes.values()))


def representatives(classes: Iterable[Sequence[Entry]], most: int) -> tuple[Entry, ...]:
    """As many of each class as can stand in one set."""
    return tuple(entry for alike_ones in classes for entry in alike_ones[:most])


def concerned(entries: Sequence[Entry], calls: Mapping[str, frozenset[str]], most: int) -> Iterator[tuple[Entry, ...]]:
    """Every order of every set of 2 to ``most`` of ``entries`` that does not fall into parts.

    ``calls``: the companions that are shown with each passage when it is shown by itself.
    """
    for size in range(2, most + 1):
        for found in itertools.combinations(entries, size):
            if _hangs_together(found, calls):
                yield from itertools.permutations(found)


def apart(entries: Sequence[Entry], most: int) -> Iterator[tuple[Entry, ...]]:
    """One set of each size from 2 on: what no passage has a part in, only their number."""
    for size in range(2, min(most, len(entries)) + 1):
        yield tuple(entries[:size])


def _hangs_together(entries: Sequence[Entry], calls: Mapping[str, frozenset[str]]) -> bool:
    reached, waiting = {entries[0].head.id}, [entries[0].head.id]
    while waiting:
        one = waiting.pop()
        for other in (entry.head.id for entry in entries):
            if other not in reached and (other in calls[one] or one in calls[other]):
                reached.add(other)
                waiting.append(other)
    return len(reached) == len(entries)


def count(sizes: Sequence[int], shared: int, most: int) -> int:
    """How many answers of 1 to ``most`` passages in some order there are in groups of these sizes.

    ``shared`` passages stand in all of them.
    """

    def orders(size: int) -> int:
        return sum(perm(size, number) for number in range(1, most + 1))

    return sum(map(orders, sizes)) - max(0, len(sizes) - 1) * orders(shared)
