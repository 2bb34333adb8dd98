"""What can be said where: gaps between passages, notices, templates and companions, for ``onlabel check``.

Guarantees: looked at are exactly the places (audience, market, language, channels) that some passage is for, each on
the first day from today on which it is served. Channels that all content treats alike are one place. What would end a
question in an error there (no notice, no template) is an error here; what would only go unanswered is a note.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.content.corpus import Corpus, SourcedDocument, SourcedPassage
from assistant.content.faults import Fault
from assistant.content.policy import CompanionRule, Policy
from assistant.content.templates import SourcedTemplate
from assistant.domain import CHANNELS, NOTICE_ROLES, Context, Scope

#: A product without a boxed warning lacks nothing.
_ABOUT_THE_BOX = frozenset(("boxed_warning", "boxed_warning_short"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something may be said, and the first day from today on which it may."""

    audience: str
    market: str
    language: str
    channels: tuple[str, ...]
    day: dt.date

    @property
    def context(self) -> Context:
        """One context that stands for all of this place."""
        return Context(self.audience, self.market, self.language, self.channels[0], self.day)

    def __str__(self) -> str:
        by = "" if self.channels == CHANNELS else f" by {', '.join(self.channels)}"
        return f"{self.audience} in {self.market} ({self.language}){by}"


def end(scope: Scope) -> dt.date:
    """The first day on which content of this scope may no longer be used."""
    return min(scope.expires or dt.date.max, scope.withdrawn or dt.date.max)


def channels_alike(scopes: Iterable[Scope]) -> Mapping[str, int]:
    """Channel -> number of its group; channels that stand in the same scopes are in one group."""
    lists = dict.fromkeys(scope.channels for scope in scopes)
    groups: dict[tuple[bool, ...], int] = {}
    return {
        channel: groups.setdefault(tuple(channel in listed for listed in lists), len(groups)) for channel in CHANNELS
    }


def places(passages: Iterable[SourcedPassage], alike: Mapping[str, int], today: dt.date) -> tuple[Place, ...]:
    """Every place that ``passages`` are for, those that have ended left out."""
    days: dict[tuple[str, str, str], dict[str, dt.date]] = defaultdict(dict)
    for scope in dict.fromkeys(sourced.passage.scope for sourced in passages):
        if end(scope) <= max(today, scope.effective):
            continue
        for channel in scope.channels:
            for key in ((a, m, scope.language) for a in scope.audiences for m in scope.markets):
                day = max(today, scope.effective)
                days[key][channel] = min(day, days[key].get(channel, day))
    found = []
    for key, by_channel in sorted(days.items()):
        groups: dict[tuple[int, dt.date], list[str]] = defaultdict(list)
        for channel in CHANNELS:
            if channel in by_channel:
                groups[alike[channel], by_channel[channel]].append(channel)
        found += [Place(*key, tuple(channels), day) for (_, day), channels in groups.items()]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Reach:
    """The corpus by product, and where each product is spoken of."""

    documents: Mapping[str, SourcedDocument]
    by_product: Mapping[str, tuple[SourcedPassage, ...]]
    #: Where some product is spoken of.
    served: tuple[Place, ...]
    #: Where anything at all may be said.
    all: tuple[Place, ...]
    alike: Mapping[str, int]
    today: dt.date

    @classmethod
    def of(cls, corpus: Corpus, templates: Iterable[SourcedTemplate], today: dt.date) -> Reach:
        """What ``corpus`` and ``templates`` reach from ``today`` on."""
        shown, frames = (s.passage.scope for s in corpus.passages), (s.template.scope for s in templates)
        alike = channels_alike((*shown, *frames))
        by_product: dict[str, list[SourcedPassage]] = defaultdict(list)
        for sourced in corpus.passages:
            by_product[sourced.passage.product].append(sourced)
        return cls(
            {sourced.document.id: sourced for sourced in corpus.documents},
            {product: tuple(passages) for product, passages in by_product.items()},
            places((p for product, found in by_product.items() if product for p in found), alike, today),
            places(corpus.passages, alike, today),
            alike,
            today,
        )

    def document_of(self, sourced: SourcedPassage) -> SourcedDocument:
        """The document that a passage belongs to."""
        return self.documents[sourced.passage.document]


def reach_faults(reach: Reach, policy: Policy, topics: Sequence[str]) -> Iterator[Fault]:
    """Missing notices, kinds that can never be answered, topics that nobody can answer."""
    for place in reach.served:
        yield from _missing_notices(reach, place)
    for product in sorted(reach.by_product):
        if product:
            yield from _unanswerable_kinds(reach, policy, product)
            yield from _unanswered_topics(reach, policy, product, topics)


def _covering(passages: Iterable[SourcedPassage], place: Place) -> list[SourcedPassage]:
    context = place.context
    return [sourced for sourced in passages if sourced.passage.scope.covers(context)]


def _missing_notices(reach: Reach, place: Place) -> Iterator[Fault]:
    here = _covering(reach.by_product.get("", ()), place)
    in_force = {role for s in here if s.passage.scope.valid_on(place.day) for role in s.passage.serves}
    missing = [role for role in NOTICE_ROLES if role not in in_force]
    if not missing:
        return
    late = [s.passage.id for s in here if set(s.passage.serves) & set(missing)]
    outdated = f" ({', '.join(late)} is not in force on {place.day})" if late else ""
    home = _home_of_notices(reach, place)
    yield Fault(
        home.origin.path,
        home.origin.line("audiences"),
        f"nothing can be said to {place} without these notices: {', '.join(missing)}{outdated}: "
        'add a passage of kind notice that serves each, in a document with product ""',
    )


def _home_of_notices(reach: Reach, place: Place) -> SourcedDocument:
    """Where a missing notice belongs: the notices of this place, else the first document on a product there."""
    context = place.context
    for sourced in reach.documents.values():
        if not sourced.document.product and sourced.document.scope.covers(context):
            return sourced
    speaking = (p for product, found in reach.by_product.items() if product for p in _covering(found, place))
    return reach.document_of(next(speaking))


# --- companions that a kind needs -------------------------------------------------------------------------------------


def _unanswerable_kinds(reach: Reach, policy: Policy, product: str) -> Iterator[Fault]:
    """The kinds of passages of ``product`` that policy keeps back for want of a companion."""
    own, shared = reach.by_product[product], reach.by_product.get("", ())
    for place in places(own, reach.alike, reach.today):
        here, for_all = _covering(own, place), _covering(shared, place)
        blocked: dict[str, list[str]] = defaultdict(list)
        first: dict[str, SourcedPassage] = {}
        answers = [s for s in here if s.passage.retrieve and s.passage.scope.valid_on(place.day)]
        for kind, sourced in {s.passage.kind: s for s in reversed(answers)}.items():
            for rule in policy.companions.get(kind, ()):
                why = _blocks(rule, here, for_all, place.day)
                if why:
                    blocked[why].append(kind.value)
                    first.setdefault(why, sourced)
        for why, kinds in blocked.items():
            document = reach.document_of(first[why])
            yield Fault(
                document.origin.path,
                document.origin.line("audiences"),
                f"no answer of kind {', '.join(sorted(kinds))} on {product} can be given to {place}: {why}",
                error=False,
            )


def _blocks(rule: CompanionRule, own: Sequence[SourcedPassage], shared: Sequence[SourcedPassage], day: dt.date) -> str:
    """Why ``rule`` cannot be met (as in answering: the product's own, else everyone's, then ``instead``); "" it can."""
    for role in (rule.role, rule.instead):
        for owner in (own, shared) if role else ():
            serving = [s.passage for s in owner if role in s.passage.serves]
            if any(passage.scope.valid_on(day) for passage in serving):
                return ""
            if serving:
                return f"{serving[0].id} serves {role} and is not in force on {day}; put a newer one in its place"
    if rule.need != "always":
        return ""
    return f"add a passage that serves {rule.role}" + (f" or {rule.instead}" if rule.instead else "")


# --- topics without an answer -----------------------------------------------------------------------------------------


def _unanswered_topics(reach: Reach, policy: Policy, product: str, topics: Sequence[str]) -> Iterator[Fault]:
    own = reach.by_product[product]
    boxed = any(_ABOUT_THE_BOX.intersection((s.passage.topic, *s.passage.also, *s.passage.serves)) for s in own)
    answered: dict[tuple[str, str], set[str]] = defaultdict(set)
    speaking: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for passage in (s.passage for s in own if s.passage.retrieve and s.passage.scope.valid_on(reach.today)):
        for where in ((a, m) for a in passage.scope.audiences for m in passage.scope.markets):
            speaking[where][passage.document] += 1
            answered[where].update((passage.topic, *passage.also))
    for (audience, market), known in sorted(answered.items()):
        left_out = known.union(policy.not_answered.get(audience, ()), () if boxed else _ABOUT_THE_BOX)
        open_topics = [topic for topic in topics if topic not in left_out]
        if not open_topics:
            continue
        ((main, _),) = speaking[audience, market].most_common(1)
        origin = reach.documents[main].origin
        yield Fault(
            origin.path,
            origin.line("audiences"),
            f"no passage on {product} answers {audience} in {market} today about {', '.join(open_topics)}: "
            "add one, or say so under not_answered in policy.yaml",
            error=False,
        )
