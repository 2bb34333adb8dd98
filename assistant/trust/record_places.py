"""Where records are kept: a file, or a PostgreSQL server that is named by its address (``postgresql://...``).

Guarantees: an address is never repeated in an error and :func:`shown` never says a password: it names what it knows to
be host, port and database, and nothing of an address that it cannot take apart for certain.

Refuses a password in a settings file, for these are copied, shown and, those of a release, sealed and sent out; and
what is neither a file nor such an address, for a mistyped one would become the name of a file in which nobody looks.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from assistant.errors import OnlabelError

SERVERS = ("postgresql://", "postgres://")
#: A colon before an @ parts a name from its password; in a query it is called by its name (libpq, 34.1.2).
_PASSWORD = re.compile(r"//[^@]*:[^@]*@|password\s*=", re.IGNORECASE)
#: Another program's address (one letter is a drive of Windows), or libpq's other way to write one.
_NO_FILE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:/|^(host|hostaddr|dbname|user|service|port)\s*=", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_./:,-]*")


def is_server(place: Path | str) -> bool:
    """Whether records are kept by a PostgreSQL server."""
    return isinstance(place, str) and place.startswith(SERVERS)


def fault_in(place: str, *, password: bool) -> str:
    """What is wrong with a place as it was given, in words that do not repeat it; "": nothing.

    :param password: whether it may hold one.
    """
    if not is_server(place) and _NO_FILE.search(place):
        return "is neither a file nor an address: write postgresql://user@host/database"
    if not password and _PASSWORD.search(place):
        return "holds a password, which a settings file must not: see docs/deployment.md for the ways to give one"
    return ""


def read_address(address: str) -> dict[str, str]:
    """What libpq takes ``address`` for: its parameters by name.

    :raises OnlabelError: nothing, or what a slip of the pen made of it: a / or @ in a password that is not encoded
        makes its rest a host, a port or a database, which every later error would repeat.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = {name: str(value) for name, value in conninfo_to_dict(address).items() if value is not None}
    except ProgrammingError:
        found = {"host": "@"}  # its words and its cause repeat what cannot be read
    port = found.get("port", "").replace(",", "")
    if "@" in found.get("host", "") + found.get("dbname", "") or (port and not port.isdecimal()):
        remedy = "write postgresql://user@host/database, with %40 for an @ and %2F for a / in a name or password"
        raise OnlabelError(f"the address of the PostgreSQL server cannot be read: {remedy}")
    return found


def shown(place: Path | str) -> str:
    """``place`` as it may be told to anybody."""
    if not is_server(place):
        return str(place)
    try:
        parts = urlsplit(str(place))
        host, database = _host(parts), parts.path.strip("/")
    except ValueError:
        return "PostgreSQL"
    said = "/".join(filter(None, (host, database)))
    # Whoever does not encode a / or @ in a password moves its rest to where the host or the database is looked for.
    known = _PLAIN.fullmatch(said) and "@" not in parts.path + parts.query and not parts.fragment
    return f"PostgreSQL at {said}" if known and said else "PostgreSQL"


def _host(parts: SplitResult) -> str:
    """Host and port, of several servers too; or the socket's folder, which stands in the query."""
    network = parts.netloc.rpartition("@")[2]
    if all(port.isdecimal() for port in re.findall(r":([^,]*)", network)):
        return network or ",".join(parse_qs(parts.query).get("host", ()))
    raise ValueError
