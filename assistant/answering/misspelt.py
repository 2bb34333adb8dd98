"""Names of substances that are typed with a slip ("warfrin"): no evidence that a label is silent on what was meant.

For that alone. A slip in a name is never mended: look-alike names kill (ISMP), and what a passage says it says of the
name that stands in it. A word that anybody knows is none, and one slip alone is: "nimodipine" is two from nifedipine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.answering import lexical
from assistant.answering.drug_classes import NAMES_OF, called
from assistant.answering.index import Entry, Index
from assistant.understanding.spelling import is_ordinary

#: A shorter word is near too many others.
_SHORT = 5


def may_name(word: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether ``word``, in lower case, is known to nobody and a slip away from a name that ``entries`` hold, or from
    one whose substance they call otherwise."""
    if len(word) < _SHORT or word in NAMES_OF or is_ordinary(word) or index.knows_word(word):
        return False
    written = {term for entry in entries for term in index.stems(entry)}
    typed = lexical.terms(word)
    if len(typed) == 1 and any(_near(typed[0], written)):
        return True
    names = (name for meant in _near(word, list(NAMES_OF)) for name in (meant, *called(meant)))
    return index.speaks_of([frozenset(lexical.terms(name)) for name in names], entries)


def _near(word: str, known: Collection[str]) -> Iterator[str]:
    """Those of ``known`` that are one slip of the keyboard away, two neighbours swapped being one."""
    for name, _, _ in process.extract(word, known, scorer=OSA.distance, score_cutoff=1, limit=None):
        if len(name) >= _SHORT:
            yield name
