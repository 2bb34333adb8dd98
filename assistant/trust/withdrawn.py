"""What was withdrawn after it was sealed, and from which day: it ends the scope of passages and templates at once.

A sealed index and ledger never change; what reads them ends a scope here instead, each for itself, so that neither has
to believe the other. Withdrawing a document withdraws its passages. A withdrawal only ever shortens a scope.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from assistant.domain import Scope

#: Version of a withdrawal that means every version.
ANY = "*"


class Withdrawn:
    """Withdrawals as ``(kind, id, version or "*", first day it is not in force)``."""

    def __init__(self, withdrawals: Iterable[tuple[str, str, str, dt.date]] = ()) -> None:
        self._days: dict[tuple[str, str, str], dt.date] = {}
        for kind, id, version, day in withdrawals:
            key = (kind, id, version)
            self._days[key] = min(day, self._days.get(key, day))

    def __bool__(self) -> bool:
        return bool(self._days)

    def since(self, kind: str, id: str, version: str) -> dt.date | None:
        """The first day on which this is not in force any more."""
        days = [self._days[key] for key in ((kind, id, version), (kind, id, ANY)) if key in self._days]
        return min(days, default=None)

    def passage(self, id: str, version: str, document: str, scope: Scope) -> Scope:
        """The scope of a passage, ended where it or its document was withdrawn."""
        return _ended(scope, self.since("passage", id, version), self.since("document", document, ANY))

    def template(self, id: str, version: str, scope: Scope) -> Scope:
        """The scope of a template, ended where it was withdrawn."""
        return _ended(scope, self.since("template", id, version))


NOTHING = Withdrawn()


def _ended(scope: Scope, *days: dt.date | None) -> Scope:
    known = [day for day in (*days, scope.withdrawn) if day is not None]
    return replace(scope, withdrawn=min(known)) if known else scope
