"""Publications for tests: keys that cost nothing, releases of a few bytes, a hand that may change and sign anything.

The releases hold the files that installing looks at and nothing that answers: what they are asked is not asked here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.canonical import canonical_json, sha256_hex
from assistant.releases.installing import InstallReport, install, update
from assistant.releases.publishing import init_publication, publish
from assistant.releases.repository import Repository, Roles, make_snapshot, make_targets, make_timestamp
from assistant.releases.signing import sign
from assistant.releases.staging import carry_roots, new_stage
from assistant.trust.installed.description import Contexts, Description, GoldenTerms, Offline
from assistant.trust.installed.metadata import Target
from assistant.trust.keys import PublicKey, Signer, keyid_of

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MODEL = b"GGUF" + bytes(1000)


@cache
def signer(name: str) -> Signer:
    """A key of this name; the same in every test, and made in no time."""
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sha256_hex(name.encode())))
    public = private.public_key().public_bytes_raw().hex()
    return Signer(PublicKey(keyid_of(public), public, name), private)


def description(number: int, now: dt.datetime = NOW, **changed: Any) -> Description:
    """``release.json`` of a release of nothing."""
    fields: dict[str, Any] = {
        "name": "spring",
        "number": number,
        "built_at": now,
        "software": "source",
        "ledger": "1" * 64,
        "index": "2" * 64,
        "model_sha256": sha256_hex(MODEL),
        "policy_sha256": "3" * 64,
        "contexts": Contexts(audiences=("hcp",), markets=("US",), languages=("en",), channels=("cli",)),
        "offline": Offline(),
        "golden": GoldenTerms(questions=0, tolerated_clarifications=0),
        "counts": {"passages": 1},
    }
    return Description(**(fields | changed))


@dataclass
class Publisher:
    """A publication and everybody who may sign for it: root and targets two of three, the timestamp one key."""

    folder: Path
    root: Sequence[str] = ("root-1", "root-2", "root-3")
    targets: Sequence[str] = ("targets-1", "targets-2", "targets-3")
    timestamp: Sequence[str] = ("timestamp",)

    def begin(self, now: dt.datetime = NOW) -> Publisher:
        init_publication(self.folder, self.roles(), now)
        self.sign(self.folder, self.root[:2])
        return self

    def roles(self) -> Roles:
        def publics(names: Sequence[str]) -> list[PublicKey]:
            return [signer(name).public for name in names]

        return Roles(publics(self.root), 2, publics(self.targets), 2, publics(self.timestamp))

    @property
    def repository(self) -> Repository:
        return Repository(self.folder)

    @property
    def given_root(self) -> bytes:
        return (self.folder / "metadata" / "1.root.json").read_bytes()

    def sign(self, folder: Path, names: Iterable[str]) -> None:
        for name in names:
            sign(folder, signer(name))

    def stage(
        self, number: int, files: Mapping[str, bytes] | None = None, now: dt.datetime = NOW, **changed: Any
    ) -> Path:
        """An unsigned stage with release ``number``: ``files`` beside those that every release has."""
        stage = self.folder.parent / f"stage-{len(list(self.folder.parent.glob('stage-*')))}"
        made = contents(number, now, **changed) | dict(files or {})
        sizes = {path: (len(data), sha256_hex(data)) for path, data in made.items()}
        before = self.repository.timestamp()
        with new_stage(stage) as staged:
            carry_roots(self.repository, staged)
            for path, data in made.items():
                place = staged.root / Target(path, len(data), sha256_hex(data)).published_as
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            staged.write(make_targets(sizes, number, now))
            staged.write(make_snapshot(number, now))
            staged.write(make_timestamp(number, before.signed.version if before else 0, 30, now))
        return stage

    def release(
        self, number: int, files: Mapping[str, bytes] | None = None, now: dt.datetime = NOW, **changed: Any
    ) -> Publisher:
        """Build, sign and publish release ``number``."""
        stage = self.stage(number, files, now, **changed)
        self.sign(stage, (*self.targets[:2], self.timestamp[0]))
        publish(stage, self.folder, now)
        return self

    # -- the hand that may change anything -----------------------------------------------------------------------------

    def path(self, role: str) -> Path:
        """The newest metadata of a role."""
        if role == "timestamp":
            return self.folder / "metadata" / "timestamp.json"
        return max((self.folder / "metadata").glob(f"*.{role}.json"), key=lambda path: int(path.name.partition(".")[0]))

    def signed(self, role: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path(role).read_bytes())["signed"]
        return found

    def forge(
        self, role: str, change: Callable[[dict[str, Any]], object], by: Iterable[str], path: Path | None = None
    ) -> None:
        """Change a role's metadata and sign it by ``by`` alone, under the name of its version or ``path``."""
        part = self.signed(role)
        change(part)
        name = "timestamp.json" if role == "timestamp" else f"{part['version']}.{role}.json"
        write_signed(path or self.folder / "metadata" / name, part, by)


def write_signed(path: Path, part: Mapping[str, Any], by: Iterable[str]) -> None:
    """Metadata with signatures as they come: one a name, also where a name comes twice."""
    payload = canonical_json(dict(part))
    signatures = [{"keyid": signer(name).keyid, "sig": signer(name).sign(payload).hex()} for name in by]
    path.write_text(json.dumps({"signatures": signatures, "signed": part}), encoding="utf-8")


def contents(number: int, now: dt.datetime = NOW, **changed: Any) -> dict[str, bytes]:
    """The files of a release of nothing."""
    return {
        "release.json": description(number, now, **changed).to_bytes(),
        "onlabel.toml": b"[context]\n",
        "models/m.gguf": MODEL,
        "index/CURRENT": b"0123456789abcdef\n",
        "golden.jsonl": b"",
    }


def lets_live(*_: object) -> tuple[str, ...]:
    """A go-live check that lets every release live."""
    return ()


def installed(publisher: Publisher, to: Path, now: dt.datetime = NOW) -> InstallReport:
    """Install what ``publisher`` holds."""
    return install(str(publisher.folder), to, publisher.given_root, now, go_live_check=lets_live)


def updated(to: Path, now: dt.datetime = NOW, source: Path | str | None = None) -> InstallReport:
    """Update an install."""
    return update(to, now, source=None if source is None else str(source), go_live_check=lets_live)
