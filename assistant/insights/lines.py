"""Which recorded questions are worth a label: those whose askers complained, then those the model was least sure of.

Uncertainty is the margin between the two likeliest intents, as the model reads the question today (margin sampling,
Scheffer et al. 2001). By margins alone one would label the same question twenty times over: so the uncertain ones are
taken in rounds, from each group of questions alike the least sure, before any group gives a second.

Guarantees: reports of harm or of a fault are never among them, be it by the record, by the screen as it is today, or
by the model as it is today, nor attacks and picks, nor a question in which something looks like personal data. A
question that stands in the data already is not asked for again. The same log gives the same lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from assistant.insights.asked import Asked
from assistant.insights.gaps import labels_of, medoid
from assistant.insights.meaning import Meaning, Tick, product_marked, words_of_reports
from assistant.training.data_audit.finding import fold
from assistant.training.dataset import PRODUCT_MARK
from assistant.trust.log.personal import redacted
from assistant.understanding.reading import Reading

#: Different texts that are looked at; of more those complained of and the latest.
MOST_READ = 5000
#: A margin above this is none to speak of.
SURE = 0.5
_LEFT_OUT = ("asked for already", "report of harm or a fault", "personal data", "unreadable", "sure enough")


@dataclass(frozen=True, slots=True)
class Line:
    """A question to be labelled. ``text`` is what was typed, with :data:`PRODUCT_MARK` for the product's name;
    ``family`` is that of all questions alike it, so that they share a split; ``times`` says how often it was asked,
    ``why`` what makes it worth a label."""

    asked: Asked
    reading: Reading
    text: str
    margin: float
    why: str
    family: str
    times: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What is to be labelled, best first; ``left_out`` counts different questions by the reason for it."""

    lines: tuple[Line, ...]
    left_out: Mapping[str, int]


def worth_labelling(
    asked: Sequence[Asked], meaning: Meaning, most: int, known: Iterable[str] = (), tick: Tick = lambda *_: None
) -> Worth:
    """At most ``most`` questions to label.

    :param known: texts that are labelled already.
    :raises ModuleNotFoundError: scikit-learn is not installed.
    """
    left_out: Counter[str] = Counter(dict.fromkeys(_LEFT_OUT, 0))
    pool = _pool(asked, meaning, {fold(text) for text in known}, left_out, tick)
    complained = [one for one in pool if one.asked.verdict not in ("", "right")]
    unsure = [one for one in pool if one.asked.verdict in ("", "right") and one.margin < SURE]
    left_out["sure enough"] = len(pool) - len(complained) - len(unsure)
    families = _families([*complained, *unsure])
    chosen = [*complained, *_in_rounds(unsure, families)][:most]
    lines = tuple(_line(one, families[one.text]) for one in chosen)
    return Worth(lines, {why: count for why, count in left_out.items() if count})


@dataclass(frozen=True, slots=True)
class _Different:
    """A question as it was asked last, and how often."""

    asked: Asked
    reading: Reading
    text: str
    margin: float
    times: int


def _pool(
    asked: Sequence[Asked], meaning: Meaning, known: set[str], left_out: Counter[str], tick: Tick
) -> list[_Different]:
    """Different questions that may be shown to an annotator, the latest last."""
    reports = words_of_reports(asked)
    usable = [one for one in asked if not (one.is_report or one.is_attack or one.is_pick)]
    left_out["unreadable"] = sum(not one.is_readable for one in usable)
    seen: dict[str, list[tuple[Asked, Reading]]] = defaultdict(list)
    for one, reading in meaning.read_all(_looked_at([one for one in usable if one.is_readable]), tick):
        seen[fold(_marked(reading))].append((one, reading))
    found: list[_Different] = []
    for folded, same in seen.items():
        one, reading = _that_counts(same)
        text = _marked(reading)
        if folded in known:
            left_out["asked for already"] += 1
        elif fold(one.question) in reports or meaning.flags_of(one, reading):
            left_out["report of harm or a fault"] += 1
        elif redacted(text) != text:
            left_out["personal data"] += 1
        else:
            found.append(_Different(one, reading, text, _margin(reading), len(same)))
    return found


def _looked_at(readable: Sequence[Asked]) -> list[Asked]:
    """Everything where different texts are few enough; else what asks the latest of them, complaints before all."""
    latest = {one.question.casefold(): (one.verdict not in ("", "right"), one.number) for one in readable}
    for one in readable:
        if one.verdict not in ("", "right"):
            latest[one.question.casefold()] = (True, one.number)
    kept = set(sorted(latest, key=lambda text: latest[text], reverse=True)[:MOST_READ])
    return [one for one in readable if one.question.casefold() in kept]


def _that_counts(same: Sequence[tuple[Asked, Reading]]) -> tuple[Asked, Reading]:
    """Of equal questions the last whose asker complained, else the last."""
    complained = [pair for pair in same if pair[0].verdict not in ("", "right")]
    return (complained or list(same))[-1]


def _marked(reading: Reading) -> str:
    """What was typed, slips and all: whoever learns from it has to know them."""
    return product_marked(reading.typed, PRODUCT_MARK)


def _margin(reading: Reading) -> float:
    shares = [share for _, share in reading.intents[:2]]
    return shares[0] - shares[1] if len(shares) > 1 else 1.0


def _families(pool: Sequence[_Different]) -> dict[str, str]:
    """Text -> the family of all that are alike it, called by its medoid, which new questions do not change soon."""
    if not pool:
        return {}
    vectors = np.stack([one.reading.vector for one in pool])
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels_of(vectors).tolist()):
        rows[label].append(row)
    families: dict[str, str] = {}
    for group in rows.values():
        middle = pool[group[medoid(vectors[group])]].text
        name = f"asked-{sha256(middle.encode()).hexdigest()[:10]}"
        families |= {pool[row].text: name for row in group}
    return families


def _in_rounds(unsure: Sequence[_Different], families: Mapping[str, str]) -> list[_Different]:
    """The least sure of each group, then the second of each, and so on; within a round the least sure first."""
    ordered = sorted(unsure, key=lambda one: (round(one.margin, 6), one.text))
    taken: Counter[str] = Counter()
    rounds: list[tuple[int, _Different]] = []
    for one in ordered:
        rounds.append((taken[families[one.text]], one))
        taken[families[one.text]] += 1
    return [one for _, one in sorted(rounds, key=lambda pair: pair[0])]


def _line(one: _Different, family: str) -> Line:
    if one.asked.verdict not in ("", "right"):
        why = f"its asker said: {one.asked.verdict.replace('_', ' ')}"
    else:
        first, second = one.reading.intents[0][0], one.reading.intents[1][0]
        why = f"unsure: {first} or {second}, {one.margin:.2f} apart"
    return Line(one.asked, one.reading, one.text, one.margin, why, family, one.times)
