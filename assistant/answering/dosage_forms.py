"""A dosage form whose dose is asked and that the label does not have: a cream's on the label of tablets.

Doses are told for the forms of the label (21 CFR 201.57(c)(3)(i), (c)(4)); of another form of the substance they are
another product's. By FDA's terms (Data Standards Manual, Dosage Form) and the devices of inhalers, each of which has a
label of its own. Routes are those of ``label_routes.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering import lexical
from assistant.answering.index import Entry, Index
from assistant.understanding import other_medicines

#: How a form is written in questions -> the words of which a label that has it holds one.
_FORMS = {
    r"(?:(?:long[- ]acting|depot)\s+)?(?:injections?|injectables?)|depot|(?-i:LAIs?)": "injection injectable "
    "intramuscular intravenous subcutaneous infusion syringe vial",
    r"creams?|ointments?|gels?|lotions?|foams?": "cream ointment gel lotion foam topical",
    r"(?:transdermal\s+)?patch(?:es)?": "patch transdermal",
    r"(?:oral\s+)?(?:solutions?|suspensions?)|syrups?|elixirs?": "solution suspension syrup elixir granules",
    r"suppositor(?:y|ies)": "suppository rectal",
    r"(?:eye|ear)\s*drops?": "drops ophthalmic otic solution",
    r"nasal sprays?": "spray nasal",
    r"inhalers?": "inhaler inhalation",
    r"lozenges?": "lozenge troche",
} | {
    device: device
    for device in (
        "aerolizer aerosphere breezhaler digihaler diskhaler diskus ellipta flexhaler handihaler neohaler pressair "
        "redihaler respiclick respimat turbuhaler twisthaler"
    ).split()
}
#: Topics of passages that say in which forms there is a medicine and how it is given; what it is soluble in and what
#: was measured with a solution stands elsewhere.
_TELLS = frozenset(("dosage", "administration", "indication", "how_supplied"))
_CALLED = (
    r"(?:(?:max|maximum|starting|initial|loading|maintenance|usual|daily|weekly|recommended|adult|pa?ediatric)\s+)*"
)
_ASKED = {
    form: re.compile(
        rf"\b(?:{form})\s+{_CALLED}dos(?:es?|ing|ages?)\b|\bdos(?:es?|ing|ages?)\s+(?:of|for)\s+(?:the\s+|an?\s+)?(?:{form})"
        r"(?!\s+(?:site|related|volume|reaction))\b",
        re.IGNORECASE,
    )
    for form in _FORMS
}


def form_not_had(index: Index, plain: str, product: str) -> str:
    """The dosage form whose dose ``plain`` asks for and of which the label of ``product`` does not speak; or ""."""
    for form, asked in _ASKED.items():
        found = asked.search(plain)
        said = re.search(form, found[0], re.IGNORECASE) if found else None
        if said is None or other_medicines.beside_ours(plain, said[0]):
            continue
        telling = [entry for entry in index.entries(product) if entry.head.topic in _TELLS]
        wanted = frozenset(lexical.terms(_FORMS[form]))
        named = wanted.intersection(lexical.terms(_called(index, product, telling)))
        if telling and not (named or index.speaks_of([frozenset((term,)) for term in wanted], telling)):
            return said[0].casefold()
    return ""


def _called(index: Index, product: str, entries: Sequence[Entry]) -> str:
    """What the product and its documents are called, which may say the form: "... Cream, 1 %"."""
    known = index.product(product)
    titles = (index.document(id) for id in {entry.head.document for entry in entries})
    return " ".join((*((known.label, *known.keys) if known else ()), *(each.title for each in titles if each)))
