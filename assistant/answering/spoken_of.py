"""What the product's own label speaks of is never out of scope: "naproxen", "can I drink a beer?", "flu shot".

A question of few words on a product's page names a medicine, a drink or another matter and asks nothing more. Where the
approved passages hold it, by its name, its class or the words that labels write of it, they are searched; where they do
not, or where the question says more than that, nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from assistant.answering import lexical
from assistant.answering.drug_classes import NAMES_OF, called
from assistant.answering.index import Entry, Index
from assistant.answering.planning import AGAINST_A_CONDITION
from assistant.answering.which_product import is_own
from assistant.content.lexicon import words
from assistant.domain import OTHER_INTENTS
from assistant.understanding.matters import matters_in
from assistant.understanding.other_medicines import asks_which_stops_first
from assistant.understanding.reading import Reading
from assistant.understanding.spelling import is_ordinary

_OUT_OF_SCOPE, _COMPARISON = "out_of_scope", "comparison"
#: Matters that are eaten or drunk: one of the words that labels write of each.
_EATEN = frozenset(("alcohol", "grapefruit", "caffeine", "vitamin", "probiotic"))
#: Topics that speak against taking two medicines together.
_AGAINST = AGAINST_A_CONDITION | {"food_interaction"}
#: How sure it is that such a question is about the substance that it names.
_SURE = 0.8
#: What people say beside the name: they ask whether it goes together, and no more.
_ASKING = frozenset(
    lexical.terms(
        "ok okay safe fine allowed bad problem together same time combine combined combining concomitant concurrent "
        "coadministration with drink drinking eat eating have having get getting go going do glass cup sip juice bit "
        "little one two few mix mixing add adding plus interaction interactions dose while still use patient patients "
        "pull pulled pain headache cold today tonight now"
    )
)


def in_scope(
    intents: tuple[tuple[str, float], ...], reading: Reading, index: Index, entries: Sequence[Entry], own: Set[str]
) -> tuple[tuple[str, float], ...]:
    """``intents`` without the one that puts the question out of scope, where ``entries`` speak of all that it names.

    And without a comparison where it is asked which of two medicines is stopped first.

    :param entries: the passages of one product that may answer.
    :param own: the terms of the product's own name.
    """
    if intents and intents[0][0] == _COMPARISON and asks_which_stops_first(reading.masked):
        return tuple(pair for pair in intents if pair[0] not in OTHER_INTENTS) or (("drug_interaction", _SURE),)
    if not intents or intents[0][0] != _OUT_OF_SCOPE or not entries:
        return intents
    matters = [(matter, said) for matter, said in matters_in(reading.masked) if matter.decides]
    told = {word for _, said in matters for word in words(said)}
    known = [word for word in words(reading.masked) if word not in told and _is_substance(word, reading)]
    substances = [word for word in known if not is_own(word, own)]
    rest = lexical.terms(reading.masked)
    named = {term for said in (*substances, *(said for _, said in matters)) for term in lexical.terms(said)}
    if not named or any(term not in named | _ASKING for term in rest):
        return intents
    names = [[frozenset(lexical.terms(name)) for name in matter.written] for matter, _ in matters]
    if not all(index.speaks_of(each, entries) for each in names):
        return intents
    if not all(_names_medicine(index, entries, word) for word in substances):
        return intents
    if any(_EATEN.intersection(matter.written) for matter, _ in matters):
        return (("food_interaction", _SURE),)
    if substances:
        return (("drug_interaction", _SURE),)
    return tuple(pair for pair in intents if pair[0] not in OTHER_INTENTS) or (("drug_interaction", _SURE),)


def _names_medicine(index: Index, entries: Sequence[Entry], word: str) -> bool:
    """Whether ``entries`` name the substance ``word``, or its class where they speak of medicines taken besides.

    Elsewhere the word for a class is something else: the anticoagulant in a blood tube.
    """
    if index.speaks_of(lexical.names_of(word), entries):
        return True
    besides = [e for e in entries if e.head.is_about("drug_interaction") or e.head.topic in _AGAINST]
    return index.speaks_of([frozenset(lexical.terms(name)) for name in called(word)], besides)


def _is_substance(word: str, reading: Reading) -> bool:
    if word in NAMES_OF:
        return True
    return not is_ordinary(word) and any(word in words(span) for span in reading.named("substance"))
