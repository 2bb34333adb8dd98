"""Words as llama.cpp's tokenizer has them: as many for every text, and spans on the right characters."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from assistant.understanding.encoder import GgufEncoder, TextTooLongError
from assistant.understanding.heads import Heads, LabelSets, Layer
from assistant.understanding.llama import LlamaBert
from assistant.understanding.readers import TrainedReader
from assistant.understanding.reading import folded
from assistant.understanding.router import NearestUtterances
from assistant.understanding.words import words
from tests import tiny_bert
from tests.conftest import REPOSITORY
from tests.test_encoder import ODD, PASSAGES, QUESTIONS

SHIPPED = REPOSITORY / "models" / "onlabel-mixed.gguf"
#: llama.cpp's own mark of a word's start: in a text it may begin a second one.
MARK = "\u2581"

PLACES = {
    "how  should I store it?": ["how", "should", "I", "store", "it", "?"],
    " 2.5mg (twice/day) ": ["2", ".", "5mg", "(", "twice", "/", "day", ")"],
    "naïve β-blocker": ["naïve", "β", "-", "blocker"],
    "St. John's wort—80 %": ["St", ".", "John", "'", "s", "wort", "—", "80", "%"],
    "e\u0301tude a\u200bb": ["e\u0301tude", "a\u200bb"],
    "\u0301x \u0301 y": ["x", "y"],
    "\u200b\ufeff \x00": [],
    "a\x1cb c\u00a0d e\u2028f": ["a\x1cb", "c", "d", "e", "f"],
    "中文 ab中c": ["中", "文", "ab", "中", "c"],
    "a≠b x≤y": ["a", "≠", "b", "x≤y"],
    "20°C 5µg ™": ["20°C", "5µg", "™"],
    "🙂💊 x": ["🙂💊", "x"],
    "": [],
}


@pytest.mark.parametrize("text", PLACES, ids=ascii)
def test_words_stand_where_they_are_read(text: str) -> None:
    assert [text[start:end] for start, end in words(text)] == PLACES[text]


@given(st.text())
def test_words_are_in_order_apart_and_hold_no_space(text: str) -> None:
    found = words(text)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert not any(character in " \t\r\n\u00a0" for start, end in found for character in text[start:end])


# --- as many as the tokenizer's --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> LlamaBert:
    if not SHIPPED.is_file():
        pytest.skip("models/onlabel-mixed.gguf is not there")
    return LlamaBert(SHIPPED, 512, 0)


_tiny: list[Path] = []


def tiny_file(folder: Path) -> Path:
    """A model of one layer, exported once: its words are cut by the same code, and a pass is quick."""
    pytest.importorskip("gguf", reason="gguf is not installed")
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    from assistant.training.export import export_gguf

    if not _tiny:
        base = tiny_bert.write_base(folder / "base", width=32, layers=1)
        _tiny.append(export_gguf(base, folder / "tiny.gguf", "f16").path)
    return _tiny[0]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LlamaBert:
    return LlamaBert(tiny_file(tmp_path_factory.mktemp("tiny")), 512, 0)


def _starts(model: LlamaBert, text: str) -> int | None:
    """How many words the tokenizer finds; None where the text is longer than the model reads."""
    read = model.read(text.encode("utf-8", "replace"), 1)
    return None if isinstance(read, int) else len(read[1])


TEXTS = [
    *QUESTIONS, *PASSAGES, *ODD.values(), *PLACES,
    "[UNK] [CLS]x[SEP] ##ing ##", "x" * 150, "ﬁne ½ Ⅳ ｆｕｌｌ", "हिन्दी में", "ภาษาไทย", "العربية", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀𪜀",
    "a\u0300\u0301\u0302 \u0308", "\U000e0041\ue000x", "\u1fef \u037e ;", "Ω K Å", "\x7f\x80\x85\x9f", "1,5·10⁻³",
]  # fmt: skip


def test_as_many_words_as_the_shipped_model_finds(shipped: LlamaBert) -> None:
    for text in TEXTS:
        assert _starts(shipped, text) == len(words(text)), ascii(text)


def test_as_many_words_for_every_character(tiny: LlamaBert) -> None:
    tried = [character for code in range(0x2FB00) if _telling(code, character := chr(code))]
    wrong = [part for at in range(0, len(tried), 40) if not _agree(tiny, part := tried[at : at + 40])]
    assert [one for part in wrong for one in part if not _agree(tiny, [one])] == []


def _telling(code: int, character: str) -> bool:
    """Of the letters of scripts without case, which come in long runs, the ends of every sixteen."""
    category = unicodedata.category(character)
    return category not in ("Cs", "Cn", "Co") and character != MARK and (category != "Lo" or code % 16 in (0, 15))


def _agree(model: LlamaBert, characters: Sequence[str]) -> bool:
    """Whether each counts alike within a word and between two."""
    text = " ".join(f"a{character}b {character}" for character in characters)
    return _starts(model, text) == len(words(text))


_ODD = st.sampled_from(
    [*"aZ9 .-'$≠é中", "\u0301", "\u200b", "\n", "\x00", "\u00a0", "\ufffd", "ß", "🙂", "the", "[SEP]"]
)


@settings(max_examples=300)
@given(st.lists(_ODD | st.characters(exclude_characters=MARK, exclude_categories=["Cn"]), max_size=40).map("".join))
def test_as_many_words_for_any_text(tiny: LlamaBert, text: str) -> None:
    for form in (text, folded(text)):
        assert _starts(tiny, form) in (None, len(words(form)))


def test_as_many_words_for_hostile_texts(data: Path, tiny: LlamaBert) -> None:
    hostile = data / "hostile"
    texts = [str(text) for text in json.loads((hostile / "blns.json").read_text(encoding="utf-8"))]
    lines = (hostile / "prompt_injections.jsonl").read_text(encoding="utf-8").splitlines()
    texts += [str(json.loads(line)["text"]) for line in lines if line.strip()]
    assert len(texts) > 500
    for text in texts:
        for form in (text, folded(text)):
            assert _starts(tiny, form) in (None, len(words(form))) or MARK in form, ascii(form)


# --- spans -----------------------------------------------------------------------------------------------------------

LABELS = LabelSets(("dosage",), spans=("condition", "substance"))

MARKED = {
    "Is it safe in chronic kidney disease?": {"chronic kidney disease": "condition"},
    "with St. John's wort, for crohn's disease": {"St. John's wort": "substance", "crohn's disease": "condition"},
    "naïve  e\u0301tude\u200b (β-blocker) ≠ x": {"e\u0301tude\u200b": "condition", "β-blocker": "substance"},
    "药 with ibuprofen药中": {"ibuprofen": "substance", "药中": "condition"},
    "𝔘 🙂 gout": {"gout": "condition"},
    "gout": {"gout": "condition"},
}


def _taught(encoder: GgufEncoder, text: str, marked: dict[str, str]) -> Heads:
    """Heads whose span layer is solved for the one right answer to ``text``."""
    _, states = encoder.read(text)
    wanted = np.zeros((len(states), len(LABELS.tags)))
    for row, (start, _) in enumerate(words(text)):
        tag = "O"
        for span, name in marked.items():
            at = text.index(span)
            if at <= start < at + len(span):
                tag = f"{'B' if start == at else 'I'}-{name}"
        wanted[row, LABELS.tags.index(tag)] = 1
    solved = np.linalg.lstsq(np.c_[states, np.ones(len(states))], wanted, rcond=None)[0].T.astype(np.float32)
    intent = Layer(np.zeros((1, encoder.dimension), dtype=np.float32), np.zeros(1, dtype=np.float32))
    return Heads(LABELS, intent, None, None, Layer(solved[:, :-1], solved[:, -1]))


@pytest.mark.parametrize("text", MARKED, ids=ascii)
def test_spans_land_on_the_right_characters(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    encoder = GgufEncoder(tiny_file(tmp_path_factory.mktemp("tiny")))
    router = NearestUtterances(np.empty((0, encoder.dimension), dtype=np.float32), [])
    _, chosen = TrainedReader(encoder, _taught(encoder, text, MARKED[text]), router).read(text)
    assert chosen.spans is not None
    assert {text[start:end]: name for start, end, name in chosen.spans} == MARKED[text]


def test_states_are_those_of_the_words_first_pieces(tmp_path_factory: pytest.TempPathFactory) -> None:
    encoder = GgufEncoder(tiny_file(tmp_path_factory.mktemp("tiny")))
    text = "is pregnancy safe?"
    pooled, states = encoder.read(text)
    every = encoder.states(text)
    rows = [row for row in range(len(every)) if any(np.array_equal(every[row], state) for state in states)]
    # [CLS] is | preg ##n ##a ##n ##c ##y | safe | ? [SEP]
    assert rows == [1, 2, 8, 9]
    assert len(every) == 11
    assert np.array_equal(encoder.vector(every), encoder.encode([text])[0])
    assert np.allclose(pooled, every.mean(axis=0), atol=1e-6)


def test_a_text_too_long_is_refused_and_an_empty_one_has_no_words(tiny: LlamaBert, tmp_path: Path) -> None:
    assert _starts(tiny, "") == 0
    assert tiny.read(b"a " * 300, 1) == 302
    encoder = GgufEncoder(tiny_file(tmp_path))
    assert encoder.read("")[1].shape == (0, 32)
    with pytest.raises(TextTooLongError):
        encoder.read("a " * 300)
