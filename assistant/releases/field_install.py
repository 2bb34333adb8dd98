"""Install Onlabel from this folder: no network, no compiler, no administrator. Standard library only.

    python install.py                     into the folder "Onlabel" in your home
    python install.py --to D:\\Onlabel      somewhere else

It makes a virtual environment beside the release, lets pip take the wheels of this folder and no others (each by its
SHA-256), and has the installed command install the release, which proves every file against the root of trust. Run it
again to finish what was cut short, or with a newer pack to update.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Install, and say how to ask."""
    parser = argparse.ArgumentParser(description="Install Onlabel from this folder, without a network.")
    parser.add_argument("--to", type=Path, default=Path.home() / "Onlabel", help="where to (default: %(default)s)")
    to = parser.parse_args().to.expanduser().resolve()
    refusal = unfit(json.loads((HERE / "pack.json").read_text(encoding="utf-8")))
    if refusal:
        print(f"install: {refusal}", file=sys.stderr)
        return 1
    programs = to / "program" / ("Scripts" if os.name == "nt" else "bin")
    if Path(sys.prefix).resolve() == (to / "program").resolve():
        print("install: leave the environment that is to be updated first: `deactivate`", file=sys.stderr)
        return 1
    venv.create(to / "program", with_pip=True)
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    # A newer pack may bring the same version number: what it holds counts.
    pip.append("--force-reinstall")
    wheels = ["--find-links", str(HERE / "wheels"), "--require-hashes", "-r", str(HERE / "requirements.txt")]
    onlabel = str(programs / "onlabel")
    place = str(to / "release")
    if (to / "release" / "install.json").is_file():
        release = [onlabel, "release", "update", place, "--from", str(HERE / "release")]
    else:
        release = [onlabel, "release", "install", str(HERE / "release"), "--to", place]
        release += ["--root", str(HERE / "root.json")]
    for command in ([*pip, *wheels], release):
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own words, no shell
        if code:
            print("install: stopped; nothing that was there before was changed", file=sys.stderr)
            return code
    print(f'Installed. Ask with:\n  "{onlabel}" -w "{place}" ask "your question"')
    return 0


def unfit(pack: dict[str, object]) -> str:
    """Why this machine cannot use the pack; "" where it can."""
    python = ".".join(platform.python_version_tuple()[:2])
    if pack["python"] != python:
        return f"this pack is for Python {pack['python']}, this is {python}: run it with that one"
    if pack["platform"] != sysconfig.get_platform():
        return f"this pack is for {pack['platform']}, this machine is {sysconfig.get_platform()}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
