"""The pack for a field laptop: whole or not at all, every wheel by its SHA-256, nothing of another platform."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from assistant.errors import ContentError, UsageError
from assistant.releases import field_install
from assistant.releases.packing import PORTABLE, make_pack


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata" / "timestamp.json").write_text("{}")
    (folder / "targets").mkdir()
    (folder / "targets" / "abc.release.json").write_text("{}")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "given-out.json"
    path.write_text(json.dumps({"signed": {"_type": "root"}, "signatures": []}))
    return path


class Pip:
    """Writes the wheels it is told to, and keeps what it was asked for."""

    def __init__(self, *wheels: str) -> None:
        self.wheels = wheels
        self.asked: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, arguments, environment) -> None:
        self.asked.append((list(arguments), dict(environment)))
        folder = Path(arguments[arguments.index("--wheel-dir") + 1])
        for name in self.wheels:
            (folder / name).write_bytes(name.encode())


WHEELS = ("onlabel-1.0-py3-none-any.whl", "llama_cpp_python-0.3.36-cp311-cp311-linux_x86_64.whl")


def test_a_pack_names_every_wheel_by_its_hash_and_carries_release_and_root(tmp_path, published, root) -> None:
    pip = Pip(*WHEELS)
    pack = make_pack(published, root, "onlabel", tmp_path / "out" / "pack", run=pip)
    lines = (pack.folder / "requirements.txt").read_text().splitlines()
    digest = hashlib.sha256(WHEELS[1].encode()).hexdigest()
    assert f"llama-cpp-python==0.3.36 --hash=sha256:{digest}" in lines
    assert len(lines) == len(WHEELS)
    assert (pack.folder / "release" / "metadata" / "timestamp.json").is_file()
    assert (pack.folder / "root.json").read_bytes() == root.read_bytes()
    assert (pack.folder / "install.py").read_text().startswith('"""Install Onlabel')
    assert json.loads((pack.folder / "pack.json").read_text())["wheels"] == sorted(WHEELS)


def test_llama_cpp_is_compiled_anew_for_the_plainest_processor(tmp_path, published, root) -> None:
    pip = Pip(*WHEELS)
    make_pack(published, root, "onlabel", tmp_path / "pack", run=pip)
    arguments, environment = pip.asked[0]
    assert environment == {"CMAKE_ARGS": PORTABLE}
    assert "GGML_NATIVE=OFF" in PORTABLE
    assert arguments[arguments.index("--no-binary") + 1] == "llama-cpp-python"
    assert "--no-cache-dir" in arguments


def test_a_folder_that_is_there_is_not_touched(tmp_path, published, root) -> None:
    (tmp_path / "pack").mkdir()
    with pytest.raises(UsageError, match="there already"):
        make_pack(published, root, "onlabel", tmp_path / "pack", run=Pip(*WHEELS))
    assert not list((tmp_path / "pack").iterdir())


@pytest.mark.parametrize(
    ("wheels", "said"),
    [((WHEELS[1],), "no wheel of onlabel"), ((*WHEELS, "onlabel-1.1-py3-none-any.whl"), "two wheels of onlabel")],
)
def test_wheels_that_cannot_be_meant_leave_nothing(tmp_path, published, root, wheels, said) -> None:
    with pytest.raises(ContentError, match=said):
        make_pack(published, root, "onlabel", tmp_path / "out" / "pack", run=Pip(*wheels))
    assert not list((tmp_path / "out").iterdir())


def test_a_failing_pip_leaves_nothing(tmp_path, published, root) -> None:
    def broken(*_: object) -> None:
        raise ContentError("pip could not make the wheels")

    with pytest.raises(ContentError, match="pip could not"):
        make_pack(published, root, "onlabel", tmp_path / "out" / "pack", run=broken)
    assert not list((tmp_path / "out").iterdir())


def test_only_a_published_release_and_a_root_of_trust_are_packed(tmp_path, published, root) -> None:
    with pytest.raises(ContentError, match="no published release"):
        make_pack(tmp_path, root, "onlabel", tmp_path / "pack", run=Pip(*WHEELS))
    root.write_text(json.dumps({"signed": {"_type": "targets"}}))
    with pytest.raises(ContentError, match="no root of trust"):
        make_pack(published, root, "onlabel", tmp_path / "pack", run=Pip(*WHEELS))


def test_the_installer_refuses_another_python_and_another_platform(tmp_path, published, root) -> None:
    pack = make_pack(published, root, "onlabel", tmp_path / "pack", run=Pip(*WHEELS))
    fits = json.loads((pack.folder / "pack.json").read_text())
    assert field_install.unfit(fits) == ""
    assert "Python 2.7" in field_install.unfit({**fits, "python": "2.7"})
    assert "win-arm64" in field_install.unfit({**fits, "platform": "win-arm64"})
