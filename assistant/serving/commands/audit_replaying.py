"""``audit replay``: an answer of the past, given again."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.serving.commands.audit import log_option, open_log


@click.command("replay")
@click.argument("number", type=click.IntRange(min=0))
@click.option(
    "--release",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The install or folder that holds the release. Default: where the record was kept.",
)
@click.option("--quiet", is_flag=True, help="Tell only whether it is the same.")
@log_option
@click.pass_obj
def replay_command(root: Path | None, /, number: int, release: Path | None, quiet: bool, place: str | None) -> None:
    """Answer what record NUMBER asked again, from the release that answered, and show any difference.

    Exit 1: it differs.

    What it shows is what was in force on the day of the record, not what may be said today.

    \b
    Example:
      onlabel -w laptop audit replay 41
    """
    from assistant.releases.replaying import mailed_withdrawals, release_folder, replay
    from assistant.serving.terminal import draw
    from assistant.workspace import Workspace

    entry = open_log(root, place).entry(number)
    kept = Workspace.find(root)
    where = release or kept.home or kept.root
    folder = release_folder(entry, where)
    replayed = replay(entry, folder, mailed_withdrawals(where))
    name = "the workspace as it is today" if entry["release"] is None else f"release {entry['release']['number']}"
    click.echo(f"replay of record {number} of {entry['time']}, for {entry['context']['date']}, from {name}", err=True)
    if not quiet:
        click.echo(draw(replayed.answer, width=80, colour=False))
    for difference in replayed.differences:
        click.echo(f"{difference.what} differs\n  recorded  {difference.recorded}\n  now       {difference.now}")
    if replayed.differences:
        raise click.exceptions.Exit(1)
    click.echo("the same, byte for byte")
