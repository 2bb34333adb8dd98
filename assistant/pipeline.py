"""The story on one screen: screen, understand, plan, retrieve, render, complete, verify, record, and only then show.

Whatever goes wrong on the way ends in an approved notice or in an error, never in unproved text: :meth:`Assistant.ask`
returns only what the verifier has proved and the audit has kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant.answering import planning, retrieval
from assistant.answering.answer import Answer, Offer, Reference
from assistant.answering.choices import PICK, intent_choices, label_choices, passage_choices, product_choices, slip_choices
from assistant.answering.companions import Completed, Missing, complete
from assistant.answering.index import Entry, Index
from assistant.answering.rendering import Renderer, lay_out
from assistant.answering.retrieval import Candidate, Query
from assistant.canonical import sha256_hex
from assistant.content.policy import parse_policy
from assistant.domain import OTHER_INTENTS, Context, Flag, Outcome, Passage
from assistant.errors import IntegrityError, NotReadyError, UsageError
from assistant.settings import Settings
from assistant.trust.audit import AuditSink, JsonLinesAudit
from assistant.trust.ledger import Ledger
from assistant.trust.receipts import make_receipt
from assistant.trust.verification import verify
from assistant.understanding import conditions, products
from assistant.understanding.encoder import Encoder, TextTooLongError, open_encoder
from assistant.understanding.language import speaks
from assistant.understanding.reading import Reading, folded, legible, read
from assistant.understanding.router import NearestUtterances
from assistant.understanding.screen import Screen
from assistant.workspace import Workspace

_MARKET_ZONES = {"US": "America/New_York", "GB": "Europe/London"}


@dataclass(slots=True)
class _Draft:
    """What is decided about an answer before it is rendered."""

    outcome: Outcome
    intent: str = "out_of_scope"
    confidence: float = 0.0
    flags: frozenset[Flag] = frozenset()
    role: str = ""
    shown: tuple[Entry, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    choices: tuple[Offer, ...] = ()
    others: tuple[tuple[str, float], ...] = ()
    slots: dict[str, str] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


class Assistant:
    """Answers questions from one workspace. Open once, ask often; safe to share between threads."""

    def __init__(
        self, settings: Settings, index: Index, ledger: Ledger, encoder: Encoder, audit: AuditSink, today: Callable[[str], dt.date]
    ) -> None:
        if index.encoder != encoder.fingerprint:
            raise NotReadyError("the index was made with another model than this one: run `onlabel build`")
        self.settings = settings
        self.index = index
        self.encoder = encoder
        self.policy, self._policy_sha256 = parse_policy(index.policy, Path("policy.yaml"))
        if self._policy_sha256 != ledger.policy_sha256:
            raise IntegrityError("the index and the ledger were made under different policies")
        self._ledger = ledger
        self._audit = audit
        self._today = today
        self._renderer = Renderer(index.templates)
        self._router = NearestUtterances(*index.utterances)
        self._screen = Screen.parse(index.screen)

    @classmethod
    def open(cls, root: Path | None = None, *, audit: AuditSink | None = None) -> Assistant:
        """Open the workspace in ``root`` (default: as :meth:`Workspace.find` says).

        :raises NotReadyError: there is no index or no model, or they do not belong together.
        """
        workspace = Workspace.find(root)
        settings = workspace.settings
        model = settings.model
        index = Index.open(workspace.index)
        encoder = open_encoder(
            model.encoder, workspace.model_file, model.n_threads, model.n_threads_batch, model.n_ctx, model.n_gpu_layers
        )
        zones = _MARKET_ZONES | settings.context.timezones

        def today(market: str) -> dt.date:
            return dt.datetime.now(ZoneInfo(zones.get(market, "UTC"))).date()

        sink = audit or JsonLinesAudit(workspace.audit_file)
        return cls(settings, index, Ledger.open(index.ledger_file), encoder, sink, today)

    def context(
        self,
        audience: str | None = None,
        market: str | None = None,
        language: str | None = None,
        channel: str = "cli",
        date: dt.date | None = None,
    ) -> Context:
        """A context; what is not given comes from ``onlabel.toml``, the date from the market's clock."""
        given = self.settings.context
        place = market or given.market
        return Context(audience or given.audience, place, language or given.language, channel, date or self._today(place))

    def ask(self, question: str, context: Context | None = None, previous: Answer | None = None) -> Answer:
        """The proved and recorded answer to ``question``.

        :param previous: the last answer of a conversation; its product carries over where none is named.
        :raises UsageError: no notice is approved for this context, so nothing can be said in it.
        :raises IntegrityError: an answer failed its proof; nothing is shown.
        """
        asked = legible(question)
        where = context or self.context()
        draft = self._decide(asked, where, previous)
        if draft.shown:
            completed = complete(self.index, self.policy, where, draft.shown)
            draft.shown = completed.answers if isinstance(completed, Completed) else ()
            if isinstance(completed, Missing):
                self._give_up(draft, f"companion not to be had: {completed.wanted}")
                completed = Completed((), ())
        else:
            completed = Completed((), ())
        answer = self._prove(asked, where, draft, completed)
        self._audit.record(_record(answer))
        return answer

    def passage(self, id: str, context: Context) -> Answer | None:
        """The passage ``id`` as an answer, under the same eligibility, companions, proof and record as any other.

        None: there is no such passage for this context.
        """
        entry = self._pickable(id, context)
        return self.ask(PICK + id, context) if entry else None

    # -- decide ------------------------------------------------------------------------------------------------------

    def _decide(self, asked: str, where: Context, previous: Answer | None) -> _Draft:
        found = self._screen.find(asked)
        flags = frozenset(finding.flag for finding in found)
        draft = self._understand(asked, where, flags, previous)
        draft.notes[:0] = [f"screen: {finding.flag.value} by rule {finding.rule}" for finding in found]
        return draft

    def _understand(self, asked: str, where: Context, flags: frozenset[Flag], previous: Answer | None) -> _Draft:
        plain = folded(asked) if len(asked) <= self.settings.limits.question_chars else ""
        if not plain:
            return self._fixed(flags, Outcome.OUT_OF_SCOPE, "empty, or longer than is read")
        picked = self._pickable(plain.removeprefix(PICK), where) if plain.startswith(PICK) else None
        if picked is not None:
            return _Draft(Outcome.ANSWERED, picked.head.topic, 1.0, shown=(picked,), slots=_product_slot(picked.head.product))
        if not speaks(plain, where.language):
            draft = self._fixed(flags, Outcome.OUT_OF_SCOPE, "another language")
            draft.role = "language.unsupported" if draft.outcome is Outcome.OUT_OF_SCOPE else ""
            return draft
        try:
            return self._for_product(plain, where, flags, previous)
        except TextTooLongError as error:
            return self._fixed(flags, Outcome.OUT_OF_SCOPE, str(error))

    def _fixed(self, flags: frozenset[Flag], outcome: Outcome, note: str) -> _Draft:
        grave = planning.grave_outcome(flags)
        return _Draft(grave or outcome, flags=flags, notes=[note])

    def _for_product(self, plain: str, where: Context, flags: frozenset[Flag], previous: Answer | None) -> _Draft:
        mentions = products.find_mentions(plain, self.index)
        named = self._products_of(mentions, where)
        carried = ""
        if not mentions and previous is not None and "product" in previous.slots:
            if not products.find_slips(plain, self.index):
                carried = previous.slots["product"]
                named = (carried,)
        best: _Draft | None = None
        for product in named[:2] if named else ("",):
            reading = read(plain, products.keys_to_mask(mentions, (product,)), self.encoder, self._router)
            draft = self._route(plain, where, flags, reading, product, mentions, previous)
            if best is None or _score(draft) > _score(best) + self.policy.thresholds.passage_margin:
                best = draft
        assert best is not None
        best.carried = ("product",) if carried and best.slots.get("product") == carried else ()
        return best

    def _products_of(self, mentions: Sequence[products.Mention], where: Context) -> tuple[str, ...]:
        """The products that the names leave open, in the order of the question; those without words here last."""
        if not mentions:
            return ()
        common = set.intersection(*(set(mention.products) for mention in mentions))
        ordered = dict.fromkeys(product for mention in mentions for product in mention.products)
        left = [product for product in ordered if not common or product in common]
        spoken_for = [product for product in left if retrieval.eligible(self.index, product, where)]
        return tuple(spoken_for or left)

    def _route(
        self,
        plain: str,
        where: Context,
        flags: frozenset[Flag],
        reading: Reading,
        product: str,
        mentions: Sequence[products.Mention],
        previous: Answer | None,
    ) -> _Draft:
        thresholds = self.policy.thresholds
        flags = planning.raised(flags, reading.intents, thresholds)
        status = self._status(reading, product, where)
        plan = planning.route(flags, reading.intents, status, bool(reading.condition), where.audience, self.policy)
        draft = _Draft(
            plan.outcome or Outcome.ANSWERED,
            plan.intent,
            plan.confidence,
            flags,
            others=tuple(pair for pair in reading.intents[:4] if pair[0] != plan.intent),
            slots=_product_slot(product) | ({"population": ",".join(reading.population)} if reading.population else {}),
        )
        if reading.condition:
            draft.notes.append(f"condition: {status.value}")
        if plan.outcome is Outcome.ANSWERED:
            draft.role = f"intent.{plan.intent}"
            return draft
        if plan.outcome is Outcome.CLARIFY:
            draft.choices = intent_choices(self.index, plan.ask_intents, product)
        if plan.retrieve:
            self._retrieve(plain, where, plan, reading, product, mentions, draft)
        return draft

    def _status(self, reading: Reading, product: str, where: Context) -> conditions.LabelStatus:
        if not reading.condition or not product:
            return conditions.LabelStatus.UNSURE
        words: dict[bool, set[str]] = {True: set(), False: set()}
        from assistant.answering import lexical

        for entry in self.index.entries(product):
            head = entry.head
            indicates = head.topic in ("indication", "overview") or "indication" in head.serves
            limits = head.topic == "contraindication"
            if (indicates or limits) and head.scope.covers(where) and head.scope.valid_on(where.date):
                words[indicates].update(lexical.terms(self.index.load(entry).text.decode()))
        asked = frozenset(lexical.terms(" ".join(reading.condition)))
        return conditions.compare(asked, frozenset(words[True]), frozenset(words[False]))

    # -- retrieve ----------------------------------------------------------------------------------------------------

    def _retrieve(
        self,
        plain: str,
        where: Context,
        plan: planning.Route,
        reading: Reading,
        product: str,
        mentions: Sequence[products.Mention],
        draft: _Draft,
    ) -> None:
        """Fill ``draft`` with passages, or turn it into a question back or a refusal."""
        if not product:
            self._ask_product(plain, where, draft)
            return
        open_products = self._products_of(mentions, where)
        if len(mentions) == 1 and len(open_products) > 1 and plan.outcome is None:
            self._clarify(draft, product_choices(self.index, open_products, plain))
            return
        entries = retrieval.eligible(self.index, product, where)
        preferred = self.settings.labels.prefer.get(product, "")
        rivals = retrieval.rival_labels(self.index, entries, preferred)
        if rivals:
            named = retrieval.named_labels(rivals, plain)
            if len(named) != 1:
                draft.notes.append("several labelers: set [labels] prefer in onlabel.toml")
                self._clarify(draft, label_choices(rivals[: self.policy.choices_offered], plain))
                return
            preferred = named[0].id
        entries = retrieval.one_label(self.index, entries, preferred)
        intents = [(name, share) for name, share in reading.intents if name not in OTHER_INTENTS or name == plan.intent]
        query = Query(reading.masked, reading.vector, intents, reading.population)
        ranked = retrieval.rank(self.index, entries, query, self.policy.ranking)
        chosen = planning.choose(ranked, self.policy, plan.safety_first)
        draft.candidates = tuple(ranked[:5])
        if chosen.shown:
            draft.shown = tuple(candidate.entry for candidate in chosen.shown)
            draft.choices = passage_choices(chosen.offered)
        elif plan.outcome is None:
            self._give_up(draft, "no passage is sure enough")

    def _give_up(self, draft: _Draft, why: str) -> None:
        draft.shown = ()
        draft.notes.append(why)
        if planning.grave_outcome(draft.flags) is None:
            draft.outcome, draft.choices = Outcome.NO_APPROVED_ANSWER, ()

    def _clarify(self, draft: _Draft, choices: tuple[Offer, ...]) -> None:
        if planning.grave_outcome(draft.flags) is None:
            draft.outcome = Outcome.CLARIFY if choices else Outcome.NO_APPROVED_ANSWER
            draft.choices = choices

    def _ask_product(self, plain: str, where: Context, draft: _Draft) -> None:
        slips = products.find_slips(plain, self.index)
        if slips:
            draft.notes.append("a name like one we know")
            self._clarify(draft, slip_choices(self.index, slips, plain)[: self.policy.choices_offered])
            return
        draft.notes.append("no product named")
        served = [p.id for p in self.index.products(40) if retrieval.eligible(self.index, p.id, where)]
        self._clarify(draft, product_choices(self.index, tuple(served[: self.policy.choices_offered]), plain))

    def _pickable(self, id: str, where: Context) -> Entry | None:
        entry = self.index.entry(id)
        if entry is None or not entry.head.retrieve:
            return None
        return entry if entry.head.scope.covers(where) and entry.head.scope.valid_on(where.date) else None

    # -- render, prove, record ---------------------------------------------------------------------------------------

    def _notice(self, role: str, where: Context) -> Entry:
        for entry in self.index.entries(""):
            head = entry.head
            if role in head.serves and head.scope.covers(where) and head.scope.valid_on(where.date):
                return entry
        raise UsageError(
            f"nothing may be said to {where.audience} in {where.market}, {where.language}, by {where.channel} on {where.date}: "
            f"no approved notice serves {role} there"
        )

    def _prove(self, asked: str, where: Context, draft: _Draft, completed: Completed) -> Answer:
        blocks = []
        used: list[Passage] = []

        def add(use: str, entries: Sequence[Entry], role: str) -> None:
            template = self._renderer.choose(use, draft.intent, where)
            if template is None:
                raise UsageError(f"no approved template shows {use} of {draft.intent} to {where.audience} in {where.market}")
            passages = [self.index.load(entry) for entry in entries]
            used.extend(passages)
            blocks.append(self._renderer.block(template, passages, role))

        if draft.outcome is not Outcome.ANSWERED or draft.role:
            notice = self._notice(draft.role or f"outcome.{draft.outcome.value}", where)
            add("companion_before" if draft.shown else "notice", [notice], "answer")
        for entry in completed.before:
            add("companion_before", [entry], "companion")
        if draft.shown:
            add("answer", draft.shown, "answer")
        for entry in completed.after:
            add("companion_after", [entry], "companion")
        rendered = lay_out(blocks)
        proof = verify(
            text=rendered.text,
            spans=rendered.spans,
            outcome=draft.outcome,
            flags=draft.flags,
            intent=draft.intent,
            context=where,
            ledger=self._ledger,
        )
        receipt = make_receipt(
            proof,
            context=where,
            answer_sha256=sha256_hex(rendered.text),
            index_fingerprint=self.index.fingerprint,
            model_fingerprint=self.encoder.fingerprint,
            policy_sha256=self._policy_sha256,
        )
        references = [(passage, self.index.document(passage.document)) for passage in used]
        return Answer(
            outcome=draft.outcome,
            flags=tuple(sorted(draft.flags)),
            question=asked,
            text=rendered.text,
            intent=draft.intent,
            confidence=draft.confidence,
            other_intents=draft.others,
            slots=draft.slots,
            carried=draft.carried,
            context=where,
            spans=rendered.spans,
            references=tuple(Reference(passage, document) for passage, document in references if document is not None),
            candidates=tuple((candidate.entry.head.id, candidate.score) for candidate in draft.candidates),
            choices=draft.choices,
            preview=True,
            receipt=receipt,
            notes=tuple(draft.notes),
        )

    def self_check(self, count: int) -> tuple[int, float, int]:
        """Embed ``count`` example questions of the index again on this machine.

        :return: how many are decided differently, the largest difference of a vector's component, how many there were.
        """
        vectors, _ = self.index.utterances
        texts = self.index.utterance_texts
        step = max(1, len(texts) // count)
        flips, apart, sampled = 0, 0.0, range(0, len(texts), step)
        for number in sampled:
            made = self.encoder.encode([texts[number]])[0]
            apart = max(apart, float(abs(made - vectors[number]).max()))
            flips += self._router.probabilities(made)[0][0] != self._router.probabilities(vectors[number])[0][0]
        return flips, apart, len(sampled)

    @cached_property
    def markets(self) -> tuple[str, ...]:
        """The markets that some notice is approved for."""
        return tuple(sorted({market for entry in self.index.entries("") for market in entry.head.scope.markets}))


def _product_slot(product: str) -> dict[str, str]:
    return {"product": product} if product else {}


def _score(draft: _Draft) -> float:
    return draft.candidates[0].score if draft.shown and draft.candidates else 0.0


def _record(answer: Answer) -> dict[str, object]:
    return {
        "schema": "onlabel.audit/1",
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "question": answer.question,
        "context": answer.context.as_json(),
        "outcome": answer.outcome.value,
        "flags": [flag.value for flag in answer.flags],
        "intent": answer.intent,
        "confidence_per_mille": round(answer.confidence * 1000),
        "slots": answer.slots,
        "passages": [
            {"id": span.id, "version": span.version, "sha256": span.sha256, "role": span.role}
            for span in answer.spans
            if span.source == "passage"
        ],
        "preview": answer.preview,
        "receipt": answer.receipt,
    }
