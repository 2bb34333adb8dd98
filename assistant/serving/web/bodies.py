"""What requests may say, and how their bodies are read.

Refuses unknown keys, wrong types and other content types than JSON: a page of another origin can send plain text and
forms without asking, JSON it cannot (CORS). There is no key for audience, market or language.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from assistant.serving.web.errors import Refused

#: In characters. Written as JSON at its longest (``\\ud83c\\udffb`` is one) it is within the body's default limit.
LONGEST_QUESTION = 10_000
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="receipt_sha256 of an answer")]


Previous = Annotated[
    str, Field(pattern=r"^([0-9a-f]{64})?$", description="receipt_sha256 of the answer before it in a conversation")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AskBody(_Body):
    """A question; what it is about where it names no medicine; the answer before it in a conversation."""

    question: Annotated[str, Field(max_length=LONGEST_QUESTION)]
    product: Annotated[str, Field(max_length=200)] = ""
    previous: Previous = ""


class FeedbackBody(_Body):
    """What a caller says of an answer."""

    answer: Sha256
    verdict: Literal["right", "wrong_passage", "should_have_answered"]
    comment: Annotated[str, Field(max_length=4000)] = ""


_Any = TypeVar("_Any", bound=BaseModel)


async def read_body(request: Request, kind: type[_Any]) -> _Any:
    """The request's body.

    :raises Refused: it is none; the message names the key and never repeats what was sent.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "send application/json")
    try:
        return kind.model_validate(json.loads(await request.body()))
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part in kind.model_fields)
        raise Refused(422, f"{key or 'body'}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is no JSON") from error
