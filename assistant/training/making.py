"""Make a model: read the data, refuse what is unfit, train, calibrate, and write down where it all came from.

The folder that comes out holds the encoder as a sentence-transformers folder (``encoder/``), the heads
(``heads.npz``), ``lineage.json`` and plots. The lineage names by hash the data, the base, the code, the settings and
each real label whose text was read, with what was measured after each epoch; from it the model can be made again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from assistant.domain import INTENTS
from assistant.errors import ContentError
from assistant.training import finetune, pairs
from assistant.training.dataset import Utterance, read_dataset
from assistant.training.export import file_sha256
from assistant.training.measuring.network import best_temperature, measure
from assistant.training.network import threads
from assistant.understanding.heads import LAYERS, Heads, LabelSets, Layer

SCHEMA = "onlabel.lineage/1"
#: Where the code stands that decides what is learnt: the pairs, their windows and words, the labels they come from.
_CODE = ("training", "understanding", "answering", "content")
_PACKAGES = ("torch", "transformers", "peft", "numpy")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """What to learn from. ``pairs``: label passages with their questions; ``domain``: openFDA files as domain text;
    ``left_out``: files of set ids whose text is never read."""

    data: tuple[Path, ...]
    pairs: tuple[Path, ...] = ()
    domain: tuple[Path, ...] = ()
    left_out: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a training begins with: an encoder's folder, and of a trained model its heads and lineage."""

    encoder: Path
    heads: Heads | None = None
    lineage: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, base: Path) -> Beginning:
        """``base`` is a sentence-transformers folder, or one that :func:`make_model` wrote.

        :raises ContentError: it is of a training that did not end.
        """
        if not (base / "encoder").is_dir():
            return cls(base)
        lineage = base / "lineage.json"
        if not lineage.is_file():
            raise ContentError("is missing: the folder holds no finished training", lineage)
        return cls(base / "encoder", load_heads(base / "heads.npz"), json.loads(lineage.read_text(encoding="utf-8")))


def write_lineage(lineage: Mapping[str, Any], path: Path) -> None:
    """Write ``lineage`` whole or not at all."""
    scratch = path.with_suffix(".part")
    text = json.dumps(lineage, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    scratch.write_text(text, encoding="utf-8", newline="\n")
    scratch.replace(path)


def make_model(
    sources: Sources,
    begins: Beginning,
    out: Path,
    recipe: finetune.Recipe,
    n_threads: int,
    tell: Tell,
    report: finetune.Report,
) -> dict[str, Any]:
    """Train and write everything into ``out``; a run that was cut short goes on where it stopped.

    :return: the lineage, with ``metrics`` on the test split.
    :raises ContentError: the data cannot be meant, names no training or validation split, or bears labels that
        the model which is gone on from does not know.
    """
    began = time.monotonic()
    threads(n_threads)
    data = read_dataset(sources.data)
    train, validation = data.split("train"), data.split("validation")
    if not train or not validation:
        raise ContentError("the data has no training or no validation split", sources.data[0])
    labels = data.label_sets(INTENTS)
    if begins.heads is not None:
        labels = _known_to(begins.heads.labels, labels, sources.data[0])
    lineage: dict[str, Any] = {"schema": SCHEMA}
    tell(f"{len(train)} training questions, {len(labels.intents)} intents, {len(labels.spans)} span types")
    written = pairs.read_written(sources.pairs)
    paired = gather_pairs(sources, written, train, recipe.seed, lineage, tell)
    code = Path(__file__).parents[1]
    lineage |= {
        "recipe": dataclasses.asdict(recipe),
        "base": {
            "weights_sha256": file_sha256(begins.encoder / "model.safetensors"),
            "config": file_sha256(begins.encoder / "config.json"),
        },
        "code": {
            path.relative_to(code).as_posix(): file_sha256(path)
            for folder in _CODE
            for path in sorted((code / folder).rglob("*.py"))
        },
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}, {n_threads} threads",
        "data": data.described(),
        "labels": labels.as_json(),
    }
    learnt = (*train, *written.of_intents(labels.intents))
    trained = finetune.finetune(learnt, validation, paired, labels, begins.encoder, out, recipe, report, begins.heads)
    network, tokenizer = trained.network, trained.tokenizer
    calibration = data.split("calibration") or validation
    temperature = best_temperature(network, tokenizer, calibration)
    finetune.save_network(trained, out / "encoder")
    save_heads(network.exported(temperature), out / "heads.npz")
    lineage |= {
        "epochs": trained.epochs,
        "temperature": temperature,
        "weights_sha256": file_sha256(out / "encoder" / "model.safetensors"),
        "test": measure(network, tokenizer, data.split("test"), recipe.max_tokens),
        "seconds": round(time.monotonic() - began),
        "made": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    if begins.lineage:
        lineage |= labels_read([lineage, begins.lineage]) | {"begun_with": begins.lineage}
    write_lineage(lineage, out / "lineage.json")
    (out / "checkpoint.pt").unlink(missing_ok=True)
    return lineage


def _known_to(model: LabelSets, labels: LabelSets, path: Path) -> LabelSets:
    """The labels of a model that is gone on from; data need not bear all of them.

    :raises ContentError: it bears others.
    """
    for name in ("intents", "slots", "flags", "spans"):
        if unknown := set(getattr(labels, name)) - set(getattr(model, name)):
            first = min(map(str, unknown))
            raise ContentError(f"bears {name} that the model does not know, such as {first}: begin with its base", path)
    return model


def gather_pairs(
    sources: Sources,
    written: pairs.Written,
    train: Sequence[Utterance],
    seed: int,
    entries: dict[str, Any],
    tell: Tell,
) -> list[pairs.Pair]:
    """The written pairs twice, then the weak ones; what they come from goes into ``entries``."""
    gathered: list[pairs.Pair] = []
    if sources.pairs:
        gathered += [*written.pairs, *written.pairs]
        unanswered = sum(not pair.passage for pair in written.pairs)
        answered = len(written.pairs) - unanswered
        entries["pairs"] = {"written": answered, "unanswered": unanswered, "sha256": written.sha256}
        tell(f"{answered} questions written for label passages, {unanswered} that no passage answers")
    if sources.domain:
        ids = frozenset[str]().union(*map(pairs.set_ids, sources.left_out))
        names = frozenset[str]().union(*map(pairs.generics, sources.left_out))
        tell("reading labels as domain text")
        labels = [label for path in sources.domain for label in pairs.domain_labels(path, ids, names)]
        weak = pairs.weak_pairs(labels, train, seed)
        gathered += weak
        entries["domain"] = {
            "pairs": len(weak),
            "left_out_set_ids": sorted(ids),
            "left_out_generics": sorted(names),
            "labels": {label.set_id: label.sha256 for label in labels},
        }
        tell(f"{len(weak)} weak pairs from {len(labels)} labels; {len(ids)} set ids left out")
    return gathered


def labels_read(lineages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``domain`` of a model that several trainings went into, the first one's but for the labels that were read.

    A label counts as left out only where no training read it, a substance only where every one left it out.
    """
    domains = [lineage["domain"] for lineage in lineages if "domain" in lineage]
    if not domains:
        return {}
    labels = {set_id: digest for domain in reversed(domains) for set_id, digest in domain["labels"].items()}
    left_out = set.intersection(*(set(domain["left_out_set_ids"]) for domain in domains)) - labels.keys()
    generics = set.intersection(*(set(domain.get("left_out_generics", ())) for domain in domains))
    read = {"labels": labels, "left_out_set_ids": sorted(left_out), "left_out_generics": sorted(generics)}
    return {"domain": domains[0] | read}


def save_heads(heads: Heads, path: Path) -> None:
    """Write ``heads`` as a numpy archive with their labels as JSON."""
    arrays: dict[str, Any] = {"temperature": np.float64(heads.temperature)}
    for name, layer in heads.layers():
        arrays |= {f"{name}_weight": layer.weight, f"{name}_bias": layer.bias}
    np.savez(path, labels=np.array(json.dumps(heads.labels.as_json())), **arrays)


def load_heads(path: Path) -> Heads:
    """The heads that :func:`save_heads` wrote.

    :raises ContentError: there are none.
    """
    if not path.is_file():
        raise ContentError("is missing: train a model first with `onlabel model train`", path)
    with np.load(path, allow_pickle=False) as read:
        said = json.loads(str(read["labels"]))
        slots = tuple((slot, value) for slot, value in said["slots"])
        labels = LabelSets(tuple(said["intents"]), slots, tuple(said["flags"]), tuple(said["spans"]))
        found = {
            name: Layer(read[f"{name}_weight"], read[f"{name}_bias"]) if f"{name}_weight" in read else None
            for name in LAYERS
        }
        intent = found["intent"]
        if intent is None:
            raise ContentError("holds no head for intents", path)
        return Heads(labels, intent, found["slot"], found["flag"], found["tag"], float(read["temperature"]))
