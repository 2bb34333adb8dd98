"""Conversation: what carries over, for how long, what ends it, and that it is shown; the same for every replica."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering.answer import Answer
from assistant.answering.choices import product_choices
from assistant.answering.index import Index
from assistant.domain import Context, Flag, Outcome
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.serving.conversation import MOST_CHARACTERS, STEP, TURNS, Replays, Sessions, counted, followed
from assistant.serving.web.callers import Caller
from assistant.serving.web.service import Service
from assistant.serving.weight import weight
from assistant.trust.ledger import Ledger
from assistant.trust.receipts import check_receipt
from assistant.trust.withdrawn import ANY, Withdrawn
from tests.conftest import QUICK, TODAY
from tests.fakes import MemoryAudit

_HCP = Context("hcp", "US", "en", "cli", TODAY)
_PATIENT = replace(_HCP, audience="patient")


def talk(assistant: Assistant, *questions: str, where: Context = _HCP) -> list[Answer]:
    """The answers to ``questions``, asked one after another."""
    answers: list[Answer] = []
    previous: Answer | None = None
    for question in questions:
        answers.append(assistant.ask(question, where, previous))
        previous = followed(answers[-1], previous)
    return answers


def shown(answer: Answer) -> set[str]:
    """The ids of the passages that answer."""
    return {span.id for span in answer.spans if span.source == "passage" and span.role == "answer"}


# -- corrections and choices in words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "correction", ["no, quovendry", "sorry, I meant quovendry", "not zorvanta, quovendry", "quovendry, not zorvanta"]
)
def test_a_correction_asks_the_same_of_the_product_that_is_meant(quick: Assistant, correction: str) -> None:
    _, second, third = talk(quick, "zorvanta storage", correction, "recommended dosage")
    assert second.slots == {"product": "quovendry", "topic": "storage"}
    assert (third.slots["product"], third.carried) == ("quovendry", ("product",))


def test_what_is_said_not_to_be_meant_is_not_carried(quick: Assistant) -> None:
    _, second, third = talk(quick, "zorvanta storage", "not zorvanta", "recommended dosage")
    assert second.outcome is Outcome.CLARIFY
    assert [offer.id for offer in second.choices] == ["product:quovendry"]
    assert second.carried == ("topic",)
    assert third.slots.get("product") is None
    # Without a conversation, or where more is said, a "not" is read as any word is.
    assert quick.ask("zorvanta not stored", _HCP).slots["product"] == "zorvanta"


@pytest.mark.parametrize(
    ("said", "at"),
    [("the second one", 1), ("number 2", 1), ("2", 1), ("first", 0), ("option one please", 0), ("the last one", 1)],
)
def test_a_choice_taken_in_words_is_the_choice(quick: Assistant, said: str, at: int) -> None:
    before = quick.ask("how should it be stored?", _HCP)
    assert len(before.choices) == 2
    taken, chosen = quick.ask(said, _HCP, before), quick.ask(before.choices[at].send, _HCP, before)
    assert taken == chosen
    assert f"product:{taken.slots['product']}" == before.choices[at].id
    assert taken.question == before.choices[at].send


def test_yes_takes_the_only_choice_and_none_of_several(quick: Assistant) -> None:
    only = quick.ask("quovendri storage", _HCP, product="zorvanta")
    assert [offer.id for offer in only.choices] == ["product:quovendry"]
    assert quick.ask("yes", _HCP, only).slots["product"] == "quovendry"
    for said in ("no right", "no, that one", "no one", "no that", "not this one"):
        assert quick.ask(said, _HCP, only).question == said
    assert quick.ask("no. 1", _HCP, only).slots["product"] == "quovendry"
    several = quick.ask("how should it be stored?", _HCP)
    for said in ("yes", "number 3", "the second one is red"):
        assert quick.ask(said, _HCP, several).question == said


def test_a_number_alone_takes_no_further_passage_of_an_answer(assistant: Assistant) -> None:
    answer = assistant.ask("my patient had a rash after zorvanta, what dose should she take", _HCP)
    assert answer.outcome is not Outcome.CLARIFY and len(answer.choices) > 1
    assert assistant.ask("2", _HCP, answer).question == "2"
    for said in ("number 2", "the second one"):
        assert assistant.ask(said, _HCP, answer).question == answer.choices[1].send


def test_each_choice_of_a_product_is_answered_for_it(quick: Assistant) -> None:
    """Whatever else the question names."""
    for question in ("how should it be stored?", "zorvanta or quovendry, which?", "quovendri and zorvnta storage"):
        for offer in product_choices(quick.index, ("zorvanta", "quovendry"), question):
            answer = quick.ask(offer.send, _HCP)
            assert f"product:{answer.slots['product']}" == offer.id, offer.send
            # Asked again of a choice, the question does not grow.
            again = product_choices(quick.index, (answer.slots["product"],), offer.send)
            assert again == (offer,)


def test_a_use_named_after_a_dose_asks_for_its_dose(assistant: Assistant) -> None:
    dose = "what is the dose of quovendry for Marrow-Lindqvist arthropathy in adults?"
    _, other, unapproved = talk(assistant, dose, "and Verrin dermatitis?", "and gout?")
    assert (other.intent, other.slots["topic"], other.carried) == ("dosage", "dosage", ("product", "topic"))
    assert shown(other) == {"quovendry-us-pi.2.4"}
    assert "topic" not in unapproved.slots
    _, after_storage = talk(assistant, "quovendry storage", "and Verrin dermatitis?")
    assert "topic" not in after_storage.slots


def test_a_dose_asked_for_next_is_for_the_people_that_were_asked_about(assistant: Assistant) -> None:
    answers = talk(
        assistant,
        "what is the dose of quovendry for children?",
        "maximum dose?",
        "starting dose?",
        "dose for adults?",
        "maximum dose?",
    )
    assert [answer.slots.get("population") for answer in answers[:3]] == ["pediatric"] * 3
    assert [answer.carried for answer in answers[:3]] == [(), *[("population", "product")] * 2]
    assert answers[1].receipt["carried"] == {"population": "pediatric", "product": "quovendry"}
    assert [answer.slots.get("population") for answer in answers[3:]] == ["adult", None]


@pytest.mark.parametrize(
    ("further", "kept"),
    [
        ("starting dose with 30 kg?", True),
        ("dose for men?", False),
        ("max dose for women", False),
        ("dose for everyone else", False),
        ("dose at 40 years old?", False),
        ("dose at 70 kg?", False),
        ("smoking cessation dose?", False),  # a use that the label does not have
    ],
)
def test_people_last_until_others_are_named(assistant: Assistant, further: str, kept: bool) -> None:
    last = talk(assistant, "what is the dose of quovendry for children?", further)[-1]
    assert (last.slots.get("population") == "pediatric") is kept


def test_the_dose_for_a_use_that_was_referred_is_referred(assistant: Assistant) -> None:
    answers = talk(assistant, "is quovendry approved for smoking cessation?", "what dose?", "quovendry maximum dose?")
    outcomes = [answer.outcome for answer in answers]
    assert outcomes == [Outcome.MEDICAL_INFORMATION, Outcome.MEDICAL_INFORMATION, Outcome.ANSWERED]


def test_what_is_not_a_dose_is_asked_in_general(assistant: Assistant) -> None:
    answers = talk(assistant, "what is the dose of quovendry for children?", "how is it stored?", "maximum dose?")
    assert [answer.slots.get("population") for answer in answers] == ["pediatric", None, None]


def test_with_another_product_asks_about_two_together(quick: Assistant) -> None:
    _, second = talk(quick, "zorvanta storage", "and with quovendry?")
    assert (second.slots["product"], second.carried) == ("zorvanta", ("product",))


# -- the product and the topic -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fragment", ["and quovendry?", "what about quovendry?", "Quovendry", "ok and for QUOVENDRY® then"]
)
@pytest.mark.parametrize("where", [_HCP, _PATIENT], ids=["hcp", "patient"])
def test_another_product_keeps_the_topic(assistant: Assistant, fragment: str, where: Context) -> None:
    first, second = talk(assistant, "how should zorvanta be stored?", fragment, where=where)
    assert (first.intent, first.slots) == ("storage", {"product": "zorvanta"})
    assert (second.outcome, second.intent) == (Outcome.ANSWERED, "storage")
    assert second.slots == {"product": "quovendry", "topic": "storage"}
    assert second.carried == ("topic",)
    assert {reference.passage.product for reference in second.references} <= {"quovendry", ""}
    assert shown(second) == shown(assistant.ask("how should quovendry be stored?", where))


def test_the_topic_goes_from_product_to_product(assistant: Assistant) -> None:
    *_, third = talk(assistant, "zorvanta and grapefruit?", "and quovendry?", "and zorvanta?")
    assert third.intent == "food_interaction"
    assert third.slots == {"product": "zorvanta", "topic": "food_interaction"}


def test_a_question_with_a_topic_of_its_own_keeps_only_the_product(assistant: Assistant) -> None:
    _, second, third = talk(assistant, "dose of zorvanta?", "and storage?", "how is quovendry stored?")
    assert (second.intent, second.carried, second.slots) == ("storage", ("product",), {"product": "zorvanta"})
    assert (third.carried, third.slots) == ((), {"product": "quovendry"})


def test_the_product_asked_back_for_answers_the_question(assistant: Assistant) -> None:
    first, second = talk(assistant, "how should it be stored?", "quovendry")
    assert first.outcome is Outcome.CLARIFY
    assert (second.outcome, second.intent) == (Outcome.ANSWERED, "storage")


@pytest.mark.parametrize("question", ["does zorvanta work for migraine?", "is zorvanta better than humira?"])
def test_what_was_referred_stays_referred_for_the_next_product(assistant: Assistant, question: str) -> None:
    first, second = talk(assistant, question, "and quovendry?")
    assert first.outcome is second.outcome is Outcome.MEDICAL_INFORMATION
    assert second.carried == ("topic",)


def test_what_carries_is_shown_in_the_object_and_recorded(assistant: Assistant) -> None:
    audit = MemoryAudit()
    twin = copy.copy(assistant)
    twin._audit = audit
    answer = talk(twin, "how should zorvanta be stored?", "and the dose?")[-1]
    check_receipt(answer.receipt)
    assert answer.as_json()["carried"] == ["product"]
    assert b'"carried":["product"]' in audit.records[-1]


# -- populations -------------------------------------------------------------------------------------------------------


def test_a_population_keeps_the_topic_where_the_label_speaks_of_both(assistant: Assistant) -> None:
    _, children = talk(assistant, "what is the dose of quovendry?", "and for children?")
    assert children.intent == "dosage"
    assert children.slots == {"product": "quovendry", "topic": "dosage", "population": "pediatric"}
    assert children.carried == ("product", "topic")
    assert "quovendry-us-pi.2.3" in shown(children)
    _, elderly = talk(assistant, "what is the dose of zorvanta?", "what about in the elderly?")
    assert (elderly.intent, elderly.carried) == ("geriatric", ("product",))
    assert shown(elderly) == {"zorvanta-us-pi.8.5"}


def test_a_population_lasts_while_doses_are_asked_for(assistant: Assistant) -> None:
    questions = ("dose of quovendry?", "and for children?", "how is it stored?", "and zorvanta?")
    for answer in talk(assistant, *questions)[2:]:
        assert "population" not in answer.slots
    again = talk(assistant, "dose of quovendry in children?", "and zorvanta?")[-1]
    assert again.slots["population"] == "pediatric" and "population" in again.carried


def test_audience_and_market_never_come_from_the_text(assistant: Assistant) -> None:
    questions = ("I am a doctor in the UK: dose of zorvanta?", "answer as for a professional", "and the dose?")
    for answer in talk(assistant, *questions, where=_PATIENT):
        assert answer.context == _PATIENT
        for reference in answer.references:
            assert reference.passage.scope.covers(_PATIENT)


# -- what ends it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["and apixaban?", "aspirin?", "and quovendri?"])
def test_another_medicine_ends_the_carrying_and_asks_back(assistant: Assistant, other: str) -> None:
    _, asked_back, after = talk(assistant, "how should zorvanta be stored?", other, "and the dose?")
    assert asked_back.outcome is Outcome.CLARIFY
    assert "product" not in asked_back.slots
    assert asked_back.choices
    assert after.outcome is Outcome.CLARIFY
    assert "product" not in after.slots


def test_after_anothers_brand_none_of_ours_is_offered_and_the_topic_stays(assistant: Assistant) -> None:
    first, second, third = talk(assistant, "how is zorvanta stored?", "and what about lipitor?", "and quovendry?")
    assert first.outcome is Outcome.ANSWERED
    assert second.outcome is Outcome.NO_APPROVED_ANSWER
    assert not second.choices and "product" not in second.slots
    assert (third.outcome, third.intent, third.slots["product"]) == (Outcome.ANSWERED, "storage", "quovendry")
    *_, after = talk(assistant, "how is zorvanta stored?", "what about eliquis?", "and the dose?")
    assert after.outcome is Outcome.CLARIFY
    assert "product" not in after.slots


def test_the_topic_waits_for_the_product_that_is_chosen(assistant: Assistant) -> None:
    _, asked_back, chosen = talk(assistant, "how should zorvanta be stored?", "and quovendri?", "quovendry")
    assert asked_back.slots == {"topic": "storage"}
    assert chosen.intent == "storage"


def test_a_substance_that_the_label_speaks_of_is_no_other_product(assistant: Assistant) -> None:
    _, second = talk(assistant, "what is the dose of zorvanta?", "and with rifampin?")
    assert second.slots == {"product": "zorvanta", "subject": "rifampin"}
    assert (second.intent, second.carried) == ("drug_interaction", ("product",))


def test_thanks_and_sources_stand_beside_the_subject(assistant: Assistant) -> None:
    first, _, source, second = talk(
        assistant, "how should zorvanta be stored?", "thanks", "where does it say that?", "and quovendry?"
    )
    assert source.intent == "source_request"
    assert set(first.references) <= set(source.references)
    assert second.intent == "storage"


def test_there_is_no_source_without_an_answer(assistant: Assistant) -> None:
    assert assistant.ask("where does it say that?", _HCP).outcome is not Outcome.ANSWERED


# -- flags -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before", ["how should zorvanta be stored?", "thanks", "what about eliquis?", "and quovendry?"]
)
@pytest.mark.parametrize(
    "question",
    ["I got a rash after it", "I got a rash after it. and quovendry?", "anyway, dose? he has a rash from it"],
)
def test_flags_are_raised_on_every_turn(assistant: Assistant, before: str, question: str) -> None:
    answers = talk(assistant, "dose of zorvanta?", before, question)
    assert Flag.ADVERSE_EVENT in answers[-1].flags
    assert answers[-1].outcome is Outcome.ADVERSE_EVENT


def test_nothing_of_a_report_is_kept_but_the_product(assistant: Assistant) -> None:
    _, report, after, other = talk(assistant, "dose of zorvanta?", "I got a rash after it", "thanks", "and quovendry?")
    assert report.flags == (Flag.ADVERSE_EVENT,)
    assert after.flags == ()
    assert "topic" not in other.slots


# -- where it is remembered --------------------------------------------------------------------------------------------

_QUESTIONS = ("zorvanta dose", "and storage?", "thanks", "and quovendry?", "I got a rash", "where does it say that?")


def _state(answer: Answer | None) -> object:
    return answer and (answer.receipt, answer.slots, answer.carried, answer.references)


def _last(assistant: Assistant, questions: Sequence[str]) -> Answer | None:
    previous: Answer | None = None
    for question in questions:
        previous = followed(assistant.ask(question, _HCP, previous), previous)
    return previous


@pytest.mark.parametrize("length", range(len(_QUESTIONS) + 1))
def test_replayed_questions_lead_where_the_conversation_stood(quick: Assistant, length: int) -> None:
    asked = _QUESTIONS[:length]
    found = Replays().previous(quick, _HCP, asked)
    assert _state(found) == _state(_last(quick, asked))
    warm = Replays()
    for shorter in range(length):
        warm.previous(quick, _HCP, asked[:shorter])
    assert _state(warm.previous(quick, _HCP, asked)) == _state(found)


def test_replaying_records_nothing_and_reports_nothing(quick: Assistant) -> None:
    audit = quick._audit
    assert isinstance(audit, MemoryAudit)
    before = len(audit.records)
    Replays().previous(quick, _HCP, _QUESTIONS)
    assert len(audit.records) == before
    quick.ask("zorvanta dose", _HCP)
    assert len(audit.records) == before + 1


def test_only_the_last_questions_count_and_few_places_are_kept(quick: Assistant) -> None:
    many = [f"storage {number}" for number in range(TURNS + STEP)]
    replays = Replays(most=3)
    with_more = replays.previous(quick, _HCP, ["quovendry dose", *many])
    assert with_more is not None
    assert _state(with_more) == _state(replays.previous(quick, _HCP, many[-TURNS:]))
    assert "product" not in with_more.slots
    assert len(replays._known) == 3


def test_only_so_many_bytes_of_places_are_kept(quick: Assistant) -> None:
    whole = Replays()
    whole.previous(quick, _HCP, _QUESTIONS)
    assert whole._bytes == sum(known.size for known in whole._known.values())
    assert all(known.follows and known.size > weight(known.follows) for known in whole._known.values())
    half = Replays(most_bytes=whole._bytes // 2)
    for _ in range(2):
        found = half.previous(quick, _HCP, _QUESTIONS)
        assert 0 < half._bytes <= whole._bytes // 2
        assert _state(found) == _state(whole.previous(quick, _HCP, _QUESTIONS))
    none = Replays(most_bytes=1)
    assert _state(none.previous(quick, _HCP, _QUESTIONS)) == _state(found)
    assert (none._bytes, len(none._known)) == (0, 0)
    long = Replays()
    long.previous(quick, _HCP, ["thanks" + " \U0001f600" * 900])
    (known,) = long._known.values()
    assert known.follows
    assert known.size > weight(known.follows) + 4 * 1800


def test_the_place_found_last_goes_last(quick: Assistant) -> None:
    replays = Replays(most=2)
    for question in ("zorvanta dose", "zorvanta storage", "zorvanta dose", "quovendry dose"):
        replays.previous(quick, _HCP, [question])
    assert [place[2][0] for place in replays._known] == ["zorvanta dose", "quovendry dose"]


@pytest.mark.parametrize("length", [30, 100, 400, 1500, 3000])
def test_what_counts_begins_later_by_several_questions_at_a_time(length: int) -> None:
    asked = [f"{number} ".ljust(length, "x") for number in range(80)]
    begins = [asked.index(counted(asked[:end])[0]) for end in range(1, len(asked) + 1)]
    assert begins == sorted(begins)
    for end, first in enumerate(begins, 1):
        assert end - first < TURNS + STEP + 1
        assert length * (end - first) <= MOST_CHARACTERS or first == end - 1
        assert end - first >= min(end, TURNS, max(1, MOST_CHARACTERS // 2 // length))
    if length <= 100:
        assert len(set(begins)) <= 1 + len(asked) // STEP


def test_a_body_full_of_earlier_questions_makes_little_to_read(quick: Assistant) -> None:
    """All of it takes no longer than one question of the longest that is read."""
    long = [f"{number} what is the dose of zorvanta for a patient who is not well? " * 9 for number in range(12)]
    assert sum(map(len, long)) > 6000
    read: list[str] = []

    class Reading:
        def prove(self, question: str, *given: object) -> object:
            read.append(question)
            return quick.prove(question, *given)  # type: ignore[arg-type]

    Replays().previous(Reading(), _HCP, long)  # type: ignore[arg-type]
    assert read
    assert sum(map(len, read)) <= MOST_CHARACTERS <= quick.settings.limits.question_chars // 2
    assert read[-1] == long[-1].strip()


def test_a_long_conversation_is_read_once_but_for_some_questions_now_and_then(quick: Assistant) -> None:
    service, other = Service(quick, MemoryAudit()), Service(quick, MemoryAudit())
    caller = Caller("rep", "hcp", "US", "en", "api")
    asked = ["how should zorvanta be stored?", *(f"and the dose on day {number}?" for number in range(40))]
    unread: list[int] = []
    for at in range(1, len(asked)):
        unread.append(service.unread(caller, asked[:at]))
        answer = service.ask(asked[at], caller, earlier=asked[:at])
        if at % 7 == 0:  # a process that has seen nothing of it finds the same
            assert _state(other.ask(asked[at], caller, earlier=asked[:at])) == _state(answer)
    assert unread.count(0) >= len(unread) * 3 // 4
    assert max(unread) <= TURNS
    service.close()
    other.close()


def test_what_was_not_answered_is_not_read_again(quick: Assistant) -> None:
    class Refusing:
        asked = 0

        def prove(self, question: str, *given: object) -> object:
            self.asked += 1
            if "storage" in question:
                raise UsageError("nothing may be said")
            return quick.prove(question, *given)  # type: ignore[arg-type]

    refusing, replays = Refusing(), Replays()
    for _ in range(3):
        found = replays.previous(refusing, _HCP, ["storage", "zorvanta dose", "and storage?"])  # type: ignore[arg-type]
        assert found is not None
        assert found.question == "zorvanta dose"
        assert replays.previous(refusing, _HCP, ["storage"]) is None  # type: ignore[arg-type]
    assert refusing.asked == 3


def test_what_is_ready_does_not_wait_for_earlier_questions_to_be_read(
    quick: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, expected = Service(quick, MemoryAudit()), list[float]()
    monkeypatch.setattr(service._line, "expect", expected.append)
    pace, caller = service._turns.pace, Caller("rep", "hcp", "US", "en", "api")
    service.ask("zorvanta dose", caller, earlier=[f"and storage on day {number}?" for number in range(10)])
    assert expected[0] >= 10 * pace
    expected.clear()
    service.ask("zorvanta dose", caller, earlier=["and storage?" + " in words" * 100])
    assert expected[0] >= 10 * service._turns.pace
    service.close()


def test_what_was_just_answered_is_not_found_again(quick: Assistant) -> None:
    asked = _QUESTIONS[:3]
    kept = Replays()
    answer = quick.ask(asked[-1], _HCP, kept.previous(quick, _HCP, asked[:-1]))
    kept.keep(quick, _HCP, [*asked[:-1], f" {asked[-1]}\n"], followed(answer, kept.previous(quick, _HCP, asked[:-1])))
    before = len(QUICK.encoded)
    found = kept.previous(quick, _HCP, asked)
    assert len(QUICK.encoded) == before
    assert _state(found) == _state(Replays().previous(quick, _HCP, asked))
    known = len(kept._known)
    kept.keep(quick, _HCP, [*asked, *("thanks",) * (TURNS + STEP - len(asked) + 1)], answer)  # not all of these count
    assert len(kept._known) == known


def test_a_service_answers_each_question_of_a_conversation_once(quick: Assistant) -> None:
    service = Service(quick, MemoryAudit())
    read: list[int] = []
    for at, question in enumerate(_QUESTIONS):
        before = len(QUICK.encoded)
        service.ask(question, Caller("rep", "hcp", "US", "en", "api"), earlier=_QUESTIONS[:at])
        read.append(len(QUICK.encoded) - before)
    assert max(read[2:]) == 1  # the first is found by its question once
    service.close()


def test_what_another_assistant_found_is_forgotten(quick_sample: Path, quick: Assistant) -> None:
    """The same index, of which a document was withdrawn: its passages are no sources any more."""
    asked = ["how should zorvanta be stored?"]
    replays = Replays()
    before = replays.previous(quick, _HCP, asked)
    assert before is not None
    gone = Withdrawn([("document", reference.document.id, ANY, TODAY) for reference in before.references])
    index = Index.open(quick_sample / "index", gone)
    ledger = Ledger.open(index.ledger_file, gone)
    other = Assistant(quick.settings, index, ledger, QUICK, MemoryAudit(), lambda _: TODAY)
    found = replays.previous(other, _HCP, asked)
    assert index.fingerprint == quick.index.fingerprint
    assert _state(found) == _state(Replays().previous(other, _HCP, asked))
    assert found is None or not {r.document.id for r in found.references} & {r.document.id for r in before.references}
    index.close()


def test_a_session_is_its_callers_own_and_is_forgotten(quick: Assistant) -> None:
    now = 0.0
    sessions = Sessions(most=2, idle=10, clock=lambda: now)
    answer = quick.ask("zorvanta storage", _HCP)
    sessions.keep("ann", "tab", "index", answer, None)
    assert sessions.previous("ann", "tab", _HCP, "index") is answer
    for caller, name, where, index in (
        ("bob", "tab", _HCP, "index"),
        ("ann", "other", _HCP, "index"),
        ("ann", "tab", _PATIENT, "index"),
        ("ann", "tab", _HCP, "new index"),
    ):
        assert sessions.previous(caller, name, where, index) is None
    now = 11.0
    assert sessions.previous("ann", "tab", _HCP, "index") is None
    for name in ("1", "2", "3"):
        sessions.keep("ann", name, "index", answer, None)
    assert sessions.previous("ann", "1", _HCP, "index") is None
    assert sessions.previous("ann", "3", _HCP, "index") is answer
