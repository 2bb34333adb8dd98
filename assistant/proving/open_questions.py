"""What nobody can be answered, and what can never be shown: the other half of a proof.

A workspace in which nothing false can be said may still say too little. Listed are topics without a passage that can
be shown, populations that no passage speaks of, passages held back, days between two versions, what ends soon, and
content that nothing reaches. None of these is a violation: they are for the content owner to decide on.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.answering.index import Entry
from assistant.answering.retrieval import population_fit
from assistant.content.check_reach import end
from assistant.domain import SLOT_VALUES, Passage, Scope
from assistant.proving.cells import Cell, topics
from assistant.proving.engine import Engine
from assistant.proving.findings import Coverage, Ending, Gap, Idle, Open, Withheld
from assistant.proving.space import Content, Interval, Place

#: Topics that are about a population themselves: asked of another one they mean nothing.
_OF_A_POPULATION = frozenset(
    (
        "pregnancy",
        "lactation",
        "reproductive_potential",
        "pediatric",
        "geriatric",
        "renal_impairment",
        "hepatic_impairment",
    )
)
#: A product without a boxed warning lacks nothing.
_ABOUT_THE_BOX = "boxed_warning"
_NEVER = dt.date.max
T = TypeVar("T")


@dataclass(slots=True)
class Survey:
    """Collects cells and tells what is open. Only days from ``day`` on count."""

    engine: Engine
    content: Content
    day: dt.date
    intents: Sequence[str]
    cells: dict[tuple[str, Place], list[Cell]] = field(default_factory=lambda: defaultdict(list))

    def add(self, cell: Cell) -> None:
        """Take in a cell; those of one product and place come in the order of time."""
        if cell.product:
            self.cells[cell.product, cell.place].append(cell)

    # -- topics ------------------------------------------------------------------------------------------------------

    def coverage(self) -> tuple[Coverage, ...]:
        """How every topic of every product stands on the day of the proof, where anything is in force."""
        found = []
        for (product, place), cells in sorted(self.cells.items()):
            for cell in cells:
                if cell.interval.first <= self.day and cell.interval.reaches(self.day):
                    found += [Coverage(product, t, place, *self._state(cell, t)) for t in self._all_topics(product)]
        return tuple(found)

    def _all_topics(self, product: str) -> tuple[str, ...]:
        boxed = any(
            _ABOUT_THE_BOX in (e.head.topic, *e.head.also, *e.head.serves) for e in self.content.products[product]
        )
        return tuple(topic for topic in topics(self.intents, ()) if boxed or topic != _ABOUT_THE_BOX)

    def _state(self, cell: Cell, topic: str) -> tuple[str, int]:
        if topic in self.engine.policy.not_answered.get(cell.place.audience, ()):
            return "denied", 0
        shown = sum(entry.head.is_about(topic) for entry in cell.shown)
        if shown and topic not in cell.unframed:
            return "answered", shown
        heads = (self._head(id) for id in cell.withheld)
        return ("withheld", 0) if shown or any(head.is_about(topic) for head in heads) else ("none", 0)

    def _head(self, id: str) -> Passage:
        entry = self.engine.index.entry(id)
        if entry is None:
            raise LookupError(id)
        return entry.head

    def open(self) -> tuple[Open, ...]:
        """Topics, and populations within answered topics, that nobody can be answered about, and from when to when."""
        found: list[Open] = []
        for (product, place), cells in sorted(self.cells.items()):
            for topic in self._all_topics(product):
                spans = ((cell.interval, self._why_open(cell, topic)) for cell in self._from_today(cells))
                found += [Open(product, topic, "", place, days, why) for days, why in _runs(spans)]
                for population in () if topic in _OF_A_POPULATION else SLOT_VALUES["population"]:
                    spans = ((c.interval, _unspoken(c, topic, population)) for c in self._from_today(cells))
                    found += [Open(product, topic, population, place, days, why) for days, why in _runs(spans)]
        return tuple(found)

    def _why_open(self, cell: Cell, topic: str) -> str:
        state, _ = self._state(cell, topic)
        return state if state in ("none", "withheld") else ""

    def _from_today(self, cells: Iterable[Cell]) -> list[Cell]:
        return [cell for cell in cells if cell.interval.reaches(self.day)]

    # -- passages held back ------------------------------------------------------------------------------------------

    def withheld(self) -> tuple[Withheld, ...]:
        """Passages in force that cannot be shown, by reason."""
        found: list[Withheld] = []
        for (product, place), cells in sorted(self.cells.items()):
            by_reason: dict[str, list[tuple[Interval, tuple[str, ...]]]] = defaultdict(list)
            for cell in self._from_today(cells):
                groups: dict[str, list[str]] = defaultdict(list)
                for id, why in cell.withheld.items():
                    groups[why].append(id)
                for why, ids in groups.items():
                    by_reason[why].append((cell.interval, tuple(sorted(ids))))
            for why, spans in sorted(by_reason.items()):
                found += [Withheld(product, place, days, why, ids) for days, ids in _runs(spans)]
        return tuple(found)

    # -- time --------------------------------------------------------------------------------------------------------

    def gaps(self) -> tuple[Gap, ...]:
        """Days from today on between two versions on which neither is in force."""
        found = set[Gap]()
        for (product, place), cells in self.cells.items():
            here = place.on(dt.date.min)
            sections: dict[str, list[Scope]] = defaultdict(list)
            for entry in self.content.products[product]:
                if entry.head.scope.covers(here):
                    sections[self._section(entry)].append(entry.head.scope)
            for what, scopes in sections.items():
                found.update(Gap(product, what, place, hole) for hole in _holes(scopes))
            for topic in self._all_topics(product):
                found.update(Gap(product, topic, place, hole) for hole in self._unanswered(cells, topic))
        gaps = (gap for gap in found if gap.interval.reaches(self.day))
        return tuple(sorted(gaps, key=lambda gap: (gap.product, gap.place, gap.interval.first, gap.what)))

    def _section(self, entry: Entry) -> str:
        document = self.engine.index.document(entry.head.document)
        series = (document.set_id or document.id) if document else entry.head.document
        return f"{series}, {entry.head.locator}"

    def _unanswered(self, cells: Sequence[Cell], topic: str) -> Iterator[Interval]:
        """Between two times at which ``topic`` is answered, those at which it is not."""
        answered = [cell.interval for cell in cells if self._state(cell, topic)[0] == "answered"]
        for before, after in itertools.pairwise(answered):
            if before.end is not None and before.end < after.first:
                yield Interval(before.end, after.first)

    def ending(self, days: int) -> tuple[Ending, ...]:
        """What ends within ``days`` from today, with what follows it."""
        last = self.day + dt.timedelta(days)
        found = []
        sections: dict[tuple[str, str], list[Passage]] = defaultdict(list)
        for entry in self.content.passages:
            sections[entry.head.product, self._section(entry)].append(entry.head)
        for same in sections.values():
            for head in same:
                day = end(head.scope)
                if self.day < day <= last:
                    found.append(Ending("passage", head.id, day, _next(head, same, day)))
        for template in self.engine.index.templates:
            day = end(template.scope)
            if self.day < day <= last:
                found.append(Ending("template", template.id, day, ""))
        return tuple(sorted(found, key=lambda ending: (ending.day, ending.kind, ending.id)))

    # -- what nothing reaches ----------------------------------------------------------------------------------------

    def idle(self, appeared: Mapping[str, bool], framed: Mapping[str, bool]) -> tuple[Idle, ...]:
        """Passages and templates that no answer holds from today on."""
        beside = {id for cells in self.cells.values() for cell in self._from_today(cells) for id in cell.beside}
        held = {id for cells in self.cells.values() for cell in self._from_today(cells) for id in cell.withheld}
        found = [
            Idle("passage", head.id, self._why_idle(head, held))
            for head in (entry.head for entry in self.content.passages)
            if not appeared.get(head.id)
        ]
        found += [Idle("passage", id, "another label's words are used; it is found by its id only") for id in beside]
        for template in self.engine.index.templates:
            if not framed.get(template.id):
                ended = end(template.scope) <= self.day
                why = (
                    f"ended on {end(template.scope)}"
                    if ended
                    else "another is always chosen, or nothing is shown there"
                )
                found.append(Idle("template", template.id, why))
        return tuple(sorted(found, key=lambda idle: (idle.kind, idle.id)))

    def _why_idle(self, head: Passage, held: set[str]) -> str:
        if end(head.scope) <= head.scope.effective:
            return "never in force: it ends before it begins"
        if end(head.scope) <= self.day:
            return f"ended on {end(head.scope)}"
        if head.id in held:
            return "always withheld"
        if not head.retrieve:
            return "only a companion or notice, and nothing that can be shown calls for it"
        return "the answers that would show it are refused or cannot be given"


def _runs(spans: Iterable[tuple[Interval, T]]) -> Iterator[tuple[Interval, T]]:
    """Neighbouring intervals of one value put together, empty values left out."""
    kept: tuple[Interval, T] | None = None
    for interval, value in spans:
        if kept is not None and kept[1] == value and kept[0].end == interval.first:
            kept = Interval(kept[0].first, interval.end), value
            continue
        if kept is not None and kept[1]:
            yield kept
        kept = interval, value
    if kept is not None and kept[1]:
        yield kept


def _unspoken(cell: Cell, topic: str, population: str) -> str:
    """ "population" where passages answer ``topic`` and every one of them is about somebody else."""
    about = [entry for entry in cell.shown if entry.head.is_about(topic)]
    return "population" if about and not any(population_fit(entry, (population,)) for entry in about) else ""


def _holes(scopes: Sequence[Scope]) -> Iterator[Interval]:
    """The days between the first and the last of ``scopes`` on which none is in force."""
    lasting = sorted((s for s in scopes if end(s) > s.effective), key=lambda scope: scope.effective)
    until = end(lasting[0]) if lasting else _NEVER
    for scope in lasting[1:]:
        if scope.effective > until:
            yield Interval(until, scope.effective)
        until = max(until, end(scope))


def _next(head: Passage, same: Sequence[Passage], day: dt.date) -> str:
    """What of the same section is in force for the same people when ``head`` ends."""
    for other in same:
        overlaps = set(other.scope.audiences) & set(head.scope.audiences) and set(other.scope.markets) & set(
            head.scope.markets
        )
        if other.id != head.id and overlaps and other.scope.valid_on(day):
            return other.id
    return ""
