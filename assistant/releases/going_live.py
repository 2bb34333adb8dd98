"""A release asked its golden questions on the machine that is to run it, before it is put in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import IntegrityError
from assistant.releases import golden
from assistant.trust.audit import Unrecorded
from assistant.trust.installed.description import Description

if TYPE_CHECKING:
    from assistant.pipeline import Assistant


def check_golden(root: Path, description: Description) -> tuple[str, ...]:
    """Ask the golden questions of the release in ``root``; warnings.

    :raises IntegrityError: it answers differently here, or does not hold as many questions as it was signed with.
    """
    from assistant.pipeline import Assistant

    lines = golden.parse((root / golden.FILE).read_bytes())
    if len(lines) != description.golden.questions:
        raise IntegrityError(f"the release was signed with {description.golden.questions} golden questions")
    if not lines:
        return ()
    assistant = Assistant.open(root, audit=Unrecorded())
    try:
        return golden.judge(golden.replay(asker(assistant), lines), description.golden.tolerated_clarifications)
    finally:
        assistant.close()  # Windows keeps what is open from being removed


def asker(assistant: Assistant) -> golden.Ask:
    """``assistant`` as golden questions ask it: a context is audience, market, language, channel and date, as far as
    given.
    """

    def ask(question: str, context: Mapping[str, str]) -> golden.Answered:
        given: dict[str, Any] = dict(context)
        if "date" in given:
            given["date"] = dt.date.fromisoformat(given["date"])
        return assistant.ask(question, assistant.context(**given))

    return ask
