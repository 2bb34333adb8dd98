"""Open an installed release: every byte of it proved anew, from the root of trust given by hand, each time.

Guarantees: what :func:`open_installed` returns consists of exactly the files that the signed metadata names, each with
its SHA-256; the metadata is signed as it must be and is the one that was installed; the clock was not set back; and the
release has not been stopped by its age. Nothing is cached, nothing of python-tuf is imported.

Refuses: a file too many, too few, changed, or put behind a link; a withdrawal that was applied and is gone.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assistant.canonical import sha256_hex
from assistant.errors import IntegrityError, NotReadyError
from assistant.trust import disk
from assistant.trust.installed.clock import Standing, checked, standing_at
from assistant.trust.installed.description import Description, read_description
from assistant.trust.installed.files import is_plain, sha256_of
from assistant.trust.installed.folder import InstalledFile, InstallFolder, StateFile, in_use
from assistant.trust.installed.metadata import Proved, prove

#: The latest time is written down when it has moved on by this much: not with every answer.
_OFTEN = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class InstalledRelease:
    """A proved release. ``root`` is a workspace folder that nobody may write to.

    ``withdrawals``: the bytes of every withdrawal applied to the install; they count whatever the release says.
    """

    install: Path
    root: Path
    description: Description
    targets_sha256: str
    standing: Standing
    withdrawals: tuple[bytes, ...]
    model: Path

    @property
    def number(self) -> int:
        return self.description.number

    def as_json(self) -> dict[str, str | int]:
        """``release`` in a receipt and in an audit record."""
        return {"name": self.description.name, "number": self.number, "targets_sha256": self.targets_sha256}


def open_installed(
    install: Path, now: dt.datetime, *, even_stopped: bool = False, remember: bool = True
) -> InstalledRelease:
    """The release in use in ``install``, proved.

    :param even_stopped: also one that expired too long ago to answer; for telling about it.
    :param remember: write down that it was ``now`` at least, at most once an hour.
    :raises NotReadyError: no release is in use, or it has stopped.
    :raises IntegrityError: anything about it fails its proof, or the clock was set back.
    """
    folder = InstallFolder.find(install)
    state = folder.state()
    time = checked(now, state.latest_time)
    opened = prove_installed(folder, in_use(folder), time, state)
    if opened.standing.state == "stopped" and not even_stopped:
        raise NotReadyError(f"release {opened.description.name} {opened.number} {opened.standing.says}")
    # A wrong clock that ran far ahead is not remembered: past its stop nothing answers, so nothing is written.
    if remember and opened.standing.state != "stopped" and time - state.latest_time >= _OFTEN:
        with suppress(disk.BusyError):  # an update runs, which writes the time itself
            remember_time(folder, time)
    return opened


def standing_of(install: Path, now: dt.datetime) -> Standing:
    """How far the release in use may be used, without proving its files.

    :raises NotReadyError: no release is in use.
    :raises IntegrityError: its metadata fails its proof, or the clock was set back.
    """
    folder = InstallFolder.find(install)
    number = in_use(folder)
    proved = prove_metadata(folder, folder.installed(number))
    offline = read_description(folder.release(number)).offline
    return standing_at(checked(now, folder.state().latest_time), proved.expires, offline)


def prove_installed(folder: InstallFolder, number: int, time: dt.datetime, state: StateFile) -> InstalledRelease:
    """The release ``number`` of an install, proved file by file.

    :raises IntegrityError: it is not as it was signed.
    """
    installed = folder.installed(number)
    proved = prove_metadata(folder, installed)
    root = folder.release(number)
    prove_files(root, proved)
    description = read_description(root)
    if (description.number, proved.number, installed.number) != (number,) * 3:
        raise IntegrityError(f"{root} holds release {description.number}, signed as {proved.number}")
    return InstalledRelease(
        install=folder.root,
        root=root,
        description=description,
        targets_sha256=proved.targets_sha256,
        standing=standing_at(time, proved.expires, description.offline),
        withdrawals=_withdrawals(folder, state),
        model=_model(root, proved, description),
    )


def prove_metadata(folder: InstallFolder, installed: InstalledFile) -> Proved:
    """The signed metadata of an installed release.

    :raises IntegrityError: it is not signed as it must be, or not the one that was installed.
    """
    proved = prove(folder.proofs / installed.proof, folder.given_root())
    if proved.targets_sha256 != installed.targets_sha256:
        raise IntegrityError(f"release {installed.number} is signed, but not the one that was installed here")
    return proved


def prove_files(root: Path, proved: Proved) -> None:
    """Prove that the files in ``root`` are those that were signed for, and no others.

    :raises IntegrityError: one is missing, changed, a link, or was never signed for.
    """
    remedy = "repair it: `onlabel release update INSTALL --from FOLDER_OR_URL`"
    found = set(_files(root))
    for path in sorted(found - set(proved.targets)):
        raise IntegrityError(f"{root / path} is no part of the release: remove it, or {remedy}")
    for path, target in proved.targets.items():
        place = root / path
        if not is_plain(place):
            raise IntegrityError(f"{place} is missing or a link; {remedy}")
        if not is_plain(place, target.length) or sha256_of(place) != target.sha256:
            raise IntegrityError(f"{place} is not as it was signed; {remedy}")


def _files(root: Path) -> Iterator[str]:
    """Every file and link below ``root``, with slashes; folders are not followed through links."""
    for parent, folders, files in os.walk(root):
        here = Path(parent)
        for name in (*files, *(name for name in folders if _leads_away(here / name))):
            yield (here / name).relative_to(root).as_posix()
        folders[:] = [name for name in folders if not _leads_away(here / name)]


def _leads_away(folder: Path) -> bool:
    """Whether ``folder`` is a link, or a junction of Windows."""
    return folder.is_symlink() or Path(os.path.realpath(folder)) != Path(os.path.realpath(folder.parent)) / folder.name


def _model(root: Path, proved: Proved, description: Description) -> Path:
    for path, target in proved.targets.items():
        if path.startswith("models/") and target.sha256 == description.model_sha256:
            return root / path
    raise IntegrityError("the release does not hold the model that it names")


def _withdrawals(folder: InstallFolder, state: StateFile) -> tuple[bytes, ...]:
    found = []
    for sha256 in state.withdrawals:
        path = folder.withdrawals / f"{sha256}.dsse.json"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise IntegrityError(f"the withdrawal {path.name} was applied and is gone: apply it again") from error
        if sha256_hex(data) != sha256:
            raise IntegrityError(f"the withdrawal {path.name} was changed: apply it again")
        found.append(data)
    return tuple(found)


def remember_time(folder: InstallFolder, time: dt.datetime) -> None:
    """Write down that it is ``time`` at least.

    :raises OnlabelError: it cannot be written.
    :raises BusyError: the install is being changed just now.
    """
    with disk.settling("the time cannot be written down"), disk.locked(folder.root):
        state = folder.state()
        if time > state.latest_time:
            folder.write_state(state.model_copy(update={"latest_time": time}))
