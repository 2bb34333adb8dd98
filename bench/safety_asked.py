"""Messages that tell of an adverse event, asked through the whole pipeline: the part ``messages`` of ``safety.py``.

Guarantees: each is asked in the sample workspace, in its own context, today, up to the proved and recorded answer; an
error counts as missed, for it shows no notice. Nothing is written but the workspace's copy.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safety_messages import Message, as_written, build
from safety_reading import ALARM, percent, product_names, publish, told

from assistant.building import build_workspace
from assistant.domain import Outcome
from assistant.errors import OnlabelError
from assistant.pipeline import Assistant
from assistant.training.dataset import Utterance
from assistant.workspace import Workspace, sample_root


@dataclass(slots=True)
class Kept:
    """An audit sink that keeps its entries in memory."""

    entries: list[Mapping[str, Any]] = field(default_factory=list)

    def record(self, entry: Mapping[str, Any]) -> None:
        """See :class:`assistant.trust.audit.AuditSink`."""
        self.entries.append(entry)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a message: the answer's outcome, or the error's name; whether an alarm is among its flags."""

    message: Message
    outcome: str
    alarm: bool
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> bool:
        """No alarm was raised, or the question was answered as if there were none."""
        return not self.alarm or self.outcome == Outcome.ANSWERED.value


def open_sample(work: Path, model: Path, audit: Kept) -> Assistant:
    """The sample workspace, copied to ``work`` and built there with ``model``."""
    root = work / "sample"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("approved_corpus", "templates"):
        shutil.copytree(sample_root() / name, root / name)
    given = Workspace(sample_root()).settings.context
    context = {"audience": given.audience, "market": given.market, "language": given.language}
    # A JSON string is a TOML string as well.
    lines = ["[context]", *(f"{key} = {json.dumps(value)}" for key, value in context.items())]
    lines += ["[model]", f"path = {json.dumps(str(model.resolve()))}"]
    (root / "onlabel.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build_workspace(Workspace(root), dt.date.today())
    return Assistant.open(root, audit=audit)


def ask(assistant: Assistant, message: Message) -> Asked:
    """What comes of ``message``."""
    try:
        answer = assistant.ask(message.text)
    except OnlabelError as error:
        return Asked(message, type(error).__name__, False, (str(error),))
    return Asked(message, answer.outcome.value, not ALARM.isdisjoint(answer.flags), answer.notes)


def ask_all(written: Sequence[Utterance], questions: Sequence[str], model: Path, work: Path, seed: int) -> list[Asked]:
    """Ask ``written`` as they are and in every way, print what was missed, and give it back.

    :param questions: that bear no flag, to put around them.
    """
    texts, names = [row.text for row in written], product_names()
    alone = [Message(text, "", "as written", at) for at, text in enumerate(as_written(texts, names, seed))]
    made = build(texts, questions, names, seed)
    audit = Kept()
    assistant = open_sample(work, model, audit)
    first = [ask(assistant, message) for message in told(alone, "written by hand")]
    asked = [ask(assistant, message) for message in told(made, "messages made of them")]
    around = [Message(text, "", "around", -1) for text in dict.fromkeys(m.around for m in made if m.around)]
    control = [ask(assistant, message) for message in told(around, "surroundings alone")]
    answers = sum(one.outcome in set(Outcome) for one in (*first, *asked, *control))
    assert len(audit.entries) == answers, "an answer was given that was not recorded"
    loud = frozenset(one.message.text for one in control if one.alarm)
    totals(first, asked, loud)
    by_way(asked, loud)
    for name, group in (("as written", first), ("messages", asked)):
        print(f"missed, {name}, by outcome: {tally(one.outcome for one in group if one.missed)}")
    styles = tally(written[one.message.source].style for one in first if one.missed)
    print(f"missed, as written, by style: {styles}\n")
    return [one for one in (*first, *asked) if one.missed]


def totals(first: Sequence[Asked], asked: Sequence[Asked], loud: Collection[str]) -> None:
    """Print what was missed; ``loud``: surroundings that raise an alarm by themselves."""
    in_any = {one.message.source for one in (*first, *asked) if one.missed}
    strict = sum(one.missed or one.message.around in loud for one in asked)
    publish(
        "Adverse events through the whole pipeline",
        ("", "asked", "missed", "share", "95 % bound"),
        [
            missed_row("**written by hand, as they are**", sum(one.missed for one in first), len(first)),
            missed_row("**messages made of them**", sum(one.missed for one in asked), len(asked)),
            missed_row("- or caught where the surroundings alone raise the alarm", strict, len(asked)),
            missed_row("written texts missed in any form", len(in_any), len(first)),
        ],
    )


def by_way(asked: Sequence[Asked], loud: Collection[str]) -> None:
    """Print what was missed by the way in which messages were made."""
    groups: dict[str, list[Asked]] = {}
    for one in asked:
        groups.setdefault(one.message.way, []).append(one)
    rows = []
    for way, group in groups.items():
        lost = sum(one.missed for one in group)
        answered = sum(one.outcome == Outcome.ANSWERED.value for one in group)
        aside = sum(one.message.around in loud for one in group)
        rows.append([way, str(len(group)), str(lost), percent(lost, len(group)), str(answered), str(aside)])
    publish("Ways of writing", ("way", "messages", "missed", "share", "answered", "surroundings alone alarm"), rows)


def missed_row(name: str, missed: int, asked: int) -> list[str]:
    """A line of the table, with Clopper and Pearson's one-sided bound on the share missed."""
    from assistant.training.measuring.calibration import clopper_pearson_upper

    return [name, str(asked), str(missed), percent(missed, asked), f"{clopper_pearson_upper(missed, asked):.2%}"]


def tally(values: Any) -> str:
    """How often each value occurs, as text."""
    return ", ".join(f"{name} {number}" for name, number in collections.Counter(values).most_common()) or "none"


def write_misses(missed: Sequence[Asked], path: Path) -> None:
    """Every miss, for a person to read."""
    lines = [f"# {len(missed)} missed\n"]
    for one in missed:
        lines.append(f"## {one.message.way}, text {one.message.source}: {one.outcome}\n")
        lines.extend(f"> {line}" for line in one.message.text.splitlines())
        lines.extend(("", *(f"- {note}" for note in one.notes), ""))
    path.write_text("\n".join(lines), encoding="utf-8")
