"""Read the records of a file of openFDA's, plain or gzipped: a reply, a list, one record, or a record a line.

Guarantees: each record comes once, in the file's order, with the line it begins on. Reads as a stream: of a file with
a record a line only the line is held, of one JSON value over many lines only the record.

Refuses with :class:`ContentError`, naming file and line and never quoting the content: what is not JSON in UTF-8,
repeated keys, NaN and infinity, lines (or, in a file that is one JSON value, records) of more than 64 MiB after
decompression, broken gzip.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from assistant.errors import ContentError

MAX_BYTES = 64 * 1024 * 1024


def numbered_records(
    path: Path, refuse: Callable[[ContentError], None] | None
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line number and record, of every record in the file."""
    number = 0
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if zipped else raw)
            first = b"\n"
            while first and not first.strip(b" \t\r\n\xef\xbb\xbf"):
                number += 1
                first = _line(file, path, number)
            if _is_whole_file(first, path):
                yield from _Stream(file, first, path, number).records()
                return
            while first:
                try:
                    value = _json(first.decode("utf-8-sig"))
                    yield from ((number, record) for record in _records(value))
                except (ValueError, RecursionError) as error:
                    raise_or_tell(ContentError(_why(error), path, number), refuse)
                except ContentError as error:
                    raise_or_tell(ContentError(error.message, path, number), refuse)
                first = b"\n"
                while first and not first.strip():
                    number += 1
                    first = _line(file, path, number)
    except (EOFError, zlib.error, OSError) as error:
        raise ContentError(f"cannot be read: {error}", path, number or None) from error


def raise_or_tell(error: ContentError, refuse: Callable[[ContentError], None] | None) -> None:
    if refuse is None:
        raise error
    refuse(error)


def _line(file: IO[bytes], path: Path, number: int) -> bytes:
    line = file.readline(MAX_BYTES + 1)
    if len(line) > MAX_BYTES:
        raise ContentError(f"a line of more than {MAX_BYTES} bytes", path, number)
    return line


def _is_whole_file(first: bytes, path: Path) -> bool:
    """Whether the first line only begins a JSON value that goes on below it."""
    if path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        return False
    text = first.decode("utf-8-sig", errors="replace").strip()
    try:
        _json(text)
    except json.JSONDecodeError as error:
        return text[:1] in ("{", "[") and error.pos >= len(text)
    except (ValueError, RecursionError, ContentError):
        return False
    return False


def _records(value: object) -> Iterator[Mapping[str, Any]]:
    """The records in a JSON value: a reply, a list, a record."""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = value["results"]
    for record in value if isinstance(value, list) else [value]:
        if not isinstance(record, dict):
            raise ContentError("holds something that is no record")
        yield record


def _json(text: str) -> Any:
    return _DECODER.decode(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ContentError("holds a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ContentError(f"holds {name}, which is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _why(error: Exception) -> str:
    """What is wrong, without a word of the content."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start}"
    return "is nested too deeply" if isinstance(error, RecursionError) else "is not JSON: a number is too long"


class _Stream:
    """A file that is one JSON value over many lines, read a record at a time."""

    def __init__(self, file: IO[bytes], first: bytes, path: Path, number: int) -> None:
        self._file = file
        self._first = first
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._path = path
        self._line = number
        self._text = ""
        self._at = 0

    def records(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if self._next() == "[":
            yield from self._elements()
        else:
            yield from self._object()
        if self._next():
            raise self._error("something follows the end of the JSON value")

    def _object(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        start, reply = self._line, False
        pairs: list[tuple[str, Any]] = []
        self._take("{")
        while self._next() != "}":
            if pairs or reply:
                self._take(",")
            if self._next() != '"':
                raise self._error("is not JSON: expected a key")
            key = self._value()
            self._take(":")
            if key == "results" and self._next() == "[":
                reply = True
                yield from self._elements()
            else:
                pairs.append((key, self._value()))
        self._take("}")
        if not reply:
            try:
                yield start, _unique(pairs)
            except ContentError as error:
                raise ContentError(error.message, self._path, start) from error

    def _elements(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        self._take("[")
        count = 0
        while self._next() != "]":
            if count:
                self._take(",")
                self._next()
            line = self._line
            value = self._value()
            if not isinstance(value, dict):
                raise ContentError("holds something that is no record", self._path, line)
            yield line, value
            count += 1
        self._take("]")

    def _next(self) -> str:
        """The next character that is no white space, left in place; "" at the end of the file."""
        while True:
            while self._at < len(self._text):
                char = self._text[self._at]
                if char not in " \t\r\n":
                    return char
                self._line += char == "\n"
                self._at += 1
            if not self._more(1 << 16):
                return ""

    def _take(self, char: str) -> None:
        if self._next() != char:
            raise self._error(f"is not JSON: expected {char!r}")
        self._at += 1

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                have = len(self._text) - self._at
                if have > MAX_BYTES:
                    raise self._error(f"holds a value of more than {MAX_BYTES} characters, or a broken one") from error
                if self._more(max(have, 1 << 16)):
                    continue
                self._line += self._text.count("\n", self._at, error.pos)
                raise self._error(f"is not JSON: {error.msg}") from error
            except ContentError as error:
                raise self._error(error.message) from error
            except (ValueError, RecursionError) as error:
                raise self._error(_why(error)) from error
            if end == len(self._text) and self._more(1 << 16):
                continue  # a number may go on
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        """Read on; False at the end of the file, with everything left as it is."""
        while True:
            data, self._first = self._first or self._file.read(size), b""
            try:
                read = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                behind = self._text.count("\n", self._at) + data[: error.start].count(b"\n")
                raise ContentError("is not UTF-8", self._path, self._line + behind) from error
            if read:
                self._text, self._at = self._text[self._at :] + read, 0
            if read or not data:
                return bool(read)

    def _error(self, message: str) -> ContentError:
        return ContentError(message, self._path, self._line)
