"""What several replicas need on one machine: PostgreSQL, a proxy with the configuration of deploy/, the replicas.

Everything listens on this machine alone, keeps its files in one folder, and ends with the block that started it. The
proxies run the very files of deploy/: only addresses, ports and the certificate's place are exchanged, so what is tried
is what is shipped.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tables import REPOSITORY

NAME = "onlabel.example.com"
_NOBODY = 65534
_STARTS_WITHIN = 90.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def found(name: str) -> str | None:
    """The program ``name``, also where Debian keeps it off the PATH."""
    places = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), *Path("/usr/sbin").glob(name)]
    return shutil.which(name) or next((str(place) for place in sorted(places, reverse=True)), None)


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until ``true()``.

    :raises SystemExit: it does not become true.
    """
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > _STARTS_WITHIN:
            raise SystemExit(f"{what} did not start")
        time.sleep(0.05)


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own, with the settings that it has by default; its address."""
    initdb, server = found("initdb"), found("postgres")
    if initdb is None or server is None:
        raise SystemExit("no PostgreSQL here: install it, or give --postgres ADDRESS")
    folder = Path(tempfile.mkdtemp(prefix="onlabel-pg-"))
    lower: dict[str, Any] = {}
    if os.name == "posix" and os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, _NOBODY, _NOBODY)
        lower = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
    quiet: dict[str, Any] = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL, **lower}
    data = str(folder / "data")
    subprocess.run([initdb, "-D", data, "-U", "onlabel", "-A", "trust", "--no-sync", "-E", "UTF8"], check=True, **quiet)
    options = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([server, "-D", data, *options], stderr=log, **quiet)
    try:
        address = f"postgresql://onlabel@/postgres?host={folder}"
        until(lambda: _lets_in(address), "PostgreSQL")
        yield address
    finally:
        process.send_signal(signal.SIGINT)  # "fast": hang up and write everything down
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _lets_in(address: str) -> bool:
    """Whether the server takes connections: its socket is there a while before it does."""
    import psycopg

    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def account(owner: str) -> str:
    """An account that may do what docs/deployment.md grants the one that answers, and no more; its address."""
    import psycopg

    from assistant.trust.intake.queue import IntakeQueue
    from assistant.trust.log.log import AuditLog

    guide = (REPOSITORY / "docs" / "deployment.md").read_text(encoding="utf-8")
    grants = guide.partition("```sql\n")[2].partition("```")[0]
    with AuditLog.open(owner) as log:
        _ = log.origin  # makes its tables, as `onlabel audit prepare` does
    IntakeQueue.open(owner).prepare()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE ROLE service LOGIN")
        connection.execute(grants.encode())
    return owner.replace("//onlabel@", "//service@")


def certificate(folder: Path) -> Path:
    """A certificate for this machine, made by itself, with its key in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path = folder / "onlabel.pem"
    path.touch(mode=0o600)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    return path


def exchanged(text: str, changes: Mapping[str, str]) -> str:
    """``text`` with each key replaced by its value; each must be there, or what is tried is not what is shipped."""
    for old, new in changes.items():
        if old not in text:
            raise SystemExit(f"deploy/ no longer says {old!r}")
        text = text.replace(old, new)
    return text


def nginx_configuration(folder: Path, pem: Path, listen: int, ports: Sequence[int]) -> Path:
    """nginx with deploy/nginx/onlabel.conf."""
    shipped = (REPOSITORY / "deploy" / "nginx" / "onlabel.conf").read_text(encoding="utf-8")
    site = exchanged(
        shipped,
        {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl;\n": "",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl;": f"listen 127.0.0.1:{listen} ssl;",
            "/etc/ssl/onlabel/fullchain.pem": str(pem),
            "/etc/ssl/onlabel/privkey.pem": str(pem),
            "/var/log/nginx/onlabel.log": str(folder / "access.log"),
            "127.0.0.1:8765": f"127.0.0.1:{ports[0]}",
            "127.0.0.1:8766": f"127.0.0.1:{ports[1]}",
        },
    )
    (folder / "onlabel.conf").write_text(site, encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"    {kind}_temp_path {folder / kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder / 'nginx.pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{ }}\nhttp {{\n{places}    include {folder / 'onlabel.conf'};\n}}\n",
        encoding="utf-8",
    )
    return main


def haproxy_configuration(folder: Path, pem: Path, listen: int, ports: Sequence[int]) -> Path:
    """HAProxy with deploy/haproxy/haproxy.cfg."""
    shipped = (REPOSITORY / "deploy" / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
    changes = {
        "bind :80\n": f"bind 127.0.0.1:{free_port()}\n",
        "bind :443 ": f"bind 127.0.0.1:{listen} ",
        "/etc/ssl/onlabel/onlabel.pem": str(pem),
        "127.0.0.1:8765": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8766": f"127.0.0.1:{ports[1]}",
    }
    main = folder / "haproxy.cfg"
    main.write_text(exchanged(shipped, changes), encoding="utf-8")
    return main


def proxy_command(kind: str, folder: Path, pem: Path, listen: int, ports: Sequence[int]) -> list[str]:
    """The command that runs the proxy ``kind``; its configuration is written into ``folder``."""
    program = found(kind)
    if program is None:
        raise SystemExit(f"{kind} is not installed")
    if kind == "nginx":
        main = nginx_configuration(folder, pem, listen, ports)
        return [program, "-e", str(folder / "error.log"), "-c", str(main)]
    return [program, "-f", str(haproxy_configuration(folder, pem, listen, ports))]


@contextmanager
def proxy(kind: str, folder: Path, pem: Path, ports: Sequence[int]) -> Iterator[int]:
    """The proxy in front of the replicas at ``ports``; its port."""
    listen = free_port()
    command = proxy_command(kind, folder, pem, listen, ports)
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or _listens(listen), kind)
        if process.poll() is not None:
            raise SystemExit(f"{kind} did not start:\n{(folder / 'proxy.log').read_text(encoding='utf-8')}")
        yield listen
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Replica:
    """``onlabel serve`` at a port that stays its own when it is killed and started again."""

    def __init__(self, root: Path, config: Path, log: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        command = [sys.executable, str(REPOSITORY / "cli.py"), "-w", str(root), "serve", "--config", str(config)]
        self._command = [*command, "--port", str(self.port)]
        self._environment = os.environ | {"OMP_NUM_THREADS": "1"} | environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it, and do not wait for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )

    def wait(self) -> None:
        """Wait until it is ready."""
        until(lambda: self._process is None or self._process.poll() is not None or self.ready(), "a replica")
        if not self.ready():
            raise SystemExit(f"a replica did not start:\n{self._log.read_text(encoding='utf-8')[-2000:]}")

    def ready(self) -> bool:
        try:
            return bool(self._get("/readyz").status == 200)
        except OSError:
            return False

    def answers(self, key: str) -> int:
        """How many answers it gave since it was started."""
        text = self._get("/metrics", key).read().decode()
        lines = [line for line in text.splitlines() if line.startswith("onlabel_answers_total{")]
        return round(sum(float(line.rpartition(" ")[2]) for line in lines))

    def _get(self, path: str, key: str = "") -> Any:
        headers = {"Host": NAME, **({"Authorization": f"Bearer {key}"} if key else {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        return urllib.request.urlopen(request, timeout=10)  # noqa: S310 - this machine

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is written down."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


def server_file(path: Path, settings: Mapping[str, Any]) -> Path:
    """A server's settings as a file; strings, numbers and lists of strings look the same in TOML and JSON."""
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    path.write_text(f"[serve]\n{lines}", encoding="utf-8")
    return path
