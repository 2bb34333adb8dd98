"""The labelled questions: read as documented, refused by file and line, split for good, spans moved along."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.content.lexicon import PLACEHOLDER
from assistant.errors import ContentError
from assistant.training.dataset import (
    PRODUCT_MARK,
    Dataset,
    SpanMark,
    Utterance,
    data_files,
    read_dataset,
    read_what_can_be_read,
    split_of,
    write_dataset,
)

FULL = {
    "text": "dose of {product} in CKD?",
    "intent": "renal_impairment",
    "also": "dosage",
    "slots": {"population": ["renal_impairment"]},
    "spans": [{"start": 21, "end": 24, "type": "comorbidity"}],
    "flags": ["adverse_event"],
    "style": "rep",
    "family": "w1-17",
    "author": "w1",
    "split": "calibration",
}
PLAIN = {"text": "how is it stored", "intent": "storage"}


def lines(path: Path, *rows: object) -> Path:
    text = "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


# --- the format ------------------------------------------------------------------------------------------------------


def test_every_field_is_read_and_only_two_are_needed(tmp_path: Path) -> None:
    read = read_dataset([lines(tmp_path / "a.jsonl", FULL, "", PLAIN)])
    full, plain = read.utterances
    assert full.model_dump(mode="json") == FULL | {"annotated": "all"}
    assert (full.text, full.slots, full.split) == (FULL["text"], {"population": ("renal_impairment",)}, "calibration")
    assert full.text[full.spans[0].start : full.spans[0].end] == "CKD"
    assert plain == Utterance(text="how is it stored", intent="storage")
    assert [line for _, line in read.places] == [1, 3], "lines are counted as an editor counts them"


def test_files_folders_and_gzip_are_read_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    (folder / "deep").mkdir(parents=True)
    lines(folder / "2.jsonl", PLAIN | {"text": "two"})
    lines(folder / "1.jsonl", PLAIN | {"text": "one"})
    lines(folder / "deep" / "3.jsonl", PLAIN | {"text": "three"})
    lines(folder / "notes.txt", "not read")
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(PLAIN).encode()))
    read = read_dataset([packed, folder])
    assert [u.text for u in read.utterances] == [PLAIN["text"], "one", "two", "three"]
    assert data_files([folder]) == [folder / "1.jsonl", folder / "2.jsonl", folder / "deep" / "3.jsonl"]


def test_the_hash_is_of_the_lines_whatever_their_ends(tmp_path: Path) -> None:
    one = lines(tmp_path / "a.jsonl", FULL, PLAIN)
    two, three = tmp_path / "b.jsonl", tmp_path / "c.jsonl.gz"
    two.write_bytes(one.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    three.write_bytes(gzip.compress(one.read_bytes()))
    assert len({read_dataset([path]).sha256 for path in (one, two, three)}) == 1
    assert read_dataset([lines(tmp_path / "d.jsonl", PLAIN, FULL)]).sha256 != read_dataset([one]).sha256


WRONG = {
    "no JSON": ("{", "JSON"),
    "a list": ("[]", "object"),
    "no text": ({"intent": "storage"}, "text"),
    "an empty text": (PLAIN | {"text": ""}, "text"),
    "a blank text": (PLAIN | {"text": " \n"}, "blank"),
    "no intent": ({"text": "x"}, "intent"),
    "an unknown field": (PLAIN | {"intents": []}, "intents"),
    "an unknown split": (PLAIN | {"split": "dev"}, "split"),
    "slots that are a list": (PLAIN | {"slots": ["x"]}, "slots"),
    "a span outside": (PLAIN | {"spans": [{"start": 0, "end": 17, "type": "x"}]}, "not inside"),
    "a span of nothing": (PLAIN | {"spans": [{"start": 3, "end": 3, "type": "x"}]}, "not inside"),
    "a span before the text": (PLAIN | {"spans": [{"start": -1, "end": 3, "type": "x"}]}, "start"),
    "a span without type": (PLAIN | {"spans": [{"start": 0, "end": 3, "type": ""}]}, "type"),
    "spans across": (
        PLAIN | {"spans": [{"start": 4, "end": 9, "type": "x"}, {"start": 0, "end": 5, "type": "y"}]},
        "overlap",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused_by_file_and_line(tmp_path: Path, name: str) -> None:
    row, says = WRONG[name]
    path = lines(tmp_path / "a.jsonl", PLAIN, "", row, FULL)
    with pytest.raises(ContentError, match=says) as caught:
        read_dataset([path])
    assert (caught.value.path, caught.value.line) == (path, 3)
    assert str(caught.value).startswith(f"{path}:3: ")
    read, errors = read_what_can_be_read([path])
    assert len(read.utterances) == 2
    assert [error.line for error in errors] == [3]
    assert read.places == ((str(path), 1), (str(path), 4))


def test_spans_that_touch_are_two(tmp_path: Path) -> None:
    row = PLAIN | {"spans": [{"start": 4, "end": 9, "type": "x"}, {"start": 0, "end": 4, "type": "x"}]}
    assert len(read_dataset([lines(tmp_path / "a.jsonl", row)]).utterances[0].spans) == 2


@pytest.mark.parametrize("content", [b"\x1f\x8b broken", gzip.compress(b"{}" * 999, mtime=0)[:-9], b"{}"])
def test_broken_gzip_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(ContentError, match="cannot be read"):
        read_dataset([path])
    damaged = bytearray(gzip.compress(json.dumps(PLAIN).encode()))
    damaged[10] = 0xFF  # a block of the kind that there is not
    path.write_bytes(damaged)
    with pytest.raises(ContentError, match="cannot be read"):
        read_dataset([path])


def test_missing_files_and_empty_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        read_dataset([tmp_path / "none.jsonl"])
    for paths in ([lines(tmp_path / "a.jsonl", "", " ")], [tmp_path], []):
        with pytest.raises(ContentError, match="no labelled questions"):
            read_dataset(paths)


_CHARACTERS = st.characters(exclude_categories=["Cs"])
_NAMES = st.text(_CHARACTERS, min_size=1, max_size=12)


@st.composite
def _utterances(draw: st.DrawFn) -> Utterance:
    pieces = draw(st.lists(st.text(_CHARACTERS, max_size=6) | st.just(PRODUCT_MARK), min_size=1, max_size=8))
    text = "".join(pieces)
    if not text.strip():
        text += "x"
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = tuple(
        SpanMark(start=start, end=end, type=draw(_NAMES)) for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    )
    return Utterance(
        text=text,
        intent=draw(_NAMES),
        also=draw(st.none() | _NAMES),
        slots=draw(st.dictionaries(_NAMES, st.lists(_NAMES, max_size=2).map(tuple), max_size=2)),
        spans=spans,
        flags=tuple(draw(st.lists(_NAMES, max_size=2))),
        family=draw(st.text(_CHARACTERS, max_size=4)),
        split=draw(st.sampled_from([None, "train", "test"])),
    )


@settings(max_examples=40)
@given(st.lists(_utterances(), min_size=1, max_size=4))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, written: list[Utterance]) -> None:
    path = tmp_path_factory.getbasetemp() / "written" / "a.jsonl"
    write_dataset(written, path)
    assert list(read_dataset([path]).utterances) == written


def test_what_says_nothing_is_not_written(tmp_path: Path) -> None:
    write_dataset([Utterance.model_validate(PLAIN)], tmp_path / "new" / "a.jsonl")
    assert (tmp_path / "new" / "a.jsonl").read_bytes() == json.dumps(PLAIN).encode() + b"\n"


def test_label_sets_hold_every_label_once_the_known_intents_first() -> None:
    rows = [FULL, PLAIN, PLAIN | {"intent": "zeal"}, FULL | {"flags": ["attack", "adverse_event"]}]
    labels = Dataset(tuple(Utterance.model_validate(row) for row in rows), "").label_sets(("storage", "overdose"))
    assert labels.intents == ("storage", "dosage", "renal_impairment", "zeal")
    assert labels.slots == (("population", "renal_impairment"),)
    assert labels.flags == ("adverse_event", "attack")
    assert labels.spans == ("comorbidity",)


# --- splits ----------------------------------------------------------------------------------------------------------


def test_the_split_of_a_family_never_changes() -> None:
    """Written down once: were the draw to change, questions of the test would be trained on."""
    pinned = {
        "w1-1": "train",
        "w1-2": "train",
        "w2-1": "test",
        "w2-2": "test",
        "w3-6": "calibration",
        "w3-7": "calibration",
        "w3-8": "validation",
    }
    assert {name: split_of(Utterance(text="x", intent="y", family=name)) for name in pinned} == pinned


@settings(max_examples=40)
@given(_NAMES, st.lists(_utterances(), min_size=2, max_size=5))
def test_a_family_shares_a_split_whatever_its_lines_say(family: str, lines: list[Utterance]) -> None:
    kin = [line.model_copy(update={"family": family, "split": None}) for line in lines]
    assert len({split_of(line) for line in kin}) == 1


@settings(max_examples=40)
@given(_utterances())
def test_a_lines_own_split_counts(line: Utterance) -> None:
    for name in ("train", "validation", "calibration", "test"):
        assert split_of(line.model_copy(update={"split": name})) == name


def test_lines_without_family_are_split_by_their_text_in_the_documented_shares() -> None:
    lines = [Utterance(text=f"question {number}", intent="x") for number in range(4000)]
    counts = Counter(map(split_of, lines))
    shares = {"train": 0.70, "validation": 0.08, "calibration": 0.11, "test": 0.11}
    for name, share in shares.items():
        assert counts[name] / len(lines) == pytest.approx(share, abs=0.02)  # type: ignore[index]
    data = Dataset(tuple(lines), "")
    parts = [data.split(name) for name in ("train", "validation", "calibration", "test")]
    assert sorted(u.text for part in parts for u in part) == sorted(u.text for u in lines)
    new = Utterance(text="a new one", intent="x")
    kept = [u for u in Dataset((new, *lines), "").split("test") if u is not new]
    assert kept == list(data.split("test")), "lines that are added move no other"


# --- the product's mark ----------------------------------------------------------------------------------------------


def _named(text: str, spans: tuple[SpanMark, ...]) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.type) for span in spans]


def test_spans_move_with_every_mark_before_them() -> None:
    text = "{product} or {product} for gout, {product} too"
    spans = (
        SpanMark(start=0, end=9, type="substance"),
        SpanMark(start=13, end=22, type="substance"),
        SpanMark(start=27, end=31, type="condition"),
        SpanMark(start=31, end=46, type="event"),
    )
    masked, moved = Utterance(text=text, intent="x", spans=spans).masked()
    assert masked == "the medicine or the medicine for gout, the medicine too"
    assert _named(masked, moved) == [
        ("the medicine", "substance"),
        ("the medicine", "substance"),
        ("gout", "condition"),
        (", the medicine too", "event"),
    ]


@settings(max_examples=40)
@given(_utterances())
def test_masking_moves_every_span_onto_the_same_words(utterance: Utterance) -> None:
    masked, moved = utterance.masked()
    assert PRODUCT_MARK not in masked
    assert masked == utterance.text.replace(PRODUCT_MARK, PLACEHOLDER)
    assert [span.type for span in moved] == [span.type for span in utterance.spans]
    for before, after in zip(utterance.spans, moved, strict=True):
        if _cuts_a_mark(utterance.text, before):
            continue
        wanted = utterance.text[before.start : before.end].replace(PRODUCT_MARK, PLACEHOLDER)
        assert masked[after.start : after.end] == wanted
    # Whatever the spans were, they are still spans of the text.
    Utterance(text=masked, intent="x", spans=moved)


def _cuts_a_mark(text: str, span: SpanMark) -> bool:
    starts = [at for at in range(len(text)) if text.startswith(PRODUCT_MARK, at)]
    ends = (span.start, span.end)
    return any(start < end < start + len(PRODUCT_MARK) for start in starts for end in ends)
