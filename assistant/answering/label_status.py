"""What a product's approved words say of the illness, or of the other medicine, that a question is about.

The label decides, not the model (DESIGN, section 3.2): its indications, contraindications, warnings and limitations are
compared with the words of the question, under every name that an illness goes by. Only passages in force count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assistant.answering import lexical
from assistant.answering.index import Index, Uses
from assistant.domain import Context
from assistant.remembering import remembering
from assistant.understanding.conditions import COURSE, LabelStatus, compare, joined, of_another_letter
from assistant.understanding.lay_terms import said_otherwise
from assistant.understanding.other_medicines import compared_with, prefers

#: Topics of passages that report of one medicine beside another.
_COMPARED_UNDER = frozenset(("clinical_studies", "adverse_reactions"))
#: The audience of a label that is read for all of them.
_WHOEVER = ""
_LABELS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Label:
    """What the words approved for a product in one market say of its uses, as search terms.

    ``uses``: the sentences of its indications; ``denied``: those that say what it is not for; ``forbidden``: its
    contraindications; ``warned``: the titles of its warnings; ``indications``: the text of the indications.
    """

    uses: tuple[frozenset[str], ...]
    denied: tuple[frozenset[str], ...]
    forbidden: frozenset[str]
    warned: tuple[frozenset[str], ...]
    indications: str


class Labels:
    """The labels of an index, each read once for a market, language, channel and day. Safe to share between threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._remembered = remembering(self._read, _LABELS_KEPT)

    def of(self, product: str, where: Context) -> Label:
        """What the words approved for ``product`` say of its uses, to whomever they say it.

        A use is approved or it is not: a patient's guide that leaves it out makes it no other.
        """
        return self._remembered(product, replace(where, audience=_WHOEVER))

    def _read(self, product: str, where: Context) -> Label:
        said: list[Uses] = []
        overviews: list[Uses] = []
        forbidden = set[str]()
        warned: list[frozenset[str]] = []
        for entry in self._index.entries(product) if product else ():
            head = entry.head
            if not any(head.scope.in_force(replace(where, audience=audience)) for audience in head.scope.audiences):
                continue
            if head.topic == "indication" or "indication" in head.serves:
                said.append(self._index.uses(entry))
            elif head.topic == "overview":
                overviews.append(self._index.uses(entry))
            elif head.topic == "contraindication":
                forbidden |= self._index.stems(entry)
            elif head.topic in ("warnings", "boxed_warning"):
                warned.append(frozenset(lexical.terms(head.title)))
        # What a label begins and ends with ("Rx only", references) says of a use only where nothing else does.
        said = said or overviews
        return Label(
            tuple(sentence for uses in said for sentence in uses.said),
            tuple(sentence for uses in said for sentence in uses.denied),
            frozenset(forbidden),
            tuple(warned),
            " ".join(uses.text for uses in said),
        )


def label_status(label: Label, condition: Sequence[str]) -> LabelStatus:
    """What ``label`` says of ``condition``, the words of an illness; under every name that it goes by."""
    said = " ".join(condition)
    status = _status(label, frozenset(lexical.terms(joined(said))))
    others = {_status(label, frozenset(lexical.terms(joined(name)))) for name in said_otherwise(said)}
    # Another name that stands there in part only ("gouty arthritis" beside an arthritis) makes nothing surer.
    sure = others - {LabelStatus.UNSURE}
    found = next(found for found in LabelStatus if found in {status, *sure})
    # Letters are no search terms. What is warned of stays so: "hepatitis B reactivation" on a label for hepatitis C.
    another = found in (LabelStatus.INDICATED, LabelStatus.UNSURE) and of_another_letter(said, label.indications)
    return LabelStatus.NOT_MENTIONED if another else found


def _status(label: Label, asked: frozenset[str]) -> LabelStatus:
    asked = asked - COURSE or asked
    if asked and any(asked <= sentence for sentence in label.uses):
        return LabelStatus.INDICATED
    # A warning that bears the condition's name is about it, and so is a sentence that says what it is not for.
    beside = any(asked <= named for named in (*label.warned, *label.denied))
    limited = label.forbidden | asked if beside else label.forbidden
    status = compare(asked, frozenset().union(*label.uses), limited)
    # Its words stand there, but not in one sentence: "colorectal cancer" beside a lung cancer and a colorectal surgery.
    return LabelStatus.UNSURE if status is LabelStatus.INDICATED else status


def status_of_all(statuses: Sequence[LabelStatus], *, use: bool) -> LabelStatus:
    """What counts where a question names several illnesses.

    :param use: whether it asks if the medicine is for them: then it must be for each. Else one that it is for is why it
        is taken, and the others are what the patient has besides; what it is not to be given in is no reason to.
    """
    if use and LabelStatus.NOT_MENTIONED in statuses:
        return LabelStatus.NOT_MENTIONED
    if use:
        first = statuses[0] if statuses else LabelStatus.UNSURE
        return LabelStatus.UNSURE if first is LabelStatus.INDICATED and LabelStatus.UNSURE in statuses else first
    order = (LabelStatus.INDICATED, LabelStatus.UNSURE, LabelStatus.NOT_MENTIONED, LabelStatus.LIMITED)
    return next((status for status in order if status in statuses), LabelStatus.UNSURE)


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


def compares_beyond_label(index: Index, product: str, masked: str, where: Context) -> bool:
    """Whether a question compares ``product`` with something that its label never mentions, or prefers one of the two
    without a trial of both."""
    words = frozenset(lexical.terms(compared_with(masked)))
    if not words or not product:
        return bool(words)
    if not prefers(masked):
        return not index.postings(product, words)
    # Which of the two is better only a trial of both can say; that it may be taken besides does not.
    return not _reported_beside(index, product, words, where)


def compares_within_label(index: Index, product: str, masked: str, where: Context) -> bool:
    """Whether a question sets ``product`` beside what stands in the label's own reports of trials.

    Not where it asks which is to be preferred: no label says so.
    """
    words = frozenset(lexical.terms(compared_with(masked)))
    return bool(words and product) and not prefers(masked) and _reported_beside(index, product, words, where)


def _reported_beside(index: Index, product: str, words: frozenset[str], where: Context) -> bool:
    reports = [entry for entry in index.eligible(product, where) if entry.head.topic in _COMPARED_UNDER]
    return index.speaks_of([words], reports)
