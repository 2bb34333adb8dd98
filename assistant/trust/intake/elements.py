"""The four elements of a valid case, as far as somebody's words hold them: reporter, patient, product, event.

ICH E2D and GVP module VI (VI.B.2) ask of a valid case an identifiable reporter, an identifiable patient, a suspect
product and an adverse event. Guarantees: whatever is found is quoted as it stands in the words, with its place; each
element is *given* (it is said outright), *suggested* (words point to it and a person has to read them) or *not given*.
Nothing is concluded from a drug, a name or a pronoun, and nothing is ever left out of the queue for want of an element:
this is a help for the reader of a report, never a filter.

Refuses nothing. Patterns are bounded, so that time grows with the length of the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from assistant.domain import Flag
from assistant.trust.intake.wording import PATTERNS, PLAIN


class Status(StrEnum):
    """How much is known of an element."""

    GIVEN = "given"
    SUGGESTED = "suggested"
    NOT_GIVEN = "not_given"


@dataclass(frozen=True, slots=True)
class Found:
    """Words that speak of an element.

    ``words`` is quoted; ``start`` is its place in characters, -1 where it does not stand in the words (the sign-on, a
    reading with folded characters). ``value`` is what it says in one word, e.g. ``67 a`` (UCUM) or ``female``.
    """

    what: str
    words: str
    status: Status
    start: int = -1
    value: str = ""

    def as_json(self) -> dict[str, object]:
        entry: dict[str, object] = {"what": self.what, "words": self.words, "status": self.status.value}
        return entry | {"start": self.start, "value": self.value}


@dataclass(frozen=True, slots=True)
class Element:
    """One of the four elements with all that speaks of it."""

    found: tuple[Found, ...] = ()

    @property
    def status(self) -> Status:
        for status in (Status.GIVEN, Status.SUGGESTED):
            if any(found.status is status for found in self.found):
                return status
        return Status.NOT_GIVEN

    def as_json(self) -> dict[str, object]:
        return {"status": self.status.value, "found": [found.as_json() for found in self.found]}


@dataclass(frozen=True, slots=True)
class Elements:
    """The four minimum elements (ICH E2D, section 5.1; GVP VI.B.2)."""

    reporter: Element
    patient: Element
    product: Element
    event: Element

    @property
    def given(self) -> int:
        """How many of the four are said outright."""
        return sum(e.status is Status.GIVEN for e in (self.reporter, self.patient, self.product, self.event))

    def as_json(self) -> dict[str, object]:
        return {
            "reporter": self.reporter.as_json(),
            "patient": self.patient.as_json(),
            "product": self.product.as_json(),
            "event": self.event.as_json(),
        }


#: At most so many finds a pattern: a hostile text repeats itself, and a suggestion needs no more.
_MOST_GIVEN = 20
_MOST_SUGGESTED = 3


def elements(
    words: str,
    *,
    flags: Iterable[Flag] = (),
    product: str = "",
    carried: bool = False,
    names: Iterable[tuple[str, str]] = (),
    spans: Iterable[tuple[str, str]] = (),
    reporter: str = "",
) -> Elements:
    """What ``words`` hold of the four elements.

    :param product: id of the product that the words were taken to be about; ``carried``: only the conversation said so.
    :param names: (name as written, product id) of every product that is named.
    :param spans: (type, words) that the model marked: ``event`` and ``substance`` count here.
    :param reporter: who wrote, as the sign-on knows it.
    """
    plain = words.translate(PLAIN)
    marked = tuple(spans)
    signed = (Found("sign-on", reporter, Status.GIVEN),) if reporter else ()
    return Elements(
        Element(signed + tuple(_matched("reporter", words, plain))),
        Element(tuple(_matched("patient", words, plain))),
        Element(tuple(_products(words, product, carried, tuple(names), marked))),
        Element(tuple(_events(words, marked, frozenset(flags)))),
    )


def _matched(element: str, words: str, plain: str) -> Iterator[Found]:
    taken: set[tuple[str, int]] = set()
    for pattern in PATTERNS:
        if pattern.element != element:
            continue
        most = _MOST_GIVEN if pattern.given else _MOST_SUGGESTED
        for match in islice(pattern.expression.finditer(plain), most):
            start, end = match.span("is") if "is" in pattern.expression.groupindex else match.span()
            # The first pattern that reads a place decides: those that say more stand first.
            if (pattern.what, start) not in taken:
                taken.add((pattern.what, start))
                status = Status.GIVEN if pattern.given else Status.SUGGESTED
                yield Found(pattern.what, words[start:end], status, start, pattern.value(match))


def _products(
    words: str, product: str, carried: bool, names: tuple[tuple[str, str], ...], spans: tuple[tuple[str, str], ...]
) -> Iterator[Found]:
    named = dict.fromkeys(names)
    for name, id in named:
        yield _quoted("product", name, words, Status.GIVEN, id)
    if product and product not in {id for _, id in named}:
        found = _quoted("product", product, words, Status.SUGGESTED if carried else Status.GIVEN, product)
        # The id is not what was written: without its place there are no words to quote.
        yield found if found.start >= 0 else Found("product", "", found.status, -1, product)
    for name in dict.fromkeys(text for type, text in spans if type == "substance"):
        yield _quoted("substance", name, words, Status.SUGGESTED)


def _events(words: str, spans: tuple[tuple[str, str], ...], flags: frozenset[Flag]) -> Iterator[Found]:
    marked = dict.fromkeys(text for type, text in spans if type == "event")
    for text in marked:
        yield _quoted("event", text, words, Status.GIVEN)
    if not marked:
        # The screen or the model noticed a report, and no words of it are marked: the reader has to find them.
        for flag in sorted(flags & {Flag.ADVERSE_EVENT, Flag.EMERGENCY}):
            yield Found("flag", "", Status.SUGGESTED, -1, flag.value)


def _quoted(what: str, text: str, words: str, status: Status, value: str = "") -> Found:
    """``text`` as it is written in ``words``; as it was handed in where it does not stand there letter for letter."""
    match = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", words, re.IGNORECASE) if text else None
    return Found(what, match[0] if match else text, status, match.start() if match else -1, value)


def agreed(element: Mapping[str, object], what: str) -> str:
    """The one value that all given finds ``what`` of a recorded element agree on; "" where there is none or several."""
    found = element["found"]
    assert isinstance(found, list)  # noqa: S101 - written by Element.as_json
    values = {entry["value"] for entry in found if entry["what"] == what and entry["status"] == Status.GIVEN}
    return str(values.pop()) if len(values) == 1 else ""
