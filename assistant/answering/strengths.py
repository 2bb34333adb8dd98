"""Which strength of inhibitor or inducer a passage speaks of: a strong one's dose cut is no moderate one's.

A label cuts the dose "with strong CYP3A4 inhibitors", or "with combined P-gp and strong CYP3A4 inhibitors" (21 CFR
201.57(c)(8)(i): what to do about an interaction). Of a substance that it does not name, nor by its class, such a
passage speaks only where the strength is the substance's own, and of two roles together only where it has both. What a
passage says of inhibitors without grading them it says of all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from assistant.answering import lexical
from assistant.answering.drug_classes import called, strengths_of
from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate
from assistant.content.lexicon import words

_ENZYME = {
    "cyp3a": r"(?:cyp ?|p-?450 )3a(?:4(?: ?/ ?5)?)?|\b3a4",
    "cyp2d6": r"2d6",
    "cyp2c19": r"2c19",
    "cyp2c9": r"2c9",
    "cyp2c8": r"2c8",
    "cyp1a2": r"1a2",
    "p gp": r"p-? ?gp\b|p-? ?glycoprotein",
    "oatp": r"oatp",
}
_ACT = {"inhibitor": "inhibit", "inducer": "induc"}
_STRENGTH = {"strong": "strong|potent", "moderate": "moderate", "weak": "weak|mild"}
#: Behind a strength that is the patient's illness's.
_OF_ILLNESS = (
    r"(?!(?:[,/]? ?(?:(?:to|or|and) )?(?:mild|moderate|severe))*,? (?:(?:chronic|acute) )?"
    r"(?:renal|hepatic|kidney|liver|impairment|disease|dysfunction|insufficiency|asthma|pain|ulcerative|active|plaque|"
    r"atopic|rheumatoid))"
)
_ACTS = re.compile(r"\b(?:inhibit|induc)\w*(?:(?: ?[,/] ?| (?:and|or|and/or) )+(?:inhibit|induc)\w*)*")
#: Where what is said of one kind of inhibitor ends.
_END = re.compile(r"[;:\n|\u2022]|\.(?=\s|$)")
#: What stands between a strength and "inhibitors", and behind it: "inhibitors of CYP3A4 (strong ...".
_BEFORE = 80
_BEHIND = re.compile(r"\s?\(?(?:of|to|for)\s(?:[^,();.]{0,60})(?:\((?:strong|potent|moderate|weak)\b[^)]{0,30}\))?")
_BESIDE = re.compile(r"\s?\((?:strong|potent|moderate|weak)\b[^)]{0,30}\)")
#: Before what the medicine itself does not do to an enzyme.
_NOT = re.compile(
    r"\b(?:not|no|nor|neither)\s(?:(?:an?|to|be|expected|likely|appear|found|directly|clinically|significant(?:ly)?|"
    r"relevant|meaningful(?:ly)?|potent)\s)*$"
)
_TOGETHER = re.compile(r"\b(?:combined|dual|both)\b")
_EITHER = re.compile(r"\bor\b|/")


@dataclass(frozen=True, slots=True)
class Mention:
    """A kind of inhibitor or inducer that a text speaks of: its ``roles``, the strengths that are named ("": none)."""

    roles: frozenset[str]
    strengths: frozenset[str]
    together: bool

    def means(self, held: Mapping[str, str]) -> bool:
        """Whether a substance with these roles and strengths is one of the kind.

        Transporters are not graded: "strong" beside them is said of the enzyme.
        """
        have = [role for role in self.roles if role in held and self._strong_as(role, held[role])]
        return len(have) == len(self.roles) if self.together else bool(have)

    def _strong_as(self, role: str, strength: str) -> bool:
        return not (strength and self.strengths) or strength in self.strengths or not role.startswith("cyp")


def mentions(text: str) -> Iterator[Mention]:
    """The kinds of inhibitors and inducers that ``text`` speaks of, as it grades them."""
    plain = re.sub(r"[\u2010-\u2015]", "-", unicodedata.normalize("NFKC", text)).casefold()
    ends = [0, *(found.end() for found in _END.finditer(plain))]
    behind = 0
    for act in _ACTS.finditer(plain):
        start = max(behind, act.start() - _BEFORE, max(end for end in ends if end <= act.start()))
        said = _BEHIND.match(plain, act.end()) or _BESIDE.match(plain, act.end())
        behind = said.end() if said else act.end()
        if _NOT.search(plain, start, act.start()):
            continue
        phrase = plain[start:behind]
        done = [name for name, stem in _ACT.items() if stem in act[0]]
        enzymes = [name for name, pattern in _ENZYME.items() if re.search(pattern, phrase)]
        strengths = frozenset(
            name for name, pattern in _STRENGTH.items() if re.search(rf"\b(?:{pattern})\b{_OF_ILLNESS}", phrase)
        )
        mixed = len(enzymes) > 1 and strengths and "p gp" in enzymes and not _EITHER.search(phrase)
        together = len(enzymes) > 1 and bool(_TOGETHER.search(phrase) or mixed)
        for name in done:
            if enzymes:
                yield Mention(frozenset(f"{enzyme} {name}" for enzyme in enzymes), strengths, together)


def meant_in(text: str, held: Mapping[str, str]) -> bool | None:
    """Whether ``text`` speaks of a substance with these roles and strengths; None: of nothing that acts on its enzymes.

    A text that grades them means what it grades wherever it speaks of them: "such CYP3A4 inhibitors".
    """
    enzymes = {_enzyme(role) for role in held}
    about = [mention for mention in mentions(text) if not enzymes.isdisjoint(map(_enzyme, mention.roles))]
    graded = [mention for mention in about if mention.strengths and not mention.roles.isdisjoint(held)]
    return any(mention.means(held) for mention in graded or about) if about else None


def _enzyme(role: str) -> str:
    return role.rpartition(" ")[0]


def without_other_strengths(
    index: Index, ranked: Sequence[Candidate], question: str, own: Set[str]
) -> tuple[list[Candidate], bool]:
    """``ranked`` without passages on inhibitors of another strength than those that ``question`` names, and whether
    nothing is left that speaks of these.

    :param own: the terms of the product's own name.
    """
    beside = [word for word in words(question) if strengths_of(word) and own.isdisjoint(lexical.terms(word))]
    asked = [strengths_of(word) for word in beside] or list(_classes_asked(question))
    if not asked:
        return list(ranked), False
    names = [name for word in beside for name in _names(word)]
    kept: list[Candidate] = []
    spoken = False
    for candidate in ranked:
        named = any(name <= index.stems(candidate.entry) for name in names)
        said = [True] if named else [meant_in(_text(index, candidate.entry), held) for held in asked]
        spoken = spoken or True in said
        if True in said or False not in said:
            kept.append(candidate)
    return kept, len(kept) < len(ranked) and not spoken


def speaks_of_its_acts(index: Index, entries: Iterable[Entry], substance: str) -> bool:
    """Whether any of ``entries`` speaks of inhibitors or inducers that ``substance``, in lower case, is one of."""
    held = strengths_of(substance)
    return bool(held) and any(meant_in(_text(index, entry), held) for entry in entries)


def _classes_asked(question: str) -> Iterator[Mapping[str, str]]:
    """The classes that ``question`` names with their strength, as a substance would have them."""
    for mention in mentions(question):
        if len(mention.strengths) == 1:
            (strength,) = mention.strengths
            yield dict.fromkeys(mention.roles, strength)


def _names(word: str) -> Iterable[frozenset[str]]:
    return (frozenset(lexical.terms(name)) for name in (word, *called(word)))


def _text(index: Index, entry: Entry) -> str:
    return f"{entry.head.title}\n{index.load(entry).text.decode()}"
