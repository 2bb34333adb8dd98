"""``release.json``: what a release says of itself, signed with everything else.

Refuses unknown keys and other schemas. Nothing in here is believed before it was proved against the signed metadata.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.canonical import canonical_json
from assistant.errors import IntegrityError

FILE = "release.json"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Days = Annotated[int, Field(ge=0, le=3660)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Contexts(_Part):
    """For whom, where, in which languages and channels the release answers."""

    audiences: tuple[str, ...]
    markets: tuple[str, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]


class Offline(_Part):
    """What becomes of a laptop that gets no newer timestamp: both numbers are the reviewers' choice.

    ``warn_days``: how long a timestamp counts as fresh, from signing on. ``stop_days``: how long past that the release
    still answers, with a warning.
    """

    warn_days: Days = 30
    stop_days: Days = 30


class GoldenTerms(_Part):
    """How many golden questions there are, and how many of them may end in a question back on another machine."""

    questions: int = Field(ge=0)
    tolerated_clarifications: int = Field(ge=0)


class Description(_Part):
    """All of ``release.json``."""

    form: Literal["onlabel.release/1"] = Field(default="onlabel.release/1", alias="schema")
    name: str = Field(min_length=1, max_length=100)
    number: int = Field(ge=1)
    built_at: dt.datetime
    software: str
    ledger: Sha256
    index: Sha256
    model_sha256: Sha256
    policy_sha256: Sha256
    contexts: Contexts
    offline: Offline = Offline()
    golden: GoldenTerms
    counts: dict[str, int]

    def to_bytes(self) -> bytes:
        """The canonical bytes of the file."""
        fields: dict[str, Any] = json.loads(self.model_dump_json(by_alias=True, exclude={"built_at"}))
        return canonical_json(fields | {"built_at": stamp(self.built_at)})


def parse_description(data: bytes) -> Description:
    """``release.json`` read.

    :raises IntegrityError: it is none: whoever signed it meant another version of this software.
    """
    try:
        return Description.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise IntegrityError(f"{FILE} of the release cannot be read ({where}: {first['msg']})") from error


def read_description(root: Path) -> Description:
    """``release.json`` of the release in ``root``.

    :raises IntegrityError: it is not there or no description.
    """
    try:
        return parse_description((root / FILE).read_bytes())
    except OSError as error:
        raise IntegrityError(f"the release in {root} has no {FILE}") from error


def stamp(moment: dt.datetime) -> str:
    """``moment`` as files write it, to the second: ``2026-11-21T09:00:00Z``."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> dt.datetime:
    """The moment that :func:`stamp` wrote.

    :raises ValueError: it is none.
    """
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
