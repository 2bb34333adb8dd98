"""A causal model in llama.cpp, called as :mod:`assistant.understanding.llama` calls the encoder: tokens in, scores out.

Guarantees: nothing is written to stdout or stderr; nothing is truncated and nothing is sampled; control tokens in a
text are plain characters; a prompt's head is computed once and kept; the scores behind a text depend on the text and
the file alone on a given machine, not on what was read before.
Refuses (:class:`NotReadyError`) a file that is missing, is no GGUF, cannot be loaded, or holds no causal model.

Attention keys and values of the head lie in sequence 0 and are never touched again. A question goes into a copy of it
(sequence 1), and each branch behind the question into a copy of that; copies are then removed whole, which recurrent
and hybrid models allow as well. llama.cpp aborts the process on a batch longer than it allows: lengths are checked.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import NotReadyError
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.heads import Floats
from assistant.understanding.llama import check_file, library, reason, silence

#: Tokens computed at a time; llama.cpp cuts longer batches by itself.
_AT_A_TIME = 512
#: Branches side by side, and the sequences that hold the head and the question beside them (llama.cpp allows 256).
_BRANCHES = 62
_HEAD, _QUESTION, _FIRST_BRANCH = 0, 1, 2
#: Bytes of a text that llama.cpp can count at all (its lengths are 32-bit).
_LONGEST = 2**31 - 1
_NEXT = "set [model] causal_path in onlabel.toml to a causal model in a GGUF file"


class LlamaDecoder:
    """A loaded causal model and its vocabulary. Serves one thread at a time."""

    def __init__(self, path: Path, n_gpu_layers: int) -> None:
        self.llama = library()
        check_file(path)
        self.path = path
        self.model = self._load(n_gpu_layers)
        # At exit the system takes the memory back; freeing it then could meet a thread that still computes.
        weakref.finalize(self, self.llama.llama_model_free, self.model).atexit = False
        self._check_causal()
        self._vocabulary = self.llama.llama_model_get_vocab(self.model)
        if self.llama.llama_vocab_type(self._vocabulary) == self.llama.LLAMA_VOCAB_TYPE_NONE:
            raise NotReadyError(f"{path} holds no vocabulary; {_NEXT}")
        self.n_vocab = int(self.llama.llama_vocab_n_tokens(self._vocabulary))
        self.n_trained = int(self.llama.llama_model_n_ctx_train(self.model))

    @property
    def begin(self) -> tuple[int, ...]:
        """What every prompt of this model begins with: its begin-of-text token, or nothing."""
        token = int(self.llama.llama_vocab_bos(self._vocabulary))
        return (token,) if token >= 0 and self.llama.llama_vocab_get_add_bos(self._vocabulary) else ()

    def tokenise(self, text: str, limit: int = 2**20) -> list[int]:
        """``text`` as tokens, none of them for control.

        :raises TextTooLongError: there are more than ``limit``.
        """
        data = text.encode()
        if len(data) > _LONGEST:
            raise TextTooLongError(_LONGEST, limit)
        # Asked to write into no room, llama.cpp answers with the number it would have needed, negated.
        count = -self._tokenise(data, None, 0)
        if count > limit:
            raise TextTooLongError(count, limit)
        room = (self.llama.llama_token * max(1, count))()
        self._tokenise(data, room, count)
        return list(room[:count])

    def _tokenise(self, text: bytes, room: Any, size: int) -> int:
        # The last two arguments: nothing is put around the text, and no token for control is read in it.
        return int(self.llama.llama_tokenize(self._vocabulary, text, len(text), room, size, False, False))

    def metadata(self, key: str) -> str:
        """A value of the file's metadata as text; empty where there is none, cut behind 1,000 bytes."""
        room = ctypes.create_string_buffer(1001)
        found = self.llama.llama_model_meta_val_str(self.model, key.encode(), room, len(room))
        return room.value.decode("utf-8", "replace") if found >= 0 else ""

    def _load(self, n_gpu_layers: int) -> Any:
        params = self.llama.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        silence(self.llama)
        model = self.llama.llama_model_load_from_file(os.fsencode(self.path), params)
        if not model:
            raise NotReadyError(f"{self.path} cannot be loaded ({reason()}); {_NEXT}")
        return model

    def _check_causal(self) -> None:
        name = self.metadata("general.architecture")
        looks_ahead = self.metadata(f"{name}.attention.causal") == "false"
        diffuses = self.llama.llama_model_is_diffusion(self.model)
        if looks_ahead or diffuses or self.llama.llama_model_has_encoder(self.model):
            raise NotReadyError(f"{self.path} holds a {name or 'nameless'} model, which is not causal; {_NEXT}")


class KeptHead:
    """A model that has read the head of a prompt and keeps what it made of it.

    :param n_ctx: tokens held at once: the head, a question, and its branches side by side.
    """

    def __init__(self, decoder: LlamaDecoder, head: Sequence[int], branches: int, n_ctx: int, n_threads: int) -> None:
        self._decoder = decoder
        self._llama = decoder.llama
        self._head = tuple(head)
        self._size = n_ctx
        self._threads = n_threads
        self._side_by_side = max(1, min(branches, _BRANCHES))
        if len(self._head) > n_ctx:
            raise NotReadyError(f"the prompt's head has {len(self._head)} tokens, n_ctx is {n_ctx}; set a larger one")
        self._context = self._new_context()
        self._memory = self._llama.llama_get_memory(self._context)
        if not self._memory:
            raise NotReadyError(f"{decoder.path} holds a model that is not causal; {_NEXT}")
        self._batch = _Batch(self._llama, n_ctx)
        self._has_head = False

    def room(self, branches: Sequence[Sequence[int]]) -> int:
        """Tokens left for a question with these branches behind it."""
        held = max(sum(map(len, group)) for group in _groups(branches, self._side_by_side))
        longest = max(map(len, branches))
        return min(self._size - held, self._decoder.n_trained - longest) - len(self._head)

    def scores(self, question: Sequence[int], branches: Sequence[Sequence[int]]) -> Floats:
        """The score of every token behind the head, ``question`` and each branch, shape (branches, vocabulary).

        No branch may be empty, and ``question`` no longer than :meth:`room`.
        """
        try:
            return self._scores(question, branches)
        except NotReadyError:
            self._forget()
            raise

    def _scores(self, question: Sequence[int], branches: Sequence[Sequence[int]]) -> Floats:
        if not self._has_head:
            self._read([(_HEAD, 0, self._head)])
            self._has_head = True
        self._copy(_HEAD, _QUESTION)
        at = len(self._head)
        self._read([(_QUESTION, at, question)])
        groups = _groups(branches, self._side_by_side)
        scores = np.concatenate([self._branched(at + len(question), group) for group in groups])
        self._remove(_QUESTION)
        return scores

    def _branched(self, at: int, branches: Sequence[Sequence[int]]) -> Floats:
        places = range(_FIRST_BRANCH, _FIRST_BRANCH + len(branches))
        for place in places:
            self._copy(_QUESTION, place)
        self._read([(place, at, branch) for place, branch in zip(places, branches, strict=True)], wanted=True)
        scores = self._last_scores(len(branches))
        for place in places:
            self._remove(place)
        return scores

    def _read(self, parts: Iterable[tuple[int, int, Sequence[int]]], wanted: bool = False) -> None:
        """Compute parts, each ``(sequence, position of its first token, tokens)``; scores behind each where wanted."""
        batch = self._batch.of(parts, wanted)
        if not batch.n_tokens:
            return
        silence(self._llama)
        code = self._llama.llama_decode(self._context, batch)
        if code != 0:
            raise NotReadyError(f"llama.cpp could not run the model (code {code}): {reason()}")

    def _last_scores(self, rows: int) -> Floats:
        pointer = self._llama.llama_get_logits(self._context)
        if not pointer:
            raise NotReadyError(f"llama.cpp gave no scores: {reason()}")
        width = self._decoder.n_vocab
        address = ctypes.addressof(pointer.contents)
        view = memoryview((ctypes.c_float * (rows * width)).from_address(address)).cast("B")
        # Copied, because the next pass writes to the same place.
        return np.frombuffer(view, dtype=np.float32).reshape(rows, width).copy()

    def _copy(self, source: int, target: int) -> None:
        self._llama.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def _remove(self, sequence: int) -> None:
        self._llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def _forget(self) -> None:
        self._llama.llama_memory_clear(self._memory, True)
        self._has_head = False

    def _new_context(self) -> Any:
        llama = self._llama
        params = llama.llama_context_default_params()
        params.n_ctx = params.n_batch = self._size
        params.n_ubatch = min(self._size, _AT_A_TIME)
        params.n_seq_max = self._side_by_side + _FIRST_BRANCH
        params.n_threads = params.n_threads_batch = self._threads
        params.kv_unified = True  # a copy then shares its cells instead of taking its own
        params.swa_full = True
        params.no_perf = True
        silence(llama)
        context = llama.llama_init_from_model(self._decoder.model, params)
        if not context:
            raise NotReadyError(f"llama.cpp has no room for {self._size} tokens: {reason()}")
        # The context is freed before the model, which this object keeps alive.
        weakref.finalize(self, llama.llama_free, context).atexit = False
        return context


class _Batch:
    """llama.cpp's batch, its arrays made once."""

    def __init__(self, llama: Any, size: int) -> None:
        self._tokens = (llama.llama_token * size)()
        self._positions = (llama.llama_pos * size)()
        one = (ctypes.c_int32 * size)(*[1] * size)
        self._sequence = (llama.llama_seq_id * size)()
        pointer = ctypes.POINTER(llama.llama_seq_id)
        start, step = ctypes.addressof(self._sequence), ctypes.sizeof(llama.llama_seq_id)
        pointers = (pointer * size)(*[ctypes.cast(start + step * at, pointer) for at in range(size)])
        self._wanted = (ctypes.c_int8 * size)()
        self._batch = llama.llama_batch(0, self._tokens, None, self._positions, one, pointers, self._wanted)

    def of(self, parts: Iterable[tuple[int, int, Sequence[int]]], wanted: bool) -> Any:
        """The batch with ``parts``; scores are wanted behind the last token of each, or nowhere."""
        at = 0
        for sequence, position, tokens in parts:
            for offset, token in enumerate(tokens):
                self._tokens[at], self._positions[at] = token, position + offset
                self._sequence[at], self._wanted[at] = sequence, 0
                at += 1
            if wanted:
                self._wanted[at - 1] = 1
        self._batch.n_tokens = at
        return self._batch


def _groups(branches: Sequence[Sequence[int]], size: int) -> list[Sequence[Sequence[int]]]:
    return [branches[start : start + size] for start in range(0, len(branches), size)]
