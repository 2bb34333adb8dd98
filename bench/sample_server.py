"""A copy of the sample workspace, a service over it that is started for a measurement, and what its processes take.

The copy keeps its own audit log and queue of reports, synced to disk as in use. Nothing here changes what the service
does: settings go through a file for ``--config``, as an operator's would.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from speed import sample_copy
from tables import REPOSITORY

from assistant.settings import ServeSettings
from assistant.training.dataset import PRODUCT_MARK, read_dataset
from assistant.trust.log.log import AuditLog
from assistant.trust.log.records import SCHEMA as ANSWER_SCHEMA
from assistant.workspace import Workspace, sample_root

#: The sample's medicines, as people write them.
PRODUCTS = ("zorvanta", "quovendry")
#: One caller may not be told to slow down by the limit for callers: what is measured is the service.
NO_RATE = "1000000/second"
_STARTS_WITHIN = 90.0


def prepared(root: Path) -> Path:
    """A copy of the sample in ``root`` with its index; vectors that were made before are taken over."""
    if not (root / "index").is_dir():
        shutil.copytree(sample_root() / "index", root / "index", dirs_exist_ok=True)
    return sample_copy(root)


def questions(*splits: Any) -> list[str]:
    """The questions of the training data's ``splits``, all different, with each product's name where one belongs."""
    found: dict[str, None] = {}
    for utterance in read_dataset([REPOSITORY / "training_data" / "utterances"]).split(*splits):
        for product in PRODUCTS if PRODUCT_MARK in utterance.text else PRODUCTS[:1]:
            found[utterance.text.replace(PRODUCT_MARK, product)] = None
    return list(found)


def knows_setting(name: str) -> bool:
    """Whether this version has the key ``name`` in ``[serve]``."""
    return name in ServeSettings.model_fields


def cores() -> int:
    """The processor's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Server:
    """``onlabel serve`` over a workspace, on a free port of this machine."""

    def __init__(
        self, root: Path, work: Path, settings: Mapping[str, Any] | None = None, *, launcher: Sequence[str] = ()
    ) -> None:
        """:param launcher: instead of the command itself: Python's arguments before ``-w``."""
        self.root, self.port = root, _free_port()
        self.log_file = work / f"server-{self.port}.log"
        given = dict(settings or {})
        config = work / f"serve-{self.port}.toml"
        config.write_text(_toml({"rate": NO_RATE, **given}), encoding="utf-8")
        command = [sys.executable, *(launcher or [str(REPOSITORY / "cli.py")]), "-w", str(root), "serve"]
        command += ["--config", str(config), "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self._process.stderr is not None
        # Through a pipe: a fault that keeps the service from writing files must not keep it from saying so.
        self._reader = threading.Thread(target=_copied, args=(self._process.stderr, self.log_file), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def ready(self) -> bool:
        """Whether it says that it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as response:  # noqa: S310 - this machine
                return bool(response.status == 200)
        except OSError:
            return False

    def stop(self) -> int:
        """Have it answer those in line and end; its exit code."""
        if self.running:
            self._process.terminate()
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(10)
        return code

    def _wait_until_ready(self) -> None:
        begun = time.monotonic()
        while not self.ready():
            if not self.running or time.monotonic() - begun > _STARTS_WITHIN:
                said = self.log_file.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise SystemExit(f"the service did not start:\n{said}")
            time.sleep(0.2)


def _copied(source: IO[bytes], target: Path) -> None:
    with source, target.open("wb", buffering=0) as file:
        while data := source.read1(65_536):  # type: ignore[attr-defined]
            file.write(data)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _toml(settings: Mapping[str, Any]) -> str:
    """Settings as a file; numbers, truth values, strings and lists of strings look the same in TOML and JSON."""
    return "[serve]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What one process takes; memory in megabytes. ``proportional`` shares out what several processes map."""

    pid: int
    resident: float
    proportional: float
    private: float
    threads: int
    files: int


def uses(pid: int) -> list[ProcessUse]:
    """What ``pid`` and the processes below it take, those alone that hold a model; empty where there is no /proc."""
    found = [use for each in [pid, *_below(pid)] if (use := _use(each)) is not None]
    return [use for use in found if use.resident > 60] or found[:1]


def _below(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(after_name[1]), []).append(int(folder.name))
    below, look = [], [pid]
    while look:
        found = parents.get(look.pop(), [])
        below += found
        look += found
    return below


def _use(pid: int) -> ProcessUse | None:
    folder = Path(f"/proc/{pid}")
    try:
        memory = _kilobytes((folder / "smaps_rollup").read_text(encoding="utf-8"))
        status = (folder / "status").read_text(encoding="utf-8")
        files = len(os.listdir(folder / "fd"))  # noqa: PTH208 - as many as there are, not what they are
    except OSError:
        return None
    threads = int(status.partition("Threads:")[2].split()[0])
    private = sum(memory.get(key, 0) for key in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"))
    return ProcessUse(pid, memory["Rss"] / 1e3, memory["Pss"] / 1e3, private / 1e3, threads, files)


def _kilobytes(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines()[1:])
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) == 3}


def recorded_answers(root: Path) -> Counter[str]:
    """How often the answer with each receipt stands in the workspace's audit log."""
    with AuditLog.open(Workspace(root).audit_log, read_only=True) as log:
        return Counter(
            entry["receipt"]["receipt_sha256"] for _, _, entry in log.entries() if entry.get("schema") == ANSWER_SCHEMA
        )


def unrecorded(shown: Mapping[str, int], recorded: Mapping[str, int]) -> int:
    """How many answers were shown more often than they were recorded."""
    return sum(max(0, times - recorded.get(receipt, 0)) for receipt, times in shown.items())
