"""``approvals/roster.yaml``: who may approve, in which role, for which markets, from when until when.

Guarantees: an entry binds a printed name to a key, and the key to its own id. A role is held from ``since`` on and
until before ``until``: signatures of that time stay good afterwards. A stolen key is another matter: a thief writes any
date he likes, so take its entries out, and nothing that it ever signed counts.

Refuses unknown fields, a key id that is not that of the key, a weak key, and one key under two names.
"""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assistant.content.corpus import Date, Market
from assistant.content.frontmatter import load_mapping, read_utf8, validate
from assistant.content.policy import ReviewRole
from assistant.errors import ContentError, OnlabelError, UsageError
from assistant.trust.disk import write_whole
from assistant.trust.keys import PublicKey, is_printed_name, is_weak, keyid_of

SCHEMA = "onlabel.roster/1"
ROLES: tuple[str, ...] = get_args(ReviewRole)
EVERYWHERE = "*"

_HEAD = f"""# Who may approve content, and since when. `onlabel keys enrol` adds an entry at the end.
# A role ends before `until`; what was signed before stays good. Take the entries of a stolen key out altogether.
schema: {SCHEMA}
people:
"""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    printed_name: str
    keyid: str
    public: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    roles: Annotated[tuple[ReviewRole, ...], Field(min_length=1)]
    markets: Literal["*"] | Annotated[tuple[Market, ...], Field(min_length=1)] = "*"
    since: Date
    until: Date | None = None

    @field_validator("printed_name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not is_printed_name(name):
            raise ValueError("printed_name must stand on one line, without space around it")
        return name


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["onlabel.roster/1"] = Field(alias="schema")
    people: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """One entry: a key, whose it is, and what it may sign. ``markets`` holds ``*`` where it is every one."""

    printed_name: str
    keyid: str
    public_hex: str
    roles: tuple[str, ...]
    markets: tuple[str, ...]
    since: dt.date
    until: dt.date | None

    def holds(self, role: str, day: dt.date, market: str | None = None) -> bool:
        """Whether this entry gives ``role`` on ``day`` for ``market`` (None: for any)."""
        in_time = self.since <= day and (self.until is None or day < self.until)
        here = market is None or EVERYWHERE in self.markets or market in self.markets
        return role in self.roles and in_time and here


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone who may sign. A key may have several entries, e.g. another role from another day on."""

    people: tuple[Holder, ...]

    def key(self, keyid: str) -> PublicKey | None:
        """The key of this id."""
        for holder in self.people:
            if holder.keyid == keyid:
                return PublicKey(keyid, holder.public_hex, holder.printed_name)
        return None

    def holds(self, keyid: str, role: str, day: dt.date, market: str | None = None) -> bool:
        """Whether this key's holder had ``role`` on ``day`` for ``market`` (None: for any)."""
        return any(holder.keyid == keyid and holder.holds(role, day, market) for holder in self.people)


def person(printed_name: str) -> str:
    """What tells one person from another: the printed name, whatever its spaces and capitals."""
    return " ".join(unicodedata.normalize("NFKC", printed_name).casefold().split())


def parse_roster(data: bytes, path: Path) -> Roster:
    """The roster in ``data``; ``path`` is what faults name.

    :raises ContentError: it cannot be meant.
    """
    read = validate(_File, load_mapping(data, path), data, path, 1)
    people = tuple(_holder(entry, path) for entry in read.people)
    named: dict[str, str] = {}
    for holder in people:
        if named.setdefault(holder.keyid, holder.printed_name) != holder.printed_name:
            raise ContentError(f"key {holder.keyid[:8]} stands under two names: one key is one person's", path)
    return Roster(people)


def read_roster(path: Path) -> Roster:
    """The roster in ``path``; nobody where there is none.

    :raises ContentError: it cannot be meant.
    """
    return parse_roster(read_utf8(path), path) if path.is_file() else Roster(())


def enrol(
    path: Path,
    key: PublicKey,
    roles: Iterable[str],
    markets: Iterable[str],
    since: dt.date,
    until: dt.date | None = None,
) -> Roster:
    """Add an entry at the end of the roster in ``path``, which is made where there is none; the new roster.

    :param markets: none: every one.
    :raises UsageError: the entry adds nothing, or the file is laid out so that it has to be added by hand.
    """
    before = read_roster(path)
    roles, wanted = tuple(roles), tuple(markets) or (EVERYWHERE,)
    if all(before.holds(key.keyid, role, since, market) for role in roles for market in wanted):
        raise UsageError(f"{key.name} holds that already: change or end the entry in {path}")
    entry = _written(key, roles, wanted, since, until)
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if path.is_file() else _HEAD
    try:
        after = parse_roster((text + entry).encode(), path)
    except ContentError as error:
        raise UsageError(f"the entry cannot be added to {path} ({error.message}); add it by hand:\n{entry}") from error
    try:
        write_whole(path, (text + entry).encode())
    except OSError as error:
        raise OnlabelError(f"{path}: the roster cannot be written: {error.strerror}") from error
    return after


def _written(
    key: PublicKey, roles: Iterable[str], markets: tuple[str, ...], since: dt.date, until: dt.date | None
) -> str:
    fields: dict[str, Any] = {
        "printed_name": key.name,
        "keyid": key.keyid,
        "public": key.public_hex,
        "roles": list(roles),
        "markets": EVERYWHERE if EVERYWHERE in markets else list(markets),
    }
    # JSON is YAML, quotes every string, and so takes whatever a name holds.
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    lines.append(f"since: {since.isoformat()}")
    if until is not None:
        lines.append(f"until: {until.isoformat()}")
    return "  - " + "\n    ".join(lines) + "\n"


def _holder(entry: _Entry, path: Path) -> Holder:
    if keyid_of(entry.public) != entry.keyid:
        raise ContentError(f"keyid {entry.keyid[:8]} is not that of its key: enrol the key again", path)
    if is_weak(entry.public):
        raise ContentError(f"key {entry.keyid[:8]} is weak: anybody can sign for it", path)
    if entry.until is not None and entry.until <= entry.since:
        raise ContentError(f"{entry.printed_name}: until is not after since: the role would never be held", path)
    return Holder(
        entry.printed_name, entry.keyid, entry.public, entry.roles, tuple(entry.markets), entry.since, entry.until
    )
