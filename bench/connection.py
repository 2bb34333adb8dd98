"""One keep-alive connection of a load generator: raw requests out, whole responses back, one at a time.

asyncio's transport and the C parser that the service itself reads with (httptools): a client library would take more of
the processor than the service that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

import httptools

# Seconds that a connection may lie idle before a new one is opened instead: a service closes idle ones (uvicorn after
# five seconds), and a request that crosses with that is lost without being heard, which would be counted against it.
_IDLE_SECONDS = 2.0


class BrokenError(Exception):
    """The connection ended before the whole response was there."""


@dataclass(slots=True)
class Response:
    """A whole response. ``headers``: names in small letters."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def retry_after(self) -> float:
        """Seconds after which the service asks to be asked again; 0: it does not say."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isdecimal() else 0.0


def post(path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """A POST of JSON as bytes on the wire."""
    try:
        written = json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, UTF-8 cannot
        written = json.dumps(body).encode()
    return raw("POST", path, written, {"Content-Type": "application/json", **(headers or {})})


def raw(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A request as bytes on the wire."""
    given = {"Host": "127.0.0.1", **(headers or {})}
    if body or method == "POST":
        given.setdefault("Content-Length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def reused(connection: Connection | None, connect: Callable[[], Awaitable[Connection]]) -> Connection:
    """``connection``, or another in its place where no request may be sent on it any more."""
    if connection is not None:
        if connection.usable and connection.idle < _IDLE_SECONDS:
            return connection
        connection.close()
    return await connect()


class Connection(asyncio.Protocol):
    """A connection to a service. Not to be shared by callers: it waits for each response."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._response = Response()
        self._waiting: asyncio.Future[Response] | None = None
        self._usable = True
        self._idle_since = time.monotonic()

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    @property
    def usable(self) -> bool:
        """Whether neither side has closed it."""
        return self._usable and self._transport is not None and not self._transport.is_closing()

    @property
    def idle(self) -> float:
        """Seconds since the last response was whole."""
        return time.monotonic() - self._idle_since

    async def exchange(self, request: bytes) -> Response:
        """The response to ``request``.

        :raises BrokenError: the service closed the connection before the response's end.
        """
        if self._transport is None:
            raise BrokenError("not connected")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def send(self, data: bytes) -> None:
        """Bytes on the wire, with nobody waiting for what comes back (for callers who misbehave)."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self, *, abruptly: bool = False) -> None:
        """Hang up; ``abruptly``: whatever was not sent yet is thrown away."""
        self._usable = False
        if self._transport is not None:
            _ = self._transport.abort() if abruptly else self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"what came back is no HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}" if exc else "the service hung up")

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._response = Response()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._response.body += body

    def on_message_complete(self) -> None:
        self._response.status = self._parser.get_status_code()
        self._usable = self._parser.should_keep_alive()
        self._idle_since = time.monotonic()
        if not self._usable and self._transport is not None:
            self._transport.close()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(self._response)

    def _fail(self, why: str) -> None:
        self._usable = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(BrokenError(why))
