"""A recorded answer given again, from the release and in the context that the record names, and held against it.

Guarantees: nothing is recorded or queued, and nothing of the record is believed but what was asked: outcome, passages
and bytes are worked out anew by the same engine and proved by the same verifier. Refuses a record that does not hold
the question as typed, and one whose release is not at hand.

Of a conversation the record names what was carried over, not the answer before: the product is given as the one asked
about, the topic and the notice of harm as those of some answer before, and so is asked again what can only be answered
after another one. What is carried now is held against the record too, so that the answer's receipt says the same of it.
What had been withdrawn by the time of the record is withdrawn; a withdrawal that was signed before and reached the
install after it is told apart by asking without it too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.canonical import sha256_hex
from assistant.domain import SUBJECT, Context, Flag
from assistant.errors import NotReadyError, UsageError
from assistant.trust.audit import Unrecorded
from assistant.trust.installed.description import FILE as RELEASE_FILE
from assistant.trust.installed.description import read_description
from assistant.trust.installed.folder import InstallFolder, is_install
from assistant.trust.installed.opening import prove_files, prove_metadata
from assistant.trust.installed.withdrawing import withdrawn_before
from assistant.trust.withdrawn import NOTHING, Withdrawn

if TYPE_CHECKING:
    from assistant.answering.answer import Answer


@dataclass(frozen=True, slots=True)
class Difference:
    """What the record says of a part of the answer, and what it is now."""

    what: str
    recorded: str
    now: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """The answer given again, and where it differs from the record; no differences: byte for byte the same."""

    answer: Answer
    differences: tuple[Difference, ...]


def release_folder(entry: Mapping[str, Any], place: Path) -> Path:
    """The workspace folder that answered: the release that the record names, in an install or at ``place`` itself.

    :raises NotReadyError: it is not there.
    :raises IntegrityError: it stands in an install and is not as it was signed.
    """
    named = entry.get("release")
    if named is None:
        return place
    number = int(named["number"])
    folder = place
    if is_install(place):
        install = InstallFolder.find(place)
        folder = install.release(number)
        if folder.is_dir():
            prove_files(folder, prove_metadata(install, install.installed(number)))
    if not (folder / RELEASE_FILE).is_file() or read_description(folder).number != number:
        raise NotReadyError(
            f"release {number} is not in {place}: give the install or folder that holds it by --release"
        )
    return folder


def replay(entry: Mapping[str, Any], folder: Path, mailed: Iterable[bytes] = ()) -> Replayed:
    """Answer what ``entry`` records again, from the release in ``folder``.

    :param mailed: the withdrawal lists that were applied to its install.
    :raises UsageError: the record does not hold the question as it was typed.
    """
    if entry.get("question_policy", "full") != "full":
        raise UsageError(f"the question was recorded as {entry['question_policy']}: it cannot be asked again")
    if entry.get("release") is None:
        return _replay(entry, folder, NOTHING)
    withdrawn = withdrawn_before(folder, mailed, entry["time"])
    then = _replay(entry, folder, withdrawn)
    if then.differences and withdrawn:
        without = _replay(entry, folder, withdrawn_before(folder, (), entry["time"]))
        return then if without.differences else without
    return then


def mailed_withdrawals(place: Path) -> tuple[bytes, ...]:
    """The withdrawal lists that were applied to the install in ``place``, if it is one."""
    if not is_install(place):
        return ()
    install = InstallFolder.find(place)
    return tuple((install.withdrawals / f"{sha256}.dsse.json").read_bytes() for sha256 in install.state().withdrawals)


def _replay(entry: Mapping[str, Any], folder: Path, withdrawn: Withdrawn) -> Replayed:
    from assistant.pipeline import Assistant

    assistant = Assistant.open(folder, audit=Unrecorded(), withdrawn=withdrawn)
    try:
        context, carried = _context(entry["context"]), _carried(entry)
        before = None
        sourced = (entry["outcome"], entry["intent"]) == ("answered", "source_request")
        if sourced or carried.keys() & {"topic", "population", SUBJECT, "harm"}:
            # Of the answer before only what it was about counts: any answer, so that it is about that.
            names = ("topic", "population", SUBJECT)
            about: dict[str, str] = {name: carried[name] for name in names if name in carried}
            flags = tuple(flag for flag in Flag if flag.value == carried.get("harm"))
            before = replace(assistant.ask("hello", context), slots=about, flags=flags)
        answer = assistant.ask(entry["question"], context, before, product=carried.get("product", ""))
    finally:
        assistant.close()
    return Replayed(answer, tuple(_differences(entry, answer)))


def _carried(entry: Mapping[str, Any]) -> dict[str, str]:
    """Slot -> value of what was carried over."""
    return {name: str(entry["slots"].get(name, "")) for name in entry.get("carried", ())}


def _context(given: Mapping[str, str]) -> Context:
    day = dt.date.fromisoformat(given["date"])
    return Context(given["audience"], given["market"], given["language"], given["channel"], day)


def _differences(entry: Mapping[str, Any], answer: Answer) -> list[Difference]:
    shown = [f"{s.id}@{s.version} {s.role} {s.sha256[:16]}" for s in answer.spans if s.source == "passage"]
    was = [f"{p['id']}@{p['version']} {p['role']} {p['sha256'][:16]}" for p in entry["passages"]]
    pairs = (
        ("outcome", entry["outcome"], answer.outcome.value),
        ("flags", ", ".join(entry["flags"]), ", ".join(flag.value for flag in answer.flags)),
        ("intent", entry["intent"], answer.intent),
        ("carried", _pairs(_carried(entry)), _pairs({name: answer.slots[name] for name in answer.carried})),
        ("passages", "; ".join(was), "; ".join(shown)),
        ("bytes", entry["answer_sha256"], sha256_hex(answer.text)),
    )
    return [Difference(what, recorded, now) for what, recorded, now in pairs if recorded != now]


def _pairs(carried: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in carried.items())
