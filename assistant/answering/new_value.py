"""A further question that is only a new value: "and grade 3?", "and if she weighs 25 kg?", "what if CrCl is 40?".

It asks what the last question asked, of what that one named: an illness, a reaction, a substance. Guarantees: what is
kept of it are words that a passage of the product's label holds as well, and whether a dose was asked; the answer shows
them and the record holds them (``slots["subject"]``, ``carried``). They are kept for such questions alone. A grade of
what nobody named is never answered: of each reaction it means another thing to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.answer import Answer
from assistant.answering.index import Entry, Index
from assistant.answering.label_status import all_names
from assistant.answering.quantities import quantities_in, share_that_fits
from assistant.domain import SUBJECT, Flag
from assistant.understanding.aspects import asks_dose
from assistant.understanding.conditions import ABBREVIATIONS
from assistant.understanding.reading import Reading

#: How it says that a dose was asked.
_DOSE = "dose for "
#: Spans whose words a further question may leave out, and the most that is kept of them.
_NAMED = ("condition", "comorbidity", "event", "substance")
_MOST_SPANS, _MOST_CHARACTERS = 3, 80

_GRADE = re.compile(
    r"\bgrades? ?(?:[1-5]|i{1,3}|iv|v)\b(?: ?(?:or|to|and|-|/|\u2013) ?(?:grade )?(?:[1-5]|i{1,3}|iv|v)\b)?",
    re.IGNORECASE,
)
_PUGH = re.compile(r"\bchild[- ]pugh(?: class)? [abc]\b", re.IGNORECASE)
_VALUE = re.compile(
    rf"{_PUGH.pattern}|\b(?:cr ?cl|clcr|creatinine(?: clearance)?|e?gfr|clearance|weigh(?:s|t|ing|ed)?|age)\b|"
    r"\b\d+(?:\.\d+)? ?-?(?:kg|kilos?|kilograms?|lbs?|pounds?|years?|yrs?|yo|y/o|months?|mos?|weeks?|"
    r"ml ?/ ?min(?:ute)?|mg ?/ ?dl|olds?)?\b(?:[ -]olds?\b)?",
    re.IGNORECASE,
)
#: Words that name nothing of their own beside a value.
_BESIDE = frozenset(
    "a about also an and at but child children for had has he her him his how if in is it its kid kg less ml min more "
    "now of oh ok okay old or over patient patients pt she so still than that the their then they this to under was "
    "were what whats when with year years yes".split()
)
#: Shorthand in capitals names what a model may not know; but for values, times, routes and forms.
_CAPITALS = re.compile(r"(?<![\w-])[a-z]?[A-Z]{2}[A-Za-z]{0,5}(?![\w-])|(?<![\w-])[A-Z][a-z][A-Z]{1,2}[a-z]?(?![\w-])")
_NAMES_NOTHING = frozenset(
    "am pm bid tid qid qd od prn iv im sc sq po xr er sr cr la xl odt us usa fda hcp ok bsa bmi crcl clcr egfr gfr scr "
    "max min mg kg ml iu dr mr ms".split()
)
_WORD = re.compile(r"[^\W\d_]+")


def only_a_value(plain: str) -> bool:
    """Whether ``plain`` names nothing but a grade, an age, a weight, how the kidneys or the liver work."""
    if not (only_a_grade(plain) or quantities_in(plain) or _PUGH.search(plain)):
        return False
    return _BESIDE.issuperset(_words(_VALUE.sub(" ", _GRADE.sub(" ", plain))))


def only_a_grade(plain: str) -> bool:
    """Whether ``plain`` names nothing but a grade of what is not said."""
    return bool(_GRADE.search(plain)) and _BESIDE.issuperset(_words(_GRADE.sub(" ", plain)))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def kept(plain: str, previous: Answer | None) -> str:
    """What the last question was about, where ``plain`` is only a new value; else "". Nothing after a report."""
    if previous is None or set(previous.flags) - {Flag.ATTACK} or not only_a_value(plain):
        return ""
    return previous.slots.get(SUBJECT, "")


def about(reading: Reading, index: Index, entries: Sequence[Entry]) -> str:
    """What a question names in words of the label whose ``entries`` these are, behind "dose for" where it asks one."""
    spans = dict.fromkeys(_without_value(words) for words in reading.named(*_NAMED))
    spans |= dict.fromkeys(short for short in _shorthand(reading.masked) if not any(short in words for words in spans))
    spans = dict.fromkeys(ABBREVIATIONS.get(words.casefold(), words) for words in spans)
    named = " and ".join(filter(None, spans))
    if not named or len(spans) > _MOST_SPANS or len(named) > _MOST_CHARACTERS:
        return ""
    if not all(index.speaks_of([frozenset(lexical.terms(words))], entries) for words in spans if words):
        return ""
    return dose_for(named) if asks_dose(reading.masked) else named


def dose_for(named: str) -> str:
    """``named`` with the mark that a dose is asked for it."""
    return named if named.startswith(_DOSE) else f"{_DOSE}{named}"


def only_shorthand(plain: str, named: Sequence[str]) -> bool:
    """Whether ``named``, which stands in ``plain``, is shorthand that was not written out."""
    return len(named) == 1 and named[0].casefold() in {word.casefold() for word in _shorthand(plain)}


def _shorthand(question: str) -> list[str]:
    """The words of ``question`` in the capitals of shorthand; none where all of it is written so."""
    if question.isupper() and " " in question:
        return []
    return [word[0] for word in _CAPITALS.finditer(question) if word[0].casefold() not in _NAMES_NOTHING]


def _without_value(words: str) -> str:
    return " ".join(_GRADE.sub(" ", words).split())


def asked_a_dose(previous: Answer | None) -> bool:
    """Whether the last question asked a dose for what it named."""
    return previous is not None and not previous.flags and previous.slots.get(SUBJECT, "").startswith(_DOSE)


def said_with(plain: str, named: str) -> str:
    """``plain``, a new value, as a question that names what it is about."""
    return f"{plain.rstrip(' ?.!')} {named}"


def speaking(index: Index, entries: Sequence[Entry], named: str) -> list[Entry]:
    """Those of ``entries`` that speak of all that was ``named``, in their order."""
    wanted = [all_names(words.split()) for words in named.removeprefix(_DOSE).split(" and ")]
    return [entry for entry in entries if all(index.speaks_of(names, [entry]) for names in wanted)]


def weighed(plain: str, index: Index, entries: Sequence[Entry]) -> bool:
    """Whether the label says what is to be done at the weight that ``plain`` names, by a bound that stands near it."""
    told = [each for each in quantities_in(plain) if each.kind == "weight"]
    said = (entry for entry in entries if told and entry.head.topic in ("dosage", "overview"))
    return any(share_that_fits(told, (r for r in index.ranges(entry) if r.kind == "weight")) == 1.0 for entry in said)
