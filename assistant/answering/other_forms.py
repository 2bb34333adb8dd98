"""Whether a question names another salt, release form or combination than the product that bears the name.

Metoprolol tartrate and metoprolol succinate, Janumet and Janumet XR, losartan and losartan with hydrochlorothiazide are
dosed differently and taken for one another (ISMP list of confused drug names). What follows the name tells them apart;
of a product whose own names hold it, it is the product.
"""

from __future__ import annotations

from assistant.answering.drug_classes import generic_of, is_medicine
from assistant.answering.index import Index
from assistant.content.lexicon import SALTS, words
from assistant.understanding.aspects import asks_dose
from assistant.understanding.products import Mention

#: Salts that are nothing else: "spironolactone potassium" asks for potassium.
_TELLING_SALTS = SALTS - frozenset(
    "calcium carbonate chloride citrate lactate magnesium nitrate phosphate potassium sodium zinc acetate anhydrous "
    "hydrate dihydrate hemihydrate monohydrate trihydrate hcl hydrochloride".split()
)
#: Letters for an extended release (ISMP), and what names write instead.
_EXTENDED = frozenset("er xr xl sr cr la".split())
_EXTENDED_IN_NAMES = _EXTENDED | {"extended", "sustained", "controlled"}
#: The second substance of many combinations, as it is written behind the first.
_THIAZIDE = frozenset("hct hctz hydrochlorothiazide".split())


def another_form(index: Index, plain: str, mention: Mention, product: str) -> str:
    """The word beside the name ``mention`` that makes it another medicine than ``product``; "" where none does."""
    known = index.product(product)
    names = {word for key in (known.keys if known else ()) for word in key.split()}
    spoken = words(plain)
    end = mention.start + len(mention.key.split())
    behind = spoken[end] if end < len(spoken) else ""
    before = spoken[mention.start - 1] if mention.start else ""
    if behind in _TELLING_SALTS and behind not in names and names & _TELLING_SALTS:
        return behind
    if behind in _EXTENDED and names.isdisjoint(_EXTENDED_IN_NAMES):
        return behind
    if behind in _THIAZIDE and names.isdisjoint(_THIAZIDE) and (behind != "hydrochlorothiazide" or asks_dose(plain)):
        return behind
    for word in (before, behind):
        if asks_dose(plain) and is_medicine(word) and names.isdisjoint((word, generic_of(word))):
            return word
    return ""
