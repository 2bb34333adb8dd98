"""Whether the approved passages say anything at all of what a question is about (docs/decisions/0023).

There is always a nearest passage. Where none of them names the thing asked about, under any of its names, the nearest
is no answer. Only things all of whose names are known decide; what is merely mentioned beside the question does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from assistant.answering import drug_classes, lexical
from assistant.answering.asking_sentences import asking_parts
from assistant.answering.index import Entry, Index
from assistant.answering.misspelt import may_name
from assistant.answering.strengths import speaks_of_its_acts
from assistant.answering.which_product import is_own, own_terms
from assistant.content.lexicon import words
from assistant.understanding import lay_terms
from assistant.understanding.aspects import asks_what_becomes_of_it
from assistant.understanding.matters import Matter, matters_in
from assistant.understanding.reading import Reading
from assistant.understanding.spelling import is_ordinary

#: Questions that only what the label says of the other substance can answer.
_WITH_ANOTHER = frozenset(("drug_interaction", "food_interaction"))
#: Questions that only what the label says of the complaint or illness can answer.
_OF_A_COMPLAINT = frozenset(("adverse_reactions", "warnings", "contraindication"))
#: What a patient has or gets, and how a question names it that points to another sentence: "that colitis".
_OF_A_PATIENT = ("condition", "comorbidity", "event")
_KNOWN_ALREADY = re.compile(r"\b(?:that|this|those|these|his|her|their|my|our)\s+$", re.IGNORECASE)
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
#: Matters that are what is asked wherever they are named, each by the first of the words that labels write.
_OF_ANY_QUESTION = frozenset(
    (
        "continuous renal replacement",
        "electroencephalogram",
        "genotype",
        "ideal body weight",
        "in line filter",
        "lipid emulsion",
        "peritoneal",
        "qt",
        "scalp cooling",
        "trough",
    )
)
#: Where labels say what becomes of two in the body together (21 CFR 201.57(c)(8) and (13)).
_OF_LEVELS = _WITH_ANOTHER | {"administration", "contraindication", "dosage", "mechanism", "pharmacokinetics"}
#: Enzymes and transporters that a question asks of, and what labels write: of "any P-gp concern with digoxin?" a label
#: speaks that says what its medicine does to P-gp.
_OF_ENZYMES = re.compile(
    r"\b(?:(?P<cyp>cyp|p-?450|cytochrome)|(?P<pgp>p-? ?gp\b|p-? ?glycoprotein)|(?P<oatp>oatp))", re.IGNORECASE
)
_ENZYMES = {"cyp": "cyp", "pgp": "p gp", "oatp": "oatp"}


def silent_on(
    reading: Reading, intent: str, index: Index, entries: Sequence[Entry], shown: Sequence[Entry] = ()
) -> bool:
    """Whether none of ``entries``, all of one product, speaks of what the question is about.

    False where it is about nothing that is known by all its names. Of a longer text what its asking sentences name
    decides; of substances taken besides, which a story names before it asks, all where these name none.

    :param shown: those of ``entries`` that would be shown. Of a matter that the question itself names, and no story
        beside it, these must speak: what a trial scored tells nobody whether a tablet may be cut at its score.
    """
    parts = asking_parts(reading)
    besides: list[str] = []
    own = own_terms(index, entries[0].head.product) if intent in _WITH_ANOTHER and entries else frozenset[str]()
    if intent in _WITH_ANOTHER:
        besides = _besides(parts[0], intent, own)
        # "His tranquilliser" is what the story calls by its name.
        if not besides or not all(any(map(drug_classes.is_medicine, words(span))) for span in besides):
            besides = _besides(reading, intent, own)
    taken = [word for span in besides for word in words(span) if _may_decide(word, intent)]
    if taken:
        named = [name for word in taken for name in _names_of(word, own)]
        matters = [matter for matter, _ in matters_in(" ".join(besides))]
    else:
        named, matters = _asked_about(parts, intent)
    names = [frozenset(lexical.terms(name)) for name in (*named, *(each for m in matters for each in m.written))]
    if taken and intent == "drug_interaction" and asks_what_becomes_of_it(parts[0].masked):
        # Who took both in a trial tells nothing of what became of them.
        entries = [entry for entry in entries if any(map(entry.head.is_about, _OF_LEVELS))]
    elif shown and not taken and any(matter in matters for matter, _ in matters_in(parts[0].masked)):
        entries = shown
    if not names or index.speaks_of(names, entries) or _in_a_phrase(matters, index, entries):
        return False
    if any(may_name(word, index, entries) or speaks_of_its_acts(index, entries, word) for word in taken):
        return False
    # Where the substance is but told beside, the enzyme is what is asked about.
    told_beside = taken and not parts[0].named("substance")
    return not (told_beside and _speaks_of_enzymes(parts[0].masked, index, entries))


def _besides(reading: Reading, intent: str, own: Set[str]) -> list[str]:
    """The substances that a question names besides; none where a label could not be searched for all of them.

    :param own: the terms of the product's own name: what it consists of is none taken besides.
    """
    # Of "flu shot" the influenza alone is no substance.
    parts = {word for _, said in matters_in(reading.masked) if " " in said for word in words(said)}
    spans = [span for span in reading.named("substance") if not is_own(span, own) and not parts.issuperset(words(span))]
    # Words that everybody uses ("heart pills") name nothing that a label could be searched for.
    return spans if all(any(_may_decide(word, intent) for word in words(span)) for span in spans) else []


def _names_of(word: str, own: Set[str]) -> Iterator[str]:
    """All names of a substance. Of letters the plural is another term: "SSRI", "SSRIs".

    A label that says what its own medicine is ("a monoclonal antibody") says nothing of another with that ending.
    """
    listed = drug_classes.NAMES_OF[word].classes if word in drug_classes.NAMES_OF else ()
    its_own = {kind for term in own for kind in drug_classes.by_ending(term)}.difference(listed)
    yield from (word, f"{word}s", *(name for name in drug_classes.called(word) if name not in its_own))


def _asked_about(parts: Sequence[Reading], intent: str) -> tuple[list[str], list[Matter]]:
    """All names of the complaints, else the matters, that the narrowest of ``parts`` names which names any."""
    for part in parts:
        complaints = list(_complaints(part, intent))
        matters = [] if complaints else list(_matters(part, intent))
        if complaints or matters:
            # "That colitis" is what the question is about, whatever stands in the sentences beside it.
            pointed_at = _pointed_at(parts[0]) if part is not parts[0] and intent in _OF_A_COMPLAINT else ()
            return [*complaints, *pointed_at], matters
    return [], []


def _pointed_at(asking: Reading) -> Iterator[str]:
    """The illnesses that a question names as known from the sentences beside it."""
    for start, end, name in asking.chosen.spans or ():
        if name in _OF_A_PATIENT and _KNOWN_ALREADY.search(asking.masked, 0, start):
            yield asking.masked[start:end]


def _complaints(reading: Reading, intent: str) -> Iterator[str]:
    """All names of the complaints that are asked about.

    Cirrhosis may be what the label calls hepatic impairment: of groups of patients it has its own words.
    """
    if intent in _OF_A_COMPLAINT and not reading.population:
        for complaint in lay_terms.named(reading.masked):
            yield from complaint


def _matters(reading: Reading, intent: str) -> Iterator[Matter]:
    """The matters that are asked about."""
    for matter, _ in matters_in(reading.masked):
        asked = intent in _OF_A_MATTER or _OF_ONE_MATTER.get(intent) in matter.written
        if matter.decides and (asked or matter.written[0] in _OF_ANY_QUESTION):
            yield matter


def _in_a_phrase(matters: Iterable[Matter], index: Index, entries: Sequence[Entry]) -> bool:
    """Whether any of ``entries`` speaks of one of ``matters`` in words of which none tells it alone."""
    phrases = [matter.phrase for matter in matters if matter.phrase]
    return any(phrase.search(index.load(entry).text.decode()) for phrase in phrases for entry in entries)


def _speaks_of_enzymes(question: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether ``question`` asks of enzymes or transporters, beside what it names, and ``entries`` speak of them."""
    asked = {_ENZYMES[found.lastgroup or ""] for found in _OF_ENZYMES.finditer(question)}
    return index.speaks_of([frozenset(lexical.terms(written)) for written in asked], entries)


def _may_decide(word: str, intent: str) -> bool:
    """Whether a word of a substance's name is one that a label would use, by that or by a name that is known.

    A food is called by many words ("citrus") of which no list knows the others.
    """
    if intent == "food_interaction":
        return word in drug_classes.NAMES_OF or any(True for _ in matters_in(word))
    return not is_ordinary(word)
