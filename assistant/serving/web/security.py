"""What every request and response goes through: sizes, origins, hosts, rates, headers.

Guarantees: no body longer than allowed is read into memory; a page of an origin that is not on the list gets nothing,
whatever it sends; no response may be framed, guessed at, cached or scripted beyond the list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.web.auth import PROBES, caller_of, is_address, is_loopback, is_own_origin, is_public
from assistant.serving.web.charging import allow_charges
from assistant.serving.web.errors import Refused, error_response
from assistant.serving.web.rates import Rates
from assistant.settings import ServeSettings

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: Read by those who ask each server by itself (:mod:`assistant.serving.web.metrics`).
_NUMBERS = "/metrics"
#: Where nothing else was said by the route.
_UNLESS_SAID: Mapping[str, str] = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


def content_security_policy(frame_ancestors: tuple[str, ...], *, page: bool) -> str:
    """The policy of a page, which may run this service's own files and no inline script, or of anything else."""
    framed = f"frame-ancestors {' '.join(frame_ancestors) or chr(39) + 'none' + chr(39)}"
    if not page:
        return f"default-src 'none'; {framed}"
    own = "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; {framed}"


class SecurityHeaders:
    """ASGI middleware: the headers of every response."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._framed = settings.frame_ancestors
        self._page = content_security_policy(settings.frame_ancestors, page=True)
        self._other = content_security_policy(settings.frame_ancestors, page=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), scope["scheme"])
            await send(message)

        await self._app(scope, receive, dressed)

    def _dress(self, headers: MutableHeaders, scheme: str) -> None:
        page = headers.get("content-type", "").startswith("text/html")
        headers.update(_HEADERS)
        headers["Content-Security-Policy"] = self._page if page else self._other
        if not self._framed:
            headers["X-Frame-Options"] = "DENY"
        if scheme == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        for name, value in _UNLESS_SAID.items():
            headers.setdefault(name, value)


class Origins:
    """ASGI middleware: refuses hosts that this service is not called by, and pages of origins that are not listed.

    On a machine's own address the host's name must be the machine's, or a page on the web could have its own name lead
    here (DNS rebinding). Elsewhere it must be one of ``hosts``, where there are any, but for those who watch over the
    service and know it by its address: probes are told yes or no under any name, which a refusal would tell as well;
    callers get the numbers under a bare address too, for no name leads anywhere under that.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._origins = settings.origins
        self._hosts = frozenset(settings.hosts)
        self._loopback = is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            connection = HTTPConnection(scope)
            origin = connection.headers.get("origin", "")
            if not self._is_ours(connection.headers.get("host", ""), scope["path"]):
                await error_response(403, "this service is not called by that name: set [serve] hosts")(
                    scope, receive, send
                )
                return
            if origin and origin not in self._origins and not is_own_origin(connection, origin):
                await error_response(403, "this origin is not allowed")(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str, path: str) -> bool:
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name in self._hosts:
            return True
        if self._loopback:
            return is_loopback(name)
        return not self._hosts or path in PROBES or (path == _NUMBERS and is_address(name))


class BodyLimit:
    """ASGI middleware: refuses a body that is too long, whether it says so or not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = HTTPConnection(scope).headers.get("content-length", "0")
        if not said.isdecimal() or int(said[:20]) > self._most:
            await error_response(413, "", {"Connection": "close"})(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise Refused(413, "", {"Connection": "close"})
            return message

        await self._app(scope, counted, send)


class RateLimit:
    """ASGI middleware: each caller so many requests in so much time; what costs more is charged by its route."""

    def __init__(self, app: ASGIApp, rate: str) -> None:
        self._app = app
        self._said = f"more than {rate} requests"
        self._rates = Rates(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_public(scope["path"]):
            caller = caller_of(Request(scope)).id
            wait = self._rates.wait(caller)
            if wait:
                again = {"Retry-After": str(max(1, math.ceil(wait)))}
                await error_response(429, self._said, again)(scope, receive, send)
                return
            allow_charges(scope, partial(self._rates.wait, caller))
        await self._app(scope, receive, send)
