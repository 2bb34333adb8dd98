"""``/openapi.json``: what the service accepts and returns, for programs (OpenAPI 3.1).

Request bodies are described by the models that read them, so the two cannot differ; responses are proved against this
document by Schemathesis in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from assistant.answering.answer import SCHEMA as ANSWER_SCHEMA
from assistant.domain import AUDIENCES, CHANNELS, Flag, Outcome
from assistant.serving.web import errors, routes_v1, trust
from assistant.serving.web.bodies import AskBody, FeedbackBody
from assistant.trust.log.records import FEEDBACK_SCHEMA
from assistant.trust.receipts import running_version

_Json = dict[str, Any]
_TEXT: _Json = {"type": "string"}
_SHARE: _Json = {"type": "number"}
_COUNT: _Json = {"type": "integer", "minimum": 0}
_SHA256: _Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DATE: _Json = {"type": "string", "format": "date"}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> _Json:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: _Json) -> _Json:
    return {"type": "array", "items": items}


def _or_null(schema: _Json) -> _Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> _Json:
    return {"$ref": f"#/components/schemas/{name}"}


_SCORED = _object({"name": _TEXT, "confidence": _SHARE})
_SCHEMAS: _Json = {
    "Error": _object({"schema": {"const": errors.SCHEMA}, "error": _TEXT}),
    "Answer": _object(
        {
            "schema": {"const": ANSWER_SCHEMA},
            "outcome": {"enum": [outcome.value for outcome in Outcome]},
            "flags": _list({"enum": [flag.value for flag in Flag]}),
            "question": _TEXT,
            "text": _TEXT,
            "intent": _SCORED,
            "other_intents": _list(_SCORED),
            "slots": {"type": "object", "additionalProperties": _TEXT},
            "carried": _list(_TEXT),
            "context": _object(
                {
                    "audience": {"enum": list(AUDIENCES)},
                    "market": _TEXT,
                    "language": _TEXT,
                    "channel": {"enum": list(CHANNELS)},
                    "date": _DATE,
                }
            ),
            "spans": _list(
                _object(
                    {
                        "start": _COUNT, "end": _COUNT, "source": {"enum": ["passage", "template"]}, "id": _TEXT,
                        "version": _TEXT, "sha256": _SHA256,
                    },
                    {"role": _TEXT, "document": _TEXT, "locator": _TEXT},
                )
            ),
            "references": _list(
                _object(
                    {
                        "passage": _TEXT, "document": _TEXT, "title": _TEXT, "version": _TEXT, "locator": _TEXT,
                        "section": _TEXT, "effective": _DATE, "expires": _or_null(_DATE), "citations": _list(_TEXT),
                    }
                )
            ),
            "candidates": _list(_object({"id": _TEXT, "score": _SHARE})),
            "choices": _list(_object({"id": _TEXT, "label": _TEXT, "label_source": _TEXT, "send": _TEXT})),
            "preview": {"type": "boolean"},
            "receipt": {"type": "object", "required": ["schema", "receipt_sha256"]},
        }
    ),
    "Kept": _object({"schema": {"const": FEEDBACK_SCHEMA}, "notice": _or_null(_ref("Answer"))}),
    "Products": _object(
        {"schema": {"const": routes_v1.PRODUCTS_SCHEMA}, "products": _list(_object({"id": _TEXT, "name": _TEXT}))}
    ),
    "Trust": _object(
        {
            "schema": {"const": trust.SCHEMA},
            "preview": {"type": "boolean"},
            "release": _or_null({"type": "object"}),
            "targets": _or_null(_TEXT),
            "release_json": _or_null(_TEXT),
            "keys": {"type": "object"},
        }
    ),
    "Status": _object({"status": _TEXT}),
}  # fmt: skip


_ERRORS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "Nobody who may ask.",
    403: "Not from here, or nothing may be said to this caller.",
    404: "There is no such thing for this caller.",
    408: "The body did not come in time.",
    413: "The request is too long.",
    415: "Not application/json.",
    422: "The body cannot be meant.",
    429: "Too many requests: Retry-After says when to come again.",
    500: "A fault, or a proof failed: nothing is shown.",
    503: "Not ready, or the answer could not be recorded: nothing is shown.",
}
_ALWAYS = (400, 401, 403, 413, 429, 500, 503)


def _operation(id: str, summary: str, returns: str, *codes: int, status: int = 200, **more: Any) -> _Json:
    found = {str(status): _response("As asked.", returns)}
    for code in sorted({*codes, *_ALWAYS, *((408,) if "requestBody" in more else ())}):
        found[str(code)] = _response(_ERRORS[code], "Error")
    found["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return {"operationId": id, "summary": summary, "responses": found, **more}


def _response(description: str, schema: str) -> _Json:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _reads(schema: str) -> _Json:
    return {"required": True, "content": {"application/json": {"schema": _ref(schema)}}}


def _id(description: str, schema: _Json) -> list[_Json]:
    return [{"name": "id", "in": "path", "required": True, "description": description, "schema": schema}]


_OPEN: _Json = {"security": []}
_PASSAGE_ID: _Json = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,200}$"}
PATHS: _Json = {
    "/v1/ask": {
        "post": _operation(
            "ask", "An answer in approved words, with its receipt.", "Answer", 404, 415, 422,
            requestBody=_reads("AskBody"),
        )
    },
    "/v1/passages/{id}": {
        "get": _operation(
            "passage", "An approved passage, as an answer.", "Answer", 404,
            parameters=_id("A passage's id, as references name it.", _PASSAGE_ID),
        )
    },
    "/v1/answers/{id}": {
        "get": _operation(
            "answer", "An answer that this caller was given lately.", "Answer", 404,
            parameters=_id("The answer's receipt_sha256.", _SHA256),
        )
    },
    "/v1/feedback": {
        "post": _operation(
            "feedback", "Say whether an answer was right.", "Kept", 415, 422, status=201,
            requestBody=_reads("FeedbackBody"),
        )
    },
    "/v1/products": {"get": _operation("products", "The products that this caller may ask about.", "Products")},
    "/v1/trust": {"get": _operation("trust", "The release's signed metadata and keys.", "Trust")},
    "/healthz": {"get": _operation("alive", "The process lives.", "Status", **_OPEN)},
    "/readyz": {"get": _operation("ready", "Answers can be given.", "Status", **_OPEN)},
}  # fmt: skip
PATHS["/readyz"]["get"]["responses"]["503"] = _response("Answers cannot be given now.", "Status")


def document(auth: str, more_paths: Mapping[str, Any] | None = None) -> _Json:
    """The document. ``auth``: as the settings say."""
    bodies = {
        kind.__name__: kind.model_json_schema(ref_template="#/components/schemas/{model}")
        for kind in (AskBody, FeedbackBody)
    }
    secured = auth != "none"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Onlabel",
            "version": running_version(),
            "description": "Answers about medicines in approved words only, byte for byte, each with its receipt. "
            "Audience and market come from the credential or the server, never from the request.",
        },
        "paths": {**PATHS, **(more_paths or {})},
        "components": {
            "schemas": _SCHEMAS | bodies,
            **({"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}} if secured else {}),
        },
        "security": [{"bearer": []}] if secured else [],
    }


def routes(auth: str, modules: Iterable[Any]) -> list[BaseRoute]:
    """``/openapi.json``.

    :param modules: modules of routes; what their ``OPENAPI_PATHS`` describes is described.
    """
    more: _Json = {}
    for module in modules:
        more |= getattr(module, "OPENAPI_PATHS", {})
    described = document(auth, more)

    async def shown(_: Request) -> Response:
        return JSONResponse(described)

    return [Route("/openapi.json", shown)]
