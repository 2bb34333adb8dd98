"""What a few words after a notice of harm still tell of: "lips too", "maybe 5 tablets", "is that bad".

Guarantees: what is kept is the kind of notice alone (and that it was of too much), names from closed sets, which the
answer shows and the record holds (``slots["harm"]``, ``carried``); words of an earlier message are never read again. It
is kept for the next message and no longer: one that still tells of it keeps it for its own next one. Works without the
model, from closed lists and the approved screen. A message of many words, and one that plainly asks about a subject of
the label, says itself what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.answering import choices
from assistant.answering.answer import Answer
from assistant.content.lexicon import words
from assistant.domain import Flag
from assistant.understanding.screen import Screen, normalised

#: The slot that names the notice kept.
HARM = "harm"
#: The topic of what was taken too much of: what the label says of it follows the notice again.
_TOO_MUCH = "overdose"
#: A message of more words says itself what it is.
_FEW_WORDS = 9
#: Nothing but these is no news of anybody.
_THANKS = frozenset(
    "bye cheers good goodbye great hello hi many much no ok okay please so thank thanks thx ty very you".split()
)
#: What a label is asked about where nobody is in danger.
_SUBJECTS = frozenset(
    "approved breastfeeding contraindicated contraindication contraindications cost coverage copay dosage dosing "
    "efficacy elderly excipients expire expired expires expiry fertility fridge geriatric gluten grapefruit hepatic "
    "indicated indication indications ingredient ingredients insurance interact interaction interactions interacts "
    "lactation lactose max maximum mechanism nursing packaging pediatric pharmacokinetics pregnancy pregnant price "
    "refrigerate refrigerated refrigerator renal say says shelf source sources starting storage store stored storing "
    "strengths studies study supplied titration travel trial trials vegan written".split()
)
#: So is how it works, and what its dose is.
_OF_THE_LABEL = re.compile(
    r"^how (?:does|do) (?:\S{1,20} ){1,3}?work\b"
    r"|^(?!(?:another|big|double|extra|first|full|high|large|second|whole) )"
    r"(?:(?:and|what|is|whats|what's|the|usual|recommended|normal|[a-z-]{6,20}) ){0,5}dose"
    r"(?: (?:of|for|in) .{1,40})?\W*$"
)
#: How somebody goes on telling; with "in", "for" or "with" somebody asks about a group or another medicine.
_GOES_ON = re.compile(
    r"^(?:(?:and|also|plus|now|then|but|oh)[ ,]+){1,3}(?!(?:in|for|with|on|during|of|to|about|how|what)\b)"
)
_AS_WELL = re.compile(r"[ ,](?:too|also|as well)[.! ]*$")
_ASKS = re.compile(
    r"\?\s*$|^(?:and |but |so )?(?:are|can|could|did|do|does|how|is|list|may|might|shall|should|show|tell|what|whats"
    r"|when|where|which|who|why|will|would)\b"
)
#: Another case of the same, or whom the one told of happened to.
_ANOTHER = re.compile(
    r"^(?:(?:and|also|oh)[ ,]+)?(?:"
    r"(?:another|one more|a second|a third)(?: one| patient| pt| case| lady| man| woman| resident)? "
    r"(?:with|had|has|have|got|too|here|developed|showed|reported)\b"
    r"|(?:the )?same(?: thing| problem| reaction| again| happened| here){0,2} (?:with|to|for|in) "
    r"(?:my|our|his|her|another|one|two|an?|me|a second)\b"
    r"|(?:it was |this was |that was )?(?:in |with |she is |she's |shes |he is |he's |hes |aged? )?(?:an? )?"
    r"\d{1,3}[ -]?(?:years?|yrs?|yo|y/o|y|f|m)\b(?:[ -]olds?)?(?: [a-z-]{1,12}){0,2}[.! ]*$)"
)
_OWNER = re.compile(r"^(?:my|his|her|our|their|the) ")
#: The frames that lend a few words what the message before them said.
_SINCE_THEN = ("since i started it i have {}", "since i started it i am {}")
_HURTS = "my {} hurts since i started it"


@dataclass(frozen=True, slots=True)
class Kept:
    """The notice that a message still tells of, and the topic that its rule named; ``flag`` None: it tells of none."""

    flag: Flag | None = None
    topic: str = ""


NOTHING = Kept()


def kept(asked: str, previous: Answer | None, screen: Screen) -> Kept:
    """What ``asked`` keeps of the notice in ``previous``."""
    if previous is None or not {Flag.EMERGENCY, Flag.ADVERSE_EVENT}.intersection(previous.flags):
        return NOTHING
    text = normalised(asked)
    spoken = words(text)
    chosen = asked.startswith(choices.PICK)
    if chosen or not spoken or len(spoken) > _FEW_WORDS or _THANKS.issuperset(spoken):
        return NOTHING
    if Flag.EMERGENCY in previous.flags:
        if not _SUBJECTS.isdisjoint(spoken) or _OF_THE_LABEL.search(text):
            return NOTHING
        topic = previous.slots.get("topic", previous.intent)
        return Kept(Flag.EMERGENCY, topic if topic == _TOO_MUCH else "")
    return Kept(Flag.ADVERSE_EVENT) if _goes_on(text, screen) else NOTHING


def _goes_on(text: str, screen: Screen) -> bool:
    """Whether it tells of a further sign or a further case."""
    if _ASKS.search(text):
        return False
    if _ANOTHER.search(text):
        return True
    lead, tail = _GOES_ON.search(text), _AS_WELL.search(text)
    if not (lead or tail):
        return False
    rest = text[lead.end() if lead else 0 : tail.start() if tail else len(text)]
    framed = [frame.format(_OWNER.sub("", rest)) for frame in _SINCE_THEN]
    if tail or _OWNER.search(rest):
        framed.append(_HURTS.format(_OWNER.sub("", rest)))
    return any(finding.flag in (Flag.ADVERSE_EVENT, Flag.EMERGENCY) for each in framed for finding in screen.find(each))
