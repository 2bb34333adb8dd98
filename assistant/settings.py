"""The workspace's ``onlabel.toml``: who asks by default, which model reads, where records go.

Refuses unknown keys, wrong types and broken TOML with a :class:`ContentError` that names the file. Holds no wording and
no rule: those are content, owned by reviewers (``approved_corpus/policy.yaml``).
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.errors import ContentError
from assistant.trust.record_places import fault_in

#: How a token may be signed: with a key pair alone, for a shared secret would have to stand where it is checked.
TokenAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # fmt: skip
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_RATE = re.compile(r"[1-9][0-9]{0,6}/(second|minute|hour|day)")


def _without_fault(place: str) -> str:
    fault = fault_in(place, password=False)
    if fault:
        raise ValueError(fault)
    return place


#: A file, relative to the workspace, or the address of a PostgreSQL server without a password.
_Place = Annotated[str, AfterValidator(_without_fault)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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

    path: _Place = "audit/answers.sqlite"
    questions: Literal["full", "redacted", "hash"] = "full"


class IntakeSettings(_Section):
    """Where reports of adverse events and product complaints wait to be passed on: a file, or ``postgresql://...``."""

    path: _Place = "intake/reports.sqlite"


class ServeSettings(_Section):
    """The HTTP service (``onlabel serve``): where it listens, who may ask, for whom and how much.

    ``audience``, ``market``, ``language`` empty: as ``[context]`` says. ``claim_*``: the claim of a token that says it
    instead; once named, a token without it is refused. ``audit``, ``intake`` empty: as ``[audit]`` and ``[intake]``
    say, but reports go where ``audit`` says if that is a PostgreSQL server.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    auth: Literal["none", "keys", "jwt"] = "none"
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    tls_certificate: str = ""
    tls_key: str = ""

    audience: Literal["", "hcp", "patient"] = ""
    market: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    language: str = Field(default="", pattern=r"^([a-z]{2})?$")
    channel: Literal["", "widget", "api"] = ""

    keys: str = "keys/api-keys.json"
    jwks: str = ""
    issuer: str = ""
    token_audience: str = ""
    algorithms: tuple[TokenAlgorithm, ...] = Field(default=("RS256", "ES256", "EdDSA"), min_length=1)
    claim_audience: str = ""
    claim_market: str = ""
    claim_language: str = ""
    cookie: str = ""

    origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    rate: str = "60/minute"
    queue: int = Field(default=64, ge=1, le=10_000)
    body_bytes: int = Field(default=131_072, ge=1024, le=10_000_000)
    read_seconds: int = Field(default=20, ge=1, le=3600)
    answers_kept: int = Field(default=2000, ge=1, le=1_000_000)
    cache: int = Field(default=1000, ge=0, le=1_000_000)
    workers: int = Field(default=1, ge=1, le=64)

    audit: _Place = ""
    intake: _Place = ""

    @field_validator("origins", "frame_ancestors")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for origin in given:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin: write it as https://intranet.example.com")
        return given

    @field_validator("rate")
    @classmethod
    def _is_rate(cls, given: str) -> str:
        if not _RATE.fullmatch(given):
            raise ValueError(f"{given!r} is no rate: write it as 60/minute")
        return given


class Settings(_Section):
    """All of ``onlabel.toml``."""

    context: ContextSettings
    model: ModelSettings = ModelSettings()
    labels: LabelSettings = LabelSettings()
    limits: LimitSettings = LimitSettings()
    audit: AuditSettings = AuditSettings()
    intake: IntakeSettings = IntakeSettings()
    serve: ServeSettings = ServeSettings()


def read_settings(path: Path) -> Settings:
    """Read ``onlabel.toml``.

    :raises ContentError: it cannot be read, is no TOML, or holds a key or value that has no meaning.
    """
    try:
        return Settings.model_validate(_loaded(path))
    except ValidationError as error:
        raise _first(error, path) from error


def read_server_settings(path: Path) -> ServeSettings:
    """The section ``[serve]`` of a file of its own: where a server listens and keeps its records, whom it lets in.

    :raises ContentError: it cannot be read, or holds anything but a section ``[serve]`` that can be meant.
    """
    loaded = _loaded(path)
    unknown = sorted(set(loaded) - {"serve"})
    if unknown:
        raise ContentError(f"{unknown[0]}: only the section [serve] has a meaning here", path)
    try:
        return ServeSettings.model_validate(loaded.get("serve", {}))
    except ValidationError as error:
        raise _first(error, path, "serve.") from error


def _loaded(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"is not valid TOML: {error}", path) from error


def _first(error: ValidationError, path: Path, section: str = "") -> ContentError:
    first = error.errors()[0]
    return ContentError(f"{section}{'.'.join(str(part) for part in first['loc'])}: {first['msg']}", path)
