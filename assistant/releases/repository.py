"""A folder of signed metadata and target files, as The Update Framework lays it out: to read, to write, to count keys.

    metadata/<n>.root.json  <n>.snapshot.json  <n>.targets.json  timestamp.json
    targets/<folder>/<sha256>.<name>

A publication is such a folder; a stage is one as well, with the next release in it, on its way through the signers.
The version of the targets metadata is the number of the release. The snapshot names versions, not hashes: a version can
only be made by its signers, and signatures may so be added in any order. The timestamp's version is the minute in which
it was made, so that stages and publications never have to ask each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]
from tuf.api.exceptions import RepositoryError, StorageError  # type: ignore[attr-defined]
from tuf.api.metadata import (  # type: ignore[attr-defined]
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from assistant.errors import ContentError, IntegrityError, NotReadyError, UsageError
from assistant.trust import disk
from assistant.trust.installed.description import stamp
from assistant.trust.installed.files import is_plain, sha256_of
from assistant.trust.installed.metadata import MADE_AT, Target
from assistant.trust.keys import PublicKey

ROOT_DAYS = 5 * 365
#: How long targets and snapshot are good for; the timestamp, made anew every few weeks, is what ages a laptop.
RELEASE_DAYS = 2 * 365
_Kind = TypeVar("_Kind", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who may sign what: public keys and how many of them must. Timestamps are made often, by one key."""

    root: Sequence[PublicKey]
    root_threshold: int
    targets: Sequence[PublicKey]
    targets_threshold: int
    timestamp: Sequence[PublicKey]
    timestamp_threshold: int = 1

    def check(self) -> None:
        """:raises UsageError: a threshold cannot be met, or a key is named twice for one role."""
        for role, keys, threshold in (
            ("root", self.root, self.root_threshold),
            ("targets", self.targets, self.targets_threshold),
            ("timestamp", self.timestamp, self.timestamp_threshold),
        ):
            if len({key.public_hex for key in keys}) != len(keys):
                raise UsageError(f"a {role} key is named twice: each counts once")
            if not 1 <= threshold <= len(keys):
                raise UsageError(f"{threshold} of {len(keys)} {role} keys cannot sign: choose 1 to {len(keys)}")


@dataclass(frozen=True, slots=True)
class Repository:
    """The folder."""

    root: Path

    @property
    def metadata(self) -> Path:
        return self.root / "metadata"

    def roots(self) -> list[Path]:
        """Every root's file, oldest first."""
        numbered = [(int(path.name.split(".")[0]), path) for path in self.metadata.glob("[0-9]*.root.json")]
        return [path for _, path in sorted(numbered)]

    def last_root(self) -> Metadata[Root]:
        """The newest root.

        :raises NotReadyError: there is none.
        """
        roots = self.roots()
        if not roots:
            raise NotReadyError(f"{self.root} holds no root of trust: make one with `onlabel release init`")
        return self.read(Root, roots[-1])

    def timestamp(self) -> Metadata[Timestamp] | None:
        path = self.metadata / "timestamp.json"
        return self.read(Timestamp, path) if path.is_file() else None

    def snapshot(self) -> Metadata[Snapshot] | None:
        """The snapshot that the timestamp names."""
        timestamp = self.timestamp()
        if timestamp is None:
            return None
        return self.read(Snapshot, self.metadata / f"{timestamp.signed.snapshot_meta.version}.snapshot.json")

    def targets(self) -> Metadata[Targets] | None:
        """The targets metadata that the snapshot names."""
        snapshot = self.snapshot()
        if snapshot is None:
            return None
        return self.read(Targets, self.metadata / f"{snapshot.signed.meta['targets.json'].version}.targets.json")

    def read(self, kind: type[_Kind], path: Path) -> Metadata[_Kind]:
        """The metadata in ``path``, its signatures unchecked.

        :raises ContentError: it cannot be read, or is of another role.
        """
        try:
            found: Metadata[Any] = Metadata.from_file(str(path))
        except (RepositoryError, StorageError) as error:
            raise ContentError(f"is no TUF metadata: {error}", path) from error
        if not isinstance(found.signed, kind):
            raise ContentError(f"holds {found.signed.type}, not {kind.type}", path)
        return cast("Metadata[_Kind]", found)

    def write(self, metadata: Metadata[Any]) -> None:
        """Write ``metadata`` under the name that its role and version give it."""
        disk.write_whole(self.metadata / file_name(metadata.signed), metadata.to_bytes())


def file_name(signed: Signed) -> str:
    """The name of a role's metadata in a repository with consistent snapshots."""
    return "timestamp.json" if isinstance(signed, Timestamp) else f"{signed.version}.{signed.type}.json"


def make_root(roles: Roles, version: int, now: dt.datetime) -> Metadata[Root]:
    """An unsigned root of trust."""
    roles.check()
    root = Root(version=version, expires=_days(now, ROOT_DAYS), unrecognized_fields=_made(now))
    for role, keys, threshold in (
        (Root.type, roles.root, roles.root_threshold),
        (Targets.type, roles.targets, roles.targets_threshold),
        (Snapshot.type, roles.targets, roles.targets_threshold),
        (Timestamp.type, roles.timestamp, roles.timestamp_threshold),
    ):
        for key in keys:
            root.add_key(SSlibKey(key.keyid, "ed25519", "ed25519", {"public": key.public_hex}), role)
        root.roles[role].threshold = threshold
    return Metadata(root)


def make_targets(files: Mapping[str, tuple[int, str]], number: int, now: dt.datetime) -> Metadata[Targets]:
    """Unsigned targets metadata for ``files``: path -> (length, SHA-256)."""
    entries = {path: TargetFile(length, {"sha256": digest}, path) for path, (length, digest) in files.items()}
    return Metadata(Targets(number, None, _days(now, RELEASE_DAYS), entries, unrecognized_fields=_made(now)))


def make_snapshot(number: int, now: dt.datetime) -> Metadata[Snapshot]:
    """An unsigned snapshot of the release ``number``."""
    meta = {"targets.json": MetaFile(number)}
    return Metadata(Snapshot(number, None, _days(now, RELEASE_DAYS), meta, unrecognized_fields=_made(now)))


def make_timestamp(number: int, after: int, days: int, now: dt.datetime) -> Metadata[Timestamp]:
    """An unsigned timestamp for the snapshot ``number``, good for ``days``; its version comes after ``after``."""
    version = max(after + 1, int(now.timestamp()) // 60)
    return Metadata(Timestamp(version, None, _days(now, days), MetaFile(number), unrecognized_fields=_made(now)))


def targets_of(metadata: Metadata[Targets]) -> list[Target]:
    """The files that targets metadata names, by path."""
    found = metadata.signed.targets
    return [Target(path, found[path].length, found[path].hashes.get("sha256", "")) for path in sorted(found)]


def check_target_files(repository: Repository, metadata: Metadata[Targets]) -> None:
    """Prove that every file that ``metadata`` names is there as it says.

    :raises IntegrityError: one is not.
    """
    for target in targets_of(metadata):
        place = repository.root / target.published_as
        if not is_plain(place, target.length) or sha256_of(place) != target.sha256:
            raise IntegrityError(
                f"{target.path} in {repository.root} is missing or not as the metadata says: build again"
            )


def _days(now: dt.datetime, days: int) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(microsecond=0) + dt.timedelta(days=days)


def _made(now: dt.datetime) -> dict[str, Any]:
    return {MADE_AT: stamp(now)}
