"""Compare the illnesses that a question names with the label: is it for them, against them, for something near them?

By the label alone (``label_status.py``), whatever the model takes the question for (DESIGN, section 3.2). Nothing is
shown or chosen here: what is found goes to the plan.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import dropwhile

from assistant.answering import lexical, planning
from assistant.answering.age_groups import GROUP
from assistant.answering.drug_classes import NAMES_OF, is_medicine
from assistant.answering.index import Entry, Index
from assistant.answering.label_status import (
    Label,
    Labels,
    beyond_stage,
    is_for_transplants,
    label_status,
    lacks_what_is_required,
    limited_as,
    names_condition,
    of_another_type,
    of_less_risk,
    of_other_markers,
    only_prevented,
    only_treated,
    own_markers,
    spoken_against,
    spoken_under,
    status_of_all,
    unlisted_transplant,
)
from assistant.answering.planning import Found
from assistant.answering.stories import why_given
from assistant.answering.uses_by_age import not_in_adults
from assistant.answering.which_product import is_own, own_terms
from assistant.content.lexicon import words
from assistant.domain import Context
from assistant.understanding import aspects, conditions, other_medicines
from assistant.understanding.illness_alone import (
    brought_about_by,
    illness_alone,
    illness_at_first,
    illness_dosed,
    illness_itself,
    is_an_illness,
    is_bare,
    named_alone,
    without_age,
)
from assistant.understanding.lay_terms import said_otherwise
from assistant.understanding.matters import names_vaccine
from assistant.understanding.prevention import avoids, prevented, treated
from assistant.understanding.reading import Reading
from assistant.understanding.slots import populations
from assistant.understanding.stages import asks_for_maintenance
from assistant.understanding.transplants import is_organ, transplanted

#: Topics of passages that name an illness for what the medicine does about it.
_OF_ITS_EFFECT = frozenset(("indication", "overview", "clinical_studies", "mechanism"))


@dataclass(frozen=True, slots=True)
class IllnessesAsked:
    """Compares over one index; a question is for a use where the model is at least ``topic_sure`` of it."""

    index: Index
    labels: Labels
    topic_sure: float

    def compared(self, found: Found, reading: Reading, product: str, where: Context, entries: Sequence[Entry]) -> Found:
        """``found`` with what the label of ``product``, its ``entries`` among others, says of the illnesses named."""
        of_use = found.share(*planning.ABOUT_USE) >= self.topic_sure
        named = self._without_names(reading.conditions, product)
        if found.compares_within_label:
            # Short names of its arms are illnesses otherwise: "flu" for fluconazole, "RA" for a retinoid.
            arms = {conditions.spelled_out(arm) for arm in other_medicines.arms_named(reading.masked)}
            if shortened := arms.intersection(named):
                named = tuple(words for words in named if words not in shortened)
                found = replace(found, marked=found.marked and bool(named))
        label = self.labels.of(product, where)
        if self._avoided(reading, label, entries):
            return found  # a harm that the label warns of, and no illness to give it for
        only, alone = _only_illness(reading, product, named, asks_dose=found.asks_dose)
        of_warnings = bool(found.intents) and found.intents[0][0] in planning.AGAINST_A_CONDITION
        itself = only if of_warnings else illness_itself(only)
        of_its_own = itself != only and label_status(label, itself) is conditions.LabelStatus.INDICATED
        if of_its_own:
            only = itself  # what the label is for is all that is named, whatever is done about it
        if only:
            named, found = (only,), replace(found, marked=True, bare=is_bare(reading.masked))
        if other := unlisted_transplant(label, transplanted(reading.masked)):
            # Whatever else is asked of those who have it, and whatever was marked for the illness.
            named, only, alone, of_its_own = (other,), other, True, False
            found = replace(found, marked=True)
        if not named and of_use:
            named = tuple(filter(None, [conditions.condition_words(reading.masked)]))
        _, left_out = not_in_adults(self.index, entries, reading.masked)
        if left_out and found.intents and found.intents[0][0] in planning.MAY_BE_A_USE:
            status = conditions.LabelStatus.LIMITED
            return replace(found, status=status, limited=(left_out,), marked=True, asks_use=True)
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
        if of_other_markers(label, reading.masked, named):
            # Bare words come as a question for trials, for warnings: whatever is asked of it, it is another illness.
            return replace(found, status=conditions.LabelStatus.NOT_MENTIONED, marked=True, unheard_of=alone)
        if own := own_markers(label, reading.masked, named):
            named, only = own, own[0] if only else only
        if product and self._beside_its_use(found, reading, label, named, entries):
            return replace(
                found, status=conditions.LabelStatus.NOT_MENTIONED, marked=True, asks_use=True, unheard_of=True
            )
        if names_vaccine(reading.masked) and not of_use and not found.asks_use:
            return found  # the illness is what the vaccine is against
        statuses = [label_status(label, condition) for condition in named] if product else []
        asks_use = found.asks_use and bool(found.intents) and found.intents[0][0] in planning.ABOUT_USE
        status = status_of_all(statuses, use=of_use or asks_use)
        if status is conditions.LabelStatus.NOT_MENTIONED and reading.conditions == named:
            why = self._why_given(found, reading, entries)
            told = [label_status(label, condition) for condition in why]
            if (apart := status_of_all(told, use=of_use or asks_use)) is not status:
                # What the story tells to be besides is none of its uses; of what it is given for the label speaks.
                named, statuses, status = why, told, apart
                found = replace(found, marked=found.marked and bool(named))
        pairs = list(zip(named, statuses, strict=False))
        limited = tuple(limited_as(label, each) for each, said in pairs if said is conditions.LabelStatus.LIMITED)
        found = replace(found, limited=limited)
        if alone and not of_its_own and not names_condition(self.index, entries, only):
            found = replace(found, unheard_of=True)
        if status not in (conditions.LabelStatus.NOT_MENTIONED, conditions.LabelStatus.LIMITED):
            if status is conditions.LabelStatus.UNSURE and not of_use and not found.asks_use:
                none = bool(named) and all(self._is_no_illness(label, each, entries) for each in named)
                found = replace(found, marked=found.marked and not none)
            return replace(found, status=status)
        topics = planning.FOR_A_CONDITION | planning.AGAINST_A_CONDITION | planning.STUDIED_BESIDES
        unknown = [condition for condition, said in pairs if said is status]
        spoken = [spoken_under(self.index, product, condition, topics, where) for condition in unknown]
        found = replace(found, status=status, spoken_under=frozenset.intersection(*spoken))
        if aspects.befalls(reading.masked):
            harms = [entry for entry in entries if entry.head.topic in planning.OF_HARM]
            befell = bool(unknown) and all(names_condition(self.index, harms, each) for each in unknown)
            found = replace(found, befell=befell)
        against = [entry for entry in entries if entry.head.topic in planning.AGAINST_A_CONDITION]
        warned = bool(unknown) and all(spoken_against(self.index, against, condition) for condition in unknown)
        if status is conditions.LabelStatus.LIMITED or not warned:
            return found
        return replace(found, warned=tuple(map(conditions.core_of, unknown)))

    def _why_given(self, found: Found, reading: Reading, entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
        """The conditions of ``reading`` without what a story tells to be besides.

        All where the label warns of one of those: what is asked may be whether it is a reason against, if no dose is.
        """
        why = why_given(reading)
        if found.intents and found.intents[0][0] == "dosage":
            return why
        against = [entry for entry in entries if entry.head.topic in planning.AGAINST_A_CONDITION]
        besides = [condition for condition in reading.conditions if condition not in why]
        warned = any(spoken_against(self.index, against, condition) for condition in besides)
        return reading.conditions if warned else why

    def _is_no_illness(self, label: Label, named: Sequence[str], entries: Sequence[Entry]) -> bool:
        """Whether ``named`` is a part of the body that a use of ``label`` names, or what is done to a patient that one
        of ``entries`` names: nothing that another illness could be meant by.

        "For his lungs" calls a medicine by what it is for, and "after cataract surgery" tells when.
        """
        terms = frozenset(lexical.terms(" ".join(named)))
        if terms and terms <= lexical.listed(conditions.NO_ILLNESS):
            return any(terms <= use for use in label.uses)
        return conditions.is_done(named) and names_condition(self.index, entries, named)

    def _without_names(self, named: Sequence[Sequence[str]], product: str) -> tuple[tuple[str, ...], ...]:
        """``named`` without names of the medicine that were marked as the beginning of an illness."""
        own = own_terms(self.index, product) if product and named else frozenset[str]()
        return tuple(_without_lead(tuple(words), own) for words in named)

    def _beside_its_use(
        self,
        found: Found,
        reading: Reading,
        label: Label,
        named: Sequence[Sequence[str]],
        entries: Sequence[Entry],
    ) -> bool:
        """Whether a question is for the prevention of what the label treats or never names, the treatment of what it
        prevents, or for those at less risk.

        However it is asked: such words come as a dose, as a trial, as a warning.
        """
        lead = found.intents[0][0] if found.intents else ""
        if lead not in planning.MAY_BE_A_USE:
            return False
        if any(label_status(label, words) is conditions.LabelStatus.INDICATED for words in named) and of_less_risk(
            label, reading.masked, named
        ):
            return True
        if any(only_prevented(label, words) for words in named if words and set(words) <= {*treated(reading.masked)}):
            return True
        aim = prevented(reading.masked)
        if not aim or not _is_illness(aim, reading):
            return False
        status = label_status(label, aim)
        if status is conditions.LabelStatus.INDICATED:
            return only_treated(label, aim)
        # What it may bring about is prevented by whoever takes it.
        telling = [entry for entry in entries if entry.head.topic not in _OF_ITS_EFFECT]
        return status is conditions.LabelStatus.NOT_MENTIONED and not names_condition(self.index, telling, aim)

    def _avoided(self, reading: Reading, label: Label, entries: Sequence[Entry]) -> bool:
        """Whether all that a question names is an event to be avoided of which the label itself warns."""
        events = [conditions.spelled_out(said) for said in reading.said("event")]
        if reading.conditions or not (events and all(events) and avoids(reading.masked)):
            return False
        harms = [entry for entry in entries if entry.head.topic in planning.OF_HARM]
        told = all(names_condition(self.index, harms, each) for each in events)
        return told and not any(label_status(label, each) is conditions.LabelStatus.INDICATED for each in events)

    def of_another_use(self, product: str, reading: Reading, where: Context) -> bool:
        """Whether a question names an illness and nothing else, which ``product`` is not for."""
        named = named_alone(reading.masked)
        if not named or not (illness_alone(reading.masked) or any(said_otherwise(" ".join(named)))):
            return False
        status = label_status(self.labels.of(product, where), conditions.spelled_out(" ".join(named)))
        return status in (conditions.LabelStatus.NOT_MENTIONED, conditions.LabelStatus.LIMITED)

    def organ_meant(self, product: str, named: Sequence[str], where: Context) -> str:
        """The transplant that the bare name of an organ asks for, of a label that is for some; "" where it does not."""
        if len(named) != 1 or not is_organ(named[0]):
            return ""
        return f"{named[0]} transplant" if is_for_transplants(self.labels.of(product, where)) else ""

    def is_dosed_use(self, product: str, named: Sequence[str], where: Context) -> bool:
        """Whether ``named`` is a use that is indicated and stands with the doses."""
        use = conditions.spelled_out(" ".join(named))
        indicated = label_status(self.labels.of(product, where), use) is conditions.LabelStatus.INDICATED
        return indicated and bool(spoken_under(self.index, product, use, ("dosage",), where))

    def _dosed_so(self, product: str, only: Sequence[str], reading: Reading, label: Label, where: Context) -> bool:
        """Whether all that a question names, ``only``, stands in one passage on doses, and what is marked is indicated.

        "Ulcerative colitis induction" is no illness, but a part of the treatment that the label gives a dose for.
        """
        marked = reading.conditions
        indicated = all(label_status(label, condition) is conditions.LabelStatus.INDICATED for condition in marked)
        within = all(set(condition) <= set(only) for condition in marked)
        return bool(marked and indicated and within and spoken_under(self.index, product, only, ("dosage",), where))


def _without_lead(named: tuple[str, ...], own: Set[str]) -> tuple[str, ...]:
    """``named`` behind the words of ``own`` that it begins with, if an illness is left, as after no insulin."""
    rest = tuple(dropwhile(lambda word: is_own(word, own), named))
    return rest if rest != named and any(said_otherwise(" ".join(rest))) else named


def _is_illness(named: Sequence[str], reading: Reading) -> bool:
    """Whether ``named`` is an illness by its ending or one of its names, or marked for one: air bubbles are none."""
    marked = {word for words in reading.conditions for word in words}
    return any(map(is_an_illness, named)) or any(said_otherwise(" ".join(named))) or marked.issuperset(named)


def marked_for_use(reading: Reading) -> bool:
    """Whether an illness is marked that the medicine would be used for, not one that another is taken for."""
    return bool(reading.conditions) and not other_medicines.taken(reading.masked, reading.named("substance"))


def _only_illness(
    reading: Reading, product: str, marked: Sequence[Sequence[str]], *, asks_dose: bool
) -> tuple[tuple[str, ...], bool]:
    """The illness that is all a question names, and True; or one that it asks the dose for, though none is ``marked``.

    Beside a group of patients or another medicine an illness is not all, unless it is named by these: a
    heparin-induced thrombocytopenia, a juvenile arthritis. What a class brings about may be this medicine's doing.
    """
    causes = set(filter(is_medicine, brought_about_by(reading.masked)))
    group = {*reading.population} - {"adult"}
    if (ageless := without_age(reading.masked)) != reading.masked and GROUP not in populations(ageless):
        group.discard(GROUP)
    beside = group or [span for span in reading.named("substance") if causes.isdisjoint(words(span))]
    if not product or beside or not NAMES_OF.keys().isdisjoint({*words(reading.masked)} - causes):
        return (), False
    if alone := illness_alone(reading.masked):
        return alone, True
    if len(marked) == 1 and tuple(word.casefold() for word in named_alone(reading.masked)) == tuple(marked[0]):
        return tuple(marked[0]), True  # all there is, and marked for an illness, whatever its name ends in
    return (illness_dosed(reading.masked) if asks_dose and not marked else ()), False
