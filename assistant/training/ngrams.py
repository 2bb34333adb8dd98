"""Learn what words and letters say of a question's intent, and add it to a model file: minutes, and no torch.

    fit(questions, intents)                  a linear model over hashed n-grams, one intent against the others
    weigh(head, reader, halves)              how much it and the encoder are heard, on questions neither learnt from
    add_to(model, head, out)                 the same file with the head among its metadata; tensors stay byte for byte

Guarantees: the same data and seed give the same head; the file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import ContentError
from assistant.training.dataset import Dataset, Utterance
from assistant.training.export import add_value, written_whole
from assistant.understanding.model_file import NGRAMS, ngrams_metadata
from assistant.understanding.ngrams import NgramHead, buckets_of, joined
from assistant.understanding.readers import TrainedReader

Shares = npt.NDArray[np.float64]
#: 2 ** 15 buckets of 40 intents are 1.3 MB.
BITS = 15
_EPOCHS, _PENALTY = 30, 1e-6


@dataclass(frozen=True, slots=True)
class Weighed:
    """``head`` with its say, and what it changes on questions that this was not chosen on: accuracy and the mean
    negative log-likelihood of the right intent, ``before`` and ``after``."""

    head: NgramHead
    questions: int
    before: tuple[float, float]
    after: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """For the lineage and the card."""
        named = {
            name: {"intent": round(accuracy, 4), "log_loss": round(loss, 4)}
            for name, (accuracy, loss) in (("before", self.before), ("after", self.after))
        }
        return {"questions": self.questions, "say": round(self.head.say, 4), **named}


def fit(questions: Sequence[Utterance], intents: Sequence[str], seed: int, bits: int = BITS) -> NgramHead:
    """A head over ``intents`` learnt from ``questions``, by stochastic gradient descent on the logistic loss of each
    intent against all others; its weights are then rounded to a byte each.

    :raises ContentError: the questions bear another intent, or one of these in no question; or there are no two.
    """
    from sklearn.linear_model import SGDClassifier

    number = {intent: at for at, intent in enumerate(intents)}
    # An intent without a question would never be what the words say, however sure the encoder is.
    differing = number.keys() ^ {question.intent for question in questions}
    if differing or len(number) < 2:
        first = min(differing, default="nothing but one")
        raise ContentError(f"the training questions must bear the intents that the model knows and no others: {first}")
    wanted = [number[question.intent] for question in questions]
    counted = _matrix([question.masked()[0] for question in questions], bits)
    learner = SGDClassifier(loss="log_loss", alpha=_PENALTY, max_iter=_EPOCHS, tol=None, random_state=seed)
    learner.fit(counted, wanted)
    coefficients, bias = learner.coef_, learner.intercept_
    if len(intents) == 2:
        # Of two intents only the second one's are learnt.
        coefficients, bias = np.vstack([-coefficients, coefficients]), np.concatenate([-bias, bias])
    scale = np.maximum(np.abs(coefficients).max(axis=1), 1e-12) / 127
    weight = np.round(coefficients / scale[:, None]).astype(np.int8).T
    return NgramHead(np.ascontiguousarray(weight), scale.astype(np.float32), bias.astype(np.float32), 0.5)


def _matrix(texts: Sequence[str], bits: int) -> Any:
    from scipy.sparse import csr_matrix

    begins, columns, values = [0], list[int](), list[float]()
    for text in texts:
        buckets, weights = buckets_of(text, bits)
        columns.extend(buckets.tolist())
        values.extend(weights.tolist())
        begins.append(len(columns))
    return csr_matrix((values, columns, begins), shape=(len(texts), 1 << bits))


def weigh(head: NgramHead, reader: TrainedReader, halves: Sequence[Sequence[Utterance]]) -> Weighed:
    """``head`` with the say that makes the right intents of all questions likeliest; its gain is measured on each of
    the two ``halves`` with the say that suits the other.

    :raises ContentError: a half is empty.
    """
    if not all(halves):
        raise ContentError("the data has no validation or no calibration split to weigh the words by")
    alone_reader = replace(reader, heads=replace(reader.heads, ngrams=None))
    opinions = [_opinions(head, alone_reader, half) for half in halves]
    crossed = [_losses(_say(other), own) for own, other in zip(opinions, reversed(opinions), strict=True)]
    alone = [_losses(0.0, own) for own in opinions]
    both = _Opinions(*(np.concatenate(parts) for parts in zip(*(own.parts() for own in opinions), strict=True)))
    return Weighed(replace(head, say=_say(both)), len(both.right), _mean(alone), _mean(crossed))


@dataclass(frozen=True, slots=True)
class _Opinions:
    """(questions, intents) shares of the encoder and log shares of the words; (questions,) the right intents."""

    shares: Shares
    words: Shares
    right: npt.NDArray[np.int64]

    def parts(self) -> tuple[npt.NDArray[Any], ...]:
        return self.shares, self.words, self.right


def _opinions(head: NgramHead, reader: TrainedReader, questions: Sequence[Utterance]) -> _Opinions:
    intents = reader.heads.labels.intents
    texts = [question.masked()[0] for question in questions]
    read = [dict(reader.read(text)[1].intents) for text in texts]
    shares = np.array([[one[intent] for intent in intents] for one in read])
    words = np.array([head.log_shares(text) for text in texts])
    return _Opinions(shares, words, np.array([intents.index(question.intent) for question in questions]))


def _say(of: _Opinions) -> float:
    from scipy.optimize import minimize_scalar

    return float(minimize_scalar(lambda say: _losses(say, of)[1].mean(), bounds=(0.0, 1.0), method="bounded").x)


def _losses(say: float, of: _Opinions) -> tuple[npt.NDArray[np.bool_], Shares]:
    """Which questions are chosen right, and the negative logarithm of the right intent's share."""
    shares = joined(of.shares, of.words, say).astype(np.float64)
    rows = np.arange(len(of.right))
    return shares.argmax(axis=1) == of.right, -np.log(np.maximum(shares[rows, of.right], 1e-12))


def _mean(halves: Sequence[tuple[npt.NDArray[np.bool_], Shares]]) -> tuple[float, float]:
    right, losses = (np.concatenate(parts) for parts in zip(*halves, strict=True))
    return float(right.mean()), float(losses.mean())


def add_to(model: Path, head: NgramHead, out: Path) -> None:
    """Write ``model`` to ``out`` with ``head`` in place of any n-grams that it has."""
    import gguf

    reader = gguf.GGUFReader(model)
    with written_whole(out, reader.fields[gguf.Keys.General.ARCHITECTURE].contents()) as writer:
        _copy_metadata(reader, writer)
        for key, value in ngrams_metadata(head).items():
            add_value(writer, key, value)
        for tensor in reader.tensors:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)


def _copy_metadata(reader: Any, writer: Any) -> None:
    import gguf

    for field in reader.fields.values():
        # The reader shows the header as fields; the writer makes both these and the architecture itself.
        if field.name.startswith(("GGUF.", NGRAMS)) or field.name == gguf.Keys.General.ARCHITECTURE:
            continue
        kind = field.types[0]
        items = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=items)


def lineage_of(weighed: Weighed, data: Dataset, seed: int) -> dict[str, Any]:
    """What a model's lineage says of its n-grams."""
    from importlib.metadata import version

    recipe = {"buckets": len(weighed.head.weight), "epochs": _EPOCHS, "penalty": _PENALTY, "seed": seed}
    return {"data": data.described(), "recipe": recipe, "scikit-learn": version("scikit-learn"), **weighed.as_json()}
