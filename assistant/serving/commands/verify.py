"""``verify``: prove an answer again from its release, with the very file that an auditor runs alone."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.errors import UsageError

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("verify")
@click.argument("answer", metavar="ANSWER.json", type=_FILE)
@click.option("--release", type=_FOLDER, help="A published or installed release. Default: the install that -w names.")
@click.option("--root", type=_FILE, help="The root of trust. Default: the one that was given when DIR was installed.")
@click.option("--date", metavar="DATE", help="The day on which the answer was given, as you know it.")
@click.option("--retired-keys", is_flag=True, help="Believe keys that a later root of trust replaced, if not stolen.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.pass_context
def verify_command(
    ctx: click.Context,
    /,
    answer: Path,
    release: Path | None,
    root: Path | None,
    date: str | None,
    retired_keys: bool,
    as_json: bool,
) -> None:
    """Prove ANSWER.json, as `ask --json` printed it, from its release: no model and no index are needed.

    Exit code 0: every byte was approved, by whom the report says, and eligible then and there; 4: it is not proved.

    \b
    Example:
      onlabel verify answer.json --release /media/usb/release --root root.json
    """
    from assistant.trust.standalone import onlabel_verify

    folder = release or ctx.obj
    if folder is None:
        raise UsageError("say which release the answer came from: --release DIR, or -w INSTALL")
    arguments = [str(answer), "--release", str(folder), "--root", str(root or _given_root(folder))]
    arguments += ["--date", date] if date is not None else []
    arguments += ["--retired-keys"] if retired_keys else []
    arguments += ["--json"] if as_json else []
    ctx.exit(onlabel_verify.main(arguments))


def _given_root(folder: Path) -> Path:
    """The root of trust of an install; a published release cannot vouch for itself."""
    kept = folder / "trust" / "given.root.json"
    if not kept.is_file():
        raise UsageError(f"{folder} is no install: give the root of trust that reached you by another way, --root FILE")
    return kept
