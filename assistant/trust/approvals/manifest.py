"""``manifest.json`` of a release: what was approved, who could approve it and what was needed, without any YAML.

Guarantees: it says no more than subjects, roster and policy do, in canonical JSON; each record has the SHA-256 that the
signatures hold, so whoever reads the manifest proves it again with nothing but a JSON reader (``onlabel verify``, and
the stand-alone verifier, which has no YAML). It holds no text. Refuses two subjects of one kind and id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from assistant.content.policy import ApprovalRules
from assistant.errors import ContentError
from assistant.trust.approvals.roster import Roster
from assistant.trust.approvals.subjects import Subject

SCHEMA = "onlabel.manifest/1"
FILE_NAME = "manifest.json"


def manifest(subjects: Iterable[Subject], roster: Roster, rules: ApprovalRules) -> dict[str, Any]:
    """The manifest of these subjects, in their order; hash or write its canonical JSON.

    :raises ContentError: two subjects of one kind have one id.
    """
    seen: set[tuple[str, str]] = set()
    entries = []
    for subject in subjects:
        if (subject.ref.kind, subject.ref.id) in seen:
            raise ContentError(f"two subjects are the {subject.ref.kind} {subject.ref.id}: rename one")
        seen.add((subject.ref.kind, subject.ref.id))
        entries.append(subject.ref.as_json() | {"record": json.loads(subject.record)})
    people = [
        {
            "printed_name": holder.printed_name,
            "keyid": holder.keyid,
            "public": holder.public_hex,
            "roles": list(holder.roles),
            "markets": list(holder.markets),
            "since": holder.since.isoformat(),
            "until": holder.until.isoformat() if holder.until else None,
        }
        for holder in roster.people
    ]
    return {"schema": SCHEMA, "subjects": entries, "roster": people, "rules": json.loads(rules.model_dump_json())}
