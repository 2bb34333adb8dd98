"""Several processes behind one port: one log, one count, and one that dies is begun again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant.trust.log.log import AuditLog
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX end it")

_SERVER = """
import logging, sys
from functools import partial
from assistant.serving.web import processes
from tests.serving import quick_application

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    processes.run(partial(quick_application, sys.argv[1]), 2, port=int(sys.argv[2]), log_config=None)
"""


@dataclass(frozen=True, slots=True)
class Served:
    """Two processes behind ``address`` over the workspace ``root``."""

    address: str
    root: Path

    def ask(self, question: str) -> dict[str, object]:
        """Over a connection of its own, so that either process may answer."""
        sent = {"question": question}
        got = httpx.post(f"{self.address}/v1/ask", json=sent, trust_env=False, timeout=30)
        assert got.status_code == 200, got.text
        found: dict[str, object] = got.json()
        return found

    def metric(self, name: str) -> float:
        text = httpx.get(f"{self.address}/metrics", trust_env=False, timeout=30).text
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    def processes(self) -> set[int]:
        """Those that answer, as their records of having begun say."""
        return {int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", self.said.read_text())}

    @property
    def said(self) -> Path:
        return self.root / "said.txt"


@pytest.fixture(scope="module")
def served(served_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("processes") / "w"
    shutil.copytree(served_root, root)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = root / "server.py"
    script.write_text(_SERVER)
    made = Served(f"http://127.0.0.1:{port}", root)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with made.said.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, script, root, str(port)], stderr=said, cwd=REPOSITORY, env=environment
        )
        try:
            _wait_for(process, made, 2)
            yield made
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)


def _wait_for(process: subprocess.Popen[bytes], served: Served, count: int) -> None:
    """Until ``count`` processes have begun since the first."""
    while len(re.findall("Application startup complete", served.said.read_text())) < count:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            raise AssertionError(served.said.read_text())


def test_all_of_them_record_in_one_log_and_count_together(served: Served) -> None:
    asked = [f"zed storage {number}" for number in range(12)]
    before = served.metric("onlabel_answers_total")
    for question in asked:
        served.ask(question)
    assert served.metric("onlabel_answers_total") == before + len(asked)
    assert served.metric("onlabel_ready") == 1.0
    with AuditLog.open(served.root / "audit.sqlite", read_only=True) as log:
        log.verify().insist()
        recorded = [entry["question"] for _, _, entry in log.entries()]
    assert recorded[-len(asked) :] == asked


def test_one_that_dies_is_begun_again_and_nothing_counted_is_lost(served: Served) -> None:
    served.ask("zed storage")
    before, first = served.metric("onlabel_answers_total"), served.processes()
    os.kill(min(first), signal.SIGKILL)
    while len(served.processes()) == len(first):
        with suppress(httpx.TransportError):  # a connection that the one that died had taken
            httpx.get(f"{served.address}/healthz", trust_env=False, timeout=30)
    assert served.metric("onlabel_answers_total") == before
    served.ask("zed storage")
