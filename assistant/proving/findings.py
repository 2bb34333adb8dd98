"""What a proof over the answer space found: counts, violations with the shortest example each, open questions.

All of it is data: it has one canonical JSON form, and the SHA-256 of that is what a reviewer signs. Ids, numbers and
dates only, never the text of a passage.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.canonical import fingerprint
from assistant.proving.space import Interval, Place

SCHEMA = "onlabel.proof/1"

#: What is proved, by the short name of the rule; V1 to V7 are the verifier's, the others are written down here.
RULES: Mapping[str, str] = {
    "V1": "every byte belongs to one span",
    "V2": "every passage and literal is whole and approved",
    "V3": "nothing expired, withdrawn, or out of its market, audience, language or channel is shown",
    "V4": "one product in an answer, and no passage twice",
    "V5": "every companion that policy or a passage calls for is there, in its place",
    "V6": "outcome, flags and notice fit; no benefit text after a grave notice; what is shown may be retrieved",
    "V7": "the arrangement is one that a template allows",
    "balance": "benefit text never stands without the boxed warning that the product has, nor before it",
    "scope": "what the index calls in force is so, by the passage's own scope",
    "grave": "after the notice of an emergency, adverse event or complaint there is no benefit text",
    "reference": "everything that is named exists: documents, companions, templates",
    "notice": "every outcome has its notice wherever and whenever something may be asked",
    "template": "every intent that passages answer has a template there, and so has everything around them",
    "denied": "what policy denies an audience cannot be picked by it either",
    "choice": "the words on every button are approved words",
    "approval": "everything that may be shown is approved by those whose approval is needed",
}  # fmt: skip

_DAYS = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@dataclass(frozen=True, slots=True)
class Example:
    """The shortest way to see a violation: fewest passages, then the earliest day that can still be asked about."""

    product: str
    place: Place
    interval: Interval
    outcome: str
    intent: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold, what exactly, and in how many answers of those tried."""

    rule: str
    says: str
    example: Example | None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Open:
    """A question that nobody can answer. ``why``: none, withheld, or the population is not spoken of."""

    product: str
    topic: str
    population: str
    place: Place
    interval: Interval
    why: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Passages that are in force and cannot be shown, and why."""

    product: str
    place: Place
    interval: Interval
    why: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days between two versions on which neither is in force. ``what``: a topic, or a section of a document."""

    product: str
    what: str
    place: Place
    interval: Interval


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends soon. ``next``: what stands in its place from that day on, "" nothing."""

    kind: str
    id: str
    day: dt.date
    next: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Content that no context and no question can reach, and why."""

    kind: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a topic of a product stands in a place on the day of the proof. ``passages``: how many can be shown."""

    product: str
    topic: str
    place: Place
    state: str
    passages: int


@dataclass(slots=True)
class Counts:
    """How much was gone through. ``covered``: answers that the argument covers, ``checked`` among them."""

    contexts: int = 0
    places: int = 0
    intervals: int = 0
    cells: int = 0
    products: int = 0
    passages: int = 0
    templates: int = 0
    intents: int = 0
    checked: int = 0
    covered: int = 0


@dataclass(frozen=True, slots=True)
class SpaceProof:
    """What was proved of a workspace, and what not."""

    day: dt.date
    index: str
    ledger: str
    policy: str
    counts: Counts
    violations: tuple[Violation, ...]
    coverage: tuple[Coverage, ...]
    open: tuple[Open, ...]
    withheld: tuple[Withheld, ...]
    gaps: tuple[Gap, ...]
    ending: tuple[Ending, ...]
    idle: tuple[Idle, ...]
    approvals: str

    @property
    def proved(self) -> bool:
        """Whether no rule is violated."""
        return not self.violations

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical form of all of it: what a signature on the report refers to."""
        return fingerprint(self._data())

    def as_json(self) -> dict[str, Any]:
        """Everything, with the SHA-256 of everything else."""
        return self._data() | {"sha256": self.sha256}

    def _data(self) -> dict[str, Any]:
        fields = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}
        return {"schema": SCHEMA, "proved": self.proved, "rules": dict(RULES), **fields}


def _plain(value: Any) -> Any:
    """``value`` as JSON knows it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name.name: _plain(getattr(value, name.name)) for name in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


@dataclass(slots=True)
class Violations:
    """Collects violations: one a rule and cause, with the shortest example."""

    day: dt.date
    _found: dict[tuple[str, str, str], Violation] = field(default_factory=dict)

    def add(self, rule: str, says: str, example: Example | None = None) -> None:
        """Note that ``rule`` does not hold. The same cause on other days, or for other people, is one violation."""
        place = str(example.place) if example and rule in ("notice", "template") else ""
        key = (rule, _DAYS.sub("", says), place)
        known = self._found.get(key)
        if known is None:
            self._found[key] = Violation(rule, says, example)
            return
        best = known
        if example and known.example and self._length(example) < self._length(known.example):
            best = Violation(rule, says, example)
        self._found[key] = dataclasses.replace(best, times=known.times + 1)

    def _length(self, example: Example) -> tuple[int, bool, dt.date]:
        past = not example.interval.reaches(self.day)
        return len(example.passages), past, example.interval.first

    def sorted(self) -> tuple[Violation, ...]:
        """By rule, then the shortest example first."""
        order = list(RULES)
        return tuple(
            sorted(
                self._found.values(),
                key=lambda v: (order.index(v.rule), len(v.example.passages) if v.example else 0, v.says),
            )
        )
