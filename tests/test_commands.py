"""Every command: exit codes, answers on stdout and all else on stderr, an example in its help, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from assistant.answering.index import DATABASE, Index, current_generation
from assistant.serving.commands import COMMANDS, SUMMARIES
from assistant.serving.commands import onlabel as group
from assistant.serving.commands.asking import ERROR_SCHEMA
from assistant.trust.log.log import AuditLog
from assistant.workspace import starter_root
from tests import tiny
from tests.answer_schema import AnswerObject, ErrorObject, read
from tests.conftest import REPOSITORY, Ran
from tests.fakes import HashEncoder

Command = Callable[..., Ran]
_DAY = ("--as-of", "2026-11-21")
_ASK = ("ask", *_DAY, "zorvanta storage")


def commands(group_: click.Command = group, name: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group there is."""
    yield name
    if isinstance(group_, click.Group):
        context = click.Context(group_)
        for part in group_.list_commands(context):
            found = group_.get_command(context, part)
            assert found is not None
            yield from commands(found, (*name, part))


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    """The command with the fake encoder, in a process of its own."""
    environment = os.environ | {str(k): str(v) for k, v in dict(options.pop("env", {})).items()}  # type: ignore[call-overload]
    return subprocess.run(
        [sys.executable, "-m", "tests.fake_cli", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def workspace(quick_sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample, with its index, to be broken."""
    return Path(shutil.copytree(quick_sample, tmp_path / "w", ignore=shutil.ignore_patterns("audit")))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new workspace with nothing imported yet: a few files only."""
    return Path(shutil.copytree(starter_root(), tmp_path / "fresh"))


# -- help --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(onlabel: Command, name: tuple[str, ...]) -> None:
    ran = onlabel(*name, "--help")
    assert ran.code == 0
    assert ran.err == ""
    assert "Usage: " in ran.out
    assert re.search(r"Examples?:\n\s+onlabel ", ran.out)
    assert max(map(len, ran.out.splitlines())) <= 100
    assert onlabel(*name, "-h").out == ran.out


def test_every_command_is_listed_with_its_summary(onlabel: Command) -> None:
    assert list(COMMANDS) == list(SUMMARIES)
    shown = onlabel("--help").out
    for name, summary in SUMMARIES.items():
        assert re.search(rf"^\s+{name}\s+{re.escape(summary)}$", shown, re.MULTILINE)


def test_the_examples_in_the_help_are_calls_that_are_meant(onlabel: Command) -> None:
    """Every example names a command and options that exist."""
    for name in commands():
        for line in re.findall(r"^\s+onlabel (.*)$", onlabel(*name, "--help").out, re.MULTILINE):
            called = re.sub(r'"[^"]*"', "x", line.split("|")[0].split(">")[0]).split()
            called = called[2:] if called[0] == "-w" else called
            found: click.Command = group
            # A group that is a command too (`serve`) may stand alone or before its options.
            while isinstance(found, click.Group) and called and not called[0].startswith("-"):
                part = found.get_command(click.Context(found), called.pop(0))
                assert part is not None, line
                found = part
            known = {option for parameter in found.params for option in parameter.opts}
            assert {word for word in called if word.startswith("--")} <= known


def test_version(onlabel: Command) -> None:
    assert re.fullmatch(r"onlabel, version \S.*\n", onlabel("--version").out)


# -- exit codes and streams --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (_ASK, 0),
        (("ask", *_DAY, "--json", "zorvanta storage"), 0),
        (("ask", *_DAY, "--explain", "zorvanta storage"), 0),
        (
            (
                "ask",
                *_DAY,
                "--audience",
                "patient",
                "--market",
                "GB",
                "--channel",
                "widget",
                "--language",
                "en",
                "zorvanta",
            ),
            0,
        ),
        (("show", *_DAY, "zorvanta-us-pi.7.1"), 0),
        (("show", *_DAY, "zorvanta-us-pi"), 0),
        (("show", *_DAY, "--json", "zorvanta-us-pi"), 0),
        (("check",), 0),
        (("show", "nowhere"), 1),
        ((), 2),
        (("nothing",), 2),
        (("ask", "--nothing"), 2),
        (("ask", "a", "b"), 2),
        (("ask", "--as-of", "yesterday", "x"), 2),
        (("ask", "--as-of", "2026-02-30", "x"), 2),
        (("ask", "--audience", "nurse", "x"), 2),
        (("ask", "--market", "FR", "x"), 2),
        (("ask", "--channel", "fax", "x"), 2),
        (("ask", "--batch", "nowhere.txt"), 2),
        (("show",), 2),
        (("init",), 2),
        (("import",), 2),
        (("import", "spl"), 2),
        (("import", "spl", "nowhere.xml"), 2),
        (("build", "--threads", "0"), 2),
        (("-w", "nowhere", "ask", "x"), 1),
        (("-w", "nowhere", "check"), 1),
        (("-w", "nowhere", "build"), 1),
        (("-w", "nowhere", "doctor"), 1),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_exit_codes(onlabel: Command, arguments: tuple[str, ...], code: int) -> None:
    ran = onlabel(*arguments)
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    if code and arguments[-1:] == ("doctor",):  # its findings are what was asked for
        assert "BAD" in ran.out
    elif code:
        assert ran.err
        assert ran.out == ""


def test_answers_on_stdout_and_everything_else_on_stderr(onlabel: Command) -> None:
    plain = onlabel(*_ASK)
    assert plain.err == "preview: this content has not been approved and sealed; not for use with customers\n"
    explained = onlabel("ask", *_DAY, "--explain", "zorvanta storage")
    assert explained.out == plain.out
    assert "intent " in explained.err
    assert "preview" not in plain.out


def test_explain_tells_ids_and_scores_and_never_text(onlabel: Command) -> None:
    ran = onlabel("ask", *_DAY, "--json", "--explain", "zorvanta storage")
    answer = read(ran.out)
    assert isinstance(answer, AnswerObject)
    for line in answer.text.splitlines():
        assert len(line) < 25 or line not in ran.err


def test_json_is_one_line_and_one_object(onlabel: Command) -> None:
    ran = onlabel("ask", *_DAY, "--json", "zorvanta\nstorage")
    assert ran.out.count("\n") == 1
    assert isinstance(read(ran.out), AnswerObject)


def test_a_question_on_standard_input(onlabel: Command) -> None:
    assert onlabel("ask", *_DAY, stdin=b"zorvanta storage\n").out == onlabel(*_ASK).out


def test_a_question_and_a_batch_are_too_much(onlabel: Command) -> None:
    assert onlabel("ask", "x", "--batch", "-").code == 2


def test_not_ready_without_an_index(onlabel: Command, workspace: Path) -> None:
    shutil.rmtree(workspace / "index")
    for arguments in (("ask", "x"), ("chat",), ("show", "x"), ("ask", "--batch", "-")):
        ran = onlabel("-w", workspace, *arguments, stdin=b"x\n")
        assert (ran.code, ran.out) == (5, "")
        assert "onlabel build" in ran.err
    assert onlabel("-w", workspace, "doctor").code == 5


def test_not_ready_without_a_model(onlabel: Command, workspace: Path) -> None:
    with (workspace / "onlabel.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[model]\npath = "nowhere.gguf"\n')
    for command in (("ask", "x"), ("build",), ("doctor",)):
        ran = onlabel("-w", workspace, *command)
        assert ran.code == 5
        assert "nowhere.gguf" in ran.err + ran.out


def test_not_ready_with_another_model(onlabel: Command, tmp_path: Path) -> None:
    root = tiny.write(tmp_path / "w", [b"Words."])
    tiny.compiled(root, HashEncoder(8))
    ran = onlabel("-w", root, "ask", "x")
    assert (ran.code, ran.out) == (5, "")


@pytest.mark.parametrize(
    "arguments", [("ask", *_DAY, "passage:zorvanta-us-pi.7.1"), ("show", *_DAY, "zorvanta-us-pi.7.1")]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_an_integrity_failure_shows_nothing(
    onlabel: Command, workspace: Path, arguments: tuple[str, ...], as_json: bool
) -> None:
    folder = current_generation(workspace / "index")
    assert folder is not None
    index = Index(folder)
    entry = index.entry("zorvanta-us-pi.7.1")
    assert entry is not None
    text = index.load(entry).text
    index.close()
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("UPDATE texts SET text = ? WHERE row = ?", (text.replace(b"a", b"e", 1), entry.row))
        db.commit()
    ran = onlabel("-w", workspace, *arguments, *(["--json"] if as_json else []))
    assert (ran.code, ran.out) == (4, "")
    assert "zorvanta-us-pi.7.1" in ran.err
    batch = onlabel(
        "-w", workspace, "ask", *_DAY, "--json", "--batch", "-", stdin=b"hello\npassage:zorvanta-us-pi.7.1\nhello\n"
    )
    assert batch.code == 4
    assert len(batch.out.splitlines()) == 1


@pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and not Path("/dev/full").exists()), reason="needs a full disk"
)
@pytest.mark.parametrize(
    "arguments", [_ASK, ("show", *_DAY, "zorvanta-us-pi.7.1"), ("ask", *_DAY, "--json", "--batch", "-")]
)
def test_what_cannot_be_recorded_is_not_shown(onlabel: Command, workspace: Path, arguments: tuple[str, ...]) -> None:
    for path in ("/dev/full", "onlabel.toml/answers.jsonl", "approved_corpus"):
        settings = (REPOSITORY / "onlabel.toml").read_text(encoding="utf-8") + f'\n[audit]\npath = "{path}"\n'
        (workspace / "onlabel.toml").write_text(settings, encoding="utf-8")
        ran = onlabel("-w", workspace, *arguments, stdin=b"zorvanta storage\nzorvanta dose\n")
        assert ran.code in (1, 4)  # 4: what stands there is no audit log
        assert ran.out == ""
        assert re.search("recorded|audit log", ran.err)


def test_each_answer_is_recorded_once(onlabel: Command, workspace: Path) -> None:
    onlabel("-w", workspace, *_ASK)
    onlabel("-w", workspace, "ask", *_DAY, "--batch", "-", stdin=b"a\nb\n{\n")
    onlabel("-w", workspace, "show", *_DAY, "zorvanta-us-pi.7.1")
    log = AuditLog.open(workspace / "audit" / "answers.sqlite", read_only=True)
    assert [entry["question"] for _, _, entry in log.entries()] == [
        "zorvanta storage",
        "a",
        "b",
        "passage:zorvanta-us-pi.7.1",
    ]


# -- batch -------------------------------------------------------------------------------------------------------------


def test_a_batch_keeps_its_order_and_goes_on_after_bad_lines(onlabel: Command, tmp_path: Path) -> None:
    lines = [
        "zorvanta storage",
        '{"question": "quovendry storage", "audience": "patient", "market": "GB", "date": "2026-06-01"}',
        "{not json",
        "",
        '{"question": "x", "audience": "nurse"}',
        '{"question": "x", "date": "soon"}',
        '{"question": "x", "market": "FR"}',
        '{"question": "x", "colour": "red"}',
        '{"audience": "hcp"}',
        "   ",
        "last one",
    ]
    file = tmp_path / "batch"
    file.write_text("\r\n".join(lines), encoding="utf-8")
    ran = onlabel("ask", *_DAY, "--json", "--batch", file)
    assert ran.code == 0
    found = [read(line) for line in ran.out.splitlines()]
    assert [f.line if isinstance(f, ErrorObject) else f.question for f in found] == [
        "zorvanta storage", "quovendry storage", 3, 5, 6, 7, 8, 9, "last one",
    ]  # fmt: skip
    second = found[1]
    assert isinstance(second, AnswerObject)
    assert (second.context.audience, second.context.market, second.context.date) == ("patient", "GB", "2026-06-01")
    assert json.loads(ran.out.splitlines()[2])["schema"] == ERROR_SCHEMA


def test_a_batch_for_people_numbers_its_lines(onlabel: Command) -> None:
    ran = onlabel("ask", *_DAY, "--batch", "-", stdin=b"zorvanta storage\n\n{\nzorvanta \x1b[31mdose\n")
    assert re.findall(r"^(\d+)\. zorvanta", ran.out, re.MULTILINE) == ["1", "4"]
    assert "\x1b" not in ran.out
    assert ERROR_SCHEMA in ran.err


def test_a_batch_that_windows_wrote(onlabel: Command, tmp_path: Path) -> None:
    file = tmp_path / "batch"
    file.write_bytes(b'\xef\xbb\xbf{"question": "zorvanta storage"}\r\n')
    (line,) = onlabel("ask", *_DAY, "--json", "--batch", file).out.splitlines()
    answer = read(line)
    assert isinstance(answer, AnswerObject)
    assert answer.question == "zorvanta storage"


def test_a_batch_streams(quick_sample: Path) -> None:
    """An answer is there before the next question is asked."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fake_cli", "-w", str(quick_sample), "ask", "--json", "--batch", "-"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for number in range(3):
            running.stdin.write(b"zorvanta storage %d\n" % number)
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["question"] == f"zorvanta storage {number}"
        running.stdin.close()
    assert running.returncode == 0


# -- chat --------------------------------------------------------------------------------------------------------------


def test_chat_ends_at_an_empty_line_or_the_end(onlabel: Command) -> None:
    once = onlabel("chat", *_DAY, stdin=b"zorvanta storage\n\nzorvanta storage\n")
    assert once.code == 0
    assert onlabel("chat", *_DAY, stdin=b"zorvanta storage").out == once.out
    assert onlabel("chat", *_DAY).out == ""


def test_a_number_picks_from_the_choices_last_shown_only(onlabel: Command) -> None:
    asked = b"what is the storage temperature\n"
    picked = onlabel("chat", *_DAY, stdin=asked + b"1\n")
    named = onlabel("chat", *_DAY, stdin=asked + b"QUOVENDRY: what is the storage temperature\n")
    assert picked.out == named.out
    # After an answer without choices a number chooses nothing.
    foreign = "¿cómo está usted y qué es lo que puedo tomar?\n".encode()
    between = onlabel("chat", *_DAY, stdin=asked + foreign + b"1\n")
    assert between.code == 0
    assert between.out == onlabel("chat", *_DAY, stdin=asked + foreign).out
    assert "no choice 1" in between.err


# -- what a terminal and a pipe are given ------------------------------------------------------------------------------


def test_piped_there_is_no_colour_and_80_columns(quick_sample: Path) -> None:
    for env in ({}, {"COLUMNS": "40", "TERM": "xterm-256color", "FORCE_COLOR": "1"}):
        ran = process("-w", quick_sample, *_ASK, env=env)
        assert ran.returncode == 0
        assert b"\x1b" not in ran.stdout + ran.stderr
        assert max(map(len, ran.stdout.decode().splitlines())) <= 80


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
@pytest.mark.parametrize(
    ("env", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_on_a_terminal_unless_it_is_not_wanted(quick_sample: Path, env: dict[str, str], coloured: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    base = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fake_cli", "-w", str(quick_sample), *_ASK],
        cwd=REPOSITORY,
        env=base | env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as running:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert running.returncode == 0
    assert (b"\x1b[" in shown) == coloured


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_approved_bytes_leave_as_utf8_whatever_the_machine_speaks(quick_sample: Path, encoding: str) -> None:
    question = "zorvanta ≥ 30 µg — “dose” 薬"
    ran = process(
        "-w", quick_sample, "ask", *_DAY, "--json", question, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    )
    assert ran.returncode == 0, ran.stderr
    answer = read(ran.stdout.decode("utf-8"))
    assert isinstance(answer, AnswerObject)
    assert answer.question == question


# -- interrupted -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("arguments", [("chat",), ("ask", "--json", "--batch", "-")])
def test_an_interrupt_stops_without_a_traceback(quick_sample: Path, arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fake_cli", "-w", str(quick_sample), *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell's background job ignores SIGINT and hands that on: here it must be as at a terminal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        assert running.stderr is not None
        first = running.stderr.readline()  # the preview line: it is up and waits for a question
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == b""
    assert b"Traceback" not in first + err
    assert b"stopped" in err


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise on Windows")
@pytest.mark.parametrize(
    "arguments", [("--help",), _ASK, ("ask", "--json", "--batch", "-"), ("check",), ("show", "zorvanta-us-pi")]
)
def test_a_reader_that_goes_away_is_no_traceback(quick_sample: Path, arguments: tuple[str, ...]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fake_cli", "-w", str(quick_sample), *arguments],
        cwd=REPOSITORY,
        input=b"zorvanta storage\n" * 50,
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(write_end)
    assert b"Traceback" not in ran.stderr
    assert b"Exception" not in ran.stderr
    assert ran.returncode in (0, 1) if arguments == ("check",) else ran.returncode == 1


# -- workspaces --------------------------------------------------------------------------------------------------------


def test_the_workspace_is_named_found_or_the_sample(
    onlabel: Command, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(*arguments: str | Path) -> str:
        ran = onlabel(*arguments, "doctor")
        return next(line.split(" workspace ", 1)[1].strip() for line in ran.out.splitlines() if " workspace " in line)

    monkeypatch.setenv("ONLABEL_WORKSPACE", str(workspace))
    assert where() == str(workspace.resolve())
    assert where("-w", REPOSITORY) == str(REPOSITORY)
    assert where("--workspace", REPOSITORY) == str(REPOSITORY)
    monkeypatch.delenv("ONLABEL_WORKSPACE")
    assert where() == str(REPOSITORY)
    monkeypatch.chdir(workspace)
    assert where() == str(workspace.resolve())


def test_init_makes_a_workspace_that_checks_and_does_not_overwrite(onlabel: Command, tmp_path: Path) -> None:
    made = onlabel("init", tmp_path / "new")
    assert made.code == 0
    assert made.out == ""
    assert (tmp_path / "new" / "onlabel.toml").is_file()
    (tmp_path / "empty").mkdir()
    assert onlabel("init", tmp_path / "empty").code == 0
    assert onlabel("init", tmp_path / "new").code == 2
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert onlabel("init", tmp_path / "full").code == 2
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("x")
    assert onlabel("init", tmp_path / "file").code == 2
    assert onlabel("init", tmp_path / "file" / "below").code in (1, 2)
    assert "Traceback" not in onlabel("-w", tmp_path / "new", "check").err


def test_check_lists_every_fault_with_file_and_line(onlabel: Command, workspace: Path) -> None:
    assert onlabel("-w", workspace, "check").code == 0
    leaflet = workspace / "approved_corpus" / "zorvanta-us-leaflet"
    (leaflet / "broken.md").write_bytes(b"---\nid: Not An Id\ntopic: storage\n---\nx\n")
    (leaflet / "binary.md").write_bytes(b"---\n\xff\n---\nx\n")
    (workspace / "templates" / "bad.j2").write_bytes(b"---\nid: x\n---\n{{ 1 }}\n")
    ran = onlabel("-w", workspace, "check")
    assert ran.code == 1
    for place in ("zorvanta-us-leaflet/broken.md:2: ", "zorvanta-us-leaflet/binary.md:2: ", "templates/bad.j2:"):
        assert any(place in line for line in ran.out.splitlines()), ran.out
    assert "3 faults" in ran.err
    built = onlabel("-w", workspace, "build")
    assert (built.code, built.out) == (1, "")
    assert "onlabel check" in built.err
    assert onlabel("-w", workspace, *_ASK).code == 0


@pytest.mark.parametrize("file", ["onlabel.toml", "approved_corpus/policy.yaml"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[[[", b"a: b: c", b"unknown = 1", None])
@pytest.mark.parametrize("command", ["check", "build"])
def test_a_broken_file_of_the_workspace_is_named(
    onlabel: Command, fresh: Path, file: str, content: bytes | None, command: str
) -> None:
    if content is None:
        (fresh / file).unlink()
        (fresh / file).mkdir()
    else:
        (fresh / file).write_bytes(content)
    ran = onlabel("-w", fresh, command)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert Path(file).name in ran.err + ran.out


@pytest.mark.parametrize(
    ("command", "ending"), [("spl", "xml"), ("openfda", "json"), ("openfda", "jsonl"), ("openfda", "json.gz")]
)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"<a>",
        b"<a/>",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe<",
        b"<!DOCTYPE x [<!ENTITY e 'e'>]><x>&e;</x>",
        b"[" * 100_000,
    ],
    ids=range(11),
)
def test_importing_a_broken_file_is_an_error_that_names_it(
    onlabel: Command, fresh: Path, command: str, ending: str, content: bytes
) -> None:
    before = sorted(path.name for path in (fresh / "approved_corpus").iterdir())
    file = fresh / f"broken.{ending}"
    file.write_bytes(content)
    ran = onlabel("-w", fresh, "import", command, file)
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    assert file.name in ran.err
    assert ran.out == ""
    assert sorted(path.name for path in (fresh / "approved_corpus").iterdir()) == before


def test_import_build_and_ask(onlabel: Command, tmp_path: Path, data: Path) -> None:
    """The three commands between a label nobody has seen and an answer from it."""
    label = min((data / "labels" / "spl").glob("*.xml"), key=lambda path: path.stat().st_size)
    root = tmp_path / "w"
    assert onlabel("init", root).code == 0
    assert onlabel("-w", root, "import", "spl", label).code == 0
    built = onlabel("-w", root, "build")
    assert (built.code, built.out) == (0, "")
    again = onlabel("-w", root, "build")
    assert " 0 texts embedded" in again.err
    (document,) = [
        p.name for p in (root / "approved_corpus").iterdir() if p.is_dir() and not p.name.startswith("notices")
    ]
    shown = onlabel("-w", root, "show", "--json", document)
    passages = json.loads(shown.out)["passages"]
    assert passages
    answers = onlabel(
        "-w", root, "ask", "--json", "--batch", "-", stdin="\n".join(f"passage:{id}" for id in passages).encode()
    )
    assert answers.code == 0
    outcomes = [read(line) for line in answers.out.splitlines()]
    assert len(outcomes) == len(passages)
    assert sum(isinstance(one, AnswerObject) and one.outcome == "answered" for one in outcomes) > len(passages) / 2


def test_doctor_tells_of_content_that_changed(onlabel: Command, workspace: Path) -> None:
    (workspace / "index" / "CURRENT").touch()
    assert "as built" in onlabel("-w", workspace, "doctor").out
    built = (workspace / "index" / "CURRENT").stat().st_mtime
    os.utime(workspace / "templates" / "notice.j2", (built + 10, built + 10))
    ran = onlabel("-w", workspace, "doctor")
    assert ran.code == 0
    assert "changed since the build" in ran.out


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="modes bind other users than root, on POSIX systems"
)
@pytest.mark.parametrize("arguments", [("init", "w/new"), ("-w", "w", "build")])
def test_a_folder_that_cannot_be_written_to(onlabel: Command, workspace: Path, arguments: tuple[str, ...]) -> None:
    workspace.chmod(0o555)
    try:
        ran = onlabel(
            *[argument.replace("w/", f"{workspace}/") if "/" in argument else argument for argument in arguments]
        )
    finally:
        workspace.chmod(0o755)
    assert ran.code == 1
    assert "Traceback" not in ran.err
