"""Decide what a question is answered with: which notice, which passages, which choices. Nothing is rendered here.

A decision is made of names, numbers and ids; no text of a passage passes through this module. What it decides is only a
proposal: completion may refuse it, and the verifier proves it again with code of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering import after_harm, choices, follow_up, new_value, planning, retrieval, two_questions
from assistant.answering.answer import Answer
from assistant.answering.arms_of_studies import arms_in_letters
from assistant.answering.asking_back import AskingBack
from assistant.answering.dosage_forms import form_not_had
from assistant.answering.draft import Draft, fixed
from assistant.answering.finding import Finder
from assistant.answering.illnesses_asked import IllnessesAsked, marked_for_use
from assistant.answering.index import Entry, Index
from assistant.answering.label_shorthand import further_shorthand_in, shorthand_in, written_out
from assistant.answering.label_status import (
    Labels,
    compares_beyond_label,
    compares_within_label,
)
from assistant.answering.not_ours import NotOurs
from assistant.answering.other_forms import another_alone, another_form
from assistant.answering.planning import Found
from assistant.answering.question import Question
from assistant.answering.referred_doses import names_all
from assistant.answering.results import asks_for_a_result
from assistant.answering.spoken_of import in_scope
from assistant.answering.study_questions import asks_of_a_study
from assistant.answering.which_product import (
    named_in_part,
    named_products,
    only_product,
    own_beginnings,
    own_brands,
    own_slips,
    own_terms,
)
from assistant.content.lexicon import mask, words
from assistant.content.policy import Policy
from assistant.domain import SUBJECT, Context, Flag, Outcome
from assistant.settings import Settings
from assistant.understanding import aspects, conditions, other_medicines, products
from assistant.understanding.encoder import TextTooLongError, unit
from assistant.understanding.language import speaks
from assistant.understanding.plain_words import as_labels_write
from assistant.understanding.readers import Reader
from assistant.understanding.reading import Reading, between, folded, in_any_part, read, stream_safe
from assistant.understanding.screen import Screen

#: At most this many products named in one question are weighed against each other.
_PRODUCTS_WEIGHED = 3
#: A question of so few words says little besides the illness that it names: "ADHD in adults with the medicine".
_FEW_WORDS = 6
#: Spans that a report of harm is made of.
_REPORTED = ("event", "substance")


@dataclass(frozen=True, slots=True)
class _Meant:
    """A question read together with what the last one said.

    The ``topic`` and the ``people`` that are kept of that one ("" and () where none are), and what the question is
    about in words of the label (``named``), which may be ``carried`` from it.
    """

    reading: Reading
    topic: str = ""
    people: tuple[str, ...] = ()
    named: str = ""
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides over one index under one policy."""

    index: Index
    policy: Policy
    settings: Settings
    reader: Reader
    screen: Screen
    labels: Labels

    @property
    def not_ours(self) -> NotOurs:
        """Tells which names are another medicine's."""
        return NotOurs(self.index)

    @property
    def asking_back(self) -> AskingBack:
        """Asks back which medicine is meant."""
        return AskingBack(self.index, self.policy)

    @property
    def illnesses(self) -> IllnessesAsked:
        """Compares the illnesses that a question names with the label."""
        return IllnessesAsked(self.index, self.labels, self.policy.thresholds.topic_sure)

    @property
    def finder(self) -> Finder:
        """Finds the passages of one product."""
        return Finder(self.index, self.policy, self.settings, self.labels)

    def decide(self, asked: str, where: Context, previous: Answer | None, product: str = "") -> Draft:
        """What to answer ``asked`` with in the context ``where``.

        :param product: what is asked about where the question names nothing, as on a product's own page.
        """
        found = self.screen.find(stream_safe(asked))
        plain = folded(asked) if len(asked) <= self.settings.limits.question_chars else ""
        still = after_harm.kept(plain, previous, self.screen)
        topic = next((finding.topic for finding in found if finding.topic), still.topic)
        flags = frozenset(finding.flag for finding in found) | ({still.flag} if still.flag else set())
        question = Question(plain, where, flags, topic, previous, product)
        draft = self._as_two(question, self._understand(question))
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

    def _as_two(self, asked: Question, whole: Draft) -> Draft:
        """``whole``, or the passages on both questions where the message asks two."""
        parted = two_questions.parts(asked.plain) if two_questions.may_be_two(whole) else None
        if parted is None:
            return whole
        given = whole.slots["product"]
        first = self._understand(replace(asked, plain=parted[0], given=given))
        second = self._understand(replace(asked, plain=parted[1], given=given, previous=None))
        shown, offered = self.policy.passages_shown, self.policy.choices_offered
        return two_questions.both(whole, first, second, passages=shown, choices=offered)

    # -- understand --------------------------------------------------------------------------------------------------

    def _understand(self, asked: Question) -> Draft:
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
                return self.asking_back.which_others(replace(asked, fragment=fragment))
            return self._weigh_products(replace(asked, fragment=fragment, mentions=meant))
        except TextTooLongError as error:
            return fixed(asked.flags, str(error))

    def _told(self, spoken: str) -> frozenset[Flag]:
        """The flags that the model raises over parts of a long text: a report may stand anywhere in it.

        Parts are read besides the whole, which is all that decides what is asked; a short question has none.
        """
        told = in_any_part(spoken, self.reader)
        return planning.raised((), told, self.policy.thresholds, of_a_study=asks_of_a_study(spoken))

    def _weigh_products(self, asked: Question) -> Draft:
        """Decide for each product that the question may be about; ask back where two are about as likely."""
        if asked.chosen:
            return self._decide_for(asked.chosen, asked)
        named, alike = named_products(self.index, asked.mentions, asked.where)
        carried = "" if asked.mentions else self._carried(asked)
        about = asked.given or (follow_up.product_beside(asked.plain, asked.mentions, asked.previous))
        if about and asked.mentions and about not in named:
            if all(other_medicines.beside_ours(asked.plain, m.key) for m in asked.mentions) or asked.names_only_others:
                carried = about
            elif asked.says_nothing_else and not asked.fragment.topic:
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
                why = "the name is one substance of several" if in_part else "the name means several products"
                self.asking_back.instead(draft, named, asked, why)
            return draft
        if len(named) > 1 and other_medicines.compared_with(asked.plain):
            draft = self._decide_for(named[0], asked, between=True)
            if not (draft.shown or draft.flags):
                draft.slots.pop("product", None)  # which of the two the next question is about is open
            return draft
        if len(named) == 1 and self._is_of_another_form(named[0], asked):
            draft = self._decide_for(named[0], asked)
            why = "another salt, form, brand or combination is named"
            if asked.given in named and (draft.shown or (draft.choices and "product" in draft.slots)):
                draft.give_up(why)  # who is on its page has nothing else to choose
            elif draft.shown:
                self.asking_back.instead(draft, named, asked, why)
            return draft
        if asked.given in named:
            named = (asked.given,)  # of several that are named, the one whose page it is
        best = self._likelier([self._decide_for(product, asked) for product in named[:_PRODUCTS_WEIGHED]], named, asked)
        if carried and best.slots.get("product"):
            best.carried = tuple(sorted(("product", *best.carried)))
        return best

    def _ask_which(self, offered: Sequence[str], asked: Question) -> Draft:
        """Ask back which of these a bare name is about: on another's page it may be what is taken besides."""
        draft = self._decide_for(offered[0], asked)
        if planning.grave_outcome(draft.flags) is None:
            draft.shown, draft.role = (), ""
            draft.slots, draft.carried = {"product": offered[0]}, ("product",)
            draft.notes.append("another product is named on the page of one")
            draft.ask_back(self.asking_back.product_choices(offered, asked))
        return draft

    def _is_of_another_form(self, product: str, asked: Question) -> bool:
        """Whether each name in the question, or a salt or release away from them, means another medicine."""
        own = [mention for mention in asked.mentions if product in mention.products]
        only = len(own) == len(asked.mentions)
        own += _brands_asked(asked.plain, own_brands(self.index, asked.plain, product), product)
        apart = bool(own) and all(another_form(self.index, asked.plain, mention, product) for mention in own)
        if apart or not only:
            return apart
        return bool(another_alone(self.index, asked.plain, product) or form_not_had(self.index, asked.plain, product))

    def _carried(self, asked: Question) -> str:
        """The product of a question that names none: the last answer's, the one given, or the only one there is.

        A word that looks like a name ends the carrying, unless it looks like the name of what was given.
        """
        slips = products.find_slips(asked.plain, self.index)
        last = asked.previous.slots.get("product", "") if asked.previous is not None else ""
        if slips:
            meant = {product for slip in slips for product in slip.products}
            return asked.given if asked.given in meant else ""
        return last or asked.given or only_product(self.index, asked.where)

    def _likelier(self, drafts: Sequence[Draft], named: Sequence[str], asked: Question) -> Draft:
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
            self.asking_back.instead(best, named, asked, "several products are named")
        return best

    def _decide_for(self, product: str, asked: Question, *, between: bool = False) -> Draft:
        """The decision if the question is about ``product`` ("": none is named).

        ``between``: it compares products of ours, which no label of one of them can answer.
        """
        reading = self._read(asked.plain, product, asked)
        of_a_study = asks_of_a_study(reading.masked)
        flags = planning.raised(asked.flags, reading.chosen, self.policy.thresholds, of_a_study=of_a_study)
        entries = retrieval.eligible(self.index, product, asked.where) if product else ()
        meant = _Meant(reading)
        if product and not flags:
            meant = self._as_further(reading, product, asked, entries)
            reading = meant.reading
        found = Found(
            flags=flags,
            intents=reading.intents,
            status=conditions.LabelStatus.UNSURE,
            asks_use=conditions.asks_use(reading.masked),
            marked=marked_for_use(reading),
            compares_beyond_label=between or compares_beyond_label(self.index, product, reading.masked, asked.where),
            compares_within_label=not between
            and compares_within_label(self.index, product, reading.masked, asked.where),
            prefers=other_medicines.prefers(reading.masked),
            asks_result=of_a_study or asks_for_a_result(reading.masked),
            product_known=bool(product),
            screened_topic=asked.topic,
            asks_dose=aspects.asks_dose(reading.masked),
            few_words=len(words(reading.masked)) <= _FEW_WORDS,
            of_a_reaction=aspects.of_a_reaction(reading.masked),
        )
        found = self.illnesses.compared(found, reading, product, asked.where, entries)
        if product:
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
        draft.keep_topic(meant.topic)
        if reading.population:
            draft.slots["population"] = ",".join(reading.population)
        if meant.people:
            draft.carried = ("population", *draft.carried)
        if meant.named:
            draft.slots[SUBJECT] = meant.named
        if meant.carried:
            draft.carried = tuple(sorted((SUBJECT, *draft.carried)))
        if reading.typed != reading.masked:
            draft.notes.append("spelling: slips in ordinary words were read as the words meant")
        if reading.conditions:
            draft.notes.append(f"condition: {found.status.value}")
        if plan.outcome is Outcome.ANSWERED:
            draft.role = f"intent.{plan.intent}"
            if plan.intent == "source_request" and asked.previous is None:
                draft.give_up("there is no last answer whose sources could be shown")
        asks = plan.retrieve or (plan.outcome is Outcome.OUT_OF_SCOPE and not flags)
        others = () if asked.mentions or not asks else self.not_ours.asked_of(reading, product)
        if others or (asks and not asked.mentions and self.not_ours.named_in(reading, plan, product, asked)):
            draft.slots.pop("product", None)
            draft.notes.append("another medicine is named")
            self.asking_back.which(asked, draft, others)
        elif plan.retrieve and product:
            self.finder.fill(asked, plan, reading, product, draft)
        elif plan.retrieve or (
            plan.outcome is Outcome.OUT_OF_SCOPE and not product and self.not_ours.slipped(asked.plain)
        ):
            self.asking_back.which(asked, draft)
        return draft

    def _as_further(self, reading: Reading, product: str, asked: Question, entries: Sequence[Entry]) -> _Meant:
        """``reading`` with what the question leaves out because the last one said it."""
        plain, fragment = asked.plain, asked.fragment
        carried = new_value.kept(plain, asked.previous) if fragment.value else ""
        said = new_value.said_with(plain, carried) if carried else plain
        if carried:
            reading = self._read(said, product, asked)
        if fragment.value:
            reading = follow_up.as_told(plain, reading)
        named = carried or new_value.about(reading, self.index, entries)
        kept, of_a_use = "", False
        if not asked.topic:
            if fragment.only_names(own_brands(self.index, plain, product)):
                fragment = replace(fragment, bare=True)
            use = conditions.spelled_out(written_out(" ".join(fragment.rest), reading.shorthand))
            # What a dose was asked for besides the topic, and shorthand that nobody knows, must stand in a title.
            known = fragment.topic == "dosage" and not new_value.only_shorthand(plain, use)
            titled = known or any(names_all(each, [use]) for each in entries if use)
            of_a_use = (
                titled and fragment.may_be_a_use and self.illnesses.is_dosed_use(product, fragment.rest, asked.where)
            )
            kept = follow_up.kept(fragment, reading, entries, of_a_use=of_a_use)
            if of_a_use:
                said = named = new_value.dose_for(" ".join(use))
                reading = self._read(said, product, asked)
            elif organ := self._organ_meant(fragment, product, asked):
                said = follow_up.asking_use(organ, fragment.topic)
                named = said if fragment.dosed else organ
                reading = self._read(said, product, asked)
        weighed = new_value.weighed(plain, self.index, entries)
        people = follow_up.people_kept(plain, reading, kept, asked.previous, weighed=weighed, value=fragment.value)
        if people and self.illnesses.of_another_use(product, reading, asked.where):
            people = ()  # of what it is not for, nothing is asked but that
        if people:
            reading = self._read(said.rstrip(" ?.!") + follow_up.said_of(people), product, asked)
            reading = replace(reading, population=people)
        if of_a_use:
            reading = replace(reading, intents=((kept, 1.0),), conditions=())
        elif kept:
            reading = follow_up.about(kept, reading, self.index)
        return _Meant(reading, kept, people, named, bool(carried))

    def _organ_meant(self, fragment: follow_up.Fragment, product: str, asked: Question) -> str:
        """The transplant that a bare organ means behind a question on a use: "pancreas?"."""
        last = asked.previous.slots.get(SUBJECT, "") if asked.previous is not None else ""
        of_a_use = fragment.topic in planning.ABOUT_USE or (fragment.dosed and follow_up.is_of_transplant(last))
        return self.illnesses.organ_meant(product, fragment.rest, asked.where) if of_a_use else ""

    def _read(self, plain: str, product: str, asked: Question) -> Reading:
        """``plain`` as it is understood of ``product``; shorthand of its label is near the words that it stands for."""
        names = self._names_of(product, asked)
        typed = read(plain, names, self.reader, self.not_ours.left_alone)
        if not product:
            return typed
        typed = self._in_label_words(typed, names)
        found = (
            *shorthand_in(self.index, product, typed.masked),
            *arms_in_letters(self.index, product, typed.masked),
            *aspects.in_notes(typed.masked),
        )
        further = further_shorthand_in(self.index, product, typed.masked)
        if not (found or further):
            return typed
        if not found:
            # What no indication defines is no use of the medicine: it is looked for, and nothing else.
            vector, _ = self.reader.read(written_out(typed.masked, further))
            return replace(typed, vector=unit(typed.vector + vector), shorthand=further)
        reading = read(written_out(typed.masked, found), names, self.reader, self.not_ours.left_alone)
        both = unit(typed.vector + reading.vector)
        return replace(typed, vector=both, conditions=reading.conditions, shorthand=found)

    def _in_label_words(self, typed: Reading, names: tuple[str, ...]) -> Reading:
        """``typed``, near what labels write for its plain words as well; whatever raises a flag is as it was typed."""
        said = as_labels_write(typed.masked)
        if said == typed.masked:
            return typed
        reading = read(said, names, self.reader, self.not_ours.left_alone)
        vector = unit(typed.vector + reading.vector)
        return replace(typed, vector=vector, intents=between(typed.intents, reading.intents), searched=reading.masked)

    def _names_of(self, product: str, asked: Question) -> tuple[str, ...]:
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
        beginnings = own_beginnings(self.index, asked.plain, product)
        return (*slips, *own_slips(self.index, asked.plain, product), *beginnings, *brands)


def _brands_asked(plain: str, brands: Sequence[str], product: str) -> list[products.Mention]:
    """Where ``plain`` names these ``brands`` of what ``product`` consists of, but for what is taken besides."""
    spoken = words(plain)
    asked = (brand for brand in brands if not other_medicines.beside_ours(plain, brand))
    return [products.Mention(brand, (product,), "brand", spoken.index(brand)) for brand in asked]
