"""What a release does to a disk, so that a power cut leaves the old state or the new one and never half of one.

Guarantees: a file or folder appears under its name whole and settled, or not at all; one process at a time changes an
install. Everything here runs on Linux, Windows and macOS, and where a disk knows no hard links it is given copies.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.errors import OnlabelError

LOCK = ".lock"
#: A half-written file this old, in seconds, belongs to no process that still writes.
_ABANDONED = 3600.0


class BusyError(OnlabelError):
    """Another process is changing the same folder."""


_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_whole(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Put ``data`` under ``path``: what was there before stays until all of it is on the disk.

    :param mode: who may read and write it on POSIX, less what the umask takes away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: another thread or process may be writing the same file now.
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(scratch, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        move(scratch, path)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove what processes that died while they wrote ``path`` left half-written."""
    for scratch in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if time.time() - scratch.stat().st_mtime > _ABANDONED:
                scratch.unlink()


def move(source: Path, target: Path) -> None:
    """Rename a file over another, or a folder to a name that is free, and settle the name."""
    source.replace(target)
    sync_folder(target.parent)


def place(source: Path, target: Path) -> None:
    """The same bytes under a second name: a hard link where the disk knows them, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise
        copy_settled(source, target)


def copy_settled(source: Path, target: Path) -> None:
    """Copy a file; it is on the disk, under its name, when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with source.open("rb") as given, scratch.open("wb") as taken:
            shutil.copyfileobj(given, taken, 1 << 20)
            taken.flush()
            os.fsync(taken.fileno())
        move(scratch, target)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there. What another process holds open (Windows) stays for the next time."""

    def again(act: Callable[..., object], name: str, _: object) -> None:
        with suppress(OSError):
            Path(name).chmod(stat.S_IWRITE)
            act(name)

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=again)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make names in ``folder`` durable. Windows can neither open nor sync a folder, and need not."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a drop box, or a folder above ours: it may be written or passed, and not read
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network shares cannot
            raise
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process alone; the system gives it back however the process ends.

    :raises BusyError: another process holds it.
    """
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(handle)
        except OSError as error:
            raise BusyError(f"{folder} is being changed by another process: try again when it has ended") from error
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def settling(what: str) -> Iterator[None]:
    """What the disk refuses, in words; ``what`` says what was being done, e.g. "the release cannot be installed"."""
    try:
        yield
    except OSError as error:
        why = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
        name = f" ({error.filename})" if error.filename else ""
        raise OnlabelError(f"{what}: {why}{name}; nothing that was in use has changed") from error
