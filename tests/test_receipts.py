"""Receipts, and the audit record that is written before an answer is shown."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from assistant.canonical import fingerprint
from assistant.domain import Context, Flag, Outcome, Span
from assistant.errors import IntegrityError
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


def test_what_was_carried_stands_in_it_only_where_there_is_any() -> None:
    assert make(carried={}) == make(carried=None) == make()
    receipt = make(carried={"topic": "dosage", "product": "z"})
    check_receipt(receipt)
    assert receipt["carried"] == {"product": "z", "topic": "dosage"}
    for changed in ({"product": "z"}, {"product": "v", "topic": "dosage"}, {}):
        with pytest.raises(IntegrityError):
            check_receipt(receipt | {"carried": changed})


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
