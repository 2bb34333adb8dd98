"""The encoder seam: a text becomes one vector of length 1, and the index knows which model made it.

Two fillings: a GGUF through llama.cpp (the default, and the only one that a release needs), or any
sentence-transformers folder (an extra, for other languages and larger corpora).

Guarantees: no text is truncated silently (:class:`TextTooLongError`); a text's vector does not depend on the texts
beside it; nothing is printed; the default filling imports neither torch nor transformers; none opens a connection.
Refuses, with a :class:`NotReadyError` that says what to do, a model that is missing, broken or of another kind.

A text may hold anything: NUL and other control characters count as nothing, a lone surrogate as a question mark, and
``[SEP]`` as the five characters that it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import math
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from assistant.canonical import fingerprint as canonical_fingerprint
from assistant.errors import NotReadyError, OnlabelError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from assistant.understanding.llama import Floats, LlamaBert

__all__ = [
    "Encoder",
    "GgufEncoder",
    "SentenceTransformerEncoder",
    "TextTooLongError",
    "open_encoder",
    "unit",
]

#: Raised when the way from text to vector changes while the model file stays: old indexes are then built again.
_RECIPE = 1


class TextTooLongError(OnlabelError):
    """A text has more tokens than the model reads; nothing was encoded."""

    def __init__(self, tokens: int, limit: int) -> None:
        self.tokens = tokens
        self.limit = limit
        super().__init__(f"the text has {tokens} tokens, the model reads {limit}; shorten it or cut it into windows")


class Encoder(Protocol):
    """What makes vectors. Safe to share between threads, which it serves one after another."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model's bytes and how they are used: vectors are comparable where it is equal."""

    @property
    def dimension(self) -> int:
        """Floats in a vector."""

    @property
    def max_tokens(self) -> int:
        """Longest text in tokens, the model's own marks ([CLS], [SEP]) included."""

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``, the model's own marks included; never refuses."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of Euclidean length 1, shape (texts, dimension), float32.

        :raises TextTooLongError: a text has more than ``max_tokens`` tokens.
        """


class GgufEncoder:
    """A BERT in a GGUF file, run by llama.cpp.

    :param n_threads: for one text; 1 is fastest on a busy machine, 2 nearly halves a question on an idle one.
    :param n_threads_batch: texts worked on side by side when several are given, as when an index is built; each has a
        context and a thread of its own, for threads that share one text wait for each other on a busy machine. The
        vectors are the same bits.
    :param n_ctx: longest text in tokens; never more than the model was made for.
    :param n_gpu_layers: layers on the graphics card, -1 for all, where llama-cpp-python was built for one.
    """

    def __init__(
        self, path: Path, n_threads: int = 1, n_threads_batch: int = 1, n_ctx: int = 512, n_gpu_layers: int = 0
    ) -> None:
        # Hashing the file takes as long as loading it; both leave the interpreter free, so they run side by side.
        self._digest = _digest_meanwhile(path)
        self._path = path
        from assistant.understanding.llama import LlamaBert

        self._open: Callable[[], LlamaBert] = lambda: LlamaBert(path, n_ctx, n_gpu_layers)
        self._bert = self._open()
        self._n_threads = n_threads
        self._side_by_side = n_threads_batch
        self._pool: ThreadPoolExecutor | None = None
        self._workers: queue.SimpleQueue[LlamaBert] = queue.SimpleQueue()
        self._fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """See :class:`Encoder`; waits for the hash of the file the first time."""
        if not self._fingerprint:
            parts = {"recipe": _RECIPE, "kind": "gguf", "sha256": self._digest(), "pooling": self._bert.pooling}
            self._fingerprint = canonical_fingerprint(parts)
        return self._fingerprint

    @property
    def path(self) -> Path:
        """The model file."""
        return self._path

    @property
    def file_sha256(self) -> str:
        """SHA-256 of the model file itself, as its card and a release name it."""
        return self._digest()

    @property
    def dimension(self) -> int:
        """See :class:`Encoder`."""
        return self._bert.dimension

    @property
    def max_tokens(self) -> int:
        """See :class:`Encoder`."""
        return self._bert.max_tokens

    def count_tokens(self, text: str) -> int:
        """See :class:`Encoder`."""
        return self._bert.count_tokens(_utf8(text))

    def encode(self, texts: Sequence[str]) -> Floats:
        """See :class:`Encoder`. One forward pass a text: packing several into one gains nothing on a CPU."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if len(texts) > 1 and self._side_by_side > 1:
            for row, states in enumerate(self._several(texts)):
                vectors[row] = self.vector(states)
            return vectors
        for row, text in enumerate(texts):
            vectors[row] = self.vector(self._states(text, self._bert, self._n_threads))
        return vectors

    def _several(self, texts: Sequence[str]) -> Iterator[Floats]:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._side_by_side, thread_name_prefix="encoder")
            for _ in range(self._side_by_side):
                self._workers.put(self._open())  # the weights are mapped once for all of them

        def work(text: str) -> Floats:
            bert = self._workers.get()
            try:
                return self._states(text, bert, 1)
            finally:
                self._workers.put(bert)

        return self._pool.map(work, texts)

    def states(self, text: str) -> Floats:
        """The last layer, shape (tokens, dimension), [CLS] first and [SEP] last: what other heads read.

        :raises TextTooLongError: as :meth:`encode`.
        """
        return self._states(text, self._bert, self._n_threads)

    def read(self, text: str) -> tuple[Floats, Floats]:
        """One pass for the heads: the pooled states before they get length 1, and each word's first state.

        Shapes (dimension,) and (words, dimension); words as :func:`assistant.understanding.words.words` finds them.

        :raises TextTooLongError: as :meth:`encode`.
        """
        found = self._bert.read(_utf8(text), self._n_threads)
        if isinstance(found, int):
            raise TextTooLongError(found, self.max_tokens)
        states, starts = found
        return self._pooled(states), states[starts]

    def _pooled(self, states: Floats) -> Floats:
        pooled: Floats = states.mean(axis=0) if self._bert.pooling == "mean" else states[0]
        return pooled

    def vector(self, states: Floats) -> Floats:
        """The vector that :meth:`encode` gives for the text with these ``states``; shape (dimension,)."""
        return unit(self._pooled(states))

    def _states(self, text: str, bert: LlamaBert, n_threads: int) -> Floats:
        states = bert.states(_utf8(text), n_threads)
        if isinstance(states, int):
            raise TextTooLongError(states, self.max_tokens)
        return states


class SentenceTransformerEncoder:
    """A sentence-transformers model in a folder on disk; needs the extra ``sentence-transformers``.

    Slower to start by seconds and by hundreds of megabytes: meant for building and serving, not for a laptop's command.
    """

    def __init__(self, folder: Path, n_threads: int = 1, n_threads_batch: int = 1, gpu: bool = False) -> None:
        if not (folder / "modules.json").is_file():
            raise NotReadyError(f"{folder} is no sentence-transformers folder (no modules.json); {_NEXT}")
        self._torch, self._model = _load_sentence_transformer(folder, "cuda" if gpu else "cpu")
        self._threads = {True: n_threads, False: n_threads_batch}
        # On a CPU one at a time costs little and keeps a text's vector free of its neighbours' padding.
        self._batch_size = 64 if gpu else 1
        self._lock = threading.Lock()
        self.fingerprint = canonical_fingerprint(
            {"recipe": _RECIPE, "kind": "sentence-transformers", "files": _folder_digests(folder)}
        )
        # Version 6 renamed it and warns of the old name.
        dimension = getattr(self._model, "get_embedding_dimension", None)
        self.dimension = int((dimension or self._model.get_sentence_embedding_dimension)())
        self.max_tokens = int(self._model.max_seq_length)

    def count_tokens(self, text: str) -> int:
        """See :class:`Encoder`."""
        tokenizer = self._model.tokenizer
        # "verbose" would print that the text is too long, which is what is being asked.
        ids = tokenizer(_sane(text), truncation=False, padding=False, verbose=False)["input_ids"]
        return len(ids)

    def encode(self, texts: Sequence[str]) -> Floats:
        """See :class:`Encoder`."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        with self._lock:
            for text in texts:
                if (tokens := self.count_tokens(text)) > self.max_tokens:
                    raise TextTooLongError(tokens, self.max_tokens)
            self._torch.set_num_threads(self._threads[len(texts) == 1])
            vectors = self._model.encode(
                [_sane(text) for text in texts],
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def open_encoder(
    kind: Literal["gguf", "sentence-transformers"],
    path: Path,
    n_threads: int = 1,
    n_threads_batch: int = 1,
    n_ctx: int = 512,
    n_gpu_layers: int = 0,
) -> Encoder:
    """The encoder that the settings name.

    :raises NotReadyError: the model is missing, broken, or of another kind, or its runtime is not installed.
    """
    if kind == "gguf":
        return GgufEncoder(path, n_threads, n_threads_batch, n_ctx, n_gpu_layers)
    return SentenceTransformerEncoder(path, n_threads, n_threads_batch, gpu=n_gpu_layers != 0)


def unit(pooled: Floats) -> Floats:
    """``pooled`` at Euclidean length 1."""
    # Not numpy's norm: that calls a BLAS, whose sums differ between machines.
    length = math.sqrt(float(np.square(pooled, dtype=np.float64).sum()))
    scaled: Floats = pooled / np.float32(length or 1.0)
    return scaled


_NEXT = "set [model] path in onlabel.toml to the folder of the model"


def _sane(text: str) -> str:
    """``text`` with lone surrogates as question marks: they are no characters and have no UTF-8."""
    return _utf8(text).decode()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _digest_meanwhile(path: Path) -> Callable[[], str]:
    """Begin to hash ``path`` on a thread; the function returned waits for the result."""
    found: list[str] = []

    def work() -> None:
        with contextlib.suppress(OSError):  # told below, to the one who asks for the hash
            found.append(_file_sha256(path))

    thread = threading.Thread(target=work, name="model-hash", daemon=True)
    thread.start()

    def wait() -> str:
        thread.join()
        if not found:
            raise NotReadyError(f"{path} can no longer be read; {_NEXT}")
        return found[0]

    return wait


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _file_sha256(path) for path in files}


def _load_sentence_transformer(folder: Path, device: str) -> tuple[Any, Any]:
    """Torch and the model; imported here and nowhere else, by name, so that no type checker needs them either."""
    try:
        torch = importlib.import_module("torch")
        library = importlib.import_module("sentence_transformers")
        logging = importlib.import_module("transformers.utils.logging")
    except ImportError as error:
        raise NotReadyError(
            f'{error.name or "sentence-transformers"} is missing; run: pip install "onlabel[sentence-transformers]"'
        ) from error
    logging.disable_progress_bar()
    try:
        return torch, library.SentenceTransformer(str(folder), device=device, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise NotReadyError(f"{folder} cannot be loaded ({type(error).__name__}: {error}); {_NEXT}") from error
