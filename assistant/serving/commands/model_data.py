"""``model audit-data``: what is wrong with labelled questions, before a model learns it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import NotReadyError
from assistant.serving.commands.model import clear_progress, show_progress, write_report

if TYPE_CHECKING:
    from assistant.training.dataset import Dataset

_OUT = click.Path(path_type=Path, dir_okay=False)


@click.command("audit-data")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH...")
@click.option("--html", "page", type=_OUT, metavar="FILE", help="Write the whole report as one page, without scripts.")
@click.option("--json", "record", type=_OUT, metavar="FILE", help="Write every finding as JSON.")
@click.option(
    "--bar",
    type=click.FloatRange(0, 1),
    default=0.9,
    metavar="SCORE",
    show_default=True,
    help="The score below which the data fails and the exit code is 1.",
)
@click.option(
    "--second",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Some of the questions, labelled a second time by somebody else: tells how far the two agree.",
)
def audit_data_command(
    paths: tuple[Path, ...], page: Path | None, record: Path | None, bar: float, second: Path | None
) -> None:
    """Look for duplicates, contradictions, leaks, personal data and wrong labels in labelled questions (JSONL).

    \b
    Example:
      onlabel model audit-data training_data/utterances --html audit.html
    """
    try:
        from assistant.training.data_audit.auditing import audit
        from assistant.training.data_audit.report import as_html, as_json, as_text
    except ModuleNotFoundError as error:
        raise NotReadyError(f'{error.name} is not installed; run: pip install "onlabel[train]"') from error
    from assistant.training.dataset import read_what_can_be_read

    dataset, unreadable = read_what_can_be_read(paths)
    audited = audit(dataset, unreadable=unreadable, progress=show_progress)
    clear_progress()
    click.echo(as_text(audited, bar), nl=False)
    if second:
        _say_agreement(dataset, read_what_can_be_read([second])[0])
    if page:
        write_report(page, as_html(audited, bar))
    if record:
        write_report(record, json.dumps(as_json(audited, bar), ensure_ascii=False, indent=1) + "\n")
    if not audited.passes(bar):
        raise click.exceptions.Exit(1)


def _say_agreement(first: Dataset, second: Dataset) -> None:
    from assistant.training.data_audit.agreement import agreement

    click.echo(f"\nlabelled twice: {len(second.utterances)} questions")
    for found in agreement(first, second):
        click.echo(f"  {found.label:<32} agreed {found.agreed:6.1%}   Cohen's kappa {found.kappa:.3f}")
