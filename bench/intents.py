"""The trainer on public intent and slot sets, measured through the quantised file that would be shipped.

    python bench/intents.py --set banking77 --set clinc150 --set snips --work /tmp/intents
    python bench/intents.py --set medication_qa

Each set is trained with a recipe of its own (``RECIPES``), exported as q8_0 and as what ships, and run by llama.cpp;
beside it stand TF-IDF with a linear SVC, and the nearest training utterances by the untouched encoder. Nothing of a
set's test part is looked at in training; out-of-scope questions are never trained on: CLINC150's threshold is the one
that wrongly refuses 4 % of the in-scope *validation* questions.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from consumer_questions import medication_qa
from labels import data_folder

from assistant.training import finetune, making, ngrams
from assistant.training.dataset import Dataset, SpanMark, Utterance
from assistant.training.export import Extra, FileType, base_model, export_gguf
from assistant.understanding.encoder import GgufEncoder, unit
from assistant.understanding.heads import Heads
from assistant.understanding.model_file import heads_metadata, read_heads
from assistant.understanding.readers import file_reader
from assistant.understanding.words import words

Floats = npt.NDArray[np.float32]
#: Types that are measured; the last one is what ships.
TYPES: tuple[FileType, ...] = ("q8_0", "mixed")
#: Share of in-scope questions that may be refused where out-of-scope ones are looked for.
REFUSED = 0.04
RECIPES = {
    "banking77": finetune.Recipe(epochs=8, batch=48, rate=1e-4, smoothing=0.1, outlier_weight=0.0),
    "clinc150": finetune.Recipe(epochs=8, batch=48, rate=1e-4, smoothing=0.1, outlier_weight=0.3),
    "snips": finetune.Recipe(epochs=8, batch=48, rate=1e-4, smoothing=0.1, span_weight=2.0, outlier_weight=0.0),
}


@dataclass(frozen=True, slots=True)
class Split:
    """A public set: what is trained on, what thresholds come from, what is reported, and questions from outside."""

    train: tuple[Utterance, ...]
    validation: tuple[Utterance, ...]
    test: tuple[Utterance, ...]
    outside: tuple[Utterance, ...] = ()


def read_set(data: Path, name: str) -> Split:
    """One of the sets in ``intents/``; where it has no validation part, every tenth training line is one."""
    with gzip.open(data / "intents" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    parts: dict[str, list[Utterance]] = {}
    for row in rows:
        part = {"valid": "validation", "val": "validation", "dev": "validation"}.get(row["split"], row["split"])
        parts.setdefault(part, []).append(_spoken(row) if "tokens" in row else _plain(row))
    train, validation = parts["train"], parts.get("validation", [])
    if not validation:
        validation = train[::10]
        train = [line for number, line in enumerate(train) if number % 10]
    return Split(tuple(train), tuple(validation), tuple(parts["test"]), tuple(parts.get("oos_test", ())))


def _plain(row: dict) -> Utterance:
    return Utterance(text=row["text"], intent=row["intent"])


def _spoken(row: dict) -> Utterance:
    """Tokens and BIO tags as text and spans."""
    text, spans = "", []
    for token, tag in zip(row["tokens"], row["tags"], strict=True):
        start = len(text) + bool(text)
        text = f"{text} {token}" if text else token
        if tag.startswith("B-"):
            spans.append([start, len(text), tag[2:]])
        elif tag.startswith("I-") and spans:
            spans[-1][1] = len(text)
    marks = tuple(SpanMark(start=start, end=end, type=kind) for start, end, kind in spans)
    return Utterance(text=text, intent=row["intent"], spans=marks)


def train(name: str, split: Split, work: Path) -> dict[str, Path]:
    """The files of a model trained on a set, by type; reused where they are there."""
    files = {kind: work / f"{name}-{kind}.gguf" for kind in TYPES}
    if all(file.is_file() for file in files.values()):
        return files
    labels = Dataset((*split.train, *split.validation, *split.test), "").label_sets()
    began = time.perf_counter()

    def report(measured: dict[str, float]) -> None:
        if "seconds" in measured:
            click.echo(f"{name}: " + json.dumps({key: round(value, 4) for key, value in measured.items()}), err=True)

    trained = finetune.finetune(
        split.train, split.validation[:500], (), labels, base_model()[0], work / name, RECIPES[name], report
    )
    finetune.save_network(trained, work / name / "encoder")
    heads = trained.network.exported(1.0)
    making.save_heads(heads, work / name / "heads.npz")
    for kind, file in files.items():
        export_gguf(work / name / "encoder", file, kind, Extra(metadata=heads_metadata(heads)))
    click.echo(f"{name}: trained in {time.perf_counter() - began:.0f} s")
    return files


@dataclass(frozen=True, slots=True)
class Read:
    """What the file says of questions: pooled states (n, dimension), intent scores (n, intents), spans of each."""

    pooled: Floats
    scores: Floats
    spans: list[set[tuple[int, int, str]]]


def run(encoder: GgufEncoder, heads: Heads, lines: Sequence[Utterance]) -> Read:
    """Every line through llama.cpp and the heads."""
    pooled, spans = [], []
    for line in lines:
        states, word_states = encoder.read(line.text)
        places = words(line.text)
        pooled.append(states)
        fits = heads.tag is not None and len(places) == len(word_states)
        marked = heads.spans(word_states) if fits else []
        spans.append({(places[first][0], places[behind - 1][1], kind) for first, behind, kind in marked})
    stacked = np.stack(pooled)
    return Read(stacked, heads.intent(stacked), spans)


def with_ngrams(split: Split, path: Path, test: Read) -> npt.NDArray[np.str_]:
    """The intents of the test questions where the file hears words and letters as well, as `onlabel model add-ngrams`
    learns them: from the training split, weighed on the validation split."""
    reader = file_reader(path)
    intents = reader.heads.labels.intents
    learnt = ngrams.fit(split.train, intents, seed=7)
    head = ngrams.weigh(learnt, reader, (split.validation[::2], split.validation[1::2])).head
    shares = map(reader.heads.intent_shares, test.pooled)
    joined = [head.joined(alone, line.text) for alone, line in zip(shares, split.test, strict=True)]
    return np.array(intents)[np.argmax(joined, axis=1)]


def slot_f1(read: Read, lines: Sequence[Utterance]) -> float:
    """F1 over exact spans with their types, as CoNLL counts."""
    true = [{(span.start, span.end, span.type) for span in line.spans} for line in lines]
    met = sum(len(found & wanted) for found, wanted in zip(read.spans, true, strict=True))
    return 2 * met / (sum(map(len, read.spans)) + sum(map(len, true)))


def outside(split: Split, encoder: GgufEncoder, heads: Heads, train_read: Read, test: Read) -> None:
    """Recall of out-of-scope questions with 4 % of in-scope ones refused, by four scores."""
    validation = run(encoder, heads, split.validation)
    away = run(encoder, heads, split.outside)
    known = unit_rows(train_read.pooled)
    means, whiten = class_means(train_read.pooled, [line.intent for line in split.train])
    scores = {
        "largest probability": lambda read: softmax(read.scores).max(axis=1),
        "energy": lambda read: np.logaddexp.reduce(read.scores, axis=1),
        "Mahalanobis distance": lambda read: -nearest_mean(read.pooled @ whiten, means),
        "nearest utterances": lambda read: np.sort(unit_rows(read.pooled) @ known.T, axis=1)[:, -5],
    }
    for name, score in scores.items():
        limit = np.quantile(score(validation), REFUSED)
        refused = float(np.mean(score(test) < limit))
        print(f"  out of scope by {name:20s} recall {np.mean(score(away) < limit):.2%}, in scope refused {refused:.2%}")


def class_means(states: Floats, intents: Sequence[str]) -> tuple[Floats, Floats]:
    """The mean of each intent's states (intents, dimension), and the matrix (dimension, dimension) that whitens what
    they share, in whose space they are (Lee et al. 2018; for intents Podolskiy et al. 2021)."""
    from sklearn.covariance import LedoitWolf

    of = np.array(intents)
    kinds = sorted(set(intents))
    means = np.stack([states[of == kind].mean(axis=0) for kind in kinds])
    within = states - means[np.searchsorted(kinds, of)]
    precision = LedoitWolf(assume_centered=True).fit(within).precision_
    whiten = np.linalg.cholesky(precision).astype(np.float32)
    return means @ whiten, whiten


def nearest_mean(states: Floats, means: Floats) -> Floats:
    """The squared distance of each state from the nearest mean."""
    distances: Floats = ((states**2).sum(axis=1)[:, None] - 2 * states @ means.T + (means**2).sum(axis=1)).min(axis=1)
    return distances


def unit_rows(states: Floats) -> Floats:
    """Rows at length 1."""
    scaled: Floats = states / np.linalg.norm(states, axis=1, keepdims=True)
    return scaled


def softmax(scores: Floats) -> Floats:
    """Probabilities of each row."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def baselines(split: Split) -> None:
    """TF-IDF with a linear SVC, and the untouched encoder's nearest training utterance."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    wanted = np.array([line.intent for line in split.test])
    learnt = [line.intent for line in split.train]
    svc = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC())
    svc.fit([line.text for line in split.train], learnt)
    guessed = svc.predict([line.text for line in split.test])
    print(f"  TF-IDF + linear SVC: intent {np.mean(guessed == wanted):.2%}")
    with tempfile.TemporaryDirectory() as folder:
        base, extra = base_model()
        export_gguf(base, Path(folder) / "base.gguf", "q8_0", extra)
        untouched = GgufEncoder(Path(folder) / "base.gguf")
        known = np.stack([unit(untouched.read(line.text)[0]) for line in split.train])
        asked = np.stack([unit(untouched.read(line.text)[0]) for line in split.test])
    nearest = np.array(learnt)[(asked @ known.T).argmax(axis=1)]
    print(f"  untouched encoder, nearest utterance: intent {np.mean(nearest == wanted):.2%}")


def public_set(data: Path, name: str, work: Path, beside: bool) -> None:
    """Train, export, run and print one public set."""
    split = read_set(data, name)
    wanted = np.array([line.intent for line in split.test])
    print(f"{name}: {len(split.train)} trained on, {len(split.test)} tested")
    for kind, path in train(name, split, work).items():
        encoder = GgufEncoder(path)
        heads = read_heads(path, encoder.dimension)
        assert heads is not None
        test = run(encoder, heads, split.test)
        guessed = np.array(heads.labels.intents)[test.scores.argmax(axis=1)]
        size = path.stat().st_size / 1e6
        print(f"  fine-tuned, {kind} ({size:.1f} MB) by llama.cpp: intent {np.mean(guessed == wanted):.2%}")
        print(f"  with n-grams: intent {np.mean(with_ngrams(split, path, test) == wanted):.2%}")
        if heads.tag is not None:
            print(f"  slot F1 {slot_f1(test, split.test):.2%}")
        if split.outside:
            outside(split, encoder, heads, run(encoder, heads, split.train), test)
    if beside:
        baselines(split)


@click.command()
@click.option("--set", "sets", multiple=True, type=click.Choice([*RECIPES, "medication_qa"]), required=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep the models here and reuse them.")
@click.option("--baselines/--no-baselines", "beside", default=True, show_default=True)
@click.option("--misses", type=click.Path(path_type=Path), help="Write medication_qa's misses to this file.")
@click.option("--threads", default=2, show_default=True)
def main(sets: tuple[str, ...], work: Path | None, beside: bool, misses: Path | None, threads: int) -> None:
    """Measure the trainer on public sets."""
    data = data_folder()
    finetune.torch.set_num_threads(threads)
    place = work or Path(tempfile.mkdtemp(prefix="onlabel-intents-"))
    for name in sets:
        if name == "medication_qa":
            medication_qa(data, misses)
        else:
            public_set(data, name, place, beside)


if __name__ == "__main__":
    main()
