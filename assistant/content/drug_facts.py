"""The fixed headings and warnings of an over-the-counter label, in the Drug Facts format of 21 CFR 201.66.

Guarantees: patterns and plain values, and what they find in a text; nothing here cuts, classifies or alters one. The
wording of the headings is prescribed, so that it tells a section also where a label flattens it into another, or files
it under another's code. Refuses nothing. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A hyphen, and the dashes that labels set for one.
HYPHEN = "[-‐‑‒–—]"
PURPOSE, USES, QUESTIONS, KEEP_OUT, UNCLASSIFIED = "55105-1", "34067-9", "53413-1", "50565-1", "42229-5"
DIRECTIONS, ASK_PHARMACIST = "34068-7", "50568-5"
#: A label whose warnings are shorter than this together reads well in one piece.
SHORT = 600


@dataclass(frozen=True, slots=True)
class Section:
    """A section of Drug Facts: its code, its title, and how its heading begins in running text."""

    loinc: str
    title: str
    heading: re.Pattern[str]


def _section(loinc: str, title: str, heading: str) -> Section:
    # A heading begins with a capital; "if you are not sure, ask a doctor or pharmacist before taking it" is none.
    return Section(loinc, title, re.compile(rf"(?=[A-Z])(?i:{heading})"))


_BEFORE_USE = (
    r"before (?:use|using|taking)(?: this (?:product|medicine))?,? if\b(?: you(?: have| are)?\b)?(?: taking\b)?"
)
#: Sections of Warnings, 201.66(c)(5), in the order that is prescribed.
OF_WARNINGS = (
    _section(
        "50570-1", "Do Not Use",
        r"do not use\b(?! (?:for|in) (?:more|longer|larger)\b)"
        r"(?=\s*(?:[•■▪●◦○∙·▶:-]|(?:if|for|in|on|with|to|right|unless|when|at|together|this product)\b))",
    ),
    _section("50569-3", "Ask a Doctor", rf"ask (?:a |your )?doctor {_BEFORE_USE}"),
    _section(
        ASK_PHARMACIST, "Ask a Doctor or Pharmacist", rf"ask (?:a |your )?doctor or (?:a )?pharmacist {_BEFORE_USE}"
    ),
    _section("50567-7", "When Using This Product", r"when using this (?:product|medicine)\b"),
    _section(
        "50566-9", "Stop Use", r"stop use and (?:ask|consult|see|call) (?:a |your )?(?:doctor|physician)\b(?: if\b)?"
    ),
    _section(
        "53414-9", "If Pregnant or Breast-Feeding", rf"if (?:you are )?pregnant or breast(?:{HYPHEN}| )?\s?feeding\b"
    ),
    _section(
        KEEP_OUT, "Keep Out of Reach of Children", r"keep (?:\w+ ){0,5}out of (?:the )?reach of (?:the )?children\b"
    ),
)  # fmt: skip
#: Sections beside Warnings that a label may file elsewhere; "Use only as directed" begins none.
_BESIDE = (
    _section(USES, "Indications and Usage", r"(?:uses|indications)\b(?: and usage\b)?"),
    _section(DIRECTIONS, "Dosage and Administration", r"directions\b(?! (?:on|for|in|and)\b)"),
    _section("60561-8", "Other Information", r"other information\b"),
    _section("51727-6", "Inactive Ingredients", r"inactive ingredients?\b"),
    _section(QUESTIONS, "Questions", r"questions(?: or comments)?\s?\?"),
)
WARNINGS = frozenset(("34071-1", *(section.loinc for section in OF_WARNINGS)))

_NAME = r"[A-Z][\w’'-]{0,30}(?: \(?[a-z][\w’')-]{0,30}| \([A-Z]\w{0,30}\)){0,6}"
_CAPITALS = r"[A-Z][\w’'-]{0,30}(?: (?:and|of|or|[A-Z][\w’'()-]{0,30})){0,6}"
#: "Liver warning:", "Organ transplant alert:", "Reye's syndrome:": warnings with a name, 201.66(c)(5)(ii). openFDA may
#: lose the colon.
_ALERT = re.compile(
    rf"(?!Warnings?\b|WARNINGS?\b)(?:{_NAME} (?:alert|warning)s?|{_CAPITALS} (?:Alert|Warning|ALERT|WARNING)S?"
    r"|Reye[’']?s [Ss]yndrome)(?=\s?:|\s[A-Z])"
)
_NO_HEADING_BEHIND = re.compile(
    r"(?:[•■▪●◦○∙·▶,(\"“‘'/-]|\b(?:see|the|and|or|if|section|under|above))\s*$", re.IGNORECASE
)
#: A part of a text that says of a warning with a name that it applies to somebody.
_APPLIES = re.compile(r"\b((?:[\w’'-]{1,30} ){1,6})(warning|alert) applies\b", re.IGNORECASE)

#: What seals a package, and what its buyer is to look at (21 CFR 211.132).
TAMPER = re.compile(
    rf"\btamper\b|\btamper{HYPHEN}|\bsafety{HYPHEN}? ?seal"
    r"|\b(?:seals?|blisters?|carton|pouch|package|bottle|imprint(?:ed)?|strip)\b[^.]{0,60}\b(?:broken|torn|opened|missing)\b",
    re.IGNORECASE,
)
#: Where to ask or to read more.
_CONTACT = re.compile(r"\b(?:toll.free|call us|visit (?:us|our)|www\.|1[-. ]?[( ]?8\d\d\b)", re.IGNORECASE)
#: A purpose is a class ("Antihistamine"), 201.66(c)(3); some labels state their use there instead.
_STATES_USE = re.compile(
    r"\b(?:for|temporary|temporarily)\b[^.]{0,30}\breli(?:ef|eves?)\b|\bindicated\b", re.IGNORECASE
)


def section_at(text: str, at: int = 0) -> Section | None:
    """The section of Warnings whose heading stands at ``at``."""
    return next((section for section in OF_WARNINGS if section.heading.match(text, at)), None)


def says_something(text: str) -> bool:
    """Whether a text is such a heading with words behind it, or one that needs none: a section, however short."""
    section = section_at(text.lstrip())
    found = section.heading.match(text.lstrip()) if section else None
    if not (section and found):
        return False
    return section.loinc == KEEP_OUT or len(text.lstrip()[found.end() :].split()) > 1


def starts(text: str, start: int, end: int) -> list[int]:
    """Where in a range of Warnings its sections and its warnings with a name begin.

    A heading counts once, and "Do not use" only before the others: within a list it is a direction.
    """
    places = {section.loinc: at for section in OF_WARNINGS for at in _places(section.heading, text, start, end)[:1]}
    first = OF_WARNINGS[0].loinc
    if first in places and places[first] > min(places.values()):
        del places[first]
    others = min((at for loinc, at in places.items() if loinc != first), default=end)
    return sorted({*(at for at in _places(_ALERT, text, start, end) if at < others), *places.values()})


def _places(heading: re.Pattern[str], text: str, start: int, end: int) -> list[int]:
    return [match.start() for match in heading.finditer(text, start, end) if _may_begin(text, match.start())]


def _may_begin(text: str, at: int) -> bool:
    """Whether a heading may begin at a place: behind white space, and no part of a list's item or of a reference."""
    before = text[max(0, at - 40) : at]
    return (not before or before[-1].isspace()) and not _NO_HEADING_BEHIND.search(before)


def alert_at(text: str, at: int) -> str:
    """The name of the warning that begins at ``at`` ("Liver warning"), "" where none does."""
    found = _ALERT.match(text, at)
    return found[0] if found else ""


def sections_in(text: str) -> list[Section]:
    """The sections of Warnings whose headings stand in a text, in its order."""
    return [section for at in starts(text, 0, len(text)) if (section := section_at(text, at))]


def own_section(text: str) -> Section | None:
    """The section that a text is by the heading it begins with; None where none is, or others stand in it besides."""
    beside = next((section for section in _BESIDE if section.heading.match(text)), None)
    within = sections_in(text)
    if beside or not within or not within[0].heading.match(text):
        return beside
    return within[0] if len(within) == 1 else None


def states_use(text: str) -> bool:
    """Whether what a label calls its purpose says what the medicine is for."""
    return bool(_STATES_USE.search(text) or _BESIDE[0].heading.match(text))


def is_of_package(text: str) -> bool:
    """Whether a short text is about the seal of the package."""
    return len(text) <= 500 and bool(TAMPER.search(text))


def is_contact(text: str) -> bool:
    """Whether a short text says where to ask."""
    return len(text) <= 300 and bool(_CONTACT.search(text))


def warnings_named(text: str) -> list[str]:
    """The names of the warnings that a text says to apply, as the end of a lower-case run of words before "warning"."""
    return [f"{match[1]}{match[2]}".casefold() for match in _APPLIES.finditer(text)]


def bears(text: str, named: str) -> bool:
    """Whether a text holds the warning that another names: "Liver warning:" for "if liver warning"."""
    names = (alert_at(text, at).casefold() for at in _places(_ALERT, text, 0, len(text)))
    return any(f" {named}".endswith(f" {name}") for name in names)
