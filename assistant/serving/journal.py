"""What a server and the command line say when something fails: enough to find the fault, and nothing that is secret.

Guarantees: an exception that is not our own is told by its type and by where it arose, in files and lines, never in
its own words: those may quote a question, a passage, a credential or a row of a database. Of our own errors, whose
words are made to be read, what looks like a credential is struck out. So no bearer token, API key or password in an
address reaches a log.

It cannot know a secret that looks like any other word: whoever raises an error of ours leaves such words out of it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

from assistant.errors import OnlabelError

STRUCK = "***"
#: Credentials by their shape, and what stands in place of each.
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Name and password of an address, up to the last @ before a white space: an @, a quote or a bracket may stand in a
    # password. Better some of what follows it is struck out too.
    (re.compile(r"(?<=://)[^\s:]*:\S*@"), f"{STRUCK}@"),
    # A parameter of an address, of libpq's key=value form, or of JSON, and what stands as "password: x". A passphrase,
    # a token or a secret before a bare colon is prose: "no passphrase: give a file".
    (
        re.compile(
            r"(?i)((?:(?:password|passphrase|passwd|pwd|secret|api[-_]?key|token)(?:\s*=\s*|[\"']\s*:\s*)"
            r"|(?:password|passwd|pwd|api[-_]?key)\s*:\s*))"
            # In quotes, in which a backslash may stand before a quote; or without, up to what parts parameters: a quote
            # before a letter is no end of it.
            r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[\"']?[^\s&,;\"'](?:[^\s&,;\"']|[\"'](?=\w))*)"
        ),
        rf"\1{STRUCK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {STRUCK}"),
    (re.compile(r"\bonlabel_[0-9a-f]{16}_[A-Za-z0-9_-]+"), STRUCK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"), STRUCK),
)
#: What names a place inside: an absolute path, but for the addresses of this service's routes; a server, a database.
_PLACES = re.compile(
    r"(?<![\w./:-])/(?!v1/|widget/)[^\s/\"'`,;:()]+/"  # POSIX, two levels or more
    r"|\b[A-Za-z]:[\\/]"  # Windows
    r"|\\\\[^\s\"'`,;()]+"  # a share
    r"|\b[A-Za-z][A-Za-z0-9+.-]+://"
    r"|\b(?:host|hostaddr|dbname|user)\s*=\s*\S"
)


def discreet(text: str) -> str:
    """``text`` without what looks like a credential."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def for_callers(text: str) -> str:
    """``text`` if it may be told to somebody elsewhere; "" if it names a credential, a path or another server."""
    return "" if _PLACES.search(text) or discreet(text) != text else text


def told(error: BaseException) -> str:
    """``error`` for a log: an error of ours in its words, anything else by :func:`traced`."""
    return discreet(str(error)) if isinstance(error, OnlabelError) else traced(error)


def traced(error: BaseException) -> str:
    """What was raised and where, with what led to it, the last first; types and places, no words."""
    return "\n".join(_told(error, set()))


def _told(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    yield f"{type(error).__module__}.{type(error).__qualname__}{_reason(error)}"
    yield from _places(error.__traceback__)
    for part in getattr(error, "exceptions", ()):
        yield from _told(part, seen)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield "after"
        yield from _told(before, seen)


def _reason(error: BaseException) -> str:
    """What is known not to quote anything: the system's words for an error number, the module that is missing."""
    if isinstance(error, OSError) and error.errno is not None:
        return f" ({os.strerror(error.errno)})"  # the system's own: that of the error may be anybody's
    return f" ({error.name})" if isinstance(error, ImportError) and error.name else ""


def _places(tb: TracebackType | None) -> Iterator[str]:
    for frame, line in traceback.walk_tb(tb):
        yield f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"


class JournalFormatter(logging.Formatter):
    """Lines of a log, whoever writes them: libraries hand in exceptions with all their words."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # what another formatter made of the exception
        return discreet(super().format(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        error = ei[1] if isinstance(ei, tuple) else None
        return traced(error) if isinstance(error, BaseException) else ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        if record.name == "asyncio":  # below its first line asyncio writes out what failed, in its own words
            record.message = record.message.partition("\n")[0]
        return super().formatMessage(record)


def keep_journal(level: int = logging.INFO) -> None:
    """Let this process's log be written to stderr in this form, in place of whatever was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
