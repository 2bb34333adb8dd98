"""An install: where everything stands in it, and what it remembers.

    install.json         made last when an install is begun: whoever finds it may rely on the rest
    trust/               what python-tuf has seen (timestamp.json, root_history/ ..): keeps older from coming back
    trust/given.root.json   the root of trust that was given by hand; everything is proved from it
    trust/proofs/<id>/   the metadata that proves one installed release, whole, as in a TUF repository
    trust/installed/<number>.json   which proof is a release's
    store/<sha256>       files, shared between releases
    releases/<number>/   a release as a workspace, read only
    current              the number of the release in use
    state.json           the latest time seen for certain, and the withdrawals that were applied
    withdrawals/         those withdrawals

Each of these files is replaced whole or not at all.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from assistant.canonical import sha256_hex
from assistant.errors import IntegrityError, NotReadyError
from assistant.trust import disk
from assistant.trust.installed.description import Sha256, stamp

INSTALL_FILE = "install.json"
Moment = Annotated[dt.datetime, PlainSerializer(stamp)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class InstallFile(_File):
    """``install.json``: where updates come from, and which root of trust was given."""

    form: Literal["onlabel.install/1"] = Field(default="onlabel.install/1", alias="schema")
    source: str
    root_sha256: Sha256
    made_at: Moment


class StateFile(_File):
    """``state.json``."""

    form: Literal["onlabel.state/1"] = Field(default="onlabel.state/1", alias="schema")
    latest_time: Moment
    withdrawals: tuple[Sha256, ...] = ()


class InstalledFile(_File):
    """``trust/installed/<number>.json``: what was proved when the release was installed."""

    form: Literal["onlabel.installed/1"] = Field(default="onlabel.installed/1", alias="schema")
    number: int = Field(ge=1)
    name: str
    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    targets_sha256: Sha256
    targets_keys: tuple[str, ...]
    installed_at: Moment


_Any = TypeVar("_Any", bound=_File)


@dataclass(frozen=True, slots=True)
class InstallFolder:
    """The places in an install and its small files."""

    root: Path

    @classmethod
    def find(cls, root: Path) -> InstallFolder:
        """The install in ``root``.

        :raises NotReadyError: there is none.
        """
        if not is_install(root):
            raise NotReadyError(f"{root} is no install: `onlabel release install FROM --to {root} --root ROOT.json`")
        return cls(root.resolve())

    @property
    def client(self) -> Path:
        """Where python-tuf keeps what it has seen."""
        return self.root / "trust"

    @property
    def proofs(self) -> Path:
        return self.root / "trust" / "proofs"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def withdrawals(self) -> Path:
        return self.root / "withdrawals"

    @property
    def store(self) -> Path:
        """Files under the names of their SHA-256, shared by the releases."""
        return self.root / "store"

    def release(self, number: int) -> Path:
        """The folder of an installed release."""
        return self.releases / str(number)

    def current(self) -> int | None:
        """The number of the release in use, if any.

        :raises IntegrityError: the file that names it is damaged.
        """
        try:
            text = (self.root / "current").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IntegrityError(f"{self.root / 'current'} cannot be read: install the release again") from error
        if not text.isdecimal() or text.startswith("0"):
            raise IntegrityError(f"{self.root / 'current'} names no release: install the release again")
        return int(text)

    def use(self, number: int) -> None:
        """Put an installed release in use: the one step after which it is."""
        disk.write_whole(self.root / "current", f"{number}\n".encode())

    def given_root(self) -> bytes:
        """The root of trust that was given by hand.

        :raises IntegrityError: it is not the one that ``install.json`` names.
        """
        path = self.root / "trust" / "given.root.json"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise IntegrityError(f"{path} is missing: install again with --root") from error
        if sha256_hex(data) != self.settings().root_sha256:
            raise IntegrityError(f"{path} is not the root of trust that was given: install again in a new folder")
        return data

    def settings(self) -> InstallFile:
        return _read(InstallFile, self.root / INSTALL_FILE)

    def state(self) -> StateFile:
        return _read(StateFile, self.root / "state.json")

    def installed(self, number: int) -> InstalledFile:
        return _read(InstalledFile, self.root / "trust" / "installed" / f"{number}.json")

    def all_installed(self) -> tuple[InstalledFile, ...]:
        """What was recorded of every release that is kept, in no order."""
        records = (self.root / "trust" / "installed").glob("*.json")
        return tuple(self.installed(int(record.stem)) for record in records if record.stem.isdecimal())

    def forget(self, number: int) -> None:
        """Remove what was recorded of a release."""
        disk.remove(self.root / "trust" / "installed" / f"{number}.json")

    def write_settings(self, settings: InstallFile) -> None:
        _write(self.root / INSTALL_FILE, settings)

    def write_state(self, state: StateFile) -> None:
        _write(self.root / "state.json", state)

    def write_installed(self, installed: InstalledFile) -> None:
        _write(self.root / "trust" / "installed" / f"{installed.number}.json", installed)


def is_install(root: Path) -> bool:
    """Whether ``root`` is an install (and so no workspace, whatever else it holds)."""
    return (root / INSTALL_FILE).is_file()


def in_use(folder: InstallFolder) -> int:
    """The number of the release in use.

    :raises NotReadyError: there is none yet.
    """
    number = folder.current()
    if number is None:
        raise NotReadyError(f"no release is in use in {folder.root}: run `onlabel release update {folder.root}`")
    return number


def begin(root: Path, source: str, given_root: bytes, now: dt.datetime) -> InstallFolder:
    """Make ``root`` an install that trusts ``given_root``; ``install.json`` comes last."""
    folder = InstallFolder(root.resolve())
    disk.write_whole(folder.root / "trust" / "given.root.json", given_root)
    folder.write_state(StateFile(latest_time=now))
    folder.write_settings(InstallFile(source=source, root_sha256=sha256_hex(given_root), made_at=now))
    return folder


def _read(kind: type[_Any], path: Path) -> _Any:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise IntegrityError(f"{path} is missing: run `onlabel release install` again") from error
    except ValidationError as error:
        raise IntegrityError(f"{path} is damaged: run `onlabel release install` again in a new folder") from error


def _write(path: Path, content: _File) -> None:
    disk.write_whole(path, content.model_dump_json(by_alias=True, indent=1).encode() + b"\n")
