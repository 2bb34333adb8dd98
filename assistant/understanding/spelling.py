"""Slips of the keyboard in ordinary words, read as the words that were meant. Names of medicines are never touched.

A word is read as another only if nobody knows it (neither the corpus nor the lists here), one common word of questions
about medicines is near it, and it starts with the same letter or has its first two swapped. What can be a name stays as
it was typed: a word with a capital inside a sentence, one with the ending of a substance, one near a product's name,
and the substances and brands in ``left_as_typed.txt``; ``common_words.txt`` holds none. So "contolled substence" is
read as "controlled substance", and "prednisolne" stays what it is: look-alike names kill (ISMP).

This is for understanding and finding alone. What was typed is what is screened, recorded, reported and shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.understanding.stems import stem

#: A word of fewer letters is left alone; from :data:`_LONG` on two letters may differ.
_SHORT = 5
_LONG = 8
#: Where two letters differ the first ones have to be right.
_HEAD = 3
#: A part of a compound has at least so many letters.
_PART = 4
#: A stem keeps at least so many of a word's first letters.
_STEM_HEAD = 2
#: Longer than any common word: not compared.
_LONGEST = 24
#: At most so many words of a question are looked at.
_MOST_WORDS = 400
_WORD = re.compile(r"[^\W\d_]+")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_INFLECTED = re.compile(r"(?:(?<!ou)s|ed|ers?|ing|ly|al|able|ity)$")
_SENTENCE_END = (".", "!", "?", ":", "\n")
#: Beginnings that turn a word's meaning round: they are never read into a word or out of it.
_TURNS = ("hyper", "hypo", "inter", "intra", "un", "non", "in", "im", "anti", "pre", "post", "de")
#: Endings of substances (USAN stems) that ordinary words do not have.
_STEMS = (
    "afil", "azepam", "azole", "bactam", "caine", "ciclib", "cillin", "conazole", "coxib", "cycline", "dipine",
    "dronate", "etine", "floxacin", "gliptin", "gliflozin", "lukast", "mab", "micin", "mycin", "nazole", "nib",
    "olol", "oxetine", "parib", "prazole", "pril", "profen", "sartan", "setron", "statin", "statn", "terol", "tidine",
    "triptan", "tide", "vir", "xaban", "zolam", "zepam", "sone", "lone",
)  # fmt: skip
#: Endings that only substances have (WHO, "The use of stems in the selection of INN"), so many letters behind others.
_ENDS_A_SUBSTANCE = (
    "afil", "apine", "asteride", "azepam", "azole", "bactam", "barbital", "caine", "ciclib", "cillin", "citinib",
    "conazole", "coxib", "cycline", "dipine", "dronate", "fenac", "fibrate", "floxacin", "formin", "gabalin", "gepant",
    "gliflozin", "gliptin", "glitazone", "glutide", "grastim", "grel", "grelor", "idone", "kinra", "limus", "lukast",
    "lutamide", "mab", "micin", "mycin", "nercept", "olol", "olone", "oxacin", "oxetine", "oxicam", "parib", "parin",
    "peridol", "platin", "poetin", "pramine", "prazole", "pril", "profen", "quine", "relin", "reotide", "rubicin",
    "sartan", "semide", "setron", "tacept", "taxel", "tegravir", "terol", "thiazide", "tidine", "tinib", "trexate",
    "trexed", "triptan", "triptyline", "vastatin", "vir", "xaban", "zepam", "zolam", "zomib", "zosin",
)  # fmt: skip
_BEFORE_A_STEM = 3


@dataclass(frozen=True, slots=True)
class _Lists:
    """``ranks`` of the common words by how frequent they are, from 0; ``left``: what else is left as it is."""

    ranks: dict[str, int]
    left: frozenset[str]

    def knows(self, word: str) -> bool:
        return word in self.ranks or word in self.left


@cache
def _lists() -> _Lists:
    common, left = (_listed(name) for name in ("common_words.txt", "left_as_typed.txt"))
    return _Lists({word: rank for rank, word in enumerate(common)}, frozenset(left))


def _listed(name: str) -> list[str]:
    return resources.files("assistant.understanding").joinpath(name).read_text(encoding="utf-8").split()


def is_ordinary(word: str) -> bool:
    """Whether ``word``, in lower case, is common in questions about medicines; none of these is a medicine's name."""
    return word in _lists().ranks


def is_typed_so(word: str) -> bool:
    """Whether ``word``, in lower case, is one that people mean as they type it, ordinary or not ("sulfa")."""
    return _lists().knows(word)


def ends_a_substance(word: str) -> bool:
    """Whether ``word``, in lower case, ends as only names of substances do, and is no common word."""
    stems = (stem for stem in _ENDS_A_SUBSTANCE if word.endswith(stem))
    return not is_ordinary(word) and any(len(word) - len(stem) >= _BEFORE_A_STEM for stem in stems)


def undoubled(word: str) -> str:
    """``word`` with each letter that is doubled once: who doubts a spelling doubts that first."""
    return _DOUBLED.sub(r"\1", word)


def is_compound(word: str) -> bool:
    """Whether ``word``, in lower case, is two ordinary words in one ("housebound"), and so no slip in a name."""
    return any(is_ordinary(word[:at]) and is_ordinary(word[at:]) for at in range(_PART, len(word) - _PART + 1))


#: "HyperK", "hypoNa": too much or too little of what is measured, as it is charted.
_CHARTED = re.compile(r"(?:hyper|hypo)(?:k|na|ca|mg|mag|phos)")
#: Shorthand that the model reads as something else: "OA dose" as an overdose. Each stands for one word.
_WRITTEN_OUT = {"OCP": "contraceptives", "OCPs": "contraceptives", "OA": "osteoarthritis"}


def respelled(text: str, known: Callable[[str], bool]) -> str:
    """``text`` with slips in ordinary words read as what was meant; as many words as before, in their places.

    :param known: whether somebody knows this word (lower case): then it is left alone.
    """
    if not text.isascii():
        return text
    pieces, at = [], 0
    for count, found in enumerate(_WORD.finditer(text)):
        if count >= _MOST_WORDS:
            break
        meant = _meant(text, found, known)
        if meant:
            pieces += [text[at : found.start()], meant]
            at = found.end()
    return "".join((*pieces, text[at:])) if pieces else text


def _meant(text: str, found: re.Match[str], known: Callable[[str], bool]) -> str:
    """The common word that a word of ``text`` was meant for; "": it is left as it is."""
    typed = found.group()
    if typed in _WRITTEN_OUT:
        return _WRITTEN_OUT[typed]
    word = typed.lower()
    if not _SHORT <= len(word) <= _LONGEST or word.endswith(_STEMS):
        return ""
    if _lists().knows(word) or _CHARTED.fullmatch(word) or (_INFLECTED.search(word) and _inflects(word)):
        return ""
    before = text[: found.start()].rstrip(" \"'(")
    shouted = typed.isupper()
    if typed[0].isupper() and not shouted and before and not before.endswith(_SENTENCE_END):
        return ""
    # What lacks the last letter of a substance ("folat") is no slip in another word ("flat").
    return "" if known(word) or (not is_ordinary(f"{word}e") and known(f"{word}e")) else _nearest(word)


def _inflects(word: str) -> bool:
    """Whether ``word`` is another form of a common one. Only those that begin alike are stemmed: all take a while."""
    return any(stem(common) == stem(word) for common in _beginning(word[:_STEM_HEAD]))


@cache
def _beginning(letters: str) -> tuple[str, ...]:
    return tuple(common for common in _lists().ranks if common.startswith(letters))


@cache
def _near_lengths(length: int, reach: int) -> tuple[str, ...]:
    return tuple(word for word in _lists().ranks if abs(len(word) - length) <= reach)


def _nearest(word: str) -> str:
    """The common word that differs least from ``word``; between several that differ alike the most frequent.

    Two letters may differ in a long word alone, and then one common word only may be that near.
    """
    near = _within(word, 1)
    if near:
        fitting = [common for common in near if common[0] == word[0] or common[:2] == word[1::-1]]
        return min(fitting, key=_lists().ranks.__getitem__, default="")
    alike = [common for common in _within(word, 2) if common[:_HEAD] == word[:_HEAD]] if len(word) >= _LONG else []
    return alike[0] if len(alike) == 1 else ""


def _within(word: str, reach: int) -> list[str]:
    nearby = _near_lengths(len(word), reach)
    found = process.extract(word, nearby, scorer=OSA.distance, score_cutoff=reach, limit=None)
    return [common for common, _, _ in found if _turned(common) == _turned(word)]


def _turned(word: str) -> tuple[bool, ...]:
    return tuple(map(word.startswith, _TURNS))
