"""What requests may say, and how their bodies are read.

Refuses unknown keys, wrong types and other content types than JSON: a page of another origin can send plain text and
forms without asking, JSON it cannot (CORS). There is no key for audience, market or language.

Half a character is read as U+FFFD and refused by nobody (:mod:`assistant.serving.whole_text`).
"""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from assistant.serving.web.errors import Refused
from assistant.serving.whole_text import in_whole_characters
from assistant.trust.log.records import Verdict

#: In characters. Written as JSON at its longest (``\\ud83c\\udffb`` is one) it is within the body's default limit.
LONGEST_QUESTION = 10_000
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="receipt_sha256 of an answer")]


Previous = Annotated[
    str, Field(pattern=r"^([0-9a-f]{64})?$", description="receipt_sha256 of the answer before it in a conversation")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Question = Annotated[str, Field(max_length=LONGEST_QUESTION)]


class AskBody(_Body):
    """A question; what it is about where it names no medicine; where it stands in a conversation.

    ``earlier`` are the questions asked before it, the oldest first. Where there are any they alone count.
    """

    question: Question
    product: Annotated[str, Field(max_length=200)] = ""
    previous: Previous = ""
    earlier: Annotated[
        tuple[Question, ...],
        Field(
            max_length=1000,
            strict=False,
            description="The questions asked before in the conversation, oldest first; the last 12 count, of long ones "
            "fewer. Each that has to be read again counts as a request. Where there are any, previous is not looked "
            "at. Any process finds the same from them.",
        ),
    ] = ()


class FeedbackBody(_Body):
    """What a caller says of an answer."""

    answer: Sha256
    verdict: Verdict
    comment: Annotated[str, Field(max_length=4000)] = ""


_Kind = TypeVar("_Kind", bound=BaseModel)


async def read_body(request: Request, kind: type[_Kind]) -> _Kind:
    """The request's body.

    :raises Refused: it is none; the message names the key and never repeats what was sent.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "send application/json")
    try:
        return kind.model_validate(in_whole_characters(json.loads(await request.body())))
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part in kind.model_fields)
        raise Refused(422, f"{key or 'body'}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is no JSON") from error
