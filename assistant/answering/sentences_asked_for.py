"""The sentence or row that holds what is asked for: a figure beside all that the question names, or a limit of it.

Two passages of reports share most words of a question; one of them holds its words apart from each other, and the other
in the one sentence that tells the number. What stands in one sentence, and how rare its words are, is evidence besides
how often they stand anywhere. For ranking alone: nothing here is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.planning import CLEARING_LESS
from assistant.answering.quantities import quantities_in
from assistant.answering.results import asks_for_a_result
from assistant.answering.retrieval import Candidate, in_places_of
from assistant.understanding.slots import populations

#: Topics of passages that count what happened.
_COUNTING = frozenset(("adverse_reactions", "clinical_studies", "warnings"))
#: Topics of passages that set limits, or say up to where it was studied.
_LIMITING = frozenset(("dosage", "administration", "warnings", "overview", "clinical_studies", "mechanism"))
#: From this share of the best evidence on a passage is looked at, and so many of them.
_NEAR, _MOST = 0.7, 12
#: The sentence in front holds so much more of what is asked for, and at least this much of it.
_MORE, _ENOUGH = 0.25, 0.5
#: A sentence ends here; a table has none, and is looked at in pieces of so many words that overlap by half.
_ENDS = re.compile(r"(?<=[.;?!])\s+(?=[A-Z\u2022(])|\n+")
_PIECE = 40
_FIGURE = re.compile(r"\d")
_ASKS_A_LIMIT = re.compile(
    r"\b(?:max(?:imum|imal)?|highest|upper limit|ceiling|fastest|not exceed|(?:at )?most (?:you|i|we|one)|"
    r"how (?:high|fast))\b",
    re.IGNORECASE,
)
_SAYS_A_LIMIT = re.compile(
    r"\b(?:exceed\w*|max(?:imum|imal)?|up to|(?:greater|higher|more|faster) than|at most|highest)\b",
    re.IGNORECASE,
)
#: How a trial was made: what only the passage on its design tells, in the one sentence that has the word.
_DESIGN = re.compile(
    r"\b(?:stratif\w+|eligib\w+|(?:inclusion|exclusion) criteria|excluded|enroll?ed|crossover|cross-over)\b",
    re.IGNORECASE,
)
_SAYS_THE_DESIGN = re.compile(
    r"\bstratified (?:by|according|for|based)|\bstratification factor|"
    r"\b(?:eligib|inclu|exclu|enrol)\w+|\bcross-?over\b",
    re.IGNORECASE,
)
#: Words of such questions that no sentence need hold.
_ASKING = frozenset(
    lexical.terms(
        "percent percentage share proportion incidence frequency number numbers many much often common result results "
        "versus vs placebo compared group arm arms trial trials study studies patient patients pts subject subjects "
        "people overall max maximum maximal highest upper limit ceiling studied both each treated data events event "
        "medicine reported report seen occur occurred occurrence had experienced during got happen folks"
    )
)
_ASKING_A_NUMBER = _ASKING | frozenset(lexical.terms("rate rates"))
#: What stands elsewhere in the passage counts so much: a study's name over its table, the illness in a title.
_ELSEWHERE = 0.5


@dataclass(frozen=True, slots=True)
class _Asked:
    """Something that a question names: the terms of each of its names, and how rare they are in the label."""

    names: tuple[frozenset[str], ...]
    weight: float

    def stands_in(self, held: frozenset[str]) -> bool:
        return any(name <= held for name in self.names)


def with_sentence_first(index: Index, ranked: Sequence[Candidate], question: str) -> list[Candidate]:
    """``ranked`` (best first) with the near passage in front, one sentence of which holds what is asked for.

    Where a figure, a limit or the design of a trial is asked for; the scores stay in their places.

    :param question: product names masked.
    """
    # Of whom a limit is asked decides more than that it is one: that of a group stands with its doses.
    limit = bool(_ASKS_A_LIMIT.search(question)) and not quantities_in(question)
    limit = limit and CLEARING_LESS.isdisjoint(populations(question))
    design = " ".join(match[0] for match in _DESIGN.finditer(question))
    if not ranked or not (limit or design or asks_for_a_result(question)):
        return list(ranked)
    topics, says = (_LIMITING, _SAYS_A_LIMIT) if limit else (_COUNTING, _FIGURE)
    if design:
        question, topics, says = design, frozenset(("clinical_studies",)), _SAYS_THE_DESIGN
    near = [c for c in ranked if c.score >= _NEAR * ranked[0].score and c.entry.head.topic in topics][:_MOST]
    asked = _named(index, ranked, question, _ASKING if limit else _ASKING_A_NUMBER)
    if not (near and asked):
        return list(ranked)
    first = ranked[0]
    enough = _ENOUGH * sum(each.weight for each in asked)
    near = [c for c in near if sum(each.weight for each in asked if each.stands_in(_stems(index, c))) >= enough]
    if not near:
        return list(ranked)
    held = {c.entry.row: held_in_one(_text(index, c), asked, says) for c in (*near, first)}
    best = max(near, key=lambda c: held[c.entry.row])
    if held[best.entry.row] < max(_ENOUGH, held[first.entry.row] + _MORE):
        return list(ranked)
    if (
        not design
        and first.entry.head.topic == "clinical_studies"
        and index.results(best.entry) < index.results(first.entry) > 0
    ):
        return list(ranked)  # the table tells what came of a trial, and prose what it was
    # What makes the nearest sure makes the one in its place no less so: it has the same words, closer together.
    as_sure = replace(
        best,
        dense=max(best.dense, first.dense),
        lexical=max(best.lexical, first.lexical),
        topic=max(best.topic, first.topic),
    )
    return in_places_of(ranked, [as_sure, *(c for c in ranked if c is not best)])


def _stems(index: Index, candidate: Candidate) -> frozenset[str]:
    """The terms of what :func:`_text` gives, read once for all questions."""
    return index.stems(candidate.entry).union(lexical.terms(candidate.entry.head.title or ""))


def _text(index: Index, candidate: Candidate) -> str:
    return f"{candidate.entry.head.title or ''}\n{index.load(candidate.entry).text.decode()}"


def _named(index: Index, ranked: Sequence[Candidate], question: str, asking: frozenset[str]) -> list[_Asked]:
    """What ``question`` names that the product's passages hold, each with all names that it has there."""
    wording = lexical.Wording.of(question)
    postings = index.postings(ranked[0].entry.head.product, wording.all)
    rows = {each.entry.row for each in ranked}
    counts = {term: sum(row in rows for row, _ in found) for term, found in postings.items()}
    weights = {term: math.log(1 + len(rows) / count) for term, count in counts.items() if count and len(term) > 1}
    found: dict[frozenset[str], _Asked] = {}
    for thing in wording.things:
        names = [frozenset(name) for name in (thing.said, *thing.names) if name and all(t in weights for t in name)]
        if names:
            weight = max(weights[term] for name in names for term in name)
            known = found.get(frozenset(thing.said))
            names += known.names if known else ()
            found[frozenset(thing.said)] = _Asked(tuple(dict.fromkeys(names)), weight)
    told = {term for said in found for term in said} | asking
    alone = (term for term in dict.fromkeys(wording.own) if term in weights and term not in told)
    return [*found.values(), *(_Asked((frozenset((term,)),), weights[term]) for term in alone)]


def held_in_one(text: str, asked: Sequence[_Asked], says: re.Pattern[str]) -> float:
    """The share of ``asked`` that the best sentence or row of ``text`` holds among those with what it ``says``."""
    whole = sum(each.weight for each in asked)
    held = frozenset(lexical.terms(text))
    anywhere = sum(each.weight for each in asked if each.stands_in(held))
    best = 0.0
    for piece in _pieces(text):
        if says.search(piece):
            inside = frozenset(lexical.terms(piece))
            best = max(best, sum(each.weight for each in asked if each.stands_in(inside)))
    return (best + _ELSEWHERE * (anywhere - best)) / whole if best else 0.0


def _pieces(text: str) -> Iterator[str]:
    """The sentences of ``text``; of what has none, as a table, overlapping pieces."""
    for sentence in _ENDS.split(text):
        words = sentence.split()
        if len(words) <= 2 * _PIECE:
            yield sentence
        else:
            for at in range(0, len(words), _PIECE // 2):
                yield " ".join(words[at : at + _PIECE])
