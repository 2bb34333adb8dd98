"""Receipts: the proof that travels with an answer, as JSON.

Guarantees: a receipt is made from a :class:`~assistant.trust.verification.Proof` alone, so there is none for an
answer that was not proved; ``receipt_sha256`` covers every other field in canonical form, so a changed receipt is
noticed. Refuses: a receipt for other bytes, another context or another policy than those proved.

A receipt needs no signature of its own (``signature`` is null): that of an installed release names the release, and
anybody who holds the release can prove it anew (``trust/standalone``). That of a preview names none, and shows only
that nothing was changed by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

from assistant.canonical import fingerprint
from assistant.domain import Context
from assistant.errors import IntegrityError
from assistant.trust.verification import Proof

SCHEMA = "onlabel.receipt/1"
_SEAL = "receipt_sha256"


def make_receipt(
    proof: Proof,
    *,
    context: Context,
    answer_sha256: str,
    index_fingerprint: str,
    model_fingerprint: str,
    policy_sha256: str,
    software_version: str | None = None,
    release: Mapping[str, Any] | None = None,
    carried: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The receipt of a proved answer. ``answer_sha256`` is that of the bytes about to be shown.

    :param release: name, number and SHA-256 of the signed targets of the release that answers; None for a preview.
    :param carried: slot -> value of what the question did not say itself, and was taken from the conversation or from
        the product given beside it. It stands in the receipt only where there is any.

    :raises IntegrityError: bytes, context or policy are not those that were proved.
    """
    _same("answer", answer_sha256, proof.answer_sha256)
    _same("context", context, proof.context)
    _same("policy", policy_sha256, proof.policy_sha256)
    receipt: dict[str, Any] = {
        "schema": SCHEMA,
        "answer_sha256": proof.answer_sha256,
        "context": proof.context.as_json(),
        "outcome": proof.outcome.value,
        "flags": [flag.value for flag in proof.flags],
        "intent": proof.intent,
        "spans": [
            {"source": s.source, "id": s.id, "version": s.version, "sha256": s.sha256, "role": s.role}
            for s in proof.spans
        ],
        "templates": [{"id": t.id, "version": t.version, "use": t.use} for t in proof.templates],
        "companions": [
            {
                "id": companion.id,
                "place": companion.place,
                "asked_by": [{"id": r.id, "rule": r.rule, "place": r.place} for r in companion.reasons],
            }
            for companion in proof.companions
        ],
        "ledger": proof.ledger_fingerprint,
        "index": index_fingerprint,
        "model": model_fingerprint,
        "policy": proof.policy_sha256,
        "software": software_version or running_version(),
        "signature": None,
    }
    if release is not None:
        receipt["release"] = dict(release)
    if carried:
        receipt["carried"] = dict(carried)
    return receipt | {_SEAL: fingerprint(receipt)}


def check_receipt(receipt: Mapping[str, Any]) -> None:
    """Prove that a receipt is as it was made.

    :raises IntegrityError: it is of another schema, or a field was changed, dropped or added.
    """
    if receipt.get("schema") != SCHEMA:
        raise IntegrityError(f"not a receipt of schema {SCHEMA}")
    rest = {key: value for key, value in receipt.items() if key != _SEAL}
    try:
        seal = fingerprint(rest)
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"the receipt has no canonical form: {error}") from error
    if receipt.get(_SEAL) != seal:
        raise IntegrityError("the receipt was changed after it was made")


def _same(what: str, given: object, proved: object) -> None:
    if given != proved:
        raise IntegrityError(f"no receipt: the {what} is not the one that was proved")


@cache
def running_version() -> str:
    """The version of Onlabel that runs here."""
    try:
        return metadata.version("onlabel")
    except metadata.PackageNotFoundError:
        return "source"  # run from a checkout that was never installed
