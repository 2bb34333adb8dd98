"""A draft: what is decided about an answer, before it is completed, rendered and proved.

It is made of names, numbers and ids; no text of a passage. Whatever happens to it on the way, a grave notice that
stands is never taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.answering import after_harm, follow_up, planning
from assistant.answering.answer import Offer
from assistant.answering.index import Entry
from assistant.answering.retrieval import Candidate
from assistant.domain import Flag, Outcome


@dataclass(slots=True)
class Draft:
    """What is decided about an answer. ``role`` names the notice where it is not the outcome's own.

    ``marked`` are the words that the question names as ``(type, words)``, ``names`` the products in it as
    ``(name, product)``: what a report of harm is made of.
    """

    outcome: Outcome
    intent: str = "out_of_scope"
    confidence: float = 0.0
    flags: frozenset[Flag] = frozenset()
    role: str = ""
    shown: tuple[Entry, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    choices: tuple[Offer, ...] = ()
    others: tuple[tuple[str, float], ...] = ()
    slots: dict[str, str] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    marked: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    notes: list[str] = field(default_factory=list)

    def give_up(self, why: str) -> None:
        """Show no passage; unless a grave notice stands anyway, say that nothing approved answers."""
        self.shown = ()
        self.notes.append(why)
        if planning.grave_outcome(self.flags) is None:
            self.outcome, self.role, self.choices = Outcome.NO_APPROVED_ANSWER, "", ()

    def refer(self, why: str) -> None:
        """Show no passage; unless a grave notice stands anyway, refer the use that is asked about."""
        self.give_up(why)
        if self.outcome is Outcome.NO_APPROVED_ANSWER:
            self.outcome, self.intent = Outcome.MEDICAL_INFORMATION, "off_label"

    def keep_topic(self, topic: str) -> None:
        """Say that ``topic`` ("": none) is the last question's."""
        if topic:
            self.slots[follow_up.TOPIC] = topic
            self.carried = (follow_up.TOPIC,)

    def keep_harm(self, kept: after_harm.Kept) -> None:
        """Say that the notice of the last message stands again, and what its rule named."""
        if kept.flag is None:
            return
        still = {after_harm.HARM: kept.flag.value} | ({follow_up.TOPIC: kept.topic} if kept.topic else {})
        self.slots |= still
        self.carried = tuple(dict.fromkeys((*self.carried, *still)))
        self.notes.append(f"it still tells of what the last message told: {kept.flag.value}")

    def ask_back(self, offered: tuple[Offer, ...]) -> None:
        """Show no passage but choices; unless a grave notice stands anyway."""
        if planning.grave_outcome(self.flags) is None:
            self.outcome = Outcome.CLARIFY
            self.choices = offered

    @property
    def score(self) -> float:
        """How well the best passage fits that would be shown; 0 where none is."""
        return self.candidates[0].score if self.shown and self.candidates else 0.0


def fixed(flags: frozenset[Flag], note: str) -> Draft:
    """What can be said of a question that cannot be read: its grave notice, else that it is out of scope."""
    return Draft(planning.grave_outcome(flags) or Outcome.OUT_OF_SCOPE, flags=flags, notes=[note])
