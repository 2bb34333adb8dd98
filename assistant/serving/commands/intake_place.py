"""Which queue the commands of ``intake`` are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assistant.errors import ContentError, NotReadyError, UsageError

if TYPE_CHECKING:
    from assistant.trust.intake.queue import IntakeQueue

_Command = TypeVar("_Command", bound=Callable[..., Any])
_INSTALLED = "install.json"


def queue_option(command: _Command) -> _Command:
    """``--queue``: where the queue is, if not where the workspace has it."""
    return click.option(
        "--queue",
        "place",
        metavar="PLACE",
        help="The queue: a file, or postgresql://... Default: where the server or workspace keeps it.",
    )(command)


def open_queue(root: Path | None, named: str | None, *, new: bool = False) -> IntakeQueue:
    """The queue that was named, or that of a workspace or of an installed release.

    :param new: whether a named file need not be there yet.
    :raises UsageError: it is not, or what was named is neither a file nor an address.
    """
    from assistant.trust.intake.queue import IntakeQueue
    from assistant.trust.record_places import fault_in, is_server

    fault = fault_in(named or "", password=True)
    if fault:
        raise UsageError(f"--queue {fault}")
    if named:
        if not (new or is_server(named) or Path(named).is_file()):
            raise UsageError(f"--queue {named}: there is no such file")
        return IntakeQueue.open(named)
    home, place = _home_and_place(root)
    queue = IntakeQueue.open(place)
    if is_server(place):
        _tell_what_was_left_behind(home)
    return queue


def _home_and_place(root: Path | None) -> tuple[Path, Path | str]:
    from assistant.trust.intake.queue import FILE_NAME, FOLDER
    from assistant.workspace import Workspace

    try:
        workspace = Workspace.find(root)
        return workspace.home or workspace.root, workspace.intake_queue
    except (ContentError, NotReadyError):
        # A release that can no longer be read must not keep back what was reported to it.
        home = root or Path.cwd()
        if not (home / _INSTALLED).is_file():
            raise
        return home, Workspace(home, home).intake_of_server or home / FOLDER / FILE_NAME


def _tell_what_was_left_behind(home: Path) -> None:
    """Reports that wait in a file from before the queue was moved to a server: nobody else would look there."""
    from assistant.trust.intake.queue import FILE_NAME, FOLDER, IntakeQueue

    file = home / FOLDER / FILE_NAME
    count = len(IntakeQueue.open(file).waiting())
    if count:
        click.echo(f"{count} reports from before wait in a file: add --queue {file}", err=True)
