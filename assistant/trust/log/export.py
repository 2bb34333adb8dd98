"""Records for other programs and for people: CSV, JSON lines, and a page of HTML that can be printed.

Guarantees: a file appears whole or not at all. Nothing in a record can act where it is opened: in CSV a cell that a
spreadsheet would take for a formula begins with an apostrophe; in HTML everything is escaped, characters that cannot be
seen or that turn the writing round are shown by their code, and the page may load and run nothing (its own policy says
so to the browser). No export holds the salt of the log.

JSON lines are the only form that loses nothing: the first line describes the log, and each record's hash can be made
again from its line (canonical JSON after 0x00).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TextIO, get_args

from assistant.trust.log.log import AuditLog
from assistant.trust.log.selection import COLUMNS, Found, Selection, columns, select
from assistant.trust.log.verifying import Verification

Format = Literal["csv", "jsonl", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
SCHEMA = "onlabel.audit-export/1"
#: What spreadsheet programs take for the beginning of a formula, in half and full width (OWASP, CSV injection).
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠|]")
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def export(
    log: AuditLog, wanted: Selection, form: Format, path: Path, proved: Verification, progress: Callable[[int], None]
) -> int:
    """Write the wanted records that ``proved`` covers to ``path``; how many they are.

    Only records that were there when the log was proved are written, so that what the file says of its proof is true.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    counted = _Counted(select(log, wanted, stop=proved.size), progress)
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="") as file:
            _WRITERS[form](file, counted, wanted, proved)
        Path(scratch).replace(path)
    finally:
        Path(scratch).unlink(missing_ok=True)
    return counted.count


class _Counted:
    """Records on their way into a file, counted for the report's summary and the progress."""

    def __init__(self, found: Iterator[Found], progress: Callable[[int], None]) -> None:
        self._found = found
        self._progress = progress
        self.count = 0

    def __iter__(self) -> Iterator[Found]:
        for one in self._found:
            self.count += 1
            if self.count % 500 == 0:
                self._progress(self.count)
            yield one


def _write_csv(file: TextIO, found: Iterable[Found], _: Selection, __: Verification) -> None:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in found:
        row = columns(one)
        writer.writerow([guarded(row[name]) for name in COLUMNS])


def guarded(cell: str) -> str:
    """``cell`` so that no spreadsheet program runs it: an apostrophe before what would be a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _write_jsonl(file: TextIO, found: Iterable[Found], wanted: Selection, proved: Verification) -> None:
    head = {
        "schema": SCHEMA,
        "origin": proved.origin,
        "size": proved.size,
        "root": proved.root.hex(),
        "covered": proved.covered,
        "selection": str(wanted),
    }
    file.write(_line(head))
    for one in found:
        file.write(_line({"number": one.number, "leaf_sha256": one.hash.hex(), "record": one.entry}))


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).translate(_LINE_ENDS) + "\n"


def _write_html(file: TextIO, found: Iterable[Found], wanted: Selection, proved: Verification) -> None:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Streamed: the counts stand at the end of the page, for nobody has seen all records at its beginning.
    counts: dict[str, Counter[str]] = {"outcome": Counter(), "market": Counter(), "audience": Counter()}
    rows = _rows(found, counts)
    page = environment.get_template("report.html.j2").stream(
        proved=proved,
        wanted=str(wanted),
        rows=rows,
        counts=counts,
        made=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    page.enable_buffering(64)
    file.writelines(page)


def _rows(found: Iterable[Found], counts: dict[str, Counter[str]]) -> Iterator[dict[str, str]]:
    for one in found:
        row = {name: visible(value) for name, value in columns(one).items()}
        row["note"] = visible(str(one.entry.get("note", ""))) if one.is_checkpoint else ""
        if not one.is_checkpoint:
            for name, counter in counts.items():
                counter[row[name]] += 1
        yield row


def visible(text: str) -> str:
    """``text`` with what cannot be seen, or turns the writing round, shown by its code; line ends stay."""
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else f"[U+{ord(character):04X}]"
        for character in text
    )


_WRITERS: dict[Format, Callable[[TextIO, Iterable[Found], Selection, Verification], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "html": _write_html,
}
