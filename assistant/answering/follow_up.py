"""What a short question leaves unsaid because the last one said it: "and quovendry?", "what about in the elderly?".

Guarantees: what is kept is the topic and, for a dose, the people that it was about: names from closed sets, which the
answer shows and the record holds (``slots``, ``carried``); words of an earlier question are never read again but by a
question that is only a new value (:mod:`assistant.answering.new_value`), so nothing else that was said once (a
condition, another medicine, a report) comes back by itself. The same question after the same answer keeps the same.
Refuses to keep anything after a report of harm or an attack.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assistant.answering import new_value
from assistant.answering.answer import Answer
from assistant.answering.index import Entry, Index
from assistant.answering.quantities import quantities_in
from assistant.content.lexicon import words
from assistant.domain import OTHER_INTENTS, Outcome
from assistant.understanding.aspects import asks_dose
from assistant.understanding.products import Mention
from assistant.understanding.reading import Reading
from assistant.understanding.slots import populations

#: The slot that names the topic kept.
TOPIC = "topic"
#: The slot that names whom a question is about; how a question says it of those whose dose may be another.
#: Whoever asked about pregnancy was told what the label says of it, and goes on to the dose as such.
POPULATION = "population"
_SAID = {
    "pediatric": "in children",
    "geriatric": "in the elderly",
    "renal_impairment": "in renal impairment",
    "hepatic_impairment": "in hepatic impairment",
}
_DOSING = frozenset(("dosage", "administration"))
#: A use is named in at most so many words.
_WORDS_OF_A_USE = 4
#: People whom no slot names, so that the last ones are not meant; and from which weight, in kg, they are no children.
_OTHER_PEOPLE = re.compile(
    r"\b(?:m[ae]n|wom[ae]n|(?:fe)?males?|every(?:one|body)|any(?:one|body)|others?|else|healthy|me|myself|husband|wife|"
    r"mother|mom|father|dad|(?:all|most|normal|regular|typical|average) (?:patients|people)|in general|generally)\b",
    re.IGNORECASE,
)
_GROWN_WEIGHT = 50.0
#: Who is spoken of so is the one asked about before, whatever the weight.
_THE_SAME = re.compile(r"\b(?:s?he|they|it|him|her|the (?:child|kid|girl|boy|baby))\b", re.IGNORECASE)
#: Words that lead over to a further question and ask nothing themselves. "With" does: it asks about two together.
_LEADS = frozenset(
    "also about and but case for how in instead is it now of oh ok okay on or please regarding same so still that the "
    "then this too well what".split()
)
#: Words that set a name right, or say which of those that were offered, and ask nothing themselves.
_CORRECTS = frozenset(
    "actually i im it its me mean means meant need no nope not oops rather s sorry that thats want wanted was wrong "
    "yes yeah one".split()
)
_TOGETHER = frozenset(("with", "plus", "alongside"))
#: What such a question begins with.
_OPENINGS = frozenset("and also but for how in is now ok okay or same so then what".split())
#: Words that count and places in a row, by which a choice is taken; what stands around them, and what agrees to one.
_COUNTS = {word: at for at, word in enumerate("one two three four five".split(), 1)}
_PLACES = {word: at for at, word in enumerate("first second third fourth fifth".split(), 1)}
_AROUND_A_NUMBER = frozenset("the number nr option choice please".split())
_DENIES = frozenset("no not nope none neither never".split())
_AGREES = frozenset("yes yep yeah ja ok okay sure right correct exactly that it one this".split())
_NUMBERED = re.compile(r"\bno\b\.? ?(?=\d)", re.IGNORECASE)
_LONGEST_PICK = 40
#: A question of more words says itself what it asks.
_FRAGMENT_WORDS = 9
#: What was not answered is kept where it was so sure what was asked: "number two" asks nothing.
_SURE_OF_A_TOPIC = 0.5
#: Outcomes that are kept as topics are: what was referred or declined stays so for the next medicine.
_REFERRED = frozenset(("off_label", "comparison", "medical_advice"))
_REFERRED_USE = "off_label"
#: Whoever says no more than this behind a use asks for the dose in that use.
_OF_THE_SAME = frozenset(
    "dose doses dosing dosage much many often mg starting initial maximum max maintenance child children kid kids "
    "adult adults elderly then".split()
)
#: Topics that are about somebody more than about something.
_OF_PEOPLE = frozenset(("pediatric", "geriatric", "pregnancy", "lactation", "renal_impairment", "hepatic_impairment"))


@dataclass(frozen=True, slots=True)
class Fragment:
    """How a question leans on the one before it.

    ``topic``: that of the last question, "" where there is none to keep. ``bare``: it only names a product.
    ``opening``: it is short and begins as a further question does. ``rest``: its words that are neither names of
    products nor lead over. ``dosed``: the last question asked a dose for what it named; ``value``: it is only a new
    value; ``nameless``: it names no product.
    """

    topic: str
    bare: bool
    opening: bool
    rest: tuple[str, ...]
    dosed: bool = False
    value: bool = False
    nameless: bool = False

    @property
    def may_be_a_use(self) -> bool:
        """Whether it may be the name of a use after a question for a dose: "and angina?"."""
        after_a_dose = self.topic in _DOSING or self.dosed
        return after_a_dose and not self.value and 0 < len(self.rest) <= _WORDS_OF_A_USE

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
    others = [word for at, word in enumerate(spoken) if at not in named]
    corrects = bool(mentions) and not _CORRECTS.isdisjoint(others) and _LEADS.union(_CORRECTS).issuperset(others)
    rest = tuple(word for word in others if not corrects and word not in _LEADS)
    opening = bool(mentions and not rest) or spoken[0] in _OPENINGS
    bare = bool(mentions) and not rest
    value = not mentions and new_value.only_a_value(plain)
    return Fragment(_topic(previous), bare, opening, rest, new_value.asked_a_dose(previous), value, not mentions)


def _topic(previous: Answer) -> str:
    """The topic that a question after ``previous`` may keep."""
    topic = previous.slots.get(TOPIC, previous.intent)
    keeps = topic not in OTHER_INTENTS or topic in _REFERRED
    if TOPIC not in previous.slots and previous.outcome is Outcome.NO_APPROVED_ANSWER:
        keeps = keeps and previous.confidence >= _SURE_OF_A_TOPIC
    return topic if keeps and not previous.flags else ""


def without_denied(plain: str, mentions: Sequence[Mention], fragment: Fragment) -> tuple[Mention, ...]:
    """``mentions`` without those that a correction says are not meant: "not zorvanta, quovendry"."""
    if not (fragment.bare and fragment.topic):
        return tuple(mentions)
    spoken = words(plain)
    return tuple(mention for mention in mentions if not (mention.start and spoken[mention.start - 1] == "not"))


def product_beside(plain: str, mentions: Sequence[Mention], previous: Answer | None) -> str:
    """The last product, where the question only names another together with it: "and with quovendry?"; else ""."""
    spoken = words(plain)
    if previous is None or len(mentions) != 1 or not mentions[0].start:
        return ""
    mention = mentions[0]
    before, behind = spoken[: mention.start], spoken[mention.start + len(mention.key.split()) :]
    leads = _LEADS.issuperset(before[:-1]) and _LEADS.issuperset(behind)
    return previous.slots.get("product", "") if before[-1] in _TOGETHER and leads else ""


def picked(asked: str, previous: Answer | None) -> str:
    """What the choice sends that ``asked`` takes in words ("the second one", "number 2", "yes" to one); else "".

    A choice that is taken in words is asked as if it had been chosen: nothing of the words taken is read besides.
    """
    if previous is None or not previous.choices or len(asked) > _LONGEST_PICK:
        return ""
    clarifies = previous.outcome is Outcome.CLARIFY
    # "No. 2" is a number, and no other "no" takes anything.
    spoken = [word for word in words(_NUMBERED.sub("", asked)) if word not in _AROUND_A_NUMBER]
    if not _DENIES.isdisjoint(spoken):
        return ""
    if len(spoken) == 2 and spoken[1] == "one":
        spoken = spoken[:1]
    # A number by itself may be a dose, or how many there are: only where a choice was asked for it takes one.
    alone = spoken == words(asked) and asked.strip(" .").isdecimal()
    if len(spoken) == 1 and (clarifies or not (alone or spoken[0] in _COUNTS)):
        at = _number(spoken[0], len(previous.choices))
        if 1 <= at <= len(previous.choices):
            return previous.choices[at - 1].send
    only = clarifies and len(previous.choices) == 1
    agrees = bool(spoken) and _AGREES.issuperset(spoken)
    return previous.choices[0].send if only and agrees else ""


def _number(word: str, last: int) -> int:
    """The number that ``word`` is; 0 where it is none."""
    if word.isascii() and word.isdecimal():
        return int(word)
    return last if word == "last" else (_COUNTS | _PLACES).get(word, 0)


def people_kept(
    plain: str, reading: Reading, topic: str, previous: Answer | None, *, weighed: bool = False, value: bool = False
) -> tuple[str, ...]:
    """The people that the last question was about, where a short one asks for a dose and says not for whom.

    A dose for adults must not stand under a question about a child. ``topic``: what is kept of it, "" for its own;
    ``weighed``: the label has a dose of its own for the weight that it names; ``value``: it is only a new value.
    """
    if previous is None or previous.flags or reading.population or len(words(plain)) > _FRAGMENT_WORDS:
        return ()
    people = tuple(filter(None, previous.slots.get(POPULATION, "").split(",")))
    if _names_other_people(plain, people) or (weighed and "pediatric" not in people):
        return ()
    own = topic or (reading.intents[0][0] if reading.intents else "")
    dosing = value or own in _DOSING or topic in _OF_PEOPLE or (not topic and asks_dose(reading.masked))
    return people if dosing and people and _SAID.keys() >= set(people) else ()


def _names_other_people(plain: str, people: Collection[str]) -> bool:
    """Whether ``plain`` is about others than ``people``: by a word for them, an age, or the weight of who is grown."""
    told = quantities_in(plain)
    grown = "pediatric" in people and any(each.kind == "weight" and each.value >= _GROWN_WEIGHT for each in told)
    grown = grown and not _THE_SAME.search(plain)
    return grown or any(each.kind == "age" for each in told) or _OTHER_PEOPLE.search(plain) is not None


def as_told(plain: str, reading: Reading) -> Reading:
    """``reading`` without the children that a model hears in the weight of who is grown, if no word tells of them."""
    told = quantities_in(plain)
    if "pediatric" in populations(plain) or not any(e.kind == "weight" and e.value >= _GROWN_WEIGHT for e in told):
        return reading
    return replace(reading, population=tuple(name for name in reading.population if name != "pediatric"))


def asking_use(illness: str, topic: str) -> str:
    """The words by which a question asks whether the medicine is for ``illness``, or under ``topic`` for its dose."""
    return new_value.dose_for(illness) if topic in _DOSING else f"is it approved for {illness}"


def is_of_transplant(subject: str) -> bool:
    """Whether what the last question was about is a transplant."""
    return "transplant" in subject.casefold()


def said_of(people: Collection[str]) -> str:
    """The words by which a question would be about ``people``."""
    return "".join(f" {_SAID[name]}" for name in people)


def kept(fragment: Fragment, reading: Reading, entries: Collection[Entry], *, of_a_use: bool) -> str:
    """The topic that the question keeps, "" if it has its own.

    A question that names people alone keeps the topic where ``entries`` hold a passage on that topic for them: else
    what is said of those people in general is the better answer. One that names a use alone asks for its dose after a
    dose (``of_a_use``). What was referred stays so at another value, and a use where its dose is asked for next.
    """
    if of_a_use and fragment.topic not in _DOSING:
        return "dosage"
    if fragment.bare or of_a_use or (fragment.value and fragment.topic in _REFERRED):
        return fragment.topic
    of_the_same = fragment.nameless and bool(fragment.rest) and _OF_THE_SAME.issuperset(fragment.rest)
    if fragment.topic == _REFERRED_USE and of_the_same:
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
