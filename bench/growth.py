"""Measure what grows with the corpus: from a thousand to a million passages, of ever more products.

    python bench/growth.py                                   # 1,000, 10,000 and 100,000 passages
    python bench/growth.py --most 1000000 --write docs/performance.md

Passages are those of real labels where the evaluation data is there (``ONLABEL_DATA``, else beside the repository),
else the sample's. Taken up to ``--longest`` bytes, they are repeated under distinct invented product names, which also
replace the names in their texts. Each size is built by the ordinary builder in a process of its own. Passages get the
vectors of a cheap stand-in (random directions, by the hash of the text); example questions and questions get the real
model's, so that an answer costs what it costs. All sizes are then asked in turns in one process, each question about a
product picked at random.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tables import REPOSITORY, publish, table

from assistant.answering.building import Content, build, sort_key
from assistant.answering.index import Index
from assistant.building import gather
from assistant.canonical import sha256_hex
from assistant.content.lexicon import mask, names_of
from assistant.content.spl.importing import read_spl
from assistant.content.writing import write_document
from assistant.domain import Document, Passage
from assistant.pipeline import Assistant
from assistant.settings import read_settings
from assistant.trust.ledger import Ledger
from assistant.trust.log.log import AuditLog
from assistant.understanding.encoder import Encoder, open_encoder
from assistant.workspace import Workspace, sample_root, shipped_model, starter_root

DAY = dt.date(2026, 11, 21)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
LABELS = 6
QUESTIONS = (
    "what is the starting dose of {}?",
    "{} in severe renal impairment",
    "most common adverse reactions of {}",
    "who should not take {}",
    "can {} be taken during pregnancy",
    "how should {} be stored",
    "does {} interact with clarithromycin",
    "what to do after a missed dose of {}",
)
_SYLLABLES = tuple("zo ra mi ke lu ba ne tri fo qua vi do sa xe po gly hu ja cor we".split())


class StandIn:
    """The real model for ``questions``, random directions for all other texts, one kind of vector for the index."""

    def __init__(self, real: Encoder, questions: frozenset[str] = frozenset()) -> None:
        self._real = real
        self._questions = questions
        self.fingerprint = real.fingerprint
        self.dimension = real.dimension
        self.max_tokens = real.max_tokens

    def count_tokens(self, text: str) -> int:
        """About as many as WordPiece makes of English."""
        return 2 + sum(1 + len(word) // 7 for word in text.split())

    def encode(self, texts: Sequence[str]) -> Any:
        if all(text in self._questions for text in texts):
            return self._real.encode(texts)
        made = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
            made[row] = np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)
        made /= np.sqrt(np.square(made).sum(axis=1, keepdims=True))
        return made


def invented(number: int) -> str:
    """A product name that no label has; distinct for every number."""
    base = len(_SYLLABLES)
    parts = [_SYLLABLES[number // base**place % base] for place in range(4)]
    return "".join(parts) + "plex"


@dataclass(frozen=True)
class Base:
    """The content that is repeated: notices once, each product as often as needed."""

    content: Content
    notices: tuple[Passage, ...]
    products: tuple[tuple[tuple[Document, ...], tuple[Passage, ...], tuple[str, ...]], ...]

    @classmethod
    def of(cls, root: Path, longest: int) -> Base:
        workspace = Workspace(root)
        gathered = gather(workspace, DAY)
        passages = sorted((sourced.passage for sourced in gathered.corpus.passages), key=sort_key)
        documents = [sourced.document for sourced in gathered.corpus.documents]
        products = []
        for product in sorted({d.product for d in documents} - {""}):
            own = tuple(d for d in documents if d.product == product)
            names = tuple(sorted({key for d in own for key in names_of(d)}))
            kept = tuple(
                p for p in passages if p.product == product and (len(p.text) <= longest or p.serves or p.companions)
            )
            products.append((own, kept, names))
        content = Content(
            documents=tuple(d for d in documents if not d.product),
            passages=(),
            passage_count=0,
            templates=tuple(sourced.template for sourced in gathered.templates),
            policy=workspace.policy_file.read_bytes(),
            policy_file=workspace.policy_file,
            screen=workspace.screen_file.read_bytes(),
            taxonomy=gathered.taxonomy,
        )
        return cls(content, tuple(p for p in passages if not p.product), tuple(products))


@dataclass(frozen=True)
class Repeated:
    """``size`` passages, made when they are gone through and never held; can be gone through again."""

    base: Base
    size: int

    def __iter__(self) -> Iterator[Passage]:
        return itertools.islice(itertools.chain(self.base.notices, self._products()), self.size)

    def copies(self) -> Iterator[tuple[int, str]]:
        """Number and invented name of each product, in the order of the index."""
        each = statistics.mean(len(passages) for _, passages, _ in self.base.products)
        count = max(1, round((self.size - len(self.base.notices)) / each) + 1)
        return iter(sorted(enumerate(map(invented, range(count))), key=lambda pair: pair[1]))

    def documents(self) -> Iterator[Document]:
        for number, name in self.copies():
            for document in self._of(number)[0]:
                yield dataclasses.replace(
                    document,
                    id=f"{name}-{document.id}",
                    product=name,
                    brand_names=(name.capitalize(),),
                    generic_names=(),
                    synonyms=(),
                )

    def _of(self, number: int) -> tuple[tuple[Document, ...], tuple[Passage, ...], tuple[str, ...]]:
        return self.base.products[number % len(self.base.products)]

    def _products(self) -> Iterator[Passage]:
        for number, name in self.copies():
            _, passages, names = self._of(number)
            ids = {passage.id: f"{name}-{passage.id}" for passage in passages}
            for passage in passages:
                text = mask(passage.text.decode(), names).replace("the medicine", name.capitalize()).encode()
                yield dataclasses.replace(
                    passage,
                    id=ids[passage.id],
                    document=f"{name}-{passage.document}",
                    product=name,
                    text=text,
                    sha256=sha256_hex(text),
                    companions=tuple(ids[other] for other in passage.companions if other in ids),
                )


def base_workspace(root: Path) -> Path:
    """Real labels in a starter workspace, else the sample."""
    labels = Path(os.environ.get("ONLABEL_DATA", REPOSITORY.parent / "shared" / "data")) / "labels" / "spl"
    if not labels.is_dir():
        return sample_root()
    shutil.copytree(starter_root(), root)
    written = 0
    for label in sorted(labels.glob("*.xml")):
        draft = read_spl(label.read_bytes(), label.name)
        if draft.type == "label" and written < LABELS:
            write_document(root / "approved_corpus", draft)
            written += 1
    return root


def build_one(base_root: Path, root: Path, size: int, longest: int) -> None:
    """Build an index of ``size`` passages in ``root``; runs in a process of its own and prints what it cost."""
    real = open_encoder("gguf", shipped_model())
    repeated = Repeated(Base.of(base_root, longest), size)
    base = repeated.base.content
    documents = (*base.documents, *repeated.documents())
    content = dataclasses.replace(base, documents=documents, passages=repeated, passage_count=size)
    questions = frozenset(text for texts in base.taxonomy.examples.values() for text in texts)
    encoder = StandIn(real, questions)
    encoder.encode(["a text whose vector is not real"])
    root.mkdir(parents=True)
    shutil.copy(base_root / "onlabel.toml", root)
    loaded, began, used = resident()[0], time.perf_counter(), time.process_time()
    report = build(root / "index", content, encoder)
    names = [name for _, name in repeated.copies()][:-1]
    (root / "names.json").write_text(json.dumps(names), encoding="utf-8")
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "processor": time.process_time() - used,
                "loaded": loaded,
                "passages": report.passages,
                "vectors": report.vectors,
                "products": len(names),
            }
        )
    )


def resident() -> tuple[float, float]:
    """Megabytes of this process: its own, and mapped from files."""
    found = {"RssAnon": 0.0, "RssFile": 0.0}
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(":")
            if key in found:
                found[key] = int(value.split()[0]) / 1e3
    except OSError:
        return float("nan"), float("nan")
    return found["RssAnon"], found["RssFile"]


def opened(root: Path, work: Path) -> Assistant:
    """The workspace in ``root`` with the real model."""
    real = open_encoder("gguf", shipped_model())
    index = Index.open(root / "index")
    sink = AuditLog.open(work / "audit.sqlite", sync=False)
    return Assistant(
        read_settings(root / "onlabel.toml"), index, Ledger.open(index.ledger_file), real, sink, lambda _: DAY
    )


def open_one(root: Path, asked: int) -> None:
    """Open ``root``, ask; runs in a process of its own and prints what it cost."""
    before = resident()
    began = time.perf_counter()
    assistant = opened(root, root)
    names = json.loads((root / "names.json").read_text(encoding="utf-8"))
    assistant.ask(QUESTIONS[0].format(names[0]), assistant.context())
    ready = time.perf_counter() - began
    for question in picked(names, asked, seed=1):
        assistant.ask(question, assistant.context())
    own, mapped = resident()
    print(json.dumps({"open": ready, "own": own - before[0], "mapped": mapped - before[1]}))


def picked(names: Sequence[str], count: int, seed: int) -> list[str]:
    """Questions about products picked at random, the same ones every time."""
    order = random.Random(seed)  # noqa: S311 - the same questions every time is what is wanted
    return [QUESTIONS[number % len(QUESTIONS)].format(order.choice(names)) for number in range(count)]


def in_turns(roots: dict[int, Path], count: int, work: Path) -> dict[int, tuple[float, float, float, float]]:
    """Each size in turn, question after question: p50, p95, processor p50 in milliseconds, and the share answered."""
    assistants = {size: opened(root, work) for size, root in roots.items()}
    questions = {
        size: picked(json.loads((root / "names.json").read_text(encoding="utf-8")), count + 20, seed=2)
        for size, root in roots.items()
    }
    walls: dict[int, list[float]] = {size: [] for size in roots}
    cpus: dict[int, list[float]] = {size: [] for size in roots}
    answered = dict.fromkeys(roots, 0)
    for number in range(count + 20):
        for size, assistant in assistants.items():
            began, used = time.perf_counter(), time.process_time()
            answer = assistant.ask(questions[size][number], assistant.context())
            if number >= 20:  # the first ones open what is opened once
                cpus[size].append((time.process_time() - used) * 1e3)
                walls[size].append((time.perf_counter() - began) * 1e3)
                answered[size] += answer.outcome.value == "answered"
    return {
        size: (
            statistics.median(walls[size]),
            sorted(walls[size])[int(0.95 * (count - 1))],
            statistics.median(cpus[size]),
            answered[size] / count,
        )
        for size in roots
    }


def apart(*arguments: object) -> tuple[dict[str, Any], float]:
    """Run a part of this script in a process of its own: what it printed, and its peak memory in megabytes."""
    command = [sys.executable, str(Path(__file__).resolve()), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        printed = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {child.returncode}")
    found: dict[str, Any] = json.loads(printed)
    return found, used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def on_disk(root: Path) -> dict[str, int]:
    """Bytes of each file of the index."""
    return {path.name: path.stat().st_size for path in (root / "index").rglob("*") if path.is_file()}


def text_bytes(root: Path) -> int:
    """Bytes of the passages themselves."""
    import sqlite3

    (database,) = (root / "index").rglob("passages.sqlite")
    with sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True) as db:
        (size,) = db.execute("SELECT sum(size) FROM passages").fetchone()
    return int(size)


@click.command()
@click.option("--most", default=100_000, show_default=True, help="The largest corpus, in passages.")
@click.option("--longest", default=1200, show_default=True, help="Longest passage that is repeated, in bytes.")
@click.option("--questions", default=200, show_default=True, help="Questions to each size.")
@click.option("--write", type=click.Path(path_type=Path), help="Put the table into this page.")
@click.option("--work", type=click.Path(path_type=Path), help="Keep what is built here and build only what is missing.")
def main(most: int, longest: int, questions: int, write: Path | None, work: Path | None) -> None:
    """Measure building, opening and asking as the corpus grows."""
    place = work or Path(tempfile.mkdtemp(prefix="onlabel-growth-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        publish("growth", measured([size for size in SIZES if size <= most], longest, questions, place), write)
    finally:
        if work is None:
            shutil.rmtree(place, ignore_errors=True)


def measured(sizes: Sequence[int], longest: int, questions: int, place: Path) -> str:
    """The whole report."""
    base = place / "base"
    base = base if base.is_dir() else base_workspace(base)
    built: dict[int, dict[str, Any]] = {}
    roots = {size: place / str(size) for size in sizes}
    for size, root in roots.items():
        report = place / f"{size}.json"
        if not report.is_file():
            shutil.rmtree(root, ignore_errors=True)
            found, peak = apart("--build", base, root, size, longest)
            report.write_text(json.dumps(found | {"peak": peak}), encoding="utf-8")
        built[size] = json.loads(report.read_text(encoding="utf-8"))
        click.echo(f"{size}: {built[size]}", err=True)
    running = {size: apart("--open", root, questions)[0] for size, root in roots.items()}
    asked = in_turns(roots, questions, place)
    first, last = sizes[0], sizes[-1]
    rows, costs = [], []
    for size in sizes:
        b, r, (p50, p95, processor, share) = built[size], running[size], asked[size]
        files, text = on_disk(roots[size]), text_bytes(roots[size])
        beyond = (sum(files.values()) - text) / b["vectors"]
        rows.append(
            [
                f"{b['passages']:,}",
                f"{b['products']:,}",
                f"{b['vectors']:,}",
                f"{p50:.2f}",
                f"{p95:.2f}",
                f"{processor:.2f}",
                f"{p50 / asked[first][0]:.2f}",
                f"{share:.0%}",
            ]
        )
        costs.append(
            [
                f"{b['passages']:,}",
                f"{b['seconds']:,.0f}",
                f"{b['passages'] / b['seconds']:,.0f}",
                f"{b['peak']:,.0f}",
                f"{r['open']:.2f}",
                f"{r['own']:,.0f}",
                f"{r['mapped']:,.0f}",
                f"{sum(files.values()) / 1e6:,.0f}",
                f"{text / 1e6:,.0f}",
                f"{beyond:,.0f}",
            ]
        )
    small, large = running[first], running[last]
    more = built[last]["vectors"] - built[first]["vectors"]
    memory = (large["own"] + large["mapped"] - small["own"] - small["mapped"]) * 1e6 / more
    disk = (sum(on_disk(roots[last]).values()) - text_bytes(roots[last])) / built[last]["vectors"]
    ratio = asked[last][0] / asked[first][0]
    return "\n\n".join(
        [
            table(
                ["passages", "products", "vectors", "p50 ms", "p95 ms", "processor p50 ms", "p50 / first", "answered"],
                rows,
            ),
            table(
                [
                    "passages",
                    "build s",
                    "passages/s",
                    "build peak MB",
                    "open and first answer s",
                    "own MB",
                    "mapped MB",
                    "disk MB",
                    "of that text MB",
                    "disk bytes a vector above the text",
                ],
                costs,
            ),
            table(
                ["budget", "limit", "measured"],
                [
                    [f"p50 with {last:,} / p50 with {first:,}", "≤ 1.5", _verdict(ratio, 1.5)],
                    ["memory in use, a further vector and its row", "≤ 2.5 kB", _verdict(memory / 1e3, 2.5, " kB")],
                    ["disk, a vector and its row, above the text", "≤ 2.5 kB", _verdict(disk / 1e3, 2.5, " kB")],
                ],
            ),
            f"Passages of up to {longest:,} bytes (and all companions) of {len(Base.of(base, longest).products)} "
            "products, repeated under invented names.",
        ]
    )


def _verdict(value: float, limit: float, unit: str = "") -> str:
    return f"{value:.2f}{unit} {'✓' if value <= limit else '**over**'}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        build_one(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    elif sys.argv[1:2] == ["--open"]:
        open_one(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
