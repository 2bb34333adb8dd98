"""Where a server keeps its records: one order for every command, and no password where anybody reads it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.errors import ContentError, OnlabelError, UsageError
from assistant.serving.commands import onlabel
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings, read_server_settings, read_settings
from assistant.trust.log.log import AuditLog
from assistant.trust.record_places import fault_in, is_server, read_address, shown
from assistant.workspace import Workspace
from tests import tiny
from tests.published import Publisher, installed
from tests.serving import QUICK, REP

SECRET = "s3cr3t"  # noqa: S105 - what must not be found anywhere
ADDRESS = f"postgresql://onlabel:{SECRET}@db.example.com:5432/audit"
OPEN = "postgresql://onlabel@db.example.com/audit"


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONLABEL_AUDIT", "ONLABEL_INTAKE", "ONLABEL_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "w"
    root.mkdir()
    (root / "onlabel.toml").write_text('[context]\naudience = "hcp"\nmarket = "US"\n')
    return root


@pytest.fixture
def install(tmp_path: Path) -> Path:
    """An install of a release of nothing: its settings are sealed."""
    folder = tmp_path / "publication"
    sealed = {"onlabel.toml": b'[context]\naudience = "hcp"\nmarket = "US"\n'}
    installed(Publisher(folder).begin().release(1, sealed), tmp_path / "srv")
    return tmp_path / "srv"


# --- the order --------------------------------------------------------------------------------------------------------


def test_an_installs_server_says_where_it_records_and_the_sealed_settings_do_not(install: Path) -> None:
    found = Workspace.find(install)
    assert found.audit_log == install / "audit" / "answers.sqlite"
    assert found.intake_queue == install / "intake" / "reports.sqlite"
    (install / "serve.toml").write_text(f'[serve]\naudit = "{OPEN}"\nintake = "kept/reports.sqlite"\n')
    found = Workspace.find(install)
    assert (found.audit_log, found.intake_queue) == (OPEN, install / "kept" / "reports.sqlite")


def test_the_environment_goes_before_the_file(install: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (install / "serve.toml").write_text(f'[serve]\naudit = "{OPEN}"\nintake = "{OPEN}"\n')
    monkeypatch.setenv("ONLABEL_AUDIT", ADDRESS)
    monkeypatch.setenv("ONLABEL_INTAKE", str(install.parent / "elsewhere.sqlite"))
    found = Workspace.find(install)
    assert (found.audit_log, found.intake_queue) == (ADDRESS, install.parent / "elsewhere.sqlite")


def test_the_server_file_may_stand_elsewhere(
    install: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc.toml").write_text(f'[serve]\naudit = "{OPEN}"\n')
    (install / "serve.toml").write_text('[serve]\naudit = "beside.sqlite"\n')
    given = read_server_settings(tmp_path / "etc.toml")
    assert Workspace.find(install, given).audit_log == OPEN
    monkeypatch.setenv("ONLABEL_CONFIG", str(tmp_path / "etc.toml"))
    assert Workspace.find(install).audit_log == Workspace.find(workspace).audit_log == OPEN
    monkeypatch.setenv("ONLABEL_CONFIG", str(tmp_path / "missing.toml"))
    with pytest.raises(ContentError, match=r"missing\.toml"):
        _ = Workspace.find(install).audit_log


def test_a_workspace_says_it_in_its_own_file(workspace: Path) -> None:
    text = (workspace / "onlabel.toml").read_text()
    (workspace / "onlabel.toml").write_text(f'{text}[audit]\npath = "a.sqlite"\n[serve]\naudit = "{OPEN}"\n')
    found = Workspace.find(workspace)
    assert found.audit_log == found.intake_queue == OPEN


def test_reports_go_to_the_database_that_the_audit_goes_to(install: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a replica would keep what was reported to it on a disk that goes with it."""
    monkeypatch.setenv("ONLABEL_AUDIT", ADDRESS)
    assert Workspace.find(install).intake_queue == ADDRESS
    monkeypatch.setenv("ONLABEL_AUDIT", "audit/other.sqlite")
    assert Workspace.find(install).intake_queue == install / "intake" / "reports.sqlite"


def test_reports_are_found_where_the_server_keeps_them_even_without_a_release(install: Path, tmp_path: Path) -> None:
    (install / "current").unlink()
    (install / "serve.toml").write_text(f'[serve]\nintake = "{(tmp_path / "own.sqlite").as_posix()}"\n')
    (tmp_path / "own.sqlite").write_bytes(b"this is no queue" * 100)
    told = CliRunner().invoke(onlabel, ["-w", str(install), "intake", "list"])
    assert "own.sqlite" in str(told.exception)


def test_the_service_and_the_audit_commands_use_one_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tiny.write(tmp_path / "w", [b"Keep it cool."])
    (root / "onlabel.toml").write_text(tiny.SETTINGS + '[model]\nchooser = "nearest"\n')
    tiny.compiled(root, QUICK)
    monkeypatch.setattr("assistant.pipeline.open_encoder", lambda *_: QUICK)
    place, queue = tmp_path / "kept" / "audit.sqlite", tmp_path / "kept" / "reports.sqlite"
    service = Service.open(root, ServeSettings(audit=str(place), intake=str(queue)))
    try:
        service.ask("a patient got a rash after taking zed", REP)
        service.swap(root)
        service.ask("how to store zed", REP)
    finally:
        service.close()
    monkeypatch.setenv("ONLABEL_AUDIT", str(place))
    told = CliRunner().invoke(onlabel, ["-w", str(root), "audit", "show", "--json"])
    assert told.output.count("onlabel.audit/1") == 2
    assert queue.is_file()
    assert not (root / "audit").exists()
    assert not (root / "intake").exists()


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["audit", "intake"])
@pytest.mark.parametrize(
    "place",
    [ADDRESS, f"postgresql://h/db?password={SECRET}", f"postgres://u:{SECRET}/x@h/db", f"host=h password={SECRET}"],
)
def test_no_settings_file_holds_a_password(workspace: Path, key: str, place: str) -> None:
    (workspace / "serve.toml").write_text(f'[serve]\n{key} = "{place}"\n')
    with pytest.raises(ContentError, match=rf"serve\.{key}") as refused:
        read_server_settings(workspace / "serve.toml")
    text = (workspace / "onlabel.toml").read_text() + f'[{key}]\npath = "{place}"\n'
    (workspace / "onlabel.toml").write_text(text)
    with pytest.raises(ContentError, match=rf"{key}\.path") as sealed:
        read_settings(workspace / "onlabel.toml")
    for error in (refused.value, sealed.value):
        assert SECRET not in f"{error} {error.__cause__}"


@pytest.mark.parametrize("place", ["mysql://h/db", f"host=h user=u password={SECRET}", "postgresql:/h/db", "service=x"])
def test_what_is_neither_a_file_nor_an_address_is_refused(
    workspace: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLABEL_AUDIT", place)
    with pytest.raises(UsageError, match="ONLABEL_AUDIT is neither") as refused:
        _ = Workspace.find(workspace).audit_log
    assert SECRET not in str(refused.value)
    told = CliRunner().invoke(onlabel, ["-w", str(workspace), "audit", "show", "--log", place])
    assert isinstance(told.exception, UsageError)
    assert SECRET not in str(told.exception)


@pytest.mark.parametrize(
    "file", ["audit/answers.sqlite", "C:/data/a.sqlite", "C:\\data\\a.sqlite", "/srv/a.sqlite", "a=b"]
)
def test_files_are_files(file: str) -> None:
    assert fault_in(file, password=False) == ""
    assert not is_server(file)
    assert shown(Path(file)) == str(Path(file))


# --- no password where anybody reads it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (ADDRESS, "PostgreSQL at db.example.com:5432/audit"),
        (OPEN, "PostgreSQL at db.example.com/audit"),
        ("postgresql:///audit?host=/run/postgresql", "PostgreSQL at /run/postgresql/audit"),
        ("postgresql://u@a:5432,b:5433/audit", "PostgreSQL at a:5432,b:5433/audit"),
        ("postgresql:///?service=onlabel", "PostgreSQL"),
        (f"postgresql://u:{SECRET}/x@h/db", "PostgreSQL"),
        (f"postgresql://u:{SECRET}#x@h/db", "PostgreSQL"),
        (f"postgresql://u:1/{SECRET}@h/db", "PostgreSQL"),
        (f"postgresql://u:1?{SECRET}@h/db", "PostgreSQL"),
    ],
)
def test_a_place_is_shown_without_its_password(place: str, said: str) -> None:
    assert shown(place) == said


@pytest.mark.parametrize(
    "password", [f"{SECRET}%zz", f"{SECRET}/x", f"1/{SECRET}", f"x@{SECRET}", f"{SECRET} x", f"{SECRET}%00"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(password: str) -> None:
    """libpq's own words would: `invalid percent-encoded token: "s3cr3t%zz"`, `failed to resolve host 's3cr3t@h'`."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    place = f"postgresql://u:{password}@127.0.0.1:1/db"
    with pytest.raises(OnlabelError, match="cannot be read: write") as refused:
        read_address(place)
    assert SECRET not in f"{refused.value} {refused.value.__cause__} {refused.value.__context__}"
    with pytest.raises(OnlabelError) as unopened:
        AuditLog.open(place)
    assert SECRET not in f"{unopened.value} {unopened.value.__cause__} {unopened.value.__context__}"


def test_what_libpq_reads_is_read_as_libpq_does() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    assert read_address("postgresql://u%40x:p%2Fw@a:1,b:2/db?target_session_attrs=read-write") == {
        "user": "u@x", "password": "p/w", "host": "a,b", "port": "1,2", "dbname": "db",
        "target_session_attrs": "read-write",
    }  # fmt: skip


def test_a_server_that_refuses_the_password_does_not_make_it_known(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    monkeypatch.setenv("ONLABEL_AUDIT", ADDRESS.replace("db.example.com:5432", "127.0.0.1:1"))
    with caplog.at_level(logging.DEBUG):
        for command in (["audit", "show"], ["audit", "verify"], ["doctor"]):
            told = CliRunner().invoke(onlabel, ["-w", str(workspace), *command])
            assert SECRET not in f"{told.output} {told.exception} {caplog.text}"
            assert told.exit_code


def test_the_log_can_be_made_before_there_is_anything_to_record(
    install: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLABEL_AUDIT", str(tmp_path / "kept" / "a.sqlite"))
    verify = ["-w", str(install), "audit", "verify"]
    assert CliRunner().invoke(onlabel, verify).exit_code
    assert CliRunner().invoke(onlabel, ["-w", str(install), "audit", "prepare"]).exit_code == 0
    assert CliRunner().invoke(onlabel, verify).exit_code == 0
    (tmp_path / "taken").write_text("no folder")
    refused = CliRunner().invoke(onlabel, ["audit", "prepare", "--log", str(tmp_path / "taken" / "a.sqlite")])
    assert isinstance(refused.exception, OnlabelError)
