"""The doses of a group of patients, where what a label says of the group leaves them to another section.

"Dosage adjustment is needed [see Dosage and Administration (2.2)]" names no dose: a section on a group of patients
refers to the recommended doses and does not repeat them (21 CFR 201.57(c)(9)). The section that it names is shown with
it where that is about the same group. Where the section calls the medicine established in children and no doses are set
apart for them, those for the illness are theirs as well: what it names in passing is a strength or a daily total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.answering.label_status import all_names
from assistant.answering.retrieval import Candidate

#: Groups of which a label says apart what they are given.
GROUPS = frozenset(("pediatric", "geriatric", "renal_impairment", "hepatic_impairment"))
_REFERS = re.compile(r"\bdosage\s+and\s+administration\s*\(([\d.,\s]+)\)", re.IGNORECASE)
#: How a sentence leaves what it would tell to a table.
_LEAVES_TO = re.compile(
    r"\b(?:(?:shown|listed|outlined|given|summari[sz]ed|provided|presented|described|specified|found) in|see|"
    r"according to|per|using|refer to) Table (\d+)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+\.\d+")
_ADULTS = re.compile(r"\badults?\b", re.IGNORECASE)
_CHILDREN = re.compile(
    r"\b(?:p(?:a)?ediatrics?|child(?:ren|hood)?|adolescen\w+|infants?|neonat\w+|newborns?|weigh\w*|weight|kg|ages?|aged)\b",
    re.IGNORECASE,
)
#: A passage says in its title and its first words whom it is for.
_AT_FIRST = 150


def with_doses(
    index: Index, shown: Sequence[Candidate], ranked: Sequence[Candidate], group: str, *, passages: int, size: int
) -> tuple[Candidate, ...]:
    """``shown`` with the passage on the doses of ``group`` behind the one on it that refers to its section.

    :param ranked: where it may be taken from.
    :param passages: how many may be shown; nothing gives way.
    :param size: how many bytes they may have together.
    """
    if group not in GROUPS or len(shown) >= passages:
        return tuple(shown)
    for at, each in enumerate(shown, 1):
        named = set(_sections(index, each.entry)) if each.entry.head.topic == group else ()
        doses = [dose for dose in ranked if dose.entry.head.locator in named and dose.entry.head.is_about(group)]
        # Of several sections (to treat, to prevent) the label does not say which is meant, nor does one shown already.
        if len({dose.entry.head.locator for dose in doses}) != 1 or any(dose in shown for dose in doses):
            continue
        told = (*shown[:at], doses[0], *shown[at:])
        if sum(one.entry.size for one in told) <= size:
            return told
    return tuple(shown)


def with_doses_of_all(
    index: Index,
    shown: Sequence[Candidate],
    ranked: Sequence[Candidate],
    illnesses: Sequence[Sequence[str]],
    *,
    passages: int,
    size: int,
) -> tuple[Candidate, ...]:
    """``shown`` behind the one passage on the doses for ``illnesses``, where no doses are set apart for children.

    Where some are, and none is shown, behind the nearest of them that names the illnesses. To be asked for children in
    whom the label calls the medicine established; the last ones shown give way.
    """
    doses = [each for each in ranked if each.entry.head.topic == "dosage"]
    children = [each for each in doses if each.entry.head.is_about("pediatric")]
    if not illnesses or (children and any(each.entry.head.topic == "dosage" for each in shown)):
        return tuple(shown)
    if children:
        told = [each for each in children if _names_in_text(index, each.entry, illnesses)][:1]
    else:
        told = [each for each in doses if names_all(each.entry, illnesses) and not _apart(index, each.entry)]
    if len(told) != 1:
        return tuple(shown)
    return _before(told, shown, passages, size)


def with_table(
    index: Index, shown: Sequence[Candidate], ranked: Sequence[Candidate], *, passages: int, size: int
) -> tuple[Candidate, ...]:
    """``shown`` with the table that its first passage leaves the doses to, "as shown in Table 1", right behind that.

    A lead-in stays with its table (DESIGN, section 5), and of a table with many rows none is as near to a question as
    the sentence that leads to it. The last ones shown give way.
    """
    if not shown:
        return ()
    text = index.load(shown[0].entry).text.decode()
    if len(tables := set(_LEAVES_TO.findall(text))) != 1:
        return tuple(shown)
    (number,) = tables
    begins = re.compile(rf"\W*(?:\d+(?:\.\d+)* [^\n]*\n\W*)*Table {number}\b", re.IGNORECASE)
    if re.search(rf"(?m)^\W*Table {number}\b", text):
        return tuple(shown)  # it holds the table itself
    locator = shown[0].entry.head.locator
    told = [
        each
        for each in ranked
        if each.entry.head.locator == locator and begins.match(index.load(each.entry).text.decode())
    ]
    if len(told) != 1 or shown[0].entry.size + told[0].entry.size > size:
        return tuple(shown)
    return _before([shown[0], told[0]], shown, passages, size)


def _before(told: Sequence[Candidate], shown: Sequence[Candidate], passages: int, size: int) -> tuple[Candidate, ...]:
    """``told`` and behind it the others of ``shown`` that there is room for."""
    found = list(told)
    for each in shown:
        fits = len(found) < passages and sum(one.entry.size for one in (*found, each)) <= size
        if each not in told and fits:
            found.append(each)
    return tuple(found)


def without_adults(index: Index, ranked: Sequence[Candidate]) -> list[Candidate]:
    """``ranked`` without the doses of adults alone, where other passages on doses are about children.

    The title over both ("Dosage in Adults and Pediatric Patients") stands over the table for adults too.
    """
    doses = [each for each in ranked if each.entry.head.topic == "dosage" and each.entry.head.is_about("pediatric")]
    adults = [each for each in doses if _of_adults_alone(index.load(each.entry).text.decode())]
    return [each for each in ranked if each not in adults] if len(adults) < len(doses) else list(ranked)


def doses_in(entry: Entry, group: str, illnesses: Sequence[Sequence[str]]) -> bool:
    """Whether ``entry`` gives the doses of ``group`` under a title that names each of the ``illnesses``."""
    return bool(illnesses) and entry.head.is_about(group) and names_all(entry, illnesses)


def names_all(entry: Entry, illnesses: Sequence[Sequence[str]]) -> bool:
    """Whether the title of ``entry``, a passage on doses, names each of the ``illnesses``, by one of its names."""
    if entry.head.topic != "dosage":
        return False
    title = frozenset(lexical.terms(entry.head.title))
    return all(any(name <= title for name in all_names(words)) for words in illnesses)


def _names_in_text(index: Index, entry: Entry, illnesses: Sequence[Sequence[str]]) -> bool:
    """Whether ``entry`` names each of the ``illnesses`` by one of its names."""
    return all(any(name <= index.stems(entry) for name in all_names(words)) for words in illnesses)


def _apart(index: Index, entry: Entry) -> bool:
    """Whether ``entry`` sets some patients apart: adults, an age, a group."""
    of_groups = not GROUPS.isdisjoint((*entry.head.also, *entry.head.population))
    text = index.load(entry).text.decode()
    return of_groups or bool(_ADULTS.search(text)) or any(each.kind == "age" for each in index.ranges(entry))


def _of_adults_alone(text: str) -> bool:
    """Whether ``text`` begins with adults and speaks of no child."""
    return bool(_ADULTS.search(text[:_AT_FIRST])) and not _CHILDREN.search(text)


def _sections(index: Index, entry: Entry) -> Iterator[str]:
    """The numbers of the sections on doses that ``entry`` refers to."""
    for match in _REFERS.finditer(index.load(entry).text.decode()):
        yield from _NUMBER.findall(match[1])
