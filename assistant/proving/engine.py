"""The assistant without its model: given what is to be said, it completes, renders and verifies as it always does.

Guarantees: what is proved is what answers questions. Nothing of completion, rendering or verification is written down
again here: the pipeline's own steps run, in their order, on a draft that a question could have led to. Nothing is
understood, ranked, recorded or shown, so no model is opened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from assistant.answering.answer import Answer
from assistant.answering.draft import Draft
from assistant.answering.index import Entry, Index
from assistant.domain import Context, Flag, Outcome
from assistant.errors import IntegrityError, NotReadyError, UsageError
from assistant.pipeline import Assistant
from assistant.settings import Settings
from assistant.trust.installed.opening import InstalledRelease, open_installed
from assistant.trust.installed.withdrawing import withdrawn_since
from assistant.trust.ledger import Ledger
from assistant.trust.withdrawn import NOTHING
from assistant.workspace import Workspace

#: The grave outcomes, each with the flag that leads to it.
GRAVE: Mapping[Outcome, Flag] = {
    Outcome.EMERGENCY: Flag.EMERGENCY,
    Outcome.ADVERSE_EVENT: Flag.ADVERSE_EVENT,
    Outcome.PRODUCT_COMPLAINT: Flag.PRODUCT_COMPLAINT,
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said: a decision, before anything around it is known. ``role`` as in :class:`Draft`."""

    outcome: Outcome
    intent: str
    shown: tuple[Entry, ...] = ()
    role: str = ""

    def draft(self) -> Draft:
        """The decision as the pipeline takes it."""
        flags = frozenset([GRAVE[self.outcome]] if self.outcome in GRAVE else [])
        return Draft(self.outcome, self.intent, 1.0, flags, self.role, self.shown)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it. Exactly one of ``answer``, ``refused`` and ``unsaid`` is there.

    ``refused``: the verifier, or the renderer, would not have it. ``unsaid``: no notice or template is approved.
    ``withheld``: why the passages are not in ``answer``, which is then a notice.
    """

    answer: Answer | None = None
    refused: str = ""
    unsaid: str = ""
    withheld: str = ""

    @property
    def passages(self) -> tuple[str, ...]:
        """The ids of the passages shown, in order."""
        spans = self.answer.spans if self.answer else ()
        return tuple(span.id for span in spans if span.source == "passage")


class Engine:
    """Says what it is told to, in one workspace."""

    def __init__(
        self, settings: Settings, index: Index, ledger: Ledger, release: InstalledRelease | None = None
    ) -> None:
        self.assistant = Assistant(settings, index, ledger, _NoModel(index.encoder), _NoRecord(), _no_clock)
        self.index = index
        self.ledger = ledger
        self.settings = settings
        self.policy = self.assistant.policy
        self.release = release

    @classmethod
    def open(cls, root: Path | None) -> Engine:
        """Open the workspace in ``root``, or the release in use of an install; its ledger is proved whole first.

        :raises NotReadyError: it has no index.
        :raises IntegrityError: index and ledger do not belong together, or one is damaged, or the release is not as it
            was signed.
        """
        workspace = Workspace.find(root)
        now = dt.datetime.now(dt.UTC)
        release, withdrawn = None, NOTHING
        if workspace.home is not None:
            release = open_installed(workspace.home, now, even_stopped=True, remember=False)
            workspace = Workspace(release.root, home=workspace.home)
            withdrawn = withdrawn_since(release, now.date())
        index = Index.open(workspace.index, withdrawn)
        ledger = Ledger.open(index.ledger_file, withdrawn)
        ledger.check()
        return cls(workspace.settings, index, ledger, release)

    def close(self) -> None:
        """Give the files back."""
        self.index.close()
        self.ledger.close()

    def say(self, saying: Saying, where: Context) -> Said:
        """Complete, render and verify ``saying`` in the context ``where``."""
        draft = saying.draft()
        try:
            # The two steps of Assistant.ask between the decision and the record, as they stand there.
            completed = self.assistant._complete(draft, where)
            answer = self.assistant._prove("", where, draft, completed, None)
        except IntegrityError as error:
            return Said(refused=str(error))
        except UsageError as error:
            return Said(unsaid=str(error))
        return Said(answer, withheld="; ".join(draft.notes) if saying.shown and not draft.shown else "")

    def intents(self) -> tuple[str, ...]:
        """Every intent that the index knows."""
        return tuple(dict.fromkeys((*self.index.intent_labels, *self.index.utterances[1])))


class _NoModel:
    """Stands where the encoder stands; whoever asks it to read has left the path that is proved."""

    dimension = 0
    max_tokens = 0

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def count_tokens(self, text: str) -> NoReturn:  # noqa: ARG002 - the encoder's signature
        raise NotReadyError("a proof reads no question: there is no model here")

    def encode(self, texts: Sequence[str]) -> NoReturn:  # noqa: ARG002 - the encoder's signature
        raise NotReadyError("a proof reads no question: there is no model here")


class _NoRecord:
    """Stands where the audit stands: a proof answers nobody, so nothing is recorded."""

    def record(self, fields: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002 - the audit's signature
        raise NotReadyError("a proof answers nobody: there is nothing to record")


def _no_clock(market: str) -> dt.date:  # noqa: ARG001 - the clock's signature
    raise NotReadyError("a proof goes through all days: it has no today")
