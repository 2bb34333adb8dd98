"""Tell from a table's caption for which impaired function its doses are.

A section of doses "in Renal or Hepatic Impairment" is cut at its tables, and only the caption says which is whose.

Guarantees: a caption is in the text's own words; "" where it does not surely name one group alone. Refuses nothing.
"""

from __future__ import annotations

import re

#: A sentence that only refers elsewhere may stand before the caption: it is the end of what stands above.
_REFERS = r"(?:[A-Z][^.(]{0,80}\bsee\b[^.(]{0,60}\([\d\s.,]{1,20}\)[\s\])]{0,3}\.\s)?"
_IMPAIRED = (
    r"(?:(?:Renal|Hepatic)\s(?:Impairment|Insufficiency|Dysfunction|Failure)|Impaired\s(?:Renal|Hepatic)\sFunction)\b"
)
_CAPTION = re.compile(
    rf"\s*{_REFERS}Table\s\d{{1,2}}\s?[:.–-]?\s(?P<caption>[A-Z][^.;?!•]{{0,200}}?\b{_IMPAIRED}"
    r"(?:\sWeighing\s(?:(?:Less|More)\sThan\s)?\d{1,3}\skg(?:\s(?:or|and)\s(?:More|Less|Greater|Above|Over))?)?)"
    r"(?!\s?(?:[,/]|or\b|and\b|and/or\b))"
)
_RENAL = re.compile(r"\brenal|\bkidney", re.IGNORECASE)
_HEPATIC = re.compile(r"\bhepatic|\bliver|\bchild-pugh", re.IGNORECASE)
#: What shows that the doses are those of others too, or that the words are a table's cells.
_OF_OTHERS = re.compile(
    r"\bor (?:those|patients|adults|in)\b|\bnormal\b|\bwithout\b|\d\s?(?:mg|mcg|mL|%)", re.IGNORECASE
)


def caption_of_group(text: str) -> str:
    """The caption that a piece begins with, if it names one impaired function alone; otherwise ""."""
    found = _CAPTION.match(text)
    caption = found["caption"] if found else ""
    return "" if _OF_OTHERS.search(caption) or names_both(caption) else " ".join(caption.split())


def names_both(text: str) -> bool:
    """Whether the words name the kidneys' function and the liver's."""
    return bool(_RENAL.search(text) and _HEPATIC.search(text))
