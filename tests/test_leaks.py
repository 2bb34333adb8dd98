"""Whatever goes wrong, whoever asks is told nothing of what is inside, and no log holds a secret or a question.

Every route is made to fail by every kind of error there is, then each place where errors really arise by the real ones.
The log is read with the formatter of Python's own, which repeats all words of what it is handed, so that nothing
depends on how a log is set up; only of other packages' lines is it read as :mod:`assistant.serving.journal` writes it.
"""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, request_response
from starlette.testclient import TestClient

import assistant
from assistant.answering.deciding import Decider
from assistant.errors import OnlabelError
from assistant.serving import journal
from assistant.serving.web import chat_completions, routes_v1, watching
from assistant.serving.web.api_keys import KeyDoor, KeyFile
from assistant.serving.web.app import make_app
from assistant.serving.web.auth import Doorkeeper
from assistant.serving.web.callers import Standards
from assistant.serving.web.recent import Recent
from assistant.serving.web.service import Service
from assistant.serving.web.tokens import TokenDoor, TokenKeys
from assistant.settings import ServeSettings
from tests import tiny
from tests.fakes import MemoryAudit
from tests.leaking import (
    ADDRESS,
    FOLDER,
    FOREIGN,
    INSIDE,
    KEY,
    OWN,
    PASSWORD,
    PATH,
    QUESTION,
    SQL,
    TOKEN,
    each,
    found_in,
)
from tests.postgres_server import Server
from tests.serving import FAST, QUICK, client_of, service_over

ALL = (*OWN, *FOREIGN)
STANDARDS = Standards("hcp", "US", "en")
JSON = {"Content-Type": "application/json"}
ASK: dict[str, Any] = {"question": QUESTION}
CHAT: dict[str, Any] = {"model": "onlabel", "messages": [{"role": "user", "content": QUESTION}]}
FEEDBACK: dict[str, Any] = {"answer": "0" * 64, "verdict": "right", "comment": QUESTION}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tiny.write(tmp_path_factory.mktemp("leaks-9f3a") / "w", [b"Store below 25 C."])
    tiny.compiled(made, QUICK)
    return made


@pytest.fixture
def service(root: Path) -> Iterator[Service]:
    made = service_over(root)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def nothing_leaks(got: Any, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither body nor headers say anything of the inside, nor the log a secret."""
    said = f"{dict(got.headers)} {got.text}"
    assert found_in(said, str(root), root.name + "/", *INSIDE) == []
    assert found_in(logged(caplog)) == []


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """The log of everybody but the test's own client, with every word that a formatter may print of it."""
    plain = logging.Formatter("%(name)s %(message)s")
    found = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio"))]
    return "\n".join(plain.format(record) for record in found)


def test_every_error_of_ours_is_among_those_tried() -> None:
    def below(kind: type[OnlabelError]) -> set[type[OnlabelError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {kind for kind in below(OnlabelError) if kind.__module__.startswith(f"{assistant.__name__}.")}
    assert ours <= {type(error) for error in OWN}


# -- every route, every error ------------------------------------------------------------------------------------------


def requests_of(app: Starlette) -> list[tuple[str, str]]:
    """A method and an address for every route."""
    found = []
    for route in app.routes:
        assert isinstance(route, Route), "a route of another kind: say here how it is asked"
        path = re.sub(r"\{[^}]*\}", "0" * 64, route.path)
        found += [(method, path) for method in route.methods or () if method != "HEAD"]
    return found


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_a_route_that_fails(service: Service, root: Path, caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    async def fails(_: object) -> Response:
        raise error.with_traceback(None)

    app = make_app(service, FAST)
    asked = requests_of(app)
    assert {"/v1/ask", "/v1/chat/completions", "/v1/trust", "/widget/demo", "/healthz"} <= {path for _, path in asked}
    for route in app.routes:
        assert isinstance(route, Route)
        route.app = request_response(fails)
    client = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1), raise_server_exceptions=False)
    for method, path in asked:
        got = client.request(method, path, json=ASK if method == "POST" else None)
        assert got.status_code >= 400
        assert set(got.json()) == {"schema", "error"}
        nothing_leaks(got, root, caplog)


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_a_door_that_fails(service: Service, root: Path, caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    class Broken:
        async def caller(self, _: object) -> Any:
            raise error.with_traceback(None)

    got = client_of(service, door=Broken()).post("/v1/ask", json=ASK, headers={"Authorization": f"Bearer {TOKEN}"})
    assert got.status_code >= 500
    nothing_leaks(got, root, caplog)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_an_answer_that_fails(
    service: Service, root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
    error: Exception, stream: bool,
) -> None:  # fmt: skip
    """In the thread that answers; where an answer is streamed nothing of the stream has begun."""

    def fails(*_: object) -> None:
        raise error.with_traceback(None)

    monkeypatch.setattr(Decider, "decide", fails)
    client = client_of(service)
    for got in (
        client.post("/v1/ask", json=ASK),
        client.post("/v1/chat/completions", json=CHAT | {"stream": stream}),
        client.get("/v1/passages/zed-us-pi.0"),
    ):
        assert got.status_code >= 400
        assert got.json()["schema"] == "onlabel.error/1"
        nothing_leaks(got, root, caplog)


@pytest.mark.parametrize("error", FOREIGN, ids=each(FOREIGN))
def test_a_stream_that_breaks(
    service: Service, root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(text: str) -> Iterator[str]:
        yield text[:4]
        raise error.with_traceback(None)

    monkeypatch.setattr(chat_completions, "pieces", broken)
    got = client_of(service).post("/v1/chat/completions", json=CHAT | {"stream": True})
    assert got.status_code == 200
    assert "[DONE]" not in got.text
    assert found_in(got.text, str(root), *INSIDE) == []
    assert found_in(logged(caplog)) == []


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_a_record_that_cannot_be_kept(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    audit = MemoryAudit()
    service = service_over(root, audit)

    def fails(_: object) -> None:
        raise error.with_traceback(None)

    monkeypatch.setattr(audit, "record", fails)
    client = client_of(service)
    for got in (client.post("/v1/ask", json=ASK), client.post("/v1/feedback", json=FEEDBACK)):
        assert got.status_code >= 400
        nothing_leaks(got, root, caplog)
    service.close()


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
@pytest.mark.parametrize(
    ("place", "name", "path"),
    [
        (Recent, "find", "/v1/answers/" + "0" * 64),
        (routes_v1, "trust_of", "/v1/trust"),
        (Service, "submit_products", "/v1/products"),
    ],
    ids=["answers", "trust", "products"],
)  # fmt: skip
def test_what_is_looked_up_and_fails(
    service: Service, root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
    place: Any, name: str, path: str, error: Exception,
) -> None:  # fmt: skip
    def fails(*_: object, **__: object) -> None:
        raise error.with_traceback(None)

    monkeypatch.setattr(place, name, fails)
    got = client_of(service).get(path)
    assert got.status_code >= 400
    nothing_leaks(got, root, caplog)


# -- the real ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["passages", "ledger"])
def test_an_index_that_is_damaged_while_it_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    root = tiny.write(tmp_path / "w-9f3a", [b"Store below 25 C."])
    tiny.compiled(root, QUICK)
    service = service_over(root)
    for file in (root / "index").rglob("*"):
        if file.is_file() and name in file.name:
            file.write_bytes(b"\0" * file.stat().st_size)
    client = client_of(service)
    for got in (client.post("/v1/ask", json=ASK), client.get("/v1/passages/zed-us-pi.0")):
        nothing_leaks(got, root, caplog)
        assert got.status_code in (200, 500, 503)
    service.close()


def test_an_index_that_is_gone_when_it_is_looked_for(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = service_over(root)
    client = client_of(service)
    assert not watching.ReleaseWatch(service, tmp_path / "w-9f3a", ("as it was",)).look()
    got = client.post("/v1/ask", json=ASK)
    assert got.status_code == 503
    nothing_leaks(got, tmp_path, caplog)
    assert client.get("/readyz").status_code == 503
    service.close()


def test_a_watch_that_fails_says_no_more_than_where(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = service_over(root)
    watch = watching.ReleaseWatch(service, root, ())
    for error in ALL:
        watch._give_up(error)
        service.swap(root)
    assert found_in(logged(caplog)) == []
    service.close()


def test_a_database_that_is_not_reached(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    from assistant.trust.log.log import AuditLog

    for address in (
        f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/records",
        f"postgresql://clerk:{PASSWORD}@127.0.0.1:1,127.0.0.1:2/records?connect_timeout=2",
        f"postgresql://clerk@127.0.0.1:1/records?password={PASSWORD}",
        f"postgresql://clerk:{PASSWORD}/x@127.0.0.1:1/records",
        f"postgresql://clerk:{PASSWORD}@[::1/records",
    ):
        audit: Any
        try:
            audit = AuditLog.open(address)
        except OnlabelError as error:
            assert found_in(str(error)) == []
            continue
        service = Service(tiny.opened(root, QUICK, audit), audit, settings=FAST)
        for got in (
            client_of(service).post("/v1/ask", json=ASK),
            client_of(service).post("/v1/feedback", json=FEEDBACK),
        ):
            assert got.status_code == 503
            nothing_leaks(got, root, caplog)
        service.close()


def test_a_row_that_a_database_refuses_is_not_quoted(
    root: Path, caplog: pytest.LogCaptureFixture, postgres: Server
) -> None:
    """PostgreSQL quotes it in the details of its error: in hexadecimal, where it is a record with its question."""
    from assistant.trust.log.log import AuditLog
    from assistant.trust.log.postgres import PostgresStorage

    with AuditLog(PostgresStorage(f"{postgres.conninfo} password={PASSWORD}", schema="leaks")) as log:
        log.append({"n": 1})
        postgres.sql("ALTER TABLE leaks.entry ADD CONSTRAINT full_up CHECK (number < 1)")
        service = Service(tiny.opened(root, QUICK, log), log, settings=FAST)
        for path, body in (("/v1/ask", ASK), ("/v1/feedback", FEEDBACK)):
            got = client_of(service).post(path, json=body)
            assert got.status_code == 503
            nothing_leaks(got, root, caplog)
        service.close()
    assert "could not be recorded" in logged(caplog)
    assert "full_up" in logged(caplog)
    assert found_in(logged(caplog), "Failing row", QUESTION[:12].encode().hex()) == []


# -- requests that cannot be meant -------------------------------------------------------------------------------------


def bad_requests(client: TestClient) -> Iterator[Any]:
    quoted = f'"{QUESTION}"'.encode()
    for path in ("/v1/ask", "/v1/feedback", "/v1/chat/completions"):
        for body in (
            b"", b"{", b"\xff\xfe", b"[" * 100_000, quoted, b"[" + quoted + b"]", b"{" + quoted + b": 1}",
            b'{"question": ' + quoted + b', "audience": "hcp"}', b'{"question": {' + quoted + b": " + quoted + b"}}",
            b'{"answer": ' + quoted + b', "verdict": ' + quoted + b"}",
            b'{"model": ' + quoted + b', "messages": [' + quoted + b"]}",
            b'{"model": "onlabel", "messages": [{"role": ' + quoted + b"}]}",
            b'{"model": "onlabel", "messages": [{"role": "user", "content": [{"type": ' + quoted + b"}]}]}",
            b'{"question": "x", "previous": ' + quoted + b"}", b'{"question": "x", "product": ' + quoted + b"}",
            b'{"question": "x", "\\ud800": 1}',
        ):  # fmt: skip
            yield client.post(path, content=body, headers=JSON)
        yield client.post(path, content=quoted * 10_000, headers=JSON)
        yield client.post(path, content=quoted, headers=JSON | {"Content-Length": QUESTION})
        for kind in ("", "text/plain", "application/x-www-form-urlencoded", f"multipart/form-data; boundary={TOKEN}"):
            yield client.post(path, content=quoted, headers={"Content-Type": kind})
        for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "QUERY"):
            yield client.request(method, path)
    for path in ("/", "/nothing", "/v1/passages/" + QUESTION, "/v1/answers/" + TOKEN, "/v1/models/" + KEY,
                 "/widget/../../etc/passwd", "/widget/%2e%2e/x", "/v1/passages/..%2f..%2fetc", "//v1/ask"):  # fmt: skip
        yield client.get(path)
    yield client.get("/v1/products", headers={"Host": f"{KEY}.example.com"})
    yield client.get("/v1/products", headers={"Origin": f"https://{PASSWORD}.example.com"})


def test_requests_that_cannot_be_meant(service: Service, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    count = 0
    for got in bad_requests(client_of(service)):
        count += 1
        assert 400 <= got.status_code < 500, (got.request.method, got.request.url, got.text)
        nothing_leaks(got, root, caplog)
    assert count > 70


@pytest.fixture
def door(tmp_path: Path) -> Doorkeeper:
    keys = KeyFile(tmp_path / "api-keys.json")
    keys.add("crm", today=tiny.DAY)
    return KeyDoor(keys, STANDARDS)


CREDENTIALS = (
    f"Bearer {KEY}", f"Bearer {TOKEN}", f"Basic {TOKEN}", f"Bearer {QUESTION}", KEY, f"Bearer {TOKEN * 200}",
    f"bearer  {KEY}", "Bearer " + "[" * 9000,
)  # fmt: skip


@pytest.mark.parametrize("credential", CREDENTIALS, ids=range(len(CREDENTIALS)))
def test_a_credential_that_does_not_count(
    service: Service, root: Path, caplog: pytest.LogCaptureFixture, door: Doorkeeper, credential: str
) -> None:
    got = client_of(service, door=door).post("/v1/ask", json=ASK, headers={"Authorization": credential})
    assert got.status_code == 401
    nothing_leaks(got, root, caplog)


def test_a_file_of_keys_that_is_damaged_while_the_service_runs(
    service: Service, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    keys = KeyFile(tmp_path / "api-keys.json")
    key = keys.add("crm", today=tiny.DAY)
    client = client_of(service, door=KeyDoor(keys, STANDARDS))
    kept = keys.all()[0]
    keys.path.write_text(keys.path.read_text().replace('"made"', '"mode"'))
    got = client.post("/v1/ask", json=ASK, headers={"Authorization": f"Bearer {key}"})
    assert got.status_code == 500
    nothing_leaks(got, tmp_path, caplog)
    for secret in (kept.scrypt, kept.salt, key):
        assert secret not in logged(caplog) + got.text


def test_a_token_whose_header_is_nested_too_deeply_is_a_bad_token(
    service: Service, root: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    import base64

    path = tmp_path / "jwks.json"
    path.write_text('{"keys": []}')
    named = {"jwks": str(path), "issuer": "https://i", "token_audience": "o", "rate": "1000/second"}
    settings = ServeSettings(auth="jwt", **named)  # type: ignore[arg-type]
    client = client_of(service, settings, TokenDoor(TokenKeys(str(path)), settings, STANDARDS))
    for text in (b"[" * 9000, b'{"alg":' * 1500, b'{"alg": ["RS256"]}', b'{"alg": "RS256", "kid": {}}', b"\xff"):
        header = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
        got = client.post("/v1/ask", json=ASK, headers={"Authorization": f"Bearer {header}.e30.e30"})
        assert got.status_code == 401, text[:20]
        nothing_leaks(got, root, caplog)


# -- the log, as the service keeps it ----------------------------------------------------------------------------------


@pytest.fixture
def kept() -> Iterator[io.StringIO]:
    """The log as :func:`assistant.serving.journal.keep_journal` has it written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(journal.JournalFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("error", ALL, ids=each(ALL))
def test_other_packages_exceptions_are_told_by_type_and_place(kept: io.StringIO, error: Exception) -> None:
    try:
        raise error.with_traceback(None)
    except Exception:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    said = kept.getvalue()
    assert type(error).__name__ in said
    assert f"{Path(__file__).name}:" in said
    assert found_in(said, SQL, "Philomena", PATH) == []


def test_what_another_handler_made_of_an_exception_is_not_taken_over(kept: io.StringIO) -> None:
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "m", (), None)
    try:
        raise ValueError(QUESTION)
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    assert QUESTION in logging.Formatter().format(record)
    assert QUESTION not in journal.JournalFormatter().format(record)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: <Task exception={QUESTION!r}>")
    assert "never retrieved" in kept.getvalue()
    assert QUESTION not in kept.getvalue()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (ADDRESS, "postgresql://***@db.internal:5432/records"),
        (f"{ADDRESS}?a=b@c, next", "postgresql://***@c, next"),
        ("postgresql://clerk@db/records", "postgresql://clerk@db/records"),
        ("host=db password=x9 user=clerk", "host=db password=*** user=clerk"),
        ("password = 'a b' user=clerk", "password = *** user=clerk"),
        ('{"password": "x9", "a": 1}', '{"password": ***, "a": 1}'),
        ("postgresql://clerk:it's\"x9<@db/records is gone", "postgresql://***@db/records is gone"),
        ("'postgresql://clerk:x9'@db/records'", "'postgresql://***@db/records'"),
        ("host=db password=it's user=clerk", "host=db password=*** user=clerk"),
        ("'host=db password=x9'", "'host=db password=***'"),
        (r"password='it\'s x9' user=clerk", "password=*** user=clerk"),
        (r'{"password": "a\"x9", "a": 1}', '{"password": ***, "a": 1}'),
        ("password='x9 that was cut", "password=*** that was cut"),
        ("Server=db;Pwd=x9;User=clerk", "Server=db;Pwd=***;User=clerk"),
        ("https://idp/keys?api-key=x9&v=2", "https://idp/keys?api-key=***&v=2"),
        ("X-API-Key: x9", "X-API-Key: ***"),
        ("database:\n  password: x9\n  user: clerk", "database:\n  password: ***\n  user: clerk"),
        ("password: 'a b', user: clerk", "password: ***, user: clerk"),
        ("see https://idp:8443/keys, 'a@b'", "see https://idp:8443/keys, 'a@b'"),
        ("https://idp/keys?api_key=x9&v=2", "https://idp/keys?api_key=***&v=2"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer ***"),
        (f"token {TOKEN} is over", "token *** is over"),
        (f"no {KEY}.", "no ***."),
        ("no passphrase: give --passphrase-file", "no passphrase: give --passphrase-file"),
        ("[serve] cookie holds a token: it needs auth = jwt", "[serve] cookie holds a token: it needs auth = jwt"),
    ],
)  # fmt: skip
def test_credentials_are_struck_out_and_other_words_left(said: str, left: str) -> None:
    assert journal.discreet(said) == left


def test_hostile_text_is_struck_out_in_no_time() -> None:
    before = time.process_time()
    for text in ("://:" * 5_000, "password='" * 5_000, "password=" + "'a" * 20_000, 'api-key: "' + "\\" * 20_000):
        journal.discreet(text)
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    "said",
    [
        f"{PATH}:7: faulty", f"in {FOLDER}, or", r"C:\Users\jane\w\index: gone", "D:/w/index", r"\\server\share\w",
        "file:///etc/keys here", f"at {ADDRESS}", "host=db.internal port=1", "https://idp.internal/keys", KEY,
    ],
)  # fmt: skip
def test_places_inside_are_not_told_to_callers(said: str) -> None:
    assert journal.for_callers(f"see {said}") == ""
    assert journal.for_callers(said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "product: there is no product of this id or name; /v1/products lists them", "`onlabel audit replay`, 5 mg/ml",
        "audience patient: this release was sealed for hcp only", "[serve] auth = jwt", "and/or", "24:00/7",
    ],
)  # fmt: skip
def test_what_callers_can_do_something_about_is_told(said: str) -> None:
    assert journal.for_callers(said) == said
