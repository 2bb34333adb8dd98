"""How far apart ours and another medicine are given: "cyclosporine dose spacing" asks for no dose of cyclosporine."""

from __future__ import annotations

import re

from assistant.answering import lexical
from assistant.answering.index import Index

_SPACED = re.compile(
    r"\b(?:dos(?:e|es|ing|age)\s+(?:spacing|interval|separation|timing)|(?:spacing|separation|timing) (?:of|between)|"
    r"spac(?:e|ed|ing)\b|apart|separat\w+|"
    r"how (?:long|soon|many (?:hours|days))\b.{0,30}\b(?:before|between|until|after))",
    re.IGNORECASE,
)


def is_spaced_from(index: Index, plain: str, word: str, product: str) -> bool:
    """Whether ``plain`` asks how far from ``word``, a medicine, to give ``product``, whose interactions name it."""
    if not _SPACED.search(plain):
        return False
    told = [entry for entry in index.entries(product) if entry.head.is_about("drug_interaction")]
    return index.speaks_of(lexical.names_of(word), told)
