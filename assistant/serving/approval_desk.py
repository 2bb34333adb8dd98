"""A workspace as reviewers meet it: its subjects, its roster, its envelopes; where acts are signed and put away.

Guarantees: what is signed is what was gathered when it was shown: files that change in between are not read again.
Refuses to approve content with faults.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.answering.rendering import Renderer
from assistant.building import FaultyContentError, Gathered, gather
from assistant.errors import OnlabelError, UsageError
from assistant.trust.approvals.acts import EVERY_VERSION, WithdrawnRef, approve, read_acts, withdraw
from assistant.trust.approvals.places import APPROVALS, ROSTER, governing_files
from assistant.trust.approvals.roster import Roster, read_roster
from assistant.trust.approvals.shelf import SIGNED, WITHDRAWN, envelope_files, file_name, recorded, shelve
from assistant.trust.approvals.standing import Standing, State, standing
from assistant.trust.approvals.subjects import Subject, SubjectRef, subjects_of
from assistant.trust.approvals.withdrawals import read_withdrawals, write_list
from assistant.trust.keys import Signer
from assistant.workspace import Workspace, shipped_taxonomy


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that is approved in one workspace, gathered once."""

    folder: Path
    gathered: Gathered
    roster: Roster
    renderer: Renderer
    subjects: tuple[Subject, ...] = field(repr=False)

    @classmethod
    def of(cls, root: Path | None, *, faulty: bool = False) -> Desk:
        """The desk of a workspace.

        :param faulty: take content with faults as well: to withdraw is always safe.
        :raises FaultyContentError: the content has faults.
        """
        workspace = Workspace.find(root)
        gathered = gather(workspace, dt.date.today())
        if gathered.errors and not faulty:
            raise FaultyContentError(gathered.errors, workspace.root)
        return cls.over(workspace, gathered)

    @classmethod
    def over(cls, workspace: Workspace, gathered: Gathered) -> Desk:
        """The desk of content that was gathered already."""
        renderer = Renderer([sourced.template for sourced in gathered.templates])
        files = governing_files(workspace, shipped_taxonomy())
        subjects = tuple(subjects_of(gathered, files, renderer.shape))
        folder = workspace.root / APPROVALS
        return cls(folder, gathered, read_roster(folder / ROSTER), renderer, subjects)

    def standing(self, now: dt.datetime | None = None) -> Standing:
        """How everything stands now, from what is on the disk."""
        now = now or dt.datetime.now(dt.UTC)
        signed, known = envelope_files(self.folder), recorded(self.folder)
        policy = self.gathered.policy
        return standing(self.subjects, signed, self.roster, policy, now.date(), now=now, records=known)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def named(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        """The subjects of these ids; ``kind:id`` where several kinds share one.

        :raises UsageError: an id names nothing, or several.
        """
        return tuple(dict.fromkeys(self._one(id) for id in ids))

    def document(self, id: str) -> tuple[Subject, ...]:
        """A document and its passages.

        :raises UsageError: there is no such document.
        """
        found = tuple(s for s in self.subjects if s.document == id and s.ref.kind in ("document", "passage"))
        if not found:
            raise UsageError(f"there is no document {id!r}: `onlabel approvals --all` lists them")
        return found

    def waiting_for(self, role: str) -> tuple[Subject, ...]:
        """What waits for a signature in this role."""
        return tuple(
            entry.subject
            for entry in self.standing().subjects
            if entry.state in (State.WAITING, State.VOID) and any(missing.role == role for missing in entry.missing)
        )

    def _one(self, id: str) -> Subject:
        found = [s for s in self.subjects if id in (s.ref.id, f"{s.ref.kind}:{s.ref.id}")]
        if not found:
            raise UsageError(f"there is nothing called {id!r} here: `onlabel approvals --all` lists what there is")
        if len(found) > 1:
            raise UsageError(f"{id!r} is several things: say {' or '.join(f'{s.ref.kind}:{id}' for s in found)}")
        return found[0]

    # --- signing ------------------------------------------------------------------------------------------------------

    def approve(
        self,
        signer: Signer,
        subjects: Sequence[Subject],
        printed_name: str,
        role: str,
        meaning: str,
        valid_until: dt.date | None,
    ) -> Path:
        """Sign ``subjects`` and put the envelope away; its file."""
        now = dt.datetime.now(dt.UTC)
        data = approve(
            signer,
            (subject.ref for subject in subjects),
            role=role,
            printed_name=printed_name,
            meaning=meaning,
            signed_at=now,
            valid_until=valid_until,
        )
        name = file_name(data, role, signer.keyid, now)
        return shelve(self.folder / SIGNED, name, data, (subject.record for subject in subjects))

    def withdraw(
        self,
        signer: Signer,
        refs: Iterable[WithdrawnRef],
        printed_name: str,
        role: str,
        reason: str,
        effective: dt.date,
    ) -> Path:
        """Sign the withdrawal of ``refs`` and put the envelope away; its file."""
        now = dt.datetime.now(dt.UTC)
        data = withdraw(
            signer,
            refs,
            role=role,
            printed_name=printed_name,
            reason=reason,
            signed_at=now,
            effective=effective,
        )
        return shelve(self.folder / WITHDRAWN, file_name(data, role, signer.keyid, now), data)

    def withdrawable(self, ids: Sequence[str], *, all_versions: bool) -> tuple[WithdrawnRef, ...]:
        """What to withdraw so that no version of ``ids`` is shown that may be in the field.

        Only what was approved is in the field, so that is every version in an approval, and the present one. A
        document stands for its passages too.

        :raises UsageError: an id names nothing that is here or was ever approved.
        """
        known = {s.ref for s in self.subjects} | set(self._ever_approved())
        inside = {
            s.ref.id for s in self.subjects if s.document in {_bare(id) for id in ids} and s.ref.kind == "passage"
        }
        chosen = [ref for ref in known if ref.id in inside and ref.kind == "passage"]
        for id in ids:
            named = [ref for ref in known if id in (ref.id, f"{ref.kind}:{ref.id}")]
            if not named:
                raise UsageError(f"there is nothing called {id!r}, nor was it ever approved")
            if len({ref.kind for ref in named}) > 1:
                kinds = sorted({ref.kind for ref in named})
                raise UsageError(f"{id!r} is several things: say {' or '.join(f'{kind}:{id}' for kind in kinds)}")
            chosen += named
        versions = ((ref, EVERY_VERSION if all_versions else ref.version) for ref in chosen)
        return tuple(sorted({WithdrawnRef(ref.kind, ref.id, version) for ref, version in versions}))

    def _ever_approved(self) -> Iterable[SubjectRef]:
        acts = read_acts(envelope_files(self.folder), self.roster, dt.datetime.now(dt.UTC))
        return (ref for approval in acts.approvals for ref in approval.subjects)

    def export(self, file: Path) -> tuple[int, int]:
        """Write every withdrawal to ``file`` as one list, proved first; how many, and how many bytes.

        :raises UsageError: there is none.
        """
        place = self.folder / WITHDRAWN
        found = [data for name, data in envelope_files(self.folder) if name.startswith(f"{WITHDRAWN}/")]
        if not found:
            raise UsageError(f"nothing was withdrawn: {place} holds no envelope")
        data = write_list(found)
        acts = read_withdrawals(data, self.roster)
        try:
            file.write_bytes(data)
        except OSError as error:
            raise OnlabelError(f"{file}: the list cannot be written: {error.strerror}") from error
        return len(acts), len(data)


def _bare(id: str) -> str:
    return id.removeprefix("document:")
