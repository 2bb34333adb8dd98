"""The documentation says what is: commands, settings, links, and the two lines that people copy."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from assistant.content.policy import CompanionRule, Confidence, Policy, Ranking, Thresholds
from assistant.serving import reference
from assistant.settings import Settings
from assistant.workspace import starter_root

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", REPOSITORY / "models" / "README.md", *sorted(DOCS.rglob("*.md"))]
#: Pages of figures, which are written when the figures are measured. Links to them may come first.
MEASURED = {DOCS / "performance.md", DOCS / "evaluation.md"}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(text: str) -> list[str]:
    return re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _prose(text: str) -> str:
    """``text`` without code, in which a bracket is no link."""
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "`code`", without_blocks)


# --- README -----------------------------------------------------------------------------------------------------------


def test_the_first_two_blocks_of_the_readme_are_the_two_lines() -> None:
    run, test = _blocks(_text(REPOSITORY / "README.md"))[:2]
    for line in (run, test):
        assert line.count("\n") == 1
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    assert ".venv/bin/onlabel build && .venv/bin/onlabel ask " in run
    assert test.endswith("&& .venv/bin/python -m pytest\n")


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(_text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists() or linked in MEASURED, f"{page.name}: {target}"
        if anchor and linked.suffix == ".md" and linked.exists():
            assert anchor in _anchors(_text(linked)), f"{page.name}: {target}"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_guide_and_decision_is_linked_from_its_index() -> None:
    readme, index = _text(REPOSITORY / "README.md"), _text(DOCS / "decisions" / "README.md")
    assert not [page.name for page in DOCS.glob("*.md") if page not in MEASURED and f"docs/{page.name}" not in readme]
    assert not [page.name for page in (DOCS / "decisions").glob("0*.md") if f"({page.name})" not in index]


def test_no_page_names_a_place_of_the_machine_it_was_written_on() -> None:
    private = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/")
    assert not [page.name for page in PAGES if private.search(_text(page))]


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_page_of_commands_is_up_to_date() -> None:
    remedy = "run: python -m assistant.serving.reference > docs/commands.md"
    assert _text(DOCS / "commands.md") == reference.page(), remedy


def test_every_command_is_documented_with_an_example() -> None:
    page = _text(DOCS / "commands.md")
    for _, name in reference.walk():
        _, found, rest = page.partition(f"\n## `{name}`\n")
        assert found, name
        example = rest.partition("\n## ")[0].partition("Example:\n\n```\n")[2]
        assert example.startswith("onlabel"), name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_command_and_option_that_is_written_exists(page: Path) -> None:
    known = {name: {option for p in command.params for option in p.opts} for command, name in reference.walk()}
    known["onlabel"] |= {"-h", "--help"}
    text = _text(page).replace("`", "\n")
    for line in re.findall(r"(?:^|&& |bin/)onlabel ((?:-w \S+ )?[a-z].*)$", text, re.MULTILINE):
        words = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line).split(" && ")[0].split()
        words = words[2:] if words[0] == "-w" else words
        name = f"onlabel {words[0]}"
        if len(words) > 1 and f"{name} {words[1]}" in known:
            name = f"{name} {words[1]}"
        assert name in known, f"{page.name}: onlabel {line}"
        options = {word for word in words if re.fullmatch(r"-{1,2}[a-z][a-z-]*", word)}
        assert options <= known[name] | known["onlabel"], f"{page.name}: onlabel {line}"


# --- settings ---------------------------------------------------------------------------------------------------------


def _table(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table below ``heading``: key -> its further cells."""
    _, found, rest = page.partition(f"\n{heading}\n")
    assert found, heading
    section = re.split(r"^#", rest, flags=re.MULTILINE)[0]
    rows = (row.strip("|").split("|") for row in re.findall(r"^\| `.*\|$", section, re.MULTILINE))
    return {cells[0].strip().strip("`"): [cell.strip().strip("`") for cell in cells[1:]] for cells in rows}


def _default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    value = field.get_default(call_default_factory=True)
    return "required" if value is PydanticUndefined else json.dumps(value)


@pytest.mark.parametrize("section", sorted(Settings.model_fields))
def test_every_key_of_onlabel_toml_is_documented_with_its_default(section: str) -> None:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    documented = _table(_text(DOCS / "settings.md"), f"### `[{section}]`")
    assert {key: cells[0] for key, cells in documented.items()} == {
        key: _default(model, key) for key in model.model_fields
    }


def test_the_page_of_settings_names_no_section_that_does_not_exist() -> None:
    assert set(re.findall(r"^### `\[(\w+)\]`$", _text(DOCS / "settings.md"), re.MULTILINE)) == set(
        Settings.model_fields
    )


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("## `policy.yaml`", Policy),
        ("### `companions`", CompanionRule),
        ("### `thresholds`", Thresholds),
        ("### `ranking`", Ranking),
        ("### `confidence`", Confidence),
    ],
)
def test_every_key_of_policy_yaml_is_documented(heading: str, model: type[BaseModel]) -> None:
    assert set(_table(_text(DOCS / "settings.md"), heading)) == set(model.model_fields)


def test_the_values_of_a_new_workspace_are_those_documented() -> None:
    policy = yaml.safe_load((starter_root() / "approved_corpus" / "policy.yaml").read_bytes())
    for key, (shown, _) in _table(_text(DOCS / "settings.md"), "## `policy.yaml`").items():
        assert shown == "see the file" or json.loads(shown) == policy[key], key


def test_the_settings_in_the_guides_are_accepted() -> None:
    for page in PAGES:
        for block in re.findall(r"^```toml\n(.*?)^```", _text(page), re.MULTILINE | re.DOTALL):
            given = {"context": {"audience": "hcp", "market": "US"}} | tomllib.loads(block)
            Settings.model_validate(given)
