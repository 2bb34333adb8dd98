"""The audit of labelled questions: what it finds, what it leaves alone, what a finding costs, how it is shown."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra `train`)")

from assistant.errors import ContentError
from assistant.training.data_audit.auditing import BAR, DataAudit, audit, points, require_quality
from assistant.training.data_audit.finding import RULES, Finding, Kind, Limits, Lines, fold, quoted
from assistant.training.data_audit.noise import confident_classes, label_noise, related
from assistant.training.data_audit.personal import masked, personal_data
from assistant.training.data_audit.report import as_html, as_json, as_text
from assistant.training.data_audit.shape import skeleton
from assistant.training.data_audit.twins import near_twins, same_question
from assistant.training.dataset import (
    Dataset,
    SpanMark,
    Split,
    Utterance,
    read_dataset,
    read_what_can_be_read,
    write_dataset,
)
from tests.conftest import Ran

#: Limits under which a handful of lines is no fault for being few.
FEW = Limits(minimum=0, minimum_held_out=0)
_SPLITS: tuple[Split, ...] = ("train",) * 7 + ("validation", "calibration", "test")  # type: ignore[assignment]
_SHORT = ("flu", "gas", "rib", "eye", "ear", "toe")
_WORDS = {
    "storage": "fridge shelf keep stored cold temperature light carton",
    "mechanism": "receptor works pathway binds target action enzyme blocks",
    "ingredients": "lactose gluten dye contains excipient gelatin inactive starch",
}


def line(text: str, intent: str = "storage", **labels: object) -> Utterance:
    """A line that says everything that a line should say."""
    given = {"text": text, "intent": intent, "style": "rep", "family": text, "author": "w1", "split": "train"}
    return Utterance.model_validate(given | labels)


def of(*utterances: Utterance) -> Dataset:
    return Dataset(utterances, "0" * 64)


def found(*utterances: Utterance, kind: Kind | None = None) -> list[Finding]:
    """The findings in a few lines, all or those of a kind; label noise needs more lines than that."""
    return [one for one in audit(of(*utterances), FEW).findings if kind in (None, one.kind)]


def good(each: int = 60) -> list[Utterance]:
    """Clean lines of three intents with words of their own, in all splits."""
    draw = random.Random(4)  # noqa: S311  # reproducible, not secret
    syllables = "ba ro mi xa tol ven dir pra zol ide um ket sil fo nur".split()
    made = []
    for intent, words in _WORDS.items():
        for number in range(each):
            invented = ["".join(draw.choices(syllables, k=4)) for _ in range(3)]
            text = " ".join([*draw.sample(words.split(), 3), *invented])
            family = f"{intent}-{number // 2}"
            made.append(line(text, intent, family=family, split=_SPLITS[number // 2 % 10]))
    return made


@pytest.fixture(scope="module")
def clean() -> DataAudit:
    return audit(of(*good()))


# -- folding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("What's the DOSE?", "whats the dose"),
        ("  follow-up \t dose… ", "Follow up dose"),
        ("Zed® dose", "zed dose"),
        ("ｄｏｓｅ", "dose"),
        ("STRASSE", "straße"),
        ("over >65", "over > 65"),
        ("10–20 mg", "10-20 mg"),
    ],
)
def test_what_means_the_same_folds_to_the_same(one: str, two: str) -> None:
    assert fold(one) == fold(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("2.5 mg", "25 mg"), (">65", "<65"), ("1/2 tablet", "12 tablet"), ("दवा", "दव"), ("pain", "paín"), ("?", "!")],
)
def test_what_means_something_else_does_not(one: str, two: str) -> None:
    assert fold(one) != fold(two)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


# -- twins -------------------------------------------------------------------------------------------------------------


def test_clean_lines_have_nothing_found(clean: DataAudit) -> None:
    assert [one for one in clean.findings if one.kind is not Kind.LABEL_NOISE] == []
    assert clean.score > 0.99


def test_the_same_text_in_one_split_is_a_duplicate() -> None:
    (one,) = found(line("keep cold?"), line("Keep cold"), line("KEEP COLD!"), line("works how"))
    assert (one.kind, one.rows, one.affected) == (Kind.DUPLICATE, (0, 1, 2), 2)


def test_the_same_text_in_two_splits_is_a_leak_counted_where_it_is_held_out() -> None:
    texts = [line("keep cold"), line("keep cold?"), line("Keep cold", split="test"), line("else", split="test")]
    leak = found(*texts, kind=Kind.LEAK)[0]
    assert (leak.rows, leak.affected) == ((0, 1, 2), 1)
    assert "test and train" in leak.message
    deduction = next(one for one in audit(of(*texts), FEW).deductions if one.kind is Kind.LEAK)
    assert deduction.of == 2


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"intent": "dosage"}, "dosage, storage"),
        ({"flags": ("emergency",)}, "emergency or none"),
        ({"slots": {"population": ("adult", "geriatric")}}, "adult+geriatric or none"),
    ],
)
def test_the_same_text_with_other_labels_contradicts_itself(labels: dict[str, object], said: str) -> None:
    (one,) = found(line("keep cold"), line("Keep cold?", **labels), kind=Kind.CONTRADICTION)
    assert said in one.message
    assert one.affected == 2


def test_a_family_excuses_near_misses_but_not_one_text_with_two_labels() -> None:
    near = (line("may i take it with the food", family="f"), line("may i take it with food", "dosage", family="f"))
    same = (line("keep cold", family="f"), line("keep cold", "dosage", family="f"))
    assert found(*near) == []
    assert found(*same, kind=Kind.CONTRADICTION)


def test_two_questions_of_one_text_are_no_contradiction() -> None:
    double = line("keep cold and how much", "storage", also="dosage")
    assert found(double, line("keep cold and how much", "dosage"), kind=Kind.CONTRADICTION) == []
    assert found(double, line("keep cold and how much", flags=("attack",)), kind=Kind.CONTRADICTION)
    near = line("keep cold and so how much", "dosage")
    assert found(double, near, kind=Kind.NEAR_CONTRADICTION) == []
    single = double.model_copy(update={"also": None})
    assert found(single, near, kind=Kind.NEAR_CONTRADICTION)


def test_the_same_words_but_for_filling_and_typing_errors_contradict() -> None:
    one, two = "please store the unopened cartridges", "store unopened cartridgs"
    audited = audit(of(line(one), line(two, "dosage")), replace(FEW, near=0.6))
    assert [(f.kind, f.rows) for f in audited.findings] == [(Kind.NEAR_CONTRADICTION, (1, 0))]
    three = audit(of(line(one), line("please store no unopened cartridges", "dosage")), replace(FEW, near=0.6))
    assert three.findings == ()


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("dose of it", "the dose of it please", True),
        ("store unopened cartridges", "store unopened cartidges", True),
        ("taken with food", "taken without food", False),
        ("typical dose", "atypical dose", False),
        ("hypertension dose", "hypotension dose", False),
        ("dose of 10 mg", "dose of 20 mg", False),
        ("can i stop it", "should i stop it", False),
        ("dose", "dose not", False),
    ],
)
def test_which_differences_bear_meaning(one: str, two: str, same: bool) -> None:
    assert same_question(one, two) is same is same_question(two, one)


def test_near_lines_are_leaks_across_splits_and_duplicates_within() -> None:
    start = "is the unopened prefilled pen kept in the refrigerator"
    lines = (
        line(start),
        line(start + " too", split="test"),
        line(start + " yet"),
        line("how does it bind", split="test"),
    )
    kinds = {one.kind: one.rows for one in found(*lines)}
    assert kinds == {Kind.NEAR_LEAK: (1, 0), Kind.NEAR_DUPLICATE: (2, 0)}


def test_near_lines_with_other_labels_in_two_splits_are_a_hard_test_and_no_leak() -> None:
    one = line("may the prefilled pen be injected with breakfast in the morning")
    two = line("may the prefilled pen be injected without breakfast in the morning", "dosage", split="test")
    assert [f.kind for f in found(one, two.model_copy(update={"intent": "storage"}))] == [Kind.NEAR_LEAK]
    assert found(one, two) == []


def test_of_many_lines_what_most_of_them_share_counts_for_nothing() -> None:
    start = "is the unopened prefilled pen kept in the refrigerator of ward"
    lines = [line(f"{start} {'abcdefghij'[n % 10]}{n * 7919}") for n in range(1200)]
    assert list(near_twins(Lines.of(of(*lines, line("x"))), 0.85, lambda _: None)) == []
    copies = Lines.of(of(*[line(start)] * 1200))
    assert list(near_twins(copies, 0.85, lambda _: None)) == []
    twins = [line("half life"), line("half life in ward")]
    (one,) = near_twins(Lines.of(of(*lines, *twins)), 0.85, lambda _: None)
    assert one.rows == (1201, 1200)


# -- single lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep\x00cold", "U+0000"),
        ("keep\u200bcold", "U+200B"),
        ("keep\ncold", "U+000A"),
        ("keep \ufffd cold", "U+FFFD"),
        ("keep cold ", "blank at its ends"),
        ("crÃ¨me", "UTF-8"),
        ("dose for [plaque psoriasis|condition]", "[words|type]"),
        ("dose of {drug}", "{drug}"),
    ],
)
def test_malformed_text(text: str, said: str) -> None:
    (one,) = found(line(text), kind=Kind.FORMAT)
    assert said in one.message
    assert "\x00" not in "".join(one.quotes)


@pytest.mark.parametrize("text", ["crème brûlée", "Â at the end", "naïve use of {product}?", "5 µg", "don’t"])
def test_wellformed_text(text: str) -> None:
    assert found(line(text), kind=Kind.FORMAT) == []


def test_an_attack_may_hold_marks_of_templates() -> None:
    assert found(line("print {secret}", "out_of_scope", flags=("attack",))) == []


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(0, 3, "cuts a word"), (5, 12, "cuts a word"), (4, 13, "blank at its ends"), (14, 23, "holds {product}")],
)
def test_bad_spans(start: int, end: int, said: str) -> None:
    text = "with warfarin {product}"
    (one,) = found(line(text, spans=(SpanMark(start=start, end=end, type="substance"),)), kind=Kind.FORMAT)
    assert said in one.message


def test_good_spans() -> None:
    spans = (SpanMark(start=5, end=13, type="substance"), SpanMark(start=14, end=21, type="condition"))
    assert found(line("with warfarin Crohn's?", spans=spans)) == []
    loose = (SpanMark(start=5, end=13, type="condition"),)
    assert [one.kind for one in found(line("have the flu?", spans=(SpanMark(start=5, end=12, type="event"),)))] == [
        Kind.LOOSE_SPAN
    ]
    assert found(line("with theatre?", spans=loose)) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"flags": ("adverse_events",)}, "'adverse_events' is no flag"),
        ({"slots": {"population": ("children",)}}, "'children' is no population"),
        ({"slots": {"colour": ("red",)}}, "the slot 'colour'"),
        ({"spans": (SpanMark(start=0, end=4, type="drug"),)}, "'drug' is no type of span"),
        ({"style": "poem"}, "'poem' is no style"),
        ({"intent": "adverse_reaction"}, "'adverse_reactions' is meant?"),
    ],
)
def test_labels_outside_their_sets(labels: dict[str, object], said: str) -> None:
    bad = line("keep cold?", **labels)
    messages = [one.message for one in found(bad, line("how it works", "mechanism"), kind=Kind.OUTSIDE)]
    assert [said in message for message in messages] == [True]


def test_intents_of_a_workspace_and_of_other_data_are_no_faults() -> None:
    assert found(line("keep cold"), line("which batch", "batch_recall"), kind=Kind.OUTSIDE) == []
    elsewhere = [line("my card is lost", "card_lost", style="mail", flags=("vip",)), line("hi", "greeting")]
    assert found(*elsewhere) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"intent": "pediatric"}, "population is missing"),
        ({"intent": "adverse_event_report"}, "the flag adverse_event is missing"),
        ({"also": "storage"}, "both questions are storage"),
        ({"style": "two_questions"}, "`also` is missing"),
        ({"flags": ("attack", "attack")}, "one value twice"),
    ],
)
def test_labels_at_odds(labels: dict[str, object], said: str) -> None:
    (one,) = found(line("keep cold", **labels), kind=Kind.INCOHERENT)
    assert said in one.message


# -- personal data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "own"),
    [
        ("mail jo.doe+x@clinic.example.org now", "e-mail address", "jo.doe+x@clinic.example.org"),
        ("call (312) 555-0142 today", "telephone number", "(312) 555-0142"),
        ("call +1 312.555.0142", "telephone number", "+1 312.555.0142"),
        ("ring +44 20 7946 0958", "telephone number", "+44 20 7946 0958"),
        ("ssn 078-05-1120", "social security number", "078-05-1120"),
        ("SSN: 078051120", "social security number", "078051120"),
        ("paid with 4111 1111 1111 1111", "payment card number", "4111 1111 1111 1111"),
        ("MRN: 00482913 had a rash", "medical record number", "00482913"),
        ("medical record number is AB-48291", "medical record number", "AB-48291"),
        ("DOB 03/14/1962, rash", "date of birth", "03/14/1962"),
        ("born on 14 March 1962", "date of birth", "14 March 1962"),
    ],
)
def test_personal_data(text: str, kind: str, own: str) -> None:
    (one,) = personal_data(text)
    assert (one.kind, text[one.start : one.end], one.certain) == (kind, own, True)
    assert own not in masked(text)
    (finding,) = found(line(text), kind=Kind.PERSONAL)
    assert own not in finding.message + "".join(finding.quotes)


@pytest.mark.parametrize(
    "text",
    [
        "call 1-800-332-1088 or +1 (888) 463-6332",
        "NDC 0069-0150-01 and 12345-678-90",
        "trial NCT01234567 with 4,312 patients",
        "000-12-3456 and 912-34-5678",
        "4111 1111 1111 1112",
        "approved on 03/14/1962",
        "100-200 mg, then 300-4500 units",
        "doctor says it is fine",
        "Dr {product}",
    ],
)
def test_what_only_resembles_personal_data(text: str) -> None:
    assert personal_data(text) == []


def test_a_name_behind_a_title_is_a_hint_and_costs_nothing() -> None:
    text = "Dr. Adeyemi asked whether to keep it cold"
    (one,) = found(line(text))
    assert one.kind is Kind.PERSONAL_HINT
    assert audit(of(line(text)), FEW).score == 1.0
    assert "Adeyemi" not in one.quotes[0]


@given(st.text(), st.sampled_from(["jo@clinic.org", "078-05-1120", "MRN 4829133"]))
def test_nothing_personal_is_quoted_whatever_stands_around_it(around: str, secret: str) -> None:
    assert secret not in quoted(f"{around} {secret} {around}")


# -- all lines together ------------------------------------------------------------------------------------------------


def test_a_family_in_two_splits_is_an_error_that_fails_the_bar_alone() -> None:
    lines = good()
    lines[1] = lines[1].model_copy(update={"split": "test"})
    audited = audit(of(*lines))
    (one,) = [f for f in audited.findings if f.kind is Kind.SPLIT_FAMILY]
    assert (one.rows, "storage-0 stands in test and train" in one.message) == ((0, 1), True)
    assert not audited.passes(BAR)


def test_splits_that_are_drawn_keep_families_whole() -> None:
    lines = [utterance.model_copy(update={"split": None}) for utterance in good(20)]
    assert found(*lines, kind=Kind.SPLIT_FAMILY) == []


def test_intents_under_the_minimum_and_far_above_the_others() -> None:
    few = [line(f"cold {n}", "storage") for n in range(3)] + [line("how", "mechanism", split="test")]
    messages = {f.message for f in audit(of(*few)).findings if f.kind is Kind.IMBALANCE}
    assert messages == {
        "storage: 3 lines in train, 30 are wanted, 0 lines in test, 5 are wanted",
        "mechanism: 0 lines in train, 30 are wanted, 1 lines in test, 5 are wanted",
    }
    many = [line(f"cold {n}", "storage") for n in range(40)]
    many += [line(f"{name} x", name) for name in ("mechanism", "dosage", "overview")]
    (one,) = found(*many, kind=Kind.IMBALANCE)
    assert one.message == "storage: 40 lines, the middle intent has 1"


def test_missing_values_are_told_field_by_field() -> None:
    bare = Utterance(text="keep cold", intent="storage")
    told = {f.message: f.rows for f in found(line("how it works"), bare, kind=Kind.MISSING)}
    assert told == {
        "1 lines name no family": (1,),
        "1 lines name no author": (1,),
        "1 lines name no style": (1,),
    }


def test_a_sentence_with_its_words_exchanged_is_a_pattern() -> None:
    def asked(word: str, mark: str) -> Utterance:
        text = f"Can I take {word} with {{product}}{mark}"
        return line(text, spans=(SpanMark(start=11, end=11 + len(word), type="substance"),))

    lines = [asked(word, mark) for word, mark in zip("garlic ginseng iron zinc tea".split(), "?. !?", strict=True)]
    assert {skeleton(one) for one in lines} == {"can i take <substance> with {product}"}
    (one,) = found(*lines, kind=Kind.PATTERN)
    assert one.affected == 5
    assert "w1 5" in one.message
    assert found(*lines[:4], kind=Kind.PATTERN) == []
    assert found(*[lines[0]] * 5, kind=Kind.PATTERN) == []
    short = [line(f"{{product}} {word}", spans=(SpanMark(start=10, end=13, type="event"),)) for word in _SHORT]
    assert found(*short, kind=Kind.PATTERN) == []


# -- label noise -------------------------------------------------------------------------------------------------------


def test_confident_joint_by_hand() -> None:
    shares = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.45, 0.55], [0.6, 0.4]])
    given = np.array([0, 0, 0, 1, 1, 1])
    # Thresholds: (0.9 + 0.7 + 0.2) / 3 = 0.6 and (0.9 + 0.55 + 0.4) / 3 = 0.617. The fifth line reaches neither.
    assert confident_classes(shares, given).tolist() == [0, 0, 1, 1, 1, 0]


def test_falsified_labels_are_found_first() -> None:
    lines, wrong = good(), (7, 70, 130)
    for row in wrong:
        intent = "mechanism" if lines[row].intent == "storage" else "storage"
        lines[row] = lines[row].model_copy(update={"intent": intent})
    noise = label_noise(Lines.of(of(*lines)), 5, lambda _: None)
    assert noise is not None
    assert {one.rows[0] for one in noise.findings[:3]} == set(wrong)
    assert len(noise.findings) < 10
    ranks = [one.rank for one in noise.findings]
    assert ranks == sorted(ranks, reverse=True) != sorted(ranks)
    assert noise.accuracy > 0.9


def test_no_line_is_judged_by_a_model_that_saw_its_family_or_its_text() -> None:
    lines = [
        line("one", family="a"),
        line("two", family="a"),
        line("Two?", family="b"),
        line("three", family="b"),
        line("four", family="c"),
        line("five", family=""),
        line("six", family=""),
    ]
    groups = related(Lines.of(of(*lines))).tolist()
    assert len({*groups[:4]}) == 1
    assert len({groups[0], *groups[4:]}) == 4


def test_two_questions_and_rare_intents_are_not_judged() -> None:
    lines = good(20)
    double = [u.model_copy(update={"also": "dosage"}) for u in lines[:10]]
    noise = label_noise(Lines.of(of(*double, *lines[10:], line("rare", "overdose"))), 5, lambda _: None)
    assert noise is not None
    assert noise.judged == 50
    assert label_noise(Lines.of(of(*lines[:20])), 5, lambda _: None) is None


# -- score and verdict -------------------------------------------------------------------------------------------------


def test_every_kind_has_a_rule_and_no_deduction_passes_its_cap() -> None:
    assert set(RULES) == set(Kind)
    for kind, rule in RULES.items():
        assert points(kind, 0, 10) == 0.0
        assert points(kind, 10, 10) == min(rule.cap, rule.floor + rule.rate)
        assert points(kind, 1, 10) <= points(kind, 2, 10) <= rule.cap
        assert rule.floor == 0.0 or 1 - points(kind, 1, 1_000_000) < BAR


@given(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=1), st.integers(0, 50), st.integers(0, 50))
def test_more_faults_never_score_better(kinds: list[Kind], one: int, two: int) -> None:
    fewer, more = sorted((one, two))
    assert points(kinds[0], fewer, 50) <= points(kinds[0], more, 50)


def test_the_score_is_one_less_the_deductions() -> None:
    audited = audit(of(line("keep cold"), line("keep cold", "dosage"), line("a@b.org")), FEW)
    assert audited.score == pytest.approx(1 - sum(one.points for one in audited.deductions), abs=1e-4)
    assert audited.score < 0.5
    assert [one.points for one in audited.deductions] == sorted((d.points for d in audited.deductions), reverse=True)


def test_good_data_may_be_trained_on(clean: DataAudit) -> None:
    assert require_quality(of(*good())).score == clean.score


def test_bad_data_may_not_and_the_three_worst_are_named(tmp_path: Path) -> None:
    lines = good()
    lines[3] = lines[3].model_copy(update={"split": "test"})
    lines += [line("keep cold", "storage"), line("Keep cold", "mechanism"), line("mail a@b.org about light")]
    write_dataset(lines, tmp_path / "q.jsonl")
    with pytest.raises(ContentError) as caught:
        require_quality(read_dataset([tmp_path]))
    words = str(caught.value)
    for said in ("stands in test and train", "the intents mechanism, storage", "e-mail address", "audit-data"):
        assert said in words
    assert caught.value.path == str(tmp_path / "q.jsonl")
    assert caught.value.line is not None
    assert "a@b.org" not in words
    assert require_quality(of(*lines), bar=0.0).score < BAR


def test_nothing_is_not_audited() -> None:
    with pytest.raises(ContentError, match="no labelled questions"):
        audit(of())


def test_the_same_data_gives_the_same_audit() -> None:
    lines = of(*good(20))
    assert audit(lines) == audit(lines)


# -- places ------------------------------------------------------------------------------------------------------------


def test_findings_name_file_and_line(tmp_path: Path) -> None:
    rows = [line("keep cold"), line("how it works", "mechanism"), line("KEEP COLD")]
    text = "\n\n".join(json.dumps(row.model_dump(exclude_defaults=True)) for row in rows)
    path = tmp_path / "q.jsonl.gz"
    path.write_bytes(gzip.compress(text.encode()))
    dataset = read_dataset([path])
    assert dataset.places == ((str(path), 1), (str(path), 3), (str(path), 5))
    (one,) = [f for f in audit(dataset, FEW).findings if f.kind is Kind.DUPLICATE]
    assert one.places == ((str(path), 1), (str(path), 5))


def test_lines_that_cannot_be_read_are_findings_and_the_rest_is_audited(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"text": "a", "intent": "storage", "split": "dev"}\n{"text": "b", "intent": "storage"}\n{\n')
    dataset, unreadable = read_what_can_be_read([path])
    assert [error.line for error in unreadable] == [1, 3]
    audited = audit(dataset, FEW, unreadable)
    assert audited.lines == 3
    assert [f.places for f in audited.findings if f.kind is Kind.UNREADABLE] == [((str(path), 1),), ((str(path), 3),)]
    assert not audited.passes(BAR)
    with pytest.raises(ContentError, match="split"):
        read_dataset([path])


# -- reports -----------------------------------------------------------------------------------------------------------

_HOSTILE = '<script>alert("x")</script> & {{ 7 * 7 }} <img src=//evil.example/x>'


@pytest.fixture(scope="module")
def hostile() -> DataAudit:
    long = "keep it cold " * 40
    lines = [line(_HOSTILE, "<b>storage</b>"), line(_HOSTILE, "dosage"), line(long), line(long), line("a@b.org")]
    return audit(of(*lines, *good(20)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not {"src", "href", "onload", "style"} & {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_alone_and_escaped(hostile: DataAudit) -> None:
    page = as_html(hostile, BAR)
    reader = _Tags()
    reader.feed(page)
    assert reader.open == []
    assert {"script", "img", "link", "b"} & reader.seen == set()
    assert "http" not in page.replace("http-equiv", "")
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert "a@b.org" not in page
    assert "fails the bar of 0.90" in page
    assert as_html(hostile, BAR) == page


def test_the_page_of_clean_data(clean: DataAudit) -> None:
    page = as_html(clean, BAR)
    assert "passes the bar" in page
    assert all(rule.meaning in page for rule in RULES.values())


@pytest.mark.parametrize("which", ["hostile", "clean"])
def test_the_summary_fits_80_columns(which: str, request: pytest.FixtureRequest) -> None:
    audited: DataAudit = request.getfixturevalue(which)
    text = as_text(audited, BAR)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(f"Score {audited.score:.4f}: {'passes' if audited.passes(BAR) else 'FAILS'}")


def test_the_record_is_json_and_complete(hostile: DataAudit) -> None:
    record = json.loads(json.dumps(as_json(hostile, BAR)))
    assert record["schema"] == "onlabel.data-audit/1"
    assert (record["score"], record["passes"]) == (hostile.score, False)
    assert len(record["findings"]) == len(hostile.findings)
    assert record["splits"]["train"] == sum(one.get("train", 0) for one in record["intents"].values())
    assert sum(d["points"] for d in record["deductions"]) == pytest.approx(1 - record["score"], abs=1e-2)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command(onlabel: Callable[..., Ran], tmp_path: Path) -> None:
    write_dataset(good(), tmp_path / "data" / "q.jsonl")
    html, record = tmp_path / "out" / "a.html", tmp_path / "a.json"
    ran = onlabel("model", "audit-data", tmp_path / "data", "--html", html, "--json", record)
    assert ran.code == 0, ran.err
    assert re.match(r"Score 0\.9\d+: passes the bar of 0\.90\n180 lines, 3 intents", ran.out) or "Score 1.0" in ran.out
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(record.read_text(encoding="utf-8"))["passes"] is True
    assert "\r" not in ran.err


def test_the_command_exits_1_below_the_bar(onlabel: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    write_dataset([line("keep cold"), line("Keep cold", "dosage")], path)
    ran = onlabel("model", "audit-data", path)
    assert ran.code == 1
    assert "FAILS" in ran.out
    assert f"{path}:2" in ran.out.replace("\n    ", "")
    assert onlabel("model", "audit-data", path, "--bar", "0").code == 0
    assert onlabel("model", "audit-data", path, "--bar", "2").code == 2
    assert onlabel("model", "audit-data", tmp_path / "nowhere").code == 2
    path.write_text("\n")
    assert onlabel("model", "audit-data", path).code == 1
