"""``ask``, ``chat``, ``show``: where people meet the answers."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from assistant.domain import AUDIENCES, CHANNELS
from assistant.errors import OnlabelError, UsageError

if TYPE_CHECKING:
    from assistant.answering.answer import Answer
    from assistant.domain import Context
    from assistant.pipeline import Assistant

ERROR_SCHEMA = "onlabel.error/1"
_WIDEST = 100


def _context_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name who asks, where and for which day."""
    for option in (
        click.option(
            "--as-of", "as_of", metavar="DATE", help="Answer as on this day, e.g. 2026-03-01 (previews only)."
        ),
        click.option("--channel", type=click.Choice(CHANNELS), default="cli", help="The channel. Default: cli."),
        click.option("--language", metavar="CODE", help="Language of the question, e.g. en."),
        click.option("--market", metavar="CODE", help="Market, e.g. US or GB."),
        click.option("--audience", type=click.Choice(AUDIENCES), help="Who asks: hcp or patient."),
    ):
        command = option(command)
    return command


@click.command("ask")
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer object, one JSON line an answer.")
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8-sig", errors="replace"),
    help="Questions from a file (- for stdin): one a line, or JSONL with question, audience, market, date, product.",
)
@click.option("--product", metavar="ID", default="", help="What is asked about where the question names no medicine.")
@click.option("--explain", is_flag=True, help="Tell on stderr how the answer was chosen: scores and ids, never text.")
@_context_options
@click.pass_obj
def ask_command(
    root: Path | None,
    /,
    question: str | None,
    as_json: bool,
    batch: TextIO | None,
    product: str,
    explain: bool,
    **given: str | None,
) -> None:
    """Answer QUESTION in approved words, with where they come from and until when they are valid.

    \b
    Examples:
      onlabel ask "zorvanta with clarithromycin?"
      onlabel ask --audience patient "i missed my tablet, what now"
      onlabel ask --json "zorvanta storage" | jq .outcome
      onlabel ask --batch questions.txt --json > answers.jsonl
    """
    if batch is not None and question is not None:
        raise UsageError("give a question or --batch, not both")
    if batch is None and question is None:
        if sys.stdin.isatty():
            raise UsageError('ask something: onlabel ask "..."')
        question = sys.stdin.read()
    assistant = _open(root)
    context = _context(assistant, given)
    _say_standing(assistant)
    if batch is not None:
        _answer_batch(assistant, context, product, batch, as_json, explain)
        return
    _show(assistant.ask(question or "", context, product=product, who=_who()), as_json, explain)


def _open(root: Path | None) -> Assistant:
    from assistant.pipeline import Assistant

    return Assistant.open(root)


def _context(assistant: Assistant, given: dict[str, str | None]) -> Context:
    market, language = given["market"], given["language"]
    if market is not None and market not in assistant.markets:
        raise UsageError(f"market {market}: this workspace is approved for {', '.join(assistant.markets)} only")
    return assistant.context(given["audience"], market, language, given["channel"] or "cli", _date(given["as_of"]))


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: write it as 2026-03-01") from error


def _say_standing(assistant: Assistant) -> None:
    """What whoever asks has to know before he uses an answer: that it is a preview, or that its release has expired."""
    if assistant.release is None:
        click.echo("preview: this content has not been approved and sealed; not for use with customers", err=True)
    elif assistant.release.standing.state != "fresh":
        description = assistant.release.description
        click.echo(f"release {description.name} {description.number} {assistant.release.standing.says}", err=True)


def _who() -> str:
    """Who asks, as this machine knows him; "" where it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _show(answer: Answer, as_json: bool, explain: bool) -> None:
    if as_json:
        click.echo(_json_line(answer.as_json()))
    else:
        from assistant.serving.terminal import draw

        click.echo(draw(answer, width=_width(), colour=_colour()))
    if explain:
        _explain(answer)


#: Characters that JSON leaves as they are and some readers take for a line's end.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def _json_line(fields: dict[str, Any]) -> str:
    """``fields`` as one line of JSON, whatever the reader takes for a line's end."""
    return json.dumps(fields, ensure_ascii=False).translate(_LINE_ENDS)


def _width() -> int:
    return min(_WIDEST, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else 80


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _explain(answer: Answer) -> None:
    """How the answer was chosen, on stderr: names, ids and scores, never a passage's text."""
    lines = [
        f"outcome     {answer.outcome.value}  flags: {', '.join(answer.flags) or 'none'}",
        f"context     {' '.join(answer.context.as_json().values())}",
        f"intent      {answer.intent} {answer.confidence:.3f}",
        *(f"            {name} {share:.3f}" for name, share in answer.other_intents),
        f"slots       {', '.join(f'{k}={v}' for k, v in answer.slots.items()) or 'none'}"
        + (f"  carried: {', '.join(answer.carried)}" if answer.carried else ""),
        *(f"passage     {score:.3f} {id}" for id, score in answer.candidates),
        *(f"companion   {span.id}" for span in answer.spans if span.role == "companion"),
        *(f"note        {note}" for note in answer.notes),
        f"receipt     {answer.receipt.get('receipt_sha256', '')}",
    ]
    click.echo("\n".join(lines), err=True)


def _answer_batch(
    assistant: Assistant, context: Context, product: str, lines: TextIO, as_json: bool, explain: bool
) -> None:
    from assistant.serving.terminal import printable
    from assistant.understanding.reading import legible

    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked, where, about = _batch_question(assistant, context, line)
            answer = assistant.ask(asked, where, product=about or product, who=_who())
        except UsageError as error:
            # The line is to blame. Anything else is not: then nothing more is shown.
            wrong = {"schema": ERROR_SCHEMA, "line": number, "error": legible(str(error))}
            click.echo(_json_line(wrong), err=not as_json)
            continue
        if not as_json:
            click.echo(f"{number}. {printable(answer.question)}\n")
        _show(answer, as_json, explain)
        sys.stdout.flush()


def _batch_question(assistant: Assistant, context: Context, line: str) -> tuple[str, Context, str]:
    """A question, its context and the product it is about ("": as it says) from a line of a batch.

    :raises UsageError: the line is a JSON object that cannot be meant.
    """
    if not line.lstrip().startswith("{"):
        return line, context, ""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the line is not valid JSON: {error}") from error
    unknown = set(given) - {"question", "audience", "market", "date", "product"}
    if unknown or not all(isinstance(value, str) for value in given.values()) or "question" not in given:
        raise UsageError("a line holds question and, if wanted, audience, market, date, product, all as text")
    if given.get("audience", AUDIENCES[0]) not in AUDIENCES:
        raise UsageError(f"unknown audience: choose from {', '.join(AUDIENCES)}")
    merged = {
        "audience": given.get("audience", context.audience),
        "market": given.get("market"),
        "language": context.language,
        "channel": context.channel,
        "as_of": given.get("date"),
    }
    about = given.get("product", "")
    if merged["market"] is not None:
        return given["question"], _context(assistant, merged), about
    day = _date(merged["as_of"]) or context.date
    where = assistant.context(merged["audience"], context.market, context.language, context.channel, day)
    return given["question"], where, about


@click.command("chat")
@_context_options
@click.pass_obj
def chat_command(root: Path | None, /, **given: str | None) -> None:
    """Ask in conversation: the product carries over, a number picks a choice, an empty line ends.

    \b
    Example:
      onlabel chat
    """
    from assistant.serving.conversation import followed

    assistant = _open(root)
    context = _context(assistant, given)
    _say_standing(assistant)
    previous: Answer | None = None
    offered: dict[str, str] = {}
    for question in _lines():
        number = question.strip()
        if number.isdecimal() and number not in offered:
            click.echo(f"there is no choice {number[:20]} here: ask in words", err=True)
            continue
        try:
            answer = assistant.ask(offered.get(number, question), context, previous, who=_who())
        except UsageError as error:
            click.echo(f"onlabel: {error}", err=True)
            continue
        _show(answer, as_json=False, explain=False)
        offered = {str(number): choice.send for number, choice in enumerate(answer.choices, start=1)}
        previous = followed(answer, previous)


def _lines() -> Iterator[str]:
    shown = "> " if sys.stdin.isatty() else ""
    while True:
        if shown:
            click.echo(shown, nl=False, err=True)
        line = sys.stdin.readline()
        if not line.strip():
            return
        yield line


@click.command("show")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_context_options
@click.pass_obj
def show_command(root: Path | None, /, id: str, as_json: bool, **given: str | None) -> None:
    """Show the passage or document ID with all its metadata; a passage's words only where they may be shown.

    \b
    Example:
      onlabel show zorvanta-us-pi.7.1
    """
    from assistant.serving.inspecting import inspect

    assistant = _open(root)
    context = _context(assistant, given)
    found = inspect(assistant, id, context)
    if found is None:
        raise OnlabelError(f"there is no passage or document {id!r}; `onlabel ask --explain` names passages")
    if as_json:
        click.echo(_json_line(found.as_json()))
        return
    click.echo(found.draw(_width(), _colour()))
