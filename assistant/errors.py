"""Every error that Onlabel raises on purpose, one class a reaction of the caller.

    OnlabelError                exit 1   something is wrong: say what and what to do next
    ├── ContentError            exit 1   content cannot be read: fix the file it names
    ├── UsageError              exit 2   the call cannot be meant: call it differently
    ├── IntegrityError          exit 4   a proof failed: show nothing, find out why
    └── NotReadyError           exit 5   no index, no model, or one made with another: build

A refusal to answer is none of these: it is an :class:`assistant.domain.Outcome`.
Errors carry ids, paths and numbers, never the text of a passage.
"""

from __future__ import annotations

from pathlib import Path


class OnlabelError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 1


class ContentError(OnlabelError):
    """A content file cannot be used; carries where the fault stands."""

    def __init__(self, message: str, path: Path | str | None = None, line: int | None = None) -> None:
        self.message = message
        self.path = path
        self.line = line
        where = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(f"{where}{message}")


class UsageError(OnlabelError):
    """An option or an argument cannot be meant."""

    exit_code = 2


class IntegrityError(OnlabelError):
    """An answer, an index or a model failed its proof; nothing may be shown."""

    exit_code = 4


class NotReadyError(OnlabelError):
    """There is no usable index or model here yet."""

    exit_code = 5
