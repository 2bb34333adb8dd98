"""How long a request may take to be said: ``read_seconds`` for its header, and as long again for its body.

Guarantees: a connection on which no request is whole is closed in time, whether it says nothing, stops in the middle or
goes on byte by byte; a body that is not whole in time is refused (408) and its connection closed. Only what comes in is
timed: an answer may take as long as it takes, and so may the line in front of it.

uvicorn itself times nothing but the pause between two requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from assistant.serving.web.errors import Refused

#: In bytes: longest header, as well as most of a body that goes on after it was answered.
_MOST = 262_144


class TimedHeaders(HttpToolsProtocol):
    """uvicorn's protocol, one for each connection, that waits ``seconds`` for a request's header and no longer."""

    def __init__(self, *given: Any, seconds: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self._seconds = seconds
        self._until: asyncio.TimerHandle | None = None
        self._heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        super().connection_made(transport)  # type: ignore[arg-type]  # as uvicorn has it
        self._wait()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()  # a request is being answered
            return
        self._wait()
        self._heard += len(data)
        if self._heard > _MOST:
            self._hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Begin to wait, if it has not begun: who goes on byte by byte gets no more time."""
        if self._until is None and not self.transport.is_closing():
            self._until = self.loop.call_later(self._seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._until is not None:
            self._until.cancel()
        self._until, self._heard = None, 0

    def _hang_up(self) -> None:
        self._stop_waiting()
        self.transport.close()


class TimedBodies:
    """ASGI middleware: refuses a body that is not whole ``seconds`` after its header."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        until: float | None = asyncio.get_running_loop().time() + self._seconds

        async def timed() -> Message:
            nonlocal until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise Refused(408, "", {"Connection": "close"}) from None
            if not message.get("more_body", False):
                until = None  # it is whole: what may still come is that the client hangs up
            return message

        await self._app(scope, timed, send)
