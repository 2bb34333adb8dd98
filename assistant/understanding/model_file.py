"""What a GGUF file says of itself: its metadata, read without loading the model, and the trained heads among it.

llama.cpp refuses a BERT file with tensors that it does not know, so the heads travel as metadata arrays under keys that
begin with ``onlabel.heads.``; one file holds all that decides. Written by :mod:`assistant.training.export`.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3, little-endian; arrays of arrays, which
llama.cpp does not read either, are refused. Refuses, with a :class:`NotReadyError`, a file that is cut short or holds
heads that do not fit together or hold what is no number.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import NotReadyError
from assistant.understanding.heads import Heads, LabelSets, Layer
from assistant.understanding.ngrams import NgramHead

PREFIX = "onlabel."
HEADS = "onlabel.heads."
NGRAMS = f"{HEADS}ngrams."
#: struct formats of GGUF's scalar types by number; 8 is a string, 9 an array.
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY, _FLOAT32, _UINT8 = 8, 9, 6, 0


class _Labels(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    intents: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    spans: tuple[str, ...]


def read_metadata(path: Path, prefix: str = PREFIX) -> dict[str, Any]:
    """The metadata of a GGUF file whose keys begin with ``prefix``; arrays of floats or bytes as numpy arrays.

    :raises NotReadyError: the file is missing, no GGUF of version 3, or ends within its metadata.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return dict(_entries(data, prefix.encode()))
    except OSError as error:
        raise NotReadyError(f"no model at {path} ({error.strerror})") from error
    except (struct.error, ValueError) as error:
        raise NotReadyError(f"{path} is no GGUF file that can be read ({error}); export it again") from error


def _entries(data: mmap.mmap, prefix: bytes) -> Iterator[tuple[str, Any]]:
    if data[:4] != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    version, _, count = struct.unpack_from("<IQQ", data, 4)
    if version != 3:
        raise ValueError(f"it is of version {version}")
    at = 24
    for _ in range(count):
        key, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        wanted = key.startswith(prefix)
        value, at = _value(data, at + 4, kind, wanted)
        if wanted:
            yield key.decode(), value


def _string(data: mmap.mmap, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    end = at + 8 + length
    if end > len(data):
        raise ValueError("it is cut short")
    return data[at + 8 : end], end


def _value(data: mmap.mmap, at: int, kind: int, wanted: bool) -> tuple[Any, int]:
    if kind == _STRING:
        text, at = _string(data, at)
        return text.decode("utf-8", "replace") if wanted else None, at
    if kind == _ARRAY:
        of, count = struct.unpack_from("<IQ", data, at)
        return _array(data, at + 12, of, count, wanted)
    form = _form(kind)
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def _array(data: mmap.mmap, at: int, of: int, count: int, wanted: bool) -> tuple[Any, int]:
    if of == _STRING:
        items = []
        for _ in range(count):
            item, at = _value(data, at, of, wanted)
            items.append(item)
        return items, at
    form = _form(of)
    size = struct.calcsize(form)
    end = at + size * count
    if end > len(data):
        raise ValueError("it is cut short")
    if not wanted:
        return None, end
    read = np.frombuffer(data[at:end], dtype=np.dtype(form))
    return (read if of in (_FLOAT32, _UINT8) else read.tolist()), end


def _form(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"it holds a value of type {kind}")
    return _SCALARS[kind]


def heads_metadata(heads: Heads) -> dict[str, Any]:
    """``heads`` as metadata for :func:`read_heads`: labels as JSON, weights as flat lists."""
    found: dict[str, Any] = {
        f"{HEADS}labels": json.dumps(heads.labels.as_json()),
        f"{HEADS}temperature": float(heads.temperature),
    }
    for name, layer in heads.layers():
        found[f"{HEADS}{name}.weight"] = layer.weight.ravel().tolist()
        found[f"{HEADS}{name}.bias"] = layer.bias.tolist()
    return found | (ngrams_metadata(heads.ngrams) if heads.ngrams else {})


def ngrams_metadata(head: NgramHead) -> dict[str, Any]:
    """``head`` as metadata for :func:`read_heads`: its weights as the bytes of signed numbers."""
    return {
        f"{NGRAMS}weight": head.weight.tobytes(),
        f"{NGRAMS}scale": head.scale.tolist(),
        f"{NGRAMS}bias": head.bias.tolist(),
        f"{NGRAMS}say": float(head.say),
    }


def read_heads(path: Path, dimension: int) -> Heads | None:
    """The trained heads of a model file; None where it has none.

    :raises NotReadyError: they do not fit the encoder or each other.
    """
    found = read_metadata(path, HEADS)
    if not found:
        return None
    try:
        labels = _labels(found[f"{HEADS}labels"])
        sizes = {"intent": labels.intents, "slot": labels.slots, "flag": labels.flags, "tag": labels.tags}
        layers = {name: _layer(found, name, len(of), dimension) if of else None for name, of in sizes.items()}
        intent = layers.pop("intent")
        if intent is None:
            raise ValueError("no intents")
        temperature = float(found[f"{HEADS}temperature"])
        if not 0 < temperature < math.inf:
            raise ValueError(f"the temperature is {temperature}")
        ngrams = _ngrams(found, len(labels.intents)) if f"{NGRAMS}weight" in found else None
        return Heads(labels, intent, layers["slot"], layers["flag"], layers["tag"], temperature, ngrams)
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadyError(f"the heads in {path} do not fit its encoder ({error}); export it again") from error


def _labels(text: str) -> LabelSets:
    try:
        read = _Labels.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(f"labels: {error.errors()[0]['msg']}") from error
    sets: tuple[Sequence[object], ...] = (read.intents, read.slots, read.flags, read.spans)
    if any(len(set(of)) < len(of) for of in sets):
        raise ValueError("a label stands twice")
    return LabelSets(read.intents, read.slots, read.flags, read.spans)


def _layer(found: Mapping[str, Any], name: str, labels: int, dimension: int) -> Layer:
    weight, bias = (found[f"{HEADS}{name}.{part}"] for part in ("weight", "bias"))
    if not all(isinstance(read, np.ndarray) and np.isfinite(read).all() for read in (weight, bias)):
        raise ValueError(f"the head {name} holds what is no number")
    return Layer(weight.reshape(labels, dimension), bias.reshape(labels))


def _ngrams(found: Mapping[str, Any], intents: int) -> NgramHead:
    weight, scale, bias = (found[f"{NGRAMS}{part}"] for part in ("weight", "scale", "bias"))
    if not all(isinstance(read, np.ndarray) and np.isfinite(read).all() for read in (weight, scale, bias)):
        raise ValueError("the n-grams hold what is no number")
    say = float(found[f"{NGRAMS}say"])
    head = NgramHead(weight.view(np.int8).reshape(-1, intents), scale.reshape(intents), bias.reshape(intents), say)
    if not 0 <= say <= 1 or not 1 <= head.bits <= 24 or len(head.weight) != 1 << head.bits:
        raise ValueError("the n-grams do not fit")
    return head
