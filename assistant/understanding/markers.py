"""Markers of an illness that are there or not: "HER2-negative", "ER+", "triple negative", "BRAF wild-type".

An indication for tumors that have a receptor is none for those without it (21 CFR 201.57(c)(2)), though both name it.
By wording alone; nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from assistant.understanding.illness_types import CHANGED, INFECTIONS

#: The receptors by which breast cancers are told apart, as labels spell them out, and their letters.
_LETTERS = (
    (re.compile(r"human epidermal growth factor receptor(?:[\s-]+type)?[\s-]*2", re.IGNORECASE), "HER2"),
    (re.compile(r"\bhormone[\s-]+receptors?", re.IGNORECASE), "HR"),
    (re.compile(r"\bo?estrogen[\s-]+receptors?", re.IGNORECASE), "ER"),
    (re.compile(r"\bprogesterone[\s-]+receptors?", re.IGNORECASE), "PR"),
    (re.compile(r"\bphiladelphia[\s-]+chromosome", re.IGNORECASE), "Ph"),
    (re.compile(r"\bHER-2\b|\bHER2/neu\b|\bERBB2\b", re.IGNORECASE), "HER2"),
    (re.compile(r"\bPgR\b", re.IGNORECASE), "PR"),
)
#: "(HER2)-negative" is read as "HER2-negative", behind the name in full.
_BRACKETED = re.compile(r"\(\s?([A-Za-z][\w-]*)\s?\)")
_RECEPTORS = frozenset(("HER2", "HR", "ER", "PR"))
#: Any other marker is told by its capitals or its number, and by what is said of it.
_NAME = r"(?i:HER2|HR|ER|PR)|[A-Z]{2,}\d*-[A-Z]+\d*|[A-Za-z]*[A-Z][A-Za-z]*[A-Z]\w*|[A-Z]{2,}\w*|[A-Za-z]{2,}\d+|Ph"
_BETWEEN = r"(?:[\s-]+(?:gene|receptors?|antibod(?:y|ies)|protein|chromosome|status))*"
_POSITIVE = rf"[\s-]?(?:pos\b|{CHANGED}\b)|\+"
_NEGATIVE = r"[\s-]?(?:neg\b|negative\b|wild[\s-]?type\b)"
#: A hyphen with nothing behind it is a minus, unless the sign is said of the next one: "ER- or PR-positive".
_MINUS = r"[-\u2212\u2013](?=[\s/,.;:)?]|$)"
_MENTION = re.compile(
    rf"(?<![\w-])(?P<name>{_NAME})(?:{_BETWEEN}(?:(?P<positive>{_POSITIVE})|(?P<negative>{_NEGATIVE}))|(?P<minus>{_MINUS})"
    r"|(?P<graded>[\s-](?:ultra-?\s?low|low|equivocal|(?:status )?unknown)\b)|(?!\w))"
)
#: Between markers of which the same is said: "ER and/or PR positive".
_SHARED = re.compile(r"\s*(?:/|,|and|or|and/or|&)+\s*(?:(?:and|or)\s+)?", re.IGNORECASE)
_SAID_BEFORE = re.compile(r"(?:wild[\s-]?type|negative for|lack(?:s|ing)?|without)\s(?:the )?$", re.IGNORECASE)
_POSITIVE_FOR = re.compile(r"positive for\s(?:the )?$", re.IGNORECASE)
_NOT_SO = re.compile(r"\b(?:not|no|n't|non)[\s-]+$", re.IGNORECASE)
_TRIPLE = re.compile(r"\btriple[\s-]+neg(?:ative)?\b|\bTNBC\b", re.IGNORECASE)
#: Three receptors are looked for in this illness.
TRIPLE_IN = ("breast", "cancer")
_SIGNS = frozenset("triple positive negative neg pos status receptor".split())


def _in_letters(text: str) -> str:
    for pattern, letters in _LETTERS:
        text = pattern.sub(letters, text)
    text = _BRACKETED.sub(r"\1", text)
    return re.sub(r"\b(\w+)\s\1\b", r"\1", text)


def _mentions(text: str) -> Iterator[tuple[str, bool | None]]:
    """Each marker that ``text`` names and whether it is there; None: it does not say, or says how much of it."""
    text = _in_letters(text)
    matches = list(_MENTION.finditer(text))
    sign: bool | None = None
    told: list[tuple[str, bool | None]] = []
    for at in range(len(matches) - 1, -1, -1):
        match = matches[at]
        behind = matches[at + 1] if at + 1 < len(matches) else None
        shared = behind is not None and _SHARED.fullmatch(text, match.end(), behind.start()) is not None
        before = text[matches[at - 1].end() if at else 0 : match.start()]
        if match["positive"] or match["negative"]:
            sign = None if _NOT_SO.search(before) else bool(match["positive"])
        elif match["minus"]:
            sign = None if shared and behind is not None and not behind["minus"] else False
        elif match["graded"]:
            sign = None
        elif _SAID_BEFORE.search(before) or _POSITIVE_FOR.search(before):
            sign = bool(_POSITIVE_FOR.search(before))
        elif not shared:
            continue  # nothing is said of it: "anti-HER2 therapy"
        name = match["name"]
        told.append((name.upper() if name.upper() in _RECEPTORS else name, sign))
    yield from reversed(told)


def asked(question: str) -> dict[str, bool]:
    """The markers that ``question`` says an illness has or has not; none of which it says both."""
    said: dict[str, set[bool | None]] = {}
    for name, sign in _mentions(question):
        said.setdefault(name, set()).add(sign)
    if _TRIPLE.search(question):
        said |= {name: {False} for name in _RECEPTORS}
    found = {
        name: True in signs
        for name, signs in said.items()
        if len(signs) == 1 and None not in signs and name.casefold() not in INFECTIONS
    }
    # A hormone receptor is that of estrogen or of progesterone.
    if "HR" not in said and (found.get("ER") or found.get("PR")):
        found["HR"] = True
    elif "HR" not in said and found.get("ER") is False:
        found["HR"] = False
    elif found.get("HR") is False:
        found = {"ER": False, "PR": False} | found
    return found


def contradicted(wanted: Mapping[str, bool], sentence: str) -> bool:
    """Whether ``sentence`` says of one of the markers ``wanted`` nothing but that it is not so."""
    said: dict[str, set[bool | None]] = {}
    for name, sign in _mentions(sentence):
        said.setdefault(name.casefold(), set()).add(sign)
    return any(said.get(name.casefold()) == {not sign} for name, sign in wanted.items()) and not (
        _TRIPLE.search(sentence) and wanted.keys() >= _RECEPTORS
    )


def affirmed(wanted: Mapping[str, bool], sentence: str) -> bool:
    """Whether ``sentence`` says the same of each of the markers ``wanted``, or of hormone receptors for their kinds."""
    said = {name.casefold(): sign for name, sign in _mentions(sentence)}
    for name, sign in wanted.items():
        kind = "hr" if name in ("ER", "PR") and name.casefold() not in said else name.casefold()
        if said.get(kind) is not sign:
            return False
    return True


def names_any(sentence: str) -> bool:
    """Whether ``sentence`` says of any marker whether it is there."""
    return any(sign is not None for _, sign in _mentions(sentence))


def illness_of(words: tuple[str, ...], wanted: Mapping[str, bool]) -> tuple[str, ...]:
    """``words`` of an illness without those of the markers ``wanted``; of three receptors the one that has them."""
    names = {name.casefold() for name in wanted} | _SIGNS
    kept = tuple(word for word in words if word.casefold() not in names)
    return kept or (TRIPLE_IN if wanted.keys() >= _RECEPTORS else ())
