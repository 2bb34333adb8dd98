"""Write measured tables into ``docs/performance.md``, each between its own markers, with the command and the machine.

Everything outside the markers is prose that people wrote and stays as it is. A section that has no markers yet is added
at the end.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """The machine, its load and the day: what a figure means depends on them."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}; load {busy:.1f} at the end; {dt.date.today().isoformat()}"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def publish(name: str, body: str, path: Path | None) -> None:
    """Print ``body``, and put it into ``path`` between the markers called ``name``."""
    put(name, f"{body}\n\n{made_by()}", path)


def made_by() -> str:
    """The command that measures, and where."""
    command = " ".join(["python", f"bench/{Path(sys.argv[0]).name}", *_shown_arguments()])
    return f"Made by `{command}` on {machine()}."


def put(name: str, whole: str, path: Path | None) -> None:
    """Print ``whole``, which says how it was made, and put it into ``path`` between the markers called ``name``."""
    print(whole)
    if path is None:
        return
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = path.read_text(encoding="utf-8") if path.is_file() else "# Performance\n"
    block = f"{begin}\n\n{whole}\n\n{end}"
    before, found, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    text = f"{before}{block}{after}" if found else f"{text.rstrip()}\n\n{block}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _shown_arguments() -> list[str]:
    """The arguments as anybody could give them: folders of the machine that measured are nobody's business."""
    return [Path(argument).name if Path(argument).is_absolute() else argument for argument in sys.argv[1:]]
