"""Overlapping windows of a long passage, each within a model's token limit: the keys searched, never the text shown.

Guarantees: every window is a piece of the text as it stands; every word stands whole in at least one window, unless the
word alone is longer than a window, which is then cut; neighbours share a sentence where it fits; time grows with the
length of the text, also where it has neither spaces nor sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

#: A question asks for one fact: a few sentences are nearer to it than the page around them (docs/decisions, 29).
WINDOW_TOKENS = 100
#: [CLS] and [SEP]: in every count, once a window.
_SPECIALS = 2
#: Room for the title above a further window.
_TITLE_TOKENS = 56

Count = Callable[[str], int]
#: Start and end in the text, and tokens.
_Unit = tuple[int, int, int]

# Where a unit ends: a line break, or an end mark with its closing quotes before white space. Looked for by its first
# character, so that a megabyte of full stops takes a megabyte of steps. "e.g. " costs an early cut, never a lost word.
_END = re.compile(r"\n|[.!?;:][)\]\"'”’]*(?=\s)")
_WORD = re.compile(r"\S+")


def windows(text: str, max_tokens: int, count_tokens: Count) -> list[str]:
    """Cut ``text`` at lines and sentences into overlapping pieces of at most ``max_tokens`` tokens.

    :param max_tokens: [CLS] and [SEP] included; at least 16.
    :param count_tokens: an encoder's; must add up over white space, as WordPiece does.
    :return: the whole text where it fits, else its windows in order; never empty, except of a blank text.
    """
    if max_tokens < 16:
        raise ValueError("a window needs at least 16 tokens")
    if not text.strip():
        return []
    if len(text) <= 16 * max_tokens and count_tokens(text) <= max_tokens:
        return [text]
    found: list[str] = []
    for units in _packed(_units(text, max_tokens - _SPECIALS, count_tokens), max_tokens - _SPECIALS):
        whole = text[units[0][0] : units[-1][1]].strip()
        # Counts add up over white space only: where a word was cut, or a control character taken for a space, they may
        # not, and then each unit stands alone.
        fits = count_tokens(whole) <= max_tokens
        found.extend([whole] if fits else [text[start:end].strip() for start, end, _ in units])
    return found


def titled_windows(title: str, text: str, max_tokens: int, count_tokens: Count) -> list[str]:
    """The windows of a passage that begins with its title, each further one under it.

    :param max_tokens: of a window, as in :func:`windows`; the title comes on top.
    """
    found = windows(text, max_tokens, count_tokens)
    above = f"{title.strip()[:160]}. " if title.strip() else ""
    return [*found[:1], *(f"{above}{piece}" for piece in found[1:])]


def search_keys(title: str, text: str, max_tokens: int, count_tokens: Count) -> list[str]:
    """What a passage is found by: windows of :data:`WINDOW_TOKENS`, or of what the encoder reads beside a title.

    :param max_tokens: of a text that the encoder reads.
    """
    room = max(32, min(WINDOW_TOKENS, max_tokens - _TITLE_TOKENS))
    return titled_windows(title, text, room, count_tokens)


def _packed(units: Iterable[_Unit], room: int) -> Iterator[list[_Unit]]:
    """As many units as fit; the next window begins with the last unit of this one, if the next unit still fits."""
    window: list[_Unit] = []
    used = 0
    for unit in units:
        if window and used + unit[2] > room:
            yield window
            # Sharing the only unit of a window would repeat all of it.
            share = len(window) > 1 and window[-1][2] + unit[2] <= room
            window = window[-1:] if share else []
            used = sum(tokens for _, _, tokens in window)
        window.append(unit)
        used += unit[2]
    yield window


def _units(text: str, room: int, count: Count) -> Iterator[_Unit]:
    """Sentences; those that no window can hold, as runs of words; words that none can hold, in pieces."""
    for start, end in _sentences(text):
        tokens = _tokens(text, start, end, room, count)
        if tokens <= room:
            yield start, end, tokens
        else:
            yield from _runs(text, start, end, room, count)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every stretch between two ends that holds more than white space."""
    start = 0
    for end in [match.end() for match in _END.finditer(text)] + [len(text)]:
        if text[start:end].strip():
            yield start, end
        start = end


def _runs(text: str, start: int, end: int, room: int, count: Count) -> Iterator[_Unit]:
    """Runs of words of a quarter of a window, so that neighbours still share something."""
    target, first, last, used = room // 4, start, start, 0
    for match in _WORD.finditer(text, start, end):
        tokens = _tokens(text, match.start(), match.end(), room, count)
        if used and used + tokens > target:
            yield first, last, used
            used = 0
        if tokens > room:
            yield from _pieces(text, match.start(), match.end(), room, count)
            continue
        first, last, used = (first if used else match.start()), match.end(), used + tokens
    if used:
        yield first, last, used


def _pieces(text: str, start: int, end: int, room: int, count: Count) -> Iterator[_Unit]:
    """Pieces of one endless word: one character is rarely more than one token, so few need a second cut."""
    while start < end:
        size = min(room, end - start)
        while (tokens := count(text[start : start + size]) - _SPECIALS) > room and size > 1:
            size //= 2
        yield start, start + size, tokens
        start += size


def _tokens(text: str, start: int, end: int, room: int, count: Count) -> int:
    """Tokens without [CLS] and [SEP]; a stretch that cannot fit anyway is not counted to its end."""
    if end - start > 16 * room:
        return room + 1
    return count(text[start:end]) - _SPECIALS
