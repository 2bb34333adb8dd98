"""Labels that are likely wrong, found by confident learning (Northcutt, Jiang and Chuang 2021, JAIR 70, section 3).

A plain model (TF-IDF of words and characters, logistic regression) is trained on four fifths of the families and asked
about the last, five times, so that no line is judged by a model that has seen it, its family or its text. Where it
gives a class other than the label at least the mean confidence that the class has in its own lines (the threshold of
the confident joint), the label is likely wrong. The plain model errs as well: findings are to be read, not obeyed, and
their share is an upper estimate.

Left out: lines that ask two things, and intents with fewer families than folds. Nothing is drawn at random: a line
stands in the same fold in whatever order the files are read.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped, unused-ignore]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped, unused-ignore]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped, unused-ignore]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped, unused-ignore]

from assistant.training.data_audit.finding import Finding, Kind, Lines
from assistant.training.data_audit.twins import Tick, numbered

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

#: Strength and steps of the plain model. Of labels falsified on purpose (1 in 20 of 11,000) it finds 64 in 100, and 43
#: in 100 of as many first findings are such; more of either finds no more and takes twice as long.
_STRENGTH = 10.0
_STEPS = 30


@dataclass(frozen=True, slots=True)
class Noise:
    """What confident learning says. ``accuracy`` is the plain model's on unseen lines; ``judged`` counts the lines.

    ``confusions`` are (label, what the lines look like, lines), the most frequent first.
    """

    judged: int
    accuracy: float
    confusions: tuple[tuple[str, str, int], ...]
    findings: tuple[Finding, ...]


def label_noise(lines: Lines, folds: int, tick: Tick) -> Noise | None:
    """The labels that are likely wrong, the likeliest first; nothing where there are not two intents to judge."""
    groups = related(lines)
    rows = judged_rows(lines, groups, folds)
    names = sorted({lines[int(row)].intent for row in rows})
    if len(names) < 2:
        return None
    given = np.array([names.index(lines[int(row)].intent) for row in rows])
    fold_of = _folds(lines, rows, groups, folds)
    shares = _out_of_sample(_vectors([lines.folded[row] for row in rows]), given, fold_of, len(names), tick)
    meant = confident_classes(shares, given)
    wrong = np.flatnonzero(meant != given)
    margins = shares[wrong, meant[wrong]] - shares[wrong, given[wrong]]
    findings = [_finding(lines, rows, names, shares, given, meant, int(at)) for at in wrong[np.argsort(-margins)]]
    pairs = Counter((names[given[at]], names[meant[at]]) for at in wrong)
    confusions = tuple((one, two, count) for (one, two), count in pairs.most_common())
    return Noise(len(rows), float((shares.argmax(1) == given).mean()), confusions, tuple(findings))


def confident_classes(shares: _Floats, given: _Ints) -> _Ints:
    """The class that each line belongs to in the confident joint; its label where no class reaches its threshold.

    :param shares: out-of-sample probabilities, (lines, classes). :param given: labels, (lines,).
    """
    classes = shares.shape[1]
    thresholds = np.array([shares[given == one, one].mean() for one in range(classes)])
    reached = (shares >= thresholds) & (shares > 0)
    likeliest = np.where(reached, shares, -1.0).argmax(1)
    return np.where(reached.any(1), likeliest, given)


def related(lines: Lines) -> _Ints:
    """A number for each line, the same for lines bound by a family or an equal text, be it through others."""
    count = len(lines)
    family = numbered(u.family or row for row, u in enumerate(lines.dataset.utterances)) + count
    text = numbered(lines.folded) + family.max() + 1
    ends = np.concatenate([family, text])
    edges = (np.ones(2 * count), (np.tile(np.arange(count), 2), ends))
    graph: Any = sparse.coo_matrix(edges, shape=(int(text.max()) + 1,) * 2)
    _, numbers = connected_components(graph, directed=False)
    return np.asarray(numbers[:count], dtype=np.int64)


def judged_rows(lines: Lines, groups: _Ints, folds: int) -> _Ints:
    """The lines that ask one thing, of intents that stand in at least ``folds`` groups."""
    spread: defaultdict[str, set[int]] = defaultdict(set)
    single = [row for row in range(len(lines)) if lines[row].also is None]
    for row in single:
        spread[lines[row].intent].add(int(groups[row]))
    return np.array([row for row in single if len(spread[lines[row].intent]) >= folds], dtype=np.int64)


def _folds(lines: Lines, rows: _Ints, groups: _Ints, folds: int) -> _Ints:
    """The fold of each row: groups stay whole, each intent's groups are dealt out evenly, whatever the files' order."""
    drawn = {int(row): hashlib.sha256(lines.folded[row].encode()).digest() for row in rows}
    fold_of: dict[int, int] = {}
    dealt: Counter[str] = Counter()
    for row in sorted(drawn, key=lambda one: (drawn[one], lines[one].intent)):
        group, intent = int(groups[row]), lines[row].intent
        if group not in fold_of:
            # Begun elsewhere for each intent, else rare intents would all stand in the first fold.
            first = hashlib.sha256(intent.encode()).digest()[0]
            fold_of[group] = (first + dealt[intent]) % folds
            dealt[intent] += 1
    return np.array([fold_of[int(groups[row])] for row in rows], dtype=np.int64)


def _vectors(texts: list[str]) -> Any:
    """TF-IDF of words (one and two) and of characters, (texts, features). Learns no label, so all folds share it."""
    # What stands in one line only tells nothing about another; of few lines nothing is thrown away.
    shared: dict[str, Any] = {"sublinear_tf": True, "dtype": np.float32, "min_df": 2 if len(texts) > 500 else 1}
    words = TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, **shared)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **shared)
    return sparse.hstack([words.fit_transform(texts), pieces.fit_transform(texts)]).tocsr()


def _out_of_sample(vectors: Any, given: _Ints, fold_of: _Ints, classes: int, tick: Tick) -> _Floats:
    shares = np.zeros((len(given), classes))
    for done, fold in enumerate(folds := np.unique(fold_of), 1):
        rest, asked = fold_of != fold, fold_of == fold
        if len(np.unique(given[rest])) < 2:
            continue  # nothing to tell apart: no share, so no class reaches its threshold
        model = LogisticRegression(C=_STRENGTH, max_iter=_STEPS)
        with warnings.catch_warnings():
            # Stopped early on purpose: the order of the probabilities stands long before their last digit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(vectors[rest], given[rest])
        # A fold may hold all lines of a class; the others' models then do not know it.
        shares[np.ix_(asked, model.classes_)] = model.predict_proba(vectors[asked])
        tick(done / len(folds))
    return shares


def _finding(
    lines: Lines, rows: _Ints, names: list[str], shares: _Floats, given: _Ints, meant: _Ints, at: int
) -> Finding:
    likely, labelled = shares[at, meant[at]], shares[at, given[at]]
    words = f"labelled {names[given[at]]}, looks like {names[meant[at]]} ({likely:.2f} against {labelled:.2f})"
    return lines.finding(Kind.LABEL_NOISE, words, (int(rows[at]),), rank=float(likely - labelled))
