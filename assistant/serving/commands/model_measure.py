"""``model evaluate`` and ``model compare``: what a model file chooses, measured. Needs the extra ``train``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import NotReadyError, UsageError
from assistant.serving.commands.model import clear_progress, show_progress, write_report

if TYPE_CHECKING:
    from assistant.training.measuring.evaluate import Limits, Model
    from assistant.understanding.encoder import GgufEncoder
    from assistant.understanding.router import NearestUtterances

#: Before a model's path: choose by the example utterances, with the encoder as it is.
_NEAREST = "nearest:"
_SPLITS = ("train", "validation", "calibration", "test", "all")
_OUT = click.Path(path_type=Path, dir_okay=False)


def _measuring(command: Callable[..., None]) -> Callable[..., None]:
    """The options that both commands share, in this order."""
    for option in reversed((
        click.option(
            "--data",
            type=click.Path(path_type=Path, exists=True),
            multiple=True,
            required=True,
            metavar="PATH",
            help="Labelled questions (JSONL), or a folder of them.",
        ),
        click.option(
            "--split", type=click.Choice(_SPLITS), default="test", show_default=True, help="Which of them are measured."
        ),
        click.option("--html", "page", type=_OUT, metavar="FILE", help="Write a report as one page, without scripts."),
        click.option("--json", "record", type=_OUT, metavar="FILE", help="Write every figure as JSON."),
        click.option(
            "--risk",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            default=0.01,
            show_default=True,
            metavar="SHARE",
            help="The share of answers that may be wrong.",
        ),
        click.option("--plots/--no-plots", default=True, show_default=True, help="Draw plots into the page."),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command("evaluate")
@click.argument("model", metavar="MODEL")
@_measuring
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, help="Threads for one question.")
def evaluate_command(
    model: str,
    data: tuple[Path, ...],
    split: str,
    page: Path | None,
    record: Path | None,
    risk: float,
    plots: bool,
    threads: int,
) -> None:
    """Measure the GGUF file MODEL on labelled questions: intents, slots, flags, spans, confidence, latency.

    MODEL needs trained heads; nearest:MODEL measures a file without any by the example utterances that ship.

    \b
    Example:
      onlabel model evaluate models/mine.gguf \\
        --data training_data/utterances --html evaluation.html
    """
    _require(plots=page is not None and plots)
    from assistant.training.dataset import read_dataset
    from assistant.training.measuring import report, report_text
    from assistant.training.measuring.evaluate import evaluate

    measured = evaluate(_model(model), threads, read_dataset(data), split, _limits(risk), show_progress)  # type: ignore[arg-type]
    clear_progress()
    click.echo(report_text.evaluation_text(measured), nl=False)
    if page:
        write_report(page, report.evaluation_html(measured, plots))
    if record:
        write_report(record, _as_text(report.evaluation_json(measured)))


@click.command("compare")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@_measuring
def compare_command(
    models: tuple[str, ...],
    data: tuple[Path, ...],
    split: str,
    page: Path | None,
    record: Path | None,
    risk: float,
    plots: bool,
) -> None:
    """Set GGUF files side by side: accuracy, coverage, spans, flags, latency, size, and decisions that differ.

    The first MODEL is what the others are held against; each is held against itself as well, with other numbers of
    threads. Latency is measured in turns. nearest:MODEL stands for the file without its heads.

    \b
    Example:
      onlabel model compare models/mine.gguf models/mine-f16.gguf \\
        --data training_data/utterances
    """
    if len(models) < 2:
        raise UsageError("name two models or more; `onlabel model evaluate` measures one")
    _require(plots=page is not None and plots)
    from assistant.training.dataset import read_dataset
    from assistant.training.measuring import report, report_text
    from assistant.training.measuring.compare import compare

    compared = compare([_model(name) for name in models], read_dataset(data), split, _limits(risk), show_progress)  # type: ignore[arg-type]
    clear_progress()
    click.echo(report_text.comparison_text(compared), nl=False)
    if page:
        write_report(page, report.comparison_html(compared, plots))
    if record:
        write_report(record, _as_text(report.comparison_json(compared)))


# --- models ----------------------------------------------------------------------------------------------------------


def _model(named: str) -> Model:
    """A model as it is named on the command line.

    :raises NotReadyError: there is no such file, or it has no heads and is not named with ``nearest:``.
    """
    from assistant.training.measuring.evaluate import Model
    from assistant.understanding.encoder import GgufEncoder
    from assistant.understanding.model_file import read_heads
    from assistant.understanding.readers import NearestReader, Reader, file_reader

    path = Path(named.removeprefix(_NEAREST))
    if not path.is_file():
        raise NotReadyError(f"no model at {path}; make one with `onlabel model export`")
    encoder = GgufEncoder(path)
    if named.startswith(_NEAREST):
        router = _router(encoder)

        def nearest(threads: int) -> Reader:
            return NearestReader(GgufEncoder(path, threads), router)

        return Model(named, "nearest", encoder.file_sha256, path.stat().st_size, nearest)
    if read_heads(path, encoder.dimension) is None:
        raise NotReadyError(f"{path} has no trained heads: train them, or measure {_NEAREST}{path}")

    def trained(threads: int) -> Reader:
        return file_reader(path, threads)

    return Model(path.name, "trained", encoder.file_sha256, path.stat().st_size, trained)


def _router(encoder: GgufEncoder) -> NearestUtterances:
    """The example utterances that ship, as this encoder sees them."""
    import numpy as np

    from assistant.understanding.router import NearestUtterances
    from assistant.understanding.taxonomy import read_taxonomy
    from assistant.workspace import shipped_taxonomy

    examples = read_taxonomy(shipped_taxonomy()).examples
    pairs = [(intent, text) for intent in sorted(examples) for text in examples[intent]]
    vectors = []
    for number, (_, text) in enumerate(pairs, 1):
        vectors.append(encoder.encode([text])[0])
        show_progress(number / len(pairs), "reading: example utterances")
    return NearestUtterances(np.stack(vectors), [intent for intent, _ in pairs])


def _none(dimension: int) -> Any:
    import numpy as np

    return np.zeros((0, dimension), dtype=np.float32)


def _limits(risk: float) -> Limits:
    """The risk, and the flags' thresholds of the policy that ships."""
    from assistant.content.policy import parse_policy
    from assistant.training.measuring.evaluate import Limits
    from assistant.workspace import Workspace, sample_root

    path = Workspace(sample_root()).policy_file
    policy, _ = parse_policy(path.read_bytes(), path)
    return Limits({name: float(share) for name, share in policy.thresholds.flags.items()}, risk)


# --- what is said ----------------------------------------------------------------------------------------------------


def _require(plots: bool) -> None:
    """Before minutes are spent on reading: what counting and drawing need."""
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise NotReadyError('scipy is not installed; run: pip install "onlabel[train]"')
    if plots and find_spec("matplotlib") is None:
        raise NotReadyError('matplotlib is not installed; run: pip install "onlabel[train]", or pass --no-plots')


def _as_text(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
