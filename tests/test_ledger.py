"""The ledger: what it stores, what it refuses, and that damage never reads as approval."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.canonical import sha256_hex
from assistant.domain import CHANNELS, Kind, Passage, Scope
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError
from assistant.trust.ledger import ApprovedLiteral, ApprovedRule, Ledger, Pattern, TemplateRecord, write_ledger

SCOPE = Scope(("hcp", "patient"), ("US", "GB"), "en", CHANNELS, dt.date(2026, 1, 1))
LIMITED = replace(SCOPE, expires=dt.date(2027, 1, 1), withdrawn=dt.date(2026, 6, 1))
RULES = {
    Kind.BENEFIT: (ApprovedRule("indication", None, "after", "always"),),
    Kind.SAFETY: (ApprovedRule("boxed_warning_short", "boxed_warning", "before", "where_present"),),
    Kind.NEUTRAL: (),
}


def passage(id: str, text: bytes = b"", **more: object) -> Passage:
    data = text or f"secret words of {id}".encode()
    fields: dict[str, object] = {
        "id": id, "version": "3", "document": "z-doc", "product": "z", "text": data, "sha256": sha256_hex(data),
        "topic": "warnings", "also": (), "kind": Kind.SAFETY, "locator": "5.1", "title": id, "order": 1, "scope": SCOPE,
    }  # fmt: skip
    return Passage(**(fields | more))  # type: ignore[arg-type]


def template(id: str = "t", **more: object) -> TemplateRecord:
    patterns: dict[int, Pattern] = {1: (0, None), 2: (0, None, 1, None)}
    fields: dict[str, object] = {
        "id": id, "version": "1", "use": "answer", "scope": LIMITED, "intents": ("dosage",),
        "literals": ("Größe: ".encode(), b"\n"), "patterns": patterns,
    }  # fmt: skip
    return TemplateRecord(**(fields | more))  # type: ignore[arg-type]


PASSAGES = (
    passage("z.1", serves=("boxed_warning", "important_safety_information"), companions=("z.2", "z.3")),
    passage("z.2", scope=LIMITED, kind=Kind.NEUTRAL, retrieve=False),
    passage("z.3", serves=("boxed_warning",)),
    passage("all.1", product="", serves=("boxed_warning",), document="notices"),
)


def write(
    path: Path, passages: Iterable[Passage] = PASSAGES, templates: Iterable[TemplateRecord] = (template(),)
) -> str:
    return write_ledger(path, passages=passages, templates=templates, policy_rules=RULES, policy_sha256="p" * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "ledger.sqlite")
    return tmp_path / "ledger.sqlite"


# --- what it stores -----------------------------------------------------------------------------------------------


def test_a_passage_comes_back_without_its_text(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for written in PASSAGES:
            read = ledger.passage(written.id)
            assert read is not None
            for field in ("id", "version", "sha256", "document", "product", "kind", "locator", "serves", "companions",
                          "retrieve", "scope"):  # fmt: skip
                assert getattr(read, field) == getattr(written, field), field
            assert read.length == len(written.text)
        assert ledger.passage("z.9") is None
    assert b"secret words" not in path.read_bytes()
    assert "Größe".encode() not in path.read_bytes()


def test_a_template_comes_back_without_its_text(path: Path) -> None:
    with Ledger.open(path) as ledger:
        read = ledger.template("t")
        assert read is not None
        assert (read.use, read.scope, read.intents, dict(read.patterns)) == (
            "answer", LIMITED, ("dosage",), {1: (0, None), 2: (0, None, 1, None)},
        )  # fmt: skip
        assert read.literals[0] == ApprovedLiteral(sha256_hex("Größe: ".encode()), 9)
        assert ledger.templates("answer") == (read,)
        assert ledger.templates("notice") == ()
        assert ledger.template("u") is None


def test_rules_and_policy_come_back(path: Path) -> None:
    with Ledger.open(path) as ledger:
        assert {kind: ledger.rules(kind) for kind in RULES} == RULES
        assert ledger.rules(Kind.NOTICE) == ()
        assert ledger.policy_sha256 == "p" * 64


def test_who_serves_a_role(path: Path) -> None:
    with Ledger.open(path) as ledger:
        assert [p.id for p in ledger.serving("z", "boxed_warning")] == ["z.1", "z.3"]
        assert [p.id for p in ledger.serving("", "boxed_warning")] == ["all.1"]
        assert ledger.serving("y", "boxed_warning") == ()
        assert ledger.serving("z", "indication") == ()


def test_ids_are_data_never_statements(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for name in ("' OR 1=1 --", "", "\x00", "\udc80", "z.1\x00", "Z.1", "%"):
            assert ledger.passage(name) is None
            assert ledger.serving(name, "boxed_warning") == (() if name else ledger.serving("", "boxed_warning"))


def test_any_folder_name_will_do(tmp_path: Path) -> None:
    path = tmp_path / "50% a?b#c é" / "ledger.sqlite"
    write(path)
    with Ledger.open(path) as ledger:
        assert ledger.passage("z.1") is not None


# --- the fingerprint ----------------------------------------------------------------------------------------------


def test_the_order_of_the_input_does_not_matter(tmp_path: Path) -> None:
    templates = [template("t"), template("u")]
    first = write(tmp_path / "a", PASSAGES, templates)
    shuffled = list(PASSAGES)
    random.Random(7).shuffle(shuffled)  # noqa: S311
    assert write(tmp_path / "b", iter(shuffled), templates[::-1]) == first
    with Ledger.open(tmp_path / "b") as ledger:
        assert ledger.fingerprint == first


CHANGES: dict[str, object] = {
    "version": "4", "document": "y", "product": "y", "kind": Kind.BENEFIT, "locator": "5.2", "serves": (),
    "companions": ("z.2",), "retrieve": False, "scope": LIMITED,
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_of_a_passage_counts(tmp_path: Path, field: str) -> None:
    changed = replace(PASSAGES[0], **{field: CHANGES[field]})  # type: ignore[arg-type]
    assert write(tmp_path / "a", [changed, *PASSAGES[1:]]) != write(tmp_path / "b")


def test_text_templates_rules_and_policy_count(tmp_path: Path) -> None:
    path, first = tmp_path / "x", write(tmp_path / "a")
    everything = {"passages": PASSAGES, "templates": (template(),), "policy_rules": RULES, "policy_sha256": "p" * 64}
    others: list[dict[str, object]] = [
        {"passages": [passage("z.1", b"other", serves=PASSAGES[0].serves), *PASSAGES[1:]]},
        {"passages": PASSAGES[1:]},
        {"templates": ()},
        {"templates": (template(literals=(b"x", b"\n")),)},
        {"templates": (template(intents=()),)},
        {"templates": (template(patterns={1: (0, None)}),)},
        {"templates": (template(scope=SCOPE),)},
        {"policy_rules": RULES | {Kind.BENEFIT: ()}},
        {"policy_sha256": "q" * 64},
    ]
    prints = [write_ledger(path, **(everything | other)) for other in others]  # type: ignore[arg-type]
    assert len({first, *prints}) == len(others) + 1


# --- writing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passages", "templates", "error"),
    [
        ([passage("z.1"), passage("z.1", b"other")], [], ContentError),
        ([], [template(), template()], ContentError),
        ([replace(passage("z.1"), text=b"")], [], ContentError),
        ([replace(passage("z.1"), text=b"other words")], [], IntegrityError),
        ([], [template(literals=(b"", b"x"))], ContentError),
        ([], [template(patterns={})], ContentError),
        ([], [template(patterns={1: (0,)})], ContentError),
        ([], [template(patterns={1: (None, None)})], ContentError),
        ([], [template(patterns={2: (None, 0)})], ContentError),
        ([], [template(patterns={1: (2, None)})], ContentError),
        ([], [template(patterns={1: (-1, None)})], ContentError),
        ([], [template(patterns={0: (0,)})], ContentError),
        ([], [template(patterns={4: (None,) * 4})], ContentError),
        ([], [template(use="notice", patterns={2: (None, None)})], ContentError),
        ([], [template(use="macro")], ContentError),
    ],
)
def test_what_cannot_be_meant_is_refused(
    path: Path, passages: list[Passage], templates: list[TemplateRecord], error: type[OnlabelError]
) -> None:
    before = path.read_bytes()
    with pytest.raises(error) as caught:
        write(path, passages, templates)
    assert "words" not in str(caught.value)
    assert path.read_bytes() == before
    assert _names(path.parent) == ["ledger.sqlite"], "no scratch file stays behind"


def test_an_open_ledger_outlives_its_replacement(path: Path) -> None:
    with Ledger.open(path) as old:
        if os.name == "nt":
            pytest.skip("Windows does not replace a file that is open")
        write(path, PASSAGES[:1])
        assert old.passage("z.3") is not None
    with Ledger.open(path) as new:
        assert new.passage("z.3") is None


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OnlabelError, match="could not be written"):
        write(tmp_path / "file" / "ledger.sqlite")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OnlabelError, match="could not be written"):
        write(tmp_path / "folder")
    assert _names(tmp_path) == ["file", "folder"]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- damage -------------------------------------------------------------------------------------------------------


def test_a_missing_ledger_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="onlabel build"):
        Ledger.open(tmp_path / "ledger.sqlite")
    with pytest.raises(NotReadyError):
        Ledger.open(tmp_path)


@pytest.mark.parametrize("data", [b"", b"not a database", b"SQLite format 3\x00", os.urandom(5000)])
def test_another_file_is_corrupt(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        Ledger.open(path)


def test_another_version_is_not_ready(path: Path) -> None:
    _run(path, "UPDATE meta SET value = 'onlabel.ledger/0' WHERE key = 'schema'")
    with pytest.raises(NotReadyError, match="another version"):
        Ledger.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meta SET value = 'x' WHERE key = 'policy_sha256'",
        "UPDATE meta SET value = 'x' WHERE key = 'passages'",
        "UPDATE meta SET value = 'x' WHERE key = 'fingerprint'",
        "DELETE FROM meta WHERE key = 'fingerprint'",
        "DELETE FROM template",
        "DELETE FROM rule WHERE kind = 'benefit'",
        "UPDATE rule SET record = '[]'",
        "UPDATE template SET record = replace(record, '2027', '2037')",
        "DROP TABLE rule",
    ],
)
def test_changed_templates_rules_and_policy_do_not_open(path: Path, statement: str) -> None:
    _run(path, statement)
    with pytest.raises(IntegrityError):
        Ledger.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE passage SET record = replace(record, 'z-doc', 'y-doc')",
        "UPDATE passage SET record = replace(record, 'true', 'false')",
        "UPDATE passage SET seal = zeroblob(32)",
        "UPDATE passage SET scope = 3 - scope",
        "UPDATE scope SET fields = replace(fields, '2026', '2016')",
        "DELETE FROM scope",
        "UPDATE passage SET id = 'tmp' WHERE id = 'z.1'; UPDATE passage SET id = 'z.1' WHERE id = 'z.3'",
    ],
)
def test_changed_passages_are_not_read(path: Path, statement: str) -> None:
    _run(path, statement)
    with Ledger.open(path) as ledger:
        with pytest.raises(IntegrityError):
            ledger.passage("z.1")
        with pytest.raises(IntegrityError):
            ledger.check()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM passage WHERE id = 'z.3'",
        "DELETE FROM serving WHERE id = 'z.3'",
        "INSERT INTO serving VALUES ('z', 'indication', 'z.1')",
        "UPDATE serving SET role = 'indication' WHERE id = 'z.3'",
        "DROP TABLE serving",
    ],
)
def test_what_was_lost_or_added_is_found_by_check(path: Path, statement: str) -> None:
    with Ledger.open(path) as ledger:
        ledger.check()
    _run(path, statement)
    with Ledger.open(path) as ledger, pytest.raises(IntegrityError):
        ledger.check()


@pytest.mark.parametrize(
    "row", ["('z', 'indication', 'z.1')", "('z', 'indication', 'z.9')", "('y', 'indication', 'z.3')"]
)
def test_a_passage_wrongly_listed_for_a_role_is_not_believed(path: Path, row: str) -> None:
    _run(path, f"INSERT INTO serving VALUES {row}")
    with Ledger.open(path) as ledger, pytest.raises(IntegrityError):
        ledger.serving(row[2], "indication")


def test_a_flipped_bit_never_changes_what_is_read(path: Path) -> None:
    """Whatever byte is damaged: either the same passage comes back, or an error of ours does."""
    data, dice = path.read_bytes(), random.Random(11)  # noqa: S311
    with Ledger.open(path) as ledger:
        sound = [ledger.passage(p.id) for p in PASSAGES]
    for at in dice.sample(range(len(data)), 400):
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :])
        for expected, written in zip(sound, PASSAGES, strict=True):
            read = _read(path, lambda ledger, name=written.id: ledger.passage(name))  # type: ignore[misc]
            assert read in (expected, None, "refused")


def _read(path: Path, ask: Callable[[Ledger], object]) -> object:
    try:
        with Ledger.open(path) as ledger:
            return ask(ledger)
    except (IntegrityError, NotReadyError):
        return "refused"


def _run(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)


# --- sharing and size ---------------------------------------------------------------------------------------------


def test_threads_share_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    many = [passage(f"z.{n}", serves=("boxed_warning",) if n % 500 == 0 else ()) for n in range(5000)]
    write(path, many)

    def ask(seed: int) -> bool:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(400):
            n = dice.randrange(5000)
            read = ledger.passage(f"z.{n}")
            if read is None or read.sha256 != hashlib.sha256(many[n].text).hexdigest():
                return False
        return len(ledger.serving("z", "boxed_warning")) == 10

    with Ledger.open(path) as ledger, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(16)))


def test_it_is_read_from_a_read_only_place(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with Ledger.open(path) as ledger:
            assert ledger.passage("z.1") is not None
    finally:
        path.parent.chmod(0o755)
    assert _names(path.parent) == ["ledger.sqlite"]
