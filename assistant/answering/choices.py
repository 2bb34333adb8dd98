"""Choices: what else may be meant, as buttons whose words are approved (names, titles, the taxonomy's labels)."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.answer import Offer
from assistant.answering.index import DocumentEntry, Index
from assistant.answering.retrieval import Candidate
from assistant.understanding.products import Slip

#: A choice of a passage sends this and the passage's id: the one way to name a passage in a question.
PICK = "passage:"


def product_choices(index: Index, products: Sequence[str], question: str) -> tuple[Offer, ...]:
    """One choice a product; choosing asks the same question of it."""
    found = [entry for entry in map(index.product, products) if entry is not None]
    return tuple(
        Offer(f"product:{entry.id}", entry.label, f"product:{entry.id}", f"{entry.label}: {question}")
        for entry in found
    )


def slip_choices(index: Index, slips: Sequence[Slip], question: str) -> tuple[Offer, ...]:
    """Did you mean: one choice a product; choosing asks again with the name written right."""
    offers: dict[str, Offer] = {}
    for slip in slips:
        for product in slip.products:
            entry = index.product(product)
            if entry is not None:
                corrected = question.casefold().replace(slip.word, slip.key)
                offers.setdefault(product, Offer(f"product:{product}", entry.label, f"product:{product}", corrected))
    return tuple(offers.values())


def passage_choices(candidates: Sequence[Candidate]) -> tuple[Offer, ...]:
    """One choice a title: of passages under one title the best stands for it."""
    heads = {candidate.entry.head.title: candidate.entry.head for candidate in reversed(candidates)}
    return tuple(Offer(f"{PICK}{h.id}", h.title, f"{PICK}{h.id}", f"{PICK}{h.id}") for h in reversed(heads.values()))


def label_choices(labels: Sequence[DocumentEntry], question: str) -> tuple[Offer, ...]:
    """One choice a labeler, where several labelers' labels of a product stand side by side."""
    return tuple(
        Offer(f"document:{label.id}", label.labeler, f"document:{label.id}", f"{label.labeler}: {question}")
        for label in labels
    )
