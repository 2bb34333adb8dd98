"""Whoever asks with the title of a section and nothing else gets the section from its beginning.

"Pregnancy" is as near to the fifth piece of section 8.1 as to its first, and what stands there ("the lack of a pattern
is reassuring") was written to be read behind the risk summary (21 CFR 201.57(c)(9)(i)). Nothing here is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.retrieval import Candidate, in_places_of

#: A title of more words is not what anybody asks with.
_MOST_TERMS = 4


def in_label_order(ranked: Sequence[Candidate], question: str) -> list[Candidate]:
    """``ranked`` (best first) with the pieces of the best one's section in the label's order, if that is all asked.

    The scores that they had are theirs again, the best that of the first piece: what is near stays near.

    :param question: product names masked.
    """
    asked = frozenset(lexical.terms(question))
    if not ranked or not asked or len(asked) > _MOST_TERMS:
        return list(ranked)
    best = ranked[0].entry.head
    if not asked <= frozenset(lexical.terms(best.title)):
        return list(ranked)
    places = [
        at
        for at, each in enumerate(ranked)
        if (each.entry.head.document, each.entry.head.locator, each.entry.head.title)
        == (best.document, best.locator, best.title)
    ]
    ordered = sorted((ranked[at] for at in places), key=lambda each: each.entry.row)
    found = list(ranked)
    for at, each in zip(places, ordered, strict=True):
        found[at] = each
    return in_places_of(ranked, found)
