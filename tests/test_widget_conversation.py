"""The widget in a conversation of which the service remembers nothing: two processes that take turns, in a browser."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.pipeline import Assistant
from assistant.serving.conversation import MOST_CHARACTERS, TURNS, counted
from assistant.serving.web.app import make_app
from assistant.serving.web.bodies import LONGEST_QUESTION
from assistant.serving.web.callers import Caller
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings
from tests.browsing import PATIENCE, chromium, served
from tests.fakes import MemoryAudit
from tests.serving import service_over

SETTINGS = ServeSettings(rate="1000000/minute")
QUESTION = "zorvanta with clarithromycin?"  # answered with a passage, even by the fake encoder
FOLLOWING = "how should it be stored?"
SOURCES = "what is your source?"
PICK = "passage:zorvanta-us-pi.5.1"
LISTEN = "window.answers = []; addEventListener('onlabel-answer', (event) => answers.push(event.detail.answer));"
BEFORE = "(turns) => customElements.get('onlabel-chat').before(turns, null)"
Json = dict[str, Any]


class Balanced:
    """Sends each question to another process than the one before; what is no question goes to the first."""

    def __init__(self, *processes: ASGIApp) -> None:
        self._first = processes[0]
        self._next = itertools.cycle(processes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["path"] == "/v1/ask"
        await (next(self._next) if asks else self._first)(scope, receive, send)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def audits() -> tuple[MemoryAudit, MemoryAudit]:
    """What each of the two processes records: nothing else is theirs."""
    return MemoryAudit(), MemoryAudit()


@pytest.fixture
def origin(quick_sample: Path, audits: tuple[MemoryAudit, MemoryAudit]) -> Iterator[str]:
    services = [service_over(quick_sample, audit, SETTINGS) for audit in audits]
    with served(Balanced(*(make_app(service, SETTINGS) for service in services))) as address:
        yield address
    for service in services:
        service.close()


@dataclass(frozen=True, slots=True)
class Chat:
    """The widget on its page; ``sent`` are the bodies of its requests."""

    page: Any
    sent: list[Json]

    def ask(self, question: str) -> Json:
        """The answer to what was typed, once it is shown."""
        self.page.get_by_label("Your question").fill(question)
        return self._shown(lambda: self.page.keyboard.press("Enter"))

    def choose(self, send: str) -> Json:
        """The answer to the choice of the last answer that sends ``send``."""
        (label,) = (choice["label"] for choice in self.answers[-1]["choices"] if choice["send"] == send)
        button = self.page.locator("article").last.locator(".choices").get_by_role("button", name=label, exact=True)
        return self._shown(button.click)

    def _shown(self, asks: Callable[[], object]) -> Json:
        before = self.page.locator("article").count()
        asks()
        self.page.locator("article").nth(before).locator(".check, .changed, .failed").wait_for()
        return self.answers[-1] if self.answers else {}

    @property
    def answers(self) -> list[Json]:
        found: list[Json] = self.page.evaluate("answers")
        return found

    @property
    def earlier(self) -> list[str] | None:
        """What was sent along with the last question; None: nothing was."""
        assert set(self.sent[-1]) <= {"question", "product", "earlier"}
        return self.sent[-1].get("earlier")


@pytest.fixture
def open_chat(browser: Any, origin: str) -> Iterator[Callable[..., Chat]]:
    contexts: list[Any] = []

    def opened(query: str = "") -> Chat:
        contexts.append(browser.new_context())
        contexts[-1].set_default_timeout(PATIENCE)
        contexts[-1].add_init_script(LISTEN)
        page = contexts[-1].new_page()
        sent: list[Json] = []
        page.on("request", lambda request: sent.append(request.post_data_json) if "/v1/ask" in request.url else None)
        page.goto(f"{origin}/widget/demo{query}")
        return Chat(page, sent)

    yield opened
    for context in contexts:
        context.close()


def remembered(assistant: Assistant, questions: Sequence[str], product: str = "") -> list[Json]:
    """The answers by one process that remembers the conversation."""
    service, id, answers = Service(assistant, MemoryAudit()), "", []
    for question in questions:
        answer = service.ask(question, Caller("one", "hcp", "US", "en", "widget"), product=product, previous_id=id)
        id = answer.receipt["receipt_sha256"]
        answers.append(json.loads(json.dumps(answer.as_json())))
    service.close()
    return answers


# -- whoever answers, the conversation is the same ---------------------------------------------------------------------


@pytest.mark.parametrize("product", ["", "quovendry"])
def test_two_processes_that_know_nothing_answer_as_one_that_remembers(
    open_chat: Callable[..., Chat], quick: Assistant, audits: tuple[MemoryAudit, MemoryAudit], product: str
) -> None:
    questions = [
        "how should zorvanta be stored?", SOURCES, "and quovendry?", "thanks", SOURCES, "what is the dose of zorvanta?",
        PICK, FOLLOWING, "and quovendri?", "quovendry", "I got a rash after it", FOLLOWING,
    ]  # fmt: skip
    chat = open_chat(f"?product={product}" if product else "")
    shown = [chat.ask(question) for question in questions]
    assert shown == remembered(quick, questions, product)
    assert any(answer["carried"] for answer in shown)
    assert chat.earlier == questions[:-1]
    recorded = [[json.loads(record)["question"] for record in audit.records] for audit in audits]
    assert recorded == [questions[::2], questions[1::2]]  # each once, and by the one that showed it


def test_what_is_carried_over_is_said_and_proved(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    chat.ask(QUESTION)
    chat.ask(FOLLOWING)
    article = chat.page.locator("article").last
    assert article.locator(".carried").inner_text() == "Still about: product zorvanta"
    assert "Receipt checked" in article.locator(".check").inner_text()


def test_the_sources_of_the_answer_before_are_found_by_another_process(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    first = chat.ask(QUESTION)
    sources = chat.ask(SOURCES)
    assert sources["intent"]["name"] == "source_request"
    assert [one for one in sources["references"] if one in first["references"]] == first["references"]
    assert "7.1 Effect of Other" in chat.page.locator("article").last.locator(".sources").inner_text()


def test_a_choice_is_sent_along_as_what_it_sent(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    offered = [choice["send"] for choice in chat.ask("zorvanta liver")["choices"]]
    pick = next(send for send in offered if send.startswith("passage:"))
    picked, passage = chat.choose(pick), pick.removeprefix("passage:")
    assert (chat.sent[-1]["question"], chat.earlier) == (pick, ["zorvanta liver"])
    assert picked["references"][0]["passage"] == passage
    assert chat.page.locator("article").last.locator(".asked").inner_text() != f"You asked: {pick}"
    sources = chat.ask(SOURCES)
    assert chat.earlier == ["zorvanta liver", pick]
    assert passage in {reference["passage"] for reference in sources["references"]}
    assert chat.ask(FOLLOWING)["slots"]["product"] == "zorvanta"


def test_the_product_that_is_chosen_counts_from_then_on(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    assert chat.ask("what is the dose")["outcome"] == "clarify"
    chat.choose("QUOVENDRY: what is the dose")
    assert chat.earlier == ["what is the dose"]
    after = chat.ask(FOLLOWING)
    assert (after["slots"], after["carried"]) == ({"product": "quovendry"}, ["product"])


# -- what is not sent --------------------------------------------------------------------------------------------------


def test_a_new_conversation_begins_with_nothing(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    chat.ask(QUESTION)
    assert chat.earlier is None
    chat.ask(FOLLOWING)
    assert chat.earlier == [QUESTION]
    chat.page.get_by_role("button", name="New conversation").click()
    assert chat.ask(FOLLOWING)["outcome"] == "clarify"
    assert chat.earlier is None


def test_only_questions_whose_answer_was_shown_are_sent_along(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    chat.ask(QUESTION)
    chat.page.route("**/v1/ask", lambda route: route.fulfill(status=503, json={}))
    chat.ask("how should quovendry be stored?")

    def changed(route: Any) -> None:
        answer = route.fetch().json()
        route.fulfill(json=answer | {"text": answer["text"] + " "})

    chat.page.unroute("**/v1/ask")
    chat.page.route("**/v1/ask", changed)
    chat.ask("what is the dose of quovendry?")
    chat.page.unroute("**/v1/ask")
    after = chat.ask(FOLLOWING)
    assert chat.earlier == [QUESTION]
    assert after["slots"]["product"] == "zorvanta"


def test_what_was_asked_of_one_service_is_not_told_to_another(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    chat.ask(QUESTION)
    change = "(to) => document.querySelector('onlabel-chat').setAttribute('endpoint', to)"
    chat.page.evaluate(change, "/")
    chat.ask(FOLLOWING)
    assert chat.earlier == [QUESTION]
    chat.page.evaluate(change, "/../")
    chat.ask(FOLLOWING)
    assert chat.earlier is None


# -- long conversations ------------------------------------------------------------------------------------------------


def test_a_long_conversation_stays_with_its_medicine_on_the_page_of_another(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat("?product=quovendry")
    chat.ask(QUESTION)
    for number in range(TURNS + 2):
        answer = chat.ask(f"{FOLLOWING} {number}")
        assert (answer["slots"]["product"], answer["carried"]) == ("zorvanta", ["product"])
        assert len(chat.earlier or ()) <= TURNS
    assert (chat.earlier or [])[0] == QUESTION
    assert chat.ask("and quovendry?")["slots"]["product"] == "quovendry"


def turns(*said: str) -> list[Json]:
    """Questions as the widget keeps them: `zed!` names zed, after `zed` it is still about it, after `-` about none."""
    return [
        {"question": f"{at} {word}", "product": word.strip("!-"), "named": word.endswith("!")}
        for at, word in enumerate(said)
    ]


def test_at_most_so_many_questions_are_sent_and_the_beginning_rarely_moves(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    conversation = turns("a!", *("a",) * 40)
    begun = set()
    for length in range(1, len(conversation) + 1):
        sent = chat.page.evaluate(BEFORE, conversation[:length])["earlier"]
        whole = [turn["question"] for turn in conversation[:length]]
        rest = len(sent) - (length > TURNS)
        assert sent == (whole if length <= TURNS else [whole[0], *whole[-rest:]])
        assert len(sent) <= TURNS
        assert len(sent) > TURNS // 2 or length <= TURNS // 2
        assert len(counted(sent)) == len(sent)
        begun.add(tuple(sent[:2]))
    assert len(begun) <= 2 + len(conversation) // (TURNS // 2)


#: What was asked, and the question that stays in front of the last ones.
LONG: tuple[tuple[tuple[str, ...], str], ...] = (
    (("a!", *("a",) * 14), "0 a!"),
    (("a!", "b!", *("b",) * 14), "1 b!"),  # of those that named one, the one that it is still about
    (("a!", "a!", "b!", "a!", *("a",) * 14), "3 a!"),
    (("a!", *("a",) * 9, "b!", *("b",) * 4), "0 a!"),  # those that were asked before the other was named are about it
    (("a!", *("a",) * 5, "b!", *("b",) * 8), ""),  # what is sent names it itself
    (("a!", *("a",) * 4, *("-",) * 2, *("b",) * 8), ""),  # it ended before: what follows is the page's
    (("a!", *("a",) * 5, *("-",) * 8), "0 a!"),  # it ends in what is sent
    (("a", *("a",) * 14), ""),  # the page named it
    (("a!", *("-",) * 9, *("b",) * 6), ""),  # another than was named: the page's
    (("a!", *("-",) * 20), ""),
)


def test_the_question_that_named_the_medicine_stays_in_front(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    for said, first in LONG:
        conversation = turns(*said)
        sent = chat.page.evaluate(BEFORE, conversation)["earlier"]
        whole = [turn["question"] for turn in conversation]
        rest = len(sent) - bool(first)
        assert sent == ([first] if first else []) + whole[-rest:], said
        assert TURNS // 2 < len(sent) <= TURNS < len(whole), said


def test_no_more_is_sent_than_is_read(open_chat: Callable[..., Chat]) -> None:
    """Or the service would leave out the question in front, and with it the medicine that it names."""
    chat = open_chat()
    for length in (1, 30, 150, 200, 500, MOST_CHARACTERS - 10):
        for letter in ("x", "\u00e9", "\U0001f600"):
            for said in (("a!", *("a",) * 20), ("a!", "a"), ("a",) * 9, ("b", "a!", "a", "a")):
                conversation = [turn | {"question": f"{turn['question']} {letter * length}"} for turn in turns(*said)]
                conversation[said.index("a!") if "a!" in said else 0]["question"] = "a"
                sent = chat.page.evaluate(BEFORE, conversation)["earlier"]
                assert list(counted(sent)) == sent
                assert sent[-1] == conversation[-1]["question"]
                assert "a" in sent or "a!" not in said or len(sent) == 1


def test_a_question_that_fills_it_alone_is_said_what_it_was_about(open_chat: Callable[..., Chat]) -> None:
    """Of the service's window it leaves no room for the one that named the medicine."""
    chat = open_chat()
    page_of_b = BEFORE.replace("null", "'b'")
    for said, product in (
        (("a!", "a"), "a"),
        (("a!", "b!"), "b"),
        (("a!", "-"), "b"),
        (("a!", "a!"), "b"),
        (("b",), "b"),
    ):
        conversation = turns(*said)
        conversation[-1]["question"] = "x" * (MOST_CHARACTERS + 1)
        sent = chat.page.evaluate(page_of_b, conversation)
        assert sent == {"product": product, "earlier": [conversation[-1]["question"]]}, said
    assert chat.page.evaluate(page_of_b, []) == {"product": "b"}
    assert chat.page.evaluate(BEFORE, []) == {}


def test_whatever_was_accepted_as_a_question_is_accepted_along_with_the_next(open_chat: Callable[..., Chat]) -> None:
    chat = open_chat()
    chat.ask(QUESTION)
    longest = ["x" * LONGEST_QUESTION, "\x01" * LONGEST_QUESTION, "\x01" * LONGEST_QUESTION]
    for question in [*longest, FOLLOWING]:
        chat.ask(question)
    assert chat.page.locator(".failed").count() == 0
    assert chat.earlier == [QUESTION]  # the others could not be read, so they stand beside the subject
    assert (chat.answers[-1]["slots"], chat.answers[-1]["carried"]) == ({"product": "zorvanta"}, ["product"])
