"""Whether the approved passages say anything at all of what a question is about (docs/decisions/0023).

There is always a nearest passage. Where none of them names the thing asked about, under any of its names, the nearest
is no answer. Only things all of whose names are known decide; what is merely mentioned beside the question does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from assistant.answering import drug_classes, lexical
from assistant.answering.index import Entry, Index
from assistant.answering.strengths import speaks_of_its_acts
from assistant.answering.which_product import is_own, own_terms
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
#: Of other questions some matters are what is asked: intent -> one of the words that labels write of it.
_OF_ONE_MATTER = {"overdose": "dialysis", "pharmacokinetics": "dialysis", "pediatric": "vaccine"}


def silent_on(reading: Reading, intent: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether none of ``entries``, all of one product, speaks of what the question is about.

    False where it is about nothing that is known by all its names.
    """
    own = own_terms(index, entries[0].head.product) if entries and intent in _WITH_ANOTHER else frozenset[str]()
    names = [frozenset(lexical.terms(name)) for name in _names(reading, intent, own)]
    if not names or index.speaks_of(names, entries):
        return False
    beside = reading.named("substance") if intent in _WITH_ANOTHER else ()
    return not any(speaks_of_its_acts(index, entries, word) for span in beside for word in words(span))


def _names(reading: Reading, intent: str, own: Set[str]) -> Iterator[str]:
    """All names of what the question is about: the substances taken besides, else complaints, else matters.

    :param own: the terms of the product's own name: what it consists of is none taken besides.
    """
    named = False
    if intent in _WITH_ANOTHER:
        # Words that everybody uses ("heart pills") name nothing that a label could be searched for.
        # Of "flu shot" the influenza alone is no substance.
        parts = {word for _, said in matters_in(reading.masked) if " " in said for word in words(said)}
        beside = [
            span for span in reading.named("substance") if not is_own(span, own) and not parts.issuperset(words(span))
        ]
        spans = [[word for word in words(span) if _may_decide(word, intent)] for span in beside]
        if all(spans):
            for word in (word for span in spans for word in span):
                named = True
                # Of letters the plural is another term: "SSRI", "SSRIs".
                yield from (word, f"{word}s", *drug_classes.called(word))
            for matter, _ in matters_in(" ".join(beside)) if named else ():
                yield from matter.written
    # Cirrhosis may be what the label calls hepatic impairment: of groups of patients it has its own words.
    if not named and intent in _OF_A_COMPLAINT and not reading.population:
        for complaint in lay_terms.named(reading.masked):
            named = True
            yield from complaint
    if not named:
        for matter, _ in matters_in(reading.masked):
            if matter.decides and (intent in _OF_A_MATTER or _OF_ONE_MATTER.get(intent) in matter.written):
                yield from matter.written


def _may_decide(word: str, intent: str) -> bool:
    """Whether a word of a substance's name is one that a label would use, by that or by a name that is known.

    A food is called by many words ("citrus") of which no list knows the others.
    """
    if intent == "food_interaction":
        return word in drug_classes.NAMES_OF or any(True for _ in matters_in(word))
    return not is_ordinary(word)
