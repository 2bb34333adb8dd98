"""The workspace's ``onlabel.toml``: who asks by default, which model reads, where records go.

Refuses unknown keys, wrong types and broken TOML with a :class:`ContentError` that names the file. Holds no wording and
no rule: those are content, owned by reviewers (``approved_corpus/policy.yaml``).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.errors import ContentError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContextSettings(_Section):
    """The context of a question that names none. There is no default audience in code: it must stand here."""

    audience: Literal["hcp", "patient"]
    market: str = Field(pattern=r"^[A-Z]{2}$")
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    timezones: dict[str, str] = Field(default_factory=dict)

    @field_validator("timezones")
    @classmethod
    def _known(cls, zones: dict[str, str]) -> dict[str, str]:
        for name in zones.values():
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"{name} is no IANA time zone, e.g. America/New_York") from error
        return zones


class ModelSettings(_Section):
    """Which encoder, what chooses, and how they run. ``path`` empty: the model that ships with the package.

    ``chooser``: the heads trained into the encoder's file, the nearest example utterances, or a causal model in the
    GGUF file ``causal_path``, relative to the workspace.
    """

    chooser: Literal["trained", "nearest", "causal"] = "trained"
    causal_path: str = ""
    encoder: Literal["gguf", "sentence-transformers"] = "gguf"
    path: str = ""
    n_threads: int = Field(default=1, ge=1, le=256)
    n_threads_batch: int = Field(default=1, ge=1, le=256)
    n_ctx: int = Field(default=512, ge=64, le=8192)
    n_gpu_layers: int = Field(default=0, ge=-1)


class LabelSettings(_Section):
    """Between labelers of one product: the document whose words are used, by product id."""

    prefer: dict[str, str] = Field(default_factory=dict)


class LimitSettings(_Section):
    """Longest question that is read at all, in characters; longer ones are out of scope."""

    question_chars: int = Field(default=4000, ge=50, le=100_000)


class AuditSettings(_Section):
    """Where each answer is recorded before it is shown: a file in the workspace, or ``postgresql://...``.

    ``questions``: as they were typed, with personal data replaced, or as a keyed hash alone.
    """

    path: str = "audit/answers.sqlite"
    questions: Literal["full", "redacted", "hash"] = "full"


class IntakeSettings(_Section):
    """Where reports of adverse events and product complaints wait to be passed on, relative to the workspace."""

    path: str = "intake/reports.sqlite"


class Settings(_Section):
    """All of ``onlabel.toml``."""

    context: ContextSettings
    model: ModelSettings = ModelSettings()
    labels: LabelSettings = LabelSettings()
    limits: LimitSettings = LimitSettings()
    audit: AuditSettings = AuditSettings()
    intake: IntakeSettings = IntakeSettings()


def read_settings(path: Path) -> Settings:
    """Read ``onlabel.toml``.

    :raises ContentError: it cannot be read, is no TOML, or holds a key or value that has no meaning.
    """
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
        return Settings.model_validate(loaded)
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"is not valid TOML: {error}", path) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ContentError(f"{key}: {first['msg']}", path) from error
