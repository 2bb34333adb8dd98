"""The real command with the fake encoder, as a process of its own: ``python -m tests.fake_cli ask "..."``."""

from __future__ import annotations

import assistant.building
import assistant.pipeline
from assistant.serving.commands import main
from assistant.understanding.readers import NearestReader
from tests.conftest import QUICK

if __name__ == "__main__":
    assistant.building.open_encoder = assistant.pipeline.open_encoder = lambda *_: QUICK  # type: ignore[attr-defined]
    # A fake encoder has no trained heads.
    assistant.pipeline.trained_reader = NearestReader  # type: ignore[assignment]
    main()
