"""Which questions did not get what they asked for, and why; grouped by what they mean.

A question went without where nothing approved answered it, where it was referred to medical information, where it was
out of scope, where it was asked back and its asker took no choice, and where its asker said that the passage was the
wrong one or that it should have been answered.

Guarantees: reports of harm or of a fault, attacks on the rules and picks of a passage are in no group. The same
questions give the same groups, whatever their order: agglomerative clustering with average linkage over the cosine of
the workspace's own vectors (Sokal and Michener 1958), cut where groups are further apart than :data:`APART`. A group is
called by its medoid, the question nearest to all others in it; what looks like personal data in a text that is shown is
replaced.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.domain import ABSTAINED, Outcome
from assistant.insights.asked import Asked
from assistant.insights.meaning import product_marked
from assistant.trust.log.personal import redacted
from assistant.understanding.reading import Reading

#: Groups whose mean cosine distance is larger stay apart.
APART = 0.45
#: Different questions that are compared with each other, every one with every other; further ones join the nearest.
MOST = 4000
_EXAMPLES = 4
_COMPLAINED = ("wrong_passage", "should_have_answered")
_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions that mean about the same. ``title`` and ``examples`` are without product names and personal data.

    ``askers`` are different names in the log; all that were not named count as one. ``reasons``, ``products`` and
    ``intents`` count questions, the most frequent first.
    """

    title: str
    questions: int
    askers: int
    reasons: Mapping[str, int]
    products: Mapping[str, int]
    intents: Mapping[str, int]
    examples: tuple[str, ...]
    numbers: tuple[int, ...]


def reason_of(asked: Asked) -> str:
    """Why a question went without: what its asker said of the answer, else its outcome; "": it did not."""
    if asked.is_report or asked.is_attack or asked.is_pick:
        return ""
    if asked.verdict in _COMPLAINED:
        return asked.verdict
    if asked.outcome in ABSTAINED:
        return asked.outcome
    return "clarify" if asked.outcome == Outcome.CLARIFY.value and not asked.picked else ""


def clusters_of(read: Sequence[tuple[Asked, Reading]]) -> list[Cluster]:
    """Groups of what went without, those of the most askers first."""
    texts: defaultdict[str, list[tuple[Asked, Reading]]] = defaultdict(list)
    for one, reading in read:
        texts[reading.masked.casefold()].append((one, reading))
    # Most asked first, so that what is compared with everything is what counts; then by the words themselves.
    ordered = sorted(texts, key=lambda text: (-len(texts[text]), text))
    vectors = np.stack([texts[text][0][1].vector for text in ordered]) if ordered else np.empty((0, 1), np.float32)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels_of(vectors).tolist()):
        groups[label].append(row)
    found = [_cluster([texts[ordered[row]] for row in rows], vectors[rows]) for rows in groups.values()]
    return sorted(found, key=lambda one: (-one.askers, -one.questions, one.title))


def labels_of(vectors: _Floats) -> _Ints:
    """The group of each row, (rows,); ``vectors`` (rows, dimension) have length 1.

    :raises ModuleNotFoundError: scikit-learn is not installed.
    """
    compared = vectors[:MOST]
    labels = _agglomerated(compared)
    if len(vectors) == len(compared):
        return labels
    rows = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    middles = np.stack([compared[one[medoid(compared[one])]] for one in rows])
    near = np.einsum("id,md->im", vectors[MOST:], middles)
    # What is near to none stands alone.
    alone = np.arange(len(near)) + len(middles)
    joined = np.where(near.max(axis=1) >= 1 - APART, near.argmax(axis=1), alone)
    return np.concatenate([labels, joined])


def _agglomerated(vectors: _Floats) -> _Ints:
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    # Sums in one order and in double: groups must not depend on how a machine's BLAS adds up.
    distances = 1 - np.einsum("id,jd->ij", vectors.astype(np.float64), vectors.astype(np.float64))
    linked = AgglomerativeClustering(
        n_clusters=None, distance_threshold=APART, metric="precomputed", linkage="average"
    ).fit(np.maximum(distances, 0.0).round(6))
    return np.asarray(linked.labels_, dtype=np.int64)


def medoid(vectors: _Floats) -> int:
    """The row that is nearest to all others; of equally near ones the first."""
    middle = vectors.mean(axis=0, dtype=np.float64)
    return int(np.einsum("id,d->i", vectors, middle).round(6).argmax())


def _cluster(texts: Sequence[list[tuple[Asked, Reading]]], vectors: _Floats) -> Cluster:
    """:param texts: for each different text all that asked it; ``vectors`` (texts, dimension) are theirs."""
    middle = medoid(vectors)
    near = np.argsort(-np.einsum("id,d->i", vectors, vectors[middle]).round(6), kind="stable").tolist()
    shown = [_as_most_asked(texts[row]) for row in [middle, *near]]
    title, *examples = dict.fromkeys(shown)
    members = sorted((one for same in texts for one, _ in same), key=lambda one: one.number)
    return Cluster(
        title=title,
        questions=len(members),
        askers=len({one.who for one in members}),
        reasons=counted(map(reason_of, members)),
        products=counted(one.product for one in members if one.product),
        intents=counted(one.intent for one in members),
        examples=_spread(examples),
        numbers=tuple(one.number for one in members),
    )


def _as_most_asked(same: Sequence[tuple[Asked, Reading]]) -> str:
    """Questions that are read as the same words, as most of them were typed."""
    return next(iter(counted(shown_as(reading) for _, reading in same)))


def shown_as(reading: Reading) -> str:
    """The words of a question, as typed, but for the product's name and what looks like personal data."""
    return redacted(product_marked(reading.typed))


def _spread(examples: Sequence[str]) -> tuple[str, ...]:
    """A handful, from the nearest to the title to the furthest from it."""
    if len(examples) <= _EXAMPLES:
        return tuple(examples)
    step = (len(examples) - 1) / (_EXAMPLES - 1)
    return tuple(examples[round(at * step)] for at in range(_EXAMPLES))


def counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first, equally frequent ones by name."""
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
