"""Replicas behind a real proxy with the configuration of deploy/: nothing that was shown is lost when one is killed."""

from __future__ import annotations

import importlib
import json
import os
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import REPOSITORY

KINDS = ("nginx", "haproxy")
HOST = "onlabel.example.com"


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The benchmark's modules, found as `python bench/replicas.py` finds them."""
    if os.name != "posix":
        pytest.skip("the proxies of these tests run on POSIX")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        yield {name: importlib.import_module(name) for name in ("cluster", "replicas")}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, bench: dict[str, ModuleType]) -> str:
    name: str = request.param
    if bench["cluster"].found(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


# --- the whole: two replicas, one killed ------------------------------------------------------------------------------


def recorded_in(workspace: Path) -> set[tuple[Path, bytes]]:
    return {
        (path, path.read_bytes())
        for folder in ("audit", "intake")
        for path in (workspace / folder).rglob("*")
        if path.is_file()
    }


def test_a_replica_that_is_killed_under_load_loses_no_answer(
    bench: dict[str, ModuleType], sample: Path, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    if bench["cluster"].found("initdb") is None:
        pytest.skip("no PostgreSQL here")
    kind = next((name for name in KINDS if bench["cluster"].found(name)), None)
    if kind is None:
        pytest.skip("neither nginx nor HAProxy is installed")
    load = bench["replicas"].Load(callers=6, pause=0.02, kills=1, seconds=1.0)
    before = recorded_in(sample)
    found = bench["replicas"].trial(tmp_path, sample, kind, load)
    assert len(found.seen.answers) > 6
    assert found.lost == 0
    assert found.faults == ()
    assert found.reports >= found.seen.reported > 0
    assert set(found.seen.statuses) == {200}
    assert found.seen.broken == []
    assert found.sound
    assert recorded_in(sample) == before  # nothing was recorded where the settings of the workspace say
    bench["replicas"].told(kind, found)


def test_an_answer_that_is_not_in_the_audit_would_be_noticed(bench: dict[str, ModuleType]) -> None:
    replicas = bench["replicas"]
    seen = replicas.Seen([(0.0, 1.0, "a", False), (1.0, 2.0, "a", False), (2.0, 3.0, "b", True)])

    def trial(recorded: dict[str, int], reports: int = 1) -> Any:
        return replicas.Trial(seen, (), (), (), (), replicas.Counter(recorded), (), reports)

    assert trial({"a": 2, "b": 1}).sound
    assert (trial({"a": 1, "b": 1}).lost, trial({"a": 1, "b": 1}).sound) == (1, False)
    assert (trial({"a": 3, "b": 2}).recorded_only, trial({"a": 3, "b": 2}).sound) == (2, True)
    assert not trial({"a": 2, "b": 1}, reports=0).sound


# --- the proxy by itself, in front of what says what it was asked -----------------------------------------------------


@dataclass
class Upstream:
    """Stands where a replica stands; says ``status``, or hangs up where that is 0."""

    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def answering(self) -> Iterator[Upstream]:
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server:
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(200)  # /readyz: what a proxy that looks by itself is told

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            upstream.asked.append({name.lower(): value for name, value in self.headers.items()})
            self._say(upstream.status)

        def _say(self, status: int) -> None:
            if not status:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            if upstream.status:
                super().finish()

    return Handler


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy with two upstreams behind it."""

    port: int
    pem: Path
    behind: tuple[Upstream, Upstream]

    def post(self, headers: dict[str, str] | None = None, body: bytes = b"{}") -> int:
        """The status of a question that is asked through the proxy."""
        given = {"Host": HOST, "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}/v1/ask", body, given)
        return self.get(request)

    def get(self, request: urllib.request.Request | str, trust: ssl.SSLContext | None = None) -> int:
        context = trust or ssl.create_default_context(cafile=self.pem)
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as response:  # noqa: S310 - this machine
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@pytest.fixture
def front(kind: str, bench: dict[str, ModuleType], tmp_path: Path) -> Iterator[Front]:
    with ExitStack() as stack:
        one, two = (stack.enter_context(Upstream().answering()) for _ in range(2))
        pem = bench["cluster"].certificate(tmp_path)
        port = stack.enter_context(bench["cluster"].proxy(kind, tmp_path, pem, [one.port, two.port]))
        yield Front(port, pem, (one, two))


def test_the_certificate_is_the_one_that_was_given(front: Front) -> None:
    assert front.post() == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        front.get(f"https://127.0.0.1:{front.port}/", ssl.create_default_context())


def test_what_a_caller_says_about_where_he_comes_from_is_replaced(front: Front) -> None:
    forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "Forwarded": "for=10.0.0.1"}
    assert front.post({**forged, "X-Real-IP": "10.0.0.1", "Authorization": "Bearer x"}) == 200
    (told,) = front.behind[0].asked + front.behind[1].asked
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "https"
    assert told["host"] == HOST
    assert told["authorization"] == "Bearer x"
    assert not {"forwarded", "x-real-ip"} & set(told)


def test_a_caller_stays_with_one_replica_and_callers_are_spread(front: Front) -> None:
    for number in range(60):
        for _ in range(2):
            front.post({"Authorization": f"Bearer key-{number}"})
    met = [{told["authorization"] for told in upstream.asked} for upstream in front.behind]
    assert not met[0] & met[1]
    assert min(map(len, met)) > 10


@pytest.mark.parametrize("broken", [0, 502, 503])
def test_what_one_replica_cannot_answer_the_other_is_asked(front: Front, broken: int) -> None:
    front.behind[0].status = broken
    assert {front.post({"Authorization": f"Bearer key-{number}"}) for number in range(12)} == {200}
    assert front.behind[0].asked
    assert len(front.behind[1].asked) == 12


@pytest.mark.parametrize("final", [200, 403, 429, 500])
def test_what_one_replica_did_answer_is_not_asked_again(front: Front, final: int) -> None:
    """A failed proof (500) is not hidden behind another answer, and who asks too often asks nobody twice."""
    for upstream in front.behind:
        upstream.status = final
    assert front.post() == final
    assert len(front.behind[0].asked + front.behind[1].asked) == 1


def test_metrics_stay_inside(front: Front) -> None:
    assert front.get(f"https://127.0.0.1:{front.port}/metrics") == 404
    assert front.get(f"https://127.0.0.1:{front.port}/readyz") == 200


def test_nginx_refuses_what_is_too_long(front: Front, kind: str) -> None:
    if kind != "nginx":
        pytest.skip("HAProxy leaves it to the service")
    assert front.post(body=b"x" * 200_000) == 413
    assert front.behind[0].asked + front.behind[1].asked == []


# --- the service behind it --------------------------------------------------------------------------------------------


def test_behind_tls_the_service_knows_it_and_without_a_credential_nobody_is_on_this_machine(
    kind: str, bench: dict[str, ModuleType], sample: Path, tmp_path: Path
) -> None:
    """An open door counts for this machine alone: who comes through a proxy is not on it, wherever the proxy is."""
    cluster = bench["cluster"]
    with ExitStack() as stack:
        config = cluster.server_file(tmp_path / "serve.toml", {"proxies": ["127.0.0.1"], "hosts": [HOST]})
        records = {"ONLABEL_AUDIT": str(tmp_path / "a.sqlite"), "ONLABEL_INTAKE": str(tmp_path / "r.sqlite")}
        replica = cluster.Replica(sample, config, tmp_path / "replica.log", records)
        stack.callback(replica.stop)
        replica.start()
        replica.wait()
        pem = cluster.certificate(tmp_path)
        port = stack.enter_context(cluster.proxy(kind, tmp_path, pem, [replica.port, replica.port]))
        front = Front(port, pem, (Upstream(), Upstream()))
        body = json.dumps({"question": "How is quovendry stored?"}).encode()
        assert front.post(body=body) == 403
        request = urllib.request.Request(f"https://127.0.0.1:{port}/healthz", headers={"Host": HOST})
        trust = ssl.create_default_context(cafile=pem)
        with urllib.request.urlopen(request, context=trust) as response:  # noqa: S310 - this machine
            assert response.headers["Strict-Transport-Security"]
        direct = urllib.request.Request(f"http://127.0.0.1:{replica.port}/healthz", headers={"Host": HOST})
        with urllib.request.urlopen(direct) as response:  # noqa: S310 - this machine
            assert "Strict-Transport-Security" not in response.headers
