"""The service as an ASGI application: routes of all modules behind the same doors, in this order:

measure      every response is counted
headers      every response is dressed, errors too
last resort  a fault of ours is logged and leaves as an error without a word about it
origins      hosts and origins that are not ours are turned away
CORS         pages of listed origins may read what they get
body limit   nothing longer is read
body time    nothing is waited for longer
who asks     a caller, or 401
rate limit   so many requests a caller
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from assistant.errors import OnlabelError
from assistant.serving.web import chat_completions, health, metrics, openapi, routes_v1, widget
from assistant.serving.web.auth import Authentication, Doorkeeper, OpenDoor
from assistant.serving.web.callers import Standards
from assistant.serving.web.errors import LastResort, on_http_error, on_own_error
from assistant.serving.web.hearing import TimedBodies
from assistant.serving.web.metrics import Measured, Metrics
from assistant.serving.web.security import BodyLimit, Origins, RateLimit, SecurityHeaders
from assistant.serving.web.service import Service
from assistant.serving.web.watching import ReleaseWatch
from assistant.settings import ServeSettings

#: What answers under which address: each has ``routes(service, settings)``.
_MODULES: tuple[Any, ...] = (health, routes_v1, chat_completions, widget)


def make_app(
    service: Service,
    settings: ServeSettings,
    doorkeeper: Doorkeeper | None = None,
    watch: ReleaseWatch | None = None,
) -> Starlette:
    """The application.

    :param doorkeeper: who tells who asks; by default everybody on this machine is let in and nobody else.
    :param watch: what looks for new releases while the application runs.
    """
    door = doorkeeper or OpenDoor(Standards.of(settings, service.assistant.settings.context))
    numbers = Metrics(service)
    service.watchers.append(numbers)
    modules = _MODULES
    routes = [
        *(route for module in modules for route in module.routes(service, settings)),
        *openapi.routes(settings.auth, modules),
        *metrics.routes(numbers),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Measured, metrics=numbers, routes=routes),
            Middleware(SecurityHeaders, settings=settings),
            Middleware(LastResort),
            Middleware(Origins, settings=settings),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type"],
                expose_headers=["Retry-After"],
                allow_credentials=bool(settings.cookie),
            ),
            Middleware(BodyLimit, most=settings.body_bytes),
            Middleware(TimedBodies, seconds=settings.read_seconds),
            Middleware(Authentication, doorkeeper=door),
            Middleware(RateLimit, rate=settings.rate),
        ],
        exception_handlers={HTTPException: on_http_error, OnlabelError: on_own_error},
        lifespan=_lifespan(service, watch),
    )
    app.router.redirect_slashes = False
    return app


def _lifespan(service: Service, watch: ReleaseWatch | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if watch is not None:
            watch.start()
        yield
        if watch is not None:
            await asyncio.to_thread(watch.stop)
        await asyncio.to_thread(service.close)

    return lifespan
