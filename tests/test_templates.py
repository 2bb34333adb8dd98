"""The allow-list: a template prints passages and literal text; whatever else Jinja knows is refused, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError
from jinja2.filters import FILTERS as DEFAULT_FILTERS

from assistant.content.templates import environment, parse, read_template, read_templates
from assistant.errors import ContentError

_FRONT = (
    'id: t\nversion: "1"\nuse: {use}\naudiences: [hcp]\nmarkets: [US]\nlanguage: en\neffective: 2026-01-01\n'  # 7 lines
)
_LOOP = "{% for p in answers %}{{ p }}{% endfor %}"


def literals(body: str, use: str = "answer") -> tuple[bytes, ...]:
    return parse(body, use, "t.j2")[1]


@pytest.mark.parametrize(
    ("use", "body", "expected"),
    [
        ("answer", _LOOP, ()),
        ("answer", f"a{_LOOP}b", (b"a", b"b")),
        (
            "answer",
            "{% for x in answers %}-{{ x }}{% if not loop.last %},{% else %}.{% endif %}{% endfor %}",
            (b"-", b",", b"."),
        ),
        ("answer", "{% for p in answers %}{% if loop.first %}A{% endif %}{{ p }}{% endfor %}", (b"A",)),
        ("answer", f"a\r\n b\u00a0\u200b\u0301\u202e{_LOOP}", ("a\n b\u00a0\u200b\u0301\u202e".encode(),)),
        ("answer", f"a{{# not shown #}}b{_LOOP}", (b"a", b"b")),
        ("notice", "{{ passage }}", ()),
        ("companion_before", "x{{ passage }}y", (b"x", b"y")),
        ("companion_after", "\n\n{{ passage }}\n", (b"\n\n", b"\n")),
        ("notice", "literal only", (b"literal only",)),
    ],
)
def test_what_a_template_may_say(use: str, body: str, expected: tuple[bytes, ...]) -> None:
    assert literals(body, use) == expected


#: Jinja's whole language but for what is above: expressions, each to stand where a passage may.
_EXPRESSIONS = (
    "p|upper", "p|safe", "p|e", "p|string", "p|length", "p|replace('a','b')", "p|attr('text')", "p.text", "p['text']",
    "p[0]", "p[0:3]", "p()", "p.opened()", "p.__class__", "p._Handle__passage", "p + p", "p ~ p", "p ~ 'x'", "'x'",
    "'x' ~ p", "5", "1 + 1", "-1", "True", "None", "none", "[p]", "(p,)", "(p, p)", "{'a': p}", "p if true else p",
    "p if p", "p and p", "p or p", "not p", "p == p", "p < p", "p in answers", "p is defined", "p is string",
    "answers", "answers[0]", "answers|first", "answers|join", "passage", "loop", "loop.index", "loop.last",
    "loop.length", "loop.cycle('a','b')", "loop.previtem", "self", "super()", "caller()", "varargs", "range(3)",
    "dict(a=1)", "lipsum()", "cycler('a')", "joiner()", "namespace()", "_('x')", "gettext('x')", "literal_0",
    "literal_1", "undefined_name", "p.__init__.__globals__", "''.__class__", "config", "request", "1 // 0", "2 ** 8",
    "'%s' % p", "'a' * 3", "\"{{ p }}\"",
)  # fmt: skip


@pytest.mark.parametrize("expression", _EXPRESSIONS)
@pytest.mark.parametrize("use", ["answer", "notice", "companion_before", "companion_after"])
def test_only_a_passage_can_be_printed(use: str, expression: str) -> None:
    if use == "answer":
        body = f"a\nb\n{{% for p in answers %}}{{{{ {expression} }}}}{{% endfor %}}"
    else:
        if expression == "passage":
            return
        body = f"a\nb\n{{{{ {expression.replace('answers', 'passage').replace('p', 'passage', 1)} }}}}"
    with pytest.raises(ContentError) as caught:
        literals(body, use)
    assert caught.value.line == 3
    assert caught.value.path == "t.j2"


#: Every statement that Jinja knows, with those of its extensions, and misuses of the three that are allowed.
_STATEMENTS = (
    "{% set x = answers %}", "{% set x %}y{% endset %}", "{% set ns.x = 1 %}", "{% macro m() %}x{% endmacro %}",
    "{% call m() %}x{% endcall %}", "{% filter upper %}x{% endfilter %}", "{% include 'notice.j2' %}",
    "{% import 'notice.j2' as n %}", "{% from 'notice.j2' import n %}", "{% extends 'notice.j2' %}",
    "{% block b %}x{% endblock %}", "{% with %}x{% endwith %}", "{% with x = 1 %}x{% endwith %}",
    "{% autoescape true %}x{% endautoescape %}", "{% raw %}{{ p }}{% endraw %}{% set x = 1 %}", "{% do x %}",
    "{% trans %}x{% endtrans %}", "{% break %}", "{% continue %}", "{% debug %}", "{% if true %}x{% endif %}",
    "{% if answers %}x{% endif %}", "{% if loop.first %}x{% endif %}",
    "{% for p in answers[1:] %}{{ p }}{% endfor %}", "{% for p in answers|reverse %}{{ p }}{% endfor %}",
    "{% for p in answers if p %}{{ p }}{% endfor %}", "{% for p in answers recursive %}{{ p }}{% endfor %}",
    "{% for p in answers %}{{ p }}{% else %}none{% endfor %}", "{% for a, b in answers %}{{ a }}{% endfor %}",
    "{% for p in [1] %}x{% endfor %}", "{% for p in 'abc' %}x{% endfor %}", "{% for p in other %}x{% endfor %}",
    "{% for p in passage %}x{% endfor %}", "{% for answers in answers %}{{ answers }}{% endfor %}",
    "{% for loop in answers %}{{ loop }}{% endfor %}", "{% for literal_0 in answers %}x{{ literal_0 }}{% endfor %}",
    "{% for p in answers %}{% for q in answers %}{{ q }}{% endfor %}{% endfor %}",
    "{% for p in answers %}{% if p %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop.index == 1 %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop.index %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if not not loop.last %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop.first and loop.last %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop.first %}x{% elif loop.last %}y{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop['first'] %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% if loop.first is defined %}x{% endif %}{% endfor %}",
    "{% for p in answers %}{% set x = p %}{% endfor %}", "{{ p }}", "{{ answers }}", "{% for p in answers %}{{ p }}",
    "{% endfor %}", "{{ p", "{% for %}", "{% for p in answers %}{{ }}{% endfor %}", "{% unknown %}", "{{ 'x }}",
    "{% for p in answers %}{{ p }}{% endif %}",
)  # fmt: skip


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_no_other_statement_is_allowed(statement: str) -> None:
    with pytest.raises(ContentError) as caught:
        literals(f"a\nb\n{statement}")
    assert caught.value.line == 3


@pytest.mark.parametrize("name", sorted(DEFAULT_FILTERS))
def test_no_filter_is_allowed(name: str) -> None:
    with pytest.raises(ContentError):
        literals(f"{{% for p in answers %}}{{{{ p|{name} }}}}{{% endfor %}}")


def test_the_environment_has_nothing_to_reach_for() -> None:
    jinja = environment()
    assert not jinja.filters
    assert not jinja.tests
    assert not jinja.globals
    assert not jinja.extensions


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_text_is_a_literal_as_it_stands_or_refused(text: str) -> None:
    """A template can hold any text; what Jinja takes for its own language is allowed or refused, never changed."""
    # The blank makes sure that a brace at the end of the text does not join those of the variable.
    try:
        found = b"".join(literals(f"{text} {{{{ passage }}}}", "notice"))
    except ContentError:
        assert any(mark in text for mark in ("{{", "{%", "{#"))
        return
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        # Line ends are the one thing that Jinja makes alike, when the file is read: approved is what is printed.
        assert found.decode() == text.replace("\r\n", "\n").replace("\r", "\n") + " "


@given(st.text(st.sampled_from("{%}# pqanswersforinlo.[]()|'\n"), max_size=40))
def test_no_text_makes_it_fall_over(text: str) -> None:
    try:
        tree, _ = parse(text, "answer", "t.j2")
    except ContentError as error:
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n") + 1
    else:
        environment().compile(tree)


@pytest.mark.parametrize(
    "text", ["{{" * 2000 + "p", "{{ " + "(" * 5000 + "p" + ")" * 5000 + " }}", "{{ " + "not " * 5000 + "p }}"]
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(ContentError):
        literals("{% for p in answers %}" + text + "{% endfor %}")


def write(tmp_path: Path, body: str, use: str = "answer", front: str = "") -> Path:
    path = tmp_path / "t.j2"
    path.write_bytes(f"---\n{_FRONT.format(use=use)}{front}---\n{body}".encode())
    return path


def test_lines_count_from_the_file(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        read_template(write(tmp_path, "a\n{{ x }}"))
    assert caught.value.line == 11
    assert str(caught.value).startswith(f"{tmp_path / 't.j2'}:11: ")


def test_the_final_newline_of_a_file_is_not_part_of_it(tmp_path: Path) -> None:
    assert read_template(write(tmp_path, "{{ passage }}\n", "notice")).template.literals == ()
    assert read_template(write(tmp_path, "{{ passage }}\n\n", "notice")).template.literals == (b"\n",)


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("intent: [dosage]\n", 9),
        ("use: notice\n", 9),
        ("intents: [Dosage]\n", 9),
        ("channels: [fax]\n", 9),
        ("expires: soon\n", 9),
    ],
)
def test_front_matter_that_means_nothing_is_refused(tmp_path: Path, front: str, line: int) -> None:
    with pytest.raises(ContentError) as caught:
        read_template(write(tmp_path, _LOOP, front=front))
    assert caught.value.line in (line, 2)


def test_every_faulty_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    write(tmp_path, _LOOP).rename(tmp_path / "a.j2")
    write(tmp_path, "{{ x }}").rename(tmp_path / "b.j2")
    (tmp_path / "c.j2").write_bytes(b"\xff")
    found, faults = read_templates(tmp_path)
    assert [sourced.path.name for sourced in found] == ["a.j2"]
    assert [fault.path.name for fault in faults] == ["b.j2", "c.j2"]
    assert read_templates(tmp_path / "nowhere")[1]


def test_jinja_refuses_what_it_cannot_read() -> None:
    with pytest.raises(TemplateSyntaxError):
        environment().parse("{{")
