"""Where a label's results stand: behind what says how a trial was made, in the section on the illness asked about.

A section on studies tells first who was treated and how, in the words of the question, and what came of it in the
table behind, in few words and many numbers (21 CFR 201.57(c)(15)). For ranking alone: nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate, in_places_of

#: So many of the best passages may be what stands before the results; so many passages behind one are looked at.
_FIRST, _BEHIND = 3, 2
#: What holds so much more of results than what stands before it tells what came of it; from this share of the best
#: one's evidence on.
_MORE, _NEAR = 0.18, 0.7
#: What is itself results by more than this share is no passage on how a trial was made.
_RESULTS = 0.5
#: A section's title that says the illness in letters as well: "Chronic Itch (CI) in Adults".
_SHORT = re.compile(r"([^()]*)\(([A-Z][A-Za-z-]{1,9})\)")


def results_first(index: Index, ranked: Sequence[Candidate], question: str) -> list[Candidate]:
    """``ranked`` (best first) for a question after a study's result; the scores stay in their places.

    :param question: product names masked.
    """
    return in_places_of(ranked, _with_what_came_of_it(index, _of_the_illness_asked(ranked, question)))


def _of_the_illness_asked(ranked: Sequence[Candidate], question: str) -> list[Candidate]:
    """``ranked`` with studies of another illness behind, where a title names the one that is asked about."""
    named = {each.entry.row: _is_named(each.entry.head.title or "", question) for each in ranked}
    if not any(named[each.entry.row] for each in ranked[:_FIRST]):
        return list(ranked)
    return sorted(ranked, key=lambda each: named[each.entry.row] is False)


def _is_named(title: str, question: str) -> bool | None:
    """Whether ``question`` names the illness of a section's ``title``; None: the title tells none in letters."""
    said = _SHORT.search(title)
    if said is None:
        return None
    words, letters = frozenset(lexical.terms(said[1])), re.escape(said[2])
    spelt = bool(words) and words <= frozenset(lexical.terms(question))
    return spelt or re.search(rf"(?<![\w-]){letters}(?![\w-])", question) is not None


def _with_what_came_of_it(index: Index, ranked: Sequence[Candidate]) -> list[Candidate]:
    """``ranked`` with the results that stand right behind one of the first in front of it."""
    by_row = {each.entry.row: each for each in ranked}
    moved: list[Candidate] = []
    for each in ranked[:_FIRST]:
        found = _behind(index, each, by_row, _NEAR * ranked[0].score)
        moved += [found, each] if found is not None else [each]
    first = {each.entry.row: each for each in moved}
    return [*first.values(), *(each for each in ranked if each.entry.row not in first)]


def _behind(index: Index, before: Candidate, by_row: dict[int, Candidate], near: float) -> Candidate | None:
    """The passage with the results of what ``before`` tells, if it is near the question too."""
    section = _section(before)
    told = index.results(before.entry)
    if before.entry.head.topic != "clinical_studies" or told > _RESULTS:
        return None
    for row in range(before.entry.row + 1, before.entry.row + 1 + _BEHIND):
        each = by_row.get(row)
        if each is None or _section(each) != section:
            continue
        if index.results(each.entry) >= told + _MORE:
            return each if each.score >= near else None
    return None


def _section(candidate: Candidate) -> tuple[str, str, str | None]:
    head = candidate.entry.head
    return head.document, head.locator, head.title
