"""Find the passages of one product that answer a question, or say why none does. No text of a passage is shown here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering import choices, lexical, new_value, planning, retrieval
from assistant.answering.age_groups import GROUP, asks_of_adults, child_of
from assistant.answering.asking_back import WITH_ANOTHER
from assistant.answering.dosage_modifications import reactions_asked, with_what_to_do
from assistant.answering.doses_of_uses import without_doses_of_others, without_rows_of_impairment
from assistant.answering.draft import Draft
from assistant.answering.drug_classes import is_medicine
from assistant.answering.from_the_beginning import in_label_order
from assistant.answering.index import Entry, Index
from assistant.answering.kinds_of_answer import leaves_open
from assistant.answering.label_routes import of_its_routes
from assistant.answering.label_shorthand import shorthand_of
from assistant.answering.label_status import (
    Labels,
    all_names,
    forbids,
    label_status,
    names_condition,
    speaks_against,
    without_other_purpose,
)
from assistant.answering.not_ours import DOSING, NotOurs, tells_dosing
from assistant.answering.other_sex import not_for, sex_asked, without_other
from assistant.answering.planning import Route
from assistant.answering.question import Question
from assistant.answering.referred_doses import (
    GROUPS,
    doses_in,
    with_doses,
    with_doses_of_all,
    with_table,
    without_adults,
)
from assistant.answering.results import asks_for_a_result, has_row_of
from assistant.answering.retrieval import Candidate, Query
from assistant.answering.sentences_asked_for import with_sentence_first
from assistant.answering.silence import silent_on
from assistant.answering.strengths import without_other_strengths
from assistant.answering.unestablished import established, unestablished
from assistant.answering.uses_by_age import for_adults_only, for_children_only, not_in_adults
from assistant.answering.where_results_stand import results_first
from assistant.answering.which_product import own_terms
from assistant.content.lexicon import words
from assistant.content.policy import Policy
from assistant.domain import OTHER_INTENTS, SUBJECT, Context, Kind
from assistant.settings import Settings
from assistant.understanding import aspects
from assistant.understanding.conditions import LabelStatus, spelled_out
from assistant.understanding.illness_alone import illness_alone, illness_in_shorthand, named_alone
from assistant.understanding.lay_terms import other_names
from assistant.understanding.reading import Reading
from assistant.understanding.slots import of_another_matter, populations

#: Spans whose words an answer should hold.
_NAMED = ("condition", "comorbidity", "substance", "event")
#: Questions that only what the label says of the substance taken besides can answer, if one is named.
_OF_ANOTHER = WITH_ANOTHER | DOSING | {"food_interaction", "overview", "warnings"}
#: Topics of passages that count events, and how near the best one is near enough for a number.
_COUNTING = frozenset(("adverse_reactions", "clinical_studies", "warnings"))
_NEAR_ENOUGH = 0.6
#: A question that names a medicine and nothing else has so many words ("tamoxifen and the medicine"), and a label so
#: few passages that nothing else can be meant.
_WORDS_OF_A_NAME, _FEW = 4, 2
#: What is said against a use stands there; of an indication its limitation of use.
_AGAINST_IT = ("contraindication", "indication")


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds over one index under one policy."""

    index: Index
    policy: Policy
    settings: Settings
    labels: Labels

    def fill(self, asked: Question, plan: Route, reading: Reading, product: str, draft: Draft) -> None:
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
        if plan.by_evidence:
            shares = dict(self._topics_asked(asked, plan, reading))
            plan = replace(plan, intent="administration", confidence=shares.get("administration", 0.0))
        ranked = self._rank(asked, plan, reading, entries)
        ranked = with_sentence_first(self.index, ranked, reading.masked)
        ranked, silent = without_other_strengths(self.index, ranked, reading.masked, own_terms(self.index, product))
        if silent and plan.intent in _OF_ANOTHER:
            draft.give_up("the label speaks of inhibitors or inducers of another strength only")
            return
        besides = NotOurs(self.index).given_besides(reading, product) if plan.intent in DOSING else []
        if besides:
            ranked = [c for c in ranked if tells_dosing(c.entry)]
            ranked = [c for c in ranked if any(self.index.speaks_of(names, [c.entry]) for names in besides)]
        ranked, off_route = of_its_routes(self.index, entries, ranked, reading.masked, plan.intent)
        if off_route:
            plan = replace(plan, confidence=0.0)  # what is said against a route stands under any topic
        if plan.limited:
            ranked = [c for c in ranked if any(speaks_against(self.index, c.entry, words) for words in plan.limited)]
            if not ranked:
                draft.refer("the label limits that use, but no passage that may be shown says how")
                return
        plan = _in_detail(plan, reading)
        illnesses = _illnesses(reading)
        ranked = self._of_whom_is_asked(ranked, asked, plan, reading, product, illnesses)
        ranked = in_label_order(ranked, reading.masked)
        if plan.intent == "clinical_studies" and asks_for_a_result(reading.masked):
            ranked = results_first(self.index, ranked, reading.masked)
        chosen = planning.choose(ranked, plan, self.policy)
        shown = self._with_doses(chosen.shown, ranked, plan, reading, entries, illnesses, asked.where)
        about = draft.slots[SUBJECT] if SUBJECT in draft.carried else ""
        speaking = new_value.speaking(self.index, [c.entry for c in shown], about) if about else []
        shown = (*(c for c in shown if c.entry in speaking), *(c for c in shown if c.entry not in speaking))
        draft.candidates = tuple(ranked[:5])
        if plan.by_evidence:
            draft.shown = tuple(candidate.entry for candidate in chosen.shown)
            return
        draft.confidence = chosen.confidence
        told = self._unestablished(plan, reading, product, asked.where, entries)
        told = told or self._not_for(plan, reading, ranked)
        if left_out := not_in_adults(self.index, entries, reading.masked)[0] if plan.limited else ():
            draft.shown = left_out
            return
        if off_route and not chosen.shown:
            draft.refer("the label does not have that route, and no passage that may be shown says so")
        elif not told and chosen.shown and self._for_other_ages(plan, reading, product, asked.where, entries):
            draft.refer("the label has that use for other ages only")
        elif told:
            warned = [each.entry for each in chosen.shown if each.entry.head.topic in planning.AGAINST_A_CONDITION]
            draft.notes.append("the label says that it is not for whom is asked about")
            draft.shown = tuple(dict.fromkeys((*told, *warned)))[: self.policy.passages_shown]
        elif chosen.shown and self._of_no_grade(shown, plan, reading, illnesses):
            draft.give_up("no dose is told for what happened, graded or named")
        elif chosen.shown and plan.unsure_of_use:
            draft.notes.append("the label may mean another illness")
            draft.ask_back(choices.passage_choices(chosen.shown))
        elif chosen.shown and not speaking and (about or new_value.only_a_grade(asked.plain)):
            draft.notes.append("a new value of what is not said, or what no passage near it speaks of")
            draft.ask_back(choices.passage_choices((*chosen.shown, *chosen.offered)[: self.policy.choices_offered]))
        elif chosen.shown and silent_on(reading, plan.intent, self.index, entries, [each.entry for each in shown]):
            draft.notes.append("the label does not speak of what is named")
            draft.ask_back(choices.passage_choices(chosen.shown))
        elif chosen.shown and leaves_open(reading.masked, self.index, [each.entry for each in shown]):
            draft.notes.append("no passage near it holds what is asked for")
            draft.ask_back(choices.passage_choices(chosen.shown))
        elif chosen.shown:
            draft.shown = tuple(candidate.entry for candidate in shown)
            draft.choices = choices.passage_choices([c for c in chosen.offered if c not in shown])
        elif chosen.offered:
            draft.notes.append("no passage is sure enough")
            draft.ask_back(choices.passage_choices(chosen.offered))
        elif plan.unsure_of_use or plan.limited:
            draft.refer("no passage is near enough, and the label may not mean that use")
        elif naming := self._naming_alone(plan, reading, ranked):
            draft.notes.append("nothing but a medicine is named, and few passages name it")
            draft.shown = naming
        else:
            draft.give_up("no passage is near enough")

    def _of_no_grade(
        self, shown: Sequence[Candidate], plan: Route, reading: Reading, illnesses: Sequence[Sequence[str]]
    ) -> bool:
        """Whether a dose is asked for a graded reaction and nothing ``shown`` tells of grades, or of that reaction."""
        if plan.intent != "dosage" or not aspects.graded(reading.masked):
            return False
        entries = [candidate.entry for candidate in shown]
        if any(aspects.tells_of_grades(self.index.load(entry).text.decode()) for entry in entries):
            return False
        if illnesses:
            return not any(names_condition(self.index, entries, words) for words in illnesses)
        happened = reactions_asked(reading.masked, reading.named("event", "comorbidity"))
        return not any(each <= self.index.stems(entry) for each in happened for entry in entries)

    def _topics_asked(self, asked: Question, plan: Route, reading: Reading) -> Sequence[tuple[str, float]]:
        """What the answer may be about, each with how likely it is."""
        if asked.topic:
            return [(asked.topic, 1.0)]
        if plan.limited:
            return [(topic, 1.0) for topic in _AGAINST_IT]
        intents = [pair for pair in reading.intents if pair[0] not in OTHER_INTENTS]
        if plan.intent not in OTHER_INTENTS and plan.intent not in dict(intents[:1]):
            intents.insert(0, (plan.intent, plan.confidence))
        return intents

    def _rank(self, asked: Question, plan: Route, reading: Reading, entries: Sequence[Entry]) -> list[Candidate]:
        """``entries`` by how near each is to the question."""
        intents = aspects.with_second_side(self._topics_asked(asked, plan, reading), reading.masked)
        named = " ".join(reading.named(*_NAMED))
        query = Query(
            reading.searched or reading.masked, reading.vector, intents, reading.population, named, reading.shorthand
        )
        return retrieval.rank(self.index, entries, query, self.policy.ranking)

    def _of_whom_is_asked(
        self,
        ranked: Sequence[Candidate],
        asked: Question,
        plan: Route,
        reading: Reading,
        product: str,
        illnesses: Sequence[Sequence[str]],
    ) -> list[Candidate]:
        """``ranked`` without doses of others, of other uses and purposes; marked by what it says of whom is asked."""
        none_asked = of_another_matter(reading.masked)
        # Whose kidney is transplanted is no patient with impaired kidneys.
        kept = [c for c in ranked if none_asked.isdisjoint((c.entry.head.topic, *c.entry.head.population))] or list(
            ranked
        )
        if asks_for_a_result(reading.masked) and plan.intent in planning.OF_HARM:
            kept = self._with_row_first(kept, reading)
        if plan.intent == "reproductive_potential" and (sex := sex_asked(reading.masked)):
            kept = without_other(self.index, kept, sex)
        if plan.intent == "dosage":
            kept = without_other_purpose(self.index, kept, reading.masked)
        if plan.intent in planning.OF_HARM and self._is_no_use(named_alone(reading.masked), product, asked.where):
            # What it does to the heart's rhythm stands with the mechanism.
            kept = [
                c
                for c in kept
                if c.entry.head.kind is not Kind.BENEFIT or c.entry.head.topic in planning.STUDIED_BESIDES
            ]
        if had := [words for words in (named_alone(reading.masked), *plan.limited) if words]:
            kept = [replace(c, forbids=any(forbids(self.index, c.entry, words) for words in had)) for c in kept]
        if plan.modifies or plan.intent == "dosage":
            kept = with_what_to_do(self.index, kept, reading.masked, reading.named("event", "condition", "comorbidity"))
        if plan.dosed and plan.of_children:
            kept = without_adults(self.index, kept)
        if plan.dosed or plan.intent == "dosage":
            uses = frozenset[str]().union(*self.labels.of(product, asked.where).uses)
            kept = without_doses_of_others(self.index, kept, illnesses, uses)
        if plan.intent == "dosage" and not reading.population:
            kept = without_rows_of_impairment(self.index, kept)
        if plan.dosed and plan.intent in GROUPS:
            kept = [replace(c, doses_group=doses_in(c.entry, plan.intent, illnesses)) for c in kept]
        return kept

    def _with_doses(
        self,
        shown: Sequence[Candidate],
        ranked: Sequence[Candidate],
        plan: Route,
        reading: Reading,
        entries: Sequence[Entry],
        illnesses: Sequence[Sequence[str]],
        where: Context,
    ) -> tuple[Candidate, ...]:
        """``shown`` with the doses of the group that is asked about, which the label tells elsewhere."""
        most, size = self.policy.passages_shown, planning.TOGETHER_BYTES
        told = with_doses(self.index, shown, ranked, plan.intent, passages=most, size=size)
        if plan.intent == "dosage" or plan.dosed:
            told = with_table(self.index, told, ranked, passages=most, size=size)
        if not (told and plan.dosed and plan.of_children and illnesses):
            return told
        uses = self.labels.of(entries[0].head.product, where).sentences
        child = child_of(reading.masked, _names_in(uses, illnesses))
        if not child or not established(self.index, entries, child):
            return told
        return with_doses_of_all(self.index, told, ranked, illnesses, passages=most, size=size)

    def _with_row_first(self, ranked: Sequence[Candidate], reading: Reading) -> list[Candidate]:
        """``ranked`` with the nearest passage in front that has a row of the event whose number is asked for.

        A list of what is common holds the word as well, among fewer others. The scores stay in their places.
        """
        named = reading.named("event", "condition", "comorbidity")
        events = [event for said in named for event in (said, *(name for _, name in other_names(said)))]
        reports = [at for at, each in enumerate(ranked) if each.entry.head.topic in _COUNTING]
        told = (
            at
            for at in reports
            if ranked[at].score >= _NEAR_ENOUGH * ranked[0].score
            and any(has_row_of(self.index.load(ranked[at].entry).text.decode(), event) for event in events)
        )
        first = next(told, 0) if events else 0
        moved = [ranked[first], *ranked[:first], *ranked[first + 1 :]] if ranked else []
        return retrieval.in_places_of(ranked, moved)

    def _naming_alone(self, plan: Route, reading: Reading, ranked: Sequence[Candidate]) -> tuple[Entry, ...]:
        """The only passages that name the medicine which is all that a question names, if they say what to heed."""
        substances = reading.named("substance")
        if plan.intent not in WITH_ANOTHER or len(substances) != 1 or not is_medicine(substances[0].casefold()):
            return ()
        if len(words(reading.masked)) > _WORDS_OF_A_NAME:
            return ()
        name = frozenset(lexical.terms(substances[0]))
        naming = [c.entry for c in ranked if name <= self.index.stems(c.entry)]
        heeded = all(each.head.topic in planning.AGAINST_A_CONDITION | WITH_ANOTHER for each in naming)
        return tuple(naming) if heeded and 0 < len(naming) <= _FEW else ()

    def _is_no_use(self, named: Sequence[str], product: str, where: Context) -> bool:
        """Whether words that are all a question consists of name nothing that the medicine is for.

        Asked so, what a trial found is no answer: it would promote a use that the label does not have.
        """
        label = self.labels.of(product, where)
        return bool(named and label.uses) and label_status(label, spelled_out(" ".join(named))) not in (
            LabelStatus.INDICATED,
            LabelStatus.LIMITED,
        )

    def _unestablished(
        self, plan: Route, reading: Reading, product: str, where: Context, entries: Sequence[Entry]
    ) -> tuple[Entry, ...]:
        """The passages that say that nothing is established for the children whose dose or use is asked for."""
        asked = plan.intent in planning.FOR_A_GROUP and not (plan.outcome or plan.limited)
        # What the model hears and no word says ("1 mg/kg") is no child.
        if not asked or set(reading.population) != {GROUP} or GROUP not in populations(reading.masked):
            return ()
        illnesses = _illnesses(reading)
        uses = self.labels.of(product, where).sentences
        child = child_of(reading.masked, _names_in(uses, illnesses))
        return unestablished(self.index, entries, uses, child) if child else ()

    def _for_other_ages(
        self, plan: Route, reading: Reading, product: str, where: Context, entries: Sequence[Entry]
    ) -> bool:
        """Whether a dose or use is asked for a child of what the label is for in adults, or the other way round.

        No sentence need say that it is not established in them: an indication that keeps to adults is none for others.
        """
        illnesses = _illnesses(reading)
        if not illnesses or plan.intent not in planning.FOR_A_GROUP or plan.outcome or plan.limited:
            return False
        uses = self.labels.of(product, where).sentences
        names = _names_in(uses, illnesses)
        if asks_of_adults(reading.masked):
            return for_children_only(uses, names)
        if set(reading.population) != {GROUP} or GROUP not in populations(reading.masked):
            return False
        child = child_of(reading.masked, names)
        return child is not None and for_adults_only(self.index, entries, uses, child)

    def _not_for(self, plan: Route, reading: Reading, ranked: Sequence[Candidate]) -> tuple[Entry, ...]:
        """The passage that says that the medicine is for the other sex, where its dose or use is asked for one."""
        asked = plan.intent in planning.FOR_A_GROUP and not (plan.outcome or plan.limited)
        sex = sex_asked(reading.masked) if asked else ""
        return tuple(each.entry for each in not_for(self.index, ranked, sex)[:1]) if sex else ()


def _illnesses(reading: Reading) -> tuple[tuple[str, ...], ...]:
    """The words of each illness that is marked, or else written in shorthand."""
    return reading.conditions or illness_in_shorthand(reading.masked)


def _names_in(uses: Sequence[str], illnesses: Sequence[Sequence[str]]) -> list[list[frozenset[str]]]:
    """The terms of each of ``illnesses`` under all its names, the shorthand that the label's ``uses`` define too."""
    known = [all_names(words) for words in illnesses]
    return [[*names, *(short for name in names for short in shorthand_of(name, uses) if short)] for names in known]


def _in_detail(plan: Route, reading: Reading) -> Route:
    """``plan`` with what the wording says of the dose that is asked for."""
    of_an_illness = plan.intent == "dosage" and aspects.says_dose(reading.masked) and illness_alone(reading.masked)
    # Whoever names a group and nothing else ("dialysis") asks what it is given.
    bare = plan.intent in GROUPS and bool(named_alone(reading.masked))
    dosed = of_an_illness or bare or aspects.asks_a_groups_dose(plan.intent, reading.masked)
    return replace(
        plan,
        names=bool(reading.named(*_NAMED)),
        group_alone=bare,
        of_children=set(reading.population) == {GROUP},
        dosed=bool(dosed) and not asks_for_a_result(reading.masked),
        plainly_dosed=plan.intent == "dosage" and _dose_alone(reading),
        how_much=aspects.asks_how_much(reading.masked),
        measured=aspects.asks_what_becomes_of_it(reading.masked) or asks_for_a_result(reading.masked),
        modifies=aspects.asks_to_modify(plan.intent, reading.masked),
    )


def _dose_alone(reading: Reading) -> bool:
    """Whether a question asks for a dose, of no group, beside no other substance and after no reaction."""
    beside = reading.population or reading.named("substance") or aspects.of_a_reaction(reading.masked)
    return aspects.says_dose(reading.masked) and not beside
