"""Whether an index is what the content and the model give, proved without embedding anything again.

The content is compiled once more, beside the index, from the vectors that are there. The same content and model give
the same fingerprint; a text without a vector was not in the content when the index was built.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.answering.building import Content, build, sort_key
from assistant.answering.index import CURRENT, Index, current_generation
from assistant.building import Gathered
from assistant.errors import NotReadyError
from assistant.trust.ledger import Ledger
from assistant.understanding.encoder import Encoder
from assistant.workspace import Workspace


def prove_up_to_date(workspace: Workspace, gathered: Gathered, encoder: Encoder) -> None:
    """Compile the content again, from the vectors that are there, and hold the fingerprints against each other.

    :raises NotReadyError: the index is not what this content and this model give.
    """
    generation = current_generation(workspace.index)
    if generation is None:
        raise NotReadyError(f"there is no index in {workspace.index}: run `onlabel build`")
    with tempfile.TemporaryDirectory(prefix="onlabel-compile-", ignore_cleanup_errors=True) as scratch:
        again = Path(scratch) / "index"
        shutil.copytree(generation, again / generation.name)
        (again / CURRENT).write_text(generation.name + "\n", encoding="ascii")
        built = build(again, _content(workspace, gathered), _Reluctant(encoder)).fingerprint
    index = Index.open(workspace.index)
    try:
        index.prove()
        with Ledger.open(index.ledger_file) as ledger:
            ledger.check()
            whole = ledger.fingerprint == index.ledger
    finally:
        index.close()
    if index.fingerprint != built or not whole:
        raise NotReadyError("the content has changed since the index was built: run `onlabel build`")


@dataclass(frozen=True, slots=True)
class _Reluctant:
    """An encoder that counts but does not embed: a text without a vector was not in the content when it was built."""

    real: Encoder

    @property
    def fingerprint(self) -> str:
        return self.real.fingerprint

    @property
    def dimension(self) -> int:
        return self.real.dimension

    @property
    def max_tokens(self) -> int:
        return self.real.max_tokens

    def count_tokens(self, text: str) -> int:
        return self.real.count_tokens(text)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        why = f"{len(texts)} texts have no vectors yet"
        raise NotReadyError(f"the content or the model has changed since the index was built ({why}): `onlabel build`")


def _content(workspace: Workspace, gathered: Gathered) -> Content:
    passages = sorted((sourced.passage for sourced in gathered.corpus.passages), key=sort_key)
    return Content(
        documents=tuple(sourced.document for sourced in gathered.corpus.documents),
        passages=passages,
        passage_count=len(passages),
        templates=tuple(sourced.template for sourced in gathered.templates),
        policy=workspace.policy_file.read_bytes(),
        policy_file=workspace.policy_file,
        screen=workspace.screen_file.read_bytes(),
        taxonomy=gathered.taxonomy,
    )
