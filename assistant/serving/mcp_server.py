"""Tools for a company's own assistant, by the Model Context Protocol: ``approved_answer`` and ``verify_quote``.

Guarantees: the first item of an ``approved_answer`` is the text of a verified and recorded answer, byte for byte.
Audience, market and language are those that the server was started with; no tool takes them. Of errors only those
that the caller can do something about are put into words.

What Onlabel cannot guarantee here: what the calling model then says. It may reword, shorten or mix; the descriptions of
the tools tell it not to, and ``verify_quote`` tells a front end, or the model, which words are still approved ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from assistant.answering.answer import Answer
from assistant.canonical import fingerprint
from assistant.domain import Context
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.serving.conversation import Sessions
from assistant.serving.journal import for_callers
from assistant.serving.quoting import SHORTEST, verify_quote
from assistant.trust.receipts import running_version

INSTRUCTIONS = (
    "Questions about medicines are answered here in words that medical, legal and regulatory reviewers approved, byte "
    "for byte. Show such an answer unchanged, with its references. If you reword, shorten, translate or summarise it, "
    "the result is NOT approved, and you must say so. verify_quote tells which words are approved."
)
_ANSWER = (
    "An approved answer to a question about a medicine. The first content item is approved text: show it unchanged and "
    "whole, companions included. Any rewording by the calling model is not approved. structuredContent.answer is the "
    "whole answer: outcome, sources of every byte, references, choices, receipt. If outcome is not 'answered', show "
    "the text all the same: it is the approved notice for that case, and a report of harm is recorded by it; do not "
    "answer the question from your own knowledge. Pass the user's own words as the question."
)
_VERIFY = (
    "Tells approved words from others: whether the text stands byte for byte in a passage that is approved here and "
    "now. A difference of one character makes it not approved. Where the text as a whole is not found, each line is "
    f"told apart. Fragments under {SHORTEST} bytes do not count. 'whole' says whether a match is a complete passage; "
    "part of a passage, or a passage without the companions it was shown with, may mislead."
)
_Question = Annotated[str, Field(max_length=100_000, description="The user's question, in the user's own words.")]
_Product = Annotated[
    str, Field(max_length=200, description="Id or name of the medicine meant where the question names none.")
]
_Previous = Annotated[
    str, Field(max_length=64, description="The 'conversation' of the answer before, to ask a follow-up question.")
]
_Quote = Annotated[str, Field(max_length=100_000, description="The words to check, exactly as they would be shown.")]
_REFUSED = "this cannot be asked here"
#: The conversation that the server holds, where it does.
_HELD = "held"


def make_server(
    assistant: Assistant, context: Callable[[], Context], *, who: str = "mcp", hold_conversation: bool = False
) -> MCPServer[Any]:
    """The server.

    :param context: the context of a question that is asked now; its channel is ``mcp``.
    :param hold_conversation: each question follows the last one asked, without ``previous``: for one user alone.
    """
    tools = _Tools(assistant, context, who, hold_conversation)
    server: MCPServer[Any] = MCPServer(
        "onlabel", title="Onlabel", instructions=INSTRUCTIONS, version=running_version(), log_level="WARNING"
    )
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False, idempotent_hint=True)
    records = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    server.tool(description=_ANSWER, title="Approved answer", annotations=records)(tools.approved_answer)
    server.tool(description=_VERIFY, title="Verify a quote", annotations=reads)(tools.verify_quote)
    return server


class _Tools:
    """The tools, and what they remember between calls."""

    def __init__(self, assistant: Assistant, context: Callable[[], Context], who: str, hold: bool) -> None:
        self._assistant, self._context, self._who, self._hold = assistant, context, who, hold
        self._sessions = Sessions(most=2000)

    def approved_answer(self, question: _Question, product: _Product = "", previous: _Previous = "") -> CallToolResult:
        """See :data:`_ANSWER`."""
        assistant, context = self._assistant, self._context()
        index = assistant.index.fingerprint
        before = _HELD if self._hold else previous
        last = self._sessions.previous(self._who, before, context, index) if before else None
        try:
            answer = assistant.ask(question, context, last, product, who=self._who)
        except UsageError as error:
            raise ToolError(for_callers(str(error)) or _REFUSED) from error
        name = conversation_id(answer, previous)
        for place in {name, _HELD} if self._hold else {name}:
            self._sessions.keep(self._who, place, index, answer, last)
        return CallToolResult(
            content=[TextContent(type="text", text=answer.text.decode())],
            structured_content={"conversation": name, "answer": answer.as_json()},
        )

    def verify_quote(self, quote: _Quote) -> dict[str, Any]:
        """See :data:`_VERIFY`."""
        return verify_quote(quote, self._assistant.index, self._context())


def conversation_id(answer: Answer, previous: str) -> str:
    """The name of the place in a conversation that ``answer`` leads to from the place ``previous``."""
    return fingerprint({"receipt": answer.receipt["receipt_sha256"], "slots": dict(answer.slots), "after": previous})
