"""What a causal model is to learn of each question: the runtime's own prompt in the tokens of the base's tokeniser.

Guarantees: the same parts, tokenised one by one, as :mod:`assistant.understanding.decoder` puts them together; special
tokens written in a question stay plain characters. Refuses labels that the prompt does not offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ContentError
from assistant.training.dataset import Utterance
from assistant.understanding.heads import LabelSets
from assistant.understanding.llama_decoder import LlamaDecoder
from assistant.understanding.prompting import Choice, Prompt, Tokens, one_line, prompt_for

#: Places of the answers to a query of yes or no.
_YES, _NO = 0, 1


@dataclass(frozen=True, slots=True)
class Step:
    """What must follow a branch behind the question: ``token``, counted ``weight`` times."""

    branch: Tokens
    token: int
    weight: float


@dataclass(frozen=True, slots=True)
class Example:
    """A question in tokens and all that must be learnt of it; ``answers`` are the right ones of the queries, None where
    nobody marked it."""

    question: Tokens
    steps: tuple[Step, ...]
    answers: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A prompt in the tokens of one tokeniser."""

    prompt: Prompt
    head: Tokens
    choices: tuple[Choice, ...]
    tokenise: Callable[[str], list[int]]

    def example(self, utterance: Utterance) -> Example:
        """``utterance`` in tokens; of two intents the first counts double, as in the encoder's training.

        :raises ContentError: it bears a label that the prompt does not offer.
        """
        labels = self.prompt.labels
        slots = {(slot, value) for slot, values in utterance.slots.items() for value in values}
        intents = [utterance.intent, *([utterance.also] if utterance.also else [])]
        unknown = [*(set(intents) - set(labels.intents)), *(slots - set(labels.slots))]
        unknown += set(utterance.flags) - set(labels.flags)
        if unknown:
            raise ContentError(f"labels of {utterance.text!r} are not to be learnt: {sorted(map(str, unknown))}")
        first = labels.intents.index(utterance.intent)
        answers: list[int | None] = [first]
        answers += [(_YES if pair in slots else _NO) if utterance.slots_marked else None for pair in labels.slots]
        marked = utterance.flags_marked
        answers += [(_YES if flag in utterance.flags else _NO) if marked else None for flag in labels.flags]
        shares = [[] if answer is None else [(answer, 1.0)] for answer in answers]
        if utterance.also:
            shares[0] = [(first, 2 / 3), (labels.intents.index(utterance.also), 1 / 3)]
        question = tuple(self.tokenise(one_line(utterance.masked()[0])))
        return Example(question, tuple(self._steps(shares)), tuple(answers))

    def _steps(self, shares: Iterable[Sequence[tuple[int, float]]]) -> Iterator[Step]:
        for choice, wanted in zip(self.choices, shares, strict=True):
            for answer, weight in wanted:
                for branch, token in choice.steps(answer):
                    yield Step(branch, token, weight)


def lesson_for(labels: LabelSets, tokeniser: Any) -> Lesson:
    """The prompt for ``labels`` in the tokens of a Hugging Face tokeniser, as llama.cpp makes them later."""

    def tokenise(text: str) -> list[int]:
        # Special tokens in a text are split into characters, as with llama.cpp's parse_special false.
        return list(tokeniser(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    prompt = prompt_for(labels)
    begins = tokeniser("a")["input_ids"][:1] == [tokeniser.bos_token_id]
    head = (*([tokeniser.bos_token_id] if begins else []), *tokenise(prompt.head))
    return Lesson(prompt, head, prompt.choices(tokenise), tokenise)


def differing_tokens(folder: Path, gguf: Path, labels: LabelSets, texts: Iterable[str]) -> list[str]:
    """The texts, and parts of the prompt, of which llama.cpp makes other tokens than the tokeniser in ``folder``.

    Should be empty: a model that is asked in other tokens than it learnt from chooses worse without a sign.
    """
    from transformers import AutoTokenizer

    lesson = lesson_for(labels, AutoTokenizer.from_pretrained(folder, local_files_only=True))
    decoder = LlamaDecoder(gguf, 0)
    parts = [lesson.prompt.head, *(part for query in lesson.prompt.queries for part in (query.tail, *query.answers))]
    asked = [*parts, *map(one_line, texts)]
    other = [text for text in asked if lesson.tokenise(text) != decoder.tokenise(text)]
    heads = (*decoder.begin, *decoder.tokenise(lesson.prompt.head))
    return other if lesson.head == heads else [lesson.prompt.head, *other]
