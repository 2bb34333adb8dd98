"""Checkpoints: a log's size and root, signed, in the format c2sp.org/tlog-checkpoint.

Guarantees: a checkpoint that is read has an origin, a size and a root of 32 bytes, and is written again byte for byte.
Whether it is *believed* is :func:`believed`: at least one signature of a log key that the caller named, under the
origin as its name. Cosignatures count only for cosigners that the caller named.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import ContentError, IntegrityError
from assistant.trust.log import notes
from assistant.trust.log.merkle import HASH_BYTES

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log had grown to: ``root`` is that of the first ``size`` records."""

    origin: str
    size: int
    root: bytes
    note: notes.Note

    def __str__(self) -> str:
        return str(self.note)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Who countersigned a checkpoint, and when by their clock."""

    name: str
    time: dt.datetime


def parse_checkpoint(written: str) -> Checkpoint:
    """The checkpoint that is written so.

    :raises ContentError: it is none.
    """
    note = notes.parse_note(written)
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise ContentError("is no checkpoint: origin, size and root are wanted, a line each")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContentError("is no checkpoint: its root is no base64") from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise ContentError("is no checkpoint: its root is no SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def make_checkpoint(origin: str, size: int, root: bytes, public_hex: str, sign: notes.Sign) -> Checkpoint:
    """A checkpoint signed by the log's key, whose name is the origin.

    :raises IntegrityError: ``sign`` does not sign with the key that was named.
    """
    note = notes.Note(f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n")
    return Checkpoint(origin, size, root, notes.signed(note, origin, public_hex, sign))


def countersigned(
    checkpoint: Checkpoint, name: str, public_hex: str, sign: notes.Sign, when: dt.datetime
) -> Checkpoint:
    """``checkpoint`` with a cosignature more.

    :raises IntegrityError: ``sign`` does not sign with the key that was named.
    """
    note = notes.cosigned(checkpoint.note, name, public_hex, sign, int(when.timestamp()))
    return Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, note)


def believed(checkpoint: Checkpoint, publics: Sequence[str], witnesses: Sequence[str] = ()) -> tuple[Cosigned, ...]:
    """Prove the signatures of a checkpoint; who of the ``witnesses`` countersigned it.

    :raises IntegrityError: no key of ``publics`` signed it, or a signature of a key that was named does not fit.
    """
    note, own, others = checkpoint.note, 0, []
    for signature in note.signatures:
        if signature.name == checkpoint.origin:
            own += sum(notes.signature_time(note, signature, notes.LOG, key) is not None for key in publics)
        for key in witnesses:
            time = notes.signature_time(note, signature, notes.COSIGNER, key)
            if time is not None:
                others.append(Cosigned(signature.name, _moment(time)))
    if not own:
        raise IntegrityError(f"the checkpoint of {checkpoint.size} records is not signed by a key that was named")
    return tuple(others)


def _moment(seconds: int) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise IntegrityError("a cosignature's time is no time") from error
