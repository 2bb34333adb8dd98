"""Faults and changes that a soak puts in from outside while the service runs, and when: what they explain is no fault.

The service is not touched: the system refuses it the disk, another process holds its log, an operator builds the index
anew or puts a damaged one in place.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sample_server import REPOSITORY, Server, uses

from assistant.answering.index import CURRENT, LEDGER, current_generation
from assistant.workspace import Workspace

#: A passage that is changed and changed back, so that each build makes another index.
_CHANGED = Path("approved_corpus", "zorvanta-us-leaflet", "storage.md")
_ADDED = b" Ask your pharmacist if you are not sure."
_DAMAGED = "0" * 16
#: A service looks every two seconds whether there is something new; opening it takes longer on a busy machine.
_NOTICED_WITHIN = 20.0


@dataclass(slots=True)
class Window:
    """From when to when a fault may show."""

    name: str
    begun: float
    ended: float = float("inf")

    def explains(self, begun: float, ended: float) -> bool:
        """Whether what lasted from ``begun`` to ``ended`` was under way meanwhile."""
        return self.begun <= ended and begun <= self.ended


class Troubles:
    """Puts them in one after the other, each when so much of the soak is done.

    :param done: the share of the soak that is done.
    """

    def __init__(self, server: Server, done: Callable[[], float], builds: int) -> None:
        self.windows: list[Window] = []
        self.builds = 0
        self.skipped: list[str] = []
        self.failed: list[str] = []
        self._server = server
        self._root = server.root
        self._done = done
        build = [((number + 0.5) / builds, self._build) for number in range(builds)]
        self._plan: Sequence[tuple[float, Callable[[], Awaitable[None]]]] = sorted(
            [*build, (0.22, self._no_disk), (0.42, self._log_held), (0.62, self._no_disk), (0.82, self._damaged_index)],
            key=lambda step: step[0],
        )

    async def run(self) -> None:
        """Until all were put in."""
        for share, put_in in self._plan:
            while self._done() < share:
                await asyncio.sleep(0.05)
            await put_in()

    def explains(self, begun: float, ended: float) -> Window | None:
        """The fault that a response may come from."""
        return next((window for window in self.windows if window.explains(begun, ended)), None)

    async def _build(self) -> None:
        """Change a passage and build, as a content owner does; nobody may notice."""
        path = self._root / _CHANGED
        text = path.read_bytes()
        path.write_bytes(text.replace(_ADDED, b"") if _ADDED in text else text.rstrip(b"\n") + _ADDED + b"\n")
        building = await asyncio.create_subprocess_exec(
            sys.executable, str(REPOSITORY / "cli.py"), "-w", str(self._root), "build", "--threads", "1",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await building.communicate()
        if building.returncode:
            self.failed.append(f"build: {said.decode(errors='replace')[-500:]}")
        self.builds += 1

    async def _no_disk(self) -> None:
        """For some seconds every write to a file fails, in every process that answers."""
        try:
            from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
        except ImportError:
            self.skipped.append("no room on the disk (needs Linux)")
            return
        window = self._begin("no room on the disk")
        processes = [use.pid for use in uses(self._server.pid)]
        for pid in processes:
            prlimit(pid, RLIMIT_FSIZE, (0, RLIM_INFINITY))
        await asyncio.sleep(3)
        for pid in processes:
            prlimit(pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
        window.ended = time.monotonic()

    async def _log_held(self) -> None:
        """Another process holds the audit log for longer than a record waits for it."""
        window = self._begin("the log is held by another process")
        place = Workspace(self._root).audit_log
        with sqlite3.connect(place, isolation_level=None) as database:
            database.execute("PRAGMA busy_timeout = 5000")
            database.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(12)
            database.execute("ROLLBACK")
        database.close()
        window.ended = time.monotonic()

    async def _damaged_index(self) -> None:
        """An index that fails its proof is put in use, then the one before again."""
        index = self._root / "index"
        good = current_generation(index)
        assert good is not None
        shutil.copytree(good, index / _DAMAGED)
        with (index / _DAMAGED / LEDGER).open("r+b") as ledger:
            ledger.truncate(5000)
        window = self._begin("an index that fails its proof")
        _put_in_use(index, _DAMAGED)
        if not await self._ready(False):
            self.failed.append("a damaged index was not noticed")
        await asyncio.sleep(2)
        _put_in_use(index, good.name)
        if not await self._ready(True):
            self.failed.append("no answers again after a damaged index was taken away")
        window.ended = time.monotonic()
        shutil.rmtree(index / _DAMAGED, ignore_errors=True)

    def _begin(self, name: str) -> Window:
        window = Window(name, time.monotonic())
        self.windows.append(window)
        return window

    async def _ready(self, wanted: bool) -> bool:
        """Whether all processes come to say so in time: of several it is chance which one answers."""
        begun, alike = time.monotonic(), 0
        while alike < 20 and time.monotonic() - begun < _NOTICED_WITHIN:
            alike = alike + 1 if await asyncio.to_thread(self._server.ready) is wanted else 0
            await asyncio.sleep(0.1)
        return alike >= 20


def _put_in_use(index: Path, name: str) -> None:
    pointer = index / f".{CURRENT}"
    pointer.write_text(f"{name}\n", encoding="ascii")
    pointer.replace(index / CURRENT)
