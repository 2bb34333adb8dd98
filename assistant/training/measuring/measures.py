"""What a model chose beside what was labelled, counted: intents, closed slots, flags, spans, latency.

Guarantees: pure counting over :class:`Read`, so the same readings give the same numbers; a head that a model does not
have is never counted as wrong, its measure is None. Where a text asks two things, the second intent (``also``) is right
as well when it comes first. Slots, flags and spans count only where they were marked (``annotated``).
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from assistant.training.dataset import Utterance
from assistant.training.measuring.calibration import Interval, wilson_interval
from assistant.understanding.choosing import Choosing

#: From this share on a closed slot value counts as chosen, as where questions are understood (``reading.py``).
SLOT_SURE = 0.5
#: For a flag that no policy names.
_FLAG_SURE = 0.5

Place = tuple[str, int]
Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Read:
    """A labelled question, what was chosen for it, and how long that took. ``place``: file and line, where known."""

    utterance: Utterance
    chosen: Choosing
    milliseconds: float
    place: Place | None = None

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.chosen.intents[0][0]

    @property
    def confidence(self) -> float:
        """How likely it is said to be."""
        return self.chosen.intents[0][1]

    @property
    def right(self) -> bool:
        """Whether the likeliest intent is one that the text asks."""
        return self.intent in (self.utterance.intent, self.utterance.also)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share as what it was counted from."""

    met: int
    of: int

    @property
    def share(self) -> float | None:
        """None of nothing."""
        return self.met / self.of if self.of else None

    @property
    def interval(self) -> Interval:
        """At 95 % (Wilson)."""
        return wilson_interval(self.met, self.of)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were found, how many were there, and how many of the found were there."""

    met: int
    found: int
    wanted: int

    @property
    def precision(self) -> float | None:
        """Share of the found that were there; None where nothing was found."""
        return self.met / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of what was there that was found; None where nothing was there."""
        return self.met / self.wanted if self.wanted else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where nothing was found and nothing was there."""
        return 2 * self.met / (self.found + self.wanted) if self.found + self.wanted else None


@dataclass(frozen=True, slots=True)
class Flagged:
    """One flag at the threshold of the policy. ``false_alarms``: raised, of the questions that do not bear it."""

    threshold: float
    counts: Counts
    false_alarms: Rate


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often an intent was taken for another one."""

    wanted: str
    chosen: str
    questions: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one forward pass with its heads."""

    median: float
    p95: float


def total(counts: Iterable[Counts]) -> Counts:
    """All of them as one (micro average)."""
    given = list(counts)
    return Counts(sum(c.met for c in given), sum(c.found for c in given), sum(c.wanted for c in given))


# --- intents ---------------------------------------------------------------------------------------------------------


def accuracy(reads: Sequence[Read]) -> Rate:
    """How many intents are right."""
    return Rate(sum(read.right for read in reads), len(reads))


def accuracy_by(reads: Sequence[Read], group: Callable[[Utterance], str]) -> dict[str, Rate]:
    """:func:`accuracy` of each group, the largest first; those of no group left out."""
    groups: defaultdict[str, list[Read]] = defaultdict(list)
    for read in reads:
        groups[group(read.utterance)].append(read)
    groups.pop("", None)
    return {name: accuracy(groups[name]) for name in sorted(groups, key=lambda name: (-len(groups[name]), name))}


def intents(reads: Sequence[Read]) -> dict[str, Counts]:
    """Each intent that was asked or chosen, by name."""
    pairs = [({read.intent}, {read.intent if read.right else read.utterance.intent}) for read in reads]
    return tally(pairs, str)


def confusions(reads: Sequence[Read]) -> tuple[Confusion, ...]:
    """Intents taken for others, the most frequent first."""
    pairs = Counter((read.utterance.intent, read.intent) for read in reads if not read.right)
    return tuple(Confusion(*pair, n) for pair, n in sorted(pairs.items(), key=lambda one: (-one[1], one[0])))


def surest_mistakes(reads: Sequence[Read], most: int) -> tuple[Read, ...]:
    """The wrong ones of which the model was surest: a wrong label, or a passage that would be wrong."""
    wrong = [read for read in reads if not read.right]
    return tuple(sorted(wrong, key=lambda read: -read.confidence)[:most])


# --- slots, flags, spans ---------------------------------------------------------------------------------------------


def tally(pairs: Iterable[tuple[Set[Hashable], Set[Hashable]]], name: Callable[..., str]) -> dict[str, Counts]:
    """Counts over (chosen, labelled) sets, by the ``name`` of their members, in the order of the names."""
    met, found, wanted = Counter[str](), Counter[str](), Counter[str]()
    for chosen, labelled in pairs:
        found.update(map(name, chosen))
        wanted.update(map(name, labelled))
        met.update(map(name, chosen & labelled))
    return {key: Counts(met[key], found[key], wanted[key]) for key in sorted(found | wanted)}


def slots(reads: Sequence[Read]) -> dict[str, Counts] | None:
    """Each closed value as ``slot=value``."""
    if any(read.chosen.slots is None for read in reads):
        return None
    marked = (read for read in reads if read.utterance.slots_marked)
    return tally(((chosen_slots(read.chosen), _labelled_slots(read.utterance)) for read in marked), "=".join)


def chosen_slots(chosen: Choosing) -> frozenset[tuple[str, str]]:
    """The closed values that count as chosen."""
    return frozenset((slot, value) for slot, value, share in chosen.slots or () if share >= SLOT_SURE)


def _labelled_slots(utterance: Utterance) -> frozenset[tuple[str, str]]:
    return frozenset((slot, value) for slot, values in utterance.slots.items() for value in values)


def flags(reads: Sequence[Read], thresholds: Thresholds) -> dict[str, Flagged] | None:
    """Each flag that the model knows or that was labelled, by the model alone: the screen's rules are not asked."""
    reads = [read for read in reads if read.utterance.flags_marked]
    if not any(read.chosen.flags for read in reads):
        return None
    raised = [(raised_flags(read.chosen, thresholds), frozenset(read.utterance.flags)) for read in reads]
    known = {name for read in reads for name in (*read.chosen.flags, *read.utterance.flags)}
    counts = tally(raised, str)
    found = {}
    for name in sorted(known):
        one = counts.get(name, Counts(0, 0, 0))
        alarms = Rate(one.found - one.met, len(reads) - one.wanted)
        found[name] = Flagged(thresholds.get(name, _FLAG_SURE), one, alarms)
    return found


def raised_flags(chosen: Choosing, thresholds: Thresholds) -> frozenset[str]:
    """The flags that reach their thresholds."""
    return frozenset(name for name, share in chosen.flags.items() if share >= thresholds.get(name, _FLAG_SURE))


def spans(reads: Sequence[Read]) -> dict[str, Counts] | None:
    """Each type of span; one is met where both ends and the type are the same (as CoNLL-2003 counts).

    Where the model could not tell the words of a single question, its spans are missed.
    """
    if all(read.chosen.spans is None for read in reads):
        return None
    marked = (read for read in reads if read.utterance.slots_marked)
    return tally(((frozenset(read.chosen.spans or ()), _labelled_spans(read.utterance)) for read in marked), _type)


def _labelled_spans(utterance: Utterance) -> frozenset[tuple[int, int, str]]:
    _, marks = utterance.masked()
    return frozenset((mark.start, mark.end, mark.type) for mark in marks)


def _type(span: tuple[int, int, str]) -> str:
    return span[2]


# --- latency ---------------------------------------------------------------------------------------------------------


def latency(milliseconds: Sequence[float]) -> Latency:
    """Median and 95th of a hundred."""
    ordered = sorted(milliseconds)
    return Latency(statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))])
