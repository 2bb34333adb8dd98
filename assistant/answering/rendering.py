"""Render templates to a sequence of pieces and lay the pieces end to end.

Guarantees: Jinja is handed opaque objects and yields the very same objects, so no filter, slice or concatenation can
touch a passage, and text inside a passage is never read as a template. Anything that comes out and is neither a
passage nor a literal of this template is an :class:`IntegrityError`. There is no string to edit between Jinja and the
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError

from assistant.canonical import sha256_hex
from assistant.content.templates import VARIABLE_OF_USE, Template, choose_template, environment, parse
from assistant.domain import Context, Passage, Span
from assistant.errors import ContentError, IntegrityError


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal text of a template, by its number there."""

    template: str
    version: str
    number: int
    text: bytes


class _Handle:
    """What a template sees of a passage: nothing."""

    __slots__ = ("_passage", "_role")

    def __init__(self, passage: Passage | None, role: str) -> None:
        self._passage = passage
        self._role = role

    def opened(self) -> tuple[Passage | None, str]:
        return self._passage, self._role


Piece = Literal | _Handle


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer's bytes and the proof-ready account of where each of them comes from."""

    text: bytes
    spans: tuple[Span, ...]


@dataclass(slots=True)
class Renderer:
    """Compiles templates once and renders blocks of pieces from them."""

    templates: Sequence[Template]
    _compiled: dict[str, JinjaTemplate] = field(default_factory=dict)

    def choose(self, use: str, intent: str, context: Context) -> Template | None:
        """See :func:`choose_template`."""
        return choose_template(self.templates, use, intent, context)

    def block(self, template: Template, passages: Sequence[Passage], role: str) -> list[Piece]:
        """``template`` given ``passages``, as pieces.

        :raises IntegrityError: it yields anything else, or fails.
        """
        return self._run(template, [_Handle(passage, role) for passage in passages])

    def shape(self, template: Template, count: int) -> tuple[int | None, ...]:
        """How ``template`` looks around ``count`` passages: literal numbers, None for the next passage."""
        pieces = self._run(template, [_Handle(None, "") for _ in range(count)])
        return tuple(piece.number if isinstance(piece, Literal) else None for piece in pieces)

    def _run(self, template: Template, handles: list[_Handle]) -> list[Piece]:
        given: dict[str, object] = {
            f"literal_{number}": Literal(template.id, template.version, number, text)
            for number, text in enumerate(template.literals)
        }
        if template.use == "answer":
            given[VARIABLE_OF_USE["answer"]] = tuple(handles)
        else:
            (given[VARIABLE_OF_USE[template.use]],) = handles
        compiled = self._compiled.get(template.id)
        if compiled is None:
            compiled = self._compiled[template.id] = _compile(template)
        try:
            pieces: list[Any] = list(compiled.root_render_func(compiled.new_context(given)))
        except TemplateError as error:
            raise IntegrityError(f"template {template.id} failed: {type(error).__name__}") from error
        for piece in pieces:
            if not isinstance(piece, Literal | _Handle):
                raise IntegrityError(f"template {template.id} printed something that is no passage and no literal")
        return [piece for piece in pieces if isinstance(piece, _Handle) or piece.text]


def _compile(template: Template) -> JinjaTemplate:
    try:
        tree, _ = parse(template.body, template.use, template.id)
    except ContentError as error:
        # It was proved when the index was built: these are not the bytes that were.
        raise IntegrityError(f"template {template.id} is not as it was built: {error.message}") from error
    jinja = environment()
    return JinjaTemplate.from_code(jinja, jinja.compile(tree, template.id), {})


def lay_out(blocks: Iterable[Sequence[Piece]]) -> Rendered:
    """Lay the pieces of ``blocks`` end to end, keeping account of every byte."""
    parts: list[bytes] = []
    spans: list[Span] = []
    at = 0
    for piece in (piece for block in blocks for piece in block):
        text, span = _span(piece, at)
        parts.append(text)
        spans.append(span)
        at += len(text)
    return Rendered(b"".join(parts), tuple(spans))


def _span(piece: Piece, at: int) -> tuple[bytes, Span]:
    if isinstance(piece, Literal):
        id, text = f"{piece.template}#{piece.number}", piece.text
        return text, Span(at, at + len(text), "template", id, piece.version, sha256_hex(text))
    passage, role = piece.opened()
    if passage is None:
        raise IntegrityError("a shape without passages cannot be laid out")
    return passage.text, Span(
        at,
        at + len(passage.text),
        "passage",
        passage.id,
        passage.version,
        sha256_hex(passage.text),
        role,
        passage.document,
        passage.locator,
    )
