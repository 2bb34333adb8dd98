"""The story on one screen: screen, understand, plan, retrieve, render, complete, verify, record, and only then show.

Whatever goes wrong on the way ends in an approved notice or in an error, never in unproved text: :meth:`Assistant.ask`
returns only what the verifier has proved and the audit has kept. Its three steps can be taken one by one, by whoever
answers many at once: :meth:`Assistant.prove`, :meth:`Assistant.enter` and :meth:`Assistant.show`, which alone makes an
answer of what was proved.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assistant.answering import follow_up
from assistant.answering.answer import Answer, Reference
from assistant.answering.choices import PICK
from assistant.answering.companions import Completed, complete
from assistant.answering.deciding import Decider
from assistant.answering.draft import Draft
from assistant.answering.index import Entry, Index
from assistant.answering.label_status import Labels
from assistant.answering.planning import grave_outcome
from assistant.answering.rendering import Piece, Renderer, lay_out
from assistant.canonical import sha256_hex
from assistant.content.lexicon import name_key
from assistant.content.policy import parse_policy
from assistant.domain import Context, Kind, Outcome, Passage
from assistant.errors import ContentError, IntegrityError, NotReadyError, UsageError
from assistant.settings import Settings
from assistant.trust.audit import AuditSink
from assistant.trust.installed.opening import InstalledRelease, open_installed
from assistant.trust.installed.withdrawing import withdrawn_since
from assistant.trust.intake.queue import IntakeQueue
from assistant.trust.intake.report import report_of
from assistant.trust.ledger import Ledger
from assistant.trust.log.log import AuditLog, written
from assistant.trust.log.records import record_of
from assistant.trust.receipts import check_receipt, make_receipt
from assistant.trust.verification import verify
from assistant.trust.withdrawn import NOTHING, Withdrawn
from assistant.understanding.encoder import Encoder, open_encoder
from assistant.understanding.readers import NearestReader, Reader, causal_reader, trained_reader
from assistant.understanding.reading import legible, stream_safe
from assistant.understanding.router import NearestUtterances
from assistant.understanding.screen import Screen
from assistant.workspace import Workspace

#: Products that are looked at to name some.
_LOOKED_AT = 40
_MARKET_ZONES = {"US": "America/New_York", "GB": "Europe/London"}


@dataclass(frozen=True, slots=True)
class Proved:
    """What the verifier has proved and the audit does not hold yet. Nobody may be shown it.

    ``marked`` and ``names`` are what a report of harm is made of (:class:`assistant.answering.draft.Draft`).
    """

    answer: Answer
    marked: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """What was proved, with its record as it will be kept: :meth:`Assistant.show` keeps it. Nobody may be shown it."""

    answer: Answer
    record: Mapping[str, Any]
    body: bytes


class Assistant:
    """Answers questions from one workspace. Open once, ask often; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        ledger: Ledger,
        encoder: Encoder,
        audit: AuditSink,
        today: Callable[[str], dt.date],
        reader: Callable[[Encoder, NearestUtterances], Reader] = NearestReader,
        *,
        intake: IntakeQueue | None = None,
        release: InstalledRelease | None = None,
    ) -> None:
        if index.encoder != encoder.fingerprint:
            raise NotReadyError("the index was made with another model than this one: run `onlabel build`")
        index.prove()
        if index.ledger != ledger.fingerprint:
            raise IntegrityError("the ledger is not the one that was written with this index: run `onlabel build`")
        self.settings = settings
        self.index = index
        self.encoder = encoder
        try:
            self.policy, self._policy_sha256 = parse_policy(index.policy, Path("policy.yaml"))
            screen = Screen.parse(index.screen)
        except ContentError as error:
            raise NotReadyError(f"the index was built by another version ({error}): run `onlabel build`") from error
        if self._policy_sha256 != ledger.policy_sha256:
            raise IntegrityError("the index and the ledger were made under different policies")
        self._ledger = ledger
        self._audit = audit
        self._keyed = audit.keyed if isinstance(audit, AuditLog) else None
        self._intake = intake
        self.release = release
        self._today = today
        self._renderer = Renderer(index.templates)
        self._router = NearestUtterances(*index.utterances)
        self._reader = reader(encoder, self._router)
        self.decider = Decider(index, self.policy, settings, self._reader, screen, Labels(index))

    @classmethod
    def open(
        cls,
        root: Path | None = None,
        *,
        audit: AuditSink | None = None,
        intake: IntakeQueue | None = None,
        withdrawn: Withdrawn = NOTHING,
    ) -> Assistant:
        """Open the workspace or the installed release in ``root`` (default: as :meth:`Workspace.find` says).

        :param audit: where answers are recorded instead of in the workspace's log; nothing is then queued either, but
            in ``intake``.
        :param withdrawn: what is withdrawn from a workspace; an installed release knows it by itself.
        :raises NotReadyError: there is no index or no model, or they do not belong together.
        :raises IntegrityError: an installed release is not as it was signed.
        """
        workspace = Workspace.find(root)
        release = None
        if workspace.home is not None:
            release = open_installed(workspace.home, dt.datetime.now(dt.UTC))
            workspace = Workspace(release.root, home=workspace.home)
        settings = workspace.settings
        model = settings.model
        if release is not None:
            withdrawn = withdrawn_since(release, dt.datetime.now(dt.UTC).date())
        index = Index.open(workspace.index, withdrawn)
        encoder = open_encoder(
            model.encoder,
            release.model if release else workspace.model_file,
            model.n_threads,
            model.n_threads_batch,
            model.n_ctx,
            model.n_gpu_layers,
        )
        zones = _MARKET_ZONES | settings.context.timezones

        def today(market: str) -> dt.date:
            return dt.datetime.now(ZoneInfo(zones.get(market, "UTC"))).date()

        return cls(
            settings,
            index,
            Ledger.open(index.ledger_file, withdrawn),
            encoder,
            audit or AuditLog.open(workspace.audit_log),
            today,
            _reader_of(workspace),
            intake=intake if intake or audit else IntakeQueue.open(workspace.intake_queue),
            release=release,
        )

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
        day = date or self._today(place)
        return Context(audience or given.audience, place, language or given.language, channel, day)

    def ask(
        self,
        question: str,
        context: Context | None = None,
        previous: Answer | None = None,
        product: str = "",
        who: str = "",
    ) -> Answer:
        """The proved and recorded answer to ``question``.

        :param product: id or name of the product that is meant where the question names none, as on its own page.
        :param previous: the last answer of a conversation; its product carries over where none is named.
        :param who: who asks, as the record names him.
        :raises UsageError: no notice is approved for this context, or the release was not sealed for it, so nothing
            can be said in it; or there is no such product.
        :raises IntegrityError: an answer failed its proof; nothing is shown.
        """
        proved = self.prove(question, context, previous, product)
        return self.show([self.enter(proved, who)])[0]

    def prove(
        self, question: str, context: Context | None = None, previous: Answer | None = None, product: str = ""
    ) -> Proved:
        """The first step of :meth:`ask`: decide, render, complete and verify. Nothing is recorded, so nothing is shown.

        :raises: as :meth:`ask`.
        """
        asked = legible(question)
        asked = follow_up.picked(asked, previous) or asked
        where = context or self.context()
        self._require_sealed_for(where)
        draft = self.decider.decide(asked, where, previous, self._product_id(product, where) if product else "")
        completed = self._complete(draft, where)
        answer = self._prove(asked, where, draft, completed, previous)
        return Proved(answer, draft.marked, draft.names)

    def proved_still(self, proved: Proved) -> bool:
        """Whether what was proved before may be entered again, for the same question in the same context.

        The question is screened afresh, the day and the context are looked at again, and so are the bytes. What raised
        a flag is never repeated: a report is read each time it is made.

        :raises UsageError: this release does not answer in that context, or on that day any more.
        :raises IntegrityError: the bytes are no longer those that were proved.
        """
        answer = proved.answer
        self._require_sealed_for(answer.context)
        if answer.flags or self.decider.screen.find(stream_safe(answer.question)):
            return False
        check_receipt(answer.receipt)
        if sha256_hex(answer.text) != answer.receipt["answer_sha256"]:
            raise IntegrityError("an answer is not the one that was proved any more; nothing is shown")
        return bool(answer.receipt["index"] == self.index.fingerprint)

    def enter(self, proved: Proved, who: str = "") -> Entered:
        """The second step: queue what the question reports, and write the record that :meth:`show` will keep.

        The report comes first: it is not lost where the record fails.

        :raises OnlabelError: the report cannot be queued or the record not be written: nothing is shown.
        """
        answer = proved.answer
        if self._intake is not None:
            report = report_of(answer, spans=proved.marked, names=proved.names, reporter=who)
            if report is not None:
                self._intake.add(report)
        record = record_of(
            answer,
            question_policy=self.settings.audit.questions,
            who=who,
            release=self.release.as_json() if self.release else None,
            keyed=self._keyed,
        )
        return Entered(answer, record, written(record))

    def show(self, entered: Sequence[Entered]) -> list[Answer]:
        """The last step: keep the records, and only then hand out the answers.

        In an :class:`~assistant.trust.log.log.AuditLog` they are kept together or not at all.

        :raises OnlabelError: they could not be kept: none of them is shown.
        """
        if isinstance(self._audit, AuditLog):
            self._audit.append_all([each.body for each in entered])
        else:
            for each in entered:
                self._audit.record(each.record)
        return [each.answer for each in entered]

    def _require_sealed_for(self, where: Context) -> None:
        """An installed release answers for today and in the contexts that its reviewers signed (DESIGN, section 4)."""
        if self.release is None:
            return
        allowed = self.release.description.contexts
        today = self._today(where.market)
        if where.date != today:
            raise UsageError(f"an installed release answers for today ({today}) only; past answers: `audit replay`")
        for name, value, known in (
            ("audience", where.audience, allowed.audiences),
            ("market", where.market, allowed.markets),
            ("language", where.language, allowed.languages),
            ("channel", where.channel, allowed.channels),
        ):
            if value not in known:
                raise UsageError(f"{name} {value}: this release was sealed for {', '.join(known)} only")

    def _product_id(self, given: str, where: Context) -> str:
        """The product with this id or name; where there is none, those that may be asked about are named."""
        if self.index.product(given) is not None:
            return given
        named = self.index.find_names([name_key(given)]).get(name_key(given), ())
        if len({product for product, _ in named}) != 1:
            open_here = (p.id for p in self.index.products(_LOOKED_AT) if self.index.eligible(p.id, where))
            known = ", ".join(itertools.islice(open_here, 8)) or "none may be asked about here"
            raise UsageError(
                f"{given!r} names {'several products' if named else 'no product'} here: give an id ({known})"
            )
        return named[0][0]

    def passage(self, id: str, context: Context) -> Answer | None:
        """The passage ``id`` as an answer, under the same eligibility, companions, proof and record as any other.

        None: there is no such passage for this context.
        """
        entry = self.decider.pickable(id, context)
        return self.ask(PICK + id, context) if entry else None

    def _complete(self, draft: Draft, where: Context) -> Completed:
        """The companions of what is shown; where one is not to be had, or nothing may frame it, nothing is shown."""
        if draft.shown and self._renderer.choose("answer", draft.intent, where) is None:
            draft.give_up(f"no approved template shows {draft.intent} here")
        if draft.shown:
            completed = complete(self.index, self.policy, where, draft.shown)
            if not isinstance(completed, Completed):
                draft.give_up(f"companion not to be had: {completed.wanted}")
            elif grave_outcome(draft.flags) and any(e.head.kind is Kind.BENEFIT for e in completed.all):
                draft.give_up("a companion speaks of benefit, which never follows a safety notice")
            else:
                draft.shown = completed.answers
                return completed
        return Completed((), ())

    def _notice(self, role: str, where: Context) -> Entry:
        for entry in self.index.entries(""):
            head = entry.head
            if role in head.serves and head.scope.in_force(where):
                return entry
        raise UsageError(
            f"nothing may be said to {where.audience} in {where.market}, {where.language}, by {where.channel} on "
            f"{where.date}: no approved notice serves {role} there"
        )

    def _prove(self, asked: str, where: Context, draft: Draft, completed: Completed, previous: Answer | None) -> Answer:
        blocks: list[list[Piece]] = []
        used: list[Passage] = []

        def add(use: str, entries: Sequence[Entry], role: str) -> None:
            template = self._renderer.choose(use, draft.intent, where)
            if template is None:
                raise UsageError(f"no approved template of use {use} for {where.audience} in {where.market}")
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
            model_fingerprint=self._reader.fingerprint,
            policy_sha256=self._policy_sha256,
            release=self.release.as_json() if self.release else None,
            carried={name: draft.slots[name] for name in draft.carried},
        )
        documents = [(passage, self.index.document(passage.document)) for passage in used]
        references = tuple(Reference(passage, document) for passage, document in documents if document is not None)
        if draft.role == "intent.source_request" and previous is not None:
            references += previous.references
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
            references=references,
            candidates=tuple((candidate.entry.head.id, candidate.score) for candidate in draft.candidates),
            choices=draft.choices,
            preview=self.release is None,
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

    def close(self) -> None:
        """Give the files of the index and the ledger back; nothing more can be asked.

        The log, the queue of reports and the encoder stay as they are: they may be others' too.
        """
        self.index.close()
        self._ledger.close()

    @cached_property
    def markets(self) -> tuple[str, ...]:
        """The markets that some notice is approved for."""
        return tuple(sorted({market for entry in self.index.entries("") for market in entry.head.scope.markets}))


def _reader_of(workspace: Workspace) -> Callable[[Encoder, NearestUtterances], Reader]:
    """What makes the reader that the settings name."""
    model = workspace.settings.model
    if model.chooser == "nearest":
        return NearestReader
    if model.chooser == "trained":
        return trained_reader

    def causal(encoder: Encoder, router: NearestUtterances) -> Reader:
        path = workspace.root / model.causal_path
        return causal_reader(encoder, router, path, model.n_threads, model.n_gpu_layers)

    return causal
