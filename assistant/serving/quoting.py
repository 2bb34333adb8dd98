"""Tell approved words from others: whether a text stands, byte for byte, in a passage that is approved here and now.

Guarantees: only an exact match counts: not one that differs in white space, quotation marks, case or Unicode form, for
"6 %" is near to "5 %". Only passages that are eligible in the context are looked at, so the answer tells nothing of
others; no text of a passage is given back. Refuses fragments too short to mean anything.

A match proves that the words are approved, not that they are quoted in a context they are approved for: what goes with
them (companions, the rest of the passage) is named by ``whole``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.answering.index import Index
from assistant.domain import Context, Passage

SCHEMA = "onlabel.quote/1"
#: Fewer bytes are approved nowhere, unless they are a whole passage.
SHORTEST = 20
_MOST_MATCHES = 5
_PRODUCTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """Where a text stands: bytes ``start`` to ``end`` of a passage."""

    passage: Passage
    start: int
    end: int

    def as_json(self) -> dict[str, Any]:
        return {
            "passage": self.passage.id,
            "version": self.passage.version,
            "sha256": self.passage.sha256,
            "document": self.passage.document,
            "locator": self.passage.locator,
            "start": self.start,
            "end": self.end,
            "whole": self.end - self.start == len(self.passage.text),
        }


def verify_quote(quote: str, index: Index, context: Context) -> dict[str, Any]:
    """Whether ``quote`` is approved in ``context``, as ``onlabel.quote/1``.

    Where it is not as a whole, each of its lines is told apart: ``lines`` holds byte ranges of ``quote``.
    """
    wanted = quote.encode("utf-8", "replace")
    lines = list(_lines(wanted))
    found: dict[bytes, list[Match]] = {text: [] for text in (wanted, *(wanted[s:e] for s, e in lines))}
    for passage in _eligible(index, context):
        for text, matches in found.items():
            at = passage.text.find(text) if len(matches) < _MOST_MATCHES else -1
            if at >= 0 and (len(text) >= SHORTEST or text == passage.text):
                matches.append(Match(passage, at, at + len(text)))
    whole = found[wanted] if wanted else []
    return {
        "schema": SCHEMA,
        "approved": bool(whole),
        "matches": [match.as_json() for match in whole],
        "lines": []
        if whole
        else [
            {"start": start, "end": end, "approved": bool(found[wanted[start:end]])}
            | ({"match": found[wanted[start:end]][0].as_json()} if found[wanted[start:end]] else {})
            for start, end in lines
        ],
        "context": context.as_json(),
    }


def _lines(text: bytes) -> Iterator[tuple[int, int]]:
    """The byte ranges of the lines of ``text`` that are not blank, line ends left out."""
    start = 0
    for line in text.split(b"\n"):
        end = start + len(line)
        if line.strip():
            yield start, end - line.endswith(b"\r")
        start = end + 1


def _eligible(index: Index, context: Context) -> Iterator[Passage]:
    """Every passage, notices and companions too, that may be shown in ``context``."""
    for product in ("", *(entry.id for entry in index.products(_PRODUCTS))):
        for entry in index.entries(product):
            if entry.head.scope.in_force(context):
                yield index.load(entry)
