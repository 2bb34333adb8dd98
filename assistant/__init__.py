"""Onlabel: answers about medicines in approved words only, byte for byte.

    >>> from assistant import Assistant
    >>> answer = Assistant.open().ask("zorvanta with clarithromycin?")   # doctest: +SKIP
    >>> answer.text.decode()                                             # doctest: +SKIP

See docs/ for the guides and DESIGN words; everything public is named in ``__all__``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answering.answer import Answer
    from assistant.domain import Context, Flag, Kind, Outcome
    from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError, UsageError
    from assistant.pipeline import Assistant

_PLACES = {
    "Answer": "assistant.answering.answer",
    "Assistant": "assistant.pipeline",
    "Context": "assistant.domain",
    "Flag": "assistant.domain",
    "Kind": "assistant.domain",
    "Outcome": "assistant.domain",
    "ContentError": "assistant.errors",
    "IntegrityError": "assistant.errors",
    "NotReadyError": "assistant.errors",
    "OnlabelError": "assistant.errors",
    "UsageError": "assistant.errors",
}

__all__ = [
    "Answer",
    "Assistant",
    "ContentError",
    "Context",
    "Flag",
    "IntegrityError",
    "Kind",
    "NotReadyError",
    "OnlabelError",
    "Outcome",
    "UsageError",
]


def __getattr__(name: str) -> Any:
    # Loaded when first used: `onlabel --help` must not wait for the model runtime.
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")
