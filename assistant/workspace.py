"""Where everything stands: a folder with ``onlabel.toml``, ``approved_corpus/``, ``templates/`` and ``index/``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.errors import ContentError, NotReadyError
from assistant.settings import Settings, read_settings

_PACKAGE = Path(__file__).resolve().parent
SETTINGS_FILE = "onlabel.toml"
SHIPPED_MODEL = "onlabel-q8_0.gguf"


def sample_root() -> Path:
    """The sample workspace: packed inside the package, or the repository that this code runs from."""
    packed = _PACKAGE / "sample"
    return packed if (packed / SETTINGS_FILE).is_file() else _PACKAGE.parent


def starter_root() -> Path:
    """The files that a new workspace begins with."""
    return _PACKAGE / "starter"


@dataclass(frozen=True)
class Workspace:
    """A workspace folder and the places in it."""

    root: Path

    @classmethod
    def find(cls, root: Path | None) -> Workspace:
        """The named workspace, else the current folder if it is one, else the sample.

        :raises ContentError: ``root`` was named and holds no ``onlabel.toml``.
        """
        if root is not None:
            if not (root / SETTINGS_FILE).is_file():
                raise ContentError(f"holds no {SETTINGS_FILE}: make a workspace with `onlabel init {root}`", root)
            return cls(root.resolve())
        here = Path.cwd()
        return cls(here if (here / SETTINGS_FILE).is_file() else sample_root())

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.root / SETTINGS_FILE)

    @property
    def corpus(self) -> Path:
        return self.root / "approved_corpus"

    @property
    def templates(self) -> Path:
        return self.root / "templates"

    @property
    def index(self) -> Path:
        return self.root / "index"

    @property
    def policy_file(self) -> Path:
        return self.corpus / "policy.yaml"

    @property
    def taxonomy_file(self) -> Path:
        """Intents and utterances of this workspace, added to those that ship with the package."""
        return self.corpus / "taxonomy.yaml"

    @property
    def screen_file(self) -> Path:
        """The safety screen's rules: the workspace's own, else those that ship with the package."""
        own = self.corpus / "screen.yaml"
        return own if own.is_file() else shipped_screen()

    @property
    def audit_file(self) -> Path:
        return self.root / self.settings.audit.path

    @property
    def model_file(self) -> Path:
        """The encoder's file or folder.

        :raises NotReadyError: it is not there.
        """
        named = self.settings.model.path
        path = self.root / named if named else shipped_model()
        if not path.exists():
            raise NotReadyError(f"no model at {path}: set [model] path in {self.root / SETTINGS_FILE}")
        return path


def shipped_model() -> Path:
    """The model file that ships with the package."""
    packed = _PACKAGE / "models" / SHIPPED_MODEL
    return packed if packed.is_file() else _PACKAGE.parent / "models" / SHIPPED_MODEL


def shipped_taxonomy() -> Path:
    """Intents and example utterances that ship with the package."""
    return _PACKAGE / "understanding" / "taxonomy.yaml"


def shipped_screen() -> Path:
    """The safety screen's rules that ship with the package."""
    return _PACKAGE / "understanding" / "screen.yaml"
