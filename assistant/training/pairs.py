"""Questions with the passages that answer them: what the retrieval vector learns from.

Two sources. *Written* pairs: invented labels, passage by passage, each with questions that it and no other passage of
its label answers; and questions that none of its passages answers, which should be near to none. *Weak* pairs: passages
of real labels (openFDA records), each with the training question of the same topic that shares the most telling words
with it, or with its own title; no person looked at them, so they must be many and their share small. They are drawn
from the training split alone, and from no label whose set id is left out or any of whose names holds a generic name
that is: "adalimumab-aacf" is adalimumab, and so is a combination with it.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from assistant.answering import lexical
from assistant.content.lexicon import PLACEHOLDER, mask, name_key, words
from assistant.content.openfda.importing import read_openfda
from assistant.content.writing import DocumentDraft
from assistant.domain import OTHER_INTENTS
from assistant.errors import ContentError
from assistant.training.dataset import PRODUCT_MARK, Utterance, data_files, read_lines

#: Weak pairs: passages taken of one label, and how much a question must share with one.
_PASSAGES_OF_A_LABEL = 8
_SHARED = 5.0
#: Share of the weak pairs whose question is the passage's own title.
_TITLES = 0.2
_LONGEST = 900


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage that answers it, both with the product masked; ``label`` groups those of one label.

    ``passage`` begins with its ``title``; it is empty where no passage of the label answers.
    """

    question: str
    passage: str
    label: str = ""
    title: str = ""


class _Question(BaseModel):
    """A question that its passage answers. ``intent`` where it is another than the passage's topic; ``flags`` as in
    docs/annotation.md, where it tells of harm besides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    style: str = ""
    intent: str = ""
    also: str = ""
    flags: tuple[str, ...] = ()


class _LabelPassage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    topic: str
    also: tuple[str, ...] = ()
    section: str = ""
    title: str = ""
    text: str = Field(min_length=1)
    questions: tuple[_Question, ...]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    style: str = ""


class _Unanswered(BaseModel):
    """Questions that no passage of the label answers, though one comes near; they bear nothing else to learn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    unanswered: tuple[_Asked, ...]


def _sort_of_line(line: object) -> str:
    return "unanswered" if isinstance(line, dict) and "unanswered" in line else "passage"


_WRITTEN_LINE: TypeAdapter[_LabelPassage | _Unanswered] = TypeAdapter(
    Annotated[
        Annotated[_LabelPassage, Tag("passage")] | Annotated[_Unanswered, Tag("unanswered")],
        Discriminator(_sort_of_line),
    ]
)


@dataclass(frozen=True, slots=True)
class Written:
    """Label passages with their questions: what is found for each, and in which section its answer stands."""

    pairs: list[Pair]
    questions: list[Utterance]
    sha256: str

    def of_intents(self, known: Collection[str]) -> list[Utterance]:
        """The questions to learn intents from: in which section the answer stands is what is asked about.

        Those of topics that are no intent of this model are for finding alone.
        """
        asked = (question for question in self.questions if question.intent in known)
        return [q if q.also is None or q.also in known else q.model_copy(update={"also": None}) for q in asked]


def read_written(paths: Sequence[Path]) -> Written:
    """Files of label passages with their questions.

    :raises ContentError: a line cannot be meant.
    """
    digest = hashlib.sha256()
    pairs: list[Pair] = []
    questions: list[Utterance] = []
    for path in data_files(paths):
        answered: list[Pair] = []
        unanswered: list[Pair] = []
        for number, line in read_lines(path):
            digest.update(line + b"\n")
            try:
                read = _WRITTEN_LINE.validate_json(line)
            except ValidationError as error:
                raise ContentError(str(error.errors()[0]["msg"]), path, number) from error
            if isinstance(read, _Unanswered):
                texts = (question.text.replace(PRODUCT_MARK, PLACEHOLDER) for question in read.unanswered)
                unanswered.extend(Pair(text, "", f"{path.stem}/{read.label}") for text in texts)
                continue
            text = titled(read.title, read.text.replace(PRODUCT_MARK, PLACEHOLDER))
            for question in read.questions:
                asked = question.text.replace(PRODUCT_MARK, PLACEHOLDER)
                answered.append(Pair(asked, text, f"{path.stem}/{read.label}", read.title))
                questions.append(_labelled(question, read))
        if strangers := {pair.label for pair in unanswered} - {pair.label for pair in answered}:
            raise ContentError(f"no passage here is of the label {min(strangers).rpartition('/')[2]}", path)
        for label in dict.fromkeys(pair.label for pair in answered):
            of_label = [[pair for pair in part if pair.label == label] for part in (unanswered, answered)]
            pairs.extend(_beside(*of_label))
    return Written(pairs, questions, digest.hexdigest())


def _beside(few: Sequence[Pair], among: Sequence[Pair]) -> list[Pair]:
    """Each of ``few`` before a question of the passage that it shares the most telling words with.

    In training neighbours meet: "not this one" is learnt where that passage is. The order of ``among`` is kept.
    """
    if not few:
        return list(among)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, pair in enumerate(among):
        rows[pair.passage].append(row)
    words_of = {
        passage: {*lexical.terms(passage), *lexical.terms("\n".join(among[row].question for row in of))}
        for passage, of in rows.items()
    }
    seen = Counter(word for found in words_of.values() for word in found)
    places = [(row, 1, pair) for row, pair in enumerate(among)]
    for pair in few:
        asked = set(lexical.terms(pair.question))
        shared = {
            passage: math.fsum(math.log(1 + len(rows) / seen[word]) for word in asked & found)
            for passage, found in words_of.items()
        }
        near = max(shared, key=shared.__getitem__)
        # The next one near it goes before another of its questions.
        rows[near].append(rows[near].pop(0))
        places.append((rows[near][-1], 0, pair))
    return [pair for _, _, pair in sorted(places, key=lambda place: place[:2])]


def _labelled(question: _Question, passage: _LabelPassage) -> Utterance:
    """The question under the topic of the passage that answers it, or as its writer marked it."""
    intent = question.intent or passage.topic
    also = question.also or next((topic for topic in (passage.topic, *passage.also) if topic != intent), None)
    return Utterance(
        text=question.text,
        intent=intent,
        also=also,
        flags=question.flags,
        style=question.style,
        annotated="intent_and_flags",
    )


def titled(title: str, text: str) -> str:
    """A passage as the index embeds it: under its title, unless it begins with it."""
    title = title.strip()
    return text if not title or text.casefold().startswith(title.casefold()) else f"{title}. {text}"


@dataclass(frozen=True, slots=True)
class DomainLabel:
    """A real label as domain text: ``passages`` are (title, masked text, topics)."""

    set_id: str
    sha256: str
    generics: tuple[str, ...]
    passages: tuple[tuple[str, str, tuple[str, ...]], ...]


def domain_labels(
    path: Path, left_out: Collection[str], left_out_generics: Collection[str] = ()
) -> Iterator[DomainLabel]:
    """The labels of an openFDA file, but for those whose set id, or any word of whose names, is left out."""
    for draft in read_openfda(path, refuse=lambda _: None):
        set_id = str(draft.source.get("set_id", ""))
        named = {word for name in (*draft.brand_names, *draft.generic_names) for word in words(name)}
        if set_id in left_out or named & set(left_out_generics):
            continue
        yield _domain_label(draft, set_id)


def _domain_label(draft: DocumentDraft, set_id: str) -> DomainLabel:
    names = tuple(key for name in (*draft.brand_names, *draft.generic_names) if (key := name_key(name)))
    passages = []
    digest = hashlib.sha256()
    for passage in draft.passages:
        digest.update(passage.text.encode())
        text = mask(" ".join(passage.text.split())[:_LONGEST], names)
        if len(text) > 80:
            passages.append((mask(passage.title, names), text, (passage.topic, *passage.also)))
    return DomainLabel(set_id, digest.hexdigest(), names, tuple(passages))


def weak_pairs(labels: Iterable[DomainLabel], questions: Sequence[Utterance], seed: int) -> list[Pair]:
    """Pairs of real passages and training questions, in the order of the labels."""
    asked = _Questions(questions)
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    pairs: list[Pair] = []
    for label in labels:
        passages = list(label.passages)
        draw.shuffle(passages)
        found = 0
        for title, text, topics in passages:
            if found >= _PASSAGES_OF_A_LABEL:
                break
            if title.strip() and len(title) < 80 and draw.random() < _TITLES:
                pairs.append(Pair(title.strip(), text, label.set_id, title))
                found += 1
                continue
            question = asked.nearest(f"{title} {text}", topics[:1], draw)
            if question:
                pairs.append(Pair(question, titled(title, text), label.set_id, title))
                found += 1
    return pairs


class _Questions:
    """The questions by topic and word, to find the one that shares the most with a passage."""

    def __init__(self, questions: Sequence[Utterance]) -> None:
        chosen = [u for u in questions if u.intent not in OTHER_INTENTS and not u.flags and not u.also]
        self._texts = [u.masked()[0] for u in chosen]
        self._words = [frozenset(lexical.terms(text.replace(PLACEHOLDER, " "))) for text in self._texts]
        seen = Counter(word for terms in self._words for word in terms)
        self._weight = {word: math.log(1 + len(chosen) / count) for word, count in seen.items()}
        self._of_topic: dict[str, list[int]] = defaultdict(list)
        for row, utterance in enumerate(chosen):
            self._of_topic[utterance.intent].append(row)
        self._used: Counter[int] = Counter()

    def nearest(self, text: str, topics: Sequence[str], draw: random.Random) -> str:
        """A question on one of ``topics`` whose telling words stand in ``text``, all or nearly; "" if there is none."""
        terms = set(lexical.terms(text))
        best, best_worth = -1, _SHARED
        for topic in topics:
            for row in self._of_topic.get(topic, ()):
                worth = self._worth(row, terms) - 1.5 * self._used[row] + draw.random()
                if worth > best_worth:
                    best, best_worth = row, worth
        if best < 0:
            return ""
        self._used[best] += 1
        return self._texts[best]

    def _worth(self, row: int, terms: set[str]) -> float:
        """What it shares with the passage less half of what the passage lacks."""
        # Not "sum": the order of a set changes from process to process, and a rounded sum with it.
        shared = math.fsum(self._weight[word] for word in self._words[row] & terms)
        return shared - 0.5 * math.fsum(self._weight[word] for word in self._words[row] - terms)


def set_ids(path: Path) -> frozenset[str]:
    """Set ids to leave out: of a text file, one a line, or of a JSONL manifest with ``set_id``.

    :raises ContentError: a line cannot be meant.
    """
    return frozenset(str(entry["set_id"]) for entry in _manifest(path))


def generics(path: Path) -> frozenset[str]:
    """First words of the generic names in a JSONL manifest, in lower case; of a plain list of set ids, none.

    :raises ContentError: a line cannot be meant.
    """
    found: set[str] = set()
    for entry in _manifest(path):
        names = entry.get("generic", [])
        for name in names if isinstance(names, list) else [names]:
            found.update(words(str(name))[:1])
    return frozenset(found)


def _manifest(path: Path) -> Iterator[Mapping[str, object]]:
    for number, line in read_lines(path):
        try:
            text = line.decode("utf-8-sig").strip()
            entry: Mapping[str, object] = json.loads(text) if text.startswith("{") else {"set_id": text}
        except ValueError as error:
            raise ContentError(f"is neither a set id nor JSON: {error}", path, number) from error
        if "set_id" not in entry:
            raise ContentError("has no set_id", path, number)
        yield entry
