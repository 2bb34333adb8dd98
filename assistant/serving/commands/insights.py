"""``insights``: what people asked and did not get, and what follows for content and for training."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assistant.errors import ContentError, NotReadyError, UsageError
from assistant.serving.commands import LazyGroup
from assistant.serving.commands.model import clear_progress, show_progress, write_report

if TYPE_CHECKING:
    from assistant.insights.asked import History
    from assistant.insights.meaning import Meaning
    from assistant.training.dataset import Utterance

_FILE = click.Path(path_type=Path, dir_okay=False)
_KNOWN = click.Path(path_type=Path, exists=True)
_DATE = click.DateTime(["%Y-%m-%d"])
_Command = TypeVar("_Command", bound=Callable[..., Any])


class _ReportByDefault(LazyGroup):
    """Options without a command are those of ``report``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["report", *args]
        return super().parse_args(ctx, args)


@click.group(
    "insights",
    cls=_ReportByDefault,
    modules=dict.fromkeys(("report", "export", "import"), "insights"),
    summaries={
        "report": "Tell what was asked and not answered (the default).",
        "export": "Write questions worth a label as Label Studio tasks.",
        "import": "Turn Label Studio's annotations into training lines.",
    },
)
def insights_command() -> None:
    """Tell what people asked and did not get, from the audit log and the feedback in it.

    \b
    Example:
      onlabel insights
      onlabel insights report --since 2026-10-01 --out october.html
      onlabel insights export tasks.json
      onlabel insights import labelled.json --out asked.jsonl
    """


def _log_options(command: _Command) -> _Command:
    """Which log, and which part of it."""
    for option in (
        click.option("--audience", type=click.Choice(["hcp", "patient"]), help="Only this audience's questions."),
        click.option("--product", metavar="ID", default="", help="Only about this product."),
        click.option("--until", type=_DATE, metavar="DATE", help="Only up to and with this day (UTC)."),
        click.option("--since", type=_DATE, metavar="DATE", help="Only from this day on (UTC), e.g. 2026-11-01."),
        click.option(
            "--log",
            "place",
            metavar="PLACE",
            help="The log: a file, postgresql://..., or what `audit export --format jsonl` wrote. Default: the "
            "workspace's.",
        ),
    ):
        command = option(command)
    return command


@click.command("report")
@click.option("--out", type=_FILE, metavar="FILE", help="Write the whole report as one page, without scripts.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of the summary.")
@click.option("--passages", type=_FILE, metavar="FILE", help="Write the candidates for new passages: .csv, or .jsonl.")
@click.option("--by", type=click.Choice(["week", "month"]), help="Show drift by this. Default: as the span suits.")
@_log_options
@click.pass_obj
def report_command(
    root: Path | None, /, out: Path | None, as_json: bool, passages: Path | None, by: Any, **chosen: Any
) -> None:
    """Tell what people asked and did not get, which intents are weak, what to write and what to label, what drifts.

    Reports of harm are counted and never shown. Questions of which only a hash was recorded are counted by intent.

    \b
    Example:
      onlabel insights report --since 2026-10-01 --out october.html
      onlabel insights report --product zorvanta --passages wanted.csv
      onlabel -w ~/Onlabel/release insights report --json
    """
    if passages is not None and passages.suffix not in (".csv", ".jsonl"):
        raise UsageError(f"{passages}: end its name in .csv or .jsonl, which says what to write")
    _require("sklearn", *(["matplotlib"] if out else []))
    from assistant.insights.insights import insights_of
    from assistant.insights.passages import as_csv, as_jsonl
    from assistant.insights.report import as_html
    from assistant.insights.report import as_json as report_json
    from assistant.serving.insights_text import insights_text

    history, meaning = _opened(root, **chosen)
    now = dt.datetime.now(dt.UTC)
    found = insights_of(history, meaning, now.date(), by, show_progress)
    clear_progress()
    click.echo(json.dumps(report_json(found)) if as_json else insights_text(found), nl=as_json)
    if out:
        write_report(out, as_html(found, _title(meaning), _wanted(**chosen), now))
    if passages and passages.suffix == ".csv":
        # Spreadsheet programs take a file for UTF-8 only if it begins with the mark.
        _write(passages, as_csv(found.passages).encode("utf-8-sig"))
    elif passages:
        _write(passages, as_jsonl(found.passages).encode())


@click.command("export")
@click.argument("file", type=_FILE)
@click.option(
    "--most", type=click.IntRange(min=1), default=200, metavar="N", show_default=True, help="At most so many questions."
)
@click.option(
    "--known",
    multiple=True,
    type=_KNOWN,
    metavar="PATH",
    help="Labelled data (JSONL) whose questions are not asked for again; may be repeated.",
)
@_log_options
@click.pass_obj
def export_command(root: Path | None, /, file: Path, most: int, known: tuple[Path, ...], **chosen: Any) -> None:
    """Write questions worth a label to FILE as Label Studio tasks, and beside it (.xml) the labelling configuration.

    First those whose askers complained, then those that the model is least sure of, spread over what they mean; our own
    reading goes with each as pre-annotation. Reports of harm and questions with personal data are left out.

    \b
    Example:
      onlabel insights export tasks.json --most 300 --known training_data/utterances
    """
    if file.suffix == ".xml":
        raise UsageError(f"{file}: name the file of the tasks, e.g. tasks.json; the configuration goes beside it")
    _require("sklearn")
    from assistant.insights.lines import worth_labelling
    from assistant.insights.tasks import labelling, tasks

    history, meaning = _opened(root, **chosen)
    labelled = (one.text for one in _utterances(known))
    worth = worth_labelling(history.asked, meaning, most, labelled, show_progress)
    clear_progress()
    assistant = meaning.assistant
    made = tasks(worth.lines, assistant.decider.reader.fingerprint)
    _write(file, (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode())
    _write(file.with_suffix(".xml"), labelling(assistant.index.intent_labels).encode())
    left_out = ", ".join(f"{why} {count:,}" for why, count in worth.left_out.items())
    click.echo(f"{len(made):,} questions to label" + (f"; left out: {left_out}" if left_out else ""), err=True)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="The training lines to write (JSONL).")
@click.option(
    "--known",
    multiple=True,
    type=_KNOWN,
    metavar="PATH",
    help="Labelled data (JSONL) that holds some of the questions already; may be repeated.",
)
@click.option("--allow-personal", is_flag=True, help="Take texts that seem to hold personal data as well.")
@click.option("--skip-faulty", is_flag=True, help="Write the good lines though some tasks are faulty.")
@click.pass_obj
def import_command(
    root: Path | None, /, file: Path, out: Path, known: tuple[Path, ...], allow_personal: bool, skip_faulty: bool
) -> None:
    """Turn FILE, a JSON export of Label Studio, into lines that `onlabel model train` learns from.

    Faulty tasks are listed, and then nothing is written. Questions that annotators label in several ways are left out,
    unless one annotation is starred as ground truth.

    \b
    Example:
      onlabel insights import labelled.json --out asked.jsonl --known training_data/utterances
    """
    from assistant.insights.labelled import read_labelled
    from assistant.serving.insights_text import labelled_text
    from assistant.serving.terminal_text import printable
    from assistant.training.dataset import write_dataset

    found = read_labelled(file, _intents(root), _utterances(known), personal=allow_personal)
    click.echo(labelled_text(found), nl=False)
    for fault in found.faults:
        click.echo(printable(f"{file}: {fault}"), err=True)
    if found.faults and not skip_faulty:
        count = f"{len(found.faults)} faulty task{'s' if len(found.faults) > 1 else ''}"
        raise ContentError(f"{count}: correct them, or leave them out by --skip-faulty; nothing was written", file)
    write_dataset(found.lines, out)
    click.echo(f"wrote {out}", err=True)


def _require(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            name = {"sklearn": "scikit-learn"}.get(package, package)
            raise NotReadyError(f"{name} is not installed; run: pip install 'onlabel[insights]'")


def _opened(
    root: Path | None,
    *,
    place: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    product: str,
    audience: str | None,
) -> tuple[History, Meaning]:
    from assistant.insights.asked import history_of_export, history_of_log
    from assistant.insights.meaning import Meaning
    from assistant.serving.commands.audit import open_log

    if place is not None and place.endswith(".jsonl"):
        history = history_of_export(Path(place))
    else:
        with open_log(root, place) as log:
            history = history_of_log(log)
    days = (since and since.date(), until and until.date())
    return history.select(since=days[0], until=days[1], product=product, audience=audience or ""), Meaning.open(root)


def _wanted(**chosen: Any) -> str:
    told = [
        f"{name} {chosen[name].date() if name in ('since', 'until') else chosen[name]}"
        for name in ("since", "until", "product", "audience")
        if chosen[name]
    ]
    return ", ".join(told) or "the whole log"


def _title(meaning: Meaning) -> str:
    release = meaning.assistant.release
    return f"release {release.description.name} {release.number}" if release is not None else "workspace, not released"


def _utterances(known: tuple[Path, ...]) -> tuple[Utterance, ...]:
    from assistant.training.dataset import read_dataset

    return read_dataset(known).utterances if known else ()


def _intents(root: Path | None) -> tuple[str, ...]:
    """The intents that there are: of a release those sealed with it, of a workspace those in its files."""
    from assistant.answering.index import Index
    from assistant.understanding.taxonomy import read_taxonomy
    from assistant.workspace import Workspace, shipped_taxonomy

    workspace = Workspace.find(root)
    if workspace.home is not None:
        return tuple(Index.open(workspace.index).intent_labels)
    return read_taxonomy(shipped_taxonomy(), workspace.taxonomy_file).intents


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    click.echo(f"wrote {path}", err=True)
