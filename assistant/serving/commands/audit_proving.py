"""``audit verify``, ``audit proof``, ``audit verify-proof``: whether the record is what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import ContentError, IntegrityError, UsageError
from assistant.serving.commands.audit import (
    log_option,
    open_log,
    progress,
    public_keys,
    public_options,
    read_checkpoint_file,
    write_file,
)

if TYPE_CHECKING:
    from assistant.trust.log.checkpoint import Cosigned
    from assistant.trust.log.verifying import Proved, Verification


@click.command("verify")
@log_option
@public_options
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A checkpoint that was kept outside the log; may be repeated.",
)
@click.pass_obj
def verify_command(
    root: Path | None,
    /,
    place: str | None,
    publics: tuple[str, ...],
    witnesses: tuple[str, ...],
    checkpoints: tuple[Path, ...],
) -> None:
    """Prove every record, the tree over them, and every checkpoint. Exit 4 on any fault, naming the record.

    Only a checkpoint that was kept outside shows that the end of the log was cut off or an older copy put back.

    \b
    Example:
      onlabel audit verify --public keys/audit.pub.json --checkpoint kept/2026-10.txt
    """
    keys, others = public_keys(publics), public_keys(witnesses)
    outside = [read_checkpoint_file(path) for path in checkpoints]
    with open_log(root, place) as log:
        proved = log.verify(keys, others, outside, progress)
    _say(proved)
    if not keys:
        click.echo("signatures were not checked: name the log's key with --public", err=True)
    for fault in proved.faults:
        click.echo(f"fault: {fault}", err=True)
    if proved.faults:
        raise IntegrityError(f"the audit log failed its proof ({len(proved.faults)} faults); {proved.faults[0]}")


def _say(proved: Verification) -> None:
    click.echo(f"log          {proved.origin}")
    click.echo(f"records      {proved.size}")
    click.echo(f"root         {proved.root.hex()}")
    for one in proved.checkpoints:
        click.echo(f"checkpoint   {_described(one)}")
    left = proved.size - proved.covered
    click.echo(f"proved       {proved.covered} records by checkpoints; {left} came after the last of them")


def _described(one: Proved) -> str:
    where = "from outside" if one.record is None else f"in record {one.record}"
    signed = "signature checked" if one.signed else "signature not checked"
    return f"of {one.size} records, {where}, {signed}{_cosigners(one.cosigned)}"


def _cosigners(cosigned: tuple[Cosigned, ...]) -> str:
    return "".join(f", countersigned by {who.name} {who.time:%Y-%m-%d %H:%M} UTC" for who in cosigned)


@click.command("proof")
@click.argument("number", type=click.IntRange(min=0))
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@log_option
@click.pass_obj
def proof_command(root: Path | None, /, number: int, out: Path, place: str | None) -> None:
    """Write the proof that record NUMBER stood in the log when its last checkpoint was signed.

    The file holds the record and needs no log to be checked.

    \b
    Example:
      onlabel audit proof 1734 --out record-1734.json
    """
    from assistant.trust.log.proofs import make_proof

    with open_log(root, place) as log:
        proof = make_proof(log, number)
    write_file(out, json.dumps(proof, ensure_ascii=False, indent=1) + "\n")


@click.command("verify-proof")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@public_options
def verify_proof_command(file: Path, publics: tuple[str, ...], witnesses: tuple[str, ...]) -> None:
    """Check the proof in FILE and print its record. Exit 4 if it does not hold.

    \b
    Example:
      onlabel audit verify-proof record-1734.json --public keys/audit.pub.json
    """
    from assistant.trust.log.export import visible
    from assistant.trust.log.proofs import check_proof

    if not publics:
        raise UsageError("name the key that signs the log's checkpoints: --public KEY")
    try:
        written = file.read_text(encoding="utf-8")
        proved = check_proof(written, public_keys(publics), public_keys(witnesses))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", file) from error
    except ContentError as error:
        raise ContentError(error.message, file) from error
    click.echo(visible(json.dumps(proved.record, ensure_ascii=False, indent=1)))
    click.echo(
        f"proved: record {proved.number} of {proved.checkpoint.origin}, under the checkpoint of "
        f"{proved.checkpoint.size} records{_cosigners(proved.cosigned)}",
        err=True,
    )
