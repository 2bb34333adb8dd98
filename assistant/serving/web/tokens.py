"""Bearer tokens of the company's identity provider: JSON Web Tokens (RFC 7519, RFC 8725) signed by its published keys.

Guarantees: only the algorithms of the settings count, whatever a token's header says, and each of them needs a key
pair; issuer, audience and expiry must be there and right; a key that names an algorithm or a use is used for nothing
else. Keys come from a file or an https address (JWKS, RFC 7517) and are read again when the file changes, when they
are an hour old, and when a token names an unknown key, at most every half minute however many tokens do.

Refuses every token where no keys were ever read, an address with a name or password in it, and whatever such an
address leads on to, sends beyond a megabyte, or takes more than a quarter of a minute to send. Where the address cannot
be reached the keys read before go on counting for a day: then a key that was taken back can no longer be told from one
that was not.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

import jwt
from jwt import PyJWK
from starlette.requests import HTTPConnection

from assistant.errors import NotReadyError
from assistant.serving.web.auth import bearer, from_browser, from_cookie, is_loopback, unknown
from assistant.serving.web.callers import Caller, Standards
from assistant.serving.web.errors import Refused
from assistant.settings import ServeSettings

_FRESH = 3600.0
_SOONEST = 30.0
_STALE = 86_400.0
#: Seconds that the server of the keys may be silent, and that it may take in all.
_TIMEOUT = 5.0
_WHOLE = 15.0
_LONGEST = 1_000_000
_LEEWAY = 30
_LONGEST_TOKEN = 16_384
#: What an algorithm's name begins with -> the kind of its keys (RFC 7518, section 3.1; RFC 8037).
_FAMILIES: Mapping[str, str] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
logger = logging.getLogger("onlabel.serve")
_T = TypeVar("_T")


class TokenKeys:
    """The identity provider's public keys, from a file or an address."""

    def __init__(self, place: str, *, root: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """:param root: the folder that a relative path starts from."""
        self._place = place
        self._is_address = "://" in place
        if self._is_address and not _may_fetch(place):
            raise NotReadyError("[serve] jwks: give a file or an https:// address, without a name or password in it")
        self._path = (root or Path()) / place
        self._clock = clock
        self._keys: tuple[Mapping[str, Any], ...] = ()
        self._read_at = self._tried_at = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._lock = asyncio.Lock()
        self._reader = threading.Thread()

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The one key that a token with this header may be signed by."""
        await self._renew(asked=False)
        found = self._match(kid, algorithm)
        if found is None and self._is_address:
            await self._renew(asked=True)
            found = self._match(kid, algorithm)
        return found

    def _match(self, kid: str | None, algorithm: str) -> PyJWK | None:
        fits = [key for key in self._keys if (kid is None or key.get("kid") == kid) and _may_sign(key, algorithm)]
        return PyJWK(dict(fits[0]), algorithm) if len(fits) == 1 else None

    async def _renew(self, *, asked: bool) -> None:
        if not self._is_due(asked):
            return
        async with self._lock:
            if not self._is_due(asked):
                return
            self._tried_at = self._clock()
            try:
                self._keys = await self._in_time(self._load)
                self._read_at = self._clock()
            except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
                # Not in its words: they may repeat the address, and what stands in its query.
                logger.error("the token keys cannot be read: %s", type(error).__name__)
            if self._clock() - self._read_at > _STALE:
                self._keys = ()

    async def _in_time(self, load: Callable[[], _T]) -> _T:
        """What ``load`` returns, unless it takes too long; one that took too long is waited out, not joined by others.

        :raises TimeoutError: it took too long, or the one before still does.
        """
        if self._reader.is_alive():
            raise TimeoutError
        done: Future[_T] = Future()
        done.set_running_or_notify_cancel()
        self._reader = threading.Thread(target=_resolve, args=(done, load), name="token-keys", daemon=True)
        self._reader.start()
        return await asyncio.wait_for(asyncio.wrap_future(done), _WHOLE)

    def _is_due(self, asked: bool) -> bool:
        if not self._is_address:
            return self._file_stamp() != self._stamp or not self._keys
        age, since_tried = self._clock() - self._read_at, self._clock() - self._tried_at
        return (asked or age > _FRESH) and since_tried > _SOONEST

    def _file_stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _load(self) -> tuple[Mapping[str, Any], ...]:
        if self._is_address:
            data = _fetch(self._place)
        else:
            self._stamp = self._file_stamp()
            data = self._path.read_bytes()
        read = json.loads(data)
        if not isinstance(read, dict) or not isinstance(read.get("keys"), list):
            raise ValueError("no key set")
        # A set may hold keys of kinds that mean nothing here (RFC 7517, section 5): they are passed over.
        return tuple(key for key in read["keys"] if isinstance(key, dict) and key.get("kty") in _FAMILIES.values())


class TokenDoor:
    """Lets in whom the identity provider vouches for; a :class:`~assistant.serving.web.auth.Doorkeeper`."""

    def __init__(self, keys: TokenKeys, settings: ServeSettings, standards: Standards) -> None:
        self._keys = keys
        self._settings = settings
        self._standards = standards

    async def caller(self, connection: HTTPConnection) -> Caller:
        """See :class:`~assistant.serving.web.auth.Doorkeeper`."""
        settings = self._settings
        token = bearer(connection) or from_cookie(connection, settings.cookie, settings.origins)
        claims = await self._claims(token)
        return self._standards.caller(
            claims["sub"],
            audience=_claimed(claims, settings.claim_audience, ("hcp", "patient")),
            market=_claimed(claims, settings.claim_market),
            language=_claimed(claims, settings.claim_language),
            browser=from_browser(connection),
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        """What a token says, proved.

        :raises Refused: 401, without a reason.
        """
        if not token or len(token) > _LONGEST_TOKEN:
            raise unknown()
        try:
            header = jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in self._settings.algorithms or "crit" in header:
                raise unknown()
            key = await self._keys.find(kid, algorithm)
            if key is None:
                raise unknown()
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.token_audience,
                issuer=self._settings.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise unknown() from error
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 256:
            raise unknown()
        return claims


def _claimed(claims: Mapping[str, Any], name: str, known: tuple[str, ...] = ()) -> str:
    """The claim ``name``; "" where the settings name none.

    :raises Refused: the settings name it and the token does not hold it, or holds what cannot be meant.
    """
    if not name:
        return ""
    value = claims.get(name)
    shaped = isinstance(value, str) and value.isascii() and value.isalpha() and len(value) <= 16
    if not shaped or (known and value not in known):
        raise Refused(403, f"your token's claim {name} does not say who you may ask as")
    return cast("str", value)


def _may_sign(key: Mapping[str, Any], algorithm: str) -> bool:
    return (
        _FAMILIES[algorithm[:2]] == key["kty"]
        and key.get("use", "sig") == "sig"
        and "verify" in key.get("key_ops", ["verify"])
        and key.get("alg", algorithm) == algorithm
    )


def _may_fetch(address: str) -> bool:
    """https, or plain http to this machine itself; no name and no password, which errors and proxies would repeat."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    by = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return by and bool(host) and "@" not in parts.netloc


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address of the settings is meant, not where it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - _may_fetch
    end, data = time.monotonic() + _WHOLE, bytearray()
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_TIMEOUT) as response:
            while piece := response.read1(65_536):
                data += piece
                if len(data) > _LONGEST:
                    raise ValueError("the key set is too long")
                if time.monotonic() > end:
                    raise TimeoutError
    except urllib.error.HTTPError as refused:
        refused.close()  # it is the response as well, with its socket
        raise
    return bytes(data)


def _resolve(done: Future[_T], load: Callable[[], _T]) -> None:
    """Let ``done`` be what ``load`` returns or raises: a thread has nobody else to tell."""
    try:
        done.set_result(load())
    except BaseException as error:  # noqa: BLE001 - handed on
        done.set_exception(error)
