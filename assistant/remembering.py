"""What a method found, kept for the next time it is asked.

Guarantees: an object whose methods are remembered is let go with its last user, files and all, as if nothing were
remembered. ``functools.lru_cache`` around a bound method would hold the object that holds the cache, and both would
wait for the cyclic garbage collector.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakMethod

_P = ParamSpec("_P")
_T = TypeVar("_T")


def remembering(method: Callable[_P, _T], most: int) -> Callable[_P, _T]:
    """The bound ``method``, which is asked only for what is not among the ``most`` things it was asked lately.

    To be called by its own object, which is there as long as somebody calls.
    """
    bound = WeakMethod(cast("Callable[..., Any]", method))

    @lru_cache(maxsize=most)
    def find(*asked: Any) -> Any:
        found = bound()
        if found is None:
            raise ReferenceError("what remembers is gone")
        return found(*asked)

    return cast("Callable[_P, _T]", find)
