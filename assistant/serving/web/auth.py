"""Who asks: every request but those for public files carries a credential, or comes from this machine.

Guarantees: a request without a caller reaches no route that answers; the caller stands in the request's scope
(:func:`caller_of`), put there by nothing but this module. A cookie counts only where the browser itself says that the
page is of this service or of an allowed origin, for a cookie is sent along whoever asks.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import ContentError, UsageError
from assistant.serving.web.callers import Caller, Standards
from assistant.serving.web.errors import Refused, error_response
from assistant.settings import ServeSettings

#: What probes and balancers ask, which know a server by its address: yes or no, to anybody.
PROBES = frozenset({"/healthz", "/readyz"})
PUBLIC_PATHS = PROBES | {"/openapi.json"}
PUBLIC_FOLDERS = ("/widget/",)
_CALLER = "onlabel.caller"
#: What a proxy adds: whoever it speaks for is not on this machine, or nobody can tell.
_FORWARDED = frozenset(
    ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip")
)
#: In characters, brackets and a zone included: what is remembered is anybody's to send.
_LONGEST_ADDRESS = 64
_WHO = {"WWW-Authenticate": 'Bearer realm="onlabel"'}


class Doorkeeper(Protocol):
    """Tells who sent a request."""

    async def caller(self, connection: HTTPConnection) -> Caller:
        """:raises Refused: nobody who may ask."""


def caller_of(request: Request) -> Caller:
    """Who sent this request."""
    caller: Caller = request.scope[_CALLER]
    return caller


def is_public(path: str) -> bool:
    """Whether ``path`` is shown to anybody."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_FOLDERS)


class Authentication:
    """ASGI middleware: finds out who asks."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_public(scope["path"]):
            try:
                scope[_CALLER] = await self._doorkeeper.caller(HTTPConnection(scope))
            except Refused as refused:
                await error_response(refused.status_code, refused.detail, refused.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OpenDoor:
    """Lets everybody on this machine in, and nobody else."""

    def __init__(self, standards: Standards) -> None:
        self._standards = standards

    async def caller(self, connection: HTTPConnection) -> Caller:
        """See :class:`Doorkeeper`."""
        if _FORWARDED & set(connection.headers) or connection.client is None or not is_loopback(connection.client.host):
            raise Refused(403, "without authentication this service answers this machine alone: set [serve] auth")
        return self._standards.caller("local", browser=from_browser(connection))


def bearer(connection: HTTPConnection) -> str:
    """The credential in the ``Authorization`` header; "": there is none.

    :raises Refused: there is one of another kind.
    """
    header = connection.headers.get("authorization", "")
    if not header:
        return ""
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise unknown()
    return credential.strip()


def from_cookie(connection: HTTPConnection, name: str, origins: tuple[str, ...]) -> str:
    """The credential in the cookie ``name``.

    :raises Refused: the browser says that a page of a foreign site sends it along, or does not say what page does.
    """
    credential = connection.cookies.get(name, "") if name else ""
    if credential and not _own_page(connection, origins):
        raise Refused(403, "a cookie does not count here: the page that asks is not of an allowed origin")
    return credential


def _own_page(connection: HTTPConnection, origins: tuple[str, ...]) -> bool:
    """Whether the page is this service's or an allowed one (Fetch Metadata, and Origin for older browsers)."""
    site, origin = connection.headers.get("sec-fetch-site", ""), connection.headers.get("origin", "")
    if origin:
        return origin in origins or is_own_origin(connection, origin)
    return site == "same-origin"


def is_own_origin(connection: HTTPConnection, origin: str) -> bool:
    """Whether ``origin`` is this service itself. A proxy may have taken TLS away, so the scheme is not compared."""
    return bool(origin) and origin.partition("://")[2] == connection.headers.get("host", "")


def from_browser(connection: HTTPConnection) -> bool:
    """Whether a page in a browser sends this."""
    return bool(connection.headers.get("origin") or connection.headers.get("sec-fetch-site"))


def unknown() -> Refused:
    """The one answer to every credential that does not count: it does not say why."""
    return Refused(401, "", _WHO)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine itself."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_address(host: str) -> bool:
    """Whether ``host`` is a number and no name: no name on the web leads here under it."""
    return _address(host) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    return _read_address(host) if len(host) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=256)
def _read_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def require_door(settings: ServeSettings) -> None:
    """Refuse to listen to other machines without authentication.

    :raises UsageError: that was asked for, or what the authentication needs is missing.
    """
    if settings.auth == "none" and not is_loopback(settings.host):
        raise UsageError(
            f"{settings.host} is heard by other machines: set [serve] auth to keys or jwt, or host to 127.0.0.1"
        )
    if settings.tls_key and not settings.tls_certificate:
        raise UsageError("[serve] tls_key needs tls_certificate: without it nothing would be encrypted")
    if settings.auth == "jwt" and not (settings.jwks and settings.issuer and settings.token_audience):
        raise UsageError("[serve] auth = jwt needs jwks, issuer and token_audience")
    if settings.cookie and settings.auth != "jwt":
        raise UsageError("[serve] cookie holds a token: it needs auth = jwt")


def require_certificate(settings: ServeSettings, home: Path) -> None:
    """Refuse a certificate that could not be used, in words that name the file.

    :raises ContentError: there is none, it is none, or its key is not there, another one's or encrypted.
    """
    if not settings.tls_certificate:
        return
    import ssl

    certificate = home / settings.tls_certificate
    key = home / settings.tls_key if settings.tls_key else certificate
    for path in (certificate, key):
        if not path.is_file():
            raise ContentError("there is no such file: [serve] tls_certificate and tls_key name PEM files", path)
    try:
        # A service that starts by itself can ask nobody for a passphrase: an encrypted key fails here.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        raise ContentError(
            "is no certificate in PEM form that goes with the key, not encrypted, in " + key.name, certificate
        ) from error
