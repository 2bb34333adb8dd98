"""Candidates for new passages: what was asked of a product on a topic and found no approved words, for its owner.

Ranked by how many different people asked: one person who asks ten times is one. Each candidate says how many approved
passages on that topic this audience has today: none means that words are missing; some mean that they were not found,
which is the model's matter more than the owner's.

What was referred to medical information (off-label use, comparisons) never becomes a promotional passage: such
candidates are marked ``medical_information``, for a standard response letter at most. Questions out of scope are
candidates only where their asker says that they should have been answered.

Guarantees: reports of harm, attacks and picks are no part of it; examples have product names and what looks like
personal data replaced; cells that a spreadsheet would run as formulas are guarded.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.answering.index import Index
from assistant.domain import OTHER_INTENTS, Context, Outcome
from assistant.insights.asked import Asked
from assistant.insights.gaps import Cluster, counted, reason_of
from assistant.trust.log.export import guarded, visible

SCHEMA = "onlabel.passage-candidate/1"
Owner = Literal["content", "medical_information"]
_EXAMPLES = 5
_COLUMNS = (
    "rank", "for", "product", "topic", "audience", "market", "askers", "questions", "approved_today", "reasons",
    "first", "last", "examples", "records",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was asked of ``product`` on ``topic`` for an audience and a market. ``examples`` are some of the questions,
    as different as can be; ``numbers`` the records; ``approved`` today's passages on the topic there."""

    owner: Owner
    product: str
    topic: str
    audience: str
    market: str
    askers: int
    questions: int
    approved: int
    reasons: dict[str, int]
    first: dt.date
    last: dt.date
    examples: tuple[str, ...]
    numbers: tuple[int, ...]


def candidates(
    asked: Iterable[Asked], clusters: Sequence[Cluster], texts: Mapping[int, str], index: Index, today: dt.date
) -> list[Candidate]:
    """Every product and topic that something was missing on, those of the most askers first; referred ones behind.

    :param texts: the words of questions as they may be shown, by the number of their record.
    """
    group_of = {number: at for at, cluster in enumerate(clusters) for number in cluster.numbers}
    groups: defaultdict[tuple[Owner, str, str, str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        owner = _owner(one)
        if owner and one.product and "," not in one.product:
            groups[owner, one.product, one.intent, one.audience, one.market].append(one)
    found = [_candidate(*key, ones, _examples(ones, group_of, texts), index, today) for key, ones in groups.items()]
    return sorted(found, key=_rank)


def _rank(one: Candidate) -> tuple[object, ...]:
    return one.owner, -one.askers, -one.questions, one.product, one.topic, one.audience, one.market


def _examples(asked: Sequence[Asked], group_of: Mapping[int, int], texts: Mapping[int, str]) -> tuple[str, ...]:
    """One question of each group that these fall into, then others."""
    known = [one.number for one in asked if one.number in texts]
    first = {group_of.get(number, -1): number for number in reversed(known)}
    ordered = sorted(known, key=lambda number: (first[group_of.get(number, -1)] != number, number))
    return tuple(dict.fromkeys(texts[number] for number in ordered))[:_EXAMPLES]


def _owner(one: Asked) -> Owner | None:
    reason = reason_of(one)
    if not reason or reason == Outcome.OUT_OF_SCOPE.value:
        return None
    if one.outcome == Outcome.MEDICAL_INFORMATION.value or one.intent in ("off_label", "comparison"):
        return "medical_information"
    # Anything else that is no topic of a label can have no passage.
    return None if one.intent in OTHER_INTENTS and reason != "should_have_answered" else "content"


def _candidate(
    owner: Owner, product: str, topic: str, audience: str, market: str, asked: Sequence[Asked],
    examples: tuple[str, ...], index: Index, today: dt.date,
) -> Candidate:  # fmt: skip
    days = sorted(one.time.date() for one in asked)
    return Candidate(
        owner=owner,
        product=product,
        topic=topic,
        audience=audience,
        market=market,
        askers=len({one.who for one in asked}),
        questions=len(asked),
        approved=max(_approved(index, one, topic, today) for one in asked),
        reasons=counted(map(reason_of, asked)),
        first=days[0],
        last=days[-1],
        examples=examples,
        numbers=tuple(one.number for one in asked),
    )


def _approved(index: Index, one: Asked, topic: str, today: dt.date) -> int:
    where = Context(one.audience, one.market, one.language, one.channel, today)
    return sum(entry.head.is_about(topic) for entry in index.eligible(one.product, where))


def as_json(rank: int, one: Candidate) -> dict[str, object]:
    """One candidate, dates as text."""
    fields = dataclasses.asdict(one)
    return {
        "schema": SCHEMA,
        "rank": rank,
        "for": fields.pop("owner"),
        **{name: value.isoformat() if isinstance(value, dt.date) else value for name, value in fields.items()},
    }


def as_jsonl(found: Sequence[Candidate]) -> str:
    """A line a candidate, in their order."""
    lines = (json.dumps(as_json(rank, one), ensure_ascii=True) for rank, one in enumerate(found, 1))
    return "".join(f"{line}\n" for line in lines)


def as_csv(found: Sequence[Candidate]) -> str:
    """A table for a spreadsheet program; no cell of it can be run."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for rank, one in enumerate(found, 1):
        reasons = "; ".join(f"{reason} {count}" for reason, count in one.reasons.items())
        row = (
            rank, one.owner, one.product, one.topic, one.audience, one.market, one.askers, one.questions, one.approved,
            reasons, one.first, one.last, "\n".join(one.examples), " ".join(map(str, one.numbers)),
        )  # fmt: skip
        writer.writerow([guarded(visible(str(cell))) for cell in row])
    return written.getvalue()
