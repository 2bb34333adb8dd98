"""What a product's approved words say of the illness, or of the other medicine, that a question is about.

The label decides, not the model (DESIGN, section 3.2): its indications, contraindications, warnings and limitations are
compared with the words of the question, under every name that an illness goes by. Only passages in force count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering import lexical
from assistant.answering.arms_of_studies import REPORTING, is_set_beside
from assistant.answering.drug_classes import is_medicine
from assistant.answering.index import Entry, Index, Uses
from assistant.answering.near_neighbours import another_illness
from assistant.answering.retrieval import Candidate
from assistant.content.organs import ORGANS
from assistant.domain import Context, Kind
from assistant.remembering import remembering
from assistant.understanding import markers, prevention, stages
from assistant.understanding.conditions import (
    ABBREVIATIONS,
    COURSE,
    NO_ILLNESS,
    OF_ANY_ILLNESS,
    LabelStatus,
    as_any_growth,
    compare,
    core_of,
    denied_words,
    no_illness,
)
from assistant.understanding.illness_types import gene_asked, gene_of, joined, of_another_gene, of_another_letter
from assistant.understanding.indications import NEVER_REQUIRED, required, without_anothers_label
from assistant.understanding.lay_terms import KINDS, said_otherwise
from assistant.understanding.other_medicines import compared_with, is_arm, outdoes, prefers

#: Topics where the mention of another medicine compares nothing unless it is an arm of a trial.
_MENTIONED_UNDER = REPORTING | {"mechanism", "nonclinical"}
#: Where a label names what is taken besides.
_BESIDES = frozenset(("drug_interaction",))
_TRANSPLANT = "transplant"
#: Where stem cells for a transplant come from.
_MARROW = frozenset(("bone", "blood"))
#: So many other words may stand between those of a name.
_WORDS_BETWEEN = 2
#: Two capitals and the illness that they mostly stand for.
_SHORT_FOR = {short.upper(): illness for short, illness in ABBREVIATIONS.items() if len(short) == 2}
#: What an illness has several of.
_FORMS = ("form", "type", "kind")
#: A statement that says what is for what.
_TELLS_A_USE = re.compile(r"\b(?:indicated|used|prevent\w*|prophyla\w*)\b", re.IGNORECASE)
#: The audience of a label that is read for all of them.
_WHOEVER = ""
_LABELS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Label:
    """What the words approved for a product in one market say of its uses, as search terms.

    ``uses``: the sentences of its indications; ``denied``: those that say what it is not for; ``forbidden``: its
    contraindications; ``warned``: the titles of its warnings; ``indications``: the text of the indications;
    ``sentences``: what ``uses`` are the terms of.
    """

    uses: tuple[frozenset[str], ...]
    denied: tuple[frozenset[str], ...]
    forbidden: frozenset[str]
    warned: tuple[frozenset[str], ...]
    indications: str
    sentences: tuple[str, ...] = ()


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
        sentences = tuple(sentence for uses in said for sentence in uses.sentences)
        return Label(
            tuple(terms for uses in said for terms in uses.said),
            tuple(terms for uses in said for terms in uses.denied),
            frozenset(forbidden),
            tuple(warned),
            " ".join(sentences),
            sentences,
        )


def label_status(label: Label, condition: Sequence[str]) -> LabelStatus:
    """What ``label`` says of ``condition``, the words of an illness; under every name that it goes by."""
    said = " ".join(condition)
    status = _status(label, frozenset(lexical.terms(joined(said))))
    others = {_status(label, frozenset(lexical.terms(joined(name)))) for name in said_otherwise(said)}
    # Another name that stands there in part only ("gouty arthritis" beside an arthritis) makes nothing surer.
    sure = others - {LabelStatus.UNSURE}
    found = next(found for found in LabelStatus if found in {status, *sure})
    names = (said, *said_otherwise(said))
    terms = frozenset[str]().union(*label.uses)
    if found is LabelStatus.NOT_MENTIONED and any(no_illness(name.split(), terms) for name in names):
        return LabelStatus.UNSURE
    if found is LabelStatus.UNSURE and another_illness(names, label.sentences, terms):
        return LabelStatus.NOT_MENTIONED
    # Letters are no search terms. What is warned of stays so: "hepatitis B reactivation" on a label for hepatitis C.
    another = found in (LabelStatus.INDICATED, LabelStatus.UNSURE) and (
        of_another_letter(said, label.indications) or _of_another_gene(label, *gene_of(said))
    )
    return LabelStatus.NOT_MENTIONED if another else found


def is_for_transplants(label: Label) -> bool:
    """Whether a use of ``label`` names a transplant."""
    return any(_TRANSPLANT in sentence for sentence in label.uses)


def unlisted_transplant(label: Label, organs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first of these transplants that ``label``, which is for some, leaves out; () where it is for none or all."""
    if not is_for_transplants(label):
        return ()
    return next((each for each in organs if label_status(label, each) is LabelStatus.NOT_MENTIONED), ())


def of_another_type(label: Label, question: str, conditions: Sequence[Sequence[str]]) -> bool:
    """Whether ``question`` names a gene or receptor of its illness, the ``conditions``, that ``label`` leaves out.

    However the words are parted among these: "ALK+ lung cancer", "ALK-positive" and "lung cancer".
    """
    gene, illness = gene_of(" ".join(word for words in conditions for word in words))
    return _of_another_gene(label, gene or gene_asked(question), illness)


def _of_another_gene(label: Label, gene: str, illness: str) -> bool:
    """Whether every sentence that ``label`` has of this illness keeps to types of it by other genes."""
    asked = frozenset(lexical.terms(joined(illness))) if gene else frozenset[str]()
    about = [text for text, terms in zip(label.sentences, label.uses, strict=False) if asked and asked <= terms]
    return bool(about) and all(of_another_gene(gene, text) for text in about)


def of_other_markers(label: Label, question: str, conditions: Sequence[Sequence[str]]) -> bool:
    """Whether ``question`` says of a marker of its illness that it is there where ``label`` says that it is not.

    Or the other way round: "HER2-positive" of a label for the HER2-negative, "triple negative" of one for those with
    hormone receptors. Of the uses those count that share most words with the ``conditions``; what says nothing of any
    marker, as a patient's guide, leaves it open.
    """
    wanted = markers.asked(question)
    if not wanted:
        return False
    said = tuple(word for words in conditions for word in words)
    illness = frozenset(lexical.terms(joined(" ".join(markers.illness_of(said, wanted)))))
    statements = [(len(illness & terms), text) for text, terms in _statements(label) if markers.names_any(text)]
    most = max((count for count, _ in statements), default=0)
    about = [text for count, text in statements if count == most and (count or not illness)]
    return bool(about) and all(markers.contradicted(wanted, text) for text in about)


def own_markers(label: Label, question: str, conditions: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The words of the only illness of ``question`` without the markers that it has as ``label`` says of that illness.

    "ER+" of a label for those with hormone receptors; () where there is no such marker, or the label says less.
    """
    wanted = markers.asked(question)
    illness = markers.illness_of(tuple(conditions[0]), wanted) if wanted and len(conditions) == 1 else ()
    terms = frozenset(lexical.terms(joined(" ".join(illness))))
    about = [text for text, said in _statements(label) if terms and terms <= said]
    if illness == tuple(illness and conditions[0]) or not any(markers.affirmed(wanted, text) for text in about):
        return ()
    return (illness,)


def lacks_what_is_required(label: Label, question: str, named: Sequence[Sequence[str]] = ()) -> bool:
    """Whether ``question`` says that the patient has not what every indication of ``label`` requires: "no diabetes".

    An indication states the patients that it is for (21 CFR 201.57(c)(2)); of an illness that the question has
    ``named`` its own do. Where the label itself speaks of those without it, nothing is said.
    """
    lacked = {frozenset(lexical.terms(" ".join(words))) for words in denied_words(question)}
    lacked = {terms for terms in lacked if terms - OF_ANY_ILLNESS - lexical.listed(NEVER_REQUIRED)}
    needed = (required(_naming(label, named, lacked)) or required(label.sentences)) if lacked else None
    if not needed:
        return False
    lacked -= {frozenset(lexical.terms(" ".join(words))) for words in denied_words(label.indications)}
    said = [frozenset(lexical.terms(each)) for each in needed]
    return any(all(terms <= each for each in said) for terms in lacked)


def _naming(label: Label, named: Sequence[Sequence[str]], lacked: Collection[frozenset[str]]) -> list[str]:
    """The uses of ``label`` that hold every word of an illness in ``named``, of none that the patient has not."""
    asked = [frozenset(lexical.terms(joined(" ".join(words)))) for words in named]
    asked = [terms for terms in asked if terms and not any(terms <= each or each <= terms for each in lacked)]
    pairs = zip(label.sentences, label.uses, strict=False)
    return [said for said, terms in pairs if any(each <= terms for each in asked)]


def beyond_stage(label: Label, question: str, conditions: Sequence[Sequence[str]]) -> bool:
    """Whether ``question`` asks for a stage, line or purpose that ``label`` leaves out for these ``conditions``.

    Compared with the sentences that share most words with one of them, with all uses where none does: the surgery that
    another illness is spared says nothing of this one's.
    """
    return stages.beyond(question, _said_of(label, conditions))


def of_less_risk(label: Label, question: str, conditions: Sequence[Sequence[str]]) -> bool:
    """Whether ``question`` is about those at low risk and ``label``, for its ``conditions``, keeps to high risk."""
    return bool(conditions) and stages.of_less_risk(question, _said_of(label, conditions))


def _said_of(label: Label, conditions: Sequence[Sequence[str]]) -> str:
    """What the uses of ``label`` say of these ``conditions``, or all that they say."""
    statements = list(_statements(label))
    spoken = set[int]()
    for words in conditions:
        asked = frozenset(lexical.terms(joined(" ".join(words)))) - OF_ANY_ILLNESS
        shared = [len(asked & terms) for _, terms in statements]
        spoken |= {at for at, count in enumerate(shared) if count and count == max(shared)}
    return " ".join(statements[at][0] for at in sorted(spoken)) or label.indications


def only_treated(label: Label, illness: Sequence[str]) -> bool:
    """Whether ``label`` is for the treatment of ``illness`` and says nowhere that it prevents it.

    A list of headings ("Genital herpes: treatment, suppression; cold sores") does not say what is for which.
    """
    plain = _plain_uses(label, illness)
    return any(map(prevention.is_treated, plain)) and not any(map(prevention.is_prevented, plain))


def only_prevented(label: Label, illness: Sequence[str]) -> bool:
    """Whether ``label`` is for the prevention of ``illness`` and says nowhere that it treats it."""
    plain = _plain_uses(label, illness)
    return bool(plain) and all(prevention.is_prevented(text) and not prevention.is_treated(text) for text in plain)


def _plain_uses(label: Label, illness: Sequence[str]) -> list[str]:
    """What ``label`` says of its uses in ``illness``, by one of its names; what says what is for what, if any does."""
    names = all_names(illness)
    about = [text for text, terms in _statements(label) if any(name <= terms for name in names)]
    return [text for text in about if _TELLS_A_USE.search(text) or not prevention.is_prevented(text)] or about


def _statements(label: Label) -> Iterator[tuple[str, frozenset[str]]]:
    """The sentences of the uses and their terms; what leads to a list together with its items up to a full stop."""
    said, terms = "", frozenset[str]()
    for sentence, these in zip(label.sentences, label.uses, strict=False):
        said, terms = f"{said} {sentence}", terms | these
        if sentence.endswith("."):
            yield said, terms
            said, terms = "", frozenset()
    if said:
        yield said, terms


def _status(label: Label, asked: frozenset[str]) -> LabelStatus:
    asked = asked - COURSE or asked
    if asked and any(asked <= sentence for sentence in label.uses):
        return LabelStatus.UNSURE if asked <= lexical.listed(NO_ILLNESS) else LabelStatus.INDICATED
    # A warning that bears the condition's name is about it, and so is a sentence that says what it is not for.
    beside = any(asked <= named for named in (*label.warned, *label.denied))
    limited = label.forbidden | asked if beside else label.forbidden
    status = compare(asked, frozenset().union(*label.uses), limited)
    if status is LabelStatus.UNSURE and _of_every_type(label, asked):
        return LabelStatus.INDICATED
    if status is LabelStatus.UNSURE and _other_form(label, asked)[0]:
        return LabelStatus.LIMITED
    if status is not LabelStatus.LIMITED and _of_another_organ(label, asked):
        return LabelStatus.NOT_MENTIONED
    # Its words stand there, but not in one sentence: "colorectal cancer" beside a lung cancer and a colorectal surgery.
    return LabelStatus.UNSURE if status is LabelStatus.INDICATED else status


def _of_every_type(label: Label, asked: frozenset[str]) -> bool:
    """Whether ``asked`` is one type of an illness ("type 2") that ``label`` is for without telling its types apart."""
    untyped = frozenset(term for term in asked if not term.startswith("type "))
    if not untyped or untyped == asked or any(term.startswith("type ") for use in label.uses for term in use):
        return False
    return any(untyped <= use for use in label.uses)


def limited_as(label: Label, condition: Sequence[str]) -> tuple[str, ...]:
    """The words by which ``label`` speaks against a ``condition``: its own, or "other forms" of that illness."""
    asked = frozenset(lexical.terms(joined(" ".join(condition))))
    if asked <= label.forbidden or any(asked <= named for named in (*label.warned, *label.denied)):
        return tuple(condition)
    form, shared = _other_form(label, asked)
    named = tuple(word for word in condition if not shared.isdisjoint(lexical.terms(word)))
    return ("other", form, *named) if form else tuple(condition)


def _other_form(label: Label, asked: frozenset[str]) -> tuple[str, frozenset[str]]:
    """How ``label`` calls the "other forms" that it is not for, and the terms by which ``asked`` is one of them."""
    for denied in label.denied:
        shared = (asked - OF_ANY_ILLNESS) & denied
        form = next((form for form in _FORMS if form in denied), "")
        if form and "other" in denied and shared and any(shared <= use for use in label.uses):
            return form, shared
    return "", frozenset()


def _of_another_organ(label: Label, asked: frozenset[str]) -> bool:
    """Whether ``asked`` is the transplant of an organ, and ``label`` is for the transplant of others only."""
    organs = asked & (lexical.listed(NO_ILLNESS) | lexical.listed(ORGANS)) - _MARROW
    transplants = [sentence for sentence in label.uses if _TRANSPLANT in asked & sentence]
    return bool(organs and transplants) and not any(organs <= sentence for sentence in transplants)


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


def without_other_purpose(index: Index, ranked: Sequence[Candidate], question: str) -> list[Candidate]:
    """``ranked`` without doses that are given to treat where ``question`` asks to prevent, or the other way round.

    All of them where no dose would be left.
    """
    doses = [c for c in ranked if c.entry.head.topic == "dosage"]
    others = {c.entry.row for c in doses if stages.of_other_purpose(question, index.load(c.entry).text.decode())}
    if len(others) == len(doses):
        return list(ranked)
    return [c for c in ranked if c.entry.row not in others]


def names_condition(index: Index, entries: Sequence[Entry], condition: Sequence[str]) -> bool:
    """Whether any of ``entries`` names ``condition`` or a kind of it by one of its names: all words, near each other.

    A label of many uses has the words of most illnesses somewhere: "renal", "cell" and "carcinoma".
    """
    names = [*all_names(condition), *_names_of_kinds(condition)]
    return any(
        name <= index.stems(entry) and _near_each_other(name, lexical.terms(index.load(entry).text.decode()))
        for entry in entries
        for name in names
    )


def _near_each_other(name: frozenset[str], spoken: Sequence[str]) -> bool:
    width = len(name) + _WORDS_BETWEEN
    places = (at for at, term in enumerate(spoken) if term in name)
    return any(name <= set(spoken[at : at + width]) for at in places)


def spoken_against(index: Index, entries: Sequence[Entry], condition: Sequence[str]) -> frozenset[str]:
    """The topics under which one of ``entries`` speaks of ``condition``, whatever its course: of "recent" of "severe".

    A warning of heart failure is one of the decompensated; an indication is not.
    """
    names = _names_against(core_of(condition))
    return frozenset(e.head.topic for e in entries if any(name <= index.stems(e) for name in names))


def speaks_against(index: Index, entry: Entry, condition: Sequence[str]) -> bool:
    """Whether ``entry`` is about ``condition`` and says no good of it.

    Of an indication only what it says that the medicine is not for counts: its limitation of use (21 CFR
    201.57(c)(2)(ii)).
    """
    names = _names_against(condition)
    if entry.head.kind is Kind.BENEFIT:
        return any(name <= denied for name in names for denied in index.uses(entry).denied)
    if any(name <= index.stems(entry) for name in names):
        own = frozenset(lexical.terms(without_anothers_label(index.load(entry).text.decode())))
        return any(name <= own for name in names)
    return _names_in_letters(index, entry, condition)


def _names_in_letters(index: Index, entry: Entry, condition: Sequence[str]) -> bool:
    """Whether ``entry`` names ``condition`` in two capitals, which its label defines: "myocardial infarction (MI)".

    Two letters are no search term: in lower case most of them are words or units.
    """
    asked = frozenset(lexical.terms(" ".join(condition)))
    for letters, illness in _SHORT_FOR.items():
        of_it = lexical.listed(illness)
        if not of_it <= asked or not asked - of_it <= index.stems(entry):
            continue
        if re.search(rf"\b{letters}s?\b", index.load(entry).text.decode()):
            defined = re.compile(rf"(?i:{re.escape(illness)})s?\s*\(\s*{letters}s?\b")
            spelt = (other for other in index.entries(entry.head.product) if of_it <= index.stems(other))
            return any(defined.search(index.load(other).text.decode()) for other in spelt)
    return False


def forbids(index: Index, entry: Entry, condition: Sequence[str]) -> bool:
    """Whether ``entry`` is a contraindication that names ``condition``, the words of what a patient has."""
    return entry.head.topic == "contraindication" and names_condition(index, [entry], condition)


def _names_against(condition: Sequence[str]) -> list[frozenset[str]]:
    """Those of :func:`all_names`, a growth under each of the words for one, and those of the kinds of the illness."""
    names = [name for said in as_any_growth(" ".join(condition)) for name in all_names(said.split())]
    return [*names, *_names_of_kinds(condition)]


def _names_of_kinds(condition: Sequence[str]) -> list[frozenset[str]]:
    """The names of the kinds of an illness, whatever is said of it besides: "an active eating disorder"."""
    asked = all_names(condition)
    groups = (kinds for group, kinds in KINDS.items() if any(lexical.listed(group) <= name for name in asked))
    return [name for kinds in groups for kind in kinds for name in all_names(kind.split())]


def all_names(condition: Sequence[str]) -> list[frozenset[str]]:
    """The terms of ``condition``, the words of an illness, under each of its names."""
    said = " ".join(condition)
    names = (frozenset(lexical.terms(joined(name))) for name in (said, *said_otherwise(said)))
    return [name for name in names if name]


def compares_beyond_label(index: Index, product: str, masked: str, where: Context) -> bool:
    """Whether a question compares ``product`` with something that its label never mentions, or prefers one of the two
    without a trial of both."""
    other = compared_with(masked)
    words = frozenset(lexical.terms(other))
    if not words or not product:
        return bool(words)
    # Which of the two is better only a trial of both can say; that it may be taken besides does not.
    if prefers(masked):
        return not _arm_in(index, product, other, index.eligible(product, where))
    entries = index.entries(product)
    if outdoes(masked) and (is_medicine(other) or _mentioned(index, product, words, entries, _BESIDES)):
        return not is_set_beside(index, product, other, masked, entries)
    return not (_mentioned(index, product, words, entries) or is_set_beside(index, product, other, masked, entries))


def compares_within_label(index: Index, product: str, masked: str, where: Context) -> bool:
    """Whether a question sets ``product`` beside what stands in the label's own reports of trials.

    Not where it asks which is to be preferred: no label says so.
    """
    other = compared_with(masked)
    return (
        bool(other and product)
        and not prefers(masked)
        and is_set_beside(index, product, other, masked, index.eligible(product, where))
    )


def _holding(index: Index, product: str, words: Collection[str], entries: Sequence[Entry]) -> list[Entry]:
    """Those of ``entries``, all of ``product``, that hold one of ``words``."""
    rows = {row for found in index.postings(product, words).values() for row, _ in found} if words else set()
    return [entry for entry in entries if entry.row in rows]


def _mentioned(
    index: Index, product: str, words: Collection[str], entries: Sequence[Entry], under: Collection[str] = ()
) -> bool:
    """Whether one of ``entries`` holds one of ``words`` where that says more than that a trial met it, or ``under``
    one of these topics."""
    topics = (entry.head.topic for entry in _holding(index, product, words, entries))
    return any(topic in under if under else topic not in _MENTIONED_UNDER for topic in topics)


def _arm_in(index: Index, product: str, other: str, entries: Sequence[Entry]) -> bool:
    """Whether ``other`` is an arm of a trial that one of ``entries`` reports; what patients took besides is none."""
    reports = [entry for entry in entries if entry.head.topic in REPORTING]
    near = _holding(index, product, lexical.terms(other), reports)
    return any(is_arm(other, index.load(entry).text.decode()) for entry in near)
