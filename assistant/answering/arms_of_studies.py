"""What a question compares a medicine with, under the names that the label's own reports use for it.

People say "pac" for paclitaxel, a brand for its substance, and mistype both; the label writes the name out. Only what
one of its reports sets beside the medicine counts, or what the medicine was added to where the question asks what the
other did alone. Nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

from assistant.answering import lexical
from assistant.answering.drug_classes import NAMES_OF, beginning_with, generic_of, is_medicine
from assistant.answering.index import Entry, Index
from assistant.content.lexicon import words
from assistant.understanding.other_medicines import arms_named, combined, is_arm
from assistant.understanding.spelling import ends_a_substance, is_ordinary, is_typed_so

#: Topics of passages that report of one medicine beside another. A study of an interaction sets none beside another.
REPORTING = frozenset(("clinical_studies", "adverse_reactions"))
#: The first syllables of a name are so many letters, and so many more are left out.
_SYLLABLES, _LEFT_OUT = 3, 3
#: A name of so many letters may have a slip, one alone, if nobody knows it; with the same first letters.
_ONE_SLIP, _HEAD = 6, 3
#: So many letters stand for an arm, which has so many at least where it is one word.
_FEWEST, _MOST, _LONG = 2, 4, 8
#: Around what the medicine was added to.
_TOGETHER = r"(?:\+|\bplus|\bin combination with|\bcombined with|\badded to|\band)\s+(?:[\w-]+\s+)?"


def is_set_beside(index: Index, product: str, other: str, question: str, entries: Sequence[Entry]) -> bool:
    """Whether one of ``entries`` reports what ``question`` asks: ``other`` as an arm, or alone where it was added to.

    :param question: product names masked.
    """
    # Only a label of the format before 2006 reports its trials with how the medicine works.
    trials = any(entry.head.topic == "clinical_studies" for entry in entries)
    topics = REPORTING if trials else REPORTING | {"mechanism"}
    reports = [entry for entry in entries if entry.head.topic in topics]
    if _stands_as_written(combined(question), reports, index):
        return True
    alone = _asked_alone(other, question)
    for name in names_in_reports(index, product, other, reports, question):
        for text in _texts_with(index, product, name, reports):
            if is_arm(name, text) or (alone and _is_added_to(name, text)):
                return True
    return False


def _stands_as_written(names: Sequence[str], reports: Sequence[Entry], index: Index) -> bool:
    """Whether one of ``reports`` has one of these ``names``, of several parts, as a table's column has it: "AB+CD"."""
    return any(
        re.search(r"(?<!\w)" + r"\s?\+\s?".join(map(re.escape, name.split("+"))) + r"(?!\w)", text)
        for name in names
        for text in (index.load(entry).text.decode() for entry in reports)
    )


def names_in_reports(
    index: Index, product: str, other: str, reports: Sequence[Entry], question: str
) -> tuple[str, ...]:
    """The names that ``other`` may have in ``reports``: its own, its substance, the one that it begins or is a slip of.

    Letters that begin two names there are neither's. And the arm whose letters it is, where ``question`` has it in
    capitals.
    """
    own = [name for name in (other, generic_of(other)) if name]
    known = [
        name for name in own if any(name in text.casefold() for text in _texts_with(index, product, name, reports))
    ]
    if known:
        return tuple(known)
    texts = [index.load(entry).text.decode() for entry in reports]
    spoken = {word for text in texts for word in words(text)}
    spoken = {word for word in spoken if word.isalpha() and len(word) >= _ONE_SLIP and not is_ordinary(word)}
    meant = {word for word in spoken if _begins(other, word)} or {word for word in spoken if _is_slip(other, word)}
    meant -= {f"{word}s" for word in meant}
    if not meant and re.search(rf"\b{re.escape(other.upper())}\b", question):
        meant = _in_letters(other, spoken, texts)
    return tuple(meant) if len(meant) == 1 else ()


def _in_letters(other: str, spoken: Iterable[str], texts: Sequence[str]) -> set[str]:
    """The arms in ``texts`` whose letters, in their order, ``other`` may be: "PHT" for phenytoin, "DTI" for "direct to
    injection".

    None where another substance begins with these: "CAS" is caspofungin. ``spoken``: the words of ``texts``.
    """
    if not (other.isalpha() and _FEWEST <= len(other) <= _MOST) or beginning_with(other):
        return set()
    inside = re.compile(".*".join(other))
    names = {word for word in spoken if len(word) >= _LONG and inside.match(word)}
    names = {name for name in names if is_medicine(name) or ends_a_substance(name)}
    if len(other) > _FEWEST:
        initials = re.compile(r"\b" + r"[ -]".join(rf"{letter}[a-z]+" for letter in other) + r"\b", re.IGNORECASE)
        names |= {found[0] for text in texts for found in initials.finditer(text)}
    return {name.casefold() for name in names if any(is_arm(name, text) for text in texts)}


def arms_in_letters(index: Index, product: str, question: str) -> tuple[tuple[str, str], ...]:
    """The letters by which ``question`` (product names masked) calls an arm of the label's own trials, each with the
    words that are meant, for finding them."""
    named = [word for word in dict.fromkeys(arms_named(question)) if word.isupper() and word.isalpha()]
    reports = [entry for entry in index.entries(product) if entry.head.topic in REPORTING] if named else []
    meant = ((word, names_in_reports(index, product, word.casefold(), reports, question)) for word in named)
    return tuple((word, names[0]) for word, names in meant if names and names[0] != word.casefold())


def _begins(other: str, word: str) -> bool:
    return len(other) >= _SYLLABLES and word.startswith(other) and len(word) >= len(other) + _LEFT_OUT


def _is_slip(other: str, word: str) -> bool:
    if len(other) < _ONE_SLIP or other in NAMES_OF or is_typed_so(other):
        return False
    return other[:_HEAD] == word[:_HEAD] and OSA.distance(other, word) <= 1


def _texts_with(index: Index, product: str, name: str, reports: Sequence[Entry]) -> Iterable[str]:
    held = index.postings(product, lexical.terms(name))
    rows = set.intersection(*({row for row, _ in found} for found in held.values())) if held else set()
    return (index.load(entry).text.decode() for entry in reports if entry.row in rows)


def _asked_alone(other: str, question: str) -> bool:
    """Whether the question sets ``other`` by itself beside the two together: "... + pac vs pac alone"."""
    name = re.escape(other)
    together = rf"(?:(?:\+|/|\bplus\b|\bwith\b)\s*{name}\b|\b{name}\s*(?:\+|/|\bplus\b|\bwith\b))"
    alone = rf"(?=.*{together}).*\b{name}\s+(?:alone|only|by itself|mono\w*)\b"
    twice = rf"(?:\+|\bplus|/)\s*{name}\b.*\b(?:vs\.?|versus)\s+(?:placebo\s*(?:\+|plus)\s*)?{name}\b"
    return re.search(rf"{alone}|{twice}", question, re.IGNORECASE) is not None


def _is_added_to(name: str, text: str) -> bool:
    said = re.escape(name)
    found = rf"{_TOGETHER}{said}\b|\b{said}\s+(?:alone|(?:plus|\+|and|in combination with)\s)"
    return re.search(found, text, re.IGNORECASE) is not None
