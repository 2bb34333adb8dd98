"""What rules and model find in a text, and how often: the part of ``safety.py`` that reads and counts.

Guarantees: a text is read as the pipeline reads it (the rules see the product's name, the model does not; a long one
also in parts), and flags are joined by planning's own function. Only the words of a corpus, which are never taken for
slips, are not known here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from tables import table

from assistant.answering.planning import GRAVE_FLAGS, raised
from assistant.answering.study_questions import asks_of_a_study
from assistant.content.corpus import read_corpus
from assistant.content.lexicon import mask, name_key
from assistant.content.policy import Thresholds, parse_policy
from assistant.domain import Flag
from assistant.training.dataset import PRODUCT_MARK
from assistant.understanding.choosing import Choosing
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.readers import Reader, file_reader
from assistant.understanding.reading import folded, in_any_part, read, stream_safe, with_flags_of
from assistant.understanding.screen import Screen
from assistant.workspace import Workspace, sample_root

#: Either of them puts a notice with the reporting route first.
ALARM = frozenset((Flag.ADVERSE_EVENT, Flag.EMERGENCY))
GRAVE = frozenset(flag for flag, _ in GRAVE_FLAGS)
ATTACK = frozenset((Flag.ATTACK,))

By = Literal["rules", "model", "both"]
BY: tuple[By, ...] = ("rules", "model", "both")
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Screened:
    """What the rules found in a text, and what the model chose for it."""

    rules: frozenset[Flag]
    chosen: Choosing
    of_a_study: bool = False

    def flags(self, by: By, limits: Thresholds) -> frozenset[Flag]:
        """The flags that stand, by one of the two or by both."""
        if by == "rules":
            return self.rules
        return raised(self.rules if by == "both" else (), self.chosen, limits, of_a_study=self.of_a_study)


@dataclass(frozen=True, slots=True)
class Reads:
    """The screen, the thresholds and one product of the sample workspace, and a model."""

    screen: Screen
    reader: Reader
    limits: Thresholds
    product: str

    def all(self, texts: Sequence[str], what: str) -> list[Screened]:
        """Every text, a product's mark in it become a product's name."""
        return [self._one(text.replace(PRODUCT_MARK, self.product)) for text in told(texts, what)]

    def groups(
        self, rows: Sequence[_Row], text: Callable[[_Row], str], groups: Mapping[str, Callable[[_Row], bool]], what: str
    ) -> dict[str, list[Screened]]:
        """Every row read once, and put into each group that it belongs to."""
        screened = list(zip(rows, self.all([text(row) for row in rows], what), strict=True))
        return {name: [one for row, one in screened if fits(row)] for name, fits in groups.items()}

    def _one(self, text: str) -> Screened:
        found = frozenset(finding.flag for finding in self.screen.find(stream_safe(text)))
        name = (name_key(self.product),)
        told = in_any_part(mask(folded(text), name), self.reader)
        try:
            chosen = read(folded(text), name, self.reader).chosen
        except TextTooLongError:
            chosen = Choosing(())
        return Screened(found, with_flags_of(chosen, told), asks_of_a_study(mask(folded(text), name)))


def open_reads(model: Path) -> Reads:
    """The sample workspace's screen with ``model``.

    :raises NotReadyError: it is no model, or has no trained heads.
    """
    sample = Workspace(sample_root())
    policy, _ = parse_policy(sample.policy_file.read_bytes(), sample.policy_file)
    reader = file_reader(model)
    print(f"{model.name}, SHA-256 {reader.encoder.file_sha256}; thresholds {json.dumps(policy.thresholds.flags)}\n")
    return Reads(Screen.from_yaml(sample.screen_file), reader, policy.thresholds, product_names()[0])


def product_names() -> list[str]:
    """Brand and generic names of the sample workspace; brands as most people write them, and in capitals."""
    documents = [sourced.document for sourced in read_corpus(Workspace(sample_root()).corpus).documents]
    brands = dict.fromkeys(name for document in documents for name in document.brand_names)
    generics = dict.fromkeys(document.generic_names[0] for document in documents if document.generic_names)
    return list(dict.fromkeys((*(name.title() for name in brands), *brands, *generics)))


def told(rows: Sequence[_Row], what: str) -> Iterator[_Row]:
    """``rows``; how far the work is goes to stderr, on a terminal."""
    for number, row in enumerate(rows, 1):
        yield row
        if sys.stderr.isatty() and (number % 20 == 0 or number == len(rows)):
            click.echo(f"\r{what}: {number} of {len(rows)} " + "\n" * (number == len(rows)), nl=False, err=True)


def spread(rows: Sequence[_Row], limit: int) -> list[_Row]:
    """At most ``limit`` of ``rows`` (0: all), from all over them."""
    if not limit or len(rows) <= limit:
        return list(rows)
    return [rows[at * len(rows) // limit] for at in range(limit)]


def json_rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# --- counting --------------------------------------------------------------------------------------------------------


def count(screened: Iterable[Screened], flags: frozenset[Flag], by: By, limits: Thresholds) -> int:
    """How many raise one of ``flags``."""
    return sum(not flags.isdisjoint(one.flags(by, limits)) for one in screened)


def percent(part: int, whole: int) -> str:
    """A share; of nothing, a dash."""
    return f"{part / whole:.1%}" if whole else "-"


def share_rows(groups: Mapping[str, Sequence[Screened]], flags: frozenset[Flag], limits: Thresholds) -> list[list[str]]:
    """Of each group: how many, and how many of them raise one of ``flags`` by rules, by the model, by both."""
    rows = []
    for name, group in groups.items():
        counts = [count(group, flags, by, limits) for by in BY]
        rows.append([name, str(len(group)), *(f"{found} = {percent(found, len(group))}" for found in counts)])
    return rows


def lowered(limits: Thresholds, adverse_event: float) -> Thresholds:
    """``limits`` with another threshold of ``adverse_event``."""
    return limits.model_copy(update={"flags": {**limits.flags, "adverse_event": adverse_event}})


def swept(groups: Iterable[Sequence[Screened]], threshold: float, limits: Thresholds) -> list[str]:
    """The share of each group that raises an alarm with this threshold: by both, and by the model alone."""
    at = lowered(limits, threshold)

    def share(group: Sequence[Screened], by: By) -> str:
        return percent(count(group, ALARM, by, at), len(group))

    return [f"{share(group, 'both')} ({share(group, 'model')})" for group in groups]


def publish(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    print(f"## {title}\n\n{table(head, rows)}\n")
