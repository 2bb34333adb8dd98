"""Errors of the service's own: who asks is turned away, and may come again or ask for something else.

They stand apart from :mod:`assistant.serving.web.service`, so that whoever only tells them imports no model.
"""

from __future__ import annotations

from assistant.errors import OnlabelError, UsageError


class Busy(OnlabelError):  # noqa: N818 - what it is, not that it is one
    """The line is full. ``retry_after``: when it may be worth coming again, in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many questions at once: ask again in {retry_after} s")
        self.retry_after = retry_after


class NotThereError(UsageError):
    """What is asked for by name is not there, or not for this caller."""
