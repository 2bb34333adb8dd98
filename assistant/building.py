"""From files to an index: gather a workspace's content, refuse faults, compile."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from assistant.answering.building import BuildReport, Content, Progress, build, sort_key
from assistant.content.checks import check
from assistant.content.corpus import Corpus, read_corpus
from assistant.content.faults import Fault
from assistant.content.frontmatter import read_utf8
from assistant.content.policy import Policy, parse_policy
from assistant.content.templates import SourcedTemplate, read_templates
from assistant.errors import ContentError
from assistant.understanding.encoder import open_encoder
from assistant.understanding.screen import Screen
from assistant.understanding.taxonomy import Taxonomy, read_taxonomy
from assistant.workspace import Workspace, shipped_taxonomy


@dataclass(frozen=True, slots=True)
class Gathered:
    """A workspace's content as read, and every fault in it."""

    corpus: Corpus
    templates: tuple[SourcedTemplate, ...]
    policy: Policy
    taxonomy: Taxonomy
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.error)


class FaultyContentError(ContentError):
    """The content has faults that keep it from being used."""

    def __init__(self, faults: tuple[Fault, ...], root: Path) -> None:
        shown = "\n".join(f"  {fault.show(root)}" for fault in faults[:10])
        more = f"\n  and {len(faults) - 10} more" if len(faults) > 10 else ""
        super().__init__(f"{len(faults)} faults in content; `onlabel check` lists all:\n{shown}{more}", root)


def gather(workspace: Workspace, today: dt.date) -> Gathered:
    """Read and check everything in ``workspace``.

    :raises ContentError: settings, policy, screen or taxonomy cannot be read at all.
    """
    _ = workspace.settings
    Screen.from_yaml(workspace.screen_file)
    corpus = read_corpus(workspace.corpus)
    templates, template_faults = read_templates(workspace.templates)
    policy_bytes = read_utf8(workspace.policy_file)
    policy, _ = parse_policy(policy_bytes, workspace.policy_file)
    taxonomy = read_taxonomy(shipped_taxonomy(), workspace.taxonomy_file)
    faults = check(
        corpus=corpus,
        templates=templates,
        template_faults=template_faults,
        policy=policy,
        policy_file=workspace.policy_file,
        policy_bytes=policy_bytes,
        intents=taxonomy.intents,
        topics=taxonomy.topics,
        examples=taxonomy.examples,
        taxonomy_file=workspace.taxonomy_file,
        today=today,
    )
    return Gathered(corpus, templates, policy, taxonomy, faults)


def build_workspace(
    workspace: Workspace, today: dt.date, progress: Progress | None = None, threads: int = 0
) -> BuildReport:
    """Compile ``workspace`` into its ``index/``.

    :param threads: for embedding; 0 takes the settings'.
    :raises FaultyContentError: there is a fault that keeps the content from being used.
    :raises NotReadyError: the model is not there.
    """
    gathered = gather(workspace, today)
    if gathered.errors:
        raise FaultyContentError(gathered.errors, workspace.root)
    model = workspace.settings.model
    encoder = open_encoder(
        model.encoder,
        workspace.model_file,
        threads or model.n_threads,
        threads or model.n_threads_batch,
        model.n_ctx,
        model.n_gpu_layers,
    )
    passages = sorted((sourced.passage for sourced in gathered.corpus.passages), key=sort_key)
    content = Content(
        documents=tuple(sourced.document for sourced in gathered.corpus.documents),
        passages=passages,
        passage_count=len(passages),
        templates=tuple(sourced.template for sourced in gathered.templates),
        policy=workspace.policy_file.read_bytes(),
        policy_file=workspace.policy_file,
        screen=workspace.screen_file.read_bytes(),
        taxonomy=gathered.taxonomy,
    )
    return build(workspace.index, content, encoder, progress)
