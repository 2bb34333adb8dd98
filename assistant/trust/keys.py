"""Ed25519 keys (RFC 8032): made, kept encrypted, opened, and what the other side needs to check a signature.

Guarantees: a private key stands on the disk only in OpenSSH's own format, encrypted with a passphrase through many
rounds of bcrypt, readable by its owner alone; nothing is ever overwritten, and a change of passphrase leaves the old
file or the new one, never half of one. A key's id is the one that securesystemslib and so The Update Framework give it:
one id for approvals and for releases.

Refuses: a passphrase that is too short, a private key that is not encrypted or is no Ed25519 key, a private key below a
folder that holds ``onlabel.toml`` (what stands in a workspace is copied, zipped, committed and published), and a public
file whose id is not that of its key.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.canonical import fingerprint
from assistant.errors import ContentError, OnlabelError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

SCHEMA = "onlabel.public-key/1"
SCHEME = "ed25519"
PUBLIC_SUFFIX = ".pub.json"
SHORTEST_PASSPHRASE = 8
#: Rounds of bcrypt_pbkdf; ssh-keygen's default is 24. About a second on a laptop: it is paid once a session of signing.
KDF_ROUNDS = 100

_HEX_32 = re.compile(r"[0-9a-f]{64}")
_PRIME = 2**255 - 19
#: The y-coordinates of the eight points of small order, and the two that are also written unreduced: under such a key
#: a signature can be made that holds for every message (Chalkias, Garillot, Nikolaenko 2020).
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_WEAK = frozenset({0, 1, _PRIME - 1, _PRIME, _PRIME + 1, _ORDER_EIGHT, _PRIME - _ORDER_EIGHT})

_FIELDS = {"schema", "keyid", "scheme", "public", "name"}
_SETTINGS_FILE = "onlabel.toml"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The side of a key that may be seen. ``name`` is the printed name of its holder (21 CFR 11.50)."""

    keyid: str
    public_hex: str
    name: str

    def as_json(self) -> dict[str, str]:
        """The content of a public file."""
        return {
            "schema": SCHEMA,
            "keyid": self.keyid,
            "scheme": SCHEME,
            "public": self.public_hex,
            "name": self.name,
        }


@dataclass(frozen=True, slots=True)
class Signer:
    """An opened private key. It says nothing about itself when it is printed."""

    public: PublicKey
    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def keyid(self) -> str:
        return self.public.keyid

    def sign(self, data: bytes) -> bytes:
        """The raw signature of ``data``, 64 bytes."""
        return self._private.sign(data)

    def as_tuf(self) -> CryptoSigner:
        """The same key as The Update Framework wants it."""
        from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

        key = SSlibKey(self.keyid, SCHEME, SCHEME, {"public": self.public.public_hex})
        return CryptoSigner(self._private, key)


def keyid_of(public_hex: str) -> str:
    """The id of a public key: as securesystemslib computes it for Ed25519."""
    return fingerprint({"keytype": SCHEME, "keyval": {"public": public_hex}, "scheme": SCHEME})


def public_file(private: Path) -> Path:
    """Where the public side of ``private`` stands: beside it."""
    return private.with_name(private.name + PUBLIC_SUFFIX)


def new_key(path: Path, passphrase: str, name: str) -> PublicKey:
    """Make a key: the private side encrypted in ``path``, the public side beside it.

    :param name: the holder's printed name, e.g. ``Jane Roe, MD``.
    :raises UsageError: ``path`` is in a workspace or taken, the passphrase too short, or the name no name.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _outside_workspaces(path)
    _strong_enough(passphrase)
    printed = _printed(name)
    if path.exists() or public_file(path).exists():
        raise UsageError(f"{path} is there already: a key is never overwritten; give another name")
    private = Ed25519PrivateKey.generate()
    public_hex = private.public_key().public_bytes_raw().hex()
    public = PublicKey(keyid_of(public_hex), public_hex, printed)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, _encrypted(private, passphrase), 0o600)
    except OSError as error:
        raise OnlabelError(f"{path}: the key cannot be written: {error.strerror}") from error
    write_public(public_file(path), public)
    return public


def open_signer(path: Path, passphrase: str) -> Signer:
    """The signer whose private key stands encrypted in ``path``.

    :raises UsageError: wrong passphrase, or the key stands in a workspace.
    :raises ContentError: ``path`` holds no encrypted Ed25519 key, or the public file beside it is another key's.
    """
    _outside_workspaces(path)
    private = _decrypted(path, passphrase)
    public_hex = private.public_key().public_bytes_raw().hex()
    beside = public_file(path)
    public = read_public(beside) if beside.is_file() else PublicKey(keyid_of(public_hex), public_hex, "")
    if public.public_hex != public_hex:
        raise ContentError("is the public side of another key than the one beside it", beside)
    return Signer(public, private)


def change_passphrase(path: Path, old: str, new: str) -> None:
    """Encrypt the key in ``path`` anew.

    :raises UsageError: ``old`` is wrong or ``new`` is too short; the key stays as it was.
    """
    _outside_workspaces(path)
    _strong_enough(new)
    private = _decrypted(path, old)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _write_new(scratch, _encrypted(private, new), 0o600)
        scratch.replace(path)
    except OSError as error:
        raise OnlabelError(f"{path}: the key cannot be written: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def verify_signature(public_hex: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of ``data`` by the key ``public_hex``; whatever cannot be meant is not."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not _HEX_32.fullmatch(public_hex) or is_weak(public_hex):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_weak(public_hex: str) -> bool:
    """Whether a public key is a point of small order, which no honest key is."""
    return int.from_bytes(bytes.fromhex(public_hex), "little") & (2**255 - 1) in _WEAK


def read_public(path: Path) -> PublicKey:
    """The public key in ``path``.

    :raises ContentError: it is none, or its id is not that of its bytes.
    """
    try:
        found: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path) from error
    except (ValueError, RecursionError) as error:
        raise ContentError("is no public key of Onlabel: not JSON", path) from error
    if not isinstance(found, dict) or set(found) != _FIELDS or found["schema"] != SCHEMA:
        raise ContentError(f"is no public key of Onlabel ({SCHEMA}): give the file NAME{PUBLIC_SUFFIX}", path)
    public, name = found["public"], found["name"]
    if found["scheme"] != SCHEME or not isinstance(public, str) or not _HEX_32.fullmatch(public):
        raise ContentError("holds no Ed25519 key", path)
    if found["keyid"] != keyid_of(public):
        raise ContentError("keyid is not that of its key: the file was changed", path)
    if not isinstance(name, str) or not is_printed_name(name):
        raise ContentError("name is no printed name on one line", path)
    return PublicKey(found["keyid"], public, name)


def write_public(path: Path, key: PublicKey) -> None:
    """Write ``key`` to ``path``, which anyone may see.

    :raises OnlabelError: it cannot be written.
    """
    text = json.dumps(key.as_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise OnlabelError(f"{path}: the public key cannot be written: {error.strerror}") from error


def is_printed_name(name: str) -> bool:
    """Whether ``name`` can stand in a signature: on one line, printable, without space around it."""
    return bool(name) and name == name.strip() and len(name) <= 200 and name.isprintable()


def _printed(name: str) -> str:
    if not is_printed_name(name):
        raise UsageError("a key needs the printed name of its holder on one line, e.g. --name 'Jane Roe, MD'")
    return name


def _strong_enough(passphrase: str) -> None:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UsageError(f"the passphrase is too short: give {SHORTEST_PASSPHRASE} characters or more")


def _outside_workspaces(path: Path) -> None:
    # Both as it is written and as links lead: neither may end up in what is copied and published.
    for place in (path.absolute(), path.resolve()):
        for folder in place.parents:
            if (folder / _SETTINGS_FILE).is_file():
                raise UsageError(
                    f"{path}: a private key never stands in a workspace ({folder}), which is copied and published: "
                    "keep it elsewhere (default: the folder that `onlabel keys list` names)"
                )


def _encrypted(private: Ed25519PrivateKey, passphrase: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

    lock = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(KDF_ROUNDS).build(passphrase.encode())
    return private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)


def _decrypted(path: Path, passphrase: str) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(f"the key cannot be read: {error.strerror}", path) from error
    try:
        # An empty passphrase would open an unencrypted key in silence.
        private = load_ssh_private_key(data, passphrase.encode() or b"\0")
    except TypeError as error:
        raise ContentError("this private key is not encrypted: make one with `onlabel keys new`", path) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # A wrong passphrase and a damaged file look alike once decrypted: a broken checksum.
        if b"BEGIN OPENSSH PRIVATE KEY" in data:
            raise UsageError(f"{path}: wrong passphrase, or a damaged key file") from error
        raise ContentError("is no private key of Onlabel (OpenSSH format)", path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ContentError("is no Ed25519 key: make one with `onlabel keys new`", path)
    return private


def _write_new(path: Path, data: bytes, mode: int) -> None:
    # Never through a link that somebody laid there, and never readable by others, not even for a moment.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
