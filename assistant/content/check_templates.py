"""Faults of templates: what their literal text may not say, and whether they are ever used, for ``onlabel check``.

Guarantees: literal text is held against the patterns of ``policy.yaml`` and against every name of every product;
wherever a product is spoken of, each use has a template and each topic with passages an answer template, chosen by the
very rule of rendering (one that names the intent before one for all, then by id). That a template prints nothing but
passages and literals is proved where it is read (:mod:`assistant.content.templates`).
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.content.check_reach import Place, Reach, end
from assistant.content.faults import Fault
from assistant.content.frontmatter import line_of
from assistant.content.lexicon import name_key, names_of, runs, words
from assistant.content.policy import Policy
from assistant.content.templates import SourcedTemplate, Template, choose_template, environment

_AROUND = ("companion_before", "companion_after", "notice")


def near(word: str, known: Iterable[str], otherwise: str = "choose one that exists, or add it to taxonomy.yaml") -> str:
    """``: did you mean ...?`` where something in ``known`` is like ``word``, else what to do."""
    found = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f": did you mean {' or '.join(found)}?" if found else f": {otherwise}"


def template_line(sourced: SourcedTemplate, key: str) -> int:
    """The line of a key in a template's front matter."""
    try:
        front = sourced.path.read_bytes()
    except OSError:
        return 1
    return line_of(b"\n".join(front.split(b"\n")[: sourced.body_line - 1]), key)


# --- literal text -----------------------------------------------------------------------------------------------------


def wording_faults(templates: Sequence[SourcedTemplate], reach: Reach, policy: Policy) -> Iterator[Fault]:
    """Words in literal text that policy forbids, and names of products."""
    patterns = [re.compile(pattern) for pattern in policy.forbidden_in_templates]
    names = {
        key: sourced.document.product
        for sourced in reversed(list(reach.documents.values()))
        if sourced.document.product
        for key in names_of(sourced.document)
    }
    for sourced in templates:
        for line, literal in _literals(sourced):
            yield from _forbidden(sourced, line, literal, patterns)
            yield from _named(sourced, line, literal, names)


def _literals(sourced: SourcedTemplate) -> Iterator[tuple[int, str]]:
    """``(line in the file, text)`` of each literal; Jinja's own tokens, for the literals are made of them."""
    tokens = (token for token in environment().lex(sourced.template.body) if token[1] == "data")
    for (line, _, _), literal in zip(tokens, sourced.template.literals, strict=False):
        yield sourced.body_line + line - 1, literal.decode()


def _forbidden(
    sourced: SourcedTemplate, line: int, literal: str, patterns: Iterable[re.Pattern[str]]
) -> Iterator[Fault]:
    seen: set[int] = set()
    for pattern in patterns:
        for found in pattern.finditer(literal):
            if found.start() in seen or not found[0]:
                continue
            seen.add(found.start())
            message = f"literal text says {found[0]!r}, which policy forbids ({pattern.pattern}): reword it"
            yield Fault(sourced.path, line + literal.count("\n", 0, found.start()), message)


def _named(sourced: SourcedTemplate, line: int, literal: str, names: Mapping[str, str]) -> Iterator[Fault]:
    for _, _, key in runs(words(literal)):
        if key not in names:
            continue
        first = key.split(" ")[0]
        rows = literal.split("\n")
        below = next((number for number, row in enumerate(rows) if first in name_key(row).split(" ")), 0)
        message = f"literal text names {names[key]} ({key!r}): only passages speak of a product, take the name out"
        yield Fault(sourced.path, line + below, message)


# --- intents ----------------------------------------------------------------------------------------------------------


def intent_faults(templates: Sequence[SourcedTemplate], intents: Sequence[str]) -> Iterator[Fault]:
    """Intents that do not exist, or that stand where they mean nothing."""
    for sourced in templates:
        template = sourced.template
        for intent in template.intents:
            if intent not in intents:
                message = f"unknown intent {intent!r}{near(intent, intents)}"
                yield Fault(sourced.path, template_line(sourced, "intents"), message)
        if template.intents and template.use != "answer":
            message = f"a template of use {template.use} goes with every intent: remove intents"
            yield Fault(sourced.path, template_line(sourced, "intents"), message)


# --- use --------------------------------------------------------------------------------------------------------------


def chosen(templates: Iterable[Template], use: str, intent: str, place: Place, day: dt.date) -> Template | None:
    """The template that rendering chooses there on that day."""
    return choose_template(templates, use, intent, replace(place.context, date=day))


def missing_faults(templates: Sequence[SourcedTemplate], reach: Reach, folder: Path) -> Iterator[Fault]:
    """Uses and topics for which nothing could be shown; at ``folder``, for there is no file to point at."""
    own = [sourced.template for sourced in templates]
    for place in reach.served:
        for use in _AROUND:
            if chosen(own, use, "", place, place.day) is None:
                message = f"no template of use {use} is in force for {place} on {place.day}: add one, or extend one"
                yield Fault(folder, 1, message)
        bare = [t for t in _topics_at(reach, place) if chosen(own, "answer", t, place, place.day) is None]
        if bare:
            message = (
                f"no template of use answer is in force for {place} on {place.day} for {', '.join(bare)}: "
                "add one without intents, or name them in one"
            )
            yield Fault(folder, 1, message)


def _topics_at(reach: Reach, place: Place) -> list[str]:
    context = place.context
    heads = (s.passage for product, found in reach.by_product.items() if product for s in found)
    here = (p for p in heads if p.retrieve and p.scope.covers(context) and p.scope.valid_on(place.day))
    return sorted({topic for passage in here for topic in (passage.topic, *passage.also)})


def unused_faults(templates: Sequence[SourcedTemplate], reach: Reach, topics: Sequence[str]) -> Iterator[Fault]:
    """Templates that are never chosen, wherever, whenever from today and whatever is asked about."""
    used: set[str] = set()
    winners: dict[str, str] = defaultdict(str)
    known = [sourced.template for sourced in templates]
    for place in reach.all:
        here = [template for template in known if template.scope.covers(place.context)]
        turns = {place.day} | {day for t in here for day in (t.scope.effective, end(t.scope)) if day > place.day}
        for day in turns:
            _note_chosen([t for t in here if t.scope.valid_on(day)], topics, place, day, used, winners)
    for sourced in templates:
        template = sourced.template
        if not reach.all or template.id in used:
            continue
        if end(template.scope) <= reach.today:
            line, why = template_line(sourced, "expires"), f"it expired on {end(template.scope)}"
        elif winners[template.id]:
            line, why = template_line(sourced, "id"), f"{winners[template.id]} is chosen before it"
        else:
            line, why = template_line(sourced, "audiences"), "no passage can be shown where and when it applies"
        yield Fault(sourced.path, line, f"is never used: {why}; change it or remove it", error=False)


def _note_chosen(
    here: Sequence[Template],
    topics: Sequence[str],
    place: Place,
    day: dt.date,
    used: set[str],
    winners: dict[str, str],
) -> None:
    for use in {template.use for template in here}:
        for intent in topics if use == "answer" else ("",):
            winner = chosen(here, use, intent, place, day)
            if winner is None:
                continue
            used.add(winner.id)
            for template in here:
                if template.use == use and (not template.intents or intent in template.intents):
                    winners[template.id] = winner.id
