"""Questions about a medicine that is none of ours, or none that the question was thought to be about.

By the form of the question (``understanding/asked_of.py``), by closed lists of names, and by words that nothing in the
corpus knows. What to do about them stands in ``asking_back.py``.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from assistant.answering import lexical
from assistant.answering.drug_classes import called, generic_of, is_food, is_medicine
from assistant.answering.index import Entry, Index
from assistant.answering.planning import Route
from assistant.answering.question import Question
from assistant.answering.spacing import is_spaced_from
from assistant.answering.which_product import is_brand_of_a_part, is_own, own_terms
from assistant.content.lexicon import words
from assistant.understanding import aspects, other_medicines, products
from assistant.understanding.asked_of import asked_of, says_how_much, unknown_asked_of
from assistant.understanding.illness_alone import names_an_illness
from assistant.understanding.reading import Reading
from assistant.understanding.spelling import ends_a_substance, is_ordinary, is_typed_so, respelled

#: A question of at most this many words may be just a name written wrong.
_BARE_WORDS = 3
#: Fewer letters of a product's name stand in other names by chance.
_TELLING_LETTERS = 3
#: Questions on these name another substance beside the product that they are about.
_BESIDE_ANOTHER = frozenset(
    (
        "drug_interaction",
        "food_interaction",
        "contraindication",
        "ingredients",
        "overdose",
        "administration",
        "comparison",
    )
)
#: Topics of passages that tell a dose, of another medicine where the two are given together.
DOSING = frozenset(("dosage", "administration", "drug_interaction"))


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Tells over one index which names are another medicine's."""

    index: Index

    def left_alone(self, word: str) -> bool:
        """Whether ``word`` is read as it was typed: one of the corpus, or one that a product's name is near."""
        return self.index.knows_word(word) or bool(products.find_slips(word, self.index))

    def named_in(self, reading: Reading, plan: Route, product: str, asked: Question) -> bool:
        """Whether a question that names no product of ours is about a medicine that we do not know at all.

        A further question that names nothing else ("what about eliquis?") is, unless the words of the product that the
        conversation is about speak of what it names. A word that was read as an ordinary one counts as a name here: it
        may be a medicine's, written wrong.
        """
        spans, dosed = reading.named("substance"), aspects.dosed_by_name(reading.masked)
        own = own_terms(self.index, product) if product and (spans or dosed) else frozenset[str]()
        # "My leukaemia capsules" are called by what they are for.
        named = [word for span in spans for word in words(span) if not (is_own(word, own) or names_an_illness(word))]
        fragment = asked.fragment
        read_as = {word: word if word in named else respelled(word, self.left_alone) for word in fragment.rest}
        if fragment.only_names((*named, *(word for word, meant in read_as.items() if meant != word))):
            return not product or not self.index.postings(product, lexical.terms(" ".join(read_as.values())))
        if not product or not plan.retrieve:
            return False
        if any(self._is_another(word, product, own) for word in dosed):
            return True
        if plan.intent in _BESIDE_ANOTHER or other_medicines.taken_beside(reading.masked, spans):
            return False
        unusual = [word for word in named if not (is_ordinary(word) or is_food(word))]
        if asked.given and all(other_medicines.named_beside(reading.masked, word) for word in unusual):
            return False  # on a product's own page "with X" is asked of that product
        return bool(unusual) and not any(self.index.knows_word(word) for word in unusual)

    def asked_of(self, reading: Reading, product: str) -> tuple[str, ...]:
        """The medicines that the question is about by its form and that are not ``product``, whatever it asks of them.

        Their contraindications may be asked of ours, where its own name them; and their dose, where its doses tell one.
        """
        own = own_terms(self.index, product) if product else frozenset[str]()
        dosed = aspects.says_dose(reading.masked) or says_how_much(reading.masked)
        known = [
            word
            for word in asked_of(reading.masked)
            if (is_medicine(word) or (dosed and self._is_a_medicine_here(word, own, product)))
            and (not is_own(word, own) or is_brand_of_a_part(self.index, word, product))
        ]
        unknown = unknown_asked_of(reading.masked)
        if unknown and not (known or is_own(unknown, own) or is_typed_so(unknown) or self.left_alone(unknown)):
            return (unknown,)
        if not known or not product:
            return tuple(known)
        if reading.intents and reading.intents[0][0] == "drug_interaction":
            known = [word for word in known if not self._is_taken_besides(word, reading.masked, product)]
        entries = self.index.entries(product)
        if "contraindication" in reading.masked.casefold():
            forbidding = [entry for entry in entries if entry.head.is_about("contraindication")]
            told = {word for word in known if self.index.speaks_of(lexical.names_of(word), forbidding)}
        elif dosed:
            dosing = [self.index.load(e).text.decode() for e in entries if e.head.topic == "dosage" and e.head.retrieve]
            told = {word for word in known if any(tells_dose_of(text, word) for text in dosing)}
        else:
            told = set()
        return tuple(word for word in known if is_own(word, own) or word not in told)

    def given_besides(self, reading: Reading, product: str) -> list[list[frozenset[str]]]:
        """The names and classes of each medicine whose dose a question on ``product`` asks for, as terms."""
        own = own_terms(self.index, product)
        others = [w for w in aspects.dosed_by_name(reading.masked) if is_medicine(w) and not is_own(w, own)]
        return [[frozenset(lexical.terms(name)) for name in (word, *called(word))] for word in others]

    def slipped(self, plain: str) -> bool:
        """Whether a question that says little else holds a word like a name we know, or a well-known brand."""
        if len(plain.split()) > _BARE_WORDS:
            return False
        return any(map(generic_of, words(plain))) or bool(products.find_slips(plain, self.index))

    def _is_taken_besides(self, word: str, plain: str, product: str) -> bool:
        """Whether an interaction of ``product`` with ``word`` tells how far apart they are given, or how much of it."""
        if says_how_much(plain) and not aspects.says_dose(plain):
            told = [entry for entry in self.index.entries(product) if entry.head.is_about("drug_interaction")]
            return self.index.speaks_of(lexical.names_of(word), told)
        return is_spaced_from(self.index, plain, word, product)

    def _is_a_medicine_here(self, word: str, own: Set[str], product: str) -> bool:
        """Whether ``word``, which no list knows, names another substance: by its ending, or in the label itself.

        What heads an interaction of its own there is one (21 CFR 201.57(c)(8)), and no illness.
        """
        if self._ends_as_another(word, own):
            return True
        if not product or is_ordinary(word) or names_an_illness(word) or products.find_slips(word, self.index):
            return False
        headed = (entry for entry in self.index.entries(product) if entry.head.topic == "drug_interaction")
        return any(_heads(word, entry.head.title or "") for entry in headed)

    def _ends_as_another(self, word: str, own: Set[str]) -> bool:
        """Whether ``word`` ends as names of substances do, holds no term of ``own``, a product's, and is no slip."""
        held = any(term in word for term in own if len(term) >= _TELLING_LETTERS)
        return ends_a_substance(word) and not held and not products.find_slips(word, self.index)

    def _is_another(self, word: str, product: str, own: Set[str]) -> bool:
        """Whether ``word`` names another medicine than ``product`` (its terms: ``own``), which its label is silent on.

        A name that nobody knows is no common word in questions about medicines, none of the corpus and near no name.
        """
        if is_own(word, own):
            return False
        if is_medicine(word) or self._ends_as_another(word, own):
            return not self.index.speaks_of(
                lexical.names_of(word), [e for e in self.index.entries(product) if _directs(e)]
            )
        return not (is_typed_so(word) or self.left_alone(word))


def _heads(word: str, title: str) -> bool:
    """Whether a title begins with ``word`` and says little else: "Anakinra", "Digoxin and quinidine"."""
    said = words(title)
    return bool(said) and said[0] == word and len(said) <= _BARE_WORDS


def tells_dose_of(text: str, word: str) -> bool:
    """Whether ``text`` tells a dose of the substance ``word`` right beside its name.

    "Aspirin (75 mg to 100 mg)", "25 to 50 mg of oral aspirin".
    """
    names = "|".join(re.escape(name) for name in (word, generic_of(word)) if name)
    behind = rf"\b(?:{names})\b[\s(,]{{0,3}}\d[^()|;\n]{{0,14}}?(?:mc?g|units|g)\b"
    before = rf"\b\d[\d.,]*\s?(?:mc?g|units|g)\s(?:of\s)?(?:(?:oral|intravenous|IV|intramuscular)\s)?(?:{names})\b"
    return re.search(rf"{behind}|{before}", text, re.IGNORECASE) is not None


def tells_dosing(entry: Entry) -> bool:
    """Whether a passage may tell a dose of what is taken besides: a table of reactions under it has none to tell."""
    return entry.head.topic != "adverse_reactions" and _directs(entry)


def _directs(entry: Entry) -> bool:
    """Whether a passage may tell a dose: of what a trial gave besides the label has none to tell."""
    return any(map(entry.head.is_about, DOSING))
