"""Where everything stands: a folder with ``onlabel.toml``, ``approved_corpus/``, ``templates/`` and ``index/``.

Where records are kept is said, in this order, by the environment (``ONLABEL_AUDIT``, ``ONLABEL_INTAKE``), by the
server's own settings (``serve.toml`` beside the workspace or install, or the file that ``ONLABEL_CONFIG`` names), and
by ``onlabel.toml``, which in a release is sealed and the same on every machine. Every command goes by the same order,
so what one of them records the others find.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.settings import ServeSettings, Settings, read_server_settings, read_settings
from assistant.trust.installed.description import FILE as RELEASE_FILE
from assistant.trust.installed.folder import InstallFolder, in_use, is_install
from assistant.trust.record_places import fault_in, is_server

_PACKAGE = Path(__file__).resolve().parent
SETTINGS_FILE = "onlabel.toml"
#: Beside a workspace or an install: what its server does, for the settings inside a release are sealed with it.
SERVER_FILE = "serve.toml"
#: Environment variables: another file instead of that one, and where records are kept, with a password if need be.
CONFIG_VARIABLE, AUDIT_VARIABLE, INTAKE_VARIABLE = "ONLABEL_CONFIG", "ONLABEL_AUDIT", "ONLABEL_INTAKE"
SHIPPED_MODEL = "onlabel-mixed.gguf"


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
    ``given``: the server's own settings, where they do not stand beside it.
    """

    root: Path
    home: Path | None = None
    given: ServeSettings | None = None

    @classmethod
    def find(cls, root: Path | None, given: ServeSettings | None = None) -> Workspace:
        """The named workspace or install, else the current folder if it is one, else the sample.

        Of an install it is the release in use, which is not proved here: opening it for answers does.

        :raises ContentError: ``root`` was named and is neither.
        :raises NotReadyError: it is an install with no release in use.
        """
        here = root if root is not None else Path.cwd()
        if is_install(here):
            folder = InstallFolder.find(here)
            return cls(folder.release(in_use(folder)), folder.root, given)
        if (here / SETTINGS_FILE).is_file():
            return cls(here.resolve(), given=given)
        if root is not None:
            raise ContentError(f"holds no {SETTINGS_FILE}: make a workspace with `onlabel init {root}`", root)
        return cls(sample_root(), given=given)

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

    @cached_property
    def server(self) -> ServeSettings:
        """How it is served: the server's own settings, else ``[serve]``."""
        return self.given or self._own or self.settings.serve

    @cached_property
    def _own(self) -> ServeSettings | None:
        named = os.environ.get(CONFIG_VARIABLE, "")
        path = Path(named) if named else (self.home or self.root) / SERVER_FILE
        return read_server_settings(path) if named or path.is_file() else None

    @property
    def audit_log(self) -> Path | str:
        """The audit log's file, or the address of its server.

        :raises UsageError: the environment names what is neither.
        """
        return self._place(_named(AUDIT_VARIABLE) or self.server.audit or self.settings.audit.path)

    @property
    def intake_queue(self) -> Path | str:
        """The queue of reports: its file, or the address of its server.

        :raises UsageError: the environment names what is neither.
        """
        return self._intake(self.server) or self._place(self.settings.intake.path)

    @property
    def intake_of_server(self) -> Path | str | None:
        """The queue where the server itself says it is; None: the settings in use say it. Needs no readable release."""
        return self._intake(self.given or self._own or ServeSettings())

    def _intake(self, server: ServeSettings) -> Path | str | None:
        """Where a server keeps its audit in PostgreSQL, reports go there too: a replica's disk may go with it."""
        audit = _named(AUDIT_VARIABLE) or server.audit
        said = _named(INTAKE_VARIABLE) or server.intake or (audit if is_server(audit) else "")
        return self._place(said) if said else None

    def _place(self, said: str) -> Path | str:
        return said if is_server(said) else (self.home or self.root) / said

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


def _named(variable: str) -> str:
    """The place that an environment variable names; "": none. It may hold a password, so no error repeats it."""
    said = os.environ.get(variable, "")
    fault = fault_in(said, password=True)
    if fault:
        raise UsageError(f"the environment variable {variable} {fault}")
    return said


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
