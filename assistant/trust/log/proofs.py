"""The proof of one record as a file: the record, its path to a root, and the signed checkpoint of that root.

Guarantees: :func:`check_proof` needs no log, no database and no network; it believes nothing in the file but what the
named key signed. It shows that the record stood in the log, at its number, when the checkpoint was signed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.canonical import canonical_json
from assistant.errors import ContentError, IntegrityError, NotReadyError
from assistant.trust.log import merkle
from assistant.trust.log.checkpoint import Checkpoint, Cosigned, believed, parse_checkpoint
from assistant.trust.log.log import AuditLog

SCHEMA = "onlabel.audit-proof/1"


class _ProofFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    schema_: str = Field(alias="schema", pattern=f"^{SCHEMA}$")
    number: int = Field(ge=0)
    record: dict[str, Any]
    path: list[str] = Field(max_length=64)
    checkpoint: str


@dataclass(frozen=True, slots=True)
class ProvedRecord:
    """A record that stood in a log when ``checkpoint`` was signed."""

    number: int
    record: dict[str, Any]
    checkpoint: Checkpoint
    cosigned: tuple[Cosigned, ...]


def make_proof(log: AuditLog, number: int) -> dict[str, Any]:
    """The proof of a record under the last checkpoint.

    :raises NotReadyError: no checkpoint covers the record yet.
    :raises IntegrityError: the log is not the one that was signed.
    """
    body = log.leaf(number)
    checkpoint = log.last_checkpoint()
    if number >= checkpoint.size:
        raise NotReadyError(f"record {number} came after the last checkpoint: run `onlabel audit checkpoint` first")
    path = log.inclusion(number, checkpoint.size)
    if not merkle.included(merkle.leaf_hash(body), number, checkpoint.size, path, checkpoint.root):
        raise IntegrityError(f"record {number} is not the one that was signed: run `onlabel audit verify`")
    return {
        "schema": SCHEMA,
        "number": number,
        "record": json.loads(body),
        "path": [step.hex() for step in path],
        "checkpoint": str(checkpoint),
    }


def check_proof(written: str, publics: tuple[str, ...], witnesses: tuple[str, ...] = ()) -> ProvedRecord:
    """Prove what a proof's file says.

    :raises ContentError: it is no proof.
    :raises IntegrityError: the record, its number or the checkpoint is not what a key of ``publics`` signed.
    """
    try:
        proof = _ProofFile.model_validate_json(written)
        path = [bytes.fromhex(step) for step in proof.path]
        leaf = merkle.leaf_hash(canonical_json(proof.record))
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise ContentError(f"is no proof of schema {SCHEMA}, or it is not whole") from error
    checkpoint = parse_checkpoint(proof.checkpoint)
    cosigned = believed(checkpoint, publics, witnesses)
    if any(len(step) != merkle.HASH_BYTES for step in path) or not merkle.included(
        leaf, proof.number, checkpoint.size, path, checkpoint.root
    ):
        raise IntegrityError(f"this is not record {proof.number} of the log that was signed")
    return ProvedRecord(proof.number, proof.record, checkpoint, cosigned)
