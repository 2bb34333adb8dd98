"""A new release takes the old one's place while the service runs.

Guarantees: what is in use is looked at every few seconds: the install's ``current`` file, the withdrawals applied to
it, the index of a workspace. Whatever changed is opened beside the old, proved whole, and put in its place. Each new
day (UTC) an install is proved again, so that what expires, is withdrawn from today on, or was tampered with is noticed
by a service that is never stopped. What cannot be opened is not answered from: then the service answers nothing
until it can be.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.answering.index import current_generation
from assistant.errors import OnlabelError
from assistant.serving.journal import told
from assistant.serving.web.service import Service
from assistant.trust.installed.folder import InstallFolder, is_install

_EVERY = 2.0
#: What failed is tried again this much later, or as soon as anything changes: proving a release costs a second.
_AGAIN = dt.timedelta(seconds=30)
#: What is replaced while it is being opened is left for what replaced it, at most so often in a row.
_TRIES = 5
logger = logging.getLogger("onlabel.serve")

#: What is in use, in a form that can be compared.
State = tuple[object, ...]
Clock = Callable[[], dt.datetime]


class ReleaseWatch:
    """Looks after what a service answers from."""

    def __init__(self, service: Service, root: Path, seen: State, now: Clock = lambda: dt.datetime.now(dt.UTC)) -> None:
        """:param seen: what was in use before the service was opened: what changed meanwhile is then noticed."""
        self._root = root
        self._service = service
        self._now = now
        self._seen = seen
        self._failed: tuple[State, dt.datetime] = ((), now())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="release-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Look once; whether the service answers from something new now."""
        now = self._now()
        state = state_of(self._root, now)
        if state == self._seen and self._service.opened is not None:
            return False
        if state == self._failed[0] and now - self._failed[1] < _AGAIN:
            return False
        try:
            self._seen = self._swapped(state, now)
        except OnlabelError as error:
            self._failed = (state, now)
            self._give_up(error)
            return False
        logger.info("answers come from %s", self._described())
        return True

    def _swapped(self, state: State, now: dt.datetime) -> State:
        """Put in place what is in use; the state it was found in.

        A build removes what it replaces, perhaps while that is being opened here: then what replaced it is opened at
        once, and the service goes on answering from the one before.
        """
        for left in reversed(range(_TRIES)):
            try:
                self._service.swap(self._root)
                break
            except OnlabelError:
                tried, state = state, state_of(self._root, now)
                if state == tried or not left:
                    raise
        return state

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the outermost edge of this thread: it must not end unseen
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        if self._service.opened is not None:
            logger.error("no answers are given any more: %s: %s", type(error).__name__, told(error))
        self._service.close_answers(str(error))

    def _described(self) -> str:
        release = self._service.assistant.release
        return "a preview" if release is None else f"release {release.description.name} {release.number}"


def state_of(root: Path, now: dt.datetime) -> State:
    """What is in use in the workspace or install ``root``."""
    if not is_install(root):
        return (str(current_generation(root / "index")),)
    folder = InstallFolder(root)
    try:
        return (folder.current(), folder.state().withdrawals, now.date())
    except OnlabelError as error:
        return ("damaged", str(error))
