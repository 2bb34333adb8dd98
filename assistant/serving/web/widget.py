"""The chat widget: its built file, a page to try it on, and what a page needs that pins a release.

Guarantees: the file is served as it was built (``widget/``), with its SHA-384, so that a page can name what it runs
(``integrity``); nothing here is inline, nothing comes from another place, and nothing depends on who asks but the
manifest, which is for callers only: it holds titles and hashes of the release's passages and no text of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from assistant.serving.web.errors import error_response
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings

_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".json": "application/json"}
#: path -> file, and whether pages of other places may load it (then CORS still decides who may read it).
_FILES = {
    "/widget/onlabel-chat.js": ("onlabel-chat.js", True),
    "/widget/demo": ("demo.html", False),
    "/widget/demo.css": ("demo.css", False),
    "/widget/demo.js": ("demo.js", False),
}
SCHEMA = "onlabel.widget/1"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    data: bytes
    type: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.data).hexdigest()[:32]}"'

    @property
    def integrity(self) -> str:
        """For the ``integrity`` attribute of a script (Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.data).digest()).decode()


@cache
def asset(name: str) -> Asset:
    """A file of the widget. In the page ``{{integrity}}`` stands for the script's hash."""
    path = _STATIC / name
    data = path.read_bytes()
    if name == "demo.html":
        data = data.replace(b"{{integrity}}", asset("onlabel-chat.js").integrity.encode())
    return Asset(data, _TYPES[path.suffix])


def respond(request: Request, sent: Asset, *, elsewhere: bool = False) -> Response:
    """``sent``, or 304 where the browser has it already; it asks each time, so a new widget is there at once."""
    headers = {"ETag": sent.etag, "Cache-Control": "no-cache"}
    if elsewhere:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if sent.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(sent.data, media_type=sent.type, headers=headers)


def routes(service: Service, settings: ServeSettings) -> list[BaseRoute]:  # noqa: ARG001 - every module's signature
    """The routes of the widget."""

    def integrity(request: Request) -> Response:
        script = asset("onlabel-chat.js")
        said = {"schema": SCHEMA, "script": "/widget/onlabel-chat.js", "integrity": script.integrity}
        return respond(request, Asset(json.dumps(said).encode(), "application/json"))

    def manifest(request: Request) -> Response:
        release = service.assistant.release
        if release is None:
            return error_response(404, "a preview belongs to no release")
        return respond(request, Asset((release.root / "manifest.json").read_bytes(), "application/json"))

    return [
        *(_route(path, name, elsewhere=elsewhere) for path, (name, elsewhere) in _FILES.items()),
        Route("/widget/integrity.json", integrity),
        Route("/v1/trust/manifest.json", manifest),
    ]


def _route(path: str, name: str, *, elsewhere: bool) -> Route:
    def send(request: Request) -> Response:
        return respond(request, asset(name), elsewhere=elsewhere)

    return Route(path, send)
