"""The page of commands, made from the commands themselves.

    python -m assistant.serving.reference > docs/commands.md

Guarantees: every command and option that there is stands on the page, in the words of its own help; the same commands
give the same bytes, whatever the version of click, the terminal or the system. Refuses a command without help or
example.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from assistant.errors import OnlabelError
from assistant.serving.commands import onlabel

_HEAD = """\
# Commands

This page is made from the commands themselves and a test compares the two; do not edit it. To make it again:

```
python -m assistant.serving.reference > docs/commands.md
```

In a checkout `python cli.py ...` is `onlabel ...`. Answers go to stdout, everything else to stderr.

| exit code | means |
|---|---|
| 0 | done; for `ask`, `chat` and `show` any outcome that was delivered, a refusal too |
| 1 | an error: content that cannot be read, a record that cannot be written |
| 2 | usage: an option or a context that cannot be meant |
| 4 | a proof failed: nothing was shown |
| 5 | not ready: no index, no model, or an index made with another model |

| variable | does |
|---|---|
| `ONLABEL_WORKSPACE` | names the workspace where `-w` does not |
| `ONLABEL_CONFIG` | names the server's own settings, instead of `serve.toml` beside the install or workspace |
| `ONLABEL_AUDIT` | says where the audit log is, before any settings: a file, or `postgresql://...` |
| `ONLABEL_INTAKE` | the same for the queue of reports; without it they go where `ONLABEL_AUDIT` says, if a server |
| `NO_COLOR` | set to anything: no colour. There is none either where stdout is no terminal |
"""


def page() -> str:
    """The whole page, Markdown.

    :raises OnlabelError: a command has no help or no example.
    """
    names = [command for _, command in walk()]
    listed = "\n".join(f"- [`{name}`](#{name.replace(' ', '-')})" for name in names)
    sections = "\n".join(_section(command, name) for command, name in walk())
    return f"{_HEAD}\n{listed}\n\n{sections}"


def walk() -> Iterator[tuple[click.Command, str]]:
    """Every command with the words that call it, the group itself first."""
    yield from _below(onlabel, "onlabel")


def _below(command: click.Command, name: str) -> Iterator[tuple[click.Command, str]]:
    yield command, name
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            if inner is not None:
                yield from _below(inner, f"{name} {word}")


def _section(command: click.Command, name: str) -> str:
    purpose, example = _help(command, name)
    parts = [f"## `{name}`", purpose, f"```\n{_usage(command, name)}\n```"]
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        rows = "\n".join(f"| `{_spelled(option)}` | {_cell(option.help or '')} |" for option in options)
        parts.append(f"| option | does |\n|---|---|\n{rows}")
    parts.append(f"Example:\n\n```\n{example}\n```\n")
    return "\n\n".join(parts)


def _help(command: click.Command, name: str) -> tuple[str, str]:
    purpose, _, examples = inspect.cleandoc(command.help or "").partition("\b\n")
    lines = [line.strip() for line in examples.splitlines()[1:] if line.strip()]
    if not purpose.strip() or not lines:
        raise OnlabelError(f"the help of `{name}` has no purpose or no example: write both in its docstring")
    return " ".join(purpose.split()), "\n".join(lines)


def _usage(command: click.Command, name: str) -> str:
    words = [name]
    if any(isinstance(parameter, click.Option) for parameter in command.params):
        words.append("[OPTIONS]")
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            shown = (parameter.name or "").upper() + ("..." if parameter.nargs == -1 else "")
            words.append(shown if parameter.required else f"[{shown}]")
    if isinstance(command, click.Group):
        words.append("COMMAND [ARGS]...")
    return " ".join(words)


def _spelled(option: click.Option) -> str:
    """The option's names and what it takes, spelled here because click's own spelling differs between versions."""
    names = ", ".join(option.opts)
    return names if option.is_flag else f"{names} {_takes(option)}"


def _takes(option: click.Option) -> str:
    kind = option.type
    if isinstance(kind, click.Choice):
        return " or ".join(map(str, kind.choices))
    if isinstance(kind, click.IntRange):
        return f"{kind.min} to {kind.max}"
    if option.metavar:
        return option.metavar
    return "FILE" if isinstance(kind, click.File) else "FOLDER" if isinstance(kind, click.Path) else kind.name.upper()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page to stdout, in UTF-8 and with plain line ends on every system."""
    sys.stdout.buffer.write(page().encode())


if __name__ == "__main__":
    main()
