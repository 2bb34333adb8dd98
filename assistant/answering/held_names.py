"""Whether passages hold a name, its words near each other.

The words of a name may stand anywhere in a long passage: one on birth defects and a control group speaks of no birth
control.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.answering import lexical
from assistant.answering.index import Entry, Index

#: So many words may stand between those of a name: "live or attenuated vaccine".
_BETWEEN = 3


def holds_any(index: Index, names: Sequence[frozenset[str]], entries: Sequence[Entry]) -> bool:
    """Whether any of ``entries``, all of one product, holds one of ``names``, each given by its terms."""
    if index.speaks_of([name for name in names if len(name) == 1], entries):
        return True
    wide = [name for name in names if len(name) > 1]
    holding = [(entry, [name for name in wide if name <= index.stems(entry)]) for entry in entries] if wide else []
    return any(stand_near(held, index.load(entry).text.decode()) for entry, held in holding if held)


def stand_near(names: Iterable[frozenset[str]], text: str) -> bool:
    """Whether the terms of one of ``names`` stand near each other in ``text``, in whatever order."""
    places: dict[str, list[int]] = {}
    for at, term in enumerate(lexical.terms(text)):
        places.setdefault(term, []).append(at)
    return any(_near(sorted((places.get(term, []) for term in name), key=len), len(name) + _BETWEEN) for name in names)


def _near(places: Sequence[Sequence[int]], reach: int) -> bool:
    """Whether some of each of ``places`` lie within ``reach`` of one of the first, the rarest."""
    rarest, *rest = places
    return any(all(any(abs(at - each) < reach for each in others) for others in rest) for at in rarest)
