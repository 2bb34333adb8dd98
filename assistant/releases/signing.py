"""Signatures on a stage: each signer adds their own, in any order, and is told what is still missing.

Guarantees: nobody signs a list of files that the folder does not hold as listed; a signature is added to those roles
only that the root of trust gives the key; nothing that is signed already is changed. A threshold counts distinct keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, Root, VerificationResult  # type: ignore[attr-defined]

from assistant.errors import UsageError
from assistant.releases.repository import Repository, check_target_files
from assistant.trust.keys import Signer


@dataclass(frozen=True, slots=True)
class Missing:
    """What a role still lacks: ``needed`` more signatures, of any of ``keyids``."""

    role: str
    needed: int
    keyids: tuple[str, ...]

    @property
    def says(self) -> str:
        which = ", ".join(keyid[:8] for keyid in self.keyids)
        return f"{self.role}: {self.needed} more signature{'s' if self.needed > 1 else ''} of {which}"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a key signed, and what the stage still lacks."""

    roles: tuple[str, ...]
    missing: tuple[Missing, ...]


def sign(stage: Path, signer: Signer) -> Signed:
    """Add the signatures of ``signer`` to whatever in ``stage`` its key may sign.

    :raises UsageError: the key may sign nothing here.
    :raises IntegrityError: the files are not those that would be signed for.
    """
    repository = Repository(stage)
    targets = repository.targets()
    if targets is not None:
        check_target_files(repository, targets)
    signed = []
    tuf_signer = signer.as_tuf()
    for metadata, allowed in _open(repository):
        if signer.keyid not in allowed:
            continue
        metadata.sign(tuf_signer, append=True)
        repository.write(metadata)
        signed.append(metadata.signed.type)
    if not signed:
        raise UsageError(f"the key {signer.keyid[:8]} may sign nothing in {stage}: its root of trust does not name it")
    return Signed(tuple(signed), missing_signatures(stage))


def missing_signatures(stage: Path) -> tuple[Missing, ...]:
    """What keeps ``stage`` from being published; empty where nothing does."""
    repository = Repository(stage)
    root, before = repository.last_root().signed, _root_before(repository)
    missing: dict[Missing, None] = {}
    for metadata, _ in _open(repository):
        delegators = [root]
        if before and isinstance(metadata.signed, Root):
            delegators.append(before.signed)
        for delegator in delegators:
            result: VerificationResult = delegator.get_verification_result(
                metadata.signed.type, metadata.signed_bytes, metadata.signatures
            )
            if not result.verified:
                missing[Missing(metadata.signed.type, result.missing, tuple(sorted(result.unsigned)))] = None
    return tuple(missing)


def _open(repository: Repository) -> Iterator[tuple[Metadata[Any], frozenset[str]]]:
    """What can be signed in a stage, and with which keys: the newest root by its own keys and by the one before it."""
    root = repository.last_root()
    before = _root_before(repository)
    accepted = set(root.signed.roles[Root.type].keyids)
    accepted |= set(before.signed.roles[Root.type].keyids) if before else set()
    yield root, frozenset(accepted)
    for metadata in (repository.targets(), repository.snapshot(), repository.timestamp()):
        if metadata is not None:
            yield metadata, frozenset(root.signed.roles[metadata.signed.type].keyids)


def _root_before(repository: Repository) -> Metadata[Root] | None:
    roots = repository.roots()
    return repository.read(Root, roots[-2]) if len(roots) > 1 else None
