"""``/healthz``: the process lives. ``/readyz``: it can answer, which a load balancer asks before it sends anybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from assistant.serving.web.service import Service
from assistant.settings import ServeSettings


def routes(service: Service, settings: ServeSettings) -> list[BaseRoute]:
    """The two routes; both are public and say nothing but yes or no."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if service.opened is None:
            return JSONResponse({"status": "not ready"}, 503)
        if service.waiting >= settings.queue:
            return JSONResponse({"status": "busy"}, 503)
        return JSONResponse({"status": "ready"})

    return [Route("/healthz", alive), Route("/readyz", ready)]
