"""What one line tells of itself: malformed text and spans, labels outside their sets or at odds, personal data.

Closed sets and the rules of docs/annotation.md are held against data only where its intents are Onlabel's; other data
(a benchmark's, say) is judged by its form alone. A workspace may add intents of its own, so an unknown intent is a
fault only where it looks like a mistyped one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import get_args

from rapidfuzz import fuzz, process

from assistant.domain import INTENTS, SLOT_VALUES, Flag
from assistant.training.data_audit.finding import Finding, Kind, Lines
from assistant.training.data_audit.personal import personal_data
from assistant.training.dataset import PRODUCT_MARK, SpanMark, Split, Utterance

#: Types of spans and styles (docs/annotation.md, "What a line says").
SPAN_TYPES = frozenset({"condition", "comorbidity", "substance", "event"})
STYLES = frozenset(
    {"rep", "professional", "patient", "keyword", "typo", "dictation", "story", "followup", "two_questions"}
)

#: Intents that are asked of one population (rule 2), and those that are nothing but a flag (rules 7 to 9).
_POPULATION_OF: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("pediatric", "geriatric", "renal_impairment", "hepatic_impairment")}
)
_FLAG_OF: Mapping[str, str] = MappingProxyType(
    {
        "adverse_event_report": Flag.ADVERSE_EVENT.value,
        "product_complaint": Flag.PRODUCT_COMPLAINT.value,
        "emergency": Flag.EMERGENCY.value,
    }
)

#: How similar an unknown intent must be to a known one to be taken for its misspelling, of 100.
_MISTYPED = 85

#: Control, format, surrogate and private characters never belong into a question; U+FFFD is a character that was lost.
_STRANGE = frozenset({"Cc", "Cf", "Cs", "Co"})
#: UTF-8 that was read as Latin-1 or Windows-1252: a lead byte, then what a continuation byte looks like.
_MISDECODED = re.compile(r"[ÂÃ][\u0080-\u00bf]|â€|â‚¬|ï»¿")
_MARKUP = re.compile(r"\[[^\[\]|]+\|[a-z_]+\]")
_MARK = re.compile(r"\{[^{}\s]*\}")
_ARTICLE = re.compile(r"(?:a|an|the|of|with|for|in|to)\s", re.IGNORECASE)


def line_findings(lines: Lines) -> Iterator[Finding]:
    """Everything that single lines tell, line by line."""
    ours = of_onlabel(lines)
    for row in range(len(lines)):
        yield from _form(lines, row)
        yield from _personal(lines, row)
        if ours:
            yield from _labels(lines, row)


def of_onlabel(lines: Lines) -> bool:
    """Whether the data is labelled with Onlabel's intents: at least half of its lines are."""
    known = sum(utterance.intent in INTENTS for utterance in lines.dataset.utterances)
    return known * 2 >= len(lines)


# --- form ------------------------------------------------------------------------------------------------------------


def _form(lines: Lines, row: int) -> Iterator[Finding]:
    utterance = lines[row]
    faults = [*_text_faults(utterance)]
    faults += [fault for span in utterance.spans for fault in _span_faults(utterance.text, span)]
    if lines.splits[row] not in get_args(Split):
        faults.append(f"the split {lines.splits[row]!r} is none of {', '.join(get_args(Split))}")
    if faults:
        yield lines.finding(Kind.FORMAT, "; ".join(faults), (row,), rank=len(faults))
    loose = [span for span in utterance.spans if _ARTICLE.match(utterance.text, span.start, span.end)]
    if loose:
        words = f"the {loose[0].type} {loose[0].start}:{loose[0].end} begins with an article or a preposition"
        yield lines.finding(Kind.LOOSE_SPAN, words, (row,), rank=len(loose))


def _text_faults(utterance: Utterance) -> Iterator[str]:
    text = utterance.text
    strange = sorted({c for c in text if c == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(c) in _STRANGE})
    if strange:
        yield "the text holds " + ", ".join(f"U+{ord(c):04X}" for c in strange)
    if text != text.strip():
        yield "the text is blank at its ends"
    if _MISDECODED.search(text):
        yield "the text looks like UTF-8 that was read as something else"
    # An attack may well try marks of templates; elsewhere they were left over.
    if Flag.ATTACK.value not in utterance.flags:
        if _MARKUP.search(text):
            yield "the text still holds [words|type]: mark spans by their offsets"
        unknown = sorted(set(_MARK.findall(text)) - {PRODUCT_MARK})
        if unknown:
            yield f"the text holds {', '.join(unknown)}: only {PRODUCT_MARK} is replaced"


def _span_faults(text: str, span: SpanMark) -> Iterator[str]:
    words = text[span.start : span.end]
    where = f"the {span.type} {span.start}:{span.end}"
    if words != words.strip():
        yield f"{where} is blank at its ends"
    if _inside_word(text, span.start) or _inside_word(text, span.end):
        yield f"{where} cuts a word"
    if PRODUCT_MARK in words:
        yield f"{where} holds {PRODUCT_MARK}"


def _inside_word(text: str, at: int) -> bool:
    """Whether ``at`` stands between two letters or digits of one word."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


# --- labels ----------------------------------------------------------------------------------------------------------


def _labels(lines: Lines, row: int) -> Iterator[Finding]:
    utterance = lines[row]
    outside = [*_outside(utterance)]
    if outside:
        yield lines.finding(Kind.OUTSIDE, "; ".join(outside), (row,), rank=len(outside))
    # Where nobody marked slots and flags, none is missing.
    at_odds = [*_at_odds(utterance)] if utterance.slots_marked else []
    if at_odds:
        yield lines.finding(Kind.INCOHERENT, "; ".join(at_odds), (row,), rank=len(at_odds))


def _outside(utterance: Utterance) -> Iterator[str]:
    for intent in (utterance.intent, utterance.also or utterance.intent):
        if intent not in INTENTS:
            meant = process.extractOne(intent, INTENTS, scorer=fuzz.ratio, score_cutoff=_MISTYPED)
            if meant:
                yield f"the intent {intent!r} is unknown; {meant[0]!r} is meant?"
    for slot, values in utterance.slots.items():
        if slot not in SLOT_VALUES:
            yield f"the slot {slot!r} is none of {', '.join(SLOT_VALUES)}"
        else:
            yield from (f"{value!r} is no {slot}" for value in values if value not in SLOT_VALUES[slot])
    yield from (f"{flag!r} is no flag" for flag in utterance.flags if flag not in list(Flag))
    yield from (f"{span.type!r} is no type of span" for span in utterance.spans if span.type not in SPAN_TYPES)
    if utterance.style and utterance.style not in STYLES:
        yield f"{utterance.style!r} is no style"


def _at_odds(utterance: Utterance) -> Iterator[str]:
    intent, population = utterance.intent, utterance.slots.get("population", ())
    if intent in _POPULATION_OF and _POPULATION_OF[intent] not in population:
        yield f"the intent is {intent} but the population is {'+'.join(population) or 'missing'}"
    if intent in _FLAG_OF and _FLAG_OF[intent] not in utterance.flags:
        yield f"the intent is {intent} but the flag {_FLAG_OF[intent]} is missing"
    if utterance.also == intent:
        yield f"both questions are {intent}"
    if utterance.style == "two_questions" and utterance.also is None:
        yield "the style is two_questions but `also` is missing"
    for name, values in (("flags", utterance.flags), ("population", population)):
        if len(set(values)) < len(values):
            yield f"the {name} name one value twice"


# --- personal data ---------------------------------------------------------------------------------------------------


def _personal(lines: Lines, row: int) -> Iterator[Finding]:
    found = personal_data(lines[row].text)
    for kind, certain in ((Kind.PERSONAL, True), (Kind.PERSONAL_HINT, False)):
        names = dict.fromkeys(one.kind for one in found if one.certain is certain)
        if names:
            yield lines.finding(kind, f"holds what looks like a {', a '.join(names)}", (row,), rank=len(names))
