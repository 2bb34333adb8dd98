"""A small release, sealed for the tests of the stand-alone verifier: real ledger, TUF metadata and signatures.

The envelopes and the answers are put together by hand, so that what is tested is what the documents promise.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from assistant.canonical import canonical_json, fingerprint, sha256_hex
from assistant.content.corpus import Origin, SourcedDocument
from assistant.content.policy import ApprovalRules
from assistant.domain import Document, Passage
from assistant.trust.approvals.manifest import manifest
from assistant.trust.approvals.roster import Holder, Roster
from assistant.trust.approvals.subjects import (
    GoverningFile,
    Subject,
    document_subject,
    file_subject,
    passage_subject,
    template_subject,
)
from assistant.trust.keys import keyid_of
from assistant.trust.ledger import Ledger, TemplateRecord, write_ledger
from assistant.trust.receipts import make_receipt
from assistant.trust.standalone import onlabel_verify as standalone
from tests.test_verification import PASSAGES, RULES, SCOPE, TEMPLATES, Claimed, World

BUILT = "2026-11-15T12:00:00Z"
SIGNED_AT = "2026-11-10T09:00:00Z"
INDEX, MODEL = "1" * 64, "2" * 64
#: What an answer says was carried over: slot -> value.
CARRIED = {"product": "z", "topic": "hepatic_impairment"}
EXPIRES = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
FILES = {
    "policy": ("policy.yaml", b"version: '1'\n"),
    "taxonomy": ("shipped-taxonomy.yaml", b"intents: {}\n"),
    "screen": ("screen.yaml", b"rules: []\n"),
    "settings": ("onlabel.toml", b"[context]\n"),
    "model": ("tiny.gguf", b"GGUF"),
    "golden": ("golden.jsonl", b"{}\n"),
}


class Key:
    """An Ed25519 key that is the same in every run."""

    def __init__(self, seed: int) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "little"))
        self.public = self.private.public_key().public_bytes_raw().hex()
        self.keyid = keyid_of(self.public)
        self.sslib = SSlibKey(self.keyid, "ed25519", "ed25519", {"public": self.public})

    def sign(self, metadata: Metadata[Any]) -> None:
        metadata.sign(CryptoSigner(self.private, self.sslib), append=True)


ROOT, ROOT2, TARGETS, TARGETS2, ONLINE, THIEF = (Key(n) for n in range(10, 16))
PEOPLE = {
    "medical": ("Jane Roe, MD", Key(1)),
    "legal": ("Lou Poe", Key(2)),
    "regulatory": ("Ann Doe", Key(3)),
}


def holder(name: str, key: Key, *roles: str, markets: tuple[str, ...] = ("*",), **dates: dt.date) -> Holder:
    since = dates.get("since", dt.date(2026, 1, 1))
    return Holder(name, key.keyid, key.public, roles, markets, since, dates.get("until"))


ROSTER = tuple(holder(name, key, role) for role, (name, key) in PEOPLE.items())


def envelope(payload: Mapping[str, Any], key: Key, sort: str = "approval") -> bytes:
    """A DSSE envelope, by hand."""
    kind = f"application/vnd.onlabel.{sort}+json".encode()
    body = canonical_json(dict(payload))
    signature = key.private.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    parts = {
        "payload": base64.b64encode(body).decode(),
        "payloadType": kind.decode(),
        "signatures": [{"keyid": key.keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(parts).encode()


def approval(subjects: Iterable[Subject], role: str, /, **changes: Any) -> bytes:
    name, key = PEOPLE[role]
    refs = sorted(subject.ref for subject in subjects)
    payload = {
        "schema": "onlabel.approval/1", "subjects": [ref.as_json() for ref in refs], "role": role,
        "meaning": "I approve these words.", "printed_name": name, "signed_at": SIGNED_AT, "valid_until": None,
    }  # fmt: skip
    signer = changes.pop("key", key)
    return envelope(payload | changes, signer)


def withdrawal(kind: str, id: str, version: str, effective: str, /, **changes: Any) -> bytes:
    name, key = PEOPLE["medical"]
    payload = {
        "schema": "onlabel.withdrawal/1", "subjects": [{"kind": kind, "id": id, "version": version}],
        "role": "medical", "printed_name": name, "reason": "new data", "signed_at": SIGNED_AT, "effective": effective,
    }  # fmt: skip
    signer = changes.pop("key", key)
    return envelope(payload | changes, signer, "withdrawal")


@dataclass
class Content:
    """What a release is made of; a test changes it before it is sealed."""

    passages: dict[str, Passage] = field(default_factory=lambda: dict(PASSAGES))
    templates: dict[str, TemplateRecord] = field(default_factory=lambda: dict(TEMPLATES))
    roster: tuple[Holder, ...] = ROSTER
    rules: ApprovalRules = field(default_factory=ApprovalRules)
    files: dict[str, tuple[str, bytes]] = field(default_factory=lambda: dict(FILES))
    envelopes: dict[str, bytes] | None = None
    also: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    approved_as: dict[str, Passage] = field(default_factory=dict)
    manifest: Callable[[dict[str, Any]], object] = field(default=lambda _: None)

    def subjects(self, folder: Path) -> list[Subject]:
        """As the product makes them."""
        found = [document_subject(SourcedDocument(d, Origin(folder, b"id: x\n", 1, 1))) for d in documents(self)]
        found += [passage_subject(passage) for passage in (self.passages | self.approved_as).values()]
        found += [
            template_subject(template, b"---\n" + b"".join(template.literals)) for template in self.templates.values()
        ]
        for kind, (name, data) in self.files.items():
            path = folder / name
            path.write_bytes(data)
            found.append(file_subject(GoverningFile(kind, name, path), "1" if kind == "policy" else "", ("US",)))  # type: ignore[arg-type]
        return found


def documents(content: Content) -> list[Document]:
    found = {}
    for passage in content.passages.values():
        id, product = passage.document, passage.product
        names = (product.upper(),) if product else ()
        found[id] = Document(
            id, "3", f"{id} title", "label", product, names, (), (), "Medical Affairs", f"Labs {id}", SCOPE
        )
    return [found[id] for id in sorted(found)]


@dataclass(frozen=True)
class SmallRelease:
    """A published release with its keys' root, and the world to put answers together in."""

    folder: Path
    root: bytes
    targets_sha256: str
    world: World
    about: Mapping[str, Any]

    def answer(self, claim: Claimed, **changes: Any) -> dict[str, Any]:
        """The answer object of a claim that verifies, with its receipt."""
        proof = replace(claim, world=self.world).verify()
        receipt = make_receipt(
            proof,
            context=claim.context,
            answer_sha256=sha256_hex(claim.text),
            index_fingerprint=INDEX,
            model_fingerprint=MODEL,
            policy_sha256=proof.policy_sha256,
            software_version="0.1.0",
            carried=CARRIED,
        )
        receipt = stamped(receipt | {"release": self.release_field})
        return answer_object(claim, receipt) | changes

    @property
    def release_field(self) -> dict[str, Any]:
        return {"name": self.about["name"], "number": self.about["number"], "targets_sha256": self.targets_sha256}

    def sealed(self) -> standalone.Sealed:
        return standalone.unseal(standalone.open_release(self.folder, self.root, self.targets_sha256))

    def verify(self, answer: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        return standalone.verify(json.dumps(answer).encode(), self.folder, self.root, **options)


def stamped(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """A receipt with its own hash made anew, as a forger would."""
    rest = {key: value for key, value in receipt.items() if key != "receipt_sha256"}
    return rest | {"receipt_sha256": fingerprint(rest)}


def answer_object(claim: Claimed, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """``onlabel.answer/1`` by hand."""
    shown = [claim.world.passages[span.id] for span in claim.spans if span.source == "passage"]
    return {
        "schema": "onlabel.answer/1",
        "outcome": claim.outcome.value,
        "flags": sorted(flag.value for flag in claim.flags),
        "question": "can my patient with liver disease take it?",
        "text": claim.text.decode(),
        "intent": {"name": claim.intent, "confidence": 0.97},
        "other_intents": [{"name": "dosage", "confidence": 0.02}],
        "slots": CARRIED | {"population": "hepatic"},
        "carried": sorted(CARRIED),
        "context": claim.context.as_json(),
        "spans": [span.as_json() for span in claim.spans],
        "references": [reference(passage) for passage in shown],
        "candidates": [{"id": "z.liver", "score": 0.83}, {"id": "z.dose", "score": 0.5}],
        "choices": [
            {"id": "passage:z.dose", "label": "z.dose", "label_source": "passage:z.dose", "send": "passage:z.dose"},
            {"id": "product:v", "label": "V", "label_source": "product:v", "send": "V: can it be taken?"},
            {"id": "document:v-doc", "label": "Labs v-doc", "label_source": "document:v-doc", "send": "Labs v-doc: x"},
        ],
        "preview": False,
        "receipt": dict(receipt),
    }


def reference(passage: Passage) -> dict[str, Any]:
    scope = passage.scope
    return {
        "passage": passage.id,
        "document": passage.document,
        "title": f"{passage.document} title",
        "version": passage.version,
        "locator": passage.locator,
        "section": passage.title,
        "effective": scope.effective.isoformat(),
        "expires": scope.expires.isoformat() if scope.expires else None,
        "citations": list(passage.references),
    }


# --- sealing ----------------------------------------------------------------------------------------------------------


def release_files(content: Content, folder: Path, number: int) -> tuple[dict[str, bytes], World, dict[str, Any]]:
    """Path -> bytes of everything in the release."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects = content.subjects(folder)
    ledger_file = folder / "ledger.sqlite"
    policy = sha256_hex(content.files["policy"][1])
    seal = write_ledger(
        ledger_file,
        passages=content.passages.values(),
        templates=content.templates.values(),
        policy_rules=RULES,
        policy_sha256=policy,
    )
    with Ledger.open(ledger_file) as opened:
        opened.check()
    about = {
        "schema": "onlabel.release/1", "name": "Autumn", "number": number, "built_at": BUILT, "software": "0.1.0",
        "ledger": seal, "index": INDEX, "model_sha256": sha256_hex(content.files["model"][1]), "policy_sha256": policy,
        "contexts": {"audiences": ["hcp"], "markets": ["US"], "languages": ["en"], "channels": ["api", "cli"]},
        "offline": {"warn_days": 30, "stop_days": 30}, "golden": {"questions": 1, "tolerated_clarifications": 0},
        "counts": {},
    } | content.about  # fmt: skip
    envelopes = content.envelopes
    if envelopes is None:
        envelopes = {f"signed/{role}.dsse.json": approval(subjects, role) for role in PEOPLE}
    made = manifest(subjects, Roster(content.roster), content.rules)
    content.manifest(made)
    files = {
        "release.json": canonical_json(about),
        "manifest.json": canonical_json(made),
        "index/ledger.sqlite": ledger_file.read_bytes(),
        **{f"approvals/{name}": data for name, data in envelopes.items()},
        "onlabel.toml": content.files["settings"][1],
        "policy.yaml": content.files["policy"][1],
        "golden.jsonl": content.files["golden"][1],
        "models/tiny.gguf": content.files["model"][1],
    } | content.also
    files = {path: data for path, data in files.items() if path not in content.left_out}
    world = World(content.passages, content.templates, Ledger.open(ledger_file))
    return files, world, about


def make_root(
    version: int = 1,
    targets: Sequence[Key] = (TARGETS, TARGETS2),
    threshold: int = 2,
    own: Key = ROOT,
    signers: Sequence[Key] = (ROOT,),
) -> Metadata[Root]:
    root = Metadata(Root(version, expires=EXPIRES))
    for role, keys in (("root", (own,)), ("targets", targets), ("snapshot", targets), ("timestamp", (ONLINE,))):
        for key in keys:
            root.signed.add_key(key.sslib, role)
    root.signed.roles["targets"].threshold = threshold
    root.signed.roles["snapshot"].threshold = 1
    for key in signers:
        key.sign(root)
    return root


def write_metadata(
    folder: Path, files: Mapping[str, bytes], number: int, signers: Sequence[Key] = (TARGETS, TARGETS2)
) -> str:
    """Write files, targets, snapshot and timestamp into a repository; the SHA-256 of the targets metadata."""
    place = folder / "metadata"
    place.mkdir(parents=True, exist_ok=True)
    entries = {}
    for path, data in files.items():
        entries[path] = TargetFile(len(data), {"sha256": sha256_hex(data)}, path)
        published = folder / "targets" / entries[path].get_prefixed_paths()[0]
        published.parent.mkdir(parents=True, exist_ok=True)
        published.write_bytes(data)
    targets = Metadata(Targets(number, expires=EXPIRES, targets=entries))
    snapshot = Metadata(Snapshot(number, expires=EXPIRES, meta={"targets.json": MetaFile(number)}))
    timestamp = Metadata(Timestamp(number, expires=EXPIRES, snapshot_meta=MetaFile(number)))
    for key in signers:
        key.sign(targets)
    signers[0].sign(snapshot)
    ONLINE.sign(timestamp)
    data = targets.to_bytes()
    (place / f"{number}.targets.json").write_bytes(data)
    (place / f"{number}.snapshot.json").write_bytes(snapshot.to_bytes())
    (place / "timestamp.json").write_bytes(timestamp.to_bytes())
    return sha256_hex(data)


def make_release(folder: Path, content: Content | None = None, number: int = 1) -> SmallRelease:
    """Publish a release below ``folder``; its ledger stays open: close ``world.ledger``."""
    files, world, about = release_files(content or Content(), folder / "made", number)
    root = make_root().to_bytes()
    published = folder / "published"
    (published / "metadata").mkdir(parents=True, exist_ok=True)
    (published / "metadata" / "1.root.json").write_bytes(root)
    return SmallRelease(published, root, write_metadata(published, files, number), world, about)


def install(release: SmallRelease, folder: Path) -> SmallRelease:
    """The same release as an install keeps it."""
    proof = folder / "trust" / "proofs" / release.targets_sha256[:16]
    shutil.copytree(release.folder / "metadata", proof)
    (folder / "trust" / "given.root.json").write_bytes(release.root)
    (folder / "install.json").write_text("{}")
    targets = json.loads(next(proof.glob("*.targets.json")).read_bytes())["signed"]["targets"]
    for path, entry in targets.items():
        parent, slash, name = path.rpartition("/")
        source = release.folder / "targets" / f"{parent}{slash}{entry['hashes']['sha256']}.{name}"
        place = folder / "releases" / str(release.about["number"]) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    return replace(release, folder=folder)
