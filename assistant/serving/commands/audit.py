"""``audit``: prove the record of answers, read it, have it signed, take it along."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assistant.errors import ContentError, UsageError
from assistant.serving.commands import LazyGroup

if TYPE_CHECKING:
    from assistant.trust.log.checkpoint import Checkpoint
    from assistant.trust.log.log import AuditLog

_MODULES = {
    "prepare": "audit_preparing",
    "verify": "audit_proving",
    "show": "audit_reading",
    "proof": "audit_proving",
    "verify-proof": "audit_proving",
    "checkpoint": "audit_signing",
    "countersign": "audit_signing",
    "export": "audit_reading",
    "replay": "audit_replaying",
}
_SUMMARIES = {
    "prepare": "Make the log before the first record.",
    "verify": "Prove that no record was changed, dropped, added or moved.",
    "show": "Show records: one, the last, or those of a product or outcome.",
    "proof": "Write the proof of one record, to be checked without the log.",
    "verify-proof": "Check the proof of one record.",
    "checkpoint": "Have the log's size and root signed; export the last one.",
    "countersign": "Sign a checkpoint as a witness, or keep one that came back.",
    "export": "Write records as CSV, JSON lines or a page to print.",
    "replay": "Answer a recorded question again, and show any difference.",
}
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("audit", cls=LazyGroup, modules=_MODULES, summaries=_SUMMARIES)
def audit_command() -> None:
    """Prove and read the record of every answer that was shown.

    \b
    Example:
      onlabel audit verify --public keys/audit.pub.json --checkpoint kept/2026-10.txt
      onlabel audit show --last 5
      onlabel audit checkpoint --key ~/keys/audit --out kept/2026-11.txt
      onlabel audit export --format html --out november.html
    """


def log_option(command: _Command) -> _Command:
    """``--log``: where the log is, if not in the workspace."""
    return click.option(
        "--log",
        "place",
        metavar="PLACE",
        help="The log: a file, or postgresql://... Default: where the server or workspace keeps it.",
    )(command)


def public_options(command: _Command) -> _Command:
    """``--public`` and ``--witness``: whose signatures count."""
    witness = click.option(
        "--witness", "witnesses", multiple=True, metavar="KEY", help="A cosigner's public key; may be repeated."
    )
    public = click.option(
        "--public",
        "publics",
        multiple=True,
        metavar="KEY",
        help="A public key that signs the log's checkpoints: 64 hex digits or a .pub.json file; may be repeated.",
    )
    return public(witness(command))


def open_log(root: Path | None, place: str | None, *, read_only: bool = True) -> AuditLog:
    """The log at ``place``, or the workspace's."""
    from assistant.trust.log.log import AuditLog
    from assistant.trust.record_places import fault_in
    from assistant.workspace import Workspace

    fault = fault_in(place or "", password=True)
    if fault:
        raise UsageError(f"--log {fault}")
    return AuditLog.open(place or Workspace.find(root).audit_log, read_only=read_only)


def public_keys(given: tuple[str, ...]) -> tuple[str, ...]:
    """Public keys in hexadecimal, from themselves or from files.

    :raises UsageError: one is neither.
    """
    from assistant.trust.keys import read_public

    found = []
    for one in given:
        if len(one) == 64 and not set(one.lower()) - set("0123456789abcdef"):
            found.append(one.lower())
        elif Path(one).is_file():
            found.append(read_public(Path(one)).public_hex)
        else:
            raise UsageError(f"{one!r} is no public key: give 64 hexadecimal digits or a .pub.json file")
    return tuple(found)


def read_checkpoint_file(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    :raises ContentError: there is none.
    """
    from assistant.trust.log.checkpoint import parse_checkpoint

    try:
        # Mail and Windows editors change line ends; what is signed has its own.
        return parse_checkpoint(path.read_bytes().decode().replace("\r\n", "\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except ContentError as error:
        raise ContentError(error.message, path) from error


def write_file(path: Path, text: str) -> None:
    """Write ``text`` as it is, whatever the machine's line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    click.echo(f"wrote {path}", err=True)


def progress(done: int, total: int) -> None:
    """How far the proof is, on a terminal."""
    if sys.stderr.isatty():
        share = done / total if total else 1.0
        click.echo(f"\r[{'#' * round(24 * share):<24}] {share:4.0%} of {total} records", nl=False, err=True)
        if done == total:
            click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
