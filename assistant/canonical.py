"""One canonical form for everything that is hashed: RFC 8785-like JSON and SHA-256, over text in whole characters.

Guarantees: equal values give equal bytes on every machine. Refuses floats (their text differs between
writers) and keys that are not strings.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """UTF-8 bytes of ``value``: sorted keys, no white space, no floats (RFC 8785 restricted to integers)."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def whole(text: str) -> str:
    """``text`` in whole characters: halves of a surrogate pair that stand side by side are one, others U+FFFD.

    Nothing else can be written in UTF-8, and so be hashed, recorded or sent.
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sha256_hex(data: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of ``data`` (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical form of ``value``."""
    return sha256_hex(canonical_json(value))


def _refuse_floats(value: Any) -> None:
    kind = type(value)
    if kind is str or kind is int:  # most of what there is
        return
    if isinstance(value, float):
        raise TypeError("floats have no canonical form; hash an integer or a string instead")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("canonical objects have string keys only")
            if type(item) is not str:
                _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
