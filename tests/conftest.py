"""What tests share: where the evaluation data stands, and the sample workspace, built once a session."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest

from assistant.building import build_workspace
from assistant.pipeline import Assistant
from assistant.workspace import Workspace, sample_root

REPOSITORY = Path(__file__).resolve().parent.parent
#: The day on which the sample is asked in tests: fixed, so that no test depends on the calendar.
TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="session")
def data() -> Path:
    """The evaluation data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("ONLABEL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no evaluation data in {folder}: set ONLABEL_DATA")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample workspace with its index built."""
    root = tmp_path_factory.mktemp("sample") / "w"
    for name in ("approved_corpus", "templates"):
        shutil.copytree(sample_root() / name, root / name)
    shutil.copy(sample_root() / "onlabel.toml", root / "onlabel.toml")
    build_workspace(Workspace(root), TODAY, threads=os.cpu_count() or 1)
    return root


@pytest.fixture(scope="session")
def assistant(sample: Path) -> Assistant:
    """The sample, opened."""
    return Assistant.open(sample)
