"""How far two people who labelled the same questions apart from each other agree (Cohen 1960)."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import ContentError
from assistant.training.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's kappa of one label over the questions that both labelled; ``counts``: how often each gave it."""

    label: str
    questions: int
    agreed: float
    kappa: float
    counts: tuple[int, int]


def agreement(first: Dataset, second: Dataset) -> list[Agreement]:
    """Agreement on the intent, on each flag and on each closed slot value, over the texts of ``second``.

    :raises ContentError: ``first`` does not hold a text of ``second``.
    """
    from sklearn.metrics import cohen_kappa_score

    known = {utterance.text: utterance for utterance in first.utterances}
    missing = [utterance.text for utterance in second.utterances if utterance.text not in known]
    if missing:
        raise ContentError(f"{len(missing)} questions were labelled a second time only, e.g. {missing[0]!r}")
    pairs = [(known[utterance.text], utterance) for utterance in second.utterances]
    marks: dict[str, list[tuple[object, object]]] = {"intent": [(one.intent, two.intent) for one, two in pairs]}
    for flag in sorted({flag for one, two in pairs for flag in (*one.flags, *two.flags)}):
        marks[f"flag {flag}"] = [(flag in one.flags, flag in two.flags) for one, two in pairs]
    for slot in sorted({slot for one, _ in pairs for slot in one.slots}):
        for value in sorted({value for one, two in pairs for u in (one, two) for value in u.slots.get(slot, ())}):
            given = [(value in one.slots.get(slot, ()), value in two.slots.get(slot, ())) for one, two in pairs]
            marks[f"{slot} {value}"] = list(given)
    return [
        Agreement(
            label,
            len(given),
            sum(one == two for one, two in given) / len(given),
            float(cohen_kappa_score([one for one, _ in given], [two for _, two in given])),
            (sum(one is True for one, _ in given), sum(two is True for _, two in given)),
        )
        for label, given in marks.items()
    ]
