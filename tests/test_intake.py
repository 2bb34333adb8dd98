"""The intake of reports: what is a report, what its words hold, the clock, the queue, the files, the commands."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from assistant.canonical import canonical_json, sha256_hex
from assistant.domain import Context, Flag, Outcome
from assistant.errors import ContentError, IntegrityError, OnlabelError, UsageError
from assistant.serving.commands.intake import intake_command
from assistant.trust.intake import moments, sqlite
from assistant.trust.intake.batches import Batch, BatchHead
from assistant.trust.intake.e2b import NOTICE, message
from assistant.trust.intake.elements import Element, Elements, Status, elements
from assistant.trust.intake.exports import FolderSink, Form, renderer
from assistant.trust.intake.queue import FILE_NAME, FOLDER, IntakeQueue
from assistant.trust.intake.report import ALL, Report, ReportClass, report_of
from assistant.workspace import Workspace
from tests.queues import InFile, Kept, OnServer, kept

__all__ = ["kept"]

HCP = Context("hcp", "US", "en", "cli", dt.date(2026, 11, 21))
#: Nine to midnight of 1 November 2026 in New York, before the clocks went back.
AWARE = dt.datetime(2026, 10, 31, 20, 51, 7, 250_000, tzinfo=dt.timezone(dt.timedelta(hours=-4)))
NS = {"h": "urn:hl7-org:v3"}
NURSE = "I'm a nurse. My 67-year-old female patient got a rash after Zorvanta."


@dataclass(frozen=True)
class Said:
    """An answer as far as a report needs it."""

    question: str = NURSE
    flags: tuple[Flag, ...] = (Flag.ADVERSE_EVENT,)
    outcome: Outcome = Outcome.ADVERSE_EVENT
    slots: dict[str, str] = field(default_factory=lambda: {"product": "zorvanta"})
    carried: tuple[str, ...] = ()
    context: Context = HCP
    preview: bool = True
    receipt: dict[str, Any] = field(default_factory=lambda: {"receipt_sha256": "ab" * 32})


def made(words: str = NURSE, at: dt.datetime = AWARE, conversation: str = "", *flags: Flag) -> Report:
    report = report_of(
        Said(words, flags or (Flag.ADVERSE_EVENT,)), spans=[("event", "rash")], conversation=conversation, at=at
    )
    assert report is not None
    return report


@pytest.fixture
def queue(kept: Kept) -> IntakeQueue:
    """In a file, and in PostgreSQL where there is one."""
    return kept.queue


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FOLDER / FILE_NAME


@pytest.fixture
def filed(path: Path) -> IntakeQueue:
    """In a file alone."""
    return IntakeQueue.open(path)


def drained(queue: IntakeQueue, form: Form = Form.BOTH, *, arrived: bool = True) -> tuple[Batch, ...]:
    """Every batch handed over, and confirmed if it arrived."""
    return queue.drain(lambda _: None, lambda _: arrived, renderer(form), form.classes)


# -- what is a report --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ((), None),
        ((Flag.ATTACK,), None),
        ((Flag.ADVERSE_EVENT,), ReportClass.ADVERSE_EVENT),
        ((Flag.PRODUCT_COMPLAINT,), ReportClass.PRODUCT_COMPLAINT),
        ((Flag.PRODUCT_COMPLAINT, Flag.ADVERSE_EVENT, Flag.ATTACK), ReportClass.ADVERSE_EVENT),
        ((Flag.PRODUCT_COMPLAINT, Flag.ADVERSE_EVENT, Flag.EMERGENCY), ReportClass.EMERGENCY),
    ],
)
def test_a_report_is_made_of_every_answer_with_a_grave_flag_and_of_no_other(
    flags: tuple[Flag, ...], kind: ReportClass | None
) -> None:
    report = report_of(Said(flags=flags))
    assert (report.kind if report else None) == kind
    if report:
        assert report.flags == tuple(sorted(flags))


def test_the_words_are_kept_verbatim_and_in_full(queue: IntakeQueue) -> None:
    words = "  “Rash” \u202e {{ x }} <b>&amp;</b>\r\n\tafter\x00 Zorvanta’s 2nd dose 🤒 " + "x" * 20_000
    id = queue.add(made(words))
    assert queue.find(id).body["words"] == words


def test_half_a_character_does_not_lose_the_report(queue: IntakeQueue) -> None:
    report = report_of(Said("rash \ud800 after zorvanta"), reporter="J\udfff", conversation="c\ud800")
    assert report is not None
    assert queue.find(queue.add(report)).body["words"] == "rash \ufffd after zorvanta"


def test_the_flags_of_the_real_pipeline_make_reports(quick: Any) -> None:
    where = replace(quick.context("hcp", "US"), date=HCP.date)
    report = report_of(quick.ask("my patient got a terrible rash after taking zorvanta", where))
    assert report is not None
    assert report.kind is ReportClass.ADVERSE_EVENT
    assert report.products == ("zorvanta",)
    assert len(report.receipt) == 64
    assert report_of(quick.ask("zorvanta storage", where)) is None


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_awareness_is_kept_in_utc_and_by_the_local_clock_and_due_after_24_hours(queue: IntakeQueue) -> None:
    report = queue.find(queue.add(made()))
    assert report.body["aware"] == {"utc": "2026-11-01T00:51:07.250Z", "local": "2026-10-31T20:51:07.250-04:00"}
    # 24 hours, though the local clock is set back in that night.
    assert report.body["due"] == "2026-11-02T00:51:07.250Z"
    assert report.aware == AWARE
    assert not report.overdue(AWARE + dt.timedelta(hours=24))
    assert report.overdue(AWARE + dt.timedelta(hours=24, seconds=1))


def test_time_left_is_told_in_hours_and_minutes() -> None:
    due = AWARE + dt.timedelta(hours=24)
    assert moments.left(due, AWARE + dt.timedelta(hours=18, minutes=48)) == "5 h 12 min left"
    assert moments.left(due, due + dt.timedelta(hours=2, minutes=3)) == "overdue by 2 h 03 min"


def test_a_time_without_a_zone_is_refused(queue: IntakeQueue) -> None:
    with pytest.raises(UsageError, match="zone"):
        queue.add(made(at=dt.datetime(2026, 11, 1)))


_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


@given(st.lists(st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1), timezones=_ZONES), max_size=8))
def test_utc_texts_sort_as_the_times_do(times: list[dt.datetime]) -> None:
    cut = [time.replace(microsecond=0) for time in times]
    assert sorted(map(moments.utc_text, cut)) == [moments.utc_text(time) for time in sorted(cut)]


# -- the four elements -------------------------------------------------------------------------------------------------


def statuses(found: Elements) -> tuple[str, str, str, str]:
    return tuple(e.status.value for e in (found.reporter, found.patient, found.product, found.event))  # type: ignore[return-value]


def told(element: Element, what: str, status: Status = Status.GIVEN) -> list[tuple[str, str]]:
    return [(f.words, f.value) for f in element.found if f.what == what and f.status is status]


def test_all_four_elements_where_all_are_said() -> None:
    found = elements(NURSE, product="zorvanta", spans=[("event", "rash")])
    assert statuses(found) == ("given", "given", "given", "given")
    assert found.given == 4
    assert told(found.reporter, "qualification") == [("a nurse", "3")]
    assert told(found.patient, "age") == [("67-year-old", "67 a")]
    assert told(found.patient, "sex") == [("female patient", "female")]
    assert told(found.product, "product") == [("Zorvanta", "zorvanta")]
    assert told(found.event, "event") == [("rash", "")]


def test_nothing_said_is_nothing_found() -> None:
    assert statuses(elements("rash after that")) == ("not_given",) * 4


def test_everything_found_is_quoted_with_its_place() -> None:
    found = elements(NURSE, product="zorvanta", spans=[("event", "rash")])
    for element in (found.reporter, found.patient, found.product, found.event):
        assert element.found
        for one in element.found:
            assert NURSE[one.start : one.start + len(one.words)] == one.words


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("a 67 year old man", "67 a"),
        ("67-yr-old black woman", "67 a"),
        ("8 month old baby", "8 mo"),
        ("pt is 54 y/o", "54 a"),
        ("54yo M", "54 a"),
        ("aged 71, on zorvanta", "71 a"),
        ("6‑week‑old infant", "6 wk"),
    ],
)
def test_ages_that_are_said_of_a_person_are_given(words: str, value: str) -> None:
    assert told(elements(words).patient, "age") == [(told(elements(words).patient, "age")[0][0], value)]


@pytest.mark.parametrize(
    "words",
    [
        "a 3-day-old rash",
        "on it for 3 years",
        "my 2 year old prescription",
        "patients aged 65 and over",
        "patients aged 65 years and older",
        "aged 65 to 80",
        "she is 67 kg",
        "fever of 102F",
        "12 years of age and older",
        "she is 67",
        "takes 40 mg at age of onset",
        "350 year old man",
    ],
)
def test_what_may_be_no_age_of_the_patient_is_never_given(words: str) -> None:
    assert not [value for _, value in told(elements(words).patient, "age") if value]


@pytest.mark.parametrize("words", ["she fell", "my husband has hives", "my patient got worse", "I feel dizzy"])
def test_pronouns_and_relations_suggest_a_patient_and_give_no_sex(words: str) -> None:
    found = elements(words).patient
    assert found.status is Status.SUGGESTED
    assert not told(found, "sex")


@pytest.mark.parametrize(
    ("words", "what", "quoted"),
    [
        ("my name is Jane Roe and", "name", "Jane Roe"),
        ("This is Dr. Mary O’Neil calling", "name", "Dr. Mary O’Neil"),
        ("write to j.roe@clinic.example", "e-mail", "j.roe@clinic.example"),
        ("call me at +1 (555) 010-9999 please", "telephone", "+1 (555) 010-9999"),
        ("i am a retired community pharmacist", "qualification", "a retired community pharmacist"),
    ],
)
def test_who_reports_is_given_by_name_contact_or_profession(words: str, what: str, quoted: str) -> None:
    found = elements(words).reporter
    assert found.status is Status.GIVEN
    assert [q for q, _ in told(found, what)] == [quoted]


@pytest.mark.parametrize("words", ["my patient got a rash", "I'm a nurse's aide's son", "lot 2026-01-02 1234567"])
def test_a_reporter_is_not_made_up(words: str) -> None:
    assert elements(words).reporter.status is not Status.GIVEN


def test_the_sign_on_gives_the_reporter() -> None:
    assert elements("rash", reporter="j.roe").reporter.status is Status.GIVEN


@pytest.mark.parametrize(
    ("job", "code"),
    [("doctor", "1"), ("cardiologist", "1"), ("physician assistant", "3"), ("pharmacist", "2"), ("caregiver", "5")],
)
def test_professions_have_the_codes_of_c_2_r_4(job: str, code: str) -> None:
    assert [value for _, value in told(elements(f"I am a {job}").reporter, "qualification")] == [code]


def test_a_product_that_only_the_conversation_names_is_a_suggestion() -> None:
    found = elements("it gave him a rash", product="zorvanta", carried=True).product
    assert (found.status, told(found, "product", Status.SUGGESTED)) == (Status.SUGGESTED, [("", "zorvanta")])


def test_names_are_quoted_as_written_and_other_substances_suggest() -> None:
    found = elements("ZORVANTA and warfarin", names=[("zorvanta", "zorvanta")], spans=[("substance", "warfarin")])
    assert told(found.product, "product") == [("ZORVANTA", "zorvanta")]
    assert told(found.product, "substance", Status.SUGGESTED) == [("warfarin", "")]


def test_a_flag_without_marked_words_suggests_an_event_and_quotes_none() -> None:
    (found,) = elements("he went blue", flags=[Flag.EMERGENCY, Flag.ATTACK]).event.found
    assert (found.status, found.words, found.value) == (Status.SUGGESTED, "", "emergency")


@given(st.text(max_size=400))
def test_any_text_can_be_read_and_is_quoted_truly(words: str) -> None:
    found = elements(words, product="zed", spans=[("event", words[:5])], names=[(words[2:4], "zed")])
    for element in (found.reporter, found.patient, found.product, found.event):
        for one in element.found:
            assert one.start == -1 or words[one.start : one.start + len(one.words)] == one.words


def test_hostile_length_is_read_in_no_time() -> None:
    for words in ("a" * 200_000, "1 " * 100_000, "my name is " * 20_000, "I am a " + "registered " * 20_000):
        found = elements(words)
        assert sum(len(e.found) for e in (found.reporter, found.patient)) < 200


# -- into the queue ----------------------------------------------------------------------------------------------------


def test_a_report_that_was_added_is_there_for_another_queue(queue: IntakeQueue, kept: Kept) -> None:
    ids = [queue.add(made(f"rash {n}", AWARE - dt.timedelta(minutes=n))) for n in range(3)]
    assert [report.id for report in kept.queue.waiting()] == ids[::-1]  # oldest first


def test_looking_and_draining_make_no_queue(queue: IntakeQueue, kept: Kept) -> None:
    assert queue.waiting() == ()
    assert queue.status().waiting == 0
    assert drained(queue) == ()
    assert queue.purge(HCP.date) == 0
    assert not kept.is_there
    queue.prepare()
    assert kept.is_there
    assert queue.waiting() == ()


@pytest.mark.parametrize(
    ("second", "times"),
    [
        (made(NURSE, AWARE + dt.timedelta(seconds=50), "c1"), 1),
        (made(NURSE, AWARE + dt.timedelta(seconds=53), "c1"), 2),
        (made(NURSE, AWARE, "c2"), 2),
        (made(NURSE, AWARE, ""), 2),
        (made(NURSE + " ", AWARE, "c1"), 2),
        (made(NURSE, AWARE, "c1", Flag.EMERGENCY), 2),
    ],
    ids=["same minute", "next minute", "other conversation", "no conversation", "other words", "other flag"],
)
def test_only_the_same_in_one_conversation_and_minute_is_queued_once(
    queue: IntakeQueue, second: Report, times: int
) -> None:
    first = queue.add(made(NURSE, AWARE, "c1"))
    again = queue.add(second)
    assert (first == again) is (times == 1)
    assert len(queue.waiting()) == times


def test_without_a_conversation_nothing_is_taken_for_the_same(queue: IntakeQueue) -> None:
    assert queue.add(made()) != queue.add(made())
    assert len(queue.waiting()) == 2


def test_threads_queue_at_once(queue: IntakeQueue) -> None:
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.extend(queue.add(made(f"rash {n}")) for n in range(5))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids) == sorted(report.id for report in queue.waiting())
    assert len(set(ids)) == 20


def test_every_commit_is_synced(filed: IntakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, ...]] = []
    real = sqlite._prove

    def spy(db: sqlite3.Connection, path: Path) -> None:
        pragmas = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode"))
        seen.append(tuple(pragmas))
        real(db, path)

    monkeypatch.setattr(sqlite, "_prove", spy)
    filed.add(made())
    assert seen == [(3, "delete")]  # 2 is FULL, 3 EXTRA: FULL and the folder of the journal


def test_the_files_format_is_the_one_of_version_1(filed: IntakeQueue, path: Path) -> None:
    """Whoever changes it writes another version, and reads this one: reports of harm wait in such files."""
    filed.add(made())
    with closing(sqlite3.connect(path)) as db:
        tables = "\n".join(
            sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
        )
        numbers = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    assert numbers == [0x4F6E6C52, 1]
    assert sha256_hex(tables.encode()) == "a4b2cfb5aa7aa1261c74906b1ae462c13d007b6f2ba7dce7b4e686c87c424353"


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_files_are_their_owners_alone(filed: IntakeQueue, path: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        filed.add(made())
        filed.drain(FolderSink(tmp_path / "out"), lambda _: False, renderer(Form.BOTH))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


# -- a disk that fails -------------------------------------------------------------------------------------------------


class _Limited:
    """Files cannot grow beyond ``size`` bytes, as on a full disk."""

    def __init__(self, size: int) -> None:
        self.resource = pytest.importorskip("resource", reason="no limits on this system")
        self.size = size

    def __enter__(self) -> None:
        self.before = self.resource.getrlimit(self.resource.RLIMIT_FSIZE)
        self.resource.setrlimit(self.resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *_: object) -> None:
        self.resource.setrlimit(self.resource.RLIMIT_FSIZE, self.before)


def test_a_full_disk_is_said_and_loses_nothing(filed: IntakeQueue, path: Path) -> None:
    first = filed.add(made())
    with _Limited(path.stat().st_size), pytest.raises(OnlabelError, match="see to the disk") as raised:
        filed.add(made("rash " * 20_000))
    assert "rash" not in str(raised.value)
    assert [report.id for report in filed.waiting()] == [first]
    second = filed.add(made("afterwards"))
    assert [report.id for report in filed.waiting()] == [first, second]


def test_a_full_disk_at_the_first_report_leaves_a_file_that_takes_the_next(filed: IntakeQueue) -> None:
    with _Limited(1000), pytest.raises(OnlabelError):
        filed.add(made())
    assert filed.waiting() == ()
    filed.add(made())
    assert len(filed.waiting()) == 1


def test_a_full_stick_leaves_no_torn_file_and_the_same_batch_for_later(queue: IntakeQueue, tmp_path: Path) -> None:
    queue.add(made("rash " * 2_000))
    (batch,) = drained(queue, arrived=False)
    sink = FolderSink(tmp_path / "out")
    with _Limited(3_000), pytest.raises(OnlabelError, match="could not be written"):
        sink(batch)
    assert not list((tmp_path / "out").iterdir())
    assert drained(queue, arrived=False)[0].files == batch.files
    sink(batch)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {file.name for file in batch.files}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom file modes stop")
def test_a_read_only_folder_is_said(filed: IntakeQueue, path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(OnlabelError, match="cannot be used"):
        filed.add(made())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_bytes(b"in the way")
    with pytest.raises(OnlabelError, match="cannot be used"):
        IntakeQueue.open(tmp_path / FOLDER / FILE_NAME).add(made())


def test_a_damaged_file_is_refused_and_kept(filed: IntakeQueue, path: Path) -> None:
    filed.add(made())
    path.write_bytes(b"x" * 5000)
    for use in (lambda: IntakeQueue.open(path), filed.waiting, lambda: filed.add(made())):
        with pytest.raises(IntegrityError, match="keep it for the safety department"):
            use()
    assert path.read_bytes() == b"x" * 5000


def test_a_read_only_file_is_said_and_can_be_read(filed: IntakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    id = filed.add(made())
    real: Any = sqlite3.connect

    def read_only(address: str, **options: Any) -> sqlite3.Connection:
        opened: sqlite3.Connection = real(address.replace("mode=rw", "mode=ro"), **options)
        return opened

    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(OnlabelError, match="see to the disk and its rights"):
        filed.add(made())
    assert [report.id for report in filed.waiting()] == [id]


def test_another_programs_file_is_refused(filed: IntakeQueue, path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(IntegrityError, match="no report queue"):
        IntakeQueue.open(path)
    with pytest.raises(IntegrityError, match="no report queue"):
        filed.add(made())


def test_a_report_that_was_changed_is_left_behind_and_holds_up_no_other(queue: IntakeQueue, kept: Kept) -> None:
    bad, good = queue.add(made("rash one")), queue.add(made("rash two"))
    ((body,),) = kept.sql("SELECT body FROM reports WHERE id = ?", bad)
    kept.sql("UPDATE reports SET body = ? WHERE id = ?", body.replace(b"one", b"two"), bad)
    (batch,) = drained(queue)
    assert [r.state for r in (queue.find(bad), queue.find(good))] == ["waiting", "drained"]
    assert batch.reports == 1
    with pytest.raises(IntegrityError, match="not as it was queued"):
        _ = queue.find(bad).body


def test_ever_so_many_that_were_changed_hold_up_no_other(
    queue: IntakeQueue, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a batch of them at the head of the queue, all of one moment, and some among the others."""
    monkeypatch.setattr("assistant.trust.intake.queue.LARGEST_BATCH", 2)
    bad = [queue.add(made(f"rash {n}")) for n in range(5)]
    good = [queue.add(made(f"rash {n}", AWARE + dt.timedelta(minutes=n // 2))) for n in range(5)]
    bad.append(queue.add(made("last", AWARE + dt.timedelta(hours=1))))
    for id in bad:
        kept.sql("UPDATE reports SET sha256 = ? WHERE id = ?", "0" * 64, id)
    assert [batch.reports for batch in drained(queue)] == [2, 2, 1]
    assert {queue.find(id).state for id in good} == {"drained"}
    assert {queue.find(id).state for id in bad} == {"waiting"}
    assert [queue.find(id).batch[-6:] for id in good] == ["000001", "000001", "000002", "000002", "000003"]


# -- out of the queue --------------------------------------------------------------------------------------------------


def test_a_batch_stays_the_same_until_it_is_confirmed_and_later_reports_get_their_own(queue: IntakeQueue) -> None:
    one = queue.add(made("rash one"))
    (first,) = drained(queue, arrived=False)
    two = queue.add(made("rash two"))
    again, second = drained(queue, Form.JSONL, arrived=False)
    assert (again.id, again.files) == (first.id, first.files)  # whatever format is asked for now
    assert [queue.find(id).batch for id in (one, two)] == [first.id, second.id]
    assert [r.state for r in queue.waiting()] == ["claimed", "claimed"]

    queue.confirm(first.id)
    assert [batch.id for batch in drained(queue)] == [second.id]
    assert queue.waiting() == ()
    assert drained(queue) == ()


def test_confirming_again_changes_nothing(queue: IntakeQueue) -> None:
    id = queue.add(made())
    (batch,) = drained(queue)
    before = queue.find(id)
    assert queue.confirm(batch.id).confirmed == queue.confirm(batch.id).confirmed
    assert queue.find(id) == before


@pytest.mark.parametrize("name", ["", "nothing", "0000000000-000001", "' OR 1=1 --", "\udc80"])
def test_a_batch_that_does_not_exist_cannot_be_confirmed(queue: IntakeQueue, name: str) -> None:
    with pytest.raises(UsageError):
        queue.confirm(name)
    queue.add(made())
    drained(queue, arrived=False)
    with pytest.raises(UsageError):
        queue.confirm(name)
    assert len(queue.waiting()) == 1


def test_a_batch_that_nobody_was_handed_cannot_be_confirmed(queue: IntakeQueue) -> None:
    queue.add(made())
    (batch,) = queue.claim(renderer(Form.JSONL))
    with pytest.raises(UsageError, match="drain again"):
        queue.confirm(batch.id)
    assert queue.waiting()[0].state == "claimed"


def test_a_sink_that_fails_leaves_everything_to_be_handed_over_again(queue: IntakeQueue) -> None:
    queue.add(made())

    def fail(_: Batch) -> None:
        raise OnlabelError("the line is down")

    with pytest.raises(OnlabelError, match="line is down"):
        queue.drain(fail, lambda _: True, renderer(Form.JSONL))
    assert queue.waiting()[0].state == "claimed"
    assert len(drained(queue)) == 1


def test_a_renderer_that_fails_claims_nothing(queue: IntakeQueue) -> None:
    queue.add(made())
    with pytest.raises(ZeroDivisionError):
        queue.claim(lambda *_: [("x", bytes(1 // 0))])
    assert queue.waiting()[0].state == "waiting"
    assert drained(queue)[0].id.endswith("-000001")


def test_a_large_queue_leaves_in_several_batches(queue: IntakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.trust.intake.queue.LARGEST_BATCH", 2)
    for n in range(5):
        queue.add(made(f"rash {n}"))
    assert [batch.reports for batch in drained(queue)] == [2, 2, 1]


def test_complaints_are_their_own_class_and_no_e2b(queue: IntakeQueue) -> None:
    complaint = queue.add(made("tablet was broken", AWARE, "", Flag.PRODUCT_COMPLAINT))
    case = queue.add(made())
    (batch,) = drained(queue, Form.E2B)
    assert [queue.find(id).state for id in (complaint, case)] == ["waiting", "drained"]
    assert [file.name.split(".", 1)[1] for file in batch.files] == ["e2b.xml", "manifest.json"]
    (rest,) = drained(queue, Form.BOTH)
    assert [file.name.split(".", 1)[1] for file in rest.files] == ["jsonl", "manifest.json"]


def test_json_lines_are_the_records_byte_for_byte_and_the_manifest_names_no_word(queue: IntakeQueue) -> None:
    ids = [queue.add(made(f"rash {n}")) for n in range(2)]
    (batch,) = drained(queue, arrived=False)
    lines, xml, manifest = (file.data or b"" for file in batch.files)
    assert [json.loads(line)["id"] for line in lines.splitlines()] == ids
    assert [sha256_hex(line) for line in lines.splitlines()] == [queue.find(id).sha256 for id in ids]
    read = json.loads(manifest)
    assert read["schema"] == "onlabel.report-batch/1"
    assert [(f["sha256"], f["bytes"]) for f in read["files"]] == [(sha256_hex(d), len(d)) for d in (lines, xml)]
    assert [r["id"] for r in read["reports"]] == ids
    assert b"rash" not in manifest
    assert all(json.loads(line)["schema"] == "onlabel.report/1" for line in lines.splitlines())


def test_a_dead_drainers_half_written_file_is_swept_and_a_living_ones_is_not(
    queue: IntakeQueue, tmp_path: Path
) -> None:
    queue.add(made())
    (batch,) = drained(queue, Form.JSONL, arrived=False)
    dead, living = (tmp_path / f".{batch.files[0].name}.{n}.new" for n in ("aaaa", "bbbb"))
    for path in (dead, living):
        path.write_bytes(b"rash")
    os.utime(dead, (0, 0))
    FolderSink(tmp_path)(batch)
    assert (dead.exists(), living.exists()) == (False, True)


def test_a_file_is_synced_before_it_has_its_name_and_the_name_after(
    queue: IntakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.add(made())
    (batch,) = drained(queue, Form.JSONL, arrived=False)
    done: list[str] = []
    sync, rename = os.fsync, Path.replace

    def synced(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def renamed(part: Path, place: Path) -> Path:
        done.append(place.name.split(".", 1)[1])
        return rename(part, place)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    FolderSink(tmp_path / "out")(batch)
    steps = ["file", "jsonl", "folder", "file", "manifest.json", "folder"]
    assert done == [step for step in steps if step != "folder" or os.name == "posix"]


@pytest.mark.skipif(os.name != "posix", reason="folders are opened to be synced on POSIX alone")
def test_a_drop_box_that_may_be_written_and_not_read_takes_the_files(
    filed: IntakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed.add(made())
    (batch,) = drained(filed, Form.JSONL, arrived=False)
    real = os.open

    def opened(path: Any, flags: int, *mode: int, **options: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *mode, **options)

    monkeypatch.setattr(os, "open", opened)
    FolderSink(tmp_path / "out")(batch)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(file.name for file in batch.files)


def test_a_file_that_is_not_the_batchs_is_replaced(queue: IntakeQueue, tmp_path: Path) -> None:
    queue.add(made())
    (batch,) = drained(queue, Form.JSONL, arrived=False)
    place = tmp_path / batch.files[0].name
    place.write_bytes(b"torn")
    FolderSink(tmp_path)(batch)
    assert place.read_bytes() == batch.files[0].data


# -- deletion ----------------------------------------------------------------------------------------------------------


def test_purging_leaves_id_times_and_hash_and_not_a_word(queue: IntakeQueue, kept: Kept) -> None:
    secret = "Unmistakable-Words-" + "q" * 9000
    id = queue.add(made(secret, AWARE, "conversation-7"))
    waiting = queue.add(made("still waiting", AWARE))
    drained(queue, Form.BOTH, arrived=False)
    assert queue.purge(dt.date(2999, 1, 1)) == 0  # nobody confirmed them
    (batch,) = queue.status().unconfirmed
    queue.confirm(batch.id)
    assert queue.purge(dt.date(2000, 1, 1)) == 0
    before = queue.find(id)
    assert queue.purge(dt.date(2999, 1, 1)) == 2
    after = queue.find(id)
    assert replace(before, data=None, purged=after.purged) == after
    assert after.state == "purged"
    # In the file not even where SQLite had it; what a server's disk holds until it is written over is not ours.
    raw = kept.place.read_bytes() if isinstance(kept, InFile) else b"".join(map(bytes, _cells(kept)))
    assert not any(word in raw for word in (b"Unmistakable", b"qqqqqqqq", b"conversation-7", b"still waiting"))
    assert queue.find(waiting).purged
    with pytest.raises(IntegrityError, match="were deleted"):
        _ = after.body


def _cells(kept: Kept) -> Iterator[bytes]:
    """Everything that stands in the tables."""
    for table in ("queue", "batches", "files", "reports"):
        for row in kept.sql(f"SELECT * FROM {table}"):
            yield from (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)


def test_the_hash_that_stays_cannot_be_guessed_from_the_words(queue: IntakeQueue, kept: Kept) -> None:
    report = queue.find(queue.add(made()))
    body = report.body
    assert len(bytes.fromhex(body["salt"])) == 16
    assert sha256_hex(canonical_json(body)) == report.sha256
    assert kept.sql("SELECT same FROM reports") == [(None,)]


# -- E2B ---------------------------------------------------------------------------------------------------------------

_CASE = "/h:MCCI_IN200100UV01/h:PORR_IN049016UV/h:controlActProcess/h:subject/h:investigationEvent"
_ROLE = f"{_CASE}/h:component/h:adverseEventAssessment/h:subject1/h:primaryRole"
_SOURCE = (
    f"{_CASE}/h:outboundRelationship[h:priorityNumber/@value='1']/h:relatedInvestigation/h:subjectOf2"
    "/h:controlActEvent/h:author/h:assignedEntity/h:assignedPerson"
)
_ICH = "2.16.840.1.113883.3.989.2.1"
_HEAD = BatchHead("3d030f4322-000001", AWARE + dt.timedelta(hours=1))


def xml_of(report: Report, sender: str = "") -> Any:
    return etree.fromstring(message(_HEAD, [report.as_json("a0d45d30", "00")], sender))


def at(document: Any, path: str) -> list[str]:
    return [str(value) for value in document.xpath(path, namespaces=NS)]


def test_the_skeleton_holds_what_was_said_where_e2b_wants_it() -> None:
    document = xml_of(made(), "ACME")
    reaction = f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='29']"
    expected = {
        f"{_CASE}/h:id[@root='{_ICH}.3.1']/@extension": ["US-ACME-a0d45d30"],  # C.1.1
        "//h:controlActProcess/h:effectiveTime/@value": ["20261031215107-0400"],  # C.1.2
        f"{_CASE}/h:effectiveTime/h:low/@value": ["20261031205107-0400"],  # C.1.4
        f"//h:investigationCharacteristic[h:code/@code='1']/h:value[@codeSystem='{_ICH}.1.2']/@code": ["1"],  # C.1.3
        f"{_SOURCE}/h:asQualifiedEntity/h:code/@code": ["3"],  # C.2.r.4
        f"{_ROLE}/h:player1/h:administrativeGenderCode/@code": ["2"],  # D.5
        f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='3']/h:value/@value": ["67"],  # D.2.2a
        f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='3']/h:value/@unit": ["a"],  # D.2.2b
        f"{reaction}/h:value/h:originalText/text()": ["rash"],  # E.i.1.1a
        f"{reaction}/h:value/h:originalText/@language": ["eng"],  # E.i.1.1b
        f"{_ROLE}//h:kindOfProduct/h:name/text()": ["Zorvanta"],  # G.k.2.2
        f"{_CASE}/h:text/text()": [NURSE],  # H.1
    }
    assert {path: at(document, path) for path in expected} == expected


def test_what_was_not_said_carries_a_null_flavor() -> None:
    report = report_of(Said("it was terrible", slots={}), at=AWARE)
    assert report is not None
    document = xml_of(report)
    reaction = f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='29']"
    expected = {
        f"{_ROLE}/h:player1/h:name/@nullFlavor": ["NASK"],
        f"{_ROLE}/h:player1/h:administrativeGenderCode/@nullFlavor": ["NASK"],
        f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='3']/h:value/@nullFlavor": ["NASK"],
        f"{_SOURCE}/h:name/*/@nullFlavor": ["NASK", "NASK"],
        f"{_SOURCE}/h:asQualifiedEntity/h:code/@nullFlavor": ["UNK"],
        f"{_SOURCE}/h:asLocatedEntity/h:location/h:code/@nullFlavor": ["UNK"],
        f"{reaction}/h:value/@nullFlavor": ["NI"],
        f"{reaction}/h:value/h:originalText/@nullFlavor": ["NI"],
        f"{reaction}/h:outboundRelationship2/h:observation/h:value/@nullFlavor": ["NI"] * 6,
        f"{_ROLE}//h:kindOfProduct/h:name/@nullFlavor": ["UNK"],
        "//h:observationEvent[h:code/@code='23']/h:value/@nullFlavor": ["NI"],
    }
    assert {path: at(document, path) for path in expected} == expected


def test_nothing_suggested_becomes_a_fact_of_the_case() -> None:
    document = xml_of(report_of(Said("she is 67, my husband too; a man and a woman"), at=AWARE))  # type: ignore[arg-type]
    assert at(document, f"{_ROLE}/h:player1/h:administrativeGenderCode/@code") == []
    assert at(document, f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='3']/h:value/@value") == []


def test_two_patients_give_no_one_age_or_sex() -> None:
    document = xml_of(made("a 40 year old man and a 50 year old woman got a rash"))
    assert at(document, f"{_ROLE}/h:player1/h:administrativeGenderCode/@nullFlavor") == ["NASK"]
    assert at(document, f"{_ROLE}/h:subjectOf2/h:observation[h:code/@code='3']/h:value/@nullFlavor") == ["NASK"]


def test_a_known_reporter_is_masked_in_the_xml() -> None:
    report = report_of(Said("my name is Jane Roe"), reporter="jroe@corp.example", at=AWARE)
    assert report is not None
    document = xml_of(report)
    assert at(document, f"{_SOURCE}/h:name/*/@nullFlavor") == ["MSK", "MSK"]
    assert b"jroe@corp" not in etree.tostring(document)


def test_reactions_and_drugs_refer_to_each_other_the_same_way_each_time() -> None:
    document, again = xml_of(made()), xml_of(made())
    drug = at(document, "//h:substanceAdministration/h:id/@root")
    assert drug == at(document, "//h:productUseReference/h:id/@root") == at(again, "//h:productUseReference/h:id/@root")


def test_it_says_that_it_is_no_submission() -> None:
    assert "not a submission" in NOTICE
    assert NOTICE.encode() in message(_HEAD, [made().as_json("a0d45d30", "00")])


def test_words_too_long_for_a_field_are_never_cut() -> None:
    event = "x" * 251
    report = report_of(Said(f"he had {event}"), spans=[("event", event)], at=AWARE)
    assert report is not None
    document = xml_of(report)
    assert at(document, "//h:originalText/@nullFlavor") == ["NI"]
    assert event in at(document, f"{_CASE}/h:text/text()")[0]


@given(st.text(max_size=200))
def test_any_words_give_well_formed_xml_that_holds_them(words: str) -> None:
    report = report_of(Said(words), spans=[("event", words)], names=[(words, "zed--")], reporter=words, at=AWARE)
    assert report is not None
    document = xml_of(report, sender=words)
    carried = "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in report.words
    )
    assert (document.findtext(f".//{{{NS['h']}}}text") or "") == carried


def test_several_cases_are_messages_of_one_batch() -> None:
    document = etree.fromstring(message(_HEAD, [made(str(n)).as_json(f"id{n}", "") for n in range(3)]))
    assert len(document.findall("h:PORR_IN049016UV", NS)) == 3
    order = [etree.QName(child).localname for child in document.iterchildren("{*}*")]
    assert order == "id creationTime responseModeCode interactionId name".split() + ["PORR_IN049016UV"] * 3 + [
        "receiver",
        "sender",
    ]


# -- commands ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(kept: Kept, tmp_path: Path) -> Path:
    """A workspace whose settings say where the queue is."""
    place = kept.place if isinstance(kept, OnServer) else f"{FOLDER}/{FILE_NAME}"
    (tmp_path / "onlabel.toml").write_text(f'[context]\naudience = "hcp"\nmarket = "US"\n[intake]\npath = "{place}"\n')
    return tmp_path


def call(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(intake_command, [*map(str, arguments)], obj=home)


def at_home(home: Path) -> IntakeQueue:
    return IntakeQueue.open(Workspace.find(home).intake_queue)


@pytest.mark.parametrize("name", ["", *intake_command.commands])
def test_every_command_has_help_with_an_example(home: Path, name: str) -> None:
    ran = call(home, *([name] if name else []), "--help")
    assert ran.exit_code == 0
    assert "Example:\n" in ran.output


def test_from_waiting_to_purged_by_commands(home: Path) -> None:
    now = moments.now()
    at_home(home).add(made("rash \x1b[31m one", now))
    overdue = at_home(home).add(made("rash two", now - dt.timedelta(hours=30)))

    assert "waiting   2" in call(home, "status").output
    assert call(home, "status").exit_code == 0
    assert call(home, "status", "--fail-overdue").exit_code == 1
    listed = call(home, "list").output.splitlines()
    assert len(listed) == 2
    assert listed[0].startswith(overdue)
    assert "overdue by 6 h 00 min" in listed[0]
    assert "23 h 59 min left" in listed[1]
    assert len(call(home, "list", "--overdue").output.splitlines()) == 1

    first = call(home, "drain", "--out", home / "out", "--format", "both", "--sender", "ACME")
    assert first.exit_code == 0
    batch = first.stdout.split()[0]
    assert "intake confirm" in first.stderr
    before = {path.name: path.read_bytes() for path in (home / "out").iterdir()}
    assert len(before) == 3
    assert b"US-ACME-" in before[f"{batch}.e2b.xml"]
    assert call(home, "drain", "--out", home / "again").stdout == first.stdout
    assert {path.name: path.read_bytes() for path in (home / "again").iterdir()} == before
    assert call(home, "status", "--fail-overdue").exit_code == 1  # written is not arrived

    assert call(home, "confirm", batch).output.startswith(f"{batch}  2 reports drained")
    assert call(home, "status", "--fail-overdue").exit_code == 0
    assert call(home, "list").output == ""
    assert call(home, "drain", "--out", home / "third").stdout == ""
    assert call(home, "purge", "--drained-before", "2999-01-01").output == "2 reports purged\n"
    shown = call(home, "show", overdue)
    assert "words deleted" in shown.output
    assert json.loads(call(home, "show", overdue, "--json").output)["sha256"]


def test_lists_and_status_hold_no_words_and_show_does(home: Path) -> None:
    id = at_home(home).add(made("Unmistakable \x1b[31m rash", moments.now()))
    for arguments in (("list",), ("list", "--json"), ("status",), ("status", "--json")):
        assert "Unmistakable" not in call(home, *arguments).output
    shown = call(home, "show", id[:6])
    assert "Unmistakable" in shown.output
    assert "\x1b" not in shown.output
    assert json.loads(call(home, "show", id, "--json").output)["words"] == "Unmistakable \x1b[31m rash"
    summary = json.loads(call(home, "list", "--json").output)
    assert summary["elements"] == {
        "reporter": "not_given",
        "patient": "not_given",
        "product": "given",
        "event": "given",
    }
    assert json.loads(call(home, "status", "--json").output)["next_due"] == summary["due"]


def test_complaints_that_cannot_leave_as_e2b_are_said(home: Path) -> None:
    at_home(home).add(made("broken tablet", moments.now(), "", Flag.PRODUCT_COMPLAINT))
    ran = call(home, "drain", "--out", home / "out", "--format", "e2b")
    assert "go on waiting" in ran.stderr
    assert not (home / "out").exists()


def test_a_damaged_report_is_said_after_the_others_left(home: Path, kept: Kept) -> None:
    bad = at_home(home).add(made("rash one", moments.now()))
    at_home(home).add(made("rash two", moments.now()))
    kept.sql("UPDATE reports SET body = ? WHERE id = ?", b"x", bad)
    ran = call(home, "drain", "--out", home / "out")
    assert "1 reports" in ran.stdout
    assert isinstance(ran.exception, IntegrityError)
    assert bad in str(ran.exception)
    listed = call(home, "list")
    assert "damaged" in listed.output
    assert isinstance(listed.exception, IntegrityError)


@pytest.mark.parametrize(
    "arguments",
    [("purge", "--drained-before", "soon"), ("show", "a0d"), ("show", "\udc80abcdef"), ("confirm", "nothing")],
)
def test_what_cannot_be_meant_is_refused(home: Path, arguments: tuple[str, ...]) -> None:
    assert isinstance(call(home, *arguments).exception, UsageError)


def test_a_workspace_keeps_its_queue_where_its_settings_say(quick_sample: Path, tmp_path: Path) -> None:
    settings = (quick_sample / "onlabel.toml").read_text(encoding="utf-8")
    (tmp_path / "onlabel.toml").write_text(settings + '\n[intake]\npath = "kept/reports.sqlite"\n', encoding="utf-8")
    IntakeQueue.open(tmp_path / "kept" / "reports.sqlite").add(made())
    assert call(tmp_path, "status").output.startswith("waiting   1")


def test_an_install_whose_release_cannot_be_read_still_gives_its_reports(tmp_path: Path) -> None:
    (tmp_path / "install.json").write_text("{}")
    IntakeQueue.open(tmp_path / FOLDER / FILE_NAME).add(made())
    assert call(tmp_path, "status").output.startswith("waiting   1")


def test_a_folder_that_is_nothing_has_no_queue(tmp_path: Path) -> None:
    assert isinstance(call(tmp_path, "status").exception, ContentError)


def test_queueing_loads_nothing_heavy_and_asking_only_what_sees_that_nothing_was_reported(tmp_path: Path) -> None:
    code = (
        "import sys; from assistant.trust.intake.queue import IntakeQueue; import assistant.trust.intake.report;"
        f"IntakeQueue.open({str(tmp_path / 'q.sqlite')!r}); print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not {"lxml", "numpy", "pydantic", "click", "ssl", "psycopg", "assistant.trust.postgres"} & loaded
    # The patterns with which words are read take longer to compile than a question takes to answer.
    names = ("elements", "wording", "exports", "e2b", "postgres")
    assert not {f"assistant.trust.intake.{name}" for name in names} & loaded


def test_every_class_of_report_leaves_somehow() -> None:
    assert set(Form.JSONL.classes) == set(Form.BOTH.classes) == set(ALL)
