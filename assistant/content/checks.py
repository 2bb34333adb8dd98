"""Every fault in content, templates and policy, with file and line: what ``onlabel check`` prints.

Guarantees: all faults at once, in the order of files and lines, each with what to do about it; content is only read. A
fault with ``error`` keeps ``build`` from running, because something would be wrong or a question would end in an error;
the others are worth a look. What reading found (``corpus.faults``, ``template_faults``) is included: this is the whole
list.

Companions: a passage may not name itself; passages that name each other are fine, each is shown once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from assistant.content.check_reach import Reach, end, reach_faults
from assistant.content.check_templates import (
    intent_faults,
    missing_faults,
    near,
    template_line,
    unused_faults,
    wording_faults,
)
from assistant.content.check_text import text_faults
from assistant.content.corpus import Corpus, SourcedDocument, SourcedPassage
from assistant.content.faults import Fault
from assistant.content.frontmatter import line_of
from assistant.content.lexicon import names_of
from assistant.content.policy import Policy
from assistant.content.templates import SourcedTemplate
from assistant.domain import NOTICE_ROLES, Kind, Passage

_NOTICES = frozenset(NOTICE_ROLES)
_SENTENCE = re.compile(r"[.!?](?:\s|$)")


def check(
    corpus: Corpus,
    templates: tuple[SourcedTemplate, ...],
    template_faults: Iterable[Fault],
    policy: Policy,
    policy_file: Path,
    policy_bytes: bytes,
    *,
    topics: Sequence[str],
    intents: Sequence[str],
    examples: Mapping[str, Sequence[str]],
    taxonomy_file: Path,
    today: dt.date,
) -> tuple[Fault, ...]:
    """All faults, sorted by path and line.

    ``topics``, ``intents`` and ``examples`` are the taxonomy's, ``taxonomy_file`` is the workspace's own; ``today`` is
    the day on which content must be in force.
    """
    reach = Reach.of(corpus, templates, today)
    refused = tuple(template_faults)
    faults = [*corpus.faults, *refused]
    faults += _duplicate_ids(corpus, templates)
    faults += _of_passages(corpus, topics, today)
    faults += _of_documents(corpus, today)
    faults += _twins(corpus, today)
    faults += text_faults(corpus)
    faults += reach_faults(reach, policy, topics)
    faults += wording_faults(templates, reach, policy)
    faults += intent_faults(templates, intents)
    faults += unused_faults(templates, reach, topics)
    if templates or not refused:
        folder = templates[0].path.parent if templates else policy_file.parent.parent / "templates"
        faults += missing_faults(templates, reach, folder)
    faults += _unknown_in_policy(policy, policy_file, policy_bytes, intents)
    faults += _without_examples(corpus, topics, examples, taxonomy_file)
    return tuple(sorted(set(faults)))


# --- ids --------------------------------------------------------------------------------------------------------------


def _duplicate_ids(corpus: Corpus, templates: Sequence[SourcedTemplate]) -> Iterator[Fault]:
    passages = ((s.passage.id, s.origin.path, s.origin.line("id")) for s in corpus.passages)
    documents = ((s.document.id, s.origin.path, s.origin.line("id")) for s in corpus.documents)
    yield from _twice("passage", passages)
    yield from _twice("document", documents)
    yield from _twice("template", ((s.template.id, s.path, template_line(s, "id")) for s in templates))


def _twice(what: str, named: Iterable[tuple[str, Path, int]]) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for name, path, line in sorted(named, key=lambda entry: (entry[1], entry[0])):
        other = first.setdefault(name, path)
        if other is not path:
            where = f"{other.parent.name}/{other.name}"
            yield Fault(path, line, f"{what} id {name!r} is also the id in {where}: give one of them another")


# --- one passage ------------------------------------------------------------------------------------------------------


def _of_passages(corpus: Corpus, topics: Sequence[str], today: dt.date) -> Iterator[Fault]:
    known = frozenset(topics)
    by_id = {sourced.passage.id: sourced.passage for sourced in reversed(corpus.passages)}
    for sourced in corpus.passages:
        passage, origin = sourced.passage, sourced.origin
        for key, named in (("topic", (passage.topic,)), ("also", passage.also)):
            for topic in named:
                if topic not in known:
                    message = f"unknown topic {topic!r}{near(topic, topics)}"
                    yield Fault(origin.path, origin.line(key), message)
        for named_id in passage.companions:
            why = _cannot_go_with(passage, named_id, by_id, today)
            if why:
                yield Fault(origin.path, origin.line("companions"), f"companion {named_id}: {why}")
        withdrawn = passage.scope.withdrawn
        if withdrawn is not None and withdrawn <= passage.scope.effective:
            message = f"withdrawn {withdrawn} is not after effective {passage.scope.effective}: it is never in force"
            yield Fault(origin.path, origin.line("withdrawn"), message, error=False)
        if "boxed_warning" in passage.serves and not _SENTENCE.search(passage.text.decode()):
            message = "serves boxed_warning and holds no sentence: a title alone warns of nothing, look for the rest"
            yield Fault(origin.path, origin.line("serves"), message, error=False)
        yield from _notice_faults(sourced)


def _notice_faults(sourced: SourcedPassage) -> Iterator[Fault]:
    passage, origin = sourced.passage, sourced.origin
    roles = [role for role in passage.serves if role in _NOTICES]
    if passage.kind is Kind.NOTICE and not passage.serves:
        message = "a passage of kind notice that serves nothing is never shown: say in serves which notice it is"
        yield Fault(origin.path, origin.line("kind"), message)
    if roles and passage.kind is not Kind.NOTICE:
        message = f"serves {', '.join(roles)} and is of kind {passage.kind}: write kind: notice"
        yield Fault(origin.path, origin.line("serves"), message)
    if roles and passage.product:
        message = f'serves {", ".join(roles)} in a document of {passage.product}: move it to a document with product ""'
        yield Fault(origin.path, origin.line("serves"), message)


def _cannot_go_with(passage: Passage, id: str, by_id: Mapping[str, Passage], today: dt.date) -> str:
    """Why passage ``id`` cannot be shown wherever and whenever ``passage`` is; "" it can."""
    if id == passage.id:
        return "a passage cannot be its own companion: remove it"
    companion = by_id.get(id)
    if companion is None:
        return f"there is no such passage{near(id, by_id, 'name one that exists')}"
    if companion.product not in ("", passage.product):
        return f"belongs to {companion.product}: an answer on {passage.product} holds no other product's passages"
    ours, theirs = passage.scope, companion.scope
    missing = [
        *(a for a in ours.audiences if a not in theirs.audiences),
        *(m for m in ours.markets if m not in theirs.markets),
        *([ours.language] if ours.language != theirs.language else []),
        *(c for c in ours.channels if c not in theirs.channels),
    ]
    if missing:
        return f"is not for {', '.join(missing)}, as this passage is, which could not be shown there: change one"
    if end(ours) <= max(today, ours.effective):
        return ""
    if end(theirs) < end(ours):
        return f"ends on {end(theirs)}, before this passage, which could not be shown from then on: name one that lasts"
    if theirs.effective > max(today, ours.effective):
        return f"begins on {theirs.effective}, after this passage, which could not be shown till then: name another"
    return ""


# --- documents --------------------------------------------------------------------------------------------------------


def _of_documents(corpus: Corpus, today: dt.date) -> Iterator[Fault]:
    holding = {sourced.passage.document for sourced in corpus.passages}
    faulty = {fault.path.parent for fault in corpus.faults}
    for sourced in corpus.documents:
        document, origin = sourced.document, sourced.origin
        if document.scope.expires is not None and document.scope.expires <= today:
            message = f"the whole document expired on {document.scope.expires}: put the next version in its place"
            yield Fault(origin.path, origin.line("expires"), message, error=False)
        if document.id not in holding and origin.path.parent not in faulty:
            yield Fault(origin.path, 1, "the document holds no passage: add one (*.md) or remove it", error=False)
    yield from _shared_brands(corpus.documents)


def _shared_brands(documents: Sequence[SourcedDocument]) -> Iterator[Fault]:
    """Two products of one brand name: a question that names it is always asked back."""
    first: dict[str, str] = {}
    for sourced in documents:
        product = sourced.document.product
        brands = [key for key, kind in names_of(sourced.document).items() if kind == "brand"] if product else []
        others: dict[str, list[str]] = defaultdict(list)
        for key in brands:
            other = first.setdefault(key, product)
            if other != product:
                others[other].append(key)
        for other, keys in others.items():
            message = f"{', '.join(map(repr, keys))} is a brand name of {other} too: questions with it are asked back"
            yield Fault(sourced.origin.path, sourced.origin.line("brand_names"), message, error=False)


def _twins(corpus: Corpus, today: dt.date) -> Iterator[Fault]:
    """Passages of the same bytes between which nothing decides; of a label's versions only the latest is used."""
    sets = {d.document.id: d.document.source.get("set_id") or d.document.id for d in corpus.documents}
    groups: dict[tuple[str, str], list[SourcedPassage]] = defaultdict(list)
    for sourced in corpus.passages:
        if sourced.passage.retrieve and end(sourced.passage.scope) > today:
            groups[sourced.passage.product, sourced.passage.sha256].append(sourced)
    pairs: dict[tuple[str, str], list[tuple[SourcedPassage, SourcedPassage]]] = defaultdict(list)
    for group in groups.values():
        for later, sourced in enumerate(group):
            other = next((o for o in group[:later] if _meet(sourced.passage, o.passage, sets)), None)
            if other is not None:
                pairs[sourced.passage.document, other.passage.document].append((sourced, other))
    for (one, two), found in pairs.items():
        for sourced, other in found if one == two else found[:1]:
            more = f", and so do {len(found) - 1} further passages of {one}" if one != two and len(found) > 1 else ""
            message = f"holds the same words as {other.passage.id}{more}: keep one, or set retrieve: false"
            yield Fault(sourced.origin.path, sourced.origin.body_line, message, error=False)


def _meet(one: Passage, two: Passage, sets: Mapping[str, str]) -> bool:
    """Whether both may be chosen for one question."""
    if one.document != two.document and sets[one.document] == sets[two.document]:
        return False
    ours, theirs = one.scope, two.scope
    return (
        bool(set(ours.audiences) & set(theirs.audiences))
        and bool(set(ours.markets) & set(theirs.markets))
        and ours.language == theirs.language
    )


# --- policy and taxonomy ----------------------------------------------------------------------------------------------


def _unknown_in_policy(policy: Policy, path: Path, data: bytes, intents: Sequence[str]) -> Iterator[Fault]:
    start = line_of(data, "not_answered")
    for audience, named in policy.not_answered.items():
        for intent in named:
            if intent not in intents:
                message = f"not_answered, {audience}: unknown intent {intent!r}{near(intent, intents)}"
                yield Fault(path, _line_with(data, intent, start), message)


def _line_with(data: bytes, word: str, start: int) -> int:
    """The first line from ``start`` on in which ``word`` stands as a word, else ``start``."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])".encode())
    lines = enumerate(data.split(b"\n"), start=1)
    return next((number for number, line in lines if number >= start and pattern.search(line)), start)


def _without_examples(
    corpus: Corpus, topics: Sequence[str], examples: Mapping[str, Sequence[str]], taxonomy_file: Path
) -> Iterator[Fault]:
    """Topics that the model was never shown a question about; one note each, at the first passage of it."""
    bare = {topic for topic in topics if not examples.get(topic)}
    for sourced in corpus.passages:
        passage, origin = sourced.passage, sourced.origin
        for key, named in (("topic", (passage.topic,)), ("also", passage.also)):
            for topic in bare.intersection(named):
                bare.discard(topic)
                message = f"topic {topic} has no example question: give it some under examples in {taxonomy_file.name}"
                yield Fault(origin.path, origin.line(key), message, error=False)
