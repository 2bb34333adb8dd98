"""Installing and updating: atomic, resumable, delta by file; and what time, age and withdrawals do to an install."""

from __future__ import annotations

import datetime as dt
import errno
import http.server
import itertools
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.canonical import sha256_hex
from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.releases.fetching import FolderSource
from assistant.releases.installing import install, update
from assistant.releases.publishing import refresh_timestamp
from assistant.releases.withdrawing import apply_withdrawals
from assistant.trust import disk
from assistant.trust.installed.clock import checked, standing_at
from assistant.trust.installed.description import Offline
from assistant.trust.installed.folder import InstallFolder, begin
from assistant.trust.installed.opening import open_installed, standing_of
from tests.conftest import REPOSITORY
from tests.published import DAY, NOW, Publisher, installed, lets_live, signer, updated

HOUR = dt.timedelta(hours=1)
THIEVES: dict[str, tuple[str, ...]] = {
    "root": ("thief-1", "thief-2", "thief-3"),
    "targets": ("thief-1", "thief-2"),
    "timestamp": ("thief-1",),
}
LATER = NOW + DAY
BIG = bytes(range(256)) * 2500


@pytest.fixture(autouse=True)
def no_plug_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk is most of what installing costs."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A publication with release 1."""
    return Publisher(tmp_path / "publication").begin().release(1, {"index/big.bin": BIG})


@pytest.fixture
def laptop(publisher: Publisher, tmp_path: Path) -> Path:
    """A laptop with release 1."""
    installed(publisher, tmp_path / "laptop")
    return tmp_path / "laptop"


# --- what is in use ---------------------------------------------------------------------------------------------------


def test_an_installed_release_is_opened_with_everything_it_consists_of(laptop: Path) -> None:
    opened = open_installed(laptop, NOW)
    assert (opened.number, opened.description.name, opened.standing.state) == (1, "spring", "fresh")
    assert opened.root == laptop / "releases" / "1"
    assert opened.model == opened.root / "models" / "m.gguf"
    listed = InstallFolder(laptop).proofs.glob("*/1.targets.json")
    assert opened.as_json() == {"name": "spring", "number": 1, "targets_sha256": sha256_hex(next(listed).read_bytes())}


def test_an_update_fetches_what_changed_and_nothing_else(
    publisher: Publisher, laptop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.release(2, {"index/big.bin": BIG, "index/new.bin": b"new"}, LATER)
    fetched = _watched(monkeypatch)
    report = updated(laptop, LATER)
    assert (report.number, report.changed, report.fetched) == (2, True, 2)
    assert sorted(re.sub(r"[0-9a-f]{64}\.", "", path) for path in fetched) == [
        "targets/index/new.bin",
        "targets/release.json",
    ]
    assert open_installed(laptop, LATER).number == 2


def _watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Which target files are read from the source, and from which byte on."""
    seen: dict[str, int] = {}
    read = FolderSource.read

    def watching(source: FolderSource, path: str, offset: int = 0) -> Iterator[bytes]:
        if path.startswith("targets/"):
            seen[path] = offset
        return read(source, path, offset)

    monkeypatch.setattr(FolderSource, "read", watching)
    return seen


def test_an_update_with_nothing_new_changes_nothing(laptop: Path) -> None:
    report = updated(laptop, LATER)
    assert (report.number, report.changed, report.fetched) == (1, False, 0)


def test_the_release_before_is_kept_and_those_before_it_go(publisher: Publisher, laptop: Path) -> None:
    for number in (2, 3):
        publisher.release(number, {"index/n.bin": bytes([number])}, NOW + number * DAY)
        updated(laptop, NOW + number * DAY)
        updated(laptop, NOW + number * DAY)
    assert sorted(path.name for path in (laptop / "releases").iterdir()) == ["2", "3"]
    held = {path.name for path in (laptop / "store").iterdir()}
    assert sha256_hex(b"\x02") in held
    assert sha256_hex(BIG) not in held
    assert len(list((laptop / "trust" / "proofs").iterdir())) == 2


def test_a_broken_release_is_repaired_by_an_update(laptop: Path) -> None:
    path = laptop / "releases" / "1" / "models" / "m.gguf"
    path.write_bytes(b"broken")  # and so, through the hard link, the store
    with pytest.raises(IntegrityError, match="release update"):
        open_installed(laptop, NOW)
    report = updated(laptop, NOW)
    assert (report.changed, report.fetched) == (False, 1)
    assert open_installed(laptop, NOW).number == 1


def test_a_disk_without_hard_links_gets_copies(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("os.link", none)
    installed(publisher, tmp_path / "stick")
    assert open_installed(tmp_path / "stick", NOW).number == 1
    assert (tmp_path / "stick" / "releases" / "1" / "release.json").stat().st_nlink == 1


# --- where it may be installed ----------------------------------------------------------------------------------------


def test_a_folder_that_holds_something_else_is_left_alone(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        installed(publisher, tmp_path / "taken")
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["letter.txt"]


def test_an_install_trusts_one_root_for_good(publisher: Publisher, laptop: Path, tmp_path: Path) -> None:
    other = Publisher(tmp_path / "other" / "publication", **THIEVES).begin().release(9)
    with pytest.raises(UsageError, match="trusts another root"):
        installed(other, laptop)
    with pytest.raises(IntegrityError):
        updated(laptop, NOW, other.folder)
    with pytest.raises(IntegrityError):
        install(str(other.folder), tmp_path / "new", publisher.given_root, NOW, go_live_check=lets_live)
    assert open_installed(laptop, NOW).number == 1


@pytest.mark.parametrize("given", [b"", b"{}", b"[]", b'{"signed": {"version": 1}, "signatures": []}'])
def test_what_is_no_root_of_trust_is_refused_before_anything_is_made(
    publisher: Publisher, tmp_path: Path, given: bytes
) -> None:
    with pytest.raises(OnlabelError, match="no signed root of trust"):
        install(str(publisher.folder), tmp_path / "new", given, NOW, go_live_check=lets_live)
    assert not (tmp_path / "new").exists()


def test_one_process_at_a_time_changes_an_install(laptop: Path) -> None:
    with disk.locked(laptop), pytest.raises(disk.BusyError, match="another process"):
        updated(laptop, NOW)
    updated(laptop, NOW)


def test_asking_goes_on_while_an_update_runs(laptop: Path) -> None:
    with disk.locked(laptop):
        assert open_installed(laptop, NOW + 5 * HOUR).number == 1


# --- the plug is pulled, the disk is full -----------------------------------------------------------------------------

#: What puts a name on the disk goes through one of these, python-tuf's own writing too.
_STEPS = ("replace", "link", "symlink")


class Killed(BaseException):
    """What no handler may catch: stands for the end of the process."""


def _failing_at(patch: pytest.MonkeyPatch, step: int, error: BaseException) -> Callable[[], bool]:
    """Fail at the change number ``step``; whether it came to that."""
    count = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise error
            return real(*arguments)

        return act

    for name in _STEPS:
        patch.setattr(os, name, failing(getattr(os, name)))
    return lambda: count >= step


@pytest.mark.parametrize(
    ("error", "expected"),
    [(Killed, Killed), (lambda: OSError(errno.ENOSPC, "No space left on device"), OnlabelError)],
    ids=["killed", "disk full"],
)
def test_whatever_step_fails_a_whole_release_stays_in_use(
    publisher: Publisher, laptop: Path, error: Callable[[], BaseException], expected: type[BaseException]
) -> None:
    publisher.release(2, {"index/new.bin": b"new"}, LATER)
    laptop.rename(laptop.with_name("as-it-was"))
    numbers = []
    for step in itertools.count(1):
        shutil.copytree(laptop.with_name("as-it-was"), laptop, symlinks=True)
        with pytest.MonkeyPatch.context() as patch:
            came = _failing_at(patch, step, error())
            try:
                updated(laptop, LATER)
            except expected as caught:
                assert expected is Killed or "the disk is full" in str(caught)
        if not came():
            break
        numbers.append(open_installed(laptop, LATER).number)
        assert updated(laptop, LATER).number == 2, step
        assert open_installed(laptop, LATER).number == 2, step
        shutil.rmtree(laptop)
    assert len(numbers) > 20
    assert numbers == sorted(numbers), "once it is in use it stays"
    assert numbers[0] == 1


def test_a_first_install_goes_on_where_it_was_broken_off(publisher: Publisher, tmp_path: Path) -> None:
    step, to = 0, tmp_path / "new"
    came: Callable[[], bool] = lambda: True  # noqa: E731
    while came():
        step += 1
        with pytest.MonkeyPatch.context() as patch:
            came = _failing_at(patch, step, Killed())
            try:
                installed(publisher, to)
            except Killed:
                if (to / "install.json").exists() and not (to / "current").exists():
                    with pytest.raises(NotReadyError, match="no release is in use"):
                        open_installed(to, NOW)
    assert open_installed(to, NOW).number == 1


# --- transfers that break off -----------------------------------------------------------------------------------------


def test_a_transfer_is_continued_where_it_broke_off(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    partial = tmp_path / "store" / f"{sha256_hex(BIG)}.part"
    partial.write_bytes(BIG[:300_000])
    seen = _watched(monkeypatch)
    _begun(publisher, tmp_path)
    assert seen[f"targets/index/{sha256_hex(BIG)}.big.bin"] == 300_000
    assert open_installed(tmp_path / "new", NOW).number == 1


def _begun(publisher: Publisher, tmp_path: Path) -> None:
    """Install where a store with something in it stands already."""

    begin(tmp_path / "new", str(publisher.folder), publisher.given_root, NOW)
    (tmp_path / "store").rename(tmp_path / "new" / "store")
    updated(tmp_path / "new", NOW)


def test_what_a_broken_transfer_left_is_not_trusted(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / f"{sha256_hex(BIG)}.part").write_bytes(b"x" * 300_000)
    seen = _watched(monkeypatch)
    _begun(publisher, tmp_path)
    assert seen[f"targets/index/{sha256_hex(BIG)}.big.bin"] == 0
    assert open_installed(tmp_path / "new", NOW).number == 1


def test_a_file_in_the_store_is_believed_for_its_bytes_not_for_its_name(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / sha256_hex(BIG)).write_bytes(bytes(len(BIG)))
    _begun(publisher, tmp_path)
    assert open_installed(tmp_path / "new", NOW).number == 1


class _Web(http.server.BaseHTTPRequestHandler):
    """A static web server; it knows ranges and breaks off in the middle of big files, as told."""

    root: Path
    ranges = True
    breaks = 0
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        path = self.root / self.path.lstrip("/")
        wanted = self.headers.get("Range", "")
        begin = int(re.sub(r"\D", "", wanted)) if wanted and type(self).ranges else 0
        type(self).asked.append((self.path, wanted))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if len(data) > 200_000 and type(self).breaks:
            type(self).breaks -= 1
            data = data[:400_000]
            self.close_connection = True
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(publisher: Publisher) -> Iterator[tuple[str, type[_Web]]]:
    handler = type("Web", (_Web,), {"root": publisher.folder, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without ranges"])
def test_a_web_server_that_breaks_off_is_gone_on_with(
    publisher: Publisher, tmp_path: Path, web: tuple[str, type[_Web]], ranges: bool
) -> None:
    url, handler = web
    handler.breaks, handler.ranges = 1, ranges

    def run() -> int:
        return install(url, tmp_path / "new", publisher.given_root, NOW, go_live_check=lets_live).number

    with pytest.raises(OnlabelError, match="run the same command again"):
        run()
    assert run() == 1
    asked = [range for path, range in handler.asked if path.endswith(".big.bin")]
    assert asked[0] == ""
    assert re.fullmatch(r"bytes=[1-9]\d*-", asked[1])
    assert update(tmp_path / "new", NOW, go_live_check=lets_live).changed is False, "it knows where it came from"


def test_a_server_without_a_release_says_so(publisher: Publisher, tmp_path: Path, web: tuple[str, type[_Web]]) -> None:
    with pytest.raises(OnlabelError, match="no whole release"):
        install(f"{web[0]}/nowhere", tmp_path / "new", publisher.given_root, NOW, go_live_check=lets_live)


def test_a_server_that_is_away_leaves_everything_as_it_is(laptop: Path) -> None:
    with pytest.raises(OnlabelError, match="what is installed stays in use"):
        updated(laptop, NOW, "http://127.0.0.1:9")  # the port that discards, where nobody listens
    assert open_installed(laptop, NOW).number == 1


# --- going live -------------------------------------------------------------------------------------------------------


def test_a_release_that_answers_differently_does_not_go_live(publisher: Publisher, laptop: Path) -> None:
    publisher.release(2, now=LATER)
    asked = []

    def differs(root: Path, _: object) -> tuple[str, ...]:
        asked.append(root)
        raise IntegrityError("2 of 40 golden questions are answered differently")

    with pytest.raises(IntegrityError, match="golden"):
        update(laptop, LATER, go_live_check=differs)
    assert asked == [laptop / "releases" / "2"]
    assert open_installed(laptop, LATER).number == 1
    warned = update(laptop, LATER, go_live_check=lambda *_: ("question 3 was asked back",))
    assert (warned.number, warned.changed, warned.warnings) == (2, True, ("question 3 was asked back",))


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_is_refused_and_both_times_are_said(laptop: Path) -> None:
    open_installed(laptop, NOW + 5 * DAY)
    for act in (open_installed, standing_of, updated):
        with pytest.raises(IntegrityError, match=r"2026-11-25T08:59:59Z.*2026-11-26T09:00:00Z"):
            act(laptop, NOW + 4 * DAY - dt.timedelta(seconds=1))
    assert open_installed(laptop, NOW + 4 * DAY).number == 1, "a day is let pass"


def test_no_clock_makes_an_expired_release_fresh_again(laptop: Path) -> None:
    assert open_installed(laptop, NOW + 30 * DAY).standing.state == "warned"
    assert open_installed(laptop, NOW + 29 * DAY).standing.state == "warned"


def test_signed_time_catches_a_clock_that_was_never_right(publisher: Publisher, tmp_path: Path) -> None:
    """In 2020 nothing of ours had expired yet; but it was not signed yet either."""
    with pytest.raises(IntegrityError, match=r"2020-01-01.*2026-11-21"):
        installed(publisher, tmp_path / "new", dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(NotReadyError):
        open_installed(tmp_path / "new", NOW)


def test_the_time_is_written_down_once_an_hour(laptop: Path) -> None:
    state = laptop / "state.json"
    before = state.read_bytes()
    open_installed(laptop, NOW + HOUR - dt.timedelta(seconds=1))
    open_installed(laptop, NOW + 9 * HOUR, remember=False)
    assert state.read_bytes() == before
    open_installed(laptop, NOW + HOUR)
    assert b"2026-11-21T10:00:00Z" in state.read_bytes()


def test_a_clock_far_ahead_is_not_remembered(laptop: Path) -> None:
    with pytest.raises(NotReadyError, match="stopped answering"):
        open_installed(laptop, NOW + 4000 * DAY)
    assert open_installed(laptop, NOW).standing.state == "fresh"


def test_a_release_that_is_offline_warns_and_then_stops_on_the_days_that_were_signed(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "publication").begin().release(1, offline=Offline(warn_days=30, stop_days=10))
    laptop = tmp_path / "laptop"
    installed(publisher, laptop)
    second = dt.timedelta(seconds=1)
    for days, state in ((30 * DAY - second, "fresh"), (30 * DAY, "warned"), (40 * DAY - second, "warned")):
        assert open_installed(laptop, NOW + days, remember=False).standing.state == state
        assert standing_of(laptop, NOW + days).state == state
    with pytest.raises(NotReadyError, match="update it"):
        open_installed(laptop, NOW + 40 * DAY)
    assert open_installed(laptop, NOW + 40 * DAY, even_stopped=True).standing.state == "stopped"


def test_a_renewed_timestamp_makes_it_fresh_again_without_a_new_release(publisher: Publisher, laptop: Path) -> None:
    now = NOW + 50 * DAY
    assert standing_of(laptop, now).state == "warned"
    with pytest.raises(IntegrityError, match="has expired"):
        updated(laptop, now)
    refresh_timestamp(publisher.folder, [signer("timestamp")], now)
    report = updated(laptop, now)
    assert (report.changed, report.fetched) == (False, 0)
    assert standing_of(laptop, now).state == "fresh"
    assert len(list((laptop / "trust" / "proofs").iterdir())) == 1


def test_what_has_expired_is_not_installed(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="has expired"):
        installed(publisher, tmp_path / "new", NOW + 31 * DAY)


def test_time_and_standing_by_themselves() -> None:
    assert checked(NOW, NOW - DAY) == NOW
    assert checked(NOW - DAY, NOW) == NOW
    with pytest.raises(IntegrityError):
        checked(NOW - DAY - dt.timedelta(seconds=1), NOW)
    assert standing_at(NOW, NOW, Offline(stop_days=0)).state == "stopped"


# --- withdrawals ------------------------------------------------------------------------------------------------------


@pytest.fixture
def mailed(tmp_path: Path) -> Path:
    """A withdrawal list that came by mail."""
    path = tmp_path / "mailed.dsse.json"
    path.write_bytes(b'{"payload": "..."}')
    return path


def _believes(data: bytes, release: Path) -> None:
    assert data == b'{"payload": "..."}'
    assert (release / "release.json").is_file()


def test_a_withdrawal_acts_at_once_and_survives_every_update(publisher: Publisher, laptop: Path, mailed: Path) -> None:
    assert apply_withdrawals(mailed, laptop, NOW, _believes) is True
    assert open_installed(laptop, NOW).withdrawals == (mailed.read_bytes(),)
    assert apply_withdrawals(mailed, laptop, NOW, _believes) is False
    publisher.release(2, now=LATER)
    updated(laptop, LATER)
    opened = open_installed(laptop, LATER)
    assert (opened.number, opened.withdrawals) == (2, (mailed.read_bytes(),))


def test_a_withdrawal_is_applied_whatever_the_clock_says_and_however_old_the_release(
    laptop: Path, mailed: Path
) -> None:
    assert apply_withdrawals(mailed, laptop, NOW - 900 * DAY, _believes)
    assert open_installed(laptop, NOW + 900 * DAY, even_stopped=True).withdrawals


def test_a_withdrawal_that_nobody_may_sign_is_refused(laptop: Path, mailed: Path) -> None:
    def refuses(*_: object) -> None:
        raise IntegrityError("signed by nobody on the roster")

    with pytest.raises(IntegrityError, match="roster"):
        apply_withdrawals(mailed, laptop, NOW, refuses)
    assert open_installed(laptop, NOW).withdrawals == ()
    assert not (laptop / "withdrawals").exists()


@pytest.mark.parametrize(
    "harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{}")], ids=["gone", "changed"]
)
def test_a_withdrawal_cannot_be_taken_back_by_hand(laptop: Path, mailed: Path, harm: Callable[[Path], object]) -> None:
    apply_withdrawals(mailed, laptop, NOW, _believes)
    (kept,) = (laptop / "withdrawals").iterdir()
    harm(kept)
    with pytest.raises(IntegrityError, match="apply it again"):
        open_installed(laptop, NOW)
    apply_withdrawals(mailed, laptop, NOW, _believes)
    assert open_installed(laptop, NOW).withdrawals


# --- what opening loads -----------------------------------------------------------------------------------------------

_OPEN = """
import datetime, json, sys
from pathlib import Path
from assistant.trust.installed.opening import open_installed
open_installed(Path(sys.argv[1]), datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.UTC))
print(*sorted({name.partition(".")[0] for name in sys.modules} | set(sys.modules)))
"""


def test_opening_loads_neither_tuf_nor_a_network_client(laptop: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _OPEN, str(laptop)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    heavy = {"tuf", "securesystemslib", "urllib3", "requests", "http.client", "urllib.request", "ssl", "faiss", "numpy"}
    assert heavy & set(ran.stdout.split()) == set()
