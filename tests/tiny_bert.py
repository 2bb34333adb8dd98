"""A BERT of one or two layers with a WordPiece vocabulary of some hundred pieces, and a toy task that it can learn.

Written with numpy and safetensors alone, so that it needs no torch; its weights are random but seeded.
"""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from assistant.training.dataset import PRODUCT_MARK, SpanMark, Split, Utterance
from assistant.training.pairs import Pair

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MAX_TOKENS = 256

# Kinds of question, each with frames that words are put into, and the span that these words are.
_KINDS = {
    "storage": ("", ("how do i store {product} in {}", "keep {product} cold in {}?", "is {} the right place to keep it",
                "may i store it in {}")),
    "drug_interaction": ("substance", ("can {product} be taken with {}", "any interaction with {}?",
                         "she takes {} too, is that fine together", "does it interact with {}")),
    "indication": ("condition", ("does {product} help {}", "is it approved for {}?", "used to treat {} or not",
                   "is {product} for {}")),
    "pregnancy": ("", ("is {product} safe in pregnancy, {}", "may a pregnant woman {} take it",
                  "pregnant in {}: can she go on with {product}", "pregnancy and {}, is it safe")),
}  # fmt: skip
_FILLINGS = {
    "storage": ("a car", "the fridge", "summer", "a bag", "the bathroom"),
    "drug_interaction": ("warfarin", "st. john's wort", "lithium", "digoxin", "ibuprofen"),
    "indication": ("asthma", "stage 4 melanoma", "gout", "migraine", "crohn's disease"),
    "pregnancy": ("first weeks", "month nine", "may", "autumn", "twins"),
}
#: The last frame of each kind is for validation and, as the test split, once more.
_SPLITS: tuple[Split, ...] = ("train", "train", "train", "validation")
_REPORT = ", got a rash"


def toy_utterances() -> list[Utterance]:
    """60 training and 20 validation questions with intents, a population and spans; every third tells of a rash."""
    found = []
    for number, (intent, frame, filling) in enumerate(_combined()):
        type_, frames = _KINDS[intent]
        text = frames[frame].replace("{}", filling)
        spans = [SpanMark(start=at, end=at + len(filling), type=type_)] if (at := text.find(filling)) and type_ else []
        if number % 3 == 0:
            spans.append(SpanMark(start=len(text) + 8, end=len(text) + len(_REPORT), type="event"))
            text += _REPORT
        slots = {"population": ("pregnant",)} if intent == "pregnancy" else {}
        flags = ("adverse_event",) if number % 3 == 0 else ()
        family = f"{intent}-{frame}"
        found.append(
            Utterance(text=text, intent=intent, slots=slots, spans=tuple(spans), flags=flags, family=family,
                      split=_SPLITS[frame])
        )  # fmt: skip
    return found


def _combined() -> Iterator[tuple[str, int, str]]:
    for intent, frame in itertools.product(_KINDS, range(len(_SPLITS))):
        for filling in _FILLINGS[intent]:
            yield intent, frame, filling


def toy_pairs(count: int = 20) -> list[Pair]:
    """Questions with the one passage that answers each, five a label."""
    fillings = [filling for some in _FILLINGS.values() for filling in some]
    return [
        Pair(f"what of {filling}?", f"The medicine and {filling}: see a doctor.", f"label-{number // 5}")
        for number, filling in enumerate(fillings[:count])
    ]


def vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Every printable ASCII character as a word and within one, and the first four letters of every longer word."""
    letters = string.ascii_lowercase + string.digits
    words = sorted({word[:4] for text in texts for word in text.lower().split() if word[:4].isalpha()})
    pieces = [*SPECIAL, *letters, *string.punctuation, *(f"##{letter}" for letter in letters), *words]
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}


def write_base(folder: Path, width: int = 64, layers: int = 2, seed: int = 1) -> Path:
    """Write an untrained model as a sentence-transformers folder, its vocabulary made of the toy questions."""
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir(parents=True)
    texts = [utterance.text.replace(PRODUCT_MARK, "the medicine") for utterance in toy_utterances()]
    pieces = vocabulary([*texts, *(pair.passage for pair in toy_pairs())])
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": width,
        "intermediate_size": 2 * width, "layer_norm_eps": 1e-12, "max_position_embeddings": MAX_TOKENS,
        "num_attention_heads": 2, "num_hidden_layers": layers, "type_vocab_size": 2, "vocab_size": len(pieces),
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pad_token_id": 0,
    }  # fmt: skip
    kinds = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    modules = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for kind, path in kinds.items()]
    files: dict[str, Any] = {
        "config.json": config,
        "tokenizer.json": _tokenizer(pieces),
        "tokenizer_config.json": {
            "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": MAX_TOKENS,
            "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]",
            "mask_token": "[MASK]",
        },
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True},
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    save_file(_weights(len(pieces), width, layers, seed), folder / "model.safetensors", {"format": "pt"})
    return folder


def _tokenizer(pieces: dict[str, int]) -> dict[str, Any]:
    added = [
        {"id": pieces[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True} for token in SPECIAL
    ]  # fmt: skip
    around = [{"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]")]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [around[0], {"Sequence": {"id": "A", "type_id": 0}}, around[1]],
            "pair": [around[0], {"Sequence": {"id": "A", "type_id": 0}}, around[1],
                     {"Sequence": {"id": "B", "type_id": 1}}, around[1]],
            "special_tokens": {token: {"id": token, "ids": [pieces[token]], "tokens": [token]}
                               for token in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": pieces},
    }  # fmt: skip


def _weights(pieces: int, width: int, layers: int, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (pieces, width),
        "embeddings.position_embeddings.weight": (MAX_TOKENS, width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    made = {name: draw.normal(0, 0.1, shape) for name, shape in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        inside = f"encoder.layer.{layer}"
        square = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
        linear = dict.fromkeys(square, (width, width))
        linear |= {"intermediate.dense": (2 * width, width), "output.dense": (width, 2 * width)}
        for name, wide in linear.items():
            made[f"{inside}.{name}.weight"] = draw.normal(0, 0.1, wide)
            made[f"{inside}.{name}.bias"] = np.zeros(wide[0])
        norms += [f"{inside}.attention.output.LayerNorm", f"{inside}.output.LayerNorm"]
    for name in norms:
        made |= {f"{name}.weight": np.ones(width), f"{name}.bias": np.zeros(width)}
    return {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in made.items()}
