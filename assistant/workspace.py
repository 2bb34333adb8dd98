"""Where everything stands: a folder with ``onlabel.toml``, ``approved_corpus/``, ``templates/`` and ``index/``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.errors import ContentError, NotReadyError
from assistant.settings import Settings, read_settings
from assistant.trust.installed.description import FILE as RELEASE_FILE
from assistant.trust.installed.folder import InstallFolder, in_use, is_install

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
    """A workspace folder and the places in it.

    ``home``: where records are kept, if not in ``root``: a release is read only, what it records stands beside it.
    """

    root: Path
    home: Path | None = None

    @classmethod
    def find(cls, root: Path | None) -> Workspace:
        """The named workspace or install, else the current folder if it is one, else the sample.

        Of an install it is the release in use, which is not proved here: opening it for answers does.

        :raises ContentError: ``root`` was named and is neither.
        :raises NotReadyError: it is an install with no release in use.
        """
        here = root if root is not None else Path.cwd()
        if is_install(here):
            folder = InstallFolder.find(here)
            return cls(folder.release(in_use(folder)), home=folder.root)
        if (here / SETTINGS_FILE).is_file():
            return cls(here.resolve())
        if root is not None:
            raise ContentError(f"holds no {SETTINGS_FILE}: make a workspace with `onlabel init {root}`", root)
        return cls(sample_root())

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
    def audit_log(self) -> Path | str:
        """The audit log's file, or where its server is."""
        path = self.settings.audit.path
        return path if path.startswith(("postgresql://", "postgres://")) else (self.home or self.root) / path

    @property
    def intake_file(self) -> Path:
        """The queue of reports."""
        return (self.home or self.root) / self.settings.intake.path

    @property
    def model_file(self) -> Path:
        """The encoder's file or folder.

        :raises NotReadyError: it is not there.
        """
        named = self.settings.model.path
        path = self.root / named if named else self._sealed_model() or shipped_model()
        if not path.exists():
            raise NotReadyError(f"no model at {path}: set [model] path in {self.root / SETTINGS_FILE}")
        return path

    def _sealed_model(self) -> Path | None:
        """The encoder that was sealed with a release: it goes with its index, whatever the package ships by now."""
        if not (self.root / RELEASE_FILE).is_file():
            return None
        causal = self.root / self.settings.model.causal_path
        return next((path for path in sorted((self.root / "models").glob("*.gguf")) if path != causal), None)


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
