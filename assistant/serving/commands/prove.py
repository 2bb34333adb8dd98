"""``prove``: everything that can ever be said, gone through and proved."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import UsageError
from assistant.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.proving.findings import SpaceProof, Violation
    from assistant.proving.proof import Progress, Used

_SHOWN = 20


@click.command("prove")
@click.option("--json", "as_json", is_flag=True, help="Print the whole proof as one JSON object.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write a page to read and sign."
)
@click.option("--ending", metavar="DAYS", type=click.IntRange(0, 3650), default=90, help="List what ends so soon.")
@click.option("--as-of", "as_of", metavar="DATE", help="The day from which on contexts may be asked. Default: today.")
@click.pass_obj
def prove_command(root: Path | None, /, as_json: bool, report: Path | None, ending: int, as_of: str | None) -> None:
    """Go through every answer that can ever be given, prove it, and list what nobody can be answered.

    Exit code 0: proved; 1: a rule is violated, each with its shortest example.

    \b
    Example:
      onlabel prove
      onlabel prove --report proof.html
      onlabel prove --json > proof.json
    """
    from assistant.proving.proof import prove
    from assistant.proving.report import html_report

    workspace = Workspace.find(root)
    began = time.monotonic()
    approved, governing = _approvals(workspace)
    proof = prove(
        workspace.home or workspace.root,
        today=_day(as_of),
        approved=approved,
        governing=governing,
        ending_days=ending,
        progress=_progress(),
    )
    if report is not None:
        report.write_text(html_report(proof, workspace.root.name), encoding="utf-8", newline="\n")
        click.echo(f"report: {report}", err=True)
    if as_json:
        click.echo(json.dumps(proof.as_json(), ensure_ascii=False))
    else:
        _say(proof)
    click.echo(f"{proof.counts.checked:,} answers made and verified in {time.monotonic() - began:.1f} s", err=True)
    if not proof.proved:
        raise click.exceptions.Exit(1)


def _approvals(workspace: Workspace) -> tuple[Callable[[Used], bool] | None, list[Used]]:
    """Whether something is approved, and what else has to be; nobody can tell where there is no roster of reviewers."""
    from assistant.trust.approvals.places import APPROVALS, ROSTER

    if workspace.home is not None or not (workspace.root / APPROVALS / ROSTER).is_file():
        return None, []
    from assistant.proving.proof import Used
    from assistant.serving.approval_desk import Desk
    from assistant.trust.approvals.standing import State

    desk = Desk.of(workspace.root, faulty=True)
    refs = [entry.subject.ref for entry in desk.standing().of(State.APPROVED)]
    exact = {Used(ref.kind, ref.id, ref.version, ref.sha256) for ref in refs}
    named = {Used(used.kind, used.id, used.version) for used in exact}
    deciding = [s.ref for s in desk.subjects if s.ref.kind not in ("passage", "template", "document")]
    return (
        lambda used: used in (exact if used.sha256 else named),
        [Used(ref.kind, ref.id, ref.version, ref.sha256) for ref in deciding],
    )


def _day(text: str | None) -> dt.date:
    if text is None:
        return dt.date.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: write it as 2026-03-01") from error


def _progress() -> Progress | None:
    """Say on a terminal how far the proof is."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int, what: str) -> None:
        click.echo(f"\r{what}: {done} of {total}", nl=done >= total, err=True)

    return show


def _say(proof: SpaceProof) -> None:
    counts = proof.counts
    verdict = "proved" if proof.proved else f"not proved: {len(proof.violations)} violations"
    click.echo(f"{verdict} ({proof.approvals})")
    click.echo(
        f"{counts.covered:,} answers covered: {counts.passages:,} passages of {counts.products:,} products, "
        f"{counts.contexts:,} contexts, {counts.intervals:,} intervals, {counts.intents:,} intents"
    )
    for violation in proof.violations[:_SHOWN]:
        click.echo(f"\n{violation.rule}  {violation.says}\n    {_where(violation)}")
    if len(proof.violations) > _SHOWN:
        click.echo(f"\nand {len(proof.violations) - _SHOWN} more: --json lists all")
    click.echo(
        f"\nopen questions: {len(proof.open)}; passages held back: {sum(len(w.passages) for w in proof.withheld)}; "
        f"gaps in time: {len(proof.gaps)}; ending soon: {len(proof.ending)}; never reached: {len(proof.idle)}"
    )
    click.echo(f"sha256 {proof.sha256}")


def _where(violation: Violation) -> str:
    example = violation.example
    if example is None:
        return "wherever it is used"
    until = f" until before {example.interval.end}" if example.interval.end else ""
    shown = f": {', '.join(example.passages)}" if example.passages else ""
    return f"{example.place}, from {example.interval.first}{until}, {example.outcome}, {example.intent}{shown}"
