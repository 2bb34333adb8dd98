"""The payloads of acts as they are read: strictly, nothing unknown, one way to write each value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.canonical import canonical_json
from assistant.content.policy import ReviewRole
from assistant.errors import ContentError
from assistant.trust.approvals.subjects import SubjectKind
from assistant.trust.keys import is_printed_name

APPROVAL_SCHEMA = "onlabel.approval/1"
WITHDRAWAL_SCHEMA = "onlabel.withdrawal/1"
TIME = "%Y-%m-%dT%H:%M:%SZ"

_TIME_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_DATE_FORM = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

M = TypeVar("M", bound="ActPayload")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Words = Annotated[str, Field(min_length=1, max_length=2000)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=400)]


class _Subject(_Part):
    kind: SubjectKind
    id: _Name
    version: _Name
    sha256: _Hash


class _Withdrawn(_Part):
    kind: SubjectKind
    id: _Name
    version: _Name


class ActPayload(_Part):
    """What every act signs: in which role, by whom, when (21 CFR 11.50)."""

    role: ReviewRole
    printed_name: str
    signed_at: str

    @field_validator("printed_name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not is_printed_name(name):
            raise ValueError("is no printed name on one line")
        return name

    @field_validator("signed_at")
    @classmethod
    def _time(cls, text: str) -> str:
        if not _TIME_FORM.fullmatch(text):
            raise ValueError("must be a time in UTC such as 2026-11-21T09:00:00Z")
        dt.datetime.strptime(text, TIME)
        return text

    @property
    def when(self) -> dt.datetime:
        """The time of signing."""
        return dt.datetime.strptime(self.signed_at, TIME).replace(tzinfo=dt.UTC)


class ApprovalPayload(ActPayload):
    """What an approval signs."""

    schema_: Literal["onlabel.approval/1"] = Field(alias="schema")
    subjects: Annotated[tuple[_Subject, ...], Field(min_length=1)]
    meaning: _Words
    valid_until: str | None

    @field_validator("valid_until")
    @classmethod
    def _day(cls, text: str | None) -> str | None:
        return text if text is None else _date(text)


class WithdrawalPayload(ActPayload):
    """What a withdrawal signs."""

    schema_: Literal["onlabel.withdrawal/1"] = Field(alias="schema")
    subjects: Annotated[tuple[_Withdrawn, ...], Field(min_length=1)]
    reason: _Words
    effective: str

    @field_validator("effective")
    @classmethod
    def _day(cls, text: str) -> str:
        return _date(text)


def _date(text: str) -> str:
    if not _DATE_FORM.fullmatch(text):
        raise ValueError("must be a date such as 2026-01-15")
    return dt.date.fromisoformat(text).isoformat()


def parsed(model: type[M], fields: Mapping[str, Any], file: str) -> M:
    """``fields`` as ``model``; ``file`` is what errors name.

    :raises ContentError: the first field that has no meaning.
    """
    try:
        # From JSON, so that nothing is taken for what it is not: no number for a text, no list for a date.
        return model.model_validate_json(canonical_json(fields), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise ContentError(f"{where}: {reason}" if where else reason, file) from error
