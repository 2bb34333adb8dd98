"""``model calibrate``: how sure an answer must be so that few are on the wrong topic. Needs the extra ``train``."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import click

from assistant.serving.commands.model import require

#: Points of the curve that are printed.
_SHOWN = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@click.command("calibrate")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    required=True,
    help="Labelled questions; only the split that is named is asked.",
)
@click.option("--split", type=click.Choice(["calibration", "test"]), default="calibration", show_default=True)
@click.option(
    "--risk", type=click.FloatRange(0.001, 0.5), default=0.01, show_default=True, help="Share of wrong topics."
)
@click.option(
    "--products", type=click.IntRange(1, 50), default=2, show_default=True, help="Ask of this many products, in turn."
)
@click.option(
    "--misses", type=click.Path(path_type=Path, dir_okay=False), help="Write the answers on wrong topics here."
)
@click.pass_obj
def calibrate_command(
    root: Path | None, data: tuple[Path, ...], split: str, risk: float, products: int, misses: Path | None
) -> None:
    """Ask the calibration questions of the workspace and tell the threshold that holds the risk.

    Prints what to write into approved_corpus/policy.yaml; reviewers own that file, so nothing is changed.

    \b
    Example:
      onlabel model calibrate --data training_data/utterances
    """
    require("scipy")
    from assistant.pipeline import Assistant
    from assistant.training.dataset import read_dataset
    from assistant.training.measuring import answering, calibration

    assistant = Assistant.open(root)
    questions = read_dataset(data).split(split)  # type: ignore[arg-type]
    named = [(product.id, product.label) for product in assistant.index.products(1000)]
    # Always the same ones, but not the first by the alphabet.
    random.Random(0).shuffle(named)  # noqa: S311 - reproducible, not secret
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{len(questions)} questions", nl=False, err=True)

    found = answering.deliveries(assistant.decider, named[:products], assistant.context(), questions, step)
    if sys.stderr.isatty():
        click.echo(err=True)
    curve = calibration.risk_coverage(found.confidence, found.right)
    click.echo(f"{found.asked} asked of {len(named[:products])} products, {len(found.answers)} could be answered")
    for share in _SHOWN if found.answers else ():
        point = next(row for row, answered in enumerate(curve.answered) if answered >= share * len(found.answers))
        click.echo(f"  the surest {share:4.0%}: {curve.risk[point]:6.2%} on the wrong topic")
    limit = assistant.policy.thresholds.passage_answer
    given = [answer for answer in found.answers if answer.confidence >= limit]
    wrong = sum(not answer.right for answer in given)
    if given:
        click.echo(
            f"at the policy's passage_answer {limit:.2f}: {wrong} of {len(given)} answers on the wrong topic = "
            f"{wrong / len(given):.2%}, "
            f"at most {calibration.clopper_pearson_upper(wrong, len(given)):.2%} at 95 % confidence"
        )
    bounded = calibration.bounded_threshold(found.confidence, found.right, risk)
    if bounded is None:
        click.echo(f"no threshold holds {risk:.1%} at 95 % confidence: more questions, or a better model, are needed")
    else:
        click.echo(
            f"passage_answer: {bounded.threshold:.4f}   # {bounded.wrong} of {bounded.n} answers on the wrong topic, "
            f"at most {bounded.bound:.2%} at 95 % confidence; {bounded.n / found.asked:.1%} of what was asked"
        )
    if misses:
        missed = sorted((a for a in found.answers if not a.right), key=lambda a: -a.confidence)
        lines = [f"{a.confidence:.3f} {a.intent} answered as {a.answered_as}: {a.question}\n" for a in missed]
        misses.write_text("".join(lines), encoding="utf-8", newline="\n")
