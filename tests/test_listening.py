"""How the service listens, with the options that ``onlabel serve`` gives its server: TLS, proxies, and false ones."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.requests import HTTPConnection

from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.serving.commands.serve import _application, _options, _Server, serve_command
from assistant.serving.web.app import make_app
from assistant.serving.web.auth import Doorkeeper, require_certificate, require_door
from assistant.serving.web.callers import Caller, Standards
from assistant.serving.web.errors import Refused
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings
from assistant.workspace import Workspace
from tests import tiny
from tests.conftest import REPOSITORY
from tests.fakes import HashEncoder, MemoryAudit
from tests.serving import QUICK

PATIENCE = 60
ASK = {"question": "how should zed be stored?"}
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tiny.write(tmp_path_factory.mktemp("listening") / "w", [b"Store below 25 C."])
    tiny.compiled(made, QUICK)
    return made


@contextmanager
def listening(root: Path, door: Doorkeeper | None = None, encoder: HashEncoder = QUICK, **given: Any) -> Iterator[str]:
    """The service on a free port, with the options of the command; gives host and port."""
    # Shorter times than anybody may set, so that no test has to wait.
    settings = ServeSettings(rate="100000/second").model_copy(update=given)
    log = MemoryAudit()
    service = Service(tiny.opened(root, encoder, log), log, settings=settings)
    options = _options(_Server(Workspace(root), settings, root))
    with socket.create_server(("127.0.0.1", 0)) as heard:
        server = uvicorn.Server(uvicorn.Config(make_app(service, settings, door), **options))
        thread = threading.Thread(target=server.run, args=([heard],), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{heard.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def get(address: str, path: str = "/healthz", **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=PATIENCE, **options) as client:
        return client.get(f"{address}{path}")


# -- TLS ---------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str = "tls", lock: bytes = b"") -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "onlabel test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(lock) if lock else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    return folder / f"{name}.pem", folder / f"{name}.key"


def test_questions_and_answers_are_encrypted(root: Path) -> None:
    pem, key = certificate(root / "keys")
    given: dict[str, Any] = {"tls_certificate": "keys/tls.pem", "tls_key": "keys/tls.key"}  # relative to the workspace
    require_certificate(ServeSettings(**given), root)
    with listening(root, **given) as place:
        trusting = ssl.create_default_context(cafile=str(pem))
        with httpx.Client(trust_env=False, timeout=PATIENCE, verify=trusting) as client:
            got = client.post(f"https://{place}/v1/ask", json=ASK)
        assert (got.status_code, got.json()["schema"]) == (200, "onlabel.answer/1")
        assert got.headers["Strict-Transport-Security"] == "max-age=31536000"
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):  # nobody vouches for it
            get(f"https://{place}")
        with pytest.raises(httpx.HTTPError):  # plain text gets nothing
            get(f"http://{place}")
    assert key.is_file()


def test_without_tls_no_browser_is_told_to_come_back_with_it(root: Path) -> None:
    with listening(root) as place:
        got = get(f"http://{place}")
        assert got.status_code == 200
        assert "Strict-Transport-Security" not in got.headers
        assert "server" not in got.headers


def test_a_certificate_that_cannot_be_used_is_named_before_anything_listens(root: Path, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path / "keys")
    _, other = certificate(tmp_path / "keys", "other")
    _, locked = certificate(tmp_path / "keys", "locked", lock=b"hunter2-9f3a")
    text = tmp_path / "keys" / "text.pem"
    text.write_text("no certificate")

    def refused(certificate: Path, key: Path | str) -> str:
        settings = ServeSettings(tls_certificate=str(certificate), tls_key=str(key))
        with pytest.raises(ContentError) as caught:
            require_certificate(settings, root)
        return str(caught.value)

    require_certificate(ServeSettings(tls_certificate=str(pem), tls_key=str(key)), root)
    assert "nothing.pem" in refused(tmp_path / "nothing.pem", key)
    assert "nothing.key" in refused(pem, tmp_path / "nothing.key")
    for pair in ((pem, other), (text, key), (pem, text), (pem, locked), (pem, "")):
        said = refused(*pair)
        assert str(pair[0]) in said
        assert "BEGIN" not in said
    both = tmp_path / "keys" / "both.pem"
    both.write_bytes(pem.read_bytes() + key.read_bytes())
    require_certificate(ServeSettings(tls_certificate=str(both)), root)
    with pytest.raises(UsageError, match="nothing would be encrypted"):
        require_door(ServeSettings(tls_key=str(key)))


def test_the_command_refuses_it_before_it_listens(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []
    monkeypatch.setattr(uvicorn, "run", lambda *given, **_: begun.append(given))
    config = tmp_path / "serve.toml"
    config.write_text('[serve]\ntls_certificate = "keys/gone.pem"\ntls_key = "keys/gone.key"\n')
    ran = CliRunner().invoke(serve_command, ["--config", str(config)], obj=root)
    assert isinstance(ran.exception, ContentError)
    assert "gone.pem" in str(ran.exception)
    assert begun == []


# -- requests that never end -------------------------------------------------------------------------------------------

HEAD = b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
BODY = json.dumps(ASK).encode()
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def said_to(place: str, *parts: bytes) -> bytes:
    """All that the service says to ``parts`` until it hangs up; this side never does."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        for part in parts:
            connection.sendall(part)
        heard = b""
        while piece := connection.recv(65_536):
            heard += piece
        return heard


@pytest.mark.parametrize("sent", [b"", b"P", HEAD, HEAD + b"X: " + b"x" * 1000], ids=["nothing", "one", "head", "long"])
def test_a_header_that_does_not_come_is_not_waited_for(root: Path, sent: bytes) -> None:
    with listening(root, read_seconds=0.2) as place:
        assert said_to(place, sent) == b""


@pytest.mark.parametrize("length", [b"Content-Length: 5000", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_refused(root: Path, length: bytes) -> None:
    with listening(root, read_seconds=0.2) as place:
        heard = said_to(place, HEAD + length + b"\r\n\r\n")
        counted = get(f"http://{place}", "/metrics").text
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert b"onlabel.error/1" in heard
    assert 'route="/v1/ask",status="408"} 1.0' in counted


def test_who_was_answered_once_is_waited_for_no_longer(root: Path) -> None:
    with listening(root, read_seconds=0.2) as place:
        host, _, port = place.partition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(WHOLE)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            connection.sendall(HEAD)
            while heard := connection.recv(65_536):  # the rest of the answer
                assert b"HTTP/1.1" not in heard


def test_who_speaks_byte_by_byte_gets_no_more_time(root: Path) -> None:
    """The whole of a header is timed and not the pauses in it: only so can the end be known."""
    with listening(root, read_seconds=0.2) as place:
        host, _, port = place.partition(":")
        with (
            socket.create_connection((host, int(port)), PATIENCE) as connection,
            pytest.raises((BrokenPipeError, ConnectionError)),
        ):
            connection.sendall(HEAD + b"X: ")
            while True:
                connection.sendall(b"x")
                select.select([], [], [], 0.001)


def test_a_header_without_an_end_is_not_kept(root: Path) -> None:
    with listening(root, read_seconds=3600) as place, suppress(ConnectionError):
        assert said_to(place, HEAD, b"X: ", *[b"x" * 65_536] * 32) == b""


def test_an_answer_may_take_longer_than_a_request(root: Path) -> None:
    go = threading.Event()
    slow = HashEncoder(64, before=lambda _: go.wait(PATIENCE) and None)
    with (
        listening(root, read_seconds=0.2, encoder=slow, queue=1) as place,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(httpx.post, f"http://{place}/v1/ask", json=ASK, trust_env=False, timeout=PATIENCE)
        while get(f"http://{place}", "/readyz").status_code == 200:
            assert not asked.done()
        assert said_to(place, HEAD) == b""  # so much time has passed since
        assert not asked.done()
        go.set()
        assert asked.result(PATIENCE).status_code == 200


# -- several processes -------------------------------------------------------------------------------------------------


def test_who_watches_over_processes_opens_the_release_elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran_with: list[int] = []

    def run(application: partial[object], count: int, **_: object) -> None:
        assert application.func is _application
        ran_with.append(count)

    monkeypatch.setattr("assistant.serving.journal.keep_journal", list)
    monkeypatch.setattr("assistant.serving.web.processes.run", run)
    opened: list[object] = []
    monkeypatch.setattr("assistant.serving.web.processes.try_once", opened.append)
    ran = CliRunner().invoke(serve_command, ["--workers", "2"], obj=root)
    assert ran.exception is None, ran.exception
    assert (ran_with, len(opened)) == ([2], 1)


def test_what_cannot_be_opened_is_told_before_processes_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tiny.write(tmp_path / "w", [b"Words."])  # never built
    monkeypatch.setattr("assistant.serving.journal.keep_journal", list)  # pytest keeps this process's
    ran = CliRunner().invoke(serve_command, ["--workers", "2"], obj=empty)
    assert type(ran.exception) is NotReadyError
    assert "onlabel build" in str(ran.exception)


def test_who_watches_over_processes_imports_no_model() -> None:
    program = (
        "import sys, uvicorn, assistant.serving.commands.serve, assistant.serving.journal, assistant.serving.web.auth, "
        "assistant.serving.web.hearing, assistant.serving.web.processes, assistant.workspace\n"
        "print(sorted({'numpy', 'faiss', 'llama_cpp', 'assistant.pipeline'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, cwd=REPOSITORY)
    assert ran.stdout == "[]\n"


# -- proxies -----------------------------------------------------------------------------------------------------------


class Noting:
    """A door that lets everybody in and notes who it took each for."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def caller(self, connection: HTTPConnection) -> Caller:
        if connection.client is None:
            raise Refused(403, "")
        self.seen.append((connection.client.host, connection.scope["scheme"]))
        return Standards("hcp", "US", "en").caller("noted", browser=False)


LIES: Mapping[str, str] = {
    "X-Forwarded-For": "10.1.2.3",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "10.1.2.3",
    "Forwarded": "for=10.1.2.3;proto=https",
}


@pytest.mark.parametrize("proxies", [(), ("10.9.9.9",), ("10.0.0.0/8", "2001:db8::1")], ids=["none", "one", "net"])
def test_what_anybody_but_a_listed_proxy_says_of_itself_is_not_believed(root: Path, proxies: tuple[str, ...]) -> None:
    door = Noting()
    with listening(root, door, proxies=proxies) as place:
        got = get(f"http://{place}", "/v1/products", headers=LIES)
    assert got.status_code == 200
    assert door.seen == [("127.0.0.1", "http")]
    assert "Strict-Transport-Security" not in got.headers


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("127.0.0.1, 10.1.2.3", "10.1.2.3"),  # the caller wrote the first itself, the proxy the second
        ("192.0.2.1, 10.1.2.3, 127.0.0.1", "10.1.2.3"),  # two proxies of ours
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_listed_proxy_says_who_asks_and_how(root: Path, forwarded: str, client: str) -> None:
    door = Noting()
    with listening(root, door, proxies=("127.0.0.1",)) as place:
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
        got = get(f"http://{place}", "/v1/products", headers=headers)
    assert door.seen == [(client, "https")]
    assert got.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",), ("10.9.9.9",)], ids=["none", "listed", "another"])
@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "::1"}, {"X-Forwarded-For": "127.0.0.1, 127.0.0.1"},
        {"X-Forwarded-For": ""}, {"X-Forwarded-For": "unknown"}, {"X-Real-IP": "127.0.0.1"}, {"Via": "1.1 proxy"},
        {"Forwarded": "for=127.0.0.1"}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Host": "127.0.0.1"},
    ],
    ids=lambda header: " ".join(*header.items()),
)  # fmt: skip
def test_without_authentication_nobody_is_let_in_through_a_proxy(
    root: Path, proxies: tuple[str, ...], header: dict[str, str]
) -> None:
    """Also where it says that it speaks for this machine: whoever it speaks for could have said so."""
    with listening(root, proxies=proxies) as place:
        assert get(f"http://{place}", "/v1/products").status_code == 200
        assert get(f"http://{place}", "/v1/products", headers=header).status_code == 403


def test_the_log_is_kept_in_its_own_form_from_the_beginning(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr("assistant.serving.journal.keep_journal", lambda: order.append("journal"))
    monkeypatch.setattr("assistant.serving.commands.serve._application", lambda *_: order.append("application"))
    monkeypatch.setattr(uvicorn, "run", lambda *_, **given: order.append(f"run {given['log_config']}"))
    ran = CliRunner().invoke(serve_command, ["--port", "0"], obj=root)
    assert ran.exception is None, ran.exception
    assert order == ["journal", "application", "run None"]
