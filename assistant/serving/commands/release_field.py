"""``release install``, ``update``, ``status``, ``apply-withdrawals``: on the laptop."""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assistant.releases.installing import InstallReport

_INSTALL = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class _Progress:
    """How far a transfer is, on one line of a terminal; nothing when stderr is piped."""

    def __init__(self) -> None:
        self._shown = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and (now - self._shown > 0.1 or done == total):
            self._shown = now
            share = done / max(1, total)
            click.echo(f"\r[{'#' * round(24 * share):<24}] {share:4.0%} {what[-40:]:<40}", nl=False, err=True)
            if done == total:
                click.echo("\r" + " " * 75 + "\r", nl=False, err=True)


@click.command("install")
@click.argument("source", metavar="FROM")
@click.option("--to", "install", type=_INSTALL, required=True, help="The folder to install in.")
@click.option("--root", "root_file", type=_FILE, required=True, help="The root of trust, handed to you another way.")
def install_command(source: str, install: Path, root_file: Path) -> None:
    """Install the release in FROM, a folder, stick or URL; everything is proved from the root of trust on.

    \b
    Example:
      onlabel release install /media/stick/publication --to laptop --root root.json
      onlabel -w laptop ask "zorvanta with clarithromycin?"
    """
    from assistant.releases import installing
    from assistant.releases.going_live import check_golden

    given = root_file.read_bytes()
    now = dt.datetime.now(dt.UTC)
    report = installing.install(source, install, given, now, go_live_check=check_golden, progress=_Progress())
    _tell(install, report)


@click.command("update")
@click.argument("install", type=_INSTALL)
@click.option("--from", "source", help="Folder, stick or URL. Default: where it was installed from.")
def update_command(install: Path, source: str | None) -> None:
    """Update INSTALL to the newest release there is, or repair the one that is in use.

    \b
    Example:
      onlabel release update laptop --from /media/stick/publication
    """
    from assistant.releases import installing
    from assistant.releases.going_live import check_golden

    now = dt.datetime.now(dt.UTC)
    report = installing.update(install, now, source=source, go_live_check=check_golden, progress=_Progress())
    _tell(install, report)


def _tell(install: Path, report: InstallReport) -> None:
    from assistant.trust.installed.opening import standing_of

    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    state = "is in use" if report.changed else "was in use already"
    size = f"{report.fetched} of {report.files} files fetched, {report.fetched_bytes / 1e6:.1f} MB"
    click.echo(f"release {report.name} {report.number} {state} ({size})", err=True)
    click.echo(standing_of(install, dt.datetime.now(dt.UTC)).says, err=True)


@click.command("status")
@click.argument("install", type=_INSTALL)
def status_command(install: Path) -> None:
    """Prove the release in use in INSTALL and tell its name, its standing and its root of trust.

    \b
    Example:
      onlabel release status laptop
    """
    from assistant.trust.installed.folder import InstallFolder
    from assistant.trust.installed.opening import open_installed

    opened = open_installed(install, dt.datetime.now(dt.UTC), even_stopped=True, remember=False)
    settings = InstallFolder.find(install).settings()
    click.echo(f"release      {opened.description.name} {opened.number}, every file as signed")
    click.echo(f"standing     {opened.standing.state}: {opened.standing.says}")
    click.echo(f"withdrawals  {len(opened.withdrawals)} applied")
    click.echo(f"targets      {opened.targets_sha256}")
    click.echo(f"root         {settings.root_sha256}")
    click.echo(f"updates from {settings.source}")
    if opened.standing.state == "stopped":
        raise click.exceptions.Exit(5)


@click.command("apply-withdrawals")
@click.argument("file", type=_FILE)
@click.option("--to", "install", type=_INSTALL, required=True, help="The install.")
def apply_withdrawals_command(file: Path, install: Path) -> None:
    """Withdraw at once, in the install, what the signed list FILE names; no update ever brings it back.

    \b
    Example:
      onlabel release apply-withdrawals withdrawn-2026-11-21.json --to laptop
    """
    from assistant.releases.withdrawing import apply_withdrawals

    new = apply_withdrawals(file, install, dt.datetime.now(dt.UTC), verify_withdrawal)
    click.echo("withdrawn, from now on" if new else "was withdrawn already", err=True)


def verify_withdrawal(data: bytes, release: Path) -> None:
    """Prove a withdrawal list against the roster of the release in use; see :mod:`assistant.releases.withdrawing`."""
    from assistant.trust.approvals.places import APPROVALS, ROSTER
    from assistant.trust.approvals.roster import read_roster
    from assistant.trust.approvals.withdrawals import read_withdrawals

    read_withdrawals(data, read_roster(release / APPROVALS / ROSTER))
