"""``approve``, ``approvals``, ``withdraw``: reviewers sign what they were shown, and see what waits for whom."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import OnlabelError, UsageError
from assistant.serving.commands.keys import as_date, opened, passphrase_option

if TYPE_CHECKING:
    from assistant.serving.approval_desk import Desk
    from assistant.trust.approvals.roster import Roster
    from assistant.trust.approvals.subjects import Subject
    from assistant.trust.keys import Signer

_ROLES = ("medical", "legal", "regulatory")
#: What a signature means where the signer says nothing else (21 CFR 11.50(a)(3)).
_MEANINGS = {
    "medical": "I have reviewed this content and approve it as medically accurate and balanced.",
    "legal": "I have reviewed this content and approve it as legally sound.",
    "regulatory": "I have reviewed this content and approve it as in accordance with its label and the regulations.",
}

_role = click.option("--role", required=True, type=click.Choice(_ROLES), help="The role in which you sign.")
_key = click.option("--key", metavar="FILE", help="Your private key: a file, or a name that `onlabel keys list` shows.")
_yes = click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody sits at a terminal.")


@click.command("approve")
@click.argument("ids", nargs=-1)
@click.option("--document", metavar="ID", help="The document and all its passages.")
@click.option("--all-waiting", is_flag=True, help="Everything that waits for this role.")
@_role
@_key
@passphrase_option
@click.option("--meaning", help="What your signature means. Default: what the role approves, in one sentence.")
@click.option("--valid-until", metavar="DATE", help="The first day on which your approval does not count any more.")
@click.option("--full", is_flag=True, help="Show the words of everything, not only of a single one.")
@click.option("--dry-run", is_flag=True, help="Show what would be signed, and sign nothing.")
@_yes
@click.pass_obj
def approve_command(
    root: Path | None,
    /,
    ids: tuple[str, ...],
    document: str | None,
    all_waiting: bool,
    role: str,
    key: str | None,
    passphrase_file: Path | None,
    meaning: str | None,
    valid_until: str | None,
    full: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Sign that IDs (passages, templates, documents, policy.yaml, ...) are approved, in the very bytes they have now.

    Shows what is signed, asks, and signs once. Changing a byte or a date afterwards voids the approval.

    \b
    Example:
      onlabel approve zorvanta-us-pi.7.1 --role medical --key jane
      onlabel approve --document zorvanta-us-pi --role legal --key john --dry-run
      onlabel approve --all-waiting --role regulatory --key ann --yes
    """
    from assistant.serving.approval_desk import Desk
    from assistant.serving.approval_text import draw_review

    if sum((bool(ids), document is not None, all_waiting)) != 1:
        raise UsageError("name what to approve: IDs, or --document ID, or --all-waiting")
    desk = Desk.of(root)
    chosen = desk.waiting_for(role) if all_waiting else desk.document(document) if document else desk.named(ids)
    if not chosen:
        click.echo(f"nothing waits for {role}", err=True)
        return
    words = meaning or _MEANINGS[role]
    until = as_date(valid_until)
    for line in draw_review(desk, chosen, role, words, until, full=full):
        click.echo(line)
    if dry_run:
        click.echo("nothing was signed (--dry-run)", err=True)
        return
    signer = _signer(key, passphrase_file, yes, f"Sign {len(chosen)} as {role}?")
    path = desk.approve(signer, chosen, _printed_name(desk.roster, signer, role), role, words, until)
    _say_signed(desk, path, chosen)


@click.command("approvals")
@click.option("--waiting", "only", flag_value="waiting", default=True, help="What waits for somebody. The default.")
@click.option("--all", "only", flag_value="all", help="Everything, approved or not.")
@click.option("--role", type=click.Choice(_ROLES), help="Only what waits for this role.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def approvals_command(root: Path | None, /, only: str, role: str | None, as_json: bool) -> None:
    """List what is approved, what waits for whom, what was withdrawn, and what is void because it changed since.

    \b
    Example:
      onlabel approvals
      onlabel approvals --all --json
      onlabel approvals --waiting --role legal
    """
    from assistant.serving.approval_desk import Desk
    from assistant.serving.approval_text import as_object, draw_standing

    desk = Desk.of(root)
    found = desk.standing()
    if as_json:
        click.echo(json.dumps(as_object(found, everything=only == "all", role=role), ensure_ascii=False))
        return
    for line in draw_standing(found, everything=only == "all", role=role):
        click.echo(line)
    for fault in found.faults:
        click.echo(f"counts for nothing: approvals/{fault.path.as_posix()}: {fault.message}", err=True)


@click.command("withdraw")
@click.argument("ids", nargs=-1)
@click.option("--reason", help="Why. It is signed, and whoever looks the passage up reads it.")
@click.option("--role", type=click.Choice(_ROLES), help="The role in which you sign. Any one person is enough.")
@_key
@passphrase_option
@click.option("--effective", metavar="DATE", help="The first day it must not be shown. Default: at once, everywhere.")
@click.option("--all-versions", is_flag=True, help="Also versions that do not exist yet: the id is never shown again.")
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all withdrawals as one small signed list, to be mailed and installed alone. Needs no key by itself.",
)
@_yes
@click.pass_obj
def withdraw_command(
    root: Path | None,
    /,
    ids: tuple[str, ...],
    reason: str | None,
    role: str | None,
    key: str | None,
    passphrase_file: Path | None,
    effective: str | None,
    all_versions: bool,
    export: Path | None,
    yes: bool,
) -> None:
    """Withdraw IDs, a document with all its passages: never shown from that day on, whatever was approved.

    Every version that was ever approved is withdrawn. To bring it back, give the corrected content a new version.

    \b
    Example:
      onlabel withdraw zorvanta-us-pi.7.1 --reason "dose corrected" --role medical --key jane
      onlabel withdraw --export withdrawals.json
    """
    from assistant.serving.approval_desk import Desk

    if not ids and export is None:
        raise UsageError("name what to withdraw, or give --export FILE")
    desk = Desk.of(root, faulty=True)
    if ids:
        if not reason or not role:
            raise UsageError("a withdrawal needs --reason and --role")
        refs = desk.withdrawable(ids, all_versions=all_versions)
        day = as_date(effective) or _everywhere_today()
        for ref in refs:
            click.echo(f"{ref.kind:<9} {ref.id}  version {ref.version}")
        signer = _signer(key, passphrase_file, yes, f"Withdraw {len(refs)} from {day} on?")
        path = desk.withdraw(signer, refs, _printed_name(desk.roster, signer, role), role, reason, day)
        click.echo(f"signed {path}; it acts in the next release, or at once where the list is installed", err=True)
    if export is not None:
        count, size = desk.export(export)
        click.echo(f"{count} withdrawals, {size} bytes, in {export}", err=True)


def _everywhere_today() -> dt.date:
    """The earliest date that it is anywhere now: a withdrawal acts at once also where the day is not over yet."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=12)).date()


def _signer(key: str | None, passphrase_file: Path | None, yes: bool, question: str) -> Signer:
    """Ask, then open the key: what is asked for is signed at once, or not at all."""
    if key is None:
        raise UsageError("give your private key with --key (or --dry-run to only look)")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to ask: run this on a terminal, or give --yes once you have read it")
        click.confirm(question, abort=True, err=True)
    return opened(key, passphrase_file)


def _printed_name(roster: Roster, signer: Signer, role: str) -> str:
    """The roster's name for the signer.

    :raises UsageError: the roster does not give the signer this role today.
    """
    known = roster.key(signer.keyid)
    if known is None:
        raise UsageError(f"key {signer.keyid[:8]} is not on the roster: `onlabel keys enrol` adds it")
    if not roster.holds(signer.keyid, role, dt.datetime.now(dt.UTC).date()):
        raise UsageError(f"{known.name} does not hold the role {role} today: see approvals/roster.yaml")
    return known.name


def _say_signed(desk: Desk, path: Path, chosen: tuple[Subject, ...]) -> None:
    """What was signed, read back from the disk as everybody else will read it."""
    standing = desk.standing()
    if refused := [fault for fault in standing.faults if fault.path.name == path.name]:
        raise OnlabelError(f"{path}: the signature does not hold: {refused[0].message}")
    left = sum(entry.state.value in ("waiting", "void") for entry in standing.subjects)
    click.echo(f"signed {len(chosen)} in {path}; {left} subjects still wait", err=True)
