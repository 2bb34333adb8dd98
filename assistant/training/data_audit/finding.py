"""What an audit of labelled questions can find, what each finding costs, and the lines as the searches read them.

The score begins at 1. Every kind of finding takes ``floor + rate * share`` from it, at most ``cap``, where ``share`` is
the part of the lines (for leaks: of the lines outside ``train``; for families and intents: of those) that are affected.
A floor stands where one case is one too many: it alone puts the data below the default bar of 0.9. :data:`RULES` is the
whole table, and reports print it, so that nobody has to guess where points went.

Guarantees: a finding quotes a text only with what looks like personal data masked, and names every line by file and
number where the data set knows them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from assistant.training.data_audit.personal import masked
from assistant.training.dataset import Dataset, Utterance, split_of


class Kind(StrEnum):
    """What can be wrong, in the order of a report."""

    UNREADABLE = "unreadable"
    SPLIT_FAMILY = "split_family"
    PERSONAL = "personal_data"
    LEAK = "leak"
    CONTRADICTION = "contradiction"
    FORMAT = "format"
    OUTSIDE = "outside_closed_set"
    INCOHERENT = "incoherent"
    NEAR_LEAK = "near_leak"
    NEAR_CONTRADICTION = "near_contradiction"
    LABEL_NOISE = "label_noise"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    PATTERN = "pattern"
    IMBALANCE = "imbalance"
    MISSING = "missing"
    LOOSE_SPAN = "loose_span"
    PERSONAL_HINT = "personal_hint"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind means and what it costs. ``of`` names what its share is a share of."""

    meaning: str
    rate: float
    cap: float
    floor: float = 0.0
    of: str = "lines"


RULES: Mapping[Kind, Rule] = MappingProxyType(
    {
        Kind.UNREADABLE: Rule("the line is not a labelled question", 2.0, 0.5, floor=0.15),
        Kind.SPLIT_FAMILY: Rule("a family stands in two splits", 5.0, 0.4, floor=0.15, of="families"),
        Kind.PERSONAL: Rule("holds what looks like personal data", 5.0, 0.4, floor=0.15),
        Kind.LEAK: Rule("the same text stands in two splits", 5.0, 0.4, of="held-out lines"),
        Kind.CONTRADICTION: Rule("the same text is labelled in two ways", 10.0, 0.4),
        Kind.FORMAT: Rule("text or span is malformed", 5.0, 0.3),
        Kind.OUTSIDE: Rule("a label stands outside its closed set", 10.0, 0.4),
        Kind.INCOHERENT: Rule("labels of one line do not go together", 2.0, 0.2),
        Kind.NEAR_LEAK: Rule("nearly the same text stands in two splits", 2.0, 0.2, of="held-out lines"),
        Kind.NEAR_CONTRADICTION: Rule("the same words, but for filling, are labelled in two ways", 2.0, 0.2),
        Kind.LABEL_NOISE: Rule("the label is likely wrong (confident learning)", 0.5, 0.1),
        Kind.DUPLICATE: Rule("the same text again in one split", 0.5, 0.1),
        Kind.NEAR_DUPLICATE: Rule("nearly the same text again in one split", 0.2, 0.05),
        Kind.PATTERN: Rule("many lines are one sentence with the words exchanged", 0.1, 0.1),
        Kind.IMBALANCE: Rule("an intent has too few lines", 0.2, 0.1, of="intents"),
        Kind.MISSING: Rule("family, author or style is missing", 0.05, 0.05),
        Kind.LOOSE_SPAN: Rule("a span holds more than the words that name the thing", 0.2, 0.02),
        Kind.PERSONAL_HINT: Rule("a name, perhaps of a real person: read the line", 0.0, 0.0),
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is a finding. ``near`` is a cosine of character n-grams weighted by TF-IDF."""

    near: float = 0.85
    minimum: int = 30
    minimum_held_out: int = 5
    uneven: float = 10.0
    pattern: int = 5
    folds: int = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``rows`` count utterances from 0, ``places`` are (file, line); a higher ``rank`` is worse."""

    kind: Kind
    message: str
    rows: tuple[int, ...] = ()
    places: tuple[tuple[str, int], ...] = ()
    quotes: tuple[str, ...] = ()
    affected: int = 1
    rank: float = 0.0


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines as every search reads them: ``folded`` texts, ``splits`` and the data set itself."""

    dataset: Dataset
    folded: tuple[str, ...]
    splits: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset) -> Lines:
        """Fold every text and settle every split once."""
        utterances = dataset.utterances
        return cls(dataset, tuple(fold(u.text) for u in utterances), tuple(split_of(u) for u in utterances))

    def __len__(self) -> int:
        return len(self.folded)

    def __getitem__(self, row: int) -> Utterance:
        return self.dataset.utterances[row]

    def finding(self, kind: Kind, message: str, rows: tuple[int, ...], affected: int = 1, rank: float = 0.0) -> Finding:
        """A finding about ``rows``, with their places and their texts as a report may show them."""
        known = self.dataset.places
        places = tuple(known[row] for row in rows) if known else ()
        quotes = tuple(quoted(self[row].text) for row in rows[:_QUOTED])
        return Finding(kind, message, rows, places, quotes, affected, rank)


#: How many of a finding's texts are quoted, and how long each may be.
_QUOTED = 3
_QUOTE_LENGTH = 160

#: Apostrophes go without a trace ("what's" is "whats"), dashes are one dash, signs of marks are nothing.
_REWRITTEN = {ord(mark): None for mark in "'’‘`´®™©"} | {ord(dash): "-" for dash in "‐‑‒–—−"}


def fold(text: str) -> str:
    """``text`` without what does not change its meaning: case, punctuation, white space, width of characters.

    Punctuation between digits stays, and so do mathematical signs: "2.5" is not "25", nor ">65" "<65".
    """
    plain = unicodedata.normalize("NFKC", text.translate(_REWRITTEN)).casefold()
    kept = (character if _bears_meaning(plain, at) else " " for at, character in enumerate(plain))
    return " ".join("".join(f" {c} " if _category(c) == "Sm" else c for c in kept).split()) or text.strip()


def _bears_meaning(text: str, at: int) -> bool:
    category = _category(text[at])
    if category[0] in "LNM" or category == "Sm":
        return True
    return category[0] == "P" and 0 < at < len(text) - 1 and text[at - 1].isdigit() and text[at + 1].isdigit()


@lru_cache(maxsize=4096)
def _category(character: str) -> str:
    return unicodedata.category(character)


def quoted(text: str) -> str:
    """``text`` as a report may show it: on one line, not too long, personal data and control characters masked."""
    shown = "".join(c if _category(c)[0] not in "CZ" or c == " " else "\N{OPEN BOX}" for c in masked(text))
    return shown if len(shown) <= _QUOTE_LENGTH else shown[: _QUOTE_LENGTH - 1] + "…"
