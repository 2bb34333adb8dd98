"""``release``: sealed releases, from the workspace that is approved to the laptop that answers."""

from __future__ import annotations

import click

from assistant.serving.commands import LazyGroup

_MODULES = {
    "init": "release_making",
    "golden": "release_making",
    "build": "release_making",
    "sign": "release_signing",
    "verify": "release_signing",
    "publish": "release_signing",
    "refresh-timestamp": "release_signing",
    "rotate-root": "release_signing",
    "install": "release_field",
    "update": "release_field",
    "status": "release_field",
    "apply-withdrawals": "release_field",
    "pack": "release_packing",
    "diff": "release_diff",
}
_SUMMARIES = {
    "init": "Begin a publication: who may sign its releases.",
    "golden": "Record what golden questions are answered with.",
    "build": "Put a built, approved workspace on a stage.",
    "sign": "Add your signature to a stage, and see what is missing.",
    "verify": "Prove a stage or a publication, file by file.",
    "publish": "Add a signed stage to a publication.",
    "refresh-timestamp": "Say again that the newest release is the newest.",
    "rotate-root": "Exchange keys or thresholds.",
    "install": "Install a release from a folder, a stick or a URL.",
    "update": "Update or repair an installed release.",
    "status": "Tell which release is in use, and until when.",
    "apply-withdrawals": "Withdraw at once what a signed list names.",
    "pack": "Put program, wheels and release into one folder for laptops.",
    "diff": "Tell which answers differ between two releases.",
}


@click.group("release", cls=LazyGroup, modules=_MODULES, summaries=_SUMMARIES)
def release_command() -> None:
    """Seal what is approved, sign it, carry it anywhere, install it without a network.

    \b
    Example:
      onlabel release build --name spring --number 7 --for publication --out stage
      onlabel release sign stage --key ~/keys/jane
      onlabel release publish stage publication
      onlabel release install publication --to laptop --root root.json
      onlabel -w laptop ask "zorvanta with clarithromycin?"
    """
