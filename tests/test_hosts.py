"""Under which names the service is called: its own, and those that watch over it know it by its address."""

from __future__ import annotations

import socket

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from assistant.serving.web.app import make_app
from assistant.serving.web.auth import PROBES
from assistant.serving.web.callers import Caller
from assistant.serving.web.errors import Refused
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings
from tests.browsing import served
from tests.serving import REP, client_of

NAME = "onlabel.example.com"
NAMED = ServeSettings(host="0.0.0.0", auth="keys", hosts=(NAME,), rate="1000000/second")  # noqa: S104 - nothing listens
ADDRESSES = ("10.1.2.3:8765", "10.1.2.3", "[fd00::7]:8765", "[fd00::7]", "127.0.0.1:8765")
#: A page on the web may have each of these lead here.
NAMES = (
    "evil.example.com",
    f"{NAME}.evil.example.com",
    "localhost.evil.example.com",
    "10.1.2.3.nip.io",
    "",
    "*",
    "a:b:c",
)
READ = ("/metrics", "/openapi.json", "/widget/demo", "/widget/onlabel-chat.js", "/v1/products", "/v1/trust", "/nothing")


class Door:
    """Lets in who brings a credential."""

    async def caller(self, connection: HTTPConnection) -> Caller:
        if "authorization" not in connection.headers:
            raise Refused(401, "")
        return REP


@pytest.fixture
def client(service: Service) -> TestClient:
    return client_of(service, NAMED, Door(), host="10.1.0.9")


def status(client: TestClient, path: str, host: str, *, signed_in: bool = True, **headers: str) -> int:
    credential = {"Authorization": "Bearer x"} if signed_in else {}
    return int(client.get(path, headers={"Host": host, **credential, **headers}).status_code)


@pytest.mark.parametrize("host", [*ADDRESSES, *NAMES, f"{NAME}:443"])
def test_a_probe_is_told_yes_or_no_under_any_name_and_nothing_else(
    client: TestClient, service: Service, host: str
) -> None:
    for path, said in (("/healthz", "ok"), ("/readyz", "ready")):
        got = client.get(path, headers={"Host": host})
        assert (got.status_code, got.json()) == (200, {"status": said})
        assert host == "" or host not in str(got.headers)
    service.close_answers("the release in /srv/onlabel expired")
    got = client.get("/readyz", headers={"Host": host})
    assert (got.status_code, got.json()) == (503, {"status": "not ready"})


@pytest.mark.parametrize("path", ["/healthz/", "//healthz", "/healthz/x", "/HEALTHZ", "/readyz%2f", "/v1/../readyzz"])
def test_no_other_address_is_a_probe(client: TestClient, path: str) -> None:
    assert status(client, path, "evil.example.com") == 403


def test_a_probe_changes_nothing_and_takes_nothing(client: TestClient) -> None:
    for path in PROBES:
        assert client.post(path, headers={"Host": "10.1.2.3"}, json={"question": "hi"}).status_code == 405
        assert client.head(path, headers={"Host": "10.1.2.3"}).status_code == 200


@pytest.mark.parametrize("host", NAMES)
def test_everything_else_answers_to_its_own_name_alone(client: TestClient, host: str) -> None:
    for path in READ:
        assert status(client, path, host) == 403, path
    got = client.post("/v1/ask", json={"question": "hi"}, headers={"Host": host, "Authorization": "Bearer x"})
    assert got.status_code == 403
    assert host == "" or host not in got.text


@pytest.mark.parametrize("host", ADDRESSES)
def test_who_has_a_credential_reads_the_numbers_of_a_server_by_its_address(client: TestClient, host: str) -> None:
    assert status(client, "/metrics", host) == 200
    assert status(client, "/metrics", host, signed_in=False) == 401
    for path in READ[1:]:
        assert status(client, path, host) == 403, path


def test_a_page_of_another_origin_gets_no_probe_either(client: TestClient) -> None:
    for path in (*PROBES, "/metrics"):
        assert status(client, path, "10.1.2.3:8765", Origin="https://evil.example.com") == 403
        assert status(client, path, NAME, Origin="https://evil.example.com") == 403


def test_on_this_machine_alone_no_other_name_is_answered_to(service: Service) -> None:
    """Without authentication, and behind a proxy of this machine: what asks by an address asks by this machine's."""
    for settings in (ServeSettings(), ServeSettings(auth="keys", hosts=(NAME,)), ServeSettings(host="::1")):
        client = client_of(service, settings, None if settings.auth == "none" else Door())
        for path in (*PROBES, *READ):
            for host in (*NAMES, "10.1.2.3:8765", "[fd00::7]"):
                assert status(client, path, host) == 403, (path, host)
        for path in PROBES:
            for host in ("127.0.0.1:8765", "[::1]:8765", "localhost", *settings.hosts):
                assert status(client, path, host) == 200, (path, host)


def test_without_hosts_everything_answers_under_any_name(service: Service) -> None:
    client = client_of(service, NAMED.model_copy(update={"hosts": ()}), Door(), host="10.1.0.9")
    for path in (*PROBES, "/metrics", "/v1/products", "/openapi.json"):
        for host in ("10.1.2.3:8765", NAME, "anything"):
            assert status(client, path, host) == 200, (path, host)


@pytest.mark.parametrize("asked", ["GET /readyz HTTP/1.0", "GET /readyz HTTP/1.1\r\nHost: 10.1.2.3:8765"])
def test_a_balancer_that_names_no_host_is_answered_too(service: Service, asked: str) -> None:
    with served(make_app(service, NAMED, Door())) as origin:
        host, _, port = origin.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"{asked}\r\nConnection: close\r\n\r\n".encode())
            with connection.makefile("rb") as said:
                whole = said.read().decode()
    assert whole.startswith("HTTP/1.1 200 ")
    assert whole.endswith('{"status":"ready"}')
    assert "onlabel" not in whole.lower()
