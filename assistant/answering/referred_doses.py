"""The doses of a group of patients, where what a label says of the group leaves them to another section.

"Dosage adjustment is needed [see Dosage and Administration (2.2)]" names no dose: a section on a group of patients
refers to the recommended doses and does not repeat them (21 CFR 201.57(c)(9)). The section that it names is shown with
it where that is about the same group; nothing is shown that the label does not refer to.
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
_NUMBER = re.compile(r"\d+\.\d+")


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


def doses_in(entry: Entry, group: str, illnesses: Sequence[Sequence[str]]) -> bool:
    """Whether ``entry`` gives the doses of ``group`` under a title that names each of the ``illnesses``."""
    if not illnesses or entry.head.topic != "dosage" or not entry.head.is_about(group):
        return False
    title = frozenset(lexical.terms(entry.head.title))
    return all(any(name <= title for name in all_names(words)) for words in illnesses)


def _sections(index: Index, entry: Entry) -> Iterator[str]:
    """The numbers of the sections on doses that ``entry`` refers to."""
    for match in _REFERS.finditer(index.load(entry).text.decode()):
        yield from _NUMBER.findall(match[1])
