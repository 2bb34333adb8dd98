"""``/v1``: ask, passages, answers, feedback, products, trust. Each handler reads, asks the service, and formats."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from assistant.serving.web.auth import caller_of
from assistant.serving.web.bodies import AskBody, FeedbackBody, read_body
from assistant.serving.web.charging import charge
from assistant.serving.web.errors import Refused
from assistant.serving.web.feedback import Feedback
from assistant.serving.web.service import Service
from assistant.serving.web.trust import trust_of
from assistant.settings import ServeSettings
from assistant.trust.log.records import FEEDBACK_SCHEMA

PRODUCTS_SCHEMA = "onlabel.products/1"


def routes(service: Service, settings: ServeSettings) -> list[BaseRoute]:  # noqa: ARG001 - every module's signature
    """The routes of ``/v1``."""

    async def ask(request: Request) -> Response:
        body = await read_body(request, AskBody)
        charge(request, service.unread(caller_of(request), body.earlier, body.product))
        future = service.submit_sent(
            body.question,
            caller_of(request),
            product=body.product,
            previous_id=body.previous,
            earlier=body.earlier,
        )
        return Response(await asyncio.wrap_future(future), media_type="application/json")

    async def passage(request: Request) -> Response:
        answer = await asyncio.wrap_future(service.submit_passage(request.path_params["id"], caller_of(request)))
        if answer is None:
            raise Refused(404, "there is no such passage for you")
        return JSONResponse(answer.as_json())

    async def answer(request: Request) -> Response:
        found = service.answer(request.path_params["id"], caller_of(request))
        if found is None:
            raise Refused(404, "no such answer was given to you lately; the audit log holds them all")
        return JSONResponse(found)

    async def feedback(request: Request) -> Response:
        body = await read_body(request, FeedbackBody)
        said = Feedback(body.answer, body.verdict, body.comment)
        notice = await asyncio.wrap_future(service.feedback(said, caller_of(request)))
        return JSONResponse({"schema": FEEDBACK_SCHEMA, "notice": notice.as_json() if notice else None}, 201)

    async def products(request: Request) -> Response:
        listed = await asyncio.wrap_future(service.submit_products(caller_of(request)))
        return JSONResponse({"schema": PRODUCTS_SCHEMA, "products": listed})

    async def trust(_: Request) -> Response:
        return JSONResponse(trust_of(service.assistant.release))

    return [
        Route("/v1/ask", ask, methods=["POST"]),
        Route("/v1/passages/{id}", passage),
        Route("/v1/answers/{id}", answer),
        Route("/v1/feedback", feedback, methods=["POST"]),
        Route("/v1/products", products),
        Route("/v1/trust", trust),
    ]
