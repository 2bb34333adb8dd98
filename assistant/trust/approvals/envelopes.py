"""DSSE envelopes (https://github.com/secure-systems-lab/dsse, v1.0): bytes that somebody signed, and nothing else.

Guarantees: the signature covers type and payload together (the pre-authentication encoding, PAE), so neither can be
exchanged; an envelope is given out only once its signature has been checked with the key that the caller trusts.
One envelope is one act of one person: exactly one signature.

Refuses, with the file's name: anything but the three members, a second spelling of one envelope (base64 that is not
the canonical one, a key twice), a payload that is not in canonical form, an unknown type, an unknown key.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.canonical import canonical_json
from assistant.errors import ContentError, IntegrityError
from assistant.trust.keys import Signer, verify_signature

APPROVAL_TYPE = "application/vnd.onlabel.approval+json"
WITHDRAWAL_TYPE = "application/vnd.onlabel.withdrawal+json"
#: An approval of 100,000 passages takes about this much.
LARGEST = 32 * 1024 * 1024

_KEYID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope whose form was checked, but not yet its signature."""

    payload_type: str
    payload: bytes
    keyid: str
    signature: bytes
    file: str

    def verify(self, public_hex: str) -> Mapping[str, Any]:
        """What was signed, once the signature is proved to be of this key.

        :raises IntegrityError: it is not.
        :raises ContentError: what was signed is no object in canonical form.
        """
        if not verify_signature(public_hex, pae(self.payload_type, self.payload), self.signature):
            raise IntegrityError(f"{self.file}: the signature is not that of key {self.keyid[:8]} over these bytes")
        return _canonical_object(self.payload, self.file)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: ``DSSEv1 SP len(type) SP type SP len(body) SP body``."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload_type: str, payload: Mapping[str, Any], signer: Signer) -> bytes:
    """The envelope file in which ``signer`` signs ``payload``."""
    body = canonical_json(payload)
    signature = {"keyid": signer.keyid, "sig": _base64(signer.sign(pae(payload_type, body)))}
    envelope = {"payload": _base64(body), "payloadType": payload_type, "signatures": [signature]}
    return json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n"


def parse_envelope(data: bytes, file: str) -> Envelope:
    """The envelope in ``data``; ``file`` is what faults name.

    :raises ContentError: it is none.
    """
    if len(data) > LARGEST:
        raise ContentError(f"is larger than {LARGEST} bytes: no envelope is", file)
    try:
        found = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ContentError("is no DSSE envelope: not JSON, or a key twice", file) from error
    if not isinstance(found, dict) or set(found) != {"payload", "payloadType", "signatures"}:
        raise ContentError("is no DSSE envelope: it must hold payload, payloadType and signatures alone", file)
    if found["payloadType"] not in (APPROVAL_TYPE, WITHDRAWAL_TYPE):
        raise ContentError("payloadType is neither that of an approval nor of a withdrawal", file)
    keyid, signature = _signature(found["signatures"], file)
    return Envelope(found["payloadType"], _bytes(found["payload"], "payload", file), keyid, signature, file)


def _signature(found: object, file: str) -> tuple[str, bytes]:
    if not isinstance(found, list) or len(found) != 1:
        raise ContentError("signatures must hold exactly one: an envelope is one act of one person", file)
    (only,) = found
    if not isinstance(only, dict) or set(only) != {"keyid", "sig"}:
        raise ContentError("a signature must hold keyid and sig alone", file)
    if not isinstance(only["keyid"], str) or not _KEYID.fullmatch(only["keyid"]):
        raise ContentError("keyid is no id of a key", file)
    return only["keyid"], _bytes(only["sig"], "sig", file)


def _canonical_object(payload: bytes, file: str) -> Mapping[str, Any]:
    try:
        found = json.loads(payload)
        canonical = isinstance(found, dict) and canonical_json(found) == payload
    except (ValueError, TypeError, RecursionError) as error:
        raise ContentError("the payload is not JSON in canonical form", file) from error
    if not canonical:
        raise ContentError("the payload is not an object in canonical form", file)
    fields: Mapping[str, Any] = found
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: object, member: str, file: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError) as error:
        raise ContentError(f"{member} is not base64", file) from error
    if not data or _base64(data) != text:
        raise ContentError(f"{member} is not base64 as it is written here", file)
    return data
