"""Lines that say the same: duplicates, leaks between splits, contradictions; exact ones and near ones.

Exact is what :func:`~assistant.training.data_audit.finding.fold` makes equal. Near is a cosine of at least ``near``
between TF-IDF vectors of character n-grams within words, found by multiplying the sparse matrix with itself, a block of
rows at a time; of each line only its nearest twin is reported, so that a pattern of 500 lines is not 125,000 pairs.

What is no fault: near lines of one family in one split (paraphrases and near-miss partners are meant to be alike), near
lines with other labels where they differ in a word that bears meaning ("with food", "without food"), and two intents of
one text where a line asks two things (``also``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped, unused-ignore]
from sklearn.preprocessing import normalize  # type: ignore[import-untyped, unused-ignore]

from assistant.training.data_audit.finding import Finding, Kind, Lines
from assistant.training.dataset import Utterance

Tick = Callable[[float], None]
_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]

#: Cells of a block of similarities; as many floats and as many column numbers are held at once, at the worst.
_CELLS = 6_000_000
#: Of more lines than ``_MANY``, n-grams that more than this share of them hold are left out.
_MANY, _COMMON = 1000, 0.5
#: How many twins with other labels are looked at for each line.
_TRIED = 5
#: Words that can come and go without another question being asked. No preposition that can turn one round, no modal
#: ("should I" asks for advice, "can I" for the label), no pronoun, no negation.
_FILLING = frozenset(
    "a an the of for to in on at is are be do does please just so ok okay hi hello hey um uh pls".split()
)


# --- exact -----------------------------------------------------------------------------------------------------------


def exact_twins(lines: Lines) -> Iterator[Finding]:
    """Leaks, contradictions and duplicates among lines whose folded texts are equal."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(lines.folded):
        groups[text].append(row)
    for rows in groups.values():
        if len(rows) > 1:
            yield from _exact_group(lines, tuple(rows))


def _exact_group(lines: Lines, rows: tuple[int, ...]) -> Iterator[Finding]:
    differing = disagreement([lines[row] for row in rows])
    if differing:
        yield lines.finding(Kind.CONTRADICTION, f"the same text with {differing}", rows, len(rows), len(rows))
    in_splits = Counter(lines.splits[row] for row in rows)
    home = "train" if "train" in in_splits else lines.splits[rows[0]]
    abroad = len(rows) - in_splits[home]
    if abroad:
        words = " and ".join(sorted(in_splits))
        yield lines.finding(Kind.LEAK, f"the same text stands in {words}", rows, abroad, abroad)
    again = len(rows) - len(in_splits)
    if again:
        yield lines.finding(Kind.DUPLICATE, f"the same text {len(rows)} times", rows, again, again)


def disagreement(utterances: Sequence[Utterance]) -> str:
    """In what labels of one text differ, in words; "" where they agree. Lines that ask two things may name either."""
    intents = sorted({u.intent for u in utterances if not u.also})
    parts = [f"the intents {', '.join(intents)}"] if len(intents) > 1 else []
    for name, labels in (("flags", _flags), ("population", _population)):
        sets = {labels(u) for u in utterances}
        if len(sets) > 1:
            parts.append(f"the {name} {' or '.join(sorted('+'.join(sorted(one)) or 'none' for one in sets))}")
    return "; ".join(parts)


def _flags(utterance: Utterance) -> frozenset[str]:
    return frozenset(utterance.flags)


def _population(utterance: Utterance) -> frozenset[str]:
    return frozenset(utterance.slots.get("population", ()))


# --- near ------------------------------------------------------------------------------------------------------------


def near_twins(lines: Lines, near: float, tick: Tick) -> Iterator[Finding]:
    """Near leaks, near contradictions and near duplicates among lines whose folded texts differ."""
    if len(lines) < 2:
        return
    numbers = _Numbers.of(lines)
    for pairs in _blocks(lines.folded, near, tick):
        pairs = pairs.where(numbers.text[pairs.one] != numbers.text[pairs.two])
        kin = numbers.family[pairs.one] == numbers.family[pairs.two]
        pairs = pairs.where(~kin)
        conflict, crossing = numbers.conflict(pairs), numbers.split[pairs.one] != numbers.split[pairs.two]
        earlier = pairs.two < pairs.one
        held_out = ~numbers.train[pairs.one] & (numbers.train[pairs.two] | earlier)
        yield from _near_leaks(lines, pairs.where(crossing & held_out & ~conflict).nearest(1))
        yield from _near_contradictions(lines, pairs.where(earlier & conflict).nearest(_TRIED))
        yield from _near_duplicates(lines, pairs.where(earlier & ~crossing & ~conflict).nearest(1))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows ``one`` and ``two`` with their ``cosine``, each of shape (pairs,)."""

    one: _Ints
    two: _Ints
    cosine: _Floats

    def where(self, wanted: npt.NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.one[wanted], self.two[wanted], self.cosine[wanted])

    def nearest(self, count: int) -> Iterator[tuple[int, int, float]]:
        """The ``count`` nearest twins of each row ``one``; of equally near ones the first in the files."""
        order = np.lexsort((self.two, -self.cosine, self.one))
        rows = self.one[order]
        position = np.arange(len(rows)) - np.searchsorted(rows, rows)
        for at in order[position < count]:
            yield int(self.one[at]), int(self.two[at]), float(self.cosine[at])


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What pairs are compared by, as numbers of shape (lines,): equal numbers, equal labels."""

    text: _Ints
    family: _Ints
    split: _Ints
    train: npt.NDArray[np.bool_]
    intent: _Ints
    double: npt.NDArray[np.bool_]
    other: _Ints

    @classmethod
    def of(cls, lines: Lines) -> _Numbers:
        utterances = lines.dataset.utterances
        return cls(
            text=numbered(lines.folded),
            family=numbered(u.family or row for row, u in enumerate(utterances)),
            split=numbered(lines.splits),
            train=np.array([split == "train" for split in lines.splits]),
            intent=numbered(u.intent for u in utterances),
            double=np.array([u.also is not None for u in utterances]),
            other=numbered((_flags(u), _population(u)) for u in utterances),
        )

    def conflict(self, pairs: _Pairs) -> npt.NDArray[np.bool_]:
        one, two = pairs.one, pairs.two
        intents = (self.intent[one] != self.intent[two]) & ~self.double[one] & ~self.double[two]
        differing: npt.NDArray[np.bool_] = intents | (self.other[one] != self.other[two])
        return differing


def numbered(values: Iterable[Hashable]) -> _Ints:
    """Each value as the number of its first occurrence among different ones, shape (values,)."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)


def _blocks(texts: Sequence[str], near: float, tick: Tick) -> Iterator[_Pairs]:
    """All pairs at least ``near``, a block of rows ``one`` at a time."""
    vectors = _vectors(texts)
    turned = vectors.T.tocsr()
    step = max(1, _CELLS // len(texts))
    for start in range(0, len(texts), step):
        block = vectors[start : start + step] @ turned
        block.data[block.data < near] = 0
        block.eliminate_zeros()
        block = block.tocoo()
        one = block.row.astype(np.int64) + start
        yield _Pairs(one, block.col.astype(np.int64), np.minimum(block.data, 1))
        tick(min(1.0, (start + step) / len(texts)))


def _vectors(texts: Sequence[str]) -> Any:
    """TF-IDF of n-grams of 3 to 5 characters within words, rows of length 1: (texts, n-grams), sparse."""
    vectors: Any = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
    ).fit_transform(texts)
    if len(texts) > _MANY:
        # What stands in every second line hardly tells lines apart, but is most of the work (it grows as a square).
        frequency = np.bincount(vectors.indices, minlength=vectors.shape[1])
        rare = frequency <= _COMMON * len(texts)
        vectors = normalize(vectors[:, rare]) if rare.any() else vectors[:, rare]
    return vectors


def _near_leaks(lines: Lines, pairs: Iterable[tuple[int, int, float]]) -> Iterator[Finding]:
    for one, two, cosine in pairs:
        words = f"nearly the same text stands in {lines.splits[one]} and {lines.splits[two]} ({cosine:.2f})"
        yield lines.finding(Kind.NEAR_LEAK, words, (one, two), rank=cosine)


def _near_contradictions(lines: Lines, pairs: Iterable[tuple[int, int, float]]) -> Iterator[Finding]:
    done: set[int] = set()
    for one, two, cosine in pairs:
        if one not in done and same_question(lines.folded[one], lines.folded[two]):
            done.add(one)
            words = f"the same words with {disagreement([lines[two], lines[one]])} ({cosine:.2f})"
            yield lines.finding(Kind.NEAR_CONTRADICTION, words, (one, two), rank=cosine)


def _near_duplicates(lines: Lines, pairs: Iterable[tuple[int, int, float]]) -> Iterator[Finding]:
    for one, two, cosine in pairs:
        yield lines.finding(Kind.NEAR_DUPLICATE, f"nearly the same text ({cosine:.2f})", (one, two), rank=cosine)


def same_question(one: str, two: str) -> bool:
    """Whether two folded texts differ only in their order, in words that fill, and in typing errors.

    A typing error is one letter in a word of five or more that keeps its first letter: "typical" is not "atypical".
    """
    left, right = Counter(one.split()), Counter(two.split())
    only_left = [word for word in (left - right).elements() if word not in _FILLING]
    only_right = [word for word in (right - left).elements() if word not in _FILLING]
    if len(only_left) != len(only_right):
        return False
    for word in only_left:
        twin = next((other for other in only_right if _mistyped(word, other)), None)
        if twin is None:
            return False
        only_right.remove(twin)
    return True


def _mistyped(one: str, two: str) -> bool:
    long = min(len(one), len(two)) >= 5 and one.isalpha() and two.isalpha()
    return long and one[0] == two[0] and OSA.distance(one, two, score_cutoff=1) <= 1
