"""Agreement of two annotators: the known values of Cohen's kappa, and texts that only one of them saw."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", reason="the extra 'train' (scikit-learn) is not installed")

from assistant.errors import ContentError
from assistant.training.data_audit.agreement import agreement
from assistant.training.dataset import Dataset, Utterance


def _dataset(*labels: tuple[str, str, tuple[str, ...]]) -> Dataset:
    return Dataset(tuple(Utterance(text=text, intent=intent, flags=flags) for text, intent, flags in labels), "")


def test_kappa_takes_off_what_chance_gives() -> None:
    first = _dataset(("a", "x", ("attack",)), ("b", "x", ()), ("c", "y", ()), ("d", "y", ()), ("e", "z", ()))
    second = _dataset(("a", "x", ("attack",)), ("b", "y", ()), ("c", "y", ()), ("d", "x", ()))
    intent, attack = agreement(first, second)
    assert (intent.label, intent.questions, intent.agreed, intent.kappa) == ("intent", 4, 0.5, 0.0)
    assert (attack.label, attack.agreed, attack.kappa, attack.counts) == ("flag attack", 1.0, 1.0, (1, 1))


def test_a_text_that_was_labelled_only_once_is_told() -> None:
    with pytest.raises(ContentError, match="'b'"):
        agreement(_dataset(("a", "x", ())), _dataset(("b", "x", ())))
