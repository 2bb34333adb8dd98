"""The files of deploy/ say what is: commands, options, settings and variables exist, and the files agree."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from assistant.serving.commands import onlabel
from assistant.serving.web.api_keys import KeyDoor, KeyFile
from assistant.serving.web.auth import is_public, require_door
from assistant.serving.web.callers import Standards
from assistant.serving.web.service import Service
from assistant.settings import ServeSettings, read_server_settings
from assistant.workspace import AUDIT_VARIABLE, CONFIG_VARIABLE, INTAKE_VARIABLE
from tests.conftest import REPOSITORY
from tests.serving import client_of

DEPLOY = REPOSITORY / "deploy"
UNITS = sorted((DEPLOY / "systemd").rglob("*.service"))
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
SOFTWARE = "/opt/onlabel/bin/onlabel"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def parsed(words: list[str]) -> list[str]:
    """The names of the commands that ``words`` call.

    :raises click.UsageError: there is no such command or option, or an argument is missing.
    """
    command: click.Command = onlabel
    context = click.Context(onlabel, info_name="onlabel")
    names: list[str] = []
    while isinstance(command, click.Group):
        _, words, _ = command.make_parser(context).parse_args(list(words))
        if not words:
            return names
        found = command.get_command(context, words[0])
        if found is None:
            raise click.UsageError(f"there is no command {words[0]}")
        names.append(words[0])
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=names[-1])
    given, left, _ = command.make_parser(context).parse_args(words)
    assert not left
    missing = [p.name for p in command.params if p.required and p.name not in given]
    assert not missing, missing
    return names


# --- all of them ------------------------------------------------------------------------------------------------------


def test_every_file_is_named_in_the_guide() -> None:
    guide = text(REPOSITORY / "docs" / "deployment.md")
    assert not [path.name for path in FILES if path.relative_to(REPOSITORY).as_posix() not in guide]


def test_every_variable_that_is_set_is_read() -> None:
    known = {AUDIT_VARIABLE, CONFIG_VARIABLE, INTAKE_VARIABLE, "ONLABEL_WORKSPACE", "ONLABEL_KEY_PASSPHRASE"}
    for path in FILES:
        assert set(re.findall(r"\bONLABEL_[A-Z_]+", text(path))) <= known, path.name


def test_no_file_names_a_place_of_the_machine_it_was_written_on_or_holds_a_secret() -> None:
    for path in FILES:
        assert not re.search(r"(?<![\w.~-])/(?:work|root|home|Users)/", text(path)), path.name
        assert not re.search(r"postgres(?:ql)?://[^@\s]*:(?!\.\.\.)[^@\s.]+@|PRIVATE KEY", text(path)), path.name


def test_the_parser_of_these_tests_refuses_what_does_not_exist() -> None:
    assert parsed(["-w", "x", "serve", "--port", "1"]) == ["serve"]
    for wrong in (["serve", "--no-such"], ["no-such"], ["audit", "checkpoint", "--nothing", "x"]):
        with pytest.raises(click.UsageError):
            parsed(wrong)
    with pytest.raises(AssertionError):
        parsed(["release", "install", "x", "--to", "y"])


# --- systemd ----------------------------------------------------------------------------------------------------------


def unit(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Sections of a unit with their settings, in order, for a key may come twice."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in text(path).splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(header[1], [])
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.append((key, value))
    return sections


def only(path: Path, key: str, section: str = "Service") -> str:
    (found,) = (value for name, value in unit(path)[section] if name == key)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_calls_a_command_that_exists(path: Path) -> None:
    program, *words = shlex.split(only(path, "ExecStart"))
    assert program == SOFTWARE
    assert parsed(words)


def test_units_are_as_hardened_as_one_another() -> None:
    hardening = {
        path.name: {
            (key, value)
            for key, value in unit(path)["Service"]
            if re.match(r"Protect|Private|Restrict[A-Z]|System|NoNew|Memory.*Execute|Lock|Capab|ProcSub|UMask", key)
        }
        for path in UNITS
    }
    service = hardening.pop("onlabel.service")
    assert {"NoNewPrivileges", "ProtectSystem", "SystemCallFilter", "MemoryDenyWriteExecute"} <= dict(service).keys()
    for name, each in hardening.items():
        assert each <= service, name
        assert len(each) > 20, name


def test_the_update_writes_where_the_service_reads() -> None:
    service, update = DEPLOY / "systemd" / "onlabel.service", DEPLOY / "systemd" / "onlabel-update.service"
    words = shlex.split(only(service, "ExecStart"))
    install = words[words.index("-w") + 1]
    assert shlex.split(only(update, "ExecStart"))[-1] == install
    assert only(service, "User") == only(update, "User")
    assert install.startswith(f"/var/lib/{only(service, 'StateDirectory')}/")
    assert all(place.strip("-").startswith(install) for place in only(service, "ReadOnlyPaths").split())


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").rglob("*.conf")), ids=lambda path: path.name)
def test_drop_ins_and_accounts_can_be_read(path: Path) -> None:
    if path.parent.name.endswith(".d"):
        assert (path.parent.parent / path.parent.name.removesuffix(".d")).is_file()
        assert unit(path)["Service"]
    else:
        assert f"u {only(DEPLOY / 'systemd' / 'onlabel.service', 'User')} " in text(path)


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    for path in (DEPLOY / "systemd").glob("*.*"):
        if path.suffix in (".service", ".timer"):
            (tmp_path / path.name).write_text(text(path).replace(SOFTWARE, sys.executable), encoding="utf-8")
    shutil.copytree(DEPLOY / "systemd" / "onlabel.service.d", tmp_path / "onlabel.service.d")
    for path in sorted(tmp_path.glob("*.*")):
        if path.is_file():
            told = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True, timeout=60)
            assert (told.returncode, told.stderr) == (0, ""), path.name
    for path in sorted(tmp_path.glob("*.service")):
        command = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert told.returncode == 0, told.stdout[-500:]


# --- proxies ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        yield importlib.import_module("cluster")


@pytest.mark.parametrize(("kind", "check"), [("nginx", ["-t"]), ("haproxy", ["-c"])])
def test_a_proxy_takes_its_configuration(cluster: ModuleType, kind: str, check: list[str], tmp_path: Path) -> None:
    if cluster.found(kind) is None:
        pytest.skip(f"{kind} is not installed")
    command = cluster.proxy_command(kind, tmp_path, cluster.certificate(tmp_path), 1, [2, 3])
    told = subprocess.run([*command, *check], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert "warn" not in told.stderr.lower()


def test_the_proxies_and_the_service_agree() -> None:
    nginx, haproxy = text(DEPLOY / "nginx" / "onlabel.conf"), text(DEPLOY / "haproxy" / "haproxy.cfg")
    defaults = ServeSettings()
    assert f"client_max_body_size {defaults.body_bytes // 1024}k;" in nginx
    for configuration in (nginx, haproxy):
        assert f"127.0.0.1:{defaults.port}" in configuration
        assert "503" in configuration  # what could not be recorded is asked of the other
        for header in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP"):
            assert header in configuration
    assert "GET uri /readyz" in haproxy
    assert is_public("/readyz")


# --- Kubernetes -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], Any]:
    found = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for thing in yaml.safe_load_all(text(path)):
            found[thing["kind"], thing["metadata"]["name"]] = thing
    return found


@pytest.fixture(scope="module")
def server(objects: dict[tuple[str, str], Any]) -> dict[str, Any]:
    template: dict[str, Any] = objects["Deployment", "onlabel"]["spec"]["template"]
    return template


@pytest.fixture(scope="module")
def update(objects: dict[tuple[str, str], Any]) -> dict[str, Any]:
    template: dict[str, Any] = objects["CronJob", "onlabel-update"]["spec"]["jobTemplate"]["spec"]["template"]
    return template


def selects(selector: dict[str, str], pod: dict[str, Any]) -> bool:
    return selector.items() <= pod["metadata"]["labels"].items()


def test_kubernetes_takes_every_object(objects: dict[tuple[str, str], Any]) -> None:
    schemas = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for thing in objects.values():
        schemas.validate(thing, "1.31", strict=True)


def test_pods_call_commands_that_exist_as_nobody_in_particular(server: dict[str, Any], update: dict[str, Any]) -> None:
    for pod, names in ((server, ["serve"]), (update, ["release", "install"])):
        (container,) = pod["spec"]["containers"]
        assert parsed(container["args"]) == names
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["automountServiceAccountToken"] is False
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"] is True
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}  # noqa: S108 - a volume of its own


def test_the_servers_settings_are_meant_and_found(
    objects: dict[tuple[str, str], Any], server: dict[str, Any], tmp_path: Path
) -> None:
    ((name, said),) = objects["ConfigMap", "onlabel"]["data"].items()
    (tmp_path / name).write_text(said, encoding="utf-8")
    settings = read_server_settings(tmp_path / name)
    require_door(settings)
    (container,) = server["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": settings.port}]
    variables = {each["name"]: each for each in container["env"]}
    assert variables[CONFIG_VARIABLE]["value"] in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert "secretKeyRef" in variables[AUDIT_VARIABLE]["valueFrom"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert is_public(container[probe]["httpGet"]["path"])
    assert settings.hosts == tuple(rule["host"] for rule in objects["Ingress", "onlabel"]["spec"]["rules"])


def test_those_who_know_a_pod_by_its_address_are_answered(
    objects: dict[tuple[str, str], Any],
    server: dict[str, Any],
    containerfile: list[tuple[str, str]],
    service: Service,
    tmp_path: Path,
) -> None:
    ((name, said),) = objects["ConfigMap", "onlabel"]["data"].items()
    (tmp_path / name).write_text(said, encoding="utf-8")
    keys = KeyFile(tmp_path / "keys.json")
    monitoring = {"Authorization": f"Bearer {keys.add('monitoring', today=dt.datetime.now(dt.UTC).date())}"}
    door = KeyDoor(keys, Standards("hcp", "US", "en"))
    client = client_of(service, read_server_settings(tmp_path / name), door, host="10.0.0.9")
    (container,) = server["spec"]["containers"]
    probes = [container[each]["httpGet"]["path"] for each in ("startupProbe", "readinessProbe", "livenessProbe")]
    (own,) = (rest for instruction, rest in containerfile if instruction == "HEALTHCHECK")
    (asked,) = re.findall(r"http://([\w.:]+)(/\w+)", own)
    for host, path in [*(("10.0.1.7:8765", path) for path in probes), asked]:
        assert client.get(path, headers={"Host": host}).status_code == 200, (host, path)
    assert client.get("/metrics", headers={"Host": "10.0.1.7:8765", **monitoring}).status_code == 200
    for path in ("/metrics", "/v1/products"):
        assert client.get(path, headers={"Host": "evil.example.com", **monitoring}).status_code == 403
    for rule in objects["Ingress", "onlabel"]["spec"]["rules"]:
        assert client.get("/v1/products", headers={"Host": rule["host"], **monitoring}).status_code == 200


def test_what_is_installed_is_what_is_served(server: dict[str, Any], update: dict[str, Any]) -> None:
    (serves,), (installs,) = server["spec"]["containers"], update["spec"]["containers"]
    words = installs["args"]
    assert words[words.index("--to") + 1] == serves["args"][serves["args"].index("--workspace") + 1]
    assert serves["image"] == installs["image"]
    mounts = [{m["name"]: m["mountPath"] for m in each["volumeMounts"]}["install"] for each in (serves, installs)]
    assert mounts[0] == mounts[1]
    claims = [next(v for v in pod["spec"]["volumes"] if v["name"] == "install") for pod in (server, update)]
    assert claims[0] == claims[1]
    for key in ("runAsUser", "runAsGroup", "fsGroup"):
        assert server["spec"]["securityContext"][key] == update["spec"]["securityContext"][key]


def test_selectors_meet_the_pods_they_mean_and_no_others(
    objects: dict[tuple[str, str], Any], server: dict[str, Any], update: dict[str, Any]
) -> None:
    deployment = objects["Deployment", "onlabel"]["spec"]
    assert deployment["replicas"] >= 2
    selectors = [
        objects["Service", "onlabel"]["spec"]["selector"],
        deployment["selector"]["matchLabels"],
        objects["PodDisruptionBudget", "onlabel"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy", "onlabel-server"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selects(each, server) and not selects(each, update) for each in selectors)
    fetching = objects["NetworkPolicy", "onlabel-update"]["spec"]["podSelector"]["matchLabels"]
    assert selects(fetching, update)
    assert not selects(fetching, server)
    assert objects["PodDisruptionBudget", "onlabel"]["spec"]["minAvailable"] < deployment["replicas"]
    (path,) = objects["Ingress", "onlabel"]["spec"]["rules"][0]["http"]["paths"]
    assert ("Service", path["backend"]["service"]["name"]) in objects


def test_every_secret_that_is_referred_to_is_explained() -> None:
    guide = text(REPOSITORY / "docs" / "deployment.md")
    written = "".join(text(path) for path in (DEPLOY / "kubernetes").glob("*.yaml"))
    for name in re.findall(r"secretName: ([\w-]+)|secretKeyRef: \{name: ([\w-]+)", written):
        assert "".join(name) in guide


# --- the container ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def containerfile() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text(DEPLOY / "Containerfile"), flags=re.MULTILINE))
    lines = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(instruction, rest) for instruction, _, rest in lines]


def test_the_container_is_built_from_what_the_package_is_made_of(containerfile: list[tuple[str, str]]) -> None:
    project = tomllib.loads(text(REPOSITORY / "pyproject.toml"))
    copied = {name for instruction, rest in containerfile if instruction == "COPY" for name in rest.split()[:-1]}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "pyproject.toml", "README.md", "LICENSE"} <= copied
    assert all((REPOSITORY / name).exists() for name in copied)
    kept_out = {line for line in text(DEPLOY / "Containerfile.dockerignore").splitlines() if line.startswith("!")}
    assert {f"!{name}" for name in copied} == kept_out
    extras = set(
        re.findall(r"\[([a-z,]+)\]", "".join(rest for _, rest in containerfile if ".[" in rest or "onlabel[" in rest))
    )
    assert {name for each in extras for name in each.split(",")} <= set(project["project"]["optional-dependencies"])


def test_the_container_runs_as_nobody_in_particular_and_builds_for_every_processor(
    containerfile: list[tuple[str, str]], server: dict[str, Any]
) -> None:
    stages = [number for number, (instruction, _) in enumerate(containerfile) if instruction == "FROM"]
    build, final = containerfile[stages[-2] : stages[-1]], containerfile[stages[-1] :]
    assert any("-DGGML_NATIVE=OFF" in rest for _, rest in build)
    assert not any("build-essential" in rest or "cmake" in rest for _, rest in final)
    (user,) = (rest for instruction, rest in final if instruction == "USER")
    assert user == f"{server['spec']['securityContext']['runAsUser']}:{server['spec']['securityContext']['runAsGroup']}"
    (command,) = (yaml.safe_load(rest) for instruction, rest in final if instruction == "CMD")
    assert parsed(command) == ["serve"]
    assert f"EXPOSE {ServeSettings().port}" in {f"{instruction} {rest}" for instruction, rest in final}
