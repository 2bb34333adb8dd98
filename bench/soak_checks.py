"""What a soak asks at its end: is everything that was shown on record, once for each time, and nothing made up?"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sample_server import REPOSITORY, recorded_answers, unrecorded
from visits import Visit

from assistant.trust.log.log import AuditLog
from assistant.trust.log.records import FEEDBACK_SCHEMA
from assistant.workspace import Workspace

#: An error in the service's log, without the time at which it was written.
_ERROR = re.compile(r"^.{0,40}\b(?:ERROR|CRITICAL)\b (.{1,160})", re.MULTILINE)
#: In the name of every exception that the bench puts in.
_OURS = "Bench"
#: What the service writes of an exception that it did not foresee.
_UNFORESEEN = " failed: "
#: uvicorn ends in good order and then passes the signal on that it was ended by; Windows knows no signals.
_ENDED_WELL = (0, -signal.SIGTERM) if os.name == "posix" else (0, 1)


@dataclass(slots=True)
class Seen:
    """Everything that visitors saw.

    ``unseen``: answers that may be on record although nobody saw them. ``cut_in_fault``: connections cut while a fault
    was put in; ``counted_5xx``: how many the service says it sent.
    """

    visits: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    shown: Counter[str] = field(default_factory=Counter)
    hashes: dict[str, str] = field(default_factory=dict)
    unseen: int = 0
    unexpected: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    cut_in_fault: int = 0
    counted_5xx: int = 0

    def add(self, visit: Visit, explanation: str) -> None:
        """Count a visit. ``explanation``: the fault that was put in while it was under way, if any."""
        kind = visit.kind
        self.visits += 1
        self.statuses[kind.name][visit.status] += 1
        self.waits[kind.name].append(visit.ended - visit.begun)
        self.hashes.update(visit.shown)
        if kind.recorded:
            self.shown.update(receipt for receipt, _ in visit.shown)
        self.unseen += visit.unseen
        self.cut_in_fault += visit.status == 0 and bool(explanation)
        if visit.wrong:
            self.unexpected[f"{kind.name}: {visit.wrong}"] += 1
        if visit.status >= 500 and (kind.injected or explanation):
            self.explained["asked for by the question" if kind.injected else explanation] += 1
            self.unseen += 1  # it may have been recorded and then not shown
        elif visit.status not in kind.right:
            self.unexpected[f"{kind.name}: {visit.status or 'the service hung up'}"] += 1


def checked(seen: Seen, root: Path, exit_code: int, failed: list[str]) -> dict[str, dict[str, Any]]:
    """Name of each check -> what was ``found``, and whether it is ``right``."""
    recorded = recorded_answers(root)
    beyond = recorded.total() - seen.shown.total()
    missing, apart = unrecorded(seen.shown, recorded), _with_another_hash(root, seen.hashes)
    seen_5xx = sum(count for found in seen.statuses.values() for status, count in found.items() if status >= 500)
    alarms = seen.counted_5xx - seen_5xx
    feedback, given = _feedback(root), seen.statuses["feedback"][201]
    proved = subprocess.run(
        [sys.executable, str(REPOSITORY / "cli.py"), "-w", str(root), "audit", "verify"],
        capture_output=True,
        check=False,
    )
    found = {
        "responses that nothing explains": (sum(seen.unexpected.values()), not seen.unexpected),
        "answers shown and not recorded": (missing, not missing),
        "answers recorded with another text": (apart, not apart),
        "answers recorded and not shown": (f"{beyond:,} of at most {seen.unseen:,}", 0 <= beyond <= seen.unseen),
        "5xx in `/metrics` that nobody saw": (f"{alarms} of at most {seen.cut_in_fault}", alarms <= seen.cut_in_fault),
        "feedback taken and not recorded": (max(0, given - feedback), feedback >= given),
        "`onlabel audit verify` ended with": (proved.returncode, proved.returncode == 0),
        "the service ended with": (exit_code, exit_code in _ENDED_WELL),
        "builds and repairs that failed": (len(failed), not failed),
    }
    return {name: {"found": value, "right": right} for name, (value, right) in found.items()}


def errors_in(log: str, *, unforeseen: bool = False) -> dict[str, int]:
    """The errors in the service's log, but those that questions asked for, and how often each stands there.

    :param unforeseen: only exceptions that the service has no words for.
    """
    lines = (line for line in _ERROR.findall(log) if _OURS not in line and (not unforeseen or _UNFORESEEN in line))
    return dict(Counter(lines).most_common(15))


def _with_another_hash(root: Path, hashes: Mapping[str, str]) -> int:
    with AuditLog.open(Workspace(root).audit_log, read_only=True) as log:
        return sum(
            hashes.get(entry["receipt"]["receipt_sha256"], entry["answer_sha256"]) != entry["answer_sha256"]
            for _, _, entry in log.entries()
            if "receipt" in entry
        )


def _feedback(root: Path) -> int:
    with AuditLog.open(Workspace(root).audit_log, read_only=True) as log:
        return sum(entry.get("schema") == FEEDBACK_SCHEMA for _, _, entry in log.entries())
