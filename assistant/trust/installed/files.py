"""What a file is and holds, links and special files told apart."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path


def is_plain(path: Path, length: int | None = None) -> bool:
    """Whether ``path`` is a plain file, no link, of ``length`` bytes where one is given."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and length in (None, found.st_size)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
