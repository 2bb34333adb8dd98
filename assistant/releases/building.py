"""From a built workspace to a stage: the files of a release and the unsigned list of them.

Guarantees: the index in the release is the one that this very content gives: it is compiled once more, from the vectors
that are there, and has to come out with the same fingerprint. Every file has a name that any disk can hold. The stage
appears whole or not at all.

Refuses: content with faults; an index that is missing or was not built from the content and model as they are; anything
that decides what is shown and is not approved, all of it listed; a number that is published already; what changes while
it is packed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.answering.index import LEDGER, Index, current_generation
from assistant.building import FaultyContentError, Gathered, gather
from assistant.canonical import canonical_json, sha256_hex
from assistant.content.policy import parse_policy
from assistant.domain import Kind
from assistant.errors import ContentError, IntegrityError, NotReadyError, UsageError
from assistant.releases import golden
from assistant.releases.repository import Repository, make_snapshot, make_targets, make_timestamp
from assistant.releases.signing import missing_signatures
from assistant.releases.staging import carry_roots, new_stage
from assistant.releases.up_to_date import prove_up_to_date
from assistant.trust import disk
from assistant.trust.installed.description import FILE, Contexts, Description, GoldenTerms, Offline
from assistant.trust.installed.files import sha256_of
from assistant.trust.installed.metadata import Target
from assistant.trust.installed.names import fault_of
from assistant.trust.receipts import running_version
from assistant.understanding.encoder import Encoder, open_encoder
from assistant.workspace import SETTINGS_FILE, Workspace

_LISTED = 40


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built. ``publication``: the folder whose root of trust says who signs."""

    name: str
    number: int
    publication: Path
    stage: Path
    offline: Offline = field(default_factory=Offline)
    tolerated_clarifications: int = 0


@dataclass(frozen=True, slots=True)
class Review:
    """What reviewers have done: who has to sign what still, and what is approved, for ``manifest.json``."""

    waiting: tuple[str, ...]
    manifest: Mapping[str, object]


#: Says how the content of a workspace stands on a day.
Reviewed = Callable[[Workspace, Gathered, dt.datetime], Review]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was put on the stage."""

    description: Description
    files: int
    size: int


class UnapprovedError(ContentError):
    """Something in the workspace decides what is shown and is not approved."""

    def __init__(self, waiting: tuple[str, ...], root: Path) -> None:
        self.waiting = waiting
        shown = "\n".join(f"  {line}" for line in waiting[:_LISTED])
        more = f"\n  and {len(waiting) - _LISTED} more" if len(waiting) > _LISTED else ""
        super().__init__(f"{len(waiting)} subjects are not approved; see `onlabel approvals`:\n{shown}{more}", root)


def build_release(
    workspace: Workspace, order: Order, now: dt.datetime, *, reviewed: Reviewed, encoder: Encoder | None = None
) -> BuildReport:
    """Put the release of ``workspace`` on ``order.stage``, unsigned.

    :param encoder: the workspace's own, where it is open already.
    :raises FaultyContentError: the content has faults.
    :raises NotReadyError: the index is missing or not up to date, or the publication has no signed root of trust.
    :raises UnapprovedError: something is not approved.
    :raises UsageError: the number is published already, or the stage is taken.
    """
    publication = Repository(order.publication)
    _check_number(publication, order.number)
    gathered = gather(workspace, now.date())
    if gathered.errors:
        raise FaultyContentError(gathered.errors, workspace.root)
    prove_up_to_date(workspace, gathered, encoder or _encoder_of(workspace))
    review = reviewed(workspace, gathered, now)
    if review.waiting:
        raise UnapprovedError(review.waiting, workspace.root)
    files = _files(workspace)
    description = _describe(workspace, gathered, order, files, now)
    made = {FILE: description.to_bytes(), "manifest.json": canonical_json(dict(review.manifest))}
    if golden.FILE not in files:
        made[golden.FILE] = b""
    with disk.settling("the stage cannot be written"), new_stage(order.stage) as stage:
        carry_roots(publication, stage)
        sizes = _put(stage, files, made)
        before = publication.timestamp()
        for signed in (
            make_targets(sizes, order.number, now),
            make_snapshot(order.number, now),
            make_timestamp(order.number, before.signed.version if before else 0, order.offline.warn_days, now),
        ):
            stage.write(signed)
    return BuildReport(description, len(sizes), sum(length for length, _ in sizes.values()))


def _check_number(publication: Repository, number: int) -> None:
    if missing := [entry for entry in missing_signatures(publication.root) if entry.role == "root"]:
        raise NotReadyError(f"the root of trust lacks {missing[0].says}: `onlabel release sign {publication.root}`")
    published = publication.targets()
    if published is not None and number <= published.signed.version:
        raise UsageError(f"release {published.signed.version} is published already: give a higher --number")


def _encoder_of(workspace: Workspace) -> Encoder:
    model = workspace.settings.model
    return open_encoder(model.encoder, workspace.model_file, model.n_threads, model.n_threads_batch, model.n_ctx, 0)


def _files(workspace: Workspace) -> dict[str, Path]:
    """Path in the release -> the file in the workspace."""
    generation = current_generation(workspace.index)
    if generation is None:
        raise NotReadyError(f"there is no index in {workspace.index}: run `onlabel build`")
    files = {
        SETTINGS_FILE: workspace.root / SETTINGS_FILE,
        "policy.yaml": workspace.policy_file,
        "index/CURRENT": workspace.index / "CURRENT",
        f"index/{LEDGER}": generation / LEDGER,
    }
    files |= {f"index/{generation.name}/{path.name}": path for path in generation.iterdir()}
    files |= {f"models/{path.name}": path for path in _models(workspace)}
    approvals = workspace.root / "approvals"
    files |= {f"approvals/{path.relative_to(approvals).as_posix()}": path for path in _below(approvals)}
    if (workspace.root / golden.FILE).is_file():
        files[golden.FILE] = workspace.root / golden.FILE
    for path, file in files.items():
        if fault := fault_of(path):
            raise UsageError(f"{file}: its name {fault}; rename it, for every laptop has to hold it")
    return files


def _models(workspace: Workspace) -> list[Path]:
    model = workspace.settings.model
    found = [workspace.model_file]
    if model.chooser == "causal":
        found.append(workspace.root / model.causal_path)
    for path in found:
        if not path.is_file():
            raise UsageError(f"{path} is no file: a release carries models as one GGUF file each")
    return found


def _below(folder: Path) -> Iterable[Path]:
    """Every plain file below ``folder`` that is not hidden."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _describe(
    workspace: Workspace, gathered: Gathered, order: Order, files: Mapping[str, Path], now: dt.datetime
) -> Description:
    questions = golden.parse(files[golden.FILE].read_bytes()) if golden.FILE in files else ()
    index = Index.open(workspace.index)
    try:
        return Description(
            name=order.name,
            number=order.number,
            built_at=now,
            software=running_version(),
            ledger=index.ledger,
            index=index.fingerprint,
            model_sha256=sha256_of(workspace.model_file),
            policy_sha256=parse_policy(index.policy, workspace.policy_file)[1],
            contexts=_contexts(gathered),
            offline=order.offline,
            golden=GoldenTerms(questions=len(questions), tolerated_clarifications=order.tolerated_clarifications),
            counts=dict(index.counts),
        )
    finally:
        index.close()


def _contexts(gathered: Gathered) -> Contexts:
    """Where a notice is approved: without one not even a refusal may be shown."""
    scopes = [sourced.passage.scope for sourced in gathered.corpus.passages if sourced.passage.kind is Kind.NOTICE]
    return Contexts(
        audiences=tuple(sorted({audience for scope in scopes for audience in scope.audiences})),
        markets=tuple(sorted({market for scope in scopes for market in scope.markets})),
        languages=tuple(sorted({scope.language for scope in scopes})),
        channels=tuple(sorted({channel for scope in scopes for channel in scope.channels})),
    )


def _put(stage: Repository, files: Mapping[str, Path], made: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
    """Copy the files under the names that their hashes give them; path -> (length, SHA-256)."""
    sizes: dict[str, tuple[int, str]] = {}
    for path, data in made.items():
        target = Target(path, len(data), sha256_hex(data))
        disk.write_whole(stage.root / target.published_as, data)
        sizes[path] = (target.length, target.sha256)
    for path, file in files.items():
        target = Target(path, file.stat().st_size, sha256_of(file))
        place = stage.root / target.published_as
        disk.copy_settled(file, place)
        if sha256_of(place) != target.sha256:
            raise IntegrityError(f"{file} changed while it was packed: run the same command again")
        sizes[path] = (target.length, target.sha256)
    return sizes
