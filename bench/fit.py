"""Fit the ranking weights and the confidence of ``policy.yaml`` on the tuning half of the label questions.

    python bench/fit.py --work /tmp/labels

Prints what to write into the policy; nothing is changed. Only questions on labels of the half ``tune`` are looked at
(see ``bench/labels.py``); the other half is for reporting. Needs scikit-learn, which the extra ``train`` brings.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from labels import data_folder, half_of, open_assistants, plain, read_questions

from assistant.answering import retrieval
from assistant.answering.index import Entry, Index
from assistant.answering.retrieval import Candidate, Query
from assistant.content.policy import Ranking

#: Weights that are tried; dense is 1.
LEXICAL = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
TOPIC = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
POPULATION = (0.0, 0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question's candidates: evidence (n, 4: dense, lexical, topic, population) and which of them answer (n,)."""

    evidence: npt.NDArray[np.float64]
    answers: npt.NDArray[np.bool_]
    answerable: bool


def collect(data: Path, work: Path) -> list[Ranked]:
    """Ask every tuning question and keep the evidence of the ranking for its label."""
    assistants, set_ids = open_assistants(data, work)
    seen: list[tuple[Index, Query, list[Candidate]]] = []
    rank = retrieval.rank

    def recording(index: Index, entries: tuple[Entry, ...], query: Query, weights: Ranking) -> list[Candidate]:
        ranked = rank(index, entries, query, weights)
        seen.append((index, query, ranked))
        return ranked

    retrieval.rank = recording
    collected = []
    for question in read_questions(data):
        set_id = set_ids[question["label"]]
        if half_of(set_id) != "tune":
            continue
        assistant = assistants(question["label"])
        seen.clear()
        assistant.ask(question["question"], assistant.context(question["audience"]))
        for index, query, ranked in seen:
            if ranked and set_id[:8] in ranked[0].entry.head.document:
                collected.append(_ranked(question, index, query, ranked))
                break
    retrieval.rank = rank
    return collected


def _ranked(question: dict, index: Index, query: Query, ranked: list[Candidate]) -> Ranked:
    wanted = [plain(text) for text in question["must_contain"]]
    texts = [plain(index.load(candidate.entry).text.decode()) for candidate in ranked]
    evidence = [(c.dense, c.lexical, c.topic, retrieval.population_fit(c.entry, query.population)) for c in ranked]
    answers = [any(want in text for want in wanted) for text in texts]
    return Ranked(np.array(evidence), np.array(answers), question["expected_outcome"] == "answered")


def best_weights(questions: list[Ranked]) -> tuple[float, ...]:
    """The weights with most right first passages, and half as much for right ones among three."""
    answerable = [q for q in questions if q.answerable and q.answers.any()]

    def worth(weights: tuple[float, ...]) -> float:
        total = 0.0
        for question in answerable:
            order = np.argsort(-(question.evidence @ np.array(weights)), kind="stable")
            total += question.answers[order[0]] + 0.5 * question.answers[order[:3]].any()
        return total / len(answerable)

    tried = [(1.0, *others) for others in itertools.product(LEXICAL, TOPIC, POPULATION)]
    ranked = sorted(tried, key=lambda weights: -worth(weights))
    for weights in ranked[:8]:
        click.echo(f"worth {worth(weights):.3f}  {weights}")
    return ranked[0]


def fit_confidence(questions: list[Ranked], weights: tuple[float, ...]) -> dict[str, float]:
    """Logistic regression of "the best passage answers" on its evidence (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    features, right = [], []
    for question in questions:
        scores = question.evidence @ (np.array(weights) / sum(weights))
        order = np.argsort(-scores, kind="stable")
        best = order[0]
        margin = scores[best] - scores[order[1]] if len(order) > 1 else scores[best]
        dense, lexical, topic, _ = question.evidence[best]
        features.append([scores[best], margin, topic, lexical, dense])
        right.append(bool(question.answers[best] and question.answerable))
    fitted = LogisticRegression(C=10).fit(np.array(features), np.array(right))
    names = ("score", "margin", "topic", "lexical", "dense")
    return {"bias": float(fitted.intercept_[0]), **dict(zip(names, map(float, fitted.coef_[0]), strict=True))}


@click.command()
@click.option(
    "--work", type=click.Path(path_type=Path), required=True, help="Where bench/labels.py built its workspaces."
)
@click.option("--weights", help="Fit the confidence for these weights instead, e.g. 1,1.25,0.6,0.15.")
def main(work: Path, weights: str | None) -> None:
    """Fit ranking weights and confidence on the tuning half."""
    questions = collect(data_folder(), work)
    chosen = tuple(map(float, weights.split(","))) if weights else best_weights(questions)
    names = ("dense", "lexical", "topic", "population")
    click.echo("ranking:    " + json.dumps(dict(zip(names, chosen, strict=True))))
    fitted = {name: round(value, 2) for name, value in fit_confidence(questions, chosen).items()}
    click.echo("confidence: " + json.dumps(fitted))


if __name__ == "__main__":
    main()
