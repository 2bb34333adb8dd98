"""The heads: valid and likeliest spans, honest shares, and a model file that gives back what was put into it."""

from __future__ import annotations

import itertools
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from assistant.errors import NotReadyError
from assistant.understanding.encoder import Encoder, GgufEncoder
from assistant.understanding.heads import Floats, Heads, LabelSets, Layer, best_path, spans_of
from assistant.understanding.model_file import HEADS, heads_metadata, read_heads, read_metadata
from assistant.understanding.readers import NearestReader, TrainedReader, trained_reader, whole_names
from assistant.understanding.router import NearestUtterances
from tests.fakes import HashEncoder

LABELS = LabelSets(
    intents=("dosage", "storage", "overdose"),
    slots=(("population", "pediatric"), ("population", "pregnant")),
    flags=("adverse_event", "emergency"),
    spans=("condition", "substance"),
)
WIDTH = 6


def _layer(labels: int, seed: int) -> Layer:
    draw = np.random.default_rng(seed)
    return Layer(draw.normal(size=(labels, WIDTH)).astype(np.float32), draw.normal(size=labels).astype(np.float32))


def heads(labels: LabelSets = LABELS, temperature: float = 1.7) -> Heads:
    sets = (labels.slots, labels.flags, labels.tags)
    others = [_layer(len(of), seed) if of else None for seed, of in enumerate(sets, 1)]
    return Heads(labels, _layer(len(labels.intents), 0), *others, temperature)


# --- spans -----------------------------------------------------------------------------------------------------------


def test_tags_are_outside_then_begin_and_inside_of_each_type() -> None:
    assert LABELS.tags == ("O", "B-condition", "I-condition", "B-substance", "I-substance")
    assert LabelSets(("dosage",)).tags == ()


def _valid(tags: list[int]) -> bool:
    behind = [0, *tags]
    return all(tag % 2 == 1 or tag == 0 or before in (tag, tag - 1) for before, tag in itertools.pairwise(behind))


_SCORES = st.integers(1, 3).flatmap(
    lambda types: arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.just(1 + 2 * types)),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)


@given(_SCORES)
def test_a_path_is_valid_and_its_spans_are_its_tags(scores: Floats) -> None:
    path = best_path(scores)
    assert len(path) == len(scores)
    assert _valid(path)
    types = [str(number) for number in range(scores.shape[1] // 2)]
    again = [0] * len(path)
    found = spans_of(path, types)
    for first, behind, name in found:
        again[first:behind] = [1 + 2 * int(name)] + [2 + 2 * int(name)] * (behind - first - 1)
    assert again == path
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(found))


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(5)), elements=st.integers(-8, 8)))
def test_no_valid_path_is_likelier(scores: Floats) -> None:
    rows = range(len(scores))
    valid = (list(path) for path in itertools.product(range(5), repeat=len(scores)) if _valid(list(path)))
    best = max(sum(scores[row, path[row]] for row in rows) for path in valid)
    found = best_path(scores)
    assert sum(scores[row, found[row]] for row in rows) == best


def test_an_inside_that_scores_best_becomes_part_of_a_span_or_nothing() -> None:
    scores = np.array([[0, -9, 5, -9, -9], [0, -9, 5, -9, -9]], dtype=np.float32)
    assert best_path(scores) == [0, 0]
    scores[0, 1] = -1
    assert spans_of(best_path(scores), LABELS.spans) == [(0, 2, "condition")]


def test_neighbours_of_one_type_stay_two_spans() -> None:
    assert spans_of([1, 2, 1, 0, 3, 4, 1], LABELS.spans) == [
        (0, 2, "condition"),
        (2, 3, "condition"),
        (4, 6, "substance"),
        (6, 7, "condition"),
    ]


def test_no_words_and_no_head_have_no_spans() -> None:
    assert heads().spans(np.empty((0, WIDTH), dtype=np.float32)) == []
    assert heads(LabelSets(("dosage",))).spans(np.ones((3, WIDTH), dtype=np.float32)) == []


# --- shares ----------------------------------------------------------------------------------------------------------

_POOLED = arrays.arrays(np.float32, WIDTH, elements=st.floats(-1e4, 1e4, width=32))


@given(_POOLED, st.floats(0.05, 20))
def test_shares_sum_to_one_and_keep_their_order_at_every_temperature(pooled: Floats, temperature: float) -> None:
    shares = heads(temperature=temperature).intent_shares(pooled)
    assert shares.shape == (3,)
    assert shares.dtype == np.float32
    assert float(shares.sum()) == pytest.approx(1, abs=1e-6)
    assert shares.min() >= 0
    scores = heads().intent(pooled)
    assert shares[int(scores.argmax())] == shares.max()


@given(_POOLED)
def test_a_higher_temperature_is_never_surer(pooled: Floats) -> None:
    cold, warm = heads(temperature=0.5), heads(temperature=2.0)
    assert warm.intent_shares(pooled).max() <= cold.intent_shares(pooled).max() + 1e-6


def test_temperature_divides_the_scores() -> None:
    pooled = np.linspace(-1, 1, WIDTH, dtype=np.float32)
    scores = heads().intent(pooled).astype(np.float64)
    for temperature in (0.5, 1.0, 3.0):
        wanted = np.exp(scores / temperature) / np.exp(scores / temperature).sum()
        assert heads(temperature=temperature).intent_shares(pooled) == pytest.approx(wanted, abs=1e-6)


@given(_POOLED)
def test_slots_and_flags_are_each_on_its_own_and_never_warn(pooled: Floats) -> None:
    slots, flags = heads().slot_shares(pooled), heads().flag_shares(pooled)
    assert tuple(slots) == LABELS.slots
    assert tuple(flags) == LABELS.flags
    assert all(0 <= share <= 1 for share in (*slots.values(), *flags.values()))
    scores = cast(Layer, heads().flag)(pooled)
    assert [share > 0.5 for share in flags.values()] == [score > 0 for score in scores.tolist()]


def test_without_a_head_nothing_is_said() -> None:
    bare = heads(LabelSets(("dosage", "storage")))
    assert bare.slot_shares(np.ones(WIDTH, dtype=np.float32)) == {}
    assert bare.flag_shares(np.ones(WIDTH, dtype=np.float32)) == {}


@given(st.integers(1, 40), st.integers(0, 99))
def test_a_words_scores_do_not_depend_on_the_words_beside_it(count: int, seed: int) -> None:
    states = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    layer = _layer(5, seed)
    assert np.array_equal(layer(states), np.stack([layer(state) for state in states]))


# --- in a model file -------------------------------------------------------------------------------------------------


def write(path: Path, metadata: Mapping[str, Any]) -> Path:
    """A GGUF file of nothing but metadata, written by the reference library."""
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    writer = gguf.GGUFWriter(path, "bert")
    for key, value in metadata.items():
        if isinstance(value, list | bytes):
            writer.add_array(key, value)
        elif isinstance(value, float):
            writer.add_float64(key, value)
        else:
            writer.add_string(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LabelSets(("dosage",)),
        LabelSets(("dosage", "storage"), flags=("adverse_event",)),
        LabelSets(("été", "\u2581 \"'\\"), spans=("condition",)),
    ],
)
def test_heads_come_back_to_the_bit(tmp_path: Path, labels: LabelSets) -> None:
    made = heads(labels, temperature=0.8125)
    read = read_heads(write(tmp_path / "a.gguf", heads_metadata(made)), WIDTH)
    assert read is not None
    assert read.labels == labels
    assert read.temperature == made.temperature
    for name in ("intent", "slot", "flag", "tag"):
        one, two = getattr(made, name), getattr(read, name)
        assert (one is None) == (two is None)
        if one is not None:
            assert np.array_equal(one.weight, two.weight)
            assert np.array_equal(one.bias, two.bias)
    pooled = np.linspace(-1, 1, WIDTH, dtype=np.float32)
    assert np.array_equal(made.intent_shares(pooled), read.intent_shares(pooled))


def test_a_file_without_heads_has_none(tmp_path: Path) -> None:
    assert read_heads(write(tmp_path / "a.gguf", {"onlabel.license": "none"}), WIDTH) is None


def test_only_keys_that_were_asked_for_are_read(tmp_path: Path) -> None:
    others = {"general.name": "x", "tokenizer.ggml.tokens": ["a", "b"], "onlabel.note": "é", "onlabel.marks": [1, 2]}
    path = write(tmp_path / "a.gguf", others)
    assert read_metadata(path) == {"onlabel.note": "é", "onlabel.marks": [1, 2]}
    assert read_metadata(path, "tokenizer.") == {"tokenizer.ggml.tokens": ["a", "b"]}


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.gguf", heads_metadata(heads(LabelSets(("dosage", "storage"))))).read_bytes()
    used = len(whole.rstrip(b"\0")) - 4
    for size in range(used):
        (tmp_path / "cut.gguf").write_bytes(whole[:size])
        with pytest.raises(NotReadyError):
            read_heads(tmp_path / "cut.gguf", WIDTH)


def _text(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def _file(*entries: bytes, magic: bytes = b"GGUF", version: int = 3, count: int | None = None) -> bytes:
    return magic + struct.pack("<IQQ", version, 0, len(entries) if count is None else count) + b"".join(entries)


_KEY = _text(b"onlabel.x")
_NESTED = _KEY + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 30_000

HOSTILE = {
    "empty": b"",
    "another format": _file(magic=b"PK\3\4"),
    "version 2": _file(version=2),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "more entries than bytes": _file(_KEY + struct.pack("<Ib", 1, 7), count=2**64 - 1),
    "a key without end": _file(struct.pack("<Q", 2**64 - 1) + b"x"),
    "a key that is no text": _file(_text(b"onlabel.\xff") + struct.pack("<Ib", 1, 7)),
    "a type that there is not": _file(_KEY + struct.pack("<IQ", 77, 0)),
    "a text without end": _file(_KEY + struct.pack("<IQ", 8, 2**63)),
    "an array without end": _file(_KEY + struct.pack("<IIQ", 9, 6, 2**62)),
    "an array of texts without end": _file(_KEY + struct.pack("<IIQ", 9, 8, 2**62)),
    "an array of what there is not": _file(_KEY + struct.pack("<IIQ", 9, 77, 1) + b"x"),
    "arrays in arrays": _file(_NESTED),
    "arrays in arrays, not asked for": _file(_NESTED.replace(b"onlabel.x", b"general.x")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.gguf").write_bytes(HOSTILE[name])
    with pytest.raises(NotReadyError, match=r"a\.gguf"):
        read_metadata(tmp_path / "a.gguf")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(NotReadyError, match="no model at"):
            read_metadata(path)


@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    whole = folder / "whole.gguf"
    if not whole.exists():
        folder.mkdir()
        write(whole, {**heads_metadata(heads(LabelSets(("dosage",), flags=("emergency",)))), "onlabel.t": ["a", "b"]})
    damaged = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (folder / "damaged.gguf").write_bytes(damaged)
    try:
        read = read_heads(folder / "damaged.gguf", WIDTH)
    except NotReadyError:
        return
    assert read is None or np.isfinite(read.intent_shares(np.ones(WIDTH, dtype=np.float32))).all()


def _changed(**changes: object) -> dict[str, Any]:
    """Good metadata, some of it replaced; ``None`` leaves a key out."""
    found = heads_metadata(heads())
    found |= {HEADS + key.replace("__", "."): value for key, value in changes.items()}
    return {key: value for key, value in found.items() if value is not None}


def _said(**changes: object) -> str:
    return json.dumps(LABELS.as_json() | changes)


NOT_FITTING: dict[str, dict[str, Any]] = {
    "labels missing": _changed(labels=None),
    "labels are no JSON": _changed(labels="["),
    "labels without end": _changed(labels="[" * 100_000),
    "labels are a list": _changed(labels="[]"),
    "labels are numbers": _changed(labels=_said(intents=[1, 2, 3])),
    "labels are one text": _changed(labels=_said(intents="abc")),
    "no intents": _changed(labels=_said(intents=[])),
    "fewer intents": _changed(labels=_said(intents=["dosage"])),
    "an intent twice": _changed(labels=_said(intents=["dosage", "storage", "dosage"])),
    "slots that are no pairs": _changed(labels=_said(slots=[["population"], ["population"]])),
    "an unknown set": _changed(labels=_said(moods=["glad"])),
    "labels are floats": _changed(labels=[1.5]),
    "weight missing": _changed(intent__weight=None),
    "bias missing": _changed(tag__bias=None),
    "weight too short": _changed(slot__weight=[1.0]),
    "weight of whole numbers": _changed(intent__weight=[1] * 3 * WIDTH),
    "weight of texts": _changed(flag__weight=["1.0"] * 2 * WIDTH),
    "a weight that is no number": _changed(intent__bias=[0.0, math.nan, 0.0]),
    "a weight without bounds": _changed(tag__bias=[0.0, math.inf, 0.0, 0.0, 0.0]),
    "temperature missing": _changed(temperature=None),
    "temperature 0": _changed(temperature=0.0),
    "temperature below 0": _changed(temperature=-1.0),
    "temperature no number": _changed(temperature=math.nan),
    "temperature without bounds": _changed(temperature=math.inf),
    "temperature in words": _changed(temperature="warm"),
}


@pytest.mark.parametrize("name", NOT_FITTING)
def test_heads_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.gguf", NOT_FITTING[name])
    with pytest.raises(NotReadyError, match="do not fit its encoder"):
        read_heads(path, WIDTH)


def test_heads_for_another_width_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gguf", heads_metadata(heads()))
    with pytest.raises(NotReadyError, match="do not fit its encoder"):
        read_heads(path, WIDTH + 1)


# --- the readers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FakePass:
    """Stands for :class:`GgufEncoder`: one pass that gives these states for any text."""

    pooled: Floats
    word_states: Floats

    def read(self, _masked: str) -> tuple[Floats, Floats]:
        return self.pooled, self.word_states


def _reader(intents: tuple[str, ...], words: int = 3, made: Heads | None = None) -> TrainedReader:
    draw = np.random.default_rng(5)
    fake = FakePass(draw.normal(size=WIDTH).astype(np.float32), draw.normal(size=(words, WIDTH)).astype(np.float32))
    vectors = draw.normal(size=(len(intents), WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if intents else 1
    return TrainedReader(cast(GgufEncoder, fake), made or heads(), NearestUtterances(vectors, intents))


def test_known_intents_have_the_heads_shares() -> None:
    reader = _reader(LABELS.intents)
    vector, chosen = reader.read("dose for gout")
    pooled = reader.encoder.read("")[0]
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
    assert dict(chosen.intents) == dict(zip(LABELS.intents, heads().intent_shares(pooled).tolist(), strict=True))
    shares = [share for _, share in chosen.intents]
    assert shares == sorted(shares, reverse=True)
    assert chosen.slots is not None
    assert {(slot, value) for slot, value, _ in chosen.slots} == set(LABELS.slots)


def test_an_added_intent_takes_its_share_and_all_still_sum_to_one() -> None:
    plain, added = _reader(LABELS.intents), _reader((*LABELS.intents, "cost_coverage"))
    one, two = dict(plain.read("x y z")[1].intents), dict(added.read("x y z")[1].intents)
    assert set(two) - set(one) == {"cost_coverage"}
    assert 0 < two["cost_coverage"] < 1
    assert sum(two.values()) == pytest.approx(1, abs=1e-6)
    for name, share in one.items():
        assert two[name] == pytest.approx(share * (1 - two["cost_coverage"]), abs=1e-6)


def test_spans_are_unknown_where_words_do_not_match_and_absent_without_a_head() -> None:
    assert _reader(LABELS.intents, words=3).read("dose for gout")[1].spans is not None
    assert _reader(LABELS.intents, words=4).read("dose for gout")[1].spans is None, "not known is not none"
    bare = _reader((), words=3, made=heads(LabelSets(("dosage", "storage")))).read("dose for gout")[1]
    assert (bare.slots, bare.spans, dict(bare.flags)) == (None, None, {})


def test_equal_shares_stand_by_name() -> None:
    flat = Layer(np.zeros((3, WIDTH), dtype=np.float32), np.zeros(3, dtype=np.float32))
    reader = _reader((), made=replace(heads(), intent=flat))
    assert [name for name, _ in reader.read("a b c")[1].intents] == sorted(LABELS.intents)


def test_the_untrained_reader_knows_intents_alone() -> None:
    encoder: Encoder = HashEncoder(8)
    texts = ["store it cold", "how much a day"]
    reader = NearestReader(encoder, NearestUtterances(encoder.encode(texts), ["storage", "dosage"]))
    vector, chosen = reader.read("store it cold")
    assert np.array_equal(vector, encoder.encode(["store it cold"])[0])
    assert chosen.intents[0][0] == "storage"
    assert (chosen.slots, chosen.spans, dict(chosen.flags)) == (None, None, {})


def test_an_encoder_without_heads_is_no_trained_reader() -> None:
    with pytest.raises(NotReadyError, match="no trained heads"):
        trained_reader(HashEncoder(8), NearestUtterances(np.empty((0, 8), dtype=np.float32), []))


@pytest.mark.parametrize(
    ("text", "marked", "whole"),
    [
        ("post-shingles pain", ["post", "shingles pain"], ["post-shingles pain"]),
        ("post-shingles pain", ["shingles pain"], ["post-shingles pain"]),
        ("has pre-diabetes, flu", ["diabetes", "flu"], ["pre-diabetes", "flu"]),
        ("gout - acute", ["gout", "acute"], ["gout", "acute"]),
        ("-gout", ["gout"], ["gout"]),
    ],
)
def test_a_hyphen_parts_no_name(text: str, marked: list[str], whole: list[str]) -> None:
    places = [(text.index(part), text.index(part) + len(part), "condition") for part in marked]
    assert [text[start:end] for start, end, _ in whole_names(text, places)] == whole


def test_a_hyphen_between_names_of_two_sorts_parts_them() -> None:
    places = [(0, 3, "event"), (4, 9, "condition")]
    assert whole_names("hay-fever", places) == places
