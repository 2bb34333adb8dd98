"""Making releases: built from what is approved and up to date, signed by enough people, published in a safe order."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from assistant.building import FaultyContentError
from assistant.domain import Flag, Outcome, Span
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.releases import golden
from assistant.releases.building import Order, Review, UnapprovedError, build_release
from assistant.releases.going_live import check_golden
from assistant.releases.installing import install, update
from assistant.releases.publishing import init_publication, publish, refresh_timestamp, roles_of, rotate_root, verify
from assistant.releases.repository import Repository
from assistant.releases.signing import missing_signatures, sign
from assistant.serving.commands.release import release_command
from assistant.trust import disk, keys
from assistant.trust.installed.description import Offline, parse_description
from assistant.trust.installed.opening import open_installed
from assistant.trust.keys import new_key, public_file
from assistant.understanding.readers import NearestReader
from assistant.workspace import Workspace
from tests import tiny
from tests.conftest import QUICK
from tests.published import DAY, NOW, Publisher, installed, signer, updated

LATER = NOW + DAY
EVERYBODY = ("targets-1", "targets-2", "timestamp")


@pytest.fixture(autouse=True)
def no_plug_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk is most of what installing costs."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "publication").begin()


# --- signing ----------------------------------------------------------------------------------------------------------


def _says(folder: Path) -> list[tuple[str, int]]:
    return [(entry.role, entry.needed) for entry in missing_signatures(folder)]


def test_each_signer_adds_to_their_roles_and_is_told_what_is_missing(publisher: Publisher) -> None:
    stage = publisher.stage(1)
    assert _says(stage) == [("targets", 2), ("snapshot", 2), ("timestamp", 1)]
    signed = sign(stage, signer("targets-3"))
    assert signed.roles == ("targets", "snapshot")
    assert [entry.role for entry in signed.missing] == ["targets", "snapshot", "timestamp"]
    assert all(signer("targets-3").keyid not in entry.keyids for entry in signed.missing)
    sign(stage, signer("targets-3"))
    assert _says(stage) == [("targets", 1), ("snapshot", 1), ("timestamp", 1)], "one key counts once"
    assert sign(stage, signer("timestamp")).roles == ("timestamp",)
    assert sign(stage, signer("targets-1")).missing == ()


def test_a_key_that_nobody_named_signs_nothing(publisher: Publisher) -> None:
    with pytest.raises(UsageError, match="may sign nothing"):
        sign(publisher.stage(1), signer("thief"))


def test_nobody_signs_for_files_that_are_not_there_as_listed(publisher: Publisher) -> None:
    stage = publisher.stage(1, {"index/a.bin": b"approved"})
    (path,) = (stage / "targets" / "index").glob("*.a.bin")
    path.write_bytes(b"slippedin")
    with pytest.raises(IntegrityError, match="not as the metadata says"):
        sign(stage, signer("targets-1"))


def test_thresholds_and_keys_have_to_fit(tmp_path: Path) -> None:
    for names, match in ((("a",), "2 of 1"), (("a", "a"), "named twice")):
        with pytest.raises(UsageError, match=match):
            Publisher(tmp_path / "p", root=names).begin()
    publisher = Publisher(tmp_path / "publication").begin()
    with pytest.raises(UsageError, match="rotate-root"):
        init_publication(publisher.folder, publisher.roles(), NOW)


# --- publishing -------------------------------------------------------------------------------------------------------


def test_only_what_is_signed_by_enough_is_published(publisher: Publisher) -> None:
    stage = publisher.stage(1)
    publisher.sign(stage, ("targets-1", "timestamp"))
    with pytest.raises(NotReadyError, match="targets: 1 more signature of"):
        publish(stage, publisher.folder, NOW)
    assert not (publisher.folder / "metadata" / "timestamp.json").exists()


def test_the_timestamp_comes_last_and_files_come_first(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = publisher.stage(1)
    publisher.sign(stage, EVERYBODY)
    order: list[str] = []
    copy = disk.copy_settled

    def watched(source: Path, target: Path) -> None:
        order.append(target.parent.name if target.parent.name == "metadata" else "file")
        order.append(target.name) if target.parent.name == "metadata" else None
        copy(source, target)

    monkeypatch.setattr(disk, "copy_settled", watched)
    publish(stage, publisher.folder, NOW)
    named = [entry for entry in order if entry not in ("metadata", "file")]
    assert named == ["1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"]
    assert "file" not in order[order.index("metadata") :]


def test_a_publishing_that_broke_off_shows_the_old_release_and_is_taken_up_again(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.release(1)
    installed(publisher, tmp_path / "laptop")
    stage = publisher.stage(2, {"index/new.bin": b"new"}, LATER)
    publisher.sign(stage, EVERYBODY)
    for step in range(1, 30):
        count = 0
        move = disk.move

        def failing(source: Path, target: Path, step: int = step, move: Any = move) -> None:
            nonlocal count
            count += 1
            if count == step:
                raise OSError(28, "No space left on device")
            move(source, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk, "move", failing)
            try:
                publish(stage, publisher.folder, LATER)
            except OnlabelError as error:
                assert "the disk is full" in str(error)
            else:
                break
        assert updated(tmp_path / "laptop", LATER).number == 1
    assert step > 3
    assert updated(tmp_path / "laptop", LATER).number == 2
    assert publish(stage, publisher.folder, LATER)[0] == 0, "publishing again changes nothing"


def test_numbers_only_rise(publisher: Publisher) -> None:
    publisher.release(5)
    for number in (5, 4):
        stage = publisher.stage(number, {"index/x": bytes([number])}, LATER)
        publisher.sign(stage, EVERYBODY)
        with pytest.raises(UsageError, match="published already"):
            publish(stage, publisher.folder, LATER)


def test_a_stage_follows_the_root_it_is_published_under(publisher: Publisher, tmp_path: Path) -> None:
    other = Publisher(tmp_path / "other" / "publication", root=("a", "b")).begin()
    stage = other.stage(1)
    other.sign(stage, EVERYBODY)
    with pytest.raises(UsageError, match="does not follow"):
        publish(stage, publisher.folder, NOW)


def test_a_stage_that_was_overtaken_by_a_renewed_timestamp_gets_another(publisher: Publisher) -> None:
    publisher.release(1)
    stage = publisher.stage(2, now=LATER)
    publisher.sign(stage, EVERYBODY)
    refresh_timestamp(publisher.folder, [signer("timestamp")], LATER + DAY)
    with pytest.raises(UsageError, match="refresh-timestamp"):
        publish(stage, publisher.folder, LATER + DAY)
    refresh_timestamp(stage, [signer("timestamp")], LATER + 2 * DAY)
    publish(stage, publisher.folder, LATER + 2 * DAY)
    found = verify(publisher.folder, LATER + 2 * DAY)
    assert found.proved is not None
    assert found.proved.number == 2


def test_a_timestamp_lasts_as_long_as_reviewers_signed_and_needs_its_own_key(publisher: Publisher) -> None:
    publisher.release(1, offline=Offline(warn_days=7))
    assert refresh_timestamp(publisher.folder, [signer("timestamp")], LATER) == LATER + 7 * DAY
    assert refresh_timestamp(publisher.folder, [signer("timestamp")], LATER, 3) == LATER + 3 * DAY
    with pytest.raises(UsageError, match="0 of 1 keys"):
        refresh_timestamp(publisher.folder, [signer("targets-1")], LATER)


def test_verify_proves_every_file_and_the_time(publisher: Publisher) -> None:
    assert verify(publisher.folder, NOW).proved is None, "a root of trust is all there is"
    publisher.release(1, {"index/a.bin": b"approved"})
    found = verify(publisher.folder, NOW, publisher.given_root)
    assert found.proved is not None
    assert found.description is not None
    assert (found.proved.number, found.description.name) == (1, "spring")
    with pytest.raises(IntegrityError, match="expired"):
        verify(publisher.folder, NOW + 31 * DAY)
    (path,) = (publisher.folder / "targets" / "index").glob("*.a.bin")
    path.write_bytes(b"slippedin")
    with pytest.raises(IntegrityError, match="not as the metadata says"):
        verify(publisher.folder, NOW)


def test_rotating_needs_the_old_keys_and_the_new_and_keeps_the_rest(publisher: Publisher, tmp_path: Path) -> None:
    publisher.release(1)
    assert roles_of(publisher.folder).targets_threshold == 2
    new = Publisher(publisher.folder, root=("root-3", "new-1", "new-2"))
    stage = tmp_path / "rotation"
    assert rotate_root(publisher.folder, stage, new.roles(), LATER) == 2
    publisher.sign(stage, ("root-3", "new-1", "timestamp"))
    assert _says(stage) == [("root", 1)], "one more of the old"
    publisher.sign(stage, ("root-1",))
    publish(stage, publisher.folder, LATER)
    assert Repository(publisher.folder).last_root().signed.version == 2


# --- building ---------------------------------------------------------------------------------------------------------


def approved(*_: object) -> Review:
    return Review((), {"schema": "onlabel.manifest/1", "subjects": []})


@pytest.fixture
def workspace(quick_sample: Path, tmp_path: Path) -> Workspace:
    """The sample, built, with a model file of its own."""
    root = tmp_path / "w"
    shutil.copytree(quick_sample, root, ignore=shutil.ignore_patterns("audit"))
    (root / "models").mkdir()
    (root / "models" / "own.gguf").write_bytes(b"GGUF")
    with (root / "onlabel.toml").open("a") as file:
        file.write('[model]\npath = "models/own.gguf"\n')
    return Workspace(root)


def order(publisher: Publisher, **changed: Any) -> Order:
    fields = {
        "name": "spring",
        "number": 1,
        "publication": publisher.folder,
        "stage": publisher.folder.parent / "stage",
    }
    return Order(**(fields | changed))


def test_a_release_holds_what_the_contract_names(publisher: Publisher, workspace: Workspace) -> None:
    (workspace.root / "approvals" / "signed").mkdir(parents=True)
    (workspace.root / "approvals" / "roster.yaml").write_text("people: []\n")
    (workspace.root / "approvals" / "signed" / "20261121T090000Z-medical-1f.dsse.json").write_text("{}")
    (workspace.root / "approvals" / ".draft").write_text("not signed")
    report = build_release(workspace, order(publisher), NOW, reviewed=approved, encoder=QUICK)
    stage = Repository(publisher.folder.parent / "stage")
    targets = stage.targets()
    assert targets is not None
    generation = (workspace.index / "CURRENT").read_text().strip()
    parts = {f"index/{generation}/{name}" for name in _INDEX_FILES}
    assert set(targets.signed.targets) == parts | {
        "release.json", "onlabel.toml", "policy.yaml", "manifest.json", "golden.jsonl", "index/CURRENT",
        "index/ledger.sqlite", "models/own.gguf", "approvals/roster.yaml",
        "approvals/signed/20261121T090000Z-medical-1f.dsse.json",
    }  # fmt: skip
    assert report.description.contexts.markets == ("GB", "US")
    assert report.description.counts["passages"] > 100
    assert parse_description(report.description.to_bytes()) == report.description
    assert _says(stage.root) == [("targets", 2), ("snapshot", 2), ("timestamp", 1)]


_INDEX_FILES = ("ledger.sqlite", "passages.sqlite", "utterances.npy", "vectors.faiss")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def _some_passage(workspace: Workspace) -> Path:
    return sorted((workspace.corpus / "zorvanta-us-pi").glob("*.md"))[0]


def _document(workspace: Workspace) -> Path:
    return workspace.corpus / "zorvanta-us-pi" / "document.yaml"


CHANGES = {
    "a passage": lambda w: _some_passage(w).write_bytes(_some_passage(w).read_bytes().rstrip() + b" More.\n"),
    "a title": lambda w: _edit(_some_passage(w), "title: ", "title: The "),
    "a date": lambda w: _edit(_document(w), "effective: 20", "expires: 2099-01-01\neffective: 20"),
    "a brand name": lambda w: _edit(_document(w), "brand_names: [", "brand_names: [Zorvantine, "),
    "a passage gone": lambda w: next(iter((w.corpus / "quovendry-gb-letters").glob("*.md"))).unlink(),
    "the policy": lambda w: _edit(w.policy_file, "intent_ask: 0.10", "intent_ask: 0.11"),
    "a template": lambda w: _edit(w.templates / "hcp-safety.j2", "{{ p }}", "{{ p }}\n"),
    "the index": lambda w: shutil.rmtree(w.index),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_an_index_that_is_not_what_the_content_gives_is_not_released(
    publisher: Publisher, workspace: Workspace, what: str
) -> None:
    CHANGES[what](workspace)
    with pytest.raises((NotReadyError, FaultyContentError), match=r"onlabel build|faults"):
        build_release(workspace, order(publisher), NOW, reviewed=approved, encoder=QUICK)
    assert not (publisher.folder.parent / "stage").exists()


def test_content_with_faults_is_not_released(publisher: Publisher, workspace: Workspace) -> None:
    _edit(_some_passage(workspace), "topic: ", "topic: nonsense_")
    with pytest.raises(FaultyContentError):
        build_release(workspace, order(publisher), NOW, reviewed=approved, encoder=QUICK)


def test_what_is_not_approved_is_listed_and_nothing_is_made(publisher: Publisher, workspace: Workspace) -> None:
    waiting = tuple(f"passage p.{n} 1: medical" for n in range(50))
    with pytest.raises(UnapprovedError, match=r"(?s)50 subjects.*p\.39 .*and 10 more") as caught:
        build_release(workspace, order(publisher), NOW, reviewed=lambda *_: Review(waiting, {}), encoder=QUICK)
    assert caught.value.waiting == waiting
    assert not (publisher.folder.parent / "stage").exists()


def test_a_build_that_breaks_off_leaves_no_stage(
    publisher: Publisher, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "copy_settled", full)
    with pytest.raises(OnlabelError, match="the disk is full"):
        build_release(workspace, order(publisher), NOW, reviewed=approved, encoder=QUICK)
    assert not [path for path in publisher.folder.parent.iterdir() if "stage" in path.name]


def test_numbers_stages_and_roots_are_looked_at_first(
    publisher: Publisher, workspace: Workspace, tmp_path: Path
) -> None:
    def build(**changed: Any) -> None:
        build_release(workspace, order(publisher, **changed), NOW, reviewed=approved, encoder=QUICK)

    with pytest.raises(UsageError, match="not empty"):
        build(stage=workspace.root)
    unsigned = Publisher(tmp_path / "unsigned")
    init_publication(unsigned.folder, unsigned.roles(), NOW)
    with pytest.raises(NotReadyError, match="root: 2 more signatures"):
        build(publication=unsigned.folder)
    publisher.release(3)
    with pytest.raises(UsageError, match="published already"):
        build(number=3)
    (workspace.root / "models" / "own.gguf").rename(workspace.root / "models" / "my own.gguf")
    _edit(workspace.root / "onlabel.toml", "own.gguf", "my own.gguf")
    with pytest.raises(UsageError, match="rename it"):
        build_release(Workspace(workspace.root), order(publisher, number=4), NOW, reviewed=approved, encoder=QUICK)


# --- from a workspace to a laptop that answers ------------------------------------------------------------------------


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases are opened with the fake encoder."""
    monkeypatch.setattr("assistant.pipeline.open_encoder", lambda *_: QUICK)
    monkeypatch.setattr("assistant.pipeline.trained_reader", NearestReader)


QUESTIONS = ("how should zorvanta be stored", "i threw up after taking zorvanta", "hello")


def _golden(workspace: Workspace) -> list[dict[str, Any]]:
    assistant = tiny.opened(workspace.root, QUICK)

    def ask(question: str, context: Mapping[str, str]) -> golden.Answered:
        fields = dict(context) | {"date": dt.date.fromisoformat(context["date"])}
        return assistant.ask(question, assistant.context(**fields))  # type: ignore[arg-type]

    recorded = golden.record(ask, [(question, assistant.context().as_json()) for question in QUESTIONS])
    assistant.index.close()
    return [json.loads(line) for line in recorded.splitlines()]


def _publish(publisher: Publisher, workspace: Workspace, lines: list[dict[str, Any]], number: int) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (workspace.root / "golden.jsonl").write_bytes(text.encode())
    stage = publisher.folder.parent / f"built-{number}"
    made = order(publisher, number=number, stage=stage)
    build_release(workspace, made, NOW + number * DAY, reviewed=approved, encoder=QUICK)
    publisher.sign(stage, EVERYBODY)
    publish(stage, publisher.folder, NOW + number * DAY)


@pytest.mark.usefixtures("quickly")
def test_a_release_answers_on_the_laptop_as_it_did_where_it_was_made(
    publisher: Publisher, workspace: Workspace, tmp_path: Path
) -> None:
    laptop = tmp_path / "laptop"
    lines = _golden(workspace)
    _publish(publisher, workspace, lines, 1)
    shutil.copytree(publisher.folder, tmp_path / "stick")
    install(str(tmp_path / "stick"), laptop, publisher.given_root, NOW + DAY, go_live_check=check_golden)
    opened = open_installed(laptop, NOW + DAY)
    assert opened.description.golden.questions == len(QUESTIONS)
    assistant = tiny.opened(opened.root, QUICK)
    answer = assistant.ask(QUESTIONS[0])
    assistant.index.close()
    assert [span.id for span in answer.spans if span.source == "passage"] == lines[0]["passages"]
    assert open_installed(laptop, NOW + DAY).number == 1, "asking left nothing in the release's folder"
    lines[0]["passages"] = ["another.passage"]
    _publish(publisher, workspace, lines, 2)
    with pytest.raises(IntegrityError, match=r"(?s)1 of 3 golden questions.*question 1: .*another\.passage"):
        update(laptop, NOW + 2 * DAY, source=str(publisher.folder), go_live_check=check_golden)
    assert open_installed(laptop, NOW + 2 * DAY).number == 1


# --- golden questions -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An answer, as far as golden questions look."""

    outcome: Outcome
    flags: tuple[Flag, ...] = ()
    passages: Sequence[str] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        framed = Span(0, 1, "template", "t", "1", "")
        return (framed, *(Span(0, 1, "passage", id, "1", "") for id in self.passages))


STORED = Said(Outcome.ANSWERED, (), ("storage", "isi"))
RASH = Said(Outcome.ADVERSE_EVENT, (Flag.ADVERSE_EVENT,), ("ae",))


def _replayed(*answers: Said) -> golden.Replay:
    lines = golden.parse(golden.record(lambda q, _: {"store": STORED, "rash": RASH}[q], [("store", {}), ("rash", {})]))
    given = iter(answers)
    return golden.replay(lambda *_: next(given), lines)


def test_the_same_answers_are_alike() -> None:
    assert _replayed(STORED, RASH).alike
    assert golden.judge(_replayed(STORED, RASH), 0) == ()


@pytest.mark.parametrize(
    "answer",
    [
        Said(Outcome.ANSWERED, (), ("storage",)),
        Said(Outcome.ANSWERED, (), ("isi", "storage")),
        Said(Outcome.ANSWERED, (), ("dosage", "isi")),
        Said(Outcome.NO_APPROVED_ANSWER, (), ("none",)),
        Said(Outcome.NO_APPROVED_ANSWER, (), ("storage", "isi")),
    ],
    ids=["one missing", "in another order", "another passage", "a refusal", "another outcome"],
)
def test_another_passage_or_outcome_is_refused_whatever_is_tolerated(answer: Said) -> None:
    replayed = _replayed(answer, RASH)
    assert (len(replayed.changed), replayed.clarified, replayed.missed_flags) == (1, (), ())
    with pytest.raises(IntegrityError, match="question 1"):
        golden.judge(replayed, 100)


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.CLARIFY])
def test_a_missed_flag_is_refused_whatever_is_tolerated(outcome: Outcome) -> None:
    replayed = _replayed(STORED, Said(outcome, (), ("ae",)))
    assert replayed.missed_flags == ("question 2: adverse_event not flagged",)
    with pytest.raises(IntegrityError, match="adverse_event not flagged"):
        golden.judge(replayed, 100)


def test_a_question_back_is_a_warning_up_to_what_was_signed() -> None:
    replayed = _replayed(Said(Outcome.CLARIFY, (), ("which",)), RASH)
    assert golden.judge(replayed, 1) == ("question 1: a question back instead of answered",)
    with pytest.raises(IntegrityError, match="questions back tolerated: 0"):
        golden.judge(replayed, 0)


def test_golden_lines_that_cannot_be_meant_name_their_line() -> None:
    with pytest.raises(ContentError, match=r"golden\.jsonl:2: "):
        golden.parse(golden.record(lambda *_: STORED, [("q", {})]) + b'{"question": "q"}\n')


def test_questions_come_plain_or_with_their_context() -> None:
    asked = b'plain one\n\n{"question": "two", "context": {"market": "GB"}, "outcome": "answered"}\n'
    assert golden.questions_of(asked) == (("plain one", {}), ("two", {"market": "GB"}))
    with pytest.raises(ContentError):
        golden.questions_of(b"{nonsense}\n")


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run ``onlabel release ...`` in this process; what it wrote to stdout and stderr."""
    monkeypatch.setattr(keys, "KDF_ROUNDS", 4)
    monkeypatch.setenv("ONLABEL_KEY_PASSPHRASE", "correct horse")

    def run(*arguments: object, obj: Path | None = None) -> str:
        result = CliRunner().invoke(release_command, [str(a) for a in arguments], obj=obj, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_the_way_from_keys_to_a_laptop_in_commands(
    ran: Callable[..., str], workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.serving.commands import release_making

    monkeypatch.setattr(release_making, "reviewed", approved)
    monkeypatch.setattr("assistant.releases.building.open_encoder", lambda *_: QUICK)
    secrets = [tmp_path / "keys" / name for name in ("jane", "ravi")]
    for path in secrets:
        new_key(path, "correct horse", f"{path.name} Roe")
    publication, stage, laptop = tmp_path / "publication", tmp_path / "stage", tmp_path / "laptop"
    publics = [argument for path in secrets for argument in ("--root-key", public_file(path))]
    ran("init", publication, *publics, "--threshold", 2)
    assert "missing  root: 1 more signature" in ran("sign", publication, "--key", secrets[0])
    assert "signed by all who must" in ran("sign", publication, "--key", secrets[1])
    assert "no release yet" in ran("verify", publication)
    made = ran("build", "--name", "spring", "--number", 1, "--for", publication, "--out", stage, obj=workspace.root)
    assert "no golden questions" in made
    assert "missing" in ran("sign", stage, "--key", secrets[0])
    ran("sign", stage, "--key", secrets[1])
    ran("publish", stage, publication)
    assert "release spring 1" in ran("verify", publication)
    root = publication / "metadata" / "1.root.json"
    assert "is in use" in ran("install", publication, "--to", laptop, "--root", root)
    assert "every file as signed" in ran("status", laptop)
    assert "is fresh until" in ran("refresh-timestamp", publication, "--key", secrets[0], "--days", 90)
    assert "was in use already" in ran("update", laptop)
    ran("rotate-root", publication, "--threshold", 1, "--out", tmp_path / "rotation")
    assert "missing" in ran("sign", tmp_path / "rotation", "--key", secrets[0])
    ran("sign", tmp_path / "rotation", "--key", secrets[1])
    ran("publish", tmp_path / "rotation", publication)
    assert "was in use already" in ran("update", laptop, "--from", publication)


def test_every_release_command_has_an_example() -> None:
    context = click.Context(release_command)
    assert isinstance(release_command, click.Group)
    for name in release_command.list_commands(context):
        command = release_command.get_command(context, name)
        assert command is not None
        assert "\b\n" in (command.help or ""), name
        assert "Example:" in (command.help or ""), name


def test_install_commands_say_when_there_is_nothing(ran: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="is no install"):
        ran("status", tmp_path)
