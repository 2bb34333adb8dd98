"""The audit log: the tree after RFC 9162, signed notes, every attack on the file, records, exports, commands."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import io
import json
import math
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.canonical import canonical_json, sha256_hex
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.pipeline import Assistant
from assistant.serving.commands.audit import audit_command
from assistant.trust import keys
from assistant.trust.log import export, merkle, notes, sqlite, verifying
from assistant.trust.log.checkpoint import believed, countersigned, parse_checkpoint
from assistant.trust.log.log import AuditLog
from assistant.trust.log.personal import redacted
from assistant.trust.log.proofs import check_proof, make_proof
from assistant.trust.log.records import record_of
from assistant.trust.log.rows import Rows
from assistant.trust.log.selection import Selection
from tests import tiny
from tests.fakes import HashEncoder

# -- the tree ----------------------------------------------------------------------------------------------------------


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 9162, 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def grown(leaves: Sequence[bytes]) -> list[bytes]:
    """What a store holds after these leaves."""
    stored: list[bytes] = []
    for number, leaf in enumerate(leaves):
        assert len(stored) == merkle.stored_count(number)
        stored += merkle.completed(number, merkle.leaf_hash(leaf), stored.__getitem__)
    return stored


LEAVES = [bytes([number]) * (number % 5) for number in range(70)]
STORED = grown(LEAVES)
ROOTS = [naive_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def test_roots_are_those_of_the_vectors_of_certificate_transparency() -> None:
    leaves = [bytes.fromhex(x) for x in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    stored = grown(leaves)
    assert merkle.root(0, stored.__getitem__).hex().startswith("e3b0c44298fc1c14")
    assert merkle.root(1, stored.__getitem__).hex().startswith("6e340b9cffb37a98")
    assert merkle.root(2, stored.__getitem__).hex().startswith("fac54203e7cc696c")
    assert merkle.root(8, stored.__getitem__).hex().startswith("5dc9da79a70659a9")


def test_every_root_is_that_of_the_definition_and_every_place_is_where_it_is_said() -> None:
    tree = merkle.Growing()
    kept: list[bytes] = []
    for size, leaf in enumerate([*LEAVES, b""]):
        assert merkle.root(size, STORED.__getitem__) == ROOTS[size] == tree.root() if size < len(ROOTS) else True
        kept += tree.add(merkle.leaf_hash(leaf))
    assert kept[: len(STORED)] == STORED
    for level in range(6):
        for number in range(len(LEAVES) >> level):
            below = LEAVES[number << level : (number + 1) << level]
            assert STORED[merkle.place(level, number)] == naive_root(below)


def test_every_inclusion_proof_holds_and_for_nothing_else() -> None:
    for size in (1, 2, 3, 7, 8, 33, 70):
        for number in range(size):
            leaf, path = merkle.leaf_hash(LEAVES[number]), merkle.inclusion(number, size, STORED.__getitem__)
            assert merkle.included(leaf, number, size, path, ROOTS[size])
            assert not merkle.included(leaf, number, size, path, ROOTS[size - 1])
            assert not merkle.included(merkle.leaf_hash(b"else"), number, size, path, ROOTS[size])
            assert not merkle.included(leaf, number, size, (*path, leaf), ROOTS[size])
            assert not any(
                merkle.included(leaf, n, size, path, ROOTS[size]) for n in range(-1, size + 1) if n != number
            )
            for at in range(len(path)):
                assert not merkle.included(leaf, number, size, path[:at] + path[at + 1 :], ROOTS[size])


def test_every_consistency_proof_holds_and_for_nothing_else() -> None:
    for new in range(71):
        for old in range(new + 1):
            path = merkle.consistency(old, new, STORED.__getitem__)
            assert merkle.consistent(old, new, ROOTS[old], ROOTS[new], path)
            assert len(path) <= math.ceil(math.log2(new + 1)) + 1
            if 0 < old < new:
                assert not merkle.consistent(old, new, ROOTS[old - 1], ROOTS[new], path)
                assert not merkle.consistent(old, new, ROOTS[old], ROOTS[new - 1], path)
                assert not merkle.consistent(old, new, ROOTS[old], ROOTS[new], path[:-1])
                assert not merkle.consistent(old, new, ROOTS[old], ROOTS[new], (*path, ROOTS[1]))
    assert not merkle.consistent(5, 4, ROOTS[5], ROOTS[4], ())
    assert not merkle.consistent(0, 4, ROOTS[1], ROOTS[4], ())


# -- signed notes ------------------------------------------------------------------------------------------------------

# The example of golang.org/x/mod/sumdb/note, made by other code than ours.
NEUMANN = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NEUMANN_KEY = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:].hex()


def test_a_note_of_other_software_is_read_and_believed() -> None:
    note = notes.parse_note(NEUMANN)
    assert notes.signature_time(note, note.signatures[0], notes.LOG, NEUMANN_KEY) == 0
    assert str(note) == NEUMANN
    forged = notes.parse_note(NEUMANN.replace("the answer", "the source"))
    with pytest.raises(IntegrityError):
        notes.signature_time(forged, forged.signatures[0], notes.LOG, NEUMANN_KEY)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "text\n",
        NEUMANN.removesuffix("\n"),
        NEUMANN.replace("\n\n", "\n"),
        NEUMANN.replace("— ", "- "),
        NEUMANN.replace("\n", "\r\n"),
        NEUMANN.replace("AM=", "AN="),
        NEUMANN.replace(" x08", " !x08"),
        NEUMANN.replace("PeterNeumann", "Peter+Neumann"),
        NEUMANN + "more\n",
        "text\n\n" + "— a AAAAAAA=\n" * 65,
    ],
)
def test_what_is_no_note_is_refused(broken: str) -> None:
    with pytest.raises(ContentError):
        notes.parse_note(broken)


@pytest.mark.parametrize("size", ["01", "-1", "1.0", "", "9" * 20, "١"])
def test_what_is_no_checkpoint_is_refused(size: str) -> None:
    note = notes.Note(
        f"origin\n{size}\n{base64.b64encode(bytes(32)).decode()}\n", (notes.Signature("a", b"1234", b"5"),)
    )
    with pytest.raises(ContentError):
        parse_checkpoint(str(note))
    for root in (b"short", bytes(33)):
        other = notes.Note(f"origin\n1\n{base64.b64encode(root).decode()}\n", note.signatures)
        with pytest.raises(ContentError):
            parse_checkpoint(str(other))


# -- a log and its attackers -------------------------------------------------------------------------------------------

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OTHER_PUBLIC = OTHER.public_key().public_bytes_raw().hex()


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {
        "schema": "onlabel.audit/1",
        "time": f"2026-11-{number % 28 + 1:02}T09:00:00.000+00:00",
        "question": f"question {number}",
        "outcome": "answered",
        "slots": {"product": "zorvanta" if number % 2 else "quovendry"},
        **more,
    }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """0 to 5 answers, 6 a checkpoint of 6, 7 to 11 answers, 12 a checkpoint of 12, 13 to 15 answers."""
    path = tmp_path_factory.mktemp("log") / "answers.sqlite"
    with AuditLog.open(path, sync=False) as log:
        for count in (6, 5, 3):
            for _ in range(count):
                log.append(entry(log.size if path.exists() else 0))
            if count > 3:
                log.checkpoint(KEY.sign, PUBLIC)
    return path


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    """A copy to be attacked."""
    assert not Path(f"{original}-wal").exists() or not Path(f"{original}-wal").stat().st_size
    return Path(shutil.copy(original, tmp_path / "answers.sqlite"))


def open_to_attack(path: Path) -> sqlite3.Connection:
    """The file as somebody sees it who may write it; the guards against accidents are off."""
    database = sqlite3.connect(path, isolation_level=None)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    return database


def attacked(path: Path, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Run statements on the file and put the guards back."""
    with closing(open_to_attack(path)) as database:
        for statement, values in statements:
            database.execute(statement, values)
        for guard in sqlite._GUARDS:
            database.execute(guard)


def bodies_of(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as database:
        return [body for (body,) in database.execute("SELECT body FROM entry ORDER BY number")]


def rewritten(path: Path, bodies: Sequence[bytes]) -> None:
    """What a skilled attacker does: other records, the whole tree and the list of checkpoints made anew."""
    tree, place = merkle.Growing(), 0
    statements: list[tuple[str, tuple[Any, ...]]] = [(f"DELETE FROM {t}", ()) for t in ("entry", "node", "mark")]
    for number, body in enumerate(bodies):
        statements.append(("INSERT INTO entry VALUES (?, ?)", (number, body)))
        for made in tree.add(merkle.leaf_hash(body)):
            statements.append(("INSERT INTO node VALUES (?, ?)", (place, made)))
            place += 1
        found = verifying.read_checkpoint(body)
        if found is not None:
            statements.append(("INSERT INTO mark VALUES (?, ?)", (number, found.size)))
    attacked(path, *statements)


def faults(path: Path, *outside: str, publics: Sequence[str] = (PUBLIC,)) -> list[str]:
    with AuditLog.open(path, read_only=True) as log:
        return [str(fault) for fault in log.verify(publics, (), [parse_checkpoint(o) for o in outside]).faults]


def checkpoint_in(path: Path, number: int) -> str:
    return str(json.loads(bodies_of(path)[number])["note"])


def test_an_honest_log_is_proved(path: Path) -> None:
    with AuditLog.open(path) as log:
        proved = log.verify([PUBLIC], (), [parse_checkpoint(checkpoint_in(path, 12))])
        assert proved.faults == ()
        assert (proved.size, proved.root, proved.covered) == (16, naive_root(bodies_of(path)), 12)
        assert [(one.size, one.record, one.signed) for one in proved.checkpoints] == [
            (6, 6, True),
            (12, 12, True),
            (12, None, True),
        ]
        assert log.root(7) == naive_root(bodies_of(path)[:7])
        assert log.entry(3) == entry(3)
        assert log.leaf(3) == canonical_json(entry(3))
        for old, new in ((0, 16), (6, 12), (12, 16), (16, 16)):
            assert merkle.consistent(old, new, log.root(old), log.root(new), log.consistency(old, new))
        for number in (-1, 16):
            with pytest.raises(UsageError):
                log.leaf(number)


def _edited(bodies: list[bytes], number: int = 3) -> list[bytes]:
    return [b'{"forged":1}' if at == number else body for at, body in enumerate(bodies)]


def _swapped(bodies: list[bytes]) -> list[bytes]:
    return [*bodies[:2], bodies[3], bodies[2], *bodies[4:]]


Attack = Callable[[Path], None]
#: Attack -> how it is done, the check of the verifier that notices it, and what is said.
ATTACKS: dict[str, tuple[Attack, str, str]] = {
    "a record's bytes are changed": (
        lambda p: attacked(p, ("UPDATE entry SET body = ? WHERE number = 3", (b"{}",))),
        "_leaf",
        "record 3: it is not what was recorded",
    ),
    "two records change places": (
        lambda p: attacked(
            p,
            ("UPDATE entry SET number = 99 WHERE number = 2", ()),
            ("UPDATE entry SET number = 2 WHERE number = 3", ()),
            ("UPDATE entry SET number = 3 WHERE number = 99", ()),
        ),
        "_leaf",
        "record 2: it is not what was recorded",
    ),
    "a record in the middle is deleted": (
        lambda p: attacked(p, ("DELETE FROM entry WHERE number = 3", ())),
        "_leaf",
        "record 3: it is missing",
    ),
    "a record and its hash are changed": (
        lambda p: attacked(
            p,
            ("UPDATE entry SET body = ? WHERE number = 3", (b"{}",)),
            ("UPDATE node SET hash = ? WHERE id = ?", (merkle.leaf_hash(b"{}"), merkle.place(0, 3))),
        ),
        "_tree_fits",
        "record 3: a hash of the tree",
    ),
    "a record is changed and the tree made anew": (
        lambda p: rewritten(p, _edited(bodies_of(p))),
        "_compare",
        "in the records 0 to 5 something was changed",
    ),
    "a record after the first checkpoint is changed and the tree made anew": (
        lambda p: rewritten(p, _edited(bodies_of(p), 8)),
        "_compare",
        "in the records 6 to 11 something was changed",
    ),
    "records are reordered and the tree made anew": (
        lambda p: rewritten(p, _swapped(bodies_of(p))),
        "_compare",
        "in the records 0 to 5",
    ),
    "a record in the middle is dropped and the tree made anew": (
        lambda p: rewritten(p, [body for n, body in enumerate(bodies_of(p)) if n != 3]),
        "_compare",
        "speaks of 6 records, more than stand before it",
    ),
    "a record is put in between and the tree made anew": (
        lambda p: rewritten(p, [*bodies_of(p)[:3], b"{}", *bodies_of(p)[3:]]),
        "_compare",
        "in the records 0 to 5",
    ),
    "a checkpoint is taken out and the tree made anew": (
        lambda p: rewritten(p, [body for n, body in enumerate(bodies_of(p)) if n != 6]),
        "_compare",
        "record 11: this checkpoint speaks of 12 records",
    ),
    "a checkpoint is exchanged for an answer and the tree made anew": (
        lambda p: rewritten(p, _edited(bodies_of(p), 6)),
        "_compare",
        "in the records 0 to 11",
    ),
    "a checkpoint is taken off the list": (
        lambda p: attacked(p, ("DELETE FROM mark WHERE number = 6", ())),
        "_compare_marks",
        "record 6: the list of checkpoints",
    ),
    "the last records are cut off, their tree forgotten": (
        lambda p: attacked(p, ("DELETE FROM entry WHERE number > 13", ())),
        "_ends",
        "record 14: the tree goes on where the records end",
    ),
    "the secret of the log is exchanged": (
        lambda p: attacked(p, ("UPDATE meta SET value = ?", (bytes(32),))),
        "_compare",
        "this checkpoint is of another log",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_noticed_and_only_by_its_defence(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, defence, said = ATTACKS[name]
    assert faults(path) == []
    attack(path)
    found = faults(path)
    assert said in found[0], found
    switch_off(defence, monkeypatch)
    assert faults(path) == []


def switch_off(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier without one of its checks; it reads what it would have read."""

    def nothing(*_: object) -> None:
        return None

    def believe(_: object, __: int, ___: object, stored: bytes) -> bytes:
        return stored

    def pass_over(_: object, number: int, above: list[bytes], nodes: verifying._Hashes) -> None:
        for level in range(1, len(above) + 1):
            nodes.at(merkle.place(0, number) + level)

    trusting: dict[str, Callable[..., object]] = {"_leaf": believe, "_tree_fits": pass_over}
    monkeypatch.setattr(verifying._Verifier, defence, trusting.get(defence, nothing))


#: Attacks on the end of the log: only a checkpoint from outside shows them, and it does.
FROM_OUTSIDE: dict[str, tuple[Attack, str]] = {
    "the end is cut off with its checkpoint": (
        lambda p: rewritten(p, bodies_of(p)[:9]),
        "record 9: the log ends here and the checkpoint from outside covers 12 records: 3 were cut off",
    ),
    "everything after the first checkpoint is written anew": (
        lambda p: rewritten(p, [*bodies_of(p)[:8], *[b"{}"] * 20]),
        "in the records 6 to 11 something was changed",
    ),
    "all checkpoints are removed and a record is changed": (
        lambda p: rewritten(p, [b for n, b in enumerate(_edited(bodies_of(p))) if n not in (6, 12)]),
        "in the records 0 to 11 something was changed",
    ),
}


@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_an_attack_on_the_end_shows_against_a_checkpoint_from_outside(path: Path, name: str) -> None:
    attack, said = FROM_OUTSIDE[name]
    kept = checkpoint_in(path, 12)
    attack(path)
    assert faults(path) == [], "without a witness it cannot be noticed"
    found = faults(path, kept)
    assert len(found) == 1
    assert said in found[0]


def test_an_older_copy_put_back_shows_against_a_later_checkpoint(path: Path, tmp_path: Path) -> None:
    older = shutil.copy(path, tmp_path / "older")
    with AuditLog.open(path) as log:
        log.append(entry(16))
        kept = str(log.checkpoint(KEY.sign, PUBLIC))
    assert faults(path, kept) == []
    for name in ("", "-wal", "-shm"):
        Path(f"{path}{name}").unlink(missing_ok=True)
    shutil.copy(older, path)
    assert faults(path) == []
    assert "an older copy was put back" in faults(path, kept)[0]


def test_another_log_in_its_place_is_not_mistaken_for_it(path: Path, tmp_path: Path) -> None:
    kept = checkpoint_in(path, 12)
    with AuditLog.open(tmp_path / "new.sqlite") as log:
        for number in range(16):
            log.append(entry(number))
        log.checkpoint(OTHER.sign, OTHER_PUBLIC)
    assert faults(tmp_path / "new.sqlite", publics=[OTHER_PUBLIC]) == []
    assert "not signed by a key that was named" in faults(tmp_path / "new.sqlite")[0]
    assert "of another log" in faults(tmp_path / "new.sqlite", kept, publics=[PUBLIC, OTHER_PUBLIC])[0]


def test_a_checkpoint_signed_by_another_key_is_believed_by_nobody_who_names_the_right_one(path: Path) -> None:
    bodies = _edited(bodies_of(path))[:12]
    del bodies[6]
    rewritten(path, bodies)
    with AuditLog.open(path) as log:
        log.checkpoint(OTHER.sign, OTHER_PUBLIC)
    assert faults(path, publics=[]) == [], "without a public key a forged checkpoint passes, as the page says"
    assert "not signed by a key that was named" in faults(path)[0]


def test_no_signature_is_put_under_a_log_that_was_tampered_with(path: Path) -> None:
    attacked(path, ("UPDATE entry SET body = ? WHERE number = 14", (b"{}",)))
    signed: list[bytes] = []

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return KEY.sign(data)

    with AuditLog.open(path) as log, pytest.raises(IntegrityError, match="record 14"):
        log.checkpoint(sign, PUBLIC)
    assert signed == []


def test_a_signer_of_another_key_never_reaches_the_log(path: Path) -> None:
    with AuditLog.open(path) as log, pytest.raises(IntegrityError, match="does not fit the public key"):
        log.checkpoint(OTHER.sign, PUBLIC)
    assert len(bodies_of(path)) == 16


def test_bytes_that_rot_are_noticed_or_were_never_ours(path: Path) -> None:
    whole = path.read_bytes()
    for body in bodies_of(path)[::3]:
        at = whole.index(body) + len(body) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "it is not what was recorded" in faults(path)[0]


@pytest.mark.parametrize("cut", [0, 100, 4096, 9000])
def test_a_broken_file_is_an_error_of_ours(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    try:
        assert faults(path)
    except OnlabelError as error:
        assert str(path) in str(error)
    with AuditLog.open(path) as log, pytest.raises(OnlabelError):
        log.append(entry(16))


def test_odd_types_and_numbers_in_the_tables_are_faults(path: Path) -> None:
    attacked(
        path, ("UPDATE entry SET body = 'text' WHERE number = 2", ()), ("INSERT INTO entry VALUES (-7, x'00')", ())
    )
    found = faults(path)
    assert found[0] == "record -7: a record of this number has no place in the log"
    assert found[1] == "record 2: it is not stored as bytes"
    attacked(path, ("INSERT INTO entry VALUES (4000000000000, x'00')", ()))
    assert len(faults(path)) == verifying._MOST_FAULTS


def test_changed_tables_are_refused(path: Path) -> None:
    with closing(open_to_attack(path)) as database:
        database.execute("CREATE TRIGGER quiet BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END")
    with AuditLog.open(path) as log, pytest.raises(IntegrityError, match="somebody changed them"):
        log.append(entry(16))
    with pytest.raises(IntegrityError, match="somebody changed them"):
        faults(path)


@pytest.mark.parametrize("statement", ["UPDATE entry SET body = x''", "DELETE FROM mark", "DELETE FROM node"])
def test_accidents_are_stopped_by_the_tables(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(statement)


def test_a_log_whose_end_and_tree_do_not_fit_takes_no_more_records(path: Path) -> None:
    attacked(path, ("DELETE FROM entry WHERE number = 15", ()))
    with AuditLog.open(path) as log, pytest.raises(IntegrityError, match="not of one size"):
        log.append(entry(16))


def test_a_checkpoint_cannot_be_slipped_in_as_a_record(path: Path) -> None:
    with AuditLog.open(path) as log, pytest.raises(UsageError):
        log.append({"schema": verifying.CHECKPOINT_SCHEMA, "note": checkpoint_in(path, 12)})
    with AuditLog.open(path) as log:
        log.append(entry(16, question=f'{{"schema":"{verifying.CHECKPOINT_SCHEMA}"}}'))
    assert faults(path) == []


@pytest.mark.parametrize("bad", [{"a": 1.5}, {"a": "\ud800"}, {"a": {1: 2}}, {"a": object()}])
def test_what_has_no_canonical_form_is_not_recorded_and_so_not_shown(path: Path, bad: dict[str, Any]) -> None:
    with AuditLog.open(path) as log:
        with pytest.raises(OnlabelError, match="not shown"):
            log.record(bad)
        assert log.size == 16


def test_appending_reads_and_writes_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """O(log n): the number of statements of an append is bounded, whatever the size."""
    asked: list[str] = []
    real = sqlite._asking

    def counting(database: sqlite3.Connection) -> Any:
        ask = real(database)

        def counted(statement: str, values: Sequence[Any]) -> Any:
            asked.append(statement)
            return ask(statement, values)

        return counted

    monkeypatch.setattr(sqlite, "_asking", counting)
    with AuditLog.open(tmp_path / "a.sqlite", sync=False) as log:
        for number in range(256):
            asked.clear()
            log.append({"n": number})
            assert len(asked) <= 3 + math.log2(number + 1)


@settings(max_examples=25)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=40))
def test_the_rows_of_any_database_grow_the_tree_of_the_definition(leaves: list[bytes]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for table in sqlite._TABLES:
            database.execute(table)
        rows = Rows(sqlite._asking(database))
        for number, leaf in enumerate(leaves):
            assert rows.size() == number
            rows.add(number, leaf, merkle.completed(number, merkle.leaf_hash(leaf), rows.node))
        assert merkle.root(len(leaves), rows.node) == naive_root(leaves)


# -- witnesses ---------------------------------------------------------------------------------------------------------


def test_a_countersigned_checkpoint_is_kept_and_its_witness_named(path: Path) -> None:
    when = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    with AuditLog.open(path) as log:
        sent = parse_checkpoint(str(log.last_checkpoint()))
        back = countersigned(sent, "example.com/qa", OTHER_PUBLIC, OTHER.sign, when)
        assert str(back).startswith(str(sent))
        log.keep(parse_checkpoint(str(back)))
        proved = log.verify([PUBLIC], [OTHER_PUBLIC])
        assert proved.faults == ()
        assert [one.cosigned for one in proved.checkpoints if one.cosigned] == [
            believed(back, [PUBLIC], [OTHER_PUBLIC])
        ]
        assert believed(back, [PUBLIC], [OTHER_PUBLIC])[0].time == when
        assert believed(back, [PUBLIC]) == (), "a witness nobody named counts for nothing"
        forged = notes.Note(back.note.text.replace("\n12\n", "\n13\n"), back.note.signatures)
        with pytest.raises(IntegrityError):
            believed(replace(back, note=forged), [PUBLIC], [OTHER_PUBLIC])


def test_a_witness_cannot_stand_in_for_the_log(path: Path) -> None:
    with AuditLog.open(path) as log:
        last = log.last_checkpoint()
    alone = notes.Note(last.note.text)
    cosigned = notes.cosigned(alone, last.origin, OTHER_PUBLIC, OTHER.sign, 5)
    with pytest.raises(IntegrityError, match="not signed by a key"):
        believed(replace(last, note=cosigned), [PUBLIC], [OTHER_PUBLIC])


def test_a_checkpoint_of_another_log_is_not_kept(path: Path, tmp_path: Path) -> None:
    with AuditLog.open(tmp_path / "b.sqlite") as other:
        other.append(entry(0))
        foreign = other.checkpoint(KEY.sign, PUBLIC)
    with AuditLog.open(path) as log, pytest.raises(IntegrityError, match="not one of this log"):
        log.keep(foreign)


# -- proofs of one record ----------------------------------------------------------------------------------------------


def test_a_proof_needs_no_log_and_every_change_of_it_is_refused(path: Path) -> None:
    with AuditLog.open(path, read_only=True) as log:
        proof = make_proof(log, 8)
        with pytest.raises(NotReadyError, match="after the last checkpoint"):
            make_proof(log, 13)
    proved = check_proof(json.dumps(proof), (PUBLIC,))
    assert (proved.number, proved.record) == (8, entry(8))
    with pytest.raises(IntegrityError):
        check_proof(json.dumps(proof), (OTHER_PUBLIC,))
    note = proof["checkpoint"]
    for change in (
        {"number": 9},
        {"record": entry(8, who="another")},
        {"path": proof["path"][:-1]},
        {"path": [*proof["path"][:-1], "00" * 32]},
        {"checkpoint": note.replace("\n12\n", "\n13\n")},
        {"schema": "onlabel.audit-proof/2"},
        {"more": 1},
        {"record": {"a": 1.5}},
        {"path": ["zz"]},
    ):
        with pytest.raises((IntegrityError, ContentError)):
            check_proof(json.dumps(proof | change), (PUBLIC,))


def test_a_proof_is_not_made_of_a_log_that_was_changed(path: Path) -> None:
    rewritten(path, _edited(bodies_of(path), 8))
    with AuditLog.open(path, read_only=True) as log, pytest.raises(IntegrityError, match="not the one that was signed"):
        make_proof(log, 8)


# -- what is recorded --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    root = tiny.write(tmp_path_factory.mktemp("tiny") / "w", [b"Store ZED in the dark.", b"Keep ZED dry."])
    tiny.compiled(root, HashEncoder())
    return tiny.opened(root, HashEncoder())


#: What a record held before there was a log: whoever reads those lines finds the same names.
FIELDS_BEFORE = {
    "schema", "time", "question", "context", "outcome", "flags", "intent", "confidence_per_mille", "slots", "passages",
    "preview", "receipt",
}  # fmt: skip


def test_a_record_keeps_the_fields_that_there_were_and_adds_what_was_decided(assistant: Assistant, path: Path) -> None:
    answer = assistant.ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP)
    release = {"name": "autumn", "number": 7, "targets_sha256": "ab"}
    made = record_of(answer, question_policy="full", who="jroe", release=release)
    assert set(made) >= FIELDS_BEFORE
    assert made["passages"] == [{key: answer.receipt["spans"][1][key] for key in ("id", "version", "sha256", "role")}]
    assert made["confidence_per_mille"] == round(answer.confidence * 1000)
    assert made["who"] == "jroe"
    assert made["release"] == release
    assert made["answer_sha256"] == sha256_hex(answer.text) == made["receipt"]["answer_sha256"]
    assert made["model"] == answer.receipt["model"]
    assert made["templates"]
    assert b"Store ZED" not in canonical_json(made), "no text of a passage"
    with AuditLog.open(path) as log:
        assert log.entry(log.append(made)) == json.loads(canonical_json(made))


def test_scores_are_whole_thousandths_and_what_is_no_number_is_refused(assistant: Assistant) -> None:
    answer = replace(
        assistant.ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP), candidates=(("a.1", 0.8314), ("a.2", -0.02))
    )
    made = record_of(answer, question_policy="full", who="")
    assert made["candidates"] == [{"id": "a.1", "score_per_mille": 831}, {"id": "a.2", "score_per_mille": -20}]
    for wrong in (math.nan, math.inf):
        with pytest.raises(OnlabelError, match="not shown"):
            record_of(replace(answer, confidence=wrong), question_policy="full", who="")


def test_a_hashed_question_is_found_by_asking_and_by_no_table(assistant: Assistant, tmp_path: Path) -> None:
    answer = replace(assistant.ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP), question="zed dose?")
    with AuditLog.open(tmp_path / "a.sqlite") as one, AuditLog.open(tmp_path / "b.sqlite") as two:
        made = [record_of(answer, question_policy="hash", who="", keyed=log.keyed) for log in (one, two)]
        assert made[0]["question"] == one.keyed("zed dose?") != made[1]["question"]
        assert made[0]["question"] != "hmac-sha256:" + sha256_hex(b"zed dose?")
        assert b"zed dose" not in canonical_json(made[0])
        named = replace(answer, slots={"product": "zed", "subject": "dose for yawning"})
        told = [
            record_of(each, question_policy="hash", who="", keyed=one.keyed)["slots"]
            for each in (named, replace(named, carried=("subject",)))
        ]
        assert told == [{"product": "zed"}, named.slots]
        assert record_of(named, question_policy="full", who="")["slots"] == named.slots
        one.record(made[0])
        one.close()
        with AuditLog.open(tmp_path / "a.sqlite") as again:
            assert again.keyed("zed dose?") == made[0]["question"]
    with pytest.raises(UsageError, match="salt"):
        record_of(answer, question_policy="hash", who="")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("Dr. Maria O'Neill asks about zorvanta", "Dr. <name> asks about zorvanta"),
        ("my name is john smith, what dose", "my name is <name> smith, what dose"),
        ("my name is John Smith, what dose", "my name is <name>, what dose"),
        ("patient Jane Doe, DOB 3/4/1961, MRN 00123456", "patient <name>, DOB <date of birth>, MRN <record number>"),
        ("write to j.roe+x@clinic.example.org please", "write to <e-mail> please"),
        ("call me at (212) 555-0147 or +44 20 7946 0958", "call me at <telephone> or <telephone>"),
        ("my mobile is 07700 900123", "my mobile is <telephone>"),
        ("born on 12 March 1961, started 2026-01-05", "born on <date of birth>, started <date>"),
        ("NHS 943 476 5919 rash", "NHS <NHS number> rash"),
        ("ssn 078-05-1120", "ssn <social security number>"),
        ("mrs smith has a rash", "mrs <name> has a rash"),
        ("zorvanta 5 mg twice daily, 30 mL/min, 2-8 C", "zorvanta 5 mg twice daily, 30 mL/min, 2-8 C"),
        ("Zorvanta with Clarithromycin in Renal Impairment", "Zorvanta with Clarithromycin in Renal Impairment"),
        ("NDC 0009-0050-02 of lot 4711", "NDC 0009-0050-02 of lot 4711"),
    ],
)  # fmt: skip
def test_personal_data_is_replaced_by_its_kind(asked: str, kept: str) -> None:
    assert redacted(asked) == kept


@settings(max_examples=40)
@given(st.text(max_size=100))
def test_redacting_never_fails_and_is_done_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


# -- exports -----------------------------------------------------------------------------------------------------------

HOSTILE = (
    "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "|cmd", '"; =1', "<script>alert(1)</script>",
    "</p><img src=x onerror=alert(1)>", "{{ 7 * 7 }}{% raw %}", "a\u202eb\u200bc\x1b[31m", "two\nlines", "& < > \" '",
)  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.sqlite"
    with AuditLog.open(path, sync=False) as log:
        for text in HOSTILE:
            log.append(entry(0, question=text, who=text, intent=text, slots={"product": text, text: text}))
        log.append({"schema": "odd", "slots": 7, "context": [], "passages": "x", "flags": {"a": 1}, "candidates": [3]})
        log.checkpoint(KEY.sign, PUBLIC)
    return path


def exported(log_path: Path, form: export.Format, out: Path, wanted: Selection | None = None) -> str:
    with AuditLog.open(log_path, read_only=True) as log:
        proved = log.verify([PUBLIC])
        export.export(log, wanted or Selection(), form, out, proved, lambda _: None)
    return out.read_bytes().decode("utf-8-sig" if form == "csv" else "utf-8")


def test_no_cell_of_a_table_begins_a_formula(hostile: Path, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(exported(hostile, "csv", tmp_path / "x.csv"), newline="")))
    assert len(rows) == len(HOSTILE) + 3
    for row in rows:
        assert not any(cell.lstrip()[:1] in tuple("=+-@|＝＋－＠") for cell in row if cell.strip())
    question = rows[0].index("question")
    assert [row[question].removeprefix("'") for row in rows[1 : len(HOSTILE) + 1]] == list(HOSTILE)


def test_a_page_shows_everything_and_runs_nothing(hostile: Path, tmp_path: Path) -> None:
    from lxml import html

    text = exported(hostile, "html", tmp_path / "x.html")
    page = html.fromstring(text)
    assert "default-src 'none'" in text
    assert not page.xpath("//script | //img | //link | //iframe | //@onerror | //@src | //@href")
    shown = [found.text_content() for found in page.xpath("//p[@class='question']")]
    assert shown[:8] == [*HOSTILE[:4], "[U+0009]=1", *HOSTILE[5:8]]
    assert "{{ 7 * 7 }}{% raw %}" in shown
    assert "a[U+202E]b[U+200B]c[U+001B][31m" in shown
    assert "was proved when this report was made" in text
    assert page.xpath("count(//article)") == len(HOSTILE) + 2


def test_lines_of_json_lose_nothing(hostile: Path, tmp_path: Path) -> None:
    lines = exported(hostile, "jsonl", tmp_path / "x.jsonl").splitlines()
    head, *records = [json.loads(line) for line in lines]
    tree = merkle.Growing()
    for one in records:
        assert merkle.leaf_hash(canonical_json(one["record"])).hex() == one["leaf_sha256"]
        tree.add(bytes.fromhex(one["leaf_sha256"]))
    assert (head["size"], head["root"]) == (len(records), tree.root().hex())


def test_a_page_of_a_log_that_failed_says_so(path: Path, tmp_path: Path) -> None:
    attacked(path, ("UPDATE entry SET body = ? WHERE number = 3", (b"{}",)))
    text = exported(path, "html", tmp_path / "x.html")
    assert "The log failed its proof" in text
    assert "was proved when" not in text


def test_a_selection_picks_by_product_outcome_and_day(path: Path, tmp_path: Path) -> None:
    wanted = Selection(product="zorvanta", outcome="answered", since=dt.date(2026, 11, 10))
    lines = exported(path, "jsonl", tmp_path / "x.jsonl", wanted).splitlines()[1:]
    assert [json.loads(line)["number"] for line in lines] == [9, 11, 13, 15]


# -- commands ----------------------------------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(audit_command, [str(a) for a in arguments], obj=None)


def code(result: Result) -> int:
    return result.exception.exit_code if isinstance(result.exception, OnlabelError) else result.exit_code


def test_verify_proves_and_names_the_record_that_is_wrong(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    assert code(run("checkpoint", "--log", path, "--out", kept)) == 0
    kept.write_bytes(kept.read_bytes().replace(b"\n", b"\r\n"))  # as a mail program may
    good = run("verify", "--log", path, "--public", PUBLIC, "--checkpoint", kept)
    assert code(good) == 0, good.output
    assert "records      16" in good.stdout
    assert "checkpoint   of 12 records, from outside, signature checked" in good.stdout
    assert "proved       12 records by checkpoints; 4 came after" in good.stdout
    assert "were not checked" in run("verify", "--log", path).stderr
    attacked(path, ("UPDATE entry SET body = ? WHERE number = 3", (b"{}",)))
    bad = run("verify", "--log", path, "--public", PUBLIC)
    assert code(bad) == 4
    assert "fault: record 3:" in bad.stderr
    assert code(run("verify", "--log", tmp_path / "none.sqlite")) == 5
    assert code(run("verify", "--log", path, "--public", "zz")) == 2


def test_show_finds_records_and_moves_no_cursor(path: Path, hostile: Path) -> None:
    assert json.loads(run("show", "3", "--log", path).stdout) == entry(3)
    listed = run("show", "--log", path, "--last", "2", "--product", "zorvanta").stdout
    assert [line.split()[0] for line in listed.splitlines() if "answered" in line] == ["13", "15"]
    assert "question 9" in run("show", "--log", path, "--question", "question 9").stdout
    assert code(run("show", "99", "--log", path)) == 2
    assert code(run("show", "--log", path, "--since", "yesterday")) == 2
    for found in (run("show", "--log", hostile, "--last", "99"), run("show", "11", "--log", hostile)):
        assert "\x1b" not in found.stdout
        assert "\u202e" not in found.stdout
    lines = run("show", "--log", path, "--json").stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(6, 16))


def test_a_proof_goes_out_and_is_checked_elsewhere(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "proof.json"
    assert code(run("proof", "4", "--out", out, "--log", path)) == 0
    good = run("verify-proof", out, "--public", PUBLIC)
    assert code(good) == 0
    assert json.loads(good.stdout) == entry(4)
    assert code(run("verify-proof", out)) == 2
    assert code(run("verify-proof", out, "--public", OTHER_PUBLIC)) == 4
    out.write_text(out.read_text(encoding="utf-8").replace("question 4", "question 5"), encoding="utf-8")
    assert code(run("verify-proof", out, "--public", PUBLIC)) == 4
    out.write_text("{}", encoding="utf-8")
    assert code(run("verify-proof", out, "--public", PUBLIC)) == 1


@pytest.fixture
def signers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two key files. How they are encrypted, which takes seconds on purpose, is tested with the keys."""
    opened = {}
    for name, private in (("log", KEY), ("qa", OTHER)):
        public_hex = private.public_key().public_bytes_raw().hex()
        public = keys.PublicKey(keys.keyid_of(public_hex), public_hex, "Jane Roe, MD")
        path = tmp_path / name
        path.write_text("encrypted", encoding="utf-8")
        keys.write_public(keys.public_file(path), public)
        opened[path] = keys.Signer(public, private)

    def open_signer(path: Path, given: str) -> keys.Signer:
        assert given == "correct horse"
        return opened[path]

    monkeypatch.setattr(keys, "open_signer", open_signer)
    monkeypatch.setenv("ONLABEL_KEY_PASSPHRASE", "correct horse")
    return tmp_path / "log", tmp_path / "qa"


def test_the_passphrase_comes_from_a_file_where_one_is_named(
    signers: tuple[Path, Path], path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLABEL_KEY_PASSPHRASE", "wrong")
    (tmp_path / "phrase").write_bytes(b"correct horse\r\nmore\n")
    signed = run("checkpoint", "--key", signers[0], "--passphrase-file", tmp_path / "phrase", "--log", path)
    assert code(signed) == 0, signed.output
    assert parse_checkpoint(signed.stdout).size == 16


def test_a_checkpoint_goes_to_a_witness_and_comes_back(signers: tuple[Path, Path], tmp_path: Path) -> None:
    own, witness = signers
    path, first, second, back = (tmp_path / name for name in ("a.sqlite", "1.txt", "2.txt", "back.txt"))
    with AuditLog.open(path) as log:
        log.append(entry(0))
        assert code(run("checkpoint", "--key", own, "--log", path, "--out", first)) == 0
        log.append(entry(2))
        assert code(run("checkpoint", "--key", own, "--log", path, "--out", second)) == 0
    sign = ["--key", witness, "--name", "example.com/qa", "--public", keys.public_file(own)]
    signed = run("countersign", second, *sign, "--seen", first, "--out", back, "--log", path)
    assert code(signed) == 0, signed.output
    assert code(run("countersign", second, *sign, "--seen", back, "--log", path)) == 0
    assert code(run("countersign", first, *sign, "--seen", second, "--log", path)) == 4, "a log does not shrink"
    assert code(run("countersign", second, "--key", witness, "--name", "has space")) == 2
    assert code(run("countersign", second)) == 2
    assert code(run("countersign", back, "--keep", "--log", path)) == 0
    keyed = ["--public", keys.public_file(own), "--witness", keys.public_file(witness)]
    proved = run("verify", "--log", path, *keyed, "--checkpoint", back)
    assert code(proved) == 0, proved.output
    assert proved.stdout.count("countersigned by example.com/qa") == 2


def test_a_witness_does_not_sign_a_log_that_was_rewritten(signers: tuple[Path, Path], tmp_path: Path) -> None:
    own, witness = signers
    path, first, second = (tmp_path / name for name in ("a.sqlite", "1.txt", "2.txt"))
    with AuditLog.open(path) as log:
        for number in range(3):
            log.append(entry(number))
    assert code(run("checkpoint", "--key", own, "--log", path, "--out", first)) == 0
    rewritten(path, [b"{}", *bodies_of(path)[1:3], b"{}"])
    assert code(run("checkpoint", "--key", own, "--log", path, "--out", second)) == 0
    sign = ["--key", witness, "--name", "example.com/qa", "--seen", first, "--log", path]
    refused = run("countersign", second, *sign)
    assert code(refused) == 4
    assert "do not sign" in str(refused.exception)


@pytest.mark.parametrize("form", export.FORMATS)
def test_export_writes_whole_files_and_fails_with_the_log(path: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out" / f"x.{form}"
    good = run("export", "--format", form, "--out", out, "--log", path, "--public", PUBLIC)
    assert code(good) == 0, good.output
    assert "wrote 16 records" in good.stderr
    attacked(path, ("UPDATE entry SET body = ? WHERE number = 3", (b"{}",)))
    assert code(run("export", "--format", form, "--out", out, "--log", path)) == 4
    assert [found.name for found in out.parent.iterdir()] == [out.name]


def test_every_command_has_an_example() -> None:
    for name in audit_command.list_commands(None):  # type: ignore[arg-type]
        shown = run(name, "--help")
        assert shown.exit_code == 0
        assert "Example:" in shown.output
