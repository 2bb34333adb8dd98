"""``release sign``, ``verify``, ``publish``, ``refresh-timestamp``, ``rotate-root``: from a stage to a publication."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import UsageError
from assistant.serving.commands.release_making import read_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.releases.signing import Missing
    from assistant.trust.keys import Signer

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_STAGE = click.Path(path_type=Path, file_okay=False)


def _passphrase_file(command: Callable[..., Any]) -> Callable[..., Any]:
    told = "Its passphrase, first line. Default: ONLABEL_KEY_PASSPHRASE, else asked for."
    return click.option("--passphrase-file", type=_FILE, help=told)(command)


def open_key(path: Path, passphrase_file: Path | None) -> Signer:
    """The private key in ``path``, opened."""
    from assistant.trust.keys import open_signer

    if passphrase_file is not None:
        passphrase = passphrase_file.read_text(encoding="utf-8").split("\n", 1)[0].removesuffix("\r")
    else:
        passphrase = os.environ.get("ONLABEL_KEY_PASSPHRASE", "")
        passphrase = passphrase or click.prompt(f"Passphrase of {path.name}", hide_input=True, err=True)
    return open_signer(path, passphrase)


def _say_missing(folder: Path, missing: Sequence[Missing]) -> None:
    for entry in missing:
        click.echo(f"missing  {entry.says}", err=True)
    if not missing:
        click.echo(f"{folder} is signed by all who must", err=True)


@click.command("sign")
@click.argument("stage", type=_FOLDER)
@click.option("--key", type=_FILE, required=True, help="Your private key.")
@_passphrase_file
def sign_command(stage: Path, key: Path, passphrase_file: Path | None) -> None:
    """Sign whatever in STAGE (or in a new publication) your key may sign; says what is still missing.

    \b
    Example:
      onlabel release sign stage --key ~/keys/jane
    """
    from assistant.releases.signing import sign

    signed = sign(stage, open_key(key, passphrase_file))
    click.echo(f"signed   {', '.join(signed.roles)}", err=True)
    _say_missing(stage, signed.missing)


@click.command("verify")
@click.argument("folder", type=_FOLDER)
@click.option(
    "--root", "root_file", type=_FILE, help="The root of trust to begin from. Default: the folder's own first."
)
def verify_command(folder: Path, root_file: Path | None) -> None:
    """Prove the stage or publication FOLDER as a laptop would, and every file in it.

    \b
    Example:
      onlabel release verify publication --root root.json
    """
    from assistant.releases.publishing import verify
    from assistant.trust.installed.description import stamp

    found = verify(folder, dt.datetime.now(dt.UTC), root_file.read_bytes() if root_file else None)
    if found.proved is None or found.description is None:
        click.echo("a root of trust, signed by all who must; no release yet")
        return
    click.echo(
        f"release {found.description.name} {found.proved.number}: {len(found.proved.targets)} files, all as signed"
    )
    click.echo(f"targets  {found.proved.targets_sha256}")
    click.echo(f"expires  {stamp(found.proved.expires)}")


@click.command("publish")
@click.argument("stage", type=_FOLDER)
@click.argument("publication", type=click.Path(path_type=Path, file_okay=False))
def publish_command(stage: Path, publication: Path) -> None:
    """Add the signed STAGE to PUBLICATION, a folder that any web server, share or stick can carry.

    \b
    Example:
      onlabel release publish stage publication
      cp -r publication /media/stick/
    """
    from assistant.releases.publishing import publish

    copied, files = publish(stage, publication, dt.datetime.now(dt.UTC))
    click.echo(f"{publication}: {copied} of {files} files copied, the rest was there", err=True)


@click.command("refresh-timestamp")
@click.argument("publication", type=_FOLDER)
@click.option("--key", "keys", type=_FILE, multiple=True, required=True, help="A private key that may sign timestamps.")
@click.option(
    "--days", type=click.IntRange(1, 3660), help="Good for so long. Default: as the release's reviewers signed."
)
@_passphrase_file
def refresh_timestamp_command(
    publication: Path, keys: tuple[Path, ...], days: int | None, passphrase_file: Path | None
) -> None:
    """Say again that the newest release in PUBLICATION is the newest: laptops that update stay fresh.

    \b
    Example:
      onlabel release refresh-timestamp publication --key ~/keys/timestamp
    """
    from assistant.releases.publishing import refresh_timestamp
    from assistant.trust.installed.description import stamp

    signers = [open_key(key, passphrase_file) for key in keys]
    expires = refresh_timestamp(publication, signers, dt.datetime.now(dt.UTC), days)
    click.echo(f"{publication} is fresh until {stamp(expires)}", err=True)


@click.command("rotate-root")
@click.argument("publication", type=_FOLDER)
@click.option(
    "--out", "stage", type=click.Path(path_type=Path, file_okay=False), required=True, help="The stage to make."
)
@click.option(
    "--root-key", "root_keys", multiple=True, type=_FILE, help="The root keys from now on. Default: as before."
)
@click.option("--threshold", type=click.IntRange(1), help="How many root keys must sign.")
@click.option(
    "--targets-key", "targets_keys", multiple=True, type=_FILE, help="The keys that sign releases from now on."
)
@click.option("--targets-threshold", type=click.IntRange(1), help="How many must sign a release.")
@click.option("--timestamp-key", "timestamp_keys", multiple=True, type=_FILE, help="The keys that renew now.")
@click.option("--timestamp-threshold", type=click.IntRange(1), help="How many must renew.")
def rotate_root_command(
    publication: Path,
    stage: Path,
    root_keys: tuple[Path, ...],
    threshold: int | None,
    targets_keys: tuple[Path, ...],
    targets_threshold: int | None,
    timestamp_keys: tuple[Path, ...],
    timestamp_threshold: int | None,
) -> None:
    """Exchange keys or thresholds: a stage with the next root, for the old root keys and the new ones to sign.

    \b
    Example:
      onlabel release rotate-root publication --root-key jane.pub.json \\
        --root-key new.pub.json --threshold 2 --out stage
      onlabel release sign stage --key ~/keys/jane
      onlabel release publish stage publication
    """
    from assistant.releases.publishing import roles_of, rotate_root

    roles = roles_of(publication)
    given = {
        "root": read_keys(root_keys) or None,
        "root_threshold": threshold,
        "targets": read_keys(targets_keys) or None,
        "targets_threshold": targets_threshold,
        "timestamp": read_keys(timestamp_keys) or None,
        "timestamp_threshold": timestamp_threshold,
    }
    if targets_keys and not timestamp_keys and set(roles.timestamp) == set(roles.targets):
        given["timestamp"] = given["targets"]  # one set of keys for both: neither may be left behind
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise UsageError("say what changes: keys or thresholds; `onlabel release rotate-root --help`")
    version = rotate_root(publication, stage, replace(roles, **changes), dt.datetime.now(dt.UTC))
    click.echo(f"root {version} is on {stage}: the old root keys and the new ones sign it", err=True)
