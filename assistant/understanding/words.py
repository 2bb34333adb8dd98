"""Where the words of a question stand, cut as llama.cpp cuts it before WordPiece.

White space parts words; each punctuation mark and each CJK character is a word of its own (Devlin et al. 2018, and
llama.cpp's reading of it, measured for every code point); marks, control and private characters count for nothing. The
number of words equals the number of first pieces that the tokenizer makes, but for U+2581, which llama.cpp takes for
its own mark of a word, and for what Unicode added after Python's table; callers compare the two.
"""

from __future__ import annotations

import unicodedata

_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_ASCII_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ASCII_SPACES = frozenset("\t\n\v\f\r ")
#: What a character does: parts words, is a word, vanishes, or belongs to one.
_SPACE, _ALONE, _NOTHING, _PART = range(4)


def words(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of each word in characters, in order."""
    found: list[tuple[int, int]] = []
    start = -1
    for at, character in enumerate(text):
        does = _does(character)
        if does in (_SPACE, _ALONE):
            if start >= 0:
                found.append((start, at))
                start = -1
            if does == _ALONE:
                found.append((at, at + 1))
        elif does == _PART and start < 0:
            start = at
    if start >= 0:
        found.append((start, len(text)))
    return found


def _does(character: str) -> int:
    # llama.cpp keeps the first character of a canonical decomposition: "é" is "e", and "≠" is "=".
    first = unicodedata.normalize("NFD", character)[0]
    if first.isascii():
        return _ascii_does(first)
    if first.isspace():
        return _SPACE
    category = unicodedata.category(first)
    # A lone surrogate is sent as a question mark.
    if category[0] == "P" or category == "Cs" or any(low <= ord(first) <= high for low, high in _CJK):
        return _ALONE
    return _NOTHING if category[0] == "M" or category in ("Cc", "Cf", "Co") or first == "\ufffd" else _PART


def _ascii_does(character: str) -> int:
    if character in _ASCII_SPACES:
        return _SPACE
    if character in _ASCII_MARKS:
        return _ALONE
    return _PART if character.isprintable() else _NOTHING
