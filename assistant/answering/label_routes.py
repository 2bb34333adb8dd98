"""A route of administration that the label does not have is answered with what it says of routes, or not at all.

How much to give and how is said for the routes of the label (21 CFR 201.57(c)(3)(i)); read for another it is a dose
that nobody approved. Where a question names a route that none of the passages on doses, forms and uses speaks of, only
those passages may answer that speak against it, or that keep the medicine to others: "for intravenous use only".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate
from assistant.understanding.routes import allows, routes_asked, speaks_against

#: Questions that ask what to give, how, to whom and for what.
_OF_A_ROUTE = frozenset(
    ("dosage", "administration", "pediatric", "geriatric", "renal_impairment", "hepatic_impairment", "indication")
)
#: Topics of passages that say by which route a medicine is given.
_TELLS = frozenset(("dosage", "administration", "indication", "how_supplied", "ingredients"))
#: Between routes of which either will do.
_EITHER = re.compile(r"\b(?:or|vs|versus)\b|/", re.IGNORECASE)


def of_its_routes(
    index: Index, entries: Sequence[Entry], ranked: Sequence[Candidate], question: str, intent: str
) -> tuple[list[Candidate], bool]:
    """``ranked`` without what may not answer for the routes that ``question`` names, and whether ``entries``, all of
    one product, lack one of these routes; of routes of which either will do, whether they lack all."""
    asked = routes_asked(question) if intent in _OF_A_ROUTE else frozenset[str]()
    telling = [index.load(entry).text.decode() for entry in entries if asked and entry.head.topic in _TELLS]
    lacking = {route for route in asked if telling and not any(allows(text, route) for text in telling)}
    if not lacking or (lacking < asked and _EITHER.search(question)):
        return list(ranked), False
    return [
        c for c in ranked if any(speaks_against(index.load(c.entry).text.decode(), route) for route in lacking)
    ], True
