"""Say where the run-in headings of a flattened text stand, which bear no number, and what they are called.

A label's text as openFDA gives it has lost what set its headings off: "... for 7 days. Doze at Noon The usual dose is
5 mg." Told are

- the titles of the label's own numbered sections, where they stand in others,
- words in title case before a word that begins a sentence or a direction ("Doze at Noon The"),
- words in title case before a colon ("Doze at Noon: 5 mg"), if they are more than one: "Adults:" is a part of what
  stands above it,
- words in capitals ("CONTINUOUS INFUSION For continuous infusion ...").

Guarantees: a heading is in the text's own words and begins where it is asked for, at the beginning of a sentence.
Refuses nothing. Time is linear in the length of what is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_JOINING = (
    r"of|and|the|in|with|for|to|or|by|on|an?|from|due|during|after|before|not|as|at|without|and/or|between|under|who|than"
    r"|following|within|per|less|more|mg|kg"
)
#: A word with a capital, also one that a slip of a space parts from its first letter ("D isease").
_WORD = r"(?:[A-Z]\s[a-z]{4,}|[\"“(]?[A-Z0-9][^\s.:;?!•]*)"
_TITLE = rf"[A-Z][^\s.:;?!•]*(?:\s(?:{_WORD}|{_JOINING}|[,/&–-])){{0,24}}"
#: Words in title case before a word that begins a sentence behind a heading.
_BEFORE_SENTENCE = re.compile(
    rf"(?P<title>{_TITLE}?)(?=\s(?:The|In|For|An?|There|This|These|It|No|When|During|Because|Since|Based on"
    r"|Administer|Initiate|Start|Avoid|Monitor|Discontinue|Reduce) [a-z0-9A-Z])"
)
_BEFORE_COLON = re.compile(rf"(?P<title>{_TITLE})\s?:(?=\s)")
#: A warning in capitals is none: it begins like any sentence, or has commas.
_CAPITALS = re.compile(
    r"(?!(?:IN|BECAUSE|IF|WHEN|FOR|THE|AS|ALTHOUGH|SINCE|DO|IT|THIS|ALL|WARNING|NOTE|CAUTION)\b)"
    r"(?P<title>[A-Z][A-Z’'()/,&-]+(?:\s[A-Z(&][A-Z’'()/,&-]*){0,9}(?=\s[A-Z][a-z]+[\s,/][A-Za-z])"
    r"|[A-Z][A-Z’'()/&-]+(?:\s[A-Z(&][A-Z’'()/&-]*){1,9}(?=,\s[A-Z]{3}))"
)
#: What ends in a colon and yet heads nothing: notes, parts of tables, parts of a row.
_NO_HEADING = re.compile(
    r"(?:Tables?|Figures?|Notes?|Abbreviations?|Key|Source|Examples?|Clinical (?:Impact|Effects?|Implications?)"
    r"|Interventions?|Prevention|Management|Recommendations?|Limitations?|See|Total|Step|Day|Week|Cycle)\b",
    re.IGNORECASE,
)
_TABLE = re.compile(r"\s(?:Table|Figure)\s\d.*")
_LEAST_CHARS = 10
_MOST_CHARS = 140


@dataclass(frozen=True, slots=True)
class RunIns:
    """The run-in headings of a label; ``titles``: those of its own numbered sections, None: it has none."""

    titles: re.Pattern[str] | None = None

    def own(self, text: str, at: int) -> bool:
        """Whether the title of a numbered section stands at ``at``."""
        return bool(self.titles and self.titles.match(text, at))

    def at(self, text: str, at: int) -> str:
        """The run-in heading that begins at ``at``, a sentence's beginning; "" where none does."""
        if _NO_HEADING.match(text, at):
            return ""
        near = text[at : at + 2 * _MOST_CHARS]
        for pattern in (_BEFORE_COLON, _CAPITALS, _BEFORE_SENTENCE):
            found = pattern.match(near)
            if found and _heads(found["title"]) and (pattern is _CAPITALS or not found["title"].isupper()):
                return _TABLE.sub("", found["title"]).rstrip(" ,–-")
        match = self.titles.match(text, at) if self.titles else None
        return match[0] if match else ""


def in_capitals(text: str, at: int) -> bool:
    """Whether a heading stands in capitals, and so above the others."""
    found = _CAPITALS.match(text, at)
    return found is not None and _heads(found["title"])


def _heads(title: str) -> bool:
    words = [word for word in title.split() if any(char.isalpha() for char in word)]
    one = len(words) == 1 and not title.isupper()
    return not one and _LEAST_CHARS <= len(title) <= _MOST_CHARS and title.count("(") == title.count(")")
