"""The condition asked about beside the label's words: the words of its own decide, not those of any illness."""

from __future__ import annotations

import pytest

from assistant.answering import lexical
from assistant.understanding.conditions import LabelStatus, compare

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
