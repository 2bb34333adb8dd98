"""Three reviewers with quick keys, and what they sign, for the tests of approvals and withdrawals."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.canonical import canonical_json, sha256_hex
from assistant.domain import Kind, Passage, Scope
from assistant.trust.approvals.acts import approve
from assistant.trust.approvals.envelopes import APPROVAL_TYPE, pae
from assistant.trust.approvals.roster import Holder, Roster
from assistant.trust.approvals.subjects import Subject
from assistant.trust.keys import PublicKey, Signer, keyid_of

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
YEAR = dt.date(2026, 1, 1)


def signer(seed: int, name: str) -> Signer:
    """A key that is the same in every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw().hex()
    return Signer(PublicKey(keyid_of(public), public, name), private)


JANE = signer(1, "Jane Roe, MD")
JOHN = signer(2, "John Doe, JD")
ANN = signer(3, "Ann Poe")
#: A second key of the first.
JANE_AGAIN = signer(4, "Jane  ROE, MD")
STRANGER = signer(9, "Jane Roe, MD")
ROLE_OF = {JANE: "medical", JOHN: "legal", ANN: "regulatory"}


def holder(
    who: Signer,
    *roles: str,
    markets: Iterable[str] = ("*",),
    since: dt.date = YEAR,
    until: dt.date | None = None,
) -> Holder:
    """A roster entry."""
    public = who.public
    return Holder(public.name, public.keyid, public.public_hex, roles, tuple(markets), since, until)


ROSTER = Roster((holder(JANE, "medical"), holder(JOHN, "legal"), holder(ANN, "regulatory")))


def passage(**changed: Any) -> Passage:
    """A passage with something in every field."""
    text = changed.pop("text", b"Store ZED in the dark.")
    fields: dict[str, Any] = {
        "id": "zed-us-pi.16",
        "version": "1",
        "document": "zed-us-pi",
        "product": "zed",
        "text": text,
        "sha256": sha256_hex(text),
        "topic": "storage",
        "also": ("how_supplied",),
        "kind": Kind.INSTRUCTION,
        "locator": "16",
        "title": "How supplied",
        "order": 7,
        "scope": scope(),
        "population": ("adult",),
        "serves": (),
        "companions": ("zed-us-pi.isi",),
        "references": ("1. A study.",),
        "retrieve": True,
    }
    return Passage(**(fields | changed))


def scope(**changed: Any) -> Scope:
    """A scope with something in every field."""
    fields: dict[str, Any] = {
        "audiences": ("hcp",),
        "markets": ("US",),
        "language": "en",
        "channels": ("cli", "api"),
        "effective": YEAR,
        "expires": dt.date(2028, 1, 1),
        "withdrawn": None,
    }
    return Scope(**(fields | changed))


def approval(who: Signer, role: str, *subjects: Subject, at: dt.datetime = NOW, **more: Any) -> tuple[str, bytes]:
    """An envelope and a name for it."""
    name = more.pop("printed_name", who.public.name)
    file = more.pop("file", f"signed/{role}-{who.public.name}.dsse.json")
    words = {"meaning": "I approve.", "signed_at": at, "printed_name": name} | more
    return file, approve(who, (subject.ref for subject in subjects), role=role, **words)


def all_three(*subjects: Subject) -> list[tuple[str, bytes]]:
    """What the default policy asks for."""
    return [approval(who, role, *subjects) for who, role in ROLE_OF.items()]


def payload_of(data: bytes) -> dict[str, Any]:
    """What an envelope signs."""
    fields: dict[str, Any] = json.loads(base64.b64decode(json.loads(data)["payload"]))
    return fields


def resealed(who: Signer, payload: bytes | dict[str, Any], kind: str = APPROVAL_TYPE) -> bytes:
    """An envelope with a good signature over whatever payload."""
    body = payload if isinstance(payload, bytes) else canonical_json(payload)
    signature = base64.b64encode(who.sign(pae(kind, body))).decode()
    fields = {
        "payload": base64.b64encode(body).decode(),
        "payloadType": kind,
        "signatures": [{"keyid": who.keyid, "sig": signature}],
    }
    return json.dumps(fields).encode()


def write_roster(path: Path, *entries: Holder) -> None:
    """A roster file."""
    people = [
        {
            "printed_name": e.printed_name,
            "keyid": e.keyid,
            "public": e.public_hex,
            "roles": list(e.roles),
            "markets": "*" if "*" in e.markets else list(e.markets),
            "since": e.since.isoformat(),
        }
        for e in entries
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": "onlabel.roster/1", "people": people}, ensure_ascii=False)
    # YAML reads a bare date as a date and a quoted one as text.
    for entry in entries:
        text = text.replace(f'"{entry.since.isoformat()}"', entry.since.isoformat())
    path.write_text(text, encoding="utf-8")
