"""``release init``, ``golden``, ``build``: from keys and a workspace to a stage."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.building import Gathered
    from assistant.releases.building import Review
    from assistant.trust.keys import PublicKey

_PUBLIC = click.Path(path_type=Path, exists=True, dir_okay=False)
_STAGE = click.Path(path_type=Path, file_okay=False)


def read_keys(files: Sequence[Path]) -> list[PublicKey]:
    """The public keys in ``files``."""
    from assistant.trust.keys import read_public

    return [read_public(file) for file in files]


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--root-key", "root_keys", multiple=True, required=True, type=_PUBLIC, help="Public key that may change keys."
)
@click.option("--threshold", type=click.IntRange(1), required=True, help="How many root keys must sign.")
@click.option(
    "--targets-key", "targets_keys", multiple=True, type=_PUBLIC, help="May sign releases. Default: root keys."
)
@click.option("--targets-threshold", type=click.IntRange(1), help="How many must sign a release. Default: --threshold.")
@click.option(
    "--timestamp-key", "timestamp_keys", multiple=True, type=_PUBLIC, help="May renew. Default: targets keys."
)
@click.option(
    "--timestamp-threshold", type=click.IntRange(1), default=1, show_default=True, help="How many must renew."
)
def init_command(
    folder: Path,
    root_keys: tuple[Path, ...],
    threshold: int,
    targets_keys: tuple[Path, ...],
    targets_threshold: int | None,
    timestamp_keys: tuple[Path, ...],
    timestamp_threshold: int,
) -> None:
    """Make FOLDER a publication: its root of trust, still unsigned, says who may sign what.

    \b
    Example:
      onlabel release init publication --root-key jane.pub.json --root-key ravi.pub.json --threshold 2
      onlabel release sign publication --key ~/keys/jane
      onlabel release sign publication --key ~/keys/ravi
    """
    from assistant.releases.publishing import init_publication
    from assistant.releases.repository import Roles

    roots = read_keys(root_keys)
    targets = read_keys(targets_keys) or roots
    roles = Roles(
        roots,
        threshold,
        targets,
        targets_threshold or (threshold if not targets_keys else 1),
        read_keys(timestamp_keys) or targets,
        timestamp_threshold,
    )
    root = init_publication(folder, roles, dt.datetime.now(dt.UTC))
    click.echo(
        f"{root} has to be signed by {threshold} root keys: `onlabel release sign {folder} --key FILE`", err=True
    )


@click.command("golden")
@click.argument("questions", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def golden_command(root: Path | None, questions: Path) -> None:
    """Ask QUESTIONS (a line each, or JSONL with question and context) and record the answers as golden.jsonl.

    \b
    Example:
      onlabel -w w release golden questions.txt
      onlabel -w w approve golden:golden.jsonl --role medical --key ~/keys/jane
    """
    from assistant.pipeline import Assistant
    from assistant.releases import golden
    from assistant.releases.going_live import asker
    from assistant.trust import disk
    from assistant.trust.audit import Unrecorded

    workspace = Workspace.find(root)
    asked = golden.questions_of(questions.read_bytes())
    assistant = Assistant.open(workspace.root, audit=Unrecorded())
    given = [(question, assistant.context().as_json() | context) for question, context in asked]
    with disk.settling(f"{golden.FILE} cannot be written"):
        disk.write_whole(workspace.root / golden.FILE, golden.record(asker(assistant), given))
    click.echo(f"{len(asked)} golden questions in {workspace.root / golden.FILE}: have them approved", err=True)


@click.command("build")
@click.option("--name", required=True, help="What people call the release, e.g. spring.")
@click.option("--number", type=click.IntRange(1), required=True, help="Higher than every release before.")
@click.option(
    "--for",
    "publication",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The publication that it is for: its root of trust says who signs.",
)
@click.option(
    "--out", "stage", type=click.Path(path_type=Path, file_okay=False), required=True, help="The stage to make."
)
@click.option("--warn-days", type=click.IntRange(1, 3660), default=30, help="Fresh for so long. Default: 30.")
@click.option(
    "--stop-days", type=click.IntRange(0, 3660), default=30, show_default=True, help="Then warns for so long."
)
@click.option(
    "--tolerate", type=click.IntRange(0), default=0, show_default=True, help="Golden questions that may be asked back."
)
@click.pass_obj
def build_command(
    root: Path | None,
    name: str,
    number: int,
    publication: Path,
    stage: Path,
    warn_days: int,
    stop_days: int,
    tolerate: int,
) -> None:
    """Put the workspace's release on a stage: everything in it has to be approved, and the index up to date.

    \b
    Example:
      onlabel -w w release build --name spring --number 7 --for publication --out stage
    """
    from assistant.releases.building import Order, build_release
    from assistant.trust.installed.description import Offline

    workspace = Workspace.find(root)
    offline = Offline(warn_days=warn_days, stop_days=stop_days)
    order = Order(name, number, publication, stage, offline, tolerate)
    report = build_release(workspace, order, dt.datetime.now(dt.UTC), reviewed=reviewed)
    if not report.description.golden.questions:
        click.echo(
            "note: no golden questions (`onlabel release golden`): nothing shows that laptops answer alike", err=True
        )
    click.echo(f"release {name} {number}: {report.files} files, {report.size / 1e6:.1f} MB", err=True)
    click.echo(f"next: `onlabel release sign {stage} --key FILE`", err=True)


def reviewed(workspace: Workspace, gathered: Gathered, now: dt.datetime) -> Review:
    """How the content stands with its reviewers: what is withdrawn needs no signature, nothing brings it back."""
    from assistant.releases.building import Review
    from assistant.serving.approval_desk import Desk
    from assistant.serving.approval_text import says
    from assistant.trust.approvals.manifest import manifest
    from assistant.trust.approvals.standing import State

    desk = Desk.over(workspace, gathered)
    found = desk.standing(now)
    open_ = [entry for entry in found.subjects if entry.state not in (State.APPROVED, State.WITHDRAWN)]
    waiting = [f"{entry.subject.ref.kind} {entry.subject.ref.id}: {says(entry)}" for entry in open_]
    faults = [f"approvals/{fault.path.as_posix()}: {fault.message}" for fault in found.faults]
    return Review((*faults, *waiting), manifest(desk.subjects, desk.roster, gathered.policy.approvals))
