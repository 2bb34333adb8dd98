"""A question on its way to its answer: what was asked, by whom, after what, and which names stand in it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answering import follow_up
from assistant.answering.answer import Answer
from assistant.content.lexicon import words
from assistant.domain import Context, Flag
from assistant.understanding import other_medicines, products


@dataclass(frozen=True, slots=True)
class Question:
    """A question on its way: its plain text, who asks, what the screen found, its names, what came before.

    ``given``: the product whose page it is; ``chosen``: that of the choice which it is.
    """

    plain: str
    where: Context
    flags: frozenset[Flag]
    topic: str
    previous: Answer | None
    given: str = ""
    chosen: str = ""
    mentions: tuple[products.Mention, ...] = ()
    fragment: follow_up.Fragment = follow_up.NONE

    @property
    def says_nothing_else(self) -> bool:
        """Whether it says nothing but names of products."""
        return sum(len(mention.key.split()) for mention in self.mentions) == len(words(self.plain))

    @property
    def names_only_others(self) -> bool:
        """Whether it names nothing but what it compares with, or what the patient takes besides."""
        keys = [mention.key for mention in self.mentions]
        other = other_medicines.compared_with(self.plain)
        return any(other in words(key) for key in keys) or other_medicines.taken_beside(self.plain, keys)
