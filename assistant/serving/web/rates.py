"""So many requests in so much time, for each caller: the generic cell rate algorithm, one number a caller.

Own code because `limits` in memory starts a thread and walks a list for every request (2 ms of them, measured), and
all that is needed stands on this page. Not shared between replicas: each allows the rate for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
#: Callers that are remembered before those who have been quiet long enough are forgotten.
_MANY = 10_000


class Rates:
    """A rate such as ``60/minute``: 60 at once, then one as each second passes."""

    def __init__(self, rate: str, clock: Callable[[], float] = time.monotonic) -> None:
        count, _, unit = rate.partition("/")
        self._step = _SECONDS[unit] / int(count)
        self._burst = _SECONDS[unit] - self._step
        self._clock = clock
        self._due: dict[str, float] = {}

    def wait(self, caller: str, count: int = 1) -> float:
        """Seconds until ``caller`` may come again; 0: now, and it is counted.

        :param count: as how many requests: more than are allowed at once are let in all the same, and paid for after.
        """
        now = self._clock()
        due = max(self._due.get(caller, now), now)
        early = due - now - self._burst
        if early > 1e-9:
            return early
        if len(self._due) >= _MANY and caller not in self._due:
            self._due = {known: time for known, time in self._due.items() if time > now}
        self._due[caller] = due + count * self._step
        return 0.0
