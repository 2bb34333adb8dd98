"""What is demanded of an answer besides the verifier's rules, each in words of its own.

The verifier proves an answer against the policy. These rules ask more: that the policy itself, the import and the index
asked for the right things. They read what is shown, never how it came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.index import Entry, Index
from assistant.domain import Context, Kind, Passage
from assistant.proving.engine import GRAVE, Engine, Said, Saying
from assistant.proving.space import Content
from assistant.understanding.products import find_mentions

#: The kinds that may follow a grave notice (DESIGN, section 4).
AFTER_GRAVE = frozenset((Kind.SAFETY, Kind.INSTRUCTION))

Breach = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Demands:
    """Asks of answers what is demanded. ``heads``: every passage by id; ``boxes``: boxed warnings by product."""

    heads: Mapping[str, Passage]
    boxes: Mapping[str, Sequence[Passage]]

    @classmethod
    def of(cls, content: Content) -> Demands:
        """Know all passages of ``content``."""
        heads = {entry.head.id: entry.head for entry in content.passages}
        by_product = {"": content.shared, **content.products}
        boxes = {product: [e.head for e in found if _is_box(e)] for product, found in by_product.items()}
        return cls(heads, boxes)

    def breaches(self, said: Said, saying: Saying, where: Context) -> Iterator[Breach]:
        """The rules that this answer breaks, each with what exactly."""
        if said.answer is None:
            return
        shown = [self.heads[id] for id in said.passages]
        for head in shown:
            if not head.scope.in_force(where):
                yield "scope", f"{head.id!r} is not in force here"
            if saying.outcome in GRAVE and head.kind is Kind.BENEFIT:
                yield "grave", f"{head.id!r} is of kind benefit and stands after the notice of {saying.outcome}"
        if len(said.answer.references) != len(shown):
            yield "reference", f"a passage of {', '.join(said.passages)} belongs to a document that is not there"
        yield from self._balance(shown, where)

    def _balance(self, shown: Sequence[Passage], where: Context) -> Iterator[Breach]:
        """21 CFR 202.1(e)(5): the boxed warning with, and before, whatever speaks of benefit."""
        at = {head.id: place for place, head in enumerate(shown)}
        for benefit in shown:
            if benefit.kind is not Kind.BENEFIT or "boxed_warning" in benefit.serves:
                continue
            boxes = self._boxes_of(benefit.product, where)
            in_force = [box for box in boxes if box.scope.valid_on(where.date)]
            if boxes and not in_force:
                yield "balance", f"{benefit.id!r} is shown while {boxes[0].id!r}, its boxed warning, is not in force"
            for box in in_force:
                if box.id not in at:
                    yield "balance", f"{benefit.id!r} is shown without {box.id!r}"
                elif at[box.id] > at[benefit.id]:
                    yield "balance", f"{benefit.id!r} stands before {box.id!r}"

    def _boxes_of(self, product: str, where: Context) -> list[Passage]:
        """The boxed warnings of ``product`` here on any day: its own, else those of every product."""
        owners = (self.boxes.get(owner, ()) for owner in dict.fromkeys((product, "")))
        return next((here for found in owners if (here := [b for b in found if b.scope.covers(where)])), [])


def _is_box(entry: Entry) -> bool:
    return "boxed_warning" in entry.head.serves


def loose_ends(engine: Engine, content: Content) -> Iterator[Breach]:
    """What is named anywhere and does not exist, and buttons whose words nobody approved."""
    index = engine.index
    for head in (entry.head for entry in content.passages):
        if index.document(head.document) is None:
            yield "reference", f"{head.id!r} belongs to the document {head.document!r}, which is not there"
        for id in head.companions:
            if index.entry(id) is None:
                yield "reference", f"{head.id!r} must go with {id!r}, which is not there"
        if head.retrieve and not head.title.strip():
            yield "choice", f"{head.id!r} has no title, so its button would be empty"
        approved = engine.ledger.passage(head.id)
        if approved is None:
            yield "V2", f"{head.id!r} is in the index and not in the ledger"
    for product in content.products:
        yield from _button(index, product)


def _button(index: Index, product: str) -> Iterator[Breach]:
    """A product's button bears a name that leads back to it; a label's bears its labeler."""
    entry = index.product(product)
    if entry is None or not entry.label.strip():
        yield "choice", f"the product {product!r} has no name for its button"
        return
    if not any(product in mention.products for mention in find_mentions(entry.label, index)):
        yield "choice", f"the button of {product!r} bears no name that leads to it"
    documents = {head.document for head in (e.head for e in index.entries(product)) if head.retrieve}
    labels = [doc for doc in map(index.document, sorted(documents)) if doc is not None and doc.type == "label"]
    if len({label.set_id or label.id for label in labels}) > 1:
        for label in labels:
            if not label.labeler.strip():
                yield "choice", f"{label.id!r} competes with another label and names no labeler for its button"
