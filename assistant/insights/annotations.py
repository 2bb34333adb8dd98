"""One annotation of Label Studio, as it stands in a JSON export, and the training line that it makes.

Refuses, with words that say what is wrong, whatever cannot be meant: labels outside the closed sets, two where there
can be one, spans that overlap or do not hold the words that their annotator saw. Annotators are named by number, never
by their e-mail address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.domain import SLOT_VALUES, Flag
from assistant.errors import ContentError
from assistant.insights.tasks import ALSO, FLAGS, INTENT, SPANS, STYLE
from assistant.training.data_audit.lines import SPAN_TYPES, STYLES
from assistant.training.dataset import SpanMark, Utterance


class _Foreign(BaseModel):
    """What is read of another program's file, which holds much more and may hold more still."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Result(_Foreign):
    type: str
    from_name: str = ""
    value: dict[str, Any] = Field(default_factory=dict)


class Annotation(_Foreign):
    """What somebody labelled. ``was_cancelled``: he skipped the task; ``ground_truth``: it was starred."""

    result: tuple[_Result, ...]
    completed_by: int | dict[str, Any] | None = None
    was_cancelled: bool = False
    ground_truth: bool = False

    @property
    def author(self) -> str:
        """Its annotator by number; "": not known."""
        by = self.completed_by
        number = by.get("id") if isinstance(by, dict) else by
        return f"annotator-{number}" if isinstance(number, int) else ""


class Task(_Foreign):
    """A question with everything that annotators made of it."""

    id: int | str = ""
    data: dict[str, Any]
    annotations: tuple[Annotation, ...]


def first_of(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where + ': ' if where else ''}{first['msg']}"


def line_of(text: str, annotation: Annotation, family: str, intents: frozenset[str]) -> Utterance:
    """The line that an annotation makes of its text.

    :raises ContentError: it cannot be meant.
    """
    chosen: defaultdict[str, list[str]] = defaultdict(list)
    spans: list[SpanMark] = []
    for result in annotation.result:
        if result.from_name == SPANS:
            spans.append(_span(text, result))
        elif result.type == "choices":
            chosen[result.from_name] += _names(result)
    sets: dict[str, Collection[str]] = {INTENT: intents, ALSO: intents, FLAGS: [flag.value for flag in Flag]}
    sets |= {STYLE: STYLES, **SLOT_VALUES}
    for name, values in chosen.items():
        if name not in sets:
            raise ContentError(f"{name!r} is nothing that is labelled here: use the configuration that was exported")
        for value in values:
            if value not in sets[name]:
                raise ContentError(f"{value!r} is no {name} that there is")
    fields = {
        "text": text,
        "intent": _only(chosen, INTENT) or _missing(),
        "also": _only(chosen, ALSO) or None,
        "slots": {slot: _ordered(chosen[slot], SLOT_VALUES[slot]) for slot in SLOT_VALUES if chosen[slot]},
        "spans": sorted(spans, key=lambda span: span.start),
        "flags": _ordered(chosen[FLAGS], [flag.value for flag in Flag]),
        "style": _only(chosen, STYLE),
        "family": family,
        "author": annotation.author,
    }
    if fields["also"] == fields["intent"]:
        fields["also"] = None
    try:
        return Utterance.model_validate(fields)
    except ValidationError as error:
        raise ContentError(first_of(error)) from error


def _names(result: _Result) -> list[str]:
    given = result.value.get("choices")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ContentError(f"{result.from_name}: holds no list of choices")
    return given


def _only(chosen: Mapping[str, list[str]], name: str) -> str:
    given = list(dict.fromkeys(chosen.get(name, ())))
    if len(given) > 1:
        raise ContentError(f"{name}: only one can be chosen, not {' and '.join(given)}")
    return given[0] if given else ""


def _missing() -> str:
    raise ContentError("no intent was chosen")


def _ordered(given: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for value in order if value in given)


def _span(text: str, result: _Result) -> SpanMark:
    value = result.value
    start, end, labels = value.get("start"), value.get("end"), value.get("labels")
    if not isinstance(start, int) or not isinstance(end, int) or not isinstance(labels, list) or len(labels) != 1:
        raise ContentError("a span needs start, end and one label")
    if labels[0] not in SPAN_TYPES:
        raise ContentError(f"{labels[0]!r} is no type of span that there is")
    words = value.get("text")
    for first, behind in ((start, end), (_characters(text, start), _characters(text, end))):
        found = text[first:behind]
        if 0 <= first < behind <= len(text) and (words is None or found == words):
            # Whoever drags a mouse takes the space beside the word along.
            first += len(found) - len(found.lstrip())
            behind = first + len(found.strip())
            if first < behind:
                return SpanMark(start=first, end=behind, type=labels[0])
    raise ContentError(f"the span {start}:{end} does not hold the words that were marked")


def _characters(text: str, units: int) -> int:
    """How many characters stand before ``units`` as some browsers count them (UTF-16); -1: there is no such place."""
    data = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= 2 * units <= len(data):
        return -1
    try:
        return len(data[: 2 * units].decode("utf-16-le"))
    except UnicodeDecodeError:  # in the middle of a character
        return -1
