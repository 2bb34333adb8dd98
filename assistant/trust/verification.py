"""The verifier: proves an answer from its final bytes, or raises. This docstring is its specification.

It is given the bytes that would be shown, the spans that are claimed for them, the outcome, flags, intent and
context, and the ledger. It believes nothing else: it never sees the plan, the renderer, the retrieval index or the
model, and shares no code with them. Whatever it cannot prove is an :class:`~assistant.errors.IntegrityError` that
names the rule and ids, never text.

In these rules *eligible* means: the scope covers audience, market, language and channel of the context, and is valid
on its date. An *answer passage* is a passage with the role ``answer``, a *companion* one with the role ``companion``.

V1  Cover. The text is immutable bytes, valid UTF-8, and not empty. The spans are not empty, in order, and cover it
    without gap or overlap. A span's source is ``passage`` or ``template``. A passage has the role ``answer`` or
    ``companion``, a template span no role, document or locator.
V2  Whole and approved. Each passage span is one whole approved passage: the ledger knows its id and version; length
    and SHA-256 of the very bytes are the ledger's and the SHA-256 is the span's; so are document and locator. Each
    template span is, in the same way, one whole literal of an approved template; its id is ``<template>#<number>``.
V3  Eligible. Every passage and every template used is eligible.
V4  One product, once. The passages are of at most one product (those of product "" excepted). No passage stands twice,
    whatever its roles.
V5  Companions. Every answer passage needs the companions that the rules of its kind ask for, and every passage shown
    those that it names itself, and so on. :func:`required_companions` says which these are and when no answer may be
    shown at all.
    a) each is shown; one that is itself an answer passage counts;
    b) one required ``before`` stands before the first answer passage (the notice of an outcome apart); where it
       counts as an answer passage it stands before those that want it there; all others stand after the last answer
       passage;
    c) nothing is shown as a companion that is not required.
V6  Outcome.
    a) The gravest flag, emergency before adverse_event before product_complaint, is the outcome; and each of these
       three outcomes has its flag.
    b) ``answered`` shows one to three answer passages. With the intents source_request and human_handoff that is
       exactly one, the notice that serves ``intent.<name>``, and nothing else; with any other intent none is of kind
       notice.
    c) Any other outcome first shows an answer passage of kind notice that serves ``outcome.<name>`` (out_of_scope also
       ``language.unsupported``), and nothing after it, except d).
    d) After the notice of one of the three grave outcomes there may stand up to three answer passages of kind safety or
       instruction with their companions. No passage there is of kind benefit, companions included.
    e) Answer passages that are not the notice of b), c) may be retrieved.
V7  Shape. The spans are exactly these blocks, each a pattern of one template of the use named:
    the notice (``companion_before``; ``notice`` where it stands alone), each companion before (``companion_before``),
    all other answer passages together (``answer``, and the intent is among the template's or it has none), each
    companion after (``companion_after``). So no literal can be dropped, added, repeated or moved.

What the rules leave free: which eligible passages are chosen, their order among themselves within a block, and which
fitting template frames them. A whole block's absence is noticed where a rule asks for it. See docs/guarantee.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from assistant.canonical import sha256_hex
from assistant.domain import Context, Flag, Kind, Outcome, Span
from assistant.errors import IntegrityError
from assistant.trust.ledger import (
    MOST_ANSWERS,
    ApprovedPassage,
    ApprovedRule,
    ApprovedSource,
    ApprovedTemplate,
    Pattern,
    Place,
    Use,
)

#: The grave outcomes and their flags, the gravest first (V6a).
GRAVE: tuple[tuple[Flag, Outcome], ...] = (
    (Flag.EMERGENCY, Outcome.EMERGENCY),
    (Flag.ADVERSE_EVENT, Outcome.ADVERSE_EVENT),
    (Flag.PRODUCT_COMPLAINT, Outcome.PRODUCT_COMPLAINT),
)
_GRAVE_OUTCOMES = frozenset(outcome for _, outcome in GRAVE)
_NOTICE_INTENTS = frozenset(("source_request", "human_handoff"))
_AFTER_GRAVE = frozenset((Kind.SAFETY, Kind.INSTRUCTION))


@dataclass(frozen=True, slots=True)
class Reason:
    """Who asked for a companion, by which rule: ``<kind>:<role>`` of the policy or ``companions`` of the passage."""

    id: str
    rule: str
    place: Place = "after"


@dataclass(frozen=True, slots=True)
class Companion:
    """A required companion. ``reasons`` are never empty."""

    id: str
    place: Place
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """A template that frames a block of the answer."""

    id: str
    version: str
    use: Use


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved. Only :func:`verify` makes one."""

    answer_sha256: str
    outcome: Outcome
    flags: tuple[Flag, ...]
    intent: str
    context: Context
    spans: tuple[Span, ...]
    templates: tuple[UsedTemplate, ...]
    companions: tuple[Companion, ...]
    ledger_fingerprint: str
    policy_sha256: str


@dataclass(frozen=True, slots=True)
class _Item:
    """A span and what the ledger says of it: a passage, or a literal of a template."""

    span: Span
    passage: ApprovedPassage | None = None
    template: ApprovedTemplate | None = None
    literal: int = -1


@dataclass(frozen=True, slots=True)
class _Claim:
    """An answer under proof. ``passages`` are the passages shown, in order, as (role, passage)."""

    text: bytes
    items: tuple[_Item, ...]
    outcome: Outcome
    flags: frozenset[Flag]
    intent: str
    context: Context
    ledger: ApprovedSource
    passages: tuple[tuple[str, ApprovedPassage], ...]

    @property
    def begins_with_notice(self) -> bool:
        """Whether the first passage has to be a notice (V6b, V6c)."""
        return self.outcome is not Outcome.ANSWERED or self.intent in _NOTICE_INTENTS

    @property
    def content(self) -> tuple[tuple[str, ApprovedPassage], ...]:
        """The passages less the notice."""
        return self.passages[1:] if self.begins_with_notice else self.passages

    @property
    def answers(self) -> tuple[ApprovedPassage, ...]:
        """The answer passages, the notice among them."""
        return tuple(passage for role, passage in self.passages if role == "answer")


def verify(
    *,
    text: bytes,
    spans: Sequence[Span],
    outcome: Outcome,
    flags: Collection[Flag],
    intent: str,
    context: Context,
    ledger: ApprovedSource,
) -> Proof:
    """Prove that ``text`` may be shown.

    :raises IntegrityError: a rule does not hold; nothing may be shown.
    """
    spans = tuple(spans)
    _v1_cover(text, spans)
    items = tuple(_known(span, ledger) for span in spans)
    passages = tuple((item.span.role, item.passage) for item in items if item.passage is not None)
    claim = _Claim(text, items, Outcome(outcome), frozenset(flags), intent, context, ledger, passages)
    _v2_bytes(claim)
    _v2_particulars(claim)
    _v3_eligible(claim)
    _v4_one_product(claim)
    _v4_once(claim)
    companions = required_companions(claim.answers, context, ledger)
    _v5a_shown(claim, companions)
    _v5b_placed(claim, companions)
    _v5c_nothing_else(claim, companions)
    _v6a_flags(claim)
    _v6b_answered(claim)
    _v6c_notice(claim)
    _v6d_after_notice(claim)
    _v6e_retrievable(claim)
    templates = _v7_shape(claim)
    return Proof(
        answer_sha256=sha256_hex(text),
        outcome=claim.outcome,
        flags=tuple(sorted(claim.flags)),
        intent=intent,
        context=context,
        spans=spans,
        templates=templates,
        companions=companions,
        ledger_fingerprint=ledger.fingerprint,
        policy_sha256=ledger.policy_sha256,
    )


# --- V1: cover --------------------------------------------------------------------------------------------------------


def _v1_cover(text: bytes, spans: tuple[Span, ...]) -> None:
    if type(text) is not bytes or not text:
        raise IntegrityError("V1: the text is empty or not immutable bytes")
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise IntegrityError(f"V1: the text is not UTF-8 at byte {error.start}") from None  # the cause holds the text
    at = 0
    for span in spans:
        if span.start != at or span.end <= at:
            raise IntegrityError(
                f"V1: span {span.id!r} is empty, or does not begin where the one before it ends ({at})"
            )
        _v1_role(span)
        at = span.end
    if at != len(text):
        raise IntegrityError(f"V1: the spans end at {at}, the text at {len(text)}")


def _v1_role(span: Span) -> None:
    if span.source == "passage":
        sound = span.role in ("answer", "companion")
    else:
        sound = span.source == "template" and not (span.role or span.document or span.locator)
    if not sound:
        raise IntegrityError(f"V1: span {span.id!r} has source {span.source!r} and role {span.role!r}")


# --- V2: whole and approved -------------------------------------------------------------------------------------------


def _known(span: Span, ledger: ApprovedSource) -> _Item:
    """V2, first half: the ledger knows the id."""
    if span.source == "passage":
        passage = ledger.passage(span.id)
        if passage is None:
            raise IntegrityError(f"V2: passage {span.id!r} is not approved")
        return _Item(span, passage=passage)
    name, _, number = span.id.rpartition("#")
    template = ledger.template(name)
    literal = int(number) if number.isdecimal() else -1
    # str() again: "#01" and digits of other scripts are not the id of a literal.
    if template is None or str(literal) != number or literal >= len(template.literals):
        raise IntegrityError(f"V2: template literal {span.id!r} is not approved")
    return _Item(span, template=template, literal=literal)


def _v2_bytes(claim: _Claim) -> None:
    """The very bytes: length and SHA-256, whatever the span says of itself."""
    view = memoryview(claim.text)
    for item in claim.items:
        span, approved = item.span, item.passage or _template_of(item).literals[item.literal]
        digest = hashlib.sha256(view[span.start : span.end]).hexdigest()
        if span.end - span.start != approved.length or digest != approved.sha256:
            raise IntegrityError(f"V2: the bytes shown as {span.id!r} are not the approved ones")


def _v2_particulars(claim: _Claim) -> None:
    """What the span says of itself is what the ledger says."""
    for item in claim.items:
        span, passage = item.span, item.passage
        if passage is not None:
            said = (span.version, span.sha256, span.document, span.locator)
            known = (passage.version, passage.sha256, passage.document, passage.locator)
        else:
            template = _template_of(item)
            said = (span.version, span.sha256, "", "")
            known = (template.version, template.literals[item.literal].sha256, "", "")
        if said != known:
            raise IntegrityError(f"V2: version, sha256, document or locator of {span.id!r} is not the approved one")


def _template_of(item: _Item) -> ApprovedTemplate:
    if item.template is None:
        raise IntegrityError(f"V2: span {item.span.id!r} is neither passage nor literal")
    return item.template


# --- V3: eligible -----------------------------------------------------------------------------------------------------


def _v3_eligible(claim: _Claim) -> None:
    for item in claim.items:
        approved = item.passage or _template_of(item)
        if not approved.eligible(claim.context):
            raise IntegrityError(f"V3: {approved.id!r} is not eligible in this context on {claim.context.date}")


# --- V4: one product, once --------------------------------------------------------------------------------------------


def _v4_one_product(claim: _Claim) -> None:
    products = {passage.product for _, passage in claim.passages} - {""}
    if len(products) > 1:
        raise IntegrityError(f"V4: passages of several products: {', '.join(sorted(products))}")


def _v4_once(claim: _Claim) -> None:
    seen: set[str] = set()
    for _, passage in claim.passages:
        if passage.id in seen:
            raise IntegrityError(f"V4: passage {passage.id!r} stands twice")
        seen.add(passage.id)


# --- V5: companions ---------------------------------------------------------------------------------------------------


def required_companions(
    answers: Sequence[ApprovedPassage], context: Context, ledger: ApprovedSource
) -> tuple[Companion, ...]:
    """The companions that these answer passages need (V5); pure, and its order is that in which they were asked for.

    1. For each answer passage and each rule of its kind: the passages that stand for the rule's role, see
    :func:`_standing_for`. 2. For each answer passage and each companion so found: the passages that it names itself
    (``companions``), and those that
       these name, until there are no more. They go after the answer unless a rule also wants them before.

    :raises IntegrityError: a companion that is needed does not exist or is not eligible: no answer may be shown.
    """
    product = next(iter(sorted({answer.product for answer in answers} - {""})), "")
    found: dict[str, ApprovedPassage] = {}
    reasons: dict[str, list[Reason]] = {}
    for answer in answers:
        for rule in ledger.rules(answer.kind):
            for passage in _standing_for(rule, answer, product, context, ledger):
                found[passage.id] = passage
                reason = Reason(answer.id, f"{answer.kind}:{rule.role}", rule.place)
                reasons.setdefault(passage.id, []).append(reason)
    for name, passage, reason in _named(answers, found.values(), context, ledger):
        found[name] = passage
        reasons.setdefault(name, []).append(reason)
    return tuple(_companion(name, reasons[name]) for name in found)


def _companion(id: str, reasons: Sequence[Reason]) -> Companion:
    """Before wins: what one rule wants before the answer stands there, whoever else asks for it."""
    before = any(reason.place == "before" for reason in reasons)
    return Companion(id, "before" if before else "after", tuple(reasons))


def _standing_for(
    rule: ApprovedRule, answer: ApprovedPassage, product: str, context: Context, ledger: ApprovedSource
) -> tuple[ApprovedPassage, ...]:
    """The passages that stand for a rule's role.

    Candidates are those of the product whose scope covers the context, whatever the date; where there are none, those
    of all products (""); where there are none either, the same for ``instead``. Of the candidates all that are valid
    on the date are needed. One that is there but not valid cannot be replaced and must not be left out: no answer.
    """
    candidates = _candidates(rule.role, product, context, ledger)
    if not candidates and rule.instead is not None:
        candidates = _candidates(rule.instead, product, context, ledger)
    if not candidates and rule.need == "where_present":
        return ()
    valid = tuple(passage for passage in candidates if passage.scope.valid_on(context.date))
    if not valid:
        raise IntegrityError(f"V5: {answer.id!r} needs {rule.role}, and none is in force on {context.date}")
    return valid


def _candidates(role: str, product: str, context: Context, ledger: ApprovedSource) -> tuple[ApprovedPassage, ...]:
    for owner in (product, "") if product else ("",):
        covering = tuple(passage for passage in ledger.serving(owner, role) if passage.scope.covers(context))
        if covering:
            return covering
    return ()


def _named(
    answers: Sequence[ApprovedPassage], found: Collection[ApprovedPassage], context: Context, ledger: ApprovedSource
) -> Iterator[tuple[str, ApprovedPassage, Reason]]:
    """The passages that must always go with those given, and with those; each pair of asker and asked once."""
    waiting = list({passage.id: passage for passage in (*answers, *found)}.values())
    seen = {passage.id for passage in waiting}
    while waiting:
        asking = waiting.pop(0)
        for name in dict.fromkeys(asking.companions):
            passage = ledger.passage(name)
            if passage is None or not passage.eligible(context):
                raise IntegrityError(f"V5: {asking.id!r} must go with {name!r}, which is not eligible")
            if name not in seen:
                seen.add(name)
                waiting.append(passage)
            yield name, passage, Reason(asking.id, "companions")


def _v5a_shown(claim: _Claim, companions: tuple[Companion, ...]) -> None:
    shown = {passage.id for _, passage in claim.passages}
    for companion in companions:
        if companion.id not in shown:
            reason = companion.reasons[0]
            raise IntegrityError(f"V5: {companion.id!r} is missing ({reason.rule} of {reason.id!r})")


def _v5b_placed(claim: _Claim, companions: tuple[Companion, ...]) -> None:
    place = {passage.id: at for at, (_, passage) in enumerate(claim.passages)}
    as_answer = {passage.id for passage in claim.answers}
    answers = [place[passage.id] for role, passage in claim.content if role == "answer"]
    for companion in companions:
        at = place.get(companion.id)
        if at is None:
            continue  # V5a
        if companion.id in as_answer:
            askers = [place[r.id] for r in companion.reasons if r.place == "before" and r.id != companion.id]
            sound = all(at < asker for asker in askers)
        elif companion.place == "before":
            sound = all(at < answer for answer in answers)
        else:
            sound = all(at > answer for answer in answers)
        if not sound:
            raise IntegrityError(f"V5: {companion.id!r} does not stand {companion.place} the answer")


def _v5c_nothing_else(claim: _Claim, companions: tuple[Companion, ...]) -> None:
    required = {companion.id for companion in companions}
    for role, passage in claim.passages:
        if role == "companion" and passage.id not in required:
            raise IntegrityError(f"V5: no answer passage needs {passage.id!r}")


# --- V6: outcome ------------------------------------------------------------------------------------------------------


def _v6a_flags(claim: _Claim) -> None:
    gravest = next((outcome for flag, outcome in GRAVE if flag in claim.flags), None)
    if gravest is not None and claim.outcome is not gravest:
        raise IntegrityError(f"V6: the outcome is {claim.outcome}, the gravest flag {gravest}")
    if gravest is None and claim.outcome in _GRAVE_OUTCOMES:
        raise IntegrityError(f"V6: the outcome {claim.outcome} without its flag")


def _v6b_answered(claim: _Claim) -> None:
    if claim.outcome is not Outcome.ANSWERED:
        return
    if claim.intent in _NOTICE_INTENTS:
        _serves(claim, f"intent.{claim.intent}")
        if len(claim.passages) != 1:
            raise IntegrityError(f"V6: something stands beside the notice of {claim.intent}")
        return
    if not 1 <= len(claim.answers) <= MOST_ANSWERS:
        raise IntegrityError(f"V6: {len(claim.answers)} answer passages")
    for passage in claim.answers:
        if passage.kind is Kind.NOTICE:
            raise IntegrityError(f"V6: the notice {passage.id!r} is shown as an answer")


def _v6c_notice(claim: _Claim) -> None:
    if claim.outcome is Outcome.ANSWERED:
        return
    unsupported = ("language.unsupported",) if claim.outcome is Outcome.OUT_OF_SCOPE else ()
    _serves(claim, f"outcome.{claim.outcome}", *unsupported)
    if claim.content and claim.outcome not in _GRAVE_OUTCOMES:
        raise IntegrityError(f"V6: something stands after the notice of {claim.outcome}")


def _serves(claim: _Claim, *roles: str) -> None:
    """The first passage is a notice, shown as an answer, that serves one of ``roles``."""
    role, first = claim.passages[0] if claim.passages else ("", None)
    if first is None or role != "answer" or first.kind is not Kind.NOTICE or not set(roles) & set(first.serves):
        raise IntegrityError(f"V6: the answer does not begin with the notice {' or '.join(roles)}")


def _v6d_after_notice(claim: _Claim) -> None:
    if claim.outcome not in _GRAVE_OUTCOMES:
        return
    answers = [passage for role, passage in claim.content if role == "answer"]
    if len(answers) > MOST_ANSWERS:
        raise IntegrityError(f"V6: {len(answers)} answer passages after the notice")
    for role, passage in claim.content:
        if passage.kind is Kind.BENEFIT or (role == "answer" and passage.kind not in _AFTER_GRAVE):
            raise IntegrityError(f"V6: {passage.id!r} of kind {passage.kind} after the notice of {claim.outcome}")


def _v6e_retrievable(claim: _Claim) -> None:
    for role, passage in claim.content:
        if role == "answer" and not passage.retrieve:
            raise IntegrityError(f"V6: {passage.id!r} may only be shown as a companion")


# --- V7: shape --------------------------------------------------------------------------------------------------------


def _v7_shape(claim: _Claim) -> tuple[UsedTemplate, ...]:
    """Read the spans as the blocks they have to be; the templates of one such reading.

    Blocks may be read in more than one way where one pattern is the beginning of another, so every way is followed:
    ``ways`` maps each place that can be reached to the templates that lead there.
    """
    ways: dict[int, tuple[UsedTemplate, ...]] = {0: ()}
    for use, count in _v7_blocks(claim):
        ways = {
            at + len(pattern): (*so_far, UsedTemplate(template.id, template.version, use))
            for at, so_far in ways.items()
            for template, pattern in _v7_fitting(claim, at, use, count)
        }
    if len(claim.items) not in ways:
        raise IntegrityError("V7: the spans are no sequence of approved templates: " + _ids(claim))
    return ways[len(claim.items)]


def _v7_blocks(claim: _Claim) -> list[tuple[Use, int]]:
    """The blocks that these passages must stand in, with the number of passages of each."""
    roles = [role for role, _ in claim.content]
    answers = roles.count("answer")
    first = roles.index("answer") if answers else 0
    after = len(roles) - first - answers
    if (not answers and roles) or roles[first : first + answers] != ["answer"] * answers:
        raise IntegrityError("V7: the answer passages do not stand together: " + _ids(claim))
    blocks: list[tuple[Use, int]] = []
    if claim.begins_with_notice:
        blocks.append(("companion_before" if answers else "notice", 1))
    blocks += [("companion_before", 1)] * first
    blocks += [("answer", answers)] if answers else []
    return blocks + [("companion_after", 1)] * after


def _v7_fitting(claim: _Claim, at: int, use: Use, count: int) -> Iterator[tuple[ApprovedTemplate, Pattern]]:
    """The templates of this use, given ``count`` passages, whose pattern stands at ``at``."""
    if at >= len(claim.items):
        return
    named = claim.items[at].template
    # A block that begins with a literal names its template; one that begins with a passage may be of any.
    for template in claim.ledger.templates(use) if named is None else (named,):
        pattern = template.patterns.get(count)
        if pattern is None or template.use != use or not _stands(claim, at, template, pattern):
            continue
        if use == "answer" and template.intents and claim.intent not in template.intents:
            continue
        if template.eligible(claim.context):  # V3, for templates that have no literal to be seen by
            yield template, pattern


def _stands(claim: _Claim, at: int, template: ApprovedTemplate, pattern: Pattern) -> bool:
    items = claim.items[at : at + len(pattern)]
    return len(items) == len(pattern) and all(
        item.passage is not None if want is None else _is_literal(item, template, want)
        for item, want in zip(items, pattern, strict=True)
    )


def _is_literal(item: _Item, template: ApprovedTemplate, number: int) -> bool:
    return item.template is not None and item.template.id == template.id and item.literal == number


def _ids(claim: _Claim) -> str:
    return ", ".join(item.span.id for item in claim.items)
