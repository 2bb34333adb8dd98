"""Other medicines in a question: what ours is compared with, and what a patient takes besides.

By the wording alone, product names already masked; whether the label speaks of them is decided where the label is at
hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from assistant.understanding.spelling import is_ordinary

#: Words that put one medicine above another.
_ABOVE = (
    "better|worse|safer|gentler|stronger|weaker|faster|superior|inferior|preferred|preferable|"
    "more (?:effective|potent|efficacious|active|powerful)"
)
_AS_GOOD = r"as (?:effective|good|safe|strong|potent|well tolerated) as"
#: What may stand between that wording and the name: an article, a time, a salt.
_BEFORE_A_NAME = (
    r"(?:(?:the|a|an|adding|using|taking|giving|about|around|few|couple|\d+\s?-?(?:months?|mos?|weeks?|wks?|days?|years?|"
    r"yrs?)(?: of)?|daily|weekly|monthly|once|twice|oral|iv|inhaled|topical|generic|plain|old|low-dose|high-dose|"
    r"standard|regular|sodium|potassium|calcium|magnesium|zinc)\s+){0,6}"
)
#: Wording that compares, and what is compared with.
_COMPARES = re.compile(
    rf"\b(?:{_ABOVE}|cheaper|less|more|fewer|rather)\b[^.?!]*?\b(?:than|to)\s+"
    r"(?:the |a |adding |using |taking |giving )?([^\W\d][\w-]+)|"
    r"(?:\b(?:vs\.?|(?<![.\w])(?<!factor )(?<!stage )(?<!class )(?<!type )(?-i:v)\.?(?=\s)|versus|"
    r"compared? (?:with|to|against)|instead of|in place of|(?:stack|hold|measur)\w* up (?:against|to)|"
    r"(?:stud(?:y|ies|ied)|trials?|tested|data) against|"
    rf"hold\w* a candle to|any edge over))\s+{_BEFORE_A_NAME}([^\W\d][\w-]+)|"
    rf"\b{_AS_GOOD} (?:the |a )?([^\W\d][\w-]+)|"
    r"\bor\s+([^\W\d][\w-]+)\s*[:,-]?\s*(?:which|who)\b|"
    r"([^\W\d][\w-]+)\s+(?:vs\.?|versus)\s+the medicine\b",
    re.IGNORECASE,
)
#: Wording that asks which of two is to be preferred.
_PREFERS = re.compile(
    rf"\b(?:{_ABOVE}|best|{_AS_GOOD}|kinder|any edge|a candle to|stack\w* up|"
    r"(?<!, )which (?:one )?(?:has|have|had|causes?|gives?)\b[^.?!]{0,30}\b(?:more|less|fewer|lower|higher|most|least)|"
    r"(?:holds?|keeps?|brings?|gets?) [\w\s-]{1,30}\b(?:lower|higher|down)|"
    # Of two that were named: "A vs B, which stops more stones?"
    r"(?:vs\.?|versus)\s[^.?!]{2,60}?\b(?:which|who|what) (?:one )?(?!of\b)[\w-]+ (?:[\w-]+ ){0,2}"
    r"(?:more|less|fewer|lower|higher|longer|faster|sooner|earlier|most|least))\b",
    re.IGNORECASE,
)
#: What the medicine does more of than another one: a trial of both alone can say that.
_OUTDOES = re.compile(
    r"\b(?:does|do|did|can|will|would|is|are) (?:the medicine|it|this)\b[^.?!]*?"
    r"\b(?:more|less|fewer|longer|faster|sooner|lower|higher|greater|further)\b[^.?!]*?\bthan\b",
    re.IGNORECASE,
)
_NO_MEDICINE = frozenset(
    (
        *("placebo", "pbo", "plb", "vehicle", "sham", "control", "controls", "baseline", "arm", "group", "one", "ones"),
        # Other patients, the usual treatment whatever it is, and the comparison itself.
        *("pts", "pt", "soc", "combo", "h2h"),
    )
)

#: In which order two medicines are stopped; which is given first is a preference of one of them.
_STOPPED_FIRST = re.compile(
    r"\bwhich\b[\w\s]{1,40}\b(?:withdrawn?|stop(?:ped)?|discontinued?|taper(?:ed)?) first\b", re.IGNORECASE
)
#: What stands on the two sides of a comparison; combinations are written with signs.
_BESIDE_VS = re.compile(
    r"(?P<one>[\w-]+(?: ?[+/&] ?[\w-]+)*)\s+(?:vs\.?|versus)\s+(?:(?:iv|im|sc|po|oral)\s+)?"
    r"(?P<other>[\w-]+(?: ?[+/&] ?[\w-]+)*)",
    re.IGNORECASE,
)
_PARTED = re.compile(r" ?[+/&] ?")

#: So many characters before a name tell whether it is an arm of a trial.
_NEAR = 160
#: Before what was taken before a trial's medicines, besides or together with them.
_GIVEN_BESIDES = re.compile(
    r"(?:\b(?:prior|previous(?:ly)?|baseline|background|failed|failure (?:of|on|with)|including|such as|e\.g\.|"
    r"in combination with|combined with|added to|adding|add-?on (?:therapy )?(?:to|with)|plus|with or without|"
    r"concomitant\w*|co-?administ\w+|together with)|\+)"
    r"(?:\W+(?!(?:or|vs|versus|than|compared)\b)\w+){0,2}\W*$",
    re.IGNORECASE,
)
#: Before and after an arm.
_AGAINST = re.compile(
    r"\b(?:compared (?:with|to|against)|versus|vs\.?|relative to|(?:inferior|superior)(?:ity)? to|"
    r"(?:comparable|similar) to|than|comparators?|active[- ]controls?|between\b[^;]{1,80}\band|"
    r"(?:randomi[sz]ed|assigned|allocated)\b(?:(?!\. )[^;])*\bor)[\s(:,]+(?:[\d.,%/()-]+\s+)*"
    r"(?:(?:(?:those|patients|subjects|women|men|adults|participants) )?(?:treated with|receiving|with|for|in|on) )?"
    r"(?:(?!(?:in|on|for|plus|with|add\w*|combin\w+|background|prior|previous\w*|as|who)\b)[\w./%-]+[\s,(]+){0,6}$",
    re.IGNORECASE,
)
_AS_AN_ARM = re.compile(
    r"-?\s?(?:controlled\b|treated (?:patients|subjects|women|men|groups?|arms?)\b)|"
    r"\s(?:[\d.,]+ ?\w+ |\([\d.,]+ ?%\) )?(?:treatment |therapy )?(?:arms?|groups?|recipients)\b|"
    r"(?:(?!na[i\u00ef]ve|pre-?treated|refractory|prior)[^()=;]){0,30}\(?\s*n\s*=",
    re.IGNORECASE,
)

#: Before what somebody takes besides.
_TAKES = (
    r"\b(?:takes?|taking|took|on|with|plus|besides|uses?|using|gets?|getting|receiv\w+|start(?:s|ed|ing)?|background|"
    r"concomitant|concurrent|adjunctive|alongside)\s+"
    r"(?:\w+\s+){0,2}?"
)
#: Before what a patient takes for something else: not what is given together with the medicine.
_STAYS_ON = (
    r"\b(?:takes?|taking|took|(?:stays?|remains?|is|are|am|been|already|patients?) on|"
    r"(?:can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|unable to|must not|should not) "
    r"(?:come off|stop(?: taking)?|discontinue|do without|be taken off))\s+(?:\w+\s+){0,2}?"
)
#: Before what somebody took until now.
_TAKEN_BEFORE = r"\b(?:from|after|before)\s+(?:\w+\s+)?"
#: Around what is given together with the medicine of a page, was given before it or is to be given after it.
_BESIDE_OURS = (
    r"(?:\b(?:with|plus|prior|previous(?:ly)?|coming off|off|stop\w*|discontinu\w*|after|before|from|switch\w*|"
    r"transition\w*|convert\w*|chang\w+ (?:from|to)|bridg\w*|add(?:ing|ed)?|combin\w*|co-?administ\w*|concomitant\w*|"
    r"concurrent\w*|(?:while|patients?|still|already) on|tak(?:es|ing)|receiving)"
    r"(?:\s+(?:from|to|with|of|on|the|a|an|use|dose|patients?)){0,3}|(?<=\S )and)\s+"
)
_AND_OURS = (
    r"\s+(?:wash-?out|combinations?|co-?administ\w*|concomitant\w*|concurrent\w*|together|interaction|levels?|"
    r"allerg\w+|switch\w*|conversion|pre-?treat\w*|users?)\b"
)
#: What a story calls the medicine that it is about.
_IT = re.compile(r"\b(?:it|this|these|the medicine)\b", re.IGNORECASE)


def compared_with(question: str) -> str:
    """What the question compares the medicine with, in lower case; "" when it compares with nothing.

    A trial's placebo is nothing to compare with, and no ordinary word names a medicine ("instead of two").
    """
    for match in _COMPARES.finditer(question):
        word = next(filter(None, match.groups())).casefold()
        if word not in _NO_MEDICINE and not is_ordinary(word):
            return str(word)
    return ""


def names_none(word: str) -> bool:
    """Whether ``word``, in lower case, is what a trial compares with or counts, and no medicine: placebo, a control."""
    return word in _NO_MEDICINE


def is_arm(name: str, text: str) -> bool:
    """Whether the report ``text`` sets ``name`` beside the medicine: "versus ...", "... group", "... (N = 50)".

    What patients took before, besides or together with it is no arm.
    """
    for found in re.finditer(rf"\b{re.escape(name)}s?\b", text, re.IGNORECASE):
        before = text[max(0, found.start() - _NEAR) : found.start()]
        if not _GIVEN_BESIDES.search(before) and (_AGAINST.search(before) or _AS_AN_ARM.match(text, found.end())):
            return True
    return False


def prefers(question: str) -> bool:
    """Whether the wording asks which of two medicines is to be preferred."""
    return bool(_PREFERS.search(question))


def outdoes(question: str) -> bool:
    """Whether the wording asks if the medicine does more, or less, than another."""
    return _OUTDOES.search(question) is not None


def arms_named(question: str) -> tuple[str, ...]:
    """What stands right beside the "vs" of ``question``, in its parts: "A vs B+C" has A, B and C."""
    found = (match[side] for match in _BESIDE_VS.finditer(question) for side in ("one", "other"))
    return tuple(part for said in found for part in _PARTED.split(said) if part)


def asks_which_stops_first(question: str) -> bool:
    """Whether the wording asks in which order two medicines are stopped, and not which is the better."""
    return _STOPPED_FIRST.search(question) is not None


def combined(question: str) -> tuple[str, ...]:
    """What stands beside the "vs" of ``question`` and consists of several in letters: "AB+CD"."""
    said = (match[side].replace(" ", "") for match in _BESIDE_VS.finditer(question) for side in ("one", "other"))
    return tuple(each for each in said if "+" in each and each.isupper())


def taken(question: str, substances: Collection[str]) -> bool:
    """Whether a patient is said to take each of ``substances``, not together with the medicine for one illness."""
    return bool(substances) and all(_follows(_STAYS_ON, name, question) for name in substances)


def taken_beside(question: str, substances: Collection[str]) -> bool:
    """Whether each of ``substances`` is only what the patient takes besides, in a question about another medicine."""
    return bool(substances and _IT.search(question)) and all(_follows(_TAKES, name, question) for name in substances)


def named_beside(question: str, substance: str) -> bool:
    """Whether ``substance`` stands where one names what is taken besides or was taken before."""
    return _follows(_TAKES, substance, question) or _follows(_TAKEN_BEFORE, substance, question)


def beside_ours(question: str, name: str) -> bool:
    """Whether a question on a medicine's own page names ``name`` beside it, not instead of it."""
    around = rf"{_BESIDE_OURS}{re.escape(name)}\b|\b{re.escape(name)}{_AND_OURS}"
    return re.search(around, question, re.IGNORECASE) is not None


def _follows(before: str, name: str, question: str) -> bool:
    return re.search(before + re.escape(name), question, re.IGNORECASE) is not None
