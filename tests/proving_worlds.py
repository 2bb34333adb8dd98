"""Small random workspaces full of faults, and the brute force that a proof by parts is held against.

The brute force knows no places, no intervals, no classes and no lemmas: it goes through every day, every channel, every
intent, every flag and every answer of one to three passages in every order.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from assistant.answering.building import Content, build, sort_key
from assistant.answering.index import Entry
from assistant.canonical import sha256_hex
from assistant.content.templates import Template, Use, choose_template, parse
from assistant.domain import CHANNELS, NOTICE_ROLES, OTHER_INTENTS, Context, Document, Kind, Outcome, Passage, Scope
from assistant.proving import parts, space
from assistant.proving.demands import AFTER_GRAVE, Demands
from assistant.proving.engine import GRAVE, Engine, Said, Saying
from assistant.understanding.taxonomy import Taxonomy
from assistant.workspace import sample_root
from tests import tiny
from tests.fakes import HashEncoder

FIRST = dt.date(2026, 3, 1)
#: Everything in a random world begins and ends on one of these.
TURNS = tuple(FIRST + dt.timedelta(3 * n) for n in range(3))
#: Every day that is tried by brute force: from before the first turn until after the last.
DAYS = tuple(FIRST + dt.timedelta(n) for n in range(-1, 8))
INTENTS = ("storage", "dosage")
TAXONOMY = Taxonomy(
    labels={"storage": "Storage", "dosage": "Dosage", "source_request": "Source"},
    examples={"storage": ("how is it stored",), "dosage": ("how much",), "source_request": ("says who",)},
)
_ANSWER = "{% for p in answers %}{{ p }}{% if not loop.last %}\n--\n{% endif %}{% endfor %}"
_BODIES = {
    "companion_before": "{{ passage }}\n==\n",
    "companion_after": "\n++\n{{ passage }}",
    "notice": "{{ passage }}",
}


@dataclass
class World:
    """A workspace in the making."""

    draw: random.Random
    passages: list[Passage] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    rules: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    shown: int = 3
    rival: bool = False

    def scope(self, fault: float = 0.12) -> Scope:
        """For professionals on all days, or by chance for fewer people or fewer days."""
        draw = self.draw
        audiences = ("hcp",) if draw.random() > fault else draw.choice([("patient",), ("hcp", "patient")])
        channels = CHANNELS if draw.random() > fault else ("cli",)
        effective = TURNS[0] if draw.random() > fault else draw.choice(TURNS)
        later = [day for day in TURNS if day > effective]
        expires = draw.choice(later) if later and draw.random() < fault else None
        withdrawn = draw.choice(later) if later and draw.random() < fault / 2 else None
        return Scope(audiences, ("US",), "en", channels, effective, expires, withdrawn)

    def passage(self, id: str, product: str, **fields: Any) -> None:
        """One more passage."""
        text = f"Words of {id}.".encode()
        scope = fields.pop("scope", None) or self.scope()
        order = len(self.passages)
        base = Passage(
            id, "1", fields.pop("document", product or "notices"), product, text, sha256_hex(text), "storage", (),
            Kind.SAFETY, str(order), f"Title {id}", order, scope,
        )  # fmt: skip
        self.passages.append(replace(base, **fields))

    def template(self, id: str, use: Use, body: str, intents: tuple[str, ...] = ()) -> None:
        """One more template."""
        _, literals = parse(body, use, id)
        everyone = Scope(("hcp", "patient"), ("US",), "en", CHANNELS, TURNS[0])
        scope = self.scope(0.3) if self.draw.random() < 0.02 else everyone
        self.templates.append(Template(id, "1", use, intents, scope, body, literals))

    def write(self, root: Path) -> Path:
        """Build it in ``root``, unchecked."""
        root.mkdir()
        (root / "onlabel.toml").write_text(tiny.SETTINGS, encoding="utf-8")
        policy = yaml.safe_load((sample_root() / "approved_corpus" / "policy.yaml").read_bytes())
        policy |= {"companions": self.rules, "passages_shown": self.shown}
        policy["not_answered"] = {"patient": ["dosage"]} if self.draw.random() < 0.1 else {}
        passages = sorted(self.passages, key=sort_key)
        content = Content(
            documents=tuple(_documents(self.passages)),
            passages=passages,
            passage_count=len(passages),
            templates=tuple(self.templates),
            policy=yaml.safe_dump(policy).encode(),
            policy_file=root / "policy.yaml",
            screen=tiny.SCREEN,
            taxonomy=TAXONOMY,
        )
        build(root / "index", content, HashEncoder())
        return root


def _documents(passages: list[Passage]) -> Iterator[Document]:
    scope = Scope(("hcp",), ("US",), "en", CHANNELS, TURNS[0])
    for id, product in sorted({(p.document, p.product) for p in passages}):
        sort = "label" if product else "notices"
        names = (product,) if product else ()
        yield Document(id, "1", id, sort, product, names, (), (), "Owner", f"Labeler of {id}", scope)


def random_world(seed: int) -> World:
    """A product of three to five passages, another one, notices, templates and rules, with whatever faults."""
    world = World(random.Random(seed))  # noqa: S311 - not for secrets
    draw = world.draw
    ids = [f"p{n}" for n in range(draw.choice((3, 4, 4, 5)))]
    roles = ("boxed_warning", "boxed_warning_short", "indication", "important_safety_information")
    for role in NOTICE_ROLES:
        scope = Scope(("hcp", "patient"), ("US",), "en", CHANNELS, TURNS[0])
        changed = world.scope() if draw.random() < 0.01 else scope
        companions = (draw.choice(ids),) if draw.random() < 0.01 else ()
        world.passage(
            f"n.{role}", "", kind=Kind.NOTICE, serves=(role,), retrieve=draw.random() < 0.01, scope=changed,
            companions=companions,
        )  # fmt: skip
    if draw.random() < 0.3:
        world.passage("shared", "", serves=(draw.choice(roles),), retrieve=False, kind=draw.choice(list(Kind)[:4]))
    world.rival = draw.random() < 0.15
    for id in ids:
        nameable = [*ids, "q0", "gone", "n.outcome.adverse_event", "shared"]
        named = [other for other in ids if other != id] if draw.random() < 0.8 else nameable
        world.passage(
            id,
            "zed",
            document=draw.choice(("zed", "zed-b")) if world.rival else "zed",
            topic=draw.choice(INTENTS),
            kind=draw.choice([*list(Kind)[:4], *list(Kind)[:2], *([Kind.NOTICE] if draw.random() < 0.05 else [])]),
            serves=tuple(draw.sample(roles, draw.choice((0, 0, 0, 1, 1, 2)))),
            companions=tuple(draw.sample(named, draw.choice((0, 0, 0, 1)))),
            retrieve=draw.random() < 0.85,
        )
    world.passage("q0", "other", scope=Scope(("hcp", "patient"), ("US",), "en", CHANNELS, TURNS[0]))
    for kind in list(Kind)[: 5 if draw.random() < 0.04 else 4]:
        world.rules[kind.value] = [_rule(draw, roles) for _ in range(draw.choice((0, 0, 1, 1, 2)))]
    world.shown = draw.choice((2, 3, 3))
    _templates(world)
    return world


def _rule(draw: random.Random, roles: tuple[str, ...]) -> dict[str, str]:
    rule = {
        "role": draw.choice(roles),
        "place": draw.choice(("before", "before", "after")),
        "need": draw.choice(("always", "where_present", "where_present", "where_present")),
    }
    return rule | ({"instead": draw.choice(roles)} if draw.random() < 0.3 else {})


def _templates(world: World) -> None:
    draw = world.draw
    if draw.random() < 0.95:
        world.template("any", "answer", _ANSWER)
    if draw.random() < 0.5:
        world.template("on-dosage", "answer", "On doses:\n" + _ANSWER, ("dosage",))
    uses: tuple[Use, ...] = ("companion_before", "companion_after", "notice")
    for use in uses:
        intents = (draw.choice(INTENTS),) if draw.random() < 0.03 else ()
        world.template(use, use, _BODIES[use] if draw.random() < 0.7 else "{{ passage }}", intents)


# --- brute force ------------------------------------------------------------------------------------------------------


@dataclass
class BruteForce:
    """Everything that can be said, one by one. ``broken``: (rule, passages) of every answer that breaks one."""

    engine: Engine
    broken: set[tuple[str, frozenset[str], str]] = field(default_factory=set)
    appeared: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    tried: int = 0

    def __post_init__(self) -> None:
        self.content = space.Content.of(self.engine.index)
        self.demands = Demands.of(self.content)
        self.intents = self.engine.intents()
        self.topics = [intent for intent in self.intents if intent not in OTHER_INTENTS]

    def run(self, contexts: list[Context]) -> None:
        """Go through ``contexts``."""
        for where in contexts:
            served = False
            for product in ("", *self.content.products):
                eligible = self.engine.index.eligible(product, where)
                served = served or bool(eligible and product)
                self._product(product, eligible, where)
            self._notices(where, served)

    def _product(self, product: str, eligible: tuple[Entry, ...], where: Context) -> None:
        denied = self.engine.policy.not_answered.get(where.audience, ())  # type: ignore[call-overload]
        for entry in eligible:
            said = self._say(Saying(Outcome.ANSWERED, entry.head.topic, (entry,)), where)
            if entry.head.topic in denied and entry.head.id in said.passages:
                self.broken.add(("denied", frozenset([entry.head.id]), ""))
        if not product:
            return
        groups = parts.together(self.engine.index, self.engine.settings, product, eligible)
        most = self.engine.policy.passages_shown
        orders = {
            found for group in groups for size in range(1, most + 1) for found in itertools.permutations(group, size)
        }
        asked = [topic for topic in self.topics if topic not in denied]
        for topic in asked:
            about = any(entry.head.is_about(topic) for group in groups for entry in group)
            if about and choose_template(self.engine.index.templates, "answer", topic, where) is None:
                self.broken.add(("template", frozenset(), ""))
        for outcome, found, topic in itertools.product((Outcome.ANSWERED, *GRAVE), orders, asked):
            if outcome not in GRAVE or all(entry.head.kind in AFTER_GRAVE for entry in found):
                self._say(Saying(outcome, topic, found), where)

    def _notices(self, where: Context, served: bool) -> None:
        if not served:
            return
        for role in NOTICE_ROLES:
            sort, _, name = role.partition(".")
            if sort == "intent":
                self._say(Saying(Outcome.ANSWERED, name, role=role), where)
                continue
            outcome = Outcome(name) if sort == "outcome" else Outcome.OUT_OF_SCOPE
            for intent in self.intents:
                self._say(Saying(outcome, intent, role="" if sort == "outcome" else role), where)

    def _say(self, saying: Saying, where: Context) -> Said:
        said = self.engine.say(saying, where)
        self.tried += 1
        ids = frozenset(entry.head.id for entry in saying.shown)
        for rule in self._rules(said, saying, where):
            self.broken.add((rule, ids, saying.outcome.value))
        self.appeared.update(said.passages)
        if said.withheld and len(ids) == 1:
            self.withheld |= ids
        return said

    def _rules(self, said: Said, saying: Saying, where: Context) -> set[str]:
        if said.refused:
            return {said.refused[:2]}
        if said.unsaid:
            return {"template" if "template" in said.unsaid else "notice"}
        return {rule for rule, _ in self.demands.breaches(said, saying, where)}

    @property
    def least(self) -> set[str]:
        """The rules that are broken by answers of which no part breaks any."""
        sets: dict[str, set[frozenset[str]]] = defaultdict(set)
        for _, ids, outcome in self.broken:
            sets[outcome].add(ids)
        return {
            rule
            for rule, ids, outcome in self.broken
            if not any(other < ids for other in sets[outcome] if other) or len(ids) <= 1
        }

    @property
    def rules(self) -> set[str]:
        """All rules that are broken."""
        return {rule for rule, _, _ in self.broken}


def contexts() -> list[Context]:
    """Every context of a random world."""
    axes = itertools.product(("hcp", "patient"), ("US",), ("en",), CHANNELS[:2], DAYS)
    return [Context(*axis) for axis in axes]
