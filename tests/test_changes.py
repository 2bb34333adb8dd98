"""``release diff``: which answers read otherwise, for whom and from when; what is not listed reads as it did."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.canonical import sha256_hex
from assistant.domain import Kind
from assistant.proving.changes import Changes, compare, table
from assistant.proving.space import Interval
from assistant.serving.commands.release_diff import diff_command
from tests.proving_worlds import TURNS, World
from tests.test_proving import ALWAYS, put, sound

Edit = Callable[[World], None]


def world() -> World:
    """Two passages, one of benefit with its boxed warning."""
    made = sound()
    made.rules["benefit"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    put(made, "box", serves=("boxed_warning",), retrieve=False)
    put(made, "good", Kind.BENEFIT)
    put(made, "p")
    return made


@pytest.fixture
def diff(tmp_path: Path) -> Callable[..., Changes]:
    """Compare the world with an edited one."""

    def run(edit: Edit, since: dt.date = TURNS[0]) -> Changes:
        other = world()
        edit(other)
        return compare(world().write(tmp_path / "a"), other.write(tmp_path / "b"), since=since)

    return run


def reword(made: World, id: str) -> None:
    """Other words in the passage ``id``."""
    text = b"Other words."
    made.passages = [replace(p, text=text, sha256=sha256_hex(text)) if p.id == id else p for p in made.passages]


def told(changes: Changes) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(change.passage, change.state, change.cause) for change in changes.changes}


def test_nothing_differs_from_itself(diff: Callable[..., Changes]) -> None:
    changes = diff(lambda _: None)
    assert changes.changes == ()
    assert changes.decides == ()
    assert changes.compared > 20


def test_a_passage_that_was_reworded(diff: Callable[..., Changes]) -> None:
    changes = diff(lambda made: reword(made, "p"))
    assert told(changes) == {("p", "changed", ("words",))}
    assert {change.place.audience for change in changes.changes} == {"hcp", "patient"}
    assert changes.promotional == ()


def test_a_companion_that_was_reworded_changes_what_it_goes_with(diff: Callable[..., Changes]) -> None:
    changes = diff(lambda made: reword(made, "box"))
    assert told(changes) == {("good", "changed", ("companions",))}
    assert [change.passage for change in changes.promotional] == ["good", "good"]


def test_a_notice_that_was_reworded(diff: Callable[..., Changes]) -> None:
    changes = diff(lambda made: reword(made, "n.outcome.clarify"))
    assert told(changes) == {("outcome.clarify", "changed", ("words",))}


def test_a_passage_that_comes_and_one_that_goes(diff: Callable[..., Changes]) -> None:
    def edit(made: World) -> None:
        made.passages = [
            replace(p, scope=replace(ALWAYS, expires=TURNS[2])) if p.id == "p" else p for p in made.passages
        ]
        put(made, "later", Kind.BENEFIT, scope=replace(ALWAYS, effective=TURNS[1], audiences=("hcp",)))

    changes = diff(edit)
    assert {(c.passage, c.state, c.place.audience, c.interval) for c in changes.changes} == {
        ("later", "new", "hcp", Interval(TURNS[1], None)),
        ("p", "gone", "hcp", Interval(TURNS[2], None)),
        ("p", "gone", "patient", Interval(TURNS[2], None)),
    }
    (row,) = csv.DictReader(io.StringIO(table(changes.promotional, changes.since)))
    assert (row["passage"], row["first_use"], row["audience"]) == ("later", str(TURNS[1]), "hcp")


def test_what_is_over_before_the_day_is_left_out(diff: Callable[..., Changes]) -> None:
    def edit(made: World) -> None:
        put(made, "short", scope=replace(ALWAYS, expires=TURNS[1]))

    assert diff(edit, since=TURNS[1]).changes == ()


@pytest.mark.parametrize(
    "body",
    [
        "Here:\n{% for p in answers %}{{ p }}{% endfor %}",
        "{% for p in answers %}{{ p }}{% if not loop.last %}\n--\n{% endif %}{% endfor %}",
    ],
)
def test_another_frame_even_where_only_several_passages_show_it(diff: Callable[..., Changes], body: str) -> None:
    def edit(made: World) -> None:
        made.templates = [t for t in made.templates if t.use != "answer"]
        made.template("answer", "answer", body)

    assert told(diff(edit)) == {("good", "changed", ("frame",)), ("p", "changed", ("frame",))}


def test_the_frame_of_a_grave_notice_before_passages(diff: Callable[..., Changes]) -> None:
    def edit(made: World) -> None:
        made.templates = [t for t in made.templates if t.use != "companion_before"]
        made.template("companion_before", "companion_before", "{{ passage }}\n==\n")

    grave = {f"outcome.{name}" for name in ("emergency", "adverse_event", "product_complaint")}
    assert {change.passage for change in diff(edit).changes} == grave | {"good"}


def test_a_template_for_one_intent_changes_answers_to_that_intent(diff: Callable[..., Changes]) -> None:
    changes = diff(
        lambda made: made.template("d", "answer", "D:\n{% for p in answers %}{{ p }}{% endfor %}", ("dosage",))
    )
    assert {change.topics for change in changes.changes} == {("dosage",)}


def test_what_decides_about_questions_is_named(diff: Callable[..., Changes]) -> None:
    def edit(made: World) -> None:
        made.shown = 2
        made.passages = [replace(p, title="Another title") if p.id == "p" else p for p in made.passages]

    changes = diff(edit)
    assert changes.changes == ()
    assert changes.decides == ("policy", "topics and titles")


def test_the_command(tmp_path: Path) -> None:
    other = world()
    reword(other, "good")
    folders = [str(world().write(tmp_path / "a")), str(other.write(tmp_path / "b"))]
    listed = tmp_path / "first-use.csv"
    run = CliRunner().invoke(diff_command, [*folders, "--since", str(TURNS[0]), "--promotional", str(listed)])
    assert run.exit_code == 0, run.output
    assert run.stdout.count("changed  good (words)") == 2
    assert listed.read_bytes().count(b"\r\n") == 3
    run = CliRunner().invoke(diff_command, [*folders, "--since", str(TURNS[0]), "--json"])
    assert [change["passage"] for change in json.loads(run.stdout)["changes"]] == ["good", "good"]
