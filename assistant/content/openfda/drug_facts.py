"""Tell apart what openFDA's flattened text of an over-the-counter label runs together (Drug Facts, 21 CFR 201.66).

Guarantees: titles are the text's own whole question or heading, or a section's fixed one; texts and their order stay as
they are. A passage that says of a named warning that it applies names the passage with that warning as its companion.
Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.content import drug_facts
from assistant.content.openfda.cuts import words_at
from assistant.content.openfda.fields import Piece
from assistant.content.openfda.units import is_leaflet, question
from assistant.content.writing import PassageDraft

#: Fields whose text tells better than their name what it is: Warnings swallow sections, purposes state uses.
_MISFILED = drug_facts.WARNINGS | {drug_facts.PURPOSE, drug_facts.UNCLASSIFIED}
_SENTENCE = re.compile(r"[^.:?!•■▪●]{3,90}(?=[.:?!](?:\s|$)|\s[•■▪●])")
#: Words in capitals, at least two: the headings of leaflets that ask nothing.
_CAPITALS = re.compile(
    r"(?:(?<=\s)|^)(?:(?=[^\s]*[A-Z]{2})[^\sa-z]+|[&–—])(?:\s(?:(?=[^\s]*[A-Z])[^\sa-z]{2,}|[&–—]))+(?=\s|$)"
)
_TITLE_CHARS = 100
_FEW_WORDS = 8


def of_drug_facts(text: str, piece: Piece, loinc: str) -> tuple[str, str] | None:
    """Code and title of a piece where its own words tell them better than the field it stands in."""
    own = text[words_at(text, piece.own) : piece.end].strip()
    if (name := drug_facts.alert_at(own, 0)) and loinc in drug_facts.WARNINGS:
        return (loinc, name) if len(drug_facts.starts(own, 0, len(own))) == 1 else None
    about_package = loinc == drug_facts.UNCLASSIFIED and drug_facts.is_of_package(own)
    section = drug_facts.own_section(own) if loinc in _MISFILED and not about_package else None
    if section:
        return None if section.loinc == loinc else (section.loinc, section.title)
    return (loinc, _leaflet_title(text, piece)) if is_leaflet(piece) else None


def _leaflet_title(text: str, piece: Piece) -> str:
    """The question that a piece of a leaflet stands under, else the heading it begins with, else the one above it."""
    asked = " ".join(question(text, piece).split())
    own = words_at(text, piece.own)
    if asked or (begins := _capitals(text[own : piece.end])) or not text[:own].strip():
        return asked or begins or _heading(text[own : piece.end])
    above = [match[0] for match in _CAPITALS.finditer(text, 0, own)]
    return _capitals(above[-1]) if above else _heading(text)


def _capitals(text: str) -> str:
    """The heading in capitals that a text begins with, without what runs on behind a colon."""
    found = _CAPITALS.match(text)
    return " ".join(found[0].split(":")[0].strip(" .,;&–—-").split()) if found else ""


def _heading(text: str) -> str:
    """The heading that a text begins with: words in capitals, its first words up to a stop, or only a few of them."""
    text = text.strip()
    if begins := _capitals(text):
        return begins
    found = _SENTENCE.match(text)
    words = found[0] if found else text if len(text) <= _TITLE_CHARS else " ".join(text.split()[:_FEW_WORDS])
    inside = min(
        (match.start() for one in drug_facts.OF_WARNINGS if (match := one.heading.search(words, 1))), default=0
    )
    return " ".join((words[:inside] if inside else words).split())


def with_their_warnings(passages: Sequence[PassageDraft]) -> tuple[PassageDraft, ...]:
    """The passages, each with the warnings that it says to apply as companions ("if liver warning applies to you")."""
    named = ((one, _named_by(one, at, passages)) for at, one in enumerate(passages))
    return tuple(replace(one, companions=tuple(dict.fromkeys((*one.companions, *those)))) for one, those in named)


def _named_by(passage: PassageDraft, at: int, passages: Sequence[PassageDraft]) -> Iterator[int]:
    for named in drug_facts.warnings_named(passage.text):
        place = next((i for i, one in enumerate(passages) if one.retrieve and drug_facts.bears(one.text, named)), at)
        if place != at:
            yield place
