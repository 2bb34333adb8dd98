"""Token keys fetched over real HTTP from a server on loopback: rotated, gone, broken, too large or slow, led away."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.errors import NotReadyError
from assistant.serving.web import tokens
from assistant.serving.web.service import Service
from assistant.serving.web.tokens import TokenDoor, TokenKeys
from assistant.settings import ServeSettings
from tests import tiny
from tests.serving import QUICK, client_of, service_over
from tests.test_serve_auth import FOR, ISSUER, OTHER_RSA, RSA, STANDARDS, bearer, jwk, token

PATIENCE = 60
FAR: dict[str, Any] = {"exp": 4_000_000_000}
Reply = Callable[[BaseHTTPRequestHandler], None]


def keys_of(*found: dict[str, Any]) -> Reply:
    data = json.dumps({"keys": found}).encode()

    def reply(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)

    return reply


FIRST, SECOND = jwk(RSA, "first"), jwk(OTHER_RSA, "second")


@dataclass
class Provider:
    """An identity provider's key server. ``over`` is set when a test ends: whoever waits goes on."""

    address: str = ""
    reply: Reply = field(default_factory=lambda: keys_of(FIRST))
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for limit in ("_TIMEOUT", "_WHOLE"):
        monkeypatch.setattr(tokens, limit, float(PATIENCE))  # a busy machine is no slow server
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            try:
                made.reply(self)
            except OSError:
                made.left.set()  # whoever asked has gone

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        made.address = f"http://127.0.0.1:{server.server_port}/keys?tenant=7"
        yield made
        made.over.set()
        server.shutdown()
        thread.join(PATIENCE)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tiny.write(tmp_path_factory.mktemp("keys") / "w", [b"Store below 25 C."])
    tiny.compiled(made, QUICK)
    return made


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(root: Path) -> Iterator[Service]:
    made = service_over(root)
    yield made
    made.close()


@pytest.fixture
def status(service: Service, provider: Provider, clock: Clock) -> Iterator[Callable[[str], int]]:
    """The status of a request with a token: 200 or 401; anything else is a fault."""
    fields: dict[str, Any] = {"jwks": provider.address, "issuer": ISSUER, "token_audience": FOR}
    settings = ServeSettings(auth="jwt", rate="100000/second", **fields)
    door = TokenDoor(TokenKeys(settings.jwks, clock=clock), settings, STANDARDS)
    client: TestClient
    with client_of(service, settings, door, host="10.0.0.7") as client:

        def asked(credential: str) -> int:
            found = client.get("/v1/products", headers=bearer(credential)).status_code
            assert found in (200, 401)
            return found

        yield asked


OLD, NEW = token(RSA, kid="first", **FAR), token(OTHER_RSA, kid="second", **FAR)


def test_keys_are_fetched_once_and_then_known(status: Callable[[str], int], provider: Provider) -> None:
    assert [status(OLD), status(OLD), status(OLD)] == [200, 200, 200]
    assert provider.asked == ["/keys?tenant=7"]


def test_a_rotation_is_noticed_and_the_key_taken_back_counts_no_more(
    status: Callable[[str], int], provider: Provider, clock: Clock
) -> None:
    assert status(OLD) == 200
    provider.reply = keys_of(FIRST, SECOND)
    assert status(NEW) == 401  # it was asked a moment ago
    clock.now += 31
    assert [status(NEW), status(OLD)] == [200, 200]
    provider.reply = keys_of(SECOND)
    clock.now += 3601
    assert [status(NEW), status(OLD)] == [200, 401]


def test_unknown_keys_do_not_have_it_asked_more_often(
    status: Callable[[str], int], provider: Provider, clock: Clock
) -> None:
    strangers = [token(OTHER_RSA, kid=f"stranger-{n}", **FAR) for n in range(20)]
    assert {status(stranger) for stranger in strangers} == {401}
    assert len(provider.asked) == 1
    clock.now += 31
    assert {status(stranger) for stranger in strangers} == {401}
    assert len(provider.asked) == 2


def failing() -> dict[str, Reply]:
    def plain(code: int, body: bytes, *headers: tuple[str, str]) -> Reply:
        def reply(to: BaseHTTPRequestHandler) -> None:
            to.send_response(code)
            for name, value in headers:
                to.send_header(name, value)
            to.end_headers()
            to.wfile.write(body)

        return reply

    def raw(data: bytes) -> Reply:
        return lambda to: void(to.wfile.write(data))

    good = json.dumps({"keys": [SECOND]}).encode()
    return {
        "500": plain(500, good),
        "404": plain(404, good),
        "no JSON": plain(200, b"<html>sign in</html>"),
        "another JSON": plain(200, b'["keys"]'),
        "keys of no kind": plain(200, b'{"keys": 7}'),
        "nested": plain(200, b"[" * 100_000),
        "bytes": plain(200, b"\xff\xfe"),
        "empty": plain(200, b""),
        "cut off": plain(200, good[:-9], ("Content-Length", str(len(good)))),
        "cut off in pieces": plain(200, b"ffff\r\n{", ("Transfer-Encoding", "chunked")),
        "no status": raw(b"what?\r\n\r\n"),
        "half a status": raw(b"HTTP/1.1"),
        "endless header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
        "many headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n" + good),
        "a line that ends the connection": raw(b""),
        "redirect": plain(302, b"", ("Location", "/elsewhere")),
        "lasting redirect": plain(308, b"", ("Location", "/elsewhere")),
        "redirect to a file": plain(302, b"", ("Location", "file:///etc/passwd")),
        "huge": plain(200, b'{"keys": [' + b" " * 1_000_100 + b"]}"),
        "huge and said so": plain(200, b"x", ("Content-Length", "9" * 12)),
    }


def void(_: object) -> None:
    """Of a call only its doing counts."""


@pytest.mark.parametrize("name", failing())
def test_what_cannot_be_read_changes_nothing_and_is_no_fault(
    status: Callable[[str], int], provider: Provider, clock: Clock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    assert status(OLD) == 200
    provider.reply = failing()[name]
    clock.now += 3601
    caplog.clear()
    assert [status(OLD), status(NEW)] == [200, 401]
    assert provider.asked == ["/keys?tenant=7"] * 2  # it was not asked again, and led nowhere else
    said = [record.getMessage() for record in caplog.records if record.name == "onlabel.serve"]
    assert len(said) == 1
    assert said[0].startswith("the token keys cannot be read: ")
    assert "127.0.0.1" not in said[0]
    assert "tenant" not in said[0]
    provider.reply = keys_of(SECOND)
    clock.now += 31
    assert [status(NEW), status(OLD)] == [200, 401]


def test_keys_of_a_server_that_is_gone_count_for_a_day(
    status: Callable[[str], int], provider: Provider, clock: Clock
) -> None:
    assert status(OLD) == 200
    provider.reply = failing()["a line that ends the connection"]
    clock.now += 86_000
    assert status(OLD) == 200
    clock.now += 500
    assert status(OLD) == 401
    provider.reply = keys_of(FIRST)
    clock.now += 31
    assert status(OLD) == 200


def test_a_service_that_was_begun_before_its_key_server_lets_in_once_that_is_there(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("http_proxy", raising=False)
    fields: dict[str, Any] = {"jwks": "http://127.0.0.1:1/keys", "issuer": ISSUER, "token_audience": FOR}
    settings = ServeSettings(auth="jwt", rate="100000/second", **fields)
    client = client_of(service, settings, TokenDoor(TokenKeys(settings.jwks, clock=clock), settings, STANDARDS))
    assert client.get("/v1/products", headers=bearer(OLD)).status_code == 401  # nobody listens on port 1


def silent(provider: Provider) -> Reply:
    """Sends a head and half a set of keys, and then nothing."""

    def reply(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.end_headers()
        to.wfile.write(b'{"keys": [')
        to.wfile.flush()
        provider.over.wait(PATIENCE)

    return reply


def dripping(provider: Provider, head: bytes) -> Reply:
    """Never silent for long and never done."""

    def reply(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(head)
        while not provider.over.wait(0.005):
            to.wfile.write(b" ")
            to.wfile.flush()

    return reply


@pytest.mark.parametrize("how", ["silent", "a body by the byte"])
def test_a_server_that_is_slow_is_given_up_and_hung_up_on(
    status: Callable[[str], int], provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    assert status(OLD) == 200
    monkeypatch.setattr(tokens, "_TIMEOUT", 0.2 if how == "silent" else 30.0)
    monkeypatch.setattr(tokens, "_WHOLE", 30.0 if how == "silent" else 0.2)
    drip = dripping(provider, b'HTTP/1.1 200 OK\r\n\r\n{"keys": [')
    provider.reply = silent(provider) if how == "silent" else drip
    clock.now += 3601
    assert status(OLD) == 200  # known from before
    if how != "silent":
        assert provider.left.wait(PATIENCE)


def test_a_head_that_never_ends_keeps_one_thread_and_nobody_waiting(
    status: Callable[[str], int], provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(OLD) == 200
    monkeypatch.setattr(tokens, "_WHOLE", 0.1)
    provider.reply = dripping(provider, b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(5):
        clock.now += 3601
        assert status(OLD) == 200
    assert len(provider.asked) == 2
    assert [thread.name for thread in threading.enumerate()].count("token-keys") == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://clerk:hunter2@login.example.com/keys", "https://clerk@login.example.com/keys",
        "http://clerk:hunter2@127.0.0.1/keys", "https://login.example.com:hunter2/keys", "https:///keys",
        "https://[::1/hunter2", "http://127.0.0.1@login.example.com/hunter2",
    ],
)  # fmt: skip
def test_an_address_with_a_password_or_that_cannot_be_meant_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(NotReadyError, match="without a name or password") as caught:
        TokenKeys(address)
    assert "hunter2" not in str(caught.value)
    assert "clerk" not in str(caught.value)


def test_the_log_never_holds_what_stands_in_the_query(
    service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.delenv("http_proxy", raising=False)
    fields: dict[str, Any] = {"jwks": "http://127.0.0.1:1/keys?code=hunter2", "issuer": ISSUER, "token_audience": FOR}
    settings = ServeSettings(auth="jwt", rate="100000/second", **fields)
    client = client_of(service, settings, TokenDoor(TokenKeys(settings.jwks), settings, STANDARDS))
    got = client.get("/v1/products", headers=bearer(OLD))
    assert got.status_code == 401
    assert "cannot be read" in caplog.text
    assert "hunter2" not in caplog.text + got.text
