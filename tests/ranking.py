"""The sample's passages ranked for a question by weights of a test's own."""

from __future__ import annotations

from assistant.answering import retrieval
from assistant.answering.retrieval import Candidate, Query
from assistant.content.policy import Ranking
from assistant.domain import Context
from assistant.pipeline import Assistant
from tests.conftest import TODAY


def ranked_by(quick: Assistant, question: str, near: str, **weights: float) -> list[Candidate]:
    """Zorvanta's passages, best first, for ``question`` with the vector of ``near``; weights not named are 1 or 0."""
    entries = retrieval.eligible(quick.index, "zorvanta", Context("hcp", "US", "en", "cli", TODAY))
    usual = {"dense": 1.0, "lexical": 1.0, "topic": 1.0, "population": 0.0, "named": 0.0}
    vector = quick.encoder.encode([near])[0]
    return retrieval.rank(quick.index, entries, Query(question, vector, ()), Ranking(**(usual | weights)))
