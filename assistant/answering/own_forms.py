"""The releases of a product that no name of it holds but its own label says: "X XR is available as 75 mg tablets".

One label may be of both a plain and an extended-release form, and that of a generic often says "extended-release
tablets" where its name does not. Only what says which packages there are (21 CFR 201.57(c)(4), (c)(17)) and the
beginning of the indication are read: elsewhere a label may speak of another product to tell it apart.
"""

from __future__ import annotations

import re

from assistant.answering.index import Index
from assistant.content.lexicon import EXTENDED_RELEASE, SALTS

_STRENGTH = r"\d[\d./]*\s?(?:mc?g|g)(?:/[\d.]+\s?(?:mc?g|g))*"
#: What may stand between a name and its release: a sign, a salt, "USP", a strength, a dosage form.
_BETWEEN = rf"(?:\s?[®™*©,-]+)*\s+(?:(?:usp|{_STRENGTH}|tablets?|capsules?|{'|'.join(sorted(SALTS))})[\s,]+)*"
#: Letters as labels print them; "er" in a sentence is no release.
_RELEASE = (
    rf"(?:(?P<letters>(?-i:{'|'.join(sorted(map(str.upper, EXTENDED_RELEASE)))}))\b|"
    r"(?P<word>extended|sustained|controlled|prolonged)[\s-]+release\b)"
)


def own_releases(index: Index, product: str) -> frozenset[str]:
    """The releases, in lower case, that the label writes behind a name of ``product`` where it says what there is."""
    if is_of_extended_release(index, product):
        return frozenset(("extended",))
    behind = _behind_a_name(index, product)
    texts = _texts(index, product, "how_supplied") if behind else []
    found = (match for text in texts for match in re.finditer(behind, text, re.IGNORECASE))
    return frozenset((match["letters"] or match["word"]).casefold() for match in found)


def is_of_extended_release(index: Index, product: str) -> bool:
    """Whether the indication is of an extended-release form alone: it begins with the name and that release."""
    behind = _behind_a_name(index, product)
    texts = _texts(index, product, "indication") if behind else []
    first = [match for text in texts[:1] if (match := re.search(_a_name(index, product), text, re.IGNORECASE))]
    return any(re.compile(behind, re.IGNORECASE).match(match.string, match.start()) for match in first)


def _texts(index: Index, product: str, topic: str) -> list[str]:
    return [index.load(entry).text.decode() for entry in index.entries(product) if entry.head.topic == topic]


def _behind_a_name(index: Index, product: str) -> str:
    names = _a_name(index, product)
    return f"{names}{_BETWEEN}{_RELEASE}" if names else ""


def _a_name(index: Index, product: str) -> str:
    known = index.product(product)
    keys = sorted(known.keys if known else (), key=len, reverse=True)
    written = (r"[\s,/-]+(?:and\s+)?".join(map(re.escape, key.split())) for key in keys)
    return rf"\b(?:{'|'.join(written)})\b" if keys else ""
