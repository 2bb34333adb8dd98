"""The condition a question is about, and whether the label's approved words speak of it (DESIGN, section 3.2).

No model can know what is off label; the label can. The condition is taken from the question as a span; planning
compares it with the product's approved indication, contraindication and limitation texts. Only words count: a
condition whose words stand in the indication is on label, one of which no word of its own stands there is not, anything
between is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from assistant.understanding.stems import stem

#: Shorthand that professionals write for conditions; the words on the right are what labels write.
ABBREVIATIONS: dict[str, str] = {
    "adhd": "attention deficit hyperactivity disorder",
    "af": "atrial fibrillation",
    "afib": "atrial fibrillation",
    "as": "ankylosing spondylitis",
    "cad": "coronary artery disease",
    "chd": "coronary heart disease",
    "chf": "heart failure",
    "cll": "chronic lymphocytic leukemia",
    "copd": "chronic obstructive pulmonary disease",
    "covid": "covid 19 coronavirus disease",
    "dvt": "deep vein thrombosis",
    "ed": "erectile dysfunction",
    "gad": "generalized anxiety disorder",
    "gerd": "gastroesophageal reflux disease",
    "hbv": "hepatitis b",
    "hcl": "hairy cell leukemia",
    "hcv": "hepatitis c",
    "hdv": "hepatitis d",
    "hefh": "heterozygous familial hypercholesterolemia",
    "hf": "heart failure",
    "hofh": "homozygous familial hypercholesterolemia",
    "hs": "hidradenitis suppurativa",
    "htn": "hypertension",
    "ibs": "irritable bowel syndrome",
    "jia": "juvenile idiopathic arthritis",
    "mdd": "major depressive disorder",
    "mi": "myocardial infarction",
    "ms": "multiple sclerosis",
    "nmo": "neuromyelitis optica",
    "nsclc": "non small cell lung cancer",
    "nvaf": "nonvalvular atrial fibrillation",
    "ocd": "obsessive compulsive disorder",
    "osa": "obstructive sleep apnea",
    "oud": "opioid dependence",
    "pe": "pulmonary embolism",
    "phn": "postherpetic neuralgia",
    "pjia": "polyarticular juvenile idiopathic arthritis",
    "ppms": "primary progressive multiple sclerosis",
    "psa": "psoriatic arthritis",
    "ptsd": "posttraumatic stress disorder",
    "ra": "rheumatoid arthritis",
    "rls": "restless legs syndrome",
    "rrms": "relapsing remitting multiple sclerosis",
    "spms": "secondary progressive multiple sclerosis",
    "stroke": "stroke",
    "scz": "schizophrenia",
    "swd": "shift work disorder",
    "t1d": "type 1 diabetes mellitus",
    "t1dm": "type 1 diabetes mellitus",
    "t2d": "type 2 diabetes mellitus",
    "t2dm": "type 2 diabetes mellitus",
    "uc": "ulcerative colitis",
    "vte": "venous thromboembolism",
}

#: Words of a question that are no part of a condition.
_FILLER = frozenset(
    "a about adult adults all also an and any approve approved at be been being but by can child children could do "
    "does "
    "dose drug evidence for from give given go has have having help her his how i if in indicate indicated indication "
    "indications is it its just kid kids label labeled labelled licensed management may me medicine my not of off "
    "ok on one "
    "or our patient patients people person prescribe prescribed prescribing product program safe she should so some "
    "someone "
    "support supports taking teenager that the their them therapy there these they this to treat treating treatment "
    "trial "
    "trials under use used useful using was we what when whether which while who whom will with without work works "
    "would "
    "you your someone's disease disorder condition only still yet also monotherapy combination "
    "year years yr yrs old month months week weeks day days age aged mg mcg kg ml dose doses dosing dosage daily "
    "once twice "
    "elderly older prophylaxis girl boy baby infant infants pregnancy pregnant breastfeeding renal kidney hepatic "
    "liver "
    "impairment severe moderate mild initial starting maximum max long much many often start stop interaction "
    "giving suitable study studies".split()
)

#: Filler that is no filler where a condition was marked: Still's disease.
_IN_NAMES = frozenset(("still",))
_POSSESSIVE = re.compile(r"['\u2019]s\b")

_LEADS = re.compile(
    r"\b(?:for|treat(?:s|ing)?|treatment of|used in|use in|against|help(?:s)? with|works? (?:for|in|on)|"
    r"(?:patients?|people|adults?|children|someone|women|men) with|indicated in|approved in|"
    r"option in|in)\s+([^.?!;\n]+)",
    re.IGNORECASE,
)
#: Who has an illness, and how a question points back to it: "I have MAC. Could it treat that?"
_HAS = re.compile(
    r"\b(?:(?:i|he|she|they|we|who|patient|mother|mom|father|dad|son|daughter|wife|husband)(?:'ve| has| have| had)"
    r"(?: got)?|diagnosed with|suffers? from|living with)\s+(?!to\b|been\b)([^.?!;\n]+)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:treat|help(?: with)?|works? (?:for|on|against)|(?:used?|good|prescribed|approved|indicated) for|"
    r"take (?:it|the medicine) for) (?:that|this|it)\b",
    re.IGNORECASE,
)
#: Before an illness that the question says it is not: "MAC, not TB", "without a urea cycle disorder".
_DENIED = (
    r"\b(?:(?<!why )not(?! (?:only|just|sure))|no(?: (?:history|signs?|evidence) of)?|without|never had|rather than|"
    r"instead of|other than|ruled out|(?:do|does|did|has|have)(?:n't| not) (?:have|had|got))\b"
)
_DENIED_BEFORE = re.compile(
    _DENIED + r"(?: (?:a|an|any|known|active|yet|having|have|has|had|the))*[ \"'(\u2019-]*$", re.IGNORECASE
)
#: Where what is said of an illness ends.
_NO_MORE = re.compile(rf"\W*(?:{_DENIED}|\b(?:how|what|when|why|should|would|can|could|will)\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


#: Wording that asks whether the medicine is for something, whatever else the question holds.
_ASKS_USE = re.compile(
    r"\b(?:help(?:s|ful)?(?: with)?|treat(?:s|ing)?|used? (?:for|in|to treat)|work(?:s|ing)? (?:for|in|on)|good for|"
    r"prescribed? (?:for|to)|evidence (?:for|in|supports?)|use of the medicine (?:for|in|to treat)|"
    r"(?:like|want|wants|thinking|plan\w*) (?:to|of) (?:try|use|using|trying|add|adding|give|giving)|"
    r"worth (?:giving|trying|a try)|an option|do (?:something|anything) for|"
    r"(?:role|place) (?:for|of) (?:it|the medicine)|used to manage|(?:any|is there) data (?:in|for|on)|"
    r"(?:start|put) (?:him|her|them|me) on|(?:approved|indicated|licensed|off[- ]label) (?:for|in)|"
    r"(?:take|use|give|try|have|get) (?:it|the medicine) (?:for|against))\b|"
    r"^\W*the medicine (?:for|in) [\w\s'-]+\??$",
    re.IGNORECASE,
)


class LabelStatus(StrEnum):
    """What the label says of a condition; of several names for it, the first of these that holds decides."""

    INDICATED = "indicated"
    LIMITED = "limited"
    UNSURE = "unsure"
    NOT_MENTIONED = "not_mentioned"


def condition_words(question: str) -> tuple[str, ...]:
    """The words of the condition that ``question`` asks about (product names already masked); () when there is none."""
    text = question.replace("the medicine", " ")
    told = _HAS.finditer(text) if _POINTS_BACK.search(text) else ()
    for match in (*reversed(list(_LEADS.finditer(text))), *told):
        found = _named_in(match.group(1))
        if found:
            return found
    return ()


def _named_in(said: str) -> tuple[str, ...]:
    """The words of the illness that ``said`` begins with; where it denies one, of what it goes on with.

    "In patients without diabetes, is it for heart failure?" is about the heart.
    """
    while said:
        end = _NO_MORE.search(said)
        spoken = _telling(said[: end.start()] if end else said)
        found = [word for word in spoken if word not in _FILLER and not word[0].isdigit()]
        if found:
            return tuple(_written_out(found))
        further = _LEADS.search(said, end.end()) if end else None
        said = further.group(1) if further else ""
    return ()


def denied(question: str, start: int) -> bool:
    """Whether the question says that the illness named at ``start`` is not what it is about."""
    return bool(_DENIED_BEFORE.search(question[:start]))


def asks_use(question: str) -> bool:
    """Whether the wording asks if the medicine is for something (product names already masked)."""
    return bool(_ASKS_USE.search(question))


def spelled_out(condition: str) -> tuple[str, ...]:
    """The words of a condition that somebody marked in a question, shorthand written out."""
    spoken = _telling(_POSSESSIVE.sub("", condition))
    kept = [
        word
        for before, word in zip(("", *spoken), spoken, strict=False)
        if word not in _FILLER - _IN_NAMES or (word in _LETTERS and _LETTERED.fullmatch(before))
    ]
    return tuple(_written_out(kept))


def _telling(text: str) -> list[str]:
    """The words of ``text`` in lower case, without "as" where it is no shorthand: "hypertension as monotherapy"."""
    spoken = _WORD.findall(text)
    return [word.casefold() for word in spoken if word.casefold() != "as" or word.isupper() or len(spoken) == 1]


def _written_out(found: Iterable[str]) -> list[str]:
    return [part for word in found for part in ABBREVIATIONS.get(word, word).split()]


#: Words that say nothing of which illness it is: "endometriosis pain" is told by its first word.
_OF_ANY_ILLNESS = frozenset(
    map(
        stem,
        "pain pains disease diseases disorder disorders syndrome symptom symptoms acute chronic severe mild moderate "
        "attack attacks problem problems condition conditions infection infections onset flare flares "
        "cancer cancers carcinoma tumor tumors tumour tumours leukemia leukaemia lymphoma sarcoma metastatic advanced "
        "recurrent relapsed refractory cell cells".split(),
    )
)


#: What any illness has and none is called by.
COURSE = frozenset(map(stem, "flare flares".split()))


def compare(condition: frozenset[str], indicated: frozenset[str], limited: frozenset[str]) -> LabelStatus:
    """Compare the stems of a condition with those of the indication and of limitations and contraindications.

    Where it has words of its own, these decide.
    """
    if not condition:
        return LabelStatus.UNSURE
    if condition <= indicated:
        return LabelStatus.INDICATED
    if condition <= limited:
        return LabelStatus.LIMITED
    own = condition - _OF_ANY_ILLNESS
    if own and own.isdisjoint(indicated | limited):
        return LabelStatus.NOT_MENTIONED
    if _of_another_type(own, indicated | limited) or _opposite(own, indicated):
        return LabelStatus.NOT_MENTIONED
    # "Chronic" of an illness that is approved when acute is no word to refer by, and none to answer by.
    judged = own or condition
    return LabelStatus.NOT_MENTIONED if len(judged & indicated) / len(judged) <= 0.34 else LabelStatus.UNSURE


#: Illnesses that are told apart by a letter or number, and what may stand between these and their names.
_LETTERED = re.compile(r"\b(hepatitis|ha?emophilia|influenza|bipolar|mucopolysaccharidosis)\b", re.IGNORECASE)
_BESIDE_LETTERS = frozenset("virus viruses type types subtype subtypes disorder and or".split())
_LETTERS = {**{letter: letter for letter in (*"abcde", "i", "ii", "iii", "iv")}, "1": "i", "2": "ii", "3": "iii"}


def _lettered(text: str) -> dict[str, list[frozenset[str]]]:
    """The letters that stand beside each mention of an illness that is told apart by them; none where it has none."""
    found: dict[str, list[frozenset[str]]] = {}
    for match in _LETTERED.finditer(text):
        letters = set[str]()
        for found_word in _WORD.finditer(text, match.end()):
            word = found_word[0].casefold()
            if word not in _BESIDE_LETTERS and word not in _LETTERS:
                break
            letters |= {_LETTERS[word]} if word in _LETTERS else set()
        found.setdefault(match[1].casefold().replace("ae", "e"), []).append(frozenset(letters))
    return found


def of_another_letter(condition: str, indications: str) -> bool:
    """Whether ``indications`` are for an illness of other letters than ``condition`` is: "hepatitis C", not "B".

    Where they name it without a letter as well, any may be meant.
    """
    asked = _lettered(condition)
    known = _lettered(indications) if asked else {}
    return any(
        letters and name in known and all(known[name]) and not letters <= frozenset[str]().union(*known[name])
        for name, mentions in asked.items()
        for letters in mentions
    )


def _of_another_type(condition: frozenset[str], written: frozenset[str]) -> bool:
    """Whether the label speaks of one type of an illness ("type 2") and ``condition`` is another ("type 1").

    Only types: stages, classes and genotypes are given as ranges.
    """
    asked, known = ({term for term in terms if term.startswith("type ")} for terms in (condition, written))
    return bool(asked and known) and asked.isdisjoint(known)


def _opposite(condition: frozenset[str], indicated: frozenset[str]) -> bool:
    """Whether the indication is for one kind of an illness and ``condition`` says it is not that ("nonobstructive").

    Both with "non" joined to the word behind it (:func:`joined`).
    """
    unsaid = condition - indicated
    negated = {term for term in unsaid if term.startswith("non")}
    return any(stem(f"non{term}") in indicated for term in unsaid) or (
        bool(negated) and any(stem(f"non{term}") in negated for term in indicated)
    )


_NON = re.compile(r"\bnon[\s-]+(?=\w)", re.IGNORECASE)


def joined(text: str) -> str:
    """``text`` with each "non" joined to the word behind it, as many write it: "non-valvular" is "nonvalvular"."""
    return _NON.sub("non", text)


#: References to other sections and documents, whose numbers are no part of what is said.
_REFERENCE = re.compile(r"\[\s*see[^\]]*\]|\(\s*\d+(?:\.\d+)*(?:\s*,\s*\d+(?:\.\d+)*)*\s*\)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.;:])\s+|[•\n]+")
_DENIES = re.compile(
    r"\b(?:not|never|no)\b.{0,60}\b(?:indicated|recommended|approved|used?|established|studied|demonstrated|effective)\b|"
    r"\blimitations? of use\b",
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


def indicating(text: str, *, mixed: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of an indication: those that say what the medicine is for, and those that say what it is not for.

    Items of a list count as sentences; references to other sections are left out.

    :param mixed: other things stand there as well, as in a patient's guide: what is plainly no use is left out.
    """
    found = [part.strip() for part in _SENTENCE_END.split(_REFERENCE.sub(" ", text)) if part.strip()]
    denied = tuple(part for part in found if _DENIES.search(part))
    aside = [part for part in found if mixed and _ASIDE.search(part) and not _OF_USE.search(part)]
    return tuple(part for part in found if part not in denied and part not in aside), denied
