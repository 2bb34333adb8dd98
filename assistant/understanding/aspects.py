"""The second side of a question, told by its wording: how much an exposure changes, what dose a group gets.

The model names one intent above all. "By how much does verapamil raise its levels?" is about an interaction, and what
was measured answers it; "which strength in Child-Pugh C?" is about the liver, and a dose answers it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.understanding.conditions import ABBREVIATIONS
from assistant.understanding.illness_alone import names_an_illness
from assistant.understanding.spelling import is_ordinary

_CHANGES = (
    r"(?:rais(?:e|es|ed|ing)|increas(?:e|es|ed|ing)|lower(?:s|ed|ing)?|decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing)|"
    r"chang(?:e|es|ed|ing)|alter(?:s|ed)?|affect(?:s|ed)?)"
)
_IS_MEASURED = (
    r"(?:exposures?|AUC|C ?max|bioavailability|(?:plasma|blood|serum|drug|medicine|its) (?:levels?|concentrations?))"
)
_MEASURED = re.compile(
    rf"\bhow (?:much|far)\b.{{0,60}}\b(?:{_CHANGES}|exposure|levels?|lost|higher)\b|\bup how much\b|"
    r"\bby (?:what|which) (?:percentage|factor|percent)\b|\bby how (?:much|many)\b|"
    r"\b(?:what|which) (?:percentage|percent|fold)\b|\bAUC\b|\bC ?max\b|\b(?:[\d.]+|\w+)-fold\b|\bhow many fold\b|"
    rf"\b{_CHANGES} (?:\w+ ){{0,3}}exposure\b|\blevels? (?:up|down|go|rise|fall|drop)\b|\bhit on levels?\b|"
    r"% (?:increase|decrease|change)|"
    # What another medicine, a meal or a weak organ did to what was measured.
    rf"\b(?:what (?:did|does|do|would|happen(?:s|ed)?|becomes?)|how (?:did|does|do))\b.{{3,60}}\b{_IS_MEASURED}\b|"
    rf"\beffects? (?:of|from) .{{3,40}}\bon\b.{{0,30}}\b{_IS_MEASURED}\b",
    re.IGNORECASE,
)
#: What becomes of a medicine in the body (21 CFR 201.57(c)(13)(i)(C)).
_IN_THE_BODY = re.compile(
    r"\b(?:half-?li(?:fe|ves)|t ?1/2|clearance|clear(?:s|ed)?|eliminat\w+|excret\w+|metaboli[sz]\w+|absor\w+|"
    r"bioavailab\w+|exposures?|pharmacokinetic\w*|pk|(?:blood|plasma|serum|drug|its) (?:levels?|concentrations?))\b",
    re.IGNORECASE,
)
_DOSED = re.compile(
    r"\b(?:dos(?:e|es|ed|age|ing)|strengths?|how (?:much|many)\b.{0,40}\b(?:give|take|get|need|mg|units|tablets?|"
    r"capsules?|vials?)|mg|mcg|start (?:with|on|at)|starting|initiated?|titrat\w+|reduc\w+ (?:it|to|by))\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\bhow much (?:of (?:it|the medicine) )?(?:for|in)\b", re.IGNORECASE)
_MONEY = re.compile(
    r"\b(?:cost\w*|pric\w+|pay\w*|paid|charg\w+|bill\w*|insur\w+|cover\w*|copay|afford|money|dollars?|cheap\w*|"
    r"a (?:box|pack|bottle|month|pen|vial))\b|[$\u00a3\u20ac]",
    re.IGNORECASE,
)
_DOSE = re.compile(r"\b(?:dos(?:e|age|ing)|posology)\b", re.IGNORECASE)
#: How a dose is changed for something that happened under treatment (21 CFR 201.57(c)(3)(i): dosage modifications).
_CHANGED_FOR_IT = (
    r"modif\w+|withh[eo]ld\w*|h(?:o|e)ld(?:ing)?|resum\w+|re-?start\w*|re-?challeng\w+|re-?initiat\w+|interrupt\w*|"
    r"(?:x|times) (?:the )?(?:uln|upper limit)|dose (?:reduc\w+|delay\w*)"
)
#: A tumour has a grade as well, of what it looks like: "grade 3 glioma", "G2 neuroendocrine tumour".
_OF_A_TUMOUR = (
    r"(?: (?!in\b|with\b|for\b|on\b)[\w-]+){0,3}? (?:tumou?r|cancer|neoplasm|"
    r"\w*(?:gli|cyt|blast|carcin|sarc|lymph|myel|mening|melan)oma)s?\b"
)
#: How grave a reaction is (CTCAE), in full and as notes write it: "grade 3", "G3/4", "gr 2".
_GRADED = rf"(?:(?:grade (?:[1-5]|i{{1,3}}v?)|(?:(?-i:G)|gr\.? ?)[1-5](?: ?[/-] ?[2-5])?(?![\w/]))(?!{_OF_A_TUMOUR}))"
#: A change of dose as notes write it.
_CHANGED_IN_NOTES = r"dose mods?"
_GRADE_IN_NOTES = re.compile(r"\bG([1-5])(?: ?[/-] ?([2-5]))?(?![\w/-])")
_MODS = re.compile(r"\bdose (mod(s?))\b", re.IGNORECASE)
_TELLS_OF_GRADES = re.compile(r"\bgrades?\b|\btoxicit|\bwithh[eo]ld|\binterrupt", re.IGNORECASE)
_IS_GRADED = re.compile(rf"\b{_GRADED}", re.IGNORECASE)
_OF_A_REACTION = re.compile(
    rf"\b(?:{_CHANGED_FOR_IT}|{_CHANGED_IN_NOTES}|adjust\w*|toxicit\w+|{_GRADED}|uln|"
    r"reduc\w+ (?:(?:the|a|my|its) )?dos\w+|"
    r"(?:during|while on|under) (?:treatment|therapy|it|the medicine))\b",
    re.IGNORECASE,
)
_MODIFIES = re.compile(
    rf"\b(?:{_CHANGED_FOR_IT}|{_CHANGED_IN_NOTES}|dose (?:mod\w*|adjust\w*)|"
    r"what (?:to|do (?:i|we)|should (?:i|we)) do|manag\w+|"
    r"(?:grade |(?-i:G|Gr ?))(?:[2-4]|i{2,3}|iv)|permanently (?:stop\w*|discontinu\w+)|"
    r"(?:stop|discontinue|stopped|discontinued) (?:it )?(?:permanently|for good))\b",
    re.IGNORECASE,
)
#: How many come to have an illness; and what is hoped for of a medicine that is given for one.
_BEFALLS = re.compile(
    r"\b(?:progress|transform|evolv|convert)\w* (?:in)?to\b|\bdevelop(?:s|ed|ing|ment of)?\b|"
    r"\b(?:rates?|incidence|frequency|cases|reports) of\b|\b(?:vs\.?|versus) (?:pbo|placebo|vehicle)\b|"
    r"\bcame down with\b",
    re.IGNORECASE,
)
_DONE_FOR_IT = re.compile(
    r"\b(?:respon\w+|remission|cur(?:es?|ed|ing)|improv\w+|reduc\w+|lower\w*|decreas\w+|prevent\w*|protect\w*|"
    r"treat\w*|effective\w*|efficacy|surviv\w+|help\w*|delay\w*|slow\w*|avoid\w*|success\w*)\b",
    re.IGNORECASE,
)
#: A dosage form that stands behind a medicine's name.
OF_A_FORM = (
    r"(?:creams?|ointments?|gels?|lotions?|foams?|patch(?:es)?|solutions?|suspensions?|syrups?|elixirs?|drops?|sprays?|"
    r"inhalers?|suppositor(?:y|ies)|infusions?|depot|lozenges?)"
)
#: Whose dose is asked: "X dose", "X 10 mg tablets", "X cream dose", "dose of X".
_HOW_A_DOSE_IS_CALLED = r"(?:max|maximum|starting|loading|maintenance|usual|daily|weekly|recommended|correct|total)"
_DOSE_OF = (
    re.compile(
        rf"\b([^\W\d_][\w-]{{4,}}) (?:{OF_A_FORM} )?(?:{_HOW_A_DOSE_IS_CALLED} )?"
        r"(?:dos(?:es?|ages?|ing)|tablets?|capsules?|injections?)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\bdos(?:es?|ages?|ing) of (?:the )?([^\W\d_][\w-]{4,})", re.IGNORECASE),
)
#: Whom a dose may be told for by descent (FDA, "Collection of Race and Ethnicity Data in Clinical Trials").
_PEOPLES = frozenset("african american asian black caucasian chinese hispanic indian japanese latino white".split())
_HOW_OFTEN = re.compile(r"(?:daily|nightly|weekly|fortnightly|monthly|yearly|annual|quarterly)$")
#: Intents that are about whom; a dose may be asked for them.
_GROUPS = frozenset(("pediatric", "geriatric", "renal_impairment", "hepatic_impairment"))
#: Intents that may be about what happened under treatment; what is then done with the dose stands with the doses.
_REACTIONS = frozenset(("warnings", "adverse_reactions", "discontinuation"))
#: Intents that ask for another substance.
_INTERACTION = "drug_interaction"
#: How likely the second side is beside the first.
_BESIDE = 0.6


def asks_how_much(question: str) -> bool:
    """Whether the wording asks for a size of change: a percentage, a factor, an AUC."""
    return bool(_MEASURED.search(question))


def asks_what_becomes_of_it(question: str) -> bool:
    """Whether the wording asks how a medicine fares in the body: its level, its clearance, by how much they change."""
    return asks_how_much(question) or bool(_IN_THE_BODY.search(question))


def asks_amount(question: str) -> bool:
    """Whether the wording asks how much for an illness or patient, and speaks of no money."""
    return bool(_AMOUNT.search(question)) and not _MONEY.search(question)


def asks_dose(question: str) -> bool:
    """Whether the wording asks how much to give."""
    return bool(_DOSED.search(question))


def says_dose(question: str) -> bool:
    """Whether ``question`` asks for a dose by that word, and not for what was seen with one."""
    return bool(_DOSE.search(question)) and not asks_how_much(question)


def asks_a_groups_dose(intent: str, question: str) -> bool:
    """Whether a question about a group of patients asks what dose they get."""
    return intent in _GROUPS and asks_dose(question)


def of_a_reaction(question: str) -> bool:
    """Whether the wording asks what to do about something that happened under treatment."""
    return bool(_OF_A_REACTION.search(question))


def in_notes(question: str) -> tuple[tuple[str, str], ...]:
    """What ``question`` writes of a change of dose, and of grades beside it, as notes do, with the words of labels."""
    if not _MODS.search(question):
        return ()
    grades = [(each[0].rstrip(), each) for each in _GRADE_IN_NOTES.finditer(question)]
    written = [(said, f"Grade {each[1]}" + (f" or {each[2]}" if each[2] else "")) for said, each in grades]
    changed = [(each[1], f"modification{each[2]}") for each in _MODS.finditer(question)]
    return tuple(dict.fromkeys((*written, *changed)))


def graded(question: str) -> bool:
    """Whether the wording grades how grave something is, as only what befalls somebody under treatment is."""
    return _IS_GRADED.search(question) is not None


def tells_of_grades(text: str) -> bool:
    """Whether ``text``, of doses, tells what is done about reactions by how grave they are."""
    return _TELLS_OF_GRADES.search(text) is not None


def befalls(question: str) -> bool:
    """Whether the wording asks how many come to have an illness, and nothing of what is done or given for it.

    "How many progressed to AML?" asks for a harm; "how many with AML responded?" and "which dose for those who
    progressed to AML?" for a use.
    """
    if not _BEFALLS.search(question) or _DONE_FOR_IT.search(question):
        return False
    return asks_how_much(question) or not (asks_dose(question) or asks_amount(question))


def asks_to_modify(intent: str, question: str) -> bool:
    """Whether a question about what happened asks what to do with the dose for it (21 CFR 201.57(c)(3)(i))."""
    return intent in _REACTIONS and bool(_MODIFIES.search(question))


def dosed_by_name(question: str) -> tuple[str, ...]:
    """The words that stand where a question says of what it asks the dose; ordinary ones among them, no illness.

    Nor how often or to whom it is given ("biweekly", "Asian"), and no compound of an ordinary word ("weight-based").
    """
    found = (match[1].casefold() for pattern in _DOSE_OF for match in pattern.finditer(question))
    return tuple(word for word in found if not _names_none(word))


def _names_none(word: str) -> bool:
    parts = word.split("-")
    compound = len(parts) > 1 and any(map(is_ordinary, parts))
    illness = not ABBREVIATIONS.keys().isdisjoint(parts) or names_an_illness(word)
    return compound or illness or _PEOPLES.issuperset(parts) or _HOW_OFTEN.search(word) is not None


def with_second_side(intents: Sequence[tuple[str, float]], question: str) -> list[tuple[str, float]]:
    """``intents`` with the second side that the wording tells, where the likeliest leaves it out."""
    if not intents:
        return []
    first, share = intents[0]
    second = ""
    if first == _INTERACTION and asks_how_much(question):
        second = "pharmacokinetics"
    elif asks_a_groups_dose(first, question) or asks_to_modify(first, question):
        second = "dosage"
    if not second:
        return list(intents)
    known = dict(intents)
    known[second] = max(known.get(second, 0.0), _BESIDE * share)
    return sorted(known.items(), key=lambda pair: -pair[1])
