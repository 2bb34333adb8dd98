"""``audit prepare``: the log's tables, before there is anything to record."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.serving.commands.audit import log_option, open_log


@click.command("prepare")
@log_option
@click.pass_obj
def prepare_command(root: Path | None, /, place: str | None) -> None:
    """Make the log before the first record, and find out whether a record could be kept.

    In PostgreSQL an account that may make tables has to do it once; the one that answers then needs much less.

    \b
    Example:
      onlabel audit prepare --log postgresql://owner@db.example/onlabel
    """
    with open_log(root, place, read_only=False) as log:
        click.echo(f"{log.origin} is there and takes records", err=True)
