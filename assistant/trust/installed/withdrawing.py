"""What was withdrawn from an installed release: its own list, and what came by mail since.

The lists were proved when they were taken in (``releases/withdrawing``) or signed with the release; here they are only
read. Believing one too many can do no more than keep something from being shown.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from assistant.errors import IntegrityError, NotReadyError
from assistant.trust.installed.opening import InstalledRelease
from assistant.trust.withdrawn import NOTHING, Withdrawn

#: Withdrawing one of these leaves nothing that a release could still say.
_SHOWN = ("passage", "document", "template")


def withdrawn_since(release: InstalledRelease | None, on: dt.date) -> Withdrawn:
    """What is withdrawn from ``release``; nothing where there is no release.

    :param on: today: what decides which passages are shown may not have been withdrawn by then.
    :raises NotReadyError: model, policy or another part that decides was withdrawn, so that nothing can be said.
    :raises IntegrityError: a list cannot be read.
    """
    if release is None:
        return NOTHING
    folder = release.root / "approvals" / "withdrawn"
    lists = [*release.withdrawals, *(path.read_bytes() for path in sorted(folder.glob("*.json")))]
    found = [entry for data in lists for entry in _entries(data)]
    for kind, id, _, day in found:
        if kind not in _SHOWN and day <= on:
            raise NotReadyError(f"the {kind} {id} of this release was withdrawn on {day}: update the release")
    return Withdrawn(entry for entry in found if entry[0] in _SHOWN)


def _entries(data: bytes) -> Iterator[tuple[str, str, str, dt.date]]:
    try:
        listed: dict[str, Any] = json.loads(data)
        for envelope in listed.get("envelopes", [listed]):
            act = json.loads(base64.b64decode(envelope["payload"]))
            day = dt.date.fromisoformat(act["effective"])
            for subject in act["subjects"]:
                yield subject["kind"], subject["id"], subject["version"], day
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise IntegrityError(f"a withdrawal of this install cannot be read ({error}): apply it again") from error
