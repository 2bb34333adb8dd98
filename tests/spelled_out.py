"""Texts that a regular expression matches, each alternative of each group in turn: for tests of what goes before it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

_PARSER: Any = import_module("re._parser")
_NAMED = {"CATEGORY_WORD": "w", "CATEGORY_DIGIT": "3", "CATEGORY_SPACE": " "}


def texts_of(pattern: str, tries: int) -> Iterator[str]:
    """Different texts with single spaces in which ``pattern`` is found; none where only a look-around tells it."""
    writer, tree, found = _Writer(), _PARSER.parse(pattern), re.compile(pattern)
    seen: set[str] = set()
    for _ in range(tries):
        text = " ".join(writer.written(tree).split())
        if text not in seen and found.search(text):
            seen.add(text)
            yield text


class _Writer:
    """Takes at each choice the alternative that was taken least: all of them come up, not all combinations."""

    def __init__(self) -> None:
        self._taken: Counter[tuple[int, int]] = Counter()

    def written(self, tree: Sequence[tuple[Any, Any]]) -> str:
        return "".join(self._piece(str(kind), what) for kind, what in tree)

    def _piece(self, kind: str, what: Any) -> str:
        if kind == "LITERAL":
            return chr(what)
        if kind == "IN":
            return self._of_set(what)
        if kind == "BRANCH":
            return self.written(what[1][self._least(what[1])])
        if kind == "SUBPATTERN":
            return self.written(what[3])
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, repeated = what
            space = [(str(inner), value) for inner, value in repeated] == [("LITERAL", ord(" "))]
            often = 1 if space else least + (self._least((0, 1), key=id(what)) if most > least else 0)
            return "".join(self.written(repeated) for _ in range(often))
        return {"ANY": " ", "NOT_LITERAL": "x"}.get(kind, "")

    def _of_set(self, what: Sequence[tuple[Any, Any]]) -> str:
        if str(what[0][0]) == "NEGATE":
            return "x"
        kind, value = what[self._least(what)]
        return chr(value) if str(kind) == "LITERAL" else chr(value[0]) if str(kind) == "RANGE" else _NAMED[str(value)]

    def _least(self, options: Sequence[Any], key: int = 0) -> int:
        key = key or id(options)
        at = min(range(len(options)), key=lambda n: (self._taken[key, n], n))
        self._taken[key, at] += 1
        return at
