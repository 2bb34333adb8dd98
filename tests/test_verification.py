"""The verifier against its specification: every rule, every sub-rule, and attacks that must fail.

The answers here are put together by hand from blocks, not by the renderer, and proved against real ledgers.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.canonical import sha256_hex
from assistant.domain import CHANNELS, NOTICE_ROLES, Context, Flag, Kind, Outcome, Passage, Scope, Span
from assistant.errors import IntegrityError
from assistant.trust import verification
from assistant.trust.ledger import ApprovedRule, Ledger, TemplateRecord, write_ledger
from assistant.trust.verification import Proof, Reason, required_companions, verify

TODAY = dt.date(2026, 11, 21)
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)
SCOPE = Scope(("hcp",), ("US",), "en", CHANNELS, dt.date(2026, 1, 1))
HCP = Context("hcp", "US", "en", "cli", TODAY)
EXPIRED = replace(SCOPE, expires=TODAY)

RULES = {
    Kind.BENEFIT: (
        ApprovedRule("boxed_warning", None, "before", "where_present"),
        ApprovedRule("indication", None, "after", "always"),
        ApprovedRule("important_safety_information", None, "after", "where_present"),
        ApprovedRule("full_prescribing_information", None, "after", "always"),
    ),
    Kind.SAFETY: (ApprovedRule("boxed_warning_short", "boxed_warning", "after", "where_present"),),
    Kind.INSTRUCTION: (ApprovedRule("boxed_warning_short", "boxed_warning", "after", "where_present"),),
    Kind.NEUTRAL: (ApprovedRule("full_prescribing_information", None, "after", "always"),),
}


def passage(id: str, kind: Kind, text: bytes | str = b"", **more: object) -> Passage:
    """A passage of the product that its id begins with (``z``, ``v``; ``all``: of every product)."""
    data = text.encode() if isinstance(text, str) else text
    data = data or f"The approved words of {id}, Größe ≥ 5 mg.".encode()
    product = id.partition(".")[0]
    fields: dict[str, object] = {
        "id": id, "version": "3", "document": f"{product}-doc", "product": "" if product == "all" else product,
        "text": data, "sha256": sha256_hex(data), "topic": "warnings", "also": (), "kind": kind, "locator": f"§ {id}",
        "title": id, "order": 1, "scope": SCOPE,
    }  # fmt: skip
    return Passage(**(fields | more))  # type: ignore[arg-type]


def _passages() -> Iterator[Passage]:
    yield passage("z.benefit", Kind.BENEFIT)
    yield passage("z.benefit2", Kind.BENEFIT)
    yield passage("z.boxed", Kind.SAFETY, serves=("boxed_warning",))
    yield passage("z.indication", Kind.BENEFIT, serves=("indication",))
    yield passage("z.isi", Kind.SAFETY, serves=("important_safety_information",))
    yield passage("z.fpi", Kind.NEUTRAL, serves=("full_prescribing_information",), retrieve=False)
    for name in ("liver", "kidney", "lungs", "heart"):
        yield passage(f"z.{name}", Kind.SAFETY)
    yield passage("z.dose", Kind.INSTRUCTION)
    yield passage("z.store", Kind.NEUTRAL)
    yield passage("v.dose", Kind.INSTRUCTION)
    yield passage("v.store", Kind.NEUTRAL)
    yield passage("all.fpi", Kind.NEUTRAL, serves=("full_prescribing_information",), retrieve=False)
    for role in NOTICE_ROLES:
        yield passage(f"all.{role}", Kind.NOTICE, serves=(role,), retrieve=False)


PASSAGES = {p.id: p for p in _passages()}
TEMPLATES = {
    t.id: t
    for t in (
        TemplateRecord(
            "t-answer", "1", "answer", SCOPE, (), (b"From the label:\n\n", b"\n\n", b"\n"),
            {1: (0, None, 2), 2: (0, None, 1, None, 2), 3: (0, None, 1, None, 1, None, 2)},
        ),
        TemplateRecord("t-dosage", "1", "answer", SCOPE, ("dosage",), (b"On dosing: ",), {1: (0, None)}),
        TemplateRecord("t-before", "2", "companion_before", SCOPE, (), (b"Please note:\n", b"\n\n"), {1: (0, None, 1)}),
        TemplateRecord("t-after", "1", "companion_after", SCOPE, (), (b"\n\nAlso:\n",), {1: (0, None)}),
        TemplateRecord("t-notice", "1", "notice", SCOPE, (), (b"Notice: ",), {1: (0, None)}),
    )
}  # fmt: skip


_OPEN: list[Ledger] = []


@pytest.fixture(autouse=True)
def _close_ledgers() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


@dataclass(frozen=True)
class World:
    """What is approved in a test, and its ledger."""

    passages: Mapping[str, Passage]
    templates: Mapping[str, TemplateRecord]
    ledger: Ledger


def make_world(
    folder: Path,
    *changes: Passage | TemplateRecord,
    without: Sequence[str] = (),
    rules: Mapping[Kind, Sequence[ApprovedRule]] = RULES,
) -> World:
    passages = PASSAGES | {c.id: c for c in changes if isinstance(c, Passage)}
    passages = {name: p for name, p in passages.items() if name not in without}
    templates = TEMPLATES | {c.id: c for c in changes if isinstance(c, TemplateRecord)}
    path = folder / "ledger.sqlite"
    write_ledger(
        path, passages=passages.values(), templates=templates.values(), policy_rules=rules, policy_sha256="p" * 64
    )
    _OPEN.append(Ledger.open(path))
    return World(passages, templates, _OPEN[-1])


@dataclass(frozen=True)
class Claimed:
    """The arguments of ``verify``, easy to change."""

    world: World
    text: bytes
    spans: tuple[Span, ...]
    outcome: Outcome = Outcome.ANSWERED
    flags: frozenset[Flag] = frozenset()
    intent: str = "warnings"
    context: Context = HCP

    def verify(self) -> Proof:
        return verify(
            text=self.text,
            spans=self.spans,
            outcome=self.outcome,
            flags=self.flags,
            intent=self.intent,
            context=self.context,
            ledger=self.world.ledger,
        )

    def with_pieces(self, pieces: Sequence[tuple[Span, bytes]]) -> Claimed:
        """The same claim over other pieces, laid out anew."""
        spans, text = [], b""
        for span, data in pieces:
            spans.append(replace(span, start=len(text), end=len(text) + len(data)))
            text += data
        return replace(self, text=text, spans=tuple(spans))

    @property
    def pieces(self) -> list[tuple[Span, bytes]]:
        return [(span, self.text[span.start : span.end]) for span in self.spans]


Block = tuple[str, str]  # template id and passage ids, separated by spaces


def assemble(world: World, *blocks: Block, **more: object) -> Claimed:
    """An answer from blocks. Passages in blocks of companion templates are companions, a leading notice apart."""
    pieces: list[tuple[Span, bytes]] = []
    for number, (name, ids) in enumerate(blocks):
        template, waiting = world.templates[name], ids.split()
        for item in template.patterns[len(waiting)]:
            if item is not None:
                data = template.literals[item]
                pieces.append((_span("template", f"{name}#{item}", template.version, data), data))
                continue
            shown = world.passages[waiting.pop(0)]
            is_notice = number == 0 and shown.kind is Kind.NOTICE
            role = "answer" if template.use in ("answer", "notice") or is_notice else "companion"
            span = _span("passage", shown.id, shown.version, shown.text)
            pieces.append((replace(span, role=role, document=shown.document, locator=shown.locator), shown.text))
    return Claimed(world, b"", (), **more).with_pieces(pieces)  # type: ignore[arg-type]


def _span(source: str, id: str, version: str, data: bytes) -> Span:
    return Span(0, 0, source, id, version, sha256_hex(data))


BENEFIT: tuple[Block, ...] = (
    ("t-before", "z.boxed"), ("t-answer", "z.benefit"), ("t-after", "z.indication"), ("t-after", "z.isi"),
    ("t-after", "z.fpi"),
)  # fmt: skip
LIVER: tuple[Block, ...] = (("t-answer", "z.liver"), ("t-after", "z.boxed"))
AE_NOTICE: Block = ("t-before", "all.outcome.adverse_event")
AE: dict[str, object] = {"outcome": Outcome.ADVERSE_EVENT, "flags": frozenset({Flag.ADVERSE_EVENT})}


def refused(claim: Claimed, rule: str) -> str:
    """The claim is refused by this rule, and the message holds no text of a passage."""
    with pytest.raises(IntegrityError) as caught:
        claim.verify()
    message = str(caught.value)
    assert message.startswith(f"{rule}:"), message
    assert not any(p.text.decode() in message for p in claim.world.passages.values())
    assert caught.value.__cause__ is None
    return message


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("world"))
    with _OPEN.pop():  # outlives the test that first asks for it
        yield made


# --- what verifies --------------------------------------------------------------------------------------------------


def test_a_proof_says_what_was_proved(world: World) -> None:
    claim = assemble(world, *BENEFIT)
    proof = claim.verify()
    assert proof.answer_sha256 == sha256_hex(claim.text)
    assert proof.spans == claim.spans
    assert proof.ledger_fingerprint == world.ledger.fingerprint
    assert proof.policy_sha256 == "p" * 64
    assert [(t.id, t.use) for t in proof.templates] == [
        ("t-before", "companion_before"), ("t-answer", "answer"), *[("t-after", "companion_after")] * 3,
    ]  # fmt: skip
    assert {(c.id, c.place, c.reasons) for c in proof.companions} == {
        ("z.boxed", "before", (Reason("z.benefit", "benefit:boxed_warning", "before"),)),
        ("z.indication", "after", (Reason("z.benefit", "benefit:indication"),)),
        ("z.isi", "after", (Reason("z.benefit", "benefit:important_safety_information"),)),
        ("z.fpi", "after", (Reason("z.benefit", "benefit:full_prescribing_information"),)),
    }


@pytest.mark.parametrize("ids", ["z.liver", "z.liver z.dose", "z.liver z.dose z.kidney"])
def test_one_to_three_answer_passages_verify(world: World, ids: str) -> None:
    assemble(world, ("t-answer", ids), ("t-after", "z.boxed")).verify()


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.ANSWERED])
def test_every_other_outcome_is_its_notice(world: World, outcome: Outcome) -> None:
    flags = frozenset({Flag(outcome.value)}) if outcome.value in set(Flag) else frozenset()
    assemble(world, ("t-notice", f"all.outcome.{outcome}"), outcome=outcome, flags=flags).verify()


@pytest.mark.parametrize("intent", ["source_request", "human_handoff"])
def test_two_intents_are_answered_by_a_notice(world: World, intent: str) -> None:
    assemble(world, ("t-notice", f"all.intent.{intent}"), intent=intent).verify()


def test_an_unsupported_language_is_out_of_scope(world: World) -> None:
    assemble(world, ("t-notice", "all.language.unsupported"), outcome=Outcome.OUT_OF_SCOPE).verify()


def test_safety_and_instruction_may_follow_a_grave_notice(world: World) -> None:
    assemble(world, AE_NOTICE, ("t-answer", "z.liver z.dose"), ("t-after", "z.boxed"), **AE).verify()


def test_an_attack_flag_alone_forbids_nothing(world: World) -> None:
    assemble(world, *LIVER, flags=frozenset({Flag.ATTACK})).verify()


def test_blocks_are_read_in_every_way_that_fits(tmp_path: Path) -> None:
    """One pattern is the beginning of another, and templates without literals are only known by elimination."""
    short = TemplateRecord("t-a-short", "1", "companion_after", SCOPE, (), (b"x",), {1: (None,)})
    long = TemplateRecord("t-b-long", "1", "companion_after", SCOPE, (), (b"!",), {1: (None, 0)})
    claim = assemble(make_world(tmp_path, short, long), ("t-answer", "z.liver"), ("t-b-long", "z.boxed"))
    assert [t.id for t in claim.verify().templates] == ["t-answer", "t-b-long"]


# --- V1: cover ------------------------------------------------------------------------------------------------------


def _relay(claim: Claimed, at: int, **changes: object) -> Claimed:
    spans = list(claim.spans)
    spans[at] = replace(spans[at], **changes)  # type: ignore[arg-type]
    return replace(claim, spans=tuple(spans))


def test_v1_the_spans_cover_the_text(world: World) -> None:
    claim = assemble(world, *LIVER)
    first = claim.spans[0]
    refused(replace(claim, text=claim.text + b"!"), "V1")
    refused(replace(claim, text=claim.text[:-1]), "V1")
    refused(replace(claim, spans=()), "V1")
    refused(replace(claim, text=b"", spans=()), "V1")
    refused(_relay(claim, 0, end=first.end - 1), "V1")
    refused(_relay(claim, 0, end=first.end + 1), "V1")
    refused(_relay(claim, 0, start=1), "V1")
    refused(_relay(claim, 0, start=-len(claim.text)), "V1")
    refused(replace(claim, spans=claim.spans[1:]), "V1")
    refused(replace(claim, spans=claim.spans[::-1]), "V1")
    refused(replace(claim, spans=(replace(first, end=0), *claim.spans)), "V1")


def test_v1_the_text_is_immutable_utf8(world: World) -> None:
    claim = assemble(world, *LIVER)
    refused(replace(claim, text=bytearray(claim.text)), "V1")  # type: ignore[arg-type]
    refused(replace(claim, text=b"\xff" + claim.text[1:]), "V1")


@pytest.mark.parametrize("change", [{"source": "model"}, {"source": ""}, {"role": ""}, {"role": "notice"}])
def test_v1_sources_and_roles_of_passages(world: World, change: dict[str, str]) -> None:
    refused(_relay(assemble(world, *LIVER), 1, **change), "V1")


@pytest.mark.parametrize(
    "change", [{"role": "answer"}, {"document": "z-doc"}, {"locator": "7"}, {"source": "Template"}]
)
def test_v1_sources_and_roles_of_literals(world: World, change: dict[str, str]) -> None:
    refused(_relay(assemble(world, *LIVER), 0, **change), "V1")


# --- V2: whole and approved -----------------------------------------------------------------------------------------

FIELDS = {"id": "z.unknown", "version": "2", "sha256": "0" * 64, "document": "v-doc", "locator": "§ 9"}


@pytest.mark.parametrize("field", FIELDS)
def test_v2_what_a_passage_span_says_is_what_is_approved(world: World, field: str) -> None:
    refused(_relay(assemble(world, *LIVER), 1, **{field: FIELDS[field]}), "V2")


@pytest.mark.parametrize(
    "change",
    [{"version": "2"}, {"sha256": "0" * 64}]
    + [
        {"id": i}
        for i in ("t-answer#1", "t-answer#00", "t-answer#\u0660", "t-answer#9", "t-answer#-1", "t-answer#", "x#0")
    ]
    + [{"id": i} for i in ("t-answer", "", "#0", "t-answer#0 ", "\udc80#0")],
)
def test_v2_what_a_literal_span_says_is_what_is_approved(world: World, change: dict[str, str]) -> None:
    refused(_relay(assemble(world, *LIVER), 0, **change), "V2")


def test_v2_an_id_that_no_file_can_hold_is_unknown(world: World) -> None:
    refused(_relay(assemble(world, *LIVER), 1, id="\udc80"), "V2")


def test_v2_the_very_bytes_even_where_the_span_is_hashed_anew(world: World) -> None:
    claim = assemble(world, *LIVER)
    for at in range(len(claim.spans)):
        pieces = claim.pieces
        span, data = pieces[at]
        other = data[:-1] + (b"?" if data[-1:] != b"?" else b".")
        pieces[at] = replace(span, sha256=sha256_hex(other)), other
        refused(claim.with_pieces(pieces), "V2")
        pieces[at] = span, other
        refused(claim.with_pieces(pieces), "V2")


def test_v2_a_part_of_a_passage_is_not_the_passage(world: World) -> None:
    claim = assemble(world, *LIVER)
    pieces = claim.pieces
    span, data = pieces[1]
    refused(claim.with_pieces([pieces[0], (span, data[:10]), *pieces[2:]]), "V2")
    refused(claim.with_pieces([pieces[0], (span, data[:10]), (span, data[10:]), *pieces[2:]]), "V2")


# --- V3: eligible ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"audience": "patient"},
        {"market": "GB"},
        {"language": "de"},
        {"channel": "fax"},
        {"date": dt.date(2025, 12, 31)},
    ],
)
def test_v3_another_context(world: World, change: dict[str, object]) -> None:
    context = replace(HCP, **change)  # type: ignore[arg-type]
    refused(replace(assemble(world, *LIVER), context=context), "V3")
    refused(replace(assemble(world, *BENEFIT), context=context), "V3")


@pytest.mark.parametrize("id", ["z.liver", "z.boxed", "t-answer", "t-after"])
@pytest.mark.parametrize(
    "change",
    [
        {"expires": TODAY}, {"withdrawn": TODAY}, {"effective": TOMORROW}, {"audiences": ("patient",)},
        {"markets": ("GB",)}, {"language": "de"}, {"channels": ("api",)},
    ],
)  # fmt: skip
def test_v3_each_part_alone(tmp_path: Path, id: str, change: dict[str, object]) -> None:
    scope = replace(SCOPE, **change)  # type: ignore[arg-type]
    part = PASSAGES.get(id) or TEMPLATES[id]
    refused(assemble(make_world(tmp_path, replace(part, scope=scope)), *LIVER), "V3")


def test_v3_first_and_last_day(tmp_path: Path) -> None:
    scope = replace(SCOPE, effective=TODAY, expires=TOMORROW, withdrawn=TOMORROW)
    assemble(make_world(tmp_path, replace(PASSAGES["z.liver"], scope=scope)), *LIVER).verify()


def test_v3_a_template_without_literals_is_no_way_around(tmp_path: Path) -> None:
    bare = TemplateRecord("t-bare", "1", "companion_after", EXPIRED, (), (), {1: (None,)})
    refused(assemble(make_world(tmp_path, bare), ("t-answer", "z.liver"), ("t-bare", "z.boxed")), "V7")


# --- V4: one product, once ------------------------------------------------------------------------------------------


def test_v4_one_product(world: World) -> None:
    refused(assemble(world, ("t-answer", "z.store v.store"), ("t-after", "all.fpi")), "V4")
    refused(assemble(world, ("t-answer", "z.liver v.dose"), ("t-after", "z.boxed")), "V4")


def test_v4_passages_of_all_products_go_with_any(world: World) -> None:
    assemble(world, ("t-answer", "v.store"), ("t-after", "all.fpi")).verify()


def test_v4_no_passage_twice(world: World) -> None:
    refused(assemble(world, ("t-answer", "z.liver z.liver"), ("t-after", "z.boxed")), "V4")
    refused(assemble(world, *LIVER, ("t-after", "z.boxed")), "V4")
    refused(assemble(world, ("t-answer", "z.liver z.boxed"), ("t-after", "z.boxed")), "V4")
    refused(assemble(world, ("t-before", "z.boxed"), *LIVER), "V4")


# --- V5: companions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [b for b in BENEFIT if b[0] != "t-answer"])
def test_v5_each_companion_of_benefit_text_is_needed(world: World, missing: Block) -> None:
    message = refused(assemble(world, *(block for block in BENEFIT if block != missing)), "V5")
    assert missing[1] in message


def test_v5_always_without_candidates_refuses(tmp_path: Path) -> None:
    refused(assemble(make_world(tmp_path, without=["z.indication"]), *_less("z.indication")), "V5")


def test_v5_where_present_without_candidates_needs_nothing(tmp_path: Path) -> None:
    assemble(make_world(tmp_path, without=["z.boxed", "z.isi"]), *_less("z.boxed", "z.isi")).verify()


@pytest.mark.parametrize("id", ["z.indication", "z.isi", "z.boxed", "z.fpi"])
@pytest.mark.parametrize("change", [{"expires": TODAY}, {"withdrawn": TODAY}, {"effective": TOMORROW}])
def test_v5_a_companion_that_is_not_in_force_means_no_answer(
    tmp_path: Path, id: str, change: dict[str, dt.date]
) -> None:
    """For where_present as for always; and the one of all products does not stand in for z.fpi."""
    scope = replace(SCOPE, **change)  # type: ignore[arg-type]
    world = make_world(tmp_path, replace(PASSAGES[id], scope=scope))
    refused(assemble(world, *_less(id)), "V5")
    refused(assemble(world, *_less(id), ("t-after", "all.fpi")), "V5")


def test_v5_another_audiences_companion_is_no_candidate(tmp_path: Path) -> None:
    patients = replace(SCOPE, audiences=("patient",), expires=YESTERDAY)
    world = make_world(tmp_path, replace(PASSAGES["z.isi"], scope=patients))
    assemble(world, *_less("z.isi")).verify()


def test_v5_the_products_own_before_that_of_all_products(world: World) -> None:
    refused(assemble(world, ("t-answer", "z.store"), ("t-after", "all.fpi")), "V5")
    assemble(world, ("t-answer", "z.store"), ("t-after", "z.fpi")).verify()


def test_v5_every_candidate_in_force_is_needed(tmp_path: Path) -> None:
    second = passage("z.isi2", Kind.SAFETY, serves=("important_safety_information",))
    old = passage("z.isi0", Kind.SAFETY, serves=("important_safety_information",), scope=EXPIRED)
    world = make_world(tmp_path, second, old)
    refused(assemble(world, *BENEFIT), "V5")
    assemble(world, *BENEFIT, ("t-after", "z.isi2")).verify()


def test_v5_instead_only_where_the_role_has_no_candidates(tmp_path: Path) -> None:
    short = passage("z.short", Kind.SAFETY, serves=("boxed_warning_short",))
    world = make_world(tmp_path, short)
    refused(assemble(world, *LIVER), "V5")
    assemble(world, ("t-answer", "z.liver"), ("t-after", "z.short")).verify()


def test_v5_instead_does_not_replace_what_is_not_in_force(tmp_path: Path) -> None:
    short = passage("z.short", Kind.SAFETY, serves=("boxed_warning_short",), scope=EXPIRED)
    refused(assemble(make_world(tmp_path, short), *LIVER), "V5")


def test_v5_instead_must_be_in_force_too(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.boxed"], scope=EXPIRED))
    refused(assemble(world, ("t-answer", "z.liver")), "V5")


def test_v5_a_companion_shown_as_an_answer_counts(world: World) -> None:
    assemble(world, ("t-answer", "z.liver z.boxed")).verify()
    assemble(world, ("t-answer", "z.boxed")).verify()


def test_v5_named_companions_go_along_transitively(tmp_path: Path) -> None:
    world = make_world(
        tmp_path,
        replace(PASSAGES["z.liver"], companions=("z.dose",)),
        replace(PASSAGES["z.dose"], companions=("z.heart",)),
        replace(PASSAGES["z.heart"], companions=("z.liver",)),
    )
    refused(assemble(world, *LIVER), "V5")
    refused(assemble(world, *LIVER, ("t-after", "z.dose")), "V5")
    claim = assemble(world, *LIVER, ("t-after", "z.dose"), ("t-after", "z.heart"))
    reasons = {c.id: c.reasons for c in claim.verify().companions}
    assert reasons["z.heart"] == (Reason("z.dose", "companions"),)
    refused(assemble(world, ("t-before", "z.dose"), *LIVER, ("t-after", "z.heart")), "V5")


def test_v5_companions_of_a_companion_that_a_rule_asked_for(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.boxed"], companions=("z.heart",)))
    refused(assemble(world, *LIVER), "V5")
    assemble(world, *LIVER, ("t-after", "z.heart")).verify()


def test_v5_named_and_required_before_stands_before(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.benefit"], companions=("z.boxed",)))
    assemble(world, *BENEFIT).verify()
    refused(assemble(world, *_less("z.boxed"), ("t-after", "z.boxed")), "V5")


@pytest.mark.parametrize("name", ["z.gone", "z.old"])
def test_v5_a_named_companion_that_is_not_eligible_means_no_answer(tmp_path: Path, name: str) -> None:
    old = passage("z.old", Kind.SAFETY, scope=EXPIRED)
    world = make_world(tmp_path, old, replace(PASSAGES["z.liver"], companions=(name,)))
    refused(assemble(world, *LIVER), "V5")


def test_v5_before_stands_before(world: World) -> None:
    refused(assemble(world, *_less("z.boxed"), ("t-after", "z.boxed")), "V5")


def test_v5_after_stands_after(world: World) -> None:
    refused(assemble(world, ("t-before", "z.boxed"), ("t-answer", "z.liver")), "V5")


def test_v5_a_boxed_warning_among_the_answers_stands_before_the_benefit(world: World) -> None:
    rest = (("t-after", "z.indication"), ("t-after", "z.isi"), ("t-after", "z.fpi"))
    assemble(world, ("t-answer", "z.boxed z.benefit"), *rest).verify()
    assemble(world, ("t-answer", "z.liver z.boxed z.benefit"), *rest).verify()
    refused(assemble(world, ("t-answer", "z.benefit z.boxed"), *rest), "V5")


def test_v5_a_passage_does_not_stand_before_itself(tmp_path: Path) -> None:
    rules = {Kind.BENEFIT: (ApprovedRule("indication", None, "before", "always"),)}
    world = make_world(tmp_path, rules=rules)
    assemble(world, ("t-answer", "z.indication")).verify()
    assemble(world, ("t-answer", "z.indication z.benefit")).verify()
    refused(assemble(world, ("t-answer", "z.benefit z.indication")), "V5")


def test_v5_nothing_that_was_not_asked_for(world: World) -> None:
    refused(assemble(world, *LIVER, ("t-after", "z.dose")), "V5")
    refused(assemble(world, *LIVER, ("t-after", "z.benefit")), "V5")
    refused(assemble(world, ("t-answer", "v.dose"), ("t-after", "all.outcome.clarify")), "V5")


def test_v5_required_companions_is_pure(world: World) -> None:
    benefit = world.ledger.passage("z.benefit")
    assert benefit is not None
    first = required_companions([benefit], HCP, world.ledger)
    assert first == required_companions([benefit], HCP, world.ledger)
    assert [c.id for c in first] == ["z.boxed", "z.indication", "z.isi", "z.fpi"]


def _less(*ids: str) -> tuple[Block, ...]:
    return tuple(block for block in BENEFIT if block[1] not in ids)


# --- V6: outcome ----------------------------------------------------------------------------------------------------


GRAVE = ("emergency", "adverse_event", "product_complaint")


@pytest.mark.parametrize("flag", [Flag.EMERGENCY, Flag.ADVERSE_EVENT, Flag.PRODUCT_COMPLAINT])
def test_v6a_a_flag_that_the_outcome_ignores(world: World, flag: Flag) -> None:
    refused(assemble(world, *LIVER, flags=frozenset({flag})), "V6")
    refused(assemble(world, ("t-notice", "all.outcome.small_talk"), outcome=Outcome.SMALL_TALK, flags={flag}), "V6")


@pytest.mark.parametrize(("grave", "lesser"), [*combinations(GRAVE, 2)])
def test_v6a_the_gravest_flag_is_the_outcome(world: World, grave: str, lesser: str) -> None:
    flags = frozenset({Flag(grave), Flag(lesser), Flag.ATTACK})
    assemble(world, ("t-notice", f"all.outcome.{grave}"), outcome=Outcome(grave), flags=flags).verify()
    refused(assemble(world, ("t-notice", f"all.outcome.{lesser}"), outcome=Outcome(lesser), flags=flags), "V6")


@pytest.mark.parametrize("outcome", GRAVE)
def test_v6a_a_grave_outcome_without_its_flag(world: World, outcome: str) -> None:
    refused(assemble(world, ("t-notice", f"all.outcome.{outcome}"), outcome=Outcome(outcome)), "V6")
    flags = frozenset({Flag.ATTACK})
    refused(assemble(world, ("t-notice", f"all.outcome.{outcome}"), outcome=Outcome(outcome), flags=flags), "V6")


def test_v6b_no_answer_passage_at_all(world: World) -> None:
    claim = assemble(world, *LIVER)
    refused(claim.with_pieces(claim.pieces[:1]), "V6")


def test_v6b_four_answer_passages(world: World) -> None:
    claim = assemble(world, ("t-answer", "z.liver z.dose z.heart"), ("t-after", "z.boxed"))
    fourth = assemble(world, ("t-answer", "z.lungs")).pieces[1]
    separator = claim.pieces[2]
    refused(claim.with_pieces([*claim.pieces[:6], separator, fourth, *claim.pieces[6:]]), "V6")


def test_v6b_a_notice_is_no_answer(world: World) -> None:
    refused(assemble(world, ("t-notice", "all.outcome.clarify")), "V6")
    refused(assemble(world, ("t-notice", "all.intent.source_request")), "V6")
    refused(assemble(world, ("t-answer", "z.liver all.outcome.clarify"), ("t-after", "z.boxed")), "V6")


def test_v6b_the_notice_of_another_intent(world: World) -> None:
    refused(assemble(world, ("t-notice", "all.intent.source_request"), intent="human_handoff"), "V6")
    refused(assemble(world, *LIVER, intent="human_handoff"), "V6")


def test_v6b_nothing_beside_the_notice_of_an_intent(world: World) -> None:
    notice = ("t-before", "all.intent.source_request")
    refused(assemble(world, notice, ("t-answer", "v.dose"), intent="source_request"), "V6")
    refused(assemble(world, ("t-answer", "all.intent.source_request v.dose"), intent="source_request"), "V6")


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.ANSWERED])
def test_v6c_the_notice_of_another_outcome(world: World, outcome: Outcome) -> None:
    flags = frozenset({Flag(outcome.value)}) if outcome.value in set(Flag) else frozenset()
    other = "clarify" if outcome is not Outcome.CLARIFY else "small_talk"
    refused(assemble(world, ("t-notice", f"all.outcome.{other}"), outcome=outcome, flags=flags), "V6")
    refused(assemble(world, *LIVER, outcome=outcome, flags=flags), "V6")


def test_v6c_an_unsupported_language_is_no_other_outcome(world: World) -> None:
    refused(assemble(world, ("t-notice", "all.language.unsupported"), outcome=Outcome.CLARIFY), "V6")


def test_v6c_the_notice_is_of_kind_notice_and_an_answer(tmp_path: Path) -> None:
    fake = passage("z.clarify", Kind.SAFETY, serves=("outcome.clarify",))
    world = make_world(tmp_path, fake, without=["z.boxed"])
    refused(assemble(world, ("t-notice", "z.clarify"), outcome=Outcome.CLARIFY), "V6")
    claim = assemble(world, ("t-notice", "all.outcome.clarify"), outcome=Outcome.CLARIFY)
    refused(_relay(claim, 1, role="companion"), "V5")


def test_v6c_a_frame_without_its_notice(world: World) -> None:
    claim = assemble(world, ("t-notice", "all.outcome.clarify"), outcome=Outcome.CLARIFY)
    refused(claim.with_pieces(claim.pieces[:1]), "V6")


def test_v6c_nothing_after_the_notice(world: World) -> None:
    refused(assemble(world, ("t-before", "all.outcome.clarify"), *LIVER, outcome=Outcome.CLARIFY), "V6")
    two = assemble(world, ("t-answer", "all.outcome.clarify all.outcome.small_talk"), outcome=Outcome.CLARIFY)
    refused(two, "V6")


@pytest.mark.parametrize("ids", ["z.benefit", "z.liver z.benefit"])
def test_v6d_no_benefit_text_after_an_adverse_event(world: World, ids: str) -> None:
    blocks = [("t-answer", ids) if block[0] == "t-answer" else block for block in BENEFIT]
    refused(assemble(world, AE_NOTICE, *blocks, **AE), "V6")


def test_v6d_no_benefit_text_as_a_companion_either(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.liver"], companions=("z.benefit",)))
    refused(assemble(world, AE_NOTICE, *LIVER, ("t-after", "z.benefit"), **AE), "V6")


def test_v6d_neither_neutral_text_nor_a_second_notice(world: World) -> None:
    refused(assemble(world, AE_NOTICE, ("t-answer", "z.store"), ("t-after", "z.fpi"), **AE), "V6")
    refused(assemble(world, AE_NOTICE, ("t-answer", "all.outcome.emergency"), **AE), "V6")


def test_v6d_companions_of_other_kinds_may_go_along(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.liver"], companions=("z.store",)))
    assemble(world, AE_NOTICE, *LIVER, ("t-after", "z.store"), **AE).verify()


def test_v6d_companions_stay_complete_after_a_notice(world: World) -> None:
    refused(assemble(world, AE_NOTICE, ("t-answer", "z.liver"), **AE), "V5")


def test_v6d_at_most_three(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    claim = assemble(world, AE_NOTICE, ("t-answer", "z.liver z.dose z.heart"), ("t-after", "z.boxed"), **AE)
    claim.verify()
    fourth = assemble(world, ("t-answer", "z.lungs")).pieces[1]
    refused(claim.with_pieces([*claim.pieces[:9], claim.pieces[5], fourth, *claim.pieces[9:]]), "V6")


def test_v6d_the_notice_comes_first(world: World) -> None:
    refused(assemble(world, ("t-answer", "z.liver all.outcome.adverse_event"), ("t-after", "z.boxed"), **AE), "V6")


def test_v6e_what_may_not_be_retrieved(world: World) -> None:
    refused(assemble(world, ("t-answer", "z.fpi")), "V6")


def test_v6e_after_a_grave_notice_as_well(tmp_path: Path) -> None:
    world = make_world(tmp_path, replace(PASSAGES["z.liver"], retrieve=False))
    refused(assemble(world, AE_NOTICE, *LIVER, **AE), "V6")


# --- V7: shape ------------------------------------------------------------------------------------------------------


def test_v7_a_template_of_another_use(world: World) -> None:
    before = assemble(world, ("t-before", "z.boxed")).pieces
    answer = assemble(world, ("t-answer", "z.liver")).pieces
    role = [(replace(s, role="companion") if s.source == "passage" else s, d) for s, d in before]
    claim = assemble(world, *LIVER)
    refused(claim.with_pieces([*answer, *role]), "V7")
    refused(assemble(world, ("t-notice", "z.liver"), ("t-after", "z.boxed")), "V7")


def test_v7_a_notice_alone_and_a_notice_before_an_answer(world: World) -> None:
    refused(assemble(world, AE_NOTICE, **AE), "V7")
    refused(assemble(world, ("t-notice", AE_NOTICE[1]), *LIVER, **AE), "V7")


def test_v7_the_intent_is_the_templates(world: World) -> None:
    assemble(world, ("t-dosage", "z.dose"), ("t-after", "z.boxed"), intent="dosage").verify()
    refused(assemble(world, ("t-dosage", "z.dose"), ("t-after", "z.boxed"), intent="storage"), "V7")


def test_v7_a_number_of_passages_that_the_template_was_not_approved_for(world: World) -> None:
    claim = assemble(world, ("t-dosage", "z.dose"), ("t-after", "z.boxed"), intent="dosage")
    second = assemble(world, ("t-answer", "z.liver")).pieces[1]
    refused(claim.with_pieces([*claim.pieces[:2], second, *claim.pieces[2:]]), "V7")


def test_v7_answer_passages_stand_together(world: World) -> None:
    claim = assemble(world, ("t-answer", "z.liver"), ("t-after", "z.boxed"), ("t-answer", "z.dose"))
    with pytest.raises(IntegrityError, match=r"^V[57]:"):
        claim.verify()


def test_v7_companions_between_the_answers(tmp_path: Path) -> None:
    """Nothing is required after the last answer passage, so V5 alone would not see the interleaving."""
    world = make_world(tmp_path, replace(PASSAGES["z.boxed"], companions=()))
    claim = assemble(world, ("t-answer", "z.liver z.dose"), ("t-after", "z.boxed"))
    pieces = claim.pieces
    refused(claim.with_pieces([*pieces[:2], *pieces[5:], *pieces[2:5]]), "V5")


@pytest.mark.parametrize("blocks", [BENEFIT, LIVER], ids=["benefit", "liver"])
def test_v7_no_literal_is_dropped_repeated_or_moved(world: World, blocks: tuple[Block, ...]) -> None:
    claim = assemble(world, *blocks)
    literals = [at for at, span in enumerate(claim.spans) if span.source == "template"]
    for at in literals:
        pieces = claim.pieces
        literal = pieces.pop(at)
        refused(claim.with_pieces(pieces), "V7")
        for elsewhere in range(len(pieces) + 1):
            moved = [*pieces[:elsewhere], literal, *pieces[elsewhere:]]
            if moved != claim.pieces and [s.id for s, _ in moved] != [s.id for s in claim.spans]:
                refused(claim.with_pieces(moved), "V7")
            refused(claim.with_pieces([*claim.pieces[:elsewhere], literal, *claim.pieces[elsewhere:]]), "V7")


def test_v7_a_literal_missing_at_the_very_end(world: World) -> None:
    claim = assemble(world, ("t-answer", "v.dose"))
    claim.verify()
    refused(claim.with_pieces(claim.pieces[:-1]), "V7")


@pytest.mark.parametrize("other", ["t-before#1", "t-answer#0", "t-answer#2"])
def test_v7_another_literal_within_a_block(world: World, other: str) -> None:
    claim = assemble(world, ("t-answer", "z.liver z.dose"), ("t-after", "z.boxed"))
    name, _, number = other.partition("#")
    template = world.templates[name]
    data = template.literals[int(number)]
    literal = (_span("template", other, template.version, data), data)
    for at in (0, 2, 4):
        if claim.spans[at].id != other:
            refused(claim.with_pieces([*claim.pieces[:at], literal, *claim.pieces[at + 1 :]]), "V7")


def test_v7_companions_without_an_answer(tmp_path: Path) -> None:
    notice = replace(PASSAGES[AE_NOTICE[1]], companions=("z.liver",))
    refused(assemble(make_world(tmp_path, notice), AE_NOTICE, ("t-after", "z.liver"), **AE), "V7")


def test_v7_a_literal_of_another_template(world: World) -> None:
    """Approved words in an approved place of another template are not approved here."""
    claim = assemble(world, *LIVER)
    other = assemble(world, ("t-dosage", "z.liver")).pieces[0]
    refused(claim.with_pieces([other, *claim.pieces[1:]]), "V7")


# --- any text, any change -------------------------------------------------------------------------------------------

HOSTILE = (
    "{{ p }}", "{% endfor %}", "{# x #}", "[SPAN_1]", "$x", "${x}", "%s", "\\", "\\n", "\r\n", "\r", "\u00a0", "\n",
    "e\u0301", "\u200b", "\ufeff", "\u202e", "שלום", "\u2028", "\x00", "\U0001d4b3", "---", "\n\n",
    "From the label:\n\n",
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)),
    min_size=1,
    max_size=4,
).map("".join)
THOROUGH = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

EDITS: dict[str, Callable[[bytes, int, int], bytes]] = {
    "drop": lambda text, at, _: text[:at] + text[at + 1 :],
    "add": lambda text, at, byte: text[:at] + bytes([byte]) + text[at:],
    "change": lambda text, at, byte: text[:at] + bytes([byte]) + text[at + 1 :],
    "swap": lambda text, at, _: text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
    "duplicate": lambda text, at, _: text[: at + 1] + text[at:],
}


def byte_attacks(claim: Claimed, at: int, byte: int) -> Iterator[Claimed]:
    """Every edit of one byte: with the spans left, shifted to fit, and hashed anew by the attacker."""
    for edit in EDITS.values():
        text = edit(claim.text, at, byte)
        if text == claim.text:
            continue
        yield replace(claim, text=text)
        shifted = tuple(_shift(span, at, len(text) - len(claim.text)) for span in claim.spans)
        yield replace(claim, text=text, spans=shifted)
        rehashed = tuple(replace(s, sha256=sha256_hex(text[s.start : s.end])) for s in shifted)
        yield replace(claim, text=text, spans=rehashed)


def _shift(span: Span, at: int, by: int) -> Span:
    return replace(span, start=span.start + by * (at < span.start), end=span.end + by * (at < span.end))


def span_attacks(claim: Claimed) -> Iterator[Claimed]:
    """Every drop, repetition and exchange of whole spans, with their text."""
    pieces = claim.pieces
    for at, piece in enumerate(pieces):
        yield claim.with_pieces(pieces[:at] + pieces[at + 1 :])
        yield claim.with_pieces([*pieces[:at], piece, *pieces[at:]])
    for one, other in combinations(range(len(pieces)), 2):
        if _same_standing(claim, one, other):
            continue
        swapped = list(pieces)
        swapped[one], swapped[other] = pieces[other], pieces[one]
        yield claim.with_pieces(swapped)


def _same_standing(claim: Claimed, one: int, other: int) -> bool:
    """The same literal, or two passages whose order among themselves is free: both exchanges are approved answers."""
    first, second = claim.spans[one], claim.spans[other]
    if first.source != "passage" or second.source != "passage":
        return first.id == second.id
    answers = [at for at, span in enumerate(claim.spans) if span.role == "answer"]
    sides = {(claim.spans[at].role, at < answers[0]) for at in (one, other)}
    return len(sides) == 1


def all_refused(attacks: Iterator[Claimed]) -> int:
    count = 0
    for count, claim in enumerate(attacks, start=1):  # noqa: B007
        with pytest.raises(IntegrityError):
            claim.verify()
    return count


@THOROUGH
@given(texts=st.lists(TEXTS, min_size=4, max_size=4), data=st.data())
def test_any_text_verifies_and_any_change_is_refused(texts: list[str], data: st.DataObject) -> None:
    approved = [PASSAGES[name] for name in ("z.liver", "z.dose", "z.heart", "z.boxed")]
    named = [passage(p.id, p.kind, text, serves=p.serves) for p, text in zip(approved, texts, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder), *named)
        with world.ledger:
            claim = assemble(world, ("t-answer", "z.liver z.dose z.heart"), ("t-after", "z.boxed"))
            proof = claim.verify()
            assert proof.answer_sha256 == sha256_hex(claim.text)
            assert all(p.text in claim.text for p in named)
            for at in data.draw(st.lists(st.integers(0, len(claim.text) - 1), min_size=8, max_size=8)):
                all_refused(byte_attacks(claim, at, data.draw(st.integers(0, 255))))
            all_refused(span_attacks(claim))


def test_no_byte_of_an_answer_can_be_changed(tmp_path: Path) -> None:
    """Exhaustive: every position, every edit, every way to adjust the spans."""
    box = replace(
        PASSAGES["z.boxed"], text="{{ p }}\r\n\u202eé".encode(), sha256=sha256_hex("{{ p }}\r\n\u202eé".encode())
    )
    claim = assemble(make_world(tmp_path, box), *BENEFIT)
    claim.verify()
    count = sum(all_refused(byte_attacks(claim, at, 0x20)) for at in range(len(claim.text)))
    assert count > 10 * len(claim.text)
    assert all_refused(span_attacks(claim)) > 50


@THOROUGH
@given(
    audience=st.sampled_from(["hcp", "patient"]),
    market=st.sampled_from(["US", "GB"]),
    language=st.sampled_from(["en", "de"]),
    channel=st.sampled_from([*CHANNELS, "fax"]),
    days=st.integers(-400, 400),
)
def test_only_the_approved_contexts(
    world: World, audience: str, market: str, language: str, channel: str, days: int
) -> None:
    context = Context(audience, market, language, channel, TODAY + dt.timedelta(days=days))
    claim = assemble(world, *BENEFIT, context=context)
    if SCOPE.covers(context) and SCOPE.valid_on(context.date):
        claim.verify()
    else:
        refused(claim, "V3")


# --- the tests themselves can fail ----------------------------------------------------------------------------------


def _bad_byte(folder: Path) -> Claimed:
    claim = assemble(make_world(folder), *LIVER)
    return replace(claim, text=claim.text[:-1] + b"?")


def _four_words_more(folder: Path) -> Claimed:
    claim = assemble(make_world(folder), *LIVER)
    return replace(claim, text=claim.text + b" It is entirely safe.")


def _role_on_a_literal(folder: Path) -> Claimed:
    return _relay(assemble(make_world(folder), *LIVER), 0, role="answer")


def _false_citation(folder: Path) -> Claimed:
    return _relay(assemble(make_world(folder), *LIVER), 1, locator="§ 1")


def _expired_answer(folder: Path) -> Claimed:
    return assemble(make_world(folder, replace(PASSAGES["z.liver"], scope=EXPIRED)), *LIVER)


def _two_products(folder: Path) -> Claimed:
    return assemble(make_world(folder), ("t-answer", "z.store v.store"), ("t-after", "all.fpi"))


def _said_twice(folder: Path) -> Claimed:
    return assemble(make_world(folder), ("t-answer", "z.liver z.liver"), ("t-after", "z.boxed"))


def _no_boxed_warning(folder: Path) -> Claimed:
    return assemble(make_world(folder), *_less("z.boxed"))


def _withdrawn_boxed_warning(folder: Path) -> Claimed:
    return assemble(make_world(folder, replace(PASSAGES["z.boxed"], scope=EXPIRED)), ("t-answer", "z.benefit"))


def _boxed_warning_last(folder: Path) -> Claimed:
    return assemble(make_world(folder), *_less("z.boxed"), ("t-after", "z.boxed"))


def _smuggled_benefit(folder: Path) -> Claimed:
    return assemble(make_world(folder), *LIVER, ("t-after", "z.benefit"))


def _ignored_flag(folder: Path) -> Claimed:
    return assemble(make_world(folder), *LIVER, flags=frozenset({Flag.ADVERSE_EVENT}))


def _notice_as_answer(folder: Path) -> Claimed:
    notice = replace(PASSAGES["all.outcome.small_talk"], retrieve=True)
    return assemble(make_world(folder, notice), ("t-answer", notice.id))


def _wrong_notice(folder: Path) -> Claimed:
    return assemble(make_world(folder), ("t-notice", "all.outcome.small_talk"), outcome=Outcome.MEDICAL_ADVICE)


def _benefit_after_adverse_event(folder: Path) -> Claimed:
    return assemble(make_world(folder), AE_NOTICE, *BENEFIT, **AE)


def _companion_as_answer(folder: Path) -> Claimed:
    return assemble(make_world(folder), ("t-answer", "z.fpi"))


def _no_frame(folder: Path) -> Claimed:
    claim = assemble(make_world(folder), *LIVER)
    return claim.with_pieces(claim.pieces[1:])


#: Rule function, what it is replaced with, and the attack that only it stops.
MUTATIONS: list[tuple[str, object, Callable[[Path], Claimed]]] = [
    ("_v1_cover", None, _four_words_more),
    ("_v1_role", None, _role_on_a_literal),
    ("_v2_bytes", None, _bad_byte),
    ("_v2_particulars", None, _false_citation),
    ("_v3_eligible", None, _expired_answer),
    ("_v4_one_product", None, _two_products),
    ("_v4_once", None, _said_twice),
    ("required_companions", (), _withdrawn_boxed_warning),
    ("_v5a_shown", None, _no_boxed_warning),
    ("_v5b_placed", None, _boxed_warning_last),
    ("_v5c_nothing_else", None, _smuggled_benefit),
    ("_v6a_flags", None, _ignored_flag),
    ("_v6b_answered", None, _notice_as_answer),
    ("_v6c_notice", None, _wrong_notice),
    ("_v6d_after_notice", None, _benefit_after_adverse_event),
    ("_v6e_retrievable", None, _companion_as_answer),
    ("_v7_shape", (), _no_frame),
]


@pytest.mark.parametrize(("rule", "result", "attack"), MUTATIONS, ids=[m[0] for m in MUTATIONS])
def test_each_rule_stops_an_attack_that_no_other_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str, result: object, attack: Callable[[Path], Claimed]
) -> None:
    claim = attack(tmp_path)
    with pytest.raises(IntegrityError):
        claim.verify()
    monkeypatch.setattr(verification, rule, lambda *_: result)
    claim.verify()


def test_every_rule_function_has_its_attack() -> None:
    rules = {name for name in vars(verification) if name.startswith("_v")}
    parts = {"_v7_blocks", "_v7_fitting"}  # of _v7_shape
    assert rules - parts == {name for name, _, _ in MUTATIONS} - {"required_companions"}


def test_the_verifier_imports_nothing_that_makes_answers() -> None:
    """In its own process, since this one has long imported everything."""
    script = (
        "import sys, assistant.trust.verification\n"
        "print(*sorted(m for m in sys.modules if m.startswith('assistant.')))\n"
        "print(*sorted(m for m in ('jinja2', 'faiss', 'numpy', 'pydantic', 'llama_cpp', 'yaml') if m in sys.modules))\n"
    )
    root = Path(verification.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    ours, theirs = done.stdout.split("\n")[:2]
    names = (
        "canonical",
        "domain",
        "errors",
        "remembering",
        "trust",
        "trust.ledger",
        "trust.verification",
        "trust.withdrawn",
    )
    assert ours.split() == [f"assistant.{name}" for name in names]
    assert theirs == ""
