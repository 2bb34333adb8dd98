"""Go through all that can ever be said in a workspace, and prove it (DESIGN, section 4; docs/proving.md).

Guarantees: every place, every interval, every product, every passage that may be picked and every set that may be
chosen there is tried with the real engine and the real verifier, or covered by the written argument, which
``tests/test_proving.py`` holds against brute force. The same workspace and day give the same proof, byte for byte.
What it does not prove: that a question leads to the right passage. That is measured (docs/evaluation.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistant.content.templates import choose_template
from assistant.domain import Context, Scope
from assistant.proving import cells
from assistant.proving.cells import Cell, CellTrial
from assistant.proving.demands import Demands, loose_ends
from assistant.proving.engine import Engine, Said, Saying
from assistant.proving.findings import Counts, Example, SpaceProof, Violations
from assistant.proving.open_questions import Survey
from assistant.proving.space import Axes, Content, Interval, Place, intervals, places
from assistant.trust.approvals.subjects import passage_subject

#: What is said of approvals where nobody can tell whether anything is approved.
NOT_APPROVED = "not approved yet: preview"


class Progress(Protocol):
    """Told how far a proof is."""

    def __call__(self, done: int, total: int, what: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Used:
    """Something that may be shown, frames it, or decides about it: what has to be approved.

    ``sha256``: of a passage as a signature names it, made from the index that would be shown; "" for all else.
    """

    kind: str
    id: str
    version: str
    sha256: str = ""


def prove(
    root: Path | None,
    *,
    today: dt.date,
    allowed: Axes | None = None,
    approved: Callable[[Used], bool] | None = None,
    governing: Iterable[Used] = (),
    ending_days: int = 90,
    progress: Progress | None = None,
) -> SpaceProof:
    """Prove the answer space of the workspace in ``root``.

    :param today: from here on contexts may be asked; what is out of force before is proved and not surveyed.
    :param allowed: the contexts that may be asked; None: those that the release was sealed for, and where it is none
        those that some product has passages for.
    :param approved: whether something is approved; None: nobody can tell, which the proof then says.
    :param governing: what decides which passages are shown and is approved too: policy, model and their like.
    :param ending_days: what ends within so many days is listed.
    :raises NotReadyError: there is no index.
    :raises IntegrityError: index and ledger are not whole.
    """
    engine = Engine.open(root)
    try:
        sealed = engine.release.description.contexts if engine.release else None
        if allowed is None and sealed is not None:
            allowed = Axes(sealed.audiences, sealed.markets, sealed.languages, sealed.channels)
        run = _Run(engine, today, allowed, progress or _silent)
        return run.prove(approved, tuple(governing), ending_days)
    finally:
        engine.close()


def _silent(done: int, total: int, what: str) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Run:
    engine: Engine
    day: dt.date
    allowed: Axes | None
    progress: Progress
    content: Content = field(init=False)
    demands: Demands = field(init=False)
    intents: tuple[str, ...] = field(init=False)
    places: tuple[Place, ...] = field(init=False)
    violations: Violations = field(init=False)
    counts: Counts = field(default_factory=Counts)
    appeared: dict[str, bool] = field(default_factory=dict)
    framed: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.content = Content.of(self.engine.index)
        self.demands = Demands.of(self.content)
        self.intents = self.engine.intents()
        self.places = places(self.content.scopes, self.allowed)
        self.violations = Violations(self.day)

    def prove(
        self, approved: Callable[[Used], bool] | None, governing: tuple[Used, ...], ending_days: int
    ) -> SpaceProof:
        for rule, says in loose_ends(self.engine, self.content):
            self.violations.add(rule, says)
        for place in self.places:
            self._notices(place)
        survey = Survey(self.engine, self.content, self.day, self.intents)
        for number, product in enumerate(("", *self.content.products)):
            self.progress(number, len(self.content.products), "products")
            for cell in self._cells(product):
                survey.add(cell)
        self.progress(len(self.content.products), len(self.content.products), "products")
        approvals = self._approvals(approved, governing)
        self._count()
        index = self.engine.index
        return SpaceProof(
            day=self.day,
            index=index.fingerprint,
            ledger=self.engine.ledger.fingerprint,
            policy=self.engine.ledger.policy_sha256,
            counts=self.counts,
            violations=self.violations.sorted(),
            coverage=survey.coverage(),
            open=survey.open(),
            withheld=survey.withheld(),
            gaps=survey.gaps(),
            ending=survey.ending(ending_days),
            idle=survey.idle(self.appeared, self.framed),
            approvals=approvals,
        )

    # -- notices -----------------------------------------------------------------------------------------------------

    def _notices(self, place: Place) -> None:
        """Every outcome's notice, wherever and whenever something may be asked."""
        around = (*(entry.head.scope for entry in self.content.shared), *self.content.frames)
        for interval in self._asked(place, intervals(around, place)):
            where = place.on(interval.first)
            for saying in cells.notices(self.engine, self.intents, where):
                self._try(saying, place, interval, "")
            self.counts.covered += cells.notice_count(len(self.intents)) * len(place.channels)

    def _asked(self, place: Place, found: tuple[Interval, ...]) -> Iterator[Interval]:
        """The parts of the intervals in which something may be asked, each with the first day on which it may."""
        if self.allowed is not None:
            first = found[0].first if found else None
            begin = [Interval(self.day, first)] if first is None or self.day < first else []
            yield from (interval for interval in (*begin, *found) if interval.reaches(self.day))
            return
        where = place.on(dt.date.min)
        own = (entry.head for product in self.content.products.values() for entry in product)
        served = [scope for scope in dict.fromkeys(h.scope for h in own if h.retrieve) if scope.covers(where)]
        # Something of a product may be in force before anything around it is.
        earliest = min((scope.effective for scope in served), default=None)
        if earliest is not None and (not found or earliest < found[0].first):
            found = (Interval(earliest, found[0].first if found else None), *found)
        for interval in found:
            days = [day for scope in served if (day := _first_day(scope, interval)) is not None]
            if days:
                yield Interval(min(days), interval.end)

    # -- products ----------------------------------------------------------------------------------------------------

    def _cells(self, product: str) -> Iterator[Cell]:
        scopes = self.content.scopes_around(self.engine.index, product)
        for place in self.places:
            for interval in intervals(scopes, place):

                def attempt(saying: Saying, place: Place = place, interval: Interval = interval) -> Said:
                    return self._try(saying, place, interval, product)

                cell = CellTrial(self.engine, place, interval, product, self.intents, attempt).run()
                if cell is None:
                    continue
                self._note(cell)
                yield cell

    def _note(self, cell: Cell) -> None:
        self.counts.cells += 1
        self.counts.covered += cell.covered
        if not cell.interval.reaches(self.day):
            return
        denied = self.engine.policy.not_answered.get(cell.place.audience, ())
        for entry in cell.picked:
            if entry.head.topic in denied:
                says = f"{entry.head.id!r} is about {entry.head.topic}, which policy denies {cell.place.audience}"
                self.violations.add("denied", says, self._example(cell, entry.head.topic, entry.head.id))
        for topic in cell.unframed:
            says = f"no template of use answer shows {topic}, which {cell.product} has passages on"
            self.violations.add("template", says, self._example(cell, topic))

    def _example(self, cell: Cell, intent: str, *ids: str) -> Example:
        return Example(cell.product, cell.place, cell.interval, "answered", intent, ids)

    # -- one answer --------------------------------------------------------------------------------------------------

    def _try(self, saying: Saying, place: Place, interval: Interval, product: str) -> Said:
        """Say it, and hold what comes of it against every demand."""
        where = place.on(interval.first)
        said = self.engine.say(saying, where)
        self.counts.checked += 1
        asked = tuple(entry.head.id for entry in saying.shown)
        example = Example(product, place, interval, saying.outcome.value, saying.intent, asked or said.passages)
        if said.refused:
            self.violations.add(_rule_of(said.refused), said.refused, example)
        elif said.unsaid:
            if interval.reaches(self.day):
                self.violations.add("template" if "template" in said.unsaid else "notice", said.unsaid, example)
        else:
            for rule, says in self.demands.breaches(said, saying, where):
                self.violations.add(rule, says, example)
            self._remember(said, saying.intent, where, interval)
        return said

    def _remember(self, said: Said, intent: str, where: Context, interval: Interval) -> None:
        """What has been shown, and whether it can be from today on."""
        now = interval.reaches(self.day)
        for id in said.passages:
            self.appeared[id] = self.appeared.get(id, False) or now
        # The receipt names a template that fits; of several that look alike the renderer took the first.
        for use in {template["use"] for template in said.answer.receipt["templates"]} if said.answer else ():
            template = choose_template(self.engine.index.templates, use, intent, where)
            if template is not None:
                self.framed[template.id] = self.framed.get(template.id, False) or now

    # -- all of it ---------------------------------------------------------------------------------------------------

    def _approvals(self, approved: Callable[[Used], bool] | None, governing: tuple[Used, ...]) -> str:
        if approved is None:
            release = self.engine.release
            return f"sealed as {release.description.name} {release.number}" if release else NOT_APPROVED
        used = [*self._used(), *governing]
        missing = [thing for thing in used if not approved(thing)]
        for thing in missing:
            self.violations.add("approval", f"{thing.kind} {thing.id!r}, version {thing.version}, is not approved")
        return f"{len(used) - len(missing)} of {len(used)} approved"

    def _used(self) -> Iterator[Used]:
        """Everything that may be shown from today on, and what frames it."""
        documents = {}
        for entry in self.content.passages:
            if self.appeared.get(entry.head.id):
                ref = passage_subject(self.engine.index.load(entry)).ref
                yield Used("passage", ref.id, ref.version, ref.sha256)
                documents[entry.head.document] = self.engine.index.document(entry.head.document)
        for id, document in sorted(documents.items()):
            yield Used("document", id, document.version if document else "")
        for template in self.engine.index.templates:
            if self.framed.get(template.id):
                yield Used("template", template.id, template.version)

    def _count(self) -> None:
        counts, content = self.counts, self.content
        counts.places = len(self.places)
        counts.contexts = sum(len(place.channels) for place in self.places)
        counts.intervals = sum(len(intervals(content.scopes, place)) for place in self.places)
        counts.products = len(content.products)
        counts.passages = sum(1 for _ in content.passages)
        counts.templates = len(content.frames)
        counts.intents = len(self.intents)


def _first_day(scope: Scope, interval: Interval) -> dt.date | None:
    """The first day of ``interval`` on which ``scope`` is in force."""
    day = max(interval.first, scope.effective)
    return day if (interval.end is None or day < interval.end) and scope.valid_on(day) else None


def _rule_of(refused: str) -> str:
    """The verifier's rule that a refusal names; the renderer's refusals are about shape."""
    return refused[:2] if refused[:1] == "V" and refused[1:2] in tuple("1234567") else "V7"
