"""Annotations as Label Studio exports them (JSON), turned into lines of the documented training data.

Guarantees: a line holds only labels of the closed sets and spans that hold the words that their annotator saw; whatever
cannot be meant is a fault that names the task. Nothing is decided by vote: where annotators of one question disagree,
the annotation that was starred as ground truth counts, else the question is left out and told. The same text with the
same labels becomes one line; with other labels it is left out and told. A text in which something looks like personal
data is a fault. Annotators are named by number, never by their e-mail address.

Skipped tasks and tasks without an annotation are counted and make no line; predictions are never read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from assistant.errors import ContentError
from assistant.insights.annotations import Task, first_of, line_of
from assistant.insights.tasks import TEXT
from assistant.training.data_audit.finding import fold
from assistant.training.dataset import Utterance
from assistant.trust.log.personal import redacted

#: Parts of a label on which annotators are compared.
PARTS = ("intent", "also", "slots", "spans", "flags")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A question that was labelled in several ways; ``says`` tells in which, ``task`` where."""

    task: str
    says: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """What an export holds. ``twice``: questions that several annotators labelled; ``agreed``: in how many of them each
    part was the same; ``merged``: lines that said the same again; ``known``: texts that the data held already."""

    lines: tuple[Utterance, ...]
    faults: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]
    skipped: int
    merged: int
    known: int
    twice: int
    agreed: Mapping[str, int] = field(default_factory=dict)


def read_labelled(
    path: Path, intents: Collection[str], known: Iterable[Utterance] = (), *, personal: bool = False
) -> Labelled:
    """The lines in a Label Studio export.

    :param intents: the intents that there are.
    :param known: what is labelled already.
    :param personal: take texts in which something looks like personal data as well.
    :raises ContentError: the file is no such export.
    """
    return _Collector(intents, {fold(one.text): one for one in known}, personal).collect(_tasks(path))


def _tasks(path: Path) -> Iterator[tuple[str, Task | str]]:
    """Each task with what it is called, or what is wrong with it."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except (ValueError, RecursionError) as error:
        raise ContentError(f"is no JSON: {error}", path) from error
    if not isinstance(loaded, list) or not all(isinstance(one, dict) for one in loaded):
        raise ContentError("is no Label Studio export: it holds no list of tasks", path)
    if loaded and not any("annotations" in one for one in loaded):
        raise ContentError('holds no annotations: in Label Studio choose Export, then "JSON" (not JSON-MIN)', path)
    for number, one in enumerate(loaded, 1):
        named = f"task {number}" + (f" (id {one['id']})" if isinstance(one.get("id"), int) else "")
        try:
            yield named, Task.model_validate(one)
        except ValidationError as error:
            yield named, first_of(error)


class _Collector:
    """Gathers lines, task by task."""

    def __init__(self, intents: Collection[str], known: Mapping[str, Utterance], personal: bool) -> None:
        self._intents = frozenset(intents)
        self._known = known
        self._personal = personal
        self._lines: dict[str, tuple[str, Utterance]] = {}
        self._refused: set[str] = set()
        self._faults: list[str] = []
        self._disagreements: list[Disagreement] = []
        self._agreed: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
        self._skipped = self._merged = self._met = self._twice = 0

    def collect(self, tasks: Iterable[tuple[str, Task | str]]) -> Labelled:
        for named, task in tasks:
            if isinstance(task, str):
                self._faults.append(f"{named}: {task}")
                continue
            try:
                self._take(named, task)
            except ContentError as fault:
                self._faults.append(f"{named}: {fault}")
        return Labelled(
            tuple(line for _, line in self._lines.values()),
            tuple(self._faults),
            tuple(self._disagreements),
            self._skipped,
            self._merged,
            self._met,
            self._twice,
            dict(self._agreed),
        )

    def _take(self, named: str, task: Task) -> None:
        done = [one for one in task.annotations if not one.was_cancelled]
        if not done:
            self._skipped += 1
            return
        text = task.data.get(TEXT)
        if not isinstance(text, str) or not text.strip():
            raise ContentError(f"its data holds no {TEXT!r}")
        if not self._personal and redacted(text) != text:
            raise ContentError("holds what looks like personal data: take it out, or allow it by --allow-personal")
        family = task.data.get("family")
        lines = [line_of(text, one, family if isinstance(family, str) else "", self._intents) for one in done]
        line = self._settled(named, lines, [one.ground_truth for one in done])
        if line is not None:
            self._keep(named, line)

    def _settled(self, named: str, lines: Sequence[Utterance], starred: Sequence[bool]) -> Utterance | None:
        """The line that counts of several annotators' lines."""
        if len(lines) > 1:
            self._twice += 1
            self._agreed.update(part for part in PARTS if len({_part(one, part) for one in lines}) == 1)
        counting = [one for one, star in zip(lines, starred, strict=True) if star] or list(lines)
        apart = _differences(counting)
        if apart:
            self._disagreements.append(Disagreement(named, f"its annotators disagree: {apart}"))
            return None
        authors = sorted({one.author for one in counting if one.author})
        return counting[0].model_copy(update={"author": "+".join(authors)})

    def _keep(self, named: str, line: Utterance) -> None:
        key = fold(line.text)
        before = self._known.get(key)
        if before is not None:
            self._met += 1
            apart = _differences([before, line])
            if apart:
                self._disagreements.append(Disagreement(named, f"is labelled otherwise in the data at hand: {apart}"))
            return
        if key in self._refused:
            self._disagreements.append(Disagreement(named, "its text is labelled otherwise in other tasks"))
            return
        if key not in self._lines:
            self._lines[key] = (named, line)
            return
        first, other = self._lines[key]
        apart = _differences([other, line])
        if not apart:
            self._merged += 1
            return
        del self._lines[key]
        self._refused.add(key)
        self._disagreements.append(Disagreement(named, f"has the text of {first}, labelled otherwise: {apart}"))


def _differences(lines: Sequence[Utterance]) -> str:
    """In what labels of one question differ, in words; "": in nothing."""
    told = []
    for part in PARTS:
        given = {_part(one, part): None for one in lines}
        if len(given) > 1:
            told.append(f"{part} {' or '.join(_say(one) for one in given)}")
    return "; ".join(told)


def _part(line: Utterance, part: str) -> object:
    if part == "slots":
        return tuple(sorted((slot, value) for slot, values in line.slots.items() for value in values))
    if part == "spans":
        return tuple(sorted((span.start, span.end, span.type) for span in line.spans))
    if part == "flags":
        return tuple(sorted(line.flags))
    return getattr(line, part)


def _say(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(":".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value) or "none"
    return str(value or "none")
