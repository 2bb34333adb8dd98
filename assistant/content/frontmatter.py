"""Split a content file into its YAML front matter and its body, and read the YAML strictly.

Guarantees: the body is returned as the very bytes of the file, less one final newline (``\\n`` or ``\\r\\n``). Refuses
a byte order mark, files that are not UTF-8, duplicate keys and anything but a mapping, always with the line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from assistant.errors import ContentError

M = TypeVar("M", bound=BaseModel)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice: the second would silently win."""


def _mapping(loader: Any, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG001 - yaml's
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, list | dict):
            raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_utf8(path: Path) -> bytes:
    """The file's bytes, proved to be UTF-8 without byte order mark.

    :raises ContentError: otherwise, with the line of the first bad byte.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path, 1) from error
    if data.startswith(b"\xef\xbb\xbf"):
        raise ContentError("begins with a byte order mark: save it as UTF-8 without one", path, 1)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContentError(f"is not valid UTF-8 (byte {data[error.start]:#04x})", path, line) from error
    return data


def split(data: bytes, path: Path) -> tuple[bytes, bytes, int]:
    """``(front matter, body, line of the body)`` of a content file.

    :raises ContentError: the file does not begin with ``---`` or the front matter does not end.
    """
    start = 4 if data.startswith(b"---\n") else 5 if data.startswith(b"---\r\n") else 0
    if not start:
        raise ContentError("must begin with front matter between two --- lines", path, 1)
    at = start
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        if data[at:end].rstrip(b"\r") == b"---":
            body = data[end + 1 :]
            line = data.count(b"\n", 0, end) + 2
            if body.endswith(b"\r\n"):
                return data[start:at], body[:-2], line
            return data[start:at], body[:-1] if body.endswith(b"\n") else body, line
        at = end + 1
    raise ContentError("the front matter has no closing --- line", path, 1)


def load_mapping(data: bytes, path: Path, first_line: int = 1) -> dict[str, Any]:
    """The YAML mapping in ``data``.

    :raises ContentError: not YAML, a key twice, or not a mapping; the line counts from ``first_line``.
    """
    try:
        loaded = yaml.load(data, Loader=_StrictLoader)  # noqa: S506 - a safe loader, made stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0)
        raise ContentError(f"is not valid YAML: {getattr(error, 'problem', None) or error}", path, line) from error
    except (ValueError, RecursionError) as error:
        raise ContentError(f"holds a value that cannot be read: {error}", path, first_line) from error
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ContentError("must be a mapping of names to values", path, first_line)
    return loaded


def line_of(data: bytes, key: str, first_line: int = 1) -> int:
    """The line where top-level ``key`` stands in YAML ``data``, else ``first_line``."""
    needle = key.encode() + b":"
    for number, line in enumerate(data.split(b"\n"), start=first_line):
        if line.startswith(needle):
            return number
    return first_line


def validate(model: type[M], fields: Mapping[str, Any], data: bytes, path: Path, first_line: int) -> M:
    """``fields`` as ``model``.

    :raises ContentError: the first field that has no meaning, with its line in ``data``.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise ContentError(f"{key}: {reason}" if key else reason, path, line_of(data, key, first_line)) from error


def as_date(value: object) -> dt.date:
    """A calendar date; a date with a time of day is refused rather than cut."""
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise ValueError("must be a date such as 2026-01-15")
    return value
