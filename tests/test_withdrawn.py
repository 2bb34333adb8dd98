"""What is withdrawn after it was sealed is not shown any more, by the index and by the ledger, each for itself."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.domain import Scope
from assistant.trust.withdrawn import ANY, NOTHING, Withdrawn

DAY = dt.date(2026, 11, 21)
SCOPE = Scope(("hcp",), ("US",), "en", ("cli",), dt.date(2026, 1, 1))


def test_nothing_withdrawn_leaves_a_scope_as_it_is() -> None:
    assert not NOTHING
    assert NOTHING.passage("a", "1", "d", SCOPE) is SCOPE


@pytest.mark.parametrize(
    ("kind", "id", "version"), [("passage", "a", "1"), ("passage", "a", ANY), ("document", "d", ANY)]
)
def test_a_passage_ends_with_its_own_withdrawal_and_with_its_documents(kind: str, id: str, version: str) -> None:
    ended = Withdrawn([(kind, id, version, DAY)]).passage("a", "1", "d", SCOPE)
    assert ended.valid_on(DAY - dt.timedelta(days=1))
    assert not ended.valid_on(DAY)


@pytest.mark.parametrize(
    ("kind", "id", "version"), [("passage", "b", ANY), ("passage", "a", "2"), ("template", "a", ANY)]
)
def test_what_is_not_named_stays_in_force(kind: str, id: str, version: str) -> None:
    assert Withdrawn([(kind, id, version, DAY)]).passage("a", "1", "d", SCOPE).valid_on(DAY)


def test_a_withdrawal_never_prolongs() -> None:
    early = Scope(("hcp",), ("US",), "en", ("cli",), dt.date(2026, 1, 1), withdrawn=dt.date(2026, 2, 1))
    assert Withdrawn([("passage", "a", ANY, DAY)]).passage("a", "1", "d", early).withdrawn == dt.date(2026, 2, 1)


def test_the_earliest_of_several_counts() -> None:
    both = Withdrawn([("passage", "a", ANY, DAY), ("passage", "a", ANY, dt.date(2026, 3, 1))])
    assert both.since("passage", "a", "7") == dt.date(2026, 3, 1)


def test_a_template_ends_too() -> None:
    assert not Withdrawn([("template", "t", "3", DAY)]).template("t", "3", SCOPE).valid_on(DAY)
