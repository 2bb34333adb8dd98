"""The questions a model learns from: the documented JSONL, its label sets, its splits (docs/annotation.md).

One line, one question:

    {"text": "dose of {product} in CKD?", "intent": "renal_impairment", "slots": {"population": ["renal_impairment"]},
     "spans": [], "flags": [], "style": "rep", "family": "w1-17", "author": "w1", "split": "train"}

Only ``text`` and ``intent`` must be there. ``family`` groups paraphrases and near-miss partners: lines of one family
share a split. Where ``split`` is missing it is drawn from the family's hash, so that it never changes when lines are
added. Refuses, naming file and line, whatever cannot be meant: an empty text, a span outside it or across another.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.content.lexicon import PLACEHOLDER
from assistant.errors import ContentError
from assistant.understanding.heads import LabelSets

Split = Literal["train", "validation", "calibration", "test"]

#: How a product is written in utterances; the model reads :data:`PLACEHOLDER` in its place.
PRODUCT_MARK = "{product}"
#: Share of the families in each split, for data that names none.
_SPLITS: tuple[tuple[Split, float], ...] = (
    ("train", 0.70),
    ("validation", 0.08),
    ("calibration", 0.11),
    ("test", 0.11),
)


class SpanMark(BaseModel):
    """A stretch of ``text`` that names something: ``start`` and ``end`` in characters, end exclusive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    type: str = Field(min_length=1, max_length=60)


class Utterance(BaseModel):
    """One labelled question. ``annotated`` says what was marked, and so may be learnt: all of it, the intent alone, or
    the intent and the flags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    intent: str = Field(min_length=1, max_length=80)
    also: str | None = None
    slots: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    spans: tuple[SpanMark, ...] = ()
    flags: tuple[str, ...] = ()
    annotated: Literal["all", "intent", "intent_and_flags"] = "all"
    style: str = ""
    family: str = ""
    author: str = ""
    split: Split | None = None

    @property
    def slots_marked(self) -> bool:
        """Whether its slots and spans were marked: where not, that there are none means nothing."""
        return self.annotated == "all"

    @property
    def flags_marked(self) -> bool:
        """Whether its flags were."""
        return self.annotated != "intent"

    @model_validator(mode="after")
    def _spans_fit(self) -> Self:
        if not self.text.strip():
            raise ValueError("the text is blank")
        for span in self.spans:
            if not span.start < span.end <= len(self.text):
                raise ValueError(f"the span {span.start}:{span.end} is not inside the text")
        for one, two in pairwise(sorted(self.spans, key=lambda span: span.start)):
            if two.start < one.end:
                raise ValueError(f"the spans {one.start}:{one.end} and {two.start}:{two.end} overlap")
        return self

    def masked(self) -> tuple[str, tuple[SpanMark, ...]]:
        """The text as the model reads it, the product's mark replaced, and its spans moved along."""
        text, moved = self.text, list(self.spans)
        grown = len(PLACEHOLDER) - len(PRODUCT_MARK)
        while (at := text.find(PRODUCT_MARK)) >= 0:
            text = text[:at] + PLACEHOLDER + text[at + len(PRODUCT_MARK) :]
            moved = shifted(moved, at, grown)
        return text, tuple(moved)


def shifted(spans: Iterable[SpanMark], at: int, by: int) -> list[SpanMark]:
    """``spans`` moved along where the text grew by so many characters (or shrank) behind ``at``."""
    return [
        SpanMark(
            start=span.start + (by if span.start > at else 0),
            end=span.end + (by if span.end > at else 0),
            type=span.type,
        )
        for span in spans
    ]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled questions with the hash of the bytes that they were read from.

    ``places`` says of each utterance the file and the line where it stands; empty where they were made, not read.
    """

    utterances: tuple[Utterance, ...]
    sha256: str
    places: tuple[tuple[str, int], ...] = ()

    def split(self, *names: Split) -> tuple[Utterance, ...]:
        """The utterances of these splits, in the order of the files."""
        return tuple(utterance for utterance in self.utterances if split_of(utterance) in names)

    def described(self) -> dict[str, Any]:
        """Counts by split, and the hash of the bytes, for a model's lineage."""
        return {
            "sha256": self.sha256,
            "questions": len(self.utterances),
            "splits": {name: len(self.split(name)) for name in ("train", "validation", "calibration", "test")},
        }

    def label_sets(self, order: Sequence[str] = ()) -> LabelSets:
        """All labels that occur; intents in ``order`` first, everything else by name."""
        intents = {u.intent for u in self.utterances} | {u.also for u in self.utterances if u.also}
        slots = {(slot, value) for u in self.utterances for slot, values in u.slots.items() for value in values}
        flags = {flag for u in self.utterances for flag in u.flags}
        spans = {span.type for u in self.utterances for span in u.spans}
        ordered = [name for name in order if name in intents]
        return LabelSets(
            intents=(*ordered, *sorted(intents - set(ordered))),
            slots=tuple(sorted(slots)),
            flags=tuple(sorted(flags)),
            spans=tuple(sorted(spans)),
        )


def split_of(utterance: Utterance) -> Split:
    """The split it stands in: its own, else by the hash of its family (of its text where it has none)."""
    if utterance.split is not None:
        return utterance.split
    digest = hashlib.sha256((utterance.family or utterance.text).encode()).digest()
    drawn = int.from_bytes(digest[:8]) / 2**64
    for name, share in _SPLITS:
        if drawn < share:
            return name
        drawn -= share
    return _SPLITS[-1][0]


def data_files(paths: Iterable[Path]) -> list[Path]:
    """The files that ``paths`` name: files as they are, of folders every ``.jsonl`` in them, by name."""
    found: list[Path] = []
    for path in paths:
        found.extend(sorted(path.rglob("*.jsonl")) if path.is_dir() else [path])
    return found


def read_dataset(paths: Sequence[Path]) -> Dataset:
    """Read labelled questions from JSONL files (``.gz`` as well), or from all of a folder.

    :raises ContentError: a file cannot be read, or a line cannot be meant.
    """
    dataset, unreadable = read_what_can_be_read(paths)
    if unreadable:
        raise unreadable[0]
    return dataset


def read_what_can_be_read(paths: Sequence[Path]) -> tuple[Dataset, tuple[ContentError, ...]]:
    """Read as :func:`read_dataset` does, but go on behind a line that cannot be meant; its error stands beside.

    :raises ContentError: a file cannot be read, or there is no line.
    """
    digest = hashlib.sha256()
    utterances: list[Utterance] = []
    places: list[tuple[str, int]] = []
    unreadable: list[ContentError] = []
    for path in data_files(paths):
        for number, line in read_lines(path):
            digest.update(line + b"\n")
            try:
                utterances.append(Utterance.model_validate_json(line))
                places.append((str(path), number))
            except ValidationError as error:
                unreadable.append(_unreadable(error, path, number))
    if not utterances and not unreadable:
        raise ContentError("holds no labelled questions", paths[0] if paths else None)
    return Dataset(tuple(utterances), digest.hexdigest(), tuple(places)), tuple(unreadable)


def _unreadable(error: ValidationError, path: Path, number: int) -> ContentError:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    fault = ContentError(f"{where + ': ' if where else ''}{first['msg']}", path, number)
    fault.__cause__ = error
    return fault


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a JSONL file that hold anything, with their numbers.

    :raises ContentError: it cannot be read.
    """
    try:
        raw = path.read_bytes()
        data = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield number, line


def write_dataset(utterances: Iterable[Utterance], path: Path) -> None:
    """Write utterances as the documented JSONL, fields that say nothing left out."""
    lines = [json.dumps(u.model_dump(exclude_defaults=True), ensure_ascii=False) + "\n" for u in utterances]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
