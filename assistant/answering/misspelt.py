"""Names of substances that are typed with a slip ("warfrin"): no evidence that a label is silent on what was meant.

For that alone. A slip in a name is never mended: look-alike names kill (ISMP), and what a passage says it says of the
name that stands in it. A word that anybody knows is none, and one slip alone is: "nimodipine" is two from nifedipine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.answering import lexical
from assistant.answering.drug_classes import NAMES_OF, called, is_medicine
from assistant.answering.index import Entry, Index
from assistant.understanding.spelling import is_ordinary, is_typed_so, undoubled

#: A shorter word is near too many others.
_SHORT, _LONG = 7, 9
_UNDOUBLED = {name: undoubled(name) for name in NAMES_OF}


def may_name(word: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether ``word``, in lower case, is known to nobody and a slip away from a name that ``entries`` hold, or from
    one whose substance they call otherwise."""
    if len(word) < _SHORT or word in NAMES_OF or is_ordinary(word) or index.knows_word(word):
        return False
    typed = lexical.terms(word)
    if len(typed) == 1 and len(typed[0]) >= _LONG:
        # Of a name that no list has the label holds the stem; a short one is near stems of ordinary words.
        written = {term for entry in entries for term in index.stems(entry) if term[:1] == word[:1]}
        if any(True for _ in process.extract_iter(typed[0], written, scorer=OSA.distance, score_cutoff=1)):
            return True
    names = (name for meant in near_medicines(word) for name in (meant, *called(meant)))
    return index.speaks_of([frozenset(lexical.terms(name)) for name in names], entries)


def nearest_alone(word: str, index: Index) -> str:
    """The one listed medicine that ``word``, in lower case and known to nobody, is a slip away from; "" for several."""
    if len(word) < _SHORT or word in NAMES_OF or is_typed_so(word) or index.knows_word(word):
        return ""
    near = tuple(near_medicines(word))
    return near[0] if len(near) == 1 else ""


def near_medicines(word: str) -> Iterator[str]:
    """The listed medicines that are one slip of the keyboard away, two neighbours swapped being one, but for the first
    letter. A letter doubled or not is none besides."""
    found = process.extract(undoubled(word), _UNDOUBLED, scorer=OSA.distance, score_cutoff=1, limit=None)
    for _, _, name in found:
        if name[:1] == word[:1] and is_medicine(name):
            yield name
