"""``audit show``, ``audit export``: the record for people and for other programs."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from assistant.domain import Outcome
from assistant.errors import IntegrityError, UsageError
from assistant.serving.commands.audit import (
    log_option,
    open_log,
    progress,
    public_keys,
    public_options,
    read_checkpoint_file,
)

if TYPE_CHECKING:
    from assistant.trust.log.export import Format
    from assistant.trust.log.log import AuditLog
    from assistant.trust.log.selection import Found, Selection


def _selection_options(command: Any) -> Any:
    for option in (
        click.option("--question", metavar="TEXT", help="Only where this was asked, word for word."),
        click.option("--since", metavar="DATE", help="Only from this day on (UTC), e.g. 2026-11-01."),
        click.option(
            "--outcome",
            metavar="OUTCOME",
            type=click.Choice([outcome.value for outcome in Outcome]),
            help="Only this outcome.",
        ),
        click.option("--product", metavar="ID", default="", help="Only about this product."),
    ):
        command = option(command)
    return command


def _selection(log: AuditLog, product: str, outcome: str | None, since: str | None, question: str | None) -> Selection:
    from assistant.trust.log.personal import redacted
    from assistant.trust.log.selection import Selection

    try:
        day = dt.date.fromisoformat(since) if since else None
    except ValueError as error:
        raise UsageError(f"{since!r} is no date: write it as 2026-03-01") from error
    # As it may have been recorded under each policy.
    asked = frozenset({question, redacted(question), log.keyed(question)}) if question else frozenset()
    return Selection(product, outcome or "", day, asked)


@click.command("show")
@click.argument("number", type=click.IntRange(min=0), required=False)
@click.option(
    "--last", "count", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="At most so many."
)
@_selection_options
@click.option("--json", "as_json", is_flag=True, help="Print each record as a line of JSON.")
@log_option
@click.pass_obj
def show_command(
    root: Path | None,
    /,
    number: int | None,
    count: int,
    product: str,
    outcome: str | None,
    since: str | None,
    question: str | None,
    as_json: bool,
    place: str | None,
) -> None:
    """Show record NUMBER whole, or the last records, the latest at the end. Records are numbered from 0.

    \b
    Example:
      onlabel audit show 1734
      onlabel audit show --last 20 --product zorvanta --outcome adverse_event --since 2026-11-01
    """
    from assistant.trust.log.export import visible
    from assistant.trust.log.selection import last

    with open_log(root, place) as log:
        if number is not None:
            entry = log.entry(number)
            click.echo(json.dumps(entry) if as_json else visible(json.dumps(entry, ensure_ascii=False, indent=1)))
            return
        found = last(log, _selection(log, product, outcome, since, question), count)
    for one in found:
        click.echo(json.dumps({"number": one.number, "record": one.entry}) if as_json else _drawn(one))
    if not found:
        click.echo("no such record", err=True)


def _drawn(found: Found) -> str:
    """A record in a few lines; nothing in it can move the terminal's cursor or turn its writing round."""
    from assistant.trust.log.export import visible
    from assistant.trust.log.selection import columns

    row = {name: visible(value).replace("\n", "\n      ") for name, value in columns(found).items()}
    if found.is_checkpoint:
        return f"{row['number']:>5}  {row['time']}  checkpoint"
    context = " ".join(row[name] for name in ("audience", "market", "language", "channel", "date"))
    lines = [
        f"{row['number']:>5}  {row['time']}  {row['outcome']}  {row['flags']}".rstrip(),
        f"       {context}  {row['who']}".rstrip(),
        f"       {row['question']}",
        f"       {row['intent']} {row['confidence_per_mille']}/1000  {row['slots']}".rstrip(),
    ]
    return "\n".join(lines + ([f"       {row['passages']}"] if row["passages"] else []))


@click.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "html"]), required=True, help="What to write.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@_selection_options
@public_options
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A checkpoint that was kept outside the log; may be repeated.",
)
@log_option
@click.pass_obj
def export_command(
    root: Path | None,
    /,
    form: str,
    out: Path,
    product: str,
    outcome: str | None,
    since: str | None,
    question: str | None,
    publics: tuple[str, ...],
    witnesses: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    place: str | None,
) -> None:
    """Prove the log, then write its records: CSV for tables, JSON lines for programs, HTML to read and print.

    Where the proof fails, the file says so where its form allows, and the exit code is 4.

    \b
    Example:
      onlabel audit export --format html --out november.html \\
        --since 2026-11-01 --public keys/audit.pub.json
      onlabel audit export --format csv --out all.csv
    """
    from assistant.trust.log.export import export

    keys, others = public_keys(publics), public_keys(witnesses)
    outside = [read_checkpoint_file(path) for path in checkpoints]
    with open_log(root, place) as log:
        wanted = _selection(log, product, outcome, since, question)
        proved = log.verify(keys, others, outside, progress)
        count = export(log, wanted, cast("Format", form), out, proved, _written)
    if sys.stderr.isatty():
        click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
    click.echo(f"wrote {count} records to {out}", err=True)
    if proved.faults:
        raise IntegrityError(f"{out} was written, but the log failed its proof: {proved.faults[0]}")


def _written(count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{count} records written", nl=False, err=True)
