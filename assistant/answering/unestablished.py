"""Children whom a label has no dose for: what it says of safety and effectiveness in them (21 CFR 201.57(c)(9)(iv)).

A table by weight or a dose for adults stands near such a question, and so would be shown; the label's own sentence that
nothing is established for these children, in that illness and at that age, must be read instead. It is taken at its
word only where it is plain: for whom, in what illness and at what age. Nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering import lexical
from assistant.answering.age_groups import AGED, CHILDREN, GROUP, NOT_SO, Child, ages_of, covers, of_illness
from assistant.answering.index import Entry, Index
from assistant.answering.quantities import ranges_in
from assistant.understanding.illness_alone import is_an_illness
from assistant.understanding.indications import is_of_anothers_label

#: Topics of passages where a label without a section on children says it.
_ELSEWHERE = frozenset(("overview", "indication", "dosage", "patient_counseling"))
#: What is not established must be the medicine: a mechanism, a diagnosis and a no-effect level may be not as well.
_OF_THE_MEDICINE = re.compile(
    r"\b(?:safety|efficacy|effective(?:ness)?|indicated|approved|recommended)\b", re.IGNORECASE
)
_ESTABLISHED = re.compile(r"\b(?:established|approved|indicated)\b", re.IGNORECASE)
#: That the medicine is for them, in so many words, whatever the trials were that say so.
_IS_FOR = re.compile(
    r"\bsafety and (?:efficacy|effectiveness)\b(?:[^.;]|\.(?=\d))*\b(?:has|have) been established (?:in|for)\b",
    re.IGNORECASE,
)
#: What a trial saw says nothing of whom the medicine is for.
_EVIDENCE = re.compile(r"\b(?:supported|evidence|trials?|stud(?:y|ies)|data)\b(?! in\b)", re.IGNORECASE)
#: What keeps a sentence to some use, route or patients: it says nothing of the others.
_LIMITED = re.compile(
    r"\b(?:with|for(?! (?:use\b|any (?:use|indication)))|treatment|management|prevention|reduc\w+|other|undergoing|who|"
    r"whose|weigh\w*|via|following|after|before|during|combination|adjunct\w*|monotherapy|long-term|concomitant\w*)\b",
    re.IGNORECASE,
)
#: The uses that a sentence speaks of by leaving out others: "for indications other than X".
_OTHER_THAN = re.compile(r"\bother than (?:those with )?(.*)", re.IGNORECASE | re.DOTALL)
_OTHER = re.compile(r"\bother (?:approved )?(?:uses|indications|conditions)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.;])\s+|[\n\u2022]+")
#: A second group of one sentence: "in preterm neonates or in pediatric patients with X".
_SECOND_GROUP = re.compile(
    r",? (?:or|and) (?=in (?:p(?:a)?ediatric|children|adolescents|infants|neonates)\b)", re.IGNORECASE
)
#: Phases of one illness: what is not established in bipolar disorder is not in its mania either.
_PHASES = frozenset(lexical.terms("mania manic mixed depression depressive episode"))


def unestablished(index: Index, entries: Sequence[Entry], uses: Sequence[str], child: Child) -> tuple[Entry, ...]:
    """Those of ``entries``, in their order, that say that nothing is established for ``child``; () where none does.

    :param uses: the sentences of the label's indications.
    """
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    read = of_children or [entry for entry in entries if entry.head.topic in _ELSEWHERE]
    said = [(entry, sentence) for entry in read for sentence in sentences_of(index.load(entry).text.decode())]
    approving = [each for each in uses if CHILDREN.search(each) or AGED.search(each)]
    approving += [sentence for _, sentence in said if approves(sentence)]
    about = [each for each in approving if of_illness(each, child)]
    light = bool(child.names) and _too_light(about, child)
    if not light and any(covers(each, child) for each in about):
        return ()
    # A dose for children beside a sentence that knows none: it cannot be told from here which of them is meant.
    dosed = any(entry.head.topic == "dosage" and CHILDREN.search(entry.head.title) for entry in entries)
    general = not dosed and not any(covers(each, child) for each in approving)
    plain = [entry for entry, each in said if not light and _denies(each, child, general=general)]
    if not plain and of_children and (light or (child.told and any(_leaves_out(each, child) for each in about))):
        plain = [entry for entry, each in said if not child.names or of_illness(each, child)]
    return tuple(dict.fromkeys(plain))


def established(index: Index, entries: Sequence[Entry], child: Child) -> bool:
    """Whether a section on children says that the medicine is established in ``child``, by age and illness."""
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    said = (sentence for entry in of_children for sentence in sentences_of(index.load(entry).text.decode()))
    return any(_IS_FOR.search(each) and of_illness(each, child) and covers(each, child) for each in said)


def names_an_illness(sentence: str) -> bool:
    return any(is_an_illness(word) for word in re.findall(r"[A-Za-z]{5,}", sentence))


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of ``text``; one of several groups once for each, behind what is said of all of them."""
    for sentence in _SENTENCE_END.split(text):
        first, *others = _SECOND_GROUP.split(sentence)
        said = NOT_SO.search(first) or _ESTABLISHED.search(first)
        if not said:
            yield sentence
            continue
        yield first
        yield from (f"{first[: said.end()]} {other}" for other in others)


def approves(sentence: str) -> bool:
    """Whether ``sentence``, of a section on children, says that something is established for some of them."""
    denied = NOT_SO.search(sentence) or _EVIDENCE.search(sentence) or is_of_anothers_label(sentence)
    return bool(CHILDREN.search(sentence) and _ESTABLISHED.search(sentence) and not denied)


def _of_all_phases(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names the illnesses of which phases are asked about, and no phase of its own."""
    terms = frozenset(lexical.terms(sentence))
    wider = [[name - _PHASES for name in names if name & _PHASES] for names in child.names]
    return _PHASES.isdisjoint(terms) and all(any(name and name <= terms for name in names) for names in wider)


def _denies(sentence: str, child: Child, *, general: bool) -> bool:
    """Whether ``sentence`` says that nothing is established for ``child``."""
    if not (NOT_SO.search(sentence) and _OF_THE_MEDICINE.search(sentence) and covers(sentence, child, whole=True)):
        return False
    apart = _OTHER_THAN.search(sentence)
    if apart or _OTHER.search(sentence):
        return bool(child.names) and not (apart and _any_named(apart[1], child))
    if child.names and (of_illness(sentence, child) or _of_all_phases(sentence, child)):
        return True
    return general and not (_LIMITED.search(sentence) or names_an_illness(sentence))


def _any_named(text: str, child: Child) -> bool:
    """Whether ``text`` names one of the illnesses that are asked about."""
    terms = frozenset(lexical.terms(text))
    return any(name <= terms for names in child.names for name in names)


def _leaves_out(sentence: str, child: Child) -> bool:
    """Whether ``sentence``, which says whom the medicine is for, bounds the age above the child's."""
    ages = ages_of(sentence)
    return bool(ages) and all(child.ages[1] < low for low, _ in ages)


def _too_light(sentences: Sequence[str], child: Child) -> bool:
    """Whether ``sentences``, which say whom the medicine is for, bound the weight and none below the child's."""
    weights = [each.low for sentence in sentences for each in ranges_in(sentence) if each.kind == "weight"]
    return bool(child.weight and weights) and child.weight < min(weights)
