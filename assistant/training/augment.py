"""Small changes to training questions, made anew each epoch, under which every label stays as it is.

A span's words are replaced by another's of the same type, intent and flags (another medicine, reaction, illness), so
that what is learnt is the place and not the name. A word gets a typing error (letters swapped, dropped, doubled, or a
neighbour on the keyboard), as one question in ten has. Marks between sentences are left out, as hasty writers
do. A question gets another text before or behind it, in most cases a report of harm: reports are told beside a question
and in any place; another question only where the data has questions with two intents. Nothing is written to disk and
nothing is made from patterns of whole questions.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence

from assistant.domain import Flag
from assistant.training.dataset import PRODUCT_MARK, SpanMark, Utterance, shifted

#: How often a question's spans are exchanged, and how often it gets a typing error.
_SWAPPED = 0.3
_MISTYPED = 0.12
#: How often the marks are left out, and how often another text is joined to it; the share of reports among those.
_UNMARKED = 0.06
_JOINED = 0.06
_REPORTS = 0.6
#: Texts that are longer together, in characters, are not joined.
_LONGEST = 420
_WORD = re.compile(r"[^\W\d_]{4,}")
_MARKS = re.compile(r"[.,;:!?]+(?=\s|$)")
_BETWEEN = (". ", " - ", "\n", ", ", " ")
_REPORTED = ("adverse_event_report", "product_complaint")
#: Intents of texts that mean something else beside another text.
_ALONE = frozenset({"out_of_scope", "small_talk", "emergency", "human_handoff", "source_request"})
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Augmenter:
    """Changes questions with the spans of the training questions."""

    def __init__(self, questions: Sequence[Utterance]) -> None:
        self._spoken: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for question in questions:
            for span in question.spans:
                self._spoken[_kind(question, span)].append(question.text[span.start : span.end])
        whole = [question for question in questions if question.slots_marked and question.intent not in _ALONE]
        self._reports = [question for question in whole if Flag.ADVERSE_EVENT in question.flags and not question.also]
        # Two questions are put together only where the data has such: in other data one text has one meaning.
        two = any(question.also for question in questions)
        self._others = [question for question in whole if two and not question.flags and not question.also]

    def changed(self, question: Utterance, draw: random.Random) -> Utterance:
        """``question``, or the same question with other names or a typing error in it."""
        if question.spans and draw.random() < _SWAPPED:
            question = self._swapped(question, draw)
        if draw.random() < _MISTYPED:
            question = _mistyped(question, draw)
        if draw.random() < _JOINED:
            question = self._joined(question, draw)
        return _unmarked(question) if draw.random() < _UNMARKED else question

    def _joined(self, question: Utterance, draw: random.Random) -> Utterance:
        """``question`` with a report or another question beside it.

        The intent is that of the question beside a report, of two questions the first (docs/annotation.md, rule 7).
        """
        asked = self._reports if draw.random() < _REPORTS else self._others
        alone = question.flags or question.also or question.intent in (*_ALONE, *_REPORTED)
        if not question.slots_marked or alone or not asked:
            return question
        other = draw.choice(asked)
        one, two = (question, other) if draw.random() < 0.5 else (other, question)
        if len(one.text) + len(two.text) > _LONGEST:
            return question
        between = draw.choice(_BETWEEN)
        begin = one.text.rstrip()
        if begin[-1] in ".,;:!?" and between[0] in ".,":
            between = " "
        spans = [span for span in one.spans if span.end <= len(begin)]
        spans += shifted(two.spans, -1, len(begin) + len(between))
        slots = {
            slot: tuple(dict.fromkeys((*one.slots.get(slot, ()), *two.slots.get(slot, ()))))
            for slot in (*one.slots, *two.slots)
        }
        intents = list(dict.fromkeys(text.intent for text in (one, two) if text.intent not in _REPORTED))
        return question.model_copy(
            update={
                "text": begin + between + two.text,
                "intent": intents[0],
                "also": intents[1] if len(intents) > 1 else None,
                "slots": slots,
                "spans": tuple(spans),
                "flags": tuple(dict.fromkeys((*one.flags, *two.flags))),
            }
        )

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
    spans = tuple(shifted(question.spans, word.start(), len(wrong) - len(word.group())))
    text = question.text[: word.start()] + wrong + question.text[word.end() :]
    return question.model_copy(update={"text": text, "spans": spans})


def _unmarked(question: Utterance) -> Utterance:
    """Without the marks that end sentences and clauses, those within spans excepted."""
    text, spans = question.text, list(question.spans)
    for mark in reversed(list(_MARKS.finditer(text))):
        if not any(span.start < mark.end() and mark.start() < span.end for span in question.spans):
            text = text[: mark.start()] + text[mark.end() :]
            spans = shifted(spans, mark.start(), mark.start() - mark.end())
    return question.model_copy(update={"text": text, "spans": tuple(spans)}) if text.strip() else question


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
