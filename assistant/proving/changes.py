"""What changes between two releases, told in answers: which rendered answers are new, changed or gone, for whom, when.

Guarantees: every passage that can be shown in either release is rendered in both, in every place, in every interval of
either, in every way in which templates frame it there, with the companions that it brings; what is not listed reads as
it did, byte for byte. Answers of several passages need no lines of their own: they are laid end to end from the same
blocks, and how a template joins two and three passages is compared with how it frames one (docs/proving.md).

What it cannot tell is which passage a question leads to. Where something that decides about that has changed it says
so; the golden questions are the test of that.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from assistant.canonical import canonical_json, fingerprint, sha256_hex
from assistant.content.policy import Policy
from assistant.content.templates import choose_template
from assistant.domain import NOTICE_ROLES, Context, Kind, Outcome, Passage
from assistant.proving.cells import framings, topics
from assistant.proving.engine import GRAVE, Engine, Said, Saying
from assistant.proving.space import Content, Interval, Place, intervals, places

SCHEMA = "onlabel.changes/1"
#: Why an answer reads otherwise: its own words, what goes with it, the template, or only the order.
_CAUSES = ("words", "companions", "frame", "arrangement")
COLUMNS = (
    "first_use", "until_before", "state", "product", "passage", "version", "kind", "audience", "market", "language",
    "channels", "topics", "cause", "text_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """An answer that reads otherwise. ``state``: new, changed or gone; ``cause``: words, companions, frame,
    arrangement; none where it is new or gone.

    ``passage`` is what it shows, or the role of a notice. ``topics``: the intents asked for which it changes, where
    not for all. ``text_sha256``: of the answer as it will read, "" where it is gone.
    """

    product: str
    passage: str
    version: str
    kind: str
    place: Place
    interval: Interval
    state: str
    cause: tuple[str, ...]
    topics: tuple[str, ...]
    text_sha256: str

    @property
    def promotional(self) -> bool:
        """Whether it is a text of benefit that has not been used before."""
        return self.kind == Kind.BENEFIT and self.state != "gone"

    def row(self, since: dt.date) -> dict[str, str]:
        """As a line of a table; first used on the first of its days from ``since`` on."""
        return {
            "first_use": max(since, self.interval.first).isoformat(),
            "until_before": self.interval.end.isoformat() if self.interval.end else "",
            "state": self.state,
            "product": self.product,
            "passage": self.passage,
            "version": self.version,
            "kind": self.kind,
            "audience": self.place.audience,
            "market": self.place.market,
            "language": self.place.language,
            "channels": " ".join(self.place.channels),
            "topics": " ".join(self.topics),
            "cause": " ".join(self.cause),
            "text_sha256": self.text_sha256,
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes from ``since`` on. ``decides``: what has changed that decides which passage a question leads to."""

    since: dt.date
    before: str
    after: str
    compared: int
    changes: tuple[Change, ...]
    decides: tuple[str, ...]

    @property
    def promotional(self) -> tuple[Change, ...]:
        """New or changed texts of benefit, by the day of their first use."""
        found = (change for change in self.changes if change.promotional)
        return tuple(sorted(found, key=lambda c: (max(self.since, c.interval.first), c.product, c.passage, c.place)))

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``release diff --json`` prints it."""
        return {
            "schema": SCHEMA,
            "since": self.since.isoformat(),
            "before": self.before,
            "after": self.after,
            "compared": self.compared,
            "decides": list(self.decides),
            "changes": [change.row(self.since) for change in self.changes],
        }


def table(changes: Iterable[Change], since: dt.date) -> str:
    """``changes`` as CSV, a line each, with a head."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")  # RFC 4180
    writer.writeheader()
    writer.writerows(change.row(since) for change in changes)
    return out.getvalue()


def compare(before: Path, after: Path, *, since: dt.date) -> Changes:
    """Which answers differ between two built workspaces or installed releases, from ``since`` on.

    :raises NotReadyError: one of them has no index.
    :raises IntegrityError: one of them is not whole.
    """
    old = Engine.open(before)
    try:
        new = Engine.open(after)
        try:
            return _Comparison.of(old, new).run(since)
        finally:
            new.close()
    finally:
        old.close()


class _Reads(NamedTuple):
    """How an answer reads: its bytes, those of its own passage, those of what goes with it, how its templates join."""

    text: str
    own: str
    around: tuple[str, ...]
    frame: str


class _Key(NamedTuple):
    product: str
    passage: str
    place: Place


@dataclass(slots=True)
class _Side:
    """One of the two releases."""

    engine: Engine
    content: Content
    heads: Mapping[str, Passage]

    @classmethod
    def of(cls, engine: Engine) -> _Side:
        content = Content.of(engine.index)
        return cls(engine, content, {entry.head.id: entry.head for entry in content.passages})

    def answers(self, product: str, where: Context) -> dict[str, dict[str, _Reads]]:
        """How every passage of ``product`` reads here that can be shown: passage -> intent -> reading."""
        denied = self.engine.policy.not_answered.get(where.audience, ())
        asked = framings(self.engine, topics(self.engine.intents(), denied), where)
        found: dict[str, dict[str, _Reads]] = defaultdict(dict)
        for entry in self.engine.index.eligible(product, where):
            for named in asked.values():
                said = self.engine.say(Saying(Outcome.ANSWERED, named[0], (entry,)), where)
                reads = self._reads(said, entry.head.id)
                found[entry.head.id] |= dict.fromkeys(named, reads) if reads else {}
        return found

    def notices(self, where: Context) -> dict[str, dict[str, _Reads]]:
        """How every notice reads here: role -> intent -> reading."""
        found: dict[str, dict[str, _Reads]] = {}
        for role in NOTICE_ROLES:
            sort, _, name = role.partition(".")
            outcome = Outcome(name) if sort == "outcome" else Outcome.OUT_OF_SCOPE
            saying = (
                Saying(Outcome.ANSWERED, name, role=role)
                if sort == "intent"
                else Saying(outcome, "out_of_scope", role="" if sort == "outcome" else role)
            )
            reads = self._reads(self.engine.say(saying, where), "")
            if reads is not None and outcome in GRAVE:
                # Passages may follow it, and then it stands in another frame.
                around = choose_template(self.engine.index.templates, "companion_before", "", where)
                reads = reads._replace(frame=fingerprint([reads.frame, self._joins(around.id) if around else []]))
            found[role] = {"": reads} if reads else {}
        return found

    def _reads(self, said: Said, own: str) -> _Reads | None:
        if said.answer is None or said.withheld:
            return None
        passages = [span for span in said.answer.spans if span.source == "passage"]
        return _Reads(
            sha256_hex(said.answer.text),
            next((span.sha256 for span in passages if span.id == own), passages[0].sha256),
            tuple(span.sha256 for span in passages if span.id != own) if own else (),
            fingerprint([self._joins(template["id"]) for template in said.answer.receipt["templates"]]),
        )

    def _joins(self, template: str) -> list[Any]:
        """How a template frames one, two and three passages, in hashes of its literals."""
        known = self.engine.ledger.template(template)
        if known is None:
            return []
        literals = [literal.sha256 for literal in known.literals]
        return [
            [number, *("" if at is None else literals[at] for at in pattern)]
            for number, pattern in sorted(known.patterns.items())
        ]


@dataclass(slots=True)
class _Comparison:
    old: _Side
    new: _Side
    compared: int = 0

    @classmethod
    def of(cls, old: Engine, new: Engine) -> _Comparison:
        return cls(_Side.of(old), _Side.of(new))

    def run(self, since: dt.date) -> Changes:
        here = places((*self.old.content.scopes, *self.new.content.scopes))
        products = dict.fromkeys(("", *self.old.content.products, *self.new.content.products))
        found = [change for product in products for place in here for change in self._at(product, place, since)]
        old, new = self.old.engine.index, self.new.engine.index
        return Changes(since, old.fingerprint, new.fingerprint, self.compared, tuple(found), tuple(self._decides()))

    def _at(self, product: str, place: Place, since: dt.date) -> Iterator[Change]:
        scopes = itertools.chain.from_iterable(
            side.content.scopes_around(side.engine.index, product) for side in (self.old, self.new)
        )
        open_changes: dict[str, Change] = {}
        for interval in intervals(dict.fromkeys(scopes), place):
            if not interval.reaches(since):
                continue
            here = {change.passage: change for change in self._on(product, place, interval)}
            for id, change in here.items():
                known = open_changes.get(id)
                if known is not None and _alike(known, change):
                    here[id] = _longer(known, interval)
                elif known is not None:
                    yield known
            yield from (change for id, change in open_changes.items() if id not in here)
            open_changes = here
        yield from open_changes.values()

    def _on(self, product: str, place: Place, interval: Interval) -> Iterator[Change]:
        where = place.on(interval.first)
        before, after = (
            side.answers(product, where) if product else side.answers("", where) | side.notices(where)
            for side in (self.old, self.new)
        )
        for id in sorted({*before, *after}):
            self.compared += 1
            change = self._change(_Key(product, id, place), interval, before.get(id, {}), after.get(id, {}))
            if change is not None:
                yield change

    def _change(
        self, key: _Key, interval: Interval, before: Mapping[str, _Reads], after: Mapping[str, _Reads]
    ) -> Change | None:
        intents = [i for i in dict.fromkeys((*before, *after)) if before.get(i) != after.get(i)]
        if not intents:
            return None
        will = after.get(intents[0])
        causes = {cause for i in intents if i in before and i in after for cause in _causes(before[i], after[i])}
        state = "new" if not before else "gone" if not after else "changed"
        head = (self.new if after else self.old).heads.get(key.passage)
        return Change(
            product=key.product,
            passage=key.passage,
            version=head.version if head else "",
            kind=head.kind.value if head else Kind.NOTICE.value,
            place=key.place,
            interval=interval,
            state=state,
            cause=tuple(cause for cause in _CAUSES if cause in causes),
            topics=() if len(intents) == len({*before, *after}) else tuple(intents),
            text_sha256=will.text if will else "",
        )

    def _decides(self) -> Iterator[str]:
        """What decides which passage a question leads to, where it is another."""
        old, new = self.old.engine, self.new.engine
        parts: dict[str, tuple[object, object]] = {
            "model": (old.index.encoder, new.index.encoder),
            "screen": (old.index.screen, new.index.screen),
            "policy": (_deciding(old.policy), _deciding(new.policy)),
            "example questions": (_examples(old), _examples(new)),
            "names": (_names(old), _names(new)),
            "preferred labels": (old.settings.labels, new.settings.labels),
            "topics and titles": (_topics(self.old, self.new), _topics(self.new, self.old)),
        }
        yield from (name for name, (was, will) in parts.items() if was != will)


def _alike(one: Change, other: Change) -> bool:
    """Whether two changes in neighbouring intervals are one that lasts."""
    return one.interval.end == other.interval.first and replace(one, interval=other.interval) == other


def _longer(change: Change, interval: Interval) -> Change:
    return replace(change, interval=Interval(change.interval.first, interval.end))


def _causes(was: _Reads, will: _Reads) -> tuple[str, ...]:
    parts = (("words", was.own, will.own), ("companions", was.around, will.around), ("frame", was.frame, will.frame))
    return tuple(name for name, one, other in parts if one != other) or ("arrangement",)


def _deciding(policy: Policy) -> bytes:
    """What of the policy decides about questions, not about companions; numbers as text, for they are no integers."""
    fields = policy.model_dump(mode="json", include={"thresholds", "ranking", "confidence", "not_answered"})
    counts = [policy.passages_shown, policy.choices_offered]
    return canonical_json([repr(fields), counts])


def _examples(engine: Engine) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return engine.index.utterance_texts, engine.index.utterances[1]


def _names(engine: Engine) -> tuple[Any, ...]:
    keys = engine.index.name_keys
    return tuple(sorted(engine.index.find_names(keys).items()))


def _topics(side: _Side, also_in: _Side) -> dict[str, tuple[object, ...]]:
    """What retrieval knows of the passages that stand in both, besides their words."""
    heads = (head for head in side.heads.values() if head.retrieve and head.id in also_in.heads)
    return {h.id: (h.title, h.topic, h.also, h.population) for h in heads}
