"""How far one mix has moved from another: the population stability index, and how much of it chance alone would make.

By custom an index below 0.1 says that nothing moved and one above 0.25 that much did. The custom comes from tables of
ten rows and thousands of cases: of forty intents and a hundred questions chance alone makes 0.7. So :func:`by_chance`
goes with it: an index is worth a word only where it is above that as well.

Guarantees: equal counts give equal figures on every machine; nothing heavier than the standard library is imported
until :func:`by_chance` is called.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

#: What was never seen counts as this share, so that the logarithm exists.
LEAST = 1e-4
#: From where on, by custom, something moved, and much did.
MOVED, MOVED_MUCH = 0.1, 0.25
_DRAWS = 400
_CHANCE = 0.95
_SEED = 20260101


def shares(found: Iterable[str]) -> dict[str, float]:
    """Each name -> its share of ``found``."""
    counted = Counter(found)
    total = sum(counted.values())
    return {name: count / total for name, count in counted.items()}


def stability(expected: Mapping[str, float], found: Mapping[str, float]) -> float:
    """The population stability index: the sum of (found - expected) * ln(found / expected)."""
    return sum(contributions(expected, found).values())


def contributions(expected: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """What each name adds to the index, by name; never less than 0."""
    added: dict[str, float] = {}
    for name in sorted(expected.keys() | found.keys()):
        was, now = max(expected.get(name, 0.0), LEAST), max(found.get(name, 0.0), LEAST)
        added[name] = (now - was) * math.log(now / was)
    return added


def by_chance(expected: Mapping[str, float], found: int, of: int = 0) -> float:
    """The index that 95 of 100 samples stay below though nothing moved.

    :param found: how many there are in the sample.
    :param of: how many ``expected`` was counted of, where that is a sample as well; 0: it is given.
    """
    import numpy as np

    total = sum(expected.values())
    if not found or not total:
        return math.nan
    true = np.array([expected[name] / total for name in sorted(expected)])
    # Seeded on purpose: the same log gives the same report.
    drawn = np.random.Generator(np.random.PCG64(_SEED))
    now = np.maximum(drawn.multinomial(found, true, _DRAWS) / found, LEAST)
    was = np.maximum(drawn.multinomial(of, true, _DRAWS) / of if of else true, LEAST)
    return float(np.quantile(((now - was) * np.log(now / was)).sum(axis=1), _CHANCE))


def verdict(index: float, chance: float) -> str:
    """The index in words: ``too few``, ``steady``, ``moved`` or ``moved much``."""
    if math.isnan(index) or math.isnan(chance):
        return "too few"
    if index <= max(chance, MOVED):
        return "steady"
    return "moved much" if index > MOVED_MUCH else "moved"
