"""``model train``, ``export``, ``add-ngrams``: from labelled questions to one GGUF file. Needs the extra ``train``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.errors import ContentError, UsageError
from assistant.serving.commands.model import require

if TYPE_CHECKING:
    from assistant.training.finetune import Recipe

_EXISTING = click.Path(exists=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
#: What a file of each type must agree with torch in, at least.
PROMISED = {"f16": 0.999, "mixed": 0.995, "q8_0": 0.995, "q4_k_m": 0.0}


@click.command("train")
@click.option(
    "--data", "data", type=_EXISTING, multiple=True, required=True, help="Labelled questions: JSONL or a folder."
)
@click.option(
    "--pairs", type=_EXISTING, multiple=True, help="Label passages with their questions, for the retrieval vector."
)
@click.option("--domain", type=_EXISTING, multiple=True, help="openFDA label records as weakly labelled domain text.")
@click.option(
    "--leave-out", type=_EXISTING, multiple=True, help="Set ids whose labels are never read: one a line, or JSONL."
)
@click.option(
    "--out", type=_FOLDER, required=True, help="Where the model is written; a run cut short goes on from there."
)
@click.option(
    "--base",
    type=_FOLDER,
    help="What to begin with: a BERT as a sentence-transformers folder (default: the packaged MiniLM), a folder that "
    "this command wrote, or a causal model's folder.",
)
@click.option("--method", type=click.Choice(["full", "lora"]), default="full", show_default=True)
@click.option("--epochs", type=click.IntRange(1, 100), help="Passes over the data.")
@click.option("--batch", type=click.IntRange(2, 1024), help="Questions a step.")
@click.option("--rate", type=click.FloatRange(1e-7, 1e-1), help="Peak learning rate of the encoder.")
@click.option("--seed", type=int, help="The same seed gives the same weights on the same machine.")
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True)
@click.option(
    "--bar", type=click.FloatRange(0, 1), default=0.9, show_default=True, help="Least quality score of the data."
)
@click.option("--plots/--no-plots", default=True, show_default=True, help="Draw curves, confusion and coverage.")
def train_command(
    data: tuple[Path, ...],
    pairs: tuple[Path, ...],
    domain: tuple[Path, ...],
    leave_out: tuple[Path, ...],
    out: Path,
    base: Path | None,
    threads: int,
    bar: float,
    plots: bool,
    **chosen: Any,
) -> None:
    """Fine-tune an encoder with heads for intent, slots, flags and spans, and its retrieval vector.

    \b
    Example:
      onlabel model train --data training_data/utterances \\
        --pairs training_data/label_passages/train --out build/model
    """
    require("torch", "transformers", "sklearn", *(("matplotlib",) if plots else ()))
    from assistant.training import making
    from assistant.training.data_audit.auditing import require_quality
    from assistant.training.dataset import read_dataset
    from assistant.training.export import base_model

    require_quality(read_dataset(data), bar)
    out.mkdir(parents=True, exist_ok=True)
    begins = making.Beginning.of(base or base_model()[0])
    if base is not None and begins.heads is None and _is_causal(base):
        _train_causal(data, base, out, threads, chosen)
        return
    sources = making.Sources(data, pairs, domain, leave_out)
    recipe = _recipe(chosen, further=begins.heads is not None)
    lineage = making.make_model(sources, begins, out, recipe, threads, _tell, _progress)
    if plots:
        from assistant.training.measuring.plots import draw_training

        draw_training(out, sources.data, None if begins.heads else begins.encoder, _drawn)
    click.echo(f"trained in {lineage['seconds']} s; test split: {_measured(lineage)}")
    click.echo(f"next: onlabel model export {out} --out models/mine.gguf --data {data[0]}")


def _measured(lineage: Mapping[str, Any]) -> str:
    return json.dumps({name: round(value, 4) for name, value in lineage["test"].items()})


def _is_causal(base: Path) -> bool:
    """Whether a folder holds a causal model; anything else goes the encoder's way, which says what it refuses."""
    config = base / "config.json"
    if not config.is_file():
        raise ContentError("is missing: --base is a folder as Hugging Face saves models", config)
    return any("CausalLM" in name for name in json.loads(config.read_bytes()).get("architectures") or ())


def _train_causal(data: tuple[Path, ...], base: Path, out: Path, threads: int, chosen: dict[str, Any]) -> None:
    from assistant.domain import INTENTS
    from assistant.training.causal import train_causal
    from assistant.training.dataset import read_dataset
    from assistant.training.network import threads as use_threads

    if chosen["method"] != "lora":
        raise UsageError("a causal base is trained with --method lora only")
    use_threads(threads)
    dataset = read_dataset(data)
    train_causal(
        dataset, dataset.label_sets(INTENTS), base, out, chosen["epochs"] or 2, 16, chosen["seed"] or 7, _progress
    )
    click.echo(f"merged into {out}; next: llama.cpp's convert_hf_to_gguf.py, see docs/causal-models.md")


def _recipe(chosen: dict[str, Any], *, further: bool) -> Recipe:
    from assistant.training.finetune import FURTHER, Recipe

    said = {name: value for name, value in chosen.items() if value is not None}
    return Recipe(**((FURTHER if further else {}) | said))


@click.command("average")
@click.argument("models", type=_EXISTING, nargs=-1, required=True)
@click.option("--out", type=_FOLDER, required=True, help="Folder for the model, as `train` leaves it.")
@click.option("--data", "data", type=_EXISTING, multiple=True, required=True, help="Labelled questions, to calibrate.")
def average_command(models: tuple[Path, ...], out: Path, data: tuple[Path, ...]) -> None:
    """Average MODELS that were trained from one base into a model that is mostly better than each of them.

    The first is a folder of `onlabel model train`; the others too, or GGUF files beside
    their lineage.

    \b
    Example:
      onlabel model average build/model build/other-seed --out build/mean \\
        --data training_data/utterances
    """
    require("gguf", "safetensors", "torch", "transformers")
    from assistant.training.averaging import average_models

    lineage = average_models(models, data, out)
    click.echo(f"averaged {len(models)} models; test split: {_measured(lineage)}")
    click.echo(f"next: onlabel model export {out} --out models/mine.gguf --data {data[0]}")


@click.command("export")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The GGUF file to write.")
@click.option("--type", "type_", type=click.Choice(list(PROMISED)), default="mixed", show_default=True)
@click.option(
    "--data", "data", type=_EXISTING, multiple=True, help="Labelled questions whose test split proves parity."
)
def export_command(folder: Path, out: Path, type_: str, data: tuple[Path, ...]) -> None:
    """Write the model in FOLDER as one GGUF file with its card, and prove on test questions that it decides alike.

    \b
    Example:
      onlabel model export build/model --out models/mine.gguf \\
        --data training_data/utterances
    """
    require("gguf", "safetensors", "torch", "transformers")
    from assistant.training.card import write_card
    from assistant.training.dataset import read_dataset
    from assistant.training.export import Extra, export_gguf
    from assistant.training.making import load_heads
    from assistant.training.measuring.parity import parity
    from assistant.understanding.model_file import heads_metadata

    lineage = folder / "lineage.json"
    if not lineage.is_file():
        raise ContentError("is missing: the folder holds no finished training", lineage)
    metadata = {"general.name": out.stem, **heads_metadata(load_heads(folder / "heads.npz"))}
    report = export_gguf(folder / "encoder", out, type_, Extra(metadata=metadata))  # type: ignore[arg-type]
    click.echo(f"{out}: {report.size / 1e6:.1f} MB, sha256 {report.sha256}")
    texts = [u.masked()[0] for u in read_dataset(data).split("test")] if data else []
    proof = parity(folder, out, texts) if texts else None
    write_card(out, report, json.loads(lineage.read_text(encoding="utf-8")), proof)
    if proof is None:
        click.echo("parity not measured: give --data")
        return
    click.echo(
        f"decides as torch does on {proof.questions} test questions: intent {proof.intent:.2%}, "
        f"slots {proof.slots:.2%}, flags {proof.flags:.2%}, spans {proof.spans:.2%}; cosine {proof.cosine:.6f}"
    )
    # Of a few questions one may differ: it is decided by a rounding.
    if (1 - proof.everything) * proof.questions > max(1.0, (1 - PROMISED[type_]) * proof.questions) + 1e-6:
        exact = "" if type_ == "f16" else ": export it with --type mixed or f16"
        raise ContentError(
            f"labels agree in {proof.everything:.2%} only, where {type_} promises {PROMISED[type_]:.1%}{exact}", out
        )


@click.command("add-ngrams")
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data", "data", type=_EXISTING, multiple=True, required=True, help="Labelled questions: JSONL or a folder."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The GGUF file to write.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same file.")
def add_ngrams_command(model: Path, data: tuple[Path, ...], out: Path, seed: int) -> None:
    """Let the words and letters of a question have a say in its intent, beside the encoder of MODEL.

    A linear model over n-grams learns from the training split and is weighed on the validation
    and calibration splits. It takes a minute or two and no torch; tensors stay byte for byte,
    so do vectors. Say it again after `export`, or to teach a model more questions.

    \b
    Example:
      onlabel model add-ngrams models/mine.gguf --data mine.jsonl --out models/mine-2.gguf
    """
    require("gguf", "scipy", "sklearn")
    from assistant.training import ngrams
    from assistant.training.card import add_to_card
    from assistant.training.dataset import read_dataset
    from assistant.training.export import file_sha256
    from assistant.understanding.readers import file_reader

    if out.resolve() == model.resolve():
        raise UsageError("--out names MODEL itself: write another file and put it in its place")
    reader, questions = file_reader(model), read_dataset(data)
    _tell("learning the words")
    head = ngrams.fit(questions.split("train"), reader.heads.labels.intents, seed)
    _tell("weighing them beside the encoder")
    weighed = ngrams.weigh(head, reader, (questions.split("validation"), questions.split("calibration")))
    ngrams.add_to(model, weighed.head, out)
    digest = file_sha256(out)
    add_to_card(model, out, digest, ngrams.lineage_of(weighed, questions, seed))
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    (before, _), (after, _) = weighed.before, weighed.after
    click.echo(f"intents right: {before:.1%} without, {after:.1%} with n-grams ({weighed.questions} questions)")


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _drawn(share: float, what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{share:4.0%} {what:<50}", nl=False, err=True)


def _progress(measured: dict[str, float]) -> None:
    """Epochs as lines; steps as a running line, on a terminal only."""
    if "seconds" in measured:
        said = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
        click.echo(("\r" if sys.stderr.isatty() else "") + said, err=True)
    elif sys.stderr.isatty():
        click.echo(f"\repoch {measured['epoch']:.0f}: {measured['done']:4.0%}", nl=False, err=True)
