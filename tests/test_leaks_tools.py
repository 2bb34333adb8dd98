"""The same for the tools of another assistant and for the command line: nothing is told that is secret.

A calling assistant is somebody elsewhere: it is told no more than a browser is. Whoever sits at the command line may
see paths, for he needs them, but no passphrase, key, password or text of a passage: they would stay in terminals.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.answering.deciding import Decider
from assistant.domain import Context
from assistant.pipeline import Assistant
from assistant.serving.journal import JournalFormatter
from assistant.trust import keys
from tests import tiny
from tests.conftest import REPOSITORY, TODAY, Ran
from tests.leaking import ADDRESS, FOREIGN, INSIDE, OWN, PASSWORD, PATH, QUESTION, SQL, TOKEN, each, found_in

ALL = (*OWN, *FOREIGN)
PASSPHRASE = "correct horse 9f3a"  # noqa: S105 - of nobody
_HCP = Context("hcp", "US", "en", "mcp", TODAY)


@pytest.fixture
def kept(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """What stands in the log, as ``onlabel mcp`` and ``onlabel serve`` have it written."""
    caplog.set_level("WARNING")
    caplog.handler.setFormatter(JournalFormatter())
    yield lambda: caplog.handler.stream.getvalue()


def raising(error: BaseException) -> Callable[..., None]:
    def fails(*_: object, **__: object) -> None:
        raise error.with_traceback(None)

    return fails


# -- tools of another assistant ----------------------------------------------------------------------------------------


@pytest.fixture
def tools(quick: Assistant) -> Iterator[Callable[..., Any]]:
    """The tools over HTTP, as ``onlabel mcp --http`` has them answer."""
    pytest.importorskip("mcp", reason="the mcp package is not installed (extra `mcp`)")
    from assistant.serving.mcp_server import make_server

    app = make_server(quick, lambda: _HCP).streamable_http_app(stateless_http=True, json_response=True)
    with TestClient(app, base_url="http://127.0.0.1:8766", raise_server_exceptions=False) as client:

        def post(content: bytes, **headers: str) -> Any:
            usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
            return client.post("/mcp", content=content, headers=usual | headers)

        yield post


def call(tool: str, **arguments: object) -> bytes:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_a_tool_that_fails(
    tools: Callable[..., Any], quick_sample: Path, monkeypatch: pytest.MonkeyPatch, kept: Callable[[], str],
    error: Exception,
) -> None:  # fmt: skip
    monkeypatch.setattr(Decider, "decide", raising(error))
    monkeypatch.setattr("assistant.serving.mcp_server.verify_quote", raising(error))
    for asked in (call("approved_answer", question=QUESTION), call("verify_quote", quote=QUESTION)):
        got = tools(asked)
        assert json.loads(got.text)["result"]["isError"]
        assert found_in(f"{got.text} {dict(got.headers)}", str(quick_sample), *INSIDE) == []
    assert found_in(kept(), SQL) == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[" * 100_000, b"\xff\xfe", json.dumps(QUESTION).encode(), b"[]", b"{}",
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": QUESTION}).encode(),
        call("nothing", question=QUESTION), call("approved_answer", quest=QUESTION),
        call("approved_answer", question=[]),
        call("approved_answer", question="x", product=QUESTION), call("approved_answer", question="x" * 200_000),
        call("approved_answer", question="\ud800"), call("verify_quote", quote="\ud800"),
    ],
    ids=range(15),
)  # fmt: skip
def test_calls_that_cannot_be_meant(
    tools: Callable[..., Any], quick_sample: Path, kept: Callable[[], str], body: bytes
) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}, {"Authorization": f"Bearer {TOKEN}"}, {"Accept": "text/html"}):
        got = tools(body, **headers)
        said = got.text.replace(QUESTION, "")  # it may be told what it sent itself
        assert found_in(f"{said} {dict(got.headers)}", str(quick_sample), *INSIDE) == []
    assert found_in(kept()) == []


def test_over_stdio_the_process_says_nothing_of_it_either(quick_sample: Path) -> None:
    """The real command in a process of its own: what it writes to stderr is what a desktop application keeps."""
    pytest.importorskip("mcp", reason="the mcp package is not installed (extra `mcp`)")
    script = f"""
import sys
from pathlib import Path
from tests import tiny
from tests.fakes import HashEncoder
from assistant.answering.deciding import Decider
from assistant.pipeline import Assistant
from assistant.serving.commands.mcp import mcp_command
Assistant.open = classmethod(lambda cls, root: tiny.opened(Path(root), HashEncoder(64)))
def decide(*_):
    raise RuntimeError({f"{QUESTION} {TOKEN} {ADDRESS}"!r})
Decider.decide = decide
mcp_command.main([], obj=Path(sys.argv[1]), standalone_mode=True)
"""
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    first = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": start}).encode()
    ready = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    with subprocess.Popen(
        [sys.executable, "-c", script, str(quick_sample)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(first + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdin.write(ready + b"\n" + call("approved_answer", question=QUESTION) + b"\n")
        process.stdin.flush()
        said = process.stdout.readline().decode()
        process.stdin.close()
        written = process.stderr.read().decode()
    assert '"isError":true' in said, written
    assert found_in(said, *INSIDE) == []
    assert "RuntimeError" in written
    assert found_in(written, "Philomena", SQL) == []


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", FOREIGN, ids=each(FOREIGN))
def test_a_command_that_fails_is_told_by_type_and_place(
    onlabel: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    if isinstance(error, OSError):
        pytest.skip("the system's errors are told in their words, which are those of a path")
    monkeypatch.setattr(Decider, "decide", raising(error))
    ran = onlabel("ask", QUESTION)
    assert ran.code == 1
    assert found_in(ran.out + ran.err) == []
    if not isinstance(error, RecursionError):
        assert type(error).__name__ in ran.err
        assert "deciding" in ran.err or Path(__file__).name in ran.err


@pytest.mark.parametrize("error", OWN, ids=each(OWN))
def test_an_error_of_ours_keeps_its_paths_and_no_secret(
    onlabel: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Decider, "decide", raising(error))
    ran = onlabel("ask", QUESTION)
    assert ran.code == error.exit_code  # type: ignore[attr-defined]
    assert found_in(ran.out + ran.err) == []
    assert (PATH in ran.err) == (PATH in str(error))


@pytest.mark.parametrize(
    "command",
    [
        ("audit", "list", "--log"), ("audit", "show", "0", "--log"), ("audit", "verify", "--log"),
        ("audit", "export", "--log"), ("ask", "--audience"), ("ask", "--as-of"),
        ("serve", "--host"), ("serve", "--port"), ("import", "spl"), ("audit", "replay", "0", "--log"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(
    "place",
    [
        f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/records", f"postgresql://clerk:{PASSWORD}/x@127.0.0.1:1/records",
        f"postgresql://clerk:{PASSWORD}@[::1/records", f"host=127.0.0.1 port=1 password={PASSWORD}",
    ],
    ids=["address", "slip", "broken", "pairs"],
)  # fmt: skip
def test_a_password_in_an_address_is_not_repeated(
    onlabel: Callable[..., Ran], command: tuple[str, ...], place: str
) -> None:
    ran = onlabel(*command, place)
    assert ran.code != 0
    assert ran.err
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize("section", ["audit", "intake", "serve"])
def test_nor_one_in_the_settings(quick_sample: Path, tmp_path: Path, onlabel: Callable[..., Ran], section: str) -> None:
    key = "jwks" if section == "serve" else "path"
    place = f"https://clerk:{PASSWORD}@127.0.0.1:1/keys" if section == "serve" else ADDRESS
    settings = (quick_sample / "onlabel.toml").read_text(encoding="utf-8")
    root = tiny.write(tmp_path / "w", [b"x"])
    more = '\nauth = "jwt"\nissuer = "i"\ntoken_audience = "t"' if section == "serve" else ""
    (root / "onlabel.toml").write_text(f'{settings}\n[{section}]\n{key} = "{place}"{more}\n', encoding="utf-8")
    for command in (("doctor",), ("ask", "x"), ("audit", "list"), ("intake", "list"), ("serve", "--port", "0")):
        if section != "serve" and command[0] == "serve":
            continue  # it would serve
        ran = onlabel("-w", root, *command)
        assert PASSWORD not in ran.out + ran.err, command


def test_passphrases_and_keys_stay_where_they_are(
    onlabel: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "KDF_ROUNDS", 1)
    right, wrong, short = (tmp_path / name for name in ("right", "wrong", "short"))
    right.write_text(PASSPHRASE, encoding="utf-8")
    wrong.write_text("Tr0ub4dor-9f3a", encoding="utf-8")
    short.write_text("9f3a", encoding="utf-8")
    key = tmp_path / "keys" / "jane"
    told = ""
    for command in (
        ("keys", "new", "jane", "--name", "Jane Roe, MD", "--folder", key.parent, "--passphrase-file", right),
        ("keys", "new", "jane", "--name", "Jane Roe, MD", "--folder", key.parent, "--passphrase-file", right),
        ("keys", "new", "joe", "--name", "Joe", "--folder", key.parent, "--passphrase-file", short),
        ("keys", "change-passphrase", key, "--passphrase-file", wrong, "--new-passphrase-file", right),
        ("keys", "change-passphrase", key, "--passphrase-file", right, "--new-passphrase-file", short),
        ("keys", "change-passphrase", key, "--passphrase-file", right, "--new-passphrase-file", wrong),
        ("keys", "list", "--folder", key.parent),
        ("approve", "--all", "--role", "medical", "--key", key, "--passphrase-file", right),
        ("audit", "checkpoint", "--key", key, "--passphrase-file", right),
        ("keys", "new", "ann", "--name", "Ann", "--folder", key.parent, "--passphrase", PASSPHRASE),
    ):  # fmt: skip
        ran = onlabel(*command)
        told += ran.out + ran.err
    assert key.is_file()
    assert "wrong passphrase" in told
    secret = "".join(key.read_text().splitlines()[1:-1])
    for word in (PASSPHRASE, "Tr0ub4dor-9f3a", "9f3a\n", "PRIVATE KEY", secret[:40], secret[-40:]):
        assert word not in told


def test_the_key_of_a_caller_is_shown_on_stdout_alone(onlabel: Callable[..., Ran], tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"x"])
    made = onlabel("-w", root, "serve", "add-key", "crm")
    key = made.out.strip()
    assert key.startswith("onlabel_")
    file = next((root / "keys").iterdir())
    hashed = json.loads(file.read_text())["keys"][0]["scrypt"]
    file.write_text(file.read_text().replace('"made"', '"mode"'))
    broken = onlabel("-w", root, "serve", "list-keys")
    assert broken.code == 1
    for secret in (key.split("_", 2)[2], hashed):
        assert secret not in made.err + broken.out + broken.err


def test_no_error_about_content_quotes_it(onlabel: Callable[..., Ran], tmp_path: Path) -> None:
    """Passages, front matter, templates and policies that are damaged in every line, each in turn."""
    words = "Unmistakable 9f3a words of a passage"
    root = tiny.write(tmp_path / "w", [words.encode()])
    file = next((root / "approved_corpus" / tiny.DOCUMENT).glob("*.0.md"))
    sound = file.read_bytes().splitlines(keepends=True)
    told = ""
    for at in range(len(sound)):
        for damage in (b"\xff\xfe\n", b"\t: [{\n"):
            file.write_bytes(b"".join((*sound[:at], damage, *sound[at + 1 :])))
            ran = onlabel("-w", root, "check")
            told += ran.out + ran.err
    file.write_bytes(b"".join(sound) + b"\0{{ }}\xff")
    told += (ran := onlabel("-w", root, "build")).out + ran.err
    assert told
    assert "9f3a words" not in told


def test_an_answer_that_fails_its_proof_is_not_shown_anywhere(
    onlabel: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, quick: Assistant
) -> None:
    text = quick.ask("zorvanta storage").text.decode()
    monkeypatch.setattr(
        "assistant.pipeline.verify", lambda *_, text, **__: (_ for _ in ()).throw(RuntimeError(text.decode()))
    )
    ran = onlabel("ask", "zorvanta storage")
    assert ran.code == 1
    assert ran.out == ""
    assert not [line for line in text.splitlines() if len(line) > 20 and line in ran.err]
