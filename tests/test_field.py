"""The whole way with the real model: signed, sealed, installed, asked, proved elsewhere, withdrawn by mail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assistant.errors import OnlabelError
from assistant.serving.commands import onlabel
from assistant.trust import keys
from assistant.trust.standalone import onlabel_verify

QUESTION = "zorvanta with clarithromycin?"
REPORT = "my patient got jaundice on zorvanta"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command in this process; an error that it raises on purpose is raised."""
    patch = pytest.MonkeyPatch()
    patch.setenv("ONLABEL_KEY_PASSPHRASE", "correct horse battery")
    patch.setenv("ONLABEL_KEYS", str(tmp_path_factory.mktemp("keys")))
    patch.setattr(keys, "KDF_ROUNDS", 1)

    def runs(*arguments: object) -> Result:
        result = CliRunner().invoke(onlabel, [str(part) for part in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    yield runs
    patch.undo()


@pytest.fixture(scope="module")
def field(run: Run, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the workspace ``w``, its ``publication``, the trusted ``root.json`` and an install, ``laptop``."""
    at = tmp_path_factory.mktemp("field")
    w, publication, folder = at / "w", at / "publication", at / "keys"
    shutil.copytree(sample, w, ignore=shutil.ignore_patterns("audit", "intake"))
    people = (("jane", "Jane Roe, MD", "medical"), ("ravi", "Ravi Patel", "legal"), ("mei", "Mei Chen", "regulatory"))
    for key, name, role in people:
        run("keys", "new", key, "--name", name, "--folder", folder)
        run("-w", w, "keys", "enrol", folder / f"{key}.pub.json", "--role", role)
    (at / "golden.txt").write_text(f"{QUESTION}\n{REPORT}\n", encoding="utf-8")
    run("-w", w, "release", "golden", at / "golden.txt")
    for key, _, role in people:
        run("-w", w, "approve", "--all-waiting", "--role", role, "--key", folder / key, "--yes")
    both = ("--root-key", folder / "jane.pub.json", "--root-key", folder / "ravi.pub.json")
    run("release", "init", publication, *both, "--threshold", 2)
    for place in (publication, at / "stage"):
        if place != publication:
            run("-w", w, "release", "build", "--name", "spring", "--number", 1, "--for", publication, "--out", place)
        for key in ("jane", "ravi"):
            run("release", "sign", place, "--key", folder / key)
    run("release", "publish", at / "stage", publication)
    shutil.copy(publication / "metadata" / "1.root.json", at / "root.json")
    run("release", "install", publication, "--to", at / "laptop", "--root", at / "root.json")
    return at


@pytest.fixture
def laptop(field: Path, tmp_path: Path) -> Path:
    """The install, to be broken."""
    return Path(shutil.copytree(field / "laptop", tmp_path / "laptop"))


@pytest.fixture(scope="module")
def answer(field: Path, run: Run) -> bytes:
    """An answer of the install as ``ask --json`` prints it."""
    return run("-w", field / "laptop", "ask", "--json", QUESTION).stdout_bytes


def test_an_installed_release_answers_and_is_no_preview(answer: bytes) -> None:
    said = json.loads(answer)
    assert said["outcome"] == "answered"
    assert said["preview"] is False
    assert said["receipt"]["release"]["number"] == 1


def test_the_answer_is_proved_by_one_file_copied_elsewhere(field: Path, answer: bytes, tmp_path: Path) -> None:
    shutil.copy(onlabel_verify.__file__, tmp_path / "verify.py")
    (tmp_path / "answer.json").write_bytes(answer)
    command = [sys.executable, "-I", "verify.py", "answer.json", "--release", field / "publication"]
    proved = subprocess.run(
        [*map(str, command), "--root", str(field / "root.json")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert proved.returncode == 0, proved.stderr
    assert "Jane Roe, MD" in proved.stdout
    (tmp_path / "answer.json").write_bytes(answer.replace(b"clarithromycin", b"clarithromycim", 2))
    forged = subprocess.run(
        [*map(str, command), "--root", str(field / "root.json")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert forged.returncode == 4


def test_a_release_is_no_preview_of_other_days_and_contexts(laptop: Path, run: Run) -> None:
    with pytest.raises(OnlabelError, match="today"):
        run("-w", laptop, "ask", "--as-of", "2026-03-01", QUESTION)
    with pytest.raises(OnlabelError, match="sealed for"):
        run("-w", laptop, "ask", "--language", "de", QUESTION)


@pytest.mark.parametrize("file", ["onlabel.toml", "release.json", "golden.jsonl"])
def test_a_changed_file_of_an_install_shows_nothing(laptop: Path, run: Run, file: str) -> None:
    path = laptop / "releases" / "1" / file
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(OnlabelError, match="not as it was signed") as refused:
        run("-w", laptop, "ask", QUESTION)
    assert refused.value.exit_code == 4


def test_the_whole_answer_space_of_an_install_is_proved(laptop: Path, run: Run) -> None:
    proved = run("-w", laptop, "prove")
    assert proved.exit_code == 0, proved.output
    assert "sealed as spring 1" in proved.output


def test_a_report_waits_in_the_installs_queue_and_its_answer_in_the_log(laptop: Path, run: Run) -> None:
    shown = run("-w", laptop, "ask", REPORT).output
    assert "report" in shown
    assert run("-w", laptop, "intake", "status").output.startswith("waiting   1")
    assert "adverse_event" in run("-w", laptop, "audit", "show", "--last", 1).output
    assert run("-w", laptop, "audit", "verify").exit_code == 0
    assert run("-w", laptop, "audit", "replay", 0, "--quiet").exit_code == 0


def test_a_withdrawal_that_came_by_mail_acts_at_once(field: Path, laptop: Path, run: Run, tmp_path: Path) -> None:
    shown = json.loads(run("-w", laptop, "ask", "--json", QUESTION).stdout_bytes)
    (passage,) = (span["id"] for span in shown["spans"] if span.get("role") == "answer")
    w = Path(shutil.copytree(field / "w", tmp_path / "w"))
    run(
        "-w", w, "withdraw", passage, "--reason", "out of date", "--role", "medical", "--key", field / "keys" / "jane",
        "--yes", "--export", tmp_path / "mail.json",
    )  # fmt: skip
    run("release", "apply-withdrawals", tmp_path / "mail.json", "--to", laptop)
    after = json.loads(run("-w", laptop, "ask", "--json", QUESTION).stdout_bytes)
    assert passage not in {span["id"] for span in after["spans"]}
    assert passage not in {choice["id"] for choice in after["choices"]}
    for number in (0, 1):  # before and after the withdrawal: each as it was
        assert run("-w", laptop, "audit", "replay", number, "--quiet").exit_code == 0
    run("release", "update", laptop, "--from", field / "publication")
    again = json.loads(run("-w", laptop, "ask", "--json", QUESTION).stdout_bytes)
    assert passage not in {span["id"] for span in again["spans"]}


def test_what_is_not_approved_is_not_sealed(field: Path, run: Run, tmp_path: Path) -> None:
    w = Path(shutil.copytree(field / "w", tmp_path / "w"))
    shutil.rmtree(w / "approvals" / "signed")
    arguments = ("--name", "x", "--number", 2, "--for", field / "publication", "--out", tmp_path / "stage")
    with pytest.raises(OnlabelError, match="not approved"):
        run("-w", w, "release", "build", *arguments)
    assert not (tmp_path / "stage").exists()
