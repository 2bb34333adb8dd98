"""What a question asks to prevent: "CMV prophylaxis", "to prevent cold sores".

To keep an illness from coming is another use than to treat it (21 CFR 201.57(c)(2)), whichever question it comes as: a
model that learnt sentences takes the bare words for a dose, a warning or a trial. By wording alone; nothing here is
shown.
"""

from __future__ import annotations

import re

from assistant.understanding import stages
from assistant.understanding.conditions import spelled_out

_PREVENTION = r"(?:prevention|(?:chemo)?prophyla(?:xis|ctic(?:ally)?)|ppx)"
_BEHIND = re.compile(
    rf"\b(?:{_PREVENTION}(?: (?:treatment|therapy|use))?\s+(?:of|against|for)|prevent(?:s|ing)?)\s+"
    r"(?!(?:it|this|that|from|the medicine)\b)(?:(?:an?|the|my|his|her|their|any|further|new|recurrent|recurrences? of|"
    r"development of|onset of)\s+)*([^,;:.?!()/]+)",
    re.IGNORECASE,
)
_PREVENTED = re.compile(rf"\s{_PREVENTION}\b", re.IGNORECASE)
#: Clots that nobody has yet: prophylaxis in one word, or of those that long journeys bring. They are the veins'.
_AGAINST_CLOTS = re.compile(
    r"\bthrombo-?prophyla\w+|"
    r"\b(?:clots?|dvt|vte|thrombos[ie]s) (?:in|on|during|before|from|for) (?:an? |my )?(?:long[- ])?(?:haul )?"
    r"(?:flights?|flying|air travel)\b",
    re.IGNORECASE,
)
_CLOTS = ("venous", "thromboembolism")
#: What is there already and is to be treated: "treatment of endometrial hyperplasia".
_TREATED = re.compile(
    r"\b(?:treat(?:s|ing|ments?)?|cur(?:es?|ing)|revers(?:es?|ing))\b(?: (?:of|for|an?|the|acute|existing|established|"
    r"active|ongoing))*\s+([^,;:.?!()/]+)",
    re.IGNORECASE,
)
_AVOIDS = re.compile(r"\b(?:avoid(?:s|ed|ing)?|minimi[sz](?:es?|ed|ing|ation))\b", re.IGNORECASE)
_PARTS = re.compile(r"[,;:.?!()/]")
#: Where the name of what is prevented ends, and behind what it begins.
_ENDS = re.compile(
    r"\b(?:in|after|before|during|with|while|when|following|for|on|and|or|from|to|at|by|dos\w+|daily|how|what|"
    r"recurrences?|recurring|onset|outbreaks?|reactivation)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"\b(?:for|in|of|as|the|is|are|it|an?|what|which|how|can|does|do|use[ds]?|about|and|or|to|with|give[ns]?|"
    r"medicine|dos\w+|mg|daily|primary|secondary|long[- ]term|routine|universal|post-?\w*operative|peri-?operative|"
    r"pre-?exposure|post-?exposure|adult|pediatric|oral|iv|recurrent|recurrences?|reactivation|outbreaks?)\b",
    re.IGNORECASE,
)
#: What a treatment of the illness itself prevents is no other use: an attack, a relapse, what comes of it.
_BY_TREATING = re.compile(
    r"\b(?:attacks?|flares?(?:-?ups?)?|relapses?|episodes?|seizures?|exacerbations?|progression|complications?|"
    r"symptoms?|crises|crisis|bleed\w*|hospitali[sz]ation|deaths?|rejection|loss|damage|fractures?)\b",
    re.IGNORECASE,
)
#: A name of so many words at most.
_MOST_WORDS = 4
#: Who takes a medicine for good keeps the illness from coming back.
_KEPT_UP = re.compile(r"\b(?:maintenance|maintain\w*|relaps\w*|control)\b", re.IGNORECASE)
_TREATS = re.compile(r"\b(?:treat\w*|acute|relie\w+|manag\w+)\b", re.IGNORECASE)


def prevented(question: str) -> tuple[str, ...]:
    """The words of the illness that ``question`` (product names masked) asks to prevent; () where it asks for none."""
    if _AGAINST_CLOTS.search(question):
        return _CLOTS
    if (behind := _BEHIND.search(question)) is not None:
        said = _ENDS.split(behind[1], maxsplit=1)[0]
    elif (before := _PREVENTED.search(question)) is not None:
        said = _BEGINS.split(_PARTS.split(question[: before.start()])[-1])[-1]
    else:
        return ()
    named = spelled_out(said)
    return () if len(said.split()) > _MOST_WORDS or _BY_TREATING.search(question) else named


def avoids(question: str) -> bool:
    """Whether ``question`` asks how to keep a harm away, as nobody asks for a use: "minimize sedation"."""
    return _AVOIDS.search(question) is not None


def treated(question: str) -> tuple[str, ...]:
    """The words of the illness that ``question`` (product names masked) asks to treat; () where it asks for none, or
    to prevent one."""
    if (asked := _TREATED.search(question)) is None or stages.prevents(question):
        return ()
    return spelled_out(_ENDS.split(asked[1], maxsplit=1)[0])


def is_prevented(use: str) -> bool:
    """Whether ``use``, a statement of an indication, gives the medicine to prevent something, or for good."""
    return bool(stages.prevents(use) or _KEPT_UP.search(use))


def is_treated(use: str) -> bool:
    """Whether ``use``, a statement of an indication, gives the medicine to treat something."""
    return bool(_TREATS.search(use))
