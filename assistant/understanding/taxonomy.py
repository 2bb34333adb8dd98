"""The intents: what each is called on a button, what it means, how people ask it.

The taxonomy that ships with the package holds DESIGN's intents; a workspace's ``approved_corpus/taxonomy.yaml`` adds
utterances to them or intents of its own, in the same format. An added intent is about a product: its passages carry it
as their topic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.content.corpus import Line
from assistant.content.frontmatter import load_mapping, read_utf8, validate
from assistant.content.lexicon import PLACEHOLDER
from assistant.domain import INTENTS, OTHER_INTENTS


class _IntentFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Line | None = None
    description: str = ""
    examples: tuple[Line, ...] = ()


class _TaxonomyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["onlabel.taxonomy/1"] = Field(alias="schema")
    intents: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=60)], _IntentFile]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Labels and example utterances by intent; product names in utterances are the placeholder."""

    labels: Mapping[str, str]
    examples: Mapping[str, tuple[str, ...]]

    @property
    def intents(self) -> tuple[str, ...]:
        """All intents: DESIGN's in its order, then added ones by name."""
        return (*INTENTS, *sorted(set(self.labels) - set(INTENTS)))

    @property
    def topics(self) -> tuple[str, ...]:
        """The intents that passages can be about."""
        return tuple(intent for intent in self.intents if intent not in OTHER_INTENTS)


def read_taxonomy(shipped: Path, own: Path | None = None) -> Taxonomy:
    """The shipped taxonomy with the workspace's own laid over it.

    :raises ContentError: a file cannot be meant, or an added intent has no label.
    """
    labels: dict[str, str] = {}
    examples: dict[str, list[str]] = {}
    for path in (shipped, own):
        if path is None or not path.is_file():
            continue
        data = read_utf8(path)
        read = validate(_TaxonomyFile, load_mapping(data, path), data, path, 1)
        for name, intent in read.intents.items():
            labels[name] = intent.label or labels.get(name) or name.replace("_", " ")
            written = (example.replace("{product}", PLACEHOLDER) for example in intent.examples)
            examples.setdefault(name, []).extend(written)
    for name, label in labels.items():
        # A choice sends the label, so the label must lead back to its intent.
        examples.setdefault(name, []).append(label)
    return Taxonomy(labels, {name: tuple(dict.fromkeys(given)) for name, given in examples.items()})
