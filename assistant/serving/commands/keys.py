"""``keys``: the keys that people sign with, kept encrypted outside every workspace, and who they belong to."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import ContentError, UsageError

if TYPE_CHECKING:
    from assistant.trust.keys import Signer

PASSPHRASE = "ONLABEL_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable, not what is in it
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_Command = Callable[..., Any]


def key_folder() -> Path:
    """Where keys stand that are called by name: ``$ONLABEL_KEYS``, else the user's own folder for applications."""
    named = os.environ.get("ONLABEL_KEYS")
    return Path(named) if named else Path(click.get_app_dir("onlabel")) / "keys"


def key_file(given: str) -> Path:
    """The key that ``given`` names: a file, or a key in :func:`key_folder`.

    :raises UsageError: there is none.
    """
    for path in (Path(given), key_folder() / given):
        if path.is_file():
            return path
    raise UsageError(f"there is no key {given!r}, neither as a file nor in {key_folder()}: see `onlabel keys list`")


def passphrase_option(command: _Command) -> _Command:
    """``--passphrase-file``."""
    return click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help=f"A file whose first line is the key's passphrase. Default: ${PASSPHRASE}, else it is asked for.",
    )(command)


def read_passphrase(file: Path | None, what: str, *, confirm: bool = False) -> str:
    """A passphrase: the first line of ``file``, else the variable, else asked for without showing it.

    :raises UsageError: there is nobody to ask.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8-sig").split("\n", 1)[0].removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise ContentError("the passphrase cannot be read", file) from error
    if from_environment := os.environ.get(PASSPHRASE, ""):
        return from_environment
    if not sys.stdin.isatty():
        raise UsageError(f"no passphrase: give --passphrase-file, set {PASSPHRASE}, or run this on a terminal")
    return str(click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True))


def opened(given: str, passphrase_file: Path | None) -> Signer:
    """The signer that ``given`` names, its passphrase asked for.

    :raises UsageError: there is no such key, or the passphrase is wrong.
    """
    from assistant.trust.keys import open_signer

    path = key_file(given)
    return open_signer(path, read_passphrase(passphrase_file, f"Passphrase of {path.name}"))


def as_date(text: str | None) -> dt.date | None:
    """A date as people write it on the command line.

    :raises UsageError: it is none.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: write it as 2026-03-01") from error


@click.group("keys")
def keys_command() -> None:
    """Make and keep the keys that people sign with. A private key never stands in a workspace.

    \b
    Example:
      onlabel keys new jane --name "Jane Roe, MD"
      onlabel keys public jane --out jane.pub.json
      onlabel -w w keys enrol jane.pub.json --role medical --market US
    """


@keys_command.command("new")
@click.argument("name")
@click.option("--name", "printed", required=True, help="The holder's printed name, as it stands in every signature.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Keep it there. Default: your own.")
@passphrase_option
def keys_new(name: str, printed: str, folder: Path | None, passphrase_file: Path | None) -> None:
    """Make a key NAME: the private side encrypted with a passphrase, the public side NAME.pub.json beside it.

    \b
    Example:
      onlabel keys new jane --name "Jane Roe, MD"
    """
    from assistant.trust.keys import new_key, public_file

    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a key: use letters, digits, dots and hyphens")
    path = (folder or key_folder()) / name
    made = new_key(path, read_passphrase(passphrase_file, f"New passphrase of {name}", confirm=True), printed)
    click.echo(f"{made.keyid}  {made.name}\nprivate  {path}\npublic   {public_file(path)}")
    click.echo("keep the passphrase: without it the key cannot be used, and nobody can restore it", err=True)


@keys_command.command("list")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Look there. Default: your own.")
def keys_list(folder: Path | None) -> None:
    """List your keys: name, id, holder.

    \b
    Example:
      onlabel keys list
    """
    from assistant.trust.keys import PUBLIC_SUFFIX, read_public

    place = folder or key_folder()
    files = sorted(place.glob(f"*{PUBLIC_SUFFIX}")) if place.is_dir() else []
    for path in files:
        key = read_public(path)
        name = path.name.removesuffix(PUBLIC_SUFFIX)
        has = "" if (place / name).is_file() else "  (public side only)"
        click.echo(f"{name:<20} {key.keyid[:16]}  {key.name}{has}")
    click.echo(f"{len(files)} keys in {place}", err=True)


@keys_command.command("public")
@click.argument("name")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
def keys_public(name: str, out: Path) -> None:
    """Write the public side of key NAME to a file that anyone may see.

    \b
    Example:
      onlabel keys public jane --out jane.pub.json
    """
    from assistant.trust.keys import public_file, read_public, write_public

    key = read_public(public_file(key_file(name)))
    write_public(out, key)
    click.echo(f"{key.keyid}  {key.name}")


@keys_command.command("enrol")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(("medical", "legal", "regulatory")),
    help="What its holder may sign as; may be repeated.",
)
@click.option("--market", "markets", multiple=True, metavar="CODE", help="For this market only; may be repeated.")
@click.option("--since", metavar="DATE", help="The first day. Default: today.")
@click.option("--until", metavar="DATE", help="The first day on which the role is not held any more.")
@click.pass_obj
def keys_enrol(
    root: Path | None,
    /,
    file: Path,
    roles: tuple[str, ...],
    markets: tuple[str, ...],
    since: str | None,
    until: str | None,
) -> None:
    """Add the public key in FILE to the workspace's approvals/roster.yaml: from then on its holder may sign.

    Compare the id with its holder, face to face or by telephone: whoever stands on the roster decides what is shown.

    \b
    Example:
      onlabel -w w keys enrol jane.pub.json --role medical --market US --since 2026-01-01
    """
    from assistant.trust.approvals.places import APPROVALS, ROSTER
    from assistant.trust.approvals.roster import enrol
    from assistant.trust.keys import read_public
    from assistant.workspace import Workspace

    key = read_public(file)
    path = Workspace.find(root).root / APPROVALS / ROSTER
    # Signatures are dated in UTC, so a role begins there too: a local date may lie a day ahead of them.
    enrol(path, key, roles, markets, as_date(since) or dt.datetime.now(dt.UTC).date(), as_date(until))
    click.echo(f"{key.keyid}  {key.name}: {', '.join(roles)} for {', '.join(markets) or 'every market'}")


@keys_command.command("change-passphrase")
@click.argument("name")
@passphrase_option
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file whose first line is the new passphrase. Default: it is asked for.",
)
def keys_change_passphrase(name: str, passphrase_file: Path | None, new_passphrase_file: Path | None) -> None:
    """Encrypt key NAME with another passphrase.

    \b
    Example:
      onlabel keys change-passphrase jane
    """
    from assistant.trust.keys import change_passphrase

    path = key_file(name)
    old = read_passphrase(passphrase_file, f"Passphrase of {path.name}")
    if new_passphrase_file is None and not sys.stdin.isatty():
        raise UsageError("no new passphrase: give --new-passphrase-file, or run this on a terminal")
    if new_passphrase_file is None:
        # Not from the variable, which holds the old one.
        new = str(click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True))
    else:
        new = read_passphrase(new_passphrase_file, "")
    change_passphrase(path, old, new)
    click.echo(f"{path} has another passphrase; copies elsewhere still have the old one", err=True)
