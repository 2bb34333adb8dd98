"""Names of files in a release: such as every disk can hold, and none that leads anywhere else.

Guarantees: a path that passes stands below the folder it is joined to, on Linux, Windows and macOS alike, and no two of
them are one file on any. Refuses: ``..``, absolute paths, drive letters, back slashes, names that Windows reserves or
trims, names that differ in case only, a file that is another's folder, and every character beyond a plain few.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from assistant.errors import IntegrityError

#: Begins with no dot (hidden, ``..``) and no hyphen (an option); ends with no dot (Windows drops it).
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,118}[A-Za-z0-9_+-])?", re.ASCII)
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_LONGEST = 200
_DEEPEST = 8


def fault_of(path: str) -> str:
    """What keeps ``path`` from being a name in a release; "" where nothing does."""
    parts = path.split("/")
    if len(path) > _LONGEST or len(parts) > _DEEPEST:
        return "is too long or too deep"
    for part in parts:
        if not _PART.fullmatch(part):
            return "holds a part that is not made of plain letters, digits and . _ + -"
        if part.split(".")[0].lower() in _RESERVED:
            return f"holds {part.split('.')[0]}, which Windows keeps for itself"
    return ""


def check_names(paths: Collection[str]) -> None:
    """Prove that ``paths`` can stand together in one folder of any system.

    :raises IntegrityError: one cannot.
    """
    seen: dict[str, str] = {}
    for path in paths:
        if fault := fault_of(path):
            raise IntegrityError(f"the release names {path[:_LONGEST]!r}, which {fault}: it is refused")
        folded = path.casefold()
        if folded in seen:
            raise IntegrityError(f"the release names {seen[folded]!r} and {path!r}, one file on some disks: refused")
        seen[folded] = path
    for folded, path in seen.items():
        parents = folded.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            if "/".join(parents[:depth]) in seen:
                raise IntegrityError(f"the release names {path!r} below another file: it is refused")
    _one_spelling(paths)


def _one_spelling(paths: Collection[str]) -> None:
    """Folders too may not differ in case only: half of their files would land in the other."""
    spelled: dict[str, str] = {}
    for path in paths:
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            folder = "/".join(folders[:depth])
            if spelled.setdefault(folder.casefold(), folder) != folder:
                raise IntegrityError(f"the release spells the folder {folder!r} in two ways: it is refused")
