"""What the workspace's own model makes of recorded questions: their words without the product's name, and vectors.

Guarantees: nothing is answered, recorded or queued. Each text is read once, however often it was asked; products' names
are masked, so that questions are alike by what they ask, not by which medicine they name. Slips in ordinary words are
mended as they are where questions are answered; what was typed stands beside it (``Reading.typed``) and is what is
shown and labelled. A question longer than the model reads is passed over, and so is one of which only a hash is known.
What was no report when it was asked and is one to the screen or the model of today is told apart, so that its words are
shown nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.answering.planning import raised
from assistant.content.lexicon import PLACEHOLDER
from assistant.domain import Flag
from assistant.insights.asked import Asked
from assistant.pipeline import Assistant
from assistant.training.data_audit.finding import fold
from assistant.trust.audit import Unrecorded
from assistant.understanding import products
from assistant.understanding.encoder import TextTooLongError
from assistant.understanding.reading import Reading, folded, read, stream_safe

#: Share of the work done, and what it is.
Tick = Callable[[float, str], None]


class Meaning:
    """Reads recorded questions with the model of a workspace or an installed release."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._known: dict[tuple[str, tuple[str, ...]], Reading | None] = {}

    @classmethod
    def open(cls, root: Path | None) -> Meaning:
        """
        :raises NotReadyError: there is no index or no model.
        """
        return cls(Assistant.open(root, audit=Unrecorded()))

    def read(self, asked: Asked) -> Reading | None:
        """What the model finds in the question; None: its words are not known, or are too many."""
        if not asked.is_readable:
            return None
        key, decider = self._key(asked), self.assistant.decider
        if key not in self._known:
            try:
                self._known[key] = read(*key, decider.reader, decider.not_ours.left_alone)
            except TextTooLongError:
                self._known[key] = None
        return self._known[key]

    def read_all(self, asked: Iterable[Asked], tick: Tick) -> list[tuple[Asked, Reading]]:
        """Those that can be read, with what was found in them, in their order."""
        wanted = list(asked)
        found = []
        for at, one in enumerate(wanted, 1):
            reading = self.read(one)
            if reading is not None and reading.masked:
                found.append((one, reading))
            tick(at / len(wanted), "reading questions")
        return found

    def flags_of(self, asked: Asked, reading: Reading) -> frozenset[Flag]:
        """What the screen and the model, as they are today, find in a question; then they may have found nothing."""
        decider = self.assistant.decider
        screened = {finding.flag for finding in decider.screen.find(stream_safe(asked.question))}
        return raised(screened, reading.chosen, decider.policy.thresholds)

    def _key(self, asked: Asked) -> tuple[str, tuple[str, ...]]:
        index = self.assistant.index
        plain = folded(asked.question)
        mentions = products.find_mentions(plain, index)
        meant = tuple(asked.product.split(",")) if asked.product else ()
        keys = products.keys_to_mask(mentions, meant)
        if mentions and not keys:
            # It was asked back which of several was meant: the first named stands for the medicine.
            keys = products.keys_to_mask(mentions, mentions[0].products)
        return plain, keys


def product_marked(text: str, mark: str = "[product]") -> str:
    """A text without the product's name, with ``mark`` where it stood."""
    return text.replace(PLACEHOLDER, mark)


def words_of_reports(asked: Iterable[Asked]) -> set[str]:
    """What was asked in so many words and taken for a report at least once, folded."""
    return {fold(one.question) for one in asked if one.is_report and one.is_readable}
