"""Say where what young animals showed begins in a section on children, and which text is of them alone.

21 CFR 201.57(c)(9)(iv) lets "Pediatric Use" report juvenile animals. Their doses in mg/kg are no child's, and a piece
that begins within the report no longer says whose they are.

Guarantees: only places of the text are told, in order. A text that speaks of patients under another heading is not of
animals. Refuses nothing.
"""

from __future__ import annotations

import re

_PEDIATRIC_USE = re.compile(r"\s*8\.\d\s+(?i:pa?ediatric use)\b")
_HEADING = r"(?:Juvenile )?Animal (?:Toxicity |Toxicology )?(?:Data|Studies|Toxicity|Toxicology)(?: Data| Studies)?"
_BEGINS = re.compile(rf"\s*{_HEADING}\s+[A-Z]")
_HEADS = re.compile(rf"(?<=[A-Za-z0-9.%)\]])(?<!Juvenile)\s+(?={_HEADING}\s+[A-Z])")
_ANIMALS = re.compile(
    r"\b(?:rats?|mice|mouse|dogs?|rabbits?|monkeys?|pups?|litters?|minipigs?|animals?)\b", re.IGNORECASE
)
_PATIENTS = re.compile(
    r"\b(?:patients?|adolescents?|infants?|neonates?|safety and effectiveness|boys|girls)\b", re.IGNORECASE
)
#: Patients of whom something is said, not those whom animals are compared with.
_OF_PATIENTS = re.compile(r"\b(?i:patients|adolescents|infants|neonates) (?:with|who|aged|should|must|\d)")
#: Whose age an animal's stands for: "approximately equivalent to a human infant".
_COMPARED = re.compile(r"\b(?:equivalent|comparable|correspond\w*) to [^.;)]{0,60}|\bhuman \w+\b", re.IGNORECASE)
_FEWEST = 2


def headings_of_animals(text: str, start: int, end: int) -> list[int]:
    """Where the headings of what animals showed stand in a section on children."""
    title = _PEDIATRIC_USE.match(text, start, end)
    return [match.end() for match in _HEADS.finditer(text, title.end(), end)] if title else []


def of_animals(text: str) -> bool:
    """Whether a text of a section on children reports animals alone: under their heading, or without a patient."""
    if _BEGINS.match(text):
        return not _OF_PATIENTS.search(text)
    return len(_ANIMALS.findall(text)) >= _FEWEST and not _PATIENTS.search(_COMPARED.sub(" ", text))
