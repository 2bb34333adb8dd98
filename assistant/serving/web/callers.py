"""Who asks over HTTP. Audience and market stand here because a credential or the server's settings put them here.

Nothing in this module reads a request's body: what a browser would like to be is never asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from assistant.domain import AUDIENCES
from assistant.settings import ContextSettings, ServeSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and in which context. ``id`` is what the audit record names: a token's subject, a key's name."""

    id: str
    audience: str
    market: str
    language: str
    channel: str


@dataclass(frozen=True, slots=True)
class Standards:
    """The context of callers whose credential names none, from the server's settings."""

    audience: str
    market: str
    language: str
    channel: str = ""

    @classmethod
    def of(cls, serve: ServeSettings, context: ContextSettings) -> Standards:
        return cls(
            serve.audience or context.audience,
            serve.market or context.market,
            serve.language or context.language,
            serve.channel,
        )

    def caller(
        self, id: str, *, audience: str = "", market: str = "", language: str = "", channel: str = "", browser: bool
    ) -> Caller:
        """The caller ``id``; what is "" comes from the settings.

        :param browser: whether a page in a browser sent the request, which makes its channel ``widget``.
        :raises ValueError: the credential names an audience that does not exist.
        """
        caller = Caller(
            id,
            audience or self.audience,
            market or self.market,
            language or self.language,
            channel or self.channel or ("widget" if browser else "api"),
        )
        if caller.audience not in AUDIENCES:
            raise ValueError("unknown audience")
        return caller


def pseudonym(subject: str) -> str:
    """A short name for ``subject`` in logs and metrics, which should not hold people's names."""
    return hashlib.sha256(subject.encode()).hexdigest()[:12]
