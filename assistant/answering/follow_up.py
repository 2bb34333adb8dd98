"""What a short question leaves unsaid because the last one said it: "and quovendry?", "what about in the elderly?".

Guarantees: what is kept is the topic alone, a name from a closed set, which the answer shows and the record holds
(``slots["topic"]``, ``carried``); words of an earlier question are never read again, so nothing that was said once
(a population, a condition, another medicine, a report) comes back by itself. The same question after the same answer
keeps the same topic. Refuses to keep anything after a report of harm or an attack.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assistant.answering.answer import Answer
from assistant.answering.index import Entry, Index
from assistant.content.lexicon import words
from assistant.domain import OTHER_INTENTS
from assistant.understanding.products import Mention
from assistant.understanding.reading import Reading

#: The slot that names the topic kept.
TOPIC = "topic"
#: Words that lead over to a further question and ask nothing themselves. "With" does: it asks about two together.
_LEADS = frozenset(
    "also about and but case for how in instead is it now of oh ok okay on or please regarding same so still that the "
    "then this too well what".split()
)
#: What such a question begins with.
_OPENINGS = frozenset("and also but for how in is now ok okay or same so then what".split())
#: A question of more words says itself what it asks.
_FRAGMENT_WORDS = 9
#: Outcomes that are kept as topics are: what was referred or declined stays so for the next medicine.
_REFERRED = frozenset(("off_label", "comparison", "medical_advice"))
#: Topics that are about somebody more than about something.
_OF_PEOPLE = frozenset(("pediatric", "geriatric", "pregnancy", "lactation", "renal_impairment", "hepatic_impairment"))


@dataclass(frozen=True, slots=True)
class Fragment:
    """How a question leans on the one before it.

    ``topic``: that of the last question, "" where there is none to keep. ``bare``: it only names a product.
    ``opening``: it is short and begins as a further question does. ``rest``: its words that are neither names of
    products nor lead over.
    """

    topic: str
    bare: bool
    opening: bool
    rest: tuple[str, ...]

    def only_names(self, names: Collection[str]) -> bool:
        """Whether it says nothing but these words, which name no product that we know."""
        return bool(self.rest) and set(self.rest) <= set(names)


NONE = Fragment("", False, False, ())


def fragment_of(plain: str, mentions: Sequence[Mention], previous: Answer | None) -> Fragment:
    """How the question ``plain``, which names ``mentions``, leans on ``previous``."""
    spoken = words(plain) if previous is not None else []
    if previous is None or not spoken or len(spoken) > _FRAGMENT_WORDS:
        return NONE
    named = {at for m in mentions for at in range(m.start, m.start + len(m.key.split()))}
    rest = tuple(word for at, word in enumerate(spoken) if at not in named and word not in _LEADS)
    opening = bool(mentions and not rest) or spoken[0] in _OPENINGS
    return Fragment(_topic(previous), bool(mentions) and not rest, opening, rest)


def _topic(previous: Answer) -> str:
    """The topic that a question after ``previous`` may keep."""
    topic = previous.slots.get(TOPIC, previous.intent)
    keeps = topic not in OTHER_INTENTS or topic in _REFERRED
    return topic if keeps and not previous.flags else ""


def kept(fragment: Fragment, reading: Reading, entries: Collection[Entry]) -> str:
    """The topic that the question keeps, "" if it has its own.

    A question that names people alone keeps the topic where ``entries`` hold a passage on that topic for them: else
    what is said of those people in general is the better answer.
    """
    if fragment.bare:
        return fragment.topic
    people = set(reading.population)
    own = reading.intents[0][0] if reading.intents else ""
    if not fragment.opening or not people or own not in _OF_PEOPLE or fragment.topic in ("", own):
        return ""
    found = any(entry.head.is_about(fragment.topic) and people & set(entry.head.population) for entry in entries)
    return fragment.topic if found else ""


def about(topic: str, reading: Reading, index: Index) -> Reading:
    """``reading`` as if the question had asked about ``topic``: with that topic's first example utterance behind it."""
    vectors, intents = index.utterances
    asked = replace(reading, intents=((topic, 1.0),), conditions=())
    if topic not in intents:
        return asked
    first = intents.index(topic)
    return replace(asked, masked=f"{reading.masked} {index.utterance_texts[first]}", vector=vectors[first])
