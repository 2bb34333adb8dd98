"""On a label of several uses, the doses for one of them are not those for another.

Labels set them apart in subsections (21 CFR 201.57(c)(3)(i)): "Dosage for asthma", "Dosage for chronic urticaria".
Beside the one that is asked for the other is a danger: it looks like a second regimen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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

#: How a row of an impaired function begins; a section on it has a number or a sentence before.
_ROW = re.compile(
    r"\s*(?:(?:Mild|Moderate|Severe)(?: or (?:Moderate|Severe))? (?:RI|HI|(?:Renal|Hepatic) Impairment)|Child-Pugh)\b"
)
_OF_INDICATIONS = "indications indicated usage limitations"
_BRACKET = re.compile(r"\(([^()]{2,30})\)")
#: What a passage is of stands in its first words.
_FIRST_WORDS = 200


def without_doses_of_others(
    index: Index, ranked: Sequence[Candidate], illnesses: Sequence[Sequence[str]], uses: frozenset[str]
) -> list[Candidate]:
    """``ranked`` without passages on the doses for other uses, where the title of one names every one of ``illnesses``.

    And, where the first words of one do, without those whose first words name another use and that speak of none of the
    ``illnesses``: of a section of doses in renal impairment one piece may be for each use.

    :param uses: the terms of what the label is for: a title that names these alone is one of another use.
    """
    if not illnesses:
        return list(ranked)
    names = [name for words in illnesses for name in all_names(words)]
    kept = list(ranked)
    if any(names_all(each.entry, illnesses) for each in kept):
        kept = [each for each in kept if not _is_of_another(index, each, names, uses)]
    dosed = {each.entry.row: _first_terms(index, each) for each in kept if each.entry.head.is_about("dosage")}
    if not any(name <= first for first in dosed.values() for name in names):
        return kept
    others = [other for other in _uses_by_title(ranked) if all(other.isdisjoint(name) for name in names)]
    led = {row for row, first in dosed.items() if any(other <= first for other in others)}
    return [e for e in kept if e.entry.row not in led or any(name <= index.stems(e.entry) for name in names)]


def without_rows_of_impairment(index: Index, ranked: Sequence[Candidate]) -> list[Candidate]:
    """``ranked`` without pieces of tables of doses that begin with the row of an impaired function.

    For a question that names none: what is cut off from the table's first rows is read as everybody's dose.
    """
    return [
        e for e in ranked if not (e.entry.head.is_about("dosage") and _ROW.match(index.load(e.entry).text.decode()))
    ]


def _first_terms(index: Index, each: Candidate) -> frozenset[str]:
    return frozenset(lexical.terms(index.load(each.entry).text.decode()[:_FIRST_WORDS]))


def _uses_by_title(ranked: Sequence[Candidate]) -> list[frozenset[str]]:
    """The terms of each name of a use with a subsection of its own among the indications: in full, and in brackets."""
    titles = [each.entry.head.title for each in ranked if each.entry.head.topic == "indication"]
    names = [name for title in titles for name in (_BRACKET.sub(" ", title), *_BRACKET.findall(title))]
    of_any = lexical.listed(_OF_ANY_USE) | lexical.listed(_OF_INDICATIONS)
    return [terms for name in names if (terms := frozenset(lexical.terms(name)) - of_any)]


def _is_of_another(index: Index, each: Candidate, names: Sequence[frozenset[str]], uses: frozenset[str]) -> bool:
    head = each.entry.head
    told = frozenset(lexical.terms(head.title)) - lexical.listed(_OF_ANY_USE)
    titled = head.topic == "dosage" and bool(told) and told <= uses
    return titled and not any(name <= index.stems(each.entry) for name in names)
