"""Which product a question names: exact names decide, similar names are asked back, nothing is corrected in silence.

Look-alike drug names kill (ISMP list of confused drug names), so a slip never becomes a name by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.content.lexicon import FORMS, SALTS, runs, words
from assistant.understanding.spelling import is_compound, is_typed_so, undoubled

#: A slip differs in at most this many letters, by the length of the shorter word.
_SHORTEST_SLIP = 5
#: The beginning of a name may be shorter: it differs in no letter.
_SHORTEST_BEGINNING = 4
_LONG_WORD = 8


class Names(Protocol):
    """Where names are looked up; the index is one."""

    def find_names(self, keys: Iterable[str]) -> Mapping[str, tuple[tuple[str, str], ...]]: ...

    def knows_word(self, word: str) -> bool: ...

    @property
    def name_keys(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in the question: its key, the products it may mean, what sort it is, and at which word."""

    key: str
    products: tuple[str, ...]
    sort: str
    start: int


@dataclass(frozen=True, slots=True)
class Slip:
    """A word that looks like a name: the word, and the name it may have meant."""

    word: str
    key: str
    products: tuple[str, ...]


def find_mentions(question: str, index: Names) -> tuple[Mention, ...]:
    """Every product name in ``question``, longest names first, in the order of the text."""
    spoken = words(question)[:2000]
    found = index.find_names({key for _, _, key in runs(spoken)})
    taken = [False] * len(spoken)
    mentions: list[Mention] = []
    for start, end, key in runs(spoken) if found else ():
        if key in found and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            own = [product for product, sort in found[key] if sort != "synonym"]
            # A name that some product bears as its own is not meant as the synonym of another.
            products = tuple(own or (product for product, _ in found[key]))
            mentions.append(Mention(key, products, found[key][0][1], start))
    return tuple(sorted(mentions, key=lambda mention: mention.start))


def find_slips(question: str, index: Names) -> tuple[Slip, ...]:
    """Words of ``question`` that are no word we know and look like a product's name."""
    from rapidfuzz.distance import OSA

    unknown = [
        word
        for word in dict.fromkeys(words(question)[:400])
        if len(word) >= _SHORTEST_SLIP
        and not word.isdigit()
        and len(word) <= 40
        and not index.knows_word(word)
        and not is_compound(word)
    ]
    slips: dict[tuple[str, str], Slip] = {}
    for word in unknown:
        near = [(OSA.distance(word, key, score_cutoff=2), key) for key in index.name_keys if _comparable(word, key)]
        near = [(distance, key) for distance, key in near if distance <= _most_letters(word, key)]
        for _, key in sorted(near)[:3]:
            slips.setdefault((word, key), Slip(word, key, tuple(p for p, _ in index.find_names([key])[key])))
    return tuple(slips.values()) or _parts(question, index)


def _most_letters(word: str, key: str) -> int:
    """In how many letters a slip may differ: in two of a long word that begins as the name does."""
    return 2 if len(word) >= _LONG_WORD and word[0] == key[0] else 1


def _comparable(word: str, key: str) -> bool:
    return " " not in key and abs(len(word) - len(key)) <= 2 and len(key) >= _SHORTEST_SLIP


def _parts(question: str, index: Names) -> tuple[Slip, ...]:
    """Words that are the first word of a longer name ("Keytruda" where only "Keytruda Qlex" is at hand): asked back.

    Not those of a salt: potassium by itself is what is measured.
    """
    spoken = {word for word in words(question)[:400] if len(word) >= _SHORTEST_SLIP} - SALTS - FORMS
    found: list[Slip] = []
    for key in index.name_keys:
        first, _, rest = key.partition(" ")
        if rest and first in spoken:
            products = index.find_names([key])[key]
            if products[0][1] == "brand":
                found.append(Slip(first, key, tuple(product for product, _ in products)))
    return tuple(found[:3])


def slips_in_names(question: str, keys: Iterable[str], index: Names) -> tuple[str, ...]:
    """The words of ``question`` that are a name in ``keys`` of several words, with a slip in some: "pottasium citrate".

    One slip in a word, which nobody knows as it is typed; a letter doubled or not is none besides.
    """
    spoken = words(question)[:400]
    found: dict[str, None] = {}
    for name in (key.split() for key in keys if " " in key):
        for start in range(len(spoken) - len(name) + 1):
            said = spoken[start : start + len(name)]
            if said != name and all(map(_is_slip_or_same, said, name, [index] * len(name))):
                found[" ".join(said)] = None
    return tuple(found)


def _is_slip_or_same(said: str, meant: str, index: Names) -> bool:
    from rapidfuzz.distance import OSA

    if said == meant:
        return True
    if len(said) < _SHORTEST_SLIP or said[0] != meant[0] or is_typed_so(said) or index.knows_word(said):
        return False
    return OSA.distance(undoubled(said), undoubled(meant)) <= 1


def shortened(question: str, product: str, keys: Iterable[str], index: Names) -> tuple[str, ...]:
    """Words of ``question`` that begin a name of ``product`` and of no other: "atorva" on atorvastatin's page.

    Not words that are known as they stand ("sulfa", "table"), nor the beginnings of a salt or a form ("sulfat").
    """
    own = {word for key in keys for word in words(key)} - SALTS - FORMS
    spoken = {word for word in words(question)[:400] if len(word) >= _SHORTEST_BEGINNING}
    begins = [word for word in spoken if any(name.startswith(word) and name != word for name in own)]
    found = {word for word in begins if not is_typed_so(word) and not index.knows_word(word)}
    if not found:
        return ()
    others = [key for key in index.name_keys if key.startswith(tuple(found))]
    known = index.find_names(others)
    shared = {word for word in found for key in others if key.startswith(word) and _another(known[key], product)}
    return tuple(sorted(found - shared))


def _another(names: Iterable[tuple[str, str]], product: str) -> bool:
    return any(other != product for other, _ in names)


def keys_to_mask(mentions: Sequence[Mention], products: tuple[str, ...]) -> tuple[str, ...]:
    """The names in the question that stand for ``products``, to be masked for the model."""
    return tuple(sorted({m.key for m in mentions if set(m.products) & set(products)}))
