"""What must never leave: secrets of every kind, errors that are full of them, and a search of what was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import psycopg
from pydantic import BaseModel, ValidationError

from assistant.building import FaultyContentError
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.releases.building import UnapprovedError
from assistant.serving.web.service import Busy, NotThereError
from assistant.trust.disk import BusyError
from assistant.trust.intake.rows import LostError
from assistant.understanding.encoder import TextTooLongError

PASSWORD = "hunter2-9f3a"  # noqa: S105 - of nobody
ADDRESS = f"postgresql://clerk:{PASSWORD}@db.internal:5432/records"
OTHER_FORM = f"host=db.internal user=clerk password={PASSWORD} dbname=records"
TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJqYW5lLnJvZS05ZjNhIn0.c2lnbmF0dXJlLTlmM2E"  # noqa: S105 - of nobody
KEY = "onlabel_0123456789abcdef_9f3aAAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJ"
QUESTION = "does zed help my aunt Philomena 9f3a with her zebrafish"
FOLDER = "/srv/onlabel-9f3a/installs"
PATH = f"{FOLDER}/releases/7/index/ledger.sqlite"
SQL = "SELECT body FROM entry WHERE number = 9"
#: What may be written down nowhere, the server's own log included.
SECRETS = (PASSWORD, "db.internal:5432/records:", TOKEN, TOKEN.split(".")[1], KEY, KEY.rpartition("_")[2])
#: What nobody may be told who asks from elsewhere.
INSIDE = (
    FOLDER,
    ADDRESS,
    "db.internal",
    SQL,
    "Traceback",
    "site-packages",
    "assistant.",
    "assistant/",
    '.py"',
    ".py:",
    '", line ',
)


class _Form(BaseModel):
    number: int


def _invalid() -> ValidationError:
    try:
        _Form.model_validate({"number": f"{QUESTION} {TOKEN} {PATH}"})
    except ValidationError as error:
        return error
    raise AssertionError


def _chained() -> Exception:
    try:
        try:
            raise psycopg.OperationalError(f"{ADDRESS} {SQL}")
        except psycopg.Error as error:
            raise RuntimeError(f"{QUESTION} {TOKEN}") from error
    except RuntimeError as error:
        return error


#: Errors of ours, whose words hold paths and, at worst, an address: never a question.
_WORDS = f"{PATH}: cannot be read ({ADDRESS}; {OTHER_FORM}; Bearer {TOKEN}; {KEY})"
OWN: tuple[OnlabelError, ...] = (
    OnlabelError(_WORDS),
    ContentError(_WORDS, PATH, 7),
    UsageError(_WORDS),
    NotThereError(_WORDS),
    IntegrityError(_WORDS),
    NotReadyError(_WORDS),
    UnapprovedError((_WORDS,), Path(FOLDER)),
    FaultyContentError((), Path(FOLDER)),
    BusyError(_WORDS),
    Busy(3),
    LostError(_WORDS),
    TextTooLongError(900, 512),
)
_FULL = f"{QUESTION} {PATH} {ADDRESS} {SQL} {TOKEN} {KEY}"
#: Faults of ours and of libraries, whose words may hold anything.
FOREIGN: tuple[Exception, ...] = (
    RuntimeError(_FULL),
    ValueError(_FULL),
    KeyError(_FULL),
    TypeError(_FULL),
    OSError(13, f"Permission denied: {_FULL}", PATH),
    FileNotFoundError(2, "No such file or directory", PATH),
    ConnectionResetError(_FULL),
    TimeoutError(_FULL),
    RecursionError(_FULL),
    MemoryError(_FULL),
    UnicodeDecodeError("utf-8", _FULL.encode(), 0, 1, _FULL),
    sqlite3.OperationalError(f"{SQL}: {_FULL}"),
    sqlite3.DatabaseError("file is not a database"),
    psycopg.OperationalError(f"connection failed: {ADDRESS} {SQL}\nDETAIL: {QUESTION}"),
    ExceptionGroup(_FULL, [RuntimeError(_FULL)]),
    ModuleNotFoundError(f"No module named {PATH}", name="faiss"),
    _invalid(),
    _chained(),
)


def each(errors: Iterable[BaseException]) -> list[str]:
    """Names for the cases of a test."""
    return [type(error).__name__ for error in errors]


def found_in(said: str, *unwelcome: str) -> list[str]:
    """Which secrets and whatever else is unwelcome stand in ``said``."""
    return [word for word in (*SECRETS, QUESTION, *unwelcome) if word in said]
