"""Time that a laptop may believe, and what becomes of a release that has been offline too long.

Guarantees: no clock set back makes an expired release fresh again. The latest time that was ever seen for certain (of
signed metadata, of an install, of the last answers) is remembered; a clock that stands more than a day before it is
refused, and one that stands less before it is read as if it stood at it.

A release whose metadata expired still answers with a warning for the days that its reviewers signed, then no more.
Installing what is expired is always refused: that is python-tuf's part.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from assistant.errors import IntegrityError
from assistant.trust.installed.description import Offline, stamp

#: Time zones, daylight saving and a dead battery's first hours: less than this is no attack.
SLACK = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an installed release may be used.

    ``fresh`` until ``expires``; ``warned`` from then on; ``stopped`` from ``stops`` on.
    """

    state: Literal["fresh", "warned", "stopped"]
    expires: dt.datetime
    stops: dt.datetime

    @property
    def says(self) -> str:
        """A line for people."""
        if self.state == "fresh":
            return f"fresh until {stamp(self.expires)}"
        remedy = "update it: `onlabel release update INSTALL --from FOLDER_OR_URL`"
        if self.state == "warned":
            return f"expired on {stamp(self.expires)}, answers until {stamp(self.stops)}; {remedy}"
        return f"expired on {stamp(self.expires)} and stopped answering on {stamp(self.stops)}; {remedy}"


def checked(now: dt.datetime, latest: dt.datetime) -> dt.datetime:
    """The time to go by: ``now``, and never before ``latest``.

    :raises IntegrityError: ``now`` is more than a day before ``latest``: the clock was set back.
    """
    if now < latest - SLACK:
        raise IntegrityError(
            f"this machine's clock says {stamp(now)}, but it was {stamp(latest)} already: set the clock right"
        )
    return max(now, latest)


def standing_at(now: dt.datetime, expires: dt.datetime, offline: Offline) -> Standing:
    """What a release whose metadata expires at ``expires`` may do at ``now``."""
    stops = expires + dt.timedelta(days=offline.stop_days)
    state: Literal["fresh", "warned", "stopped"] = "fresh" if now < expires else "warned" if now < stops else "stopped"
    return Standing(state, expires, stops)
