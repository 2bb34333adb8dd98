"""The prompt of a causal model, one wording for training and for answering, and how its answers are scored.

A prompt is a *head* (what to do, the intents with their codes), the *question*, and behind it one of several *queries*,
each closed: the intent by its code, every slot value and flag by yes or no. Each part is tokenised on its own, so the
tokens of a question never depend on what stands beside it, and a question is one line, so that nothing in it can look
like the next line of the prompt.

Guarantees: equal label sets give the same prompt in whatever order they are listed; shares are over the answers of a
query and nothing else. Refuses (:class:`NotReadyError`) a tokeniser that cannot tell the answers of a query apart.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.canonical import fingerprint
from assistant.errors import NotReadyError, UsageError
from assistant.understanding.heads import Floats, LabelSets

#: A text as tokens, without any that the text does not hold, control tokens read as plain characters.
Tokenise = Callable[[str], Sequence[int]]
Tokens = tuple[int, ...]

#: Raised when prompts or their scoring change: models trained before no longer fit.
_RECIPE = 1
_TASK = "Sort a question about a medicine. Answer with the code of what it asks, or with yes or no.\n\nCodes:\n"
_YES_NO = ("yes", "no")
#: One character is one token in every byte-level or SentencePiece vocabulary.
_CODES = string.ascii_uppercase + string.ascii_lowercase + string.digits
_LONGEST_RUN = 256


@dataclass(frozen=True, slots=True)
class Query:
    """What stands behind the question, and the texts one of which may follow."""

    tail: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """``queries``: the intent (answers in the order of ``labels.intents``), then each slot value, then each flag."""

    labels: LabelSets
    head: str
    queries: tuple[Query, ...]

    @property
    def digest(self) -> str:
        """What a model was trained for: equal where the prompts are the same to the letter."""
        queries = [[query.tail, list(query.answers)] for query in self.queries]
        return fingerprint({"recipe": _RECIPE, "head": self.head, "queries": queries})

    def choices(self, tokenise: Tokenise) -> tuple[Choice, ...]:
        """The queries in tokens.

        :raises NotReadyError: the tokeniser cannot tell the answers of a query apart.
        """
        return tuple(_choice(query, tokenise) for query in self.queries)


def prompt_for(labels: LabelSets) -> Prompt:
    """The prompt that lets a causal model choose from ``labels``; its own labels are sorted by name.

    :raises UsageError: there is no intent to choose.
    """
    if not labels.intents:
        raise UsageError("there are no intents to choose from")
    ordered = LabelSets(tuple(sorted(labels.intents)), tuple(sorted(labels.slots)), tuple(sorted(labels.flags)))
    codes = codes_for(len(ordered.intents))
    listed = "".join(f"{code}: {_spoken(name)}\n" for code, name in zip(codes, ordered.intents, strict=True))
    asked = [f"{_spoken(slot)}: {_spoken(value)}" for slot, value in ordered.slots]
    asked += [f"reports: {_spoken(flag)}" for flag in ordered.flags]
    closed = (Query(f"\n\n{words}?\n", _YES_NO) for words in asked)
    return Prompt(ordered, f"{_TASK}{listed}\nQuestion:\n", (Query("\n\nCode:\n", codes), *closed))


def codes_for(count: int) -> tuple[str, ...]:
    """``count`` different codes of one length, so that none begins another: single characters as far as they go."""
    if count <= len(_CODES):
        return tuple(_CODES[:count])
    letters, width = string.ascii_uppercase, 2
    while len(letters) ** width < count:
        width += 1
    return tuple("".join(code) for code in itertools.islice(itertools.product(letters, repeat=width), count))


def one_line(question: str) -> str:
    """``question`` as it stands in a prompt: no line breaks, no controls, lone surrogates as question marks.

    A run of more than 256 characters without a space is no writing; it is parted, because several of llama.cpp's
    tokenisers recurse on its length until the process dies.
    """
    printable = "".join(" " if character < " " or character == "\x7f" else character for character in question)
    words = printable.encode("utf-8", "replace").decode().split()
    return " ".join(word[at : at + _LONGEST_RUN] for word in words for at in range(0, len(word), _LONGEST_RUN))


def _spoken(name: str) -> str:
    return one_line(name.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Choice:
    """A query in tokens: ``tail``, then exactly one of ``answers``.

    The answers form a trie; ``nodes`` are the paths behind which it goes on, the root ``()`` first. Where each answer
    is a single token the root is the only one.
    """

    tail: Tokens
    answers: tuple[Tokens, ...]
    nodes: tuple[Tokens, ...]

    @property
    def branches(self) -> list[Tokens]:
        """What to put behind the question to score the answers: a path a node."""
        return [self.tail + node for node in self.nodes]

    def steps(self, answer: int) -> list[tuple[Tokens, int]]:
        """The way to an answer: what stands behind the question, and the token that must follow."""
        path = self.answers[answer]
        return [(self.tail + path[:depth], token) for depth, token in enumerate(path)]

    def shares(self, rows: Floats) -> npt.NDArray[np.float64]:
        """The probability of each answer, given that it is one of them, shape (answers,).

        :param rows: the scores of every token behind each of :attr:`branches`, shape (nodes, vocabulary).
        """
        row_of = {node: row for row, node in enumerate(self.nodes)}
        # At a single node the constant would cancel out.
        constants = [_log_sum(row) if len(self.nodes) > 1 else 0.0 for row in rows]
        scores = np.zeros(len(self.answers))
        for number, path in enumerate(self.answers):
            for depth, token in enumerate(path):
                row = row_of[path[:depth]]
                scores[number] += float(rows[row, token]) - constants[row]
        weights = np.exp(scores - scores.max())
        shares: npt.NDArray[np.float64] = weights / weights.sum()
        return shares


def _choice(query: Query, tokenise: Tokenise) -> Choice:
    answers = tuple(tuple(tokenise(answer)) for answer in query.answers)
    nodes = dict.fromkeys(path[:depth] for path in ((), *answers) for depth in range(max(1, len(path))))
    if len(set(answers)) < len(answers) or any(answer in nodes for answer in answers):
        raise NotReadyError(f"the model's tokeniser cannot tell the answers {', '.join(query.answers)} apart")
    return Choice(tuple(tokenise(query.tail)), answers, tuple(nodes))


def _log_sum(row: Floats) -> float:
    """The logarithm of the summed exponentials of ``row``."""
    highest = float(row.max())
    return highest + float(np.log(np.exp(row.astype(np.float64) - highest).sum()))
