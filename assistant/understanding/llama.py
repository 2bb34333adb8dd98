"""One BERT model in llama.cpp, called through llama-cpp-python's thin ctypes layer: text in, token states out.

Guarantees: nothing is written to stdout or stderr; nothing is truncated; the states of a text depend on the text and
the file alone on a given machine, not on what else is encoded, nor on the number of threads (measured: 1, 2, 3, 4, 7).
Refuses a file that is missing, is no GGUF, cannot be loaded or holds no BERT (:class:`NotReadyError`).

Why not ``llama_cpp.Llama``: it imports a chat stack (50 ms and 35 MB of a cold start), truncates silently, and its log
handler prints. Here the tokeniser writes straight into a preallocated batch, and pooling is left to numpy, so that one
forward pass serves the retrieval vector and every other head.

llama.cpp aborts the whole process where it finds a batch longer than it allows: every length is checked before a call.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import sys
import threading
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import NotReadyError

Floats = npt.NDArray[np.float32]

#: Tokens from which attention in blocks ("flash") is the faster one; measured: 32 tokens 11 against 14 ms, 64 tokens
#: 22 against 18, 200 tokens 101 against 67. A text's own length decides, so its vector stays a function of the text.
FLASH_FROM = 64
#: Bytes of a text that llama.cpp can count at all (its lengths are 32-bit).
_LONGEST = 2**31 - 1
_POOLING = {"1": "mean", "2": "cls"}
_LOG_ERROR = 4
#: What llama.cpp writes before the first piece of a word.
_WORD_MARK = "\u2581".encode()


class LlamaBert:
    """A loaded model. Calls from several threads are put in line: one context serves one thread at a time."""

    def __init__(self, path: Path, n_ctx: int, n_gpu_layers: int) -> None:
        self._llama = library()
        check_file(path)
        self._model = self._load(path, n_gpu_layers)
        self._free = weakref.finalize(self, self._llama.llama_model_free, self._model)
        # At exit the system takes the memory back; freeing it then could meet a thread that still computes.
        self._free.atexit = False
        self._check_architecture(path)
        self._vocabulary = self._llama.llama_model_get_vocab(self._model)
        self._unknown = int(self._metadata("tokenizer.ggml.unknown_token_id") or -1)
        self.pooling = self._read_pooling(path)
        self.dimension = int(self._llama.llama_model_n_embd(self._model))
        self.max_tokens = min(n_ctx, int(self._llama.llama_model_n_ctx_train(self._model)))
        self._batch = _Batch(self._llama, self.max_tokens)
        self._contexts: dict[bool, Any] = {}
        self._lock = threading.Lock()

    def count_tokens(self, text: bytes) -> int:
        """Tokens of ``text`` with its [CLS] and [SEP]."""
        # Asked to write into no room, llama.cpp answers with the number it would have needed, negated.
        return -self._tokenise(text, None, 0)

    def states(self, text: bytes, n_threads: int) -> Floats | int:
        """The last layer's states, shape (tokens, dimension), a fresh array; of a text too long, its tokens instead."""
        with self._lock:
            count = self._tokenise(text, self._batch.tokens, self.max_tokens)
            return -count if count < 0 else self._forward(count, n_threads)

    def read(self, text: bytes, n_threads: int) -> tuple[Floats, npt.NDArray[np.int64]] | int:
        """The states of ``text`` and the rows at which its words begin, (words,); of a text too long, its tokens."""
        with self._lock:
            count = self._tokenise(text, self._batch.tokens, self.max_tokens)
            if count < 0:
                return -count
            # [CLS] and [SEP] stand around the words.
            starts = [row for row in range(1, count - 1) if self._begins_word(self._batch.tokens[row])]
            return self._forward(count, n_threads), np.array(starts, dtype=np.int64)

    def _begins_word(self, token: int) -> bool:
        """Whether a token is the first of a word: it then bears a mark; a word that the model lacks is one token."""
        text: bytes = self._llama.llama_vocab_get_text(self._vocabulary, token)
        return text.startswith(_WORD_MARK) or token == self._unknown

    def _tokenise(self, text: bytes, room: Any, size: int) -> int:
        if len(text) > _LONGEST:
            return -_LONGEST
        # The last argument: "[SEP]" in a text is five characters, never a control token.
        return int(self._llama.llama_tokenize(self._vocabulary, text, len(text), room, size, True, False))

    def _forward(self, count: int, n_threads: int) -> Floats:
        llama, context = self._llama, self._context(flash=count >= FLASH_FROM)
        # An encoder's pass counts as a batch, yet the default of either number would take every core.
        llama.llama_set_n_threads(context, n_threads, n_threads)
        code = llama.llama_encode(context, self._batch.of(count))
        pointer = llama.llama_get_embeddings(context) if code == 0 else None
        if not pointer:
            raise NotReadyError(f"llama.cpp could not run the model (code {code}): {reason()}")
        address = ctypes.addressof(pointer.contents)
        view = memoryview((ctypes.c_float * (count * self.dimension)).from_address(address)).cast("B")
        # Copied, because the next pass writes to the same place.
        return np.frombuffer(view, dtype=np.float32).reshape(count, self.dimension).copy()

    def _context(self, flash: bool) -> Any:
        if flash not in self._contexts:
            self._contexts[flash] = self._new_context(flash)
        return self._contexts[flash]

    def _new_context(self, flash: bool) -> Any:
        llama = self._llama
        size = self.max_tokens if flash else min(self.max_tokens, FLASH_FROM)
        params = llama.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = size
        params.n_seq_max = 1
        params.embeddings = True
        params.pooling_type = llama.LLAMA_POOLING_TYPE_NONE
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        silence(llama)
        context = llama.llama_init_from_model(self._model, params)
        if not context:
            raise NotReadyError(f"llama.cpp has no room for {size} tokens: {reason()}")
        # Freed before the model: finalizers of one object run in the reverse order of their making.
        weakref.finalize(self, llama.llama_free, context).atexit = False
        return context

    def _load(self, path: Path, n_gpu_layers: int) -> Any:
        params = self._llama.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        # Weights are not repacked for a processor's matrix units: with AMX a q8_0 file crashed on a short text
        # (ggml-org/llama.cpp, issue 20824, is of that kind), and what ships multiplies 16 bits, which are not repacked.
        params.use_extra_bufts = False
        silence(self._llama)
        model = self._llama.llama_model_load_from_file(os.fsencode(path), params)
        if not model:
            raise NotReadyError(f"{path} cannot be loaded ({reason()}); {_NEXT}")
        return model

    def _metadata(self, key: str) -> str:
        room = ctypes.create_string_buffer(128)
        found = self._llama.llama_model_meta_val_str(self._model, key.encode(), room, len(room))
        return room.value.decode("utf-8", "replace") if found >= 0 else ""

    def _check_architecture(self, path: Path) -> None:
        name = self._metadata("general.architecture")
        if name != "bert" or self._metadata("tokenizer.ggml.model") != "bert":
            raise NotReadyError(f"{path} holds a {name or 'nameless'} model, not a WordPiece BERT encoder; {_NEXT}")

    def _read_pooling(self, path: Path) -> str:
        number = self._metadata("bert.pooling_type")
        if number not in _POOLING:
            raise NotReadyError(f"{path} does not say whether it pools by mean or by CLS; {_NEXT}")
        return _POOLING[number]


def quantise(source: Path, out: Path, kind: str) -> None:
    """Let llama.cpp quantise a GGUF file; ``kind`` names one of its ``LLAMA_FTYPE_`` constants.

    :raises NotReadyError: llama.cpp could not.
    """
    llama = library()
    check_file(source)
    params = llama.llama_model_quantize_default_params()
    params.ftype = getattr(llama, kind)
    params.nthread = 1
    silence(llama)
    code = llama.llama_model_quantize(os.fsencode(source), os.fsencode(out), ctypes.byref(params))
    if code:
        raise NotReadyError(f"llama.cpp could not quantise {source} (code {code}): {reason()}")


class _Batch:
    """llama.cpp's batch for one text at a time; only the tokens change from call to call."""

    def __init__(self, llama: Any, size: int) -> None:
        self.tokens = (llama.llama_token * size)()
        self._positions = (llama.llama_pos * size)(*range(size))
        self._one = (ctypes.c_int32 * size)(*[1] * size)
        self._sequence = (llama.llama_seq_id * 1)(0)
        pointer = ctypes.POINTER(llama.llama_seq_id)
        self._sequences = (pointer * size)(*[ctypes.cast(self._sequence, pointer)] * size)
        self._wanted = (ctypes.c_int8 * size)(*[1] * size)
        self._batch = llama.llama_batch(0, self.tokens, None, self._positions, self._one, self._sequences, self._wanted)

    def of(self, count: int) -> Any:
        """The batch, its first ``count`` tokens."""
        self._batch.n_tokens = count
        return self._batch


_NEXT = "set [model] path in onlabel.toml to the model that was exported for this workspace"
_errors: list[str] = []


def check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise NotReadyError(f"no model at {path} ({error.strerror}); {_NEXT}") from error
    if magic != b"GGUF":
        raise NotReadyError(f"{path} is not a GGUF file (if it is a Git LFS pointer, run: git lfs pull); {_NEXT}")


@cache
def library() -> Any:
    """``llama_cpp.llama_cpp``, with the shared library, but without the package around it."""
    try:
        module = _low_level()
    except ModuleNotFoundError as error:
        raise NotReadyError('llama-cpp-python is not installed; run: pip install "onlabel"') from error
    except (OSError, RuntimeError) as error:
        raise NotReadyError(f"llama.cpp's library cannot be loaded here: {error}") from error
    silence(module)
    module.llama_backend_init()
    return module


def _low_level() -> Any:
    """The package's ``__init__`` pulls in the chat stack, so a bare stand-in takes its place during the import.

    It is taken away afterwards: whoever imports ``llama_cpp`` later gets the whole package, with the same library.
    """
    if "llama_cpp" in sys.modules:
        return importlib.import_module("llama_cpp.llama_cpp")
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None:
        raise ModuleNotFoundError("llama_cpp")
    sys.modules["llama_cpp"] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module("llama_cpp.llama_cpp")
    finally:
        del sys.modules["llama_cpp"]


def silence(llama: Any) -> None:
    """Send llama.cpp's log to :func:`_keep_error`; again before every load, as others may have set their own."""
    _errors.clear()
    llama.llama_log_set(_callback(llama), None)


@cache
def _callback(llama: Any) -> Any:
    # Cached because llama.cpp keeps the pointer: the object behind it must outlive every call.
    return llama.llama_log_callback(_keep_error)


def _keep_error(level: int, text: bytes, _: object) -> None:
    if level == _LOG_ERROR and len(_errors) < 3:
        _errors.append(text.decode("utf-8", "replace").strip())


def reason() -> str:
    """The first error of the last load: what follows it only says that loading failed."""
    return _errors[0] if _errors else "no reason given"
