"""Say where a heading stands behind a flattened table's last cell, which no full stop parts from it.

"... 30 mg twice daily Pediatric Patients 6 Years of Age and Older The recommended dosage for ...": without the cut
before it the heading and its first sentence go with the table, and what is said of those patients stands without them.

Told are, behind a table's title,

- words in title case before a running sentence, behind a row of figures; a group of patients also as one word,
- the name of a trial with a colon, whose sentence begins with that name ("DREAM-2: X in Adults DREAM-2 was a ...").

In a section on females and males of reproductive potential its fixed headings are told wherever they stand.

Guarantees: only places of the text are told, in order, each at a word's beginning behind a cell and not behind a word
that goes on or a title's; no rows stand soon behind. Refuses nothing. Time is linear in the length of the text.
"""

from __future__ import annotations

import re

_JOINING = (
    r"of|and|the|in|with|for|to|or|by|on|an?|from|due|during|after|before|not|as|at|without|and/or|between|under|who|than"
    r"|following|within|per|less|more|mg|kg|years?|months?|weeks?|aged?|weighing|receiving|requiring"
)
_AGE = r"(?:\(?[≥≤<>]?\s?\d{1,3}(?=\s(?i:years?|months?|weeks?|days?|kg|mg|ml|to|and|or)\b)|(?:years?|months?|kg)\))"
_MORE = rf"(?:\s(?:[\"“(]?[A-Z][^\s.:;?!•\d%]*|{_JOINING}|{_AGE}|[,/&–-]))"
#: Headings of one word or in few capitals: groups of patients, and what is said of doses.
_GROUP = (
    r"(?:Adults?|Pa?ediatrics?|Geriatrics?|Elderly|Children|Adolescents?|Infants?|Neonates|Ha?emodialysis"
    r"|Peritoneal Dialysis|Patients (?i:with|on|weighing|aged|\d)|(?:Renal|Hepatic) (?i:impairment)"
    r"|(?:Dosage|Dosing|Dose) (?i:in|for|adjustments?|modifications?)|Maintenance (?i:dosage|dose|treatment)"
    r"|Missed (?i:doses?)|Switching (?i:from|to))\b"
)
_HEADING = re.compile(
    rf"(?<=[A-Za-z0-9%)\]*†‡§])\s+(?P<at>(?=(?:(?P<group>{_GROUP})|(?!(?:Years?|Months?|Weeks?|Days?|Hours?|No|Not|Patients|Subjects"
    rf"|Table|Figure|Stage|Grade|Class|Type)\b)[A-Z][a-z]{{2,}}{_MORE}{{0,3}}?\s[A-Z][A-Za-z-]{{2,}}(?:\s\([A-Z]{{2,6}}\))?){_MORE}{{0,24}}?"
    # No cell begins so; "No dose adjustment is required" is one.
    r"\s(?:The|For|In|An?|No(?=\s(?:clinically|formal|data|studies))|Patients|Safety) [a-z]+ [a-z]+ [a-z(]))"
)
_TRIAL = re.compile(
    r"(?<=\s)(?P<at>(?=(?P<name>[A-Z]{3}[A-Z0-9-]*):\s[A-Z][^.:;]{9,260}?\s(?P=name)(?:\s\([^()]{3,60}\))?\s"
    r"(?:was|is|were|enrolled|evaluated|randomized)\b))"
)
#: What no cell ends with: a word that goes on, a section's number, a word of a title. Doses have theirs in capitals.
_GOES_ON = re.compile(
    r"(?:^|[\s(\[])(?:the|and|or|of|in|to|with|for|by|on|an?|from|see|use|as|than|at|per|was|were|is|are|not|all|these"
    r"|\d{1,2}\s?\.\s?\d{1,2}|(?:Table|Figure|Study|Group|Cohort|Step|Trial|Part|Phase|Exon|Type) \d{1,2}"
    r"|(?!(?:BID|TID|QID|QD|QHS|NA|NR|NE|None|No)$)[A-Z][A-Za-z0-9’'-]*)$"
)
#: Numbers that name a column or a row and are no figures of it.
_NAMES = re.compile(
    r"\b(?:Grades?|Tables?|Days?|Weeks?|Class|Stages?|Cohort|Stud(?:y|ies)|Cycles?|Type) [\d, ]+(?:(?:or|and|to) \d+)?"
)
#: The title of a table whose cells are directions, in words like any others.
_OF_CHANGES = re.compile(r"\b(?i:modifications?|adjustments?|interruptions?|reductions?|management)\b")
_TITLE_CHARS = 120
_FIGURE = re.compile(r"[^\sA-Za-z]*\d[^\sA-Za-z]*")
#: So much of a row is looked at, so many of its words hold a figure at least; so near behind no row stands.
_ROW_CHARS = 150
_FEWEST_FIGURES = 5
_NEAR = 500
#: A heading so few characters behind another stands below it.
_BELOW = 120
#: What stands between a heading and the next is a sentence, so long at least.
_LEAST_CHARS = 40


def headings_behind(text: str, titles: list[int], start: int, end: int) -> list[int]:
    """The headings behind the last cells of tables in a range; ``titles``: where its tables' titles begin."""
    if not titles:
        return []
    found: list[int] = []
    for match in _HEADING.finditer(text, titles[0], end):
        at = match.start("at")
        above = max((title for title in titles if title <= match.start()), default=start)
        below = min((title for title in titles if title > at), default=end)
        row = text[max(above, match.start() - _ROW_CHARS) : match.start()]
        figures = sum(any(char.isdigit() for char in word) for word in _NAMES.sub(" ", row).split())
        if not match["group"] and _OF_CHANGES.search(text, above, above + _TITLE_CHARS):
            continue
        if found and at - found[-1] < _BELOW:
            continue
        behind = text[at : min(at + _NEAR, below)].split()
        if figures >= _FEWEST_FIGURES and not _GOES_ON.search(row[-40:]) and not _rows(behind):
            found.append(at)
    found += [match.start("at") for match in _TRIAL.finditer(text, titles[0], end)]
    return sorted({*found})


#: The title of the section that 21 CFR 201.57(c)(9)(iii) divides under fixed headings, behind its number.
_OF_REPRODUCTION = re.compile(r"\s*8\.\d\s+(?i:females and males of reproductive potential)\b")
#: Those headings, before a capital: "Females of reproductive potential" begins a sentence.
_REPRODUCTIVE = re.compile(
    r"(?<=[A-Za-z0-9%)\].*†‡])\s+(?=(?P<heading>Pregnancy Testing|Contraception|(?:Fem|M)ales?(?: Patients)?"
    r"|Infertility)\s+[\"“(]?[A-Z])"
)


def headings_of_reproduction(text: str, start: int, end: int) -> list[int]:
    """The fixed headings in a section on females and males of reproductive potential; none right below another."""
    found: list[int] = []
    title = _OF_REPRODUCTION.match(text, start, end)
    for match in _REPRODUCTIVE.finditer(text, title.end(), end) if title else ():
        above = found[-1] if found else start
        if match.end() - above >= _LEAST_CHARS and not _GOES_ON.search(
            text[max(start, match.start() - 40) : match.start()]
        ):
            found.append(match.end())
    return found


def heading_of_reproduction(text: str) -> str:
    """The fixed heading that a later piece of such a section begins with, "" where it begins with none."""
    found = _REPRODUCTIVE.match(f". {text[:80]}", 1)
    return found["heading"].strip() if found else ""


def _rows(words: list[str]) -> bool:
    """Whether four of ten words are figures somewhere."""
    figures = [bool(_FIGURE.fullmatch(word)) for word in words]
    return any(sum(figures[i : i + 10]) >= 4 for i in range(len(figures)))
