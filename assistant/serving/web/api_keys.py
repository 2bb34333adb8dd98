"""Local API keys: shown once when they are made, kept as scrypt hashes (RFC 7914) with what their holder may be.

A key is ``onlabel_<id>_<secret>``: the id finds its line, the secret (256 random bits) is proved against the hash. A
secret that was proved once is known again by a keyed hash in memory, so that scrypt is paid once a key and not once a
question. Guarantees: whoever reads the file can ask nothing with it; the file is read again when it changes, so a key
that was taken out of it stops counting with the next request.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import re
import secrets
import threading
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import HTTPConnection

from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.serving.web.auth import bearer, from_browser, unknown
from assistant.serving.web.callers import Caller, Standards
from assistant.trust.disk import write_whole

_PREFIX = "onlabel"
_SHAPE = re.compile(rf"{_PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
_COST = {"n": 2**14, "r": 8, "p": 1}
_MEMORY = 64 * 1024 * 1024


class ApiKey(BaseModel):
    """A line of the file: a name for the record, the hash, and what the holder may be (empty: the settings')."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    scrypt: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    audience: Literal["", "hcp", "patient"] = ""
    market: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    language: Annotated[str, Field(pattern=r"^([a-z]{2})?$")] = ""
    channel: Literal["", "widget", "api"] = ""
    made: dt.date
    until: dt.date | None = None

    def proves(self, secret: str) -> bool:
        """Whether ``secret`` is this key's; takes some 50 ms on purpose."""
        return hmac.compare_digest(_scrypt(secret, bytes.fromhex(self.salt)), self.scrypt)

    def valid_on(self, day: dt.date) -> bool:
        return self.until is None or day < self.until


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    form: Literal["onlabel.api-keys/1"] = Field(default="onlabel.api-keys/1", alias="schema")
    keys: tuple[ApiKey, ...] = ()


class KeyFile:
    """The file of keys. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[ApiKey, ...]:
        """Every key, as the file says now.

        :raises ContentError: the file cannot be read.
        """
        return tuple(self._read().values())

    def find(self, id: str) -> ApiKey | None:
        """The key with this id."""
        return self._read().get(id)

    def add(self, name: str, *, today: dt.date, **given: str | dt.date | None) -> str:
        """Make a key; the one time that it can be seen.

        :raises UsageError: a key of this name is there, or what was given cannot be meant.
        """
        keys = self._read()
        if any(key.name == name for key in keys.values()):
            raise UsageError(f"there is a key named {name} already: remove it first, or choose another name")
        id, secret, salt = secrets.token_hex(8), secrets.token_urlsafe(32), secrets.token_bytes(16)
        fields = {"id": id, "name": name, "salt": salt.hex(), "scrypt": _scrypt(secret, salt), "made": today}
        try:
            made = ApiKey.model_validate(fields | given)
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        self._write((*keys.values(), made))
        return f"{_PREFIX}_{id}_{secret}"

    def remove(self, name: str) -> None:
        """Take a key out; it stops counting at once.

        :raises UsageError: there is none of this name.
        """
        keys = self._read()
        kept = tuple(key for key in keys.values() if key.name != name)
        if len(kept) == len(keys):
            raise UsageError(f"there is no key named {name}: `onlabel serve list-keys` names them")
        self._write(kept)

    def _read(self) -> dict[str, ApiKey]:
        with self._lock:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._stamp, self._keys = None, {}
                return self._keys
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                self._keys = {key.id: key for key in _parsed(self.path).keys}
                self._stamp = stamp
            return self._keys

    def _write(self, keys: tuple[ApiKey, ...]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = _File(keys=keys).model_dump_json(by_alias=True, indent=1).encode() + b"\n"
        write_whole(self.path, data, mode=0o600)


class KeyDoor:
    """Lets the holders of keys in; a :class:`~assistant.serving.web.auth.Doorkeeper`."""

    def __init__(self, file: KeyFile, standards: Standards) -> None:
        if not file.all():
            raise NotReadyError(f"no API key in {file.path}: make one with `onlabel serve add-key NAME`")
        self._file = file
        self._standards = standards
        self._known: dict[str, bytes] = {}
        self._pepper = secrets.token_bytes(32)
        self._one_at_a_time = asyncio.Lock()

    async def caller(self, connection: HTTPConnection) -> Caller:
        """See :class:`~assistant.serving.web.auth.Doorkeeper`."""
        shape = _SHAPE.fullmatch(bearer(connection))
        key = self._file.find(shape[1]) if shape else None
        if shape is None or key is None or not key.valid_on(dt.datetime.now(dt.UTC).date()):
            raise unknown()
        if not await self._proves(key, shape[2]):
            raise unknown()
        return self._standards.caller(
            key.name,
            audience=key.audience,
            market=key.market,
            language=key.language,
            channel=key.channel,
            browser=from_browser(connection),
        )

    async def _proves(self, key: ApiKey, secret: str) -> bool:
        # The line of the file is part of what is known: a key made anew under an old id is proved anew.
        seen = hmac.digest(self._pepper, f"{key.id} {key.scrypt} {secret}".encode(), "sha256")
        if hmac.compare_digest(self._known.get(key.id, b""), seen):
            return True
        async with self._one_at_a_time:  # wrong secrets wait for each other and slow nobody else down
            proved = await asyncio.to_thread(key.proves, secret)
        if proved:
            self._known[key.id] = seen
        return proved


def _scrypt(secret: str, salt: bytes) -> str:
    return hashlib.scrypt(secret.encode(), salt=salt, maxmem=_MEMORY, dklen=32, **_COST).hex()


def _parsed(path: Path) -> _File:
    try:
        return _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ContentError("the API keys cannot be read", path) from error
    except ValidationError as error:
        raise ContentError("is no file of API keys: move it away and make the keys again", path) from error
