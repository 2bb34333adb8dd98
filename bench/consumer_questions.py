"""Consumers' questions (MedicationQA, Ben Abacha et al. 2019): our taxonomy with the shipped model, trained on none.

python bench/intents.py --set medication_qa
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labels import REPOSITORY

from assistant.content.lexicon import mask, name_key, names_of
from assistant.domain import Document, Scope
from assistant.understanding.products import find_mentions, find_slips
from assistant.understanding.readers import file_reader
from assistant.understanding.spelling import is_ordinary, respelled
from assistant.workspace import SHIPPED_MODEL

#: Words of somebody who asks about himself: advice may then be what he wants (the data's README).
OWN_CASE = re.compile(r"\b(?:i|i'm|my|me)\b", re.IGNORECASE)
_ANYWHERE = Scope(("patient",), ("US",), "en", ("web",), dt.date.min)
#: What stands between two medicines that the set names together.
_BESIDE = re.compile(r"\s*(?:,|;|\+|/|&|\band\b)\s*")


def medication_qa(data: Path, misses: Path | None) -> None:
    """Our taxonomy with the shipped model on consumers' questions: with the medicine masked where it stands as the set
    names it, and as on the medicine's own page."""
    acceptable = json.loads((data / "questions" / "type_to_intents.json").read_text(encoding="utf-8"))
    lines = (data / "questions" / "medication_qa.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["type"] in acceptable]
    reader = file_reader(REPOSITORY / "models" / SHIPPED_MODEL)
    print(f"medication_qa: {len(rows)} of {len(lines)} questions have a type that is judged")
    for name, masked in (("as the set names the medicine", as_named), ("on the medicine's own page", as_on_its_page)):
        answered, wrong = 0, []
        for row in rows:
            text = masked(row["question"], row["focus"])
            _, chosen = reader.read(text)
            intent, share = chosen.intents[0]
            if share < 0.5:
                continue
            answered += 1
            own_case = OWN_CASE.search(row["question"]) is not None
            if intent not in acceptable[row["type"]] and not (own_case and intent == "medical_advice"):
                wrong.append(f"{row['type']:28s} {intent:20s} {share:.2f} {text}")
        print(f"  {name}: {answered} surer than 0.5, of these acceptable {1 - len(wrong) / answered:.2%}")
    if misses:
        misses.write_text("\n".join(wrong) + "\n", encoding="utf-8")


def as_named(question: str, focus: str) -> str:
    """``question`` as the model reads it where the medicine is masked as the set writes it and no otherwise."""
    key = name_key(focus)
    return respelled(mask(question, (key,) if key else ()), lambda _: False)


def as_on_its_page(question: str, focus: str) -> str:
    """``question`` as the assistant reads it on the page of the first medicine in ``focus``: under any of its names,
    without its form or salt, or with a slip in it."""
    first = (_BESIDE.split(focus)[0],)
    label = Document("label", "1", focus, "label", "it", first, first, (), "", "", _ANYWHERE)
    page = OneProduct({key: (("it", sort),) for key, sort in names_of(label).items()}, is_ordinary)
    called = [mention.key for mention in find_mentions(question, page)]
    called = called or [slip.word for slip in find_slips(question, page)]
    return respelled(mask(question, tuple(called)), lambda word: bool(find_slips(word, page)))


@dataclass(frozen=True, slots=True)
class OneProduct:
    """The names of one product, as :class:`assistant.understanding.products.Names`."""

    names: Mapping[str, tuple[tuple[str, str], ...]]
    knows_word: Callable[[str], bool]

    @property
    def name_keys(self) -> Sequence[str]:
        return tuple(self.names)

    def find_names(self, keys: Iterable[str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
        return {key: self.names[key] for key in keys if key in self.names}
