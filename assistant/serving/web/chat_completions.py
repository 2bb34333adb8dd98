"""``/v1/chat/completions`` and ``/v1/models``: for chat front ends that speak to language models.

Guarantees: ``content`` is the text of a verified answer, byte for byte, never cut and never added to; the whole answer
with its receipt stands in the extension field ``onlabel``. Nothing is sent before the verifier has proved the answer
and the audit has kept it: a stream is only the way a finished answer travels.

The last user message is the question; the user messages before it say where the conversation stands
(:mod:`assistant.serving.conversation`). By design nothing else changes anything: system prompts, what the client says
the assistant said, tools, temperature, stop words, limits of length, number of choices. All are accepted and left
unread, because whatever they could change would be words or rules that nobody approved.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from assistant.answering.answer import Answer
from assistant.serving.web import openapi
from assistant.serving.web.auth import caller_of
from assistant.serving.web.bodies import read_body
from assistant.serving.web.charging import charge
from assistant.serving.web.errors import Refused
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings

#: The one model there is: whatever answers here.
MODEL = "onlabel"
_PIECE = re.compile(r"\S*\s*")
_PIECE_WORDS = 8


class _Given(BaseModel):
    """Part of a request; keys of the many that clients send and that mean nothing here are left unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Part(_Given):
    """A part of a message; only text is read."""

    type: str
    text: str = ""


class Message(_Given):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | tuple[Part, ...] | None = None

    def words(self) -> str:
        """Its text.

        :raises Refused: it holds something else, which would be left out in silence.
        """
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        if any(part.type not in ("text", "input_text") for part in self.content):
            raise Refused(422, "messages: only text is read here")
        return "\n".join(part.text for part in self.content)


class StreamOptions(_Given):
    """What a stream ends with."""

    include_usage: bool = False


class Own(BaseModel):
    """What this service takes beyond the usual: the product that is meant where the question names none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    product: Annotated[str, Field(max_length=200)] = ""


class ChatBody(_Given):
    """A request for a chat completion."""

    model: Annotated[str, Field(max_length=200)]
    messages: Annotated[tuple[Message, ...], Field(min_length=1, max_length=1000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    onlabel: Own = Own()

    def questions(self) -> list[str]:
        """What the user asked, the question last.

        :raises Refused: there is no question.
        """
        asked = [message.words() for message in self.messages if message.role == "user"]
        if not asked or not asked[-1].strip():
            raise Refused(422, "messages: the last user message is the question, and there is none")
        return [question for question in asked[:-1] if question.strip()] + asked[-1:]


def routes(service: Service, settings: ServeSettings) -> list[BaseRoute]:  # noqa: ARG001 - every module's signature
    """The routes."""

    async def complete(request: Request) -> Response:
        body = await read_body(request, ChatBody)
        _require_known(body.model)
        *earlier, question = body.questions()
        charge(request, service.unread(caller_of(request), earlier, body.onlabel.product))
        future = service.submit(question, caller_of(request), product=body.onlabel.product, earlier=earlier)
        # Here the answer is proved and recorded, or there is an error and no stream at all.
        answer = await asyncio.wrap_future(future)
        if not body.stream:
            return JSONResponse(completion(answer))
        usage = body.stream_options is not None and body.stream_options.include_usage
        return StreamingResponse(stream(answer, usage=usage), media_type="text/event-stream")

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_described()]})

    async def model(request: Request) -> Response:
        _require_known(request.path_params["model"])
        return JSONResponse(_described())

    return [
        Route("/v1/chat/completions", complete, methods=["POST"]),
        Route("/v1/models", models),
        Route("/v1/models/{model}", model),
    ]


def completion(answer: Answer) -> dict[str, Any]:
    """``answer`` as a chat completion."""
    message = {"role": "assistant", "content": answer.text.decode(), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _head(answer, "chat.completion") | {"choices": [choice], "usage": _USAGE, "onlabel": answer.as_json()}


def stream(answer: Answer, *, usage: bool = False) -> Iterator[str]:
    """``answer`` as the events of a stream; the last chunk of the choice carries the answer object."""
    head = _head(answer, "chat.completion.chunk")

    def event(delta: dict[str, str], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return f"data: {json.dumps(head | {'choices': [choice]} | more)}\n\n"

    yield event({"role": "assistant", "content": ""})
    for piece in pieces(answer.text.decode()):
        yield event({"content": piece})
    yield event({}, "stop", onlabel=answer.as_json())
    if usage:
        yield f"data: {json.dumps(head | {'choices': [], 'usage': _USAGE})}\n\n"
    yield "data: [DONE]\n\n"


def pieces(text: str) -> Iterator[str]:
    """``text`` in pieces of a few words, which together are ``text``."""
    words = [word for word in _PIECE.findall(text) if word]
    for at in range(0, len(words), _PIECE_WORDS):
        yield "".join(words[at : at + _PIECE_WORDS])


#: Nothing is generated, so there are no tokens to count.
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    receipt = answer.receipt
    return {
        "id": f"chatcmpl-{receipt['receipt_sha256']}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
        "system_fingerprint": f"{receipt['model'][:16]}-{receipt['index'][:16]}",
    }


def _described() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "onlabel"}


def _require_known(model: str) -> None:
    if model != MODEL:
        raise Refused(404, f"there is one model here: {MODEL}")


def _operation(id: str, summary: str, schema: dict[str, Any], *codes: int, **more: Any) -> dict[str, Any]:
    described = openapi._operation(id, summary, "Status", *codes, **more)
    described["responses"]["200"]["content"] = {"application/json": {"schema": schema}}
    return described


_MODEL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"const": MODEL}, "object": {"const": "model"}},
    "required": ["id", "object", "created", "owned_by"],
}
_LIST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": _MODEL_SCHEMA}},
    "required": ["object", "data"],
}
_COMPLETION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.completion"},
        "choices": {"type": "array", "minItems": 1, "maxItems": 1},
        "onlabel": {"$ref": "#/components/schemas/Answer"},
    },
    "required": ["id", "object", "created", "model", "choices", "usage", "onlabel"],
}
_TEXT_SCHEMA = {"type": "string"}
_PART_SCHEMA = {
    "type": "object",
    "properties": {"type": {"enum": ["text", "input_text"]}, "text": _TEXT_SCHEMA},
    "required": ["type"],
}
_MESSAGE_SCHEMA = {
    "type": "object",
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool", "function"]},
        "content": {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _PART_SCHEMA}, {"type": "null"}]},
    },
    "required": ["role"],
}
_BODY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Further keys of a chat completion request are accepted and change nothing.",
    "properties": {
        "model": {"const": MODEL},
        "messages": {"type": "array", "minItems": 1, "maxItems": 1000, "items": _MESSAGE_SCHEMA},
        "stream": {"type": ["boolean", "null"]},
        "stream_options": {
            "anyOf": [{"type": "null"}, {"type": "object", "properties": {"include_usage": {"type": "boolean"}}}]
        },
        "onlabel": {
            "type": "object",
            "properties": {"product": {"type": "string", "maxLength": 200}},
            "additionalProperties": False,
        },
    },
    "required": ["model", "messages"],
}
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/chat/completions": {
        "post": _operation(
            "chat", "An answer as a chat completion.", _COMPLETION_SCHEMA, 404, 415, 422,
            requestBody={"required": True, "content": {"application/json": {"schema": _BODY_SCHEMA}}},
        )
    },
    "/v1/models": {"get": _operation("models", "The one model there is.", _LIST_SCHEMA)},
    "/v1/models/{model}": {
        "get": _operation(
            "model", "The model by its name.", _MODEL_SCHEMA, 404,
            parameters=[{"name": "model", "in": "path", "required": True, "schema": _TEXT_SCHEMA}],
        )
    },
}  # fmt: skip
_STREAMED = {"text/event-stream": {"schema": _TEXT_SCHEMA}}
OPENAPI_PATHS["/v1/chat/completions"]["post"]["responses"]["200"]["content"] |= _STREAMED
