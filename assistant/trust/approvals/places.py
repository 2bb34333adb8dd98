"""Which files of a workspace decide what is shown, besides its content: they are signed like it.

The workspace is taken as a shape, not imported: what may be trusted stands below what stands in folders.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from assistant.trust.approvals.subjects import GoverningFile

#: Below a workspace: envelopes, withdrawals, and who may sign.
APPROVALS = "approvals"
ROSTER = "roster.yaml"
GOLDEN = "golden.jsonl"


class _Model(Protocol):
    @property
    def chooser(self) -> str: ...
    @property
    def causal_path(self) -> str: ...


class _Settings(Protocol):
    @property
    def model(self) -> _Model: ...


class WorkspaceShape(Protocol):
    """What is asked of a workspace (``assistant.workspace.Workspace`` is one)."""

    @property
    def root(self) -> Path: ...
    @property
    def settings(self) -> _Settings: ...
    @property
    def policy_file(self) -> Path: ...
    @property
    def taxonomy_file(self) -> Path: ...
    @property
    def screen_file(self) -> Path: ...
    @property
    def model_file(self) -> Path: ...


def governing_files(workspace: WorkspaceShape, shipped_taxonomy: Path) -> tuple[GoverningFile, ...]:
    """The files that decide, with the ids they are signed under: names only, so that a copy elsewhere is the same.

    :raises NotReadyError: the model is not there.
    """
    files = [
        GoverningFile("policy", "policy.yaml", workspace.policy_file),
        GoverningFile("taxonomy", "shipped-taxonomy.yaml", shipped_taxonomy),
        GoverningFile("screen", "screen.yaml", workspace.screen_file),
        GoverningFile("settings", "onlabel.toml", workspace.root / "onlabel.toml"),
        GoverningFile("model", workspace.model_file.name, workspace.model_file),
    ]
    if workspace.taxonomy_file.is_file():
        files.append(GoverningFile("taxonomy", "taxonomy.yaml", workspace.taxonomy_file))
    model = workspace.settings.model
    if model.chooser == "causal":
        causal = workspace.root / model.causal_path
        files.append(GoverningFile("model", causal.name, causal))
    if (workspace.root / GOLDEN).is_file():
        files.append(GoverningFile("golden", GOLDEN, workspace.root / GOLDEN))
    return tuple(files)
