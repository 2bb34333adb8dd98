"""Ask back which medicine is meant, or say that nothing is approved here for it.

What is named is never corrected in silence: choices are offered, of those that may be served to who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering import choices, planning, retrieval
from assistant.answering.answer import Offer
from assistant.answering.draft import Draft, fixed
from assistant.answering.drug_classes import generic_of
from assistant.answering.index import Index
from assistant.answering.question import Question
from assistant.answering.which_product import whole_bearers, worth_offering
from assistant.content.lexicon import words
from assistant.content.policy import Policy
from assistant.understanding import other_medicines, products
from assistant.understanding.spelling import is_ordinary

#: Where a question names no product all are offered, up to so many.
_PRODUCTS_LISTED = 12
#: Questions on these name another medicine beside the product, and no food, ingredient, antidote or fluid.
WITH_ANOTHER = frozenset(("drug_interaction", "contraindication", "comparison"))


@dataclass(frozen=True, slots=True)
class AskingBack:
    """Asks back over one index under one policy."""

    index: Index
    policy: Policy

    def which(self, asked: Question, draft: Draft, others: Sequence[str] = ()) -> None:
        """Make ``draft`` ask which medicine is meant, or say that nothing is approved here for ``others``."""
        slips = products.find_slips(asked.plain, self.index)
        substances = [word for kind, span in draft.marked if kind == "substance" for word in words(span)]
        if asked.fragment.only_names((*substances, *(slip.word for slip in slips))):
            draft.keep_topic(asked.fragment.topic)  # for the product that will be chosen
        if self._ask_of_brands(asked, draft, others):
            return
        if slips:
            draft.notes.append("a name like one we know")
            if not self._offer_names(slips, asked, draft):
                draft.give_up("nothing is approved here for the name that is near")
            return
        if asked.given:
            # Who is on a product's page and names another medicine means none of ours.
            draft.give_up("nothing is approved here for the medicine that is named")
            return
        draft.notes.append("no product named")
        served = worth_offering(self.index, asked.plain, asked.where, self.policy.choices_offered)
        if served:
            draft.ask_back(self.product_choices(served, asked))
        else:
            draft.give_up("too many products to offer")
            self._offer([entry.id for entry in self.index.products(_PRODUCTS_LISTED + 1)], asked, draft)

    def which_others(self, asked: Question) -> Draft:
        """Ask back which product is meant where the question only says which is not; the topic waits for it."""
        draft = fixed(asked.flags, "the product that is named is not meant")
        if planning.grave_outcome(asked.flags) is None:
            draft.keep_topic(asked.fragment.topic)
            denied = {product for mention in asked.mentions for product in mention.products}
            served = [entry.id for entry in self.index.products(_PRODUCTS_LISTED + 1 + len(denied))]
            draft.give_up("too many products to offer")
            self._offer([product for product in served if product not in denied], asked, draft)
        return draft

    def instead(self, draft: Draft, offered: Sequence[str], asked: Question, why: str) -> None:
        """Show no passage of ``draft`` but choices of ``offered``; which of them is meant is open."""
        draft.shown, draft.slots = (), {name: draft.slots[name] for name in draft.carried}
        draft.notes.append(why)
        draft.ask_back(self.product_choices(offered, asked))

    def product_choices(self, offered: Sequence[str], asked: Question) -> tuple[Offer, ...]:
        """The question ``asked`` again for each of the products ``offered``, as many as the policy allows."""
        return choices.product_choices(self.index, offered[: self.policy.choices_offered], asked.plain)

    def _offer(self, listed: Sequence[str], asked: Question, draft: Draft) -> None:
        """Offer all of few products, so that whoever named none sees which medicines may be named."""
        served = [product for product in listed if self._serves(product, asked)]
        if served and len(listed) <= _PRODUCTS_LISTED:
            draft.ask_back(choices.product_choices(self.index, served, asked.plain))

    def _ask_of_brands(self, asked: Question, draft: Draft, others: Sequence[str]) -> bool:
        """Whether a well-known brand that is none of ours is what the question is about, which ``draft`` then says.

        Of ``others`` it is certain by the question's form, whatever is asked of them.
        Ours that hold the same substance are offered. Others are not, however alike their names are or often their
        labels hold the question's words: who asks about Lipitor did not mean Lisinopril.
        """
        spoken = [] if asked.mentions else words(asked.plain)
        known = {word: generic_of(word) for word in spoken if not is_ordinary(word) and generic_of(word)}
        beside = draft.intent in WITH_ANOTHER and not asked.fragment.only_names(known)
        if others:
            known = {word: generic_of(word) or word for word in others}
        elif not known or any(other_medicines.named_beside(asked.plain, word) for word in known):
            return False
        ours = self.index.find_names(known.values())
        held = [
            products.Slip(word, generic, whole_bearers(self.index, generic, bearing) or bearing)
            for word, generic in known.items()
            if (bearing := tuple(product for product, _ in ours.get(generic, ())))
        ]
        if beside and not (held or others):
            return False  # what is taken besides; which of ours it is taken with is not said
        if self._offer_names(held, asked, draft):
            draft.notes.append("a brand of a substance that we know")
        else:
            draft.give_up("nothing is approved here for the medicine that is named")
        return True

    def _offer_names(self, slips: Sequence[products.Slip], asked: Question, draft: Draft) -> bool:
        """Whether ``draft`` now offers what the words of ``slips`` may mean and may be served to who asks."""
        served = {product for slip in slips for product in slip.products if self._serves(product, asked)}
        meant = [replace(slip, products=tuple(p for p in slip.products if p in served)) for slip in slips]
        if served:
            draft.ask_back(choices.slip_choices(self.index, meant, asked.plain)[: self.policy.choices_offered])
        return bool(served)

    def _serves(self, product: str, asked: Question) -> bool:
        return bool(retrieval.eligible(self.index, product, asked.where))
