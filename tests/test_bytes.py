"""Byte for byte, end to end: what stands in a passage's file is what is shown; one byte less or more is caught."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assistant import pipeline
from assistant.answering.index import Entry, Index
from assistant.answering.rendering import Literal, Rendered, Renderer
from assistant.canonical import sha256_hex
from assistant.domain import Outcome, Passage
from assistant.errors import IntegrityError
from assistant.pipeline import Assistant
from tests import tiny
from tests.fakes import HashEncoder, MemoryAudit

#: What others have expanded, stripped, normalised, wrapped or cut in texts that they were given.
NASTY: tuple[str, ...] = (
    "{{ p }}", "{{ answers }}", "{% for p in answers %}x{% endfor %}", "{# c #}", "{{", "%}", "[SPAN_1]",
    "[CITATION_REFS]", "$x ${x} $$", "%s %(x)s {0} {x}", "\\n \\ \\\\ \\u0041", "a\r\nb", "a\rb", "\ta\t", " a ",
    "a  b", "a\n\n\n\nb", "\u00a0", "e\u0301 \u00e9", "\u200b\u200c\u200d\ufeff",
    "\u202eabc\u202c \u05d0\u05d1 \u0627", "\u2028\u2029\u0085", "\ufb01 \u2460 \u212b \u1e9b\u0323",
    "x\x00y\x07\x1b[31m", "\U0001f469\u200d\U0001f52c \U00010348", "---", "\n---\n", "---\nid: x",
    "&lt; <b> &amp; < 5 mg > 3 %", "| a || b |\n|---|---|\n| ^^ | c<br>d |", "[^1]\n[^1]: note", "\"'`\u201d", "..",
    "\ufffd", "\uffff",
)  # fmt: skip

_CHARACTERS = st.characters(exclude_categories=("Cs",))
_BODIES = st.one_of(
    st.text(_CHARACTERS, min_size=1, max_size=80),
    st.lists(st.sampled_from(NASTY), min_size=1, max_size=4).map("".join),
    st.tuples(st.sampled_from(NASTY), st.text(_CHARACTERS, max_size=20), st.sampled_from(NASTY)).map("".join),
).filter(lambda text: bool(text.encode().strip()))


def approved(file: bytes) -> bytes:
    """The passage in a file, from the format's own words: what follows the front matter, less one final newline."""
    body = file.split(b"\n---\n", 1)[1]
    return body.removesuffix(b"\r\n") if body.endswith(b"\r\n") else body.removesuffix(b"\n")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_BODIES, min_size=20, max_size=40))
@example([f"{one}{two}" for one in NASTY for two in ("", "x", "\r", "\n") if one.strip() or two.strip()])
def test_every_passage_comes_through_byte_for_byte(bodies: list[str]) -> None:
    with TemporaryDirectory() as folder:
        root = tiny.write(Path(folder), [body.encode() for body in bodies])
        encoder = HashEncoder()
        tiny.compiled(root, encoder)
        assistant = tiny.opened(root, encoder)
        for number in range(len(bodies)):
            id = f"{tiny.DOCUMENT}.{number}"
            answer = assistant.ask(f"passage:{id}", tiny.HCP)
            (span,) = [span for span in answer.spans if span.source == "passage"]
            file = root / "approved_corpus" / tiny.DOCUMENT / f"{id}.md"
            assert span.id == id
            assert answer.text[span.start : span.end] == approved(file.read_bytes())
            assert answer.as_json()["text"].encode() == answer.text
        assistant.index.close()


# -- a renderer made to err --------------------------------------------------------------------------------------------

_FRONTS = (
    "topic: indication\nserves: [indication]\nretrieve: false",
    "topic: boxed_warning\nserves: [boxed_warning]\nretrieve: false",
    "topic: overview",
)
_BENEFIT = f"passage:{tiny.DOCUMENT}.2"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three passages, of which one brings the other two."""
    bodies = ("ZED is indicated for hicc\u00fcps.\r\n", "WARNING: 5 mg, never 50 mg", "ZED is the first of its kind.")
    root = tiny.write(tmp_path_factory.mktemp("tiny"), [body.encode() for body in bodies], _FRONTS)
    tiny.compiled(root, HashEncoder())
    return root


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def assistant(root: Path, audit: MemoryAudit) -> Iterator[Assistant]:
    assistant = tiny.opened(root, HashEncoder(), audit)
    yield assistant
    assistant.index.close()


def test_untouched_it_is_shown(assistant: Assistant, audit: MemoryAudit) -> None:
    answer = assistant.ask(_BENEFIT, tiny.HCP)
    assert answer.outcome is Outcome.ANSWERED
    assert [span.id for span in answer.spans if span.role] == [f"{tiny.DOCUMENT}.{n}" for n in (1, 2, 0)]
    assert len(audit.records) == 1


def altered(data: bytes) -> Iterator[tuple[str, bytes]]:
    """``data`` with one byte dropped, added, changed, moved or doubled, at every place."""
    for at in range(len(data)):
        yield f"dropped {at}", data[:at] + data[at + 1 :]
        yield f"doubled {at}", data[:at] + data[at : at + 1] + data[at:]
        for other in {data[at] ^ 1, data[at] ^ 0x20, 0x20} - {data[at]}:
            yield f"changed {at}", data[:at] + bytes([other]) + data[at + 1 :]
        if data[at : at + 1] != data[at + 1 : at + 2] and at + 1 < len(data):
            yield f"moved {at}", data[:at] + data[at + 1 : at + 2] + data[at : at + 1] + data[at + 2 :]
    for at in range(len(data) + 1):
        yield f"added {at}", data[:at] + b" " + data[at:]


def _refused(assistant: Assistant, audit: MemoryAudit) -> None:
    audit.records.clear()
    with pytest.raises(IntegrityError) as caught:
        assistant.ask(_BENEFIT, tiny.HCP)
    assert audit.records == []
    assert "WARNING" not in str(caught.value)
    assert "kind" not in str(caught.value)


def _restated(rendered: Rendered, text: bytes) -> Rendered:
    """``text`` with an account that was made to fit it: lengths and hashes are those of the altered bytes."""
    spans, at = [], 0
    grown = len(text) - len(rendered.text)
    first_change = next(
        (n for n, (old, new) in enumerate(zip(rendered.text, text, strict=False)) if old != new), len(rendered.text) - 1
    )
    for span in rendered.spans:
        size = span.end - span.start + (grown if span.start <= first_change < span.end else 0)
        spans.append(replace(span, start=at, end=at + size, sha256=sha256_hex(text[at : at + size])))
        at += size
    return Rendered(text, tuple(spans))


@pytest.mark.parametrize(
    "forge", [lambda rendered, text: Rendered(text, rendered.spans), _restated], ids=["plain", "forged"]
)
def test_a_layout_that_errs_by_a_byte_is_caught(
    assistant: Assistant,
    audit: MemoryAudit,
    monkeypatch: pytest.MonkeyPatch,
    forge: Callable[[Rendered, bytes], Rendered],
) -> None:
    honest = pipeline.lay_out
    whole = assistant.ask(_BENEFIT, tiny.HCP).text
    tried = 0
    for _, text in altered(whole):
        monkeypatch.setattr(pipeline, "lay_out", lambda blocks, text=text: forge(honest(blocks), text))
        _refused(assistant, audit)
        tried += 1
    assert tried > 5 * len(whole)


def test_spans_that_err_are_caught(assistant: Assistant, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = pipeline.lay_out
    count = len(assistant.ask(_BENEFIT, tiny.HCP).spans)
    orders = [order for order in itertools.permutations(range(count)) if order != tuple(range(count))]
    losses = [tuple(n for n in range(count) if n != lost) for lost in range(count)]
    twice = [(*range(count), n) for n in range(count)]
    for order in (*orders, *losses, *twice):
        monkeypatch.setattr(pipeline, "lay_out", lambda blocks, order=order: _rearranged(honest(blocks), order))
        _refused(assistant, audit)


def _rearranged(rendered: Rendered, order: Sequence[int]) -> Rendered:
    parts, spans, at = [], [], 0
    for number in order:
        span = rendered.spans[number]
        part = rendered.text[span.start : span.end]
        spans.append(replace(span, start=at, end=at + len(part)))
        parts.append(part)
        at += len(part)
    return Rendered(b"".join(parts), tuple(spans))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda pieces: pieces[:-1],
        lambda pieces: [*pieces, pieces[-1]],
        lambda pieces: [*pieces, Literal("answer", "1", 0, b"What is approved:\n\n")],
        lambda pieces: [Literal("answer", "1", 9, b"Trust me: "), *pieces],
        lambda pieces: [replace(p, text=p.text[:-1]) if isinstance(p, Literal) else p for p in pieces],
        lambda pieces: list(reversed(pieces)),
    ],
    ids=["dropped", "doubled", "added", "invented", "cut", "reversed"],
)
@pytest.mark.parametrize("use", ["answer", "companion_before", "companion_after"])
def test_a_renderer_that_errs_is_caught(
    assistant: Assistant,
    audit: MemoryAudit,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[list[Any]], list[Any]],
    use: str,
) -> None:
    honest = Renderer.block

    def block(self: Renderer, template: Any, passages: Sequence[Passage], role: str) -> list[Any]:
        pieces = honest(self, template, passages, role)
        return wrong(pieces) if template.use == use else pieces

    monkeypatch.setattr(Renderer, "block", block)
    _refused(assistant, audit)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_index_that_errs_by_a_byte_is_caught(
    assistant: Assistant, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    honest = Index.load
    entry = assistant.index.entry(f"{tiny.DOCUMENT}.{number}")
    assert entry is not None
    for _, text in altered(honest(assistant.index, entry).text):

        def load(self: Index, wanted: Entry, text: bytes = text) -> Passage:
            passage = honest(self, wanted)
            # The worst index there can be: it also claims that the altered bytes are what was approved.
            return (
                replace(passage, text=text, sha256=sha256_hex(text))
                if wanted.head.id == f"{tiny.DOCUMENT}.{number}"
                else passage
            )

        monkeypatch.setattr(Index, "load", load)
        _refused(assistant, audit)


def test_a_passage_in_the_place_of_another_is_caught(
    assistant: Assistant, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Index.load
    entries = [assistant.index.entry(f"{tiny.DOCUMENT}.{n}") for n in (0, 1, 2)]
    assert all(entries)
    swapped = {entries[n].head.id: entries[(n + 1) % 3] for n in range(3)}  # type: ignore[union-attr]
    monkeypatch.setattr(Index, "load", lambda self, entry: honest(self, swapped[entry.head.id]))
    _refused(assistant, audit)
