"""The proof over the answer space: by parts it finds what brute force finds, and it notices faults of every sort."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.answering import planning
from assistant.answering.companions import Completed
from assistant.answering.index import Index
from assistant.answering.retrieval import Candidate
from assistant.canonical import canonical_json
from assistant.domain import CHANNELS, NOTICE_ROLES, Kind, Outcome, Scope
from assistant.proving import demands, engine, parts, space
from assistant.proving.engine import Engine
from assistant.proving.findings import RULES, SpaceProof
from assistant.proving.proof import NOT_APPROVED, Used, prove
from assistant.proving.report import html_report
from assistant.serving.commands.prove import prove_command
from tests.conftest import TODAY
from tests.proving_worlds import TURNS, BruteForce, World, contexts, random_world

ALWAYS = Scope(("hcp", "patient"), ("US",), "en", CHANNELS, TURNS[0])
#: Rules that are about content as it lies there, not about an answer.
_LYING_THERE = {"reference", "choice", "approval"}
_ANSWER = "{% for p in answers %}{{ p }}{% endfor %}"
Prove = Callable[..., SpaceProof]


@pytest.fixture
def proved(tmp_path: Path) -> Prove:
    """Build a world and prove it, all of its days counted."""

    def run(world: World, **options: Any) -> SpaceProof:
        return prove(world.write(tmp_path / "w"), today=options.pop("today", dt.date.min), **options)

    return run


def sound(*, shown: int = 3) -> World:
    """A world without fault: notices, templates, no rules, no passages of a product yet."""
    world = World(random.Random(2), shown=shown)  # noqa: S311 - not for secrets
    for role in NOTICE_ROLES:
        world.passage(f"n.{role}", "", kind=Kind.NOTICE, serves=(role,), retrieve=False, scope=ALWAYS)
    world.rules = {kind.value: [] for kind in list(Kind)[:4]}
    bodies = {"answer": _ANSWER, "companion_before": "{{ passage }}", "companion_after": "{{ passage }}"}
    for use, body in {**bodies, "notice": "{{ passage }}"}.items():
        world.template(use, use, body)  # type: ignore[arg-type]
    return world


def put(world: World, id: str, kind: Kind = Kind.SAFETY, **fields: Any) -> None:
    """A passage of the product zed, for everyone on all days unless told otherwise."""
    world.passage(id, "zed", **({"kind": kind, "scope": ALWAYS} | fields))


def unseen(proof: SpaceProof) -> list[str]:
    """The passages that nothing reaches."""
    return [idle.id for idle in proof.idle if idle.kind == "passage"]


def rules(proof: SpaceProof) -> set[str]:
    return {violation.rule for violation in proof.violations}


# --- by parts and by brute force --------------------------------------------------------------------------------------


#: Chosen so that proved worlds and most rules are among them; hundreds more were run when the argument was written.
@pytest.mark.parametrize("seed", [1, 3, 4, 8, 12, 1003, 1011])
def test_by_parts_finds_what_brute_force_finds(seed: int, tmp_path: Path) -> None:
    root = random_world(seed).write(tmp_path / "w")
    proof = prove(root, today=dt.date.min)
    found = {v.rule for v in proof.violations if v.rule not in _LYING_THERE}
    opened = Engine.open(root)
    brute = BruteForce(opened)
    brute.run(contexts())
    opened.close()
    assert brute.least - _LYING_THERE <= found <= brute.rules
    unseen = {id for id in brute.demands.heads if id not in brute.appeared}
    assert {i.id for i in proof.idle if i.kind == "passage" and "another label" not in i.why} == unseen
    assert proof.counts.checked < brute.tried


def test_the_answers_covered_are_those_that_brute_force_makes(tmp_path: Path) -> None:
    """In one context and interval of a world with two labels' worth of passages the counts are the same."""
    world = sound()
    for number, kind in enumerate((Kind.SAFETY, Kind.BENEFIT, Kind.INSTRUCTION, Kind.NEUTRAL)):
        put(world, f"p{number}", kind)
    root = world.write(tmp_path / "w")
    proof = prove(root, today=dt.date.min)
    opened = Engine.open(root)
    brute = BruteForce(opened)
    for context in contexts():
        if context.date == TURNS[0] and context.channel == "cli":
            brute.run([context])
    opened.close()
    assert proof.counts.covered == brute.tried * len(CHANNELS)


def test_a_fault_that_only_three_passages_show_is_found(proved: Prove) -> None:
    """b wants a before it, a wants c before it: beside both, a and c may come in the wrong order."""
    world = sound()
    world.rules["instruction"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    world.rules["neutral"] = [{"role": "indication", "place": "before", "need": "where_present"}]
    put(world, "a", Kind.INSTRUCTION, serves=("indication",))
    put(world, "b", Kind.NEUTRAL)
    put(world, "c", Kind.SAFETY, serves=("boxed_warning",))
    (violation,) = proved(world).violations
    assert violation.rule == "V5"
    assert violation.example is not None
    assert sorted(violation.example.passages) == ["a", "b", "c"]


def test_that_fault_is_none_where_two_passages_are_the_most(proved: Prove) -> None:
    world = sound(shown=2)
    world.rules["instruction"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    world.rules["neutral"] = [{"role": "indication", "place": "before", "need": "where_present"}]
    put(world, "a", Kind.INSTRUCTION, serves=("indication",))
    put(world, "b", Kind.NEUTRAL)
    put(world, "c", Kind.SAFETY, serves=("boxed_warning",))
    assert proved(world).proved


def test_two_that_want_each_other_first_are_found_among_many(proved: Prove) -> None:
    world = sound()
    world.rules["benefit"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    for number in range(6):
        put(world, f"p{number}")
    put(world, "x", Kind.BENEFIT, serves=("boxed_warning",))
    put(world, "y", Kind.BENEFIT, serves=("boxed_warning",))
    found = [v for v in proved(world).violations if v.rule == "V5"]
    assert found
    assert all(v.example is not None and set(v.example.passages) == {"x", "y"} for v in found)


def test_passages_that_are_alike_stand_for_each_other_and_others_do_not(proved: Prove) -> None:
    world = sound()
    for number in range(40):
        put(world, f"p{number}")
    few = proved(world)
    assert few.proved
    assert few.counts.covered > 40**3
    assert few.counts.checked < 2000


@pytest.mark.parametrize("field", ["kind", "serves", "companions", "named"])
def test_classes_part_whatever_the_rules_can_see(field: str, tmp_path: Path) -> None:
    world = sound()
    put(world, "a")
    put(world, "b", Kind.INSTRUCTION if field == "kind" else Kind.SAFETY)
    put(world, "c", companions=("a",) if field == "named" else ())
    world.passages = [
        replace(p, serves=("indication",)) if field == "serves" and p.id == "b" else p for p in world.passages
    ]
    world.passages = [
        replace(p, companions=("c",)) if field == "companions" and p.id == "b" else p for p in world.passages
    ]
    index = Index.open(world.write(tmp_path / "w") / "index")
    classes = [{entry.head.id for entry in found} for found in parts.alike(index.entries("zed"))]
    index.close()
    assert not any({"a", "b"} <= found for found in classes)


# --- what it finds ----------------------------------------------------------------------------------------------------


def test_a_sound_world_is_proved(proved: Prove) -> None:
    world = sound()
    put(world, "p")
    proof = proved(world)
    assert proof.proved
    assert proof.approvals == NOT_APPROVED
    assert not (proof.withheld or proof.gaps or proof.ending or unseen(proof))


def test_a_notice_that_is_a_companion_too_would_stand_twice(proved: Prove) -> None:
    world = sound()
    put(world, "p", companions=("n.outcome.adverse_event",))
    (violation,) = proved(world).violations
    assert violation.rule == "V4"
    assert violation.example is not None
    assert violation.example.outcome == "adverse_event"


def test_a_notice_that_can_be_picked_is_found(proved: Prove) -> None:
    world = sound()
    world.passages[0] = replace(world.passages[0], retrieve=True)
    put(world, "p")
    assert rules(proved(world)) == {"V6"}


def test_words_of_another_product_are_found(proved: Prove) -> None:
    world = sound()
    world.passage("other", "q", scope=ALWAYS)
    put(world, "p", companions=("other",))
    assert "V4" in rules(proved(world))


def test_benefit_text_that_comes_along_as_a_companion_brings_the_boxed_warning(proved: Prove) -> None:
    """The policy asks it of answers of benefit; the demand is on benefit text, however it got there."""
    world = sound()
    put(world, "box", serves=("boxed_warning",), retrieve=False)
    put(world, "good", Kind.BENEFIT, retrieve=False)
    put(world, "p", Kind.NEUTRAL, companions=("good",))
    (violation,) = proved(world).violations
    assert (violation.rule, "box" in violation.says) == ("balance", True)


@pytest.mark.parametrize("place", ["after", "before"])
def test_the_boxed_warning_comes_first(proved: Prove, place: str) -> None:
    world = sound()
    world.rules["benefit"] = [{"role": "boxed_warning", "place": place, "need": "where_present"}]
    put(world, "box", serves=("boxed_warning",), retrieve=False)
    put(world, "good", Kind.BENEFIT)
    assert rules(proved(world)) == ({"balance"} if place == "after" else set())


def test_a_policy_that_forgot_the_boxed_warning_is_found(proved: Prove) -> None:
    world = sound()
    put(world, "box", serves=("boxed_warning",))
    put(world, "good", Kind.BENEFIT)
    assert rules(proved(world)) == {"balance"}


def test_a_notice_that_ends_before_what_it_is_needed_for(proved: Prove) -> None:
    world = sound()
    ending = replace(ALWAYS, expires=TURNS[2])
    world.passages = [replace(p, scope=ending) if p.id == "n.outcome.clarify" else p for p in world.passages]
    put(world, "p")
    proof = proved(world)
    assert rules(proof) == {"notice"}
    assert all(v.example is not None and v.example.interval == space.Interval(TURNS[2], None) for v in proof.violations)
    assert {v.example.place.audience for v in proof.violations if v.example} == {"hcp", "patient"}


def test_days_gone_by_lack_nothing_that_anybody_could_ask_for(proved: Prove) -> None:
    world = sound()
    late = replace(ALWAYS, effective=TURNS[1])
    world.passages = [replace(p, scope=late) if p.id == "n.outcome.clarify" else p for p in world.passages]
    put(world, "p")
    assert proved(world, today=TURNS[1]).proved


def test_an_intent_without_a_template(proved: Prove) -> None:
    world = sound()
    world.templates = [replace(t, intents=("dosage",)) if t.use == "answer" else t for t in world.templates]
    put(world, "p")
    put(world, "q", topic="dosage")
    proof = proved(world)
    assert rules(proof) == {"template"}
    assert {(o.place.audience, o.why) for o in proof.open if o.topic == "storage"} == {
        ("hcp", "withheld"),
        ("patient", "withheld"),
    }


def test_a_template_around_the_answer_that_ends(proved: Prove) -> None:
    world = sound()
    world.rules["safety"] = [{"role": "indication", "place": "after", "need": "always"}]
    ending = replace(ALWAYS, expires=TURNS[1])
    world.templates = [replace(t, scope=ending) if t.use == "companion_after" else t for t in world.templates]
    put(world, "p")
    put(world, "use", serves=("indication",), retrieve=False)
    assert rules(proved(world)) == {"template"}


def test_what_policy_denies_cannot_be_picked(proved: Prove) -> None:
    world = sound()
    world.draw.random = lambda: 0.0  # type: ignore[method-assign]
    put(world, "p", topic="dosage")
    (violation,) = proved(world).violations
    assert violation.rule == "denied"
    assert violation.example is not None
    assert violation.example.place.audience == "patient"


def test_loose_ends(proved: Prove) -> None:
    world = sound()
    put(world, "p", companions=("gone",), title=" ")
    proof = proved(world)
    assert rules(proof) == {"reference", "choice"}
    assert [w.why for w in proof.withheld] == ["companion not to be had: gone"] * 2


# --- faults of the engine: the proof is of the code that runs ---------------------------------------------------------


def test_an_engine_that_forgets_the_date_is_found(proved: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    def anything(self: Index, product: str, context: object) -> tuple[object, ...]:  # noqa: ARG001 - its signature
        return tuple(entry for entry in self.entries(product) if entry.head.retrieve)

    monkeypatch.setattr(Index, "_find_eligible", anything)
    world = sound()
    put(world, "p", scope=replace(ALWAYS, expires=TURNS[1], audiences=("hcp",)))
    put(world, "q")
    assert "V3" in rules(proved(world))


def test_an_engine_that_forgets_companions_is_found(proved: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.pipeline.complete", lambda *given: Completed((), (), tuple(given[3])))
    world = sound()
    world.rules["benefit"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    put(world, "box", serves=("boxed_warning",), retrieve=False)
    put(world, "good", Kind.BENEFIT)
    assert "V5" in rules(proved(world))


def test_a_verifier_that_sleeps_is_not_enough(proved: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scope, balance and grave are asked for in other words: they hold even where the verifier looks away."""
    for rule in ("_v3_eligible", "_v5a_shown", "_v6d_after_notice"):
        monkeypatch.setattr(f"assistant.trust.verification.{rule}", lambda *_: None)
    monkeypatch.setattr("assistant.pipeline.complete", lambda *given: Completed((), (), tuple(given[3])))
    monkeypatch.setattr("assistant.pipeline.grave_outcome", lambda _: None)
    monkeypatch.setattr("assistant.proving.cells.AFTER_GRAVE", frozenset(Kind))
    world = sound()
    world.rules["benefit"] = [{"role": "boxed_warning", "place": "before", "need": "where_present"}]
    put(world, "box", serves=("boxed_warning",), retrieve=False)
    put(world, "good", Kind.BENEFIT)
    assert {"balance", "grave"} <= rules(proved(world))


def test_what_may_follow_a_grave_notice_is_what_planning_lets_follow() -> None:
    assert demands.AFTER_GRAVE == planning._AFTER_GRAVE
    assert {flag: outcome for outcome, flag in engine.GRAVE.items()} == dict(planning.GRAVE_FLAGS)


def test_planning_shows_no_other_kind_after_a_grave_notice(quick: Any) -> None:
    entries = [entry for product in ("zorvanta", "quovendry") for entry in quick.index.entries(product)]
    route = planning.Route(Outcome.ADVERSE_EVENT, "dosage", 1.0, retrieve=True, only_safety=True)
    for start in range(0, len(entries), 5):
        ranked = [Candidate(entry, 1.0, 1.0, 1.0, 1.0) for entry in entries[start : start + 5]]
        shown = planning.choose(ranked, route, quick.policy).shown
        assert {candidate.entry.head.kind for candidate in shown} <= demands.AFTER_GRAVE


# --- open questions ---------------------------------------------------------------------------------------------------


def test_what_nobody_can_be_answered_is_listed(proved: Prove) -> None:
    world = sound()
    world.rules["benefit"] = [{"role": "indication", "place": "after", "need": "always"}]
    put(world, "p", population=("geriatric",))
    put(world, "good", Kind.BENEFIT, topic="dosage", scope=replace(ALWAYS, audiences=("hcp",)))
    proof = proved(world)
    assert proof.proved
    open = {(o.topic, o.population, o.place.audience, o.why) for o in proof.open}
    assert ("dosage", "", "hcp", "withheld") in open
    assert ("dosage", "", "patient", "none") in open
    assert ("storage", "pediatric", "hcp", "population") in open
    assert ("storage", "geriatric", "hcp", "population") not in open
    assert [(w.place.audience, w.passages, w.why) for w in proof.withheld] == [
        ("hcp", ("good",), "companion not to be had: indication")
    ]
    assert unseen(proof) == ["good"]


def test_days_between_two_versions_and_what_ends_soon(proved: Prove) -> None:
    world = sound()
    put(world, "old", locator="1", scope=replace(ALWAYS, expires=TURNS[1]))
    put(world, "new", locator="1", scope=replace(ALWAYS, effective=TURNS[2]))
    put(world, "going", locator="2", topic="dosage", scope=replace(ALWAYS, withdrawn=TURNS[2]))
    put(world, "coming", locator="2", topic="dosage", scope=replace(ALWAYS, effective=TURNS[2]))
    proof = proved(world, today=TURNS[0], ending_days=30)
    hole = space.Interval(TURNS[1], TURNS[2])
    assert {(gap.what, gap.place.audience) for gap in proof.gaps if gap.interval == hole} == {
        (what, audience) for what in ("zed, 1", "storage") for audience in ("hcp", "patient")
    }
    assert len(proof.gaps) == 4
    assert [(e.id, e.day, e.next) for e in proof.ending] == [("old", TURNS[1], ""), ("going", TURNS[2], "coming")]


def test_content_that_nothing_reaches(proved: Prove) -> None:
    world = sound()
    put(world, "p")
    put(world, "over", scope=replace(ALWAYS, expires=TURNS[1]))
    put(world, "never", scope=replace(ALWAYS, withdrawn=TURNS[0]))
    put(world, "uncalled", retrieve=False)
    world.template("second", "notice", "{{ passage }}")
    proof = proved(world, today=TURNS[1])
    why = {idle.id: idle.why for idle in proof.idle}
    assert {"never", "over", "uncalled", "second"} <= set(why)
    assert "p" not in why
    assert "ended on" in why["over"]
    assert "before it begins" in why["never"]


def test_a_label_that_another_is_preferred_to_is_listed(proved: Prove, tmp_path: Path) -> None:
    world = sound()
    put(world, "p", document="one")
    put(world, "q", document="two")
    proof = proved(world)
    assert proof.proved
    assert not unseen(proof)  # a question may name either labeler
    (tmp_path / "w" / "onlabel.toml").write_text(
        '[context]\naudience = "hcp"\nmarket = "US"\n[labels.prefer]\nzed = "one"\n', encoding="utf-8"
    )
    assert prove(tmp_path / "w", today=dt.date.min).proved


# --- approvals, data, report, command ---------------------------------------------------------------------------------


def test_every_byte_has_to_be_approved_where_anybody_can_tell(proved: Prove) -> None:
    world = sound()
    put(world, "p")
    put(world, "uncalled", retrieve=False)
    asked: list[Used] = []

    def approved(used: Used) -> bool:
        asked.append(used)
        return used.id != "p"

    policy = Used("policy", "policy.yaml", "1", "ab")
    proof = proved(world, approved=approved, governing=[policy])
    assert policy in asked
    assert all(used.sha256 for used in asked if used.kind == "passage")
    (violation,) = proof.violations
    assert violation.rule == "approval"
    assert "'p'" in violation.says
    assert {used.kind for used in asked} == {"passage", "template", "document", "policy"}
    assert "uncalled" not in {used.id for used in asked}
    assert proof.approvals == f"{len(asked) - 1} of {len(asked)} approved"


def test_a_release_has_to_speak_wherever_its_policy_lets_it_be_asked(proved: Prove) -> None:
    world = sound()
    put(world, "p", scope=replace(ALWAYS, audiences=("hcp",)))
    proof = proved(world, today=TURNS[0], allowed=space.Axes(("hcp",), ("US", "GB"), ("en",), CHANNELS))
    assert rules(proof) == {"notice"}
    assert {v.example.place.market for v in proof.violations if v.example} == {"GB"}


def test_every_rule_that_is_named_is_described() -> None:
    assert {f"V{number}" for number in range(1, 8)} < set(RULES)


def test_the_same_workspace_gives_the_same_proof(quick_sample: Path) -> None:
    first, second = (prove(quick_sample, today=TODAY) for _ in range(2))
    assert first.proved, first.violations
    assert first.as_json() == second.as_json()
    assert canonical_json(first.as_json())
    assert first.sha256 != dataclasses.replace(first, day=TODAY + dt.timedelta(1)).sha256
    assert {c.state for c in first.coverage} >= {"answered", "none", "denied"}
    assert first.counts.covered > 10**8


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_report_is_one_page_without_script_and_with_everything_escaped(proved: Prove) -> None:
    world = sound()
    put(world, "p", companions=("<script>alert(1)</script>",))
    put(world, "q", topic="dosage")
    proof = proved(world, today=TURNS[0])
    page = _Page()
    made = html_report(proof, 'a "<b>title</b>"')
    page.feed(made)
    assert not {"script", "link", "img", "iframe", "b onload"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)
    assert "http" not in made
    text = "".join(page.text)
    assert "<script>alert(1)</script>" in text
    assert proof.sha256 in text
    assert "Printed name" in text
    assert "Not proved" in text


def test_the_command(proved: Prove, tmp_path: Path) -> None:
    world = sound()
    put(world, "p")
    proof = proved(world, today=TURNS[0])
    page = tmp_path / "proof.html"
    run = CliRunner().invoke(
        prove_command, ["--json", "--as-of", str(TURNS[0]), "--report", str(page)], obj=tmp_path / "w"
    )
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout) == proof.as_json()
    assert proof.sha256 in page.read_text(encoding="utf-8")


def test_the_command_ends_with_1_where_a_rule_is_violated(proved: Prove, tmp_path: Path) -> None:
    world = sound()
    put(world, "p", companions=("gone",))
    proved(world)
    run = CliRunner().invoke(prove_command, [], obj=tmp_path / "w")
    assert run.exit_code == 1
    assert "not proved: 1 violation" in run.stdout
    assert "'gone'" in run.stdout
