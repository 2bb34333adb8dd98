"""Uses that a label keeps to adults or to children: an indication in the one is none in the others.

An indication states the patients that it is for (21 CFR 201.57(c)(2)); no sentence need say that it is not for others.
Nothing here is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.age_groups import (
    ADULT_AGES,
    ADULTS,
    AGED,
    CHILD_AGES,
    CHILDREN,
    GROUP,
    GROWN,
    NOT_SO,
    Child,
    ages_of,
    asks_of_adults,
    of_illness,
)
from assistant.answering.index import Entry, Index
from assistant.answering.near_neighbours import of_another_type
from assistant.answering.quantities import ranges_in
from assistant.answering.unestablished import approves, names_an_illness, sentences_of
from assistant.understanding.conditions import OF_ANY_ILLNESS
from assistant.understanding.illness_alone import is_an_illness
from assistant.understanding.indications import indicating
from assistant.understanding.lay_terms import said_otherwise

#: When an illness begins says nothing of whom the medicine is for.
_ONSET = re.compile(r"\b\w+-onset\b", re.IGNORECASE)
#: What a section on children tells of adults, whose illness may be another: "comparable between adults with X and ...".
_ADULTS_WITH = re.compile(
    r"\badult(?:s| patients?| subjects?) with\b[^.;]*?(?=\b(?:p(?:a)?ediatric|child(?:ren)?|adolescents?)\b|[.;]|$)",
    re.IGNORECASE,
)
#: Of whom a limitation of use speaks: "patients aged 18 years or more with chickenpox".
_WITH = re.compile(r"\bwith ([^.,;:()]+)", re.IGNORECASE)
_AND_MORE = re.compile(
    r"(?:\bor )?(?:\b(?:greater than or equal to|at least)|\u2265) ?(\d+) years(?: of age)?(?: and older)?",
    re.IGNORECASE,
)
#: An illness that is called by a person's name.
_EPONYM = re.compile(r"\b[A-Z][a-z]{3,}(?:['\u2019]s)? (?:disease|syndrome)\b")


def for_adults_only(index: Index, entries: Sequence[Entry], uses: Sequence[str], child: Child) -> bool:
    """Whether the ``uses`` keep the illness that is asked about to adults, and no section on children or title of a
    dose for them names it.

    They say "adults" of it, or say of another illness from which age on it is treated, and of this one nothing.
    """
    about = [each for each in uses if child.names and of_illness(each, child)]
    # A heading of groups, or an illness in shorthand, may hold the one that is asked about.
    of_others = [each for each in uses if _may_be_of(each, CHILD_AGES)]
    if not about or not all(_names_another(each, child) for each in of_others):
        return False
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    said = [sentence for entry in of_children for sentence in sentences_of(index.load(entry).text.decode())]
    if not any(ADULTS.search(each) for each in about) and (
        not any(map(AGED.search, of_others)) or any(approves(each) and not names_an_illness(each) for each in said)
    ):
        return False
    said += [e.head.title for e in entries if e.head.topic == "dosage" and CHILDREN.search(e.head.title)]
    return not any(of_illness(_ADULTS_WITH.sub(" ", each), child) and not NOT_SO.search(each) for each in said)


def _names_another(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names an illness, and none that shares a word with the one that is asked about, or another
    type of that one: no rheumatoid arthritis is a juvenile."""
    named = {term for names in child.names for name in names for term in name}
    illnesses = (word for word in re.findall(r"[A-Za-z]{5,}", sentence) if is_an_illness(word))
    telling = any(OF_ANY_ILLNESS.isdisjoint(lexical.terms(word)) for word in illnesses) or _EPONYM.search(sentence)
    apart = any(of_another_type(name, [sentence]) for names in child.names for name in names)
    return bool(telling) and (apart or named.isdisjoint(lexical.terms(sentence)))


def for_children_only(uses: Sequence[str], names: Sequence[Sequence[frozenset[str]]]) -> bool:
    """Whether each of the ``uses`` that names these illnesses keeps to children."""
    asked = Child(ADULT_AGES, True, 0.0, tuple(map(tuple, names)))
    about = [_ONSET.sub(" ", each) for each in uses if asked.names and of_illness(each, asked)]
    return bool(about) and all(ages_of(each) and not _may_be_of(each, ADULT_AGES) for each in about)


def _may_be_of(sentence: str, ages: tuple[float, float]) -> bool:
    """Whether ``sentence``, of an indication, names a group of patients to whom some of these ``ages`` belong."""
    if (ADULTS if ages == ADULT_AGES else CHILDREN).search(sentence):
        return True
    return any(low < ages[1] and ages[0] < high for low, high in ages_of(sentence))


def not_in_adults(index: Index, entries: Sequence[Entry], question: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The limitations of use that leave out the adults asked about for an illness in ``question``, and its words.

    "Patients aged 18 years or more with chickenpox" stands below "has not been established in" (21 CFR
    201.57(c)(2)(ii)).
    """
    found, named = list[Entry](), tuple[str, ...]()
    if not asks_of_adults(question):
        return (), ()
    asked = frozenset(lexical.terms(question))
    for entry in entries:
        for said in indicating(index.load(entry).text.decode())[1] if entry.head.topic == "indication" else ():
            of_it = _WITH.search(said)
            ages = [each for each in ranges_in(_AND_MORE.sub(r", \1 years and older", said)) if each.kind == "age"]
            if of_it is None or not any(each.low == GROWN and each.high == math.inf for each in ages):
                continue
            if any(asked.issuperset(lexical.terms(name)) for name in (of_it[1], *said_otherwise(of_it[1]))):
                found.append(entry)
                named = named or tuple(of_it[1].casefold().split())
    # The overview of the section says it as well; the passage of its own says it shortest.
    found = sorted(dict.fromkeys(found), key=lambda entry: len(index.load(entry).text))
    return tuple(found[:1]), named
