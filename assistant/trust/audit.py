"""Where answers are recorded, as the pipeline sees it. The log itself: ``trust/log``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class AuditSink(Protocol):
    """Where answers are recorded."""

    def record(self, entry: Mapping[str, Any]) -> None:
        """Keep ``entry`` for good.

        :raises OnlabelError: it could not be kept: show nothing.
        """


class Unrecorded:
    """An audit that keeps nothing: for what is asked to check something, and shown to nobody as an answer."""

    def record(self, entry: Mapping[str, Any]) -> None:
        """See :class:`AuditSink`."""
