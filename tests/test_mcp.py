"""``onlabel mcp`` with the real ``mcp`` client: over stdio from a process of its own, and in this one."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

mcp = pytest.importorskip("mcp", reason="the mcp package is not installed (extra `mcp`)")

from assistant.domain import Context  # noqa: E402
from assistant.errors import IntegrityError, UsageError  # noqa: E402
from assistant.pipeline import Assistant  # noqa: E402
from assistant.serving.commands.mcp import mcp_command  # noqa: E402
from assistant.serving.mcp_server import make_server  # noqa: E402
from assistant.serving.quoting import verify_quote  # noqa: E402
from assistant.trust.receipts import check_receipt  # noqa: E402
from tests.conftest import REPOSITORY, TODAY  # noqa: E402
from tests.fakes import MemoryAudit  # noqa: E402

_HCP = Context("hcp", "US", "en", "mcp", TODAY)
_PATIENT = Context("patient", "US", "en", "mcp", TODAY)
_STDIO = """
import sys
from pathlib import Path
from tests import tiny
from tests.fakes import HashEncoder, MemoryAudit
from assistant.pipeline import Assistant
from assistant.serving.commands.mcp import mcp_command
def opened(cls, root):
    print("said while loading")
    return tiny.opened(Path(root), HashEncoder(64))
Assistant.open = classmethod(opened)
mcp_command.main([*sys.argv[2:]], obj=Path(sys.argv[1]), standalone_mode=True)
"""


def talk(server: Any, calls: Callable[[Any], Awaitable[None]]) -> None:
    """Connect the real client to ``server`` and make ``calls``."""

    async def run() -> None:
        async with mcp.Client(server, read_timeout_seconds=60) as client:
            await calls(client)

    asyncio.run(run())


def over_stdio(root: Path, *options: str) -> Any:
    return mcp.StdioServerParameters(command=sys.executable, args=["-c", _STDIO, str(root), *options], cwd=REPOSITORY)


def test_the_tools_over_stdio(quick_sample: Path) -> None:
    async def calls(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"approved_answer", "verify_quote"}
        assert "not approved" in tools["approved_answer"].description
        for tool in tools.values():
            assert not {"audience", "market", "language", "date", "channel"} & set(tool.input_schema["properties"])
        result = await client.call_tool("approved_answer", {"question": "how should zorvanta be stored?"})
        answer = result.structured_content["answer"]
        assert not result.is_error
        assert [item.text for item in result.content] == [answer["text"]]
        check_receipt(answer["receipt"])
        assert sha256(answer["text"].encode()).hexdigest() == answer["receipt"]["answer_sha256"]
        assert answer["context"]["channel"] == "mcp"
        assert answer["context"]["audience"] == "hcp"
        span = next(s for s in answer["spans"] if s["source"] == "passage" and s["role"] == "answer")
        words = answer["text"].encode()[span["start"] : span["end"]].decode()
        found = (await client.call_tool("verify_quote", {"quote": words})).structured_content
        assert found["approved"]
        assert span["id"] in {match["passage"] for match in found["matches"] if match["whole"]}
        reworded = (await client.call_tool("verify_quote", {"quote": words.replace(" ", "  ", 1)})).structured_content
        assert not reworded["approved"]

    talk(over_stdio(quick_sample), calls)


def test_nothing_but_the_protocol_is_written_to_stdout(quick_sample: Path) -> None:
    command = [sys.executable, "-c", _STDIO, str(quick_sample)]
    ran = subprocess.run(command, cwd=REPOSITORY, input=b"", capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert b"said while loading" in ran.stderr


def test_the_server_was_started_for_one_audience(quick_sample: Path) -> None:
    async def calls(client: Any) -> None:
        asked = {"question": "zorvanta storage", "audience": "hcp", "market": "GB"}
        result = await client.call_tool("approved_answer", asked)
        if not result.is_error:
            assert result.structured_content["answer"]["context"]["audience"] == "patient"

    talk(over_stdio(quick_sample, "--audience", "patient"), calls)


def test_a_conversation_of_the_client(quick: Assistant) -> None:
    async def calls(client: Any) -> None:
        first = (
            await client.call_tool("approved_answer", {"question": "how should zorvanta be stored?"})
        ).structured_content
        again = {"question": "and quovendry?", "previous": first["conversation"]}
        followed = (await client.call_tool("approved_answer", again)).structured_content
        assert followed["answer"]["slots"] == {"product": "quovendry", "topic": "storage"}
        assert followed["answer"]["carried"] == ["topic"]
        alone = (await client.call_tool("approved_answer", {"question": "and the storage?"})).structured_content
        assert alone["answer"]["carried"] == []
        unknown = {"question": "and the storage?", "previous": "0" * 64}
        assert (await client.call_tool("approved_answer", unknown)).structured_content["answer"]["carried"] == []

    talk(make_server(quick, lambda: _HCP), calls)


def test_a_conversation_that_the_server_holds(quick: Assistant) -> None:
    async def calls(client: Any) -> None:
        await client.call_tool("approved_answer", {"question": "how should zorvanta be stored?"})
        result = await client.call_tool("approved_answer", {"question": "and quovendry?"})
        assert result.structured_content["answer"]["slots"] == {"product": "quovendry", "topic": "storage"}

    talk(make_server(quick, lambda: _HCP, hold_conversation=True), calls)


def test_a_report_is_flagged_and_recorded(quick: Assistant) -> None:
    audit = quick._audit
    assert isinstance(audit, MemoryAudit)

    async def calls(client: Any) -> None:
        before = len(audit.records)
        result = await client.call_tool("approved_answer", {"question": "I developed a rash after taking zorvanta"})
        assert result.structured_content["answer"]["outcome"] == "adverse_event"
        assert len(audit.records) == before + 1
        assert b'"who":"rep"' in audit.records[-1]

    talk(make_server(quick, lambda: _HCP, who="rep"), calls)


def test_half_a_character_keeps_no_report_from_being_read_on_stdio(quick_sample: Path) -> None:
    """A client that cuts a text by its own count of characters leaves one; the package's reader drops the message."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    begin = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    begun = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})
    asked = json.dumps(
        {"name": "approved_answer", "arguments": {"question": "I had a rash after taking zorvanta \ud83d"}}
    )
    assert r"\ud83d" in asked
    server = over_stdio(quick_sample)
    with subprocess.Popen(
        [server.command, *server.args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True,
        encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(60, process.kill)  # a question that is dropped is never answered
        late.start()
        for line in (begin, begun, f'{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{asked}}}', "not JSON"):
            print(line, file=process.stdin, flush=True)
        assert json.loads(process.stdout.readline())["id"] == 1
        got = json.loads(process.stdout.readline())
        late.cancel()
        process.stdin.close()
    answer = got["result"]["structuredContent"]["answer"]
    assert (answer["outcome"], answer["question"]) == (
        "adverse_event",
        "I had a rash after taking zorvanta \ufffd",
    )


def test_errors_say_what_the_caller_can_do_and_nothing_else(quick: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def calls(client: Any) -> None:
        wrong = await client.call_tool("approved_answer", {"question": "storage?", "product": "aspirin"})
        assert wrong.is_error
        assert "no product" in wrong.content[0].text

        def fails(*_: object) -> None:
            raise IntegrityError("span 3 of /srv/secret")

        monkeypatch.setattr(Assistant, "show", fails)
        failed = await client.call_tool("approved_answer", {"question": "zorvanta storage"})
        assert failed.is_error
        assert failed.structured_content is None
        assert "secret" not in failed.content[0].text

    talk(make_server(quick, lambda: _HCP), calls)


def test_http_on_this_machine(quick: Assistant) -> None:
    import uvicorn

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            app = make_server(quick, lambda: _HCP).streamable_http_app(stateless_http=True, json_response=True)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", log_config=None))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
                async with mcp.Client(url, read_timeout_seconds=60) as client:
                    result = await client.call_tool("approved_answer", {"question": "zorvanta storage"})
                    assert result.structured_content["answer"]["receipt"]
            finally:
                server.should_exit = True
                await serving

    asyncio.run(run())


# -- quotes ------------------------------------------------------------------------------------------------------------


def _whole(quick: Assistant, id: str) -> str:
    entry = quick.index.entry(id)
    assert entry is not None
    return quick.index.load(entry).text.decode()


def test_only_exact_words_of_eligible_passages_are_approved(quick: Assistant) -> None:
    words = _whole(quick, "zorvanta-us-pi.16.2")
    found = verify_quote(words, quick.index, _HCP)
    assert found["approved"]
    assert found["matches"][0] | {"passage": "zorvanta-us-pi.16.2", "whole": True} == found["matches"][0]
    assert verify_quote(words[5:60], quick.index, _HCP)["matches"][0]["whole"] is False
    for changed in (words.upper(), f" {words} x", words.replace("e", "\u0435", 1), words[:-1] + "!", words + words):
        assert not verify_quote(changed, quick.index, _HCP)["approved"]
    # The professional's words are none of the patient's, and last year's are not today's.
    assert not verify_quote(words, quick.index, _PATIENT)["approved"]
    assert not verify_quote(_whole(quick, "zorvanta-us-pi.16.2-until-2025"), quick.index, _HCP)["approved"]


@pytest.mark.parametrize("fragment", ["", " ", "the", "5 mg", "\ud800", "store"])
def test_a_fragment_means_nothing(quick: Assistant, fragment: str) -> None:
    assert not verify_quote(fragment, quick.index, _HCP)["approved"]


def test_the_lines_of_a_mixture_are_told_apart(quick: Assistant) -> None:
    approved = next(line for line in _whole(quick, "zorvanta-us-pi.16.2").split("\n") if len(line) > 30)
    mixed = f"Our assistant says, dear doctor:\r\n\r\n{approved}\r\nSo it is perfectly safe for everybody."
    found = verify_quote(mixed, quick.index, _HCP)
    assert not found["approved"]
    assert [line["approved"] for line in found["lines"]] == [False, True, False]
    middle = found["lines"][1]
    assert mixed.encode()[middle["start"] : middle["end"]].decode() == approved
    assert approved not in str(found)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_refuses_one_memory_for_many() -> None:
    result = CliRunner().invoke(mcp_command, ["--http", "--conversation", "server"])
    assert isinstance(result.exception, UsageError)


def test_the_command_is_documented() -> None:
    result = CliRunner().invoke(mcp_command, ["--help"])
    assert result.exit_code == 0
    assert "onlabel mcp --http" in result.output
