"""Everything that can be said in one cell: one product, in one place, in one interval.

Each passage that may be picked is tried by itself and after each grave notice; then the sets that hang together, in
every order; then each way in which templates frame them. What is tried goes through the pipeline's own steps
(:mod:`assistant.proving.engine`); which sets need not be tried is argued in docs/proving.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.answering.companions import Completed, complete
from assistant.answering.index import Entry
from assistant.content.templates import choose_template
from assistant.domain import NOTICE_ROLES, OTHER_INTENTS, Context, Outcome
from assistant.proving import parts
from assistant.proving.demands import AFTER_GRAVE
from assistant.proving.engine import GRAVE, Engine, Said, Saying
from assistant.proving.space import Interval, Place
from assistant.trust.ledger import USES

#: Intents that are about no topic and are answered with a notice of their own.
_OF_NOTICES = ("source_request", "human_handoff")

#: Says something and notes what came of it.
Try = Callable[[Saying], Said]


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of a cell.

    ``shown``: the passages that can be shown by themselves and that retrieval may choose; ``withheld``: those that
    cannot be shown, with the reason; ``picked``: those that can be shown by their id, on their own topic;
    ``unframed``: topics that passages answer and no template shows; ``beside``: those that retrieval never chooses.
    """

    product: str
    place: Place
    interval: Interval
    shown: tuple[Entry, ...]
    withheld: Mapping[str, str]
    picked: tuple[Entry, ...]
    unframed: tuple[str, ...]
    beside: tuple[str, ...]
    covered: int


def topics(intents: Iterable[str], denied: Sequence[str]) -> tuple[str, ...]:
    """The intents that passages answer."""
    return tuple(intent for intent in intents if intent not in OTHER_INTENTS and intent not in denied)


def framings(engine: Engine, intents: Iterable[str], where: Context) -> dict[tuple[str, ...], list[str]]:
    """``intents`` by the templates that frame their answers here, one for each use, "" where there is none."""
    found: dict[tuple[str, ...], list[str]] = {}
    for intent in intents:
        chosen = (choose_template(engine.index.templates, use, intent, where) for use in USES)
        found.setdefault(tuple(template.id if template else "" for template in chosen), []).append(intent)
    return found


@dataclass(slots=True)
class CellTrial:
    """Tries one cell."""

    engine: Engine
    place: Place
    interval: Interval
    product: str
    intents: tuple[str, ...]
    attempt: Try
    calls: dict[str, frozenset[str]] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)
    picked: set[str] = field(default_factory=set)
    #: The passages that can be shown, by the outcome that they are shown with.
    sound: dict[Outcome, set[str]] = field(default_factory=dict)
    #: Those for which some template around them is missing.
    unframed: dict[Outcome, set[str]] = field(default_factory=dict)

    def run(self) -> Cell | None:
        """Try everything; None: nothing is in force here."""
        where = self.place.on(self.interval.first)
        eligible = self.engine.index.eligible(self.product, where)
        if not eligible:
            return None
        denied = self.engine.policy.not_answered.get(self.place.audience, ())
        asked = topics(self.intents, denied)
        framed = framings(self.engine, asked, where)
        # Where a use has no template for some topics, what is tried needs one of the others to be seen at all.
        whole_first = sorted(framed.items(), key=lambda way: way[0].count(""))
        ways = [named[0] for (answer, *_), named in whole_first if answer]
        for entry in eligible:
            self._alone(entry, ways)
        groups = parts.together(self.engine.index, self.engine.settings, self.product, eligible) if self.product else ()
        for group in groups:
            self._sets(group, ways)
        reached = {entry.head.id: entry for group in groups for entry in group}
        unframed = (topic for (answer, *_), named in framed.items() if not answer for topic in named)
        return Cell(
            self.product,
            self.place,
            self.interval,
            tuple(e for id, e in reached.items() if id in self.sound.get(Outcome.ANSWERED, ())),
            dict(self.withheld),
            tuple(entry for entry in eligible if entry.head.id in self.picked),
            tuple(topic for topic in unframed if any(entry.head.is_about(topic) for entry in reached.values())),
            tuple(entry.head.id for entry in eligible if self.product and entry.head.id not in reached),
            self._covered(eligible, groups, len(asked)),
        )

    def _alone(self, entry: Entry, ways: Sequence[str]) -> None:
        """One passage: picked by its id, and after each grave notice where it may follow one."""
        id = entry.head.id
        said = self._say_alone(entry, Outcome.ANSWERED, [entry.head.topic, *ways[: bool(self.product)]])
        self.calls[id] = self._called_by(entry)
        if said.withheld:
            self.withheld[id] = said.withheld
        for outcome in GRAVE if self.product and entry.head.kind in AFTER_GRAVE else ():
            self._say_alone(entry, outcome, ways)

    def _called_by(self, entry: Entry) -> frozenset[str]:
        """The companions that completion adds to this passage."""
        where = self.place.on(self.interval.first)
        completed = complete(self.engine.index, self.engine.policy, where, [entry])
        found = completed.all if isinstance(completed, Completed) else ()
        return frozenset(other.head.id for other in found) - {entry.head.id}

    def _say_alone(self, entry: Entry, outcome: Outcome, intents: Sequence[str]) -> Said:
        """Try the intents until the passage is seen."""
        said = Said(withheld="no approved template shows anything here")
        for intent in intents:
            said = self.attempt(Saying(outcome, intent, (entry,)))
            if said.answer is not None and not said.withheld:
                self.sound.setdefault(outcome, set()).add(entry.head.id)
                if outcome is Outcome.ANSWERED and intent == entry.head.topic:
                    self.picked.add(entry.head.id)
                break
            if said.unsaid:
                # Beside others it may need less around it.
                self.unframed.setdefault(outcome, set()).add(entry.head.id)
        return said

    def _sets(self, group: Sequence[Entry], ways: Sequence[str]) -> None:
        most = self.engine.policy.passages_shown
        for outcome in (Outcome.ANSWERED, *GRAVE):
            sayable = self.sound.get(outcome, set()) | self.unframed.get(outcome, set())
            able = [entry for entry in group if entry.head.id in sayable]
            if not able or not ways:
                continue
            classes = parts.alike(able)
            some = parts.representatives(classes, most)
            for found in parts.concerned(some, self.calls, most):
                self.attempt(Saying(outcome, ways[0], found))
            one_of_each = parts.representatives(classes, 1)
            for intent in ways:
                for found in (*((entry,) for entry in one_of_each), *parts.apart(some, most)):
                    self.attempt(Saying(outcome, intent, found))

    def _covered(self, eligible: Sequence[Entry], groups: Sequence[Sequence[Entry]], asked: int) -> int:
        """How many answers there are in this cell: each a channel, an intent, a flag and passages in an order."""
        total = len(eligible)
        for outcome in (Outcome.ANSWERED, *GRAVE):
            fit = [[e for e in group if outcome not in GRAVE or e.head.kind in AFTER_GRAVE] for group in groups]
            shared = set.intersection(*({e.head.id for e in found} for found in fit)) if fit else set()
            total += asked * parts.count([len(f) for f in fit], len(shared), self.engine.policy.passages_shown)
        return total * len(self.place.channels)


def notices(engine: Engine, intents: Sequence[str], where: Context) -> Iterator[Saying]:
    """Every notice in each way in which templates frame it here."""
    for role in NOTICE_ROLES:
        sort, _, name = role.partition(".")
        if sort == "intent":
            yield Saying(Outcome.ANSWERED, name, role=role)
            continue
        outcome = Outcome(name) if sort == "outcome" else Outcome.OUT_OF_SCOPE
        for found in framings(engine, intents, where).values():
            yield Saying(outcome, found[0], role="" if sort == "outcome" else role)


def notice_count(intents: int) -> int:
    """How many answers of a notice alone there are in one context: each a role and an intent."""
    return (len(NOTICE_ROLES) - len(_OF_NOTICES)) * intents + len(_OF_NOTICES)
