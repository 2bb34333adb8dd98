"""Several processes behind one port, for more than one processor: ``onlabel serve --workers N``.

Guarantees: the port is opened once and shared, so a process that ends leaves no address unheard; one that died is begun
again. Each opens the release itself, and the system keeps one copy of what they map, the model's file above all. All
record in one audit log, each with its own connection. Whoever watches over them opens nothing and imports no model.
``/metrics`` adds the counts of all of them up, those that ended too; what is a state and no count is told by the
process that was asked.

What a process remembers (conversations by ``previous``, rates, answers given) the others do not know.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from assistant.errors import IntegrityError, NotReadyError, OnlabelError, UsageError
from assistant.serving.journal import keep_journal, told

if TYPE_CHECKING:
    from starlette.applications import Starlette

#: Where prometheus_client, once it stands in the environment, keeps what processes count together.
COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: In seconds: a process that says nothing for so long is ended and begun again. On a busy machine uvicorn's own 5 are
#: over before a process has imported what it needs, and none would ever begin.
_SILENT = 30
logger = logging.getLogger("onlabel.serve")


def try_once(application: Callable[[], Starlette]) -> None:
    """Open ``application`` in a process that ends with it, and takes along what that took of memory.

    :param application: can be pickled.
    :raises OnlabelError: it cannot be opened, for the reason and with the exit code that it would have ended with here.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            found = pool.submit(_tried, application).result()
        except BrokenProcessPool as error:
            raise OnlabelError("the process that was to open the release ended: is there memory enough?") from error
    if found is not None:
        kind, words = found
        raise kind(words)


def _tried(application: Callable[[], Starlette]) -> tuple[type[OnlabelError], str] | None:
    """What is wrong with ``application``; as its kind and words, for not every error survives being pickled."""
    keep_journal()
    try:
        application()
    except OnlabelError as error:
        kinds = (UsageError, IntegrityError, NotReadyError)
        return next((kind for kind in kinds if isinstance(error, kind)), OnlabelError), str(error)
    return None


def run(application: Callable[[], Starlette], count: int, **options: Any) -> None:
    """Serve with ``count`` processes until a signal says to stop.

    :param application: can be pickled; called once in each process.
    :param options: as ``uvicorn.Config`` takes them.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    given = {"timeout_worker_healthcheck": _SILENT, **options}
    config = uvicorn.Config(partial(_begun, application), factory=True, workers=count, **given)
    with tempfile.TemporaryDirectory(prefix="onlabel-counts-", ignore_cleanup_errors=True) as counts:
        os.environ.setdefault(COUNTS_FOLDER, counts)
        Multiprocess(config, sockets=[config.bind_socket()]).run()


def _begun(application: Callable[[], Starlette]) -> Starlette:
    keep_journal()
    try:
        return application()
    except OnlabelError as error:
        # It could be opened when the first process began: whoever watches over us tries again until it can be.
        logger.error("a process cannot begin: %s: %s", type(error).__name__, told(error))
        sys.exit(1)
