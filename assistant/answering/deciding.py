"""Decide what a question is answered with: which notice, which passages, which choices. Nothing is rendered here.

A decision is made of names, numbers and ids; no text of a passage passes through this module. What it decides is only a
proposal: completion may refuse it, and the verifier proves it again with code of its own.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from assistant.answering import after_harm, choices, follow_up, lexical, planning, retrieval
from assistant.answering.answer import Answer, Offer
from assistant.answering.draft import Draft, fixed
from assistant.answering.drug_classes import NAMES_OF, generic_of, is_medicine
from assistant.answering.index import Entry, Index
from assistant.answering.label_routes import of_its_routes
from assistant.answering.label_status import (
    Label,
    Labels,
    all_names,
    beyond_stage,
    compares_beyond_label,
    compares_within_label,
    label_status,
    lacks_what_is_required,
    names_condition,
    of_another_type,
    speaks_against,
    spoken_under,
    status_of_all,
    without_other_purpose,
)
from assistant.answering.other_forms import another_form
from assistant.answering.planning import Found, Route
from assistant.answering.results import asks_for_a_result
from assistant.answering.retrieval import Query
from assistant.answering.silence import silent_on
from assistant.answering.spoken_of import in_scope
from assistant.answering.strengths import without_other_strengths
from assistant.answering.unestablished import GROUP, child_of, unestablished
from assistant.answering.which_product import (
    is_brand_of_a_part,
    is_own,
    named_in_part,
    named_products,
    only_product,
    own_brands,
    own_terms,
    whole_bearers,
    worth_offering,
)
from assistant.content.lexicon import mask, words
from assistant.content.policy import Policy
from assistant.domain import OTHER_INTENTS, Context, Flag, Outcome
from assistant.settings import Settings
from assistant.understanding import aspects, conditions, other_medicines, products
from assistant.understanding.asked_of import asked_of, unknown_asked_of
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.illness_alone import (
    illness_alone,
    illness_at_first,
    illness_dosed,
    illness_in_shorthand,
)
from assistant.understanding.language import speaks
from assistant.understanding.matters import names_vaccine
from assistant.understanding.readers import Reader
from assistant.understanding.reading import Reading, folded, in_any_part, read, stream_safe
from assistant.understanding.screen import Screen
from assistant.understanding.slots import populations
from assistant.understanding.spelling import is_ordinary, is_typed_so, respelled
from assistant.understanding.stages import asks_for_maintenance

#: At most this many products named in one question are weighed against each other.
_PRODUCTS_WEIGHED = 3
#: Where a question names no product all are offered, up to so many.
_PRODUCTS_LISTED = 12
#: A question of at most this many words may be just a name written wrong.
_BARE_WORDS = 3
#: Spans whose words an answer should hold.
_NAMED = ("condition", "comorbidity", "substance", "event")
#: Spans that a report of harm is made of.
_REPORTED = ("event", "substance")
#: Questions on these name another substance beside the product that they are about.
_BESIDE_ANOTHER = frozenset(
    (
        "drug_interaction",
        "food_interaction",
        "contraindication",
        "ingredients",
        "overdose",
        "administration",
        "comparison",
    )
)
#: Topics of passages that tell a dose, of another medicine where the two are given together.
_DOSING = frozenset(("dosage", "administration", "drug_interaction"))
#: Of these, those that name another medicine there, and no food, ingredient, antidote or fluid.
_WITH_ANOTHER = frozenset(("drug_interaction", "contraindication", "comparison"))
#: Questions that only what the label says of the substance taken besides can answer, if one is named.
_OF_ANOTHER = _WITH_ANOTHER | _DOSING | {"food_interaction", "overview", "warnings"}


@dataclass(frozen=True, slots=True)
class _Question:
    """A question on its way: its plain text, who asks, what the screen found, its names, what came before.

    ``given``: the product whose page it is; ``chosen``: that of the choice which it is.
    """

    plain: str
    where: Context
    flags: frozenset[Flag]
    topic: str
    previous: Answer | None
    given: str = ""
    chosen: str = ""
    mentions: tuple[products.Mention, ...] = ()
    fragment: follow_up.Fragment = follow_up.NONE


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides over one index under one policy."""

    index: Index
    policy: Policy
    settings: Settings
    reader: Reader
    screen: Screen
    labels: Labels

    def decide(self, asked: str, where: Context, previous: Answer | None, product: str = "") -> Draft:
        """What to answer ``asked`` with in the context ``where``.

        :param product: what is asked about where the question names nothing, as on a product's own page.
        """
        found = self.screen.find(stream_safe(asked))
        plain = folded(asked) if len(asked) <= self.settings.limits.question_chars else ""
        still = after_harm.kept(plain, previous, self.screen)
        topic = next((finding.topic for finding in found if finding.topic), still.topic)
        flags = frozenset(finding.flag for finding in found) | ({still.flag} if still.flag else set())
        draft = self._understand(_Question(plain, where, flags, topic, previous, product))
        if still.flag:
            draft.keep_harm(still)
        draft.notes[:0] = [f"screen: {finding.flag.value} by rule {finding.rule}" for finding in found]
        return draft

    def pickable(self, id: str, where: Context) -> Entry | None:
        """The passage ``id`` if it may be chosen as an answer in this context."""
        entry = self.index.entry(id)
        if entry is None or not entry.head.retrieve:
            return None
        if entry.head.topic in self.policy.not_answered.get(where.audience, ()):
            return None
        return entry if entry.head.scope.in_force(where) else None

    # -- understand --------------------------------------------------------------------------------------------------

    def _understand(self, asked: _Question) -> Draft:
        if not any(character.isalpha() for character in asked.plain):
            return fixed(asked.flags, "no words, or more than are read")
        if asked.plain.startswith(choices.PICK):
            picked = self.pickable(asked.plain.removeprefix(choices.PICK), asked.where)
            if picked is not None:
                slots = {"product": picked.head.product}
                return Draft(Outcome.ANSWERED, picked.head.topic, 1.0, shown=(picked,), slots=slots)
        chosen = choices.chosen_product(self.index, asked.plain)
        mentions = choices.naming(chosen, asked.plain, products.find_mentions(asked.plain, self.index))
        # As in every question that the model reads, the names are masked: harm by another's medicine is no report.
        spoken = mask(asked.plain, tuple(sorted({mention.key for mention in mentions})))
        asked = replace(asked, chosen=chosen, mentions=mentions, flags=asked.flags | self._told(spoken))
        if not speaks(asked.plain, asked.where.language):
            draft = fixed(asked.flags, "another language")
            draft.role = "language.unsupported" if draft.outcome is Outcome.OUT_OF_SCOPE else ""
            return draft
        try:
            fragment = follow_up.fragment_of(asked.plain, mentions, asked.previous)
            meant = follow_up.without_denied(asked.plain, mentions, fragment)
            if mentions and not meant:
                return self._ask_of_others(replace(asked, fragment=fragment))
            return self._weigh_products(replace(asked, fragment=fragment, mentions=meant))
        except TextTooLongError as error:
            return fixed(asked.flags, str(error))

    def _told(self, spoken: str) -> frozenset[Flag]:
        """The flags that the model raises over parts of a long text: a report may stand anywhere in it.

        Parts are read besides the whole, which is all that decides what is asked; a short question has none.
        """
        return planning.raised((), in_any_part(spoken, self.reader), self.policy.thresholds)

    def _weigh_products(self, asked: _Question) -> Draft:
        """Decide for each product that the question may be about; ask back where two are about as likely."""
        if asked.chosen:
            return self._decide_for(asked.chosen, asked)
        named, alike = named_products(self.index, asked.mentions, asked.where)
        carried = "" if asked.mentions else self._carried(asked)
        about = asked.given or (follow_up.product_beside(asked.plain, asked.mentions, asked.previous))
        if about and asked.mentions and about not in named:
            if all(other_medicines.beside_ours(asked.plain, m.key) for m in asked.mentions) or _names_only_others(
                asked
            ):
                carried = about
            elif _says_nothing_else(asked) and not asked.fragment.topic:
                return self._ask_which((about, *named), asked)
        if carried:
            named, alike = (carried,), False
        if not named:
            return self._decide_for("", asked)
        shares = asked.mentions and all(asked.given in mention.products for mention in asked.mentions)
        if asked.given and (shares or (alike and asked.given in named)):
            named, alike = (asked.given,), False  # of those that share the name, the one whose page it is
        in_part = bool(asked.mentions) and named_in_part(self.index, asked.plain, asked.mentions, named[0])
        if alike and (len(named) > 1 or in_part):
            draft = self._decide_for(named[0], asked)
            if draft.shown or draft.outcome is Outcome.NO_APPROVED_ANSWER:
                draft.shown, draft.slots = (), {name: draft.slots[name] for name in draft.carried}
                draft.notes.append(
                    "the name is one substance of several" if in_part else "the name means several products"
                )
                draft.ask_back(self._product_choices(named, asked))
            return draft
        if len(named) > 1 and other_medicines.compared_with(asked.plain):
            draft = self._decide_for(named[0], asked, between=True)
            if not (draft.shown or draft.flags):
                draft.slots.pop("product", None)  # which of the two the next question is about is open
            return draft
        if len(named) == 1 and not carried and self._is_of_another_form(named[0], asked):
            draft = self._decide_for(named[0], asked)
            draft.notes.append("another salt, form or combination is named")
            if draft.shown:
                draft.shown, draft.slots = (), {name: draft.slots[name] for name in draft.carried}
                draft.ask_back(self._product_choices(named, asked))
            return draft
        if asked.given in named:
            named = (asked.given,)  # of several that are named, the one whose page it is
        best = self._likelier([self._decide_for(product, asked) for product in named[:_PRODUCTS_WEIGHED]], named, asked)
        if carried and best.slots.get("product"):
            best.carried = tuple(sorted(("product", *best.carried)))
        return best

    def _ask_of_others(self, asked: _Question) -> Draft:
        """Ask back which product is meant where the question only says which is not; the topic waits for it."""
        draft = fixed(asked.flags, "the product that is named is not meant")
        if planning.grave_outcome(asked.flags) is None:
            draft.keep_topic(asked.fragment.topic)
            denied = {product for mention in asked.mentions for product in mention.products}
            served = [entry.id for entry in self.index.products(_PRODUCTS_LISTED + 1 + len(denied))]
            draft.give_up("too many products to offer")
            self._offer([product for product in served if product not in denied], asked, draft)
        return draft

    def _ask_which(self, offered: Sequence[str], asked: _Question) -> Draft:
        """Ask back which of these a bare name is about: on another's page it may be what is taken besides."""
        draft = self._decide_for(offered[0], asked)
        if planning.grave_outcome(draft.flags) is None:
            draft.shown, draft.role = (), ""
            draft.slots, draft.carried = {"product": offered[0]}, ("product",)
            draft.notes.append("another product is named on the page of one")
            draft.ask_back(self._product_choices(offered, asked))
        return draft

    def _is_of_another_form(self, product: str, asked: _Question) -> bool:
        """Whether each name in the question is told by the word beside it to mean another medicine than ``product``."""
        own = [mention for mention in asked.mentions if product in mention.products]
        return bool(own) and all(another_form(self.index, asked.plain, mention, product) for mention in own)

    def _carried(self, asked: _Question) -> str:
        """The product of a question that names none: the last answer's, the one given, or the only one there is.

        A word that looks like a name ends the carrying, unless it looks like the name of what was given.
        """
        slips = products.find_slips(asked.plain, self.index)
        last = asked.previous.slots.get("product", "") if asked.previous is not None else ""
        if slips:
            meant = {product for slip in slips for product in slip.products}
            return asked.given if asked.given in meant else ""
        return last or asked.given or only_product(self.index, asked.where)

    def _product_choices(self, offered: Sequence[str], asked: _Question) -> tuple[Offer, ...]:
        return choices.product_choices(self.index, offered[: self.policy.choices_offered], asked.plain)

    def _likelier(self, drafts: Sequence[Draft], named: Sequence[str], asked: _Question) -> Draft:
        """Of decisions for several products that are all named, the one whose passages fit clearly better."""
        flags = frozenset(flag for draft in drafts for flag in draft.flags)
        if any(draft.flags != flags for draft in drafts):
            # A report counts whichever of the medicines it is about: what follows it is decided with all flags known.
            again = replace(asked, flags=asked.flags | flags)
            drafts = [self._decide_for(product, again) for product in named[: len(drafts)]]
        ranked = sorted(drafts, key=lambda draft: -draft.score)
        best = ranked[0]
        if len(ranked) == 1 or not best.shown:
            return best if best.shown else drafts[0]
        if ranked[1].shown and best.score - ranked[1].score < self.policy.thresholds.product_margin:
            best.shown, best.slots = (), {name: best.slots[name] for name in best.carried}
            best.notes.append("several products are named")
            best.ask_back(self._product_choices(named, asked))
        return best

    def _decide_for(self, product: str, asked: _Question, *, between: bool = False) -> Draft:
        """The decision if the question is about ``product`` ("": none is named).

        ``between``: it compares products of ours, which no label of one of them can answer.
        """
        reading = read(asked.plain, self._names_of(product, asked), self.reader, self.left_alone)
        flags = planning.raised(asked.flags, reading.chosen, self.policy.thresholds)
        kept = ""
        if product and not flags and not asked.topic:
            fragment = asked.fragment
            if fragment.only_names(own_brands(self.index, asked.plain, product)):
                fragment = replace(fragment, bare=True)
            kept = follow_up.kept(fragment, reading, retrieval.eligible(self.index, product, asked.where))
        people = follow_up.people_kept(asked.plain, reading, kept, asked.previous) if product and not flags else ()
        if people:
            plain = asked.plain.rstrip(" ?.!") + follow_up.said_of(people)
            reading = read(plain, self._names_of(product, asked), self.reader, self.left_alone)
            reading = replace(reading, population=people)
        if kept:
            reading = follow_up.about(kept, reading, self.index)
        found = Found(
            flags=flags,
            intents=reading.intents,
            status=conditions.LabelStatus.UNSURE,
            asks_use=conditions.asks_use(reading.masked),
            marked=_marked_for_use(reading),
            compares_beyond_label=between or compares_beyond_label(self.index, product, reading.masked, asked.where),
            compares_within_label=not between
            and compares_within_label(self.index, product, reading.masked, asked.where),
            product_known=bool(product),
            screened_topic=asked.topic,
            asks_dose=aspects.asks_dose(reading.masked),
            of_a_reaction=aspects.of_a_reaction(reading.masked),
        )
        found = self._of_the_conditions(found, reading, product, asked.where)
        if product:
            entries = retrieval.eligible(self.index, product, asked.where)
            intents = in_scope(found.intents, reading, self.index, entries, own_terms(self.index, product))
            found = replace(found, intents=intents)
        plan = planning.route(found, asked.where.audience, self.policy)
        draft = Draft(
            plan.outcome or Outcome.ANSWERED,
            plan.intent,
            plan.confidence,
            found.flags,
            others=tuple(pair for pair in reading.intents[:4] if pair[0] != plan.intent),
            marked=tuple((kind, words) for kind in _REPORTED for words in reading.said(kind)),
            names=tuple((mention.key, product) for mention in asked.mentions for product in mention.products),
        )
        if product:
            draft.slots["product"] = product
        draft.keep_topic(kept)
        if reading.population:
            draft.slots["population"] = ",".join(reading.population)
        if people:
            draft.carried = ("population", *draft.carried)
        if reading.typed != reading.masked:
            draft.notes.append("spelling: slips in ordinary words were read as the words meant")
        if reading.conditions:
            draft.notes.append(f"condition: {found.status.value}")
        if plan.outcome is Outcome.ANSWERED:
            draft.role = f"intent.{plan.intent}"
            if plan.intent == "source_request" and asked.previous is None:
                draft.give_up("there is no last answer whose sources could be shown")
        asks = plan.retrieve or (plan.outcome is Outcome.OUT_OF_SCOPE and not flags)
        others = () if asked.mentions or not asks else self._others_asked_of(reading, product)
        if others or (asks and not asked.mentions and self._names_another(reading, plan, product, asked)):
            draft.slots.pop("product", None)
            draft.notes.append("another medicine is named")
            self._ask_product(asked, draft, others)
        elif plan.retrieve and product:
            self._retrieve(asked, plan, reading, product, draft)
        elif plan.retrieve or (plan.outcome is Outcome.OUT_OF_SCOPE and not product and self._slipped(asked.plain)):
            self._ask_product(asked, draft)
        return draft

    def _of_the_conditions(self, found: Found, reading: Reading, product: str, where: Context) -> Found:
        """``found`` with what the label of ``product`` says of the illnesses that the question names."""
        of_use = found.share(*planning.ABOUT_USE) >= self.policy.thresholds.topic_sure
        named = reading.conditions
        only, alone = _only_illness(reading, product, named, asks_dose=found.asks_dose)
        if only:
            named, found = (only,), replace(found, marked=True)
        if not named and of_use:
            named = tuple(filter(None, [conditions.condition_words(reading.masked)]))
        label = self.labels.of(product, where)
        if alone and found.asks_dose and self._dosed_so(product, only, reading, label, where):
            named = reading.conditions
        first = illness_at_first(reading.masked) if found.asks_dose or reading.population else ()
        # Of shorthand that stands with the doses nothing is doubted, whatever the indication calls it.
        if first and not named and not spoken_under(self.index, product, first, ("dosage",), where):
            named, found = (first,), replace(found, marked=True)
        # Asked for its dose, a milder illness than the label is for is another use just as well.
        for_stage = of_use or (alone and found.asks_dose and not asks_for_maintenance(reading.masked))
        if for_stage and label.indications and beyond_stage(label, reading.masked, named):
            return replace(found, status=conditions.LabelStatus.NOT_MENTIONED)
        for_it = of_use or found.asks_use or (bool(found.intents) and found.intents[0][0] in planning.FOR_A_CONDITION)
        if for_it and (
            lacks_what_is_required(label, reading.masked, named) or of_another_type(label, reading.masked, named)
        ):
            # Said of the patient, not marked as an illness: nothing else in the label is about it.
            return replace(found, status=conditions.LabelStatus.NOT_MENTIONED, marked=True)
        if names_vaccine(reading.masked) and not of_use and not found.asks_use:
            return found  # the illness is what the vaccine is against
        statuses = [label_status(label, condition) for condition in named] if product else []
        asks_use = found.asks_use and bool(found.intents) and found.intents[0][0] in planning.ABOUT_USE
        status = status_of_all(statuses, use=of_use or asks_use)
        pairs = list(zip(named, statuses, strict=False))
        found = replace(found, limited=tuple(words for words, said in pairs if said is conditions.LabelStatus.LIMITED))
        if alone and not names_condition(self.index, retrieval.eligible(self.index, product, where), only):
            found = replace(found, unheard_of=True)
        if status not in (conditions.LabelStatus.NOT_MENTIONED, conditions.LabelStatus.LIMITED):
            return replace(found, status=status)
        topics = planning.FOR_A_CONDITION | planning.AGAINST_A_CONDITION | planning.STUDIED_BESIDES
        unknown = [condition for condition, said in pairs if said is status]
        spoken = [spoken_under(self.index, product, condition, topics, where) for condition in unknown]
        return replace(found, status=status, spoken_under=frozenset.intersection(*spoken))

    def _dosed_so(self, product: str, only: Sequence[str], reading: Reading, label: Label, where: Context) -> bool:
        """Whether all that a question names, ``only``, stands in one passage on doses, and what is marked is indicated.

        "Ulcerative colitis induction" is no illness, but a part of the treatment that the label gives a dose for.
        """
        marked = reading.conditions
        indicated = all(label_status(label, condition) is conditions.LabelStatus.INDICATED for condition in marked)
        within = all(set(condition) <= set(only) for condition in marked)
        return bool(marked and indicated and within and spoken_under(self.index, product, only, ("dosage",), where))

    def _names_of(self, product: str, asked: _Question) -> tuple[str, ...]:
        """What the question calls ``product`` by; on its own page also a slip in its name, and its beginning.

        And a well-known brand of its substance, where no name of it stands beside: who sets the two side by side asks
        of both.
        """
        brands: tuple[str, ...] = ()
        if product and len(asked.mentions) <= bool(asked.chosen):
            brands = own_brands(self.index, asked.plain, product)
        if asked.mentions or not product or product != asked.given:
            return (*products.keys_to_mask(asked.mentions, (product,)), *brands)
        slips = (slip.word for slip in products.find_slips(asked.plain, self.index) if product in slip.products)
        known = self.index.product(product)
        return (*slips, *products.shortened(asked.plain, product, known.keys if known else (), self.index), *brands)

    def left_alone(self, word: str) -> bool:
        """Whether ``word`` is read as it was typed: one of the corpus, or one that a product's name is near."""
        return self.index.knows_word(word) or bool(products.find_slips(word, self.index))

    def _names_another(self, reading: Reading, plan: Route, product: str, asked: _Question) -> bool:
        """Whether a question that names no product of ours is about a medicine that we do not know at all.

        A further question that names nothing else ("what about eliquis?") is, unless the words of the product that the
        conversation is about speak of what it names. A word that was read as an ordinary one counts as a name here: it
        may be a medicine's, written wrong.
        """
        spans, dosed = reading.named("substance"), aspects.dosed_by_name(reading.masked)
        own = own_terms(self.index, product) if product and (spans or dosed) else frozenset[str]()
        named = [word for span in spans for word in words(span) if not is_own(word, own)]
        fragment = asked.fragment
        read_as = {word: word if word in named else respelled(word, self.left_alone) for word in fragment.rest}
        if fragment.only_names((*named, *(word for word, meant in read_as.items() if meant != word))):
            return not product or not self.index.postings(product, lexical.terms(" ".join(read_as.values())))
        if not product or not plan.retrieve:
            return False
        if any(self._is_another(word, product, own) for word in dosed):
            return True
        if plan.intent in _BESIDE_ANOTHER or other_medicines.taken_beside(reading.masked, spans):
            return False
        unusual = [word for word in named if not is_ordinary(word)]
        if asked.given and all(other_medicines.named_beside(reading.masked, word) for word in unusual):
            return False  # on a product's own page "with X" is asked of that product
        return bool(unusual) and not any(self.index.knows_word(word) for word in unusual)

    def _others_asked_of(self, reading: Reading, product: str) -> tuple[str, ...]:
        """The medicines that the question is about by its form and that are not ``product``, whatever it asks of them.

        Their contraindications may be asked of ours: where its own name them.
        """
        own = own_terms(self.index, product) if product else frozenset[str]()
        known = [
            word
            for word in asked_of(reading.masked)
            if is_medicine(word) and (not is_own(word, own) or is_brand_of_a_part(self.index, word, product))
        ]
        unknown = unknown_asked_of(reading.masked)
        if unknown and not (known or is_own(unknown, own) or is_typed_so(unknown) or self.left_alone(unknown)):
            return (unknown,)
        if not known or "contraindication" not in reading.masked.casefold() or not product:
            return tuple(known)
        forbidding = [entry for entry in self.index.entries(product) if entry.head.is_about("contraindication")]
        return tuple(
            word for word in known if is_own(word, own) or not self.index.speaks_of(_names_for(word), forbidding)
        )

    def _is_another(self, word: str, product: str, own: Set[str]) -> bool:
        """Whether ``word`` names another medicine than ``product`` (its terms: ``own``), which its label is silent on.

        A name that nobody knows is no common word in questions about medicines, none of the corpus and near no name.
        """
        if is_own(word, own):
            return False
        if generic_of(word) or word in NAMES_OF:
            return not self.index.speaks_of(_names_for(word), [e for e in self.index.entries(product) if _directs(e)])
        return not (is_typed_so(word) or self.left_alone(word))

    def _slipped(self, plain: str) -> bool:
        """Whether a question that says little else holds a word like a name we know, or a well-known brand."""
        if len(plain.split()) > _BARE_WORDS:
            return False
        return any(map(generic_of, words(plain))) or bool(products.find_slips(plain, self.index))

    # -- retrieve ----------------------------------------------------------------------------------------------------

    def _retrieve(self, asked: _Question, plan: Route, reading: Reading, product: str, draft: Draft) -> None:
        """Fill ``draft`` with passages of ``product``, or turn it into a question back or a refusal."""
        entries = retrieval.eligible(self.index, product, asked.where)
        preferred = self.settings.labels.prefer.get(product, "")
        named = retrieval.named_labels(retrieval.rival_labels(self.index, entries, ""), asked.plain)
        if len(named) == 1:
            preferred = named[0].id
        else:
            rivals = retrieval.rival_labels(self.index, entries, preferred)
            if rivals:
                draft.notes.append("several labelers: set [labels] prefer in onlabel.toml")
                draft.ask_back(choices.label_choices(rivals[: self.policy.choices_offered], asked.plain))
                return
        entries = retrieval.one_label(self.index, entries, preferred)
        intents = [pair for pair in reading.intents if pair[0] not in OTHER_INTENTS]
        if plan.intent not in OTHER_INTENTS and plan.intent not in dict(intents[:1]):
            intents.insert(0, (plan.intent, plan.confidence))
        if asked.topic:
            intents = [(asked.topic, 1.0)]
        if plan.by_evidence:
            plan = replace(plan, intent="administration", confidence=dict(intents).get("administration", 0.0))
        intents = aspects.with_second_side(intents, reading.masked)
        query = Query(reading.masked, reading.vector, intents, reading.population, " ".join(reading.named(*_NAMED)))
        ranked = retrieval.rank(self.index, entries, query, self.policy.ranking)
        own = own_terms(self.index, product)
        ranked, silent = without_other_strengths(self.index, ranked, reading.masked, own)
        if silent and plan.intent in _OF_ANOTHER:
            draft.give_up("the label speaks of inhibitors or inducers of another strength only")
            return
        ranked, off_route = of_its_routes(self.index, entries, ranked, reading.masked, plan.intent)
        if off_route:
            plan = replace(plan, confidence=0.0)  # what is said against a route stands under any topic
        if plan.intent == "dosage":
            ranked = without_other_purpose(self.index, ranked, reading.masked)
        if plan.limited:
            against = [c for c in ranked if any(speaks_against(self.index, c.entry, words) for words in plan.limited)]
            if not against:
                draft.refer("the label limits that use, but no passage that may be shown says how")
                return
            ranked = against
        of_an_illness = plan.intent == "dosage" and aspects.says_dose(reading.masked) and illness_alone(reading.masked)
        dosed = of_an_illness or aspects.asks_a_groups_dose(plan.intent, reading.masked)
        plan = replace(
            plan,
            names=bool(query.named),
            dosed=bool(dosed) and not asks_for_a_result(reading.masked),
            plainly_dosed=plan.intent == "dosage" and _dose_alone(reading),
            how_much=aspects.asks_how_much(reading.masked),
            modifies=aspects.asks_to_modify(plan.intent, reading.masked),
        )
        chosen = planning.choose(ranked, plan, self.policy)
        draft.candidates = tuple(ranked[:5])
        if plan.by_evidence:
            draft.shown = tuple(candidate.entry for candidate in chosen.shown)
            return
        draft.confidence = chosen.confidence
        told = self._unestablished(plan, reading, product, asked.where, entries)
        if off_route and not chosen.shown:
            draft.refer("the label does not have that route, and no passage that may be shown says so")
        elif told:
            warned = [each.entry for each in chosen.shown if each.entry.head.topic in planning.AGAINST_A_CONDITION]
            draft.notes.append("the label says that nothing is established for these children")
            draft.shown = tuple(dict.fromkeys((*told, *warned)))[: self.policy.passages_shown]
        elif chosen.shown and plan.unsure_of_use:
            draft.notes.append("the label may mean another illness")
            draft.ask_back(choices.passage_choices(chosen.shown))
        elif chosen.shown and silent_on(reading, plan.intent, self.index, entries):
            draft.notes.append("the label does not speak of what is named")
            draft.ask_back(choices.passage_choices(chosen.shown))
        elif chosen.shown:
            draft.shown = tuple(candidate.entry for candidate in chosen.shown)
            draft.choices = choices.passage_choices(chosen.offered)
        elif chosen.offered:
            draft.notes.append("no passage is sure enough")
            draft.ask_back(choices.passage_choices(chosen.offered))
        elif plan.unsure_of_use or plan.limited:
            draft.refer("no passage is near enough, and the label may not mean that use")
        else:
            draft.give_up("no passage is near enough")

    def _unestablished(
        self, plan: Route, reading: Reading, product: str, where: Context, entries: Sequence[Entry]
    ) -> tuple[Entry, ...]:
        """The passages that say that nothing is established for the children whose dose or use is asked for."""
        asked = plan.intent in planning.FOR_A_GROUP and not (plan.outcome or plan.limited)
        # What the model hears and no word says ("1 mg/kg") is no child.
        if not asked or set(reading.population) != {GROUP} or GROUP not in populations(reading.masked):
            return ()
        illnesses = reading.conditions or illness_in_shorthand(reading.masked)
        child = child_of(reading.masked, map(all_names, illnesses))
        return unestablished(self.index, entries, self.labels.of(product, where).sentences, child) if child else ()

    def _ask_product(self, asked: _Question, draft: Draft, others: Sequence[str] = ()) -> None:
        slips = products.find_slips(asked.plain, self.index)
        substances = [word for kind, span in draft.marked if kind == "substance" for word in words(span)]
        if asked.fragment.only_names((*substances, *(slip.word for slip in slips))):
            draft.keep_topic(asked.fragment.topic)  # for the product that will be chosen
        if self._ask_of_brands(asked, draft, others):
            return
        if slips:
            draft.notes.append("a name like one we know")
            draft.ask_back(choices.slip_choices(self.index, slips, asked.plain)[: self.policy.choices_offered])
            return
        if asked.given:
            # Who is on a product's page and names another medicine means none of ours.
            draft.give_up("nothing is approved here for the medicine that is named")
            return
        draft.notes.append("no product named")
        served = worth_offering(self.index, asked.plain, asked.where, self.policy.choices_offered)
        if served:
            draft.ask_back(self._product_choices(served, asked))
        else:
            draft.give_up("too many products to offer")
            self._offer([entry.id for entry in self.index.products(_PRODUCTS_LISTED + 1)], asked, draft)

    def _offer(self, listed: Sequence[str], asked: _Question, draft: Draft) -> None:
        """Offer all of few products, so that whoever named none sees which medicines may be named."""
        served = [product for product in listed if retrieval.eligible(self.index, product, asked.where)]
        if served and len(listed) <= _PRODUCTS_LISTED:
            draft.ask_back(choices.product_choices(self.index, served, asked.plain))

    def _ask_of_brands(self, asked: _Question, draft: Draft, others: Sequence[str]) -> bool:
        """Whether a well-known brand that is none of ours is what the question is about, which ``draft`` then says.

        Of ``others`` it is certain by the question's form, whatever is asked of them.
        Ours that hold the same substance are offered. Others are not, however alike their names are or often their
        labels hold the question's words: who asks about Lipitor did not mean Lisinopril.
        """
        spoken = [] if asked.mentions else words(asked.plain)
        known = {word: generic_of(word) for word in spoken if not is_ordinary(word) and generic_of(word)}
        beside = draft.intent in _WITH_ANOTHER and not asked.fragment.only_names(known)
        if others:
            known = {word: generic_of(word) or word for word in others}
        elif not known or beside or any(other_medicines.named_beside(asked.plain, word) for word in known):
            return False
        ours = self.index.find_names(known.values())
        held = [
            products.Slip(word, generic, whole_bearers(self.index, generic, bearing) or bearing)
            for word, generic in known.items()
            if (bearing := tuple(product for product, _ in ours.get(generic, ())))
        ]
        if held:
            draft.notes.append("a brand of a substance that we know")
            draft.ask_back(choices.slip_choices(self.index, held, asked.plain)[: self.policy.choices_offered])
        else:
            draft.give_up("nothing is approved here for the medicine that is named")
        return True


def _only_illness(
    reading: Reading, product: str, marked: Sequence[Sequence[str]], *, asks_dose: bool
) -> tuple[tuple[str, ...], bool]:
    """The illness that is all a question names, and True; or one that it asks the dose for, though none is ``marked``.

    Beside a group of patients or another medicine an illness is not all.
    """
    beside = {*reading.population} - {"adult"} or reading.named("substance")
    if not product or beside or not NAMES_OF.keys().isdisjoint(words(reading.masked)):
        return (), False
    if alone := illness_alone(reading.masked):
        return alone, True
    return (illness_dosed(reading.masked) if asks_dose and not marked else ()), False


def _names_for(word: str) -> list[frozenset[str]]:
    """The terms of a substance's names, of which a label that speaks of it holds one."""
    return [frozenset(lexical.terms(name)) for name in (word, generic_of(word)) if name]


def _directs(entry: Entry) -> bool:
    """Whether a passage may tell a dose: of what a trial gave besides the label has none to tell."""
    return any(map(entry.head.is_about, _DOSING))


def _marked_for_use(reading: Reading) -> bool:
    """Whether an illness is marked that the medicine would be used for, not one that another is taken for."""
    return bool(reading.conditions) and not other_medicines.taken(reading.masked, reading.named("substance"))


def _says_nothing_else(asked: _Question) -> bool:
    """Whether a question says nothing but names of products."""
    return sum(len(mention.key.split()) for mention in asked.mentions) == len(words(asked.plain))


def _dose_alone(reading: Reading) -> bool:
    """Whether a question asks for a dose, of no group, beside no other substance and after no reaction."""
    beside = reading.population or reading.named("substance") or aspects.of_a_reaction(reading.masked)
    return aspects.says_dose(reading.masked) and not beside


def _names_only_others(asked: _Question) -> bool:
    """Whether a question names nothing but what it compares with, or what the patient takes besides."""
    keys = [mention.key for mention in asked.mentions]
    other = other_medicines.compared_with(asked.plain)
    return any(other in words(key) for key in keys) or other_medicines.taken_beside(asked.plain, keys)
