"""The ``onlabel`` command. A command opens, calls one library function, and formats.

Answers go to stdout, everything else to stderr. Exit codes: 0 any delivered outcome; 1 error; 2 usage; 4 integrity
failure; 5 not ready. Each command's module is imported only when it runs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assistant.errors import OnlabelError

#: Command -> the module that holds it, under the same name with hyphens as underscores.
COMMANDS: dict[str, str] = {
    "init": "content",
    "import": "content",
    "check": "content",
    "build": "content",
    "ask": "asking",
    "chat": "asking",
    "show": "asking",
    "doctor": "doctor",
    "model": "model",
    "approve": "approving",
    "approvals": "approving",
    "withdraw": "approving",
    "keys": "keys",
    "release": "release",
    "verify": "verify",
    "prove": "prove",
    "audit": "audit",
    "intake": "intake",
    "insights": "insights",
    "serve": "serve",
    "mcp": "mcp",
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run.

    :param modules: command -> the module of this package that holds it as ``<command>_command``.
    :param summaries: command -> its line in the group's help, which so need not import what the commands need.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], summaries: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if name not in self._modules:
            return None
        module = importlib.import_module(f"{__name__}.{self._modules[name]}")
        command: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summaries[name]) for name in self._modules])


SUMMARIES: dict[str, str] = {
    "init": "Make a new workspace, ready for content.",
    "import": "Bring real FDA labels into approved_corpus/.",
    "check": "List every fault in content, templates and policy.",
    "build": "Compile content and templates into index/.",
    "ask": "Answer a question in approved words.",
    "chat": "Ask in conversation; the product carries over.",
    "show": "Show a passage or a document with its metadata.",
    "doctor": "Tell what is installed and whether it is ready.",
    "model": "Train, export, measure and compare the model that chooses.",
    "approve": "Sign passages, templates and rules as approved.",
    "approvals": "Tell what is approved and what waits for whom.",
    "withdraw": "Withdraw what was approved, with a reason.",
    "keys": "Make and keep the keys that sign.",
    "release": "Seal, publish, install and update what the field runs.",
    "verify": "Prove an answer from its receipt and its release.",
    "prove": "Check every answer that can be given, before anybody asks.",
    "audit": "Prove, read and export the record of answers.",
    "intake": "Pass on reports of adverse events and complaints.",
    "insights": "Tell what people asked and did not get.",
    "serve": "Answer over HTTP: the service, the widget and their keys.",
    "mcp": "Be a tool of another assistant (Model Context Protocol).",
}


def _say_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata

    try:
        version = metadata.version("onlabel")
    except metadata.PackageNotFoundError:
        version = "of a checkout that was never installed"
    click.echo(f"onlabel, version {version}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    summaries=SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ONLABEL_WORKSPACE",
    help="The workspace folder. Default: the current folder if it holds onlabel.toml, else the sample.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and exit.",
)
@click.pass_context
def onlabel(ctx: click.Context, workspace: Path | None) -> None:
    """Answer questions about medicines in approved words only, byte for byte.

    \b
    Example:
      onlabel build
      onlabel ask "starting dose of zorvanta in renal impairment?"
    """
    ctx.obj = workspace


def main() -> None:
    """Run the command; map every error to its exit code, without a traceback.

    A fault of ours is told by its type and place: its own words may quote a passage, a question or a credential.
    """
    _speak_utf8()
    try:
        # What a command returns is None; where it ends by itself (click's Exit), its exit code is returned.
        sys.exit(onlabel.main(standalone_mode=False))
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        click.echo(_discreet(told.getvalue()), err=True, nl=False)
        sys.exit(error.exit_code)
    except OnlabelError as error:
        click.echo(f"onlabel: {_discreet(str(error))}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away (head, less): say nothing, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        click.echo(f"onlabel: {_discreet(str(error))}", err=True)
        sys.exit(1)
    except RecursionError:
        click.echo("onlabel: the input is nested too deeply", err=True)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the outermost edge of the command line
        from assistant.serving.journal import traced

        click.echo(f"onlabel: a fault of ours, please report it\n{traced(error)}", err=True)
        sys.exit(1)


def _discreet(message: str) -> str:
    from assistant.serving.journal import discreet

    return discreet(message)


def _speak_utf8() -> None:
    """Approved words leave as the bytes they are, whatever the machine's own encoding: Windows pipes are not UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper) and not sys.stdin.isatty():
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
