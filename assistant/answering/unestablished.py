"""Children whom a label has no dose for: what it says of safety and effectiveness in them (21 CFR 201.57(c)(9)(iv)).

A table by weight or a dose for adults stands near such a question, and so would be shown; the label's own sentence that
nothing is established for these children, in that illness and at that age, must be read instead. It is taken at its
word only where it is plain: for whom, in what illness and at what age. Nothing here is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.answering.near_neighbours import of_another_type
from assistant.answering.quantities import quantities_in, ranges_in, size_of
from assistant.understanding.conditions import OF_ANY_ILLNESS
from assistant.understanding.illness_alone import is_an_illness
from assistant.understanding.indications import indicating
from assistant.understanding.lay_terms import said_otherwise

#: The group, as questions and labels have it.
GROUP = "pediatric"
#: Topics of passages where a label without a section on children says it.
_ELSEWHERE = frozenset(("overview", "indication", "dosage", "patient_counseling"))
_WORDS = r"(?:[\w-]+ ){0,3}"
_NOT = re.compile(
    rf"\b(?:(?:has|have|is|are|was|were)(?: not|n['\u2019]t)|not|never) (?:yet )?{_WORDS}"
    r"(?:established|indicated|approved|recommended|intended|demonstrated|studied)\b|"
    r"\bnot known (?:if|whether)\b[^.]*\b(?:safe|effective|works?)\b|\b(?:unknown) (?:if|whether)\b",
    re.IGNORECASE,
)
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
_CHILDREN = re.compile(
    r"\b(?:p(?:a)?ediatrics?|child(?:ren|hood)?|adolescen\w+|infants?|neonat\w+|newborns?|birth)\b", re.IGNORECASE
)
#: When an illness begins says nothing of whom the medicine is for.
_ONSET = re.compile(r"\b\w+-onset\b", re.IGNORECASE)
#: What a section on children tells of adults, whose illness may be another: "comparable between adults with X and ...".
_ADULTS_WITH = re.compile(
    r"\badult(?:s| patients?| subjects?) with\b[^.;]*?(?=\b(?:p(?:a)?ediatric|child(?:ren)?|adolescents?)\b|[.;]|$)",
    re.IGNORECASE,
)
_ADULTS = re.compile(r"\b(?:adults?|grown-?ups?)\b", re.IGNORECASE)
#: Of whom a limitation of use speaks: "patients aged 18 years or more with chickenpox".
_WITH = re.compile(r"\bwith ([^.,;:()]+)", re.IGNORECASE)
_AND_MORE = re.compile(
    r"(?:\bor )?(?:\b(?:greater than or equal to|at least)|\u2265) ?(\d+) years(?: of age)?(?: and older)?",
    re.IGNORECASE,
)
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
_ANY_CHILD = (1.0, 16.0)
_BORN_EARLY = -1.0
_GROWN = 18.0
_CHILD_AGES, _ADULT_AGES = (0.0, _GROWN), (_GROWN, 100.0)
_AT_TERM = re.compile(r"\bterm (?:neonat\w+|newborns?|infants?)", re.IGNORECASE)
#: What an age that a word stands for ends before.
_LESS = 0.01
#: Ages in years that words stand for; before birth was due is less than nothing.
_NAMED_AGES: tuple[tuple[re.Pattern[str], tuple[float, float]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), ages)
    for words, ages in (
        (r"pre-?term|premature", (_BORN_EARLY, 0.0)),
        (r"neonat\w+|newborns?", (0.0, 1 / 12)),
        (r"infants?|bab(?:y|ies)|toddlers?", (0.0, 2.0)),
        (r"adolescen\w+|teen(?:ager)?s?", (12.0, 17.0)),
    )
)
#: Ages as sentences write them beside those that :func:`ranges_in` reads.
_UNIT = r"(?:years|months|weeks|days)"
_LESS_THAN = r"\b(under|below|over|above|less than|younger than)"
_REWRITTEN = (
    (re.compile(rf"{_LESS_THAN} (?:the )?age (?:of )?(\d++)(?! ?{_UNIT})"), r"\1 \2 years of age"),
    (re.compile(rf"{_LESS_THAN} (?:the )?age (?:of )?"), r"\1 "),
    (re.compile(rf"\b(?:(?:an|the) )?ages? of (\d++)(?! ?{_UNIT})"), r"\1 years of age"),
    (re.compile(r"\b(?:(?:an|the) )?ages? of (?=\d)"), ""),
    (
        re.compile(rf"\b(aged?s?(?: between)?) (\d+)( ?(?:to|through|and|-|\u2013) ?\d++)(?! ?-?{_UNIT})"),
        r"\1 \2\3 years",
    ),
    (re.compile(r"\bbirth\b"), "0 years"),
)
#: Ages as questions write them: "under 5s", "children over 12", "kids 6-11", "infants under 6 months".
_YEARS = r"(?: ?-?(years?|yrs?|yo|y|months?|mos?|weeks?|wks?)\b)?"
_NO_AGE = (
    r"(?! ?-?(?:kg|mc?g|ml|g|lbs?|pounds?|%|days?|hours?|h|min(?:ute)?s?|times?|doses?|months?|mos?|weeks?|wks?)\b|%)"
)
_CHILD_BEFORE = (
    r"(?:\b(?:child(?:ren)?|kids?|p(?:a)?ediatrics?|infants?|bab(?:y|ies)|toddlers?|adolescents?|teen(?:ager)?s?|boys|"
    r"girls|patients|those|aged?|ages)(?: who are)?(?: of)?(?: aged?| ages)? )"
)
_LESS_IN = r"(?:under|below|younger than|less than|up to|<)"
_BOUND = r" ?(?:the )?(?:ages? (?:of )?)?(\d{1,2})"
_UNDER = re.compile(
    rf"(?:{_CHILD_BEFORE}{_LESS_IN}{_BOUND}s?\b{_YEARS}|\b{_LESS_IN}{_BOUND}s?\b{_YEARS}(?= old| of age)|"
    rf"(?:\b|(?=<)){_LESS_IN}{_BOUND}s?\b()){_NO_AGE}",
    re.IGNORECASE,
)
_OVER = re.compile(
    rf"(?:{_CHILD_BEFORE}(?:over|above|older than|at least|>){_BOUND}s?\b{_YEARS}|"
    rf"\b(?:over|above){_BOUND}s\b()){_NO_AGE}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"{_CHILD_BEFORE}(?:between |from )?(\d{{1,2}}){_YEARS} ?(?:-|\u2013|to|through|and) ?"
    rf"(\d{{1,2}})s?\b{_YEARS}{_NO_AGE}",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b\d+(?:\.\d+)?\W{0,2}(?:years?|months?|weeks?|yrs?)\b|\bage", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Child:
    """Whom a question is about, and of what illness: the ``ages`` in years that it says, ``weight`` in kg (0: none).

    ``names``: the terms of each illness it names, under each of its names.
    """

    ages: tuple[float, float]
    told: bool
    weight: float
    names: tuple[tuple[frozenset[str], ...], ...]


def child_of(question: str, names: Iterable[Sequence[frozenset[str]]]) -> Child | None:
    """The child that ``question`` is about; None where it says an age that is no child's."""
    asked = quantities_in(question)
    ages = [each.value for each in asked if each.kind == "age"]
    weight = next((each.value for each in asked if each.kind == "weight"), 0.0)
    known = tuple(tuple(each) for each in names)
    bounds = _bounds(question)
    if bounds and (not ages or not set(bounds).isdisjoint(ages)):
        low, high = bounds
        return Child((low, high - _LESS), True, weight, known) if low < _GROWN and high <= _GROWN else None
    if ages:
        return Child((min(ages), max(ages)), True, weight, known) if max(ages) < _GROWN else None
    named = next((ages for pattern, ages in _NAMED_AGES if pattern.search(question)), None)
    ages_meant = (named[0], named[1] - _LESS) if named else _ANY_CHILD
    return Child(ages_meant, named is not None, weight, known)


def _bounds(question: str) -> tuple[float, float] | None:
    """The ages in years, from and to, that ``question`` bounds; None where it bounds none."""
    if between := _BETWEEN.search(question):
        low, unit, high, last = between.groups()
        return float(low) * size_of(unit or last or ""), float(high) * size_of(last or unit or "")
    if under := _UNDER.search(question):
        number, *unit = filter(None, under.groups())
        return 0.0, float(number) * size_of("".join(unit))
    if over := _OVER.search(question):
        number, *unit = filter(None, over.groups())
        return float(number) * size_of("".join(unit)), _GROWN
    return None


def unestablished(index: Index, entries: Sequence[Entry], uses: Sequence[str], child: Child) -> tuple[Entry, ...]:
    """Those of ``entries``, in their order, that say that nothing is established for ``child``; () where none does.

    :param uses: the sentences of the label's indications.
    """
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    read = of_children or [entry for entry in entries if entry.head.topic in _ELSEWHERE]
    said = [(entry, sentence) for entry in read for sentence in _sentences(index.load(entry).text.decode())]
    approving = [each for each in uses if _CHILDREN.search(each) or _AGED.search(each)]
    approving += [sentence for _, sentence in said if _approves(sentence)]
    about = [each for each in approving if _of_illness(each, child)]
    light = bool(child.names) and _too_light(about, child)
    if not light and any(_covers(each, child) for each in about):
        return ()
    # A dose for children beside a sentence that knows none: it cannot be told from here which of them is meant.
    dosed = any(entry.head.topic == "dosage" and _CHILDREN.search(entry.head.title) for entry in entries)
    general = not dosed and not any(_covers(each, child) for each in approving)
    plain = [entry for entry, each in said if not light and _denies(each, child, general=general)]
    if not plain and of_children and (light or (child.told and any(_leaves_out(each, child) for each in about))):
        plain = [entry for entry, each in said if not child.names or _of_illness(each, child)]
    return tuple(dict.fromkeys(plain))


def established(index: Index, entries: Sequence[Entry], child: Child) -> bool:
    """Whether a section on children says that the medicine is established in ``child``, by age and illness."""
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    said = (sentence for entry in of_children for sentence in _sentences(index.load(entry).text.decode()))
    return any(_IS_FOR.search(each) and _of_illness(each, child) and _covers(each, child) for each in said)


def for_adults_only(index: Index, entries: Sequence[Entry], uses: Sequence[str], child: Child) -> bool:
    """Whether the ``uses`` keep the illness that is asked about to adults, and no section on children or title of a
    dose for them names it.

    They say "adults" of it, or say of another illness from which age on it is treated, and of this one nothing.
    """
    about = [each for each in uses if child.names and _of_illness(each, child)]
    # A heading of groups, or an illness in shorthand, may hold the one that is asked about.
    of_others = [each for each in uses if _may_be_of(each, _CHILD_AGES)]
    if not about or not all(_names_another(each, child) for each in of_others):
        return False
    of_children = [entry for entry in entries if entry.head.topic == GROUP]
    said = [sentence for entry in of_children for sentence in _sentences(index.load(entry).text.decode())]
    if not any(_ADULTS.search(each) for each in about) and (
        not any(map(_AGED.search, of_others)) or any(_approves(each) and not _names_an_illness(each) for each in said)
    ):
        return False
    said += [e.head.title for e in entries if e.head.topic == "dosage" and _CHILDREN.search(e.head.title)]
    return not any(_of_illness(_ADULTS_WITH.sub(" ", each), child) and not _NOT.search(each) for each in said)


def _names_an_illness(sentence: str) -> bool:
    return any(is_an_illness(word) for word in re.findall(r"[A-Za-z]{5,}", sentence))


def _names_another(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names an illness, and none that shares a word with the one that is asked about, or another
    type of that one: no rheumatoid arthritis is a juvenile."""
    named = {term for names in child.names for name in names for term in name}
    illnesses = (word for word in re.findall(r"[A-Za-z]{5,}", sentence) if is_an_illness(word))
    telling = any(OF_ANY_ILLNESS.isdisjoint(lexical.terms(word)) for word in illnesses)
    apart = any(of_another_type(name, [sentence]) for names in child.names for name in names)
    return telling and (apart or named.isdisjoint(lexical.terms(sentence)))


def for_children_only(uses: Sequence[str], names: Sequence[Sequence[frozenset[str]]]) -> bool:
    """Whether each of the ``uses`` that names these illnesses keeps to children."""
    asked = Child(_ADULT_AGES, True, 0.0, tuple(map(tuple, names)))
    about = [_ONSET.sub(" ", each) for each in uses if asked.names and _of_illness(each, asked)]
    return bool(about) and all(_ages(each) and not _may_be_of(each, _ADULT_AGES) for each in about)


def _may_be_of(sentence: str, ages: tuple[float, float]) -> bool:
    """Whether ``sentence``, of an indication, names a group of patients to whom some of these ``ages`` belong."""
    if (_ADULTS if ages == _ADULT_AGES else _CHILDREN).search(sentence):
        return True
    return any(low < ages[1] and ages[0] < high for low, high in _ages(sentence))


def not_in_adults(index: Index, entries: Sequence[Entry], question: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The limitations of use that leave out the adults asked about for an illness in ``question``, and its words.

    "Patients aged 18 years or more with chickenpox" stands below "has not been established in" (21 CFR
    201.57(c)(2)(ii)).
    """
    found, named = list[Entry](), tuple[str, ...]()
    if not asks_of_adults(question):
        return (), ()
    asked = frozenset(lexical.terms(question))
    for entry in entries:
        for said in indicating(index.load(entry).text.decode())[1] if entry.head.topic == "indication" else ():
            of_it = _WITH.search(said)
            ages = [each for each in ranges_in(_AND_MORE.sub(r", \1 years and older", said)) if each.kind == "age"]
            if of_it is None or not any(each.low == _GROWN and each.high == math.inf for each in ages):
                continue
            if any(asked.issuperset(lexical.terms(name)) for name in (of_it[1], *said_otherwise(of_it[1]))):
                found.append(entry)
                named = named or tuple(of_it[1].casefold().split())
    # The overview of the section says it as well; the passage of its own says it shortest.
    found = sorted(dict.fromkeys(found), key=lambda entry: len(index.load(entry).text))
    return tuple(found[:1]), named


def asks_of_adults(question: str) -> bool:
    """Whether ``question`` is about adults, by a word or by an age, and not about children as well."""
    ages = [each.value for each in quantities_in(question) if each.kind == "age"]
    told = min(ages) >= _GROWN if ages else _ADULTS.search(question) is not None
    return told and not _CHILDREN.search(question)


def _sentences(text: str) -> Iterator[str]:
    """The sentences of ``text``; one of several groups once for each, behind what is said of all of them."""
    for sentence in _SENTENCE_END.split(text):
        first, *others = _SECOND_GROUP.split(sentence)
        said = _NOT.search(first) or _ESTABLISHED.search(first)
        if not said:
            yield sentence
            continue
        yield first
        yield from (f"{first[: said.end()]} {other}" for other in others)


def _approves(sentence: str) -> bool:
    """Whether ``sentence``, of a section on children, says that something is established for some of them."""
    denied = _NOT.search(sentence) or _EVIDENCE.search(sentence)
    return bool(_CHILDREN.search(sentence) and _ESTABLISHED.search(sentence) and not denied)


def _of_illness(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names every illness that is asked about, by one of its names; none is asked: any does."""
    terms = frozenset(lexical.terms(sentence))
    return all(any(name <= terms for name in names) for names in child.names)


def _of_all_phases(sentence: str, child: Child) -> bool:
    """Whether ``sentence`` names the illnesses of which phases are asked about, and no phase of its own."""
    terms = frozenset(lexical.terms(sentence))
    wider = [[name - _PHASES for name in names if name & _PHASES] for names in child.names]
    return _PHASES.isdisjoint(terms) and all(any(name and name <= terms for name in names) for names in wider)


def _denies(sentence: str, child: Child, *, general: bool) -> bool:
    """Whether ``sentence`` says that nothing is established for ``child``."""
    if not (_NOT.search(sentence) and _OF_THE_MEDICINE.search(sentence) and _covers(sentence, child, whole=True)):
        return False
    apart = _OTHER_THAN.search(sentence)
    if apart or _OTHER.search(sentence):
        return bool(child.names) and not (apart and _any_named(apart[1], child))
    if child.names and (_of_illness(sentence, child) or _of_all_phases(sentence, child)):
        return True
    return general and not (_LIMITED.search(sentence) or _names_an_illness(sentence))


def _any_named(text: str, child: Child) -> bool:
    """Whether ``text`` names one of the illnesses that are asked about."""
    terms = frozenset(lexical.terms(text))
    return any(name <= terms for names in child.names for name in names)


def _ages(sentence: str) -> list[tuple[float, float]]:
    """The ages that ``sentence`` is about, in years; those of all children where it names children and no age."""
    for pattern, plainer in _REWRITTEN:
        sentence = pattern.sub(plainer, sentence)
    ages = [(each.low, each.high) for each in ranges_in(sentence) if each.kind == "age"]
    named = [ages for pattern, ages in _NAMED_AGES if pattern.search(sentence)]
    if ages or not _CHILDREN.search(sentence):
        return ages
    if re.search(r"\b\d+\W{0,2}(?:years?|months?|weeks?|yrs?)\b", sentence):
        return []  # ages that were not understood
    if named and not re.search(r"\b(?:p(?:a)?ediatric|child)", sentence, re.IGNORECASE):
        return named
    return [(_BORN_EARLY if _NOT.search(sentence) else 0.0, _GROWN)]


def _covers(sentence: str, child: Child, *, whole: bool = False) -> bool:
    """Whether the ages that ``sentence`` is about are the child's, some of them or the ``whole``."""
    low, high = child.ages
    if whole:
        return any(first <= low and high < last for first, last in _ages(sentence))
    if high < 0 and _AT_TERM.search(sentence):
        return False
    # What is for newborns may be for those who were born early as well.
    return any(low < last and first <= max(high, 0.0) for first, last in _ages(sentence))


def _leaves_out(sentence: str, child: Child) -> bool:
    """Whether ``sentence``, which says whom the medicine is for, bounds the age above the child's."""
    ages = _ages(sentence)
    return bool(ages) and all(child.ages[1] < low for low, _ in ages)


def _too_light(sentences: Sequence[str], child: Child) -> bool:
    """Whether ``sentences``, which say whom the medicine is for, bound the weight and none below the child's."""
    weights = [each.low for sentence in sentences for each in ranges_in(sentence) if each.kind == "weight"]
    return bool(child.weight and weights) and child.weight < min(weights)
