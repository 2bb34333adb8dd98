"""The insights as a summary for a terminal of 80 columns.

Guarantees: no line is wider than 80 columns, and none holds a character that steers a terminal or turns the writing
round, whatever was asked. Words of reports of harm stand nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from assistant.insights.insights import Insights
from assistant.insights.labelled import PARTS, Labelled
from assistant.insights.periods import Shift
from assistant.insights.report import REASONS, psi, share
from assistant.serving.terminal_text import hang, printable, width_of

WIDTH = 80
_NAME = 22
_GROUPS, _INTENTS, _PASSAGES, _PERIODS = 8, 8, 8, 6


def insights_text(found: Insights) -> str:
    """The figures, then what is missing and what is weak."""
    if not found.questions:
        return "no question in this part of the log\n"
    return _joined(_head(found), _groups(found), _passages(found), _weak(found), _training(found), _drift(found))


def _head(found: Insights) -> Iterator[str]:
    answered = found.outcomes.get("answered", 0)
    yield from _fact("questions", f"{found.questions:,} of {found.askers:,} askers, {found.first} to {found.last}")
    yield from _fact("answered", f"{answered:,} ({share(answered / found.questions)})")
    yield from _fact("went without", _counts({REASONS[name]: n for name, n in found.went_without.items()}) or "none")
    if found.feedback:
        yield from _fact("feedback", _counts(found.feedback))
    if found.reports:
        yield from _fact("reports", f"{_counts(found.reports)}: counted, and shown to nobody here")
    if found.attacks:
        yield from _fact("attacks", f"{found.attacks:,}, in no group")
    if hashed := found.policies.get("hash"):
        yield from _fact("only a hash known", f"of {hashed:,} questions: counted by intent, they cannot be grouped")
    if redacted := found.policies.get("redacted"):
        yield from _fact("recorded redacted", f"{redacted:,}: grouped by the words that are left")
    if found.strange_feedback:
        yield from _fact("did not count", f"{found.strange_feedback:,} verdicts on answers not given to their caller")
    if found.unreadable:
        yield from _fact("unreadable", f"{found.unreadable:,} records")


def _groups(found: Insights) -> Iterator[str]:
    if found.groups:
        yield "Asked and not got, by meaning"
        yield "askers questions"
    for one in found.groups[:_GROUPS]:
        yield from hang(printable(one.title), WIDTH, f"{one.askers:>6} {one.questions:>9}  ", " " * 18)
        yield from hang(_counts({REASONS[name]: n for name, n in one.reasons.items()}), WIDTH, " " * 20, " " * 20)
    more = len(found.groups) - _GROUPS
    if more > 0 or found.alone:
        more_groups = f"{more:,} more groups, " if more > 0 else ""
        yield from hang(f"and {more_groups}{found.alone:,} questions like no other", WIDTH, " " * 18, " " * 18)
    if found.not_grouped:
        yield from hang(f"counted by intent only: {_counts(found.not_grouped)}", WIDTH, "", "  ")


def _passages(found: Insights) -> Iterator[str]:
    content = [one for one in found.passages if one.owner == "content"]
    if content:
        yield "Candidates for new passages"
        yield f"askers questions  {'product':<14} {'topic':<20} {'for':<10} approved today"
    for one in content[:_PASSAGES]:
        place = f"{one.audience} {one.market}"
        cells = f"{_cell(one.product, 14)} {_cell(one.topic, 20)} {_cell(place, 10)}"
        yield f"{one.askers:>6} {one.questions:>9}  {cells} {one.approved:>14,}"
    more, letters = len(content) - _PASSAGES, len(found.passages) - len(content)
    told = [f"{more:,} more"] if more > 0 else []
    told += [f"{letters:,} that were referred to medical information"] if letters else []
    if told:
        yield from hang(f"and {', and '.join(told)}: --passages FILE", WIDTH, " " * 18, " " * 18)


def _weak(found: Insights) -> Iterator[str]:
    weak = [one for one in found.weak if one.lost]
    if not weak:
        return
    yield f"{'Weakest intents':<{_NAME}} {'asked':>6} {'lost':>11} {'sure':>5} {'rated wrong':>12}  often second"
    for one in weak[:_INTENTS]:
        lost = f"{one.lost} ({share(one.lost / one.questions)})"
        rated = f"{one.wrong} of {one.rated}" if one.rated else "–"
        yield _cut(
            f"{_cell(one.intent, _NAME)} {one.questions:>6,} {lost:>11} {one.confidence:>5.2f} {rated:>12}  "
            f"{printable(one.second)}",
            WIDTH,
        )


def _training(found: Insights) -> Iterator[str]:
    complained = sum(one.asked.verdict not in ("", "right") for one in found.worth.lines)
    if found.worth.lines:
        words = f"{len(found.worth.lines)} questions to label first, {complained} of them complained of"
        yield from hang(f"{words}: onlabel insights export FILE", WIDTH, "", "  ")


def _drift(found: Insights) -> Iterator[str]:
    periods = found.drift.periods[-_PERIODS:]
    if len(periods) < 2:
        return
    yield "Drift (PSI; in brackets what chance alone would make; * above it)"
    yield f"{found.drift.by:<12}{'asked':>6}{'sure':>6}{'silent':>7}  {'examples':<15}{'intents':<15}confidence"
    for one in periods:
        sure = f"{one.confidence:.2f}" if one.questions else "–"
        shifts = "".join(f"{_shift(s):<15}" for s in (one.against_index, one.intents, one.confidences))
        yield f"{one.first!s:<12}{one.questions:>6,}{sure:>6}{share(one.abstained):>7}  {shifts}".rstrip()


def _shift(one: Shift) -> str:
    return psi(one) + ("*" if one.says in ("moved", "moved much") else "")


def labelled_text(found: Labelled) -> str:
    """What an import came to."""
    return _joined(_labelled(found))


def _labelled(found: Labelled) -> Iterator[str]:
    yield from _fact("lines", f"{len(found.lines):,}")
    for name, count in (("merged", found.merged), ("in the data already", found.known), ("skipped", found.skipped)):
        if count:
            yield from _fact(name, f"{count:,}")
    if found.twice:
        agreed = ", ".join(f"{part} {found.agreed[part] / found.twice:.0%}" for part in PARTS)
        yield from _fact("labelled by several", f"{found.twice:,}; all the same: {agreed}")
    for one in found.disagreements:
        yield from hang(printable(f"{one.task} {one.says}"), WIDTH, "left out: ", "  ")


# --- lines -----------------------------------------------------------------------------------------------------------


def _joined(*blocks: Iterable[str]) -> str:
    """The blocks that hold anything, an empty line between them."""
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block))) + "\n"


def _fact(name: str, words: str) -> list[str]:
    return hang(printable(words), WIDTH, f"{name:<{_NAME}}", " " * _NAME)


def _counts(counts: Mapping[str, int]) -> str:
    return printable(", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items()))


def _cell(text: str, width: int) -> str:
    shown = _cut(printable(text), width)
    return shown + " " * (width - width_of(shown))


def _cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns."""
    if width_of(text) <= width:
        return text
    while width_of(text) >= width:
        text = text[:-1]
    return text + "…"
