"""Whether the approved passages say anything at all of what a question is about (docs/decisions/0023).

There is always a nearest passage. Where none of them names the thing asked about, under any of its names, the nearest
is no answer. Only things all of whose names are known decide; what is merely mentioned beside the question does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.answering import drug_classes, lexical
from assistant.answering.index import Entry, Index
from assistant.content.lexicon import words
from assistant.understanding import lay_terms
from assistant.understanding.matters import matters_in
from assistant.understanding.reading import Reading
from assistant.understanding.spelling import is_ordinary

#: Questions that only what the label says of the other substance can answer.
_WITH_ANOTHER = frozenset(("drug_interaction", "food_interaction"))
#: Questions that only what the label says of the complaint or illness can answer.
_OF_A_COMPLAINT = frozenset(("adverse_reactions", "warnings", "contraindication"))
#: Questions that only what the label says of the matter can answer, where one is named.
_OF_A_MATTER = (
    _OF_A_COMPLAINT
    | _WITH_ANOTHER
    | {
        "administration",
        "cost_coverage",
        "discontinuation",
        "how_supplied",
        "ingredients",
        "patient_counseling",
        "reproductive_potential",
        "storage",
    }
)


def silent_on(reading: Reading, intent: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether none of ``entries``, all of one product, speaks of what the question is about.

    False where it is about nothing that is known by all its names.
    """
    names = [frozenset(lexical.terms(name)) for name in _names(reading, intent)]
    return bool(names) and not index.speaks_of(names, entries)


def _names(reading: Reading, intent: str) -> Iterator[str]:
    """All names of what the question is about: the substances taken besides, else complaints, else matters."""
    named = False
    if intent in _WITH_ANOTHER:
        # Words that everybody uses ("heart pills") name nothing that a label could be searched for.
        spans = [[word for word in words(span) if not is_ordinary(word)] for span in reading.named("substance")]
        if all(spans):
            for word in (word for span in spans for word in span):
                named = True
                yield from (word, *drug_classes.called(word))
    # Cirrhosis may be what the label calls hepatic impairment: of groups of patients it has its own words.
    if not named and intent in _OF_A_COMPLAINT and not reading.population:
        for complaint in lay_terms.named(reading.masked):
            named = True
            yield from complaint
    if not named and intent in _OF_A_MATTER:
        for matter, _ in matters_in(reading.masked):
            if matter.decides:
                yield from matter.written
