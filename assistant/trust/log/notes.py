"""Signed notes: a text and the signatures under it, in the format c2sp.org/signed-note.

Guarantees: a note that is read is written again byte for byte; a signature counts only where name, key id and Ed25519
signature (RFC 8032) fit a key that the caller named. Signatures of keys that nobody named are kept and believed
nothing, as the format asks; one of a key that *was* named and does not fit spoils the whole note.

Two kinds of signature are known: a log's own (type 0x01, over the text) and a cosigner's (type 0x04,
c2sp.org/tlog-cosignature: over the text under a header with the time). Refuses control characters, names with spaces or
plus signs, and more than 64 signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assistant.errors import ContentError, IntegrityError, UsageError
from assistant.trust.keys import verify_signature

#: Signs bytes with an Ed25519 key: 64 bytes out.
Sign = Callable[[bytes], bytes]
Kind = Literal[1, 4]

LOG: Kind = 1
COSIGNER: Kind = 4
_DASH = "\N{EM DASH} "
_MOST_SIGNATURES = 64
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note: ``blob`` is what follows the four bytes of the key id."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` ends with a newline and is what is signed."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"


def parse_note(written: str) -> Note:
    """The note that is written so.

    :raises ContentError: it is no signed note.
    """
    if any(character < " " and character != "\n" for character in written):
        raise ContentError("is no signed note: it holds control characters")
    text, parted, below = written.rpartition("\n\n")
    lines = below.splitlines(keepends=True)
    if not (parted and lines) or len(lines) > _MOST_SIGNATURES:
        raise ContentError("is no signed note: a text, an empty line and signatures are wanted")
    note = Note(text + "\n", tuple(_signature(line) for line in lines))
    if str(note) != written:
        raise ContentError("is no signed note: it is not written as one (base64, line ends)")
    return note


def _signature(line: str) -> Signature:
    name, _, coded = line.removeprefix(_DASH).removesuffix("\n").partition(" ")
    try:
        blob = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContentError("is no signed note: a signature is no base64") from error
    if not line.startswith(_DASH) or not line.endswith("\n") or not _is_name(name) or len(blob) <= 4:
        raise ContentError("is no signed note: a line below its text is no signature")
    return Signature(name, blob[:4], blob[4:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def key_id(name: str, kind: Kind, public_hex: str) -> bytes:
    """The four bytes that go before a signature: a hint at the key, not a proof."""
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + _key(public_hex)).digest()[:4]


def signed(note: Note, name: str, public_hex: str, sign: Sign) -> Note:
    """``note`` with a log's signature under it.

    :raises IntegrityError: ``sign`` does not sign with the key that was named.
    """
    return _with(note, name, LOG, public_hex, sign(note.text.encode()))


def cosigned(note: Note, name: str, public_hex: str, sign: Sign, time: int) -> Note:
    """``note`` with a cosigner's signature under it; ``time`` in seconds since 1970, UTC.

    :raises IntegrityError: ``sign`` does not sign with the key that was named.
    """
    return _with(note, name, COSIGNER, public_hex, struct.pack(">Q", time) + sign(_cosigned_text(note, time)))


def _with(note: Note, name: str, kind: Kind, public_hex: str, blob: bytes) -> Note:
    if not _is_name(name):
        raise UsageError(f"{name!r} cannot name a signer: it must hold neither spaces nor plus signs")
    made = Note(note.text, (*note.signatures, Signature(name, key_id(name, kind, public_hex), blob)))
    try:
        # A key that does not belong to its public half must never get into a log that cannot be corrected.
        signature_time(made, made.signatures[-1], kind, public_hex)
    except IntegrityError as error:
        raise IntegrityError("the signature does not fit the public key that was named: nothing was signed") from error
    return made


def signature_time(note: Note, signature: Signature, kind: Kind, public_hex: str) -> int | None:
    """When a signature of this key was made (0 where its kind does not say), or None: it is of another key.

    :raises IntegrityError: it is of this key by name and id, and does not fit the text.
    """
    if signature.key_id != key_id(signature.name, kind, public_hex):
        return None
    head = 8 if kind == COSIGNER else 0
    time = struct.unpack(">Q", signature.blob[:8])[0] if head and len(signature.blob) >= head else 0
    signed_text = _cosigned_text(note, time) if head else note.text.encode()
    if len(signature.blob) != head + _SIGNATURE_BYTES or not verify_signature(
        public_hex, signed_text, signature.blob[head:]
    ):
        raise IntegrityError(f"the signature of {signature.name} does not fit the text above it")
    return time


def _cosigned_text(note: Note, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{note.text}".encode()


def _key(public_hex: str) -> bytes:
    try:
        key = bytes.fromhex(public_hex)
    except ValueError as error:
        raise UsageError("a public key is 64 hexadecimal digits") from error
    if len(key) != 32:
        raise UsageError("a public key is 64 hexadecimal digits")
    return key
