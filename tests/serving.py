"""What tests of the service share: a service over a workspace of a few passages, and a client on this machine."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from assistant.pipeline import Assistant
from assistant.serving.web.app import make_app
from assistant.serving.web.auth import Doorkeeper
from assistant.serving.web.callers import Caller
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings
from assistant.trust.log.log import AuditLog
from tests import tiny
from tests.fakes import HashEncoder, MemoryAudit

QUICK = HashEncoder(64)
#: Nothing in a test may fail because it asked too often, unless that is what it tests.
FAST = ServeSettings(rate="1000000/second")
REP = Caller("rep", "hcp", "US", "en", "api")
OTHER = Caller("other", "hcp", "US", "en", "api")


def service_over(root: Path, audit: MemoryAudit | None = None, settings: ServeSettings = FAST) -> Service:
    """A service with the fake encoder; answers and feedback are recorded in ``audit``."""
    log = audit or MemoryAudit()

    def open_(place: Path) -> Assistant:
        return tiny.opened(place, QUICK, log)

    return Service(open_(root), log, settings=settings, opener=open_)


def client_of(
    service: Service, settings: ServeSettings = FAST, door: Doorkeeper | None = None, host: str = "127.0.0.1"
) -> TestClient:
    """A client at ``host`` of an application around ``service``; faults of ours are answered as they are in use."""
    app = make_app(service, settings, door)
    return TestClient(app, base_url="http://127.0.0.1", client=(host, 1), raise_server_exceptions=False)


def quick_application(root: str) -> Starlette:
    """The application over a workspace with the fake encoder, for a process of its own; its log is ``audit.sqlite``."""
    log = AuditLog.open(Path(root) / "audit.sqlite")
    return make_app(Service(tiny.opened(Path(root), QUICK, log), log, settings=FAST), FAST)
