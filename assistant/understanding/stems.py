"""Stems of English words (Snowball), so that "dose" and "dosing" count as one."""

from __future__ import annotations

from functools import lru_cache

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The English Snowball stem of a lower-case word."""
    stemmed: str = _STEMMER.stemWord(word)
    return stemmed
