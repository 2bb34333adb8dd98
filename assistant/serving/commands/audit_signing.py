"""``audit checkpoint``, ``audit countersign``: what makes the record hard to change for who may write it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import IntegrityError, UsageError
from assistant.serving.commands.audit import (
    log_option,
    open_log,
    progress,
    public_keys,
    read_checkpoint_file,
    write_file,
)
from assistant.serving.commands.keys import opened, passphrase_option

if TYPE_CHECKING:
    from assistant.trust.log.checkpoint import Checkpoint
    from assistant.trust.log.log import AuditLog


_KEY = click.option("--key", metavar="KEY", help="The private key to sign with: a file, or a name in your key folder.")


@click.command("checkpoint")
@_KEY
@passphrase_option
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write it there. Default: to stdout."
)
@log_option
@click.pass_obj
def checkpoint_command(
    root: Path | None, /, key: str | None, passphrase_file: Path | None, out: Path | None, place: str | None
) -> None:
    """Prove the log, sign its size and root, and keep the checkpoint in it; without --key, export the last one.

    Keep what it prints outside this machine: only that shows when the end of the log was cut off later.

    \b
    Example:
      onlabel audit checkpoint --key ~/keys/audit --out kept/2026-11.txt
      onlabel audit checkpoint --out kept/2026-11.txt
    """
    with open_log(root, place, read_only=key is None) as log:
        if key is None:
            made = log.last_checkpoint()
        else:
            signer = opened(key, passphrase_file)
            made = log.checkpoint(signer.sign, signer.public.public_hex, progress=progress)
    _give(made, out)


@click.command("countersign")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_KEY
@passphrase_option
@click.option("--name", help="Your name as a witness, e.g. example.com/quality; no spaces.")
@click.option(
    "--public", "publics", multiple=True, metavar="KEY", help="The log's public key: its signature is checked."
)
@click.option(
    "--seen",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The checkpoint that you countersigned last: the log must have grown from it.",
)
@click.option("--keep", is_flag=True, help="Keep FILE, which came back countersigned, in the log. Needs no key.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write it there. Default: to stdout."
)
@log_option
@click.pass_obj
def countersign_command(
    root: Path | None,
    /,
    file: Path,
    key: str | None,
    passphrase_file: Path | None,
    name: str | None,
    publics: tuple[str, ...],
    seen: Path | None,
    keep: bool,
    out: Path | None,
    place: str | None,
) -> None:
    """Sign the checkpoint in FILE as a witness (c2sp.org/tlog-cosignature), or keep one that came back.

    With --seen and the log at hand it is first proved that the log only grew since the checkpoint seen last.

    \b
    Example:
      onlabel audit countersign 11.txt --seen 10.txt --key ~/keys/qa \\
        --name example.com/qa --out signed.txt
      onlabel audit countersign signed.txt --keep
    """
    checkpoint = read_checkpoint_file(file)
    if keep:
        with open_log(root, place, read_only=False) as log:
            click.echo(f"kept in record {log.keep(checkpoint)}", err=True)
        return
    if key is None or not name:
        raise UsageError("give --key and --name to countersign, or --keep to keep one that came back")
    _check(checkpoint, public_keys(publics))
    if seen is None:
        click.echo("no --seen: you sign that you saw this checkpoint, not that the log only grew", err=True)
    else:
        with open_log(root, place) as log:
            _grew(log, read_checkpoint_file(seen), checkpoint)
    from assistant.trust.log.checkpoint import countersigned

    signer = opened(key, passphrase_file)
    now = dt.datetime.now(dt.UTC)
    _give(countersigned(checkpoint, name, signer.public.public_hex, signer.sign, now), out)


def _check(checkpoint: Checkpoint, publics: tuple[str, ...]) -> None:
    from assistant.trust.log.checkpoint import believed

    if publics:
        believed(checkpoint, publics)
    else:
        click.echo("the log's own signature was not checked: name its key with --public", err=True)


def _grew(log: AuditLog, old: Checkpoint, new: Checkpoint) -> None:
    """Prove with the log at hand that ``new`` grew from ``old``: the witness trusts no table, only hashes.

    :raises IntegrityError: it did not.
    """
    from assistant.trust.log import merkle

    if old.origin != new.origin or old.size > new.size:
        raise IntegrityError("the checkpoints are of two logs, or the log was cut off between them: do not sign")
    if not merkle.consistent(old.size, new.size, old.root, new.root, log.consistency(old.size, new.size)):
        raise IntegrityError("the log was changed below the checkpoint that you saw: do not sign")


def _give(checkpoint: Checkpoint, out: Path | None) -> None:
    if out is None:
        click.echo(str(checkpoint), nl=False)
    else:
        write_file(out, str(checkpoint))
