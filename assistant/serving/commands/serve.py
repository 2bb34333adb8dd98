"""``serve``: the HTTP service, and the API keys that it lets in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import NotReadyError, UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from assistant.serving.web.api_keys import KeyFile
    from assistant.settings import ServeSettings
    from assistant.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Server:
    """Where a server's settings come from; ``home`` is what their paths start from."""

    workspace: Workspace
    settings: ServeSettings
    home: Path

    @property
    def keys(self) -> KeyFile:
        from assistant.serving.web.api_keys import KeyFile

        return KeyFile(self.home / self.settings.keys)


def _server(root: Path | None, config: Path | None = None, **given: Any) -> _Server:
    from assistant.settings import read_server_settings
    from assistant.workspace import Workspace

    workspace = Workspace.find(root, read_server_settings(config) if config else None)
    home, settings = workspace.home or workspace.root, workspace.server
    changed = {name: value for name, value in given.items() if value is not None}
    return _Server(workspace, settings.model_copy(update=changed), home)


@click.group("serve", invoke_without_command=True)
@click.option("--host", metavar="ADDRESS", help="Where to listen. Default: 127.0.0.1, this machine alone.")
@click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), help="Default: 8765. 0: any that is free.")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Server settings instead of [serve] in onlabel.toml. Default: the file that ONLABEL_CONFIG names, else "
    "serve.toml beside the install, if there.",
)
@click.option("--workers", metavar="COUNT", type=click.IntRange(1, 64), help="Processes that answer. Default: 1.")
@click.pass_context
def serve_command(
    ctx: click.Context, host: str | None, port: int | None, config: Path | None, workers: int | None
) -> None:
    """Answer over HTTP: the chat widget, the programming interface, and what monitors them.

    Listens to this machine alone unless [serve] auth says who may ask. A release that is installed while it runs
    takes the old one's place without a request being dropped.

    \b
    Example:
      onlabel serve
      onlabel -w /srv/onlabel serve --host 0.0.0.0 --config /etc/onlabel/serve.toml --workers 4
      onlabel -w /srv/onlabel serve add-key crm --audience hcp --market US
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = _server(ctx.obj, config)
        return
    server = _server(ctx.obj, config, host=host, port=port, workers=workers)
    _listen(server, ctx.obj)


def _listen(server: _Server, root: Path | None) -> None:
    try:
        import uvicorn
    except ImportError as error:
        raise NotReadyError("serving needs packages that are not installed: pip install 'onlabel[serve]'") from error
    from assistant.serving.journal import keep_journal
    from assistant.serving.web.auth import is_loopback, require_certificate, require_door

    settings = server.settings
    require_door(settings)
    require_certificate(settings, server.home)
    keep_journal()
    if not is_loopback(settings.host) and not settings.tls_certificate:
        click.echo("not encrypted: put a proxy that ends TLS in front, or set [serve] tls_certificate", err=True)
    # What is wrong is told before anything listens: once, and with its exit code.
    if settings.workers == 1:
        application = _application(server, root)
        click.echo(f"onlabel answers at {_address(settings)}", err=True)
        uvicorn.run(application, **_options(server))
    else:
        from assistant.serving.web import processes

        begin = partial(_application, server, root)
        processes.try_once(begin)
        click.echo(f"onlabel answers at {_address(settings)}", err=True)
        processes.run(begin, settings.workers, **_options(server))


def _options(server: _Server) -> dict[str, Any]:
    from assistant.serving.web.hearing import TimedHeaders

    settings = server.settings
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.proxies),
        "forwarded_allow_ips": list(settings.proxies),
        "ssl_certfile": str(server.home / settings.tls_certificate) if settings.tls_certificate else None,
        "ssl_keyfile": str(server.home / settings.tls_key) if settings.tls_key else None,
        "timeout_graceful_shutdown": 30,
        "http": partial(TimedHeaders, seconds=settings.read_seconds),
    }


def _application(server: _Server, root: Path | None) -> Starlette:
    from assistant.serving.web.app import make_app
    from assistant.serving.web.callers import Standards
    from assistant.serving.web.configuring import doorkeeper_of
    from assistant.serving.web.service import Service
    from assistant.serving.web.watching import ReleaseWatch, state_of

    settings = server.settings
    standards = Standards.of(settings, server.workspace.settings.context)
    door = doorkeeper_of(settings, standards, server.home)
    seen = state_of(server.home, dt.datetime.now(dt.UTC))
    service = Service.open(root, settings)
    return make_app(service, settings, door, ReleaseWatch(service, server.home, seen))


def _address(settings: ServeSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http{'s' if settings.tls_certificate else ''}://{host}:{settings.port}"


@serve_command.command("add-key")
@click.argument("name")
@click.option("--audience", type=click.Choice(["hcp", "patient"]), help="Whom the holder asks as.")
@click.option("--market", metavar="CODE", help="Where, e.g. US.")
@click.option("--language", metavar="CODE", help="In which language, e.g. en.")
@click.option("--channel", type=click.Choice(["widget", "api"]), help="By which channel.")
@click.option("--until", metavar="DATE", help="The first day on which the key does not count, e.g. 2027-01-01.")
@click.pass_obj
def add_key_command(server: _Server, /, name: str, until: str | None, **given: str | None) -> None:
    """Make an API key for NAME, who stands under this name in the record. It is shown once; its hash is kept.

    What is not given comes from the server's settings.

    \b
    Example:
      onlabel serve add-key crm --audience hcp --market US --until 2027-01-01
    """
    try:
        day = dt.date.fromisoformat(until) if until else None
    except ValueError as error:
        raise UsageError(f"{until!r} is no date: write it as 2027-01-01") from error
    said = {key: value for key, value in given.items() if value}
    click.echo(server.keys.add(name, today=dt.datetime.now(dt.UTC).date(), until=day, **said))
    click.echo("This is the only time that the key is shown. Send it as Authorization: Bearer KEY", err=True)


@serve_command.command("remove-key")
@click.argument("name")
@click.pass_obj
def remove_key_command(server: _Server, /, name: str) -> None:
    """Take the key of NAME away; a service that runs stops taking it at once.

    \b
    Example:
      onlabel serve remove-key crm
    """
    server.keys.remove(name)
    click.echo(f"removed the key of {name}", err=True)


@serve_command.command("list-keys")
@click.pass_obj
def list_keys_command(server: _Server, /) -> None:
    """Whose keys there are, and what they may be.

    \b
    Example:
      onlabel serve list-keys
    """
    for key in server.keys.all():
        context = " ".join(filter(None, (key.audience, key.market, key.language, key.channel))) or "as the settings say"
        until = f" until {key.until}" if key.until else ""
        click.echo(f"{key.name}  {key.id}  {context}  made {key.made}{until}")
