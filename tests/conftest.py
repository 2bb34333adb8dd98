"""What tests share: where the evaluation data stands, and the sample workspace, built once a session."""

from __future__ import annotations

import io
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import HealthCheck, settings

from assistant.building import build_workspace
from assistant.pipeline import Assistant
from assistant.serving.commands import main
from assistant.serving.commands import onlabel as group
from assistant.understanding.readers import NearestReader
from assistant.understanding.taxonomy import read_taxonomy
from assistant.workspace import Workspace, sample_root, shipped_screen, shipped_taxonomy
from tests import postgres_server, tiny
from tests.fakes import HashEncoder, MemoryAudit

if TYPE_CHECKING:
    from assistant.serving.web.service import Service

# No test may fail because the machine was busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

REPOSITORY = Path(__file__).resolve().parent.parent
#: The day on which the sample is asked in tests: fixed, so that no test depends on the calendar.
TODAY = tiny.DAY
#: The fake encoder of the quick sample.
QUICK = HashEncoder(64)


@pytest.fixture(scope="session", autouse=True)
def _helped_as_users_are() -> None:
    """A command keeps the help option of its first call: that of ``onlabel``, whatever calls one by itself later."""
    _prime(click.Context(group, info_name="onlabel", help_option_names=["-h", "--help"]))


def _prime(context: click.Context) -> None:
    context.command.get_help_option(context)
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            _prime(click.Context(command, parent=context, info_name=name))


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a command or a server sets up for its log ends with the test that ran it."""
    loggers = [logging.getLogger(name) for name in (None, "uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(logger.handlers[:], logger.level, logger.propagate, logger.disabled) for logger in loggers]
    yield
    for logger, (handlers, level, propagate, disabled) in zip(loggers, before, strict=True):
        for handler in logger.handlers[:]:
            if handler not in handlers and not type(handler).__module__.startswith("_pytest"):
                logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


@pytest.fixture(scope="session")
def data() -> Path:
    """The evaluation data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("ONLABEL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no evaluation data in {folder}: set ONLABEL_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    """A PostgreSQL server; tests that need it skip where none can be started."""
    with postgres_server.running() as server:
        yield server


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
def quick_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample workspace built with the fake encoder: in a second, where any approved answer will do."""
    root = tmp_path_factory.mktemp("quick") / "w"
    for name in ("approved_corpus", "templates"):
        shutil.copytree(sample_root() / name, root / name)
    shutil.copy(sample_root() / "onlabel.toml", root / "onlabel.toml")
    tiny.compiled(root, QUICK, read_taxonomy(shipped_taxonomy()), shipped_screen().read_bytes())
    return root


@pytest.fixture(scope="session")
def quick(quick_sample: Path) -> Iterator[Assistant]:
    """The sample with the fake encoder, opened; its audit keeps the records in memory."""
    assistant = tiny.opened(quick_sample, QUICK)
    yield assistant
    assistant.index.close()


@pytest.fixture(scope="session")
def served_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of two passages, built with the fake encoder: what tests of the service serve."""
    root = tiny.write(tmp_path_factory.mktemp("served") / "w", [b"Store below 25 C.", b"Keep it dry."])
    tiny.compiled(root, QUICK)
    return root


@pytest.fixture
def audit() -> MemoryAudit:
    """Where ``service`` records."""
    return MemoryAudit()


@pytest.fixture
def service(served_root: Path, audit: MemoryAudit) -> Iterator[Service]:
    """A service over ``served_root``."""
    from tests.serving import service_over

    made = service_over(served_root, audit)
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def onlabel(
    quick_sample: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Ran]:
    """The real command in this process, with the fake encoder: ``onlabel("ask", "...", stdin=b"...")``."""

    def run(*arguments: str | os.PathLike[str], stdin: bytes = b"") -> Ran:
        capfdbinary.readouterr()
        with io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8") as given:
            monkeypatch.setattr("sys.stdin", given)
            monkeypatch.setattr("sys.argv", ["onlabel", *map(str, arguments)])
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    for module in ("assistant.pipeline", "assistant.building"):
        monkeypatch.setattr(f"{module}.open_encoder", lambda *_: QUICK)
    # A fake encoder has no trained heads.
    monkeypatch.setattr("assistant.pipeline.trained_reader", NearestReader)
    monkeypatch.setenv("ONLABEL_WORKSPACE", str(quick_sample))
    monkeypatch.chdir(quick_sample.parent)
    return run


@pytest.fixture(scope="session")
def assistant(sample: Path) -> Assistant:
    """The sample, opened."""
    return Assistant.open(sample)
