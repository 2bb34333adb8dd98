"""Complete an answer with the companions that policy and passages call for (DESIGN, section 3.6).

The engine adds them, not the template author's memory. A companion that is missing or not in force means no answer at
all; one that is already shown counts once. The verifier decides the same question again with code of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.answering.index import Entry, Index
from assistant.content.policy import CompanionRule, Policy
from assistant.domain import Context, Kind


@dataclass(frozen=True, slots=True)
class Completed:
    """What goes around the answer, in order."""

    before: tuple[Entry, ...]
    after: tuple[Entry, ...]
    #: The answers themselves, those first that stand before others as their companions.
    answers: tuple[Entry, ...] = ()

    @property
    def all(self) -> tuple[Entry, ...]:
        """Everything that is shown."""
        return (*self.before, *self.answers, *self.after)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there can be no answer: the role or passage that is called for and not to be had."""

    wanted: str


class _MissingError(Exception):
    def __init__(self, wanted: str) -> None:
        self.wanted = wanted


@dataclass(slots=True)
class _Completion:
    index: Index
    rules: Mapping[Kind, Sequence[CompanionRule]]
    context: Context
    answers: Sequence[Entry]
    before: dict[str, Entry] = field(default_factory=dict)
    after: dict[str, Entry] = field(default_factory=dict)

    def run(self) -> Completed:
        for answer in self.answers:
            for rule in self.rules.get(answer.head.kind, ()):
                for entry in self.called_by(rule, answer.head.product):
                    self.add(entry, rule.place)
        for entry in [*self.answers, *self.before.values(), *self.after.values()]:
            self.add_named(entry)
        shown = {answer.head.id for answer in self.answers}
        return Completed(
            tuple(entry for id, entry in self.before.items() if id not in shown),
            tuple(entry for id, entry in self.after.items() if id not in shown and id not in self.before),
            tuple(sorted(self.answers, key=lambda answer: answer.head.id not in self.before)),
        )

    def called_by(self, rule: CompanionRule, product: str) -> Iterable[Entry]:
        candidates = self.serving(rule.role, product)
        if not candidates and rule.instead is not None:
            candidates = self.serving(rule.instead, product)
        valid = [entry for entry in candidates if entry.head.scope.valid_on(self.context.date)]
        if (candidates and not valid) or (not candidates and rule.need == "always"):
            raise _MissingError(rule.role)
        return valid

    def serving(self, role: str, product: str) -> list[Entry]:
        """The passages that serve ``role`` here on any date: the product's own, else those for every product."""
        for owner in dict.fromkeys((product, "")):
            found = [
                e for e in self.index.entries(owner) if role in e.head.serves and e.head.scope.covers(self.context)
            ]
            if found:
                return found
        return []

    def add(self, entry: Entry, place: str) -> None:
        (self.before if place == "before" else self.after).setdefault(entry.head.id, entry)

    def add_named(self, entry: Entry) -> None:
        """The companions that a passage names itself, and theirs in turn."""
        for id in entry.head.companions:
            if id in self.before or id in self.after or any(id == answer.head.id for answer in self.answers):
                continue
            named = self.index.entry(id)
            if named is None or not named.head.scope.in_force(self.context):
                raise _MissingError(id)
            self.add(named, "after")
            self.add_named(named)


def complete(index: Index, policy: Policy, context: Context, answers: Sequence[Entry]) -> Completed | Missing:
    """The companions of ``answers`` in this context, or what is missing."""
    try:
        return _Completion(index, policy.companions, context, answers).run()
    except _MissingError as error:
        return Missing(error.wanted)
