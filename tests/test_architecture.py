"""The shape of the house: which way imports point, what asking loads, what is public, whose errors reach the caller."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import assistant as package
from assistant import errors
from assistant.answering.index import DATABASE, LEDGER, VECTORS, Index, current_generation
from assistant.canonical import canonical_json
from assistant.content.corpus import read_corpus
from assistant.content.policy import parse_policy
from assistant.content.templates import parse
from assistant.errors import ContentError, IntegrityError, NotReadyError, OnlabelError
from assistant.settings import read_settings
from assistant.trust.ledger import Ledger
from assistant.trust.log.log import AuditLog
from assistant.understanding.encoder import GgufEncoder
from assistant.workspace import shipped_model
from tests import tiny
from tests.conftest import REPOSITORY
from tests.fakes import HashEncoder

PUBLIC = {
    "Answer", "Assistant", "ContentError", "Context", "Flag", "IntegrityError", "Kind", "NotReadyError",
    "OnlabelError", "Outcome", "UsageError",
}  # fmt: skip


def test_imports_point_the_way_they_should() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed (extra `test`)")
    call = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    ran = subprocess.run([sys.executable, "-c", call], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", ran.stdout)


#: Nothing that costs seconds or could speak to a network is loaded by asking, nor what only other commands need.
_HEAVY = (
    "torch", "transformers", "sentence_transformers", "tokenizers", "huggingface_hub", "requests", "httpx",
    "httpcore", "urllib3", "aiohttp", "http.client", "urllib.request", "ssl", "lxml", "gguf", "scipy", "sklearn",
    "pandas", "rich", "importlinter",
)  # fmt: skip
_ASK = """
import json, sys
sys.argv = ["onlabel", "-w", sys.argv[1], *sys.argv[2:]]
from assistant.serving.commands import main
try:
    main()
except SystemExit as ended:
    print(json.dumps({"code": ended.code, "loaded": sorted(sys.modules)}), file=sys.stderr)
"""


def loaded(root: Path, *arguments: str) -> set[str]:
    """Every module that a command has loaded when it ends well."""
    ran = subprocess.run(
        [sys.executable, "-c", _ASK, str(root), *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    found = json.loads(ran.stderr.splitlines()[-1])
    assert found["code"] in (0, None), ran.stderr
    return set(found["loaded"])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny workspace built with the model that ships."""
    root = tiny.write(tmp_path_factory.mktemp("real") / "w", [b"Store ZED in the dark.", b"Keep ZED dry."])
    tiny.compiled(root, GgufEncoder(shipped_model()))
    return root


@pytest.mark.parametrize(
    "arguments", [("ask", "how is zed stored?"), ("ask", "--json", "zedd?"), ("show", "zed-us-pi.1"), ("chat",)]
)
def test_asking_loads_neither_torch_nor_a_network_client(real: Path, arguments: tuple[str, ...]) -> None:
    modules = loaded(real, *arguments)
    assert "llama_cpp" in modules or "assistant.understanding.llama" in modules
    assert {name for name in _HEAVY if name in modules} == set()


def test_help_loads_next_to_nothing(real: Path) -> None:
    modules = loaded(real, "--help")
    assert {
        "numpy",
        "faiss",
        "pydantic",
        "yaml",
        "jinja2",
        "llama_cpp",
        "sqlite3",
        "assistant.pipeline",
    } & modules == set()


def test_the_public_names_are_those_that_are_meant() -> None:
    assert set(package.__all__) == PUBLIC
    assert package.__all__ == sorted(package.__all__)
    for name in PUBLIC:
        assert getattr(package, name).__doc__
    with pytest.raises(AttributeError):
        _ = package.Nothing
    fresh = "import assistant; print([n for n in dir(assistant) if not n.startswith('_')])"
    ran = subprocess.run([sys.executable, "-c", fresh], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(ran.stdout)) - {"annotations", "Any", "TYPE_CHECKING"} == set()


def test_the_documentation_names_them_all() -> None:
    text = (REPOSITORY / "assistant" / "__init__.py").read_text(encoding="utf-8")
    for name in PUBLIC:
        assert f'"{name}"' in text


# -- the error tree ----------------------------------------------------------------------------------------------------


def test_one_class_a_reaction() -> None:
    defined = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    found = {name: value for name, value in defined.items() if issubclass(value, Exception)}
    assert {name: value.exit_code for name, value in found.items()} == {
        "OnlabelError": 1,
        "ContentError": 1,
        "UsageError": 2,
        "IntegrityError": 4,
        "NotReadyError": 5,
    }
    drawn = re.findall(r"(\w+Error)\s+exit (\d)", errors.__doc__ or "")
    assert {(name, int(code)) for name, code in drawn} == {(name, value.exit_code) for name, value in found.items()}


def _sources() -> list[Path]:
    return sorted((REPOSITORY / "assistant").rglob("*.py"))


def test_broad_handlers_stand_at_the_outermost_edge_only() -> None:
    """``except Exception`` hides what it does not know; only a command's or a service's last line of defence may."""
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"Exception"}
                assert not names & {"Exception", "BaseException"} or "serving" in path.parts, f"{path}:{node.lineno}"


def test_errors_raised_on_purpose_are_ours() -> None:
    """No bare ``Exception`` or ``RuntimeError`` is raised anywhere, nor is a process ended below the command."""
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                named = node.exc.func.id
                assert named not in ("Exception", "RuntimeError", "BaseException"), f"{path}:{node.lineno}"
                assert named != "SystemExit" or "training" in path.parts, f"{path}:{node.lineno}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tiny workspace, built."""
    root = tiny.write(tmp_path / "w", [b"Store ZED in the dark.", b"Keep ZED dry."])
    tiny.compiled(root, HashEncoder())
    return root


def _generation(root: Path) -> Path:
    folder = current_generation(root / "index")
    assert folder is not None
    return folder


def _damaged(root: Path, file: str) -> Path:
    (_generation(root) / file).write_bytes(b"garbage" * 999)
    return _generation(root)


def _sqlite_while_reading(root: Path) -> object:
    index = Index.open(root / "index")
    index.close()
    return index.entries("zed")


def _faiss_while_searching(root: Path) -> object:
    index = Index.open(root / "index")
    return index.similarities(HashEncoder(5).encode(["x"])[0], index.entries("zed"))


def _jinja_while_rendering(root: Path) -> object:
    with closing(sqlite3.connect(_generation(root) / DATABASE)) as db:
        db.execute("UPDATE templates SET body = '{{ nothing }}'")
        db.commit()
    return tiny.opened(root, HashEncoder()).ask(f"passage:{tiny.DOCUMENT}.0", tiny.HCP)


def _llama(root: Path) -> object:
    (root / "model.gguf").write_bytes(b"GGUF" + b"\xff" * 500)
    return GgufEncoder(root / "model.gguf")


def _yaml(_: Path) -> object:
    return parse_policy(b"a: [", Path("policy.yaml"))


def _pydantic(_: Path) -> object:
    return parse_policy(b"version: 5", Path("policy.yaml"))


def _toml(root: Path) -> object:
    (root / "onlabel.toml").write_text("[[[", encoding="utf-8")
    return read_settings(root / "onlabel.toml")


def _disk(root: Path) -> object:
    return AuditLog.open(root / "onlabel.toml" / "x.sqlite").append({"a": 1})


def _canonical(root: Path) -> object:
    return AuditLog.open(root / "x.sqlite").append({"a": 1.5})


_MAPPED: dict[str, tuple[Callable[[Path], object], type[OnlabelError]]] = {
    "sqlite, opening the index": (lambda root: Index(_damaged(root, DATABASE)), NotReadyError),
    "sqlite, reading the index": (_sqlite_while_reading, NotReadyError),
    "sqlite, opening the ledger": (lambda root: Ledger.open(_damaged(root, LEDGER) / LEDGER), IntegrityError),
    "faiss, opening": (lambda root: Index(_damaged(root, VECTORS)), NotReadyError),
    "faiss, searching": (_faiss_while_searching, NotReadyError),
    "numpy": (lambda root: Index(_damaged(root, "utterances.npy")).utterances, NotReadyError),
    "jinja2, parsing": (lambda _: parse("{{", "notice", "t.j2"), ContentError),
    "jinja2, rendering": (_jinja_while_rendering, IntegrityError),
    "llama.cpp": (_llama, NotReadyError),
    "yaml": (_yaml, ContentError),
    "pydantic": (_pydantic, ContentError),
    "toml": (_toml, ContentError),
    "disk": (_disk, OnlabelError),
    "canonical form": (_canonical, OnlabelError),
}


@pytest.mark.parametrize("name", _MAPPED)
def test_errors_of_lower_layers_are_mapped(root: Path, name: str) -> None:
    provoke, expected = _MAPPED[name]
    with pytest.raises(OnlabelError) as caught:
        provoke(root)
    assert type(caught.value) is expected
    assert caught.value.__cause__ is not None or expected is not OnlabelError


def test_yaml_in_content_is_a_fault_with_its_line(root: Path) -> None:
    (root / "approved_corpus" / tiny.DOCUMENT / "x.md").write_bytes(b"---\nid: [\n---\nx\n")
    (fault,) = [fault for fault in read_corpus(root / "approved_corpus").faults if fault.error]
    assert fault.path.name == "x.md"
    assert fault.line in (2, 3)


def test_floats_have_no_canonical_form() -> None:
    with pytest.raises(TypeError):
        canonical_json({"a": [1.0]})
