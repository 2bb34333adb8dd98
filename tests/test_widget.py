"""The widget in a real browser against the real service: what people see, and what they must never see."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.canonical import fingerprint, sha256_hex
from assistant.pipeline import Assistant
from assistant.serving import blocks
from assistant.serving.web import widget
from assistant.serving.web.app import make_app
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings
from assistant.workspace import sample_root
from tests.browsing import PATIENCE, axe_source, chromium, served
from tests.conftest import REPOSITORY
from tests.fakes import MemoryAudit
from tests.standalone_release import TARGETS, THIEF, Key, make_release
from tests.test_verification import AE, AE_NOTICE, LIVER, assemble

WIDGET = REPOSITORY / "widget"
FOLLOWING = "how should it be stored?"  # about what the question before was about
QUESTION = "zorvanta with clarithromycin?"  # answered with that passage first, even by the fake encoder
PASSAGE = "passage:zorvanta-us-pi.7.1"
STUDY = "passage:zorvanta-us-pi.14.2"
ADVERSE = "patient on zorvanta has a rash and was hospitalised"
#: Where pictures for docs/ are put; set it to draw them anew: ONLABEL_PICTURES=docs/pictures.
PICTURES = os.environ.get("ONLABEL_PICTURES")
WATCH = """
window.faults = [];
addEventListener("securitypolicyviolation", (e) => faults.push(`${e.violatedDirective} ${e.blockedURI}`));
addEventListener("error", (e) => faults.push(String(e.message)));
addEventListener("unhandledrejection", (e) => faults.push(String(e.reason)));
window.print = () => { window.printed = (window.printed || 0) + 1; };
"""
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def origin(quick: Assistant) -> Iterator[str]:
    with served(make_app(Service(quick, MemoryAudit()), ServeSettings(rate="10000/minute"))) as address:
        yield address


@pytest.fixture
def open_page(browser: Any, origin: str) -> Iterator[Callable[..., Any]]:
    """Opens the demo page; at the end nothing may have been violated, thrown, or loaded from elsewhere."""
    contexts: list[Any] = []
    pages: list[Any] = []
    asked: list[str] = []

    def opened(query: str = "", **options: Any) -> Any:
        settings = {"viewport": {"width": 1000, "height": 900}, "reduced_motion": "reduce"} | options
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{origin}/widget/demo{query}")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        assert page.evaluate("faults") == []
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((origin, "data:", "blob:"))] == []


def ask(page: Any, question: str) -> Any:
    """Types a question and gives the article of its answer, once it has come."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    return last(page)


def last(page: Any) -> Any:
    article = page.locator("article").last
    article.locator(".check, .changed, .failed").wait_for()
    return article


def picture(page: Any, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(PICTURES) / f"widget-{name}.png"))


def change(page: Any, how: Callable[[Answer], object], path: str = "**/v1/ask") -> None:
    """Lets ``how`` change each answer on its way to the browser."""

    def changed(route: Any) -> None:
        answer = route.fetch().json()
        how(answer)
        route.fulfill(json=answer)

    page.route(path, changed)


def sealed(answer: Answer) -> None:
    """Make the receipt anew, as a forger would who knows how."""
    rest = {key: value for key, value in answer["receipt"].items() if key != "receipt_sha256"}
    answer["receipt"]["receipt_sha256"] = fingerprint(rest)


# -- what people see --------------------------------------------------------------------------------------------------


def test_an_answer_with_its_passage_table_companion_source_and_checked_receipt(open_page: Callable[..., Any]) -> None:
    page = open_page()
    article = ask(page, QUESTION)
    passages = article.locator(".passage")
    # Whatever else the fake encoder puts near, and before it: what answers is there, and its companion goes with it.
    shown = passages.evaluate_all("all => all.map((one) => one.dataset.passage)")
    answering = passages.nth(shown.index("zorvanta-us-pi.7.1"))
    companion = passages.nth(shown.index("zorvanta-us-pi.boxed-warning-short"))
    assert "Goes with it: Boxed warning, short form" in companion.inner_text()
    assert companion.is_visible() and "serious liver injury" in companion.inner_text()
    cited = answering.locator(".cite").inner_text()
    for part in ("ZORVANTA prescribing information", "7.1 Effect of Other", "version 3", "in force since 15 January"):
        assert part in cited
    table = answering.locator("table")
    assert table.locator("thead th").all_inner_texts() == [
        "Mechanism", "Medicines (examples)", "AUC of norvastigline", "Recommendation",
    ]  # fmt: skip
    assert table.locator("tbody tr").count() == 6
    assert table.locator("td[rowspan='2']").all_inner_texts() == ["CYP3A4 inhibition", "CYP3A4 induction"]
    assert "not yet approved" in answering.locator(".tag").inner_text()
    assert "Preview" in article.locator(".preview").inner_text()
    assert "Receipt checked" in article.locator(".check").inner_text()
    assert article.locator("details:not(.check)").count() == 0  # nothing of the answer is folded
    picture(page, "answer")


def test_a_question_that_is_not_clear_is_settled_by_a_button(open_page: Callable[..., Any]) -> None:
    page = open_page()
    article = ask(page, "what is the dose")
    buttons = article.locator(".choices button")
    assert buttons.all_inner_texts() == ["QUOVENDRY", "ZORVANTA"]
    picture(page, "clarify")
    with page.expect_request("**/v1/ask") as sent:
        buttons.nth(1).click()
    body = sent.value.post_data_json
    assert body == {"question": "ZORVANTA: what is the dose", "earlier": ["what is the dose"]}
    page.locator("article").nth(1).locator(".check").wait_for()
    assert page.locator("article").nth(1).locator(".asked").inner_text().endswith("ZORVANTA")


def test_an_adverse_event_is_told_at_once_and_aloud(open_page: Callable[..., Any]) -> None:
    page = open_page()
    article = ask(page, ADVERSE)
    assert article.locator(".outcome").inner_text() == "Possible adverse event: please report it"
    assert page.get_by_role("alert").inner_text().startswith("Preview, not approved. Possible adverse event")
    picture(page, "adverse-event")


def test_copy_carries_the_exact_words_companions_and_sources(open_page: Callable[..., Any]) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    answers: list[Answer] = []
    change(page, answers.append)
    article = ask(page, PASSAGE)
    article.get_by_role("button", name="Copy with sources").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    (answer,) = answers
    assert answer["text"] in copied  # the boxed warning is part of it
    assert "Boxed Warning, Highlights" in copied and "version 3" in copied and "Preview" in copied
    assert answer["receipt"]["receipt_sha256"] in copied
    html = page.evaluate(
        "navigator.clipboard.read().then(([item]) => item.getType('text/html')).then((blob) => blob.text())"
    )
    assert "<table>" in html and "serious liver injury" in html


def test_what_was_carried_over_is_shown_and_copied(open_page: Callable[..., Any]) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    assert ask(page, QUESTION).locator(".carried").count() == 0
    ask(page, FOLLOWING)
    article = page.locator("article").nth(1)
    article.locator(".check").wait_for()
    assert article.locator(".carried").inner_text() == "Still about: product zorvanta"
    article.get_by_role("button", name="Copy with sources").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    assert "Still about: product zorvanta" in page.evaluate("navigator.clipboard.readText()")


def test_print_shows_the_whole_answer_and_nothing_else(open_page: Callable[..., Any]) -> None:
    page = open_page()
    ask(page, STUDY).get_by_role("button", name="Print").click()
    assert page.evaluate("printed") == 1
    page.emulate_media(media="print")
    sheet = page.locator("onlabel-chat-print")
    said = sheet.locator(".sheet").inner_text()
    for part in ("Boxed warning", "IMPORTANT SAFETY INFORMATION", "Table 12", "version 3", "Receipt checked"):
        assert part in said
    assert not page.get_by_role("heading", name="Approved answers").first.is_visible()
    picture(page, "print")
    assert page.pdf().count(b"/Type /Page\n") > 1  # it goes on, nothing is cut off
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.count() == 0


def test_feedback_reaches_the_service_and_a_report_in_it_gets_its_notice(open_page: Callable[..., Any]) -> None:
    page = open_page()
    article = ask(page, PASSAGE)
    with page.expect_response("**/v1/feedback") as got:
        article.get_by_role("button", name="Wrong passage").click()
    assert got.value.status == 201
    page.get_by_role("status").filter(has_text="Thank you").wait_for()
    article.get_by_label("What would have been right?").fill(ADVERSE)
    article.get_by_role("button", name="Send comment").click()
    page.locator("article").nth(1).locator(".grave").wait_for()


# -- what people must never see ---------------------------------------------------------------------------------------


def _one_letter(answer: Answer) -> None:
    answer["text"] = answer["text"].replace("25 mg", "26 mg")


def _one_letter_hashed_anew(answer: Answer) -> None:
    _one_letter(answer)
    answer["receipt"]["answer_sha256"] = sha256_hex(answer["text"].encode())
    sealed(answer)


def _without_companion(answer: Answer) -> None:
    cut = answer["spans"][1]["end"]
    answer["text"] = answer["text"].encode()[:cut].decode()
    answer["spans"], answer["receipt"]["spans"] = answer["spans"][:2], answer["receipt"]["spans"][:2]
    answer["receipt"]["answer_sha256"] = sha256_hex(answer["text"].encode())
    sealed(answer)


def _other_audience(answer: Answer) -> None:
    answer["context"]["audience"] = "patient"


def _called_approved(answer: Answer) -> None:
    answer["preview"] = False


def _other_source(answer: Answer) -> None:
    answer["references"][0]["version"] = "4"


def _shifted(answer: Answer) -> None:
    answer["spans"][0]["end"] += 1
    answer["spans"][1]["start"] += 1


def _no_receipt(answer: Answer) -> None:
    del answer["receipt"]


def _changed_receipt(answer: Answer) -> None:
    answer["receipt"]["model"] = "0" * 64


@pytest.mark.parametrize(
    "how",
    [
        _one_letter, _one_letter_hashed_anew, _without_companion, _other_audience, _called_approved, _other_source,
        _shifted, _no_receipt, _changed_receipt,
    ],
)  # fmt: skip
def test_a_tampered_answer_is_flagged_and_none_of_its_words_is_shown(
    open_page: Callable[..., Any], how: Callable[[Answer], None]
) -> None:
    page = open_page()
    change(page, how)
    article = ask(page, PASSAGE)
    assert "could not be proved" in article.locator(".changed").inner_text()
    assert article.locator(".passage, .check").count() == 0 and "norvastigline" not in article.inner_text()
    assert "could not be proved" in page.get_by_role("alert").inner_text()
    if how is _one_letter:
        picture(page, "tampered")


def _not_carried(answer: Answer) -> None:
    answer["carried"] = []


def _more_carried(answer: Answer) -> None:
    answer["slots"]["topic"] = "storage"
    answer["carried"] = ["product", "topic"]


def _carried_twice(answer: Answer) -> None:
    answer["carried"] = ["product", "product"]


def _without_its_value(answer: Answer) -> None:
    del answer["slots"]["product"]


def _other_product(answer: Answer) -> None:
    answer["slots"]["product"] = "quovendry"


def _receipt_of_nothing_carried(answer: Answer) -> None:
    del answer["receipt"]["carried"]
    sealed(answer)


def _receipt_of_another_product(answer: Answer) -> None:
    answer["receipt"]["carried"] = {"product": "quovendry"}
    sealed(answer)


@pytest.mark.parametrize(
    "how",
    [
        _not_carried, _more_carried, _carried_twice, _without_its_value, _other_product, _receipt_of_nothing_carried,
        _receipt_of_another_product,
    ],
)  # fmt: skip
def test_an_answer_that_calls_something_else_carried_is_not_shown(
    open_page: Callable[..., Any], how: Callable[[Answer], None]
) -> None:
    page = open_page()
    ask(page, QUESTION)
    change(page, how)
    ask(page, FOLLOWING)
    article = page.locator("article").nth(1)
    assert "could not be proved" in article.locator(".changed").inner_text()
    assert article.locator(".passage, .check, .carried").count() == 0


def test_text_is_never_read_as_markup(open_page: Callable[..., Any]) -> None:
    page = open_page()
    hostile = "<img src=x onerror=faults.push('ran')> \u202ereversed\u202c <b>bold</b>"

    def planted(answer: Answer) -> None:
        span, stated = answer["spans"][1], answer["receipt"]["spans"][1]
        before, after = answer["text"].encode()[: span["start"]], answer["text"].encode()[span["end"] :]
        answer["text"] = (before + hostile.encode() + after).decode()
        moved = len(hostile.encode()) - (span["end"] - span["start"])
        span["end"] += moved
        span["sha256"] = stated["sha256"] = sha256_hex(hostile.encode())
        for later in answer["spans"][2:]:
            later["start"], later["end"] = later["start"] + moved, later["end"] + moved
        answer["receipt"]["answer_sha256"] = sha256_hex(answer["text"].encode())
        answer["references"][0]["title"] = hostile
        sealed(answer)

    change(page, planted)
    article = ask(page, PASSAGE)
    assert article.locator("img, b").count() == 0
    assert "<img src=x" in article.inner_text() and "\\u202ereversed" in article.inner_text()


def test_errors_are_told_in_our_words_and_may_be_tried_again(open_page: Callable[..., Any]) -> None:
    page = open_page()
    refusal = {"schema": "onlabel.error/1", "error": "secret /srv/path"}
    page.route("**/v1/ask", lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, json=refusal))
    article = ask(page, PASSAGE)
    said = article.locator(".failed").inner_text()
    assert "try again in 7 seconds" in said and "secret" not in said
    page.unroute("**/v1/ask")
    article.get_by_role("button", name="Ask again").click()
    page.locator("article").nth(1).locator(".check").wait_for()


# -- signing in ------------------------------------------------------------------------------------------------------


def test_the_token_of_the_callback_is_sent_and_asked_for_anew_after_a_401(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.evaluate(
        "() => { document.querySelector('onlabel-chat').getToken = async ({expired}) => expired ? 'new' : 'old' }"
    )
    sent: list[str] = []

    def answered(route: Any) -> None:
        sent.append(route.request.headers.get("authorization", ""))
        if sent[-1] == "Bearer new":
            route.continue_(headers={k: v for k, v in route.request.headers.items() if k != "authorization"})
        else:
            route.fulfill(status=401, json={"schema": "onlabel.error/1", "error": "no"})

    page.route("**/v1/ask", answered)
    assert ask(page, PASSAGE).locator(".check").count() == 1
    assert sent == ["Bearer old", "Bearer new"]


def test_who_is_not_signed_in_is_asked_to(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.route("**/v1/ask", lambda route: route.fulfill(status=401, json={}))
    assert "sign in" in ask(page, PASSAGE).locator(".failed").inner_text()
    assert page.get_by_label("Access token or key").is_visible()  # the page heard of it


def test_a_token_never_travels_unencrypted(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.evaluate(
        "Object.assign(document.querySelector('onlabel-chat'), {getToken: () => 't'})"
        ".setAttribute('endpoint', 'http://onlabel.example/')"
    )
    assert "not encrypted" in ask(page, PASSAGE).locator(".failed").inner_text()


def test_cookies_are_sent_only_when_asked_for_and_with_a_header_against_forgery(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.evaluate("document.cookie = 'onlabel_csrf=a%20b; path=/'")
    with page.expect_request("**/v1/ask") as without:
        ask(page, PASSAGE)
    page.evaluate("document.querySelector('onlabel-chat').setAttribute('credentials', '')")
    with page.expect_request("**/v1/ask") as signed_in:
        ask(page, PASSAGE)
    assert "cookie" not in without.value.all_headers() and "x-csrf-token" not in without.value.headers
    headers = signed_in.value.all_headers()
    assert headers["x-csrf-token"] == "a b" and "onlabel_csrf" in headers["cookie"]


# -- trust ------------------------------------------------------------------------------------------------------------


def release_of(answer: Answer, key: Key, tmp: Mapping[str, str] | None = None) -> tuple[Answer, str, bytes]:
    """``answer`` as a release signed with ``key`` would give it, the release's signed targets, and its manifest."""
    from securesystemslib.formats import encode_canonical

    literals: dict[tuple[str, str], dict[int, list[Any]]] = {}
    subjects = []
    for span in answer["spans"]:
        known = (tmp or {}).get(span["id"], span["sha256"])
        if span["source"] == "passage":
            subjects.append(("passage", span["id"], span["version"], {"sha256": known}))
        else:
            id, _, number = span["id"].partition("#")
            literals.setdefault((id, span["version"]), {})[int(number)] = [known, 1]
    for (id, version), found in literals.items():
        whole = [found.get(at, ["0" * 64, 1]) for at in range(max(found) + 1)]
        subjects.append(("template", id, version, {"literals": whole}))
    manifest = json.dumps(
        {"subjects": [{"kind": k, "id": i, "version": v, "record": {"fields": f}} for k, i, v, f in subjects]}
    ).encode()
    signed = {"_type": "targets", "targets": {"manifest.json": {"hashes": {"sha256": sha256_hex(manifest)}}}}
    signature = key.private.sign(encode_canonical(signed).encode()).hex()
    targets = json.dumps({"signatures": [{"keyid": key.keyid, "sig": signature}], "signed": signed})
    changed = deepcopy(answer)
    changed["preview"] = False
    changed["receipt"]["release"] = {
        "name": "spring",
        "number": 3,
        "targets_sha256": hashlib.sha256(targets.encode()).hexdigest(),
    }
    sealed(changed)
    return changed, targets, manifest


def ask_release(page: Any, key: Key, pin: str | None, tmp: Mapping[str, str] | None = None) -> Any:
    """Asks as though an installed release answered; ``pin``: the ``trust`` attribute, with {targets} for the hash."""

    def answered(route: Any) -> None:
        answer, targets, manifest = release_of(route.fetch().json(), key, tmp)
        keys = {"targets": {"threshold": 1, "keys": [{"keyid": key.keyid, "public": key.public}]}}
        page.route("**/v1/trust", lambda at: at.fulfill(json={"targets": targets, "keys": keys}))
        page.route("**/v1/trust/manifest.json", lambda at: at.fulfill(body=manifest))
        if pin is not None:
            value = pin.replace("{targets}", answer["receipt"]["release"]["targets_sha256"])
            page.evaluate("(v) => document.querySelector('onlabel-chat').setAttribute('trust', v)", value)
        route.fulfill(json=answer)

    page.route("**/v1/ask", answered)
    if pin is not None:
        page.evaluate("(v) => document.querySelector('onlabel-chat').setAttribute('trust', v)", pin)
    article = ask(page, PASSAGE)
    if article.locator(".check summary").count():
        article.locator(".check summary").click()
    return article


@pytest.mark.parametrize("pin", ["sha256:{targets}", f"ed25519:{TARGETS.public}"])
def test_an_answer_of_the_pinned_release_or_key_says_so(open_page: Callable[..., Any], pin: str) -> None:
    page = open_page()
    article = ask_release(page, TARGETS, pin)
    said = article.locator(".check").inner_text()
    assert "checked, against what this page pins" in said and "release spring 3" in said
    assert article.locator(".tag").first.inner_text() == "Approved passage"
    assert article.locator(".preview").count() == 0
    if pin.startswith("ed"):
        picture(page, "pinned")


def test_a_key_from_the_same_server_is_shown_as_just_that(open_page: Callable[..., Any]) -> None:
    said = ask_release(open_page(), TARGETS, None).locator(".check").inner_text()
    assert "offered by the same server that answered" in said and "pins nothing" in said


@pytest.mark.parametrize(
    ("pin", "known", "why"),
    [
        (f"ed25519:{THIEF.public}", {}, "not signed by the key"),
        (f"sha256:{'0' * 64}", {}, "not the one"),
        (f"ed25519:{TARGETS.public}", {"zorvanta-us-pi.7.1": "0" * 64}, "zorvanta-us-pi.7.1 is not in the pinned"),
        (f"ed25519:{TARGETS.public}", {"hcp-safety#0": "0" * 64}, "hcp-safety#0 is not in the pinned"),
        ("sha256:oops", {}, "no pin"),
    ],
)
def test_an_answer_that_is_not_of_what_is_pinned_is_not_shown(
    open_page: Callable[..., Any], pin: str, known: dict[str, str], why: str
) -> None:
    article = ask_release(open_page(), TARGETS, pin, known)
    assert why in article.locator(".changed").inner_text()
    assert article.locator(".passage").count() == 0


@pytest.mark.parametrize("blocks", [LIVER, (AE_NOTICE, *LIVER)])
def test_a_release_as_it_is_really_signed_is_believed_under_its_key(
    open_page: Callable[..., Any], tmp_path: Path, blocks: tuple[Any, ...]
) -> None:
    released = make_release(tmp_path / "release")
    more = AE if blocks != LIVER else {}
    answer = released.answer(assemble(released.world, *blocks, **more))
    targets = (released.folder / "metadata" / "1.targets.json").read_text()
    (manifest,) = (released.folder / "targets").glob("*.manifest.json")
    released.world.ledger.close()
    page = open_page(f"?trust=ed25519:{TARGETS.public}")
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer))
    page.route("**/v1/trust", lambda route: route.fulfill(json={"targets": targets, "keys": {}}))
    page.route("**/v1/trust/manifest.json", lambda route: route.fulfill(body=manifest.read_bytes()))
    assert "against what this page pins" in ask(page, "x").locator(".check").inner_text()


def test_without_web_crypto_the_answer_says_that_it_was_not_checked(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.evaluate("Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})")
    article = ask(page, PASSAGE)
    assert "Receipt not checked" in article.locator(".check").inner_text()
    page.evaluate("document.querySelector('onlabel-chat').setAttribute('trust', 'sha256:' + '0'.repeat(64))")
    assert "cannot check it" in ask(page, PASSAGE).locator(".changed").inner_text()


def test_a_preview_is_not_shown_where_a_release_is_pinned(open_page: Callable[..., Any]) -> None:
    article = ask(open_page(f"?trust=ed25519:{TARGETS.public}"), PASSAGE)
    assert "comes from no release" in article.locator(".changed").inner_text()


# -- for everybody ----------------------------------------------------------------------------------------------------


def test_everything_works_by_keyboard_alone(open_page: Callable[..., Any]) -> None:
    page = open_page()
    focused = "document.querySelector('onlabel-chat').shadowRoot.activeElement?.textContent"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focused.replace('?.textContent', '?.id')}") == "question":
            break
    page.keyboard.type("what is the dose")
    page.keyboard.press("Enter")
    last(page)
    assert page.evaluate(focused.replace("?.textContent", "?.id")) == "question"  # asking does not move the focus
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate(focused) == "ZORVANTA":
            break
    page.keyboard.press("Enter")
    page.locator("article").nth(1).locator(".check, .changed").wait_for()
    assert page.evaluate(focused) == "You asked: ZORVANTA"  # whoever chose goes on from the new answer
    page.keyboard.press("Tab")
    assert page.evaluate(focused) is not None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(open_page: Callable[..., Any], scheme: str) -> None:
    source = axe_source()
    page = open_page(color_scheme=scheme, bypass_csp=True)
    for question in ("what is the dose", ADVERSE, STUDY):
        ask(page, question)
    page.locator(".check summary").last.click()
    page.locator("article").last.get_by_role("button", name="Wrong passage").click()
    page.get_by_label("What would have been right?").wait_for()
    page.evaluate(source)
    run = (
        "axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})"
        ".then((found) => found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + n.failureSummary)}`))"
    )
    assert page.evaluate(run) == []
    if scheme == "dark":
        page.locator(".log").evaluate("(log) => { log.scrollTop -= 500; }")
        picture(page, "dark")


def test_a_narrow_screen_shows_everything_and_does_not_scroll_sideways(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, device_scale_factor=2)
    article = ask(page, QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert article.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    scroller = article.locator(".scroller").first
    assert scroller.evaluate("(one) => one.scrollWidth > one.clientWidth")  # the table alone moves
    scroller.and_(page.locator("[tabindex='0']")).wait_for()
    assert article.locator(".passage").nth(1).evaluate("(one) => one.getBoundingClientRect().right <= 360")
    for control in article.get_by_role("button").all():
        box = control.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 24  # WCAG 2.2, 2.5.8
    picture(page, "phone")


# -- where it may run -------------------------------------------------------------------------------------------------


def page_of(origin: str, integrity: str) -> str:
    return (
        f'<!doctype html><html lang="en"><title>x</title><script src="{origin}/widget/onlabel-chat.js" '
        f'integrity="{integrity}" crossorigin defer></script><onlabel-chat endpoint="{origin}/"></onlabel-chat>'
    )


def test_a_page_of_another_origin_is_refused_and_one_on_the_list_is_served(quick: Assistant, browser: Any) -> None:
    integrity = widget.asset("onlabel-chat.js").integrity
    pages: dict[str, str] = {}
    elsewhere = Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(pages["body"])),
            Route("/frame", lambda _: HTMLResponse(f'<iframe src="{pages["service"]}/widget/demo"></iframe>')),
            Route("/own", lambda _: HTMLResponse(pages["body"].replace(f'src="{pages["service"]}', 'src="'))),
            Route("/widget/onlabel-chat.js", lambda asked: widget.respond(asked, widget.asset("onlabel-chat.js"))),
        ]
    )
    with served(elsewhere) as other:
        for origins, expected in (((), ".failed"), ((other,), ".check")):
            settings = ServeSettings(rate="10000/minute", origins=origins)
            with served(make_app(Service(quick, MemoryAudit()), settings)) as service:
                pages.update(service=service, body=page_of(service, integrity))
                page = browser.new_page()
                page.set_default_timeout(PATIENCE)
                page.goto(f"{other}/own")  # the script comes from its own place, the service must still refuse
                ask(page, PASSAGE)
                assert page.locator("article").locator(expected).count() == 1
                if origins:  # with the script from the service, under its hash
                    page.goto(other)
                    assert ask(page, PASSAGE).locator(".check").count() == 1
                else:
                    page.goto(f"{other}/frame")
                    assert "Ask about" not in page.frames[1].content()
                page.close()


def test_the_file_is_served_with_its_hash_and_asked_for_again_only_when_it_changed(quick: Assistant) -> None:
    client = TestClient(make_app(Service(quick, MemoryAudit()), ServeSettings()), base_url="http://127.0.0.1")
    first = client.get("/widget/onlabel-chat.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = client.get("/widget/onlabel-chat.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/widget/onlabel-chat.js", headers={"If-None-Match": '"other"'}).status_code == 200
    integrity = client.get("/widget/integrity.json").json()["integrity"]
    demo = client.get("/widget/demo")
    assert f'integrity="{integrity}"' in demo.text
    policy = demo.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "<script>" not in demo.text and "style=" not in demo.text


def test_the_built_file_is_small_and_of_these_sources() -> None:
    built = widget.asset("onlabel-chat.js").data
    assert len(gzip.compress(built, 9)) < 40_000
    sources = WIDGET / "src"
    if not sources.is_dir():
        pytest.skip("the sources of the widget are not here")
    digest = hashlib.sha256()
    for path in sorted(sources.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    assert digest.hexdigest() in built[:200].decode(), "run `npm run build` in widget/"
    assert b"innerHTML" not in built and b"https://" not in built


# -- passages as blocks, as the Python package reads them -------------------------------------------------------------


def as_json(thing: Any) -> Any:
    """A block of assistant.serving.blocks in the shape of widget/src/blocks.ts."""
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, tuple | list):
        return [as_json(item) for item in thing]
    if not is_dataclass(thing):
        return thing
    said = {item.name: as_json(getattr(thing, item.name)) for item in fields(thing)}
    if isinstance(thing, blocks.Run):
        return said if thing.mark is blocks.Mark.PICTURE else {"mark": said["mark"], "text": said["text"]}
    if isinstance(thing, blocks.Item | blocks.Cell | blocks.Note):
        return said
    return {"type": type(thing).__name__.lower(), **said}


HOSTILE = [
    "", "\r\n\r\n", "\ufeffbegin", "- 5\n- \n  - x\n  1. y\n    z", "a.\n\nii. x\n٣. Arabic digit\n²- no",
    "| a || b |\n|---|---|---|\n| ^^ | c\\|d | <br>e |\n| ^^ | ^^ || |", "|---|\n|", "| a | b\n| :---: | ---|",
    "[^1]: note\nmore\n[^2]:", "[^a\x1cb] [^a\ufeffb] [^x]", "![c](f(1)(2).jpg)", "![c](f.jpg) after", "x ![](y) z",
    "<sup>a[^1]</sup><sub></sub><sup>b</sub>", "## \n## T", "##no\n ## no", "{{ x }} {% y %} $1 \\1 [SPAN_1]",
    "\u2028line\u2029sep\x0bvt\x85nel", "|" + "|" * 120 + "\n|---|", "- " + "\n  - ".join("abc"),
    "e\u0301 \u200b \u202e",
]  # fmt: skip


def test_passages_are_read_as_the_python_package_reads_them(open_page: Callable[..., Any]) -> None:
    folder = sample_root() / "approved_corpus"
    texts = [path.read_text(encoding="utf-8").partition("\n---\n")[2] for path in sorted(folder.rglob("*.md"))]
    texts += HOSTILE
    texts += [text[cut : cut + 300] for text in texts for cut in (7, 101) if len(text) > 400]
    page = open_page()
    read = page.evaluate("(all) => all.map(customElements.get('onlabel-chat').blocks)", texts)
    assert len(texts) > 100
    for text, found in zip(texts, read, strict=True):
        assert found == as_json(blocks.parse(text.encode())), text
