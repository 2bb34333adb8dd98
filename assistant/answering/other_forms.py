"""Whether a question names another salt, release form, brand or combination than the product that bears the name.

Metoprolol tartrate and metoprolol succinate, Janumet and Janumet XR, losartan and losartan with hydrochlorothiazide,
Ozempic and Wegovy are dosed differently and taken for one another (ISMP list of confused drug names). What follows the
name tells them apart, and so does a brand that only one of them bears; of a product whose own names hold it, it is the
product.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from assistant.answering.drug_classes import NAMES_OF, brands_of, generic_of, is_medicine, is_more_than_its_substance
from assistant.answering.index import Index
from assistant.answering.own_forms import is_of_extended_release, own_releases
from assistant.answering.spacing import is_spaced_from
from assistant.content.lexicon import EXTENDED_RELEASE, INTERNATIONAL_NAMES, SALTS, words
from assistant.understanding import other_medicines
from assistant.understanding.aspects import asks_dose
from assistant.understanding.products import Mention

#: Salts that are nothing else: "spironolactone potassium" asks for potassium.
_TELLING_SALTS = SALTS - frozenset(
    "calcium carbonate chloride citrate lactate magnesium nitrate phosphate potassium sodium zinc acetate anhydrous "
    "hydrate dihydrate hemihydrate monohydrate trihydrate hcl hydrochloride".split()
)
#: What stands before "release" for an extended one, as letters in names do, and for one that is not.
_EXTENDED = frozenset("extended sustained controlled prolonged".split())
_EXTENDED_IN_NAMES = EXTENDED_RELEASE | _EXTENDED
#: Letters that stand for one extended release and no other.
_TELLING_LETTERS = EXTENDED_RELEASE - {"er"}
_IMMEDIATE = frozenset("immediate regular instant".split())
#: The second substance of many combinations, as it is written behind the first.
_THIAZIDE = frozenset("hct hctz hydrochlorothiazide".split())
#: Brands of one salt or release of a substance -> what stands behind the substance's name for it.
_BRAND_OF = {
    "ambien": "ir",
    "calan": "ir",
    "concerta": "er",
    "glucophage": "ir",
    "glucotrol": "ir",
    "inderal": "ir",
    "keppra": "ir",
    "lamictal": "ir",
    "lopressor": "tartrate ir",
    "oxycontin": "er",
    "ritalin": "ir",
    "seroquel": "ir",
    "tiazac": "er",
    "toprol": "succinate er",
    "ultram": "ir",
    "xanax": "ir",
}
#: What may stand between a name and its salt or release: a strength, a salt that tells nothing, a dosage form.
_BETWEEN = re.compile(rf"\d+(?:mc?g|ml|g)?|mc?g|ml|g|tablets?|capsules?|{'|'.join(sorted(SALTS - _TELLING_SALTS))}")
#: A question of at most this many words means with a salt or release, wherever it stands, the medicine's.
_FEW_WORDS = 6
#: Letters of a release that are nothing else ("er" is a room, "cr" creatinine).
_PLAIN_LETTERS = frozenset("ir xl xr".split())


def another_form(index: Index, plain: str, mention: Mention, product: str) -> str:
    """The word at the name ``mention`` that makes it another medicine than ``product``; "" where none does."""
    names = _names(index, product)
    spoken = words(plain)
    end = mention.start + len(mention.key.split())
    behind = spoken[end] if end < len(spoken) else ""
    before = spoken[mention.start - 1] if mention.start else ""
    generic = generic_of(mention.key)
    same = names.union(_THIAZIDE, INTERNATIONAL_NAMES.get(generic, ()))  # a British name is no brand
    if mention.key not in same and (names & brands_of(generic) or is_more_than_its_substance(mention.key)):
        return mention.key
    while end < len(spoken) and _BETWEEN.fullmatch(spoken[end]):
        end += 1
    said = _form(spoken[end:])
    for form in [said] if said else _BRAND_OF.get(mention.key, "").split():
        if _is_another(form, names, index, product) and not _beside_own_release(spoken, form, names, index, product):
            return form
    if said in _THIAZIDE and names.isdisjoint(_THIAZIDE) and (said != "hydrochlorothiazide" or asks_dose(plain)):
        return said
    for word in (before, behind):
        if is_spaced_from(index, plain, word, product):
            continue
        if asks_dose(plain) and is_medicine(word) and names.isdisjoint((word, generic_of(word))):
            return word
    return ""


def another_alone(index: Index, plain: str, product: str) -> str:
    """The salt that a question of few words names, or the release whose dose it asks, if ``product`` is of another.

    Wherever it stands, but not as another medicine's, nor beside what ``product`` is: "from tartrate to succinate".
    """
    names, spoken = _names(index, product), words(plain)
    forms = {at: form for at in range(len(spoken)) if (form := _form(spoken[at:])) and form not in _THIAZIDE}
    if len(spoken) > _FEW_WORDS or not all(_is_another(form, names, index, product) for form in forms.values()):
        return ""
    for at, form in forms.items():
        released = form in _PLAIN_LETTERS or spoken[at + 1 : at + 2] == ["release"]
        told = form in _TELLING_SALTS or (released and asks_dose(plain))
        borne = at and (spoken[at - 1] in NAMES_OF or spoken[at - 1] in SALTS)
        if told and not borne and not other_medicines.beside_ours(plain, form):
            return form
    return ""


def _names(index: Index, product: str) -> set[str]:
    known = index.product(product)
    return {word for key in (known.keys if known else ()) for word in key.split()}


def _form(spoken: Sequence[str]) -> str:
    """The word for a salt, a release or a thiazide that ``spoken`` begins with; "" where it begins with none."""
    first = spoken[0] if spoken else ""
    if first in _EXTENDED | _IMMEDIATE:
        return first if spoken[1:2] == ["release"] else ""
    return first if first in _TELLING_SALTS | EXTENDED_RELEASE | _THIAZIDE or first == "ir" else ""


def _beside_own_release(spoken: Sequence[str], form: str, names: Set[str], index: Index, product: str) -> bool:
    """Whether ``form`` is an immediate release beside the extended one of ``product``: "from IR to ER"."""
    if form != "ir" and form not in _IMMEDIATE:
        return False
    others = {said for at in range(len(spoken)) if (said := _form(spoken[at:])) in _EXTENDED_IN_NAMES}
    return any(not _is_another(said, names, index, product) for said in others)


def _is_another(form: str, names: Set[str], index: Index, product: str) -> bool:
    """Whether ``product``, with these ``names``, is of another salt or release than ``form``."""
    if form in _TELLING_SALTS:
        return form not in names and not names.isdisjoint(_TELLING_SALTS)
    if form in _EXTENDED_IN_NAMES:
        told = names & _EXTENDED_IN_NAMES or own_releases(index, product)
        # What is taken once a day and what is taken twice may differ in these letters alone: SR and XL.
        letters = told & _TELLING_LETTERS
        return not told or (form in _TELLING_LETTERS and bool(letters) and form not in letters)
    if form != "ir" and form not in _IMMEDIATE:
        return False
    return not names.isdisjoint(_EXTENDED_IN_NAMES) or is_of_extended_release(index, product)
