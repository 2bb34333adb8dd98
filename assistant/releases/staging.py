"""A stage on its way: made beside its place, and put there whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import UsageError
from assistant.releases.repository import Repository
from assistant.trust import disk


@contextmanager
def new_stage(stage: Path) -> Iterator[Repository]:
    """A folder to make a stage in; it becomes ``stage`` when nothing went wrong, and is gone otherwise.

    :raises UsageError: ``stage`` holds something.
    """
    if stage.exists() and (not stage.is_dir() or any(stage.iterdir())):
        raise UsageError(f"{stage} is not empty: name a new folder for the stage")
    scratch = stage.with_name(f".{stage.name}.new")
    disk.remove(scratch)
    try:
        scratch.mkdir(parents=True)
        yield Repository(scratch)
        if stage.exists():
            stage.rmdir()  # an empty folder cannot be replaced on Windows
        disk.move(scratch, stage)
    finally:
        disk.remove(scratch)


def carry_roots(old: Repository, new: Repository) -> None:
    """The roots of a publication, so that a stage can be proved by itself."""
    for path in old.roots():
        disk.write_whole(new.metadata / path.name, path.read_bytes())
