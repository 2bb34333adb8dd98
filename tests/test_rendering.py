"""Rendering: pieces, never strings; whatever a passage holds comes out as it went in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.rendering import Literal, Renderer, lay_out
from assistant.canonical import sha256_hex
from assistant.content.templates import Template, parse
from assistant.domain import CHANNELS, Context, Kind, Passage, Scope
from assistant.errors import IntegrityError

_DAY = dt.date(2026, 11, 21)
_SCOPE = Scope(("hcp",), ("US",), "en", CHANNELS, dt.date(2026, 1, 1))
_CONTEXT = Context("hcp", "US", "en", "cli", _DAY)
_ANSWER = "Before\u00a0it:\n{% for p in answers %}{{ p }}{% if not loop.last %} \n--\n-{% endif %}{% endfor %}after"


def template(
    body: str, use: str = "answer", id: str = "t", intents: tuple[str, ...] = (), scope: Scope = _SCOPE
) -> Template:
    return Template(id, "1", use, intents, scope, body, parse(body, use, id)[1])


def passage(text: bytes, id: str = "p") -> Passage:
    return Passage(id, "1", "d", "zed", text, sha256_hex(text), "storage", (), Kind.NEUTRAL, "1", "Title", 1, _SCOPE)


_LOOKS_LIKE_MARKUP = st.sampled_from(
    ["{{ p }}", "{{ answers }}", "{%", "%}", "{#", "#}", "{% endfor %}", "[SPAN_1]", "[CITATION_REFS]", "$x",
     "${x}", "%s", "\\", "\\n",
     "%(a)s", "{0}", "\r\n", "\r", "\x00", "\u00a0", "e\u0301", "\u200b", "\ufeff", "\u202e",
     "\u05d0", "&amp;", "<script>", "literal_0", "5",
     "[1, 2]", "None", "'x'"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1),
    st.lists(_LOOKS_LIKE_MARKUP, min_size=1).map("".join),
)


@given(st.lists(_TEXTS, min_size=1, max_size=3))
def test_passages_come_through_byte_for_byte(texts: list[str]) -> None:
    passages = [passage(text.encode(), f"p{n}") for n, text in enumerate(texts)]
    made = template(_ANSWER)
    rendered = lay_out([Renderer([made]).block(made, passages, "answer")])
    assert rendered.text == "Before\u00a0it:\n".encode() + b" \n--\n-".join(p.text for p in passages) + b"after"
    shown = [rendered.text[span.start : span.end] for span in rendered.spans if span.source == "passage"]
    assert shown == [p.text for p in passages]


@given(st.lists(_TEXTS, min_size=1, max_size=3), st.sampled_from(["answer", "companion"]))
def test_spans_cover_the_text_and_say_what_stands_there(texts: list[str], role: str) -> None:
    passages = [passage(text.encode(), f"p{n}") for n, text in enumerate(texts)]
    made = template(_ANSWER)
    rendered = lay_out([Renderer([made]).block(made, passages, role), []])
    at = 0
    for span in rendered.spans:
        assert span.start == at < span.end
        assert span.sha256 == sha256_hex(rendered.text[span.start : span.end])
        assert (span.role, span.document, span.locator) == (
            (role, "d", "1") if span.source == "passage" else ("", "", "")
        )
        at = span.end
    assert at == len(rendered.text)


@given(_TEXTS)
def test_a_literal_is_never_taken_for_a_passage(text: str) -> None:
    """A template's own words, whatever they look like, come out as its numbered literals."""
    made = replace(template("x{{ passage }}y", "notice"), literals=(text.encode(), b"y"))
    rendered = lay_out([Renderer([made]).block(made, [passage(b"words")], "answer")])
    assert [span.id for span in rendered.spans] == ["t#0", "p", "t#1"]
    assert rendered.text == text.encode() + b"wordsy"


def test_the_same_words_twice_are_two_spans() -> None:
    made = template(_ANSWER)
    rendered = lay_out([Renderer([made]).block(made, [passage(b"same", "a"), passage(b"same", "b")], "answer")])
    assert [span.id for span in rendered.spans if span.source == "passage"] == ["a", "b"]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, (0, None, 2)), (2, (0, None, 1, None, 2)), (3, (0, None, 1, None, 1, None, 2))]
)
def test_the_shape_of_a_template(count: int, expected: tuple[int | None, ...]) -> None:
    assert Renderer([]).shape(template(_ANSWER), count) == expected


@pytest.mark.parametrize(
    ("body", "use"),
    [
        ("{{ p }}", "answer"),
        ("{{ answers }}", "answer"),
        ("{{", "notice"),
        ("{{ passage|upper }}", "notice"),
        ("{{ literal_9 }}", "notice"),
    ],
)
def test_a_body_that_was_never_checked_is_refused(body: str, use: str) -> None:
    made = replace(template("x", use), body=body)
    with pytest.raises(IntegrityError):
        Renderer([made]).block(made, [passage(b"words")], "answer")


def test_a_body_with_more_literals_than_were_approved_is_refused() -> None:
    made = replace(template("a{{ passage }}b", "notice"), literals=(b"a",))
    with pytest.raises(IntegrityError):
        Renderer([made]).block(made, [passage(b"words")], "answer")


def test_templates_see_nothing_of_a_passage() -> None:
    made = template("{{ passage }}", "notice")
    (handle,) = Renderer([made]).block(made, [passage(b"words")], "answer")
    assert not isinstance(handle, Literal)
    assert "words" not in repr(handle) + str(handle)
    assert not [name for name in dir(handle) if not name.startswith("_") and name != "opened"]


@pytest.mark.parametrize(
    ("templates", "intent", "expected"),
    [
        ([("b", ()), ("a", ())], "dosage", "a"),
        ([("a", ()), ("b", ("dosage",))], "dosage", "b"),
        ([("a", ("storage",)), ("b", ("dosage",))], "overdose", None),
        ([("b", ("dosage", "storage")), ("a", ("dosage",))], "dosage", "a"),
    ],
)
def test_the_template_that_names_the_intent_is_chosen(
    templates: list[tuple[str, tuple[str, ...]]], intent: str, expected: str | None
) -> None:
    renderer = Renderer([template("x", id=id, intents=intents) for id, intents in templates])
    chosen = renderer.choose("answer", intent, _CONTEXT)
    assert (chosen.id if chosen else None) == expected
    assert renderer.choose("notice", intent, _CONTEXT) is None


@pytest.mark.parametrize(
    "scope",
    [
        replace(_SCOPE, audiences=("patient",)),
        replace(_SCOPE, markets=("GB",)),
        replace(_SCOPE, language="de"),
        replace(_SCOPE, channels=("mcp",)),
        replace(_SCOPE, effective=dt.date(2026, 11, 22)),
        replace(_SCOPE, expires=_DAY),
        replace(_SCOPE, withdrawn=_DAY),
    ],
)
def test_a_template_of_another_scope_is_never_chosen(scope: Scope) -> None:
    assert Renderer([template("x", scope=scope)]).choose("answer", "dosage", _CONTEXT) is None
