"""Find the passages that answer: the eligible ones first, then ranked by seven kinds of evidence.

Score of a passage = w_d * dense + w_l * lexical + w_t * topic + w_p * population + w_n * named + w_q * quantities
+ w_r * results, each between 0 and 1, weights from ``policy.yaml``: dense is the cosine of the question with the
passage's nearest vector; lexical is BM25 as a share of the most possible; topic is the probability that the question's
intent is what the passage is about; population says whether it is about whom was asked; named is BM25 again, of the
words alone that name what is asked about (a medicine, a reaction, an illness: the spans that the model marks);
quantities is how much of the age, weight and kidney function that the question names lies in ranges that the passage
speaks of; results, where the question asks for one, how much of a report is results. Ties break on passage id, so that
the order is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answering import lexical
from assistant.answering.drug_classes import NAMES_OF, called, generic_of
from assistant.answering.index import DocumentEntry, Entry, Index, Vector
from assistant.answering.quantities import quantities_in, share_that_fits
from assistant.answering.results import asks_for_a_result
from assistant.content.lexicon import name_key, words
from assistant.content.policy import Ranking
from assistant.domain import Context

#: How much a passage's further topics count beside its main one; less where the main one only reports what was seen
#: (a trial names doses and groups without saying what to give to whom).
ALSO = 0.85
ALSO_IN_REPORTS = 0.4
REPORTS = frozenset(("clinical_studies", "adverse_reactions", "pharmacokinetics", "nonclinical"))
#: Topics of passages that count what happened, and so may hold a result.
_COUNTING = REPORTS | {"warnings"}
#: Topics whose passages often answer the question of another intent: intent -> topic -> share.
NEIGHBOURS: Mapping[str, Mapping[str, float]] = {
    "overview": {"indication": 0.7, "ingredients": 0.4, "mechanism": 0.4},
    "indication": {"overview": 0.5, "clinical_studies": 0.2},
    "dosage": {"administration": 0.5, "pediatric": 0.3, "renal_impairment": 0.3, "hepatic_impairment": 0.3},
    "administration": {"dosage": 0.6, "food_interaction": 0.4, "patient_counseling": 0.2, "storage": 0.2},
    "missed_dose": {"dosage": 0.4, "administration": 0.3, "patient_counseling": 0.2},
    "discontinuation": {"warnings": 0.4, "dosage": 0.3, "boxed_warning": 0.3, "abuse_dependence": 0.3},
    "contraindication": {"warnings": 0.3, "boxed_warning": 0.3},
    "boxed_warning": {"warnings": 0.5},
    "warnings": {"boxed_warning": 0.5, "adverse_reactions": 0.4, "contraindication": 0.4, "dosage": 0.2},
    "adverse_reactions": {"warnings": 0.6},
    "drug_interaction": {"contraindication": 0.5, "dosage": 0.3, "pharmacokinetics": 0.3, "warnings": 0.3},
    "food_interaction": {"administration": 0.6, "pharmacokinetics": 0.4, "dosage": 0.4, "drug_interaction": 0.4},
    "pregnancy": {"reproductive_potential": 0.5, "warnings": 0.4, "contraindication": 0.3, "boxed_warning": 0.3},
    "lactation": {"pregnancy": 0.2},
    "reproductive_potential": {"pregnancy": 0.5, "nonclinical": 0.3, "warnings": 0.3},
    "pediatric": {"dosage": 0.5, "indication": 0.2, "warnings": 0.2},
    "geriatric": {"dosage": 0.4, "pharmacokinetics": 0.3, "warnings": 0.2},
    "renal_impairment": {"dosage": 0.5, "pharmacokinetics": 0.4},
    "hepatic_impairment": {"dosage": 0.5, "pharmacokinetics": 0.4, "warnings": 0.3, "contraindication": 0.3},
    "abuse_dependence": {"warnings": 0.3},
    "mechanism": {"pharmacokinetics": 0.3},
    "pharmacokinetics": {"mechanism": 0.3},
    "clinical_studies": {"adverse_reactions": 0.2},
    "ingredients": {"how_supplied": 0.3, "warnings": 0.1},
    "how_supplied": {"ingredients": 0.3, "storage": 0.3},
    "storage": {"how_supplied": 0.5, "administration": 0.3},
    "patient_counseling": {"warnings": 0.2},
    "comparison": {},
    "off_label": {"indication": 0.8},
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An eligible passage with its evidence; ``score`` is between 0 and 1.

    ``by_name``: it holds the very name of a substance that the question names, not only its class; or is an indication
    that says that the medicine is not for use with one of the class (21 CFR 201.57(c)(2)(ii)). ``forbids``: it is a
    contraindication in the very condition that is all that is asked about. ``doses_group``: its title says that it
    gives the doses for the illness, and it gives those of the group, for which a dose is asked. ``says_what_to_do``: a
    passage on doses that says what is done with them at the grade of the reaction that is asked about.
    """

    entry: Entry
    score: float
    dense: float
    lexical: float
    topic: float
    named: float = 0.0
    quantities: float = 0.0
    results: float = 0.0
    by_name: bool = False
    forbids: bool = False
    doses_group: bool = False
    says_what_to_do: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question as retrieval sees it. ``named``: the words of the spans that name what it is about.

    ``shorthand``: letters in it and the words that the label defines them by: a passage that holds these holds those.
    """

    text: str
    vector: Vector
    intents: Sequence[tuple[str, float]]
    population: tuple[str, ...] = ()
    named: str = ""
    shorthand: tuple[tuple[str, str], ...] = ()


def eligible(index: Index, product: str, context: Context) -> tuple[Entry, ...]:
    """The passages of ``product`` that may be chosen as an answer in this context."""
    return index.eligible(product, context)


def rival_labels(index: Index, entries: Sequence[Entry], preferred: str) -> tuple[DocumentEntry, ...]:
    """The labels of one product between which nothing decides: of different labelers, none preferred.

    Versions of one document (one set id) never compete: the latest one in force counts (see :func:`one_label`).
    """
    labels = [doc for doc in _documents(index, entries) if doc.type == "label"]
    latest = {(doc.set_id or doc.id): doc for doc in sorted(labels, key=lambda d: (d.effective, d.version, d.id))}
    if len(latest) < 2 or any(doc.id == preferred for doc in latest.values()):
        return ()
    return tuple(sorted(latest.values(), key=lambda doc: doc.id))


def named_labels(labels: Sequence[DocumentEntry], question: str) -> tuple[DocumentEntry, ...]:
    """Those of ``labels`` whose labeler the question names in full."""
    asked = f" {name_key(question)} "
    return tuple(label for label in labels if label.labeler and f" {name_key(label.labeler)} " in asked)


def one_label(index: Index, entries: Sequence[Entry], preferred: str) -> tuple[Entry, ...]:
    """``entries`` without superseded versions and, where one label is preferred, without the others."""
    documents = _documents(index, entries)
    labels = [doc for doc in documents if doc.type == "label"]
    latest = {(doc.set_id or doc.id): doc.id for doc in sorted(labels, key=lambda d: (d.effective, d.version, d.id))}
    kept = set(latest.values())
    if preferred in kept:
        kept = {preferred}
    kept |= {doc.id for doc in documents if doc.type != "label"}
    return tuple(entry for entry in entries if entry.head.document in kept)


def _documents(index: Index, entries: Sequence[Entry]) -> list[DocumentEntry]:
    ids = dict.fromkeys(entry.head.document for entry in entries)
    return [doc for doc in map(index.document, ids) if doc is not None]


def rank(index: Index, entries: Sequence[Entry], query: Query, weights: Ranking) -> list[Candidate]:
    """``entries`` (all of one product) with their evidence, best first."""
    if not entries:
        return []
    dense = index.similarities(query.vector, entries)
    lengths = {entry.row: entry.words for entry in entries}
    average = sum(lengths.values()) / len(lengths)
    text, named = lexical.Wording.of(query.text), lexical.Wording.of(query.named)
    product = entries[0].head.product
    postings = index.postings(product, text.all | named.all)
    others = set[str]()
    for letters, words_meant in query.shorthand:
        key, *meant_elsewhere = lexical.terms(letters)
        postings |= {key: _with_words(index, product, postings.get(key, ()), words_meant)}
        others |= set(meant_elsewhere)
    written = {term for term, found in postings.items() if any(row in lengths for row, _ in found)}
    spoken, names = ([t for t in said.in_words_of(written) if t not in others] for said in (text, named))
    postings = _side_by_side(index, entries, query.text, postings)
    exact = lexical.bm25(spoken, postings, lengths, average)
    of_names = lexical.bm25(names, postings, lengths, average) if names else {}
    shares = topic_shares(query.intents)
    if not spoken:
        # "Who should not take it?" has no word to search for: what it is about stands for its words as well.
        weights = weights.model_copy(update={"topic": weights.topic + weights.lexical, "lexical": 0.0})
    total = weights.dense + weights.lexical + weights.topic + weights.population
    total += weights.named if names else 0.0
    patient = quantities_in(query.text)
    total += weights.quantities if patient else 0.0
    named_in = _naming(index, entries, query.text, postings)
    counted = asks_for_a_result(query.text)
    total += weights.results if counted else 0.0
    ranked = []
    for entry in entries:
        near = max(0.0, dense.get(entry.row, 0.0))
        word = exact.get(entry.row, 0.0)
        topic = about(entry, shares)
        group = population_fit(entry, query.population)
        name = of_names.get(entry.row, 0.0)
        score = weights.dense * near + weights.lexical * word + weights.topic * topic + weights.population * group
        fits = share_that_fits(patient, index.ranges(entry)) if patient else 0.0
        holds = index.results(entry) if counted and entry.head.topic in _COUNTING else 0.0
        score += weights.named * name + weights.quantities * fits + weights.results * holds
        ranked.append(Candidate(entry, score / total, near, word, topic, name, fits, holds, entry.row in named_in))
    ranked.sort(key=lambda candidate: (-candidate.score, candidate.entry.head.id))
    return ranked


def _with_words(index: Index, product: str, held: Sequence[tuple[int, int]], words_meant: str) -> list[tuple[int, int]]:
    """The postings ``held`` of some letters, with the passages that hold every word of what they stand for."""
    meant = set(lexical.terms(words_meant))
    found = [dict(rows) for rows in index.postings(product, meant).values()]
    whole = set.intersection(*map(set, found)) if meant and len(found) == len(meant) else set()
    counts = {row: min(rows[row] for rows in found) for row in whole}
    return sorted((counts | dict(held)).items())


def _side_by_side(
    index: Index, entries: Sequence[Entry], text: str, postings: dict[str, list[tuple[int, int]]]
) -> dict[str, list[tuple[int, int]]]:
    """``postings`` in which what ``text`` joins by a hyphen counts where it stands side by side, if it does anywhere.

    What the label says of driving says nothing of sleep-driving.
    """
    joined = [parts for parts in lexical.hyphenated(text) if all(postings.get(part) for part in parts)]
    if not joined:
        return postings
    kept = dict(postings)
    known = {entry.row: entry for entry in entries}
    for parts in joined:
        near = set.intersection(*({row for row, _ in postings[part]} for part in parts)) & known.keys()
        with_it = {row for row in near if lexical.adjoin(parts, index.load(known[row]).text.decode())}
        for part in parts if with_it else ():
            kept[part] = [(row, count) for row, count in kept[part] if row in with_it]
    return kept


def _naming(
    index: Index, entries: Sequence[Entry], text: str, postings: Mapping[str, Sequence[tuple[int, int]]]
) -> set[int]:
    """The passages that hold the name of a known substance of ``text``, or deny the use with its class."""
    known = [word for word in words(text) if word in NAMES_OF]
    if not known:
        return set()
    found = {row for word in known for name in (word, generic_of(word)) for row in _rows_with(name, postings)}
    classes = [frozenset(lexical.terms(name)) for word in known for name in called(word)]
    for entry in entries:
        if entry.head.topic == "indication" and any(
            name <= denied for denied in index.uses(entry).denied for name in classes
        ):
            found.add(entry.row)
    return found


def _rows_with(name: str, postings: Mapping[str, Sequence[tuple[int, int]]]) -> set[int]:
    """The passages that hold every term of ``name``."""
    held = [{row for row, _ in postings.get(term, ())} for term in lexical.terms(name)]
    return set.intersection(*held) if held else set()


def in_places_of(ranked: Sequence[Candidate], moved: Sequence[Candidate]) -> list[Candidate]:
    """``moved``, those of ``ranked`` in another order, with the scores of the places that they now have.

    The best score stays with the first: what is near stays near.
    """
    return [replace(each, score=was.score) for each, was in zip(moved, ranked, strict=True)]


def topic_shares(intents: Sequence[tuple[str, float]]) -> dict[str, float]:
    """How likely the answer stands in a passage about each topic."""
    shares: dict[str, float] = {}
    for intent, probability in intents:
        shares[intent] = shares.get(intent, 0.0) + probability
        for topic, share in NEIGHBOURS.get(intent, {}).items():
            shares[topic] = shares.get(topic, 0.0) + probability * share
    return shares


def about(entry: Entry, shares: Mapping[str, float]) -> float:
    """The likelihood that ``entry`` is about what was asked, at most 1.

    A question may have two sides ("starting dose in the elderly"): a passage on both is likelier than one on either.
    """
    likely = shares.get(entry.head.topic, 0.0)
    share = ALSO_IN_REPORTS if entry.head.topic in REPORTS else ALSO
    for topic in entry.head.also:
        likely += share * shares.get(topic, 0.0)
    return min(1.0, likely)


def population_fit(entry: Entry, asked: tuple[str, ...]) -> float:
    if not asked:
        return 0.0 if set(entry.head.population) - {"adult"} else 0.5
    of = set(entry.head.population) | ({entry.head.topic, *entry.head.also} & set(asked))
    if "pregnant" in asked and "pregnancy" in (entry.head.topic, *entry.head.also):
        of.add("pregnant")
    if "lactating" in asked and "lactation" in (entry.head.topic, *entry.head.also):
        of.add("lactating")
    return 1.0 if of & set(asked) else 0.0 if of else 0.3
