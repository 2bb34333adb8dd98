"""An answer of the record given again: the same, or told where it differs; nothing recorded, nothing made up."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.errors import NotReadyError, UsageError
from assistant.pipeline import Assistant
from assistant.releases.replaying import release_folder, replay
from assistant.trust.audit import Unrecorded
from assistant.trust.log.log import AuditLog
from assistant.trust.log.records import record_of
from tests import tiny
from tests.conftest import QUICK

QUESTION = "zorvanta storage"


@pytest.fixture
def entry(quick: Assistant) -> dict[str, Any]:
    """The record of an answer, as the log keeps it."""
    made = record_of(quick.ask(QUESTION), question_policy="full", who="")
    return json.loads(json.dumps(made))


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The folder is opened with the quick encoder; where its answers were to be recorded."""
    sinks: list[object] = []

    def quickly(_: type[Assistant], root: Path, audit: Any = None, **__: object) -> Assistant:
        sinks.append(audit)
        return tiny.opened(root, QUICK, audit)

    monkeypatch.setattr(Assistant, "open", classmethod(quickly))
    return sinks


def test_the_same_question_gives_the_same_bytes(entry: dict[str, Any], quick_sample: Path) -> None:
    replayed = replay(entry, quick_sample)
    assert replayed.differences == ()
    assert replayed.answer.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("outcome", "clarify"),
        ("flags", ["attack"]),
        ("intent", "dosage"),
        ("passages", []),
        ("answer_sha256", "0" * 64),
    ],
)
def test_every_part_that_differs_is_told(entry: dict[str, Any], quick_sample: Path, key: str, value: object) -> None:
    (difference,) = replay({**entry, key: value}, quick_sample).differences
    assert difference.recorded != difference.now


def test_nothing_is_recorded(entry: dict[str, Any], quick_sample: Path, opened: list[object]) -> None:
    replay(entry, quick_sample)
    (sink,) = opened
    assert isinstance(sink, Unrecorded)


@pytest.mark.parametrize("policy", ["hash", "redacted"])
def test_a_question_that_was_not_kept_cannot_be_asked_again(
    entry: dict[str, Any], quick_sample: Path, policy: str
) -> None:
    with pytest.raises(UsageError, match=policy):
        replay({**entry, "question_policy": policy}, quick_sample)


def test_a_release_that_is_not_there_is_not_replaced_by_another(entry: dict[str, Any], quick_sample: Path) -> None:
    with pytest.raises(NotReadyError, match="release 7"):
        release_folder({**entry, "release": {"name": "spring", "number": 7}}, quick_sample)


def test_the_command_says_the_same_and_shows_the_answer(
    entry: dict[str, Any], quick_sample: Path, tmp_path: Path
) -> None:
    from assistant.serving.commands.audit import audit_command

    log = tmp_path / "a.sqlite"
    AuditLog.open(log).append(entry)
    AuditLog.open(log).append({**entry, "intent": "dosage", "time": dt.datetime.now(dt.UTC).isoformat()})
    same = CliRunner().invoke(audit_command, ["replay", "0", "--log", str(log)], obj=quick_sample)
    assert same.exit_code == 0, same.output
    assert "the same, byte for byte" in same.output
    other = CliRunner().invoke(audit_command, ["replay", "1", "--log", str(log), "--quiet"], obj=quick_sample)
    assert other.exit_code == 1
    assert "intent differs" in other.output
