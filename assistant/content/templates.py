"""Read ``templates/*.j2`` and prove from their syntax tree that they can print nothing but passages and literals.

The allow-list below is the whole language: literal text, ``{{ name }}``, ``{% for p in answers %}`` and ``{% if
loop.first %}`` / ``{% if not loop.last %}``. Everything else that Jinja knows (filters, tests, calls, attributes,
arithmetic, assignments, macros, imports, blocks) is refused with its line. Literal text is kept as numbered pieces, in
the order in which they stand, because each piece is approved as a passage is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field

from assistant.content.corpus import Audience, Channel, Date, Id, Language, Line, Market, Topic
from assistant.content.faults import Fault
from assistant.content.frontmatter import load_mapping, read_utf8, split, validate
from assistant.domain import CHANNELS, Context, Scope
from assistant.errors import ContentError

Use = Literal["answer", "companion_before", "companion_after", "notice"]

#: The variable that a template of each use is given.
VARIABLE_OF_USE: dict[str, str] = {
    "answer": "answers",
    "companion_before": "passage",
    "companion_after": "passage",
    "notice": "passage",
}
_LOOP_ATTRIBUTES = frozenset({"first", "last"})


class TemplateFile(BaseModel):
    """The front matter of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    version: Line
    use: Use
    intents: tuple[Topic, ...] = ()
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)]
    markets: Annotated[tuple[Market, ...], Field(min_length=1)]
    language: Language
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = CHANNELS
    effective: Date
    expires: Date | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: its body, and the literal texts in it."""

    id: str
    version: str
    use: Use
    intents: tuple[str, ...]
    scope: Scope
    body: str
    literals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SourcedTemplate:
    """A template and where it was read."""

    template: Template
    path: Path
    body_line: int


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The one Jinja environment: immutable sandbox, strict, without any filter, test or global.

    The native code generator yields each printed object as it is instead of joining strings.
    """
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    made.code_generator_class = NativeCodeGenerator
    made.filters.clear()
    made.tests.clear()
    made.globals.clear()
    return made


def parse(body: str, use: str, path: Path | str, first_line: int = 1) -> tuple[nodes.Template, tuple[bytes, ...]]:
    """The syntax tree with each literal replaced by the name ``literal_N``, and the literals.

    :raises ContentError: a syntax error, or anything outside the allow-list, with its line.
    """
    try:
        tree = environment().parse(body)
    except TemplateSyntaxError as error:
        raise ContentError(f"{error.message}", path, first_line + error.lineno - 1) from error
    except RecursionError as error:
        raise ContentError("is nested too deeply", path, first_line) from error
    literals: list[bytes] = []
    _Walk(use, path, first_line, literals).body(tree.body, in_loop=None)
    return tree, tuple(literals)


@dataclass(frozen=True, slots=True)
class _Walk:
    use: str
    path: Path | str
    first_line: int
    literals: list[bytes]

    def body(self, statements: list[nodes.Node], in_loop: str | None) -> None:
        for node in statements:
            if isinstance(node, nodes.Output):
                node.nodes = [self.printed(child, in_loop) for child in node.nodes]
            elif isinstance(node, nodes.For) and in_loop is None:
                self.loop(node)
            elif isinstance(node, nodes.If) and in_loop is not None:
                self.condition(node.test)
                if node.elif_:
                    self.refuse(node, "elif")
                self.body(node.body, in_loop)
                self.body(node.else_, in_loop)
            else:
                self.refuse(node, type(node).__name__.lower())

    def printed(self, node: nodes.Expr, in_loop: str | None) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            self.literals.append(node.data.encode())
            return nodes.Name(f"literal_{len(self.literals) - 1}", "load", lineno=node.lineno)
        allowed = in_loop if in_loop is not None else "passage" if self.use != "answer" else None
        if not (isinstance(node, nodes.Name) and node.name == allowed):
            shown = f"{{{{ {allowed} }}}}" if allowed else "a passage inside {% for p in answers %}"
            self.refuse(node, f"{type(node).__name__.lower()}: only {shown} can be printed here", plain=True)
        return node

    def loop(self, node: nodes.For) -> None:
        name = node.target.name if isinstance(node.target, nodes.Name) else ""
        over_answers = isinstance(node.iter, nodes.Name) and node.iter.name == "answers" and self.use == "answer"
        plain = over_answers and not (node.else_ or node.test or node.recursive)
        if not plain or name in ("", "answers", "loop") or "literal" in name:
            self.refuse(node, "this for loop: only {% for p in answers %} in a template of use answer", plain=True)
        self.body(node.body, in_loop=name)

    def condition(self, test: nodes.Node) -> None:
        inner = test.node if isinstance(test, nodes.Not) else test
        if not (
            isinstance(inner, nodes.Getattr)
            and isinstance(inner.node, nodes.Name)
            and inner.node.name == "loop"
            and inner.attr in _LOOP_ATTRIBUTES
        ):
            self.refuse(test, "this condition: only loop.first and loop.last, with or without not", plain=True)

    def refuse(self, node: nodes.Node, what: str, plain: bool = False) -> None:
        # Some nodes that Jinja makes up (an autoescape's scope) have no line; what is in them has.
        lines = [part.lineno for part in (node, *node.find_all(nodes.Node)) if part.lineno]
        line = self.first_line + (lines[0] if lines else 1) - 1
        message = what if plain else f"{what} is not allowed"
        raise ContentError(f"a template prints only passages and literal text; not allowed: {message}", self.path, line)


def choose_template(templates: Iterable[Template], use: str, intent: str, context: Context) -> Template | None:
    """The template for ``use`` and ``intent`` in this context: one that names the intent before one for all."""
    fitting = (
        t
        for t in templates
        if t.use == use
        and (not t.intents or intent in t.intents)
        and t.scope.covers(context)
        and t.scope.valid_on(context.date)
    )
    return min(fitting, key=lambda t: (not t.intents, t.id), default=None)


def read_template(path: Path) -> SourcedTemplate:
    """Read one template file.

    :raises ContentError: it cannot be meant or could print more than passages and literals.
    """
    front, body, body_line = split(read_utf8(path), path)
    read = validate(TemplateFile, load_mapping(front, path, 2), front, path, 2)
    source = body.decode()
    _, literals = parse(source, read.use, path, body_line)
    scope = Scope(read.audiences, read.markets, read.language, read.channels, read.effective, read.expires)
    template = Template(read.id, read.version, read.use, read.intents, scope, source, literals)
    return SourcedTemplate(template, path, body_line)


def read_templates(folder: Path) -> tuple[tuple[SourcedTemplate, ...], tuple[Fault, ...]]:
    """Every template in ``folder`` by id, and the faults of those that cannot be used."""
    found: list[SourcedTemplate] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.j2")) if folder.is_dir() else []:
        try:
            found.append(read_template(path))
        except ContentError as error:
            faults.append(Fault(path, error.line or 1, error.message))
    if not found and not faults:
        faults.append(Fault(folder, 1, "holds no template (*.j2): nothing could be shown"))
    return tuple(sorted(found, key=lambda t: t.template.id)), tuple(faults)
