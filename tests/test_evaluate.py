"""Evaluating and comparing models: what is counted, by fakes; what commands write, by a tiny BERT with random heads."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="scipy is not installed (extra `train`)")

from assistant.content.lexicon import PLACEHOLDER
from assistant.content.policy import parse_policy
from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.serving.commands.model_measure import compare_command, evaluate_command
from assistant.training.dataset import Dataset, SpanMark, Utterance, write_dataset
from assistant.training.measuring import compare as comparing
from assistant.training.measuring import measures, report, report_text
from assistant.training.measuring.calibration import clopper_pearson_upper
from assistant.training.measuring.compare import Comparison, compare
from assistant.training.measuring.evaluate import Evaluation, Limits, Model, evaluate, questions, read_all, untold
from assistant.training.measuring.measures import Counts, Flagged, Rate, Read
from assistant.understanding.choosing import Choosing
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.heads import Heads, LabelSets, Layer
from assistant.understanding.model_file import heads_metadata
from assistant.understanding.readers import Vector
from assistant.workspace import Workspace, sample_root
from tests import tiny_bert

LIMITS = Limits({"adverse_event": 0.5, "attack": 0.8}, 0.05)
INTENTS = ("dosage", "storage", "pregnancy")


def chosen(intent: str, share: float = 0.9, **more: Any) -> Choosing:
    """A choice for ``intent``; the rest of the probability is shared by the others."""
    others = [name for name in INTENTS if name != intent]
    return Choosing(((intent, share), *((name, (1 - share) / len(others)) for name in others)), **more)


def read(wanted: str, got: Choosing, **labels: Any) -> Read:
    return Read(Utterance(text="x", intent=wanted, **labels), got, 1.0)


@dataclass
class FakeReader:
    """Says of each text what it was told to say, and remembers what it was asked."""

    says: Mapping[str, Choosing]
    asked: list[str] = field(default_factory=list)
    bits: float = 0.0
    fingerprint: str = ""

    def read(self, masked: str) -> tuple[Vector, Choosing]:
        self.asked.append(masked)
        if masked not in self.says:
            raise TextTooLongError(600, 512)
        return np.full(3, self.bits, np.float32), self.says[masked]


def model(says: Mapping[str, Choosing], name: str = "one.gguf") -> Model:
    return Model(name, "trained", "a" * 64, 25_000_000, lambda _: FakeReader(says))


# --- counting --------------------------------------------------------------------------------------------------------


def test_either_of_two_intents_is_right() -> None:
    reads = [
        read("dosage", chosen("storage"), also="storage"),
        read("dosage", chosen("dosage"), also="storage"),
        read("dosage", chosen("pregnancy"), also="storage"),
    ]
    assert measures.accuracy(reads) == Rate(2, 3)
    # A second intent that was chosen counts for itself, not against the first.
    assert measures.intents(reads) == {
        "dosage": Counts(1, 1, 2),
        "pregnancy": Counts(0, 1, 0),
        "storage": Counts(1, 1, 1),
    }
    assert [(c.wanted, c.chosen, c.questions) for c in measures.confusions(reads)] == [("dosage", "pregnancy", 1)]


def test_shares_of_nothing_are_none() -> None:
    assert (Counts(0, 0, 0).precision, Counts(0, 0, 0).recall, Counts(0, 0, 0).f1) == (None, None, None)
    assert (Counts(0, 0, 3).precision, Counts(0, 0, 3).recall, Counts(0, 0, 3).f1) == (None, 0.0, 0.0)
    assert Counts(3, 4, 6).f1 == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert Rate(0, 0).share is None


def test_groups_stand_by_size_and_those_of_no_name_are_left_out() -> None:
    styles = ["typo", "rep", "rep", "", "patient"]
    reads = [read("dosage", chosen("dosage" if style == "rep" else "storage"), style=style) for style in styles]
    found = measures.accuracy_by(reads, lambda utterance: utterance.style)
    assert list(found.items()) == [("rep", Rate(2, 2)), ("patient", Rate(0, 1)), ("typo", Rate(0, 1))]


def test_slots_are_counted_a_value() -> None:
    who = {"population": ("pregnant", "adult")}
    values = (("population", "pregnant", 0.5), ("population", "adult", 0.49), ("population", "geriatric", 0.9))
    found = measures.slots([read("dosage", chosen("dosage", slots=values), slots=who)])
    assert found == {
        "population=adult": Counts(0, 0, 1),
        "population=geriatric": Counts(0, 1, 0),
        "population=pregnant": Counts(1, 1, 1),
    }
    assert measures.total(found.values()) == Counts(1, 2, 2)


def test_what_nobody_marked_is_neither_missed_nor_found_wrongly() -> None:
    chose = chosen(
        "dosage",
        slots=(("population", "adult", 0.9),),
        flags={"adverse_event": 0.9},
        spans=((0, 4, "event"),),
    )
    bare = read("dosage", chose, annotated="intent")
    flagged = read("dosage", chose, annotated="intent_and_flags")
    assert measures.slots([bare, flagged]) == {} == measures.spans([bare, flagged])
    counted = measures.flags([bare, flagged], LIMITS.flags)
    assert counted is not None
    assert counted["adverse_event"].false_alarms == Rate(1, 1)
    assert measures.accuracy([bare, flagged]) == Rate(2, 2)


def test_flags_are_raised_at_their_own_thresholds() -> None:
    def flagged(adverse_event: float, attack: float, *labels: str) -> Read:
        shares = {"adverse_event": adverse_event, "attack": attack}
        return read("dosage", chosen("dosage", flags=shares), flags=labels)

    reads = [
        flagged(0.5, 0.79, "adverse_event", "attack"),
        flagged(0.49, 0.8, "adverse_event"),
        flagged(0.9, 0.1),
        flagged(0.1, 0.1),
    ]
    assert measures.flags(reads, LIMITS.flags) == {
        "adverse_event": Flagged(0.5, Counts(1, 2, 2), Rate(1, 2)),
        "attack": Flagged(0.8, Counts(0, 1, 1), Rate(1, 3)),
    }


def test_a_labelled_flag_that_the_model_does_not_know_is_missed_not_forgotten() -> None:
    reads = [read("dosage", chosen("dosage", flags={"attack": 0.9}), flags=("emergency",))]
    found = measures.flags(reads, LIMITS.flags)
    assert found is not None
    assert found["emergency"].counts.recall == 0.0


def test_spans_need_both_ends_and_the_type_and_move_with_the_mask() -> None:
    text = "{product} with warfarin and rash after lunch"
    marks = ("warfarin", "substance"), ("rash", "event"), ("lunch", "substance")
    spans = tuple(SpanMark(start=text.index(word), end=text.index(word) + len(word), type=kind) for word, kind in marks)
    utterance = Utterance(text=text, intent="dosage", spans=spans)
    masked, _ = utterance.masked()
    assert masked.startswith(PLACEHOLDER)
    found = tuple(
        (masked.index(word), masked.index(word) + len(word), kind)
        for word, kind in (("warfarin", "substance"), ("rash", "substance"), ("after lunch", "substance"))
    )
    counted = measures.spans([Read(utterance, chosen("dosage", spans=found), 1.0)])
    assert counted == {"event": Counts(0, 0, 1), "substance": Counts(1, 3, 2)}


def test_a_head_that_is_not_there_is_not_wrong() -> None:
    reads = [read("dosage", chosen("dosage"), flags=("attack",), slots={"population": ("adult",)})]
    assert measures.slots(reads) is None
    assert measures.flags(reads, LIMITS.flags) is None
    assert measures.spans(reads) is None


def test_spans_of_a_question_whose_words_cannot_be_told_are_missed() -> None:
    spans = (SpanMark(start=0, end=1, type="event"),)
    reads = [read("dosage", chosen("dosage", spans=found), spans=spans) for found in (None, ((0, 1, "event"),))]
    assert measures.spans(reads) == {"event": Counts(1, 1, 2)}


def test_the_surest_mistakes_come_first_and_no_right_answer_among_them() -> None:
    reads = [read("dosage", chosen(name, share)) for share in (0.6, 0.99, 0.8) for name in ("dosage", "storage")]
    assert [one.confidence for one in measures.surest_mistakes(reads, 2)] == [0.99, 0.8]


def test_latency_is_the_median_and_the_95th() -> None:
    assert measures.latency([float(n) for n in range(100, 0, -1)]) == measures.Latency(50.5, 95.0)


# --- evaluating ------------------------------------------------------------------------------------------------------


def told(
    count: int, wrong: int, share: float, split: str, start: int = 0
) -> tuple[list[Utterance], dict[str, Choosing]]:
    """``count`` questions on doses, all answered with one confidence, the first ``wrong`` of them wrongly."""
    texts = [f"{split} {number}" for number in range(start, start + count)]
    lines = [Utterance(text=text, intent="dosage", split=split) for text in texts]  # type: ignore[arg-type]
    says = {text: chosen("storage" if at < wrong else "dosage", share) for at, text in enumerate(texts)}
    return lines, says


def two_splits() -> tuple[Dataset, dict[str, Choosing]]:
    """Where the model is surer than 0.9 it is nearly always right on both splits, below never."""
    parts = [
        told(200, 1, 0.95, "calibration"),
        told(50, 50, 0.6, "calibration", 200),
        told(30, 2, 0.95, "test"),
        told(10, 10, 0.6, "test", 30),
    ]
    lines = [line for part, _ in parts for line in part]
    return Dataset(tuple(lines), "b" * 64), {text: said for _, part in parts for text, said in part.items()}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    data, says = two_splits()
    return evaluate(model(says), 1, data, "test", LIMITS)


def test_the_threshold_is_proven_on_calibration_and_applied_to_the_test(evaluation: Evaluation) -> None:
    proven = evaluation.promise.proven
    assert proven is not None
    assert 0.6 < proven.threshold <= 0.95
    assert (proven.n, proven.wrong, proven.coverage) == (200, 1, 0.8)
    assert proven.bound == clopper_pearson_upper(1, 200) <= LIMITS.risk
    assert (evaluation.promise.answered, evaluation.promise.wrong) == (30, 2)
    # Seen on the test itself no threshold keeps 5 %: 2 of 30 are wrong among the surest.
    assert evaluation.coverage == 0.0
    assert evaluation.intent == Rate(28, 40)
    assert evaluation.questions == 40
    assert evaluation.latency.median > 0


@pytest.mark.parametrize("part", ["calibration", "all"])
def test_what_is_measured_never_proves_its_own_threshold(part: str) -> None:
    data, says = two_splits()
    found = evaluate(model(says), 1, data, part, LIMITS)  # type: ignore[arg-type]
    assert found.promise.proven is None
    assert "no calibration split" in found.promise.why_not
    assert found.questions == (250 if part == "calibration" else 290)


def test_why_there_is_no_promise_is_said() -> None:
    few, says = told(20, 0, 0.95, "calibration")
    asked, more = told(5, 0, 0.95, "test")
    found = evaluate(model(says | more), 1, Dataset((*few, *asked), ""), "test", LIMITS)
    assert found.promise.why_not == (
        "20 calibration questions cannot support it: at least 59 without a mistake are needed"
    )


def test_intents_of_another_taxonomy_are_refused_and_unknown_ones_named() -> None:
    lines = [Utterance(text="a", intent="dosage", split="test"), Utterance(text="b", intent="refund", split="test")]
    says = {"a": chosen("dosage"), "b": chosen("dosage")}
    assert evaluate(model(says), 1, Dataset(tuple(lines), ""), "test", LIMITS).unknown_intents == ("refund",)
    with pytest.raises(ContentError, match="knows none of the intents"):
        evaluate(model(says), 1, Dataset((lines[1],), ""), "test", LIMITS)


def test_a_text_that_is_too_long_is_named_with_its_line() -> None:
    data = Dataset((Utterance(text="long", intent="dosage", split="test"),), "", (("some.jsonl", 7),))
    with pytest.raises(ContentError, match=r"some\.jsonl:7: .*600 tokens"):
        evaluate(model({}), 1, data, "test", LIMITS)


def test_an_empty_split_is_refused() -> None:
    data = Dataset((Utterance(text="a", intent="dosage", split="train"),), "", (("some.jsonl", 1),))
    with pytest.raises(ContentError, match=r"some\.jsonl: .*split test"):
        questions(data, "test")


def test_the_product_is_masked_before_the_model_reads() -> None:
    line = Utterance(text="dose of {product}", intent="dosage", split="test")
    reader = FakeReader({f"dose of {PLACEHOLDER}": chosen("dosage")})
    (one,) = read_all(reader, questions(Dataset((line,), ""), "test"), untold, "")
    assert one.right
    assert set(reader.asked) == {f"dose of {PLACEHOLDER}"}


# --- comparing -------------------------------------------------------------------------------------------------------


def compared(*says: Mapping[str, Choosing]) -> Comparison:
    lines = [Utterance(text=text, intent="dosage", split="test") for text in says[0]]
    models = [model(one, f"m{number}.gguf") for number, one in enumerate(says, 1)]
    return compare(models, Dataset(tuple(lines), "c" * 64), "test", LIMITS)


def test_flips_are_counted_part_by_part_and_judged() -> None:
    heads: dict[str, Any] = {
        "slots": (("population", "adult", 0.9),),
        "flags": {"attack": 0.1},
        "spans": ((0, 1, "event"),),
    }
    first = {text: chosen("storage" if text == "b" else "dosage", **heads) for text in "abcde"}
    other = dict(first)
    other["a"] = chosen("storage", **heads)
    other["b"] = chosen("dosage", **heads)
    other["c"] = chosen("dosage", **(heads | {"flags": {"attack": 0.8}, "spans": ()}))
    other["d"] = chosen("dosage", 0.4, **heads)
    _, two = compared(first, other).standings
    flips = two.flips
    assert (flips.questions, flips.intent, flips.slots, flips.flags, flips.spans) == (5, 2, 0, 1, 1)
    assert (flips.anything, flips.better, flips.worse) == (3, 1, 1)
    assert report_text.flip_words(flips) == "intents 2, slots 0, flags 1, spans 1"


def test_of_heads_that_one_model_lacks_nothing_is_said() -> None:
    says = {"a": chosen("dosage")}
    flips = compared(says, {"a": chosen("dosage", spans=(), slots=())}).standings[1].flips
    assert (flips.slots, flips.flags, flips.spans, flips.anything) == (None, None, None, 0)
    assert report_text.flip_words(flips) == "intents 0"


def test_models_are_read_in_turns_another_one_first_each_time() -> None:
    order: list[tuple[str, str]] = []

    class Listening(FakeReader):
        def read(self, masked: str) -> tuple[Vector, Choosing]:
            order.append((name_of[id(self)], masked))
            return super().read(masked)

    says = {text: chosen("dosage") for text in "abc"}
    readers = [Listening(says), Listening(says)]
    name_of = {id(reader): name for reader, name in zip(readers, ("one", "two"), strict=True)}
    lines = [Utterance(text=text, intent="dosage", split="test") for text in says]
    comparing.in_turns(readers, questions(Dataset(tuple(lines), ""), "test"), untold)
    assert order[-6:] == [("one", "a"), ("two", "a"), ("two", "b"), ("one", "b"), ("one", "c"), ("two", "c")]


def test_the_first_model_is_the_yardstick() -> None:
    one, two = compared({"a": chosen("dosage")}, {"a": chosen("dosage")}).standings
    assert one.ratio == 1.0
    assert two.ratio == pytest.approx(two.latency.median / one.latency.median)


def test_a_model_that_depends_on_its_threads_is_found_out() -> None:
    says = {text: chosen("dosage") for text in "abc"}
    astray = says | {"b": chosen("storage")}

    def opened(threads: int) -> FakeReader:
        return FakeReader(astray if threads == 4 else says, bits=float(threads == 2))

    found = compare(
        [Model("m.gguf", "trained", "", 1, opened)],
        Dataset(tuple(Utterance(text=text, intent="dosage", split="test") for text in says), ""),
        "test",
        LIMITS,
    ).standings[0]
    assert [(one.circumstances, one.flips.anything, one.vectors) for one in found.steadiness] == [
        ("2 threads", 0, 3),
        ("4 threads", 1, 0),
        ("2 side by side", 0, 0),
    ]


# --- reports ---------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """What a page holds: its tags, the addresses it names, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "style")]

    def handle_data(self, data: str) -> None:
        self.text += data


_EVIL = "$x^$ \x1b[1m 用量 <script>alert(1)</script><b onclick=y>{{7*7}}"


def evil() -> Evaluation:
    """An evaluation of data that tries to be more than text."""
    names: dict[str, Any] = {"intent": _EVIL, "style": _EVIL, "author": _EVIL}
    spans = (SpanMark(start=0, end=1, type=_EVIL),)
    lines = [
        Utterance(text=_EVIL, **names, spans=spans, flags=(_EVIL,), slots={_EVIL: (_EVIL,)}, split="test"),
        Utterance(text="fine", intent="dosage", split="test"),
    ]
    heads: dict[str, Any] = {"slots": ((_EVIL, _EVIL, 0.9),), "flags": {_EVIL: 0.9}, "spans": ((0, 1, _EVIL),)}
    says = {_EVIL: chosen("dosage", **heads), "fine": chosen("dosage", **heads)}
    places = (("<b>.jsonl", 1), ("<b>.jsonl", 2))
    return evaluate(model(says, _EVIL), 1, Dataset(tuple(lines), "", places), "test", LIMITS)


def _pages() -> dict[str, Callable[[bool], str]]:
    says = {"a": chosen("dosage"), "b": chosen("storage")}
    return {
        "evaluation": lambda plots: report.evaluation_html(evil(), plots),
        "comparison": lambda plots: report.comparison_html(compared(says, says), plots),
    }


@pytest.mark.parametrize("name", ["evaluation", "comparison"])
@pytest.mark.parametrize("plots", [True, False])
def test_a_page_runs_nothing_and_fetches_nothing(name: str, plots: bool) -> None:
    if plots:
        pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `train`)")
    html = _pages()[name](plots)
    page = _Page(html)
    assert not {"script", "link", "iframe", "object", "b"} & set(page.tags)
    assert "://" not in html
    assert "default-src 'none'" in html
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.addresses)
    assert page.tags.count("img") == ((3 if name == "evaluation" else 1) if plots else 0)
    if name == "evaluation":
        assert page.text.count("<script>alert(1)</script>") > 5
        assert "{{7*7}}" in page.text


def test_plots_are_pictures_with_the_labels_as_they_are() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `train`)")
    html = report.evaluation_html(evil(), plots=True)
    drawn = [base64.b64decode(one) for one in re.findall(r"base64,([^\"]+)", html)]
    trees = [ElementTree.fromstring(one) for one in drawn]  # noqa: S314 - our own
    text = "".join("".join(tree.itertext()) for tree in trees)
    assert "$x^$" in text
    assert "coverage" in text
    assert "confidence" in text
    assert not [tree for tree in trees if tree.findall(".//{*}script") or tree.findall(".//{*}metadata")]
    assert report.evaluation_html(evil(), plots=True).count("base64,") == 3
    again = re.findall(r"base64,([^\"]+)", report.evaluation_html(evil(), plots=True))
    assert [base64.b64decode(one) for one in again] == drawn


def test_the_terminal_gets_80_columns_and_no_commands() -> None:
    says = {"a": chosen("dosage"), "b": chosen("storage")}
    for text in (report_text.evaluation_text(evil()), report_text.comparison_text(compared(says, says))):
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text
        assert text.endswith("\n")


@settings(max_examples=15)
@given(st.text(min_size=1, max_size=200).filter(str.strip), st.text(min_size=1, max_size=90))
def test_no_line_is_longer_whatever_the_names(text: str, name: str) -> None:
    line = Utterance(text=text, intent=name[:80], style=name, author=name, flags=(name,), split="test")
    got = Choosing((("dosage", 0.9), (name[:80], 0.1)), flags={name: 0.2}, spans=((0, 1, name),))
    data = Dataset((line,), "", ((name, 1),))
    written = report_text.evaluation_text(evaluate(model({line.masked()[0]: got}, name), 1, data, "test", LIMITS))
    assert max(map(len, written.split("\n"))) <= 80
    assert all(character.isprintable() for character in written.replace("\n", ""))


def test_json_holds_every_figure(evaluation: Evaluation) -> None:
    written = json.loads(json.dumps(report.evaluation_json(evaluation), allow_nan=False))
    assert written["schema"] == "onlabel.evaluation/1"
    assert written["model"] == {"name": "one.gguf", "chooser": "trained", "sha256": "a" * 64, "bytes": 25_000_000}
    assert written["data"] == {"sha256": "b" * 64, "split": "test", "questions": 40}
    assert written["intent"]["accuracy"]["share"] == 0.7
    assert written["slots"] is written["flags"] is written["spans"] is None
    assert written["risk"]["proven"]["n"] == 200
    assert (written["risk"]["answered"], written["risk"]["wrong"]) == (30, 2)
    assert written["calibration"]["risk_coverage"][-1] == {"threshold": 0.6, "coverage": 1.0, "risk": 0.3}
    assert len(written["surest_mistakes"]) == 12
    assert written["surest_mistakes"][0]["labelled"] == ["dosage"]


def test_json_of_a_comparison_holds_every_model() -> None:
    says = {"a": chosen("dosage", spans=()), "b": chosen("storage", spans=())}
    written = json.loads(json.dumps(report.comparison_json(compared(says, says)), allow_nan=False))
    assert written["schema"] == "onlabel.comparison/1"
    assert [one["name"] for one in written["models"]] == ["m1.gguf", "m2.gguf"]
    assert {one["flips"]["anything"] for one in written["models"]} == {0}
    assert [one["circumstances"] for one in written["models"][0]["steadiness"]] == [
        "2 threads",
        "4 threads",
        "2 side by side",
    ]


# --- commands --------------------------------------------------------------------------------------------------------


def _heads(seed: int) -> Heads:
    draw = np.random.default_rng(seed)
    labels = LabelSets(INTENTS, (("population", "pregnant"),), ("adverse_event", "attack"), ("substance", "event"))

    def layer(count: int) -> Layer:
        weight, bias = draw.normal(size=(count, 32)), draw.normal(size=count)
        return Layer(weight.astype(np.float32), bias.astype(np.float32))

    return Heads(labels, layer(3), layer(1), layer(2), layer(len(labels.tags)), 1.3)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of the same encoder and different heads, one without any, and questions."""
    pytest.importorskip("gguf", reason="the extra 'train' (gguf) is not installed")
    pytest.importorskip("safetensors", reason="the extra 'train' (safetensors) is not installed")
    from assistant.training.export import Extra, export_gguf

    folder = tmp_path_factory.mktemp("measured")
    tiny_bert.write_base(folder / "bert", width=32, layers=1)
    export_gguf(folder / "bert", folder / "plain.gguf", "f16")
    for name, seed in (("one", 1), ("two", 2)):
        export_gguf(folder / "bert", folder / f"{name}.gguf", "f16", Extra(metadata=heads_metadata(_heads(seed))))
    words = ("dose", "store", "a rash", "a dose", "the dose", "store a dose", "rash", "{product}")
    lines = [
        Utterance(
            text=f"{one} {two}",
            intent=INTENTS[at % 3],
            split="test" if at % 2 else "calibration",
            author="w1",
            style="rep",
        )
        for at, (one, two) in enumerate((one, two) for one in words for two in words)
    ]
    write_dataset(lines, folder / "data.jsonl")
    return folder


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]


def test_evaluate_writes_a_summary_a_page_and_json(files: Path) -> None:
    page, record = files / "out" / "e.html", files / "out" / "e.json"
    ran = run(evaluate_command, files / "one.gguf", "--data", files / "data.jsonl", "--html", page, "--json", record,
              "--no-plots", "--risk", "0.2")  # fmt: skip
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("one.gguf: trained heads, ")
    assert "32 questions, split test" in ran.stdout
    assert ran.stderr.splitlines() == [f"wrote {page}", f"wrote {record}"], "progress is for terminals"
    written = json.loads(record.read_text(encoding="utf-8"))
    assert set(written["intent"]["by_intent"]) <= set(INTENTS)
    assert set(written["flags"]) == {"adverse_event", "attack"}
    policy, _ = parse_policy(Workspace(sample_root()).policy_file.read_bytes(), Path("policy.yaml"))
    assert written["flags"]["attack"]["threshold"] == policy.thresholds.flags["attack"]
    assert written["slots"]["all"]["wanted"] == 0
    assert written["latency"]["threads"] == 1
    assert f"Evaluation of {files.name}" not in page.read_text(encoding="utf-8")
    assert "Evaluation of one.gguf" in page.read_text(encoding="utf-8")


def test_evaluate_is_the_reader_that_answers(files: Path) -> None:
    """The figures are those of the reader that the pipeline opens, question by question."""
    from assistant.training.dataset import read_dataset
    from assistant.understanding.encoder import GgufEncoder
    from assistant.understanding.readers import trained_reader
    from assistant.understanding.router import NearestUtterances

    ran = run(evaluate_command, files / "two.gguf", "--data", files / "data.jsonl", "--json", files / "e.json")
    assert ran.exit_code == 0, ran.output
    reader = trained_reader(GgufEncoder(files / "two.gguf"), NearestUtterances(np.zeros((0, 32), np.float32), []))
    lines = read_dataset([files / "data.jsonl"]).split("test")
    right = sum(reader.read(line.masked()[0])[1].intents[0][0] == line.intent for line in lines)
    written = json.loads((files / "e.json").read_text(encoding="utf-8"))
    assert (written["intent"]["accuracy"]["met"], written["intent"]["accuracy"]["of"]) == (right, 32)


def test_threads_are_those_of_one_question(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.understanding import encoder, readers

    opened: list[int] = []

    class Counting(encoder.GgufEncoder):
        def __init__(self, path: Path, n_threads: int = 1) -> None:
            opened.append(n_threads)
            super().__init__(path, n_threads)

    monkeypatch.setattr(encoder, "GgufEncoder", Counting)
    monkeypatch.setattr(readers, "GgufEncoder", Counting)
    ran = run(evaluate_command, files / "one.gguf", "--data", files / "data.jsonl", "--threads", 3)
    assert ran.exit_code == 0, ran.output
    assert opened[-1] == 3
    assert "(3 threads)" in ran.stdout


def test_a_file_without_heads_is_measured_by_the_nearest_utterances(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taxonomy = "".join(f"  {name}: {{label: L, examples: [a {name} dose, {name} store]}}\n" for name in INTENTS)
    (files / "taxonomy.yaml").write_text(f"schema: onlabel.taxonomy/1\nintents:\n{taxonomy}", encoding="utf-8")
    monkeypatch.setattr("assistant.workspace.shipped_taxonomy", lambda: files / "taxonomy.yaml")
    plain = files / "plain.gguf"
    ran = run(evaluate_command, plain, "--data", files / "data.jsonl")
    assert isinstance(ran.exception, NotReadyError)
    assert f"nearest:{plain}" in str(ran.exception)
    ran = run(evaluate_command, f"nearest:{plain}", "--data", files / "data.jsonl", "--split", "all")
    assert ran.exit_code == 0, ran.output
    assert "untrained" in ran.stdout
    assert "64 questions" in " ".join(ran.stdout.split())
    assert "Flags: – (the model has no such head)" in ran.stdout


def test_a_missing_model_says_how_to_make_one(files: Path) -> None:
    ran = run(evaluate_command, files / "none.gguf", "--data", files / "data.jsonl")
    assert isinstance(ran.exception, NotReadyError)
    assert "onlabel model export" in str(ran.exception)


def test_compare_sets_side_by_side(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Four threads on a busy machine wait for each other.
    monkeypatch.setattr(comparing, "_STEADY", 2)
    page, record = files / "c.html", files / "c.json"
    ran = run(compare_command, files / "one.gguf", files / "two.gguf", "--data", files / "data.jsonl",
              "--html", page, "--json", record, "--no-plots")  # fmt: skip
    assert ran.exit_code == 0, ran.output
    one, other = json.loads(record.read_text(encoding="utf-8"))["models"]
    assert one["flips"]["anything"] == 0
    assert other["flips"]["anything"] > 0
    assert other["latency"]["ratio"] > 0
    assert other["bytes"] == (files / "two.gguf").stat().st_size
    for steady in other["steadiness"]:
        assert (steady["flips"]["anything"], steady["vectors"]) == (0, 0), steady["circumstances"]
    assert "2 against 1:" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert "Comparison of 2 models" in page.read_text(encoding="utf-8")


def test_one_model_is_nothing_to_compare(files: Path) -> None:
    ran = run(compare_command, files / "one.gguf", "--data", files / "data.jsonl")
    assert isinstance(ran.exception, UsageError)


def test_plots_that_cannot_be_drawn_say_what_to_do(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = run(evaluate_command, files / "one.gguf", "--data", files / "data.jsonl", "--html", files / "x.html")
    assert isinstance(ran.exception, NotReadyError)
    assert "--no-plots" in str(ran.exception)
    assert not ran.stdout, "it is said before anything is read"


@pytest.mark.parametrize("command", [evaluate_command, compare_command])
def test_help_shows_an_example(command: object) -> None:
    said = run(command, "--help").output
    assert re.search(r"Example:\n\s+onlabel model (evaluate|compare) ", said)
