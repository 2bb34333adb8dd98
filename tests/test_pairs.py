"""What the retrieval vector learns from: nothing of labels that are left out, no names, the same pairs from a seed."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.content.lexicon import PLACEHOLDER, words
from assistant.errors import ContentError
from assistant.training.dataset import Utterance, write_dataset
from assistant.training.pairs import (
    DomainLabel,
    Pair,
    domain_labels,
    generics,
    read_written,
    set_ids,
    titled,
    weak_pairs,
)
from tests.conftest import REPOSITORY

#: What each label's section says: long enough to be kept, with words of its own to be found by.
_STORAGE = (
    "Store {} tablets at room temperature in the original bottle, away from moisture, light and bathroom humidity."
)
_PREGNANCY = "There are no adequate studies of {} in pregnant women; advise women of the potential risk to a fetus."
_INTERACTION = (
    "Avoid giving {} together with ketoconazole or other strong inhibitors, which raise plasma exposure twofold."
)


def record(set_id: str, brand: str, generic: str, substance: str = "") -> dict[str, Any]:
    names = {"brand_name": [brand], "generic_name": [generic], "product_type": ["HUMAN PRESCRIPTION DRUG"]}
    return {
        "id": f"id-{set_id}", "set_id": set_id, "version": "1", "effective_time": "20260131",
        "openfda": names | ({"substance_name": [substance]} if substance else {}),
        "how_supplied": [f"16 HOW SUPPLIED/STORAGE AND HANDLING {_STORAGE.format(brand)}"],
        "pregnancy": [f"8.1 Pregnancy {_PREGNANCY.format(generic.title())}"],
        "drug_interactions": [f"7 DRUG INTERACTIONS {_INTERACTION.format(brand.upper())}"],
    }  # fmt: skip


KEPT = [record("aaa-1", "Norvasta", "norvastiglin"), record("bbb-2", "QUELTIX", "queltixomab-zzzz")]
#: Left out by its set id, by its generic name, and by a name that holds that generic name.
LEFT_OUT = [
    record("ccc-3", "Hidden", "hiddenol"),
    record("ddd-4", "Other brand", "ZORVAMAB"),
    record("eee-5", "Biosimilar", "zorvamab-aacf"),
    record("fff-6", "Combined", "norvastiglin and zorvamab"),
    record("ggg-7", "Comma", "ZORVAMAB, hyaluronidase"),
    record("hhh-8", "Salted", "something else", substance="ZORVAMAB SODIUM"),
    record("iii-9", "Zorvamab", "unnamed"),
]


@pytest.fixture
def labels_file(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in [*LEFT_OUT, *KEPT]).encode()))
    return path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.jsonl"
    rows = [{"set_id": "ccc-3"}, {"set_id": "zzz", "generic": ["Zorvamab and Berahyaluronidase", ""], "brand": ["X"]}]
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8")
    return path


def _all(path: Path, manifest: Path) -> list[DomainLabel]:
    return list(domain_labels(path, set_ids(manifest), generics(manifest)))


# --- what is read, and what never is ---------------------------------------------------------------------------------


def test_left_out_labels_are_never_read(labels_file: Path, manifest: Path) -> None:
    assert len(list(domain_labels(labels_file, ()))) == len(LEFT_OUT) + len(KEPT)
    labels = _all(labels_file, manifest)
    assert [label.set_id for label in labels] == ["aaa-1", "bbb-2"]
    pairs = weak_pairs(labels, QUESTIONS, seed=1)
    assert pairs
    assert {pair.label for pair in pairs} == {"aaa-1", "bbb-2"}


def test_manifests_and_plain_lists_say_what_is_left_out(tmp_path: Path, manifest: Path) -> None:
    assert set_ids(manifest) == {"ccc-3", "zzz"}
    assert generics(manifest) == {"zorvamab"}
    (tmp_path / "plain.txt").write_bytes(b"\xef\xbb\xbfccc-3\r\n\r\n  ddd-4 \r\n")
    assert set_ids(tmp_path / "plain.txt") == {"ccc-3", "ddd-4"}
    assert generics(tmp_path / "plain.txt") == frozenset()
    (tmp_path / "one.jsonl").write_text('{"set_id": "a", "generic": "Natalizumab-sztn"}', encoding="utf-8")
    assert generics(tmp_path / "one.jsonl") == {"natalizumab"}


@pytest.mark.parametrize("line", ["{", '{"set": "a"}', "\udcff"])
def test_a_manifest_that_cannot_be_meant_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b"ccc-3\n" + line.encode("utf-8", "surrogateescape") + b"\n")
    for read in (set_ids, generics):
        with pytest.raises(ContentError) as caught:
            read(path)
        assert (caught.value.path, caught.value.line) == (path, 2)


def test_names_are_masked_in_titles_and_texts(labels_file: Path, manifest: Path) -> None:
    labels = _all(labels_file, manifest)
    texts = [part for label in labels for title, text, _ in label.passages for part in (title, text)]
    assert any(PLACEHOLDER in text for text in texts)
    named = {"norvasta", "norvastiglin", "queltix", "queltixomab"}
    assert not named & {word for text in texts for word in words(text)}
    assert all(label.sha256 for label in labels)
    assert len({label.sha256 for label in labels}) == 2


def test_passages_carry_their_topic_and_are_neither_tiny_nor_endless(labels_file: Path) -> None:
    for label in domain_labels(labels_file, ()):
        topics = {topics[0] for _, _, topics in label.passages}
        assert {"storage", "pregnancy", "drug_interaction"} & topics
        assert all(80 < len(text) <= 1000 for _, text, _ in label.passages)


# --- weak pairs ------------------------------------------------------------------------------------------------------


def _question(text: str, intent: str, **more: Any) -> Utterance:
    return Utterance(text=text, intent=intent, **more)


QUESTIONS = [
    _question("may {product} stand in the bathroom, what of moisture", "storage"),
    _question("does it keep at room temperature in the original bottle", "storage"),
    _question("risk to the fetus in pregnant women", "pregnancy"),
    _question("any studies of {product} in pregnant women?", "pregnancy"),
    _question("with ketoconazole or strong inhibitors?", "drug_interaction"),
    _question("what does ketoconazole do to plasma exposure", "drug_interaction"),
]
#: Each shares many words with a passage, yet is no question on it alone.
_UNFIT = [
    _question("stored bottle moisture light bathroom humidity and what else", "storage", also="pregnancy"),
    _question("fetus pregnant women studies risk, she had a rash", "pregnancy", flags=("adverse_event",)),
    _question("ketoconazole plasma exposure inhibitors weather", "out_of_scope"),
    _question("zebra giraffe elephant", "storage"),
]


def test_a_passage_meets_a_question_of_its_topic_that_shares_words_with_it(labels_file: Path, manifest: Path) -> None:
    pairs = weak_pairs(_all(labels_file, manifest), [*_UNFIT, *QUESTIONS], seed=3)
    asked = {question.masked()[0]: question.intent for question in QUESTIONS}
    unfit = {question.masked()[0] for question in _UNFIT}
    by_question = [pair for pair in pairs if pair.question in asked]
    assert by_question
    assert not unfit & {pair.question for pair in pairs}
    telling = {"storage": "room temperature", "pregnancy": "pregnant women", "drug_interaction": "ketoconazole"}
    for pair in by_question:
        assert telling[asked[pair.question]] in pair.passage


def test_otherwise_the_question_is_the_title(labels_file: Path, manifest: Path) -> None:
    labels = _all(labels_file, manifest)
    titles = {title for label in labels for title, _, _ in label.passages}
    pairs = [pair for seed in range(20) for pair in weak_pairs(labels, [], seed)]
    assert pairs
    assert {pair.question for pair in pairs} <= titles
    share = len(pairs) / 20 / sum(len(label.passages) for label in labels)
    assert 0 < share < 0.5, "titles are the smaller part"


def test_the_same_seed_gives_the_same_pairs_and_another_gives_others(labels_file: Path, manifest: Path) -> None:
    labels = _all(labels_file, manifest)
    assert weak_pairs(labels, QUESTIONS, 5) == weak_pairs(labels, QUESTIONS, 5)
    assert len({tuple(weak_pairs(labels, QUESTIONS, seed)) for seed in range(6)}) > 1


def test_pairs_do_not_depend_on_the_process(labels_file: Path, tmp_path: Path) -> None:
    """The order of a set differs between processes; nothing that is drawn may follow it."""
    write_dataset(QUESTIONS, tmp_path / "questions.jsonl")
    program = (
        "import sys; from pathlib import Path\n"
        "from assistant.training.dataset import read_dataset\n"
        "from assistant.training.pairs import domain_labels, weak_pairs\n"
        "questions = read_dataset([Path(sys.argv[2])]).utterances\n"
        "print(weak_pairs(list(domain_labels(Path(sys.argv[1]), ())), questions, 5))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(labels_file), str(tmp_path / "questions.jsonl")],
        cwd=REPOSITORY, env=os.environ | {"PYTHONHASHSEED": "1"}, capture_output=True, check=True, text=True,
        encoding="utf-8",
    )  # fmt: skip
    assert said.stdout.strip() == str(weak_pairs(list(domain_labels(labels_file, ())), QUESTIONS, 5))


# --- written pairs ---------------------------------------------------------------------------------------------------


def _passage(**more: object) -> dict[str, object]:
    return {
        "label": "L1", "topic": "storage", "title": "Storage", "text": "Keep {product} cold.",
        "questions": [{"text": "is {product} kept cold?"}, {"text": "fridge?", "style": "keyword"}], **more,
    }  # fmt: skip


def _written(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_each_written_question_meets_its_passage_under_its_title(tmp_path: Path) -> None:
    path = _written(tmp_path / "a01.jsonl", [_passage(), _passage(label="L2", title="", text="x {product}")])
    read = read_written([path])
    assert read.pairs == [
        Pair("is the medicine kept cold?", "Storage. Keep the medicine cold.", "a01/L1", "Storage"),
        Pair("fridge?", "Storage. Keep the medicine cold.", "a01/L1", "Storage"),
        Pair("is the medicine kept cold?", "x the medicine", "a01/L2"),
        Pair("fridge?", "x the medicine", "a01/L2"),
    ]
    assert read == read_written([tmp_path])
    assert read.sha256 != read_written([_written(tmp_path / "b.jsonl", [_passage()])]).sha256


def test_the_section_that_answers_is_what_a_written_question_asks_about(tmp_path: Path) -> None:
    questions = [
        {"text": "fridge?", "style": "keyword"},
        {"text": "and in children?", "intent": "pediatric"},
        {"text": "for how long?", "also": "dosage"},
    ]
    read = read_written([_written(tmp_path / "a.jsonl", [_passage(also=["how_supplied"], questions=questions)])])
    assert [(q.text, q.intent, q.also, q.style, q.annotated) for q in read.questions] == [
        ("fridge?", "storage", "how_supplied", "keyword", "intent_and_flags"),
        ("and in children?", "pediatric", "storage", "", "intent_and_flags"),
        ("for how long?", "storage", "dosage", "", "intent_and_flags"),
    ]
    # A model of other intents learns from those that it knows.
    assert [(q.text, q.also) for q in read.of_intents(("storage", "dosage"))] == [
        ("fridge?", None), ("for how long?", "dosage"),
    ]  # fmt: skip


def test_a_question_that_no_passage_answers_stands_before_one_of_the_passage_it_comes_near(tmp_path: Path) -> None:
    asked = [{"text": f"question {number}?"} for number in range(3)]
    cold, rash = _passage(questions=asked), _passage(title="Skin", text="Rash was seen.", questions=asked)
    near = ["is {product} kept cold on a plane?", "rash on the hands?", "cold car?", "price?"]
    silent = {"label": "L1", "unanswered": [{"text": text, "style": "lay"} for text in near]}
    read = read_written([_written(tmp_path / "a.jsonl", [cold, silent, rash])])
    assert [pair.question for pair in read.pairs] == [
        "is the medicine kept cold on a plane?", "question 0?", "cold car?", "question 1?", "price?", "question 2?",
        "rash on the hands?", "question 0?", "question 1?", "question 2?",
    ]  # fmt: skip
    assert [pair.question for pair in read.pairs if not pair.passage] == [
        "is the medicine kept cold on a plane?", "cold car?", "price?", "rash on the hands?",
    ]  # fmt: skip
    assert {pair.label for pair in read.pairs} == {"a/L1"}
    # A passage that says so is a passage.
    assert read_written([_written(tmp_path / "b.jsonl", [_passage(title="unanswered")])]).questions
    with pytest.raises(ContentError, match="no passage here is of the label L2"):
        read_written([_written(tmp_path / "c.jsonl", [_passage(), silent | {"label": "L2"}])])
    # Nothing is known of their intent.
    assert [question.text for question in read.questions] == [f"question {number}?" for number in range(3)] * 2


def test_a_title_is_not_said_twice() -> None:
    assert titled("Storage", "STORAGE and handling") == "STORAGE and handling"
    assert titled(" ", "x") == "x"
    assert titled(" 7.1 Storage ", "x") == "7.1 Storage. x"


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"more": 1},
        {"questions": [{"text": ""}]},
        {"questions": None},
        {"unanswered": [{"text": "x"}]},
        {"questions": [{"text": "x", "style": 1}]},
    ],
)
def test_a_written_line_that_cannot_be_meant_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = _written(tmp_path / "a.jsonl", [_passage(), _passage(**change)])
    with pytest.raises(ContentError) as caught:
        read_written([path])
    assert (caught.value.path, caught.value.line) == (path, 2)
