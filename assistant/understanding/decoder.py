"""Any causal model in a GGUF file (Qwen, Llama, Phi, ...) as the chooser: it answers with a label and can do no other.

The model reads a short prompt (:mod:`assistant.understanding.prompting`), and only the scores of the closed answers are
looked at: nothing is sampled or generated, so nothing outside the label sets can come out, whatever the question says.
The head of the prompt with the list of intents is computed once and kept; a question costs a pass over itself and one
over the queries behind it.

Guarantees: the same question gives the same shares, to the bit, on one machine; the intents' shares sum to 1; a
question that is too long is refused (:class:`TextTooLongError`), never cut.
Refuses (:class:`NotReadyError`) a file that holds no causal model, or one that was fine-tuned for other labels.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import NotReadyError
from assistant.understanding.choosing import Choosing, likeliest_first
from assistant.understanding.heads import LabelSets
from assistant.understanding.llama_decoder import KeptHead, LlamaDecoder
from assistant.understanding.prompting import Prompt, one_line, prompt_for

#: Where a fine-tuned model says what it was trained for: a standard field, which llama.cpp's converter carries over.
MARKED_FIELD = "general.description"
_MARK = "onlabel-prompt:"
#: Room for a question without which a model is of no use.
_LEAST_ROOM = 16


class CausalChooser:
    """A :class:`~assistant.understanding.choosing.Chooser`. Calls from several threads are put in line.

    :param labels: what may be chosen; ``labels.spans`` are not found by a causal model and play no part.
    :param n_threads: for one question.
    :param n_ctx: tokens held at once: the prompt with the list of intents, the question, the queries behind it.
    :param n_gpu_layers: layers on the graphics card, -1 for all, where llama-cpp-python was built for one.
    """

    def __init__(
        self, path: Path, labels: LabelSets, n_threads: int = 1, n_ctx: int = 2048, n_gpu_layers: int = 0
    ) -> None:
        self._prompt = prompt_for(labels)
        self._decoder = LlamaDecoder(path, n_gpu_layers)
        _check_mark(self._decoder, self._prompt)
        self._choices = self._prompt.choices(self._decoder.tokenise)
        self._branches = [branch for choice in self._choices for branch in choice.branches]
        head = (*self._decoder.begin, *self._decoder.tokenise(self._prompt.head))
        self._kept = KeptHead(self._decoder, head, len(self._branches), n_ctx, n_threads)
        self.max_tokens = self._kept.room(self._branches)
        if self.max_tokens < _LEAST_ROOM:
            raise NotReadyError(f"with {n_ctx} tokens {path} has no room for a question; set a larger n_ctx")
        self._lock = threading.Lock()

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` as they count against ``max_tokens``."""
        with self._lock:
            return len(self._decoder.tokenise(one_line(text)))

    def choose(self, text: str) -> Choosing:
        """See :class:`~assistant.understanding.choosing.Chooser`; no spans."""
        line = one_line(text)
        with self._lock:
            question = self._decoder.tokenise(line, self.max_tokens)
            rows = self._kept.scores(question, self._branches)
        shares: list[npt.NDArray[np.float64]] = []
        at = 0
        for choice in self._choices:
            shares.append(choice.shares(rows[at : at + len(choice.nodes)]))
            at += len(choice.nodes)
        if not all(np.isfinite(found).all() for found in shares):
            raise NotReadyError(f"{self._decoder.path} gives scores that are no numbers; export it again")
        return self._choosing(shares[0], [float(found[0]) for found in shares[1:]])

    def _choosing(self, intents: npt.NDArray[np.float64], yes: list[float]) -> Choosing:
        labels = self._prompt.labels
        slots, flags = yes[: len(labels.slots)], yes[len(labels.slots) :]
        return Choosing(
            intents=likeliest_first(labels.intents, intents.tolist()),
            slots=tuple((*pair, share) for pair, share in zip(labels.slots, slots, strict=True)) or None,
            flags=dict(zip(labels.flags, flags, strict=True)),
        )


def mark_of(prompt: Prompt) -> str:
    """What a model fine-tuned for ``prompt`` bears in :data:`MARKED_FIELD`."""
    return _MARK + prompt.digest


def _check_mark(decoder: LlamaDecoder, prompt: Prompt) -> None:
    """Refuse a model that learnt other codes: its choices would be wrong without a sign. Unmarked ones may pass."""
    marks = re.findall(rf"{_MARK}[0-9a-f]+", decoder.metadata(MARKED_FIELD))
    if marks and mark_of(prompt) not in marks:
        raise NotReadyError(f"{decoder.path} was fine-tuned for other labels or another prompt; train it again")
