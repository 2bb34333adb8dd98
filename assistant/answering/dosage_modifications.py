"""Where a label says what to do with the dose for a reaction of some grade: the row of its table on modifications.

"Pneumonitis Grade 2 Withhold" is one row of many, and a warning that tells how often pneumonitis came, in which grades
and after how long, has more of a question's words. What is to be done stands with the doses (21 CFR 201.57(c)(3)(i)).
For ranking alone: nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate

_DEGREE = r"(?:[1-5]|i{1,3}|iv)"
#: A grade as people write it, "grade 2", "G3", "grade 3-4", and what is named behind or before it.
_GRADE = re.compile(rf"\b(?:grades? |(?-i:G|Gr\.? ?))({_DEGREE})\b", re.IGNORECASE)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
#: Behind the name of a reaction its grades stand within so many characters, before the next reaction's.
_ROW = 260
#: A row of any grade says so right behind the name.
_ANY_GRADE, _RIGHT_BEHIND = re.compile(r"\bany grade\b", re.IGNORECASE), 80
#: What a label says is done.
_DONE = re.compile(
    r"\b(?:withh[eo]ld\w*|discontinu\w+|interrupt\w*|resum\w+|reduc\w+|continue|restart\w*|delay\w*|hold|monitor\w*)\b",
    re.IGNORECASE,
)
#: Words of such questions that name no reaction.
_ASKING = frozenset(
    lexical.terms(
        "manage managed management handle handled patient patients pt grade dose modification modify mod adjust "
        "adjustment withhold hold resume restart interrupt reduce permanently stop treatment therapy drug reaction "
        "adverse event toxicity first second third time severe mild moderate happen develop occurs recommended "
        "approach steps"
    )
)


def grade_asked(question: str) -> str:
    """The grade of a reaction that ``question`` names, as a digit; "": none."""
    found = _GRADE.search(question)
    return _ROMAN.get(found[1].casefold(), found[1]) if found else ""


def with_what_to_do(index: Index, ranked: Sequence[Candidate], question: str, named: Sequence[str]) -> list[Candidate]:
    """``ranked`` with those marked that say what is done with the dose at the grade of the reaction asked about.

    :param named: the words of what the question names as having happened; none: what else it says besides the grade.
    """
    grade = grade_asked(question)
    if not grade:
        return list(ranked)
    reactions = reactions_asked(question, named)
    return [replace(c, says_what_to_do=_says(index, c, grade, reactions)) for c in ranked]


def reactions_asked(question: str, named: Sequence[str]) -> list[frozenset[str]]:
    """The terms of each of ``named``, or, where none has any, each word of ``question`` that may be a reaction."""
    reactions = [frozenset(lexical.terms(words)) - _ASKING for words in named]
    return [each for each in reactions if each] or [
        frozenset((term,)) for term in lexical.Wording.of(_GRADE.sub(" ", question)).own if term not in _ASKING
    ]


def _says(index: Index, candidate: Candidate, grade: str, reactions: Sequence[frozenset[str]]) -> bool:
    if candidate.entry.head.topic != "dosage":
        return False
    held = [each for each in reactions if each <= index.stems(candidate.entry)]
    return bool(held) and has_row(index.load(candidate.entry).text.decode(), grade, held)


def has_row(text: str, grade: str, reactions: Sequence[frozenset[str]]) -> bool:
    """Whether ``text`` says behind the name of one of ``reactions`` what is done at ``grade`` of it."""
    at_grade = re.compile(rf"\bgrades?[^A-Za-z]*{grade}\b|\bgrades? \d,? (?:or|and|to) {grade}\b", re.IGNORECASE)
    for reaction in reactions:
        for word in re.finditer(r"[^\W\d_]+", text):
            if reaction.isdisjoint(lexical.terms(word[0])):
                continue
            row = text[word.start() : word.end() + _ROW]
            found = at_grade.search(row) or _ANY_GRADE.search(row, 0, _RIGHT_BEHIND)
            if reaction <= frozenset(lexical.terms(row)) and found and _DONE.search(row, found.end()):
                return True
    return False
