"""A publication: a TUF repository folder that any static web server, share or USB stick can carry.

Guarantees: what a client sees at any moment is whole. Files come first, then roots, targets and snapshot metadata, all
under names of their own, and the timestamp last: it alone makes them seen. A publishing that broke off is taken up
again by the same command. Refuses a stage that lacks a signature, whose files are not those signed for, that follows
another publication's root, or that is older than what is published.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import Metadata, Targets  # type: ignore[attr-defined]

from assistant.errors import IntegrityError, NotReadyError, UsageError
from assistant.releases.fetching import FolderSource
from assistant.releases.refreshing import refresh
from assistant.releases.repository import (
    Repository,
    Roles,
    check_target_files,
    file_name,
    make_root,
    make_timestamp,
    targets_of,
)
from assistant.releases.signing import Missing, missing_signatures
from assistant.releases.staging import carry_roots, new_stage
from assistant.trust import disk
from assistant.trust.installed.description import FILE, Description, parse_description
from assistant.trust.installed.files import is_plain, sha256_of
from assistant.trust.installed.metadata import Proved, check_root, prove
from assistant.trust.keys import PublicKey, Signer


def init_publication(folder: Path, roles: Roles, now: dt.datetime) -> Path:
    """Make ``folder`` a publication with an unsigned root of trust; the root's file.

    :raises UsageError: it is one already, or the keys do not fit the thresholds.
    """
    repository = Repository(folder)
    if repository.roots():
        raise UsageError(f"{folder} has a root of trust already: change its keys with `onlabel release rotate-root`")
    with disk.settling("the root of trust cannot be written"):
        repository.write(make_root(roles, 1, now))
    return repository.roots()[0]


def publish(stage: Path, publication: Path, now: dt.datetime) -> tuple[int, int]:
    """Add the release in ``stage`` to ``publication``: how many files had to be copied, of how many.

    :raises NotReadyError: signatures are missing.
    :raises IntegrityError: the stage fails its proof.
    :raises UsageError: it does not follow what is published.
    """
    given, taken = Repository(stage), Repository(publication)
    verify(stage, now)
    _follows(given, taken)
    targets = given.targets()
    files = targets_of(targets) if targets else []
    copied = 0
    with disk.settling(f"{publication} cannot be written"):
        for target in files:
            place = publication / target.published_as
            if not is_plain(place, target.length) or sha256_of(place) != target.sha256:
                disk.remove(place)
                disk.copy_settled(stage / target.published_as, place)
                copied += 1
        for name in _in_order(given):
            disk.copy_settled(given.metadata / name, taken.metadata / name)
    return copied, len(files)


def _in_order(stage: Repository) -> list[str]:
    """Metadata in the order in which it may appear: what is named before what names it."""
    latest = [metadata for metadata in (stage.targets(), stage.snapshot(), stage.timestamp()) if metadata]
    return [path.name for path in stage.roots()] + [file_name(metadata.signed) for metadata in latest]


def _follows(stage: Repository, publication: Repository) -> None:
    for path in publication.roots():
        other = stage.metadata / path.name
        # An unsigned first root may be replaced by the same one, signed; a proved one never changes.
        if not other.is_file() or (_is_signed(path) and other.read_bytes() != path.read_bytes()):
            raise UsageError(f"{stage.root} does not follow the root of trust of {publication.root}: build it again")
    new, old = stage.targets(), publication.targets()
    if new and old and new.signed != old.signed and new.signed.version <= old.signed.version:
        raise UsageError(f"release {old.signed.version} is published already: give the next one a higher number")
    later, earlier = stage.timestamp(), publication.timestamp()
    if later and earlier and later.signed != earlier.signed and later.signed.version <= earlier.signed.version:
        raise UsageError(
            f"{publication.root} has a newer timestamp than {stage.root}: make another, "
            f"`onlabel release refresh-timestamp {stage.root} --key FILE`"
        )


def _is_signed(root: Path) -> bool:
    try:
        check_root(root.read_bytes(), None)
    except IntegrityError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Verified:
    """What a stage or publication was proved to hold. ``description`` is None where there is a root of trust only."""

    proved: Proved | None
    description: Description | None


def verify(folder: Path, now: dt.datetime, given_root: bytes | None = None) -> Verified:
    """Prove a stage or a publication as a client would, and every file in it.

    :param given_root: the root to begin from; default its own oldest one.
    :raises NotReadyError: signatures are missing.
    :raises IntegrityError: anything fails its proof, or has expired.
    """
    repository = Repository(folder)
    if missing := missing_signatures(folder):
        raise NotReadyError(_still_missing(folder, missing))
    anchor = given_root or repository.roots()[0].read_bytes()
    targets = repository.targets()
    if targets is None:
        check_root(anchor, None)
        return Verified(None, None)
    with tempfile.TemporaryDirectory(prefix="onlabel-verify-") as scratch:
        refresh(FolderSource(folder.resolve()), Path(scratch), anchor, now)
    proved = prove(repository.metadata, anchor)
    check_target_files(repository, targets)
    return Verified(proved, _description(repository, targets))


def _description(repository: Repository, targets: Metadata[Targets]) -> Description:
    for target in targets_of(targets):
        if target.path == FILE:
            description = parse_description((repository.root / target.published_as).read_bytes())
            if description.number != targets.signed.version:
                raise IntegrityError(
                    f"release {targets.signed.version} calls itself {description.number}: it is refused"
                )
            return description
    raise IntegrityError(f"{repository.root} has no {FILE}: it is no release of Onlabel")


def _still_missing(folder: Path, missing: Sequence[Missing]) -> str:
    return f"{folder} still lacks " + "; ".join(entry.says for entry in missing) + ": `onlabel release sign`"


def refresh_timestamp(
    folder: Path, signers: Sequence[Signer], now: dt.datetime, days: int | None = None
) -> dt.datetime:
    """Say again that what ``folder`` holds is the newest there is; until when that counts.

    :param days: how long; default the ``warn_days`` that the release's reviewers signed.
    :raises UsageError: the keys given may not, or are too few.
    """
    repository = Repository(folder)
    old, targets = repository.timestamp(), repository.targets()
    if old is None or targets is None:
        raise NotReadyError(f"{folder} holds no release yet: `onlabel release publish`")
    lasts = _description(repository, targets).offline.warn_days if days is None else days
    new = make_timestamp(old.signed.snapshot_meta.version, old.signed.version, lasts, now)
    for signer in signers:
        new.sign(signer.as_tuf(), append=True)
    root = repository.last_root().signed
    result = root.get_verification_result(new.signed.type, new.signed_bytes, new.signatures)
    if not result.verified:
        raise UsageError(f"{len(result.signed)} of {result.threshold} keys that may sign timestamps were given (--key)")
    with disk.settling("the timestamp cannot be written"):
        repository.write(new)
    return new.signed.expires


def rotate_root(publication: Path, stage: Path, roles: Roles, now: dt.datetime) -> int:
    """Make ``stage`` with the next root of trust, to be signed by the old root keys and the new; its version.

    What is published stands in it as well, so that new keys can sign it anew: signatures are added, no more.

    :raises UsageError: ``stage`` is taken, or the keys do not fit the thresholds.
    """
    old = Repository(publication)
    version = old.last_root().signed.version + 1
    if missing := missing_signatures(publication):
        raise NotReadyError(_still_missing(publication, missing))
    with disk.settling("the stage cannot be written"), new_stage(stage) as scratch:
        carry_roots(old, scratch)
        scratch.write(make_root(roles, version, now))
        targets, snapshot, timestamp = old.targets(), old.snapshot(), old.timestamp()
        if targets and snapshot and timestamp:
            for target in targets_of(targets):
                disk.place(publication / target.published_as, scratch.root / target.published_as)
            lasts = _description(old, targets).offline.warn_days
            for metadata in (targets, snapshot):
                scratch.write(metadata)
            scratch.write(make_timestamp(snapshot.signed.version, timestamp.signed.version, lasts, now))
    return version


def roles_of(publication: Path) -> Roles:
    """The roles as the newest root has them; what ``rotate-root`` does not change."""
    root = Repository(publication).last_root().signed

    def keys(role: str) -> list[PublicKey]:
        return [PublicKey(id, root.keys[id].keyval["public"], "") for id in root.roles[role].keyids]

    return Roles(
        keys("root"),
        root.roles["root"].threshold,
        keys("targets"),
        root.roles["targets"].threshold,
        keys("timestamp"),
        root.roles["timestamp"].threshold,
    )
