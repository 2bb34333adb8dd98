"""Which part of a longer text asks: a story tells of a patient's day, journey and other tablets, and asks one thing.

What the asking sentences name is what the question is about. What the others name is so only where a question says too
little by itself ("Is there a concern?") or points back ("free of it?"), and then only what is told beside it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.answering import lexical
from assistant.content.lexicon import words
from assistant.understanding.reading import Reading

#: A sentence ends here, if not behind a shortened word.
_END = re.compile(r"[.!?]+[\"')\]\u201d]*(?=\s)|\n")
_SHORTENED = re.compile(r"\b(?:vs|st|dr|mr|mrs|ms|no|approx|incl|esp|resp|[a-z]|e\.g|i\.e)\.$", re.IGNORECASE)
#: The longest of these with its full stop: only so far back is looked, however long the text is.
_LONGEST_SHORTENED = len("approx.")
_ASKS = re.compile(r"\?[\"')\]\u201d]*\s*$")
#: Without a mark: by its first word, or because it says that something is asked.
_ASKS_UNMARKED = re.compile(
    r"^\W*(?:what|how|when|which|who|whom|whose|why|where|is|are|does|do|did|can|could|may|should|must|will|would|any)\b"
    r"|\b(?:ask(?:s|ed|ing)?|wonder(?:s|ed|ing)?|(?:want|need|like|love)(?:s|ed)? to know|know (?:if|whether|how|what|"
    r"when)|tell (?:me|us)|please (?:advise|tell|confirm|send|explain)|(?:my|our|the|one) question)\b",
    re.IGNORECASE,
)
#: What somebody must not be given is what every question is about, wherever it is told.
_ALWAYS = re.compile(
    r"\b(?:allerg\w*|anaphyla\w*|hypersensitiv\w*|intoleran\w*|porphyria|c(?:o)?eliac|vegan|halal|kosher)\b",
    re.IGNORECASE,
)
#: Words that stand for what, or for whom, another sentence names.
_POINTS = re.compile(
    r"\b(?:it|that|this|those|these|them|they|both|either|together|such|there|here|he|him|his|she|her|hers|us|so)\b",
    re.IGNORECASE,
)
#: So many telling words say by themselves what is asked; so many beside a word that points.
_SAYS_ENOUGH, _SAYS_ENOUGH_POINTING = 3, 5
#: How many sentences before and behind it a question points to.
_REACH = 2


def asking_parts(reading: Reading) -> tuple[Reading, ...]:
    """``reading`` of the sentences alone that ask; then, where these say too little, with those that they point to.

    All of it where none can be told from the others.
    """
    sentences = _sentences(reading.masked)
    asks = _which_ask(reading.masked, sentences)
    if all(asks) or not any(asks) or _ALWAYS.search(reading.masked):
        return (reading,)
    asking = _of(reading, [place for place, does in zip(sentences, asks, strict=True) if does])
    # What is said behind a question ("I keep halal.") is said for it.
    before = 0 if _says_enough(asking.masked) else _REACH
    beside = [place for at, place in enumerate(sentences) if any(asks[max(at - _REACH, 0) : at + before + 1])]
    return (asking,) if asking.masked == _of(reading, beside).masked else (asking, _of(reading, beside))


def told_and_asked(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The places of the sentences of ``text`` that tell, and of those that ask; nothing told where all or none ask."""
    sentences = _sentences(text)
    asks = _which_ask(text, sentences)
    if all(asks) or not any(asks):
        return [], sentences
    pairs = list(zip(sentences, asks, strict=True))
    return [place for place, does in pairs if not does], [place for place, does in pairs if does]


def _which_ask(text: str, sentences: list[tuple[int, int]]) -> list[bool]:
    """Of each sentence whether it asks; without a question mark in any, by its wording."""
    asks = [_ASKS.search(text[slice(*place)]) is not None for place in sentences]
    return asks if any(asks) else [_ASKS_UNMARKED.search(text[slice(*place)]) is not None for place in sentences]


def _says_enough(question: str) -> bool:
    """Whether ``question`` says by itself what it is about."""
    telling = {word for word in words(question) if lexical.terms(word)}
    return len(telling) >= (_SAYS_ENOUGH_POINTING if _POINTS.search(question) else _SAYS_ENOUGH)


def _sentences(text: str) -> list[tuple[int, int]]:
    """The places of the sentences of ``text``."""
    ends = [end.end() for end in _END.finditer(text)]
    ends = [end for end in ends if not _SHORTENED.search(text, max(0, end - _LONGEST_SHORTENED), end)]
    places = zip([0, *ends], [*ends, len(text)], strict=True)
    return [(start, end) for start, end in places if text[start:end].strip()]


def _of(reading: Reading, places: list[tuple[int, int]]) -> Reading:
    """``reading`` of the text at ``places`` alone, with the spans that stand in it."""
    text, moved = "", []
    for start, end in places:
        shift = len(text) - start
        moved += [(s + shift, e + shift, name) for s, e, name in reading.chosen.spans or () if start <= s and e <= end]
        text += reading.masked[start:end]
    spans = None if reading.chosen.spans is None else tuple(moved)
    return replace(reading, masked=text, chosen=replace(reading.chosen, spans=spans))
