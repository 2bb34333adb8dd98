"""On a label of several uses, the doses for one of them are not those for another.

Labels set them apart in subsections (21 CFR 201.57(c)(3)(i)): "Dosage for asthma", "Dosage for chronic urticaria".
Beside the one that is asked for the other is a danger: it looks like a second regimen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.label_status import all_names
from assistant.answering.referred_doses import names_all
from assistant.answering.retrieval import Candidate

#: Words of titles that name no use.
_OF_ANY_USE = (
    "recommended dosage dose dosing administration adult adults pediatric patients geriatric older adolescents "
    "children years age weight kg starting initial loading maintenance maximum daily weekly general information "
    "important use treatment prevention and table"
)


def without_doses_of_others(
    index: Index, ranked: Sequence[Candidate], illnesses: Sequence[Sequence[str]], uses: frozenset[str]
) -> list[Candidate]:
    """``ranked`` without passages on the doses for other uses, where the title of one names every one of ``illnesses``.

    :param uses: the terms of what the label is for: a title that names these alone is one of another use.
    """
    if not illnesses or not any(names_all(each.entry, illnesses) for each in ranked):
        return list(ranked)
    names = [name for words in illnesses for name in all_names(words)]
    return [each for each in ranked if not _is_of_another(index, each, names, uses)]


def _is_of_another(index: Index, each: Candidate, names: Sequence[frozenset[str]], uses: frozenset[str]) -> bool:
    head = each.entry.head
    told = frozenset(lexical.terms(head.title)) - _of_any_use()
    titled = head.topic == "dosage" and bool(told) and told <= uses
    return titled and not any(name <= index.stems(each.entry) for name in names)


@lru_cache(maxsize=1)
def _of_any_use() -> frozenset[str]:
    return frozenset(lexical.terms(_OF_ANY_USE))
