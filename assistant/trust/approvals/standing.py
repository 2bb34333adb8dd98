"""What is approved, what waits for whom, what was withdrawn, and what is void because it changed since.

Guarantees: an approval counts only for the very record whose SHA-256 it holds, under the same kind, id and version, in
the role that was signed for, in the markets for which the signer held that role on that day, until ``valid_until``.
One person counts once a role, by however many keys and copies, and for one role only where the policy wants distinct
people (the best assignment is found, so nobody is asked for a signature that is there). A withdrawal by any one person
who held a role is enough, and no approval undoes it.

A subject is in one state: withdrawn, else approved, else void (approved once, but not as it is now), else waiting.
Files that prove nothing are faults; they take no approval away.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assistant.content.faults import Fault
from assistant.content.policy import ApprovalRules, Policy
from assistant.trust.approvals.acts import EVERY_VERSION, Acts, Approval, Withdrawal, WithdrawnRef, read_acts
from assistant.trust.approvals.roster import ROLES, Roster, person
from assistant.trust.approvals.shelf import Records, no_records
from assistant.trust.approvals.subjects import Subject, SubjectRef


class State(StrEnum):
    """How a subject stands."""

    APPROVED = "approved"
    WAITING = "waiting"
    VOID = "void"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Missing:
    """``count`` more people of ``role`` have to sign for ``market``."""

    market: str
    role: str
    count: int


@dataclass(frozen=True, slots=True)
class Void:
    """An approval of the same id but of something else; ``changed`` names the fields where what was signed is known."""

    approval: Approval
    was: SubjectRef
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectStanding:
    """How one subject stands. ``withdrawals`` holds also those that are not effective yet."""

    subject: Subject
    approvals: tuple[Approval, ...]
    missing: tuple[Missing, ...]
    void: tuple[Void, ...]
    lapsed: tuple[Approval, ...]
    withdrawals: tuple[Withdrawal, ...]
    state: State


@dataclass(frozen=True, slots=True)
class Standing:
    """How everything stands on a day, in the order of the subjects."""

    on: dt.date
    subjects: tuple[SubjectStanding, ...]
    faults: tuple[Fault, ...]

    def of(self, state: State) -> tuple[SubjectStanding, ...]:
        """The subjects in ``state``."""
        return tuple(entry for entry in self.subjects if entry.state is state)

    @property
    def complete(self) -> bool:
        """Whether nothing waits: everything is approved or withdrawn."""
        return all(entry.state in (State.APPROVED, State.WITHDRAWN) for entry in self.subjects)

    def find(self, kind: str, id: str) -> SubjectStanding | None:
        """The subject of this kind and id."""
        return next((e for e in self.subjects if (e.subject.ref.kind, e.subject.ref.id) == (kind, id)), None)


def standing(
    subjects: Iterable[Subject],
    envelopes: Iterable[tuple[str, bytes]],
    roster: Roster,
    policy: Policy,
    on: dt.date,
    *,
    now: dt.datetime | None = None,
    records: Records = no_records,
) -> Standing:
    """How ``subjects`` stand on the day ``on``.

    :param envelopes: ``(name, bytes)``, see :func:`assistant.trust.approvals.shelf.envelope_files`.
    :param now: what signing times are held against; default: the clock.
    :param records: what was signed once, to say what changed since.
    """
    acts = read_acts(envelopes, roster, now or dt.datetime.now(dt.UTC))
    count = _Count(policy.approvals, roster, on, records, acts)
    return Standing(on, tuple(count.standing(subject) for subject in subjects), acts.faults)


@dataclass(slots=True)
class _Count:
    rules: ApprovalRules
    roster: Roster
    on: dt.date
    records: Records
    acts: Acts
    _named: dict[tuple[str, str], list[tuple[SubjectRef, Approval]]] = field(default_factory=lambda: defaultdict(list))
    _withdrawn: dict[WithdrawnRef, list[Withdrawal]] = field(default_factory=lambda: defaultdict(list))
    _known: dict[Any, tuple[Missing, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for approval in sorted(self.acts.approvals, key=lambda a: (a.signed_at, a.file)):
            for ref in approval.subjects:
                self._named[ref.kind, ref.id].append((ref, approval))
        for withdrawal in sorted(self.acts.withdrawals, key=lambda w: (w.effective, w.file)):
            for gone in withdrawal.subjects:
                self._withdrawn[gone].append(withdrawal)

    def standing(self, subject: Subject) -> SubjectStanding:
        ref = subject.ref
        named = self._named.get((ref.kind, ref.id), ())
        own = [approval for signed, approval in named if signed == ref]
        valid = _once_each(approval for approval in own if approval.counts_on(self.on))
        missing = self._missing(subject, valid)
        withdrawals = tuple(gone for name in _names(subject) for gone in self._withdrawn.get(name, ()))
        waiting = {entry.role for entry in missing}
        void = tuple(self._void(subject, was, by) for was, by in named if was != ref and by.role in waiting)
        return SubjectStanding(
            subject=subject,
            approvals=valid,
            missing=missing,
            void=void,
            lapsed=tuple(approval for approval in own if not approval.counts_on(self.on)),
            withdrawals=withdrawals,
            state=self._state(missing, void, withdrawals),
        )

    def _state(self, missing: tuple[Missing, ...], void: tuple[Void, ...], gone: tuple[Withdrawal, ...]) -> State:
        if any(withdrawal.effective <= self.on for withdrawal in gone):
            return State.WITHDRAWN
        if not missing:
            return State.APPROVED
        return State.VOID if void else State.WAITING

    def _missing(self, subject: Subject, valid: tuple[Approval, ...]) -> tuple[Missing, ...]:
        # Most subjects share markets, kind and signatures: each combination is worked out once.
        key = (subject.kinds, subject.markets, tuple((a.keyid, a.role, a.signed_at.date()) for a in valid))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(
                Missing(market, role, number)
                for market in subject.markets or ("",)
                for role, number in self._missing_in(market, subject.kinds, valid).items()
            )
        return found

    def _missing_in(self, market: str, kinds: tuple[str, ...], valid: tuple[Approval, ...]) -> Mapping[str, int]:
        needed = self.rules.needed(kinds, market)
        signed = {
            (approval.role, person(approval.printed_name))
            for approval in valid
            if self.roster.holds(approval.keyid, approval.role, approval.signed_at.date(), market or None)
        }
        return unfilled(needed, signed, distinct=self.rules.distinct_people)

    def _void(self, subject: Subject, was: SubjectRef, by: Approval) -> Void:
        before = self.records(was.sha256)
        return Void(by, was, changed_fields(before, json.loads(subject.record)) if before else ())


def _names(subject: Subject) -> tuple[WithdrawnRef, ...]:
    """What a withdrawal may name that ends ``subject``: its version, all of them, or all of its document."""
    kind, id, version = subject.ref.kind, subject.ref.id, subject.ref.version
    own = (WithdrawnRef(kind, id, version), WithdrawnRef(kind, id, EVERY_VERSION))
    return (*own, WithdrawnRef("document", subject.document, EVERY_VERSION)) if kind == "passage" else own


def unfilled(needed: Mapping[str, int], signed: Iterable[tuple[str, str]], *, distinct: bool) -> dict[str, int]:
    """How many of each role are still missing, given ``(role, person)`` pairs.

    With ``distinct`` nobody fills two places: as many places as possible are filled, by augmenting paths (Kuhn 1955).
    """
    able: dict[str, set[str]] = defaultdict(set)
    for role, who in signed:
        able[role].add(who)
    if not distinct:
        return {r: needed[r] - len(able[r]) for r in ROLES if needed.get(r, 0) > len(able[r])}
    places = [(role, number) for role in ROLES for number in range(needed.get(role, 0))]
    filled_by: dict[str, tuple[str, int]] = {}

    def fill(place: tuple[str, int], tried: set[str]) -> bool:
        for who in sorted(able[place[0]] - tried):
            tried.add(who)
            if who not in filled_by or fill(filled_by[who], tried):
                filled_by[who] = place
                return True
        return False

    short: dict[str, int] = {}
    for place in places:
        if not fill(place, set()):
            short[place[0]] = short.get(place[0], 0) + 1
    return short


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields in which two records differ, those of a scope by their own names."""
    old, new = _flat(before), _flat(after)
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name, _flat) != new.get(name, _flat)))


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(record.get("fields", {}))
    scope = fields.pop("scope", None) or {}
    return fields | dict(scope)


def _once_each(approvals: Iterable[Approval]) -> tuple[Approval, ...]:
    """Copies of an act are one act. Repetitions stay: a role may have been held for other markets by then."""
    acts = {(a.role, a.keyid, a.signed_at): a for a in approvals}
    return tuple(sorted(acts.values(), key=lambda a: (ROLES.index(a.role), a.signed_at, a.keyid)))
