"""A message that asks two things: "What is the dose, and can it be given with live vaccines?".

The model names one topic above all, so that the passages on the other would be left out. By wording alone a message is
parted where a second question begins, or a second subject of a label that everybody names alike; each part is then
decided as a question of its own, and only where both are answered stand the passages on both (DESIGN, section 4). What
the first part says of whom it asks is not in the second: a dose is never asked by a part that has lost its patient.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.draft import Draft
from assistant.answering.index import Entry
from assistant.answering.planning import TOGETHER_BYTES
from assistant.answering.referred_doses import GROUPS
from assistant.answering.retrieval import Candidate
from assistant.domain import SUBJECT, Outcome

#: A longer message tells a story, of which no part stands alone.
_MOST_WORDS = 32
_ASKS = (
    r"(?:what(?:['\u2019]s)?|how|when|where|which|who|can|could|may|should|shall|must|is|are|do|does|did|will|would)\b"
)
#: Subjects of a label by the names that everybody uses (21 CFR 201.57(c)).
_SUBJECTS = (
    r"(?:side[ -]effects?|adverse (?:reactions|effects|events)|contra-?indications|(?:drug )?interactions|"
    r"boxed warning|black box warning|storage|half[ -]life|mechanism of action|ingredients|excipients|"
    r"missed doses?|overdos(?:e|age))\b"
)
_PARTED = re.compile(
    rf"(?:(?<=\w)|(?<=[)%'\u2019]))(?:[,;.?]?\s+(?:and|also|plus|&)(?:\s+also)?\s+|\?\s+)"
    rf"(?={_ASKS}|(?:(?:the|its|any|what|about|most|common|main|serious)\s+){{0,4}}{_SUBJECTS})",
    re.IGNORECASE,
)
#: What the first part must hold to be a question: how one begins, or a subject of the label; else it tells of somebody.
_IS_ONE = re.compile(rf"^\W*{_ASKS}|\?\s*$|\b(?:dos(?:e|age|ing)|{_SUBJECTS})", re.IGNORECASE)
#: What the second part must hold: a subject of its own. "And how many on placebo?" goes on with the first one's.
_OF_ITS_OWN = re.compile(
    rf"\b(?:dos(?:e|es|age|ing)|{_SUBJECTS}|stor(?:e|ed|age)|ke(?:ep|pt)|(?:given|taken|used|combined|together) with|"
    r"used (?:in|for)|"
    r"pregnan\w*|breast-?feed\w*|nursing|lactat\w*|child(?:ren)?|p(?:a)?ediatric\w*|elderly|older|renal\w*|kidney|"
    r"hepatic\w*|liver|dialysis|alcohol|food|meals?|empty stomach|grapefruit|driv(?:e|ing)|vaccin\w*|antacids?|"
    r"miss(?:ed)?|forg[eo]t|overdose|too much|contraindicat\w*|interact\w*|indicat\w*|approved|works?|crush\w*|split|"
    r"chew\w*|latex|gluten|lactose|taper\w*|stop(?:ped|ping)?|start(?:ing)?|fertility|contracepti\w*)\b",
    re.IGNORECASE,
)
#: Topics that tell what somebody is given, which hangs on who it is.
_OF_SOMEBODY = GROUPS | {"dosage", "indication", "discontinuation"}
#: Notes of a whole that found nothing because it asked for two things.
_FOUND_NOTHING = frozenset(("no passage is near enough", "no passage is sure enough"))


def parts(question: str) -> tuple[str, str] | None:
    """The two questions that ``question`` asks; None where it asks one, more than two, or tells a story."""
    if len(question.split()) > _MOST_WORDS:
        return None
    cuts = list(_PARTED.finditer(question))
    if len(cuts) != 1:
        return None
    first, second = question[: cuts[0].start()].strip(), question[cuts[0].end() :].strip()
    return (first, second) if _IS_ONE.search(first) and _OF_ITS_OWN.search(second) else None


def may_be_two(whole: Draft) -> bool:
    """Whether what is decided of the ``whole`` leaves room for two answers: it warns of nothing and refers nobody."""
    if whole.flags or not whole.slots.get("product"):
        return False
    found_nothing = whole.outcome in (Outcome.CLARIFY, Outcome.NO_APPROVED_ANSWER) and bool(
        _FOUND_NOTHING.intersection(whole.notes)
    )
    return (whole.outcome is Outcome.ANSWERED and bool(whole.shown)) or found_nothing


def both(whole: Draft, first: Draft, second: Draft, *, passages: int, choices: int) -> Draft:
    """``whole`` with the passages on both parts, where each is answered by itself and on a topic of its own.

    Where a part is referred, so is the whole: what answers the other says nothing of that.
    """
    for part in (first, second):
        if part.outcome is Outcome.MEDICAL_INFORMATION:
            part.notes.append("two questions: one of them is referred")
            return part
    answered = all(
        each.outcome is Outcome.ANSWERED
        and each.shown
        and not each.flags
        and each.slots.get("product") == whole.slots.get("product")
        for each in (first, second)
    )
    if not answered or first.intent == second.intent or first.shown[0].head.id == second.shown[0].head.id:
        return whole
    if _has_lost_somebody(first, whole, second) or _has_lost_somebody(second, whole, first, behind=True):
        return whole
    shown = _together(first.shown, second.shown, passages)
    if not shown or set(shown) <= set(whole.shown):
        return whole
    offered = {offer.id: offer for offer in (*first.choices, *second.choices)}
    for entry in shown:
        offered.pop(f"passage:{entry.head.id}", None)
    whole.outcome, whole.role, whole.shown = Outcome.ANSWERED, "", shown
    whole.intent, whole.confidence = first.intent, min(first.confidence, second.confidence)
    whole.candidates = _ranked((*first.candidates, *second.candidates), len(whole.candidates) or passages)
    whole.choices = tuple(offered.values())[:choices]
    led = {first.intent, second.intent}
    whole.others = ((second.intent, second.confidence), *(pair for pair in whole.others if pair[0] not in led))
    whole.notes = [note for note in whole.notes if note not in _FOUND_NOTHING]
    whole.notes.append("two questions: each was answered by itself")
    return whole


def _has_lost_somebody(part: Draft, whole: Draft, other: Draft, *, behind: bool = False) -> bool:
    """Whether ``part`` asks what hangs on who it is, and whom the message or the last question names is not in it.

    What is taken besides counts where it was named before, ``behind`` which the part stands.
    """
    if part.intent not in _OF_SOMEBODY:
        return False
    taken = {"taken"} if behind and any(kind == "substance" for kind, _ in other.marked) else set()
    return not (_whom(whole) | _whom(other) | taken) <= _whom(part)


def _whom(draft: Draft) -> set[str]:
    """The groups of patients that get doses of their own, and whether an illness is named."""
    people = set(draft.slots.get("population", "").split(",")) & GROUPS
    named = any(note.startswith("condition") for note in draft.notes) or SUBJECT in draft.carried
    return people | ({"illness"} if named else set())


def _ranked(found: Sequence[Candidate], most: int) -> tuple[Candidate, ...]:
    """``found`` best first, each passage once, at most so many."""
    best = {each.entry.head.id: each for each in sorted(found, key=lambda each: each.score)}
    return tuple(sorted(best.values(), key=lambda each: (-each.score, each.entry.head.id)))[:most]


def _together(first: Sequence[Entry], second: Sequence[Entry], passages: int) -> tuple[Entry, ...]:
    """The best passage of each part, those of the first one before the others; further ones where all stays short;
    () where the two are too many or too long."""
    kept = [first[0], second[0]]
    if passages < len(kept) or sum(entry.size for entry in kept) > TOGETHER_BYTES:
        return ()
    further = [entry for pair in zip((*first[1:], None), (*second[1:], None), strict=False) for entry in pair if entry]
    for entry in further:
        if len(kept) < passages and entry not in kept and sum(e.size for e in kept) + entry.size <= TOGETHER_BYTES:
            kept.append(entry)
    return tuple(sorted(kept, key=lambda entry: (entry not in first,)))
