"""Small changes to training questions, made anew each epoch, under which every label stays as it is.

A span's words are replaced by another's of the same type, intent and flags (another medicine, reaction, illness), so
that what is learnt is the place and not the name. A word gets a typing error (letters swapped, dropped, doubled, or a
neighbour on the keyboard), as one question in ten has. Nothing is written to disk and nothing is made from patterns of
whole questions.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence

from assistant.training.dataset import PRODUCT_MARK, SpanMark, Utterance

#: How often a question's spans are exchanged, and how often it gets a typing error.
_SWAPPED = 0.3
_MISTYPED = 0.12
_WORD = re.compile(r"[^\W\d_]{4,}")
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Augmenter:
    """Changes questions with the spans of the training questions."""

    def __init__(self, questions: Sequence[Utterance]) -> None:
        self._spoken: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for question in questions:
            for span in question.spans:
                self._spoken[_kind(question, span)].append(question.text[span.start : span.end])

    def changed(self, question: Utterance, draw: random.Random) -> Utterance:
        """``question``, or the same question with other names or a typing error in it."""
        if question.spans and draw.random() < _SWAPPED:
            question = self._swapped(question, draw)
        return _mistyped(question, draw) if draw.random() < _MISTYPED else question

    def _swapped(self, question: Utterance, draw: random.Random) -> Utterance:
        text, spans, at = "", [], 0
        for span in sorted(question.spans, key=lambda span: span.start):
            text += question.text[at : span.start]
            spoken = draw.choice(self._spoken[_kind(question, span)])
            spans.append(SpanMark(start=len(text), end=len(text) + len(spoken), type=span.type))
            text += spoken
            at = span.end
        return question.model_copy(update={"text": text + question.text[at:], "spans": tuple(spans)})


def _kind(question: Utterance, span: SpanMark) -> tuple[object, ...]:
    """What a span may be exchanged with: a food is no medicine, and the words of an emergency are not of a rash."""
    return span.type, question.intent, question.flags


def _mistyped(question: Utterance, draw: random.Random) -> Utterance:
    """One word that is in no span and no product's mark, typed wrongly; spans behind it move along."""
    mark = question.text.find(PRODUCT_MARK)
    marked = range(mark, mark + len(PRODUCT_MARK)) if mark >= 0 else range(0)
    free = [
        word
        for word in _WORD.finditer(question.text)
        if word.start() not in marked
        and question.text[max(0, word.start() - 1)] != "{"
        and all(word.end() <= span.start or span.end <= word.start() for span in question.spans)
    ]
    if not free:
        return question
    word = draw.choice(free)
    wrong = _typed(word.group(), draw)
    grown = len(wrong) - len(word.group())
    spans = tuple(
        span if span.end <= word.start() else SpanMark(start=span.start + grown, end=span.end + grown, type=span.type)
        for span in question.spans
    )
    text = question.text[: word.start()] + wrong + question.text[word.end() :]
    return question.model_copy(update={"text": text, "spans": spans})


def _typed(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    row = next((keys for keys in _KEYS if word[at].lower() in keys), "")
    near = row[max(0, row.find(word[at].lower()) - 1)] if row else word[at]
    return word[:at] + near + word[at + 1 :]
