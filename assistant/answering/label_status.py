"""What a product's approved words say of the illness, or of the other medicine, that a question is about.

The label decides, not the model (DESIGN, section 3.2): its indications, contraindications, warnings and limitations are
compared with the words of the question, under every name that an illness goes by. Only passages of the context count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.domain import Context
from assistant.understanding.conditions import LabelStatus, compare
from assistant.understanding.lay_terms import said_otherwise
from assistant.understanding.other_medicines import compared_with


def label_status(index: Index, product: str, condition: Sequence[str], where: Context) -> LabelStatus:
    """What the words approved for ``product`` in this context say of ``condition``, the words of an illness."""
    if not condition or not product:
        return LabelStatus.UNSURE
    indicated, limited = set[str](), set[str]()
    warned: list[frozenset[str]] = []
    for entry in index.entries(product):
        head = entry.head
        if not head.scope.in_force(where):
            continue
        if head.topic in ("indication", "overview") or "indication" in head.serves:
            indicated |= index.stems(entry)
        elif head.topic == "contraindication":
            limited |= index.stems(entry)
        elif head.topic in ("warnings", "boxed_warning"):
            warned.append(frozenset(lexical.terms(head.title)))
    said = " ".join(condition)
    found = set[LabelStatus]()
    for name in (said, *said_otherwise(said)):
        asked = frozenset(lexical.terms(name))
        # A warning that bears the condition's name is about it.
        beside = limited | asked if any(asked <= title for title in warned) else limited
        found.add(compare(asked, frozenset(indicated), frozenset(beside)))
    return next(status for status in LabelStatus if status in found)


def status_of_all(statuses: Sequence[LabelStatus], *, use: bool) -> LabelStatus:
    """What counts where a question names several illnesses.

    :param use: whether it asks if the medicine is for them: then it must be for each. Else one that it is for is why it
        is taken, and the others are what the patient has besides.
    """
    if use and LabelStatus.NOT_MENTIONED in statuses:
        return LabelStatus.NOT_MENTIONED
    if not use and LabelStatus.INDICATED in statuses:
        return LabelStatus.INDICATED
    return statuses[0] if statuses else LabelStatus.UNSURE


def spoken_under(
    index: Index, product: str, condition: Sequence[str], topics: Collection[str], where: Context
) -> frozenset[str]:
    """Those of ``topics`` of which one passage for ``product`` in this context holds every word of ``condition``.

    A dose or a trial of what the label itself gives one for is no unapproved use, whatever word its indication chose.
    """
    asked = frozenset(lexical.terms(" ".join(condition)))
    if not asked or not product:
        return frozenset()
    return frozenset(
        entry.head.topic
        for entry in index.entries(product)
        if entry.head.topic in topics and entry.head.scope.in_force(where) and asked <= index.stems(entry)
    )


def compares_beyond_label(index: Index, product: str, masked: str) -> bool:
    """Whether a question compares ``product`` with something that its label never mentions."""
    words = lexical.terms(compared_with(masked))
    return bool(words) and (not product or not index.postings(product, words))
