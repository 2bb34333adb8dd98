"""Errors as they leave the service: ``onlabel.error/1``, in words of our own.

Guarantees: no path, no stack trace, no text of a library's error and nothing of a credential. What is withheld stands
in the server's log, as far as it may be told there (:mod:`assistant.serving.journal`): types and places of a fault,
words of our own errors, never a question or a credential.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.serving.journal import for_callers, told
from assistant.serving.web.turned_away import Busy, NotThereError

SCHEMA = "onlabel.error/1"
logger = logging.getLogger("onlabel.serve")

#: As a proxy's log says it: the client hung up before it had said all. Nobody gets it; the metrics count it.
HUNG_UP = 499
_WORDS: Mapping[int, str] = {
    400: "the request cannot be read",
    401: "say who asks: Authorization: Bearer <token or key>",
    403: "this is not allowed",
    404: "there is nothing here",
    405: "this method is not for this address",
    408: "the request took too long",
    413: "the request is too long",
    415: "send application/json",
    429: "too many requests",
    HUNG_UP: "the client hung up",
}


def error_response(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error for whoever asked."""
    words = message or _WORDS.get(status, "something went wrong; the server's log says what")
    return JSONResponse({"schema": SCHEMA, "error": words}, status, dict(headers or {}))


async def on_http_error(_: Request, error: Exception) -> Response:
    """What the router and the request's reading raise."""
    if not isinstance(error, HTTPException):  # Starlette's signature; it hands in what was registered
        return error_response(500)
    known = error.detail if isinstance(error, Refused) else ""
    return error_response(error.status_code, known, error.headers)


async def on_own_error(request: Request, error: Exception) -> Response:
    """What the pipeline raises on purpose."""
    if isinstance(error, Busy):
        return error_response(429, str(error), {"Retry-After": str(error.retry_after)})
    if isinstance(error, UsageError):  # the request is well formed; this caller may have no such thing
        words = for_callers(str(error))
        if not words:
            logger.error("%s %r: %s: %s", request.method, request.url.path, type(error).__name__, told(error))
        return error_response(404 if isinstance(error, NotThereError) else 403, words)
    logger.error("%s %r: %s: %s", request.method, request.url.path, type(error).__name__, told(error))
    if isinstance(error, NotReadyError):
        return error_response(503, "the service is not ready to answer", {"Retry-After": "30"})
    if isinstance(error, IntegrityError):
        return error_response(500, "a proof failed, so nothing is shown")
    if isinstance(error, OnlabelError):
        return error_response(503, "the answer could not be recorded, so nothing is shown", {"Retry-After": "30"})
    return error_response(500)


class LastResort:
    """ASGI middleware: a fault of ours, logged and answered; the service's outermost edge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def seen(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except Refused as refused:  # raised while the body was read
            if not begun:
                await error_response(refused.status_code, refused.detail, refused.headers)(scope, receive, send)
        except ClientDisconnect:  # anybody may hang up, as often as he likes: no fault of ours, nothing for the log
            if not begun:
                await error_response(HUNG_UP)(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            logger.error("%s %r failed: %s", scope["method"], scope["path"], told(error))
            if begun:
                raise  # half an answer: the connection is cut
            await error_response(500)(scope, receive, send)


class Refused(HTTPException):
    """A request that is refused, with words that may be shown."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
