"""``doctor``: what is installed, what model and index are, and whether this machine decides as the one that built."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.errors import NotReadyError, OnlabelError
from assistant.trust.record_places import shown
from assistant.workspace import SHIPPED_MODEL, Workspace

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

_PACKAGES = ("llama-cpp-python", "faiss-cpu", "jinja2", "numpy", "lxml", "pydantic", "click")
#: How far a vector made here may lie from the one made at build time before decisions may differ.
_TOLERANCE = 1e-3
_SAMPLED = 25


@dataclass(frozen=True, slots=True)
class _Finding:
    mark: str
    what: str
    says: str


@click.command("doctor")
@click.pass_obj
def doctor_command(root: Path | None) -> None:
    """Tell what is installed, what the model and the index are, and whether they fit together here.

    \b
    Example:
      onlabel doctor
    """
    worst: OnlabelError | None = None
    try:
        for finding in _findings(Workspace.find(root)):
            click.echo(f"{finding.mark:<4} {finding.what:<12} {finding.says}")
    except OnlabelError as error:
        click.echo(f"BAD  {error}")
        worst = error
    if worst is not None:
        raise click.exceptions.Exit(worst.exit_code)


def _findings(workspace: Workspace) -> Iterator[_Finding]:
    yield _Finding("ok", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _Finding("ok", "onlabel", _version("onlabel"))
    yield _Finding("ok", "packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES))
    yield _Finding("ok", "workspace", f"{workspace.root}")
    settings = workspace.settings
    yield _Finding(
        "ok", "context", f"{settings.context.audience}, {settings.context.market}, {settings.context.language}"
    )
    yield from _model_and_index(workspace)
    yield _Finding("ok", "audit", shown(workspace.audit_log))
    yield _Finding("ok", "reports", shown(workspace.intake_queue))
    if any(name in sys.modules for name in ("torch", "transformers")):
        yield _Finding("BAD", "torch", "is loaded on the asking path")


def _model_and_index(workspace: Workspace) -> Iterator[_Finding]:
    from assistant.pipeline import Assistant
    from assistant.trust.ledger import Ledger

    assistant = Assistant.open(workspace.home or workspace.root)
    if assistant.release is None:
        yield _Finding(*_shipped(workspace.model_file))
    else:
        description, standing = assistant.release.description, assistant.release.standing
        mark = "ok" if standing.state == "fresh" else "note"
        yield _Finding(mark, "release", f"{description.name} {description.number}, {standing.says}")
        yield _Finding("ok", "model", f"{assistant.release.model.name}, as sealed with the release")
    counts = ", ".join(f"{number} {name}" for name, number in assistant.index.counts.items())
    yield _Finding("ok", "index", f"{assistant.index.fingerprint[:12]}: {counts}")
    with Ledger.open(assistant.index.ledger_file) as ledger:
        ledger.check()
        yield _Finding("ok", "ledger", f"{ledger.fingerprint[:12]}, whole")
    if assistant.release is None:
        stale = _stale(workspace)
        says = f"changed since the build: {stale}" if stale else "as built"
        yield _Finding("note" if stale else "ok", "content", says)
    yield _decides_alike(assistant)


def _shipped(model: Path) -> tuple[str, str, str]:
    """Whether the shipped model is the one that its card names."""
    from assistant.canonical import sha256_hex

    sums = model.parent / "SHA256SUMS"
    if model.name != SHIPPED_MODEL or not sums.is_file():
        return "ok", "model", f"{model} (not the one that ships with Onlabel)"
    digest = sha256_hex(model.read_bytes())
    if digest not in sums.read_text(encoding="ascii"):
        raise NotReadyError(f"{model} is not the model that its SHA256SUMS names: install Onlabel again")
    return "ok", "model", f"{model.name}, sha256 {digest[:12]} as published"


def _stale(workspace: Workspace) -> str:
    """A file that is newer than the index, if any."""
    from assistant.answering.index import CURRENT

    built = (workspace.index / CURRENT).stat().st_mtime_ns
    for folder in (workspace.corpus, workspace.templates):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.stat().st_mtime_ns > built:
                return f"{path.relative_to(workspace.root)}; run `onlabel build`"
    return ""


def _decides_alike(assistant: Assistant) -> _Finding:
    """Embed some of the index's example questions again and compare."""
    flips, apart, sampled = assistant.self_check(_SAMPLED)
    says = f"{sampled} example questions embedded again: {flips} decided differently, largest difference {apart:.1e}"
    return _Finding("ok" if not flips and apart <= _TOLERANCE else "note", "decisions", says)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
