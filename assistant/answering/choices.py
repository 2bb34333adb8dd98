"""Choices: what else may be meant, as buttons whose words are approved (names, titles, the taxonomy's labels)."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.answer import Offer
from assistant.answering.index import DocumentEntry, Index, ProductEntry
from assistant.answering.retrieval import Candidate
from assistant.content.lexicon import name_key
from assistant.understanding.products import Mention, Slip

#: A choice of a passage sends this and the passage's id: the one way to name a passage in a question.
PICK = "passage:"
#: What parts the product's label, in a choice of it, from the question.
_AFTER_A_LABEL = ": "


def product_choices(index: Index, products: Sequence[str], question: str) -> tuple[Offer, ...]:
    """One choice a product; choosing asks the same question of it."""
    found = [entry for entry in map(index.product, products) if entry is not None]
    asked = question.removeprefix(_head(question)) if chosen_product(index, question) else question
    return tuple(_asking(index, entry, asked) for entry in found)


def _asking(index: Index, entry: ProductEntry, question: str) -> Offer:
    """The choice of a product, which sends ``question`` behind its label, or behind its id where others have that."""
    alone = chosen_product(index, f"{entry.label}{_AFTER_A_LABEL}") == entry.id
    head = f"{entry.label if alone else entry.id}{_AFTER_A_LABEL}"
    return Offer(f"product:{entry.id}", entry.label, f"product:{entry.id}", f"{head}{question}")


def chosen_product(index: Index, question: str) -> str:
    """The product that a question asks about as the choice of it does, by its label or id in front; "": none."""
    head = _head(question).removesuffix(_AFTER_A_LABEL)
    if not head:
        return ""
    if index.product(head) is not None:
        return head
    named = (index.product(product) for product, _ in index.find_names([name_key(head)]).get(name_key(head), ()))
    labelled = [entry.id for entry in named if entry is not None and entry.label.casefold() == head.casefold()]
    return labelled[0] if len(labelled) == 1 else ""


def naming(chosen: str, question: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """The names in a question, of which those in front of a choice name the product ``chosen`` ("": none) alone."""
    if not chosen:
        return tuple(mentions)
    key = name_key(_head(question))
    return (Mention(key, (chosen,), "brand", 0), *(m for m in mentions if m.start >= len(key.split())))


def _head(question: str) -> str:
    """What stands in front of a question as a product's label does, with the colon behind it; "" where nothing does."""
    head, colon, _ = question.partition(_AFTER_A_LABEL)
    return f"{head}{colon}" if colon else ""


def slip_choices(index: Index, slips: Sequence[Slip], question: str) -> tuple[Offer, ...]:
    """Did you mean: one choice a product; choosing asks again with the name written right.

    Where that name is several products', the one that is chosen stands in front.
    """
    offers: dict[str, Offer] = {}
    for slip in slips:
        for product in slip.products:
            entry = index.product(product)
            if entry is not None:
                corrected = question.casefold().replace(slip.word, slip.key)
                plain = Offer(f"product:{product}", entry.label, f"product:{product}", corrected)
                bearing = {bearer for bearer, _ in index.find_names([slip.key]).get(slip.key, ())}
                alone = len(slips) == 1 and bearing == {product}
                offers.setdefault(product, plain if alone else _asking(index, entry, question))
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
