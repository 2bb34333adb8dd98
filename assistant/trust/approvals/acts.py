"""Acts of signing: an approval or a withdrawal by one person at one time, with its meaning (21 CFR 11.50).

Guarantees: an act is given out only after its signature was proved with the roster's key, the printed name is the
roster's, and its signer held the role at the time of signing. It names its subjects by digest inside what is signed,
so it cannot be lifted onto another record (21 CFR 11.70).

Refuses, naming the file: unknown fields, another schema than the type's, subjects that are unsorted or named twice, an
approval from the future (a clock may be five minutes ahead). A withdrawal from the future is still a withdrawal: to
refuse it would keep on show what somebody wanted gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.content.faults import Fault
from assistant.errors import ContentError, IntegrityError, OnlabelError
from assistant.trust.approvals.envelopes import (
    APPROVAL_TYPE,
    WITHDRAWAL_TYPE,
    parse_envelope,
    seal,
)
from assistant.trust.approvals.payloads import (
    APPROVAL_SCHEMA,
    TIME,
    WITHDRAWAL_SCHEMA,
    ActPayload,
    ApprovalPayload,
    WithdrawalPayload,
    parsed,
)
from assistant.trust.approvals.roster import Roster
from assistant.trust.approvals.subjects import SubjectRef
from assistant.trust.keys import Signer

EVERY_VERSION = "*"
#: How far a signer's clock may be ahead.
AHEAD = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Approval:
    """``valid_until`` is the first day on which it no longer counts."""

    file: str
    keyid: str
    role: str
    printed_name: str
    meaning: str
    signed_at: dt.datetime
    valid_until: dt.date | None
    subjects: tuple[SubjectRef, ...]

    def counts_on(self, day: dt.date) -> bool:
        return self.valid_until is None or day < self.valid_until


@dataclass(frozen=True, slots=True, order=True)
class WithdrawnRef:
    """What is withdrawn; ``version`` ``*`` is every version, also of the future."""

    kind: str
    id: str
    version: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """From ``effective`` on none of its subjects is shown."""

    file: str
    keyid: str
    role: str
    printed_name: str
    reason: str
    signed_at: dt.datetime
    effective: dt.date
    subjects: tuple[WithdrawnRef, ...]


@dataclass(frozen=True, slots=True)
class Acts:
    """All acts that could be proved, and a fault for each file that could not."""

    approvals: tuple[Approval, ...]
    withdrawals: tuple[Withdrawal, ...]
    faults: tuple[Fault, ...]


# --- signing ----------------------------------------------------------------------------------------------------------


def approve(
    signer: Signer,
    subjects: Iterable[SubjectRef],
    *,
    role: str,
    printed_name: str,
    meaning: str,
    signed_at: dt.datetime,
    valid_until: dt.date | None = None,
) -> bytes:
    """The envelope in which ``signer`` approves ``subjects``."""
    payload = {
        "schema": APPROVAL_SCHEMA,
        "subjects": [subject.as_json() for subject in sorted(set(subjects))],
        "role": role,
        "meaning": meaning,
        "printed_name": printed_name,
        "signed_at": stamp(signed_at),
        "valid_until": valid_until.isoformat() if valid_until else None,
    }
    return seal(APPROVAL_TYPE, payload, signer)


def withdraw(
    signer: Signer,
    subjects: Iterable[WithdrawnRef],
    *,
    role: str,
    printed_name: str,
    reason: str,
    signed_at: dt.datetime,
    effective: dt.date,
) -> bytes:
    """The envelope in which ``signer`` withdraws ``subjects`` from ``effective`` on."""
    refs = [{"kind": s.kind, "id": s.id, "version": s.version} for s in sorted(set(subjects))]
    payload = {
        "schema": WITHDRAWAL_SCHEMA,
        "subjects": refs,
        "role": role,
        "printed_name": printed_name,
        "reason": reason,
        "signed_at": stamp(signed_at),
        "effective": effective.isoformat(),
    }
    return seal(WITHDRAWAL_TYPE, payload, signer)


def stamp(when: dt.datetime) -> str:
    """``when`` as it stands in an act: UTC, to the second."""
    return when.astimezone(dt.UTC).strftime(TIME)


# --- proving ----------------------------------------------------------------------------------------------------------


def read_act(data: bytes, file: str, roster: Roster, now: dt.datetime) -> Approval | Withdrawal:
    """The act in an envelope; ``file`` is what errors name.

    :raises ContentError: it cannot be meant.
    :raises IntegrityError: it can, but nobody on the roster may have signed it so.
    """
    envelope = parse_envelope(data, file)
    key = roster.key(envelope.keyid)
    if key is None:
        raise IntegrityError(f"{file}: signed with key {envelope.keyid[:8]}, which is not on the roster")
    fields = envelope.verify(key.public_hex)
    if envelope.payload_type == APPROVAL_TYPE:
        return _approval(parsed(ApprovalPayload, fields, file), file, key.keyid, roster, now)
    return _withdrawal(parsed(WithdrawalPayload, fields, file), file, key.keyid, roster)


def read_acts(files: Iterable[tuple[str, bytes]], roster: Roster, now: dt.datetime) -> Acts:
    """The acts in ``(name, bytes)`` of envelopes; each one that is refused is a fault."""
    approvals: list[Approval] = []
    withdrawals: list[Withdrawal] = []
    faults: list[Fault] = []
    for file, data in files:
        try:
            act = read_act(data, file, roster, now)
        except OnlabelError as error:
            message = error.message if isinstance(error, ContentError) else str(error).removeprefix(f"{file}: ")
            faults.append(Fault(Path(file), 1, message))
            continue
        if isinstance(act, Approval):
            approvals.append(act)
        else:
            withdrawals.append(act)
    return Acts(tuple(approvals), tuple(withdrawals), tuple(faults))


def _approval(read: ApprovalPayload, file: str, keyid: str, roster: Roster, now: dt.datetime) -> Approval:
    subjects = tuple(SubjectRef(s.kind, s.id, s.version, s.sha256) for s in read.subjects)
    _in_order(subjects == tuple(sorted(set(subjects))), file)
    if read.when > now + AHEAD:
        raise IntegrityError(f"{file}: signed at {read.signed_at}, which is in the future: set the clock, sign again")
    _may_sign(read, file, keyid, roster)
    until = dt.date.fromisoformat(read.valid_until) if read.valid_until else None
    return Approval(file, keyid, read.role, read.printed_name, read.meaning, read.when, until, subjects)


def _withdrawal(read: WithdrawalPayload, file: str, keyid: str, roster: Roster) -> Withdrawal:
    subjects = tuple(WithdrawnRef(s.kind, s.id, s.version) for s in read.subjects)
    _in_order(subjects == tuple(sorted(set(subjects))), file)
    _may_sign(read, file, keyid, roster)
    effective = dt.date.fromisoformat(read.effective)
    return Withdrawal(file, keyid, read.role, read.printed_name, read.reason, read.when, effective, subjects)


def _in_order(they_are: bool, file: str) -> None:
    if not they_are:
        raise ContentError("subjects are not sorted, or one stands twice", file)


def _may_sign(read: ActPayload, file: str, keyid: str, roster: Roster) -> None:
    key = roster.key(keyid)
    if key is None or key.name != read.printed_name:
        raise IntegrityError(f"{file}: the printed name is not the one that the roster has for key {keyid[:8]}")
    if not roster.holds(keyid, read.role, read.when.date()):
        raise IntegrityError(f"{file}: {key.name} did not hold the role {read.role} on {read.when.date()}")
