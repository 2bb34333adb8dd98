"""Withdrawals: any one person who holds a role is enough, nothing undoes one, and a list of them travels alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from assistant.content.policy import parse_policy
from assistant.errors import ContentError, IntegrityError, OnlabelError, UsageError
from assistant.serving.commands.approving import approvals_command, approve_command, withdraw_command
from assistant.trust import keys
from assistant.trust.approvals.acts import WithdrawnRef, withdraw
from assistant.trust.approvals.envelopes import APPROVAL_TYPE, WITHDRAWAL_TYPE
from assistant.trust.approvals.roster import Roster, enrol, read_roster
from assistant.trust.approvals.standing import State, standing
from assistant.trust.approvals.subjects import passage_subject
from assistant.trust.approvals.withdrawals import is_withdrawn, read_withdrawals, withdrawn_ids, write_list
from assistant.trust.keys import Signer
from assistant.workspace import sample_root
from tests import tiny
from tests.reviewers import (
    JANE,
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
)

POLICY = parse_policy((sample_root() / "approved_corpus" / "policy.yaml").read_bytes(), Path("policy.yaml"))[0]
SUBJECT = passage_subject(passage())
REF = WithdrawnRef("passage", SUBJECT.ref.id, "1")
DAY = dt.timedelta(days=1)


def withdrawal(who: Signer, role: str, *refs: WithdrawnRef, at: dt.datetime = NOW, **more: Any) -> bytes:
    """An envelope that withdraws ``refs``."""
    words: dict[str, Any] = {"printed_name": who.public.name, "reason": "Dose corrected.", "effective": TODAY}
    return withdraw(who, refs or (REF,), role=role, signed_at=at, **(words | more))


def state(*withdrawals: bytes, on: dt.date = TODAY) -> State:
    """How the passage stands, approved by all three, after these withdrawals."""
    files = [(f"withdrawn/{n}", data) for n, data in enumerate(withdrawals)]
    (entry,) = standing([SUBJECT], [*all_three(SUBJECT), *files], ROSTER, POLICY, on, now=NOW).subjects
    return entry.state


def test_one_person_in_any_role_is_enough() -> None:
    assert state() is State.APPROVED
    assert state(withdrawal(JANE, "medical")) is State.WITHDRAWN
    assert state(withdrawal(JOHN, "legal")) is State.WITHDRAWN


def test_a_withdrawal_acts_from_its_day_on() -> None:
    data = withdrawal(JANE, "medical", effective=TODAY + DAY)
    assert state(data) is State.APPROVED
    assert state(data, on=TODAY + DAY) is State.WITHDRAWN
    assert state(data, on=TODAY + 400 * DAY) is State.WITHDRAWN


def test_no_later_approval_undoes_a_withdrawal() -> None:
    later = NOW + dt.timedelta(minutes=4)
    again = [approval(who, role, SUBJECT, at=later, file=f"signed/{role}") for who, role in ROLE_OF.items()]
    files = [("withdrawn/1", withdrawal(JANE, "medical")), *again]
    (entry,) = standing([SUBJECT], files, ROSTER, POLICY, TODAY, now=NOW).subjects
    assert entry.state is State.WITHDRAWN
    assert entry.missing == ()


def test_a_corrected_version_is_another_subject_unless_every_version_is_withdrawn() -> None:
    corrected = passage_subject(passage(version="2"))
    gone = (("withdrawn/1", withdrawal(JANE, "medical")),)
    (entry,) = standing([corrected], [*all_three(corrected), *gone], ROSTER, POLICY, TODAY, now=NOW).subjects
    assert entry.state is State.APPROVED
    every = withdrawal(JANE, "medical", WithdrawnRef("passage", SUBJECT.ref.id, "*"))
    (entry,) = standing([corrected], [*all_three(corrected), ("w", every)], ROSTER, POLICY, TODAY, now=NOW).subjects
    assert entry.state is State.WITHDRAWN


def test_withdrawing_every_version_of_a_document_withdraws_its_passages() -> None:
    assert state(withdrawal(JANE, "medical", WithdrawnRef("document", "zed-us-pi", "*"))) is State.WITHDRAWN
    assert state(withdrawal(JANE, "medical", WithdrawnRef("document", "other", "*"))) is State.APPROVED
    assert state(withdrawal(JANE, "medical", WithdrawnRef("template", SUBJECT.ref.id, "*"))) is State.APPROVED


def test_who_withdrew_and_why_is_known() -> None:
    files = [("withdrawn/1", withdrawal(JANE, "medical"))]
    (entry,) = standing([SUBJECT], files, ROSTER, POLICY, TODAY, now=NOW).subjects
    (act,) = entry.withdrawals
    assert (act.printed_name, act.role, act.reason, act.effective) == (
        "Jane Roe, MD",
        "medical",
        "Dose corrected.",
        TODAY,
    )


def test_a_withdrawal_from_the_future_is_still_one() -> None:
    """A laptop with its clock set back must not keep on showing what somebody wanted gone."""
    data = withdrawal(JANE, "medical", at=NOW + 30 * DAY)
    assert state(data) is State.WITHDRAWN
    assert len(read_withdrawals(data, ROSTER, now=NOW)) == 1


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_list_is_read_and_small() -> None:
    one, two = withdrawal(JANE, "medical"), withdrawal(JOHN, "legal", WithdrawnRef("template", "answer", "*"))
    data = write_list([one, two, one])
    found = read_withdrawals(data, ROSTER, now=NOW)
    assert len(found) == 2
    assert len(data) < 4000
    assert withdrawn_ids(found, TODAY) == {("passage", SUBJECT.ref.id, "1"), ("template", "answer", "*")}


def test_withdrawn_ids_know_the_day() -> None:
    found = read_withdrawals(withdrawal(JANE, "medical", effective=TODAY + DAY), ROSTER, now=NOW)
    assert withdrawn_ids(found, TODAY) == frozenset()
    gone = withdrawn_ids(found, TODAY + DAY)
    assert is_withdrawn(gone, "passage", SUBJECT.ref.id, "1")
    assert not is_withdrawn(gone, "passage", SUBJECT.ref.id, "2")
    assert is_withdrawn(frozenset({("template", "t", "*")}), "template", "t", "anything")


def test_a_list_is_read_from_a_file_a_folder_and_bytes(tmp_path: Path) -> None:
    data = withdrawal(JANE, "medical")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.dsse.json").write_bytes(data)
    (tmp_path / "list.json").write_bytes(write_list([data]))
    found = [
        read_withdrawals(source, ROSTER, now=NOW)
        for source in (data, write_list([data]), tmp_path / "folder", tmp_path / "list.json")
    ]
    assert len({(acts[0].subjects, acts[0].effective) for acts in found}) == 1
    (tmp_path / "folder" / "note.txt").write_text("x")
    with pytest.raises(ContentError, match="no envelope"):
        read_withdrawals(tmp_path / "folder", ROSTER, now=NOW)
    with pytest.raises(ContentError, match="cannot be read"):
        read_withdrawals(tmp_path / "nothing", ROSTER, now=NOW)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (withdrawal(STRANGER, "medical"), IntegrityError),
        (withdrawal(JANE, "legal"), IntegrityError),
        (withdrawal(JANE, "medical", printed_name="Ann Poe"), IntegrityError),
        (approval(JANE, "medical", SUBJECT)[1], ContentError),
        (b"{}", ContentError),
        (b"", ContentError),
    ],
    ids=range(6),
)
def test_one_bad_envelope_spoils_the_list_by_name(data: bytes, error: type[OnlabelError]) -> None:
    with pytest.raises(error):
        read_withdrawals(data, ROSTER, now=NOW)
    if data:
        both = write_list([withdrawal(JOHN, "legal"), data])
        with pytest.raises(error, match="the list, number 2"):
            read_withdrawals(both, ROSTER, now=NOW)


def test_a_role_that_has_ended_withdraws_nothing() -> None:
    roster = Roster((holder(JANE, "medical", until=TODAY),))
    with pytest.raises(IntegrityError, match="did not hold"):
        read_withdrawals(withdrawal(JANE, "medical"), roster, now=NOW)


GOOD = payload_of(withdrawal(JANE, "medical"))


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"schema": "onlabel.approval/1"},
        {"subjects": []},
        {"subjects": [GOOD["subjects"][0] | {"sha256": "0" * 64}]},
        {"subjects": [GOOD["subjects"][0], GOOD["subjects"][0]]},
        {"reason": ""},
        {"effective": None},
        {"effective": "soon"},
        {"role": "anyone"},
    ],
    ids=str,
)
def test_a_withdrawal_that_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ContentError):
        read_withdrawals(resealed(JANE, GOOD | change, WITHDRAWAL_TYPE), ROSTER, now=NOW)


def test_a_withdrawal_cannot_be_passed_off_as_an_approval() -> None:
    envelope = json.loads(withdrawal(JANE, "medical")) | {"payloadType": APPROVAL_TYPE}
    files = [("signed/x", json.dumps(envelope).encode())]
    found = standing([SUBJECT], files, ROSTER, POLICY, TODAY, now=NOW)
    assert found.subjects[0].approvals == ()
    assert len(found.faults) == 1


def test_changing_any_byte_of_a_list_withdraws_nothing_else() -> None:
    data = write_list([withdrawal(JANE, "medical")])
    (whole,) = read_withdrawals(data, ROSTER, now=NOW)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            found = read_withdrawals(changed, ROSTER, now=NOW)
        except (ContentError, IntegrityError):
            continue
        assert data[at : at + 1].isspace(), at
        assert [(act.subjects, act.effective) for act in found] == [(whole.subjects, whole.effective)]


def test_a_market_that_no_role_was_held_for_matters_to_no_withdrawal() -> None:
    roster = Roster((holder(JANE, "medical", markets=("GB",)),))
    (entry,) = standing(
        [passage_subject(passage(scope=scope(markets=("US",))))],
        [("w", withdrawal(JANE, "medical"))],
        roster,
        POLICY,
        TODAY,
        now=NOW,
    ).subjects
    assert entry.state is State.WITHDRAWN


# --- the command ------------------------------------------------------------------------------------------------------

WORDS = "correct horse battery"
ID = "zed-us-pi.0"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "KDF_ROUNDS", 1)
        patch.setenv("ONLABEL_KEYS", str(folder))
        patch.setenv("ONLABEL_KEY_PASSPHRASE", WORDS)
        keys.new_key(folder / "jane", WORDS, "Jane Roe, MD")
        yield folder


@pytest.fixture
def root(tmp_path: Path, people: Path) -> Path:
    root = tiny.write(tmp_path / "w", [b"Store ZED in the dark.", b"Keep ZED dry."])
    (root / "approved_corpus" / "screen.yaml").write_bytes(tiny.SCREEN)
    enrol(root / "approvals" / "roster.yaml", keys.read_public(people / "jane.pub.json"), ["medical"], [], YEAR)
    return root


@pytest.fixture
def run(root: Path) -> Run:
    def call(command: click.Command, *words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(command, list(words), obj=root)
        assert ran.exit_code == code, (ran.output, ran.exception)
        return ran

    return call


SIGN = ("--role", "medical", "--key", "jane", "--yes")


def _gone(run: Run) -> set[str]:
    found = json.loads(run(approvals_command, "--all", "--json").stdout)
    return {entry["id"] for entry in found["subjects"] if entry["state"] == "withdrawn"}


def test_a_passage_is_withdrawn_at_once_and_the_list_is_written(run: Run, root: Path, tmp_path: Path) -> None:
    run(withdraw_command, ID, "--reason", "Dose corrected.", *SIGN, "--export", str(tmp_path / "gone.json"))
    assert _gone(run) == {ID}
    (act,) = read_withdrawals(tmp_path / "gone.json", read_roster(root / "approvals" / "roster.yaml"))
    assert act.subjects == (WithdrawnRef("passage", ID, "1"),)
    # At once everywhere: also where it is still yesterday.
    assert act.effective <= (dt.datetime.now(dt.UTC) - dt.timedelta(hours=11, minutes=59)).date()
    assert "withdrawn from" in run(approvals_command, "--all").stdout


def test_every_version_that_was_ever_approved_is_withdrawn(run: Run, root: Path) -> None:
    """Version 1 may still be in the field when the workspace holds version 2."""
    run(approve_command, ID, *SIGN)
    path = root / "approved_corpus" / "zed-us-pi" / f"{ID}.md"
    path.write_bytes(path.read_bytes().replace(b"topic:", b'version: "2"\ntopic:'))
    run(withdraw_command, ID, "--reason", "Wrong.", *SIGN)
    (act,) = _acts(root)
    assert [subject.version for subject in act.subjects] == ["1", "2"]
    path.write_bytes(path.read_bytes().replace(b'version: "2"', b'version: "3"'))
    assert _gone(run) == set()


def _acts(root: Path) -> tuple[Any, ...]:
    return read_withdrawals(root / "approvals" / "withdrawn", read_roster(root / "approvals" / "roster.yaml"))


def test_what_is_not_in_the_workspace_any_more_can_be_withdrawn(run: Run, root: Path) -> None:
    run(approve_command, ID, *SIGN)
    (root / "approved_corpus" / "zed-us-pi" / f"{ID}.md").unlink()
    run(withdraw_command, ID, "--reason", "Wrong.", *SIGN)
    assert _acts(root)[0].subjects == (WithdrawnRef("passage", ID, "1"),)


def test_a_document_is_withdrawn_with_its_passages(run: Run) -> None:
    run(withdraw_command, "zed-us-pi", "--reason", "Superseded.", *SIGN)
    assert _gone(run) == {"zed-us-pi", "zed-us-pi.0", "zed-us-pi.1"}


def test_every_version_for_ever(run: Run, root: Path) -> None:
    run(withdraw_command, "template:notice", "--reason", "Never again.", "--all-versions", *SIGN)
    assert _acts(root)[0].subjects == (WithdrawnRef("template", "notice", "*"),)


def test_faulty_content_keeps_no_withdrawal_back(run: Run, root: Path) -> None:
    (root / "approved_corpus" / "zed-us-pi" / "zed-us-pi.1.md").write_bytes(b"---\nid: [\n---\nx\n")
    run(withdraw_command, ID, "--reason", "Wrong.", *SIGN)
    assert len(_acts(root)) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name what to withdraw"),
        ((ID, *SIGN), "--reason"),
        ((ID, "--reason", "x", "--key", "jane", "--yes"), "--role"),
        ((ID, "--reason", "x", "--role", "medical"), "--key"),
        ((ID, "--reason", "x", "--role", "medical", "--key", "jane"), "--yes"),
        ((ID, "--reason", "x", "--role", "legal", "--key", "jane", "--yes"), "does not hold"),
        (("nothing", "--reason", "x", *SIGN), "nor was it ever approved"),
        ((ID, "--reason", "x", "--effective", "soon", *SIGN), "no date"),
        (("--export", "x.json"), "nothing was withdrawn"),
    ],
    ids=range(9),
)
def test_a_call_that_cannot_be_meant_is_refused(run: Run, root: Path, words: tuple[str, ...], says: str) -> None:
    ran = run(withdraw_command, *words, code=1)
    assert isinstance(ran.exception, UsageError)
    assert says in str(ran.exception)
    assert not (root / "approvals" / "withdrawn").exists()
