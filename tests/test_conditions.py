"""The condition asked about beside the label's words: the words of its own decide, not those of any illness."""

from __future__ import annotations

import pytest

from assistant.answering import lexical
from assistant.answering.label_status import Label, label_status
from assistant.understanding.conditions import (
    LabelStatus,
    asks_use,
    compare,
    condition_words,
    indicating,
    spelled_out,
)

INDICATED = frozenset(
    lexical.terms("prevention of pregnancy; management of neuropathic pain and severe acute migraine")
)
LIMITED = frozenset(lexical.terms("not for use in patients with liver disease or active infections of the skin"))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("migraine", LabelStatus.INDICATED),
        ("neuropathic pain", LabelStatus.INDICATED),
        ("pain", LabelStatus.INDICATED),
        ("liver disease", LabelStatus.LIMITED),
        ("endometriosis pain", LabelStatus.NOT_MENTIONED),  # "pain" is of any illness
        ("acute gout attack", LabelStatus.NOT_MENTIONED),
        ("ear infection", LabelStatus.NOT_MENTIONED),
        ("chronic migraine headache", LabelStatus.UNSURE),
        ("", LabelStatus.UNSURE),
    ],
)
def test_the_words_of_its_own_decide(condition: str, status: LabelStatus) -> None:
    assert compare(frozenset(lexical.terms(condition)), INDICATED, LIMITED) is status


def test_an_indication_is_read_sentence_by_sentence_without_its_references() -> None:
    said, denied = indicating(
        "1 USES\nIt is indicated for: • gout flares ( 1.1, 2.1 ) • type 2 diabetes [see Clinical Studies (14)]. "
        "Limitations of Use: It is not recommended for asthma. It has not been established in children."
    )
    assert "gout flares" in said
    assert any("type 2 diabetes" in sentence for sentence in said)
    assert not any("1.1" in sentence or "14" in sentence for sentence in said)
    assert any("asthma" in sentence for sentence in denied)
    assert not any("asthma" in sentence or "children" in sentence for sentence in said)


def label(*uses: str, denied: tuple[str, ...] = (), forbidden: str = "") -> Label:
    sentences = [tuple(frozenset(lexical.terms(each)) for each in part) for part in (uses, denied)]
    return Label(sentences[0], sentences[1], frozenset(lexical.terms(forbidden)), (), " ".join(uses))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("type 2 diabetes", LabelStatus.INDICATED),
        ("type 1 diabetes", LabelStatus.NOT_MENTIONED),  # the label says which type it means
        ("diabetes", LabelStatus.INDICATED),
        ("metastatic pancreatic cancer", LabelStatus.NOT_MENTIONED),  # of cancers, which one tells
        ("lung cancer", LabelStatus.INDICATED),
        ("lung surgery", LabelStatus.UNSURE),  # both words stand there, in no one sentence
        ("asthma", LabelStatus.LIMITED),
        ("colitis", LabelStatus.LIMITED),
        ("hives", LabelStatus.NOT_MENTIONED),
    ],
)
def test_an_illness_is_indicated_where_one_sentence_holds_it(condition: str, status: LabelStatus) -> None:
    said = label(
        "for type 2 diabetes",
        "for lung cancer",
        "for pain after surgery",
        denied=("not for asthma",),
        forbidden="colitis",
    )
    assert label_status(said, condition.split()) is status


def test_another_name_that_stands_there_in_part_makes_nothing_surer() -> None:
    assert label_status(label("for rheumatoid arthritis"), ["gout"]) is LabelStatus.NOT_MENTIONED
    assert label_status(label("for hypertension"), ["high", "blood", "pressure"]) is LabelStatus.INDICATED


def test_a_name_keeps_its_words() -> None:
    assert spelled_out("adult-onset Still's disease") == ("onset", "still")
    assert spelled_out("Crohn\u2019s disease") == ("crohn",)


def test_as_is_shorthand_only_where_it_is_typed_so() -> None:
    assert spelled_out("hypertension as monotherapy") == ("hypertension",)
    assert condition_words("is it approved for hypertension as monotherapy?") == ("hypertension",)
    assert spelled_out("active AS") == spelled_out("active ankylosing spondylitis")
    assert spelled_out("as") == ("ankylosing", "spondylitis")


def test_the_course_of_an_illness_is_not_its_name() -> None:
    assert label_status(label("for ulcerative colitis"), ["colitis", "flare"]) is LabelStatus.INDICATED
    assert label_status(label("for asthma"), ["gout", "flare"]) is LabelStatus.NOT_MENTIONED
    # An attack may be what the illness is.
    assert label_status(label("for heart failure"), ["heart", "attack"]) is not LabelStatus.INDICATED


def test_stages_and_classes_are_given_as_ranges() -> None:
    said = label("for heart failure of NYHA class II-IV", "for stage II or III breast cancer")
    for condition in ("class III heart failure", "stage III breast cancer"):
        assert label_status(said, condition.casefold().split()) is not LabelStatus.NOT_MENTIONED


@pytest.mark.parametrize(
    "question",
    [
        "is it approved for depression?",
        "Can I take it for my migraine?",
        "the medicine off-label for gout",
        "licensed in MS?",
    ],
)
def test_a_use_is_asked_for_in_many_ways(question: str) -> None:
    assert asks_use(question)
