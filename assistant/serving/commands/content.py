"""``init``, ``import``, ``check``, ``build``: from files to an index."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from assistant.errors import ContentError, UsageError
from assistant.workspace import SETTINGS_FILE, Workspace, starter_root


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init_command(folder: Path) -> None:
    """Make FOLDER a new workspace: settings, policy, notices and templates, ready for content.

    \b
    Example:
      onlabel init w
      onlabel -w w import spl eliquis.xml
      onlabel -w w build
      onlabel -w w ask "eliquis with food?"
    """
    if (folder / SETTINGS_FILE).exists():
        raise UsageError(f"{folder} is a workspace already")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder")
    shutil.copytree(starter_root(), folder, dirs_exist_ok=True)
    click.echo(f"{folder} is ready: import labels with `onlabel -w {folder} import spl FILE...`", err=True)


@click.group("import")
def import_command() -> None:
    """Bring real FDA labels into approved_corpus/.

    \b
    Example:
      onlabel -w w import spl downloads/*.xml
      onlabel -w w import openfda drug-label-0001-of-0013.json
    """


_FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
)


@import_command.command("spl")
@_FILES
@click.pass_obj
def import_spl(root: Path | None, files: tuple[Path, ...]) -> None:
    """Import Structured Product Labeling XML FILES, as DailyMed gives them out.

    \b
    Example:
      onlabel -w w import spl eliquis.xml
    """
    from assistant.content.spl.importing import read_spl
    from assistant.content.writing import DocumentDraft, write_document

    workspace = Workspace.find(root)

    def drafts(path: Path) -> Iterable[DocumentDraft]:
        yield read_spl(path.read_bytes(), path.name)

    _import(workspace, files, drafts, write_document)


@import_command.command("openfda")
@_FILES
@click.pass_obj
def import_openfda(root: Path | None, files: tuple[Path, ...]) -> None:
    """Import openFDA drug label FILES: JSON (an API reply), JSONL, either also as .gz.

    \b
    Example:
      onlabel -w w import openfda labels.jsonl.gz
    """
    from assistant.content.openfda.importing import read_openfda
    from assistant.content.writing import write_document

    _import(Workspace.find(root), files, read_openfda, write_document)


def _import(
    workspace: Workspace, files: tuple[Path, ...], read: Callable[..., Iterable[object]], write: Callable[..., Path]
) -> None:
    documents = passages = failed = 0
    for number, path in enumerate(files, start=1):
        _progress(number, len(files), path.name)
        before = documents
        try:
            for draft in read(path):
                write(workspace.corpus, draft)
                documents += 1
                passages += len(draft.passages)  # type: ignore[attr-defined]
            if documents == before:
                raise ContentError("holds no label", path)
        except ContentError as error:
            _clear()
            click.echo(f"not imported: {error}", err=True)
            failed += 1
    _clear()
    if documents:
        click.echo(f"imported {documents} documents with {passages} passages; next: `onlabel build`", err=True)
    if failed:
        raise ContentError(f"{failed} of {len(files)} files were not imported whole (see above)")


@click.command("check")
@click.pass_obj
def check_command(root: Path | None) -> None:
    """List every fault in content, templates and policy, with file and line. Exit 1 if any keeps it from being used.

    \b
    Example:
      onlabel -w w check
    """
    from assistant.building import gather

    workspace = Workspace.find(root)
    gathered = gather(workspace, dt.date.today())
    for fault in gathered.faults:
        click.echo(fault.show(workspace.root))
    notes = len(gathered.faults) - len(gathered.errors)
    click.echo(
        f"{len(gathered.corpus.documents)} documents, {len(gathered.corpus.passages)} passages, "
        f"{len(gathered.templates)} templates: {len(gathered.errors)} faults, {notes} notes",
        err=True,
    )
    if gathered.errors:
        raise click.exceptions.Exit(1)


@click.command("build")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads for embedding. Default: every core.")
@click.pass_obj
def build_command(root: Path | None, threads: int | None) -> None:
    """Compile content and templates into index/; only texts that changed are embedded again.

    \b
    Example:
      onlabel build
    """
    from assistant.building import build_workspace

    workspace = Workspace.find(root)
    began = time.monotonic()
    report = build_workspace(workspace, dt.date.today(), _progress, threads or os.cpu_count() or 1)
    _clear()
    click.echo(
        f"built {report.passages} passages of {report.documents} documents in {time.monotonic() - began:.1f} s: "
        f"{report.vectors} vectors, {report.embedded} texts embedded, {report.reused} reused "
        f"(index {report.fingerprint[:12]})",
        err=True,
    )


_last_shown = 0.0


def _progress(done: int, total: int, what: str) -> None:
    """Progress on one line of a terminal, at most ten times a second; nothing when stderr is piped."""
    global _last_shown
    now = time.monotonic()
    if sys.stderr.isatty() and (now - _last_shown > 0.1 or done == total):
        _last_shown = now
        share = done / max(1, total)
        bar = "#" * round(24 * share)
        click.echo(f"\r[{bar:<24}] {share:4.0%} {done}/{total} {what[:30]:<30}", nl=False, err=True)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r" + " " * 75 + "\r", nl=False, err=True)
