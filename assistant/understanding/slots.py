"""Closed slots that need no model: which population a question is about.

Rules over words, in the order of the label's section 8 (21 CFR 201.57(c)(9)); a trained model replaces them where it is
surer. A population is never guessed from a name or a pronoun.
"""

from __future__ import annotations

import re

from assistant.content.organs import ORGAN

#: Behind an organ's name: what is pictured, grafted or grows there says nothing of how it works.
_NO_IMPAIRMENT = (
    rf"(?![,/]?[ /-](?:(?:{ORGAN}|and|or|&|living|deceased|donor)[,/ -]+){{0,6}}(?:imaging|mri|ct|scans?|ultrasound|"
    r"lesions?|biops\w+|transplant\w*|grafts?|allografts?|cancers?|carcinomas?|tumou?rs?|cell|mass(?:es)?|stones?|metastas[ei]s|mets)\b)"
)

_POPULATIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "pediatric",
            r"\b(child(ren|hood)?(?![- ]?pugh)|kids?|p(a)?ediatrics?|infants?|neonat\w*|newborns?|toddlers?|"
            r"teen(ager)?s?|adolescents?|"
            r"juvenile|minors?|baby|babies|(my|her|his|the) (son|daughter)|school ?age|under 1[0-8]|"
            r"(under|over)[ -]([1-9]|1[0-7])s|girls?|boys?)\b",
        ),
        (
            "geriatric",
            r"\b(elderly|geriatrics?|older (people|adults?|patients?|folks)|seniors?|aged|over (65|70|75|80)s?)\b",
        ),
        ("pregnant", r"\b(pregnan\w*|gestation\w*|trimester|f(o)?etal|f(o)?etus|expecting)\b"),
        ("lactating", r"\b(breast ?-?feed\w*|lactat\w*|nursing(?! home)|breast ?milk|milk supply)\b"),
        (
            "renal_impairment",
            rf"\b((renal|kidneys?){_NO_IMPAIRMENT}|renally|crcl|creatinine|e?gfr|dialysis|h(a)?emodialysis|esrd|ckd|nephro\w*)\b",
        ),
        ("hepatic_impairment", rf"\b((hepatic|liver){_NO_IMPAIRMENT}|child[- ]pugh|cirrho\w*)\b"),
        ("adult", r"\b(adults?)\b"),
    )
)
_AGE = re.compile(
    r"\b(\d{1,3})\s*(?:-|\s)?\s*(?:(months?|mos?)|years?|yrs?|y/?o|yo)\b(?:\s*-?\s*(?:olds?|of age))?", re.IGNORECASE
)
_AGED = re.compile(
    r"\b(?:aged?|is|she's|he's|i'm|i am)\s+(\d{1,3})\b(?!\s*(?:mg|kg|mcg|ml|%|weeks?|days?|hours?))", re.IGNORECASE
)


def populations(question: str) -> tuple[str, ...]:
    """The populations that ``question`` speaks of, in a fixed order."""
    found = [name for name, pattern in _POPULATIONS if pattern.search(question)]
    for implied in _of_age(question):
        if implied not in found:
            found.append(implied)
    return tuple(name for name, _ in _POPULATIONS if name in found)


#: What sounds like a group and is none: an organ that is pictured or has cancer, how much the heart ejects, "Sr-82".
_MISHEARD: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "lactating",
            r"\bbreasts? (?:ca|cancer|carcinoma|tumou?rs?|mri|imaging|scans?|biops\w+|mass(?:es)?|lesions?)\b",
        ),
        ("renal_impairment", r"\bhf[rmp]+ef\b|\bejection fraction\b|\b(?:reduced|preserved|low) ef\b"),
        ("geriatric", r"\b[a-z]{1,3}-?\d{2}\b|\b(?-i:(?!Pt|Mr|Ms|Dr|Is|At|Of|To|In|On|Or|He|My)[A-Z][a-z]) \d{2}\b"),
    )
)
_SPEAKS_OF_AGE = re.compile(
    r"\b(?:old|ages?|aged|elder\w*|senior\w*|gran\w*|nan\w*|years?|yrs?|y/?o|yo)\b", re.IGNORECASE
)


#: An organ that may be impaired, and the group of those in whom it is.
_OF_AN_ORGAN = (
    ("renal_impairment", re.compile(r"\b(?:renal|kidneys?)\b", re.IGNORECASE)),
    ("hepatic_impairment", re.compile(r"\b(?:hepatic|liver)\b", re.IGNORECASE)),
)


#: That a transplanted organ fails after all.
_FAILS = re.compile(r"\b(?:fail\w*|dysfunction|function\w*|not working|works? poorly|impair\w*|weak)\b", re.IGNORECASE)


def of_another_matter(question: str) -> frozenset[str]:
    """The groups that a model reads into ``question`` for an organ alone: that of a transplant or a tumour."""
    if _FAILS.search(question):
        return frozenset()
    told = populations(question)
    return frozenset(name for name, pattern in _OF_AN_ORGAN if name not in told and pattern.search(question))


def misheard(question: str) -> frozenset[str]:
    """The populations that a model may read into ``question`` though no word of it speaks of them."""
    found = {name for name, pattern in _MISHEARD if pattern.search(question)}
    return frozenset(found - {"geriatric"} if _SPEAKS_OF_AGE.search(question) else found)


def _of_age(question: str) -> list[str]:
    implied: list[str] = []
    for match in _AGE.finditer(question):
        years = 0 if match.group(2) else int(match.group(1))
        implied.append(_group(years))
    implied.extend(_group(int(match.group(1))) for match in _AGED.finditer(question))
    return [name for name in implied if name]


def _group(years: int) -> str:
    if years < 18:
        return "pediatric"
    return "geriatric" if 65 <= years <= 120 else ""
