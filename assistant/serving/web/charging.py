"""What a request costs its caller beyond itself: each earlier question that has to be read for it counts as one more.

Otherwise one body would make the server do the work of many requests at the price of one. What a process remembers of a
conversation costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Scope

from assistant.serving.web.errors import Refused

_CHARGE = "onlabel.charge"


def allow_charges(scope: Scope, wait: Callable[[int], float]) -> None:
    """Let a route say what its request costs; ``wait`` counts it (:class:`~assistant.serving.web.rates.Rates`)."""
    scope[_CHARGE] = wait


def charge(request: Request, count: int) -> None:
    """Count ``count`` requests of its caller besides this one.

    :raises Refused: he made too many.
    """
    wait = request.scope[_CHARGE](count) if count else 0.0
    if wait:
        again = {"Retry-After": str(max(1, math.ceil(wait)))}
        raise Refused(429, "too many requests: earlier questions that have to be read count too", again)
