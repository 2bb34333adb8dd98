"""Women or men whom a medicine is not for, in its label's own words: the dose of the others is none for them.

A label states whom a medicine is for in its indications (21 CFR 201.57(c)(2)), and that it is not for women mostly
where it speaks of pregnancy and lactation (201.57(c)(9)). Nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate

_WOMEN = "women"
_MEN = "men"
_NAMED = {
    _WOMEN: re.compile(r"\b(?:wom[ae]n|females?|lad(?:y|ies)|wife|girls?|daughters?)\b", re.IGNORECASE),
    _MEN: re.compile(r"\b(?:m[ae]n|males?|husband|boys?|sons?)\b", re.IGNORECASE),
}
#: What labels call them.
_WRITTEN = {_WOMEN: "women females", _MEN: "men males"}
#: Of all of them, not of "women of reproductive potential" or "men with uncontrolled hypertension".
_NOT_FOR = re.compile(
    r"\bnot (?:been )?(?:indicated|approved|intended|recommended)(?: for (?:the )?use)? (?:in|for) "
    r"(?:(?P<women>women|females)|(?P<men>men|males))(?=\s*(?:[.;,\[(\u2022]|$|and\b|[A-Z]))"
)
#: The title of the section on both (21 CFR 201.57(c)(9)(iii)), and a thing that is called by one.
_BOTH = re.compile(r"\bfemales and males of reproductive potential\b|\b(?:fe)?male condoms?\b", re.IGNORECASE)
_CONTRACEPTION = "reproductive_potential"
#: Topics under which a label says so in a sentence of its own, the plainest first.
_SAID_UNDER = ("indication", "contraindication", "pregnancy", "lactation", "reproductive_potential", "warnings")


def sex_asked(question: str) -> str:
    """Whom of both ``question`` names: "women", "men", or "" where it names neither or both."""
    named = [sex for sex, pattern in _NAMED.items() if pattern.search(question)]
    return named[0] if len(named) == 1 else ""


def not_for(index: Index, ranked: Sequence[Candidate], sex: str) -> list[Candidate]:
    """Those of ``ranked`` that say that the medicine is not for anybody of ``sex``: what limits its use first."""
    about = (each for each in ranked if each.entry.head.topic in _SAID_UNDER)
    near = (each for each in about if not lexical.listed(_WRITTEN[sex]).isdisjoint(index.stems(each.entry)))
    said = [each for each in near if _says(index.load(each.entry).text.decode(), sex)]
    return sorted(said, key=lambda each: _SAID_UNDER.index(each.entry.head.topic))


def without_other(index: Index, ranked: Sequence[Candidate], sex: str) -> list[Candidate]:
    """``ranked`` without what is about the other sex, where anything is about contraception in ``sex`` (8.3).

    A man who asks how long to go on with contraception must not read the weeks of women.
    """
    named = [_named_in(index.load(each.entry).text.decode()) for each in ranked]
    told = any(
        each.entry.head.topic == _CONTRACEPTION and sex in sexes for each, sexes in zip(ranked, named, strict=True)
    )
    left = [each for each, sexes in zip(ranked, named, strict=True) if sex in sexes or not sexes]
    return left if told else list(ranked)


def _named_in(text: str) -> set[str]:
    """Whom of both ``text`` names, its title left out."""
    said = _BOTH.sub(" ", text)
    return {sex for sex, pattern in _NAMED.items() if pattern.search(said)}


def _says(text: str, sex: str) -> bool:
    return any(match[sex] for match in _NOT_FOR.finditer(text))
