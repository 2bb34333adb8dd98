"""``release pack``: everything that a laptop without network and compiler needs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("pack")
@click.argument("published", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--root",
    "root_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The root of trust to carry.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to make.")
@click.option("--project", required=True, help="What pip builds onlabel from: a checkout or a wheel.")
def pack_command(published: Path, root_file: Path, out: Path, project: str) -> None:
    """Put the published release, the program and every wheel it needs into one folder for this platform.

    llama.cpp is compiled for the plainest processor, which takes minutes.

    \b
    Example:
      onlabel release pack publication --root root.json \\
        --out stick/onlabel --project .
      python stick/onlabel/install.py
    """
    from assistant.releases.packing import make_pack

    click.echo("building wheels; llama.cpp is compiled, which takes minutes", err=True)
    pack = make_pack(published, root_file, project, out)
    click.echo(f"{out}: {len(pack.wheels)} wheels for {pack.platform}, {pack.size / 1e6:.0f} MB", err=True)
    click.echo(f"next, on the laptop: python {out / 'install.py'}", err=True)
