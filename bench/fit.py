"""Fit the ranking weights, the confidence and the margins of ``policy.yaml`` on questions that are not reported on.

    python bench/fit.py --work /tmp/labels

Three sources, told one by one for the margins: the questions on real labels of the half ``tune`` (see
``bench/labels.py`` and ``bench/openfda_labels.py``; the other halves are for reporting), each counting 1 in the fit,
and the questions written for the invented labels that were held out of training, answerable and not, all together as
many as those of ``bench/labels.py``. Fitted on the passages that planning would choose from. Prints what to write into
the policy; nothing is changed. Needs scikit-learn, which the extra ``train`` brings.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import openfda_labels
from labels import data_folder, given_product, half_of, open_assistants, plain, read_questions
from written_labels import open_written

from assistant.answering import planning, retrieval
from assistant.answering.index import Entry, Index
from assistant.answering.quantities import quantities_in
from assistant.answering.results import asks_for_a_result
from assistant.answering.retrieval import Candidate, Query
from assistant.content.policy import Policy, Ranking, parse_policy
from assistant.pipeline import Assistant
from assistant.workspace import starter_root

#: Weights that are tried; dense is 1.
LEXICAL = (0.25, 0.5, 0.75, 1.0, 1.25)
TOPIC = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
#: Nothing below 0.1, which wins here because few of the questions ask on about another group: with 0.0 and with 0.05
#: "and for children?" showed what adults take (tests/test_conversation.py).
POPULATION = (0.1, 0.2, 0.3)
NAMED = (0.0, 0.15, 0.3, 0.5)
QUANTITIES = (0.0, 0.1, 0.2)
RESULTS = (0.0, 0.15, 0.3)
#: ``passage_margin`` and ``passage_margin_short`` that are tried; the confidence is fitted with those of the policy.
MARGINS = ((0.06, 0.06), (0.08, 0.08), (0.1, 0.1), (0.06, 0.15), (0.08, 0.15), (0.1, 0.15), (0.08, 0.2))
POLICY = parse_policy((starter_root() / "approved_corpus" / "policy.yaml").read_bytes(), Path("policy.yaml"))[0]
NAMES = ("dense", "lexical", "topic", "population", "named", "quantities", "results")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question's candidates: evidence (n, 7), which of them answer (n,), their bytes (n,), how sure its intent is,
    what it names."""

    evidence: npt.NDArray[np.float64]
    answers: npt.NDArray[np.bool_]
    answerable: bool
    intent: float
    names: bool
    numbers: bool
    counted: bool
    weight: float
    sizes: tuple[int, ...]
    source: str


class Recorder:
    """Listens to the ranking and the choosing while questions are asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[Index, Query, list[Candidate]]] = []
        self.intent = 0.0
        self._asked: tuple[Index, Query]
        self._rank, self._choose = retrieval.rank, planning.choose
        retrieval.rank = self._ranking
        planning.choose = self._choosing

    def _ranking(self, index: Index, entries: tuple[Entry, ...], query: Query, weights: Ranking) -> list[Candidate]:
        self._asked = (index, query)
        return self._rank(index, entries, query, weights)

    def _choosing(self, ranked: list[Candidate], plan: planning.Route, policy: Policy) -> planning.Choice:
        self.intent = plan.confidence
        self.seen.append((*self._asked, planning.usable_for(ranked, plan, policy.thresholds)))
        return self._choose(ranked, plan, policy)

    def ask(self, ask: Callable[[], object], belongs: Callable[[Candidate], bool]) -> tuple | None:
        """What could be chosen of the right label's passages while ``ask`` ran, best first."""
        self.seen.clear()
        ask()
        return next(((i, q, r) for i, q, r in self.seen if r and belongs(r[0])), None)


def collect(data: Path, work: Path) -> list[Ranked]:
    """Ask every question that may be tuned on and keep the evidence of the ranking for its label."""
    recorder = Recorder()
    assistants, set_ids = open_assistants(data, work)
    real = [
        _of_label(recorder, assistants(question["label"]), question, set_id, "labels")
        for question in read_questions(data)
        if half_of(set_id := set_ids[question["label"]]) == "tune"
    ]
    on_openfda = openfda_labels.read_questions()
    records = openfda_labels.read_records(data, {question["set_id"] for question in on_openfda})
    assistant = openfda_labels.open_workspace(records, work)
    flat = [
        _of_label(recorder, assistant, openfda_labels.with_quotations(question, records[set_id]), set_id, "openFDA")
        for question in on_openfda
        if openfda_labels.part_of_label(set_id := question["set_id"]) == "tune"
        and question["expected_outcome"] != "report"
    ]
    assistant, questions = open_written(work)
    weight = sum(ranked is not None for ranked in real) / len(questions)
    written = []
    for asked in questions:
        where = assistant.context("hcp")
        found = recorder.ask(
            lambda q=asked, w=where: assistant.ask(q.text, w, product=q.product),  # type: ignore[misc]
            lambda best, q=asked: best.entry.head.product == q.product,  # type: ignore[misc]
        )
        if found:
            wanted = [plain(asked.wanted)] if asked.wanted else []
            written.append(_ranked(recorder, *found, wanted, bool(asked.wanted), weight, "invented"))
    return [ranked for ranked in (*real, *flat, *written) if ranked is not None]


def _of_label(recorder: Recorder, assistant: Assistant, question: dict, set_id: str, source: str) -> Ranked | None:
    """What was ranked for a question on a real label; None where its ranking was not asked for."""
    where, product = assistant.context(question["audience"]), given_product(assistant, question, set_id)
    found = recorder.ask(
        lambda: assistant.ask(question["question"], where, product=product),
        lambda best: set_id[:8] in best.entry.head.document,
    )
    if not found:
        return None
    wanted = [plain(text) for text in question["must_contain"]]
    return _ranked(recorder, *found, wanted, question["expected_outcome"] == "answered", 1.0, source)


def _ranked(
    recorder: Recorder,
    index: Index,
    query: Query,
    ranked: list[Candidate],
    wanted: list[str],
    answerable: bool,
    weight: float,
    source: str,
) -> Ranked:
    texts = [plain(index.load(candidate.entry).text.decode()) for candidate in ranked]
    evidence = [
        (
            c.dense,
            c.lexical,
            c.topic,
            retrieval.population_fit(c.entry, query.population),
            c.named,
            c.quantities,
            c.results,
        )
        for c in ranked
    ]
    answers = np.array([any(want in text for want in wanted) for text in texts])
    numbers, counted = bool(quantities_in(query.text)), asks_for_a_result(query.text)
    sizes = tuple(candidate.entry.size for candidate in ranked)
    names, intent = bool(query.named), recorder.intent
    return Ranked(np.array(evidence), answers, answerable, intent, names, numbers, counted, weight, sizes, source)


def scores_of(question: Ranked, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The score of each candidate, as the ranking makes it."""
    unused = (0.0 if question.names else weights[4]) + (0.0 if question.numbers else weights[5])
    unused += 0.0 if question.counted else weights[6]
    return question.evidence @ weights / (weights.sum() - unused)


def best_weights(questions: list[Ranked]) -> tuple[float, ...]:
    """The weights with most right first passages, and half as much for right ones among three."""
    answerable = [q for q in questions if q.answerable and q.answers.any()]
    whole = sum(question.weight for question in answerable)

    def worth(weights: tuple[float, ...]) -> float:
        total = 0.0
        for question in answerable:
            order = np.argsort(-(question.evidence @ np.array(weights)), kind="stable")
            total += question.weight * (question.answers[order[0]] + 0.5 * question.answers[order[:3]].any())
        return total / whole

    tried = [(1.0, *others) for others in itertools.product(LEXICAL, TOPIC, POPULATION, NAMED, QUANTITIES, RESULTS)]
    ranked = sorted(tried, key=lambda weights: -worth(weights))
    for weights in ranked[:6]:
        click.echo(f"worth {worth(weights):.3f}  {weights}")
    for weights in ((1.0, 0, 0, 0, 0, 0, 0), (0, 1.0, 0, 0, 0, 0, 0), (0, 0, 1.0, 0, 0, 0, 0)):
        click.echo(f"worth {worth(weights):.3f}  {weights}")
    return ranked[0]


def fit_confidence(questions: list[Ranked], weights: tuple[float, ...]) -> dict[str, float]:
    """Logistic regression of "what is shown answers" on the best one's evidence (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    features, right, weighed = [], [], []
    limits = POLICY.thresholds
    for question in questions:
        scores = scores_of(question, np.array(weights))
        shown = _shown(question, scores, limits.passage_margin, limits.passage_margin_short)
        best = shown[0]
        margin = planning.margin_of(sorted(scores, reverse=True), len(shown))
        dense, lexical, topic, _, named, _, _ = question.evidence[best]
        unnamed = 1 - named if question.names else 0.0
        features.append([question.intent, unnamed, scores[best], margin, topic, lexical, dense])
        right.append(bool(question.answers[shown].any() and question.answerable))
        weighed.append(question.weight)
    fitted = LogisticRegression(C=10, max_iter=1000).fit(np.array(features), np.array(right), np.array(weighed))
    names = ("intent", "unnamed", "score", "margin", "topic", "lexical", "dense")
    return {"bias": float(fitted.intercept_[0]), **dict(zip(names, map(float, fitted.coef_[0]), strict=True))}


def try_margins(questions: list[Ranked], weights: tuple[float, ...]) -> None:
    """Print, for each source, how many have an answer among those shown with each two margins, and their bytes."""
    for source in dict.fromkeys(question.source for question in questions):
        asked = [q for q in questions if q.source == source and q.answerable]
        for near, short in MARGINS:
            shown = [_shown(question, scores_of(question, np.array(weights)), near, short) for question in asked]
            right = sum(question.answers[rows].any() for question, rows in zip(asked, shown, strict=True))
            together = [sum(q.sizes[row] for row in rows) for q, rows in zip(asked, shown, strict=True)]
            middle, most = np.percentile(together, (50, 90))
            told = f"margins {near:.2f} {short:.2f}: right {right / len(asked):.1%}, bytes {middle:.0f}, p90 {most:.0f}"
            click.echo(f"{source:<9} {told}")


def tell_answerable(questions: list[Ranked]) -> None:
    """Print how well nearness tells what a label answers from what it does not: the area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    for source in dict.fromkeys(question.source for question in questions if not question.answerable):
        asked = [question for question in questions if question.source == source]
        near = [question.evidence[:, 0].max() for question in asked]
        area = roc_auc_score([question.answerable for question in asked], near)
        click.echo(f"{source:<9} answerable by the nearest passage: area {area:.3f} of {len(asked)} questions")


def _shown(question: Ranked, scores: npt.NDArray[np.float64], near: float, short: float) -> list[int]:
    """The rows of the candidates that planning would show, the best first."""
    order = np.argsort(-scores, kind="stable")
    sizes = [question.sizes[row] for row in order]
    shown = planning.shown_together(scores[order].tolist(), sizes, near=near, short=short, most=POLICY.passages_shown)
    return [int(row) for row in order[:shown]]


@click.command()
@click.option(
    "--work", type=click.Path(path_type=Path), required=True, help="Where bench/labels.py built its workspaces."
)
@click.option("--weights", help="Fit the confidence for these weights instead, e.g. 1,1.25,0.6,0.15,0.3,0.1,0.1.")
def main(work: Path, weights: str | None) -> None:
    """Fit ranking weights and confidence on the tuning half."""
    questions = collect(data_folder(), work)
    chosen = tuple(map(float, weights.split(","))) if weights else best_weights(questions)
    click.echo("ranking:    " + json.dumps(dict(zip(NAMES, chosen, strict=True))))
    fitted = {name: round(value, 2) for name, value in fit_confidence(questions, chosen).items()}
    click.echo("confidence: " + json.dumps(fitted))
    try_margins(questions, chosen)
    tell_answerable(questions)


if __name__ == "__main__":
    main()
