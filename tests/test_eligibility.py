"""Nobody is ever shown a passage that is not meant for them: over every passage of the sample and every context.

A context is an audience, a market, a language, a channel and a day; the days are all those on which anything in the
sample comes into force or goes out of it, with the day before and the day after. What may be shown is decided here from
the files alone, by rules written down again, not by asking the code under test.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from assistant.answering import retrieval
from assistant.answering.companions import Completed, complete
from assistant.answering.index import Entry
from assistant.domain import AUDIENCES, CHANNELS, Context, Outcome, Passage
from assistant.errors import UsageError
from assistant.pipeline import Assistant
from assistant.serving.inspecting import inspect
from tests.conftest import TODAY

_LANGUAGES = ("en", "de")


class Meant:
    """For whom and when each passage is meant, read from the files with nothing but a YAML parser."""

    def __init__(self, root: Path) -> None:
        self.fields: dict[str, dict[str, object]] = {}
        self.bodies: dict[str, str] = {}
        for file in sorted((root / "approved_corpus").glob("*/*.md")):
            document = yaml.safe_load((file.parent / "document.yaml").read_text(encoding="utf-8"))
            _, front, body = file.read_text(encoding="utf-8").split("---\n", 2)
            own = yaml.safe_load(front)
            ends = [day for day in (own.get("expires"), document.get("expires"), own.get("withdrawn")) if day]
            self.fields[own["id"]] = {
                "audiences": own.get("audiences") or document["audiences"],
                "markets": own.get("markets") or document["markets"],
                "language": own.get("language") or document["language"],
                "channels": own.get("channels") or document.get("channels") or list(CHANNELS),
                "from": own.get("effective") or document["effective"],
                "until": min(ends) if ends else dt.date.max,
                "retrieve": own.get("retrieve", True),
                "product": document["product"],
                "title": own["title"],
            }
            self.bodies[own["id"]] = body.removesuffix("\n")

    def may(self, id: str, where: Context) -> bool:
        """Whether passage ``id`` may be seen in a context."""
        f = self.fields[id]
        fits = (
            where.audience in f["audiences"]  # type: ignore[operator]
            and where.market in f["markets"]  # type: ignore[operator]
            and where.language == f["language"]
            and where.channel in f["channels"]  # type: ignore[operator]
        )
        return fits and f["from"] <= where.date < f["until"]  # type: ignore[operator]

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Every day on which something begins or ends, the day before and the day after."""
        edges = {day for f in self.fields.values() for day in (f["from"], f["until"])} - {dt.date.max}
        return tuple(sorted({day + dt.timedelta(n) for day in edges | {TODAY} for n in (-1, 0, 1)}))  # type: ignore[operator]

    @property
    def contexts(self) -> tuple[Context, ...]:
        markets = sorted({market for f in self.fields.values() for market in f["markets"]})  # type: ignore[attr-defined]
        return tuple(
            Context(*parts) for parts in itertools.product(AUDIENCES, (*markets, "FR"), _LANGUAGES, CHANNELS, self.days)
        )


@pytest.fixture(scope="module")
def meant(quick_sample: Path) -> Meant:
    return Meant(quick_sample)


@pytest.fixture(scope="module")
def entries(quick: Assistant, meant: Meant) -> Mapping[str, Entry]:
    found = {id: quick.index.entry(id) for id in meant.fields}
    assert all(found.values())
    return {id: entry for id, entry in found.items() if entry is not None}


def test_the_sample_shows_what_is_to_be_shown(meant: Meant) -> None:
    """The sample holds what the proof needs: each kind of limit, each way to be out of force."""
    assert len(meant.fields) > 300
    assert len(meant.days) > 15
    fields = meant.fields.values()
    assert any(f["until"] < TODAY for f in fields)  # type: ignore[operator]
    assert any(f["from"] > TODAY for f in fields)  # type: ignore[operator]
    for id in meant.fields:
        assert any(meant.may(id, where) for where in meant.contexts)
        assert not all(meant.may(id, where) for where in meant.contexts)


def test_retrieval_offers_exactly_what_may_be_chosen(quick: Assistant, meant: Meant) -> None:
    by_product: dict[str, list[str]] = {}
    for id, f in meant.fields.items():
        by_product.setdefault(str(f["product"]), []).append(id)
    for where, (product, ids) in itertools.product(meant.contexts, by_product.items()):
        expected = {id for id in ids if meant.may(id, where) and meant.fields[id]["retrieve"]}
        assert {entry.head.id for entry in retrieval.eligible(quick.index, product, where)} == expected


def test_companions_are_meant_for_the_same_people(quick: Assistant, meant: Meant, entries: Mapping[str, Entry]) -> None:
    """What an answer brings with it is for them too, or there is no answer."""
    completed = 0
    for where in meant.contexts:
        if where.channel != "cli" or where.language != "en":
            continue  # these passages know every channel; retrieval above went through all of them
        for id, entry in entries.items():
            if not (meant.may(id, where) and entry.head.retrieve):
                continue
            found = complete(quick.index, quick.policy, where, [entry])
            if isinstance(found, Completed):
                completed += 1
                assert all(meant.may(other.head.id, where) for other in (*found.before, *found.after))
    assert completed > 1000


def shown(quick: Assistant, question: str, where: Context, meant: Meant) -> tuple[str, ...]:
    """The passages that are shown, proved against the files; none where nothing can be said at all."""
    try:
        answer = quick.ask(question, where)
    except UsageError:
        return ()
    ids = tuple(span.id for span in answer.spans if span.source == "passage")
    assert ids
    for id in ids:
        assert meant.may(id, where), f"{id} was shown to {where}"
    offered = [choice.id.removeprefix("passage:") for choice in answer.choices if choice.id.startswith("passage:")]
    assert all(meant.may(id, where) for id in offered)
    if answer.outcome is not Outcome.ANSWERED and answer.outcome not in (
        Outcome.EMERGENCY,
        Outcome.ADVERSE_EVENT,
        Outcome.PRODUCT_COMPLAINT,
    ):
        assert len(ids) == 1
    return ids


def test_a_passage_that_is_named_is_shown_to_those_it_is_meant_for_only(quick: Assistant, meant: Meant) -> None:
    """Every passage by its id, in every context where it has just begun, just ended, or belongs to others."""
    given = 0
    for id, f in meant.fields.items():
        for where in _around(meant, id):
            ids = shown(quick, f"passage:{id}", where, meant)
            allowed = meant.may(id, where) and bool(f["retrieve"])
            assert allowed or id not in ids or not f["retrieve"]
            given += id in ids
    assert given >= sum(1 for f in meant.fields.values() if f["retrieve"])


def _around(meant: Meant, id: str) -> Iterator[Context]:
    """Contexts on both sides of every limit of passage ``id``: each part wrong by itself, each edge of its days."""
    f = meant.fields[id]
    until = f["until"] if f["until"] != dt.date.max else TODAY + dt.timedelta(1)
    last = until - dt.timedelta(1)  # type: ignore[operator]
    right = Context(f["audiences"][0], f["markets"][0], str(f["language"]), f["channels"][0], last)  # type: ignore[index]
    yield right
    for audience, market in itertools.product(AUDIENCES, ("US", "GB")):
        yield Context(audience, market, right.language, right.channel, last)
    yield Context(right.audience, right.market, "de", right.channel, last)
    for day in (f["from"], f["from"] - dt.timedelta(1), until, until + dt.timedelta(1)):  # type: ignore[operator]
        yield Context(right.audience, right.market, right.language, right.channel, day)  # type: ignore[arg-type]


def test_a_passage_is_inspected_with_its_words_by_those_it_is_meant_for_only(quick: Assistant, meant: Meant) -> None:
    for id, f in meant.fields.items():
        for where in _around(meant, id):
            found = inspect(quick, id, where)
            assert found is not None
            if found.why_not.startswith("nothing may be said"):
                assert found.answer is None
                continue  # not even a notice is in force there
            assert (found.answer is not None) == (meant.may(id, where) and bool(f["retrieve"]))
            assert found.answer is not None or found.why_not
            body = meant.bodies[id]
            assert len(body) < 80 or body not in repr(found.fields)


def test_its_own_words_as_a_question_never_bring_out_what_is_not_meant(quick: Assistant, meant: Meant) -> None:
    """Asked for as plainly as can be: the product and the passage's own title, in every audience and market."""
    answered = 0
    dated = {id for id, f in meant.fields.items() if f["from"] != dt.date(2026, 1, 1) or f["until"] != dt.date.max}
    dated = {id for id in dated if _own_dates(meant, id)}
    for number, (id, f) in enumerate(meant.fields.items()):
        question = f"{f['product']} {f['title']}"
        contexts = list(_around(meant, id))
        # Every passage with dates of its own in all its contexts; of the others each in a third of them.
        for where in contexts if id in dated else contexts[number % 3 :: 3]:
            answered += bool(shown(quick, question, where, meant))
    assert len(dated) >= 5
    assert answered > 500


def _own_dates(meant: Meant, id: str) -> bool:
    """Whether a passage is in force on other days than most of its product."""
    f = meant.fields[id]
    same = [(g["from"], g["until"]) for g in meant.fields.values() if g["product"] == f["product"]]
    return same.count((f["from"], f["until"])) < len(same) / 4


def test_the_first_words_of_what_is_out_of_force_do_not_bring_it_out(quick: Assistant, meant: Meant) -> None:
    today_out = [
        id
        for id, f in meant.fields.items()
        if not f["from"] <= TODAY < f["until"]  # type: ignore[operator]
    ]
    assert today_out
    for id in today_out:
        words = " ".join(meant.bodies[id].split()[:60])
        for audience, market in itertools.product(AUDIENCES, ("US", "GB")):
            shown(quick, words, Context(audience, market, "en", "cli", TODAY), meant)


def test_passages_know_nothing_of_others_scopes(entries: Mapping[str, Entry], meant: Meant) -> None:
    """The index holds the scope of the file, for every passage: what the proofs above stand on."""
    for id, entry in entries.items():
        head: Passage = entry.head
        for where in meant.contexts[:: max(1, len(meant.contexts) // 200)]:
            assert (head.scope.covers(where) and head.scope.valid_on(where.date)) == meant.may(id, where)
