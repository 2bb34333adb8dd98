"""The index: the same for the same input, never half, never a wrong answer from damaged files."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering import index as layout
from assistant.answering.index import Index, current_generation
from assistant.domain import Outcome
from assistant.errors import IntegrityError, NotReadyError, OnlabelError
from assistant.pipeline import Assistant
from tests import tiny
from tests.conftest import REPOSITORY
from tests.fakes import HashEncoder

_BODIES = [f"Store ZED at {n} degrees. Keep number {n} dry.".encode() for n in range(12)]
_QUESTION = "how is zed stored at 7 degrees?"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tiny workspace, built."""
    root = tiny.write(tmp_path / "w", _BODIES)
    tiny.compiled(root, HashEncoder())
    return root


def generation(root: Path) -> Path:
    folder = current_generation(root / "index")
    assert folder is not None
    return folder


def asked(root: Path, question: str = _QUESTION) -> bytes:
    assistant = tiny.opened(root, HashEncoder())
    try:
        answer = assistant.ask(question, tiny.HCP)
        assert answer.outcome is Outcome.ANSWERED
        return answer.text
    finally:
        assistant.index.close()


def passages(root: Path, question: str) -> list[bytes]:
    """The passages that are shown, byte for byte."""
    assistant = tiny.opened(root, HashEncoder())
    try:
        answer = assistant.ask(question, tiny.HCP)
        return [answer.text[span.start : span.end] for span in answer.spans if span.source == "passage"]
    finally:
        assistant.index.close()


def rewrite(root: Path, number: int, body: bytes) -> None:
    folder = root / "approved_corpus" / tiny.DOCUMENT
    tiny.passage(folder, f"{tiny.DOCUMENT}.{number}", body, "topic: storage", order=number)


# -- the same, and no more than needed ---------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_index(tmp_path: Path) -> None:
    reports, files = [], []
    for name in ("one", "two"):
        root = tiny.write(tmp_path / name, _BODIES)
        reports.append(tiny.compiled(root, HashEncoder()))
        files.append({path.name: path.read_bytes() for path in generation(root).iterdir()})
    assert reports[0] == reports[1]
    assert files[0].keys() == {layout.DATABASE, layout.VECTORS, layout.UTTERANCES, layout.LEDGER}
    assert files[0] == files[1]


def test_what_was_there_before_does_not_matter(root: Path, tmp_path: Path) -> None:
    rewrite(root, 3, b"Something else altogether.")
    changed = tiny.compiled(root, HashEncoder())
    vectors = (generation(root) / layout.VECTORS).read_bytes()
    fresh = tiny.write(tmp_path / "fresh", [*_BODIES[:3], b"Something else altogether.", *_BODIES[4:]])
    report = tiny.compiled(fresh, HashEncoder())
    assert report.fingerprint == changed.fingerprint
    assert (generation(fresh) / layout.VECTORS).read_bytes() == vectors


def test_only_what_changed_is_embedded_again(root: Path) -> None:
    again = HashEncoder()
    assert tiny.compiled(root, again).embedded == 0
    assert again.encoded == []
    rewrite(root, 5, b"Store it upside down.")
    once_more = HashEncoder()
    report = tiny.compiled(root, once_more)
    assert (report.embedded, len(once_more.encoded)) == (1, 1)
    assert "upside down" in once_more.encoded[0]
    assert report.reused == report.vectors - 1 + sum(map(len, tiny.TAXONOMY.examples.values()))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: rewrite(root, 0, b"Other words."),
        lambda root: tiny.policy(root / "approved_corpus", version="2"),
        lambda root: tiny.document(root / "approved_corpus", tiny.DOCUMENT, "label", "zed", "brand_names: [Zed]\n"),
        lambda root: (root / "templates/notice.j2").write_text((root / "templates/notice.j2").read_text() + "\n"),
    ],
    ids=["passage", "policy", "label of a product", "template"],
)
def test_other_content_gives_another_fingerprint(root: Path, change: Callable[[Path], object]) -> None:
    before = tiny.compiled(root, HashEncoder()).fingerprint
    change(root)
    assert tiny.compiled(root, HashEncoder()).fingerprint != before


def test_other_labels_on_buttons_give_another_fingerprint(root: Path) -> None:
    labels = {**tiny.TAXONOMY.labels, "storage": "Keeping it"}
    before = tiny.compiled(root, HashEncoder())
    after = tiny.compiled(root, HashEncoder(), replace(tiny.TAXONOMY, labels=labels))
    assert after.fingerprint != before.fingerprint
    assert after.embedded == 0


def test_another_encoder_is_refused_until_built_again(root: Path) -> None:
    with pytest.raises(NotReadyError) as caught:
        tiny.opened(root, HashEncoder(name="other"))
    assert caught.value.exit_code == 5
    other = HashEncoder(name="other")
    assert tiny.compiled(root, other).reused == 0
    tiny.opened(root, other).index.close()


def test_it_can_be_moved(root: Path, tmp_path: Path) -> None:
    before = asked(root)
    moved = tmp_path / "elsewhere" / "ü # ? % &"
    shutil.move(root, moved)
    assert asked(moved) == before


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_it_answers_from_a_folder_that_nobody_can_write_to(root: Path) -> None:
    before = asked(root)
    folders = [folder for folder in [root, *root.rglob("*")] if folder.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        contents = sorted(root.rglob("*"))
        assert asked(root) == before
        assert sorted(root.rglob("*")) == contents
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", _BODIES)
    (root / "index").write_text("a file where the folder should be")
    with pytest.raises(OnlabelError, match="cannot be written"):
        tiny.compiled(root, HashEncoder())


def test_an_open_index_outlives_the_build_that_replaces_it(root: Path) -> None:
    assistant = tiny.opened(root, HashEncoder())
    rewrite(root, 7, b"Never at 7 degrees.")
    tiny.compiled(root, HashEncoder())
    assert assistant.ask(_QUESTION, tiny.HCP).outcome is Outcome.ANSWERED
    assistant.index.close()


# -- killed half-way ---------------------------------------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from pathlib import Path
from tests import tiny
from tests.fakes import HashEncoder
at = int(sys.argv[2])
encoder = HashEncoder(before=lambda n: os.kill(os.getpid(), signal.SIGKILL) if n == at else None)
tiny.compiled(Path(sys.argv[1]), encoder)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("at", [0, 5, 14])
def test_a_build_killed_half_way_leaves_the_old_index_whole(root: Path, at: int) -> None:
    before = asked(root)
    for number in range(12):
        rewrite(root, number, f"Rewritten {number}.".encode())
    pointer = (root / "index" / layout.CURRENT).read_bytes()
    taxonomy = tiny.TAXONOMY.examples
    assert at < 12 + sum(map(len, taxonomy.values()))
    died = subprocess.run([sys.executable, "-c", _KILLED, str(root), str(at)], cwd=REPOSITORY, check=False)
    # Utterances are reused, so that the twelve passages are all that is embedded: the last of them is never reached.
    assert died.returncode == (-signal.SIGKILL if at < 12 else 0)
    if at >= 12:
        assert b"Rewritten" in asked(root, f"passage:{tiny.DOCUMENT}.0")
        return
    assert (root / "index" / layout.CURRENT).read_bytes() == pointer
    assert len(list((root / "index").iterdir())) == 3
    assert asked(root) == before
    tiny.compiled(root, HashEncoder())
    assert sorted(p.name for p in (root / "index").iterdir()) == sorted([layout.CURRENT, generation(root).name])
    assert b"Rewritten" in asked(root, f"passage:{tiny.DOCUMENT}.0")


@pytest.mark.parametrize("at", [0, 3, 11])
def test_a_build_that_fails_leaves_the_old_index_and_no_litter(root: Path, at: int) -> None:
    class StopError(Exception):
        pass

    def before(number: int) -> None:
        if number == at:
            raise StopError

    old = asked(root)
    for number in range(12):
        rewrite(root, number, f"Rewritten {number}.".encode())
    with pytest.raises(StopError):
        tiny.compiled(root, HashEncoder(before=before))
    assert len(list((root / "index").iterdir())) == 2
    assert asked(root) == old


# -- damaged -----------------------------------------------------------------------------------------------------------

_FILES = [layout.DATABASE, layout.VECTORS, layout.UTTERANCES, layout.LEDGER, f"../{layout.CURRENT}"]


def damages(data: bytes) -> Iterator[bytes]:
    yield b""
    yield b"\x00" * 64
    yield b"garbage" * 1000
    yield b"..\n"
    yield data[: len(data) // 2]
    yield data[:50]
    yield data[: len(data) // 3] + b"\xa5" * 400 + data[len(data) // 3 + 400 :]
    yield data[100:]


@pytest.mark.parametrize("file", _FILES)
def test_a_damaged_file_is_an_error_or_changes_nothing(root: Path, file: str) -> None:
    path = generation(root) / file
    data = path.read_bytes()
    refused = 0
    for damaged in damages(data):
        path.write_bytes(damaged)
        for question in (_QUESTION, f"passage:{tiny.DOCUMENT}.7", f"passage:{tiny.DOCUMENT}.0"):
            try:
                # Vectors only rank: which of the approved passages comes first may change, nothing else.
                assert all(words in _BODIES for words in passages(root, question))
            except (NotReadyError, IntegrityError):
                refused += 1
        path.write_bytes(data)
    assert refused >= 15


@pytest.mark.parametrize("file", _FILES)
def test_a_missing_file_is_not_ready(root: Path, file: str) -> None:
    (generation(root) / file).unlink()
    with pytest.raises(NotReadyError):
        asked(root)


@pytest.mark.parametrize("file", _FILES)
def test_a_damaged_index_is_built_again(root: Path, file: str) -> None:
    whole = asked(root)
    path = generation(root) / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    tiny.compiled(root, HashEncoder())
    assert asked(root) == whole


@pytest.mark.parametrize("name", ["", ".", "..", "../w", "/", "nul\x00", "x" * 5000, "C:\\", "ü", "0123456789abcdef"])
def test_what_is_in_use_is_named_by_a_generation_only(root: Path, name: str) -> None:
    (root / "index" / layout.CURRENT).write_text(name, encoding="utf-8")
    with pytest.raises(NotReadyError):
        Index.open(root / "index")


def changed(root: Path, statement: str, *values: object, file: str = layout.DATABASE) -> None:
    with closing(sqlite3.connect(generation(root) / file)) as db:
        assert db.execute(statement, values).rowcount > 0
        db.commit()


@pytest.mark.parametrize("at", [0, 7, 20, -1])
def test_a_passage_changed_by_a_bit_is_never_shown(root: Path, at: int) -> None:
    text = bytearray(_BODIES[7])
    text[at] ^= 1
    changed(root, "UPDATE texts SET text = ? WHERE text = ?", bytes(text), _BODIES[7])
    with pytest.raises(IntegrityError):
        asked(root, f"passage:{tiny.DOCUMENT}.7")
    assert _BODIES[6] in asked(root, f"passage:{tiny.DOCUMENT}.6")


def test_texts_that_changed_places_are_never_shown(root: Path) -> None:
    changed(root, "UPDATE texts SET text = CASE text WHEN ?1 THEN ?2 ELSE ?1 END WHERE text IN (?1, ?2)", *_BODIES[:2])
    for number in (0, 1):
        with pytest.raises(IntegrityError):
            asked(root, f"passage:{tiny.DOCUMENT}.{number}")
    assert passages(root, f"passage:{tiny.DOCUMENT}.2") == [_BODIES[2]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE texts SET text = x''",
        "UPDATE texts SET text = 5",
        "UPDATE texts SET text = 'text'",
        "DELETE FROM texts",
        "UPDATE passages SET fields = '{}'",
        "UPDATE passages SET fields = replace(fields, '2026-01-01', 'soon')",
        "UPDATE passages SET fields = replace(fields, '\"hcp\"', '\"patient\"')",
        "UPDATE passages SET fields = CAST(x'ff' AS TEXT)",
        "UPDATE passages SET first_vector = 1000000",
        "UPDATE passages SET vectors = 'many'",
        "UPDATE terms SET postings = x'00'",
        "UPDATE terms SET postings = 7",
        "UPDATE templates SET body = '{{ passage.text }}'",
        "UPDATE templates SET body = '{{'",
        "UPDATE templates SET fields = '[]'",
        "UPDATE documents SET fields = 'x'",
        "UPDATE products SET keys = 'x'",
        "DELETE FROM meta WHERE key = 'fingerprint'",
        "DELETE FROM meta WHERE key = 'policy'",
        "DELETE FROM meta WHERE key = 'intent_labels'",
        "UPDATE meta SET value = value || ' ' WHERE key = 'policy'",
        "UPDATE meta SET value = 'rules: {}' WHERE key = 'screen'",
        "UPDATE meta SET value = '{}' WHERE key = 'intent_labels'",
        "UPDATE meta SET value = 5 WHERE key = 'utterance_intents'",
        "DROP TABLE passages",
        "DROP TABLE vocabulary",
        "DROP TABLE meta",
    ],
)
def test_a_damaged_table_is_an_error_or_changes_nothing(root: Path, statement: str) -> None:
    questions = (_QUESTION, "zedd storage", "hello", "how is it stored", f"passage:{tiny.DOCUMENT}.3")

    def all_of(assistant: Assistant) -> list[bytes]:
        return [assistant.ask(question, tiny.HCP).text for question in questions]

    whole = all_of(tiny.opened(root, HashEncoder()))
    with closing(sqlite3.connect(generation(root) / layout.DATABASE)) as db:
        db.execute(statement)
        db.commit()
    try:
        assert all_of(tiny.opened(root, HashEncoder())) == whole
    except OnlabelError as error:
        assert "Store ZED" not in str(error)


def test_the_ledger_of_another_build_is_refused(root: Path, tmp_path: Path) -> None:
    other = tiny.write(tmp_path / "other", [b"Other words."])
    tiny.compiled(other, HashEncoder())
    shutil.copy(generation(other) / layout.LEDGER, generation(root) / layout.LEDGER)
    with pytest.raises(IntegrityError):
        asked(root)


@pytest.mark.parametrize("id", ["\udcff", "a\x00b", "x" * 100_000, "", "%", "'; DROP TABLE passages; --"])
def test_an_id_may_be_anything(root: Path, id: str) -> None:
    index = Index.open(root / "index")
    assert index.entry(id) is None
    assert index.document(id) is None
    assert index.product(id) is None
    assert index.find_names([id]) == {}
    assert not index.knows_word(id)
    index.close()
