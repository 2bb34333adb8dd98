"""``release diff``: what changes between two releases, told in answers."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.proving.changes import Change, Changes

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
_SHOWN = 30


@click.command("diff")
@click.argument("before", type=_FOLDER)
@click.argument("after", type=_FOLDER)
@click.option("--since", metavar="DATE", help="Leave out answers that no day from here on can have. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print all changes as one JSON object.")
@click.option("--csv", "to_csv", type=_FILE, help="Write all changes as a table.")
@click.option("--promotional", type=_FILE, help="Write the new or changed texts of benefit, with the day of first use.")
def diff_command(
    before: Path, after: Path, since: str | None, as_json: bool, to_csv: Path | None, promotional: Path | None
) -> None:
    """Tell which rendered answers differ between BEFORE and AFTER, for whom and from when; no others need another look.

    Each is a built workspace or an installed release.

    \b
    Example:
      onlabel release diff releases/6 releases/7
      onlabel release diff --promotional first-use.csv releases/6 releases/7
    """
    from assistant.proving.changes import compare, table

    changes = compare(before, after, since=_day(since))
    for path, lines in ((to_csv, changes.changes), (promotional, changes.promotional)):
        if path is not None:
            path.write_text(table(lines, changes.since), encoding="utf-8", newline="")
            click.echo(f"{len(lines)} lines: {path}", err=True)
    if as_json:
        click.echo(json.dumps(changes.as_json(), ensure_ascii=False))
    else:
        _say(changes)


def _day(text: str | None) -> dt.date:
    if text is None:
        return dt.date.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: write it as 2026-03-01") from error


def _say(changes: Changes) -> None:
    states = Counter(change.state for change in changes.changes)
    told = ", ".join(f"{states[state]} {state}" for state in ("new", "changed", "gone") if states[state])
    click.echo(f"{told or 'no answer differs'}; {changes.compared:,} answers compared")
    framed = Counter(str(change.place) for change in changes.changes if change.cause == ("frame",))
    others = [change for change in changes.changes if change.cause != ("frame",)]
    for change in others[:_SHOWN]:
        click.echo(_line(change, changes.since))
    if len(others) > _SHOWN:
        click.echo(f"and {len(others) - _SHOWN} more: --csv lists all")
    for place, number in framed.items():
        click.echo(f"changed  {number} answers in their frame alone: {place}")
    if changes.promotional:
        click.echo(f"{len(changes.promotional)} new or changed texts of benefit: --promotional lists them")
    if changes.decides:
        click.echo(
            f"what decides which passage is shown changed ({', '.join(changes.decides)}): replay golden questions"
        )


def _line(change: Change, since: dt.date) -> str:
    row = change.row(since)
    until = f" until before {row['until_before']}" if row["until_before"] else ""
    why = f" ({', '.join(change.cause)})" if change.cause else ""
    asked = f", asked for {row['topics']}" if row["topics"] else ""
    return f"{change.state:<8} {change.passage}{why}: {change.place}, from {row['first_use']}{until}{asked}"
