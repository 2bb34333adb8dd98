"""What the measurements of the service count, they count right; what a soak calls a fault is one, nothing else is."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.answering.deciding import Decider
from assistant.serving.web.api_keys import KeyDoor, KeyFile
from assistant.serving.web.app import make_app
from assistant.serving.web.callers import Standards
from assistant.settings import ServeSettings
from assistant.trust.log.log import AuditLog
from tests import tiny
from tests.browsing import served
from tests.conftest import REPOSITORY
from tests.fakes import MemoryAudit
from tests.serving import FAST, QUICK, service_over

NAMES = ("load", "connection", "visits", "visit_kinds", "faulty", "troubles", "growing", "soak_checks", "sample_server",
         "soak", "serve")  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The benchmark's modules, found as `python bench/load.py` finds them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        yield {name: importlib.import_module(name) for name in NAMES}


# -- the load generator ----------------------------------------------------------------------------------------------


class _Scripted(asyncio.Protocol):
    """Answers request after request with the given responses; the last one again and again."""

    def __init__(self, responses: list[bytes], heard: list[bytes]) -> None:
        self._responses, self._heard = responses, heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard.append(data)
        response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if response:
            self._transport.write(response)  # type: ignore[attr-defined]
        else:
            self._transport.close()


def _response(status: str, body: bytes = b"{}", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def _asked(load: ModuleType, responses: list[bytes], count: int, **plan: Any) -> tuple[Any, list[bytes]]:
    """What callers saw of a server that answers so, and what the server heard."""
    heard: list[bytes] = []

    async def run() -> Any:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Scripted(responses, heard), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        request = load.post("/v1/ask", {"question": "dose?"})
        callers = load.Callers(load.Plan("127.0.0.1", port, **({"callers": 1} | plan)))
        found = await callers.send(iter([request] * count))
        server.close()
        return found

    return asyncio.run(run()), heard


def test_percentiles_are_times_that_somebody_waited(bench: dict[str, ModuleType]) -> None:
    tally = bench["load"].Tally(waits=[number / 1000 for number in range(100, 0, -1)], seconds=2.0)
    shown = tally.as_json()
    assert [round(shown[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [50, 95, 99, 100]
    assert shown["answers_a_second"] == 50
    assert bench["load"].Tally().as_json()["p99_ms"] == 0
    assert bench["load"].Tally(waits=[0.007]).milliseconds(0.99) == 7


def test_questions_are_all_different_as_long_as_they_last_and_the_same_by_one_seed(
    bench: dict[str, ModuleType],
) -> None:
    lines = [str(number) for number in range(50)]
    drawn = bench["load"].drawn
    assert sorted(drawn(lines, 50, 1)) == sorted(lines)
    assert drawn(lines, 120, 7) == drawn(lines, 120, 7) != drawn(lines, 120, 8)
    assert Counter(drawn(lines, 120, 7)).most_common(1)[0][1] == 3
    assert len(set(drawn(lines, 1000, 1, repeated=True))) == 50


def test_who_is_turned_away_comes_back_when_he_was_told_to_and_his_time_runs_on(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def no_sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(bench["load"].asyncio, "sleep", no_sleep)
    receipt = "ab" * 32
    shown = _response("200 OK", b'{"receipt": {"receipt_sha256": "%s"}}' % receipt.encode())
    away = _response("429 Too Many Requests", more="Retry-After: 7\r\n")
    tally, heard = _asked(bench["load"], [away, away, shown], 2)
    assert len(heard) == 4
    assert tally.statuses == {429: 2, 200: 2}
    assert len(tally.waits) == 2
    assert all(7 <= seconds < 8 for seconds in slept)
    assert tally.receipts == {receipt: 2}


def test_a_connection_that_is_cut_is_no_answer_and_ends_nothing_else(bench: dict[str, ModuleType]) -> None:
    tally, _ = _asked(bench["load"], [b"", _response("200 OK")], 3)
    assert (tally.broken, len(tally.waits)) == (1, 2)


def test_a_connection_that_lay_idle_is_not_raced_against_the_service_closing_it(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    real = bench["connection"].Connection.open

    async def counted(host: str, port: int) -> Any:
        opened.append(await real(host, port))
        return opened[-1]

    monkeypatch.setattr(bench["connection"].Connection, "open", counted)
    tally, _ = _asked(bench["load"], [_response("200 OK")], 3)
    assert (len(tally.waits), len(opened)) == (3, 1)
    monkeypatch.setattr(bench["connection"], "_IDLE_SECONDS", 0.0)
    tally, _ = _asked(bench["load"], [_response("200 OK")], 3)
    assert (len(tally.waits), len(opened)) == (3, 4)
    assert not any(connection.usable for connection in opened)


def test_errors_are_counted_and_are_no_answers(bench: dict[str, ModuleType]) -> None:
    tally, _ = _asked(bench["load"], [_response("503 Service Unavailable"), _response("200 OK")], 3)
    assert tally.statuses == {503: 1, 200: 2}
    assert len(tally.waits) == 2


def test_in_an_open_loop_time_counts_from_when_a_question_was_due(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    # One caller, all due at once but for a millisecond each; an exchange takes a tenth of a second of this clock.
    clock = [0.0]
    monkeypatch.setattr(bench["load"].time, "perf_counter", lambda: clock[0])
    exchange = bench["connection"].Connection.exchange

    async def slow(self: Any, request: bytes) -> Any:
        clock[0] += 0.1
        return await exchange(self, request)

    monkeypatch.setattr(bench["connection"].Connection, "exchange", slow)
    tally, _ = _asked(bench["load"], [_response("200 OK")], 5, rate=1e9)
    assert [round(wait, 6) for wait in tally.waits] == [0.1, 0.2, 0.3, 0.4, 0.5]
    tally, _ = _asked(bench["load"], [_response("200 OK")], 5)
    assert [round(wait, 6) for wait in tally.waits] == [0.1] * 5


def test_nobody_is_asked_for_longer_than_was_said(bench: dict[str, ModuleType]) -> None:
    tally, heard = _asked(bench["load"], [_response("200 OK")], 5, most_seconds=-1.0)
    assert (tally.waits, heard) == ([], [])


# -- what a soak sends and what it calls a fault ---------------------------------------------------------------------


def test_every_kind_of_visit_gets_what_it_may_get_and_what_is_shown_is_recorded(
    bench: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decider, "decide", Decider.decide)  # so that it is put back
    monkeypatch.setattr(bench["faulty"], "STALL_SECONDS", 0.01)
    bench["faulty"].put_in("a-mark")
    log = MemoryAudit()
    root = tiny.write(tmp_path / "w", [b"Store below 25 C.", b"Keep it dry."])
    tiny.compiled(root, QUICK)
    service = service_over(root, log)
    settings = ServeSettings(rate=FAST.rate, auth="keys")
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.add("rep", today=dt.datetime.now(dt.UTC).date(), audience="hcp")
    standards = Standards.of(settings, service.assistant.settings.context)
    seen = bench["soak_checks"].Seen()
    with served(make_app(service, settings, KeyDoor(keys, standards))) as url:
        world = bench["visits"].World(
            "127.0.0.1", int(url.rpartition(":")[2]), [{"Authorization": f"Bearer {key}"}],
            [f"how is zed stored in a house of {number} rooms?" for number in range(300)],
            bench["visit_kinds"].HOSTILE, "a-mark", 1,
        )  # fmt: skip

        async def all_kinds() -> None:
            visitor = bench["visits"].Visitor(world, 0)
            for kind in bench["visit_kinds"].KINDS:
                for _ in range(6):
                    seen.add(await visitor.visit(kind), "")
            visitor.close()

        asyncio.run(all_kinds())
    assert not seen.unexpected
    assert seen.explained == {"asked for by the question": 6}
    assert seen.shown.total() > 20
    entries = [json.loads(record) for record in log.records]
    recorded = Counter(e["receipt"]["receipt_sha256"] for e in entries if "receipt" in e)
    assert bench["sample_server"].unrecorded(seen.shown, recorded) == 0
    assert 0 <= recorded.total() - seen.shown.total() <= seen.unseen


def _visit(bench: dict[str, ModuleType], status: int, *, injected: bool = False, **more: Any) -> Any:
    async def nothing(_: Any) -> Any:
        raise NotImplementedError

    kind = bench["visits"].Kind("a kind", 1, nothing, frozenset({200, 429}), injected=injected)
    return bench["visits"].Visit(kind, 10.0, 11.0, status, **more)


def test_a_5xx_is_a_fault_unless_one_was_put_in(bench: dict[str, ModuleType]) -> None:
    seen = bench["soak_checks"].Seen()
    seen.add(_visit(bench, 200), "")
    seen.add(_visit(bench, 503), "no room on the disk")
    seen.add(_visit(bench, 500, injected=True), "")
    assert not seen.unexpected
    seen.add(_visit(bench, 500), "")
    seen.add(_visit(bench, 404), "no room on the disk")
    seen.add(_visit(bench, 0), "")
    seen.add(_visit(bench, 200, wrong="a text that is not the one in its receipt"), "")
    assert sum(seen.unexpected.values()) == 4
    assert sum(seen.explained.values()) == 2


def test_a_fault_explains_what_was_under_way_meanwhile_and_nothing_else(bench: dict[str, ModuleType]) -> None:
    window = bench["troubles"].Window("a fault", 100.0, 103.0)
    assert [window.explains(*when) for when in ((99, 101), (101, 102), (102, 110), (90, 110))] == [True] * 4
    assert [window.explains(*when) for when in ((90, 99.9), (103.1, 104))] == [False] * 2


def test_an_answer_that_was_shown_twice_must_stand_in_the_log_twice(bench: dict[str, ModuleType]) -> None:
    unrecorded = bench["sample_server"].unrecorded
    assert unrecorded({"a": 2, "b": 1}, {"a": 2, "b": 5, "c": 1}) == 0
    assert unrecorded({"a": 3, "b": 1}, {"a": 1, "c": 1}) == 3


def test_what_is_missing_from_the_log_or_stands_there_with_another_text_is_found(
    bench: dict[str, ModuleType], tmp_path: Path
) -> None:
    (tmp_path / "onlabel.toml").write_text('[context]\naudience = "hcp"\nmarket = "US"\n', encoding="utf-8")
    with AuditLog.open(tmp_path / "audit" / "answers.sqlite") as log:
        for receipt, text in (("a", "1"), ("a", "1"), ("b", "2")):
            log.append({"schema": "onlabel.audit/1", "receipt": {"receipt_sha256": receipt}, "answer_sha256": text})
    seen = bench["soak_checks"].Seen()
    for receipt in ("a", "a", "b"):
        seen.add(_visit(bench, 200, shown=((receipt, {"a": "1", "b": "2"}[receipt]),)), "")
    right = bench["soak_checks"].checked(seen, tmp_path, 0, [])
    assert all(check["right"] for check in right.values()), right
    seen.add(_visit(bench, 200, shown=(("b", "3"),)), "")
    found = bench["soak_checks"].checked(seen, tmp_path, 3, ["a build"])
    wrong = {name for name, check in found.items() if not check["right"]}
    assert wrong == {
        "answers shown and not recorded", "answers recorded with another text", "answers recorded and not shown",
        "the service ended with", "builds and repairs that failed",
    }  # fmt: skip


def test_of_the_log_only_what_nobody_put_in_is_told(bench: dict[str, ModuleType]) -> None:
    log = """\
2026-11-21 17:00:01,001 INFO onlabel.serve answers come from a preview
2026-11-21 17:00:01,002 ERROR onlabel.serve POST '/v1/ask': OnlabelError: the audit log could not be recorded
2026-11-21 17:00:02,003 ERROR onlabel.serve POST '/v1/ask' failed: __main__.BenchFaultError
  a/place.py:12 in somewhere
2026-11-21 17:00:03,004 ERROR onlabel.serve GET '/v1/products' failed: builtins.KeyError
"""
    errors_in = bench["soak_checks"].errors_in
    assert errors_in(log, unforeseen=True) == {"onlabel.serve GET '/v1/products' failed: builtins.KeyError": 1}
    assert sum(errors_in(log).values()) == 2


# -- does it grow ----------------------------------------------------------------------------------------------------


def _samples(bench: dict[str, ModuleType], resident: list[float]) -> list[Any]:
    return [bench["growing"].Sample(100 * n, n / 2, each, 40, 9) for n, each in enumerate(resident)]


@pytest.mark.parametrize(
    ("resident", "grew"),
    [
        pytest.param([200.0 + n % 3 for n in range(100)], False, id="it goes up and down"),
        pytest.param([100.0 + min(n, 15) * 5 for n in range(100)], False, id="it fills up at the beginning"),
        pytest.param([200.0 + (9 if n > 40 else 0) for n in range(100)], False, id="one step"),
        pytest.param([200.0 + n * 0.3 for n in range(100)], True, id="a slow leak"),
        pytest.param([200.0 + n // 10 * 4 for n in range(100)], True, id="a leak in steps"),
    ],
)
def test_a_leak_is_told_from_a_step(bench: dict[str, ModuleType], resident: list[float], grew: bool) -> None:
    assert bench["growing"].growth_of(_samples(bench, resident), "resident").grew is grew


def test_too_few_samples_say_nothing(bench: dict[str, ModuleType]) -> None:
    assert bench["growing"].growth_of(_samples(bench, [1.0] * 10), "resident") is None
    assert bench["growing"].pace_of(_samples(bench, [1.0] * 101)) == (200, 200)


# -- the tables ------------------------------------------------------------------------------------------------------


def _run(p50: float, p99: float, answers: float) -> dict[str, Any]:
    times = {"p50_ms": p50, "p95_ms": p50, "p99_ms": p99, "max_ms": p99}
    counts = {"answers": 2000, "statuses": {"200": 2000, "429": 3}, "broken": 0, "gave_up": 0}
    return {**times, **counts, "answers_a_second": answers, "generator_cores": 0.05}


def test_figures_measured_before_become_tables_with_their_budgets(bench: dict[str, ModuleType], tmp_path: Path) -> None:
    runs = {callers: _run(10, 900, 100) for callers in ("1", "8", "64", "256")}
    figures = {
        "cores": 2,
        "different": runs,
        "different_2": runs,
        "repeated": {"64": _run(1, 2, 1500)},
        "cache": True,
        "mixed": _run(5, 9, 200),
        "mixed_without_flags": 31,
        "scheduled": _run(10, 900, 50) | {"rate": 50.0},
        "default_queue": _run(10, 900, 100),
        "ceiling": _run(0.1, 0.2, 9000),
        "overhead": {"added_p50_ms": 2.5},
        "memory_1": [{"resident": 170.0, "proportional": 150.0, "own": 130.0}],
        "shown": 5000,
        "unrecorded": 1,
        "made": "Made by nobody.",
    }
    (tmp_path / "serve.json").write_text(json.dumps(figures), encoding="utf-8")
    page = tmp_path / "page.md"
    given = ["--markdown", str(tmp_path / "serve.json"), "--write", str(page)]
    shown = CliRunner().invoke(bench["serve"].main, given, catch_exceptions=False)
    assert shown.exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "Made by nobody." in text
    assert "<!-- begin serving -->" in text
    assert "≤ 3 × p50 of one × 64 / 2 cores = 960 ms | 900 ms ✓" in text
    assert "2.50 **over**" in text
    assert "1,500 ✓" in text
    assert "3 × 429" in text
    assert "| shown and not recorded | 0 | 1 **over** |" in text


def test_a_soak_with_one_wrong_check_is_not_good(bench: dict[str, ModuleType]) -> None:
    found: dict[str, Any] = {
        "checks": {"a": {"found": 0, "right": True}},
        "growth": {"files": {"first": 1, "last": 1, "rise": 0, "allowed": 3, "grew": False}},
        "kinds": {"a kind": {"statuses": {"200": 5, "0": 1}, "p50_ms": 1.0, "p99_ms": 2.0}},
        "windows": [{"name": "no room on the disk", "seconds": 3.0}],
        "explained": {"no room on the disk": 7},
        "unexpected": {"a kind: 500": 2},
        "failed_in_log": {"POST failed: builtins.KeyError": 1},
        "skipped": [],
    }
    found |= {"visits": 6, "seconds": 2.0, "pace": [3.0, 3.0], "shown": 5, "builds": 1, "unfinished_held": 8}
    assert bench["soak"].is_good(found)
    assert "5 × 200, 1 × none" in bench["soak"].report(found)
    assert "2 × a kind: 500" in bench["soak"].report(found)
    assert "1 × POST failed: builtins.KeyError" in bench["soak"].report(found)
    found["growth"]["files"]["grew"] = True
    assert not bench["soak"].is_good(found)
    assert "**fault**" in bench["soak"].report(found)
