"""A Llama of two layers and a few hundred tokens, a toy taxonomy to train it on, and its way into a GGUF file.

llama.cpp's own converter knows tokenisers by a hash of what they do and refuses one made a minute ago; so the GGUF of
this model is written here, with the names, the types and the order of query and key rows that its converter would use.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.training.dataset import Dataset, Utterance
from assistant.understanding.heads import LabelSets
from assistant.understanding.prompting import prompt_for

LABELS = LabelSets(
    intents=("storage", "dosage", "overdose", "pregnancy"),
    slots=(("population", "pregnant"), ("population", "pediatric")),
    flags=("adverse_event",),
)
#: Control tokens; the last one is what chat models end a turn with.
CONTROL = ("<s>", "</s>", "<|im_end|>")

_OPENINGS = ("", "please tell me ", "quick one: ", "hi, ")
_BODIES: Mapping[str, tuple[str, ...]] = {
    "storage": ("how do i store {product}", "keep it in the fridge?", "at which temperature is it kept", "shelf life"),
    "dosage": ("what dose of {product}", "how many mg a day", "starting dose?", "how much to take"),
    "overdose": ("took too much {product}", "ten tablets at once", "overdose of {product}?", "swallowed the bottle"),
    "pregnancy": ("safe in pregnancy?", "she is pregnant, may she", "while expecting a baby", "pregnant women and it"),
}
#: What is said besides, the population that it names, the flag that it raises.
_ENDINGS = (("", None, ()), (" for a child", "pediatric", ()), (", got a rash from it", None, ("adverse_event",)))


def toy_data() -> Dataset:
    """Every opening with every body and ending; the last opening is for validation."""
    found = []
    for opening, (intent, bodies), ending in itertools.product(_OPENINGS, _BODIES.items(), _ENDINGS):
        for body in bodies:
            whom = ["pregnant"] if intent == "pregnancy" else []
            whom += [ending[1]] if ending[1] else []
            found.append(
                Utterance(
                    text=opening + body + ending[0],
                    intent=intent,
                    slots={"population": tuple(whom)} if whom else {},
                    flags=ending[2],
                    split="validation" if opening == _OPENINGS[-1] else "train",
                )
            )
    return Dataset(tuple(found), "0" * 64)


def write_base(folder: Path, seed: int) -> None:
    """Write an untrained model and a byte-level BPE tokeniser made of the toy questions."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    made = ByteLevelBPETokenizer()
    prompt = prompt_for(LABELS)
    texts = [utterance.masked()[0] for utterance in toy_data().utterances]
    texts += 20 * [prompt.head, *(part for query in prompt.queries for part in (query.tail, *query.answers))]
    made.train_from_iterator(texts, vocab_size=600, show_progress=False, special_tokens=list(CONTROL))
    made.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", made.token_to_id("<s>"))])
    begin, end, turn = CONTROL
    wrapped: Any = PreTrainedTokenizerFast
    tokeniser = wrapped(tokenizer_object=made, bos_token=begin, eos_token=end, extra_special_tokens=[turn])
    tokeniser.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=made.get_vocab_size(), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


#: Modules of one layer in transformers and in llama.cpp.
_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(folder: Path, out: Path, description: str = "", pre: str = "gpt-2") -> None:
    """Write the Llama in ``folder`` to the GGUF file ``out``, weights as they are; ``pre`` names how words are cut."""
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(out, "llama")
    if description:
        writer.add_description(description)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(10000.0)
    _add_vocabulary(writer, json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")), pre)
    weights = load_file(folder / "model.safetensors")
    names = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    for layer in range(config["num_hidden_layers"]):
        names |= {f"model.layers.{layer}.{ours}": f"blk.{layer}.{theirs}" for ours, theirs in _LAYER.items()}
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for ours, theirs in names.items():
        tensor = weights.pop(f"{ours}.weight")
        kind = theirs.rpartition(".")[2]
        if kind in heads:
            # Rotary pairs: halves in transformers, neighbours in llama.cpp.
            tensor = tensor.reshape(heads[kind], 2, -1, tensor.shape[1]).swapaxes(1, 2).reshape(tensor.shape).copy()
        writer.add_tensor(f"{theirs}.weight", tensor)
    assert not weights, "every tensor must have found its place"
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, tokeniser: Mapping[str, Any], pre: str = "gpt-2") -> None:
    import gguf

    model = tokeniser["model"]
    vocabulary: dict[str, int] = model["vocab"]
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(ordered)
    writer.add_token_types([gguf.TokenType.CONTROL if t in CONTROL else gguf.TokenType.NORMAL for t in ordered])
    writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    writer.add_bos_token_id(vocabulary["<s>"])
    writer.add_eos_token_id(vocabulary["</s>"])
    writer.add_add_bos_token(True)


def write_mamba(tokeniser: Path, out: Path, seed: int) -> None:
    """Write a recurrent model of random weights with the tokeniser in a folder: it keeps states instead of keys."""
    import gguf
    import numpy as np

    described = json.loads((tokeniser / "tokenizer.json").read_text(encoding="utf-8"))
    width, inner, kept, state, rank, size = 32, 64, 4, 8, 4, len(described["model"]["vocab"])
    writer = gguf.GGUFWriter(out, "mamba")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(2)
    writer.add_ssm_conv_kernel(kept)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_layer_norm_rms_eps(1e-5)
    _add_vocabulary(writer, described)
    shapes: dict[str, tuple[int, ...]] = {
        "attn_norm.weight": (width,), "ssm_in.weight": (2 * inner, width), "ssm_conv1d.weight": (inner, kept),
        "ssm_conv1d.bias": (inner,), "ssm_x.weight": (rank + 2 * state, inner), "ssm_dt.weight": (inner, rank),
        "ssm_dt.bias": (inner,), "ssm_a": (inner, state), "ssm_d": (inner,), "ssm_out.weight": (width, inner),
    }  # fmt: skip
    named = {f"blk.{layer}.{name}": shape for layer in range(2) for name, shape in shapes.items()}
    named |= {"token_embd.weight": (size, width), "output_norm.weight": (width,), "output.weight": (size, width)}
    random = np.random.default_rng(seed)
    for name, shape in named.items():
        tensor = random.normal(size=shape).astype(np.float32) * 0.5
        # States must fade.
        writer.add_tensor(name, -np.abs(tensor) - 0.1 if name.endswith("ssm_a") else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
