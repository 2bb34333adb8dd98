"""Where and when an answer may be asked for: places that differ in nothing, and intervals in which nothing changes.

Guarantees: two channels stand in one place only where every scope treats them alike, and between two days on which
something begins or ends no scope changes its mind. Both are read from the scopes themselves with ``Scope.covers`` and
the dates they hold; there is no list of contexts to forget something in. Before the first interval nothing is in force.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.answering.index import Entry, Index
from assistant.domain import CHANNELS, Context, Scope

#: More products than an index can hold: all of them.
_ALL = 1 << 40


@dataclass(frozen=True, slots=True)
class Axes:
    """The contexts that a release's signed policy allows: every combination of these."""

    audiences: tuple[str, ...]
    markets: tuple[str, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...] = CHANNELS


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An audience, market and language, with channels that all content treats alike."""

    audience: str
    market: str
    language: str
    channels: tuple[str, ...]

    def on(self, day: dt.date) -> Context:
        """The context that stands for all of this place on ``day``."""
        return Context(self.audience, self.market, self.language, self.channels[0], day)

    def __str__(self) -> str:
        by = "" if self.channels == CHANNELS else f" by {', '.join(self.channels)}"
        return f"{self.audience} in {self.market} ({self.language}){by}"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Days alike: ``first`` counts, ``end`` is the first day that is different; None: there is no such day."""

    first: dt.date
    end: dt.date | None

    def reaches(self, day: dt.date) -> bool:
        """Whether any of its days is ``day`` or later."""
        return self.end is None or self.end > day


@dataclass(frozen=True, slots=True)
class Content:
    """All that an index holds, by product; ``shared`` is what holds for every product."""

    products: dict[str, tuple[Entry, ...]]
    shared: tuple[Entry, ...]
    frames: tuple[Scope, ...]

    @classmethod
    def of(cls, index: Index) -> Content:
        """Read from ``index``; texts stay on disk."""
        products = {product.id: index.entries(product.id) for product in index.products(_ALL)}
        return cls(products, index.entries(""), tuple(template.scope for template in index.templates))

    @property
    def passages(self) -> Iterator[Entry]:
        """Every passage."""
        return itertools.chain(self.shared, *self.products.values())

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Every scope there is, once."""
        return tuple(dict.fromkeys((*(entry.head.scope for entry in self.passages), *self.frames)))

    def scopes_around(self, index: Index, product: str) -> tuple[Scope, ...]:
        """The scopes of everything that an answer on ``product`` may hold: its own, everyone's, and what these name."""
        waiting = [*self.products.get(product, ()), *self.shared]
        seen = {entry.head.id for entry in waiting}
        scopes = dict.fromkeys(self.frames)
        while waiting:
            head = waiting.pop().head
            scopes[head.scope] = None
            for id in head.companions:
                named = None if id in seen else index.entry(id)
                seen.add(id)
                if named is not None:
                    waiting.append(named)
        return tuple(scopes)


def places(scopes: Iterable[Scope], allowed: Axes | None = None) -> tuple[Place, ...]:
    """Every place that a scope names, or those of ``allowed``; channels that all scopes treat alike stand together."""
    known = tuple(scopes)
    if allowed is None:
        allowed = Axes(
            tuple(sorted({audience for scope in known for audience in scope.audiences})),
            tuple(sorted({market for scope in known for market in scope.markets})),
            tuple(sorted({scope.language for scope in known})),
            tuple(dict.fromkeys((*CHANNELS, *(channel for scope in known for channel in scope.channels)))),
        )
    found = []
    for audience, market, language in itertools.product(allowed.audiences, allowed.markets, allowed.languages):
        alike: dict[tuple[bool, ...], list[str]] = {}
        for channel in allowed.channels:
            where = Context(audience, market, language, channel, dt.date.min)
            alike.setdefault(tuple(scope.covers(where) for scope in known), []).append(channel)
        found += [Place(audience, market, language, tuple(channels)) for channels in alike.values()]
    return tuple(found)


def intervals(scopes: Iterable[Scope], place: Place) -> tuple[Interval, ...]:
    """The intervals into which the days fall on which any of ``scopes`` begins or ends in ``place``."""
    where = place.on(dt.date.min)
    turns = {
        day
        for scope in scopes
        if scope.covers(where)
        for day in (scope.effective, scope.expires, scope.withdrawn)
        if day is not None
    }
    days = sorted(turns)
    return tuple(Interval(first, end) for first, end in itertools.zip_longest(days, days[1:]))
