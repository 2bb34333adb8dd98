"""What was withdrawn from an installed release: its own list, and what came by mail since.

The lists were proved when they were taken in (``releases/withdrawing``) or signed with the release; here they are only
read. Believing one too many can do no more than keep something from being shown.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant.errors import IntegrityError, NotReadyError
from assistant.trust.installed.opening import InstalledRelease
from assistant.trust.withdrawn import Withdrawn

#: Withdrawing one of these leaves nothing that a release could still say.
_SHOWN = ("passage", "document", "template")


def withdrawn_since(release: InstalledRelease, on: dt.date) -> Withdrawn:
    """What is withdrawn from ``release``.

    :param on: today: what decides which passages are shown may not have been withdrawn by then.
    :raises NotReadyError: model, policy or another part that decides was withdrawn, so that nothing can be said.
    :raises IntegrityError: a list cannot be read.
    """
    found = list(_all_entries(release.root, release.withdrawals))
    for kind, id, _, day in found:
        if kind not in _SHOWN and day <= on:
            raise NotReadyError(f"the {kind} {id} of this release was withdrawn on {day}: update the release")
    return Withdrawn(entry for entry in found if entry[0] in _SHOWN)


def withdrawn_before(root: Path, lists: Iterable[bytes], moment: str) -> Withdrawn:
    """What had been withdrawn from the release in ``root`` by ``moment`` (ISO 8601, UTC), with ``lists`` by mail."""
    return Withdrawn(entry for entry in _all_entries(root, lists, moment) if entry[0] in _SHOWN)


def _all_entries(root: Path, mailed: Iterable[bytes], before: str = "") -> Iterator[tuple[str, str, str, dt.date]]:
    own = sorted((root / "approvals" / "withdrawn").glob("*.json"))
    for data in (*mailed, *(path.read_bytes() for path in own)):
        yield from _entries(data, before)


def _entries(data: bytes, before: str) -> Iterator[tuple[str, str, str, dt.date]]:
    try:
        listed: dict[str, Any] = json.loads(data)
        for envelope in listed.get("envelopes", [listed]):
            act = json.loads(base64.b64decode(envelope["payload"]))
            if before and act["signed_at"][:19] > before[:19]:
                continue
            day = dt.date.fromisoformat(act["effective"])
            for subject in act["subjects"]:
                yield subject["kind"], subject["id"], subject["version"], day
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise IntegrityError(f"a withdrawal of this install cannot be read ({error}): apply it again") from error
