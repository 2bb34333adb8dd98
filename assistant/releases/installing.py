"""Install and update: from a folder or URL to a release in use, or to the old one as it was.

The steps, each of which may be the last one before the power goes:

    refresh     python-tuf accepts newer metadata, or refuses the source
    fetch       files whose SHA-256 is not in the store yet, each proved before it gets its name there
    assemble    the release's folder beside the others, proved file by file by other code than python-tuf's
    go live     golden questions, asked of the new release
    use         ``current`` is replaced: the one step after which the new release answers
    tidy        releases before the last one, and files that no release needs

Guarantees: whatever step fails, what was in use stays in use, and the same command goes on where it stopped. A release
with a lower number than the installed one is refused, also where python-tuf's memory was lost; unless its publisher has
exchanged the signing keys, which is how one recovers from a thief who numbered too high (specification, 5.3.11).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.canonical import sha256_hex
from assistant.errors import ContentError, IntegrityError, UsageError
from assistant.releases.fetching import Source, Store, source_of
from assistant.releases.refreshing import gather_proof, refresh
from assistant.trust import disk
from assistant.trust.installed.clock import checked
from assistant.trust.installed.description import FILE, Description, read_description
from assistant.trust.installed.files import sha256_of
from assistant.trust.installed.folder import InstalledFile, InstallFolder, begin, is_install
from assistant.trust.installed.metadata import Proved, check_root, prove
from assistant.trust.installed.opening import prove_files

#: Asks a release's golden questions; gives warnings, raises IntegrityError where the release may not go live here.
GoLiveCheck = Callable[[Path, Description], tuple[str, ...]]
#: Told how many bytes of how many have come, and of which file.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class InstallReport:
    """What an install or update did. ``changed``: another release is in use than before."""

    name: str
    number: int
    changed: bool
    files: int
    fetched: int
    fetched_bytes: int
    warnings: tuple[str, ...]


def install(
    source: str,
    install_to: Path,
    given_root: bytes,
    now: dt.datetime,
    *,
    go_live_check: GoLiveCheck,
    progress: Progress | None = None,
) -> InstallReport:
    """Install the release in ``source`` (folder or URL) in the folder ``install_to``, trusting ``given_root`` alone.

    :raises UsageError: the folder holds something else, or an install that trusts another root.
    :raises IntegrityError: the release is refused.
    :raises OnlabelError: the source or the disk failed; run it again.
    """
    found = source_of(source)
    if not is_install(install_to):
        _check_root_given(given_root)
        if install_to.exists() and any(not _is_left_over(entry.name) for entry in install_to.iterdir()):
            raise UsageError(f"{install_to} is not empty and no install: name a new folder")
        with disk.settling("the install cannot be begun"):
            begin(install_to, _kept(source), given_root, now)
    elif sha256_hex(given_root) != InstallFolder.find(install_to).settings().root_sha256:
        raise UsageError(f"{install_to} trusts another root than --root: install in a new folder")
    return _update(InstallFolder.find(install_to), found, now, go_live_check, progress)


def _is_left_over(name: str) -> bool:
    """Whether an install that was broken off at its very beginning leaves such a name."""
    return name in ("trust", "state.json") or name.startswith(".")


def update(
    install_to: Path,
    now: dt.datetime,
    *,
    source: str | None = None,
    go_live_check: GoLiveCheck,
    progress: Progress | None = None,
) -> InstallReport:
    """Update (or repair) an install from where it came from, or from ``source``.

    :raises NotReadyError: there is no install.
    :raises IntegrityError: the release is refused; what is installed stays in use.
    :raises OnlabelError: the source or the disk failed; what is installed stays in use.
    """
    folder = InstallFolder.find(install_to)
    return _update(folder, source_of(source or folder.settings().source), now, go_live_check, progress)


def _kept(source: str) -> str:
    return source if "://" in source else Path(source).resolve().as_posix()


def _check_root_given(data: bytes) -> None:
    try:
        check_root(data, None)
    except (IntegrityError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContentError(f"--root is no signed root of trust ({error}): give the one you were handed") from error


def _update(
    folder: InstallFolder, source: Source, now: dt.datetime, check: GoLiveCheck, progress: Progress | None
) -> InstallReport:
    with disk.settling("the release cannot be installed"), disk.locked(folder.root):
        state = folder.state()
        time = checked(now, state.latest_time)
        refresh(source, folder.client, folder.given_root(), time)
        proof, proved = _keep_proof(folder)
        _no_rollback(folder, proved)
        # Signed time catches a clock that was wrong from the first install on, when nothing else was seen yet.
        time = checked(time, proved.made_at)
        fetched, fetched_bytes = _fetch(folder, source, proved, progress)
        before = folder.current()
        broken = before == proved.number and not _is_whole(folder, proved)
        if before != proved.number or broken:
            _assemble(folder, proved)
        description = _described(folder.release(proved.number), proved)
        warnings: tuple[str, ...] = ()
        if before != proved.number or broken:
            warnings = check(folder.release(proved.number), description)
        folder.write_installed(_installed(proof, proved, description, time))
        folder.write_state(state.model_copy(update={"latest_time": max(time, proved.made_at, description.built_at)}))
        if before != proved.number:
            folder.use(proved.number)
        _tidy(folder, proved.number)
    return InstallReport(
        name=description.name,
        number=proved.number,
        changed=before != proved.number,
        files=len(proved.targets),
        fetched=fetched,
        fetched_bytes=fetched_bytes,
        warnings=warnings,
    )


def _keep_proof(folder: InstallFolder) -> tuple[str, Proved]:
    """The metadata that was just accepted, proved by our own code as well, under a name of its own."""
    scratch = folder.proofs / ".new"
    disk.remove(scratch)
    scratch.mkdir(parents=True)
    gather_proof(folder.client, scratch)
    proved = prove(scratch, folder.given_root())
    name = sha256_hex(b"".join(path.read_bytes() for path in sorted(scratch.iterdir())))[:16]
    if (folder.proofs / name).is_dir():
        disk.remove(scratch)
        if prove(folder.proofs / name, folder.given_root()) != proved:
            raise IntegrityError(f"{folder.proofs / name} was changed: remove it and run the same command again")
    else:
        disk.move(scratch, folder.proofs / name)
    return name, proved


def _no_rollback(folder: InstallFolder, proved: Proved) -> None:
    number = folder.current()
    if number is None or proved.number >= number:
        return
    if set(folder.installed(number).targets_keys) <= proved.targets_keys:
        raise IntegrityError(
            f"release {proved.number} is older than the installed {number}: it is refused; get a newer copy"
        )


def _fetch(folder: InstallFolder, source: Source, proved: Proved, progress: Progress | None) -> tuple[int, int]:
    """Have every file of the release in the store: how many had to be fetched, and how many bytes that was."""
    total = sum(target.length for target in proved.targets.values())
    done = files = size = 0
    for target in sorted(proved.targets.values(), key=lambda target: target.path):
        if progress:
            progress(done, total, target.path)
        came = Store(folder.store).fetch(source, target)
        files, size, done = files + (came > 0), size + came, done + target.length
    if progress:
        progress(total, total, "")
    return files, size


def _is_whole(folder: InstallFolder, proved: Proved) -> bool:
    try:
        prove_files(folder.release(proved.number), proved)
    except IntegrityError:
        return False
    return True


def _assemble(folder: InstallFolder, proved: Proved) -> None:
    """Put the release's folder in its place; one that was there is not in use, or broken."""
    scratch = folder.releases / f".{proved.number}.new"
    disk.remove(scratch)
    scratch.mkdir(parents=True)
    for target in proved.targets.values():
        disk.place(Store(folder.store).path(target.sha256), scratch / target.path)
    prove_files(scratch, proved)
    _described(scratch, proved)
    disk.remove(folder.release(proved.number))
    disk.move(scratch, folder.release(proved.number))


def _described(root: Path, proved: Proved) -> Description:
    if FILE not in proved.targets:
        raise IntegrityError(f"the release has no {FILE}: it is none of Onlabel's")
    description = read_description(root)
    if description.number != proved.number:
        raise IntegrityError(f"the release calls itself {description.number} but was signed as {proved.number}")
    return description


def _installed(proof: str, proved: Proved, description: Description, time: dt.datetime) -> InstalledFile:
    return InstalledFile(
        number=proved.number,
        name=description.name,
        proof=proof,
        targets_sha256=proved.targets_sha256,
        targets_keys=tuple(sorted(proved.targets_keys)),
        installed_at=time,
    )


def _tidy(folder: InstallFolder, in_use: int) -> None:
    """Remove what neither the release in use nor the one before it needs. What cannot go now goes next time."""
    records = sorted(folder.all_installed(), key=lambda record: record.installed_at)
    before = [record for record in records if record.number != in_use][-1:]
    kept = {record.number: record for record in (*before, folder.installed(in_use))}
    for record in records:
        if record.number not in kept:
            folder.forget(record.number)
    for release in folder.releases.iterdir():
        if release.name not in map(str, kept):
            disk.remove(release)
    proofs = {record.proof for record in kept.values()}
    for proof in folder.proofs.iterdir():
        if proof.name not in proofs and not _is_named_by_receipts(proof, kept):
            disk.remove(proof)
    needed = {sha256 for name in proofs for sha256 in _named_files(folder.proofs / name)}
    for file in folder.store.iterdir():
        if file.name not in needed:
            disk.remove(file)


def _is_named_by_receipts(proof: Path, kept: Mapping[int, InstalledFile]) -> bool:
    """Whether a kept release was in use under this list of files before exchanged keys signed it anew."""
    lists = [] if proof.name.startswith(".") else list(proof.glob("*.targets.json"))
    for path in lists:
        record = kept.get(int(path.name.partition(".")[0]))
        return record is not None and sha256_of(path) != record.targets_sha256
    return False


def _named_files(proof: Path) -> set[str]:
    (targets,) = proof.glob("*.targets.json")
    found: dict[str, dict[str, dict[str, str]]] = json.loads(targets.read_bytes())["signed"]["targets"]
    return {entry["hashes"]["sha256"] for entry in found.values()}
