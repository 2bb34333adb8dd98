"""docs/trust.md names tests and their cases: each of them exists, and none of the tables of attacks is left out."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "trust.md").read_text(encoding="utf-8")
#: Letter -> the file that the page's legend gives it.
FILES = {letter: TESTS / name for letter, name in re.findall(r"\| ([A-Z]) \| `tests/(test_\w+\.py)`", PAGE)}
#: Tables of attacks in the tests; the page has a row for each of their cases.
TABLES = {
    "R": ("ATTACKS", "OFF", "AT_HOME"),
    "S": ("UNAPPROVED", "WITHDRAWN", "UNAUTHENTIC", "UNSOUND", "TABLES"),
    "L": ("ATTACKS", "FROM_OUTSIDE"),
    "I": ("SCENARIOS",),
}


def _named() -> dict[str, set[str]]:
    """Letter -> what the page names of its file: ``test_...``, or ``[case]``. A letter holds to the end of its line."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in PAGE.splitlines():
        letter = ""
        for token in re.findall(r"\b[A-Z](?= `(?:test_|\[))|`test_\w+`|`\[[^`]+\]`", line):
            if token[0] != "`":
                letter = token
            else:
                found[letter].add(token.strip("`"))
    return found


NAMED = _named()


@cache
def _functions(letter: str) -> frozenset[str]:
    return frozenset(n.name for n in ast.parse(FILES[letter].read_bytes()).body if isinstance(n, ast.FunctionDef))


@cache
def _cases(letter: str) -> frozenset[str]:
    """The keys of the tables of attacks in a file."""
    found: list[str] = []
    for node in ast.parse(FILES[letter].read_bytes()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            target: str = node.target.id
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target = node.targets[0].id
        else:
            continue
        if target in TABLES[letter]:
            assert isinstance(node.value, ast.Dict), f"{FILES[letter].name}: {target} is no table any more"
            found += [ast.literal_eval(key) for key in node.value.keys if key is not None]
    return frozenset(found)


def test_the_page_names_tests_of_every_file_in_its_legend() -> None:
    assert len(FILES) == 15
    assert set(NAMED) - {""} == set(FILES)


@pytest.mark.parametrize("letter", sorted(FILES))
def test_every_test_that_is_named_exists(letter: str) -> None:
    assert {name for name in NAMED[letter] if name.startswith("test_")} <= _functions(letter)


def test_a_test_named_without_its_file_exists_in_one() -> None:
    everywhere = frozenset[str]().union(*map(_functions, FILES))
    assert {name for name in NAMED[""] if name.startswith("test_")} <= everywhere
    assert not [name for name in NAMED[""] if name.startswith("[")]


@pytest.mark.parametrize("letter", sorted(TABLES))
def test_the_cases_on_the_page_are_those_of_the_tests(letter: str) -> None:
    assert {name[1:-1] for name in NAMED[letter] if name.startswith("[")} == _cases(letter)


def test_no_other_file_has_cases() -> None:
    assert not [letter for letter in FILES if letter not in TABLES and any(n.startswith("[") for n in NAMED[letter])]
