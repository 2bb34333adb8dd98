"""Points in time as the intake writes them: UTC for the machine, the local clock for the person, HL7 for E2B.

Guarantees: UTC texts sort as the times do, so the queue can compare them without reading them. Refuses times without
a zone: "nine o'clock" is no time of first awareness.
"""

from __future__ import annotations

import datetime as dt

from assistant.errors import UsageError

#: From first awareness to the safety department (the usual contractual limit; see docs/adverse-events.md).
LIMIT = dt.timedelta(hours=24)


def now() -> dt.datetime:
    """This moment on the machine's own clock, with its offset from UTC."""
    return dt.datetime.now().astimezone()


def utc_text(moment: dt.datetime) -> str:
    """``2026-11-21T13:53:37.123Z``.

    :raises UsageError: ``moment`` has no zone.
    """
    if moment.utcoffset() is None:
        raise UsageError("a time without a zone cannot be recorded: give one with its offset from UTC")
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_text(moment: dt.datetime) -> str:
    """``2026-11-21T08:53:37.123-05:00``: what the clock on the wall said, and how far it was from UTC."""
    return moment.isoformat(timespec="milliseconds")


def from_text(text: str) -> dt.datetime:
    """The time that :func:`utc_text` or :func:`local_text` wrote."""
    return dt.datetime.fromisoformat(text)


def hl7_text(moment: dt.datetime) -> str:
    """``20261121085337-0500``: a point in time to the second (HL7 v3 data type TS; ICH E2B(R3) IG, appendix II)."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def left(due: dt.datetime, at: dt.datetime) -> str:
    """``5 h 12 min left``, or by how much it is overdue."""
    minutes = int(abs((due - at).total_seconds()) // 60)
    spelled = f"{minutes // 60} h {minutes % 60:02d} min"
    return f"overdue by {spelled}" if at > due else f"{spelled} left"
