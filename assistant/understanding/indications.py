"""What the sentences of an indication say: what the medicine is for, what it is not for, and what a patient must have.

An indication states the patients that it is for and its limitations of use (21 CFR 201.57(c)(2)). By wording alone;
nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

#: References to other sections and documents, whose numbers are no part of what is said.
_REFERENCE = re.compile(r"\[\s*see[^\]]*\]|\(\s*\d+(?:\.\d+)*(?:\s*,\s*\d+(?:\.\d+)*)*\s*\)", re.IGNORECASE)
#: A reference in a full stop's place: "... 2 years and older ( 1.1 ) Treatment of ...".
_ENDS_WITH_REFERENCE = re.compile(r"\s*\(\s*\d+\.\d+(?:\s*,\s*\d+\.\d+)*\s*\)(?=\s+[A-Z][a-z])")
#: What only another manufacturer's label says, by its exclusivity (FD&C Act 505A(o); 21 CFR 314.94(a)(8)(iv)):
#: "Pediatric use information is approved for Zed Inc.'s Quil. However, ... is not labeled with that information."
_ANOTHERS = re.compile(
    r"\binformation\b[^;]{0,120}\b(?:is|are) approved for\b[^;]{0,80}[\w.]['\u2019]s?(?=\s)|\bmarketing exclusivity\b|"
    r"\bnot labell?ed with that\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.;:])\s+|[•\n]+")
_DENIES = re.compile(
    r"\b(?:not|never|no)\b.{0,60}\b(?:indicated|recommended|approved|used?|established|studied|demonstrated|effective)\b|"
    r"\b(?:is|are) not for\b|^\W*not (?:for|in|to|with)\b|\blimitations? of use\b|"
    r"\b(?:unknown|not known) (?:if|whether)\b",
    re.IGNORECASE,
)
#: What leads to a list of those that it is not for: "have not been established in:"; and what the list ends before.
_DENIES_WHAT_FOLLOWS = re.compile(
    r"\bnot (?:been )?(?:established|studied|indicated|recommended|approved)\b[^.]{0,40}:$|"
    r"\b(?:unknown|not known) (?:if|whether)\b[^.]*:$",
    re.IGNORECASE,
)
_ENDS_THE_LIST = re.compile(
    r"^\d+(?:\.\d+)+\s|\b(?:indicated|treat\w*|used|uses?|prevent\w*|reduc\w*)\b", re.IGNORECASE
)
#: What leads to a list of uses in one group of patients: "Adult patients with:", "Children 2 years and older:".
_GROUP = re.compile(
    r"(?:in |for )?(?:the )?(?:treatment of )?(?P<whom>(?:adults?|(?:p(?:a)?ediatric|adolescent|geriatric) patients|"
    r"children|adolescents)\b[^.;:]{0,60}?)(?P<having>\s+(?:with|who have|for|in))?\s*:",
    re.IGNORECASE,
)
#: What ends it: a section of its own, or a statement that says itself what is for whom.
_ENDS_THE_GROUP = re.compile(
    r"^\d+(?:\.\d+)+\s|:$|\b(?:indicated|limitations?|recommended|approved|(?:adult|p(?:a)?ediatric|adolescent)s?|"
    r"children)\b",
    re.IGNORECASE,
)

#: How a patient's guide begins what is none of the medicine's uses, beside what is.
_ASIDE = re.compile(
    r"^(?:do not|don't|tell|keep|call|ask|avoid|if|before|read|store|you|your|see|get|talk|selling|giving|who|how|"
    r"what (?:should|are the)|it may (?:harm|be abused))\b|"
    r"\b(?:controlled substance|abuse|misuse|street drugs|against the law)",
    re.IGNORECASE,
)
_OF_USE = re.compile(
    r"\b(?:indicated|used? (?:to|for|in|with)|to (?:treat|prevent|help|reduce|lower|control|relieve)|prescribed)\b",
    re.IGNORECASE,
)

#: What is said of a class of medicines or of the field, as labels of antihypertensives do (they give its benefits to
#: all of them): no use of this medicine.
_OF_A_CLASS = re.compile(
    r"^(?:(?:some|many|numerous|most|other|several)\b(?:[^.;]{0,60}\b(?:drugs|agents|medicines|medications)\b|"
    r" patients will require\b)|"
    r"these (?:benefits have been seen|considerations)\b|the largest and most consistent\b|"
    r"(?:relative|absolute) risk (?:reduction|increase)\b|"
    r"(?:elevated|raised|high) [\w\s-]{1,40}\bcauses?\b|control of [\w\s-]{1,40}\bshould be part of\b|"
    r"for specific advice\b)",
    re.IGNORECASE,
)


def indicating(text: str, *, mixed: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of an indication: those that say what the medicine is for, and those that say what it is not for.

    Items of a list count as sentences; references to other sections are left out, and what is said of a class.

    :param mixed: other things stand there as well, as in a patient's guide: what is plainly no use is left out.
    """
    found = [
        part.strip()
        for part in _SENTENCE_END.split(_REFERENCE.sub(" ", _ENDS_WITH_REFERENCE.sub(".", text)))
        if part.strip()
    ]
    found = list(_of_groups(found))
    denied = tuple(_denying(found))
    aside = [part for part in found if mixed and _ASIDE.search(part) and not _OF_USE.search(part)]
    aside += [part for part in found if _OF_A_CLASS.search(part)]
    return tuple(part for part in found if part not in denied and part not in aside), denied


def is_of_anothers_label(sentence: str) -> bool:
    """Whether ``sentence`` says that a use, or one in children, stands in another manufacturer's label only."""
    return _ANOTHERS.search(sentence) is not None


def without_anothers_label(text: str) -> str:
    """``text`` without the sentences that say so: they speak neither for a use nor, beside doses of others, against."""
    return " ".join(each for each in _SENTENCE_END.split(text) if not is_of_anothers_label(each))


def _of_groups(sentences: Sequence[str]) -> Iterator[str]:
    """``sentences`` with the items of a list for one group of patients under what names the group, whom they are for.

    "Adult patients with:" before "Ankylosing Spondylitis." keeps that use to adults (21 CFR 201.57(c)(2)).
    """
    group = ""
    for said in sentences:
        if led := _GROUP.fullmatch(said):
            group = f"{led['whom']} {(led['having'] or ' with').strip()}"
            continue
        if group and _ENDS_THE_GROUP.search(said):
            group = ""
        yield f"{group} {said}" if group else said


def _denying(sentences: Sequence[str]) -> Iterator[str]:
    """Those of ``sentences`` that say what the medicine is not for, with the items of a list that one leads to."""
    listing = False
    for said in sentences:
        listing = listing and not _ENDS_THE_LIST.search(said)
        if listing or _DENIES.search(said) or is_of_anothers_label(said):
            yield said
        listing = listing or _DENIES_WHAT_FOLLOWS.search(said) is not None


#: What an indication says that who takes the medicine has; and what ends it: "or", "to reduce the risk of".
_HAVING = re.compile(
    r"\b(?:(?:adults?|patients?|people|child\w*|women|men|older|adolescents?|those|individuals|infants?|(?:fe)?males?) "
    r"(?:[\w-]+ ){0,4}(?:with|have)|treatment of|to treat|management of|relief of|(?:indicated|used) (?:for|in)) "
    r"([^.,;:()]+)",
    re.IGNORECASE,
)
_ENDS_HAVING = re.compile(
    r"\b(?:or|either|without|not|no|risks?|prevent\w*|reduc\w*|prophyla\w*|who|whose|when|where|for|"
    r"(?<!mild )(?<!moderate )to)\b",
    re.IGNORECASE,
)
#: A sentence of at most so many words may be an item of a list that names another use.
_ITEM_WORDS = 8


def required(sentences: Sequence[str]) -> tuple[str, ...] | None:
    """What each of an indication's ``sentences`` that tells a use says that the patient has; None: that is not sure."""
    found = []
    listing = False
    for sentence in (each for each in sentences if not each.startswith("#")):  # headings are no item of a list
        said = " ".join(_ENDS_HAVING.split(match[1])[0] for match in _HAVING.finditer(sentence)).strip()
        if said:
            found.append(said)
        elif not sentence.endswith(":") and (listing or len(sentence.split()) <= _ITEM_WORDS):
            return None
        listing = sentence.endswith(":") or (listing and not sentence.endswith("."))
    return tuple(found) or None


#: Words of an indication for what who has the illness may be without: "no response", "no seizures".
NEVER_REQUIRED = (
    "response responding responsive history prior previous evidence known confirmed active adequate inadequate control "
    "controlled treated untreated tolerated received receiving completed achieved improved improvement open infected "
    "risk mutation mutations therapy treatment progression progressed candidate eligible seizures attacks episodes "
    "migraine headache headaches bleeding relapse relapses exacerbation exacerbations nausea vomiting fever itching"
)
