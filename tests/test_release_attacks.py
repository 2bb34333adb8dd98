"""What an attacker may do to a publication, a stick or an install, and that none of it goes into use.

The table follows python-tuf's own client tests (tests/test_updater_*.py) and the specification's list of attacks. Every
attack is made against a laptop that runs release 1 while release 2 is offered; afterwards the laptop still runs release
1, whole. What our own proof refuses by itself, python-tuf apart, is marked; and defences that are ours are switched off
one by one to see their attack succeed.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import IntegrityError, OnlabelError
from assistant.releases import installing
from assistant.releases.fetching import FolderSource, source_of
from assistant.releases.publishing import publish, rotate_root
from assistant.trust.installed import metadata, names, opening
from assistant.trust.installed.metadata import prove
from assistant.trust.installed.opening import open_installed
from assistant.trust.keys import keyid_of
from tests.published import (
    DAY,
    NOW,
    Publisher,
    contents,
    installed,
    lets_live,
    signer,
    updated,
    write_signed,
)

LATER = NOW + DAY
Fields = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def no_plug_is_pulled() -> Iterator[None]:
    """Waiting for the disk is most of what installing costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication that offers release 2, and a laptop with release 1; copied for each attack."""
    folder = tmp_path_factory.mktemp("seed")
    publisher = Publisher(folder / "publication").begin().release(1)
    installed(publisher, folder / "laptop")
    publisher.release(2, {"models/extra.txt": b"two"}, LATER)
    return folder


@dataclass(frozen=True)
class World:
    """The publication under attack and the laptop."""

    publisher: Publisher
    laptop: Path

    @property
    def metadata(self) -> Path:
        return self.publisher.folder / "metadata"


@pytest.fixture
def world(seed: Path, tmp_path: Path) -> World:
    shutil.copytree(seed / "publication", tmp_path / "publication")
    shutil.copytree(seed / "laptop", tmp_path / "laptop", symlinks=True)
    return World(Publisher(tmp_path / "publication"), tmp_path / "laptop")


def offer(world: World, now: dt.datetime = LATER) -> None:
    updated(world.laptop, now, world.publisher.folder)


# --- the table --------------------------------------------------------------------------------------------------------

TARGETS = ("targets-1", "targets-2")
ROOTS = ("root-1", "root-2")


def forged(role: str, by: tuple[str, ...], **changes: Any) -> Callable[[World], object]:
    """Metadata of ``role`` with other fields, signed by ``by`` alone."""
    return lambda world: world.publisher.forge(role, lambda part: part.update(changes), by)


def _renamed(role: str, version: int, by: tuple[str, ...]) -> Callable[[World], object]:
    """Metadata of ``role`` that says another version than its name."""

    def attack(world: World) -> None:
        path = world.publisher.path(role)
        world.publisher.forge(role, lambda part: part.update(version=version), by, path)

    return attack


def _snapshot_without_targets(world: World) -> None:
    world.publisher.forge("snapshot", lambda part: part["meta"].pop("targets.json"), TARGETS)


def _other_targets(world: World) -> None:
    """Mix and match: the list of release 1 under the name of that of release 2."""
    shutil.copy(world.metadata / "1.targets.json", world.metadata / "2.targets.json")


def _other_snapshot(world: World) -> None:
    shutil.copy(world.metadata / "1.snapshot.json", world.metadata / "2.snapshot.json")


def _changed_after_signing(world: World) -> None:
    path = world.metadata / "2.targets.json"
    path.write_bytes(path.read_bytes().replace(b'"length":3', b'"length":4'))


def _rolled_back(role: str) -> Callable[[World], object]:
    """Thieves of the keys above ``role`` name an older version of it, after the laptop has seen release 2."""

    def attack(world: World) -> None:
        with suppress(OnlabelError):  # the laptop has seen release 2, and stays with 1
            installing.update(world.laptop, LATER, source=str(world.publisher.folder), go_live_check=_refuses)
        by, version = world.publisher, world.publisher.signed("timestamp")["version"]
        if role == "targets":
            by.forge("snapshot", lambda p: p.update(version=3, meta={"targets.json": {"version": 1}}), TARGETS)
        named = 3 if role == "targets" else 1
        change: Fields = {"version": version + (role != "timestamp"), "meta": {"snapshot.json": {"version": named}}}
        by.forge("timestamp", lambda p: p.update(change if role != "timestamp" else {"version": 1}), ("timestamp",))

    return attack


def _refuses(*_: object) -> tuple[str, ...]:
    raise IntegrityError("not today")


def _write(name: str, data: bytes) -> Callable[[World], object]:
    return lambda world: (world.metadata / name).write_bytes(data)


def _pad(name: str, size: int) -> Callable[[World], object]:
    """Valid, and too long: spaces at the end of JSON mean nothing."""
    return lambda world: (world.metadata / name).write_bytes((world.metadata / name).read_bytes() + b" " * size)


def _target(world: World) -> Path:
    (path,) = (world.publisher.folder / "targets" / "models").glob("*.extra.txt")
    return path


def _delegated(world: World) -> None:
    delegations = {"keys": {}, "roles": []}
    world.publisher.forge("targets", lambda part: part.update(delegations=delegations), TARGETS)
    thief = {"keyid": signer("thief").keyid}
    key = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": signer("thief").public.public_hex}}
    role = {"name": "thief", "keyids": [thief["keyid"]], "threshold": 1, "terminating": True, "paths": ["*"]}
    named = {"keys": {thief["keyid"]: key}, "roles": [role]}
    world.publisher.forge("targets", lambda part: part.update(delegations=named), TARGETS)


def _root(
    by: tuple[str, ...], change: Callable[[Fields], object] = lambda _: None, version: int = 2, name: int = 2
) -> Callable[[World], object]:
    """A root of ``version`` under the name ``name``, changed and signed by ``by``."""

    def attack(world: World) -> None:
        part = world.publisher.signed("root") | {"version": version}
        change(part)
        write_signed(world.metadata / f"{name}.root.json", part, by)

    return attack


def _thiefs(part: Fields) -> None:
    """Root keys are the thief's."""
    public = signer("thief").public.public_hex
    part["keys"][keyid_of(public)] = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}
    part["roles"]["root"] = {"keyids": [keyid_of(public)], "threshold": 1}


def _no_threshold(part: Fields) -> None:
    part["roles"]["root"]["threshold"] = 0


def _no_root(world: World) -> None:
    shutil.copy(world.metadata / "1.targets.json", world.metadata / "2.root.json")


def _two_names(part: Fields) -> None:
    """One key under two ids signs for two."""
    key = part["keys"][signer("targets-1").keyid]
    part["keys"]["f" * 64] = key
    for role in ("targets", "snapshot"):
        part["roles"][role]["keyids"].append("f" * 64)


def _two_names_used(world: World) -> None:
    _root(ROOTS, _two_names)(world)
    for role in ("targets", "snapshot"):
        path = world.publisher.path(role)
        found = path.read_text().replace(signer("targets-2").keyid, "f" * 64)
        one, two = signer("targets-1"), signer("targets-2")
        payload = metadata.canonical_json(world.publisher.signed(role))
        path.write_text(found.replace(two.sign(payload).hex(), one.sign(payload).hex()))


def _gap(world: World) -> None:
    """Root 3 is there, root 2 is not; the timestamp is signed by the key of root 3."""

    def change(part: Fields) -> None:
        part["roles"]["timestamp"] = part["roles"]["root"] | {"threshold": 1}

    _root(ROOTS, change, 3, 3)(world)
    world.publisher.forge("timestamp", lambda part: part.update(version=part["version"] + 1), ("root-1",))


def _calls_itself(world: World) -> None:
    """A release of the right version whose description gives another number."""
    stage = world.publisher.stage(3, {"release.json": contents(9)["release.json"]}, LATER)
    world.publisher.sign(stage, (*TARGETS, "timestamp"))
    with pytest.raises(IntegrityError, match="calls itself 9"):
        publish(stage, world.publisher.folder, LATER)
    shutil.copytree(stage, world.publisher.folder, dirs_exist_ok=True)


def _no_description(world: World) -> None:
    def change(part: Fields) -> None:
        del part["targets"]["release.json"]

    world.publisher.forge("targets", change, TARGETS)


def _link(world: World) -> None:
    target = _target(world)
    target.rename(world.publisher.folder / "elsewhere")
    try:
        target.symlink_to(world.publisher.folder / "elsewhere")
    except OSError:
        pytest.skip("this system lets nobody make links")


def _memory_lost(world: World) -> None:
    """The laptop runs release 2, python-tuf's memory is gone, and the stick holds release 1, still fresh."""
    updated(world.laptop, LATER, world.publisher.folder)
    for role in ("timestamp", "snapshot", "targets"):
        (world.laptop / "trust" / f"{role}.json").unlink()
    write_signed(
        world.metadata / "timestamp.json",
        world.publisher.signed("timestamp") | {"meta": {"snapshot.json": {"version": 1}}},
        ("timestamp",),
    )


@dataclass(frozen=True)
class Attack:
    """One row: what is done, the words of the refusal, whether our own proof refuses the metadata by itself."""

    do: Callable[[World], object]
    words: str
    ours: bool = True
    now: dt.datetime = LATER
    stays: int = 1
    error: type[OnlabelError] = IntegrityError


SIGNED = r"signed by|signatures"
VERSION = "older metadata|version"
FUTURE = LATER + 400 * DAY
PAST = "2026-11-22T08:00:00Z"

ATTACKS: dict[str, Attack] = {
    # arbitrary software
    "timestamp unsigned": Attack(forged("timestamp", ()), SIGNED),
    "timestamp by a stranger": Attack(forged("timestamp", ("thief",)), SIGNED),
    "timestamp by a key of another role": Attack(forged("timestamp", ("root-1", "targets-1")), SIGNED),
    "snapshot unsigned": Attack(forged("snapshot", ()), SIGNED),
    "snapshot by the timestamp's key": Attack(forged("snapshot", ("timestamp",)), SIGNED),
    "snapshot with too few signatures": Attack(forged("snapshot", ("targets-1",)), SIGNED),
    "snapshot by one key twice": Attack(forged("snapshot", ("targets-1", "targets-1")), "refused"),
    "targets unsigned": Attack(forged("targets", ()), SIGNED),
    "targets by strangers": Attack(forged("targets", ("thief", "thief-2")), SIGNED),
    "targets with too few signatures": Attack(forged("targets", ("targets-2",)), SIGNED),
    "targets with one signature and a stranger's": Attack(forged("targets", ("targets-2", "thief")), SIGNED),
    "targets by one key twice": Attack(forged("targets", ("targets-1", "targets-1")), "refused"),
    "targets by one key under two ids": Attack(_two_names_used, "under its own id"),
    "targets changed after signing": Attack(_changed_after_signing, SIGNED),
    "a file exchanged": Attack(lambda w: _target(w).write_bytes(b"six"), "not the file that was signed", ours=False),
    "a file too long": Attack(lambda w: _target(w).write_bytes(b"two "), "longer than was signed", ours=False),
    "a file cut short": Attack(
        lambda w: _target(w).write_bytes(b"tw"), "in part only", ours=False, error=OnlabelError
    ),
    "a file missing": Attack(lambda w: _target(w).unlink(), "does not hold it", ours=False),
    "a file behind a link": Attack(_link, "link", ours=False, error=OnlabelError),
    # rollback
    "timestamp rolled back": Attack(_rolled_back("timestamp"), VERSION, ours=False),
    "snapshot rolled back": Attack(_rolled_back("snapshot"), VERSION, ours=False),
    "targets rolled back": Attack(_rolled_back("targets"), VERSION, ours=False),
    "older release, memory lost": Attack(_memory_lost, "older than the installed 2", ours=False, stays=2),
    # freeze
    "everything expired": Attack(lambda _: None, "has expired", ours=False, now=FUTURE),
    "timestamp expired": Attack(forged("timestamp", ("timestamp",), expires=PAST), "has expired", ours=False),
    "snapshot expired": Attack(forged("snapshot", TARGETS, expires=PAST), "has expired", ours=False),
    "targets expired": Attack(forged("targets", TARGETS, expires=PAST), "has expired", ours=False),
    "root expired": Attack(_root(ROOTS, lambda p: p.update(expires=PAST)), "has expired", ours=False),
    # mix and match
    "targets of another release": Attack(_other_targets, VERSION),
    "snapshot of another release": Attack(_other_snapshot, VERSION),
    "snapshot that calls itself otherwise": Attack(_renamed("snapshot", 5, TARGETS), VERSION),
    "targets that call themselves otherwise": Attack(_renamed("targets", 5, TARGETS), VERSION),
    "snapshot without targets": Attack(_snapshot_without_targets, "refused|malformed"),
    "release with another's number": Attack(_calls_itself, "calls itself 9", ours=False),
    "release without description": Attack(_no_description, "no release.json", ours=False),
    # endless data
    "timestamp too long": Attack(_pad("timestamp.json", 20_000), "refused", ours=False),
    "snapshot too long": Attack(_pad("2.snapshot.json", 5_000_001), "refused|longer"),
    "targets too long": Attack(_pad("2.targets.json", 5_000_001), "refused|longer"),
    "root too long": Attack(_write("2.root.json", b" " * 600_000), "refused|malformed"),
    # roots
    "root by the old keys only": Attack(_root(ROOTS, _thiefs), SIGNED),
    "root by the new keys only": Attack(_root(("thief",), _thiefs), SIGNED),
    "root by too few of the old": Attack(_root(("root-1", "thief"), _thiefs), SIGNED),
    "root by one old key twice": Attack(_root(("root-1", "root-1")), "refused"),
    "root unsigned": Attack(_root(()), SIGNED),
    "root by keys of other roles": Attack(_root(("targets-1", "targets-2", "timestamp")), SIGNED),
    "root of the version before": Attack(_root(ROOTS, version=1), VERSION + "|follows"),
    "root that skips a version": Attack(_root(ROOTS, version=3), VERSION + "|follows"),
    "root missing in between": Attack(_gap, SIGNED),
    "root with a threshold of none": Attack(_root(ROOTS, _no_threshold), "refused|malformed"),
    "root is no root": Attack(_no_root, "refused|'targets'|malformed"),
    # malformed, and what releases do not use
    "timestamp is no JSON": Attack(_write("timestamp.json", b"{"), "refused|malformed"),
    "timestamp nested deeply": Attack(_write("timestamp.json", b"[" * 9000), "refused|malformed"),
    "timestamp is a snapshot": Attack(forged("timestamp", ("timestamp",), _type="snapshot"), "refused|'snapshot'"),
    "specification of another time": Attack(forged("timestamp", ("timestamp",), spec_version="2.0"), "refused|stands"),
    "version is no number": Attack(_renamed("timestamp", True, ("timestamp",)), "refused|malformed"),
    "files handed over to others": Attack(_delegated, "delegations"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_and_what_was_in_use_stays(world: World, name: str) -> None:
    attack = ATTACKS[name]
    attack.do(world)
    with pytest.raises(attack.error, match=attack.words) as caught:
        offer(world, attack.now)
    assert type(caught.value) is attack.error
    assert open_installed(world.laptop, LATER).number == attack.stays


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack.ours])
def test_our_own_proof_refuses_it_too(world: World, name: str) -> None:
    """Metadata that got past python-tuf would still not be opened: another implementation reads it each time."""
    ATTACKS[name].do(world)
    with pytest.raises(IntegrityError, match=ATTACKS[name].words):
        prove(world.metadata, world.publisher.given_root)


def test_without_an_attack_release_2_goes_into_use(world: World) -> None:
    """The table would mean nothing if the offer were refused anyway."""
    offer(world)
    assert open_installed(world.laptop, LATER).number == 2


# --- names ------------------------------------------------------------------------------------------------------------

BAD_NAMES = {
    "up": ["../evil"], "up within": ["index/../../evil"], "absolute": ["/etc/evil"], "drive": ["C:/evil"],
    "drive relative": ["C:evil"], "back slash": ["..\\evil"], "share": ["//server/share/evil"], "here": ["./evil"],
    "empty part": ["index//evil"], "empty": [""], "folder": ["index/"], "hidden": [".evil"], "option": ["-evil"],
    "final dot": ["evil."], "final space": ["evil "], "stream": ["evil:hidden"], "new line": ["evil\n"],
    "null": ["evil\0.txt"], "letters beyond": ["évil"], "right to left": ["\u202etxt.evil"],
    "reserved": ["con"], "reserved with ending": ["models/NUL.gguf"], "reserved port": ["lpt1.txt"],
    "reserved folder": ["aux/evil"], "differ in case": ["models/A.txt", "models/a.txt"],
    "folders differ in case": ["Models/a.txt"], "file and folder": ["evil", "evil/evil"],
    "file and folder in case": ["EVIL/evil", "evil"], "too long": ["e" * 121], "too deep": ["/".join("abcdefghi")],
}  # fmt: skip


def _named(world: World, paths: list[str]) -> None:
    """Somebody who may sign lists files under these names."""

    def change(part: Fields) -> None:
        entry = part["targets"]["models/extra.txt"]
        part["targets"] |= dict.fromkeys(paths, entry)

    world.publisher.forge("targets", change, TARGETS)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_signed_name_that_leads_elsewhere_is_refused(world: World, name: str) -> None:
    _named(world, BAD_NAMES[name])
    with pytest.raises(IntegrityError):
        prove(world.metadata, world.publisher.given_root)
    with pytest.raises(IntegrityError):
        offer(world)
    assert open_installed(world.laptop, LATER).number == 1
    assert not list(world.laptop.parent.rglob("*evil*"))


def test_plain_names_are_taken() -> None:
    names.check_names(["release.json", "index/0123-b/passages.sqlite", "models/a_b-c+d.gguf", "consul.txt", "_x"])


# --- root rotation and recovery ---------------------------------------------------------------------------------------


def _rotated(world: World, publisher: Publisher, by: tuple[str, ...]) -> None:
    """Publish the next root with the keys of ``publisher``."""
    stage = world.publisher.folder.parent / f"rotation-{len(list(world.metadata.glob('*.root.json')))}"
    rotate_root(world.publisher.folder, stage, publisher.roles(), LATER)
    world.publisher.sign(stage, by)
    publish(stage, world.publisher.folder, LATER)


def test_roots_rotate_one_after_the_other_by_old_and_new_keys(world: World) -> None:
    """The laptop was away for two rotations."""
    second = Publisher(world.publisher.folder, root=("root-2", "root-3", "new-1"))
    _rotated(world, second, ("root-1", "root-2", "root-3", "timestamp"))
    third = Publisher(world.publisher.folder, root=("new-1", "new-2", "new-3"), targets=("fresh-1", "fresh-2"))
    _rotated(world, third, ("root-2", "root-3", "new-1", "new-2", "fresh-1", "fresh-2", "timestamp"))
    offer(world)
    assert open_installed(world.laptop, LATER).number == 2
    third.release(3, now=LATER + dt.timedelta(minutes=1))
    offer(world, LATER + dt.timedelta(minutes=1))
    assert open_installed(world.laptop, LATER).number == 3


def test_the_list_that_receipts_name_is_kept_when_new_keys_sign_it_anew(world: World) -> None:
    offer(world)
    before = open_installed(world.laptop, LATER).targets_sha256
    new = Publisher(world.publisher.folder, targets=("fresh-1", "fresh-2"))
    _rotated(world, new, (*ROOTS, "fresh-1", "fresh-2", "timestamp"))
    offer(world)
    opened = open_installed(world.laptop, LATER)
    assert (opened.number, opened.targets_sha256 == before) == (2, False)
    proofs = [prove(path, world.publisher.given_root) for path in (world.laptop / "trust" / "proofs").iterdir()]
    assert {before, opened.targets_sha256} <= {proved.targets_sha256 for proved in proofs}


def test_after_a_rotation_the_old_keys_sign_nothing(world: World) -> None:
    new = Publisher(world.publisher.folder, targets=("fresh-1", "fresh-2"), timestamp=("fresh-3",))
    _rotated(world, new, (*ROOTS, "fresh-1", "fresh-2", "fresh-3"))
    world.publisher.forge("targets", lambda part: part.update(version=3), TARGETS)
    world.publisher.forge("snapshot", lambda p: p.update(version=3, meta={"targets.json": {"version": 3}}), TARGETS)
    later = world.publisher.signed("timestamp")["version"] + 1
    for thief, by in (("the timestamp", "timestamp"), ("what it names", "fresh-3")):
        change = {"version": later, "meta": {"snapshot.json": {"version": 3}}}
        world.publisher.forge("timestamp", lambda part, change=change: part.update(change), (by,))
        with pytest.raises(IntegrityError, match="not signed by enough"):
            offer(world)
        assert open_installed(world.laptop, LATER).number == 1, thief


def _fast_forward(world: World) -> None:
    """A thief of the timestamp key numbers so high that no honest timestamp ever comes after."""
    world.publisher.forge("timestamp", lambda part: part.update(version=2**40), ("timestamp",))
    offer(world)


def test_fast_forward_keeps_honest_timestamps_out_until_the_key_is_exchanged(world: World) -> None:
    honest = world.publisher.path("timestamp").read_bytes()
    _fast_forward(world)
    world.publisher.path("timestamp").write_bytes(honest)
    with pytest.raises(IntegrityError, match="older metadata"):
        offer(world)
    new = Publisher(world.publisher.folder, timestamp=("fresh",))
    _rotated(world, new, (*ROOTS, "fresh"))
    offer(world)
    new.release(3, now=LATER + dt.timedelta(minutes=2))
    offer(world, LATER + dt.timedelta(minutes=2))
    assert open_installed(world.laptop, LATER).number == 3


def test_fast_forward_of_the_number_is_undone_by_exchanging_the_signing_keys(world: World) -> None:
    """Specification 5.3.11: thieves of every signing key made release 999; the honest 3 comes with new keys."""
    before = world.publisher.folder.parent / "before"
    shutil.copytree(world.publisher.folder, before)
    world.publisher.release(999, now=LATER)
    offer(world)
    assert open_installed(world.laptop, LATER).number == 999
    shutil.rmtree(world.publisher.folder)
    before.rename(world.publisher.folder)
    new = Publisher(world.publisher.folder, targets=("fresh-1", "fresh-2"), timestamp=("fresh-3",))
    _rotated(world, new, (*ROOTS, "fresh-1", "fresh-2", "fresh-3"))
    new.release(3, now=LATER + dt.timedelta(minutes=2))
    offer(world, LATER + dt.timedelta(minutes=2))
    assert open_installed(world.laptop, LATER).number == 3


# --- sources that do not end, and files that nobody named -------------------------------------------------------------


def test_a_source_that_never_ends_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = FolderSource.read
    given = 0

    def endless(source: FolderSource, path: str, offset: int = 0) -> Iterator[bytes]:
        nonlocal given
        if not path.endswith(".extra.txt"):
            yield from read(source, path, offset)
            return
        while True:
            given += 1
            assert given < 5, "read on and on"
            yield bytes(1 << 18)

    monkeypatch.setattr(FolderSource, "read", endless)
    with pytest.raises(IntegrityError, match="longer than was signed"):
        offer(world)


def test_files_that_nobody_signed_for_are_left_where_they_are(world: World) -> None:
    (world.publisher.folder / "targets" / "models" / "evil.exe").write_bytes(b"evil")
    offer(world)
    assert not list(world.laptop.rglob("evil.exe"))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no name there")
def test_a_pipe_on_a_stick_does_not_make_the_laptop_wait(world: World) -> None:
    import os

    target = _target(world)
    target.unlink()
    os.mkfifo(target)
    with pytest.raises(OnlabelError, match="no plain file"):
        offer(world)


@pytest.mark.parametrize("given", ["ftp://example.com/x", "file:///etc", "javascript:x", "/no/such/folder"])
def test_other_sources_are_refused(given: str) -> None:
    with pytest.raises(OnlabelError, match="no folder and no http"):
        source_of(given)


# --- that the tests of our own defences can fail ----------------------------------------------------------------------


def _nothing(*_: object, **__: object) -> None:
    return None


def _all_keys(root: Fields) -> dict[str, str]:
    return {keyid: key["keyval"]["public"] for keyid, key in root["keys"].items()}


OFF: dict[str, tuple[object, str, object, Callable[[World], object], int]] = {
    "names": (metadata, "check_names", _nothing, lambda w: _named(w, ["models/aux.txt"]), 2),
    "rollback, memory lost": (installing, "_no_rollback", _nothing, _memory_lost, 1),
    "one key, two ids": (metadata, "_keys", _all_keys, _two_names_used, 2),
    "delegations": (metadata, "_files", lambda part: _files({**part, "delegations": None}), _delegated, 2),
}
_files = metadata._files


@pytest.mark.parametrize("defence", OFF)
def test_with_the_defence_switched_off_the_attack_succeeds(
    world: World, monkeypatch: pytest.MonkeyPatch, defence: str
) -> None:
    module, name, instead, attack, number = OFF[defence]
    attack(world)
    if defence == "names":
        source = _target(world)
        shutil.copy(source, source.with_name(source.name.replace("extra", "aux")))
    with pytest.raises(IntegrityError):
        offer(world)
    monkeypatch.setattr(module, name, instead)
    installing.update(world.laptop, LATER, source=str(world.publisher.folder), go_live_check=lets_live)
    assert open_installed(world.laptop, LATER).number == number


# --- an attacker at the laptop's own folder ---------------------------------------------------------------------------


def _release(world: World) -> Path:
    return world.laptop / "releases" / "1"


def _proof(world: World) -> Path:
    (proof,) = (world.laptop / "trust" / "proofs").iterdir()
    return proof


def _linked_folder(world: World) -> None:
    models = _release(world) / "models"
    models.rename(world.laptop / "models-moved")
    try:
        models.symlink_to(world.laptop / "models-moved", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")


def _linked_file(world: World) -> None:
    path = _release(world) / "models" / "m.gguf"
    path.rename(world.laptop / "moved")
    try:
        path.symlink_to(world.laptop / "moved")
    except OSError:
        pytest.skip("this system lets nobody make links")


def _resigned(world: World) -> None:
    """Another list, signed by a stranger, with its hash written wherever we keep it."""
    path = _proof(world) / "1.targets.json"
    known = open_installed(world.laptop, LATER).targets_sha256
    part = Publisher(world.publisher.folder).signed("targets") | {"version": 1}
    write_signed(path, part, ("thief", "thief-2"))
    record = world.laptop / "trust" / "installed" / "1.json"
    record.write_text(record.read_text().replace(known, metadata.sha256_hex(path.read_bytes())))


def _flip(path: Path, more: bytes = b"") -> None:
    """Change a byte in the middle, or add some at the end."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= not more
    path.unlink()  # it may be a hard link
    path.write_bytes(data + more)


AT_HOME: dict[str, Callable[[World], object]] = {
    "a byte of the model": lambda w: _flip(_release(w) / "models" / "m.gguf"),
    "a byte of the settings": lambda w: _flip(_release(w) / "onlabel.toml"),
    "a byte longer": lambda w: _flip(_release(w) / "index" / "CURRENT", b"x"),
    "a file gone": lambda w: (_release(w) / "golden.jsonl").unlink(),
    "a file too many": lambda w: (_release(w) / "index" / "evil.sqlite").write_bytes(b""),
    "a hidden file too many": lambda w: (_release(w) / ".evil").write_bytes(b""),
    "a folder behind a link": _linked_folder,
    "a file behind a link": _linked_file,
    "the list of files": lambda w: _flip(_proof(w) / "1.targets.json"),
    "the list gone": lambda w: (_proof(w) / "1.targets.json").unlink(),
    "the timestamp": lambda w: _flip(_proof(w) / "timestamp.json"),
    "the given root": lambda w: _flip(w.laptop / "trust" / "given.root.json"),
    "the pointer": lambda w: (w.laptop / "current").write_text("../1"),
    "the record": lambda w: (w.laptop / "trust" / "installed" / "1.json").write_text("{}"),
    "the state": lambda w: (w.laptop / "state.json").unlink(),
}  # fmt: skip


@pytest.mark.parametrize("what", AT_HOME)
def test_an_install_that_was_tampered_with_is_not_opened(world: World, what: str) -> None:
    AT_HOME[what](world)
    with pytest.raises(IntegrityError):
        open_installed(world.laptop, LATER)


def test_a_list_signed_by_strangers_is_not_believed_for_its_hash(world: World) -> None:
    _resigned(world)
    with pytest.raises(IntegrityError, match="0 of 2 signatures"):
        open_installed(world.laptop, LATER)


def test_every_byte_of_an_installed_release_is_proved(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proof of the files a changed settings file would be opened."""
    AT_HOME["a byte of the settings"](world)
    monkeypatch.setattr(opening, "prove_files", _nothing)
    assert open_installed(world.laptop, LATER).number == 1
