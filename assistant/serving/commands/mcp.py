"""``mcp``: approved answers as a tool for a company's own assistant, off unless somebody starts it.

Guarantees: on stdio nothing but the protocol is written to stdout; by HTTP it listens on this machine alone.
"""

from __future__ import annotations

import io
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

from assistant.domain import AUDIENCES
from assistant.errors import NotReadyError, UsageError


@click.command("mcp")
@click.option("--http", is_flag=True, help="Speak HTTP on this machine (http://127.0.0.1:PORT/mcp) instead of stdio.")
@click.option("--port", metavar="PORT", type=click.IntRange(1, 65535), default=8766, help="Default: 8766.")
@click.option(
    "--conversation",
    type=click.Choice(("client", "server")),
    default="client",
    help="Who remembers the conversation: the client, which names the answer before, or (stdio only) the server.",
)
@click.option("--audience", type=click.Choice(AUDIENCES), help="Who is answered: hcp or patient.")
@click.option("--market", metavar="CODE", help="Market, e.g. US or GB.")
@click.option("--language", metavar="CODE", help="Language of the questions, e.g. en.")
@click.pass_obj
def mcp_command(
    root: Path | None,
    /,
    http: bool,
    port: int,
    conversation: str,
    audience: str | None,
    market: str | None,
    language: str | None,
) -> None:
    """Give approved answers as a tool to an assistant that speaks the Model Context Protocol.

    The assistant that calls may reword what it is given; its tool `verify_quote` tells approved words from others.

    \b
    Examples:
      onlabel mcp
      onlabel -w field mcp --audience hcp --market US
      onlabel mcp --http --port 8766
    """
    if http and conversation == "server":
        raise UsageError("--http serves several clients: let each name the answer before (--conversation client)")
    try:
        from assistant.serving.mcp_server import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise NotReadyError("the mcp package is not installed: pip install 'onlabel[mcp]'") from error
    from assistant.pipeline import Assistant
    from assistant.serving.commands.asking import _say_standing, _who
    from assistant.serving.journal import keep_journal

    keep_journal(logging.WARNING)  # before the protocol's package sets up one that repeats the words of every error
    with redirect_stdout(sys.stderr):  # whatever is printed while loading is no protocol
        assistant = Assistant.open(root)
    if market is not None and market not in assistant.markets:
        raise UsageError(f"market {market}: this workspace is approved for {', '.join(assistant.markets)} only")
    _say_standing(assistant)
    server = make_server(
        assistant,
        lambda: assistant.context(audience, market, language, "mcp"),
        who=_who() or "mcp",
        hold_conversation=conversation == "server",
    )
    if http:
        server.run("streamable-http", host="127.0.0.1", port=port, stateless_http=True, json_response=True)
    else:
        _read_whole_characters()
        server.run("stdio")


def _read_whole_characters() -> None:
    """Let the protocol's package, which reads ``sys.stdin``, get no half characters: it would drop such a message."""
    from assistant.serving.whole_text import WholeLines

    sys.stdin = io.TextIOWrapper(io.BufferedReader(WholeLines(sys.stdin.buffer)), encoding="utf-8")
