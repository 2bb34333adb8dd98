"""What is understood of a question before anything is retrieved: names, intents, population, condition.

One forward pass of the encoder feeds the router and the retrieval; product names are masked for it. A question longer
than the model can read is refused, never cut.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.content.lexicon import mask
from assistant.understanding.conditions import condition_words
from assistant.understanding.encoder import Encoder
from assistant.understanding.router import NearestUtterances
from assistant.understanding.slots import populations


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as the model and the rules understand it. ``vector`` is (dimension,), L2-normalised."""

    masked: str
    vector: npt.NDArray[np.float32]
    intents: tuple[tuple[str, float], ...]
    population: tuple[str, ...]
    condition: tuple[str, ...]


def legible(question: str) -> str:
    """``question`` as it can be read and recorded: lone surrogates become U+FFFD, white space at the ends goes."""
    return question.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


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


def read(question: str, names: tuple[str, ...], encoder: Encoder, router: NearestUtterances) -> Reading:
    """Understand ``question`` with ``names`` (keys of the product it is about) masked.

    :raises TextTooLongError: it is longer than the model reads.
    """
    masked = mask(folded(question), names)
    vector = encoder.encode([masked])[0]
    return Reading(masked, vector, router.probabilities(vector), populations(masked), condition_words(masked))
