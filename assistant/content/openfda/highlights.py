"""Find what Highlights say of a section (21 CFR 201.57(a)), which openFDA prints behind the section's own text.

In a section without subsections nothing parts the two: contraindications stand there twice, in full and in short, each
item of the short form ended by a reference to the section ("Hypersensitivity to the medicine. ( 4 )"). Said in full
beside it, the short form is no answer of its own, as in a label that keeps its structure (``spl``). What Highlights say
before subsections stays: it tells all uses or doses together, which no subsection does.

Guarantees: only words and figures that stand elsewhere in the same section are told to be Highlights', but for one in
eight of the words, and no sentence that they repeat: what limits a use (21 CFR 201.57(c)(2)(ii)) stays with it. Where
it is doubtful, nothing is found.
"""

from __future__ import annotations

import re
from itertools import pairwise

from assistant.content.openfda.fields import OWN_NUMBER, Field

#: "( 4 )", "(4, 5.1)", "( 4 , 12.3 )".
_REFERENCE = re.compile(
    r"\(\s*(\d{1,2}(?:\.\d{1,2})?(?:\s*(?:,|and|to|[-\u2013])\s*\d{1,2}(?:\.\d{1,2})?)*)\s*\)\s*[.;]?"
)
_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})?")
#: What makes it a reference of the full text: "[see Clinical Studies (14)]".
_FULL_TEXT = re.compile(
    r"\[[^\[\]]*$|\bsee\b[^.;]{0,120}$"
    r"|\b(?:Precautions|Administration|Populations|Pharmacology|Studies|Reactions|Interactions|Warnings|Contraindications"
    r"|Supplied|Usage|Sections?|Use|Overdosage|Description|Information)\s*$",
    re.IGNORECASE,
)
#: How far before a reference that is looked for: so time stays linear.
_BACK = 160
#: A reference of the full text with its brackets: Highlights bear none, and stand behind the last one.
_SEE = re.compile(r"[\[(]\s*see\b[^\])]*[\])]?[^\[\]]{0,40}?\]?", re.IGNORECASE)
#: An item ends with a sign or a bracket; behind "(GABA)" a word of one letter begins none, nor a reference anywhere.
_BEGINS = re.compile(r"(?:(?<=[.!?:\u2022\]])\s+(?=[A-Z\d\u2022\"\u201c])|(?<=\))\s+(?=[A-Z][\w-]|[\d\u2022\"\u201c]))")
_WORD = re.compile(r"[a-z]{3,}|\d+(?:[.,]\d+)*")
#: Of the words so many stand in the section's own text; figures all.
_SAID_IN_FULL = 0.875
#: Fewer words tell nothing.
_FEWEST = 3
#: A sentence stands once more where so many of its pairs of words follow.
_STANDS_AGAIN = 0.8


def highlights_in(root: Field) -> tuple[int, int] | None:
    """Where Highlights stand in a numbered section without subsections; None: nowhere for certain."""
    own = OWN_NUMBER.match(root.text)
    if not own or "." in own[1]:
        return None
    ends = _ends_of_items(root.text, own.end(), own[1])
    if not ends:
        return None
    least = max((match.end() for match in _SEE.finditer(root.text, own.end())), default=own.end())
    for match in _BEGINS.finditer(root.text, own.end(), ends[0]):
        start = match.end()
        if start < least or not _said_in_full(root.text, start, ends[-1]) or _said_again(root.text, start):
            continue
        # What leads to their list is theirs too, and nothing tells where it begins.
        return None if root.text[match.start() - 1] == ":" else (start, ends[-1])
    return None


def _ends_of_items(text: str, begin: int, chapter: str) -> list[int]:
    """Behind each reference to ``chapter`` that is written as Highlights write it."""
    return [
        match.end()
        for match in _REFERENCE.finditer(text, begin)
        if any(number.split(".")[0] == chapter for number in _NUMBER.findall(match[1]))
        and not _FULL_TEXT.search(text, max(begin, match.start() - _BACK), match.start())
    ]


def _said_in_full(text: str, start: int, end: int) -> bool:
    """Whether what stands around a range says the same."""
    said = _WORD.findall(_REFERENCE.sub(" ", text[start:end]).lower())
    elsewhere = set(_WORD.findall(f"{text[:start]} {text[end:]}".lower()))
    shared = sum(word in elsewhere for word in said)
    figures = all(word in elsewhere for word in said if word[0].isdigit())
    return len(said) >= _FEWEST and figures and shared >= _SAID_IN_FULL * len(said)


def _said_again(text: str, start: int) -> bool:
    """Whether the sentence at ``start`` follows once more: then it is the section's own, and Highlights begin later.

    Else the last sentences of a use, which limit it, would be taken for a part of Highlights that repeat them.
    """
    ends = (match.start() for match in _BEGINS.finditer(text, start))
    end = next((end for end in ends if len(_pairs(text[start:end])) >= _FEWEST - 1), len(text))
    said, later = _pairs(text[start:end]), _pairs(text[end:])
    return len(said) >= _FEWEST - 1 and len(said & later) >= _STANDS_AGAIN * len(said)


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(pairwise(_WORD.findall(_REFERENCE.sub(" ", text).lower())))
