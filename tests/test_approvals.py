"""Approvals: signatures over bytes that cannot be lifted, doubled, dated ahead, or outlive a change of one field."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.canonical import canonical_json, sha256_hex
from assistant.content.corpus import Origin, SourcedDocument
from assistant.content.frontmatter import load_mapping
from assistant.content.policy import ApprovalRules, Policy, parse_policy
from assistant.domain import AUDIENCES, CHANNELS, ROLES, SLOT_VALUES, TOPICS, Document, Kind, Passage, Scope
from assistant.errors import ContentError, IntegrityError, UsageError
from assistant.serving.commands import approving
from assistant.serving.commands.approving import approvals_command, approve_command
from assistant.trust import keys
from assistant.trust.approvals.acts import approve, read_act
from assistant.trust.approvals.envelopes import APPROVAL_TYPE, WITHDRAWAL_TYPE, pae, parse_envelope
from assistant.trust.approvals.review import CARRIES, passages_by_kind, rendered_for_review, visible
from assistant.trust.approvals.roster import Roster, enrol, parse_roster, read_roster
from assistant.trust.approvals.shelf import envelope_files, recorded
from assistant.trust.approvals.standing import Standing, State, standing, unfilled
from assistant.trust.approvals.subjects import (
    KINDS,
    GoverningFile,
    Subject,
    document_subject,
    file_subject,
    passage_subject,
    template_subject,
)
from assistant.trust.ledger import TemplateRecord
from assistant.workspace import sample_root
from tests import tiny
from tests.reviewers import (
    ANN,
    JANE,
    JANE_AGAIN,
    JOHN,
    NOW,
    ROLE_OF,
    ROSTER,
    STRANGER,
    TODAY,
    YEAR,
    all_three,
    approval,
    holder,
    passage,
    payload_of,
    resealed,
    scope,
    write_roster,
)

POLICY_BYTES = (sample_root() / "approved_corpus" / "policy.yaml").read_bytes()
POLICY: Policy = parse_policy(POLICY_BYTES, Path("policy.yaml"))[0]


def policy(**rules: Any) -> Policy:
    """The sample's policy with other rules for approvals."""
    return POLICY.model_copy(update={"approvals": ApprovalRules.model_validate(rules)})


def stand(
    subject: Subject, envelopes: list[tuple[str, bytes]], roster: Roster = ROSTER, rules: Policy = POLICY
) -> Standing:
    return standing([subject], envelopes, roster, rules, TODAY, now=NOW)


def state(
    subject: Subject, envelopes: list[tuple[str, bytes]], roster: Roster = ROSTER, rules: Policy = POLICY
) -> State:
    (entry,) = stand(subject, envelopes, roster, rules).subjects
    return entry.state


SUBJECT = passage_subject(passage())
SIGNED = all_three(SUBJECT)


# --- what is signed ---------------------------------------------------------------------------------------------------


def test_one_of_each_role_approves() -> None:
    found = stand(SUBJECT, SIGNED)
    (entry,) = found.subjects
    assert entry.state is State.APPROVED
    assert found.complete
    assert found.faults == ()
    assert [(a.role, a.printed_name, a.signed_at, a.keyid) for a in entry.approvals] == [
        (role, who.public.name, NOW, who.keyid) for who, role in ROLE_OF.items()
    ]


def test_each_of_the_three_is_needed() -> None:
    for left_out in range(3):
        envelopes = [e for number, e in enumerate(SIGNED) if number != left_out]
        (entry,) = stand(SUBJECT, envelopes).subjects
        assert entry.state is State.WAITING
        (missing,) = entry.missing
        assert (missing.market, missing.role, missing.count) == ("US", list(ROLE_OF.values())[left_out], 1)


def _other(pool: tuple[str, ...], now: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(pool), unique=True, max_size=4).map(tuple).filter(lambda some: some != now)


_LINE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)
_IDS = st.lists(st.from_regex(r"[a-z][a-z0-9.]{0,8}", fullmatch=True), max_size=3, unique=True).map(tuple)
_DATES = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
_NOW = passage()
_CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "id": _LINE,
    "version": _LINE,
    "document": _LINE,
    "product": _LINE,
    "topic": st.sampled_from(TOPICS),
    "also": _other(TOPICS, _NOW.also),
    "kind": st.sampled_from(Kind),
    "locator": _LINE,
    "title": _LINE,
    "order": st.integers(-100, 100),
    "population": _other(SLOT_VALUES["population"], _NOW.population),
    "serves": _other(ROLES, _NOW.serves),
    "companions": _IDS,
    "references": st.lists(_LINE, max_size=3).map(tuple),
    "retrieve": st.booleans(),
}
_SCOPE_CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "audiences": _other(AUDIENCES, _NOW.scope.audiences),
    "markets": _other(("US", "GB", "DE"), _NOW.scope.markets),
    "language": st.sampled_from(("en", "de", "fr")),
    "channels": _other(CHANNELS, _NOW.scope.channels),
    "effective": _DATES,
    "expires": st.none() | _DATES,
    "withdrawn": st.none() | _DATES,
}


def test_no_field_is_forgotten_by_the_tests_below() -> None:
    assert {f.name for f in dataclasses.fields(Passage)} == set(_CHANGES) | {"text", "sha256", "scope"}
    assert {f.name for f in dataclasses.fields(Scope)} == set(_SCOPE_CHANGES)


@pytest.mark.parametrize("field", _CHANGES)
@settings(max_examples=15)
@given(data=st.data())
def test_changing_any_field_voids_the_approval(field: str, data: st.DataObject) -> None:
    value = data.draw(_CHANGES[field].filter(lambda drawn: drawn != getattr(_NOW, field)))
    changed = passage_subject(dataclasses.replace(_NOW, **{field: value}))
    assert state(changed, SIGNED) is (State.WAITING if field == "id" else State.VOID)


@pytest.mark.parametrize("field", _SCOPE_CHANGES)
@settings(max_examples=15)
@given(data=st.data())
def test_changing_any_field_of_the_scope_voids_the_approval(field: str, data: st.DataObject) -> None:
    value = data.draw(_SCOPE_CHANGES[field].filter(lambda drawn: drawn != getattr(_NOW.scope, field)))
    changed = passage_subject(passage(scope=scope(**{field: value})))
    assert state(changed, SIGNED) is State.VOID


@settings(max_examples=60)
@given(st.data())
def test_changing_any_byte_voids_the_approval(data: st.DataObject) -> None:
    text = bytearray(_NOW.text)
    at = data.draw(st.integers(0, len(text) - 1))
    how = data.draw(st.sampled_from(("flip", "drop", "add", "repeat")))
    if how == "flip":
        text[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "drop":
        del text[at]
    elif how == "add":
        text.insert(at, data.draw(st.integers(0, 255)))
    else:
        text[at:at] = text[at : at + 1]
    assert state(passage_subject(passage(text=bytes(text))), SIGNED) is State.VOID


def test_bytes_that_are_not_those_of_their_hash_are_no_subject() -> None:
    with pytest.raises(IntegrityError, match="not those of its sha256"):
        passage_subject(dataclasses.replace(passage(), text=b"Store ZED in the light."))


def test_order_of_values_counts_too() -> None:
    """A list that means the same in another order is still not what was shown to the reviewer."""
    assert passage_subject(passage(scope=scope(channels=("api", "cli")))).ref != SUBJECT.ref


def test_records_hold_no_text() -> None:
    assert b"dark" not in SUBJECT.record
    assert sha256_hex(SUBJECT.record) == SUBJECT.ref.sha256


_DOCUMENT = Document("zed-us-pi", "1", "Zed", "label", "zed", ("ZED",), ("zedumab",), ("zeddy",), "MA", "Lab", scope())


def _document(changed: dict[str, Any], front: bytes = b"id: zed-us-pi\n") -> Subject:
    document = dataclasses.replace(_DOCUMENT, **changed)
    return document_subject(SourcedDocument(document, Origin(Path("document.yaml"), front, 1, 1)))


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "x"}, {"type": "notices"}, {"product": "y"}, {"brand_names": ()}, {"generic_names": ("y",)},
        {"synonyms": ("z",)}, {"owner": ""}, {"labeler": ""}, {"version": "2"}, {"source": {"setid": "1"}},
        {"scope": scope(expires=None)},
    ],
)  # fmt: skip
def test_changing_a_document_or_a_name_in_it_voids_its_approval(changed: dict[str, Any]) -> None:
    """Its names are the lexicon by which a product is recognised."""
    before = _document({})
    assert state(before, all_three(before)) is State.APPROVED
    assert state(_document(changed), all_three(before)) is State.VOID
    assert state(_document({}, b"id: zed-us-pi\n# a word\n"), all_three(before)) is State.VOID


_TEMPLATE = TemplateRecord(
    "answer", "1", "answer", scope(), ("storage",), (b"Approved:\n", b"\n\n"), {1: (0, None), 2: (0, None, 1, None)}
)


@pytest.mark.parametrize(
    "changed",
    [
        {"literals": (b"Approved: \n", b"\n\n")},
        {"patterns": {1: (0, None), 2: (0, None, None)}},
        {"patterns": {1: (0, None)}},
        {"scope": scope(audiences=("patient",))},
        {"intents": ()},
        {"use": "notice"},
        {"version": "2"},
    ],
)
def test_changing_a_template_voids_its_approval(changed: dict[str, Any]) -> None:
    before = template_subject(_TEMPLATE, b"file")
    assert state(before, all_three(before)) is State.APPROVED
    assert state(template_subject(dataclasses.replace(_TEMPLATE, **changed), b"file"), all_three(before)) is State.VOID
    assert state(template_subject(_TEMPLATE, b"filf"), all_three(before)) is State.VOID


@pytest.mark.parametrize("kind", ["policy", "taxonomy", "screen", "settings", "model", "golden"])
def test_changing_a_byte_of_what_decides_voids_its_approval(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"threshold: 0.30\n")
    before = file_subject(GoverningFile(kind, "file", path), "", ("US", "GB"))
    assert state(before, all_three(before)) is State.APPROVED
    path.write_bytes(b"threshold: 0.29\n")
    assert state(file_subject(GoverningFile(kind, "file", path), "", ("US", "GB")), all_three(before)) is State.VOID


def test_a_model_that_is_a_folder_is_signed_with_every_file(tmp_path: Path) -> None:
    model = GoverningFile("model", "m", tmp_path / "m")
    (tmp_path / "m" / "sub").mkdir(parents=True)
    (tmp_path / "m" / "sub" / "a").write_bytes(b"1")
    seen = {file_subject(model, "", ()).ref}
    (tmp_path / "m" / "b").write_bytes(b"")
    seen.add(file_subject(model, "", ()).ref)
    (tmp_path / "m" / "b").rename(tmp_path / "m" / "c")
    seen.add(file_subject(model, "", ()).ref)
    assert len(seen) == 3


# --- who signed -------------------------------------------------------------------------------------------------------


def faults(envelope: tuple[str, bytes], roster: Roster = ROSTER) -> str:
    """Why an envelope counts for nothing."""
    found = stand(SUBJECT, [envelope], roster)
    assert found.subjects[0].approvals == ()
    (fault,) = found.faults
    assert fault.path.as_posix() == envelope[0]
    return fault.message


def test_the_encoding_is_that_of_the_specification() -> None:
    """https://github.com/secure-systems-lab/dsse, protocol.md, test vectors."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_key_that_is_not_on_the_roster_counts_for_nothing() -> None:
    assert "not on the roster" in faults(approval(STRANGER, "medical", SUBJECT))


def test_a_signature_under_another_key_id_counts_for_nothing() -> None:
    file, data = approval(STRANGER, "medical", SUBJECT)
    envelope = json.loads(data)
    envelope["signatures"][0]["keyid"] = JANE.keyid
    assert "signature is not that of key" in faults((file, json.dumps(envelope).encode()))


def test_a_role_that_was_not_held_counts_for_nothing() -> None:
    assert "did not hold the role legal" in faults(approval(JANE, "legal", SUBJECT))


@pytest.mark.parametrize(
    ("since", "until", "good"),
    [
        (dt.date(2026, 11, 21), None, True),
        (dt.date(2026, 11, 22), None, False),
        (YEAR, dt.date(2026, 11, 22), True),
        (YEAR, dt.date(2026, 11, 21), False),
    ],
)
def test_the_role_must_be_held_when_it_is_signed(since: dt.date, until: dt.date | None, good: bool) -> None:
    roster = Roster((holder(JANE, "medical", since=since, until=until), *ROSTER.people[1:]))
    assert (state(SUBJECT, all_three(SUBJECT), roster) is State.APPROVED) is good


def test_a_signature_outlives_the_end_of_the_role() -> None:
    roster = Roster((holder(JANE, "medical", until=dt.date(2026, 12, 1)), *ROSTER.people[1:]))
    later = standing([SUBJECT], all_three(SUBJECT), roster, POLICY, dt.date(2027, 5, 1), now=NOW)
    assert later.complete


def test_a_stolen_key_that_is_taken_off_the_roster_approved_nothing() -> None:
    assert state(SUBJECT, all_three(SUBJECT), Roster(ROSTER.people[1:])) is State.WAITING


def test_the_role_must_be_held_for_the_market() -> None:
    both = passage_subject(passage(scope=scope(markets=("US", "GB"))))
    roster = Roster((holder(JANE, "medical", markets=("US",)), *ROSTER.people[1:]))
    (entry,) = stand(both, all_three(both), roster).subjects
    assert [(missing.market, missing.role) for missing in entry.missing] == [("GB", "medical")]
    wider = Roster((*roster.people, holder(JANE, "medical", markets=("GB",))))
    assert state(both, all_three(both), wider) is State.APPROVED


def test_the_printed_name_must_be_the_rosters() -> None:
    assert "printed name" in faults(approval(JANE, "medical", SUBJECT, printed_name="John Doe, JD"))


def test_copies_of_one_signature_count_once() -> None:
    two = policy(roles={"medical": 2})
    file, data = approval(JANE, "medical", SUBJECT)
    copies = [(file, data), ("signed/copy.dsse.json", data), approval(JANE, "medical", SUBJECT, file="signed/2")]
    later = approval(JANE, "medical", SUBJECT, at=NOW - dt.timedelta(days=1), file="signed/3")
    (entry,) = stand(SUBJECT, [*copies, later], rules=two).subjects
    assert [(missing.role, missing.count) for missing in entry.missing] == [("medical", 1)]


def test_two_keys_of_one_person_are_one_person() -> None:
    two = policy(roles={"medical": 2})
    roster = Roster((holder(JANE, "medical"), holder(JANE_AGAIN, "medical"), holder(ANN, "medical")))
    same = [approval(JANE, "medical", SUBJECT), approval(JANE_AGAIN, "medical", SUBJECT)]
    assert state(SUBJECT, same, roster, two) is State.WAITING
    assert state(SUBJECT, [*same, approval(ANN, "medical", SUBJECT)], roster, two) is State.APPROVED


def test_one_person_in_two_roles_counts_for_one_where_people_must_be_distinct() -> None:
    roster = Roster((holder(JANE, "medical", "legal"), holder(ANN, "regulatory")))
    signed = [
        approval(JANE, "medical", SUBJECT),
        approval(JANE, "legal", SUBJECT, file="signed/l"),
        approval(ANN, "regulatory", SUBJECT),
    ]
    (entry,) = stand(SUBJECT, signed, roster).subjects
    assert sum(missing.count for missing in entry.missing) == 1
    assert state(SUBJECT, signed, roster, policy(distinct_people=False)) is State.APPROVED


def test_the_best_assignment_of_people_to_roles_is_found() -> None:
    needed = {"medical": 1, "legal": 1, "regulatory": 1}
    signed = [("medical", "a"), ("medical", "b"), ("legal", "a"), ("legal", "c"), ("regulatory", "a")]
    assert unfilled(needed, signed, distinct=True) == {}
    assert unfilled(needed, [("medical", "a"), ("legal", "a")], distinct=True) == {"legal": 1, "regulatory": 1}


@given(
    st.fixed_dictionaries({role: st.integers(0, 2) for role in ("medical", "legal", "regulatory")}),
    st.sets(st.tuples(st.sampled_from(("medical", "legal", "regulatory")), st.sampled_from("abcd"))),
)
def test_what_is_missing_is_as_little_as_can_be(needed: dict[str, int], signed: set[tuple[str, str]]) -> None:
    """Against trying every way of giving each person one role or none."""
    from itertools import product

    options = [[None, *(role for role, who in signed if who == person)] for person in "abcd"]
    best = max(sum(min(chosen.count(role), number) for role, number in needed.items()) for chosen in product(*options))
    assert sum(unfilled(needed, signed, distinct=True).values()) == sum(needed.values()) - best


# --- an envelope cannot be turned into another ------------------------------------------------------------------------


def test_a_signature_cannot_be_lifted_onto_another_record() -> None:
    """21 CFR 11.70: neither onto another passage, nor another role, date, name or meaning."""
    other = passage_subject(passage(id="zed-us-pi.17"))
    file, data = approval(JANE, "medical", SUBJECT)
    for change in (
        {"subjects": [other.ref.as_json()]},
        {"role": "legal"},
        {"signed_at": "2026-11-20T09:00:00Z"},
        {"printed_name": "Ann Poe"},
        {"meaning": "I approve of nothing."},
        {"valid_until": "2099-01-01"},
    ):
        envelope = json.loads(data)
        envelope["payload"] = base64.b64encode(canonical_json(payload_of(data) | change)).decode()
        assert "signature is not that of key" in faults((file, json.dumps(envelope).encode()))


def test_an_approval_of_another_id_does_not_count_though_the_digest_is_the_same() -> None:
    forged = dataclasses.replace(SUBJECT, ref=dataclasses.replace(SUBJECT.ref, id="zed-us-pi.17"))
    assert state(SUBJECT, all_three(forged)) is State.WAITING
    forged = dataclasses.replace(SUBJECT, ref=dataclasses.replace(SUBJECT.ref, kind="template"))
    assert state(SUBJECT, all_three(forged)) is State.WAITING


def test_an_approval_cannot_be_passed_off_as_a_withdrawal() -> None:
    file, data = approval(JANE, "medical", SUBJECT)
    envelope = json.loads(data) | {"payloadType": WITHDRAWAL_TYPE}
    assert "signature is not that of key" in faults((file, json.dumps(envelope).encode()))
    payload = payload_of(data)
    assert faults((file, resealed(JANE, payload, WITHDRAWAL_TYPE)))


def test_flipping_any_byte_of_an_envelope_leaves_no_approval() -> None:
    file, data = approval(JANE, "medical", SUBJECT)
    assert read_act(data, file, ROSTER, NOW)
    whole = payload_of(data)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            act = read_act(changed, file, ROSTER, NOW)
        except (ContentError, IntegrityError):
            continue
        # White space between members is nobody's signature's business.
        assert data[at : at + 1].isspace(), at
        assert act.printed_name == whole["printed_name"]


GOOD = payload_of(approval(JANE, "medical", SUBJECT)[1])


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"schema": "onlabel.approval/2"},
        {"role": "marketing"},
        {"subjects": []},
        {"subjects": [*GOOD["subjects"], *GOOD["subjects"]]},
        {"subjects": [GOOD["subjects"][0] | {"more": 1}]},
        {"subjects": [GOOD["subjects"][0] | {"sha256": "0" * 63}]},
        {"subjects": [GOOD["subjects"][0] | {"sha256": GOOD["subjects"][0]["sha256"].upper()}]},
        {"subjects": [GOOD["subjects"][0] | {"kind": "thing"}]},
        {"subjects": [GOOD["subjects"][0] | {"version": 1}]},
        {"subjects": [GOOD["subjects"][0] | {"id": "z"}, GOOD["subjects"][0] | {"id": "a"}]},
        {"meaning": ""},
        {"meaning": None},
        {"printed_name": ""},
        {"signed_at": "2026-11-21T09:00:00+00:00"},
        {"signed_at": "2026-11-21"},
        {"signed_at": "2026-13-21T09:00:00Z"},
        {"signed_at": 1},
        {"valid_until": "2027"},
        {"valid_until": 20270101},
        {"valid_until": "20270101"},
    ],
    ids=str,
)
def test_what_was_signed_but_cannot_be_meant_is_a_fault(change: dict[str, Any]) -> None:
    assert faults(("signed/x", resealed(JANE, GOOD | change)))


@pytest.mark.parametrize("left_out", sorted(GOOD))
def test_what_was_signed_without_a_field_is_a_fault(left_out: str) -> None:
    assert faults(("signed/x", resealed(JANE, {name: value for name, value in GOOD.items() if name != left_out})))


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(GOOD).encode(),
        canonical_json(GOOD) + b"\n",
        canonical_json(GOOD).replace(b'{"meaning"', b'{"meaning":"x","meaning"', 1),
        canonical_json(GOOD).replace(b"I approve", b"I \\u0061pprove"),
        b"[]",
        b"1.5",
        b'{"a":1.5}',
        b"\xff",
        b"[" * 100_000,
        b'"\\ud800"',
    ],
    ids=range(10),
)
def test_a_payload_that_is_not_canonical_is_a_fault(payload: bytes) -> None:
    assert "canonical" in faults(("signed/x", resealed(JANE, payload)))


def _changed(**members: Any) -> bytes:
    return json.dumps(json.loads(approval(JANE, "medical", SUBJECT)[1]) | members).encode()


_SIGNATURE = json.loads(_changed())["signatures"][0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        _changed(more=1),
        _changed(signatures=[]),
        _changed(signatures={}),
        _changed(signatures=[_SIGNATURE, _SIGNATURE]),
        _changed(signatures=[_SIGNATURE | {"more": 1}]),
        _changed(signatures=[{"sig": _SIGNATURE["sig"]}]),
        _changed(signatures=[_SIGNATURE | {"sig": _SIGNATURE["sig"][:-1]}]),
        _changed(signatures=[_SIGNATURE | {"sig": _SIGNATURE["sig"].replace("+", "-").replace("/", "_") + " "}]),
        _changed(signatures=[_SIGNATURE | {"keyid": 5}]),
        _changed(payloadType="application/json"),
        _changed(payload=""),
        _changed(payload=5),
        _changed(payload="not base64!"),
        _changed().replace(b"{", b'{"payload": "e30=", ', 1),
    ],
    ids=range(20),
)
def test_a_malformed_envelope_is_a_named_fault(data: bytes) -> None:
    assert faults(("signed/x", data))


def test_base64_has_one_spelling() -> None:
    """The last character of base64 has bits that nothing reads: another spelling of the same signature is refused."""
    sig = _SIGNATURE["sig"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = sig[:-3] + alphabet[alphabet.index(sig[-3]) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(sig)
    with pytest.raises(ContentError, match="base64"):
        parse_envelope(_changed(signatures=[_SIGNATURE | {"sig": other}]), "x")


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead", "good"), [(0, True), (299, True), (300, True), (301, False), (86_400 * 400, False)])
def test_an_approval_from_the_future_counts_for_nothing(ahead: int, good: bool) -> None:
    found = stand(SUBJECT, [approval(JANE, "medical", SUBJECT, at=NOW + dt.timedelta(seconds=ahead))])
    assert bool(found.subjects[0].approvals) is good
    assert ("future" in str(found.faults)) is not good


def test_an_approval_lapses() -> None:
    until = dt.date(2027, 1, 1)
    signed = [approval(who, role, SUBJECT, valid_until=until) for who, role in ROLE_OF.items()]
    before = standing([SUBJECT], signed, ROSTER, POLICY, until - dt.timedelta(days=1), now=NOW)
    after = standing([SUBJECT], signed, ROSTER, POLICY, until, now=NOW)
    assert before.complete
    assert after.subjects[0].state is State.WAITING
    assert len(after.subjects[0].lapsed) == 3


ALL = {"medical": 1, "legal": 1, "regulatory": 1}


# --- who is asked -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "kinds", "market", "needed"),
    [
        ({}, ("passage", "benefit"), "US", ALL),
        ({"by_kind": {"benefit": {"medical": 2}}}, ("passage", "benefit"), "US", ALL | {"medical": 2}),
        ({"by_kind": {"benefit": {"medical": 2}}}, ("passage", "safety"), "US", ALL),
        ({"by_kind": {"passage": {"legal": 0}, "notice": {"legal": 1}}}, ("passage", "notice"), "US", ALL),
        ({"by_kind": {"model": {"legal": 0, "medical": 0}}}, ("model",), "US", {"regulatory": 1}),
        ({"by_market": {"GB": {"regulatory": 2}}}, ("template",), "GB", {"medical": 1, "legal": 1, "regulatory": 2}),
        ({"by_market": {"GB": {"regulatory": 2}}}, ("template",), "US", {"medical": 1, "legal": 1, "regulatory": 1}),
    ],
)  # fmt: skip
def test_the_policy_says_who_is_needed(
    rules: dict[str, Any], kinds: tuple[str, ...], market: str, needed: dict[str, int]
) -> None:
    assert ApprovalRules.model_validate(rules).needed(kinds, market) == needed


@pytest.mark.parametrize(
    "rules",
    [
        {"roles": {}},
        {"roles": {"medical": 0}},
        {"roles": {"medical": 1}, "by_kind": {"notice": {"medical": 0}}},
        {"roles": {"medical": 1}, "by_market": {"GB": {"medical": 0}}},
        {"roles": {"marketing": 1}},
        {"roles": {"medical": -1}},
        {"roles": {"medical": 1.0}},
        {"roles": {"medical": True}},
        {"by_kind": {"thing": {"medical": 1}}},
        {"by_market": {"Britain": {"medical": 1}}},
        {"more": 1},
    ],
    ids=str,
)
def test_rules_under_which_nobody_is_needed_or_that_cannot_be_meant_are_refused(rules: dict[str, Any]) -> None:
    fields = load_mapping(POLICY_BYTES, Path("p")) | {"approvals": rules}
    with pytest.raises(ContentError, match="approvals"):
        parse_policy(json.dumps(fields).encode(), Path("policy.yaml"))


def test_the_sample_policy_says_nothing_and_needs_all_three() -> None:
    assert b"approvals" not in POLICY_BYTES
    assert POLICY.approvals == ApprovalRules()
    assert {str(kind) for kind in Kind} & set(KINDS) == set()


# --- the roster -------------------------------------------------------------------------------------------------------


def test_a_roster_is_made_by_enrolling(tmp_path: Path) -> None:
    path = tmp_path / "approvals" / "roster.yaml"
    assert read_roster(path) == Roster(())
    for who in (JANE, JOHN):
        enrol(path, who.public, [ROLE_OF[who]], [], YEAR)
    path.write_text(path.read_text().replace("people:", "people:  # kept\n"))
    enrol(path, ANN.public, ["regulatory"], ["US", "GB"], YEAR, dt.date(2027, 1, 1))
    assert "# kept" in path.read_text()
    assert read_roster(path).people == (
        *ROSTER.people[:2],
        holder(ANN, "regulatory", markets=("US", "GB"), until=dt.date(2027, 1, 1)),
    )
    with pytest.raises(UsageError, match="holds that already"):
        enrol(path, JANE.public, ["medical"], ["US"], YEAR)
    enrol(path, ANN.public, ["regulatory"], [], YEAR)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keyid", "0" * 64),
        ("roles", ["marketing"]),
        ("roles", []),
        ("markets", ["Britain"]),
        ("markets", []),
        ("more", 1),
        ("since", "yesterday"),
        ("printed_name", "two\nlines"),
    ],
)
def test_a_roster_that_cannot_be_meant_is_refused(tmp_path: Path, field: str, value: object) -> None:
    write_roster(tmp_path / "r.yaml", holder(JANE, "medical"))
    fields = load_mapping((tmp_path / "r.yaml").read_bytes(), Path("r"))
    fields["people"][0] |= {field: value}
    with pytest.raises(ContentError, match=r"people|not that of its key"):
        parse_roster(json.dumps(fields, default=str).replace('"2026-01-01"', "2026-01-01").encode(), Path("r"))


def test_one_key_under_two_names_is_refused(tmp_path: Path) -> None:
    other = dataclasses.replace(holder(JANE, "legal"), printed_name="Somebody Else")
    write_roster(tmp_path / "r.yaml", holder(JANE, "medical"), other)
    with pytest.raises(ContentError, match="two names"):
        read_roster(tmp_path / "r.yaml")


def test_a_weak_key_is_refused_on_the_roster(tmp_path: Path) -> None:
    weak = "01" + "00" * 31
    entry = dataclasses.replace(holder(JANE, "medical"), public_hex=weak, keyid=keys.keyid_of(weak))
    write_roster(tmp_path / "r.yaml", entry)
    with pytest.raises(ContentError, match="weak"):
        read_roster(tmp_path / "r.yaml")


# --- templates as rendered --------------------------------------------------------------------------------------------


def test_a_template_is_shown_around_every_kind_and_number() -> None:
    some = [
        passage(id=f"p{n}", text=f"Words {n}.".encode(), kind=kind, topic="storage")
        for n, kind in enumerate((Kind.SAFETY, Kind.SAFETY, Kind.BENEFIT, Kind.NEUTRAL, Kind.INSTRUCTION, Kind.NOTICE))
    ]
    samples = rendered_for_review(_TEMPLATE, passages_by_kind(_TEMPLATE, some))
    assert {(sample.kind, len(sample.passages)) for sample in samples} == {
        (kind, count) for kind in CARRIES["answer"] for count in (1, 2)
    }
    shown = {(sample.kind, len(sample.passages)): sample.text for sample in samples}
    assert shown[Kind.SAFETY, 2] == b"Approved:\nWords 0.\n\nWords 1."
    assert shown[Kind.BENEFIT, 1] == b"Approved:\nWords 2."


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\u00a0b\u202ec\u200bd\x1b[2J\ne") == "a\\xa0b\\u202ec\\u200bd\\x1b[2J\ne"


# --- the commands, on a tiny workspace ----------------------------------------------------------------------------

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three keys in files, and the passphrase."""
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "KDF_ROUNDS", 1)
        patch.setenv("ONLABEL_KEYS", str(folder))
        patch.setenv("ONLABEL_KEY_PASSPHRASE", WORDS)
        for name, printed in (("jane", "Jane Roe, MD"), ("john", "John Doe, JD"), ("ann", "Ann Poe")):
            keys.new_key(folder / name, WORDS, printed)
        yield folder


TOPICS_SHOWN = ("storage", "indication", "warnings", "ingredients")


@pytest.fixture
def root(tmp_path: Path, people: Path) -> Path:
    """A tiny workspace with a passage of each kind, a roster, and a screen and taxonomy of its own."""
    bodies = [b"Store ZED in the\xc2\xa0dark.\nAlways.", b"ZED is for colds.", b"ZED may itch.", b"ZED holds zedumab."]
    root = tiny.write(tmp_path / "w", bodies, [f"topic: {topic}" for topic in TOPICS_SHOWN])
    (root / "approved_corpus" / "screen.yaml").write_bytes(tiny.SCREEN)
    (root / "approved_corpus" / "taxonomy.yaml").write_text("schema: onlabel.taxonomy/1\nintents: {}\n")
    for name, role in (("jane", "medical"), ("john", "legal"), ("ann", "regulatory")):
        enrol(root / "approvals" / "roster.yaml", keys.read_public(people / f"{name}.pub.json"), [role], [], YEAR)
    return root


def _passage_file(root: Path) -> Path:
    return root / "approved_corpus" / "zed-us-pi" / f"{ID}.md"


Run = Callable[..., Result]


@pytest.fixture
def run(root: Path) -> Run:
    def call(command: click.Command, *words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(command, list(words), obj=root)
        assert ran.exit_code == code, (ran.output, ran.exception)
        return ran

    return call


ID = "zed-us-pi.0"


def test_the_whole_round_of_approving(run: Run, root: Path) -> None:
    before = json.loads(run(approvals_command, "--json").stdout)
    assert before["counts"]["waiting"] == len(before["subjects"]) > 20
    assert {entry["kind"] for entry in before["subjects"]} == set(KINDS) - {"golden"}
    for name, role in (("jane", "medical"), ("john", "legal"), ("ann", "regulatory")):
        said = run(approve_command, "--all-waiting", "--role", role, "--key", name, "--yes")
    assert "0 subjects still wait" in said.stderr
    after = run(approvals_command)
    assert "0 waiting" in after.stdout
    assert after.stderr == ""
    assert len(list((root / "approvals" / "signed").glob("*.dsse.json"))) == 3
    # One word in one passage: that one is void, says so and says what changed; nothing else is.
    path = _passage_file(root)
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b" And more.\n")
    shown = run(approvals_command).stdout
    assert "1 void" in shown
    assert "0 waiting" in shown
    assert "changed in bytes, sha256 since Ann Poe signed" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_one_passage_is_shown_with_its_very_bytes(run: Run, root: Path) -> None:
    shown = run(approve_command, ID, "--role", "medical", "--dry-run").stdout
    assert "\n  | Store ZED in the\\xa0dark.\n  | Always.\n" in shown
    flat = " ".join(shown.split())
    for word in ("passage", "version", "sha256", "audiences: hcp", "markets: US", "effective:", "companions:", "role:"):
        assert word in flat
    assert not (root / "approvals" / "signed").exists()


def test_a_template_is_shown_as_rendered(run: Run) -> None:
    shown = run(approve_command, "template:answer", "--role", "legal", "--dry-run").stdout
    for kind in CARRIES["answer"]:
        for count in (1, 2, 3):
            assert f"around {count} of kind {kind.value}" in shown


def test_many_are_shown_as_a_list_and_counts(run: Run) -> None:
    shown = run(approve_command, "--document", "zed-us-pi", "--role", "medical", "--dry-run").stdout
    assert "5 in all: 1 document, 1 passage (benefit), 1 passage (instruction), 1 passage (neutral)" in shown
    assert f"passage   {ID}  version" in shown
    assert "  | " not in shown
    full = run(approve_command, "--document", "zed-us-pi", "--role", "medical", "--dry-run", "--full").stdout
    assert "  | " in full


def test_nothing_is_signed_unasked(run: Run, root: Path) -> None:
    ran = run(approve_command, ID, "--role", "medical", "--key", "jane", code=1)
    assert isinstance(ran.exception, UsageError)
    assert "--yes" in str(ran.exception)
    assert not (root / "approvals" / "signed").exists()


@pytest.mark.parametrize(("answer", "signed"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_on_a_terminal_it_asks(
    root: Path, monkeypatch: pytest.MonkeyPatch, people: Path, answer: str, signed: int
) -> None:
    monkeypatch.setattr(approving, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    words = [ID, "--role", "medical", "--key", str(people / "jane")]
    ran = CliRunner().invoke(approve_command, words, obj=root, input=answer)
    assert ran.exit_code == (0 if signed else 1)
    assert "Sign 1 as medical?" in ran.stderr
    assert len(list((root / "approvals").glob("signed/*.dsse.json"))) == signed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([ID, "--role", "legal", "--key", "jane", "--yes"], "does not hold the role legal"),
        ([ID, "--role", "medical", "--key", "nobody", "--yes"], "no key 'nobody'"),
        ([ID, "--role", "medical", "--yes"], "--key"),
        (["nothing-here", "--role", "medical", "--dry-run"], "nothing called 'nothing-here'"),
        (["--document", "nothing", "--role", "medical", "--dry-run"], "no document"),
        (["--role", "medical", "--dry-run"], "name what to approve"),
        ([ID, "--all-waiting", "--role", "medical", "--dry-run"], "name what to approve"),
        ([ID, "--role", "medical", "--dry-run", "--valid-until", "soon"], "no date"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(run: Run, root: Path, words: list[str], says: str) -> None:
    ran = run(approve_command, *words, code=1)
    assert isinstance(ran.exception, UsageError)
    assert says in str(ran.exception)
    assert not (root / "approvals" / "signed").exists()


def test_faulty_content_is_not_approved(run: Run, root: Path) -> None:
    _passage_file(root).write_bytes(b"---\nid: [\n---\nx\n")
    ran = run(approve_command, "--all-waiting", "--role", "medical", "--key", "jane", "--yes", code=1)
    assert isinstance(ran.exception, ContentError)


def test_a_file_that_is_no_envelope_is_named(run: Run, root: Path) -> None:
    run(approve_command, ID, "--role", "medical", "--key", "jane", "--yes")
    (root / "approvals" / "signed" / "note.txt").write_text("approved by me")
    said = run(approvals_command)
    assert "approvals/signed/note.txt: is no DSSE envelope" in said.stderr
    (fault,) = json.loads(run(approvals_command, "--json").stdout)["faults"]
    assert fault["file"] == "approvals/signed/note.txt"


def test_waiting_is_told_by_role_and_by_kind(run: Run) -> None:
    run(approve_command, ID, "--role", "medical", "--key", "jane", "--yes", "--meaning", "Checked against the label.")
    found = json.loads(run(approvals_command, "--all", "--json").stdout)
    (entry,) = [entry for entry in found["subjects"] if entry["id"] == ID]
    assert entry["approvals"][0]["meaning"] == "Checked against the label."
    assert {missing["role"] for missing in entry["missing"]} == {"legal", "regulatory"}
    ids = {e["id"] for e in json.loads(run(approvals_command, "--json", "--role", "medical").stdout)["subjects"]}
    assert ID not in ids
    shown = run(approvals_command).stdout
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "waits for legal, regulatory (US)" in shown
    assert len(shown.splitlines()) < 60


def test_records_explain_and_are_not_believed(run: Run, root: Path) -> None:
    run(approve_command, ID, "--role", "medical", "--key", "jane", "--yes")
    (path,) = (root / "approvals" / "signed").glob("*.subjects.jsonl")
    sha256 = sha256_hex(path.read_bytes().splitlines()[0])
    assert recorded(root / "approvals")(sha256) is not None
    path.write_bytes(path.read_bytes().replace(b'"hcp"', b'"all"') + b"not json\n")
    assert recorded(root / "approvals")(sha256) is None
    (entry,) = [e for e in json.loads(run(approvals_command, "--all", "--json").stdout)["subjects"] if e["id"] == ID]
    assert [act["role"] for act in entry["approvals"]] == ["medical"]


def test_envelopes_are_never_overwritten_and_named_by_what_they_are(run: Run, root: Path, people: Path) -> None:
    run(approve_command, ID, "--role", "medical", "--key", "jane", "--yes")
    ((name, data),) = envelope_files(root / "approvals")
    keyid = keys.read_public(people / "jane.pub.json").keyid
    at = payload_of(data)["signed_at"].replace("-", "").replace(":", "")
    assert name == f"signed/{at}-medical-{keyid[:8]}-{sha256_hex(data)[:8]}.dsse.json"


def test_many_subjects_are_quick() -> None:
    """Not a timed test: 2,000 subjects under three signatures are counted once a combination, not once a subject."""
    some = [passage_subject(passage(id=f"p{n}")) for n in range(2000)]
    found = standing(iter(some), all_three(*some), ROSTER, POLICY, TODAY, now=NOW)
    assert found.complete
    assert len(found.subjects) == 2000


def test_an_act_is_signed_once_and_sorted() -> None:
    other = passage_subject(passage(id="a"))
    data = approve(
        JANE, [SUBJECT.ref, other.ref, SUBJECT.ref], role="medical", printed_name="x", meaning="y", signed_at=NOW
    )
    assert [s["id"] for s in payload_of(data)["subjects"]] == ["a", SUBJECT.ref.id]
    assert json.loads(data)["payloadType"] == APPROVAL_TYPE
