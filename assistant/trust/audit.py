"""The audit record: one line an answer, written before the answer is shown.

Guarantees: when :meth:`AuditSink.record` returns, the entry is on the disk; when it raises, the answer must not be
shown. :class:`JsonLinesAudit` only ever appends, a whole line in one write; a line torn by a crash or a full disk
spoils itself only, never the next one. Refuses entries without a canonical form (floats: write shares as integers or
strings).

The file is opened for each entry: a file that was rotated or deleted meanwhile is begun anew instead of written to
unseen. Appends of several processes do not mix on POSIX systems with a local disk; elsewhere give each process its
own file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from assistant.canonical import canonical_json
from assistant.errors import OnlabelError


class AuditSink(Protocol):
    """Where answers are recorded."""

    def record(self, entry: Mapping[str, Any]) -> None:
        """Keep ``entry`` for good.

        :raises OnlabelError: it could not be kept: show nothing.
        """


# O_BINARY keeps Windows from writing CRLF, and O_CLOEXEC keeps the file out of child processes.
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class JsonLinesAudit:
    """Append entries to a file, a canonical JSON line each. ``sync=False`` skips the disk sync, for benchmarks only."""

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self._path = path
        self._sync = sync
        self._lock = threading.Lock()

    def record(self, entry: Mapping[str, Any]) -> None:
        """See :class:`AuditSink`."""
        try:
            line = canonical_json(dict(entry)) + b"\n"
            with self._lock:
                self._append(line)
        except (OSError, TypeError, ValueError, RecursionError) as error:
            message = f"the answer was not shown because it could not be recorded: {error}"
            raise OnlabelError(message) from error

    def _append(self, line: bytes) -> None:
        handle, created = self._open()
        try:
            if created and self._sync:
                _sync_folder(self._path.parent)
            data = b"\n" + line if _is_torn(handle) else line
            if os.write(handle, data) != len(data):
                raise OSError(f"{self._path}: the disk took a part of the record only")
            if self._sync:
                os.fsync(handle)
        finally:
            os.close(handle)

    def _open(self) -> tuple[int, bool]:
        try:
            return os.open(self._path, _FLAGS), False
        except FileNotFoundError:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, _FLAGS | os.O_CREAT, 0o600), True


def _is_torn(handle: int) -> bool:
    """Whether the file ends within a line."""
    if not os.fstat(handle).st_size:
        return False
    os.lseek(handle, -1, os.SEEK_END)
    return os.read(handle, 1) != b"\n"


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable. Windows can neither open nor sync a folder, and need not."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
