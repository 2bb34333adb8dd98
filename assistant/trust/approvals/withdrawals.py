"""Withdrawals, alone: what must no longer be shown, from which day, on whose word.

A *list* is one small JSON file of signed withdrawals that can be mailed and installed by itself, between two releases.

Guarantees: every withdrawal is proved with the roster of the release that is installed; any one person who held a role
at the time is enough. Refuses a list as a whole when one envelope in it is not what it should be, and names which: a
list that arrived damaged must be sent again, not half believed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.errors import ContentError
from assistant.trust.approvals.acts import EVERY_VERSION, Withdrawal, read_act
from assistant.trust.approvals.envelopes import LARGEST, WITHDRAWAL_TYPE, parse_envelope
from assistant.trust.approvals.roster import Roster
from assistant.trust.approvals.shelf import SUFFIX

SCHEMA = "onlabel.withdrawals/1"


def read_withdrawals(source: Path | bytes, roster: Roster, *, now: dt.datetime | None = None) -> tuple[Withdrawal, ...]:
    """The proved withdrawals in a list, in one envelope, or in a folder of envelopes; each act once.

    :param source: a file, a folder such as ``approvals/withdrawn``, or a file's bytes.
    :raises ContentError: something in it is no withdrawal.
    :raises IntegrityError: something in it was not signed by anyone on the roster in a role held at the time.
    """
    when = now or dt.datetime.now(dt.UTC)
    found: dict[bytes, Withdrawal] = {}
    for name, data in _envelopes(source):
        envelope = parse_envelope(data, name)
        if envelope.payload_type != WITHDRAWAL_TYPE:
            raise ContentError("is an approval, not a withdrawal", name)
        act = read_act(data, name, roster, when)
        if isinstance(act, Withdrawal):
            found[envelope.payload] = act
    return tuple(sorted(found.values(), key=lambda act: (act.effective, act.signed_at, act.subjects)))


def withdrawn_ids(withdrawals: Iterable[Withdrawal], on: dt.date) -> frozenset[tuple[str, str, str]]:
    """``(kind, id, version or "*")`` of all that is withdrawn on the day ``on``."""
    return frozenset(
        (subject.kind, subject.id, subject.version)
        for withdrawal in withdrawals
        if withdrawal.effective <= on
        for subject in withdrawal.subjects
    )


def is_withdrawn(gone: frozenset[tuple[str, str, str]], kind: str, id: str, version: str) -> bool:
    """Whether a subject is among those of :func:`withdrawn_ids`."""
    return (kind, id, version) in gone or (kind, id, EVERY_VERSION) in gone


def write_list(envelopes: Iterable[bytes]) -> bytes:
    """The list file that holds these envelope files, each as it is."""
    parts = [json.loads(data) for data in envelopes]
    return json.dumps({"schema": SCHEMA, "envelopes": parts}, indent=1, sort_keys=True).encode() + b"\n"


def _envelopes(source: Path | bytes) -> list[tuple[str, bytes]]:
    if isinstance(source, bytes):
        return _listed(source, "the list")
    try:
        if source.is_dir():
            paths = sorted(path for path in source.iterdir() if not path.name.startswith("."))
            strange = [path for path in paths if not path.name.endswith(SUFFIX)]
            if strange:
                raise ContentError(f"is no envelope (*{SUFFIX}): take it out", strange[0])
            return [(path.name, path.read_bytes()) for path in paths]
        return _listed(source.read_bytes(), source.name)
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", source) from error


def _listed(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """The envelopes of a list, each again as a file of its own; a single envelope is a list of one."""
    if len(data) > LARGEST:
        raise ContentError(f"is larger than {LARGEST} bytes: no list is", name)
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ContentError("is no list of withdrawals: not JSON", name) from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return [(name, data)]
    if set(found) != {"schema", "envelopes"} or not isinstance(found["envelopes"], list):
        raise ContentError("is no list of withdrawals: it must hold schema and envelopes alone", name)
    return [(f"{name}, number {n}", json.dumps(part).encode()) for n, part in enumerate(found["envelopes"], start=1)]
