"""A tiny workspace in files, and the ways to build and open any workspace with a fake encoder.

One invented medicine for US professionals, a notice for every outcome, a template for every use. Its passages' bodies
are whatever a test hands in, byte for byte.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from assistant.answering.building import BuildReport, Content, build, sort_key
from assistant.answering.index import Index
from assistant.content.corpus import read_corpus
from assistant.content.templates import read_templates
from assistant.domain import NOTICE_ROLES, Context
from assistant.pipeline import Assistant
from assistant.settings import read_settings
from assistant.trust.audit import AuditSink
from assistant.trust.ledger import Ledger
from assistant.understanding.encoder import Encoder
from assistant.understanding.taxonomy import Taxonomy
from assistant.workspace import Workspace, sample_root
from tests.fakes import MemoryAudit

DAY = dt.date(2026, 11, 21)
DOCUMENT = "zed-us-pi"
HCP = Context("hcp", "US", "en", "cli", DAY)

SETTINGS = '[context]\naudience = "hcp"\nmarket = "US"\nlanguage = "en"\n'

#: Rules for companions that are easy to see through; the rest of the policy is the sample's.
COMPANIONS: Mapping[str, list[dict[str, str]]] = {
    "benefit": [
        {"role": "boxed_warning", "place": "before", "need": "where_present"},
        {"role": "indication", "place": "after", "need": "always"},
    ],
    "safety": [],
    "instruction": [],
    "neutral": [],
}

SCREEN = b"""schema: onlabel.screen/1
rules:
  emergency:
    - {id: e.dying, pattern: 'dying'}
  adverse_event:
    - {id: ae.rash, pattern: '\\brash after'}
"""

_DOCUMENT = """id: {id}
version: "1"
title: {id}
type: {type}
product: "{product}"
{names}owner: Medical Affairs
audiences: [hcp]
markets: [US]
language: en
effective: 2026-01-01
"""

TEMPLATES: Mapping[str, str] = {
    "answer": "What is approved:\n\n"
    "{% for p in answers %}{{ p }}{% if not loop.last %}\n\n\n\n{% endif %}{% endfor %}\n",
    "companion_before": "{{ passage }}\n\n\n\n\n",
    "companion_after": "\n\n\n\n{{ passage }}\n",
    "notice": "{{ passage }}\n",
}

TAXONOMY = Taxonomy(
    labels={"storage": "Storage", "dosage": "Dosage", "small_talk": "Hello", "indication": "What it is for"},
    examples={
        "storage": ("how should the medicine be stored", "storage temperature of the medicine"),
        "dosage": ("what is the dose of the medicine", "how much of the medicine per day"),
        "indication": ("what is the medicine for", "what is the medicine used for"),
        "small_talk": ("hello", "thank you"),
    },
)


def write(root: Path, bodies: Sequence[bytes] = (), fronts: Sequence[str] = ()) -> Path:
    """Write the workspace with a passage ``zed-us-pi.<n>`` a body, on storage where ``fronts`` says nothing else."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "onlabel.toml").write_text(SETTINGS, encoding="utf-8")
    corpus, templates = root / "approved_corpus", root / "templates"
    document(corpus, "notices", "notices", "", "")
    policy(corpus)
    for role in NOTICE_ROLES:
        front = f"topic: overview\nkind: notice\nserves: [{role}]\nretrieve: false"
        passage(corpus / "notices", f"notices.{role}", f"Approved words for {role}.".encode(), front)
    document(corpus, DOCUMENT, "label", "zed", "brand_names: [ZED]\n")
    for number, body in enumerate(bodies):
        front = fronts[number] if number < len(fronts) else "topic: storage"
        passage(corpus / DOCUMENT, f"{DOCUMENT}.{number}", body, front, order=number)
    templates.mkdir(exist_ok=True)
    for use, text in TEMPLATES.items():
        scope = "audiences: [hcp]\nmarkets: [US]\nlanguage: en\neffective: 2026-01-01"
        front = f'id: {use}\nversion: "1"\nuse: {use}\n{scope}'
        (templates / f"{use}.j2").write_bytes(f"---\n{front}\n---\n{text}".encode())
    return root


def policy(corpus: Path, version: str = "1") -> None:
    """Write the policy: as sure of a passage as can be, for which passage is right does not matter here."""
    fields = yaml.safe_load((sample_root() / "approved_corpus" / "policy.yaml").read_bytes())
    fields["thresholds"] |= {"passage_answer": 0.0, "passage_ask": 0.0}
    fields |= {"version": version, "companions": dict(COMPANIONS)}
    (corpus / "policy.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")


def document(corpus: Path, id: str, type: str, product: str, names: str) -> None:
    """Write a document's folder."""
    (corpus / id).mkdir(parents=True, exist_ok=True)
    text = _DOCUMENT.format(id=id, type=type, product=product, names=names)
    (corpus / id / "document.yaml").write_text(text, encoding="utf-8")


def passage(folder: Path, id: str, body: bytes, front: str, order: int = 0) -> None:
    """Write a passage's file: its body as it is, and one final newline."""
    head = f'---\nid: {id}\nlocator: "{order}"\ntitle: Title of {id}\norder: {order}\n{front}\n---\n'
    (folder / f"{id}.md").write_bytes(head.encode() + body + b"\n")


def compiled(root: Path, encoder: Encoder, taxonomy: Taxonomy = TAXONOMY, screen: bytes = SCREEN) -> BuildReport:
    """Build the workspace in ``root`` as ``onlabel build`` does, but unchecked and with this encoder."""
    workspace = Workspace(root)
    corpus = read_corpus(workspace.corpus)
    templates, faults = read_templates(workspace.templates)
    assert not [fault for fault in (*corpus.faults, *faults) if fault.error]
    passages = sorted((sourced.passage for sourced in corpus.passages), key=sort_key)
    content = Content(
        documents=tuple(sourced.document for sourced in corpus.documents),
        passages=passages,
        passage_count=len(passages),
        templates=tuple(sourced.template for sourced in templates),
        policy=workspace.policy_file.read_bytes(),
        policy_file=workspace.policy_file,
        screen=screen,
        taxonomy=taxonomy,
    )
    return build(workspace.index, content, encoder)


def opened(root: Path, encoder: Encoder, audit: AuditSink | None = None) -> Assistant:
    """Open the workspace in ``root`` with this encoder; today is :data:`DAY`."""
    index = Index.open(root / "index")
    ledger = Ledger.open(index.ledger_file)
    return Assistant(
        read_settings(root / "onlabel.toml"), index, ledger, encoder, audit or MemoryAudit(), lambda _: DAY
    )
