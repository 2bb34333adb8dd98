"""The HTTP service: what it answers, what it records, what it refuses, and what it never says."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from prometheus_client.parser import text_string_to_metric_families
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from assistant.answering.index import CURRENT, Index, current_generation
from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.pipeline import Assistant
from assistant.serving.web.app import make_app
from assistant.serving.web.callers import Caller
from assistant.serving.web.metrics import shares, stability
from assistant.serving.web.rates import Rates
from assistant.serving.web.security import content_security_policy
from assistant.serving.web.service import Service
from assistant.serving.web.trust import trust_of
from assistant.serving.web.turned_away import Busy
from assistant.serving.web.watching import ReleaseWatch, state_of
from assistant.settings import ServeSettings
from assistant.trust.installed.folder import InstallFolder
from assistant.trust.installed.opening import open_installed
from assistant.trust.keys import verify_signature
from tests import tiny
from tests.fakes import HashEncoder, MemoryAudit
from tests.published import DAY, NOW, Publisher, installed, updated
from tests.serving import FAST, OTHER, QUICK, REP, client_of, service_over

QUESTION = "how should zed be stored?"
HIDDEN = "/srv/secret/place.sqlite"


@pytest.fixture
def client(service: Service) -> TestClient:
    return client_of(service)


def records(audit: MemoryAudit) -> list[dict[str, Any]]:
    return [json.loads(record) for record in audit.records]


# --- what is answered -------------------------------------------------------------------------------------------------


def test_an_answer_is_the_object_that_the_command_prints(client: TestClient, service: Service) -> None:
    got = client.post("/v1/ask", json={"question": QUESTION})
    context = service.assistant.context("hcp", "US", "en", "api")
    assert got.status_code == 200
    assert got.json() == service.assistant.ask(QUESTION, context).as_json()
    assert got.json()["outcome"] == "answered"


def test_every_answer_is_recorded_under_the_caller_before_it_is_sent(client: TestClient, audit: MemoryAudit) -> None:
    sent = [
        client.post("/v1/ask", json={"question": QUESTION}).json(),
        client.get("/v1/passages/zed-us-pi.0").json(),
    ]
    assert [r["receipt"]["receipt_sha256"] for r in records(audit)] == [s["receipt"]["receipt_sha256"] for s in sent]
    assert {r["who"] for r in records(audit)} == {"local"}


@pytest.mark.parametrize("wish", ["audience", "market", "language", "channel", "date", "who"])
def test_nobody_can_wish_to_be_somebody_else(client: TestClient, audit: MemoryAudit, wish: str) -> None:
    got = client.post("/v1/ask", json={"question": QUESTION, wish: "patient"})
    assert got.status_code == 422
    assert not audit.records


def test_a_page_in_a_browser_asks_by_the_widgets_channel(client: TestClient) -> None:
    here = {"Origin": "http://127.0.0.1"}
    assert client.post("/v1/ask", json={"question": QUESTION}, headers=here).json()["context"]["channel"] == "widget"
    assert client.post("/v1/ask", json={"question": QUESTION}).json()["context"]["channel"] == "api"


@pytest.mark.parametrize("id", ["nothing", "notices.outcome.clarify", "zed-us-pi", "..%2f..%2fetc", "zed-us-pi.0%00"])
def test_what_may_not_be_shown_alone_is_not_there(client: TestClient, audit: MemoryAudit, id: str) -> None:
    assert client.get(f"/v1/passages/{id}").status_code == 404
    assert not audit.records


def test_an_answer_is_given_again_to_whom_it_was_given(client: TestClient, service: Service) -> None:
    given = client.post("/v1/ask", json={"question": QUESTION}).json()
    id = given["receipt"]["receipt_sha256"]
    assert client.get(f"/v1/answers/{id}").json() == given
    assert service.answer(id, OTHER) is None
    assert client.get(f"/v1/answers/{'0' * 64}").status_code == 404


def test_only_so_many_answers_are_kept(served_root: Path) -> None:
    service = service_over(served_root, settings=ServeSettings(answers_kept=1))
    first, last = (service.ask(question, REP).receipt["receipt_sha256"] for question in (QUESTION, "hello"))
    assert service.answer(first, REP) is None
    assert service.answer(last, REP) is not None
    service.close()


def test_products_are_those_that_the_caller_may_hear_about(client: TestClient, service: Service) -> None:
    assert client.get("/v1/products").json()["products"] == [{"id": "zed", "name": "ZED"}]
    patient = type(REP)("p", "patient", "US", "en", "api")
    assert service.products(patient) == []


def test_an_unknown_product_is_refused_without_naming_the_others(client: TestClient) -> None:
    got = client.post("/v1/ask", json={"question": "storage?", "product": "nix"})
    assert got.status_code == 404
    assert "zed" not in got.text.lower()


# --- conversation -----------------------------------------------------------------------------------------------------


def test_the_product_carries_over_from_this_callers_answer_alone(quick_sample: Path) -> None:
    service = service_over(quick_sample)
    before = service.ask("how should zorvanta be stored?", REP).receipt["receipt_sha256"]
    mine = service.ask("how should it be stored?", REP, previous_id=before)
    assert (mine.slots["product"], mine.carried) == ("zorvanta", ("product",))
    for caller, id in ((OTHER, before), (REP, "0" * 64), (REP, "")):
        assert service.ask("how should it be stored?", caller, previous_id=id).carried == ()
    service.close()


def test_any_process_finds_where_a_conversation_stands_by_the_questions_before(quick_sample: Path) -> None:
    audit = MemoryAudit()
    one, other = service_over(quick_sample), service_over(quick_sample, audit)
    before = one.ask("how should zorvanta be stored?", REP).receipt["receipt_sha256"]
    mine = one.ask("and quovendry?", REP, previous_id=before)
    asked = {"question": "and quovendry?", "earlier": ["how should zorvanta be stored?"], "previous": "0" * 64}
    got = client_of(other).post("/v1/ask", json=asked).json()
    assert (got["slots"], got["carried"]) == (mine.slots, list(mine.carried)) == (
        {"product": "quovendry", "topic": "storage"}, ["topic"],
    )  # fmt: skip
    assert [record["question"] for record in records(audit)] == ["and quovendry?"]
    # The questions before alone count where there are any.
    id = got["receipt"]["receipt_sha256"]
    again = client_of(other).post("/v1/ask", json={"question": "and the dose?", "earlier": ["hello"], "previous": id})
    assert (again.json()["carried"], again.json()["outcome"]) == ([], "clarify")
    one.close()
    other.close()


def test_the_product_of_a_page_counts_for_the_questions_before_too(quick_sample: Path) -> None:
    service = service_over(quick_sample)
    asked = {"product": "quovendry", "earlier": ["how should it be stored?"]}
    answer = service.ask("and zorvanta?", REP, **asked)  # type: ignore[arg-type]
    assert answer.slots == {"product": "zorvanta", "topic": "storage"}
    service.close()


def test_one_receipt_for_two_conversations_carries_nothing_over(service: Service) -> None:
    from dataclasses import replace

    from assistant.serving.web.recent import Recent

    answer = service.ask(QUESTION, REP)
    id = answer.receipt["receipt_sha256"]
    recent = Recent(10)
    recent.keep("rep", answer, 0)
    assert recent.previous("rep", id, 0) == answer
    recent.keep("rep", replace(answer, slots={"product": "another"}), 0)
    assert recent.previous("rep", id, 0) is None
    assert recent.find("rep", id) is not None


# --- feedback ---------------------------------------------------------------------------------------------------------


def test_feedback_is_recorded(client: TestClient, audit: MemoryAudit) -> None:
    id = client.post("/v1/ask", json={"question": QUESTION}).json()["receipt"]["receipt_sha256"]
    got = client.post("/v1/feedback", json={"answer": id, "verdict": "wrong_passage", "comment": "the other one"})
    assert (got.status_code, got.json()) == (201, {"schema": "onlabel.feedback/1", "notice": None})
    kept = records(audit)[-1]
    assert kept.pop("time").endswith("+00:00")
    assert kept == {
        "schema": "onlabel.feedback/1",
        "who": "local",
        "answer": id,
        "verdict": "wrong_passage",
        "comment": "the other one",
        "comment_policy": "full",
        "given_here": True,
    }


def test_a_comment_that_reports_an_adverse_event_is_taken_as_a_report(client: TestClient, audit: MemoryAudit) -> None:
    said = {"answer": "0" * 64, "verdict": "right", "comment": "she had a rash after it"}
    notice = client.post("/v1/feedback", json=said).json()["notice"]
    assert notice["outcome"] == "adverse_event"
    assert [r["schema"] for r in records(audit)] == ["onlabel.feedback/1", "onlabel.audit/1"]
    assert records(audit)[0]["given_here"] is False


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (415, {"content": b'{"question":"hi"}', "headers": {"Content-Type": "text/plain"}}),
        (415, {"data": {"question": "hi"}}),
        (400, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        (400, {"content": b"\xff", "headers": {"Content-Type": "application/json"}}),
        (400, {"content": b"[" * 60_000, "headers": {"Content-Type": "application/json"}}),
        (422, {"json": {}}),
        (422, {"json": []}),
        (422, {"json": {"question": None}}),
        (422, {"json": {"question": "hi", "previous": "../../x"}}),
        (422, {"json": {"question": "hi", "earlier": "before"}}),
        (422, {"json": {"question": "hi", "earlier": ["before", 7]}}),
        (422, {"json": {"question": "hi", "earlier": ["x" * 10_001]}}),
        (422, {"json": {"question": "hi", "earlier": ["x"] * 1001}}),
        (413, {"json": {"question": "x" * 140_000}}),
        (413, {"content": (b"x" * 1000 for _ in range(150)), "headers": {"Content-Type": "application/json"}}),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_in_our_own_words(
    client: TestClient, audit: MemoryAudit, status: int, sent: Mapping[str, Any]
) -> None:
    got = client.post("/v1/ask", **sent)
    assert got.status_code == status
    assert set(got.json()) == {"schema", "error"}
    assert not audit.records


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"she had a rash after zed \ud83d", "she had a rash after zed \ufffd"),
        (r"\udc00 she had a rash after zed", "\ufffd she had a rash after zed"),
        (r"she had a rash after zed \ud83d\ude00", "she had a rash after zed \U0001f600"),
    ],
)
def test_half_a_character_keeps_no_report_from_being_read(
    client: TestClient, audit: MemoryAudit, written: str, read: str
) -> None:
    """A client that cuts a text by its own count of characters leaves such a half."""
    sent: dict[str, str] = {
        "/v1/ask": f'{{"question":"{written}","earlier":["{written}"],"product":"zed"}}',
        "/v1/chat/completions": f'{{"model":"onlabel","messages":[{{"role":"user","content":"{written}"}}]}}',
        "/v1/feedback": f'{{"answer":"{"0" * 64}","verdict":"right","comment":"{written}"}}',
    }
    for path, body in sent.items():
        got = client.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
        answer = got.json().get("onlabel") or got.json().get("notice") or got.json()
        assert (got.status_code < 300, answer["outcome"], answer["question"]) == (True, "adverse_event", read), path
    assert [r.get("question", r.get("comment")) for r in records(audit)] == [read] * 4


def test_half_a_character_in_a_name_is_no_name_and_no_fault(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    for status, body in ((404, b'{"question":"hi","product":"\\ud83d"}'), (422, b'{"question":"hi","\\ud83d":1}')):
        got = client.post("/v1/ask", content=body, headers=headers)
        assert got.status_code == status
        assert set(got.json()) == {"schema", "error"}


def test_who_hangs_up_while_speaking_raises_no_alarm(
    service: Service, audit: MemoryAudit, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(service, FAST)
    headers = {"host": "127.0.0.1", "content-type": "application/json"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/ask", "raw_path": b"/v1/ask", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    heard = iter([{"type": "http.request", "body": b'{"que', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(heard)

    async def send(_: object) -> None:
        """Nobody is there."""

    asyncio.run(app(scope, receive, send))
    text = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)).get("/metrics").text
    assert 'onlabel_http_requests_total{method="POST",route="/v1/ask",status="499"} 1.0' in text
    assert 'status="5' not in text
    assert not caplog.records
    assert not audit.records


def test_who_comes_when_the_line_is_full_is_told_when_to_come_again(served_root: Path) -> None:
    go, begun = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        begun.set()
        assert go.wait(20)

    log = MemoryAudit()
    settings = ServeSettings(queue=2, rate="1000/second")
    service = Service(tiny.opened(served_root, HashEncoder(64, before=hold), log), log, settings=settings)
    client = client_of(service, settings)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(client.post, "/v1/ask", json={"question": QUESTION}) for _ in range(2)]
        assert begun.wait(20)
        while service.waiting < 2:
            pass
        assert client.get("/readyz").status_code == 503
        full = client.post("/v1/ask", json={"question": QUESTION})
        with pytest.raises(Busy):
            service.ask(QUESTION, REP)
        go.set()
        assert [future.result().status_code for future in waiting] == [200, 200]
    assert full.status_code == 429
    assert int(full.headers["Retry-After"]) >= 1
    assert len(log.records) == 2
    assert client.get("/readyz").status_code == 200
    service.close()


def test_a_question_that_is_given_up_in_line_is_not_answered(served_root: Path) -> None:
    go = threading.Event()
    log = MemoryAudit()
    service = Service(tiny.opened(served_root, HashEncoder(64, before=lambda _: go.wait(20) and None), log), log)
    first, second = service.submit(QUESTION, REP), service.submit(QUESTION, REP)
    assert second.cancel()
    go.set()
    assert first.result(20)
    service.close()
    assert (len(log.records), service.waiting) == (1, 0)


def test_each_caller_may_ask_so_often(service: Service) -> None:
    client = client_of(service, ServeSettings(rate="2/hour"))
    got = [client.get("/v1/products").status_code for _ in range(3)]
    assert got == [200, 200, 429]
    assert 1 <= int(client.get("/v1/products").headers["Retry-After"]) <= 3600
    assert client.get("/healthz").status_code == 200


def test_a_rate_is_so_many_at_once_and_then_one_by_one() -> None:
    now = [0.0]
    rates = Rates("60/minute", clock=lambda: now[0])
    assert [rates.wait("a") for _ in range(60)] == [0.0] * 60
    assert rates.wait("a") == pytest.approx(1.0)
    assert rates.wait("b") == 0.0
    now[0] = 1.0
    assert rates.wait("a") == 0.0
    assert rates.wait("a") == pytest.approx(1.0)
    now[0] = 200.0
    assert [rates.wait("a") for _ in range(61)][-2:] == [0.0, pytest.approx(1.0)]


@pytest.mark.parametrize("way", ["/v1/ask", "/v1/chat/completions"])
def test_earlier_questions_that_have_to_be_read_count_as_requests(service: Service, way: str) -> None:
    client = client_of(service, ServeSettings(rate="10/hour"))

    def ask(*questions: str) -> int:
        said: dict[str, Any] = {"question": questions[-1], "earlier": questions[:-1]}
        if way != "/v1/ask":
            said = {"model": "onlabel", "messages": [{"role": "user", "content": each} for each in questions]}
        return client.post(way, json=said).status_code

    asked = ("zed dose", *(f"storage {number}" for number in range(6)))
    assert ask(*asked) == 200  # 7 of 10
    assert ask(*asked, "and now?") == 200  # 8: what was just read is known
    assert ask("dose", *asked) == 200  # 9, and 16 with those that begin otherwise: let in, and paid for after
    refused = client.post("/v1/ask", json={"question": QUESTION})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 6 * 360


def test_who_cannot_pay_for_what_he_sends_along_is_told_when_to_come_again(service: Service) -> None:
    client = client_of(service, ServeSettings(rate="1/hour"))
    got = client.post("/v1/ask", json={"question": QUESTION, "earlier": ["zed dose"]})
    assert (got.status_code, "count too" in got.json()["error"]) == (429, True)
    assert 3500 <= int(got.headers["Retry-After"]) <= 3600


def test_callers_who_have_been_quiet_are_forgotten() -> None:
    now = [0.0]
    rates = Rates("1/second", clock=lambda: now[0])
    for caller in range(25_000):
        assert rates.wait(str(caller)) == 0.0
        now[0] += 0.001
    assert len(rates._due) <= 11_000


# --- hosts, origins, headers ------------------------------------------------------------------------------------------


def test_pages_of_other_origins_get_nothing(service: Service, audit: MemoryAudit) -> None:
    client = client_of(service, ServeSettings(origins=("https://intranet.example.com",)))
    for origin in ("https://evil.example.com", "null", "https://intranet.example.com.evil.com", "http://127.0.0.1:99"):
        got = client.post("/v1/ask", json={"question": QUESTION}, headers={"Origin": origin})
        assert got.status_code == 403
        assert "access-control-allow-origin" not in got.headers
    assert not audit.records
    listed = {"Origin": "https://intranet.example.com"}
    got = client.post("/v1/ask", json={"question": QUESTION}, headers=listed)
    assert got.status_code == 200
    assert got.headers["access-control-allow-origin"] == "https://intranet.example.com"
    assert "access-control-allow-credentials" not in got.headers
    ask = listed | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert client.options("/v1/ask", headers=ask).status_code == 200
    foreign = ask | {"Origin": "https://evil.example.com"}
    assert client.options("/v1/ask", headers=foreign).status_code == 403


def test_a_name_on_the_web_that_leads_here_is_refused(service: Service) -> None:
    client = client_of(service)
    assert client.get("/v1/products", headers={"Host": "evil.example.com"}).status_code == 403
    for host in ("localhost", "127.0.0.1:8765", "[::1]:8765"):
        assert client.get("/v1/products", headers={"Host": host}).status_code == 200
    named = client_of(service, ServeSettings(hosts=("laptop.local",)))
    assert named.get("/v1/products", headers={"Host": "laptop.local:1"}).status_code == 200


def test_without_authentication_other_machines_get_nothing(service: Service) -> None:
    assert client_of(service, host="10.0.0.7").get("/v1/products").status_code == 403
    forwarded = {"X-Forwarded-For": "10.0.0.7"}
    assert client_of(service).get("/v1/products", headers=forwarded).status_code == 403


@pytest.mark.parametrize("path", ["/healthz", "/v1/products", "/nothing", "/openapi.json", "/metrics"])
def test_every_response_bears_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_no_page_may_run_inline_script_and_only_listed_pages_may_frame_it(service: Service) -> None:
    policy = content_security_policy(("https://portal.example.com",), page=True)
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert policy.endswith("frame-ancestors https://portal.example.com")
    headers = client_of(service, ServeSettings(frame_ancestors=("https://portal.example.com",))).get("/healthz").headers
    assert "x-frame-options" not in headers
    assert "frame-ancestors https://portal.example.com" in headers["content-security-policy"]


# --- what errors never say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OnlabelError(f"the audit log {HIDDEN} is full"), 503),
        (IntegrityError(f"{HIDDEN} was exchanged"), 500),
        (NotReadyError(f"the index in {HIDDEN} cannot be read"), 503),
        (RuntimeError(f"postgresql://user:password@{HIDDEN}"), 500),
        (OSError(28, "No space left", HIDDEN), 500),
    ],
)
def test_no_error_leaks_a_path_a_secret_or_a_trace(
    served_root: Path, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def record(self, _: Mapping[str, Any]) -> None:
            raise error

    service = Service(tiny.opened(served_root, QUICK, Broken()), Broken())
    client = client_of(service)
    for sent in (
        client.post("/v1/ask", json={"question": QUESTION}),
        client.get("/v1/passages/zed-us-pi.0"),
        client.post("/v1/feedback", json={"answer": "0" * 64, "verdict": "right"}),
    ):
        assert sent.status_code == status
        assert set(sent.json()) == {"schema", "error"}
        for leak in (HIDDEN, "secret", "password", "Traceback", ".py", "Store below"):
            assert leak not in sent.text
        assert sent.headers["x-content-type-options"] == "nosniff"
    # The log holds our own words; of a foreign error, whose words may quote anything, what it was and where it arose.
    assert (HIDDEN if isinstance(error, OnlabelError) else type(error).__name__) in caplog.text
    assert QUESTION not in caplog.text
    service.close()


def test_the_trust_of_a_preview_is_none(client: TestClient) -> None:
    assert client.get("/v1/trust").json() == {
        "schema": "onlabel.trust/1",
        "preview": True,
        "release": None,
        "targets": None,
        "release_json": None,
        "keys": {},
    }


# --- a new release ----------------------------------------------------------------------------------------------------


def test_a_new_release_is_swapped_in_without_dropping_a_request(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Old words."])
    tiny.compiled(root, QUICK)
    audit = MemoryAudit()
    service = service_over(root, audit, ServeSettings(queue=1000))
    watch = ReleaseWatch(service, root, state_of(root, NOW))
    client = client_of(service, ServeSettings(rate="1000000/second", queue=1000))
    stop, seen = threading.Event(), []

    def asks() -> None:
        while not stop.is_set():
            seen.append(client.post("/v1/ask", json={"question": QUESTION}))

    old_index = service.assistant.index
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(asks) for _ in range(4)]
        assert watch.look() is False
        tiny.write(root, [b"New words."])
        tiny.compiled(root, QUICK)
        assert watch.look() is True
        swapped = len(seen)
        while len(seen) < swapped + 8:
            assert all(not future.done() for future in asking)
        stop.set()
    service.close()
    assert {got.status_code for got in seen} == {200}
    assert len(audit.records) == len(seen)
    assert {"Old words." in got.text or "New words." in got.text for got in seen} == {True}
    assert "New words." in seen[-1].text
    with pytest.raises(NotReadyError):
        old_index.product("zed")


def test_a_release_that_was_replaced_is_let_go_at_once(tmp_path: Path) -> None:
    """Files, caches and model go with the last answer, and wait for no collector of cycles."""
    root = tiny.write(tmp_path / "w", [b"Words."])
    tiny.compiled(root, QUICK)
    service = service_over(root)
    service.ask(QUESTION, REP)
    old = service.assistant
    index, ledger = old.index, old._ledger
    gone = [weakref.ref(each) for each in (old, index, ledger)]
    gc.disable()
    try:
        service.swap(root)
        service.ask(QUESTION, REP)
        with pytest.raises(NotReadyError):
            index.product("zed")
        with pytest.raises(IntegrityError):
            ledger.passage("notices.outcome.clarify")
        del old, index, ledger
        service.close()
        assert [each() for each in gone] == [None, None, None]
    finally:
        gc.enable()


def test_a_release_that_is_replaced_under_load_is_closed_before_those_in_line_are_served(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Words."])
    tiny.compiled(root, QUICK)
    go, begun = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        begun.set()
        assert go.wait(20)

    log, closed_at = MemoryAudit(), list[int]()
    service = Service(tiny.opened(root, HashEncoder(64, before=hold), log), log, opener=lambda p: tiny.opened(p, QUICK))
    first = service.submit(QUESTION, REP)
    assert begun.wait(20)
    waiting = [service.submit(f"zed storage {number}", REP) for number in range(8)]
    old, served = service.assistant, list[object]()
    for future in waiting:
        future.add_done_callback(served.append)
    old.close = lambda: closed_at.append(len(served))  # type: ignore[method-assign]
    service.swap(root)
    go.set()
    assert first.result(20)
    for future in waiting:
        future.result(20)
    service.close()
    assert closed_at == [0]


@pytest.mark.parametrize("times", [1, 4, 5])
def test_a_build_that_removes_what_is_being_opened_stops_no_answers(tmp_path: Path, times: int) -> None:
    """What replaced it is opened at once; the service answers meanwhile, unless it never gets hold of one."""
    root = tiny.write(tmp_path / "w", [b"Old words."])
    tiny.compiled(root, QUICK)
    audit, replaced = MemoryAudit(), list[bool]()

    def opener(place: Path) -> Assistant:
        found = current_generation(place / "index")
        assert found is not None
        if len(replaced) < times:
            replaced.append(service.opened is not None)
            tiny.write(place, [f"New words {len(replaced)}.".encode()])
            tiny.compiled(place, QUICK)
            assert not found.exists()
            Index(found)  # as one who read CURRENT just before
        return tiny.opened(place, QUICK, audit)

    service = Service(tiny.opened(root, QUICK, audit), audit, settings=FAST, opener=opener)
    watch = ReleaseWatch(service, root, state_of(root, NOW))
    tiny.write(root, [b"New words."])
    tiny.compiled(root, QUICK)
    assert watch.look() is (times < 5)
    assert replaced == [True] * times
    assert (service.opened is not None) is (times < 5)
    if times == 5:
        assert watch.look() is True
    assert f"New words {times}." in service.ask(QUESTION, REP).text.decode()
    assert watch.look() is False
    service.close()


def test_what_cannot_be_opened_is_not_answered_from_until_it_can_be(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Words."])
    tiny.compiled(root, QUICK)
    service = service_over(root)
    watch, client = ReleaseWatch(service, root, state_of(root, NOW)), client_of(service)
    pointer = root / "index" / CURRENT
    before = pointer.read_bytes()
    pointer.write_text("0" * 64)
    assert watch.look() is False
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    got = client.post("/v1/ask", json={"question": QUESTION})
    assert (got.status_code, str(root) in got.text) == (503, False)
    assert got.headers["Retry-After"]
    assert "onlabel_ready 0.0" in client.get("/metrics").text
    pointer.write_bytes(before)
    assert watch.look() is True
    assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 200
    service.close()


def test_a_release_that_is_installed_while_the_service_runs_is_noticed(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "pub").begin().release(1)
    laptop = tmp_path / "laptop"
    installed(publisher, laptop)
    service = Standing()
    watch = ReleaseWatch(service, laptop, state_of(laptop, NOW), now=lambda: NOW)  # type: ignore[arg-type]
    assert watch.look() is False
    publisher.release(2)
    updated(laptop)
    assert watch.look() is True
    assert watch.look() is False
    folder = InstallFolder.find(laptop)
    folder.write_state(folder.state().model_copy(update={"withdrawals": ("a" * 64,)}))
    assert watch.look() is True
    assert service.swapped == [laptop, laptop]


def test_an_install_is_proved_again_each_day(tmp_path: Path) -> None:
    installed(Publisher(tmp_path / "pub").begin().release(1), tmp_path / "laptop")
    service, now = Standing(), [NOW]
    seen = state_of(tmp_path / "laptop", NOW)
    watch = ReleaseWatch(service, tmp_path / "laptop", seen, now=lambda: now[0])  # type: ignore[arg-type]
    assert watch.look() is False
    now[0] += DAY
    service.fails = True
    assert watch.look() is False
    assert (service.opened, service.why) == (None, "it was tampered with")
    service.fails = False
    assert watch.look() is False  # tried again a while later, not at once
    now[0] += DAY / 24
    assert watch.look() is True
    assert service.opened is not None


class Standing:
    """As much of a service as the watch needs."""

    def __init__(self) -> None:
        self.swapped: list[Path] = []
        self.fails = False
        self.why = ""
        self.opened: object | None = self
        self.release = None

    @property
    def assistant(self) -> Standing:
        return self

    def swap(self, root: Path) -> None:
        if self.fails:
            raise IntegrityError("it was tampered with")
        self.swapped.append(root)
        self.opened = self

    def close_answers(self, why: str) -> None:
        self.opened, self.why = None, why


def test_the_trust_of_a_release_is_what_its_signers_signed(tmp_path: Path) -> None:
    installed(Publisher(tmp_path / "pub").begin().release(1), tmp_path / "laptop")
    release = open_installed(tmp_path / "laptop", NOW)
    told = trust_of(release)
    assert sha256_hex(told["targets"].encode()) == release.as_json()["targets_sha256"]
    signed = json.loads(told["targets"])
    named = signed["signed"]["targets"]["release.json"]["hashes"]["sha256"]
    assert sha256_hex(told["release_json"].encode()) == named
    publics = {key["keyid"]: key["public"] for key in told["keys"]["targets"]["keys"]}
    payload = canonical_json(signed["signed"])
    proved = [
        s for s in signed["signatures"] if verify_signature(publics[s["keyid"]], payload, bytes.fromhex(s["sig"]))
    ]
    assert len(proved) >= told["keys"]["targets"]["threshold"] == 2
    assert len(told["keys"]["root"]["keys"]) == 3


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_count_and_never_quote(client: TestClient) -> None:
    client.post("/v1/ask", json={"question": QUESTION})
    client.post("/v1/ask", json={"question": "my neighbour Jane Doe had a rash after zed"})
    client.get("/v1/passages/zed-us-pi.0")
    client.get("/wp-login.php")
    text = client.get("/metrics").text
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["onlabel_answers_total", "answered"] == 2
    assert found["onlabel_answers_total", "adverse_event"] == 1
    assert found["onlabel_flags_total", "adverse_event"] == 1
    assert found["onlabel_intents_total", "storage"] >= 2
    assert found["onlabel_answer_seconds_count",] == 3
    assert found["onlabel_http_requests_total", *sorted(("/v1/passages/{id}", "200", "GET"))] == 1
    assert found["onlabel_http_requests_total", *sorted(("other", "404", "GET"))] == 1
    assert found["onlabel_ready",] == 1
    for never in ("Jane", "neighbour", "stored", "wp-login", "local", "25 C"):
        assert never not in text


def test_drift_is_nothing_for_the_same_mix_and_much_for_another() -> None:
    trained = shares(["storage"] * 50 + ["dosage"] * 50)
    assert stability(trained, trained) == 0
    assert stability(trained, shares(["storage"] * 48 + ["dosage"] * 52)) < 0.1
    assert stability(trained, shares(["overdose"] * 100)) > 0.25


# --- the document -----------------------------------------------------------------------------------------------------


class Door:
    """Lets everybody in: Schemathesis calls from no address at all."""

    async def caller(self, _: HTTPConnection) -> Caller:
        return REP


def called(operation: Any, mode: GenerationMode) -> set[int]:
    """Call ``operation`` as its description allows, or forbids; the statuses of the answers, each proved against it."""
    seen: set[int] = set()
    # Of OpenAI's form a schema cannot say all that must hold: a conversation has to hold a question.
    beyond = [positive_data_acceptance] if operation.path.startswith("/v1/chat/") else []

    @settings(max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        seen.add(case.call_and_validate(excluded_checks=beyond).status_code)

    holds()
    return seen


def test_schemathesis_finds_no_fault(service: Service) -> None:
    """Whatever the document allows is answered as it says, and whatever it does not allow is refused."""
    named = FAST.model_copy(update={"hosts": ("testserver",), "body_bytes": 10_000_000})
    schema = schemathesis.openapi.from_asgi("/openapi.json", make_app(service, named, Door()))
    for found in schema.get_all_operations():
        operation = found.ok()
        reached = called(operation, GenerationMode.POSITIVE)
        by_chance = "{" in operation.path or "/chat/" in operation.path
        assert by_chance or reached & {200, 201}, operation.label
        if operation.body:
            assert all(400 <= status < 500 for status in called(operation, GenerationMode.NEGATIVE)), operation.label
