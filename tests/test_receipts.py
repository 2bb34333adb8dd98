"""Receipts, and the audit record that is written before an answer is shown."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.canonical import canonical_json, fingerprint
from assistant.domain import Context, Flag, Outcome, Span
from assistant.errors import IntegrityError, OnlabelError
from assistant.trust.audit import AuditSink, JsonLinesAudit
from assistant.trust.receipts import check_receipt, make_receipt
from assistant.trust.verification import Companion, Proof, Reason, UsedTemplate

CONTEXT = Context("hcp", "US", "en", "cli", dt.date(2026, 11, 21))
PROOF = Proof(
    answer_sha256="a" * 64,
    outcome=Outcome.ANSWERED,
    flags=(Flag.ATTACK,),
    intent="dosage",
    context=CONTEXT,
    spans=(
        Span(0, 5, "template", "t#0", "1", "b" * 64),
        Span(5, 9, "passage", "z.1", "3", "c" * 64, "answer", "z-doc", "2.1"),
        Span(9, 12, "passage", "z.2", "3", "d" * 64, "companion", "z-doc", "5"),
    ),
    templates=(UsedTemplate("t", "1", "answer"),),
    companions=(Companion("z.2", "after", (Reason("z.1", "instruction:boxed_warning"),)),),
    ledger_fingerprint="e" * 64,
    policy_sha256="f" * 64,
)


def make(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "context": CONTEXT, "answer_sha256": "a" * 64, "index_fingerprint": "1" * 64, "model_fingerprint": "2" * 64,
        "policy_sha256": "f" * 64, "software_version": "1.0",
    }  # fmt: skip
    return make_receipt(PROOF, **(arguments | changes))


def test_a_receipt_says_all_that_was_proved() -> None:
    assert make() == {
        "schema": "onlabel.receipt/1",
        "answer_sha256": "a" * 64,
        "context": {"audience": "hcp", "market": "US", "language": "en", "channel": "cli", "date": "2026-11-21"},
        "outcome": "answered",
        "flags": ["attack"],
        "intent": "dosage",
        "spans": [
            {"source": "template", "id": "t#0", "version": "1", "sha256": "b" * 64, "role": ""},
            {"source": "passage", "id": "z.1", "version": "3", "sha256": "c" * 64, "role": "answer"},
            {"source": "passage", "id": "z.2", "version": "3", "sha256": "d" * 64, "role": "companion"},
        ],
        "templates": [{"id": "t", "version": "1", "use": "answer"}],
        "companions": [
            {
                "id": "z.2",
                "place": "after",
                "asked_by": [{"id": "z.1", "rule": "instruction:boxed_warning", "place": "after"}],
            }
        ],
        "ledger": "e" * 64,
        "index": "1" * 64,
        "model": "2" * 64,
        "policy": "f" * 64,
        "software": "1.0",
        "signature": None,
        "receipt_sha256": make()["receipt_sha256"],
    }


def test_the_hash_covers_the_canonical_rest() -> None:
    receipt = make()
    seal = receipt.pop("receipt_sha256")
    assert seal == fingerprint(receipt)


def test_a_receipt_survives_json_and_its_check() -> None:
    check_receipt(json.loads(json.dumps(make())))


@pytest.mark.parametrize("field", [key for key in make() if key != "schema"])
def test_any_change_is_noticed(field: str) -> None:
    receipt = make()
    for changed in (receipt | {field: "x"}, receipt | {field: 0.5}, {k: v for k, v in receipt.items() if k != field}):
        with pytest.raises(IntegrityError):
            check_receipt(changed)


def test_additions_and_other_schemas_are_noticed() -> None:
    for changed in (
        make() | {"note": ""},
        make() | {"schema": "onlabel.receipt/2"},
        {},
        {"schema": "onlabel.receipt/1"},
    ):
        with pytest.raises(IntegrityError):
            check_receipt(changed)


@pytest.mark.parametrize(
    "change",
    [{"answer_sha256": "0" * 64}, {"policy_sha256": "0" * 64}, {"context": replace(CONTEXT, audience="patient")}],
)
def test_no_receipt_for_anything_but_what_was_proved(change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="not the one that was proved"):
        make(**change)


def test_the_software_version_is_known_without_being_told() -> None:
    assert make(software_version=None)["software"]


# --- audit ---------------------------------------------------------------------------------------------------------


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_an_entry_is_one_canonical_line(tmp_path: Path) -> None:
    path = tmp_path / "var" / "audit" / "audit.jsonl"
    sink: AuditSink = JsonLinesAudit(path)
    entries: list[dict[str, object]] = [{"b": "é\n\u2028", "a": 1}, {"question": '"quoted"'}]
    for entry in entries:
        sink.record(entry)
    assert path.read_bytes() == b"".join(canonical_json(entry) + b"\n" for entry in entries)
    assert lines(path) == entries


@pytest.mark.skipif(os.name != "posix", reason="Windows has no permission bits")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    JsonLinesAudit(tmp_path / "audit" / "audit.jsonl").record({})
    assert stat.S_IMODE((tmp_path / "audit" / "audit.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700


def test_an_older_record_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    JsonLinesAudit(path).record({"n": 1})
    JsonLinesAudit(path, sync=False).record({"n": 2})
    assert lines(path) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("torn", [b'{"n":', b'{"n":0}', b"\xff"])
def test_a_torn_line_spoils_only_itself(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "audit.jsonl"
    sink = JsonLinesAudit(path)
    sink.record({"n": 1})
    with path.open("ab") as file:
        file.write(torn)
    sink.record({"n": 2})
    sink.record({"n": 3})
    assert path.read_bytes() == b'{"n":1}\n' + torn + b'\n{"n":2}\n{"n":3}\n'


def test_a_rotated_or_deleted_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = JsonLinesAudit(path)
    sink.record({"n": 1})
    path.rename(tmp_path / "audit.1.jsonl")
    sink.record({"n": 2})
    assert lines(path) == [{"n": 2}]


REFUSED = "the answer was not shown because it could not be recorded"


@pytest.mark.parametrize("entry", [{"share": 0.5}, {1: 2}, {"x": object()}, {"x": "\udc80"}, {"x": {"y": {1}}}])
def test_an_entry_without_a_canonical_form_is_refused(tmp_path: Path, entry: dict[Any, Any]) -> None:
    with pytest.raises(OnlabelError, match=REFUSED):
        JsonLinesAudit(tmp_path / "audit.jsonl").record(entry)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "file" / "audit.jsonl", tmp_path / "a\x00b"):
        with pytest.raises(OnlabelError, match=REFUSED):
            JsonLinesAudit(path).record({})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk() -> None:
    with pytest.raises(OnlabelError, match=REFUSED):
        JsonLinesAudit(Path("/dev/full")).record({})


def _fail(*_: object) -> int:
    raise OSError("input/output error")


@pytest.mark.parametrize(("call", "fault"), [("fsync", _fail), ("write", _fail), ("write", lambda *_: 1)])
def test_a_disk_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, fault: Callable[..., int]
) -> None:
    sink = JsonLinesAudit(tmp_path / "audit.jsonl")
    sink.record({"n": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fault)
        with pytest.raises(OnlabelError, match=REFUSED):
            sink.record({"n": 2})
    sink.record({"n": 3})
    assert lines(tmp_path / "audit.jsonl")[-1] == {"n": 3}


def _record_many(path: Path, writer: int) -> None:
    sink = JsonLinesAudit(path, sync=False)
    for n in range(200):
        sink.record({"writer": writer, "n": n, "padding": "x" * (writer * 400)})


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = JsonLinesAudit(path, sync=False)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sink.record({"n": n}), range(400)))
    assert sorted(entry["n"] for entry in lines(path)) == list(range(400))


@pytest.mark.skipif(os.name != "posix", reason="several processes need POSIX appends: docs/guarantee.md")
def test_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_record_many, [path] * 4, range(4)))
    found = {(entry["writer"], entry["n"]) for entry in lines(path)}
    assert found == {(writer, n) for writer in range(4) for n in range(200)}
