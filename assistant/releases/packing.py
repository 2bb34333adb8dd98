"""What a field laptop lacks, in one folder: the wheels of every dependency, the release, and the root of trust.

Guarantees: the folder appears whole or not at all; every wheel stands in ``requirements.txt`` with its SHA-256, so that
pip refuses any other; nothing is fetched when it is installed. llama.cpp is compiled for the plainest processor of the
platform (``GGML_NATIVE=OFF``), because the laptop is not the machine that packs.

Refuses: a release that is no published one, a root of trust that is not JSON, a folder that is there already, wheels
for two versions of a package. The wheels are for the platform and the Python version that pack them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ContentError, UsageError

SCHEMA = "onlabel.pack/1"
#: Every instruction-set extension that a laptop of the last ten years may lack.
PORTABLE = "-DGGML_NATIVE=OFF -DGGML_AVX512=OFF"
#: Compiled here: its wheel in pip's cache may be for this processor only.
_COMPILED = "llama-cpp-python"

Run = Callable[[Sequence[str], Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was written. ``size`` in bytes."""

    folder: Path
    wheels: tuple[str, ...]
    platform: str
    size: int


def run_pip(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run pip of this Python.

    :raises ContentError: it failed; its last lines say why.
    """
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ContentError("pip could not make the wheels:\n" + "\n".join(done.stderr.splitlines()[-8:]))


def make_pack(published: Path, root: Path, project: str, out: Path, *, run: Run = run_pip) -> Pack:
    """Write ``out``: ``wheels/``, ``requirements.txt``, ``release/``, ``root.json``, ``install.py``, ``pack.json``.

    :param published: the published release repository to carry.
    :param root: the trusted ``root.json``, as it was given out.
    :param project: what pip is asked for: a checkout, a wheel file or a requirement.
    :raises UsageError: ``out`` is there already.
    :raises ContentError: ``published`` is no release, ``root`` no root of trust, or pip fails.
    """
    if out.exists():
        raise UsageError(f"{out} is there already: name a new folder")
    if not (published / "metadata" / "timestamp.json").is_file():
        raise ContentError("is no published release: it holds no metadata/timestamp.json", published)
    _check_root(root)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pack-") as scratch:
        folder = Path(scratch) / "pack"
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        run(["wheel", "--quiet", "--no-cache-dir", "--wheel-dir", str(wheels), "--no-binary", _COMPILED, project],
            {"CMAKE_ARGS": PORTABLE})  # fmt: skip
        names = sorted(path.name for path in wheels.glob("*.whl"))
        (folder / "requirements.txt").write_text(_requirements(wheels, names), encoding="utf-8")
        shutil.copytree(published, folder / "release")
        shutil.copy2(root, folder / "root.json")
        shutil.copy2(Path(__file__).with_name("field_install.py"), folder / "install.py")
        described = {"schema": SCHEMA, "platform": _platform(), "python": _python(), "wheels": names}
        (folder / "pack.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        folder.replace(out)
    return Pack(out, tuple(names), _platform(), size)


def _check_root(root: Path) -> None:
    try:
        kind = json.loads(root.read_bytes())["signed"]["_type"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ContentError(f"is no root of trust: {error}", root) from error
    if kind != "root":
        raise ContentError(f"is no root of trust but {kind}", root)


def _requirements(wheels: Path, names: Sequence[str]) -> str:
    """Each wheel's package at its version with its SHA-256, as ``pip install --require-hashes`` wants it."""
    lines: dict[str, str] = {}
    for name in names:
        package, version, *_ = name.split("-")
        if package in lines:
            raise ContentError(f"two wheels of {package}: pack into an empty folder", wheels / name)
        digest = hashlib.sha256((wheels / name).read_bytes()).hexdigest()
        lines[package] = f"{package.replace('_', '-')}=={version} --hash=sha256:{digest}"
    if not any(package.startswith("onlabel") for package in lines):
        raise ContentError("pip made no wheel of onlabel: give the checkout or the wheel as --project", wheels)
    return "\n".join(lines.values()) + "\n"


def _platform() -> str:
    return sysconfig.get_platform()


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
