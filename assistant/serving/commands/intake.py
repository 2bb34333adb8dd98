"""``intake``: reports of adverse events and complaints, from the queue to the safety department."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import IntegrityError, UsageError
from assistant.serving.commands.intake_place import open_queue, queue_option
from assistant.trust.intake import moments

if TYPE_CHECKING:
    from assistant.trust.intake.batches import Batch, Stored
    from assistant.trust.intake.queue import Standing

_FORMS = ("jsonl", "e2b", "both")


@click.group("intake")
def intake_command() -> None:
    """Hand reports of adverse events and complaints to the safety department, each once and in time.

    \b
    Example:
      onlabel intake status
      onlabel intake drain --out /media/usb/reports --format both
      onlabel intake confirm 3d030f4322-000001
    """


@intake_command.command("prepare")
@queue_option
@click.pass_obj
def prepare_command(root: Path | None, /, place: str | None) -> None:
    """Make the queue before the first report, and find out whether a report would be kept.

    In PostgreSQL an account that may make tables has to do it once; the one that answers then needs much less.

    \b
    Example:
      onlabel intake prepare --queue postgresql://owner@db.example/onlabel
    """
    open_queue(root, place, new=True).prepare()
    click.echo("the queue is there and takes reports")


@intake_command.command("list")
@click.option("--overdue", is_flag=True, help="Only those that the safety department should have by now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a report.")
@queue_option
@click.pass_obj
def list_command(root: Path | None, /, overdue: bool, as_json: bool, place: str | None) -> None:
    """List the reports that nobody has confirmed, oldest first, without their words.

    \b
    Example:
      onlabel intake list --overdue
    """
    at, waiting = moments.now(), open_queue(root, place).waiting()
    for report in waiting:
        if report.overdue(at) or not overdue:
            click.echo(_json(_summary(report, at)) if as_json else _row(report, at))
    _refuse_unsound(waiting)


def _refuse_unsound(reports: Iterable[Stored]) -> None:
    """Say which reports are not as they were queued, after everything else was done."""
    damaged = [report.id for report in reports if not report.sound]
    if damaged:
        told = "not as they were queued and stay in the queue: keep it as it is and find out why"
        raise IntegrityError(f"{', '.join(damaged)}: {told}")


def _summary(report: Stored, at: dt.datetime) -> dict[str, Any]:
    body = report.body if report.sound else {"aware": {}, "products": [], "elements": {}}
    return {
        "schema": "onlabel.report-summary/1",
        "id": report.id,
        "class": report.kind.value,
        "state": report.state if report.sound else "damaged",
        "batch": report.batch,
        "aware": body["aware"],
        "due": moments.utc_text(report.due),
        "overdue": report.overdue(at),
        "products": body["products"],
        "elements": {name: element["status"] for name, element in body["elements"].items()},
    }


def _row(report: Stored, at: dt.datetime) -> str:
    told = _summary(report, at)
    given = sum(status == "given" for status in told["elements"].values())
    products = ", ".join(told["products"]) or "no product"
    seen = report.aware.strftime("%Y-%m-%d %H:%M %z")
    clock = moments.left(report.due, at)
    return f"{report.id}  {report.kind:<17}  {seen}  {clock:<22}  {told['state']:<7}  {given}/4 elements  {products}"


@intake_command.command("show")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print the record, schema onlabel.report/1.")
@queue_option
@click.pass_obj
def show_command(root: Path | None, /, id: str, as_json: bool, place: str | None) -> None:
    """Show the report whose id begins with ID: the words, the clock, and what they hold of a valid case.

    \b
    Example:
      onlabel intake show a0d45d30
    """
    report = open_queue(root, place).find(id)
    if report.purged:
        told = f"drained {report.drained}, words deleted {report.purged}, sha256 {report.sha256}"
        click.echo(_json(_ghost(report)) if as_json else f"{report.id}  {report.kind}  {told}")
        return
    click.echo(_json(report.body) if as_json else "\n".join(_drawn(report, moments.now())))


def _ghost(report: Stored) -> dict[str, Any]:
    """What is left of a report whose words were deleted."""
    times = {"aware": moments.utc_text(report.aware), "drained": report.drained, "purged": report.purged}
    return {"id": report.id, "class": report.kind.value, "batch": report.batch, **times, "sha256": report.sha256}


def _drawn(report: Stored, at: dt.datetime) -> list[str]:
    from assistant.serving.terminal_text import printable

    body = report.body
    clock = "" if report.drained else f"  ({moments.left(report.due, at)})"
    lines = [
        f"report    {report.id}  {report.kind}  {report.state}{'  in batch ' + report.batch if report.batch else ''}",
        f"aware     {body['aware']['local']}  ({body['aware']['utc']})",
        f"due       {moments.utc_text(report.due)}{clock}",
        f"flags     {', '.join(body['flags'])}",
        f"context   {' '.join(body['context'].values())}{'  preview' if body['preview'] else ''}",
        f"products  {printable(', '.join(body['products'])) or 'none named'}",
    ]
    for name, element in body["elements"].items():
        lines.append(f"{name:<9} {element['status'].replace('_', ' ')}")
        lines += [f"          {_quoted(found)}" for found in element["found"]]
    return [*lines, "words", *(f"  {printable(line)}" for line in body["words"].splitlines())]


def _quoted(found: dict[str, Any]) -> str:
    from assistant.serving.terminal_text import printable

    words = f' "{printable(found["words"])}"' if found["words"] else ""
    meaning = f" = {printable(found['value'])}" if found["value"] else ""
    return f"{found['status']}: {found['what']}{words}{meaning}"


@intake_command.command("drain")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder the files go to."
)
@click.option("--format", "form", type=click.Choice(_FORMS), default="jsonl", help="Default: jsonl.")
@click.option("--sender", default="", metavar="NAME", help="The company, for the case ids of E2B (C.1.1, C.3.2).")
@queue_option
@click.pass_obj
def drain_command(root: Path | None, /, out: Path, form: str, sender: str, place: str | None) -> None:
    """Write what waits to files, in batches that stay the same until they are confirmed.

    E2B is a skeleton for the safety department to complete and validate, not a submission. A batch that nobody has
    confirmed is written again, byte for byte, whatever format is asked for now.

    \b
    Example:
      onlabel intake drain --out reports --format both --sender ACME
    """
    from assistant.trust.intake.exports import FolderSink, Form, renderer

    chosen, queue = Form(form), open_queue(root, place)
    # Whether a batch arrived the receiver alone can say: `intake confirm`.
    handed = queue.drain(FolderSink(out), lambda _: False, renderer(chosen, sender), chosen.classes)
    for batch in handed:
        click.echo("\n".join([f"{batch.id}  {batch.reports} reports", *_files(batch)]))
    if handed:
        click.echo("when they have arrived: onlabel intake confirm BATCH", err=True)
    else:
        click.echo("nothing was written: no report waits that can leave in this format", err=True)
    waiting = queue.waiting()
    if chosen is Form.E2B and any(report.state == "waiting" for report in waiting):
        click.echo("complaints about a product alone are no cases and go on waiting: drain them as jsonl", err=True)
    _refuse_unsound(waiting)


def _files(batch: Batch) -> list[str]:
    return [f"  {file.sha256}  {file.name}" for file in batch.files]


@intake_command.command("confirm")
@click.argument("batch")
@queue_option
@click.pass_obj
def confirm_command(root: Path | None, /, batch: str, place: str | None) -> None:
    """Say that the safety department has BATCH: its reports are drained and never leave again.

    \b
    Example:
      onlabel intake confirm 3d030f4322-000001
    """
    confirmed = open_queue(root, place).confirm(batch)
    click.echo(f"{confirmed.id}  {confirmed.reports} reports drained  {confirmed.confirmed}")


@intake_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fail-overdue", is_flag=True, help="Exit 1 if a report is overdue, for monitoring.")
@queue_option
@click.pass_context
def status_command(ctx: click.Context, /, as_json: bool, fail_overdue: bool, place: str | None) -> None:
    """Tell how many reports wait, since when, and when the next is due.

    \b
    Example:
      onlabel intake status --fail-overdue || notify-safety
    """
    at = moments.now()
    standing = open_queue(ctx.obj, place).status(at)
    click.echo(_json(_counted(standing)) if as_json else "\n".join(_told(standing, at)))
    if fail_overdue and standing.overdue:
        ctx.exit(1)


def _counted(standing: Standing) -> dict[str, Any]:
    oldest = standing.oldest
    return {
        "schema": "onlabel.intake-status/1",
        "waiting": standing.waiting,
        "claimed": standing.claimed,
        "drained": standing.drained,
        "overdue": standing.overdue,
        "oldest": moments.utc_text(oldest.aware) if oldest else None,
        "next_due": moments.utc_text(standing.next_due) if standing.next_due else None,
        "unconfirmed": [{"batch": batch.id, "reports": batch.reports} for batch in standing.unconfirmed],
    }


def _told(standing: Standing, at: dt.datetime) -> list[str]:
    lines = [f"waiting   {standing.waiting}, and {standing.claimed} in batches that nobody has confirmed"]
    if standing.oldest is not None:
        lines.append(f"oldest    {moments.local_text(standing.oldest.aware)}")
        lines.append(f"overdue   {standing.overdue}")
    if standing.next_due is not None:
        lines.append(f"next due  {moments.utc_text(standing.next_due)}  ({moments.left(standing.next_due, at)})")
    lines.append(f"drained   {standing.drained}")
    return lines + [f"confirm   {batch.id}  {batch.reports} reports" for batch in standing.unconfirmed]


@intake_command.command("purge")
@click.option("--drained-before", required=True, metavar="DATE", help="Reports drained before this day, UTC.")
@queue_option
@click.pass_obj
def purge_command(root: Path | None, /, drained_before: str, place: str | None) -> None:
    """Delete the words of drained reports; their ids, times and hashes stay.

    \b
    Example:
      onlabel intake purge --drained-before 2026-11-01
    """
    try:
        day = dt.date.fromisoformat(drained_before)
    except ValueError as error:
        raise UsageError(f"{drained_before!r} is no date: write it as 2026-11-01") from error
    click.echo(f"{open_queue(root, place).purge(day)} reports purged")


def _json(fields: dict[str, Any]) -> str:
    # ASCII: no character of a reporter's words can end the line or act on a terminal.
    return json.dumps(fields, ensure_ascii=True)
