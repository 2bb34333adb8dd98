"""From settings to the doors they describe: the server's own file, API keys, tokens."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from assistant.errors import ContentError
from assistant.serving.web.auth import Doorkeeper, OpenDoor
from assistant.serving.web.callers import Standards
from assistant.settings import ServeSettings


def read_serve_settings(path: Path) -> ServeSettings:
    """The section ``[serve]`` of a file of its own.

    The settings inside an installed release are sealed with it and the same on every machine; where a server listens
    and whom it lets in is its own matter.

    :raises ContentError: it cannot be read, or holds anything but a section ``[serve]`` that can be meant.
    """
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", path) from error
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"is not valid TOML: {error}", path) from error
    unknown = sorted(set(loaded) - {"serve"})
    if unknown:
        raise ContentError(f"{unknown[0]}: only the section [serve] has a meaning here", path)
    try:
        return ServeSettings.model_validate(loaded.get("serve", {}))
    except ValidationError as error:
        first = error.errors()[0]
        raise ContentError(f"serve.{'.'.join(map(str, first['loc']))}: {first['msg']}", path) from error


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
