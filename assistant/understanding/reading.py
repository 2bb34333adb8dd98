"""What is understood of a question before anything is retrieved: names, intents, population, condition.

Product names are masked for it, slips in ordinary words mended. A question longer than the model can read is refused,
never cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assistant.canonical import whole
from assistant.content.lexicon import mask
from assistant.domain import SLOT_VALUES
from assistant.understanding.aspects import asks_amount
from assistant.understanding.choosing import Choosing, likeliest_first
from assistant.understanding.conditions import condition_words, denied, spelled_out
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.lay_terms import whole_name
from assistant.understanding.other_medicines import names_none
from assistant.understanding.readers import Reader
from assistant.understanding.slots import misheard, of_another_matter, populations
from assistant.understanding.spelling import respelled
from assistant.understanding.words import words


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as the model and the rules understand it. ``vector`` is (dimension,), L2-normalised.

    ``masked`` is ``typed`` with slips in ordinary words mended (:mod:`assistant.understanding.spelling`), unless the
    model takes one of these words, as it was typed, for the name of a substance. ``conditions``: the words of each
    illness that it may be asked to be used for, but for those that it says it is not about. ``shorthand``: letters that
    were typed and the words that the product's label defines them by. ``searched``: ``masked`` with its plain words as
    labels write them, where it has some.
    """

    typed: str
    masked: str
    vector: npt.NDArray[np.float32]
    intents: tuple[tuple[str, float], ...]
    population: tuple[str, ...]
    conditions: tuple[tuple[str, ...], ...]
    chosen: Choosing
    shorthand: tuple[tuple[str, str], ...] = ()
    searched: str = ""

    def named(self, *types: str) -> tuple[str, ...]:
        """The words of the spans of these types."""
        spans = self.chosen.spans or ()
        return tuple(self.masked[start:end] for start, end, name in spans if name in types)

    def said(self, *types: str) -> tuple[str, ...]:
        """The same words as they were typed."""
        return tuple(self.typed[start:end] for start, end, _ in self.typed_spans(*types))

    def typed_spans(self, *types: str) -> tuple[tuple[int, int, str], ...]:
        """The spans of these types as places of ``typed``."""
        spans = tuple(span for span in self.chosen.spans or () if span[2] in types)
        if self.typed == self.masked:
            return spans
        read, typed = words(self.masked), words(self.typed)
        # A mended word stands where the one did that was typed, so words are found by their number.
        starts, ends = {start: at for at, (start, _) in enumerate(read)}, {end: at for at, (_, end) in enumerate(read)}
        return tuple((typed[starts[start]][0], typed[ends[end]][1], name) for start, end, name in spans)


def legible(question: str) -> str:
    """``question`` as it can be read and recorded: lone surrogates become U+FFFD, white space at the ends goes."""
    return whole(question).strip()


_PRICE = "cost_coverage"
#: A closed value is meant from the first share on; one that the words suggest is dropped below the second.
_SURE = 0.5
_DOUBTED = 0.1
#: A question of at most so many words is read as a whole only; longer ones also in parts of about so many words.
_SHORT_QUESTION = 24
_PART_WORDS = 20
_MOST_PARTS = 16
_PART_CHARACTERS = 450
_ENDS = (".", "!", "?", ";", ":")
#: Longest run of combining marks that is kept together, and the character that parts longer ones (UAX #15, section 13).
_MARKS_IN_A_ROW = 30
_JOINER = "\u034f"
#: Texts up to this length are normalised in a millisecond whatever they hold.
_SHORT = 500


def stream_safe(text: str) -> str:
    """``text`` for normalising: endless runs of combining marks, which would take quadratic time to order, are parted.

    Such runs are no writing of any language; the stream-safe text format of Unicode parts them in the same way.
    """
    if len(text) <= _SHORT or text.isascii():
        return text
    parts: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MARKS_IN_A_ROW:
            parts.append(_JOINER)
            marks = 1
        parts.append(character)
    return "".join(parts)


def folded(question: str) -> str:
    """``question`` for the model: compatibility forms folded, controls and runs of white space made one space."""
    normal = unicodedata.normalize("NFKC", stream_safe(question))
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in normal)
    return " ".join(kept.split())


def parts(text: str) -> list[str]:
    """A long text in some :data:`_MOST_PARTS` pieces, cut behind sentences where they end; [] of a short text.

    Together they are the whole text: a report may stand in its last words.
    """
    spoken = text.split()
    if len(spoken) <= _SHORT_QUESTION:
        return []
    size = max(_PART_WORDS, -(-len(spoken) // _MOST_PARTS))
    found: list[list[str]] = [[]]
    for word in spoken:
        whole = len(found[-1]) >= size and found[-1][-1].endswith(_ENDS)
        if whole or len(found[-1]) >= 2 * size:
            found.append([])
        found[-1].append(word)
    pieces = [" ".join(part) for part in found]
    # Words that are no words can be of any length; the model reads a token a character at worst.
    return [piece[at : at + _PART_CHARACTERS] for piece in pieces for at in range(0, len(piece), _PART_CHARACTERS)]


def in_any_part(text: str, reader: Reader) -> Choosing:
    """The flags of a long text, each as likely as in the likeliest of its parts; of a short text none.

    A reader without flags of its own tells a report by its intents alone, and of a part they say too little.
    """
    likeliest = Choosing(())
    for part in parts(text):
        try:
            found = reader.read(part)[1]
        except TextTooLongError:
            continue
        if not found.flags:
            break
        likeliest = with_flags_of(likeliest, found)
    return likeliest


def read(
    question: str, names: tuple[str, ...], reader: Reader, known: Callable[[str], bool] = lambda _: False
) -> Reading:
    """Understand ``question`` with ``names`` (keys of the product it is about) masked.

    :param known: whether a word is one of the corpus or near a product's name: then it is read as it was typed.
    :raises TextTooLongError: it is longer than the model reads.
    """
    typed = mask(folded(question), names)
    masked = respelled(typed, known)
    vector, chosen = reader.read(masked)
    if masked != typed:
        as_typed, heard = reader.read(typed)
        # A chooser without flags tells a report by its intents alone, and those of two readings are not to be mixed.
        if not heard.flags or _hides_a_name(typed, heard, masked, chosen):
            masked, vector, chosen, heard = typed, as_typed, heard, chosen
        chosen = with_flags_of(chosen, heard)
    unimpaired = of_another_matter(masked)
    populations, conditions = _populations(masked, chosen, unimpaired), _conditions(masked, chosen)
    price = {_PRICE} if conditions and asks_amount(masked) else set[str]()
    return Reading(typed, masked, vector, _intents(chosen, unimpaired | price), populations, conditions, chosen)


def _intents(chosen: Choosing, none_asked: Set[str]) -> tuple[tuple[str, float], ...]:
    """What may be asked, without those that the words deny: an organ's impairment, where it is transplanted or has a
    tumour; a price, where "how much" is asked for an illness and no word speaks of money."""
    kept = [pair for pair in chosen.intents if pair[0] not in none_asked]
    whole = sum(share for _, share in kept)
    if len(kept) == len(chosen.intents) or not whole:
        return chosen.intents
    return tuple((name, share / whole) for name, share in kept)


def _hides_a_name(typed: str, heard: Choosing, masked: str, chosen: Choosing) -> bool:
    """Whether a word was mended that the model takes for a substance as it was typed, and for none once mended.

    It may be the name of a medicine that nobody here knows, written wrong: "avone" is Avonex rather than "alone".
    """
    before, after = words(typed), words(masked)
    pairs = enumerate(zip(before, after, strict=True))
    mended = {
        at
        for at, (one, other) in pairs
        if typed[slice(*one)] != masked[slice(*other)] and not names_none(masked[slice(*other)].casefold())
    }
    return bool(mended & _substances(before, heard) - _substances(after, chosen))


def _substances(spoken: Sequence[tuple[int, int]], chosen: Choosing) -> set[int]:
    """The words that the model marks as substances, by their number."""
    marked = [(start, end) for start, end, name in chosen.spans or () if name == "substance"]
    return {at for at, (first, last) in enumerate(spoken) for start, end in marked if start <= first and last <= end}


def between(one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """What may be asked, each intent as likely as in the mean of two readings of a question."""
    shares = {name: share / 2 for name, share in one}
    for name, share in other:
        shares[name] = shares.get(name, 0.0) + share / 2
    return likeliest_first(tuple(shares), tuple(shares.values()))


def with_flags_of(chosen: Choosing, other: Choosing) -> Choosing:
    """``chosen`` with each flag as likely as in either reading: mending a word must never hide a report."""
    names = {**chosen.flags, **other.flags}
    return replace(chosen, flags={name: max(chosen.flags.get(name, 0.0), other.flags.get(name, 0.0)) for name in names})


def _populations(masked: str, chosen: Choosing, unimpaired: Set[str]) -> tuple[str, ...]:
    """Whom the question is about: what the model is sure of, else what the words and ages say."""
    by_words = populations(masked)
    if chosen.slots is None:
        return by_words
    sure = {value for slot, value, share in chosen.slots if slot == "population" and share >= _SURE}
    sure -= (misheard(masked) | unimpaired) - set(by_words)
    doubted = {value for slot, value, share in chosen.slots if slot == "population" and share < _DOUBTED}
    return tuple(value for value in SLOT_VALUES["population"] if value in sure or value in set(by_words) - doubted)


def _conditions(masked: str, chosen: Choosing) -> tuple[tuple[str, ...], ...]:
    """The words of each condition asked about: the model's spans where it marks spans, else by the wording."""
    if chosen.spans is None:
        return tuple(filter(None, [condition_words(masked)]))
    return tuple(named for _, _, named in marked_conditions(masked, chosen))


def marked_conditions(masked: str, chosen: Choosing) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where each condition that the model marks begins and ends, and its words."""
    for start, end, name in chosen.spans or ():
        if name == "condition" and not denied(masked, start):
            start, end = whole_name(masked, start, end)
            if words_of_it := spelled_out(masked[start:end]):
                yield start, end, words_of_it
