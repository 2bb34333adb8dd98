"""Text on a terminal: made harmless, measured, wrapped and painted.

Guarantees: what :func:`printable` returns holds no character that moves a cursor, turns the reading direction or
hides; such characters stand there as escapes (``\\x1b``, ``\\u202e``). Widths are columns: East Asian wide characters
count two and combining marks none. Wrapping changes nothing but white space, and parts a number from its unit or
sign, or a word in the middle, only where nothing else fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Controls, bidi controls, invisible operators, fillers, tags, private use, noncharacters and lone surrogates.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200e\u200f\u2028-\u202e\u2061-\u206f\u3164\ud800-\udfff"
    "\ue000-\uf8ff\ufdd0-\ufdef\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e00ff\U000f0000-\U0010ffff]"
)
#: As in print these are not drawn: soft hyphen, zero-width space, word joiner, byte order mark.
_UNDRAWN = re.compile("[\u00ad\u200b\u2060\ufeff]")
#: Spaces at which a line may be broken; the others are kept.
_SPACES = re.compile("[\t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]")
_FIXED = "\u00a0\u2007\u202f"

#: Inside a word a line may break after a slash or hyphen between long parts, and between East Asian characters.
_INSIDE = rf"[{_FIXED}]+|(?<=[A-Za-z]{{4}}[/\-\u2010])(?=[A-Za-z]{{4}})"
_WIDE = "\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U00020000-\U0003fffd"
_NUMBER = re.compile(r"[(\[<>≤≥±~≈+\-\u2212–]*\d[\d.,/–\-]*")
_SIGN = re.compile(r"[(\[]?[<>≤≥±=~≈×+\u2212]")
_UNIT = re.compile(
    r"(?:mg|mcg|[µμ]g|g|kg|ng|pg|ml|dl|l|[µμ]l|%|percent|iu|u|units?|mmol|[µμ]mol|mol|meq|mm|cm|m|mmhg|°[cf]?|ºc|hours?|hrs?|h"
    r"|minutes?|min|days?|weeks?|months?|years?|times|fold|[tbq]id|qd|tablets?|capsules?|doses?|drops?|sprays?|puffs?|vials?|million)"
    r"(?:[/²³·.*].*)?[.,;:)\]*†‡§¶¹²³\u02b0-\u02e3\u1d2c-\u1dbf\u2070-\u209c]*(?:\[\w+\])*[.,;:)]*",
    re.IGNORECASE,
)
_CELL_BEGINS = re.compile(rf"[ {_FIXED}]{{0,8}}(?:[-•·] |\d{{1,2}}\. )?")
#: Longer than this nothing is kept together but words.
_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Paint:
    """Styles as ANSI sequences, or none of them."""

    colour: bool

    def __call__(self, style: str, text: str) -> str:
        if not self.colour or not text:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


_STYLES = {"bold": "1", "faint": "2", "alert": "1;31", "answer": "36", "companion": "33"}


def printable(text: str) -> str:
    """``text`` on one line without anything that could act on a terminal or deceive a reader."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNDRAWN.sub("", _SPACES.sub(" ", text))
    return _HARMFUL.sub(lambda match: _escape(ord(match[0])), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width_of(text: str) -> int:
    """The columns that ``text`` takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns; its white space at the ends of lines is not drawn."""
    if "  " not in text and width_of(text) <= width:
        line = text.lstrip(" ").rstrip()
        return [line] if line else []
    lines = [""]
    at = 0
    for unit in _units(text):
        size = width_of(unit)
        gap = 1 if at else 0
        if at + gap + size <= width:
            lines[-1] += " " * gap + unit
            at += gap + size
        elif size <= width:
            lines.append(unit)
            at = size
        else:
            at = _place_parts(unit, width, lines, at)
    return [line.rstrip() for line in lines if line.strip()]


def hang(text: str, width: int, first: str, rest: str) -> list[str]:
    """``text`` wrapped behind ``first`` and, from the second line on, behind ``rest``."""
    room = max(1, width - max(width_of(first), width_of(rest)))
    lines = wrap(text, room) or [""]
    return [f"{first if count == 0 else rest}{line}".rstrip() for count, line in enumerate(lines)]


def wrap_cell(text: str, width: int) -> list[str]:
    """A line of a table's cell: as :func:`wrap`, lines after the first indented as it is, or behind its list mark."""
    match = _CELL_BEGINS.match(text)
    begin = match[0] if match else ""
    rest = text[len(begin) :]
    if not begin or width_of(text.rstrip()) <= width or longest(rest) > width - len(begin):
        return wrap(text, width)
    return hang(rest, width, begin, " " * len(begin))


def longest(text: str) -> int:
    """The columns that ``text`` needs at least if nothing is to be parted that should stay together."""
    most = 0
    for unit in _units(text):
        size = width_of(unit)
        if size > most:
            most = max(most, size if size <= _TOGETHER else max(width_of(part) for _, part in _parts(unit)))
    return most


def _place_parts(unit: str, width: int, lines: list[str], at: int) -> int:
    for count, (gap, part) in enumerate(_parts(unit)):
        space = gap if count else " "
        size = width_of(part)
        taken = width_of(space) if at else 0
        if at + taken + size <= width:
            lines[-1] += (space if at else "") + part
            at += taken + size
        else:
            *full, part = _chop(part, width)
            lines += [*full, part]
            at = width_of(part)
    return at


def _units(text: str) -> Iterator[str]:
    """Words, those that belong together joined by their space."""
    joined = ""
    last = ""
    for word in text.split(" "):
        if not word:
            continue
        if joined and _belong(last, word) and width_of(joined) + width_of(word) < _TOGETHER:
            joined += " " + word
        else:
            if joined:
                yield joined
            joined = word
        last = word
    if joined:
        yield joined


def _belong(word: str, after: str) -> bool:
    if _NUMBER.fullmatch(word):
        return _UNIT.fullmatch(after) is not None or after in ("=", "±", "×", "x")
    if _SIGN.fullmatch(word):
        return after[:1].isdigit() or after[:1] in "-–−.<"
    return after == "=" and len(word) < 4


@lru_cache
def _breaks(*, wide: bool) -> re.Pattern[str]:
    """Where a word may be broken. The pattern for wide characters takes milliseconds to compile and is seldom used."""
    return re.compile(rf"{_INSIDE}|(?<=[{_WIDE}])(?=[{_WIDE}0-9A-Za-z])" if wide else _INSIDE)


def _parts(unit: str) -> Iterator[tuple[str, str]]:
    """What a unit may be broken into at need: the white space before each part, and the part."""
    gap = ""
    for word in unit.split(" "):
        at = 0
        for match in _breaks(wide=max(word) >= "\u2e80").finditer(word):
            if match.start() > at:
                yield gap, word[at : match.start()]
                gap = ""
            gap += match[0]
            at = match.end()
        if at < len(word):
            yield gap, word[at:]
            gap = ""
        gap += " "


def _chop(word: str, width: int) -> list[str]:
    """A word too long for a line, in pieces; inside a number only where there is no other place."""
    pieces: list[str] = []
    while width_of(word) > width:
        cut = size = 0
        for char in word:
            size += _char_width(char)
            if size > width and cut:
                break
            cut += 1
        fallback = cut
        while cut > max(1, fallback // 2) and _inside_number(word, cut):
            cut -= 1
        if _inside_number(word, cut) or not _char_width(word[cut:][:1] or "a"):
            cut = fallback
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word] if word else pieces or [""]


def _inside_number(word: str, cut: int) -> bool:
    around = word[cut - 1 : cut + 1]
    return len(around) == 2 and all(char.isdigit() or char in ".,%-–" for char in around)
