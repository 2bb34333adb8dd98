"""Which medicine a question may be about: by its names, by there being one only, by words that few labels hold.

And what else each is called by: its names and well-known brands of its substance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set

from assistant.answering import lexical
from assistant.answering.drug_classes import beginning_with, generic_of
from assistant.answering.index import Index
from assistant.answering.misspelt import nearest_alone
from assistant.answering.retrieval import eligible
from assistant.content.lexicon import SALTS, words
from assistant.domain import Context
from assistant.understanding.products import Mention, shortened, slips_in_names

#: Products that are looked at where a question names none, to offer some.
_LOOKED_AT = 40
#: A word is rare that stands in the words of at most one product in so many.
_RARE = 6
#: So many letters of a name begin others.
_AMBIGUOUS = 4
#: Parts of substances' names that tell none from another.
_SALTS = frozenset(
    lexical.terms(
        "acid acetate besylate bromide carbonate chloride citrate fumarate gluconate hydrochloride maleate mesylate "
        "phosphate sodium succinate sulfate tartrate calcium potassium magnesium"
    )
)


def named_products(index: Index, mentions: Sequence[Mention], where: Context) -> tuple[tuple[str, ...], bool]:
    """The products that the names leave open, in the order of the question, and whether one name means them all.

    Products with nothing for this context are left out while there are others.
    """
    if not mentions:
        return (), False
    # Whoever says one substance means what consists of it alone, where that is here.
    meant = [set(whole_bearers(index, mention.key, mention.products)) for mention in mentions]
    meant = [whole or set(mention.products) for whole, mention in zip(meant, mentions, strict=True)]
    common = set.intersection(*meant) or set.intersection(*(set(mention.products) for mention in mentions))
    ordered = dict.fromkeys(product for mention in mentions for product in mention.products)
    left = [product for product in ordered if not common or product in common]
    spoken_for = tuple(product for product in left if eligible(index, product, where))
    return spoken_for or tuple(left), bool(common)


def in_part(index: Index, key: str, product: str) -> bool:
    """Whether ``key`` names one of several substances that ``product`` consists of: it bears a name of more of them."""
    known = index.product(product)
    said = _moiety(key)
    names = [_moiety(name) for name in (known.keys if known else ())]
    others = [name for name in names if name and said.isdisjoint(name)]
    wholes = (name for name in names if said < name - _BETWEEN)
    return any(whole > _BETWEEN or any(other < whole for other in others) for whole in wholes)


#: What stands between the substances in a name of several.
_BETWEEN = frozenset(("and",))


def _moiety(key: str) -> frozenset[str]:
    """The words of a name but for what salt it is."""
    return frozenset(key.split()) - SALTS


def whole_bearers(index: Index, key: str, products: Sequence[str]) -> tuple[str, ...]:
    """Those of ``products``, which all bear the name ``key``, that are called so as a whole."""
    return tuple(product for product in products if not in_part(index, key, product))


def named_in_part(index: Index, plain: str, mentions: Sequence[Mention], product: str) -> bool:
    """Whether a question names no more of ``product`` than one of the several substances that it consists of.

    A stroke beside it says that there are more: "norethindrone/EE".
    """
    keys = {mention.key for mention in mentions if product in mention.products}
    if len(keys) != 1 or not all(in_part(index, key, product) for key in keys):
        return False
    first, last = (re.escape(name) for name in (next(iter(keys)).split()[0], next(iter(keys)).split()[-1]))
    return not re.search(rf"\w\s?/\s?{first}\b|\b{last}\s?/\s?\w", plain, re.IGNORECASE)


def only_product(index: Index, where: Context) -> str:
    """The one product that anything is approved for here; "" where there are several."""
    served = [product.id for product in index.products(2) if eligible(index, product.id, where)]
    return served[0] if len(served) == 1 and len(index.products(2)) == 1 else ""


def worth_offering(index: Index, plain: str, where: Context, at_most: int) -> list[str]:
    """The products that a question which names none may be about; where they are many, those that share rare words."""
    served = [entry.id for entry in index.products(_LOOKED_AT) if eligible(index, entry.id, where)]
    return _sharing_rare_words(index, served, lexical.terms(plain)) if len(served) > at_most else served


def _sharing_rare_words(index: Index, served: Sequence[str], spoken: Sequence[str]) -> list[str]:
    """Those whose words hold what few others' hold: the products that such a question may well be about."""
    holding = {product: set(index.postings(product, spoken)) for product in served}
    spread = Counter(term for held in holding.values() for term in held)
    rare = {term: len(served) / count for term, count in spread.items() if count * _RARE <= len(served)}
    worth = {product: sum(rare.get(term, 0.0) for term in held) for product, held in holding.items()}
    return sorted((product for product in served if worth[product]), key=lambda product: (-worth[product], product))


def own_terms(index: Index, product: str) -> frozenset[str]:
    """The terms of all names of ``product``, without the salts, which tell no substance from another."""
    known = index.product(product)
    names = (product.replace("-", " "), *(known.keys if known else ()))
    return frozenset(lexical.terms(" ".join(names))) - _SALTS


def is_brand_of_a_part(index: Index, word: str, product: str) -> bool:
    """Whether ``word`` is a well-known brand of one substance of ``product``, which consists of several."""
    return bool(generic_of(word)) and in_part(index, generic_of(word), product)


def own_brands(index: Index, plain: str, product: str) -> tuple[str, ...]:
    """The words of a question that are well-known brands of what ``product`` consists of."""
    brands = [word for word in dict.fromkeys(words(plain)) if generic_of(word)]
    own = own_terms(index, product) if brands else frozenset[str]()
    return tuple(word for word in brands if is_own(word, own) and not is_brand_of_a_part(index, word, product))


def own_slips(index: Index, plain: str, product: str) -> tuple[str, ...]:
    """The words of a question on a product's page that are a slip in a name of it: one of several words, or a brand.

    Of a brand's only where no other medicine's name is as near: look-alike names kill (ISMP).
    """
    known = index.product(product)
    own = own_terms(index, product)
    meant = ((word, nearest_alone(word, index)) for word in dict.fromkeys(words(plain)))
    brands = (
        word
        for word, name in meant
        if generic_of(name) and is_own(name, own) and not is_brand_of_a_part(index, name, product)
    )
    return (*slips_in_names(plain, known.keys if known else (), index), *brands)


def own_beginnings(index: Index, plain: str, product: str) -> tuple[str, ...]:
    """The words of a question on a product's page that begin a name of it, and no other medicine's that is known.

    So many letters as begin many names tell one only where no list of substances has another.
    """
    known = index.product(product)
    found = shortened(plain, product, known.keys if known else (), index)
    own = own_terms(index, product) if found else frozenset[str]()
    begun = {word for key in (known.keys if known else ()) for word in words(key)}
    return tuple(
        word
        for word in found
        if len(word) > _AMBIGUOUS
        or (
            all(is_own(other, own) for other in beginning_with(word))
            # "Acet" on the page of a combination is one of its substances alone, if not another medicine.
            and not any(name.startswith(word) and in_part(index, name, product) for name in begun)
        )
    )


def is_own(said: str, own: Set[str]) -> bool:
    """Whether ``said`` names a substance of a product with these terms, by its generic name or a well-known brand."""
    names = (name for word in words(said) for name in (word, generic_of(word)))
    return any(term in own for name in names for term in lexical.terms(name))
