"""A fault in content: where it stands and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault. ``error`` faults keep ``build`` from running; the others are worth a look."""

    path: Path
    line: int
    message: str
    error: bool = True

    def show(self, root: Path) -> str:
        """``file:line: message``, the file relative to ``root`` where it lies below it."""
        path = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        return f"{path.as_posix()}:{self.line}: {'' if self.error else 'note: '}{self.message}"
