"""From settings to the door they describe: API keys, tokens, or this machine alone."""

from __future__ import annotations

from pathlib import Path

from assistant.serving.web.auth import Doorkeeper, OpenDoor
from assistant.serving.web.callers import Standards
from assistant.settings import ServeSettings


def doorkeeper_of(settings: ServeSettings, standards: Standards, home: Path) -> Doorkeeper:
    """The doorkeeper that the settings name.

    :param home: what the paths in the settings start from.
    :raises NotReadyError: there is no key that it could let anybody in by.
    """
    if settings.auth == "keys":
        from assistant.serving.web.api_keys import KeyDoor, KeyFile

        return KeyDoor(KeyFile(home / settings.keys), standards)
    if settings.auth == "jwt":
        from assistant.serving.web.tokens import TokenDoor, TokenKeys

        return TokenDoor(TokenKeys(settings.jwks, root=home), settings, standards)
    return OpenDoor(standards)
